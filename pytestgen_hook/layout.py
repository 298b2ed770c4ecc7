"""Where the tests of a source file belong: learnt from the test files that are there, else the usual place."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from pytestgen_hook.pytest_settings import PytestSettings, pytest_settings
from pytestgen_hook.testcode import TestCode

_PROJECT_FILES = {"pyproject.toml", "setup.py", "setup.cfg"}
_TEST_FOLDERS = ("tests", "test", "testing")
_MOST_PLACES = 20  # where git ignores a folder, no name in it will do
_BROAD_TESTS = {"integration", "e2e", "functional", "acceptance", "system", "benchmarks", "performance", "smoke"}


@dataclass(frozen=True, slots=True)
class _Habit:
    """A way to place tests.

    Below ``base`` with the packages of the source from the ``skip``-th on (None: all in one folder), each with
    ``prefix`` in front; or, where ``base`` is None, in the folder ``beside`` of the source's own ("" for that itself).
    """

    base: str | None = None
    skip: int | None = None
    prefix: str = ""
    beside: str = ""

    def folder(self, source: str, packages: Sequence[str]) -> str:
        """Return the folder for the tests of ``source``."""
        if self.base is None:
            return _join(_folder(source), self.beside)
        mirrored = packages[self.skip :] if self.skip is not None else ()
        return _join(self.base, *(self.prefix + package for package in mirrored))


@dataclass(frozen=True, slots=True)
class _Project:
    """The files of one project of the repository, apart in tests (that a plain ``pytest`` looks at) and sources."""

    code: TestCode
    files: Collection[str]
    roots: Sequence[str]
    top: str
    tests: Sequence[str]
    by_stem: dict[str, list[str]]

    @classmethod
    def of(cls, source: str, files: Collection[str], roots: Sequence[str], code: TestCode) -> _Project:
        tops = {_folder(path) for path in files if PurePosixPath(path).name in _PROJECT_FILES}
        top = _top_of(source, tops)
        tests = [path for path in code.collected if code.is_looked_in(path)]
        own = [path for path in tests if _top_of(path, tops) == top]
        by_stem: dict[str, list[str]] = {}
        for path in sorted(set(files) - set(code.collected)):
            if path.endswith(".py") and _top_of(path, tops) == top:
                by_stem.setdefault(_stem(path), []).append(path)
        # Tests that stand outside all projects of a repository may be those of each of them.
        return cls(code, files, roots, top, own or [path for path in tests if not _top_of(path, tops)], by_stem)

    def tested(self, test: str) -> str:
        """What a test file tests, by its name."""
        return self.code.split(test)[1]

    def packages(self, source: str) -> tuple[str, ...]:
        """The folders of a source below its import root."""
        best = max((root for root in self.roots if not root or source.startswith(root + "/")), key=len, default="")
        inner = PurePosixPath(source).relative_to(best) if best else PurePosixPath(source)
        return inner.parts[:-1]

    def twins(self, source: str) -> list[str]:
        """Other modules whose tests would have the same file name."""
        return [path for path in self.by_stem.get(_stem(source), ()) if path != source]


def test_path_for(
    source_path: str,
    files: Collection[str],
    roots: Sequence[str],
    tests_dir: str | None,
    reaches: Callable[[str], Collection[str]] | None = None,  # noqa: PT028
    code: TestCode | None = None,  # noqa: PT028
) -> str:
    """Return the path of the test file for a source: the one there is, else one named and placed as its neighbours are.

    ``files`` are all files of the repository, ``tests_dir`` is the folder for new test files where the user has named
    one. ``reaches`` tells which sources a test file imports: it settles whose a file is where names leave that open.
    ``code`` knows what pytest collects; without it, that is what it collects by default.
    """
    code = code or TestCode(files, lambda _: None)
    project = _Project.of(source_path, files, roots, code)
    existing = _existing(source_path, project, reaches)
    if existing is not None:
        return existing
    habit = _habit(source_path, project)
    if tests_dir is not None:
        return _new_path(source_path, project, replace(habit, base=tests_dir.strip("/")))
    path = _new_path(source_path, project, habit)
    folder = code.place_for_tests(_join(project.top, "x"))
    if folder is None or code.is_looked_in(path):
        return path
    return _new_path(source_path, project, replace(habit, base=folder))


test_path_for.__test__ = False  # type: ignore[attr-defined]  # pytest would take the name for a test


def places(path: str, code: TestCode | None = None) -> Iterator[str]:
    """Yield a path and others beside it, where it may not be touched: then ``test_cart_more.py``, ``test_cart_more2.py``."""
    yield path
    settings = code.settings(path) if code is not None else PytestSettings()
    before, tested, after = settings.parts(path)
    for number in range(1, _MOST_PLACES):
        yield _join(_folder(path), f"{before}{tested}_more{number if number > 1 else ''}{after}")


def package_markers(test_path: str, files: Collection[str]) -> tuple[str, ...]:
    """Return the ``__init__.py`` that new folders of a test file need: they are packages where the one above is."""
    missing: list[str] = []
    folder = _folder(test_path)
    while folder and not _has_files(folder, files):
        missing.append(_join(folder, "__init__.py"))
        folder = _folder(folder)
    return tuple(reversed(missing)) if missing and folder and _join(folder, "__init__.py") in files else ()


def import_note(
    test_path: str,
    module: str,
    files: Collection[str],
    roots: Sequence[str],
    read: Callable[[str], bytes | None],
    *,
    installed: bool = False,
    code: TestCode | None = None,
) -> str | None:
    """Return what lets a plain ``pytest`` import ``module`` (dotted) from a new test, or None if nothing is needed.

    ``installed`` says that the project's interpreter finds the module by itself. Tests that are there already show that
    there is some way, so nothing is said then.
    """
    code = code or TestCode(files, read)
    root = _root_of(module, files, roots)
    tops = {_folder(path) for path in files if PurePosixPath(path).name in _PROJECT_FILES}
    top = _top_of(test_path, tops)
    if installed or root is None or any(path != test_path and _top_of(path, tops) == top for path in code.collected):
        return None
    settings = pytest_settings(_folder(test_path), files, read)
    if root in _import_path(test_path, files, settings) or _changes_path(test_path, files, read):
        return None
    ways = [_pythonpath_edit(root, top, files, settings)]
    if any(_join(top, name) in files for name in _PROJECT_FILES):
        ways.append(f"install the project (`pip install -e {top or '.'}`)")
    if not root:
        ways.append("run `python -m pytest`")
    return f"a plain `pytest` will not find {module} from {test_path}: {', or '.join(ways)}"


def _root_of(module: str, files: Collection[str], roots: Sequence[str]) -> str | None:
    inner = module.replace(".", "/")
    for root in sorted(roots, key=len, reverse=True):
        if _join(root, inner) + ".py" in files or _join(root, inner, "__init__.py") in files:
            return root
    return None


def _above(path: str) -> Iterator[str]:
    """Yield the folders of a path from its own to the top."""
    folder = _folder(path)
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""


def _import_path(test_path: str, files: Collection[str], settings: PytestSettings | None) -> set[str]:
    """The folders that pytest puts on ``sys.path``: its settings', and those of the test and its conftests."""
    found: set[str] = set()
    if settings is not None:
        for path in settings.python_paths:
            full = posixpath.normpath(posixpath.join(settings.folder, path))
            found.add("" if full == "." else full)
    if settings is None or not settings.uses_importlib:
        found.add(base_folder(test_path, files))
        conftests = (_join(folder, "conftest.py") for folder in _above(test_path))
        found |= {base_folder(path, files) for path in conftests if path in files}
    return found


def _changes_path(test_path: str, files: Collection[str], read: Callable[[str], bytes | None]) -> bool:
    conftests = (_join(folder, "conftest.py") for folder in _above(test_path))
    return any(b"sys.path" in (read(path) or b"") for path in conftests if path in files)


def _pythonpath_edit(root: str, top: str, files: Collection[str], settings: PytestSettings | None) -> str:
    pyproject = _join(top, "pyproject.toml")
    if settings is not None:
        folder, section, path = settings.folder, settings.section, settings.path
    elif pyproject in files:
        folder, section, path = top, "tool.pytest.ini_options", pyproject
    else:
        folder, section, path = top, "pytest", _join(top, "pytest.ini")
    shown = posixpath.relpath(root or ".", folder or ".")
    if settings is not None and settings.python_paths:
        return f'add "{shown}" to pythonpath in {path}'
    line = f'pythonpath = ["{shown}"]' if path.endswith(".toml") else f"pythonpath = {shown}"
    return f"add `{line}` to [{section}] in {path}" if path in files else f"create {path} with [{section}] and `{line}`"


# -- paths -----------------------------------------------------------------------------------------------------------


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _has_files(folder: str, files: Iterable[str]) -> bool:
    return any(path.startswith(folder + "/") for path in files)


def _stem(source: str) -> str:
    """The name of a module without the underscores that say «private»; that of its package for ``__init__.py``."""
    path = PurePosixPath(source)
    stem = path.parent.name if path.stem in ("__init__", "__main__") and _folder(source) else path.stem
    return stem.strip("_") or stem


def _top_of(path: str, tops: Collection[str]) -> str:
    """The folder of the project that a file belongs to; "" for that of the repository."""
    folder = _folder(path)
    while folder and folder not in tops:
        folder = _folder(folder)
    return folder


# -- the test file that is there -------------------------------------------------------------------------------------


def _existing(source: str, project: _Project, reaches: Callable[[str], Collection[str]] | None) -> str | None:
    stem, packages = _stem(source), project.packages(source)
    full = {"_".join([*packages[start:], stem]) for start in range(len(packages))}
    matching = [path for path in project.tests if project.tested(path) in {stem, PurePosixPath(source).stem, *full}]
    twins = project.twins(source)
    if twins and reaches is not None:
        matching = [path for path in matching if source in reaches(path)]
    elif twins:
        # A flat test_utils.py may be that of another utils.py: only a name or place that says whose it is will do.
        shared = {path: max(_shared(path, twin) for twin in twins) for path in matching}
        matching = [
            path
            for path in matching
            if (project.tested(path) in full and project.tested(path) != stem) or _shared(path, source) > shared[path]
        ]
    return max(matching, key=lambda path: (_shared(path, source), not _is_broad(path), -len(path)), default=None)


def _is_broad(path: str) -> bool:
    return any(part in _BROAD_TESTS for part in PurePosixPath(path).parts[:-1])


def _shared(test: str, source: str) -> int:
    """How many of the last folders of two paths agree, those named for tests left out; one more in the same folder."""
    left = [part.removeprefix("test_") for part in PurePosixPath(test).parts[:-1] if part not in _TEST_FOLDERS]
    right = list(PurePosixPath(source).parts[:-1])
    count = int(_folder(test) == _folder(source))
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += 1
    return count


# -- the habit of the project ----------------------------------------------------------------------------------------


def _habit(source: str, project: _Project) -> _Habit:
    """Return the habit that most pairs of a test file and its source speak for, those of the same package first."""
    votes: Counter[_Habit] = Counter()
    near: Counter[_Habit] = Counter()
    first = (*project.packages(source), "")[0]
    for test in project.tests:
        candidates = project.by_stem.get(project.tested(test), ())
        nearest = max((_shared(test, path) for path in candidates), default=0)
        for candidate in (path for path in candidates if _shared(test, path) == nearest):
            habits = list(_habits_of(test, candidate, project.packages(candidate)))
            votes.update(habits)
            if (*project.packages(candidate), "")[0] == first:
                near.update(habits)
    for counted in (near, votes):
        if counted:
            return max(counted.items(), key=lambda item: (item[1], *_preference(item[0])))[0]
    folders = Counter(_folder(test) for test in project.tests)
    if folders:
        return _Habit(base=max(folders.items(), key=lambda item: (item[1], -len(item[0]), item[0]))[0])
    named = [name for name in _TEST_FOLDERS[:2] if _has_files(_join(project.top, name), project.files)]
    return _Habit(base=_join(project.top, (*named, "tests")[0]))


def _preference(habit: _Habit) -> tuple[bool, bool, str]:
    """Order among habits with as many votes: tests of units before broad ones, mirrored before flat."""
    return not _is_broad(f"{habit.base}/x"), habit.skip is not None, habit.base or ""


def _habits_of(test: str, source: str, packages: Sequence[str]) -> Iterator[_Habit]:
    """Yield the habits that would have put the test where it is."""
    here, there = _folder(test), _folder(source)
    if here == there:
        yield _Habit()
        return
    if there and _folder(here) == there:
        yield _Habit(beside=here.rpartition("/")[2])
    place = PurePosixPath(test).parts[:-1]
    for skip in range(len(packages)):
        rest = tuple(packages[skip:])
        end = place[-len(rest) :]
        for prefix in ("", "test_"):
            if end == tuple(prefix + package for package in rest) and len(place) > len(rest):
                yield _Habit(base="/".join(place[: -len(rest)]), skip=skip, prefix=prefix)
                return
    yield _Habit(base=here)
    if len(packages) == 1:  # a module of the top package may as well be mirrored without that package
        yield _Habit(base=here, skip=1)


# -- a new test file -------------------------------------------------------------------------------------------------


def _new_path(source: str, project: _Project, habit: _Habit) -> str:
    packages = project.packages(source)
    folder = habit.folder(source, packages)
    before, after = _form(folder, project)
    qualified = "_".join([*(part.strip("_") for part in packages), _stem(source)])
    stems = [_stem(source), qualified, PurePosixPath(source).stem]
    twins = [twin for twin in project.twins(source) if habit.folder(twin, project.packages(twin)) == folder]
    if any(_folder(twin) == _folder(source) for twin in twins):  # such as cart.py and _cart.py
        stems.reverse()
    elif twins:
        stems = stems[1:]
    candidates = [_join(folder, f"{before}{stem}{after}") for stem in stems]
    if _tolerates_equal_names(project):
        return candidates[0]
    return next((path for path in candidates if not _collides(path, project)), candidates[0])


def _form(folder: str, project: _Project) -> tuple[str, str]:
    """What stands before and behind the name of a source in that of its test file: as in most of those there are."""
    forms = project.code.settings(_join(folder, "x")).forms
    used = Counter((before, after) for before, _, after in map(project.code.split, project.tests))
    ways = [(before, after) for before, _, after in (form.partition("*") for form in forms)]
    return max(ways, key=lambda way: used[way], default=("test_", ".py"))


def _collides(path: str, project: _Project) -> bool:
    """Whether pytest would import the file under the name of another test file, which it refuses to do by default."""
    name = _imported_as(path, project.files)
    base = PurePosixPath(path).name
    return any(
        other != path and PurePosixPath(other).name == base and _imported_as(other, project.files) == name
        for other in project.tests
    )


def _tolerates_equal_names(project: _Project) -> bool:
    names = Counter(_imported_as(path, project.files) for path in project.tests)
    return any(count > 1 for count in names.values())


def _imported_as(path: str, files: Collection[str]) -> str:
    """The module name that pytest gives a test file by default: from the first folder that is not a package."""
    return path.removeprefix(base_folder(path, files)).strip("/").removesuffix(".py").replace("/", ".")


def base_folder(path: str, files: Collection[str]) -> str:
    """Return the folder that pytest puts on ``sys.path`` for a file: the first upwards without ``__init__.py``."""
    folder = _folder(path)
    markers = package_markers(path, files)
    while folder and (_join(folder, "__init__.py") in files or _join(folder, "__init__.py") in markers):
        folder = _folder(folder)
    return folder
