"""Calls held against the documentation of their functions, through the engine's real processes."""

import pytest
from exploring import explored, outcomes, the_only

SOURCE = '''
    import random
    from datetime import date


    def top(scores: dict[str, int], count: int = 3) -> list[str]:
        """Names with the highest scores, best first.

        Returns at most ``count`` names.
        """
        return sorted(scores, key=lambda name: (-scores[name], name))[: count + 1]


    def month_name(month: int) -> str:
        """Name a month.

        Raises:
            ValueError: If month is not between 1 and 12.
        """
        return ["Jan", "Feb", "Mar"][month % 3]


    def snake(name: str) -> str:
        """Rename.

        >>> snake("HTTPServer")
        'http_server'
        >>> snake("aB")
        'a_b'
        """
        return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")


    def without(items: list[int]) -> list[int]:
        """Drop the smallest. The list itself is not changed."""
        if items:
            items.remove(min(items))
        return items


    def is_word(text: str) -> bool:
        """Whether it is one."""
        return text.isalpha() or None


    def once(items: list[int]) -> list[int]:
        """Return the items without duplicates."""
        return [item for place, item in enumerate(items) if place == 0 or items[place - 1] != item]


    def largest_divisor(n: int) -> int:
        """Nothing is said of numbers that have none."""
        for divisor in range(n - 1, 0, -1):
            if n % divisor == 0:
                return divisor


    def closest(numbers: list[float]) -> tuple[float, float]:
        """Two of them."""
        best = None
        for place, one in enumerate(numbers):
            for other in numbers[place + 1 :]:
                if best is None or abs(one - other) < abs(best[0] - best[1]):
                    best = one, other
        return best


    def sign(number: int) -> int:
        """A branch that was forgotten."""
        if number < 0:
            return -1
        if number == 0:
            return 0


    def age(born: date, today: date) -> int:
        """Age in years.

        :raises ValueError: if born is later than today
        """
        if born > today:
            raise RuntimeError("not born yet")
        return today.year - born.year


    def quoted(text: str, quote: str = "'") -> str:
        """Put a text in quotes.

        Raises:
            ValueError: If quote is empty.
        """
        return quote + text + quote


    class Queue:
        """First in, first out."""

        def __init__(self) -> None:
            self.items: list[int] = []

        def put(self, item: int) -> None:
            """Append."""
            self.items.append(item)

        def get(self) -> int:
            """Take the first.

            Raises:
                IndexError: If the queue is empty.
            """
            return self.items.pop(0) if self.items else -1


    def rolled(sides: int) -> int:
        """Roll a die.

        Returns:
            A number between 1 and 6.
        """
        return random.randint(1, 1000)


    def share(part: float, whole: float) -> float:
        """A share, a number between 0 and 1.

        Raises:
            ZeroDivisionError: If whole is zero.

        Example::

            share(1, 4)  # 0.25
        """
        return min(1.0, max(0.0, part / whole))


    def lookup(table: dict, key, default=None):
        """Look up a key.

        Raises KeyError if key is not in table.
        """
        return table[key] if default is None else table.get(key, default)


    def loose(value: dict) -> str:
        """What is in it may be of any type: that the annotation of the result is not true of it says nothing."""
        return value.get("name", "")


    def halves(n):
        """Return a new list, sorted in ascending order.

        >>> halves(4)  # doctest: +ELLIPSIS
        [0, ...]
        >>> halves(3)
        [0,  0, 1]
        >>> round_of(2)
        5
        """
        return sorted(part // 2 for part in range(n))


    class Size:
        """A size, equal to none but itself."""

        def __init__(self, name: str) -> None:
            self.name = name

        def __repr__(self) -> str:
            return f"Size({self.name!r})"

        def __eq__(self, other: object) -> bool:
            return self is other

        def larger(self) -> "Size":
            """Next one.

            >>> Size("a").larger()
            Size(u'a+')
            """
            return Size(self.name + "+")
'''


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return explored(tmp_path_factory.mktemp("promises"), SOURCE, seconds=60, only_promises=True)


def contradicted(exploration):
    return [(one.promise.source, one.promise.expected) for one in exploration.promises if one.is_contradicted]


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("top", "returns", "at most count long"),
        ("month_name", "raises", "ValueError"),
        ("snake", "example", "'http_server'"),
        ("without", "arguments", "changes items"),
        ("is_word", "annotation", "bool"),
        ("sign", "annotation", "int"),
        ("once", "returns", "without duplicates"),
        ("age", "raises", "ValueError"),
        ("Queue.get", "raises", "IndexError"),
        ("quoted", "raises", "ValueError"),
    ],
)
def test_what_contradicts_the_documentation_is_found(found, name, source, expected):
    assert contradicted(found[name]) == [(source, expected)]


@pytest.mark.parametrize(
    "name", ["share", "lookup", "loose", "halves", "Queue.put", "Size.larger", "largest_divisor", "closest"]
)
def test_what_does_not_surely_contradict_it_is_not(found, name):
    assert contradicted(found[name]) == []


def test_agreement_is_counted(found):
    kept = {one.promise.source: one.kept for one in found["share"].promises}
    assert kept.keys() == {"returns", "raises", "annotation", "example"}
    assert min(kept.values()) >= 1


def test_a_contradiction_that_depends_on_chance_is_none(found):
    assert contradicted(found["rolled"]) == []


def test_the_call_is_shown_as_one_would_type_it_with_what_it_gave(found):
    (contradiction,) = [one for one in found["month_name"].promises if one.is_contradicted]
    month = int(contradiction.call.removeprefix("month_name(").rstrip(")"))
    assert not 1 <= month <= 12
    assert contradiction.observed == repr(["Jan", "Feb", "Mar"][month % 3])
    (contradiction,) = [one for one in found["Queue.get"].promises if one.is_contradicted]
    assert (contradiction.call, contradiction.observed) == ("Queue().get()", "-1")


def test_calls_that_contradict_the_documentation_become_no_test(tmp_path):
    exploration = the_only(
        explored(
            tmp_path,
            '''
            def size(text: str) -> int:
                """How long a text is.

                Raises:
                    ValueError: If the text is empty.

                >>> size("abcd")
                4
                >>> size("ab")
                3
                """
                if text == "abcd":
                    return 4
                return len(text) if len(text) < 9 else 9
            ''',
        )
    )
    assert {one.promise.source for one in exploration.promises if one.is_contradicted} == {"raises", "example"}
    assert exploration.cases
    calls = {dict(case.arguments)["text"] for case in exploration.cases}
    assert calls.isdisjoint({'""', '"ab"'})
    assert "0" not in outcomes(exploration)


def test_what_an_object_gives_that_was_made_of_other_types_contradicts_nothing(tmp_path):
    source = """
        class Shelf:
            def __init__(self, pieces: dict[str, int]):
                self._pieces = pieces

            def stock(self, article: str) -> int:
                if article not in self._pieces:
                    return 0
                return self._pieces[article]
        """
    stock = explored(tmp_path, source)["Shelf.stock"]
    (compared,) = stock.promises
    assert compared.kept
    assert not compared.broken
    assert stock.lines_run == stock.lines_total
