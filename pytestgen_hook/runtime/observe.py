"""Makes one call and writes down what it did: result or exception, arguments changed in place, lines and branches run."""

import asyncio
import builtins
import collections.abc
import contextlib
import functools
import importlib
import inspect
import itertools
import os
import sys
import types
from time import perf_counter, process_time  # as they are before anybody sets a clock

import checks
import comparisons
import complaints
import drawn
import files
import insides
import judge
import mutants
import promised
import raised
import returned
import said
import state
import surroundings
from judge import MOST_YIELDED
from literals import TMP_PATH, CannotWrite
from values import HOLE, named

FIRST_YIELDED = 5

_WAITED = 0.01  # seconds that a call may have waited for a busy processor, and for nothing else

_FUNCTION = "it gives a function, and no call of that was found that shows anything"


class Scope:
    """The names that sources of inputs may use: those of the module under test and what they import."""

    def __init__(self, module):
        self.names = dict(vars(module))
        self.names["pytest"] = judge.Approximate
        self.patches = self.names["monkeypatch"] = state.Patches()
        self.work = None  # folder for what calls may write
        self.folders = []  # made there for the call that is observed

    def given(self, item):
        """Return the fixtures of pytest that the lines of an item use: a new folder below ``work``."""
        if not files.is_wanted(item):
            return {}
        self.folders.append(files.make_folder(self.work))
        return {TMP_PATH: self.folders[-1]}

    def evaluate(self, source, local=None):
        return eval(_compiled(source), self.names, local)

    def arranged(self, item, given):
        """Return {name: value} of the fixtures given and the arguments, made anew and in the state that the call is made in."""
        local = dict(given)
        for statement in item["define"]:
            exec(statement, self.names, local)
        for target, source in item["arguments"]:
            if HOLE in target:
                exec(target.replace(HOLE, source, 1), self.names, local)
            else:
                local[target] = self.evaluate(source, dict(local))
        for statement in item["prepare"]:
            exec(statement, self.names, local)
        if TMP_PATH in given:
            files.change_times(given[TMP_PATH])
        return local

    def need(self, imports):
        for module_name, name in imports:
            if (module_name, name) == ("pytest", ""):
                continue
            module = importlib.import_module(module_name)
            if name:
                self.names[name] = getattr(module, name)
            else:
                top = module_name.split(".")[0]
                self.names[top] = sys.modules[top]


@functools.lru_cache(maxsize=4096)
def _compiled(source):
    """Compile an expression: the same ones are evaluated for mutant after mutant."""
    return compile(source.lstrip(), "<string>", "eval")


class Tracer:
    """Line-to-line steps (``arcs``) inside one function of one file, and the ways that a call takes through it (``ways``).

    Ways tell a call that shows much from one that shows little where both take the same steps: two steps one after the
    other, three decisions one after the other (a loop that goes the same way twice), and the steps taken in other functions
    of the file. They are tuples of line numbers: of 3, 6 and 2.
    """

    # A call that goes on and on has shown its steps by then; tracing it to the end would cost many times its own run.
    most_steps = 150_000

    def __init__(self, filename, first_line, last_line, branching=frozenset()):
        self.arcs = set()
        self.ways = set()
        self.steps = 0
        self._is_on = False
        self._before = None
        self._filename = filename
        self._lines = range(first_line, last_line + 1)
        self._branching = branching

    def start(self):
        self._is_on = True
        self._before = sys.gettrace()  # of who follows this process, or of a debugger
        sys.settrace(self._called)

    def stop(self):
        if self._is_on:
            sys.settrace(self._before)

    def _called(self, frame, event, argument):
        code = frame.f_code
        if code.co_filename != self._filename:
            return None
        if code.co_firstlineno not in self._lines:
            return self._around(-code.co_firstlineno)
        arcs = self.arcs
        ways = self.ways
        branching = self._branching
        previous = -code.co_firstlineno
        before = 0
        decided = (0, 0, 0, 0)

        def step(frame, event, argument):
            nonlocal before, previous, decided
            if event == "line":
                line = frame.f_lineno
                arcs.add((previous, line))
                ways.add((before, previous, line))
                if previous in branching:
                    ways.add((*decided, previous, line))
                    decided = (decided[2], decided[3], previous, line)
                before = previous
                previous = line
                self._count()
            elif event == "return" and previous > 0:
                # A generator that is closed comes back without running a line: no step of the function's own.
                arcs.add((previous, 0))
                ways.add((before, previous, 0))
            return step

        return step

    def _around(self, previous):
        ways = self.ways

        def step(frame, event, argument):
            nonlocal previous
            if event == "line":
                ways.add((previous, frame.f_lineno))
                previous = frame.f_lineno
                self._count()
            return step

        return step

    def _count(self):
        self.steps += 1
        if self.steps > self.most_steps:
            sys.settrace(None)


MOST_WAYS = 500  # of a huge function no more are told
_ENVIRONMENT = type(os.environ).__getitem__.__code__
_BETWEEN = (_ENVIRONMENT.co_filename, collections.abc.Mapping.get.__code__.co_filename)


_TELLING = {
    id: "it depends on the addresses of objects (id)",
    hash: "it depends on how this Python computes hashes",
}


class Watch:
    """Notes whether the project's code asked for what differs from run to run or machine, but not between forks.

    That is: variables of the environment, and how Python traces.
    """

    def __init__(self, tree, variables=()):
        self.noticed = None
        self.asked = set()  # of the functions whose numbers differ from run to run
        self.tree = tree
        self._variables = variables  # of the environment that the test sets

    def start(self):
        sys.setprofile(self._profile)

    def stop(self):
        sys.setprofile(None)

    def _profile(self, frame, event, function):
        if event == "c_call":
            if function in (sys.settrace, sys.setprofile) and frame.f_code.co_filename.startswith(self.tree):
                self.noticed = "it changes how Python traces, which other tests would see"
            elif function in _TELLING and frame.f_code.co_filename.startswith(self.tree):
                self.asked.add(function)
                if getattr(builtins, function.__name__) is not function:
                    # It was held since before there was another in its place (``elsewhere``): what it gave is the same.
                    self.noticed = _TELLING[function]
        elif event == "call" and frame.f_code is _ENVIRONMENT:
            if frame.f_locals.get("key") in self._variables:
                return
            asker = frame.f_back
            while asker is not None and asker.f_code.co_filename in _BETWEEN:
                asker = asker.f_back
            if asker is not None and asker.f_code.co_filename.startswith(self.tree):
                self.noticed = "it depends on the environment variable {}".format(frame.f_locals.get("key"))


class Subject:
    """The function under observation inside the process that has imported its module."""

    def __init__(self, module, source, filename, raw, last_line, tree):
        self.module = module
        self.source = source
        self.filename = filename
        self.tree = tree  # the folder that the project is imported from
        self.folders = ()  # paths that are others elsewhere
        self.raw = raw  # the plain function object beneath decorators, descriptors and caches
        self.first_line = raw.__code__.co_firstlineno
        self.last_line = last_line
        self.scope = Scope(module)
        self.body_lines = ()
        self.branching = frozenset()
        self._mutants = None
        self.claims = None  # what its documentation says, if that is looked at (``promised.Claims``)

    def branches_taken(self, arcs):
        """Return (taken, all): two ways out of each branching line, counted from line-to-line steps."""
        ways = {}
        for start, end in arcs:
            if start in self.branching:
                ways.setdefault(start, set()).add(end)
        return sum(min(2, len(ends)) for ends in ways.values()), 2 * len(self.branching)

    def probed(self):
        """Make the function tell what its comparisons look at, for a process that ends afterwards; None if it cannot be."""
        code, places = comparisons.instrumented(self.source, self.filename, self.first_line, self.raw)
        if code is None:
            return None
        recorder = comparisons.Recorder(places)
        self.raw.__globals__[comparisons.NAME] = recorder
        self.raw.__code__ = code
        return recorder

    @property
    def mutants(self):
        if self._mutants is None:
            self._mutants = mutants.make_mutants(self.source, self.filename, self.first_line, self.raw, with_slips=True)
        return self._mutants


def observe(subject, item, guard, trace=True, strict=False):
    """Evaluate the input ``item`` and make its call; return a dict that JSON can carry.

    ``item``: {"call": text, "receiver": name or None, "define": [statement], "arguments": [[target, source]],
    "prepare": [statement], "imports": [[module, name]], "inside": source or None,
    "style": "plain" | "await" | "agen" | "enter" | "aenter", "parameters": {name: variable}}.
    With ``strict`` the written values are evaluated again and compared.
    An item with ``judge.told`` in ``"told"`` is not described but judged by that, one with ``"given"`` is proved by
    ``drawn.holds``, one with ``"examples"`` runs those of the documentation.
    """
    if "given" in item:
        return _given(subject, item, guard)
    if "examples" in item:
        return _examples(subject, guard)
    given = subject.scope.given(item)
    try:
        answer = (_judged if "told" in item else _observed)(subject, item, guard, given, trace, strict)
    finally:
        made, subject.scope.folders = subject.scope.folders, []
        for folder in made:
            files.remove_folder(folder)
    answer["allowed"] = [folder.name for folder in made]
    answer["allowed"] += ["the environment variable " + name for name in surroundings.variables_of(item)]
    return answer


def _observed(subject, item, guard, given, trace, strict):
    scope = subject.scope
    tracer = Tracer(subject.raw.__code__.co_filename, subject.first_line, subject.last_line, subject.branching)
    guard.start()
    heard = said.Heard()
    try:
        try:
            scope.need([tuple(pair) for pair in item["imports"]])
            shared = state.snapshot(subject.tree) if strict else {}
            local = scope.arranged(item, given)
            heard.by_arguments()
            before = {name: insides.state_of(subject, local[name]) for name in named(item)}
            held = files.contents(given[TMP_PATH]) if given else {}
            comparison = promised.Comparison(subject, item, local) if subject.claims and "parameters" in item else None
        except BaseException as error:
            return {"kind": "setup", "error": type(error).__name__, "detail": _complaint(error, {})}
        watch = Watch(subject.tree, surroundings.variables_of(item))
        if trace:
            tracer.start()
        if strict:
            watch.start()
        began, computed = perf_counter(), process_time()
        try:
            outcome = _outcome(subject, item, local, before, strict)
        finally:
            watch.stop()
            tracer.stop()
            lasted, computed = perf_counter() - began, process_time() - computed
        kept = scope.patches.held()
        scope.patches.undo()
        gives = returned.told_of(subject, outcome[2]) if outcome[0] == "value" else None
        left_behind = state.changed(shared, state.snapshot(subject.tree)) if strict else []
        told = comparison.told(outcome) if comparison else None
        try:
            answer = _describe(subject, item, local, before, outcome, strict, heard, kept, held)
            if gives is not None and not any(outcome[2] is value for value in local.values()):
                answer = {"kind": "unwritable", "problem": _FUNCTION, "print": "", "gives": gives}
        except CannotWrite as problem:
            answer = {
                "kind": "unwritable",
                "problem": _FUNCTION if gives else str(problem),
                "print": "",
                "gives": gives,
            }
        except BaseException as error:  # the user's own __eq__ or __repr__ may raise anything
            answer = {"kind": "unwritable", "problem": f"its result raises {type(error).__name__} when looked at"}
            answer["print"] = answer["problem"]
    finally:
        scope.patches.undo()
        heard.end()
        guard.stop()
    if watch.asked and type(outcome[2]) is int and abs(outcome[2]) >> 31:
        watch.noticed = _TELLING[watch.asked.pop()]
    if answer["kind"] == "misuse":
        answer["detail"] = _complaint(outcome[2], local)
    answer["arcs"] = sorted(tracer.arcs)
    answer["ways"] = sorted(tracer.ways)[:MOST_WAYS]
    answer["steps"] = tracer.steps
    # Of the call alone: all that is done around it takes longer than most calls, and the more so on a busy machine.
    answer["took"] = computed if lasted < computed + _WAITED else lasted
    answer["unstable"] = watch.noticed or state.in_words(left_behind)
    answer["changes"] = left_behind
    if told:
        answer["promised"] = told
    return answer


def _complaint(error, local):
    try:
        return complaints.complaint(error, local)
    except Exception:  # the user's own __str__ may raise anything
        return ""


def _judged(subject, item, guard, given, trace, strict):
    guard.start()
    heard = said.Heard()
    try:
        return {"kind": "judged", "failing": judge.failing(subject.scope, item, heard, given)}
    finally:
        subject.scope.patches.undo()
        heard.end()
        guard.stop()


def _given(subject, item, guard):
    heard = said.Heard()
    try:
        return {"kind": "judged", "holds": drawn.holds(subject.scope, item, guard)}
    except BaseException:  # it does not hold, the call raises, or there is no Hypothesis
        return {"kind": "judged", "holds": False}
    finally:
        heard.end()


def _examples(subject, guard):
    guard.start()
    try:
        return promised.run_examples(subject)
    except Exception:  # they are no doctests after all
        return {"kind": "examples", "held": [], "broken": [], "observed": ""}
    finally:
        guard.stop()


def _outcome(subject, item, local, before, strict):
    """Return ("value", form of the call, value), ("entered", form, checks made inside) or ("raise", form, error)."""
    form = "%s"
    try:
        value = subject.scope.evaluate(item["call"], local)
        if item["style"] == "aenter" or isinstance(value, contextlib._AsyncGeneratorContextManager):
            form = _ENTERED
            return ("value", form, asyncio.run(_entered_async(value)))
        if item["style"] == "agen" or inspect.isasyncgen(value):
            form = _COLLECTED
            return ("value", form, asyncio.run(_async_items(value)))
        if item["style"] == "await" or inspect.iscoroutine(value):
            form = "asyncio.run(%s)"
            value = asyncio.run(_awaited(value))
        if item["style"] == "enter" or judge.is_entered(value):
            return ("entered", form, _entered(subject, item, local, before, value, strict))
        if _is_iterator(value):
            # What an iterator raises it raises while it is read: that is then the call to make.
            return ("value", *_read(f"list({form})", form, value))
        return ("value", *_materialised(form, value))
    except _InIterator as wrapped:
        return ("raise", wrapped.form, wrapped.__cause__)
    except BaseException as error:
        return ("raise", form, error)


def _entered(subject, item, local, before, manager, strict):
    """Return what can be asserted of what entering the context manager gives, and leave it again."""
    recorder = checks.Checks(subject, strict, item, local)
    with manager as value:
        with contextlib.suppress(CannotWrite):
            recorder.about_result(item, local, value)
            for name in named(item):
                if local[name] is value:
                    recorder.about_change("result", value, before[name])
            recorder.within = {name: insides.state_of(subject, local[name]) for name in named(item)}
        if item.get("inside"):
            raise subject.scope.evaluate(item["inside"])
    return recorder


class _InIterator(Exception):
    """Carries what an iterator raised, with the form of the call that makes it do so."""

    def __init__(self, form):
        super().__init__(form)
        self.form = form


def _read(reading, form, value):
    try:
        return _materialised(form, value)
    except CannotWrite:
        raise
    except BaseException as error:
        raise _InIterator(reading) from error


def _materialised(form, value):
    """Return the form of a call that gives the items of iterators in its result, and those items."""
    if _is_iterator(value):
        items = list(itertools.islice(value, MOST_YIELDED + 1))
        if items and all(_is_iterator(item) for item in items) and len(items) <= MOST_YIELDED:
            return _items_of_each(form, items)
        if len(items) > MOST_YIELDED:
            return f"list(itertools.islice({form}, {FIRST_YIELDED}))", items[:FIRST_YIELDED]
        return f"list({form})", items
    if type(value) in (list, tuple) and value and all(_is_iterator(item) for item in value):
        return _items_of_each(form, value)
    return form, value


def _items_of_each(form, iterators):
    parts = [list(itertools.islice(part, MOST_YIELDED + 1)) for part in iterators]
    if any(len(part) > MOST_YIELDED for part in parts):
        raise CannotWrite("its iterators do not end")
    return f"[list(part) for part in {form}]", parts


async def _awaited(value):
    return await value


async def _async_items(generator):
    items = []
    async for item in generator:
        items.append(item)
        if len(items) > MOST_YIELDED:
            raise CannotWrite("its asynchronous generator does not end")
    return items


async def _entered_async(manager):
    async with manager as value:
        return value


# What a test calls in the place of what only a coroutine can use, and the statement that defines it.
_COLLECTED = "asyncio.run(collect())"
_ENTERED = "asyncio.run(enter())"
_SETUPS = {
    _COLLECTED: "async def collect():\n    return [item async for item in {}]",
    _ENTERED: "async def enter():\n    async with {} as value:\n        return value",
}


def _is_iterator(value):
    if isinstance(value, (types.GeneratorType, map, filter, zip, enumerate, reversed)):
        return True
    kind = type(value)
    return (
        hasattr(kind, "__next__")
        and hasattr(kind, "__iter__")
        and not hasattr(kind, "read")
        and not hasattr(kind, "write")
    )


def _describe(subject, item, local, before, outcome, strict, heard, kept, held):
    kind, form, value = outcome
    setup = [_SETUPS[form].format(item["call"])] if form in _SETUPS else []
    call = form % item["call"] if "%s" in form else form
    helpers = {(name, "") for name in ("asyncio", "itertools") if name + "." in form}
    if kind == "raise":
        answer = raised.describe(subject, call, value)
        answer["imports"] = sorted(helpers.union(answer.get("imports", ())))
        enters = item["style"] == "enter" or bool(item.get("inside")) or judge.is_entering(value)
        return {**answer, "setup": setup, "enters": enters, "inside": item.get("inside")}
    recorder = value if kind == "entered" else checks.Checks(subject, strict, item, local)
    if kind != "entered":
        recorder.about_result(item, local, value)
    for name in named(item):
        recorder.about_change(name, local[name], before[name])
        # What leaving undid is as it was before.
        recorder.about_change(name, local[name], recorder.within.get(name))
    recorder.about_stand_ins()
    recorder.about_files(held)
    recorder.about_looks(item, local)
    recorder.about_kept(kept)
    recorder.about_words(heard)
    for name in named(item):
        recorder.about_unchanged(name, local[name], before[name])
    recorder.put_none_last()
    recorder.imports |= helpers
    return {
        "kind": "value",
        "call": call,
        "setup": setup,
        "enters": kind == "entered",
        "inside": item.get("inside"),
        "checks": recorder.checks,
        "more": recorder.more,
        "imports": sorted(recorder.imports),
        "print": "\n".join(recorder.prints),
        "type": type(value).__name__,
    }
