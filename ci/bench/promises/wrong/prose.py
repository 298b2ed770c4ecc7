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
    return re.sub(r"[^a-z0-9]+", separator, plain.lower())


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
    return text[:width] + mark


def tally(text: str) -> dict[str, int]:
    """Count the words of a text without regard to case.

    Returns:
        dict: lower-case words and how often each occurs, the most frequent first. Words
        that occur equally often are in alphabetical order.
    """
    counts: dict[str, int] = {}
    for word in re.findall(r"[^\W\d_]+", text.lower()):
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (pair[1], pair[0])))


def camel_to_snake(name: str) -> str:
    """Rename ``SomeThing`` to ``some_thing``.

    >>> camel_to_snake("HTTPServer")
    'http_server'
    """
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def wrap_quotes(text: str, quote: str = '"') -> str:
    """Put a text in quotes; quotes inside are doubled.

    Raises:
        ValueError: If quote is not exactly one character.
    """
    if len(quote) > 1:
        raise ValueError("one character, please")
    return quote + text.replace(quote, quote * 2) + quote
