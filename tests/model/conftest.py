"""What the tests of the engine share lies beside them; test files are no package.

The real small model, where it is on this machine; tests that need it are left out where it is not.
"""

import os
import sys
from pathlib import Path

import pytest

from pytestgen_hook.model import store

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]


@pytest.fixture(scope="session")
def model_file():
    """The file of the small model."""
    pytest.importorskip("llama_cpp")
    named = os.environ.get("PYTESTGEN_TEST_MODEL")
    path = Path(named) if named else store.located(store.KNOWN[store.SMALL])
    if path is None or not path.is_file():
        pytest.skip("the small model is not here: pytestgen model pull qwen2.5-coder-0.5b")
    return path
