"""Runs given tests with pytest and reports each step as it happens; started by ``confined.py``, told by standard input.

The first line is a JSON object with ``report`` (a descriptor, or a path where those cannot be handed on) and ``token``. The
order is another, which may come much later: ``arguments`` of pytest, ``skip`` (node ids), ``reverse``, ``ends`` (the process
is to end by itself), ``moment`` (the clock to run under, or None), ``seconds`` (of computing, for one test), ``writable``
(the folder that may be changed) and ``roots`` (the folders that the project's own modules lie in).

A test that tries what the sandbox denies is not green, whatever it makes of the denial: it would do it where it is run later.

The process that is judged reports itself. The token is known before any of its code is imported and stands in no argument,
variable or file; each line without it is passed over. What remains: code that searches the memory or the frames of its
own process finds it, and code that changes pytest itself makes it call a red test green.
"""

import faulthandler
import gc
import importlib
import json
import os
import signal
import sys

import elsewhere
import events
import hidden
import needless
import places

_COLLECTING_SECONDS = 30.0
_PATIENCE = 3  # on a machine with other work, a test gets the processor for a part of the time only
_ENDING_SECONDS = 5.0
# Of the events that are refused, those that pytest and libraries cause themselves, and that change nothing outside.
_LET_PASS = ("gc.", "ctypes.", "resource.", "signal.", "builtins.")
hidden.hide_runtime()


class Attempts:
    """Refuses what the sandbox denies, from ``start`` on, and keeps in words what was tried."""

    def __init__(self, writable):
        self._found = []
        self._is_on = False
        known = events.handlers(self._note, places.Places(writable, []))
        self._find = {name: handler for name, handler in known.items() if not name.startswith(_LET_PASS)}.get
        sys.addaudithook(self._hook)

    def start(self):
        self._is_on = True

    def taken(self):
        """Return what was tried since this was asked last."""
        found, self._found = self._found, []
        return found

    def _note(self, kind, text):
        if kind == "attempts":
            self._found.append(text)

    def _hook(self, event, arguments):
        if self._is_on:
            handler = self._find(event)
            if handler is not None:
                handler(*arguments)


def plugin(tell, order):
    """Return a plugin of pytest that tells of every test, and ends the process when one takes too long."""
    errors = os.dup(2)
    attempts = Attempts(order["writable"])

    def tell_attempts(nodeid, outcome):
        for attempt in attempts.taken():
            tell("outcome", nodeid, outcome, "it tries to " + attempt)

    def watch(seconds, patience=_PATIENCE):
        """End the process after so many seconds of computing, or a multiple of them by the clock."""
        if not hasattr(signal, "setitimer"):
            faulthandler.dump_traceback_later(seconds, exit=True, file=errors)
            return
        # Neither asks the interpreter: a test that never gives it back is ended all the same.
        faulthandler.dump_traceback_later(patience * seconds, exit=True, file=errors)
        signal.setitimer(signal.ITIMER_PROF, seconds)

    class Plugin:
        def pytest_collectstart(self, collector):
            attempts.start()
            tell("at", collector.nodeid)
            watch(_COLLECTING_SECONDS)

        def pytest_collection_modifyitems(self, items):
            skip = set(order["skip"])
            items[:] = [item for item in items if item.nodeid not in skip]
            if order["reverse"]:
                items.reverse()

        def pytest_collection_finish(self, session):
            if order["moment"]:
                # Not earlier: plugins that set clocks themselves look for the real one when they are imported.
                elsewhere.set_clocks(None, ((order["moment"], "even", "any"),))

        def pytest_collectreport(self, report):
            tell_attempts(report.nodeid, "error")
            if report.failed:
                tell("outcome", report.nodeid, "error", str(report.longrepr)[-2000:])

        def pytest_runtest_logstart(self, nodeid, location):
            tell("at", nodeid)
            watch(order["seconds"])

        def pytest_runtest_logreport(self, report):
            tell_attempts(report.nodeid, "failed")
            if report.failed:
                tell("outcome", report.nodeid, "failed", str(report.longrepr)[-2000:])
            elif report.when == "call" or report.skipped:
                tell("outcome", report.nodeid, report.outcome, "")

        def pytest_runtest_logfinish(self, nodeid, location):
            tell_attempts(nodeid, "failed")

        def pytest_sessionfinish(self, session):
            needless.leave_out_summaries(session.config)
            if not order["ends"]:
                gc.freeze()  # pytest looks for garbage several times when it ends, to warn of what nobody reads here

    return Plugin(), lambda: watch(_ENDING_SECONDS, patience=1)


def teller(report, token):
    """Return a function that writes one line, whatever has become of the modules it needs."""
    place = report if isinstance(report, int) else os.open(report, os.O_WRONLY | os.O_APPEND)
    if hasattr(os, "set_inheritable"):
        os.set_inheritable(place, False)

    def tell(*parts, write=os.write, dumps=json.dumps):
        write(place, (token + dumps(parts) + "\n").encode())

    return tell


def main():
    tell = teller(**json.loads(sys.stdin.readline()))
    import pytest  # while nobody knows yet what is to be run

    order = json.load(sys.stdin)
    sys.stdin.close()
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115
    sys.argv[1:] = order["arguments"]
    importlib.invalidate_caches()  # the tree may have come to its place since pytest was imported
    needless.leave_out_rewriting_of_plugins(order["roots"])
    made, watch_end = plugin(tell, order)
    leave = os._exit
    status = int(pytest.main(order["arguments"], plugins=[made]))
    watch_end()
    tell("end", status)
    if not order["ends"]:
        sys.stdout.flush()
        leave(0)  # threads and exit handlers of the code under test have no say in this round


if __name__ == "__main__":
    main()
