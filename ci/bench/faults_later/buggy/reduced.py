def reduced(numerator, denominator):
    """Return a fraction in lowest terms, its denominator positive."""
    if denominator == 0:
        raise ZeroDivisionError("no denominator")
    a, b = abs(numerator), abs(denominator)
    while b:
        a, b = b, a % b
    return numerator // a, denominator // a
