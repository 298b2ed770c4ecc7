"""What pytest leaves out where its output is not read changes no result."""

import subprocess
import sys
from pathlib import Path

import pytest

RUNTIME = Path(__file__).parents[2] / "pytestgen_hook" / "runtime"

PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
import needless
needless.leave_out_rewriting_of_plugins([sys.argv[2]])
import pytest
sys.exit(pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[2]]))
"""

PLUGIN = """
def equal(one, other):
    assert one == other
"""

TESTS = """
import pytest
import own_plugin, foreign_plugin, from_conftest

@pytest.mark.parametrize(("plugin", "is_told"), [(own_plugin, True), (foreign_plugin, False), (from_conftest, True)])
def test_why(plugin, is_told):
    with pytest.raises(AssertionError) as raised:
        plugin.equal(1, 2)
    assert ("assert 1 == 2" in str(raised.value)) is is_told

def test_own():
    with pytest.raises(AssertionError, match="assert 3 == 4"):
        assert 3 == 4
"""


def install(folder: Path, name: str) -> None:
    """Put a plugin of pytest into a folder, as an installer would."""
    (folder / f"{name}.py").write_text(PLUGIN)
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (about / "RECORD").write_text(f"{name}.py,,\n")
    (about / "entry_points.txt").write_text(f"[pytest11]\n{name} = {name}\n")


@pytest.mark.parametrize("keeps", [True, False], ids=["bytecode", "no-bytecode"])
def test_of_plugins_only_those_of_the_project_are_rewritten(tmp_path, monkeypatch, keeps):
    project, installed = tmp_path / "project", tmp_path / "installed"
    project.mkdir()
    installed.mkdir()
    install(project, "own_plugin")
    install(installed, "foreign_plugin")
    (project / "from_conftest.py").write_text(PLUGIN)
    (project / "conftest.py").write_text("pytest_plugins = ['from_conftest']\n")
    (project / "test_it.py").write_text(TESTS)
    monkeypatch.setenv("PYTHONPATH", f"{project}:{installed}")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "" if keeps else "1")
    command = [sys.executable, "-c", PROGRAM, str(RUNTIME), str(project)]
    ended = subprocess.run(command, cwd=project, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout
    assert "4 passed" in ended.stdout
