"""The main job on real repositories: verdicts, modes, what is written where, and what is left alone."""

import json
import shlex
import subprocess
import sys

import pytest
from click.testing import CliRunner

from pytestgen_hook.cli import check, pytestgen

SOURCE = "def double(number: int) -> int:\n    return number * 2\n"
TEST = "from a import double\n\n\ndef test_double():\n    assert double(2) == 4\n"


def run(*options):
    return CliRunner().invoke(check, ["--python", sys.executable, *options])


def targets(*options):
    document = json.loads(run("--output-format", "json", *options).stdout)
    return {target["qualname"]: target for target in document["targets"]}


def status(repo):
    return repo.git("status", "--porcelain", "-uall").splitlines()


def test_a_function_that_a_passing_test_runs_is_tested(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", TEST)
    found = targets()
    assert found["double"]["status"] == "tested"
    assert found["double"]["tests"] == ["test_a.py::test_double"]
    assert run().exit_code == 0


def test_a_function_that_a_test_runs_in_another_process_is_tested(repo):
    repo.stage("src/shop/__init__.py", "")
    repo.stage("src/shop/cli.py", f"import sys\n\n\n{SOURCE}\n\nprint(double(int(sys.argv[1])))\n")
    repo.stage("pyproject.toml", '[project]\nname = "shop"\nversion = "1"\n')
    start = 'output = subprocess.check_output([sys.executable, "-m", "shop.cli", "2"], text=True)'
    repo.stage(
        "tests/test_cli.py",
        f"import subprocess\nimport sys\n\n\ndef test_it():\n    {start}\n    assert output == '4\\n'\n",
    )
    assert targets()["double"]["tests"] == ["tests/test_cli.py::test_it"]
    assert run().exit_code == 0


def test_where_no_test_names_a_function_the_nearest_run_first_and_no_more_than_are_needed(repo):
    repo.stage(
        "a.py", "def _twice(number):\n    return number * 2\n\n\ndef double(number):\n    return _twice(number)\n"
    )
    repo.stage("hub.py", "import a\n\n\ndef four():\n    return a.double(2)\n")
    for number in range(12):
        repo.stage(f"test_{number:02}.py", "import hub\n\n\ndef test_fails():\n    assert hub.four() == 5\n")
    repo.commit()
    repo.stage("test_near.py", TEST)
    repo.stage(
        "a.py", "def _twice(number):\n    return number + number\n\n\ndef double(number):\n    return _twice(number)\n"
    )
    result = run("--output-format", "json", "--isolated")
    document = json.loads(result.stdout)
    (found,) = document["targets"]
    assert (found["qualname"], found["tests"]) == ("_twice", ["test_near.py::test_double"])
    assert document["notes"] == []


def test_what_fails_beside_others_is_run_again_alone(repo, tmp_path):
    place = tmp_path / "meeting"
    place.mkdir()
    repo.stage("a.py", SOURCE)
    repo.commit()
    repo.stage(
        "meet.py",
        f"""import os, pathlib, time

import a


def met():
    here = pathlib.Path({str(place)!r})
    (here / str(os.getpid())).touch()
    while len(list(here.iterdir())) < 2:
        time.sleep(0.02)
    assert a.double(2) == 4
    return str(os.getpid()) in [path.name for path in sorted(here.iterdir(), key=os.path.getmtime)][:2]
""",
    )
    for number in range(7):  # these come first, since they are nearer: one, two, and then four
        repo.stage(f"test_{number}.py", "import a\n\n\ndef test_there():\n    assert a\n")
    for number in range(7, 15):
        repo.stage(f"test_{number}.py", "import meet\n\n\ndef test_alone():\n    assert not meet.met()\n")
    repo.commit()
    repo.stage("a.py", SOURCE.replace("number * 2", "2 * number"))
    repo.stage("pyproject.toml", "[tool.pytestgen]\ntest-jobs = 2\n")
    document = json.loads(run("--output-format", "json").stdout)
    (found,) = document["targets"]
    assert (found["qualname"], found["status"]) == ("double", "tested")
    assert found["tests"][0] == "test_10.py::test_alone"
    assert len(list(place.iterdir())) == 3
    assert not [note for note in document["notes"] if "failing" in note]


def test_the_time_for_tests_is_for_all_batches_together(repo):
    repo.stage("a.py", SOURCE)
    slow = "import time\nimport a\n\n\ndef test_slow():\n    time.sleep(3)\n"
    for number in range(20):
        repo.stage(f"test_{number:02}.py", slow)
    repo.stage("pyproject.toml", "[tool.pytestgen]\ntest-timeout = 8\n")
    notes = json.loads(run("--output-format", "json").stdout)["notes"]
    (over,) = [note for note in notes if "not run: the 8 s for running tests were over" in note]
    assert 1 + int(over.split()[2]) >= 12, notes  # all of the second batch, perhaps more


@pytest.mark.parametrize(
    ("test", "reason"),
    [
        pytest.param("import a\n\n\ndef test_import():\n    assert a\n", "no test runs its body", id="import-alone"),
        pytest.param(TEST.replace("4", "5"), "failing test", id="failing"),
        pytest.param("from a import double\nimport missing_module\n", "could not start", id="not-collected"),
        pytest.param(
            "import pytest\nfrom a import double\n\n\n@pytest.mark.skip\ndef test_double():\n    assert double(2) == 4\n",
            "no test runs its body",
            id="skipped",
        ),
    ],
)
def test_what_does_not_pass_is_no_evidence(repo, test, reason):
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", test)
    assert targets()["double"]["status"] == "untested"
    result = run()
    assert result.exit_code == 1
    assert reason in result.output


def test_a_hanging_test_is_no_evidence_and_is_ended(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", TEST + "\n\ndef test_hangs():\n    while True:\n        double(1)\n")
    repo.stage("pyproject.toml", "[tool.pytestgen]\ntest-timeout = 4\n")
    result = run()
    assert result.exit_code == 1
    assert "timed out" in result.output


def test_a_file_that_is_copied_whole_is_not_asked_about_and_that_is_said(repo):
    repo.stage("a.py", SOURCE)
    repo.commit()
    repo.stage("b.py", SOURCE)
    repo.stage("c.py", SOURCE.replace("2", "3"))
    document = json.loads(run("--output-format", "json").stdout)
    assert [target["path"] for target in document["targets"]] == ["c.py"]
    assert document["notes"] == ["b.py is a copy of a.py: not asked about"]
    repo.commit()
    assert "b.py is a copy of a.py: not asked about" in run("--since", "HEAD^").output


def test_the_index_counts_and_not_the_work_tree(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", TEST)
    repo.write("test_a.py", "")
    repo.write("stray_test.py", "raise SystemExit\n")
    assert run().exit_code == 0


def test_ignored_files_that_the_code_needs_are_there(repo):
    repo.stage("a.py", "from _version import NUMBER\n\n\ndef double(n: int) -> int:\n    return n * NUMBER\n")
    repo.stage(".gitignore", "_version.py\n")
    repo.write("_version.py", "NUMBER = 2\n")
    repo.stage("test_a.py", TEST)
    assert run().exit_code == 0


@pytest.mark.parametrize("added", [[], ["--intent-to-add"]])
def test_tests_that_nobody_staged_are_named(repo, added):
    repo.stage("a.py", SOURCE)
    repo.write("test_a.py", TEST)
    repo.write("test_other.py", "def test_other():\n    assert True\n")
    if added:
        repo.git("add", *added, "test_a.py")
    document = json.loads(run("--output-format", "json").stdout)
    assert [target["status"] for target in document["targets"]] == ["untested"]
    assert document["notes"] == ["not looked at, as it is not staged: test_a.py"]
    repo.git("add", "test_a.py")
    document = json.loads(run("--output-format", "json").stdout)
    assert [target["status"] for target in document["targets"]] == ["tested"]
    assert document["notes"] == []


def test_a_test_that_was_added_to_a_file_and_not_staged_is_named(repo):
    repo.stage("test_a.py", "import a\n\n\ndef test_nothing():\n    assert a\n")
    repo.stage("a.py", SOURCE)
    repo.write("test_a.py", TEST)
    document = json.loads(run("--output-format", "json").stdout)
    assert [target["status"] for target in document["targets"]] == ["untested"]
    assert document["notes"] == ["not looked at, as it is not staged: test_a.py"]


def test_mode_write_writes_and_stages_nothing(repo):
    repo.stage("a.py", SOURCE)
    assert run("--mode", "write").exit_code == 1
    assert status(repo) == ["A  a.py", "?? tests/test_a.py"]


def test_mode_amend_stages_what_it_wrote_and_is_clean(repo):
    repo.stage("a.py", SOURCE)
    assert run("--mode", "amend").exit_code == 0
    assert status(repo) == ["A  a.py", "A  tests/test_a.py"]
    assert run("--mode", "amend").exit_code == 0


def test_a_second_run_finds_nothing_to_do(repo):
    repo.stage("a.py", SOURCE)
    run("--mode", "amend")
    before = (repo.path / "tests/test_a.py").read_bytes()
    assert run("--mode", "write").exit_code == 0
    assert (repo.path / "tests/test_a.py").read_bytes() == before


def test_a_test_file_with_unstaged_edits_is_left_alone(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("tests/test_a.py", "import a\n")
    repo.write("tests/test_a.py", "import a\n# being edited\n")
    assert run("--mode", "amend").exit_code == 0
    assert (repo.path / "tests/test_a.py").read_text() == "import a\n# being edited\n"
    assert "A  tests/test_a_more.py" in status(repo)


def test_existing_tests_stay_byte_for_byte(repo):
    existing = '"""Kept."""\nimport   a   # odd spacing\n\n\ndef test_other( ):\n\tassert a\n'
    repo.stage("a.py", SOURCE)
    repo.stage("tests/test_a.py", existing)
    run("--mode", "write")
    lines = iter((repo.path / "tests/test_a.py").read_text().splitlines())
    assert all(line in lines for line in existing.splitlines())


def test_diff_shows_and_writes_nothing(repo):
    repo.stage("a.py", SOURCE)
    result = run("--diff")
    assert "+++ b/tests/test_a.py" in result.output
    assert status(repo) == ["A  a.py"]


def test_a_file_that_does_not_parse_is_said_and_counted(repo):
    repo.stage("broken.py", "def f(:\n")
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", TEST)
    result = run()
    assert result.exit_code == 1
    assert "broken.py" in result.output
    assert "1 not analysed" in result.output


def test_without_pytest_the_verdict_is_an_estimate_and_marked_as_one(repo, tmp_path):
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    python = str(tmp_path / "bare" / "bin" / "python")
    repo.stage("a.py", SOURCE)
    repo.stage("test_a.py", TEST)
    result = CliRunner().invoke(check, ["--python", python, "--output-format", "json"])
    (target,) = json.loads(result.stdout)["targets"]
    assert (target["status"], target["evidence"]) == ("tested", "static")
    result = CliRunner().invoke(check, ["--python", python, "--quiet"])
    assert result.exit_code == 1
    assert "estimated, not measured" in result.output
    assert result.output.splitlines()[0].endswith(f"-> {python} -m pip install pytest")
    repo.stage("pyproject.toml", "[tool.pytestgen]\nallow-estimates = true\n")
    result = CliRunner().invoke(check, ["--python", python])
    assert result.exit_code == 0
    assert "1 estimated, not measured" in result.output


def test_where_the_budget_is_used_up_more_of_it_is_the_remedy(repo):
    repo.stage("a.py", SOURCE)
    result = run("--mode", "write", "--budget", "0.001")
    assert "used up" in result.output
    assert "-> pytestgen-check --mode write --budget 0.002 a.py" in result.output


def test_excluded_files_give_no_findings(repo):
    repo.stage("pyproject.toml", '[tool.pytestgen]\nexclude = ["migrations/*"]\n')
    repo.stage("migrations/one.py", SOURCE)
    assert targets() == {}


def test_amend_puts_tests_into_the_last_commit(repo, monkeypatch):
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.org")
    repo.stage("a.py", SOURCE)
    repo.commit("the message")
    result = CliRunner().invoke(pytestgen, ["amend", "--python", sys.executable])
    assert result.exit_code == 0, result.output
    assert repo.git("show", "--format=%s", "--name-only", "HEAD").split() == [
        "the",
        "message",
        "a.py",
        "tests/test_a.py",
    ]
    assert status(repo) == []


def test_a_function_that_attacks_is_refused_and_nothing_happens(repo):
    victim = repo.write("victim.txt", "precious")
    repo.stage("a.py", f"import os\n\n\ndef wipe(n: int):\n    os.remove({str(victim)!r})\n")
    result = run("--mode", "write")
    assert victim.read_text() == "precious"
    assert "delete" in result.output
    assert result.exit_code == 1


@pytest.mark.parametrize("name", ["my-script.py", "2fast.py", "with space.py", "class.py"])
def test_a_file_that_no_test_could_import_is_said(repo, name):
    repo.stage(name, SOURCE)
    result = run("--mode", "write")
    assert result.exit_code == 1
    assert "no name that a test could import" in result.output
    assert not (repo.path / "tests").exists()


@pytest.mark.parametrize(
    "source",
    [
        pytest.param("", id="empty"),
        pytest.param("x = 1\n", id="no-functions"),
        pytest.param("\ufeffdef f(n: int):\n    return n + 1\n", id="bom"),
        pytest.param("def f(n: int):\r\n    return n + 1\r\n", id="windows-line-ends"),
        pytest.param("\f\ndef f(n: int):\n    return n + 1\n", id="form-feed"),
        pytest.param("def f(n: int): return n + 1\n", id="one-line"),
        pytest.param("if True:\n    def f(n: int):\n        return n + 1\n", id="conditional"),
        pytest.param("def _f(n: int):\n    return n + 1\n", id="private"),
    ],
)
def test_odd_sources_are_given_tests_or_have_none_to_give(repo, source):
    (repo.path / "odd.py").write_bytes(source.encode())
    repo.git("add", "odd.py")
    result = run("--mode", "amend")
    assert result.exit_code == 0, result.output
    assert (repo.path / "tests/test_odd.py").exists() is ("def " in source)
    assert run().exit_code == 0


def test_functions_of_one_name_in_two_places_are_told_apart(repo):
    source = "class A:\n    def f(self):\n        return 1\n\n\nclass B:\n    def f(self):\n        return 2\n"
    repo.stage("twins.py", source)
    assert run("--mode", "amend").exit_code == 0
    assert {"A.f", "B.f"} <= targets("--all").keys()


def test_two_modules_of_one_name_get_test_files_of_their_own(repo):
    for folder in ("left", "right"):
        repo.stage(f"{folder}/__init__.py", "")
        repo.stage(f"{folder}/util.py", SOURCE.replace("2", "3" if folder == "left" else "4"))
    assert run("--mode", "amend").exit_code == 0, run().output
    assert run().exit_code == 0


def test_a_fixture_that_needs_the_network_is_said_and_nothing_is_written(repo):
    repo.stage("a.py", SOURCE)
    fixture = "@pytest.fixture(autouse=True)\ndef net():\n    socket.create_connection(('127.0.0.1', 9))\n"
    repo.stage("conftest.py", f"import socket\n\nimport pytest\n\n\n{fixture}")
    result = run("--mode", "write")
    assert result.exit_code == 1
    assert "what the sandbox denies" in result.output
    assert status(repo) == ["A  a.py", "A  conftest.py"]


@pytest.mark.parametrize("scope", [(), ("--all",)])
def test_a_file_with_conflicts_is_not_passed_over(repo, scope):
    repo.stage("one.py", "x = 1\n")
    repo.commit()
    repo.git("checkout", "--quiet", "-b", "side")
    repo.stage("one.py", "x = 2\n")
    repo.commit()
    repo.git("checkout", "--quiet", "main")
    repo.stage("one.py", "x = 3\n")
    repo.commit()
    with pytest.raises(subprocess.CalledProcessError):
        repo.git("merge", "side")
    result = run(*scope)
    assert result.exit_code == 1
    assert "one.py: not analysed: it has unresolved conflicts" in result.output


@pytest.mark.parametrize("name", ["-dash.py", "two words.py", "nl\nx.py", "quote'.py"])
def test_the_command_that_is_named_works_in_a_shell(repo, name):
    repo.stage(name, SOURCE)
    told = run().output
    command = told[told.index("-> ") + 3 :].splitlines()[0]
    program = f"{shlex.quote(sys.executable)} -m pytestgen_hook check --python {shlex.quote(sys.executable)}"
    command = command.replace("pytestgen-check", program)
    result = subprocess.run(["bash", "-c", command], cwd=repo.path, capture_output=True, text=True, check=False)
    assert "1 changed function" in result.stdout, result.stdout + result.stderr


def test_settings_of_pytest_do_not_make_it_a_module_of_the_project(repo):
    repo.stage(
        "a.py",
        "def half(number: int) -> int:\n    if number % 2:\n        raise ValueError(number)\n    return number // 2\n",
    )
    repo.stage("pytest.ini", "[pytest]\n")
    run("--mode", "write")
    assert (
        (repo.path / "tests/test_a.py").read_text(encoding="utf-8").startswith("import pytest\n\nfrom a import half\n")
    )


def test_tests_that_were_written_and_not_staged_are_not_written_again(repo):
    repo.stage("a.py", SOURCE)
    run("--mode", "write")
    before = status(repo)
    result = run("--mode", "write")
    assert status(repo) == before
    assert "its tests stand in tests/test_a.py, which is not staged -> git add tests/test_a.py" in result.output
    assert result.exit_code == 1


def test_a_file_that_cannot_take_tests_gets_one_neighbour_for_all(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("tests/test_a.py", "double = half = 1\n")
    run("--mode", "write")
    before = status(repo)
    assert "?? tests/test_a_more.py" in before
    run("--mode", "write")
    assert status(repo) == before
    repo.git("add", "tests")
    repo.stage("a.py", SOURCE + "\n\ndef half(number: int) -> float:\n    return number / 2\n")
    run("--mode", "write")
    assert status(repo) == ["A  a.py", "A  tests/test_a.py", "AM tests/test_a_more.py"]


def test_two_sources_whose_common_file_cannot_take_tests_share_its_neighbour(repo):
    for name in ("one", "two"):
        repo.stage(f"{name}/__init__.py", "")
        repo.stage(f"{name}/a.py", SOURCE.replace("double", name))
    repo.stage("tests/test_a.py", "import one.a, two.a\n\npytestmark: list = []\n__test__ = False\n")
    run("--mode", "amend")
    assert {"test_one", "test_two"} <= {
        line.removeprefix("def ").partition("(")[0]
        for line in (repo.path / "tests/test_a_more.py").read_text(encoding="utf-8").splitlines()
    }


def test_where_git_ignores_the_tests_nothing_is_written_and_that_is_said(repo):
    repo.stage("a.py", SOURCE)
    repo.stage(".gitignore", "tests/\n")
    result = run("--mode", "write")
    assert "is its folder a link, or ignored by git?" in result.output
    assert not (repo.path / "tests").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_a_link_in_place_of_the_test_file_is_left_alone_and_one_beside_it_is_written(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("real/shared.py", "import a\n")
    (repo.path / "tests").mkdir()
    (repo.path / "tests/test_a.py").symlink_to("../real/shared.py")
    repo.git("add", "tests")
    assert run("--mode", "amend").exit_code == 0
    assert "A  tests/test_a_more.py" in status(repo)


@pytest.mark.skipif(sys.platform == "win32", reason="needs symbolic links")
def test_a_link_in_place_of_the_folder_of_tests_is_left_alone_and_that_is_said(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("real/readme.txt", "")
    (repo.path / "tests").symlink_to("real")
    repo.git("add", "tests")
    assert "is its folder a link" in run("--mode", "write").output


def test_a_test_file_that_a_sparse_checkout_leaves_out_keeps_its_tests(repo):
    repo.stage("src/a.py", "x = 1\n")
    repo.stage("tests/test_a.py", "import a\n\n\ndef test_old():\n    assert a.x\n")
    repo.commit()
    repo.git("sparse-checkout", "set", "src")
    repo.stage("src/a.py", SOURCE)
    run("--mode", "write")
    assert not (repo.path / "tests/test_a.py").exists()
    assert "?? tests/test_a_more.py" in status(repo)


def test_a_test_that_a_clash_renames_is_proved_and_told_under_its_new_name(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("tests/shared.py", "def test_double():\n    pass\n")
    repo.stage("tests/test_a.py", "import a\nfrom shared import test_double\n\n\ndef test_import():\n    assert a\n")
    assert targets("--mode", "write")["double"]["tests"] == ["tests/test_a.py::test_double_2"]
    assert "\ndef test_double_2(" in (repo.path / "tests/test_a.py").read_text(encoding="utf-8")


def test_amend_that_git_refuses_says_where_the_tests_are(repo):
    repo.stage("a.py", SOURCE)
    repo.commit()
    repo.git("config", "user.name", "Ada")
    repo.git("config", "user.email", "ada@example.org")
    repo.git("config", "commit.gpgsign", "true")
    repo.git("config", "gpg.program", "false")
    result = CliRunner().invoke(pytestgen, ["amend", "--python", sys.executable])
    assert result.exit_code == 2
    assert "The tests are written and staged: tests/test_a.py. Run `git commit --amend`" in result.output
    assert status(repo) == ["A  tests/test_a.py"]


def test_a_file_that_hides_pytest_is_named(repo):
    repo.stage("a.py", SOURCE)
    repo.stage("pytest.py", "")
    result = run("--mode", "write")
    assert result.exit_code == 2
    assert "pytest.py hides pytest" in result.output


# -- what pytest collects, and what is test code ------------------------------------------------------------------------


def pytest_run():
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], capture_output=True, text=True, check=False
    ).stdout


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        pytest.param("python_files = check_*.py", "tests/check_a.py", id="names of files"),
        pytest.param("python_files = *_spec.py", "tests/a_spec.py", id="names with another end"),
        pytest.param("testpaths = checks", "checks/test_a.py", id="the place of tests"),
        pytest.param("python_functions = check_*", "tests/test_a.py", id="names of functions"),
        pytest.param("python_functions = *_check", "tests/test_a.py", id="names of functions with another end"),
    ],
)
def test_tests_are_written_where_and_as_the_projects_pytest_collects_them(repo, settings, path):
    repo.stage("pytest.ini", f"[pytest]\n{settings}\npythonpath = .\n")
    repo.stage("a.py", SOURCE)
    assert run("--mode", "amend").exit_code == 0
    assert f"A  {path}" in status(repo)
    assert "1 passed" in pytest_run()
    assert "tested" in run().output
    assert run("--mode", "amend").exit_code == 0


def test_a_function_named_as_tests_are_is_not_collected_from_its_test_file(repo):
    repo.stage("pytest.ini", "[pytest]\npython_functions = check_*\npythonpath = .\n")
    repo.stage("a.py", SOURCE.replace("double", "check_stock"))
    assert run("--mode", "amend").exit_code == 0
    assert "1 passed" in pytest_run()
    assert "import check_stock as _check_stock" in (repo.path / "tests/test_a.py").read_text()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ("python_files = all.py", "python_files in pytest.ini is all.py"),
        ("python_functions = test[A-Z]*", "python_functions in pytest.ini is test[A-Z]*"),
    ],
)
def test_where_no_test_would_be_collected_none_is_written_and_that_is_said(repo, settings, reason):
    repo.stage("pytest.ini", f"[pytest]\n{settings}\n")
    repo.stage("a.py", SOURCE)
    result = run("--mode", "write")
    assert result.exit_code == 1
    assert reason in result.output
    assert status(repo) == ["A  a.py", "A  pytest.ini"]


def test_test_files_by_the_projects_own_patterns_have_no_findings(repo):
    repo.stage("pytest.ini", "[pytest]\npython_files = check_*.py\npythonpath = .\n")
    repo.stage("a.py", SOURCE)
    repo.stage("checks/check_a.py", TEST)
    assert set(targets()) == {"double"}
    assert run().exit_code == 0


@pytest.mark.parametrize("path", ["test.py", "tests.py", "src/test/engine.py", "src/pkg/tests/helper.py"])
def test_product_code_is_not_passed_over_for_its_name(repo, path):
    repo.stage(path, SOURCE)
    assert run().exit_code == 1
    assert targets()["double"]["path"] == path


def test_what_is_left_out_is_counted_and_said(repo):
    repo.stage("tests/test_a.py", "def test_a():\n    assert True\n")
    repo.stage("tests/helper.py", SOURCE)
    repo.stage("conftest.py", SOURCE)
    repo.stage("old/b.py", SOURCE)
    repo.stage("pyproject.toml", '[tool.pytestgen]\nexclude = ["old/*"]\n')
    result = run()
    assert result.exit_code == 0
    assert "2 functions in test files not examined, 1 function excluded by the settings" in result.output
    counts = json.loads(run("--output-format", "json").stdout)["counts"]
    assert (counts["in_tests"], counts["excluded"]) == (2, 1)
    assert run("--quiet").output == ""


@pytest.mark.parametrize("settings", ["[project]\n", '[tool.pytest.ini_options]\npythonpath = ["src"]\n'])
def test_where_two_projects_have_a_module_of_one_name_tests_are_for_that_of_their_own(repo, settings):
    for project in ("a", "b"):
        repo.stage(f"{project}/src/x/__init__.py", "")
        repo.stage(f"{project}/src/x/m.py", SOURCE)
        repo.stage(f"{project}/pyproject.toml", settings)
    repo.stage("b/tests/test_b.py", TEST.replace("from a", "from x.m"))
    document = json.loads(run("--output-format", "json").stdout)
    assert {target["path"]: target["status"] for target in document["targets"]} == {
        "a/src/x/m.py": "untested",
        "b/src/x/m.py": "tested",
    }


def test_where_two_projects_have_a_module_of_one_name_each_is_given_tests(repo):
    for project in ("a", "b"):
        repo.stage(f"{project}/src/x/__init__.py", "")
        repo.stage(f"{project}/src/x/m.py", SOURCE.replace("2", str(ord(project))))
        repo.stage(f"{project}/pyproject.toml", '[tool.pytest.ini_options]\npythonpath = ["src"]\n')
    run("--mode", "amend")
    assert {f"A  {project}/tests/test_m.py" for project in ("a", "b")} <= set(status(repo))
    assert run().exit_code == 0
