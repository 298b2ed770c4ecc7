"""Makes small changes to inputs that were found good: the steps of the search."""

import itertools
import math
import re

from domains import Fixed
from values import MOST_STEPS, Built, Items, Named, Pairs, Plain, Prepared, Step

_CORNERS = (0, 1, -1, 2)  # numbers at which formulas and loops behave otherwise than between
_TAIL_SHARE = 0.25  # of the changes, where something is done with results
_MOST_CORNERED = 3  # arguments that take them in all combinations


def corners(proposed):
    """Return the input with the smallest numbers in all combinations; none unless two or three arguments are integers."""
    names = [name for name, node in proposed.arguments.items() if isinstance(node, Plain) and type(node.value) is int]
    if not 2 <= len(names) <= _MOST_CORNERED:
        return []
    return [
        proposed.changed("varied", {**proposed.arguments, **dict(zip(names, map(Plain, values)))})
        for values in itertools.product(_CORNERS, repeat=len(names))
    ]


def vary_input(proposed, plan, rng, donors):
    """Return an input that differs from ``proposed`` in one or two places; parts may come from other inputs, ``donors``."""
    arguments = dict(proposed.arguments)
    receiver = proposed.receiver
    tail = proposed.tail
    for _ in range(rng.choice((1, 1, 1, 2))):
        if rng.random() < _TAIL_SHARE:
            tails = [donor.tail for donor in donors if donor.tail]
            if tail or tails:
                tail = _vary_tail(tail, plan, rng) if tail else rng.choice(tails)
                continue
        places = [*plan.parameters, *plan.surroundings]
        places = [parameter for parameter in places if parameter.name in arguments or not parameter.required]
        if receiver is not None and (not places or rng.random() < 0.35):
            receiver = _vary_receiver(receiver, plan, rng)
            continue
        if not places:
            break
        parameter = rng.choice(places)
        node = arguments.get(parameter.name)
        roll = rng.random()
        if node is None or roll < 0.12:
            arguments[parameter.name] = parameter.domain.draw(rng)
        elif not parameter.required and roll < 0.2 and parameter not in plan.surroundings:
            del arguments[parameter.name]
        elif isinstance(parameter.domain, Fixed):
            arguments[parameter.name] = parameter.domain.draw(rng)  # a neighbour of a member need not be one
        elif donors and roll < 0.3:
            taken = rng.choice(donors).arguments.get(parameter.name)
            arguments[parameter.name] = taken if taken is not None else vary(node, rng, plan.constants)
        elif roll < 0.38 and parameter not in plan.surroundings and (others := _alike(node, arguments)):
            # What compares its arguments does most where they are nearly the same.
            taken = rng.choice(others)
            arguments[parameter.name] = taken if rng.random() < 0.3 else vary(taken, rng, plan.constants)
        else:
            arguments[parameter.name] = vary(node, rng, plan.constants)
    return proposed.changed("varied", arguments, receiver, tail)


def _alike(node, arguments):
    """Return the other arguments that are of the same kind."""
    kind = type(getattr(node, "value", None)), getattr(node, "kind", None)
    return [
        other
        for other in arguments.values()
        if other is not node
        and type(other) is type(node)
        and (type(getattr(other, "value", None)), getattr(other, "kind", None)) == kind
    ]


def _vary_tail(tail, plan, rng):
    """Return a tail with other values, or without its last step."""
    at = rng.randrange(len(tail))
    step = tail[at]
    if not step.values:
        return tail[:-1] if rng.random() < 0.2 else tail
    values = list(step.values)
    place = rng.randrange(len(values))
    values[place] = vary(values[place], rng, plan.constants)
    return (*tail[:at], Step(step.template, values), *tail[at + 1 :])


def _vary_receiver(receiver, plan, rng):
    if getattr(plan, "receivers", None) and rng.random() < 0.3:
        return rng.choice(plan.receivers)
    if rng.random() < 0.4:
        return plan.receiver.draw(rng)
    return vary(receiver, rng, plan.constants)


def vary(node, rng, constants):
    """Return a tree that differs from ``node`` in one place."""
    if isinstance(node, Plain):
        return Plain(_vary_plain(node.value, rng, constants))
    if isinstance(node, Items):
        return _vary_items(node, rng, constants)
    if isinstance(node, Pairs):
        return _vary_pairs(node, rng, constants)
    if isinstance(node, Prepared) and node.steps and rng.random() < 0.4:
        return _vary_steps(node, rng)
    if isinstance(node, (Built, Named, Prepared)) and node.children():
        children = list(node.children())
        at = rng.randrange(len(children))
        children[at] = vary(children[at], rng, constants)
        return node.with_children(children)
    return node


def _vary_steps(node, rng):
    """Leave a step out, make one twice, or change their order."""
    steps = list(node.steps)
    at = rng.randrange(len(steps))
    roll = rng.randrange(3)
    if roll == 0:
        del steps[at]
    elif roll == 1 and len(steps) < MOST_STEPS:
        steps.insert(rng.randint(0, len(steps)), steps[at])
    else:
        steps.insert(rng.randrange(len(steps)), steps.pop(at))
    return Prepared(node.base, steps)


def _vary_plain(value, rng, constants):
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        choices = [value + 1, value - 1, -value, value * 2, value // 2, value + 10, value - 10, 0, 1, value * 10]
        choices += [rng.randint(0, 2 * abs(value) + 9), rng.randint(0, 99)]
        if constants.ints:
            choices += [
                rng.choice(constants.ints),
                value + rng.choice(constants.ints),
                value - rng.choice(constants.ints),
            ]
        return _bounded(rng.choice(choices))
    if isinstance(value, float):
        if not math.isfinite(value):
            return rng.choice((-value, 0.0, 1.5))
        choices = [
            value + 1,
            value - 1,
            -value,
            value * 2,
            value / 2,
            value + 0.5,
            float(round(value)),
            0.0,
            round(value * 1.1, 3),
        ]
        if constants.floats:
            choices.append(rng.choice(constants.floats))
        return rng.choice(choices)
    if isinstance(value, str):
        return _vary_text(value, rng, constants)
    if isinstance(value, bytes):
        return rng.choice((value[:-1], value + b"a", value[::-1], value * 2, b""))[:64]
    return value


def _bounded(number):
    return number if abs(number) < 10**9 else 7


_NUMBER = re.compile(r"\d+")
_SEPARATOR = re.compile(r"[^\w]")


def _vary_number_in_text(value, rng, constants):
    """Change one run of digits as a number: what a date, a version or a price in the text turns on."""
    match = rng.choice(list(_NUMBER.finditer(value)))
    if rng.random() < 0.1:  # more digits than the code takes
        return (value[: match.end()] + match.group() + value[match.end() :])[:80]
    number = int(match.group()[:9])
    choices = [number + 1, number - 1, number * 2, number + 10, 0, *constants.ints[:40]]
    changed = abs(rng.choice(choices) + (rng.choice((-1, 0, 1)) if rng.random() < 0.3 else 0))
    return value[: match.start()] + str(changed).zfill(len(match.group())) + value[match.end() :]


def _vary_text(value, rng, constants):
    if rng.random() < 0.4 and _NUMBER.search(value):
        return _vary_number_in_text(value, rng, constants)
    if rng.random() < 0.15 and (separators := _separators(value, constants)):
        return _vary_parts(value, rng.choice(separators), rng, constants)
    roll = rng.randrange(11)
    at = rng.randint(0, len(value))
    if roll == 0:
        return value[:at] + value[at + 1 :]
    if roll == 1:
        return value[:at] + rng.choice(value or "ab ") + value[at:]
    if roll == 2:
        return value[:at] + rng.choice("aZ0 .,-_([{)]}!\té'\"\\/") + value[at:]
    if roll == 3:
        return value.swapcase() if rng.random() < 0.5 else value[:at] + value[at : at + 1].swapcase() + value[at + 1 :]
    if roll == 4:
        return value[::-1]
    if roll == 5:
        return (value + rng.choice(("", " ", ",", ".")) + value)[:80]
    if roll in (6, 7) and constants.texts:
        piece = rng.choice(constants.texts)
        return (value[:at] + piece + value[at:])[:80]
    if roll == 8 and constants.texts:
        return value.replace(rng.choice(constants.texts) or " ", rng.choice(constants.texts))[:80]
    if roll == 9:
        return value[:at]
    if value:
        at = min(at, len(value) - 1)
        return (
            value[:at]
            + rng.choice((chr(min(ord(value[at]) + 1, 0x10FFFF)) if value[at] < "\ud000" else "a", rng.choice(value)))
            + value[at + 1 :]
        )
    return "a"


def _separators(value, constants):
    """Return what the code may split such a text at: short constants without letters, and else what is in the text."""
    named = [text for text in constants.texts if 0 < len(text) <= 2 and not any(map(str.isalnum, text))]
    return named or sorted({found.group() for found in _SEPARATOR.finditer(value)})


def _vary_parts(value, separator, rng, constants):
    """Change the text as a list of its parts: one more of them, one less, or in another order."""
    parts = value.split(separator)
    at = rng.randrange(len(parts))
    roll = rng.randrange(5)
    if roll == 0:
        parts.insert(rng.randint(0, len(parts)), parts[at])
    elif roll == 1 and len(parts) > 1:
        del parts[at]
    elif roll == 2 and len(parts) > 1:
        parts.insert(rng.randrange(len(parts)), parts.pop(at))
    else:
        parts.insert(
            rng.choice((0, len(parts))), rng.choice(["", *map(str, constants.ints[:8]), *constants.texts[:8], "a"])
        )
    return separator.join(parts)[:80]


def _vary_items(node, rng, constants):
    items = list(node.items)
    roll = rng.randrange(9)
    at = rng.randrange(len(items)) if items else 0
    if not items:
        return Items(node.kind, [Plain(rng.choice((0, 1, 2, 5)))] if node.kind != "tuple" or roll < 4 else [])
    if roll <= 2:
        items[at] = vary(items[at], rng, constants)
    elif roll == 3:
        del items[at]
    elif roll == 4:
        items.insert(at, items[rng.randrange(len(items))])
    elif roll == 5:
        items.insert(rng.randint(0, len(items)), vary(items[at], rng, constants))
    elif roll == 6 and len(items) > 1:
        other = rng.randrange(len(items))
        items[at], items[other] = items[other], items[at]
    elif roll == 7:
        items.reverse()
    else:
        items.sort(key=lambda item: item.source())
    return Items(node.kind, items[:40])


def _vary_pairs(node, rng, constants):
    pairs = list(node.pairs)
    if not pairs:
        return Pairs([(Plain("a"), Plain(1))])
    at = rng.randrange(len(pairs))
    key, item = pairs[at]
    roll = rng.randrange(4)
    if roll <= 1:
        pairs[at] = (key, vary(item, rng, constants))
    elif roll == 2:
        del pairs[at]
    else:
        pairs.append((vary(key, rng, constants), vary(item, rng, constants)))
    return Pairs(pairs)
