"""The report as SARIF 2.1.0, for code scanning: results with rules, fingerprints without lines, and suppressions."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Sequence
from typing import Any

from pytestgen_hook import __version__
from pytestgen_hook.report import verdict
from pytestgen_hook.report.problems import Problem, fingerprints, problems, silenced
from pytestgen_hook.report.text import Style
from pytestgen_hook.rules import RULES
from pytestgen_hook.terminal import escaped
from pytestgen_hook.types.report import Report

MOST = 24_999  # GitHub refuses a run of 25,000 results
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"PTG004": "warning", "PTG006": "warning", "PTG007": "warning"}
_CODES = list(RULES)


def render_sarif(report: Report, style: Style) -> str:
    """Return the log as JSON in ASCII; where there are too many results the most important are kept, and that is said."""
    every = [*problems(report, style), *silenced(report)]
    kept = every[:MOST]
    cut = len(every) - len(kept)
    status = verdict.exit_status(report)
    invocation: dict[str, Any] = {
        "executionSuccessful": status in (verdict.CLEAN, verdict.FINDINGS),
        "exitCode": status,
    }
    notifications = [_notification("note", note) for note in report.notes]
    notifications += [_notification("warning", f"{item.path}: {item.told}") for item in report.stale]
    if cut:
        notifications.append(_notification("warning", f"{cut} more results are left out: a run may have {MOST}"))
    if notifications:
        invocation["toolExecutionNotifications"] = notifications
    run = {
        "tool": {
            "driver": {"name": "pytestgen-hook", "version": __version__, "rules": [_rule(code) for code in _CODES]}
        },
        "automationDetails": {"id": "pytestgen-check/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [invocation],
        "results": _results(kept),
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def _rule(code: str) -> dict[str, Any]:
    rule = RULES[code]
    return {
        "id": rule.code,
        "name": "".join(part.capitalize() for part in rule.name.split("-")),
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.explanation},
        "help": {"text": rule.remedy},
        "defaultConfiguration": {"level": _LEVELS.get(code, "error")},
    }


def _results(found: Sequence[Problem]) -> list[dict[str, Any]]:
    return [_result(problem, mark) for problem, mark in zip(found, fingerprints(found), strict=True)]


def _result(problem: Problem, fingerprint: str) -> dict[str, Any]:
    told = f"{escaped(problem.message)}. Mend it with: {problem.remedy}" if problem.remedy else escaped(problem.message)
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": _CODES.index(problem.code),
        "level": _LEVELS.get(problem.code, "error"),
        "message": {"text": told},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(problem.path), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": problem.line, "endLine": problem.end_line},
                },
                **({"logicalLocations": [{"fullyQualifiedName": escaped(problem.name)}]} if problem.name else {}),
            }
        ],
        "partialFingerprints": {"pytestgenFinding/v1": fingerprint},
    }
    if problem.silenced_by:
        kind = "inSource" if problem.silenced_by == "comment" else "external"
        why = (
            escaped(problem.reason)
            or {"baseline": "in the baseline", "settings": "by the settings"}[problem.silenced_by]
        )
        result["suppressions"] = [{"kind": kind, "status": "accepted", "justification": why}]
    return result


def _uri(path: str) -> str:
    return urllib.parse.quote(path.encode("utf-8", "surrogateescape"))


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": escaped(text)}}
