"""Adds tests to a test file by adding lines only, so that all that is there stays as it is, byte for byte."""

from __future__ import annotations

import ast
import builtins
import codecs
import copy
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytestgen_hook.codestyle import DEFAULT_LENGTH
from pytestgen_hook.importlines import Import, blocks_of, imports_of, joined_blocks, statement
from pytestgen_hook.placement import with_imports, with_tests
from pytestgen_hook.pytest_settings import PytestSettings
from pytestgen_hook.sourcefile import CannotMerge, SourceFile
from pytestgen_hook.types.generated import TestModule

_MARKS_THAT_CHANGE_RUNS = re.compile(r"\b(skip|skipif|xfail|parametrize)\b")
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_BY_DEFAULT = PytestSettings().collects_name
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, slots=True)
class Merged:
    """A test file with tests added, and the name that each of them has in it (not always the one asked for)."""

    source: bytes
    names: Mapping[str, str]


def merge_tests(
    existing: bytes | None,
    new: TestModule,
    *,
    first_party: Collection[str],
    collected: Callable[[str], bool] = _BY_DEFAULT,
    line_length: int = DEFAULT_LENGTH,
) -> Merged:
    """Return the test file with the tests of ``new`` added; None for ``existing`` makes a new file.

    A test that is there already, under its name or the one that a clash gave it, is not added again. ``first_party``
    are the top-level names of the project's own modules, which stand in a block of their own; ``collected`` tells which
    names pytest takes for tests. Raises CannotMerge.
    """
    new, imports = _with_hidden_names(new, collected)
    if existing is None or not existing.removeprefix(codecs.BOM_UTF8).strip():
        tests, names = _named_apart(new.tests, {item.bound for item in imports}, {}, collected)
        return Merged(_new_file(_used(imports, tests), tests, first_party, line_length).encode(), names)
    try:
        return _added_to(SourceFile.read(existing), new, imports, first_party, collected, line_length)
    except RecursionError:  # such as a text put together from hundreds of others with +
        raise CannotMerge("its expressions are nested too deeply") from None


def _added_to(
    file: SourceFile,
    new: TestModule,
    imports: Sequence[Import],
    first_party: Collection[str],
    collected: Callable[[str], bool],
    line_length: int,
) -> Merged:
    tree = file.tree()
    bindings = _Bindings.of(tree)
    taken = {*bindings.found, *(item.bound for item in imports)}
    tests, names = _named_apart(new.tests, taken, _tests_there(tree, collected), collected)
    if tests:
        _refuse_what_would_change_tests(tree)
        missing = [item for item in _used(imports, tests) if not _is_there(item, tree, bindings)]
        file = with_imports(file, missing, first_party, line_length)
        file = with_tests(file, _joined([source for _, source in tests]))
    return Merged(file.content(), names)


def _new_file(
    imports: Sequence[Import], tests: Sequence[tuple[str, str]], first_party: Collection[str], line_length: int
) -> str:
    head = joined_blocks(blocks_of(imports, first_party, line_length))
    body = _joined([source for _, source in tests])
    return f"{head}\n\n{body}" if head and body else head + body


def _joined(tests: Sequence[str]) -> str:
    return "\n\n".join(source.rstrip("\n") + "\n" for source in tests)


def _used(imports: Iterable[Import], tests: Iterable[tuple[str, str]]) -> list[Import]:
    names = {node.id for _, source in tests for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    return sorted({item for item in imports if item.bound in names})


# -- the names of tests ----------------------------------------------------------------------------------------------


def _tests_there(tree: ast.Module, collected: Callable[[str], bool]) -> dict[str, str]:
    """Map the meaning of each test of the file to its name."""
    return {
        _meaning(node): node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and collected(node.name)
    }


def _meaning(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """The test without its layout and its names: they may be given to tell it from others, or by the user."""
    node = _WithoutIds().visit(copy.deepcopy(node))
    parts = [ast.dump(part) for part in (node.args, *node.decorator_list, *node.body)]
    return " ".join([type(node).__name__, *parts])


class _WithoutIds(ast.NodeTransformer):
    """Takes the ids of rows away: ``pytest.param(1, id="one")`` is the row that ``pytest.param(1)`` is."""

    def visit_Call(self, node: ast.Call) -> ast.Call:
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "param":
            node.keywords = [item for item in node.keywords if item.arg != "id"]
        return node


def _definition(source: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    node = ast.parse(source).body[0]
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise ValueError(f"not a test function: {source}")
    return node


def _named_apart(
    tests: Iterable[tuple[str, str]],
    taken: Collection[str],
    there: Mapping[str, str],
    collected: Callable[[str], bool],
) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """Return the tests that are not there, under names that nothing else has, and the name of each test in the file."""
    used = set(taken)
    added: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    for name, source in tests:
        meaning = _meaning(_definition(source))
        if meaning in there:
            names[name] = there[meaning]
            continue
        free, count = name, 1
        while free in used:
            count += 1
            free = _numbered(name, count, collected)
        used.add(free)
        names[name] = free
        added.append((free, source if free == name else renamed(source, name, free)))
    return added, names


def _numbered(name: str, count: int, collected: Callable[[str], bool]) -> str:
    """The name with a number: behind it, or before its last word where pytest goes by that (``double_2_test``)."""
    numbered = f"{name}_{count}"
    return numbered if collected(numbered) else re.sub(r"(_[^_]+)$", rf"_{count}\1", name)


def renamed(source: str, name: str, free: str) -> str:
    """Return the source of a test under another name."""
    pattern = rf"^((?:async\s+)?def\s+){re.escape(name)}\b"
    return re.sub(pattern, rf"\g<1>{free}", source, count=1, flags=re.MULTILINE)


def _with_hidden_names(new: TestModule, collected: Callable[[str], bool]) -> tuple[TestModule, list[Import]]:
    """Import what is called like a test under a private name: pytest would collect it from the test file as one."""
    imports = [
        Import(module, name, _hidden(name, collected) if collected(name) else name or module.split(".")[0])
        for module, name in new.imports
    ]
    hidden = {item.name: item.bound for item in imports if item.name and item.bound != item.name}
    if not hidden:
        return new, imports
    tests = tuple((name, _with_names(source, hidden)) for name, source in new.tests)
    return replace(new, tests=tests), imports


def _hidden(name: str, collected: Callable[[str], bool]) -> str:
    return f"_{name}_" if collected(f"_{name}") else f"_{name}"


def _with_names(source: str, names: Mapping[str, str]) -> str:
    """Return the source with names replaced; their places are in bytes, as ast has them."""
    lines = source.encode().splitlines(keepends=True)
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name) and node.id in names]
    for node in sorted(found, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        line, at = lines[node.lineno - 1], node.col_offset
        lines[node.lineno - 1] = line[:at] + names[node.id].encode() + line[at + len(node.id.encode()) :]
    return b"".join(lines).decode()


# -- what the file's names mean --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Bindings:
    """What each name of the module's top level is bound by: imports, or None for anything else."""

    found: dict[str, set[Import | None]] = field(default_factory=dict)
    read: set[str] = field(default_factory=set)
    stars: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, tree: ast.Module) -> _Bindings:
        """Return the bindings, those of ``global`` statements included, and all names that are read anywhere."""
        bindings = cls()
        for name, item in _bound_in(tree):
            if item is not None and item.name == "*":
                bindings.stars.add(item.module)
            else:
                bindings.found.setdefault(name, set()).add(item)
        for node in ast.walk(tree):
            if isinstance(node, ast.Global):
                for name in node.names:
                    bindings.found.setdefault(name, set()).add(None)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                bindings.read.add(node.id)
        return bindings


def _bound_in(node: ast.AST) -> Iterator[tuple[str, Import | None]]:
    """Yield the names that a statement or expression binds in the scope that it stands in."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from ((item.bound, item) for item in imports_of(node))
    elif isinstance(node, _SCOPES):
        yield node.name, None
    elif isinstance(node, _COMPREHENSIONS):  # their own targets stay inside, those of := do not
        yield from ((inner.target.id, None) for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))
    elif not isinstance(node, ast.Lambda):
        name = _bound_by(node)
        if name:
            yield name, None
        for child in ast.iter_child_nodes(node):
            yield from _bound_in(child)


def _bound_by(node: ast.AST) -> str | None:
    """The name that this node itself binds."""
    if isinstance(node, ast.Name):
        return None if isinstance(node.ctx, ast.Load) else node.id
    if isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)):
        return node.name
    return node.rest if isinstance(node, ast.MatchMapping) else None


def _is_there(wanted: Import, tree: ast.Module, bindings: _Bindings) -> bool:
    """Whether the file imports it already; CannotMerge where the name means, or may mean, something else in it."""
    bound = bindings.found.get(wanted.bound, set())
    for item in bound:
        if item is None or not _same_meaning(item, wanted):
            raise CannotMerge(f"the name {wanted.bound} means something else in it: {_told(item)}")
    if not bound and wanted.bound in bindings.read:
        if hasattr(builtins, wanted.bound):
            raise CannotMerge(f"the name {wanted.bound} means the builtin in it")
        if bindings.stars - {wanted.module}:
            raise CannotMerge(f"the name {wanted.bound} may come from a star import in it")
    return wanted in _imports_run(tree.body)


def _imports_run(body: Iterable[ast.stmt]) -> Iterator[Import]:
    """Yield what runs of itself imports: not what stands below an ``if``, such as that for type checkers."""
    for node in body:
        yield from imports_of(node)
        if isinstance(node, (ast.Try, ast.With)):
            yield from _imports_run(node.body)


def _same_meaning(one: Import, other: Import) -> bool:
    """``import a.b`` and ``import a.c`` both bind the package a."""
    return one == other or (not one.name and not other.name and one.bound == other.bound == one.module.split(".")[0])


def _told(item: Import | None) -> str:
    if item is None:
        return "it is defined or assigned there"
    return statement(item.module, [item] if item.name else [], DEFAULT_LENGTH).strip()


def _refuse_what_would_change_tests(tree: ast.Module) -> None:
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        names = {target.id for target in _targets(node) if isinstance(target, ast.Name)}
        if not names & {"pytestmark", "__test__"}:
            continue
        value = ast.unparse(node.value)
        if "pytestmark" in names and _MARKS_THAT_CHANGE_RUNS.search(value):
            raise CannotMerge(f"its pytestmark = {value} would hold for the new tests as well")
        if "__test__" in names and value == "False":
            raise CannotMerge("it says __test__ = False, so pytest passes it over")


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    return node.targets if isinstance(node, ast.Assign) else [node.target]
