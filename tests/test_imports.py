"""The import graph of small repositories of every layout."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from pytestgen_hook.cache import Cache
from pytestgen_hook.imports import ImportGraph, build_graph, import_roots, module_name


class Blobs:
    """Contents by id, counting what is asked for."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.entries = {path: hashlib.sha1(f"{path}\0{text}".encode()).hexdigest() for path, text in files.items()}
        self._contents = {self.entries[path]: text.encode() for path, text in files.items()}
        self.asked: set[str] = set()

    def read(self, ids: Iterable[str]) -> Mapping[str, bytes]:
        wanted = set(ids)
        self.asked |= wanted
        return {identifier: self._contents[identifier] for identifier in wanted}


def graph_of(tmp_path: Path, files: Mapping[str, str], configured: tuple[str, ...] = ()) -> ImportGraph:
    blobs = Blobs(files)
    return build_graph(blobs.entries, blobs.read, Cache(tmp_path / "cache"), configured)


def reaches(graph: ImportGraph, test: str, source: str) -> bool:
    assert (source in graph.upstream(test)) == (test in graph.downstream(source))
    return source in graph.upstream(test)


@pytest.mark.parametrize(
    ("files", "test", "source"),
    [
        pytest.param({"m.py": "", "test_m.py": "import m"}, "test_m.py", "m.py", id="flat"),
        pytest.param(
            {"src/pkg/__init__.py": "", "src/pkg/m.py": "", "tests/test_m.py": "from pkg.m import f"},
            "tests/test_m.py", "src/pkg/m.py", id="src layout",
        ),
        pytest.param(
            {"src/m.py": "", "tests/test_m.py": "from src.m import f"},
            "tests/test_m.py", "src/m.py", id="src as a package",
        ),
        pytest.param(
            {"src/ns/pkg/__init__.py": "", "src/ns/pkg/m.py": "", "tests/test_m.py": "from ns.pkg import m"},
            "tests/test_m.py", "src/ns/pkg/m.py", id="namespace below src",
        ),
        pytest.param(
            {"ns/one/m.py": "", "tests/test_m.py": "import ns.one.m"},
            "tests/test_m.py", "ns/one/m.py", id="namespace without any init",
        ),
        pytest.param(
            {"a/pyproject.toml": "", "a/src/pa/__init__.py": "", "b/setup.py": "", "b/pb.py": "from pa import x",
             "b/tests/test_b.py": "import pb"},
            "b/tests/test_b.py", "a/src/pa/__init__.py", id="several projects",
        ),
        pytest.param(
            {"pkg/__init__.py": "from pkg.m import f", "pkg/m.py": "", "test_m.py": "from pkg import f"},
            "test_m.py", "pkg/m.py", id="re-export",
        ),
        pytest.param(
            {"pkg/__init__.py": "", "pkg/a.py": "from .b import *", "pkg/b.py": "", "test_m.py": "import pkg.a"},
            "test_m.py", "pkg/b.py", id="relative star",
        ),
        pytest.param(
            {"m.py": "", "test_m.py": "def test():\n    if True:\n        import m"},
            "test_m.py", "m.py", id="lazy import",
        ),
        pytest.param(
            {"m.py": "", "test_m.py": "import importlib\nimportlib.import_module('m')"},
            "test_m.py", "m.py", id="importlib",
        ),
        pytest.param(
            {"pkg/__init__.py": "import importlib\nimportlib.import_module('.m', __name__)", "pkg/m.py": "",
             "test_m.py": "import pkg"},
            "test_m.py", "pkg/m.py", id="importlib, relative",
        ),
        pytest.param(
            {"m.py": "", "test_m.py": "import pytest\nm = pytest.importorskip('m')"},
            "test_m.py", "m.py", id="importorskip",
        ),
        pytest.param(
            {"m.py": "", "tests/conftest.py": "import m", "tests/unit/test_m.py": "def test_m(fixture): pass"},
            "tests/unit/test_m.py", "m.py", id="fixture of a conftest above",
        ),
        pytest.param(
            {"m.py": "", "fix.py": "import m", "conftest.py": "pytest_plugins = [\n    'fix',\n]", "test_m.py": ""},
            "test_m.py", "m.py", id="pytest_plugins",
        ),
        pytest.param(
            {"m.py": "", "plug.py": "import m", "pytest.ini": "[pytest]\naddopts = -q -p plug", "test_m.py": ""},
            "test_m.py", "m.py", id="plugin in the options",
        ),
        pytest.param(
            {"plug/__init__.py": "import m", "m.py": "", "test_m.py": "",
             "pyproject.toml": "[project.entry-points.pytest11]\nmine = \"plug\"\n[tool.x]\n"},
            "test_m.py", "m.py", id="plugin as an entry point",
        ),
        pytest.param(
            {"tests/helpers.py": "import m", "m.py": "", "tests/test_m.py": "import helpers"},
            "tests/test_m.py", "m.py", id="neighbour by bare name",
        ),
        pytest.param(
            {"pkg/__init__.py": "import pkg.m", "pkg/m.py": "", "pkg/other.py": "", "test_m.py": "import pkg.other"},
            "test_m.py", "pkg/m.py", id="parent package",
        ),
        pytest.param(
            {"pkg/__init__.py": "", "pkg/sub/m.py": "",
             "test_m.py": "def test(monkeypatch): monkeypatch.setattr('pkg.sub.m', 1)"},
            "test_m.py", "pkg/sub/m.py", id="dotted string",
        ),
        pytest.param(
            {"build/pkg/__init__.py": "", "build/pkg/m.py": "", "build/test_m.py": "import build.pkg.m"},
            "build/test_m.py", "build/pkg/m.py", id="folder that tools pass over",
        ),
        pytest.param(
            {"m.py": "", "broken.py": "def f(:", "test_m.py": "import broken, m"},
            "test_m.py", "broken.py", id="file with a syntax error",
        ),
        pytest.param(
            {"größe.py": "", "test_m.py": "import größe"}, "test_m.py", "größe.py", id="name beyond ascii",
        ),
        pytest.param(
            {"src/shop/cli.py": "", "tests/test_m.py": "import subprocess, sys\nX = [sys.executable, '-m', 'shop.cli', '3']"},
            "tests/test_m.py", "src/shop/cli.py", id="module that is started",
        ),
        pytest.param(
            {"shop/__init__.py": "", "shop/__main__.py": "", "test_m.py": "import subprocess\nX = 'python -m shop 3'"},
            "test_m.py", "shop/__main__.py", id="package that is started, in a line for the shell",
        ),
        pytest.param(
            {"shop.py": "", "test_m.py": "import subprocess\nX = ['', '', '-c', \"import shop; shop.run('3')\"]"},
            "test_m.py", "shop.py", id="module that a line of code imports",
        ),
        pytest.param(
            {"shop.py": "", "test_m.py": "import subprocess\nprint 'python -m shop \\d'"},
            "test_m.py", "shop.py", id="source for another Python",
        ),
        pytest.param(
            {"shop.py": "", "test_m.py": "import subprocess\nX = f'{sys.executable} {ROOT}/shop.py 3'"},
            "test_m.py", "shop.py", id="file in a line for the shell",
        ),
        pytest.param(
            {"scripts/build.py": "", "tests/test_m.py": "X = ROOT / 'scripts' / 'build.py'"},
            "tests/test_m.py", "scripts/build.py", id="file by the end of its path",
        ),
        pytest.param(
            {"a/build.py": "", "b/build.py": "", "test_m.py": "X = './b/build.py'"},
            "test_m.py", "b/build.py", id="file by its path",
        ),
        pytest.param(
            {"build.py": "", "other.py": "", "test_m.py": "X = [\"other.py\",'build.py']"},
            "test_m.py", "build.py", id="file right after another",
        ),
        pytest.param(
            {
                "src/shop/cli.py": "", "pyproject.toml": "[project.scripts]\nshop-run = 'shop.cli:main'\n",
                "test_m.py": "import subprocess\nX = ['shop-run', '3']",
            },
            "test_m.py", "src/shop/cli.py", id="command that the project declares",
        ),
        pytest.param(
            {
                "shop.py": "", "setup.cfg": "[options.entry_points]\nconsole_scripts =\n    shop-run = shop:main\n",
                "conftest.py": "from subprocess import run\ndef start(): run('shop-run')", "test_m.py": "",
            },
            "test_m.py", "shop.py", id="command that a conftest starts",
        ),
    ],
)  # fmt: skip
def test_a_test_reaches_what_it_depends_on(tmp_path: Path, files: dict[str, str], test: str, source: str) -> None:
    assert reaches(graph_of(tmp_path, files), test, source)


@pytest.mark.parametrize(
    ("files", "test", "source"),
    [
        pytest.param({"m.py": "", "n.py": "", "test_m.py": "import m"}, "test_m.py", "n.py", id="not imported"),
        pytest.param(
            {"m.py": "", "tests/a/conftest.py": "import m", "tests/b/test_m.py": ""},
            "tests/b/test_m.py", "m.py", id="conftest of another folder",
        ),
        pytest.param(
            {"m.py": "", "conftest.py": "import m", "app.py": ""}, "app.py", "m.py", id="conftest of a source",
        ),
        pytest.param(
            {"a/build.py": "", "b/build.py": "", "test_m.py": "X = './b/build.py'"},
            "test_m.py", "a/build.py", id="file of another folder",
        ),
        pytest.param(
            {"build.py": "", "test_m.py": "# 'see build.py'"}, "test_m.py", "build.py", id="file at the end of a sentence",
        ),
        pytest.param({"shop.py": "", "test_m.py": "X = 'shop'"}, "test_m.py", "shop.py", id="a word that starts nothing"),
    ],
)  # fmt: skip
def test_a_test_does_not_reach_what_it_does_not_depend_on(
    tmp_path: Path, files: dict[str, str], test: str, source: str
) -> None:
    assert not reaches(graph_of(tmp_path, files), test, source)


# -- roots and names ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "path", "name"),
    [
        ({"m.py": ""}, "m.py", "m"),
        ({"pkg/__init__.py": "", "pkg/m.py": ""}, "pkg/__init__.py", "pkg"),
        ({"src/pkg/__init__.py": "", "src/pkg/m.py": ""}, "src/pkg/m.py", "pkg.m"),
        ({"src/m.py": "", "test_m.py": "import m"}, "src/m.py", "m"),
        ({"src/m.py": "", "test_m.py": "from src.m import f"}, "src/m.py", "src.m"),
        ({"src/m.py": "", "test_m.py": "def test():\n\t  import  src.m"}, "src/m.py", "src.m"),
        ({"src/m.py": "", "test_m.py": "x = 1  # from src.m import f"}, "src/m.py", "m"),
        ({"src/m.py": "", "test_m.py": "from srcs.m import f\nimport src_m\nimport src"}, "src/m.py", "m"),
        ({"src/__init__.py": "", "src/m.py": ""}, "src/m.py", "src.m"),
        ({"src/ns/pkg/__init__.py": "", "src/ns/pkg/m.py": ""}, "src/ns/pkg/m.py", "ns.pkg.m"),
        ({"ns/pkg/__init__.py": "", "ns/pkg/m.py": "", "t.py": "import ns.pkg.m"}, "ns/pkg/m.py", "ns.pkg.m"),
        ({"backend/app/__init__.py": "", "backend/app/m.py": "from app import x"}, "backend/app/m.py", "app.m"),
        ({"a/pyproject.toml": "", "a/src/pkg/m.py": ""}, "a/src/pkg/m.py", "pkg.m"),
        ({"a/setup.py": "", "a/m.py": ""}, "a/m.py", "m"),
        ({"x/y/z/__init__.py": "", "x/y/z/m.py": "", "t.py": "from x.y.z import m"}, "x/y/z/m.py", "x.y.z.m"),
        ({"__init__.py": "", "m.py": ""}, "m.py", "m"),
        ({"code/m.py": "", "pytest.ini": "[pytest]\npythonpath = code\n"}, "code/m.py", "m"),
        ({"code/m.py": "", ".pytest.toml": "[pytest]\npythonpath = ['code']\n"}, "code/m.py", "m"),
        (
            {"a/code/m.py": "", "a/pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['code']\n"},
            "a/code/m.py",
            "m",
        ),
        ({"code/m.py": "", "pytest.ini": "[pytest]\npythonpath = .. /code\n"}, "code/m.py", "code.m"),
    ],
)
def test_the_name_by_which_a_file_is_imported(tmp_path: Path, files: dict[str, str], path: str, name: str) -> None:
    assert graph_of(tmp_path, files).module_name(path) == name


def test_configured_roots_are_kept() -> None:
    assert import_roots(["code/m.py"], ["code/", "./"]) == ("", "code")
    assert module_name("code/m.py", ["", "code"]) == "m"


def test_a_source_folder_without_python_is_no_root() -> None:
    assert import_roots(["src/main.rs", "m.py"]) == ("",)


# -- the cache ------------------------------------------------------------------------------------------------------

FILES = {"a.py": "import b", "b.py": "", "c.py": "", "pkg/__init__.py": "", "pkg/d.py": "", "test_a.py": "import a"}


def test_a_second_build_reads_nothing(tmp_path: Path) -> None:
    first = graph_of(tmp_path, FILES)
    blobs = Blobs(FILES)
    second = build_graph(blobs.entries, blobs.read, Cache(tmp_path / "cache"))
    assert (second.imports, second.roots, blobs.asked) == (first.imports, first.roots, set())


@pytest.mark.parametrize("text", ["import c", "from pkg import d", "from pkg.d import x", "import pkg.d as e", ""])
def test_one_changed_file_is_read_alone_and_resolved_as_before(tmp_path: Path, text: str) -> None:
    files = {**{f"filler/f{number}.py": "" for number in range(20)}, **FILES}
    graph_of(tmp_path, files)
    blobs = Blobs({**files, "a.py": text})
    changed = build_graph(blobs.entries, blobs.read, Cache(tmp_path / "cache"))
    assert blobs.asked == {blobs.entries["a.py"]}
    assert changed.imports == graph_of(tmp_path / "other", {**files, "a.py": text}).imports


def test_a_new_path_can_change_where_imports_lead(tmp_path: Path) -> None:
    assert not graph_of(tmp_path, {"a.py": "import z"}).imports["a.py"]
    assert graph_of(tmp_path, {"a.py": "import z", "z.py": ""}).imports["a.py"] == {"z.py"}


def test_a_repository_without_python(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, {"README.md": "x"})
    assert (graph.imports, graph.roots) == ({}, ("",))


def test_a_long_line_of_names_is_read_in_time(tmp_path: Path) -> None:
    """It would take minutes to begin anew at each letter of it, or to copy the line for each."""
    names = "from src.m import f; 'a.py" * 60_000 + "b.py'" * 60_000
    graph = graph_of(tmp_path, {"src/m.py": "", "names.py": f"x = 1; {names}", "test_m.py": ""})
    assert graph.module_name("src/m.py") == "m"
