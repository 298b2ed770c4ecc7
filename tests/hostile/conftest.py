"""The corpus lies beside the tests, the runner that reads a log as GitHub does with those of the action."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent / "actions")]
