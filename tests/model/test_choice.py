"""Which model the settings mean, and what it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytestgen_hook.config import Config
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model.asking import Manner
from pytestgen_hook.model.calls import Settings
from pytestgen_hook.model.choice import calls_settings, chosen
from pytestgen_hook.model.store import DEFAULT, KNOWN, place_of
from pytestgen_hook.types import Model


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
