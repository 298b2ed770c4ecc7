"""The engine of models that write whole tests: asks for them beside the search, and keeps of both the fewest that show all."""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from pytestgen_hook import sandbox
from pytestgen_hook.model.asking import Asking
from pytestgen_hook.model.dependencies import dependencies_of, used_members
from pytestgen_hook.model.target import Target
from pytestgen_hook.model.weigh import Bench
from pytestgen_hook.model.whole_tests import TEMPLATE, Writer, Written
from pytestgen_hook.types.generated import Case, Exploration, WrittenTest

NAME = "model"
_LEAST_SECONDS = 3.0  # below that no answer comes to an end
_FAIR_SECONDS = 20.0  # for one function even where there are too many: a few done whole are worth more than all begun
_IMPORT_SECONDS = 30.0
_LOOKING_SECONDS = 5.0
_MEMORY = 4 << 30
_MOST_SURVIVORS = 20


class Project(Protocol):
    """What is asked of a project: see ``generation.Project``."""

    @property
    def python(self) -> Path: ...
    @property
    def second_tree(self) -> Callable[[], Path]: ...
    @property
    def roots(self) -> Sequence[str]: ...
    @property
    def folder(self) -> Path: ...
    @property
    def files(self) -> Collection[str]: ...
    @property
    def module_name(self) -> Callable[[str], str]: ...


@dataclass(slots=True)
class Author:
    """Has a model write tests for functions that have been explored.

    With ``comes_first`` what the model wrote is chosen before what the search found, and it is asked about every function:
    else only about those of which the search leaves something. ``template`` is the user's prompt, if there is one.
    """

    asking: Asking
    project: Project
    template: str | None
    comes_first: bool
    _skipped: int = 0
    _bench: Bench | None = None
    _runtime: sandbox.Runtime | None = None
    _trees: dict[str, ast.Module | None] = field(default_factory=dict)

    def improved(self, exploration: Exploration, tests_folder: str, *, seconds: float, others: int) -> Exploration:
        """Return the exploration with the tests that earn their place; ``others`` functions still share the seconds."""
        if not self._is_wanted(exploration):
            return exploration
        share = min(seconds, max(_FAIR_SECONDS, seconds / (others + 1)))
        if share < _LEAST_SECONDS:
            self._skipped += 1
            return exploration
        project = self.project
        # Tests are tried where no call is observed meanwhile.
        self._bench = self._bench or Bench(project.python, project.second_tree(), project.roots, project.folder)
        bench = replace(self._bench, tests_folder=tests_folder)
        target = self._target(exploration, bench)
        if target is None:
            return exploration
        self.asking.told(exploration.function.qualname)
        writer = Writer(self.asking, self.template or TEMPLATE)
        return together(exploration, writer.write(target, bench, seconds=share), comes_first=self.comes_first)

    @property
    def notes(self) -> list[str]:
        """What the user should know of the work: functions for which there was no time."""
        if not self._skipped:
            return []
        functions = f"{self._skipped} function{'s' if self._skipped > 1 else ''}"
        return [f"the model was not asked about {functions}: the budget was used up; raise --budget"]

    def close(self) -> None:
        """End the process that was asked about classes, and free the model."""
        self.asking.close()
        self._end_runtime()

    def _end_runtime(self) -> None:
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None

    def _is_wanted(self, exploration: Exploration) -> bool:
        if exploration.is_suspect:
            return False  # no test of it is written: it is probably wrong
        if self.comes_first or not exploration.cases:
            return True
        is_left = exploration.lines_run < exploration.lines_total
        return is_left or exploration.mutants_killed < exploration.mutants_total

    def _packages(self) -> frozenset[str]:
        modules = (self.project.module_name(path) for path in self.project.files if path.endswith(".py"))
        return frozenset(module.partition(".")[0] for module in modules)

    # -- what the model is told ----------------------------------------------------------------------------------------

    def _target(self, exploration: Exploration, bench: Bench) -> Target | None:
        function = exploration.function
        try:
            source = (bench.tree / function.path).read_text(encoding="utf-8")
            target = Target(function, exploration.module, source, packages_of_project=self._packages())
            node = target.node
        except (OSError, ValueError, TypeError, SyntaxError):
            return None
        arguments = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
        asks = any(any(used_members(node, item.arg).values()) for item in arguments if item.arg not in ("self", "cls"))
        installed = self._installed(exploration, bench) if asks else {}

        def sources(kind: str) -> Sequence[ast.Module]:
            return self._sources(kind, bench.tree)

        return replace(target, dependencies=dependencies_of(node, target.tree, installed, sources))

    def _installed(self, exploration: Exploration, bench: Bench) -> dict[str, Any]:
        """Ask the project's interpreter, which imports the module, what the classes of the parameters have."""
        function = exploration.function
        request = {
            "members": True,
            "module": exploration.module,
            "path": function.path,
            "name": function.name,
            "first_line": function.first_line,
            "last_line": function.last_line,
            "body_lines": list(function.body_lines),
            "seconds": _LOOKING_SECONDS,
            "import_seconds": _IMPORT_SECONDS,
        }
        try:
            if self._runtime is None:
                folder = bench.folder / "members"
                folder.mkdir(parents=True, exist_ok=True)
                self._runtime = sandbox.Runtime(
                    bench.python, folder=folder, tree=bench.tree, roots=bench.roots, memory_bytes=_MEMORY
                )
            answer = self._runtime.request(request, _IMPORT_SECONDS + 2 * _LOOKING_SECONDS)
        except (sandbox.RuntimeTimeout, sandbox.RuntimeDied, OSError):
            self._end_runtime()
            return {}
        members = answer.get("members")
        return members if isinstance(members, dict) else {}

    def _sources(self, kind: str, tree: Path) -> list[ast.Module]:
        """Return the modules of the project that define a class of that name, or, without one, any class."""
        pattern = re.compile(rf"^\s*class\s+{re.escape(kind)}\b" if kind else r"^\s*class\s", re.MULTILINE)
        found = []
        for path in sorted(path for path in self.project.files if path.endswith(".py")):
            if path not in self._trees:
                self._trees[path] = None
                with contextlib.suppress(OSError, SyntaxError, ValueError, RecursionError):
                    text = (tree / path).read_text(encoding="utf-8")
                    self._trees[path] = ast.parse(text) if re.search(r"^\s*class\s", text, re.MULTILINE) else None
            parsed = self._trees[path]
            if parsed is not None and pattern.search(ast.unparse(parsed) if kind else "class "):
                found.append(parsed)
        return found


# -- choosing ----------------------------------------------------------------------------------------------------------


def together(exploration: Exploration, written: Written, *, comes_first: bool) -> Exploration:
    """Return the exploration with the fewest of its cases and of the written tests that run and kill what all do."""
    ours: list[Case | WrittenTest] = list(exploration.cases)
    theirs: list[Case | WrittenTest] = _fewest(written.tests, (), needs_kills=bool(written.mutants))
    first, then = (theirs, ours) if comes_first else (ours, theirs)
    kept = [*first, *_fewest(then, first, needs_kills=False)]
    lines = frozenset().union(*[one.lines for one in kept])
    kills = frozenset().union(*[one.kills for one in kept])
    tests = tuple(one for one in written.tests if one in kept)
    needless = [(one.name, "others show all that it shows") for one in written.tests if one not in kept]
    found = replace(
        exploration,
        cases=tuple(one for one in exploration.cases if one in kept),
        written=tests,
        dropped=(*written.dropped, *needless),
        tokens=written.tokens,
        seconds=exploration.seconds + written.seconds,
    )
    if not tests:
        return found
    total = exploration.mutants_total or len(written.mutants)
    survivors = [f"line {line}: {label}" for at, (line, label) in enumerate(written.mutants) if at not in kills]
    return replace(
        found,
        engine=NAME,
        refused=None,
        problem=None,
        toothless=False,
        lines_run=len(lines & set(exploration.function.body_lines)),
        lines_total=exploration.lines_total or len(exploration.function.body_lines),
        mutants_killed=len(kills),
        mutants_total=total,
        mutants_not_run=len([line for line, _ in written.mutants if line not in lines]),
        survivors=tuple(survivors[:_MOST_SURVIVORS]),
        labels={**dict(enumerate(written.mutants)), **exploration.labels},
    )


def _fewest(
    some: Sequence[Case | WrittenTest], before: Sequence[Case | WrittenTest], *, needs_kills: bool
) -> list[Case | WrittenTest]:
    """Return those that show something new, the one that shows most first; with ``needs_kills`` each kills a mutant at all."""
    lines = set().union(*[one.lines for one in before])
    kills = set().union(*[one.kills for one in before])
    left = [one for one in some if one.kills or not needs_kills]
    found = []
    while left:
        best = max(left, key=lambda one: len(one.kills - kills) + len(one.lines - lines))
        if not (best.kills - kills or best.lines - lines):
            break
        left.remove(best)
        lines |= best.lines
        kills |= best.kills
        found.append(best)
    return found
