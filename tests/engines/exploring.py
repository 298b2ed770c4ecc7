"""Explores the functions of one module through the engine's real processes."""

import sys
import textwrap
from pathlib import Path

from pytestgen_hook.engines.search import Bench, Task, explore
from pytestgen_hook.functions import functions_in
from pytestgen_hook.promises import documented
from pytestgen_hook.render import render
from pytestgen_hook.types.generated import Documented, Exploration

PYTHON = Path(sys.executable)


def explored(
    tmp_path: Path,
    source: str,
    *,
    seconds: float = 20.0,
    hypothesis: bool = False,
    only_promises: bool = False,
    **other_files: str,
) -> dict[str, Exploration]:
    """Explore every function of one module and return the explorations by qualified name."""
    tree = tmp_path / "tree"
    tree.mkdir()
    for name, text in {**other_files, "subject": source}.items():
        (tree / f"{name}.py").write_text(textwrap.dedent(text))
    text = (tree / "subject.py").read_bytes()
    functions = functions_in("subject.py", text)
    said = documented(text, functions)
    found = explore(
        [
            Task(function, "subject", documented=said.get(function, Documented()), only_promises=only_promises)
            for function in functions
        ],
        Bench(PYTHON, tree, [""], tmp_path / "work", hypothesis),
        seconds=seconds,
        done=lambda exploration: None,
    )
    in_order = sorted((pair for some in found for pair in some), key=lambda pair: pair[0])
    return {item.function.qualname: item for _, item in in_order}


def written(exploration: Exploration) -> str:
    """Return the source of the tests of one exploration."""
    return "\n\n".join(source for _, source in render([exploration]).module.tests)


def outcomes(exploration: Exploration) -> set[str]:
    """Return what the cases expect: the name of an exception, or what is said of the result first."""
    return {case.raises.name if case.raises else case.checks[0].expected for case in exploration.cases}


def the_only(found: dict[str, Exploration]) -> Exploration:
    """Return the exploration of the one function of a module."""
    (exploration,) = found.values()
    return exploration
