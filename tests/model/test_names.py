"""Names of cases from a model: what it is asked, what it may answer, and what becomes of that in a run with the real one."""

import ast
import re
from dataclasses import replace

import pytest

from pytestgen_hook.cache import Cache
from pytestgen_hook.claims import menu
from pytestgen_hook.engines import model as engine
from pytestgen_hook.engines import search
from pytestgen_hook.functions import functions_in
from pytestgen_hook.model import names
from pytestgen_hook.model.local import LocalModel
from pytestgen_hook.naming import Facts
from pytestgen_hook.reasons import menus, reasons
from pytestgen_hook.render import render, spoken, unnamed
from pytestgen_hook.types.generated import Case, Check, Exploration, Raises
from tests.engines.exploring import PYTHON

SOURCE = '''
import re


class Door:
    def opens(self, code):
        """Say whether a code opens the door."""
        # four digits or more, none of them the same as the one before it
        if not re.fullmatch(r"[0-9A-F -]+", code):
            raise ValueError("no code")
        digits = code.replace(" ", "").replace("-", "")
        return len(digits) > 3 and all(one != other for one, other in zip(digits, digits[1:]))
'''
(FUNCTION,) = functions_in("door.py", SOURCE.encode())
NODE = next(node for node in ast.walk(ast.parse(SOURCE)) if isinstance(node, ast.FunctionDef))


def test_a_question_shows_the_function_without_its_documentation_and_each_case():
    asked = names.question(FUNCTION, NODE, ['Door().opens("12") is False', f'Door().opens("{"1 " * 200}") is False'])
    assert "class Door:\n    def opens(self, code):\n        if not re.fullmatch" in asked
    assert "Say whether" not in asked
    assert '\n1. Door().opens("12") is False\n2. Door().opens("1 1 ' in asked
    assert max(map(len, asked.splitlines())) < 220


def test_an_answer_is_one_of_its_names_for_each_case():
    assert names.grammar([names.Menu(("two_words",)), names.Menu(("dashes", "spaces"), ("return 1",))]) == (
        'root ::= "1. " ("two_words") "\\n" "2. " ("dashes" | "spaces") "\\n"\n'
    )


def test_with_a_name_goes_a_reason_where_there_are_several():
    menu = names.Menu(("two_words",), ('return "\\n"', "< became <="))
    assert names.grammar([menu]) == (
        r'root ::= "1. " ("two_words") ": " ("return \"\\n\"" | "< became <=") "\n"' + "\n"
    )
    assert names.parted('two_words: return {"a": 1}') == ("two_words", 'return {"a": 1}')
    assert names.parted("two_words") == ("two_words", "")


@pytest.mark.parametrize(
    ("case", "line"),
    [
        (
            Case((("n", "3"),), "cut(n, deep=True)", checks=(Check("result", "==", "[1]"),)),
            "cut(3, deep=True) == [1]",
        ),
        (Case((("n", "3"),), "cut(n)", raises=Raises("ValueError", "no n")), "cut(3) raises ValueError: no n"),
        (
            Case(
                (("cart", "Cart()"),),
                "cart.add(2)",
                prepare=("cart.add(1)",),
                checks=(Check("cart.items", "==", "[1, 2]"),),
            ),
            "Cart().add(1); Cart().add(2); cart.items == [1, 2]",
        ),
    ],
)
def test_a_case_is_one_line(case, line):
    assert spoken(case) == line


PROBLEMS = """
def problems(password):
    found = []
    if len(password) < 4:
        found.append("short")
    if not any(letter.isdigit() for letter in password):
        found.append("no digit")
    return found
"""


def observed(password):
    names = {}
    exec(PROBLEMS, names)
    return Case(
        (("password", repr(password)),),
        "problems(password)",
        checks=(Check("result", "==", repr(names["problems"](password))),),
        imports=(("passwords", "problems"),),
    )


def test_what_a_model_calls_cases_is_true_and_all_else_is_as_without_it(tmp_path, small_model):
    (tmp_path / "passwords.py").write_text(PROBLEMS)
    (function,) = functions_in("passwords.py", PROBLEMS.encode())
    plain = Exploration(function, "passwords", tuple(map(observed, ["12345", "ab-cd", "7", "x"])))
    task = search.Task(function, "passwords", key="problems")
    bench = search.Bench(PYTHON, tmp_path, [""], tmp_path)
    cache = Cache(tmp_path / "cache")
    loads = []

    def load():
        loads.append(1)
        return LocalModel(small_model, n_ctx=1024, threads=1, identity="test", states=tmp_path / "states")

    speaker = engine.Speaker(lambda: "test", load)
    assert engine.named(task, plain, bench, speaker, engine.LEAST_SECONDS - 1, cache) == plain
    assert not loads
    named = engine.named(task, plain, bench, speaker, 3600.0, cache)
    assert len(loads) == 1
    assert named.tokens > 0

    facts = Facts(function, plain.cases, PROBLEMS)
    untold = unnamed(facts)
    assert {case.index for case in untold} >= {1, 3}
    menus = {case.index: menu(facts, case.index, case.others) for case in untold}
    assert all(
        case.words in menus[index] if index in menus else not case.words for index, case in enumerate(named.cases)
    )
    assert tuple(replace(case, words="") for case in named.cases) == plain.cases
    ((_, before),) = render([plain], source=PROBLEMS).module.tests
    ((_, after),) = render([named], source=PROBLEMS).module.tests
    assert re.sub(r'id="\w+"', "", before) == re.sub(r'id="\w+"', "", after)
    assert all(f'id="{named.cases[index].words}"' in after for index in menus)

    again = engine.named(task, plain, bench, speaker, 3600.0, cache)
    assert (again, len(loads)) == (named, 1)


KINDS = """
def kind_of(a, b, c):
    if a <= 0 or b <= 0 or c <= 0:
        return "none"
    if a + b <= c or b + c <= a or a + c <= b:
        return "none"
    if a == b == c:
        return "equilateral"
    if a == b or b == c or a == c:
        return "isosceles"
    return "scalene"
"""


def test_the_reason_that_a_model_chooses_is_one_that_was_seen(tmp_path, small_model):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "triangles.py").write_text(KINDS)
    (function,) = functions_in("triangles.py", KINDS.encode())
    task = search.Task(function, "triangles", key="triangles")
    bench = search.Bench(PYTHON, tmp_path / "tree", [""], tmp_path / "work")
    ((_, found),) = next(search.explore([task], bench, seconds=20.0, done=lambda _: None))

    def load():
        return LocalModel(small_model, n_ctx=1024, threads=1, identity="test", states=tmp_path / "states")

    named = engine.named(task, found, bench, engine.Speaker(lambda: "test", load), 3600.0)
    why = menus(found, KINDS)
    chosen = {index: case.reason for index, case in enumerate(named.cases) if case.reason}
    assert chosen
    assert all(reason in [one.text for one in why[index]] for index, reason in chosen.items())
    several = {case.index for case in unnamed(Facts(function, found.cases, KINDS)) if len(why[case.index]) > 1}
    assert chosen.keys() <= several
    assert all(reasons(named, KINDS)[index] == reason for index, reason in chosen.items())


class AskedError(Exception):
    """In the place of an answer."""


def test_where_nothing_else_is_left_names_are_asked_for_if_they_are_wanted(tmp_path):
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "passwords.py").write_text(PROBLEMS)
    (function,) = functions_in("passwords.py", PROBLEMS.encode())
    task = search.Task(function, "passwords", key="problems")
    bench = search.Bench(PYTHON, tmp_path / "tree", [""], tmp_path / "work")
    cache = Cache(tmp_path / "cache")

    def load():
        raise AskedError

    def explored(*, names):
        speaker = engine.Speaker(lambda: "test", load, names=names)
        found = engine.explore([task], bench, speaker, seconds=60.0, done=lambda _: None, cache=cache)
        return [exploration for some in found for _, exploration in some]

    (found,) = explored(names=False)
    assert not engine.is_open(found)
    assert unnamed(Facts(function, found.cases, PROBLEMS))
    with pytest.raises(AskedError):
        explored(names=True)
