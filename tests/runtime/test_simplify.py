"""Simpler neighbours of inputs: they say less, and there is an end to them."""

import ast
import random
from types import SimpleNamespace

import pytest
import simplify
from plan import Input
from simplify import simpler_inputs, simpler_nodes
from values import Built, Items, Pairs, Plain, from_value, with_few_values


def sources(node):
    return [simpler.source() for simpler in simpler_nodes(node)]


@pytest.mark.parametrize(
    ("value", "among"),
    [
        pytest.param("qvFM", {'""', '"a"', '"qv"', '"qvfm"'}, id="text"),
        pytest.param(-137, {"0", "1", "-1", "137", "-100"}, id="number"),
        pytest.param(99.97, {"0.0", "100.0"}, id="float"),
        pytest.param([7, 8, 9], {"[7]", "[8, 9]", "[7, 9]", "[0, 8, 9]"}, id="list"),
        pytest.param({"key": 5}, {"{}", '{"a": 5}', '{"key": 0}'}, id="dict"),
    ],
)
def test_a_value_has_simpler_ones(value, among):
    assert among <= set(sources(from_value(value)))


def test_an_object_is_made_with_fewer_and_simpler_arguments():
    node = Built("Line", [(None, Plain("x y")), ("count", Plain(7))])
    assert {'Line("x y")', 'Line("", count=7)', 'Line("x y", count=1)'} <= set(sources(node))


@pytest.mark.parametrize(
    "value", [0, 1, True, None, "", 0.0, -1, -0.5, 0.25, [], {}, b"", "a", "ab c", [1, [2, "x"]], {"k": [3.7]}]
)
def test_to_simplify_comes_to_an_end(value):
    waiting, seen = [from_value(value)], set()
    while waiting:
        node = waiting.pop()
        for simpler in simpler_nodes(node):
            text = simpler.source()
            assert text != node.source()
            if text not in seen:
                seen.add(text)
                waiting.append(simpler)
    assert len(seen) < 5000


def given(**arguments):
    return Input({name: from_value(value) for name, value in arguments.items()}, None, "drawn")


def plan_of(*names):
    parameters = [SimpleNamespace(name=name, required=True, domain=None) for name in names]
    return SimpleNamespace(parameters=parameters, surroundings=[])


def test_what_stands_in_several_places_is_made_simpler_in_all_of_them():
    found = [
        {name: node.source() for name, node in simpler.arguments.items()}
        for simpler in simpler_inputs(given(a=51, b=[51, 51.0], c=4), plan_of("a", "b", "c"))
    ]
    assert found[0] == {"a": "0", "b": "[0, 51.0]", "c": "4"}
    assert {"a": "3", "b": "[51, 51.0]", "c": "4"} in found


def test_rows_with_the_same_keys_share_no_value_for_that():
    rows = given(rows=[{"sku": 1, "price": 2}, {"sku": 3, "price": 4}])
    found = [simpler.arguments["rows"].source() for simpler in simpler_inputs(rows, plan_of("rows"))]
    assert found[0] == '[{"sku": 1, "price": 2}]'
    links = given(graph={51: [52], 52: [51]})
    found = [simpler.arguments["graph"].source() for simpler in simpler_inputs(links, plan_of("graph"))]
    assert found[0] == "{0: [52], 52: [0]}"


def test_most_inputs_say_what_is_usual_for_a_parameter():
    inputs = [given(a=1, b="x"), given(a=2.5, b=None), given(a={"x": 1}, b=None), given(b=None)]
    usual = simplify.usual_arguments(inputs)
    assert {name: [node.source() for node in nodes] for name, nodes in usual.items()} == {"a": ["1", "2.5"]}
    assert [simplify.unlike(one, usual) for one in inputs] == [set(), set(), {"a"}, set()]


@pytest.mark.parametrize(
    ("value", "is_so"),
    [pytest.param("x", True, id="text"), pytest.param([1], True, id="list"), pytest.param(True, False, id="truth")],
)
def test_what_cannot_be_used_as_a_number_is_out_of_place_where_numbers_are_usual(value, is_so):
    odd = given(a=value)
    usual = simplify.usual_arguments([given(a=1), given(a=2), odd])
    assert simplify.unlike(odd, usual) == {"a"}
    assert simplify.is_out_of_place(odd, usual) is is_so


def test_a_text_can_be_used_as_a_list_and_no_number_can():
    usual = simplify.usual_arguments([given(a=[1]), given(a=[]), given(a="x"), given(a=1), given(a=[2])])
    assert [simplify.is_out_of_place(given(a=value), usual) for value in ("x", (1,), 1, None)] == [
        False,
        False,
        True,
        True,
    ]


@pytest.mark.parametrize("values", [[1, "x"], [1, 2, 3], [None, None, 1]])
def test_nothing_is_usual_without_a_majority_of_one_kind_and_something_else(values):
    assert simplify.usual_arguments([given(a=value) for value in values]) == {}


def test_kinds_of_containers_stay():
    assert all(text.startswith("(") for text in sources(Items("tuple", [Plain(1), Plain(2), Plain(3)])))
    assert all(text.startswith("{") for text in sources(Pairs([(Plain(1), Plain(2))])))


def test_a_few_values_stand_in_all_places():
    trees = [from_value(tree) for tree in ({1: [2, 3], 4: [5]}, [(6, 7), (8, 9)], 10, "a", ["b", "c"], 0.5, None)]
    rng = random.Random(0)
    for _ in range(20):
        graph, links, start, *rest = (ast.literal_eval(node.source()) for node in with_few_values(trees, rng))
        whole = {
            *graph,
            *(end for ends in graph.values() for end in ends),
            *(end for link in links for end in link),
            start,
        }
        assert len(whole) <= 4
        assert set(rest[0]) | set(rest[1]) <= set("abc")
        assert rest[2:] == [0.5, None]
