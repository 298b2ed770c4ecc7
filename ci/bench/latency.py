"""How long a commit waits: without Python, with one changed function among 2,000 and 10,000 files, and with 5,000 files.

    python ci/bench/latency.py --work DIR [--runs 15]

The first repository holds three copies of this Python's standard library without its tests, so that no test run is part of the
times; the graph is cold when the cache is empty, warm when only the changed file is new to it. Times are medians of
interleaved runs. The second is made of 10,000 modules that import one another; the commit of 5,000 of them goes through a
hook of git, which counts the processes that it starts.
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


MODULE = '''"""Module {number}."""

{imported}

def first_{number}(value: int) -> int:
    return value + {number}


def second_{number}(text: str) -> str:
    return text * {number}
'''


def many_modules(work: Path, count: int) -> Path:
    """Return a repository with this many modules in packages of a hundred; each imports two others."""
    folder = work / f"modules-{count}"
    if not folder.exists():
        for number in range(count):
            imported = "".join(
                f"from p{other // 100}.m{other} import first_{other}\n" for other in (number // 2, number // 3) if other
            )
            path = folder / f"p{number // 100}" / f"m{number}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "__init__.py").touch()
            path.write_text(MODULE.format(number=number, imported=imported))
        repository(folder)
    return folder


def changed(folder: Path, numbers: range, by: int) -> None:
    """Change a function in each of these modules and stage it."""
    for number in numbers:
        path = folder / f"p{number // 100}" / f"m{number}.py"
        path.write_text(path.read_text().replace(f"return value + {number}", f"return value + {number} + {by}"))
    git(folder, "add", ".")


def one_of_many(work: Path, command: list[object], runs: int) -> dict[str, object]:
    """Measure one changed function among 10,000 modules, and a commit of 5,000 of them."""
    folder = many_modules(work, 10_000)
    cold, warm = [], []
    for number in range(runs):
        cache = work / f"cache-many{number}"
        shutil.rmtree(cache, ignore_errors=True)
        for times in (cold, warm):
            changed(folder, range(4321, 4322), 1 + number + 10 * (times is warm))
            times.append(seconds(command, folder, {"PYTESTGEN_CACHE_DIR": str(cache)}))
            git(folder, "reset", "--quiet", "--hard")
    started, hook = work / "started", folder / ".git" / "hooks" / "pre-commit"
    hook.write_text(f'#!/bin/sh\necho one >> "{started}"\nexec {" ".join(map(str, command))}\n')
    hook.chmod(0o755)
    started.unlink(missing_ok=True)
    changed(folder, range(5000), 7)
    environment = {"PYTESTGEN_CACHE_DIR": str(cache)}
    committing = seconds(["git", "commit", "--message", "5,000 files"], folder, environment)
    hook.unlink()
    git(folder, "reset", "--quiet", "--hard")
    return {
        "one_function_of_10000_files_cold_seconds": round(statistics.median(cold), 3),
        "one_function_of_10000_files_warm_seconds": round(statistics.median(warm), 3),
        "commit_of_5000_files_seconds": round(committing, 2),
        "commit_of_5000_files_processes": len(started.read_text().split()),
    }


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
            **one_of_many(work, command, options.runs // 5 or 1),
        },
    )


if __name__ == "__main__":
    main()
