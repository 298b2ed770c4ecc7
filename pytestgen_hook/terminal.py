"""What a terminal may be sent: text without control characters of others' making, and colour where it is welcome."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

# Control, format (bidirectional overrides among them), surrogates, and the two separators that end a line.
_ESCAPED_CATEGORIES = ("Cc", "Cf", "Cs", "Zl", "Zp")
# Commands to CI services that count wherever they stand in a line: ``##[…]``, ``##vso[…]``, ``##teamcity[…]``.
_SERVICE_COMMAND = re.compile(r"#(?=#\w*\[)")
_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


def escaped(text: str) -> str:
    """Return text of the user's repository on one line, with all that could steer a terminal written out as escapes.

    So is what a CI service would take for a command to itself, wherever in a line it stands.
    """
    text = _SERVICE_COMMAND.sub(r"\\x23", text)
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(character) for character in text)


def _escape(character: str) -> str:
    if unicodedata.category(character) not in _ESCAPED_CATEGORIES:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def escaped_lines(text: str) -> str:
    """Return text like :func:`escaped`, its tabs and line ends kept."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(escaped, line.split("\t"))) for line in lines)


def wants_colour(environ: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether to colour: ``FORCE_COLOR`` wins over ``NO_COLOR``, that over ``TERM=dumb``, that over ``is_terminal``."""
    forced = environ.get("FORCE_COLOR", "")
    if forced:
        return forced != "0"
    if environ.get("NO_COLOR") or environ.get("TERM") == "dumb":
        return False
    return is_terminal


def styled(text: str, *styles: str, colour: bool) -> str:
    """Return the text in some of the styles bold, dim, red, green, yellow, cyan; as it is without colour."""
    if not colour or not text:
        return text
    return f"\x1b[{';'.join(_STYLES[style] for style in styles)}m{text}\x1b[0m"
