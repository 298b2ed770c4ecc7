"""The engine `model` from the command line, with the real small model: killed, run to its end, and run again."""

import json
import os
import signal
import subprocess
import sys
import time

import one_core
import pytest

from tests.conftest import Repo

SOURCE = '''import ipaddress


def network(text: str) -> str:
    """Say what kind of network an address belongs to."""
    address = ipaddress.ip_address(text)
    if address.is_loopback:
        return "loopback"
    if address.is_multicast:
        return "multicast"
    return "other"
'''
BUDGET = "900"  # whatever the machine is busy with


class Runs:
    """One repository and one cache for all runs."""

    def __init__(self, folder, model_file):
        self.model = folder / "model.gguf"
        self.model.symlink_to(model_file)
        self.cache = folder / "cache"
        (folder / "repo").mkdir()
        self.repo = Repo(folder / "repo")
        self.repo.git("init", "--quiet", "--initial-branch=main")
        self.repo.stage("net.py", SOURCE)

    def start(self, engine="model"):
        options = ["--engine", engine, "--model", str(self.model), "--mode", "write", "--budget", BUDGET]
        command = [sys.executable, "-m", "pytestgen_hook", "check", "--python", sys.executable, *options]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PYTESTGEN_"))}
        return subprocess.Popen(
            [*command, "--output-format", "json"],
            cwd=self.repo.path,
            env={**environment, "PYTESTGEN_CACHE_DIR": str(self.cache), "GIT_CONFIG_GLOBAL": os.devnull},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=one_core.BIND,
        )

    def target(self, engine="model"):
        """Run to the end and return what is said of the function."""
        process = self.start(engine)
        output, errors = process.communicate()
        assert process.returncode in (0, 1), errors
        (target,) = json.loads(output)["targets"]
        assert target["status"] == "generated", target["reason"]
        return target

    def written(self):
        """Return the tests that were written, and take them away."""
        (path,) = self.repo.path.rglob("test_*.py")
        text = path.read_text()
        path.unlink()
        return text

    def states(self):
        return sorted((self.cache / "model-states").glob("*"))


@pytest.fixture(scope="module")
def runs(tmp_path_factory, model_file):
    return Runs(tmp_path_factory.mktemp("engine"), model_file)


@pytest.fixture(scope="module")
def killed(runs):
    """What is left of a run that was killed while the model was asked: git's view of the work tree, and its state file."""
    process = runs.start()
    while not any(path.suffix == ".state" for path in runs.states()) and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    (file,) = runs.states()
    return runs.repo.git("status", "--porcelain", "-uall"), file.stat().st_ino


@pytest.fixture(scope="module")
def searched(runs):
    """What the search alone reaches."""
    target = runs.target("search")
    for path in runs.repo.path.rglob("test_*.py"):
        path.unlink()
    return target


@pytest.fixture(scope="module")
def asked(runs, killed, searched):
    """What is reached with the model, and the tests."""
    return runs.target(), runs.written()


def test_a_run_that_is_killed_leaves_everything_as_it_was(killed):
    assert killed[0] == "A  net.py\n"


def test_the_constant_part_that_it_read_is_not_read_again(runs, killed, asked):
    (file,) = runs.states()
    assert file.stat().st_ino == killed[1]  # what is read anew replaces the file


def test_the_model_reaches_lines_that_the_search_does_not(searched, asked):
    before, (after, tests) = searched, asked
    assert before["engine"] == "search"
    assert before["tokens"] is None
    assert before["lines"]["run"] < before["lines"]["total"]
    assert (after["engine"], after["status"]) == ("model", "generated")
    assert after["tokens"] > 0
    assert after["lines"]["run"] > before["lines"]["run"]
    assert after["mutants"]["killed"] > before["mutants"]["killed"]
    assert any(kind in tests for kind in ('"loopback"', '"multicast"', '"other"'))


def test_a_second_run_asks_nothing_and_gives_the_same_tests(runs, asked):
    real = runs.model.stat()
    runs.model.unlink()
    with runs.model.open("wb") as hollow:  # nothing in it: who loads it fails
        hollow.truncate(real.st_size)
    os.utime(runs.model, ns=(real.st_atime_ns, real.st_mtime_ns))
    target, tests = runs.target(), runs.written()
    assert tests == asked[1]
    assert (target["engine"], target["tokens"]) == ("model", asked[0]["tokens"])
