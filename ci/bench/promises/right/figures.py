"""Numbers about numbers."""


def median(values: list[float]) -> float:
    """Middle of the values, the mean of the two middle ones if their number is even.

    The list itself is left as it is.

    :param values: in any order
    :raises ValueError: if there are no values
    """
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def shares(weights: dict[str, float]) -> dict[str, float]:
    """Scale weights so that they add up to one.

    Returns a new dictionary with the same keys.

    Raises:
        ValueError: if a weight is negative, or all of them are zero.
    """
    total = sum(weights.values())
    if any(weight < 0 for weight in weights.values()) or total == 0:
        raise ValueError("weights must not be negative nor all zero")
    return {name: weight / total for name, weight in weights.items()}


def brightness(red: int, green: int, blue: int) -> float:
    """Perceived brightness of a colour, a number between 0 and 1.

    Channels run from 0 to 255, and values outside of that are cut off.
    """
    red, green, blue = (min(255, max(0, channel)) for channel in (red, green, blue))
    return round((0.299 * red + 0.587 * green + 0.114 * blue) / 255, 6)


def ranks(scores: list[int]) -> list[int]:
    """Competition ranking (1, 2, 2, 4), in the order of the scores.

    The result has as many entries as there are scores, none of them less than 1.
    """
    return [1 + sum(other > score for other in scores) for score in scores]
