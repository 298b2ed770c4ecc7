"""Collects what a test asserts about one call: values, changed arguments, calls of stand-ins, files, words."""

import contextlib
import copy
import dataclasses
import enum
import itertools
import pathlib
import re
import time
import types

import arrays
import files
import insides
import judge
import large
import mocks
import raised
import state
from insides import IMMUTABLE
from judge import MOST_YIELDED
from literals import TMP_PATH, CannotWrite, TooLarge, Writer
from values import named

_AROUND_NOW = 1e5  # seconds


def _is_single(value):
    """Whether it shows something that a call gives back the very object: nothing equal would be at hand."""
    return not isinstance(value, IMMUTABLE) or getattr(value, "__name__", "") == "<lambda>"


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


def unseen_by_equality(value):
    """Return the public fields of a dataclass or named tuple that two equal ones may differ in, as far as trying shows."""
    kind = type(value)
    own = _is_own_equality(kind)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value) if own or not field.compare]
    else:
        names = list(getattr(kind, "_fields", ())) if own and isinstance(value, tuple) else []
    names = [name for name in names if not name.startswith("_")]
    return [name for name in names if not (own and _is_seen(value, name))][: insides.MOST_ATTRIBUTES]


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


class DependsOnPlace(CannotWrite):
    """The value names a folder that lies elsewhere on another machine."""


class Checks:
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
        told = {check[0] for check in self.checks}
        twins = None
        for name in named(item):
            simple = {other: value for other, value in local.items() if isinstance(value, (str, int, float, tuple))}
            looks = list(insides.looks(self._subject, name, local[name], simple))
            if not looks or name in told:
                continue
            # Only the code of a second, equal object may run to show the state before: to look may change it.
            if twins is None:
                twins = self._subject.scope.arranged(item, self._subject.scope.given(item))
            earlier = dict(insides.looks(self._subject, name, twins[name], simple))
            for text, value in looks:
                if self._fingerprint(value) != self._fingerprint(earlier.get(text)):
                    self._add_more(text, value)

    def _fingerprint(self, value):
        return insides.print_of(self._subject, value)

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
        return not isinstance(self._local[name], IMMUTABLE)

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
            if arrays.kind_of(value) or not (self._attributes(name, value) or self._members(name, value)):
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
        self.add(name, function, text, insides.coarse(self._subject, value))
        if arrays.kind_of(value) == "ndarray":
            self._add_more(f"{name}.dtype.name", value.dtype.name)

    def _with_arrays(self, name, value):
        """Assert each member of a container apart, since arrays in it do not compare as wholes."""
        if len(value) > insides.MOST_ATTRIBUTES:
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
        for attribute in unseen_by_equality(value):
            with contextlib.suppress(CannotWrite):
                self._equal(f"{name}.{attribute}", getattr(value, attribute))
        if type(value) in (list, tuple) and value and len({type(item) for item in value}) == 1:
            for attribute in unseen_by_equality(value[0]):
                with contextlib.suppress(CannotWrite):
                    self._equal(f"[item.{attribute} for item in {name}]", [getattr(item, attribute) for item in value])

    def _members(self, name, value):
        """Assert what a list or tuple of objects holds that cannot be written; whether there is something to say."""
        outlines = list(insides.outlines(self._subject, name, value))
        if type(value) not in (list, tuple) or not outlines:
            return False
        before = len(self.checks)
        for text, item in outlines:
            if text.endswith(f" in {name}]"):
                self._equal(text, item)
            else:  # of what the members hold: only where a test needs it
                self._add_more(text, item)
        return len(self.checks) > before

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
        for path, item, text, same in insides.parts_of(self._subject, value):
            if count >= insides.MOST_ATTRIBUTES:
                break
            count += self._part(name, path, item, text, same)
        if plain is None and hasattr(kind, "__iter__") and hasattr(kind, "__len__"):
            try:
                self._equal(f"list({name})", list(itertools.islice(value, MOST_YIELDED)))
            except CannotWrite:
                pass
        if isinstance(value, BaseException):
            self._equal(f"str({name})", str(value))
        looks = [*insides.looks(self._subject, name, value), *insides.outlines(self._subject, name, value)]
        for text, item in looks:
            if all(text != check[0] for check in self.checks):
                self._add_more(text, item)
        return True

    def _about_command(self, name, value):
        """Assert how a command of click ended and what it printed."""
        if value.exception is not None and not isinstance(value.exception, SystemExit):
            if not raised.is_deliberate(self._subject, value.exception):
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
        after = insides.state_of(self._subject, value)
        known = {check[0] for check in self.checks if check[1] == "=="}
        if after == before or name in known:
            return
        if isinstance(before, str) and isinstance(after, str):
            try:
                self._equal(name, value)
            except CannotWrite:
                return
        elif isinstance(after, dict) and isinstance(before, dict):
            for path, item, text, same in insides.parts_of(self._subject, value):
                if name + path not in known and before.get(path) != text:
                    self._part(name, path, item, text, same)

    def about_unchanged(self, name, value, before):
        """Note, among ``more``, that an argument which could be changed in place was left as it is."""
        if before is None or insides.state_of(self._subject, value) != before:
            return
        if isinstance(before, str):
            self._add_more(name, value)
        else:
            parts = [part for part in insides.parts_of(self._subject, value) if part[2] != "?" and part[3] is None]
            for path, item, _, _ in parts[: insides.MOST_ATTRIBUTES]:
                self._add_more(name + path, item)

    def _part(self, name, path, item, text, same):
        """Assert one of ``insides.parts_of``; return whether that could be done."""
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
