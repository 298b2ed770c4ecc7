"""What can be asserted of an exception: its class, the part of its message that is the same elsewhere, and who raised it."""

import linecache
import re

import confine
from literals import Writer

LONGEST_MESSAGE = 90
# Exceptions that say «you called it wrongly», not «this is how it behaves»; a test of them would be a test of Python.
_DECLINED = re.compile("^unsupported operand type|not supported between instances of")
_CALLER_ERRORS = ("TypeError", "AttributeError", "NameError", "UnboundLocalError", "RecursionError", "MemoryError")


def describe(subject, call, error):
    if confine.is_denial(error):
        return {
            "kind": "unwritable",
            "problem": f"it needs what the sandbox denies ({type(error).__name__}: {error})",
            "print": "denied",
        }
    kind = type(error)
    explicit = is_deliberate(subject, error) or is_declined(subject, error)
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
    last = _last(error)
    if last is None or not _is_of_project(subject, last):
        return False
    line = linecache.getline(last.tb_frame.f_code.co_filename, last.tb_lineno).lstrip()
    return line.startswith(("raise", "assert")) or ": raise " in line


def is_declined(subject, error):
    """Whether Python raised it because an operator of the project gave ``NotImplemented`` for what stands beside it."""
    last = _last(error)
    return (
        type(error) is TypeError
        and last is not None
        and not _is_of_project(subject, last)
        and "NotImplemented" in subject.raw.__code__.co_names
        and _DECLINED.search(str(error)) is not None
    )


def _last(error):
    """Return the innermost entry of the traceback, None where there is none."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace


def _is_of_project(subject, entry):
    filename = entry.tb_frame.f_code.co_filename
    return filename == subject.filename or filename.startswith(subject.tree)


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
