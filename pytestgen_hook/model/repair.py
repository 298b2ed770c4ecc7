"""Makes tests that can stand in the project of what a model answered, by rule; what no rule mends is dropped, and why is said.

A model trained to write whole test files binds ``module = importlib.import_module("module")`` and takes all from it by
``getattr``, an exception it does not know falling back to ``Exception``. Here each of its tests becomes one that stands
by itself: with real imports, its fixtures and helpers inside, each row of a table apart. Nothing is run.
"""

from __future__ import annotations

import ast
import builtins
import copy
import itertools
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pytestgen_hook.model.answer import OF_MOCK, Answer, Dropped, Resolved, code_of, read, without_bindings
from pytestgen_hook.model.rules import Awaits, Floats, Void, of_fixture, with_awaits_run, with_standin
from pytestgen_hook.model.slop import slop
from pytestgen_hook.model.target import Target, calls_of
from pytestgen_hook.model.trees import TestNode, expression, free_names, module_of, stored
from pytestgen_hook.types.generated import WrittenTest

_MOST_ROWS = 12  # of one table; a model that writes more repeats itself
_FIXTURES_OF_PYTEST = frozenset({"capsys", "caplog", "monkeypatch", "tmp_path"})
_HOMES = {
    **dict.fromkeys(OF_MOCK, "unittest.mock"),
    **dict.fromkeys(("date", "datetime", "timedelta", "timezone"), "datetime"),
    **dict.fromkeys(("Counter", "OrderedDict", "defaultdict", "deque", "namedtuple"), "collections"),
    "BytesIO": "io",
    "Decimal": "decimal",
    "Fraction": "fractions",
    "Path": "pathlib",
    "SimpleNamespace": "types",
    "StringIO": "io",
    "UUID": "uuid",
}


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of an answer: the tests that may be tried, and (name, why) of those that were dropped."""

    tests: tuple[WrittenTest, ...]
    dropped: tuple[tuple[str, str], ...] = ()


def repair(answer: str, target: Target, *, is_cut: bool = False) -> Repaired:
    """Return the tests of an answer; ``is_cut`` says that it ended at the limit of tokens, in the middle of something."""
    code = read(code_of(answer), is_cut)
    found = Answer(code.statements, target)
    tests: list[WrittenTest] = []
    dropped = list(code.dropped)
    for node in found.tests:
        try:
            tests += _Mending(node, found, target).tests()
        except Dropped as why:
            dropped.append((node.name, str(why)))
        except RecursionError:
            dropped.append((node.name, "its expressions are nested too deeply"))
    return Repaired(tuple(_unlike(tests)), tuple(dropped))


def _unlike(tests: Iterable[WrittenTest]) -> Iterator[WrittenTest]:
    """Yield the tests, one of several that differ in nothing but the name."""
    seen = set()
    for test in tests:
        meaning = (test.body, test.values, test.fixtures)
        if meaning not in seen:
            seen.add(meaning)
            yield test


class _Needs:
    """What a test needs of the answer, as statements that stand before it; raises Dropped for what nothing defines."""

    def __init__(self, answer: Answer, target: Target, columns: Collection[str], body: Sequence[ast.stmt]) -> None:
        self._answer = answer
        self._target = target
        self._done = set(columns)
        self._body = body
        self.statements: list[ast.stmt] = []
        self.fixtures: list[str] = []

    def ask(self, name: str) -> None:
        """Take in what a parameter of a test or fixture stands for."""
        if name in self._done:
            return
        if name in self._answer.fixtures:
            self._take_fixture(name)
        elif name in _FIXTURES_OF_PYTEST:
            self._done.add(name)
            self.fixtures.append(name)
        elif name in self._target.dependencies:
            self._take_mock(name)
        else:
            raise Dropped(f"it asks for a fixture {name}, which nothing defines")

    def use(self, name: str) -> None:
        """Take in what a name stands for that a test reads and does not bind, if the answer has it."""
        if name in self._done:
            return
        if name in self._answer.fixtures:
            self._take_fixture(name)
        elif name in self._answer.helpers:
            helper = [copy.deepcopy(self._answer.helpers[name])]
            self._done |= stored(helper)
            self._add(helper)
        elif name in self._target.dependencies and name not in self._target.names:
            self._take_mock(name)

    def _take_fixture(self, name: str) -> None:
        self._done.add(name)
        fixture = self._answer.fixtures[name]
        for item in fixture.args.args:
            self.ask(item.arg)
        self._add(of_fixture(name, fixture, stored([*self.statements, *self._body])))

    def _take_mock(self, name: str) -> None:
        self._done.add(name)
        self._add([ast.Assign([ast.Name(name, ast.Store())], expression("MagicMock()"))])

    def _add(self, statements: Sequence[ast.stmt]) -> None:
        statements = without_bindings(statements, self._answer)
        for name in sorted(free_names(statements) - self._answer.aliases.keys()):
            self.use(name)
        self.statements += statements


class _Mending:
    """Mends one test; ``tests()`` gives what it comes to, raises Dropped where no rule helps."""

    def __init__(self, node: TestNode, answer: Answer, target: Target) -> None:
        self._answer = answer
        self._target = target
        self._name = node.name
        self._body = [copy.deepcopy(item) for item in node.body]
        arguments = node.args
        if arguments.vararg or arguments.kwarg:
            raise Dropped("it takes any number of arguments")
        self._parameters = [item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        if "self" in self._parameters:
            raise Dropped("it needs an object of its class")
        self._rows: list[dict[str, ast.expr]] = [{}]
        self._fixtures: list[str] = []
        self._wanted: list[str] = []
        self._decorators = [copy.deepcopy(item) for item in node.decorator_list]
        self.imports: set[tuple[str, str]] = set()

    def tests(self) -> list[WrittenTest]:
        """Return the rows of the test, each a test of its own."""
        self._body = without_bindings(self._body, self._answer)
        self._undecorate()
        self._take_in()
        self._resolve()
        self._body = Void().cleaned(self._body)
        self._standins()
        self._await()
        Floats(self._rows).visit(module_of(self._body))
        self._find_free_names()
        why = slop(self._body, self._rows, self._target)
        if why:
            raise Dropped(why)
        imports = tuple(sorted(pair for pair in self.imports if self._is_used(pair)))
        return [
            WrittenTest(
                name=self._name,
                body=tuple(ast.unparse(ast.fix_missing_locations(item)) for item in part),
                values=tuple((name, ast.unparse(value)) for name, value in row.items()),
                fixtures=tuple(self._fixtures),
                imports=imports,
            )
            for row in self._rows
            for part in self._parts()
        ]

    def _parts(self) -> list[list[ast.stmt]]:
        """Return what is a test by itself: of nothing but assertions that each call the function one wrong costs no other."""
        apart = self._rows == [{}] and all(
            isinstance(item, ast.Assert) and any(self._target.is_call(node) for node in ast.walk(item))
            for item in self._body
        )
        return [[item] for item in self._body] if apart else [self._body]

    def _is_used(self, imported: tuple[str, str]) -> bool:
        module, name = imported
        nodes = [*self._body, *(value for row in self._rows for value in row.values())]
        bound = name or module.partition(".")[0]
        return any(isinstance(inner, ast.Name) and inner.id == bound for node in nodes for inner in ast.walk(node))

    # -- decorators ----------------------------------------------------------------------------------------------------

    def _undecorate(self) -> None:
        """Take the decorators apart: tables into rows, patches into ``with`` statements; marks mean nothing here."""
        patches: list[ast.withitem] = []
        for node in reversed(self._decorators):
            text = ast.unparse(node)
            if re.match(r"(pytest\.)?mark\.parametrize\b", text) and isinstance(node, ast.Call):
                self._add_rows(node)
            elif re.match(r"(pytest\.)?mark\.usefixtures\b", text) and isinstance(node, ast.Call):
                self._wanted += [str(item.value) for item in node.args if isinstance(item, ast.Constant)]
            elif re.match(r"(pytest\.)?mark\.(skip|skipif|xfail)\b", text):
                raise Dropped("it is marked so that it need not pass")
            elif re.match(r"((unittest\.)?mock\.)?patch\b", text) and isinstance(node, ast.Call):
                patches.append(self._patch(node, text))
            elif not re.match(r"(pytest\.)?mark\.\w+$", text.partition("(")[0]):
                raise Dropped(f"its decorator {text[:40]} is unknown")
        if patches:
            self._body = [ast.With(items=patches, body=self._body)]

    def _patch(self, node: ast.Call, text: str) -> ast.withitem:
        given = 2 if ".object" in text.partition("(")[0] else 1
        if "patch.dict" in text or len(node.args) > given or any(item.arg == "new" for item in node.keywords):
            return ast.withitem(node)
        if not self._parameters:
            raise Dropped("it has too few parameters for what it patches")
        return ast.withitem(node, ast.Name(self._parameters.pop(0), ast.Store()))

    def _add_rows(self, node: ast.Call) -> None:
        match node.args[:2]:
            case [ast.Constant(str(text)), ast.List(rows) | ast.Tuple(rows)]:
                names = [name.strip() for name in text.split(",") if name.strip()]
            case [ast.List(named) | ast.Tuple(named), ast.List(rows) | ast.Tuple(rows)]:
                names = [str(item.value) for item in named if isinstance(item, ast.Constant)]
            case _:
                raise Dropped("its table is not written out")
        if not names or not all(name in self._parameters for name in names):
            raise Dropped("its table has columns that it does not take")
        for name in names:
            self._parameters.remove(name)
        found = [row for row in map(_row, rows) if row is not None]
        if len(names) == 1:
            found = [[_one(row)] for row in rows]
        whole = [dict(zip(names, row, strict=True)) for row in found if len(row) == len(names)]
        if not whole:
            raise Dropped("no row of its table has a value for each column")
        self._rows = [{**one, **other} for one, other in itertools.product(whole, self._rows)][:_MOST_ROWS]

    # -- what the test needs -------------------------------------------------------------------------------------------

    def _take_in(self) -> None:
        """Put into the test what it uses of the answer: fixtures, helpers and constants."""
        columns = {name for row in self._rows for name in row}
        in_rows = {name for row in self._rows for value in row.values() for name in free_names([ast.Expr(value)])}
        own = in_rows & self._answer.helpers.keys()
        if own:
            raise Dropped(f"a row of its table uses {sorted(own)[0]}, which only the answer has")
        needs = _Needs(self._answer, self._target, columns, self._body)
        for name in dict.fromkeys([*self._answer.automatic, *self._wanted, *self._parameters]):
            needs.ask(name)
        for name in sorted(free_names(self._body) - self._answer.aliases.keys()):
            needs.use(name)
        self._fixtures = needs.fixtures
        self._body = [*needs.statements, *self._body]

    def _resolve(self) -> None:
        local = stored(self._body) | {name for row in self._rows for name in row} | set(self._fixtures)
        resolved = Resolved(self._answer, local)
        self._body = [resolved.visit(item) for item in self._body]
        self._rows = [{name: resolved.visit(value) for name, value in row.items()} for row in self._rows]
        self.imports |= resolved.imports

    def _find_free_names(self) -> None:
        columns = {name for row in self._rows for name in row}
        free = free_names(self._body) - columns - set(self._fixtures)
        free |= {name for row in self._rows for value in row.values() for name in free_names([ast.Expr(value)])}
        known = {(name or module.partition(".")[0]) for module, name in self.imports}
        for name in sorted(free - known):
            if hasattr(builtins, name):
                continue
            if name == "pytest":
                self.imports.add(("pytest", ""))
            elif name in self._target.names:
                self.imports.add((self._target.module, name))
            elif name in _HOMES:
                self.imports.add((_HOMES[name], name))
            elif name in sys.stdlib_module_names:
                self.imports.add((name, ""))
            else:
                raise Dropped(f"it uses {name}, which nothing defines")

    # -- mocks ---------------------------------------------------------------------------------------------------------

    def _standins(self) -> None:
        """Put ``create_autospec`` of the real class in the place of mocks that would have any method one thinks of."""
        given = {name: name for name in self._target.dependencies}
        for call in calls_of(self._body, self._target):
            for position, argument in enumerate(call.args):
                if isinstance(argument, ast.Name) and position < len(self._target.parameters):
                    given[argument.id] = self._target.parameters[position]
            for item in call.keywords:
                if isinstance(item.value, ast.Name) and item.arg:
                    given[item.value.id] = item.arg
        for variable, parameter in given.items():
            dependency = self._target.dependencies.get(parameter)
            if dependency is not None and dependency.is_known:
                body = with_standin(self._body, variable, dependency)
                if body is not None:
                    self._body = body
                    self.imports |= {(dependency.module, dependency.name), ("unittest.mock", "create_autospec")}

    # -- async ---------------------------------------------------------------------------------------------------------

    def _await(self) -> None:
        """Let coroutines be run by ``asyncio.run``: whether the project has a plugin for async tests does not matter then."""
        awaits = Awaits(self._target)
        body = [awaits.visit(item) for item in self._body]
        self._body = with_awaits_run(body)
        if self._body is not body:
            self.imports.add(("asyncio", ""))


def _row(node: ast.expr) -> list[ast.expr] | None:
    match node:
        case ast.Tuple(values) | ast.List(values):
            return values
        case ast.Call(ast.Attribute(ast.Name("pytest"), "param"), values):
            if any(item.arg == "marks" for item in node.keywords):
                return None
            return values
    return None


def _one(node: ast.expr) -> ast.expr:
    match node:
        case ast.Call(ast.Attribute(ast.Name("pytest"), "param"), [value]):
            return value
        case ast.Tuple([value]):
            return value
    return node
