"""Is this what it claims to be?"""


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
    if not (plain.isascii() and plain.isdigit()):
        return False
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
    hidden = max(0, len(number) - max(0, shown))
    return "*" * hidden + number[hidden:]


def password_problems(password: str) -> list[str]:
    """Tell what is wrong with a password.

    Returns:
        list[str]: one sentence for each problem, empty if the password is fine.
    """
    problems = []
    if len(password) < 8:
        problems.append("It is too short.")
    if not any(letter.isdigit() for letter in password):
        problems.append("It has no digit.")
    if password.lower() == password:
        problems.append("It has no capital letter.")
    return problems
