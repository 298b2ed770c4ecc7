"""The functions on which the search alone leaves lines or mutants: what models are asked about, chosen before any is.

They are of three libraries of the package index, none of them one of ``libraries.py`` or ``modules.py``; the choice is
kept below the work folder, so that all benchmarks there have the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from common import check, unpacked

LIBRARIES = {"sqlparse==0.5.3": "", "python-slugify==8.0.4": "", "tomlkit==0.13.2": ""}
_MOST_LINES = 60  # of one function: more would not fit beside the question


def open_functions(work: Path, python: Path, *, count: int, budget: float = 300.0) -> list[dict[str, Any]]:
    """Return at least ``count`` functions, if there are so many: library, folder, path, qualname, and what the search reached.

    Every one of them has tests that the search found, and lines that none runs or mutants that none kills. They are
    taken evenly from all that are so, in the order of their places.
    """
    kept = work / "open-functions.json"
    if not kept.exists():
        found: list[dict[str, Any]] = []
        for requirement in LIBRARIES:
            name = requirement.partition("==")[0].replace("-", "_")
            folder = unpacked(work, requirement, work / "open" / name)
            _, _, report = check(
                python, folder, "--all", "--engine", "search", "--mode", "write", "--diff", "--budget", f"{budget:g}"
            )
            for target in report["targets"]:
                left = target["lines"]["run"] != target["lines"]["total"]
                left = left or target["mutants"]["killed"] != target["mutants"]["total"]
                is_short = target["end_line"] - target["line"] < _MOST_LINES
                if target["status"] == "generated" and left and is_short:
                    keys = ("path", "qualname", "line", "lines", "mutants", "seconds")
                    found.append({"library": requirement, "folder": str(folder), **{key: target[key] for key in keys}})
        kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    functions = json.loads(kept.read_text(encoding="utf-8"))
    if len(functions) <= count:
        return functions
    return [functions[at * len(functions) // count] for at in range(count)]
