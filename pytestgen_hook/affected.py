"""Which test files can reach a changed file, by imports, fixtures and plugins; and which name a function."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterable, Mapping

from pytestgen_hook.imports import ImportGraph
from pytestgen_hook.types.changes import Function


def affected_tests(
    graph: ImportGraph, changed: Iterable[str], test_files: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """Return {changed path: test files that can reach it, sorted}."""
    tests = set(test_files)
    return {path: tuple(sorted((graph.downstream(path) | {path}) & tests)) for path in changed}


def nearest_first(graph: ImportGraph, changed: Iterable[str], test_files: Iterable[str]) -> list[str]:
    """Return test files by how many imports lie between them and the nearest of the changed files, then by name."""
    steps = dict.fromkeys(changed, 0)
    level = list(steps)
    while level:
        above = {importer for path in level for importer in graph.importers.get(path, ())} - steps.keys()
        steps.update(dict.fromkeys(above, steps[level[0]] + 1))
        level = list(above)
    return sorted(test_files, key=lambda test: (steps.get(test, len(steps)), test))


# -- where tests cannot run -----------------------------------------------------------------------------------------


def naming(
    functions: Iterable[Function], reaching: Mapping[str, Collection[str]], sources: Mapping[str, bytes]
) -> dict[str, tuple[str, ...]]:
    """Return {``path::qualname``: test files that reach its module and use its name}: a guess where nothing can run.

    ``sources`` are the contents of the test files. A method must be used as an attribute in a file that names its class
    (or has a fixture named after it); a special method stands for its class. An import alone is no use.
    """
    functions = list(functions)
    # Parsing hundreds of test files takes seconds; a file without the bare word cannot use the name.
    words = {part.encode() for function in functions for part in function.qualname.split(".")}
    likely = {path: source for path, source in sources.items() if any(word in source for word in words)}
    names = {path: _Names(source) for path, source in likely.items()}
    found = {}
    for function in functions:
        files = [path for path in reaching.get(function.path, ()) if path in names and names[path].has(function)]
        found[f"{function.path}::{function.qualname}"] = tuple(files)
    return found


class _Names:
    """The names that a test file uses: plain ones (imports under their first name), attributes, and those it only has."""

    def __init__(self, source: bytes) -> None:
        self._used: set[str] = set()
        self._attributes: set[str] = set()
        self._present: set[str] = set()
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError):
            return
        aliases: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                self._used.add(node.id)
            elif isinstance(node, ast.Attribute):
                self._attributes.add(node.attr)
            elif isinstance(node, ast.arg):
                self._present.add(node.arg.replace("_", "").lower())
            elif isinstance(node, ast.ImportFrom):
                aliases.update({alias.asname or alias.name: alias.name for alias in node.names})
        self._present |= {name.lower() for name in aliases.values()}
        self._used |= {name for alias, name in aliases.items() if alias in self._used}
        self._present |= {name.lower() for name in self._used | self._attributes}

    def has(self, function: Function) -> bool:
        owner = function.qualname.split(".")[-2] if "." in function.qualname else ""
        if not owner:
            return function.name in self._used or function.name in self._attributes
        if function.name.startswith("__"):
            return owner in self._used or owner in self._attributes
        return function.name in self._attributes and owner.strip("_").lower() in self._present
