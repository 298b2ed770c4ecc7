"""A sample of the random histories of ci/bench/histories.py: nothing hurt, no crash, no wrong green."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the hooks of the histories need pipes with names")


@pytest.fixture(scope="module")
def histories() -> ModuleType:
    place = Path(__file__).parent.parent / "ci" / "bench" / "histories.py"
    spec = importlib.util.spec_from_file_location("histories", place)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["histories"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("mode", "seeds"), [("fail", range(6)), ("write", range(3, 4)), ("amend", range(3, 4))])
def test_whatever_happens_the_hook_hurts_nothing_and_misses_nothing(
    histories, lean: str, tmp_path: Path, mode: str, seeds: range
) -> None:
    lines = histories.Lines(tmp_path)
    examined = 0
    for seed in seeds:
        told, account = histories.run(tmp_path, seed, 14, lines, mode, lean)
        assert not account, account
        examined += told["functions examined"]
    assert examined  # a sample in which there was nothing to find would prove nothing


AREA = b"def area(number):\n    return number * 2\n"


def test_the_plain_comparison_sees_what_is_new_and_not_what_moved(histories) -> None:
    before = {"a.py": AREA, "b.py": b"def count(number):\n    return number\n"}
    after = {
        "c.py": b'def size(number: int) -> int:\n    """Text."""\n    return number * 2  # moved\n',
        "b.py": b"def count(number):\n    return number + 1\n",
        "test_a.py": b"def test_new():\n    assert 1\n",
        "broken.py": b"def (",
    }
    assert [(one.path, one.name) for one in histories.must_be_told(after, [before])] == [("b.py", "count")]
    assert histories.must_be_told(after, [before, {"z.py": after["b.py"]}]) == []
    assert histories.may_be_told(after, [before]) == {("c.py", "size"), ("b.py", "count")}


def test_the_plain_run_counts_passing_tests_only(histories, tmp_path: Path) -> None:
    passing = b"from a import area, count\n\n\ndef test_area():\n    assert area(2) == 4\n"
    failing = b"\n\ndef test_count():\n    assert not count(1)\n"
    tree = {"a.py": AREA + b"\n\ndef count(number):\n    return number\n", "test_a.py": passing + failing}
    run = histories.Lines(tmp_path).of(tree)
    assert ("a.py", 2) in run
    assert ("a.py", 6) not in run
