"""Proves generated tests where they will run: real pytest, three times, under other hash seeds, orders and folders."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytestgen_hook import sandbox

_SECONDS_A_TEST = 5.0


@dataclass(frozen=True, slots=True)
class Round:
    """How one of the repeated runs differs from the others."""

    hash_seed: str
    reverse: bool
    elsewhere: bool  # in another working folder than the top of the tree


ROUNDS = (Round("0", False, False), Round("1", True, False), Round("2718", False, True))


@dataclass(frozen=True, slots=True)
class Proof:
    """The result of all rounds: node ids as pytest wrote them, relative to the tree.

    ``failed`` maps the tests that were not green in every round to what pytest said; ``problem`` is set when a round did
    not come to an end, so that nothing is proved.
    """

    green: frozenset[str]
    failed: Mapping[str, str]
    problem: str | None = None


def prove(node_ids: Sequence[str], *, python: Path, tree: Path, roots: Sequence[str], folder: Path) -> Proof:
    """Run the tests ``node_ids`` (``path::name``) of the tree in the sandbox in every round."""
    green: frozenset[str] | None = None
    failed: dict[str, str] = {}
    for number, way in enumerate(ROUNDS):
        outcome = _run(node_ids, way, number, python, tree, roots, folder)
        if isinstance(outcome, str):
            return Proof(frozenset(), failed, outcome)
        passed = frozenset(test for test, (result, _) in outcome.items() if result == "passed")
        failed.update({test: text for test, (result, text) in outcome.items() if result != "passed"})
        green = passed if green is None else green & passed
    return Proof((green or frozenset()) - failed.keys(), failed)


def _run(
    node_ids: Sequence[str],
    way: Round,
    number: int,
    python: Path,
    tree: Path,
    roots: Sequence[str],
    folder: Path,
) -> dict[str, tuple[str, str]] | str:
    """Return {node id: (outcome, text)}, or in words why the run showed nothing."""
    work = folder / f"prove{number}"
    work.mkdir(parents=True, exist_ok=True)
    report = work / "report.json"
    report.unlink(missing_ok=True)
    # Through a file: there can be more tests than fit on a command line.
    options = [f"--rootdir={tree}", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-o", "addopts="]
    options += [f"--basetemp={work / 'tmp'}", *[str(tree / node_id) for node_id in node_ids]]
    request = work / "arguments.json"
    request.write_text(json.dumps(options), encoding="utf-8")
    arguments: list[str | Path] = [sandbox.RUNTIME / "verify.py", "--report", report, "--arguments", request]
    arguments += ["--reverse"] if way.reverse else []
    paths = [str(tree / root) if root not in ("", ".") else str(tree) for root in roots]
    completed = sandbox.run_confined(
        python,
        arguments,
        writable=[work],
        cwd=work if way.elsewhere else tree,
        env={
            **sandbox.clean_environment(work),
            "PYTHONHASHSEED": way.hash_seed,
            "PYTHONPATH": os.pathsep.join(paths),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        timeout=60 + _SECONDS_A_TEST * len(node_ids),
    )
    if not report.exists():
        how = "did not end" if completed.timed_out else f"ended with status {completed.returncode}"
        return f"pytest {how}: {_last_line(completed.errors or completed.output)}"
    answer: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    if answer["errors"] and not answer["outcomes"]:
        return f"pytest could not collect {answer['errors'][0][0]}: {_last_line(answer['errors'][0][1])}"
    return {test: (result[0], result[1]) for test, result in answer["outcomes"].items()}


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no output"
