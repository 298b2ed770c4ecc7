"""Classes of the project: which there are, where they come from, and what their text says of their members."""

import ast
import contextlib
import functools
import importlib
import inspect
import os
import sys

import domains

_MOST_CLASSES = 2000  # looked through for one that has what is used of a parameter
_MOST_FILES = 60  # beside the module, that are looked through for a class
_LARGEST_FILE = 200_000
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def is_from(tree, kind):
    """Whether a class is defined in a file below the folder ``tree``."""
    filename = getattr(sys.modules.get(kind.__module__), "__file__", None)
    return isinstance(filename, str) and filename.startswith(tree)


def modules_of(tree):
    """Yield the imported modules whose files lie below the folder ``tree``."""
    for module in list(sys.modules.values()):
        filename = getattr(module, "__file__", None)
        if isinstance(filename, str) and filename.startswith(tree):
            yield module


class Classes:
    """Finds classes by the names of members that code uses of their instances.

    ``module`` is the one under test, ``path`` its file, ``tree`` the folder that the project is imported from.
    """

    def __init__(self, module, path, tree):
        self._module = module
        self._path = path
        self._tree = tree
        self._beside = None

    def having(self, names):
        """Return the classes of the project's imported modules that have members of all these names; protocols are none."""
        found = []
        for module in modules_of(self._tree):
            for kind in list(vars(module).values()):
                is_own = isinstance(kind, type) and kind.__module__ == module.__name__
                if is_own and not getattr(kind, "_is_protocol", False) and names <= members_of(kind):
                    found.append(kind)
        return sorted(set(found), key=lambda kind: (kind.__module__, kind.__qualname__))[:_MOST_CLASSES]

    def nearest(self, names):
        """Return the class with the fewest members that has all these: in reach of the module, or else of a file beside it."""
        found = [kind for kind in vars(self._module).values() if isinstance(kind, type)]
        found = [kind for kind in found if kind.__module__ != "builtins" and names <= members_of(kind)]
        if not found:
            if self._beside is None:
                self._beside = list(_in_files(os.path.dirname(self._path), self._module.__name__))
            beside = [(module, name) for module, name, members in self._beside if names <= members]
            found = [kind for module, name in beside for kind in _imported(module, name)]
        return min(found, key=lambda kind: (len(members_of(kind)), kind.__name__), default=None)


_MEMBERS = {}


def members_of(kind):
    """Return the names of the members of a class, and of the attributes that its methods give to ``self``."""
    found = _MEMBERS.get(kind)
    if found is None:
        found = _MEMBERS[kind] = set(dir(kind)) | set(domains.hints_of(kind))
        for _, node in methods_of(kind):
            found |= stored(node)
    return found


def methods_of(kind):
    """Yield (function object, syntax tree) of the methods written in a class and those that it inherits."""
    for base in reversed(kind.__mro__):
        node = _node_of(base) if base.__module__ not in ("builtins", "typing", "abc") else None
        for inner in getattr(node, "body", ()):
            if isinstance(inner, FUNCTIONS):
                yield vars(base).get(inner.name), inner


def stored(function):
    """Return the names of the attributes that a method, a syntax tree, gives to ``self``."""
    return {
        inner.attr
        for inner in ast.walk(function)
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store) and is_self(inner.value)
    }


def is_self(node):
    """Whether an expression, a syntax tree, is what methods call the object or class that they belong to."""
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


@functools.lru_cache(maxsize=512)  # each place where such an object is made asks for it
def _node_of(kind):
    with contextlib.suppress(Exception):
        lines, _ = inspect.getsourcelines(kind)
        return ast.parse(inspect.cleandoc("\n" + "".join(lines))).body[0]
    return None


def _in_files(folder, module):
    """Yield (module, class, its members) of the Python files in the folder of a module."""
    package = module.rpartition(".")[0]
    try:
        files = sorted(entry.path for entry in os.scandir(folder) if entry.name.endswith(".py") and entry.is_file())
    except OSError:
        return
    for path in files[:_MOST_FILES]:
        stem = os.path.basename(path)[:-3]
        name = f"{package}.{stem}" if package else stem
        if name == module or not stem.isidentifier() or stem.startswith(("test_", "conftest", "setup", "__")):
            continue
        try:
            if os.path.getsize(path) > _LARGEST_FILE:
                continue
            with open(path, encoding="utf-8") as stream:
                tree = ast.parse(stream.read())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                found = {part.name for part in node.body if isinstance(part, FUNCTIONS)}
                found |= {
                    part.target.id
                    for part in node.body
                    if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
                }
                yield name, node.name, found | stored(node)


def _imported(module, name):
    try:
        kind = getattr(importlib.import_module(module), name, None)
    except BaseException:  # code of the user's: a module that cannot be imported has no class for us
        return []
    return [kind] if isinstance(kind, type) else []
