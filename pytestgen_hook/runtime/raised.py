"""What can be asserted of an exception: its class, the part of its message that is the same elsewhere, and who raised it."""

import linecache
import re

import confine
from literals import Writer

LONGEST_MESSAGE = 90
# Exceptions that say «you called it wrongly», not «this is how it behaves»; a test of them would be a test of Python.
_CALLER_ERRORS = ("TypeError", "AttributeError", "NameError", "UnboundLocalError", "RecursionError", "MemoryError")


def describe(subject, call, error):
    if confine.is_denial(error):
        return {
            "kind": "unwritable",
            "problem": f"it needs what the sandbox denies ({type(error).__name__}: {error})",
            "print": "denied",
        }
    kind = type(error)
    explicit = is_deliberate(subject, error)
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


def is_deliberate(subject, error):
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
