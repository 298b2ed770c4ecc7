"""Which tests are called without pytest, and that they fail there exactly if they do under pytest."""

import json
import subprocess
import sys

import pytest

from pytestgen_hook.sandbox import RUNTIME

CALLER = f"""
import json, sys
sys.path.insert(0, {str(RUNTIME)!r})
import plain, pytest

class Caller:
    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session):
        caller = plain.Plain(session.config, self)
        found = {{}}
        for item in session.items:
            if caller.fits(item):
                with caller.around(item):
                    found[item.name] = caller.has_failed(item)
        print("found:" + json.dumps(found), file=sys.__stdout__, flush=True)
        return True

sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[Caller()]))
"""
TESTS = """
import logging
import sys
import unittest
import unittest.mock
import warnings

import pytest


def test_passes():
    print("heard by nobody")
    assert sys.stdout is not sys.__stdout__


def test_fails():
    assert "a" == "b"


def test_raises():
    raise SystemExit(1)


@pytest.mark.parametrize("n", [1, 2])
@pytest.mark.parametrize("text, size", [("a", 1), ("bb", 2)], ids=["one", "two"])
def test_rows(text, size, n):
    assert len(text) == size and n < 2


class TestClass:
    def test_method(self):
        assert type(self) is TestClass

    def test_is_made_anew(self):
        self.seen = getattr(self, "seen", 0) + 1
        assert self.seen == 1


def test_is_skipped():
    pytest.skip("today")


def test_is_skipped_as_by_unittest():
    raise unittest.SkipTest("today")


def test_is_expected_to_fail():
    pytest.xfail("today")


def test_a_message_that_cannot_be_put_together_fails():
    logging.getLogger("a").warning("%d", "text")


def test_asks_for_input():
    input()


def test_warns_of_what_goes_away():
    with warnings.catch_warnings(record=True) as seen:
        warnings.warn("old", DeprecationWarning)
    assert len(seen) == 1


@unittest.mock.patch("os.getcwd", return_value="here")
def test_is_patched(getcwd):
    import os
    assert os.getcwd() == "here"


def test_gives_something():
    return 1


async def test_is_a_coroutine():
    pass


@pytest.mark.skipif(sys.version_info < (3,), reason="never")
def test_with_a_mark():
    pass


@pytest.fixture
def given(request):
    return getattr(request, "param", 1)


def test_with_a_fixture(given):
    assert given == 1


@pytest.mark.parametrize("given", [1], indirect=True)
def test_with_a_fixture_of_a_row(given):
    assert given == 1


class TestOld(unittest.TestCase):
    def test_of_unittest(self):
        pass


class TestPrepared:
    def setup_method(self):
        self.n = 1

    def test_prepared(self):
        assert self.n == 1
"""
PLAIN = {
    "test_passes": False,
    "test_fails": True,
    "test_raises": True,
    "test_rows[one-1]": False,
    "test_rows[one-2]": True,
    "test_rows[two-1]": False,
    "test_rows[two-2]": True,
    "test_method": False,
    "test_is_made_anew": False,
    "test_is_skipped": False,
    "test_is_skipped_as_by_unittest": False,
    "test_is_expected_to_fail": False,
    "test_a_message_that_cannot_be_put_together_fails": True,
    "test_asks_for_input": True,
    "test_warns_of_what_goes_away": False,
    "test_is_patched": False,
    "test_gives_something": None,
}


def called(folder, *options, **files):
    """What came of each test of a folder that was called, by its name."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text)
    command = [sys.executable, "-c", CALLER, *options]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return json.loads(run.stdout.partition("found:")[2].partition("\n")[0])


def test_plain_tests_are_called_and_fail_as_under_pytest(tmp_path):
    assert called(tmp_path, test_a=TESTS) == PLAIN
    said = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "test_a.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    ).stdout
    assert {line.split("::")[-1].split(" - ")[0] for line in said.splitlines() if line.startswith("FAILED")} == {
        *(name for name, failed in PLAIN.items() if failed),
        "test_is_a_coroutine",
    }


WRAPPER = """
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_call(item):
    item.module.PLACES.append(item.name)
    yield
    item.module.PLACES.pop()
"""
PLACED = "PLACES = []\n\ndef test_placed():\n    assert PLACES == ['test_placed']\n"


BESIDE = """
def pytest_runtest_setup(item):
    item.module.PLACES.append(item.name)

def pytest_runtest_teardown(item):
    assert item.name == item.module.PLACES.pop()
    assert item.name != "test_other"
"""
INSTEAD = """
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if pyfuncitem.name == "test_other":
        return True
    pyfuncitem.module.PLACES.append(pyfuncitem.name)
"""


@pytest.mark.parametrize(
    ("conftest", "other"),
    [
        pytest.param(WRAPPER, True, id="around the call"),
        pytest.param(BESIDE, True, id="before and after"),
        pytest.param(INSTEAD, False, id="in the place of some calls"),
    ],
)
def test_hooks_of_others_are_called(tmp_path, conftest, other):
    other_test = "\n\ndef test_other():\n    assert PLACES == []\n"
    found = called(tmp_path, test_a=PLACED + other_test, conftest=conftest)
    assert found == {"test_placed": False, "test_other": other}


@pytest.mark.parametrize(
    ("conftest", "options"),
    [
        pytest.param("def pytest_runtest_makereport(item):\n    pass\n", (), id="hook for the outcome"),
        pytest.param("def pytest_pyfunc_call(pyfuncitem):\n    pass\n", (), id="hook in the place of the call"),
        pytest.param("def pytest_runtest_protocol(item):\n    pass\n", (), id="hook in the place of all"),
        pytest.param("import pytest\n@pytest.fixture(autouse=True)\ndef a():\n    pass\n", (), id="fixture for all"),
        pytest.param("", ("-W", "error"), id="warnings are errors"),
        pytest.param("", ("-o", "filterwarnings=error::ResourceWarning"), id="some warnings are errors"),
    ],
)
def test_where_others_have_a_say_nothing_is_called(tmp_path, conftest, options):
    assert called(tmp_path, *options, test_a="def test_it():\n    pass\n", conftest=conftest) == {}
