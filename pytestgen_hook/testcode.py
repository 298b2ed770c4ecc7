"""Tells test code from product code, by the rules of pytest and the project's settings of it; never by a name alone."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from fnmatch import fnmatchcase
from functools import cached_property

from pytestgen_hook.pytest_settings import OPTION_FILES, PytestSettings, pytest_settings

_FOLDERS = ("test", "tests")
_TOP_FOLDERS = (*_FOLDERS, "testing")  # further down, a package `testing` is mostly for others to import
_DEFAULT = PytestSettings()


class TestCode:
    """What of the files of a repository pytest collects, and what only its tests use.

    ``read`` returns the contents of an option file of pytest, or None.
    """

    __test__ = False  # pytest would take the name for a test class

    def __init__(self, files: Collection[str], read: Callable[[str], bytes | None]) -> None:
        self._files = files
        self._read = read
        self._settings: dict[str, PytestSettings] = {}
        self._is_collected: dict[str, bool] = {}  # asked of each of ten thousand files more than once
        self._looked_in: dict[PytestSettings, tuple[str, ...]] = {}

    def settings(self, path: str) -> PytestSettings:
        """Return the settings that pytest uses for a file: those of the nearest folder that has any."""
        own = _folder(path)
        if own not in self._settings:
            nearest = next((folder for folder in _above(path) if folder in self._configured), "")
            found = self._settings.get(nearest) or pytest_settings(nearest, self._option_files, self._read) or _DEFAULT
            self._settings[own] = self._settings[nearest] = found
        return self._settings[own]

    @cached_property
    def _option_files(self) -> set[str]:
        return {path for path in self._files if path.rpartition("/")[2] in OPTION_FILES}

    @cached_property
    def _configured(self) -> set[str]:
        return {_folder(path) for path in self._option_files}

    # -- what is there ---------------------------------------------------------------------------------------------

    def is_collected(self, path: str) -> bool:
        """Whether pytest looks for tests in the file; where it looks in all, whether name or folder says so."""
        if path not in self._is_collected:
            settings = self.settings(path)
            self._is_collected[path] = settings.collects_file(path) and (
                settings.tells_tests(path) or any(map(_is_named_for_tests, _above(path)))
            )
        return self._is_collected[path]

    @cached_property
    def collected(self) -> list[str]:
        """The test files, sorted."""
        return sorted(path for path in self._files if path.endswith(".py") and self.is_collected(path))

    def split(self, path: str) -> tuple[str, str, str]:
        """Return the name of a test file in three parts, of which the second says what it tests."""
        return self.settings(path).parts(path)

    def __contains__(self, path: object) -> bool:
        """Whether a file is test code: collected, a ``conftest.py``, or a helper in a folder of tests."""
        if not isinstance(path, str):
            return False
        if path.rpartition("/")[2] == "conftest.py" or self.is_collected(path):
            return True
        return any(folder in self._folders for folder in _above(path))

    @cached_property
    def _folders(self) -> set[str]:
        """The folders of tests: named like one, or in ``testpaths`` and for sources outside; with collected files in them."""
        named: set[str] = set()
        others: dict[str, list[str]] = {}
        for path in self.collected:
            for folder in _above(path):
                if _is_named_for_tests(folder):
                    named.add(folder)
                    break
                if folder and folder in self.settings(path).test_places:
                    others.setdefault(folder, []).append(path)
                    break
        return named | {folder for folder, tests in others.items() if self._are_for_others(folder, tests)}

    def _are_for_others(self, folder: str, tests: Collection[str]) -> bool:
        """Whether tests in a folder are for sources outside of it, and none for one inside."""
        tested = {self.split(path)[1] for path in tests}
        sources = [path for path in self._files if path.endswith(".py") and not self.is_collected(path)]
        paired = [path for path in sources if path.rpartition("/")[2][:-3].strip("_") in tested]
        inside = [path for path in paired if path.startswith(f"{folder}/")]
        return bool(paired) and not inside

    # -- what is to be ---------------------------------------------------------------------------------------------

    def is_looked_in(self, path: str) -> bool:
        """Whether a plain ``pytest`` looks at a path: ``testpaths`` has it, or says nothing."""
        places = self._places(self.settings(path))
        return not places or any(_lies_in(path, place) for place in places)

    def _places(self, settings: PytestSettings) -> tuple[str, ...]:
        """The places in ``testpaths``; none where none of them exists and tests are elsewhere: pytest passes over it then."""
        if settings not in self._looked_in:
            places = settings.test_places
            is_void = self.collected and not any(_lies_in(path, place) for path in self._files for place in places)
            self._looked_in[settings] = () if is_void else places
        return self._looked_in[settings]

    def place_for_tests(self, path: str) -> str | None:
        """Return the first folder of ``testpaths`` as set for a path: one that is there before one that could be made."""
        places = self._places(self.settings(path))
        plain = [place for place in places if not any(mark in place for mark in "*?[") and not place.endswith(".py")]
        existing = {folder for file in self.collected for folder in _above(file)}
        matching = [folder for place in places for folder in sorted(existing) if fnmatchcase(folder, place)]
        return next(iter([*matching, *plain]), None)

    def why_not_collected(self, path: str) -> str | None:
        """Return why a plain ``pytest`` would find no tests in a file of this path; None if it would."""
        settings = self.settings(path)
        if not settings.collects_file(path):
            return (
                f"pytest would not collect {path}: python_files in {settings.path} is {_listed(settings.python_files)}"
            )
        if not self.is_looked_in(path):
            return f"pytest would not look at {path}: testpaths in {settings.path} is {_listed(settings.test_paths)}"
        return None


def _listed(patterns: Collection[str]) -> str:
    return ", ".join(patterns)


def _is_named_for_tests(folder: str) -> bool:
    return folder.rpartition("/")[2] in (_FOLDERS if "/" in folder else _TOP_FOLDERS)


def _lies_in(path: str, place: str) -> bool:
    return not place or any(fnmatchcase(part, place) for part in (path, *_above(path)))


def _folder(path: str) -> str:
    return path.rpartition("/")[0]


def _above(path: str) -> Iterator[str]:
    """Yield the folders of a path from its own to the top."""
    folder = _folder(path)
    while folder:
        yield folder
        folder = _folder(folder)
    yield ""
