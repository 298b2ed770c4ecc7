"""Tests are formatted by the project's settings, whatever these say about line ends, and no line is too long."""

from __future__ import annotations

import ast

import pytest

from pytestgen_hook.codestyle import CodeStyle
from pytestgen_hook.formatting import format_tests
from pytestgen_hook.types.generated import TestModule

TESTS = (
    ("test_a", "def test_a():\n    assert a( 'é\u2028' )==1\n"),
    ("test_b", "@mark\nasync def test_b():\n  assert b\n"),
)


def formatted(tree, settings, quotes="double"):
    (tree / "ruff.toml").write_text(settings)
    module = TestModule("a.py", (), TESTS)
    return format_tests(module, tree=tree, test_path="tests/test_a.py", style=CodeStyle(88, quotes, is_ruff=True)).tests


def test_tests_come_back_one_by_one_in_the_project_s_quotes(tmp_path):
    assert formatted(tmp_path, "", "single") == (
        ("test_a", "def test_a():\n    assert a('é\u2028') == 1\n"),
        ("test_b", "@mark\nasync def test_b():\n    assert b\n"),
    )


def test_line_ends_are_left_to_the_file_that_tests_are_added_to(tmp_path):
    assert formatted(tmp_path, "format.line-ending = 'cr-lf'\n") == formatted(tmp_path, "")


def test_settings_for_another_ruff_do_not_hinder(tmp_path):
    assert formatted(tmp_path, "format.no-such-setting = 1\n") == formatted(tmp_path, "")


LONG = "Expected exactly one item in iterable, but got 'a' and \\\\ \\n, perhaps \\u2028 more than that. " * 2


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("assert f(1) == {}", id="alone"),
        pytest.param("f({}, 2)", id="as an argument"),
        pytest.param("f(re.escape({}), g(key={}))", id="in calls"),
        pytest.param("assert f() == [{{'a': {}}}, b{}, {}]", id="in containers"),
        pytest.param("assert f('x', {}, *[1, 2, 3]) == 'y' + {}", id="many"),
    ],
)
@pytest.mark.parametrize("limit", [79, 120])
def test_texts_longer_than_a_line_are_written_in_parts(tmp_path, line, limit):
    text = '"' + LONG + '"'
    code = line.format(*[text] * 3).replace("\\u2028", "x") if "b{}" in line else line.format(*[text] * 3)
    source = f"def test_a():\n    with pytest.raises(ValueError):\n        {code}\n"
    module = TestModule("a.py", (), (("test_a", source),))
    style = CodeStyle(line_length=limit)
    ((_, written),) = format_tests(module, tree=tmp_path, test_path="test_a.py", style=style).tests
    assert max(map(len, written.splitlines())) <= limit
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(source))
