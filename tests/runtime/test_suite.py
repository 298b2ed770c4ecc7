"""The kept suite shows all that the pool shows, with as few and as cheap cases as can be."""

import suite


class Seen:
    def __init__(self, name, arcs="", kills="", cost=10, ways=""):
        self.name, self.arcs, self.kills, self.cost = name, frozenset(arcs), set(kills), cost
        self.ways = frozenset(ways)

    def __repr__(self):
        return self.name


def names(pool):
    return [seen.name for seen in suite.smallest(pool)]


def test_nothing_is_kept_of_nothing():
    assert names([]) == []


def test_one_case_that_shows_all_is_enough():
    assert names([Seen("a", "12", "x"), Seen("b", "123", "xy"), Seen("c", "3", "y")]) == ["b"]


def test_of_equals_the_cheapest_is_kept():
    assert names([Seen("dear", "12", cost=90), Seen("cheap", "12", cost=10)]) == ["cheap"]


def test_of_those_that_show_the_same_the_one_that_goes_more_ways_is_kept():
    pool = [Seen("narrow", "12", "x", ways="a"), Seen("wide", "12", "x", ways="abcd", cost=12)]
    assert names(pool) == ["wide"]


def test_ways_alone_keep_no_case():
    assert names([Seen("all", "12", "x", ways="a"), Seen("other_way", "12", "x", ways="b", cost=11)]) == ["all"]


def test_a_case_made_superfluous_by_later_ones_is_dropped():
    pool = [Seen("wide", "1234", cost=10), Seen("left", "125", cost=11), Seen("right", "346", cost=11)]
    assert names(pool) == ["left", "right"]


def test_each_kept_case_shows_something_that_no_other_shows():
    pool = [Seen(str(number), {number, number + 1}, {number % 3}) for number in range(12)]
    kept = suite.smallest(pool)
    for seen in kept:
        rest = [other for other in kept if other is not seen]
        assert not (
            seen.arcs <= set().union(*[o.arcs for o in rest]) and seen.kills <= set().union(*[o.kills for o in rest])
        )
