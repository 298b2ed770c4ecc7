"""Tests are formatted by the project's settings, whatever these say about line ends."""

from __future__ import annotations

from pytestgen_hook.formatting import format_tests
from pytestgen_hook.types import TestModule

TESTS = (
    ("test_a", "def test_a():\n    assert a( 'é\u2028' )==1\n"),
    ("test_b", "@mark\nasync def test_b():\n  assert b\n"),
)


def formatted(tree, settings):
    (tree / "ruff.toml").write_text(settings)
    return format_tests(TestModule("a.py", (), TESTS), tree=tree, test_path="tests/test_a.py").tests


def test_tests_come_back_one_by_one_in_the_project_s_quotes(tmp_path):
    assert formatted(tmp_path, "format.quote-style = 'single'\n") == (
        ("test_a", "def test_a():\n    assert a('é\u2028') == 1\n"),
        ("test_b", "@mark\nasync def test_b():\n    assert b\n"),
    )


def test_line_ends_are_left_to_the_file_that_tests_are_added_to(tmp_path):
    assert formatted(tmp_path, "format.line-ending = 'cr-lf'\n") == formatted(tmp_path, "")


def test_settings_for_another_ruff_do_not_hinder(tmp_path):
    assert formatted(tmp_path, "format.no-such-setting = 1\n") == formatted(tmp_path, "")
