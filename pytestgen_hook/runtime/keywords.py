"""Finds the names of arguments that a function takes without listing them: those of its ``**options``."""

import ast
import inspect
import keyword
import textwrap

import callees

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
            target = callees.unwrapped(callees.target(node.func, function, owner, module))
            taken = list(inspect.signature(target).parameters)
            tree = ast.parse(textwrap.dedent(inspect.getsource(target)))
        except (*callees.UNKNOWN, OSError, SyntaxError):
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
            taken = _taken(callees.target(node.func, function, owner, module))
        except callees.UNKNOWN:
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


def _is(node, parameter):
    return isinstance(node, ast.Name) and node.id == parameter
