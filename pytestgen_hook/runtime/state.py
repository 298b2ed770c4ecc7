"""What a call leaves behind in its process, where later tests would see it: noted before, compared after."""

import _signal  # ``signal`` makes a member of an enum of each answer, which takes longer than all the rest
import atexit
import collections
import enum
import functools
import gc
import itertools
import os
import signal
import sys
import threading
import types
import weakref

_PLAIN = (int, float, complex, str, bytes, bool, type(None), range)
_COUNTERS = (itertools.count, itertools.cycle, itertools.repeat)
_LOCKS = (type(threading.Lock()), type(threading.RLock()))
_MOST_VALUES = 20_000  # looked at in one snapshot; what lies beyond is not compared
_MOST_MEMBERS = 400
_DEEPEST = 6
_DESCRIPTORS = (property, functools.cached_property, types.FunctionType, types.BuiltinFunctionType)


_SIGNALS = tuple(map(int, signal.valid_signals()))
_AT_EXIT = "what is done at exit"
_LOADED = "sys.modules"
WHOLE = "the state"  # in a deep snapshot: whether all was looked at


def snapshot(tree, deep=False):
    """Return {what: fingerprint} of the modules imported from the folder ``tree`` and of what a process shares.

    No code of the user's runs for it: attributes are read from the dictionaries that hold them. With ``deep`` also what
    only makes later calls quicker: caches, and what functions hold of the functions around them.
    """
    modules = _Modules(tree, deep)
    found = {**_of_process(), **modules.state()}
    return {**found, WHOLE: modules.is_whole} if deep else found


def changed(before, after):
    """Return the names of what differs between two snapshots, in order."""
    if set(after.get(_LOADED, ())) - set(before.get(_LOADED, ())):
        # What is imported for the first time may leave its own handler; the next call shows whether the function does.
        before = {**before, _AT_EXIT: after.get(_AT_EXIT)}
    after = {**after, _LOADED: {name: place for name, place in after[_LOADED].items() if name in before[_LOADED]}}
    return sorted(name for name in {*before, *after} if before.get(name) != after.get(name))


def in_words(names):
    """Say what is changed, or return None."""
    if not names:
        return None
    if names[0].startswith("a thread"):
        return "it leaves a thread running"
    return f"it changes {names[0]}, which other tests would see"


class Patches:
    """Puts other objects in the place of attributes for the time of a call, as pytest's fixture ``monkeypatch`` does."""

    def __init__(self):
        self._undone = []
        self.first = {}  # {dotted name: the value that it was given first}
        self.variables = {}  # of the environment, with what they held

    def setattr(self, target, value):
        """Set the attribute that a dotted name stands for: a module that is imported, then names in it."""
        owner, _, name = target.rpartition(".")
        holder = resolved(owner)
        if not hasattr(holder, name):
            raise AttributeError(target)
        self._undone.append((holder, name, getattr(holder, name)))
        self.first.setdefault(target, value)
        setattr(holder, name, value)

    def setenv(self, name, value):
        """Set a variable of the environment."""
        self._note_variable(name)
        os.environ[name] = value

    def delenv(self, name, raising=True):
        """Take a variable out of the environment; it is none of our business whether that is an error."""
        self._note_variable(name)
        os.environ.pop(name, None)

    def _note_variable(self, name):
        self.variables.setdefault(name, os.environ.get(name))

    def undo(self):
        """Give all attributes and variables back what they held."""
        self.first.clear()
        for name, value in self.variables.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self.variables.clear()
        while self._undone:
            setattr(*self._undone.pop())

    def held(self):
        """Return {dotted name: what it holds now} of the attributes that were set."""
        return {target: resolved(target) for target in self.first}


def module_of(path):
    """Return the longest beginning of a dotted name that is an imported module."""
    parts = path.split(".")
    return next(name for end in range(len(parts), 0, -1) for name in [".".join(parts[:end])] if name in sys.modules)


def resolved(path):
    """Return what a dotted name stands for; None if its beginning is no imported module, or a name is not there."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        found = sys.modules.get(".".join(parts[:end]))
        if found is not None:
            for name in parts[end:]:
                found = getattr(found, name, None)
            return found
    return None


def _identities(mapping):
    return dict(zip(mapping, map(id, mapping.values())))


# -- the project's modules ---------------------------------------------------------------------------------------------


class _Modules:
    def __init__(self, tree, deep=False):
        self._tree = tree
        self._deep = deep
        self._left = _MOST_VALUES
        self._open = set()
        self.is_whole = True

    def state(self):
        found = {}
        names = _own_names(self._tree, tuple(_identities(sys.modules).items()))
        modules = [(name, sys.modules[name]) for name in names]
        self._names = set(names)
        foreign = {}
        for module_name, module in modules:
            for name, value in list(vars(module).items()):
                if name.startswith("__"):
                    continue
                if isinstance(value, types.ModuleType):
                    foreign[value.__name__] = value
                elif isinstance(value, type):
                    if getattr(value, "__module__", None) == module_name:
                        found.update(self._of_class(value))
                else:
                    found[f"{module_name}.{name}"] = self._print(value, 0)
        for name, module in foreign.items():
            if name not in self._names:
                found.update(_of_foreign(name, module))
        return found

    def _of_class(self, kind):
        if issubclass(kind, enum.Enum):
            return {}
        return {
            f"{kind.__module__}.{kind.__qualname__}.{name}": self._print(value, 0)
            for name, value in list(vars(kind).items())
            if not isinstance(value, type)
            and (
                self._deep
                or not (name.startswith("__") or isinstance(value, (*_DESCRIPTORS, classmethod, staticmethod)))
            )
        }

    def _print(self, value, depth):
        """Return something that differs when the value has changed, as far as plain data tells."""
        self._left -= 1
        if isinstance(value, _PLAIN):
            return (type(value).__name__, hash(value) if _is_large(value) else value)
        if isinstance(value, (*_COUNTERS, *_LOCKS)):  # written out they say how far they are, and who holds them
            return repr(value)
        if id(value) in self._open:
            return type(value).__name__
        if depth >= _DEEPEST or self._left < 0:
            self.is_whole = self.is_whole and self._left >= 0
            return type(value).__name__
        self._open.add(id(value))
        try:
            return self._print_members(value, depth + 1)
        finally:
            self._open.discard(id(value))

    def _print_members(self, value, depth):
        kind = type(value)
        if isinstance(value, dict):
            pairs = list(dict.items(value))
            members = [(self._print(key, depth), self._print(item, depth)) for key, item in pairs[:_MOST_MEMBERS]]
            return (kind.__name__, len(pairs), members)
        if isinstance(value, (list, tuple, collections.deque)):
            return (kind.__name__, len(value), [self._print(item, depth) for item in list(value)[:_MOST_MEMBERS]])
        if isinstance(value, (set, frozenset)):
            plain = sorted(repr(item) for item in value if isinstance(item, _PLAIN))
            return (kind.__name__, len(value), plain[:_MOST_MEMBERS])
        if isinstance(value, bytearray):
            return (kind.__name__, bytes(value))
        if isinstance(value, types.FunctionType):
            held = [value.__defaults__, value.__kwdefaults__, value.__dict__]
            if self._deep:
                held += [_content(cell) for cell in value.__closure__ or ()]
            return ("function", [self._print(part, depth) for part in held])
        if self._deep and isinstance(value, functools._lru_cache_wrapper):
            return (kind.__name__, value.cache_info(), self._print(value.__wrapped__, depth))
        if self._deep and isinstance(value, (classmethod, staticmethod)):
            return (kind.__name__, self._print(value.__func__, depth))
        if self._deep and isinstance(value, property):
            return (kind.__name__, [self._print(part, depth) for part in (value.fget, value.fset)])
        if kind.__module__ in self._names or kind is types.SimpleNamespace:
            return (kind.__name__, id(value), self._attributes(value, depth))
        return (kind.__name__, id(value))

    def _attributes(self, value, depth):
        try:
            held = dict(object.__getattribute__(value, "__dict__"))
        except AttributeError:
            held = {}
        kinds = type(value).__mro__
        for kind in kinds:
            for name, member in list(vars(kind).items()):
                if isinstance(member, types.MemberDescriptorType):
                    try:
                        held[name] = member.__get__(value)
                    except AttributeError:
                        continue
        cached = {
            name
            for kind in kinds
            for name, member in vars(kind).items()
            if isinstance(member, functools.cached_property) and not self._deep
        }
        return [(name, self._print(item, depth)) for name, item in sorted(held.items()) if name not in cached]


def _is_large(value):
    """Whether a plain value takes long to compare; nothing of a class derived from theirs is called."""
    if isinstance(value, int):
        return int.bit_length(value) > 600
    return (isinstance(value, str) and str.__len__(value) > 200) or (
        isinstance(value, bytes) and bytes.__len__(value) > 200
    )


@functools.lru_cache(maxsize=1)
def _own_names(tree, loaded):
    """Return the names of the loaded modules, given with their identities, whose files lie below ``tree``."""

    def is_own(module):
        filename = getattr(module, "__dict__", {}).get("__file__")
        return isinstance(filename, str) and filename.startswith(tree)

    return [name for name, _ in loaded if is_own(sys.modules.get(name))]


def _content(cell):
    try:
        return cell.cell_contents
    except ValueError:  # nothing is in it yet
        return None


def _of_foreign(name, module):
    """Which objects the names of another module stand for; what it imports or fills in when first used is no change."""
    return {
        f"{name}.{attribute}": (type(value).__name__, id(value))
        for attribute, value in list(vars(module).items())
        if not attribute.startswith("_") and isinstance(value, (*_PLAIN, *_DESCRIPTORS, type)) and value is not None
    }


# -- what a process shares ---------------------------------------------------------------------------------------------


def _of_process():
    found = {
        "the recursion limit": sys.getrecursionlimit(),
        "the switch interval": sys.getswitchinterval(),
        "garbage collection": (gc.isenabled(), gc.get_threshold(), gc.get_debug()),
        "the environment": dict(os.environ),
        "sys.path": list(sys.path),
        "sys.argv": list(sys.argv),
        "the standard streams": [
            (id(one), getattr(one, "closed", None)) for one in (sys.stdin, sys.stdout, sys.stderr)
        ],
        "the trace function": (id(sys.gettrace()), *_hooks_of_threads()),
        _LOADED: _identities(sys.modules),
        _AT_EXIT: _exit_handlers(),
        "the hooks of sys": (id(sys.excepthook), id(sys.displayhook), len(sys.meta_path), len(sys.path_hooks)),
        "the builtins": {**_identities(vars(sys.modules["builtins"])), "_": None},
        "a thread": {thread.ident for thread in threading.enumerate() if thread.is_alive()},
    }
    if hasattr(sys, "get_int_max_str_digits"):
        found["the longest number as text"] = sys.get_int_max_str_digits()
    try:
        found["the working folder"] = os.getcwd()
    except OSError:
        found["the working folder"] = None
    mask = os.umask(0o77)
    os.umask(mask)
    found["the umask"] = mask
    if threading.current_thread() is threading.main_thread():
        found["signal handlers"] = [id(_signal.getsignal(number)) for number in _SIGNALS]
    for name, read in _SETTINGS.items():
        module = sys.modules.get(name)
        if module is not None:
            try:
                found.update(read(module))
            except Exception:
                continue
    return found


def _hooks_of_threads():
    return [id(getattr(threading, name, None)) for name in ("_trace_hook", "_profile_hook")]


def _exit_handlers():
    """How many there are, but for the one of ``weakref``, which comes with the first of its finalizers."""
    return atexit._ncallbacks() - bool(weakref.finalize._registered_with_atexit)


def _decimal(module):
    context = module.getcontext()
    names = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")
    traps = sorted(kind.__name__ for kind, is_on in context.traps.items() if is_on)
    return {"the context of decimal": ([getattr(context, name) for name in names], traps)}


def _logging(module):
    loggers = [module.root, *(item for item in module.root.manager.loggerDict.values() if hasattr(item, "handlers"))]
    # A logger that is only asked for is new and has changed nothing.
    found = {
        f"the logger {logger.name}": _of_logger(logger) for logger in loggers if _of_logger(logger) != (0, 0, 0, 1)
    }
    found["logging"] = module.root.manager.disable
    return found


def _of_logger(logger):
    return (logger.level, len(logger.handlers), int(logger.disabled), int(logger.propagate))


_SETTINGS = {
    "decimal": _decimal,
    "logging": _logging,
    "locale": lambda module: {"the locale": module.setlocale(module.LC_ALL)},
    "warnings": lambda module: {"the filters of warnings": [repr(item) for item in module.filters]},
    "socket": lambda module: {"the timeout of sockets": module.getdefaulttimeout()},
    "time": lambda module: {"the time zone": (module.tzname, module.timezone)},
    "numpy": lambda module: {"the settings of numpy": (repr(module.get_printoptions()), repr(module.geterr()))},
}
