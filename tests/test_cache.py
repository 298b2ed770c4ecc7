"""The cache keeps values across processes and never costs more than time."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from pytestgen_hook import cache
from pytestgen_hook.cache import Cache, default_folder


def test_a_value_is_there_for_the_next_process(tmp_path: Path) -> None:
    Cache(tmp_path).put("kind", "key", {"a": [1, "é"]})
    assert Cache(tmp_path).get("kind", "key") == {"a": [1, "é"]}


def test_what_was_never_put_is_none(tmp_path: Path) -> None:
    assert Cache(tmp_path).get("kind", "key") is None


def test_kinds_do_not_mix(tmp_path: Path) -> None:
    kept = Cache(tmp_path)
    kept.put("one", "key", {"a": 1})
    assert kept.get("other", "key") is None


def test_put_replaces(tmp_path: Path) -> None:
    kept = Cache(tmp_path)
    kept.put("kind", "key", {"a": 1})
    kept.put("kind", "key", {"a": 2})
    assert kept.get("kind", "key") == {"a": 2}


def test_more_values_than_one_query_takes(tmp_path: Path) -> None:
    kept = Cache(tmp_path)
    kept.put_many("kind", {str(number): {"n": number} for number in range(1200)})
    found = kept.get_many("kind", map(str, range(1500)))
    assert len(found) == 1200
    assert found["1199"] == {"n": 1199}


def test_a_damaged_file_is_made_anew(tmp_path: Path) -> None:
    Cache(tmp_path).put("kind", "key", {"a": 1})
    (file,) = tmp_path.glob("*.sqlite")
    for leftover in tmp_path.iterdir():
        leftover.unlink()
    file.write_bytes(b"this is no database" * 100)
    kept = Cache(tmp_path)
    assert kept.get("kind", "key") is None
    kept.put("kind", "key", {"a": 2})
    assert (kept.problem, Cache(tmp_path).get("kind", "key")) == (None, {"a": 2})


def test_a_file_damaged_inside_is_removed_when_that_shows(tmp_path: Path) -> None:
    kept = Cache(tmp_path)
    kept.put_many("kind", {str(number): {"n": "x" * 500} for number in range(200)})
    kept.close()
    (file,) = tmp_path.glob("*.sqlite")
    data = bytearray(file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    file.write_bytes(bytes(data))
    broken = Cache(tmp_path)
    broken.get_many("kind", map(str, range(200)))
    broken.put("kind", "new", {"a": 1})
    assert broken.get("kind", "new") == {"a": 1}
    again = Cache(tmp_path)
    again.put("kind", "other", {"a": 2})
    assert Cache(tmp_path).get("kind", "other") == {"a": 2}


def test_a_value_that_is_no_json_object_counts_as_missing(tmp_path: Path) -> None:
    kept = Cache(tmp_path)
    kept.put("kind", "key", {"a": 1})
    (file,) = tmp_path.glob("*.sqlite")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE entry SET value = '[1'")
    assert kept.get("kind", "key") is None


def test_where_no_file_can_be_made_values_live_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    kept = Cache(tmp_path / "file" / "below")
    kept.put("kind", "key", {"a": 1})
    assert kept.get("kind", "key") == {"a": 1}
    assert kept.problem is not None
    assert str(tmp_path) in kept.problem


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="needs a folder that may not be written")
def test_a_read_only_folder_is_no_error(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    kept = Cache(tmp_path)
    kept.put("kind", "key", {"a": 1})
    assert kept.get("kind", "key") == {"a": 1}


def test_the_file_stays_below_its_cap(tmp_path: Path) -> None:
    kept = Cache(tmp_path, most_bytes=200_000)
    for number in range(40):
        kept.put("kind", str(number), {"text": "x" * 20_000})
    kept.close()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 400_000
    assert Cache(tmp_path).get("kind", "39") is not None


def test_several_processes_make_the_file_and_write_at_once(tmp_path: Path) -> None:
    """Each round, eight processes that are already started open the same new file at the same moment."""
    code = (
        "import sys; from pathlib import Path; from pytestgen_hook.cache import Cache\n"
        "for folder in sys.stdin:\n"
        "    kept = Cache(Path(folder.strip()))\n"
        "    for n in range(5): kept.put('kind', sys.argv[1] + str(n), {'n': n})\n"
        "    print(kept.problem, flush=True)\n"
    )
    names = "abcdefgh"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        for name in names
    ]
    problems = []
    for number in range(40):
        for process in running:
            assert process.stdin is not None
            process.stdin.write(f"{tmp_path / str(number)}\n")
            process.stdin.flush()
        for process in running:
            assert process.stdout is not None
            problems.append(process.stdout.readline().strip())
    for process in running:
        process.communicate()
    assert problems == ["None"] * len(problems)
    for number in range(40):
        assert (
            len(Cache(tmp_path / str(number)).get_many("kind", [f"{name}{n}" for name in names for n in range(5)]))
            == 40
        )


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTESTGEN_CACHE_DIR", str(tmp_path))
    assert default_folder() == tmp_path
    monkeypatch.delenv("PYTESTGEN_CACHE_DIR")
    assert default_folder().name == "pytestgen"
    assert cache.SCHEMA > 0
