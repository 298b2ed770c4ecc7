"""Where added imports and tests stand in a test file that is there already."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytestgen_hook.importlines import Import, blocks_of, imports_of, joined_blocks, section_of
from pytestgen_hook.sourcefile import SourceFile

if TYPE_CHECKING:
    import libcst

_EDITOR_LINE = re.compile(r"#.*(\b(vim?|ex):|-\*-|Local Variables:|End:)")
_ENCODING = re.compile(r"#.*?coding[:=]")
_PREPARATION = re.compile(
    r"sys\s*\.\s*path|importorskip|sys\s*\.\s*modules|os\s*\.\s*environ|\bsite\s*\.\s*addsitedir"
    r"|\bdjango\s*\.\s*setup|\bsettings\s*\.\s*configure|\bmonkey\s*\.\s*patch_all|\bregister_assert_rewrite"
)


def with_imports(
    file: SourceFile, imports: Sequence[Import], first_party: Collection[str], line_length: int
) -> SourceFile:
    """Add import lines below the imports of the file's head, in their sorted place where the head is sorted."""
    if not imports:
        return file
    module = file.concrete()
    head = _head_of(module)
    blocks = blocks_of(imports, first_party, line_length)
    if head.imports and head.is_plain:
        placed = _among_imports(file, module, head.imports, blocks, first_party)
        if placed is not None:
            return placed
    text = joined_blocks(blocks)
    if head.after == 0:
        return file.insert(_end_of_header(module), text, above=1, below=_gap_below(module, 0))
    last = _plain_import(module.body[head.after - 1]) is not None
    at = _lines_before(module, head.after)
    return file.insert(at, text, above=0 if last else 1, below=_gap_below(module, head.after))


def with_tests(file: SourceFile, tests: str) -> SourceFile:
    """Append tests: at the end, or above a main guard or an editor's settings that end the file."""
    module = file.concrete()
    end = len(file.lines)
    at = end
    if module.body and _is_main_guard(module.body[-1]):
        at = _lines_before(module, len(module.body) - 1)
    else:
        closing = [line.comment for line in (module.footer if module.body else module.header)]
        while closing and (closing[-1] is None or _EDITOR_LINE.match(closing[-1].value)):
            closing.pop()
            at -= 1
        below = [line.strip() for line in file.lines[at:]]
        if not any(below) or not all(line.startswith(b"#") for line in below if line):
            at = end
    return file.insert(at, tests, above=2, below=2)


def _lines_before(module: libcst.Module, count: int) -> int:
    """How many lines the file has up to the end of its statement number ``count``."""
    if count == 0:
        return len(module.header)
    return module.with_changes(body=module.body[:count], footer=(), has_trailing_newline=True).code.count("\n")


@dataclass(frozen=True, slots=True)
class _Head:
    """The statements above the first definition: how many end the place for imports, and the run of plain imports."""

    after: int  # statements that added imports must follow
    imports: range  # the statements from the first plain import to the last
    is_plain: bool  # nothing but single imports without stars in that run, and nothing below it that must come first


def _head_of(module: libcst.Module) -> _Head:
    import libcst

    after, run, is_plain = 0, range(0), True
    for index, statement in enumerate(module.body):
        if isinstance(statement, (libcst.FunctionDef, libcst.ClassDef)):
            break
        if _plain_import(statement) is not None:
            run = range(run.start if run else index, index + 1)
            after = index + 1
        elif index == 0 and _is_docstring(statement):
            after = 1
        elif _PREPARATION.search(module.code_for_node(statement)):
            after = index + 1
            is_plain = False
    is_plain = is_plain and all(_plain_import(module.body[index]) not in (None, "*") for index in run)
    return _Head(after, run, is_plain)


def _plain_import(statement: libcst.CSTNode) -> str | None:
    """The module of a line that is one import; "*" for a star or more than one module; None if it is no import."""
    import libcst

    if not isinstance(statement, libcst.SimpleStatementLine):
        return None
    node = statement.body[0]
    if not isinstance(node, (libcst.Import, libcst.ImportFrom)):
        return None
    parsed = ast.parse(libcst.Module([]).code_for_node(node)).body[0]
    items = imports_of(parsed)
    if len(statement.body) > 1 or len({item.module for item in items}) > 1 or items[0].name == "*":
        return "*"
    return items[0].module


def _is_docstring(statement: libcst.CSTNode) -> bool:
    import libcst

    return (
        isinstance(statement, libcst.SimpleStatementLine)
        and isinstance(statement.body[0], libcst.Expr)
        and isinstance(statement.body[0].value, (libcst.SimpleString, libcst.ConcatenatedString))
    )


def _gap_below(module: libcst.Module, index: int) -> int:
    import libcst

    following = module.body[index] if index < len(module.body) else None
    return 2 if isinstance(following, (libcst.FunctionDef, libcst.ClassDef)) else 1


def _end_of_header(module: libcst.Module) -> int:
    """The line below the comments that open the file, but above those that lead up to its first statement."""
    header = module.header
    end = len(header)
    while module.body and end > 0 and header[end - 1].comment is not None:
        end -= 1
    above = [line.comment.value if line.comment else "" for line in header[end:2]]
    is_first = end == 0 or any(map(_ENCODING.match, above))  # the encoding is to be named in one of the first two lines
    return len(header) if is_first else end


def _among_imports(
    file: SourceFile, module: libcst.Module, run: range, blocks: Mapping[int, list[str]], first_party: Collection[str]
) -> SourceFile | None:
    """Put each import where a sorted file has it; None if the file's own imports are not in blocks."""
    present = [_Present.of(module, index, first_party) for index in run]
    sections = [item.key[0] for item in present]
    if sections != sorted(sections):
        return None
    places: dict[int, list[_Added]] = {}
    for section, statements in blocks.items():
        own = [item for item in present if item.key[0] == section]
        if own:
            for text in statements:
                places.setdefault(_line_among(text, own), []).append(_Added(text, 0, 0))
            continue
        before = sum(1 for other in sections if other < section)
        line = present[before - 1].end if before else present[0].start
        added = _Added("".join(statements), above=min(before, 1), below=1)
        places.setdefault(line, []).append(added)
    for line in sorted(places, reverse=True):
        for added in reversed(places[line]):
            file = file.insert(line, added.text, above=added.above, below=added.below)
    return file


@dataclass(frozen=True, slots=True)
class _Present:
    """An import of the file: its order among others and the lines it takes."""

    key: tuple[int, bool, str]
    start: int
    end: int

    @classmethod
    def of(cls, module: libcst.Module, index: int, first_party: Collection[str]) -> _Present:
        import libcst

        line = libcst.ensure_type(module.body[index], libcst.SimpleStatementLine)
        name = _plain_import(line) or ""
        key = (section_of(name, first_party), isinstance(line.body[0], libcst.ImportFrom), name.lower())
        return cls(key, _lines_before(module, index) + len(line.leading_lines), _lines_before(module, index + 1))


@dataclass(frozen=True, slots=True)
class _Added:
    """Import lines, and how many blank lines they want around them."""

    text: str
    above: int
    below: int


def _line_among(text: str, own: Sequence[_Present]) -> int:
    """Return the line for a statement among those of its section."""
    key = (own[0].key[0], text.startswith("from "), text.split()[1].lower())
    smaller = [item for item in own if item.key <= key]
    return smaller[-1].end if smaller else own[0].start


def _is_main_guard(statement: libcst.CSTNode) -> bool:
    import libcst

    if not isinstance(statement, libcst.If) or not isinstance(statement.test, libcst.Comparison):
        return False
    return "__name__" in libcst.Module([]).code_for_node(statement.test)
