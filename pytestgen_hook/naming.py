"""Names for tests and their rows: what holds of these cases of a function, and of no other, in a few true words."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pytestgen_hook.phrases import (
    MOST_WORDS,
    Inputs,
    Unknown,
    is_word,
    kind_of,
    of_value,
    phrases,
    said,
    snake,
    value_of,
)
from pytestgen_hook.types.changes import Function, Kind
from pytestgen_hook.types.generated import Case, Check

LONGEST_NAME = 79
LONGEST_ID = 48
_LONGEST_PAIR = 40
_LEAST_WORDS_OF_MESSAGE = 3
_MOST_WORDS_OF_MESSAGE = 6
_MOST_WORDS_OF_OUTCOME = 3
Definition = ast.FunctionDef | ast.AsyncFunctionDef
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DIVISIONS = (ast.Mod, ast.FloorDiv)
FIXTURES = ("capsys", "caplog", "monkeypatch", "tmp_path")
CALLS = ".call_args_list"  # of the method of a stand-in
_READ = (".read_text()", '.read_text(encoding="utf-8")', ".read_bytes()")


@dataclass(frozen=True, slots=True)
class Fact:
    """A few words that are true of a case. ``joins``: they stand behind a noun by themselves, as ``without_key`` does.

    ``rank`` is how little they tell a reader, 0 for those that tell most; from ``ORDINARY`` on they are what one expects.
    ``is_past`` a branch: the case went by what stands inside.
    """

    text: str
    rank: int
    joins: bool = False
    is_past: bool = False


ORDINARY = 5
_SAYS_LITTLE = ("result", "res", "ret", "rv", "tmp", "temp", "out", "val", "flag")  # as the name of a variable
_MOST_STEPS = 2  # before a call, to be told in its name
_LONG_ENOUGH = 5  # characters of two equal arguments, to be no accident
_SHORTEST_LOCAL = 3  # letters of a variable whose name tells a reader something


class Facts:
    """What is known of the cases of one function, from its source, the steps they took and the values they were given."""

    def __init__(self, function: Function, cases: Sequence[Case], source: str) -> None:
        self.function = function
        self.cases = cases
        self.node = _definition(source, function)
        self._owner = snake(function.qualname.split(".")[-2]) if "." in function.qualname else ""
        self._branches = list(_branches(self.node)) if self.node else []
        self._stored = _stored(self.node) if self.node else {}
        self._parameters = _parameters(self.node) if self.node else []
        self._numeric = {
            _parameter(name) for case in cases for name, text in _named(case) if re.fullmatch(r"-?\d[\d._]*", text)
        }
        self.inputs = [self._inputs_of(case) for case in cases]
        self.divisors = _divisors(self.node) if self.node else set()
        self.compared = _compared(self.node) if self.node else set()
        self.of_case = [self._facts(index) for index in range(len(cases))]

    def _inputs_of(self, case: Case) -> Inputs:
        """Return the literals that the call gives to parameters, and the defaults of what it leaves out."""
        if case.through:  # what the function itself is given then nobody knows
            return Inputs(owner=self._owner)
        values: dict[str, object] = {}
        given = {_parameter(name): text for name, text in _named(case)}
        omitted = set()
        for name, default in _defaults(self.node) if self.node else ():
            if name not in given:
                omitted.add(name)
                _add_literal(values, name, default)
        for name, text in given.items():
            _add_literal(values, name, ast.parse(text, mode="eval").body)
        return Inputs(values, frozenset(omitted), _made_with(case), self._owner)

    def _facts(self, index: int) -> dict[str, Fact]:
        found: dict[str, Fact] = {}
        taken = () if self.cases[index].through else self._taken(index)
        for fact in (*taken, *self._given(index)):
            if is_word(fact.text) and (fact.text not in found or found[fact.text].rank > fact.rank):
                found[fact.text] = fact
        return found

    def _taken(self, index: int) -> Iterator[Fact]:
        """Yield what the branches say that the case took."""
        case = self.cases[index]
        for branch in self._branches:
            way = branch.way_of(case)
            if way is not None:
                yield from self._said(branch, way, index)

    def _said(self, branch: _Branch, way: bool, index: int) -> Iterator[Fact]:
        if branch.words:
            if way:
                yield Fact(branch.words, 1, joins=branch.words.startswith("without_"))
            return
        certain = self._is_of_arguments(branch)
        if branch.test is None or certain is None:
            return
        inputs = self.inputs[index]
        asked = names_of(branch.test).intersection(self._parameters)
        if certain and len(asked) == 1 and asked <= inputs.omitted:
            yield Fact(f"without_{snake(*asked)}", 0 if way else 1, joins=True, is_past=not way)
            return
        try:
            if bool(value_of(branch.test, inputs.values)) is not way:
                return
        except Unknown:
            pass
        for place, (text, joins) in enumerate(phrases(branch.test, way, inputs)):
            if text.partition("_")[2] in _SAYS_LITTLE:
                continue
            rank = (0 if certain else 2) + (0 if way else 1) + (1 if place else 0)
            if text.startswith(("non_", "with_")) or "_not_" in text or "other_than" in text:
                rank = max(rank, ORDINARY) + 1
            elif not way and not certain:
                rank = max(rank, ORDINARY)
            yield Fact(text, rank, joins, is_past=not way)

    def _is_of_arguments(self, branch: _Branch) -> bool | None:
        """Return whether the condition of a branch is about the arguments alone.

        None where it speaks of a parameter that may hold something else by then, or of what has no telling name.
        """
        names = names_of(branch.test) if branch.test else set()
        kept = names.intersection(self._parameters)
        if any(branch.is_repeated or self._stored[name] <= branch.line for name in kept & self._stored.keys()):
            return None
        own = (names & self._stored.keys()) - kept
        return None if any(len(name) < _SHORTEST_LOCAL for name in own) else not own

    def _given(self, index: int) -> Iterator[Fact]:
        """Yield what stands out in the arguments of the case."""
        case = self.cases[index]
        for variable, text in _named(case):
            name = snake(_parameter(variable))
            node = ast.parse(text, mode="eval").body
            try:
                value = ast.literal_eval(node)
            except (ValueError, TypeError, MemoryError, RecursionError):
                yield from _of_construction(name, node, {snake(_parameter(other)) for other, _ in _named(case)})
                continue
            yield from (Fact(words, _rank_of_value(words, 3)) for words in of_value(name, value))
            if isinstance(value, str) and _parameter(variable) in self._numeric and value.strip():
                yield Fact(f"numeric_text_as_{name}" if _is_number(value) else f"non_numeric_{name}", 4)
            yield Fact(f"{kind_of(value)}_as_{name}", ORDINARY + 2)
        before = [step for step in map(_step, case.prepare) if step]
        if before and len(set(before)) <= _MOST_STEPS:
            yield Fact(f"after_{'_and_'.join(dict.fromkeys(before))}", ORDINARY, joins=True)
        given = dict(_named(case))
        for option, variable in re.findall(r"\b(\w+)=(\w+)", case.call):
            if given.get(variable) not in ("None", "False"):
                yield Fact(f"with_{snake(option)}", ORDINARY, joins=True)
        texts: dict[str, list[str]] = {}
        for name, text in _named(case):
            texts.setdefault(text, []).append(snake(_parameter(name)))
        for text, names in texts.items():
            if len(names) == 2 and len(text) > _LONG_ENOUGH:
                yield Fact(f"equal_{names[0]}_and_{names[1]}", ORDINARY)

    # -- choosing ------------------------------------------------------------------------------------------------

    def only_of(self, some: Collection[int], among: Iterable[int]) -> list[Fact]:
        """Return the facts that hold of all of ``some`` cases and of no other ``among`` those, the most telling first."""
        shared = set.intersection(*[set(self.of_case[index]) for index in some])
        elsewhere = {text for index in among if index not in some for text in self.of_case[index]}
        facts = [
            max((self.of_case[index][text] for index in some), key=lambda fact: fact.rank)
            for text in shared - elsewhere
        ]
        return sorted(facts, key=lambda fact: (fact.rank, fact.text.count("_"), fact.text))

    def guard(self, index: int) -> str:
        """Return what the condition says under which the error of a case was raised; "" where nothing short is known."""
        return next((fact.text for fact in self.guards([index]) if fact.rank < ORDINARY), "")

    def guards(self, some: Collection[int]) -> list[Fact]:
        """Return what the conditions say, nearest first, under which the ``raise`` stands that ended each of the cases."""
        found: list[Fact] | None = None
        if any(self.cases[index].through for index in some):
            return []
        for index in some:
            own = [
                fact
                for branch, way in _around_raise(self.node, self.cases[index], self._branches)
                for fact in self._said(branch, way, index)
                if is_word(fact.text)
            ]
            found = own if found is None else [fact for fact in found if any(fact.text == one.text for one in own)]
        return found or []


# -- the source ------------------------------------------------------------------------------------------------------


def _definition(source: str, function: Function) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    return _definitions(source).get((function.def_line, function.name))


@lru_cache(maxsize=2)
def _definitions(source: str) -> dict[tuple[int, str], ast.FunctionDef | ast.AsyncFunctionDef]:
    """Return all functions of a source by line and name; kept, since its functions are asked for one after the other."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    return {(node.lineno, node.name): node for node in ast.walk(tree) if isinstance(node, _FUNCTIONS)}


def _named(case: Case) -> list[tuple[str, str]]:
    """Return the arguments that are values with a name; others are further statements about one."""
    return [(target, text) for target, text in case.arguments if target.isidentifier()]


def _step(statement: str) -> str:
    """Return the name of the method that a statement before the call calls, in words; "" where it calls none."""
    match ast.parse(statement).body:
        case [ast.Expr(ast.Call(ast.Attribute(ast.Name(whose), name)))] if whose not in FIXTURES:
            return snake(name)
    return ""


def _parameter(variable: str) -> str:
    """The parameter that a variable of the test is for: with an underscore behind it where the name was taken."""
    return variable.rstrip("_") or variable


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    arguments = node.args
    named = [item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return named + [item.arg for item in (arguments.vararg, arguments.kwarg) if item]


def _defaults(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, ast.expr]]:
    positional = [*node.args.posonlyargs, *node.args.args]
    for item, default in zip(reversed(positional), reversed(node.args.defaults), strict=False):
        yield item.arg, default
    for item, given in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if given is not None:
            yield item.arg, given


def _divisors(node: ast.AST) -> set[int]:
    """Return the numbers that the function divides by, or takes remainders by."""
    divisions = [item for item in ast.walk(node) if isinstance(item, ast.BinOp) and isinstance(item.op, _DIVISIONS)]
    return {by.value for item in divisions if isinstance(by := item.right, ast.Constant) and type(by.value) is int}


def _compared(node: ast.AST) -> set[frozenset[str]]:
    """Return the pairs of names that are compared with one another."""
    found = [sorted(map(snake, names_of(item) - {"len"})) for item in ast.walk(node) if isinstance(item, ast.Compare)]
    return {frozenset(pair) for pair in found if len(pair) == 2}


def _add_literal(values: dict[str, object], name: str, node: ast.expr) -> None:
    try:
        values[name] = ast.literal_eval(node)
    except (ValueError, TypeError, MemoryError, RecursionError):
        values.pop(name, None)


def _made_with(case: Case) -> dict[str, object]:
    """Return the literals that the receiver, the first argument, is constructed with by keyword."""
    found: dict[str, object] = {}
    if _named(case):
        node = ast.parse(_named(case)[0][1], mode="eval").body
        for item in node.keywords if isinstance(node, ast.Call) else ():
            _add_literal(found, snake(item.arg or ""), item.value)
    return found


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _stored(node: ast.AST) -> dict[str, int]:
    """Map each name that the function binds to the first line where it does."""
    found: dict[str, int] = {}
    for item in ast.walk(node):
        if isinstance(item, ast.Name) and not isinstance(item.ctx, ast.Load):
            found[item.id] = min(item.lineno, found.get(item.id, item.lineno))
    return found


@dataclass(frozen=True, slots=True)
class _Branch:
    """A place where ways part: the lines that decide, the first line of the way on which ``test`` is true.

    ``words`` say of that way what no expression says; ``is_repeated``: it stands in a loop.
    """

    test: ast.expr | None
    lines: range
    inside: int
    is_repeated: bool
    node: ast.AST
    words: str = ""

    @property
    def line(self) -> int:
        return self.lines.start

    def way_of(self, case: Case) -> bool | None:
        """Return whether the case went inside (at least once), or past it; None if it did neither, or nobody can tell."""
        if self.inside in self.lines:
            return None
        ways = {end for start, end in case.arcs if start in self.lines and end not in self.lines}
        if case.raises:
            ways.discard(0)  # so it looks, too, when the condition itself raises
        if self.inside in ways:
            return True
        return False if ways else None


def _branches(
    node: ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[_Branch]:
    def below(body: Sequence[ast.stmt], is_repeated: bool) -> Iterator[_Branch]:
        for item in body:
            if isinstance(item, (*_FUNCTIONS, ast.ClassDef)):
                continue
            if isinstance(item, (ast.If, ast.While)):
                lines = range(item.lineno, (item.test.end_lineno or item.lineno) + 1)
                yield _Branch(item.test, lines, item.body[0].lineno, is_repeated or isinstance(item, ast.While), item)
            elif isinstance(item, ast.For):
                yield from _of_loop(item, is_repeated)
            elif isinstance(item, ast.Try):
                yield from _of_handlers(item, is_repeated)
            again = is_repeated or isinstance(item, (ast.For, ast.AsyncFor, ast.While))
            for name in ("body", "orelse", "finalbody"):
                yield from below(getattr(item, name, None) or (), again)
            for part in (*getattr(item, "handlers", ()), *getattr(item, "cases", ())):
                yield from below(part.body, again)

    yield from below(node.body, False)


def _of_loop(item: ast.For, is_repeated: bool) -> Iterator[_Branch]:
    """A loop that was not entered: ``without_items``; the way inside is then what follows it."""
    if isinstance(item.iter, (ast.Name, ast.Attribute)) and not item.orelse:
        test = ast.copy_location(ast.Compare(_length_of(item.iter), [ast.Gt()], [ast.Constant(0)]), item.iter)
        lines = range(item.lineno, (item.iter.end_lineno or item.lineno) + 1)
        yield _Branch(test, lines, item.body[0].lineno, is_repeated, item)


def _length_of(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("len", ast.Load()), [node], [])


def _of_handlers(item: ast.Try, is_repeated: bool) -> Iterator[_Branch]:
    """A handler around one conversion says of what could not be converted that it is no number."""
    match item.body:
        case [
            ast.Assign(value=ast.Call(ast.Name("int" | "float" as kind), [ast.Name(name)]))
            | ast.Return(ast.Call(ast.Name("int" | "float" as kind), [ast.Name(name)]))
        ]:
            for handler in item.handlers:
                lines = range(handler.lineno, handler.lineno + 1)
                yield _Branch(None, lines, handler.body[0].lineno, is_repeated, handler, f"non_{kind}_as_{snake(name)}")


def _around_raise(node: ast.AST | None, case: Case, branches: Sequence[_Branch]) -> Iterator[tuple[_Branch, bool]]:
    """Yield the branches around the ``raise`` that ended the case, inmost first, and the way that leads to it."""
    ends = {start for start, end in case.arcs if end == 0}
    raises = [item for item in ast.walk(node or ast.Pass()) if isinstance(item, ast.Raise) and _lines_of(item) & ends]
    if len(raises) != 1:
        return
    for branch in sorted(branches, key=lambda branch: -branch.line):
        if isinstance(branch.node, ast.If):
            for way, body in ((True, branch.node.body), (False, branch.node.orelse)):
                if any(raises[0] is inner for part in body for inner in ast.walk(part)):
                    yield branch, way


def _lines_of(node: ast.stmt) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


# -- values ----------------------------------------------------------------------------------------------------------


_PAIRS = {
    ("begin", "end"), ("start", "end"), ("start", "stop"), ("low", "high"), ("lower", "upper"), ("left", "right"),
    ("min", "max"), ("minimum", "maximum"), ("first", "last"), ("width", "height"), ("a", "b"), ("x", "y"),
}  # fmt: skip


def _rank_of_value(words: str, rank: int) -> int:
    return ORDINARY + 1 if words.startswith("one_item_") else rank


def _of_construction(name: str, node: ast.expr, taken: Collection[str]) -> Iterator[Fact]:
    """What stands out in the arguments of the constructor of a receiver or argument; ``taken`` are names of other things."""
    if not isinstance(node, ast.Call):
        if isinstance(node, ast.Attribute) and node.attr.isupper():
            yield Fact(f"{snake(node.attr)}_as_{name}", 4)
        return
    if not node.args and not node.keywords and isinstance(node.func, ast.Name):
        yield Fact(f"default_{name}" if node.func.id[:1].isupper() else f"empty_{name}", ORDINARY)
    numbers: list[tuple[str, float]] = []
    for item in node.keywords:
        try:
            value = ast.literal_eval(item.value)
        except (ValueError, TypeError, MemoryError, RecursionError):
            continue
        option = snake(item.arg or "")
        if option in taken:
            continue
        yield from (Fact(text, _rank_of_value(text, 4)) for text in of_value(option, value))
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            numbers.append((option, value))
    if len(numbers) == 2 and (numbers[0][0], numbers[1][0]) in _PAIRS:
        (one, left), (other, right) = numbers
        relation = "below" if left < right else "above" if left > right else "equal_to"
        yield Fact(f"{one}_{relation}_{other}", ORDINARY)


def outcome(case: Case) -> Iterator[str]:
    """Yield what a case gives, in words that follow ``returns``."""
    about = [check for check in told(case) if check.subject == "result" and check.operator != "isinstance"]
    if len(about) != 1:
        return
    expected = about[0].expected
    if any(expected == name for name, _ in _named(case)):
        yield snake(_parameter(expected))
        return
    if expected == "NotImplemented":
        yield "not_implemented"
    try:
        value = ast.literal_eval(expected)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return
    for name, text in _named(case):
        # A number may come out by accident where there are others.
        is_telling = len(value) > 1 if isinstance(value, (str, bytes, list, tuple, dict)) else len(case.arguments) == 1
        if text == expected and is_telling and value is not None and not isinstance(value, bool):
            yield f"{snake(_parameter(name))}_unchanged"
    if value is None or isinstance(value, bool):
        yield str(value).lower()
    elif isinstance(value, (str, bytes, list, tuple, dict)) and not value:
        yield "empty_" + ("text" if isinstance(value, str) else kind_of(value))
    elif isinstance(value, (int, float)) and value == 0:
        yield "zero"


def _words_of_outcome(case: Case) -> str | None:
    """A text that a case gives, as words: ``gives_an_hour``."""
    about = [check.expected for check in told(case) if check.subject == "result" and check.operator == "=="]
    if len(about) != 1:
        return None
    try:
        value = ast.literal_eval(about[0])
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    if isinstance(value, str) and (not re.search("[A-Za-z]{2}", value) or value.count(" ") >= _MOST_WORDS_OF_OUTCOME):
        return None
    text = said(value)
    return f"gives_{text}" if text and is_word(f"x{text}") else None


def told(case: Case) -> tuple[Check, ...]:
    """The checks worth writing: that a call returns None, or a class an instance of itself, says nothing beside others."""
    made = case.call.partition("(")[0]
    rest = tuple(
        check
        for check in case.checks
        if (check.subject, check.expected) != ("result", "None")
        and (check.subject, check.operator, check.expected) != ("result", "isinstance", made)
    )
    return rest or case.checks


def is_of_result(check: Check) -> bool:
    """Whether a check looks at what the call gave."""
    return "result" in names_in(check.subject)


def names_in(source: str) -> set[str]:
    """Return the names that an expression reads, without those of attributes."""
    return names_of(ast.parse(source))


def names_of(node: ast.AST) -> set[str]:
    """Return the names in a syntax tree."""
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def fixtures_of(case: Case) -> list[str]:
    """The fixtures of pytest that the case uses."""
    texts = [*case.arranging, *case.prepare, case.call]
    texts += [text for check in case.checks for text in (check.subject, check.expected)]
    used = set().union(*map(names_in, texts))
    return [name for name in FIXTURES if name in used and name not in case.names]


# -- names of tests --------------------------------------------------------------------------------------------------


def base_name(function: Function) -> str:
    """Return ``test_`` and the function's own name, with that of its class."""
    parts = [snake(part) for part in function.qualname.split(".")]
    if function.name in ("__init__", "__new__", "__post_init__"):
        parts[-1] = "construction"
    return "test_" + ("_".join(part for part in parts if part) or "underscore")


def test_names(facts: Facts, groups: Sequence[Sequence[int]], taken: set[str], *, longest: int) -> list[str]:
    """Return a name for the test of each group of cases, and add them to ``taken``.

    Each says what the function does there and when, as far as that is known and tells it from the other groups.
    """
    names = []
    for group in groups:
        candidates = list(_candidates(facts, group, groups))
        last, words = candidates[-1], facts.cases[group[0]].words
        if words and len(group) == 1:  # of a model, where it would go by a number
            candidates.append(f"{min(candidates, key=len)}{'_' if words.startswith('returns_') else '_for_'}{words}")
        fitting = [name for name in candidates if len(name) <= longest and name not in taken]
        name = fitting[0] if fitting else _numbered(_cut(last, longest - 4), taken, "_")
        taken.add(name)
        names.append(name)
    return names


test_names.__test__ = False  # type: ignore[attr-defined]  # pytest would take the name for a test


def _candidates(facts: Facts, group: Sequence[int], groups: Sequence[Sequence[int]]) -> Iterator[str]:
    """Yield names for the group, the most telling first; the last says least."""
    cases = [facts.cases[index] for index in group]
    base = base_name(facts.function) + (f"_through_{snake(cases[0].through)}" if cases[0].through else "")
    if cases[0].given:
        yield f"{base}_{cases[0].given}"
        return
    groups = [other for other in groups if not facts.cases[other[0]].given]
    only = facts.only_of(group, [index for other in groups for index in other])
    if not cases[0].raises and sum(not facts.cases[other[0]].raises for other in groups) == 1:
        # The one test of what the function is for: only what is out of the ordinary is worth a word.
        only = [fact for fact in only if len(group) == 1 and fact.rank < ORDINARY and not fact.is_past]
    if cases[0].raises:
        yield from _of_error(base, cases, facts.guards(group), only)
        return
    done = _done(facts.function, cases)
    telling = [fact for fact in only if fact.rank <= ORDINARY]
    yield from (f"{base}{done}{_condition(fact)}" for fact in telling)
    yield base + done
    yield from (f"{base}{_condition(fact)}" for fact in only if done or fact not in telling)
    yield from (f"{base}{done}{_condition(fact)}" for fact in facts.only_of(group, ()) if fact.rank <= ORDINARY)
    yield base


def _condition(fact: Fact) -> str:
    return f"_{fact.text}" if fact.joins else f"_for_{fact.text}"


_REJECTIONS = ("ValueError", "TypeError")


def _of_error(base: str, cases: Sequence[Case], guards: Sequence[Fact], only: Sequence[Fact]) -> Iterator[str]:
    messages = {case.raises.message for case in cases if case.raises}
    kind = snake(cases[0].raises.name.rpartition(".")[2]) if cases[0].raises else ""
    raises = f"{base}_raises_{kind}"
    for fact in guards:
        if fact.rank < ORDINARY:
            is_rejection = None not in messages and cases[0].raises and cases[0].raises.name in _REJECTIONS
            yield f"{base}_rejects_{fact.text}" if is_rejection and not fact.joins else raises + _condition(fact)
    if len(messages) == 1:
        words = re.fullmatch(
            r"([A-Za-z][A-Za-z, -]+[a-z])[.!]?", cases[0].raises.message or "" if cases[0].raises else ""
        )
        if words and _LEAST_WORDS_OF_MESSAGE <= len(words[1].split()) <= _MOST_WORDS_OF_MESSAGE:
            yield f"{raises}_{snake(words[1])}"
    telling = [fact for fact in only if fact.rank <= ORDINARY]
    yield from (raises + _condition(fact) for fact in telling)
    yield raises
    yield from (raises + _condition(fact) for fact in only if fact not in telling)


def _done(function: Function, cases: Sequence[Case]) -> str:
    """Return what all cases do, as far as it can be said in words: ``_returns_none``, ``_changes_cart``."""
    first = cases[0]
    for fixture, said_so in (("capsys", "_prints"), ("caplog", "_logs")):
        if fixture in fixtures_of(first):
            return said_so
    changed = [check.subject for check in told(first) if not is_of_result(check)]
    called = [subject.split(".")[-2] for subject in changed if subject.endswith(CALLS)]
    if changed and changed[0].endswith(_READ):
        return "_writes_file"
    if called and len(called) == len(told(first)):
        return f"_calls_{snake(called[0])}"
    if changed and not called and function.kind is not Kind.PROPERTY:
        owners = [name for name, _ in _named(first) if name in names_in(changed[0])]
        return f"_changes_{snake(owners[0] if owners else changed[0])}"
    shared = set.intersection(*[set(outcome(case)) for case in cases])
    words = next((text for text in outcome(first) if text in shared and is_word(f"x{text}")), None)
    return f"_returns_{words}" if words else ""


def _cut(name: str, longest: int) -> str:
    return name if len(name) <= longest else name[: longest + 1].rpartition("_")[0] or name[:longest]


def _numbered(words: str, names: Collection[str], mark: str) -> str:
    candidate, count = words, 1
    while candidate in names:
        count += 1
        candidate = f"{words}{mark}{count}"
    return candidate


# -- ids of rows -----------------------------------------------------------------------------------------------------


def row_ids(facts: Facts, group: Sequence[int]) -> list[str]:
    """Return a short id for each of the cases in the rows of one table: what holds of that row alone."""
    ids: list[str] = []
    for index in group:
        known = (*_row_words(facts, index, group), facts.cases[index].words)
        words = next((text for text in known if text and text not in ids), None)
        ids.append(words or _numbered(_values(facts, index, group)[:LONGEST_ID].strip("_-"), ids, "_"))
    return ids


@dataclass(frozen=True, slots=True)
class Untold:
    """A case whose row goes by its values, or whose test by a number; ``others`` are those that it must be told from."""

    index: int
    others: tuple[int, ...]


def untold(facts: Facts, groups: Sequence[Sequence[int]]) -> list[Untold]:
    """Return the cases for whose row or test nothing is known that says in words when or what."""
    found: list[Untold] = []
    every = [index for group in groups for index in group]
    for group, name in zip(groups, test_names(facts, groups, set(), longest=LONGEST_NAME), strict=True):
        if len(group) > 1:
            ids = zip(group, row_ids(facts, group), strict=True)
            poor = [index for index, text in ids if text not in _row_words(facts, index, group)]
            found += [Untold(index, tuple(other for other in group if other != index)) for index in poor]
        elif name not in _candidates(facts, group, groups):
            found.append(Untold(group[0], tuple(other for other in every if other != group[0])))
    return found


def _row_words(facts: Facts, index: int, group: Sequence[int]) -> Iterator[str]:
    own = facts.only_of([index], group)
    yield from (fact.text for fact in own if fact.rank <= ORDINARY)
    others = [facts.cases[other] for other in group if other != index]
    elsewhere = {text for other in others for text in outcome(other)}
    yield from (f"returns_{text}" for text in outcome(facts.cases[index]) if text not in elsewhere)
    shared = [fact for fact in facts.of_case[index].values() if fact.rank < ORDINARY and fact not in own]
    yield from _pairs(facts, index, group, sorted(shared, key=lambda fact: (fact.rank, fact.text)))
    gives = _words_of_outcome(facts.cases[index])
    alone = [gives] if gives and all(_words_of_outcome(other) != gives for other in others) else []
    yield from (words for words in alone if not words[-1].isdigit())
    yield from (fact.text for fact in own)
    yield from alone


def _pairs(facts: Facts, index: int, group: Sequence[int], shared: Sequence[Fact]) -> Iterator[str]:
    """Yield two facts together that no other row has both of."""
    others = [facts.of_case[other] for other in group if other != index]
    for at, one in enumerate(shared):
        for other in shared[at + 1 :]:
            text = f"{one.text}_and_{other.text}"
            is_short = len(text) <= _LONGEST_PAIR and text.count("_") < MOST_WORDS
            if is_short and not any(one.text in found and other.text in found for found in others):
                yield text


def _values(facts: Facts, index: int, group: Sequence[int]) -> str:
    """Name the row by a value in which it differs from the others, or by all that are needed for that."""
    own = _leaves(facts.cases[index])
    others = [_leaves(facts.cases[other]) for other in group if other != index]
    telling = [label for label in own if all(other.get(label) != own[label] for other in others)]
    differing = [label for label in own if any(other.get(label) != own[label] for other in others)]
    chosen = sorted(telling, key=lambda label: len(own[label]))[:1] or differing
    words = "_".join(f"{label}_{_slug(own[label])}".strip("_") for label in chosen)
    return (words if len(words) <= _LONGEST_PAIR else words[: _LONGEST_PAIR + 1].rpartition("_")[0]) or "case"


def _leaves(case: Case) -> dict[str, str]:
    """Return the arguments of a case by their names, those of constructors in their place."""
    found: dict[str, str] = {}
    for variable, text in case.arguments:
        name = snake(_parameter(variable.partition(" =")[0]))
        node = ast.parse(text, mode="eval").body
        if isinstance(node, ast.Call) and node.keywords:
            if node.args:
                found[name] = ast.unparse(ast.Call(node.func, node.args, []))
            for item in node.keywords:
                label = snake(item.arg or "") or name
                found[label if label not in found else f"{name}_{label}"] = ast.unparse(item.value)
        else:
            found[name] = text
    return found


def _slug(text: str) -> str:
    """Return the words and numbers of an expression."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        spoken = text
    else:
        short = said(value)
        if short:
            return short
        spoken = value if isinstance(value, str) else text
        if isinstance(value, str) and not re.search(r"[A-Za-z0-9]", value):
            return "of_marks"
    spoken = re.sub(r"(?<![\w.])-(?=[\d.])", "minus ", spoken)
    return "_".join(re.findall(r"[A-Za-z0-9]+", spoken)).lower()[:28].strip("_")
