"""Which methods change an object, and the statements that bring objects into a state."""

import random
import sys
import types

import domains
import pytest
import sequences
from values import Built, Items, Pairs, Plain, Prepared, Step, statements

SOURCE = """
import heapq

class Base:
    def keep(self, item):
        self.kept = item

class Thing(Base):
    def __init__(self):
        self._items = []
        self._heap = []

    def put(self, item):
        self._items.append(item)

    def push(self, item):
        heapq.heappush(self._heap, item)

    def through_a_name(self, item):
        items = self._items
        items.append(item)

    def through_itself(self, item):
        thing = self
        thing.item = item

    def through_another(self, item):
        self.put(item)

    def through_the_base(self, item):
        super().update(item)

    def local_only(self):
        found = []
        found.append(len(self._items))
        return found

    def is_empty(self):
        return not self._items

    def get(self, index):
        return self._items[index]

    def pop(self):
        return self._items.pop()

    @property
    def level(self):
        return self._level

    @level.setter
    def level(self, value):
        self._level = value

    def _hidden(self):
        self._items = []

    def connect(self, item, other):
        self._items.append((item, other))

    def close(self):
        self._items = None
"""


@pytest.fixture
def thing(tmp_path, monkeypatch):
    (tmp_path / "things_of_sequences.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "things_of_sequences", raising=False)
    import things_of_sequences

    return things_of_sequences.Thing


def plain_parameters(raw, node):
    return [(name.arg, domains.Ints(domains.Constants()), True) for name in node.args.args[1:]]


def methods(kind, **options):
    domain = sequences.with_states(domains.Objects("Thing", [], ()), kind, plain_parameters, **options)
    return {method.name for method in domain.methods}


def test_methods_that_store_something_in_the_object_change_it(thing):
    assert methods(thing) == {
        "put", "push", "through_a_name", "through_itself", "through_another", "through_the_base", "pop", "level", "keep",
        "connect",
    }  # fmt: skip


def test_private_methods_are_called_only_where_asked_for(thing):
    assert "_hidden" in methods(thing, with_private=True)


def test_a_class_that_nothing_changes_stays_as_it_is(monkeypatch):
    objects = domains.Objects("Point", [], ())
    assert sequences.with_states(objects, types.SimpleNamespace, plain_parameters) is objects


def test_questions_are_told_apart_by_what_they_do(thing):
    assert sequences.questions(thing) == (["is_empty", "local_only"], ["get"], ["pop"], [])


def test_states_are_drawn_as_statements_that_run(thing):
    domain = sequences.with_states(domains.Objects("Thing", [], ()), thing, plain_parameters)
    rng = random.Random(1)
    seen = set()
    for _ in range(60):
        drawn = domain.draw(rng)
        made = eval(drawn.source(), {"Thing": thing})
        for statement in statements(drawn, "made"):
            seen.add(statement.partition("(")[0])
            try:
                exec(statement, {"made": made})
            except (IndexError, AttributeError):
                assert "pop" in statement or "through_the_base" in statement
    assert {"made.put", "made.push", "made.keep"} <= seen
    assert any(statement.startswith("made.level = ") for statement in seen)


def test_an_object_within_others_has_no_statements_of_its_own(thing):
    domain = sequences.with_states(domains.Objects("Thing", [], ()), thing, plain_parameters)
    rng = random.Random(1)
    assert not any(isinstance(domain.draw(rng, 1), Prepared) for _ in range(40))


def test_statements_name_the_place_of_the_object():
    queue = Prepared(
        Built("Queue", []), [Step("{0}.put({1})", [Plain(3)]), Step("{0}.next = {1}", [queue_of(4)], "{0}.next")]
    )
    assert list(statements(Items("list", [queue]), "queues")) == [
        "queues[0].put(3)",
        "queues[0].next = Queue()",
        "queues[0].next.put(4)",
    ]
    assert list(statements(Pairs([(Plain("a"), queue_of(5))]), "queues")) == ['queues["a"].put(5)']
    assert list(statements(Built("Owner", [("queue", queue_of(6))]), "owner")) == ["owner.queue.put(6)"]


def queue_of(number):
    return Prepared(Built("Queue", []), [Step("{0}.put({1})", [Plain(number)])])


def test_children_are_put_back_where_they_were_taken():
    node = Prepared(Built("Queue", [("size", Plain(2))]), [Step("{0}.add({1}, {2})", [Plain("a"), Plain(1)])])
    base, *rest = node.children()
    changed = node.with_children([base, *[Plain(leaf.value * 2) for leaf in rest]])
    assert changed.source() == "Queue(size=2)"
    assert list(statements(changed, "queue")) == ['queue.add("aa", 2)']
