"""Lets pytest end without what its plugins print at last: nobody reads it, and Hypothesis is imported whole for it."""

from __future__ import annotations

from typing import Any


def leave_out(config: Any) -> None:
    """Have no plugin make a summary of a run, from now on; whether it passed is decided before."""
    config.hook.pytest_terminal_summary = lambda **given: None
