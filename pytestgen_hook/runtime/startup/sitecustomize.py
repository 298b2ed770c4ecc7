"""Read at its start by each Python that a test starts, whatever its version: see ``../follow.py``."""

import os
import sys


def _begin(here):
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    told = os.environ.get("_PYTESTGEN_FOLLOW")
    if not told or sys.version_info < (3, 9):
        return
    sys.path.insert(0, os.path.dirname(here))
    try:
        import follow

        follow.begin(told)
    except Exception:  # what runs here is no evidence then; the test must not notice
        pass
    finally:
        sys.path[:] = [entry for entry in sys.path if entry != os.path.dirname(here)]


def _pass_on(here):
    """Import the module of this name that the environment has itself."""
    this = sys.modules.pop(__name__)
    try:
        import sitecustomize  # noqa: F401
    except ImportError:
        pass
    sys.modules.setdefault(__name__, this)


_HERE = os.path.dirname(os.path.abspath(__file__))
_begin(_HERE)
_pass_on(_HERE)
