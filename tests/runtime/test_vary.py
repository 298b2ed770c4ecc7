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


def varied(text, constants=()):
    """All texts that one step leads to from a text."""
    rng = random.Random(1)
    return {vary.vary(Plain(text), rng, Constants(constants)).value for _ in range(3000)}


def test_a_text_is_changed_part_by_part_where_the_code_splits_it():
    found = varied("1.2", [".", 0])
    assert {"1.2.0", "0.1.2", "2.1", "1", "1.2.1"} <= found


def test_a_text_is_split_at_what_is_in_it_where_the_code_names_nothing():
    assert {"b/a", "a/b/a"} <= varied("a/b")


def test_a_number_in_a_text_gets_more_digits():
    assert {"a77.txt", "a7777.txt"} <= varied("a7.txt") | varied("a77.txt")


def test_an_argument_becomes_nearly_the_same_as_another_of_its_kind():
    names = ("one", "other", "count")
    parameters = [type("Parameter", (), {"name": name, "required": True, "domain": None}) for name in names]
    plan = type("Plan", (Around,), {"parameters": parameters})
    proposed = Input({"one": Plain("1.2"), "other": Plain("nothing like it"), "count": Plain(3)}, None, "drawn", [])
    donors = [proposed]
    rng = random.Random(1)
    found = []
    for _ in range(2000):
        try:
            found.append(vary.vary_input(proposed, plan, rng, donors).arguments)
        except AttributeError:  # drawn anew, and here is nothing to draw from
            continue
    pairs = {(made["one"].value, made["other"].value) for made in found}
    assert ("1.2", "1.2") in pairs
    assert any(one == "1.2" and other != one and other.startswith("1.2") for one, other in pairs)
    assert all(type(made["count"].value) is int for made in found)
