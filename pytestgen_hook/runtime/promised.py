"""Holds what a call did against what the documentation of its function says; the tool reads that (``promises``).

A promise comes as expressions over the parameters, as they were before the call, and ``result``; ``the`` has the
functions that may be used in them. What cannot be decided, because a value is of another kind than the sentence speaks of,
is no verdict.
"""

import builtins
import collections.abc
import contextlib
import copy
import datetime
import decimal
import doctest
import enum
import functools
import inspect
import io
import math
import numbers
import re
import sys
import types
import typing

import mocks

_LONGEST = 100  # characters of a value that a report shows
_LARGEST = 1e12  # above that, what rounding does is nobody's promise
_TOLERANCE = 1e-9
_PLAIN = (
    type(None),
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    datetime.date,
    datetime.timedelta,
    decimal.Decimal,
    enum.Enum,
)
_CONTAINERS = (list, tuple, set, frozenset, dict)
_UNKNOWN = object()


class Claims:
    """What the documentation of one function says, for calls of it in this process.

    ``documented`` is {"promises": [{"when", "then", "raises", "source", "unless", ...}], "examples":
    {"text": doctests, "numbers": [number of the promise or None]}, "types": {parameter or "return": source of a type}}.
    """

    def __init__(self, subject, documented):
        self.promises = documented["promises"]
        self.examples = documented["examples"]
        names = {**vars(typing), **vars(builtins), **vars(subject.module)}
        hints = _hints(subject.raw)
        for name, source in documented["types"].items():
            if name not in hints:
                with contextlib.suppress(Exception):
                    hints[name] = eval(source, names)
        self.hints = hints
        self.parameters = _parameters_of(subject.raw)
        self.raised = [_exception(promise["raises"], subject) for promise in self.promises if promise["raises"]]
        self.by_number = {
            number: _exception(promise["raises"], subject)
            for number, promise in enumerate(self.promises)
            if promise["raises"]
        }
        self.made_of = _hints_of_constructor(subject, self.parameters)
        self.is_precise = all(
            _is_precise(hints.get(name)) for name in self.parameters if name not in ("self", "cls", "mcs")
        ) and all(map(_is_precise, self.made_of.values()))


def _hints(function):
    try:
        return dict(typing.get_type_hints(function, include_extras=False))
    except Exception:  # a name that is only there for type checkers
        return {
            name: hint for name, hint in getattr(function, "__annotations__", {}).items() if not isinstance(hint, str)
        }


def _parameters_of(function):
    try:
        return inspect.signature(function).parameters
    except (ValueError, TypeError):
        return {}


def _hints_of_constructor(subject, parameters):
    """Return {parameter: type or None} of what an object of the class is made with, if the function is a method."""
    if next(iter(parameters), None) != "self":
        return {}
    owner = subject.module
    for part in subject.raw.__qualname__.split(".")[:-1]:
        owner = getattr(owner, part, None)
    made = getattr(owner, "__init__", None)
    if not isinstance(made, types.FunctionType):
        return {}
    hints = _hints(made)
    return {name: hints.get(name) for name in list(_parameters_of(made))[1:]}


def _exception(name, subject):
    found = subject.module
    for part in name.split("."):
        found = getattr(found, part, getattr(builtins, part, None) if found is subject.module else None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


class Comparison:
    """One call, looked at before and after."""

    def __init__(self, subject, item, local):
        self._claims = subject.claims
        self._is_probe = item.get("probe", False)
        self._now = {
            name: parameter.default
            for name, parameter in self._claims.parameters.items()
            if parameter.default is not parameter.empty
        }
        self._given = {name for name in item["parameters"] if item["parameters"][name] in local}
        self._now.update((name, local[item["parameters"][name]]) for name in self._given)
        if item["receiver"]:
            self._now["self"] = local[item["receiver"]]
        self._before = {name: _copied(value) for name, value in self._now.items()}
        fitting = {name: fits(value, self._claims.hints.get(name, _UNKNOWN)) for name, value in self._arguments()}
        self._wrong = {name for name, fit in fitting.items() if fit is False}
        self._all_fit = all(fitting.values()) and self._claims.is_precise and self._is_object_fitting()
        self._is_ordinary = all(_is_ordinary(value) for _, value in self._arguments())
        self._conditions = [self._condition(promise) for promise in self._claims.promises]

    def _is_object_fitting(self):
        """Whether what the object holds under the names of its constructor's parameters is as these are annotated."""
        held = getattr(self._now.get("self"), "__dict__", {})
        return not any(
            fits(held[kept], hint) is False
            for name, hint in self._claims.made_of.items()
            for kept in (name, "_" + name)
            if kept in held
        )

    def _arguments(self):
        return [(name, self._now[name]) for name in sorted(self._given)]

    def _evaluated(self, source, more=None):
        """Return the value of an expression, None if it has none for these values."""
        try:
            return eval(_code(source), {"__builtins__": {}, **self._before, **_WORDS, **(more or {})})
        except Exception:
            return None

    def _condition(self, promise):
        """Whether the promise speaks of this call."""
        if promise["source"] == "example" or self._given & set(promise["unless"]):
            return False
        if self._wrong - set(promise["needs"]) or (self._wrong and not promise["about_types"]):
            return False
        if promise["source"] == "annotation":
            return self._all_fit
        if not promise["raises"] and not self._is_ordinary:
            return False
        return promise["when"] is None or self._evaluated(promise["when"]) is True

    def told(self, outcome):
        """Return {"held": [numbers of promises], "broken": [numbers], "observed": what the call did, in short}."""
        held, broken = [], []
        for number, promise in enumerate(self._claims.promises):
            verdict = self._verdict(number, promise, outcome) if self._conditions[number] else None
            if verdict is not None:
                (held if verdict else broken).append(number)
        return {"held": held, "broken": broken, "observed": _in_words(outcome) if broken else ""}

    def _verdict(self, number, promise, outcome):
        kind, form, value = outcome
        if kind not in ("value", "raise"):
            return None
        if promise["raises"]:
            wanted = self._claims.by_number[number]
            if wanted is None:
                return None
            if kind == "value":
                return None if self._is_poor(promise) else False
            if isinstance(value, wanted):
                return True
            return self._undocumented(value, wanted)
        if kind == "raise":
            return self._undocumented(value) if promise["when"] and promise["source"] != "annotation" else None
        if mocks.is_stand_in(value):
            return None
        if promise["source"] == "annotation":
            if form != "%s" and not form.startswith("asyncio.run("):
                return None  # an iterator has been read
            return fits(value, self._claims.hints.get("return", _UNKNOWN))
        after = {"result": value, "after": types.SimpleNamespace(**self._now)}
        verdict = self._evaluated(promise["then"], after)
        return verdict if isinstance(verdict, bool) else None

    def _undocumented(self, error, wanted=None):
        """False if a call, which with another argument gave a value, raises what the documentation does not speak of."""
        known = [*self._claims.raised, *([wanted] if wanted else [])]
        if not self._is_probe or self._wrong or not isinstance(error, Exception) or None in known:
            return None
        related = any(isinstance(error, one) or issubclass(one, type(error)) for one in known)
        return None if related else False

    def _is_poor(self, promise):
        """Whether another argument has nothing in it, so that there was perhaps nothing to do for the call."""
        others = [value for name, value in self._arguments() if name not in promise["needs"]]
        return any(isinstance(value, (*_CONTAINERS, str, bytes)) and not value for value in others)


@functools.lru_cache(maxsize=512)
def _code(source):
    return compile(source, "<promise>", "eval")


def _copied(value):
    """Return a value that the call cannot change, as far as it is plain."""
    return copy.deepcopy(value) if _is_plain(value) else value


def _is_plain(value, depth=6):
    if type(value) in _CONTAINERS and depth:
        members = [*value, *value.values()] if type(value) is dict else value
        return all(_is_plain(member, depth - 1) for member in members)
    return isinstance(value, _PLAIN)


def _is_ordinary(value, depth=6):
    """Whether no number in it is infinite, none at all, or so large that rounding shows."""
    if type(value) in _CONTAINERS and depth:
        members = [*value, *value.values()] if type(value) is dict else value
        return all(_is_ordinary(member, depth - 1) for member in members)
    if isinstance(value, (float, complex)):
        return abs(value) < _LARGEST and (value == 0 or abs(value) > 1 / _LARGEST)
    return True


def _in_words(outcome):
    kind, _, value = outcome
    try:
        if kind == "raise":
            text = str(value).split("\n")[0]
            return _cut(f"{type(value).__name__}: {text}" if text else type(value).__name__)
        return _cut(repr(value))
    except Exception:  # the user's own ``__repr__`` may raise anything
        return f"a {type(value).__name__}"


def _cut(text):
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


# -- types -----------------------------------------------------------------------------------------------------------

_ANY_ORIGIN = (type, collections.abc.Callable)
_READ_ONCE = (
    collections.abc.Iterator,
    collections.abc.Generator,
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
    collections.abc.Awaitable,
    collections.abc.Coroutine,
    collections.abc.AsyncIterable,
)
_UNION = (typing.Union, getattr(types, "UnionType", typing.Union))


def _is_precise(hint):
    """Whether a type says of every value and its members what they are."""
    if hint is None or hint is type(None):
        return hint is not None
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is None:
        return (
            isinstance(hint, type) and hint not in (object, *_CONTAINERS) and not getattr(hint, "_is_protocol", False)
        )
    if str(origin).endswith("Literal"):
        return True
    if origin in _ANY_ORIGIN:
        return False
    return bool(arguments) and all(_is_precise(one) for one in arguments if one is not Ellipsis)


def fits(value, hint):
    """Whether a value is of a type: True or False, and None where that is not sure."""
    if hint is _UNKNOWN or hint is typing.Any or hint is object or mocks.is_stand_in(value):
        return None
    if hint is None or hint is type(None):
        return value is None
    if hasattr(hint, "__supertype__"):
        return fits(value, hint.__supertype__)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is None:
        return _is_instance(value, hint)
    if origin in _UNION:
        found = [fits(value, one) for one in arguments]
        return True if True in found else None if None in found else False
    if str(origin).endswith("Literal"):
        return any(type(value) is type(one) and value == one for one in arguments)
    if not isinstance(origin, type) or origin in _ANY_ORIGIN:
        return None
    if origin in _READ_ONCE:
        return None
    inside = _is_instance(value, origin)
    return _members_fit(value, origin, arguments) if inside and arguments else inside


def _is_instance(value, kind):
    if not isinstance(kind, type) or getattr(kind, "_is_protocol", False) or hasattr(kind, "__total__"):
        return None
    try:
        if isinstance(value, kind):
            # True is a number to Python, and mostly not to those who ask for one.
            return None if isinstance(value, bool) and kind in (int, float, complex) else True
    except Exception:
        return None
    if kind in (float, complex) and isinstance(value, numbers.Number):
        # One of another kind of number, such as Decimal, stays in its kind: who annotates so means any number.
        return True if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    if (kind is bool and value in (0, 1)) or (kind is bytes and isinstance(value, (bytearray, memoryview))):
        return None
    if kind.__module__ != "builtins" and hasattr(type(value), "__getattr__"):
        return None  # it may stand for another
    return False


def _members_fit(value, origin, arguments):
    if issubclass(origin, tuple) and isinstance(value, tuple):
        if arguments[-1] is Ellipsis:
            return _all_fit((member, arguments[0]) for member in value)
        return len(value) == len(arguments) and _all_fit(zip(value, arguments)) if arguments != ((),) else not value
    if type(value) is dict and len(arguments) == 2:
        pairs = [(member, kind) for pair in value.items() for member, kind in zip(pair, arguments)]
        return _all_fit(pairs)
    if type(value) in (list, tuple, set, frozenset) and len(arguments) == 1:
        return _all_fit((member, arguments[0]) for member in value)
    return True if isinstance(value, (str, bytes)) else None


def _all_fit(pairs):
    found = [fits(member, kind) for member, kind in pairs]
    return False if False in found else None if None in found else True


# -- what expressions may say ----------------------------------------------------------------------------------------


def _number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float, decimal.Decimal)) or not math.isfinite(value):
        raise TypeError("not a number")
    return value


def _within(value, low, high):
    return low - _TOLERANCE <= _number(value) <= high + _TOLERANCE


def _at_least(value, low):
    return _number(value) >= low - _TOLERANCE


def _above(value, low):
    return _number(value) > low


def _scalars(value):
    if type(value) not in (list, tuple) or len({type(item) for item in value} - {bool}) > 1:
        raise TypeError("no sequence of one kind")
    if any(type(item) not in (int, float, str, datetime.date, datetime.datetime) or item != item for item in value):
        raise TypeError("its members have no order of their own")
    return list(value)


def _ordered(value, backwards=False):
    items = _scalars(value)
    if items == sorted(items, reverse=backwards):
        return True
    # Texts have an order for machines and several for people.
    return all(isinstance(item, str) for item in items) and items == sorted(items, key=str.casefold, reverse=backwards)


def _distinct(value):
    items = _scalars(value)
    return len(set(items)) == len(items)


def _length(value):
    if type(value) not in (*_CONTAINERS, str, bytes):
        raise TypeError("it has no length")
    return len(value)


def _empty(value):
    """Whether there is nothing in a result that is to be empty; None is not empty, it is none."""
    return False if value is None or isinstance(value, (bool, int, float)) else _length(value) == 0


def _is_empty(value):
    """Whether there is nothing in a container, or in one of the project's that holds containers."""
    if type(value) in (*_CONTAINERS, str, bytes):
        return len(value) == 0
    if hasattr(type(value), "__len__"):
        return len(value) == 0
    held = [member for member in vars(value).values() if isinstance(member, collections.abc.Sized)]
    held = [member for member in held if not isinstance(member, (str, bytes))]
    if not held:
        raise TypeError("nothing is known of what it holds")
    return not any(len(member) for member in held)


def _equal(value, wanted):
    if isinstance(wanted, bool) or wanted is None:
        return value is wanted if isinstance(value, (bool, type(None))) or not isinstance(value, (int, float)) else None
    if isinstance(value, float) and isinstance(wanted, (int, float)):
        return math.isclose(value, wanted, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE)
    if value is None or isinstance(value, (int, str, bytes, *_CONTAINERS)):
        return value == wanted and isinstance(value, bool) <= isinstance(wanted, bool)
    return None


def _is_lower(value):
    return not any("A" <= letter <= "Z" for letter in _text(value))


def _is_upper(value):
    return not any("a" <= letter <= "z" for letter in _text(value))


def _text(value):
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _same(now, before):
    if now is before and type(now) in (list, set, dict):
        raise TypeError("nothing is known of how it was")  # it could not be copied
    if type(now) not in (list, set, dict, bytearray):
        raise TypeError("it cannot be changed")
    return bool(now == before)


def _fresh(value, after):
    if type(value) not in (list, set, dict):
        raise TypeError("whether it is a new one, nobody can tell")
    return not any(value is argument for argument in vars(after).values())


def _holds(container, key):
    if type(container) not in _CONTAINERS:
        raise TypeError("no container")
    return key in container


_FUNCTIONS = {
    "number": _number, "within": _within, "at_least": _at_least, "above": _above, "ordered": _ordered,
    "distinct": _distinct, "length": _length, "empty": _empty, "is_empty": _is_empty, "equal": _equal,
    "is_lower": _is_lower, "is_upper": _is_upper, "same": _same, "fresh": _fresh, "holds": _holds,
    "is_a": isinstance,
}  # fmt: skip
# One name, so that none of the functions hides a parameter.
_WORDS = {
    "the": types.SimpleNamespace(**_FUNCTIONS),
    **{kind.__name__: kind for kind in (str, bytes, int, float, list, tuple, dict, set)},
}


# -- examples --------------------------------------------------------------------------------------------------------

_LENIENT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
_MISSING = ("NameError", "ImportError", "ModuleNotFoundError", "SyntaxError", "NotImplementedError", "OSError")


class _Runner(doctest.DocTestRunner):
    """Runs the examples of a docstring one after the other; notes of each whether it held, what it printed and its value."""

    def __init__(self):
        super().__init__(verbose=False, optionflags=_LENIENT)
        self.value = _UNKNOWN
        self.outcomes = []

    def display(self, value):
        """Stand in for ``sys.__displayhook__``."""
        self.value = value
        if value is not None:
            sys.stdout.write(repr(value) + "\n")

    def report_start(self, out, test, example):
        self.value = _UNKNOWN

    def report_success(self, out, test, example, got):
        self.outcomes.append((True, got, self.value))

    def report_failure(self, out, test, example, got):
        self.outcomes.append((False, got, self.value))

    def report_unexpected_exception(self, out, test, example, exc_info):
        self.outcomes.append((False, exc_info[1], _UNKNOWN))


def run_examples(subject):
    """Return {"held": [numbers], "broken": [numbers], "observed": text} of the promises that are examples.

    After the first that does not hold, or cannot be run, none is judged: it may rest on what went before.
    """
    told = {"kind": "examples", "held": [], "broken": [], "observed": ""}
    runner = _Runner()
    examples = doctest.DocTestParser().get_examples(subject.claims.examples["text"])
    names = {**vars(subject.module), "__name__": "__main__"}
    test = doctest.DocTest(examples, names, subject.raw.__name__, None, 0, "")
    # ``doctest`` puts the original hook in place.
    original, sys.__displayhook__ = sys.__displayhook__, runner.display
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            runner.run(test, out=lambda text: None, clear_globs=False)
    finally:
        sys.__displayhook__ = original
    ran = [example for example in examples if not example.options.get(doctest.SKIP)]
    numbers = {id(example): number for example, number in zip(examples, subject.claims.examples["numbers"])}
    for example, (is_as_written, got, value) in zip(ran, runner.outcomes):
        number = numbers[id(example)]
        verdict = True if is_as_written else _agrees(example, got, value, names)
        if number is not None and verdict is not None:
            told["held" if verdict else "broken"].append(number)
        if verdict is False:
            told["observed"] = _shown(got, value)
        if not verdict and (example.want or isinstance(got, BaseException)):
            break
    return told


def _shown(got, value):
    if isinstance(got, BaseException):
        return _in_words(("raise", "", got))
    if value is not _UNKNOWN:
        return _in_words(("value", "", value))
    return _cut(got.strip().split("\n")[-1])


def _agrees(example, got, value, names):
    """Whether an example that does not print what it says still means the same; None if that cannot be told."""
    want = example.want
    if isinstance(got, BaseException):
        is_missing = not isinstance(got, Exception) or type(got).__name__ in _MISSING
        return False if want and not is_missing and _meaning(want, names) is not _UNKNOWN else None
    if example.exc_msg is not None:
        return None if any(f"\n{name}:" in got for name in _MISSING) else False
    if not want or value is None:
        return None
    if re.sub(r"\s+", "", got).replace('"', "'") == re.sub(r"\s+", "", want).replace('"', "'"):
        return True
    if value is _UNKNOWN:  # it prints
        return None if "0x" in got or not got else False
    if isinstance(value, str) and value.strip() == want.strip():
        return True
    return _is_meant(_meaning(want, names), value, want)


def _meaning(text, names):
    """Return the value of what a person wrote down as the output."""
    try:
        return eval(text.strip(), dict(names))
    except Exception:
        return _UNKNOWN


def _is_meant(wanted, value, written):
    if wanted is _UNKNOWN or wanted is Ellipsis:
        return None
    try:
        if repr(wanted) == repr(value) or _is_close(wanted, value, written):
            return True
    except Exception:
        return None
    are_numbers = all(isinstance(one, (int, float)) for one in (wanted, value))
    if type(wanted) is not type(value) and not are_numbers:
        # A list in the place of a view, a text in the place of an object with that ``repr``: that is a manner of writing.
        return False if _is_plain(wanted) and _is_plain(value) else None
    return False if _is_plain(wanted) or type(wanted).__eq__ is not object.__eq__ else None


_DECIMALS = re.compile(r"\d\.(\d+)")


def _is_close(wanted, value, written):
    if isinstance(wanted, (list, tuple)) and type(wanted) is type(value) and len(wanted) == len(value):
        return all(_is_close(one, other, written) for one, other in zip(wanted, value))
    if isinstance(wanted, float) and isinstance(value, (int, float)):
        # People round what they write down.
        places = min([len(found) for found in _DECIMALS.findall(written)] or [9])
        return math.isclose(wanted, value, rel_tol=1e-6, abs_tol=1.01 * 10.0**-places)
    return bool(wanted == value)
