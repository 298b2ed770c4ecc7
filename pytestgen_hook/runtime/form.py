"""Tells the tool how the calls of a function look, so that a model can be asked for some: parameters, types, classes."""

import ast
import collections.abc
import enum
import importlib
import inspect
import types
import typing

import domains
import proposals
from values import Plain

MOST_CLASSES = 10
MOST_MEMBERS = 12
DEEPEST = 3

_ANY = ["any"]
_PLAIN = {int: "int", float: "float", complex: "float", str: "str", bytes: "bytes", bool: "bool", type(None): "none"}
_LISTS = (list, collections.abc.Iterable, collections.abc.Sequence, collections.abc.Collection, collections.abc.Iterator,
          collections.abc.MutableSequence, collections.abc.Reversible, collections.abc.Generator)  # fmt: skip
_SETS = (set, frozenset, collections.abc.Set, collections.abc.MutableSet)
_DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)
_STANDARD = ("datetime", "decimal", "fractions", "pathlib", "uuid", "collections", "re")
_WORTH = {  # of the classes of the standard library, by what they are made of
    "date": [("year", ["int"]), ("month", ["int"]), ("day", ["int"])],
    "datetime": [("year", ["int"]), ("month", ["int"]), ("day", ["int"]), ("hour", ["int"], 0), ("minute", ["int"], 0),
                 ("second", ["int"], 0), ("microsecond", ["int"], 0)],
    "time": [("hour", ["int"], 0), ("minute", ["int"], 0), ("second", ["int"], 0), ("microsecond", ["int"], 0)],
    "timedelta": [("days", ["float"], 0), ("hours", ["float"], 0), ("minutes", ["float"], 0), ("seconds", ["float"], 0)],
    "Decimal": [("value", ["str"])],
    "Fraction": [("numerator", ["int"]), ("denominator", ["int"])],
    "Path": [(None, ["str"])],
    "PurePosixPath": [(None, ["str"])],
    "UUID": [("hex", ["str"])],
    "OrderedDict": [(None, ["dict", ["any"], ["any"]])],
    "Counter": [(None, ["union", [["str"], ["list", ["any"]], ["dict", ["str"], ["int"]]]])],
    "deque": [(None, ["list", ["any"]])],
}  # fmt: skip


class Form:
    """How the calls of one plan look; ``names`` tells how a name is written in a test, or None for one it cannot use."""

    def __init__(self, plan, names):
        self._plan = plan
        self._names = names
        self._module = plan.subject.module
        self.classes = {}
        self._standard = _standard_names(plan.tree)
        self._used = {node.id for node in ast.walk(plan.function) if isinstance(node, ast.Name)}
        self._called = {
            node.func.id
            for node in ast.walk(plan.function)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }

    def told(self):
        """Return the form as a dict that JSON can carry.

        ``parameters`` are {"name", "required", "type"}, ``classes`` {as written: {"parameters", "members"}}, ``anywhere``
        the classes whose objects may stand for a value of which nothing is known. A type is a list: ["any"], ["int"], …,
        ["list", type], ["dict", type, type], ["tuple", [type, …]], ["union", [type, …]], ["one", [source, …]],
        ["callable"], ["new", class as written], and of the receiver ["made"]: by any call. ``names`` are of functions that
        make values, ``words`` of attributes and arguments,``methods`` and ``attributes`` what the class of the receiver has.
        """
        plan = self._plan
        hints = {**self._by_text(), **domains.hints_of(plan.subject.raw)}
        if plan.kind == "constructor":
            hints = {**domains.hints_of(self._owner()), **hints}
        found = []
        for parameter in plan.parameters:
            if parameter.style in ("call", "inside") or not parameter.name.isidentifier():
                continue
            kind = self._of_parameter(parameter, hints)
            names = parameter.domain.names if parameter.style == "starstar" else (parameter.name,)
            found += [{"name": name, "required": parameter.required, "type": kind} for name in names]
        receiver = owner = None
        if plan.receiver is not None:
            owner = self._owner()
            receiver = self._type(owner) if isinstance(owner, type) else _ANY
            if receiver[0] not in ("new", "one", "union"):
                receiver = ["made"]
        anywhere = self._anywhere()
        told = {
            "name": plan.owner if plan.kind == "constructor" else plan.name,
            "owner": plan.owner if plan.kind in ("classmethod", "staticmethod") else None,
            "parameters": found,
            "receiver": receiver,
            "classes": self.classes,
            "anywhere": anywhere,
            "names": proposals.told(plan),
            "words": proposals.words(plan),
            "methods": [],
            "attributes": [],
        }
        if receiver is not None and isinstance(owner, type):
            told["methods"], told["attributes"] = proposals.members(owner)
        return told

    def _by_text(self):
        """Return what annotations say that name what is imported only for them, or only inside of functions."""
        arguments = self._plan.function.args
        found = {}
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.annotation is not None:
                text = ast.unparse(argument.annotation)
                if isinstance(argument.annotation, ast.Constant):
                    text = str(argument.annotation.value)
                try:
                    found[argument.arg] = eval(text, {**vars(typing), **self._standard, **vars(self._module)})
                except Exception:
                    continue
        return found

    def _owner(self):
        found = self._module
        for part in self._plan.owner.split("."):
            found = getattr(found, part, None)
        return found

    def _of_parameter(self, parameter, hints):
        if parameter.style == "sent":
            return ["list", _ANY]
        if parameter.style == "star":
            return ["list", self._type(hints.get(parameter.name, typing.Any))]
        if parameter.style == "starstar":
            return self._type(hints.get(parameter.name, typing.Any))
        if parameter.name in hints:
            return self._type(hints[parameter.name])
        if self._plan.kind == "command" and parameter.name == "args":
            return ["list", ["str"]]
        return ["callable"] if parameter.name in self._called else _ANY

    # -- types -----------------------------------------------------------------------------------------------------

    def _type(self, annotation, depth=0):
        try:
            return self._described(annotation, depth)
        except Exception:  # annotations are objects of anybody's making
            return _ANY

    def _described(self, annotation, depth):
        if depth > DEEPEST:
            return _ANY
        if annotation is None:
            return ["none"]
        supertype = getattr(annotation, "__supertype__", None)
        if supertype is not None:
            return self._type(supertype, depth)
        if isinstance(annotation, typing.TypeVar):
            limits = annotation.__constraints__ or ([annotation.__bound__] if annotation.__bound__ is not None else [])
            return self._union([self._type(limit, depth) for limit in limits]) if limits else _ANY
        origin = typing.get_origin(annotation)
        if origin is None:
            return self._plain(annotation, depth)
        arguments = typing.get_args(annotation)
        if origin is typing.Union or origin is getattr(types, "UnionType", None):
            return self._union([self._type(argument, depth) for argument in arguments])
        if origin is typing.Literal:
            return ["one", [Plain(argument).source() for argument in arguments if not isinstance(argument, enum.Enum)]]
        if hasattr(annotation, "__metadata__"):
            return self._type(annotation.__origin__, depth)
        if origin is tuple:
            if len(arguments) == 2 and arguments[1] is Ellipsis:
                return ["tuples", self._type(arguments[0], depth + 1)]
            return ["tuple", [self._type(argument, depth + 1) for argument in arguments]]
        if origin in _LISTS:
            return ["list", self._type(arguments[0], depth + 1)]
        if origin in _SETS:
            return ["set", self._type(arguments[0], depth + 1)]
        if origin in _DICTS and len(arguments) == 2:
            return ["dict", self._type(arguments[0], depth + 1), self._type(arguments[1], depth + 1)]
        if origin is collections.abc.Callable:
            return ["callable"]
        return _ANY

    @staticmethod
    def _union(kinds):
        distinct = []
        for kind in kinds:
            distinct += [kind] if kind not in distinct else []
        if _ANY in distinct:
            return _ANY
        return distinct[0] if len(distinct) == 1 else ["union", distinct]

    def _plain(self, annotation, depth):
        if annotation is typing.Any:  # a class in some Pythons
            return _ANY
        if annotation in _PLAIN:
            return [_PLAIN[annotation]]
        if annotation in _LISTS:
            return ["list", _ANY]
        if annotation in _SETS:
            return ["set", _ANY]
        if annotation in _DICTS:
            return ["dict", _ANY, _ANY]
        if annotation is tuple:
            return ["tuples", _ANY]
        if annotation is collections.abc.Callable:
            return ["callable"]
        if isinstance(annotation, type):
            return self._class(annotation, depth)
        value = getattr(annotation, "__value__", None)
        return self._type(value, depth) if value is not None else _ANY

    def _class(self, kind, depth):
        if issubclass(kind, enum.Enum):
            written = self._written(kind)
            if written is None:
                return _ANY
            members = [f"{written}.{name}" for name in kind.__members__ if name.isidentifier()]
            return ["one", members[:MOST_MEMBERS]] if members else _ANY
        if inspect.isabstract(kind) or getattr(kind, "_is_protocol", False):
            derived = [self._class(child, depth) for child in kind.__subclasses__()[:4]]
            return self._union([found for found in derived if found != _ANY] or [_ANY])
        written = self._written(kind)
        if written is None or not self._add(kind, written, depth):
            return _ANY
        return ["new", written]

    def _written(self, kind):
        """Return how a class is written in a test, or None if it cannot be."""
        module = self._module
        for name, value in vars(module).items():
            if value is kind:
                return name
        outer = next((vars(module).get(part) for part in kind.__qualname__.split(".")[:1]), None)
        if kind.__module__ == module.__name__ and isinstance(outer, type):
            return kind.__qualname__
        if kind.__module__ in _STANDARD and "." not in kind.__qualname__:
            found = self._names(kind.__module__)
            if (
                found is not None
                and getattr(vars(module).get(kind.__module__), "__name__", kind.__module__) == kind.__module__
            ):
                return f"{kind.__module__}.{kind.__qualname__}"
        return None

    def _add(self, kind, written, depth):
        """Note how objects of the class are made; whether that is known."""
        if written in self.classes:
            return True
        if len(self.classes) >= MOST_CLASSES:
            return False
        if kind.__module__ in _STANDARD:
            parts = _WORTH.get(kind.__name__)
            if parts is None:
                return False
            self.classes[written] = {
                "parameters": [{"name": part[0], "required": len(part) == 2, "type": part[1]} for part in parts]
            }
            return True
        try:
            listed = list(inspect.signature(kind).parameters.values())
        except (ValueError, TypeError):
            return False
        self.classes[written] = told = {"parameters": []}
        hints = {**domains.hints_of(kind), **domains.hints_of(kind.__init__)}
        for parameter in listed:
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                continue
            if parameter.kind is parameter.POSITIONAL_ONLY and parameter.default is not parameter.empty:
                continue
            hint = hints.get(parameter.name)
            told["parameters"].append(
                {
                    "name": None if parameter.kind is parameter.POSITIONAL_ONLY else parameter.name,
                    "required": parameter.default is parameter.empty,
                    "type": _ANY if hint is None else self._type(hint, depth + 1),
                }
            )
        return True

    def _anywhere(self):
        """Return the classes that the function may be given, as far as its body or its module show."""
        found = []
        for name, value in [*self._standard.items(), *self._members(), *vars(self._module).items()]:
            if not isinstance(value, type) or issubclass(value, (BaseException, enum.Enum)):
                continue
            is_own = value.__module__ == self._module.__name__ and not name.startswith("_")
            is_standard = value.__module__ in _STANDARD and value.__name__ in _WORTH
            if not (is_own or is_standard or name in self._used) or (is_own and inspect.isabstract(value)):
                continue
            kind = self._type(value)
            if kind[0] == "new":
                found.append((name not in self._used, kind[1]))
        return list(dict.fromkeys(name for _, name in sorted(found)))[:6]

    def _members(self):
        """Yield (name, value) of what the function takes from modules of the standard library: ``dt.date``."""
        for node in ast.walk(self._plan.function):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                home = self._standard.get(node.value.id, vars(self._module).get(node.value.id))
                if isinstance(home, types.ModuleType) and home.__name__ in _STANDARD:
                    self._used.add(node.attr)
                    yield node.attr, getattr(home, node.attr, None)


def _standard_names(tree):
    """Return {name: module or member} of all imports of some modules of the standard library, wherever they stand."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name in _STANDARD:
                    found[alias.asname or alias.name] = importlib.import_module(alias.name)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module in (*_STANDARD, "collections.abc"):
            home = importlib.import_module(node.module)
            found.update((alias.asname or alias.name, getattr(home, alias.name, None)) for alias in node.names)
    return found


def told(plan, names):
    """Return how the calls of a plan look: see ``Form.told``."""
    return Form(plan, names).told()
