"""Reads the functions of Python sources, and tells which of them a change added or altered."""

from __future__ import annotations

import ast
import copy
import io
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pytestgen_hook.types import Change, ChangedFunction, Function, Kind, Unanalysed

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_TEST_FOLDERS = {"test", "tests", "testing"}


class SyntaxProblem(Exception):
    """A source that cannot be read as Python; the message says why."""


def is_test_file(path: str) -> bool:
    """Whether a path holds tests (or their fixtures) by pytest's and the common folder conventions."""
    pure = PurePosixPath(path)
    if pure.name == "conftest.py" or pure.name.startswith("test_") or pure.stem.endswith("_test"):
        return True
    return any(part in _TEST_FOLDERS for part in pure.parts[:-1])


@dataclass(frozen=True, slots=True)
class _Read:
    """A function with the form of it that decides whether behaviour may have changed."""

    function: Function
    form: str  # qualified name left out: equal for a function that was only moved or renamed


def functions_in(path: str, source: bytes) -> list[Function]:
    """Return the functions of a source worth testing, in order; SyntaxProblem if it cannot be read.

    Left out: overloads, stubs (a body of ``...``, ``pass``, a docstring or ``raise NotImplementedError``), and what stands
    under ``if __name__ == "__main__"``.
    """
    return [read.function for read in _read(path, source)]


def changed_functions(
    changes: Sequence[Change], gone: Iterable[bytes] = ()
) -> tuple[list[ChangedFunction], list[Unanalysed]]:
    """Return the new and altered functions of the changes, and the files that could not be read.

    ``gone`` are sources of files that the same range deleted. A function whose form stood anywhere before under another
    name or place was moved or renamed, and is no finding; each such form accounts for one move.
    """
    found: list[ChangedFunction] = []
    problems: list[Unanalysed] = []
    before: dict[str, list[_Read]] = {}
    after: dict[str, list[_Read]] = {}
    for change in changes:
        if is_test_file(change.path):
            continue
        try:
            after[change.path] = _read(change.path, change.after)
        except SyntaxProblem as problem:
            problems.append(Unanalysed(change.path, str(problem)))
            continue
        before[change.path] = _read_or_none(change.before)
    left = Counter(read.form for source in gone for read in _read_or_none(source))
    for path, reads in before.items():
        kept = Counter((read.function.qualname, read.form) for read in after[path])
        left.update(read.form for read in reads if not kept[read.function.qualname, read.form])
    for path, reads in after.items():
        found += _compared(before[path], reads, left)
    return found, problems


def _compared(before: Sequence[_Read], after: Sequence[_Read], left: Counter[str]) -> Iterator[ChangedFunction]:
    forms: dict[str, list[str]] = {}
    for read in before:
        forms.setdefault(read.function.qualname, []).append(read.form)
    for read in after:
        known = forms.get(read.function.qualname)
        if known is not None and read.form in known:
            continue
        if left[read.form]:
            left[read.form] -= 1  # moved or renamed
            continue
        yield ChangedFunction(read.function, is_new=known is None)


def _read_or_none(source: bytes | None) -> list[_Read]:
    if source is None:
        return []
    try:
        return _read("", source)
    except SyntaxProblem:
        return []  # what came before a broken file is unknown: all of the new one counts as new


def _decoded(source: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise SyntaxProblem(f"cannot be decoded: {error}") from None
    return text.removeprefix("\ufeff")


def _read(path: str, source: bytes) -> list[_Read]:
    text = _decoded(source)
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise SyntaxProblem(f"syntax error, {where}{error.msg}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxProblem(f"cannot be parsed: {error}") from None
    return list(_visit(path, tree.body, ""))


def _visit(path: str, body: Iterable[ast.stmt], prefix: str) -> Iterator[_Read]:
    for node in body:
        if isinstance(node, _DEFINITIONS):
            if not _is_overload(node) and not _is_stub(node):
                yield _Read(_function(path, node, prefix), _form(node))
        elif isinstance(node, ast.ClassDef):
            yield from _visit(path, node.body, f"{prefix}{node.name}.")
        elif not _is_main_guard(node):
            for block in ("body", "orelse", "finalbody"):
                yield from _visit(path, getattr(node, block, ()), prefix)
            for handler in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
                yield from _visit(path, handler.body, prefix)


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test) and "'__main__'" in ast.dump(node.test)


def _names(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """The last names of the decorators: ``overload`` for ``typing.overload``, ``setter`` for ``size.setter``."""
    found = []
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        found.append(target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", ""))
    return found


def _is_overload(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return "overload" in _names(node)


def _is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    body = _without_docstring(node.body)
    if not body:
        return True
    if len(body) > 1:
        return False
    statement = body[0]
    if isinstance(statement, ast.Raise) and statement.exc is not None:
        return "NotImplementedError" in ast.dump(statement.exc)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:]
    return body


def _function(path: str, node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str) -> Function:
    statements = [inner for statement in _without_docstring(node.body) for inner in ast.walk(statement)]
    lines = {inner.lineno for inner in statements if isinstance(inner, ast.stmt)}
    return Function(
        path=path,
        qualname=prefix + node.name,
        kind=_kind(node, prefix),
        first_line=min([node.lineno, *[decorator.lineno for decorator in node.decorator_list]]),
        def_line=node.lineno,
        last_line=node.end_lineno or node.lineno,
        body_lines=tuple(sorted(lines - _lines_without_code(statements))),
        is_async=isinstance(node, ast.AsyncFunctionDef),
    )


def _lines_without_code(statements: Iterable[ast.AST]) -> set[int]:
    """Lines for which the compiler makes no code, so that nothing can run them: ``global x``, docstrings of inner functions."""
    silent: set[int] = set()
    for node in statements:
        if isinstance(node, (ast.Global, ast.Nonlocal)) or (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        ):
            silent.add(node.lineno)
        elif isinstance(node, ast.AnnAssign) and node.value is None:
            silent.add(node.lineno)
    return silent


def _kind(node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str) -> Kind:
    names = _names(node)
    if not prefix:
        return Kind.FUNCTION
    if "classmethod" in names:
        return Kind.CLASS_METHOD
    if "staticmethod" in names:
        return Kind.STATIC_METHOD
    if {"property", "cached_property", "setter", "deleter", "getter"} & set(names):
        return Kind.PROPERTY
    return Kind.METHOD


def _form(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the function without what cannot change behaviour: its name, docstrings, annotations, layout."""
    bare = copy.deepcopy(node)
    own_name = bare.name
    bare.name = "_"
    for inner in ast.walk(bare):
        if isinstance(inner, ast.arg):
            inner.annotation = None
            inner.type_comment = None
        elif isinstance(inner, (*_DEFINITIONS, ast.ClassDef)):
            inner.body = _without_docstring(inner.body) or [ast.Pass()]
            if isinstance(inner, _DEFINITIONS):
                inner.returns = None
                inner.type_comment = None
        elif isinstance(inner, ast.Name) and inner.id == own_name:
            inner.id = "_"  # a call of itself: renaming renames it too
    return ast.dump(_Unannotated().visit(bare))


class _Unannotated(ast.NodeTransformer):
    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:  # noqa: N802
        if node.value is None:
            return ast.Pass()
        return ast.Assign(targets=[node.target], value=self.visit(node.value), type_comment=None)
