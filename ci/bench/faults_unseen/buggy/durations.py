UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def seconds_of(text):
    """Read a duration like 1h30m; without a unit at the end it is seconds."""
    total = 0
    digits = ""
    for char in text.replace(" ", ""):
        if char.isdigit():
            digits += char
        elif char in UNITS and digits:
            total += int(digits) * UNITS[char]
            digits = ""
        else:
            raise ValueError(f"unexpected {char!r} in a duration")
    return total
