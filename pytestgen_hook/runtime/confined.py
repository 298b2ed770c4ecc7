"""Confines itself, then runs a Python script or module in the same process.

usage: confined.py [--writable DIR …] [--path DIR …] [--parent PID] [--seconds N] [--memory BYTES]
           -- (SCRIPT | -m MODULE) [ARGUMENT …]

Folders given with ``--path`` are where modules are looked for first, from then on: as PYTHONPATH of this process they would
give it a ``sitecustomize.py`` or an ``argparse.py`` of the project before it is confined.
"""

from __future__ import annotations

import argparse
import os
import runpy
import sys


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--writable", action="append", default=[])
    parser.add_argument("--path", action="append", default=[])
    parser.add_argument("--parent", type=int)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--memory", type=int, default=4 << 30)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not command or command == ["-m"]:
        parser.error("there is nothing to run")

    import confine
    import hidden

    confine.die_with_parent(options.parent)
    confine.restrict_process(options.writable)
    confine.restrict_call(options.seconds, options.memory)
    hidden.hide_runtime()
    if options.path:
        sys.path[:0] = options.path
        os.environ["PYTHONPATH"] = os.pathsep.join(options.path)
    if command[0] == "-m":
        sys.path.insert(0, os.getcwd())
        sys.argv = command[1:]
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.path.insert(0, os.path.dirname(os.path.abspath(command[0])))
        sys.argv = command
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main()
