"""Asks a model which name, and which reason, that is true of a case says most: the question, the grammar, the answer."""

from __future__ import annotations

import ast
import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pytestgen_hook.model.grammar import quoted
from pytestgen_hook.model.local import LocalModel
from pytestgen_hook.naming import Definition
from pytestgen_hook.types.changes import Function

VERSION = 2  # part of what answers are kept by
MOST_CASES = 8  # in one question
_LONGEST_CASE = 200  # characters
_MOST_LINES = 40  # of code
_LONGEST_LINE = 160
_TOKENS_A_CASE = 56

_SYSTEM = (
    "You name the cases of a table of tests. A name says what this case is there for: which of its arguments makes the "
    "function do something else than in the other cases, or what comes of that. Write one line for each case: its name, "
    "and for some what only this case shows of the code."
)
_EXAMPLES = (
    (
        """def parse_size(text, default=None):
    match = re.fullmatch(r"(\\d+)\\s*([km]?)b?", text.strip().lower())
    if match is None:
        if default is not None:
            return default
        raise ValueError(f"no size: {text}")
    number, unit = match.groups()
    return int(number) * {"": 1, "k": 1000, "m": 1000000}[unit]""",
        ('parse_size("abc", 3) == 3', 'parse_size("7 ") == 7', 'parse_size("12KB") == 12000', 'parse_size("0") == 0'),
        (
            "only_letters_in_text: return default",
            "trailing_space_in_text",
            "capitals_in_text: the text 'k' was changed",
            "returns_zero",
        ),
    ),
    (
        """def pad(words, width=4, fill=" "):
    if width < 0:
        raise ValueError("width is negative")
    return [word + fill * (width - len(word)) for word in words]""",
        ("pad([]) == []", 'pad(["a", "bc"], 3, "-") == ["a--", "bc-"]', 'pad(["a"], width=0) == ["a"]'),
        ("empty_words", "two_words", "zero_width: < became <="),
    ),
)


def prefix() -> str:
    """Return the constant part: what is wanted, and worked examples."""
    turns = [f"<|im_start|>system\n{_SYSTEM}<|im_end|>\n"]
    for code, cases, names in _EXAMPLES:
        turns.append(_asked(code, cases))
        turns.append("".join(f"{number}. {name}\n" for number, name in enumerate(names, 1)) + "<|im_end|>\n")
    return "".join(turns)


def question(function: Function, node: Definition, cases: Sequence[str]) -> str:
    """Return the part of the prompt about one function; ``cases`` are as ``render.spoken`` writes them."""
    return _asked(_code(function, node), [_cut(case) for case in cases])


def _code(function: Function, node: Definition) -> str:
    """Return the function without docstring and comments, under the head of its class; the rest of a long one is left out."""
    bare = copy.copy(node)
    bare.body = node.body[1:] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body
    lines = ast.unparse(bare).splitlines()
    lines = lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "    ..."]
    lines = [line[:_LONGEST_LINE] for line in lines]
    owner = function.qualname.split(".")[-2:-1]
    return "\n".join([f"class {owner[0]}:", *(f"    {line}" for line in lines)] if owner else lines)


def _asked(code: str, cases: Sequence[str]) -> str:
    listed = "\n".join(f"{number}. {case}" for number, case in enumerate(cases, 1))
    return f"<|im_start|>user\n```python\n{code}\n```\n{listed}<|im_end|>\n<|im_start|>assistant\n"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_CASE else text[: _LONGEST_CASE - 3] + "..."


def grammar(menus: Sequence[Menu]) -> str:
    """Return the grammar (GBNF) of an answer: a line for each case, its number, a name, and a reason where it has several."""
    lines = []
    for number, menu in enumerate(menus, 1):
        reason = f' ": " ({_choice(menu.reasons)})' if len(menu.reasons) > 1 else ""
        lines.append(f'"{number}. " ({_choice(menu.names)}){reason} "\\n"')
    return f"root ::= {' '.join(lines)}\n"


def _choice(texts: Sequence[str]) -> str:
    return " | ".join(map(quoted, texts))


@dataclass(frozen=True, slots=True)
class Menu:
    """What is true of one case: names, and in short what it alone shows."""

    names: tuple[str, ...]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the model says of each case, as far as the time went; the tokens that took, and whether the answer was cut.

    Each is a name, and behind ``": "`` the reason where it has several: see ``parted``.
    """

    said: tuple[str, ...]
    tokens: int
    cut: bool


def ask(
    model: LocalModel,
    function: Function,
    node: Definition,
    cases: Sequence[str],
    menus: Sequence[Menu],
    *,
    seconds: float,
) -> Chosen:
    """Return what is chosen of its menu for each case. ValueError where the function does not fit into a prompt."""
    answer = model.complete(
        question(function, node, cases),
        prefix=prefix(),
        grammar=grammar(menus),
        max_tokens=_TOKENS_A_CASE * len(cases),
        seconds=seconds,
    )
    said = tuple(re.findall(r"^\d+\. (\w+(?:: .+)?)\n", answer.text, re.MULTILINE))
    return Chosen(said, answer.tokens, answer.ended != "stop")


def parted(said: str) -> tuple[str, str]:
    """Return the name and the reason, "" for none, of what a model says of a case."""
    name, _, reason = said.partition(": ")
    return name, reason
