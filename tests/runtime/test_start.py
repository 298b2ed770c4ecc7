"""Programs of the runtime start as modules, whose bytecode is kept where that is wanted."""

import shutil
import subprocess
import sys

import pytest

from pytestgen_hook import sandbox


@pytest.mark.parametrize("unwanted", ["", "1"])
def test_bytecode_of_the_runtime_is_kept_unless_the_user_does_not_want_any(tmp_path, monkeypatch, unwanted):
    runtime = tmp_path / "runtime"
    shutil.copytree(sandbox.RUNTIME, runtime, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(sandbox, "RUNTIME", runtime)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", unwanted)
    command = [sys.executable, *sandbox.program("evidence"), "--help"]
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # as every process of the runtime has it
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    assert run.stdout.startswith("usage: evidence")
    kept = {path.name.partition(".")[0] for path in runtime.rglob("*.pyc")}
    assert ("evidence" in kept, "start" in kept) == (not unwanted, False)


def test_what_a_program_imports_later_is_not_kept(tmp_path):
    shutil.copy(sandbox.RUNTIME / "start.py", tmp_path)
    (tmp_path / "first.py").write_text("def main():\n    import second\n\n    print(second.__name__)\n")
    (tmp_path / "second.py").write_text("")
    command = [sys.executable, "-B", tmp_path / "start.py", "--keep", "first"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "second\n"
    assert {path.name.partition(".")[0] for path in tmp_path.rglob("*.pyc")} == {"first"}
