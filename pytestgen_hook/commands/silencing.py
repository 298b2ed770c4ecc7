"""What somebody has decided to live with: comments, settings and the baseline sift the findings of a run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from pytestgen_hook.baseline import Entry, Matcher, read_baseline, render_baseline
from pytestgen_hook.config import BASELINE
from pytestgen_hook.errors import FatalError
from pytestgen_hook.functions import bodies
from pytestgen_hook.git import INDEX
from pytestgen_hook.sourcefile import CannotMerge
from pytestgen_hook.suppressions import Suppression, suppressions_in, with_suppressions
from pytestgen_hook.types.changes import Function, Unanalysed
from pytestgen_hook.types.generated import Edit
from pytestgen_hook.types.report import Finding, Silenced, Stale

if TYPE_CHECKING:
    from pytestgen_hook.commands.check import Selection
    from pytestgen_hook.commands.options import CheckOptions
    from pytestgen_hook.git import Revision

NOT_ANALYSED = "PTG007"
SUSPECT = "PTG005"
_UNTESTED = frozenset({"PTG001", "PTG002"})
_GROWN = "; the change itself adds it to the baseline (--update-baseline takes it)"
_ANEW = "pytestgen-check --all --write-baseline"
_MOST_TOLD = 3

_Item = TypeVar("_Item", Finding, Unanalysed)


@dataclass(slots=True)
class _Seen:
    """What one run has found, for what silences nothing any more: the rules broken by each function that was examined."""

    broken: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    by_comment: set[tuple[str, int]] = field(default_factory=set)
    is_estimated: bool = False


class Silencing:
    """Takes out of the findings of one run what is not to be reported; FatalError for comments and files that are wrong."""

    def __init__(self, selection: Selection, options: CheckOptions) -> None:
        self._subject = selection.subject
        self._repository = selection.subject.repository
        self._config = selection.subject.config
        self._options = options
        self._sources = {change.path: change.after for change in selection.changes}
        self._seen = _Seen()
        self._open: list[Entry] = []  # what a baseline could hold
        self._sifted: set[Entry] = set()
        self._bodies: dict[str, dict[tuple[str, int], str]] = {}

    # -- sifting ---------------------------------------------------------------------------------------------------

    def sift(
        self, findings: Sequence[Finding], unanalysed: Sequence[Unanalysed]
    ) -> tuple[list[Finding], list[Unanalysed], list[Silenced]]:
        """Return the findings, and what was not analysed, that are left, and what is silenced. May be called again."""
        silenced: list[Silenced] = []
        left = self._by_rule(findings, silenced)
        unknown = self._by_rule(unanalysed, silenced)
        if self._entries is None:
            return left, unknown, silenced
        every: list[Finding | Unanalysed] = [*left, *unknown]
        both = [(item, self._entry(item)) for item in every if _code(item) is not None]
        both = [(item, entry) for item, entry in both if entry not in self._sifted]
        entries = [entry for _, entry in both]
        self._open += entries
        found = self._matcher(entries)
        accepted = self._accepted_before(entries) if found else None
        known = {number for number in found if accepted is None or number in accepted}
        taken = {id(both[number][0]): both[number] for number in known}
        grown = {id(both[number][0]) for number in found if number not in known}
        silenced += [self._silenced(item, "baseline", "") for item, _ in taken.values()]
        self._sifted.update(entries)

        def rest(items: Sequence[_Item]) -> list[_Item]:
            return [_grown(item) if id(item) in grown else item for item in items if id(item) not in taken]

        suspects = [item for item, _ in taken.values() if isinstance(item, Finding)]
        others = [other for item in suspects for other in _otherwise(item)]
        if not others:
            return rest(left), rest(unknown), silenced
        more, _, also_silenced = self.sift(others, [])
        return [*rest(left), *more], rest(unknown), [*silenced, *also_silenced]

    def _by_rule(self, items: Sequence[_Item], silenced: list[Silenced]) -> list[_Item]:
        left = []
        pending = list(reversed(items))
        while pending:
            item = pending.pop()
            code, (path, name, line) = _code(item), _place(item)
            broken = self._seen.broken.setdefault((path, name), set())
            if isinstance(item, Finding) and item.evidence.value == "static":
                self._seen.is_estimated = True
            if code is None:
                left.append(item)
                continue
            broken.add(code)
            comments = [comment for comment in self._comments(path) if comment.silences(code, line)]
            if comments:
                self._seen.by_comment |= {(path, comment.line) for comment in comments}
                silenced.append(self._silenced(item, "comment", comments[-1].reason))
            elif self._config.ignores(code, path):
                silenced.append(self._silenced(item, "settings", ""))
            else:
                left.append(item)
                continue
            pending += _otherwise(item)
        return left

    def dismisses_suspicion(self, function: Function) -> bool:
        """Whether a comment or the settings say that a function is right where it contradicts its documentation."""
        comments = self._comments(function.path)
        return self._config.ignores(SUSPECT, function.path) or any(
            comment.silences(SUSPECT, function.def_line) for comment in comments
        )

    def _comments(self, path: str) -> list[Suppression]:
        if path not in self._all_comments:
            source = self._sources.get(path)
            self._all_comments[path] = [] if source is None else suppressions_in(path, source)
        return self._all_comments[path]

    @cached_property
    def _all_comments(self) -> dict[str, list[Suppression]]:
        return {}

    def _silenced(self, item: Finding | Unanalysed, by: str, reason: str) -> Silenced:
        path, name, line = _place(item)
        code = _code(item) or ""
        return Silenced(path, name or None, line, code, item.reason, by, reason, self._entry(item).body)

    # -- the baseline ----------------------------------------------------------------------------------------------

    @cached_property
    def _entries(self) -> list[Entry] | None:
        """The baseline in the examined revision, None if there is none and none is being written."""
        entries = self._read(self._subject.revision, self._subject.entries)
        if entries is None and self._config.baseline != BASELINE and not self._options.write_baseline:
            advice = (
                f"Write it with: {_ANEW}" if not self._is_in_work_tree() else f"Run: git add {self._config.baseline}"
            )
            raise FatalError(f"baseline = {self._config.baseline}: git has no such file. {advice}")
        return [] if entries is None and self._options.write_baseline else entries

    def _read(self, revision: Revision, entries: dict[str, str] | None = None) -> list[Entry] | None:
        if entries is not None and self._config.baseline not in entries:
            return None
        raw = self._repository.read(revision, self._config.baseline)
        return None if raw is None else self._parsed(raw)

    def _parsed(self, raw: bytes) -> list[Entry]:
        """The entries of a baseline; of one that cannot be read there are none where all of it is written anew."""
        try:
            return read_baseline(raw, self._config.baseline)
        except FatalError:
            if self._options.write_baseline and self._options.scope == "all" and not self._options.paths:
                return []
            raise

    @property
    def notes(self) -> list[str]:
        """What is to be known of the baseline."""
        if self._entries is None and self._is_in_work_tree():
            return [f"{self._config.baseline} is not in what is examined, and silences nothing yet: git add it"]
        return []

    def _is_in_work_tree(self) -> bool:
        return (self._repository.root / self._config.baseline).is_file()

    def _matcher(self, entries: Sequence[Entry]) -> dict[int, Entry]:
        if self._options.write_baseline:
            return dict(enumerate(entries))
        return self._matched(self._now, entries)

    def _matched(self, matcher: Matcher, entries: Sequence[Entry]) -> dict[int, Entry]:
        """Match; what the range itself brought into being is no older function, though it may have the name of one."""
        found = matcher.match(entries)
        if self._options.scope == "all":
            return found
        return {
            number: entry
            for number, entry in found.items()
            if entries[number].rule != "PTG001" or entries[number].body == entry.body
        }

    @cached_property
    def _now(self) -> Matcher:
        return self._matcher_of(self._entries or [], self._subject.revision)

    @cached_property
    def _before(self) -> Matcher | None:
        """The baseline that the range begins with: what the range adds to it silences nothing of the same range."""
        if self._options.update_baseline:
            return None
        base = self._repository.base_of(self._options.scope, self._options.since, self._options.until)
        return None if base is None else self._matcher_of(self._read(base) or [], base)

    def _accepted_before(self, entries: Sequence[Entry]) -> Collection[int] | None:
        return None if self._before is None else self._matched(self._before, entries)

    def _matcher_of(self, entries: Sequence[Entry], written: Revision) -> Matcher:
        renamed: dict[str, str] = {}

        def formerly() -> dict[str, str]:
            if not renamed:
                renamed.update(self._renamed(written))
                renamed.setdefault("", "")  # asked, whatever the answer
            return renamed

        return Matcher(entries, formerly, self._is_gone)

    def _renamed(self, written: Revision) -> dict[str, str]:
        return self._repository.renamed_since(self._config.baseline, written, self._subject.revision)

    def _is_gone(self, entry: Entry) -> bool:
        """Whether the function of an entry is no longer where it was."""
        blob = self._subject.entries.get(entry.path)
        if blob is None:
            return True
        return entry.qualname not in {name for name, _ in self._bodies_of(entry.path, blob)}

    def _bodies_of(self, path: str, blob: str = "") -> dict[tuple[str, int], str]:
        if path not in self._bodies:
            source = self._sources.get(path)
            if source is None:
                source = self._repository.blobs([blob]).get(blob, b"") if blob else b""
            self._bodies[path] = bodies(source)
        return self._bodies[path]

    def _entry(self, item: Finding | Unanalysed) -> Entry:
        path, name, line = _place(item)
        body = self._bodies_of(path).get((name, line or 0), "") if self._entries is not None else ""
        return Entry(path, name, _code(item) or "", body)

    # -- what silences nothing any more ----------------------------------------------------------------------------

    def stale(self, *, but_for_baseline: bool = False) -> list[Stale]:
        """Return the comments and the entries of the baseline that silence nothing; only what this run can know."""
        found = [
            Stale(
                "comment",
                path,
                comment.line,
                f"the comment silences no {', '.join(sorted(comment.codes))}",
                "remove it",
            )
            for path in sorted(self._sources)
            for comment in self._comments(path)
            if self._is_unused(path, comment)
        ]
        is_told = self._entries is not None and not self._options.write_baseline and not but_for_baseline
        solved = self._solved(self._now.left) if is_told else []
        if solved:
            told = ", ".join(f"{entry.path}: {entry.qualname or 'the file'}" for entry in solved[:_MOST_TOLD])
            more = f" and {len(solved) - _MOST_TOLD} more" if len(solved) > _MOST_TOLD else ""
            what = "1 entry is" if len(solved) == 1 else f"{len(solved)} entries are"
            found.append(Stale("baseline", self._config.baseline, None, f"{what} solved: {told}{more}", _ANEW))
        return found

    def _is_unused(self, path: str, comment: Suppression) -> bool:
        if (path, comment.line) in self._seen.by_comment or not all(map(self._is_decided, comment.codes)):
            return False
        if NOT_ANALYSED in self._seen.broken.get((path, ""), ()):  # the whole file: what is in it is unknown
            return False
        covered = [name for name, line in self._bodies_of(path) if comment.covers(line)]
        return all((path, name) in self._seen.broken for name in covered)

    def _is_decided(self, code: str) -> bool:
        """Whether this run would have found it if a rule were broken."""
        if code in _UNTESTED:
            return not self._seen.is_estimated
        if code == SUSPECT:  # where tests are made, what is dismissed is not looked for
            return self._options.promises and self._config.mode == "fail" and not self._options.diff
        return code == NOT_ANALYSED or (code == "PTG004" and self._options.strength)

    def _solved(self, entries: Sequence[Entry]) -> list[Entry]:
        is_whole = self._options.scope == "all" and not self._options.paths
        return [
            entry
            for entry in entries
            if self._is_decided(entry.rule)
            and not self._seen.broken.get((entry.path, entry.qualname), set()) & _alike(entry.rule)
            and (is_whole or (entry.path, entry.qualname) in self._seen.broken)
        ]

    # -- writing ---------------------------------------------------------------------------------------------------

    def shrunk(self) -> Edit | None:
        """Return the baseline without what this run found solved; None where nothing is, or where its file has edits."""
        place = self._repository.root / self._config.baseline
        solved = set(self._solved(self._now.left)) if self._entries is not None else set()
        if not solved or not place.is_file():
            return None
        before = place.read_bytes()
        there = self._parsed(before)
        if there != self._entries:
            return None
        return Edit(self._config.baseline, before, render_baseline([entry for entry in there if entry not in solved]))

    def baseline_edit(self) -> Edit:
        """Return the baseline with what this run found, without what it found solved; what it did not look at stays."""
        path = self._config.baseline
        place = self._repository.root / path
        before = place.read_bytes() if place.is_file() else None
        there = self._parsed(before) if before is not None else self._entries or []
        matcher = self._matcher_of(there, self._subject.revision)
        found = matcher.match(self._open)
        now = [
            replace(entry, rule=found[number].rule) if number in found else entry
            for number, entry in enumerate(self._open)
        ]
        solved = set(self._solved(matcher.left))
        kept = [entry for entry in matcher.left if entry not in solved]
        return Edit(path, before, render_baseline([*now, *kept]))

    def comment_edits(self, findings: Sequence[Finding], unanalysed: Sequence[Unanalysed], reason: str) -> list[Edit]:
        """Return the sources with comments that silence these; FatalError for files that are not as they were examined."""
        wanted: dict[str, dict[int | None, set[str]]] = {}
        every: list[Finding | Unanalysed] = [*findings, *unanalysed]
        for item in every:
            code, (path, _, line) = _code(item), _place(item)
            if code is not None:
                wanted.setdefault(path, {}).setdefault(line, set()).add(code)
        dirty = sorted(self._repository.dirty(wanted)) if wanted else []
        staged = (
            self._repository.entries(INDEX) if wanted and self._subject.revision != INDEX else self._subject.entries
        )
        dirty += [path for path in sorted(wanted) if staged.get(path) != self._subject.entries.get(path)]
        if dirty:
            raise FatalError(
                f"{dirty[0]} is not in the work tree as it was examined, so no comment was written. "
                "Commit its edits, or put them aside, first."
            )
        return [self._comment_edit(path, wanted[path], reason) for path in sorted(wanted)]

    def with_comments(
        self, findings: Sequence[Finding], unanalysed: Sequence[Unanalysed], reason: str
    ) -> tuple[list[Finding], list[Silenced]]:
        """Return the findings that ask for nothing, and all else as silenced by comments."""
        left = [finding for finding in findings if finding.code is None]
        every: list[Finding | Unanalysed] = [*findings, *unanalysed]
        return left, [self._silenced(item, "comment", reason) for item in every if _code(item) is not None]

    def _comment_edit(self, path: str, wanted: dict[int | None, set[str]], reason: str) -> Edit:
        before = (self._repository.root / path).read_bytes()
        try:
            return Edit(path, before, with_suppressions(path, before, wanted, reason))
        except CannotMerge as problem:
            advice = "Write the comment by hand, or use --write-baseline."
            raise FatalError(f"{path}: no comments were written anywhere: {problem}. {advice}") from None


def _alike(rule: str) -> frozenset[str]:
    return _UNTESTED if rule in _UNTESTED else frozenset({rule})


def _code(item: Finding | Unanalysed) -> str | None:
    return item.code if isinstance(item, Finding) else NOT_ANALYSED


def _place(item: Finding | Unanalysed) -> tuple[str, str, int | None]:
    if isinstance(item, Finding):
        return item.function.path, item.function.qualname, item.function.def_line
    return item.path, item.qualname or "", item.line


def _otherwise(item: _Item) -> list[_Item]:
    """Return what is to be said of a function once a suspicion is dismissed."""
    return [item.otherwise] if isinstance(item, Finding) and item.otherwise is not None else []


def _grown(item: _Item) -> _Item:
    return replace(item, reason=item.reason + _GROWN)
