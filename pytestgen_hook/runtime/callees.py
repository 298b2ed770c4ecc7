"""Looks up what a function calls, without running anything, and what is done there with what it hands on."""

import ast
import builtins
import functools
import inspect
import sys
import types

import classes
import harvest
import usage

# Functions that one hands its parameters on to, which are read: of those deepest down, …, of the first.
_MOST = (0, 3, 8)
_LEVELS = len(_MOST) - 1
_MOST_LINES = 150  # of one that is read
_MOST_WRAPPED = 50
# What it may raise to look something up.
UNKNOWN = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
_OPERATORS = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
}


class Callees:
    """What a function calls, as far as it lies in the same project.

    ``function`` is its ast node, ``raw`` the function itself, ``module`` where it is defined, ``tree`` the folder that the
    project is imported from.
    """

    def __init__(self, function, raw, module, tree, levels=_LEVELS):
        self._function = function
        self._module = module
        self._owner = class_of(raw, module)
        self._first = first_of(function, self._owner)
        self._tree = tree
        self._levels = levels
        self._read = {}

    def of_call(self, call):
        """Yield (node that is given, Usage of the parameter it is given as) for the arguments of a call."""
        try:
            called = target(call.func, self._function, self._owner, self._module)
        except UNKNOWN:
            return
        names, usages = self._taken(called)
        given = [*zip(names, call.args), *((known.arg, known.value) for known in call.keywords)]
        for name, node in given:
            if name in usages and not isinstance(node, ast.Starred):
                yield node, usages[name]

    def of_operator(self, node):
        """Yield the same for what is added to the object that a method belongs to, subtracted from it, and so on."""
        word = _OPERATORS.get(type(node.op))
        if self._first is None or word is None:
            return
        for own, other, forms in ((node.left, node.right, "__%s__"), (node.right, node.left, "__r%s__")):
            if isinstance(own, ast.Name) and own.id == self._first:
                try:
                    method = bound(inspect.getattr_static(self._owner, forms % word), self._owner)
                except UNKNOWN:
                    continue
                names, usages = self._taken(method)
                if names:
                    yield other, usages[names[0]]

    def constants(self):
        """Yield the constants of those that take something and are defined in other modules: they often do the parsing."""
        for raw in self._read:
            if raw.__module__ != self._module.__name__ and usage.node_of(raw) is not None:
                yield from harvest.constants_of(usage.node_of(raw))

    def _taken(self, called):
        """Return the names of the parameters of something called, in order, and their usages; nothing of other projects."""
        raw, skipped = _raw(called)
        if (
            raw is None
            or not self._levels
            or not isinstance(raw.__module__, str)
            or not classes.is_from(self._tree, raw)
        ):
            return (), {}
        if raw not in self._read and len(self._read) < _MOST[self._levels]:
            self._read[raw] = _usages(raw, self._tree, self._levels - 1)
        names, usages = self._read.get(raw, ((), {}))
        return names[skipped:], usages


@functools.lru_cache(maxsize=512)  # each method of a class asks for the same
def _usages(raw, tree, levels):
    """Return the names of the parameters of a function, in order, and their usages; nothing of one that is too long."""
    node = usage.node_of(raw)
    module = sys.modules.get(raw.__module__)
    if node is None or module is None or node.end_lineno - node.lineno > _MOST_LINES:
        return (), {}
    names = [known.arg for known in [*node.args.posonlyargs, *node.args.args]]
    try:
        return names, usage.usages(node, Callees(node, raw, module, tree, levels))
    except RecursionError:  # an expression of hundreds of terms
        return (), {}


def _raw(called):
    """Return the function that runs where something is called, and how many of its parameters come without being given."""
    if _is_a(called, type):
        called = inspect.getattr_static(called, "__init__", None)
        return (called, 1) if _is_a(called, types.FunctionType) else (None, 0)
    if _is_a(called, types.MethodType):
        return _raw(called.__func__)[0], 1
    called = unwrapped(called)
    return (called, 0) if _is_a(called, types.FunctionType) else (None, 0)


def _is_a(thing, kind):
    """Whether a thing is of a kind; ``isinstance`` asks an object of the project's what it takes itself to be."""
    return issubclass(type(thing), kind)


def unwrapped(thing):
    """Return the function that a function wraps, as ``inspect.unwrap`` does; of nothing else it is asked what it wraps."""
    for _ in range(_MOST_WRAPPED):
        if not _is_a(thing, (types.FunctionType, functools._lru_cache_wrapper)) or "__wrapped__" not in vars(thing):
            break
        thing = vars(thing)["__wrapped__"]
    return thing


def class_of(raw, module):
    """Return the class that a function was defined in, None for none and for one that only a function has."""
    found = module
    for part in raw.__qualname__.split(".")[:-1]:
        found = vars(found).get(part)
        if not _is_a(found, type):
            return None
    return found if found is not module else None


def first_of(function, owner):
    """Return the name of the parameter that is the object or the class of a method; None where there is no such."""
    listed = [*function.args.posonlyargs, *function.args.args]
    is_static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in function.decorator_list)
    return listed[0].arg if owner is not None and listed and not is_static else None


def target(node, function, owner, module):
    """Return what an expression of the body calls, as far as it can be looked up without running anything."""
    if isinstance(node, ast.Name):
        if node.id in _locals(function):
            raise LookupError
        return vars(module)[node.id] if node.id in vars(module) else vars(builtins)[node.id]
    if not isinstance(node, ast.Attribute):
        raise LookupError
    if owner is not None and isinstance(node.value, ast.Name) and node.value.id == first_of(function, owner):
        return bound(inspect.getattr_static(owner, node.attr), owner)
    if owner is not None and ast.unparse(node.value).startswith("super("):
        above = [vars(base)[node.attr] for base in owner.__mro__[1:] if node.attr in vars(base)]
        return bound(above[0], owner)
    home = target(node.value, function, None, module)
    if _is_a(home, types.ModuleType):
        return vars(home)[node.attr]
    if not _is_a(home, type):
        raise LookupError
    found = inspect.getattr_static(home, node.attr)
    return found if _is_a(found, types.FunctionType) else bound(found, home)  # which is given the object like the rest


@functools.lru_cache(maxsize=512)
def _locals(function):
    """Return the names that a function gives to what it takes and makes, in which those of its module are hidden."""
    nodes = list(ast.walk(function))
    found = {node.arg for node in nodes if isinstance(node, ast.arg)}
    found |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    shared = [node.names for node in nodes if isinstance(node, ast.Global)]
    return found.difference(*shared)


def bound(found, owner):
    """Return a member as it is called with an object of the class, or with the class."""
    if _is_a(found, staticmethod):
        return found.__func__
    method = found.__func__ if _is_a(found, classmethod) else found
    if _is_a(method, types.FunctionType):
        return method.__get__(owner, type(owner))
    if method is not found:
        raise LookupError  # to bind it may run anything
    return found
