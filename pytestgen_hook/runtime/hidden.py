"""Keeps the modules of this folder out of the way of a project, whose own may have the same plain names."""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def hide_runtime():
    """Take this folder from the import path, and its modules from the names they were imported by."""
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != _HERE]
    for name, module in list(sys.modules.items()):
        if name != "__main__" and os.path.dirname(os.path.abspath(getattr(module, "__file__", None) or "/")) == _HERE:
            sys.modules["_pytestgen_runtime." + name] = sys.modules.pop(name)
