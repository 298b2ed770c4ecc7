"""What can truly be said of one case and of no other case of its function: the names that a model may choose from."""

from __future__ import annotations

import ast
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any

from pytestgen_hook.naming import LONGEST_ID, Facts, names_of, told
from pytestgen_hook.phrases import is_word, snake
from pytestgen_hook.types.generated import Case

_MOST = 24  # in one menu
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_SIZED = (str, bytes, list, tuple, dict, set, frozenset)
_HIDDEN: Any = object()  # a value that the text of the test does not say
_RESULT = ""


def menu(facts: Facts, index: int, rest: Sequence[int]) -> list[str]:
    """Return names that are true of a case and of none of the others: where no one claim is, two that are only together.

    Nothing is said of an argument or of results that one of the cases does not give as literals, for there nobody can tell.
    """
    hidden = {name for at in (index, *rest) for name, value in _values(facts.cases[at]) if value is _HIDDEN}
    claims = {at: dict.fromkeys(_claims(facts, at, hidden)) for at in (index, *rest)}
    others = [claims[at] for at in rest]
    alone = [text for text in claims[index] if not any(text in other for other in others)]
    pairs = [
        f"{one}_and_{two}"
        for one, two in combinations(claims[index] if not alone else (), 2)
        if not any({one, two} <= set(other) for other in others)
    ]
    return [text for text in alone or pairs if len(text) <= LONGEST_ID and is_word(text)][:_MOST]


def _values(case: Case) -> list[tuple[str, Any]]:
    """Return the arguments of a case by name, and its result, if there is one, under no name."""
    given = [(snake(name.rstrip("_") or name), _value(text)) for name, text in case.arguments if name.isidentifier()]
    about = [check for check in told(case) if check.subject == "result" and check.operator in ("==", "is")]
    return [*given, *((_RESULT, _value(check.expected)) for check in about[:1])]


def _value(source: str) -> Any:
    try:
        return ast.literal_eval(source)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return _HIDDEN


def _claims(facts: Facts, index: int, hidden: set[str]) -> Iterator[str]:
    """Yield what is true of a case, what tells most first."""
    case = facts.cases[index]
    values = dict(_values(case))
    result = values.pop(_RESULT, _HIDDEN)
    known = {name: value for name, value in values.items() if name not in hidden}
    is_measured = facts.node is not None and "len" in names_of(facts.node)
    for name, value in known.items():
        yield from _of_value(name, value, facts)
        if is_measured and isinstance(value, str):
            yield from _counted("character", len(value), name)
    both = {snake(name): value for name, value in facts.inputs[index].values.items() if snake(name) not in hidden}
    for name, other in [pair for pair in combinations(both, 2) if frozenset(pair) in facts.compared]:
        yield from _of_two(name, both[name], other, both[other])
    if case.raises:
        yield f"raises_{snake(case.raises.name.rpartition('.')[2])}"
    elif _RESULT not in hidden and result is not _HIDDEN:
        yield from _of_result(result, known)
    yield from (f"default_{snake(name)}" for name in sorted(facts.inputs[index].omitted))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# -- arguments -------------------------------------------------------------------------------------------------------

_PLACES: dict[str, Callable[[str], str]] = {"leading": lambda text: text[0], "trailing": lambda text: text[-1]}
_CHARACTERS: dict[str, Callable[[str], bool]] = {
    "space": " ".__eq__, "newline": "\n".__eq__, "tab": "\t".__eq__, "dash": "-".__eq__, "underscore": "_".__eq__,
    "dot": ".".__eq__, "comma": ",".__eq__, "colon": ":".__eq__, "semicolon": ";".__eq__, "slash": "/".__eq__,
    "backslash": "\\".__eq__, "quote": "\"'".__contains__, "percent_sign": "%".__eq__, "hash": "#".__eq__,
    "plus": "+".__eq__, "star": "*".__eq__, "ampersand": "&".__eq__, "equals_sign": "=".__eq__, "at_sign": "@".__eq__,
    "question_mark": "?".__eq__, "exclamation_mark": "!".__eq__, "bracket": "()[]{}<>".__contains__,
    "zero": "0".__eq__, "digit": str.isdigit, "letter": str.isalpha, "capital": str.isupper,
}  # fmt: skip
_TEXTS: dict[str, Callable[[str], bool]] = {
    "blank": lambda text: not text.strip(), "upper_case": str.isupper, "lower_case": str.islower,
    "non_ascii": lambda text: not text.isascii(), "numeric": lambda text: bool(re.fullmatch(r"-?\d+(\.\d+)?", text)),
    "negative": lambda text: bool(re.fullmatch(r"-\d+(\.\d+)?", text)),
    "mixed_case": lambda text: text.lower() != text != text.upper() and not text.istitle(),
}  # fmt: skip


def _of_value(name: str, value: Any, facts: Facts) -> Iterator[str]:
    if value is None or isinstance(value, bool):
        yield f"{str(value).lower()}_as_{name}"
    elif _is_number(value):
        yield from _of_number(name, value, facts)
    elif isinstance(value, _SIZED):
        yield from [] if value else [f"empty_{name}"]
        yield from _of_text(name, value) if isinstance(value, str) else _of_items(name, value, facts)


def _of_number(name: str, value: Any, facts: Facts) -> Iterator[str]:
    if value <= 0:
        yield f"{'negative' if value < 0 else 'zero'}_{name}"
    if isinstance(value, int) and value:
        yield from (f"{name}_divisible_by_{by}" for by in sorted(facts.divisors) if by > 2 and value % by == 0)
        yield from (f"{'odd' if value % 2 else 'even'}_{name}" for by in facts.divisors if by == 2)
    elif math.isfinite(value) and value % 1:
        yield f"fractional_{name}"


def _of_text(name: str, text: str) -> Iterator[str]:
    """What is true of the empty text, too, is said of it: else it would tell another text from it."""
    yield from (f"{word}_{name}" for word, test in _TEXTS.items() if text and test(text))
    inside = [word for word, test in _CHARACTERS.items() if any(map(test, text))]
    for place, end in _PLACES.items():
        yield from (f"{place}_{word}_in_{name}" for word in inside if len(text) > 1 and _CHARACTERS[word](end(text)))
    yield from (f"only_{word}s_in_{name}" for word in ("digit", "letter") if text and all(map(_CHARACTERS[word], text)))
    yield from (f"{_several(word)}_in_{name}" for word in inside)
    yield from (f"no_{word}s_in_{name}" for word in ("digit", "letter", "capital", "space") if word not in inside)
    is_marked = any(unicodedata.category(one)[0] in "PS" for one in text)
    yield from [] if is_marked else [f"no_punctuation_in_{name}"]
    yield from _counted("word", len(text.split()), name)
    yield from _counted("line", len(text.splitlines()), name) if "\n" in text else ()


def _of_items(name: str, value: Any, facts: Facts) -> Iterator[str]:
    yield from _counted("item", len(value), name)
    if 2 in facts.divisors:
        yield f"{'odd' if len(value) % 2 else 'even'}_number_of_{name}"
    items = list(value)
    if isinstance(value, (list, tuple)) and len(items) > 1:
        order = _order(items)
        yield from [f"{order}_{name}"] if order else []
        distinct = len(set(map(repr, items)))
        yield from [f"equal_items_in_{name}"] if distinct == 1 else []
        yield from [f"duplicates_in_{name}"] if distinct < len(items) else []
    held = [*value.values()] if isinstance(value, dict) else items
    if any(isinstance(item, (list, tuple, dict, set)) for item in held) and not all(
        isinstance(item, (list, tuple, dict, set)) for item in held
    ):
        yield f"partly_nested_{name}"
    signs = {"negative" if item < 0 else "zero" for item in held if _is_number(item) and item <= 0}
    yield from (f"{sign}_{'value' if isinstance(value, dict) else 'item'}_in_{name}" for sign in sorted(signs))
    if None in held:
        yield f"none_in_{name}"


def _order(items: list[Any]) -> str:
    try:
        up, down = sorted(items), sorted(items, reverse=True)
    except TypeError:
        return ""
    return "" if up == down else "ascending" if items == up else "descending" if items == down else "unsorted"


def _counted(what: str, count: int, name: str) -> Iterator[str]:
    if 0 < count < len(_NUMBERS):
        yield f"{_NUMBERS[count]}_{what if count == 1 else _several(what)}" + (
            "" if name == f"{what}s" else f"_in_{name}"
        )


def _several(word: str) -> str:
    return word + ("es" if word.endswith(("sh", "ss")) else "s")


def _of_two(name: str, value: Any, other: str, bound: Any) -> Iterator[str]:
    """Yield how two arguments compare that the function compares: numbers, or a length and a number."""
    if isinstance(value, _SIZED) and isinstance(bound, _SIZED):
        value, bound = len(value), len(bound)
        relations = ("shorter_than", "as_long_as", "longer_than")
    elif isinstance(value, _SIZED) or isinstance(bound, _SIZED):
        if isinstance(bound, _SIZED):
            name, value, other, bound = other, bound, name, value
        value, relations = len(value), ("shorter_than", "as_long_as", "longer_than")
    else:
        relations = ("below", "equal_to", "above")
    if _is_number(value) and _is_number(bound):
        yield f"{name}_{relations[(value > bound) - (value < bound) + 1]}_{other}"


# -- results ---------------------------------------------------------------------------------------------------------


def _of_result(result: Any, known: dict[str, Any]) -> Iterator[str]:
    same = [name for name, value in known.items() if type(value) is type(result) and value == result]
    # A number may come out by accident where there are others.
    if same and (len(known) == 1 or (isinstance(result, _SIZED) and len(result) > 1)):
        yield f"returns_{same[0]}_unchanged"
    if result is None or isinstance(result, bool):
        yield f"returns_{str(result).lower()}"
    elif _is_number(result) and result <= 0:
        yield "returns_zero" if result == 0 else "returns_negative"
    elif isinstance(result, _SIZED):
        kind = "text" if isinstance(result, str) else type(result).__name__
        yield from [f"returns_empty_{kind}"] if not result else []
