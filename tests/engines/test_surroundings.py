"""Functions that ask the environment, the clock or chance, through the real engine: their tests say what these answer."""

import subprocess
import sys

from click.testing import CliRunner
from exploring import the_only
from test_search import explored

from pytestgen_hook.cli import check

SOURCE = """
import os
import random
import time
from random import choice

LIMIT = "APP_LIMIT"

def mode() -> str:
    value = os.environ.get("APP_MODE", "dev")
    if value == "production":
        return "P"
    return value.upper()

def limit(n: int) -> int:
    return min(n, int(os.getenv(LIMIT, "10")))

def token() -> str:
    if "TOKEN" not in os.environ:
        raise RuntimeError("TOKEN is not set")
    return "Bearer " + os.environ["TOKEN"]

def expired(started: float, seconds: float) -> bool:
    return time.time() - started > seconds

def roll(sides: int) -> int:
    return random.randint(1, sides) * 2

def greet(name: str) -> str:
    return choice(["hello", "hi"]) + " " + name

def logged(n: int) -> int:
    started = time.time()
    n = n * 2
    time.time() - started
    return n
"""


def lines(exploration):
    return {target.replace("{}", source) for case in exploration.cases for target, source in case.arguments}


def test_what_is_asked_is_set_where_it_matters(tmp_path):
    found = explored(tmp_path, SOURCE, seconds=42.0)
    assert {name for name, item in found.items() if item.lines_run < item.lines_total or not item.cases} == set()
    assert {name for name, item in found.items() if item.mutants_killed < item.mutants_total} <= {"roll", "logged"}
    assert 'monkeypatch.setenv("APP_MODE", "production")' in lines(found["mode"])
    assert 'monkeypatch.delenv("TOKEN", raising=False)' in lines(found["token"])
    assert any(line.startswith('monkeypatch.setenv("APP_LIMIT", "') for line in lines(found["limit"]))
    assert any(line.startswith('monkeypatch.setattr("subject.time.time", lambda: ') for line in lines(found["expired"]))
    assert any('setattr("subject.random.randint", lambda low, high: ' in line for line in lines(found["roll"]))
    assert {line for line in lines(found["greet"]) if "setattr" in line} == {
        'monkeypatch.setattr("subject.choice", lambda items: items[0])',
        'monkeypatch.setattr("subject.choice", lambda items: items[-1])',
    }
    assert not any("monkeypatch" in line for line in lines(found["logged"]))


def test_written_tests_are_green_whatever_is_around_them_and_fail_for_a_broken_source(repo):
    repo.stage("app.py", SOURCE)
    CliRunner().invoke(check, ["--mode", "write", "--budget", "15", "--python", sys.executable])

    def passes(**variables: str) -> bool:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_app.py"]
        return subprocess.run(command, cwd=repo.path, capture_output=True, env=variables).returncode == 0

    assert passes()
    assert passes(APP_MODE="test", APP_LIMIT="1", TOKEN="x")
    for right, wrong in (
        ('== "production"', '!= "production"'),
        ("sides) * 2", "sides) * 3"),
        ("time.time() -", "1 -"),
    ):
        assert right in SOURCE
        repo.write("app.py", SOURCE.replace(right, wrong))
        assert not passes()


def test_what_one_kind_of_chance_gives_is_given_for_no_other(tmp_path):
    source = """
    from contextlib import suppress
    from itertools import islice
    from math import floor, log, log1p
    from random import random, randrange, shuffle

    def sample(iterator, k, strict):
        reservoir = list(islice(iterator, k))
        if strict and len(reservoir) < k:
            raise ValueError("Sample larger than population")
        share = 1.0
        with suppress(StopIteration):
            while True:
                share *= random() ** (1 / k)
                skip = floor(log(random()) / log1p(-share))
                element = next(islice(iterator, skip, None))
                reservoir[randrange(k)] = element
        shuffle(reservoir)
        return reservoir
    """
    exploration = the_only(explored(tmp_path, source, seconds=8.0))
    assert "pytestgen failed" not in (exploration.problem or "")
    assert exploration.cases or exploration.problem
