"""Stand-ins for what cannot be made here: ``create_autospec`` of the real class, told what its used methods give.

What is real always wins, since it shows more: a stand-in takes the place of a class only where that is abstract and nothing
implements it, where no call of it ends in an object, or where its objects leave the sandbox.
"""

import ast
import builtins
import collections.abc
import contextlib
import inspect
import keyword
import os
import pathlib
import random
import re
import types
import typing

import classes
import domains
import files
import usage
import workers
from literals import CannotWrite, Writer
from values import Items, Layout, Named, Text

_TRIALS = 10  # attempts at making an object of a class
_TRIAL_SECONDS = 1.0
_FAILING = 0.25  # of the stand-ins for what the code expects to fail do fail
BUILTIN_MEMBERS = {
    name for kind in (str, bytes, int, float, list, dict, set, tuple, types.FunctionType) for name in dir(kind)
}


class Standin(Named):
    """``create_autospec(Database, instance=True)``, and the values set below it: ``.get.return_value``."""

    __slots__ = ("kind", "needs", "settings", "variable")

    def __init__(self, kind, needs, settings, variable):
        self.kind = kind
        self.needs = tuple(needs)
        self.settings = tuple(settings)  # (path below it, node)
        self.variable = variable

    def _made(self):
        return Text(f"create_autospec({self.kind}, instance=True)")

    def lines(self, name):
        return [(name, self._made()), *((f"{name}{path} = {{}}", node) for path, node in self.settings)]

    def source(self):
        settings = "".join(f"; {path} = {node.source()}" for path, node in self.settings)
        return self._made().source() + settings

    def children(self):
        return tuple(node for _, node in self.settings)

    def with_children(self, children):
        settings = [(path, child) for (path, _), child in zip(self.settings, children)]
        return Standin(self.kind, self.needs, settings, self.variable)

    def simpler(self):
        for at in range(len(self.settings)):
            yield Standin(self.kind, self.needs, [*self.settings[:at], *self.settings[at + 1 :]], self.variable)

    def imports(self):
        return {("unittest.mock", "create_autospec")}.union(self.needs, *[node.imports() for node in self.children()])


class Standins(domains.Domain):
    """Stand-ins for a class; each of ``members`` is a list of (path, domain, weight) of which one is chosen."""

    def __init__(self, kind, needs, variable):
        self.kind = kind
        self.needs = needs
        self.variable = variable
        self.members = []

    def draw(self, rng, depth=0):
        settings = []
        for choices in self.members if depth <= domains.DEEPEST else ():
            path, domain, _ = rng.choices(choices, [weight for _, _, weight in choices])[0]
            settings.append((path, domain.draw(rng, depth + 1)))
        return Standin(self.kind, self.needs, settings, self.variable)


class Sequences(domains.Domain):
    """Lists that begin with a member of the first domain and end with one of the second: it fails, then it works."""

    def __init__(self, first, last):
        self.first = first
        self.last = last

    def draw(self, rng, depth=0):
        return Items("list", [self.first.draw(rng, depth + 1), self.last.draw(rng, depth + 1)])


# -- what the code uses ------------------------------------------------------------------------------------------------


class Code:
    """The function and what of its module it calls, its class's constructor among it: which members of objects it uses."""

    def __init__(self, tree, function, owner):
        self._functions = {node.name: node for node in tree.body if isinstance(node, classes.FUNCTIONS)}
        self._methods = {node.name: node for node in owner.body if isinstance(node, classes.FUNCTIONS)} if owner else {}
        self.nodes = []
        for node in (function, self._methods.get("__init__"), self._methods.get("__post_init__")):
            self._reach(node)
        self.members = {node.attr for body in self.nodes for node in ast.walk(body) if isinstance(node, ast.Attribute)}
        self.dropped = set()  # methods whose results no one looks at
        self.entered = {}  # methods whose results are entered → name that is given
        self.caught = {}  # methods → types of exceptions that are handled around calls of them
        self._kept = set()
        for body in self.nodes:
            self._read(body)
        self.dropped -= self._kept
        self.results = _Results(self.nodes)

    def _reach(self, node):
        if node is None or node in self.nodes or len(self.nodes) > 40:
            return
        self.nodes.append(node)
        for inner in ast.walk(node):
            if isinstance(inner, ast.Name):
                self._reach(self._functions.get(inner.id))
            elif isinstance(inner, ast.Attribute) and classes.is_self(inner.value):
                self._reach(self._methods.get(inner.attr))

    def _read(self, body):
        statements = set()
        for node in ast.walk(body):
            if isinstance(node, ast.Expr):
                value = node.value.value if isinstance(node.value, ast.Await) else node.value
                statements.add(id(value))
            elif isinstance(node, (ast.With, ast.AsyncWith)):
                for item in node.items:
                    method = _method_of(item.context_expr)
                    if method:
                        self.entered[method] = item.optional_vars
            elif isinstance(node, ast.Try):
                handled = [part for handler in node.handlers for part in _parts(handler.type)]
                for inner in (inner for statement in node.body for inner in ast.walk(statement)):
                    if _method_of(inner):
                        self.caught.setdefault(_method_of(inner), []).extend(handled)
        for node in ast.walk(body):
            method = _method_of(node)
            if method:
                (self.dropped if id(node) in statements else self._kept).add(method)


def _method_of(node):
    """Return the name of the method that an expression calls, or None."""
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None


def _parts(node):
    return node.elts if isinstance(node, ast.Tuple) else [node] if node is not None else []


class _Results(usage._Reader):
    """How the results of methods and the attributes of objects are used, by the name of the method or attribute."""

    def __init__(self, nodes):
        self.of_calls = {}
        self.of_attributes = {}
        self.of_entered = {}
        self.keys = {}  # id of the usage of a dict → {key: usage of its value}
        for node in nodes:
            arguments = [*node.args.posonlyargs, *node.args.args]
            super().__init__({argument.arg: usage.Usage() for argument in arguments}, node)
            self.visit(node)

    def usage(self, node):
        if isinstance(node, ast.Await):
            return self.usage(node.value)
        if _method_of(node):
            return self.of_calls.setdefault(node.func.attr, usage.Usage())
        if isinstance(node, ast.Attribute):
            return self.of_attributes.setdefault(node.attr, usage.Usage())
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and type(node.slice.value) is str:
            outer = self.usage(node.value)
            return outer and self.keys.setdefault(id(outer), {}).setdefault(node.slice.value, usage.Usage())
        return super().usage(node)

    def visit_Subscript(self, node):  # noqa: N802
        self.usage(node)
        super().visit_Subscript(node)

    def visit_With(self, node):  # noqa: N802
        for item in node.items:
            method = _method_of(item.context_expr)
            if method and isinstance(item.optional_vars, ast.Name):
                self.known[item.optional_vars.id] = self.of_entered.setdefault(method, usage.Usage())
        self.generic_visit(node)

    visit_AsyncWith = visit_With  # noqa: N815


# -- classes to domains ------------------------------------------------------------------------------------------------


class Typing(domains.Typing):
    """As the base class, with stand-ins for classes of which no object can be made.

    ``can_make(kind, domain)`` tells by trying; with ``avoid`` objects whose methods the code calls are not made at all.
    """

    def __init__(self, subject, constants, code, can_make=None, avoid=False):
        super().__init__(subject.module, constants)
        self.has_real = False  # objects of classes for which there could be stand-ins
        self.classes = classes.Classes(subject.module, subject.raw.__code__.co_filename, subject.tree)
        self._code = code
        self._can_make = can_make
        self._avoid = avoid

    def _class(self, kind):
        found = super()._class(kind)
        if found is None and getattr(kind, "_is_protocol", False):
            found = self._implementing(kind)
        if found is None:
            return self.stand_in(kind)
        if isinstance(kind.__init__, types.FunctionType) and self._simple(kind) is None:
            if self._avoid and self._calls_methods_of(kind):
                return self.stand_in(kind) or found
            self.has_real = self.has_real or self._calls_methods_of(kind)
            can = self._can_make(kind, found) if self._can_make else True
            if not can:
                standing = self.stand_in(kind)
                if standing is None or can is False:
                    return standing or found
                return domains.Any([(standing, 1), (found, 1)])  # it may only take better arguments
        return found

    def _calls_methods_of(self, kind):
        names = {name for name in self._code().members & set(dir(kind)) if not name.startswith("__")}
        return any(callable(getattr(kind, name, None)) for name in names)

    def parameters_of(self, kind):
        """As in the base class; a stand-in has the name of the parameter that it is for."""
        found = super().parameters_of(kind)
        with contextlib.suppress(ValueError, TypeError):
            hints = {**domains.hints_of(kind), **domains.hints_of(kind.__init__)}
            names = list(inspect.signature(kind).parameters)
            for at, (name, (keyword_, domain, required)) in enumerate(zip(names, found or ())):
                for part in _alternatives(domain):
                    if isinstance(part, Standins):
                        part.variable = name.lstrip("_") or part.variable
                further = [node for _, node in classes.methods_of(kind)]
                paths = self.paths(name, kept(kind, name), hints.get(name), further)
                if paths is not None:
                    found[at] = (keyword_, paths, required)
        return found

    def paths(self, name, names, annotation, further=()):
        """Return the domain for what is the path of a file or folder that the code works on; None for what is none.

        ``name`` is the parameter, ``names`` are that and the attributes of ``self`` that hold it, ``further`` are more
        functions that use it.
        """
        code = self._code()
        nodes = [*code.nodes, *further]
        kinds = set(kinds_of(annotation))
        if kinds and not kinds & {pathlib.Path, os.PathLike, str}:
            return None
        document = next(
            (code.results.of_calls[name] for name in ("load", "loads") if name in code.results.of_calls), None
        )
        values = self._by_usage(document) if self._has_keys(document) else None
        uses = files.Uses(nodes, names)
        found = files.domain(uses, name, nodes, self.constants, values)
        if found is None:
            return None
        if not kinds & {pathlib.Path, os.PathLike}:
            found = files.AsText(found)
        is_container = typing.get_origin(annotation) in (list, collections.abc.Iterable, collections.abc.Sequence)
        return domains.Containers("list", found) if is_container or (uses.is_many and not kinds) else found

    def _implementing(self, protocol):
        names = {name for name in dir(protocol) if not name.startswith("_")} | set(
            getattr(protocol, "__annotations__", ())
        )
        kinds = [kind for kind in self.classes.having(names) if not inspect.isabstract(kind)] if names else []
        found = [(self.domain(kind), 1) for kind in kinds[:3]]
        found = [pair for pair in found if pair[0] is not None]
        return domains.Any(found) if found else None

    def by_members(self, names, name=""):
        """Return the domain of the one class of the project that has all these members; None if there is not one.

        Members that built-in objects have too tell nothing, unless the class is named as what it is given to.
        """
        if not names:
            return None
        kinds = self.classes.having(set(names))
        if not set(names) - BUILTIN_MEMBERS:
            kinds = [kind for kind in kinds if name.strip("_") == _variable(kind)]
        bases = [kind for kind in kinds if all(issubclass(other, kind) for other in kinds)]
        return self.domain(bases[0]) if bases else None

    def methods_of(self, kind):
        """Return the nodes of the methods of a class."""
        return [node for _, node in classes.methods_of(kind)]

    def unannotated(self, kind, name):
        """Return the domain for a parameter of a constructor by what the class does with what it is given."""
        return self.by_members(_members_used(kind, name), name)

    def stand_in(self, kind):
        """Return the domain of stand-ins for a class, or None where a test could not name it."""
        writer = Writer(self.home)
        try:
            name = writer.name(kind)
        except CannotWrite:
            return None
        with contextlib.suppress(Exception):
            import unittest.mock  # here, and not in each process that is forked

            unittest.mock.create_autospec(kind, instance=True)
            found = Standins(name, sorted(writer.imports), _variable(kind))
            found.members = [choices for choices in map(self._member, *self._used(kind)) if choices]
            return found
        return None

    def _used(self, kind):
        names = sorted(name for name in self._code().members & classes.members_of(kind) if not name.startswith("__"))
        return [kind] * len(names), names

    def _member(self, kind, name):
        """Return the (path, domain, weight) that one used member of a class may be given."""
        static = inspect.getattr_static(kind, name, None)
        results = self._code().results
        if not (callable(static) or isinstance(static, (classmethod, staticmethod))):
            hint = domains.hints_of(kind).get(name)
            if isinstance(static, property):
                hint = domains.hints_of(static.fget).get("return")
            if hint is None and static is None:
                hint = _assigned_hint(kind, name)
            domain = self._known(hint) or self._by_usage(results.of_attributes.get(name))
            return [("." + name, domain, 1)]
        found = self._results_of(kind, name)
        if name in self._code().caught:
            failing = self._failing(self._code().caught[name])
            if failing is not None:
                weight = sum(weight for _, _, weight in found) or 1
                found.append((f".{name}.side_effect", failing, weight * _FAILING))
                if len(found) == 2 and found[0][0].endswith(".return_value"):
                    again = Sequences(failing, found[0][1])
                    found.append((f".{name}.side_effect", again, weight * _FAILING / 2))
        return found

    def _results_of(self, kind, name):
        code = self._code()
        if name in code.entered:
            if code.entered[name] is None:
                return []
            path = f".{name}.return_value.__enter__.return_value"
            return self._chain(path, code.results.of_entered.get(name), 0)
        if name in code.dropped:
            return []
        method = inspect.unwrap(getattr(kind, name))
        hints = domains.hints_of(method) if hasattr(method, "__annotations__") else {}
        path = f".{name}.return_value"
        if "return" in hints:
            domain = self._known(hints["return"])
            if domain is not None:
                used = code.results.of_calls.get(name)
                if self._has_keys(used) and not _holds_records(domain):
                    domain = domains.Any([(self._by_usage(used), 4), (domain, 1)])
                return [(path, domain, 1)]
        return self._chain(path, code.results.of_calls.get(name), 0)

    def _has_keys(self, used):
        keys = self._code().results.keys
        return used is not None and (id(used) in keys or id(used.element) in keys)

    def _known(self, hint):
        if hint is None:
            return None
        with contextlib.suppress(CannotWrite, RecursionError, TypeError):
            return self.domain(hint)
        return None

    def _chain(self, path, used, depth):
        """Return what a result gives by its usage; for an object of an unknown class what its one used member gives."""
        results = self._code().results
        names = set(used.attributes if used is not None else ()) - BUILTIN_MEMBERS
        if not names:
            return [(path, self._by_usage(used), 1)]
        domain = self.by_members(names)
        if domain is not None:
            return [(path, domain, 1)]
        if len(names) > 1 or depth > 2:
            return []
        (name,) = names
        if name in self._code().dropped:
            return []
        if name not in results.of_calls:
            return [(f"{path}.{name}", self._by_usage(results.of_attributes.get(name)), 1)]
        return self._chain(f"{path}.{name}.return_value", results.of_calls[name], depth + 1)

    def _by_usage(self, used, depth=0):
        """Return the domain of values that are used so; dicts have the keys that are looked up."""
        keys = self._code().results.keys.get(id(used)) if depth < 3 else None
        if not keys:
            if self._has_keys(used):
                return domains.Containers("list", self._by_usage(used.element, depth + 1))
            return domains.from_usage(used, self.constants)
        return domains.Records({key: self._by_usage(inner, depth + 1) for key, inner in keys.items()})

    def _failing(self, handled):
        """Return the domain of exceptions of the types that are handled."""
        nodes = []
        for part in handled:
            try:
                kind = eval(compile(ast.Expression(part), "", "eval"), dict(vars(self.home)))
                kind = RuntimeError if kind in (Exception, BaseException) else kind
                kind("failed")
                writer = Writer(self.home)
                name = writer.name(kind)
            except Exception:  # one that wants more than a text
                continue
            nodes.append(Text(f'{name}("failed")', sorted(writer.imports)))
        return domains.Fixed(nodes) if nodes else None


def _variable(kind):
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", kind.__name__).lower().strip("_") or "thing"
    return name + "_" if keyword.iskeyword(name) or hasattr(builtins, name) else name


def _alternatives(domain):
    if isinstance(domain, domains.Any):
        return [part for inner, _ in domain.choices for part in _alternatives(inner)]
    return [domain]


def _holds_records(domain):
    return any(isinstance(part, (domains.Records, domains.Objects)) for part in _alternatives(domain))


def _assigned_hint(kind, name):
    """Return the annotation of the parameter that a method gives an attribute of ``self``, or None."""
    for function, node in classes.methods_of(kind):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assign) and isinstance(inner.value, ast.Name):
                for target in inner.targets:
                    if isinstance(target, ast.Attribute) and classes.is_self(target.value) and target.attr == name:
                        return domains.hints_of(function).get(inner.value.id)
    return None


def kinds_of(annotation):
    """Return the classes in an annotation, without None."""
    arguments = [part for part in typing.get_args(annotation) if part is not type(None)]
    if arguments:
        return [kind for part in arguments for kind in kinds_of(part)]
    return [annotation] if isinstance(annotation, type) and annotation is not inspect.Parameter.empty else []


def kept(kind, name):
    """Return the parameter ``name`` of a constructor with the attributes of ``self`` that are given its value."""
    found = {name}
    for _, node in classes.methods_of(kind):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Assign) and _is_made_of(inner.value, name):
                found |= {target.attr for target in inner.targets if isinstance(target, ast.Attribute)}
    return found


def _is_made_of(node, name):
    """Whether the expression is the name, or a call such as ``Path(name)``."""
    if isinstance(node, ast.Call) and len(node.args) == 1:
        node = node.args[0]
    return isinstance(node, ast.Name) and node.id == name


def _members_used(kind, name):
    """Return the members that a class uses of what its constructor takes as the parameter ``name``."""
    functions = [node for _, node in classes.methods_of(kind)]
    attributes = kept(kind, name)
    found = set()
    for node in functions:
        for inner in ast.walk(node):
            if not isinstance(inner, ast.Attribute):
                continue
            owner = inner.value
            is_given = isinstance(owner, ast.Name) and owner.id == name and node.name == "__init__"
            if is_given or (
                isinstance(owner, ast.Attribute) and classes.is_self(owner.value) and owner.attr in attributes
            ):
                found.add(inner.attr)
    return found


def members_of(function, name):
    """Return the members that a function, a syntax tree, uses of its parameter ``name``."""
    return {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


# -- trials ------------------------------------------------------------------------------------------------------------

_MADE = {}


def trial(subject, guard):
    """Return the function ``can_make(kind, domain)``: True, False if to make it leaves the sandbox, None if all calls fail."""

    def can_make(kind, domain):
        if kind not in _MADE:
            _MADE[kind] = _tried(subject, guard, domain)
        return _MADE[kind]

    return can_make


def _tried(subject, guard, domain):
    rng = random.Random(0)
    items = []
    for _ in range(_TRIALS):
        node = domain.draw(rng)
        layout = Layout(())
        layout.add("value", node)
        items.append(
            {
                "call": "None",
                "arguments": layout.lines,
                "define": [],
                "prepare": [],
                "imports": sorted(node.imports()),
                "style": "plain",
            }
        )
    jobs = (workers.Job([item], _TRIAL_SECONDS, workers.Manner(trace=False)) for item in items)
    left = 0
    with contextlib.closing(workers.run(subject, guard, jobs)) as running:
        for (answer,) in running:
            if answer.get("attempts") or answer.get("reads") or answer["kind"] == "lost" or answer.get("writes"):
                left += 1
                if left >= 3:
                    return False
            elif answer["kind"] != "setup":
                return True
    return False if left else None
