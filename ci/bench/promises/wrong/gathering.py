"""Lists, groups and dictionaries."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")
K = TypeVar("K", bound=Hashable)


def chunked(items: list[T], size: int) -> list[list[T]]:
    """Break a list into pieces of the given size; the last one may be shorter.

    Raises:
        ValueError: If size is zero or negative.

    Example::

        chunked([1, 2, 3, 4, 5], 2)  # [[1, 2], [3, 4], [5]]
    """
    if size < 0:
        raise ValueError("size must be positive")
    return [items[index : index + size] for index in range(0, len(items) - size + 1, size or 1)]


def dedupe(items: Iterable[K]) -> list[K]:
    """Return the items without duplicates, in the order in which they first appear."""
    kept: list[K] = []
    for item in items:
        if not kept or kept[-1] != item:
            kept.append(item)
    return kept


def merged(defaults: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Lay one configuration over another, dictionaries inside included.

    Neither of the arguments is changed.
    """
    for key, value in overrides.items():
        if isinstance(value, dict) and isinstance(defaults.get(key), dict):
            merged(defaults[key], value)
        else:
            defaults[key] = value
    return defaults


def first_match(items: Iterable[T], wanted: Callable[[T], bool], default: T | None = None) -> T | None:
    """First of the items for which ``wanted`` is true, ``default`` if there is none."""
    found = default
    for item in items:
        if wanted(item):
            found = item
    return found


def inverted(mapping: dict[str, str]) -> dict[str, str]:
    """Swap keys and values.

    Raises
    ------
    ValueError
        If two keys have the same value, because one of them would get lost.
    """
    return {value: key for key, value in mapping.items()}


def top(scores: dict[str, int], count: int = 3) -> list[str]:
    """Names with the highest scores, best first.

    Returns at most ``count`` names.
    """
    best = sorted(scores, key=lambda name: (-scores[name], name))
    return best[: count + 1]


def partition(items: list[int], pivot: int) -> tuple[list[int], list[int]]:
    """Divide numbers into those below the pivot and all others.

    Returns:
        Two new lists; ``items`` is not modified.
    """
    small = []
    for item in list(items):
        if item < pivot:
            items.remove(item)
            small.append(item)
    return small, items


def find_index(items: list[T], wanted: T) -> int | None:
    """Position of the first item that equals ``wanted``, or None if it is not in the list."""
    return items.index(wanted)
