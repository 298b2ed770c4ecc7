"""Finds the file that configures pytest and reads from it where pytest lets tests import from."""

from __future__ import annotations

import configparser
import re
import shlex
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class PytestSettings:
    """What a configuration file tells pytest about imports; ``python_paths`` are as written, relative to ``folder``."""

    path: str
    folder: str
    section: str
    python_paths: tuple[str, ...]
    uses_importlib: bool


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
                return PytestSettings(path, folder, section, _paths(values), _uses_importlib(values))
        if not folder:
            return None
        folder = folder.rpartition("/")[0]


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
    except tomllib.TOMLDecodeError:
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
