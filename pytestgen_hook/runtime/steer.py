"""Turns what a function looked at into the next inputs: a place of the input gets what was missed there."""

import ast
import datetime
import decimal
import re

import samples
from values import Built, Items, Pairs, Plain, Step, Text

_NUMBERS = (int, float)
_DECIMAL = re.compile(r'Decimal\("(-?[0-9.]+)"\)')
_MOST_FOR_A_NOTE = 6
MOST_OF_OTHER_KINDS = 12  # inputs made of one
_LONGEST = 40  # items that a container gets at most
_MOST_MISSING = 12  # characters or items of one kind that are added at once
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


def steered(proposed, notes, rng, limit, sizes=()):
    """Return at most ``limit`` inputs that differ from ``proposed`` where the notes say that it was looked at.

    ``sizes`` are numbers that the code names, in order: what is too short for it may be meant to have so many items.
    """
    places = list(_places(proposed))
    found = {}
    for kind, parts in rng.sample(notes, len(notes)):
        parts = {int(part): _read(value) for part, value in parts.items()}
        made = 0
        for place, wanted in _wishes(kind, parts, places, sizes):
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


def of_other_kinds(proposed, names):
    """Return inputs with one constant of another kind in the arguments of these names.

    That is a number in the place of a text, or a text in that of a number.
    """
    found = []
    for place in _below(tree for name, tree in proposed.arguments.items() if name in names):
        if isinstance(place, Plain):
            others = (3, 2.5) if isinstance(place.value, (str, bytes)) else ("ab",)
            found += [_replaced(proposed, place, Plain(value)) for value in others if value != place.value]
    return found[:MOST_OF_OTHER_KINDS]


class _Members:
    """The members or keys of a container that was looked into, as far as they are plain, and how many it has in all."""

    def __init__(self, kind, members, count):
        self.kind = kind
        self.members = members
        self.count = count

    def is_like(self, place):
        """Whether the node is such a container."""
        if isinstance(place, Pairs):
            return self.kind == "dict" and len(place.pairs) == self.count
        return isinstance(place, Items) and place.kind == self.kind and len(place.items) == self.count


class _Pattern:
    def __init__(self, text):
        self.text = text


class _Source:
    """What a value of a class such as ``Decimal`` is written as, and what has to be imported for it."""

    def __init__(self, text, needs):
        self.text = text
        self.needs = needs

    def is_like(self, place):
        """Whether the node is written as a call of the same class."""
        return isinstance(place, (Text, Built)) and place.source().partition("(")[0] == self.text.partition("(")[0]


_UNKNOWN = object()


def _read(value):
    if value is None:
        return _UNKNOWN
    kind, payload, *count = value
    try:
        if kind == "Pattern":
            return _Pattern(ast.literal_eval(payload))
        if kind == "value":
            return _Source(*ast.literal_eval(payload))
        if isinstance(payload, list):
            return _Members(kind, [ast.literal_eval(member) for member in payload], *count)
        return ast.literal_eval(payload)
    except (ValueError, SyntaxError):  # nan and inf
        return _UNKNOWN


# -- places of an input ------------------------------------------------------------------------------------------------


def _places(proposed):
    """Yield every node of the input."""
    return _below(proposed.trees())


def _below(trees):
    waiting = list(trees)
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


def _wishes(kind, parts, places, sizes):
    """Yield (node of the input, node to put in its place)."""
    first, second = parts.get(0, _UNKNOWN), parts.get(1, _UNKNOWN)
    if kind in ("==", "<"):
        yield from _equal(first, second, places)
        yield from _equal(second, first, places)
        yield from _of_length(parts.get(2), second, places)
        yield from _of_length(parts.get(3), first, places)
        yield from _counted(first, second, places)
        yield from _counted(second, first, places)
    elif kind == "operate":
        yield from _equal(*((first, second) if isinstance(second, _Source) else (second, first)), places)
    elif kind == "in":
        yield from _among(first, second, places)
    elif kind == "text":
        yield from _with_piece(first, second, places)
    elif kind == "key":
        yield from _among(second, first, places)
        yield from _with_key(second, first, places)
        yield from _long_enough(second, first, places, sizes)
    elif kind == "pattern":
        yield from _matching(parts, places)
    elif kind.startswith("parse "):
        yield from _parsed(kind[6:], first, second, places)
    elif kind.startswith("unpack "):
        yield from _of_parts(int(kind[7:]), first, places)
    elif kind == "iterate":
        yield from _of_parts(3, first, places, "list")
    elif kind.startswith("pairs "):
        yield from _of_members(int(kind[6:]), first, places)
    elif kind == "mapping":
        yield from _of_keys(first, places)


def _equal(seen, wanted, places):
    """Places that hold ``seen``, or were it before a step such as ``lower()``, get what it was compared with."""
    if isinstance(wanted, _Members):
        yield from _equal_sequence(seen, wanted, places)
        return
    if isinstance(wanted, _Pattern) or wanted is _UNKNOWN:
        return
    if isinstance(wanted, _Source):
        for place in places:
            if wanted.is_like(place):
                yield place, Text(wanted.text, place.imports())
                yield from _moved_decimal(place, seen, wanted)
            elif _holds(place, seen):
                yield place, Text(wanted.text, wanted.needs)
        return
    yield from _moved(seen, wanted, places)
    values = [wanted]
    if type(wanted) in _NUMBERS:
        values += [wanted + 1, wanted - 1]
    for place in places:
        if isinstance(seen, _Members) and _holds(place, seen):
            yield place, Plain(wanted)
        for value in values:
            new = _put(place, seen, value)
            if new is not None:
                yield place, new


def _holds(place, seen):
    """Whether the node is written as the constant, or the container of constants, that was looked at."""
    if isinstance(seen, _Members):
        return seen.is_like(place) and [getattr(each, "value", None) for each in place.children()] == seen.members
    return isinstance(place, Plain) and type(place.value) is type(seen) and place.value == seen


def _equal_sequence(seen, wanted, places):
    if wanted.kind not in ("list", "tuple") or len(wanted.members) < wanted.count:
        return
    new = Items(wanted.kind, map(Plain, wanted.members))
    for place in places:
        if _holds(place, seen):
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


def _counted(seen, wanted, places):
    """What was counted may be characters or items of one kind: of each kind, and of digits, come as many as are missing."""
    if type(seen) is not int or type(wanted) is not int or not 0 <= seen <= wanted <= seen + _MOST_MISSING:
        return
    more = wanted - seen + 1
    for place in places:
        if isinstance(place, Plain) and isinstance(place.value, str):
            kinds = {_kind_of(character): at for at, character in enumerate(place.value)}
            for at in kinds.values():
                yield place, Plain(place.value[:at] + place.value[at] * more + place.value[at:])
            if place.value and not any(map(str.isdigit, place.value)):
                yield place, Plain(place.value[:1] + "7" * more + place.value[1:])
        elif isinstance(place, Items) and place.kind in ("list", "tuple") and len(place.items) <= _LONGEST:
            for at in sorted({0, len(place.items) - 1}) if place.items else ():
                yield place, Items(place.kind, [*place.items[:at], *[place.items[at]] * more, *place.items[at:]])


def _kind_of(character):
    return (character.isdigit(), character.isupper(), character.isalpha(), character.isspace())


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


def _long_enough(key, container, places, sizes):
    """What was looked into beyond its end gets longer; what cannot be looked into becomes something that can."""
    if type(key) is int and abs(key) < _LONGEST:
        if isinstance(container, _Members) and container.kind != "dict" and key >= container.count:
            for place in places:
                if container.is_like(place):
                    last = place.items[-1] if place.items else Plain(1)
                    for length in (key + 1, next((size for size in sizes if key < size <= _LONGEST), 2 * key + 2)):
                        for one in (last, _blank(last)):  # rows of a table are as long as one another
                            yield place, Items(place.kind, [*place.items, *[one] * length][:length])
        else:
            yield from _of_parts(min(key, 3) + 1, container, places, "list")
    elif isinstance(key, str):
        for place in places:
            if isinstance(place, Plain) and _is_constant(place, container):
                yield place, Pairs([(Plain(key), place)])


def _blank(node):
    """Return the node with all its numbers zero."""
    if isinstance(node, Plain):
        return Plain(0) if type(node.value) in _NUMBERS else node
    return node.with_children([_blank(child) for child in node.children()])


def _of_parts(count, seen, places, kind="tuple"):
    """What is taken apart and has no parts, or not so many, gets them."""
    for place in places:
        if isinstance(seen, _Members) and seen.is_like(place) and isinstance(place, Items) and kind == "tuple":
            yield place, Items(place.kind, [*place.items, *[Plain(1)] * count][:count])
        elif _is_constant(place, seen):
            for part in (place, Plain(0), Plain("a")):
                yield place, Items(kind, [part] * count)


def _of_members(count, container, places):
    """The members of a container get so many parts."""
    if isinstance(container, _Members):
        for place in places:
            if isinstance(place, Items) and container.is_like(place):
                yield place, Items(place.kind, [_with_parts(item, count) for item in place.items])
    else:
        for place in places:
            if _is_constant(place, container):
                yield place, Items("list", [_with_parts(place, count)])


def _with_parts(node, count):
    parts = list(node.items) if isinstance(node, Items) else [node]
    return Items("tuple", (parts * count)[:count])


def _of_keys(seen, places):
    """What is asked for its keys becomes a dict."""
    for place in places:
        if isinstance(seen, _Members) and seen.is_like(place) and isinstance(place, Items):
            yield place, Pairs([(item, Plain(number)) for number, item in enumerate(place.items, 1)])
        elif _is_constant(place, seen):
            yield place, Pairs([(place, Plain(1))])


def _is_constant(place, seen):
    """Whether the node is this very constant, of a kind that has no parts."""
    if not isinstance(place, Plain) or type(seen) not in (int, float, bool, str, bytes, type(None)):
        return False
    return type(place.value) is type(seen) and place.value == seen


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
