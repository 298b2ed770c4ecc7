"""Which names a function is given by its ``**options``: those that it reads, or that what it calls takes."""

import ast
import types

import keywords
import pytest

SOURCE = """
import json

class Above:
    def __init__(self, color="red", *, depth=1):
        pass

    def moved(self, by, far=False):
        pass

    @classmethod
    def made(cls, size=1):
        pass

    @staticmethod
    def free(weight=1):
        pass

class Below(Above):
    def __init__(self, side, **options):
        super().__init__(**options)

    def moved(self, by, **options):
        return super().moved(by, **options)

    def missing(self, **options):
        return super().missing(**options)

    def scaled(self, **options):
        return self.moved(2, **options)

    def classy(self, **options):
        return self.made(**options), self.free(weight=2, **options)

class Last(Below):
    pass

def reads(**options):
    "options: other"
    if "a" in options and options["b"]:
        return options.get("c", options.pop("d", "no name"))

def compares(**options):
    return [value for name, value in options.items() if name == "wide" or name.startswith("x")]

def nothing(name, **options):
    return options

def to_a_class(side, **options):
    return Last(side, **options)

def to_a_module(**options):
    return json.loads("1", **options)

def to_a_method(**options):
    return Below.made(**options)

def to_what_is_unknown(other, **options):
    return other.done(**options), unknown(**options), other()(**options)

def with_a_star(*values, **options):
    return sorted(*values, **options), nothing(*values, **options)

def to_itself_by_name(**options):
    return reads(e=1, **options)

def odd(**options):
    return options["class"], options["two words"], options["_"]
"""


@pytest.mark.parametrize(
    ("qualname", "expected"),
    [
        ("reads", ["a", "b", "c", "d", "name", "value"]),
        ("compares", ["wide", "x", "name", "value"]),
        ("nothing", ["value"]),
        ("odd", ["name", "value"]),
        ("to_a_class", ["color", "depth"]),
        ("to_a_module", ["cls", "object_hook", "parse_float", "parse_int", "parse_constant", "object_pairs_hook"]),
        ("to_a_method", ["size"]),
        ("to_what_is_unknown", ["name", "value"]),
        ("with_a_star", ["key", "reverse"]),
        ("to_itself_by_name", ["name", "value"]),
        ("Below.__init__", ["color", "depth"]),
        ("Below.moved", ["far"]),
        ("Below.missing", ["name", "value"]),
        ("Below.scaled", ["name", "value"]),
        ("Below.classy", ["size"]),
    ],
)
def test_names_of_options(qualname, expected):
    module = types.ModuleType("optional")
    exec(SOURCE, vars(module))
    tree = ast.parse(SOURCE)
    owner, _, name = qualname.rpartition(".")
    scope = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == owner) if owner else tree
    function = next(node for node in scope.body if isinstance(node, ast.FunctionDef) and node.name == name)
    listed = {one.arg for one in function.args.args}
    kind = vars(module)[owner] if owner else None
    assert keywords.names(function, "options", listed, kind, module) == expected


def test_names_that_are_read_by_whom_the_dict_is_given_to(tmp_path, monkeypatch):
    (tmp_path / "handed.py").write_text(
        "def checked(first, given):\n    return given.get('strict'), given['depth']\n\n\n"
        "def taken(text, **options):\n    return checked(text, options)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    import handed

    function = ast.parse((tmp_path / "handed.py").read_text()).body[1]
    assert keywords.names(function, "options", {"text"}, None, handed) == ["strict", "depth", "name", "value"]
