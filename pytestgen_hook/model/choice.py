"""Which model the settings mean, how it is asked, and by what: whole tests or calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytestgen_hook.config import Config
from pytestgen_hook.errors import FatalError, ModelError
from pytestgen_hook.model import store
from pytestgen_hook.model.asking import Asking, Manner
from pytestgen_hook.model.calls import Settings
from pytestgen_hook.types.settings import Model

if TYPE_CHECKING:
    from pytestgen_hook.cache import Cache
    from pytestgen_hook.model.local import LocalModel


def chosen(config: Config, declared: Iterable[Model] = ()) -> Model:
    """Return the model of the settings: by its name, else by repository and file, else the default one.

    Its profile is the one set, else that of the known model whose file it is. FatalError for what names no model.
    """
    if config.model is not None:
        model = store.resolve(config.model, declared)
    elif config.model_file is not None or config.model_repo is not None:
        model = _published(config.model_repo, config.model_file)
    else:
        model = store.resolve(store.DEFAULT, declared)
    known = (one.profile for one in store.KNOWN.values() if one.file == Path(model.file).name)
    return replace(model, profile=config.model_profile or next(known, model.profile))


def _published(repo: str | None, file: str | None) -> Model:
    if file is None:
        raise FatalError(f"model.repo = {repo!r} has many files. Name one with model.file.")
    if repo is None:
        return store.resolve(file)
    for model in store.KNOWN.values():
        if model.file == file and repo in (model.repo, *model.mirrors):
            return model
    return store.resolve(f"hf:{repo}/{file}")


def adapter_of(config: Config) -> Path | None:
    """Return the adapter that the settings name; FatalError where it is not there."""
    if config.model_adapter is None:
        return None
    path = Path(config.model_adapter)
    if not path.is_file():
        raise ModelError(
            f"model.adapter = {config.model_adapter!r} is not there. Name a GGUF file with a LoRA adapter."
        )
    return path


def fingerprint(path: Path, adapter: Path | None, cache: Cache) -> str:
    """Return what stands for the weights that answer: those of the model, and of the adapter if there is one."""
    files = [path] if adapter is None else [path, adapter]
    return "+".join(store.fingerprint(file, cache) for file in files)


def calls_settings(config: Config) -> Settings:
    """Return how a model is asked for calls: as the settings say, as is best where they say nothing."""
    given: dict[str, Any] = {
        "tokens": config.generation_max_tokens,
        "temperature": config.generation_temperature,
        "top_p": config.generation_top_p,
        "repeat_penalty": config.generation_repeat_penalty,
    }
    return replace(Settings(), **{name: value for name, value in given.items() if value is not None})


def asking(config: Config, path: Path, cache: Cache, told: Callable[[str], object]) -> Asking:
    """Return what asks the model in a file; it is loaded at the first question, if the machine has room for it."""
    manner = Manner.of(config)
    adapter = adapter_of(config)

    @lru_cache
    def identity() -> str:
        return fingerprint(path, adapter, cache)

    def load() -> LocalModel:
        from pytestgen_hook.model.hardware import check_fits
        from pytestgen_hook.model.local import LocalModel

        check_fits(path, manner.n_ctx, manner.batch_size)
        return LocalModel(
            path,
            n_ctx=manner.n_ctx,
            n_batch=manner.batch_size,
            threads=manner.threads,
            parallel=1,
            identity=identity(),
            adapter=adapter,
            repack=True,  # for whole tests, which are long
        )

    return Asking(load, identity, manner, cache, told)
