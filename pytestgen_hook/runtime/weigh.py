"""Tries tests that nobody has looked at yet, each alone: is it green, what of one function does it run, which mutants fail it.

usage: start.py weigh --request FILE --report FILE

The request is one JSON object: ``subject`` ({path, name, first_line, last_line}), ``tests`` (one test file), ``root``,
``paths``, ``place`` (a folder to write in), ``seconds`` (for all), ``test_seconds`` (for one test without a mutant) and
``at_once`` (processes). The report has one JSON object a line: ``{"mutants": [[line, label], …]}``,
``{"test": name, "passed": …, "why": …, "lines": […]}`` for each test, ``{"kill": [test, mutant]}``, and ``{"end": …}``.

The process confines itself before it imports anything of the project; every test runs in one that it forks, which gives
up more.
"""

import argparse
import gc
import json
import os
import random
import signal
import time

import confine
import hidden
import strength
import subjects as subjects_
import testrun
import trials

MEMORY = 2 << 30
_PATIENCE = 2.0  # seconds of the clock beyond those of computing


class Weighing:
    """Tries the collected tests of one file."""

    def __init__(self, request, subject, swap, ran, report):
        self._request = request
        self._subject = subject
        self._swap = swap
        self._ran = ran
        self._report = report
        self._count = 0
        self._end = time.monotonic() + request["seconds"]

    def run(self, plugin, session):
        self._plugin = plugin
        for path, why in plugin.problems.items():
            self._report(problem=f"{path}: {why}")
        if self._subject.marked is not None:
            self._subject.find()
        strength.be_quiet()
        confine.prepare_calls()
        random.seed(0)
        gc.freeze()
        # The tests without mutants first: what the time does not suffice for is to be mutants.
        green = []
        for item in session.items:
            trials.drive([self._looked_at(item, green)], lambda: 1)
        works = [
            self._tried(*one) for number in range(len(self._subject.mutants)) for one in self._reaching(green, number)
        ]
        trials.drive(works, lambda: self._request["at_once"])

    def _reaching(self, green, number):
        """Yield (item, name, seconds, mutant) for the tests that run what a mutant changes."""
        statement = self._subject.reaches[number]
        for item, name, seconds, ran in green:
            if ran if statement is None else self._subject.mark(statement) in ran:
                yield item, name, seconds, number

    def _looked_at(self, item, green):
        name = item.nodeid.partition("::")[2]
        limit = min(self._request["test_seconds"], max(0.0, self._end - time.monotonic()))
        if limit <= 0:
            self._report(test=name, passed=False, why="the time for trying it ran out", lines=[])
            return
        started = time.monotonic()
        ended = yield lambda: trials.Forked(self._body(item, None, limit), limit + _PATIENCE)
        seconds = time.monotonic() - started
        ran = set(map(tuple, ended.last("ran") or ()))
        passed = bool(ended.last("passed")) and ended.last("why") is None
        why = ended.last("why") or ("it did not end in time" if ended.late else "it ended the process")
        lines = sorted({self._subject.lines[statement] for _, statement in ran})
        self._report(test=name, passed=passed, why="" if passed else why, lines=lines)
        if passed and ran:
            green.append((item, name, seconds, ran))

    def _tried(self, item, name, seconds, number):
        if time.monotonic() > self._end:
            return
        limit = strength.LEAST + strength.FACTOR * seconds
        ended = yield lambda: trials.Forked(self._body(item, number, limit), limit + _PATIENCE)
        # What was ended by the clock alone may have waited for other work of the machine: that shows nothing.
        has_waited = ended.late and ended.status == -getattr(signal, "SIGKILL", 0)
        if not has_waited and (not ended.last("passed") or ended.last("why") is not None):
            self._report(kill=[name, number])

    def _body(self, item, number, seconds):
        self._count += 1
        folder = os.path.join(self._request["place"], "tmp%d" % self._count)

        def body(write):
            # The clock, which says why, is to strike first.
            confine.restrict_call(int(seconds + _PATIENCE) + 2, MEMORY)
            self._plugin.watch = Outcome(write)
            if number is not None:
                self._swap.use(self._subject, self._subject.mutants[number])
                strength.explain_nothing()
                strength.limit_computing(seconds)
            strength.use_folder(item.config, folder)
            self._ran.clear()
            strength.run_items([item], lambda place: None, lambda: False)
            write(ran=sorted(self._ran))

        return body


class Outcome:
    """Hears of the phases of one test, and passes on what came of it."""

    def __init__(self, write):
        self._write = write

    def reported(self, report):
        if report.failed:
            self._write(why=str(report.longrepr)[-2000:])
        elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            self._write(passed=True)

    def enter(self, *_):
        """Nothing is noted."""

    leave = used = enter


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--request", required=True)
    parser.add_argument("--report", required=True)
    options = parser.parse_args()
    with open(options.request, encoding="utf-8") as stream:
        request = json.load(stream)
    report = strength.Report(options.report)
    os.chdir(request["place"])
    one = request["subject"]
    root = os.path.realpath(request["root"])
    subject = subjects_.Subject(0, root, one["path"], one["name"], one["first_line"], one["last_line"])
    hidden.hide_runtime()
    confine.restrict_process([request["place"]])
    if not hasattr(os, "fork"):
        report(problem="this system cannot fork processes: tests of a model cannot be tried here")
        os._exit(0)
    report(mutants=[[mutant.line, mutant.label] for mutant in subject.mutants], problem=subject.problem)
    ran = set()
    swap = strength._installed([subject], ran)
    testrun.use_paths(request["paths"])
    weighing = Weighing(request, subject, swap, ran, report)
    status = strength.run_pytest(request, request["place"], weighing.run, lambda **_: None)
    report(end=status)
    os._exit(0)  # threads and exit handlers of the code under test have no say any more
