"""Calls on one object, one after the other: which methods of a class change its state, and which only tell of it."""

import ast
import functools
import inspect
import types

import domains
from usage import node_of
from values import Built, Prepared, Step

_LONGEST = 4  # statements before the call, as they are drawn
_SHARE = 0.55  # of the objects drawn are brought into a state first
MOST_TELLING = 6  # methods of an object that are asked what they tell of it
MOST_LOOKING_UP = 2

_CHANGING = {
    "add", "append", "appendleft", "clear", "difference_update", "discard", "extend", "extendleft", "insert",
    "intersection_update", "move_to_end", "pop", "popitem", "popleft", "put", "remove", "reverse", "rotate", "setdefault",
    "sort", "symmetric_difference_update", "update", "write",
}  # fmt: skip
_CHANGING_ARGUMENTS = ("heap", "insort", "shuffle")  # how functions begin that change what they are given
_OF_BUILTINS = {
    list: ("append", "insert", "pop", "reverse"),
    dict: ("update", "pop", "__setitem__"),
    set: ("add", "discard"),
}
_NOT_CALLED = {"close", "shutdown", "start", "run", "join", "wait", "acquire", "connect"}  # without an argument
_TEMPLATES = {"__setitem__": "{0}[{1}] = {2}", "__delitem__": "del {0}[{1}]", "__iadd__": "{0} += {1}"}


class States(domains.Domain):
    """Objects of a domain, many of them brought into a state by calls of the methods that change them."""

    def __init__(self, objects, methods):
        self.objects = objects
        self.methods = methods

    def draw(self, rng, depth=0):
        made = self.objects.draw(rng, depth)
        if depth > 0 or rng.random() > _SHARE or not isinstance(made, (Built, Prepared)):
            return made
        few = rng.choices(
            self.methods, [method.weight for method in self.methods], k=2
        )  # the same ones again and again
        kinds = {}
        return Prepared(made, [rng.choice(few).draw(rng, kinds) for _ in range(rng.randint(1, _LONGEST))])


class Method:
    """One that changes the object it is called on; ``parameters`` are [(keyword or None, domain, is_required)]."""

    def __init__(self, name, parameters, is_property=False):
        self.name = name
        self.parameters = parameters
        self.is_property = is_property
        self.weight = 2 if any(required for _, _, required in parameters) else 1  # what fills comes before what empties

    def draw(self, rng, kinds):
        """Return the statement; ``kinds`` keeps, by the name of the parameter, what kind of values a sequence has there."""
        chosen = [item for item in self.parameters if item[2] or rng.random() < 0.3]
        for name, domain, _ in chosen:
            if name not in kinds:
                kinds[name] = domain.one_kind(rng)
        values = [kinds[name].draw(rng, 1) for name, _, _ in chosen]
        if self.is_property:
            return Step("{0}." + self.name + " = {1}", values)
        if self.name in _TEMPLATES:
            return Step(_TEMPLATES[self.name], values)
        parts = [f"{'' if required else name + '='}{{{at}}}" for at, (name, _, required) in enumerate(chosen, 1)]
        return Step("{0}." + self.name + "({})".format(", ".join(parts)), values)


def with_states(objects, kind, parameters_of, with_private=False):
    """Return the domain of objects of a class with those among them that were changed before; itself where nothing does.

    ``parameters_of(raw, node)`` gives the ``Method.parameters`` of a method: its function object and its ast node. What a
    private method does often follows from what another private one did before: then ``with_private``.
    """
    methods = []
    for name, raw in _functions(kind).items():
        node = node_of(raw)
        if node is None or _is_not_called(name, node) or not _is_changing(kind, name):
            continue
        if name not in _TEMPLATES and name.startswith("__" if with_private else "_"):
            continue
        parameters = parameters_of(raw, node)
        if parameters is not None:
            methods.append(Method(name, parameters, isinstance(inspect.getattr_static(kind, name), property)))
    for base, names in _OF_BUILTINS.items():
        if issubclass(kind, base):
            methods += [_of_builtin(name) for name in names if getattr(kind, name) is getattr(base, name)]
    return States(objects, methods) if methods else objects


def _of_builtin(name):
    constants = domains.Constants()
    item = ("item", domains.Any([(domains.Ints(constants), 1), (domains.Texts(constants), 1)]), True)
    place = ("index", domains.Ints(constants), True)
    table = ("other", domains.Dicts(domains.Texts(constants), domains.Ints(constants)), True)
    parameters = {"insert": [place, item], "update": [table], "__setitem__": [("key", *item[1:]), item], "reverse": []}
    return Method(name, parameters.get(name, [] if name == "pop" else [item]))


def questions(kind):
    """Return four lists of names of public methods that give something back.

    First those that need no argument and only tell of the object (``is_empty``), then those that need one (``get``), then
    those that change it, at most one in all: needing none (``pop``) or one. Whether a method changes its object is read
    from its text.
    """
    telling, looking_up, taking, moving = [], [], [], []
    for name, raw in sorted(_functions(kind).items()):
        if isinstance(inspect.getattr_static(kind, name), property):
            continue
        if name.startswith("_") and name not in ("__getitem__", "__contains__"):
            continue
        node = node_of(raw)
        if (
            node is None
            or _is_not_called(name, node)
            or raw.__code__.co_flags & _NOT_PLAIN
            or not _gives_something(node)
        ):
            continue
        needed = _needed(node.args)
        if needed == 0:
            (taking if _is_changing(kind, name) else telling).append(name)
        elif needed == 1:
            (moving if _is_changing(kind, name) else looking_up).append(name)
    moving = [name for name in moving if name.startswith(_LOOKING_UP)]
    return telling[:MOST_TELLING], looking_up[:MOST_LOOKING_UP], taking[:1], [] if taking else moving[:1]


def _is_not_called(name, node):
    """Whether a method waits for others, or ends what is needed: those of threads and connections need no argument."""
    return name in _NOT_CALLED and not _needed(node.args)


_LOOKING_UP = ("get", "find", "lookup", "peek", "has", "contains", "is_")


_NOT_PLAIN = inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR | inspect.CO_GENERATOR


def _gives_something(node):
    return any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(node))


def _needed(arguments):
    """Return how many arguments a method needs beside its object."""
    needed = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults) - 1
    return needed + sum(default is None for default in arguments.kw_defaults)


def question(name, variable, about=""):
    """Return the expression that asks a question of the object in a variable, about what another expression gives."""
    if name == "__getitem__":
        return f"{variable}[{about}]"
    if name == "__contains__":
        return f"{about} in {variable}"
    return f"{variable}.{name}({about})"


@functools.lru_cache(maxsize=64)
def _functions(kind):
    """Return {name: function} of the methods and the property setters that a class has from classes written in Python."""
    found = {}
    for base in kind.__mro__:
        for name, member in vars(base).items():
            if name in found or name in ("__init__", "__new__"):
                continue
            raw = member.fset if isinstance(member, property) else inspect.unwrap(member) if callable(member) else None
            if isinstance(raw, types.FunctionType):
                found[name] = raw
    return found


@functools.lru_cache(maxsize=512)
def _is_changing(kind, name, depth=0):
    """Whether a method, read as text, stores something in its object or calls what does."""
    raw = _functions(kind).get(name)
    node = None if raw is None else node_of(raw)
    if node is None or isinstance(node, ast.AsyncFunctionDef) or not [*node.args.posonlyargs, *node.args.args]:
        return False
    own = {[*node.args.posonlyargs, *node.args.args][0].arg}
    for part in ast.walk(node):
        if isinstance(part, ast.Assign) and _root(part.value) in own:
            own |= {target.id for target in part.targets if isinstance(target, ast.Name)}
    for_effect = {id(part.value) for part in ast.walk(node) if isinstance(part, ast.Expr)}  # calls for their effect
    for part in ast.walk(node):
        is_stored = isinstance(part, (ast.Attribute, ast.Subscript)) and isinstance(part.ctx, (ast.Store, ast.Del))
        if is_stored and _root(part) in own:
            return True
        if not isinstance(part, ast.Call):
            continue
        function = part.func
        if isinstance(function, ast.Attribute):
            is_super = isinstance(function.value, ast.Call) and getattr(function.value.func, "id", "") == "super"
            if is_super or _root(function) in own:
                if function.attr in _CHANGING or function.attr in _TEMPLATES:
                    return True
                if isinstance(function.value, ast.Name) and depth < 3 and _is_changing(kind, function.attr, depth + 1):
                    return True
        name = getattr(function, "id", None) or getattr(function, "attr", "")
        hands_on = any(isinstance(given, ast.Attribute) and _root(given) in own for given in part.args)
        if hands_on and (id(part) in for_effect or name.startswith(_CHANGING_ARGUMENTS)):
            return True  # ``heappush(self._heap, item)``
    return False


def _root(node):
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None
