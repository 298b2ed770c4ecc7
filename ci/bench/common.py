"""What the benchmarks share: an environment of their own, temporary repositories, running the command, writing results."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent.parent
RESULTS = Path(__file__).parent / "results"


def environment(work: Path, *needs: str) -> Path:
    """Return the Python of an environment below ``work`` that has this checkout, pytest, coverage and pytest-timeout.

    ``needs`` are packages that the measured code imports.
    """
    python = work / "venv" / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", work / "venv"], check=True)
        packages = [str(PROJECT), "pytest", "coverage", "pytest-timeout"]
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
    if needs:
        subprocess.run([python, "-m", "pip", "install", "--quiet", *needs], check=True)
    again = ["--force-reinstall", "--no-deps", str(PROJECT)]
    subprocess.run([python, "-m", "pip", "install", "--quiet", *again], check=True)
    return python


def repository(folder: Path) -> None:
    """Make the folder a repository with all its files committed."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all", "--force")
    git(folder, "commit", "--quiet", "--message", "as it is")


def unpacked(work: Path, requirement: str, folder: Path) -> Path:
    """Make the folder a repository with the sources of a library from the package index, its tests left out."""
    name, _, version = requirement.partition("==")
    place, wanted = work / "sdists", f"{name.replace('-', '_')}-{version or '*'}"
    if not list(place.glob(f"{wanted}.tar.gz")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "-d", place]
        subprocess.run([*command, requirement], check=True, capture_output=True)
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(next(place.glob(f"{wanted}.tar.gz"))) as stream:
        stream.extractall(folder.parent / "unpacked", filter="data")
    shutil.copytree(next((folder.parent / "unpacked").glob(wanted)), folder)
    for path in [*folder.rglob("tests"), *folder.rglob("test"), *folder.rglob("test_*.py")]:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    repository(folder)
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git and return what it printed."""
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.org")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def check(
    python: Path, folder: Path, *options: str, env: Mapping[str, str] | None = None, report: Path | None = None
) -> tuple[int, float, dict[str, Any]]:
    """Run pytestgen-check; return (exit status, seconds, the JSON report)."""
    report = report or folder.parent / f"{folder.name}.report.json"
    command = [python, "-m", "pytestgen_hook", "check", "--python", python, *options]
    started = time.perf_counter()
    run = subprocess.run(
        [*command, "--output-format", "json", "--output-file", report],
        cwd=folder,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
    )
    seconds = time.perf_counter() - started
    if run.returncode not in (0, 1):
        raise SystemExit(f"pytestgen-check ended with {run.returncode}:\n{run.stderr[-2000:]}")
    return run.returncode, seconds, json.loads(report.read_text(encoding="utf-8"))


def is_green(python: Path, folder: Path, seed: str, paths: Sequence[str] = ("tests",), pythonpath: str = ".") -> bool:
    """Whether the tests pass under a hash seed."""
    return (
        subprocess.run(
            [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *paths],
            cwd=folder,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": pythonpath, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
        ).returncode
        == 0
    )


def result(name: str) -> dict:
    """Return a result that was kept, empty if there is none."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def save(name: str, result: Mapping[str, Any]) -> None:
    """Keep a result as JSON beside the benchmarks and print it without its rows."""
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(json.dumps(without_rows(result), indent=1))


def without_rows(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of a result and of the peers in it."""
    return {
        key: without_rows(value) if isinstance(value, dict) else value for key, value in result.items() if key != "rows"
    }
