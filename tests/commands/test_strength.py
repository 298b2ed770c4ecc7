"""What existing tests would notice, on real repositories: each verdict, fixtures of every scope, what is left out."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import pytestgen_hook
from pytestgen_hook.cli import pytestgen
from pytestgen_hook.sandbox import RUNTIME, program

from ..leavings import SOURCES

SCHEMA = Path(pytestgen_hook.__file__).parent / "schema" / "strength.schema.json"
needs_fork = pytest.mark.skipif(sys.platform == "win32", reason="needs fork")


def run(*options):
    return CliRunner().invoke(pytestgen, ["strength", "--python", sys.executable, *options])


def measured(*options):
    result = run("--output-format", "json", *options)
    assert result.exit_code in (0, 1), result.output
    document = json.loads(result.stdout)
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    return document


@pytest.mark.parametrize(
    ("options", "kind"),
    [
        pytest.param(["--since", "nothing"], "environment", id="no such commit"),
        pytest.param(["--config", "nothing.toml"], "settings", id="no such settings"),
    ],
)
def test_json_says_why_there_is_no_verdict(repo, tmp_path, options, kind):
    repo.stage("shop.py", "def price():\n    return 1\n")
    file = tmp_path / "report.json"
    result = run("--output-format", "json", "--output-format", f"json:{file}", *options)
    document = json.loads(result.stdout)
    jsonschema.validate(document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert (result.exit_code, document["exit_status"], document["error"]["kind"]) == (2, 2, kind)
    assert document["error"]["message"] in " ".join(result.stderr.split())
    assert json.loads(file.read_text(encoding="utf-8")) == document


def test_tests_that_nobody_staged_are_named(repo):
    repo.stage("a.py", "def double(number):\n    return number * 2\n")
    repo.write("test_a.py", "from a import double\n\n\ndef test_double():\n    assert double(2) == 4\n")
    document = measured("--all")
    assert (document["counts"]["killed"], document["counts"]["not_run"]) == (0, document["counts"]["mutants"])
    assert document["notes"] == ["not looked at, as it is not staged: test_a.py"]
    repo.git("add", "test_a.py")
    document = measured("--all")
    assert document["counts"]["killed"] > 0
    assert document["notes"] == []


def verdicts(document, qualname):
    """Map (line, change) to the verdict for one function."""
    (target,) = [target for target in document["targets"] if target["qualname"] == qualname]
    assert target["problem"] is None
    return {(mutant["line"], mutant["change"]): mutant["verdict"] for mutant in target["mutants"]}


def of(source, test, qualname, repo, **files):
    """The verdicts on one function, given the source of its module ``a`` and of its tests."""
    repo.stage("a.py", source)
    repo.stage("test_a.py", test)
    for name, text in files.items():
        repo.stage(f"{name}.py", text)
    return verdicts(measured(), qualname)


GRADE = """
def grade(points):
    if points >= 50:
        return "pass"
    return "fail"
"""


def test_killed_survived_and_not_run_are_told_apart(repo):
    found = of(GRADE, "from a import grade\n\ndef test_high():\n    assert grade(90) == 'pass'\n", "grade", repo)
    assert found[3, "the condition became False"] == "killed"
    assert found[3, "the condition became True"] == "survived"
    assert found[3, ">= became >"] == "survived"
    assert found[4, "the text 'pass' was changed"] == "killed"
    assert found[5, "the text 'fail' was changed"] == "not run"


def test_what_runs_only_in_other_processes_is_said_not_to_be_measured(repo):
    test = """
import subprocess, sys

def test_high():
    code = "import a; print(a.grade(90))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "pass\\n"
"""
    assert set(of(GRADE, f"import a\n{test}", "grade", repo).values()) == {"not run"}
    assert any("tests start other processes" in note for note in measured()["notes"])
    repo.stage("test_a.py", "import a\n")
    assert measured()["notes"] == []


def test_what_changes_nothing_more_often_than_not_is_not_tried(repo):
    found = of(GRADE, "from a import grade\n\ndef test_high():\n    assert grade(90) == 'pass'\n", "grade", repo)
    assert (3, "the order became ==") not in found


def test_a_loop_without_end_is_cut_and_counted_apart(repo):
    source = "def count(n):\n    found = 0\n    while found < n:\n        found += 1\n    return found\n"
    found = of(source, "from a import count\n\ndef test_it():\n    assert count(3) == 3\n", "count", repo)
    assert found[4, "the statement was dropped"] == "timed out"
    assert found[5, "the result became None"] == "killed"


@needs_fork
def test_a_process_that_a_test_leaves_behind_does_not_count_as_the_test(repo):
    test = """
import os, time
from a import grade

def test_high():
    if os.fork() == 0:
        time.sleep(600)
    assert grade(90) == "pass"
"""
    found = of(GRADE, test, "grade", repo)
    assert found[3, "the condition became False"] == "killed"
    assert found[3, ">= became >"] == "survived"


def test_code_that_ends_the_process_is_killed(repo):
    source = "import os\n\ndef careful(n):\n    if n > 5:\n        os._exit(0)\n    return n\n"
    found = of(source, "from a import careful\n\ndef test_it():\n    careful(1)\n", "careful", repo)
    assert found[4, "the condition became True"] == "killed"
    assert found[4, "5 became 6"] == "survived"


SETUP = "import pytest\nfrom a import build\n\n"


@pytest.mark.parametrize("scope", ["function", "class", "module", "package", "session"])
def test_fixtures_of_every_scope_are_set_up_anew_for_each_mutant(repo, scope):
    test = f"""{SETUP}
@pytest.fixture(scope={scope!r})
def built():
    return build(2)

class TestIt:
    def test_first(self, built):
        pass

    def test_second(self, built):
        assert built == [2, 2]
"""
    found = of("def build(n):\n    return [n] * 2\n", test, "build", repo)
    assert set(found.values()) == {"killed"}


def test_what_a_fixture_takes_down_belongs_to_all_its_tests(repo):
    test = f"""{SETUP}
@pytest.fixture(scope="module")
def built():
    yield 1
    assert build(3) == 6

def test_first(built):
    pass

def test_second():
    pass
"""
    assert set(of("def build(n):\n    return n * 2\n", test, "build", repo).values()) == {"killed"}


def test_fixtures_asked_for_while_a_test_runs(repo):
    test = f"""{SETUP}
@pytest.fixture(scope="session")
def built():
    return build(3)

def test_first(request):
    request.getfixturevalue("built")

def test_second(request):
    assert request.getfixturevalue("built") == 6
"""
    assert set(of("def build(n):\n    return n * 2\n", test, "build", repo).values()) == {"killed"}


def test_setup_of_modules_and_classes_and_unittest(repo):
    test = """
import unittest
from a import build

class TestOld(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.built = build(2)

    def test_first(self):
        pass

    def test_second(self):
        self.assertEqual(self.built, 4)

def setup_module(module):
    module.other = build(3)

def test_other():
    assert other == 6
"""
    assert set(of("def build(n):\n    return n * 2\n", test, "build", repo).values()) == {"killed"}


def test_parametrized_tests_and_a_conftest(repo):
    conftest = "import pytest\nfrom a import double\n\n@pytest.fixture\ndef doubled():\n    return double(1)\n"
    test = """
import pytest
from a import double

@pytest.mark.parametrize("n, expected", [(0, 0), (2, 4)])
def test_double(n, expected, doubled):
    assert double(n) == expected
"""
    found = of("def double(n):\n    return n * 2\n", test, "double", repo, conftest=conftest)
    assert set(found.values()) == {"killed"}


KINDS = """
import contextlib
import functools


def logged(function):
    calls = []

    def inner(*arguments):
        calls.append(arguments)
        return function(*arguments)

    inner.calls = calls
    return inner


class Box:
    def __init__(self, n):
        self.n = n

    def twice(self):
        return self.n * 2

    @classmethod
    def of(cls, n):
        return cls(n + 1)

    @staticmethod
    def half(n):
        return n / 2

    @property
    def size(self):
        return self.n + 1

    @size.setter
    def size(self, value):
        self.n = value - 1

    def __secret(self):
        return self.__class__.__name__ + "!"

    def told(self):
        return self.__secret()


class Child(Box):
    def twice(self):
        return super().twice() + 1


async def fetch(n):
    return n + 1


def items(n):
    for number in range(n):
        yield number * 2


@contextlib.contextmanager
def opened(n):
    yield n + 1


@functools.lru_cache
def cached(n):
    return n + 1


@logged
def hidden(n):
    return n + 1


def default(a, b=2, *, c=3):
    return a + b + c


def nested(n):
    def inner(k):
        return k + 1

    return inner(n)
"""
KINDS_TEST = """
import asyncio
from a import *

def test_all():
    assert Box(3).twice() == 6
    assert Box.of(1).n == 2
    assert Box.half(4) == 2
    box = Box(2)
    assert box.size == 3
    box.size = 9
    assert box.n == 8
    assert box.told() == "Box!"
    assert Child(3).twice() == 7
    assert asyncio.run(fetch(1)) == 2
    assert list(items(3)) == [0, 2, 4]
    with opened(1) as value:
        assert value == 2
    assert cached(1) == 2
    assert hidden(1) == 2
    assert hidden.calls == [(1,)]
    assert default(1) == 6
    assert nested(1) == 2
"""


def test_every_kind_of_function_is_mutated_where_it_stands(repo):
    repo.stage("a.py", KINDS)
    repo.stage("test_a.py", KINDS_TEST)
    document = measured()
    assert len(document["targets"]) == 17
    for target in document["targets"]:
        assert target["problem"] is None
        assert target["mutants"], target["qualname"]
        open_ones = [mutant for mutant in target["mutants"] if mutant["verdict"] != "killed"]
        assert open_ones == [], target["qualname"]


def test_what_runs_while_modules_are_imported_is_tried_with_imports_anew(repo):
    source = "def table(n):\n    return [k * 2 for k in range(n)]\n\n\nTABLE = table(3)\n"
    test = "from a import TABLE\n\ndef test_table():\n    assert TABLE == [0, 2, 4]\n"
    assert set(of(source, test, "table", repo).values()) == {"killed"}


def test_what_the_import_runs_and_no_test_looks_at_survives(repo):
    source = "def table(n):\n    return [k * 2 for k in range(n)]\n\n\nTABLE = table(3)\n"
    found = of(source, "import a\n\ndef test_nothing():\n    assert a\n", "table", repo)
    assert set(found.values()) == {"survived"}


def test_a_file_that_cannot_be_collected_does_not_stand_in_the_way_of_imports_anew(repo):
    source = "def table(n):\n    return [k * 2 for k in range(n)]\n\n\nTABLE = table(3)\n"
    test = "from a import TABLE\n\ndef test_table():\n    assert TABLE == [0, 2, 4]\n"
    found = of(source, test, "table", repo, test_b="import a\nimport missing_module\n")
    assert set(found.values()) == {"killed"}


def test_what_the_import_runs_of_a_module_that_the_conftest_imports(repo):
    source = "def table(n):\n    return [k * 2 for k in range(n)]\n\n\nTABLE = table(3)\n"
    test = "import conftest\n\ndef test_table():\n    assert conftest.TABLE == [0, 2, 4]\n"
    found = of(source, test, "table", repo, conftest="from a import TABLE\n")
    assert set(found.values()) == {"killed"}


def test_tests_that_have_other_names_with_a_mutant_are_found_all_the_same(repo):
    source = """
def names(n):
    made = []
    for number in range(n):
        made.append(number * 3)
    if n > 100:
        made = [0]
    return made

NAMES = names(3)
"""
    test = """
import pytest
import a

@pytest.mark.parametrize("name", a.NAMES)
def test_name(name):
    assert name in (0, 3, 6)

def test_how_many():
    assert len(a.NAMES) == 3
"""
    found = of(source, test, "names", repo)
    assert found[5, "* became +"] == "killed"  # test_name[4] fails, which is no test otherwise
    assert found[6, "100 became 101"] == "survived"
    assert found[8, "the result became None"] == "killed"


def test_a_module_that_is_imported_late_or_again(repo):
    source = "def double(n, by=2):\n    return n * by\n"
    test = """
import importlib

def test_late():
    import a
    assert a.double(1) == 2

def test_again():
    import a
    assert importlib.reload(a).double(2) == 4
"""
    assert set(of(source, test, "double", repo).values()) == {"killed"}


def test_a_failing_test_is_left_out_and_said(repo):
    repo.stage("a.py", GRADE)
    good = "from a import grade\n\ndef test_high():\n    grade(90)\n"
    repo.stage("test_a.py", good + "\ndef test_wrong():\n    assert grade(90) == 'fail'\n")
    document = measured()
    assert [entry["test"] for entry in document["left_out"]] == ["test_a.py::test_wrong"]
    assert "assert 'pass' == 'fail'" in document["left_out"][0]["reason"]
    assert "killed" not in verdicts(document, "grade").values()


@needs_fork
def test_a_test_that_passes_only_after_another_is_left_out_and_said(repo):
    test = """
from a import double

seen = []

def test_first():
    seen.append(1)

def test_second():
    double(1)
    assert seen
"""
    repo.stage("a.py", "def double(n):\n    return n * 2\n")
    repo.stage("test_a.py", test)
    document = measured()
    assert document["left_out"] == [{"test": "test_a.py::test_second", "reason": "it passes only after other tests"}]
    assert set(verdicts(document, "double").values()) == {"not run"}


@needs_fork
@pytest.mark.parametrize(
    ("end", "why"),
    [
        pytest.param("os._exit(3)", "it ended the process", id="crash"),
        pytest.param("time.sleep(60)", "did not end in time", id="hang"),
    ],
)
def test_a_test_that_never_ends_well_costs_only_itself(repo, end, why):
    test = "import os, time\nfrom a import double\n\ndef test_ends():\n    double(1)\n    {}\n\ndef test_good():\n"
    repo.stage("pyproject.toml", "[tool.pytestgen]\ntest-timeout = 6\n")
    repo.stage("a.py", "def double(n):\n    return n * 2\n")
    repo.stage("test_a.py", test.format(end) + "    assert double(2) == 4\n")
    document = measured()
    assert [entry["reason"] for entry in document["left_out"]] == [why]
    found = verdicts(document, "double")
    assert found[2, "the result became None"] == "killed"


@needs_fork
def test_where_the_time_for_tests_is_over_files_that_name_the_function_ran_first(repo):
    repo.stage("pyproject.toml", "[tool.pytestgen]\ntest-timeout = 12\n")
    repo.stage("a.py", GRADE)
    repo.stage(
        "test_a.py", "import time\nimport a\n\ndef test_slow():\n    time.sleep(60)\n\ndef test_more():\n    pass\n"
    )
    repo.stage("test_b.py", "from a import grade\n\ndef test_high():\n    assert grade(90) == 'pass'\n")
    document = measured()
    assert document["left_out"][0] == {"test": "test_a.py::test_slow", "reason": "did not end in time"}
    assert verdicts(document, "grade")[3, "the condition became False"] == "killed"


def test_a_file_that_ends_pytest_while_it_is_read_costs_only_itself(repo):
    repo.stage("a.py", "def double(n):\n    return n * 2\n")
    repo.stage("test_a.py", "from a import double\n\ndef test_it():\n    assert double(3) == 6\n")
    repo.stage("test_b.py", "import os\nimport a\n\nos._exit(4)\n")
    document = measured()
    assert [entry["test"] for entry in document["left_out"]] == ["test_b.py"]
    assert set(verdicts(document, "double").values()) == {"killed"}


def test_a_file_that_cannot_be_collected_is_said(repo):
    repo.stage("a.py", "def double(n):\n    return n * 2\n")
    repo.stage("test_a.py", "from a import double\n\ndef test_it():\n    assert double(3) == 6\n")
    repo.stage("test_b.py", "import a\nimport missing_module\n")
    document = measured()
    assert [entry["test"] for entry in document["left_out"]] == ["test_b.py"]
    assert "missing_module" in document["left_out"][0]["reason"]


def test_without_any_test_nothing_is_run(repo):
    repo.stage("a.py", GRADE)
    assert set(verdicts(measured(), "grade").values()) == {"not run"}


def test_two_tests_that_use_one_file_of_the_tree_do_not_disturb_each_other(repo):
    test = """
import pathlib
from a import double

def test_it():
    place = pathlib.Path("written.txt")
    assert not place.exists()
    place.write_text(str(double(3)))
    try:
        assert place.read_text() == "6"
    finally:
        place.unlink()
"""
    repo.stage("a.py", "def double(n):\n    n += 1\n    n -= 1\n    return n * 2\n")
    repo.stage("test_a.py", test)
    assert set(verdicts(measured(), "double").values()) == {"killed"}
    assert not (repo.path / "written.txt").exists()


def test_the_survivor_is_shown_as_the_line_that_changes(repo):
    repo.stage("a.py", GRADE)
    repo.stage("test_a.py", "from a import grade\n\ndef test_high():\n    assert grade(90) == 'pass'\n")
    text = run().stdout
    shown = "    line 3: >= became >, and no test fails\n        - if points >= 50:\n        + if points > 50:\n"
    assert shown in text
    assert "    line 5: run by no passing test\n" in text


def test_the_weakest_function_comes_first_and_ptg004_names_tests_that_cannot_fail(repo):
    repo.stage("a.py", "def strong(n):\n    return n + 1\n\n\ndef weak(n):\n    return n + 1\n")
    repo.stage("test_a.py", "import a\n\ndef test_it():\n    assert a.strong(1) == 2\n    a.weak(1)\n")
    targets = measured()["targets"]
    assert [(target["qualname"], target["code"], target["score"]) for target in targets] == [
        ("weak", "PTG004", 0.0),
        ("strong", None, 100.0),
    ]


def test_check_reports_ptg004_when_asked_for(repo):
    repo.stage("a.py", "def strong(n):\n    return n + 1\n\n\ndef weak(n):\n    return n + 1\n")
    repo.stage("test_a.py", "import a\n\ndef test_it():\n    assert a.strong(1) == 2\n    a.weak(1)\n")
    check = ["check", "--python", sys.executable]
    assert CliRunner().invoke(pytestgen, check).exit_code == 0
    result = CliRunner().invoke(pytestgen, [*check, "--strength"])
    assert result.exit_code == 1
    assert "a.py:5: PTG004 weak: its tests notice none of 4 small bugs: in line 6 " in result.stdout
    assert " -> assert more in its tests (pytestgen explain PTG004)" in result.stdout
    assert "2 changed functions: 2 tested, 1 of these by tests that notice nothing" in result.stdout
    assert "strong:" not in result.stdout


def test_fail_under_decides_the_exit_status(repo):
    repo.stage("a.py", GRADE)
    repo.stage("test_a.py", "from a import grade\n\ndef test_high():\n    assert grade(90) == 'pass'\n")
    assert run().exit_code == 0
    assert run("--fail-under", "10").exit_code == 0
    result = run("--fail-under", "90")
    assert result.exit_code == 1
    assert "wanted are 90 %" in result.stdout


def test_what_could_not_be_measured_does_not_pass_a_limit(repo):
    repo.stage("broken.py", "def f(:\n")
    assert run("--fail-under", "1").exit_code == 1
    assert run().exit_code == 0


def test_two_runs_say_the_same_and_nothing_in_the_repository_changes(repo):
    repo.stage("a.py", KINDS + GRADE)
    repo.stage("test_a.py", KINDS_TEST)
    before = {path: path.read_bytes() for path in repo.path.rglob("*") if path.is_file()}
    documents = [measured() for _ in range(2)]
    for document in documents:
        del document["seconds"]
    assert documents[0] == documents[1]
    assert {path: path.read_bytes() for path in repo.path.rglob("*") if path.is_file()} == before


def test_a_range_and_paths_narrow_what_is_tried(repo):
    repo.stage("a.py", GRADE)
    repo.commit()
    repo.stage("b.py", GRADE.replace("grade", "other"))
    repo.commit()
    assert [target["qualname"] for target in measured("--since", "HEAD~1")["targets"]] == ["other"]
    assert [target["qualname"] for target in measured("--all", "a.py")["targets"]] == ["grade"]
    assert measured()["targets"] == []
    assert "nothing to try" in run().stdout


def test_what_is_not_examined_is_counted(repo):
    repo.stage("pyproject.toml", "[tool.pytestgen]\nexclude = ['old/*']\n")
    repo.stage("old/b.py", GRADE)
    repo.stage("test_a.py", "def helper():\n    return 1\n\ndef test_it():\n    assert helper() == 1\n")
    counts = measured()["counts"]
    assert (counts["functions"], counts["in_tests"], counts["excluded"]) == (0, 1, 1)
    told = "nothing to try: 1 function in test files not examined, 1 function excluded by the settings."
    assert told in run().stdout


def test_projects_with_modules_of_equal_names_are_measured_by_their_own_tests(repo):
    for project, factor in (("one", 2), ("two", 3)):
        repo.stage(f"{project}/pyproject.toml", f"[project]\nname = '{project}'\n")
        repo.stage(f"{project}/src/core.py", f"def times(n):\n    return n * {factor}\n")
        test = f"from core import times\n\ndef test_it():\n    assert times(3) == {3 * factor}\n"
        repo.stage(f"{project}/tests/test_{project}.py", test)
    targets = measured()["targets"]
    assert [(target["path"], target["score"]) for target in targets] == [
        ("one/src/core.py", 100.0),
        ("two/src/core.py", 100.0),
    ]


def test_a_place_that_is_not_there_is_refused(repo):
    repo.stage("a.py", GRADE)
    result = run("nowhere.py")
    assert result.exit_code == 2
    assert "nowhere.py does not exist" in result.stderr


def test_what_the_time_did_not_suffice_for_is_not_in_the_score(repo):
    repo.stage("a.py", GRADE)
    repo.stage("test_a.py", "from a import grade\n\ndef test_high():\n    assert grade(90) == 'pass'\n")
    found = verdicts(measured("--budget", "0.000001"), "grade")
    assert set(found.values()) == {"not run", "not tried"}


def test_without_pytest_it_says_so(repo, tmp_path):
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    repo.stage("a.py", GRADE)
    result = CliRunner().invoke(pytestgen, ["strength", "--python", str(tmp_path / "bare" / "bin" / "python")])
    assert result.exit_code == 2
    assert "no pytest" in result.stderr


# -- tests that are called without pytest ------------------------------------------------------------------------------

VARIED = """
import functools
import logging

LOG = logging.getLogger("a")
SIZES = {"s": 1, "m": 2}


def size(name, more=0):
    if name not in SIZES:
        LOG.warning("no size %s", name)
        raise KeyError(name)
    return SIZES[name] + more


def powers(n):
    found = []
    while n > 1:
        found = [*found[-4:], n]
        n = n // 2
    return found


@functools.lru_cache
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


def register(name, known={}):
    known[name] = known.get(name, 0) + 1
    return known[name]


def asks(n):
    return n if n > 3 else input("how many? ")


def table(n):
    return [k * 2 for k in range(n) if k != 1]


TABLE = table(4)
"""
VARIED_TEST = """
import pytest
import a


@pytest.mark.parametrize("name, expected", [("s", 1), ("m", 2)])
def test_size(name, expected):
    assert a.size(name) == expected


def test_no_size(caplog):
    with pytest.raises(KeyError):
        a.size("x")
    assert caplog.messages == ["no size x"]


def test_no_size_at_all():
    with pytest.raises(KeyError):
        a.size("y", 2)


class TestPowers:
    def test_powers(self):
        assert a.powers(9) == [9, 4, 2]

    @pytest.mark.parametrize("n", [0, 1])
    def test_no_powers(self, n):
        assert a.powers(n) == []


def test_fibonacci():
    assert a.fibonacci(10) == 55


def test_first():
    assert a.register("first") == 1


def test_second(tmp_path):
    assert a.register("second") + a.register("second") == 3


def test_asks():
    assert a.asks(5) == 5


def test_table():
    assert a.TABLE == [0, 4, 6] or a.table(1) == [0]


def test_skipped_with_some_mutants():
    if a.powers(4) != [4, 2]:
        pytest.skip("no powers")
    assert a.powers(5)
"""
NOTHING_IS_PLAIN = "def pytest_runtest_protocol(item):\n    pass\n"


@needs_fork
def test_verdicts_are_the_same_whether_pytest_runs_the_tests_or_they_are_called(repo):
    repo.stage("a.py", VARIED)
    repo.stage("test_a.py", VARIED_TEST)
    called, run_by_pytest = both_ways(repo)
    assert called == run_by_pytest
    assert {"killed", "survived", "timed out"} <= set(called.values())


def both_ways(repo):
    """The verdicts where mutants and tests share processes, and where pytest runs each by itself."""
    found = []
    for _ in range(2):
        document = measured()
        assert document["left_out"] == []
        found.append(
            {
                (target["qualname"], place): mutant["verdict"]
                for target in document["targets"]
                for place, mutant in enumerate(target["mutants"])
            }
        )
        repo.stage("conftest.py", NOTHING_IS_PLAIN)
    return found


@needs_fork
@pytest.mark.parametrize("name", SOURCES)
def test_mutants_that_share_a_process_do_not_see_what_others_left(repo, name):
    """Each source has mutants that leave something which would change what tests say of others."""
    functions = {}
    exec(SOURCES[name], functions)
    tests = [f"def test_{n}():\n    assert f({n}) == {functions['f'](n)}\n" for n in (1, 4, 7)]
    repo.stage("a.py", SOURCES[name])
    repo.stage("test_a.py", "\n\n".join(["from a import f", *tests]))
    together, alone = both_ways(repo)
    assert together == alone
    assert "killed" in together.values()


# Each has mutants of which others, tried before them in one process, would change the verdict.
LEFT_BEHIND = {
    "an argument of parametrize": (
        """
def order(items):
    for i in range(len(items)):
        for j in range(i + 1, len(items)):
            if items[j] < items[i]:
                items[i], items[j] = items[j], items[i]
    return items
""",
        """
import pytest
from a import order

@pytest.mark.parametrize("items, want", [([3, 1, 2], [1, 2, 3]), ([2, 1], [1, 2])])
def test_order(items, want):
    assert order(items) == want
""",
    ),
    "the object of a test class": (
        """
class Basket:
    def __init__(self):
        self.prices = []

    def add(self, price):
        self.prices.append(price * 2 + 1)
""",
        """
from functools import cached_property
from a import Basket

class TestBasket:
    @cached_property
    def basket(self):
        basket = Basket()
        basket.add(3)
        return basket

    def test_prices(self):
        assert self.basket.prices == [7]
""",
    ),
    "a table that no look at the modules finds": (
        """
import sqlite3
KEPT = sqlite3.connect(":memory:")
KEPT.execute("create table known (n, value)")

def note(n):
    return ["asked", "for", n]

def get(n):
    note(n)
    found = KEPT.execute("select value from known where n = ?", (n,)).fetchone()
    if found is None:
        KEPT.execute("insert into known values (?, ?)", (n, n * 2 + 1))
        return n * 2 + 1
    return found[0]
""",
        "from a import get\n\ndef test_get():\n    assert get(3) == 7\n",
    ),
    "what the next test uses up": (
        """
import io
OUT = io.StringIO()

def note(n):
    return ["asked", "for", n, "in", "the", "shop"]

def emit(n):
    note(n)
    OUT.write("%d;" % n)

def flush():
    text = OUT.getvalue()
    OUT.truncate(0)
    OUT.seek(0)
    return text
""",
        "from a import emit, flush\n\ndef test_emit():\n    emit(3)\n    emit(4)\n    assert flush() == '3;4;'\n",
    ),
    "a lock that a failing test holds": (
        """
import threading
LOCK = threading.Lock()
TABLE = {1: 10, 5: 50}

def key(n):
    return n + 1

def work(n):
    LOCK.acquire()
    value = TABLE[key(n)]
    LOCK.release()
    return value
""",
        "from a import work\n\ndef test_work():\n    assert work(4) == 50\n",
    ),
    "what stands where it was put once": (
        """
import json, pickle
codec = json

def note(n):
    return ["asked", "for", n]

def choose(n):
    global codec
    note(n)
    codec = pickle
    return n
""",
        "import a\n\ndef test_choose():\n    assert a.choose(3) == 3\n    assert a.codec.__name__ == 'pickle'\n",
    ),
    "a large number": (
        "BIG = 10**5000\n\ndef low(n):\n    return n if n < BIG else 0\n",
        "from a import low\n\ndef test_low():\n    assert low(3) == 3\n",
    ),
}


@needs_fork
@pytest.mark.parametrize("name", LEFT_BEHIND)
def test_what_stays_unseen_changes_no_verdict(repo, name):
    source, test = LEFT_BEHIND[name]
    repo.stage("a.py", source)
    repo.stage("test_a.py", test)
    together, alone = both_ways(repo)
    assert together == alone
    assert "killed" in together.values()


@needs_fork
def test_a_test_that_needs_another_notices_nothing_in_a_shared_process_either(repo):
    source = """
SEEN = {}

def visit(name):
    if name in SEEN:
        SEEN[name] += 1
        return "again"
    SEEN[name] = 1
    return "first"
"""
    test = """
from a import visit

def test_first():
    assert visit("x") == "first"

def test_again():
    assert visit("x") == "again"
"""
    repo.stage("a.py", source)
    repo.stage("test_a.py", test)
    document = measured()
    assert [left["test"] for left in document["left_out"]] == ["test_a.py::test_again"]
    assert {verdict for (line, _), verdict in verdicts(document, "visit").items() if line == 6} == {"not run"}


@needs_fork
def test_a_test_that_passes_only_when_called_after_others_is_run_by_pytest(repo):
    test = """
from a import double

seen = []

def test_first(request):
    seen.append(1)

def test_second():
    assert seen
    assert double(1) == 2
"""
    repo.stage("a.py", "def double(n):\n    return n * 2\n")
    repo.stage("test_a.py", test)
    document = measured()
    assert document["left_out"] == [{"test": "test_a.py::test_second", "reason": "it passes only after other tests"}]


# -- without fork ------------------------------------------------------------------------------------------------------

WITHOUT_FORK = """
import os, runpy, sys
del os.fork
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def graded(folder, modules):
    """The request for the verdicts on ``grade``, its files in ``folder``."""
    (folder / "a.py").write_text(GRADE)
    (folder / "test_a.py").write_text("from a import grade\n\ndef test_high():\n    assert grade(90) == 'pass'\n")
    (folder / "place").mkdir()
    return {
        "tests": ["test_a.py"],
        "root": str(folder),
        "folder": str(folder),
        "paths": [str(folder)],
        "modules": modules,
        "place": str(folder / "place"),
        "subjects": [{"path": "a.py", "name": "grade", "first_line": 2, "last_line": 5}],
        "timeout": 60,
        "seconds": 60,
        "at_once": 2,
    }


def reported(report):
    """The verdict on each change, and the last record."""
    records = [json.loads(line) for line in report.read_text().splitlines()]
    labels = {number: mutant["label"] for number, mutant in enumerate(records[0]["mutants"])}
    return {labels[record["mutant"][1]]: record["verdict"] for record in records if "mutant" in record}, records[-1]


def test_without_fork_every_mutant_has_a_new_interpreter(tmp_path):
    (tmp_path / "start.py").write_text(WITHOUT_FORK)
    (tmp_path / "request.json").write_text(json.dumps(graded(tmp_path, {"a": "a.py"})))
    command = [sys.executable, "-B", tmp_path / "start.py", RUNTIME / "start.py", "strength"]
    report = tmp_path / "report"
    subprocess.run(
        [*command, "--request", tmp_path / "request.json", "--report", report], check=True, cwd=tmp_path, timeout=120
    )
    found, end = reported(report)
    assert found["the condition became False"] == "killed"
    assert found[">= became >"] == "survived"
    assert found["the text 'fail' was changed"] == "not run"
    assert end["fork"] is False


@needs_fork
@pytest.mark.parametrize("came_with_pytest", [False, True])
def test_a_process_that_waits_for_its_request_has_no_module_of_the_project(tmp_path, came_with_pytest):
    modules = {"a": "a.py", "pluggy": "pluggy.py"} if came_with_pytest else {"a": "a.py"}
    text = json.dumps(graded(tmp_path, modules)).encode()
    command = [sys.executable, *program("strength"), "--report", tmp_path / "report"]
    subprocess.run(command, input=text, check=True, cwd=RUNTIME, timeout=120)
    found, end = reported(tmp_path / "report")
    assert found[">= became >"] == "survived"
    assert (tmp_path / "place" / "request.json").exists() is came_with_pytest  # began anew
    assert list(end["foreign"]) == (["pluggy.py"] if came_with_pytest else [])


@needs_fork
def test_a_process_that_is_asked_for_nothing_does_nothing(tmp_path):
    command = [sys.executable, *program("strength"), "--report", tmp_path / "report"]
    subprocess.run(command, input=b"", check=True, cwd=tmp_path, timeout=120)
    assert list(tmp_path.iterdir()) == []


EARLY = """
import sys
heavy = {"pytestgen_hook.measure", "pytestgen_hook.imports", "pytestgen_hook.commands.examination", "pytestgen_hook.report"}

def hook(event, arguments):
    if event == "subprocess.Popen" and any(str(part) == "strength" for part in arguments[1]):
        print("started with", sorted(heavy & sys.modules.keys()), file=sys.stderr)

sys.addaudithook(hook)
from pytestgen_hook.cli import pytestgen
pytestgen(["strength", "--python", sys.executable])
"""


@needs_fork
def test_the_projects_interpreter_starts_before_what_is_needed_only_later_is_imported(repo):
    repo.stage("a.py", GRADE)
    repo.stage("test_a.py", "from a import grade\n\ndef test_high():\n    assert grade(90) == 'pass'\n")
    run = subprocess.run([sys.executable, "-c", EARLY], cwd=repo.path, capture_output=True, text=True)
    assert run.stderr.count("started with") == 1
    assert "started with []" in run.stderr
