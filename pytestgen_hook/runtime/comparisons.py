"""Notes what a function looks at while it runs: operands of comparisons, searched texts, keys, formats, what it takes apart."""

import ast
import copy
import datetime
import decimal
import fractions

import literals
import mutants

MOST_NOTES = 400
MOST_MEMBERS = 12
LONGEST = 200
NAME = "__ptg_seen__"  # the name under which the changed code finds the recorder

_TEXT_METHODS = (
    "startswith",
    "endswith",
    "find",
    "rfind",
    "index",
    "count",
    "split",
    "rsplit",
    "partition",
    "removeprefix",
)
_KEY_METHODS = ("get", "pop", "setdefault", "__contains__")
_PATTERN_FUNCTIONS = ("match", "fullmatch", "search", "findall", "finditer", "sub", "split")
_PARSERS = ("int", "float", "Decimal", "Fraction", "fromisoformat", "strptime", "loads", "UUID", "literal_eval")
_VALUES = (
    datetime.date, datetime.datetime, datetime.time, datetime.timedelta, decimal.Decimal, fractions.Fraction
)  # fmt: skip
_ITERATING = dict.fromkeys(("all", "any", "dict", "enumerate", "frozenset", "iter", "len", "list", "max", "min"), 0)
_ITERATING.update(dict.fromkeys(("reversed", "set", "sorted", "sum", "tuple", "zip"), 0), map=1, filter=1)
_LEFT_ALONE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.JoinedStr)
_SIGNS = {
    ast.Eq: "==", ast.NotEq: "==", ast.Lt: "<", ast.LtE: "<", ast.Gt: "<", ast.GtE: "<", ast.In: "in", ast.NotIn: "in",
}  # fmt: skip


def instrumented(source, path, first_line, function):
    """Return (code of the function that tells a recorder of its operands, kinds of the places it tells of)."""
    chain = mutants.find_function(ast.parse(source), first_line, function.__code__.co_name)
    if chain is None:
        return None, []
    places = []
    node = copy.deepcopy(chain[-1])
    node.body = [_Instrument(places).visit(statement) for statement in node.body]
    ast.fix_missing_locations(node)
    try:
        code = mutants.compile_function([*chain[:-1], node], path, function.__code__.co_flags)
    except (SyntaxError, ValueError, RecursionError):
        return None, []
    if code is None or code.co_freevars != function.__code__.co_freevars:
        return None, []
    return code, places


class _Instrument(ast.NodeTransformer):
    """Wraps operands in calls of the recorder, which gives them back: nothing is evaluated twice or in another order."""

    def __init__(self, places):
        self.places = places

    def _place(self, kind):
        self.places.append(kind)
        return len(self.places) - 1

    @staticmethod
    def _told(place, part, node):
        call = ast.Call(ast.Name(NAME, ast.Load()), [ast.Constant(place), ast.Constant(part), node], [])
        return ast.copy_location(call, node)

    def visit_Compare(self, node):
        self.generic_visit(node)
        operands = [node.left, *node.comparators]
        for at, operator in enumerate(node.ops):
            sign = _SIGNS.get(type(operator))
            if sign is None:
                continue
            place = self._place(sign)
            for part, index in ((0, at), (1, at + 1)):
                of_length = self._length_of(operands[index])
                if of_length is not None:
                    # ``len(x) == n``: what counts is x.
                    of_length.args[0] = self._told(place, part + 2, of_length.args[0])
                operands[index] = self._told(place, part, operands[index])
        node.left, node.comparators = operands[0], operands[1:]
        return node

    @staticmethod
    def _length_of(node):
        is_length = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "len"
        return node if is_length and len(node.args) == 1 else None

    def visit_Call(self, node):
        self.generic_visit(node)
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
        if isinstance(node.func, ast.Attribute) and node.args and not isinstance(node.args[0], ast.Starred):
            kind = "text" if name in _TEXT_METHODS else "key" if name in _KEY_METHODS else None
            if kind is not None:
                place = self._place(kind)
                node.func.value = self._told(place, 0, node.func.value)
                node.args[0] = self._told(place, 1, node.args[0])
        if name in _PATTERN_FUNCTIONS and isinstance(node.func, ast.Attribute) and node.args:
            place = self._place("pattern")
            node.func.value = self._told(place, 0, node.func.value)
            node.args = [self._told(place, 1 + at, each) for at, each in enumerate(node.args[:3])] + node.args[3:]
        elif name in ("items", "keys", "values") and isinstance(node.func, ast.Attribute) and not node.args:
            node.func.value = self._told(self._place("mapping"), 0, node.func.value)
        elif isinstance(node.func, ast.Name) and node.args and name in _ITERATING:
            at = _ITERATING[name]
            node.args[at:] = [
                each if isinstance(each, ast.Starred) else self._told(self._place("iterate"), 0, each)
                for each in node.args[at:]
            ]
        elif name in _PARSERS and node.args and not any(isinstance(each, ast.Starred) for each in node.args):
            place = self._place("parse " + name)
            node.args = [self._told(place, at, each) for at, each in enumerate(node.args[:2])] + node.args[2:]
        return node

    def visit_BinOp(self, node):
        self.generic_visit(node)
        place = self._place("operate")
        node.left, node.right = self._told(place, 0, node.left), self._told(place, 1, node.right)
        return node

    def visit_Subscript(self, node):
        self.generic_visit(node)
        if isinstance(node.ctx, ast.Load) and not isinstance(node.slice, (ast.Slice, ast.Tuple)):
            place = self._place("key")
            node.value = self._told(place, 0, node.value)
            node.slice = self._told(place, 1, node.slice)
        return node

    def visit_Assign(self, node):
        self.generic_visit(node)
        count = _taken_apart(node.targets[0])
        if count:
            node.value = self._told(self._place(f"unpack {count}"), 0, node.value)
        return node

    def visit_For(self, node):
        self.generic_visit(node)
        node.iter = self._iterated(node)
        return node

    def visit_comprehension(self, node):
        self.generic_visit(node)
        if not node.is_async:
            node.iter = self._iterated(node)
        return node

    def _iterated(self, node):
        count = _taken_apart(node.target)
        return self._told(self._place(f"pairs {count}" if count else "iterate"), 0, node.iter)

    def visit(self, node):
        # Functions and classes inside are left as they are.
        return node if isinstance(node, _LEFT_ALONE) else super().visit(node)


def _taken_apart(target):
    """Return into how many names a value is taken apart; 0 if it is not, or into any number."""
    is_some = isinstance(target, (ast.Tuple, ast.List)) and not any(
        isinstance(each, ast.Starred) for each in target.elts
    )
    return len(target.elts) if is_some else 0


class Recorder:
    """Takes operands while the function runs; ``told()`` gives them as [kind, {part: value}] that JSON can carry.

    Parts 0 and 1 are the operands (of ``parse`` and ``pattern`` the arguments); 2 and 3 are what operand 0 or 1 is the
    length of.
    """

    def __init__(self, places):
        self._places = places
        self._open = {}
        self._notes = []
        self._lefts = {}  # operands of operators whose other operand is still to come

    def __call__(self, place, part, value):
        if self._places[place] == "operate":
            self._operate(place, part, value)
        elif len(self._notes) < MOST_NOTES and not self._fits(place, value):
            current = self._open.get(place)
            if current is None or part in current:  # the first time, or the next time round
                current = self._open[place] = {}
                self._notes.append([self._places[place], current])
            current[part] = _written(value)
        return value

    def _operate(self, place, part, value):
        """Note the operands of an operator if one of them is of a class such as ``timedelta``, and the other is not."""
        if part == 0:
            self._lefts[place] = value
            return
        left = self._lefts.pop(place, None)
        if (type(left) in _VALUES) != (type(value) in _VALUES) and len(self._notes) < MOST_NOTES:
            self._notes.append(["operate", {0: _written(left), 1: _written(value)}])

    def _fits(self, place, value):
        """Whether it is what the code takes it for: then there is nothing to be learnt of it."""
        kind, _, count = self._places[place].partition(" ")
        if kind == "iterate":
            return hasattr(type(value), "__iter__")
        if kind == "mapping":
            return isinstance(value, dict)
        if kind == "unpack":
            return isinstance(value, (list, tuple)) and len(value) == int(count)
        if kind == "pairs":
            return not isinstance(value, (list, tuple)) or all(
                isinstance(member, (list, tuple)) and len(member) == int(count) for member in value
            )
        return False

    def told(self):
        """Return each different note once, in the order in which they were made, and begin anew."""
        notes, self._notes, self._open = self._notes, [], {}
        return list({repr(note): note for note in notes}.values())


def _written(value):
    """Return [type, value or source], [type, plain members, how many in all]; None for what cannot steer anything."""
    kind = type(value)
    if value is None or kind in (bool, int, float):
        return [kind.__name__, repr(value)]
    if kind in (str, bytes):
        return [kind.__name__, repr(value)] if len(value) <= LONGEST else None
    if kind in (list, tuple, set, frozenset, dict):
        members = []
        for member in value:
            if type(member) in (str, int, float, bytes) and len(repr(member)) <= 60:
                members.append(repr(member))
            if len(members) >= MOST_MEMBERS:
                break
        return [kind.__name__, members, len(value)]
    if kind in _VALUES:
        writer = literals.Writer()
        return ["value", repr((writer.write(value), sorted(writer.imports)))]
    pattern = getattr(value, "pattern", None)
    if type(value).__name__ == "Pattern" and isinstance(pattern, str):
        return ["Pattern", repr(pattern)]
    return None
