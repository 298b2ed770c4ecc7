"""Rules that mend parts of a test: fixtures, mocks, what is awaited, numbers, and statements that say nothing."""

from __future__ import annotations

import ast
import copy
from collections.abc import Collection, Mapping, Sequence

from pytestgen_hook.model.answer import MOCKS, Dropped
from pytestgen_hook.model.dependencies import Dependency
from pytestgen_hook.model.target import Target
from pytestgen_hook.model.trees import TestNode, expression, stored, walk_here

_RUNS_LOOPS = frozenset({"gather", "wait", "wait_for", "create_task", "ensure_future", "timeout"})
_TELLING = ("return_value", "side_effect", "method_calls", "reset_mock")


def of_fixture(name: str, node: TestNode, taken: Collection[str]) -> list[ast.stmt]:
    """Return the statements that make in the test itself what a fixture would give it."""
    if isinstance(node, ast.AsyncFunctionDef):
        raise Dropped(f"its fixture {name} is async")
    if any(
        isinstance(item, ast.Call) and any(word.arg == "params" for word in item.keywords)
        for item in node.decorator_list
    ):
        raise Dropped(f"its fixture {name} has several values")
    *body, last = copy.deepcopy(node.body)
    match last:
        case ast.Return(value) | ast.Expr(ast.Yield(value)):
            pass
        case _:
            body, value = [*body, last], None
    gives = (ast.Return, ast.Yield, ast.YieldFrom)
    if any(isinstance(inner, gives) for statement in body for inner in walk_here(statement)):
        raise Dropped(f"its fixture {name} does more than to give a value")
    value = value or ast.Constant(None)
    own = stored(body)
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


def with_standin(body: Sequence[ast.stmt], variable: str, dependency: Dependency) -> list[ast.stmt] | None:
    """Return statements with ``create_autospec`` of the real class in the place of a mock, which has any method; None if not.

    Raises Dropped for a method that the class does not have.
    """
    position = next((at for at, item in enumerate(body) if _is_mock(item, variable)), None)
    if position is None:
        return None
    used = {
        node.attr
        for item in body
        for node in ast.walk(item)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == variable
    }
    used = {name for name in used if not name.startswith(("assert_", "mock_", "call")) and name not in _TELLING}
    unknown = used - dependency.members - dependency.attributes
    if unknown:
        raise Dropped(f"{dependency.name} has no {sorted(unknown)[0]}")
    if used & dependency.attributes or dependency.uses_attributes:
        return None  # what only its objects have, the stand-in of the class would not have
    made = expression(f"create_autospec({dependency.name}, instance=True)")
    standing = [*body[:position], ast.Assign([ast.Name(variable, ast.Store())], made), *body[position + 1 :]]
    return [new for item in standing for new in _told_to_standin(item, variable)]


def _is_mock(statement: ast.stmt, variable: str) -> bool:
    match statement:
        case ast.Assign([ast.Name(name)], ast.Call(function, [], keywords)) if name == variable:
            kind = ast.unparse(function).rpartition(".")[2]
            return kind in MOCKS and all(item.arg in ("spec", "spec_set", "name") for item in keywords)
        case ast.Assign([ast.Name(name)], ast.Call(function, [_], [])) if name == variable:
            return ast.unparse(function).rpartition(".")[2] in MOCKS  # the specification in its first place
    return False


def _told_to_standin(statement: ast.stmt, variable: str) -> list[ast.stmt]:
    """Return what tells a stand-in what ``db.get = AsyncMock(return_value=1)`` told a mock; it has the methods already."""
    match statement:
        case ast.Assign([ast.Attribute(ast.Name(name)) as method], ast.Call(function, [], keywords)) if (
            name == variable
        ):
            if ast.unparse(function).rpartition(".")[2] in MOCKS and all(
                item.arg in ("return_value", "side_effect") for item in keywords
            ):
                return [
                    ast.Assign([ast.Attribute(copy.deepcopy(method), str(item.arg), ast.Store())], item.value)
                    for item in keywords
                ]
    return [statement]


class Awaits(ast.NodeTransformer):
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


def with_awaits_run(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return statements with ``asyncio.run`` in the place of ``await``; the same object if there is nothing to run."""
    nodes = [node for item in body for node in walk_here(item)]
    is_loop = any(isinstance(node, (ast.AsyncFor, ast.AsyncWith)) or getattr(node, "is_async", 0) for node in nodes)
    if not is_loop and not any(isinstance(node, ast.Await) for node in nodes):
        return body
    if is_loop or any(isinstance(node, ast.Attribute) and node.attr in _RUNS_LOOPS for node in nodes):
        scenario, run = ast.parse("async def scenario():\n    pass\n\nasyncio.run(scenario())").body
        scenario.body = body  # type: ignore[attr-defined]
        return [scenario, run]
    return [_RunOfAwaits().visit(item) for item in body]


class _RunOfAwaits(ast.NodeTransformer):
    def visit_Await(self, node: ast.Await) -> ast.expr:
        self.generic_visit(node)
        return ast.Call(expression("asyncio.run"), [node.value], [])

    def _not_inside(self, node: ast.AST) -> ast.AST:
        return node

    visit_AsyncFunctionDef = _not_inside  # noqa: N815


class Floats(ast.NodeVisitor):
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
    return ast.Call(expression("pytest.approx"), [value], [])


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


class Void(ast.NodeTransformer):
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
