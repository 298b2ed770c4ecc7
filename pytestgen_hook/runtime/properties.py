"""Properties that hold for every input: tests of Hypothesis for projects that use it, with the inputs seen as a guide.

A property is proposed by the names and results of a function, must hold for all observed calls, fail under a mutant, and
hold for what Hypothesis draws from the strategies that the test will have.
"""

import collections
import contextlib
import inspect
import time
import types

import judge
import workers
from values import Items, Pairs, Plain

MOST = 2  # of one function
_SECONDS = 5.0  # for what Hypothesis draws
_CALL_SECONDS = 0.2
_MOST_CALLS = 12  # held against a mutant
_MOST_MUTANTS = 40
_LEAST_CALLS = 4
_MOSTLY = 0.8  # of the values of a parameter are of the kind that is drawn
_IMPORTS = (("hypothesis", "given"), ("hypothesis", "settings"), ("hypothesis", "strategies"))
_OPPOSITES = (
    ("encode", "decode"), ("dumps", "loads"), ("dump", "load"), ("serialize", "deserialize"), ("serialise", "deserialise"),
    ("compress", "decompress"), ("pack", "unpack"), ("encrypt", "decrypt"), ("quote", "unquote"), ("escape", "unescape"),
    ("format", "parse"), ("render", "parse"), ("to", "from"), ("join", "split"), ("flatten", "unflatten"),
    ("marshal", "unmarshal"), ("encipher", "decipher"), ("wrap", "unwrap"), ("write", "read"),
)  # fmt: skip


def cases(search, guard, end):
    """Return the cases of properties of the function that ``search`` has found calls of, as dicts for the tool.

    ``end`` (monotonic) is when no further one is begun.
    """
    plan = search.plan
    required = [parameter for parameter in plan.parameters if parameter.required]
    plain = plan.kind in ("function", "staticmethod", "classmethod") and plan.style == "plain" and not plan.is_fed
    if not plain or plan.depth or not required or any(known.style != "positional" for known in required):
        return []
    seen = [one for one in search.good if _is_plain(one, required)]
    if len(seen) < _LEAST_CALLS or any(one.answer["kind"] == "raise" for one in search.pool if _is_same(one, required)):
        return []
    found = []
    for word, check, imports in _proposed(search.subject.module, plan, [known.variable for known in required]):
        if len(found) == MOST or time.monotonic() > end:
            break
        if word == "keeps_length" and any(case["given"] == "keeps_members" for case in found):
            continue
        if not _holds(search, guard, seen, check):
            continue
        killed = _kill(search, guard, seen, check, end)
        strategies = _proved(search, guard, required, seen, check, end) if killed is not None else None
        if strategies:
            found.append(
                {
                    "arguments": strategies,
                    "call": seen[0].answer["call"],
                    "setup": [],
                    "define": [],
                    "prepare": [],
                    "checks": [check],
                    "raises": None,
                    "imports": sorted({*map(tuple, seen[0].item["imports"]), *imports, *_IMPORTS}),
                    "lines": sorted(set().union(*[one.lines for one in seen]) & set(search.subject.body_lines)),
                    "kills": [killed],
                    "given": word,
                }
            )
    return found


def _is_same(one, required):
    return set(one.input.arguments) == {parameter.name for parameter in required}


def _is_plain(one, required):
    answer = one.answer
    return (
        answer["kind"] == "value" and not answer.get("setup") and not answer.get("enters") and _is_same(one, required)
    )


def _proposed(module, plan, variables):
    """Yield (what the function does, check, imports) for the properties that a reader might think of."""
    first, *rest = variables
    for partner in _partners(module, plan, len(variables)):
        inner = ", ".join(["result", *rest])
        yield "round_trip", [f"{partner}({inner})", "==", first], [(module.__name__, partner)]
    yield "sorts", ["sorted(result)", "==", "result"], []
    yield "keeps_members", ["sorted(result)", "==", f"sorted({first})"], []
    again = plan._call(["result", *rest])
    yield "is_idempotent", [again, "==", "result"], []
    yield "keeps_length", ["len(result)", "==", f"len({first})"], []


def _partners(module, plan, count):
    """Return the names of functions of the module that by their names undo what the function does."""
    if plan.kind != "function":
        return []
    words = plan.name.split("_")
    names = []
    for one, other in [*_OPPOSITES, *(pair[::-1] for pair in _OPPOSITES)]:
        names += ["_".join([*words[:at], other, *words[at + 1 :]]) for at, word in enumerate(words) if word == one]
    if "to" in words[1:-1]:
        at = words.index("to", 1)
        names.append("_".join([*words[at + 1 :], "to", *words[:at]]))
    return [name for name in dict.fromkeys(names) if _takes(vars(module).get(name), count)]


def _takes(function, count):
    if not isinstance(function, types.FunctionType) or inspect.iscoroutinefunction(function):
        return False
    known = inspect.signature(function).parameters.values()
    return sum(parameter.default is parameter.empty for parameter in known) <= count <= len(known)


def _claims(one, check):
    told = {**judge.told(one.answer), "checks": [check], "raises": None, "imports": []}
    return {**one.item, "told": told}


def _holds(search, guard, seen, check):
    job = workers.Job([_claims(one, check) for one in seen], _CALL_SECONDS, workers.Manner(trace=False))
    answers = workers.together(search.subject, guard, job)
    return all(answer["kind"] == "judged" and answer["failing"] is None for answer in answers)


def _kill(search, guard, seen, check, end):
    """Return the first mutant under which the property fails for one of the calls, or None.

    What cannot fail says nothing.
    """
    mutants = search.subject.mutants
    numbers = [number for number in sorted(search.killed) if not mutants[number].is_slip][:_MOST_MUTANTS]
    chosen = sorted(seen, key=lambda one: one.cost)[:_MOST_CALLS]
    items = [_claims(one, check) for one in chosen]
    jobs = (workers.Job(items, _CALL_SECONDS, workers.Manner(mutant=number, trace=False)) for number in numbers)
    answers = workers.run(search.subject, guard, jobs)
    with contextlib.closing(answers):
        for number, told in zip(numbers, answers):
            if any(answer.get("failing", -1) == 0 for answer in told):
                return number
            if time.monotonic() > end:
                break
    return None


def _proved(search, guard, required, seen, check, end):
    """Return [[variable, source of a strategy]] from which Hypothesis draws nothing that the property fails for, or None."""
    tried = None
    for is_bounded in (False, True):
        strategies = []
        for parameter in required:
            text = strategy([one.input.arguments[parameter.name] for one in seen], is_bounded)
            if text is None:
                return None
            strategies.append([parameter.variable, text])
        left = end - time.monotonic()
        if strategies == tried or left <= 0:
            return None
        tried = strategies
        item = {"given": strategies, "call": seen[0].answer["call"], "check": check, "imports": seen[0].item["imports"]}
        job = workers.Job([item], min(_SECONDS, left), workers.Manner(trace=False))
        (answer,) = workers.together(search.subject, guard, job)
        if answer.get("holds"):
            return strategies
    return None


def strategy(nodes, is_bounded=False):
    """Return the source of a strategy for values like those that the trees stand for; None if there is none to trust.

    ``is_bounded``: whole numbers only between the least and the greatest there were.
    """
    kinds = collections.Counter(map(_kind, nodes)).most_common(1)
    if not kinds or kinds[0][1] < _MOSTLY * len(nodes):
        return None
    kind = kinds[0][0]
    nodes = [node for node in nodes if _kind(node) == kind]
    if kind == "int":
        values = [node.value for node in nodes]
        return f"strategies.integers({min(values)}, {max(values)})" if is_bounded else "strategies.integers()"
    if kind in _SIMPLE:
        return f"strategies.{_SIMPLE[kind]}()"
    if kind in _OF_MEMBERS:
        inner = strategy([item for node in nodes for item in node.items], is_bounded)
        return inner and _OF_MEMBERS[kind].format(inner)
    if kind == "dict":
        key = strategy([key for node in nodes for key, _ in node.pairs], is_bounded)
        value = strategy([value for node in nodes for _, value in node.pairs], is_bounded)
        return key and value and f"strategies.dictionaries({key}, {value})"
    return None


# No floats: what holds of those that come to mind seldom holds of all, to the last digit.
_SIMPLE = {"str": "text", "bytes": "binary", "bool": "booleans"}
_OF_MEMBERS = {
    "list": "strategies.lists({})",
    "set": "strategies.sets({})",
    "frozenset": "strategies.frozensets({})",
    "tuple": "strategies.lists({}).map(tuple)",
}


def _kind(node):
    if isinstance(node, Plain):
        return type(node.value).__name__
    if isinstance(node, Items):
        return node.kind
    return "dict" if isinstance(node, Pairs) else None
