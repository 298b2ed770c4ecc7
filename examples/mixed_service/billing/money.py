"""Amounts in cents, and how they are split and shown."""


def split(cents: int, people: int) -> list[int]:
    """Share an amount so that the parts differ by a cent at most."""
    if people < 1:
        raise ValueError("nobody to share with")
    share, rest = divmod(cents, people)
    return [share + 1] * rest + [share] * (people - rest)


def show(cents: int, symbol: str = "€") -> str:
    """Return an amount as people write it."""
    sign = "-" if cents < 0 else ""
    whole, part = divmod(abs(cents), 100)
    return f"{sign}{whole}.{part:02d} {symbol}"
