"""Lists, fetches, checks and removes the models that the engine ``model`` can ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytestgen_hook.errors import FatalError
from pytestgen_hook.model import store
from pytestgen_hook.types.settings import Model

if TYPE_CHECKING:
    from pytestgen_hook.commands.options import Progress

_GB, _MB = 10**9, 10**6


def declared(cwd: Path, config_file: Path | None, environ: Mapping[str, str]) -> tuple[Model, ...]:
    """Return the models that the settings declare, as they stand in the work tree; a repository is not needed."""
    from pytestgen_hook.config import load_config
    from pytestgen_hook.git import Repository

    try:
        root = Repository.open(cwd).root
    except FatalError:
        root = cwd

    def read(path: str) -> bytes | None:
        return (root / path).read_bytes() if (root / path).is_file() else None

    return load_config(root, read, config_file, environ, {}).models


def listed(models: Sequence[Model]) -> list[str]:
    """Return a line on each model that is known, declared or here, and one on where the files lie."""
    rows = [
        (model.name, _size(model), model.licence or "licence unknown", _state(model), _origin(model))
        for model in _all(models)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows
    ]
    return [*lines, f"They lie in {store.folder()}. Fetch one with: pytestgen model pull NAME"]


def pull(names: Sequence[str], models: Sequence[Model], progress: Progress, *, offline: bool) -> list[str]:
    """Fetch models, and return a line on each that is here by now; FatalError for the first that cannot be fetched."""
    lines = []
    for model in [store.resolve(name, models) for name in names or [store.DEFAULT]]:
        path = store.pull(model, progress, offline=offline)
        checked = "" if model.path else ", SHA-256 checked"
        lines.append(f"{model.name}: {path} ({_digits(path.stat().st_size)}{checked})")
    return lines


def verify(names: Sequence[str], models: Sequence[Model], progress: Progress) -> tuple[list[str], bool]:
    """Read models whole, those that are here if none is named; return a line on each, and whether all are right."""
    chosen = [store.resolve(name, models) for name in names] or [
        model for model in _all(models) if store.located(model)
    ]
    lines, right = [], True
    for model in chosen:
        progress.stage(f"checking {model.name}")
        is_right = store.verify(model)
        right = right and is_right
        what = "right" if is_right else f"wrong bytes, fetch it anew with: {store.pull_command(model)}"
        lines.append(f"{model.name}: {what}")
    return lines or ["no model is here. Fetch one with: pytestgen model pull"], right


def remove(names: Iterable[str], models: Sequence[Model]) -> list[str]:
    """Remove models, and return a line on each."""
    return [
        f"{model.name}: {'removed' if store.remove(model) else 'was not here'}"
        for model in [store.resolve(name, models) for name in names]
    ]


def _all(models: Sequence[Model]) -> list[Model]:
    named = {**store.KNOWN, **{model.name: model for model in models}}.values()
    places = {store.place_of(model) for model in named}
    return [*named, *(model for model in store.fetched() if store.place_of(model) not in places)]


def _size(model: Model) -> str:
    path = store.located(model)
    if path or model.size:
        return _digits(path.stat().st_size if path else model.size or 0)
    return f"about {model.about / _GB:.0f} GB" if model.about else "size unknown"


def _state(model: Model) -> str:
    return "here" if store.located(model) else "not here"


def _digits(size: int) -> str:
    return f"{size / _GB:.2f} GB" if size >= _GB else f"{size / _MB:.0f} MB"


def _origin(model: Model) -> str:
    if model.path:
        return model.path
    origin = " or ".join([model.repo, *model.mirrors])
    origin += "" if model.revision == "main" else f"@{model.revision}"
    return origin if store.stated_digest(model) else f"{origin} (its SHA-256 is what the Hub states at the pull)"
