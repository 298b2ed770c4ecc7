"""Starts a program of the runtime: a script is compiled each time it runs, a module only the first time.

usage: start.py [--keep] PROGRAM [ARGUMENT …]

PROGRAM is a module of this folder that has ``main()``. With ``--keep`` Python keeps the bytecode of what is imported for it,
beside the modules, as it usually does: the Python of a project is often another than the one that this was installed with.
From then on nothing of that kind is written.
"""

import importlib
import os
import sys


def command(program):
    """Return the command, to be followed by options, that starts a program in another process of this interpreter."""
    return [sys.executable, "-B", os.path.abspath(__file__), program]


def main():
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    keeps = sys.argv[1] == "--keep"
    del sys.argv[: 2 if keeps else 1]
    sys.dont_write_bytecode = not keeps
    program = importlib.import_module(sys.argv[0])
    sys.dont_write_bytecode = True
    program.main()


if __name__ == "__main__":
    main()
