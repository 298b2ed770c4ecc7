"""What all runs of a project's tests share: options that are made harmless, where modules come from, how a failure is told."""

from __future__ import annotations

import functools
import os
import sys
from typing import Any

# What a project's own options may ask for that would lose the measurement or leave the machine: plugins' options that
# start processes, measure by themselves or pick tests, and pytest's own that end early or publish.
_NEUTRAL = {
    "numprocesses": 0, "maxprocesses": None, "dist": "no", "distload": False, "tx": [], "looponfail": False, "forked":
    False, "testmon": False, "no_cov": True, "cov_source": [], "maxfail": 0, "lf": False, "failedfirst": False,
    "newfirst": False, "stepwise": False, "stepwise_skip": False, "collectonly": False, "usepdb": False, "trace":
    False, "pastebin": None, "randomly_seed": 0, "randomly_reorganize": False, "setuponly": False, "setupplan": False,
    "version": 0, "continue_on_collection_errors": True, "cacheshow": None, "markers": False, "showfixtures": False,
}  # fmt: skip

_real = functools.lru_cache(maxsize=None)(os.path.realpath)  # many items have the same place


def neutralise(options: Any, place: str) -> None:
    """Take back of pytest's options what would lose the measurement or leave the machine; its files go below ``place``."""
    for name, value in _NEUTRAL.items():
        if hasattr(options, name):
            setattr(options, name, value)
    if hasattr(options, "basetemp"):
        options.basetemp = os.path.join(place, "basetemp")


def path_of(node: Any, root: str) -> str | None:
    """Return the path of a collected node below the root, which is given as it really is; None for one that lies elsewhere."""
    place = getattr(node, "path", None) or getattr(node, "fspath", None)
    if place is None:
        return None
    real, prefix = _real(str(place)), root + os.sep
    return real[len(prefix) :].replace(os.sep, "/") if real.startswith(prefix) else None


def summary(report: Any) -> str:
    """Return the one line of a failure that says most."""
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    text = str(crash.message) if crash is not None else str(getattr(report, "longrepr", "") or "")
    told = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
    lines = told or [line.strip() for line in text.splitlines() if line.strip()]
    if not lines:
        return "no message"
    return (lines[0] if crash is not None else lines[-1])[:300]


def shadows_stdlib(folders: list[str]) -> bool:
    """Whether a module at one of the folders has the name of one that pytest itself needs from the standard library."""
    names: Any = getattr(sys, "stdlib_module_names", frozenset())
    for folder in folders:
        try:
            found = os.listdir(folder)
        except OSError:
            continue
        for name in found:
            stem = name[:-3] if name.endswith(".py") else name
            is_module = name.endswith(".py") or os.path.exists(os.path.join(folder, name, "__init__.py"))
            if is_module and stem in names and stem != "test":
                return True
    return False


def foreign_modules(root: str, modules: dict[str, str]) -> dict[str, str]:
    """Return {path: file} for modules that should have come from the tree and came from elsewhere.

    An editable install that puts itself first does that. The standard library's modules keep their names by right.
    """
    found = {}
    library = os.path.realpath(os.path.dirname(os.__file__)) + os.sep
    for name, path in modules.items():
        module = sys.modules.get(name)
        place = getattr(module, "__file__", None)
        if not place or name == "__main__":
            continue
        real = os.path.realpath(place)
        is_library = real.startswith(library) and "-packages" + os.sep not in real
        if not is_library and not real.startswith(root + os.sep):
            found[path] = place
    return found


def use_paths(paths: list[str]) -> None:
    """Put the import roots of the tree first, for this process and for Python processes that tests start."""
    if shadows_stdlib(paths):
        import pytest  # noqa: F401  with all it needs of the standard library, before other modules take those names
    else:
        os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    sys.path[:0] = paths
