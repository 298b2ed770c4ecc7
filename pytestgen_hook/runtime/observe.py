"""Makes one call and writes down what it did: result or exception, arguments changed in place, lines and branches run."""

import asyncio
import collections.abc
import contextlib
import copy
import dataclasses
import enum
import functools
import importlib
import inspect
import io
import itertools
import linecache
import os
import pathlib
import re
import sys
import time
import types

import arrays
import comparisons
import complaints
import confine
import drawn
import files
import judge
import large
import mocks
import mutants
import returned
import said
import sequences
import state
import surroundings
from judge import MOST_YIELDED
from literals import TMP_PATH, CannotWrite, TooLarge, Writer
from values import HOLE

FIRST_YIELDED = 5
MOST_ATTRIBUTES = 8
MOST_PARTS = 24
DEEPEST_PART = 4
LONGEST_MESSAGE = 90
_AROUND_NOW = 1e5  # seconds

# Exceptions that say «you called it wrongly», not «this is how it behaves»; a test of them would be a test of Python.
_CALLER_ERRORS = ("TypeError", "AttributeError", "NameError", "UnboundLocalError", "RecursionError", "MemoryError")


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
    """Lines, line-to-line steps and pairs of steps taken one after the other, inside one function of one file."""

    # A call that goes on and on has shown its steps by then; tracing it to the end would cost many times its own run.
    most_steps = 150_000

    def __init__(self, filename, first_line, last_line):
        self.arcs = set()
        self.pairs = set()
        self._steps = 0
        self._filename = filename
        self._lines = range(first_line, last_line + 1)

    def start(self):
        sys.settrace(self._called)

    def stop(self):
        sys.settrace(None)

    def _called(self, frame, event, argument):
        code = frame.f_code
        if code.co_filename != self._filename or code.co_firstlineno not in self._lines:
            return None
        arcs = self.arcs
        pairs = self.pairs
        previous = -code.co_firstlineno
        before = 0

        def step(frame, event, argument):
            nonlocal before, previous
            if event == "line":
                line = frame.f_lineno
                arcs.add((previous, line))
                pairs.add((before, previous, line))
                before = previous
                previous = line
                self._steps += 1
                if self._steps > self.most_steps:
                    sys.settrace(None)
            elif event == "return" and previous > 0:
                # A generator that is closed comes back without running a line: no step of the function's own.
                arcs.add((previous, 0))
                pairs.add((before, previous, 0))
            return step

        return step


MOST_PAIRS = 500  # of a huge function no more are told
_ENVIRONMENT = type(os.environ).__getitem__.__code__
_BETWEEN = (_ENVIRONMENT.co_filename, collections.abc.Mapping.get.__code__.co_filename)


class Watch:
    """Notes whether the project's code asked for what differs from run to run or machine, but not between forks.

    That is: addresses of objects, and variables of the environment.
    """

    def __init__(self, tree, variables=()):
        self.noticed = None
        self.has_hashed = False
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
            elif function is id and frame.f_code.co_filename.startswith(self.tree):
                self.noticed = "it depends on the addresses of objects (id)"
            elif function is hash and frame.f_code.co_filename.startswith(self.tree):
                self.has_hashed = True
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
    "style": "plain" | "await" | "agen" | "enter" | "aenter"}.
    With ``strict`` the written values are evaluated again and compared.
    An item with ``judge.told`` in ``"told"`` is not described but judged by that, one with ``"given"`` is proved by
    ``drawn.holds``.
    """
    if "given" in item:
        return _given(subject, item, guard)
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
    tracer = Tracer(subject.raw.__code__.co_filename, subject.first_line, subject.last_line)
    guard.start()
    heard = said.Heard()
    try:
        try:
            scope.need([tuple(pair) for pair in item["imports"]])
            shared = state.snapshot(subject.tree) if strict else {}
            local = scope.arranged(item, given)
            heard.by_arguments()
            before = {name: _state(subject, local[name]) for name in named(item)}
            held = files.contents(given[TMP_PATH]) if given else {}
        except BaseException as error:
            return {"kind": "setup", "error": type(error).__name__, "detail": _complaint(error, {})}
        watch = Watch(subject.tree, surroundings.variables_of(item))
        if trace:
            tracer.start()
        if strict:
            watch.start()
        try:
            outcome = _outcome(subject, item, local, before, strict)
        finally:
            watch.stop()
            tracer.stop()
        kept = scope.patches.held()
        scope.patches.undo()
        gives = returned.told_of(subject, outcome[2]) if outcome[0] == "value" else None
        left_behind = state.changed(shared, state.snapshot(subject.tree)) if strict else []
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
    if watch.has_hashed and type(outcome[2]) is int and abs(outcome[2]) >> 31:
        watch.noticed = "it depends on how this Python computes hashes"
    if answer["kind"] == "misuse":
        answer["detail"] = _complaint(outcome[2], local)
    answer["arcs"] = sorted(tracer.arcs)
    answer["pairs"] = sorted(tracer.pairs)[:MOST_PAIRS]
    answer["unstable"] = watch.noticed or state.in_words(left_behind)
    answer["changes"] = left_behind
    return answer


def _complaint(error, local):
    try:
        return complaints.complaint(error, local)
    except Exception:  # the user's own __str__ may raise anything
        return ""


def named(item):
    """Return the names that the arguments of an item bind, in order."""
    return [target for target, _ in item["arguments"] if HOLE not in target]


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
    recorder = _Checks(subject, strict, item, local)
    with manager as value:
        with contextlib.suppress(CannotWrite):
            recorder.about_result(item, local, value)
            for name in named(item):
                if local[name] is value:
                    recorder.about_change("result", value, before[name])
            recorder.within = {name: _state(subject, local[name]) for name in named(item)}
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


_IMMUTABLE = (type(None), bool, int, float, complex, str, bytes, tuple, frozenset, range, type, types.FunctionType)


def _is_single(value):
    """Whether it shows something that a call gives back the very object: nothing equal would be at hand."""
    return not isinstance(value, _IMMUTABLE) or getattr(value, "__name__", "") == "<lambda>"


def _state(subject, value):
    """Return what can later be compared to see whether ``value`` was changed in place; None if it cannot be."""
    if isinstance(value, _IMMUTABLE) or mocks.is_stand_in(value):
        return None
    try:
        return _coarse(subject, value)
    except CannotWrite:
        pass
    except Exception:
        return None
    return {path: print_ for path, _, print_, _ in _parts(subject, value)}


def _parts(subject, value):
    """Return [(path, value, its print, path of the same object)] of what the public attributes of an object hold.

    Where that is an object of the project which cannot be written itself, its attributes follow with longer paths
    (``.next.value``), down to ``DEEPEST_PART``; the last of the four is None unless the object was met before.
    """
    found = []
    met = {id(value): ""}
    waiting = [("", value, 0)]
    for path, thing, depth in waiting:
        for name, item in _attributes(thing):
            if len(found) >= MOST_PARTS:
                return found
            where = f"{path}.{name}"
            if id(item) in met:
                found.append((where, item, f"is {met[id(item)]}", met[id(item)]))
                continue
            text = _attribute_print(subject, item)
            found.append((where, item, text, None))
            if text == "?" and _is_of_project(subject, item) and depth < DEEPEST_PART:
                met[id(item)] = where
                waiting.append((where, item, depth + 1))
            elif text == "?" and type(item) is list and depth < DEEPEST_PART:
                for index, member in enumerate(item[:4]):
                    if id(member) in met:
                        found.append((f"{where}[{index}]", member, f"is {met[id(member)]}", met[id(member)]))
                    elif _is_of_project(subject, member):
                        met[id(member)] = f"{where}[{index}]"
                        waiting.append((f"{where}[{index}]", member, depth + 1))
    return found


def _is_of_project(subject, value):
    filename = getattr(sys.modules.get(type(value).__module__), "__file__", None) or ""
    return filename.startswith(subject.tree) or type(value) is types.SimpleNamespace


def _coarse(subject, value):
    """Return what tells the value from those that a test's comparison would not take for it; CannotWrite if it has none."""
    writer = Writer(subject.module, coarse=True)
    return arrays.source(writer, value) if arrays.kind_of(value) else writer.write(value)


def _attribute_print(subject, value):
    try:
        return _coarse(subject, value)
    except Exception:
        return "?"


def _attributes(value):
    """Return the public attributes that instances carry: those in ``__dict__`` and ``__slots__``."""
    found = dict(getattr(value, "__dict__", {}) or {})
    for kind in type(value).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            try:
                found[name] = object.__getattribute__(value, name)
            except AttributeError:
                pass
    return [(name, item) for name, item in found.items() if not name.startswith("_") and name.isidentifier()]


def _describe(subject, item, local, before, outcome, strict, heard, kept, held):
    kind, form, value = outcome
    setup = [_SETUPS[form].format(item["call"])] if form in _SETUPS else []
    call = form % item["call"] if "%s" in form else form
    helpers = {(name, "") for name in ("asyncio", "itertools") if name + "." in form}
    if kind == "raise":
        answer = _describe_error(subject, call, value)
        answer["imports"] = sorted(helpers.union(answer.get("imports", ())))
        enters = item["style"] == "enter" or bool(item.get("inside")) or judge.is_entering(value)
        return {**answer, "setup": setup, "enters": enters, "inside": item.get("inside")}
    recorder = value if kind == "entered" else _Checks(subject, strict, item, local)
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


_WRONG_USAGE = 2  # the exit status of a command that was given what it does not take

_EXACT = (bool, type, types.FunctionType, types.BuiltinFunctionType, type(Ellipsis), type(NotImplemented))


def _is_one_of_a_kind(value):
    """Whether a test compares it with ``is``: what there is once, and members of an Enum with an ``==`` of its own."""
    if isinstance(value, enum.Enum):
        return _is_own_equality(type(value))
    if mocks.is_stand_in(value):
        return True
    return value is None or isinstance(value, _EXACT)


def _is_own_equality(kind):
    """Whether ``==`` of the class was written by a person."""
    code = getattr(kind.__eq__, "__code__", None)
    return code is not None and not code.co_filename.startswith("<")


def _unseen_by_equality(value):
    """Return the public fields of a dataclass or named tuple that two equal ones may differ in, as far as trying shows."""
    kind = type(value)
    own = _is_own_equality(kind)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if own or not field.compare]
    else:
        names = list(getattr(kind, "_fields", ())) if own and isinstance(value, tuple) else []
    names = [name for name in names if not name.startswith("_")]
    return [name for name in names if not (own and _is_seen(value, name))][:MOST_ATTRIBUTES]


def _is_seen(value, name):
    """Whether ``==`` of the class, written by a person, tells the value from one that differs in the field, even slightly."""
    held = getattr(value, name)
    others = [object()]
    if isinstance(held, str):
        others += [held + " ", held.swapcase() if held.swapcase() != held else held + "a"]
    elif isinstance(held, (int, float)):
        others.append(held + 1)
    try:
        for other in others:
            if isinstance(value, tuple):
                changed = value._replace(**{name: other})
            else:
                changed = copy.copy(value)
                object.__setattr__(changed, name, other)
            if value == changed:
                return False
    except Exception:  # whatever the user's own code raises
        return False
    return True


_PLAIN_PARTS = {
    str: str.__str__,
    int: int.__int__,
    float: float.__float__,
    list: lambda value: list(list.__iter__(value)),
    tuple: lambda value: tuple(tuple.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
}


def _plain_part(value):
    """Return what an instance of a class derived from a built-in one is equal to; None where ``==`` is the class's own."""
    for base, plain in _PLAIN_PARTS.items():
        if isinstance(value, base) and type(value).__eq__ is base.__eq__:
            return plain(value)
    return None


def _is_made_by(subject, value):
    """Whether the function under observation is what constructs the value."""
    owner, _, name = subject.raw.__qualname__.rpartition(".")
    return name in ("__init__", "__post_init__", "__new__") and any(
        kind.__qualname__ == owner and kind.__module__ == subject.module.__name__ for kind in type(value).__mro__
    )


def _looks(subject, name, value, others=types.MappingProxyType({})):
    """Yield (expression, value) of what a person would look at in an object whose state its attributes do not tell.

    The last may change it. ``others`` are {name: value} of what it can be asked about.
    """
    if isinstance(value, (io.StringIO, io.BytesIO)):
        if not value.closed:
            yield f"{name}.getvalue()", value.getvalue()
        return
    kind = type(value)
    filename = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
    if not filename.startswith(subject.tree) or isinstance(value, enum.Enum):
        return
    for attribute in sorted(_properties(kind))[:MOST_ATTRIBUTES]:
        with contextlib.suppress(Exception):
            yield f"{name}.{attribute}", getattr(value, attribute)
    written = {part for base in kind.__mro__ if base.__module__ != "builtins" for part in vars(base)}
    with contextlib.suppress(Exception):
        if "__iter__" in written and not hasattr(kind, "__next__"):
            items = list(itertools.islice(value, MOST_YIELDED + 1))
            if len(items) <= MOST_YIELDED:
                yield f"list({name})", items
    with contextlib.suppress(Exception):
        if "__len__" in written:
            yield f"len({name})", len(value)
    telling, looking_up, taking, moving = sequences.questions(kind)
    subjects = [about for about in others if about != name]
    asked = [(method, "") for method in telling] + [(method, about) for method in looking_up for about in subjects]
    asked += [(method, "") for method in taking] + [(method, about) for method in moving for about in subjects[:1]]
    for method, about in asked:
        with contextlib.suppress(Exception):
            text = sequences.question(method, name, about)
            yield text, subject.scope.evaluate(text, {**others, name: value})


def _properties(kind):
    return {
        name
        for base in kind.__mro__
        for name, member in vars(base).items()
        if not name.startswith("_") and _is_computed(member)
    }


def _is_computed(member):
    """Whether what a class has under a name gives its instances an attribute: a property, or what the project made like one."""
    if isinstance(member, (property, functools.cached_property)):
        return True
    return isinstance(getattr(type(member), "__get__", None), types.FunctionType) and hasattr(type(member), "__set__")


class DependsOnPlace(CannotWrite):
    """The value names a folder that lies elsewhere on another machine."""


class _Checks:
    """Collects the assertions about one call, and beside them the fingerprint of what they can tell apart.

    ``more`` are those that only a test which needs them to fail should make: looks into objects, and what was printed.
    """

    def __init__(self, subject, strict, item, local):
        self.checks = []
        self.more = []
        self.prints = []
        self.imports = set()
        self.within = {}  # states of the arguments inside a ``with`` statement
        self._subject = subject
        self._strict = strict
        self._item = item
        self._local = local
        self._named = {id(local[name]): name for name in named(item) if mocks.is_stand_in(local[name])}

        folder = local.get(TMP_PATH) if files.is_wanted(item) else None
        self._paths = {} if folder is None else {str(folder): TMP_PATH}
        for name in named(item) if folder is not None else ():
            if isinstance(local[name], pathlib.Path) and local[name] != folder:
                self._paths[str(local[name])] = name

    def _writer(self, coarse=False):
        return Writer(self._subject.module, coarse, named=self._named, paths=self._paths)

    def add(self, subject, operator, expected, fingerprint):
        self.checks.append([subject, operator, expected])
        self.prints.append(f"{subject} {operator} {fingerprint}")

    def about_result(self, item, local, value):
        """Assert which argument the result is, or else all that can be said about it."""
        names = {id(local[name]): name for name in named(item) if _is_single(local[name])}
        if id(value) in names:
            self.add("result", "is", names[id(value)], names[id(value)])
        else:
            self.about("result", value)

    def put_none_last(self):
        """Say that a call returns None only where there is nothing else to say."""
        rest = [check for check in self.checks if check != judge.NONE]
        if judge.NONE in self.checks and not rest:
            self.more.append(judge.NONE)
        self.checks = rest

    def about_looks(self, item, local):
        """Note, among ``more``, what running the code of objects shows of them: of the result, and of changed arguments."""
        changed = {check[0].partition(".")[0] for check in self.checks}
        twins = None
        for name in named(item):
            simple = {other: value for other, value in local.items() if isinstance(value, (str, int, float, tuple))}
            looks = list(_looks(self._subject, name, local[name], simple))
            if not looks or name in changed:
                continue
            # Only the code of a second, equal object may run to show the state before: to look may change it.
            if twins is None:
                twins = self._subject.scope.arranged(item, self._subject.scope.given(item))
            earlier = dict(_looks(self._subject, name, twins[name], simple))
            for text, value in looks:
                if self._fingerprint(value) != self._fingerprint(earlier.get(text)):
                    self._add_more(text, value)

    def _fingerprint(self, value):
        return _attribute_print(self._subject, value)

    def about_kept(self, kept):
        """Note, among ``more``, what modules hold after the call where the test sets it for its time."""
        for name, value in kept.items():
            self.imports.add((state.module_of(name), ""))
            self._add_more(name, value)

    def about_stand_ins(self):
        """Assert the calls that were made of the methods of stand-ins; among ``more`` that others were not called."""
        for name in named(self._item):
            value = self._local[name]
            if not mocks.is_stand_in(value):
                continue
            paths = mocks.settings(self._item, name)
            if mocks.goes_beyond(value, paths):
                raise CannotWrite(f"what it does depends on what {name} gives, of which nothing is known")
            bound = {id(self._local[other]): other for other in named(self._item)}
            plain, self._named = self._named, {key: other for key, other in bound.items() if self._is_own(other)}
            for path, calls in mocks.called(value, paths, self._subject.raw.__code__.co_names).items():
                if calls and ".return_value" not in path:
                    with contextlib.suppress(CannotWrite):
                        self._equal(f"{name}.{path}.call_args_list", calls)
                else:
                    self._add_more(f"{name}.{path}.call_args_list", calls)
            self._named = plain

    def about_files(self, held):
        """Assert what changed below ``tmp_path``, whose contents before the call are given."""
        if not self._paths:
            return
        folder = self._local[TMP_PATH]
        for text, value in files.looks(held, files.contents(folder), folder, self._paths):
            with contextlib.suppress(CannotWrite):
                self._equal(text, value)

    def _is_own(self, name):
        """Whether what has the name is to be told from all that are equal to it."""
        return not isinstance(self._local[name], _IMMUTABLE)

    def about_words(self, heard):
        """Note, among ``more``, what the call printed and logged."""
        for text, value in heard.words(self._subject.raw.__code__.co_names):
            self._add_more(text, value)

    def _add_more(self, text, value):
        """Assert among ``more`` that the expression ``text`` gives the value, if it can be written."""
        kept = len(self.checks), len(self.prints)
        try:
            self._equal(text, value)
            self.more += self.checks[kept[0] :]
        except Exception:  # the user's own ``__eq__`` may raise anything
            pass
        del self.checks[kept[0] :], self.prints[kept[1] :]

    def about(self, name, value):
        """Assert all that can be said about ``value``: equality where it has a source form, else its public attributes."""
        if mocks.is_stand_in(value):
            self._equal(name, value)  # one that has a name; of another there is nothing to say
            return
        if arrays.is_within(value):
            self._with_arrays(name, value)
            return
        if _is_made_by(self._subject, value) and self._attributes(name, value):
            return  # to compare it with one made in the same way would say nothing
        try:
            self._equal(name, value)
        except DependsOnPlace:
            raise
        except CannotWrite as problem:
            if arrays.kind_of(value) or not self._attributes(name, value):
                raise problem from None

    def _equal(self, name, value):
        if self._paths and isinstance(value, float) and abs(value - time.time()) < _AROUND_NOW:
            raise CannotWrite("it depends on the times of files")  # which ``approx`` would take for one another
        if arrays.kind_of(value):
            try:
                self._array(name, value)
            except TooLarge:
                self._about_aspects(arrays.aspects(name, value))
            return
        writer = self._writer()
        try:
            text = writer.write(value)
        except TooLarge:
            text = None
        # What was printed can be asked for but once.
        is_large = (text is None or large.is_large(value, text)) and "capsys" not in name
        if is_large and self._about_aspects(large.aspects(name, value)):
            return
        if text is None:
            raise TooLarge("its value is longer than a reader would check")
        if any(folder in text for folder in self._subject.folders):
            raise DependsOnPlace("it depends on where the repository, the interpreter or the home folder lies")
        if self._strict and not self._reads_back(writer, text, value):
            raise CannotWrite(f"{type(value).__name__} objects cannot be compared by value")
        self.imports |= writer.imports
        self.add(
            name,
            "is" if _is_one_of_a_kind(value) else "==",
            text,
            self._writer(coarse=True).write(value),
        )
        self._beside_equality(name, value)

    def _about_aspects(self, aspects):
        """Assert those of the aspects, (expression, value), that can be written; whether there is one."""
        count = len(self.checks)
        for text, part in aspects:
            with contextlib.suppress(TooLarge):
                self._equal(text, part)
                if "hashlib." in text:
                    self.imports.add(("hashlib", ""))
        return len(self.checks) > count

    def _array(self, name, value):
        """Assert by the comparison of its library what an array or frame is."""
        writer = Writer(self._subject.module)
        text = arrays.source(writer, value)
        function, module = arrays.comparison(value)
        self._subject.scope.need([*sorted(writer.imports), (module, "")])
        if self._strict:
            try:
                self._subject.scope.evaluate(function)(value, self._subject.scope.evaluate(text))
            except AssertionError:
                raise CannotWrite(f"{type(value).__name__} objects of this kind have no form in source text") from None
        self.imports |= {*writer.imports, (module, "")}
        self.add(name, function, text, _coarse(self._subject, value))
        if arrays.kind_of(value) == "ndarray":
            self._add_more(f"{name}.dtype.name", value.dtype.name)

    def _with_arrays(self, name, value):
        """Assert each member of a container apart, since arrays in it do not compare as wholes."""
        if len(value) > MOST_ATTRIBUTES:
            raise CannotWrite("it gives many arrays in one container")
        keys = list(value) if type(value) is dict else range(len(value))
        if type(value) is dict:
            self._equal(f"list({name})", list(value))
        else:
            self._equal(f"len({name})", len(value))
        for key in keys:
            self.about(f"{name}[{Writer(self._subject.module).write(key)}]", value[key])

    def _beside_equality(self, name, value):
        """Assert the attributes that ``==`` of the value's class, or of its items, does not look at."""
        for attribute in _unseen_by_equality(value):
            with contextlib.suppress(CannotWrite):
                self._equal(f"{name}.{attribute}", getattr(value, attribute))
        if type(value) in (list, tuple) and value and len({type(item) for item in value}) == 1:
            for attribute in _unseen_by_equality(value[0]):
                with contextlib.suppress(CannotWrite):
                    self._equal(f"[item.{attribute} for item in {name}]", [getattr(item, attribute) for item in value])

    def _reads_back(self, writer, text, value):
        self._subject.scope.need(sorted(writer.imports))
        read = self._subject.scope.evaluate(text, self._local)
        return value is read or (not mocks.is_stand_in(value) and bool(value == read))

    def _attributes(self, name, value):
        kind = type(value)
        if isinstance(value, re.Match):
            self._equal(f"{name}.group()", value.group())
            self._equal(f"{name}.span()", value.span())
            return True
        if kind.__module__ == "builtins" or isinstance(value, types.ModuleType):
            return False
        if (kind.__module__, kind.__name__) == ("click.testing", "Result"):
            self._about_command(name, value)
            return True
        writer = Writer(self._subject.module)
        class_name = writer.name(kind)
        self.imports |= writer.imports
        self.add(name, "isinstance", class_name, class_name)
        plain = _plain_part(value)
        if plain is not None:
            self._equal(name, plain)
        count = 0
        for path, item, text, same in _parts(self._subject, value):
            if count >= MOST_ATTRIBUTES:
                break
            count += self._part(name, path, item, text, same)
        if plain is None and hasattr(kind, "__iter__") and hasattr(kind, "__len__"):
            try:
                self._equal(f"list({name})", list(itertools.islice(value, MOST_YIELDED)))
            except CannotWrite:
                pass
        if isinstance(value, BaseException):
            self._equal(f"str({name})", str(value))
        for text, item in _looks(self._subject, name, value):
            if all(text != check[0] for check in self.checks):
                self._add_more(text, item)
        return True

    def _about_command(self, name, value):
        """Assert how a command of click ended and what it printed."""
        if value.exception is not None and not isinstance(value.exception, SystemExit):
            if not _is_deliberate(self._subject, value.exception):
                raise CannotWrite(f"it ends in {type(value.exception).__name__}")
            writer = Writer(self._subject.module)
            text = writer.name(type(value.exception))
            self.imports |= writer.imports
            self.add(f"{name}.exception", "isinstance", text, text)
            self._equal(f"str({name}.exception)", str(value.exception))
            return
        self._equal(f"{name}.exit_code", value.exit_code)
        if value.exit_code != _WRONG_USAGE:  # how that is said is click's affair
            self._equal(f"{name}.output", value.output)

    def about_change(self, name, value, before):
        """Assert the new state of an argument that the call changed in place."""
        if before is None:
            return
        after = _state(self._subject, value)
        known = {check[0] for check in self.checks if check[1] == "=="}
        if after == before or name in known:
            return
        if isinstance(before, str) and isinstance(after, str):
            try:
                self._equal(name, value)
            except CannotWrite:
                return
        elif isinstance(after, dict) and isinstance(before, dict):
            for path, item, text, same in _parts(self._subject, value):
                if name + path not in known and before.get(path) != text:
                    self._part(name, path, item, text, same)

    def _part(self, name, path, item, text, same):
        """Assert one of ``_parts``; return whether that could be done."""
        if same is not None:
            self.add(name + path, "is", name + same, text)
            return True
        if text == "?" and not mocks.is_stand_in(item) and not (self._paths and isinstance(item, pathlib.PurePath)):
            return False
        try:
            self._equal(name + path, item)
        except CannotWrite:
            return False
        return True


def _describe_error(subject, call, error):
    if confine.is_denial(error):
        return {
            "kind": "unwritable",
            "problem": f"it needs what the sandbox denies ({type(error).__name__}: {error})",
            "print": "denied",
        }
    kind = type(error)
    explicit = _is_deliberate(subject, error)
    if kind.__name__ in _CALLER_ERRORS and kind.__module__ == "builtins" and not explicit:
        return {"kind": "misuse", "print": "misuse " + kind.__name__, "error": kind.__name__}
    if not isinstance(error, Exception) and kind.__module__ == "builtins" and kind is not SystemExit:
        return {"kind": "unwritable", "problem": f"it raises {kind.__name__}", "print": kind.__name__}
    writer = Writer(subject.module)
    name = writer.name(kind)
    message = stable_message(str(error)) if explicit else None
    answer = {"kind": "raise", "call": call, "raises": [name, message], "imports": sorted(writer.imports)}
    answer["deliberate"] = explicit
    answer["print"] = f"raises {name} {message}"
    return answer


def _is_deliberate(subject, error):
    """Whether a ``raise`` or ``assert`` statement of the project raised it, rather than an operation that failed."""
    trace = error.__traceback__
    last = None
    while trace is not None:
        last, trace = trace, trace.tb_next
    if last is None:
        return False
    filename = last.tb_frame.f_code.co_filename
    if filename != subject.filename and not filename.startswith(subject.tree):
        return False
    line = linecache.getline(filename, last.tb_lineno).lstrip()
    return line.startswith(("raise", "assert")) or ": raise " in line


_UNSTABLE = re.compile(r"0x[0-9a-fA-F]{4,}|(?<![\w.])/(?:tmp|home|var|root|usr|private|Users)/|[A-Za-z]:\\")


def stable_message(message):
    """Return the part of an exception's message that will be the same elsewhere: up to an address or a path; or None."""
    unstable = _UNSTABLE.search(message)
    if unstable:
        message = message[: unstable.start()]
    message = message.split("\n")[0]
    if len(message) > LONGEST_MESSAGE:
        message = message[:LONGEST_MESSAGE].rpartition(" ")[0]
    message = message.strip()
    return message if len(message) >= 3 else None
