"""Tests of a model beside the cases of the search: the fewest that show all, and how they are written."""

from __future__ import annotations

from dataclasses import replace

from pytestgen_hook.engines.written import together
from pytestgen_hook.model.whole_tests import Written
from pytestgen_hook.render import render
from pytestgen_hook.types.changes import Function, Kind
from pytestgen_hook.types.generated import Case, Check, Exploration, WrittenTest

FUNCTION = Function("shop.py", "clamp", Kind.FUNCTION, 1, 1, 4, (2, 3, 4))
MUTANTS = ((2, "> became >="), (3, "the statement was dropped"), (4, "the result became None"))


def case(value: str, lines: set[int], kills: set[int]) -> Case:
    return Case(
        (("value", value),),
        "clamp(value)",
        checks=(Check("result", "==", value),),
        imports=(("shop", "clamp"),),
        lines=frozenset(lines),
        kills=frozenset(kills),
    )


def row(value: str, lines: set[int], kills: set[int], name: str = "test_clamp") -> WrittenTest:
    return WrittenTest(
        name,
        ("result = clamp(value)", "assert result == expected"),
        (("value", value), ("expected", value)),
        imports=(("shop", "clamp"),),
        lines=frozenset(lines),
        kills=frozenset(kills),
    )


def exploration(*cases: Case) -> Exploration:
    kills = frozenset().union(*[one.kills for one in cases])
    return Exploration(
        FUNCTION, "shop", cases, lines_run=2, lines_total=3, mutants_killed=len(kills), mutants_total=len(MUTANTS)
    )


def test_what_the_search_has_is_not_shown_twice() -> None:
    found = together(
        exploration(case("1", {2, 4}, {0, 2})),
        Written((row("1", {2, 4}, {0, 2}), row("3", {2, 3}, {1})), mutants=MUTANTS, tokens=7),
        comes_first=False,
    )
    assert len(found.cases) == 1
    assert [test.values[0][1] for test in found.written] == ["3"]
    assert found.dropped == (("test_clamp", "others show all that it shows"),)
    assert (found.lines_run, found.mutants_killed, found.survivors, found.tokens) == (3, 3, (), 7)
    assert found.engine == "model"


def test_what_the_model_has_comes_first_where_it_was_asked_for() -> None:
    found = together(
        exploration(case("1", {2, 4}, {0, 2}), case("3", {2, 3}, {1})),
        Written((row("1", {2, 4}, {0, 2}),), mutants=MUTANTS),
        comes_first=True,
    )
    assert [test.values[0][1] for test in found.written] == ["1"]
    assert [one.arguments[0][1] for one in found.cases] == ["3"]


def test_a_test_that_kills_nothing_is_not_kept() -> None:
    found = together(exploration(), Written((row("1", {2, 4}, set()),), mutants=MUTANTS), comes_first=True)
    assert found.written == ()
    assert found.engine == "search"


def test_a_function_that_the_search_gave_up_is_given_tests() -> None:
    given_up = replace(exploration(), refused="open a network connection", problem="no call ended in a result")
    found = together(given_up, Written((row("1", {2, 4}, {0}),), mutants=MUTANTS), comes_first=False)
    assert (found.refused, found.problem) == (None, None)
    assert found.survivors == ("line 3: the statement was dropped", "line 4: the result became None")
    assert found.mutants_not_run == 1


# -- how they are written ----------------------------------------------------------------------------------------------


def written(*tests: WrittenTest, cases: tuple[Case, ...] = (), taken: tuple[str, ...] = ()) -> dict[str, str]:
    return dict(render([replace(exploration(*cases), written=tests)], taken=taken).module.tests)


def test_rows_that_are_kept_stand_in_one_table_again() -> None:
    result = render([replace(exploration(), written=(row("1", {2}, {0}), row("'a b'", {3}, {1})))])
    ((name, source),) = result.module.tests
    assert source == (
        "@pytest.mark.parametrize(\n"
        '    ("value", "expected"),\n'
        "    [\n"
        '        pytest.param(1, 1, id="1-1"),\n'
        "        pytest.param('a b', 'a b', id=\"a_b-a_b\"),\n"
        "    ],\n"
        ")\n"
        "def test_clamp(value, expected):\n"
        "    result = clamp(value)\n"
        "    assert result == expected\n"
    )
    assert result.origin == {(name, "1-1"): (0, 0), (name, "a_b-a_b"): (0, 1)}
    assert result.module.imports == (("pytest", ""), ("shop", "clamp"))


def test_a_single_row_is_written_without_a_table() -> None:
    assert written(row("1", {2}, {0})) == {
        "test_clamp": "def test_clamp():\n    result = clamp(1)\n    assert result == 1\n"
    }


def test_a_value_that_is_used_twice_keeps_its_name() -> None:
    test = WrittenTest("test_it", ("extend(items)", "assert items == [1]"), (("items", "[]"),))
    assert written(test) == {"test_it": "def test_it():\n    items = []\n    extend(items)\n    assert items == [1]\n"}


def test_names_that_are_taken_get_a_number_and_cases_are_counted_first() -> None:
    result = render(
        [replace(exploration(case("1", {2}, {0})), written=(row("2", {3}, {1}),))], taken=("test_clamp_2", "test_clamp")
    )
    numbers = {origin[1] for origin in result.origin.values()}
    assert numbers == {0, 1}
    assert len({name for name, _ in result.module.tests} - {"test_clamp", "test_clamp_2"}) == 2


def test_a_name_means_one_thing_in_a_file_and_a_package_may_have_several_modules() -> None:
    tests = (
        WrittenTest("test_a", ("assert shop.orders.clamp(1)",), imports=(("shop.orders", ""),)),
        WrittenTest("test_b", ("assert shop.users.clamp(1)",), imports=(("shop.users", ""),)),
        WrittenTest("test_c", ("assert date(2020, 1, 1)",), imports=(("datetime", "date"),)),
        WrittenTest("test_d", ("assert date(1)",), imports=(("shop.times", "date"),)),
        WrittenTest("test_e", ("assert shop(1)",), imports=(("other", "shop"),)),
    )
    module = render([replace(exploration(), written=tests)]).module
    assert [name for name, _ in module.tests] == ["test_a", "test_b", "test_c"]
    assert module.imports == (("datetime", "date"), ("shop.orders", ""), ("shop.users", ""))
