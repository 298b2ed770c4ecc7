"""Reads what docstrings and signatures promise, in a form that calls can be held against.

What counts is that nothing is promised that was not said: a sentence that is not surely understood gives no promise.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytestgen_hook import docstrings
from pytestgen_hook.docstrings import Docstring, Sentence
from pytestgen_hook.types.changes import Function
from pytestgen_hook.types.generated import Documented, Promise

if TYPE_CHECKING:
    import doctest

_Node = ast.FunctionDef | ast.AsyncFunctionDef


class _Pattern:
    """A regular expression that is compiled when it is first used: there are many, and most docstrings need a few."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._given = pattern, flags

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(*self._given)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiled, name)


def documented(source: bytes, functions: Iterable[Function]) -> dict[Function, Documented]:
    """Return what the documentation of the functions of a file says; those of which it says nothing are left out."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    nodes = {
        (node.lineno, node.name): node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }
    found = {}
    for function in functions:
        node = nodes.get((function.def_line, function.name))
        said = _documented(node, function) if node is not None else None
        if said is not None and said.promises:
            found[function] = said
    return found


def _documented(node: _Node, function: Function) -> Documented:
    text = ast.get_docstring(node, clean=False) or ""
    first = node.body[0]
    parsed = docstrings.parse(text, first.lineno) if text else Docstring()
    subjects = _subjects(node, function)
    types = {name: kind for name, written in parsed.types.items() if (kind := _type(written)) is not None}
    promises = [
        *_raises(parsed, subjects),
        *_results(parsed, subjects),
        *_untouched(parsed, subjects),
        *_annotation(node, function, parsed, types),
    ]
    promises = [replace(one, unless=_unless(one, subjects)) for one in promises]
    promises = list({(one.source, one.when, one.then, one.raises): one for one in reversed(promises)}.values())[::-1]
    examples, shown = _examples(text, first.lineno, node, function)
    numbers = tuple(None if number is None else number + len(promises) for number in examples.numbers)
    return Documented((*promises, *shown), examples.text, numbers, types)


def _unless(promise: Promise, subjects: _Subjects) -> tuple[str, ...]:
    """Return the parameters that may make what is said untrue: of an order, and of what comes once, that may be any."""
    about_members = promise.then is not None and promise.then.startswith(("the.ordered", "the.distinct"))
    names = subjects.optional if about_members else subjects.modifiers
    return tuple(sorted(name for name in names if name not in promise.needs))


# -- whom sentences speak of -----------------------------------------------------------------------------------------

_MODIFIERS = _Pattern(
    r"default|strict|errors|on_\w+|missing|ignore\w*|raise\w*|silent|safe|fallback|check\w*|valid\w*|allow\w*|force|lenient"
    r"|key|reverse\w*|order\w*|sort\w*|cmp|by|ascending|descending|inplace|in_place|copy|unique|inclusive|exclusive|mode"
)


@dataclass(frozen=True, slots=True)
class _Subjects:
    """The parameters of a function, by which its documentation names what it speaks of.

    ``optional`` are those with a default, ``modifiers`` those of them that, by their names, change what the others mean.
    """

    names: tuple[str, ...]
    optional: frozenset[str]
    modifiers: frozenset[str]
    owner: str | None

    @property
    def sole(self) -> str | None:
        """The only parameter, if there is but one."""
        return self.names[0] if len(self.names) == 1 else None

    def find(self, text: str) -> str | None:
        """Return the expression of what some words speak of, None if that is not sure."""
        text = text.strip().strip("'\"")
        text = re.sub(r"^the (?:length|size) of ", "#", text)
        if text.startswith("#"):
            inner = self.find(text[1:])
            return f"the.length({inner})" if inner else None
        text = re.sub(r"^(?:both|either|any of|one of) ", "?", text)
        bare = re.sub(r"^(?:the |a |an )?(?:given |provided |passed |input |specified )?", "", text)
        bare = re.sub(r"^(?:value of |argument |parameter )(?:the )?", "", bare)
        bare = re.sub(r" (?:argument|parameter|value|itself|alone)$", "", bare)
        if bare in self.names:
            return bare
        if self.owner and bare == re.sub(r".*(?<=[a-z0-9_])(?=[A-Z])", "", self.owner).lower().lstrip("_"):
            return "self"
        if self.sole and re.fullmatch(
            r"(?:the )?(?:given )?(?:input|argument|value|number|string|text|list|sequence|iterable|mapping|dictionary)|it",
            text,
        ):
            return self.sole
        return None


def _subjects(node: _Node, function: Function) -> _Subjects:
    arguments = node.args
    listed = [*arguments.posonlyargs, *arguments.args]
    optional = (
        {argument.arg for argument in listed[len(listed) - len(arguments.defaults) :]} if arguments.defaults else set()
    )
    optional |= {
        argument.arg
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
        if default is not None
    }
    is_bound = "." in function.qualname and function.kind.value != "staticmethod"
    names = [argument.arg for argument in [*listed[is_bound:], *arguments.kwonlyargs]]
    if arguments.vararg:
        names.append(arguments.vararg.arg)
    owner = function.qualname.rpartition(".")[0].rpartition(".")[2] or None
    modifiers = frozenset(name for name in optional if _MODIFIERS.fullmatch(name))
    return _Subjects(tuple(names), frozenset(optional), modifiers, owner)


# -- conditions ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Condition:
    """An expression over parameters, those that it speaks of, and sources of values worth trying for them."""

    expression: str
    needs: tuple[str, ...]
    samples: tuple[str, ...] = ()
    about_types: bool = False
    is_negated: bool = False

    def joined(self, word: str, other: _Condition) -> _Condition:
        return _Condition(
            f"({self.expression}) {word} ({other.expression})",
            tuple(dict.fromkeys(self.needs + other.needs)),
            tuple(dict.fromkeys(self.samples + other.samples)),
            self.about_types or other.about_types,
        )


_WORDS_OF_NUMBERS = {"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "ten": "10"}
_NUMBER = r"-?\d+(?:\.\d+)?|" + "|".join(_WORDS_OF_NUMBERS)
_X = rf"(?P<x>(?:the )?{_NUMBER}|(?:the )?\w+)"
_IS = r"(?:is|are|was|were)"
_NUMBER_OR_NAME = rf"(?:{_NUMBER}|\w+)"
_BOUNDS = (
    rf"(?:\[ ?(?P<a>{_NUMBER_OR_NAME}) ?, ?(?P<b>{_NUMBER_OR_NAME}) ?[\])]"
    rf"|(?P<a2>{_NUMBER_OR_NAME}) ?(?:\.\.\.?|\u2013|-|to|and) ?(?P<b2>{_NUMBER_OR_NAME}))"
)
_TYPES = {
    "string": "(str, bytes)", "str": "(str, bytes)", "int": "(int, float)", "integer": "(int, float)",
    "number": "(int, float)", "list": "(list, tuple)", "dict": "dict", "dictionary": "dict", "float": "(int, float)",
}  # fmt: skip
_OF_TYPES = ('"a"', "3", "None", "[]", "{}")
_MEMBERS = r"(?:elements?|items?|entries|values?|members|characters?|chars|letters|numbers?|words|points|corners)"


def _operand(text: str, subjects: _Subjects) -> str | None:
    text = text.removeprefix("the ").strip()
    text = _WORDS_OF_NUMBERS.get(text, text)
    if re.fullmatch(r"-?\d+(?:\.\d+)?", text):
        return text
    return subjects.find(text)


def _is_number(operand: str) -> bool:
    return re.fullmatch(r"-?\d+(?:\.\d+)?", operand) is not None


def _beside(number: str) -> tuple[str, ...]:
    if not _is_number(number):
        return ()
    if "." in number:
        return tuple(f"{float(number) + step:g}" for step in (-1, -0.5, 0, 0.5, 1))
    return tuple(str(int(number) + step) for step in (-1, 0, 1))


_Predicate = Callable[[str, "re.Match[str]", _Subjects], _Condition | None]


def _compared(sign: str) -> _Predicate:
    def build(subject: str, match: re.Match[str], subjects: _Subjects) -> _Condition | None:
        operand = _operand(match.groupdict().get("x") or "0", subjects)
        if operand is None or operand == subject:
            return None
        left = f"the.length({subject})" if match.groupdict().get("long") else subject
        if _is_number(operand) and not left.startswith("the.length("):
            left = f"the.number({left})"
        return _Condition(f"{left} {sign} {operand}", _names((subject, operand)), _beside(operand))

    return build


def _names(expressions: Iterable[str]) -> tuple[str, ...]:
    found = [re.sub(r"^[\w.]+\((.*)\)$", r"\1", expression) for expression in expressions]
    return tuple(dict.fromkeys(name for name in found if name.isidentifier()))


def _simply(template: str, *samples: str, negated: bool = False, about_types: bool = False) -> _Predicate:
    def build(subject: str, _match: re.Match[str], _subjects: _Subjects) -> _Condition | None:
        return _Condition(template.format(subject), _names([subject]), samples, about_types, negated)

    return build


def _outside(subject: str, match: re.Match[str], subjects: _Subjects) -> _Condition | None:
    found = match.groupdict()
    low, high = (_operand(found[one] or found[f"{one}2"] or "", subjects) for one in "ab")
    if low is None or high is None:
        return None
    samples = (*_beside(low), *_beside(high))
    return _Condition(
        f"not ({low} <= the.number({subject}) <= {high})", _names((subject, low, high)), samples, is_negated=True
    )


def _absent(subject: str, match: re.Match[str], subjects: _Subjects) -> _Condition | None:
    container = _operand(match.group("x"), subjects)
    if container is None or _is_number(container) or container == subject:
        return None
    return _Condition(f"not the.holds({container}, {subject})", _names((subject, container)), is_negated=True)


def _mistyped(subject: str, match: re.Match[str], _subjects: _Subjects) -> _Condition | None:
    kind = _TYPES.get(match.group("type"))
    if kind is None:
        return None
    return _Condition(
        f"not the.is_a({subject}, {kind})", _names([subject]), _OF_TYPES, about_types=True, is_negated=True
    )


def _counted(sign: str) -> _Predicate:
    def build(subject: str, match: re.Match[str], subjects: _Subjects) -> _Condition | None:
        operand = _operand(match.group("x"), subjects)
        if operand is None:
            return None
        return _Condition(
            f"the.length({subject}) {sign} {operand}", _names((subject, operand)), (), is_negated=sign == "!="
        )

    return build


_LESS = r"(?:strictly )?(?:less|smaller|lower|earlier|(?P<long>shorter)) than"
_MORE = r"(?:strictly )?(?:greater|larger|bigger|higher|later|more|(?P<long>longer)) than"
_PREDICATES: tuple[tuple[str, _Predicate], ...] = (
    (rf"{_IS} (?:negative|below zero)", _simply("the.number({}) < 0", "-1", "-2")),
    (rf"{_IS} (?:zero|0)", _simply("the.number({}) == 0", "0")),
    (rf"(?:{_IS} (?:equal to|the same as)|equals) {_X}", _compared("==")),
    (
        rf"{_IS} (?:not positive|non-?positive|not a positive \w+|(?:zero|0) or (?:negative|less|below)"
        r"|negative or (?:zero|0))",
        _simply("the.number({}) <= 0", "0", "-1"),
    ),
    (rf"{_IS} positive", _simply("the.number({}) > 0", "1", "2")),
    (rf"{_IS} (?:not negative|non-?negative)", _simply("the.number({}) >= 0", "0", "1")),
    (rf"{_IS} {_X} or (?:less|fewer|smaller|lower)", _compared("<=")),
    (rf"{_IS} {_X} or (?:more|greater|larger|higher)", _compared(">=")),
    (rf"{_IS} (?:{_LESS}|below) {_X}", _compared("<")),
    (rf"{_IS} (?:{_MORE}|above) {_X}", _compared(">")),
    (rf"{_IS} (?:(?:less|smaller) than or equal to|at most) {_X}", _compared("<=")),
    (rf"{_IS} (?:(?:greater|larger) than or equal to|at least) {_X}", _compared(">=")),
    (rf"exceeds {_X}", _compared(">")),
    (rf"< ?{_X}", _compared("<")),
    (rf"> ?{_X}", _compared(">")),
    (rf"(?:<=|≤) ?{_X}", _compared("<=")),
    (rf"(?:>=|≥) ?{_X}", _compared(">=")),
    (rf"==? ?{_X}", _compared("==")),
    (rf"{_IS} not (?:between|(?:with)?in(?: the)?(?: closed)?(?: range| interval)?(?: of| from)?) {_BOUNDS}", _outside),
    (rf"{_IS} outside (?:of )?(?:the )?(?:range |interval )?(?:of )?{_BOUNDS}", _outside),
    (rf"{_IS} empty|(?:has|have|contains?) no {_MEMBERS}", _simply("the.is_empty({})")),
    (rf"{_IS} None", _simply("{} is None", "None", about_types=True)),
    (rf"{_IS} not (?:found |present |contained )?in (?:the )?{_X}", _absent),
    (rf"(?:{_IS} (?:missing|absent) from|(?:does not|doesn't) exist in) (?:the )?{_X}", _absent),
    (rf"{_IS} not an? (?P<type>\w+)", _mistyped),
    (rf"(?:has|have|contains?) (?:fewer|less) than {_X} {_MEMBERS}", _counted("<")),
    (rf"(?:has|have|contains?) more than {_X} {_MEMBERS}", _counted(">")),
    (rf"{_IS} not (?:exactly )?{_X} (?:characters?|letters?)(?: long)?", _counted("!=")),
    (rf"{_IS} odd", _simply("the.number({}) % 2 == 1", "1", "3")),
    (rf"{_IS} even", _simply("the.number({}) % 2 == 0", "2", "4")),
)  # fmt: skip
_LENGTHS_DIFFER = _Pattern(
    r"(?P<one>\w+) and (?P<other>\w+) (?:have different (?:lengths|sizes)|differ in (?:length|size)"
    r"|(?:are not|aren't) (?:of )?(?:the same|equal) (?:length|size)|do(?: not|n't) have the same (?:length|size))"
)
_THERE_ARE_NO = _Pattern(r"there (?:is|are) no (?P<subject>[\w ]+)")
_THERE_ARE_FEWER = _Pattern(rf"there are (?:fewer|less) than (?P<x>{_NUMBER}) (?P<subject>\w+)")
_CHAIN = _Pattern(rf"(?P<a>{_NUMBER}) ?<=? ?(?P<name>\w+) ?<=? ?(?P<b>{_NUMBER})")
_MOST_PARTS = 2  # of a condition beyond the first: each is read on both sides
_VERB = _Pattern(r"\b(?:is|are|was|has|have|does|do|contains?|exceeds?|cannot|can't|<|>)\b|[<>=]")


def condition(text: str, subjects: _Subjects) -> _Condition | None:
    """Return the condition that a clause states, None where not every word of it is understood."""
    text = re.sub(r"^(?:only )?(?:if|when|whenever|in case|where) ", "", text.strip().rstrip("."), flags=re.IGNORECASE)
    text = re.sub(r"^(?:either|any of) ", "", text)
    inner = re.fullmatch(r"(?P<before>[^()]+?) \((?P<inside>[^()]+)\)", text)
    if inner:
        explained = _of_one(inner.group("inside"), subjects)
        return explained or None
    found = _of_one(text, subjects)
    if found is not None:
        return found
    for word in ("or", "and"):
        for match in list(re.finditer(rf",? {word} ", text))[:_MOST_PARTS]:
            left, right = text[: match.start()], text[match.end() :]
            first = condition(left, subjects)
            if first is None:
                continue
            second = condition(right, subjects) or _of_same_subject(left, right, subjects)
            if second is not None:
                return first.joined(word, second)
            is_whole = _VERB.search(right) or right.startswith("not ")
            if word == "or" and not first.is_negated and is_whole and " and " not in right:
                return first
    return None


def _of_same_subject(left: str, right: str, subjects: _Subjects) -> _Condition | None:
    verb = re.search(rf" ({_IS}) ", left)
    if verb is None:
        return None
    subject = left[: verb.start()]
    return _of_one(f"{subject} {right}", subjects) or _of_one(f"{subject} {verb.group(1)} {right}", subjects)


def _of_one(text: str, subjects: _Subjects) -> _Condition | None:
    if text and text[0].isupper() and text.split()[0] not in subjects.names:
        text = text[0].lower() + text[1:]
    special = _special(text, subjects)
    if special is not None:
        return special
    for pattern, build in _PREDICATES:
        for match in re.finditer(rf"(?<=\s)(?:{pattern})$", text):
            subject = subjects.find(text[: match.start()])
            built = build(subject, match, subjects) if subject is not None else None
            # Of an object no more can be told than that there is nothing in it.
            if built is not None and (subject != "self" or "is_empty" in built.expression):
                return built
    return None


def _special(text: str, subjects: _Subjects) -> _Condition | None:
    if match := _LENGTHS_DIFFER.fullmatch(text):
        one, other = match.group("one"), match.group("other")
        if one in subjects.names and other in subjects.names:
            return _Condition(f"the.length({one}) != the.length({other})", (one, other))
    if match := _THERE_ARE_NO.fullmatch(text):
        subject = subjects.find(match.group("subject"))
        return _Condition(f"the.is_empty({subject})", _names([subject])) if subject else None
    if match := _THERE_ARE_FEWER.fullmatch(text):
        subject = subjects.find(match.group("subject"))
        number = _operand(match.group("x"), subjects)
        return _Condition(f"the.length({subject}) < {number}", _names([subject])) if subject else None
    if text in ("there are none", "there is none") and subjects.sole:
        return _Condition(f"the.is_empty({subjects.sole})", (subjects.sole,))
    return None


# -- exceptions ------------------------------------------------------------------------------------------------------

_RAISES_IN_PROSE = _Pattern(
    r"(?:(?:It |This \w+ )?[Rr]aises? (?:an? )?(?P<name>[A-Z]\w+)|(?:An? )?(?P<name2>[A-Z]\w+) is raised)"
    r" (?P<word>if|when|unless) (?P<when>.+)"
)
_DOUBT = _Pattern(
    r"\b(?:unless|except|usually|typically|normally|should|may|might|could|optional\w*|depending|only|also|strict|default)\b"
)


def _raises(parsed: Docstring, subjects: _Subjects) -> Iterator[Promise]:
    for name, said in parsed.raises:
        if said and not any(_DOUBT.search(one.text) for one in said):
            yield from _raising(name, "", said[0].text, said[0], subjects)
    for sentence in parsed.description:
        match = _RAISES_IN_PROSE.match(sentence.text)
        if match and match.end() == len(sentence.text):
            name = match.group("name") or match.group("name2")
            yield from _raising(name, match.group("word"), match.group("when").partition(", ")[0], sentence, subjects)


def _raising(name: str, word: str, when: str, sentence: Sentence, subjects: _Subjects) -> Iterator[Promise]:
    if word == "unless" or when.lower().startswith("unless "):
        chain = _CHAIN.fullmatch(when.removeprefix("unless ").removeprefix("Unless "))
        if chain is None or chain.group("name") not in subjects.names:
            return
        found: _Condition | None = _outside_of(chain.group("name"), chain.group("a"), chain.group("b"))
    else:
        if _DOUBT.search(when):
            return
        found = condition(when, subjects)
    if found is not None:
        text = sentence.raw if name in sentence.raw else f"{name}: {sentence.raw}"
        yield _promise("raises", text, sentence.line, name, found, raises=name)


def _outside_of(name: str, low: str, high: str) -> _Condition:
    return _Condition(f"not ({low} <= the.number({name}) <= {high})", (name,), (*_beside(low), *_beside(high)))


def _promise(
    source: str,
    text: str,
    line: int,
    expected: str,
    when: _Condition | None = None,
    *,
    then: str | None = None,
    raises: str | None = None,
) -> Promise:
    if when is None:
        return Promise(source, text, line, expected, then=then, raises=raises)
    return Promise(
        source,
        text,
        line,
        expected,
        when.expression,
        then,
        raises,
        needs=when.needs,
        samples=when.samples,
        about_types=when.about_types,
    )


# -- results ---------------------------------------------------------------------------------------------------------

_VERB_OF_RESULT = _Pattern(r"(?:Returns?|Gives?|Yields?|It returns|Will return|This function returns) (?P<rest>.+)")
_NAME_OF_RESULT = _Pattern(
    r"(?:The |the )?(?:result|returned \w+|return value|output)(?: list| string)? (?:is|are|has|will be|contains) (?P<rest>.+)"
)
_HEDGE = _Pattern(
    r"\b(?:unless|except|usually|typically|normally|should|may|might|can|could|assum\w+|expect\w*|must|most(?<!at most)|often"
    r"|probably|approximately|about|roughly|ideally|likely|by default|if|when|where|depending|otherwise|or None|else|that"
    r"|which|whose|each|every|for|given|not in|e\.g|such as)\b"
)
_VALUES = {
    "none": "None", "true": "True", "false": "False", "zero": "0", "an empty list": "[]", "an empty string": '""',
    "the empty string": '""', "an empty text": '""', "an empty dict": "{}", "an empty dictionary": "{}",
    "an empty tuple": "()", "an empty set": "set()", "empty string": '""', "empty list": "[]", "empty": "[]",
}  # fmt: skip
_VALUE = (
    r"(?P<value>None|True|False|-?\d+(?:\.\d+)?|zero|(?:an |the )?empty (?:list|string|text|dict|dictionary|tuple|set))"
)
_IF = _Pattern(rf"(?:(?P<before>.+?)(?:,| or| and|, or|, and) )?{_VALUE},? (?:if|when) (?P<when>[^,]+)", re.IGNORECASE)
_IF_FIRST = _Pattern(
    rf"If (?P<when>[^,]+), (?:the result is|(?:it |this )?(?:returns?|gives?|yields?)) {_VALUE}", re.IGNORECASE
)
_FOR_EMPTY = _Pattern(rf"{_VALUE} for (?:an )?empty (?P<noun>\w+)", re.IGNORECASE)
_UNITS = r"(?:characters?|chars?|elements?|items?|entries|words|names|lines|values|letters|results|members)"
_RANGE = _Pattern(
    rf"(?:between|in(?: the)?(?: closed)?(?: range| interval)?(?: of| from)?|from|within|ranging from)"
    rf" (?:\[ ?(?P<a>{_NUMBER}) ?, ?(?P<b>{_NUMBER}) ?[\])]|(?P<a2>{_NUMBER}) ?(?:\.\.|\u2013|-|to|and) ?(?P<b2>{_NUMBER}))"
    r"(?:,? \(?inclusive\)?)?$"
)
_A_NUMBER = _Pattern(
    r"(?:^|.*, |.*\b(?:is|as) )(?:an? |the )?(?:\w+ )?(?:number|value|float|int|integer|score|ratio|probability|fraction"
    r"|percentage|similarity|factor)$"
)
_ORDER = _Pattern(
    r"(?:^(?:an? |the )?sorted (?:list|tuple|copy)\b.*|.*\bsorted(?: in (?P<order>\w+) order| alphabetically)?"
    r"|.*\bin (?P<order2>ascending|increasing|descending|decreasing|sorted) order)$"
)
_NOT_BY_VALUE = _Pattern(
    r"\b(?:by|key|keys|according|respect|length|frequency|already|unsorted|first|last|topological|order of|not|input|insertion"
    r"|pairs?|tuples?|each|largest|smallest|while|but|such|whose|its|except|unless|otherwise|only|indic\w+|index|positions?"
    r"|even|odd)\b"
)
_DISTINCT = _Pattern(
    r"(?:.*\bwithout (?:any )?duplicates|.*\b(?:with )?(?:all )?duplicates removed"
    r"|(?:an? |the )?(?:list|tuple) of (?:all )?(?:the )?(?:unique|distinct) \w+"
    rf"|(?:the |all )?(?:unique|distinct) {_UNITS})\b.*"
)
_NOT_NEGATIVE = _Pattern(
    r"(?:(?:always )?(?:an? )?non-?negative(?: \w+)?(?: number)?(?: of \w+)?|.*\b(?:never|not) negative|.*\bzero or positive.*)"
)
_POSITIVE = _Pattern(r"(?:always )?an? (?:strictly )?positive (?:int|integer|number|float|value)(?:,.*)?")
_BEYOND = _Pattern(
    r"(?:always )?(?:strictly )?(?P<how>(?P<more>later|greater|larger)|earlier|less|smaller) than (?P<x>\w+)"
)
_LONG = _Pattern(rf"(?:(?:an? )?\w+ of )?(?P<how>at most|no more than|at least|up to) (?P<x>\w+) {_UNITS}(?: long)?")
_AS_LONG = _Pattern(r"(?:.*\b(?:of|has|with) )?(?:the )?same (?:length|size) as (?:the )?(?P<x>\w+)(?: \w+)?")
_AS_MANY = _Pattern(rf"as many {_UNITS} as (?:there are )?(?P<x>\w+)")
_CASE = _Pattern(
    r"(?:(?:an? |the )?(?P<one>lower|upper)-?case(?:d)? (?:string|text|version|form|name)\b.*"
    r"|.*\bin (?P<two>lower|upper)[ -]?case)"
)
_NEVER_NONE = _Pattern(r"(?:.*\b)?never (?:be |returns? )?None")
_COMMA = _Pattern(r", (?![^\[(]*[\])])")  # outside of brackets
_NEW = _Pattern(r"(?:an? )(?:\w+ )?new (?P<kind>list|dict|dictionary|set)\b.*")


_ASIDE = _Pattern(
    r",? (?:(?:in|of|with|for) which|whichever|whatever|even (?:if|when)|in the order) .*|, (?:preserving|keeping) .*"
)


def _results(parsed: Docstring, subjects: _Subjects) -> Iterator[Promise]:
    for sentence, whole in _about_result(parsed):
        clause = _ASIDE.sub("", whole)
        clause = clause if clause[:4] in ("None", "True") else clause[:1].lower() + clause[1:]
        found = list(_conditional(clause, subjects))
        if not found and not _HEDGE.search(clause):
            found = list(_always(clause, subjects))
        for then, expected, when in found:
            yield _promise("returns", sentence.raw, sentence.line, expected, when, then=then)


def _about_result(parsed: Docstring) -> Iterator[tuple[Sentence, str]]:
    """Yield the sentences that speak of the result, with what they say of it."""
    for number, sentence in enumerate(parsed.returns):
        named = _NAME_OF_RESULT.fullmatch(sentence.text) or _VERB_OF_RESULT.fullmatch(sentence.text)
        if named or number == 0:
            yield sentence, named.group("rest") if named else sentence.text
    for number, sentence in enumerate(parsed.description):
        named = _VERB_OF_RESULT.fullmatch(sentence.text) or _NAME_OF_RESULT.fullmatch(sentence.text)
        if named or sentence.text.startswith("If "):
            yield sentence, named.group("rest") if named else sentence.text
        elif number == 0 and ", " in sentence.text:
            yield sentence, "…, " + _COMMA.split(sentence.text)[-1]
        elif re.match(r"Never |Always |(?:An )?[Ee]mpty ", sentence.text):
            yield sentence, sentence.text[0].lower() + sentence.text[1:]


_Claim = tuple[str, str, _Condition | None]


def _conditional(clause: str, subjects: _Subjects) -> Iterator[_Claim]:
    """Yield what the result is for some calls."""
    is_summary = clause.startswith("…, ")
    clause = clause.removeprefix("…, ")
    match = _IF_FIRST.fullmatch(clause) or _IF.fullmatch(clause)
    if match:
        when = condition(match.group("when"), subjects)
        before = match.groupdict().get("before") or ""
        if when is not None and not _HEDGE.search(before.replace(" for", "")):
            yield (*_being(match.group("value")), when)
    elif not is_summary and (match := _FOR_EMPTY.fullmatch(clause)):
        subject = (
            match.group("noun")
            if match.group("noun") in subjects.names
            else subjects.find(f"the {match.group('noun')}")
        )
        if subject:
            yield (*_being(match.group("value")), _Condition(f"the.is_empty({subject})", _names([subject])))


def _being(words: str) -> tuple[str, str]:
    words = words.lower()
    value = _VALUES.get(words, words)
    if "empty" in words:
        return "the.empty(result)", value
    return f"the.equal(result, {value})", value


def _always(clause: str, subjects: _Subjects) -> Iterator[_Claim]:
    """Yield what is said of the results of all calls."""
    is_summary = clause.startswith("…, ")
    bounds = _RANGE.search(clause)
    if bounds:
        before = clause[: bounds.start()].strip()
        if _A_NUMBER.fullmatch(before) or before in ("…,", ""):
            low, high = (
                _WORDS_OF_NUMBERS.get(text, text)
                for text in (bounds.group("a") or bounds.group("a2"), bounds.group("b") or bounds.group("b2"))
            )
            if float(low) < float(high):
                yield f"the.within(result, {low}, {high})", f"between {low} and {high}", None
    clause = clause.removeprefix("…, ")
    order = _ORDER.fullmatch(clause)
    if order and not _NOT_BY_VALUE.search(clause):
        how = order.group("order") or order.group("order2") or ""
        backwards = how.startswith(("desc", "decr"))
        if how in ("", "ascending", "increasing", "descending", "decreasing", "sorted", "alphabetical", "numerical"):
            expected = "in descending order" if backwards else "in ascending order"
            yield f"the.ordered(result, {backwards})", expected, None
    if _DISTINCT.fullmatch(clause) and not re.search(
        r"\b(?:consecutive|adjacent|successive|number|count|keys?)\b", clause
    ):
        yield "the.distinct(result)", "without duplicates", None
    if _NOT_NEGATIVE.fullmatch(clause):
        yield "the.at_least(result, 0)", "at least 0", None
    if match := _BEYOND.fullmatch(clause):
        operand = _operand(match.group("x"), subjects)
        if operand and not _is_number(operand):
            sign = ">" if match.group("more") else "<"
            yield f"result {sign} {operand}", f"{match.group('how')} than {operand}", None
    if _POSITIVE.fullmatch(clause):
        yield "the.above(result, 0)", "more than 0", None
    if not is_summary:
        yield from _about_length(clause, subjects)
    yield from _about_form(clause)


def _about_length(clause: str, subjects: _Subjects) -> Iterator[_Claim]:
    if match := _LONG.fullmatch(clause):
        operand = _operand(match.group("x"), subjects)
        if operand is not None:
            sign, word = (">=", "at least") if match.group("how") == "at least" else ("<=", "at most")
            when = (
                None
                if _is_number(operand)
                else _Condition(f"the.number({operand}) >= 0", _names([operand]), ("0", "1", "2"))
            )
            yield f"the.length(result) {sign} {operand}", f"{word} {operand} long", when
    match = _AS_LONG.fullmatch(clause) or _AS_MANY.fullmatch(clause)
    if match and (subject := subjects.find(match.group("x"))):
        yield f"the.length(result) == the.length({subject})", f"as long as {subject}", None


def _about_form(clause: str) -> Iterator[_Claim]:
    if match := _CASE.fullmatch(clause):
        case = match.group("one") or match.group("two")
        yield f"the.is_{case.lower()}(result)", f"in {case} case", None
    if _NEVER_NONE.fullmatch(clause):
        yield "result is not None", "never None", None
    if match := _NEW.fullmatch(clause):
        yield "the.fresh(result, after)", f"a new {match.group('kind')}", None


# -- arguments -------------------------------------------------------------------------------------------------------

_CHANGED = r"(?:modified|changed|mutated|altered|touched)"
_ALL = r"(?:arguments?|inputs?|originals?|parameters)"
_UNTOUCHED = (
    _Pattern(rf"(?P<what>.+?) (?:is|are|will be) (?:not|never) {_CHANGED}(?: in place)?"),
    _Pattern(
        r"(?P<what>.+?) (?:is|are|stays?|remains?) (?:left )?(?:unchanged|unmodified|untouched|as (?:it is|they are))"
    ),
    _Pattern(
        r"(?:This \w+ |It )?(?:does not|doesn't|never|will not|do not)"
        r" (?:modif\w+|mutate\w*|change\w*|alter\w*|touch\w*) (?P<what>.+)",
        re.IGNORECASE,
    ),
    _Pattern(rf"(?P<what>Neither)(?: of the {_ALL})? (?:is|are) {_CHANGED}"),
)


def _untouched(parsed: Docstring, subjects: _Subjects) -> Iterator[Promise]:
    for sentence in [*parsed.description, *parsed.returns]:
        match = next((found for pattern in _UNTOUCHED if (found := pattern.fullmatch(sentence.text))), None)
        if match is None:
            continue
        what = re.sub(r" (?:itself|list|dict|dictionary|argument|in place)$", "", match.group("what"))
        what = re.sub(rf"^(?:the |both |any of the |its |original )*({_ALL})$", r"\1", what, flags=re.IGNORECASE)
        is_all = what == "Neither" or re.fullmatch(_ALL, what, re.IGNORECASE)
        known = subjects.find(what[0].lower() + what[1:] if what.startswith("The ") else what)
        for name in subjects.names if is_all else [known] if known else ():
            if name != "self":
                yield _promise(
                    "arguments", sentence.raw, sentence.line, f"changes {name}", then=f"the.same(after.{name}, {name})"
                )


# -- types -----------------------------------------------------------------------------------------------------------

_TYPE_NAMES = {
    "int": "int", "integer": "int", "str": "str", "string": "str", "float": "float", "bool": "bool", "boolean": "bool",
    "bytes": "bytes", "list": "list", "dict": "dict", "dictionary": "dict", "tuple": "tuple", "set": "set", "none": "None",
}  # fmt: skip
_KNOWN_TYPES = {
    *_TYPE_NAMES.values(),
    "Optional",
    "Union",
    "List",
    "Dict",
    "Tuple",
    "Set",
    "FrozenSet",
    "frozenset",
    "Any",
}


def _type(text: str) -> str | None:
    """Return the source of a type that a docstring names, None where it is not surely one."""
    text = docstrings.plain(text).rstrip(".").strip()
    is_optional = bool(re.search(r",? ?\boptional$", text))
    text = re.sub(r",? ?\boptional$", "", text).strip()
    if re.search(r" or |\|", text) and "[" not in text:
        parts = [_type(part) for part in re.split(r" or |\|", text)]
        return None if None in parts else "Union[" + ", ".join(str(part) for part in parts) + "]"
    found = _TYPE_NAMES.get(text.lower())
    if match := re.fullmatch(r"(?:an? )?(list|tuple|set) of (\w+?)s?", text):
        inner = _TYPE_NAMES.get(match.group(2).lower())
        found = (
            f"{match.group(1).title()}[{inner}{', ...' if match.group(1) == 'tuple' else ''}]"
            if inner
            else match.group(1)
        )
    elif "[" in text:
        try:
            names = {node.id for node in ast.walk(ast.parse(text, mode="eval")) if isinstance(node, ast.Name)}
        except SyntaxError:
            return None
        found = text if names <= _KNOWN_TYPES else None
    return f"Optional[{found}]" if found and is_optional else found


_NOT_OF_ITS_TYPE = ("__init__", "__new__", "__init_subclass__", "__enter__", "__exit__", "__aenter__", "__aexit__")


def _annotation(node: _Node, function: Function, parsed: Docstring, types: dict[str, str]) -> Iterator[Promise]:
    is_generator = any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in ast.walk(node))
    if (
        is_generator
        or function.name in _NOT_OF_ITS_TYPE
        or any("contextmanager" in ast.unparse(one) for one in node.decorator_list)
    ):
        return
    if node.returns is not None:
        text = ast.unparse(node.returns)
        if text not in ("Any", "typing.Any", "object", "Self", "NoReturn", "Never"):
            yield Promise("annotation", f"-> {text}", node.returns.lineno, f"{text}")
    elif "return" in types:
        text = parsed.types["return"]
        yield Promise("annotation", f"returns {text}", parsed.type_lines["return"], text)


# -- examples --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Examples:
    text: str
    numbers: tuple[int | None, ...]


_ARROW = r"\s*(?:#\s*(?:=>|->|==|returns)?|->|=>|==|→|returns|gives)\s*"
_LONGEST_EXPECTED = 60


def _examples(text: str, first_line: int, node: _Node, function: Function) -> tuple[_Examples, list[Promise]]:
    """Return the examples of a docstring to be run one after the other, and those of them that show the function."""
    promises: list[Promise] = []
    numbers: list[int | None] = []
    examples = _of_doctest(text) if ">>>" in text else []
    name = function.name if function.name != "__init__" else function.qualname.split(".")[-2]
    shape = re.compile(rf"(?<!\w){re.escape(name)}\b" + ("" if function.kind.value == "property" else r"\s*\("))
    for example in examples:
        is_error = example.want.startswith("Traceback")
        if example.want and shape.search(example.source) and (is_error or "..." not in example.want.splitlines()[0]):
            numbers.append(len(promises))
            promises.append(_shown(example.source, example.want, first_line + example.lineno))
        else:
            numbers.append(None)
    whole = text + "\n\n" if examples else ""
    if not examples:
        for source, wanted, line in _in_prose(text, first_line, node, name):
            numbers.append(len(promises))
            promises.append(_shown(source, wanted, line))
            whole += f">>> {source}\n{wanted}\n\n"
    return _Examples(whole, tuple(numbers)), promises


def _of_doctest(text: str) -> list[doctest.Example]:
    import doctest  # with all that it is run and debugged with: few docstrings need it

    try:
        return doctest.DocTestParser().get_examples(text)
    except ValueError:
        return []


def _shown(source: str, wanted: str, line: int) -> Promise:
    lines = wanted.strip().splitlines()
    expected = lines[-1] if wanted.startswith("Traceback") else lines[0] + (" ..." if len(lines) > 1 else "")
    if len(expected) > _LONGEST_EXPECTED:
        expected = expected[:_LONGEST_EXPECTED] + "..."
    call = " ".join(source.split())
    return Promise("example", f">>> {call}", line, expected, call=call)


def _in_prose(text: str, first_line: int, node: _Node, name: str) -> Iterator[tuple[str, str, int]]:
    """Yield (call, result as written, line) of examples such as ``f(1)  # 2`` and ``'a b' -> 'A. B.'``."""
    called = re.compile(rf"`*(?P<call>{re.escape(name)}\(.*\))`*{_ARROW}`*(?P<value>.+?)`*\.?")
    required = len(node.args.args) - len(node.args.defaults)
    for number, line in enumerate(text.splitlines()):
        stripped = line.strip()
        if (
            (match := called.fullmatch(stripped))
            and _is_literal(match.group("value"))
            and _is_call(match.group("call"))
        ):
            yield match.group("call"), match.group("value"), first_line + number
        elif required == 1 and (
            match := re.fullmatch(r"`*(?P<given>['\"\[({\d].*?)`* (?:->|=>|→) `*(?P<value>.+?)`*", stripped)
        ):
            given = match.group("given")
            if (
                _is_literal(given)
                and _is_literal(match.group("value"))
                and node.args.args[0].arg not in ("self", "cls")
            ):
                yield f"{name}({given})", match.group("value"), first_line + number


def _is_literal(text: str) -> bool:
    try:
        return ast.literal_eval(text) is not Ellipsis and "..." not in text
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False


def _is_call(text: str) -> bool:
    try:
        node = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    arguments: Sequence[ast.expr] = (
        [*node.args, *[one.value for one in node.keywords]] if isinstance(node, ast.Call) else []
    )
    return isinstance(node, ast.Call) and all(_is_literal(ast.unparse(argument)) for argument in arguments)
