"""Small changes to inputs: what the search tries around one that was found good."""

import random

import vary
from domains import Constants
from plan import Input, with_tail
from simplify import simpler_inputs
from values import Plain, Step

TAIL = (Step("{0}({1})", [Plain(7)]), Step("{0}.name"))


class Around:
    """What of a plan the changes look at: there is nothing to change but what is done with the result."""

    parameters = surroundings = ()
    receivers = None
    constants = Constants()


def test_few_numbers_are_tried_at_their_corners_in_all_combinations():
    proposed = Input({"base": Plain(7), "name": Plain("x"), "modulus": Plain(9)}, None, "drawn", [])
    found = [{name: node.value for name, node in corner.arguments.items()} for corner in vary.corners(proposed)]
    assert len(found) == 16
    assert {"base": 0, "name": "x", "modulus": -1} in found


def test_one_number_or_many_have_no_corners():
    assert vary.corners(Input({"only": Plain(7), "truth": Plain(True)}, None, "drawn", [])) == []
    assert vary.corners(Input({name: Plain(1) for name in "abcd"}, None, "drawn", [])) == []


def test_what_is_done_with_a_result_is_changed_and_kept():
    proposed = Input({}, None, "proposed", tail=TAIL)
    rng = random.Random(1)
    texts = {with_tail("f()", vary.vary_input(proposed, Around, rng, []).tail) for _ in range(60)}
    assert {"f()(7).name", "f()(8).name", "f()(7)"} <= texts
    only = Input({"a": Plain(1)}, None, "proposed", tail=TAIL)
    assert only.changed("varied", {"a": Plain(2)}).tail == TAIL
    Around.parameters = [type("Parameter", (), {"name": "a", "required": False, "domain": None})]
    assert {simpler.tail for simpler in simpler_inputs(only, Around)} == {TAIL}


def test_an_operator_stands_in_brackets_where_more_is_done_with_what_it_gives():
    assert with_tail("queue < other", TAIL) == "(queue < other)(7).name"
    assert with_tail("queue[1]", TAIL) == "queue[1](7).name"
    assert with_tail("queue < other", ()) == "queue < other"
