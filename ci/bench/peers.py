"""Another generator of tests, run on the same modules for as long: Pynguin."""

from __future__ import annotations

import os
import shutil
import signal
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
    process = subprocess.Popen(
        [*command, "--maximum-search-time", str(seconds), "--seed", "1"],
        cwd=tests,
        env={**os.environ, "PYNGUIN_DANGER_AWARE": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        _, errors = process.communicate(timeout=5 * seconds + 120)
        wrong = "" if process.returncode == 0 else f"ended with {process.returncode}: {errors[-300:]}"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its worker, too
        process.communicate()
        wrong = "did not end"
    if not wrong and not list(tests.rglob("test_*.py")):
        wrong = "wrote no tests"
    return round(time.perf_counter() - started, 1), wrong
