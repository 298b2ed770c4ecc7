"""The import graph of a repository: ruff's, and by own code what ruff does not see (conftest, plugins, literal imports)."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from pytestgen_hook import sandbox
from pytestgen_hook.cache import Cache
from pytestgen_hook.errors import FatalError
from pytestgen_hook.formatting import ruff

KIND = "imports"
_SECONDS = 120.0
_PROJECT_FILES = {"pyproject.toml", "setup.py", "setup.cfg"}
_LITERAL_IMPORT = re.compile(rb"""(?:import_module|__import__|importorskip)\s*\(\s*["']([\w.]+)["']""")
_PLUGINS = re.compile(rb"""pytest_plugins\s*(?::[^=\n]*)?=\s*([^\n#]*(?:\n\s+[^\n]*)*)""")
_QUOTED = re.compile(rb"""["']([\w.]+)["']""")

ReadBlobs = Callable[[Iterable[str]], Mapping[str, bytes]]


@dataclass(frozen=True)
class ImportGraph:
    """Which file of the repository imports which; ``roots`` are the folders that imports start from."""

    imports: Mapping[str, frozenset[str]]
    roots: tuple[str, ...]

    @cached_property
    def importers(self) -> Mapping[str, frozenset[str]]:
        """The graph turned round: path → files that import it directly."""
        turned: dict[str, set[str]] = {}
        for importer, imported in self.imports.items():
            for path in imported:
                turned.setdefault(path, set()).add(importer)
        return {path: frozenset(files) for path, files in turned.items()}

    def upstream(self, path: str) -> frozenset[str]:
        """Return all files that ``path`` depends on, at any distance."""
        return _reach(path, self.imports)

    def downstream(self, path: str) -> frozenset[str]:
        """Return all files that depend on ``path``, at any distance."""
        return _reach(path, self.importers)

    def module_name(self, path: str) -> str:
        """Return the dotted name by which ``path`` is imported."""
        return module_name(path, self.roots)


def _reach(start: str, edges: Mapping[str, frozenset[str]]) -> frozenset[str]:
    seen: set[str] = set()
    left = [start]
    while left:
        for path in edges.get(left.pop(), ()):
            if path not in seen:
                seen.add(path)
                left.append(path)
    return frozenset(seen - {start})


def module_name(path: str, roots: Iterable[str]) -> str:
    """Return the dotted name of a file under the nearest of the roots (``""`` is the top)."""
    best = max((root for root in roots if not root or path.startswith(root + "/")), key=len, default="")
    inner = PurePosixPath(path).relative_to(best) if best else PurePosixPath(path)
    parts = list(inner.with_suffix("").parts)
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def import_roots(paths: Collection[str], configured: Iterable[str] = ()) -> tuple[str, ...]:
    """Return the folders on which Python's path would stand, the top always among them.

    These are: configured ones; ``src`` and ``lib`` of the top and of every sub-project (a folder with a project file of
    its own); the sub-projects; and the first folder up from a package that is no package itself.
    """
    folders = {str(PurePosixPath(path).parent) for path in paths if path.endswith("/__init__.py")}
    projects = {str(PurePosixPath(path).parent) for path in paths if PurePosixPath(path).name in _PROJECT_FILES}
    projects = {"" if project == "." else project for project in projects} | {""}
    roots = {root.strip("/") if root not in (".", "./") else "" for root in configured} | {""}
    python = [path for path in paths if path.endswith(".py")]
    for project in projects:
        for name in ("src", "lib"):
            folder = f"{project}/{name}" if project else name
            if folder not in folders and any(path.startswith(folder + "/") for path in python):
                roots.add(folder)
    roots |= {project for project in projects if project not in folders}
    for folder in folders:
        outer = str(PurePosixPath(folder).parent)
        outer = "" if outer == "." else outer
        if outer not in folders and not any(_is_namespace(outer, root) for root in roots):
            roots.add(outer)
    return tuple(sorted(roots))


def _is_namespace(folder: str, root: str) -> bool:
    """Whether a folder without ``__init__.py`` below a source root is a namespace package rather than a root."""
    return bool(root) and folder.startswith(root + "/")


def build_graph(
    entries: Mapping[str, str], read_blobs: ReadBlobs, cache: Cache, configured_roots: Iterable[str] = ()
) -> ImportGraph:
    """Return the graph of the Python files in ``entries`` (path → blob id).

    What a file imports depends on its contents and on which paths exist: edges are kept by both. Files whose edges are not
    known are given to ruff with their contents, all others as empty files, since ruff resolves imports by the paths alone.
    """
    python = {path: blob for path, blob in entries.items() if path.endswith(".py")}
    roots = import_roots(entries.keys(), configured_roots)
    state = hashlib.sha256(json.dumps([sorted(python), roots]).encode()).hexdigest()
    kept = cache.get(KIND, state) or {}
    known: dict[str, tuple[str, list[str]]] = kept.get("edges", {})
    stale = [path for path, blob in python.items() if known.get(path, ("",))[0] != blob]
    edges = {path: set(known[path][1]) for path in python.keys() - set(stale)}
    if stale:
        blobs = read_blobs({python[path] for path in stale})
        contents = {path: blobs.get(python[path], b"") for path in stale}
        edges.update(_analyse(contents, python.keys(), roots))
        cache.put(KIND, state, {"edges": {path: (python[path], sorted(found)) for path, found in edges.items()}})
    for path in python:
        edges[path] |= _parents(path, python)
    return ImportGraph({path: frozenset(found) for path, found in edges.items()}, roots)


def _parents(path: str, paths: Collection[str]) -> set[str]:
    """The files that pytest and Python load before this one: ``conftest.py`` and ``__init__.py`` of the folders above."""
    found = set()
    folder = PurePosixPath(path).parent
    name = PurePosixPath(path).name
    is_test = name.startswith("test_") or name.endswith("_test.py") or name == "conftest.py"
    while True:
        prefix = "" if str(folder) == "." else f"{folder}/"
        wanted = (f"{prefix}__init__.py", f"{prefix}conftest.py") if is_test else (f"{prefix}__init__.py",)
        found |= {other for other in wanted if other in paths and other != path}
        if not prefix:
            return found
        folder = folder.parent


def _analyse(
    contents: Mapping[str, bytes], paths: Collection[str], roots: tuple[str, ...]
) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {path: set() for path in contents}
    with tempfile.TemporaryDirectory(prefix="pytestgen-graph-") as place:
        top = Path(place).resolve()
        _lay_out(top, contents, paths)
        for path, found in _ruff_graph(top, roots).items():
            if path in edges:
                edges[path] |= found
    by_module = {module_name(path, roots): path for path in paths}
    for path, source in contents.items():
        for dotted in _literal_imports(source):
            found = by_module.get(dotted)
            if found is not None and found != path:
                edges[path].add(found)
    return edges


def _lay_out(top: Path, contents: Mapping[str, bytes], paths: Collection[str]) -> None:
    for folder in {str(PurePosixPath(path).parent) for path in paths}:
        (top / folder).mkdir(parents=True, exist_ok=True)
    for path in paths:
        with open(f"{top}/{path}", "wb") as stream:  # noqa: PTH123  thousands of files: Path costs more than the write
            source = contents.get(path)
            if source:
                stream.write(source)


def _ruff_graph(top: Path, roots: tuple[str, ...]) -> dict[str, set[str]]:
    settings = top / "ruff.toml"
    sources = json.dumps([root or "." for root in roots])
    settings.write_text(f"src = {sources}\n[analyze]\ndetect-string-imports = true\n", encoding="utf-8")
    completed = sandbox.run(
        [ruff(), "analyze", "graph", "--preview", "--config", settings, "."],
        cwd=top,
        env=sandbox.clean_environment(top),
        timeout=_SECONDS,
        output_limit=1 << 28,
    )
    if completed.returncode != 0:
        raise FatalError(f"ruff could not read the import graph: {completed.errors.strip()[-300:]}")
    graph = json.loads(completed.output)
    return {path.replace("\\", "/"): {other.replace("\\", "/") for other in found} for path, found in graph.items()}


def _literal_imports(source: bytes) -> set[str]:
    if b"import" not in source and b"pytest_plugins" not in source:
        return set()
    found = {match.decode() for match in _LITERAL_IMPORT.findall(source)}
    if b"pytest_plugins" in source:
        for value in _PLUGINS.findall(source):
            found |= {match.decode() for match in _QUOTED.findall(value)}
    return found
