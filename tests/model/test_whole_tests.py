"""What a model that writes whole tests is asked, and what of its answers is kept: real interpreters, answers as text."""

from __future__ import annotations

import ast
import sys
import textwrap
from pathlib import Path

import pytest

from pytestgen_hook.cache import Cache
from pytestgen_hook.functions import functions_in
from pytestgen_hook.model.asking import TOO_LONG, Answer, Asking, Manner
from pytestgen_hook.model.dependencies import Dependency
from pytestgen_hook.model.target import Target
from pytestgen_hook.model.weigh import Bench, weigh
from pytestgen_hook.model.whole_tests import TEMPLATE, Writer, Written, prompt_parts, shown
from pytestgen_hook.types.generated import WrittenTest

SOURCE = '''
import os


class Cart:
    """Holds items."""

    def __init__(self, limit: int = 3):
        self.limit = limit

    @staticmethod
    def tax(price: float) -> float:
        """Return the tax."""
        return price / 5

    def add(self, item, *, count=1):
        return self.limit


def clamp(value: int, low: int = 0, high: int = 10) -> int:
    """Keep a number between two bounds.

    Raises:
        ValueError: If low is greater than high
    """
    if low > high:
        raise ValueError("bounds in the wrong order")
    return max(low, min(value, high))


async def save(name, db):
    return await db.insert(name)


def ends():
    os._exit(3)
'''


def target(qualname: str, *dependencies: Dependency) -> Target:
    function = next(one for one in functions_in("shop.py", SOURCE.encode()) if one.qualname == qualname)
    return Target(function, "shop", SOURCE, {one.parameter: one for one in dependencies})


# -- the question ------------------------------------------------------------------------------------------------------


def test_the_body_is_not_shown() -> None:
    assert shown(target("clamp"), "") == textwrap.dedent(
        '''\
        def clamp(value: int, low: int=0, high: int=10) -> int:
            """Keep a number between two bounds.

            Raises:
                ValueError: If low is greater than high
            """'''
    )


def test_dependencies_are_the_last_line_of_the_docstring() -> None:
    assert shown(target("clamp"), "# Dependencies: db.get(id)").endswith('\n\n    # Dependencies: db.get(id)\n    """')
    assert shown(target("save"), "# Dependencies: db.insert(name)") == (
        'async def save(name, db):\n    """\n    # Dependencies: db.insert(name)\n    """'
    )


def test_a_method_is_shown_in_its_class() -> None:
    assert shown(target("Cart.tax"), "") == textwrap.dedent(
        '''\
        class Cart:
            def __init__(self, limit: int=3):
                ...

            @staticmethod
            def tax(price: float) -> float:
                """Return the tax."""'''
    )
    assert shown(target("Cart.add"), "").endswith("    def add(self, item, *, count=1):")


def test_the_prompt_is_a_chat_with_an_empty_thought() -> None:
    before, behind = prompt_parts("Write tests for {this}:\n{code}\nNow.")
    assert before == "<|im_start|>user\nWrite tests for {this}:\n"
    assert behind == "\nNow.\n<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nimport pytest\n"


def test_the_examples_of_the_prompt_are_python_and_hold() -> None:
    examples = TEMPLATE.partition("<examples>")[2].partition("</examples>")[0].split("---")
    bodies = {
        "clamp": "if low > high: raise ValueError\n    return max(low, min(value, high))",
        "settle": "invoice = ledger.find(invoice_id)\n    if invoice is None: raise UnknownInvoice\n"
        "    invoice['paid'] = True\n    mailer.send(invoice['address'], 'paid')\n    return invoice",
        "latest": "return {name: await feed.value(name) for name in names}",
    }
    for example in examples:
        code, _, answer = example.partition("Output:")
        interface = code.partition("Input:")[2].strip()
        ((name, body),) = [(name, body) for name, body in bodies.items() if f"def {name}(" in interface]
        source = f"class UnknownInvoice(Exception):\n    pass\n\n\n{interface}\n    {body}\n"
        function = next(one for one in functions_in("shop.py", source.encode()) if one.name == name)
        about = Target(function, "shop", source, _dependencies(interface))
        from pytestgen_hook.model.repair import repair

        found = repair(answer, about)
        assert found.tests
        assert found.dropped == ()


def _dependencies(interface: str) -> dict[str, Dependency]:
    names = {
        part.split(".")[0].strip() for part in interface.partition("# Dependencies:")[2].split("),") if "." in part
    }
    return {name: Dependency(name) for name in names}


# -- the answer --------------------------------------------------------------------------------------------------------


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    tree = tmp_path / "tree"
    (tree / "tests").mkdir(parents=True)
    (tree / "shop.py").write_text(SOURCE)
    folder = tmp_path / "work"
    folder.mkdir()
    return Bench(Path(sys.executable), tree, [""], folder)


class Answers:
    """Gives recorded answers one after the other, and keeps what was asked."""

    def __init__(self, *texts: str, ended: str = "stop") -> None:
        self.texts = list(texts)
        self.ended = ended
        self.prompts: list[str] = []

    def __call__(self, prompt: str, *, prefix: str, **_: object) -> Answer:
        self.prompts.append(prefix + prompt)
        return Answer(self.texts.pop(0), 10, self.ended)


MIXED = """
module = importlib.import_module("module")
clamp = getattr(module, "clamp")

@pytest.mark.parametrize("value,expected", [(5, 5), (-3, 0), (12, 12)])
def test_clamp(value, expected):
    assert clamp(value) == expected

def test_wrong_order():
    with pytest.raises(ValueError):
        clamp(5, 10, 0)
"""
BETTER = """
from module import clamp

def test_clamp_above():
    assert clamp(12) == 10
"""


def write(bench: Bench, asked: Answers, *, again: bool = True) -> Written:
    return Writer(asked, again=again).write(target("clamp"), bench, seconds=120.0)


def test_each_row_is_tried_and_failures_are_told_once(bench: Bench) -> None:
    asked = Answers(MIXED, BETTER)
    found = write(bench, asked)
    assert [dict(test.values).get("value") for test in found.tests] == ["5", "-3", None, None]
    assert [test.name for test in found.tests] == ["test_clamp"] * 2 + ["test_wrong_order", "test_clamp_above"]
    assert found.dropped == (("test_clamp", "assert 10 == 12"),)
    assert (found.questions, found.tokens) == (2, 20)
    first, second = asked.prompts
    assert first.endswith("</question>\n<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nimport pytest\n")
    assert second.startswith(first)
    assert "- test_clamp: assert 10 == 12" in second
    by_name = {test.name: test for test in found.tests}
    labels = {label for at, (_, label) in enumerate(found.mutants) if at in by_name["test_wrong_order"].kills}
    assert labels == {"> became <=", "the condition became False", "the statement was dropped"}
    assert by_name["test_clamp_above"].lines < by_name["test_wrong_order"].lines | by_name["test_clamp_above"].lines
    assert not list(bench.tree.joinpath("tests").iterdir())


@pytest.mark.parametrize(
    ("answer", "ended", "why"),
    [
        ("", "time", "the time for it ran out"),
        ("I am a model.", "stop", "there is no test in it"),
        ("", TOO_LONG, "the function leaves no room for one: raise generation.n_ctx"),
    ],
)
def test_an_answer_without_tests_is_said(bench: Bench, answer: str, ended: str, why: str) -> None:
    found = write(bench, Answers(answer, ended=ended), again=False)
    assert found.tests == ()
    assert found.dropped == (("the answer", why),)


def test_one_test_costs_no_other(bench: Bench) -> None:
    tests = [
        WrittenTest("test_a", ("os._exit(0)",), imports=(("os", ""),)),
        WrittenTest("test_b", ("assert missing",), imports=(("nowhere", "missing"),)),
        WrittenTest("test_c", ("while True: clamp(1)",), imports=(("shop", "clamp"),)),
        WrittenTest("test_d", ("socket.create_connection(('127.0.0.1', 9))",), imports=(("socket", ""),)),
        WrittenTest("test_e", ("Path('/tmp/written-by-a-test').write_text('')",), imports=(("pathlib", "Path"),)),
        WrittenTest("test_f", ("assert clamp(3) == 3",), imports=(("shop", "clamp"),)),
    ]
    found = weigh(tests, target("clamp").function, "shop", bench, seconds=120.0)
    assert [test.name for test in found.green] == ["test_f"]
    told = {test.name: why for test, why in found.red}
    assert told["test_a"] == "it ended the process"
    assert "No module named 'nowhere'" in told["test_b"]
    assert told["test_c"] == "it did not end in time"
    assert "PermissionError" in told["test_d"]
    assert "PermissionError" in told["test_e"]


# -- asking ------------------------------------------------------------------------------------------------------------


def test_a_question_that_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    manner = Manner(temperature=0.5)
    cache = Cache(tmp_path / "cache")

    def load() -> None:
        raise AssertionError("a model was loaded")

    asking = Asking(load, lambda: "weights", manner, cache)  # type: ignore[arg-type]
    cache.put("answer", asking._key("ab"), {"text": "yes", "tokens": 3, "ended": "stop"})
    assert asking("b", prefix="a", stop="", seconds=1.0) == Answer("yes", 3, "stop", from_cache=True)
    for other in (
        Asking(load, lambda: "other weights", manner, cache),  # type: ignore[arg-type]
        Asking(load, lambda: "weights", Manner(temperature=0.6), cache),  # type: ignore[arg-type]
    ):
        with pytest.raises(AssertionError, match="a model was loaded"):
            other("b", prefix="a", stop="", seconds=1.0)


def test_the_template_has_one_place_for_the_code() -> None:
    assert TEMPLATE.count("{code}") == 1
    for example in TEMPLATE.partition("</examples>")[0].split("Output:")[1:]:
        ast.parse(example.partition("---")[0])
