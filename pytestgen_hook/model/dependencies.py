"""The methods that a function calls of what it is given: of installed classes as they are, else as their source has them."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_Definition = ast.FunctionDef | ast.AsyncFunctionDef
_BUILTIN = frozenset(
    name
    for kind in (str, bytes, bytearray, int, float, complex, list, dict, set, frozenset, tuple, range, type, object)
    for name in dir(kind)
)
_MOST_SOURCES = 400  # of the repository that are read for one that has a class


@dataclass(frozen=True, slots=True)
class Dependency:
    """A parameter that is an object: its class, as a test imports it, and the ``calls`` that the function makes of it.

    Of an unknown class ``module`` and ``name`` are empty. ``calls`` are (method, names of its parameters); ``members`` are
    what the class has, ``attributes`` what only its objects have; ``uses_attributes``: the function reads some of these.
    """

    parameter: str
    module: str = ""
    name: str = ""
    calls: tuple[tuple[str, tuple[str, ...]], ...] = ()
    members: frozenset[str] = frozenset()
    attributes: frozenset[str] = frozenset()
    uses_attributes: bool = False

    @property
    def is_known(self) -> bool:
        """Whether there is a class to make stand-ins of."""
        return bool(self.name)


def dependency_line(dependencies: Mapping[str, Dependency]) -> str:
    """Return ``# Dependencies: db.get_order(id), mailer.send(to, text)``; empty if the function has none."""
    calls = [
        f"{one.parameter}.{method}({', '.join(parameters)})"
        for one in dependencies.values()
        for method, parameters in one.calls
    ]
    return f"# Dependencies: {', '.join(calls)}" if calls else ""


def dependencies_of(
    node: _Definition, tree: ast.Module, installed: Mapping[str, Any], sources: Callable[[str], Sequence[ast.Module]]
) -> dict[str, Dependency]:
    """Return the dependencies of a function by parameter, in the order of its signature.

    ``installed`` is what the project's interpreter tells of the parameters (``runtime/members.py``). What it does not
    know is looked for in this module, ``tree``, and then in the trees that ``sources`` gives for the name of a class,
    or for "" all there are.
    """
    found: dict[str, Dependency] = {}
    for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs):
        used = used_members(node, argument.arg)
        called = [name for name, is_called in used.items() if is_called]
        told = installed.get(argument.arg)
        if not called or argument.arg in ("self", "cls"):
            continue
        if told is not None:
            found[argument.arg] = _of_installed(argument.arg, called, used, told)
            continue
        kind = _class_name(argument.annotation)
        if kind in _BUILTIN_KINDS or (kind is None and set(called) <= _BUILTIN):
            continue
        definition = _definition(kind, set(called), tree, sources)
        found[argument.arg] = _of_source(argument.arg, called, definition)
    return found


_BUILTIN_KINDS = frozenset(
    [
        kind.__name__
        for kind in (str, bytes, bytearray, int, float, complex, bool, list, dict, set, frozenset, tuple, type)
    ]
    + ["object", "range", "slice", "memoryview", "List", "Dict", "Set", "FrozenSet", "Tuple", "Sequence", "Iterable"]
    + ["Iterator", "Mapping", "MutableMapping", "Collection", "Callable"]
)


def used_members(node: _Definition, parameter: str) -> dict[str, bool]:
    """Return the members that a function uses of a parameter, in order, and whether it calls each of them."""
    called = {id(inner.func) for inner in ast.walk(node) if isinstance(inner, ast.Call)}
    found: dict[str, bool] = {}
    attributes = [inner for inner in ast.walk(node) if isinstance(inner, ast.Attribute)]
    for inner in sorted(attributes, key=lambda item: (item.lineno, item.col_offset)):
        if isinstance(inner.value, ast.Name) and inner.value.id == parameter:
            found[inner.attr] = found.get(inner.attr, False) or id(inner) in called
    return found


def _of_installed(
    parameter: str, called: Sequence[str], used: Mapping[str, bool], told: Mapping[str, Any]
) -> Dependency:
    methods: Mapping[str, list[str]] = told["methods"]
    attributes = frozenset(told["attributes"])
    return Dependency(
        parameter,
        module=told["module"],
        name=told["name"],
        calls=tuple((name, tuple(methods.get(name, ()))) for name in called),
        members=frozenset(told["members"]),
        attributes=attributes,
        uses_attributes=bool(attributes & used.keys()),
    )


def _of_source(parameter: str, called: Sequence[str], definition: ast.ClassDef | None) -> Dependency:
    """Return what the source of a class tells; no stand-in is made of it, since it could not be imported."""
    methods = {inner.name: inner for inner in definition.body if isinstance(inner, _FUNCTIONS)} if definition else {}
    return Dependency(
        parameter, calls=tuple((name, _parameters(methods[name]) if name in methods else ()) for name in called)
    )


def _parameters(method: _Definition) -> tuple[str, ...]:
    arguments = method.args
    names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
    is_static = any(ast.unparse(item) == "staticmethod" for item in method.decorator_list)
    names = names if is_static else names[1:]
    names += [f"*{arguments.vararg.arg}"] if arguments.vararg else []
    names += [item.arg for item in arguments.kwonlyargs]
    return tuple([*names, f"**{arguments.kwarg.arg}"] if arguments.kwarg else names)


def _class_name(annotation: ast.expr | None) -> str | None:
    """Return the name of the class in an annotation: ``Store`` of ``Optional[shop.Store]`` and of ``Store | None``."""
    match annotation:
        case ast.Constant(str(text)):
            try:
                return _class_name(ast.parse(text, mode="eval").body)
            except SyntaxError:
                return None
        case ast.Subscript(ast.Name("Optional") | ast.Attribute(attr="Optional"), inner):
            return _class_name(inner)
        case ast.Subscript(value, _):
            return _class_name(value)
        case ast.BinOp(left, ast.BitOr(), ast.Constant(None)):
            return _class_name(left)
        case ast.BinOp(ast.Constant(None), ast.BitOr(), right):
            return _class_name(right)
        case ast.Name(name) | ast.Attribute(attr=name):
            return None if name == "Any" else name
    return None


def _definition(
    kind: str | None, called: set[str], tree: ast.Module, sources: Callable[[str], Sequence[ast.Module]]
) -> ast.ClassDef | None:
    """Return the class of that name, or, without a name, the only one that has all the methods."""
    if kind is not None:
        trees = [tree, *sources(kind)[:_MOST_SOURCES]]
        return next((node for one in trees for node in _classes(one) if node.name == kind), None)
    found = [
        node
        for one in [tree, *sources("")[:_MOST_SOURCES]]
        for node in _classes(one)
        if called <= {inner.name for inner in node.body if isinstance(inner, _FUNCTIONS)}
    ]
    return found[0] if len(found) == 1 else None


def _classes(tree: ast.Module) -> Iterator[ast.ClassDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
