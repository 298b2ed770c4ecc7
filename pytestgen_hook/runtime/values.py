"""Proposed inputs: trees that can be written as source, evaluated afresh for each call, and varied by the search."""

import ast
import copy
import math
import textwrap

from literals import double_quoted


class Plain:
    """A constant: None, a truth value, a number, text or bytes."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def source(self):
        value = self.value
        if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
            return f'float("{value!r}")'
        return double_quoted(value) if isinstance(value, str) else repr(value)

    def children(self):
        return ()

    def with_children(self, children):
        return self

    def imports(self):
        return set()


class Items:
    """A list, tuple, set or frozenset."""

    __slots__ = ("items", "kind")

    def __init__(self, kind, items):
        self.kind = kind
        self.items = tuple(items)

    def source(self):
        inner = ", ".join(_distinct([item.source() for item in self.items], self.kind))
        if self.kind == "list":
            return f"[{inner}]"
        if self.kind == "tuple":
            return f"({inner},)" if len(self.items) == 1 else f"({inner})"
        if not self.items:
            return f"{self.kind}()"
        return f"{{{inner}}}" if self.kind == "set" else f"frozenset({{{inner}}})"

    def children(self):
        return self.items

    def with_children(self, children):
        return Items(self.kind, children)

    def imports(self):
        return set().union(*[item.imports() for item in self.items])


def _distinct(texts, kind):
    """Drop repeated members of sets: ``{1, 1}`` is what linters complain about."""
    return list(dict.fromkeys(texts)) if kind in ("set", "frozenset") else texts


class Pairs:
    """A dict."""

    __slots__ = ("pairs",)

    def __init__(self, pairs):
        self.pairs = tuple(pairs)

    def source(self):
        # Of equal keys the last one counts, as in the dict itself; written once, since linters complain about repeats.
        texts = {key.source(): value.source() for key, value in self.pairs}
        return "{{{}}}".format(", ".join("{}: {}".format(*pair) for pair in texts.items()))

    def children(self):
        return tuple(node for pair in self.pairs for node in pair)

    def with_children(self, children):
        return Pairs(zip(children[::2], children[1::2]))

    def imports(self):
        return set().union(*[node.imports() for node in self.children()])


class Built:
    """A call of a class or function with arguments: ``Decimal("1.5")``, ``Order(id=3, lines=[])``."""

    __slots__ = ("arguments", "function", "needs")

    def __init__(self, function, arguments, needs=()):
        self.function = function
        self.arguments = tuple(arguments)  # (keyword or None, node)
        self.needs = tuple(needs)

    def source(self):
        parts = [f"{name}={node.source()}" if name else node.source() for name, node in self.arguments]
        return "{}({})".format(self.function, ", ".join(parts))

    def children(self):
        return tuple(node for _, node in self.arguments)

    def with_children(self, children):
        names = [name for name, _ in self.arguments]
        return type(self)(self.function, zip(names, children), self.needs)

    def imports(self):
        return set(self.needs).union(*[node.imports() for _, node in self.arguments])


class Keywords(Built):
    """Arguments by names that a function does not list, for its ``**options``: a dict whose keys stay as they are."""

    __slots__ = ()

    def source(self):
        return "{{{}}}".format(", ".join(f'"{name}": {node.source()}' for name, node in self.arguments))


class Linked(Built):
    """A call that makes an object which may hold others of its class: a node of a list, a tree or a graph."""

    __slots__ = ()


class Defined(Built):
    """An object of a class that the test itself defines: ``heads`` are its first line and those of its methods."""

    __slots__ = ("heads", "returned")

    def __init__(self, function, arguments, needs, heads, returned):
        super().__init__(function, arguments, needs)
        self.heads = heads
        self.returned = tuple(returned)  # what each method gives back

    def children(self):
        return (*super().children(), *self.returned)

    def with_children(self, children):
        count = len(self.arguments)
        arguments = zip([name for name, _ in self.arguments], children)
        return Defined(self.function, arguments, self.needs, self.heads, children[count:])

    def imports(self):
        return super().imports().union(*[node.imports() for node in self.returned])

    def definition(self):
        """Return the statement that defines the class."""
        first, *methods = self.heads
        parts = [
            textwrap.indent(f"{head}\n    return {value.source()}", "    ")
            for head, value in zip(methods, self.returned)
        ]
        return first + "\n" + "\n\n".join(parts)


def definitions(node):
    """Return {name: statement} of the classes that the test of an input defines."""
    found = {node.function: node.definition()} if isinstance(node, Defined) else {}
    for child in node.children():
        found = {**definitions(child), **found}
    return found


class Named:
    """A value that a test makes over several lines, under a name of its own; what it is part of says that name."""

    __slots__ = ()
    variable = "value"  # its name, where nothing else has that
    expression = None  # what it is without a name, after its lines

    def lines(self, name):
        """Return [(target, node)] that make the value and give it the name: see ``HOLE`` for what a target is."""
        raise NotImplementedError

    def simpler(self):
        """Return nodes that say less than this one, beside those whose children do."""
        return ()


HOLE = "{}"  # a target is the name that a value is given, or a statement with this in the place of the value


def named(item):
    """Return the names that the arguments of an item bind, in order."""
    return [target for target, _ in item["arguments"] if HOLE not in target]


class Layout:
    """Lays the values of one call out in lines: [target, source], each over the names bound before it."""

    def __init__(self, taken):
        self.lines = []
        self._taken = set(taken)
        self._names = {}

    def add(self, name, node):
        """Add the lines that give a value the name; return the tree that the last of them says."""
        if isinstance(node, Named) and node.expression is None and id(node) not in self._names:
            self._write(node, name)
            return Text(name)
        placed = self._placed(node)
        self.lines.append([name, placed.source()])
        return placed

    def _placed(self, node):
        """Return the tree with names where something named stood."""
        if not isinstance(node, Named):
            return node.with_children([self._placed(child) for child in node.children()])
        if node.expression is not None and id(node) not in self._names:
            self._write(node, node.expression)
        if id(node) not in self._names:
            name, count = node.variable, 1
            while name in self._taken:
                count += 1
                name = f"{node.variable}_{count}"
            self._taken.add(name)
            self._write(node, name)
        return Text(self._names[id(node)][0])

    def _write(self, node, name):
        self._names[id(node)] = name, node  # kept, so that no other has its id
        for target, part in node.lines(name):
            source = self._placed(part).source()  # which may take lines of its own, before this one
            self.lines.append([target, source])


class Text:
    """An expression that is used as it stands: an enum member, a builtin function, something found in the repository."""

    __slots__ = ("needs", "text")

    def __init__(self, text, needs=()):
        self.text = text
        self.needs = tuple(needs)

    def source(self):
        return self.text

    def children(self):
        return ()

    def with_children(self, children):
        return self

    def imports(self):
        return set(self.needs)


MOST_STEPS = 6


class Step:
    """A statement made with an object before it is used: ``queue.add(3)``, ``node.next = Node(2)``.

    ``template`` has ``{0}`` for the object, and ``{1}`` and so on for the values. Where the statement stores its value,
    ``place`` is where that can be found again.
    """

    __slots__ = ("place", "template", "values")

    def __init__(self, template, values=(), place=None):
        self.template = template
        self.values = tuple(values)
        self.place = place


class Prepared:
    """An object that is made, and then brought into a state by statements."""

    __slots__ = ("base", "steps")

    def __init__(self, base, steps):
        self.base = base
        self.steps = tuple(steps)

    def source(self):
        return self.base.source()

    def children(self):
        return (self.base, *(value for step in self.steps for value in step.values))

    def with_children(self, children):
        base, *rest = children
        steps = []
        for step in self.steps:
            steps.append(Step(step.template, rest[: len(step.values)], step.place))
            rest = rest[len(step.values) :]
        return Prepared(base, steps)

    def imports(self):
        return set().union(*[node.imports() for node in self.children()])


def statements(node, path):
    """Yield the statements that bring the object at ``path`` (an expression), and those in it, into their state."""
    if isinstance(node, Prepared):
        yield from statements(node.base, path)
        for step in node.steps:
            yield step.template.format(path, *[value.source() for value in step.values])
            for value in step.values if step.place else ():
                yield from statements(value, step.place.format(path))
    elif isinstance(node, Items) and node.kind in ("list", "tuple"):
        for index, item in enumerate(node.items):
            yield from statements(item, f"{path}[{index}]")
    elif isinstance(node, Pairs):
        for key, value in node.pairs:
            yield from statements(value, f"{path}[{key.source()}]")
    elif isinstance(node, Built):
        for name, value in node.arguments:
            if name:  # the attribute of that name, as a rule; where it is not, the call cannot be made
                yield from statements(value, f"{path}.{name}")


def with_few_values(trees, rng):
    """Return the trees with all whole numbers and texts chosen anew from a few of them, the same in all trees.

    Members then are keys of the dict beside them, ends of links are nodes, and what is looked for is there.
    """
    found = [leaf.value for tree in trees for leaf in leaves(tree)]
    chosen = {}
    for kind in (int, str):
        distinct = list(dict.fromkeys(leaf for leaf in found if type(leaf) is kind))
        count = rng.randint(2, 4)
        if len(distinct) > 1:
            chosen[kind] = range(count) if kind is int and rng.random() < 0.5 else distinct[:count]

    def changed(node):
        if isinstance(node, Plain):
            known = chosen.get(type(node.value))
            return node if known is None else Plain(rng.choice(known))
        return node.with_children([changed(child) for child in node.children()])

    return [changed(tree) for tree in trees]


def kind_of(node):
    """Return what kind of thing a tree makes: ``"number"``, the name of another type, or ``"object"``."""
    if isinstance(node, Plain):
        return "number" if type(node.value) in (int, float) else type(node.value).__name__
    if isinstance(node, (Items, Pairs)):
        return getattr(node, "kind", "dict")
    return "object"


def leaves(node):
    """Yield the constants of a tree."""
    if isinstance(node, Plain):
        yield node
    for child in node.children():
        yield from leaves(child)


def from_value(value):
    """Return the tree of a plain value (constants and built-in containers); TypeError for anything else."""
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        return Plain(value)
    if type(value) in (list, tuple, set, frozenset):
        items = sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value
        return Items(type(value).__name__, [from_value(item) for item in items])
    if type(value) is dict:
        return Pairs([(from_value(key), from_value(item)) for key, item in value.items()])
    raise TypeError(type(value).__name__)


class _Renamed(ast.NodeTransformer):
    def __init__(self, names):
        self.names = names

    def visit_Name(self, node):
        return ast.copy_location(ast.Name(self.names.get(node.id, node.id), node.ctx), node)


def from_expression(node, names, parts=False):
    """Return the tree of a parsed expression, or None if it cannot stand in a test as it is.

    ``names(name)`` gives (imports, the name to write) for a name that the expression uses, or None for an unknown one.
    With ``parts`` containers and calls are trees of their parts, which the search can vary one by one.
    """
    try:
        return from_value(ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    made = _from_parts(node, names) if parts else None
    if made is not None:
        return made
    needs = set()
    written = {}
    bound = {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
    bound |= {
        inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and not isinstance(inner.ctx, ast.Load)
    }
    for inner in ast.walk(node):
        if isinstance(inner, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)):
            return None
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load) and inner.id not in bound:
            found = names(inner.id)
            if found is None:
                return None
            needs |= found[0]
            written[inner.id] = found[1]
    return Text(ast.unparse(_Renamed(written).visit(copy.deepcopy(node))), sorted(needs))


def _from_parts(node, names):
    """Return the tree of a container or of a call whose parts are trees themselves, so that the search can vary them."""
    kind = _DISPLAYS.get(type(node))
    if kind is not None:
        items = [from_expression(item, names, parts=True) for item in node.elts]
        return Items(kind, items) if None not in items else None
    if isinstance(node, ast.Dict):
        keys = [key and from_expression(key, names, parts=True) for key in node.keys]
        values = [from_expression(value, names, parts=True) for value in node.values]
        return Pairs(zip(keys, values)) if None not in (*keys, *values) else None
    if not isinstance(node, ast.Call) or any(isinstance(argument, ast.Starred) for argument in node.args):
        return None
    function = from_expression(node.func, names)
    arguments = [(None, from_expression(argument, names, parts=True)) for argument in node.args]
    arguments += [(keyword.arg, from_expression(keyword.value, names, parts=True)) for keyword in node.keywords]
    is_whole = all(tree is not None and name != "" for name, tree in arguments)
    if not isinstance(function, Text) or not is_whole or any(keyword.arg is None for keyword in node.keywords):
        return None
    return Built(function.text, arguments, function.needs)


_DISPLAYS = {ast.List: "list", ast.Tuple: "tuple", ast.Set: "set"}


def size(node):
    """How much a reader has to take in: the characters of the source."""
    return len(node.source())
