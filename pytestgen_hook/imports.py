"""The import graph of a repository: ruff's, and by own code what ruff does not see (conftest, plugins, literal imports)."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from pytestgen_hook import sandbox
from pytestgen_hook.cache import Cache
from pytestgen_hook.errors import FatalError
from pytestgen_hook.formatting import ruff
from pytestgen_hook.pytest_settings import OPTION_FILES, pytest_settings
from pytestgen_hook.scratch import scratch_folder
from pytestgen_hook.testcode import TestCode
from pytestgen_hook.tree import quick_folder

KIND = "imports"
_SCHEMA = 4
_SECONDS = 120.0
_MOST_LOOSE_FOLDERS = 200
_PROJECT_FILES = {"pyproject.toml", "setup.py", "setup.cfg"}
_SOURCE_FOLDERS = ("src", "lib", "python")
_LITERAL_IMPORT = re.compile(rb"""(?:import_module|__import__|importorskip|run_module)\s*\(\s*["']([\w.]+)["']""")
_IMPORTING = (b"import_module", b"__import__", b"importorskip", b"run_module")
_PLUGINS = re.compile(rb"""pytest_plugins\s{0,9}(?::[^=\n]{0,99})?=\s*([^\n#]*(?:\n\s+[^\n]*)*(?:\n[)\]])?)""")
_QUOTED = re.compile(rb"""["']([\w.]+)["']""")
_PLUGIN_OPTION = re.compile(rb"""-p[ =]?(?!no:)([A-Za-z_][\w.]*)""")
_ENTRY_POINTS = re.compile(rb"""pytest11["']?\s*[\]=](.*?)(?:\n\s*\[|\Z)""", re.DOTALL)
_ENTRY_POINT = re.compile(rb"""=\s*["']?([A-Za-z_][\w.]*)""")
_WORD = re.compile(rb"\w+")
# What a program is started with, or a file run by its path; then strings may name modules, files and commands.
_STARTING = (
    b"subprocess", b"Popen", b"sys.executable", b"pexpect", b"os.system", b"os.exec", b"os.spawn", b"posix_spawn", b"runpy",
    b"run_path", b"script_runner", b"spec_from_file_location",
)  # fmt: skip
_NAME = re.compile(rb"[\w./-]+")
# Searches begin with fixed letters: only then does ``re`` not try each letter of thousands of files.
_END_OF_FILE_LITERAL = re.compile(rb"""\.py["']""")
_START_OF_FILE_LITERAL = re.compile(rb"""["']([^"'\s]*\w)\Z""")
_MOST_OF_A_PATH = 4096
_MOST_INDENTATION = 200
_COMMAND = re.compile(rb"""(?<![\w.-])([\w.-]+)["']?\s*=\s*["']?([A-Za-z_][\w.]*)\s*:\s*[A-Za-z_]\w*""")
_MOST_OF_ONE_NAME = 20

ReadBlobs = Callable[[Iterable[str]], Mapping[str, bytes]]


@dataclass(frozen=True)
class ImportGraph:
    """Which file of the repository imports which; ``roots`` are the folders that imports start from (``""``: the top).

    ``test_code`` are the files that pytest collects and those that only they use. ``apart`` are the projects of the
    repository (folders with a project file) some module of which has the name of a module of another one.
    """

    imports: Mapping[str, frozenset[str]]
    roots: tuple[str, ...]
    test_code: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()

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

    def project(self, path: str) -> str:
        """Return the project of a file if its imports must start there, for other projects have modules of equal names."""
        return _project_of(path, self.apart)

    def roots_for(self, project: str) -> tuple[str, ...]:
        """Return the roots in the order in which the files of a project look for modules."""
        return _own_first(self.roots, project)

    def module_name(self, path: str) -> str:
        """Return the dotted name by which ``path`` is imported."""
        return module_name(path, self.roots)


def _reach(start: str, edges: Mapping[str, frozenset[str]]) -> frozenset[str]:
    seen: set[str] = set()
    left = [start]
    while left:
        new = edges.get(left.pop(), frozenset()) - seen
        seen |= new
        left.extend(new)
    return frozenset(seen - {start})


def _project_of(path: str, projects: Collection[str]) -> str:
    return next((folder for folder in _folders_above(path) if folder in projects), "")


def _own_first(roots: Iterable[str], project: str) -> tuple[str, ...]:
    return tuple(sorted(roots, key=lambda root: bool(project) and not f"{root}/".startswith(f"{project}/")))


def _with_equal_names(
    python: Iterable[str], roots: Sequence[str], projects: Collection[str], test_code: Collection[str]
) -> frozenset[str]:
    """Return the projects that have a module of the name that one of another project has."""
    product = [path for path in python if path not in test_code and path.rpartition("/")[2] != "setup.py"]
    owners = ({_project_of(path, projects) for path in paths} for paths in _modules(product, roots).values())
    return frozenset(owner for found in owners if len(found) > 1 for owner in found)


def module_name(path: str, roots: Iterable[str]) -> str:
    """Return the dotted name of a file under the nearest of the roots (``""`` is the top)."""
    best = max((root for root in roots if not root or path.startswith(root + "/")), key=len, default="")
    return _dotted(path[len(best) + 1 :] if best else path)


def _dotted(inner: str) -> str:
    parts = inner.removesuffix(".py").split("/")
    if parts[-1] == "__init__" and len(parts) > 1:
        parts.pop()
    return ".".join(parts)


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


# -- roots ----------------------------------------------------------------------------------------------------------


def import_roots(
    paths: Collection[str], configured: Iterable[str] = (), sources: Iterable[bytes] = ()
) -> tuple[str, ...]:
    """Return the folders on which Python's path would stand, the top always among them.

    These are: configured ones; ``src`` and the like of the top and of every sub-project (a folder with a project file
    of its own); the sub-projects; and the first folder up from a package that is no package itself. A folder that
    ``sources`` import by its own name (``from src.app import …``) is a namespace package instead.
    """
    python = {path for path in paths if path.endswith(".py")}
    packages = {_folder(path) for path in python if path.endswith("/__init__.py")}
    projects = {_folder(path) for path in paths if path.rpartition("/")[2] in _PROJECT_FILES} | {""}
    populated = {folder for path in python for folder in _folders_above(path)}
    found = {f"{project}/{name}".lstrip("/") for project in projects for name in _SOURCE_FOLDERS}
    found = {folder for folder in found | projects if folder in populated and folder not in packages}
    source_folders = {folder for folder in found if folder.rpartition("/")[2] in _SOURCE_FOLDERS}
    for package in packages:
        outer = _folder(package)
        inside = any(outer.startswith(folder + "/") for folder in source_folders)
        if outer and outer not in packages and not inside:
            found.add(outer)
    named = _imported_by_name({folder.replace("/", "."): folder for folder in found if folder}, sources)
    given = {"" if root in (".", "./") else root.strip("/") for root in configured}
    return tuple(sorted((found - named) | given | {""}))


def _imported_by_name(candidates: Mapping[str, str], sources: Iterable[bytes]) -> set[str]:
    """Those folders (dotted name → folder) that some source imports from by that name."""
    if not candidates:
        return set()
    marks = [name.encode() for name in candidates]
    names = b"|".join(re.escape(name.encode()) for name in sorted(candidates, key=len, reverse=True))
    # Two searches, for one that begins with fixed letters takes a tenth of the time.
    statements = [re.compile(word + rb"[ \t]+(" + names + rb")(?:\.|[ \t]+import\b)") for word in (b"from", b"import")]
    found: set[str] = set()
    for source in sources:
        if not any(mark in source for mark in marks):
            continue
        for match in (match for statement in statements for match in statement.finditer(source)):
            before = source[max(0, match.start() - _MOST_INDENTATION) : match.start()].rstrip(b" \t")
            if not before or before.endswith(b"\n"):
                found.add(match[1].decode())
    return {folder for name, folder in candidates.items() if any(f"{other}.".startswith(f"{name}.") for other in found)}


def _folders_above(path: str) -> Iterator[str]:
    """The folders that a path lies in, from its own up to the top."""
    folder = _folder(path)
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""


def _loose_folders(python: Collection[str], roots: Collection[str]) -> list[str]:
    """Folders of files that import their neighbours by bare name: pytest and scripts put such a folder on Python's path."""
    found = {_folder(path) for path in python}
    packages = {_folder(path) for path in python if path.endswith("/__init__.py")}
    return sorted(found - packages - set(roots))[:_MOST_LOOSE_FOLDERS]


# -- the graph ------------------------------------------------------------------------------------------------------


def build_graph(
    entries: Mapping[str, str],
    read_blobs: ReadBlobs,
    cache: Cache,
    configured_roots: Iterable[str] = (),
    code: TestCode | None = None,
) -> ImportGraph:
    """Return the graph of the Python files in ``entries`` (path → blob id); ``code`` tells test code from product code.

    What a file imports depends on its contents and on which paths exist: edges are kept by both. Files whose edges
    are not known are given to ruff with their contents, others as empty files, since ruff resolves imports by the
    paths alone.
    """
    python = sorted(path for path in entries if path.endswith(".py"))
    options = sorted(path for path in entries if path.rpartition("/")[2] in OPTION_FILES)
    option_texts = read_blobs({entries[path] for path in options})
    texts = {path: option_texts.get(entries[path], b"") for path in options}
    configured = sorted({*configured_roots, *_python_paths(texts)})
    projects = sorted(path for path in entries if path.rpartition("/")[2] in _PROJECT_FILES)
    commands = _commands(read_blobs({entries[path] for path in projects}).values())
    state = hashlib.sha256(json.dumps([_SCHEMA, python, projects, configured, commands]).encode()).hexdigest()
    known, known_roots = _known(cache.get(KIND, state), python)
    stale = [path for path in python if known.get(path, ("",))[0] != entries[path]]
    blobs = read_blobs({entries[path] for path in stale}) if stale else {}
    contents = {path: blobs.get(entries[path], b"") for path in stale}
    roots = known_roots if known else import_roots(entries.keys(), configured, contents.values())
    code = code or TestCode(entries, texts.get)
    test_code = frozenset(path for path in python if path in code)
    apart = _with_equal_names(python, roots, {_folder(path) for path in projects}, test_code)
    edges = {path: {python[number] for number in found} for path, (_, found) in known.items()}
    if stale:
        for project in sorted({_project_of(path, apart) for path in stale}):
            own = {path: text for path, text in contents.items() if _project_of(path, apart) == project}
            edges.update(_analyse(own, python, _own_first(roots, project), commands, test_code))
        numbers = {path: number for number, path in enumerate(python)}
        rows = [(entries[path], sorted(numbers[other] for other in edges[path])) for path in python]
        cache.put(KIND, state, {"edges": rows, "roots": roots})
    plugins = _configured_plugins(texts.values(), python, roots)
    before = _loaded_before(python)
    imports = {}
    for path in python:
        packages, conftests = before[_folder(path)]
        found = edges[path] | packages
        if path in test_code:
            found |= conftests | plugins
        imports[path] = frozenset(found - {path})
    return ImportGraph(imports, roots, test_code, apart)


def _known(
    kept: Mapping[str, Any] | None, python: Sequence[str]
) -> tuple[dict[str, tuple[str, list[int]]], tuple[str, ...]]:
    """Return {path: (blob id, numbers of the files it imports)} and the roots as they were kept; nothing of what is damaged."""
    there = range(len(python))
    try:
        rows = [(str(blob), [there[number] for number in row]) for blob, row in (kept or {"edges": []})["edges"]]
        roots = tuple(kept["roots"]) if kept else ()
    except (LookupError, TypeError, ValueError):  # not as we write it
        return {}, ()
    if len(rows) != len(python) or not all(isinstance(root, str) for root in roots):
        return {}, ()
    return dict(zip(python, rows, strict=True)), roots


def _loaded_before(python: Collection[str]) -> dict[str, tuple[set[str], set[str]]]:
    """Return {folder: (``__init__.py``, ``conftest.py``)} of it and the folders above: what is loaded before a file there."""
    existing = {path for path in python if path.endswith(("__init__.py", "conftest.py"))}
    found = {}
    for folder in {_folder(path) for path in python}:
        above = [f"{place}/" if place else "" for place in _folders_above(f"{folder}/")] if folder else [""]
        packages = {f"{place}__init__.py" for place in above} & existing
        found[folder] = (packages, {f"{place}conftest.py" for place in above} & existing)
    return found


def _python_paths(options: Mapping[str, bytes]) -> Iterator[str]:
    """The folders that pytest's own settings put on Python's path (``pythonpath``)."""
    for path, text in options.items():
        if b"pythonpath" not in text and b"python_paths" not in text:
            continue
        settings = pytest_settings(_folder(path), options.keys(), options.get)
        if settings is not None:
            for place in settings.python_paths:
                whole = posixpath.normpath(f"{settings.folder}/{place}" if settings.folder else place)
                if not whole.startswith(("..", "/")):
                    yield whole


def _configured_plugins(options: Iterable[bytes], python: Sequence[str], roots: Iterable[str]) -> set[str]:
    """Files of the repository that pytest loads for every test: ``-p NAME`` in its options, ``pytest11`` entry points."""
    names: set[bytes] = set()
    for text in options:
        if b"-p" in text:
            names.update(_PLUGIN_OPTION.findall(text))
        for section in _ENTRY_POINTS.findall(text):
            names.update(_ENTRY_POINT.findall(section))
    if not names:
        return set()
    modules = _modules(python, roots)
    return {path for name in names for path in modules.get(name.decode(), ())}


def _modules(python: Iterable[str], roots: Iterable[str]) -> dict[str, set[str]]:
    """Return {dotted name: files that have it under one of the roots}."""
    found: dict[str, set[str]] = {}
    for root in roots:
        prefix = f"{root}/" if root else ""
        for path in python:
            if path.startswith(prefix):
                found.setdefault(_dotted(path[len(prefix) :]), set()).add(path)
    return found


def _commands(projects: Iterable[bytes]) -> dict[str, str]:
    """Return {command: dotted module} of the console scripts that project files declare, and of other entry points."""
    return {name.decode(): module.decode() for text in projects for name, module in sorted(_COMMAND.findall(text))}


def _analyse(
    contents: Mapping[str, bytes],
    python: Sequence[str],
    roots: tuple[str, ...],
    commands: Mapping[str, str],
    test_code: Collection[str],
) -> dict[str, set[str]]:
    edges: dict[str, set[str]] = {path: set() for path in contents}
    search = [*roots, *_loose_folders(python, roots)]
    room = quick_folder(sum(map(len, contents.values())) + len(python) * 8192)
    with scratch_folder(room) as top:
        tree = top / "tree"
        _lay_out(tree, contents, _resolvable(contents, python))
        for path, found in _ruff_graph(top, tree, search).items():
            if path in edges:
                edges[path] |= found
    modules = _modules(python, search)
    for path, source in contents.items():
        for dotted in _literal_imports(source):
            edges[path] |= modules.get(_absolute(dotted, path), set()) - {path}
    named: dict[str, list[str]] = {}
    for path in python:
        named.setdefault(path.rpartition("/")[2], []).append(path)
    for path, source in contents.items():
        edges[path] |= set(_files_named(source, named)) - {path}
        if path in test_code:
            edges[path] |= set(_programs(source, modules, commands, named)) - {path}
    return edges


def _files_named(source: bytes, named: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Files whose path, or the end of it, stands in quotes: ``run_path(ROOT / "scripts" / "build.py")``."""
    for end in _END_OF_FILE_LITERAL.finditer(source):
        before = source[max(0, end.start() - _MOST_OF_A_PATH) : end.start()]
        last = max(before.rfind(b'"'), before.rfind(b"'"), 0)
        if quoted := _START_OF_FILE_LITERAL.match(before, last):
            yield from _ending_in(f"{quoted[1].decode('utf-8', 'replace')}.py", named)


def _ending_in(place: str, named: Mapping[str, Sequence[str]]) -> Iterator[str]:
    end = re.sub(r"^(\.{0,2}/)+", "", place)
    candidates = named.get(end.rpartition("/")[2], ())
    if len(candidates) <= _MOST_OF_ONE_NAME:
        yield from (path for path in candidates if f"/{path}".endswith(f"/{end}"))


def _programs(
    source: bytes, modules: Mapping[str, set[str]], commands: Mapping[str, str], named: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    """Files of modules, commands and paths that are named where programs are started: ``["-m", "shop.cli"]``.

    Any word counts: to tell texts from code would take longer than all else, and an edge too many costs little.
    """
    if not any(mark in source for mark in _STARTING):
        return
    for word in {word.strip(b".").decode() for word in _NAME.findall(source)}:
        if word.endswith(".py"):
            yield from _ending_in(word, named)
        for module in {word, commands.get(word, word)}:
            yield from modules.get(module, ())
            yield from modules.get(f"{module}.__main__", ())


def _resolvable(contents: Mapping[str, bytes], python: Sequence[str]) -> Collection[str]:
    """Return the files that an import in ``contents`` can lead to: every part of a module's name stands in the source."""
    if len(contents) * 4 > len(python):
        return python
    words = {word.decode() for source in contents.values() for word in _WORD.findall(source) if word.isascii()}
    is_exotic = any(not source.isascii() for source in contents.values())
    existing = set(python)
    found = set()
    for path in python:
        folder, _, name = path.rpartition("/")
        word = folder.rpartition("/")[2] if name == "__init__.py" else name[:-3]
        if word in words or (is_exotic and not word.isascii()):
            found.add(path)
    found |= {f"{folder}/__init__.py" for path in [*found, *contents] for folder in _folders_above(path)} & existing
    return found | set(contents)


def _lay_out(tree: Path, contents: Mapping[str, bytes], paths: Collection[str]) -> None:
    for folder in {_folder(path) for path in paths} | {""}:
        (tree / folder).mkdir(parents=True, exist_ok=True)
    for path in paths:
        # Thousands of files: whatever is wrapped around the system's own calls costs more than they do.
        descriptor = os.open(f"{tree}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            data = contents.get(path, b"")
            while data:
                data = data[os.write(descriptor, data) :]
        finally:
            os.close(descriptor)


def _ruff_graph(top: Path, tree: Path, search: Sequence[str]) -> dict[str, set[str]]:
    sources = json.dumps([str(tree / folder) for folder in search])
    settings = top / "ruff.toml"
    settings.write_text(
        f"src = {sources}\nexclude = []\nrespect-gitignore = false\n[analyze]\ndetect-string-imports = true\n",
        encoding="utf-8",
    )
    completed = sandbox.run(
        [ruff(), "analyze", "graph", "--preview", "--config", settings, "."],
        cwd=tree,
        env=sandbox.clean_environment(top),
        timeout=_SECONDS,
        output_limit=1 << 28,
    )
    if completed.returncode != 0:
        raise FatalError(f"ruff could not read the import graph: {completed.errors.strip()[-300:]}")
    graph = json.loads(completed.output)
    return {path.replace("\\", "/"): {other.replace("\\", "/") for other in found} for path, found in graph.items()}


def _literal_imports(source: bytes) -> set[str]:
    found: set[str] = set()
    if any(word in source for word in _IMPORTING):
        found |= {match.decode() for match in _LITERAL_IMPORT.findall(source)}
    if b"pytest_plugins" in source:
        for value in _PLUGINS.findall(source):
            found |= {match.decode() for match in _QUOTED.findall(value)}
    return found


def _absolute(dotted: str, path: str) -> str:
    """Resolve the leading dots of ``import_module(".name", __package__)`` against the file's own folder."""
    name = dotted.lstrip(".")
    up = len(dotted) - len(name)
    if not up:
        return name
    folder = PurePosixPath(path).parent
    for _ in range(up - 1):
        folder = folder.parent
    return ".".join([*(part for part in folder.parts if part != "."), name])
