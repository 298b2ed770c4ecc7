"""Ten modules of libraries from the package index through ``--mode write``, one minute each; then scored with another program.

python ci/bench/modules.py --work DIR --score SCORE.PY [--peers none|pynguin] [--only MODULE] [--jobs 2]

SCORE.PY is the one of humaneval.py. The peer searches for as long as the command took on the same module.
"""

import argparse
import json
import math
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from common import check, environment, save, unpacked
from peers import pynguin, written_by_pynguin

# Chosen by reading what they are for and counting their lines (100 to 400), before anything had been measured, and not changed
# since. No module that needs the network, other programs or compiled code, and none of the libraries of libraries.py.
MODULES = {
    "boltons.mathutils": ("boltons==26.2.0", "numbers and a class for bits; no annotations, many constructors"),
    "boltons.listutils": ("boltons==26.2.0", "two subclasses of list, mostly operators and slices; no annotations"),
    "boltons.queueutils": ("boltons==26.2.0", "an abstract queue and two that fill it in; state over several calls"),
    "isodate.isodates": ("isodate==0.7.2", "parses dates with regular expressions; annotated; a cache in its module"),
    "isodate.duration": ("isodate==0.7.2", "one class with operators on itself, dates and numbers; annotated"),
    "jmespath.lexer": ("jmespath==1.1.0", "a tokenizer: a generator over its own state; no annotations"),
    "textdistance.algorithms.phonetic": ("textdistance==4.6.3", "callable classes over strings and tables; annotated"),
    "toolz.dicttoolz": ("toolz==1.2.0", "functions over dicts that take functions and factories; no annotations"),
    "rfc3986.normalizers": ("rfc3986==2.0.0", "short functions over strings of a strict format; annotated"),
    "intervaltree.interval": ("intervaltree==3.2.1", "a named tuple with comparisons and set-like methods"),
}
NEEDS = ("sortedcontainers==2.4.0",)  # what intervaltree imports


def scored(python: Path, score: Path, source: Path, module: str, tests: Path) -> dict[str, object]:
    """Score the tests of a folder."""
    command = [python, score, "--src", source, "--module", module, "--tests", tests]
    answer = subprocess.run(command, capture_output=True, text=True)
    return dict(json.loads(answer.stdout.strip().splitlines()[-1]))


def written(work: Path, python: Path, module: str) -> dict[str, object]:
    """Write tests for a module of a fresh repository and put them aside; return what the report says."""
    folder = unpacked(work, MODULES[module][0], work / "modules" / module)
    path = str((imported_from(folder) / module.replace(".", "/")).with_suffix(".py").relative_to(folder))
    started, wrong, targets = time.perf_counter(), "", []
    try:
        targets = check(python, folder, "--all", "--mode", "write", "--budget", "60", path)[2]["targets"]
    except SystemExit as failure:
        wrong = str(failure)[-300:]
    seconds = time.perf_counter() - started
    tests = work / "module-suites" / "own" / module
    shutil.rmtree(tests, ignore_errors=True)
    tests.mkdir(parents=True)
    for path in sorted({test.partition("::")[0] for target in targets for test in target["tests"]}):
        shutil.copy(folder / path, tests)
    reasons = Counter(target["reason"] for target in targets if target["status"] != "generated")
    return {
        "name": module,
        "version": MODULES[module][0],
        "seconds": round(seconds, 1),
        "wrong": wrong,
        "functions": len(targets),
        "given_tests": sum(target["status"] == "generated" for target in targets),
        "not_reached": dict(reasons.most_common()),
    }


def imported_from(folder: Path) -> Path:
    """Return the folder from which the library of a repository is imported."""
    return folder / "src" if (folder / "src").is_dir() else folder


def summary(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the medians and sums over the modules; lines and branches count alike."""

    def values(key: str) -> list[float]:
        return [float(str(row[key])) for row in rows]

    covered = [(line + branch) / 2 for line, branch in zip(values("line"), values("branch"), strict=True)]
    return {
        "green_in_three_runs": sum(row["passed"] is True for row in rows),
        "lines_and_branches_median": round(median(covered), 1),
        "killed_median_percent": round(median(values("score")), 1),
        "mutants": int(sum(values("mutants"))),
        "killed": int(sum(values("killed"))),
        "seconds_median": round(median(values("seconds")), 1),
        "tests": int(sum(values("tests"))),
        "rows": rows,
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--peers", choices=("none", "pynguin"), default="pynguin")
    parser.add_argument("--only", choices=MODULES)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    work, score = options.work.resolve(), options.score.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work, *NEEDS)
    chosen = [options.only] if options.only else list(MODULES)
    # One after another: the command uses all cores itself.
    reports = [written(work, python, module) for module in chosen]
    program = pynguin(work, NEEDS) if options.peers == "pynguin" else None

    def own(row: dict[str, object]) -> dict[str, object]:
        module = str(row["name"])
        source, tests = imported_from(work / "modules" / module), work / "module-suites" / "own" / module
        return {**row, **scored(python, score, source, module, tests)}

    def peer(row: dict[str, object]) -> dict[str, object]:
        module = str(row["name"])
        source, tests = imported_from(work / "modules" / module), work / "module-suites" / "pynguin" / module
        took, wrong = written_by_pynguin(program, source, module, tests, math.ceil(float(str(row["seconds"]))))
        return {"name": module, "seconds": took, "wrong": wrong, **scored(python, score, source, module, tests)}

    with ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(own, reports))
        result = {"modules": len(rows), **summary(rows)}
        if program:
            result["pynguin"] = summary(list(pool.map(peer, reports)))
            result["killed_ratio"] = round(result["killed"] / max(1, result["pynguin"]["killed"]), 2)
    if options.only:
        print(json.dumps(result, indent=1))
    else:
        save("modules", result)


if __name__ == "__main__":
    main()
