"""What a search finds out about the promises of a function's documentation: calls that keep them, calls that do not."""

import ast
import collections

import harvest
import workers
from values import HOLE, Items, Pairs, Plain, from_expression

_MOST_PROBES = 40  # calls made to see one promise put to the test
_BASES = 5  # calls that these are made from
_MOST_WITNESSES = 6  # calls that are made again to see whether one contradicts a promise every time
_ABSENT = ("no such thing", 987654)


class Documentation:
    """The promises of one function, and the calls that kept or broke them."""

    def __init__(self, subject, plan):
        self._subject = subject
        self._plan = plan
        self._promises = subject.claims.promises
        self._held = collections.Counter()
        self._broken = {}  # number → [(item, observed)]
        self._confirmed = {}  # number → {"call", "observed"}

    def note(self, item, answer):
        """Note what a call showed; return whether it contradicts the documentation."""
        told = answer.get("promised")
        if not told or answer.get("attempts") or answer.get("writes") or answer.get("reads"):
            return False
        self._held.update(told["held"])
        for number in told["broken"]:
            self._broken.setdefault(number, []).append((item, told["observed"]))
        return bool(told["broken"])

    # -- examples --------------------------------------------------------------------------------------------------

    def run_examples(self, guard, timeout):
        """Run the examples, twice and at other times; return the keys of ``contradicted`` calls, to be left out."""
        if not any(number is not None for number in self._subject.claims.examples["numbers"]):
            return
        item = {"examples": True}
        answers = [
            workers.together(self._subject, guard, workers.Job([item], timeout, manner))[0]
            for manner in (workers.Manner(trace=False), workers.Manner(trace=False, ahead=True))
        ]
        first, second = answers
        if "held" not in first or first.get("attempts") or first.get("writes"):
            return
        self._held.update(first["held"])
        for number in first["broken"]:
            if number in second.get("broken", ()) and first["observed"] == second["observed"]:
                source = self._promises[number]["call"]
                self._confirmed[number] = {"call": source, "observed": first["observed"]}

    def contradicted(self, bind):
        """Yield inputs of examples that gave something else; ``bind`` makes an input of a call, or None."""
        for number in self._confirmed:
            for call in harvest.calls_in_examples(">>> " + self._promises[number]["call"] + "\n", self._plan.name):
                proposed = bind(call)
                if proposed is not None:
                    yield proposed

    # -- putting them to the test ----------------------------------------------------------------------------------

    def probes(self, good, make):
        """Return inputs that the conditions of promises may speak of; ``make`` makes one of another and {name: tree}."""
        bases = sorted((seen for seen in good if seen.answer["kind"] == "value"), key=lambda seen: seen.cost)
        # What is given at length shows more than the emptiest of all.
        bases = [seen for seen in bases if not _is_poor(seen)][:_BASES] or bases[:_BASES]
        found = {}
        for number, promise in enumerate(self._promises):
            if number in self._broken or not (promise["when"] or promise["then"]):
                continue
            some = {}
            changed = self._changes if promise["when"] else self._repeated
            for seen in bases:
                for changes in changed(promise, seen.input.arguments):
                    proposed = make(seen.input, changes)
                    some.setdefault(proposed.text(), proposed)
            found.update(list(some.items())[:_MOST_PROBES])
        return list(found.values())

    def _changes(self, promise, arguments):
        known = {parameter.name for parameter in self._plan.parameters}
        needs = [name for name in promise["needs"] if name in known]
        samples = [_sample(source) for source in promise["samples"]]
        arguments = {**dict(self._defaults(needs)), **arguments}
        for name in needs:
            for tree in samples:
                if promise["about_types"] or _is_alike(tree, arguments.get(name)):
                    yield {name: tree}
            yield from ({name: tree} for tree in _smaller(arguments.get(name)))
            for other in needs:
                theirs = arguments.get(other)
                if other != name and theirs is not None:
                    yield {name: theirs, **({other: arguments[name]} if name in arguments else {})}
                    yield from ({name: Plain(value)} for value in _beside(theirs))

    def _defaults(self, names):
        """Yield (parameter, tree) for the plain defaults of these parameters."""
        for name in names:
            default = getattr(self._subject.claims.parameters.get(name), "default", None)
            if type(default) in (bool, int, float, str, bytes):
                yield name, Plain(default)

    @staticmethod
    def _repeated(_promise, arguments):
        """What is said of all results shows where members come again, and in another order."""
        for name, tree in arguments.items():
            if isinstance(tree, Items) and tree.items and tree.kind in ("list", "tuple"):
                members = list(tree.items)
                yield {name: Items(tree.kind, members + members)}
                yield {name: Items(tree.kind, members[::-1])}
            elif isinstance(tree, Plain) and isinstance(tree.value, str) and tree.value:
                yield {name: Plain(tree.value + tree.value)}
                yield {name: Plain(tree.value.swapcase())}

    # -- the answer ------------------------------------------------------------------------------------------------

    def result(self, guard, timeout):
        """Return [{"held", "broken", "witness": {"call", "observed"} or None}] of the promises, in order."""
        found = []
        for number in range(len(self._promises)):
            broken = self._broken.get(number, [])
            witness = self._confirmed.get(number) or self._witness(number, broken, guard, timeout)
            found.append({"held": self._held[number], "broken": len(broken), "witness": witness})
        return found

    def _witness(self, number, broken, guard, timeout):
        """Return the plainest call that contradicts the promise each time it is made."""
        if self._promises[number]["source"] == "annotation":
            # Falling through to the end for what the function was hardly made for is a habit, and rarely a bug.
            broken = [(item, observed) for item, observed in broken if observed != "None" or not _is_at_the_edge(item)]
        ordered = sorted(broken, key=lambda pair: len(call_of(pair[0])))
        for item, observed in ordered[:_MOST_WITNESSES]:
            if self._is_lasting(number, item, observed, guard, timeout):
                return {"call": call_of(item), "observed": observed}
        return None

    def _is_lasting(self, number, item, observed, guard, timeout):
        answers = []
        for ahead in (False, True):
            manner = workers.Manner(trace=False, strict=True, ahead=ahead)
            answers += workers.together(self._subject, guard, workers.Job([item, item], timeout, manner))
        told = [answer.get("promised", {}) for answer in answers]
        return all(number in one.get("broken", ()) and one["observed"] == observed for one in told)


def _is_at_the_edge(item):
    """Whether an argument is a number below 2, or has fewer members."""
    for _, source in item["arguments"]:
        try:
            value = ast.literal_eval(source)
        except ValueError:
            continue
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value < 2:
            return True
        if isinstance(value, (list, tuple, set, dict, str, bytes)) and len(value) < 2:
            return True
    return False


def _is_poor(seen):
    return any(source in ('""', "[]", "{}", "()", "set()", 'b""') for _, source in seen.item["arguments"])


def _sample(source):
    return from_expression(ast.parse(source, mode="eval").body, lambda name: (set(), name))


def _is_alike(tree, other):
    """Whether two trees are of one kind; all are like an argument that is not given."""
    if other is None:
        return True
    if isinstance(tree, Plain) and isinstance(other, Plain):
        numbers = (int, float)
        return type(tree.value) is type(other.value) or (type(tree.value) in numbers and type(other.value) in numbers)
    if isinstance(tree, Items) and isinstance(other, Items):
        return tree.kind == other.kind
    return isinstance(tree, Pairs) and isinstance(other, Pairs)


def _smaller(tree):
    """Yield what is left of a text or container: nothing, one member, all but one; and a key that nothing has."""
    if isinstance(tree, Items):
        yield from (Items(tree.kind, list(tree.items)[:count]) for count in {0, 1, 2, max(0, len(tree.items) - 1)})
    elif isinstance(tree, Pairs):
        yield from (Pairs(list(tree.pairs)[:count]) for count in {0, max(0, len(tree.pairs) - 1)})
    elif isinstance(tree, Plain):
        if isinstance(tree.value, (str, bytes)):
            yield from (Plain(tree.value[:count]) for count in {0, 1, max(0, len(tree.value) - 1)})
        yield from (Plain(value) for value in _ABSENT if type(value) is type(tree.value))


def _beside(tree):
    """Yield the numbers about another, and about the length of a container."""
    if isinstance(tree, Plain) and type(tree.value) in (int, float):
        yield from (tree.value - 1, tree.value, tree.value + 1)
    elif isinstance(tree, Items):
        yield from (len(tree.items), len(tree.items) + 1)


class _Inlined(ast.NodeTransformer):
    def __init__(self, sources):
        self._sources = sources

    def visit_Name(self, node):
        source = self._sources.get(node.id)
        return node if source is None else ast.parse(source, mode="eval").body


def call_of(item):
    """Return the call of an item in one line, as one would type it."""
    sources = {target: source for target, source in item["arguments"] if HOLE not in target}
    try:
        if len(sources) < len(item["arguments"]) or item["define"] or item["prepare"]:
            given = [
                target.replace(HOLE, source, 1) if HOLE in target else f"{target} = {source}"
                for target, source in item["arguments"]
            ]
            return "; ".join([*item["define"], *given, *item["prepare"], item["call"]])
        tree = ast.parse(item["call"], mode="eval")
        return ast.unparse(_Inlined(sources).visit(tree)).replace("\n", " ")
    except (SyntaxError, ValueError, RecursionError):
        return item["call"]
