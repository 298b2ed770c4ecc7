"""What a call did with stand-ins: objects of ``unittest.mock`` that were made in the place of real ones."""

import re
import sys

_MAGIC = re.compile(r"__\w+__")
_ENTERING = ("__enter__", "__exit__", "__aenter__", "__aexit__")


def is_stand_in(value):
    """Whether the value is an object of ``unittest.mock``; its own ``__class__`` says that it is not."""
    mock = sys.modules.get("unittest.mock")
    return mock is not None and issubclass(type(value), mock.NonCallableMock)


def is_call(value):
    """Whether the value is a noted call, as in ``call_args_list``."""
    mock = sys.modules.get("unittest.mock")
    return mock is not None and type(value) is type(mock.call)


def write_call(writer, value, depth):
    """Return the source of a noted call, for ``literals.Writer``."""
    writer.imports.add(("unittest.mock", "call"))
    parts = [writer._write(argument, depth + 1) for argument in value.args]
    parts += [f"{name}={writer._write(argument, depth + 1)}" for name, argument in value.kwargs.items()]
    return "call({})".format(", ".join(parts))


def settings(item, name):
    """Return the paths below the stand-in that the item gives values: ``.get.return_value``."""
    start = name + "."
    return [target[len(name) :].partition(" =")[0] for target, _ in item["arguments"] if target.startswith(start)]


def goes_beyond(value, paths):
    """Whether the code went on with something that the stand-in made up, since nothing was set for it."""
    for noted in value.mock_calls:
        path = "." + noted[0].replace("()", ".return_value")
        last = path.rpartition(".")[2]
        if last in _ENTERING:
            continue
        is_made_up = ".return_value" in path or _MAGIC.fullmatch(last)
        if is_made_up and not any(known.startswith(path) for known in paths):
            return True
    return False


def called(value, paths, names):
    """Return {path of a method: calls of it} in the order of the first ones; none for those of ``names`` not called."""
    found = {}
    for noted in value.mock_calls:
        path = noted[0].replace("()", ".return_value")
        if not _MAGIC.search(path):
            found.setdefault(path, ())
    found.update(
        (path[1:].rpartition(".")[0], ()) for path in paths if path.endswith((".return_value", ".side_effect"))
    )
    known = vars(type(value)) if not hasattr(value, "_spec_class") else dir(value)
    found.update((name, ()) for name in names if name in known and name not in found and not _MAGIC.fullmatch(name))
    calls = {}
    for path in found:
        method = value
        for part in path.split("."):
            method = getattr(method, part, None)
        if is_stand_in(method) and hasattr(method, "call_args_list"):
            calls[path] = list(method.call_args_list)
    return calls
