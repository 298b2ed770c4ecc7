"""The tests that the other benchmarks left below their ``--work``, run again and again: does one ever fail?

python ci/bench/stable.py --work DIR --python PYTHON3.11 --python PYTHON3.13 [--runs 20]

Each run has another order of the tests, hash seed and time zone; each Python makes the runs. Run the others first.
"""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from common import save
from modules import NEEDS

ZONES = ("UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns", "Pacific/Kiritimati")
PACKAGES = ("pytest", "pytest-timeout", "pytest-random-order", *NEEDS)


def runner(work: Path, base: Path) -> Path:
    """Return the Python of an environment made from another Python, which has what the tests need."""
    version = subprocess.run([base, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True)
    python = work / f"stable-{version.stdout.decode().strip()}" / "bin" / "python"
    if not python.exists():
        subprocess.run([base, "-m", "venv", python.parent.parent], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
    return python


def suites(work: Path) -> list[Path]:
    """Return the repositories below the folder in which tests were written."""
    inside = [path.parent for depth in ("*", "*/*") for path in work.glob(f"{depth}/.git")]
    return sorted(folder for folder in inside if test_files(folder))


def test_files(folder: Path) -> list[Path]:
    """Return the files with tests of a repository, in a folder of their own or beside the modules."""
    return sorted(folder.rglob("test_*.py"))


def failures(python: Path, folder: Path, number: int) -> tuple[int, list[str]]:
    """Run the tests of a repository once; return how many ran and the names of those that failed."""
    order = ["--random-order", "--random-order-bucket=global", f"--random-order-seed={number}"]
    command = [python, "-m", "pytest", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider", "--timeout=60", *order]
    with tempfile.TemporaryDirectory() as place:
        copy = shutil.copytree(folder, Path(place) / "copy", ignore=shutil.ignore_patterns(".git"))
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(str(path) for path in (copy / "src", copy) if path.is_dir()),
            "PYTHONHASHSEED": str(number),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TZ": ZONES[number % len(ZONES)],
        }
        run = subprocess.run([*command, *test_files(copy)], cwd=place, env=env, capture_output=True, text=True)
    ran = sum(int(found) for found in re.findall(r"(\d+) (?:passed|failed)", (run.stdout.splitlines() or [""])[-1]))
    failed = re.findall(r"^(?:FAILED|ERROR) (\S+)", run.stdout, flags=re.MULTILINE)
    if run.returncode and not failed:
        failed = [f"pytest ended with {run.returncode}"]
    return ran, failed


def measured(pythons: Sequence[Path], work: Path, folder: Path, runs: int) -> dict[str, object]:
    """Return how the tests of a repository did in all runs."""
    ran, failed = [], Counter()
    for python in pythons:
        for number in range(runs):
            count, names = failures(python, folder, number)
            ran.append(count)
            failed.update(f"{python.parent.parent.name.removeprefix('stable-')} {name}" for name in names)
    return {"name": str(folder.relative_to(work)), "tests": max(ran), "failed": dict(failed.most_common())}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--python", type=Path, action="append", required=True)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    work = options.work.resolve()
    pythons = [runner(work, base) for base in options.python]
    rows = [measured(pythons, work, folder, options.runs) for folder in suites(work)]
    save(
        "stable",
        {
            "pythons": [python.parent.parent.name.removeprefix("stable-") for python in pythons],
            "runs": options.runs,
            "suites": len(rows),
            "tests": sum(row["tests"] for row in rows),
            "failed_tests": sum(len(row["failed"]) for row in rows),
            "rows": rows,
        },
    )


if __name__ == "__main__":
    main()
