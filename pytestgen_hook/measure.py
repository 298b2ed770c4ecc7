"""Runs the project's own test files in the copy of the tree and learns which functions their passing tests run."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from pytestgen_hook import sandbox
from pytestgen_hook.cache import Cache
from pytestgen_hook.imports import ImportGraph, ReadBlobs
from pytestgen_hook.interpreter import UNSEEN_PREFIXES, Interpreter, own_prefix, run_environment
from pytestgen_hook.pytest_settings import OPTION_FILES, pytest_settings
from pytestgen_hook.types.changes import Function
from pytestgen_hook.types.evidence import RunOutcome, TestRun

KIND = "evidence"
OLDEST_PYTEST = 6
VARIABLES = "variables"
_SCHEMA = 4
_LEAST_SECONDS = 1.0  # to start pytest for
_FEWEST_FILES = 4  # that a process of its own is worth: what pytest and a conftest.py need to start
_VARIANTS = 4  # results kept for one test file whose imports are equal and whose data files differ
_CONFIGURATION = (
    "pyproject.toml", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "setup.cfg", "setup.py",
    "uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock",
)  # fmt: skip
_EVERYTHING = "*"
# What Python, pytest, Django and the C library look at by themselves.
_LOOKED_AT = re.compile(r"PYTEST_.*|PYTHON.*|TZ|LANG|LANGUAGE|LC_.*|DJANGO_SETTINGS_MODULE|DJANGO_CONFIGURATION|CI")
_NAMES = re.compile(rb"""["']([A-Z][A-Z0-9_]+)["']|(?:environ(?:\.\w+)?\s*[\[(]|getenv\s*\()\s*["'](\w+)["']""")


@dataclass(frozen=True)
class Bench:
    """What all runs of one check share; ``make_tree`` is called only if something has to run.

    It is given the number of a process that runs tests, and makes a copy of the tree for that alone; there are at most
    ``jobs`` of them at once. ``timeout`` is in seconds, for all test files together. ``read_blobs`` reads files of
    ``entries``, whose sources tell which variables of the environment a test looks at. ``root`` is the user's work tree:
    with it, results that rest on ignored files (a generated version module) can be kept too, and an editable install of it
    is recognised. ``is_confined``: the tests get no network, no programs, and write only into the copy.
    """

    make_tree: Callable[[int], Path]
    folder: Path
    interpreter: Interpreter
    graph: ImportGraph
    entries: Mapping[str, str]
    cache: Cache
    timeout: float
    read_blobs: ReadBlobs
    root: Path | None = None
    is_confined: bool = False
    jobs: int = 1

    @cached_property
    def children(self) -> Mapping[str, frozenset[str]]:
        """Folder (``""`` is the top) → names directly in it."""
        found: dict[str, set[str]] = {}
        for path in self.entries:
            inner = path
            while inner:
                folder, _, name = inner.rpartition("/")
                names = found.setdefault(folder, set())
                if name in names:
                    break
                names.add(name)
                inner = folder
        return {folder: frozenset(names) for folder, names in found.items()}

    @cached_property
    def everything(self) -> str:
        """A digest of all that is tracked."""
        return _digest(sorted(self.entries.items()))

    def stamp(self, path: str) -> str:
        """Return what stands for the contents of a path (a folder's end in ``/``) in the examined revision."""
        if path == _EVERYTHING:
            return self.everything
        if path.endswith("/"):
            return _digest(sorted(self.children.get(path.rstrip("/"), ())))
        if path in self.entries:
            return self.entries[path]
        if self.root is not None:
            try:
                status = (self.root / path).stat()
            except OSError:
                return ""
            return f"{status.st_size} {status.st_mtime_ns}"
        return ""


@dataclass
class _Session:
    """What one pytest process showed: a result per file, and how it came to its end, if it did."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    end: dict[str, Any] | None = None
    at: tuple[str, str | None] | None = None
    timed_out: bool = False
    said: str = ""

    @property
    def culprit(self) -> str | None:
        """The file that ran when the process died, or when pytest was told to stop (status 2) or failed itself (3)."""
        is_broken = self.end is None or self.end["end"] in (2, 3)
        return self.at[0] if is_broken and self.at is not None else None


def measure(
    tests: Sequence[str], sources: Mapping[str, Sequence[Function]], bench: Bench, since: float | None = None
) -> list[TestRun]:
    """Return one TestRun per test file, in their order; ``sources`` maps the paths of interest to their functions.

    The time of the bench counts from ``since`` (``time.monotonic()``), by default from now.

    What is known by content is not run again. Files run together in one pytest process for each folder that has a
    pytest configuration of its own, many files in several such processes at once: of what fails then it is said that it ran
    beside others, with which it may share a port or a database. A file that crashes the process or does not end is found
    out, and the others run without it.
    """
    why = hindrance(bench.interpreter)
    if why:
        return [TestRun(test, RunOutcome.COULD_NOT_START, why) for test in tests]
    keys = _keys(tests, bench)
    kept = bench.cache.get_many(KIND, set(keys.values()))
    runs: dict[str, TestRun] = {}
    for test in tests:
        run = _known(test, kept.get(keys[test]), sources, bench)
        if run is not None:
            runs[test] = run
    missing = [test for test in tests if test not in runs]
    if missing:
        until = (time.monotonic() if since is None else since) + bench.timeout
        runs.update(_Runner(bench, sources, keys, until).run(missing))
    return [runs[test] for test in tests]


def hindrance(interpreter: Interpreter) -> str | None:
    """Return why no test can be run with an interpreter, and what mends it; None if nothing is in the way."""
    version = interpreter.packages.get("pytest")
    install = f"run `{interpreter.python} -m pip install --upgrade pytest`"
    if version is None:
        return f"{interpreter.python} has no pytest; {install}"
    major = version.partition(".")[0]
    if major.isdigit() and int(major) < OLDEST_PYTEST:
        return f"pytest {version} of {interpreter.python} is too old; {install}"
    return None


# -- what is known --------------------------------------------------------------------------------------------------


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value).encode("utf-8", "surrogatepass")).hexdigest()


def _keys(tests: Sequence[str], bench: Bench) -> dict[str, str]:
    """What the result of each test file follows from as far as it is known without running it.

    Its contents and those of all it imports, the configuration in the folders above it, the interpreter and its
    packages, the variables that these look at. Files that it opened when it ran are compared afterwards: see ``_fitting``.
    """
    closures = {test: {test, *bench.graph.upstream(test)} for test in tests}
    named = _variables({path for closure in closures.values() for path in closure}, bench)
    environment = {name: text for name, text in os.environ.items() if not name.startswith(UNSEEN_PREFIXES)}
    usual = sorted((name, text) for name, text in environment.items() if _LOOKED_AT.fullmatch(name))
    keys = {}
    for test, closure in closures.items():
        names = sorted({name for path in closure for name in named.get(path, ())} & environment.keys())
        keys[test] = _key(test, closure, [usual, [(name, environment[name]) for name in names]], bench)
    return keys


def _variables(paths: Collection[str], bench: Bench) -> dict[str, list[str]]:
    """Return {path: names that may be those of variables in it}: capitals in quotes, and what is asked of ``os.environ``."""
    blobs = {path: bench.entries[path] for path in paths if path in bench.entries}
    cached = bench.cache.get_many(VARIABLES, set(blobs.values()))
    kept = {blob: value["names"] for blob, value in cached.items() if _are_texts(value.get("names"))}
    unknown = set(blobs.values()) - kept.keys()
    found = {
        blob: sorted({(quoted or asked).decode() for quoted, asked in _NAMES.findall(source)})
        for blob, source in (bench.read_blobs(unknown) if unknown else {}).items()
    }
    bench.cache.put_many(VARIABLES, {blob: {"names": names} for blob, names in found.items()})
    return {path: (kept | found).get(blob, []) for path, blob in blobs.items()}


def _variants(value: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """The results kept for one test file, those that have the form of ours."""
    found = (value or {}).get("variants")
    variants = found if isinstance(found, list) else []
    return [one for one in variants if isinstance(one, dict) and isinstance(one.get("stamps"), dict)]


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _key(test: str, closure: set[str], variables: object, bench: Bench) -> str:
    folders = ["", *(str(folder) for folder in PurePosixPath(test).parents if str(folder) != ".")]
    closure = closure | {f"{folder}/{name}" if folder else name for folder in folders for name in _CONFIGURATION}
    contents = sorted((path, bench.entries[path]) for path in closure if path in bench.entries)
    extra = _outer_paths(bench.root)
    return _digest(
        [
            _SCHEMA,
            test,
            contents,
            list(bench.graph.roots),
            bench.interpreter.fingerprint,
            extra,
            variables,
            bench.is_confined,
        ]
    )


def _known(
    test: str, value: Mapping[str, Any] | None, sources: Mapping[str, Sequence[Function]], bench: Bench
) -> TestRun | None:
    """Return the kept result all of whose files are as they were when it was made, if there is one."""
    try:
        for variant in _variants(value):
            if all(bench.stamp(path) == stamp for path, stamp in variant["stamps"].items()):
                run = replace(_passed(test, variant, sources), from_cache=True)
                is_whole = all(isinstance(text, str) for text in (run.message, *run.passed, *run.failed))
                return run if is_whole and isinstance(run.seconds, float) else None
    except (LookupError, TypeError, ValueError, AttributeError):  # not as we write it
        pass
    return None


def _passed(test: str, value: Mapping[str, Any], sources: Mapping[str, Sequence[Function]]) -> TestRun:
    """Make the TestRun of a file that came to its end from what the runtime wrote down."""
    passed, failed = tuple(value["passed"]), value["failed"]
    foreign = {path: place for path, place in value.get("foreign", {}).items() if path in sources}
    if value["problem"]:
        return TestRun(test, RunOutcome.COULD_NOT_START, value["problem"], seconds=value["seconds"])
    if foreign:
        path, place = next(iter(foreign.items()))
        message = f"{path} was imported from {place} instead of the examined tree"
        return TestRun(test, RunOutcome.COULD_NOT_START, message, seconds=value["seconds"])
    message = ""
    if failed:
        name, text = next(iter(failed.items()))
        message = f"{name.partition('::')[2]}: {text}"
    return TestRun(
        test,
        RunOutcome.FAILED if failed else RunOutcome.PASSED,
        message,
        passed,
        tuple(failed),
        ran={path: _tests_of(value["ran"].get(path, {}), passed) for path in sources if path in value["ran"]},
        lines={path: frozenset(value["lines"][path]) for path in sources if path in value["lines"]},
        seconds=value["seconds"],
    )


def _tests_of(ran: Mapping[str, Sequence[int]], passed: Sequence[str]) -> dict[int, tuple[str, ...]]:
    return {int(line): tuple(passed[number] for number in numbers) for line, numbers in ran.items()}


# -- running --------------------------------------------------------------------------------------------------------


class Start(NamedTuple):
    """Where a pytest process starts: in the folder of its configuration, with the modules of a project before others."""

    folder: str
    project: str


def by_start(tests: Iterable[str], tree: Path, graph: ImportGraph) -> list[tuple[Start, list[str]]]:
    """Return test files with the place that their process starts in, those of one place together."""
    groups: dict[Start, list[str]] = {}
    for test in tests:
        groups.setdefault(Start(_configured_folder(test, tree), graph.project(test)), []).append(test)
    return sorted(groups.items())


def _processes(files: int, jobs: int) -> int:
    """Return how many processes are worth their start for so many test files."""
    return max(1, min(jobs, files // _FEWEST_FILES))


def _parts(groups: Sequence[tuple[Start, list[str]]], processes: int) -> Iterator[tuple[Start, list[str]]]:
    """Yield the files of groups in parts, each of one place: at most a quarter of what is left, shared by the processes.

    One file may take as long as all others together, and nobody knows which.
    """
    left = sum(len(files) for _, files in groups)
    for start, files in groups:
        begin = 0
        while begin < len(files):
            size = max(_FEWEST_FILES, left // (4 * processes))
            part = files[begin : begin + size]
            yield start, part
            begin += len(part)
            left -= len(part)


@dataclass
class _Runner:
    """Runs test files until each has a result or the time is up."""

    bench: Bench
    sources: Mapping[str, Sequence[Function]]
    keys: Mapping[str, str]
    deadline: float
    _sessions: list[tuple[_Session, Path]] = field(default_factory=list)  # that are not kept yet
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, tests: Sequence[str]) -> dict[str, TestRun]:
        trees = [self.bench.make_tree(number).resolve() for number in range(_processes(len(tests), self.bench.jobs))]
        groups = by_start(tests, trees[0], self.bench.graph)
        if len(trees) == 1:
            return self._in_turn(groups, trees[0])
        failures = (RunOutcome.FAILED, RunOutcome.COULD_NOT_START)
        runs = self._at_once(groups, trees)
        return {test: replace(run, is_beside=run.outcome in failures) for test, run in runs.items()}

    def _in_turn(self, groups: Sequence[tuple[Start, list[str]]], tree: Path) -> dict[str, TestRun]:
        runs: dict[str, TestRun] = {}
        for start, files in groups:
            try:
                runs.update(self._group(files, start, tree))
            finally:
                self._keep()
        return runs

    def _at_once(self, groups: Sequence[tuple[Start, list[str]]], trees: Sequence[Path]) -> dict[str, TestRun]:
        """Run test files in as many processes as there are trees, in parts that become smaller towards the end."""
        parts = _parts(groups, len(trees))
        free = list(trees)
        at_work: dict[Future[dict[str, TestRun]], Path] = {}
        runs: dict[str, TestRun] = {}
        with ThreadPoolExecutor(len(trees)) as pool:
            try:
                while True:
                    for tree, (start, files) in zip(free, parts):  # noqa: B905  the last of them stay idle
                        at_work[pool.submit(self._group, files, start, tree)] = tree
                    if not at_work:
                        return runs
                    done, _ = wait(at_work, return_when=FIRST_COMPLETED)
                    free = [at_work.pop(one) for one in done]
                    self._keep()
                    for one in done:
                        runs.update(one.result())
            except BaseException:
                self._stopped.set()
                raise

    def _group(self, tests: Sequence[str], start: Start, tree: Path) -> dict[str, TestRun]:
        runs: dict[str, TestRun] = {}
        left = list(tests)
        while left and not self._stopped.is_set():
            rest = self.deadline - time.monotonic()
            if rest < _LEAST_SECONDS:
                message = f"not run: the {self.bench.timeout:g} s for running tests were over"
                return runs | {test: TestRun(test, RunOutcome.TIMED_OUT, message) for test in left}
            # While several files are left, half of the time is kept for those that a hanging one would rob of it.
            session = self._session(left, start, tree, rest if len(left) == 1 else rest / 2)
            self._sessions.append((session, tree))
            foreign = {} if session.end is None else session.end["foreign"]
            for test, value in session.files.items():
                runs[test] = _passed(test, {**value, "foreign": foreign}, self.sources)
            left = [test for test in left if test not in session.files]
            if not left:
                break
            culprit = session.culprit
            if culprit in left:
                runs[culprit] = _stopped(culprit, session)
                left.remove(culprit)
            elif not session.files:
                return runs | self._by_folder(left, start, tree, session)
        return runs

    def _by_folder(self, tests: Sequence[str], start: Start, tree: Path, session: _Session) -> dict[str, TestRun]:
        """Nothing ran and no file is to blame: a ``conftest.py`` or the options. Try folder by folder, if there are several."""
        parts: dict[str, list[str]] = {}
        for test in tests:
            parts.setdefault(test.rpartition("/")[0], []).append(test)
        if len(parts) == 1:
            return {test: _stopped(test, session) for test in tests}
        runs: dict[str, TestRun] = {}
        for part in parts.values():
            runs.update(self._group(part, start, tree))
        return runs

    def _session(self, tests: Sequence[str], start: Start, tree: Path, seconds: float) -> _Session:
        bench = self.bench
        with tempfile.TemporaryDirectory(dir=bench.folder, prefix="run-", ignore_cleanup_errors=True) as place:
            request, report = Path(place) / "request.json", Path(place) / "report.jsonl"
            request.write_text(json.dumps(run_request(tests, start, bench, tree, place)), encoding="utf-8")
            completed = sandbox.run(
                [
                    bench.interpreter.python,
                    *sandbox.program("evidence"),
                    "--request",
                    request,
                    "--report",
                    report,
                ],
                cwd=tree / start.folder,
                env=run_environment(bench.interpreter, tree, Path(place)),
                timeout=seconds,
                stopped=self._stopped,
            )
            session = _read(report)
        session.timed_out = completed.timed_out
        session.said = why_nothing(completed, seconds)
        return session

    def _keep(self) -> None:
        """Keep what has been found since the last time: by the thread that the cache belongs to."""
        while self._sessions:
            self._keep_session(*self._sessions.pop(0))

    def _keep_session(self, session: _Session, tree: Path) -> None:
        """Keep the results of files all of whose tests passed; what fails may fail for reasons that no key can hold."""
        if session.end is None:
            return
        reads: list[str] = session.end["reads"]
        bench = self.bench
        if bench.root is None and any(
            path not in bench.entries and not path.endswith("/") and (tree / path).is_file() for path in reads
        ):
            return
        stamps = {path: bench.stamp(path) for path in reads}
        values = {}
        for test, result in session.files.items():
            if test in self.keys and not result["failed"] and not result["problem"]:
                value = {**result, "foreign": session.end["foreign"], "stamps": stamps}
                older = _variants(bench.cache.get(KIND, self.keys[test]))
                others = [variant for variant in older if variant["stamps"] != stamps]
                values[self.keys[test]] = {"variants": [value, *others[: _VARIANTS - 1]]}
        bench.cache.put_many(KIND, values)


def _stopped(test: str, session: _Session) -> TestRun:
    """The TestRun of a file that did not come to its end."""
    where = session.at[1] if session.at is not None and session.at[0] == test else None
    message = session.said + (f" (in {where})" if where else "")
    return TestRun(test, RunOutcome.TIMED_OUT if session.timed_out else RunOutcome.COULD_NOT_START, message)


def _read(report: Path) -> _Session:
    session = _Session()
    if not report.exists():
        return session
    for line in report.read_text(encoding="utf-8").splitlines():
        try:
            record = json.loads(line)
        except ValueError:  # the line that was being written when the process died
            continue
        if "file" in record:
            session.files[record["file"]] = record
        elif "end" in record:
            session.end = record
        elif "at" in record:
            session.at = (record["at"], record["test"])
    return session


def why_nothing(completed: sandbox.Completed, seconds: float) -> str:
    """Return why a process, which had so many seconds, left no result of what it was to run."""
    if completed.timed_out:
        return f"did not end within {seconds:.0f} s"
    said = _telling_line(completed.errors)
    if completed.returncode < 0:
        return f"the interpreter was ended by signal {-completed.returncode}"
    if completed.returncode > 0:
        return f"the interpreter ended with status {completed.returncode}" + (f": {said}" if said else "")
    return said or _telling_line(completed.output) or "pytest ended before it ran the file"


def _telling_line(text: str) -> str:
    """Return the line that says what went wrong: of an exception, an interruption, a usage error, or else the last one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    raised = [line[2:].strip() for line in lines if line.startswith("E ")]
    stopped = [line.strip("! ") for line in lines if line.startswith("!!!")]
    named = [line for line in lines if "error:" in line.lower()]
    return (raised or stopped or named or lines or [""])[-1][:300]


def _configured_folder(test: str, tree: Path) -> str:
    """Return the nearest folder above a test file that has a pytest configuration (``""``: the top)."""
    folder = test.rpartition("/")[0]
    above = [folder.rsplit("/", up)[0] if up else folder for up in range(folder.count("/") + 1)]
    files = {f"{place}/{name}" if place else name for place in (*above, "") for name in OPTION_FILES}
    existing = {path for path in files if (tree / path).is_file()}
    settings = pytest_settings(folder, existing, lambda path: (tree / path).read_bytes())
    return settings.folder if settings is not None else ""


# -- the environment of a run ---------------------------------------------------------------------------------------


def run_request(tests: Sequence[str], start: Start, bench: Bench, tree: Path, place: str) -> dict[str, object]:
    """Return what the runtime is told of test files that it is to run: see ``runtime/evidence.py``."""
    graph = bench.graph
    upstream = {path for test in tests for path in graph.upstream(test)} - graph.test_code
    return {
        "tests": list(tests),
        "root": str(tree),
        "paths": [
            *_search_paths(start.folder, graph.roots_for(start.project), tree),
            *_mapped_paths(bench.root, tree),
        ],
        "modules": {graph.module_name(path): path for path in sorted(upstream)},
        "place": place,
        "confined": bench.is_confined,
    }


def _search_paths(folder: str, roots: Iterable[str], tree: Path) -> list[str]:
    """The working folder first, as ``python -m pytest`` has it; then the import roots below it, then all others."""
    roots = list(roots)
    near = [root for root in roots if not folder or root == folder or root.startswith(folder + "/")]
    ordered = dict.fromkeys([folder, *near, *roots])
    return [str(tree / root) if root else str(tree) for root in ordered]


def _outer_paths(root: Path | None) -> list[str]:
    """The user's own PYTHONPATH as far as it leads out of the work tree, and not into our environment."""
    return [entry for entry in _python_path() if not (root is not None and Path(entry).is_relative_to(root))]


def _mapped_paths(root: Path | None, tree: Path) -> Iterator[str]:
    """The user's own PYTHONPATH; what lies in the work tree is taken from the copy."""
    for entry in _python_path():
        if root is not None and Path(entry).is_relative_to(root):
            yield str(tree / Path(entry).relative_to(root))
        else:
            yield entry


def _python_path() -> list[str]:
    entries = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    return [entry for entry in entries if not Path(os.path.realpath(entry)).is_relative_to(own_prefix())]
