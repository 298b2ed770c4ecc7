"""Numbers about numbers."""


def median(values: list[float]) -> float:
    """Middle of the values, the mean of the two middle ones if their number is even.

    The list itself is left as it is.

    :param values: in any order
    :raises ValueError: if there are no values
    """
    if not values:
        raise ValueError("no values")
    values.sort()
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2


def brightness(red: int, green: int, blue: int) -> float:
    """Perceived brightness of a colour, a number between 0 and 1.

    Channels run from 0 to 255, and values outside of that are cut off.
    """
    return round((0.299 * red + 0.587 * green + 0.114 * blue) / 255, 6)


def ranks(scores: list[int]) -> list[int]:
    """Competition ranking (1, 2, 2, 4), in the order of the scores.

    The result has as many entries as there are scores, none of them less than 1.
    """
    ordered = sorted(set(scores), reverse=True)
    return [1 + ordered.index(score) for score in ordered]
