from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pytestgen_hook.layout import base_folder, import_note, package_markers, places
from pytestgen_hook.layout import test_path_for as path_for

# -- the test file of a source ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "others", "roots", "expected"),
    [
        pytest.param("cart.py", "", ("",), "tests/test_cart.py", id="nothing-there"),
        pytest.param("src/shop/cart.py", "src/shop/__init__.py", ("src",), "tests/test_cart.py", id="src-layout"),
        pytest.param("cart.py", "test/__init__.py", ("",), "test/test_cart.py", id="a-folder-named-test-is-there"),
        pytest.param("shop/_cart.py", "", ("",), "tests/test_cart.py", id="private-module"),
        pytest.param("shop/__init__.py", "", ("",), "tests/test_shop.py", id="package"),
        pytest.param("shop/__main__.py", "", ("",), "tests/test_shop.py", id="main-module"),
        pytest.param("a/cart.py", "tests/test_cart.py", ("",), "tests/test_cart.py", id="its-test-file-is-there"),
        pytest.param("a/cart.py", "a/test_cart.py", ("",), "a/test_cart.py", id="beside-it"),
        pytest.param("a/cart.py", "x/cart_test.py", ("",), "x/cart_test.py", id="under-the-other-form-of-name"),
        pytest.param(
            "shop/cart.py", "tests/test_shop_cart.py", ("",), "tests/test_shop_cart.py", id="with-its-package"
        ),
        pytest.param(
            "shop/cart.py",
            "tests/integration/test_cart.py tests/unit/test_cart.py",
            ("",),
            "tests/unit/test_cart.py",
            id="unit-tests-before-integration-tests",
        ),
        pytest.param("shop/cart.py", "tests/test_api.py shop/api.py", ("",), "tests/test_cart.py", id="flat-as-others"),
        pytest.param("shop/cart.py", "shop/test_api.py shop/api.py", ("",), "shop/test_cart.py", id="beside-as-others"),
        pytest.param(
            "shop/cart.py", "shop/api_test.py shop/api.py", ("",), "shop/cart_test.py", id="beside-with-suffix"
        ),
        pytest.param("cart.py", "tests/api_test.py api.py", ("",), "tests/cart_test.py", id="flat-with-suffix"),
        pytest.param(
            "src/shop/pay/card.py",
            "src/shop/web/api.py tests/shop/web/test_api.py src/shop/a/b.py tests/shop/a/test_b.py",
            ("src",),
            "tests/shop/pay/test_card.py",
            id="mirrored-with-the-package",
        ),
        pytest.param(
            "src/shop/pay/card.py",
            "src/shop/web/api.py tests/web/test_api.py",
            ("src",),
            "tests/pay/test_card.py",
            id="mirrored-without-the-package",
        ),
        pytest.param(
            "shop/pay/card.py",
            "shop/web/api.py tests/unit/web/test_api.py",
            ("",),
            "tests/unit/pay/test_card.py",
            id="mirrored-below-unit",
        ),
        pytest.param(
            "shop/pay/card.py",
            "shop/web/api.py tests/test_web/test_api.py",
            ("",),
            "tests/test_pay/test_card.py",
            id="mirrored-with-a-prefix",
        ),
        pytest.param(
            "shop/pay/card.py",
            "shop/web/api.py shop/web/tests/test_api.py shop/api.py shop/tests/test_api.py",
            ("",),
            "shop/pay/tests/test_card.py",
            id="a-tests-folder-in-each-package",
        ),
        pytest.param(
            "cart.py", "tests/test_everything.py", ("",), "tests/test_cart.py", id="tests-of-nothing-in-particular"
        ),
        pytest.param(
            "a/utils.py", "b/utils.py tests/test_utils.py", ("",), "tests/test_a_utils.py", id="whose-test-is-open"
        ),
        pytest.param("a/_utils.py", "a/utils.py", ("",), "tests/test__utils.py", id="private-twin"),
        pytest.param("a/utils.py", "a/_utils.py", ("",), "tests/test_utils.py", id="twin-of-a-private-module"),
        pytest.param(
            "a/utils.py",
            "b/utils.py tests/a/test_utils.py tests/b/test_utils.py",
            ("",),
            "tests/a/test_utils.py",
            id="two-modules-of-one-name-mirrored",
        ),
        pytest.param(
            "a/utils.py",
            "b/utils.py a/api.py b/web.py tests/a/test_api.py tests/b/test_web.py tests/b/test_utils.py",
            ("",),
            "tests/a/test_a_utils.py",
            id="name-that-pytest-would-refuse-twice",
        ),
        pytest.param(
            "a/utils.py",
            "b/utils.py a/api.py tests/a/test_api.py tests/b/test_utils.py "
            "tests/__init__.py tests/a/__init__.py tests/b/__init__.py",
            ("",),
            "tests/a/test_utils.py",
            id="packages-tell-equal-names-apart",
        ),
        pytest.param(
            "a/utils.py",
            "b/utils.py a/x.py b/x.py tests/a/test_x.py tests/b/test_x.py tests/b/test_utils.py",
            ("",),
            "tests/a/test_utils.py",
            id="project-that-has-equal-names",
        ),
        pytest.param(
            "one/src/util.py",
            "one/pyproject.toml two/pyproject.toml two/src/util.py two/tests/test_util.py",
            ("one/src", "two/src"),
            "one/tests/test_util.py",
            id="each-project-has-its-tests",
        ),
        pytest.param(
            "one/src/util.py",
            "one/pyproject.toml one/src/api.py tests/test_api.py",
            ("one/src",),
            "tests/test_util.py",
            id="one-folder-of-tests-for-all-projects",
        ),
        pytest.param(
            "a b/größe.py", "a b/maß.py tests/test_maß.py", ("",), "tests/test_größe.py", id="spaces-and-letters"
        ),
    ],
)
def test_place_and_name_follow_what_is_there(source, others, roots, expected):
    files = {source, *(others.replace("a b/", "a~b/").split())}
    files = {path.replace("~", " ") for path in files}
    assert path_for(source, files, roots, None) == expected


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        pytest.param("", "checks/test_card.py", id="flat"),
        pytest.param("shop/web/api.py tests/web/test_api.py", "checks/pay/test_card.py", id="mirrored"),
        pytest.param("shop/api.py shop/test_api.py", "checks/test_card.py", id="beside"),
        pytest.param("tests/test_card.py", "tests/test_card.py", id="its-test-file-is-there"),
    ],
)
def test_folder_named_by_the_user_is_for_new_files(others, expected):
    assert path_for("shop/pay/card.py", {"shop/pay/card.py", *others.split()}, ("",), "checks/") == expected


def test_imports_settle_whose_a_test_file_is():
    files = {"a/utils.py", "b/utils.py", "tests/test_utils.py"}
    reaches = {"tests/test_utils.py": {"a/utils.py"}}
    assert path_for("a/utils.py", files, ("",), None, reaches.__getitem__) == "tests/test_utils.py"
    assert path_for("b/utils.py", files, ("",), None, reaches.__getitem__) == "tests/test_b_utils.py"


def test_every_source_gets_the_same_answer_again_and_whatever_the_order_of_files():
    files = [f"pkg/{name}.py" for name in "abc"] + ["pkg/test_a.py", "tests/test_b.py", "pkg/sub/d.py"]
    assert path_for("pkg/c.py", files, ("",), None) == path_for("pkg/c.py", files[::-1], ("",), None)


@pytest.mark.parametrize(
    ("path", "others"),
    [
        pytest.param("tests/test_cart.py", ["tests/test_cart_more.py", "tests/test_cart_more2.py"], id="prefixed"),
        pytest.param("cart_test.py", ["cart_more_test.py", "cart_more2_test.py"], id="suffixed"),
        pytest.param("test_cart_test.py", ["test_cart_test_more.py", "test_cart_test_more2.py"], id="both"),
    ],
)
def test_other_places_are_beside_the_usual_one_and_come_to_an_end(path, others):
    found = list(places(path))
    assert found[:3] == [path, *others]
    assert len(set(found)) == len(found)


def test_new_folders_are_packages_where_the_one_above_is():
    assert package_markers("tests/a/b/test_x.py", {"tests/__init__.py"}) == (
        "tests/a/__init__.py",
        "tests/a/b/__init__.py",
    )
    assert package_markers("tests/a/test_x.py", {"tests/test_y.py"}) == ()
    assert package_markers("tests/a/test_x.py", {"tests/__init__.py", "tests/a/data.txt"}) == ()
    assert package_markers("tests/test_x.py", {"cart.py"}) == ()


def test_base_folder_is_the_first_that_is_no_package():
    files = {"tests/__init__.py", "tests/a/__init__.py", "tests/a/test_x.py", "other/test_y.py"}
    assert base_folder("tests/a/test_x.py", files) == ""
    assert base_folder("tests/new/test_z.py", files) == ""
    assert base_folder("other/test_y.py", files) == "other"


# -- whether a plain pytest finds the module: asked of pytest itself ---------------------------------------------------

SRC = {"src/shop/__init__.py": "", "src/shop/cart.py": "x = 1\n"}
TOP = {"shop/__init__.py": "", "shop/cart.py": "x = 1\n"}


@pytest.mark.parametrize(
    ("files", "edit"),
    [
        pytest.param(SRC, "create pytest.ini with [pytest] and `pythonpath = src`", id="src"),
        pytest.param(TOP, "create pytest.ini with [pytest] and `pythonpath = .`", id="top"),
        pytest.param(
            {**SRC, "pyproject.toml": "[project]\n"},
            'add `pythonpath = ["src"]` to [tool.pytest.ini_options] in pyproject.toml',
            id="pyproject",
        ),
        pytest.param(
            {**SRC, "tox.ini": "[pytest]\n"}, "add `pythonpath = src` to [pytest] in tox.ini", id="tox-settings"
        ),
        pytest.param(
            {**SRC, "setup.cfg": "[tool:pytest]\n"},
            "add `pythonpath = src` to [tool:pytest] in setup.cfg",
            id="setup-settings",
        ),
        pytest.param(
            {**SRC, "tox.ini": "[tox]\n", "pytest.ini": ""},
            "add `pythonpath = src` to [pytest] in pytest.ini",
            id="empty-settings",
        ),
        pytest.param(
            {**SRC, "pytest.ini": "[pytest]\npythonpath = lib\n"},
            'add "src" to pythonpath in pytest.ini',
            id="other-path",
        ),
        pytest.param(
            {**SRC, "pytest.ini": "[pytest]\n", "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["src"]\n'},
            "add `pythonpath = src` to [pytest] in pytest.ini",
            id="settings-that-pytest-does-not-read",
        ),
        pytest.param({**TOP, "tests/conftest.py": ""}, "create pytest.ini", id="conftest-below"),
        pytest.param(
            {**TOP, "conftest.py": "", "pytest.ini": "[pytest]\naddopts = --import-mode=importlib\n"},
            "add `pythonpath = .` to [pytest] in pytest.ini",
            id="conftest-in-importlib-mode",
        ),
        pytest.param({**SRC, "pytest.ini": "[pytest]\npythonpath = lib src\n"}, None, id="pytest-ini"),
        pytest.param({**SRC, "tox.ini": "[pytest]\npythonpath =\n    src\n"}, None, id="tox-ini"),
        pytest.param(
            {**SRC, "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = './src'\n"}, None, id="pyproject-text"
        ),
        pytest.param({**TOP, "conftest.py": ""}, None, id="conftest"),
        pytest.param({**TOP, "tests/__init__.py": ""}, None, id="tests-are-a-package"),
        pytest.param(
            {**SRC, "conftest.py": "import sys\nsys.path.insert(0, 'src')\n"}, None, id="conftest-changes-the-path"
        ),
    ],
)
def test_note_is_given_exactly_where_pytest_fails(files, edit, tmp_path):
    test = "tests/test_cart.py"
    for name, text in {**files, test: "import shop.cart\n\n\ndef test_x():\n    assert shop.cart.x\n"}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    note = import_note(test, "shop.cart", set(files), ("src", ""), lambda path: (tmp_path / path).read_bytes())
    assert _plain_pytest_passes(tmp_path) is (edit is None)
    assert note is None if edit is None else edit in (note or "")


def _plain_pytest_passes(folder: Path) -> bool:
    """Run pytest as the console script does: without the working folder on the path."""
    call = "import sys, pytest; sys.path[:] = [p for p in sys.path if p]; sys.exit(pytest.main(['-q']))"
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST", "PYTHON", "COV"))}
    return (
        subprocess.run([sys.executable, "-c", call], cwd=folder, env=environment, capture_output=True).returncode == 0
    )


def no_file(_path: str) -> bytes | None:
    return None


def test_nothing_is_said_where_the_module_is_installed_or_other_tests_are_there():
    files = set(SRC)
    assert import_note("tests/test_cart.py", "shop.cart", files, ("src",), no_file, installed=True) is None
    assert import_note("tests/test_cart.py", "shop.cart", {*files, "tests/test_a.py"}, ("src",), no_file) is None
    assert import_note("tests/test_cart.py", "elsewhere", files, ("src",), no_file) is None


def test_note_of_a_sub_project_names_its_files():
    files = {"one/pyproject.toml", "one/src/shop/cart.py", "two/pyproject.toml", "two/tests/test_x.py"}
    assert import_note("one/tests/test_cart.py", "shop.cart", files, ("one/src",), no_file) == (
        'a plain `pytest` will not find shop.cart from one/tests/test_cart.py: add `pythonpath = ["src"]` to '
        "[tool.pytest.ini_options] in one/pyproject.toml, or install the project (`pip install -e one`)"
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("pyproject.toml", b"[tool\n", id="broken-toml"),
        pytest.param("pyproject.toml", b"tool = 1\n", id="odd-toml"),
        pytest.param("tox.ini", b"pythonpath = src\n", id="ini-without-sections"),
        pytest.param("setup.cfg", b"\xff\xfe[", id="undecodable"),
    ],
)
def test_settings_that_cannot_be_read_count_as_absent(name, text):
    note = import_note("tests/test_cart.py", "shop.cart", {*SRC, name}, ("src",), {name: text}.get)
    assert note is not None


@pytest.mark.parametrize(
    "text", ["[pytest]\npythonpath = ['src']\n", "[pytest]\npythonpath = 'src'\n"], ids=["list", "text"]
)
def test_own_toml_file_of_pytest_is_read(text):
    files = {*SRC, "pytest.toml"}
    assert import_note("tests/test_cart.py", "shop.cart", files, ("src",), {"pytest.toml": text.encode()}.get) is None
