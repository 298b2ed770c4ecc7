"""Comments that silence findings: ``# pytestgen: ignore[PTG001] why``, on a line, a function, a class or a file."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pytestgen_hook.errors import FatalError
from pytestgen_hook.rules import rule
from pytestgen_hook.sourcefile import CannotMerge, SourceFile

MARK = b"pytestgen:"
_COMMENT = re.compile(r"#\s*pytestgen:\s*ignore\b(?:\s*\[(?P<codes>[^\]]*)\])?(?P<reason>[^#]*)")
_EXAMPLE = "Write # pytestgen: ignore[PTG001] and the reason."
# Whether a function is new or changed depends on the range that is looked at, and not on the function.
_ALIKE = frozenset({"PTG001", "PTG002"})
_EVERYTHING = 10**9
_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment: where it stands, the rules it names, why, and the lines ``first`` to ``last`` that it holds for."""

    line: int
    codes: frozenset[str]
    reason: str
    first: int
    last: int

    def covers(self, line: int | None) -> bool:
        """Whether it holds for what is defined in a line; None stands for the whole file."""
        return self.last == _EVERYTHING if line is None else self.first <= line <= self.last

    def silences(self, code: str, line: int | None) -> bool:
        """Whether it silences a finding of a rule about what is defined in a line."""
        return self.covers(line) and (code in self.codes or (code in _ALIKE and bool(_ALIKE & self.codes)))


def suppressions_in(path: str, source: bytes) -> list[Suppression]:
    """Return the comments of a source that silence something, in order.

    One after code holds for that line; on a line of its own, for the statement right below it. On or above the head of
    a function or class that means all of it; above all code, with an empty line below, the whole file. In a source that
    cannot be read as Python only those above all code count. FatalError for one that names no rule, an unknown one, or no
    reason.
    """
    if MARK not in source:
        return []
    try:
        text = SourceFile.read(source).text()
    except CannotMerge:
        text = source.decode("latin-1")
    tree = _tree(text)
    lines = text.split("\n")
    found = []
    for number, comment, is_alone in _head(lines) if tree is None else _comments(text):
        match = _COMMENT.match(comment)
        if match:
            first, last = (1, _EVERYTHING) if tree is None else _range(number, is_alone, lines, tree)
            found.append(Suppression(number, *_read(f"{path}:{number}", match), first, last))
    return found


def _read(where: str, match: re.Match[str]) -> tuple[frozenset[str], str]:
    codes = [code.strip() for code in (match["codes"] or "").split(",") if code.strip()]
    reason = match["reason"].strip(" \t:-")
    if not codes:
        raise FatalError(f"{where}: the comment names no rule to ignore. {_EXAMPLE}")
    try:
        known = frozenset(rule(code).code for code in codes)
    except FatalError as error:
        raise FatalError(f"{where}: {error}") from None
    if not reason:
        raise FatalError(f"{where}: the comment does not say why. {_EXAMPLE}")
    return known, reason


# -- what a comment holds for ------------------------------------------------------------------------------------------


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _head(lines: Sequence[str]) -> Iterator[tuple[int, str, bool]]:
    """Yield the comments above all code, as ``_comments`` does."""
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text.startswith("#"):
            yield number, text, True
        elif text:
            return


def _comments(text: str) -> Iterator[tuple[int, str, bool]]:
    """Yield each comment with its line, and whether it stands alone there."""
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string, not token.line[: token.start[1]].strip()
    except (tokenize.TokenError, SyntaxError):
        return


def _range(number: int, is_alone: bool, lines: Sequence[str], tree: ast.Module) -> tuple[int, int]:
    if is_alone:
        below = next((line for line in range(number + 1, len(lines) + 1) if not _is_comment(lines[line - 1])), 0)
        starting = [node for node in _statements(tree) if _first_line(node) == below]
        if starting:
            return _extent(starting[0])
        if number < _first_code(tree) and not (below and lines[below - 1].strip()):
            return 1, _EVERYTHING
    heads = [node for node in _statements(tree) if isinstance(node, _Scope) and number in _header(node)]
    if heads:
        return _extent(max(heads, key=_first_line))
    around = [node for node in _statements(tree) if not hasattr(node, "body") and number in range(*_span(node))]
    return _extent(around[0]) if around else (number, number)


def _is_comment(line: str) -> bool:
    return line.strip().startswith("#")


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(item.lineno for item in decorators)])


def _extent(node: ast.stmt) -> tuple[int, int]:
    return _first_line(node), node.end_lineno or node.lineno


def _span(node: ast.stmt) -> tuple[int, int]:
    first, last = _extent(node)
    return first, last + 1


def _header(node: _Scope) -> range:
    """The lines of a definition before its body begins."""
    return range(_first_line(node), max(node.lineno, _first_line(node.body[0]) - 1) + 1)


def _first_code(tree: ast.Module) -> int:
    """The line of the first statement, a docstring aside."""
    docstring = bool(tree.body) and isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant)
    body = tree.body[1:] if docstring else tree.body
    return _first_line(body[0]) if body else _EVERYTHING


# -- writing them ------------------------------------------------------------------------------------------------------


def with_suppressions(path: str, source: bytes, wanted: Mapping[int | None, Iterable[str]], reason: str) -> bytes:
    """Return the source with a comment above each line of ``wanted``, which maps lines to the rules to ignore there.

    None stands for the whole file. All bytes that are there stay. What is silenced already gets no second comment.
    CannotMerge where a comment would not say what it is meant to.
    """
    file = SourceFile.read(source)
    there = suppressions_in(path, source)
    for line, codes in sorted(wanted.items(), key=lambda item: -(item[0] or 0)):
        missing = sorted({code for code in codes if not any(one.silences(code, line) for one in there)})
        if not missing:
            continue
        index, indent, below = _place(file, line)
        file = file.insert(index, f"{indent}# pytestgen: ignore[{', '.join(missing)}] {reason}\n{below}")
    _refuse_wrong(path, source, file.content(), wanted)
    return file.content()


def _place(file: SourceFile, line: int | None) -> tuple[int, str, str]:
    """Return before which line (from 0) a comment goes, its indentation, and what else follows it."""
    if line is None:
        head = 0
        while head < len(file.lines) and head < 2 and re.match(rb"#!|#.*coding[:=]", file.lines[head]):
            head += 1
        return head, "", "\n"
    tree = _tree(file.text())
    nodes = [node for node in _statements(tree) if node.lineno == line] if tree else []
    if not nodes:
        raise CannotMerge(f"nothing begins in line {line}")
    index = _first_line(nodes[0]) - 1
    text = file.lines[index].decode(file.encoding)
    return index, text[: len(text) - len(text.lstrip())].replace("\f", ""), ""


def _refuse_wrong(path: str, before: bytes, after: bytes, wanted: Mapping[int | None, Iterable[str]]) -> None:
    """Raise CannotMerge unless the code is what it was, and everything wanted is silenced."""
    old, new = (_tree(SourceFile.read(source).text()) for source in (before, after))
    try:
        is_same = (ast.dump(old) if old else None) == (ast.dump(new) if new else None)
    except RecursionError:
        raise CannotMerge("its expressions are nested too deeply") from None
    if not is_same:
        raise CannotMerge("a comment would change its code")
    moved = _moved(old, new)
    there = suppressions_in(path, after)
    for line, codes in wanted.items():
        place = line if line is None else moved.get(line)
        if not all(any(one.silences(code, place) for one in there) for code in codes):
            raise CannotMerge(f"no comment can stand above line {line or 1}")


def _moved(old: ast.Module | None, new: ast.Module | None) -> dict[int, int]:
    """Map the line of each statement before to its line now."""
    if old is None or new is None:
        return {}
    return {node.lineno: now.lineno for node, now in zip(_statements(old), _statements(new), strict=True)}
