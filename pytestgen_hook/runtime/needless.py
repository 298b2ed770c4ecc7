"""Lets pytest leave out what nobody needs where its output is not read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import Any


def leave_out_summaries(config: Any) -> None:
    """Have no plugin make a summary of a run, from now on; whether it passed is decided before.

    Hypothesis is imported whole for its own.
    """
    caller = config.hook.pytest_terminal_summary  # stays in its place: whoever unregisters a plugin looks through all
    for impl in list(caller.get_hookimpls()):
        caller._remove_plugin(impl.plugin)


def leave_out_rewriting_of_plugins(roots: Sequence[str]) -> None:
    """Have pytest, before it starts, rewrite the assertions of no installed plugins, but for what lies in the ``roots``.

    Those of tests and of ``conftest.py`` it rewrites as ever. Where no bytecode may be kept it compiles all modules of
    all packages with plugins anew, each time: a tenth of a second and more. Whether an assertion of theirs holds is the
    same either way; that it failed is told in less detail.
    """
    with contextlib.suppress(ImportError, AttributeError):  # a version that does it in another way goes on doing it
        from _pytest.config import Config

        mark: Any = Config._mark_plugins_for_rewrite

        def mark_own(self: Config, hook: Any, *others: Any) -> None:
            mark(self, _OwnModules(hook, roots), *others)
            self.pluginmanager.rewrite_hook = hook

        Config._mark_plugins_for_rewrite = mark_own  # type: ignore[method-assign]


class _OwnModules:
    """Hands on to pytest's import hook which modules are to be rewritten, as far as they lie in one of some folders."""

    def __init__(self, hook: Any, roots: Sequence[str]) -> None:
        self._hook = hook
        self._roots = roots

    def mark_rewrite(self, *names: str) -> None:
        self._hook.mark_rewrite(*filter(self._is_own, names))

    def _is_own(self, name: str) -> bool:
        places = [os.path.join(root, *name.split(".")) for root in self._roots]
        return any(os.path.isdir(place) or os.path.isfile(place + ".py") for place in places)
