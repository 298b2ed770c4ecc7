"""Makes the grammar (GBNF) of answers that are calls of one function: each line of an answer parses and binds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

DEEPEST = 3  # containers and objects in one another
MOST_ITEMS = 8
LONGEST_TEXT = 80  # characters
MOST_OPTIONAL = 8  # parameters with a default that an answer may give

VERSION = 1  # part of what answers are kept by
END = "```"  # ends the list, as it ends code in Markdown

Form = Mapping[str, Any]

# Leading zeros are no Python; so long a number, or text, is no reader's idea of a test.
_COMMON = rf"""
text ::= "\"" char{{0,{LONGEST_TEXT}}} "\""
char ::= [^"\\\x00-\x1f\x7f] | "\\" ["\\nrt0]
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
lambda ::= "lambda x: " one | "lambda x, y: " two | "lambda *args: " ("args" | "len(args)" | constant)
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


class _Grammar:
    def __init__(self, form: Form) -> None:
        self._form = form
        self._rules: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def source(self, most: int) -> str:
        call = self._call()
        lines = [f'root ::= (call "\\n"){{1,{most}}} "{END}"', f"call ::= {call}", *self._rules.values(), _COMMON]
        return "\n".join(lines) + "\n"

    def _call(self) -> str:
        form = self._form
        parameters = self._arguments(form["parameters"], DEEPEST)
        if form["receiver"] is not None:
            return f'{self._type(form["receiver"], DEEPEST)} "." {_quoted(form["name"] + "(")} {parameters} ")"'
        owner = f"{form['owner']}." if form["owner"] else ""
        return f'{_quoted(owner + form["name"] + "(")} {parameters} ")"'

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
        name = _quoted(f"{known['name']}=") + " " if known["name"] else ""
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
            return self._rule(" | ".join(_quoted(source) for source in kind[1]))
        if name == "union":
            return self._rule(" | ".join(dict.fromkeys(self._type(part, depth) for part in kind[1])))
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
        return self._rule(" | ".join(dict.fromkeys([*ways, *objects])))

    def _object(self, name: str, depth: int) -> str:
        """Return the rule of a call that makes an object of a class; too deep inside others one takes plain values."""
        key = f"{name} {depth}"
        if key not in self._names:
            rule = f"o{len(self._names)}"
            self._names[key] = rule  # before its parts: a class may hold its own
            self._rules[rule] = ""
            arguments = self._arguments(self._form["classes"][name]["parameters"], depth - 1)
            self._rules[rule] = f'{rule} ::= {_quoted(name + "(")} {arguments} ")"'
        return self._names[key]

    @staticmethod
    def _items(opening: str, item: str, closing: str) -> str:
        return f'"{opening}" ({item} (", " {item}){{0,{MOST_ITEMS - 1}}})? "{closing}"'


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
