"""The profile of models that write whole tests, as pytest-8b does: what they are asked, and what of the answer is kept.

The prompt has the form that such a model was trained on: a task with rules and worked examples, then as the question the
signature and the docstring of the function without its body, the methods it calls of its dependencies in the last line.
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pytestgen_hook.model.answer import CUT, code_of
from pytestgen_hook.model.asking import TOO_LONG, Answer
from pytestgen_hook.model.dependencies import dependency_line
from pytestgen_hook.model.repair import repair
from pytestgen_hook.model.target import Target
from pytestgen_hook.model.weigh import Bench, Weighed, weigh
from pytestgen_hook.types.generated import WrittenTest

CODE = "{code}"
END = "<|im_end|>"
_START = (
    "import pytest\n"  # begun for it: a model that was not trained for this might answer with something else than code
)
_ANSWERING = f"<|im_start|>assistant\n<think>\n\n</think>\n\n{_START}"
_LONGEST_FAILURE = 1200  # characters of the failures that a second question tells
_ANSWER = "the answer"
_LEAST_SECONDS = 5.0  # below that a question is not worth asking

TEMPLATE = '''<task>
You write pytest tests for one Python function. You see its signature and its docstring, not its body. Answer with the
code of a test file and nothing else: at most three test functions.

<examples>
Input:
def clamp(value: int, low: int, high: int) -> int:
    """Keep a number between two bounds.

    Args:
        value: The number
        low: The least result
        high: The greatest result

    Returns:
        The number, or the bound that it lies beyond

    Raises:
        ValueError: If low is greater than high
    """

Output:
import pytest
import importlib

module = importlib.import_module("module")
clamp = getattr(module, "clamp")


@pytest.mark.parametrize("value,low,high,expected", [(5, 0, 10, 5), (-3, 0, 10, 0), (12, 0, 10, 10), (0, 0, 0, 0)])
def test_clamp(value, low, high, expected):
    assert clamp(value, low, high) == expected


def test_clamp_refuses_bounds_in_the_wrong_order():
    with pytest.raises(ValueError):
        clamp(5, 10, 0)

---

Input:
def settle(invoice_id: int, ledger, mailer) -> dict:
    """Mark an invoice as paid and tell its customer.

    Args:
        invoice_id: The number of the invoice
        ledger: Where invoices are kept
        mailer: What sends messages

    Returns:
        The invoice, with "paid" set

    Raises:
        UnknownInvoice: If there is no such invoice

    # Dependencies: ledger.find(invoice_id), mailer.send(address, text)
    """

Output:
import pytest
from unittest.mock import MagicMock
import importlib

module = importlib.import_module("module")
settle = getattr(module, "settle")
UnknownInvoice = getattr(module, "UnknownInvoice", Exception)


@pytest.fixture
def ledger():
    return MagicMock()


@pytest.fixture
def mailer():
    return MagicMock()


def test_settle_tells_the_customer(ledger, mailer):
    ledger.find.return_value = {"id": 7, "address": "ann@example.org", "paid": False}

    result = settle(7, ledger, mailer)

    assert result["paid"] is True
    ledger.find.assert_called_once_with(7)
    mailer.send.assert_called_once()


def test_settle_unknown_invoice(ledger, mailer):
    ledger.find.return_value = None

    with pytest.raises(UnknownInvoice):
        settle(8, ledger, mailer)

    mailer.send.assert_not_called()

---

Input:
async def latest(names: list, feed) -> dict:
    """Look up the latest value of each name.

    Args:
        names: What to look up
        feed: Where values come from

    Returns:
        A dict from name to value; empty for no names

    # Dependencies: feed.value(name)
    """

Output:
import pytest
from unittest.mock import AsyncMock, MagicMock
import importlib

module = importlib.import_module("module")
latest = getattr(module, "latest")


@pytest.fixture
def feed():
    mock = MagicMock()
    mock.value = AsyncMock()
    return mock


@pytest.mark.asyncio
async def test_latest(feed):
    feed.value.return_value = 3

    result = await latest(["a", "b"], feed)

    assert result == {"a": 3, "b": 3}


@pytest.mark.asyncio
async def test_latest_of_nothing(feed):
    assert await latest([], feed) == {}
    feed.value.assert_not_called()

</examples>

<rules>
1. Begin with the imports; bind module = importlib.import_module("module") and take the function from it with getattr.
2. Take each exception of the Raises section the same way: Name = getattr(module, "Name", Exception).
3. Without a line "# Dependencies:" call the function directly: no mocks, no fixtures.
4. With that line make one fixture for each dependency, which returns MagicMock(), and let the tests take it as parameter.
5. Use the methods of that line under exactly these names, and no others.
6. A method that the function awaits is an AsyncMock; tests of an async function are async and marked with asyncio.
7. Put two to four different cases of one kind into a table with parametrize: usual values and edges.
8. Have one test for each exception of the Raises section.
9. Assert what the docstring promises, and which methods of dependencies were called or not.
</rules>
</task>

<question>
{code}
</question>'''


class Asked(Protocol):
    """Asks a model: the prompt is ``prefix``, the same for all functions, and then ``prompt``; it may take so many seconds."""

    def __call__(self, prompt: str, *, prefix: str, stop: str, seconds: float) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote for one function: the tests that are green, why others were dropped, and what it took."""

    tests: tuple[WrittenTest, ...] = ()
    dropped: tuple[tuple[str, str], ...] = ()
    mutants: tuple[tuple[int, str], ...] = ()
    tokens: int = 0
    questions: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Writer:
    """Has a model write tests: ``ask`` asks it, ``template`` is the user's own prompt, if there is one."""

    ask: Asked
    template: str = TEMPLATE
    again: bool = True  # whether a second question is asked where a test failed

    _prefix: str = ""
    _suffix: str = ""

    def __post_init__(self) -> None:
        self._prefix, self._suffix = prompt_parts(self.template)

    def write(self, target: Target, bench: Bench, *, seconds: float) -> Written:
        """Ask for tests of a function, mend and try them; once more with the failures if any test failed."""
        started = time.monotonic()
        end = started + seconds
        question = self.question(target)
        first = self._asked(question + self._suffix, end)
        found = self._tried(first, target, bench, end)
        left = end - time.monotonic()
        failed = [one for one in found.dropped if one[1] != CUT]
        if self.again and failed and left > max(_LEAST_SECONDS, time.monotonic() - started):
            second = self._asked(question + self._suffix + _once_more(first.text, failed), end)
            found = _joined(found, self._tried(second, target, bench, end))
        return replace(found, seconds=round(time.monotonic() - started, 3))

    def question(self, target: Target) -> str:
        """Return what takes the place of ``{code}`` in the prompt."""
        return shown(target, dependency_line(target.dependencies))

    def _asked(self, prompt: str, end: float) -> Answer:
        seconds = max(0.0, end - time.monotonic())
        return self.ask(prompt, prefix=self._prefix, stop=END, seconds=seconds)

    def _tried(self, answer: Answer, target: Target, bench: Bench, end: float) -> Written:
        if answer.ended == TOO_LONG:
            return Written(dropped=((_ANSWER, "the function leaves no room for one: raise generation.n_ctx"),))
        repaired = repair(_START + answer.text, target, is_cut=answer.ended != "stop")
        if not (repaired.tests or repaired.dropped):
            why = "the time for it ran out" if answer.ended == "time" else "there is no test in it"
            return Written(dropped=((_ANSWER, why),), tokens=answer.tokens, questions=1)
        left = max(_LEAST_SECONDS, end - time.monotonic())
        weighed = weigh(repaired.tests, target.function, target.module, bench, seconds=left)
        return _written(weighed, repaired.dropped, answer.tokens)


def _written(weighed: Weighed, dropped: Sequence[tuple[str, str]], tokens: int) -> Written:
    shows = [test for test in weighed.green if test.lines]
    nothing = [(test.name, "it does not run the function") for test in weighed.green if not test.lines]
    failed = [(test.name, why) for test, why in weighed.red]
    return Written(tuple(shows), (*dropped, *failed, *nothing), weighed.mutants, tokens, 1)


def _joined(one: Written, other: Written) -> Written:
    known = {(test.body, test.values) for test in one.tests}
    return Written(
        tests=(*one.tests, *(test for test in other.tests if (test.body, test.values) not in known)),
        dropped=one.dropped + other.dropped,
        mutants=one.mutants or other.mutants,
        tokens=one.tokens + other.tokens,
        questions=one.questions + other.questions,
    )


# -- the prompt --------------------------------------------------------------------------------------------------------


def prompt_parts(template: str) -> tuple[str, str]:
    """Return what stands before and behind the question, in the form of a chat.

    The part before is the same for all functions. ``{code}`` is the place of the signature and docstring; all other
    braces are text.
    """
    before, _, behind = template.partition(CODE)
    return f"<|im_start|>user\n{before}", f"{behind}\n{END}\n{_ANSWERING}"


def _once_more(answer: str, dropped: Sequence[tuple[str, str]]) -> str:
    """Return the further turn of the chat in which the model is told what was wrong."""
    told = "\n".join(f"- {name}: {why}" for name, why in dropped)[:_LONGEST_FAILURE]
    return (
        f"{code_of(answer).strip()}\n{END}\n<|im_start|>user\nThese tests cannot be kept:\n{told}\n"
        "Write the file again, with tests in their place that hold for the function as it is. Answer with code only.\n"
        f"{END}\n{_ANSWERING}"
    )


def shown(target: Target, line: str) -> str:
    """Return a function as the model sees it: its signature and docstring, ``line`` as the last one of that.

    A method stands in its class, with the signature of the constructor.
    """
    *classes, _ = target.chain
    text = _interface(target.node, line)
    if classes and isinstance(classes[-1], ast.ClassDef):
        kind = classes[-1]
        made = next((item for item in kind.body if isinstance(item, ast.FunctionDef) and item.name == "__init__"), None)
        inside = [text] if made is None or made is target.node else [f"{_head(made)}\n    ...", text]
        if made is None:
            fields = [ast.unparse(item) for item in kind.body if isinstance(item, ast.AnnAssign)]
            inside = ["\n".join(fields), *inside] if fields else inside
        bases = ", ".join(ast.unparse(base) for base in kind.bases)
        decorators = "".join(f"@{ast.unparse(item)}\n" for item in kind.decorator_list)
        body = "\n\n".join(inside).replace("\n", "\n    ")
        text = f"{decorators}class {kind.name}{f'({bases})' if bases else ''}:\n    {body}"
        text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return text


def _interface(node: ast.FunctionDef | ast.AsyncFunctionDef, line: str) -> str:
    docstring = ast.get_docstring(node, clean=False)
    lines = inspect.cleandoc(docstring).replace('"""', "'''").split("\n") if docstring else []
    if line:
        lines = [*lines, "", line] if lines else ["", line]
    if not lines:
        return _head(node)
    end = [] if len(lines) == 1 else [""]
    body = "\n".join(f"    {text}" if text.strip() else "" for text in [f'"""{lines[0]}', *lines[1:]])
    return f'{_head(node)}\n{body}{chr(10) + "    " if end else ""}"""'


def _head(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    """Return the ``def`` line, and of the decorators those that say how it is called."""
    telling = [item for item in node.decorator_list if ast.unparse(item) in ("staticmethod", "classmethod", "property")]
    bare = copy.copy(node)
    bare.body, bare.decorator_list = [ast.Pass()], telling
    return ast.unparse(ast.fix_missing_locations(bare)).rpartition("\n")[0].rstrip()
