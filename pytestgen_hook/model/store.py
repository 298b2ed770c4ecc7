"""The models that are known or declared, and where their files lie; nothing here reaches the network."""

from __future__ import annotations

import difflib
import hashlib
import os
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytestgen_hook.cache import default_folder
from pytestgen_hook.errors import FatalError
from pytestgen_hook.types import Model as Model

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
    ),
    Model(
        name=SMALL,
        file="qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        repo="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF",
        size=491_400_064,
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        licence="Apache-2.0",
    ),
    # Its publisher states neither digest nor licence where we could read it: the Hub's own digest is checked at a pull.
    Model(
        name="pytest-8b",
        file="pytest-8b-q4_k_m.gguf",
        repo="distil-labs/pytest-8b-GGUF",
        mirrors=("Priyansu19/pytest-8b-GGUF",),
        about=5_000_000_000,
    ),
)
KNOWN = {model.name: model for model in _ALL}

_HUB = re.compile(r"hf:(?P<repo>[\w.-]+/[\w.-]+)/(?P<file>[^@]+\.gguf)(?:@(?P<revision>[\w./-]+))?", re.ASCII)
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
    path = Path(text).expanduser()
    if path.suffix.lower() == ".gguf" or path.is_file():
        return Model(name=text, file=path.name, path=str(path.absolute()))
    close = difflib.get_close_matches(text, by_name, n=1)
    advice = (
        f"Did you mean {close[0]}?" if close else f"Choose from {', '.join(by_name)}, a .gguf file or hf:REPO/FILE."
    )
    raise FatalError(f"there is no model {text!r}. {advice}")


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
        raise FatalError(f"the model {model.path} is not there. Name a .gguf file, or one of {', '.join(KNOWN)}.")
    raise FatalError(f"the model {model.name} is not on this machine. Fetch it once with: {pull_command(model)}")


def pull_command(model: Model) -> str:
    """Return the command that fetches a model, as it can be run from where the user stands."""
    # The environment that pre-commit made for its hook is not on the user's PATH.
    program = f"{shlex.quote(sys.executable)} -m pytestgen_hook" if "PRE_COMMIT" in os.environ else "pytestgen"
    return f"{program} model pull {shlex.quote(model.name)}"


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
    if found is None or ".." in PurePosixPath(found["file"]).parts or "//" in text:
        raise FatalError(
            f"{text!r} names no model. Write hf:OWNER/REPO/FILE.gguf, with @REVISION behind it if need be."
        )
    return Model(name=text, file=found["file"], repo=found["repo"], revision=found["revision"] or "main")
