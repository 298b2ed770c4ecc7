"""Names that a module has only under a condition, and tests of these, which other Pythons are to collect, too."""

import subprocess
import sys
import textwrap

import pytest

from pytestgen_hook.conditional import conditional_names, replaced_names
from pytestgen_hook.functions import functions_in
from pytestgen_hook.render import render
from pytestgen_hook.types.generated import Case, Check, Exploration


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("def f(): ...", set(), id="always"),
        pytest.param("if new:\n    def f(): ...", {"f"}, id="if"),
        pytest.param("if new:\n    def f(): ...\nelse:\n    def f(): ...", set(), id="both"),
        pytest.param("if new:\n    def f(): ...\nelse:\n    raise ImportError", set(), id="or nothing"),
        pytest.param("if new:\n    def f(): ...\nelse:\n    def g(): ...", {"f", "g"}, id="one or the other"),
        pytest.param("try:\n    from fast import f\nexcept ImportError:\n    def f(): ...", set(), id="imported"),
        pytest.param("try:\n    import fast\nexcept ImportError:\n    class F: ...", {"F"}, id="fallback"),
        pytest.param("f = None\nif new:\n    def f(): ...", set(), id="bound before"),
        pytest.param("with quiet:\n    def f(): ...", set(), id="with"),
        pytest.param("def f(:", set(), id="no Python"),
    ],
)
def test_a_name_is_conditional_if_some_way_does_not_bind_it(source, names):
    assert conditional_names(source) == names


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("def f(): ...", set(), id="always"),
        pytest.param("if new:\n    def f(): ...\nelse:\n    def f(): ...", set(), id="both"),
        pytest.param("try:\n    from fast import f\nexcept ImportError:\n    def f(): ...", {"f"}, id="imported"),
        pytest.param("f = None\nif new:\n    def f(): ...", {"f"}, id="bound before"),
        pytest.param("def f(): ...\ntry:\n    from fast import f\nexcept ImportError:\n    pass", set(), id="later"),
        pytest.param("if new:\n    def f(): ...", set(), id="missing"),
    ],
)
def test_a_name_is_replaced_if_some_way_binds_it_to_something_else(source, names):
    assert replaced_names(source) == names


def test_a_test_of_a_fallback_is_skipped_where_there_is_something_better(tmp_path):
    source = "try:\n    from math import FAST as half\nexcept ImportError:\n\n    def half(x):\n        return x / 2\n"
    (function,) = functions_in("halves.py", source.encode())
    case = Case((("x", "4"),), "half(x)", checks=(Check("result", "==", "2.0"),), imports=(("halves", "half"),))
    module = render([Exploration(function, "halves", (case,))], source=source).module
    (tmp_path / "test_halves.py").write_text("import pytest\nimport halves\n" + module.tests[0][1])
    outcomes = []
    for name in ("nothing", "exp"):
        (tmp_path / "halves.py").write_text(source.replace("FAST", name))
        command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        outcomes.append(run.stdout.splitlines()[-1].partition(" in ")[0])
    assert outcomes == ["1 passed", "1 skipped"]


SOURCE = textwrap.dedent(
    """
    import sys

    if sys.version_info < VERSION:

        def double(number):
            return 2 * number


    def half(number):
        return number / 2
    """
)


def exploration_of(name, *pairs):
    (function,) = [one for one in functions_in("numbers_.py", SOURCE.encode()) if one.name == name]
    cases = [
        Case(
            (("number", given),),
            f"{name}(number)",
            checks=(Check("result", "==", expected),),
            imports=(("numbers_", name),),
        )
        for given, expected in pairs
    ]
    return Exploration(function, "numbers_", tuple(cases))


@pytest.mark.parametrize(
    ("version", "told"), [("(9,)", "3 passed"), ("(3,)", "1 passed, 2 skipped")], ids=["there", "not there"]
)
def test_a_test_of_what_is_not_there_is_skipped_and_the_others_run(tmp_path, version, told):
    explorations = [exploration_of("double", ("2", "4"), ("3", "6")), exploration_of("half", ("4", "2.0"))]
    module = render(explorations, source=SOURCE).module
    imports = "".join(f"from {of} import {name}\n" if name else f"import {of}\n" for of, name in module.imports)
    (tmp_path / "numbers_.py").write_text(SOURCE.replace("VERSION", version))
    (tmp_path / "test_numbers.py").write_text(imports + "\n\n".join(source for _, source in module.tests))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert run.stdout.splitlines()[-1].startswith(f"{told} in ")


def test_a_receiver_that_may_not_be_there_stands_in_no_table():
    source = "if new:\n    class Box:\n        def held(self, more=0):\n            return more\n"
    (function,) = functions_in("boxes.py", source.encode())
    cases = [
        Case(
            (("box", "Box()"), ("more", more)),
            "box.held(more)",
            checks=(Check("result", "==", more),),
            imports=(("boxes", "Box"),),
        )
        for more in ("1", "2")
    ]
    tests = render([Exploration(function, "boxes", tuple(cases))], source=source).module.tests
    assert len(tests) == 2
    assert all("parametrize" not in text and "boxes.Box()" in text for _, text in tests)
