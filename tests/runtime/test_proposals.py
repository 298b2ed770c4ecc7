"""Lines that a model wrote, read as calls: what they mean when they are made, and which are none."""

import ast
import importlib
import sys
import textwrap

import observe
import plan as plans
import proposals
import pytest
from values import leaves

SOURCE = """
    import beside


    class Queue:
        kinds = ("fifo",)

        def __init__(self, size=2):
            self.size, self.items, self.is_open = size, [], True

        def put(self, item, *, twice=False):
            self.items.extend([item, item] if twice else [item])

        def take(self):
            if not self.is_open:
                raise LookupError("closed")
            return self.items.pop() if len(self.items) > self.size else None

        def __lt__(self, other):
            return keeps(other)

        @property
        def first(self):
            return self.items[0]

        @staticmethod
        def of(items):
            made = Queue(0)
            made.items = list(items)
            return made


    def keeps(field, *others):
        def test(row):
            return [row[field], *others]

        test.field = field
        return test


    def connected(host, **options):
        return host, options


    def size_of(page):
        return len(page.text)


    async def fetched(page):
        return page
"""


@pytest.fixture(scope="module")
def subjects(tmp_path_factory):
    """Return a function that gives the plan of a function of the module."""
    folder = tmp_path_factory.mktemp("proposals")
    source = textwrap.dedent(SOURCE)
    (folder / "proposing.py").write_text(source)
    (folder / "beside.py").write_text("class Page:\n    def __init__(self, text):\n        self.text = text\n")
    sys.path.insert(0, str(folder))
    try:
        module = importlib.import_module("proposing")
        tree = ast.parse(source)

        def plan_of(qualname):
            owner, _, name = qualname.rpartition(".")
            found = vars(getattr(module, owner) if owner else module)[name]
            raw = getattr(found, "fget", None) or getattr(found, "__func__", found)
            subject = observe.Subject(module, source.encode(), module.__file__, raw, 0, str(folder))
            return plans.make_plan(subject, qualname, tree)

        yield plan_of
    finally:
        sys.path.remove(str(folder))
        for name in ("proposing", "beside"):
            sys.modules.pop(name, None)


def outcome(plan, proposed):
    item = plan.item(proposed)
    plan.subject.scope.need(item["imports"])
    return plan.subject.scope.evaluate(item["call"], plan.subject.scope.arranged(item, {}))


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        pytest.param("Queue.take", 'obj = Queue(size=1); obj.put(7); obj.put(item="z"); obj.take()', "z", id="methods"),
        pytest.param(
            "Queue.take", "obj = Queue(1); obj.put(5, twice=True); obj.take()", 5, id="a method with a keyword"
        ),
        pytest.param("Queue.take", "obj = Queue(); obj.items.extend([1, 2, 3]); obj.take()", 3, id="what it holds"),
        pytest.param("Queue.take", "obj = Queue(); obj.size = -1; obj.put(4); obj.take()", 4, id="an attribute"),
        pytest.param("Queue.take", "obj = Queue(0); obj.put(1); obj.items[0] = 2; obj.take()", 2, id="an item"),
        pytest.param("Queue.take", "Queue(size=9).take()", None, id="no state"),
        pytest.param("Queue.first", 'obj = Queue(); obj.put("a"); obj.first', "a", id="a property"),
        pytest.param("Queue.first", 'obj = Queue(); obj.put("a"); obj.first()', "a", id="a property in brackets"),
        pytest.param("Queue.of", "Queue.of(items=[7]).take()", 7, id="a method of the result"),
        pytest.param("Queue.of", 'Queue.of(["a", "b"]).items[1]', "b", id="an item of what the result has"),
        pytest.param("keeps", 'keeps(field="a")({"a": "x"})', ["x"], id="a call of the result"),
        pytest.param("keeps", 'keeps("a", others=[1, 2])({"a": "x"})', ["x", 1, 2], id="further arguments"),
        pytest.param("keeps", "keeps(field=3).field", 3, id="an attribute of the result"),
        pytest.param("Queue.__lt__", 'Queue().__lt__(other="a")({"a": 1})', [1], id="an operator"),
        pytest.param("connected", 'connected("a", port=[1], on=True)', ("a", {"port": [1], "on": True}), id="options"),
        pytest.param("size_of", 'size_of(page=Page("abc"))', 3, id="a class of another module"),
        pytest.param("size_of", 'size_of(page=types.SimpleNamespace(text="ab"))', 2, id="a class of Python"),
        pytest.param("size_of", 'page = Page("a"); page.text = "abcd"; size_of(page=page)', 4, id="a changed argument"),
    ],
)
def test_a_line_is_the_call_that_it_says(subjects, name, line, expected):
    plan = subjects(name)
    (proposed,) = proposals.inputs(plan, [line])
    assert outcome(plan, proposed) == expected


@pytest.mark.parametrize(
    ("name", "line"),
    [
        pytest.param("Queue.take", "other.put(1); obj = Queue(); obj.take()", id="an object that is not made"),
        pytest.param("Queue.take", "obj = Queue(); obj.take(); del obj", id="no call at the end"),
        pytest.param("Queue.take", "import os; Queue().take()", id="another statement"),
        pytest.param("Queue.take", "obj = Queue(); len(obj.items); obj.take()", id="a call that changes nothing"),
        pytest.param("Queue.take", "obj = Queue(); [obj].take()", id="the object inside of another"),
        pytest.param("Queue.take", "Queue().take().a.b.c.d", id="a long way from the result"),
        pytest.param("Queue.take", "Queue().put(1)", id="another method"),
        pytest.param("Queue.take", "obj = Queue(); " + "obj.put(1); " * 9 + "obj.take()", id="many steps"),
        pytest.param("Queue.take", "Queue().take", id="no call"),
        pytest.param("keeps", "keeps(field=unknown)", id="an unknown name"),
        pytest.param("keeps", "keeps(1, field=2)", id="an argument twice"),
        pytest.param("keeps", "keeps(1, unknown=2)", id="a name that it does not have"),
        pytest.param("connected", "connected(1, host=2)", id="an argument twice beside options"),
        pytest.param("connected", "connected(1, **{})", id="two stars"),
        pytest.param("keeps", "keeps(*[1])", id="stars"),
        pytest.param("keeps", "keeps(1)(**{})", id="stars in what is done with the result"),
        pytest.param("keeps", "keeps(", id="no Python"),
        pytest.param("fetched", "fetched(page=1).name", id="what a coroutine does not have"),
    ],
)
def test_what_says_something_else_is_left_out(subjects, name, line):
    assert proposals.inputs(subjects(name), [line]) == []


def test_the_search_goes_on_from_the_parts_of_what_was_proposed(subjects):
    plan = subjects("Queue.take")
    found = proposals.inputs(plan, ['obj = Queue(size=417); obj.put("tea"); obj.take().colour'])
    assert 417 in plan.constants.ints
    assert "tea" in plan.constants.texts
    assert [receiver.base.source() for receiver in plan.receivers] == ["Queue(size=417)"]
    assert {leaf.value for tree in found[0].trees() for leaf in leaves(tree)} == {417, "tea"}


def test_the_documentation_does_not_speak_of_what_is_done_with_the_result(subjects):
    plan = subjects("keeps")
    plain, further = proposals.inputs(plan, ["keeps(field=1)", "keeps(field=1).field"])
    assert "parameters" in plan.item(plain)
    assert "parameters" not in plan.item(further)


def test_members_of_the_class_and_names_of_the_module_are_told(subjects):
    plan = subjects("Queue.take")
    owner = plan.subject.module.Queue
    methods, attributes = proposals.members(owner)
    assert methods == ["put", "take", "of"]
    assert set(attributes) == {"kinds", "size", "items", "is_open", "first"}
    assert {"Queue", "keeps", "size_of"} <= set(proposals.told(plan))
    assert proposals.words(plan)[:4] != []
    assert {"size", "twice", "field"} <= set(proposals.words(plan))


def test_texts_take_the_place_of_the_longest_text_argument(subjects):
    made = proposals.inputs(subjects("connected"), ['connected("a", query="select 1")', "connected(1)"])
    others = proposals.with_texts(made, ["select 2", "select 3 -- all"])
    given = [[leaf.value for tree in one.trees() for leaf in leaves(tree)] for one in others]
    assert given == [["select 3 -- all", "select 1"], ["select 2", "select 1"]]
