"""Another generator of tests, run on the same modules for as long: Pynguin."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

PYNGUIN = "pynguin==0.48.0"


def pynguin(work: Path, needs: Sequence[str] = ()) -> Path:
    """Return the program in an environment below ``work`` that has nothing else but what the modules need."""
    folder = work / "pynguin"
    program = folder / "bin" / "pynguin"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", PYNGUIN, *needs], check=True)
    return program


def written_by_pynguin(program: Path, source: Path, module: str, tests: Path, seconds: int) -> tuple[float, str]:
    """Write tests for a module into a folder with this search time; return the seconds it took in all, and what went wrong.

    Its assertions and its minimising come on top of the search time; five times as long and two minutes are its end.
    """
    shutil.rmtree(tests, ignore_errors=True)
    tests.mkdir(parents=True)
    command = [program, "--project-path", source, "--module-name", module, "--output-path", tests]
    started = time.perf_counter()
    try:
        run = subprocess.run(
            [*command, "--maximum-search-time", str(seconds), "--seed", "1"],
            cwd=tests,
            env={**os.environ, "PYNGUIN_DANGER_AWARE": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            timeout=5 * seconds + 120,
        )
        wrong = "" if run.returncode == 0 else f"ended with {run.returncode}: {(run.stdout + run.stderr)[-300:]}"
    except subprocess.TimeoutExpired:
        wrong = "did not end"
    if not wrong and not list(tests.rglob("test_*.py")):
        wrong = "wrote no tests"
    return round(time.perf_counter() - started, 1), wrong
