"""Where the tests of a source file belong: learnt from the test files that are there, else the usual place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_INI_FILES = ("pyproject.toml", "pytest.ini", "tox.ini", "setup.cfg")


@dataclass(frozen=True, slots=True)
class _Habit:
    """How a project places tests: below ``base``, with the folders of the source from the ``skip``-th on, or beside it."""

    beside: bool = False
    base: str = ""
    skip: int | None = None  # None: flat


def _folder(path: str) -> str:
    parent = str(PurePosixPath(path).parent)
    return "" if parent == "." else parent


def _join(*parts: str) -> str:
    return "/".join(part for part in parts if part)


def _is_test(path: str) -> bool:
    name = PurePosixPath(path).name
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def _tested_stem(path: str) -> str:
    stem = PurePosixPath(path).stem
    return stem.removeprefix("test_") if stem.startswith("test_") else stem.removesuffix("_test")


def _stem(source: str) -> str:
    """The name of a module without underscores that say «private»; of a package for its ``__init__.py``."""
    path = PurePosixPath(source)
    stem = path.stem if path.stem not in ("__init__", "__main__") or not _folder(source) else path.parent.name
    return stem.strip("_") or stem


def _inner_folders(source: str, roots: Sequence[str]) -> tuple[str, ...]:
    """The folders of a source below its import root: its packages."""
    best = max((root for root in roots if not root or source.startswith(root + "/")), key=len, default="")
    inner = PurePosixPath(source).relative_to(best) if best else PurePosixPath(source)
    return inner.parts[:-1]


def test_path_for(source: str, files: Collection[str], roots: Sequence[str], tests_dir: str | None) -> str:
    """Return the path of the test file for ``source``: the one there is, else one named and placed as its neighbours are.

    ``files`` are all files of the repository, ``tests_dir`` the folder for new test files where the user has named one.
    """
    tests = sorted(path for path in files if _is_test(path))
    sources = [path for path in files if path.endswith(".py") and not _is_test(path)]
    existing = _existing(source, tests, sources, roots)
    if existing is not None:
        return existing
    habit = _habit(source, tests, sources, roots)
    if tests_dir is not None:
        habit = _Habit(base=tests_dir.strip("/"), skip=habit.skip)
    inner = _inner_folders(source, roots)
    if habit.beside:
        folder = _folder(source)
    else:
        folder = _join(habit.base, *(inner[habit.skip :] if habit.skip is not None else ()))
    return _named(source, folder, habit, tests, sources, inner)


test_path_for.__test__ = False  # type: ignore[attr-defined]  # pytest would take the name for a test


def _named(
    source: str, folder: str, habit: _Habit, tests: Sequence[str], sources: Sequence[str], inner: Sequence[str]
) -> str:
    stem = _stem(source)
    twins = [path for path in sources if path != source and _stem(path) == stem]
    flat = not habit.beside and habit.skip is None
    if twins and flat:
        # Two modules of one name: the package tells their tests apart (pytest wants distinct names in plain folders too).
        stem = "_".join([*(part.strip("_") for part in inner), stem]) if inner else stem
    suffixes = sum(1 for path in tests if PurePosixPath(path).name.endswith("_test.py"))
    name = f"{stem}_test.py" if suffixes * 2 > len(tests) else f"test_{stem}.py"
    return _join(folder, name)


def _existing(source: str, tests: Sequence[str], sources: Sequence[str], roots: Sequence[str]) -> str | None:
    stem = _stem(source)
    inner = _inner_folders(source, roots)
    names = {stem, PurePosixPath(source).stem, "_".join([*inner, stem]), "_".join([*inner[1:], stem])}
    matching = [path for path in tests if _tested_stem(path) in names]
    twins = [path for path in sources if path != source and _stem(path) == stem]
    if not matching:
        return None
    if twins:
        # A flat test_utils.py may be that of another utils.py: only a place or name that says whose it is will do.
        full = {"_".join([*inner, stem]), "_".join([*inner[1:], stem])} if len(inner) > 1 else set()
        matching = [
            path
            for path in matching
            if _tested_stem(path) in full or _folder(path) == _folder(source) or (inner and _shared(path, source) > 0)
        ]
    return max(matching, key=lambda path: (_shared(path, source), -len(path)), default=None)


def _shared(test: str, source: str) -> int:
    """How many of the last folders of two paths agree."""
    count = 0
    left, right = PurePosixPath(test).parts[:-1], PurePosixPath(source).parts[:-1]
    for one, other in zip(reversed(left), reversed(right), strict=False):
        if one != other:
            break
        count += 1
    return count


def _habit(source: str, tests: Sequence[str], sources: Sequence[str], roots: Sequence[str]) -> _Habit:
    """Return the habit that most pairs of a test file and its source speak for."""
    by_stem: dict[str, list[str]] = {}
    for path in sources:
        by_stem.setdefault(_stem(path), []).append(path)
    votes: Counter[_Habit] = Counter()
    project = _project_of(source, sources)
    for test in tests:
        if project and not test.startswith(project + "/"):
            continue
        for candidate in by_stem.get(_tested_stem(test), ()):
            votes.update(_habits_of(test, candidate, roots))
    if votes:
        return max(votes.items(), key=lambda item: (item[1], item[0].skip is not None, item[0].base))[0]
    folders = Counter(_folder(test) for test in tests if not project or test.startswith(project + "/"))
    if folders:
        return _Habit(base=max(folders.items(), key=lambda item: (item[1], -len(item[0])))[0])
    return _Habit(base=_join(project, "tests"))


def _habits_of(test: str, source: str, roots: Sequence[str]) -> list[_Habit]:
    if _folder(test) == _folder(source):
        return [_Habit(beside=True)]
    inner = _inner_folders(source, roots)
    place = PurePosixPath(test).parts[:-1]
    for skip in range(len(inner)):
        rest = inner[skip:]
        if len(place) > len(rest) and place[-len(rest) :] == rest:
            return [_Habit(base="/".join(place[: -len(rest)]), skip=skip)]
    if len(inner) > 1:
        return [_Habit(base="/".join(place))]
    # A module of the top package speaks for both: flat, and mirrored without the top package.
    return [_Habit(base="/".join(place)), *([_Habit(base="/".join(place), skip=1)] if inner else [])]


def _project_of(source: str, files: Collection[str]) -> str:
    """The folder of the sub-project that a source belongs to; empty for the top."""
    known = {_folder(path) for path in files if PurePosixPath(path).name in _PROJECT_FILES}
    folder = _folder(source)
    while folder and folder not in known:
        folder = _folder(folder)
    return folder


def alternative_path(path: str, files: Collection[str]) -> str:
    """Return another name beside ``path``, for when that file may not be touched: ``test_cart_more.py``, ``…_more2.py``."""
    pure = PurePosixPath(path)
    base, ending = (pure.stem.removesuffix("_test"), "_test") if pure.stem.endswith("_test") else (pure.stem, "")
    count = 1
    while True:
        more = "_more" if count == 1 else f"_more{count}"
        candidate = _join(_folder(path), f"{base}{more}{ending}.py")
        if candidate not in files and candidate != path:
            return candidate
        count += 1


def import_note(
    test_path: str, source: str, files: Collection[str], roots: Sequence[str], read: Callable[[str], bytes | None]
) -> str | None:
    """Return what to do so that a plain ``pytest`` can import the module from the new test, or None if nothing is needed."""
    if any(_is_test(path) for path in files if path != test_path):
        return None  # there are tests already, and they import what they test somehow
    root = max((root for root in roots if not root or source.startswith(root + "/")), key=len, default="")
    if any(b"pythonpath" in (read(name) or b"") for name in _INI_FILES if name in files):
        return None
    if _join(root, "conftest.py") in files or _folder(test_path) == root:
        return None
    shown = root or "."
    return (
        f"to let a plain `pytest` import from {'the top of the repository' if not root else root}, add to pyproject.toml: "
        f'[tool.pytest.ini_options] pythonpath = ["{shown}"]' + ("" if root else " (or run `python -m pytest`)")
    )
