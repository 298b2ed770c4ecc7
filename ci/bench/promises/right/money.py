"""Amounts in cents."""


def split_bill(total: int, people: int) -> list[int]:
    """Divide a bill fairly.

    No two shares differ by more than one cent and together they make up the total;
    whoever comes first pays the odd cents.

    Args:
        total: Cents to pay.
        people: How many share the bill.

    Raises:
        ValueError: If there is nobody to pay (``people`` is less than 1).
    """
    if people < 1:
        raise ValueError("nobody to pay")
    share, odd = divmod(total, people)
    return [share + 1] * odd + [share] * (people - odd)


def discounted(price: float, percent: float) -> float:
    """Price after a discount.

    Args:
        price: the price before
        percent: what is taken off, from 0 to 100

    Returns:
        the reduced price, never more than the price before

    Raises:
        ValueError: if percent is not between 0 and 100
        ValueError: if price is negative
    """
    if not 0 <= percent <= 100:
        raise ValueError("percent out of range")
    if price < 0:
        raise ValueError("negative price")
    return price * (1 - percent / 100)


def format_cents(cents: int, currency: str = "EUR") -> str:
    """Format an amount for a receipt.

    >>> format_cents(123456)
    '1,234.56 EUR'
    >>> format_cents(-5, currency="USD")
    '-0.05 USD'
    """
    sign = "-" if cents < 0 else ""
    whole, rest = divmod(abs(cents), 100)
    return f"{sign}{whole:,}.{rest:02d} {currency}"


def income_tax(income: int, brackets: list[tuple[int, int]]) -> int:
    """Tax on an income, bracket by bracket.

    ``brackets`` holds pairs of a threshold and the percentage that is due on what lies
    above it; they must be sorted by threshold. The tax is rounded down to a whole number
    and can be zero but not negative.

    Raises ValueError if the brackets are not in ascending order.
    """
    if any(a[0] > b[0] for a, b in zip(brackets, brackets[1:])):
        raise ValueError("brackets must be sorted")
    due = 0
    for index, (threshold, percent) in enumerate(brackets):
        upper = brackets[index + 1][0] if index + 1 < len(brackets) else income
        due += max(0, min(income, upper) - threshold) * max(0, percent)
    return due // 100
