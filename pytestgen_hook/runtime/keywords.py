"""Finds the names of arguments that a function takes without listing them: those of its ``**options``."""

import ast
import builtins
import inspect
import keyword
import textwrap

_USUAL = ("name", "value")  # where nothing tells which
_MOST = 24
_LOOKS = ("get", "pop", "setdefault")


def names(function, parameter, listed, owner, module):
    """Return the names worth giving by ``**parameter``, those first that the body reads.

    Then come those that functions take to which it is passed on; where it is not, what the body compares names with, and
    names that nobody expects. ``function`` is the function's ast node, ``listed`` are the names of its other parameters,
    ``owner`` is its class or None.
    """
    passed_on = list(_passed_on(function, parameter, owner, module))
    read = [*_read(function, parameter), *_read_elsewhere(function, parameter, owner, module)]
    expected = _fitting([*read, *(passed_on or _texts(function))], listed)
    if passed_on:
        return expected[:_MOST]
    return [*expected[: _MOST - len(_USUAL)], *_fitting(_USUAL, [*listed, *expected])]


def _fitting(names, taken):
    """Return those that an argument may have, each once."""
    found = [name for name in dict.fromkeys(names) if name.isidentifier() and name.strip("_")]
    return [name for name in found if not keyword.iskeyword(name) and name not in taken]


def _read(function, parameter):
    """Yield the keys that are looked up: ``options["a"]``, ``options.get("a")``, ``"a" in options``."""
    for node in ast.walk(function):
        key = None
        if isinstance(node, ast.Subscript) and _is(node.value, parameter):
            key = node.slice
        elif isinstance(node, ast.Compare) and any(_is(side, parameter) for side in node.comparators):
            key = node.left
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            key = node.args[0] if _is(node.func.value, parameter) and node.func.attr in _LOOKS else None
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value


def _read_elsewhere(function, parameter, owner, module):
    """Yield the keys that are looked up by functions of the project which are given the dict as it is."""
    for node in ast.walk(function):
        given = node.args if isinstance(node, ast.Call) else ()
        places = [at for at, argument in enumerate(given) if _is(argument, parameter)]
        if not places:
            continue
        try:
            target = inspect.unwrap(_target(node.func, function, owner, module))
            taken = list(inspect.signature(target).parameters)
            tree = ast.parse(textwrap.dedent(inspect.getsource(target)))
        except (AttributeError, LookupError, TypeError, ValueError, OSError, SyntaxError):
            continue
        for place in places:
            yield from _read(tree, taken[place]) if place < len(taken) else ()


def _texts(function):
    """Yield the texts of the body, without its docstring."""
    for statement in function.body[ast.get_docstring(function) is not None :]:
        for node in ast.walk(statement):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def _passed_on(function, parameter, owner, module):
    """Yield the names that functions take to which ``**options`` is passed on, without those that are given there."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call) or not any(
            known.arg is None and _is(known.value, parameter) for known in node.keywords
        ):
            continue
        try:
            taken = _taken(_target(node.func, function, owner, module))
        except (AttributeError, LookupError, TypeError, ValueError):
            continue
        given = {known.arg for known in node.keywords}
        places = [one for one in taken if one.kind is one.POSITIONAL_OR_KEYWORD]
        has_star = any(isinstance(one, ast.Starred) for one in node.args)
        free = [one for one in places if one.default is not one.empty] if has_star else places[len(node.args) :]
        free += [one for one in taken if one.kind is one.KEYWORD_ONLY]
        yield from (one.name for one in free if one.name not in given)


def _taken(target):
    """Return the parameters of what is called; of a class that passes options on also those of the classes above it."""
    found = list(inspect.signature(target).parameters.values())
    above = target.__mro__[1:] if isinstance(target, type) else ()
    for base in above:
        if not any(one.kind is one.VAR_KEYWORD for one in found):
            break
        if "__init__" in vars(base) and base is not object:
            found = [one for one in found if one.kind is not one.VAR_KEYWORD]
            found += list(inspect.signature(base.__init__).parameters.values())[1:]
    return found


def _target(node, function, owner, module):
    """Return what an expression of the body calls, as far as it can be looked up without running anything."""
    if isinstance(node, ast.Name):
        return vars(module)[node.id] if node.id in vars(module) else vars(builtins)[node.id]
    if not isinstance(node, ast.Attribute):
        raise LookupError
    first = function.args.args[0].arg if owner is not None and function.args.args else None
    if owner is not None and isinstance(node.value, ast.Name) and node.value.id == first:
        return _bound(inspect.getattr_static(owner, node.attr), owner)
    if owner is not None and ast.unparse(node.value).startswith("super("):
        above = [vars(base)[node.attr] for base in owner.__mro__[1:] if node.attr in vars(base)]
        return _bound(above[0], owner)
    home = _target(node.value, function, None, module)
    if not inspect.ismodule(home) and not isinstance(home, type):
        raise LookupError
    return _bound(inspect.getattr_static(home, node.attr), home) if isinstance(home, type) else vars(home)[node.attr]


def _bound(found, owner):
    """Return a member as it is called with an object of the class, or with the class."""
    if isinstance(found, staticmethod):
        return found.__func__
    if isinstance(found, classmethod) or inspect.isfunction(found):
        return (found.__func__ if isinstance(found, classmethod) else found).__get__(owner, type(owner))
    return found


def _is(node, parameter):
    return isinstance(node, ast.Name) and node.id == parameter
