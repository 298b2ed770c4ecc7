"""Line length and quotes come from the project's own settings, or from its code."""

import pytest

from pytestgen_hook.codestyle import CodeStyle, code_style

SINGLE = "names = ['a', 'b', 'c', 'd']\nother = \"it's\"\n"


def style(files, *samples, path="tests/test_a.py"):
    return code_style(path, files.get, samples)


@pytest.mark.parametrize(
    ("files", "length"),
    [
        pytest.param({}, 88, id="nothing said"),
        pytest.param({"pyproject.toml": "[tool.ruff]\nline-length = 100"}, 100, id="ruff"),
        pytest.param(
            {"ruff.toml": "line-length = 100", "setup.cfg": "[flake8]\nmax-line-length = 79"}, 100, id="ruff.toml"
        ),
        pytest.param({"tests/.ruff.toml": "line-length = 99", "ruff.toml": "line-length = 70"}, 99, id="nearest"),
        pytest.param(
            {"tests/ruff.toml": 'extend = "base.toml"', "tests/base.toml": "line-length = 77"}, 77, id="extended"
        ),
        pytest.param({"pyproject.toml": "[tool.black]\nline-length = 95"}, 95, id="black"),
        pytest.param(
            {"pyproject.toml": "[tool.black]\n[tool.flake8]\nmax-line-length = 110"}, 88, id="black by default"
        ),
        pytest.param(
            {"pyproject.toml": "[tool.ruff.lint]\n[tool.black]\nline_length = 95"}, 95, id="ruff to lint only"
        ),
        pytest.param({"tox.ini": "[flake8]\nmax-line-length = 99"}, 99, id="flake8 in tox.ini"),
        pytest.param({"setup.cfg": "[pycodestyle]\nmax_line_length = 79"}, 79, id="pycodestyle in setup.cfg"),
        pytest.param({".flake8": "[flake8]\nmax-line-length = 400"}, 120, id="no real limit"),
        pytest.param({".editorconfig": "root = true\n[*]\nmax_line_length = 72"}, 72, id="editorconfig"),
        pytest.param({".editorconfig": "[*]\nmax_line_length = off"}, 88, id="editorconfig without limit"),
        pytest.param(
            {".editorconfig": "[*]\nmax_line_length = 72\n[*.{py,pyi}]\nmax_line_length = 100"}, 100, id="own section"
        ),
        pytest.param({"pyproject.toml": "[tool.ruff\n", "setup.cfg": "no section\n[x"}, 88, id="broken"),
    ],
)
def test_the_line_length_is_that_of_the_settings(files, length):
    assert style(files).line_length == length


@pytest.mark.parametrize(
    ("files", "quotes"),
    [
        pytest.param({}, "single", id="nothing said"),
        pytest.param({"pyproject.toml": "[tool.ruff]\nline-length = 100"}, "single", id="ruff without quotes"),
        pytest.param({"ruff.toml": "format.quote-style = 'preserve'"}, "single", id="preserved"),
        pytest.param({"ruff.toml": "format.quote-style = 'double'"}, "double", id="ruff"),
        pytest.param({"ruff.toml": "[lint.flake8-quotes]\ninline-quotes = 'double'"}, "double", id="a linter"),
        pytest.param({"pyproject.toml": "[tool.black]"}, "double", id="black"),
        pytest.param(
            {"pyproject.toml": "[tool.black]\nskip-string-normalization = true"}, "single", id="black lets them"
        ),
    ],
)
def test_quotes_are_those_of_the_settings_or_of_the_code(files, quotes):
    assert style(files, "", SINGLE).quotes == quotes


def test_quotes_are_double_unless_most_of_the_code_has_others():
    assert style({}, "x = 'a'\n").quotes == "double"
    assert style({}, SINGLE.replace("'", '"')).quotes == "double"
    assert style({}, "x = ['a', 'b', \"c\", \"d\"]\n", SINGLE).quotes == "double"
    assert style({}, "a broken 'source\n", SINGLE).quotes == "single"


def test_settings_for_ruff_are_told():
    assert style({"ruff.toml": ""}) == CodeStyle(is_ruff=True)
    assert not style({"pyproject.toml": "[project]"}).is_ruff
