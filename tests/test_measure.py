"""Real test files run in a copy of real repositories: what counts as evidence, what does not, what is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytestgen_hook.affected import affected_tests
from pytestgen_hook.cache import Cache
from pytestgen_hook.functions import functions_in
from pytestgen_hook.git import INDEX, Repository
from pytestgen_hook.imports import build_graph
from pytestgen_hook.interpreter import Interpreter, find_interpreter
from pytestgen_hook.measure import Bench, measure, run_environment
from pytestgen_hook.sandbox import clean_environment
from pytestgen_hook.testcode import TestCode
from pytestgen_hook.tree import staged_tree
from pytestgen_hook.types.evidence import RunOutcome, TestRun

if TYPE_CHECKING:
    from tests.conftest import Repo


class Judge:
    """Measures what is staged in a repository, as a run of the tool does."""

    def __init__(self, repo: Repo, place: Path) -> None:
        self.repo = repo
        self.place = place
        self.interpreter = find_interpreter(repo.path, sys.executable, {})
        self.timeout = 120.0
        self.jobs = 1
        self.copies = 0
        self.tree = place / "none"

    def stage(self, **files: str) -> None:
        for name, text in files.items():
            self.repo.stage(name, text)

    def runs(self, *changed: str) -> dict[str, TestRun]:
        repository = Repository.open(self.repo.path)
        entries = repository.entries(INDEX)
        cache = Cache(self.place / "cache")
        graph = build_graph(entries, repository.blobs, cache)
        tests = affected_tests(graph, changed, TestCode(entries, lambda _: None).collected)
        self.place.mkdir(exist_ok=True)
        bench = Bench(
            make_tree=lambda _: self._copy(repository),
            folder=self.place,
            interpreter=self.interpreter,
            graph=graph,
            entries=entries,
            cache=cache,
            timeout=self.timeout,
            read_blobs=repository.blobs,
            root=self.repo.path,
            jobs=self.jobs,
        )
        contents = repository.blobs(entries[path] for path in changed)
        sources = {path: functions_in(path, contents[entries[path]]) for path in changed}
        wanted = sorted({test for found in tests.values() for test in found})
        return {run.path: run for run in measure(wanted, sources, bench)}

    def _copy(self, repository: Repository) -> Path:
        self.copies += 1
        self.tree = staged_tree(repository, INDEX, self.place / f"copy{self.copies}").path
        return self.tree


@pytest.fixture
def judge(repo: Repo, tmp_path: Path) -> Judge:
    return Judge(repo, tmp_path / "place")


M = "def f(x):\n    return x\n\n\ndef g(x):\n    return x\n"


def test_a_src_layout_is_measured_in_the_copy(judge: Judge) -> None:
    judge.stage(
        **{"src/pkg/__init__.py": "", "src/pkg/m.py": M, "tests/test_m.py": "from pkg.m import f\ndef test_f(): f(1)\n"}
    )
    judge.repo.write("src/pkg/m.py", "raise RuntimeError('the work tree')\n")
    run = judge.runs("src/pkg/m.py")["tests/test_m.py"]
    assert (run.outcome, run.passed, run.failed) == (RunOutcome.PASSED, ("tests/test_m.py::test_f",), ())
    assert run.ran == {"src/pkg/m.py": {1: ("tests/test_m.py::test_f",)}}
    assert run.lines["src/pkg/m.py"] == {2}
    assert not run.from_cache


def test_several_roots_and_a_namespace_package(judge: Judge) -> None:
    judge.stage(
        **{
            "one/pyproject.toml": "[tool.pytest.ini_options]\n",
            "one/src/ns/a/__init__.py": "",
            "one/src/ns/a/m.py": M,
            "one/tests/test_m.py": "import ns.a.m\ndef test_f(): ns.a.m.f(1)\n",
            "two/pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-q'\n",
            "two/src/b.py": "from ns.a.m import g\n",
            "two/tests/test_b.py": "import b, pathlib\ndef test_g(): assert b.g(pathlib.Path.cwd()).name == 'two'\n",
        }
    )
    runs = judge.runs("one/src/ns/a/m.py")
    assert [run.outcome for run in runs.values()] == [RunOutcome.PASSED] * 2
    assert runs["one/tests/test_m.py"].ran["one/src/ns/a/m.py"].keys() == {1}
    assert runs["two/tests/test_b.py"].ran["one/src/ns/a/m.py"].keys() == {5}


def test_a_fixture_reaches_the_code(judge: Judge) -> None:
    judge.stage(
        **{
            "m.py": M,
            "tests/conftest.py": "import pytest, m\n@pytest.fixture\ndef value(): return m.f(1)\n",
            "tests/test_v.py": "def test_v(value): assert value\n",
        }
    )
    assert judge.runs("m.py")["tests/test_v.py"].ran == {"m.py": {1: ("tests/test_v.py::test_v",)}}


def test_failing_tests_are_no_evidence(judge: Judge) -> None:
    judge.stage(
        **{"m.py": M, "test_m.py": "import m\ndef test_f(): assert m.f(1) == 2\ndef test_g(): assert m.g(1) == 1\n"}
    )
    run = judge.runs("m.py")["test_m.py"]
    assert (run.outcome, run.failed, run.passed) == (RunOutcome.FAILED, ("test_m.py::test_f",), ("test_m.py::test_g",))
    assert run.ran["m.py"].keys() == {5}
    assert run.message.startswith("test_f: ")
    assert "assert 1 == 2" in run.message


def test_a_hang_is_found_out_and_the_others_run(judge: Judge) -> None:
    judge.timeout = 24.0
    judge.stage(
        **{
            "m.py": M,
            "test_a.py": "import m\ndef test_f(): m.f(1)\n",
            "test_b.py": "import m, time\ndef test_ok(): m.g(1)\ndef test_hangs(): time.sleep(600)\n",
            "test_c.py": "import m\ndef test_f(): m.f(1)\n",
        }
    )
    runs = judge.runs("m.py")
    assert {path: run.outcome for path, run in runs.items()} == {
        "test_a.py": RunOutcome.PASSED,
        "test_b.py": RunOutcome.TIMED_OUT,
        "test_c.py": RunOutcome.PASSED,
    }
    assert runs["test_b.py"].message.endswith("s (in test_hangs)")
    assert runs["test_b.py"].ran == {}


def test_when_the_time_is_up_nothing_more_runs(judge: Judge) -> None:
    judge.timeout = 0.0
    judge.stage(**{"m.py": M, "test_a.py": "import m\ndef test_f(): m.f(1)\n"})
    run = judge.runs("m.py")["test_a.py"]
    assert (run.outcome, run.message) == (RunOutcome.TIMED_OUT, "not run: the 0 s for running tests were over")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import m, os\ndef test_ok(): m.f(1)\ndef test_dies(): os._exit(7)\n", "status 7 (in test_dies)"),
        ("import m, os, signal\ndef test_dies(): os.kill(os.getpid(), signal.SIGSEGV)\n", "signal 11 (in test_dies)"),
        ("import m, os\nos._exit(7)\n", "status 7"),
        ("import m, pytest\ndef test_stops(): pytest.exit('enough')\n", "enough"),
        ("import m\nimport does_not_exist\n", "No module named 'does_not_exist'"),
        ("import m\ndef test_f(missing_fixture): pass\ndef test_(:\n", "SyntaxError"),
    ],
)
def test_a_file_that_does_not_come_to_its_end_is_named_and_the_others_run(
    judge: Judge, text: str, message: str
) -> None:
    good = "import m\ndef test_f(): m.f(1)\n"
    judge.stage(**{"m.py": M, "test_a.py": good, "test_b.py": text, "test_c.py": good})
    runs = judge.runs("m.py")
    if "test_b.py" in runs:  # ruff finds no imports in a file that does not parse, so nothing says that it reaches m.py
        assert runs["test_b.py"].outcome is RunOutcome.COULD_NOT_START
        assert message in runs["test_b.py"].message
        assert runs["test_b.py"].ran == {}
    assert {runs[path].outcome for path in ("test_a.py", "test_c.py")} == {RunOutcome.PASSED}


def test_a_broken_conftest_spoils_only_its_folder(judge: Judge) -> None:
    judge.stage(
        **{
            "m.py": M,
            "tests/a/conftest.py": "import m, does_not_exist\n",
            "tests/a/test_a.py": "def test_a(): pass\n",
            "tests/b/test_b.py": "import m\ndef test_b(): m.f(1)\n",
        }
    )
    runs = judge.runs("m.py")
    assert runs["tests/a/test_a.py"].outcome is RunOutcome.COULD_NOT_START
    assert "does_not_exist" in runs["tests/a/test_a.py"].message
    assert runs["tests/b/test_b.py"].outcome is RunOutcome.PASSED


def test_an_unknown_option_is_told(judge: Judge) -> None:
    judge.stage(**{"m.py": M, "test_m.py": "import m\n", "pytest.ini": "[pytest]\naddopts = --no-such-option\n"})
    run = judge.runs("m.py")["test_m.py"]
    assert run.outcome is RunOutcome.COULD_NOT_START
    assert "--no-such-option" in run.message


def test_without_pytest_nothing_is_started(judge: Judge) -> None:
    judge.stage(**{"m.py": M, "test_m.py": "import m\ndef test_f(): m.f(1)\n"})
    judge.interpreter = replace(judge.interpreter, packages={})
    run = judge.runs("m.py")["test_m.py"]
    assert (run.outcome, judge.copies) == (RunOutcome.COULD_NOT_START, 0)
    assert "-m pip install" in run.message
    judge.interpreter = replace(judge.interpreter, packages={"pytest": "5.4.3"})
    assert "5.4.3" in judge.runs("m.py")["test_m.py"].message


def test_a_file_without_tests_passes_and_shows_nothing(judge: Judge) -> None:
    judge.stage(**{"m.py": M, "test_m.py": "import m\n"})
    run = judge.runs("m.py")["test_m.py"]
    assert (run.outcome, run.passed, run.ran) == (RunOutcome.PASSED, (), {})


def test_code_of_another_copy_is_no_evidence(judge: Judge, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "m.py").write_text(M)
    judge.stage(
        **{
            "src/m.py": M,
            "conftest.py": f"import sys; sys.path.insert(0, {str(elsewhere)!r})\n",
            "test_m.py": "import m\ndef test_f(): m.f(1)\n",
        }
    )
    run = judge.runs("src/m.py")["test_m.py"]
    assert run.outcome is RunOutcome.COULD_NOT_START
    assert run.message == f"src/m.py was imported from {elsewhere / 'm.py'} instead of the examined tree"


def test_tests_that_write_do_not_reach_the_work_tree(judge: Judge) -> None:
    judge.stage(
        **{
            "m.py": M,
            "data.txt": "before",
            "test_m.py": """\
import m, os, pathlib, tempfile
HERE = pathlib.Path(__file__).parent
def test_f():
    m.f(1)
    (HERE / "data.txt").write_text("after")
    pathlib.Path("new.txt").write_text("new")
    assert not str(tempfile.gettempdir()).startswith(str(HERE))
""",
        }
    )
    status = judge.repo.git("status", "--porcelain")
    assert judge.runs("m.py")["test_m.py"].outcome is RunOutcome.PASSED
    assert judge.repo.git("status", "--porcelain") == status
    assert (judge.repo.path / "data.txt").read_text() == "before"
    assert (judge.tree / "data.txt").read_text() == "after"


def test_tests_that_run_git_do_not_reach_the_repository(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    judge.stage(
        **{
            "m.py": M,
            "test_m.py": """\
import m, os, subprocess
def test_f(tmp_path):
    m.f(1)
    assert subprocess.run(["git", "rev-parse", "--git-dir"], capture_output=True).returncode != 0
    run = lambda *a: subprocess.run(["git", "-c", "user.name=x", "-c", "user.email=x", *a], cwd=tmp_path, check=True)
    run("init"); (tmp_path / "f").write_text("x"); run("add", "."); run("commit", "-qm", "x")
""",
        }
    )
    index = judge.repo.git("ls-files", "-s")
    monkeypatch.setenv("GIT_INDEX_FILE", str(judge.repo.path / ".git" / "index"))
    monkeypatch.setenv("GIT_PREFIX", "")
    run = judge.runs("m.py")["test_m.py"]
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert (run.outcome, run.message) == (RunOutcome.PASSED, "")
    assert judge.repo.git("ls-files", "-s") == index


def test_no_variable_that_names_a_repository_reaches_the_tests(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    """All that git itself says are of one repository only, and what coverage and pytest look at by themselves."""
    names = subprocess.check_output(["git", "rev-parse", "--local-env-vars"], text=True).split()
    names += ["GIT_PREFIX", "COV_CORE_SOURCE", "COV_CORE_DATAFILE", "COVERAGE_FILE", "PYTEST_PLUGINS", "PYTHONHOME"]
    assert {"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"} <= set(names)
    for name in names:
        monkeypatch.setenv(name, "x")
    judge.place.mkdir()
    for environment in (run_environment(judge.interpreter, judge.tree, judge.place), clean_environment(judge.place)):
        assert not set(names) & set(environment)


def test_folders_of_programs_may_be_links_in_a_circle(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    circle = judge.repo.path / "circle"
    circle.symlink_to(circle)
    for name in ("PATH", "PYTHONPATH"):
        monkeypatch.setenv(name, os.pathsep.join([str(circle), os.environ.get(name, "")]))
    judge.stage(**{"m.py": M, "test_m.py": "import m\ndef test_f():\n    m.f(1)\n"})
    assert judge.runs("m.py")["test_m.py"].outcome is RunOutcome.PASSED


def test_the_tools_of_the_hook_do_not_reach_the_tests(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_ADDOPTS", "COVERAGE_PROCESS_START", "PRE_COMMIT", "PYTESTGEN_MODE"):
        monkeypatch.setenv(name, "--nonsense")
    monkeypatch.setenv("MY_SERVICE", "there")
    judge.stage(
        **{
            "m.py": M,
            "test_m.py": """\
import m, os
def test_f():
    m.f(1)
    assert os.environ["MY_SERVICE"] == "there"
    gone = ("PYTEST_ADDOPTS", "COVERAGE_PROCESS_START", "PRE_COMMIT", "PYTESTGEN_MODE")
    assert not [name for name in gone if name in os.environ]
""",
        }
    )
    assert judge.runs("m.py")["test_m.py"].message == ""


def test_the_users_own_search_path_leads_to_the_copy(judge: Judge, monkeypatch: pytest.MonkeyPatch) -> None:
    judge.stage(**{"odd/place/m.py": M, "test_m.py": "import odd.place.m\nimport m\ndef test_f(): m.f(1)\n"})
    monkeypatch.setenv("PYTHONPATH", str(judge.repo.path / "odd" / "place"))
    assert judge.runs("odd/place/m.py")["test_m.py"].ran["odd/place/m.py"].keys() == {1}


# -- what is kept ---------------------------------------------------------------------------------------------------

PROJECT = {
    "src/m.py": "import json, pathlib\n"
    "def f(x):\n    return json.loads((pathlib.Path(__file__).parent / 'd.json').read_text())\n",
    "src/d.json": "1",
    "src/other.py": "",
    "conftest.py": "",
    "pytest.ini": "[pytest]\n",
    "tests/test_m.py": "from m import f\ndef test_f(): assert f(1)\n",
    "README.md": "",
}


@pytest.fixture
def known(judge: Judge) -> Judge:
    judge.stage(**PROJECT)
    assert judge.runs("src/m.py")["tests/test_m.py"].outcome is RunOutcome.PASSED
    assert judge.copies == 1
    return judge


def test_a_second_run_starts_nothing_and_says_the_same(judge: Judge) -> None:
    judge.stage(**PROJECT)
    first = judge.runs("src/m.py")["tests/test_m.py"]
    second = judge.runs("src/m.py")["tests/test_m.py"]
    assert (second.from_cache, judge.copies) == (True, 1)
    assert replace(second, from_cache=False) == first


@pytest.mark.parametrize("path", ["src/other.py", "README.md", "src/d2.json"])
def test_what_has_no_part_in_it_does_not_matter(known: Judge, path: str) -> None:
    known.repo.stage(path, "X = 1\n")
    assert known.runs("src/m.py")["tests/test_m.py"].from_cache


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("src/m.py", PROJECT["src/m.py"] + "\n"),
        ("src/d.json", "2"),
        ("conftest.py", "X = 1\n"),
        ("tests/conftest.py", "X = 1\n"),
        ("pytest.ini", "[pytest]\naddopts = -q\n"),
        ("tests/test_m.py", PROJECT["tests/test_m.py"] + "\n"),
        ("pyproject.toml", "[project]\n"),
        ("uv.lock", ""),
        ("json.py", "from json import *\n"),
    ],
)
def test_what_it_rests_on_makes_it_run_again(known: Judge, path: str, text: str) -> None:
    known.repo.stage(path, text)
    known.runs("src/m.py")
    assert known.copies == 2


def test_another_interpreter_or_package_makes_it_run_again(known: Judge) -> None:
    packages = {**known.interpreter.packages, "new-package": "1.0"}
    known.interpreter = replace(known.interpreter, packages=packages)
    assert not known.runs("src/m.py")["tests/test_m.py"].from_cache


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("EXPECTED", 'assert f(1) == int(os.environ.get("EXPECTED", "1"))'),
        ("EXPECTED", 'assert f(1) == int(os.environ["EXPECTED"] if "EXPECTED" in os.environ else 1)'),
        ("expected", 'assert f(1) == int(os.getenv("expected", "1"))'),
        ("EXPECTED", 'name = "EXPECTED"; assert f(1) == int(os.environ.get(name, "1"))'),
    ],
)
def test_a_variable_that_the_test_looks_at_makes_it_run_again(
    judge: Judge, name: str, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = f"import os\nfrom m import f\n\n\ndef test_f():\n    {source}\n"
    judge.stage(**{"m.py": M, "test_m.py": test})
    assert judge.runs("m.py")["test_m.py"].outcome is RunOutcome.PASSED
    monkeypatch.setenv("SOMETHING_ELSE", "3")
    assert judge.runs("m.py")["test_m.py"].from_cache
    monkeypatch.setenv(name, "3")
    assert judge.runs("m.py")["test_m.py"].outcome is RunOutcome.FAILED


@pytest.mark.parametrize("name", ["TZ", "LANG", "LC_ALL", "DJANGO_SETTINGS_MODULE"])
def test_a_variable_that_libraries_look_at_makes_it_run_again(
    known: Judge, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "C")
    known.runs("src/m.py")
    assert known.copies == 2


def test_switching_back_finds_the_older_result(known: Judge) -> None:
    known.repo.stage("src/d.json", "2")
    known.runs("src/m.py")
    known.repo.stage("src/d.json", "1")
    assert known.runs("src/m.py")["tests/test_m.py"].from_cache


def test_a_file_that_was_looked_for_and_now_exists_makes_it_run_again(judge: Judge) -> None:
    code = (
        "def f():\n    try:\n        return open('optional.txt').read()\n    except OSError:\n        return 'none'\n"
    )
    judge.stage(**{"m.py": code, "test_m.py": "import m\ndef test_f(): assert m.f()\n"})
    judge.runs("m.py")
    judge.stage(**{"optional.txt": "x"})
    assert not judge.runs("m.py")["test_m.py"].from_cache


def test_a_new_file_in_a_folder_that_was_listed_makes_it_run_again(judge: Judge) -> None:
    code = "import pathlib\ndef f():\n    return sorted(pathlib.Path('cases').glob('*.txt'))\n"
    judge.stage(**{"m.py": code, "test_m.py": "import m\ndef test_f(): assert m.f()\n", "cases/a.txt": ""})
    judge.runs("m.py")
    assert judge.runs("m.py")["test_m.py"].from_cache
    judge.stage(**{"cases/b.txt": ""})
    assert not judge.runs("m.py")["test_m.py"].from_cache


def test_a_module_imported_by_a_name_made_at_run_time_makes_it_run_again(judge: Judge) -> None:
    code = "import importlib\ndef f(n):\n    return importlib.import_module('plug_' + n).X\n"
    judge.stage(**{"m.py": code, "plug_a.py": "X = 1\n", "test_m.py": "import m\ndef test_f(): m.f('a')\n"})
    judge.runs("m.py")
    assert judge.runs("m.py")["test_m.py"].from_cache
    judge.stage(**{"plug_a.py": "X = 2\n"})
    assert not judge.runs("m.py")["test_m.py"].from_cache


def test_an_ignored_file_that_was_read_counts_too(judge: Judge) -> None:
    judge.stage(
        **{
            ".gitignore": "_version.py\n",
            "m.py": "import _version\ndef f():\n    return _version.V\n",
            "test_m.py": "import m\ndef test_f(): assert m.f()\n",
        }
    )
    generated = judge.repo.write("_version.py", "V = 1\n")
    assert judge.runs("m.py")["test_m.py"].outcome is RunOutcome.PASSED
    assert judge.runs("m.py")["test_m.py"].from_cache
    generated.write_text("V = 22\n")
    assert not judge.runs("m.py")["test_m.py"].from_cache


def test_what_started_a_process_rests_on_everything(judge: Judge) -> None:
    code = "import subprocess, sys\ndef f():\n    subprocess.run([sys.executable, '-c', ''], check=True)\n"
    judge.stage(**{"m.py": code, "test_m.py": "import m\ndef test_f(): m.f()\n"})
    judge.runs("m.py")
    assert judge.runs("m.py")["test_m.py"].from_cache
    judge.stage(**{"README.md": "new"})
    assert not judge.runs("m.py")["test_m.py"].from_cache


def test_what_failed_runs_again(judge: Judge) -> None:
    judge.stage(**{"m.py": M, "test_m.py": "import m\ndef test_f(): assert m.f(0)\n"})
    judge.runs("m.py")
    assert judge.runs("m.py")["test_m.py"].outcome is RunOutcome.FAILED
    assert judge.copies == 2


def test_a_damaged_entry_is_measured_again(known: Judge) -> None:
    for leftover in (known.place / "cache").iterdir():
        leftover.write_bytes(b"nonsense")
    assert known.runs("src/m.py")["tests/test_m.py"].outcome is RunOutcome.PASSED


# -- several processes at once --------------------------------------------------------------------------------------

# Waits until a second process has come to this place: alone, a process would wait until its time is up.
MEET = """import os, pathlib, time
def met(place):
    here = pathlib.Path(place)
    (here / str(os.getpid())).touch()
    while len(list(here.iterdir())) < 2:
        time.sleep(0.02)
    return sorted(here.iterdir(), key=lambda path: path.stat().st_mtime_ns)[:2]
"""


def _meeting(judge: Judge, tmp_path: Path, body: str, files: int = 8) -> list[str]:
    """Stage so many test files with a test that meets another process and then does what is given."""
    place = tmp_path / "place of meeting"
    place.mkdir()
    judge.jobs = 2
    text = f"import os, m, meet\ndef test_f():\n    others = meet.met({str(place)!r})\n    {body}\n"
    names = [f"test_{number}.py" for number in range(files)]
    judge.stage(**{"m.py": M, "meet.py": MEET, **dict.fromkeys(names, text)})
    return names


def test_many_test_files_run_in_processes_at_once_each_in_its_own_copy(judge: Judge, tmp_path: Path) -> None:
    names = _meeting(judge, tmp_path, "open('mine', 'x').close(); os.remove('mine'); m.f(1)")
    runs = judge.runs("m.py")
    assert {name: run.outcome for name, run in runs.items()} == dict.fromkeys(names, RunOutcome.PASSED)
    assert all(run.ran == {"m.py": {1: (f"{name}::test_f",)}} for name, run in runs.items())
    assert judge.copies == 2
    assert all(run.from_cache for run in judge.runs("m.py").values())


def test_of_what_fails_beside_others_that_is_said(judge: Judge, tmp_path: Path) -> None:
    names = _meeting(judge, tmp_path, "m.f(1); assert not __file__.endswith('_5.py')")
    runs = judge.runs("m.py")
    assert [name for name in names if runs[name].outcome is RunOutcome.FAILED] == ["test_5.py"]
    assert [name for name in names if runs[name].is_beside] == ["test_5.py"]


def test_a_file_that_ends_its_process_costs_the_files_of_others_nothing(judge: Judge, tmp_path: Path) -> None:
    names = _meeting(judge, tmp_path, "m.f(1); __file__.endswith('_5.py') and os._exit(3)")
    runs = judge.runs("m.py")
    assert [name for name in names if runs[name].outcome is not RunOutcome.PASSED] == ["test_5.py"]
    assert "status 3 (in test_f)" in runs["test_5.py"].message


def test_few_files_run_in_one_process(judge: Judge) -> None:
    judge.jobs = 4
    text = "import m, os\ndef test_f():\n    m.f(1)\n    assert not os.path.exists('mine')\n"
    judge.stage(**{"m.py": M, **{f"test_{number}.py": text for number in range(7)}})
    assert all(run.outcome is RunOutcome.PASSED for run in judge.runs("m.py").values())
    assert judge.copies == 1


# -- other interpreters ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("python", os.environ.get("PYTESTGEN_TEST_PYTHONS", "").split(os.pathsep))
def test_the_projects_interpreter_may_be_another(judge: Judge, python: str) -> None:
    if not python:
        pytest.skip("no other interpreters are named in PYTESTGEN_TEST_PYTHONS")
    found: Interpreter = find_interpreter(judge.repo.path, python, {})
    judge.interpreter = found
    judge.stage(
        **{
            "m.py": M,
            "test_m.py": f"import m, sys\ndef test_f(): assert m.f(sys.version_info[:3]) == {found.version}\n",
        }
    )
    run = judge.runs("m.py")["test_m.py"]
    assert (run.message, run.ran) == ("", {"m.py": {1: ("test_m.py::test_f",)}})
