"""Simpler neighbours of an input, in a fixed order: what a person would try in order to show the same with less."""

import collections
import math

from domains import Fixed
from values import Built, Items, Named, Pairs, Plain, Prepared, kind_of, leaves

_TEXTS = ("", "a", "b", "ab", "abc", "hello", "1", " ")
_NUMBERS = (0, 1, 2, 3, 5, 10, 100)
_NO_KINDS = ("object", "NoneType")  # of which one says nothing of the next
_SEQUENCES = {"str", "bytes", "list", "tuple", "set", "frozenset"}
_NUMERIC = {"number", "bool"}
_MOST_DONORS = 4
_MOST_SHARED = 3  # values that stand in several places, and what is tried for each
_MOST_FOR_SHARED = 6
_USUAL = (2, 3)  # tried for 0 and 1 too: what is true of these is true of many


def simpler_inputs(proposed, plan):
    """Yield inputs that have one argument fewer, one value made simpler wherever it stands, or one place, the boldest first."""
    parameters = {parameter.name: parameter for parameter in [*plan.parameters, *plan.surroundings]}
    for name in list(proposed.arguments):
        if not parameters[name].required:
            rest = {key: node for key, node in proposed.arguments.items() if key != name}
            yield proposed.changed(proposed.origin, rest)
    free = {name: old for name, old in proposed.arguments.items() if not isinstance(parameters[name].domain, Fixed)}
    for old, new in _of_many_places(free.values()):
        found = {name: _replaced(node, old, new) for name, node in free.items()}
        yield proposed.changed(proposed.origin, {**proposed.arguments, **found})
    if proposed.receiver is not None:
        for node in simpler_nodes(proposed.receiver):
            yield proposed.changed(proposed.origin, receiver=node)
    for name, old in free.items():
        for node in simpler_nodes(old):
            yield proposed.changed(proposed.origin, {**proposed.arguments, name: node})


def _of_many_places(trees):
    """Yield (value, simpler value), a few, for what stands in more than one place, which may be what the case is about."""
    trees = list(trees)
    times = collections.Counter((type(leaf.value), leaf.value) for tree in trees for leaf in leaves(tree))
    names = collections.Counter(known for tree in trees for known in _keys(tree))
    found = [value for (kind, value), count in times.items() if 1 < count > names[kind, value]]
    for value in found[:_MOST_SHARED]:
        for simpler in _simpler_values(value)[:_MOST_FOR_SHARED]:
            yield value, simpler


def _keys(node):
    """Yield (type, value) of the constants that are keys in a tree: rows with the same keys are about something else."""
    if isinstance(node, Pairs):
        yield from ((type(key.value), key.value) for key, _ in node.pairs if isinstance(key, Plain))
    for child in node.children():
        yield from _keys(child)


def _replaced(node, old, new):
    """Return a tree with another constant wherever one stands."""
    if isinstance(node, Plain):
        return Plain(new) if type(node.value) is type(old) and node.value == old else node
    return node.with_children([_replaced(child, old, new) for child in node.children()])


def usual_arguments(inputs):
    """Return {parameter: a few different trees, short ones first, of the kind that most of the inputs give for it}.

    A parameter for which no kind is that of more than half is left out.
    """
    found = {}
    for name in dict.fromkeys(name for one in inputs for name in one.arguments):
        given = [one.arguments[name] for one in inputs if name in one.arguments]
        (kind, count), *_ = collections.Counter(map(kind_of, given)).most_common(1)
        if len(given) < 2 * count < 2 * len(given) and kind not in _NO_KINDS:
            by_source = {node.source(): node for node in given if kind_of(node) == kind}
            found[name] = [by_source[source] for source in sorted(by_source, key=len)[:_MOST_DONORS]]
    return found


def unlike(proposed, usual):
    """Return the parameters for which an input gives something of another kind than is usual."""
    return {name for name, kind, common in _kinds(proposed, usual) if kind != common}


def is_out_of_place(proposed, usual):
    """Whether an input gives for a parameter what cannot be used as what is usual can: a text for a number, not for a list."""
    return any(
        kind != common and not {kind, common} <= _SEQUENCES and not {kind, common} <= _NUMERIC
        for _, kind, common in _kinds(proposed, usual)
    )


def _kinds(proposed, usual):
    given = proposed.arguments
    return [(name, kind_of(given[name]), kind_of(nodes[0])) for name, nodes in usual.items() if name in given]


def simpler_nodes(node):
    """Yield trees that say less than ``node``: parts left out, then each part made simpler."""
    if isinstance(node, Plain):
        for value in _simpler_values(node.value):
            yield Plain(value)
    elif isinstance(node, Items):
        yield from _shorter(node.items, lambda items: Items(node.kind, items))
        yield from _with_simpler_children(node)
    elif isinstance(node, Pairs):
        yield from _shorter(node.pairs, Pairs)
        yield from _with_simpler_children(node)
    elif isinstance(node, Prepared):
        yield node.base
        yield from _shorter(node.steps, lambda steps: Prepared(node.base, steps))
        yield from _with_simpler_children(node)
    elif isinstance(node, Built):
        for at, (name, _) in enumerate(node.arguments):
            if name is not None:  # one that the class does not need; without one that it needs there is no call
                yield type(node)(node.function, [*node.arguments[:at], *node.arguments[at + 1 :]], node.needs)
        yield from _with_simpler_children(node)
    elif isinstance(node, Named):
        yield from node.simpler()
        yield from _with_simpler_children(node)


def _with_simpler_children(node):
    children = list(node.children())
    for at, child in enumerate(children):
        for simpler in simpler_nodes(child):
            yield node.with_children([*children[:at], simpler, *children[at + 1 :]])


def _shorter(members, make):
    """Yield what ``make`` gives for the members without their second half, their first half, and each one."""
    half = len(members) // 2
    if half:
        yield make(members[:half])
        yield make(members[half:])
    for at in range(len(members)):
        yield make([*members[:at], *members[at + 1 :]])


def _smaller(number):
    found = [known for known in _NUMBERS if known < abs(number) or (known in _USUAL and abs(number) < min(_USUAL))]
    return [*found, abs(number), *(-known for known in found if known)] if number < 0 else found


def _simpler_values(value):
    if value is None or isinstance(value, bool):
        return []
    if isinstance(value, int):
        return _smaller(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return []
        if value == int(value):
            return [float(number) for number in _smaller(int(value))]
        found = [*map(float, _NUMBERS), float(round(value)), round(value, 1)]
        return [number for number in dict.fromkeys(found) if number != value]
    if isinstance(value, str):
        parts = [value[: len(value) // 2], value[len(value) // 2 :], value.strip(), value.lower()]
        parts += [value[:at] + value[at + 1 :] for at in range(min(len(value), 12))]
        known = [text for text in _TEXTS if len(text) < len(value) or len(text) == 3]
        return [text for text in dict.fromkeys([*known, *parts]) if text != value]
    if isinstance(value, bytes) and value:
        return [b"", value[: len(value) // 2], value[:-1]]
    return []
