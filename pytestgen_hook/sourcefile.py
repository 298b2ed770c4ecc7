"""A Python file as its lines, to which lines can be added while all others stay as they are, byte for byte."""

from __future__ import annotations

import ast
import codecs
import io
import tokenize
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst


class CannotMerge(Exception):  # noqa: N818
    """The file is not one to add these tests to, a new one is; the message says why. Never raised for a new file."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A Python file as its lines with their own ends, so that adding a line leaves the others alone."""

    lines: tuple[bytes, ...]
    encoding: str
    mark: bytes  # byte order mark
    end: bytes  # the line end that new lines get

    @classmethod
    def read(cls, source: bytes) -> SourceFile:
        """Return the file; CannotMerge if its encoding is unknown."""
        mark = codecs.BOM_UTF8 if source.startswith(codecs.BOM_UTF8) else b""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        except SyntaxError as error:
            raise CannotMerge(f"it cannot be decoded: {error}") from None
        lines = tuple(source.removeprefix(mark).splitlines(keepends=True))
        ends = [line[len(line.rstrip(b"\r\n")) :] for line in lines]
        known = [end for end in (b"\n", b"\r\n", b"\r") if end in ends]
        end = max(known, key=ends.count, default=b"\n")
        return cls(lines, "utf-8" if mark else encoding, mark, end)

    def content(self) -> bytes:
        """The file as bytes."""
        return self.mark + b"".join(self.lines)

    def text(self) -> str:
        """The text to be parsed: line ends made one, form feeds left out (no line is added or lost by that)."""
        try:
            text = b"".join(self.lines).decode(self.encoding)
        except UnicodeDecodeError as error:
            raise CannotMerge(f"it cannot be decoded: {error}") from None
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "")

    def tree(self) -> ast.Module:
        """The tree that says what names mean."""
        try:
            return ast.parse(self.text())
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise CannotMerge(f"it does not parse: {error}") from None

    def concrete(self) -> libcst.Module:
        """The tree that knows where comments and blank lines belong."""
        import libcst

        text = self.text()
        text += "" if text.endswith("\n") else "\n"  # libcst loses a line before blanks that nothing ends
        try:
            module = libcst.parse_module(text)
        except (libcst.ParserSyntaxError, SyntaxError, RecursionError) as error:
            raise CannotMerge(f"it does not parse: {error}") from None
        if module.code.count("\n") != text.count("\n"):
            raise CannotMerge("its lines cannot be told apart")
        return module

    def _blanks_above(self, index: int) -> int:
        return sum(1 for _ in takewhile(_is_blank, reversed(self.lines[:index])))

    def _blanks_below(self, index: int) -> int:
        return sum(1 for _ in takewhile(_is_blank, self.lines[index:]))

    def insert(self, index: int, text: str, *, above: int = 0, below: int = 0) -> SourceFile:
        """Return the file with the text before line ``index`` (from 0) and at least so many blank lines around it."""
        if index > 0:
            text = "\n" * max(0, above - self._blanks_above(index)) + text
        if index < len(self.lines):
            text += "\n" * max(0, below - self._blanks_below(index))
        try:
            added = [line.encode(self.encoding) + self.end for line in text.removesuffix("\n").split("\n")]
        except UnicodeEncodeError as error:
            raise CannotMerge(f"its encoding {self.encoding} has no {error.object[error.start]!r}") from None
        kept = list(self.lines)
        if index == len(kept) and kept and not kept[-1].endswith((b"\n", b"\r")):
            kept[-1] += self.end
        return replace(self, lines=(*kept[:index], *added, *kept[index:]))


def _is_blank(line: bytes) -> bool:
    return not line.strip()
