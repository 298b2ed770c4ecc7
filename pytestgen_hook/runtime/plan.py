"""Works out how one function is called: its parameters, its receiver, and the text of the call over their names."""

import ast
import builtins
import enum
import functools
import gc
import inspect
import keyword
import random
import re
import sys
import types

import callees
import classes
import commandline
import domains
import harvest
import keywords
import returned
import sequences
import shapes
import standins
import subclasses
import surroundings
import usage
from literals import CannotWrite, import_home
from mutants import find_function
from values import HOLE, Built, Layout, Prepared, definitions, statements, with_few_values

_OPERATORS = {
    "__add__": "+", "__sub__": "-", "__mul__": "*", "__truediv__": "/", "__floordiv__": "//", "__mod__": "%", "__pow__": "**",
    "__eq__": "==", "__ne__": "!=", "__lt__": "<", "__le__": "<=", "__gt__": ">", "__ge__": ">=", "__and__": "&", "__or__": "|",
    "__xor__": "^", "__lshift__": "<<", "__rshift__": ">>", "__matmul__": "@",
}  # fmt: skip
_REFLECTED = {"__r" + name[2:]: sign for name, sign in _OPERATORS.items()}
_COMPARISONS = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
_UNARY = {"__neg__": "-", "__pos__": "+", "__invert__": "~"}
_BUILTINS = {
    "__len__": "len", "__str__": "str", "__repr__": "repr", "__bool__": "bool", "__int__": "int", "__float__": "float",
    "__abs__": "abs", "__iter__": "list", "__next__": "next", "__bytes__": "bytes",
    "__format__": "format", "__round__": "round",
}  # fmt: skip


MOST_FURTHER = 6  # parameters of a function that is given
CALLED_FURTHER = 0.9  # of the inputs drawn call the function that is given
_ROOM = 6000  # frames, where the usual 1,000 do not suffice
_MOST_DERIVED = 3  # classes, of those that derive from the one that a method is called on
SHARED = 0.3  # of the inputs drawn speak of the same few values in all places
SHARED_WITH_STATE = 0.6  # of those with an object that was brought into a state by calls


_MANAGING = {"__enter__": "enter", "__exit__": "enter", "__aexit__": "aenter"}
_DESCRIBING = {"__get__": "getattr", "__set__": "setattr", "__delete__": "delattr"}
FED = "[next(generator), *map(generator.send, sent)]"  # how a generator is used that takes values

# What tests say themselves.
_RESERVED = ("result", "expected", "pytest", "capsys", "caplog", "monkeypatch", "generator")


class CannotCall(Exception):
    """There is no way to call the function from a test; the message says why in words for the user."""


class Parameter:
    """One parameter as the search sees it."""

    __slots__ = ("domain", "name", "required", "style", "variable")

    def __init__(self, name, variable, style, required, domain):
        self.name = name
        self.variable = variable
        self.style = style  # "positional", "keyword", "star", "starstar"; "call", "sent", "inside": see ``Plan.item``
        self.required = required
        self.domain = domain

    @property
    def word(self):
        """What stands before ``=`` where the argument is given by its name."""
        return self.name.rpartition(")")[2]


class Input:
    """A proposed call: trees for the receiver and for the arguments that are given."""

    __slots__ = ("arguments", "origin", "picks", "receiver", "tail")

    def __init__(self, arguments, receiver=None, origin="drawn", picks=(), tail=()):
        self.arguments = arguments  # {parameter name: tree}
        self.receiver = receiver
        self.origin = origin
        self.picks = picks  # (domains.Any, index of the choice drawn from it)
        self.tail = tuple(tail)  # what is done with the result, as ``values.Step``: ``{0}.name``, ``{0}({1})``

    def changed(self, origin, arguments=None, receiver=None, tail=None):
        """Return the input with other trees for the arguments, the receiver or in the tail."""
        return Input(
            self.arguments if arguments is None else arguments,
            self.receiver if receiver is None else receiver,
            origin,
            tail=self.tail if tail is None else tail,
        )

    def trees(self):
        """Return the trees of the receiver, if there is one, of the arguments, and of what is done with the result."""
        own = [] if self.receiver is None else [self.receiver]
        return [*own, *self.arguments.values(), *(value for step in self.tail for value in step.values)]

    def text(self):
        """Return a text that differs for inputs that differ."""
        named = [*self.arguments.items(), ("", self.receiver)]
        told = [(name, tree.source(), [*statements(tree, name)]) for name, tree in named if tree is not None]
        return repr([*told, with_tail("", self.tail)])


def with_tail(call, tail):
    """Return the source of what is done with the result of a call."""
    if tail and call and not isinstance(ast.parse(call, mode="eval").body, (ast.Call, ast.Attribute, ast.Subscript)):
        call = f"({call})"
    for step in tail:
        call = step.template.format(call, *[value.source() for value in step.values])
    return call


class Plan:
    """Everything about calling one function that does not change between calls."""

    def __init__(self, subject, function, parameters, receiver, owner, kind, texts):
        self.subject = subject
        self.function = function  # ast node
        self.parameters = parameters
        self.receiver = receiver  # domain of receivers, or None
        self.receiver_name = None
        self.owner = owner  # the class, or None
        self.kind = kind
        self.texts = texts
        self.constants = None
        self.has_real = False  # objects of classes for which there could be stand-ins
        self.needs = ()
        self.name = function.name
        self.is_setter = False
        self.surroundings = ()  # parameters that no call gives: what it takes from around it
        self.patches = ()  # (name, source) of what the calls change of its module, to keep that from other tests
        self.attribute = None  # of the receiver, that a descriptor stands for
        self.is_fed = False
        self.typing = None
        self.tree = None  # of the whole module
        self.is_through = False  # calls a caller of the function under test
        self.conditions = ()  # on which that leads there, as far as they can be told, as nodes
        self.examples = []  # inputs of it that people wrote down
        self.depth = 0  # how often what it gives is called again
        self.forms = []  # and in which way each time

    def call_further(self, told):
        """Call from now on what the deepest call gives, a function (``returned.told_of``); whether that is new."""
        if self.depth >= returned.DEEPEST or len(told["parameters"]) > MOST_FURTHER:
            return False
        self.depth += 1
        self.forms.append(told["form"])
        taken = {known.variable for known in self.parameters} | {self.receiver_name, *_RESERVED}
        self.parameters = [
            *self.parameters,
            *returned.parameters(self, told, self.depth, self.typing, Parameter, taken),
        ]
        returned.narrow(self)
        return True

    def depth_of(self, proposed):
        """Return how often the input calls what it is given."""
        return next(level for level in range(self.depth + 1) if returned.CALL % (level + 1) not in proposed.arguments)

    def _levels(self, proposed):
        """Return the parameters of the call itself and of each further one that the input makes."""
        levels = [[]]
        for parameter in self.parameters:
            if parameter.style == "call":
                if len(levels) > self.depth_of(proposed):
                    break
                levels.append([])
            else:
                levels[-1].append(parameter)
        return levels

    def draw(self, rng):
        arguments = {}
        picks = []
        # What is looked up, compared or added is of one kind in all places, as a rule.
        rng.favoured = rng.choice((None, domains.Ints, domains.Texts))
        optional = rng.choice((0.0, 0.0, 0.4, 0.7))  # many callers give none of them
        for parameter in self.parameters:
            chance = CALLED_FURTHER if parameter.style == "call" else optional
            if parameter.required or rng.random() < chance:
                arguments[parameter.name] = parameter.domain.draw(rng)
                picks.extend(_picked(parameter.domain))
        receiver = None
        if self.receiver is not None:
            receiver = self.receiver.draw(rng)
            picks.extend(_picked(self.receiver))
        if receiver is not None and self.name in (*_COMPARISONS, "__hash__") and rng.random() < 0.3:
            arguments = dict.fromkeys(arguments, receiver)  # two that are equal are seldom drawn
        # What an object was given before is what it is asked for.
        has_state = isinstance(receiver, Prepared)
        if rng.random() < (SHARED_WITH_STATE if has_state else SHARED):
            free = [known.name for known in self.parameters if not isinstance(known.domain, domains.Fixed)]
            free = [name for name in free if name in arguments]
            trees = with_few_values([*(arguments[name] for name in free), *([receiver] if has_state else [])], rng)
            arguments.update(zip(free, trees))
            receiver = trees[-1] if has_state else receiver
        arguments = shapes.parts_of_each_other(self.parameters, arguments, rng)
        arguments.update(self.around(rng))
        return Input(arguments, receiver, "drawn", picks)

    def around(self, rng):
        """Return {name: tree} for what calls take from around them."""
        return {parameter.name: parameter.domain.draw(rng) for parameter in self.surroundings}

    def item(self, proposed):
        """Return the input as the dict that ``observe`` takes.

        Parameters of style "call" say that what the call gives is called in turn, that of style "sent" holds what a
        generator is sent, that of style "inside" the exception that is raised in a ``with`` statement.
        """
        called = [parameter for level in self._levels(proposed) for parameter in level]
        named = [(self.receiver_name, proposed.receiver)]
        named += [
            (parameter.variable, proposed.arguments.get(parameter.name))
            for parameter in called
            if parameter.style != "inside"
        ]
        named = [(variable, tree) for variable, tree in named if tree is not None]
        in_tail = [value for step in proposed.tail for value in step.values]
        layout = Layout([self.receiver_name, *(parameter.variable for parameter in self.parameters)])
        for parameter in self.surroundings:
            node = proposed.arguments.get(parameter.name)
            if node is not None:
                layout.add(None, node)
        laid_out = [(variable, layout.add(variable, tree)) for variable, tree in named]
        defined = {}
        for _, tree in laid_out:
            defined = {**definitions(tree), **defined}
        # What makes the arguments may change as much as the call.
        arguments = [[f'monkeypatch.setattr("{name}", {HOLE})', source] for name, source in self.patches] + layout.lines
        call = self._text(proposed)
        if self.is_fed:
            arguments.append(["generator", call])
            call = FED
        inside = proposed.arguments.get("inside") if any(known.style == "inside" for known in called) else None
        item = {
            "call": with_tail(call, proposed.tail),
            "define": list(defined.values()),
            "arguments": arguments,
            "prepare": [text for name, tree in laid_out for text in statements(tree, name)],
            "imports": sorted(
                set(self.needs).union(*[tree.imports() for tree in [*(tree for _, tree in named), *in_tail]])
            ),
            "style": self.style,
            "inside": inside and inside.source(),
            "receiver": self.receiver_name,
            "parameters": {
                known.name: known.variable
                for known in self._levels(proposed)[0]
                if known.name in proposed.arguments and known.style in ("positional", "keyword", "star")
            },
        }
        is_set = any(proposed.arguments.get(known.name) is not None for known in self.surroundings)
        if proposed.tail or self.is_through or is_set:
            # The documentation speaks of the result, and not of what is done with it, nor of a clock that is set.
            del item["parameters"]
        return item

    @property
    def style(self):
        if self.kind == "method" and self.name in _MANAGING:
            return _MANAGING[self.name]
        flags = self.subject.raw.__code__.co_flags
        if flags & inspect.CO_ASYNC_GENERATOR:
            return "agen"
        return "await" if flags & inspect.CO_COROUTINE else "plain"

    def _text(self, proposed):
        first, *further = [self._parts(level, proposed) for level in self._levels(proposed)]
        called = zip(self.forms, further)
        return self._call(first) + "".join(form.format(", ".join(parts)) for form, parts in called)

    @staticmethod
    def _parts(parameters, proposed):
        """Return the arguments of one call as source."""
        parts = []
        by_name = False
        for parameter in parameters:
            if parameter.style in ("sent", "inside"):
                continue
            if parameter.name not in proposed.arguments:
                by_name = by_name or parameter.style == "positional"
                continue
            if parameter.style == "star":
                parts.append("*" + parameter.variable)
            elif parameter.style == "starstar":
                parts.append("**" + parameter.variable)
            elif parameter.style == "keyword" or by_name or not parameter.required:
                parts.append(f"{parameter.word}={parameter.variable}")
            else:
                parts.append(parameter.variable)
        return parts

    def _call(self, parts):
        inner = ", ".join(parts)
        if self.kind == "constructor":
            return f"{self.owner}({inner})"
        if self.kind == "property":
            if self.is_setter:
                return f'setattr({self.receiver_name}, "{self.name}", {parts[0]})'
            return f"{self.receiver_name}.{self.name}"
        if self.kind in ("classmethod", "staticmethod"):
            return f"{self.owner}.{self._visible_name()}({inner})"
        if self.kind == "command":
            return f"CliRunner().invoke({self.name}, {inner})"
        if self.kind == "method":
            return self._method_call(parts, inner)
        return f"{self.name}({inner})"

    def _method_call(self, parts, inner):
        receiver = self.receiver_name
        if self.name in _OPERATORS and len(parts) == 1:
            return f"{receiver} {_OPERATORS[self.name]} {parts[0]}"
        if self.name in _REFLECTED and len(parts) == 1:
            return f"{parts[0]} {_REFLECTED[self.name]} {receiver}"
        if self.name in _MANAGING:
            return receiver
        if self.attribute is not None:
            return self._attribute_text(parts)
        if self.name in _UNARY:
            return _UNARY[self.name] + receiver
        if self.name == "__contains__" and len(parts) == 1:
            return f"{parts[0]} in {receiver}"
        if self.name == "__getitem__" and len(parts) == 1:
            return f"{receiver}[{parts[0]}]"
        if self.name == "__call__":
            return f"{receiver}({inner})"
        if self.name == "__hash__":
            return f"hash({receiver}) == hash({inner})"
        if self.name == "__reversed__":
            return f"list(reversed({receiver}))"
        if self.name in _BUILTINS:
            return "{}({})".format(_BUILTINS[self.name], ", ".join([receiver, *parts]))
        return f"{receiver}.{self._visible_name()}({inner})"

    def _attribute_text(self, parts):
        """Return how the attribute that a descriptor stands for is read, set or deleted."""
        if self.name == "__get__":
            return f"{self.receiver_name}.{self.attribute}"
        inner = ", ".join([self.receiver_name, f'"{self.attribute}"', *parts])
        return f"{_DESCRIBING[self.name]}({inner})"

    def _visible_name(self):
        if self.name.startswith("__") and not self.name.endswith("__") and self.owner:
            return "_{}{}".format(self.owner.rpartition(".")[2].lstrip("_"), self.name)
        return self.name


def _picked(domain):
    """Return (domain of several, index of the one that was drawn from last) for a domain and what its objects are made of."""
    found = []
    while not isinstance(domain, domains.Objects):
        if isinstance(domain, sequences.States):
            domain = domain.objects
        elif isinstance(domain, domains.Any) and domain.last is not None:
            found.append((domain, domain.last))
            domain, domain.last = domain.choices[domain.last][0], None
        else:
            return found
    for _, inner, _ in domain.parameters:
        found += _picked(inner)
    return found


def _with_room(make):
    """Let a function read expressions of hundreds of terms: whoever visits these takes some frames for each."""

    @functools.wraps(make)
    def made(*arguments, **options):
        usual = sys.getrecursionlimit()
        sys.setrecursionlimit(max(usual, _ROOM))
        try:
            return make(*arguments, **options)
        finally:
            sys.setrecursionlimit(usual)

    return made


@_with_room
def make_plan(subject, qualname, tree, can_make=None, avoid=False):
    """Return the Plan for the function whose raw object ``subject`` holds; CannotCall with the reason if there is none.

    ``can_make`` and ``avoid`` say which objects have stand-ins: see ``standins.Typing``.
    """
    chain = find_function(tree, subject.first_line, subject.raw.__code__.co_name)
    if chain is None:
        raise CannotCall("its source could not be found again after the import")
    function = chain[-1]
    owner_name, _, name = qualname.rpartition(".")
    owner = _reach(subject.module, owner_name) if owner_name else None
    if owner_name and not isinstance(owner, type):
        raise CannotCall(f"the class {owner_name} is not there after the import")
    kind, target = _kind(subject, owner, name)
    constants = domains.Constants(_constants_of_chain(subject.module, tree, chain))
    code = functools.lru_cache(None)(lambda: standins.Code(tree, function, chain[-2] if len(chain) > 1 else None))
    typing = standins.Typing(subject, constants, code, can_make, avoid)
    typing.richer = functools.partial(_richer, subject, constants, typing)
    texts = [ast.get_docstring(node) or "" for node in [tree, *chain]]
    if kind == "command":
        lines = commandline.for_click(target, constants)
        parameters = [Parameter("args", "args", "positional", True, lines)]
    else:
        parameters = _parameters(subject, function, kind, target, constants, typing)
    parsed = commandline.parsed_parameter(function)
    for parameter in parameters:
        if parameter.name == parsed:  # given always: else it would be the command line of the tests
            parameter.required = True
            parameter.domain = commandline.for_argparse(function, tree, constants)
    if kind == "constructor" and issubclass(owner, enum.Enum):
        raise CannotCall(f"Python itself calls {name} for each member of an Enum")
    if kind == "constructor" and inspect.isabstract(owner):
        raise CannotCall(f"{owner.__name__} is abstract: its constructor runs in tests of classes that derive from it")
    receiver = None
    if kind in ("method", "property"):
        receiver = typing.domain(owner) if issubclass(owner, enum.Enum) else typing.instances(owner)
        if receiver is None and inspect.isabstract(owner):
            receiver = subclasses.minimal(owner, typing)
            receiver = receiver and typing.richer(receiver, owner)
        if receiver is None:
            raise CannotCall(_why_no_instance(owner))
        receiver = _or_derived(receiver, owner, name, subject.module, typing)
    attribute = None
    if kind == "method" and name in _DESCRIBING:
        carrier, attribute = _carrier(subject.module, owner)
        if carrier is not None:
            owner, receiver = carrier, typing.instances(carrier)
            parameters = parameters[1:] if name == "__set__" else []
            if receiver is None:
                raise CannotCall(_why_no_instance(owner))
    if kind == "method":
        _fit_to_protocol(name, parameters, receiver)
        _fit_to_own_kind(function, parameters, receiver)
    plan = Plan(subject, function, parameters, receiver, owner_name, kind, texts)
    plan.constants = constants
    plan.typing = typing
    plan.tree = tree
    plan.attribute = attribute
    plan.has_real = typing.has_real
    plan.needs = () if attribute else _needs(subject, owner_name or name)
    plan.surroundings = tuple(
        Parameter(key, None, "around", is_needed, domain)
        for key, domain, is_needed in surroundings.found_in(code().nodes, subject.module, constants)
    )
    if kind == "command":
        plan.needs = (*plan.needs, ("click.testing", "CliRunner"))
    if _is_fed(function) and "sent" not in {known.variable for known in parameters}:
        plan.is_fed = True
        parameters.append(Parameter("sent", "sent", "sent", True, domains.Containers("list", _any_sent(constants))))
    if plan.style == "enter" or _is_manager(function):
        chosen = domains.Fixed([domains.Text(name) for name in _exceptions_of(tree)])
        parameters.append(Parameter("inside", None, "inside", False, chosen))
    if receiver is not None:
        plan.receiver_name = _receiver_name(owner, parameters, subject.module)
    plan.is_setter = kind == "property" and len(parameters) == 1
    if kind == "property" and not plan.is_setter:
        plan.parameters = []
    return plan


def _carrier(module, descriptor):
    """Return (class, name of its attribute) of the first class of the module that has such a descriptor; (None, None)."""
    for thing in vars(module).values():
        if isinstance(thing, type) and thing.__module__ == module.__name__:
            for name, value in vars(thing).items():
                if type(value) is descriptor and not name.startswith("_"):
                    return thing, name
    return None, None


def _is_manager(function):
    """Whether a decorator makes a context manager of the function."""
    return any(ast.unparse(node).rpartition(".")[2] == "contextmanager" for node in function.decorator_list)


def _exceptions_of(tree):
    """Return the names of exceptions of Python that a module speaks of, and one that it need not know."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    known = {name for name in names if isinstance(getattr(builtins, name, None), type)}
    found = {name for name in known if issubclass(getattr(builtins, name), Exception)}
    return sorted({*found - {"Exception", "StopIteration"}, "RuntimeError"})


def _is_fed(function):
    """Whether a generator does something with what it is sent."""
    left = list(function.body)
    while left:
        node = left.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            continue
        if isinstance(node, ast.Yield):
            return isinstance(function, ast.FunctionDef)
        left += [node.value.value] if _is_plain_yield(node) and node.value.value else []
        left += [] if _is_plain_yield(node) else ast.iter_child_nodes(node)
    return False


def _is_plain_yield(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield)


def _any_sent(constants):
    return domains.Any([(domains.Ints(constants), 3), (domains.Floats(constants), 2), (domains.Texts(constants), 2)])


def _fit_to_protocol(name, parameters, receiver):
    """Narrow the parameters of methods that Python calls, by what it calls them with."""
    if name == "__hash__":
        # The number itself tells nothing, and differs between Pythons: what counts is for which objects it is the same.
        parameters.append(Parameter("other", "other", "positional", True, receiver))
    elif name in _OPERATORS and len(parameters) == 1:
        # The other operand is of the same class more often than the body shows.
        parameters[0].domain = domains.Any([(receiver, 3), (parameters[0].domain, 2)])
    elif name in _MANAGING:
        parameters.clear()
    elif name in _REFLECTED and len(parameters) == 1:
        parameters[0].domain = domains.Any([(domains.Ints(domains.Constants()), 2), (parameters[0].domain, 2)])


def _fit_to_own_kind(function, parameters, receiver):
    """Give parameters objects of the method's own class where the body asks whether they are: ``type(other) is type(self)``."""
    asked = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
        elif isinstance(node, ast.Call) and getattr(node.func, "id", None) == "isinstance":
            sides = node.args
        else:
            continue
        if any(_is_own_kind(side) for side in sides):
            asked |= {part.id for side in sides for part in ast.walk(side) if isinstance(part, ast.Name)}
    for parameter in parameters:
        if parameter.name in asked and parameter.domain is not receiver:
            parameter.domain = domains.Any([(receiver, 1), (parameter.domain, 2)])


def _is_own_kind(node):
    """Whether an expression is the class of the object that a method is called on."""
    if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "type" and len(node.args) == 1:
        node = node.args[0]
    elif isinstance(node, ast.Attribute) and node.attr == "__class__":
        node = node.value
    else:
        return False
    return isinstance(node, ast.Name) and node.id == "self"


def _or_derived(receiver, owner, name, module, typing):
    """Return the domain of receivers with instances of derived classes of the module, whose hooks the method may call."""
    derived = [kind for kind in owner.__subclasses__() if kind.__module__ == module.__name__ and name not in vars(kind)]
    found = [typing.instances(kind) for kind in derived[:_MOST_DERIVED] if not inspect.isabstract(kind)]
    found = [(domain, 1) for domain in found if domain is not None]
    return domains.Any([(receiver, len(found)), *found]) if found else receiver


def _why_no_instance(owner):
    missing = sorted(getattr(owner, "__abstractmethods__", ()))
    if missing:
        return "{} is abstract ({}), and no class in reach implements it".format(owner.__name__, ", ".join(missing[:3]))
    return f"no way to construct {owner.__name__} was found"


def constants_around(subject, tree):
    """Return the constants of a function, of the tables that it reads and of what it calls in its module."""
    chain = find_function(tree, subject.first_line, subject.raw.__code__.co_name)
    return [] if chain is None else _constants_of_chain(subject.module, tree, chain)


def _constants_of_chain(module, tree, chain):
    own = [*harvest.constants_of(chain[-1]), *_constants_of_globals(module, chain[-1])]
    return [*own, *_constants_of_helpers(tree, chain)]


def _constants_of_globals(module, function):
    """Members of module-level tables that the body names: what a ``key in TABLE`` turns on."""
    found = []
    for name in {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}:
        value = module.__dict__.get(name)
        if isinstance(value, (int, float, str, bytes)) and not isinstance(value, bool):
            found.append(value)
        elif isinstance(value, (list, tuple, set, frozenset, dict)):
            found.extend(member for member in list(value)[:40] if isinstance(member, (int, float, str, bytes)))
    return found


def _constants_of_helpers(tree, chain):
    """Yield the constants of functions of the module and methods of the class that are called: they often do the parsing."""
    function = chain[-1]
    called = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    names = {each.id for each in called if isinstance(each, ast.Name)}
    own = {each.attr for each in called if isinstance(each, ast.Attribute) and isinstance(each.value, ast.Name)
           and each.value.id in ("self", "cls")}  # fmt: skip
    for holder, wanted in ((tree, names), (chain[-2] if len(chain) > 1 else tree, own)):
        for helper in holder.body:
            is_function = isinstance(helper, (ast.FunctionDef, ast.AsyncFunctionDef))
            if is_function and helper is not function and helper.name in wanted:
                yield from harvest.constants_of(helper)


def _reach(module, qualname):
    found = module
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def _kind(subject, owner, name):
    """Return how the function is reached and the object whose signature counts."""
    if owner is None:
        target = getattr(subject.module, name, None)
        if target is None:
            raise CannotCall("it is not there after the import")
        if commandline.is_command(target):
            return "command", target
        if not callable(target):
            raise CannotCall(f"a decorator made it a {type(target).__name__}, which is not called like a function")
        if isinstance(target, type) and not isinstance(subject.raw, type):
            raise CannotCall("a decorator made it a class")
        return "function", target
    static = inspect.getattr_static(owner, name, None)
    if name in ("__init__", "__new__", "__post_init__"):
        return "constructor", owner
    if isinstance(static, classmethod):
        return "classmethod", getattr(owner, name)
    if isinstance(static, staticmethod):
        return "staticmethod", getattr(owner, name)
    if isinstance(static, property) or (
        static is not None and not callable(static) and hasattr(type(static), "__get__")
    ):
        return "property", subject.raw
    if name in (
        "__init_subclass__",
        "__class_getitem__",
        "__set_name__",
        "__del__",
        "__enter__",
        "__exit__",
        "__aenter__",
        "__aexit__",
    ) and name in ("__del__", "__set_name__", "__init_subclass__"):
        raise CannotCall(f"Python itself calls {name}")
    if static is None:
        raise CannotCall("it is not there after the import")
    return "method", static


def _parameters(subject, function, kind, target, constants, typing):
    try:
        signature = inspect.signature(target)
    except (ValueError, TypeError):
        try:
            signature = inspect.signature(subject.raw)
        except (ValueError, TypeError):
            raise CannotCall("its signature cannot be read") from None
    listed = list(signature.parameters.values())
    if kind in ("method", "property") and listed:
        listed = listed[1:]
    hints = domains.hints_of(subject.raw)
    if kind == "constructor":
        hints = {**domains.hints_of(target), **hints}
    methods = [node for _, node in classes.methods_of(target)] if kind == "constructor" else ()
    called = callees.Callees(function, subject.raw, subject.module, subject.tree)
    used = usage.usages(function, called, methods)
    constants.learn(called.constants())
    finder = shapes.Finder(subject.module, constants, typing)
    finder.resolve([used[parameter.name] for parameter in listed if parameter.name in used])
    taken = {subject.module.__name__, function.name, *_RESERVED}
    found = []
    for parameter in listed:
        if parameter.kind is parameter.VAR_KEYWORD:
            others = {other.name for other in listed}
            owner = callees.class_of(subject.raw, subject.module)
            given = keywords.names(function, parameter.name, others, owner, subject.module)
            value = _domain(parameter, hints, used, constants, typing, lambda: None)
            if parameter.name not in hints:  # as a rule they switch something on or off
                value = domains.Any([(domains.Fixed([domains.Plain(True), domains.Plain(False)]), 2), (value, 3)])
            variable = _variable(parameter.name, taken)
            found.append(Parameter(parameter.name, variable, "starstar", False, domains.ByName(given, value)))
            continue
        if kind == "constructor":
            members = functools.partial(typing.unannotated, target, parameter.name)
        else:
            names = standins.members_of(function, parameter.name)
            names |= used[parameter.name].handed_members if parameter.name in used else set()
            members = functools.partial(typing.by_members, names, parameter.name)
        annotation = hints.get(parameter.name, parameter.annotation)
        domain = None
        if parameter.kind is not parameter.VAR_POSITIONAL:
            held = standins.kept(target, parameter.name) if kind == "constructor" else {parameter.name}
            hint = None if annotation is parameter.empty else annotation
            domain = typing.paths(parameter.name, held, hint)
        domain = domain or _domain(parameter, hints, used, constants, typing, members)
        if parameter.kind is parameter.VAR_POSITIONAL:
            element = domain or domains.anything(constants)
            found.append(
                Parameter(
                    parameter.name,
                    _variable(parameter.name, taken),
                    "star",
                    False,
                    domains.Containers("tuple", element),
                )
            )
            continue
        style = "keyword" if parameter.kind is parameter.KEYWORD_ONLY else "positional"
        required = parameter.default is parameter.empty or parameter.kind is parameter.POSITIONAL_ONLY
        domain = domains.with_typical(domain, parameter.name)
        found.append(Parameter(parameter.name, _variable(parameter.name, taken), style, required, domain))
    return found


def _richer(subject, constants, typing, made, kind):
    """Return the domain of instances of a class of the project: linked with each other, or changed by calls before."""
    if not classes.is_from(subject.tree, kind):
        return made
    finder = shapes.Finder(subject.module, constants, typing)
    linked = finder.of_class(kind)
    if linked is not None:
        return linked
    is_private = subject.raw.__name__.startswith("_") and not subject.raw.__name__.endswith("__")
    return sequences.with_states(made, kind, functools.partial(_method_parameters, subject, typing), is_private)


def _method_parameters(subject, typing, raw, node):
    """Return [(keyword or None, domain, is_required)] of a method of the receiver, or None if it cannot be called so."""
    method = types.SimpleNamespace(raw=raw, module=subject.module, tree=subject.tree)
    constants = domains.Constants(harvest.constants_of(node))
    try:
        found = _parameters(method, node, "method", raw, constants, typing)
    except CannotCall:
        return None
    return [(known.name, known.domain, known.required) for known in found if known.style not in ("star", "starstar")]


def _domain(parameter, hints, used, constants, typing, members):
    annotation = hints.get(parameter.name, parameter.annotation)
    domain = None
    if annotation is not parameter.empty and not isinstance(annotation, str):
        try:
            domain = typing.domain(annotation)
        except (CannotWrite, RecursionError, TypeError):
            domain = None
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        seen = used.get(parameter.name)
        return domain or domains.from_usage(seen.element if seen else None, constants)
    if domain is None:
        by_default = domains.default_domain(parameter.default, constants)
        by_usage = domains.from_usage(used.get(parameter.name), constants)
        by_members = members()
        if by_members is not None:
            by_usage = domains.Any([(by_members, 6), (by_usage, 1)])
        domain = domains.Any([(by_default, 3), (by_usage, 1)]) if by_default is not None else by_usage
        if parameter.default is None:
            domain = domains.Any([(by_usage, 4), (domains.Fixed([domains.Plain(None)]), 1)])
    return domain


def _variable(name, taken):
    """Return a name for the argument in a test: the parameter's own, unless that hides something the test needs."""
    variable = name.lstrip("_") or "value"
    if variable in taken or hasattr(builtins, variable) or keyword.iskeyword(variable) or variable == "self":
        variable += "_"
    return variable


def _receiver_name(owner, parameters, module):
    name = (
        re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", owner.__name__).lower().strip("_") or "instance"
    )
    if name in {parameter.variable for parameter in parameters} or hasattr(builtins, name) or keyword.iskeyword(name):
        name += "_"
    return name + "_" if name in vars(module) else name


def _needs(subject, name):
    return ((subject.module.__name__, name.split(".")[0]),)


def find_raw(module, filename, first_line, name):
    """Return the plain function object whose code starts at that line of the file, however decorated; None if it is gone."""
    for thing in gc.get_objects():
        if type(thing) is types.FunctionType:
            code = thing.__code__
            if code.co_firstlineno == first_line and code.co_name == name and code.co_filename == filename:
                return thing
    return None


def seeds(plan, tree, calls):
    """Return the inputs that people wrote down: docstrings, call sites of the module, and ``calls`` from the repository."""
    name = plan.owner.rpartition(".")[2] if plan.kind == "constructor" else plan.name
    nodes = _written_calls(plan, tree, calls, name)
    names = resolver(plan.subject)
    listed = _signature_parameters(plan)
    found = []
    receivers = _receivers(plan, tree, calls, names)
    for call in harvest.limited(nodes):
        bound = harvest.bind(call, listed, names)
        if bound is not None:
            found.append(bound)
    own = ast.get_docstring(plan.function) or ""
    required = [parameter.name for parameter in plan.parameters if parameter.required]
    for example in harvest.assignments_in_text(own, [parameter.name for parameter in plan.parameters]):
        trees = {key: harvest.from_expression(node, names) for key, node in example.items()}
        if all(trees.values()) and all(key in trees for key in required):
            found.append(trees)
    inputs = []
    rng = random.Random(0)
    for index, arguments in enumerate(found):
        receiver = receivers[index % len(receivers)] if receivers else None
        inputs.append(Input({**arguments, **plan.around(rng)}, receiver, "example"))
    if plan.receiver is not None:
        inputs += [Input(plan.around(rng), receiver, "example") for receiver in receivers] if not required else []
        plan.receivers = receivers
    return inputs


def bound(plan, call):
    """Return the input of a call that stands in an example, or None if it cannot be made of it."""
    arguments = harvest.bind(call, _signature_parameters(plan), resolver(plan.subject))
    return None if arguments is None else Input(arguments, None, "example")


def _written_calls(plan, tree, calls, name):
    nodes = [call for text in plan.texts for call in harvest.calls_in_examples(text, name)]
    nodes += [call for text in plan.texts for call in harvest.calls_in_text(text, name)]
    nodes += harvest.calls_in_code(tree, name)
    return nodes + [call for text in calls for call in harvest.calls_in_text(text, name)]


def _receivers(plan, tree, calls, names):
    if plan.receiver is None:
        return []
    owner = _reach(plan.subject.module, plan.owner)
    if issubclass(owner, enum.Enum):
        return []  # its members are all there are
    short = plan.owner.rpartition(".")[2]
    nodes = _written_calls(plan, tree, calls, short)
    try:
        listed = list(inspect.signature(owner).parameters.values())
    except (ValueError, TypeError):
        return []
    found = []
    for call in harvest.limited(nodes)[:20]:
        bound = harvest.bind(call, listed, names)
        if bound is not None:
            found.append(Built(plan.owner, _arguments(listed, bound), plan.needs))
    return found


def _arguments(parameters, bound):
    """Return [(name or None, tree)]: what has a default is given by its name, unless further arguments follow it."""
    rest = [parameter for parameter in parameters if parameter.kind is parameter.VAR_POSITIONAL]
    extra = [tree for parameter in rest if parameter.name in bound for tree in bound[parameter.name].items]
    arguments = []
    for parameter in parameters:
        if parameter in rest:
            arguments += [(None, tree) for tree in extra]
        elif parameter.kind is parameter.VAR_KEYWORD:
            arguments += bound[parameter.name].arguments if parameter.name in bound else ()
        elif parameter.name in bound:
            by_name = parameter.kind is parameter.KEYWORD_ONLY or (
                parameter.default is not parameter.empty and not extra
            )
            arguments.append((parameter.name if by_name else None, bound[parameter.name]))
    return arguments


def _signature_parameters(plan):
    """Rebuild ``inspect.Parameter`` objects for binding from the plan's own parameters."""
    kinds = {
        "positional": inspect.Parameter.POSITIONAL_OR_KEYWORD,
        "keyword": inspect.Parameter.KEYWORD_ONLY,
        "star": inspect.Parameter.VAR_POSITIONAL,
        "starstar": inspect.Parameter.VAR_KEYWORD,
    }
    empty = inspect.Parameter.empty
    found = []
    for parameter in plan.parameters:
        if parameter.style not in kinds:
            continue
        default = empty if parameter.required or parameter.style in ("star", "starstar") else None
        found.append(inspect.Parameter(parameter.name, kinds[parameter.style], default=default))
    return found


_COMMON_MODULES = (
    *(
        "collections",
        "datetime",
        "decimal",
        "fractions",
        "functools",
        "itertools",
        "math",
        "operator",
        "pathlib",
        "re",
        "string",
    ),
    *("textwrap", "uuid"),
)


def resolver(subject):
    """Return ``names(name) -> (imports, name to write) or None`` over builtins and what the module defines or imports."""
    module = subject.module

    def names(name):
        if name not in vars(module) or (name.startswith("__") and name.endswith("__")):
            if name in _COMMON_MODULES:
                return {(name, "")}, name
            return (set(), name) if hasattr(builtins, name) else None
        value = vars(module)[name]
        if isinstance(value, types.ModuleType):
            # A module that the code imports under an alias is imported by its own name in a test.
            return ({(value.__name__, "")}, value.__name__) if "." not in value.__name__ else None
        home = import_home(value, name, None) if isinstance(value, (type, types.FunctionType)) else None
        return {(home or module.__name__, name)}, name

    return names
