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
from collections.abc import Sequence
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
_LOOKS_EVERY = 0.02  # seconds between two looks at the files
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
    wanted = (f'"{name} loopback"', f'"{name} multicast"')
    seconds = run(folder, cache, "--engine", "model", "--model", str(model), "--mode", "write", wanted=wanted)
    return {"function": name, "seconds": None if seconds is None else round(seconds, 2)}


def run(folder: Path, cache: Path, *options: str, wanted: Sequence[str] = ()) -> float | None:
    """Run the command to its end, which for a function without tests is a finding.

    Return the seconds until a test file had one of the wanted texts, None if none had.
    """
    command = [sys.executable, "-m", "pytestgen_hook", "check", "--python", sys.executable, *options, "--quiet"]
    environment = {**os.environ, "PYTESTGEN_CACHE_DIR": str(cache)}
    found = None
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    while True:
        ended = process.poll() is not None
        texts = [path.read_text() for path in folder.rglob("test_*.py")] if found is None else []
        if any(part in text for part in wanted for text in texts):
            found = time.perf_counter() - started
        if ended:
            break
        time.sleep(_LOOKS_EVERY)
    errors = process.communicate()[1]
    if process.returncode not in (0, 1):
        raise SystemExit(f"pytestgen-check ended with {process.returncode}:\n{errors[-2000:]}")
    return found


if __name__ == "__main__":
    main()
