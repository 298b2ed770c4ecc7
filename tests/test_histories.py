"""A sample of the random histories of ci/bench/histories.py: nothing hurt, no crash, no wrong green."""

from __future__ import annotations

import importlib.util
import os
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytestgen_hook.types.report import Report

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the hooks of the histories need pipes with names")


AREA = b"def area(number):\n    return number * 2\n"


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


@pytest.mark.parametrize(("mode", "seeds"), [("fail", (0, 1, 3, 4, 9, 12)), ("write", (3,)), ("amend", (3,))])
def test_whatever_happens_the_hook_hurts_nothing_and_misses_nothing(
    histories, lean: str, tmp_path: Path, mode: str, seeds: tuple[int, ...]
) -> None:
    lines = histories.Lines(tmp_path)
    seen: Counter[str] = Counter()
    for seed in seeds:
        told, account = histories.run(tmp_path, seed, 14, lines, mode, lean)
        assert not account, account
        seen += told
    # A sample in which there was nothing to find would prove nothing.
    assert seen["functions examined"]
    assert seen["partial commits, stopped"]
    if mode == "fail":
        assert seen["functions examined of a push"]
        assert seen["partial commits, made"]


@pytest.fixture
def history(histories, tmp_path: Path) -> Iterator[Any]:
    """A history with two files in its only commit, which its remote has."""
    environment = histories.surroundings(tmp_path, sys.executable)
    made = histories.History(tmp_path / "top", random.Random(1), "fail", histories.Lines(tmp_path), environment)
    for name in ("a.py", "b.py"):
        (made.folder / name).write_bytes(AREA)
    made.git("add", "--all")
    made.git("commit", "--no-verify", "--message", "first")
    made.git("push", "--no-verify", "origin", "main")
    yield made
    os.close(made.asked)


def test_what_a_push_brings_is_worked_out_from_the_commits(histories, history) -> None:
    first = history.tree("HEAD")
    (history.folder / "c.py").write_bytes(b"def count(number):\n    return number\n")
    history.git("add", "--all")
    history.git("commit", "--no-verify", "--message", "second")
    head = history.git("rev-parse", "HEAD").decode().strip()
    new = f"refs/heads/main {head} refs/heads/new {histories.NOTHING}\n"
    deleted = f"(delete) {histories.NOTHING} refs/heads/main {head}\n"
    assert history._brought("origin", new) == [(history.tree("HEAD"), [first])]
    assert history._brought("other", new) == [(history.tree("HEAD"), [])]
    assert history._brought("origin", deleted) == []
    with pytest.raises(histories.Broken, match=r"not examined: \('c.py', 'count'\)"):
        history._said_all(Report(()), history._brought("origin", new))


@pytest.mark.parametrize(
    ("hook", "does", "said"),
    [
        ("pre-commit", "echo text > stray.txt", "changed files: {'stray.txt'}"),
        ("pre-commit", "echo text >> b.py", "changed files: {'b.py'}"),
        ("post-commit", "git rm --quiet --cached b.py", "entries that are not in it: {'b.py'}"),
        ("pre-commit", "git add b.py", "took others along: {'b.py'}"),
    ],
)
def test_a_hook_that_hurts_what_is_not_in_a_partial_commit_is_seen(
    histories, history, hook: str, does: str, said: str
) -> None:
    for name in ("a.py", "b.py"):
        (history.folder / name).write_bytes(AREA + b"\n")
    place = history.folder / ".git" / "hooks" / hook
    place.write_text("#!/bin/sh\n")
    place.chmod(0o755)
    history.commit("--message", "part", "--", "a.py", named="a.py")
    assert history.told["partial commits, made"] == 1
    (history.folder / "a.py").write_bytes(AREA)
    place.write_text(f"#!/bin/sh\n{does}\n")
    with pytest.raises(histories.Broken, match=re.escape(said)):
        history.commit("--message", "part", "--", "a.py", named="a.py")


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
