"""Programs that no row may be about, since benchmarks ask about them: told by their syntax, wherever a copy of them lies."""

from __future__ import annotations

import gzip
import json
from collections.abc import Container, Iterable, Iterator
from pathlib import Path

from finetuning.rows import Row
from pytestgen_hook.errors import FatalError
from pytestgen_hook.functions import bodies

LIST = Path(__file__).parent / "excluded.txt"


def forms_in(path: Path) -> set[str]:
    """Return the digests of the functions of a Python file, of those below a folder, or of the programs of a HumanEval file."""
    return {form for source in _programs(path) for form in bodies(source).values()}


def _programs(path: Path) -> Iterator[bytes]:
    if path.is_dir():
        yield from (place.read_bytes() for place in sorted(path.rglob("*.py")))
        for place in sorted(path.rglob("*.jsonl.gz")):
            yield from _programs(place)
    elif path.name.endswith(".jsonl.gz"):
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            problems = [json.loads(line) for line in stream]
        yield from ((one["prompt"] + one["canonical_solution"]).encode() for one in problems)
    elif path.is_file():
        yield path.read_bytes()
    else:
        raise FatalError(f"{path} is not there. Name a Python file, a folder, or HumanEval.jsonl.gz.")


def listed(path: Path = LIST) -> frozenset[str]:
    """Return the digests of a list, one a line."""
    try:
        return frozenset(path.read_text(encoding="ascii").split())
    except (OSError, UnicodeDecodeError) as error:
        raise FatalError(f"{path}: {error}. Make the list with: python -m finetuning exclude") from None


def written(forms: Iterable[str], path: Path = LIST) -> None:
    """Write a list."""
    path.write_text("".join(f"{form}\n" for form in sorted(forms)), encoding="ascii")


def check(rows: Iterable[Row], excluded: Container[str]) -> None:
    """Refuse rows about excluded programs, and rows that do not say what they are about: FatalError."""
    for row in rows:
        if not row.form or row.form in excluded:
            what = "is a program of a benchmark" if row.form else "has no digest"
            where = f"{row.origin.function} ({row.origin.repository}, {row.origin.path})"
            raise FatalError(f"{where} {what}. Take such rows out with: python -m finetuning filter")
