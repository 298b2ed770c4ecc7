"""What rules make of the answers of models: recorded ones as text in, tests out."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pytestgen_hook.functions import functions_in
from pytestgen_hook.model.dependencies import Dependency
from pytestgen_hook.model.repair import Repaired, repair
from pytestgen_hook.model.target import Target

ANSWERS = Path(__file__).parent / "answers"

SOURCE = '''
import json
import math as maths
from shop.errors import OutOfStock

LIMIT = 3


class NotFound(Exception):
    """There is none."""


class Store:
    def __init__(self, size=1):
        self.size = size

    def reserve(self, name, count):
        return True

    def price(self, name):
        return 1.0


class Counter:
    def __init__(self, start: int = 0):
        self.count = start

    def up(self, by: int = 1) -> int:
        self.count += by
        return self.count


def create_user(name, email):
    if "@" not in email:
        raise ValueError("not an address")
    return {"name": name, "email": email}


def place_order(name, count, store: Store, mailer):
    if not store.reserve(name, count):
        raise OutOfStock(name)
    mailer.send("sold")
    return store.price(name) * count


async def fetch_user(number, cache):
    user = await cache.get(number)
    if user is None:
        raise NotFound(number)
    return user


async def numbers(count):
    for number in range(count):
        yield number


def parsed(text):
    """Raises json.JSONDecodeError."""
    return json.loads(text)


def sum(values):
    return maths.fsum(values)
'''
STORE = Dependency(
    "store",
    module="shop.orders",
    name="Store",
    calls=(("reserve", ("name", "count")), ("price", ("name",))),
    members=frozenset({"reserve", "price"}),
    attributes=frozenset({"size"}),
)
MAILER = Dependency("mailer", calls=(("send", ("text",)),))
CACHE = Dependency("cache", calls=(("get", ("number",)),))


def target(qualname: str, *dependencies: Dependency, source: str = SOURCE) -> Target:
    function = next(one for one in functions_in("shop/orders.py", source.encode()) if one.qualname == qualname)
    by_name = {one.parameter: one for one in dependencies}
    return Target(function, "shop.orders", source, by_name, packages_of_project=frozenset({"shop"}))


def mended(answer: str, qualname: str = "create_user", *dependencies: Dependency, is_cut: bool = False) -> Repaired:
    return repair(dedent(answer), target(qualname, *dependencies), is_cut=is_cut)


def only(answer: str, qualname: str = "create_user", *dependencies: Dependency) -> str:
    """Return the body of the only test that the answer comes to."""
    found = mended(answer, qualname, *dependencies)
    assert found.dropped == ()
    (test,) = found.tests
    return "\n".join(test.body)


def why(answer: str, qualname: str = "create_user", *dependencies: Dependency) -> str:
    """Return why the only test of the answer was dropped."""
    found = mended(answer, qualname, *dependencies)
    assert found.tests == ()
    ((_, reason),) = found.dropped
    return reason


# -- recorded answers --------------------------------------------------------------------------------------------------


def test_rows_are_tests_of_their_own_and_exceptions_real_ones() -> None:
    found = repair((ANSWERS / "create_user.txt").read_text(encoding="utf-8"), target("create_user"))
    assert [test.name for test in found.tests] == ["test_create_user"] * 2 + ["test_create_user_invalid_email"]
    assert found.tests[1].values == (
        ("name", "''"),
        ("email", "'user@domain.org'"),
        ("expected", "{'name': '', 'email': 'user@domain.org'}"),
    )
    assert found.tests[2].body == ("with pytest.raises(ValueError):\n    create_user('John Doe', 'invalid-email')",)
    assert found.tests[2].imports == (("pytest", ""), ("shop.orders", "create_user"))
    assert found.dropped == (
        ("test_create_user_any_error", "pytest.raises(Exception) takes any error for the right one"),
    )


def test_fixtures_stand_in_the_test_with_the_real_class_behind_mocks() -> None:
    answer = (ANSWERS / "place_order.txt").read_text(encoding="utf-8")
    found = repair(answer, target("place_order", STORE, MAILER))
    assert found.tests[0].body == (
        "store = create_autospec(Store, instance=True)",
        "store.reserve.return_value = True",
        "mailer = MagicMock()",
        "store.price.return_value = 2.35",
        "result = place_order('tea', 3, store, mailer)",
        "assert result == pytest.approx(7.05)",
        "store.reserve.assert_called_once_with('tea', 3)",
        "mailer.send.assert_called_once()",
    )
    assert found.tests[0].imports == (
        ("pytest", ""),
        ("shop.orders", "Store"),
        ("shop.orders", "place_order"),
        ("unittest.mock", "MagicMock"),
        ("unittest.mock", "create_autospec"),
    )
    assert found.tests[1].name == "test_place_order_out_of_stock"
    assert ("shop.orders", "OutOfStock") in found.tests[1].imports
    assert dict(found.dropped) == {
        "test_place_order_payment_fails": "shop.orders has no PaymentError",
        "test_place_order_charges": "Store has no charge",
    }


def test_coroutines_are_run_and_an_answer_that_was_cut_loses_only_its_end() -> None:
    answer = (ANSWERS / "fetch_user.txt").read_text(encoding="utf-8")
    found = repair(answer, target("fetch_user", CACHE), is_cut=True)
    assert [test.body[2:] for test in found.tests] == [
        (
            "cache.get.return_value = {'id': 1}",
            "result = asyncio.run(fetch_user(1, cache))",
            "assert result['id'] == 1",
        ),
        (
            "cache.get.return_value = None",
            "with pytest.raises(NotFound):\n    asyncio.run(fetch_user(2, cache))",
        ),
        ("cache.get.return_value = {'id': 3}", "assert asyncio.run(fetch_user(3, cache)) == {'id': 3}"),
    ]
    assert all(test.body[:2] == ("cache = MagicMock()", "cache.get = AsyncMock()") for test in found.tests)
    assert found.dropped == (("test_fetch_user_cut", "the answer ended inside of it"),)


def test_the_function_is_the_real_one_where_the_answer_defines_it_again() -> None:
    source = 'def add(left: float, right: float) -> float:\n    """Return the sum."""\n    return left + right\n'
    answer = (ANSWERS / "add.txt").read_text(encoding="utf-8")
    found = repair(answer, target("add", source=source), is_cut=True)
    assert [test.body for test in found.tests[:2]] == [("assert add(1, 2) == 3",), ("assert add(-1, -2) == -3",)]
    assert {test.imports for test in found.tests} == {(("shop.orders", "add"),)}
    assert len(found.tests) == 9
    assert found.dropped == (("test_add_strings_with_strings_with_spaces", "the answer ended inside of it"),)


# -- reading -----------------------------------------------------------------------------------------------------------

GOOD = """
def test_user():
    assert create_user("a", "b@c") == {"name": "a", "email": "b@c"}
"""


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(GOOD, id="code alone"),
        pytest.param(f"Sure!\n```python\n{GOOD}```\nThat is all.", id="fenced"),
        pytest.param(f"```\n{GOOD}", id="a fence that never ends"),
        pytest.param(f"{GOOD}```\nThat is all.", id="a fence that ends what was begun"),
        pytest.param(f"<think>\ndef test_wrong(): 1/\n</think>\n{GOOD}", id="thought aloud"),
        pytest.param(f"<code>\n{GOOD}</code>", id="tags"),
        pytest.param(f"The tests are these.\n{GOOD}\nThey are complete.\n", id="prose around"),
        pytest.param(f"{GOOD}\nif __name__ == '__main__':\n    pytest.main()\n", id="run as a script"),
        pytest.param(GOOD.replace("    assert", "\tassert"), id="tabs"),
        pytest.param(f"def test_broken(:\n    pass\n{GOOD}", id="beside what is no Python"),
    ],
)
def test_code_is_found_in(answer: str) -> None:
    found = mended(answer)
    assert [test.name for test in found.tests] == ["test_user"]
    assert all(name == "test_broken" for name, _ in found.dropped)


def test_what_was_cut_is_dropped_even_where_it_reads_as_python() -> None:
    found = mended(GOOD + "\ndef test_more():\n    result = create_user('a', 'b@c')\n    assert result", is_cut=True)
    assert [test.name for test in found.tests] == ["test_user"]
    assert found.dropped == (("test_more", "the answer ended inside of it"),)


def test_the_same_test_twice_is_one() -> None:
    assert len(mended(GOOD + GOOD.replace("test_user", "test_again")).tests) == 1


def test_assertions_that_need_nothing_of_each_other_are_tests_of_their_own() -> None:
    two = "def test_user():\n    assert create_user('a', 'b@c')\n    assert create_user('a', 'd@e')['name'] == 'a'\n"
    assert [len(test.body) for test in mended(two).tests] == [1, 1]
    assert [len(test.body) for test in mended(two.replace("    assert", "    user = 1\n    assert", 1)).tests] == [3]


def test_an_answer_without_tests_gives_none() -> None:
    assert mended("I cannot do that.") == Repaired(())


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "binding",
    [
        'import importlib\nmodule = importlib.import_module("module")\ncreate_user = getattr(module, "create_user")',
        'from importlib import import_module\ncreate_user = import_module("app").create_user',
        "from module import create_user",
        "from your_module import *",
        "from shop.orders import create_user",
        "from shop.users import create_user",
        "import shop.orders\ncreate_user = shop.orders.create_user",
        "",
    ],
)
def test_the_function_is_imported_from_its_real_module(binding: str) -> None:
    (test,) = mended(f"{binding}\n{GOOD}").tests
    assert test.imports == (("shop.orders", "create_user"),)


def test_the_module_itself_is_imported_where_it_is_used_as_an_object() -> None:
    found = mended(
        """
        import importlib
        from unittest.mock import patch
        module = importlib.import_module("module")
        def test_limit():
            with patch.object(module, "LIMIT", 1):
                assert module.create_user("a", "b@c")["name"] == "a"
        """
    )
    (test,) = found.tests
    assert test.body == (
        "with patch.object(shop.orders, 'LIMIT', 1):\n    assert create_user('a', 'b@c')['name'] == 'a'",
    )
    assert ("shop.orders", "") in test.imports


def test_paths_of_patches_name_the_real_module() -> None:
    body = only(
        """
        @patch("module.json.loads")
        @patch("your_module.maths")
        def test_parsed(maths, loads):
            loads.return_value = 3
            assert parsed("3") == 3
        """,
        "parsed",
    )
    assert body.startswith(
        "with patch('shop.orders.maths') as maths, patch('shop.orders.json.loads') as loads:\n    loads.return_value = 3"
    )


def test_a_name_that_hides_a_builtin_is_called_by_way_of_its_module() -> None:
    (test,) = mended("from module import sum\ndef test_sum():\n    assert sum([1.5, 2]) == 3.5", "sum").tests
    assert test.body == ("assert shop.orders.sum([1.5, 2]) == 3.5",)
    assert test.imports == (("shop.orders", ""),)


def test_an_exception_of_a_module_that_the_source_imports_is_found_there() -> None:
    (test,) = mended(
        """
        module = importlib.import_module("module")
        JSONDecodeError = getattr(module, "JSONDecodeError", Exception)
        def test_parsed():
            with pytest.raises(JSONDecodeError):
                parsed("{")
        """,
        "parsed",
    ).tests
    assert test.body == ("with pytest.raises(json.JSONDecodeError):\n    parsed('{')",)
    assert ("json", "") in test.imports


def test_missing_imports_of_the_standard_library_and_of_mock_are_added() -> None:
    (test,) = mended(
        """
        def test_user():
            name = MagicMock()
            assert create_user(name, str(Path("a@b")))["email"] == os.path.join("a@b")
        """
    ).tests
    assert {("unittest.mock", "MagicMock"), ("pathlib", "Path"), ("os", "")} <= set(test.imports)


def test_constants_helpers_and_fixtures_of_fixtures_stand_before_what_needs_them() -> None:
    body = only(
        """
        NAME = "Ann"

        def address(of):
            return f"{of}@example.org"

        @pytest.fixture
        def base():
            return NAME

        @pytest.fixture
        def email(base):
            result = address(base)
            yield result

        def test_user(email):
            result = create_user(NAME, email)
            assert result["email"] == "Ann@example.org"
        """
    )
    assert body.splitlines() == [
        "NAME = 'Ann'",
        "base = NAME",
        "def address(of):",
        "    return f'{of}@example.org'",
        "email = address(base)",
        "result = create_user(NAME, email)",
        "assert result['email'] == 'Ann@example.org'",
    ]


def test_fixtures_of_pytest_stay_and_one_that_nothing_defines_costs_the_test() -> None:
    (test,) = mended("def test_user(tmp_path):\n    assert create_user(tmp_path, 'a@b')['name'] == tmp_path").tests
    assert test.fixtures == ("tmp_path",)
    assert why("def test_user(client):\n    assert create_user(client, 'a@b')") == (
        "it asks for a fixture client, which nothing defines"
    )


def test_a_missing_fixture_of_a_dependency_is_made() -> None:
    body = only(
        """
        def test_order(store, mailer):
            store.price.return_value = 2
            assert place_order("tea", 2, store, mailer) == 4
        """,
        "place_order",
        STORE,
        MAILER,
    )
    assert body.splitlines()[:2] == ["store = create_autospec(Store, instance=True)", "mailer = MagicMock()"]


def test_a_mock_whose_objects_attributes_are_used_stays_as_it_is() -> None:
    body = only(
        """
        def test_order():
            warehouse = MagicMock()
            warehouse.size = 3
            warehouse.price.return_value = 2
            assert place_order("tea", 2, warehouse, MagicMock()) == 4
        """,
        "place_order",
        STORE,
    )
    assert body.startswith("warehouse = MagicMock()")


def test_a_mock_under_another_name_is_known_by_where_it_is_given() -> None:
    answer = """
        def test_order():
            warehouse = MagicMock()
            warehouse.sell.return_value = 2
            assert place_order("tea", 2, store=warehouse, mailer=MagicMock()) == 4
        """
    assert why(answer, "place_order", STORE) == "Store has no sell"


def test_tests_in_classes_stand_alone() -> None:
    assert only(f"class TestUser:\n{GOOD.replace('()', '(self)', 1).replace(chr(10), chr(10) + '    ')}")
    assert why("class TestUser:\n    def test_a(self):\n        assert create_user(self.a, 'a@b')") == (
        "it needs an object of its class"
    )


def test_an_asynchronous_generator_is_read_in_a_loop() -> None:
    body = only(
        """
        @pytest.mark.asyncio
        async def test_numbers():
            assert [number async for number in numbers(2)] == [0, 1]
        """,
        "numbers",
    )
    assert body == (
        "async def scenario():\n    assert [number async for number in numbers(2)] == [0, 1]\nasyncio.run(scenario())"
    )


def test_what_is_no_coroutine_is_not_awaited() -> None:
    body = only("async def test_user():\n    assert await create_user('a', 'b@c')")
    assert body == "assert create_user('a', 'b@c')"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("assert f() == 0.1", "assert f() == pytest.approx(0.1)"),
        ("assert -7.05 == f()", "assert pytest.approx(-7.05) == f()"),
        ("assert f() == [0.1, 2]", "assert f() == pytest.approx([0.1, 2])"),
        ("assert f() == 2.5", "assert f() == 2.5"),
        ("assert f() == pytest.approx(0.1)", "assert f() == pytest.approx(0.1)"),
        ("assert f() != 0.1", "assert f() != 0.1"),
    ],
)
def test_numbers_that_no_binary_fraction_holds_are_compared_nearly(before: str, after: str) -> None:
    assert only(f"def test_user():\n    f = create_user\n    create_user()\n    {before}").endswith(after)


def test_in_a_table_only_the_numbers_that_need_it_are_compared_nearly() -> None:
    found = mended(
        """
        @pytest.mark.parametrize("values,expected", [([0.1, 0.2], 0.3), pytest.param([1], 1, id="one")])
        def test_sum(values, expected):
            assert module.sum(values) == expected
        """.replace("module.sum", "getattr(importlib.import_module('module'), 'sum')"),
        "sum",
    )
    assert [dict(test.values)["expected"] for test in found.tests] == ["pytest.approx(0.3)", "1"]
    assert all(("pytest", "") in test.imports for test in found.tests if "approx" in str(test.values))


# -- slop --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("create_user('a', 'b@c')", "it asserts nothing"),
        ("create_user('a', 'b@c')\n    assert True", "it asserts nothing"),
        ("user = create_user('a', 'b@c')\n    assert user == user", "it asserts nothing"),
        ("assert 1 + 1 == 2", "it never calls create_user"),
        (
            "db = MagicMock()\n    db.get.return_value = 1\n    create_user(db, 'a@b')\n    assert db.get.return_value == 1",
            "it asserts only what it has set up itself",
        ),
        (
            "count = 1\n    create_user('a', 'b@c')\n    assert count == 1",
            "it asserts only what it has set up itself",
        ),
        (
            "with pytest.raises(BaseException):\n        create_user('a', 'b')",
            "pytest.raises(BaseException) takes any error for the right one",
        ),
        (
            "with pytest.raises((ValueError, Exception)):\n        create_user('a', 'b')",
            "pytest.raises(Exception) takes any error for the right one",
        ),
        (
            "try:\n        create_user('a', 'b')\n    except ValueError:\n        assert True",
            "it passes whether or not the exception is raised",
        ),
        (
            "with patch('module.create_user') as create_user:\n        assert create_user('a', 'b')",
            "it puts something else in the place of create_user",
        ),
        ("assert create_user('a', undefined) == 1", "it uses undefined, which nothing defines"),
    ],
)
def test_a_test_that_shows_nothing_is_dropped(body: str, reason: str) -> None:
    assert why(f"def test_it():\n    {body}") == reason


@pytest.mark.parametrize(
    "body",
    [
        "user = create_user('a', 'b@c')\n    name = user['name']\n    assert name == 'a'",
        "names = []\n    create_user(names, 'b@c')\n    assert names == []",
        "with pytest.raises(ValueError, match='not'):\n        create_user('a', 'b')",
        "create_user('a', 'b@c')\n    assert capsys.readouterr().out == ''",
        "try:\n        create_user('a', 'b')\n    except ValueError as error:\n        assert 'not' in str(error)\n    else:\n        pytest.fail('no error')",  # noqa: E501
    ],
)
def test_a_test_that_may_show_something_stays(body: str) -> None:
    assert mended(f"def test_it(capsys):\n    {body}").dropped == ()


@pytest.mark.parametrize("mark", ["skip", "xfail(reason='no')", "skipif(True, reason='no')"])
def test_a_test_that_need_not_pass_is_dropped(mark: str) -> None:
    assert why(f"@pytest.mark.{mark}\n{GOOD.strip()}") == "it is marked so that it need not pass"


def test_a_method_is_called_on_an_object() -> None:
    (test,) = mended("def test_up():\n    counter = Counter(2)\n    assert counter.up() == 3", "Counter.up").tests
    assert test.imports == (("shop.orders", "Counter"),)
    assert why("def test_up():\n    assert Counter(2).count == 2", "Counter.up") == "it never calls up"
