"""Makes a call again and checks it as its written test would: a mutant is killed only by an assertion that fails."""

import itertools

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
    """Return the part of an observation's answer that a test of it says."""
    return {name: answer.get(name) for name in ("call", "setup", "checks", "raises", "imports")}


def failing(scope, item):
    """Return the position of the first check in ``item["told"]`` that fails (0 where the call does), or None if all hold."""
    claims = item["told"]
    try:
        scope.need([tuple(pair) for pair in [*item["imports"], *claims["imports"]]])
        local = {}
        for name, source in item["arguments"]:
            local[name] = scope.evaluate(source, dict(local))
        for statement in claims["setup"] or ():
            local = {**scope.names, **local}
            exec(statement, local)
        expected_error = scope.evaluate(claims["raises"][0]) if claims["raises"] else ()
    except BaseException:
        return 0
    try:
        local["result"] = _called(scope, item["call"], claims["call"], local)
    except BaseException as error:
        return None if claims["raises"] and _matches(error, expected_error, claims["raises"][1]) else 0
    if claims["raises"]:
        return 0
    return next((at for at, check in enumerate(claims["checks"]) if not _holds(scope, check, local)), None)


class _TooMany(Exception):
    """An iterator that ended in the original goes on and on."""


def _called(scope, call, form, local):
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
        return bool(value == scope.evaluate(expected, local))
    except BaseException:  # in a test it would end the test
        return False
