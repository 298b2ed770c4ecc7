"""The rows that a model learns from: a question about a function, the calls that answer it, and where all of it comes from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pytestgen_hook.errors import FatalError
from pytestgen_hook.model import prompts


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a function comes from: a repository (its name), a commit, a file in it and a qualified name."""

    repository: str
    commit: str
    path: str
    function: str


@dataclass(frozen=True, slots=True)
class Row:
    """One question and its answer.

    ``question`` is the turn of the user as the model will see it, ``answer`` are the calls that answer it, ``known`` those
    that were there already, ``reasons`` what each call of the answer shows that these do not. ``form`` is the digest of the
    function's syntax, the same for every copy of it. ``maker`` says what proposed the calls, ``licence`` is the SPDX
    identifier of the repository's licence, and ``prompt`` the version of the wording.
    """

    origin: Origin
    licence: str
    question: str
    answer: tuple[str, ...]
    known: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    form: str = ""
    maker: str = "search"
    prompt: int = field(default=prompts.VERSION)


def written(rows: Iterable[Row], path: Path) -> None:
    """Write rows to a file, one JSON object a line; whoever ends the program meanwhile leaves the file as it was."""
    text = "".join(json.dumps(asdict(row), ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def read(paths: Iterable[Path]) -> list[Row]:
    """Return the rows of some files; FatalError names the line that is none."""
    found = []
    for path in paths:
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise FatalError(f"{path}: {error}. Make the file with: python -m finetuning collect") from None
        for number, line in enumerate(lines, 1):
            try:
                found.append(_row(json.loads(line)))
            except (ValueError, TypeError, LookupError):
                raise FatalError(f"{path}:{number} is no row. Take the line out, or collect anew.") from None
    return found


def _row(value: dict[str, Any]) -> Row:
    origin = Origin(**value.pop("origin"))
    value |= {name: _texts(value[name]) for name in ("answer", "known", "reasons")}
    row = Row(origin=origin, **value)
    texts = (*asdict(origin).values(), row.licence, row.question, row.form, row.maker)
    if not all(isinstance(text, str) for text in texts) or not row.answer or not row.licence:
        raise ValueError
    return row


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError
    return tuple(value)


def distinct(rows: Iterable[Row]) -> list[Row]:
    """Return the rows without those that ask and answer the same as one before, wherever they come from."""
    found: dict[tuple[object, ...], Row] = {}
    for row in rows:
        found.setdefault((row.form, row.known, row.answer), row)
    return list(found.values())


def check_wording(rows: Iterable[Row]) -> None:
    """Refuse rows whose questions are worded as the tool no longer asks: FatalError."""
    old = {row.prompt for row in rows} - {prompts.VERSION}
    if old:
        raise FatalError(
            f"rows are worded as in version {min(old)} of the prompt, and the tool asks as in {prompts.VERSION}. "
            "Word them anew with: python -m finetuning filter"
        )
