"""The modules of the runtime import each other by plain names, as they do in the project's interpreter."""

import sys

from pytestgen_hook.sandbox import RUNTIME

sys.path.insert(0, str(RUNTIME))
