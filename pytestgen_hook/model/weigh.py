"""Tries each test of a model alone, confined: is it green, which lines of the function does it run, what does it kill."""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytestgen_hook import sandbox
from pytestgen_hook.types.changes import Function
from pytestgen_hook.types.generated import WrittenTest

_SECONDS_A_TEST = 5.0
_SPARE = 30.0  # seconds beyond all limits of its own that the process may take
_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
_MOST_TOLD = 600  # characters of a failure


@dataclass(frozen=True, slots=True)
class Bench:
    """Where tests are tried: the project's interpreter, a tree that may be written to, its import roots, a folder of ours.

    ``tests_folder`` is the folder of the tree that the tests will stand in: what ``conftest.py`` says there holds for them.
    """

    python: Path
    tree: Path
    roots: Sequence[str]
    folder: Path
    tests_folder: str = "tests"


@dataclass(frozen=True, slots=True)
class Weighed:
    """Tests that are green, with what they show; (test, why not) of the others; the mutants by number, as (line, label)."""

    green: tuple[WrittenTest, ...]
    red: tuple[tuple[WrittenTest, str], ...]
    mutants: tuple[tuple[int, str], ...] = ()


def weigh(tests: Sequence[WrittenTest], function: Function, module: str, bench: Bench, *, seconds: float) -> Weighed:
    """Run each of the tests alone, then with each mutant of the function that it reaches, for so many seconds in all."""
    if not tests:
        return Weighed((), ())
    folder = bench.tree / bench.tests_folder
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    # Of a name that no module of the project has: pytest imports it by that.
    file = folder / f"test_weighed_{secrets.token_hex(6)}.py"
    file.write_text(_module(tests, module), encoding="utf-8")
    try:
        told = tried(file, function, bench, seconds)
    finally:
        file.unlink()
        if is_new:
            folder.rmdir()
    return _read(tests, told, frozenset(function.body_lines))


def _module(tests: Sequence[WrittenTest], module: str) -> str:
    """Return a file of all the tests, each with imports of its own: one that cannot be imported is to cost one test."""
    head = f"try:\n    import {module}\nexcept Exception:\n    pass\n"
    return "\n\n".join([head, *(_function(number, test) for number, test in enumerate(tests))])


def _function(number: int, test: WrittenTest) -> str:
    imports = [f"from {module} import {name}" if name else f"import {module}" for module, name in test.imports]
    values = [f"{name} = {source}" for name, source in test.values]
    body = "".join(f"    {line}\n" for text in (*imports, *values, *test.body) for line in text.split("\n"))
    return f"def test_{number}({', '.join(test.fixtures)}):\n{body}"


@dataclass(frozen=True, slots=True)
class Told:
    """What was seen of the tests of a file, by name: whether each is green, or why not, the lines it ran, what it kills."""

    outcomes: Mapping[str, str | None]  # None: green
    lines: Mapping[str, frozenset[int]]
    kills: Mapping[str, frozenset[int]]
    mutants: tuple[tuple[int, str], ...]
    said: str  # where a test was not even tried


def tried(file: Path, function: Function, bench: Bench, seconds: float) -> Told:
    """Try each test of a file of the tree alone, confined, and each that is green with the mutants that it reaches."""
    with tempfile.TemporaryDirectory(dir=bench.folder, prefix="weigh-", ignore_cleanup_errors=True) as made:
        place = Path(made)
        request, report = place / "request.json", place / "report.jsonl"
        request.write_text(json.dumps(_request(file, function, bench, place, seconds)), encoding="utf-8")
        environment = {**sandbox.clean_environment(place), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
        arguments: list[str | Path] = [bench.python, *sandbox.program("weigh")]
        arguments += ["--request", request, "--report", report]
        completed = sandbox.run(arguments, cwd=bench.tree, env=environment, timeout=seconds + _SPARE)
        text = report.read_text(encoding="utf-8") if report.exists() else ""
    words = [line.strip() for line in (completed.errors or completed.output).splitlines() if line.strip()]
    return _parsed(text, words[-1][:300] if words else "it could not be run")


def _request(file: Path, function: Function, bench: Bench, place: Path, seconds: float) -> dict[str, object]:
    return {
        "subject": {
            "path": function.path,
            "name": function.name,
            "first_line": function.first_line,
            "last_line": function.last_line,
        },
        "tests": [file.relative_to(bench.tree).as_posix()],
        "root": str(bench.tree),
        "paths": [str(bench.tree / root) if root not in ("", ".") else str(bench.tree) for root in bench.roots],
        "place": str(place),
        "seconds": seconds,
        "test_seconds": _SECONDS_A_TEST,
        "at_once": sandbox.processors(),
    }


def _parsed(text: str, said: str) -> Told:
    outcomes: dict[str, str | None] = {}
    lines: dict[str, frozenset[int]] = {}
    kills: dict[str, set[int]] = {}
    mutants: tuple[tuple[int, str], ...] = ()
    for line in text.splitlines():
        try:
            record: dict[str, Any] = json.loads(line)
        except ValueError:  # the line that was being written when the process ended
            continue
        if "mutants" in record:
            mutants = tuple((one[0], one[1]) for one in record["mutants"])
        elif "test" in record:
            name = str(record["test"])
            outcomes[name] = None if record["passed"] else _told(str(record["why"]))
            lines[name] = frozenset(record["lines"])
        elif "kill" in record:
            name, number = record["kill"]
            kills.setdefault(name, set()).add(number)
        elif "problem" in record:
            said = str(record["problem"])
    return Told(outcomes, lines, {name: frozenset(some) for name, some in kills.items()}, mutants, said)


def _read(tests: Sequence[WrittenTest], told: Told, body: frozenset[int]) -> Weighed:
    green, red = [], []
    for number, test in enumerate(tests):
        name = f"test_{number}"
        why = told.outcomes.get(name, told.said)
        if why is None:
            kills = told.kills.get(name, frozenset())
            green.append(replace(test, lines=told.lines[name] & body, kills=kills))
        else:
            red.append((test, why))
    return Weighed(tuple(green), tuple(red), told.mutants)


def _told(text: str) -> str:
    """Return what pytest says went wrong, without the lines around it."""
    wrong = [line[2:].strip() for line in text.splitlines() if line.startswith("E ")]
    told = "\n".join(line for line in wrong if line and not line.startswith("+")) or text.strip()
    return _ADDRESS.sub("", told)[:_MOST_TOLD]  # what differs in every run would be another question to the model
