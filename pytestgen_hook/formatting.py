"""Formats generated tests as the project's own files are formatted, with ruff and the project's settings, no line too long."""

from __future__ import annotations

import ast
import io
import os
import re
import shutil
import sysconfig
import tokenize
from collections.abc import Sequence
from pathlib import Path

from pytestgen_hook import sandbox
from pytestgen_hook.codestyle import CodeStyle
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types.generated import TestModule

_SECONDS = 60.0
_MOST_ROUNDS = 3  # of splitting texts: laid out anew, more of them may stand out
_LEAST_PART = 24
_INDENT = 4


def ruff() -> Path:
    """Return the ruff executable of the environment this program runs in."""
    suffix = ".exe" if os.name == "nt" else ""
    beside = Path(sysconfig.get_path("scripts")) / f"ruff{suffix}"
    if beside.exists():
        return beside
    found = shutil.which("ruff")
    if found is None:
        raise FatalError("ruff is missing from this program's environment; reinstall pytestgen-hook.")
    return Path(found)


def format_tests(module: TestModule, *, tree: Path, test_path: str, style: CodeStyle) -> TestModule:
    """Return the module with each test formatted as a file at ``test_path`` of the tree would be."""
    source = "\n\n".join(text for _, text in module.tests)
    formatted = _formatted(source, tree, tree / test_path, style)
    if formatted is None:
        return module
    for _ in range(_MOST_ROUNDS):
        shorter = _with_short_texts(formatted, style.line_length)
        if shorter == formatted:
            break
        formatted = _formatted(shorter, tree, tree / test_path, style) or shorter
    return TestModule(module.source_path, module.imports, tuple(_functions(formatted)))


def _formatted(source: str, tree: Path, path: Path, style: CodeStyle) -> str | None:
    wanted = ["--config", f"line-length = {style.line_length}", "--config", f"format.quote-style = '{style.quotes}'"]
    own = _run(source, tree, path, wanted) if style.is_ruff else None
    return own or _run(source, tree, path, ["--isolated", *wanted])


def _run(source: str, tree: Path, path: Path, options: Sequence[str]) -> str | None:
    """Return the formatted source; None if ruff refuses (a project's settings may be meant for another version of it)."""
    completed = sandbox.run(
        [ruff(), "format", "--no-cache", *options, "--stdin-filename", str(path), "-"],
        cwd=tree,
        env=sandbox.clean_environment(tree),
        timeout=_SECONDS,
        input=source.encode(),
    )
    return completed.output if completed.returncode == 0 and completed.output.strip() else None


def _with_short_texts(source: str, line_length: int) -> str:
    """Return the source with texts that stand out over the line length split into parts, in brackets of their own."""
    lines = source.split("\n")
    tokens = [token for token in tokenize.generate_tokens(io.StringIO(source).readline) if token.type != tokenize.NL]
    for before, token, after in reversed(list(zip(tokens, tokens[1:], tokens[2:], strict=False))):
        (row, start), (last, end) = token.start, token.end
        if token.type != tokenize.STRING or row != last or len(lines[row - 1]) <= line_length:
            continue
        indent = len(lines[row - 1]) - len(lines[row - 1].lstrip())
        room = min(line_length - indent - _INDENT - 1, len(token.string) - 1)  # as it stands, it has no room
        parts = _parts(token.string, max(_LEAST_PART, room))
        if len(parts) > 1:
            text = " ".join(parts)
            alone = (before.string == "(" and after.string == ")") or tokenize.STRING in (before.type, after.type)
            line = lines[row - 1]
            lines[row - 1] = line[:start] + (text if alone else f"({text})") + line[end:]
    return "\n".join(lines)


_TEXT = re.compile(r"""(?P<mark>[bB]?)(?P<quote>['"])(?!(?P=quote)(?P=quote))(?P<inside>.+)(?P=quote)""", re.DOTALL)
_PIECE = re.compile(r"\\(?:x..|u.{4}|U.{8}|N\{[^}]*\}|[0-7]{1,3}|.)|.", re.DOTALL)


def _parts(text: str, width: int) -> list[str]:
    """Split the source of a text into those of parts no wider than that, behind a space where there is one."""
    found = _TEXT.fullmatch(text)
    if found is None or len(text) <= width:
        return [text]
    room = width - len(found["mark"]) - 2
    parts: list[str] = []
    current: list[str] = []
    for piece in _PIECE.findall(found["inside"]):
        if sum(map(len, current)) + len(piece) > room:
            spaces = [at for at, one in enumerate(current) if one == " "]
            cut = spaces[-1] + 1 if spaces and spaces[-1] > len(current) // 2 else len(current)
            parts.append("".join(current[:cut]))
            current = current[cut:]
        current.append(piece)
    return [f"{found['mark']}{found['quote']}{part}{found['quote']}" for part in [*parts, "".join(current)] if part]


def _functions(source: str) -> list[tuple[str, str]]:
    # The project's settings may ask for other line ends; those of the file are the merge's matter.
    lines = source.replace("\r\n", "\n").split("\n")
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *[decorator.lineno for decorator in node.decorator_list]])
            found.append((node.name, "\n".join(lines[first - 1 : node.end_lineno]) + "\n"))
    return found
