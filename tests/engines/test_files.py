"""Functions that work on files, through the real engine: files are made below ``tmp_path``, and looked at afterwards."""

import subprocess
import sys

import pytest
from click.testing import CliRunner
from test_search import explored

from pytestgen_hook.cli import check

READERS = """
import csv, json, os
from configparser import ConfigParser
from pathlib import Path

def count_lines(path: Path) -> int:
    found = 0
    with path.open() as stream:
        for line in stream:
            if line.strip() and not line.startswith("#"):
                found += 1
    return found

def load_settings(filename: str) -> dict:
    if not os.path.exists(filename):
        return {"mode": "default"}
    with open(filename) as stream:
        data = json.load(stream)
    data["mode"] = data.get("mode", "own").lower()
    return data

def total(path):
    with open(path, newline="") as stream:
        return sum(float(row["price"]) * int(row["count"]) for row in csv.DictReader(stream))

def timeout(path: Path) -> int:
    parser = ConfigParser()
    parser.read(path)
    return parser.getint("server", "timeout", fallback=30)

def python_files(folder: str) -> list:
    return sorted(name for name in os.listdir(folder) if name.endswith(".py"))
"""
WRITERS = """
from pathlib import Path

def backup(path: str) -> str:
    target = path + ".bak"
    with open(path) as source, open(target, "w") as stream:
        stream.write(source.read().upper())
    return target

class Store:
    def __init__(self, root: Path):
        self.root = Path(root)

    def put(self, key: str, text: str) -> Path:
        target = self.root / f"{key}.txt"
        target.write_text(text.strip() + "!")
        return target

    def forget(self, key: str) -> None:
        (self.root / f"{key}.txt").unlink()
"""


def lines(exploration):
    return {f"{target}: {source}" for case in exploration.cases for target, source in case.arguments}


def checks(exploration):
    return {(check.subject, check.expected) for case in exploration.cases for check in case.checks}


def test_files_hold_what_the_code_reads(tmp_path):
    found = explored(tmp_path, READERS, seconds=40.0)
    assert {name: (item.lines_run, item.mutants_killed) for name, item in found.items()} == {
        name: (item.lines_total, item.mutants_total) for name, item in found.items()
    }
    settings = lines(found["load_settings"])
    assert any(line.startswith('file: tmp_path / "') and line.endswith('.json"') for line in settings)
    assert any(line.startswith('file.write_text({}): json.dumps({"mode": ') for line in settings)
    assert any(not any("write_text" in target for target, _ in case.arguments) for case in found["load_settings"].cases)
    assert any("[server]" in line for line in lines(found["timeout"]))
    assert any(
        line.startswith('(tmp_path / "') and '.py").write_text({}): ' in line for line in lines(found["python_files"])
    )


def test_what_is_written_below_the_folder_is_asserted(tmp_path):
    found = explored(tmp_path, WRITERS, seconds=24.0)
    backup = checks(found["backup"])
    (text,) = {expected for subject, expected in backup if subject.endswith(".read_text()")}
    assert text.isupper()
    assert any(subject == "result" and expected.startswith('str(tmp_path / "') for subject, expected in backup)
    put = checks(found["Store.put"])
    assert any(subject.startswith('(tmp_path / "') and expected.endswith('!"') for subject, expected in put)
    assert any(subject == "result" and expected.startswith('tmp_path / "') for subject, expected in put)
    assert any(
        subject.endswith(".exists()") and expected == "False" for subject, expected in checks(found["Store.forget"])
    )
    assert not any(str(tmp_path) in text for item in found.values() for pair in checks(item) for text in pair)


def test_written_tests_are_green_and_fail_for_a_broken_source(repo):
    repo.stage("store.py", WRITERS)
    CliRunner().invoke(check, ["--mode", "write", "--budget", "15", "--python", sys.executable])
    text = (repo.path / "tests" / "test_store.py").read_text()
    assert "def test_backup_writes_file(tmp_path):\n" in text
    assert '.read_text() == "' in text

    def passes() -> bool:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_store.py"]
        return subprocess.run(command, cwd=repo.path, capture_output=True).returncode == 0

    assert passes()
    repo.write("store.py", WRITERS.replace(".upper()", ".lower()"))
    assert not passes()


@pytest.mark.parametrize(
    ("body", "part"),
    [
        pytest.param("Path('beside.txt').write_text(text)", "writes files", id="beside"),
        pytest.param("Path('/etc/hostname').write_text(text)", "write /etc/hostname", id="outside"),
        pytest.param("(path.parent.parent / 'up.txt').write_text(text)", "writes files", id="above"),
        pytest.param("return text + str(len(str(path)))", "depends on", id="length-of-the-path"),
        pytest.param("return hash(path)", "depends on", id="hash-of-the-path"),
        pytest.param("return path.parent.stat().st_mtime", "depends on", id="time-of-the-file"),
        pytest.param("return path.parent.stat().st_ino", "depends on", id="inode"),
        pytest.param("return os.listdir(path.parent)[:1]", "depends on", id="order-of-a-folder"),
        pytest.param("return [one.name for one in path.parent.iterdir()][:1]", "depends on", id="order-of-paths"),
        pytest.param("return next(os.walk(path.parent))[2][:1]", "depends on", id="order-of-a-walk"),
    ],
)
def test_what_is_elsewhere_or_differs_from_folder_to_folder_is_never_a_case(tmp_path, body, part):
    source = f"""
from pathlib import Path
import os

def f(path: Path):
    for name in "bca":
        (path.parent / (name + ".txt")).write_text(name)
    text = path.read_text() if path.exists() else ""
    {body}
"""
    exploration = explored(tmp_path, source)["f"]
    assert exploration.cases == ()
    assert part in f"{exploration.refused} {exploration.problem}"
