"""The baseline: findings that were there before, and are not to be dealt with now; no line numbers, so that it lasts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytestgen_hook.errors import FatalError

VERSION = 1
_KEYS = ("path", "qualname", "rule", "body")
_ANEW = "Write it anew: pytestgen-check --all --write-baseline"
# Looked at as a whole (--all) every function is new; one that was accepted when it was changed is so then too.
_COVERED = {"PTG002": ("PTG002", "PTG001")}


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """One finding: where, what, and of which code; ``qualname`` is "" for a whole file, ``body`` as in ``functions.bodies``."""

    path: str
    qualname: str
    rule: str
    body: str = ""

    def accepts(self, rule: str) -> bool:
        """Whether an entry of this rule stands for a finding of that."""
        return rule in _COVERED.get(self.rule, (self.rule,))


def read_baseline(raw: bytes, where: str) -> list[Entry]:
    """Return the entries of a baseline file; FatalError, with what mends it, for what is none."""
    try:
        document = json.loads(raw)
    except ValueError as error:  # of the encoding as of the syntax
        raise FatalError(f"{where}: not valid JSON: {error}. {_ANEW}") from None
    except RecursionError:
        raise FatalError(f"{where}: not a baseline. {_ANEW}") from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if version != VERSION:
        raise FatalError(f"{where}: a baseline has schema_version {VERSION}, this has {version!r}. {_ANEW}")
    entries = document.get("findings")
    if not isinstance(entries, list) or not all(map(_is_entry, entries)):
        raise FatalError(f"{where}: its findings are not those of a baseline. {_ANEW}")
    return [Entry(*(entry.get(key, "") for key in _KEYS)) for entry in entries]


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and bool(entry.get("path"))
        and bool(entry.get("rule"))
        and all(isinstance(entry.get(key, ""), str) for key in _KEYS)
    )


def render_baseline(entries: Iterable[Entry]) -> bytes:
    """Return the file: an entry a line, in order, so that two branches seldom touch the same lines."""
    lines = [
        "    " + json.dumps({key: getattr(entry, key) for key in _KEYS if getattr(entry, key)})
        for entry in sorted(entries)
    ]
    findings = "[\n" + ",\n".join(lines) + "\n  ]" if lines else "[]"
    return f'{{\n  "schema_version": {VERSION},\n  "findings": {findings}\n}}\n'.encode()


class Matcher:
    """Finds the entries of a baseline that findings stand in, each entry once.

    ``formerly`` returns {path now: path then} of the files renamed since the baseline was written; ``is_gone`` tells
    whether the function of an entry is no longer where it was. Both are asked only when they are needed.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        formerly: Callable[[], Mapping[str, str]],
        is_gone: Callable[[Entry], bool],
    ) -> None:
        self._entries = list(entries)
        self._used: set[int] = set()
        self._formerly = formerly
        self._is_gone = is_gone

    @property
    def left(self) -> list[Entry]:
        """The entries that no finding stands in so far."""
        return [entry for number, entry in enumerate(self._entries) if number not in self._used]

    def match(self, findings: Sequence[Entry]) -> dict[int, Entry]:
        """Return {number of the finding: its entry}: the same place, that of a renamed file, or the same code moved."""
        found: dict[int, Entry] = {}
        self._take(findings, found, lambda one: (one.path, one.qualname, one.rule, one.body), lambda *_: True)
        self._take(findings, found, lambda one: (one.path, one.qualname), lambda *_: True)
        self._take(findings, found, lambda one: one.qualname, self._was_renamed)
        self._take(findings, found, lambda one: one.body, lambda entry, _: bool(entry.body) and self._is_gone(entry))
        return found

    def _take(
        self,
        findings: Sequence[Entry],
        found: dict[int, Entry],
        handle: Callable[[Entry], object],
        is_same: Callable[[Entry, Entry], bool],
    ) -> None:
        candidates: dict[object, list[int]] = {}
        for number, entry in enumerate(self._entries):
            if number not in self._used:
                candidates.setdefault(handle(entry), []).append(number)
        for place, finding in enumerate(findings):
            if place in found:
                continue
            for number in candidates.get(handle(finding), ()):
                entry = self._entries[number]
                if number not in self._used and entry.accepts(finding.rule) and is_same(entry, finding):
                    self._used.add(number)
                    found[place] = entry
                    break

    def _was_renamed(self, entry: Entry, finding: Entry) -> bool:
        if entry.path == finding.path or self._formerly().get(finding.path) != entry.path:
            return False
        return not entry.qualname or self._is_gone(entry)
