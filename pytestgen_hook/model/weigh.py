"""Tries each test of a model alone, confined: is it green, which lines of the function does it run, what does it kill."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytestgen_hook import sandbox
from pytestgen_hook.types import Function, WrittenTest

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
    with tempfile.TemporaryDirectory(dir=bench.folder, prefix="weigh-", ignore_cleanup_errors=True) as made:
        place = Path(made)
        folder = bench.tree / bench.tests_folder
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        # Of a name that no module of the project has: pytest imports it by that.
        file = folder / f"test_{place.name.replace('-', '_')}.py"
        file.write_text(_module(tests, module), encoding="utf-8")
        try:
            lines, said = _run(file, function, bench, place, seconds)
        finally:
            file.unlink()
            if is_new:
                folder.rmdir()
    return _read(tests, lines, said, frozenset(function.body_lines))


def _module(tests: Sequence[WrittenTest], module: str) -> str:
    """Return a file of all the tests, each with imports of its own: one that cannot be imported is to cost one test."""
    head = f"try:\n    import {module}\nexcept Exception:\n    pass\n"
    return "\n\n".join([head, *(_function(number, test) for number, test in enumerate(tests))])


def _function(number: int, test: WrittenTest) -> str:
    imports = [f"from {module} import {name}" if name else f"import {module}" for module, name in test.imports]
    values = [f"{name} = {source}" for name, source in test.values]
    body = "".join(f"    {line}\n" for text in (*imports, *values, *test.body) for line in text.split("\n"))
    return f"def test_{number}({', '.join(test.fixtures)}):\n{body}"


def _run(file: Path, function: Function, bench: Bench, place: Path, seconds: float) -> tuple[list[dict[str, Any]], str]:
    request, report = place / "request.json", place / "report.jsonl"
    order = {
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
        "at_once": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
    }
    request.write_text(json.dumps(order), encoding="utf-8")
    environment = {**sandbox.clean_environment(place), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    arguments: list[str | Path] = [
        bench.python,
        "-B",
        sandbox.RUNTIME / "weigh.py",
        "--request",
        request,
        "--report",
        report,
    ]
    completed = sandbox.run(arguments, cwd=bench.tree, env=environment, timeout=seconds + _SPARE)
    found = []
    for line in report.read_text(encoding="utf-8").splitlines() if report.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:  # the line that was being written when the process ended
            continue
    words = [text.strip() for text in (completed.errors or completed.output).splitlines() if text.strip()]
    return found, words[-1][:300] if words else "it could not be run"


def _read(tests: Sequence[WrittenTest], lines: Sequence[dict[str, Any]], said: str, body: frozenset[int]) -> Weighed:
    mutants: tuple[tuple[int, str], ...] = ()
    told: dict[str, dict[str, Any]] = {}
    kills: dict[str, set[int]] = {}
    for line in lines:
        if "mutants" in line:
            mutants = tuple((one[0], one[1]) for one in line["mutants"])
        elif "test" in line:
            told[str(line["test"])] = line
        elif "kill" in line:
            name, number = line["kill"]
            kills.setdefault(name, set()).add(number)
        elif "problem" in line:
            said = str(line["problem"])
    green, red = [], []
    for number, test in enumerate(tests):
        name = f"test_{number}"
        result = told.get(name)
        if result is None:
            red.append((test, said))
        elif not result["passed"]:
            red.append((test, _told(str(result["why"]))))
        else:
            ran = body.intersection(result["lines"])
            green.append(replace(test, lines=ran, kills=frozenset(kills.get(name, ()))))
    return Weighed(tuple(green), tuple(red), mutants)


def _told(text: str) -> str:
    """Return what pytest says went wrong, without the lines around it."""
    wrong = [line[2:].strip() for line in text.splitlines() if line.startswith("E ")]
    told = "\n".join(line for line in wrong if line and not line.startswith("+")) or text.strip()
    return _ADDRESS.sub("", told)[:_MOST_TOLD]  # what differs in every run would be another question to the model
