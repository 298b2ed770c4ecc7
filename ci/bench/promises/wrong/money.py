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
    return [share + odd] + [share] * (people - 1)


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
    if price < 0:
        raise ValueError("negative price")
    return price * (1 - min(percent, 100) / 100)


def format_cents(cents: int, currency: str = "EUR") -> str:
    """Format an amount for a receipt.

    >>> format_cents(123456)
    '1,234.56 EUR'
    >>> format_cents(-5, currency="USD")
    '-0.05 USD'
    """
    whole, rest = divmod(cents, 100)
    return f"{whole:,}.{rest:02d} {currency}"


def loyalty_points(cents: int) -> int:
    """One point for every full ten euros spent.

    Returns:
        A non-negative number of points; returns (negative amounts) earn nothing.
    """
    return cents // 1000


def change(paid: int, price: int) -> dict[int, int]:
    """Work out the coins to hand back.

    Returns:
        How many of each coin (200, 100, 50, 20, 10, 5, 2, 1), without those not needed.

    Raises:
        ValueError: If less was paid than the price.
    """
    rest = paid - price
    if rest <= 0:
        raise ValueError("not enough")
    coins = {}
    for coin in (200, 100, 50, 20, 10, 5, 2, 1):
        count, rest = divmod(rest, coin)
        if count:
            coins[coin] = count
    return coins
