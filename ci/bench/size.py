"""Does a function cost as much in a large repository as in a small one, and what does an interrupted run keep?

    python ci/bench/size.py --work DIR [--seconds-a-function 1.5] [--only size|interrupted]

Nine parts of about 30 functions each, modules of libraries from the package index, are measured twice: each as a repository of
its own, and all in one of 300. The functions are the same, so that the two differ in nothing but size. Then the large one
is interrupted half way, and run again until it is done. Processes are looked at every fifth of a second (Linux). With
``--only`` the other part of the result stays that of an earlier run.
"""

import argparse
import ast
import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from common import environment, git, repository, save, unpacked
from common import result as kept

# (library, what is taken of it, where that goes): modules that need nothing beside them, chosen by counting their functions.
PARTS = {
    "humanize": [("humanize==4.17.0", "src/humanize", "humanize")],
    "inflection": [
        ("inflection==0.5.1", "inflection", "inflection"),
        ("boltons==26.2.0", "boltons/formatutils.py", "boltons/formatutils.py"),
    ],
    "mathutils": [
        ("boltons==26.2.0", f"boltons/{name}.py", f"boltons/{name}.py") for name in ("mathutils", "jsonutils")
    ],
    "listutils": [
        ("boltons==26.2.0", f"boltons/{name}.py", f"boltons/{name}.py")
        for name in ("listutils", "namedutils", "easterutils")
    ],
    "timeutils": [
        ("boltons==26.2.0", f"boltons/{name}.py", f"boltons/{name}.py") for name in ("timeutils", "pathutils")
    ],
    "statsutils": [("boltons==26.2.0", "boltons/statsutils.py", "boltons/statsutils.py")],
    "intervals": [
        ("intervaltree==3.2.1", "intervaltree/interval.py", "intervals/interval.py"),
        ("toolz==1.2.0", "toolz/dicttoolz.py", "dicts/dicttoolz.py"),
    ],
    "funcutils": [("boltons==26.2.0", "boltons/funcutils.py", "boltons/funcutils.py")],
    "tableutils": [("boltons==26.2.0", "boltons/tableutils.py", "boltons/tableutils.py")],
}
EVERY = 0.2
MIB = 1 << 20
SUBREAPER = 36  # of prctl: processes whose parent is gone become ours, and their time can be counted


def made(work: Path, name: str, parts: Iterable[str]) -> Path:
    """Return a repository of some parts."""
    folder = work / "size" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for requirement, source, target in (taken for part in parts for taken in PARTS[part]):
        library = work / "size" / "libraries" / requirement.replace("==", "-")
        if not library.exists():
            unpacked(work, requirement, library)
        place = folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if (library / source).is_dir():
            shutil.copytree(library / source, place)
        else:
            shutil.copy2(library / source, place)
            (place.parent / "__init__.py").touch()
    repository(folder)
    return folder


@dataclass
class Watched:
    """A run of the command: how it ended, its report, and what it and all its processes took of the machine."""

    status: int
    seconds: float
    cpu_seconds: float
    most_bytes: int
    wanted: list[int]  # how many processes wanted to run, each time they were looked at
    report: dict
    said: str

    def counts(self, *statuses: str) -> int:
        """Return the number of functions that came to one of these."""
        return sum(target["status"] in statuses for target in self.report["targets"])


def run(python: Path, folder: Path, *options: str, interrupt_at: int | None = None) -> Watched:
    """Run ``--all --mode write``; with ``interrupt_at`` it gets SIGINT once that many test files have been written."""
    report = folder.parent / f"{folder.name}.report.json"
    temporary = folder.parent / f"{folder.name}.tmp"
    temporary.mkdir(exist_ok=True)
    command = [python, "-m", "pytestgen_hook", "check", "--python", python, "--all", "--mode", "write", *options]
    started, before = time.perf_counter(), os.times()
    process = subprocess.Popen(
        [*command, "--output-format", "json", "--output-file", report],
        cwd=folder,
        env={
            **os.environ,
            "PYTESTGEN_CACHE_DIR": str(folder.parent / f"{folder.name}.cache"),
            "TMPDIR": str(temporary),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    most, wanted = 0, []
    while process.poll() is None:
        size, running = looked_at(process.pid)
        most = max(most, size)
        wanted.append(running)
        if interrupt_at is not None and len(list((folder / "tests").glob("test_*.py"))) >= interrupt_at:
            process.send_signal(signal.SIGINT)
            interrupt_at = None
        time.sleep(EVERY)
    took = time.perf_counter() - started
    time.sleep(EVERY)
    while True:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                raise SystemExit("a process is left behind")
        except ChildProcessError:
            break
    after = os.times()
    said = process.stdout.read()
    if process.returncode not in (0, 1, 130):
        raise SystemExit(f"the command ended with {process.returncode}:\n{said[-2000:]}")
    if list(temporary.iterdir()):
        raise SystemExit(f"left behind: {list(temporary.iterdir())}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Watched(process.returncode, took, cpu, most, wanted, json.loads(report.read_text(encoding="utf-8")), said)


def looked_at(process: int) -> tuple[int, int]:
    """Return the bytes that a process and all below it hold, and how many of these processes run or wait for a core.

    Memory that several share counts once (proportional).
    """
    parents: dict[int, list[int]] = {}
    states: dict[int, bytes] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = place.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        parents.setdefault(int(fields[1]), []).append(int(place.parent.name))
        states[int(place.parent.name)] = fields[0]
    total, running, left = 0, 0, [process]
    while left:
        one = left.pop()
        left += parents.get(one, [])
        running += states.get(one) == b"R"
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
        except OSError:
            continue
        total += sum(int(line.split()[1]) << 10 for line in rollup.splitlines() if line.startswith("Pss:"))
    return total, running


def measured(python: Path, folders: list[Path], seconds: float) -> dict[str, object]:
    """Run the command in each folder and return the figures of all together."""
    runs, functions = [], 0
    for folder in folders:
        shutil.rmtree(folder.parent / f"{folder.name}.cache", ignore_errors=True)
        count = len(json.loads(listed(python, folder))["targets"])
        runs.append(run(python, folder, "--budget", f"{count * seconds:g}"))
        functions += count
    wall, cores = sum(one.seconds for one in runs), min(2, len(os.sched_getaffinity(0)))
    looks = [count for one in runs for count in one.wanted]
    return {
        "repositories": len(folders),
        "functions": functions,
        "given_tests": sum(one.counts("generated") for one in runs),
        "seconds_a_function": round(wall / functions, 3),
        "cpu_seconds_a_function": round(sum(one.cpu_seconds for one in runs) / functions, 3),
        "cores_used_percent": round(100 * sum(one.cpu_seconds for one in runs) / wall / cores),
        # Not what they got, which is less where others work too: the share of the time in which all cores had work.
        "cores_wanted_percent": round(100 * sum(min(cores, count) for count in looks) / cores / len(looks)),
        "peak_mib": max(one.most_bytes for one in runs) // MIB,
    }


def listed(python: Path, folder: Path) -> str:
    """Return the report of mode fail: which functions there are."""
    command = [python, "-m", "pytestgen_hook", "check", "--python", python, "--all", "--output-format", "json"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout


def tests_in(text: bytes) -> set[str]:
    """Return what a file of tests defines, each definition as it is written: a later run may only add some."""
    source = text.decode()
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    found = [node for node in ast.parse(source).body if isinstance(node, defined)]
    return {
        "".join(map(ast.unparse, node.decorator_list)) + (ast.get_source_segment(source, node) or "") for node in found
    }


def interrupted(python: Path, folder: Path, seconds: float) -> dict[str, object]:
    """Interrupt a run, add what it wrote, and run again; SystemExit where something was lost or done twice."""
    targets = json.loads(listed(python, folder))["targets"]
    half = len({target["path"] for target in targets}) // 2
    budget = ("--budget", f"{len(targets) * seconds:g}")
    shutil.rmtree(folder.parent / f"{folder.name}.cache", ignore_errors=True)
    first = run(python, folder, *budget, interrupt_at=half)
    written = {path: path.read_bytes() for path in (folder / "tests").rglob("*.py")}
    git(folder, "add", "--all")
    second = run(python, folder, *budget)
    same = {(target["path"], target["qualname"], target["line"]): target for target in second.report["targets"]}
    again = [
        target["qualname"]
        for target in first.report["targets"]
        if target["status"] == "generated"
        and same[target["path"], target["qualname"], target["line"]]["status"] != "tested"
    ]
    for wrong, what in (
        (first.status != 130, f"the first run ended with {first.status}"),
        (again, f"not tested after the first run, which gave them tests: {again}"),
        (
            any(not tests_in(text) <= tests_in(path.read_bytes()) for path, text in written.items()),
            "the second run changed tests that the first wrote",
        ),
    ):
        if wrong:
            raise SystemExit(what)
    # What used up its time and would get more than twice as much now may be sought again; nothing else.
    searched = {
        (target["path"], target["qualname"], target["line"])
        for target in first.report["targets"]
        if target["status"] == "untested" and target["seconds"]
    }
    git(folder, "add", "--all")
    third = run(python, folder, *budget)
    if third.counts("generated"):
        raise SystemExit("the third run found more to do")
    return {
        "functions": len(targets),
        "nothing_found_before": len(searched),
        "of_these_sought_again": sum(bool(same[one]["seconds"]) for one in searched),
        "given_tests_before": first.counts("generated"),
        "seconds_before": round(first.seconds, 1),
        "given_tests_after": second.counts("generated"),
        "seconds_after": round(second.seconds, 1),
        "seconds_when_all_is_done": round(third.seconds, 1),
        "said": next(line for line in first.said.splitlines() if line.startswith("interrupted")).partition(" To go on")[
            0
        ],
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seconds-a-function", type=float, default=1.5)
    parser.add_argument("--only", choices=("size", "interrupted"))
    options = parser.parse_args()
    work, seconds = options.work.resolve(), options.seconds_a_function
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    result = kept("size") if options.only else {}
    if options.only != "interrupted":
        small = measured(python, [made(work, name, [name]) for name in PARTS], seconds)
        print(json.dumps({"small": small}), flush=True)
        large = measured(python, [made(work, "all", PARTS)], seconds)
        print(json.dumps({"large": large}), flush=True)
        ratio = round(large["seconds_a_function"] / small["seconds_a_function"], 2)
        result |= {"small": small, "large": large, "ratio": ratio, "seconds_of_budget_a_function": seconds}
    if options.only != "size":
        found = interrupted(python, made(work, "interrupted", PARTS), seconds)
        result["interrupted"] = {**found, "seconds_of_budget_a_function": seconds}
    save("size", result)


if __name__ == "__main__":
    sys.exit(main())
