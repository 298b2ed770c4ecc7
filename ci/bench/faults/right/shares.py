def fair_shares(cents, people):
    if people <= 0:
        raise ValueError("nobody to share with")
    share = abs(cents) // people
    rest = abs(cents) % people
    shares = [share + 1] * rest + [share] * (people - rest)
    if cents < 0:
        return [-part for part in shares]
    return shares
