"""The proof of generated tests: three real runs of pytest, each test answering for itself alone."""

import json
import signal
import subprocess
import sys
import textwrap
import time
from contextlib import closing
from pathlib import Path

import pytest

from pytestgen_hook import gates

GOOD = "def test_good():\n    assert 1 + 1 == 2\n"


def proof(tmp_path: Path, seconds: float | None = None, settings: str = "", **files: str) -> gates.Proof:
    """Prove every test function of the files, which lie at the top of a tree."""
    tree = tmp_path / "tree"
    tree.mkdir()
    ids = []
    for name, source in files.items():
        text = textwrap.dedent(source)
        (tree / f"{name}.py").write_text(text)
        ids += [
            f"{name}.py::{line[4:].partition('(')[0]}" for line in text.splitlines() if line.startswith("def test_")
        ]
    if settings:
        (tree / "pytest.ini").write_text("[pytest]\n" + settings)
    python = Path(sys.executable)
    found = gates.prove(ids, python=python, tree=tree, roots=[""], folder=tmp_path, seconds=seconds)
    assert tree.is_dir()
    return found


@pytest.mark.parametrize(
    ("body", "part"),
    [
        pytest.param("while True:\n        pass", "did not end within", id="endless"),
        pytest.param("import os\n    os._exit(0)", "ended the process", id="exit"),
        pytest.param(
            "import threading, time\n    threading.Thread(target=time.sleep, args=[99]).start()",
            "does not end",
            id="thread",
        ),
        pytest.param("import atexit, os\n    atexit.register(lambda: os._exit(7))", "exit status", id="exit-handler"),
        pytest.param("import datetime\n    assert datetime.date.today().year < 2032", "2032", id="year"),
        pytest.param("import pathlib\n    assert pathlib.Path(__file__).parent.name == 'tree'", "tree", id="place"),
        pytest.param("import os\n    os.system('touch /tmp/stolen')", "it tries to start a process", id="program"),
        pytest.param(
            "import subprocess\n    try: subprocess.run(['true'])\n    except OSError: pass",
            "to start a process: true",
            id="program-hushed-up",
        ),
        pytest.param(
            "import socket\n    try: socket.create_connection(('127.0.0.1', 9))\n    except OSError: pass",
            "connect to",
            id="network",
        ),
        pytest.param(
            "import pathlib\n    try: pathlib.Path('/etc/stolen').write_text('')\n    except OSError: pass",
            "write /etc/stolen",
            id="writes",
        ),
        pytest.param(
            "import os, signal\n    try: os.kill(1, 0)\n    except OSError: pass", "send signal 0", id="signal"
        ),
        pytest.param("import warnings\n    warnings.warn('old')", "UserWarning", id="warning"),
    ],
)
def test_a_bad_test_costs_only_its_own_proof(tmp_path, body, part):
    found = proof(
        tmp_path,
        settings="addopts = -W error -x --maxfail=1 -k nothing --no-such-option\n",
        test_a=f"{GOOD}\ndef test_bad():\n    {body}\n",
        test_b=GOOD,
    )
    assert found.green == {"test_a.py::test_good", "test_b.py::test_good"}
    assert part in found.why_not("test_a.py::test_bad")


def test_a_file_that_tries_something_when_it_is_imported_is_not_green(tmp_path):
    found = proof(tmp_path, test_a=f"import os\nos.system('true')\n\n{GOOD}", test_b=GOOD)
    assert found.green == {"test_b.py::test_good"}
    assert "it tries to start a process" in found.why_not("test_a.py::test_good")


def test_no_summary_is_made_of_a_round(tmp_path):
    """Nobody reads it, and some plugins take longer for it than the tests do."""
    summary = "import os\n\n\ndef pytest_terminal_summary():\n    os._exit(3)\n"
    found = proof(tmp_path, conftest=summary, test_a=f"{GOOD}\ndef test_bad():\n    assert False\n")
    assert found.green == {"test_a.py::test_good"}
    assert "assert False" in found.why_not("test_a.py::test_bad")


def test_plugins_may_be_unregistered_at_the_end(tmp_path):
    """As pytest's own ``--junitxml`` does; to leave summaries out must not stand in the way."""
    plugin = """
        class Told:
            def pytest_terminal_summary(self):
                raise RuntimeError

        told = Told()

        def pytest_configure(config):
            config.pluginmanager.register(told)

        def pytest_unconfigure(config):
            config.pluginmanager.unregister(told)
    """
    assert proof(tmp_path, conftest=plugin, test_a=GOOD).green == {"test_a.py::test_good"}


def test_what_tests_may_do_is_no_attempt(tmp_path):
    """Temporary files of all kinds, threads, event loops, variables, the working folder, what is printed."""
    found = proof(
        tmp_path,
        test_a="""
            import asyncio, concurrent.futures, os, tempfile, threading

            def test_good(tmp_path, tmp_path_factory, monkeypatch, capsys):
                (tmp_path / "a").write_text("a")
                (tmp_path / "a").rename(tmp_path / "b")
                tmp_path_factory.mktemp("more")
                monkeypatch.chdir(tmp_path)
                monkeypatch.setenv("A", "1")
                with tempfile.TemporaryFile() as file, tempfile.NamedTemporaryFile() as other, tempfile.TemporaryDirectory():
                    file.write(b"a")
                    other.write(b"a")
                with open(os.devnull, "w") as nowhere:
                    print("a", file=nowhere)
                print("a")
                assert capsys.readouterr().out == "a\\n"
                assert asyncio.run(asyncio.sleep(0, 1)) == 1
                thread = threading.Thread(target=len, args=("a",))
                thread.start()
                thread.join()
                assert concurrent.futures.ThreadPoolExecutor(1).submit(len, "a").result() == 1
        """,
    )
    assert found.green == {"test_a.py::test_good"}, found


def test_a_test_that_waits_for_the_processor_is_not_taken_for_an_endless_one(tmp_path, monkeypatch):
    monkeypatch.setattr(gates, "_SECONDS_A_TEST", 1.0)
    waits, computes = "time.sleep(1.3)", "any(iter(int, 1))"
    found = proof(
        tmp_path,
        test_a=f"import time\n\ndef test_waits():\n    {waits}\n\ndef test_computes():\n    {computes}\n",
    )
    assert found.green == {"test_a.py::test_waits"}
    assert "did not end within 1 s" in found.why_not("test_a.py::test_computes")


def test_a_file_that_cannot_be_collected_costs_only_its_own_tests(tmp_path):
    found = proof(
        tmp_path, test_a=f"import no_such_module\n{GOOD}", test_b=f"import os\nos._exit(3)\n{GOOD}", test_c=GOOD
    )
    assert found.green == {"test_c.py::test_good"}
    assert "no_such_module" in found.why_not("test_a.py::test_good")
    assert "ended the process" in found.why_not("test_b.py::test_good")


def test_the_outcome_cannot_be_told_by_whoever_knows_the_arguments(tmp_path):
    source = """
    import json, os, sys

    def test_forged():
        line = json.dumps(["outcome", "test_a.py::test_forged", "passed", ""]) + "\\n" + json.dumps(["end", 0]) + "\\n"
        for word in sys.argv:
            assert "report" not in word
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, line.encode())
            except OSError:
                pass
        os._exit(0)
    """
    assert proof(tmp_path, test_a=source).green == frozenset()


def test_the_time_for_all_holds(tmp_path):
    started = time.monotonic()
    tests = "".join(f"def test_{number}():\n    while True:\n        pass\n" for number in range(5))
    found = proof(tmp_path, 7.0, test_a=tests)
    assert found.green == frozenset()
    assert "time for proving" in found.why_not("test_a.py::test_4")
    assert time.monotonic() - started < 15


HERE = Path(sys.executable)


@pytest.fixture
def early(tmp_path):
    """Processes that were started before there was anything in the tree."""
    (tmp_path / "tree").mkdir()
    with closing(gates.EarlyRounds(python=HERE, tree=tmp_path / "tree", roots=[""], folder=tmp_path)) as made:
        made.begin()
        yield made


def written(tree: Path, **files: str) -> None:
    for name, source in files.items():
        (tree / f"{name}.py").write_text(textwrap.dedent(source))


def test_what_was_started_early_proves_as_what_is_started_late(tmp_path, early):
    tree = tmp_path / "tree"
    tests = f"import own\n\n{GOOD}\ndef test_place():\n    assert own.__file__ == {str(tree / 'own.py')!r}\n"
    written(tree, own="", test_a=tests)
    ids = ["test_a.py::test_good", "test_a.py::test_place"]
    first, second = (
        gates.prove(ids, python=HERE, tree=tree, roots=[""], folder=tmp_path, early=early) for _ in range(2)
    )
    assert first == second
    assert first.green == {"test_a.py::test_good"}
    assert "another-place" in first.why_not("test_a.py::test_place")


def test_what_was_started_early_for_another_tree_is_not_used(tmp_path, early):
    other = tmp_path / "other"
    other.mkdir()
    written(other, test_a=GOOD)
    assert gates.prove(
        ["test_a.py::test_good"], python=HERE, tree=other, roots=[""], folder=tmp_path, early=early
    ).green == {"test_a.py::test_good"}


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
@pytest.mark.parametrize("is_proved", [True, False])
def test_nothing_that_was_started_early_is_left(tmp_path, early, is_proved):
    def left():
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if path.is_file()]
        return sum(str(tmp_path).encode() in line for line in lines)

    written(tmp_path / "tree", test_a=GOOD)
    end = time.monotonic() + 10
    while left() < len(gates.ROUNDS) and time.monotonic() < end:  # for a moment a process that starts has no arguments
        time.sleep(0.01)
    assert left() == len(gates.ROUNDS)
    if is_proved:
        gates.prove(
            ["test_a.py::test_good"], python=HERE, tree=tmp_path / "tree", roots=[""], folder=tmp_path, early=early
        )
    else:
        early.close()
    assert left() == 0


def test_code_that_is_imported_with_pytest_cannot_read_the_token(tmp_path):
    shadow = """
    import json, os, pathlib, sys

    def spying(stream):
        text = stream.read()
        pathlib.Path(os.environ["HOME"], "seen").write_text(text)
        return json.loads(text)

    json.load = spying
    del sys.modules[__name__]
    sys.path.remove(os.path.dirname(__file__))
    import iniconfig
    """
    assert proof(tmp_path, iniconfig=shadow, test_a=GOOD).green == {"test_a.py::test_good"}
    seen = [json.loads(path.read_text()) for path in tmp_path.glob("prove-*/seen")]
    assert len(seen) == len(gates.ROUNDS)
    assert all("arguments" in order and not {"token", "report"} & order.keys() for order in seen)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_an_interrupt_ends_the_rounds_that_run_at_once(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    said = "(tmp_path / 'here').write_text(str(os.getpid()))"
    (tree / "test_a.py").write_text(f"import os, time\n\ndef test_waits(tmp_path):\n    {said}\n    time.sleep(600)\n")
    script = (
        "import pathlib, sys; from pytestgen_hook import gates; place = pathlib.Path(sys.argv[1]); "
        "gates.prove(['test_a.py::test_waits'], python=pathlib.Path(sys.executable), tree=place / 'tree', roots=[''], "
        "folder=place, seconds=900)"
    )
    tool = subprocess.Popen([sys.executable, "-c", script, tmp_path], stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 60
    waiting: set[str] = set()
    while len(waiting) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
        waiting = {path.read_text() for path in tmp_path.glob("prove-*/tmp/*/here")} - {""}
    assert len(waiting) == 2
    tool.send_signal(signal.SIGINT)
    assert tool.wait(timeout=60) != 0
    assert not [number for number in waiting if Path(f"/proc/{number}").exists()]
