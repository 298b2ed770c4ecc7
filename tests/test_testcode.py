"""What is test code and what is product code; real pytest says what it collects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pytestgen_hook.layout import places
from pytestgen_hook.layout import test_path_for as path_for
from pytestgen_hook.testcode import TestCode


def code(paths: str, **options: str) -> TestCode:
    """The test code among ``paths`` and option files, given as ``pytest_ini`` and the like."""
    texts = {name.replace("__", "/").replace("_", "."): text.encode() for name, text in options.items()}
    return TestCode({*paths.split(), *texts}, texts.get)


@pytest.mark.parametrize(
    ("path", "others", "expected"),
    [
        ("test_a.py", "", True),
        ("a_test.py", "", True),
        ("pkg/conftest.py", "", True),
        ("tests/helpers.py", "tests/test_a.py", True),
        ("pkg/tests/data/a.py", "pkg/tests/unit/test_b.py", True),
        ("test/support/__init__.py", "test/test_a.py", True),
        ("testing/resources.py", "testing/test_a.py", True),
        ("test.py", "", False),
        ("tests.py", "", False),
        ("app/tests.py", "", False),
        ("tests/helpers.py", "", False),
        ("src/test/engine.py", "tests/test_engine.py", False),
        ("src/pkg/tests/helper.py", "tests/test_helper.py", False),
        ("pkg/testing/a.py", "pkg/testing/tests/test_a.py", False),
        ("a.py", "test_a.py", False),
        ("management/commands/test.py", "", False),
        ("latest.py", "", False),
        ("my_tests/a.py", "my_tests/test_a.py", False),
    ],
)
def test_test_code_by_default(path: str, others: str, expected: bool) -> None:
    assert (path in code(f"{path} {others}")) is expected


def test_test_code_by_the_settings_of_the_project() -> None:
    found = code(
        "a.py test_a.py checks/check_a.py checks/help.py src/tests.py",
        pytest_ini="[pytest]\npython_files = check_*.py tests.py\ntestpaths = checks\n",
    )
    assert found.collected == ["checks/check_a.py", "src/tests.py"]
    assert {path for path in ("a.py", "test_a.py", "checks/help.py", "src/tests.py") if path in found} == {
        "checks/help.py",
        "src/tests.py",
    }


def test_a_folder_of_sources_with_tests_beside_them_is_no_folder_of_tests() -> None:
    found = code("shop/cart.py shop/test_cart.py shop/order.py", pytest_ini="[pytest]\ntestpaths = shop\n")
    assert "shop/order.py" not in found


def test_where_pytest_looks_in_every_file_names_and_folders_tell() -> None:
    found = code("a.py test_a.py tests/b.py src/test/c.py", pytest_ini="[pytest]\npython_files = *.py\n")
    assert found.collected == ["src/test/c.py", "test_a.py", "tests/b.py"]


def test_each_project_has_its_own_settings() -> None:
    found = code(
        "a/check_x.py b/check_x.py b/test_y.py",
        a__pytest_ini="[pytest]\npython_files = check_*.py\n",
        b__setup_cfg="[metadata]\n",
    )
    assert found.collected == ["a/check_x.py", "b/test_y.py"]


@pytest.mark.parametrize(
    ("name", "text", "patterns"),
    [
        ("pytest.ini", "[pytest]\npython_files = tests.py test_*.py\n", ("tests.py", "test_*.py")),
        ("tox.ini", "[pytest]\npython_files =\n    tests.py\n    test_*.py\naddopts = -q\n", ("tests.py", "test_*.py")),
        ("setup.cfg", "[tool:pytest]\npython_files = a*.py\n", ("a*.py",)),
        ("pyproject.toml", '[tool.pytest.ini_options]\npython_files = ["c_*.py",\n  "x.py"]\n', ("c_*.py", "x.py")),
        ("pyproject.toml", '[tool.pytest.ini_options]\npython_files = "check_*.py"\n', ("check_*.py",)),
        ("pyproject.toml", '[tool.pytest]\npython_files = ["check_*.py"]\n', ("check_*.py",)),
        (".pytest.toml", '[pytest]\npython_files = ["check_*.py"]\n', ("check_*.py",)),
        ("pytest.ini", "[pytest]\n# python_files = no.py\n", ("test_*.py", "*_test.py")),
        ("setup.cfg", "python_files = no.py\n", ("test_*.py", "*_test.py")),
    ],
)
def test_patterns_are_read_from_every_option_file(name: str, text: str, patterns: tuple[str, ...]) -> None:
    found = TestCode({name, "a.py"}, {name: text.encode()}.get)
    assert found.settings("a.py").python_files == patterns


@pytest.mark.parametrize(
    ("settings", "others", "expected"),
    [
        ("python_files = check_*.py", "", "tests/check_cart.py"),
        ("python_files = check*.py", "", "tests/check_cart.py"),
        ("python_files = *_spec.py", "", "tests/cart_spec.py"),
        ("python_files = *.py", "", "tests/test_cart.py"),
        ("python_files = test*.py", "", "tests/test_cart.py"),
        ("python_files = *_test.py", "", "tests/cart_test.py"),
        ("python_files = tests/*.py", "", "tests/test_cart.py"),
        ("python_files = check_*.py spec_*.py", "api.py tests/spec_api.py", "tests/spec_cart.py"),
        ("python_files = check_*.py", "api.py checks/check_api.py", "checks/check_cart.py"),
        ("python_files = check_*.py", "checks/check_cart.py", "checks/check_cart.py"),
        ("testpaths = checks", "", "checks/test_cart.py"),
        ("testpaths = a/checks", "x/test_other.py a/checks/test_b.py", "a/checks/test_cart.py"),
        ("testpaths = */checks", "b/checks/test_b.py", "b/checks/test_cart.py"),
        ("testpaths = nowhere", "api.py x/test_api.py", "x/test_cart.py"),
        ("testpaths = checks", "test_cart.py checks/test_b.py", "checks/test_cart.py"),
        ("testpaths = unit more", "api.py more/test_api.py", "more/test_cart.py"),
    ],
)
def test_a_new_test_file_is_one_that_the_projects_pytest_collects(
    settings: str, others: str, expected: str, tmp_path: Path
) -> None:
    paths = {"cart.py", "pytest.ini", *others.split()}
    texts = {"pytest.ini": f"[pytest]\n{settings}\n".encode()}
    found = TestCode(paths, texts.get)
    path = path_for("cart.py", paths, ("",), None, code=found)
    assert path == expected
    assert found.why_not_collected(path) is None
    (tmp_path / "pytest.ini").write_bytes(texts["pytest.ini"])
    for each in (path, list(places(path, found))[2]):
        target = tmp_path / each
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("def test_it():\n    assert True\n")
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    assert "2 tests collected" in listed


@pytest.mark.parametrize(
    ("settings", "tests_dir", "reason"),
    [
        ("python_files = all.py", None, "python_files in pytest.ini is all.py"),
        ("testpaths = checks", "other", "testpaths in pytest.ini is checks"),
        ("testpaths = checks/all.py", None, "testpaths in pytest.ini is checks/all.py"),
    ],
)
def test_why_no_new_file_would_be_collected(settings: str, tests_dir: str | None, reason: str) -> None:
    paths = {"cart.py", "pytest.ini"}
    found = TestCode(paths, {"pytest.ini": f"[pytest]\n{settings}\n".encode()}.get)
    assert reason in (found.why_not_collected(path_for("cart.py", paths, ("",), tests_dir, code=found)) or "")


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("test", "test_double"),
        ("check_*", "check_double"),
        ("check", "check_double"),
        ("check*", "check_double"),
        ("*_test", "double_test"),
        ("it_* should_*", "it_double"),
        ("*", "test_double"),
        ("test_double_*", "test_double_double"),
        ("test[A-Z]*", None),
        ("all_tests", "all_tests_double"),
    ],
)
def test_tests_get_a_name_that_pytest_takes(patterns: str, expected: str | None) -> None:
    found = code("a.py", pytest_ini=f"[pytest]\npython_functions = {patterns}\n").settings("a.py")
    assert found.function_name("test_double") == expected
    assert expected is None or found.collects_function(expected)
