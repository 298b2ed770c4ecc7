"""What a person can do about a function for which no test could be written, by the reason that is given for it."""

from __future__ import annotations

import re

_SHOW_A_CALL = "annotate its parameters, or show a call of it in its docstring (>>>), a fixture or a test"
_SHOW_A_QUICK_ONE = "show a call of it that is quick in its docstring (>>>), or raise --budget"
_SHOW_A_SMALL_ONE = "show a small call of it in its docstring (>>>), or write its test by hand"
_GIVE_AS_PARAMETER = (
    "let what differs (a clock, a random.Random, a path) be a parameter, or replace it in a test by hand"
)
_COMPARABLE = "give the class an __eq__ (a dataclass has one) or public attributes to look at"
_PUT_BACK = "let it take or return that state, or write a test by hand that puts it back (monkeypatch)"
_OUTSIDE = "let it take what it needs from outside as a parameter, or replace that in a test by hand (monkeypatch)"

_ADVICE = tuple(
    (re.compile(pattern), told)
    for pattern, told in (
        (r"^every call ended in RecursionError", "show a call of it that ends, in its docstring (>>>) or a test"),
        (r"^every call ended in NameError: name '(?P<name>\w+)'", "define or import {name}"),
        (r"^every call ended in", _SHOW_A_CALL),
        (r"^no call of it ended in a result", _SHOW_A_CALL),
        (
            r"^its arguments could not be made|^no way to construct (?P<name>\w+)",
            "annotate the parameters of the constructor, or show in a docstring (>>>), fixture or test how one is made",
        ),
        (r"^(?P<name>\w+) is abstract", "write a class that implements {name}, in the tests if nowhere else"),
        (r"^what it does depends on what (?P<name>\w+) gives", "annotate what the methods of {name} return"),
        (r"^pytestgen failed", "please report it, with the function if you may"),
        (r"^it gives back a stand-in", "annotate what the methods of the class return that it takes"),
        (r"fields that cannot be given by name|^it ends in|in one container$", "write its test by hand"),
        (r"^its (frame|index|times) ha(s|ve)", "write its test by hand, with the library's own comparison"),
        (r"^the time for it ran out \(", "raise --budget, or name its file alone"),
        (r"did not end within|^the time for it ran out|^a call .*too long", _SHOW_A_QUICK_ONE),
        (
            r"^no call of it can tell",
            "give it something to observe: a return value, or a parameter that takes what it writes",
        ),
        (r"^it uses a class or function defined inside", "move that class or function to the top level of its module"),
        (r"^it uses (?P<name>[\w.]+), which cannot be imported", "give {name} a name at the top level of a module"),
        (r"^it (depends on|reads files)|absolute path of this machine", _GIVE_AS_PARAMETER),
        (r"cannot be compared|no form in source text|compare equal to itself|when looked at", _COMPARABLE),
        (r"^its value (is|has|contains)|no plain form|do(es)? not end$", _SHOW_A_SMALL_ONE),
        (r"^it writes files", "let it take the path as a parameter, and write its test by hand with tmp_path"),
        (r"^it (changes|leaves a thread)", _PUT_BACK),
        (r"^it needs what the sandbox denies", _OUTSIDE),
        (r"No module named '(?P<name>[\w.]+)'", "install {name} for the project's Python (pytestgen doctor)"),
        (r"^importing ", "mend the import, or keep what it needs from happening while it is imported"),
        (r"not there after the import", "define it without the condition, or write its test by hand"),
        (r"cannot be read|no name that a test could import|could not be found again", "write its test by hand"),
        (r"^a decorator made it", "test by hand what the decorator makes of it"),
        (r"memory address", "let its text name objects by something that stays the same"),
        (r"^Python itself calls", "test the members of the Enum by hand"),
        (r"python_functions in", "let python_functions take names such as test_it"),
        (r"^neither .* may be written", "name another folder with --tests-dir"),
        (
            r"^its tests did not hold when repeated",
            "see whether a fixture or conftest.py changes it, and write its test by hand",
        ),
    )
)


def advice(reason: str, *, was_refused: bool = False) -> str | None:
    """Return what a person can do about a reason; None where there is nothing but to write the test by hand.

    ``was_refused``: the reason is what the function tried to do and was not allowed to.
    """
    if was_refused:
        return _OUTSIDE
    for pattern, told in _ADVICE:
        found = pattern.search(reason)
        if found:
            name = found.groupdict().get("name")
            return told.format(name=name) if "{name}" in told else told
    return None
