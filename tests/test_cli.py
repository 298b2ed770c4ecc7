"""The two commands as a user calls them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import jsonschema
import pytest
from click.testing import CliRunner, Result

from pytestgen_hook import __version__, config
from pytestgen_hook import cli as program

SCHEMA = Path(program.__file__).parent / "schema" / "report.schema.json"
DOUBLE = "def double(x):\n    return 2 * x\n"


def check(*arguments: str) -> Result:
    return CliRunner().invoke(program.check, arguments)


def pytestgen(*arguments: str) -> Result:
    return CliRunner().invoke(program.pytestgen, arguments)


def test_an_untested_function_is_named_with_its_remedy(repo) -> None:
    repo.stage("a.py", DOUBLE)
    result = check()
    assert result.exit_code == 1
    first, last = result.stdout.splitlines()
    assert first.startswith("a.py:1: PTG001 double: new, untested: ")
    assert first.endswith("-> pytestgen-check --mode write a.py")
    assert last.startswith("1 changed function: 1 untested")
    assert result.stderr == ""


def test_the_group_has_the_same_check(repo) -> None:
    repo.stage("a.py", DOUBLE)
    assert pytestgen("check").exit_code == 1


def test_exit_zero_hides_findings_only(repo) -> None:
    repo.stage("a.py", DOUBLE)
    assert check("--exit-zero").exit_code == 0
    repo.stage("pyproject.toml", "[tool.pytestgen]\nbudgett = 1\n")
    result = check("--exit-zero")
    assert result.exit_code == 2
    assert "there is no setting 'budgett'. Did you mean budget?" in result.stderr
    assert result.stdout == ""


def test_nothing_staged_is_clean(repo) -> None:
    repo.stage("a.txt", "text")
    assert check().exit_code == 0
    assert check().stdout == "No changed functions (staged): nothing to test.\n"


@pytest.mark.usefixtures("repo")
def test_quiet_and_clean_is_silent() -> None:
    result = check("-q")
    assert (result.exit_code, result.output) == (0, "")


def test_paths_narrow_the_range(repo) -> None:
    repo.stage("a.py", DOUBLE)
    repo.stage("b/c.py", DOUBLE)
    assert [line.split(":")[0] for line in check("b").stdout.splitlines()[:-1]] == ["b/c.py"]


def test_from_a_folder_below_paths_are_seen_from_there(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.stage("b/c.py", DOUBLE)
    monkeypatch.chdir(repo.path / "b")
    line = check().stdout.splitlines()[0]
    assert line.startswith("c.py:1:")
    assert line.endswith(" c.py")


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("missing.py", "missing.py does not exist"),
        ("/etc/passwd", "/etc/passwd is not in this repository"),
        ("../cache", "../cache is not in this repository"),
        ("../repo-2/a.py", "../repo-2/a.py is not in this repository"),
        ("circle/a.py", "circle/a.py does not exist"),
        ("a" * 5000, "does not exist"),
    ],
)
@pytest.mark.parametrize("staged", [True, False])
def test_a_path_that_names_nothing_here_is_refused(repo, path: str, told: str, staged: bool) -> None:
    if staged:
        repo.stage("a.py", DOUBLE)
    (repo.path / "circle").symlink_to("circle")
    result = check(path)
    assert result.exit_code == 2
    assert told in result.stderr


def test_paths_that_a_hook_manager_names_are_taken(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.stage("gone.py", DOUBLE)
    repo.stage("old/gone.py", DOUBLE)
    repo.commit()
    repo.git("rm", "-q", "gone.py", "old/gone.py")
    repo.stage("README.md", "text")
    (repo.path / "link").symlink_to("/etc/passwd")
    repo.git("add", "link")
    assert check("gone.py", "old", "README.md", "link", ".").exit_code == 0
    repo.stage("sub/a.py", DOUBLE.replace("2", "3"))
    monkeypatch.chdir(repo.path / "sub")
    assert check("a.py").exit_code == check("..").exit_code == check(str(repo.path / "sub/a.py")).exit_code == 1
    assert check("../README.md").exit_code == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("new.py", "Python file"),
        ("notes.txt", "git tracks"),
        ("sub/../notes.txt", "git tracks"),
        (".git/config", "git's own folder"),
    ],
)
def test_a_report_does_not_overwrite_a_source(repo, name: str, told: str) -> None:
    repo.stage("notes.txt", "mine")
    repo.stage("sub/a.py", DOUBLE)
    result = check("--output-format", "json", "--output-file", name)
    assert result.exit_code == 2
    assert told in result.stderr
    assert (repo.path / "notes.txt").read_text() == "mine"
    assert check("--output-file", "report.txt").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--python", "/nope"], "/nope, which is no program"),
        (["--python", "no-such-python"], "no-such-python, which is no program"),
        (["--python", "a.py"], "a.py, which is no program"),
        (["--python", "sub"], "sub, which is no program"),
        (["--tests-dir", "a.py"], "a.py is a file"),
        (["--tests-dir", "a.py/tests"], "a.py is a file"),
        (["--tests-dir", ".git"], "git's own folder"),
        (["--tests-dir", ""], "empty"),
        (["--tests-dir", "a" * 300], "too long for a path"),
        (["--tests-dir", "a/" * 600], "too long for a path"),
        (["--python", "~nobody-of-this-name/python"], "which is no program"),
        (["--python", "a" * 5000], "which is no program"),
        (["--engine", "model", "--mode", "write", "--model", "a" * 5000], "there is no model"),
        (["--engine", "model", "--mode", "write", "--model", "~nobody-of-this-name/m.gguf"], "is not there"),
        (["--config", "c.toml"], "source-roots names nope"),
    ],
)
def test_settings_that_name_what_is_not_there_are_refused_at_once(repo, arguments: list[str], told: str) -> None:
    repo.stage("a.py", DOUBLE)
    repo.write("c.toml", 'source-roots = ["nope"]\n')
    repo.write("sub/x.txt", "")
    result = check(*arguments)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_working_folder_that_is_gone_is_said_in_one_line(repo) -> None:
    (repo.path / "gone").mkdir()
    command = f"cd gone && rmdir ../gone && exec {sys.executable} -m pytestgen_hook check"
    done = subprocess.run(["sh", "-c", command], cwd=repo.path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: the working folder: No such file or directory. Change into one that is there.\n"


def test_since_looks_at_commits(repo) -> None:
    repo.commit()
    repo.stage("a.py", DOUBLE)
    repo.commit()
    assert check().exit_code == 0
    assert "--since 'HEAD~1' --mode write a.py" in check("--since", "HEAD~1").stdout


def test_all_looks_at_everything(repo) -> None:
    repo.stage("a.py", DOUBLE)
    repo.commit()
    assert check("--all").stdout.splitlines()[-1].startswith("1 function: 1 untested")


def test_the_range_of_pre_commit_is_taken_over(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.commit()
    repo.stage("a.py", DOUBLE)
    repo.commit()
    monkeypatch.setenv("PRE_COMMIT_FROM_REF", "HEAD~1")
    assert json.loads(check("--output-format", "json").stdout)["range"] == "since HEAD~1"
    assert json.loads(check("--staged", "--output-format", "json").stdout)["range"] == "staged"


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--staged", "--all"], id="two ranges"),
        pytest.param(["--since", "main", "--all"], id="two other ranges"),
        pytest.param(["--since", " "], id="an empty ref"),
        pytest.param(["--mode", "wirte"], id="an unknown mode"),
        pytest.param(["--engine", "guess"], id="an engine that does not exist"),
        pytest.param(["--budget", "soon"], id="a budget that is no number"),
        pytest.param(["--output-file", "a", "--output-file", "b"], id="more files than formats"),
        pytest.param(["--output-format", "jsn"], id="an unknown format"),
        pytest.param(["--output-format", "json:"], id="a format with an empty file"),
        pytest.param(["--output-format", "json", "--output-format", "text"], id="two formats that are printed"),
        pytest.param(["--no-such-option"], id="an unknown option"),
    ],
)
@pytest.mark.usefixtures("repo")
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    result = check(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Usage:" in result.stderr


def test_a_bad_budget_is_refused_before_anything_is_done(repo) -> None:
    repo.stage("a.py", DOUBLE)
    result = check("--budget", "-1", "--mode", "write")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --budget = -1.0: ")
    assert not (repo.path / "tests").exists()


def test_outside_a_repository_it_exits_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    result = check()
    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")


def test_a_missing_ref_exits_with_2(repo) -> None:
    repo.commit()
    result = check("--since", "origin/nowhere")
    assert result.exit_code == 2
    assert "--since origin/nowhere: " in result.stderr


def test_json_is_all_there_is_on_stdout(repo) -> None:
    repo.stage("a.py", DOUBLE)
    result = check("--output-format", "json")
    assert json.loads(result.stdout)["targets"][0]["qualname"] == "double"
    assert result.exit_code == 1


def test_a_file_takes_the_format_and_the_terminal_gets_text(repo) -> None:
    repo.stage("a.py", DOUBLE)
    result = check("--output-format", "json", "--output-file", "../report.json")
    assert json.loads((repo.path / "../report.json").read_text())["counts"]["untested"] == 1
    assert result.stdout.startswith("a.py:1: PTG001")


def test_two_formats_at_once(repo) -> None:
    repo.stage("a.py", DOUBLE)
    result = check("--output-format", "json", "--output-file", "../report.json", "--output-format", "github")
    assert json.loads((repo.path / "../report.json").read_text())["exit_status"] == 1
    assert result.stdout.startswith("::error file=a.py,line=1,")


@pytest.mark.usefixtures("repo")
def test_a_file_that_cannot_be_written_is_refused() -> None:
    result = check("--output-file", "missing/report.txt")
    assert result.exit_code == 2
    assert "--output-file missing/report.txt" in result.stderr


def test_formats_with_files_of_their_own_and_one_that_is_printed(repo) -> None:
    repo.stage("a.py", DOUBLE)
    pairs = [f"{form}:../report.{form}" for form in program.FORMATS]
    result = check(*[part for pair in pairs for part in ("--output-format", pair)], "--output-format", "github")
    assert result.exit_code == 1
    assert result.stdout.startswith("::error file=a.py,line=1,")
    texts = {form: (repo.path / f"../report.{form}").read_text() for form in program.FORMATS}
    assert texts["text"].startswith("a.py:1: PTG001")
    assert json.loads(texts["sarif"])["version"] == "2.1.0"
    assert json.loads(texts["gitlab"])[0]["check_name"] == "PTG001"
    assert "<testsuites" in texts["junit"]
    assert texts["markdown"].startswith("<!-- pytestgen -->\n")


def test_a_file_of_its_own_leaves_output_files_to_the_other_formats(repo) -> None:
    repo.stage("a.py", DOUBLE)
    check("--output-format", "json:../a.json", "--output-format", "sarif", "--output-file", "../b.sarif")
    assert "runs" in json.loads((repo.path / "../b.sarif").read_text())


def test_a_format_in_a_file_may_not_overwrite_a_source(repo) -> None:
    repo.stage("a.py", DOUBLE)
    result = check("--output-format", "json:a.py")
    assert result.exit_code == 2
    assert (repo.path / "a.py").read_text() == DOUBLE


@pytest.mark.parametrize("form", [form for form in program.FORMATS if form != "github"])
def test_a_printed_format_is_all_there_is_whatever_the_code_page(repo, form: str) -> None:
    repo.stage("naïve €.py", DOUBLE.replace("double", "größe日本"))
    runs = {}
    for encoding in ("utf-8", "cp1252") if form in ("text", "markdown") else ("cp1252",):
        environment = {**os.environ, "PYTHONIOENCODING": encoding, "FORCE_COLOR": "0"}
        command = [sys.executable, "-m", "pytestgen_hook", "check", "--output-format", form]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (1, b"")
        runs[encoding] = done.stdout.decode(encoding)
    # In the code page, what it lacks is written as escapes; formats for programs are ASCII and the same.
    if form in ("text", "markdown"):
        assert "größe日本" in runs["utf-8"]
        assert "größe\\u65e5\\u672c" in runs["cp1252"]
    else:
        assert runs["cp1252"].isascii()
    if form in ("json", "sarif", "gitlab"):
        json.loads(runs["cp1252"])


@pytest.mark.parametrize("form", ["sarif", "json", "junit"])
def test_exit_zero_is_followed_in_every_format_and_nothing_else_hides_findings(repo, form: str) -> None:
    repo.stage("a.py", DOUBLE)
    assert check("--output-format", form).exit_code == 1
    assert check("--output-format", form, "--exit-zero").exit_code == 0


@pytest.mark.parametrize(
    ("setup", "kind", "told"),
    [
        pytest.param("[tool.pytestgen]\nmodus = 1\n", "settings", "there is no setting 'modus'", id="settings"),
        pytest.param("", "environment", "--since nowhere: no such commit", id="git"),
    ],
)
def test_json_says_why_there_is_no_verdict(repo, setup: str, kind: str, told: str) -> None:
    repo.stage("a.py", DOUBLE)
    repo.stage("pyproject.toml", setup)
    repo.commit()
    repo.stage("a.py", DOUBLE.replace("2", "3"))
    arguments = ["--output-format", "json", *([] if setup else ["--since", "nowhere"])]
    result = check(*arguments)
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert (document["exit_status"], document["error"]["kind"]) == (2, kind)
    assert told in document["error"]["message"]
    assert told in result.stderr


def test_json_says_that_it_is_the_model_that_is_missing(repo) -> None:
    repo.stage("a.py", DOUBLE)
    options = ["--mode", "write", "--engine", "model", "--model", "none.gguf", "--python", sys.executable]
    result = check("--output-format", "json", *options)
    assert result.exit_code == 2
    assert json.loads(result.stdout)["error"]["kind"] == "model"
    assert repo.git("status", "--porcelain", "--untracked-files=all") == "A  a.py\n"


# What a module of the standard library does that the program needs, the first when all is known, the others to say it.
BREAKS = {
    "when the folder of the run is removed": "tempfile.TemporaryDirectory.cleanup = broken",
    "when another format is made": "xml.etree.ElementTree.indent = broken",
    "when JSON is made": "json.dumps = broken_once",
}
BROKEN = """\
import json, sys, tempfile, xml.etree.ElementTree

right = json.dumps

def broken(*arguments, **options):
    raise RuntimeError("it is broken\\x1b[2J")

def broken_once(value, **options):
    if isinstance(value, dict) and value.get("targets"):
        broken()
    return right(value, **options)

if "pytestgen_hook" in sys.orig_argv:
    {}
"""


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in BREAKS.items()])
@pytest.mark.parametrize("to", ["standard output", "a file"])
def test_a_bug_of_ours_is_said_in_json_whenever_it_shows_itself(repo, tmp_path: Path, change: str, to: str) -> None:
    (tmp_path / "late").mkdir()
    (tmp_path / "late" / "sitecustomize.py").write_text(BROKEN.format(change))
    report = tmp_path / "report.json"
    repo.stage("a.py", DOUBLE)
    json_to = "json" if to == "standard output" else f"json:{report}"
    command = [sys.executable, "-m", "pytestgen_hook", "check", "--exit-zero", "--output-format", json_to]
    done = subprocess.run(
        [*command, "--output-format", f"junit:{tmp_path / 'report.xml'}"],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "late")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3
    document = json.loads(done.stdout if to == "standard output" else report.read_bytes())
    jsonschema.Draft202012Validator(json.loads(SCHEMA.read_bytes())).validate(document)
    assert (document["exit_status"], document["targets"]) == (3, [])
    assert document["error"] == {"kind": "bug", "message": "RuntimeError: it is broken\x1b[2J"}
    assert b"pytestgen has a bug: RuntimeError: it is broken\\x1b[2J" in done.stderr
    log = tmp_path / "cache" / "pytestgen-error.log"
    assert str(log).encode() in done.stderr
    assert "in broken" in log.read_text()


def test_json_says_that_another_report_could_not_be_written(repo, tmp_path: Path) -> None:
    repo.stage("a.py", DOUBLE)
    result = check("--output-format", "json", "--output-format", f"junit:{tmp_path / 'none' / 'report.xml'}")
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert (document["exit_status"], document["error"]["kind"]) == (2, "environment")
    assert "report.xml: No such file or directory" in document["error"]["message"]


def test_quiet_is_silent_in_text_only_and_findings_are_told(repo) -> None:
    repo.stage("a.py", "")
    assert check("-q").output == ""
    assert json.loads(check("-q", "--output-format", "json").stdout)["exit_status"] == 0
    repo.stage("a.py", DOUBLE)
    assert len(check("-q").stdout.splitlines()) == 2


def test_the_summary_of_the_step_gets_the_table(repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("# Before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    repo.stage("a.py", DOUBLE)
    check()
    assert summary.read_text() == "# Before\n"
    check("--output-format", "github", "--output-format", "json:../report.json")
    assert summary.read_text().startswith("# Before\n**1 function needs a look**: 1 new function untested\n\n| |")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
    result = check("--output-format", "github")
    assert result.exit_code == 1
    assert result.stderr == "note: GITHUB_STEP_SUMMARY cannot be written: Is a directory\n"


def test_the_summary_keeps_below_the_limit_with_what_the_step_wrote_before(
    repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    before = "€" * ((1024 * 1024 - 4000) // 3) + "\n"
    summary.write_text(before, encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    repo.stage("a.py", "".join(f"def größe_{number}(): return {number}\n" for number in range(90)))
    check("--output-format", "github")
    written = summary.read_bytes()
    assert 1024 * 1024 - 1000 < len(written) <= 1024 * 1024
    lines = written.decode("utf-8").removeprefix(before).splitlines()
    rows = [line for line in lines if line.startswith("| PTG")]
    assert all("größe" in row and row.endswith(" |") for row in rows)
    assert f"… {90 - len(rows)} more: see the log, or another format of the report." in lines


def test_diff_prints_a_patch_and_writes_nothing(repo) -> None:
    repo.stage("a.py", DOUBLE)
    result = check("--diff", "--python", sys.executable)
    assert repo.git("status", "--porcelain", "--untracked-files=all") == "A  a.py\n"
    assert result.exit_code == 1
    assert result.stdout.startswith("diff --git ")
    assert "1 given tests" in result.stderr
    subprocess.run(["git", "apply", "-"], input=result.stdout, text=True, check=True)
    assert "double(" in (repo.path / "tests" / "test_a.py").read_text()


def test_output_that_the_encoding_lacks_is_escaped(repo) -> None:
    repo.stage("naïve.py", DOUBLE.replace("double", "größe"))
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    completed = subprocess.run(
        [sys.executable, "-m", "pytestgen_hook", "check"], env=environment, capture_output=True, check=False
    )
    assert completed.returncode == 1
    assert b"na\\xefve.py:1: PTG001 gr\\xf6\\xdfe: " in completed.stdout


def test_colour_follows_the_environment(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.stage("a.py", DOUBLE)
    assert "\x1b[" not in check().stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[31mPTG001" in check().stdout
    assert "\x1b[" not in check("--output-format", "json").stdout
    assert "\x1b[" not in check("--no-color").stdout


@pytest.mark.parametrize("source", ["pyproject.toml", "c.toml"])
def test_show_settings_says_where_each_comes_from_and_can_be_read_again(
    repo, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    table = "[[tool.pytestgen.overrides]]" if source == "pyproject.toml" else "[[overrides]]"
    head = "[tool.pytestgen]" if source == "pyproject.toml" else ""
    repo.stage(
        source, f'{head}\nexclude = ["a \\"b\\"/*"]\nbudget = 5\n{table}\npaths = ["old"]\nignore = ["PTG002"]\n'
    )
    monkeypatch.setenv("PYTESTGEN_TEST_TIMEOUT", "7.5")
    arguments = [] if source == "pyproject.toml" else ["--config", source]
    result = check("--mode", "write", "--show-settings", *arguments)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert 'mode = "write"  # --mode' in lines
    assert f"budget = 5  # {source}" in lines
    assert "test-timeout = 7.5  # PYTESTGEN_TEST_TIMEOUT" in lines
    assert "header = false  # default" in lines
    repo.write("again.toml", result.stdout)
    monkeypatch.delenv("PYTESTGEN_TEST_TIMEOUT")
    again = check("--config", "again.toml", "--show-settings").stdout.splitlines()
    assert [line.partition("  #")[0] for line in again] == [line.partition("  #")[0] for line in lines]


def test_isolated_reads_no_file_of_settings(repo) -> None:
    repo.stage("pyproject.toml", '[tool.pytestgen]\nexclude = ["a.py"]\n')
    repo.stage("a.py", DOUBLE)
    assert check().exit_code == 0
    assert check("--isolated").exit_code == 1
    repo.stage("pyproject.toml", "[tool.pytestgen\n")
    assert check("--isolated").exit_code == 1


def test_under_pre_commit_the_remedy_is_its_own_hook(repo, monkeypatch: pytest.MonkeyPatch) -> None:
    repo.stage("a.py", DOUBLE)
    monkeypatch.setenv("PRE_COMMIT", "1")
    # Without the generating hook: the program itself, by its full path, since it is not on PATH.
    assert str(Path(sys.argv[0]).absolute()) in check().stdout
    repo.write(".pre-commit-config.yaml", "repos: [{repo: local, hooks: [{id: pytestgen-generate}]}]\n")
    assert "-> pre-commit run --hook-stage manual pytestgen-generate\n" in check().stdout


def test_without_python_in_the_commit_nothing_heavy_is_imported(repo) -> None:
    repo.stage("a.txt", "text")
    heavy = {"rich", "git", "libcst", "yaml", "tomllib", "platformdirs", "sqlite3"}
    heavy |= {"pytestgen_hook.model", "llama_cpp", "huggingface_hub", "psutil", "filelock"}
    script = (
        "import sys\nfrom pytestgen_hook.cli import check\ntry:\n    check([])\nfinally:\n"
        f"    print(sorted({heavy} & set(sys.modules)))\n"
    )
    completed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert completed.stdout.splitlines()[-1] == "[]"
    assert completed.returncode == 0


def test_choices_are_those_of_the_settings() -> None:
    options = {option.name: option for option in program.check.params}
    for name, known in (("mode", config.MODES), ("engine", config.ENGINES)):
        kind = options[name].type
        assert isinstance(kind, click.Choice)
        assert tuple(kind.choices) == known


def test_the_version_is_printed() -> None:
    assert check("--version").stdout == f"pytestgen-hook {__version__}\n"
    assert pytestgen("--version").stdout == f"pytestgen-hook {__version__}\n"


def test_help_names_exit_statuses_and_colour() -> None:
    text = check("--help").stdout
    assert "130 interrupted" in text
    assert "NO_COLOR" in text


def test_the_group_lists_its_commands() -> None:
    text = pytestgen("--help").stdout
    assert all(f"\n  {name} " in text for name in ("amend", "check", "doctor", "explain", "init"))


@pytest.mark.parametrize("code", ["PTG001", "ptg002", "PTG003", "PTG004", "PTG005", "PTG006", "PTG007"])
def test_every_rule_is_explained(code: str) -> None:
    result = pytestgen("explain", code)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{code.upper()} ")
    assert len(result.stdout.splitlines()) > 5


def test_without_a_code_all_rules_are_listed() -> None:
    assert [line.split()[0] for line in pytestgen("explain").stdout.splitlines()] == [
        f"PTG00{number}" for number in range(1, 8)
    ]


def test_an_unknown_rule_is_refused_with_the_nearest() -> None:
    result = pytestgen("explain", "PTG01")
    assert result.exit_code == 2
    assert "error: there is no rule PTG01. Did you mean PTG001?" in result.stderr


@pytest.mark.usefixtures("repo")
def test_amend_without_a_commit_is_refused() -> None:
    result = pytestgen("amend")
    assert result.exit_code == 2
    assert "no commit" in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes streams")
@pytest.mark.parametrize(
    ("streams", "status"),
    [
        pytest.param(">&-", 1, id="no-stdout"),
        pytest.param("<&- >&- 2>&-", 1, id="none"),
        pytest.param("2>&-", 1, id="no-stderr"),
        pytest.param(">/dev/full", 2, id="full"),
    ],
)
def test_it_works_whatever_the_standard_streams_are(repo, streams: str, status: int) -> None:
    repo.stage("a.py", DOUBLE)
    command = f"{sys.executable} -m pytestgen_hook check {streams}"
    result = subprocess.run(["sh", "-c", command], cwd=repo.path, capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stderr
    assert "bug" not in result.stderr
    assert ("the output cannot be written" in result.stderr) is (status == 2)
