"""The table of CONTRIBUTING.md names tests that exist, for every line once."""

from __future__ import annotations

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parent
ROW = re.compile(r"^\| (\d+) \| .+ \| (.+) \|$", re.MULTILINE)
ROWS = ROW.findall((TESTS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8"))


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_every_line_has_one_row() -> None:
    numbers = [int(number) for number, _ in ROWS]
    assert numbers == [*range(1, 37), *range(47, 60)]  # those between are of selecting tests, which is not built yet


def test_every_test_of_the_table_exists() -> None:
    for number, cell in ROWS:
        names = re.findall(r"`([\w/.]+)::(\w+)`", cell)
        assert names, number
        for path, name in names:
            assert name in functions(TESTS / path), f"line {number}: {path}::{name}"
