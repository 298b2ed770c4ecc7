"""Is this what it claims to be?"""

import re


def luhn_valid(number: str) -> bool:
    """Check a card number by its last digit (Luhn).

    Spaces and dashes are ignored. Anything else that is not a digit makes the number
    invalid; so does an empty string.

    >>> luhn_valid("4539 1488 0343 6467")
    True
    >>> luhn_valid("8273 1232 7352 0569")
    False
    """
    plain = number.replace(" ", "").replace("-", "")
    total = 0
    for index, letter in enumerate(reversed(plain)):
        digit = int(letter)
        if index % 2:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0


def mask_card(number: str, shown: int = 4) -> str:
    """Hide a card number except for its end.

    Returns a string of the same length as ``number`` in which all but the last ``shown``
    characters are asterisks.
    """
    return "*" * 12 + number[-shown:]


def is_username(text: str) -> bool:
    """Whether a text can be a user name: three to twenty letters, digits or underscores.

    Returns:
        bool: True if it can.
    """
    return re.fullmatch(r"\w{3,20}", text)


def require(settings: dict[str, str], name: str) -> str:
    """Get a setting that must be there.

    Raises:
        KeyError: If ``name`` is not in ``settings``.
    """
    return settings.get(name)
