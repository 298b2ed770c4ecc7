"""Small questions about syntax trees of tests."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterable, Iterator, Sequence

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
TestNode = ast.FunctionDef | ast.AsyncFunctionDef


def expression(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body


def module_of(body: Sequence[ast.stmt]) -> ast.Module:
    return ast.Module(list(body), [])


def walk_here(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and what is below it, functions defined there left out."""
    yield node
    if not isinstance(node, (*FUNCTIONS, ast.Lambda)):
        for child in ast.iter_child_nodes(node):
            yield from walk_here(child)


def stored(body: Iterable[ast.AST]) -> set[str]:
    """Return the names that statements bind."""
    found: set[str] = set()
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
                found.add(node.id)
            elif isinstance(node, (*FUNCTIONS, ast.ClassDef, ast.ExceptHandler)) and node.name:
                found.add(node.name)
    return found


def free_names(body: Sequence[ast.stmt]) -> set[str]:
    """Return the names that statements read, as the body of a function, and do not bind."""
    arguments = ast.arguments([], [], None, [], [], None, [])
    function = ast.FunctionDef("test", arguments, list(body) or [ast.Pass()], [], None, None)
    source = ast.unparse(ast.fix_missing_locations(module_of([function])))
    found: set[str] = set()

    def look(table: symtable.SymbolTable) -> None:
        found.update(
            symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced()
        )
        for child in table.get_children():
            look(child)

    for child in symtable.symtable(source, "answer", "exec").get_children():
        look(child)
    return found
