"""Each output format against its schema and the limits of who reads it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
import xmlschema
from markdown_it import MarkdownIt

from pytestgen_hook.commands import comment
from pytestgen_hook.report import markdown, sarif
from pytestgen_hook.report.github import render_github
from pytestgen_hook.report.gitlab import render_gitlab
from pytestgen_hook.report.junit import render_junit
from pytestgen_hook.report.markdown import MARKER, MOST_COMMENT, MOST_SUMMARY, render_markdown, summary_of
from pytestgen_hook.report.sarif import render_sarif
from pytestgen_hook.report.text import Style, render_text
from pytestgen_hook.types.report import Finding, Report, Stale, Status

from .report_samples import FULL, HOSTILE, function, untested

SCHEMAS = Path(__file__).parent / "schemas"
EMPTY = Report(())
FAILED = Report((), error=("settings", "pyproject.toml: there is no setting 'modus'. Did you mean mode?"))
REPORTS = [pytest.param(EMPTY, id="empty"), pytest.param(FULL, id="full"), pytest.param(FAILED, id="no verdict")]
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]")
STYLE = Style()


def moved(report: Report, lines: int) -> Report:
    """The report with everything some lines further down."""
    return replace(
        report,
        findings=tuple(
            replace(item, function=replace(item.function, def_line=item.function.def_line + lines, last_line=10**6))
            for item in report.findings
        ),
    )


# -- SARIF -------------------------------------------------------------------------------------------------------------


def sarif_of(report: Report) -> Any:
    return json.loads(render_sarif(report, STYLE))["runs"][0]


@pytest.mark.parametrize("report", REPORTS)
def test_sarif_is_as_its_schema_says(report: Report) -> None:
    schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text(encoding="utf-8"))
    jsonschema.Draft4Validator(schema).validate(json.loads(render_sarif(report, STYLE)))


def test_sarif_results_name_rules_places_and_remedies() -> None:
    run = sarif_of(FULL)
    first = run["results"][0]
    assert first["ruleId"] == "PTG005"
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == "PTG005"
    uris = {item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in run["results"]}
    assert "src/a%20b%2Cc%3Ad%25.py" in uris
    untested_one = next(item for item in run["results"] if item["message"]["text"].startswith("f1: "))
    assert untested_one["message"]["text"].endswith("Mend it with: pytestgen-check --mode write src/shop.py")
    assert untested_one["locations"][0]["physicalLocation"]["region"] == {"startLine": 1, "endLine": 6}


def test_what_is_silenced_is_suppressed_in_sarif_and_what_is_open_is_not() -> None:
    run = sarif_of(FULL)
    kinds = [item["suppressions"][0]["kind"] for item in run["results"] if "suppressions" in item]
    assert sorted(kinds) == ["external", "external", "inSource"]
    assert len(run["results"]) == 9 + 3
    assert run["invocations"][0] | {"toolExecutionNotifications": None} == {
        "executionSuccessful": True,
        "exitCode": 1,
        "toolExecutionNotifications": None,
    }
    assert sarif_of(FAILED)["invocations"][0]["executionSuccessful"] is False


def test_sarif_fingerprints_are_apart_and_free_of_lines() -> None:
    def marks(report: Report) -> list[str]:
        return [item["partialFingerprints"]["pytestgenFinding/v1"] for item in sarif_of(report)["results"]]

    assert len(set(marks(FULL))) == len(marks(FULL))
    assert sorted(marks(moved(FULL, 7))) == sorted(marks(FULL))


def test_sarif_has_fewer_than_25000_results_the_most_important_and_says_so() -> None:
    many = (*(untested(number, code="PTG002") for number in range(1, 25_003)), untested(99, code="PTG005"))
    run = sarif_of(Report(many))
    assert len(run["results"]) == sarif.MOST == 24_999
    assert run["results"][0]["ruleId"] == "PTG005"
    notifications = run["invocations"][0]["toolExecutionNotifications"]
    assert [item["message"]["text"] for item in notifications] == ["4 more results are left out: a run may have 24999"]


# -- GitLab ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", REPORTS)
def test_gitlab_is_as_its_schema_says(report: Report) -> None:
    schema = json.loads((SCHEMAS / "gitlab-code-quality.json").read_text(encoding="utf-8"))
    text = render_gitlab(report, STYLE)
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    assert text.isascii()


def test_gitlab_has_what_is_open_and_fingerprints_apart_and_free_of_lines() -> None:
    def marks(report: Report) -> list[str]:
        return [item["fingerprint"] for item in json.loads(render_gitlab(report, STYLE))]

    found = json.loads(render_gitlab(FULL, STYLE))
    assert [item["check_name"] for item in found][:1] == ["PTG005"]
    assert not any("legacy" in item["description"] for item in found)
    assert len(found) == 9 == len(set(marks(FULL)))
    assert sorted(marks(moved(FULL, 7))) == sorted(marks(FULL))


# -- JUnit -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("report", REPORTS)
def test_junit_is_as_its_schema_says(report: Report) -> None:
    text = render_junit(report, STYLE)
    xmlschema.XMLSchema(str(SCHEMAS / "junit.xsd")).validate(text)
    assert text.isascii()


# The schema of Jenkins' xUnit plugin, to which pytest holds its own reports; its source distribution has it.
XSD = ("testing/example_scripts/junit-10.xsd", "a1a816f58d1bf95ebabf371994df0b9246dee66ea9572fbec4f9296f1b2c0ff6")
SDIST = ("pytest", "8.4.2", "86c0d0b93306b961d58d62a4db4879f27fe25513d4b969df351abdddb3c30e01")


@pytest.fixture(scope="module")
def jenkins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> xmlschema.XMLSchema:
    """The schema that Jenkins has of JUnit reports, fetched from the package index once and kept in pytest's cache."""
    cache = request.config.cache
    assert cache is not None
    kept = cache.mkdir("junit") / Path(XSD[0]).name
    if not kept.is_file() or hashlib.sha256(kept.read_bytes()).hexdigest() != XSD[1]:
        new = kept.with_name(f"{os.getpid()}.xsd")  # two workers may be at it
        new.write_bytes(fetched_schema(tmp_path_factory.mktemp("junit")))
        new.replace(kept)
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == XSD[1]
    return xmlschema.XMLSchema(str(kept))


def fetched_schema(folder: Path) -> bytes:
    """The schema out of the source distribution; where pip cannot reach the index the test is skipped, in CI it fails."""
    name, version, digest = SDIST
    (folder / "wanted.txt").write_text(f"{name}=={version} --hash=sha256:{digest}\n")
    options = ["--no-deps", "--no-binary", name, "--require-hashes", "--retries", "1", "--timeout", "20", "--quiet"]
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder), "--requirement", "wanted.txt"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "DO NOT MATCH THE HASHES" not in done.stderr, done.stderr
    if done.returncode:
        told = f"the schema cannot be fetched: {done.stderr.strip().rpartition(chr(10))[2]}"
        pytest.fail(f"{told}\n{done.stderr}") if os.environ.get("CI") else pytest.skip(told)
    with tarfile.open(folder / f"{name}-{version}.tar.gz") as archive:
        member = archive.extractfile(f"{name}-{version}/{XSD[0]}")
        assert member is not None
        return member.read()


@pytest.mark.parametrize("report", REPORTS)
def test_junit_is_as_the_schema_of_jenkins_says(report: Report, jenkins: xmlschema.XMLSchema) -> None:
    jenkins.validate(render_junit(report, STYLE))


def test_junit_has_a_case_a_function_and_counts_that_agree() -> None:
    root = ElementTree.fromstring(render_junit(FULL, STYLE))
    cases = {case.get("name"): case for case in root.iter("testcase")}
    assert cases["fine"].find("*") is None
    assert cases["legacy"].find("skipped").get("message") == "PTG001: in the baseline"
    assert cases["f1"].find("failure").text.endswith("-> pytestgen-check --mode write src/shop.py")
    for suite in root:
        assert int(suite.get("tests")) == len(suite.findall("testcase"))
        assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("skipped")) == len(suite.findall("testcase/skipped"))
    assert sum(int(suite.get("tests")) for suite in root) == 9 + 1 + 3


# -- GitHub ------------------------------------------------------------------------------------------------------------


def test_the_most_important_annotations_come_first_and_the_rest_is_counted() -> None:
    weak = tuple(untested(number, code="PTG004") for number in range(1, 30))
    lines = render_github(Report((*weak, untested(40), untested(41, code="PTG005"))), STYLE).splitlines()
    errors = [line for line in lines if line.startswith("::error ")]
    assert len(errors) == 10
    assert ["title=PTG005 f41:" in errors[0], "title=PTG001 f40:" in errors[1]] == [True, True]
    assert "::notice title=pytestgen::… 21 more findings, see the log" in lines


def test_no_line_of_the_log_is_a_command_of_others() -> None:
    lines = render_github(FULL, STYLE).splitlines()
    fence = next(line for line in lines if line.startswith("::stop-commands::")).rpartition("::")[2]
    start, end = lines.index(f"::stop-commands::{fence}"), lines.index(f"::{fence}::")
    assert end == len(lines) - 1
    assert not any(line.startswith("::") for line in lines[start + 1 : end])
    for line in lines[:start]:
        assert re.match(r"::(error|warning) file=[^:,]+,line=\d+(,endLine=\d+)?,title=[^:,]+::[^\n]", line), line
        assert not re.search("%(?!25|3A|2C)", line)


# -- Markdown ----------------------------------------------------------------------------------------------------------


def shown(text: str) -> str:
    """What a browser would get."""
    return MarkdownIt("commonmark", {"html": True, "linkify": False}).enable("table").render(text)


def test_the_comment_begins_with_its_marker_and_what_matters() -> None:
    lines = render_markdown(FULL, STYLE).splitlines()
    assert lines[0] == MARKER == comment.MARKER
    assert lines[1].startswith(
        "**9 functions need a look**: 4 new function untested, 1 changed function untested, 1 behaviour"
    )
    assert lines[5].startswith("| PTG005 | <code>wrong</code> | <code>src/shop.py&#58;70</code> | suspected bug")


@pytest.mark.parametrize("report", REPORTS)
def test_untrusted_text_is_text_in_the_comment(report: Report) -> None:
    html = shown(render_markdown(report, STYLE))
    assert set(re.findall(r"<(\w+)", html)) <= {
        "p",
        "strong",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "br",
        "sub",
    }
    assert not re.search(r"[@#](?=\w)", unescape(html))
    assert html.count("<tr>") == (10 if report is FULL else 0)


def test_the_hostile_name_is_shown_whole() -> None:
    html = unescape(shown(render_markdown(FULL, STYLE))).replace("\u200b", "")
    assert "a|b`c` <img src=x onerror=1> [l](http://evil.example) @ada #1 \\x1b[31m" in html


def test_a_long_comment_is_cut_at_a_row_and_says_how_much_is_missing() -> None:
    text = render_markdown(Report(tuple(untested(number) for number in range(1, 3000))), STYLE)
    assert 60_000 < len(text) <= MOST_COMMENT == 65_000
    rows = [line for line in text.splitlines() if line.startswith("| PTG")]
    assert all(row.endswith(" |") for row in rows)
    assert f"… {2999 - len(rows)} more" in text
    assert "2999 changed functions" in text


def test_a_summary_keeps_below_the_limit_of_the_step() -> None:
    many = Report(tuple(untested(number, reason="ü" * 400) for number in range(1, 3000)))
    for there in (0, 500_000, MOST_SUMMARY - 3000):
        size = len(summary_of(many, STYLE, there=there).encode())
        assert 0 < size <= MOST_SUMMARY - there
    assert summary_of(many, STYLE, there=MOST_SUMMARY - 10) == ""


def rows_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| PTG")]


def test_a_summary_is_cut_at_a_row_at_whatever_byte_the_limit_lies() -> None:
    """Characters of two, three and four bytes stand where the limit is."""
    many = Report(tuple(untested(number, reason="ü€𐍈" * (5 + number % 7)) for number in range(1, 101)))
    every = rows_of(summary_of(many, STYLE))
    assert len(every) == 100
    counts = set()
    for room in range(4000, 4400):
        text = summary_of(many, STYLE, there=MOST_SUMMARY - room)
        rows = rows_of(text)
        assert rows == every[: len(rows)]
        assert f"\n\n… {100 - len(rows)} more: " in text
        assert room - 200 - len(f"{every[len(rows)]}\n".encode()) - 60 < len(text.encode()) <= room
        counts.add(len(rows))
        if room % 40 == 0:
            html = shown(text)
            assert html.count("<tr>") == html.count("</tr>") == 1 + len(rows)
            assert html.count("<td>") == 4 * len(rows)
            assert f"</table>\n<p>… {100 - len(rows)} more" in html
    assert len(counts) > 2


LONG = "n_" * 20_000


@pytest.mark.parametrize(
    "report",
    [
        pytest.param(Report((), error=("settings", LONG)), id="error"),
        pytest.param(
            Report(tuple(Finding(function(qualname=f"{LONG}{n}"), Status.GENERATED) for n in range(30)), mode="write"),
            id="given tests",
        ),
        pytest.param(Report(tuple(untested(n, path=f"{n}{LONG}.py") for n in range(30))), id="commands"),
        pytest.param(Report((), stale=(Stale("comment", LONG, 3, LONG, "remove it"),) * 9), id="stale comments"),
    ],
)
def test_what_is_long_leaves_room_for_the_rest(report: Report) -> None:
    assert len(render_markdown(report, STYLE)) <= MOST_COMMENT
    assert summary_of(report, STYLE, there=MOST_SUMMARY - MOST_COMMENT)


# -- all of them -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "render", [render_sarif, render_gitlab, render_junit, render_markdown, render_github, render_text]
)
def test_no_control_character_comes_through(render: Any) -> None:
    text = render(FULL, STYLE)
    assert CONTROL.search(text) is None
    text.encode("utf-8")
    assert HOSTILE[-1] == "\udcff"


# A command, or where none can do it, what a person is to do.
TOLD = ("pytestgen-check --mode write ", "pytestgen doctor", "pytestgen explain PTG", "mend the function ", "remove it")


def test_every_open_line_of_the_text_ends_with_what_to_do_and_the_last_counts() -> None:
    *lines, last = render_text(replace(FULL, notes=()), STYLE).splitlines()
    said = [line.rpartition(" -> ")[2] for line in lines if " -> " in line]
    assert len(said) == len(lines)
    assert all(text.startswith(TOLD) for text in said), [text for text in said if not text.startswith(TOLD)]
    assert last.startswith("8 changed functions: ")
    assert "; 1 ignored by comments; 1 ignored by the settings; 1 in the baseline" in last
    assert markdown.MOST_COMMENT < 65_536
