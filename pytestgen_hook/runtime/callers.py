"""Finds functions that lead to one which is hard to call: the parser of the project, where only that makes what it needs."""

import ast
import collections
import copy
import functools
import inspect
import os
import random
import sys
import textwrap
import time
import types

import classes
import domains
import plan as plans
import scout
import standins
from observe import Subject
from values import leaves

MOST_LEVELS = 6  # calls between what a test calls and the function
MOST_TRIED = 10
DRAWN = 40  # inputs of each that are tried at a time
ROUNDS = 2
MOST_REQUIRED = 3  # parameters
TIMEOUT = 0.3
MOST_READING = 0.5  # seconds for looking through tests and documents
DOCUMENTS = (".md", ".rst", ".txt")
_LARGEST_FILE = 300_000
_MOST_FUNCTIONS = 4000
_MOST_OPTIONS = 6  # shown


class Leading(collections.namedtuple("Leading", "plan is_near is_reaching")):
    """The plan for calls of a caller, and whether some that were tried came into the function's file, and into itself."""

    __slots__ = ()


class Callers:
    """Public functions of the project's imported modules that lead to the one under test, as far as names tell.

    ``tree`` is the parsed module of the latter.
    """

    def __init__(self, subject, tree, guard):
        self._subject = subject
        self._tree = tree
        self._guard = guard
        self._functions = list(_functions(subject.tree))

    def best(self, deadline):
        """Return the caller whose calls run most of the function as a ``Leading``; None where there is none.

        That names lead there says little, so each caller is tried with a few inputs.
        """
        found = []
        for place, caller in enumerate(self._leading()[:MOST_TRIED]):
            plan = self.planned(caller.__module__, caller.__name__)
            if plan is not None:
                found.append((self._steps(plan, deadline), -place, plan))
        if not found:
            return None
        (within, around), _, plan = max(found, key=lambda one: one[:2])
        return Leading(plan, is_near=bool(within or around), is_reaching=bool(within))

    def planned(self, module, name):
        """Return the plan for calling the function through that of a module; None where that cannot be called."""
        raw = _raw(getattr(sys.modules.get(module), name, None))
        if raw is None:
            return None
        try:
            own, source_tree = _subject_of(raw, sys.modules[module], self._subject)
            plan = plans.make_plan(own, name, source_tree, standins.trial(own, self._guard))
        except (OSError, SyntaxError, ValueError, plans.CannotCall):
            return None
        plan.is_through = True
        plan.conditions = self._conditions
        told = {part.value for condition in plan.conditions for part in ast.walk(condition) if _is_text(part)}
        plan.constants.learn([*plans.constants_around(self._subject, self._tree), *told])
        for parameter in plan.parameters:
            if isinstance(parameter.domain, domains.ByName):
                parameter.domain.prefer(told)
        plan.examples = plans.seeds(plan, source_tree, [text for text in _written(own.tree) if f"{name}(" in text])
        return plan

    @functools.cached_property
    def _conditions(self):
        """The conditions on which other functions come to speak of the one under test or of its class."""
        names = _names_of(self._subject.raw)
        near = [function for function in self._functions if names & _mentioned(function.__code__)]
        found = []
        for function in near[:MOST_TRIED]:
            try:
                tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
            except (OSError, SyntaxError, TypeError, ValueError):
                continue
            for node in ast.walk(tree):
                if isinstance(node, ast.If) and any(_speaks_of(part, names) for part in node.body):
                    found.append(node.test)
        return found

    def _leading(self):
        """Return the callers, in the order of how likely a person would call them."""
        by_mention = collections.defaultdict(list)
        for function in self._functions:
            for name in _mentioned(function.__code__):
                by_mention[name].append(function)
        found = {}
        names = _names_of(self._subject.raw)
        known = set(names)
        for level in range(MOST_LEVELS):
            callers = [one for name in names for one in by_mention[name] if one is not self._subject.raw]
            for function in callers:
                if _is_public(function):
                    found.setdefault(function, level)
            names = {name for function in callers for name in _names_of(function)} - known
            known |= names
        return sorted(found, key=lambda function: _rank(function, found[function]))

    def _steps(self, plan, deadline):
        """Return how many steps some inputs take in the function under test, and how many in the rest of its file.

        The plan learns which kinds of inputs do.
        """
        rng = random.Random(0)
        steps, around = set(), set()
        examples = plan.examples[: DRAWN // 2]
        for _ in range(ROUNDS):
            inputs = [*examples, *(plan.draw(rng) for _ in range(DRAWN))]
            examples = []
            items = [plan.item(made) for made in inputs]
            answers = scout.tried(self._subject, self._guard, items, TIMEOUT, deadline)
            for made, answer in zip(inputs, answers):
                is_usable = answer["kind"] in scout.USABLE
                steps.update(map(tuple, answer["arcs"] if is_usable else ()))
                around.update(map(tuple, answer["ways"] if is_usable else ()))
                came_near = is_usable and bool(answer["ways"] or (answer["kind"] == "value" and not around))
                for domain, index in made.picks:
                    domain.reward(index, came_near)
        return len(steps), len(around)


def takes_objects(subject, tree):
    """Whether a function asks something that it must be given for members that no built-in object has."""
    chain = plans.find_function(tree, subject.first_line, subject.raw.__code__.co_name)
    if chain is None:
        return False
    arguments = chain[-1].args
    needed = [*arguments.posonlyargs, *arguments.args]
    needed = needed[: len(needed) - len(arguments.defaults)]
    members = [standins.members_of(chain[-1], one.arg) for one in needed if one.arg not in ("self", "cls")]
    return any(set(names) - standins.BUILTIN_MEMBERS for names in members)


def texts(plan):
    """Return the texts that calls of the caller have which people wrote down."""
    trees = [tree for made in plan.examples for tree in made.arguments.values()]
    return list(dict.fromkeys(leaf.value for tree in trees for leaf in leaves(tree) if isinstance(leaf.value, str)))


def head(plan):
    """Return the signature of the caller as a line of code, with what its options are called and what they are for."""
    bare = copy.copy(plan.function)
    bare.body, bare.decorator_list = [ast.Pass()], []
    text = ast.unparse(bare).rpartition("\n")[0]
    options = [name for known in plan.parameters if known.style == "starstar" for name in known.domain.names]
    told = [f"where `{ast.unparse(condition)}`" for condition in plan.conditions[:2]]
    told += ["options: " + ", ".join(options[:_MOST_OPTIONS])] if options else []
    return f"{text} ..." + (f"  # {'; '.join(told)}" if told else "")


@functools.lru_cache(maxsize=1)
def _written(folder):
    """Return the tests and documents of the repository, in which people may have written down calls."""
    found = []
    end = time.monotonic() + MOST_READING
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for file in sorted(files):
            is_test = file.endswith(".py") and ("test" in file or "test" in os.path.basename(place))
            if is_test or file.endswith(DOCUMENTS):
                found.append(_text(os.path.join(place, file)))
            if time.monotonic() > end:
                return found
    return found


def _text(path):
    try:
        if os.path.isfile(path) and os.path.getsize(path) <= _LARGEST_FILE:
            with open(path, encoding="utf-8", errors="replace") as stream:
                return stream.read()
    except OSError:
        pass
    return ""


def _speaks_of(tree, names):
    return any((getattr(node, "id", None) or getattr(node, "attr", None)) in names for node in ast.walk(tree))


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _subject_of(raw, module, target):
    filename = raw.__code__.co_filename
    with open(filename, "rb") as stream:
        source = stream.read()
    tree = ast.parse(source)
    chain = plans.find_function(tree, raw.__code__.co_firstlineno, raw.__code__.co_name)
    if chain is None:
        raise plans.CannotCall("its source could not be found again after the import")
    found = Subject(module, source, filename, raw, chain[-1].end_lineno, target.tree)
    found.folders = target.folders
    found.scope.work = target.scope.work
    return found, tree


def _rank(function, level):
    is_of_package = os.path.basename(function.__code__.co_filename) == "__init__.py"
    return not is_of_package, level, _required(function), function.__module__, function.__code__.co_firstlineno


def _names_of(function):
    """Return the names by which other code leads to a function: its own, and that of the class that has it."""
    *outer, name = function.__qualname__.split(".")
    own = set() if name.startswith("__") and name.endswith("__") else {name}
    return own.union(outer[-1:])


def _mentioned(code):
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _mentioned(constant)
    return found


def _functions(tree):
    """Yield the functions of the imported modules below a folder, and the methods of their classes."""
    count = 0
    for module in classes.modules_of(tree):
        for value in list(vars(module).values()):
            if getattr(value, "__module__", None) != module.__name__:
                continue
            for member in list(vars(value).values()) if isinstance(value, type) else [value]:
                raw = _raw(member)
                if raw is not None and raw.__code__.co_filename.startswith(tree) and count < _MOST_FUNCTIONS:
                    count += 1
                    yield raw


def _raw(value):
    """Return the plain function beneath decorators and descriptors, None for anything else."""
    if isinstance(value, property):
        value = value.fget
    try:
        value = inspect.unwrap(getattr(value, "__func__", value))
    except (ValueError, TypeError):
        return None
    return value if isinstance(value, types.FunctionType) else None


def _is_public(function):
    is_plain = function.__qualname__ == function.__name__ and not function.__name__.startswith("_")
    home = sys.modules.get(function.__module__)
    return is_plain and getattr(home, function.__name__, None) is function and _required(function) <= MOST_REQUIRED


def _required(function):
    try:
        listed = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        return MOST_REQUIRED + 1
    named = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return sum(one.default is one.empty and one.kind not in named for one in listed)
