"""Tells what a run would find here: git, the project's interpreter, what it has, what the sandbox can enforce."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pytestgen_hook import __version__, sandbox
from pytestgen_hook.errors import FatalError
from pytestgen_hook.scratch import scratch_folder

if TYPE_CHECKING:
    from pytestgen_hook.cache import Cache
    from pytestgen_hook.config import Config
    from pytestgen_hook.git import Repository
    from pytestgen_hook.interpreter import Interpreter
    from pytestgen_hook.types.settings import Model

_SECONDS = 20.0
_DESCRIBE = "import json, sys; sys.path.insert(0, sys.argv[1]); import confine; print(json.dumps(confine.describe()))"
_HOOK_FILES = (".pre-commit-config.yaml", "lefthook.yml", "prek.toml", ".husky/pre-commit")


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that was looked at. ``problem`` says that a run will miss it; ``remedy`` is a command or an edit."""

    topic: str
    told: str
    problem: bool = False
    remedy: str = ""


def diagnose(
    cwd: Path, environ: Mapping[str, str], config_file: Path | None, overrides: Mapping[str, object]
) -> list[Fact]:
    """Return all facts; what is missing is one of them, never an exception."""
    from pytestgen_hook.cache import Cache, default_folder
    from pytestgen_hook.git import Repository

    facts = [Fact("pytestgen", f"{__version__}, Python {'.'.join(map(str, sys.version_info[:3]))} at {sys.prefix}")]
    try:
        repository = Repository.open(cwd)
        facts.append(Fact("repository", str(repository.root)))
    except FatalError as error:
        return [*facts, Fact("repository", str(error), problem=True)]
    facts += _state(repository)
    cache = Cache(default_folder())
    try:
        config = _config(repository, config_file, environ, overrides)
    except FatalError as error:
        return [*facts, Fact("settings", str(error), problem=True)]
    facts.append(_settings(config))
    facts += _interpreter(repository, config, environ, cache)
    facts.append(Fact("cache", cache.problem or str(default_folder()), problem=cache.problem is not None))
    cache.close()
    facts.append(_model(config))
    facts.append(_hook(repository))
    return facts


def _config(
    repository: Repository, config_file: Path | None, environ: Mapping[str, str], overrides: Mapping[str, object]
) -> Config:
    from pytestgen_hook.config import load_config
    from pytestgen_hook.git import INDEX

    def read(path: str) -> bytes | None:
        blob = repository.entries(INDEX).get(path)
        return repository.blobs([blob])[blob] if blob else None

    return load_config(repository.root, read, config_file, environ, overrides)


def _settings(config: Config) -> Fact:
    from pytestgen_hook.config import Config, written

    default = Config()
    changed = [
        f"{written(field.name)} = {json.dumps(getattr(config, field.name), default=_name)}"
        for field in fields(Config)
        if getattr(config, field.name) != getattr(default, field.name)
    ]
    return Fact("settings", ", ".join(changed) or "the defaults")


def _name(model: Model) -> str:
    return model.name


def _state(repository: Repository) -> Iterator[Fact]:
    operation = repository.operation()
    if operation:
        told = "tests are written, but not staged" if operation == "merge" else "no tests are written before its end"
        yield Fact("git", f"a {operation} is in progress: {told}")
    unmerged = repository.unmerged_paths()
    if unmerged:
        yield Fact("git", f"{len(unmerged)} unmerged paths, {unmerged[0]} first", problem=True, remedy="resolve them")


# -- the project's interpreter -----------------------------------------------------------------------------------------


def _interpreter(repository: Repository, config: Config, environ: Mapping[str, str], cache: Cache) -> Iterator[Fact]:
    from pytestgen_hook.interpreter import find_interpreter

    try:
        found = find_interpreter(repository.root, config.python, environ, cache, is_tracked=repository.tracks)
    except FatalError as error:
        yield Fact("interpreter", str(error), problem=True)
        return
    version = ".".join(map(str, found.version))
    ours = Path(found.prefix).resolve() == sandbox.own_prefix()
    remedy = "name the project's own with --python PATH or the setting python" if ours else ""
    yield Fact("interpreter", f"{found.python} (Python {version}): {found.reason}", problem=ours, remedy=remedy)
    yield _package(found, "pytest", "tests cannot be run, so every verdict is an estimate, and no pass", needed=True)
    yield _package(found, "coverage", "not there; lines are traced without it, which is slower", needed=False)
    yield _sandbox(found)


def _package(found: Interpreter, name: str, without: str, *, needed: bool) -> Fact:
    version = found.packages.get(name)
    if version:
        return Fact(name, version)
    return Fact(name, without, problem=needed, remedy=_install(found, name))


def _install(found: Interpreter, name: str) -> str:
    python = shlex.quote(str(found.python))
    if "pip" in found.packages:
        return f"{python} -m pip install {name}"
    return f"uv pip install --python {python} {name}"


def _sandbox(found: Interpreter) -> Fact:
    with scratch_folder() as folder:
        completed = sandbox.run(
            [found.python, "-B", "-c", _DESCRIBE, sandbox.RUNTIME],
            cwd=folder,
            env=sandbox.clean_environment(folder),
            timeout=_SECONDS,
        )
    try:
        enforced = json.loads(completed.output)
    except ValueError:
        lines = completed.errors.strip().splitlines()
        return Fact("sandbox", f"cannot be set up: {lines[-1] if lines else 'no answer'}", problem=True)
    return Fact("sandbox", "; ".join(map(str, enforced)))


# -- the model ---------------------------------------------------------------------------------------------------------


def _model(config: Config) -> Fact:
    """Which model there is, and whether it fits; without one nothing is missing unless the settings ask for it."""
    from pytestgen_hook.model import hardware, store
    from pytestgen_hook.model.extra import LLAMA, missing_extra

    is_needed = config.engine == "model"
    try:
        model = store.resolve(config.model or store.DEFAULT, config.models)
        path = store.located(model)
        if path is None and model.path:
            store.required(model)
    except FatalError as error:
        return Fact("model", str(error), problem=True)
    if path is None:
        return Fact("model", f"{model.name} is not on this machine", is_needed, store.pull_command(model))
    if find_spec("llama_cpp") is None:
        return Fact("model", f"{model.name} is here; {missing_extra(LLAMA)}", is_needed)
    try:
        hardware.check_fits(path, hardware.CONTEXT)
        needed, there = hardware.needs(path, hardware.CONTEXT).total, hardware.available_memory()
    except FatalError as error:
        return Fact("model", str(error), is_needed)
    told = (
        f"{needed / hardware.GIB:.1f} of {there / hardware.GIB:.1f} GiB of memory, threads: {hardware.physical_cores()}"
    )
    return Fact("model", f"{model.name} at {path} fits: {told}")


# -- the hook ----------------------------------------------------------------------------------------------------------


def _hook(repository: Repository) -> Fact:
    for path in (*(repository.root / name for name in _HOOK_FILES), repository.git_dir / "hooks" / "pre-commit"):
        try:
            named = b"pytestgen" in path.read_bytes()
        except OSError:
            continue
        if named:
            return Fact("hook", f"named in {os.path.relpath(path, repository.root)}")
    return Fact("hook", "none found that runs pytestgen-check", remedy="pytestgen init")
