"""Parameters without annotations: what they take is told by what becomes of them, in other functions too."""

import pytest
from exploring import explored

ELSEWHERE = """
def parts_of(text):
    return [part.strip() for part in text.split(";")]


class Measure:
    def __radd__(self, moment):
        return moment.replace(year=moment.year + 1)
"""


def outcomes(exploration):
    """Return what the cases assert, and what they expect to be raised."""
    values = {check.expected for case in exploration.cases for check in case.checks}
    return values | {case.raises.message for case in exploration.cases if case.raises}


def test_what_is_handed_on_is_what_the_other_function_takes(tmp_path):
    source = """
    from elsewhere import parts_of

    def longest(given):
        found = parts_of(given)
        return max(found, key=len) if len(found) > 1 else None
    """
    longest = explored(tmp_path, source, elsewhere=ELSEWHERE)["longest"]
    assert (longest.lines_run, longest.branches_run) == (longest.lines_total, longest.branches_total)
    assert any(";" in given for case in longest.cases for _, given in case.arguments)


def test_what_is_added_to_self_is_what_the_operator_takes(tmp_path):
    source = """
    from elsewhere import Measure

    class Longer(Measure):
        def after(self, moved=None):
            if moved is None:
                return "nothing"
            return (moved + self).strftime("%Y")
    """
    after = explored(tmp_path, source, elsewhere=ELSEWHERE)["Longer.after"]
    assert after.lines_run == after.lines_total
    assert '"2025"' in outcomes(after)


def test_what_is_calculated_of_arguments_is_of_their_kind(tmp_path):
    source = """
    def whole(share, of):
        part = share * of
        return part.to_integral_value() + 1
    """
    whole = explored(tmp_path, source)["whole"]
    assert any(case.checks for case in whole.cases)


def test_what_a_constructor_keeps_is_what_other_methods_take_it_for(tmp_path):
    source = """
    class Log:
        def __init__(self, source):
            self._source = source

        def first(self):
            line = self._source.readline()
            return line.strip() or "nothing"
    """
    found = explored(tmp_path, source)
    assert {"'nothing'", '"nothing"'} & outcomes(found["Log.first"])
    assert any("StringIO" in given for case in found["Log.first"].cases for _, given in case.arguments)


def test_what_is_asked_to_read_is_an_open_file_and_no_path(tmp_path):
    source = """
    def halves(source):
        text = source.read()
        return text[: len(text) // 2], text[len(text) // 2 :]
    """
    halves = explored(tmp_path, source)["halves"]
    assert halves.lines_run == halves.lines_total
    assert all("tmp_path" not in given for case in halves.cases for _, given in case.arguments)


def test_a_function_is_given_in_the_place_of_one_that_takes_as_much(tmp_path):
    source = """
    def kept(items, wanted=lambda place, name, size: True):
        found = []
        for place, name in enumerate(items):
            if wanted(place, name, len(items)):
                found.append(name)
        return found
    """
    kept = explored(tmp_path, source)["kept"]
    assert any(name == "wanted" and "*args" in given for case in kept.cases for name, given in case.arguments)


def test_a_number_of_a_constructor_may_be_of_the_class_that_it_asks_for(tmp_path):
    source = """
    from decimal import Decimal

    class Span:
        def __init__(self, years=0):
            self.years = years if isinstance(years, Decimal) else Decimal(str(years))

        def label(self):
            if not float(self.years).is_integer():
                return "broken"
            return "whole"
    """
    label = explored(tmp_path, source)["Span.label"]
    assert label.lines_run == label.lines_total


@pytest.mark.parametrize(
    ("body", "has_cases"),
    [
        pytest.param("return [one for one in items if not (id(one) in seen or seen.add(id(one)))]", True, id="to-tell"),
        pytest.param("return sorted([items, seen, [], {}, set()], key=id)", False, id="as-an-order"),
        pytest.param("return len([one for one in items if id(one) // 64 % 2])", False, id="as-a-number"),
        pytest.param("return sorted([items, seen, [], {}, set()], key=by)", False, id="held-since-before"),
    ],
)
def test_addresses_may_tell_objects_apart_and_nothing_else(tmp_path, body, has_cases):
    exploration = explored(tmp_path, f"def f(items: list[str], by=id):\n    seen = set()\n    {body}\n")["f"]
    compared = [case for case in exploration.cases if case.checks and "[]" not in dict(case.arguments)["items"]]
    assert bool(compared) == has_cases


def test_what_an_operator_does_not_take_is_tested(tmp_path):
    source = """
    class Money:
        def __init__(self, cents: int):
            self.cents = cents

        def __add__(self, other):
            if isinstance(other, Money):
                return Money(self.cents + other.cents)
            return NotImplemented

        def __sub__(self, other):
            return Money(self.cents - other.cents)
    """
    found = explored(tmp_path, source)
    declined = [case.raises for case in found["Money.__add__"].cases if case.raises]
    assert [one.name for one in declined] == ["TypeError"]
    assert declined[0].message.startswith("unsupported operand type(s) for +: 'Money' and ")
    assert found["Money.__add__"].lines_run == found["Money.__add__"].lines_total
    assert all(case.raises is None for case in found["Money.__sub__"].cases)


def test_code_that_is_hard_to_read_costs_no_function_its_tests(tmp_path):
    kinds = [f"K{number}" for number in range(6)]
    asking_for_one_another = "".join(
        f"class {kind}:\n    def __init__(self, left=0, right=0):\n"
        f"        if isinstance(left, ({', '.join(kinds)})) or isinstance(right, ({', '.join(kinds)})):\n"
        "            self.right = right\n        self.left = left\n\n"
        for kind in kinds
    )
    hard = f"""
{asking_for_one_another}
class Proxy:
    def __getattr__(self, name):
        raise RuntimeError("it was asked for " + name)
    def __call__(self, value):
        return value + 1

def of_many(values):
    return {" + ".join(f"values[{number}]" for number in range(400))}
"""
    source = """
    from hard import *

    class Own(K0):
        def doubled(self, number: int):
            return 2 * number

    def by_default(number: int, then=Proxy()):
        return then(2 * number)

    def through(number: int):
        return 3 * number if number < 1000 else of_many([number] * 400)
    """
    for name, found in explored(tmp_path, source, hard=hard).items():
        assert found.cases, (name, found.problem)
        assert found.lines_run == found.lines_total, name


def test_what_is_remembered_by_the_address_of_what_is_gone_has_no_test(tmp_path):
    source = """
    def by_identity(function):
        cache = {}
        def remembered(given):
            if id(given) not in cache:
                cache[id(given)] = function(given)
            return cache[id(given)]
        return remembered

    @by_identity
    def total(values: list[int]):
        return sum(values)
    """
    total = explored(tmp_path, source)["total"]
    assert (total.cases, total.problem) == ((), "it depends on what was called before it")


def test_what_is_copied_by_addresses_has_tests(tmp_path):
    source = """
    import copy

    class Node:
        def __init__(self, name: str):
            self.name = name
            self.next = self

        def __deepcopy__(self, memo):
            made = memo[id(self)] = Node(self.name)
            made.next = copy.deepcopy(self.next, memo)
            return made

    def copied(name: str):
        node = copy.deepcopy(Node(name))
        return node.name if node.next is node else None
    """
    copied = explored(tmp_path, source)["copied"]
    assert copied.cases, copied.problem


def test_what_a_name_of_the_module_is_set_to_is_no_input(tmp_path):
    source = """
    count = 5000

    def spin(n: int):
        global count
        count += 1
        while n > 3000:
            pass
        return count + n
    """
    spin = explored(tmp_path, source)["spin"]
    assert spin.cases, spin.problem
