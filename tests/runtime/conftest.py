"""The modules of the runtime import each other by plain names, as they do in the project's interpreter."""

import sys
from pathlib import Path

from pytestgen_hook.sandbox import RUNTIME

sys.path[:0] = [str(RUNTIME), str(Path(__file__).parent)]
