"""The exact test files that are generated, kept as golden files; ``pytest --update-recorded`` writes them anew."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytestgen_hook.cli import check
from pytestgen_hook.engines import search

RECORDED = Path(__file__).parent / "recorded"
SOURCES = sorted(path.stem for path in RECORDED.glob("*.py"))

# Which inputs the search meets follows from the line events of the interpreter, and these differ between versions.
pytestmark = pytest.mark.skipif(sys.version_info[:2] != (3, 11), reason="recorded with Python 3.11")


@pytest.fixture(autouse=True)
def _any_time_it_takes(monkeypatch):
    """On a slow machine a search that its time cuts short ends with other calls."""
    monkeypatch.setattr(search, "MOST_SECONDS", 200.0)


def generated(repo, name: str) -> str:
    repo.stage(f"{name}.py", (RECORDED / f"{name}.py").read_text())
    CliRunner().invoke(check, ["--mode", "write", "--budget", "600", "--python", sys.executable])
    return (repo.path / "tests" / f"test_{name}.py").read_text()


@pytest.mark.parametrize("name", SOURCES)
def test_generated_tests_are_as_recorded(repo, name, request):
    text = generated(repo, name)
    golden = RECORDED / f"test_{name}.py.txt"
    if request.config.getoption("--update-recorded"):
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("name", SOURCES)
def test_recorded_tests_are_green_and_fail_for_a_broken_source(repo, name):
    repo.write(f"test_{name}.py", (RECORDED / f"test_{name}.py.txt").read_text())
    source = repo.write(f"{name}.py", (RECORDED / f"{name}.py").read_text())

    def passes() -> bool:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"test_{name}.py"]
        return subprocess.run(command, cwd=repo.path, capture_output=True).returncode == 0

    assert passes()
    source.write_text(source.read_text().replace("return ", "return not "))
    assert not passes()
