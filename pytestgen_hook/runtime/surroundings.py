"""What a call takes from around it: variables of the environment, the clock and chance, set by ``monkeypatch`` in its test."""

import ast
import random
import re
import time

import domains
from literals import double_quoted
from values import Named, Plain, Text

_SECONDS = ("time", "monotonic", "perf_counter", "process_time")
_NANOSECONDS = tuple(name + "_ns" for name in _SECONDS)
_CHANCES = {
    "random": tuple(f"lambda: {number}" for number in (0.0, 0.25, 0.5, 0.75, 0.999)),
    "uniform": ("lambda low, high: low", "lambda low, high: high"),
    "randint": ("lambda low, high: low", "lambda low, high: high"),
    "randrange": ("lambda *bounds: bounds[-1] - 1",),
    "gauss": ("lambda mean, deviation: mean", "lambda mean, deviation: mean - deviation"),
    "choice": ("lambda items: items[0]", "lambda items: items[-1]"),
    "sample": ("lambda items, count: list(items)[:count]",),
    "shuffle": ("lambda items: items.reverse()",),
}
_KNOWN = {time: (*_SECONDS, *_NANOSECONDS), random: tuple(_CHANCES)}


class Variable(Named):
    """A variable of the environment, with a text or, where that is None, not there."""

    __slots__ = ("name", "text")

    def __init__(self, name, text):
        self.name = name
        self.text = text

    def lines(self, _):
        if self.text is None:
            return [("monkeypatch.delenv({}, raising=False)", Plain(self.name))]
        return [(f"monkeypatch.setenv({double_quoted(self.name)}, {{}})", self.text)]

    def source(self):
        return f"{self.name}={self.text.source() if self.text is not None else None}"

    def children(self):
        return () if self.text is None else (self.text,)

    def with_children(self, children):
        return Variable(self.name, children[0] if children else None)

    def imports(self):
        return set()


class Answer(Named):
    """What a function that asks the clock or chance gives, by the dotted name under which the code calls it."""

    __slots__ = ("function", "target", "value")

    def __init__(self, target, function, value):
        self.target = target
        self.function = function  # with ``{}`` in the place of the value
        self.value = value

    def lines(self, _):
        return [(f"monkeypatch.setattr({double_quoted(self.target)}, {self.function})", self.value)]

    def source(self):
        return f"{self.target}: {self.value.source()}"

    def children(self):
        return (self.value,)

    def with_children(self, children):
        return Answer(self.target, self.function, *children)

    def imports(self):
        return set()


class Variables(domains.Domain):
    """Values of one variable of the environment."""

    def __init__(self, name, texts):
        self.name = name
        self.texts = texts

    def draw(self, rng, depth=0):
        return Variable(self.name, self.texts.draw(rng, depth + 1) if rng.random() < 0.7 else None)


class Answers(domains.Domain):
    """Values that a function of the clock or of chance gives."""

    def __init__(self, target, name, constants):
        self.target = target
        self.function = "lambda: {}"
        if name in _NANOSECONDS:
            self.values = domains.Fixed([Plain(number) for number in (1_700_000_000_000_000_000, 1000, 0)])
        elif name in _SECONDS:
            self.values = domains.Fixed([Plain(number) for number in (1_700_000_000.0, 1000.0, 100.0, 0.0)])
        else:
            # Only what chance may give: no other number would be a test of what happens.
            self.function = "{}"
            texts = list(_CHANCES[name])
            if name == "random":
                texts += [f"lambda: {number}" for number in constants.floats if 0 < number < 1]
            self.values = domains.Fixed([Text(text) for text in dict.fromkeys(texts)])

    def draw(self, rng, depth=0):
        return Answer(self.target, self.function, self.values.draw(rng, depth + 1))


def found_in(nodes, module, constants):
    """Return [(name, domain, whether no test can be without it)] of what functions, as syntax trees, take from around them."""
    texts = domains.Any([(domains.Texts(constants), 3), (domains.Fixed([Plain(text) for text in _TEXTS]), 1)])
    found = {}
    for node in nodes:
        for inner in ast.walk(node):
            variable = _variable(inner, module)
            if variable is not None:
                found["variable " + variable] = (Variables(variable, texts), True)
            elif isinstance(inner, ast.Call):
                target, name = _asked(inner.func, module)
                if name is not None:
                    found[target] = (Answers(target, name, constants), False)
    return [(name, domain, is_needed) for name, (domain, is_needed) in found.items()]


_TEXTS = ("1", "0", "true", "abc", "", "10")


def _variable(node, module):
    """Return the variable that an expression looks up in the environment, or None."""
    key = None
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _is_environment(node.value):
        key = node.slice
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and _is_environment(node.comparators[0]):
        key = node.left
    elif isinstance(node, ast.Call) and node.args:
        function = node.func
        name = getattr(function, "attr", None) or getattr(function, "id", None)
        if name == "getenv" or (
            name == "get" and isinstance(function, ast.Attribute) and _is_environment(function.value)
        ):
            key = node.args[0]
    if isinstance(key, ast.Name):
        value = vars(module).get(key.id)
        return value if isinstance(value, str) else None
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


def _is_environment(node):
    return (getattr(node, "attr", None) or getattr(node, "id", None)) == "environ"


def _asked(function, module):
    """Return (dotted name, name) of a function of the clock or of chance that is called; (None, None) for any other."""
    names = vars(module)
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        owner = names.get(function.value.id)
        for known, functions in _KNOWN.items():
            if owner is known and function.attr in functions:
                return f"{module.__name__}.{function.value.id}.{function.attr}", function.attr
    elif isinstance(function, ast.Name) and function.id in names:
        for known, functions in _KNOWN.items():
            for name in functions:
                if names[function.id] == getattr(known, name):
                    return f"{module.__name__}.{function.id}", name
    return None, None


_SET = re.compile(r"monkeypatch\.(?:setenv|delenv)\(")


def variables_of(item):
    """Return the variables of the environment that the lines of an item set."""
    lines = [target.replace("{}", source, 1) for target, source in item["arguments"] if _SET.match(target)]
    return {ast.parse(line, mode="eval").body.args[0].value for line in lines}
