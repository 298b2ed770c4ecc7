"""Simpler neighbours of inputs: they say less, and there is an end to them."""

import ast
import random

import pytest
from simplify import simpler_nodes
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
