"""Small helpers for titles, names and running text."""

import re
import unicodedata


def slugify(title: str, separator: str = "-") -> str:
    """Turn a title into something that fits in a URL.

    Accents are dropped, everything is lower-cased and every run of characters that are
    neither letters nor digits becomes one separator. There is never a separator at
    either end.

    >>> slugify("Crème brûlée, twice!")
    'creme-brulee-twice'
    >>> slugify("  A  B ", "_")
    'a_b'
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", separator, plain.lower()).strip(separator)


def shorten(text: str, width: int, mark: str = "...") -> str:
    """Cut a text down to size.

    Args:
        text: What to shorten.
        width: The number of characters available.
        mark: Put in place of what was cut off; counts towards the width.

    Returns:
        The text itself if it fits, otherwise its beginning followed by the mark. The
        result is at most ``width`` characters long.

    Raises:
        ValueError: If the mark alone is longer than the width.
    """
    if len(mark) > width:
        raise ValueError(f"no room for {mark!r} in {width} characters")
    if len(text) <= width:
        return text
    return text[: width - len(mark)] + mark


def common_prefix(words: list[str]) -> str:
    """Return the longest beginning that all words share.

    If there are no words, or they have nothing in common, the result is an empty string.

    Example:
        >>> common_prefix(["interview", "internet", "interval"])
        'inter'
    """
    if not words:
        return ""
    low, high = min(words), max(words)
    for index, letter in enumerate(low):
        if index >= len(high) or high[index] != letter:
            return low[:index]
    return low


def tally(text: str) -> dict[str, int]:
    """Count the words of a text without regard to case.

    Returns:
        dict: lower-case words and how often each occurs, the most frequent first. Words
        that occur equally often are in alphabetical order.
    """
    counts: dict[str, int] = {}
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def initials(full_name: str) -> str:
    """'ada king lovelace' -> 'A.K.L.'

    Empty if the name has no letters to offer.
    """
    return "".join(f"{part[0].upper()}." for part in full_name.split() if part[0].isalpha())
