"""The smallest class that fills in what an abstract class leaves open, written as a person would put it into a test."""

import inspect
import types

import domains
from literals import CannotWrite, Writer
from values import Defined


class Minimal(domains.Domain):
    """Instances of such a class; what its methods give back is drawn like any other value."""

    def __init__(self, name, heads, returned, parameters, needs):
        self.name = name
        self.heads = heads
        self.returned = returned  # a domain for each method
        self.objects = domains.Objects(name, parameters, needs)

    def draw(self, rng, depth=0):
        made = self.objects.draw(rng, depth)
        values = [domain.draw(rng, 1) for domain in self.returned]
        return Defined(made.function, made.arguments, made.needs, self.heads, values)


def minimal(kind, typing):
    """Return the domain of instances of the smallest subclass of an abstract class, or None if it cannot be written."""
    writer = Writer(typing.home)
    try:
        base = writer.name(kind)
    except CannotWrite:
        return None
    heads, returned = [], []
    for name in sorted(kind.__abstractmethods__):
        member = inspect.getattr_static(kind, name)
        head = _head(name, member)
        if head is None:
            return None
        heads.append(head)
        function = member.fget if isinstance(member, property) else member
        returned.append(_returned(function, typing))
    parameters = typing.parameters_of(kind)
    if parameters is None or not heads:
        return None
    name = "Minimal" + kind.__name__.lstrip("_").removeprefix("Abstract")
    return Minimal(name, (f"class {name}({base}):", *heads), returned, parameters, sorted(writer.imports))


def _returned(function, typing):
    annotation = domains.hints_of(function).get("return")
    found = None if annotation is None else typing.domain(annotation)
    return found or domains.Any([(domains.Ints(typing.constants), 2), (domains.Texts(typing.constants), 2)])


def _head(name, member):
    """Return the lines above the body of a method, or None for what is no plain method or property."""
    above = ()
    if isinstance(member, property):
        member, above = member.fget, ("@property",)
    if not isinstance(member, types.FunctionType) or inspect.isasyncgenfunction(member):
        return None
    word = "async def" if inspect.iscoroutinefunction(member) else "def"
    parts, has_star = [], False
    for parameter in inspect.signature(member).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            has_star = True
            parts.append("*" + parameter.name)
        elif parameter.kind is parameter.VAR_KEYWORD:
            parts.append("**" + parameter.name)
        else:
            if parameter.kind is parameter.KEYWORD_ONLY and not has_star:
                has_star = True
                parts.append("*")
            parts.append(parameter.name + ("" if parameter.default is parameter.empty else "=None"))
    return "\n".join((*above, f"{word} {name}({', '.join(parts)}):"))
