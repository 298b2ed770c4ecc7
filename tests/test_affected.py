"""Which test files can reach a change, and which name a function."""

from __future__ import annotations

import pytest

from pytestgen_hook.affected import affected_tests, naming
from pytestgen_hook.imports import ImportGraph
from pytestgen_hook.types.changes import Function, Kind


def function(qualname: str, path: str = "m.py") -> Function:
    return Function(path, qualname, Kind.FUNCTION, 1, 1, 2, (2,))


def named_in(source: str, qualname: str) -> bool:
    found = naming([function(qualname)], {"m.py": ("test_m.py",)}, {"test_m.py": source.encode()})
    return found == {f"m.py::{qualname}": ("test_m.py",)}


def test_tests_at_any_distance_reach_a_change() -> None:
    graph = ImportGraph(
        {
            "test_a.py": frozenset({"a.py"}),
            "a.py": frozenset({"b.py"}),
            "b.py": frozenset({"a.py"}),
            "test_c.py": frozenset({"c.py"}),
        },
        ("",),
    )
    assert affected_tests(graph, ["b.py", "c.py", "d.py"], ["test_a.py", "test_c.py", "test_d.py"]) == {
        "b.py": ("test_a.py",),
        "c.py": ("test_c.py",),
        "d.py": (),
    }


def test_a_changed_file_with_tests_of_its_own_reaches_itself() -> None:
    assert affected_tests(ImportGraph({}, ("",)), ["m_test.py"], ["m_test.py"]) == {"m_test.py": ("m_test.py",)}


@pytest.mark.parametrize(
    ("source", "qualname"),
    [
        ("from m import f\ndef test_f(): assert f(1)", "f"),
        ("import m\ndef test_f(): assert m.f(1)", "f"),
        ("from m import f as g\ndef test_f(): assert g(1)", "f"),
        ("from m import C\ndef test_f(): assert C().f()", "C.f"),
        ("def test_f(client): assert client.get()", "Client.get"),
        ("def test_f(http_client): assert http_client.get()", "HttpClient.get"),
        ("from m import C\ndef test_f(): assert C()", "C.__init__"),
        ("import m\ndef test_f(): assert m.C.D().f()", "C.D.f"),
    ],
)
def test_a_function_that_a_test_uses_is_named(source: str, qualname: str) -> None:
    assert named_in(source, qualname)


@pytest.mark.parametrize(
    ("source", "qualname"),
    [
        ("from m import f\ndef test_g(): assert True", "f"),
        ("import m\n# f is tested elsewhere\ndef test_g(): assert 'f'", "f"),
        ("import m\ndef test_f(): assert m.ff(1)", "f"),
        ("def test_f(): assert {}.get(1)", "Client.get"),
        ("from m import C\ndef test_f(): assert C", "C.f"),
        ("def test_f(: f()", "f"),
        ("\0", "f"),
    ],
)
def test_a_function_that_a_test_does_not_use_is_not_named(source: str, qualname: str) -> None:
    assert not named_in(source, qualname)


def test_only_files_that_reach_the_module_count() -> None:
    sources = {"test_m.py": b"f()", "test_n.py": b"f()"}
    assert naming([function("f")], {"m.py": ["test_n.py"]}, sources) == {"m.py::f": ("test_n.py",)}
    assert naming([function("f")], {}, sources) == {"m.py::f": ()}
