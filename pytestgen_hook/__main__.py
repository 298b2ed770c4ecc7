"""``python -m pytestgen_hook`` is the same as the command ``pytestgen``."""

import os
import sys

try:
    here = os.getcwd()  # noqa: PTH109  pathlib may be a file of the repository
except OSError:  # it has been removed: the command says so
    here = ""
if sys.path[0] in ("", here):
    del sys.path[0]  # "-m" puts the working folder first: nothing of the examined repository is ever imported here

from pytestgen_hook.cli import pytestgen

if __name__ == "__main__":
    pytestgen()
