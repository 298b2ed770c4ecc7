"""Comments that silence findings: what each holds for, what is refused, and writing them."""

from __future__ import annotations

import ast

import pytest

from pytestgen_hook.errors import FatalError
from pytestgen_hook.sourcefile import CannotMerge
from pytestgen_hook.suppressions import suppressions_in, with_suppressions

IGNORE = "# pytestgen: ignore[PTG001] why"


def covered(source: str, code: str = "PTG001") -> list[int]:
    """The lines whose definitions the comments of a source silence."""
    found = suppressions_in("a.py", source.encode())
    return [line for line in range(1, source.count("\n") + 1) if any(one.silences(code, line) for one in found)]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        pytest.param(f"def f():  {IGNORE}\n    return 1\ndef g(): return 2\n", [1, 2], id="on the line of def"),
        pytest.param(f"{IGNORE}\ndef f():\n    return 1\ndef g(): return 2\n", [2, 3], id="right above"),
        pytest.param(f"{IGNORE}\n# more\n@cache\ndef f():\n    return 1\n", [3, 4, 5], id="above a decorator"),
        pytest.param(f"@cache  {IGNORE}\ndef f():\n    return 1\n", [1, 2, 3], id="on a decorator"),
        pytest.param(f"def f(\n    a,  {IGNORE}\n    b,\n):\n    return 1\n", [1, 2, 3, 4, 5], id="among parameters"),
        pytest.param(f"def f(): return 1  {IGNORE}\ndef g(): return 2\n", [1], id="a function in a line"),
        pytest.param(
            f"class A:  {IGNORE}\n    def f(self): return 1\n    def g(self): return 2\nx = 1\n", [1, 2, 3], id="class"
        ),
        pytest.param(
            f"class A:\n    {IGNORE}\n    def f(self):\n        return 1\n    def g(self): return 2\n",
            [3, 4],
            id="method",
        ),
        pytest.param(f"f = lambda: 1  {IGNORE}\ng = lambda: 2\n", [1], id="a line"),
        pytest.param(f"f = (  {IGNORE}\n    lambda: 1\n)\ng = 1\n", [1, 2, 3], id="a statement of several lines"),
        pytest.param(f'"""Doc."""\n\n{IGNORE}\n\ndef f(): return 1\nx = 1\n', [1, 2, 3, 4, 5, 6], id="the file"),
        pytest.param(f"#!/bin/python\n{IGNORE}\n\nimport os\n", [1, 2, 3, 4], id="the file, below its first line"),
        pytest.param(f"import os\n\n{IGNORE}\n\ndef f(): return 1\n", [3], id="alone in the middle: nothing"),
        pytest.param(f"def f():\n    x = 1\n    {IGNORE}\n    return x\n", [4], id="in a body: no definition there"),
        pytest.param(f"x = '{IGNORE}'\ndef f(): return 1\n", [], id="in a text"),
        pytest.param(f"def f(:\n    pass  {IGNORE}\n", [], id="inside a file that does not parse"),
        pytest.param(f"{IGNORE}\ndef f(:\n    pass\n", [1, 2, 3], id="above all in a file that does not parse"),
        pytest.param(f"\ufeffdef f(): return 1  {IGNORE}\r\ndef g(): return 2\r\n", [1], id="a byte order mark"),
    ],
)
def test_what_a_comment_holds_for(source: str, lines: list[int]) -> None:
    assert covered(source) == lines


def test_new_and_changed_are_one_and_other_rules_are_not() -> None:
    source = "def f(): return 1  # pytestgen: ignore[PTG002, ptg004] why  # noqa: E704\n"
    assert [covered(source, code) for code in ("PTG001", "PTG002", "PTG004", "PTG007")] == [[1], [1], [1], []]
    assert suppressions_in("a.py", source.encode())[0].reason == "why"


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("# pytestgen: ignore[PTG01] why", "a.py:2: there is no rule PTG01. Did you mean PTG001?"),
        ("# pytestgen: ignore[untested] why", "a.py:2: there is no rule untested. There are PTG001"),
        ("# pytestgen: ignore why", "a.py:2: the comment names no rule"),
        ("# pytestgen: ignore[] why", "a.py:2: the comment names no rule"),
        ("# pytestgen: ignore[PTG001]", "a.py:2: the comment does not say why"),
        ("# pytestgen: ignore[PTG001]  # noqa", "a.py:2: the comment does not say why"),
    ],
)
def test_a_wrong_comment_is_refused(comment: str, told: str) -> None:
    with pytest.raises(FatalError) as caught:
        suppressions_in("a.py", f"\ndef f(): return 1  {comment}\n".encode())
    assert told in str(caught.value)


# -- writing -----------------------------------------------------------------------------------------------------------

SOURCE = """\
#!/usr/bin/env python
import os
class A:
    @property
    def f(self):  # a comment
        return '''
def not_me(): ...
'''

    def g(self): return 2
if os.name:
\tdef h(): return 3
x = 1; k = lambda: 1
"""


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_comments_are_added_and_every_byte_stays(end: str, encoding: str) -> None:
    text = (
        SOURCE.replace("#!/usr/bin/env python", "# -*- coding: latin-1 -*-\n# é") if encoding == "latin-1" else SOURCE
    )
    shift = text.count("\n") - SOURCE.count("\n")
    before = text.replace("\n", end).encode(encoding)
    lines = {5: ["PTG001"], 10: ["PTG001", "PTG004"], 12: ["PTG002"], 13: ["PTG007"]}
    wanted = {line + shift: codes for line, codes in lines.items()}
    after = with_suppressions("a.py", before, wanted, "old code")
    added = [line for line in after.splitlines(keepends=True) if b"pytestgen" in line]
    assert len(added) == 4
    assert b"".join(line for line in after.splitlines(keepends=True) if line not in added) == before
    assert all(line.endswith(f" old code{end}".encode()) for line in added)
    assert ast.dump(ast.parse(after)) == ast.dump(ast.parse(before))
    assert f"    # pytestgen: ignore[PTG001] old code{end}    @property{end}".encode() in after


def test_what_is_silenced_gets_no_second_comment() -> None:
    wanted = {2: ["PTG001"]}
    once = with_suppressions("a.py", b"x = 1\ndef f(): return 1\n", wanted, "old")
    assert once == b"x = 1\n# pytestgen: ignore[PTG001] old\ndef f(): return 1\n"
    assert with_suppressions("a.py", once, {3: ["PTG002"]}, "old") == once
    twice = with_suppressions("a.py", once, {3: ["PTG001", "PTG004"]}, "weak")
    assert twice.splitlines()[2] == b"# pytestgen: ignore[PTG004] weak"


@pytest.mark.parametrize(
    "source", [b"def f(:\n", b"#!/usr/bin/python2\n# coding: utf-8\nprint 'x'\n", b"\n\nprint 'x'"]
)
def test_a_whole_file_is_silenced_above_all_code(source: bytes) -> None:
    after = with_suppressions("a.py", source, {None: ["PTG007"]}, "Python 2")
    assert suppressions_in("a.py", after)[0].silences("PTG007", None)
    assert after.replace(b"# pytestgen: ignore[PTG007] Python 2\n\n", b"").strip() == source.strip()
    assert after.startswith(b"#!") is source.startswith(b"#!")
    assert with_suppressions("a.py", after, {None: ["PTG007"]}, "Python 2") == after


def test_where_a_comment_could_not_say_it_nothing_is_made() -> None:
    with pytest.raises(CannotMerge, match="nothing begins in line 2"):
        with_suppressions("a.py", b"x = [\n    1]\n", {2: ["PTG001"]}, "why")
    with pytest.raises(CannotMerge, match="has no"):
        with_suppressions("a.py", b"# coding: ascii\ndef f(): return 1\n", {2: ["PTG001"]}, "für immer")
