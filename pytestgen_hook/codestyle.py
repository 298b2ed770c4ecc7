"""Finds the line length and the quotes of a project: in the settings of its formatter and linters, or in its own code."""

from __future__ import annotations

import configparser
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DEFAULT_LENGTH = 88
_SHORTEST = 60  # a limit below is no limit for code
_LONGEST_OF_LINTERS = 120  # what a linter lets pass is not what people write
_FEWEST_STRINGS = 3
_RUFF = (".ruff.toml", "ruff.toml", "pyproject.toml")
_MOST_EXTENDED = 5


@dataclass(frozen=True, slots=True)
class CodeStyle:
    """The most columns of a line, and the quotes of texts: "double" or "single".

    ``is_ruff``: the project has settings for ruff.
    """

    line_length: int = DEFAULT_LENGTH
    quotes: str = "double"
    is_ruff: bool = False


def code_style(path: str, read: Callable[[str], str | None], samples: Sequence[str] = ()) -> CodeStyle:
    """Return the style for a file at ``path``; ``read`` gives the text of a file of the project, None if there is none.

    ``samples`` are sources of the project: their quotes count where no setting names any.
    """
    folders = list(_upwards(path.rpartition("/")[0]))
    ruff = next((found for folder in folders if (found := _ruff(folder, read)) is not None), None)
    black = next((found for folder in folders if (found := _tool(folder, read, "black")) is not None), None)
    lengths = [_number((ruff or {}).get("line-length")), _number(_either(black or {}, "line-length"))]
    if ruff is None and black is None:
        stated = (_number(value) for folder in folders for value in _stated_lengths(folder, read))
        lengths.append(min(next((value for value in stated if value), DEFAULT_LENGTH), _LONGEST_OF_LINTERS))
    length = next((value for value in lengths if value), DEFAULT_LENGTH)
    return CodeStyle(length, _quotes(ruff, black, samples), ruff is not None)


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder + "/"
        folder = folder.rpartition("/")[0]
    yield ""


def _ruff(folder: str, read: Callable[[str], str | None]) -> Mapping[str, Any] | None:
    for name in _RUFF:
        parsed = _toml(read(folder + name))
        found = _table(parsed, "tool", "ruff") if name == "pyproject.toml" else parsed
        if found is not None:
            return _extended(found, folder, read)
    return None


def _extended(settings: Mapping[str, Any], folder: str, read: Callable[[str], str | None]) -> Mapping[str, Any]:
    """Return settings with those that they extend."""
    for _ in range(_MOST_EXTENDED):
        base = settings.get("extend")
        if not isinstance(base, str) or base.startswith(("/", "~", "..")):
            break
        parsed = _toml(read(folder + base.removeprefix("./"))) or {}
        inner = (_table(parsed, "tool", "ruff") if base.endswith("pyproject.toml") else parsed) or {}
        settings = {**inner, **{key: value for key, value in settings.items() if key != "extend"}}
    return settings


def _tool(folder: str, read: Callable[[str], str | None], name: str) -> Mapping[str, Any] | None:
    return _table(_toml(read(folder + "pyproject.toml")), "tool", name)


def _toml(text: str | None) -> Mapping[str, Any] | None:
    try:
        return tomllib.loads(text) if text is not None else None
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _table(values: Mapping[str, Any] | None, *keys: str) -> Mapping[str, Any] | None:
    found: Any = values
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def _either(values: Mapping[str, Any], key: str) -> Any:
    return values.get(key, values.get(key.replace("-", "_")))


def _number(value: object) -> int | None:
    text = str(value).strip() if isinstance(value, (int, str)) else ""
    return int(text) if text.isdigit() and int(text) >= _SHORTEST else None


def _stated_lengths(folder: str, read: Callable[[str], str | None]) -> Iterator[object]:
    """Yield what other formatters, linters and editors are told."""
    for tool, key in (("yapf", "column_limit"), ("autopep8", "max_line_length"), ("flake8", "max-line-length")):
        yield _either(_tool(folder, read, tool) or {}, key)
    for name in (".flake8", "setup.cfg", "tox.ini", ".style.yapf"):
        sections = _ini(read(folder + name))
        for section in ("yapf", "style", "flake8", "pycodestyle", "pep8"):
            found = sections.get(section, {})
            yield from (found.get(key) for key in ("column_limit", "max-line-length", "max_line_length"))
    yield (_table(_tool(folder, read, "pylint"), "format") or {}).get("max-line-length")
    editor = _ini(read(folder + ".editorconfig"))
    for section in sorted(editor, key=len, reverse=True):
        if section == "*" or re.search(r"\bpy\b", section):
            yield editor[section].get("max_line_length")


def _ini(text: str | None) -> dict[str, Mapping[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        # The first lines of .editorconfig stand in no section.
        parser.read_string("[-]\n" + (text or ""))
    except configparser.Error:
        return {}
    return {section: parser[section] for section in parser.sections()}


# -- quotes ----------------------------------------------------------------------------------------------------------


def _quotes(ruff: Mapping[str, Any] | None, black: Mapping[str, Any] | None, samples: Sequence[str]) -> str:
    stated = (_table(ruff, "format") or {}).get("quote-style")
    if stated in ("single", "double"):
        return str(stated)
    linted = (_table(ruff, "lint", "flake8-quotes") or {}).get("inline-quotes")
    if linted in ("single", "double"):
        return str(linted)
    if stated is None and black is not None and not _either(black, "skip-string-normalization"):
        return "double"
    for sample in samples:
        single, double = _counted(sample)
        if single + double >= _FEWEST_STRINGS:
            return "single" if single > 2 * double else "double"
    return "double"


def _counted(source: str) -> tuple[int, int]:
    """Count the texts in single and in double quotes, without those that a quote in them or three quotes decide."""
    counts = {"'": 0, '"': 0}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            text = token.string.lstrip("rRbBuUfF") if token.type == tokenize.STRING else ""
            if text and text[:3] not in ("'''", '"""') and not re.search("['\"]", text[1:-1]):
                counts[text[0]] += 1
    except (tokenize.TokenError, SyntaxError):
        pass
    return counts["'"], counts['"']
