"""Texts that match a regular expression, made from the tree that the standard library's own parser gives."""

import random
import re

try:
    from re import _parser as sre_parse  # Python 3.11 and later
except ImportError:
    import sre_parse

_LONGEST = 60
_SMALL = (1, 2, 3, 7, 10, 12, 28)
_NEAR = (2024, 1999, 2000, 1986)
_CATEGORIES = {
    "CATEGORY_DIGIT": "0123456789",
    "CATEGORY_WORD": "abcxyz019_",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": "ab-",
    "CATEGORY_NOT_WORD": "-. ",
    "CATEGORY_NOT_SPACE": "ab1",
}
_ANY = "abcxyz0123456789 -_.:/@ABC,;+=#"


def texts_matching(pattern, count=4):
    """Return up to ``count`` different texts that the pattern finds in full; fewer or none where it asks for too much."""
    rng = random.Random(0)
    found = []
    try:
        tree = sre_parse.parse(pattern)
        compiled = re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return found
    for attempt in range(4 * count):
        try:
            text = _Maker(rng, attempt).text(tree)
        except (_Unmakeable, RecursionError):
            continue
        if text not in found and len(text) <= _LONGEST and compiled.search(text):
            found.append(text)
        if len(found) >= count:
            break
    return found


class _Unmakeable(Exception):
    """The pattern has a part that no text is made for."""


class _Maker:
    def __init__(self, rng, attempt):
        self._rng = rng
        self._attempt = attempt
        self._groups = {}

    def text(self, tree):
        return "".join(self._part(str(operation), value) for operation, value in tree)

    def _number(self, digits):
        """Return a number of so many digits as texts have them: months, hours and counts are small, years are near."""
        known = _NEAR if digits >= 4 else _SMALL
        return str(self._rng.choice(known))[-digits:].zfill(digits)

    def _part(self, operation, value):
        if operation == "LITERAL":
            return chr(value)
        if operation == "NOT_LITERAL":
            return self._rng.choice([letter for letter in _ANY if ord(letter) != value])
        if operation == "ANY":
            return self._rng.choice(_ANY)
        if operation == "IN":
            return self._rng.choice(_letters(value))
        if operation == "BRANCH":
            return self.text(self._rng.choice(value[1]))
        if operation == "SUBPATTERN":
            text = self.text(value[-1])
            self._groups[value[0]] = text
            return text
        if operation in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = value
            if int(least) > _LONGEST:
                raise _Unmakeable(operation)
            most = min(int(most), int(least) + 3)
            times = least if self._attempt == 0 and least else self._rng.randint(int(least), max(int(least), most))
            if _is_digit(inner) and times:
                return self._number(int(times))
            return "".join(self.text(inner) for _ in range(int(times)))
        if operation == "ATOMIC_GROUP":
            return self.text(value)
        if operation == "GROUPREF":
            return self._groups.get(value, "")
        if operation in ("AT", "ASSERT", "ASSERT_NOT"):
            return ""  # whether it holds is seen when the text is tried
        raise _Unmakeable(operation)


def _is_digit(tree):
    """Whether a repeated part is a digit: together they are a number."""
    if len(tree) != 1 or str(tree[0][0]) != "IN":
        return False
    return set(_letters(tree[0][1])) == set("0123456789")


def _letters(members):
    """Return the characters of a set such as ``[a-z_]`` or ``[^,]``."""
    chosen = []
    is_negated = False
    for operation, value in members:
        kind = str(operation)
        if kind == "NEGATE":
            is_negated = True
        elif kind == "LITERAL":
            chosen.append(chr(value))
        elif kind == "RANGE":
            chosen.extend(chr(code) for code in range(value[0], min(value[1], value[0] + 60) + 1))
        elif kind == "CATEGORY":
            chosen.extend(_CATEGORIES.get(str(value), "a"))
    if is_negated:
        chosen = [letter for letter in _ANY if letter not in chosen]
    if not chosen:
        raise _Unmakeable("IN")
    return chosen
