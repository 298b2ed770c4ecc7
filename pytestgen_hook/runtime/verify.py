"""Runs given tests with pytest and writes the outcome of each to a file; started by ``confined.py``.

usage: verify.py --report FILE --arguments FILE [--reverse]
The arguments of pytest are a JSON list.
"""

import argparse
import json
import os
import sys


class Recorder:
    """A pytest plugin: the outcome of every test, and the tests in reverse order if asked."""

    def __init__(self, reverse):
        self.reverse = reverse
        self.outcomes = {}
        self.errors = []

    def pytest_collection_modifyitems(self, items):
        if self.reverse:
            items.reverse()

    def pytest_collectreport(self, report):
        if report.failed:
            self.errors.append([report.nodeid, str(report.longrepr)[-2000:]])

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.outcomes[report.nodeid] = ["failed", str(report.longrepr)[-2000:]]
        elif report.when == "call":
            self.outcomes.setdefault(report.nodeid, [report.outcome, ""])
        elif report.skipped:
            self.outcomes.setdefault(report.nodeid, ["skipped", ""])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--report", required=True)
    parser.add_argument("--reverse", action="store_true")
    parser.add_argument("--arguments", required=True)
    options = parser.parse_args()
    # This folder is full of plain names that a project may use for its own modules.
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
    with open(options.arguments, encoding="utf-8") as stream:
        arguments = json.load(stream)
    import pytest

    recorder = Recorder(options.reverse)
    status = int(pytest.main(arguments, plugins=[recorder]))
    with open(options.report, "w", encoding="utf-8") as stream:
        json.dump({"status": status, "outcomes": recorder.outcomes, "errors": recorder.errors}, stream)
    sys.stdout.flush()
    os._exit(0)  # threads and exit handlers of the code under test have no say any more


if __name__ == "__main__":
    main()
