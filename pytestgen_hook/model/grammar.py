"""Makes the grammar (GBNF) of answers that are calls of one function: each line of an answer parses and binds.

A line may bring the object into a state first (``obj = Queue(); obj.add(1); obj.pop()``), and may look at what the call gives
(``made(1).size``, ``made(1)(2)``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DEEPEST = 3  # containers and objects in one another
MOST_ITEMS = 8
LONGEST_TEXT = 80  # characters
MOST_TAIL = 2  # things done with the result
MOST_STEPS = 4  # statements about the object before the call
MOST_MEMBERS = 24  # of a class
MOST_OPTIONAL = 8  # parameters with a default that an answer may give

VERSION = 5  # part of what answers are kept by
END = "```"  # ends the list, as it ends code in Markdown

Form = Mapping[str, Any]

# Leading zeros are no Python; so long a number, or text, is no reader's idea of a test.
_COMMON = rf"""
text ::= "\"" char{{0,{LONGEST_TEXT}}} "\""
char ::= [^"\\\x00-\x1f\x7f] | "\\" ["\\nrtb] | "\\x" [0-9a-f] [0-9a-f]
bytes ::= "b\"" byte{{0,{LONGEST_TEXT}}} "\""
byte ::= [ !#-[\]-~] | "\\" ["\\nrt0] | "\\x" [0-9a-f] [0-9a-f]
int ::= "-"? digits
digits ::= "0" | [1-9] [0-9]{{0,14}}
float ::= "-"? digits "." [0-9]{{1,8}} ("e" "-"? [1-9] [0-9]?)? | int | "float(\"" ("nan" | "inf" | "-inf") "\")"
bool ::= "True" | "False"
none ::= "None"
scalar ::= text | float | bool | none | bytes
key ::= text | int | bool | none | float | "(" key0 ", " key0 ")"
key0 ::= text | int
callable ::= "len" | "str" | "int" | "float" | "abs" | "sum" | "max" | "min" | "sorted" | "list" | "bool" | "repr" | "str.upper" | "str.lower" | lambda
lambda ::= "lambda self: " constant | "lambda self, x: " constant | "lambda: " constant | "lambda x: " one | "lambda x, y: " two | "lambda *args: " ("args" | "len(args)" | constant)
one ::= "x" | constant | operand " " operator " " operand | "x" " " comparison " " constant | "x[" (digits | text) "]" | "not x" | "str(x)" | "len(x)"
two ::= "x" | "y" | constant | "x " operator " y" | "x " comparison " y" | "(x, y)" | "[x, y]"
operand ::= "x" | constant
operator ::= "+" | "-" | "*" | "%" | "//"
comparison ::= "==" | "!=" | "<" | "<=" | ">" | ">=" | "in"
constant ::= int | text | bool | none
""".strip()  # noqa: E501  # a rule is a line

_SIMPLE = {
    "int": "int",
    "float": "float",
    "str": "text",
    "bytes": "bytes",
    "bool": "bool",
    "none": "none",
    "callable": "callable",
}


def calls_grammar(form: Form, most: int) -> str:
    """Return the grammar of one to ``most`` calls of the function whose form the runtime told (``runtime/form.py``)."""
    return _Grammar(form).source(most)


def start(form: Form) -> str:
    """Return what every line begins with, as far as that is sure; it ends where a word does, as tokens of a model do."""
    if form["receiver"] is not None:
        return ""
    first = next((known for known in form["parameters"] if known["required"]), None)
    return f"{_called(form)}({first['name']}" if first is not None and first["name"] else _called(form)


def closing(form: Form) -> tuple[str, ...]:
    """Return what ends a line where an answer is cut, the preferred first, each as far as the grammar allows it.

    Brackets stand in a text too, so that is ended before them; an object that is only made yet is called next.
    """
    return ("\n", '"', ")", "]", "}", ",)", "0", ";", " obj", " =", " ", ".", f"{form['name']}(")


def _called(form: Form) -> str:
    """Return what is called where no object is made for it first."""
    return f"{form['owner']}.{form['name']}" if form["owner"] else str(form["name"])


class _Grammar:
    def __init__(self, form: Form) -> None:
        self._form = form
        self._rules: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def source(self, most: int) -> str:
        line = self._line()
        lines = [f'root ::= (line "\\n"){{1,{most}}} "{END}"', f"line ::= {line}", *self._rules.values(), _COMMON]
        return "\n".join(lines) + "\n"

    def _line(self) -> str:
        """Return the rule of a line: a call, what is done with its object before, and what with its result."""
        form = self._form
        tail = f" {self._rule(self._tail())}{{0,{MOST_TAIL}}}" if form.get("tail") else ""
        line = self._call() + tail
        if form["receiver"] is None or not (form.get("methods") or form.get("attributes")):
            return line
        step = self._rule(self._step())
        made = self._receiver()
        return f'{line} | "obj = " {made} {step}{{1,{MOST_STEPS}}} "; obj." {self._named_call()}{tail}'

    def _receiver(self) -> str:
        """Return the rule of the object: made by its class, or what such an object has as an attribute."""
        made = self._type(self._form["receiver"], DEEPEST)
        return f'{made} ("." {self._word()})?' if self._form["receiver"][0] == "new" else made

    def _step(self) -> str:
        """Return the rule of a statement that changes the object."""
        form = self._form
        value = self._any(2)
        ways = []
        if form.get("methods"):
            names = " | ".join(quoted(name) for name in form["methods"][:MOST_MEMBERS])
            ways.append(f'"; obj." ({names}) "(" ({value} (", " {value}){{0,2}})? ")"')
        if form.get("attributes"):
            names = " | ".join(quoted(name) for name in form["attributes"][:MOST_MEMBERS])
            ways.append(f'"; obj." ({names}) " = " {value}')
        return " | ".join(ways)

    def _tail(self) -> str:
        value, word = self._any(2), self._word()
        return f'"." {word} | ("." {word})? "(" ({value} (", " {value}){{0,2}})? ")" | "[" (int | text) "]"'

    def _word(self) -> str:
        """Return the rule of the names that the module gives to attributes and arguments."""
        return self._rule(" | ".join(quoted(word) for word in self._form.get("words") or ("name",)))

    def _named_call(self) -> str:
        form = self._form
        return f'{quoted(form["name"] + "(")} {self._arguments(form["parameters"], DEEPEST)} ")"'

    def _call(self) -> str:
        form = self._form
        parameters = self._arguments(form["parameters"], DEEPEST)
        if form["receiver"] is not None:
            return f'{self._receiver()} "." {self._named_call()}'
        return f'{quoted(_called(form) + "(")} {parameters} ")"'

    def _arguments(self, parameters: Sequence[Mapping[str, Any]], depth: int) -> str:
        """Return the rule of the arguments: those that are needed, then any of the others, in order."""
        needed = [known for known in parameters if known["required"]]
        others = [known for known in parameters if not known["required"]][:MOST_OPTIONAL]
        first = ' ", " '.join(self._argument(known, depth) for known in needed)
        if not others:
            return first
        if needed:
            return first + "".join(f' (", " {self._argument(known, depth)})?' for known in others)
        # What comes first has no comma before it, whichever that is.
        written = [self._argument(known, depth) for known in others]
        ways = [one + "".join(f' (", " {other})?' for other in written[at + 1 :]) for at, one in enumerate(written)]
        return self._rule(f"({' | '.join(ways)})?")

    def _argument(self, known: Mapping[str, Any], depth: int) -> str:
        name = quoted(f"{known['name']}=") + " " if known["name"] else ""
        return name + self._type(known["type"], depth)

    def _rule(self, body: str) -> str:
        """Return the name of a rule with this body; equal bodies share one."""
        if body not in self._names:
            name = f"r{len(self._names)}"
            self._names[body] = name
            self._rules[name] = f"{name} ::= {body}"
        return self._names[body]

    def _type(self, kind: Sequence[Any], depth: int) -> str:
        name = kind[0]
        if name in _SIMPLE:
            return _SIMPLE[name]
        if name == "one" and kind[1]:
            return self._rule(" | ".join(quoted(source) for source in kind[1]))
        if name == "union":
            return self._rule(" | ".join(dict.fromkeys(self._type(part, depth) for part in kind[1])))
        if name == "made":
            return self._made(depth)
        if name == "new" and depth >= 0 and kind[1] in self._form["classes"]:
            return self._object(kind[1], depth)
        if depth <= 0:
            return "scalar"
        inner = depth - 1
        if name == "list":
            return self._rule(self._items("[", self._type(kind[1], inner), "]"))
        if name == "tuples":
            part = self._type(kind[1], inner)
            return self._rule(f'"()" | "(" {part} ",)" | "(" {part} (", " {part}){{1,{MOST_ITEMS - 1}}} ")"')
        if name == "tuple" and kind[1]:
            parts = [self._type(part, inner) for part in kind[1]]
            return self._rule('"(" ' + ' ", " '.join(parts) + (' ",)"' if len(parts) == 1 else ' ")"'))
        if name == "set":
            part = self._key(kind[1])
            return self._rule(f'"set()" | "{{" {part} (", " {part}){{0,{MOST_ITEMS - 1}}} "}}"')
        if name == "dict":
            return self._rule(self._items("{", f'{self._key(kind[1])} ": " {self._type(kind[2], inner)}', "}"))
        return self._any(depth)

    def _key(self, kind: Sequence[Any]) -> str:
        """Return the rule of what can be hashed."""
        if kind[0] in ("int", "str", "float", "bool", "bytes", "one", "none"):
            return self._type(kind, 0)
        if kind[0] == "tuple" and all(part[0] in ("int", "str", "float") for part in kind[1]):
            return self._type(kind, 1)
        return "key"

    def _any(self, depth: int) -> str:
        inner = self._any(depth - 1) if depth > 1 else "scalar"
        objects = [self._object(name, depth - 1) for name in self._form["anywhere"] if name in self._form["classes"]]
        ways = ["scalar", self._rule(self._items("[", inner, "]"))]
        ways.append(self._rule(f'"()" | "(" {inner} ",)" | "(" {inner} (", " {inner}){{1,{MOST_ITEMS - 1}}} ")"'))
        ways.append(self._rule(self._items("{", f'key ": " {inner}', "}")))
        ways.append(self._rule(f'"set()" | "{{" key (", " key){{0,{MOST_ITEMS - 1}}} "}}"'))
        if depth == DEEPEST:
            ways.append("callable")
        if depth > 1 and self._form.get("names"):
            ways.append(self._made(depth - 1))
        return self._rule(" | ".join(dict.fromkeys([*ways, *objects])))

    def _made(self, depth: int) -> str:
        """Return the rule of a value that a function makes."""
        names = " | ".join(quoted(name) for name in self._form["names"])
        key = f"made {depth}"
        if key not in self._names:
            rule = f"m{len(self._names)}"
            self._names[key] = rule
            value = self._any(depth - 1) if depth > 1 else "scalar"
            word = self._word()
            by_name = f'{word} "=" {value}'
            given = f'({value} (", " {value}){{0,3}} (", " {by_name})? | {by_name})?'
            self._rules[rule] = f'{rule} ::= ({names}) "(" {given} ")" ("." {word})?'
        return self._names[key]

    def _object(self, name: str, depth: int) -> str:
        """Return the rule of a call that makes an object of a class; too deep inside others one takes plain values."""
        key = f"{name} {depth}"
        if key not in self._names:
            rule = f"o{len(self._names)}"
            self._names[key] = rule  # before its parts: a class may hold its own
            self._rules[rule] = ""
            arguments = self._arguments(self._form["classes"][name]["parameters"], depth - 1)
            self._rules[rule] = f'{rule} ::= {quoted(name + "(")} {arguments} ")"'
        return self._names[key]

    @staticmethod
    def _items(opening: str, item: str, closing: str) -> str:
        return f'"{opening}" ({item} (", " {item}){{0,{MOST_ITEMS - 1}}})? "{closing}"'


def quoted(text: str) -> str:
    """Return the literal of a grammar (GBNF) that stands for a text."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
