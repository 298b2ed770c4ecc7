"""The function that a model is to write tests for: what its module has, and how a use of it looks in a test."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pytestgen_hook.model.dependencies import Dependency
from pytestgen_hook.types.changes import Function, Kind

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_SPECIAL = re.compile(r"__\w+__")


@dataclass(frozen=True)
class Target:
    """A function of ``module``, whose source is ``source``; ``dependencies`` are its parameters that are objects with methods.

    ``packages`` are the top-level names of the project's own modules.
    """

    function: Function
    module: str
    source: str
    dependencies: Mapping[str, Dependency] = field(default_factory=dict)
    packages_of_project: frozenset[str] = frozenset()

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree of the module."""
        return ast.parse(self.source)

    @cached_property
    def chain(self) -> tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ...]:
        """The nodes of the classes around the function, outermost first, and at last its own."""
        found = _path_to(self.tree, self.function)
        if found is None:
            raise ValueError(f"{self.function.qualname} is not in its source")
        return found

    @cached_property
    def node(self) -> ast.FunctionDef | ast.AsyncFunctionDef:
        """The function itself."""
        node = self.chain[-1]
        if isinstance(node, ast.ClassDef):
            raise TypeError(node.name)
        return node

    @property
    def outermost(self) -> str:
        """The name by which the module gives it: that of the function, or of the class it belongs to."""
        return self.function.qualname.partition(".")[0]

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """The names of the parameters that a call gives by position, in order."""
        names = [item.arg for item in (*self.node.args.posonlyargs, *self.node.args.args)]
        is_bound = len(self.chain) > 1 and self.function.kind is not Kind.STATIC_METHOD
        return tuple(names[1:] if is_bound else names)

    @cached_property
    def names(self) -> frozenset[str]:
        """What the module binds at its top level, its imports among it."""
        return frozenset(_bound(self.tree.body))

    @cached_property
    def packages(self) -> frozenset[str]:
        """The top-level names of modules that a test of it may well import."""
        found = set(self.packages_of_project)
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                found |= {item.name.partition(".")[0] for item in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add((node.module or "").partition(".")[0])
        return frozenset(found)

    @cached_property
    def _modules(self) -> dict[str, str]:
        """What ``import`` statements bind in the module, and the module that each of the names means."""
        found = {}
        for node in ast.walk(self.tree):
            for item in node.names if isinstance(node, ast.Import) else ():
                found[item.asname or item.name] = item.name
        return found

    def dotted(self, name: str) -> str | None:
        """Return ``json.JSONDecodeError`` for a name that the source writes so, of a module that it imports; else None."""
        for match in re.finditer(rf"\b((?:\w+\.)+){re.escape(name)}\b", self.source):
            module = match[1].rstrip(".")
            if module in self._modules:
                return f"{self._modules[module]}.{name}"
        return None

    @property
    def is_coroutine(self) -> bool:
        """Whether what a call gives must be awaited."""
        return self.function.is_async and not any(isinstance(node, ast.Yield) for node in ast.walk(self.node))

    def is_call(self, node: ast.AST) -> bool:
        """Whether an expression calls it, by its name or as a method."""
        if not isinstance(node, ast.Call):
            return False
        if self.function.name == "__init__" and len(self.chain) > 1:
            return _last_name(node.func) == self.chain[-2].name
        if len(self.chain) > 1:
            return isinstance(node.func, ast.Attribute) and node.func.attr == self.function.name
        return _last_name(node.func) == self.function.name

    def is_use(self, node: ast.AST) -> bool:
        """Whether an expression runs it; of methods that Python itself calls that cannot be seen, and any is taken for one."""
        if self.function.kind is Kind.PROPERTY:
            return isinstance(node, ast.Attribute) and node.attr == self.function.name
        if _SPECIAL.fullmatch(self.function.name) and self.function.name != "__init__":
            return isinstance(node, ast.expr)
        return self.is_call(node)


def calls_of(body: Iterable[ast.stmt], target: Target) -> Iterator[ast.Call]:
    """Yield the calls of the function in statements."""
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and target.is_call(node):
                yield node


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _path_to(
    node: ast.AST, function: Function
) -> tuple[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef, ...] | None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _FUNCTIONS) and (child.name, child.lineno) == (function.name, function.def_line):
            return (child,)
        if isinstance(child, ast.expr):
            continue
        found = _path_to(child, function)
        if found is not None:
            return (child, *found) if isinstance(child, (ast.ClassDef, *_FUNCTIONS)) else found
    return None


def _bound(body: Iterable[ast.stmt]) -> Iterator[str]:
    """Yield the names that statements of the top level bind, at any depth of ``if`` and ``try``."""
    for node in body:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            yield node.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from (item.asname or item.name.partition(".")[0] for item in node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.For, ast.With)):
            yield from (
                inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
            )
        for name in ("body", "orelse", "finalbody"):
            if not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
                yield from _bound(getattr(node, name, ()))
        for handler in getattr(node, "handlers", ()):
            yield from _bound(handler.body)
