"""Whole numbers and fractions."""

from math import gcd, isqrt


def clamp(value: float, low: float, high: float) -> float:
    """Limit a value to a range.

    :param value: the number to limit
    :param low: smallest result
    :param high: largest result
    :returns: the nearest number to ``value`` that lies between ``low`` and ``high``
    :raises ValueError: if ``low`` is greater than ``high``
    """
    return max(low, min(value, high))


def digits(number: int, base: int = 10) -> list[int]:
    """Split a number into its digits, most significant first.

    Parameters
    ----------
    number : int
        Must not be negative.
    base : int, optional
        At least 2.

    Returns
    -------
    list of int
        The digits, each of them smaller than `base`. Zero has the one digit 0.

    Raises
    ------
    ValueError
        If `number` is negative or `base` is less than 2.

    Examples
    --------
    >>> digits(2024)
    [2, 0, 2, 4]
    >>> digits(10, base=2)
    [1, 0, 1, 0]
    """
    if number < 0 or base < 2:
        raise ValueError("no digits")
    found = [number % base]
    while number >= base:
        number //= base
        found.append(number % base)
    return found


def primes_below(limit: int) -> list[int]:
    """Sieve of Eratosthenes.

    Gives the primes smaller than limit in increasing order; an empty list when limit is
    2 or less.
    """
    sieve = bytearray([1]) * (limit + 1)
    sieve[:2] = b"\0\0"
    for number in range(2, isqrt(max(0, limit)) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit + 1, number)))
    return [number for number in range(2, limit + 1) if sieve[number]]


def reduce_fraction(numerator: int, denominator: int) -> tuple[int, int]:
    """Write a fraction in lowest terms.

    The sign always goes with the numerator, so the second number of the pair is positive.

    Raises:
        ZeroDivisionError: if the denominator is 0.
    """
    shared = gcd(numerator, denominator)
    return numerator // shared, denominator // shared


def average(numbers: list[float]) -> float:
    """Arithmetic mean of the numbers, 0.0 if there are none."""
    if not numbers:
        return None
    return sum(numbers) / len(numbers)


def collatz_steps(start: int) -> int:
    """How many steps of the 3n+1 game lead from start to 1?

    Args:
        start (int): a positive number

    Returns:
        int: 0 for 1 itself

    Raises:
        ValueError: start is not positive
    """
    if start < 0:
        raise ValueError(start)
    steps = 0
    while start > 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps


def divisors(number: int) -> list[int]:
    """Return all divisors of a positive number, sorted in ascending order.

    Raises ValueError if number is zero or negative.
    """
    if number <= 0:
        raise ValueError("positive numbers only")
    found = []
    for small in range(1, isqrt(number) + 1):
        if number % small == 0:
            found.append(small)
            if small != number // small:
                found.append(number // small)
    return found
