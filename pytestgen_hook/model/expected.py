"""Asks a model what calls should give by signature and docstring alone, and which of its disagreements say something.

A small model is wrong about every third value. What tells its good disagreements from the others was measured by
``ci/bench/expectations.py``: that it gives the same answer whenever it is asked, and takes it to be far likelier than what
was observed.
"""

from __future__ import annotations

import ast
import copy
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from pytestgen_hook.model.local import LocalModel, Sampling
from pytestgen_hook.naming import Definition

VERSION = 1  # part of what answers are kept by
MOST_CALLS = 4  # of one function
VOTES = 3  # further answers about a call that the likeliest one disagrees with
LEAST_SHARE = 1.0  # of all answers that say the same
LEAST_MARGIN = 4.0  # by how much the answer is likelier than what was observed, as a natural logarithm
_TEMPERATURE = 0.8  # of the further answers
_MOST_TOKENS = 48  # of an answer
_LONGEST = 200  # characters of a call, and of what it does: an answer is no longer
_EXAMPLES = '''\
# What each call gives, by the documentation alone. The code is not known, and may be wrong.

def clip(text: str, size: int = 3) -> str:
    """Return the first ``size`` characters.

    Raises:
        ValueError: if size is negative
    """
    ...

clip("abcdef", 2) == "ab"
clip("", 2) == ""
clip("abc", -1) raises ValueError
clip("abcdef") == "abc"

'''
# A literal of Python, or the name of an exception: nothing else can be answered.
GRAMMAR = r"""
root ::= " == " value "\n" | " raises " name "\n"
name ::= [A-Z] [A-Za-z]+
value ::= "None" | "True" | "False" | number | text | list | tuple | set | dict | call
number ::= "-"? [0-9]+ ("." [0-9]+)? ("e" "-"? [0-9]+)?
text ::= "b"? ("\"" [^"\n]* "\"" | "'" [^'\n]* "'")
items ::= value (", " value)*
list ::= "[" items? "]"
tuple ::= "(" (value "," | value (", " value)+)? ")"
set ::= "{" items "}"
dict ::= "{" (pair (", " pair)*)? "}"
pair ::= value ": " value
call ::= [a-z] [A-Za-z_.]* "(" items? ")"
"""


@dataclass(frozen=True, slots=True)
class Call:
    """A call as it would be typed, and what it was observed to do: ``" == 3"`` or ``" raises ValueError"``."""

    text: str
    observed: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the model expects of a call.

    ``answer`` is its likeliest one, ``share`` how many of all its answers agree with that, ``margin`` by how much the answer
    is likelier than what was observed (natural logarithm; 0 where both are the same).
    """

    call: Call
    answer: str
    share: float = 1.0
    margin: float = 0.0

    @property
    def agrees(self) -> bool:
        """Whether the likeliest answer is what was observed."""
        return is_same(self.answer, self.call.observed)

    @property
    def is_telling(self) -> bool:
        """Whether it disagrees so much that this was measured to be worth a note."""
        return not self.agrees and self.share >= LEAST_SHARE and self.margin >= LEAST_MARGIN


def documented(node: Definition) -> str | None:
    """Return a function as the model is shown it, ``...`` in the place of its body; None if it has no docstring."""
    if ast.get_docstring(node) is None:
        return None
    bare = copy.copy(node)
    bare.body = [node.body[0], ast.Expr(ast.Constant(...))]
    return ast.unparse(bare)


def is_sayable(call: Call) -> bool:
    """Whether what a call does can be answered, and compared with an answer: a literal of one line, or an exception."""
    is_short = max(len(call.text), len(call.observed)) <= _LONGEST and "\n" not in call.text + call.observed
    return is_short and (call.observed.startswith(" raises ") or _value(call.observed) is not None)


def expectations(
    model: LocalModel,
    source: str,
    calls: Sequence[Call],
    *,
    seconds: float = math.inf,
    votes: int = VOTES,
    least_share: float = LEAST_SHARE,
) -> list[Expectation]:
    """Return what the model expects of the calls of one function, shown as ``documented`` gives it.

    Asked again, for votes, is only where it disagrees, and how likely the answers are only where at least this share of all
    agree. What could not be asked within the time, or has no answer, is left out. ValueError for what does not fit into a
    prompt.
    """
    end = time.monotonic() + seconds
    found = []
    for call, answer in zip(calls, answers(model, source, [call.text for call in calls], seconds=seconds), strict=True):
        if answer is None or time.monotonic() > end:
            continue
        one = Expectation(call, answer)
        if not one.agrees:
            share = agreement(model, source, call, answer, votes, seconds=end - time.monotonic())
            one = Expectation(call, answer, share, margin(model, source, call, answer) if share >= least_share else 0.0)
        found.append(one)
    return found


def answers(model: LocalModel, source: str, calls: Sequence[str], *, seconds: float = math.inf) -> list[str | None]:
    """Return the likeliest answer about each call, written side by side; None for one that did not come to its end."""
    return _asked(model, source, calls, Sampling(), seconds)


def agreement(
    model: LocalModel, source: str, call: Call, answer: str, votes: int, *, seconds: float = math.inf
) -> float:
    """Return the share of all answers about a call, this one and so many that are drawn, that say the same as this one."""
    others = _asked(model, source, [call.text] * votes, Sampling(temperature=_TEMPERATURE), seconds) if votes else []
    return (1 + sum(other is not None and is_same(other, answer) for other in others)) / (1 + votes)


def margin(model: LocalModel, source: str, call: Call, answer: str) -> float:
    """Return by how much an answer is likelier than what was observed, as a natural logarithm."""
    asked = f"{source}\n\n{call.text}"
    likely, seen = (model.log_likelihood(asked, f"{text}\n", prefix=_EXAMPLES) for text in (answer, call.observed))
    return likely - seen


def prefix() -> str:
    """Return the constant part of a question: what is wanted, and a worked example."""
    return _EXAMPLES


def _asked(
    model: LocalModel, source: str, calls: Sequence[str], sampling: Sampling, seconds: float
) -> list[str | None]:
    found = model.complete_all(
        f"{source}\n\n",
        len(calls),
        prefix=_EXAMPLES,
        endings=calls,
        grammar=GRAMMAR,
        max_tokens=_MOST_TOKENS,
        sampling=sampling,
        stop=("\n",),
        seconds=seconds,
    )
    return [answer.text if answer.ended == "stop" else None for answer in found]


def is_same(answer: str, other: str) -> bool:
    """Whether two outcomes say the same, however they are written."""
    answer, other = (text.replace("datetime.", "").strip() for text in (answer, other))  # as one imports it
    if answer == other:
        return True
    values = [_value(text) for text in (answer, other)]
    if None in values:
        return False
    (one,), (two,) = (value for value in values if value is not None)
    if isinstance(one, float) and isinstance(two, (int, float)):
        return math.isclose(one, two, rel_tol=1e-6, abs_tol=1e-9)
    return type(one) is type(two) and one == two


def _value(text: str) -> tuple[object] | None:
    """Return the value of ``" == 3"`` in a tuple, None for what is no literal."""
    if not text.strip().startswith("=="):
        return None
    try:
        return (ast.literal_eval(text.strip().removeprefix("==").strip()),)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None
