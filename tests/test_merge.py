from __future__ import annotations

import ast

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from pytestgen_hook.merge import merge_tests
from pytestgen_hook.sourcefile import CannotMerge
from pytestgen_hook.types.generated import TestModule

FIRST_PARTY = {"shop"}
TOTAL = ("test_total", "def test_total():\n    assert total([]) == 0\n")
TABLE = (
    "test_total_of_items",
    "@pytest.mark.parametrize(\n"
    '    ("items", "expected"),\n'
    '    [pytest.param([1], 1, id="one"), pytest.param([1, 2], 3, id="two")],\n'
    ")\n"
    "def test_total_of_items(items, expected):\n"
    "    assert total(items) == expected\n",
)


def module(*tests: tuple[str, str], imports: tuple[tuple[str, str], ...] = (("shop.cart", "total"),)) -> TestModule:
    return TestModule("shop/cart.py", imports, tests or (TOTAL,))


def in_bytes(existing: bytes | None, new: TestModule | None = None) -> bytes:
    return merge_tests(existing, new or module(), first_party=FIRST_PARTY).source


def merged(existing: bytes | None, new: TestModule | None = None) -> str:
    return in_bytes(existing, new).decode()


# -- new files -------------------------------------------------------------------------------------------------------


def test_new_file_has_sorted_import_blocks_and_two_blank_lines_between_tests():
    raising = ("test_area", "def test_area():\n    assert area(1) == pytest.approx(math.pi)\n")
    imports = (("shop.cart", "total"), ("math", ""), ("shop.shapes", "area"), ("pytest", ""), ("os", ""))
    assert merged(None, module(TABLE, raising, imports=imports)) == (
        "import math\n\nimport pytest\n\nfrom shop.cart import total\nfrom shop.shapes import area\n\n\n"
        + TABLE[1]
        + "\n\n"
        + raising[1]
    )


@pytest.mark.parametrize("existing", [b"", b"\n", b" \n\n", b"\xef\xbb\xbf"], ids=["empty", "newline", "blank", "mark"])
def test_empty_file_is_written_like_a_new_one(existing):
    assert merged(existing) == merged(None)


def test_many_names_of_one_module_are_one_import_broken_over_lines():
    names = [f"function_number_{index}" for index in range(6)] + ["LIMIT", "Cart"]
    test = ("test_all", f"def test_all():\n    assert [{', '.join(names)}]\n")
    source = merged(None, module(test, imports=tuple(("shop.cart", name) for name in names)))
    assert source.startswith("from shop.cart import (\n    LIMIT,\n    Cart,\n    function_number_0,\n")


def test_imports_that_no_test_uses_are_left_out():
    assert "os" not in merged(None, module(imports=(("shop.cart", "total"), ("os", ""))))


def test_function_called_like_a_test_is_imported_so_that_pytest_does_not_collect_it():
    test = ("test_test_speed", 'def test_test_speed():\n    assert test_speed("é", test_speed=1) == test_speed\n')
    source = merged(None, module(test, imports=(("shop.cart", "test_speed"),)))
    assert "from shop.cart import test_speed as _test_speed\n" in source
    assert '    assert _test_speed("é", test_speed=1) == _test_speed\n' in source


def test_function_of_the_very_name_of_its_test_can_be_imported():
    test = ("test_speed", "def test_speed():\n    assert test_speed() == 1\n")
    source = merged(None, module(test, imports=(("shop.cart", "test_speed"),)))
    assert "def test_speed():\n    assert _test_speed() == 1\n" in source


# -- files that are there: rewrites ----------------------------------------------------------------------------------

TEST = TOTAL[1]
OLD = "def test_old():\n    pass\n"
IMPORT = "from shop.cart import total\n"


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        pytest.param(
            f"from shop.cart import Cart\n\n\n{OLD}",
            f"from shop.cart import Cart\n{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="below-an-import-of-the-same-module",
        ),
        pytest.param(f"{IMPORT}\n\n{OLD}", f"{IMPORT}\n\n{OLD}\n\n{TEST}", id="import-is-there"),
        pytest.param(
            f"from shop.cart import Cart, total\n\n{OLD}",
            f"from shop.cart import Cart, total\n\n{OLD}\n\n{TEST}",
            id="import-is-there-among-others",
        ),
        pytest.param(
            f"import os\n\nimport pytest\n\n\n{OLD}",
            f"import os\n\nimport pytest\n\n{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="new-block-below-the-others",
        ),
        pytest.param(
            f"import pytest\n\nfrom . import helpers\n\n\n{OLD}",
            f"import pytest\n\n{IMPORT}\nfrom . import helpers\n\n\n{OLD}\n\n{TEST}",
            id="new-block-between-others",
        ),
        pytest.param(
            f"from shop.cart import total as sum_up\n\n\n{OLD}",
            f"from shop.cart import total as sum_up\n{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="import-under-another-name-does-not-count",
        ),
        pytest.param('"""Tests."""', f'"""Tests."""\n\n{IMPORT}\n\n{TEST}', id="only-a-docstring"),
        pytest.param("# Tests of the cart.\n", f"# Tests of the cart.\n\n{IMPORT}\n\n{TEST}", id="only-a-comment"),
        pytest.param("# Tests", f"# Tests\n\n{IMPORT}\n\n{TEST}", id="only-a-comment-without-line-end"),
        pytest.param(OLD, f"{IMPORT}\n\n{OLD}\n\n{TEST}", id="no-imports"),
        pytest.param(OLD.rstrip(), f"{IMPORT}\n\n{OLD}\n\n{TEST}", id="no-final-line-end"),
        pytest.param(
            f'"""Tests."""\n{OLD}', f'"""Tests."""\n\n{IMPORT}\n\n{OLD}\n\n{TEST}', id="docstring-and-no-imports"
        ),
        pytest.param(
            f"#!/usr/bin/env python\n# coding: utf-8\n{OLD}",
            f"#!/usr/bin/env python\n# coding: utf-8\n\n{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="first-lines-stay-first",
        ),
        pytest.param(
            f"\n# coding: utf-8\n{OLD}",
            f"\n# coding: utf-8\n\n{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="encoding-stays-in-the-second-line",
        ),
        pytest.param(
            f"# Licence\n\n# The old one.\n{OLD}",
            f"# Licence\n\n{IMPORT}\n\n# The old one.\n{OLD}\n\n{TEST}",
            id="comment-stays-with-its-function",
        ),
        pytest.param(
            f"from __future__ import annotations\n\n\n{OLD}",
            f"from __future__ import annotations\n\n{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="future-stays-first",
        ),
        pytest.param(
            f'import sys\n\nsys.path.insert(0, "src")\n\n\n{OLD}',
            f'import sys\n\nsys.path.insert(0, "src")\n\n{IMPORT}\n\n{OLD}\n\n{TEST}',
            id="below-a-change-of-the-path",
        ),
        pytest.param(
            f"import django\n\ndjango.setup()\n\n\n{OLD}",
            f"import django\n\ndjango.setup()\n\n{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="below-what-prepares-for-imports",
        ),
        pytest.param(
            f"import pytest\nimport os\nfrom shop import api\nimport abc\n\n\n{OLD}",
            f"import pytest\nimport os\nfrom shop import api\nimport abc\n{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="unsorted-imports",
        ),
        pytest.param(
            f"try:\n    import numpy\nexcept ImportError:\n    numpy = None\nimport pytest\n\n\n{OLD}",
            "try:\n    import numpy\nexcept ImportError:\n    numpy = None\nimport pytest\n\n"
            f"{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="imports-in-blocks",
        ),
        pytest.param(
            f"from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from shop.cart import total\n\n\n{OLD}",
            f"from typing import TYPE_CHECKING\n\n{IMPORT}\nif TYPE_CHECKING:\n    from shop.cart import total\n\n\n"
            f"{OLD}\n\n{TEST}",
            id="import-for-type-checkers-does-not-count",
        ),
        pytest.param(
            f"try:\n    {IMPORT}except ImportError:\n    pytest.skip(allow_module_level=True)\n\n\n{OLD}",
            f"try:\n    {IMPORT}except ImportError:\n    pytest.skip(allow_module_level=True)\n\n\n{OLD}\n\n{TEST}",
            id="import-that-is-tried-is-there",
        ),
        pytest.param(
            f"with catch_warnings():\n    {IMPORT}\n\n{OLD}",
            f"with catch_warnings():\n    {IMPORT}\n\n{OLD}\n\n{TEST}",
            id="import-without-warnings-is-there",
        ),
        pytest.param(
            f"from shop.cart import *\n\n\n{OLD}",
            f"from shop.cart import *\n{IMPORT}\n\n{OLD}\n\n{TEST}",
            id="star-import-of-the-same-module",
        ),
        pytest.param(
            "import unittest\n\n\nclass CartTest(unittest.TestCase):\n    def test_total(self):\n        pass\n\n\n"
            '# Run it.\nif __name__ == "__main__":\n    unittest.main()\n',
            f"import unittest\n\n{IMPORT}\n\nclass CartTest(unittest.TestCase):\n    def test_total(self):\n"
            f'        pass\n\n\n{TEST}\n\n# Run it.\nif __name__ == "__main__":\n    unittest.main()\n',
            id="above-the-main-guard",
        ),
        pytest.param(
            f"{IMPORT}\nif __name__ == '__main__':\n    main()\n\n\n{OLD}",
            f"{IMPORT}\nif __name__ == '__main__':\n    main()\n\n\n{OLD}\n\n{TEST}",
            id="a-guard-that-is-not-last",
        ),
        pytest.param(
            f"{IMPORT}\n\n{OLD}\n# vim: set ts=4:\n",
            f"{IMPORT}\n\n{OLD}\n\n{TEST}\n\n# vim: set ts=4:\n",
            id="editor-settings-stay-last",
        ),
        pytest.param(
            f"{IMPORT}\n\n{OLD}    # more to come\n\n# the end\n\n\n\n",
            f"{IMPORT}\n\n{OLD}    # more to come\n\n# the end\n\n\n\n{TEST}",
            id="comments-at-the-end",
        ),
        pytest.param(
            f"{IMPORT}\n\ndef test_tabs():\n\tassert True\n",
            f"{IMPORT}\n\ndef test_tabs():\n\tassert True\n\n\n{TEST}",
            id="tabs",
        ),
        pytest.param(
            f"import shop\n\f\n{OLD}\f\n",
            f"import shop\n{IMPORT}\f\n{OLD}\f\n\n{TEST}",
            id="form-feeds",
        ),
        pytest.param(
            "import os; import sys\n",
            f"import os; import sys\n{IMPORT}\n\n{TEST}",
            id="several-statements-on-a-line",
        ),
    ],
)
def test_tests_and_imports_are_added_in_their_place(existing, expected):
    assert merged(existing.encode()) == expected


def test_windows_line_ends_are_kept_and_used():
    existing = f"import os\n\n\n{OLD}".replace("\n", "\r\n").encode()
    assert merged(existing) == f"import os\n\n{IMPORT}\n\n{OLD}\n\n{TEST}".replace("\n", "\r\n")


def test_line_ends_that_differ_within_a_file_stay_as_they_are():
    existing = b"import os\r\nimport sys\r\nx = 1\ny = 2\r"
    assert in_bytes(existing) == (
        b"import os\r\nimport sys\r\n\r\nfrom shop.cart import total\r\n\r\nx = 1\ny = 2\r"
        b"\r\n\r\ndef test_total():\r\n    assert total([]) == 0\r\n"
    )


def test_byte_order_mark_stays_first():
    assert merged(b"\xef\xbb\xbfx = 1\n").startswith("\ufefffrom shop.cart import total\n\nx = 1\n")


def test_file_in_another_encoding_stays_in_it():
    existing = "# coding: latin-1\nname = 'é'\n".encode("latin-1")
    test = ("test_total", "def test_total():\n    assert total('ü') == 0\n")
    source = in_bytes(existing, module(test))
    assert source.startswith(b"# coding: latin-1\n\nfrom shop.cart import total\n\nname = '\xe9'\n")
    assert "total('ü')".encode("latin-1") in source


def test_several_imports_find_their_blocks():
    test = ("test_all", "def test_all():\n    with pytest.raises(E):\n        assert math.pi == total([os, D])\n")
    imports = (("shop.cart", "total"), ("math", ""), ("pytest", ""), ("os", ""), ("shop", "E"), ("decimal", "D"))
    existing = b"# head\nimport os\nimport re\n\nfrom shop import api\n\nX = 1\n"
    assert merged(existing, module(test, imports=imports)).startswith(
        "# head\nimport math\nimport os\nimport re\nfrom decimal import D\n\nimport pytest\n\n"
        "from shop import api\nfrom shop import E\nfrom shop.cart import total\n\nX = 1\n"
    )


def test_package_imports_go_together():
    test = ("test_a", "def test_a():\n    assert shop.cart.total\n")
    existing = b"import shop.api\n\nx = shop.api\n"
    assert merged(existing, module(test, imports=(("shop.cart", ""),))).startswith(
        "import shop.api\nimport shop.cart\n\nx = shop.api\n"
    )


# -- names of tests --------------------------------------------------------------------------------------------------


def test_another_test_of_the_same_name_gets_a_number():
    existing = f"{IMPORT}\n\ndef test_total():\n    assert total([1]) == 1\n".encode()
    result = merge_tests(existing, module(), first_party=FIRST_PARTY)
    assert result.source == existing + b"\n\ndef test_total_2():\n    assert total([]) == 0\n"
    assert result.names == {"test_total": "test_total_2"}
    assert merge_tests(result.source, module(), first_party=FIRST_PARTY) == result


def test_decorated_test_that_needs_a_number_is_renamed_at_its_definition_only():
    test = ("test_a", "@mark('def test_a')\nasync def test_a(test_a_b):\n    assert 'def test_a('\n")
    existing = b"test_a = 1\n"
    assert merged(existing, module(test)).endswith(
        "@mark('def test_a')\nasync def test_a_2(test_a_b):\n    assert 'def test_a('\n"
    )


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(TOTAL[1], id="as-it-is"),
        pytest.param("def test_total():  # mine\n\n    assert total( [] )==0", id="in-another-layout"),
        pytest.param(TOTAL[1].replace("test_total", "test_total_7"), id="under-a-number"),
        pytest.param(TOTAL[1].replace("test_total", "test_nothing_costs_nothing"), id="under-a-better-name"),
    ],
)
def test_nothing_is_added_where_the_test_is_there(there):
    existing = f"{IMPORT}\n\n{there}".encode()
    assert in_bytes(existing) == existing


def test_a_table_is_there_whatever_its_rows_are_called():
    table = (
        '@mark.parametrize("n", [pytest.param(1, id="{}"), pytest.param(2, id="{}")])\ndef test_{}(n):\n    assert n\n'
    )
    there = merged(None, module(("test_n", table.format("1", "2", "n"))))
    assert merged(there.encode(), module(("test_m", table.format("one", "two", "m")))) == there


def test_only_the_imports_of_added_tests_are_added():
    first = ("test_first", "def test_first():\n    assert math.pi\n")
    existing = merged(None, module(first, imports=(("math", ""),))).replace("import math", "from all import math")
    result = merged(existing.encode(), module(first, TOTAL, imports=(("math", ""), ("shop.cart", "total"))))
    assert "import math\n" in existing
    assert "\nimport math\n" not in result


# -- files that must not be added to ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("existing", "reason"),
    [
        pytest.param(b"def broken(:\n", "does not parse", id="syntax-error"),
        pytest.param(b"x = 1\0\n", "does not parse", id="null-byte"),
        pytest.param(b"# coding: nonsense\nx = 1\n", "unknown encoding", id="unknown-encoding"),
        pytest.param(b"name = '\xe9'\n", "cannot be decoded", id="wrong-encoding"),
        pytest.param(b"@fixture\ndef total():\n    return 1\n", "name total means something else", id="fixture"),
        pytest.param(b"total = 3\n", "it is defined or assigned there", id="variable"),
        pytest.param(IMPORT.encode() + b"total = 3\n", "it is defined or assigned there", id="import-is-shadowed"),
        pytest.param(b"class total: pass\n", "name total means something else", id="class"),
        pytest.param(b"from other import total\n", "from other import total", id="import-from-elsewhere"),
        pytest.param(b"import other as total\n", "means something else", id="module-of-that-name"),
        pytest.param(b"import other.part as total\n", "means something else", id="submodule-of-that-name"),
        pytest.param(b"for total in []:\n    pass\n", "means something else", id="loop"),
        pytest.param(b"with a as (b, [total]):\n    pass\n", "means something else", id="with"),
        pytest.param(b"try:\n    a()\nexcept E as total:\n    pass\n", "means something else", id="except"),
        pytest.param(b"if (total := 1):\n    pass\n", "means something else", id="walrus"),
        pytest.param(b"x = [y for y in z if (total := y)]\n", "means something else", id="walrus-in-a-comprehension"),
        pytest.param(b"match x:\n    case [*total]:\n        pass\n", "means something else", id="match-star"),
        pytest.param(b"match x:\n    case {**total}:\n        pass\n", "means something else", id="match-rest"),
        pytest.param(b"match x:\n    case int() as total:\n        pass\n", "means something else", id="match-as"),
        pytest.param(b"def f():\n    global total\n    total = 1\n", "means something else", id="global"),
        pytest.param(
            b"try:\n    from shop.cart import total\nexcept ImportError:\n    from shop import total\n",
            "from shop import total",
            id="import-with-a-fallback",
        ),
        pytest.param(b"from other import *\nx = total\n", "star import", id="star-import-from-elsewhere"),
        pytest.param(b"pytestmark = pytest.mark.skip\n", "pytestmark", id="skipped-as-a-whole"),
        pytest.param(b"pytestmark: list = [pytest.mark.skip]\n", "pytestmark", id="skipped-with-an-annotation"),
        pytest.param(b"__test__ = False\n", "__test__ = False", id="no-test-module"),
        pytest.param(b"x = " + b" + ".join([b"'a'"] * 900) + b"\n", "nested too deeply", id="long-sum"),
        pytest.param(b"x = a" + b".b()" * 450 + b"\n", "nested too deeply", id="long-chain"),
        pytest.param(b"# coding: latin-1\nx = 1\n", "encoding iso-8859-1 has no '→'", id="no-such-character"),
    ],
)
def test_file_is_refused_with_the_reason(existing, reason):
    test = ("test_total", "def test_total():\n    assert total('→') == 0\n")
    with pytest.raises(CannotMerge) as caught:
        merged(existing, module(test))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "existing",
    [
        pytest.param(b"f = lambda total: total\n", id="lambda-argument"),
        pytest.param(b"x = [total for total in y]\n", id="comprehension"),
        pytest.param(b"class A:\n    total = 1\n", id="class-attribute"),
        pytest.param(b"def f(total):\n    total = 1\n", id="local-name"),
        pytest.param(b"from other import *\n", id="star-import-where-nothing-reads-the-name"),
        pytest.param(b"pytestmark = pytest.mark.unit\n", id="harmless-mark"),
    ],
)
def test_inner_names_do_not_clash(existing):
    assert "\ndef test_total():" in merged(existing)


def test_builtin_that_the_file_uses_is_not_replaced():
    test = ("test_sum", "def test_sum():\n    assert sum([]) == 0\n")
    new = module(test, imports=(("shop.cart", "sum"),))
    assert "from shop.cart import sum\n" in merged(b"x = 1\n", new)
    with pytest.raises(CannotMerge, match="builtin"):
        merged(b"x = sum([1])\n", new)


# -- for all files ---------------------------------------------------------------------------------------------------

FRAGMENTS = [
    "import os",
    "import os.path, re",
    "from shop.cart import Cart",
    "from shop.cart import (\n    total,\n    Item,\n)",
    "from shop.cart import total",
    "from shop.cart import *",
    "from . import helpers  # noqa",
    "import pytest as pt",
    "import pytest; import sys",
    "try:\n    import numpy\nexcept ImportError:\n    numpy = None",
    "if True:\n    from shop.cart import total",
    "import sys\nsys.path.insert(0, '.')",
    "total = None",
    "# a comment",
    "    # an indented comment",
    "def test_total():\n    assert total([]) == 0",
    "def test_total():\n\n    assert total(())    # other",
    "class TestCart:\n\tdef test_total(self):\n\t\tpass\n\t# tail",
    "@pytest.fixture\ndef cart():\n    return '''a\n\n  # no comment\n'''",
    "x = (1,\n\n  2) ; y = \\\n  3",
    "\f",
    "if __name__ == '__main__':\n    main()",
    "s = 'é\u2028'",
    "# vim: ts=4",
]
NEW_TESTS = [
    TOTAL,
    TABLE,
    ("test_total_2", "def test_total_2():\n    assert total(()) == math.inf\n"),
    ("test_cart", "def test_cart():\n    assert 'é\u2028' == Cart(test_mode).name\n"),
]
IMPORTS = (("shop.cart", "total"), ("pytest", ""), ("math", ""), ("shop.cart", "Cart"), ("shop.cart", "test_mode"))


@st.composite
def files(draw: st.DrawFn) -> bytes:
    parts = draw(st.lists(st.sampled_from(FRAGMENTS), max_size=9))
    text = draw(st.sampled_from(["", '"""Doc."""\n', "#!/usr/bin/python\n# coding: utf-8\n", "# licence\n\n"]))
    for part in parts:
        text += part + draw(st.sampled_from(["\n", "\n\n", "\n\n\n", "\n   \n"]))
    text = draw(st.sampled_from([text, text.rstrip("\n")])).replace("\n", draw(st.sampled_from(["\n", "\r\n"])))
    return draw(st.sampled_from([b"", b"\xef\xbb\xbf"])) + text.encode()


def is_subsequence(lines: list[bytes], of: list[bytes]) -> bool:
    remaining = iter(of)
    return all(line in remaining for line in lines)


def statements(source: bytes) -> list[str]:
    return [ast.dump(node) for node in ast.parse(source).body]


@given(files(), st.lists(st.sampled_from(NEW_TESTS), min_size=1, max_size=3, unique=True))
@settings(max_examples=300, deadline=None)
def test_merging_adds_lines_only_and_once(existing, tests):
    new = module(*tests, imports=IMPORTS)
    try:
        result = merge_tests(existing, new, first_party=FIRST_PARTY)
    except CannotMerge as refused:
        event(str(refused).split(":")[0][:30])
        return
    mark = b"\xef\xbb\xbf"
    if existing.removeprefix(mark).strip():
        lines = existing.removeprefix(mark).splitlines(keepends=True)
        if result.source != existing and not result.source.endswith(lines[-1]):
            lines[-1] = lines[-1].rstrip(b"\r\n") + (b"\r\n" if b"\r\n" in existing else b"\n")
        assert result.source.startswith(mark) == existing.startswith(mark)
        assert is_subsequence(lines, result.source.removeprefix(mark).splitlines(keepends=True))
        old = statements(existing)
        added = statements(result.source)
        for statement in old:
            added.remove(statement)
        assert is_subsequence([text.encode() for text in old], [text.encode() for text in statements(result.source)])
        assert all(text.startswith(("Import", "FunctionDef")) for text in added)
    assert set(result.names) == {name for name, _ in tests}
    assert merge_tests(result.source, new, first_party=FIRST_PARTY) == result
    compile(result.source, "test_file.py", "exec")
