"""What a person would look at in an object: its public attributes, what they hold, and what asking it shows."""

import contextlib
import datetime
import enum
import functools
import io
import itertools
import re
import types

import arrays
import classes
import mocks
import sequences
from judge import MOST_YIELDED
from literals import CannotWrite, Writer

_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,}")
MOST_ATTRIBUTES = 8
MOST_PARTS = 24
DEEPEST_PART = 4
MOST_OUTLINES = 8  # lists of objects that are told by their classes and texts
DEEPEST_OUTLINE = 3  # lists in lists
MOST_LOOKED_INTO = 6  # members of each
IMMUTABLE = (type(None), bool, int, float, complex, str, bytes, tuple, frozenset, range, type, types.FunctionType)


def state_of(subject, value):
    """Return what can later be compared to see whether ``value`` was changed in place; None if it cannot be."""
    if isinstance(value, IMMUTABLE) or mocks.is_stand_in(value):
        return None
    try:
        return coarse(subject, value)
    except CannotWrite:
        pass
    except Exception:
        return None
    return {path: print_ for path, _, print_, _ in parts_of(subject, value)}


def parts_of(subject, value):
    """Return [(path, value, its print, path of the same object)] of what the public attributes of an object hold.

    Where that is an object of the project which cannot be written itself, its attributes follow with longer paths
    (``.next.value``), down to ``DEEPEST_PART``; the last of the four is None unless the object was met before.
    """
    found = []
    met = {id(value): ""}
    waiting = [("", value, 0)]
    for path, thing, depth in waiting:
        for name, item in public_attributes(thing):
            if len(found) >= MOST_PARTS:
                return found
            where = f"{path}.{name}"
            if id(item) in met:
                found.append((where, item, f"is {met[id(item)]}", met[id(item)]))
                continue
            text = print_of(subject, item)
            found.append((where, item, text, None))
            if text == "?" and is_of_project(subject, item) and depth < DEEPEST_PART:
                met[id(item)] = where
                waiting.append((where, item, depth + 1))
            elif text == "?" and type(item) is list and depth < DEEPEST_PART:
                for index, member in enumerate(item[:4]):
                    if id(member) in met:
                        found.append((f"{where}[{index}]", member, f"is {met[id(member)]}", met[id(member)]))
                    elif is_of_project(subject, member):
                        met[id(member)] = f"{where}[{index}]"
                        waiting.append((f"{where}[{index}]", member, depth + 1))
    return found


def is_of_project(subject, value):
    return classes.is_from(subject.tree, type(value)) or type(value) is types.SimpleNamespace


def coarse(subject, value):
    """Return what tells the value from those that a test's comparison would not take for it; CannotWrite if it has none."""
    writer = Writer(subject.module, coarse=True)
    return arrays.source(writer, value) if arrays.kind_of(value) else writer.write(value)


def print_of(subject, value):
    try:
        return coarse(subject, value)
    except Exception:
        return "?"


def public_attributes(value):
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


def looks(subject, name, value, others=types.MappingProxyType({})):
    """Yield (expression, value) of what a person would look at in an object whose state its attributes do not tell.

    The last may change it. ``others`` are {name: value} of what it can be asked about.
    """
    if isinstance(value, (io.StringIO, io.BytesIO)):
        if not value.closed:
            yield f"{name}.getvalue()", value.getvalue()
        return
    kind = type(value)
    if not classes.is_from(subject.tree, kind) or isinstance(value, enum.Enum):
        return
    for attribute in sorted(_properties(kind))[:MOST_ATTRIBUTES]:
        with contextlib.suppress(Exception):
            yield f"{name}.{attribute}", getattr(value, attribute)
    written = {part for base in kind.__mro__ if base.__module__ != "builtins" for part in vars(base)}
    for plain in (dict, list, set):
        if isinstance(value, plain) and "__iter__" not in written:
            with contextlib.suppress(Exception):
                yield f"{plain.__name__}({name})", plain(value)
    with contextlib.suppress(Exception):
        if "__iter__" in written and not hasattr(kind, "__next__"):
            items = list(itertools.islice(value, MOST_YIELDED + 1))
            if len(items) <= MOST_YIELDED:
                yield f"list({name})", items
    with contextlib.suppress(Exception):
        if "__len__" in written:
            yield f"len({name})", len(value)
    # What has public attributes tells itself by these; to look twice would make every call take longer.
    for function in ("str", "repr") if not public_attributes(value) else ():
        with contextlib.suppress(Exception):
            text = getattr(value, f"__{function}__")() if f"__{function}__" in written else ""
            if text and not _ADDRESS.search(text):
                yield f"{function}({name})", text
    if isinstance(value, datetime.tzinfo):
        with contextlib.suppress(Exception):
            yield f"{name}.utcoffset(None)", value.utcoffset(None)
    telling, looking_up, taking, moving = sequences.questions(kind)
    subjects = [about for about in others if about != name]
    asked = [(method, "") for method in telling] + [(method, about) for method in looking_up for about in subjects]
    asked += [(method, "") for method in taking] + [(method, about) for method in moving for about in subjects[:1]]
    for method, about in asked:
        with contextlib.suppress(Exception):
            text = sequences.question(method, name, about)
            yield text, subject.scope.evaluate(text, {**others, name: value})


def outlines(subject, name, value):
    """Yield (expression, value) of the classes and texts of what lists and tuples hold that cannot be written.

    That is the shape of a tree: for what ``value`` holds and what its members hold in turn, the nearest first. ``value`` is
    such a list, or an object with public attributes.
    """
    waiting = [(name, value, 0)]
    told = 0
    for path, thing, depth in waiting:
        is_list = type(thing) in (list, tuple)
        told_of = list(_told_of_members(subject, path, thing)) if is_list and told < MOST_OUTLINES else []
        told += bool(told_of)
        yield from told_of
        if depth < DEEPEST_OUTLINE and is_list:
            below = [(f"{path}[{at}]", item) for at, item in enumerate(thing[:MOST_LOOKED_INTO])]
        else:
            below = [(f"{path}.{part}", item) for part, item in public_attributes(thing)]
            below = [(place, item) for place, item in below if type(item) in (list, tuple)]
        waiting += [(place, item, depth + is_list) for place, item in below if is_list or depth <= DEEPEST_OUTLINE]


def _told_of_members(subject, path, thing):
    """Yield the classes and the texts of what a list of objects of the project, or of such lists, holds."""
    is_table = bool(thing) and all(type(row) in (list, tuple) for row in thing)
    rows = thing if is_table else [thing]
    members = [item for row in rows for item in row]
    if not members or not all(is_of_project(subject, item) for item in members):
        return
    form = f"[[{{}} for item in row] for row in {path}]" if is_table else f"[{{}} for item in {path}]"
    kinds = [[type(item).__name__ for item in row] for row in rows]
    yield form.format("type(item).__name__"), kinds if is_table else kinds[0]
    if all(_tells_by_str(item) for item in members):
        with contextlib.suppress(Exception):
            texts = [[str(item) for item in row] for row in rows]
            if not _ADDRESS.search("".join(text for row in texts for text in row)):
                yield form.format("str(item)"), texts if is_table else texts[0]


def _tells_by_str(item):
    return any("__str__" in vars(base) for base in type(item).__mro__ if base.__module__ != "builtins")


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
