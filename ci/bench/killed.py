"""SIGKILL at random moments of ``write`` and ``amend``: index and files as before or complete, no stray file.

python ci/bench/killed.py --work DIR [--kills 100] [--seed 1]
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

from common import environment, git, save

SOURCE = '''"""A module with enough in it that writing takes a while."""


def grade(points: int) -> str:
    if points >= 90:
        return "A"
    if points >= 50:
        return "B"
    return "C"


def shout(text: str) -> str:
    return text.upper() + "!"
'''


def state(folder: Path) -> tuple[bytes, tuple[str, ...], dict[str, bytes]]:
    """Return the index, what git says of it, and all files of the work tree."""
    staged = tuple(git(folder, "ls-files", "--stage").splitlines())
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
    return (folder / ".git" / "index").read_bytes(), staged, files


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    rng = random.Random(options.seed)

    def fresh() -> Path:
        folder = work / "killed"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in ("one", "two"):
            (folder / f"{name}.py").write_text(SOURCE)
        git(folder, "init", "--quiet")
        git(folder, "add", ".")
        return folder

    def start(folder: Path, mode: str) -> "subprocess.Popen[bytes]":
        command = [python, "-m", "pytestgen_hook", "check", "--python", python, "--mode", mode]
        return subprocess.Popen(
            command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )

    complete, length = {}, {}
    for mode in ("write", "amend"):
        folder = fresh()
        started = time.perf_counter()
        start(folder, mode).wait()
        length[mode] = time.perf_counter() - started
        complete[mode] = state(folder)[2]
    bad, unchanged, partly, finished = [], 0, 0, 0
    for number in range(options.kills):
        mode = ("write", "amend")[number % 2]
        folder = fresh()
        before = state(folder)
        # Half of the moments fall into the last part, where files are written.
        share = rng.random() if number % 4 < 2 else rng.uniform(0.9, 1.05)
        process = start(folder, mode)
        time.sleep(share * length[mode])
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        time.sleep(0.3)  # a git that the killed process had started ends by itself
        after = state(folder)
        added = {path: text for path, text in after[2].items() if path not in before[2]}
        stray = [path for path, text in added.items() if complete[mode].get(path) != text]
        altered = [path for path, text in before[2].items() if after[2].get(path) != text]
        listed = {line.split("\t")[1] for line in after[1]}
        known = set(before[2]) | set(complete[mode])
        lock = (folder / ".git" / "index.lock").exists()
        if stray or altered or not listed <= known or lock or not set(before[1]) <= set(after[1]):
            bad.append({"mode": mode, "share": share, "stray": stray, "altered": altered, "lock": lock})
        elif not added:
            unchanged += 1
        elif set(added) == set(complete[mode]) - set(before[2]):
            finished += 1
        else:
            partly += 1
    save(
        "killed",
        {
            "kills": options.kills,
            "as_before": unchanged,
            "complete": finished,
            "some_files_complete": partly,
            "bad": bad,
        },
    )


if __name__ == "__main__":
    main()
