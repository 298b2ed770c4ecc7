"""What the classes of a function's parameters have, for tests that put stand-ins in the place of their objects."""

import inspect

import classes
import domains
import standins
from literals import CannotWrite, Writer
from mutants import find_function


def of_parameters(subject, tree):
    """Return {parameter: {module, name, members, attributes, methods}} for parameters whose class is known.

    That is: by their annotation, or as the one class of the project that has all that the function uses of them.
    ``members`` are those of the class, ``attributes`` what only its objects have, ``methods`` maps those that the function
    uses to the names of their parameters.
    """
    chain = find_function(tree, subject.first_line, subject.raw.__code__.co_name)
    if chain is None:
        return {}
    hints = domains.hints_of(subject.raw)
    known = classes.Classes(subject.module, subject.filename, subject.tree)
    found = {}
    arguments = chain[-1].args
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
        used = standins.members_of(chain[-1], argument.arg)
        if used and argument.arg not in ("self", "cls"):
            kind = _kind(hints.get(argument.arg), used, known)
            described = _described(kind, used, subject.module) if kind is not None else None
            if described is not None:
                found[argument.arg] = described
    return found


def _kind(hint, used, known):
    if hint is not None:
        kinds = [kind for kind in standins.kinds_of(hint) if kind.__module__ != "builtins"]
        return kinds[0] if len(kinds) == 1 else None
    if not used - standins.BUILTIN_MEMBERS:
        return None
    kinds = known.having(used)
    bases = [kind for kind in kinds if all(issubclass(other, kind) for other in kinds)]
    return bases[0] if bases else None


def _described(kind, used, home):
    writer = Writer(home)
    try:
        name = writer.name(kind)
    except CannotWrite:
        return None
    ((module, _),) = writer.imports
    if "." in name:
        return None
    members = {member for member in dir(kind) if not member.startswith("__")}
    return {
        "module": module,
        "name": name,
        "members": sorted(members),
        "attributes": sorted(classes.members_of(kind) - set(dir(kind))),
        "methods": {member: _parameters(kind, member) for member in sorted(used & members)},
    }


def _parameters(kind, name):
    try:
        method = getattr(kind, name)
        found = list(inspect.signature(method).parameters.values())
    except Exception:
        return []
    if inspect.isfunction(method) and not isinstance(inspect.getattr_static(kind, name), staticmethod):
        found = found[1:]
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [stars.get(one.kind, "") + one.name for one in found]
