"""Reads the functions of Python sources, and tells which of them a change added or altered."""

from __future__ import annotations

import ast
import hashlib
import sys
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from pytestgen_hook.types.changes import Change, ChangedFunction, Function, Kind, Unanalysed

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_ACCESSORS = ("setter", "deleter", "getter")
_KINDS = {  # by decorator, and for the methods that are no plain ones without any
    "classmethod": Kind.CLASS_METHOD,
    "abstractclassmethod": Kind.CLASS_METHOD,
    "__init_subclass__": Kind.CLASS_METHOD,
    "__class_getitem__": Kind.CLASS_METHOD,
    "staticmethod": Kind.STATIC_METHOD,
    "abstractstaticmethod": Kind.STATIC_METHOD,
    "__new__": Kind.STATIC_METHOD,
}
_NEWEST_SYNTAX = (3, 14)
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"


class SyntaxProblem(Exception):  # noqa: N818
    """A source that cannot be read as Python; the message says why."""


def functions_in(path: str, source: bytes) -> list[Function]:
    """Return the functions of a source worth testing, in order; SyntaxProblem if it cannot be read.

    Left out: overloads, stubs (nothing but ``...``, ``pass``, strings or ``raise NotImplementedError``), and what
    stands under ``if __name__ == "__main__"`` or ``if TYPE_CHECKING``; and lambdas.
    """
    return [definition.function for definition in _definitions(path, source)]


def bodies(source: bytes) -> dict[tuple[str, int], str]:
    """Return {(qualified name, line of ``def``): digest} of the functions, and of what is not examined, of a source.

    The digest is the same for functions that do the same by their syntax, whatever their names, comments and layout;
    nothing for a source that cannot be read.
    """
    found = {(item.function.qualname, item.function.def_line): item.form for item in _definitions_if_readable(source)}
    found |= {(name, node.lineno): _form(node) for name, node, _ in _aside_if_readable(source)}
    return {
        place: hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()[:16] for place, form in found.items()
    }


def changed_functions(changes: Sequence[Change]) -> tuple[list[ChangedFunction], list[Unanalysed]]:
    """Return the new and altered functions of the changes in order, and what is not examined, with the reason.

    That is: files that cannot be read, functions that only run as a script, and lambdas that have a name.

    Compared are bodies, defaults, decorators and parameters, without docstrings, comments, annotations and layout. A
    new function that equals one that is gone from another place of the range was moved or renamed, and is no finding.
    """
    comparisons: list[_Comparison] = []
    problems: list[Unanalysed] = []
    for change in changes:
        try:
            comparisons.append(_compare(change))
            problems += _not_examined(change)
        except SyntaxProblem as problem:
            problems.append(Unanalysed(change.path, str(problem)))
    found: list[ChangedFunction] = []
    gone = _gone(changes, comparisons) if any(comparison.added for comparison in comparisons) else Counter()
    for comparison in comparisons:
        for definition in comparison.differing:
            is_new = definition in comparison.added
            if is_new and gone[definition.form]:
                gone[definition.form] -= 1
            else:
                found.append(ChangedFunction(definition.function, is_new))
    return found, problems


# -- comparing ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Definition:
    """A function with its syntax tree; ``role`` tells apart what shares a name: ``@size.setter`` and ``@property``."""

    function: Function
    node: ast.FunctionDef | ast.AsyncFunctionDef
    role: str

    @property
    def key(self) -> tuple[str, str]:
        return self.function.qualname, self.role

    @cached_property
    def form(self) -> str:
        """Equal for two functions that do the same by their syntax, whatever their names."""
        return _form(self.node)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The functions of one file before and after, those that differ, and those of them that are new."""

    before: Sequence[_Definition]
    after: Sequence[_Definition]
    differing: Sequence[_Definition]
    added: frozenset[_Definition]


def _compare(change: Change) -> _Comparison:
    after = _definitions(change.path, change.after)
    before = _definitions_if_readable(change.before)
    versions = [_by_key(before), *[_by_key(_definitions_if_readable(source)) for source in change.merged]]
    latest = _by_key(after)
    differing = [
        definition
        for definition in after
        if not any(
            _is_kept(definition, latest[definition.key], version.get(definition.key, ())) for version in versions
        )
    ]
    added = frozenset(item for item in differing if not any(item.key in version for version in versions))
    return _Comparison(before, after, differing, added)


def _is_kept(definition: _Definition, now: Sequence[_Definition], then: Sequence[_Definition]) -> bool:
    """Whether ``definition`` is what it was; ``now`` and ``then`` are all of its name, of which the last wins."""
    if not then:
        return False
    if definition is now[-1]:
        return definition.form == then[-1].form
    return any(definition.form == other.form for other in then)


def _gone(changes: Sequence[Change], comparisons: Sequence[_Comparison]) -> Counter[str]:
    """Count the forms that are no longer where they were; each can account for one function elsewhere."""
    deleted = dict.fromkeys(source for change in changes for source in change.deleted)
    gone = Counter(definition.form for source in deleted for definition in _definitions_if_readable(source))
    for comparison in comparisons:
        kept = Counter((definition.key, definition.form) for definition in comparison.after)
        for definition in comparison.before:
            if kept[definition.key, definition.form]:
                kept[definition.key, definition.form] -= 1
            else:
                gone[definition.form] += 1
    return gone


def _by_key(definitions: Iterable[_Definition]) -> dict[tuple[str, str], list[_Definition]]:
    found: dict[tuple[str, str], list[_Definition]] = {}
    for definition in definitions:
        found.setdefault(definition.key, []).append(definition)
    return found


# -- what is not examined ----------------------------------------------------------------------------------------

_GUARDED = 'it stands under `if __name__ == "__main__"`, where no test can import it -> move it out'
_LAMBDA = "it is a lambda -> write it as a function with def"


def _not_examined(change: Change) -> list[Unanalysed]:
    """The new and altered functions that no test could reach by their name, or that are not followed through a run."""
    before = {
        (name, _form(node))
        for source in (change.before, *change.merged)
        for name, node, _ in _aside_if_readable(source)
    }
    return [
        Unanalysed(change.path, reason, name, node.lineno)
        for name, node, reason in _aside_if_readable(change.after)
        if (name, _form(node)) not in before
    ]


def _aside_if_readable(source: bytes | None) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    if source is None or not (b"lambda" in source or b"__main__" in source):
        return []
    try:
        return list(_aside(_parse(source).body))
    except SyntaxProblem:
        return []


def _aside(body: Iterable[ast.stmt]) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef, str]]:
    """Yield what is passed over in finding functions, each with its name, as a function, and with the reason."""
    pending = [(statement, "", "") for statement in reversed(list(body))]
    while pending:
        node, prefix, reason = pending.pop()
        if isinstance(node, _FUNCTIONS):
            if reason and not _is_stub(node):
                yield prefix + node.name, node, reason
        elif isinstance(node, ast.ClassDef):
            pending += [(inner, f"{prefix}{node.name}.", reason) for inner in reversed(node.body)]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Lambda):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for name in [target.id for target in targets if isinstance(target, ast.Name)]:
                yield prefix + name, _as_function(name, node), reason or _LAMBDA
        else:
            pending += [(inner, prefix, reason) for inner in reversed(list(_inner(node)))]
            if isinstance(node, ast.If) and _is_main_guard(node.test):
                pending += [(inner, prefix, _GUARDED) for inner in reversed(node.body)]


def _as_function(name: str, assignment: ast.Assign | ast.AnnAssign) -> ast.FunctionDef:
    function = ast.parse(f"def {name}(): return 0").body[0]
    assert isinstance(function, ast.FunctionDef)
    assert isinstance(assignment.value, ast.Lambda)
    function.args = assignment.value.args
    function.body = [ast.Return(assignment.value.body)]
    function.lineno = assignment.lineno
    return function


# -- finding -----------------------------------------------------------------------------------------------------


def _definitions_if_readable(source: bytes | None) -> list[_Definition]:
    try:
        return _definitions("", source or b"")
    except SyntaxProblem:
        return []  # what such a file did is unknown: all that comes after it counts as new


def _definitions(path: str, source: bytes) -> list[_Definition]:
    found = []
    pending = [(statement, "") for statement in reversed(_parse(source).body)]
    while pending:  # not by recursion: a chain of a thousand `elif` is nested a thousand deep
        node, prefix = pending.pop()
        if isinstance(node, _FUNCTIONS):
            if "overload" not in _decorators(node) and not _is_stub(node):
                found.append(_Definition(_function(path, node, prefix), node, _role(node)))
        elif isinstance(node, ast.ClassDef):
            pending += [(inner, f"{prefix}{node.name}.") for inner in reversed(node.body)]
        else:
            pending += [(inner, prefix) for inner in reversed(list(_inner(node)))]
    return found


def _parse(source: bytes) -> ast.Module:
    if source.startswith(_LFS_POINTER):
        raise SyntaxProblem("is a Git LFS pointer, not the source itself")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about "\d" and the like, which are for others to mend
            return ast.parse(source)
    except SyntaxError as error:
        where = f"line {error.lineno}: " if error.lineno else ""
        raise SyntaxProblem(f"syntax error, {where}{error.msg}{_about_syntax()}") from None
    except (ValueError, LookupError, RecursionError, MemoryError) as error:
        raise SyntaxProblem(f"cannot be parsed: {str(error) or type(error).__name__}") from None


def _about_syntax() -> str:
    if sys.version_info >= _NEWEST_SYNTAX:
        return ""
    python = ".".join(map(str, sys.version_info[:2]))
    return f" (read as Python {python}; for newer syntax, install pytestgen with a newer Python)"


def _inner(node: ast.stmt) -> Iterator[ast.stmt]:
    """Yield the statements directly inside one that is neither function nor class, in order."""
    if not (isinstance(node, ast.If) and _is_never_imported(node.test)):
        yield from getattr(node, "body", ())
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield from part.body
    yield from getattr(node, "orelse", ())
    yield from getattr(node, "finalbody", ())


def _is_never_imported(test: ast.expr) -> bool:
    """Whether a condition is exactly ``__name__ == "__main__"`` or ``TYPE_CHECKING``."""
    return _is_main_guard(test) or _last_name(test) == "TYPE_CHECKING"


def _is_main_guard(test: ast.expr) -> bool:
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
        sides = (test.left, test.comparators[0])
        names = [side.id for side in sides if isinstance(side, ast.Name)]
        return names == ["__name__"] and any(
            isinstance(side, ast.Constant) and side.value == "__main__" for side in sides
        )
    return False


def _function(path: str, node: ast.FunctionDef | ast.AsyncFunctionDef, prefix: str) -> Function:
    inner = [inner for statement in _without_docstring(node.body) for inner in ast.walk(statement)]
    return Function(
        path=path,
        qualname=prefix + node.name,
        kind=_kind(node) if prefix else Kind.FUNCTION,
        first_line=min([node.lineno, *[decorator.lineno for decorator in node.decorator_list]]),
        def_line=node.lineno,
        last_line=node.end_lineno or node.lineno,
        body_lines=tuple(
            sorted({_first_line(item) for item in inner if isinstance(item, ast.stmt) and _has_code(item)})
        ),
        is_async=isinstance(node, ast.AsyncFunctionDef),
    )


def _kind(node: ast.FunctionDef | ast.AsyncFunctionDef) -> Kind:
    for name in (*_decorators(node), node.name):
        if name in _KINDS:
            return _KINDS[name]
    if any(name in _ACCESSORS or name.endswith("property") for name in _decorators(node)):
        return Kind.PROPERTY
    return Kind.METHOD


def _role(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """What a function is among those of its name: an accessor of a property, or the implementation for a type."""
    names = _decorators(node)
    if "register" in names:  # of functools.singledispatch, which goes by its argument or the first annotation
        annotations = [argument.annotation for argument in node.args.args if argument.annotation]
        return _written([node.decorator_list, annotations[:1]], node)
    return next((name for name in names if name in _ACCESSORS), "")


def _decorators(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    """Return the last names of the decorators: ``setter`` for ``@size.setter``."""
    return [_last_name(decorator) for decorator in node.decorator_list]


def _last_name(expression: ast.expr | None) -> str:
    target = expression.func if isinstance(expression, ast.Call) else expression
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


def _is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return all(
        isinstance(statement, ast.Pass)
        or _is_constant(statement)
        or (isinstance(statement, ast.Raise) and _last_name(statement.exc) == "NotImplementedError")
        for statement in node.body
    )


def _is_constant(statement: ast.AST) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    return body[1:] if _is_constant(body[0]) else body


def _first_line(statement: ast.stmt) -> int:
    """The line that running a statement begins with: not that of ``if (`` where the condition follows on the next."""
    first: ast.stmt | ast.expr = statement
    if isinstance(statement, (ast.If, ast.While, ast.Assert)):
        first = statement.test
    elif isinstance(statement, ast.Expr):
        first = statement.value
    while isinstance(first, ast.UnaryOp) and isinstance(first.op, ast.Not):
        first = first.operand
    return first.lineno


def _has_code(statement: ast.stmt) -> bool:
    """Whether the compiler makes anything of a statement; what it leaves out, no test can run."""
    if isinstance(statement, ast.AnnAssign):
        return statement.value is not None
    return not isinstance(statement, (ast.Global, ast.Nonlocal)) and not _is_constant(statement)


# -- the form of a function --------------------------------------------------------------------------------------

_NAME = "<the name of the function itself>"
_END = object()
# Fields that cannot change behaviour, or follow from the place (``ctx``).
_IRRELEVANT = frozenset({"ctx", "kind", "type_comment", "type_params", "returns"})


def _form(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Write down a function without what cannot change behaviour: its own name, docstrings, annotations, layout."""
    return _written(function, function)


def _written(root: object, function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Write down syntax nodes; not by recursion as ``ast.dump``, and so without a limit on the depth of expressions."""
    classes = [node for node in ast.walk(function) if isinstance(node, ast.ClassDef)]
    fields = {id(statement) for node in classes for statement in node.body}  # perhaps of a dataclass: these count
    written: list[str] = []
    pending = [root]
    while pending:
        item = pending.pop()
        if item is _END:
            written.append(")")
        elif isinstance(item, ast.AST):
            name, parts = _parts(item, function, id(item) in fields)
            written.append(f"{name}(")
            pending += [_END, *reversed(parts)]
        elif isinstance(item, list):
            written.append("(")
            pending += [_END, *reversed([part for part in item if not _is_idle(part, id(part) in fields)])]
        else:
            # Decimal digits of a very long number would be refused.
            written.append(f"{hex(item) if type(item) is int else repr(item)},")
    return "".join(written)


def _parts(node: ast.AST, function: ast.FunctionDef | ast.AsyncFunctionDef, is_field: bool) -> tuple[str, list[object]]:
    """Return the kind of a node and what counts of it, the function's own name replaced wherever it stands."""
    kind = type(node).__name__
    if node is function:
        return kind, [function.args, function.body, function.decorator_list]
    if isinstance(node, ast.arg):
        return kind, [node.arg]
    if isinstance(node, ast.Name):
        return kind, [_NAME if node.id == function.name else node.id]
    if isinstance(node, ast.Attribute) and node.attr == function.name:
        return kind, [node.value, _NAME if _last_name(node.value) in ("self", "cls") else node.attr]
    if isinstance(node, ast.AnnAssign) and not is_field:
        return "Assign", [[node.target], node.value]
    return kind, [getattr(node, name, None) for name in node._fields if name not in _IRRELEVANT]


def _is_idle(part: object, is_field: bool) -> bool:
    if isinstance(part, ast.AnnAssign):
        return part.value is None and not is_field
    return isinstance(part, ast.Pass) or (isinstance(part, ast.Expr) and _is_constant(part))
