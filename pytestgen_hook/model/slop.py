"""Tests that look like tests and show nothing: what a model writes when it has nothing to say."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence

from pytestgen_hook.model.target import Target

_TOO_WIDE = frozenset({"Exception", "BaseException"})
_EXPECTING = ("raises", "warns", "deprecated_call")
_CONFIGURED = ("return_value", "side_effect")


def slop(body: Sequence[ast.stmt], rows: Sequence[Mapping[str, ast.expr]], target: Target) -> str | None:
    """Return why a test shows nothing, whatever it does when it runs; None if it may show something."""
    nodes = [node for statement in body for node in ast.walk(statement)]
    nodes += [node for row in rows for value in row.values() for node in ast.walk(value)]
    if not any(target.is_use(node) for node in nodes):
        return f"it never calls {target.function.name}"
    if any(_replaces(node, target) for node in nodes):
        return f"it puts something else in the place of {target.function.name}"
    if any(isinstance(node, ast.Try) and _swallows(node) for node in nodes):
        return "it passes whether or not the exception is raised"
    wide = next((name for node in nodes for name in _expected(node, rows) if name in _TOO_WIDE), None)
    if wide:
        return f"pytest.raises({wide}) takes any error for the right one"
    checks = [check for statement in body for check in _checks(statement)]
    if not checks:
        return "it asserts nothing"
    about = _about(body, target)
    if not any(_tells(check, about, target) for check in checks):
        return "it asserts only what it has set up itself"
    return None


def _replaces(node: ast.AST, target: Target) -> bool:
    """Whether a call patches the very function that is to be tested."""
    if not isinstance(node, ast.Call) or "patch" not in ast.unparse(node.func):
        return False
    own = f"{target.module}.{target.function.qualname}"
    texts = [item.value for item in node.args if isinstance(item, ast.Constant)]
    if texts[:1] == [own]:
        return True
    owner = f"{target.module}.{target.function.qualname}".rpartition(".")[0]
    is_owner = bool(node.args) and ast.unparse(node.args[0]) in (owner, owner.rpartition(".")[2])
    return is_owner and target.function.name in texts


def _swallows(node: ast.Try) -> bool:
    """Whether the test goes on as if nothing had happened, after an exception and without one."""
    handled = any(not any(isinstance(inner, ast.Raise) for inner in ast.walk(item)) for item in node.handlers)
    fails = [
        inner
        for statement in (*node.body, *node.orelse)
        for inner in ast.walk(statement)
        if isinstance(inner, ast.Raise) or ast.unparse(inner).startswith("pytest.fail(")
    ]
    return handled and not fails


def _expected(node: ast.AST, rows: Sequence[Mapping[str, ast.expr]]) -> Iterator[str]:
    """Yield the names of the exceptions that a call of ``pytest.raises`` is content with."""
    if not (isinstance(node, ast.Call) and ast.unparse(node.func) in ("pytest.raises", "raises") and node.args):
        return
    kinds = node.args[0].elts if isinstance(node.args[0], ast.Tuple) else [node.args[0]]
    for kind in kinds:
        name = ast.unparse(kind)
        if any(name in row for row in rows):
            yield from (ast.unparse(row[name]) for row in rows if name in row)
        else:
            yield name


def _checks(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what a test looks at: conditions, expected exceptions, and assertions of mocks."""
    if isinstance(node, ast.Assert):
        yield node.test
    elif (
        isinstance(node, (ast.With, ast.AsyncWith))
        and any(
            isinstance(item.context_expr, ast.Call) and ast.unparse(item.context_expr.func).endswith(_EXPECTING)
            for item in node.items
        )
    ) or (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr.startswith("assert_")):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _checks(child)


def _about(body: Sequence[ast.stmt], target: Target) -> set[str]:
    """Return the names that may hold what the function did: its result, what follows from it, and what it was given."""
    found: set[str] = set()
    while True:
        before = len(found)
        for statement in body:
            for node in ast.walk(statement):
                if isinstance(node, ast.Try) and any(target.is_use(inner) for inner in ast.walk(node)):
                    found |= {handler.name for handler in node.handlers if handler.name}
                if _is_touched(node, found, target):
                    found |= {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        if len(found) == before:
            return found


def _is_touched(node: ast.AST, known: set[str], target: Target) -> bool:
    if target.is_use(node):
        return True
    if isinstance(node, (ast.Assign, ast.AnnAssign, ast.For, ast.withitem, ast.NamedExpr)):
        return any(target.is_use(inner) for inner in ast.walk(node)) or any(
            isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id in known
            for inner in ast.walk(node)
        )
    return False


def _tells(check: ast.AST, about: set[str], target: Target) -> bool:
    if isinstance(check, (ast.With, ast.AsyncWith)):
        return any(target.is_use(node) for statement in check.body for node in ast.walk(statement))
    if any(target.is_use(node) for node in ast.walk(check)):
        return True
    if isinstance(
        check, ast.Call
    ):  # of a mock: what the function did with it; where that is another's, a mutant decides
        return True
    names = {node.id for node in ast.walk(check) if isinstance(node, ast.Name)}
    is_set_up = any(isinstance(node, ast.Attribute) and node.attr in _CONFIGURED for node in ast.walk(check))
    return (bool(names & about) and not is_set_up) or _reads_streams(check)


def _reads_streams(check: ast.AST) -> bool:
    """Whether it looks at what was printed, logged or written."""
    fixtures = ("capsys", "caplog", "tmp_path")
    return any(isinstance(node, ast.Name) and node.id in fixtures for node in ast.walk(check))
