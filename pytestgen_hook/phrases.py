"""Says conditions and values in a few words, for names of tests: ``if not text`` with ``""`` becomes ``empty_text``."""

from __future__ import annotations

import ast
import keyword
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MOST_WORDS = 5
_LONGEST = 44
_SELVES = ("self", "cls")


@dataclass(frozen=True, slots=True)
class Inputs:
    """What is known of the arguments of a call: the values of those that are literals, and what was not given at all.

    ``attributes`` are the literals that the receiver was made with, by the names of the constructor's parameters; ``owner``
    is the class of the method in words.
    """

    values: Mapping[str, object] = field(default_factory=dict)
    omitted: frozenset[str] = frozenset()
    attributes: Mapping[str, object] = field(default_factory=dict)
    owner: str = ""


class Unknown(Exception):  # noqa: N818  not an error
    """The value of an expression does not follow from the literals alone."""


# -- words -----------------------------------------------------------------------------------------------------------


def snake(name: str) -> str:
    """Return a name of Python, or a text, as lower-case words with underscores."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"\W+|_+", "_", spaced).strip("_").lower()


_MARKS = {
    ".": "dot", ",": "comma", ":": "colon", ";": "semicolon", "-": "dash", "_": "underscore", "/": "slash", " ": "space",
    "\\": "backslash", "@": "at_sign", "#": "hash", "%": "percent", "&": "ampersand", "*": "star", "+": "plus", "=": "equals",
    "?": "question_mark", "!": "exclamation_mark", "'": "quote", '"': "double_quote", "`": "backtick", "(": "bracket",
    ")": "closing_bracket", "[": "square_bracket", "]": "closing_square_bracket", "{": "brace", "}": "closing_brace",
    "<": "less_than", ">": "greater_than", "|": "bar", "~": "tilde", "^": "caret", "$": "dollar", "\n": "line_end",
    "\t": "tab",
}  # fmt: skip


def said(value: object) -> str | None:
    """Return a plain value in words; None for what has no short ones."""
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        text = re.sub(r"e\+?", "e", repr(abs(value)))
        return (
            ("minus_" if value < 0 else "") + text.replace(".", "_").replace("-", "_minus_") if len(text) < 10 else None
        )
    if isinstance(value, str):
        if value in _MARKS:
            return _MARKS[value]
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_ -]{0,20}", value):
            return snake(value) or None
    return None


def _is_noun(text: str) -> bool:
    return bool(text) and text.isascii()


def noun(node: ast.expr, owner: str = "") -> str | None:
    """Return what an expression is called: by the name of what it reads."""
    match node:
        case ast.Name(id):
            text = owner if id in _SELVES else snake(id)
        case ast.Attribute(ast.Name(id), attr):
            # Names of constants (Unit.DAYS) and one's own attributes go by themselves.
            text = snake(attr) if id in _SELVES or attr.isupper() else snake(f"{id}_{attr}")
        case ast.Subscript(ast.Name(id), ast.Constant(0)) if len(id) > 1:
            text = f"first_{_singular(snake(id))}"
        case ast.Subscript(ast.Name(id), ast.UnaryOp(ast.USub(), ast.Constant(1))) if len(id) > 1:
            text = f"last_{_singular(snake(id))}"
        case _:
            return None
    return text if _is_noun(text) else None


def _singular(text: str) -> str:
    return text[:-1] if len(text) > 3 and text.endswith("s") and not text.endswith("ss") else text


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise Unknown from None


def _thing(node: ast.expr) -> str | None:
    """Return an operand in words: a literal by its value, all else by its name."""
    try:
        return said(_literal(node))
    except Unknown:
        return noun(node)


# -- values of expressions, without running any code of the project --------------------------------------------------

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.In: lambda left, right: left in right, ast.NotIn: lambda left, right: left not in right,
}  # fmt: skip
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mod: operator.mod,
    ast.FloorDiv: operator.floordiv,
}
_TYPES = {kind.__name__: kind for kind in (int, float, str, bytes, bool, list, tuple, dict, set, frozenset)}
_METHODS = frozenset(
    name for name in dir(str) if name.startswith("is") or name in ("startswith", "endswith", "strip", "lower", "upper")
)


def value_of(node: ast.expr, values: Mapping[str, object]) -> Any:
    """Return the value of an expression over literals; ``Unknown`` where it takes more than that to tell."""
    try:
        return _value(node, values)
    except Unknown:
        raise
    except Exception:  # what an operation on values of any type may raise  # noqa: BLE001
        raise Unknown from None


def _value(node: ast.expr, values: Mapping[str, object]) -> Any:
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(id) if id in values:
            return values[id]
        case ast.Tuple(elts) | ast.List(elts) | ast.Set(elts):
            return [_value(item, values) for item in elts]
        case ast.UnaryOp(ast.Not(), inner):
            return not _value(inner, values)
        case ast.UnaryOp(ast.USub(), inner):
            return -_value(inner, values)
        case ast.BinOp(left, op, right) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)](_small(_value(left, values)), _value(right, values))
        case ast.BoolOp():
            return _value_of_parts(node, values)
        case ast.Compare():
            return _value_of_comparison(node, values)
        case ast.Call(keywords=[]):
            return _value_of_call(node, values)
    raise Unknown


def _value_of_parts(node: ast.BoolOp, values: Mapping[str, object]) -> Any:
    stop = isinstance(node.op, ast.Or)
    result: object = not stop
    for part in node.values:
        result = _value(part, values)
        if bool(result) is stop:
            break
    return result


def _value_of_comparison(node: ast.Compare, values: Mapping[str, object]) -> bool:
    one = _value(node.left, values)
    for op, right in zip(node.ops, node.comparators, strict=True):
        other = _value(right, values)
        if not _compared(one, op, other):
            return False
        one = other
    return True


def _value_of_call(node: ast.Call, values: Mapping[str, object]) -> Any:
    match node:
        case ast.Call(ast.Name("len"), [inner]):
            return len(_value(inner, values))
        case ast.Call(ast.Name("isinstance"), [inner, kinds]):
            return isinstance(_value(inner, values), tuple(_kinds(kinds)))
        case ast.Call(ast.Attribute(inner, name), arguments) if name in _METHODS:
            text = _value(inner, values)
            if isinstance(text, (str, bytes)):
                return getattr(text, name)(*[_value(item, values) for item in arguments])
    raise Unknown


def _small(value: object) -> object:
    if isinstance(value, str):  # % formats, with any width
        raise Unknown
    return value


def _compared(one: object, op: ast.cmpop, other: object) -> bool:
    if isinstance(op, (ast.Is, ast.IsNot)):
        if other is not None and not isinstance(other, bool):
            raise Unknown
        return (one is other) is isinstance(op, ast.Is)
    return bool(_COMPARE[type(op)](one, other))


def _kinds(node: ast.expr) -> Iterator[type]:
    for item in node.elts if isinstance(node, ast.Tuple) else [node]:
        if not isinstance(item, ast.Name) or item.id not in _TYPES:
            raise Unknown
        yield _TYPES[item.id]


# -- conditions ------------------------------------------------------------------------------------------------------


def phrases(test: ast.expr, is_true: bool, inputs: Inputs) -> Iterator[tuple[str, bool]]:
    """Yield (words, whether they join) for a condition that came out so; the best first, none that is too long."""
    for text, joins in _phrases(test, is_true, inputs):
        if len(text) <= _LONGEST and _words(text, test) <= MOST_WORDS:
            yield text, joins


def _words(text: str, test: ast.expr) -> int:
    """Count words; a number with a point is one, and so is the name of a variable, however many it is made of."""
    text = re.sub(r"\d_\d", "x", text)
    for node in ast.walk(test):
        name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if "_" in name.strip("_"):
            text = text.replace(snake(name), "x")
    return text.count("_") + 1


def _phrases(test: ast.expr, is_true: bool, inputs: Inputs) -> Iterator[tuple[str, bool]]:
    match test:
        case ast.UnaryOp(ast.Not(), inner):
            yield from _phrases(inner, not is_true, inputs)
        case ast.BoolOp(op, parts):
            yield from _of_parts(parts, isinstance(op, ast.And) is is_true, is_true, inputs)
        case ast.Compare(left, ops, rights):
            operands = [left, *rights]
            pairs = [ast.Compare(operands[at], [op], [operands[at + 1]]) for at, op in enumerate(ops)]
            if len(pairs) > 1:
                if is_true:
                    yield from _between(operands, ops)
                yield from _of_parts(pairs, is_true, is_true, inputs)
            else:
                yield from _compare(left, ops[0], rights[0], is_true, inputs)
        case ast.Call():
            yield from _call(test, is_true, inputs)
        case ast.Name() | ast.Attribute():
            yield from _truth(test, is_true, inputs)


def _of_parts(parts: Sequence[ast.expr], all_alike: bool, is_true: bool, inputs: Inputs) -> Iterator[tuple[str, bool]]:
    """The parts of a condition that are known to have come out like the whole: all of them, or those that literals tell."""
    known = [part for part in parts if all_alike or _tells(part, is_true, inputs)]
    said_of = [list(_phrases(part, is_true, inputs)) for part in known]
    firsts = [found[0] for found in said_of if found]
    if all_alike and len(firsts) == len(parts) and len({joins for _, joins in firsts}) == 1:
        yield _joined([text for text, _ in firsts]), firsts[0][1]
    for found in reversed(said_of):  # the later a part stands, the more special it is
        yield from found


def _between(operands: Sequence[ast.expr], ops: Sequence[ast.cmpop]) -> Iterator[tuple[str, bool]]:
    if len(operands) == 3 and all(isinstance(op, (ast.Lt, ast.LtE)) for op in ops):
        low, name, high = _thing(operands[0]), noun(operands[1]), _thing(operands[2])
        if low and name and high:
            yield f"{name}_between_{low}_and_{high}", False


def _joined(texts: Sequence[str]) -> str:
    for word in ("without_", "with_"):
        if all(text.startswith(word) for text in texts):
            return word + "_and_".join(text.removeprefix(word) for text in texts)
    return "_and_".join(texts)


def _tells(part: ast.expr, is_true: bool, inputs: Inputs) -> bool:
    try:
        return bool(value_of(part, inputs.values)) is is_true
    except Unknown:
        return False


_NEGATED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq, ast.Lt: ast.GtE, ast.Gt: ast.LtE, ast.In: ast.NotIn, ast.Is: ast.IsNot,
}  # fmt: skip
_NEGATED |= {other: one for one, other in _NEGATED.items()}
_SWAPPED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.Eq, ast.NotEq: ast.NotEq, ast.Lt: ast.Gt, ast.LtE: ast.GtE, ast.Gt: ast.Lt, ast.GtE: ast.LtE,
}  # fmt: skip


def _compare(
    left: ast.expr, op: ast.cmpop, right: ast.expr, is_true: bool, inputs: Inputs
) -> Iterator[tuple[str, bool]]:
    kind = type(op) if is_true else _NEGATED[type(op)]
    if kind in (ast.In, ast.NotIn):
        yield from _membership(left, kind is ast.In, right, inputs)
        return
    if isinstance(left, ast.Constant) and kind in _SWAPPED:
        left, right, kind = right, left, _SWAPPED[kind]
    if kind in (ast.Is, ast.IsNot):
        yield from _identity(left, kind is ast.Is, right, inputs)
        return
    match left:
        case ast.Call(ast.Name("len"), [inner], []):
            yield from _length(noun(inner, inputs.owner), kind, right, inputs)
        case ast.BinOp(inner, ast.Mod(), ast.Constant(int(by))) if isinstance(right, ast.Constant):
            yield from _remainder(noun(inner, inputs.owner), by, kind, right.value)
        case _:
            yield from _order(noun(left, inputs.owner), kind, right, left, inputs)


def _membership(left: ast.expr, is_in: bool, right: ast.expr, inputs: Inputs) -> Iterator[tuple[str, bool]]:
    where = noun(right, inputs.owner)
    if isinstance(left, ast.Constant) and where:
        what = said(left.value)
        if what:
            yield f"{where}_{'with' if is_in else 'without'}_{what}", False
        return
    what = noun(left, inputs.owner)
    if what and where:
        yield f"{what}_{'in' if is_in else 'not_in'}_{where}", False


def _identity(left: ast.expr, is_it: bool, right: ast.expr, inputs: Inputs) -> Iterator[tuple[str, bool]]:
    name = noun(left, inputs.owner)
    if not name:
        return
    if isinstance(left, ast.Name) and left.id in inputs.omitted:
        if is_it:
            yield f"without_{name}", True
        return
    other = _thing(right)
    if other is None:
        return
    if other == "none" and (not isinstance(left, ast.Name) or left.id not in inputs.values):
        yield (f"without_{name}" if is_it else f"with_{name}"), True
    elif is_it:
        yield f"{other}_as_{name}", False
    elif other == "none":
        yield f"with_{name}", True


def _length(name: str | None, kind: type[ast.cmpop], right: ast.expr, inputs: Inputs) -> Iterator[tuple[str, bool]]:
    if not name:
        return
    match right:
        case ast.Constant(int(count)):
            if (kind, count) in ((ast.Eq, 0), (ast.LtE, 0), (ast.Lt, 1)):
                yield f"empty_{name}", False
            elif (kind, count) in ((ast.NotEq, 0), (ast.Gt, 0), (ast.GtE, 1)):
                yield f"non_empty_{name}", False
            else:
                yield f"{name}_{_LENGTHS[kind]}_{count}", False
        case ast.Call(ast.Name("len"), [inner], []) if noun(inner, inputs.owner):
            if kind in (ast.Eq, ast.NotEq):
                yield ("equal_lengths" if kind is ast.Eq else "unequal_lengths"), False
            else:
                yield f"{name}_{_LENGTHS[kind]}_{noun(inner, inputs.owner)}", False
        case ast.Name() if noun(right):
            yield f"{name}_{_LENGTHS[kind]}_{noun(right)}", False


_LENGTHS: dict[type[ast.cmpop], str] = {
    ast.Eq: "of_length", ast.NotEq: "not_of_length", ast.Lt: "shorter_than", ast.Gt: "longer_than",
    ast.LtE: "of_at_most", ast.GtE: "of_at_least",
}  # fmt: skip


def _remainder(name: str | None, by: int, kind: type[ast.cmpop], rest: object) -> Iterator[tuple[str, bool]]:
    if not name or kind not in (ast.Eq, ast.NotEq) or rest not in (0, 1) or (rest == 1 and by != 2):
        return
    divides = (kind is ast.Eq) is (rest == 0)
    if by == 2:
        yield f"{'even' if divides else 'odd'}_{name}", False
    else:
        yield f"{name}_{'divisible' if divides else 'not_divisible'}_by_{by}", False


def _order(
    name: str | None, kind: type[ast.cmpop], right: ast.expr, left: ast.expr, inputs: Inputs
) -> Iterator[tuple[str, bool]]:
    other = _thing(right)
    if not name or not other:
        return
    bound = right.value if isinstance(right, ast.Constant) else None
    if bound == 0 and not isinstance(bound, (bool, str)) and kind is not ast.NotEq:
        value = inputs.values.get(left.id) if isinstance(left, ast.Name) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{'negative' if value < 0 else 'positive' if value > 0 else 'zero'}_{name}", False
        else:
            yield f"{_SIGNS[kind]}_{name}", False
    elif kind is ast.Eq:
        yield (f"{other}_as_{name}" if isinstance(bound, (str, bool)) else f"{name}_equal_to_{other}"), False
    elif kind is ast.NotEq:
        yield f"{name}_other_than_{other}", False
    else:
        yield f"{name}_{_ORDERS[kind]}_{other}", False


_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Eq: "zero", ast.Lt: "negative", ast.Gt: "positive", ast.LtE: "non_positive", ast.GtE: "non_negative",
}  # fmt: skip
_ORDERS: dict[type[ast.cmpop], str] = {
    ast.Lt: "below", ast.Gt: "above", ast.LtE: "at_most", ast.GtE: "at_least",
}  # fmt: skip


_KINDS_OF_TEXT = {
    "isdigit": "digits_only", "isdecimal": "digits_only", "isnumeric": "numeric", "isalpha": "letters_only",
    "isalnum": "alphanumeric", "isspace": "blank", "isupper": "upper_case", "islower": "lower_case", "istitle": "title_case",
}  # fmt: skip


def _call(test: ast.Call, is_true: bool, inputs: Inputs) -> Iterator[tuple[str, bool]]:
    if test.keywords:
        return
    match test:
        case ast.Call(ast.Name("isinstance"), [inner, kinds]):
            yield from _instance(inner, kinds, is_true, inputs)
        case ast.Call(ast.Name("callable"), [inner]) | ast.Call(
            ast.Name("hasattr"), [inner, ast.Constant("__call__")]
        ) if noun(inner, inputs.owner):
            yield f"{'' if is_true else 'non_'}callable_{noun(inner, inputs.owner)}", False
        case ast.Call(ast.Name("hasattr"), [inner, ast.Constant(str(what))]) if noun(inner, inputs.owner):
            if snake(what).isascii():
                yield f"{noun(inner, inputs.owner)}_{'with' if is_true else 'without'}_{snake(what)}", False
        case ast.Call(ast.Attribute(inner, name)) if noun(inner, inputs.owner):
            yield from _method(str(noun(inner, inputs.owner)), name, test.args, is_true)
        case ast.Call(ast.Name(name), [inner]) if noun(inner, inputs.owner):
            match_ = re.match(r"_*is_(\w+)", name)
            if match_:
                yield f"{'' if is_true else 'non_'}{snake(match_[1])}_as_{noun(inner, inputs.owner)}", False


def _method(name: str, method: str, arguments: Sequence[ast.expr], is_true: bool) -> Iterator[tuple[str, bool]]:
    found = re.match(r"_*(is|has)_(\w+)", method)
    if method in _KINDS_OF_TEXT and not arguments:
        yield (f"{_KINDS_OF_TEXT[method]}_{name}" if is_true else f"{name}_not_{_KINDS_OF_TEXT[method]}"), False
    elif method in ("startswith", "endswith") and len(arguments) == 1 and _thing(arguments[0]):
        verb = "starting" if method == "startswith" else "ending"
        yield f"{name}_{'' if is_true else 'not_'}{verb}_with_{_thing(arguments[0])}", False
    elif method in ("match", "fullmatch", "search") and len(arguments) == 1 and noun(arguments[0]):
        pattern = re.sub(r"_(re|regex|pattern|rx)$|^(re|regex)_", "", name)
        yield f"{noun(arguments[0])}_{'' if is_true else 'not_'}matching_{pattern}", False
    elif found and not arguments:
        if found[1] == "is":
            yield f"{'' if is_true else 'non_'}{_of_kind(snake(found[2]), name)}", False
        else:
            yield f"{name}_{'with' if is_true else 'without'}_{snake(found[2])}", False


def _instance(inner: ast.expr, kinds: ast.expr, is_true: bool, inputs: Inputs) -> Iterator[tuple[str, bool]]:
    name = noun(inner, inputs.owner)
    if not name:
        return
    if isinstance(inner, ast.Name) and inner.id in inputs.values:
        yield f"{kind_of(inputs.values[inner.id])}_as_{name}", False
        return
    named = [_kind_name(item) for item in (kinds.elts if isinstance(kinds, ast.Tuple) else [kinds])]
    if all(named) and (is_true or len(named) == 1):
        yield f"{'' if is_true else 'non_'}{'_or_'.join(map(str, named))}_as_{name}", False


def _kind_name(node: ast.expr) -> str | None:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return snake(name) or None


def kind_of(value: object) -> str:
    """Return the type of a plain value in a word."""
    return "none" if value is None else type(value).__name__


def _truth(test: ast.Name | ast.Attribute, is_true: bool, inputs: Inputs) -> Iterator[tuple[str, bool]]:
    name = noun(test, inputs.owner)
    if not name or (isinstance(test, ast.Name) and test.id in _SELVES):
        return
    found = re.match(r"_*is_(\w+)", test.attr if isinstance(test, ast.Attribute) else "")
    whose = noun(test.value, inputs.owner) if isinstance(test, ast.Attribute) else None
    if found and whose:
        yield f"{'' if is_true else 'non_'}{_of_kind(snake(found[1]), whose)}", False
        return
    known = inputs.values if isinstance(test, ast.Name) else inputs.attributes if whose == inputs.owner else {}
    key = test.id if isinstance(test, ast.Name) else name
    value = known.get(key, ...)
    if value is ... or key in inputs.omitted or isinstance(value, bool) or bool(value) is not is_true:
        yield f"{'with' if is_true else 'without'}_{name}", True
    elif value is None:
        yield f"none_as_{name}", False
    else:
        yield f"{'non_' if is_true else ''}{'zero' if isinstance(value, (int, float)) else 'empty'}_{name}", False


def _of_kind(kind: str, name: str) -> str:
    return kind if kind.endswith(name) else f"{kind}_{name}"


# -- values ----------------------------------------------------------------------------------------------------------

_LARGE = 10**9


def of_value(name: str, value: object) -> Iterator[str]:
    """Yield what stands out in a value that was given for a parameter."""
    if value is None:
        yield f"none_as_{name}"
    elif isinstance(value, bool):
        return
    elif isinstance(value, (int, float)):
        if value == 0:
            yield f"zero_{name}"
        elif value < 0:
            yield f"negative_{name}"
        if abs(value) >= _LARGE:
            yield f"large_{name}"
    elif isinstance(value, (str, bytes, list, tuple, dict, set, frozenset)):
        yield from _of_sized(name, value)


def _of_sized(name: str, value: Any) -> Iterator[str]:
    if not value:
        yield f"empty_{name}"
        return
    if isinstance(value, (str, bytes)):
        if not value.strip():
            yield f"blank_{name}"
        elif isinstance(value, str) and not value.isascii():
            yield f"non_ascii_{name}"
    elif len(value) == 1:
        yield f"one_item_in_{name}"


def is_word(text: str) -> bool:
    """Whether the text may stand in a name of a test."""
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)
