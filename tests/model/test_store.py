"""Which models there are, and where their files lie."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from pytestgen_hook.cache import Cache
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model import store
from pytestgen_hook.types.settings import Model


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTESTGEN_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.delenv("PRE_COMMIT", raising=False)


OWN = Model(name="ours", repo="we/models", file="ours.gguf", revision="v1", size=3)


# -- which one is meant ------------------------------------------------------------------------------------------------


def test_known_models_say_all_that_a_pull_checks() -> None:
    for name in (store.DEFAULT, store.SMALL):
        model = store.resolve(name)
        assert model.size is not None
        assert model.sha256 is not None
        assert len(bytes.fromhex(model.sha256)) == 32
        assert model.licence == "Apache-2.0"


def test_nothing_is_made_up_of_a_model_whose_publisher_does_not_say() -> None:
    model = store.resolve("pytest-8b")
    assert (model.size, model.sha256, model.licence) == (None, None, None)
    assert {model.repo, *model.mirrors} == {"distil-labs/pytest-8b-GGUF", "Priyansu19/pytest-8b-GGUF"}


def test_declared_models_have_names_too() -> None:
    assert store.resolve("ours", [OWN]) is OWN


def test_a_path_is_a_model_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = store.resolve("sub/mine.gguf")
    assert store.place_of(model) == tmp_path / "sub/mine.gguf"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/mine.gguf").write_bytes(b"x")
    assert store.located(model) == tmp_path / "sub/mine.gguf"


@pytest.mark.parametrize(
    ("text", "repo", "file", "revision"),
    [
        ("hf:we/m-GGUF/m.Q4_K_M.gguf", "we/m-GGUF", "m.Q4_K_M.gguf", "main"),
        ("hf:we/m/sub/m.gguf@refs/pr/1", "we/m", "sub/m.gguf", "refs/pr/1"),
    ],
)
def test_a_file_of_the_hub_is_named_by_repository_and_revision(text: str, repo: str, file: str, revision: str) -> None:
    model = store.resolve(text)
    assert (model.name, model.repo, model.file, model.revision) == (text, repo, file, revision)


@pytest.mark.parametrize(
    "text",
    [
        "hf:",
        "hf:m.gguf",
        "hf:we/m",
        "hf:we/m/m.bin",
        "hf:we/../../../m.gguf",
        "hf:../../m.gguf",
        "hf:we/m/m.gguf@..",
        "hf:we/m/a\\b.gguf",
        "hf:we/m//m.gguf",
    ],
)
def test_what_names_no_file_of_the_hub_is_refused(text: str) -> None:
    with pytest.raises(FatalError, match=r"Write hf:OWNER/REPO/FILE\.gguf"):
        store.resolve(text)


def test_a_slip_gets_the_name_that_comes_closest() -> None:
    with pytest.raises(FatalError, match=r"'qwen2.5-coder-15b'. Did you mean qwen2.5-coder-1.5b\?"):
        store.resolve("qwen2.5-coder-15b")
    with pytest.raises(FatalError, match=r"'gpt'. Choose from qwen2.5-coder-1.5b, .*, ours, a .gguf file"):
        store.resolve("gpt", [OWN])


# -- where it lies -----------------------------------------------------------------------------------------------------


def test_known_models_lie_in_one_folder(tmp_path: Path) -> None:
    assert store.place_of(store.KNOWN[store.SMALL]).parent == tmp_path / "cache" / "models"


def test_the_same_file_of_two_revisions_lies_in_two_places() -> None:
    texts = ("hf:we/m/m.gguf", "hf:we/m/m.gguf@v2", "hf:we/m/m.gguf@v/2", "hf:we/m2/m.gguf", "hf:we/m/v2/m.gguf")
    assert len({store.place_of(store.resolve(text)) for text in texts}) == 5


def test_a_declared_model_of_a_known_name_does_not_take_the_place_of_the_known_one() -> None:
    other = Model(name=store.SMALL, repo="we/m", file=store.KNOWN[store.SMALL].file)
    assert store.place_of(other) != store.place_of(store.KNOWN[store.SMALL])


def test_a_file_of_another_size_is_not_the_model() -> None:
    place = store.place_of(OWN)
    assert store.located(OWN) is None
    place.parent.mkdir(parents=True)
    place.write_bytes(b"ab")
    assert store.located(OWN) is None
    place.write_bytes(b"abc")
    assert store.located(OWN) == place == store.required(OWN)


# -- what is missing ---------------------------------------------------------------------------------------------------


def test_a_missing_model_is_one_line_with_the_command() -> None:
    with pytest.raises(FatalError) as raised:
        store.required(store.KNOWN[store.SMALL])
    assert str(raised.value) == (
        "the model qwen2.5-coder-0.5b is not on this machine. Fetch it once with: pytestgen model pull qwen2.5-coder-0.5b"
    )


def test_in_a_hook_the_command_names_the_program_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRE_COMMIT", "1")
    assert store.pull_command(OWN).endswith(" -m pytestgen_hook model pull ours")
    assert not store.pull_command(OWN).startswith("pytestgen ")


def test_a_missing_file_that_was_named_by_its_path_cannot_be_pulled() -> None:
    with pytest.raises(FatalError, match=r"gone\.gguf is not there. Name a .gguf file"):
        store.required(store.resolve("gone.gguf"))


# -- digests -----------------------------------------------------------------------------------------------------------


def test_a_fingerprint_is_the_digest_of_the_bytes_that_are_there_now(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    path = tmp_path / "m.gguf"
    for data in (b"one", b"three"):
        path.write_bytes(data)
        assert store.fingerprint(path, cache) == hashlib.sha256(data).hexdigest()
        assert store.fingerprint(path, cache) == hashlib.sha256(data).hexdigest()
    cache.close()
