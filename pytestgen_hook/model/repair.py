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
import symtable
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pytestgen_hook.model.dependencies import Dependency
from pytestgen_hook.model.slop import slop
from pytestgen_hook.model.target import Target, calls_of
from pytestgen_hook.types import WrittenTest

_MOST_ROWS = 12  # of one table; a model that writes more repeats itself
_FENCE = re.compile(r"^[ \t]*```[^\n]*$", re.MULTILINE)
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_STARTS = re.compile(r"(?![\s)\]}#]|\"\"\"|''')")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TestNode = ast.FunctionDef | ast.AsyncFunctionDef
_FIXTURES_OF_PYTEST = frozenset({"capsys", "caplog", "monkeypatch", "tmp_path"})
_MOCKS = frozenset({"MagicMock", "Mock", "AsyncMock", "NonCallableMagicMock"})
_OF_MOCK = frozenset({*_MOCKS, "patch", "call", "create_autospec", "ANY", "PropertyMock", "mock_open", "sentinel"})
_HOMES = {
    **dict.fromkeys(_OF_MOCK, "unittest.mock"),
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
_RUNS_LOOPS = frozenset({"gather", "wait", "wait_for", "create_task", "ensure_future", "timeout"})


@dataclass(frozen=True, slots=True)
class Repaired:
    """What became of an answer: the tests that may be tried, and (name, why) of those that were dropped."""

    tests: tuple[WrittenTest, ...]
    dropped: tuple[tuple[str, str], ...] = ()


class _Dropped(Exception):  # noqa: N818  # what happens to the test, not whose error it is
    """A test cannot be mended; the message says why."""


def repair(answer: str, target: Target, *, is_cut: bool = False) -> Repaired:
    """Return the tests of an answer; ``is_cut`` says that it ended at the limit of tokens, in the middle of something."""
    read = _read(code_of(answer), is_cut)
    found = _Answer(read.statements, target)
    tests: list[WrittenTest] = []
    dropped = list(read.dropped)
    for node in found.tests:
        try:
            tests += _Mending(node, found, target).tests()
        except _Dropped as why:
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


# -- from an answer to statements --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Read:
    statements: list[ast.stmt] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)


def code_of(answer: str) -> str:
    """Return the code in an answer: what stands between fences if there are any, without what the model thought aloud."""
    pieces = _FENCE.split(_THINKING.sub("", answer))
    return "\n".join(pieces[1::2]) if len(pieces) > 1 else pieces[0]


def _read(code: str, is_cut: bool) -> _Read:
    """Read the statements of the outermost level; what is no Python, or was cut, costs only itself."""
    read = _Read()
    code = code.replace("\t", "    ")
    if not is_cut:
        try:
            read.statements = ast.parse(code).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            pass
        else:
            return read
    pieces = _pieces(code)
    for number, piece in enumerate(pieces):
        test = re.search(r"^(?:async\s+)?def\s+(test\w*)", piece, re.MULTILINE)
        if is_cut and number == len(pieces) - 1:
            read.dropped += [(test[1], "the answer ended inside of it")] if test else []
            continue
        try:
            read.statements += ast.parse(piece).body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            read.dropped += [(test[1], f"it is no Python: {getattr(error, 'msg', error)}")] if test else []
    return read


def _pieces(code: str) -> list[str]:
    """Cut the code before each line that begins something at the margin; decorators stay with what they decorate."""
    pieces: list[list[str]] = []
    is_decorating = False
    for line in code.splitlines():
        if not pieces or (_STARTS.match(line) and line and not is_decorating):
            pieces.append([])
        pieces[-1].append(line)
        if line.startswith("@"):
            is_decorating = True
        elif re.match(r"(?:async\s+)?def\b|class\b", line):
            is_decorating = False
    return ["\n".join(piece) for piece in pieces]


# -- what the names of an answer stand for -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Alias:
    """What a name of the answer means: ``name`` of ``module``, the module itself (name ""), None for the one under test."""

    module: str | None
    name: str


class _Answer:
    """The statements of an answer by what they are for, and what its names mean."""

    def __init__(self, statements: Sequence[ast.stmt], target: Target) -> None:
        self.target = target
        self.aliases: dict[str, _Alias] = {}
        self.fixtures: dict[str, _TestNode] = {}
        self.automatic: list[str] = []
        self.helpers: dict[str, ast.stmt] = {}
        self.tests: list[_TestNode] = []
        for statement in statements:
            for node in ast.walk(statement):
                if isinstance(node, (ast.Import, ast.ImportFrom, ast.Assign)):
                    self._bind(node)
        for statement in statements:
            self._sort(statement)

    def _bind(self, node: ast.Import | ast.ImportFrom | ast.Assign) -> None:
        if isinstance(node, ast.Import):
            for item in node.names:
                bound = item.asname or item.name.partition(".")[0]
                module = item.name if item.asname else bound
                self.aliases[bound] = _Alias(None if self.is_placeholder(item.name) else module, "")
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for item in node.names:
                own = self.is_placeholder(module) or item.name == self.target.outermost
                self.aliases[item.asname or item.name] = _Alias(None if own else module, item.name)
        elif len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            alias = self.meaning(node.value)
            if alias is not None:
                self.aliases[node.targets[0].id] = alias

    def is_placeholder(self, module: str) -> bool:
        """Whether a module named in the answer stands for the one under test: it is that, or nothing that there is."""
        if module == self.target.module:
            return True
        top = module.partition(".")[0]
        known = {"pytest", *sys.stdlib_module_names, *self.target.packages}
        return not top or top not in known

    def meaning(self, node: ast.expr) -> _Alias | None:
        """Return what an expression takes from a module, if it does nothing else."""
        match node:
            case ast.Call(ast.Attribute(ast.Name("importlib"), "import_module"), [ast.Constant(str(name)), *_]):
                return _Alias(None if self.is_placeholder(name) else name, "")
            case ast.Call(ast.Name("import_module" | "__import__"), [ast.Constant(str(name)), *_]):
                return _Alias(None if self.is_placeholder(name) else name, "")
            case ast.Call(ast.Name("getattr"), [owner, ast.Constant(str(name)), *_]):
                of = self.meaning(owner)
                return _Alias(of.module, name) if of is not None and not of.name else None
            case ast.Attribute(owner, name):
                of = self.meaning(owner)
                return _Alias(of.module, name) if of is not None and not of.name and of.module is None else None
            case ast.Name(name):
                return self.aliases.get(name)
        return None

    def is_binding(self, node: ast.stmt) -> bool:
        """Whether a statement only gives a name to what is imported: an import takes its place."""
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            return True
        match node:
            case ast.Assign([ast.Name(name)], value):
                return not isinstance(value, ast.Name) and self.meaning(value) is not None and name in self.aliases
        return False

    def _sort(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.ClassDef) and statement.name.startswith("Test"):
            for inner in statement.body:
                if isinstance(inner, _FUNCTIONS):
                    self._sort(_without_self(inner))
        elif isinstance(statement, _FUNCTIONS):
            decorators = [ast.unparse(item) for item in statement.decorator_list]
            fixture = next((text for text in decorators if re.match(r"(pytest\.)?fixture\b", text)), None)
            if fixture is not None:
                self.fixtures[statement.name] = statement
                self.automatic += [statement.name] if "autouse=True" in fixture else []
            elif statement.name.startswith("test"):
                self.tests.append(statement)
            else:
                self.helpers[statement.name] = statement
        elif isinstance(statement, ast.ClassDef):
            self.helpers[statement.name] = statement
        elif isinstance(statement, ast.Assign) and not self.is_binding(statement):
            for name in (node.id for item in statement.targets for node in ast.walk(item) if isinstance(node, ast.Name)):
                self.helpers[name] = statement


def _without_self(node: _TestNode) -> _TestNode:
    if node.args.args and node.args.args[0].arg == "self" and not any(
        isinstance(inner, ast.Name) and inner.id == "self" for inner in ast.walk(node)
    ):
        node = copy.deepcopy(node)
        del node.args.args[0]
    return node


class _Resolved(ast.NodeTransformer):
    """Puts real names in the place of those of the answer, and notes what they are imported from."""

    def __init__(self, answer: _Answer, local: Collection[str]) -> None:
        self._answer = answer
        self._target = answer.target
        self._local = local
        self.imports: set[tuple[str, str]] = set()

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if not isinstance(node.ctx, ast.Load) or node.id in self._local:
            return node
        alias = self._answer.aliases.get(node.id)
        return self._real(alias) if alias is not None else node

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        alias = self._answer.meaning(node) if not self._is_local(node) else None
        if alias is not None and alias.module is None and alias.name:
            return self._real(alias)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        alias = self._answer.meaning(node)
        if alias is not None:
            return self._real(alias)
        if re.search(r"\bpatch\b|\bsetattr$", ast.unparse(node.func)):
            for item in node.args[:1]:
                if isinstance(item, ast.Constant) and isinstance(item.value, str):
                    item.value = self._path(item.value)
        self.generic_visit(node)
        return node

    def _is_local(self, node: ast.expr) -> bool:
        while isinstance(node, ast.Attribute):
            node = node.value
        return isinstance(node, ast.Name) and node.id in self._local

    def _path(self, text: str) -> str:
        """Return the path of what is patched, in the real module if it names the one that stands for it."""
        module, _, rest = text.partition(".")
        is_bound = module in self._answer.aliases and self._answer.aliases[module] == _Alias(None, "")
        own = text.rpartition(".")[0] == self._target.module
        if not rest or own or not (is_bound or self._answer.is_placeholder(module)):
            return text
        name = text.rpartition(".")[2] if rest.partition(".")[0] not in self._target.names else rest
        return f"{self._target.module}.{name}"

    def _real(self, alias: _Alias) -> ast.expr:
        if alias.module is not None:
            if alias.module == "importlib" or alias.name == "import_module":
                raise _Dropped("it imports modules by their names")
            self._refuse_unknown(alias)
            self.imports.add((alias.module, alias.name))
            return _expression(alias.name or alias.module)
        if not alias.name:
            self.imports.add((self._target.module, ""))
            return _expression(self._target.module)
        return self.own(alias.name)

    def own(self, name: str) -> ast.expr:
        """Return the expression for a name of the module under test, or of Python where that has none of the name."""
        if name in self._target.names:
            if hasattr(builtins, name):  # imported by its name it would hide the builtin from the other tests
                self.imports.add((self._target.module, ""))
                return _expression(f"{self._target.module}.{name}")
            self.imports.add((self._target.module, name))
            return ast.Name(name, ast.Load())
        if hasattr(builtins, name):
            return ast.Name(name, ast.Load())
        dotted = self._target.dotted(name)
        if dotted is None:
            raise _Dropped(f"{self._target.module} has no {name}")
        self.imports.add((dotted.rpartition(".")[0], ""))
        return _expression(dotted)

    def _refuse_unknown(self, alias: _Alias) -> None:
        """Raise for a name that a module of the standard library does not have: to import it would cost all other tests."""
        if alias.module == "unittest.mock" and alias.name not in ("", *_OF_MOCK):
            raise _Dropped(f"unittest.mock has no {alias.name}")


def _expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


# -- one test ----------------------------------------------------------------------------------------------------------


class _Mending:
    """Mends one test; ``tests()`` gives what it comes to, raises _Dropped where no rule helps."""

    def __init__(self, node: _TestNode, answer: _Answer, target: Target) -> None:
        self._answer = answer
        self._target = target
        self._name = node.name
        self._body = [copy.deepcopy(item) for item in node.body]
        self._is_async = isinstance(node, ast.AsyncFunctionDef)
        arguments = node.args
        if arguments.vararg or arguments.kwarg:
            raise _Dropped("it takes any number of arguments")
        self._parameters = [item.arg for item in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
        if "self" in self._parameters:
            raise _Dropped("it needs an object of its class")
        self._rows: list[dict[str, ast.expr]] = [{}]
        self._fixtures: list[str] = []
        self._wanted: list[str] = []
        self._decorators = [copy.deepcopy(item) for item in node.decorator_list]
        self.imports: set[tuple[str, str]] = set()

    def tests(self) -> list[WrittenTest]:
        """Return the rows of the test, each a test of its own."""
        self._body = _without_empty(self._body, self._answer)
        self._undecorate()
        self._take_in()
        self._resolve()
        self._body = _Void().cleaned(self._body)
        self._standins()
        self._await()
        _Floats(self._rows).visit(_module(self._body))
        self._find_free_names()
        why = slop(self._body, self._rows, self._target)
        if why:
            raise _Dropped(why)
        body = tuple(ast.unparse(ast.fix_missing_locations(item)) for item in self._body)
        imports = tuple(sorted(pair for pair in self.imports if self._is_used(pair)))
        return [
            WrittenTest(
                name=self._name,
                body=body,
                values=tuple((name, ast.unparse(value)) for name, value in row.items()),
                fixtures=tuple(self._fixtures),
                imports=imports,
            )
            for row in self._rows
        ]

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
                self._wanted += [item.value for item in node.args if isinstance(item, ast.Constant)]
            elif re.match(r"(pytest\.)?mark\.(skip|skipif|xfail)\b", text):
                raise _Dropped("it is marked so that it need not pass")
            elif re.match(r"((unittest\.)?mock\.)?patch\b", text) and isinstance(node, ast.Call):
                patches.append(self._patch(node, text))
            elif not re.match(r"(pytest\.)?mark\.\w+$", text.partition("(")[0]):
                raise _Dropped(f"its decorator {text[:40]} is unknown")
        if patches:
            self._body = [ast.With(items=patches, body=self._body)]

    def _patch(self, node: ast.Call, text: str) -> ast.withitem:
        given = 2 if ".object" in text.partition("(")[0] else 1
        if "patch.dict" in text or len(node.args) > given or any(item.arg == "new" for item in node.keywords):
            return ast.withitem(node)
        if not self._parameters:
            raise _Dropped("it has too few parameters for what it patches")
        return ast.withitem(node, ast.Name(self._parameters.pop(0), ast.Store()))

    def _add_rows(self, node: ast.Call) -> None:
        match node.args[:2]:
            case [ast.Constant(str(text)), ast.List(rows) | ast.Tuple(rows)]:
                names = [name.strip() for name in text.split(",") if name.strip()]
            case [ast.List(named) | ast.Tuple(named), ast.List(rows) | ast.Tuple(rows)]:
                names = [str(item.value) for item in named if isinstance(item, ast.Constant)]
            case _:
                raise _Dropped("its table is not written out")
        if not names or not all(name in self._parameters for name in names):
            raise _Dropped("its table has columns that it does not take")
        for name in names:
            self._parameters.remove(name)
        found = [row for row in map(_row, rows) if row is not None]
        if len(names) == 1:
            found = [[_one(row)] for row in rows]
        whole = [dict(zip(names, row, strict=True)) for row in found if len(row) == len(names)]
        if not whole:
            raise _Dropped("no row of its table has a value for each column")
        self._rows = [{**one, **other} for one, other in itertools.product(whole, self._rows)][:_MOST_ROWS]

    # -- what the test needs -------------------------------------------------------------------------------------------

    def _take_in(self) -> None:
        """Put into the test the fixtures, helpers and constants of the answer that it uses, each before what needs it."""
        wanted = [*self._answer.automatic, *self._wanted, *self._parameters]
        before: list[ast.stmt] = []
        done: set[str] = set()
        columns = {name for row in self._rows for name in row}

        def take(name: str, is_asked: bool) -> None:
            if name in done or name in columns:
                return
            done.add(name)
            statements: list[ast.stmt]
            if name in self._answer.fixtures:
                statements = _of_fixture(name, self._answer.fixtures[name], self._names_of(before))
                for item in self._answer.fixtures[name].args.args:
                    take(item.arg, is_asked=True)
            elif name in self._answer.helpers and not is_asked:
                statements = [copy.deepcopy(self._answer.helpers[name])]
                done.update(_stored(statements))
            elif name in _FIXTURES_OF_PYTEST:
                self._fixtures.append(name)
                return
            elif name in self._target.dependencies:
                statements = [ast.Assign([ast.Name(name, ast.Store())], _expression("MagicMock()"))]
            elif is_asked:
                raise _Dropped(f"it asks for a fixture {name}, which nothing defines")
            else:
                return
            statements = _without_empty(statements, self._answer)
            for inner in _free_names(statements):
                take(inner, is_asked=False)
            before.extend(statement for statement in statements if statement not in before)

        for name in dict.fromkeys(wanted):
            take(name, is_asked=True)
        for name in sorted(_free_names(self._body) - columns):
            if name not in self._answer.aliases:
                take(name, is_asked=False)
        for row in self._rows:
            for value in row.values():
                for name in sorted(_free_names([ast.Expr(value)])):
                    if name in self._answer.helpers and self._answer.helpers[name] is not None:
                        raise _Dropped(f"a row of its table uses {name}, which only the answer has")
        self._body = before + self._body

    def _names_of(self, before: Sequence[ast.stmt]) -> set[str]:
        return _stored([*before, *self._body])

    def _resolve(self) -> None:
        local = _stored(self._body) | {name for row in self._rows for name in row} | set(self._fixtures)
        resolved = _Resolved(self._answer, local - self._rebound())
        self._body = [resolved.visit(item) for item in self._body]
        self._rows = [{name: resolved.visit(value) for name, value in row.items()} for row in self._rows]
        self.imports |= resolved.imports

    def _rebound(self) -> set[str]:
        """Names of the answer that only its own bindings store, all of which are gone by now."""
        return {name for name in self._answer.aliases if name not in _stored(self._body)}

    def _find_free_names(self) -> None:
        columns = {name for row in self._rows for name in row}
        free = _free_names(self._body) - columns - set(self._fixtures)
        free |= {name for row in self._rows for value in row.values() for name in _free_names([ast.Expr(value)])}
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
                raise _Dropped(f"it uses {name}, which nothing defines")

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
                self._body = self._standin(variable, dependency)

    def _standin(self, variable: str, dependency: Dependency) -> list[ast.stmt]:
        position = next((at for at, item in enumerate(self._body) if _is_mock(item, variable)), None)
        if position is None:
            return self._body
        used = {
            node.attr
            for item in self._body
            for node in ast.walk(item)
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == variable
        }
        used = {name for name in used if not _is_of_mocks(name)}
        unknown = used - dependency.members - dependency.attributes
        if unknown:
            raise _Dropped(f"{dependency.name} has no {sorted(unknown)[0]}")
        if used & dependency.attributes or dependency.uses_attributes:
            return self._body  # what only its objects have, the stand-in of the class would not have
        self.imports |= {(dependency.module, dependency.name), ("unittest.mock", "create_autospec")}
        body = list(self._body)
        body[position] = ast.Assign(
            [ast.Name(variable, ast.Store())], _expression(f"create_autospec({dependency.name}, instance=True)")
        )
        return [new for item in body for new in _told_to_standin(item, variable)]

    # -- async ---------------------------------------------------------------------------------------------------------

    def _await(self) -> None:
        """Let coroutines be run by ``asyncio.run``: whether the project has a plugin for async tests does not matter then."""
        awaits = _Awaits(self._target)
        self._body = [awaits.visit(item) for item in self._body]
        nodes = [node for item in self._body for node in _walk_here(item)]
        if not any(isinstance(node, (ast.Await, ast.AsyncFor, ast.AsyncWith)) for node in nodes):
            return
        self.imports.add(("asyncio", ""))
        needs_loop = any(isinstance(node, (ast.AsyncFor, ast.AsyncWith)) for node in nodes) or any(
            isinstance(node, ast.comprehension) and node.is_async for node in nodes
        )
        needs_loop = needs_loop or any(isinstance(node, ast.Attribute) and node.attr in _RUNS_LOOPS for node in nodes)
        if needs_loop:
            scenario = ast.parse("async def scenario():\n    pass\n\nasyncio.run(scenario())").body
            scenario[0].body = self._body  # type: ignore[attr-defined]
            self._body = scenario
        else:
            self._body = [_RunOfAwaits().visit(item) for item in self._body]


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


def _of_fixture(name: str, node: _TestNode, taken: Collection[str]) -> list[ast.stmt]:
    """Return the statements that make in the test itself what a fixture would give it."""
    if isinstance(node, ast.AsyncFunctionDef):
        raise _Dropped(f"its fixture {name} is async")
    if any(isinstance(item, ast.Call) and any(word.arg == "params" for word in item.keywords) for item in node.decorator_list):
        raise _Dropped(f"its fixture {name} has several values")
    *body, last = copy.deepcopy(node.body)
    match last:
        case ast.Return(value) | ast.Expr(ast.Yield(value)):
            pass
        case _:
            body, value = [*body, last], None
    gives = (ast.Return, ast.Yield, ast.YieldFrom)
    if any(isinstance(inner, gives) for statement in body for inner in _walk_here(statement)):
        raise _Dropped(f"its fixture {name} does more than to give a value")
    value = value or ast.Constant(None)
    own = _stored(body)
    names = {local: f"{name}_{local}" for local in own if local in taken and local != name}
    if isinstance(value, ast.Name) and value.id in own:
        names[value.id] = name
        return [_Renamed(names).visit(item) for item in body]
    body.append(ast.Assign([ast.Name(name, ast.Store())], value))
    return [_Renamed(names).visit(item) for item in body]


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node


def _is_mock(statement: ast.stmt, variable: str) -> bool:
    match statement:
        case ast.Assign([ast.Name(name)], ast.Call(function, [], keywords)) if name == variable:
            kind = ast.unparse(function).rpartition(".")[2]
            return kind in _MOCKS and all(item.arg in ("spec", "spec_set", "name") for item in keywords)
        case ast.Assign([ast.Name(name)], ast.Call(function, [_], [])) if name == variable:
            return ast.unparse(function).rpartition(".")[2] in _MOCKS  # the specification in its first place
    return False


def _is_of_mocks(name: str) -> bool:
    return name.startswith(("assert_", "mock_", "call")) or name in ("return_value", "side_effect", "method_calls", "reset_mock")


def _told_to_standin(statement: ast.stmt, variable: str) -> list[ast.stmt]:
    """Return what tells a stand-in what ``db.get = AsyncMock(return_value=1)`` told a mock; it has the methods already."""
    match statement:
        case ast.Assign([ast.Attribute(ast.Name(name)) as method], ast.Call(function, [], keywords)) if name == variable:
            if ast.unparse(function).rpartition(".")[2] in _MOCKS and all(
                item.arg in ("return_value", "side_effect") for item in keywords
            ):
                return [
                    ast.Assign([ast.Attribute(copy.deepcopy(method), str(item.arg), ast.Store())], item.value)
                    for item in keywords
                ]
    return [statement]


class _Awaits(ast.NodeTransformer):
    """Awaits calls of a coroutine function that are not, and none of any other function."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def visit_Await(self, node: ast.Await) -> ast.expr:
        if self._target.is_call(node.value):
            self.generic_visit(node.value)
            return node if self._target.is_coroutine else node.value
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        text = ast.unparse(node.func)
        if text == "asyncio.run" or text.endswith("run_until_complete"):
            for inner in node.args:
                self.generic_visit(inner)
            return node
        if text.startswith("asyncio."):
            return node
        self.generic_visit(node)
        return ast.Await(node) if self._target.is_coroutine and self._target.is_call(node) else node


class _RunOfAwaits(ast.NodeTransformer):
    def visit_Await(self, node: ast.Await) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(_expression("asyncio.run"), [node.value], [])

    def _not_inside(self, node: ast.AST) -> ast.AST:
        return node

    visit_AsyncFunctionDef = _not_inside  # noqa: N815


# -- values ------------------------------------------------------------------------------------------------------------


class _Floats(ast.NodeVisitor):
    """Compares numbers that are no sums of halves and quarters as people do: nearly."""

    def __init__(self, rows: Sequence[dict[str, ast.expr]]) -> None:
        self._rows = rows

    def visit_Assert(self, node: ast.Assert) -> None:
        match node.test:
            case ast.Compare(left, [ast.Eq()], [right]):
                for one, put in ((right, self._put_right), (left, self._put_left)):
                    if _is_inexact(one):
                        put(node.test, _nearly(one))
                        return
                    if isinstance(one, ast.Name) and self._change(one.id):
                        return

    @staticmethod
    def _put_right(test: ast.expr, value: ast.expr) -> None:
        test.comparators = [value]  # type: ignore[attr-defined]

    @staticmethod
    def _put_left(test: ast.expr, value: ast.expr) -> None:
        test.left = value  # type: ignore[attr-defined]

    def _change(self, column: str) -> bool:
        found = [row for row in self._rows if column in row and _is_inexact(row[column])]
        for row in found:
            row[column] = _nearly(row[column])
        return bool(found)


def _nearly(value: ast.expr) -> ast.expr:
    return ast.Call(_expression("pytest.approx"), [value], [])


def _is_inexact(node: ast.expr) -> bool:
    """Whether a value has a number that binary fractions do not hold, and is of a form that ``approx`` takes."""
    match node:
        case ast.List(items) | ast.Tuple(items):
            return bool(items) and all(map(_is_number, items)) and any(map(_is_inexact, items))
        case ast.Dict(_, values):
            return bool(values) and all(map(_is_number, values)) and any(map(_is_inexact, values))
        case ast.UnaryOp(ast.USub(), operand):
            return _is_inexact(operand)
        case ast.Constant(float(number)):
            return number == number and abs(number) < float("inf") and number.as_integer_ratio()[1] > 1024
    return False


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.UnaryOp(ast.USub(), operand):
            return _is_number(operand)
        case ast.Constant(value):
            return isinstance(value, (int, float)) and not isinstance(value, bool)
    return False


class _Void(ast.NodeTransformer):
    """Takes away statements that say nothing: ``assert True``, ``assert x == x``, texts and prints."""

    def cleaned(self, body: Sequence[ast.stmt]) -> list[ast.stmt]:
        return [new for item in body if (new := self.visit(item)) is not None]

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        if getattr(node, "body", None) == []:
            node.body = [ast.Pass()]  # type: ignore[attr-defined]
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.Assert | None:
        match node.test:
            case ast.Constant(value) if value:
                return None
            case ast.Compare(left, [ast.Eq() | ast.Is()], [right]) if ast.dump(left) == ast.dump(right):
                is_called = any(isinstance(inner, ast.Call) for inner in ast.walk(left))
                return node if is_called else None
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.Expr | None:
        match node.value:
            case ast.Constant() | ast.Call(ast.Name("print")):
                return None
        return node


# -- trees -------------------------------------------------------------------------------------------------------------


def _without_empty(body: Sequence[ast.stmt], answer: _Answer) -> list[ast.stmt]:
    """Return statements without those that only import, at any depth."""

    class Without(ast.NodeTransformer):
        def generic_visit(self, node: ast.AST) -> ast.AST:
            super().generic_visit(node)
            if getattr(node, "body", None) == []:
                node.body = [ast.Pass()]  # type: ignore[attr-defined]
            return node

        def visit_Import(self, node: ast.Import) -> None:
            return None

        def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
            return None

        def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
            return None if answer.is_binding(node) else node

    transformer = Without()
    return [new for item in body if (new := transformer.visit(item)) is not None]


def _module(body: Sequence[ast.stmt]) -> ast.Module:
    return ast.Module(list(body), [])


def _walk_here(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and what is below it, functions defined there left out."""
    yield node
    if not isinstance(node, (*_FUNCTIONS, ast.Lambda)):
        for child in ast.iter_child_nodes(node):
            yield from _walk_here(child)


def _stored(body: Iterable[ast.AST]) -> set[str]:
    """Return the names that statements bind."""
    found: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                found.add(node.name)
            elif isinstance(node, ast.ExceptHandler) and node.name:
                found.add(node.name)
    return found


def _free_names(body: Sequence[ast.stmt]) -> set[str]:
    """Return the names that statements read, as the body of a function, and do not bind."""
    arguments = ast.arguments([], [], None, [], [], None, [])
    function = ast.FunctionDef("test", arguments, list(body) or [ast.Pass()], [], None, None)
    source = ast.unparse(ast.fix_missing_locations(_module([function])))
    found: set[str] = set()

    def look(table: symtable.SymbolTable) -> None:
        found.update(symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced())
        for child in table.get_children():
            look(child)

    for child in symtable.symtable(source, "answer", "exec").get_children():
        look(child)
    return found
