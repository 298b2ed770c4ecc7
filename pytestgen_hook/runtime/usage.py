"""Guesses what kinds of values a parameter takes from how the body uses it; a guess only sets what is tried first."""

import ast
import contextlib
import copy
import functools
import inspect
import textwrap

_TEXT = {
    "capitalize",
    "casefold",
    "center",
    "encode",
    "endswith",
    "expandtabs",
    "format",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
}
_METHODS = {
    "str": _TEXT,
    "list": {"append", "extend", "insert", "sort", "reverse", "pop", "remove", "index", "copy"},
    "dict": {"items", "keys", "values", "get", "setdefault", "update", "popitem"},
    "set": {"add", "discard", "union", "intersection", "difference", "issubset", "issuperset", "symmetric_difference"},
    "bytes": {"decode", "hex"},
    "float": {"is_integer", "as_integer_ratio"},
    "int": {"bit_length", "to_bytes", "bit_count"},
    "deque": {"popleft", "appendleft", "extendleft"},
    "file": {"read", "readline", "readlines", "write", "writelines", "seek", "tell", "getvalue"},
    "datetime": {
        "strftime",
        "isoformat",
        "weekday",
        "isoweekday",
        "timetuple",
        "toordinal",
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "second",
        "microsecond",
        "timestamp",
        "isocalendar",
    },
    "zoned": {"tzinfo", "utcoffset", "tzname", "dst", "astimezone"},
    "decimal": {
        "to_integral",
        "to_integral_value",
        "quantize",
        "as_tuple",
        "is_nan",
        "is_infinite",
        "is_signed",
        "adjusted",
    },
    "timedelta": {"total_seconds", "days", "seconds"},
    "pattern": {"match", "search", "fullmatch", "findall", "finditer", "sub"},
    "match": {"group", "groups", "groupdict", "span"},
}
# Names that a class of the project may have as well.
_LIBRARY_METHODS = {
    "array": {
        "T",
        "argmax",
        "argmin",
        "argsort",
        "astype",
        "cumsum",
        "dot",
        "dtype",
        "flatten",
        "max",
        "mean",
        "min",
        "ndim",
        "ravel",
        "reshape",
        "shape",
        "std",
        "transpose",
    },
    "frame": {
        "apply",
        "assign",
        "columns",
        "drop",
        "drop_duplicates",
        "dropna",
        "fillna",
        "groupby",
        "iloc",
        "iterrows",
        "itertuples",
        "loc",
        "melt",
        "merge",
        "nlargest",
        "pivot_table",
        "query",
        "rename",
        "reset_index",
        "set_index",
        "sort_values",
    },
    "series": {"cummax", "ewm", "pct_change", "rolling", "shift", "to_frame", "value_counts"},
}
_KNOWN_METHODS = {"count", "index", "find"}.union(*_METHODS.values())
_CONTAINERS = {"list", "tuple", "set", "deque", "frozenset"}
_TAKING = {"pop", "popleft", "get", "get_nowait"}
_PUTTING = {"append", "appendleft", "add", "put", "put_nowait", "insert", "extend", "update"}
_NAMES = {
    "int": "n m k i j x y z a b num number count size length width height index idx start stop end step limit depth level "
    "age year month day hour minute second seconds minutes hours days page total amount base exp power times max_length "
    "maxlen position pos q r target threshold begin low high lower upper top bottom",
    "float": "rate ratio price weight value factor temperature score percent percentage tolerance eps epsilon radius angle",
    "str": "s t text string str word name title key label message msg sentence line pattern prefix suffix sep "
    "separator delimiter char letter letters token path filename url uri href link date expression phrase txt content source "
    "query email address code username password host hostname domain version color colour slug uuid",
    "list": "l lst arr array list lists nums numbers items values elements seq sequence xs ys words strings data points rows "
    "tokens args operations grid matrix iterable iterables it arr1 arr2 list1 list2",
    "dict": "d dict mapping map config options settings kwargs params table counts record lookup headers env",
    "bool": "flag verbose strict reverse ignore_case inclusive exclusive recursive force enabled capitalize",
    "callable": "f func function fn key_func predicate pred callback cmp transform mapper factory",
}
_BY_NAME = {name: kind for kind, names in _NAMES.items() for name in names.split()}


_MOST_CALCULATED = (
    12  # names and numbers of an expression; in a chain of hundreds each part would be read for each other
)
_HANDED_ON = 0.5  # of the points that another use of a value has
_LIKE_ARGUMENT = {"sorted", "reversed", "list", "tuple", "set", "iter", "abs"}  # give what they take, for our purpose


def _called_name(call):
    function = call.func
    return getattr(function, "id", None) or getattr(function, "attr", None)


def _calculated(node):
    """Return what an expression calculates with, if that are few names and numbers alone: its result is of their kind."""
    found, left = [], [node]
    while left:
        part = left.pop()
        if isinstance(part, ast.BinOp):
            left += [part.right, part.left]
        elif isinstance(part, ast.Name) or (isinstance(part, ast.Constant) and isinstance(part.value, (int, float))):
            found.append(part)
        else:
            return []
        if len(found) + len(left) > _MOST_CALCULATED:
            return []
    return found


def _is_own_attribute(node):
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self"


class Usage:
    """Points for each kind of value (``"str"``, ``"list"`` …) and, for containers, the usage of their elements."""

    def __init__(self):
        self.points = {}
        self.element = None
        self.key = None  # of a dict
        self.attributes = {}  # {name: Usage} of what is read from it that no built-in kind of value has
        self.called = set()  # those of them that are called
        self.link = None  # the Usage of objects of the same class, if it is one of those that these hold
        self.domain = None  # to draw from, where the class of the objects was found out
        self.is_iterated = False
        self.is_looked_up = False  # by a name that does not count positions
        self.handed_members = frozenset()  # no built-in's, that are used where it is handed on to

    def add(self, kind, points):
        self.points[kind] = self.points.get(kind, 0) + points

    def hand_on(self, other):
        """Note that it becomes an argument which is used as ``other``: that says half as much as what is done here."""
        other = copy.deepcopy(other)
        for kind, points in other.points.items():
            self.add(kind, points * _HANDED_ON)
        self.element = self.element or other.element
        self.key = self.key or other.key
        self.is_iterated |= other.is_iterated
        self.is_looked_up |= other.is_looked_up
        self.handed_members |= {*other.attributes, *other.handed_members}

    def of_element(self):
        if self.element is None:
            self.element = Usage()
        return self.element

    def of_key(self):
        if self.key is None:
            self.key = Usage()
        return self.key

    def of_attribute(self, name):
        return self.attributes.setdefault(name, Usage())

    def all_attributes(self):
        """Return the attributes read from such objects, whichever variable held them."""
        found = dict(self.attributes)
        if self.link is not None and self.link is not self:
            found = {**self.link.attributes, **found}
        return found

    def inner(self):
        """Return this usage and those of what it holds."""
        found = [self]
        for usage in found:
            parts = (usage.element, usage.key, *usage.attributes.values())
            found += [part for part in parts if part is not None and part not in found]
        return found

    def ranked(self):
        """Kinds with points, most first."""
        return sorted((kind for kind in self.points if self.points[kind] > 0), key=lambda kind: -self.points[kind])


@functools.lru_cache(maxsize=512)
def node_of(raw):
    """Return the ast node of a function, or None if its source is not at hand."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(raw))).body
    except (OSError, TypeError, SyntaxError, ValueError, RecursionError):
        return None
    return body[0] if body and isinstance(body[0], (ast.FunctionDef, ast.AsyncFunctionDef)) else None


def of_constructor(kind, methods=()):
    """Return {parameter: Usage} of what a class is made with; nothing where its text is not at hand.

    ``methods`` are the nodes of its methods.
    """
    for raw in (kind.__init__, kind.__new__):
        node = node_of(raw) if inspect.isfunction(raw) else None
        if node is not None:
            return usages(node, methods=methods)
    return {}


def kind_of_name(name):
    """Return the kind of value (``"str"``, ``"list"`` …) that a name suggests, or None."""
    return _BY_NAME.get(name.lower()) or _by_ending(name.lower())


def of_name(name):
    """Return the Usage that a name alone suggests."""
    found = Usage()
    kind = kind_of_name(name)
    if kind:
        found.add(kind, 2)
    return found


def usages(function, callees=None, methods=()):
    """Return {parameter: Usage} for an ``ast`` function node.

    ``callees.Callees`` tell what becomes of what it hands on, and ``methods``, the nodes of other methods of its class, what
    becomes of what it keeps as an attribute.
    """
    arguments = function.args
    listed = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [argument.arg for argument in listed + [arguments.vararg] * (arguments.vararg is not None)]
    found = {name: Usage() for name in names}
    for name in names:
        kind = kind_of_name(name)
        if kind:
            found[name].add(kind, 2)
        if name.lower().endswith(("date", "datetime", "moment", "when")):
            found[name].add("datetime", 2)  # as often as a text
    for argument in listed:
        for name in ast.walk(argument.annotation) if argument.annotation is not None else ():
            if isinstance(name, ast.Name):
                found[argument.arg].add(name.id, 5)
    reader = _Reader(found, function, callees)
    reader.visit(function)
    reader.read_others(methods)
    reader.link_compared()
    for usage in found.values():
        if usage.is_iterated and usage.is_looked_up:
            usage.add("dict", 6)
        if usage.element is not None and usage.element.points.get("str", 0) >= 4 and usage.points.get("str"):
            usage.add("str", 6)  # its members are used as characters are: more likely text than a list of texts
    return found


def _by_ending(name):
    for ending, kind in (
        ("_list", "list"),
        ("_dict", "dict"),
        ("_str", "str"),
        ("_string", "str"),
        ("_name", "str"),
        ("_count", "int"),
        ("_size", "int"),
        ("_id", "int"),
        ("_path", "str"),
        ("_map", "dict"),
        ("_fn", "callable"),
        ("_func", "callable"),
    ):
        if name.endswith(ending):
            return kind
    if name.startswith(("is_", "has_", "use_", "with_", "allow_")):
        return "bool"
    return "list" if len(name) > 3 and name.endswith("s") and not name.endswith("ss") else None


class _Reader(ast.NodeVisitor):
    def __init__(self, found, function, callees=None):
        self.known = dict(found)
        self._name = function.name
        self._callees = callees
        self.positions = set()  # names that count positions
        self.compared = []
        self.takes = {}  # {name: [usage]} of the function itself and of those inside it
        listed = [argument.arg for argument in [*function.args.posonlyargs, *function.args.args]]
        self.takes[function.name] = [found[name] for name in listed if name not in ("self", "cls")]
        for inner in ast.walk(function):
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef)) and inner is not function:
                self._know_inner(inner, function)

    def read_others(self, methods):
        """Note what other methods do with what this one has kept as attributes."""
        own = self.known.get("self")
        for method in methods if own is not None and own.attributes else ():
            if method.name != self._name:
                self.known = {"self": own}
                with contextlib.suppress(RecursionError):  # an expression of hundreds of terms
                    self.visit(method)

    def _know_inner(self, inner, function):
        """Let the parameters of a function inside this one be what it is called with."""
        names = [argument.arg for argument in [*inner.args.posonlyargs, *inner.args.args]]
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == inner.name:
                for name, given in zip(names, call.args):
                    if name not in self.known and isinstance(given, ast.Name) and given.id in self.known:
                        self.known[name] = self.known[given.id]
        self.takes[inner.name] = [self.known.setdefault(name, Usage()) for name in names]

    def usage(self, node):
        """Return the usage that an expression stands for: a parameter, an element of one, or None."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Subscript):
            outer = self.usage(node.value)
            if outer is None:
                return None
            return outer if isinstance(node.slice, ast.Slice) else outer.of_element()
        if isinstance(node, ast.Attribute):
            outer = self.usage(node.value)
            return None if outer is None or node.attr in _KNOWN_METHODS else outer.of_attribute(node.attr)
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and node.elts:
            return self._holding(self.usage(node.elts[0]))
        if isinstance(node, ast.BinOp):
            usages = [self.known[part.id] for part in _calculated(node) if getattr(part, "id", None) in self.known]
            return usages[0] if usages else None
        if isinstance(node, ast.BoolOp):  # ``given or []``
            return self.usage(node.values[0])
        if isinstance(node, ast.IfExp):
            return self.usage(node.body) or self.usage(node.orelse)
        if isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp)):
            for generator in node.generators:
                self._loop(generator.target, generator.iter)
            return self._holding(self.usage(node.elt))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _TAKING:
            outer = self.usage(node.func.value)
            return None if outer is None else outer.of_element()
        if isinstance(node, ast.Call) and _called_name(node) in _CONTAINERS:
            return self.usage(node.args[0]) if node.args else Usage()
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.args
            and node.func.id in _LIKE_ARGUMENT
        ):
            return self.usage(node.args[0])
        return None

    def link_compared(self):
        """Note of what is compared with an object that it is one of the same class."""
        for pair in self.compared:
            plain = [usage for usage in pair if usage is not None and not usage.attributes]
            objects = [usage for usage in pair if usage is not None and usage.attributes]
            if plain and objects:
                self._linked(plain[0], objects[0])

    @staticmethod
    def _holding(element):
        """Return the usage of a container made here of such elements, None where nothing is known of them."""
        if element is None:
            return None
        container = Usage()
        container.element = element
        return container

    @staticmethod
    def _linked(usage, other):
        """Note that what is used so is put where the other one was: both are of one class."""
        if usage is not None and other is not None and usage is not other:
            usage.link = other.link or other

    def visit_Assign(self, node):
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = zip(target.elts, node.value.elts)
            for name, value in pairs:
                usage = self.usage(value)
                if _is_own_attribute(name) and usage is not None and "self" in self.known:
                    self.known["self"].attributes.setdefault(name.attr, usage)
                elif isinstance(name, ast.Name) and usage is not None:
                    if name.id in self.known:
                        self._linked(usage, self.known[name.id])
                    else:
                        self.known[name.id] = usage
        self.generic_visit(node)

    def _loop(self, target, iterated):
        usage = self.usage(iterated)
        if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.args:
            if iterated.func.id in ("enumerate", "range"):
                self.positions |= {name.id for name in ast.walk(target) if isinstance(name, ast.Name)}
            if iterated.func.id == "enumerate" and isinstance(target, ast.Tuple) and len(target.elts) == 2:
                self._loop(target.elts[1], iterated.args[0])
                return
            if iterated.func.id == "zip" and isinstance(target, ast.Tuple):
                for part, argument in zip(target.elts, iterated.args):
                    self._loop(part, argument)
                return
            if iterated.func.id == "range":
                for argument in iterated.args:
                    self._points(argument, "int", 5)
        if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Attribute):
            owner = self.usage(iterated.func.value)
            if owner is not None and iterated.func.attr in ("items", "keys", "values"):
                self._loop_over_dict(target, iterated.func.attr, owner)
                return
            if owner is not None and iterated.func.attr == "split" and isinstance(target, ast.Name):
                element = self.known.setdefault(target.id, Usage())
                element.add("str", 3)
        if usage is None:
            return
        usage.is_iterated = True
        usage.add("list", 2)
        usage.add("str", 1)
        if isinstance(target, ast.Name):
            self.known.setdefault(target.id, usage.of_element())
        elif isinstance(target, ast.Tuple):
            pair = usage.of_element()
            pair.add("tuple%d" % len(target.elts), 4)

    def _loop_over_dict(self, target, view, owner):
        owner.add("dict", 6)
        parts = {"keys": (target, None), "values": (None, target)}.get(view, (None, None))
        if view == "items" and isinstance(target, ast.Tuple) and len(target.elts) == 2:
            parts = target.elts
        for part, usage in zip(parts, (owner.of_key, owner.of_element)):
            if isinstance(part, ast.Name):
                self.known.setdefault(part.id, usage())
            elif isinstance(part, ast.Tuple):
                usage().add("tuple%d" % len(part.elts), 4)

    def visit_For(self, node):
        self._loop(node.target, node.iter)
        self.generic_visit(node)

    visit_AsyncFor = visit_For  # noqa: N815

    def visit_comprehension(self, node):
        self._loop(node.target, node.iter)
        self.generic_visit(node)

    def visit_ListComp(self, node):
        for generator in node.generators:
            self.visit(generator)
        self.generic_visit(node)

    visit_SetComp = visit_GeneratorExp = visit_DictComp = visit_ListComp  # noqa: N815

    def visit_Attribute(self, node):
        usage = self.usage(node.value)
        if usage is not None:
            for kind, methods in [*_METHODS.items(), *_LIBRARY_METHODS.items()]:
                if node.attr in methods:
                    usage.add(kind, 6)
            if node.attr not in _KNOWN_METHODS:
                usage.of_attribute(node.attr)
            if node.attr in ("count", "index", "find"):
                usage.add("str", 2)
                usage.add("list", 1)
        self.generic_visit(node)

    def visit_Subscript(self, node):
        usage = self.usage(node.value)
        if usage is not None:
            key = node.slice
            if isinstance(key, ast.Constant) and isinstance(key.value, str):
                usage.add("dict", 6)
            elif isinstance(key, ast.Tuple) and not any(isinstance(part, ast.Slice) for part in key.elts):
                usage.add("dict", 6)
                usage.of_key().add("tuple%d" % len(key.elts), 4)
            else:
                usage.is_looked_up |= isinstance(key, ast.Name) and key.id not in self.positions
                usage.add("list", 2)
                usage.add("str", 1)
            if isinstance(node.ctx, (ast.Store, ast.Del)):
                usage.add("list", 1)
                usage.add("dict", 1)
        self.generic_visit(node)

    def visit_Compare(self, node):
        sides = [node.left, *node.comparators]
        for left, operator, right in zip(sides, node.ops, sides[1:]):
            if isinstance(operator, (ast.Is, ast.IsNot, ast.Eq, ast.NotEq)):
                self.compared.append((self.usage(left), self.usage(right)))
            if isinstance(operator, (ast.In, ast.NotIn)):
                inner = self.usage(right)
                if inner is not None:
                    inner.add("list", 1)
                    inner.add("str", 1)
                    inner.add("dict", 1)
                if isinstance(right, ast.Constant) and isinstance(right.value, str):
                    self._points(left, "str", 4)
                continue
            for one, other in ((left, right), (right, left)):
                if isinstance(other, ast.Constant):
                    kind = type(other.value).__name__
                    self._points(one, kind, 4)
                elif isinstance(other, (ast.List, ast.Tuple, ast.Dict)):
                    self._points(one, type(other).__name__.lower(), 3)
            if isinstance(operator, (ast.Lt, ast.LtE, ast.Gt, ast.GtE)):
                self._points(left, "int", 1)
                self._points(right, "int", 1)
        self.generic_visit(node)

    def _hand_on(self, handed):
        for node, other in handed or ():
            usage = self.usage(node)
            if usage is not None:
                usage.hand_on(other)

    def visit_BinOp(self, node):
        self._hand_on(self._callees and self._callees.of_operator(node))
        for one, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(node.op, ast.Mod) and one is node.left and isinstance(one, ast.Constant):
                continue
            if isinstance(other, ast.Constant) and isinstance(other.value, (int, float)):
                self._points(one, "int", 4)
            elif isinstance(other, (ast.Constant, ast.JoinedStr)) and isinstance(node.op, ast.Add):
                self._points(one, "str", 4)
            elif isinstance(node.op, ast.Add):
                self._points(one, "int", 1)
                self._points(one, "str", 1)
            elif not isinstance(node.op, (ast.BitOr, ast.BitAnd)):
                self._points(one, "int", 3)
        self.generic_visit(node)

    def visit_Call(self, node):
        function = node.func
        for usage, given in zip(self.takes.get(_called_name(node), ()), node.args):
            self._linked(self.usage(given), usage)
        if any(self.usage(given) is not None for given in [*node.args, *(known.value for known in node.keywords)]):
            self._hand_on(self._callees and self._callees.of_call(node))
        if isinstance(function, ast.Name) and node.args:
            first = node.args[0]
            known = self.known.get(function.id)
            if known is not None:
                known.add("callable", 8)
                known.add("arity%d" % len(node.args), 1)
            if function.id == "next":
                self._points(first, "iterator", 6)
            for kind in _BUILTIN_TAKES.get(function.id, ()):
                self._points(first, kind, 3)
            if function.id in ("range",):
                for argument in node.args:
                    self._points(argument, "int", 6)
            if function.id == "isinstance" and len(node.args) == 2:
                for name in ast.walk(node.args[1]):
                    if isinstance(name, ast.Name):
                        self._points(first, name.id, 5)
        elif isinstance(function, ast.Name):
            known = self.known.get(function.id)
            if known is not None:
                known.add("callable", 8)
                known.add("arity0", 1)
        elif isinstance(function, ast.Attribute):
            self._method_call(function, node)
        self.generic_visit(node)

    def _method_call(self, function, node):
        owner = self.usage(function.value)
        if owner is not None and function.attr not in _KNOWN_METHODS:
            owner.called.add(function.attr)
        if owner is not None and function.attr in _PUTTING and node.args:
            given = self.usage(node.args[-1])
            if given is not None and function.attr in ("extend", "update"):
                given = given.of_element()
            if owner.element is None:
                owner.element = given
            else:
                self._linked(given, owner.element)
        if isinstance(function.value, ast.Name) and function.value.id == "re" and node.args:
            self._points(node.args[-1], "str", 6)
        elif isinstance(function.value, ast.Name) and function.value.id == "math" and node.args:
            self._points(node.args[0], "float", 4)
        elif isinstance(function.value, ast.Constant) and function.attr == "join" and node.args:
            self._points(node.args[0], "list", 5)
            inner = self.usage(node.args[0])
            if inner is not None:
                inner.of_element().add("str", 4)
        elif function.attr in ("startswith", "endswith", "split", "replace", "strip", "find", "count"):
            for argument in node.args:
                self._points(argument, "str", 3)

    def _points(self, node, kind, points):
        usage = self.usage(node)
        if usage is not None:
            usage.add(kind, points)


_BUILTIN_TAKES = {
    "len": ("list", "str"),
    "sum": ("list",),
    "max": ("list",),
    "min": ("list",),
    "sorted": ("list",),
    "reversed": ("list",),
    "any": ("list",),
    "all": ("list",),
    "enumerate": ("list", "str"),
    "zip": ("list",),
    "set": ("list", "str"),
    "list": ("list", "str"),
    "tuple": ("list",),
    "iter": ("list",),
    "map": (),
    "int": ("int", "str", "float"),
    "float": ("float", "int", "str"),
    "str": ("int", "str"),
    "abs": ("int", "float"),
    "round": ("float",),
    "bin": ("int",),
    "hex": ("int",),
    "oct": ("int",),
    "chr": ("int",),
    "ord": ("char",),
    "divmod": ("int",),
    "pow": ("int",),
    "bool": ("bool",),
    "dict": ("dict",),
    "callable": ("callable",),
    "Decimal": ("int", "str"),
}
