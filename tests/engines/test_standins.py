"""Objects that cannot be made here, through the real engine: stand-ins of their classes, told what their methods give."""

import subprocess
import sys

import pytest
from click.testing import CliRunner
from test_search import explored

from pytestgen_hook.cli import check

SHOP = """
import socket
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Optional, Protocol


class Database:
    def __init__(self, host: str):
        self.socket = socket.create_connection((host, 5432))

    def get_order(self, order_id: int) -> dict:
        return self.socket.recv(order_id)

    def save(self, order: dict) -> None:
        self.socket.send(order)


class Service:
    def __init__(self, db: Database):
        self.db = db

    def pay(self, order_id: int, amount: int) -> bool:
        try:
            order = self.db.get_order(order_id)
        except KeyError:
            return False
        if amount < order["total"]:
            return False
        order["paid"] = True
        self.db.save(order)
        return True
"""


def sources(exploration):
    return {source for case in exploration.cases for _, source in case.arguments}


def targets(exploration):
    return {target for case in exploration.cases for target, _ in case.arguments}


def expectations(exploration):
    return {(check.subject, check.expected) for case in exploration.cases for check in case.checks}


def test_what_a_method_does_with_a_dependency_is_asserted(tmp_path):
    found = explored(tmp_path, SHOP, seconds=24.0)
    pay = found["Service.pay"]
    assert (pay.lines_run, pay.mutants_killed) == (pay.lines_total, pay.mutants_total)
    assert "create_autospec(Database, instance=True)" in sources(pay)
    assert {"db.get_order.return_value = {}", "db.get_order.side_effect = {}"} <= targets(pay)
    assert 'KeyError("failed")' in sources(pay)
    calls = {subject for subject, _ in expectations(pay)}
    assert {"db.get_order.call_args_list", "db.save.call_args_list"} <= calls
    assert {case.call for case in found["Service.__init__"].cases} == {"Service(db)"}
    assert ("result.db", "db") in expectations(found["Service.__init__"])
    assert not any("Mock" in expected for item in found.values() for _, expected in expectations(item))


def test_written_tests_are_green_and_fail_for_a_broken_source(repo):
    repo.stage("shop.py", SHOP)
    CliRunner().invoke(check, ["--mode", "write", "--budget", "15", "--python", sys.executable])
    text = (repo.path / "tests" / "test_shop.py").read_text()
    assert "    db = create_autospec(Database, instance=True)\n" in text
    assert "    db.get_order.assert_called_once_with(" in text

    def passes() -> bool:
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_shop.py"]
        return subprocess.run(command, cwd=repo.path, capture_output=True).returncode == 0

    assert passes()
    for right, wrong in (("save(order)", "save({})"), ("get_order(order_id)\n        e", "get_order(1)\n        e")):
        assert right in SHOP
        repo.write("shop.py", SHOP.replace(right, wrong))
        assert not passes()


def test_what_is_real_wins(tmp_path):
    source = """
        from abc import ABC, abstractmethod
        from typing import Protocol

        class Rate(Protocol):
            def per_cent(self) -> int: ...

        class Fixed:
            def __init__(self, number: int):
                self.number = number

            def per_cent(self) -> int:
                return self.number

        class Store(ABC):
            @abstractmethod
            def stock(self, article: str) -> int: ...

        class Shelf(Store):
            def __init__(self, pieces: dict[str, int]):
                self.pieces = pieces

            def stock(self, article: str) -> int:
                return self.pieces.get(article, 0)

        def with_tax(price: int, rate: Rate) -> int:
            return price + price * rate.per_cent() // 100

        def is_there(store: Store, article: str) -> bool:
            return store.stock(article) > 2
        """
    found = explored(tmp_path, source, seconds=20.0)
    for name in ("with_tax", "is_there"):
        assert found[name].cases
        assert not any("create_autospec" in text for text in sources(found[name]))


def test_a_class_is_known_by_the_members_that_are_used(tmp_path):
    source = """
        class Ledger:
            def __init__(self, start: int):
                self.entries = [start]

            def balance_after(self, amount: int) -> int:
                return sum(self.entries) + amount

        class Teller:
            def __init__(self, book):
                self._book = book

            def tell(self, amount: int) -> str:
                return f"{self._book.balance_after(amount)} left"

        def double(book, amount: int) -> int:
            return book.balance_after(amount) * 2
        """
    found = explored(tmp_path, source, seconds=20.0)
    for name in ("Teller.tell", "double"):
        assert found[name].mutants_killed == found[name].mutants_total > 0
        assert any("Ledger(" in text for text in sources(found[name]))


def test_what_leaves_the_sandbox_when_it_is_used_has_a_stand_in(tmp_path):
    source = """
        import socket, sqlite3

        class Gateway:
            def __init__(self, retries: int = 3):
                self.retries = retries

            def fetch(self, path: str) -> str:
                return socket.create_connection(("example.org", 80)).recv(9).decode()

            async def load(self, path: str) -> int:
                return len(self.fetch(path))

        def title(gateway: Gateway, page: int) -> str:
            for _ in range(gateway.retries):
                try:
                    text = gateway.fetch(f"/pages/{page}")
                except OSError:
                    continue
                return text.strip().title()
            raise LookupError("no answer")

        async def size(gateway: Gateway, page: str) -> int:
            return 2 * await gateway.load(page)

        def oldest(connection: sqlite3.Connection, name: str) -> int:
            return 1 + connection.execute("select max(age) from people where name = ?", (name,)).fetchone()
        """
    found = explored(tmp_path, source, seconds=32.0)
    assert found["title"].lines_run == found["title"].lines_total
    assert {"gateway.retries = {}", "gateway.fetch.side_effect = {}"} <= targets(found["title"])
    assert ("gateway.load.return_value = {}") in targets(found["size"])
    assert found["size"].mutants_killed == found["size"].mutants_total
    assert targets(found["oldest"]) == {
        "connection",
        "connection.execute.return_value.fetchone.return_value = {}",
        "name",
    }
    assert "connection.execute.call_args_list" in {subject for subject, _ in expectations(found["oldest"])}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("return box.open()", id="given-back"),
        pytest.param("return len(box.open().parts) + n if box.open().is_new else 0", id="made-up-by-the-mock"),
    ],
)
def test_a_test_never_asserts_what_a_mock_made_up(tmp_path, body):
    source = f"""
        from abc import ABC, abstractmethod

        class Box(ABC):
            @abstractmethod
            def open(self): ...

        def look(box: Box, n: int):
            {body}
        """
    look = explored(tmp_path, source)["look"]
    given = {text for case in look.cases for target, text in case.arguments if target.startswith("box.")}
    assert all(case.raises or given for case in look.cases)
    assert not any("Mock" in expected for _, expected in expectations(look))
