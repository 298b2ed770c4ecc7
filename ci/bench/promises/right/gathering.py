"""Lists, groups and dictionaries."""

from collections.abc import Callable, Hashable, Iterable, Iterator
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
    if size <= 0:
        raise ValueError("size must be positive")
    return [items[index : index + size] for index in range(0, len(items), size)]


def dedupe(items: Iterable[K]) -> list[K]:
    """Return the items without duplicates, in the order in which they first appear."""
    return list(dict.fromkeys(items))


def flatten(nested: list[Any]) -> list[Any]:
    """Flatten lists in lists in lists.

    >>> flatten([1, [2, [3, []], "ab"]])
    [1, 2, 3, 'ab']
    """
    flat: list[Any] = []
    for item in nested:
        if isinstance(item, list):
            flat.extend(flatten(item))
        else:
            flat.append(item)
    return flat


def merged(defaults: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Lay one configuration over another, dictionaries inside included.

    Neither of the arguments is changed.
    """
    result = dict(defaults)
    for key, value in overrides.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = value
    return result


def first_match(items: Iterable[T], wanted: Callable[[T], bool], default: T | None = None) -> T | None:
    """First of the items for which ``wanted`` is true, ``default`` if there is none."""
    for item in items:
        if wanted(item):
            return item
    return default


def inverted(mapping: dict[str, str]) -> dict[str, str]:
    """Swap keys and values.

    Raises
    ------
    ValueError
        If two keys have the same value, because one of them would get lost.
    """
    swapped = {value: key for key, value in mapping.items()}
    if len(swapped) != len(mapping):
        raise ValueError("values are not unique")
    return swapped


def windows(items: list[T], size: int) -> Iterator[tuple[T, ...]]:
    """Slide over the items.

    Yields tuples of ``size`` neighbours. Nothing is yielded if there are fewer items
    than that.

    >>> list(windows([1, 2, 3], 2))
    [(1, 2), (2, 3)]
    """
    if size > 0:
        for index in range(len(items) - size + 1):
            yield tuple(items[index : index + size])
