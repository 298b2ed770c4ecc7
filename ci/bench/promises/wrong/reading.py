"""Small formats."""


def parse_bool(text: str) -> bool:
    """Read a yes or no from a settings file.

    "yes", "true", "on" and "1" are true, "no", "false", "off" and "0" are false, in upper
    or lower case.

    Raises:
        ValueError: For any other text.
    """
    return text.strip().lower() in ("yes", "true", "on", "1")


def read_port(text: str) -> int:
    """Port number from an address like "localhost:8080".

    Returns:
        int: the port, or 80 if the address names none
    """
    _, colon, port = text.rpartition(":")
    return port if colon else 80


def split_list(text: str) -> list[str]:
    """Split a comma-separated list; spaces around the entries do not count.

    Returns an empty list for an empty text.
    """
    return [part.strip() for part in text.split(",")]
