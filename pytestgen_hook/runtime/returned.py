"""Functions that a function gives: closures, decorators' wrappers, partials. What they are shows only when they are called.

And parsers of command lines, which show what they are when they parse one.
"""

import argparse
import ast
import functools
import inspect
import operator
import types

import commandline
import domains
import usage
from literals import CannotWrite, Writer

DEEPEST = 3  # calls one after the other: a decorator with arguments needs all three
CALLED = "({})"
PARSED = ".parse_args({})"
CALL = "(%d)"  # the name of the parameter that says whether the result is called once more
_TAKING_ONE = ("len", "str", "int", "abs", "sorted", "lambda value: value * 2", "lambda value: None")

_CALLED = (
    types.FunctionType,
    types.MethodType,
    types.BuiltinFunctionType,
    types.MethodWrapperType,
    functools.partial,
    type(functools.lru_cache(len)),
    operator.itemgetter,
    operator.attrgetter,
    operator.methodcaller,
)


def told_of(subject, value):
    """Return what is to be known to call the value, as JSON carries it; None if it is no function or has a name of its own.

    {"parameters": [[name, kind, whether it has a default]], "line": first line of its code, or 0, "form": how it is called}
    """
    if isinstance(value, argparse.ArgumentParser):
        return {"parameters": [["args", "POSITIONAL_ONLY", False]], "line": 0, "form": PARSED}
    if not isinstance(value, _CALLED) or _has_name(subject, value):
        return None
    try:
        signature = inspect.signature(value, follow_wrapped=False)
        parameters = [
            [known.name, known.kind.name, known.default is not known.empty] for known in signature.parameters.values()
        ]
    except (ValueError, TypeError):
        parameters = [["value", "POSITIONAL_ONLY", False]]
    code = getattr(value, "__code__", None)
    is_own = code is not None and code.co_filename == subject.raw.__code__.co_filename
    return {"parameters": parameters, "line": code.co_firstlineno if is_own else 0, "form": CALLED}


def _has_name(subject, value):
    try:
        text = Writer(subject.module).name(value)
        return subject.scope.evaluate(text) is value
    except (CannotWrite, NameError, AttributeError):
        return False


def parameters(plan, told, level, typing, make, taken):
    """Return the parameters of the call of a result, ``make(name, variable, style, required, domain)`` for each.

    ``told`` is of ``told_of``; ``taken`` are variables in use.
    """
    if told["form"] == PARSED:
        lines = commandline.for_argparse(plan.function, plan.tree, plan.constants)
        return [_calling(make, level), make(CALL % level + "args", "args", "positional", True, lines)]
    node = _definition(plan.function, told["line"])
    used = usage.usages(node) if node is not None else {}
    hints = _hints(node, plan.subject.module)
    found = [_calling(make, level)]
    listed = [known for known in told["parameters"] if known[1] != "VAR_KEYWORD"]
    if [known[1] for known in listed] == ["VAR_POSITIONAL"] and _passes_on(plan, node, listed[0][0]):
        # The wrapper that a decorator makes takes what the function takes that it is given.
        listed = [["value", "POSITIONAL_ONLY", False]]
    for name, kind, has_default in listed:
        domain = None
        if name in hints:
            try:
                domain = typing.domain(hints[name])
            except (CannotWrite, RecursionError, TypeError):
                domain = None
        if domain is None:
            domain = domains.from_usage(used.get(name), plan.constants)
        style = {"KEYWORD_ONLY": "keyword", "VAR_POSITIONAL": "star"}.get(kind, "positional")
        if style == "star":
            domain = domains.Containers("tuple", domain)
        variable = name.lstrip("_") or "value"
        while variable in taken:
            variable += "_"
        taken.add(variable)
        required = style != "star" and not (has_default and kind != "POSITIONAL_ONLY")
        found.append(make(CALL % level + name, variable, style, required, domain))
    return found


def _calling(make, level):
    return make(CALL % level, None, "call", False, domains.Fixed([domains.Plain(None)]))


def _definition(function, line):
    """Return the function or lambda inside ``function`` whose code starts at the line, or None."""
    for node in ast.walk(function):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and node is not function:
            first = min([node.lineno, *[known.lineno for known in getattr(node, "decorator_list", ())]])
            if first == line:
                return _as_function(node)
    return None


def _as_function(node):
    """Return a lambda as the definition that it stands for; any other node as it is."""
    if not isinstance(node, ast.Lambda):
        return node
    function = ast.parse("def given(): pass").body[0]
    function.args = node.args
    function.body = [ast.copy_location(ast.Return(node.body), node.body)]
    return function


def _hints(node, module):
    """Return the annotations of a definition that can be evaluated where it stands in the module."""
    found = {}
    if node is None:
        return found
    for argument in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]:
        if argument.annotation is not None:
            try:
                found[argument.arg] = eval(ast.unparse(argument.annotation), dict(vars(module)))
            except Exception:  # a name of the function around it, or anything else
                continue
    return found


def _passes_on(plan, node, name):
    """Whether a definition calls a parameter of the functions around it with all that it is given itself."""
    return node is not None and bool(_wrapped(plan.function, node, name))


def _wrapped(function, node, name):
    around = {
        argument.arg
        for outer in ast.walk(function)
        if isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)) and outer is not node
        for argument in outer.args.args
    }
    return {
        call.func.id
        for call in ast.walk(node)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in around
        and any(isinstance(part, ast.Starred) and getattr(part.value, "id", "") == name for part in call.args)
    }


def narrow(plan):
    """Give the parameters that are wrapped by a decorator functions that take one value, as its wrapper is given one."""
    wrapped = set()
    for node in ast.walk(plan.function):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) and node.args.vararg:
            wrapped |= _wrapped(plan.function, node, node.args.vararg.arg)
    for parameter in plan.parameters:
        if parameter.name.rpartition(")")[2] in wrapped and parameter.style == "positional":
            parameter.domain = domains.Fixed([domains.Text(text) for text in _TAKING_ONE])
