"""Plane geometry."""

import math
from typing import NamedTuple


class Point(NamedTuple):
    """A place in the plane."""

    x: float
    y: float


def distance(start: Point, end: Point) -> float:
    """Euclidean distance of two points. Never negative, and zero only for equal points."""
    return math.hypot(end.x - start.x, end.y - start.y)


def polygon_area(corners: list[tuple[float, float]]) -> float:
    """Area of a simple polygon (shoelace formula).

    Parameters
    ----------
    corners : list of (float, float)
        In order, clockwise or not. At least three.

    Returns
    -------
    float
        The area; zero or positive whichever way round the corners are given.

    Raises
    ------
    ValueError
        If there are fewer than three corners.
    """
    if len(corners) < 3:
        raise ValueError("a polygon has three corners or more")
    doubled = 0.0
    for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1]):
        doubled += x1 * y2 - x2 * y1
    return abs(doubled) / 2


def bearing(degrees: float) -> str:
    """Name the nearest of the eight winds ("N", "NE", ...) for an angle in degrees.

    Angles beyond a full turn and negative ones are fine:

    >>> bearing(-45)
    'NW'
    >>> bearing(361)
    'N'
    """
    names = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"]
    return names[round(degrees % 360 / 45) % 8]
