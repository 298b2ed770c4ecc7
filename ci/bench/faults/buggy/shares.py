def fair_shares(cents, people):
    if people <= 0:
        raise ValueError("nobody to share with")
    share = cents // people
    rest = abs(cents) % people
    return [share + 1] * rest + [share] * (people - rest)
