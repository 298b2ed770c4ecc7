"""Tries mutants of functions against the project's own tests and writes down which of them the tests notice.

usage: start.py strength [--request FILE] --report FILE [--part FILE]

The request is one JSON object: ``tests``, ``root``, ``paths``, ``modules`` and ``place`` as for ``evidence.py``;
``subjects`` ({path, name, first_line, last_line}), ``timeout`` (seconds for running the tests once), ``seconds`` (for
trying mutants), ``at_once`` (processes), ``folder`` (to run in). Without a file it is awaited on the standard input, and
pytest imported meanwhile. The report has one JSON object a line: ``{"subject": n, …}`` with the mutants
of each function, ``{"at": path}`` before a file is collected, ``{"left": test, "why": …}`` for a test that is no
measure, ``{"mutant": [subject, n], "verdict": …}``, and ``{"end": …}``.

pytest is started once. Before it collects it forks. The one process collects the tests; before any fixture is set up it
forks again: first to run all tests as they are and to note which statements each one runs, then for mutants, to run only
the tests that run their place: many in a process, as far as what that says can be relied upon (``in_turn``), and else
each in its own. The other, which has imported nothing of the project but what its ``conftest.py`` did, forks for each
mutant of what runs while modules are imported. Where there is no fork, mutants are tried in interpreters of their own;
``--part`` names the file that holds what such a one is to do.
"""

import argparse
import builtins
import collections
import contextlib
import fnmatch
import gc
import importlib
import itertools
import json
import os
import random
import signal
import sys
import time
import warnings

import compiled
import hidden
import in_turn
import needless
import plain
import reads
import start
import subjects as subjects_
import testrun
import trials

KILLED, SURVIVED, TIMED_OUT, NOT_RUN, NOT_TRIED = "killed", "survived", "timed out", "not run", "not tried"
FACTOR = 10  # times the normal time that tests may take with a mutant
LEAST = 0.1  # seconds of computing that are no sign of an infinite loop
PATIENCE = 3.0  # seconds of the clock beyond that, for a machine with other work and for what waits
MEMORY = 2 << 30
_STARTS = 20.0  # seconds that an interpreter may take to start
_MOST_NOTICING = 20  # tests of a function that are tried before all others
_EVEN = 0.6180339887498949  # multiples of it, cut to their fraction, spread evenly


class Test:
    """What is known of one test: whether it passes, how long it takes, and which statements run for it.

    One that ``is_plain`` does the same when it is called without pytest (``plain``).
    """

    __slots__ = ("fixtures", "id", "is_plain", "node", "passed", "ran", "seconds", "why")

    def __init__(self, name, node):
        self.id = name
        self.node = node
        self.passed = False
        self.is_plain = False
        self.why = ""
        self.seconds = 0.0
        self.ran = set()
        self.fixtures = ()


# -- pytest ------------------------------------------------------------------------------------------------------------


class Plugin:
    """The pytest plugin: hands the collected session to ``loop``, and what happens to whoever ``watch`` is."""

    def __init__(self, request, place, loop, write, first):
        self._root = request["root"]
        self._real_root = os.path.realpath(self._root)
        self._wanted = request["tests"]
        self._place = place
        self._first = first
        self.loop = loop
        self.write = write
        self.watch = None
        self.names = None
        self.problems = {}

    def _path(self, node):
        return testrun.path_of(node, self._real_root)

    def pytest_collectstart(self, collector):
        path = self._path(collector)
        if path in self._wanted:
            self.write(at=path)

    def pytest_runtest_logreport(self, report):
        if self.watch is not None:
            self.watch.reported(report)

    def name(self, item):
        return "%s::%s" % (self._path(item) or "", item.nodeid.partition("::")[2])

    def argument(self, test):
        """Return what names a test file, or a test as ``name`` has it, on pytest's command line."""
        path, mark, rest = test.partition("::")
        return os.path.join(self._root, *path.split("/")) + mark + rest

    def collect(self, session, loop, write):
        """Let pytest go on, in a process that was forked by ``first``: collect, and call ``loop``."""
        self._first, self.loop, self.write = None, loop, write
        session.config.hook.pytest_collection(session=session)
        session.config.hook.pytest_runtestloop(session=session)


def run_pytest(request, place, loop, write, first=None):
    """Let pytest collect the tests of a request, and call ``loop`` with the plugin and the session, before any fixture.

    With ``first`` that is called in the place of both, likewise.
    """
    import pytest

    class First(Plugin):
        @pytest.hookimpl(hookwrapper=True)
        def pytest_load_initial_conftests(self, early_config):
            testrun.neutralise(early_config.known_args_namespace, self._place)
            yield

        @pytest.hookimpl(hookwrapper=True)
        def pytest_cmdline_main(self, config):
            testrun.neutralise(config.option, self._place)
            yield

        @pytest.hookimpl(hookwrapper=True)
        def pytest_make_collect_report(self, collector):
            outcome = yield
            report = outcome.get_result()
            if report.failed:
                self.problems[self._path(collector) or ""] = testrun.summary(report)

        @pytest.hookimpl(tryfirst=True)
        def pytest_pycollect_makeitem(self, collector, name):
            """Of a module of which some tests are asked for make no others: there may be thousands."""
            is_other = self.names is not None and name not in self.names and isinstance(collector, pytest.Module)
            return [] if is_other else None

        @pytest.hookimpl(tryfirst=True)
        def pytest_collection(self, session):
            if self._first is None:
                return None
            self.loop = lambda plugin, session: None
            self._first(self, session)
            return True

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtestloop(self, session):
            self.loop(self, session)
            end_quickly(session.config)
            return True

        @pytest.hookimpl(hookwrapper=True)
        def pytest_generate_tests(self, metafunc):
            yield
            if self.names is not None:
                # In another version of pytest there may be more than are asked for.
                with contextlib.suppress(AttributeError):
                    calls, own = metafunc._calls, metafunc.definition.name
                    calls[:] = [call for call in calls if f"{own}[{call.id}]" in self.names.get(own, ())] or calls

        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_fixture_setup(self, fixturedef, request):
            if self.watch is None or fixturedef.scope == "function":
                yield
                return
            # Finalizers run from the last to the first: these two stand around all that the fixture takes down.
            key, watch = _fixture_name(fixturedef), self.watch
            fixturedef.addfinalizer(watch.leave)
            watch.enter(key)
            yield
            watch.leave()
            fixturedef.addfinalizer(lambda: watch.enter(key))

        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_teardown(self, item):
            if self.watch is not None:
                self.watch.used(item)

    # In memory and not through descriptors: those would be shared by all that is forked.
    arguments = ["-q", "--tb=short", "--capture=sys", "-o", f"cache_dir={os.path.join(place, 'cache')}"]
    plugin = First(request, place, loop, write, first)
    arguments += [plugin.argument(path) for path in request["tests"]]
    needless.leave_out_rewriting_of_plugins(request["paths"])
    return int(pytest.main(arguments, plugins=[plugin]))


def _fixture_name(definition):
    return "%s@%s" % (definition.argname, definition.baseid)


def run_items(items, before, is_over):
    """Run items as pytest's own loop does; stop after the first at whose end ``is_over()``, with all taken down."""
    for number, item in enumerate(items):
        following = items[number + 1] if number + 1 < len(items) else None
        before(number)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if is_over():
            if following is not None:
                with contextlib.suppress(BaseException):
                    item.ihook.pytest_runtest_teardown(item=item, nextitem=None)
            return


def run_tests(items, caller, count, before, failures):
    """Run items until the first failure: call the first ``count``, which are plain, and let pytest run the others."""
    if count:
        with caller.around(items[0]):
            for number, item in enumerate(items[:count]):
                before(number)
                if caller.has_failed(item) is not False:
                    failures.note()
                    return
    run_items(items[count:], lambda number: before(count + number), lambda: failures.failed)


class Watch:
    """Learns in the run without mutants what each test does; the marks of the code go to ``ran``."""

    def __init__(self, write, ran):
        self._write = write
        self._ran = ran
        self._stack = []
        self._found = collections.defaultdict(set)
        self._seconds = collections.Counter()
        self._since = time.perf_counter()

    def _flush(self):
        now = time.perf_counter()
        if self._stack:
            self._found[self._stack[-1]] |= self._ran
            self._seconds[self._stack[-1]] += now - self._since
        self._ran.clear()
        self._since = now

    def enter(self, key):
        self._flush()
        self._stack.append(key)

    def leave(self):
        self._flush()
        if len(self._stack) > 1:
            self._stack.pop()

    def begin(self, number):
        self._stack[:] = []
        self._flush()
        self._stack[:] = [number]
        self._failed = None
        self._passed = False
        self._fixtures = set()

    def used(self, item):
        """Note the fixtures that a test has: by its arguments, and those that it asked for while it ran."""
        static = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
        dynamic = getattr(getattr(item, "_request", None), "_fixture_defs", {})
        definitions = [*itertools.chain.from_iterable(static.values()), *dynamic.values()]
        self._fixtures |= {_fixture_name(one) for one in definitions if hasattr(one, "argname")}

    def reported(self, report):
        if report.failed:
            self._failed = self._failed or testrun.summary(report)
        elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            self._passed = True

    def end(self, number):
        self._flush()
        self._write(
            test=number,
            passed=self._passed and self._failed is None,
            why=self._failed or "",
            seconds=self._seconds[number],
            ran=sorted(self._found[number]),
            fixtures=sorted(self._fixtures),
        )

    def tell_fixtures(self):
        for key in {key for key in [*self._found, *self._seconds] if isinstance(key, str)}:
            self._write(fixture=key, ran=sorted(self._found[key]), seconds=self._seconds[key])


class Failures:
    """Looks in a run with a mutant only for the first failure, and says where it is."""

    def __init__(self, write):
        self._write = write
        self.failed = False

    def reported(self, report):
        if report.failed:
            self.note()

    def note(self):
        if not self.failed:
            self.failed = True
            self._write(failed=True)

    def enter(self, *_):
        """Nothing is noted."""

    leave = used = enter


def limit_computing(seconds):
    """End this process when it has computed for so long, whatever else the machine does; 0: no more."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def limit_memory():
    try:
        import resource

        with open("/proc/self/status", "rb") as stream:
            mapped = next(int(line.split()[1]) << 10 for line in stream if line.startswith(b"VmData"))
        _, hard = resource.getrlimit(resource.RLIMIT_DATA)
        if hard == resource.RLIM_INFINITY or hard > mapped + MEMORY:
            resource.setrlimit(resource.RLIMIT_DATA, (mapped + MEMORY, hard))
    except (ImportError, OSError, ValueError, StopIteration, AttributeError):
        pass  # not on this system


def be_quiet():
    """Let nothing be written: nobody reads it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)


def explain_nothing():
    """Let no failure be explained: that takes longer than most tests."""
    with contextlib.suppress(Exception):
        from _pytest.assertion import util

        util.assertrepr_compare = lambda *arguments, **more: None
    with contextlib.suppress(Exception):
        from _pytest.nodes import Node

        Node._repr_failure_py = lambda self, excinfo, style=None: "failed"


def end_quickly(config):
    """Let pytest end without summaries and its search for garbage: both take longer than most tests."""
    needless.leave_out_summaries(config)
    gc.freeze()


def warm(config):
    """Compile what pytest compares names with when it collects, for all that is forked from here."""
    for setting in ("norecursedirs", "python_files", "python_classes", "python_functions"):
        for pattern in config.getini(setting):
            fnmatch.fnmatch("", pattern)


def use_folder(config, folder):
    """Give a process temporary folders of its own."""
    factory = getattr(config, "_tmp_path_factory", None)
    if factory is not None:
        import pathlib

        factory._given_basetemp = pathlib.Path(folder)
        factory._basetemp = None


def watch_for_sharing(place, tell):
    """Tell once if this process changes what others could see: files outside ``place``, or a network."""
    told = []
    flags = os.O_WRONLY | os.O_RDWR | os.O_CREAT

    def is_outside(path):
        if isinstance(path, int) or path is None:
            return False
        text = os.path.abspath(os.fsdecode(path))
        return not text.startswith((place, "/dev/", "/proc/"))

    def hook(event, arguments):
        if told:
            return
        outside = False
        if event == "open":
            outside = bool(isinstance(arguments[2], int) and arguments[2] & flags) and is_outside(arguments[0])
        elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.symlink", "os.truncate"):
            outside = is_outside(arguments[0])
        elif event == "sqlite3.connect":
            outside = str(arguments[0])[:1] != ":" and is_outside(arguments[0])
        elif event in ("socket.connect", "socket.bind"):
            outside = True
        if outside:
            told.append(event)
            tell(event)

    sys.addaudithook(hook)


# -- the process that has collected ------------------------------------------------------------------------------------


class Collected:
    """Runs the tests as they are, then tries the mutants, all in processes forked from the one that has collected.

    What is public is for ``in_turn``, which tries many in one process; numbers stand for tests and their items.
    """

    PATIENCE = PATIENCE

    def __init__(self, request, subjects, swap, ran, write):
        self._request = request
        self._subjects = subjects
        self.swap = swap
        self.ran = ran
        self._write = write
        self._place = request["place"]
        self._count = itertools.count()
        self._proved = {}
        self.kills = collections.Counter()
        self._unsteady = set()
        self._shared = False
        self._starts = False
        self._patterns = []

    def run(self, plugin, session):
        self._plugin = plugin
        self.items = list(session.items)
        self.tests = [Test(plugin.name(item), item.nodeid) for item in self.items]
        at_import = set(self.ran)
        self.ran.clear()
        for path, why in plugin.problems.items():
            self._write(left=path, why=why)
        for subject in self._subjects:
            if subject.marked is not None:
                subject.find()
        gc.freeze()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about forking beside threads
            self._look()
            self.caller = plain.Plain(session.config, plugin)
            self._look_for_plain()
            self._try(at_import)

    # -- without mutants -----------------------------------------------------------------------------------------------

    def _look(self):
        """Run every test once, in a process for as many as get to their end."""
        fixtures = {}

        def heard(message):
            if "test" in message:
                test = self.tests[message["test"]]
                test.passed, test.why, test.seconds = message["passed"], message["why"], message["seconds"]
                test.ran = set(map(tuple, message["ran"]))
                test.fixtures = message["fixtures"]
            elif "fixture" in message:
                ran, seconds = fixtures.get(message["fixture"], (set(), 0.0))
                ran |= set(map(tuple, message["ran"]))
                fixtures[message["fixture"]] = ran, max(seconds, message["seconds"])
            elif "patterns" in message:
                self._patterns = message["patterns"]
            elif "shared" in message:
                self._shared = True
            elif "starts" in message:
                self._starts = True

        end = time.monotonic() + self._request["timeout"]
        first = 0
        while first < len(self.items) and time.monotonic() < end:
            is_last = first == len(self.items) - 1
            ended = _alone(self._looking(first), end - time.monotonic(), heard, patient=is_last)
            if ended.last("done"):
                first = len(self.items)
                break
            reached = ended.last("start")
            if reached is None:
                break
            self.tests[reached].why = "did not end in time" if ended.late else "it ended the process"
            first = reached + 1
        self._is_cut = first < len(self.items)
        for path, tests in itertools.groupby(self.tests[first:], lambda test: test.id.partition("::")[0]):
            why = "%d tests not run: the time for running tests was over, or they could not be started"
            self._write(left=path, why=why % len(list(tests)))
        for test in self.tests:
            for name in test.fixtures:
                ran, seconds = fixtures.get(name, (set(), 0.0))
                test.ran |= ran
                test.seconds += seconds
            if test.why:
                self._write(left=test.id, why=test.why)

    def _looking(self, first):
        items = self.items[first:]
        folder = self._new_folder()

        def body(write):
            watch = Watch(write, self.ran)
            self._plugin.watch = watch
            be_quiet()
            random.seed(0)  # tests that leave something to chance are to have the same luck every time
            use_folder(items[0].config, folder)
            watch_for_sharing(self._place, lambda event: write(shared=event))
            reads.watch_for_processes(lambda: write(starts=True))

            def before(number):
                if number:
                    watch.end(first + number - 1)
                write(start=first + number)
                watch.begin(first + number)

            run_items(items, before, lambda: False)
            watch.end(first + len(items) - 1)
            watch.tell_fixtures()
            write(patterns=compiled.patterns())
            write(done=True)

        return body

    def _look_for_plain(self):
        """Find out which tests do the same when they are only called: all such in one process, up to the first that hangs."""
        fitting = [n for n, test in enumerate(self.tests) if test.passed and self.caller.fits(self.items[n])]
        if not fitting or not hasattr(os, "fork"):
            return

        def heard(message):
            if "test" in message:
                test = self.tests[message["test"]]
                test.is_plain = message["failed"] is False and set(map(tuple, message["ran"])) == test.ran

        def body(write):
            be_quiet()
            random.seed(0)
            with self.caller.around(self.items[fitting[0]]):
                for number in fitting:
                    self.ran.clear()
                    failed = self.caller.has_failed(self.items[number])
                    write(test=number, failed=failed, ran=sorted(self.ran))

        _alone(body, PATIENCE + sum(FACTOR * self.tests[number].seconds for number in fitting), heard)

    def _new_folder(self):
        return os.path.join(self._place, "tmp%d" % next(self._count))

    # -- with mutants --------------------------------------------------------------------------------------------------

    def _try(self, at_import):
        later, waiting = [], []
        steady = [number for number, test in enumerate(self.tests) if test.passed]
        for subject, number in in_even_order(self._subjects):
            reaching = [test for test in steady if self._reaches(self.tests[test].ran, subject, number)]
            if self._reaches(at_import, subject, number):
                later.append((subject.number, number, None))
            elif not reaching:
                verdict = NOT_TRIED if self._is_cut else NOT_RUN
                self._write(mutant=[subject.number, number], verdict=verdict)
            elif any(mark[0] == subject.number for mark in at_import) or not hasattr(os, "fork"):
                later.append((subject.number, number, [self.tests[test].node for test in reaching]))
            else:
                waiting.append((subject, number, reaching))
        if waiting:
            self._be_ready()
        self.end = time.monotonic() + self._request["seconds"]
        at_once = 1 if self._shared else self._request["at_once"]
        together = in_turn.InTurn(self, waiting, at_once)
        trials.drive(together.works(), lambda: at_once)
        trials.drive([self._judge(*one) for one in together.left], lambda: at_once)
        failing = [test.node for test in self.tests if not test.passed]
        unsteady = [self.tests[test].node for test in self._unsteady]
        rest = self.end - time.monotonic()
        files = [path for path in self._request["tests"] if path not in self._plugin.problems]
        called = [test.node for test in self.tests if test.is_plain]
        at_once = 1 if self._shared else None
        self._write(
            later=later,
            files=files,
            avoided=[*failing, *unsteady],
            plain=called,
            patterns=self._patterns,
            seconds=rest,
            at_once=at_once,
            starts=self._starts,
        )

    def _be_ready(self):
        """Do here, once, what every process would do after it was forked: each page that one writes to is copied for it."""
        be_quiet()
        explain_nothing()
        limit_memory()
        random.seed(0)
        compiled.compile_all(self._patterns)
        for item in self.items:
            with contextlib.suppress(Exception):
                item.location  # noqa: B018  computed when it is first asked for
        gc.freeze()

    def prepare(self, test):
        """Make this process, forked for tests such as this one, ready for them."""
        self._plugin.watch = Failures(lambda **message: None)
        use_folder(self.items[test].config, self._new_folder())

    def has_failed(self, test):
        """Call a plain test, for no longer than it may take; the process ends where it computes longer."""
        limit_computing(self.limit(test))
        try:
            return self.caller.has_failed(self.items[test])
        finally:
            limit_computing(0)

    def tell_noticed(self, subject, number, test):
        """Report that a test noticed a mutant, and remember that it did."""
        self.kills[subject.number, test] += 1
        self._write(mutant=[subject.number, number], verdict=KILLED)

    def tell_endless(self, subject, number):
        """Report that a test does not end for a mutant's sake."""
        self._write(mutant=[subject.number, number], verdict=TIMED_OUT)

    def _reaches(self, ran, subject, number):
        statement = subject.reaches[number]
        if statement is None:
            return any(mark[0] == subject.number for mark in ran)
        return subject.mark(statement) in ran

    def _judge(self, subject, number, reaching):
        """Try one mutant: a generator for ``trials.drive``."""
        verdict = yield from self._verdict(subject, number, reaching)
        self._write(mutant=[subject.number, number], verdict=verdict)

    def _verdict(self, subject, number, reaching):
        tests = list(reaching)
        while True:
            tests = [test for test in tests if test not in self._unsteady]
            if not tests:
                return NOT_RUN
            if time.monotonic() > self.end:
                return NOT_TRIED
            # First what costs least. The test that noticed most of this function's mutants is the most likely to notice
            # this one too.
            tests.sort(key=lambda test: (not self.tests[test].is_plain, -self.kills[subject.number, test], test))
            limits = [self.limit(test) for test in tests]
            ended = yield self._trial((subject, number), tests, limits)
            verdict, at = _read(ended)
            if verdict == SURVIVED:
                return SURVIVED
            if at is None:
                return NOT_TRIED
            # A failure counts only if the same tests, in the same order and without the mutant, are green.
            culprit = yield from self.control(tests[: at + 1])
            if culprit is not None:
                self._leave_out(culprit)
            elif verdict == KILLED or self.limit(tests[at]) <= limits[at]:
                self.kills[subject.number, tests[at]] += 1
                return verdict

    def limit(self, test):
        return LEAST + FACTOR * self.tests[test].seconds

    def control(self, tests):
        """Run tests without a mutant, once for each order of them; return the one that is not green so, if any."""
        key = tuple(tests)
        if key not in self._proved:
            seconds = self._request["timeout"]
            ended = yield self._trial(None, tests, [seconds] * len(tests))
            verdict, at = _read(ended)
            took = [message["at"] for message in ended.messages if "at" in message]
            for test, start, end in zip(tests, took, [*took[1:], ended.last("end")]):
                if end is not None:
                    self.tests[test].seconds = max(self.tests[test].seconds, end - start)
            self._proved[key] = None if verdict == SURVIVED else tests[at or 0]
        return self._proved[key]

    def _leave_out(self, test):
        if test not in self._unsteady:
            self._unsteady.add(test)
            self._write(left=self.tests[test].id, why="it passes only after other tests")

    def _trial(self, mutant, tests, limits):
        items = [self.items[test] for test in tests]
        count = sum(self.tests[test].is_plain for test in tests)
        folder = self._new_folder()

        def body(write):
            failures = Failures(write)
            self._plugin.watch = failures
            if mutant is not None:
                subject, number = mutant
                self.swap.use(subject, subject.mutants[number])
            use_folder(items[0].config, folder)

            def before(number):
                write(at=time.perf_counter())
                limit_computing(limits[number])

            run_tests(items, self.caller, count, before, failures)
            if not failures.failed:
                write(end=time.perf_counter())

        return lambda: trials.Forked(body, PATIENCE + sum(limits))


def _alone(body, seconds, heard, patient=True):
    """Do something in a process of its own (in this one, where there is no fork), and wait for it."""
    if hasattr(os, "fork"):
        found = []

        def work():
            found.append((yield lambda: trials.Forked(body, seconds, heard, patient)))

        trials.drive([work()], lambda: 1)
        return found[0]
    messages = []

    def write(**message):
        message = json.loads(json.dumps(message))
        messages.append(message)
        heard(message)

    body(write)
    return trials.Ended(messages, False, 0)


def _read(ended):
    """Return the verdict on a trial and the place of the test that decided it."""
    at = sum("at" in message for message in ended.messages) - 1
    place = at if at >= 0 else None
    if ended.last("failed"):
        return KILLED, place
    if ended.last("end") is not None:
        return SURVIVED, None
    return (TIMED_OUT if ended.late else KILLED), place


def in_even_order(subjects):
    """Return (subject, number of mutant) so that wherever the time ends, all functions were tried evenly."""
    found = [(subject, number) for subject in subjects for number in range(len(subject.mutants))]
    return sorted(found, key=lambda pair: ((pair[1] * _EVEN) % 1.0, pair[0].number))


# -- processes that import everything anew -----------------------------------------------------------------------------


class Anew:
    """Tries mutants in processes that have imported nothing of the project yet, or nothing but its ``conftest.py``.

    Where there is fork, ``collect(part, write)`` does what a ``part`` (a dict) asks for, in a process of its own.
    """

    def __init__(self, request, address, collect, given, write):
        self._request = request
        self._address = address
        self._collect = collect
        self._later = given["later"]
        self._files = given["files"]
        self._avoided = set(given["avoided"])
        self._plain = given["plain"]
        self._end = time.monotonic() + given["seconds"]
        self._at_once = given["at_once"] or request["at_once"]
        self._write = write
        self._count = itertools.count()
        self._normal = {}
        self._names = {}  # of the tests that noticed a mutant
        self._noticing = collections.defaultdict(list)

    def run(self):
        """Try them; return the seconds that are left for it."""
        works = [self._judge(subject, number, tests) for subject, number, tests in self._later]
        trials.drive(works, lambda: self._at_once)
        return max(0.0, self._end - time.monotonic())

    def _judge(self, subject, number, tests):
        verdict = yield from self._verdict(subject, number, tests)
        self._write(mutant=[subject, number], verdict=verdict)

    def _verdict(self, subject, number, tests):
        while True:
            normal = yield from self._control(tests)
            if normal is None or time.monotonic() > self._end:
                return NOT_TRIED
            # The few tests that noticed other mutants of the function are collected and run in less time than all.
            few = tuple(node for node in self._noticing[subject] if tests is None or node in tests)
            if few:
                normal_of_few = yield from self._control(tests, few)
                if normal_of_few is None:
                    self._noticing[subject].clear()
                    continue
                ended = yield self._trial([subject, number], tests, LEAST + FACTOR * normal_of_few, few)
                # Where no test was begun, those may have other names now: that says nothing.
                if ended.last("end") is None and (ended.last("failed") or ended.last("node")):
                    return _verdict_on(ended)
            ended = yield self._trial([subject, number], tests, LEAST + FACTOR * normal)
            if ended.last("end") is not None:
                return SURVIVED
            node = ended.last("node")
            if node is not None and node not in self._noticing[subject]:
                self._names[node] = ended.last("name")
                self._noticing[subject] = [*self._noticing[subject], node][-_MOST_NOTICING:]
            return _verdict_on(ended)

    def _control(self, tests, few=()):
        """Return how long the tests take without a mutant; those that are not green in this way are avoided."""
        key = few or (None if tests is None else ("all", *tests))
        while key not in self._normal:
            avoided = set(self._avoided)
            started = time.monotonic()
            ended = yield self._trial(None, tests, self._request["timeout"], few)
            culprit = ended.last("node")
            if key in self._normal:
                break
            if ended.last("end") is not None:
                self._normal[key] = time.monotonic() - started
            elif ended.last("failed") and culprit and culprit not in avoided and not few and tests != [culprit]:
                if culprit not in self._avoided:
                    self._write(left=culprit, why="it passes only after other tests")
                self._avoided.add(culprit)
            else:
                self._normal[key] = None
        return self._normal[key]

    def _trial(self, mutant, tests, seconds, few=()):
        place = os.path.join(self._request["place"], "anew%d" % next(self._count))
        part = {"mutant": mutant, "tests": few or tests, "seconds": seconds, "place": place, "all": not few}
        part.update(files=[self._names[node] for node in few] or self._files, avoided=sorted(self._avoided))
        part["plain"] = self._plain
        os.makedirs(place, exist_ok=True)
        if hasattr(os, "fork"):
            return lambda: trials.Forked(lambda write: self._collect(part, write), PATIENCE + seconds)
        return lambda: self._spawned(part, seconds)

    def _spawned(self, part, seconds):
        file, output = os.path.join(part["place"], "part.json"), os.path.join(part["place"], "output")
        with open(file, "w", encoding="utf-8") as stream:
            json.dump(part, stream)
        command = [*start.command("strength"), "--request", self._address, "--report", output, "--part", file]
        return trials.Spawned(command, output, dict(os.environ), _STARTS + PATIENCE + seconds)


def _verdict_on(ended):
    return TIMED_OUT if ended.late and not ended.last("failed") else KILLED


def try_anew(request, subjects, part, write):
    """Start pytest, collect and run tests with a mutant in place from the very beginning."""
    swap = _installed(subjects, set())
    _put_in_place(swap, subjects, part)
    run_pytest({**request, "tests": part["files"]}, part["place"], _until_failure(part, write), _ignore)


def collect_anew(plugin, session, swap, subjects, part, write):
    """The same in a process that was forked from one in which pytest has started, and has collected nothing."""
    _put_in_place(swap, subjects, part)
    if not part["all"]:
        plugin.names = {}
        for test in part["files"]:
            plugin.names.setdefault(test.split("::")[1].partition("[")[0], set()).add(test.rpartition("::")[2])
    session.config.args = [plugin.argument(test) for test in part["files"]]
    use_folder(session.config, os.path.join(part["place"], "tmp"))
    try:
        plugin.collect(session, _until_failure(part, write), _ignore)
    except Exception:
        if not plugin.problems:
            raise
        write(failed=True)


def _put_in_place(swap, subjects, part):
    if part["mutant"] is not None:
        subject = next(one for one in subjects if one.number == part["mutant"][0])
        swap.use(subject, subject.mutants[part["mutant"][1]])
    be_quiet()
    explain_nothing()
    limit_memory()
    limit_computing(part["seconds"])
    random.seed(0)
    sys.dont_write_bytecode = False  # in the copy of the tree, for the next process; mutants never get into a file


def _until_failure(part, write):
    """Return what runs the collected tests of a part, and writes ``node`` before each and ``failed`` or ``end`` at last."""
    avoided = set(part["avoided"])
    called = set(part["plain"])
    wanted = None if part["tests"] is None else set(part["tests"])

    def loop(plugin, session):
        failures = Failures(write)
        plugin.watch = failures
        if plugin.problems:
            write(failed=True)
            return
        items = [item for item in session.items if item.nodeid not in avoided]
        items = [item for item in items if wanted is None or item.nodeid in wanted]
        if not part["all"] and len(items) < len(wanted):
            return
        caller = plain.Plain(session.config, plugin)
        items.sort(key=lambda item: item.nodeid not in called)
        first = itertools.takewhile(lambda item: item.nodeid in called and caller.fits(item), items)
        run_tests(
            items,
            caller,
            len(list(first)),
            lambda number: write(node=items[number].nodeid, name=plugin.name(items[number])),
            failures,
        )
        if not failures.failed:
            write(end=True)

    return loop


def _ignore(**message):
    """Write nothing."""


# -- the process -------------------------------------------------------------------------------------------------------


def _installed(subjects, ran):
    """Have the marked code of the subjects imported from now on; the marks of what runs go to ``ran``."""
    setattr(builtins, subjects_.MARK, ran.add)
    swap = subjects_.Swap(subjects)
    swap.install()
    return swap


class Report:
    """The file that the results go to, line by line."""

    def __init__(self, path):
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        self._owner = os.getpid()

    def __call__(self, **record):
        if os.getpid() == self._owner:
            data = json.dumps(record).encode() + b"\n"
            while data:
                data = data[os.write(self._descriptor, data) :]


def run(request, address, report):
    """Do all that a request asks for, and report."""
    subjects = _subjects(request)
    for subject in subjects:
        report(**subject.described())
    if not request["tests"]:
        for subject in subjects:
            for number in range(len(subject.mutants)):
                report(mutant=[subject.number, number], verdict=NOT_RUN)
        report(end=0, why="", foreign={}, fork=hasattr(os, "fork"), seconds=request["seconds"], starts=False)
        return
    testrun.use_paths(request["paths"])
    import pytest  # noqa: F401  before anything is forked

    seconds = request["timeout"] + request["seconds"] + 60

    def body(write):
        ran = set()
        swap = _installed(subjects, ran)

        def collected(plugin, session):
            Collected(request, subjects, swap, ran, plugin.write).run(plugin, session)
            plugin.write(foreign=testrun.foreign_modules(os.path.realpath(request["root"]), request["modules"]))

        def beside(plugin, session):
            """Let one process collect; this one, which has not, tries what it leaves."""
            ended = _alone(
                lambda inner: plugin.collect(session, collected, inner),
                seconds,
                lambda message: _passed_on(message, write),
            )
            given = ended.first("later")
            if given is None:
                write(why=ended.last("raised") or _manner(ended))
                return
            waiting = {number for number, _, _ in given["later"]}
            if waiting and not any(subject.number in waiting and subject.is_imported() for subject in subjects):
                warm(session.config)
                compiled.compile_all(given["patterns"])
                gc.freeze()  # each page that a search for garbage writes to would be copied, in every process forked here

                def collect(part, inner):
                    collect_anew(plugin, session, swap, subjects, part, inner)

                given["seconds"] = Anew(request, address, collect, given, write).run()
                given["later"] = []
            write(**given, foreign=ended.last("foreign"))

        first = beside if hasattr(os, "fork") else None
        write(status=run_pytest(request, request["place"], collected, write, first))

    ended = _alone(body, seconds, lambda message: _passed_on(message, report))
    given = ended.first("later")
    if given is not None and given["later"]:

        def collect(part, write):
            try_anew(request, subjects, part, write)

        given["seconds"] = Anew(request, address, collect, given, report).run()
    why = "" if given is not None else ended.last("why") or ended.last("raised") or _manner(ended)
    foreign = ended.last("foreign") or {}
    left, starts = (given["seconds"], given["starts"]) if given is not None else (0.0, False)
    report(end=ended.last("status"), why=why, foreign=foreign, fork=hasattr(os, "fork"), seconds=left, starts=starts)


def _passed_on(message, write):
    if "at" in message or "left" in message or "mutant" in message:
        write(**message)


def _manner(ended):
    if ended.late:
        return "did not end in time"
    if ended.status < 0:
        return "the interpreter was ended by signal %d" % -ended.status
    return "pytest ended with status %s" % ended.last("status")


def _subjects(request):
    root = os.path.realpath(request["root"])
    given = enumerate(request["subjects"])
    return [
        subjects_.Subject(number, root, one["path"], one["name"], one["first_line"], one["last_line"])
        for number, one in given
    ]


def _import_pytest():
    """Import pytest, and what it imports itself as soon as it is started."""
    gc.disable()  # to look for garbage in what stays takes a tenth of the time
    import pytest  # noqa: F401

    with contextlib.suppress(Exception):
        from _pytest.config import default_plugins

        for name in default_plugins:
            importlib.import_module("_pytest." + name)
    gc.enable()


def _awaited(options):
    """Import pytest and take the request from the standard input, of which the tests see nothing.

    Where a module that should come from the tree has come with pytest, begin anew.
    """
    _import_pytest()
    text = sys.stdin.read()
    if not text:
        os._exit(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    request = json.loads(text)
    if request["modules"].keys() & sys.modules.keys():
        address = os.path.join(request["place"], "request.json")
        with open(address, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.execv(sys.executable, [*start.command("strength"), "--request", address, "--report", options.report])
    return request


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--request")
    parser.add_argument("--report", required=True)
    parser.add_argument("--part")
    options = parser.parse_args()
    hidden.hide_runtime()
    if options.request is None:
        request = _awaited(options)
    else:
        with open(options.request, encoding="utf-8") as stream:
            request = json.load(stream)
    os.chdir(request["folder"])
    report = Report(options.report)
    if options.part:
        with open(options.part, encoding="utf-8") as stream:
            part = json.load(stream)
        testrun.use_paths(request["paths"])
        try_anew(request, _subjects(request), part, report)
    else:
        run(request, options.request, report)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # threads and exit handlers of the code under test have no say any more
