"""Which methods of what it is given a function calls, and with which parameters."""

from __future__ import annotations

import ast
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytestgen_hook import sandbox
from pytestgen_hook.functions import functions_in
from pytestgen_hook.model.dependencies import Dependency, dependencies_of, dependency_line


def found(
    source: str, installed: Mapping[str, Any] | None = None, *elsewhere: str, name: str = "f"
) -> dict[str, Dependency]:
    tree = ast.parse(textwrap.dedent(source))
    node = next(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef) and one.name == name)

    def sources(kind: str) -> Sequence[ast.Module]:
        return [ast.parse(textwrap.dedent(text)) for text in elsewhere if kind in text]

    return dependencies_of(node, tree, installed or {}, sources)


def line(source: str, *elsewhere: str) -> str:
    return dependency_line(found(source, None, *elsewhere))


DB = """
class Db:
    def get_order(self, id, *, fresh=False): ...
    def send(self, *texts, **more): ...
    @staticmethod
    def now(zone): ...
"""


@pytest.mark.parametrize("annotation", ["Db", "'Db'", "Optional[Db]", "Db | None", "None | Db", "shop.Db"])
def test_methods_of_an_annotated_class_come_with_their_parameters(annotation: str) -> None:
    source = f"def f(db: {annotation}):\n    db.send(db.get_order(1))\n    return db.now(2)"
    assert line(source, DB) == "# Dependencies: db.send(*texts, **more), db.get_order(id, fresh), db.now(zone)"


def test_without_an_annotation_it_is_the_only_class_that_has_all_methods() -> None:
    assert line("def f(db):\n    return db.get_order(1)", DB) == "# Dependencies: db.get_order(id, fresh)"
    twice = DB.replace("class Db", "class Other")
    assert line("def f(db):\n    return db.get_order(1)", DB, twice) == "# Dependencies: db.get_order()"


@pytest.mark.parametrize(
    "source",
    [
        "def f(text: str):\n    return text.strip()",
        "def f(items):\n    items.append(1)",
        "def f(items: list[int]):\n    items.sort()",
        "def f(point):\n    return point.x",
        "def f(self):\n    return self.get_order()",
    ],
)
def test_plain_values_are_no_dependencies(source: str) -> None:
    assert line(source, DB) == ""


def test_what_the_interpreter_tells_wins_over_sources() -> None:
    told = {
        "module": "shop",
        "name": "Db",
        "members": ["get_order", "close"],
        "attributes": ["path"],
        "methods": {"get_order": ["number"]},
    }
    (one,) = found("def f(db: Db):\n    return db.get_order(1), db.path", {"db": told}, DB).values()
    assert one.calls == (("get_order", ("number",)),)
    assert one.is_known
    assert one.uses_attributes


PACKAGE = '''
"""As if installed."""


class Session:
    def __init__(self):
        self.headers = {}

    def get(self, url, **options):
        return url

    @classmethod
    def opened(cls, name):
        return cls()

    async def wait(self, seconds): ...
'''
USER = """
from typing import Optional

from package import Session as Client


class Outer:
    class Inner:
        def go(self): ...


def fetch(session: Optional[Client], path, inner: Outer.Inner):
    inner.go()
    Client.opened("x")
    path.wait(3)
    path.opened("a")
    return session.get(session.headers["base"])
"""


def test_the_interpreter_tells_of_real_classes(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "package.py").write_text(PACKAGE)
    (tree / "user.py").write_text(USER)
    function = next(one for one in functions_in("user.py", USER.encode()) if one.name == "fetch")
    request = {
        "members": True,
        "module": "user",
        "path": "user.py",
        "name": "fetch",
        "first_line": function.first_line,
        "last_line": function.last_line,
        "body_lines": list(function.body_lines),
        "seconds": 5.0,
        "import_seconds": 20.0,
    }
    folder = tmp_path / "runtime"
    folder.mkdir()
    with sandbox.Runtime(Path(sys.executable), folder=folder, tree=tree, roots=[""], memory_bytes=4 << 30) as runtime:
        members = runtime.request(request, 40.0)["members"]
    session = {
        "module": "package",
        "name": "Session",
        "members": ["get", "opened", "wait"],
        "attributes": ["headers"],
    }
    assert members == {
        "session": {**session, "methods": {"get": ["url", "**options"]}},
        "path": {**session, "methods": {"opened": ["name"], "wait": ["seconds"]}},
    }
