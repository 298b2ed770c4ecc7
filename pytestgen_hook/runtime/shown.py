"""Shows a mutant as a person would have made it: the changed lines of the source, before and after."""

import ast
import io
import re
import tokenize

_SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.LShift: "<<", ast.RShift: ">>", ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^", ast.MatMult: "@",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not", ast.And: "and", ast.Or: "or",
}  # fmt: skip
_QUOTES = re.compile(rb"([a-zA-Z]*)(\"\"\"|'''|\"|')")
_MOST_LINES = 12


class Text:
    """A source as the positions of the syntax tree count it: lines of UTF-8."""

    def __init__(self, source):
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding, "replace").replace("\r\n", "\n").replace("\r", "\n")
        self._data = text.encode()
        self._starts = [0]
        for line in self._data.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def shown(self, place):
        """Return (number of the first line, lines before, lines after) of what was changed at a place, in text."""
        start, end, new = self._edit(*place)
        first = self._line(start)
        last = self._line(max(start, end - 1))
        left, right = self._starts[first], self._starts[last + 1] - 1
        before = self._data[left:right]
        after = self._data[left:start] + new + self._data[end:right]
        return (first + 1, _lines(before), _lines(after))

    def _edit(self, parent, field, index, node, new):
        """Return (start, end, new text) in bytes of the source."""
        if not hasattr(node, "lineno"):
            return self._operator(parent, field, index, node, new)
        start, end = self._start(node), self._end(node)
        old = self._data[start:end]
        if isinstance(new, ast.UnaryOp) and new.operand is node:
            plain = isinstance(node, (ast.Name, ast.Call, ast.Attribute, ast.Subscript, ast.Constant))
            return start, end, b"not " + old if plain else b"not (" + old + b")"
        if isinstance(node, ast.UnaryOp) and new is node.operand:
            return start, end, old[3 if isinstance(node.op, ast.Not) else 1 :].lstrip()
        if isinstance(node, ast.Constant) and isinstance(getattr(new, "value", None), (str, bytes)):
            changed = _with_text(old, node.value)
            if changed is not None:
                return start, end, changed
        return start, end, ast.unparse(new).encode()

    def _operator(self, parent, field, index, node, new):
        gaps, sign, other = [], _SIGNS[type(node)].encode(), _SIGNS[type(new)].encode()
        if isinstance(parent, ast.BinOp):
            gaps = [(parent.left, parent.right)]
        elif isinstance(parent, ast.Compare):
            sides = [parent.left, *parent.comparators]
            gaps = [(sides[index], sides[index + 1])]
        elif isinstance(parent, ast.AugAssign):
            gaps = [(parent.target, parent.value)]
        elif isinstance(parent, ast.BoolOp):
            gaps = list(zip(parent.values, parent.values[1:]))
        start, end = self._start(parent), self._end(parent)
        text, at = b"", start
        for left, right in gaps:
            gap = self._data[self._end(left) : self._start(right)]
            text += self._data[at : self._end(left)] + gap.replace(sign, other, 1)
            at = self._start(right)
        return start, end, text + self._data[at:end]

    def _start(self, node):
        return self._starts[node.lineno - 1] + node.col_offset

    def _end(self, node):
        return self._starts[node.end_lineno - 1] + node.end_col_offset

    def _line(self, offset):
        low, high = 0, len(self._starts) - 1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._starts[middle] <= offset else (low, middle)
        return low


def _with_text(literal, value):
    """Return a literal of text as written, with XX for its first character; None where that is not written as itself."""
    first = value[:1] if isinstance(value, bytes) else value[:1].encode()
    quotes = _QUOTES.match(literal)
    if not quotes or first == b"\\" or not literal.startswith(first, quotes.end()):
        return None
    return literal[: quotes.end()] + b"XX" + literal[quotes.end() + len(first) :]


def _lines(data):
    lines = data.decode("utf-8", "replace").split("\n")
    return lines if len(lines) <= _MOST_LINES else [*lines[:_MOST_LINES], "…"]
