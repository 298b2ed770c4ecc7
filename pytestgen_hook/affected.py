"""Which test files can reach a changed file, by imports, fixtures and plugins; and which name a function."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping

from pytestgen_hook.imports import ImportGraph
from pytestgen_hook.types import Function


def affected_tests(
    graph: ImportGraph, changed: Iterable[str], test_files: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return {changed path: test files that can reach it, sorted}."""
    tests = set(test_files)
    return {path: tuple(sorted((graph.downstream(path) | {path}) & tests)) for path in changed}


def naming(
    functions: Iterable[Function], reaching: Mapping[str, Collection[str]], sources: Mapping[str, bytes]
) -> dict[str, tuple[str, ...]]:
    """Return {``path::qualname``: test files that reach its module and contain its name}: a guess where nothing can run."""
    found = {}
    for function in functions:
        name = function.qualname.split(".")[-2] if function.name.startswith("__") and "." in function.qualname else function.name
        mark = re.compile(rb"(?<!\w)" + re.escape(name.encode()) + rb"(?!\w)")
        files = (path for path in reaching.get(function.path, ()) if mark.search(sources.get(path, b"")))
        found[f"{function.path}::{function.qualname}"] = tuple(files)
    return found
