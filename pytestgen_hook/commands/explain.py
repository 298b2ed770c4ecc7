"""Explains the rules."""

from __future__ import annotations

import textwrap

from pytestgen_hook.rules import RULES, rule

_WIDTH = 88


def explain(code: str | None) -> str:
    """Return the explanation of one rule, or a line on each; FatalError for a code that does not exist."""
    if code is None:
        return "\n".join(f"{item.code}  {item.name:<36}{item.summary}" for item in RULES.values())
    found = rule(code)
    paragraphs = [f"{found.code} {found.name}", found.summary, found.explanation, found.remedy]
    return "\n\n".join(textwrap.fill(paragraph, _WIDTH) for paragraph in paragraphs)
