"""Looks up what a function calls, without running anything, and what is done there with what it hands on."""

import ast
import builtins
import contextlib
import functools
import inspect
import sys
import types

import classes
import harvest
import usage

_MOST = 8  # functions that one hands its parameters on to, which are read
_LEVELS = 2
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
        self._tree = tree
        self._levels = levels
        self._read = {}

    def of_call(self, call):
        """Yield (node that is given, Usage of the parameter it is given as) for the arguments of a call."""
        try:
            called = target(call.func, self._function, self._owner, self._module)
        except (AttributeError, LookupError, TypeError, ValueError):
            return
        names, usages = self._taken(called)
        given = [*zip(names, call.args), *((known.arg, known.value) for known in call.keywords)]
        for name, node in given:
            if name in usages and not isinstance(node, ast.Starred):
                yield node, usages[name]

    def of_operator(self, node):
        """Yield the same for what is added to the object that a method belongs to, subtracted from it, and so on."""
        first = self._function.args.args[0].arg if self._owner is not None and self._function.args.args else None
        word = _OPERATORS.get(type(node.op))
        if first is None or word is None:
            return
        for own, other, forms in ((node.left, node.right, "__%s__"), (node.right, node.left, "__r%s__")):
            if isinstance(own, ast.Name) and own.id == first:
                method = inspect.getattr_static(self._owner, forms % word, None)
                names, usages = self._taken(bound(method, self._owner))
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
        if raw is None or not self._levels or not classes.is_from(self._tree, raw):
            return (), {}
        if raw not in self._read and len(self._read) < _MOST:
            self._read[raw] = self._usages(raw)
        names, usages = self._read.get(raw, ((), {}))
        return names[skipped:], usages

    def _usages(self, raw):
        node = usage.node_of(raw)
        if node is None:
            return (), {}
        inner = Callees(node, raw, sys.modules[raw.__module__], self._tree, self._levels - 1)
        names = [known.arg for known in [*node.args.posonlyargs, *node.args.args]]
        return names, usage.usages(node, inner)


def _raw(called):
    """Return the function that runs where something is called, and how many of its parameters come without being given."""
    if isinstance(called, type):
        called = inspect.getattr_static(called, "__init__", None)
        return (called, 1) if inspect.isfunction(called) else (None, 0)
    if inspect.ismethod(called):
        return _raw(called.__func__)[0], 1
    # Of nothing else it is asked what it wraps: an object of the project's may do anything then.
    if isinstance(called, (types.FunctionType, functools._lru_cache_wrapper)):
        with contextlib.suppress(ValueError):  # it wraps itself
            called = inspect.unwrap(called)
    return (called, 0) if inspect.isfunction(called) else (None, 0)


def class_of(raw, module):
    """Return the class that a function was defined in, None for none and for one that only a function has."""
    path = raw.__qualname__.rpartition(".")[0]
    found = module
    for part in path.split(".") if path else ():
        found = getattr(found, part, None)
    return found if isinstance(found, type) else None


def target(node, function, owner, module):
    """Return what an expression of the body calls, as far as it can be looked up without running anything."""
    if isinstance(node, ast.Name):
        return vars(module)[node.id] if node.id in vars(module) else vars(builtins)[node.id]
    if not isinstance(node, ast.Attribute):
        raise LookupError
    first = function.args.args[0].arg if owner is not None and function.args.args else None
    if owner is not None and isinstance(node.value, ast.Name) and node.value.id == first:
        return bound(inspect.getattr_static(owner, node.attr), owner)
    if owner is not None and ast.unparse(node.value).startswith("super("):
        above = [vars(base)[node.attr] for base in owner.__mro__[1:] if node.attr in vars(base)]
        return bound(above[0], owner)
    home = target(node.value, function, None, module)
    if not inspect.ismodule(home) and not isinstance(home, type):
        raise LookupError
    return bound(inspect.getattr_static(home, node.attr), home) if isinstance(home, type) else vars(home)[node.attr]


def bound(found, owner):
    """Return a member as it is called with an object of the class, or with the class."""
    if isinstance(found, staticmethod):
        return found.__func__
    if isinstance(found, classmethod) or inspect.isfunction(found):
        return (found.__func__ if isinstance(found, classmethod) else found).__get__(owner, type(owner))
    return found
