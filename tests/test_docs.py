"""The pages of docs/ name what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from pytestgen_hook.cli import FORMATS, check
from pytestgen_hook.config import Config, setting_names
from pytestgen_hook.rules import RULES

DOCS = Path(__file__).parent.parent / "docs"


def table(page: str, head: str) -> dict[str, str]:
    """The first two cells of the rows of the table that begins with ``head``."""
    rows = (DOCS / page).read_text(encoding="utf-8").partition(f"| {head} |")[2].partition("\n\n")[0].splitlines()[2:]
    cells = [row.strip("| ").split(" | ") for row in rows]
    return {cell[0].strip("`"): cell[1].strip("`") for cell in cells}


def test_every_setting_is_there_with_its_default() -> None:
    rows = table("settings.md", "setting")
    assert list(rows) == setting_names()
    for name, shown in rows.items():
        default = getattr(Config(), re.sub("[-.]", "_", name))
        if default is not None and name not in ("source-roots", "models"):
            assert shown == json.dumps(int(default) if isinstance(default, float) else default)


def test_every_format_is_there() -> None:
    assert tuple(table("output.md", "format")) == FORMATS


@pytest.mark.parametrize("page", ["baseline.md", "output.md", "settings.md"])
def test_options_and_rules_that_are_named_exist(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    known = {name for option in check.params for name in (*option.opts, *option.secondary_opts)}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= known
    assert set(re.findall(r"PTG\d+", text)) <= set(RULES)
