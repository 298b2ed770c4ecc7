"""Small formats."""


def parse_bool(text: str) -> bool:
    """Read a yes or no from a settings file.

    "yes", "true", "on" and "1" are true, "no", "false", "off" and "0" are false, in upper
    or lower case.

    Raises:
        ValueError: For any other text.
    """
    word = text.strip().lower()
    if word in ("yes", "true", "on", "1"):
        return True
    if word in ("no", "false", "off", "0"):
        return False
    raise ValueError(f"neither yes nor no: {text!r}")


def parse_version(text: str) -> tuple[int, ...]:
    """Split a release number into its parts.

    >>> parse_version("1.20.3")
    (1, 20, 3)
    >>> parse_version("2.x")
    Traceback (most recent call last):
        ...
    ValueError: invalid literal for int() with base 10: 'x'
    """
    return tuple(int(part) for part in text.split("."))


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Take a query string apart.

    A leading question mark is dropped. Parts without an equals sign get an empty value.

    Returns:
        pairs of name and value, in the order of the query

    Note:
        Percent signs are *not* decoded; use urllib for that.
    """
    pairs = []
    for part in query.removeprefix("?").split("&"):
        if part:
            name, _, value = part.partition("=")
            pairs.append((name, value))
    return pairs
