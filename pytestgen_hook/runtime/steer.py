"""Turns what comparisons looked at into the next inputs: a place of the input that was compared gets what it missed."""

import ast
import datetime
import decimal
import re

import samples
from values import Built, Items, Pairs, Plain, Step, Text

_NUMBERS = (int, float)
_DECIMAL = re.compile(r'Decimal\("(-?[0-9.]+)"\)')
_MOST_FOR_A_NOTE = 6
_PARSED = {
    "int": ("7", "0", "-3", "12"),
    "float": ("2.5", "0", "-1.25"),
    "Decimal": ("1.50", "0", "-2.25"),
    "Fraction": ("1/2", "3"),
    "loads": ('{"a": 1}', "[1, 2]", '"x"', "{}", "5"),
    "literal_eval": ("[1, 2]", "{'a': 1}", "5"),
    "UUID": ("12345678-1234-5678-1234-567812345678",),
    "fromisoformat": ("2024-02-29", "2024-01-31T12:30:00", "12:30:00", "2023-12-31"),
}
_MOMENTS = (
    datetime.datetime(2024, 2, 29, 12, 30),
    datetime.datetime(2023, 12, 31, 23, 59, 59),
    datetime.datetime(2024, 1, 1),
)


def steered(proposed, notes, rng, limit):
    """Return at most ``limit`` inputs that differ from ``proposed`` where the notes say that it was compared."""
    places = list(_places(proposed))
    found = {}
    for kind, parts in rng.sample(notes, len(notes)):
        parts = {int(part): _read(value) for part, value in parts.items()}
        made = 0
        for place, wanted in _wishes(kind, parts, places):
            changed = _replaced(proposed, place, wanted)
            text = changed.text()
            if text not in found:
                found[text] = changed
                made += 1
            if made >= _MOST_FOR_A_NOTE:
                break
        if len(found) >= 2 * limit:
            break
    chosen = list(found.values())
    return chosen if len(chosen) <= limit else rng.sample(chosen, limit)


class _Members:
    """The members or keys of a container that was looked into."""

    def __init__(self, kind, members):
        self.kind = kind
        self.members = members


class _Pattern:
    def __init__(self, text):
        self.text = text


class _Source:
    """What a value of a class such as ``Decimal`` is written as."""

    def __init__(self, text):
        self.text = text

    def is_like(self, place):
        """Whether the node is written as a call of the same class."""
        return isinstance(place, (Text, Built)) and place.source().partition("(")[0] == self.text.partition("(")[0]


_UNKNOWN = object()


def _read(value):
    if value is None:
        return _UNKNOWN
    kind, payload = value
    try:
        if kind == "Pattern":
            return _Pattern(ast.literal_eval(payload))
        if kind == "value":
            return _Source(ast.literal_eval(payload))
        if isinstance(payload, list):
            return _Members(kind, [ast.literal_eval(member) for member in payload])
        return ast.literal_eval(payload)
    except (ValueError, SyntaxError):  # nan and inf
        return _UNKNOWN


# -- places of an input ------------------------------------------------------------------------------------------------


def _places(proposed):
    """Yield every node of the input."""
    waiting = proposed.trees()
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children())


def _replaced(proposed, old, new):
    arguments = {name: _swapped(node, old, new) for name, node in proposed.arguments.items()}
    receiver = None if proposed.receiver is None else _swapped(proposed.receiver, old, new)
    tail = [Step(step.template, [_swapped(value, old, new) for value in step.values]) for step in proposed.tail]
    return proposed.changed("varied", arguments, receiver, tail)


def _swapped(node, old, new):
    if node is old:
        return new
    return node.with_children([_swapped(child, old, new) for child in node.children()])


# -- what a note asks for ----------------------------------------------------------------------------------------------


def _wishes(kind, parts, places):
    """Yield (node of the input, node to put in its place)."""
    first, second = parts.get(0, _UNKNOWN), parts.get(1, _UNKNOWN)
    if kind in ("==", "<"):
        yield from _equal(first, second, places)
        yield from _equal(second, first, places)
        yield from _of_length(parts.get(2), second, places)
        yield from _of_length(parts.get(3), first, places)
    elif kind == "in":
        yield from _among(first, second, places)
    elif kind == "text":
        yield from _with_piece(first, second, places)
    elif kind == "key":
        yield from _among(second, first, places)
        yield from _with_key(second, first, places)
    elif kind == "pattern":
        yield from _matching(parts, places)
    elif kind.startswith("parse "):
        yield from _parsed(kind[6:], first, second, places)


def _equal(seen, wanted, places):
    """Places that hold ``seen``, or were it before a step such as ``lower()``, get what it was compared with."""
    if isinstance(wanted, (_Members, _Pattern)) or wanted is _UNKNOWN:
        return
    if isinstance(wanted, _Source):
        for place in places:
            if wanted.is_like(place):
                yield place, Text(wanted.text, place.imports())
                yield from _moved_decimal(place, seen, wanted)
        return
    yield from _moved(seen, wanted, places)
    values = [wanted]
    if type(wanted) in _NUMBERS:
        values += [wanted + 1, wanted - 1]
    for place in places:
        for value in values:
            new = _put(place, seen, value)
            if new is not None:
                yield place, new


def _moved(seen, wanted, places):
    """A number of the input is moved by what the comparison missed by: what was compared may be a sum it is part of."""
    if type(seen) is not type(wanted) or type(seen) not in _NUMBERS:
        return
    numbers = [place for place in places if isinstance(place, Plain) and type(place.value) is type(seen)]
    for place in numbers[:2]:
        yield place, Plain(place.value + wanted - seen)


def _moved_decimal(place, seen, wanted):
    numbers = [_DECIMAL.fullmatch(text) for text in (place.source(), getattr(seen, "text", ""), wanted.text)]
    if all(numbers):
        held, was, is_to_be = (decimal.Decimal(number[1]) for number in numbers)
        yield place, Text(f'Decimal("{held + is_to_be - was}")', place.imports())


def _put(place, seen, value):
    """Return the place with ``value`` where it holds ``seen``, or None."""
    if not isinstance(place, Plain) or value is _UNKNOWN:
        return None
    held = place.value
    if type(held) is type(seen) and held == seen:
        return Plain(value)
    if isinstance(held, str) and held:
        if isinstance(seen, str) and isinstance(value, str) and seen:
            if held.strip().lower() == seen.strip().lower():
                return Plain(value)
            if seen in held:
                return Plain(held.replace(seen, value, 1))
        if type(seen) in _NUMBERS and type(value) in _NUMBERS and repr(seen) in held:
            return Plain(held.replace(repr(seen), repr(value), 1))
    if type(held) in _NUMBERS and type(seen) in _NUMBERS and type(value) in _NUMBERS and abs(held) == abs(seen):
        return Plain(type(held)(value))
    return None


def _of_length(measured, wanted, places):
    if measured is None or measured is _UNKNOWN or type(wanted) is not int or not -1 <= wanted <= 40:
        return
    for place in places:
        for length in (wanted, wanted + 1, wanted - 1):
            if length >= 0:
                if isinstance(place, Plain) and isinstance(place.value, str) and isinstance(measured, str):
                    yield place, Plain(((place.value or "a") * (length + 1))[:length])
                elif isinstance(place, Items) and isinstance(measured, _Members):
                    items = list(place.items) or [Plain(1)]
                    yield place, Items(place.kind, (items * (length + 1))[:length])


def _among(seen, container, places):
    """Places that hold ``seen`` get a member of what it was looked for in; containers of the input get it as a member."""
    if isinstance(container, _Members):
        for place in places:
            for member in container.members[:4]:
                new = _put(place, seen, member)
                if new is not None:
                    yield place, new
        if type(seen) in (str, int, float, bytes):
            for place in places:
                if isinstance(place, Items) and container.kind == place.kind:
                    yield place, Items(place.kind, [*place.items, Plain(seen)])
    elif isinstance(container, str) and isinstance(seen, str):
        yield from _with_piece(container, seen, places)


def _with_piece(text, piece, places):
    """Texts of the input get the piece that was looked for in them."""
    if not isinstance(text, str) or not isinstance(piece, str) or not piece:
        return
    for place in places:
        if isinstance(place, Plain) and isinstance(place.value, str) and (text in place.value or place.value in text):
            held = place.value
            for new in (held + piece, piece + held, held[: len(held) // 2] + piece + held[len(held) // 2 :], piece):
                yield place, Plain(new)


def _with_key(key, container, places):
    if not isinstance(container, _Members) or type(key) not in (str, int):
        return
    for place in places:
        if isinstance(place, Pairs) and all(held.source() != Plain(key).source() for held, _ in place.pairs):
            values = [item for _, item in place.pairs[:1]] + [Plain(1), Plain("a"), Items("list", [])]
            for value in values[:3]:
                yield place, Pairs([*place.pairs, (Plain(key), value)])


def _matching(parts, places):
    """Texts that were matched against a pattern get texts that match it."""
    pattern = parts.get(0, _UNKNOWN)
    rest = [parts[part] for part in sorted(parts) if part > 0]
    if isinstance(pattern, _Pattern):
        source, texts = pattern.text, rest
    elif rest and isinstance(rest[0], (str, _Pattern)):
        source, texts = rest[0].text if isinstance(rest[0], _Pattern) else rest[0], rest[1:]
    else:
        return
    matching = samples.texts_matching(source)
    for text in texts:
        for place in places:
            for sample in matching:
                new = _put(place, text, sample) if isinstance(text, str) else None
                if new is not None:
                    yield place, new


def _parsed(parser, text, form, places):
    if not isinstance(text, str):
        return
    known = _PARSED.get(parser, ())
    if parser == "strptime" and isinstance(form, str):
        known = tuple(moment.strftime(form) for moment in _MOMENTS)
    for place in places:
        for value in known:
            new = _put(place, text, value)
            if new is not None:
                yield place, new
