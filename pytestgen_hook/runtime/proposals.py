"""Reads calls that a model wrote: a line of Python each, whose last statement calls the function.

``f(a=1, b=[2])``, ``Order(3).total(tax=0.2)``, ``obj = Queue(); obj.add(1); obj.pop()``, ``compare(key="a")({"a": 1}).name``.
"""

import ast
import copy
import inspect
import itertools
import random
import types

import classes
from plan import Input, resolver
from values import MOST_STEPS, Items, Keywords, Plain, Prepared, Step, from_expression, leaves

MOST_NAMES = 24  # told to a model, beside the classes that it is told more of
MOST_TAIL = 3
MOST_WORDS = 60
MOST_WITH_TEXTS = 24
_MOST_KNOWN = 4000  # names of other modules of the project
_MODULES = {
    "re": ("match", "search", "compile"),
    "io": ("StringIO", "BytesIO"),
    "datetime": ("timedelta", "timezone"),
    "collections": ("OrderedDict", "defaultdict", "deque"),
    "types": ("SimpleNamespace",),
}
_BUILTINS = ("iter", "range", "frozenset", "bytearray", "object", "ValueError", "KeyError")


def inputs(plan, texts):
    """Return the inputs of the lines, in order; what does not fit is left out.

    The search goes on from their parts: the constants become the plan's, and the objects its receivers.
    """
    reader = _Reader(plan)
    rng = random.Random(0)
    found = []
    for text in texts:
        made = reader.read(text)
        if made is not None:
            arguments, receiver, tail = made
            found.append(Input({**arguments, **plan.around(rng)}, receiver, "proposed", tail=tail))
    plan.constants.learn(leaf.value for made in found for tree in made.trees() for leaf in leaves(tree))
    plan.receivers = [made.receiver for made in found if made.receiver is not None]
    return found


def with_texts(inputs, texts):
    """Return inputs with one of the texts each, the last ones first, in the place of the longest text argument they have."""
    able = [made for made in inputs if any(map(_is_text, made.arguments.values()))]
    found = []
    for made, text in zip(itertools.cycle(able), list(reversed(texts))[:MOST_WITH_TEXTS]):
        given = {name: tree.value for name, tree in made.arguments.items() if _is_text(tree)}
        longest = max(given, key=lambda name: len(given[name]))
        found.append(made.changed("proposed", {**made.arguments, longest: Plain(text)}))
    return found


def _is_text(tree):
    return isinstance(tree, Plain) and isinstance(tree.value, str)


class Names:
    """What a line may use beside Python's own: what the module has, and what else the project or its imports offer."""

    def __init__(self, subject):
        self._own = resolver(subject)
        self._home = {}
        for module in classes.modules_of(subject.tree):
            if len(self._home) < _MOST_KNOWN:
                for name, value in list(vars(module).items()):
                    is_own = _is_made_of(value) and value.__module__ == module.__name__
                    if is_own and not name.startswith("_"):
                        self._home.setdefault(name, (module.__name__, name))

    def __call__(self, name):
        found = self._own(name)
        if found is not None:
            return found
        if name in _MODULES:
            return {(name, "")}, name
        home = self._home.get(name)
        return None if home is None else ({home}, name)


def told(plan):
    """Return the names of functions and classes that values of the function's arguments may be made by."""
    module = plan.subject.module
    used = {node.id for node in ast.walk(plan.function) if isinstance(node, ast.Name)}
    own = [
        (name not in used, name)
        for name, value in vars(module).items()
        if _is_made_of(value)
        and name != plan.name
        and not name.startswith("_")
        and not (isinstance(value, type) and issubclass(value, BaseException) and name not in used)
        and value.__module__.partition(".")[0] == module.__name__.partition(".")[0]
    ]
    found = [name for _, name in sorted(own)][:MOST_NAMES]
    for home, names in _MODULES.items():
        if home in vars(module) or home in used or home in ("io", "types", "re"):
            found += [f"{home}.{name}" for name in names]
    return [*found, *_BUILTINS]


def words(plan):
    """Return the names that the function, then the rest of its module, gives to attributes and arguments."""
    found = {}
    for tree in (plan.function, plan.tree):
        for node in ast.walk(tree):
            name = getattr(node, "attr", None) or (getattr(node, "arg", None))
            if isinstance(node, ast.FunctionDef):
                name = node.name
            if isinstance(name, str) and not name.startswith("_") and name not in ("self", "cls"):
                found.setdefault(name)
    return list(dict.fromkeys([*list(found)[:MOST_WORDS], "name", "value"]))


def members(kind):
    """Return the names of the public methods of a class, and of the attributes that its objects have."""
    methods, attributes = {}, {}
    own = kind.__module__.partition(".")[0]
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] == own:
            for name, member in vars(base).items():
                (methods if inspect.isroutine(member) else attributes).setdefault(name)
    attributes.update(dict.fromkeys(sorted(classes.members_of(kind) - set(dir(kind)))))
    return [[name for name in found if not name.startswith("_")] for found in (methods, attributes)]


def _is_made_of(value):
    return isinstance(value, (type, types.FunctionType))


class _Reader:
    def __init__(self, plan):
        self._plan = plan
        self._names = Names(plan.subject)
        self._by_name = {
            known.name: known for known in plan.parameters if known.style in ("positional", "keyword", "star", "sent")
        }
        self._options = next((known.name for known in plan.parameters if known.style == "starstar"), None)
        self._required = [known.name for known in plan.parameters if known.required and known.name in self._by_name]

    def read(self, text):
        """Return ({parameter: tree}, receiver or None, steps of the tail), or None for what is no such line."""
        try:
            *before, last = ast.parse(text).body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        objects = {}
        for statement in before:
            if not self._arranged(statement, objects):
                return None
        if not isinstance(last, ast.Expr):
            return None
        return self._called(last.value, objects)

    # -- statements before the call ----------------------------------------------------------------------------------

    def _arranged(self, statement, objects):
        """Note what a statement makes or changes; whether it could be read."""
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = statement.targets[0]
            if isinstance(target, ast.Name):
                tree = self._tree(statement.value, objects)
                if tree is None:
                    return False
                objects[target.id] = tree
                return True
            return self._stepped(target, objects, statement.value)
        return isinstance(statement, ast.Expr) and self._stepped(statement.value, objects)

    def _stepped(self, node, objects, value=None):
        """Note a call of a method, or what is stored, as a step of the object at the root of the expression."""
        root = _root(node)
        made = objects.get(root)
        if made is None:
            return False
        steps = [] if not isinstance(made, Prepared) else list(made.steps)
        step = self._step(node, root, objects, value)
        if step is None or len(steps) >= MOST_STEPS:
            return False
        objects[root] = Prepared(made.base if isinstance(made, Prepared) else made, [*steps, step])
        return True

    def _step(self, node, root, objects, value):
        if value is None and not isinstance(node, ast.Call):
            return None
        template, values = self._trailer(node, objects)
        inner = node.func if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        below = inner.value if inner is not None else getattr(node, "value", None)
        if template is None or below is None or not _is_path(below):
            return None
        path = "{0}" + ast.unparse(below)[len(root) :]
        template = template.replace("{0}", path)
        if value is not None:
            tree = self._tree(value, objects)
            if tree is None or isinstance(node, ast.Call):
                return None
            values = [*values, tree]
            template += f" = {{{len(values)}}}"
        return Step(template, values)

    # -- the call ----------------------------------------------------------------------------------------------------

    def _called(self, node, objects):
        tail = []
        while not self._is_target(node):
            template, values = self._trailer(node, objects)
            if template is None or len(tail) >= MOST_TAIL:
                return None
            tail.insert(0, Step(template, values))
            is_method = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
            node = node.func.value if is_method else node.func if isinstance(node, ast.Call) else node.value
        if tail and self._plan.style != "plain":
            return None
        receiver = None
        if self._plan.receiver is not None:
            receiver = self._tree((node.func if isinstance(node, ast.Call) else node).value, objects)
            if receiver is None:
                return None
        arguments = self._arguments(node, objects) if isinstance(node, ast.Call) else {}
        return None if arguments is None else (arguments, receiver, tail)

    def _is_target(self, node):
        plan = self._plan
        function = node.func if isinstance(node, ast.Call) else node
        if plan.receiver is not None:
            can_be = isinstance(node, ast.Call) or plan.kind == "property"
            return can_be and isinstance(function, ast.Attribute) and function.attr == plan.name
        if not isinstance(node, ast.Call) or not isinstance(function, (ast.Name, ast.Attribute)):
            return False
        wanted = plan.owner if plan.kind == "constructor" else plan.name
        if plan.kind in ("classmethod", "staticmethod"):
            wanted = f"{plan.owner}.{plan.name}"
        return ast.unparse(function) == wanted

    def _arguments(self, call, objects):
        """Return {parameter: tree} of a call, None where it does not fit."""
        found = {}
        in_order = [name for name, known in self._by_name.items() if known.style == "positional"]
        if len(call.args) > len(in_order) or any(isinstance(one, ast.Starred) for one in call.args):
            return None
        named = []
        given = [*zip(in_order, call.args), *((known.arg, known.value) for known in call.keywords)]
        for name, node in given:
            is_listed = name in self._by_name
            if name in found or not (is_listed or (name and self._options)):
                return None
            tree = self._tree(node, objects)
            if tree is None:
                return None
            if not is_listed:
                named.append((name, tree))
            elif self._by_name[name].style == "star" and isinstance(tree, Items):
                found[name] = Items("tuple", tree.items)
            else:
                found[name] = tree
        if named:
            found[self._options] = Keywords("dict", named)
        return found if all(name in found for name in self._required) else None

    def _trailer(self, node, objects):
        """Return what is done last in an expression as (template, values), (None, []) for anything else than a trailer."""
        if isinstance(node, ast.Attribute):
            return "{0}." + node.attr, []
        if isinstance(node, ast.Subscript):
            tree = self._tree(node.slice, objects)
            return (None, []) if tree is None else ("{0}[{1}]", [tree])
        if not isinstance(node, ast.Call):
            return None, []
        named = [(None, value) for value in node.args] + [(known.arg, known.value) for known in node.keywords]
        trees = [self._tree(value, objects) for _, value in named]
        if None in trees or any(known.arg is None for known in node.keywords):
            return None, []
        parts = [f"{name + '=' if name else ''}{{{at}}}" for at, (name, _) in enumerate(named, 1)]
        method = f".{node.func.attr}" if isinstance(node.func, ast.Attribute) else ""
        return "{0}" + method + "({})".format(", ".join(parts)), trees

    def _tree(self, node, objects):
        """Return the tree of an expression; objects that were brought into a state may only stand alone."""
        if isinstance(node, ast.Starred):
            return None
        if isinstance(node, ast.Name) and node.id in objects:
            return objects[node.id]
        if any(isinstance(part, ast.Name) and part.id in objects for part in ast.walk(node)):
            return None
        return from_expression(copy.deepcopy(node), self._names, parts=True)


def _root(node):
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _is_path(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name)
