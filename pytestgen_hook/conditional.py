"""Which names of a module are there only under a condition, such as a version of Python: not every run of a test has them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def conditional_names(source: str) -> frozenset[str]:
    """Return the functions and classes that a module defines at its top level on some ways through it, and not on all.

    ``source`` is its text; nothing is said of one that cannot be parsed.
    """
    body = _body(source)
    return frozenset(_defined(body)) - _certain(body, _bound)


def replaced_names(source: str) -> frozenset[str]:
    """Return the functions and classes that are always there, but on some ways are imported from elsewhere, or assigned."""
    body = _body(source)
    return frozenset(_defined(body)) & _certain(body, _bound) - _certain(body, lambda _: frozenset())


def _body(source: str) -> list[ast.stmt]:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _defined(body: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in body:
        if isinstance(statement, _DEFINITIONS):
            yield statement.name
        else:
            for block in _blocks(statement):
                yield from _defined(block)


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    handlers = getattr(statement, "handlers", ())
    parts = (getattr(statement, name, None) for name in ("body", "orelse", "finalbody"))
    return [*(part for part in parts if part), *(handler.body for handler in handlers)]


_Binding = Callable[[ast.stmt], frozenset[str]]


def _certain(body: Sequence[ast.stmt], binding: _Binding) -> frozenset[str]:
    """Return the names that are defined, or bound by what ``binding`` looks at, whichever way is gone."""
    return frozenset(name for statement in body for name in _certain_of(statement, binding))


def _bound(statement: ast.stmt) -> frozenset[str]:
    """Return the names that an import or an assignment binds."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return frozenset(alias.asname or alias.name for alias in statement.names)
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return frozenset(target.id for target in targets if isinstance(target, ast.Name))
    return frozenset()


def _certain_of(statement: ast.stmt, binding: _Binding) -> frozenset[str]:
    if isinstance(statement, _DEFINITIONS):
        return frozenset({statement.name})
    if isinstance(statement, ast.If):
        return _on_all([statement.body, statement.orelse], binding)
    if isinstance(statement, ast.Try):
        ways = [[*statement.body, *statement.orelse], *(handler.body for handler in statement.handlers)]
        return _on_all(ways, binding) | _certain(statement.finalbody, binding)
    return _certain(statement.body, binding) if isinstance(statement, ast.With) else binding(statement)


def _on_all(ways: Sequence[Sequence[ast.stmt]], binding: _Binding) -> frozenset[str]:
    """Return the names that are there on each way; one that ends in an exception leads nowhere."""
    bound = [_certain(way, binding) for way in ways if not any(isinstance(statement, ast.Raise) for statement in way)]
    return frozenset.intersection(*bound) if bound else frozenset()
