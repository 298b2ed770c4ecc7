"""The report as JUnit XML: a suite a file, a case a function; what is open failed, what is silenced was skipped."""

from __future__ import annotations

import unicodedata
from xml.etree import ElementTree

from pytestgen_hook.report import verdict
from pytestgen_hook.report.problems import Problem, problems, silenced
from pytestgen_hook.report.text import Style
from pytestgen_hook.terminal import escaped
from pytestgen_hook.types.report import Report


def render_junit(report: Report, style: Style) -> str:
    """Return the document in ASCII; times are unknown and left 0."""
    suites: dict[str, list[Problem | tuple[str, int]]] = {}
    for problem in [*problems(report, style), *silenced(report)]:
        suites.setdefault(problem.path, []).append(problem)
    for finding in report.findings:
        if not verdict.is_open(finding):
            place = (finding.function.qualname, finding.function.def_line)
            suites.setdefault(finding.function.path, []).append(place)
    root = ElementTree.Element("testsuites", name="pytestgen-check")
    for path in sorted(suites):
        _add_suite(root, path, suites[path])
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="us-ascii", xml_declaration=True)
    return text.decode("ascii") + "\n"


def _add_suite(root: ElementTree.Element, path: str, cases: list[Problem | tuple[str, int]]) -> None:
    found = [case for case in cases if isinstance(case, Problem)]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(not case.silenced_by for case in found)),
        "errors": "0",  # of which the schemas in use have different names
        "skipped": str(sum(bool(case.silenced_by) for case in found)),
    }
    name = _text(path)
    suite = ElementTree.SubElement(root, "testsuite", {"name": name, "time": "0", **counts})
    for case in sorted(cases, key=lambda case: case.line if isinstance(case, Problem) else case[1]):
        if not isinstance(case, Problem):
            ElementTree.SubElement(suite, "testcase", classname=name, name=_text(case[0]), time="0")
            continue
        label = _text(case.name or "the file")
        element = ElementTree.SubElement(suite, "testcase", classname=name, name=label, time="0")
        if case.silenced_by:
            why = case.reason or {"baseline": "in the baseline"}.get(case.silenced_by, "ignored by the settings")
            ElementTree.SubElement(element, "skipped", message=_text(f"{case.code}: {why}"))
            continue
        problem = ElementTree.SubElement(element, "failure", message=_text(case.told), type=case.code)
        remedy = f" -> {case.remedy}" if case.remedy else ""
        problem.text = _text(f"{case.path}:{case.line}: {case.code} {case.message}{remedy}")


def _text(text: str) -> str:
    """Text that XML can hold: nothing unassigned, among which are its forbidden characters."""
    return "".join(c if unicodedata.category(c) != "Cn" else f"\\u{ord(c):04x}" for c in escaped(text))
