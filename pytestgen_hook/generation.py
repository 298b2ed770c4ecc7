"""From untested functions to proved tests: explore, render, merge, prove; what does not hold is dropped and said."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import json
import keyword
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytestgen_hook import __version__, callsites, codestyle, formatting, gates, layout, merge, reasons, render, targets
from pytestgen_hook.cache import Cache
from pytestgen_hook.engines import search, written
from pytestgen_hook.functions import bodies
from pytestgen_hook.pytest_settings import PytestSettings
from pytestgen_hook.sourcefile import CannotMerge
from pytestgen_hook.terminal import escaped
from pytestgen_hook.testcode import TestCode
from pytestgen_hook.types.changes import Function
from pytestgen_hook.types.generated import Case, Documented, Edit, Exploration, TestModule, WrittenTest
from pytestgen_hook.types.report import Finding, Status

if TYPE_CHECKING:
    from pytestgen_hook.engines.model import Speaker

_ATTEMPTS = 4  # of proving; each one drops what was not green
_LEAST_PROVING_SECONDS = 30.0  # or as long as was allowed for finding calls
_SECONDS_A_TEST = 0.1
_MOST_CALLERS = 150
BATCH = 16  # functions that are proved and written together, while others are still explored; always whole files
PTG004 = "PTG004"


@dataclass(frozen=True, slots=True)
class Project:
    """What generating needs to know about the repository, as of the examined revision."""

    tree: Path  # copy of the tree, ours to write in
    second_tree: Callable[[], Path]  # another one, to prove in while functions of the first are explored
    cache: Cache  # of explorations
    content: Callable[[str], str]  # what stands for a source file and all that it rests on
    folder: Path  # temporary folder of the run
    files: Collection[str]
    roots: Sequence[str]
    tests_dir: str | None
    code: TestCode  # what pytest collects
    python: Path
    module_name: Callable[[str], str]
    imported_by: Callable[[str], Collection[str]]  # test file → files that it imports
    read: Callable[[str], bytes | None]  # a test file as it is, None if there is none or it may not be touched
    taken: Callable[[str], bool]  # whether a test file may not be touched
    standing: Callable[[str], bytes | None]  # one that may not be touched as it stands in the work tree
    documented: Callable[[str], Mapping[Function, Documented]]  # source file → what is said of its functions
    made: Mapping[str, bytes] = field(default_factory=dict)  # test files as earlier batches left them
    header: bool = False  # whether new files begin with a comment on their origin
    model: Callable[[], str] = lambda: ""  # the name and the SHA-256 of the model that is asked


@dataclass(frozen=True, slots=True)
class Generated:
    """New contents of test files, and the findings with what became of them."""

    edits: tuple[Edit, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()

    def plus(self, other: Generated) -> Generated:
        """Return both together, ``other`` being the later one: it may add to files of this one."""
        later = {edit.path: edit for edit in other.edits}
        edits = [replace(edit, after=later.pop(edit.path, edit).after) for edit in self.edits]
        notes = dict.fromkeys(self.notes + other.notes)
        return Generated((*edits, *later.values()), self.findings + other.findings, tuple(notes))


@dataclass(frozen=True, slots=True)
class _Draft:
    """One test file to be, before or after proving: its text and where each new test comes from."""

    path: str
    before: bytes | None
    after: bytes
    origin: Mapping[tuple[str, str], tuple[str, int, int]]  # (test, id) → (source path, exploration, case)


@dataclass(frozen=True, slots=True)
class _Unplaced:
    """Why tests of a function are not written, and those that there are already."""

    reason: str
    tests: tuple[str, ...] = ()


def find_calls(functions: Sequence[Function], callers: Mapping[str, Sequence[bytes]]) -> dict[str, list[str]]:
    """Return {source path: calls in the repository of its functions and classes}; ``callers`` are sources of importers."""
    found: dict[str, list[str]] = {}
    for path in {function.path for function in functions}:
        names = {part for function in functions if function.path == path for part in function.qualname.split(".")}
        calls = callsites.calls_of(names, callers.get(path, ())[:_MOST_CALLERS])
        found[path] = [text for texts in calls.values() for text in texts]
    return found


def generate(
    findings: Sequence[Finding],
    project: Project,
    *,
    calls: Mapping[str, Sequence[str]],
    seconds: float,
    done: Callable[[Exploration], None],
    proving: Callable[[int], None],
    speaker: Speaker | None = None,
    author: written.Author | None = None,
) -> Generator[Generated]:
    """Yield tests for the untested functions among ``findings``, each proved, and their findings brought up to date.

    They come in batches, always of whole source files, as soon as these have been explored; the others are explored
    meanwhile. A later batch may add to a test file of an earlier one, and takes it to be as that left it. ``proving`` is called
    before the last batch is proved. With a ``speaker`` a model is asked about what the search leaves; an ``author`` has one
    write tests beside those of the search, within the same ``seconds``.
    """
    end = time.monotonic() + seconds
    hypothesis = _uses_hypothesis(project)
    wanted: dict[str, list[Finding]] = {}
    for finding in findings:
        wanted.setdefault(finding.function.path, []).append(finding)
    tasks: list[search.Task] = []
    slots: list[tuple[str, int]] = []  # of each task: its path, and its place among the functions there
    explored: dict[str, list[Exploration]] = {}
    for path, some in wanted.items():
        module = project.module_name(path)
        problem = None if _is_importable(module) else "its file has no name that a test could import"
        explored[path] = [Exploration(finding.function, module, problem=problem) for finding in some]
        if problem is None:
            slots += [(path, number) for number in range(len(some))]
            content = f"{hypothesis} {project.content(path)}"
            said = project.documented(path)
            tasks += [
                task_of(function, module, calls.get(path, ()), content, said.get(function, Documented()))
                for function in [finding.function for finding in some]
            ]
    missing = Counter(path for path, _ in slots)
    ready = [path for path in wanted if not missing[path]]
    made: dict[str, bytes] = {}
    later = replace(
        project,
        read=lambda path: made[path] if path in made else project.read(path),
        taken=lambda path: path not in made and project.taken(path),
        made=made,
    )

    def finished(tree: Path) -> Generated:
        batch = {path: [_without_suspect(one) for one in explored.pop(path)] for path in ready}
        ready.clear()
        share = seconds * sum(map(len, batch.values())) / len(findings)
        some = [finding for path in batch for finding in wanted[path]]
        found = _finished(some, batch, replace(later, tree=tree), proving if not explored else None, share, early)
        made.update((edit.path, edit.after) for edit in found.edits)
        return found

    bench = search.Bench(project.python, project.tree, project.roots, project.folder, hypothesis)
    early = gates.EarlyRounds(python=project.python, tree=project.tree, roots=project.roots, folder=project.folder)
    hunt = _hunt(tasks, bench, speaker, early, seconds=seconds, done=done, cache=project.cache)
    with contextlib.closing(early), contextlib.closing(hunt):
        if speaker is None or not speaker.is_wanted:  # else a model is loaded, which would take longer beside it
            early.begin()
        for over in hunt:
            for position, exploration in over:
                path, number = slots[position]
                if author is not None:
                    folder = PurePosixPath(_usual_place(path, project)).parent.as_posix()
                    left, others = end - time.monotonic(), sum(missing.values()) - 1
                    exploration = author.improved(exploration, folder, seconds=left, others=others)
                explored[path][number] = exploration
                missing[path] -= 1
                if not missing[path]:
                    ready.append(path)
            tree = _proving_tree(project, ready, explored)
            if tree is not None:
                yield finished(tree)
        if ready:
            yield finished(project.tree)


def _hunt(
    tasks: Sequence[search.Task],
    bench: search.Bench,
    speaker: Speaker | None,
    early: gates.EarlyRounds,
    *,
    seconds: float,
    done: Callable[[Exploration], None],
    cache: Cache,
) -> Generator[list[tuple[int, Exploration]]]:
    """Explore the tasks, with the model of a speaker if there is one; what proves is started once that has answered."""
    if speaker is None:
        return search.explore(tasks, bench, seconds=seconds, done=done, cache=cache)
    from pytestgen_hook.engines import model

    return model.explore(tasks, bench, speaker, seconds=seconds, done=done, cache=cache, answered=early.begin)


def _proving_tree(project: Project, ready: Sequence[str], explored: Mapping[str, Sequence[Exploration]]) -> Path | None:
    """Return the tree to prove the tests of the sources in that are ready, None where more is to be waited for."""
    if ready and len(ready) == len(explored):
        return project.tree  # at once: to end what explored, a model among it, takes time
    return project.second_tree() if sum(len(explored[path]) for path in ready) >= BATCH else None


def task_of(
    function: Function,
    module: str,
    calls: Sequence[str],
    content: str,
    documented: Documented,
    *,
    only_promises: bool = False,
) -> search.Task:
    """Return what is to be explored; of the calls only those that name the function are part of its key."""
    own = re.compile(rf"\b{re.escape(function.name)}\(")
    state = [function.path, function.qualname, function.first_line, module, content, only_promises, asdict(documented)]
    key = hashlib.sha256(json.dumps([*state, [call for call in calls if own.search(call)]]).encode())
    return search.Task(function, module, tuple(calls), key.hexdigest(), documented, only_promises)


def _finished(
    findings: Sequence[Finding],
    by_source: dict[str, list[Exploration]],
    project: Project,
    proving: Callable[[int], None] | None,
    seconds: float,
    early: gates.EarlyRounds,
) -> Generated:
    """Return the tests of some source files that have been explored, proved, and the findings brought up to date."""
    unplaced: dict[_Key, _Unplaced] = {}
    drafts, dropped = _proved(by_source, project, proving, unplaced, max(_LEAST_PROVING_SECONDS, seconds), early)
    tests = _tests_of(drafts, by_source)
    why = _reasons_of(drafts, by_source, project.tree)
    outcome = {_key(item.function): item for items in by_source.values() for item in items}
    updated = []
    for finding in findings:
        key = _key(finding.function)
        found = _update(finding, outcome[key], tests.get(key, ()), dropped.get(key), unplaced.get(key))
        updated.append(replace(found, reasons=tuple(why.get(key, ()))))
    edits = tuple(
        Edit(draft.path, draft.before, _header(draft, by_source, project) + draft.after)
        for draft in drafts
        if draft.after != draft.before
    )
    notes = [
        layout.import_note(
            draft.path, project.module_name(source), project.files, project.roots, project.read, code=project.code
        )
        for draft in drafts[:1]
        for source in sorted({origin[0] for origin in draft.origin.values()})[:1]
    ]
    return Generated(edits, tuple(updated), tuple(note for note in notes if note))


def _header(draft: _Draft, by_source: Mapping[str, Sequence[Exploration]], project: Project) -> bytes:
    """The comment that says what wrote a new file, and the digest of each function as it was then; b"" if none is wanted.

    Files that are there get none: they are their authors', and nobody could keep it true.
    """
    if not project.header or draft.before is not None:
        return b""
    explored = {(source, number) for source, number, _ in draft.origin.values()}
    engines = sorted({by_source[source][number].engine for source, number in explored})
    model = f": {project.model()}" if "model" in engines else ""
    lines = [f"# Written by pytestgen-hook {__version__} ({', '.join(engines)}{model}) from observed calls of:"]
    for source in sorted({source for source, _ in explored}):
        digests = bodies((project.tree / source).read_bytes())
        for number in sorted(number for path, number in explored if path == source):
            function = by_source[source][number].function
            lines.append(f"#   {source}::{function.qualname} {digests[function.qualname, function.def_line]}")
    return "".join(f"{escaped(line)}\n" for line in lines).encode()


_HYPOTHESIS = re.compile(rb"^\s*(?:from|import)\s+hypothesis\b", re.MULTILINE)
_DECLARED = re.compile(rb"^[\s\"']*hypothesis(?![\w-])", re.MULTILINE)
_DECLARING = re.compile(r"(?:pyproject\.toml|setup\.cfg|tox\.ini|[\w./-]*requirements[\w./-]*\.(?:txt|in))")


def _uses_hypothesis(project: Project) -> bool:
    """Whether a test of the project imports Hypothesis, or the project names it among what it needs."""
    declaring = [path for path in project.files if _DECLARING.fullmatch(path)]
    wanted = [*((path, _HYPOTHESIS) for path in project.code.collected), *((path, _DECLARED) for path in declaring)]
    for path, pattern in wanted:
        try:
            if pattern.search((project.tree / path).read_bytes()):
                return True
        except OSError:
            continue
    return False


def _is_importable(module: str) -> bool:
    return all(part.isidentifier() and not keyword.iskeyword(part) for part in module.split("."))


_Key = tuple[str, str, int]


def _key(function: Function) -> _Key:
    return function.path, function.qualname, function.first_line


def _proved(
    by_source: dict[str, list[Exploration]],
    project: Project,
    proving: Callable[[int], None] | None,
    unplaced: dict[_Key, _Unplaced],
    seconds: float,
    early: gates.EarlyRounds,
) -> tuple[list[_Draft], dict[_Key, str]]:
    """Draft and prove until every remaining case is green in every round; also why cases of a function were dropped."""
    dropped: dict[_Key, str] = {}
    deadline = time.monotonic() + seconds
    for _ in range(_ATTEMPTS):
        drafts = _drafts(by_source, project, unplaced)
        if not drafts:
            return [], dropped
        if proving is not None:
            proving(sum(len(draft.origin) for draft in drafts))
        beside = _of_equal_names(drafts, project.made)
        for path, content in [*beside.items(), *((draft.path, draft.after) for draft in drafts)]:
            target = project.tree / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        proof = _prove(drafts, beside, project, deadline, early)
        bad = _bad_cases(drafts, beside, proof)
        for path, before in [*((path, None) for path in beside), *((draft.path, draft.before) for draft in drafts)]:
            target = project.tree / path
            if before is None:
                target.unlink()
            else:
                target.write_bytes(before)
        if not bad:
            return drafts, dropped
        _drop(by_source, bad, dropped)
    return [], dropped


def _of_equal_names(drafts: Sequence[_Draft], made: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files made before that pytest may not be able to collect together with one of the drafts."""
    paths = {draft.path for draft in drafts}
    names = {PurePosixPath(path).name for path in paths}
    return {path: text for path, text in made.items() if path not in paths and PurePosixPath(path).name in names}


def _prove(
    drafts: Sequence[_Draft], beside: Collection[str], project: Project, deadline: float, early: gates.EarlyRounds
) -> gates.Proof:
    """Prove all drafts in one go; where that comes to no end, each alone, so that one bad file does not cost the others.

    The files ``beside`` are collected with them, to see whether that can be done.
    """

    def run(some: Sequence[_Draft]) -> gates.Proof:
        ids = [*beside, *sorted({f"{draft.path}::{test}" for draft in some for test, _ in draft.origin})]
        return gates.prove(
            ids,
            python=project.python,
            tree=project.tree,
            roots=project.roots,
            folder=project.folder,
            seconds=deadline - time.monotonic() + _SECONDS_A_TEST * len(ids),
            early=early,
        )

    proof = run(drafts)
    if proof.problem is None or len(drafts) == 1:
        return proof
    green: set[str] = set()
    failed: dict[str, str] = {}
    for draft in drafts:
        alone = run([draft])
        if alone.problem is not None:
            failed.update({f"{draft.path}::{_node(*key)}": alone.problem for key in draft.origin})
        green |= alone.green
        failed.update(alone.failed)
    return gates.Proof(frozenset(green), failed)


def _node(test: str, identifier: str) -> str:
    return f"{test}[{identifier}]" if identifier else test


def _bad_cases(
    drafts: Sequence[_Draft], beside: Collection[str], proof: gates.Proof
) -> dict[tuple[str, int, int], str]:
    # Of two files that cannot be collected together pytest names one or the other.
    clashes = {PurePosixPath(path).name: proof.failed[path] for path in beside if path in proof.failed}
    found = {}
    for draft in drafts:
        clash = clashes.get(PurePosixPath(draft.path).name)
        for key, origin in draft.origin.items():
            node = f"{draft.path}::{_node(*key)}"
            if clash or node not in proof.green:
                found[origin] = clash or proof.why_not(node)
    return found


def _drop(
    by_source: dict[str, list[Exploration]], bad: Mapping[tuple[str, int, int], str], dropped: dict[_Key, str]
) -> None:
    for source, explorations in by_source.items():
        for number, exploration in enumerate(explorations):
            lost = {case: why for (path, index, case), why in bad.items() if path == source and index == number}
            if lost:
                explorations[number] = _without(exploration, lost.keys())
                dropped[_key(exploration.function)] = _last_line(next(iter(lost.values())))


def _without_suspect(exploration: Exploration) -> Exploration:
    """Return the exploration, without cases and tests if calls contradict the documentation.

    Tests of what is left would make a function tested that is probably wrong, and the next run would say nothing of it.
    """
    if not exploration.is_suspect:
        return exploration
    return _without(exploration, range(len(exploration.cases) + len(exploration.written)))


def _without(exploration: Exploration, lost: Collection[int]) -> Exploration:
    """Return the exploration without some of its cases and tests, the figures those of what stays."""
    both: list[Case | WrittenTest] = [*exploration.cases, *exploration.written]
    both = [one for index, one in enumerate(both) if index not in lost]
    lines = frozenset().union(*[one.lines for one in both])
    kills = frozenset().union(*[one.kills for one in both])
    return replace(
        exploration,
        cases=tuple(one for one in both if isinstance(one, Case)),
        written=tuple(one for one in both if isinstance(one, WrittenTest)),
        lines_run=len(lines),
        mutants_killed=len(kills),
    )


def _last_line(text: str) -> str:
    told = [line[2:].strip() for line in text.splitlines() if line.startswith("E ")]
    lines = told[:1] or [line.strip() for line in text.splitlines() if line.strip()][-1:]
    return lines[0][:200] if lines else "no output"


def _drafts(
    by_source: Mapping[str, Sequence[Exploration]], project: Project, unplaced: dict[_Key, _Unplaced]
) -> list[_Draft]:
    """Render and merge what there is to write, one draft a test file (several sources may share one).

    ``unplaced`` gets the functions whose tests are not written: they stand in a file that is not staged, or no file
    may be touched.
    """
    first_party = {project.module_name(path).split(".")[0] for path in project.files if path.endswith(".py")}
    drafts: dict[str, _Draft] = {}
    for source, explorations in sorted(by_source.items()):
        if not any(exploration.cases or exploration.written for exploration in explorations):
            continue
        usual = _usual_place(source, project)
        why_not = _why_not_collected(usual, project.code)
        if why_not:
            unplaced.update(
                (_key(item.function), _Unplaced(why_not)) for item in explorations if item.cases or item.written
            )
            continue
        for path in layout.places(usual, project.code):
            is_taken = project.taken(path)
            existing = project.standing(path) if is_taken else project.read(path)
            if is_taken and existing is None:
                continue
            draft = drafts.get(path) or _Draft(path, existing, existing or b"", {})
            try:
                added, there = _added(draft, source, explorations, project, first_party)
            except CannotMerge:
                continue
            if not is_taken:
                drafts[path] = added
                break
            if not added.origin:
                for number, tests in there.items():
                    ids = tuple(f"{path}::{test}" for test in tests)
                    reason = f"its tests stand in {path}, which is not staged"
                    unplaced[_key(explorations[number].function)] = _Unplaced(reason, ids)
                break
        else:
            reason = f"neither {usual} nor a file beside it may be written: is its folder a link, or ignored by git?"
            unplaced.update(
                (_key(item.function), _Unplaced(reason)) for item in explorations if item.cases or item.written
            )
    return [draft for draft in drafts.values() if draft.origin]


def _usual_place(source: str, project: Project) -> str:
    """Return the test file for a source file, by the project's own layout."""
    return layout.test_path_for(
        source, project.files, project.roots, project.tests_dir, project.imported_by, project.code
    )


def _why_not_collected(path: str, code: TestCode) -> str | None:
    """Return why pytest would not run tests written to a path, whatever stands in it; None if it would."""
    settings = code.settings(path)
    if settings.function_name("test_it") is None:
        patterns = ", ".join(settings.python_functions)
        return f"no test could be named for pytest to collect it: python_functions in {settings.path} is {patterns}"
    return code.why_not_collected(path)


def _added(
    draft: _Draft,
    source: str,
    explorations: Sequence[Exploration],
    project: Project,
    first_party: Collection[str],
) -> tuple[_Draft, dict[int, list[str]]]:
    """Return the draft with the tests added, and those that stand in it already by the number of their exploration."""
    existing = draft.after if draft.origin or draft.before is not None else None
    before = _top_level_names(existing)
    settings = project.code.settings(draft.path)
    text = (project.tree / source).read_text(encoding="utf-8", errors="replace")
    style = _style(draft.path, text, existing, project)
    rendered = render.render(explorations, taken=before, source=text, line_length=style.line_length)
    named = _as_collected(rendered.module, settings)
    module = formatting.format_tests(named, tree=project.tree, test_path=draft.path, style=style)
    merged = merge.merge_tests(
        existing,
        module,
        first_party=first_party,
        collected=settings.collects_name,
        line_length=style.line_length,
    )
    new_names = dict(zip((name for name, _ in rendered.module.tests), (name for name, _ in named.tests), strict=True))
    origin = dict(draft.origin)
    there: dict[int, list[str]] = {}
    for (asked, identifier), (number, case) in rendered.origin.items():
        test = merged.names[new_names[asked]]
        if test not in before:
            origin[test, identifier] = (source, number, case)
        elif test not in there.setdefault(number, []):
            there[number].append(test)
    return _Draft(draft.path, draft.before, merged.source, origin), there


def _style(path: str, source: str, existing: bytes | None, project: Project) -> codestyle.CodeStyle:
    def read(name: str) -> str | None:
        place = project.tree / name
        return place.read_text(encoding="utf-8", errors="replace") if place.is_file() else None

    samples = [(existing or b"").decode("utf-8", errors="replace"), source]
    return codestyle.code_style(path, read, samples)


def _as_collected(module: TestModule, settings: PytestSettings) -> TestModule:
    """Return the module with tests under names that the project's pytest takes for tests."""
    tests = []
    for name, source in module.tests:
        wanted = settings.function_name(name) or name
        tests.append((wanted, source if wanted == name else merge.renamed(source, name, wanted)))
    return replace(module, tests=tuple(tests))


def _top_level_names(source: bytes | None) -> set[str]:
    if source is None:
        return set()
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    return {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))}


def _tests_of(drafts: Sequence[_Draft], by_source: Mapping[str, Sequence[Exploration]]) -> dict[_Key, list[str]]:
    """Return the node ids (without parameter ids) of the new tests of each function."""
    found: dict[_Key, list[str]] = {}
    for draft in drafts:
        for (test, _), (source, number, _case) in draft.origin.items():
            tests = found.setdefault(_key(by_source[source][number].function), [])
            if f"{draft.path}::{test}" not in tests:
                tests.append(f"{draft.path}::{test}")
    return found


def _reasons_of(
    drafts: Sequence[_Draft], by_source: Mapping[str, Sequence[Exploration]], tree: Path
) -> dict[_Key, list[tuple[str, str]]]:
    """Return (node id, why it stays) of the new tests, and rows of tests, of each function."""
    found: dict[_Key, list[tuple[str, str]]] = {}
    known: dict[_Key, list[str]] = {}
    for draft in drafts:
        for (test, identifier), (source, number, case) in draft.origin.items():
            exploration = by_source[source][number]
            key = _key(exploration.function)
            if key not in known:
                text = (tree / source).read_text(encoding="utf-8", errors="replace")
                known[key] = reasons.reasons(exploration, text)
            if known[key][case]:
                found.setdefault(key, []).append((f"{draft.path}::{_node(test, identifier)}", known[key][case]))
    return found


def _update(
    finding: Finding, exploration: Exploration, tests: Sequence[str], dropped: str | None, unplaced: _Unplaced | None
) -> Finding:
    measured = replace(
        finding,
        lines_run=exploration.lines_run,
        lines_total=exploration.lines_total,
        branches_run=exploration.branches_run,
        branches_total=exploration.branches_total,
        mutants_killed=exploration.mutants_killed,
        mutants_total=exploration.mutants_total,
        engine=exploration.engine,
        untried=exploration.untried,
        seconds=round(exploration.seconds, 3),
        tokens=exploration.tokens,
        dropped=exploration.dropped,
    )
    return targets.contradicted(_outcome(measured, exploration, tests, dropped, unplaced), exploration.promises)


def _outcome(
    measured: Finding, exploration: Exploration, tests: Sequence[str], dropped: str | None, unplaced: _Unplaced | None
) -> Finding:
    """Return the finding with what became of the tests of its function."""
    if exploration.refused:
        return replace(measured, status=Status.REFUSED, reason=exploration.refused)
    if tests:
        return replace(measured, status=Status.GENERATED, code=None, tests=tuple(tests), reason="")
    if dropped and not (unplaced and unplaced.tests):
        is_denied = "PermissionError" in dropped or "it tries to " in dropped
        hint = "; a fixture or conftest.py may need what the sandbox denies" if is_denied else ""
        return replace(measured, reason=f"its tests did not hold when repeated: {dropped}{hint}")
    if unplaced:
        return replace(measured, tests=unplaced.tests, reason=unplaced.reason)
    code = PTG004 if exploration.toothless else measured.code
    return replace(measured, code=code, reason=exploration.problem or measured.reason)
