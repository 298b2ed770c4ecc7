"""Objects that hold others of their class: linked lists, trees and graphs of nodes, from how a function walks them."""

import ast
import collections.abc
import inspect
import typing

import domains
from literals import CannotWrite, Writer
from usage import Usage, node_of
from values import Built, Items, Linked, Plain, Prepared, Step, Text

_LINK_WORDS = {"next", "prev", "previous", "left", "right", "parent", "child", "successor", "predecessor", "sibling"}
_LINKS_WORDS = {
    "children",
    "neighbors",
    "neighbours",
    "successors",
    "predecessors",
    "adjacent",
    "nodes",
    "parents",
    "incoming",
    "outgoing",
}
_BACKWARD = {  # the words of links that lead back, and those of the links that they belong to
    "prev": {"next"},
    "previous": {"next"},
    "parent": {"children", "child", "left", "right"},
    "parents": {"children"},
    "predecessor": {"successor", "successors"},
    "predecessors": {"successor", "successors"},
    "incoming": {"outgoing"},
}


def _words(name):
    return set(name.lower().split("_"))


class Role:
    """What an attribute of a node holds: another node (``is_link``), a list of them (``is_list``), or a value."""

    def __init__(self, name, is_link=False, is_list=False, domain=None):
        self.name = name
        self.is_link = is_link
        self.is_list = is_list
        self.domain = domain
        self.keyword = name  # of the constructor's parameter; None where it is set after the object was made
        self.required = False


class Nodes(domains.Domain):
    """Structures of a class of nodes: its name, what has to be imported, and the roles of its attributes."""

    def __init__(self, name, needs, roles):
        self.name = name
        self.needs = needs
        self.roles = roles
        links = [role for role in roles if role.is_link or role.is_list]
        forward = {role: _forward_of(role, links) for role in links}
        self.links = [role for role in links if not forward[role]]
        self.back = {role: names for role, names in forward.items() if names}

    def draw(self, rng, depth=0):
        kinds = {role.name: role.domain.one_kind(rng) for role in self.roles if role.domain is not None}
        node = self._made(rng, rng.choice((1, 2, 3, 3, 4, 5, 6)), kinds)
        if rng.random() < 0.4:
            node = _in_order(node)
        steps = [step for path in paths(node, self.name) for step in self._way_back(*_edge(path))]
        for start, role, end in self._further_edges(node, rng):
            form = "{0}%s.%s.append({0}%s)" if role.is_list else "{0}%s.%s = {0}%s"
            steps.append(Step(form % (start, role.name, end)))
            steps += self._way_back(start, role.name, end if role.is_list else f"{start}.{role.name}")
        return Prepared(node, steps) if steps else node

    def _way_back(self, start, name, end):
        """Yield the statements that lead from the end of a link back to its start: ``node.next.previous = node``."""
        for role, names in self.back.items():
            if name in names:
                form = "{0}%s.%s.append({0}%s)" if role.is_list else "{0}%s.%s = {0}%s"
                yield Step(form % (end, role.name, start))

    def _made(self, rng, count, kinds):
        """Return a tree of so many nodes."""
        counts = _split(rng, count - 1, len(self.links)) if self.links else []
        below = {role.name: part for role, part in zip(rng.sample(self.links, len(self.links)), counts)}
        given, later = [], []
        for role in self.roles:
            part = below.get(role.name, 0)
            if role in self.back:
                value = Items("list", []) if role.is_list else Plain(None)
                if role.keyword is not None and (role.required or role.is_list):
                    given.append((role.keyword, value))
                continue
            if role.is_list:
                parts = [size for size in _split(rng, part, min(part, 3)) if size]
                value = Items("list", [self._made(rng, size, kinds) for size in parts])
            elif role.is_link:
                value = self._made(rng, part, kinds) if part else Plain(None)
            else:
                value = kinds[role.name].draw(rng, 1)
            if role.keyword is not None:
                if part or role.required or (not role.is_link and not role.is_list):
                    given.append((role.keyword, value))
            elif role.is_list:
                later += [Step("{0}." + role.name + ".append({1})", [item], None) for item in value.items]
            elif part or not role.is_link:
                later.append(Step("{0}." + role.name + " = {1}", [value], "{0}." + role.name))
        made = Linked(self.name, given, self.needs)
        return Prepared(made, later) if later else made

    def _further_edges(self, node, rng):
        """Return [(path, role, path)] of links beside those of the tree: cycles, shared nodes, edges of a graph."""
        if not self.links or rng.random() > 0.35:
            return []
        places = ["", *paths(node, self.name)]
        role = rng.choice(self.links)
        if role.is_list:
            return [(rng.choice(places), role, rng.choice(places)) for _ in range(rng.choice((1, 1, 2, 3)))]
        return [(places[-1] if rng.random() < 0.7 else rng.choice(places), role, rng.choice(places))]


def _forward_of(role, links):
    """Return the names of the links that lead where this one leads back from; empty if it is none of those."""
    words = set().union(*[_BACKWARD.get(word, ()) for word in _words(role.name)])
    return {other.name for other in links if other is not role and words & _words(other.name)}


def _edge(path):
    """Return (path of the node above, attribute, path) of a path as ``paths`` gives it."""
    above, _, last = path.rpartition(".")
    return above, last.partition("[")[0], path


def _split(rng, total, parts):
    """Return ``parts`` whole numbers that add up to ``total``; often uneven, as in lists."""
    if parts <= 0:
        return []
    counts = [0] * parts
    lopsided = rng.random() < 0.3
    for _ in range(total):
        counts[0 if lopsided else rng.randrange(parts)] += 1
    return counts


def paths(node, name):
    """Return the attribute paths (``.left.right``, ``.children[0]``) at which a structure holds further nodes of a class."""
    found = []

    def walk(part, path):
        if isinstance(part, Prepared):
            walk(part.base, path)
            for step in part.steps:
                if step.place:
                    walk(step.values[0], step.place.format(path))
        elif isinstance(part, Items):
            for index, item in enumerate(part.items):
                walk(item, f"{path}[{index}]")
        elif isinstance(part, Built) and part.function == name:
            if path:
                found.append(path)
            for keyword, value in part.arguments:
                if keyword:
                    walk(value, f"{path}.{keyword}")

    walk(node, "")
    return found


def _in_order(node):
    """Return the structure with its numbers (or texts) in ascending order from left to right, as search trees have them."""
    leaves = []

    def collect(part):
        if isinstance(part, Plain):
            leaves.append(part)
            return
        inner = part.children()
        own = [child for child in inner if isinstance(child, Plain)]
        below = [child for child in inner if not isinstance(child, Plain)]
        for child in below[:1]:
            collect(child)
        leaves.extend(own)
        for child in below[1:]:
            collect(child)

    collect(node)
    for kind in (int, str):
        some = [leaf for leaf in leaves if type(leaf.value) is kind]
        if len(some) > 1:
            by = {id(leaf): Plain(value) for leaf, value in zip(some, sorted(leaf.value for leaf in some))}
            return _with(node, by)
    return node


def _with(node, by):
    if id(node) in by:
        return by[id(node)]
    return node.with_children([_with(child, by) for child in node.children()])


def nodes_of(domain):
    """Return the ``Nodes`` that a domain draws from, or None."""
    if isinstance(domain, domains.Any):
        return next((found for inner, _ in domain.choices for found in [nodes_of(inner)] if found is not None), None)
    return domain if isinstance(domain, Nodes) else None


def parts_of_each_other(parameters, arguments, rng):
    """Return the arguments with some that are parts of one before them: the node that is looked for is in the tree."""
    found = dict(arguments)
    earlier = []
    for parameter in parameters:
        nodes = nodes_of(parameter.domain) if parameter.name in arguments else None
        if nodes is None:
            continue
        for variable, name, node in earlier:
            if name == nodes.name and rng.random() < 0.6:
                found[parameter.name] = Text(variable + rng.choice(["", *paths(node, name)]))
                break
        else:
            earlier.append((parameter.variable, nodes.name, arguments[parameter.name]))
    return found


# -- which class -------------------------------------------------------------------------------------------------------


class Finder:
    """Finds the classes that parameters without annotations hold, by the attributes that the function reads from them."""

    def __init__(self, module, constants, typing):
        self.module = module
        self.constants = constants
        self._typing = typing

    def of_class(self, kind):
        """Return the structures of a class whose text says that it holds others of its class; None of any other."""
        found = self.nodes(kind, Usage())
        return found if found is not None and (found.links or found.back) else None

    def resolve(self, usages):
        """Give the usages of objects the domain to draw them from."""
        for usage in {id(inner): inner for known in usages for inner in known.inner()}.values():
            names = set(usage.all_attributes())
            asked_for = self._typing.asked_for(usage, self.module)
            if asked_for is not None:
                usage.domain = asked_for
            if not names or usage.domain is not None or any(name.startswith("__") for name in names):
                continue
            kind = self._typing.classes.nearest(names)
            if kind is not None:
                found = self.nodes(kind, usage)
                # What holds none of its like is made as any other object.
                usage.domain = found if found is not None and found.links else self._typing.domain(kind)
            elif not usage.called and _is_more_than_plain(usage, names):
                roles = [self._role(name, usage) for name in sorted(names)]
                for role in roles:
                    role.required = True
                usage.domain = Nodes("SimpleNamespace", [("types", "SimpleNamespace")], roles)
        for usage in {id(inner): inner for known in usages for inner in known.inner()}.values():
            if usage.link is not None and usage.domain is not None:
                usage.domain = domains.Any([(usage.domain, 5), (domains.Fixed([Plain(None)]), 1)])

    def nodes(self, kind, usage):
        """Return the domain of structures of a class; None if it cannot be called with what is known of it."""
        writer = Writer(self.module)
        try:
            name = writer.name(kind)
            signature = inspect.signature(kind)
        except (CannotWrite, ValueError, TypeError):
            return None
        roles = []
        hints = {**domains.hints_of(kind), **domains.hints_of(getattr(kind, "__init__", None))}
        for parameter in signature.parameters.values():
            if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                continue
            role = self._role(parameter.name, usage, parameter.default, _own(hints.get(parameter.name), kind))
            if role.domain is not None and parameter.name in hints:
                role.domain = self._typing.domain(hints[parameter.name]) or role.domain
            role.required = parameter.default is parameter.empty
            if parameter.kind is parameter.POSITIONAL_ONLY:
                return None
            roles.append(role)
        later = {*usage.all_attributes(), *_set_to_nothing(kind)} - set(signature.parameters) - usage.called
        for attribute in sorted(later):
            if not hasattr(kind, attribute):
                role = self._role(attribute, usage, own=_own(hints.get(attribute), kind))
                if role.is_link or role.is_list:
                    role.keyword = None
                    roles.append(role)
        return Nodes(name, sorted(writer.imports), roles)

    def _role(self, name, usage, default=inspect.Parameter.empty, own=None):
        """Return what an attribute holds; ``own`` is "link" or "list" where an annotation says that it holds its like."""
        known = usage.all_attributes().get(name)
        of_node = set(usage.all_attributes())
        if known is not None and known.element is not None and _is_node(known.element, of_node):
            return Role(name, is_list=True)
        if known is not None and _is_node(known, of_node):
            return Role(name, is_link=True)
        is_open = default is None or default is inspect.Parameter.empty
        if is_open and (_words(name) & _LINK_WORDS or own == "link"):
            return Role(name, is_link=True)
        if own == "list" or (_words(name) & _LINKS_WORDS and (is_open or default == [])):
            return Role(name, is_list=True)
        domain = domains.from_usage(known, self.constants, depth=1) if known is not None and known.ranked() else None
        if domain is None:
            domain = domains.default_domain(default, self.constants) or domains.Any(
                [(domains.Ints(self.constants), 4), (domains.Texts(self.constants), 1)]
            )
        return Role(name, domain=domain)


def _is_more_than_plain(usage, names):
    """Whether the attributes say more of what it is than a name or an operator does."""
    holds_its_like = any(_is_node(inner, names) for known in usage.all_attributes().values() for inner in known.inner())
    return (holds_its_like or usage.link is not None or len(names) > 1) and max(usage.points.values(), default=0) < 5


def _is_node(usage, names):
    attributes = set(usage.attributes)
    return usage.link is not None or (bool(attributes) and attributes <= names)


def _own(annotation, kind):
    """Return "link" where an annotation names the class itself, "list" where it names a list of it, else None."""
    if annotation is None:
        return None
    if annotation is kind:
        return "link"
    inner = typing.get_args(annotation)
    if typing.get_origin(annotation) in (list, collections.abc.Sequence, collections.abc.MutableSequence):
        return "list" if kind in inner else None
    return next((own for part in inner for own in [_own(part, kind)] if own is not None), None)


def _set_to_nothing(kind):
    """Return the attributes that the constructor of a class sets to None or to an empty list."""
    init = node_of(kind.__init__) if inspect.isfunction(kind.__init__) else None
    found = set()
    for part in ast.walk(init) if init is not None else ():
        if isinstance(part, (ast.Assign, ast.AnnAssign)):
            value = part.value
            nothing = isinstance(value, ast.Constant) and value.value is None
            if nothing or (isinstance(value, ast.List) and not value.elts):
                targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                found |= {target.attr for target in targets if isinstance(target, ast.Attribute)}
    return {name for name in found if not name.startswith("_")}
