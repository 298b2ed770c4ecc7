"""Folders of runs: gone after the run, and after the next one if the run was killed."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pytestgen_hook.scratch import scratch_folder


@pytest.fixture(autouse=True)
def shared(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_is_gone_after_the_run(shared):
    with scratch_folder() as folder:
        assert folder.is_dir()
    assert list(shared.iterdir()) == []


def test_what_a_killed_run_left_is_removed_by_the_next(shared):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (shared / f"pytestgen-{ended.pid}-left" / "tree").mkdir(parents=True)
    with scratch_folder() as folder:
        assert list(shared.iterdir()) == [folder]


def test_in_another_place_it_is_the_same(tmp_path):
    (tmp_path / "memory").mkdir()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / "memory" / f"pytestgen-{ended.pid}-left").mkdir()
    with scratch_folder(tmp_path / "memory") as folder:
        assert list((tmp_path / "memory").iterdir()) == [folder]
    assert list((tmp_path / "memory").iterdir()) == []


@pytest.mark.parametrize("name", ["pytestgen-PID-running", "pytestgen-other", "pytestgen-x-y"])
def test_what_is_not_known_to_be_left_stays(shared, name):
    name = name.replace("PID", str(os.getpid()))
    (shared / name).mkdir()
    with scratch_folder():
        pass
    assert [path.name for path in shared.iterdir()] == [name]


def test_a_link_is_not_followed(shared):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    precious = Path(shared / "precious")
    precious.mkdir()
    (shared / f"pytestgen-{ended.pid}-link").symlink_to(precious)
    with scratch_folder():
        pass
    assert precious.is_dir()
