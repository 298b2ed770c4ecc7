"""Edits as unified diffs that ``git apply`` takes."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from pytestgen_hook.types.generated import Edit

_NO_LINE_END = "\n\\ No newline at end of file\n"


def as_diff(edit: Edit) -> str:
    """Return the edit as a unified diff; bytes that are no UTF-8 come out as surrogates."""
    before = _lines(edit.before or b"")
    after = _lines(edit.after)
    old = "/dev/null" if edit.before is None else f"a/{edit.path}"
    hunks = difflib.unified_diff(before, after, old, f"b/{edit.path}", n=3)
    text = "".join(line if line.endswith("\n") else line + _NO_LINE_END for line in hunks)
    return f"diff --git a/{edit.path} b/{edit.path}\n{_created(edit)}{text}" if text else ""


def render_diffs(edits: Sequence[Edit]) -> str:
    """Return all edits as one patch."""
    return "".join(map(as_diff, edits))


def _created(edit: Edit) -> str:
    return "new file mode 100644\n" if edit.before is None else ""


def _lines(source: bytes) -> list[str]:
    # Split at line feeds only, as git does: a form feed or U+2028 ends no line of a patch.
    *lines, last = source.decode("utf-8", "surrogateescape").split("\n")
    return [line + "\n" for line in lines] + ([last] if last else [])
