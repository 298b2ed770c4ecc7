"""Finds the file that configures pytest and reads from it what pytest collects and where tests import from."""

from __future__ import annotations

import configparser
import posixpath
import re
import shlex
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_INI_SECTIONS = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}
# The order in which pytest looks for them in a folder.
_NAMES = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini", "pyproject.toml", "tox.ini", "setup.cfg")
OPTION_FILES = frozenset(_NAMES)
_ALWAYS = ("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini")  # these count even where they say nothing


PYTHON_FILES = ("test_*.py", "*_test.py")
_MARKS = "*?["  # of a pattern
_ANY_NAME = re.compile(r"[*/]*(\.py)?")


@dataclass(frozen=True, slots=True)
class PytestSettings:
    """What a configuration file tells pytest about collecting and imports; without arguments, what pytest does by default.

    ``python_paths`` and ``test_paths`` are as written, relative to ``folder``.
    """

    path: str = ""
    folder: str = ""
    section: str = ""
    python_paths: tuple[str, ...] = ()
    uses_importlib: bool = False
    python_files: tuple[str, ...] = PYTHON_FILES
    python_functions: tuple[str, ...] = ("test",)
    python_classes: tuple[str, ...] = ("Test",)
    test_paths: tuple[str, ...] = ()
    strict_options: tuple[str, ...] = ()  # those of ``addopts`` that decide how a test ends

    def collects_file(self, path: str) -> bool:
        """Whether pytest looks for tests in a file, by its name."""
        return _is_module(path) and _matches(path, self.python_files)

    def tells_tests(self, path: str) -> bool:
        """Whether the name of a file says that it is for tests: not where pytest takes every name (``*.py``)."""
        telling = [pattern for pattern in self.python_files if not _ANY_NAME.fullmatch(pattern)]
        return _is_module(path) and _matches(
            path, telling if len(telling) == len(self.python_files) else [*telling, *PYTHON_FILES]
        )

    def collects_function(self, name: str) -> bool:
        """Whether pytest takes a function of this name for a test."""
        return _begins_or_matches(name, self.python_functions)

    def collects_name(self, name: str) -> bool:
        """Whether pytest takes a function or a class of this name for a test, also one that the file imports."""
        return self.collects_function(name) or _begins_or_matches(name, self.python_classes)

    @property
    def forms(self) -> tuple[str, ...]:
        """The names of test files, ``*`` for what they test: the usual ones first, only such as pytest collects."""
        own = [_spaced(pattern.rpartition("/")[2]) for pattern in self.python_files]
        names = [pattern.rpartition("/")[2] for pattern in self.python_files]
        return tuple(
            form
            for form in dict.fromkeys([*PYTHON_FILES, *own])
            if form.count("*") == 1
            and form.endswith(".py")
            and form != "*.py"
            and not any(mark in form for mark in "?[")
            if any(fnmatchcase(form.replace("*", "x"), name) for name in names)
        )

    def parts(self, path: str) -> tuple[str, str, str]:
        """Return the name of a test file in three parts, of which the second says what it tests."""
        name = path.rpartition("/")[2]
        for form in self.forms:
            before, _, after = form.partition("*")
            if name.startswith(before) and name.endswith(after) and len(name) > len(before) + len(after):
                return before, name[len(before) : len(name) - len(after)], after
        return "", name.removesuffix(".py"), ".py"

    def function_name(self, name: str) -> str | None:
        """Return ``test_double`` as pytest takes it for a test here, such as ``check_double``; None if no name will do."""
        if self.collects_function(name):
            return name
        rest = name.removeprefix("test_")
        for pattern in self.python_functions:
            if not any(mark in pattern for mark in _MARKS):
                pattern += "*"
            made = _spaced(pattern).replace("*", rest)
            if pattern.count("*") == 1 and made.isidentifier() and self.collects_function(made):
                return made
        return None

    @property
    def test_places(self) -> tuple[str, ...]:
        """The paths (or patterns of paths) that pytest looks in when it is given none, from the top of the repository."""
        full = (posixpath.normpath(posixpath.join(self.folder, path)) for path in self.test_paths)
        return tuple("" if path == "." else path for path in full)


def _is_module(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name.endswith(".py") and name not in ("conftest.py", "__init__.py")


def _matches(path: str, patterns: Collection[str]) -> bool:
    name = path.rpartition("/")[2]
    return any(
        fnmatchcase(f"/{path}", f"*/{pattern}") if "/" in pattern else fnmatchcase(name, pattern)
        for pattern in patterns
    )


def _begins_or_matches(name: str, options: Collection[str]) -> bool:
    return any(
        name.startswith(option) or (any(mark in option for mark in _MARKS) and fnmatchcase(name, option))
        for option in options
    )


def _spaced(pattern: str) -> str:
    """The pattern with underscores between its ``*`` and a word beside it: ``check_*`` for ``check*``."""
    return re.sub(r"(?<=[^\W_])\*|\*(?=[^\W_])", lambda found: "_*" if _follows_word(found) else "*_", pattern)


def _follows_word(found: re.Match[str]) -> bool:
    return found.start() > 0 and found.string[found.start() - 1].isalnum()


def pytest_settings(folder: str, files: Collection[str], read: Callable[[str], bytes | None]) -> PytestSettings | None:
    """Return the settings that pytest uses in a folder, which may stand in a folder above; None if there are none.

    A file that cannot be read or parsed counts as absent: pytest itself tells the user about it.
    """
    while True:
        for name in _NAMES:
            path = f"{folder}/{name}" if folder else name
            found = _section_of(name, _text(read(path))) if path in files else None
            if found is not None:
                section, values = found
                return _settings(path, folder, section, values)
        if not folder:
            return None
        folder = folder.rpartition("/")[0]


def _settings(path: str, folder: str, section: str, values: Mapping[str, Any]) -> PytestSettings:
    usual = PytestSettings()

    def listed(key: str, default: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_words(values.get(key, ""))) or default

    return PytestSettings(
        path,
        folder,
        section,
        _paths(values),
        _uses_importlib(values),
        listed("python_files", usual.python_files),
        listed("python_functions", usual.python_functions),
        listed("python_classes", usual.python_classes),
        listed("testpaths", ()),
        _strict_options(values),
    )


def _text(content: bytes | None) -> str:
    return (content or b"").decode(errors="replace")


def _section_of(name: str, text: str) -> tuple[str, Mapping[str, Any]] | None:
    found = _toml_section(name, text) if name.endswith(".toml") else _ini_section(_INI_SECTIONS[name], text)
    if found is None and name in _ALWAYS:
        return "pytest", {}
    return found


def _toml_section(name: str, text: str) -> tuple[str, Mapping[str, Any]] | None:
    try:
        parsed = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    if name != "pyproject.toml":
        return ("pytest", parsed["pytest"]) if isinstance(parsed.get("pytest"), dict) else None
    tool = parsed.get("tool")
    table = tool.get("pytest") if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        return None
    inner = table.get("ini_options")
    return ("tool.pytest.ini_options", inner) if isinstance(inner, dict) else ("tool.pytest", table)


def _ini_section(section: str, text: str) -> tuple[str, Mapping[str, Any]] | None:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error:
        return None
    return (section, dict(parser[section])) if parser.has_section(section) else None


def _words(value: object) -> list[str]:
    if isinstance(value, list):
        return [str(item) for item in value]
    try:
        return shlex.split(str(value))
    except ValueError:
        return str(value).split()


def _paths(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths of the setting itself and of the plugin that had it before pytest 7."""
    return tuple(word for key in ("pythonpath", "python_paths") if key in values for word in _words(values[key]))


def _uses_importlib(values: Mapping[str, Any]) -> bool:
    return bool(re.search(r"--import-mode[= ]importlib", " ".join(_words(values.get("addopts", "")))))


_ALONE = ("--strict", "--strict-markers", "--strict-config")
_WITH_VALUE = ("-W", "--pythonwarnings", "--import-mode", "-o", "--override-ini")


def _strict_options(values: Mapping[str, Any]) -> tuple[str, ...]:
    """The options of ``addopts`` about warnings, strictness, ways of importing and plugins switched off."""
    words = _words(values.get("addopts", ""))
    found: list[str] = []
    for word, following in zip(words, [*words, ""][1:], strict=True):
        if word in _ALONE or word.startswith(("-p=no:", "-pno:")):
            found.append(word)
        elif word in _WITH_VALUE or (word == "-p" and following.startswith("no:")):
            found += [word, following]
        elif word.startswith(("-W", "--pythonwarnings=", "--import-mode=", "--override-ini=")):
            found.append(word)
    return tuple(found)
