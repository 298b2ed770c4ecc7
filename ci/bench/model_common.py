"""What the benchmarks of the model share: the model that is meant, and functions of libraries that the search leaves open."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from common import environment, unpacked

from pytestgen_hook.cache import Cache, default_folder
from pytestgen_hook.engines import search
from pytestgen_hook.engines.model import is_open
from pytestgen_hook.engines.search import Bench, Task
from pytestgen_hook.functions import SyntaxProblem, functions_in
from pytestgen_hook.model import store
from pytestgen_hook.model.local import LocalModel
from pytestgen_hook.types.generated import Exploration

# Chosen for what they are about, texts, dates and data of many kinds, before any model was asked about them.
LIBRARIES = {"boltons==26.2.0": ".", "isodate==0.7.2": "src", "sqlparse==0.5.3": "."}
NEEDS = ("six",)
SEARCH_SECONDS = 6.0  # a function, on each core


def arguments(about: str) -> argparse.ArgumentParser:
    """Return a parser with the options that all of them take."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--model", default=store.DEFAULT, help="a known model or a file")
    parser.add_argument("--functions", type=int, default=60, help="how many functions to ask about")
    parser.add_argument("--threads", type=int, default=0)
    return parser


@contextmanager
def loaded(options: argparse.Namespace, n_ctx: int = 4096, *, repack: bool = False) -> Iterator[LocalModel]:
    """Give the model as it is asked for calls, or with ``repack`` for whole tests; its states are the benchmark's own."""
    path = store.required(store.resolve(options.model))
    identity = store.fingerprint(path, Cache(default_folder()))
    states = options.work / "states"
    with LocalModel(
        path, n_ctx=n_ctx, threads=options.threads, identity=identity, states=states, repack=repack
    ) as model:
        yield model


def tasks_of(tree: Path, root: str) -> Iterator[Task]:
    """Yield all functions of a library, in the order of their files."""
    for path in sorted((tree / root).rglob("*.py")):
        module = path.relative_to(tree / root).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")
        if not all(part.isidentifier() for part in module.split(".")) or module in ("setup", "conftest"):
            continue
        try:
            functions = functions_in(path.relative_to(tree).as_posix(), path.read_bytes())
        except SyntaxProblem:
            continue
        yield from (Task(function, module) for function in functions)


def left_open(work: Path, wanted: int) -> list[tuple[Bench, Task, Exploration]]:
    """Return functions on which the search alone leaves lines or mutants, as many of each library as there are places.

    What one library has too few of the next ones make up for. Of each library they are spread evenly over the files: every
    n-th of its functions is searched, until there are enough.
    """
    python = environment(work, *NEEDS)
    chosen: list[tuple[Bench, Task, Exploration]] = []
    for number, (requirement, root) in enumerate(LIBRARIES.items()):
        tree = unpacked(work, requirement, work / "model" / requirement.partition("==")[0]).resolve()
        bench = Bench(python, tree, [root], Path(tempfile.mkdtemp(dir=work)))
        some = -(-(wanted - len(chosen)) // (len(LIBRARIES) - number))
        tasks = list(tasks_of(tree, root))
        step = max(1, len(tasks) // max(1, 4 * some))
        in_turn = [task for start in range(step) for task in tasks[start::step]]
        chosen += [(bench, task, found) for task, found in _open_ones(bench, in_turn, some)]
    return chosen


def _open_ones(bench: Bench, tasks: Sequence[Task], some: int) -> list[tuple[Task, Exploration]]:
    found: list[tuple[Task, Exploration]] = []
    for start in range(0, len(tasks), 8):
        if len(found) >= some:
            break
        part = tasks[start : start + 8]
        over: dict[int, Exploration] = {}
        for pairs in search.explore(part, bench, seconds=SEARCH_SECONDS * len(part), done=lambda _: None):
            over.update(pairs)
        found += [(part[at], over[at]) for at in sorted(over) if over[at].cases and is_open(over[at])]
    return found[:some]
