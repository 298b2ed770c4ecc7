"""The report as annotations of GitHub Actions, followed by the text that the log shows."""

from __future__ import annotations

import secrets

from pytestgen_hook.report import verdict
from pytestgen_hook.report.text import Style, render_text
from pytestgen_hook.terminal import escaped
from pytestgen_hook.types import Report

# GitHub shows this many annotations of a kind per step and drops the others without a word.
_MOST_SHOWN = 10


def render_github(report: Report, style: Style) -> str:
    """Return workflow commands, at most ten errors and ten warnings, then the text, fenced so that it cannot be one."""
    errors = [
        _command(
            "error",
            f"{finding.code or 'pytestgen'} {finding.function.qualname}",
            f"{finding.function.qualname}: {finding.reason or finding.status.value}",
            finding.function.path,
            finding.function.def_line,
        )
        for finding in report.findings
        if verdict.is_open(finding)
    ]
    warnings = [_command("warning", "not analysed", item.reason, item.path, 1) for item in report.unanalysed]
    lines = _capped(errors, "findings") + _capped(warnings, "files that were not analysed")
    text = render_text(report, style)
    if text:
        fence = secrets.token_hex(16)
        lines += [f"::stop-commands::{fence}", text.rstrip("\n"), f"::{fence}::"]
    return "".join(f"{line}\n" for line in lines)


def _capped(lines: list[str], what: str) -> list[str]:
    more = len(lines) - _MOST_SHOWN
    return lines if more <= 0 else [*lines[:_MOST_SHOWN], f"::notice title=pytestgen::{more} more {what}, see the log"]


def _command(level: str, title: str, message: str, path: str, line: int) -> str:
    file, name = _property(path), _property(title)
    return f"::{level} file={file},line={line},title={name}::{_data(message)}"


def _data(text: str) -> str:
    return escaped(text).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
