"""Says what a call that was made wrongly complained of: which attribute of which argument was missed, and the like."""

import re

LONGEST = 90
_MISSING = re.compile(r"'(\w+)' object has no attribute '(\w+)'")


def complaint(error, arguments):
    """Return in words what an exception says that a wrong call ended in; "" where it says nothing.

    ``arguments`` are the values of the call by name.
    """
    message = str(error).split("\n")[0].strip()
    if isinstance(error, AttributeError):
        name, missing = _missed(error, message, arguments)
        if name and missing:
            return f"nothing tried for {name} has the attribute {missing}"
    return message if len(message) <= LONGEST and "0x" not in message else ""


def _missed(error, message, arguments):
    """Return the name of the argument that lacks an attribute, and the attribute; None for what is not known."""
    found = _MISSING.search(message)
    missing = getattr(error, "name", None) or (found and found[2])
    if hasattr(error, "obj"):  # from Python 3.10 on
        names = [name for name, value in arguments.items() if value is error.obj]
    else:
        names = [name for name, value in arguments.items() if found and type(value).__name__ == found[1]]
    return names[0] if names else None, missing
