"""The report as Markdown, for a comment on a pull request and for the summary of a step: a table, read in ten seconds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pytestgen_hook.report import verdict
from pytestgen_hook.report.problems import Problem, problems
from pytestgen_hook.report.text import Style, last_line
from pytestgen_hook.rules import RULES
from pytestgen_hook.terminal import escaped
from pytestgen_hook.types.report import Report, Status

MARKER = "<!-- pytestgen -->"  # by which a workflow finds its comment again
MOST_COMMENT = 65_000  # characters; GitHub takes 65,536
MOST_SUMMARY = 1024 * 1024  # bytes, of all that a step writes; GitHub drops a longer one whole
_ROOM = 200  # for the line that says how much is left out
_MOST_TEXT = 200  # characters of what stands outside the table, where nothing is left out
_PLAIN = " ,-()/"


def render_markdown(report: Report, style: Style) -> str:
    """Return the comment, at most 65,000 characters, cut at a row of the table."""
    return f"{MARKER}\n{_cut(report, style, MOST_COMMENT - len(MARKER) - 1)}"


def summary_of(report: Report, style: Style, *, there: int = 0) -> str:
    """Return the summary of a step that has written ``there`` bytes already; "" if nothing fits any more."""
    room = MOST_SUMMARY - there - 1
    text = _cut(report, style, room)
    return text if len(text.encode("utf-8", "backslashreplace")) <= room else ""


def _cut(report: Report, style: Style, room: int) -> str:
    found = problems(report, style)
    head, tail = _head(report, found), _tail(report, style)
    rows: list[str] = []
    room -= len(f"{head}\n\n{tail}".encode("utf-8", "backslashreplace")) + _ROOM
    for problem in found:
        row = _row(problem)
        room -= len(row.encode("utf-8", "backslashreplace")) + 1
        if room < 0:
            break
        rows.append(row)
    table = ["", "| | Function | Where | What |", "|---|---|---|---|", *rows] if found else []
    left_out = len(found) - len(rows)
    more = ["", f"… {left_out} more: see the log, or another format of the report."] if left_out else []
    return "\n".join([head, *table, *more, tail, ""])


def _head(report: Report, found: Sequence[Problem]) -> str:
    if report.error is not None:
        return f"**pytestgen came to no verdict:** {_safe(_short(report.error[1], 10 * _MOST_TEXT))}"
    if found:
        counted = Counter(problem.code for problem in found)
        told = ", ".join(f"{counted[code]} {RULES[code].name.replace('-', ' ')}" for code in RULES if counted[code])
        what = "1 function needs" if len(found) == 1 else f"{len(found)} functions need"
        return f"**{what} a look**: {told}"
    if verdict.exit_status(report):
        return "**Tests were written, and need a look.**"
    return "**All changed functions are run by passing tests.**" if report.findings else "**Nothing to test.**"


def _row(problem: Problem) -> str:
    name = _code(problem.name) if problem.name else "the file"
    return f"| {problem.code} | {name} | {_code(f'{problem.path}:{problem.line}')} | {_safe(problem.told)} |"


def _tail(report: Report, style: Style) -> str:
    lines = []
    commands = list(dict.fromkeys(problem.remedy for problem in problems(report, style) if problem.remedy))
    if commands:
        more = f"<br>… and {len(commands) - 5} more" if len(commands) > 5 else ""
        lines += ["", f"Mend with {'<br>'.join(_code(_short(command)) for command in commands[:5])}{more}"]
    given = [finding for finding in report.findings if finding.status is Status.GENERATED]
    if given:
        names = ", ".join(_code(_short(finding.function.qualname)) for finding in given[:20])
        lines += ["", f"{len(given)} given tests: {names}"]
    for item in report.stale[:5]:
        where = _short(item.path) + (f":{item.line}" if item.line else "")
        lines.append(f"\n{_code(where)}: {_safe(_short(item.told))}")
    return "\n".join([*lines, "", f"<sub>{_safe(last_line(report))} `pytestgen explain CODE` explains a rule.</sub>"])


def _short(text: str, most: int = _MOST_TEXT) -> str:
    return text if len(text) <= most else f"{text[:most]} …"


def _code(text: str) -> str:
    return f"<code>{_safe(text)}</code>"


def _safe(text: str) -> str:
    """Text of the repository that Markdown and HTML show as it is: no markup, no link, and nobody is called by @."""
    return "".join(_entity(character) for character in escaped(text)).replace("www.", "www&#46;")


def _entity(character: str) -> str:
    if character.isalnum() or character in _PLAIN or character == "." or not character.isascii():
        return character
    apart = "\u200b" if character in "@#" else ""  # these call people and name issues even as entities
    return f"&#{ord(character)};{apart}"
