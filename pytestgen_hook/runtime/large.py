"""What a test says of a value that nobody would read to its end: its size, how it begins and ends, a sum or a digest."""

import contextlib
import hashlib

MOST_CHARACTERS = 600  # of the source of a value that is compared as a whole
MOST_MEMBERS = 40
_SHOWN = 3  # members at each end
_LONGEST_END = 150  # characters of the members at one end
_SHOWN_TEXT = 40  # characters at each end
_PLAIN = (int, str, bytes, type(None))


def is_large(value, source):
    """Whether the value, whose ``source`` is given, is more than a reader would check."""
    if type(value) in (list, tuple, set, frozenset, dict) and len(value) > MOST_MEMBERS:
        return True
    return len(source) > MOST_CHARACTERS


def aspects(name, value):
    """Yield (expression, value) of what is said of the value, which the expression ``name`` gives; nothing for other types."""
    kind = type(value)
    if kind is int:
        yield f"{name}.bit_length()", value.bit_length()
        yield f"{name} % 10**9", value % 10**9
    elif kind is str:
        yield f"len({name})", len(value)
        yield from _ends(name, value, _SHOWN_TEXT)
        with contextlib.suppress(UnicodeEncodeError):  # half of a pair of surrogates
            yield f"hashlib.sha256({name}.encode()).hexdigest()", hashlib.sha256(value.encode()).hexdigest()
    elif kind in (bytes, bytearray):
        yield f"len({name})", len(value)
        yield from _ends(name, value, _SHOWN_TEXT // 2)
        yield f"hashlib.sha256({name}).hexdigest()", hashlib.sha256(value).hexdigest()
    elif kind in (list, tuple):
        yield f"len({name})", len(value)
        yield from _members(name, value)
    elif kind in (set, frozenset, dict):
        yield f"len({name})", len(value)
        # Neither the order of a set nor that of a dict is part of what is compared.
        yield from _members(f"sorted({name}.items())" if kind is dict else f"sorted({name})", _sorted(value))


def _sorted(value):
    try:
        return sorted(value.items() if isinstance(value, dict) else value)
    except TypeError:
        return []


def _members(name, members):
    if not members:
        return
    shown = next((count for count in (_SHOWN, 1) if len(repr(members[:count])) <= _LONGEST_END), 0)
    if shown:
        yield from _ends(name, members, shown)
    if all(type(member) is int for member in members):
        yield f"sum({name})", sum(members)
    elif _is_plain(members):
        digest = hashlib.sha256(repr(members).encode()).hexdigest()
        yield f"hashlib.sha256(repr({name}).encode()).hexdigest()", digest
    elif all(type(member) in (int, float) for member in members):
        yield f"sum({name})", sum(members)


def _ends(name, value, count):
    yield f"{name}[:{count}]", value[:count]
    yield f"{name}[-{count}:]", value[-count:]


def _is_plain(value):
    """Whether the ``repr`` of the value is the same everywhere, and another for every other value."""
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(_is_plain(part) for pair in value.items() for part in pair)
    return isinstance(value, _PLAIN) and type(value) in (bool, *_PLAIN)
