"""What the tests of the engine share lies beside them; test files are no package."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
