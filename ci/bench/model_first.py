"""From the start of the command to the first test of the model's that is proved and written.

python ci/bench/model_first.py --work DIR [--model NAME] [--runs 5]

The model's file is in the system's cache, the constant part of its prompt in the program's, and so is what the search left
of the function (a run with `--engine search` came before): what is measured is the interpreter, the model, its answer, the
search among its calls and the gates. Each run asks about a function of its own, so that no answer is kept.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from common import repository, save
from model_common import arguments

from pytestgen_hook.model import store

SOURCE = '''"""Kinds of networks."""

import ipaddress


def {name}(text: str) -> str:
    """Say what kind of network an address belongs to."""
    address = ipaddress.ip_address(text)
    if address.is_loopback:
        return "{name} loopback"
    if address.is_multicast:
        return "{name} multicast"
    return "{name} other"
'''
NAMES = ("network", "kind_of", "reach", "scope_of", "described", "label", "family", "zone")


def main() -> None:
    """Run the benchmark."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    options.work = options.work.resolve()
    model = store.required(store.resolve(options.model))
    cache = options.work / "first-cache"
    shutil.rmtree(cache, ignore_errors=True)
    rows = [one(options.work / "first", name, model, cache) for name in NAMES[: options.runs + 1]]
    seconds = [row["seconds"] for row in rows[1:] if row["seconds"] is not None]  # the first reads the constant part
    name = options.model.rpartition("/")[2]
    save(
        f"model-first-{name}",
        {
            "model": name,
            "runs": len(rows) - 1,
            "with_a_test": len(seconds),
            "seconds_median": round(median(seconds), 2) if seconds else None,
            "seconds_most": max(seconds, default=None),
            "rows": rows,
        },
    )


def one(folder: Path, name: str, model: Path, cache: Path) -> dict[str, object]:
    """Return the name of the function and the seconds until a test of the model's was written, None where none was."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "README").write_text(name)
    repository(folder)
    (folder / f"{name}.py").write_text(SOURCE.format(name=name))
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True)
    run(folder, cache, "--engine", "search", "--diff")
    started = time.perf_counter()
    run(folder, cache, "--engine", "model", "--model", str(model), "--mode", "write")
    seconds = time.perf_counter() - started
    texts = [path.read_text() for path in folder.rglob("test_*.py")]
    is_reached = any(f'"{name} loopback"' in text or f'"{name} multicast"' in text for text in texts)
    return {"function": name, "seconds": round(seconds, 2) if is_reached else None}


def run(folder: Path, cache: Path, *options: str) -> None:
    """Run the command to its end, which for a function without tests is a finding."""
    command = [sys.executable, "-m", "pytestgen_hook", "check", "--python", sys.executable, *options]
    environment = {**os.environ, "PYTESTGEN_CACHE_DIR": str(cache)}
    done = subprocess.run([*command, "--quiet"], cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise SystemExit(f"pytestgen-check ended with {done.returncode}:\n{done.stderr[-2000:]}")


if __name__ == "__main__":
    main()
