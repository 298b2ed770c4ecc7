"""Settings: flags before ``PYTESTGEN_*`` before the file before the defaults, read once and passed on."""

from __future__ import annotations

import fnmatch
import os
import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any

from pytestgen_hook.errors import FatalError, SettingsError
from pytestgen_hook.types.settings import MODES, Model

ENGINES = ("auto", "search", "model")
PYPROJECT = "pyproject.toml"
TABLE = "[tool.pytestgen]"
PROFILES = ("calls", "whole-tests")
_TABLES = ("model", "generation", "hardware", "prompt")
_ELSEWHERE = {"output.default_dir": "tests_dir", "model.name": "model"}  # the same settings under other names
BASELINE = ".pytestgen-baseline.json"
_MOST_SECONDS = 10**9
_MOST_NAME, _MOST_PATH = 255, 1000  # bytes of a file name, and characters of a path below the top


@dataclass(frozen=True, slots=True)
class Override:
    """What is different for some paths: rules that are not reported there, mode and budget (None: the usual ones).

    ``budget`` is for the functions of all these paths together, apart from the others.
    """

    paths: tuple[str, ...]
    ignore: tuple[str, ...] = ()
    mode: str | None = None
    budget: float | None = None

    def holds_for(self, path: str) -> bool:
        """Whether one of the patterns matches the path, or names a folder that it is in."""
        return is_matched(path, self.paths)


def is_matched(path: str, patterns: Collection[str]) -> bool:
    """Whether one of the shell patterns matches a path, or names a folder that it is in."""
    return any(fnmatch.fnmatch(path, pattern) or path.startswith(pattern.rstrip("/") + "/") for pattern in patterns)


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of one run; ``budget`` is the time for making tests, ``test_timeout`` for running those there are.

    Both are seconds. ``test_jobs`` is how many processes run these at once, None for as many as there are processors, up
    to four. ``exclude`` are shell patterns of paths that give no findings, ``source_roots`` folders that imports start
    from, all relative to the top of the repository with forward slashes. ``allow_estimates``: where no test can run, a
    guess that a function is tested is good enough. ``models`` are those that the settings declare, ``model`` is the name of
    the one to ask, or a file; None is the default one. What begins with ``model_``, ``generation_``, ``hardware_`` and
    ``prompt_`` stands in tables of these names; None leaves it to the model's own way of working.
    """

    mode: str = "fail"
    engine: str = "auto"
    model: str | None = None
    budget: float = 60.0
    python: str | None = None
    tests_dir: str | None = None
    exclude: tuple[str, ...] = ()
    source_roots: tuple[str, ...] = ()
    test_timeout: float = 120.0
    test_jobs: int | None = None
    confine_tests: bool = False
    allow_estimates: bool = False
    model_repo: str | None = None
    model_file: str | None = None
    model_profile: str | None = None
    model_adapter: str | None = None
    generation_n_ctx: int | None = None
    generation_max_tokens: int | None = None
    generation_temperature: float | None = None
    generation_top_p: float | None = None
    generation_repeat_penalty: float | None = None
    generation_batch_size: int | None = None
    generation_names: bool | None = None
    generation_notes: bool | None = None
    hardware_n_threads: int | None = None
    prompt_template: str | None = None
    models: tuple[Model, ...] = ()
    baseline: str = BASELINE
    header: bool = False
    overrides: tuple[Override, ...] = ()

    def mode_of(self, path: str) -> str:
        """Return the mode for the functions of a file."""
        modes = [item.mode for item in self.overrides if item.mode is not None and item.holds_for(path)]
        return modes[-1] if modes else self.mode

    def budget_of(self, path: str) -> float | None:
        """Return the seconds for making tests of the functions of a file, None for the usual budget."""
        budgets = [item.budget for item in self.overrides if item.budget is not None and item.holds_for(path)]
        return budgets[-1] if budgets else None

    def ignores(self, code: str, path: str) -> bool:
        """Whether a rule is not to be reported for a file."""
        return any(code in item.ignore and item.holds_for(path) for item in self.overrides)


class _InvalidError(ValueError):
    """What is wrong with a value, as the end of a sentence that names it."""


def load_config(
    root: Path,
    read: Callable[[str], bytes | None],
    config_file: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
    *,
    isolated: bool = False,
) -> Config:
    """Return the settings; FatalError for a file that cannot be read, an unknown key or a value that makes no sense.

    ``read`` returns a file of the examined revision by its path below the top, ``root``, or None; ``config_file`` takes
    the place of pyproject.toml; ``overrides`` are the flags, None where one was not given. ``isolated``: no file is read.
    """
    return sourced_config(root, read, config_file, environ, overrides, isolated=isolated)[0]


def sourced_config(
    root: Path,
    read: Callable[[str], bytes | None],
    config_file: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
    *,
    isolated: bool = False,
) -> tuple[Config, dict[str, str]]:
    """Return the settings as ``load_config`` does, and where each that is not a default comes from."""
    try:
        return _sourced(root, read, config_file, environ, overrides, isolated)
    except FatalError as error:
        raise SettingsError(str(error)) from None


def _sourced(
    root: Path,
    read: Callable[[str], bytes | None],
    config_file: Path | None,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
    isolated: bool,
) -> tuple[Config, dict[str, str]]:
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    if not isolated:
        values = _from_file(root, config_file) if config_file is not None else _from_pyproject(read)
        sources = dict.fromkeys(values, str(config_file or PYPROJECT))
    surrounding = _from_environment(environ)
    sources |= {name: f"PYTESTGEN_{name.upper()}" for name in surrounding}
    given = {name: value for name, value in overrides.items() if value is not None}
    flags = {name: _checked(name, value, f"--{_dashed(name)}") for name, value in given.items()}
    sources |= {name: f"--{_dashed(name)}" for name in flags}
    # What is asked for on the spot wins over what the file says of some paths.
    asked: dict[str, Any] = {name: None for name in ("mode", "budget") if name in surrounding or name in flags}
    values["overrides"] = tuple(replace(item, **asked) for item in values.get("overrides", ()))
    values = {**values, **surrounding, **flags}
    models = tuple(_placed(model, root) for model in values.pop("models", ()))
    if values.get("model_adapter"):
        values["model_adapter"] = str(root / Path(values["model_adapter"]).expanduser())
    return Config(**values, models=models), sources


def _placed(model: Model, root: Path) -> Model:
    return replace(model, path=str(root / given_path(model.path))) if model.path else model


def given_path(text: str) -> Path:
    """Return a path that a person has written: ``~`` is the home; that of a user who is not there stays as it is."""
    return Path(os.path.expanduser(text))  # noqa: PTH111  which raises for such a user


def setting_names() -> list[str]:
    """Return the names of all settings as they are written in a file."""
    return [written(field.name) for field in fields(Config)]


def written(name: str) -> str:
    """Return the name of a setting as it is written in a file: ``test-timeout``, ``generation.max_tokens``."""
    table, _, key = name.partition("_")
    return f"{table}.{key}" if key and table in _TABLES else _dashed(name)


def described(config: Config, sources: Mapping[str, str]) -> str:
    """Return the settings as TOML for a file given with ``--config``, after each where it comes from."""
    lines, tables = [], []
    tabled = ("model_repo", "model_file", "model_profile", "model_adapter")
    has_table = any(getattr(config, name) is not None for name in tabled)
    for field in fields(Config):
        value = getattr(config, field.name)
        name = "model.name" if field.name == "model" and has_table else written(field.name)
        source = sources.get(field.name, "default")
        if field.name == "overrides":
            tables += [line for item in value for line in _override_lines(item, source)]
        elif field.name == "models":
            tables += [line for item in value for line in _model_lines(item, source)]
        elif value is None:
            lines.append(f"# {name} is worked out")
        else:
            lines.append(f"{name} = {_as_toml(value)}  # {source}")
    return "\n".join([*lines, *tables, ""])


def _override_lines(item: Override, source: str) -> list[str]:
    given = [f"{key} = {_as_toml(getattr(item, key))}" for key in _OVERRIDE if getattr(item, key) is not None]
    return ["", f"[[overrides]]  # {source}", *given]


def _model_lines(item: Model, source: str) -> list[str]:
    keys = [key for key in _MODEL_KEYS if not (item.path and key in ("repo", "file", "revision"))]
    given = [
        f"{key} = {_as_toml(getattr(item, key))}" for key in keys if getattr(item, key) not in ("", None, (), "calls")
    ]
    return ["", f"[models.{_as_toml(item.name)}]  # {source}", *given]


def _as_toml(value: object) -> str:
    import json

    if isinstance(value, tuple):
        return f"[{', '.join(map(_as_toml, value))}]"
    return f"{value:g}" if isinstance(value, float) else json.dumps(value)


def _dashed(name: str) -> str:
    return name.replace("_", "-")


# -- sources ---------------------------------------------------------------------------------------------------------


def _from_pyproject(read: Callable[[str], bytes | None]) -> dict[str, Any]:
    raw = read(PYPROJECT)
    # A TOML parser is worth its import only where there is something for us to find.
    if raw is None or b"pytestgen" not in raw:
        return {}
    tool = _toml(raw, PYPROJECT).get("tool", {})
    table = tool.get("pytestgen", {}) if isinstance(tool, dict) else {}
    return _table(table, f"{PYPROJECT}: {TABLE}")


def _from_file(root: Path, path: Path) -> dict[str, Any]:
    try:
        # As given, from the working folder; a hook manager that runs elsewhere is given paths from the top.
        raw = (path if path.exists() else root / path).read_bytes()
    except OSError as error:
        raise FatalError(f"--config {path}: {error.strerror or error}. Name a file that can be read.") from None
    if path.suffix.lower() in (".yaml", ".yml"):
        return _table(_yaml(raw, str(path)), str(path))
    if path.suffix.lower() == ".toml":
        whole = _toml(raw, str(path))
        tool = whole.get("tool")
        table = tool.get("pytestgen", {}) if isinstance(tool, dict) else whole
        return _table(table, str(path))
    raise FatalError(f"--config {path}: settings are in .toml, .yaml or .yml files. Rename it, or name another.")


def _toml(raw: bytes, where: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    try:
        loaded: dict[str, Any] = tomllib.loads(raw.decode())
    except (ValueError, RecursionError) as error:  # of the encoding as of the syntax
        raise FatalError(f"{where}: not valid TOML: {error}. Mend the file.") from None
    return loaded


def _yaml(raw: bytes, where: str) -> object:
    import yaml

    try:
        loaded: object = yaml.safe_load(raw)
    except (yaml.YAMLError, RecursionError) as error:
        raise FatalError(f"{where}: not valid YAML: {' '.join(str(error).split())}. Mend the file.") from None
    return {} if loaded is None else loaded


def _table(table: object, where: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise FatalError(f"{where}: expected names with values, found {type(table).__name__}. Mend the file.")
    known = {field.name for field in fields(Config)}
    values = {}
    for key, value in _flat(table):
        name = _ELSEWHERE.get(key) or re.sub(r"[-.]", "_", key)
        if name not in known or (("." in key) != ("." in written(name)) and key not in _ELSEWHERE):
            raise FatalError(f"{where}: there is no setting {key!r}. {_advice(key, setting_names())}")
        if name in values:
            raise FatalError(f"{where}: {written(name)} is given twice. Remove one.")
        values[name] = _checked(name, value, f"{where}: {key}")
    return values


def _flat(table: Mapping[object, object]) -> Iterator[tuple[str, object]]:
    """Yield the settings of a table, those of the tables in it as ``generation.max_tokens``."""
    for key, value in table.items():
        if key in (*_TABLES, "output") and isinstance(value, Mapping):
            yield from ((f"{key}.{inner}", one) for inner, one in value.items())
        else:
            yield str(key), value


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for field in fields(Config):
        if field.name == "overrides":  # tables, which no variable can hold
            continue
        variable = f"PYTESTGEN_{field.name.upper()}"
        text = environ.get(variable, "")
        if text:
            value = [part.strip() for part in text.split(",") if part.strip()] if field.name in _LISTS else text
            values[field.name] = _checked(field.name, _number(value), variable)
    return values


def _number(value: object) -> object:
    """Text of the environment as a number, where it is one."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _advice(wrong: str, known: Collection[str]) -> str:
    import difflib

    close = difflib.get_close_matches(wrong, known, n=1)
    if close:
        return f"Did you mean {close[0]}?"
    return f"Choose from {', '.join(known)}."


# -- values ----------------------------------------------------------------------------------------------------------


def _checked(name: str, value: object, where: str) -> object:
    try:
        return _CHECKS[name](value)
    except _InvalidError as problem:
        raise FatalError(f"{where} = {value!r}: {problem}") from None


def _choice(known: tuple[str, ...]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if value in known:
            return str(value)
        raise _InvalidError(f"not one of {', '.join(known)}. {_advice(str(value), known)}")

    return check


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _InvalidError("not a number of seconds. Write one, such as 60.")
    if not 0 < value < _MOST_SECONDS:
        raise _InvalidError("not a time that can be kept to. Write a number of seconds above 0.")
    return float(value)


def _number_between(least: float, most: float) -> Callable[[object], float]:
    def check(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _InvalidError("not a number. Write one.")
        if not least <= value <= most:
            raise _InvalidError(f"out of range. Write a number from {least:g} to {most:g}.")
        return float(value)

    return check


def _count(least: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value % 1:
            raise _InvalidError("not a whole number. Write one.")
        if value < least:
            raise _InvalidError(f"too small. Write at least {least}.")
        return int(value)

    return check


def _threads(value: object) -> int | None:
    return None if value == -1 else _count(1)(value)  # pytest-generator writes -1 for "as many as there are"


def _template(value: object) -> str:
    text = _text(value)
    if text.count("{code}") == 1:
        return text
    if "{code}" in text:
        raise _InvalidError("more than one {code}. Leave one.")
    import difflib

    close = difflib.get_close_matches("{code}", re.findall(r"\{\w+\}", text), n=1)
    hint = f"Did you mean it by {close[0]}?" if close else "Write it where the function is to stand."
    raise _InvalidError(f"no place for the function: {{code}} is missing. {hint}")


def _truth(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if value in ("true", "false", 1.0, 0.0):  # of the environment
        return value in ("true", 1.0)
    raise _InvalidError("neither true nor false. Write one of these.")


def _text(value: object) -> str:
    # A number read from the environment is text again: PYTESTGEN_PYTHON=3 names a program.
    if isinstance(value, float):
        return f"{value:g}"
    if value == "":
        raise _InvalidError("empty. Write a text, or leave it out.")
    if not isinstance(value, str) or not value.strip():
        raise _InvalidError("not a text. Write it in quotes.")
    if "\0" in value:
        raise _InvalidError("a text with a NUL in it. Write it without.")
    return value


def _folder(value: object) -> str:
    text = _text(value).replace("\\", "/")
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts or text[1:2] == ":":
        raise _InvalidError("not inside the repository. Write a folder relative to its top.")
    if path.parts[:1] == (".git",):
        raise _InvalidError("git's own folder. Name one of the work tree.")
    if len(text) > _MOST_PATH or any(len(os.fsencode(part)) > _MOST_NAME for part in path.parts):
        raise _InvalidError("too long for a path. Write a shorter one.")
    return "" if str(path) == "." else str(path)


def _texts(check: Callable[[object], str]) -> Callable[[object], tuple[str, ...]]:
    def check_all(value: object) -> tuple[str, ...]:
        if not isinstance(value, (list, tuple)):
            raise _InvalidError("not a list. Write the values between brackets.")
        return tuple(check(item) for item in value)

    return check_all


_MODEL_KEYS = ("repo", "file", "revision", "sha256", "size", "licence", "wheels", "path", "profile")
_PINNED = r"[A-Za-z0-9][\w.-]*==\w[\w.!+-]*"


def _models(value: object) -> tuple[Model, ...]:
    if not isinstance(value, dict):
        raise _InvalidError(f"not a table. Declare a model under [{TABLE[1:-1]}.models.NAME].")
    return tuple(_model(str(name), table) for name, table in value.items())


def _model(name: str, table: object) -> Model:
    if not isinstance(table, dict):
        raise _InvalidError(f"the model {name} is not a table. Give it repo and file, or path.")
    for key in table:
        if key not in _MODEL_KEYS:
            # [tool.pytestgen.models.a-1.5b] is a table in a table.
            raise _InvalidError(
                f"the model {name} has no {key!r}. {_advice(str(key), _MODEL_KEYS)} A name with a dot stands in quotes."
            )
    size = table.get("size")
    if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
        raise _InvalidError(f"the size of the model {name} is not a number of bytes. Write a whole one.")
    wheels = _texts(_text)(table.get("wheels", ()))
    if wheels and not (size and "sha256" in table and all(re.fullmatch(_PINNED, wheel, re.ASCII) for wheel in wheels)):
        raise _InvalidError(
            f"the wheels of the model {name} need its size and sha256, and each a version. Write NAME==VERSION."
        )
    given = {key: _text(text) for key, text in table.items() if key not in ("size", "wheels")}
    if "sha256" in given and not re.fullmatch("[0-9A-Fa-f]{64}", given["sha256"]):
        raise _InvalidError(f"the sha256 of the model {name} is no SHA-256. Write 64 hexadecimal digits.")
    if given.get("profile", PROFILES[0]) not in PROFILES:
        raise _InvalidError(f"the profile of the model {name} is none of {', '.join(PROFILES)}. Write one of these.")
    if "path" in given:
        if wheels or "repo" in given or "revision" in given:
            raise _InvalidError(f"the model {name} has a path and comes from elsewhere. Leave one out.")
        return Model(
            name,
            PurePosixPath(given["path"]).name,
            size=size,
            **_optional(given, "sha256", "licence", "path", "profile"),
        )
    repo, file = given.get("repo", ""), given.get("file", "")
    if not is_of_the_hub(repo, file, given.get("revision", "main")):
        raise _InvalidError(f"the model {name} needs a repo OWNER/NAME and a file NAME.gguf, or a path. Mend that.")
    return Model(
        name, file, repo, size=size, wheels=wheels, **_optional(given, "revision", "sha256", "licence", "profile")
    )


def is_of_the_hub(repo: str, file: str, revision: str) -> bool:
    """Whether these can be a repository of the Hub, a model in it and a revision; they become parts of a path."""
    texts = ((r"\w[\w.-]*/\w[\w.-]*", repo), (r"[^/\\][^\\]*\.gguf", file), (r"\w[\w./-]*", revision))
    parts = {part for _, text in texts for part in text.split("/")}
    return all(re.fullmatch(form, text, re.ASCII) for form, text in texts) and not parts & {"", ".", ".."}


def _optional(given: Mapping[str, str], *names: str) -> dict[str, Any]:
    values = {name: given[name] for name in names if name in given}
    return {**values, "sha256": values["sha256"].lower()} if "sha256" in values else values


def _file(value: object) -> str:
    text = _folder(value)
    if not text:
        raise _InvalidError("the top of the repository, not a file. Name a file.")
    return text


def _codes(value: object) -> str:
    from pytestgen_hook.rules import rule

    try:
        return rule(_text(value)).code
    except FatalError as problem:
        raise _InvalidError(str(problem)) from None


_OVERRIDE = ("paths", "ignore", "mode", "budget")


def _overrides(value: object) -> tuple[Override, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _InvalidError("not a list of tables. Write [[tool.pytestgen.overrides]] above each.")
    return tuple(_override(item) for item in value)


def _override(table: dict[str, object]) -> Override:
    unknown = next((key for key in table if key not in _OVERRIDE), None)
    if unknown is not None:
        raise _InvalidError(f"there is no setting {unknown!r} for paths. {_advice(str(unknown), _OVERRIDE)}")
    if not table.get("paths"):
        raise _InvalidError('it names no paths. Write them as in paths = ["legacy/*"].')
    return Override(
        _texts(_text)(table["paths"]),
        _texts(_codes)(table.get("ignore", [])),
        _choice(MODES)(table["mode"]) if "mode" in table else None,
        _seconds(table["budget"]) if "budget" in table else None,
    )


_CHECKS: Mapping[str, Callable[[object], object]] = {
    "mode": _choice(MODES),
    "engine": _choice(ENGINES),
    "model": _text,
    "budget": _seconds,
    "python": _text,
    "tests_dir": _folder,
    "exclude": _texts(_text),
    "source_roots": _texts(_folder),
    "test_timeout": _seconds,
    "test_jobs": _count(1),
    "confine_tests": _truth,
    "allow_estimates": _truth,
    "models": _models,
    "baseline": _file,
    "header": _truth,
    "overrides": _overrides,
    "model_repo": _text,
    "model_file": _text,
    "model_profile": _choice(PROFILES),
    "model_adapter": _text,
    "generation_n_ctx": _count(256),
    "generation_max_tokens": _count(1),
    "generation_temperature": _number_between(0, 2),
    "generation_top_p": _number_between(0, 1),
    "generation_repeat_penalty": _number_between(0, 4),
    "generation_batch_size": _count(1),
    "generation_names": _truth,
    "generation_notes": _truth,
    "hardware_n_threads": _threads,
    "prompt_template": _template,
}
_LISTS = ("exclude", "source_roots")
