"""Confines itself, then runs a Python script in the same process.

usage: confined.py --writable DIR [--writable DIR …] -- SCRIPT [ARGUMENTS …]
"""

import argparse
import os
import runpy
import sys


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--writable", action="append", default=[])
    parser.add_argument("script")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    here = os.path.dirname(os.path.abspath(__file__))
    import confine

    confine.restrict_process(options.writable)
    # The folder of this file is full of plain names that a project may use for its own modules.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    sys.modules["_pytestgen_runtime.confine"] = sys.modules.pop("confine")
    sys.argv = [options.script, *options.arguments]
    runpy.run_path(options.script, run_name="__main__")


if __name__ == "__main__":
    main()
