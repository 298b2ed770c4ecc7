"""Formats generated tests as the project's own files are formatted, with ruff and the project's settings."""

from __future__ import annotations

import ast
import os
import shutil
import sysconfig
from pathlib import Path

from pytestgen_hook import sandbox
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types import TestModule

_SECONDS = 60.0


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


def format_tests(module: TestModule, *, tree: Path, test_path: str) -> TestModule:
    """Return the module with each test formatted as a file at ``test_path`` of the tree would be."""
    source = "\n\n".join(text for _, text in module.tests)
    formatted = _run(source, tree, tree / test_path, isolated=False) or _run(
        source, tree, tree / test_path, isolated=True
    )
    if formatted is None:
        return module
    return TestModule(module.source_path, module.imports, tuple(_functions(formatted)))


def _run(source: str, tree: Path, path: Path, *, isolated: bool) -> str | None:
    """Return the formatted source; None if ruff refuses (a project's settings may be meant for another version of it)."""
    options = ["--isolated", "--line-length", "88"] if isolated else []
    completed = sandbox.run(
        [ruff(), "format", "--no-cache", *options, "--stdin-filename", str(path), "-"],
        cwd=tree,
        env=sandbox.clean_environment(tree),
        timeout=_SECONDS,
        input=source.encode(),
    )
    return completed.output if completed.returncode == 0 and completed.output.strip() else None


def _functions(source: str) -> list[tuple[str, str]]:
    # The project's settings may ask for other line ends; those of the file are the merge's matter.
    lines = source.replace("\r\n", "\n").split("\n")
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = min([node.lineno, *[decorator.lineno for decorator in node.decorator_list]])
            found.append((node.name, "\n".join(lines[first - 1 : node.end_lineno]) + "\n"))
    return found
