"""Finds the calls of given names that the repository's own code and tests make with constant arguments."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable

MOST_A_NAME = 12
_LONGEST = 200


def calls_of(names: Collection[str], sources: Iterable[bytes]) -> dict[str, list[str]]:
    """Return {name: sources of its calls}, shortest first; calls whose arguments need variables are left out.

    Sources that do not parse are passed over: they are somebody else's finding.
    """
    wanted = {name: name.encode() + b"(" for name in names}
    found: dict[str, set[str]] = {name: set() for name in names}
    for source in sources:
        present = {name for name, mark in wanted.items() if mark in source}
        if not present:
            continue
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = _called(node.func)
                if name in present and _is_constant(node):
                    text = f"{name}({_arguments(node)})"
                    if len(text) <= _LONGEST:
                        found[name].add(text)
    return {
        name: sorted(texts, key=lambda text: (len(text), text))[:MOST_A_NAME] for name, texts in found.items() if texts
    }


def _called(function: ast.expr) -> str:
    if isinstance(function, ast.Name):
        return function.id
    return function.attr if isinstance(function, ast.Attribute) else ""


def _is_constant(call: ast.Call) -> bool:
    return not any(
        isinstance(inner, (ast.Name, ast.Attribute, ast.Starred, ast.Await))
        for argument in [*call.args, *[keyword.value for keyword in call.keywords]]
        for inner in ast.walk(argument)
    )


def _arguments(call: ast.Call) -> str:
    parts = [ast.unparse(argument) for argument in call.args]
    parts += [f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in call.keywords if keyword.arg]
    return ", ".join(parts)
