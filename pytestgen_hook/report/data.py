"""The report for programs: JSON after ``schema/report.schema.json``; keys may be added, never changed."""

from __future__ import annotations

import json
from typing import Any

from pytestgen_hook import __version__
from pytestgen_hook.report import verdict
from pytestgen_hook.report.diffs import as_diff
from pytestgen_hook.report.verdict import Place
from pytestgen_hook.types.evidence import TestRun
from pytestgen_hook.types.generated import Compared, Edit
from pytestgen_hook.types.report import Finding, Report, Silenced

SCHEMA_VERSION = 1


def render_json(report: Report, *, diff: bool = False, place: Place | None = None) -> str:
    """Return the report as one JSON object in ASCII; ``diff`` says that tests were made, but only shown."""
    return json.dumps(_report(report, place or Place(), diff=diff), indent=2) + "\n"


def _report(report: Report, place: Place, *, diff: bool) -> dict[str, Any]:
    findings = sorted(report.findings, key=lambda finding: (finding.function.path, finding.function.def_line))
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "pytestgen-hook", "version": __version__},
        "mode": report.mode,
        "range": report.range,
        "exit_status": verdict.exit_status(report),
        "interrupted": bool(report.interrupted),
        "seconds": report.seconds,
        "counts": {"functions": len(findings), **verdict.counts(report)},
        "targets": [
            {**_finding(finding), "fix": verdict.remedy(report, finding, place, diff=diff)} for finding in findings
        ],
        "unanalysed": [
            {
                "path": item.path,
                "qualname": item.qualname,
                "line": item.line,
                "code": "PTG007",
                "reason": item.reason,
            }
            for item in report.unanalysed
        ],
        "test_runs": [_run(run) for run in report.test_runs],
        "edits": [_edit(edit) for edit in report.edits],
        "staged": list(report.staged),
        "notes": list(report.notes),
        "extra": dict(report.extra),
        "silenced": [_silenced(item) for item in report.silenced],
        "stale": [
            {"kind": item.kind, "path": item.path, "line": item.line, "reason": item.told, "fix": item.remedy}
            for item in report.stale
        ],
        "baseline": report.baseline or None,
        "error": None if report.error is None else {"kind": report.error[0], "message": report.error[1]},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    function = finding.function
    return {
        "path": function.path,
        "qualname": function.qualname,
        "line": function.def_line,
        "end_line": function.last_line,
        "kind": function.kind.value,
        "code": finding.code,
        "status": finding.status.value,
        "reason": finding.reason,
        "evidence": finding.evidence.value,
        "tests": list(finding.tests),
        "lines": {"run": finding.lines_run, "total": finding.lines_total},
        "branches": {"run": finding.branches_run, "total": finding.branches_total},
        "mutants": {"killed": finding.mutants_killed, "total": finding.mutants_total},
        "engine": finding.engine,
        "seconds": finding.seconds,
        "tokens": finding.tokens,
        "promises": [_compared(one) for one in finding.promises],
        "reasons": [{"test": test, "reason": reason} for test, reason in finding.reasons],
        "dropped": [{"test": test, "reason": reason} for test, reason in finding.dropped],
        "untried": finding.untried,
    }


def _compared(compared: Compared) -> dict[str, Any]:
    promise = compared.promise
    contradiction = None
    if compared.is_contradicted:
        contradiction = {"call": compared.call, "observed": compared.observed, "expected": promise.expected}
    return {
        "source": promise.source,
        "text": promise.text,
        "line": promise.line,
        "kept": compared.kept,
        "contradiction": contradiction,
    }


def _silenced(item: Silenced) -> dict[str, Any]:
    return {
        "path": item.path,
        "qualname": item.qualname,
        "line": item.line,
        "code": item.code,
        "reason": item.told,
        "by": item.by,
        "comment": item.reason or None,
    }


def _run(run: TestRun) -> dict[str, Any]:
    return {
        "path": run.path,
        "outcome": run.outcome.value,
        "message": run.message,
        "passed": len(run.passed),
        "failed": list(run.failed),
        "seconds": run.seconds,
        "from_cache": run.from_cache,
    }


def _edit(edit: Edit) -> dict[str, Any]:
    return {"path": edit.path, "created": edit.before is None, "diff": as_diff(edit)}
