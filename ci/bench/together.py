"""Eight hooks at once in two work trees of one repository, some of them killed: the cache whole, nothing lost.

python ci/bench/together.py --work DIR [--rounds 20] [--seed 1]

In each round four hooks start in each work tree, with one cache: one checks, two write, one amends; about half of them get
SIGKILL at a random moment. Then the cache's file, the index and every file are looked at, and a run to the end with that
cache must say what one without it says.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

from common import environment, git, save

SOURCE = """def {name}_grade(points: int) -> str:
    if points >= {n}:
        return "A"
    return "B"


def {name}_shout(text: str) -> str:
    return text.upper() + "!" * {n}
"""
TEST = "from {name} import {name}_grade\n\n\ndef test_grade():\n    assert {name}_grade(90) == 'A'\n"
MODULES = ("ant", "bee", "cat", "dog")
HOOKS = (("fail", ()), ("write", ("ant.py",)), ("write", ("bee.py",)), ("amend", ("cat.py",)))


def fresh(top: Path) -> list[Path]:
    """Return the two work trees of a new repository, each with four staged files and a test of one."""
    shutil.rmtree(top, ignore_errors=True)
    (top / "main").mkdir(parents=True)
    (top / "main" / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    git(top / "main", "init", "--quiet")
    git(top / "main", "add", ".")
    git(top / "main", "commit", "--quiet", "--message", "first")
    git(top / "main", "worktree", "add", "--quiet", str(top / "linked"))
    trees = [top / "main", top / "linked"]
    for number, tree in enumerate(trees):
        for name in MODULES:
            (tree / f"{name}.py").write_text(SOURCE.format(name=name, n=number + 2))
        (tree / "tests").mkdir()
        (tree / "tests" / "test_dog.py").write_text(TEST.format(name="dog"))
        git(tree, "add", ".")
    return trees


def problems(tree: Path, before: dict[str, str]) -> list[str]:
    """Return what is not as it was, or not whole, in a work tree; ``before`` is what was staged."""
    found = []
    staged = dict(reversed(line.split("\t")) for line in git(tree, "ls-files", "--stage").splitlines())
    found += [f"{path} is not staged as it was" for path, entry in before.items() if staged.get(path) != entry]
    found += [f"{path} was staged" for path in staged if path not in before and not path.startswith("tests/test_")]
    if git(tree, "diff", "--name-only"):
        found.append("a tracked file changed")
    others = git(tree, "ls-files", "--others").splitlines()
    for path in others:
        if "__pycache__" in path:
            continue
        if not path.startswith("tests/test_"):
            found.append(f"{path} is stray")
        else:
            compile((tree / path).read_text(), path, "exec")
    return found


def has_tests(tree: Path, path: str) -> bool:
    """Whether there are tests of the function of a file that had none."""
    wanted = f"{path[:-3]}_shout("
    return any(wanted in test.read_text() for test in (tree / "tests").glob("test_*.py"))


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    rng = random.Random(options.seed)
    cache = work / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    base = [python, "-m", "pytestgen_hook", "check", "--python", python]
    shared = {**os.environ, "PYTESTGEN_CACHE_DIR": str(cache)}

    def verdicts(tree: Path, *more: str) -> list[tuple[str, str]]:
        done = subprocess.run(
            [*base, "--output-format", "json", *more], cwd=tree, env=shared, capture_output=True, text=True
        )
        return [(target["qualname"], target["status"]) for target in json.loads(done.stdout)["targets"]]

    bad: list[str] = []
    statuses: dict[str, int] = {}
    killed, longest = 0, 8.0
    for _ in range(options.rounds):
        trees = fresh(work / "together")
        before = [
            dict(reversed(line.split("\t")) for line in git(tree, "ls-files", "--stage").splitlines()) for tree in trees
        ]
        started = time.perf_counter()
        running = {
            (tree, mode, paths): subprocess.Popen(
                [*base, "--mode", mode, *paths],
                cwd=tree,
                env=shared,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            for tree in trees
            for mode, paths in HOOKS
        }
        processes = list(running.values())
        doomed = sorted(
            ((rng.random() * longest, process) for process in processes if rng.random() < 0.5), key=lambda pair: pair[0]
        )
        for moment, process in doomed:
            time.sleep(max(0.0, started + moment - time.perf_counter()))
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                killed += 1
        for process in processes:
            status = str(process.wait())
            statuses[status] = statuses.get(status, 0) + 1
        if not doomed:
            longest = time.perf_counter() - started
        time.sleep(0.3)  # a git that a killed process had started ends by itself
        for tree, entries in zip(trees, before, strict=True):
            bad += problems(tree, entries)
        bad += [
            f"the hook of {paths[0]} came to its end, and its tests are not there"
            for (tree, mode, paths), process in running.items()
            if mode != "fail" and process.returncode in (0, 1) and not has_tests(tree, paths[0])
        ]
        bad += [f"{lock.name} was left" for lock in (work / "together" / "main" / ".git").rglob("index.lock")]
        for file in cache.glob("*.sqlite"):
            with sqlite3.connect(file) as connection:
                told = connection.execute("PRAGMA integrity_check").fetchone()[0]
                bad += [] if told == "ok" else [f"{file.name}: {told}"]
        tree = rng.choice(trees)
        if verdicts(tree) != verdicts(tree, "--no-cache"):
            bad.append("the cache changes what is said")
    strange = {status for status in statuses if status not in ("0", "1", "-9")}
    save(
        "together",
        {
            "rounds": options.rounds,
            "hooks": 8 * options.rounds,
            "killed": killed,
            "statuses": statuses,
            "bad": bad,
            "seed": options.seed,
        },
    )
    raise SystemExit(bool(bad or strange))


if __name__ == "__main__":
    main()
