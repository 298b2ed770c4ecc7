"""One repository, collected from once, for all questions about rows."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from finetuning import collect, sources
from finetuning.gates import Gates
from tests.conftest import Repo

SOURCE = '''_UNITS = {"": 1, "k": 1000}


def size(text: str, default: int = 0) -> int:
    """Read a size."""
    if not text:
        return default
    unit = "k" if text.endswith("k") else ""
    number = int(text.removesuffix("k"))
    if number < 0:
        raise ValueError(text)
    return number * _UNITS[unit]


def die(sides: int) -> int:
    """Throw a die that falls otherwise in every process."""
    if sides == 1:
        return 1
    return hash(f"{sides} sides") % sides


def sign(is_on: bool) -> str:
    """Say what a switch shows."""
    if is_on:
        return "+"
    return "-"
'''


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """The folder of a repository with one commit."""
    repo = Repo(tmp_path_factory.mktemp("library"))
    repo.git("init", "--quiet", "--initial-branch=main")
    repo.stage("sizes.py", SOURCE)
    repo.stage("tests/test_sizes.py", "from sizes import size\n\n\ndef test_size():\n    assert size('3k') == 3000\n")
    repo.commit()
    return repo.path


@pytest.fixture(scope="session")
def opened(library):
    """Its sources, as rows are collected from them."""
    with sources.opened(library, "MIT", Path(sys.executable), "sizes") as found:
        yield found


@pytest.fixture(scope="session")
def gates(opened):
    """The gates for its functions."""
    with Gates(opened) as found:
        yield found


@pytest.fixture(scope="session")
def size(opened):
    """The function ``size``."""
    return next(task for task in opened.tasks if task.function.qualname == "size")


CALLS = ('size(text="")', 'size(text="5")', 'size(text="3k")', 'size(text="-1")', 'size(text="", default=7)')


@pytest.fixture(scope="session")
def rows(gates, size):
    """Rows about it, of calls that are there already."""
    found = list(collect.rows_of(gates, size, gates.judged(size, CALLS)))
    assert len(found) == 2
    return found


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """The file of a model that knows nothing, and that llama.cpp and transformers take for one of the real kind."""
    for name in ("gguf", "llama_cpp"):
        pytest.importorskip(name)
    import tiny

    return tiny.write(tmp_path_factory.mktemp("tiny") / "tiny.gguf", tiny.weights())
