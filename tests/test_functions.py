"""Pairs of sources, before and after, and what is said about them."""

from __future__ import annotations

import sys
from textwrap import dedent, indent

import pytest

from pytestgen_hook.functions import SyntaxProblem, changed_functions, functions_in
from pytestgen_hook.types.changes import Change, Function, Kind


def read(source: str) -> list[Function]:
    return functions_in("pkg/mod.py", dedent(source).encode())


def names(source: str) -> list[str]:
    return [function.qualname for function in read(source)]


def change(before: str | None, after: str, path: str = "pkg/mod.py", **more: tuple[bytes, ...]) -> Change:
    old = None if before is None else dedent(before).encode()
    return Change(path, dedent(after).encode(), None if before is None else path, old, **more)


def findings(*changes: Change) -> list[str]:
    """``+name`` for a new function, ``~name`` for an altered one, in order."""
    found, problems = changed_functions(changes)
    assert problems == []
    return [f"{'+' if item.is_new else '~'}{item.function.qualname}" for item in found]


# -- which functions there are -------------------------------------------------------------------------------------


def test_functions_in_order_with_their_places() -> None:
    source = '''\
    import functools

    @functools.cache
    @other(
        1)
    def first(
        a,
        b=2,
    ):
        """Doc."""
        global x
        y: int
        if a:
            return b
        def inner():
            "doc"
            return 1
        return (
            inner()
        )

    async def second(): return 1
    '''
    first, second = read(source)
    assert first == Function("pkg/mod.py", "first", Kind.FUNCTION, 3, 6, 20, (13, 14, 15, 17, 18))
    assert second == Function("pkg/mod.py", "second", Kind.FUNCTION, 22, 22, 22, (22,), is_async=True)


def test_a_line_with_and_without_code_counts_once() -> None:
    (function,) = read("def f():\n    x: int; y = 1\n    return y\n")
    assert function.body_lines == (2, 3)


def test_a_condition_on_the_line_after_its_bracket_begins_there() -> None:
    (function,) = read("def f(x):\n    if not (\n        x\n    ):\n        return 1\n    assert (\n        x\n    )\n")
    assert function.body_lines == (3, 5, 7)


def test_kinds() -> None:
    source = """
    class A:
        def __new__(cls): return object.__new__(cls)
        def __init_subclass__(cls): cls.x = 1
        def method(self): return 1
        @classmethod
        def made(cls): return 1
        @staticmethod
        def plain(): return 1
        @property
        def size(self): return 1
        @size.setter
        def size(self, value): self.x = value
        @functools.cached_property
        def lazy(self): return 1
        class B:
            async def deep(self): return 1
    def staticmethod_like(): return 1
    """
    assert [(function.qualname, function.kind.value) for function in read(source)] == [
        ("A.__new__", "staticmethod"),
        ("A.__init_subclass__", "classmethod"),
        ("A.method", "method"),
        ("A.made", "classmethod"),
        ("A.plain", "staticmethod"),
        ("A.size", "property"),
        ("A.size", "property"),
        ("A.lazy", "property"),
        ("A.B.deep", "method"),
        ("staticmethod_like", "function"),
    ]


def test_functions_defined_under_conditions() -> None:
    source = """
    if sys.version_info > (3, 8):
        def a(): return 1
    elif x:
        def b(): return 1
    else:
        def c(): return 1
    try:
        from fast import d
    except ImportError:
        def d(): return 1
    else:
        def e(): return 1
    finally:
        def f(): return 1
    with x:
        for y in z:
            def g(): return 1
        while x:
            class H:
                if x:
                    def h(self): return 1
    match x:
        case 1:
            def i(): return 1
    """
    assert names(source) == ["a", "b", "c", "d", "e", "f", "g", "H.h", "i"]


def test_what_is_not_run_on_import_is_left_out() -> None:
    source = """
    if __name__ == "__main__":
        def a(): return 1
    else:
        def b(): return 1
    if "__main__" == __name__:
        def c(): return 1
    if TYPE_CHECKING:
        def d(): return 1
    if typing.TYPE_CHECKING:
        def e(): return 1
    if __name__ == "__main__" or debug:
        def f(): return 1
    if __name__ != "__main__":
        def g(): return 1
    if not TYPE_CHECKING:
        def h(): return 1
    """
    assert names(source) == ["b", "f", "g", "h"]


def test_overloads_and_stubs_are_left_out() -> None:
    source = '''
    @overload
    def a(x: int) -> int: ...
    @typing.overload
    def a(x: str) -> str: return 1
    def a(x): return x
    def b(): pass
    def c(): ...
    def d(): """Doc."""
    def e():
        """Doc."""
        raise NotImplementedError
    def f(): raise NotImplementedError("later")
    class C(Protocol):
        @abstractmethod
        def g(self): "doc"; ...; pass
        @abstractmethod
        def real(self): return 1
    def i(): raise NotImplementedErrorOfMine()
    def j(): return NotImplemented
    '''
    assert names(source) == ["a", "C.real", "i", "j"]


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(b"def f():\r\n    x = 1\r\n    return x\r\n", id="CRLF"),
        pytest.param(b"def f():\r    x = 1\r    return x", id="CR and no final newline"),
        pytest.param(b"\xef\xbb\xbfdef f():\n    x = 1\n    return x\n", id="BOM"),
        pytest.param(b"\x0cdef f():\n    x = '\xc3\xa9'\n    return x\n", id="form feed"),
    ],
)
def test_line_ends_and_marks_of_editors(source: bytes) -> None:
    (function,) = functions_in("a.py", source)
    assert (function.def_line, function.body_lines) == (1, (2, 3))


@pytest.mark.parametrize(
    ("cookie", "text"), [("latin-1", "é"), ("cp1251", "й"), ("shift_jis", "日"), ("utf-8", "日")], ids=str
)
def test_coding_cookies(cookie: str, text: str) -> None:
    source = f"# -*- coding: {cookie} -*-\ndef f():\n    return '{text}'\n"
    assert [function.qualname for function in functions_in("a.py", source.encode(cookie))] == ["f"]


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        pytest.param(b"def f(:\n    pass\n", "syntax error, line 1: ", id="syntax error"),
        pytest.param(b"def f():\n  x = 1\n    y = 1\n", "syntax error, line 3: ", id="indentation"),
        pytest.param(b"print 'hello'\n", "syntax error, line 1: ", id="Python 2"),
        pytest.param(b"x = '\xff'\n", "syntax error", id="no UTF-8"),
        pytest.param(b"# coding: no-such\n", "syntax error", id="unknown coding"),
        pytest.param(b"# coding: rot13\n", "", id="coding that gives no text"),
        pytest.param(b"x = 1\0\n", "null byte", id="null byte"),
        pytest.param("x = 1\n".encode("utf-16"), "", id="UTF-16"),
        pytest.param(b"<<<<<<< HEAD\nx = 1\n", "syntax error, line 1: ", id="conflict markers"),
        pytest.param(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer", id="LFS"),
        pytest.param(b"(" * 5000 + b")" * 5000, "", id="too deeply nested"),
        pytest.param(b"-" * 100_000 + b"1", "", id="too long an expression"),
    ],
)
def test_what_cannot_be_read_is_said(source: bytes, reason: str) -> None:
    with pytest.raises(SyntaxProblem) as caught:
        functions_in("a.py", source)
    assert reason in str(caught.value)
    found, problems = changed_functions([Change("a.py", source), Change("b.py", b"def f(): return 1\n")])
    assert [item.function.path for item in found] == ["b.py"]
    assert [(problem.path, problem.reason) for problem in problems] == [("a.py", str(caught.value))]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python knows the syntax")
def test_syntax_newer_than_this_python_names_the_python() -> None:
    with pytest.raises(SyntaxProblem, match=r"line 1.*read as Python 3\.\d+; for newer syntax, install"):
        functions_in("a.py", b"def first[T](items: list[T]) -> T:\n    return items[0]\n")


@pytest.mark.skipif(sys.version_info < (3, 12), reason="needs syntax of Python 3.12")
def test_type_parameters_are_annotations() -> None:
    before = "def first(items):\n    return items[0]\n"
    assert findings(change(before, "def first[T](items: list[T]) -> T:\n    return items[0]\n")) == []


def test_warnings_about_the_source_are_not_shown(recwarn: pytest.WarningsRecorder) -> None:
    assert names("def f(): return '\\d' is 1\n") == ["f"]
    assert list(recwarn) == []


def test_an_empty_file_and_one_without_functions() -> None:
    assert names("") == names("# nothing\n") == names("x = lambda: 1\n") == []


def test_a_thousand_branches_and_operands() -> None:
    branches = "if x == 0:\n    pass\n" + "".join(f"elif x == {number}:\n    pass\n" for number in range(500))
    operands = "def f(x):\n    return " + " + ".join(["x"] * 1500) + "\n"
    source = branches + "else:\n    def g(): return 1\n" + operands
    assert names(source) == ["g", "f"]
    assert findings(change(source, source.replace("return x", "return y"))) == ["~f"]


# -- what a change means -------------------------------------------------------------------------------------------

BEFORE = '''
def price(amount, rate=2):
    """Return the price."""
    total = amount * rate
    return total
'''


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(BEFORE, id="the same"),
        pytest.param(BEFORE.replace("the price", "it\n\n    all"), id="docstring"),
        pytest.param(BEFORE.replace('    """Return the price."""\n', ""), id="docstring removed"),
        pytest.param(BEFORE.replace("    total", "    # the total\n\n    total"), id="comment and blank line"),
        pytest.param(BEFORE.replace("amount * rate", "(amount\n        * rate)"), id="layout"),
        pytest.param(BEFORE.replace("    ", "\t").replace("\n", "\r\n"), id="tabs and CRLF"),
        pytest.param(BEFORE.replace("amount, rate=2)", "amount: int, rate: 'int' = 2, ) -> int"), id="annotations"),
        pytest.param(BEFORE.replace("total = ", "total: float = "), id="annotation of a variable"),
        pytest.param(BEFORE.replace("    total = ", "    total: float\n    total = "), id="declaration of a variable"),
        pytest.param(BEFORE.replace("    return", "    pass\n    'note'\n    return"), id="statements that do nothing"),
        pytest.param(BEFORE.replace("rate=2", "rate=0x2"), id="another spelling of a number"),
        pytest.param("import os\nCONSTANT = 1\n" + BEFORE + "\nprint()\n", id="other statements of the module"),
        pytest.param("if True:\n" + BEFORE.replace("\n", "\n    "), id="under a condition"),
    ],
)
def test_changes_without_a_finding(after: str) -> None:
    assert findings(change(BEFORE, after)) == []


@pytest.mark.parametrize(
    "after",
    [
        pytest.param(BEFORE.replace("*", "+"), id="operator"),
        pytest.param(BEFORE.replace("return total", "return total or None"), id="value"),
        pytest.param(BEFORE.replace("rate=2", "rate=3"), id="default"),
        pytest.param(BEFORE.replace("rate=2", "rate=2.0"), id="type of a default"),
        pytest.param(BEFORE.replace("rate=2", "rate=True").replace("2", "True"), id="another default"),
        pytest.param(BEFORE.replace("rate=2", "rate"), id="default removed"),
        pytest.param(BEFORE.replace("rate", "factor"), id="name of a parameter"),
        pytest.param(BEFORE.replace("amount, rate", "amount, *, rate"), id="keyword only"),
        pytest.param(BEFORE.replace("amount, rate", "amount, /, rate"), id="positional only"),
        pytest.param(BEFORE.replace("rate=2)", "rate=2, *more)"), id="parameter added"),
        pytest.param(BEFORE.replace("def", "@cache\ndef"), id="decorator"),
        pytest.param(BEFORE.replace("def", "async def"), id="async"),
        pytest.param(BEFORE.replace("    return", "    print(total)\n    return"), id="statement"),
        pytest.param(BEFORE.replace("    total = ", "    global total\n    total = "), id="global"),
    ],
)
def test_changes_with_a_finding(after: str) -> None:
    assert findings(change(BEFORE, after)) == ["~price"]


def test_true_is_not_one_and_text_is_not_bytes() -> None:
    assert findings(change("def f(): return 1\n", "def f(): return True\n")) == ["~f"]
    assert findings(change("def f(): return 'a'\n", "def f(): return b'a'\n")) == ["~f"]
    assert findings(change("def f(): return 0.0\n", "def f(): return -0.0\n")) == ["~f"]


def test_numbers_of_any_length() -> None:
    digits = "0x" + "f" * 20_000
    assert findings(change(f"def f(): return {digits}\n", f"def f(): return {digits}e\n")) == ["~f"]


def test_the_order_of_decorators_counts() -> None:
    assert findings(change("@a\n@b\ndef f(): return 1\n", "@b\n@a\ndef f(): return 1\n")) == ["~f"]


def test_fields_of_a_class_inside_a_function_count() -> None:
    before = """
    def f():
        @dataclass
        class P:
            x: int
        return P
    """
    assert findings(change(before, before.replace("x: int", "x: int\n            y: int"))) == ["~f"]
    assert findings(change(before, before.replace("@dataclass", "# a comment\n        @dataclass"))) == []


def test_a_new_file_and_a_new_function() -> None:
    assert findings(change(None, BEFORE)) == ["+price"]
    assert findings(change(BEFORE, BEFORE + "class A:\n    def f(self): return 1\n")) == ["+A.f"]


def test_only_the_changed_function_of_a_file() -> None:
    before = "def a(): return 1\ndef b(): return 2\nclass C:\n    def a(self): return 3\n"
    assert findings(change(before, before.replace("3", "4"))) == ["~C.a"]


def test_deleting_a_function_is_no_finding() -> None:
    assert findings(change(BEFORE + "def f(): return 1\n", BEFORE)) == []


def test_a_stub_that_gets_a_body_is_new() -> None:
    assert findings(change("def f(): ...\n", "def f(): return 1\n")) == ["+f"]


def test_moved_within_the_file_and_into_a_class() -> None:
    before = BEFORE + "\ndef other(): return 1\n"
    assert findings(change(before, "def other(): return 1\n" + BEFORE)) == []
    assert findings(change("def f(self): return self.x\n", "class A:\n    def f(self): return self.x\n")) == []


def test_moved_between_files() -> None:
    assert findings(change(BEFORE, "x = 1\n", "a.py"), change("y = 1\n", BEFORE, "b.py")) == []


def test_moved_from_a_deleted_file() -> None:
    assert findings(change(None, BEFORE, deleted=(BEFORE.encode(), b"no python !!!"))) == []


def test_moved_and_altered_is_new() -> None:
    assert findings(change(BEFORE, "x = 1\n", "a.py"), change(None, BEFORE.replace("*", "+"), "b.py")) == ["+price"]


def test_a_copy_is_new() -> None:
    assert findings(change(BEFORE, BEFORE + "y = 1\n", "a.py"), change(None, BEFORE, "b.py")) == ["+price"]


def test_one_that_is_gone_accounts_for_one_elsewhere() -> None:
    moved = change(BEFORE, "x = 1\n", "a.py")
    assert findings(moved, change(None, BEFORE, "b.py"), change(None, BEFORE, "c.py")) == ["+price"]


def test_renamed() -> None:
    assert findings(change(BEFORE, BEFORE.replace("price", "cost"))) == []
    recursive = "def f(n): return n and f(n - 1)\n"
    assert findings(change(recursive, recursive.replace("f(", "g("))) == []
    method = "class A:\n    def f(self, n): return n and self.f(n - 1)\n"
    assert findings(change(method, method.replace("f(s", "g(s").replace("self.f", "self.g"))) == []
    accessors = "class A:\n    @property\n    def f(self): return 1\n    @f.setter\n    def f(self, x): self.y = x\n"
    assert findings(change(accessors, accessors.replace("@f.", "@g.").replace(" f(", " g("))) == []


def test_renamed_to_the_name_of_what_it_calls_is_new() -> None:
    before = "def f(x): return helper(x)\n"
    assert findings(change(before, "def helper(x): return helper(x)\n")) == ["+helper"]


def test_a_class_that_is_renamed_keeps_its_methods() -> None:
    before = "class A:\n    def f(self): return 1\n    def g(self): return 2\n"
    assert findings(change(before, before.replace("A", "B").replace("2", "3"))) == ["+B.g"]


def test_two_that_swap_their_bodies_are_altered() -> None:
    before = "def f(): return 1\ndef g(): return 2\n"
    assert findings(change(before, "def f(): return 2\ndef g(): return 1\n")) == ["~f", "~g"]


def test_a_body_that_moves_out_of_a_function_leaves_that_one_altered() -> None:
    assert findings(change("def f(x): return x + 1\n", "def f(x): return g(x)\ndef g(x): return x + 1\n")) == ["~f"]


def test_a_renamed_file_is_compared_with_the_old_one() -> None:
    text = (BEFORE + "def f(): return 1\n").encode()
    assert findings(Change("new.py", text.replace(b"1", b"2"), "old.py", text)) == ["~f"]


def test_definitions_that_share_a_name() -> None:
    before = "if x:\n    def f(): return 1\nelse:\n    def f(): return 2\n"
    assert findings(change(before, before.replace("1", "3"))) == ["~f"]
    assert findings(change(before, before.replace("2", "3"))) == ["~f"]
    assert findings(change(before, "if y:\n" + indent(before, "    "))) == []
    last_wins = "def f(): return 1\ndef f(): return 2\n"
    assert findings(change(last_wins, "def f(): return 2\ndef f(): return 1\n")) == ["~f"]
    assert findings(change(last_wins, "def f(): return 1\n")) == ["~f"]


def test_accessors_of_a_property_are_apart() -> None:
    before = "class A:\n    @property\n    def f(self): return 1\n"
    after = before + "    @f.setter\n    def f(self, x): self.x = x\n"
    assert findings(change(before, after)) == ["+A.f"]
    assert findings(change(after, before)) == []
    assert findings(change(after, after.replace("= x", "= -x"))) == ["~A.f"]


def test_implementations_for_types_are_apart() -> None:
    before = "@singledispatch\ndef f(x): return 1\n@f.register\ndef _(x: int): return 2\n"
    after = before + "@f.register\ndef _(x: str): return 3\n"
    assert findings(change(before, after)) == ["+_"]
    assert findings(change(after, after.replace("2", "4"))) == ["~_"]


def test_a_merge_compares_with_every_parent() -> None:
    ours = "def a(): return 1\ndef b(): return 2\ndef c(): return 3\n"
    theirs = "def a(): return 10\ndef b(): return 2\ndef c(): return 30\ndef d(): return 4\n"
    merged = "def a(): return 10\ndef b(): return 2\ndef c(): return 33\ndef d(): return 4\ndef e(): return 5\n"
    assert findings(change(ours, merged, merged=(theirs.encode(),))) == ["~c", "+e"]
    assert findings(change(None, merged, merged=(theirs.encode(),))) == ["~c", "+e"]


def test_a_file_that_could_not_be_read_before_is_all_new() -> None:
    assert findings(Change("a.py", b"def f(): return 1\n", "a.py", b"def f(: return 1\n")) == ["+f"]


# -- what is not examined --------------------------------------------------------------------------------------------

ASIDE = """\
square = lambda x: x * x
class A:
    cube: object = lambda self, x: x ** 3
pair = (lambda x: x), 1
if TYPE_CHECKING:
    hint = lambda x: x
if __name__ == "__main__":
    def only_main(x):
        return x / 0
    main = lambda: only_main(1)
"""


def aside(*changes: Change) -> list[tuple[str | None, str]]:
    return [
        (item.qualname, "__main__" if "__main__" in item.reason else item.reason[:11])
        for item in changed_functions(changes)[1]
    ]


def test_lambdas_with_a_name_and_functions_of_a_script_are_said() -> None:
    expected = [("square", "it is a lam"), ("A.cube", "it is a lam"), ("only_main", "__main__"), ("main", "__main__")]
    assert aside(change(None, ASIDE)) == expected
    assert aside(change(ASIDE, "# moved down\n" + ASIDE)) == []
    assert aside(change(ASIDE, ASIDE.replace("x / 0", "x / 2"))) == [("only_main", "__main__")]
    assert aside(change(ASIDE, ASIDE.replace("x * x", "x + x"))) == [("square", "it is a lam")]
    assert aside(change("square = 1\n", ASIDE, merged=(ASIDE.encode(),))) == []
