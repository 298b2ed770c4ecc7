"""One examination of a revision: the tools that its stages share, each made when it is first needed."""

from __future__ import annotations

import hashlib
import json
import os
import posixpath
import shlex
import shutil
import time
from collections.abc import Callable, Collection, Generator, Iterable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytestgen_hook import targets
from pytestgen_hook.cache import Cache, default_folder
from pytestgen_hook.commands.options import Progress
from pytestgen_hook.config import given_path
from pytestgen_hook.errors import FatalError
from pytestgen_hook.functions import SyntaxProblem, functions_in
from pytestgen_hook.sandbox import clean_environment, processors
from pytestgen_hook.types.changes import ChangedFunction, Function
from pytestgen_hook.types.evidence import Evidence, RunOutcome, TestRun
from pytestgen_hook.types.generated import Documented, Exploration
from pytestgen_hook.types.report import Finding, Status
from pytestgen_hook.types.settings import Model

if TYPE_CHECKING:
    from pytestgen_hook.config import Config
    from pytestgen_hook.early import EarlyPytest
    from pytestgen_hook.engines.model import Speaker
    from pytestgen_hook.engines.written import Author
    from pytestgen_hook.generation import Generated, Project
    from pytestgen_hook.git import Repository, Revision
    from pytestgen_hook.imports import ImportGraph
    from pytestgen_hook.interpreter import Interpreter
    from pytestgen_hook.measure import Bench
    from pytestgen_hook.strength import Measured
    from pytestgen_hook.testcode import TestCode

_MOST_JOBS = 4  # each needs a copy of the tree


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined: a revision of a repository with its files, which of them are test code, and the settings."""

    repository: Repository
    revision: Revision
    entries: dict[str, str]
    code: TestCode
    config: Config

    def refuse_wrong_settings(self) -> None:
        """Raise FatalError for settings that name what is not there, before anything rests on them."""
        root, config = self.repository.root, self.config
        for folder in config.source_roots:
            if not (root / folder).is_dir() and not any(path.startswith(f"{folder}/") for path in self.entries):
                raise FatalError(
                    f"source-roots names {folder}, which is no folder of the repository. Mend the setting."
                )
        folder = config.tests_dir or ""
        parts = [folder, *map(str, PurePosixPath(folder).parents)]
        wrong = next((part for part in parts if part in self.entries or (root / part).is_file()), None)
        if wrong is not None:
            raise FatalError(f"tests-dir = {folder}: {wrong} is a file. Name a folder.")
        if config.python and not _is_there(root, config.python):
            advice = "Name the project's interpreter, for example .venv/bin/python."
            raise FatalError(f"the python setting names {config.python}, which is no program. {advice}")


def _said_of(runs: Iterable[TestRun]) -> list[str]:
    """Return what is to be said of test files, once for all of which the same is true."""
    alike: dict[str, list[str]] = {}
    for run in runs:
        if run.outcome is not RunOutcome.PASSED:
            where = " beside other tests" if run.is_beside else ""
            what = f"{len(run.failed)} failing{where}" if run.failed else f"{run.outcome.value}: {run.message}"
            alike.setdefault(f"{what}; what does not pass is no evidence", []).append(run.path)
        elif run.message:
            alike.setdefault(run.message, []).append(run.path)
    return [f"{paths[0]}{_and_more(paths)}: {what}" for what, paths in alike.items()]


def _and_more(paths: Sequence[str]) -> str:
    return f" and {len(paths) - 1} more" if len(paths) > 1 else ""


def _is_there(root: Path, python: str) -> bool:
    """Whether there is an interpreter of this name or path, or an environment of this folder, by its looks."""
    place = root / given_path(python)
    if os.path.isdir(place):  # noqa: PTH112  Path.is_dir raises for a name that is too long
        names = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")
        return any(os.access(place / name, os.X_OK) for name in names)
    if os.path.isfile(place):  # noqa: PTH113  the same
        return os.access(place, os.X_OK)
    return not any(mark in python for mark in "/\\") and shutil.which(python) is not None


class Examination:
    """Judges changed functions of a revision and makes tests for those that need them.

    ``notes`` say what went aside; ``install`` is the command that would let tests run, where they cannot. ``dismissed`` says of
    a function that it may contradict its documentation, ``vouched`` of a model whether its file may be loaded.
    """

    def __init__(
        self,
        subject: Subject,
        folder: Path,
        progress: Progress,
        *,
        anew: bool = False,
        dismissed: Callable[[Function], bool] = lambda _: False,
        vouched: Callable[[Model], bool] = lambda _: True,
    ) -> None:
        self.notes: list[str] = []
        self.install = ""
        self._repository = subject.repository
        self._revision = subject.revision
        self._entries = subject.entries
        self._code = subject.code
        self._config = subject.config
        self._folder = folder
        self._progress = progress
        self._cache = Cache(default_folder(), anew=anew)
        self._trees_of_tests: dict[int, Path] = {}
        self._dismissed = dismissed
        self._vouched = vouched

    # -- shared, made when needed ----------------------------------------------------------------------------------

    @cached_property
    def _graph(self) -> ImportGraph:
        from pytestgen_hook.imports import build_graph

        self._progress.stage("reading imports")
        return build_graph(self._entries, self._repository.blobs, self._cache, self._config.source_roots, self._code)

    @cached_property
    def _interpreter(self) -> Interpreter:
        from pytestgen_hook.interpreter import find_interpreter

        repository, config = self._repository, self._config
        return find_interpreter(repository.root, config.python, os.environ, self._cache, is_tracked=repository.tracks)

    def _tree_of_tests(self, number: int) -> Path:
        """A copy for the project's own tests alone, and for one process of those that run at once: they may write into it."""
        if number not in self._trees_of_tests:
            self._progress.stage("copying what will be committed")
            self._trees_of_tests[number] = self._copy(f"tests-{number}" if number else "tests")
        return self._trees_of_tests[number]

    @cached_property
    def _tree(self) -> Path:
        """A copy that calls are observed in and that generated tests are proved in."""
        self._progress.stage("copying what will be committed")
        return self._copy("tree")

    @cached_property
    def _second_tree(self) -> Path:
        """A copy that tests are proved in while calls are observed in the other: proving moves it about."""
        return self._copy("second")

    def _copy(self, name: str) -> Path:
        from pytestgen_hook.tree import staged_tree

        copied = staged_tree(self._repository, self._revision, self._folder / name)
        if copied.left_out:
            note = f"ignored files too large to copy were left out: {', '.join(copied.left_out[:3])}"
            self.notes += [] if note in self.notes else [note]
        return copied.path

    # -- the verdicts ----------------------------------------------------------------------------------------------

    def judge(self, changed: Sequence[ChangedFunction]) -> tuple[list[Finding], list[TestRun]]:
        """Return a finding per function, and the runs of the test files that reach them."""
        reaching = self._reaching(changed)
        wanted = sorted({test for found in reaching.values() for test in found})
        if not wanted:
            return targets.judge(changed, reaching, {}), []
        hindrance = self._why_not_run()
        if hindrance:
            self.notes.append(f"no test could be run: {hindrance}")
            named = self._naming(changed, reaching, wanted)
            allowed = self._config.allow_estimates
            return targets.estimate(changed, reaching, named, hindrance, allowed=allowed), []
        runs = self._measured(changed, reaching, wanted)
        return targets.judge(changed, reaching, runs), list(runs.values())

    def _reaching(self, changed: Sequence[ChangedFunction]) -> dict[str, tuple[str, ...]]:
        """Map the path of each changed function to the test files that can reach it."""
        from pytestgen_hook.affected import affected_tests

        paths = sorted({item.function.path for item in changed})
        return affected_tests(self._graph, paths, self._code.collected)

    def _why_not_run(self) -> str | None:
        try:
            interpreter = self._interpreter
        except FatalError as error:
            if self._config.python:
                raise
            return str(error)
        if "pytest" not in interpreter.packages:
            self.install = f"{shlex.quote(str(interpreter.python))} -m pip install pytest"
            return f"{interpreter.python} has no pytest"
        hiding = self._hides_pytest()
        return f"{hiding} hides pytest; give it another name" if hiding else None

    def _hides_pytest(self) -> str | None:
        """Return the file of the project that its tests would import in the place of pytest."""
        names = ("pytest.py", "pytest/__init__.py")
        places = (posixpath.join(root, name) for root in self._graph.roots for name in names)
        return next((place for place in places if place in self._entries), None)

    def _refuse_without_pytest(self, what: str) -> None:
        """Raise FatalError where there is no pytest; ``what`` cannot be done then."""
        python = self._interpreter.python
        if "pytest" not in self._interpreter.packages:
            advice = f"Run `{python} -m pip install pytest`, or name another Python with --python PATH."
            raise FatalError(f"{what}: {python} has no pytest. {advice}")
        hiding = self._hides_pytest()
        if hiding:
            raise FatalError(f"{what}: {hiding} hides pytest. Give it another name.")

    def _naming(
        self, changed: Sequence[ChangedFunction], reaching: dict[str, tuple[str, ...]], tests: Sequence[str]
    ) -> dict[str, tuple[str, ...]]:
        from pytestgen_hook.affected import naming

        blobs = self._repository.blobs(self._entries[test] for test in tests)
        sources = {test: blobs[self._entries[test]] for test in tests}
        return naming((item.function for item in changed), reaching, sources)

    def _measured(
        self, changed: Sequence[ChangedFunction], reaching: dict[str, tuple[str, ...]], tests: Sequence[str]
    ) -> dict[str, TestRun]:
        """Run one test file for each function, and while functions are untested two more that reach them, then four.

        Those come first that name the function, then the nearest: few commits need all that a suite has. What failed beside
        others is run again alone, if it may still decide something.
        """
        from pytestgen_hook.affected import nearest_first

        since = time.monotonic()
        named = self._naming(changed, reaching, tests)
        distance = {test: number for number, test in enumerate(nearest_first(self._graph, reaching, tests))}
        sources = {path: self._functions(path) for path, files in reaching.items() if files}
        runs: dict[str, TestRun] = {}
        some = 1
        while True:
            found = targets.judge(changed, reaching, runs)
            left = [finding.function for finding in found if finding.status is Status.UNTESTED]
            paths = {function.path for function in left}
            rest = {path: sorted({*reaching[path]} - runs.keys(), key=distance.__getitem__) for path in paths}
            wanted: set[str] = set()
            for function in left:
                naming = {*named[f"{function.path}::{function.qualname}"]} - runs.keys()
                ordered = [*sorted(naming, key=distance.__getitem__), *rest[function.path][: some + len(naming)]]
                wanted.update(list(dict.fromkeys(ordered))[:some])
            if not wanted:
                break
            runs |= self._run(sorted(wanted), sources, since)
            some *= 2
        reached = {test for function in left for test in reaching[function.path]}
        beside = [test for test in sorted(reached) if runs[test].is_beside]
        again = self._run(beside, sources, since, jobs=1)
        runs |= {test: run for test, run in again.items() if run.outcome is not RunOutcome.TIMED_OUT}
        self.notes += _said_of(runs.values())
        return runs

    def _run(
        self, tests: Sequence[str], sources: dict[str, list[Function]], since: float, jobs: int | None = None
    ) -> dict[str, TestRun]:
        from pytestgen_hook.measure import measure

        if not tests:
            return {}
        stage = f"running {len(tests)} test file{'s' if len(tests) > 1 else ''}"

        def tree(number: int) -> Path:
            made = self._tree_of_tests(number)
            self._progress.stage(stage)  # again, after that of copying
            return made

        self._progress.stage(stage)
        usual = self._bench()
        bench = replace(usual, make_tree=tree, jobs=jobs or usual.jobs)
        return {run.path: run for run in measure(tests, sources, bench, since)}

    def _bench(self) -> Bench:
        from pytestgen_hook.measure import Bench

        return Bench(
            make_tree=self._tree_of_tests,
            folder=self._folder,
            interpreter=self._interpreter,
            graph=self._graph,
            entries=self._entries,
            cache=self._cache,
            timeout=self._config.test_timeout,
            read_blobs=self._repository.blobs,
            root=self._repository.root,
            is_confined=self._config.confine_tests,
            jobs=self._config.test_jobs or min(processors(), _MOST_JOBS),
        )

    def _functions(self, path: str) -> list[Function]:
        blob = self._entries[path]
        try:
            return functions_in(path, self._repository.blobs([blob])[blob])
        except SyntaxProblem:
            return []

    # -- the strength of tests -------------------------------------------------------------------------------------

    def strength(self, changed: Sequence[ChangedFunction], early: EarlyPytest | None = None) -> Measured:
        """Try mutants of the functions against all test files that reach them; FatalError where no test can run.

        ``early`` is made use of if it is of the right interpreter.
        """
        from pytestgen_hook.measure import hindrance
        from pytestgen_hook.strength import measure_strength

        self._refuse_without_pytest("the strength of tests cannot be measured")
        if self._config.confine_tests:
            raise FatalError(
                "the strength of tests cannot be measured with confine-tests. Turn that off, or do without."
            )
        too_old = hindrance(self._interpreter)
        if too_old:
            raise FatalError(f"the strength of tests cannot be measured: {too_old}.")
        reaching = self._reaching(changed)
        tests = sorted({test for found in reaching.values() for test in found})
        named = self._naming(changed, reaching, tests)
        likely = {test for files in named.values() for test in files}
        tests.sort(key=lambda test: test not in likely)  # the time for running tests may not suffice for all
        functions = [item.function for item in changed]
        bench = self._bench()
        bench.make_tree(0)  # now, so that the stage after it is the last
        self._progress.stage(f"running {len(tests)} test file{'' if len(tests) == 1 else 's'}")

        def total(count: int) -> None:
            self._progress.stage("trying mutants", count)

        return measure_strength(
            functions, tests, bench, seconds=self._config.budget, total=total, step=self._progress.step, early=early
        )

    def weighed(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return the findings, with what tests notice of tested functions, and PTG004 where that is nothing."""
        tested = [item for item in findings if item.status is Status.TESTED and item.evidence is Evidence.RUN]
        if not tested:
            return list(findings)
        found = self.strength([ChangedFunction(finding.function, is_new=False) for finding in tested])
        self.notes += [*found.notes, *(f"{test} is no measure: {why}" for test, why in found.left_out.items())]
        by_function = {strength.function: strength for strength in found.strengths}
        self.notes += [
            f"{one.function.path}: {one.function.qualname}: {one.problem}" for one in found.strengths if one.problem
        ]
        return [
            targets.weigh(finding, by_function[finding.function]) if finding in tested else finding
            for finding in findings
        ]

    def said_of_unstaged(self, untested: Sequence[Function]) -> list[str]:
        """Return a note on test files that name untested functions and that somebody may have forgotten to stage."""
        from pytestgen_hook.affected import naming
        from pytestgen_hook.git import INDEX

        if not untested or self._revision != INDEX:
            return []
        sources = {}
        for path in self._repository.unstaged():
            if path.endswith(".py") and self._code.is_collected(path):
                with suppress(OSError):
                    sources[path] = (self._repository.root / path).read_bytes()
        named = naming(untested, {function.path: sorted(sources) for function in untested}, sources)
        found = sorted({path for files in named.values() for path in files})
        if not found:
            return []
        which = ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
        return [f"not looked at, as {'it is' if len(found) == 1 else 'they are'} not staged: {which}"]

    # -- the tests -------------------------------------------------------------------------------------------------

    def generate(self, findings: Sequence[Finding]) -> Generator[Generated]:
        """Yield proved tests for the untested functions, and the findings brought up to date; nothing is written.

        They come in batches, each to be joined to those before it (``Generated.plus``).
        """
        from pytestgen_hook.generation import Generated, find_calls, generate

        wanted = [finding for finding in findings if finding.status is Status.UNTESTED]
        yield Generated((), tuple(finding for finding in findings if finding.status is not Status.UNTESTED))
        if not wanted:
            return
        self._refuse_without_pytest("tests cannot be proved")
        paths = {finding.function.path for finding in wanted}
        calls = find_calls([finding.function for finding in wanted], {path: self._importers(path) for path in paths})
        groups: dict[tuple[str, float | None], list[Finding]] = {}
        for finding in wanted:
            path = finding.function.path
            groups.setdefault((self._graph.project(path), self._config.budget_of(path)), []).append(finding)
        usual = sum(len(some) for (_, budget), some in groups.items() if budget is None)
        written: set[str] = set()
        projects = {name: self._project(name, written) for name, _ in groups}
        speaker = self._speaker()
        author = self._author()
        self._progress.stage("looking for calls worth a test", len(wanted))

        def proving(count: int) -> None:
            self._progress.stage(f"proving {count} case{'s' if count > 1 else ''}")

        for (name, budget), some in groups.items():
            project = projects[name]
            seconds = self._config.budget * len(some) / usual if budget is None else budget
            own = author and author(project)
            made = generate(
                some,
                project,
                calls=calls,
                seconds=seconds,
                done=self._done,
                proving=proving,
                speaker=speaker,
                author=own,
            )
            with closing(made) as batches:
                for batch in batches:
                    yield batch
                    written |= {edit.path for edit in batch.edits}
            if own is not None:
                own.close()
                self.notes += own.notes

    def _author(self) -> Callable[[Project], Author] | None:
        """What has a model write whole tests for a project, None for none; FatalError where one is wanted and cannot be had.

        A model that was not asked for by name is used if it is there, and else not missed.
        """
        config = self._config
        if config.engine == "search":
            return None
        from pytestgen_hook.model import choice, store

        model = choice.chosen(config, config.models)
        if model.profile != "whole-tests":
            return None
        from pytestgen_hook.engines.written import Author
        from pytestgen_hook.model import local

        is_wanted = config.engine == "model"
        path = store.required(model) if is_wanted else store.located(model)
        if path is None or not (is_wanted or local.is_installed()) or not self._may_load(model):
            return None
        asking = choice.asking(config, path, self._cache, self._progress.at)
        return lambda project: Author(asking, project, config.prompt_template, comes_first=is_wanted)

    def _speaker(self) -> Speaker | None:
        """The model that is to be asked, None for none; FatalError where one is wanted and cannot be had.

        What was not asked for by name is used if it is there, and else not missed.
        """
        if self._config.engine == "search":
            return None
        from importlib.util import find_spec

        is_wanted = self._config.engine == "model"
        if not is_wanted and not (find_spec("llama_cpp") and find_spec("psutil")):
            return None
        from pytestgen_hook.model import choice, store

        model = choice.chosen(self._config, self._config.models)
        if model.profile != "calls":
            return None
        path = store.required(model) if is_wanted else store.located(model)
        if path is None or not self._may_load(model):
            return None
        from pytestgen_hook.engines.model import Speaker, loader

        adapter = choice.adapter_of(self._config)
        identity = lru_cache(lambda: choice.fingerprint(path, adapter, self._cache))
        is_asked_for_doubts = self._config.generation_notes
        if is_asked_for_doubts is None:
            is_asked_for_doubts = is_wanted and model.is_precise and adapter is None
        return Speaker(
            identity,
            loader(
                path,
                identity,
                n_ctx=self._config.generation_n_ctx,
                n_batch=self._config.generation_batch_size,
                threads=self._config.hardware_n_threads or 0,
                adapter=adapter,
            ),
            settings=choice.calls_settings(self._config),
            is_wanted=is_wanted,
            names=is_wanted if self._config.generation_names is None else self._config.generation_names,
            doubts=(lambda function: not self._dismissed(function)) if is_asked_for_doubts else (lambda _: False),
            noted=self.notes.append,
            asking=lambda count: self._progress.stage("asking the model", count),
            told=self._progress.at,
        )

    def _may_load(self, model: Model) -> bool:
        """Whether the file of a model may be loaded; where it may not, that is noted, or FatalError if it is wanted."""
        if self._vouched(model):
            return True
        what = f"the model {model.path} comes with the change that is examined, and is not loaded"
        if self._config.engine == "model":
            raise FatalError(f"{what}. Name it with --model, or have its file and the settings in the commit before.")
        self.notes.append(what)
        return False

    def compared(self, findings: Sequence[Finding], is_generating: bool) -> list[Finding]:
        """Return the findings, those with PTG005 whose function does other than its documentation says.

        Where tests are made, those of untested functions are held against it on that occasion.
        """
        from pytestgen_hook.engines import search
        from pytestgen_hook.generation import find_calls, task_of

        found = list(findings)
        said = {path: self._documented(path) for path in {finding.function.path for finding in findings}}
        wanted = [
            number
            for number, finding in enumerate(findings)
            if finding.function in said[finding.function.path]
            and not (is_generating and finding.status is Status.UNTESTED and finding.mode != "fail")
        ]
        if not wanted:
            return found
        functions = [findings[number].function for number in wanted]
        calls = find_calls(functions, {path: self._importers(path) for path in said})
        self._progress.stage("holding calls against the documentation", len(wanted))
        seconds = self._config.budget
        groups: dict[str, list[int]] = {}
        for number in wanted:
            groups.setdefault(self._graph.project(findings[number].function.path), []).append(number)
        for name, numbers in groups.items():
            tasks = []
            for function in [findings[number].function for number in numbers]:
                path = function.path
                module, content = self._graph.module_name(path), self._content(path)
                documented = said[path][function]
                tasks.append(task_of(function, module, calls[path], content, documented, only_promises=True))
            bench = search.Bench(self._interpreter.python, self._tree, self._graph.roots_for(name), self._folder)
            share = seconds * len(numbers) / len(wanted)
            hunt = search.explore(tasks, bench, seconds=share, done=self._done, cache=self._cache)
            with closing(hunt):
                for position, exploration in (pair for some in hunt for pair in some):
                    number = numbers[position]
                    found[number] = targets.contradicted(found[number], exploration.promises)
                    if exploration.untried:
                        place = f"{exploration.function.path}: {exploration.function.qualname}"
                        self.notes.append(f"{place}: not held against its documentation, {exploration.problem}")
        return found

    def _done(self, exploration: Exploration) -> None:
        self._progress.step(exploration.function.qualname)

    def _documented_and_meant(self, path: str) -> dict[Function, Documented]:
        """Return the same without the functions of which somebody has said that they are right all the same."""
        said = self._documented(path)
        return {function: documented for function, documented in said.items() if not self._dismissed(function)}

    def _documented(self, path: str) -> dict[Function, Documented]:
        """Return what is said of the functions of a file, those left out of which nothing is."""
        from pytestgen_hook.promises import documented

        blob = self._entries[path]
        return documented(self._repository.blobs([blob])[blob], self._functions(path))

    def _project(self, name: str, written: Collection[str]) -> Project:
        """What generating needs to know, for functions of one project; ``written`` are the files made so far."""
        from pytestgen_hook.generation import Project

        return Project(
            tree=self._tree,
            second_tree=lambda: self._second_tree,
            cache=self._cache,
            content=self._content,
            folder=self._folder,
            files=self._entries.keys(),
            roots=self._graph.roots_for(name),
            tests_dir=self._config.tests_dir,
            code=self._code,
            python=self._interpreter.python,
            module_name=self._graph.module_name,
            imported_by=lambda test: self._graph.imports.get(test, frozenset()),
            read=self._read,
            taken=lambda path: path in written or self._is_taken(path),
            standing=self._standing,
            header=self._config.header,
            model=self._model_in_words,
            documented=self._documented_and_meant,
        )

    def _model_in_words(self) -> str:
        """Return the name of the model that is asked, and the SHA-256 of its file."""
        from pytestgen_hook.model import choice, store

        model = choice.chosen(self._config, self._config.models)
        path = store.located(model)
        return model.name if path is None else f"{Path(model.name).name}, sha256 {store.fingerprint(path, self._cache)}"

    def _content(self, path: str) -> str:
        """Return what stands for all that calls of the functions of a file follow from, as far as it is known beforehand.

        That is: the file, what it imports, the data files in their folders and below, the roots of imports, the interpreter and
        its packages, and the variables of the environment that the runtime keeps.
        """
        closure = {path, *self._graph.upstream(path)}
        folders = sorted({posixpath.dirname(file) for file in closure})
        contents = sorted((file, self._entries.get(file, "")) for file in closure)
        data = [self._data_below[folder] for folder in folders if folder in self._data_below]
        roots = self._graph.roots_for(self._graph.project(path))
        # The runtime starts no programs: where they would be looked for is of no account.
        variables = sorted(item for item in clean_environment(Path()).items() if item[0] != "PATH")
        state = [contents, data, roots, self._interpreter.fingerprint, variables]
        return hashlib.sha256(json.dumps(state).encode()).hexdigest()

    @cached_property
    def _data_below(self) -> dict[str, str]:
        """Folder (``""`` is the top) → what stands for all files that are not Python in it and below."""
        found: dict[str, list[tuple[str, str]]] = {}
        for path, blob in sorted(self._entries.items()):
            if not path.endswith(".py"):
                for folder in PurePosixPath(path).parents:
                    found.setdefault("" if folder == PurePosixPath() else str(folder), []).append((path, blob))
        return {folder: hashlib.sha256(json.dumps(some).encode()).hexdigest() for folder, some in found.items()}

    def _importers(self, path: str) -> list[bytes]:
        paths = sorted(self._graph.importers.get(path, ()))[:150]
        blobs = self._repository.blobs(self._entries[importer] for importer in paths)
        return [blobs[self._entries[importer]] for importer in paths]

    def _read(self, path: str) -> bytes | None:
        """Return the work tree's file: that is what tests are added to, and it is as the index says (else it is taken)."""
        return self._standing(path) if path in self._entries else None

    def _standing(self, path: str) -> bytes | None:
        file = self._repository.root / path
        return file.read_bytes() if file.is_file() else None

    def _is_taken(self, path: str) -> bool:
        """Whether the file may not be touched.

        That is: edited but not staged (also where a hook manager has put the edits aside), untracked, ignored, other
        than in the revision, behind a symbolic link, or left out of the work tree (a sparse checkout: a new file in its
        place would replace its tests).
        """
        root = self._repository.root
        if any((root / part).is_symlink() for part in [PurePosixPath(path), *PurePosixPath(path).parents][:-1]):
            return True
        if path in self._put_aside or self._repository.dirty([path]):
            return True
        if path in self._entries and not (root / path).is_file():
            return True
        from pytestgen_hook.git import INDEX

        if self._revision != INDEX and self._index_entries.get(path) != self._entries.get(path):
            return True
        return path not in self._entries and self._repository.is_ignored(path)

    @cached_property
    def _put_aside(self) -> set[str]:
        """The paths with edits that come back into the work tree after us."""
        from pytestgen_hook.put_aside import patches

        found = patches(self._repository.git_dir, os.environ)
        return set().union(*[self._repository.paths_of_patch(patch) for patch in found])

    @cached_property
    def _index_entries(self) -> dict[str, str]:
        from pytestgen_hook.git import INDEX

        return self._repository.entries(INDEX)
