"""Mutants a second in the gate, while tests are searched for, against mutmut and cosmic-ray on the same two functions.

python ci/bench/mutation.py --work DIR [--runs 5] [--cosmic-seconds 60]

The engine searches for the cases of both functions of the small project of ``strength.py``; then all cases that it keeps
are held against all mutants of their function, again and again, by the engine's own code. A mutant counts once, when
every kept case that runs its line has said whether it notices it: killed, survived or timed out; nothing is reused
between rounds. mutmut's figure is the one that it prints itself, of its mutants alone without its start; cosmic-ray's
that of ``cosmic-ray exec``. The peers run the tests of that project. The tools take turns.
"""

import argparse
import ast
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from common import environment, save
from strength import SMALL, cosmic_ray, peers, small

SECONDS = 20.0  # for the search of one function
ROUNDS = 10  # in one run


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cosmic-seconds", type=float, default=60)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.inside, options.work)
        return
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python, programs = environment(work), peers(work)
    folder = work / "mutation"
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("ours", "mutmut", "cosmic"):
        (folder / part).mkdir(parents=True)
        module, tests = small(folder / part)
    runs, theirs = [], []
    for _ in range(options.runs):
        runs.append(gate(python, folder / "ours"))
        theirs.append(mutmut(programs, folder / "mutmut", module))
    seconds, done, _ = cosmic_ray(programs, folder / "cosmic", module, tests, options.cosmic_seconds)
    ours = [run["mutants"] / run["seconds"] for run in runs]
    third = done / seconds
    result = {
        "functions": [node.name for node in ast.parse(SMALL["shop.py"]).body if isinstance(node, ast.FunctionDef)],
        "gate": {**runs[-1]["verdicts"], "cases": runs[-1]["cases"], "mutants_a_second": list(map(round, ours))},
        "mutmut": {"mutants_a_second": [round(rate, 1) for rate in theirs]},
        "cosmic_ray": {"mutants": done, "mutants_a_second": round(third, 2)},
        "ratio_to_mutmut": round(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)), 1),
        "ratio_to_cosmic_ray": round(statistics.median(ours) / third),
    }
    save("mutation", result)


def gate(python: Path, tree: Path) -> dict[str, object]:
    """Let an interpreter of its own search and measure: it confines itself, and takes nothing back."""
    place = tree.parent / "place"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    where = "import pytestgen_hook, pathlib; print(pathlib.Path(pytestgen_hook.__file__).parent / 'runtime')"
    runtime = subprocess.run([python, "-c", where], check=True, capture_output=True, text=True).stdout.strip()
    command = [python, "-B", Path(__file__).resolve(), "--work", place, "--inside", tree]
    environ = {**os.environ, "PYTHONPATH": runtime, "PYTHONHASHSEED": "0"}
    return json.loads(subprocess.run(command, cwd=tree, env=environ, check=True, capture_output=True, text=True).stdout)


def mutmut(programs: Path, folder: Path, module: str) -> float:
    """Return the mutants a second that mutmut says it had, from nothing."""
    shutil.rmtree(folder / "mutants", ignore_errors=True)
    (folder / "pyproject.toml").write_text(f'[tool.mutmut]\nsource_paths = ["{module}"]\n')
    said = subprocess.run([programs / "mutmut", "run"], cwd=folder, capture_output=True, text=True).stdout
    return float(re.findall(r"([\d.]+) mutations/second", said)[-1])


def inside(tree: Path, place: Path) -> None:
    """Search for the cases of all functions of the module, then count how fast they decide all mutants."""
    import search
    import server

    out = os.dup(1)
    where = server.Place(str(place), str(tree), [str(tree)])
    server.confine_here(where)
    modules = server.Modules(where)
    problem = modules.load("shop", "shop.py")
    assert problem is None, problem
    verdicts = dict.fromkeys(("killed", "timed_out", "survived", "not_run"), 0)
    found = {"mutants": 0, "seconds": 0.0, "cases": 0, "verdicts": verdicts}
    for node in modules.tree.body:
        if isinstance(node, ast.FunctionDef):
            request = {
                "first_line": node.lineno,
                "last_line": node.end_lineno,
                "name": node.name,
                "qualname": node.name,
                "body_lines": sorted(
                    {one.lineno for one in ast.walk(node) if isinstance(one, ast.stmt)} - {node.lineno}
                ),
                "seconds": SECONDS,
            }
            decide(search, server, modules, request, found)
    os.write(out, json.dumps(found).encode())


def decide(search, server, modules, request, found) -> None:
    """Add to ``found`` what one function comes to."""
    subject = modules.subject(request)
    plan = server.plans.make_plan(subject, request["qualname"], modules.tree)
    hunt = search.Search(subject, plan, modules.guard, server.plans.seeds(plan, modules.tree, ()), SECONDS, 0)
    hunt.run()
    kept = [seen for seen in hunt.pool if seen.kills]
    kept = search.suite.smallest(kept)
    counted = [index for index, mutant in enumerate(subject.mutants) if not mutant.is_slip]
    for _ in range(ROUNDS):
        for seen in kept:
            seen.kills, seen.compared = set(), set()
        hunt.killed, hunt.told, hunt.started = {}, set(), time.monotonic()
        started = time.perf_counter()
        hunt._against(kept, counted)
        found["seconds"] += time.perf_counter() - started
        compared = set().union(*[seen.compared for seen in kept])
        found["mutants"] += len(compared)
    found["cases"] += len(kept)
    found["verdicts"]["killed"] += len(hunt.told)
    found["verdicts"]["timed_out"] += len(hunt.killed.keys() - hunt.told)
    alive = [subject.mutants[index] for index in compared - hunt.killed.keys()]
    not_run = len([mutant for mutant in alive if hunt._is_unreached(mutant, kept)])
    found["verdicts"]["survived"] += len(alive) - not_run
    found["verdicts"]["not_run"] += not_run + len(counted) - len(compared)


if __name__ == "__main__":
    sys.exit(main())
