"""Makes a call again and checks it as its written test would: a mutant is killed only by an assertion that fails."""

import contextlib
import itertools
import re

NONE = ["result", "is", "None"]
MOST_YIELDED = 100  # an iterator that gives more is asserted by its first few


class Approximate:
    """Stands in for the module ``pytest``, whose ``approx`` written values use."""

    class approx:  # noqa: N801  the name that the written source uses
        def __init__(self, expected, nan_ok=False):
            self.expected = expected
            self.nan_ok = nan_ok

        def __eq__(self, other):
            try:
                if self.nan_ok and other != other:
                    return self.expected != self.expected
                return abs(other - self.expected) <= max(1e-6 * abs(self.expected), 1e-12)
            except TypeError:  # as pytest has it: what is no number is not near one
                return False

        __hash__ = None


def told(answer):
    """Return the part of an observation's answer that a test of it may say."""
    claims = {name: answer.get(name) for name in ("call", "setup", "raises", "imports", "enters", "inside")}
    claims["checks"] = [*answer.get("checks", ()), *answer.get("more", ())]
    return claims


def is_entered(value):
    """Whether a test uses the value in a ``with`` statement: what ``contextlib.contextmanager`` makes of a generator."""
    return isinstance(value, contextlib._GeneratorContextManager)


def is_entering(error):
    """Whether the exception was raised while such a value was entered or left."""
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code in _ENTERING:
            return True
        trace = trace.tb_next
    return False


_ENTERING = tuple(getattr(contextlib._GeneratorContextManager, name).__code__ for name in ("__enter__", "__exit__"))


def failing(scope, item, heard, given):
    """Return the position of the first check in ``item["told"]`` that fails, -1 where the call does, None if all hold.

    ``heard`` is a ``said.Heard`` that listens, ``given`` are further fixtures by their names.
    """
    claims = item["told"]
    try:
        scope.need([tuple(pair) for pair in [*item["imports"], *claims["imports"]]])
        local = scope.arranged(item, given)
        for statement in claims["setup"] or ():
            local = {**scope.names, **local}
            exec(statement, local)
        expected_error = scope.evaluate(claims["raises"][0]) if claims["raises"] else ()
    except BaseException:
        return -1
    local["capsys"] = local["caplog"] = heard
    failed = []
    try:
        _called(scope, item["call"], claims, local, failed)
    except BaseException as error:
        return None if claims["raises"] and _matches(error, expected_error, claims["raises"][1]) else -1
    return -1 if claims["raises"] else min(failed, default=None)


def _called(scope, call, claims, local, failed):
    """Make the call and note in ``failed`` the positions of the checks that do not hold."""
    checks = list(enumerate(claims["checks"]))
    if claims["enters"]:
        inside = [(at, check) for at, check in checks if is_inside(check)]
        with scope.evaluate(claims["call"], local) as local["result"]:
            failed += [at for at, check in inside if not _holds(scope, check, local)]
            if claims["inside"]:
                raise scope.evaluate(claims["inside"])
        checks = [pair for pair in checks if pair not in inside]
    else:
        local["result"] = _result(scope, call, claims["call"], local)
    failed += itertools.islice((at for at, check in checks if not _holds(scope, check, local)), 1)


def is_inside(check):
    """Whether the check belongs inside the ``with`` statement: it looks at what entering gave."""
    return re.search(r"(?<![\w.])result\b", check[0]) is not None


class _TooMany(Exception):
    """An iterator that ended in the original goes on and on."""


def _result(scope, call, form, local):
    if form == call or not form.startswith("list("):
        return scope.evaluate(form, local)
    # Read with a bound: the list of an iterator that a mutant keeps from ending would only end with the memory.
    items = list(itertools.islice(iter(scope.evaluate(form[5:-1], local)), MOST_YIELDED + 1))
    if len(items) > MOST_YIELDED:
        raise _TooMany
    return items


def _matches(error, kind, message):
    try:
        return isinstance(error, kind) and (message is None or message in str(error))
    except BaseException:  # the user's own __str__
        return False


def _holds(scope, check, local):
    subject, operator, expected = check
    try:
        value = scope.evaluate(subject, local)
        if operator == "isinstance":
            return isinstance(value, scope.evaluate(expected, local))
        if operator == "is":
            return value is scope.evaluate(expected, local)
        if "." in operator:  # a function of a library, which raises where the two differ
            scope.evaluate(operator)(value, scope.evaluate(expected, local))
            return True
        return bool(value == scope.evaluate(expected, local))
    except BaseException:  # in a test it would end the test
        return False
