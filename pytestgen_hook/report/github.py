"""The report as annotations of GitHub Actions, followed by the text that the log shows."""

from __future__ import annotations

import secrets

from pytestgen_hook.report.problems import NOT_ANALYSED, Problem, problems
from pytestgen_hook.report.text import Style, render_text
from pytestgen_hook.terminal import escaped
from pytestgen_hook.types.report import Report

# GitHub shows this many annotations of a kind per step and drops the others without a word.
_MOST_SHOWN = 10


def render_github(report: Report, style: Style) -> str:
    """Return workflow commands, at most ten errors and ten warnings, the most important first, then the text, fenced."""
    found = problems(report, style)
    errors = [_annotation("error", problem) for problem in found if problem.code != NOT_ANALYSED]
    warnings = [_annotation("warning", problem) for problem in found if problem.code == NOT_ANALYSED]
    warnings += [
        _command("warning", "stale", f"{item.told}: {item.remedy}", item.path, item.line or 1) for item in report.stale
    ]
    lines = _capped(errors, "findings") + _capped(warnings, "warnings")
    text = render_text(report, style)
    if text:
        fence = secrets.token_hex(16)
        lines += [f"::stop-commands::{fence}", text.rstrip("\n"), f"::{fence}::"]
    return "".join(f"{line}\n" for line in lines)


def _annotation(level: str, problem: Problem) -> str:
    told = f"{problem.message} -> {problem.remedy}" if problem.remedy else problem.message
    return _command(level, f"{problem.code} {problem.name}".strip(), told, problem.path, problem.line, problem.end_line)


def _capped(lines: list[str], what: str) -> list[str]:
    more = len(lines) - _MOST_SHOWN
    told = f"::notice title=pytestgen::… {more} more {what}, see the log"
    return lines if more <= 0 else [*lines[:_MOST_SHOWN], told]


def _command(level: str, title: str, message: str, path: str, line: int, end_line: int | None = None) -> str:
    end = f",endLine={end_line}" if end_line and end_line > line else ""
    return f"::{level} file={_property(path)},line={line}{end},title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    return escaped(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
