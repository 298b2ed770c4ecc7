"""The report as a comment on a pull request, from the JSON that the job of the pull request has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from pytestgen_hook.terminal import escaped

MARKER = "<!-- pytestgen -->"
_MOST_ROWS = 50
_MOST_TABLE = 30_000  # characters: two of them are below the 65,536 that a comment may have
_MOST_TEXT = 300  # characters of a cell
_OPEN = ("untested", "refused", "suspect")


def render_comment(report: Mapping[str, Any], run: str) -> str:
    """Return the comment; ``run`` is the URL of the job that has the report and the patch as an artifact.

    All that comes from the report is in code spans: no link, mention, image or HTML of anyone's making works there.
    """
    targets = report["targets"]
    left = [target for target in targets if _is_open(target)]
    given = [target for target in targets if target["status"] == "generated"]
    lines = [MARKER, _headline(len(targets), len(left), len(given))]
    if left:
        lines += ["", "| function | where | why |", "|---|---|---|", *_rows(left)]
    if given:
        lines += [
            "",
            "Tests were made for:",
            "",
            "| function | where | killed mutants |",
            "|---|---|---|",
            *_given(given),
        ]
    unanalysed = report["counts"].get("unanalysed", 0)
    if unanalysed:
        lines += ["", f"{unanalysed} file{'s' if unanalysed > 1 else ''} could not be analysed; the log says why."]
    if left or given or unanalysed:
        patch = f" Patch: `tests.patch` in the artifact of [this run]({run}); `git apply` takes it." if given else ""
        lines += ["", f"To write the tests locally: `pytestgen-check --since origin/main --mode write`.{patch}"]
    return "\n".join(lines) + "\n"


def _is_open(target: Mapping[str, Any]) -> bool:
    return target["status"] in _OPEN or (target["status"] == "tested" and target["code"] is not None)


def _headline(functions: int, left: int, given: int) -> str:
    if not left and not given:
        return f"**{functions} changed function{'' if functions == 1 else 's'}: nothing is left to do.**"
    parts = [f"{left} without a passing test" if left else "", f"{given} given tests" if given else ""]
    return f"**{functions} changed function{'' if functions == 1 else 's'}: {', '.join(filter(None, parts))}.**"


def _rows(targets: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [f"| {_code(item['qualname'])} | {_place(item)} | {_code(item['reason'])} |" for item in targets]
    return _capped(rows)


def _given(targets: Sequence[Mapping[str, Any]]) -> list[str]:
    def killed(item: Mapping[str, Any]) -> str:
        mutants = item.get("mutants") or {}
        return f"{mutants.get('killed') or 0} of {mutants.get('total') or 0}"

    return _capped([f"| {_code(item['qualname'])} | {_place(item)} | {_code(killed(item))} |" for item in targets])


def _capped(rows: list[str]) -> list[str]:
    sizes = accumulate(len(row) + 1 for row in rows)
    kept = [row for row, size in zip(rows[:_MOST_ROWS], sizes, strict=False) if size <= _MOST_TABLE]
    more = len(rows) - len(kept)
    return [*kept, f"| … and {more} more | | |"] if more else kept


def _place(item: Mapping[str, Any]) -> str:
    return _code(f"{item['path']}:{item['line']}")


def _code(text: str) -> str:
    """Return text as a code span that fits into a cell of a table."""
    plain = escaped(text)
    plain = plain if len(plain) <= _MOST_TEXT else plain[:_MOST_TEXT] + " …"
    if not plain.strip():
        return ""
    # Nothing ends a span but a run of backticks as long as its own; a pipe would end the cell, in a span too.
    count = plain.count("`")
    fence, space = "`" * (count + 1), " " if count else ""
    return f"{fence}{space}{plain}{space}{fence}".replace("|", "\\|")
