"""How long a commit waits: without Python, and with one changed function in a repository of 2,000 files and more.

    python ci/bench/latency.py --work DIR [--runs 15]

The repository holds three copies of this Python's standard library without its tests, so that no test run is part of the
times; the graph is cold when the cache is empty, warm when only the changed file is new to it. Times are medians of
interleaved runs.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sysconfig
import time
from pathlib import Path

from common import environment, git, repository, save


def seconds(command: list[object], folder: Path, env: dict[str, str]) -> float:
    """Run a command and return the wall time."""
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env={**os.environ, **env}, capture_output=True)
    return time.perf_counter() - started


def standard_library(work: Path) -> Path:
    """Return a repository with three copies of this Python's standard library, its tests left out."""
    folder = work / "standard-library"
    if not folder.exists():
        ignored = shutil.ignore_patterns(
            "__pycache__", "site-packages", "test", "tests", "idle_test", "test_*", "config-*", "*.so", "*.a"
        )
        for name in ("one", "two", "three"):
            shutil.copytree(sysconfig.get_path("stdlib"), folder / name, ignore=ignored)
        repository(folder)
    return folder


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=15)
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    command = [python.parent / "pytestgen-check", "--python", python]

    empty = work / "without-python"
    shutil.rmtree(empty, ignore_errors=True)
    empty.mkdir()
    (empty / "a.txt").write_text("a\n")
    git(empty, "init", "--quiet")
    git(empty, "add", ".")
    click, ours = [], []
    for _ in range(options.runs):
        click.append(seconds([python, "-c", "import click"], empty, {}))
        ours.append(seconds(command, empty, {}))

    folder = standard_library(work)
    source = folder / "one" / "textwrap.py"
    text = source.read_text()
    cold, warm = [], []
    for number in range(options.runs // 3 or 1):
        cache = work / f"cache{number}"
        shutil.rmtree(cache, ignore_errors=True)
        times = []
        for change in range(2):
            source.write_text(text.replace("def dedent(text):", f"def dedent(text, number={number * 2 + change}):", 1))
            git(folder, "add", str(source))
            times.append(seconds(command, folder, {"PYTESTGEN_CACHE_DIR": str(cache)}))
        cold.append(times[0])
        warm.append(times[1])
    git(folder, "reset", "--quiet", "--hard")
    save(
        "latency",
        {
            "without_python_seconds": round(statistics.median(ours), 4),
            "import_click_seconds": round(statistics.median(click), 4),
            "without_python_ratio": round(statistics.median(ours) / statistics.median(click), 2),
            "python_files": len([path for path in git(folder, "ls-files").splitlines() if path.endswith(".py")]),
            "one_function_cold_seconds": round(statistics.median(cold), 3),
            "one_function_warm_seconds": round(statistics.median(warm), 3),
        },
    )


if __name__ == "__main__":
    main()
