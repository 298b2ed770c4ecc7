"""The report as a Code Quality report of GitLab: a list of problems, each with a fingerprint of its own."""

from __future__ import annotations

import json

from pytestgen_hook.report.problems import fingerprints, problems
from pytestgen_hook.report.text import Style
from pytestgen_hook.terminal import escaped
from pytestgen_hook.types.report import Report

_SEVERITIES = {"PTG005": "critical", "PTG004": "minor", "PTG006": "minor", "PTG007": "minor"}


def render_gitlab(report: Report, style: Style) -> str:
    """Return the list as JSON in ASCII, without what somebody has decided to live with."""
    found = problems(report, style)
    document = [
        {
            "description": escaped(problem.message),
            "check_name": problem.code,
            "fingerprint": fingerprint,
            "severity": _SEVERITIES.get(problem.code, "major"),
            "location": {"path": escaped(problem.path), "lines": {"begin": problem.line, "end": problem.end_line}},
        }
        for problem, fingerprint in zip(found, fingerprints(found), strict=True)
    ]
    return json.dumps(document, indent=2) + "\n"
