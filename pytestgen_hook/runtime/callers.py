"""Finds functions that lead to one which is hard to call: the parser of the project, where only that makes what it needs."""

import ast
import collections
import copy
import inspect
import os
import random
import sys
import textwrap
import time
import types

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


def best(subject, tree, guard, deadline):
    """Return (plan, whether its calls came near) for the function whose calls run most of the one under test; or None.

    ``tree`` is the parsed module of the latter. Public functions of the project's imported modules are told to lead there by
    the names that they mention alone, so each is tried with a few inputs.
    """
    found = []
    for place, caller in enumerate(_leading_to(subject, tree)[:MOST_TRIED]):
        plan = planned(subject, tree, caller.__module__, caller.__name__, guard)
        if plan is not None:
            steps = _steps(subject, plan, guard, deadline)
            found.append((steps, -place, plan))
    if not found:
        return None
    steps, _, plan = max(found, key=lambda one: one[:2])
    return plan, any(steps)


def takes_objects(subject, tree):
    """Whether a function asks something that it must be given for members that no built-in object has."""
    chain = plans.find_function(tree, subject.first_line, subject.raw.__code__.co_name)
    arguments = chain[-1].args if chain else ast.arguments([], [], None, [], [], None, [])
    needed = [*arguments.posonlyargs, *arguments.args]
    needed = needed[: len(needed) - len(arguments.defaults)]
    members = [standins.members_of(chain[-1], one.arg) for one in needed if one.arg not in ("self", "cls")]
    return any(set(names) - standins.BUILTIN_MEMBERS for names in members)


def planned(subject, tree, module, name, guard):
    """Return the plan for calling the function under test through that of a module; None where it cannot be called."""
    raw = _raw(getattr(sys.modules.get(module), name, None))
    if raw is None:
        return None
    try:
        own, source_tree = _subject_of(raw, sys.modules[module], subject)
        plan = plans.make_plan(own, name, source_tree, standins.trial(own, guard))
    except (OSError, SyntaxError, ValueError, plans.CannotCall):
        return None
    plan.is_through = True
    plan.conditions = list(_conditions(subject))
    guards = {part.value for condition in plan.conditions for part in ast.walk(condition) if _is_text(part)}
    plan.constants.learn([*plans.constants_around(subject, tree), *guards])
    for parameter in plan.parameters:
        if isinstance(parameter.domain, domains.ByName):
            parameter.domain.prefer(guards)
    plan.examples = plans.seeds(plan, source_tree, list(_written(subject.tree, name)))
    return plan


def texts(plan):
    """Return the texts that calls of the caller have which people wrote down."""
    trees = [tree for made in plan.examples for tree in made.arguments.values()]
    return list(dict.fromkeys(leaf.value for tree in trees for leaf in leaves(tree) if isinstance(leaf.value, str)))


def _written(folder, name):
    """Yield texts of the repository in which people may have written down calls of a function: tests and documents."""
    mark = f"{name}("
    end = time.monotonic() + MOST_READING
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for file in sorted(files):
            is_test = file.endswith(".py") and ("test" in file or "test" in os.path.basename(place))
            text = _text(os.path.join(place, file)) if is_test or file.endswith(DOCUMENTS) else ""
            if mark in text:
                yield text
            if time.monotonic() > end:
                return


def _text(path):
    try:
        if os.path.isfile(path) and os.path.getsize(path) <= _LARGEST_FILE:
            with open(path, encoding="utf-8", errors="replace") as stream:
                return stream.read()
    except OSError:
        pass
    return ""


def _conditions(subject):
    """Yield the conditions on which other functions come to speak of the one under test or of its class."""
    names = _names_of(subject.raw)
    near = [function for function in _functions(subject.tree) if names & _mentioned(function.__code__)]
    for function in near[:MOST_TRIED]:
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
        except (OSError, SyntaxError, TypeError, ValueError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and any(_speaks_of(part, names) for part in node.body):
                yield node.test


def _speaks_of(tree, names):
    return any((getattr(node, "id", None) or getattr(node, "attr", None)) in names for node in ast.walk(tree))


def _is_text(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def head(plan):
    """Return the signature of the caller as a line of code, with what its options are called and what they are for."""
    bare = copy.copy(plan.function)
    bare.body, bare.decorator_list = [ast.Pass()], []
    text = ast.unparse(bare).rpartition("\n")[0]
    options = [name for known in plan.parameters if known.style == "starstar" for name in known.domain.names]
    told = [f"where `{ast.unparse(condition)}`" for condition in plan.conditions[:2]]
    told += ["options: " + ", ".join(options[:_MOST_OPTIONS])] if options else []
    return f"{text} ..." + (f"  # {'; '.join(told)}" if told else "")


def _steps(subject, plan, guard, deadline):
    """Return how many steps some inputs take in the function under test, and how many in the rest of its file.

    The plan learns which kinds of inputs do.
    """
    rng = random.Random(0)
    steps, around = set(), set()
    seeds = plan.examples[: DRAWN // 2]
    for _ in range(ROUNDS):
        inputs = [*seeds, *(plan.draw(rng) for _ in range(DRAWN))]
        seeds = []
        answers = scout.tried(subject, guard, [plan.item(made) for made in inputs], TIMEOUT, deadline)
        for made, answer in zip(inputs, answers):
            is_usable = answer["kind"] in scout.USABLE
            steps.update(map(tuple, answer["arcs"] if is_usable else ()))
            around.update(map(tuple, answer["ways"] if is_usable else ()))
            came_near = is_usable and bool(answer["ways"] or (answer["kind"] == "value" and not around))
            for domain, index in made.picks:
                domain.reward(index, came_near)
    return len(steps), len(around)


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


def _leading_to(subject, tree):
    """Return public functions that lead to the one under test by the names they mention, those first that are near."""
    functions = list(_functions(subject.tree))
    by_mention = collections.defaultdict(list)
    for function in functions:
        for name in _mentioned(function.__code__):
            by_mention[name].append(function)
    found = {}
    names = _names_of(subject.raw)
    known = set(names)
    for level in range(MOST_LEVELS):
        callers = [function for name in names for function in by_mention[name] if function is not subject.raw]
        for function in callers:
            if _is_entry(function):
                found.setdefault(function, level)
        names = {name for function in callers for name in _names_of(function)} - known
        known |= names
    return sorted(found, key=lambda function: _rank(function, found[function]))


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
    for module in list(sys.modules.values()):
        filename = getattr(module, "__file__", None)
        if not isinstance(filename, str) or not filename.startswith(tree):
            continue
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


def _is_entry(function):
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
