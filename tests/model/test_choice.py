"""Which model the settings mean, and what it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytestgen_hook.cache import Cache
from pytestgen_hook.config import Config
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model.asking import Manner
from pytestgen_hook.model.calls import Settings
from pytestgen_hook.model.choice import adapter_of, asking, calls_settings, chosen, fingerprint
from pytestgen_hook.model.store import DEFAULT, KNOWN, place_of
from pytestgen_hook.types.settings import Model


def test_without_settings_it_is_the_default_one() -> None:
    assert chosen(Config()) == KNOWN[DEFAULT]
    assert chosen(Config()).profile == "calls"


@pytest.mark.parametrize("repo", ["distil-labs/pytest-8b-GGUF", "Priyansu19/pytest-8b-GGUF"])
def test_repository_and_file_of_a_known_model_mean_that(repo: str) -> None:
    model = chosen(Config(model_repo=repo, model_file="pytest-8b-q4_k_m.gguf"))
    assert model == KNOWN["pytest-8b"]
    assert model.profile == "whole-tests"


def test_repository_and_file_of_another_mean_the_hub() -> None:
    model = chosen(Config(model_repo="someone/models", model_file="a.gguf"))
    assert (model.name, model.profile) == ("hf:someone/models/a.gguf", "calls")


def test_a_copy_of_a_file_is_asked_as_the_known_one(tmp_path: Path) -> None:
    assert chosen(Config(model=str(tmp_path / "pytest-8b-q4_k_m.gguf"))).profile == "whole-tests"


def test_a_name_wins_over_repository_and_file() -> None:
    config = Config(model="qwen2.5-coder-0.5b", model_repo="someone/models", model_file="a.gguf")
    assert chosen(config).name == "qwen2.5-coder-0.5b"


def test_a_profile_that_is_set_wins_and_does_not_move_the_file() -> None:
    model = chosen(Config(model_profile="whole-tests"))
    assert model.profile == "whole-tests"
    assert place_of(model) == place_of(KNOWN[DEFAULT])


def test_a_repository_without_a_file_is_refused() -> None:
    with pytest.raises(FatalError, match=r"Name one with model\.file"):
        chosen(Config(model_repo="someone/models"))


def test_a_declared_model_says_what_it_is_asked_for() -> None:
    declared = Model("ours", "ours.gguf", "we/models", profile="whole-tests")
    assert chosen(Config(model="ours"), (declared,)).profile == "whole-tests"


def test_settings_of_generation_hold_for_both_ways_of_asking() -> None:
    config = Config(
        generation_n_ctx=512,
        generation_max_tokens=50,
        generation_temperature=0.1,
        generation_top_p=0.5,
        generation_repeat_penalty=1.1,
        generation_batch_size=64,
        hardware_n_threads=2,
    )
    assert Manner.of(config) == Manner(512, 50, 0.1, 0.5, 1.1, 64, 2)
    assert calls_settings(config) == Settings(tokens=50, temperature=0.1, top_p=0.5, repeat_penalty=1.1)
    assert Manner.of(Config()) == Manner()
    assert calls_settings(Config()) == Settings()


def test_an_adapter_is_part_of_what_answers_and_states_are_kept_by(tmp_path: Path) -> None:
    model, adapter = tmp_path / "model.gguf", tmp_path / "adapter.gguf"
    model.write_bytes(b"model")
    adapter.write_bytes(b"adapter")
    cache = Cache(tmp_path / "cache")
    bare, with_adapter = fingerprint(model, None, cache), fingerprint(model, adapter, cache)
    assert bare != with_adapter
    own = asking(Config(model_adapter=str(adapter)), model, cache, lambda _: None)
    assert own.identity() == with_adapter
    assert asking(Config(), model, cache, lambda _: None).identity() == bare
    adapter.write_bytes(b"another adapter")
    assert fingerprint(model, adapter, cache) not in (bare, with_adapter)


def test_an_adapter_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert adapter_of(Config()) is None
    with pytest.raises(FatalError, match=r"model\.adapter") as error:
        adapter_of(Config(model_adapter=str(tmp_path / "none.gguf")))
    assert "Name a GGUF file" in str(error.value)
