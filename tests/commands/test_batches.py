"""Runs over many functions: what is done is written on the way, an interrupted run keeps it, the next one goes on."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytestgen_hook.cli import check
from pytestgen_hook.generation import BATCH

ENDLESS = "import time\n\ntime.sleep(600)\n\n\ndef late(number: int) -> int:\n    return number * 3\n"
SILENT = "\n\ndef nothing(number: int) -> None:\n    number + 1\n"


def functions(name, count=BATCH, of="number"):
    """A module of so many functions, each with two inputs, so that it is searched in no time."""
    return "\n\n".join(f"def {name}{n}({of}: bool) -> int:\n    return {of} + {n}\n" for n in range(count))


def run(*options):
    return CliRunner().invoke(check, ["--python", sys.executable, "--all", *options])


def targets(*options):
    document = json.loads(run("--output-format", "json", *options).stdout)
    return {target["qualname"]: target for target in document["targets"]}


def status(repo):
    return repo.git("status", "--porcelain", "-uall").splitlines()


def collected(repo):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    return subprocess.run(command, cwd=repo.path, capture_output=True, text=True, check=True).stdout


class Command:
    """The command as a process of its own, with temporary files where they can be counted."""

    def __init__(self, place: Path, *options: str) -> None:
        self.place = place
        place.mkdir()
        self.report = place.with_suffix(".json")
        command = [sys.executable, "-m", "pytestgen_hook", "check", "--python", sys.executable, *options]
        self.process = subprocess.Popen(
            [*command, "--output-format", "json", "--output-file", str(self.report)],
            env={**os.environ, "TMPDIR": str(place)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def interrupt_when(self, is_time, number=signal.SIGINT):
        """Send the signal as soon as it is time; return the exit status and what was printed."""
        while not is_time():
            assert self.process.poll() is None, self.process.stdout.read()
            time.sleep(0.05)
        self.process.send_signal(number)
        said = self.process.communicate(timeout=60)[0]
        return self.process.returncode, said

    def processes(self):
        """The processes that work in its temporary folder."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            try:
                if str(self.place).encode() in (place / "cmdline").read_bytes():
                    found.append(place.name)
            except OSError:
                continue
        return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are counted as Linux shows them")
@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_keeps_what_is_done_says_so_and_leaves_nothing_behind(repo, tmp_path, number, expected):
    repo.stage("a.py", functions("add"))
    repo.stage("b.py", ENDLESS)
    command = Command(tmp_path / "temporary", "--all", "--mode", "write")
    tests = repo.path / "tests/test_a.py"
    found, said = command.interrupt_when(tests.exists, number)
    assert found == expected
    assert f"{BATCH} functions were given tests, which stay; 1 not reached" in said
    assert "To go on -> pytestgen check --python" in said
    assert list(command.place.iterdir()) == []
    assert command.processes() == []
    report = json.loads(command.report.read_text(encoding="utf-8"))
    assert (report["interrupted"], report["exit_status"]) == (True, expected)
    assert {target["qualname"] for target in report["targets"] if target["status"] == "untested"} == {"late"}
    assert status(repo) == ["A  a.py", "A  b.py", "?? tests/test_a.py"]
    assert f"{BATCH} passed" in collected(repo)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="processes are counted as Linux shows them")
def test_an_interrupt_ends_the_tests_that_run_at_once(repo, tmp_path):
    place = tmp_path / "running"
    place.mkdir()
    here = f"__import__('pathlib').Path({str(place)!r}, str(os.getpid())).touch()"
    repo.stage("a.py", functions("add", 1))
    repo.stage("far.py", "import a\n\n\ndef one():\n    return a.add0(1)\n")
    for number in range(7):  # these come first, since they are nearer: one, two, and then four
        repo.stage(f"tests/test_{number}.py", "import a\n\n\ndef test_there():\n    assert a\n")
    for number in range(7, 15):
        text = f"import os, time\nimport far\n\n\ndef test_waits():\n    {here}\n    time.sleep(600)\n    far.one()\n"
        repo.stage(f"tests/test_{number}.py", text)
    repo.commit()
    repo.stage("a.py", functions("add", 1).replace("number + 0", "0 + number"))
    repo.stage("pyproject.toml", "[tool.pytestgen]\ntest-jobs = 2\n")
    command = Command(tmp_path / "temporary")
    found, said = command.interrupt_when(lambda: len(list(place.iterdir())) == 2)
    assert (found, command.processes()) == (130, []), said
    assert list(command.place.iterdir()) == []
    assert not [path.name for path in place.iterdir() if Path("/proc", path.name).exists()]


def test_the_next_run_goes_on_and_does_nothing_twice(repo, tmp_path):
    repo.stage("a.py", functions("add") + SILENT)
    repo.stage("b.py", ENDLESS)
    tests = repo.path / "tests/test_a.py"
    Command(tmp_path / "temporary", "--all", "--mode", "write").interrupt_when(tests.exists)
    written = tests.read_bytes()
    repo.stage("b.py", ENDLESS.replace("time.sleep(600)", ""))
    # Before the tests are staged they are no evidence; they are found again without a search.
    found = targets("--mode", "write")
    assert tests.read_bytes() == written
    assert all(found[f"add{n}"]["seconds"] == 0 and "not staged" in found[f"add{n}"]["reason"] for n in range(BATCH))
    assert found["late"]["status"] == "generated"
    assert found["late"]["seconds"] > 0
    repo.git("add", "tests")
    found = targets("--mode", "write")
    assert {target["status"] for name, target in found.items() if name != "nothing"} == {"tested"}
    # Where nothing could be found nothing is sought again, and the reason is said as if it had been.
    assert found["nothing"]["seconds"] == 0
    assert found["nothing"]["reason"] == targets("--mode", "write", "--no-cache")["nothing"]["reason"] != ""


def test_a_commit_takes_all_tests_or_none_but_what_was_found_is_kept(repo, tmp_path):
    repo.stage("a.py", functions("add"))
    repo.stage("b.py", ENDLESS)
    command = Command(tmp_path / "temporary", "--mode", "amend")
    kept = tmp_path / "cache"
    found, said = command.interrupt_when(lambda: explored(kept) == BATCH)
    assert (found, said) == (130, "interrupted\n")
    assert status(repo) == ["A  a.py", "A  b.py"]
    repo.stage("b.py", ENDLESS.replace("time.sleep(600)", ""))
    found = targets("--mode", "write")
    assert {found[f"add{n}"]["seconds"] for n in range(BATCH)} == {0}
    assert {target["status"] for target in found.values()} == {"generated"}


def explored(folder):
    """How many explorations a cache holds."""
    try:
        with sqlite3.connect(next(folder.glob("*.sqlite"))) as connection:
            return connection.execute("SELECT count(*) FROM entry WHERE kind = 'exploration'").fetchone()[0]
    except (StopIteration, sqlite3.Error):
        return 0


@pytest.mark.parametrize(
    ("path", "text"),
    [
        pytest.param("a.py", "from b import LEVEL\n\n\ndef f(n: int) -> None:\n    n + LEVEL + 1\n", id="the function"),
        pytest.param("b.py", "LEVEL = 8\n", id="what its module imports"),
        pytest.param("limits.json", "{}", id="a data file beside it"),
    ],
)
def test_a_function_is_sought_anew_once_something_about_it_has_changed(repo, path, text):
    repo.stage("a.py", "from b import LEVEL\n\n\ndef f(n: int) -> None:\n    n + LEVEL\n")
    repo.stage("b.py", "LEVEL = 7\n")
    repo.stage("c.py", "import a\n")
    assert targets("--mode", "write")["f"]["seconds"] > 0
    repo.stage("c.py", "import a, sys\n")
    assert targets("--mode", "write")["f"]["seconds"] == 0
    repo.stage(path, text)
    assert targets("--mode", "write")["f"]["seconds"] > 0
    assert targets("--mode", "write")["f"]["seconds"] == 0


def test_no_cache_seeks_anew_and_what_it_finds_is_kept(repo):
    repo.stage("a.py", SILENT)
    assert targets("--mode", "write")["nothing"]["seconds"] > 0
    assert targets("--mode", "write", "--no-cache")["nothing"]["seconds"] > 0
    assert targets("--mode", "write")["nothing"]["seconds"] == 0


@pytest.mark.parametrize(
    ("given", "took", "budget", "is_anew"),
    [
        pytest.param(1.5, 1.4, 20, True, id="it used up its time, and would get more than twice as much"),
        pytest.param(1.5, 1.4, 2.5, False, id="it would get little more"),
        pytest.param(1.5, 0.4, 20, False, id="it ended by itself"),
    ],
)
def test_a_search_that_used_up_its_time_is_made_again_with_much_more(repo, tmp_path, given, took, budget, is_anew):
    repo.stage("a.py", SILENT)
    targets("--mode", "write")
    with sqlite3.connect(next((tmp_path / "cache").glob("*.sqlite"))) as connection:
        (text,) = connection.execute("SELECT value FROM entry WHERE kind = 'exploration'").fetchone()
        kept = json.loads(text)
        value = json.dumps({"seconds": given, "answer": {**kept["answer"], "seconds": took}})
        connection.execute("UPDATE entry SET value = ? WHERE kind = 'exploration'", [value])
    assert (targets("--mode", "write", "--budget", f"{budget}")["nothing"]["seconds"] > 0) == is_anew


@pytest.mark.parametrize("value", ["", "[]", '{"seconds": 6.0, "answer": {"cases": [{}], "seconds": 1}}', "no JSON"])
def test_what_is_damaged_in_the_cache_is_sought_anew(repo, tmp_path, value):
    repo.stage("a.py", SILENT)
    before = targets("--mode", "write")["nothing"]
    with sqlite3.connect(next((tmp_path / "cache").glob("*.sqlite"))) as connection:
        connection.execute("UPDATE entry SET value = ? WHERE kind = 'exploration'", [value])
    after = targets("--mode", "write")["nothing"]
    assert after["reason"] == before["reason"]
    assert after["seconds"] > 0


def test_two_runs_at_once_both_come_to_their_end(repo, tmp_path):
    repo.stage("a.py", functions("add", 4) + SILENT)
    commands = [Command(tmp_path / f"temporary{n}", "--all", "--mode", "write", "--diff") for n in range(2)]
    for command in commands:
        said = command.process.communicate(timeout=120)[0]
        assert command.process.returncode == 1, said
        found = json.loads(command.report.read_text(encoding="utf-8"))["targets"]
        assert [target["status"] for target in found] == ["generated"] * 4 + ["untested"]
    assert explored(tmp_path / "cache") == 5


@pytest.mark.parametrize("mode", ["write", "amend"])
def test_later_batches_add_to_the_test_files_of_earlier_ones(repo, mode):
    for name in ("one", "two"):
        repo.stage(f"{name}/__init__.py", "")
        repo.stage(f"{name}/a.py", functions(name))
    repo.stage("tests/test_a.py", "import one.a, two.a\n\n\ndef test_there():\n    assert one.a.one1(1) == 2\n")
    repo.commit()
    arguments = ["--mode", mode, *(["--staged"] if mode == "amend" else [])]
    if mode == "amend":
        for name in ("one", "two"):
            repo.stage(f"{name}/a.py", functions(name).replace("number", "value"))
    result = CliRunner().invoke(
        check, ["--python", sys.executable, *arguments, *(["--all"] if mode == "write" else [])]
    )
    assert result.exit_code == (1 if mode == "write" else 0), result.output
    assert f"{2 * BATCH} passed" in collected(repo)
    assert ("M " if mode == "amend" else " M") + " tests/test_a.py" in status(repo)


def test_files_of_one_name_in_two_batches_do_not_hide_one_another(repo):
    repo.stage("pytest.ini", "[pytest]\npythonpath = .\n")
    for name in ("one", "two"):
        repo.stage(f"{name}/__init__.py", "")
        repo.stage(f"{name}/a.py", functions(name))
        repo.stage(f"{name}/{name}.py", functions("x", 1))
        repo.stage(
            f"tests/{name}/test_{name}.py", f"from {name}.{name} import x0\n\n\ndef test_x0():\n    assert x0(1)\n"
        )
    found = targets("--mode", "write", "--budget", "300")
    assert [target["status"] for target in found.values()].count("generated") == BATCH
    assert f"{BATCH + 2} passed" in collected(repo)
    assert any("use a unique basename" in target["reason"] for target in found.values())
