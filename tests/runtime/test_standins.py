"""Stand-ins as lines of a test, and what is read from them after a call."""

from abc import ABC, abstractmethod
from unittest.mock import call, create_autospec

import mocks
import pytest
from literals import CannotWrite, Writer
from simplify import simpler_nodes
from standins import Standin
from values import Built, Items, Layout, Plain


class Store(ABC):
    @abstractmethod
    def get(self, key): ...

    @abstractmethod
    def open(self): ...


def stand_in(**settings):
    paths = [(f".{name}.return_value", node) for name, node in settings.items()]
    return Standin("Store", [("shop", "Store")], paths, "store")


def lines(*nodes):
    layout = Layout(["service"])
    for number, node in enumerate(nodes):
        layout.add(f"a{number}", node)
    return layout.lines


def test_what_is_prepared_stands_in_lines_of_its_own_before_what_it_is_part_of():
    inner = stand_in(get=Plain(1))
    assert lines(Built("Service", [(None, inner)])) == [
        ["store", "create_autospec(Store, instance=True)"],
        ["store.get.return_value = {}", "1"],
        ["a0", "Service(store)"],
    ]
    assert lines(stand_in(get=inner))[:3] == [
        ["a0", "create_autospec(Store, instance=True)"],
        ["store", "create_autospec(Store, instance=True)"],
        ["store.get.return_value = {}", "1"],
    ]


def test_two_stand_ins_have_two_names_and_one_that_is_used_twice_has_one():
    one, other = stand_in(), stand_in()
    assert [line[0] for line in lines(Items("list", [one, other, one]))] == ["store", "store_2", "a0"]
    assert lines(Items("list", [one, other, one]))[-1][1] == "[store, store_2, store]"
    assert lines(one, one)[1] == ["a1", "a0"]


def test_simpler_stand_ins_say_less():
    sources = [node.source() for node in simpler_nodes(stand_in(get=Plain("abcd"), open=Plain(None)))]
    assert "create_autospec(Store, instance=True); .open.return_value = None" in sources
    assert any('.get.return_value = "ab"' in source for source in sources)


def test_calls_are_written_as_calls_and_stand_ins_by_their_names():
    store = create_autospec(Store, instance=True)
    store.get({"a": [1]})
    store.get(key=store)
    writer = Writer(named={id(store): "store"})
    assert writer.write(list(store.get.call_args_list)) == '[call({"a": [1]}), call(key=store)]'
    assert writer.imports == {("unittest.mock", "call")}
    with pytest.raises(CannotWrite):
        Writer().write(store)


def test_calls_are_found_by_the_paths_of_their_methods():
    store = create_autospec(Store, instance=True)
    store.open.return_value.read.return_value = "x"
    store.open().read(3)
    assert mocks.called(store, [".open.return_value.read.return_value"], ("get", "other")) == {
        "open": [call()],
        "open.return_value.read": [call(3)],
        "get": [],
    }


@pytest.mark.parametrize(
    ("use", "goes_beyond"),
    [
        pytest.param(lambda store: store.get(1), False, id="called"),
        pytest.param(lambda store: store.get(1).strip(), True, id="result-used"),
        pytest.param(lambda store: len(store.get(1)), True, id="length-of-result"),
        pytest.param(lambda store: store.open().read(), False, id="result-that-was-set"),
        pytest.param(lambda store: str(store), True, id="as-text"),
    ],
)
def test_what_a_mock_made_up_is_told_from_what_was_set(use, goes_beyond):
    store = create_autospec(Store, instance=True)
    store.open.return_value.read.return_value = "x"
    use(store)
    assert mocks.goes_beyond(store, [".open.return_value.read.return_value"]) is goes_beyond


def test_only_what_was_made_by_mock_is_a_stand_in():
    assert mocks.is_stand_in(create_autospec(Store, instance=True))
    assert not mocks.is_stand_in(Store)
    assert mocks.is_call(call(1))
    assert not mocks.is_call((1, 2))
