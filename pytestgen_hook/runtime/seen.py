"""What is known of an observed call, and what a case made of it would ask of its reader."""

import re

import judge
from usage import kind_of_name
from values import Built, Items, Linked, Pairs, Plain, kind_of

OWN_WAY = 3  # line numbers of two steps one after the other


class Had:
    """What cases of an earlier search show already: steps, and the numbers of the mutants that they kill."""

    def __init__(self, arcs=(), kills=()):
        self.arcs = frozenset(tuple(arc) for arc in arcs)
        self.kills = frozenset(kills)
        self.met = frozenset([*(("arc", arc) for arc in self.arcs), *(("kill", kill) for kill in self.kills)])
        self.is_something = bool(self.met)


class Seen:
    """One observed input: what was proposed, what ``observe`` answered, and which mutants it kills."""

    __slots__ = ("answer", "arcs", "compared", "cost", "input", "item", "kills", "lines", "looks", "ways")

    def __init__(self, proposed, item, answer):
        self.input = proposed
        self.item = item
        self.answer = answer
        self.arcs = frozenset(tuple(arc) for arc in answer.get("arcs", ()))
        # How far it came before it raised by accident says nothing of this function, nor how far others came before one did.
        told = () if answer["kind"] == "raise" and not answer.get("deliberate") else answer.get("ways", ())
        of_others = answer["kind"] == "value"
        self.ways = frozenset(tuple(way) for way in told if len(way) == OWN_WAY or of_others)
        self.lines = frozenset(line for start, end in self.arcs for line in (end, -start))  # run, and entered at
        self.kills = set()
        self.compared = set()  # the mutants against which it was held
        self.looks = {}  # {position in the answer's "more": the mutants that only this check fails under}
        # Of two calls that cost the same to read, the one that goes more ways is the better test.
        self.cost = cost(proposed, item, answer) / (1 + len(self.ways)) ** 0.5

    def kinds(self):
        """Return what kind of thing each argument is."""
        return tuple((name, kind_of(node)) for name, node in sorted(self.input.arguments.items()))

    def claimed(self):
        """Return the item that makes the call again and checks it as its test would."""
        return {**self.item, "told": judge.told(self.answer)}

    def note(self, mutant, failing):
        """Note that the check at that position is the first that fails under the mutant."""
        self.kills.add(mutant)
        look = failing - len(self.answer.get("checks", ()))
        if look >= 0 and self.answer.get("more"):
            self.looks.setdefault(look, set()).add(mutant)

    def look_no_further(self):
        """Give up the checks of ``more``, and what only they tell."""
        for mutants in self.looks.values():
            self.kills -= mutants
        self.looks = {}
        self.answer["more"] = [check for check in self.answer.get("more", ()) if check == judge.NONE]

    def checks(self):
        """Return the checks of its test: of ``more`` those without which a mutant would pass."""
        more = self.answer.get("more", [])
        checks = [*self.answer.get("checks", ()), *(more[look] for look in sorted(self.looks))]
        if more and all(check[1] == "isinstance" for check in checks):
            return [*checks, more[0]] if more[0] != judge.NONE or not checks else checks
        return checks


def cost(proposed, item, answer):
    """What a case asks of its reader; among cases that show the same the cheapest is kept."""
    length = sum(effort(source) for _, source in item["arguments"])
    length += sum(8 + effort(statement) for statement in item["prepare"])
    length += sum(map(meagreness, proposed.trees()))
    length += 25 * strange(proposed)
    expected = [check[2] for check in answer.get("checks", ())]
    length += sum(map(len, expected))
    # An empty result shows less than its length says, that of an empty input still less.
    length += 20 * (bool(expected) and all(text in _EMPTY or _EMPTY_ARRAY in text for text in expected))
    length += 20 * (not item["prepare"] and all(_is_empty(source) for _, source in item["arguments"]))
    if answer["kind"] == "raise":
        length += 12 if answer.get("deliberate") else 150
    length += 100 * round(answer.get("seconds", 0.0), 1)  # tests are to be quick
    if proposed.origin == "example":
        length *= 0.1
    return 5.0 + length


def strange(proposed):
    """Return how many arguments are of another kind than the names of their parameters promise."""
    return sum(map(_is_strange, proposed.arguments, proposed.arguments.values()))


def _is_strange(name, node):
    promised = kind_of_name(name)
    if isinstance(node, Plain):
        held = type(node.value).__name__
    else:
        held = node.kind if isinstance(node, Items) else "dict" if isinstance(node, Pairs) else promised
    alike = ({"int", "float"}, {"list", "tuple"}, {"str", "bytes"}, {promised, "NoneType"})
    return promised not in (None, held) and not any({promised, held} <= kinds for kinds in alike)


_EMPTY = ('""', "[]", "()", "{}", "set()", "0", "0.0", 'b""', "None", "False")
_EMPTY_ARRAY = "([]"
_MADE_OF_NOTHING = re.compile(r"[A-Za-z_.]+\(\)")


def _is_empty(source):
    return source in _EMPTY or _MADE_OF_NOTHING.fullmatch(source) is not None


_SWITCH = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])|[^\w\s\"'\[\](){},:.=+-]")


def effort(source):
    """Return how hard a source is to take in: its length, and what looks random (``"B,rKrm"``) more than its length."""
    return len(source) + 4 * len(_SWITCH.findall(source)) + 6 * (not source.isascii())


def meagreness(node, is_outermost=True):
    """Return how much is missing in a value that people would have put there: it shows little, and hides many faults."""
    own = 0
    if isinstance(node, Linked):
        own = 25 * max(0, 3 - _linked(node)) if is_outermost else 0
        is_outermost = False
    if isinstance(node, Plain):
        if isinstance(node.value, (str, bytes)):
            own = 2 * max(0, 3 - len(node.value))
        elif isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            own = 3 * (abs(node.value) < 2)
    elif isinstance(node, Built):
        own += 6 * (not node.arguments)
    elif isinstance(node, Items):
        own = 5 * max(0, 3 - len(node.items))
    elif isinstance(node, Pairs):
        own = 5 * max(0, 2 - len(node.pairs))
    return own + sum(meagreness(child, is_outermost) for child in node.children())


def _linked(node):
    return isinstance(node, Linked) + sum(map(_linked, node.children()))


_LINE = 88
_MOST_LINES = 15


def is_long(seen):
    """Whether a value of the case takes more lines, written one item a line, than a reader would check."""
    sources = [source for _, source in seen.item["arguments"]] + [check[2] for check in seen.answer.get("checks", ())]
    return any(len(source) > _LINE and _items(source) + 2 > _MOST_LINES for source in sources)


def _items(source):
    """Count the items of the outermost brackets, roughly: a comma within a text counts like any other."""
    depth = count = 0
    for char in source:
        depth += (char in "([{") - (char in ")]}")
        count += char == "," and depth == 1
    return count + 1
