"""A calculator: plain functions on numbers, some of them tested."""

import math


def add(left: float, right: float) -> float:
    """Return the sum."""
    return left + right


def divide(dividend: float, divisor: float) -> float:
    """Return the quotient.

    Raises:
        ZeroDivisionError: the divisor is zero.
    """
    if divisor == 0:
        raise ZeroDivisionError("cannot divide by zero")
    return dividend / divisor


def factorial(number: int) -> int:
    """Return number!.

    >>> factorial(5)
    120
    """
    if number < 0:
        raise ValueError("factorial of a negative number")
    product = 1
    for factor in range(2, number + 1):
        product *= factor
    return product


def mean(values: list[float]) -> float:
    """Return the arithmetic mean."""
    if not values:
        raise ValueError("mean of no values")
    return sum(values) / len(values)


def quadratic(a: float, b: float, c: float) -> tuple[float, ...]:
    """Return the real solutions of ``a x² + b x + c = 0``, smallest first."""
    if a == 0:
        raise ValueError("not a quadratic equation")
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return ()
    root = math.sqrt(discriminant)
    return tuple(sorted({(-b - root) / (2 * a), (-b + root) / (2 * a)}))
