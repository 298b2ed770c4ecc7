"""Reads what a model answered: code among prose, perhaps cut, and what its names stand for in the project."""

from __future__ import annotations

import ast
import builtins
import copy
import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from pytestgen_hook.model.target import Target
from pytestgen_hook.model.trees import FUNCTIONS, TestNode, expression

CUT = "the answer ended inside of it"
_FENCE = re.compile(r"^[ \t]*```[^\n]*$", re.MULTILINE)
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_TEST = re.compile(r"^(?:async\s+)?def\s+test", re.MULTILINE)
_TAG = re.compile(r"^[ \t]*</?[A-Za-z_]+>[ \t]*$", re.MULTILINE)
_STARTS = re.compile(r"(?![\s)\]}#]|\"\"\"|''')")
MOCKS = frozenset({"MagicMock", "Mock", "AsyncMock", "NonCallableMagicMock"})
OF_MOCK = frozenset({*MOCKS, "patch", "call", "create_autospec", "ANY", "PropertyMock", "mock_open", "sentinel"})


class Dropped(Exception):  # noqa: N818  # what happens to the test, not whose error it is
    """A test cannot be mended; the message says why."""


@dataclass(slots=True)
class Read:
    statements: list[ast.stmt] = field(default_factory=list)
    dropped: list[tuple[str, str]] = field(default_factory=list)


def code_of(answer: str) -> str:
    """Return the code in an answer: what stands between fences if there are any, without what the model thought aloud."""
    pieces = _FENCE.split(_TAG.sub("", _THINKING.sub("", answer)))
    # Where the answer was begun for the model, the first fence may be the last line of the code.
    is_fenced = len(pieces) > 1 and not _TEST.search(pieces[0])
    return "\n".join(pieces[1::2] if is_fenced else pieces[0::2])


def read(code: str, is_cut: bool) -> Read:
    """Read the statements of the outermost level; what is no Python, or was cut, costs only itself."""
    read = Read()
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
            read.dropped += [(test[1], CUT)] if test else []
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
class Alias:
    """What a name of the answer means: ``name`` of ``module``, the module itself (name ""), None for the one under test."""

    module: str | None
    name: str


class Answer:
    """The statements of an answer by what they are for, and what its names mean."""

    def __init__(self, statements: Sequence[ast.stmt], target: Target) -> None:
        self.target = target
        self.aliases: dict[str, Alias] = {}
        self.fixtures: dict[str, TestNode] = {}
        self.automatic: list[str] = []
        self.helpers: dict[str, ast.stmt] = {}
        self.tests: list[TestNode] = []
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
                self.aliases[bound] = Alias(None if self.is_placeholder(item.name) else module, "")
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            for item in node.names:
                own = self.is_placeholder(module) or item.name == self.target.outermost
                self.aliases[item.asname or item.name] = Alias(None if own else module, item.name)
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

    def meaning(self, node: ast.expr) -> Alias | None:
        """Return what an expression takes from a module, if it does nothing else."""
        match node:
            case ast.Call(ast.Attribute(ast.Name("importlib"), "import_module"), [ast.Constant(str(name)), *_]):
                return Alias(None if self.is_placeholder(name) else name, "")
            case ast.Call(ast.Name("import_module" | "__import__"), [ast.Constant(str(name)), *_]):
                return Alias(None if self.is_placeholder(name) else name, "")
            case ast.Call(ast.Name("getattr"), [owner, ast.Constant(str(name)), *_]):
                of = self.meaning(owner)
                return Alias(of.module, name) if of is not None and not of.name else None
            case ast.Attribute() if ast.unparse(node) == self.target.module:
                return Alias(None, "")
            case ast.Attribute(owner, name):
                of = self.meaning(owner)
                return Alias(of.module, name) if of is not None and not of.name and of.module is None else None
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
                if isinstance(inner, FUNCTIONS):
                    self._sort(_without_self(inner))
        elif isinstance(statement, FUNCTIONS):
            decorators = [ast.unparse(item) for item in statement.decorator_list]
            fixture = next((text for text in decorators if re.match(r"(pytest\.)?fixture\b", text)), None)
            if fixture is not None:
                self.fixtures[statement.name] = statement
                self.automatic += [statement.name] if "autouse=True" in fixture else []
            elif statement.name.startswith("test"):
                self.tests.append(statement)
            elif statement.name not in self.target.names:  # else it is the function itself, written down once more
                self.helpers[statement.name] = statement
        elif isinstance(statement, ast.ClassDef) and statement.name not in self.target.names:
            self.helpers[statement.name] = statement
        elif isinstance(statement, ast.Assign) and not self.is_binding(statement):
            for name in (
                node.id for item in statement.targets for node in ast.walk(item) if isinstance(node, ast.Name)
            ):
                self.helpers[name] = statement


def _without_self(node: TestNode) -> TestNode:
    if (
        node.args.args
        and node.args.args[0].arg == "self"
        and not any(isinstance(inner, ast.Name) and inner.id == "self" for inner in ast.walk(node))
    ):
        node = copy.deepcopy(node)
        del node.args.args[0]
    return node


class Resolved(ast.NodeTransformer):
    """Puts real names in the place of those of the answer, and notes what they are imported from."""

    def __init__(self, answer: Answer, local: Collection[str]) -> None:
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
        is_bound = module in self._answer.aliases and self._answer.aliases[module] == Alias(None, "")
        own = text.rpartition(".")[0] == self._target.module
        if not rest or own or not (is_bound or self._answer.is_placeholder(module)):
            return text
        name = text.rpartition(".")[2] if rest.partition(".")[0] not in self._target.names else rest
        return f"{self._target.module}.{name}"

    def _real(self, alias: Alias) -> ast.expr:
        if alias.module is not None:
            if alias.module == "importlib" or alias.name == "import_module":
                raise Dropped("it imports modules by their names")
            self._refuse_unknown(alias)
            self.imports.add((alias.module, alias.name))
            return expression(alias.name or alias.module)
        if not alias.name:
            self.imports.add((self._target.module, ""))
            return expression(self._target.module)
        return self.own(alias.name)

    def own(self, name: str) -> ast.expr:
        """Return the expression for a name of the module under test, or of Python where that has none of the name."""
        if name in self._target.names:
            if hasattr(builtins, name):  # imported by its name it would hide the builtin from the other tests
                self.imports.add((self._target.module, ""))
                return expression(f"{self._target.module}.{name}")
            self.imports.add((self._target.module, name))
            return ast.Name(name, ast.Load())
        if hasattr(builtins, name):
            return ast.Name(name, ast.Load())
        dotted = self._target.dotted(name)
        if dotted is None:
            raise Dropped(f"{self._target.module} has no {name}")
        self.imports.add((dotted.rpartition(".")[0], ""))
        return expression(dotted)

    def _refuse_unknown(self, alias: Alias) -> None:
        """Raise for a name that a module of the standard library does not have: to import it would cost all other tests."""
        if alias.module == "unittest.mock" and alias.name not in ("", *OF_MOCK):
            raise Dropped(f"unittest.mock has no {alias.name}")


def without_bindings(body: Sequence[ast.stmt], answer: Answer) -> list[ast.stmt]:
    """Return statements without those that only import, at any depth."""

    class Without(ast.NodeTransformer):
        def generic_visit(self, node: ast.AST) -> ast.AST:
            super().generic_visit(node)
            if getattr(node, "body", None) == []:
                node.body = [ast.Pass()]  # type: ignore[attr-defined]
            return node

        def visit_Import(self, _: ast.Import) -> None:
            """Take it away."""

        def visit_ImportFrom(self, _: ast.ImportFrom) -> None:
            """Take it away."""

        def visit_Assign(self, node: ast.Assign) -> ast.Assign | None:
            return None if answer.is_binding(node) else node

    transformer = Without()
    return [new for item in body if (new := transformer.visit(item)) is not None]
