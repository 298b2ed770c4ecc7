"""Small changes to inputs: what the search tries around one that was found good."""

import vary
from plan import Input
from values import Plain


def test_few_numbers_are_tried_at_their_corners_in_all_combinations():
    proposed = Input({"base": Plain(7), "name": Plain("x"), "modulus": Plain(9)}, None, "drawn", [])
    found = [{name: node.value for name, node in corner.arguments.items()} for corner in vary.corners(proposed)]
    assert len(found) == 16
    assert {"base": 0, "name": "x", "modulus": -1} in found


def test_one_number_or_many_have_no_corners():
    assert vary.corners(Input({"only": Plain(7), "truth": Plain(True)}, None, "drawn", [])) == []
    assert vary.corners(Input({name: Plain(1) for name in "abcd"}, None, "drawn", [])) == []
