"""Starts the interpreter that mutants are tried in before anybody knows which: it imports pytest meanwhile."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pytestgen_hook import sandbox
from pytestgen_hook.interpreter import Interpreter, run_environment

REPORT = "report.jsonl"


class EarlyPytest:
    """A process of an interpreter that has imported pytest, or does so now, before anybody knows what it is to run.

    It has a folder of its own inside ``folder``, that of the run. Where there is no fork, it is none.
    """

    def __init__(self, interpreter: Interpreter, folder: Path) -> None:
        self.interpreter = interpreter
        self.place = Path(tempfile.mkdtemp(dir=folder, prefix="strength-"))
        environment = run_environment(interpreter, folder / "tree", self.place)
        self.process = sandbox.Started(
            [interpreter.python, *sandbox.program("strength"), "--report", self.place / REPORT],
            cwd=folder,
            env=environment,
        )

    def close(self) -> None:
        """End it, if nobody has had a use for it."""
        self.process.close()
