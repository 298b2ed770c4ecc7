"""Algorithms, each with a variant that has a fault people make: do the tests written from the right one fail on it?

python ci/bench/faults.py --work DIR [--pairs faults_unseen] [--peers none|pynguin] [--only NAME] [--jobs 2]

``faults/right`` is committed alone and given tests; ``faults/buggy`` is shown to the tests only afterwards.
``faults/pairs.toml`` says what is wrong in each, and has a call that shows it, which is tried first.
What is missed of these forty has been looked at while the search was made. The thirty of ``faults_unseen`` were written without
knowing it, and what was missed of them has been looked at since; of the twenty of ``faults_later`` nothing has.
"""

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tomllib
from common import check, environment, repository, save
from peers import pynguin, written_by_pynguin

SETS = ("faults", "faults_unseen", "faults_later")
SECONDS = 10  # a module: the budget of the command, and the least that the peer may search
CALL = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
module = importlib.import_module(sys.argv[2])
try:
    print(repr(eval(sys.argv[3], vars(module))))
except Exception as error:
    print(type(error).__name__)
"""


def limited() -> None:
    """Keep a fault that piles up memory from taking all of it."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


def outcome(folder: Path, module: str, witness: str) -> str:
    """Return what a call gives, as text."""
    try:
        command = [sys.executable, "-B", "-c", CALL, folder, module, witness]
        return subprocess.run(command, capture_output=True, text=True, timeout=20, preexec_fn=limited).stdout
    except subprocess.TimeoutExpired:
        return "no end"


def pairs(place: Path, only: str | None) -> dict[str, dict[str, str]]:
    """Return the pairs of a folder, each of which has been seen to differ."""
    found = tomllib.loads((place / "pairs.toml").read_text(encoding="utf-8"))
    chosen = {name: pair for name, pair in found.items() if only in (None, name)}
    for name, pair in chosen.items():
        right, buggy = (outcome(place / kind, name, pair["witness"]) for kind in ("right", "buggy"))
        if not right or right == buggy:
            raise SystemExit(f"{name}: {pair['witness']} gives {right!r} and {buggy!r}")
    return chosen


def verdict(python: Path, tests: Path, source: Path, seed: str = "0") -> str:
    """Run the tests against the modules of a folder: green, red, hung or none."""
    files = sorted(tests.rglob("test_*.py"))
    if not files:
        return "none"
    env = {**os.environ, "PYTHONPATH": str(source), "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=10", *files]
    try:
        run = subprocess.run(command, cwd=tests, env=env, capture_output=True, timeout=120, preexec_fn=limited)
    except subprocess.TimeoutExpired:
        return "hung"
    return "green" if run.returncode == 0 else "red"


def judged(python: Path, tests: Path, place: Path) -> dict[str, object]:
    """Return whether the tests are green on the right module, whatever the hash seed, and fail on the variant."""
    green = all(verdict(python, tests, place / "right", seed) == "green" for seed in "012")
    return {"green": green, "caught": green and verdict(python, tests, place / "buggy") in ("red", "hung")}


def count(rows: Sequence[dict[str, object]], key: str) -> int:
    """Count the rows in which it holds."""
    return sum(row[key] is True for row in rows)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--peers", choices=("none", "pynguin"), default="pynguin")
    parser.add_argument("--pairs", choices=SETS, default=SETS[0])
    parser.add_argument("--only")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    place = Path(__file__).parent / options.pairs
    chosen = pairs(place, options.only)
    python = environment(work)
    folder, suites = work / "faults", work / "fault-suites"
    for path in (folder, suites):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    for name in chosen:
        shutil.copy(place / "right" / f"{name}.py", folder)
    repository(folder)
    _, seconds, report = check(python, folder, "--all", "--mode", "write", "--budget", str(SECONDS * len(chosen)))
    reasons: dict[str, list[str]] = {name: [] for name in chosen}
    for target in report["targets"]:
        if target["status"] != "generated":
            reasons[Path(target["path"]).stem].append(f"{target['qualname']}: {target['reason']}")

    def own(name: str) -> dict[str, object]:
        tests = suites / "own" / name
        tests.mkdir(parents=True)
        if (written := folder / "tests" / f"test_{name}.py").exists():
            shutil.copy(written, tests)
        return {"name": name, **chosen[name], "not_reached": reasons[name], **judged(python, tests, place)}

    search = max(SECONDS, math.ceil(seconds / len(chosen)))

    def peer(name: str) -> dict[str, object]:
        tests = suites / "pynguin" / name
        took, wrong = written_by_pynguin(program, folder, name, tests, search)
        return {"name": name, "seconds": took, "wrong": wrong, **judged(python, tests, place)}

    with ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(own, chosen))
        result = {
            "pairs": len(rows),
            "green": count(rows, "green"),
            "caught": count(rows, "caught"),
            "missed": [row["name"] for row in rows if not row["caught"]],
            "seconds_a_module": round(seconds / len(rows), 2),
            "rows": rows,
        }
        if options.peers == "pynguin":
            program = pynguin(work)
            peers = list(pool.map(peer, chosen))
            result["pynguin"] = {
                "green": count(peers, "green"),
                "caught": count(peers, "caught"),
                "search_seconds": search,
                "seconds_a_module": round(sum(row["seconds"] for row in peers) / len(peers), 2),
                "rows": peers,
            }
    if options.only:
        print(json.dumps(result, indent=1))
    else:
        save(options.pairs, result)


if __name__ == "__main__":
    main()
