"""Functions of small modules as what the runtime observes."""

import ast
import importlib.util
import sys

import observe
import plan


def made(source, folder):
    """The function ``f`` of a source as what calls are observed of, and the guard."""
    path = folder / "under_test.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("under_test", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["under_test"] = module
    spec.loader.exec_module(module)
    node = next(one for one in ast.parse(source).body if getattr(one, "name", "") == "f")
    first = min([node.lineno, *[one.lineno for one in node.decorator_list]])
    raw = plan.find_raw(module, str(path), first, "f")
    return observe.Subject(module, source.encode(), str(path), raw, node.end_lineno, str(folder))
