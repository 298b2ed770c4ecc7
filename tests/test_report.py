"""Exit statuses, and the report as text, JSON, annotations and patches."""

from __future__ import annotations

import json
import shlex
import subprocess
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pytestgen_hook.report.data import render_json
from pytestgen_hook.report.diffs import render_diffs
from pytestgen_hook.report.github import render_github
from pytestgen_hook.report.text import Style, render_text
from pytestgen_hook.report.verdict import Place, exit_status
from pytestgen_hook.terminal import escaped, escaped_lines, wants_colour
from pytestgen_hook.types.changes import Function, Kind, Unanalysed
from pytestgen_hook.types.evidence import Evidence, RunOutcome, TestRun
from pytestgen_hook.types.generated import Compared, Edit, Promise
from pytestgen_hook.types.report import Finding, Report, Status


def function(path: str = "src/shop.py", qualname: str = "Order.total", line: int = 12) -> Function:
    return Function(path, qualname, Kind.METHOD, line - 1, line, line + 5, (line + 1, line + 2))


UNTESTED = Finding(function(), Status.UNTESTED, "PTG001", "no test file reaches its module", Evidence.GRAPH)
TESTED = Finding(function(qualname="add", line=3), Status.TESTED, tests=("tests/test_shop.py::test_add",))
GENERATED = Finding(
    function(qualname="split", line=30),
    Status.GENERATED,
    tests=("tests/test_shop.py::test_split", "tests/test_shop.py::test_split_rejects"),
    lines_run=2,
    lines_total=2,
    mutants_killed=9,
    mutants_total=10,
    engine="search",
    seconds=0.5,
    promises=(
        Compared(Promise("raises", "ValueError: if n is negative", 32, "ValueError"), kept=4),
        Compared(Promise("annotation", "-> int", 30, "int"), kept=4, broken=1, call="split(0)", observed="None"),
    ),
)
REFUSED = Finding(function(qualname="wipe", line=40), Status.REFUSED, "PTG001", "remove /srv/data")
EDIT = Edit("tests/test_shop.py", None, b"def test_split():\n    assert True\n")


@pytest.mark.parametrize(
    ("report", "status"),
    [
        pytest.param(Report(()), 0, id="nothing changed"),
        pytest.param(Report((TESTED,)), 0, id="all tested"),
        pytest.param(Report((TESTED, UNTESTED)), 1, id="one untested"),
        pytest.param(Report((REFUSED,)), 1, id="one refused"),
        pytest.param(Report((replace(TESTED, status=Status.SUSPECT, code="PTG005"),)), 1, id="a suspected bug"),
        pytest.param(Report((replace(TESTED, code="PTG003"),)), 1, id="tested, yet with a code"),
        pytest.param(Report((GENERATED,), edits=(EDIT,), mode="write"), 1, id="tests written"),
        pytest.param(Report((GENERATED,), edits=(EDIT,), staged=(EDIT.path,), mode="amend"), 0, id="tests committed"),
        pytest.param(Report((GENERATED,), edits=(EDIT,), mode="amend"), 1, id="tests written, but not committed"),
        pytest.param(Report((), (Unanalysed("a.py", "invalid syntax"),)), 1, id="not analysed is not clean"),
    ],
)
def test_exit_status(report: Report, status: int) -> None:
    assert exit_status(report) == status


def test_a_finding_is_one_line_that_ends_with_the_command() -> None:
    lines = render_text(Report((UNTESTED,), seconds=0.25), Style()).splitlines()
    assert lines == [
        "src/shop.py:12: PTG001 Order.total: new, untested: no test file reaches its module"
        " -> pytestgen-check --mode write src/shop.py",
        "1 changed function: 1 untested (0.2 s)",
    ]


def test_lines_come_in_order_of_path_and_line() -> None:
    first = replace(UNTESTED, function=function("a.py", "z", 9))
    second = replace(UNTESTED, function=function("a.py", "a", 20))
    text = render_text(Report((UNTESTED, second, first)), Style())
    assert [line.split(" ")[0] for line in text.splitlines()[:3]] == ["a.py:9:", "a.py:20:", "src/shop.py:12:"]


@pytest.mark.parametrize(
    ("scope", "command"),
    [
        ("staged", "pytestgen-check --mode write src/shop.py"),
        ("all", "pytestgen-check --all --mode write src/shop.py"),
        ("since origin/main", "pytestgen-check --since origin/main --mode write src/shop.py"),
        ("since HEAD~1; rm x", "pytestgen-check --since 'HEAD~1; rm x' --mode write src/shop.py"),
        ("head", "pytestgen amend"),
    ],
)
def test_the_command_looks_at_the_same_range(scope: str, command: str) -> None:
    assert f"-> {command}\n" in render_text(Report((UNTESTED,), range=scope), Style())


def test_the_command_is_for_where_the_reader_stands() -> None:
    text = render_text(Report((UNTESTED,)), Style(place=Place("src")))
    assert text.startswith("shop.py:12:")
    assert text.splitlines()[0].endswith("-> pytestgen-check --mode write shop.py")
    assert "../src" not in text
    assert "../a b.py:12:" in render_text(
        Report((replace(UNTESTED, function=function("a b.py")),)), Style(place=Place("src"))
    )


def test_a_command_of_the_hook_manager_is_given_as_it_is() -> None:
    place = Place("", "pre-commit run --hook-stage manual pytestgen-generate", whole=True)
    text = render_text(Report((UNTESTED,)), Style(place=place))
    assert text.splitlines()[0].endswith("-> pre-commit run --hook-stage manual pytestgen-generate")


def test_a_path_in_the_command_is_quoted() -> None:
    text = render_text(Report((replace(UNTESTED, function=function("my module.py")),)), Style())
    assert shlex.split(text.splitlines()[0].partition("-> ")[2])[-1] == "my module.py"


def test_after_an_attempt_a_person_is_asked() -> None:
    text = render_text(Report((UNTESTED, REFUSED), mode="write"), Style())
    assert "--mode write" not in text
    assert text.count("-> write its test by hand (pytestgen explain PTG001)") == 1
    assert "-> let it take what it needs from outside as a parameter" in text
    assert "wipe: not run to its end, it tried to do what no test may: remove /srv/data" in text


def test_what_to_do_stands_once_for_several_functions_in_a_row() -> None:
    stuck = replace(UNTESTED, reason="every call ended in AttributeError: nothing tried for cart has the attribute add")
    others = [replace(stuck, function=function(qualname=f"f{number}", line=number)) for number in (1, 2, 3)]
    lines = render_text(Report((*others, REFUSED), mode="write"), Style()).splitlines()
    assert [" -> " in line for line in lines[:4]] == [True, False, False, True]
    assert lines[0].endswith(
        " -> annotate its parameters, or show a call of it in its docstring (>>>), a fixture or a test"
    )
    assert all("nothing tried for cart has the attribute add" in line for line in lines[:3])


def test_that_the_budget_was_used_up_is_said_once_and_every_line_has_its_command() -> None:
    late = replace(UNTESTED, reason="not tried: the budget of 60 s was used up; raise --budget", untried=True)
    others = tuple(replace(late, function=function(qualname=f"f{number}", line=number)) for number in (1, 2, 3))
    lines = render_text(Report(others, mode="write"), Style()).splitlines()
    assert lines[0].endswith("raise --budget -> pytestgen-check --mode write --budget 120 src/shop.py")
    command = "pytestgen-check --mode write --budget 120 src/shop.py"
    assert lines[1:3] == [f"src/shop.py:{line}: PTG001 f{line}: not tried either -> {command}" for line in (2, 3)]


def test_written_tests_are_to_be_read_and_added() -> None:
    text = render_text(Report((GENERATED, TESTED), edits=(EDIT,), mode="write", seconds=2), Style())
    assert text.splitlines() == [
        "src/shop.py:30: split: 2 tests in tests/test_shop.py, 9 of 10 mutants killed -> git add tests/test_shop.py",
        "written: read them, then git add tests/test_shop.py",
        "2 changed functions: 1 given tests, 1 tested (2.0 s)",
    ]


def test_tests_in_the_commit_are_named() -> None:
    report = Report((GENERATED,), edits=(EDIT,), staged=(EDIT.path,), mode="amend")
    text = render_text(report, Style())
    assert "part of the commit: tests/test_shop.py" in text
    assert "git add" not in text


def test_with_diff_nothing_is_said_to_be_written() -> None:
    text = render_text(Report((GENERATED,), edits=(EDIT,), mode="write"), Style(diff=True))
    assert "written" not in text
    assert "-> pytestgen-check --mode write src/shop.py" in text


def test_what_was_not_analysed_is_said_and_counted() -> None:
    report = Report((TESTED,), (Unanalysed("old.py", "invalid syntax (line 3)"), Unanalysed("b.py", "too deep", "f")))
    text = render_text(report, Style())
    assert "old.py: not analysed: invalid syntax (line 3) -> pytestgen explain PTG007\n" in text
    assert "b.py: f: not analysed: too deep -> pytestgen explain PTG007\n" in text
    assert text.splitlines()[-1].startswith("1 changed function: 1 tested, 2 not analysed")


def test_a_file_not_analysed_alone_is_not_nothing() -> None:
    assert (
        render_text(Report((), (Unanalysed("old.py", "invalid syntax"),)), Style())
        .splitlines()[-1]
        .startswith("1 not analysed")
    )


def test_estimates_are_marked_as_such() -> None:
    estimate = replace(TESTED, evidence=Evidence.STATIC, reason="estimated, not measured (no pytest)")
    assert "tested (1 estimated, not measured)" in render_text(Report((estimate,)), Style())
    assert "1 of these estimated, not measured" in render_text(Report((estimate, UNTESTED)), Style())
    report = Report((replace(estimate, code="PTG006"),), install="python -m pip install pytest")
    assert exit_status(report) == 1
    assert "add: perhaps tested, estimated, not measured (no pytest) -> python -m pip install pytest" in render_text(
        report, Style(quiet=True)
    )


@pytest.mark.parametrize(
    ("place", "scope", "command"),
    [
        (Place(), "staged", "pytestgen-check --mode write --budget 40 src/shop.py"),
        (Place(), "head", "pytestgen amend --budget 40"),
        (Place("", "pre-commit run x", whole=True), "staged", "PYTESTGEN_BUDGET=40 pre-commit run x"),
    ],
)
def test_where_the_budget_was_used_up_the_command_asks_for_more(place: Place, scope: str, command: str) -> None:
    report = Report((replace(UNTESTED, untried=True),), mode="write", range=scope, budget=20.0)
    assert f"-> {command}\n" in render_text(report, Style(place=place))


def test_notes_are_printed_unless_quiet() -> None:
    report = Report((UNTESTED,), notes=("tests/test_a.py: 2 failing; what does not pass is no evidence",))
    assert "note: tests/test_a.py: 2 failing" in render_text(report, Style())
    assert "note:" not in render_text(report, Style(quiet=True))


def test_quiet_is_silent_only_when_clean() -> None:
    assert render_text(Report((TESTED,)), Style(quiet=True)) == ""
    assert "PTG001" in render_text(Report((UNTESTED,)), Style(quiet=True))
    assert render_text(Report((), (Unanalysed("a.py", "x"),)), Style(quiet=True)) != ""


def test_verbose_says_what_a_model_wrote_that_is_not_kept() -> None:
    finding = replace(TESTED, dropped=(("test_a", "assert 1 == 2\nand more"), ("test_b", "it asserts nothing")))
    told = "  not kept: test_a: assert 1 == 2\n  not kept: test_b: it asserts nothing\n"
    assert told in render_text(Report((finding,)), Style(verbose=True))
    assert "not kept" not in render_text(Report((finding,)), Style())


def test_verbose_says_why_new_tests_stay() -> None:
    finding = replace(GENERATED, reasons=(("tests/test_a.py::test_a[b]", "alone runs line 3: return\x1b 1"),))
    told = "  tests/test_a.py::test_a[b]: alone runs line 3: return\\x1b 1\n"
    assert told in render_text(Report((finding,)), Style(verbose=True))
    assert "alone" not in render_text(Report((finding,)), Style())


def test_verbose_names_the_tests() -> None:
    tests = tuple(f"tests/test_shop.py::test_{number}" for number in range(5))
    text = render_text(Report((replace(TESTED, tests=tests),)), Style(verbose=True))
    assert "add: tested by tests/test_shop.py::test_0, " in text
    assert "test_2 and 2 more\n" in text
    assert "add" not in render_text(Report((TESTED,)), Style())


def test_nothing_changed_is_said() -> None:
    assert render_text(Report(()), Style()) == "No changed functions (staged): nothing to test.\n"


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (
            Report((), in_tests=1),
            "No changed functions (staged): nothing to test: 1 function in test files not examined.\n",
        ),
        (
            Report((), excluded=2),
            "No changed functions (staged): nothing to test: 2 functions excluded by the settings.\n",
        ),
        (
            Report((TESTED,), in_tests=2, excluded=1),
            "1 changed function, tested; 2 functions in test files not examined, 1 function excluded by the settings (0.0 s)\n",
        ),
    ],
)
def test_what_was_passed_over_is_counted_unless_quiet(report: Report, line: str) -> None:
    assert render_text(report, Style()) == line
    assert render_text(report, Style(quiet=True)) == ""


def test_control_characters_of_the_repository_are_escaped() -> None:
    evil = function("a\x1b[2J\n.py", "f\u202eg")
    report = Report(
        (replace(UNTESTED, function=evil, reason="\x07\x9b31m"),),
        (Unanalysed("b\r.py", "\x1b]0;title\x07"),),
        notes=("\x1b[1A",),
        edits=(Edit("t\x1b.py", None, b""),),
        mode="write",
    )
    for text in (render_text(report, Style(verbose=True)), render_github(report, Style())):
        assert all(character.isprintable() or character == "\n" for character in text)
    assert render_json(report).isascii()
    assert "\x1b" not in render_json(report)


def test_undecodable_paths_can_be_printed() -> None:
    report = Report((replace(UNTESTED, function=function("caf\udce9.py")),))
    assert "caf\\udce9.py:12:" in render_text(report, Style())
    assert json.loads(render_json(report))["targets"][0]["path"] == "caf\udce9.py"


def test_colour_is_only_there_when_wanted() -> None:
    report = Report((UNTESTED, GENERATED), (Unanalysed("a.py", "x"),), edits=(EDIT,), notes=("n",), mode="write")
    assert "\x1b" not in render_text(report, Style())
    coloured = render_text(report, Style(colour=True))
    assert "\x1b[31mPTG001\x1b[0m" in coloured


@pytest.mark.parametrize(
    ("environ", "is_terminal", "wanted"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
    ],
)
def test_colour_rules(environ: dict[str, str], is_terminal: bool, wanted: bool) -> None:
    assert wants_colour(environ, is_terminal=is_terminal) is wanted


def test_escaping_keeps_what_can_be_read() -> None:
    assert escaped("naïve 日本 €") == "naïve 日本 €"
    assert escaped("a\tb\n") == "a\\tb\\n"
    assert escaped_lines("a\tb\nc\x1b[0m\r\n") == "a\tb\nc\\x1b[0m\n"


# -- JSON --------------------------------------------------------------------------------------------------------------


def schema() -> Any:
    return json.loads((resources.files("pytestgen_hook") / "schema" / "report.schema.json").read_text())


RUN = TestRun("tests/test_a.py", RunOutcome.TIMED_OUT, "after 60 s", seconds=60.0)
FULL = Report(
    (UNTESTED, TESTED, GENERATED, REFUSED),
    (Unanalysed("old.py", "invalid syntax"),),
    (RUN,),
    (EDIT,),
    (),
    ("a note",),
    "write",
    "since origin/main",
    1.5,
    in_tests=2,
    excluded=1,
)


@pytest.mark.parametrize("report", [pytest.param(Report(()), id="empty"), pytest.param(FULL, id="full")])
@pytest.mark.parametrize("diff", [False, True])
def test_json_is_as_the_schema_says(report: Report, diff: bool) -> None:
    jsonschema.Draft202012Validator(schema()).validate(json.loads(render_json(report, diff=diff)))


def test_json_has_every_key_of_the_schema_and_no_other() -> None:
    data, described = json.loads(render_json(FULL)), schema()
    assert set(data) == set(described["properties"]) == set(described["required"])
    target = described["$defs"]["target"]
    assert set(data["targets"][0]) == set(target["properties"]) == set(target["required"])


def test_json_says_what_the_text_says() -> None:
    data = json.loads(render_json(FULL))
    assert data["exit_status"] == 1
    assert data["counts"] == {
        "functions": 4,
        "tested": 1,
        "untested": 1,
        "generated": 1,
        "refused": 1,
        "suspect": 0,
        "estimated": 0,
        "unanalysed": 1,
        "in_tests": 2,
        "excluded": 1,
        "silenced": 0,
        "stale": 0,
    }
    fixes = {item["qualname"]: item["fix"] for item in data["targets"]}
    assert fixes == {"add": None, "Order.total": None, "split": "git add tests/test_shop.py", "wipe": None}


def test_json_says_what_the_documentation_promises() -> None:
    (promises,) = [item["promises"] for item in json.loads(render_json(FULL))["targets"] if item["promises"]]
    assert promises == [
        {
            "source": "raises",
            "text": "ValueError: if n is negative",
            "line": 32,
            "kept": 4,
            "contradiction": None,
        },
        {
            "source": "annotation",
            "text": "-> int",
            "line": 30,
            "kept": 4,
            "contradiction": {"call": "split(0)", "observed": "None", "expected": "int"},
        },
    ]


def test_the_schema_is_one_itself() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


# -- GitHub ------------------------------------------------------------------------------------------------------------


def test_annotations_are_escaped() -> None:
    finding = replace(UNTESTED, function=function("a,b:c%.py"), reason="100% of\nlines")
    first = render_github(Report((finding,)), Style()).splitlines()[0]
    assert first == (
        "::error file=a%2Cb%3Ac%25.py,line=12,endLine=17,title=PTG001 Order.total::Order.total: new, untested: "
        "100%25 of\\nlines -> pytestgen-check --mode write a,b:c%25.py"
    )


def test_annotations_end_at_ten_and_say_so() -> None:
    findings = tuple(replace(UNTESTED, function=function(line=10 * number)) for number in range(1, 14))
    lines = render_github(Report(findings), Style()).splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert "::notice title=pytestgen::… 3 more findings, see the log" in lines
    assert sum(line.startswith("src/shop.py:") for line in lines) == 13


def test_the_text_cannot_be_a_workflow_command() -> None:
    report = Report((UNTESTED,), notes=("::error::from a test",))
    lines = render_github(report, Style()).splitlines()
    fence = next(line for line in lines if line.startswith("::stop-commands::")).rpartition("::")[2]
    start, end = lines.index(f"::stop-commands::{fence}"), lines.index(f"::{fence}::")
    assert all(start < number < end for number, line in enumerate(lines) if "from a test" in line)


def test_files_not_analysed_are_warnings() -> None:
    text = render_github(Report((), (Unanalysed("old.py", "invalid syntax"),)), Style())
    assert "::warning file=old.py,line=1,title=PTG007::not analysed: invalid syntax\n" in text


# -- patches -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(None, b"def test():\n    pass\n", id="a new file"),
        pytest.param(b"a = 1\n", b"a = 1\nb = 2\n", id="an added line"),
        pytest.param(b"a = 1", b"a = 1\nb = 2\n", id="no line end before"),
        pytest.param(b"a = 1\n", b"a = 1\nb = 2", id="no line end after"),
        pytest.param(b"a = 1\r\n", b"a = 1\r\nb = 2\r\n", id="line ends of Windows"),
        pytest.param(b"a = '\xff'\n\x0c\n", b"a = '\xff'\n\x0c\nb = '\xe2\x80\xa8'\n", id="bytes of all kinds"),
    ],
)
def test_git_applies_the_patch(tmp_path: Path, before: bytes | None, after: bytes) -> None:
    path = "tests/test a.py"
    (tmp_path / "tests").mkdir()
    if before is not None:
        (tmp_path / path).write_bytes(before)
    patch = render_diffs([Edit(path, before, after)]).encode("utf-8", "surrogateescape")
    subprocess.run(["git", "apply", "-"], input=patch, cwd=tmp_path, check=True)
    assert (tmp_path / path).read_bytes() == after


def test_an_edit_without_a_difference_is_no_patch() -> None:
    assert render_diffs([Edit("a.py", b"x\n", b"x\n")]) == ""
