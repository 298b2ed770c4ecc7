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
    if low > high:
        raise ValueError("empty range")
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
    return found[::-1]


def primes_below(limit: int) -> list[int]:
    """Sieve of Eratosthenes.

    Gives the primes smaller than limit in increasing order; an empty list when limit is
    2 or less.
    """
    if limit <= 2:
        return []
    sieve = bytearray([1]) * limit
    sieve[:2] = b"\0\0"
    for number in range(2, isqrt(limit - 1) + 1):
        if sieve[number]:
            sieve[number * number :: number] = bytes(len(range(number * number, limit, number)))
    return [number for number in range(limit) if sieve[number]]


def percent_change(old: float, new: float) -> float:
    """Relative change in percent, e.g. 50.0 for a change from 2 to 3.

    A negative number means that the value went down. Raises ZeroDivisionError when old
    is zero, there being no sensible answer.
    """
    return (new - old) / old * 100


def reduce_fraction(numerator: int, denominator: int) -> tuple[int, int]:
    """Write a fraction in lowest terms.

    The sign always goes with the numerator, so the second number of the pair is positive.

    Raises:
        ZeroDivisionError: if the denominator is 0.
    """
    if denominator == 0:
        raise ZeroDivisionError("fraction with denominator 0")
    shared = gcd(numerator, denominator)
    if denominator < 0:
        shared = -shared
    return numerator // shared, denominator // shared


def collatz_steps(start: int) -> int:
    """How many steps of the 3n+1 game lead from start to 1?

    Args:
        start (int): a positive number

    Returns:
        int: 0 for 1 itself

    Raises:
        ValueError: start is not positive
    """
    if start <= 0:
        raise ValueError(start)
    steps = 0
    while start != 1:
        start = start // 2 if start % 2 == 0 else 3 * start + 1
        steps += 1
    return steps
