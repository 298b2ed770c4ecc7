"""A model asked directly for a test file, as pytest-generator does it: what of that is green, and what it shows.

python ci/bench/model_direct.py --work DIR [--model NAME|FILE] [--functions 60] [--seconds 120]

The functions are those of ``model_worth.py``, of which the search leaves lines or mutants. The model sees signature and
docstring, and its answer is written down as it came, with the real module's name in the place of the one that it was told.
Beside that stands what is left of the same answer when it has been mended and gated.
"""

import re
import time
from collections.abc import Sequence
from pathlib import Path

from common import save
from model_common import arguments, left_open

from pytestgen_hook.cache import Cache, default_folder
from pytestgen_hook.config import Config
from pytestgen_hook.engines.search import Bench as Place
from pytestgen_hook.engines.search import Task
from pytestgen_hook.engines.written import together
from pytestgen_hook.model import choice, store
from pytestgen_hook.model.answer import code_of
from pytestgen_hook.model.asking import Answer, Asking
from pytestgen_hook.model.dependencies import dependencies_of
from pytestgen_hook.model.target import Target
from pytestgen_hook.model.weigh import Bench, tried
from pytestgen_hook.model.whole_tests import END, TEMPLATE, Writer, prompt_parts
from pytestgen_hook.types.generated import Exploration

_WEIGHING_SECONDS = 60.0
_TEST = re.compile(r"^\s*(?:async )?def test", re.MULTILINE)


def as_written(text: str, module: str) -> str:
    """Return the file as pytest-generator would write it: the module's name in place of the one that stands for it."""
    code = re.sub(r"import_module\((['\"])module\1\)", f'import_module("{module}")', code_of(text))
    code = re.sub(r"^from module import", f"from {module} import", code, flags=re.MULTILINE)
    return re.sub(r"^import module$", f"import {module}", code, flags=re.MULTILINE)


def measured(place: Place, task: Task, first: Exploration, asking: Asking, seconds: float) -> dict[str, object]:
    """Ask about one function and return what the answer is worth, directly and mended."""
    source = (place.tree / task.function.path).read_text(encoding="utf-8")
    target = Target(task.function, task.module, source)
    known = dependencies_of(target.node, target.tree, {}, lambda _: [])
    target = Target(task.function, task.module, source, known)
    before, behind = prompt_parts(TEMPLATE)
    answer = asking(Writer(asking).question(target) + behind, prefix=before, stop=END, seconds=seconds)
    bench = Bench(place.python, place.tree, place.roots, place.folder)
    file = place.tree / "tests" / "test_direct.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(as_written("import pytest\n" + answer.text, task.module), encoding="utf-8")
    try:
        told = tried(file, task.function, bench, _WEIGHING_SECONDS)
    finally:
        file.unlink()
    green = [name for name, why in told.outcomes.items() if why is None]
    body = frozenset(task.function.body_lines)
    lines = body.intersection(frozenset().union(*(told.lines[name] for name in green)))
    kills = frozenset().union(*(told.kills.get(name, frozenset()) for name in green))

    def again(*_: object, **__: object) -> Answer:
        return answer

    written = Writer(again, again=False).write(target, bench, seconds=_WEIGHING_SECONDS)
    after = together(first, written, comes_first=False)
    lines_left = body.difference(*(case.lines for case in first.cases))
    mutants_left = frozenset(range(len(told.mutants))).difference(*(case.kills for case in first.cases))
    return {
        "function": f"{task.module}.{task.function.qualname}",
        "tokens": answer.tokens,
        "ended": answer.ended,
        "tests": len(told.outcomes) or len(_TEST.findall(code_of(answer.text))),
        "green": len(green),
        "file_green": bool(green) and len(green) == len(told.outcomes),
        "lines": len(body),
        "lines_run": len(lines),
        "mutants": len(told.mutants),
        "mutants_killed": len(kills),
        "lines_left": len(lines_left),
        "left_lines_run": len(lines & lines_left),
        "mutants_left": len(mutants_left),
        "left_mutants_killed": len(kills & mutants_left),
        "kept": len(after.written),
        "kept_lines_run": after.lines_run - first.lines_run,
        "kept_mutants_killed": after.mutants_killed - first.mutants_killed,
    }


def summary(rows: Sequence[dict[str, object]], seconds: float) -> dict[str, object]:
    """Return the sums over the functions, as shares."""

    def total(key: str) -> int:
        return sum(int(str(row[key])) for row in rows)

    def share(part: str, whole: str) -> float | None:
        return round(total(part) / total(whole), 3) if total(whole) else None

    return {
        "functions": len(rows),
        "tests": total("tests"),
        "green_share": share("green", "tests"),
        "files_wholly_green": sum(row["file_green"] is True for row in rows),
        "lines_share": share("lines_run", "lines"),
        "mutants_share": share("mutants_killed", "mutants"),
        "left_lines_share": share("left_lines_run", "lines_left"),
        "left_mutants_share": share("left_mutants_killed", "mutants_left"),
        "kept_tests": total("kept"),
        "kept_left_lines_share": share("kept_lines_run", "lines_left"),
        "kept_left_mutants_share": share("kept_mutants_killed", "mutants_left"),
        "tokens": total("tokens"),
        "seconds_mean": round(seconds / len(rows), 2) if rows else None,
        "rows": list(rows),
    }


class _Timed:
    """Asks, and counts the seconds that it takes."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self.seconds = 0.0

    def __call__(self, *arguments: str, **options: object) -> Answer:
        started = time.perf_counter()
        try:
            return self._asking(*arguments, **options)
        finally:
            self.seconds += time.perf_counter() - started


def main() -> None:
    """Run the benchmark."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seconds", type=float, default=120.0, help="for one answer")
    options = parser.parse_args()
    options.work = Path(options.work).resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    chosen = left_open(options.work, options.functions)
    path = store.required(store.resolve(options.model))
    config = Config(model=options.model, hardware_n_threads=options.threads or None)
    # Answers of earlier runs would take no time: none are looked for.
    asking = choice.asking(config, path, Cache(default_folder(), anew=True), lambda _: None)
    timed = _Timed(asking)
    rows = [measured(place, task, first, timed, options.seconds) for place, task, first in chosen]
    asking.close()
    name = options.model.rpartition("/")[2]
    save(f"model-direct-{name}", {"model": name, **summary(rows, timed.seconds)})


if __name__ == "__main__":
    main()
