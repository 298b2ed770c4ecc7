"""What the model adds to the search, on functions of three libraries on which the search leaves lines or mutants.

python ci/bench/model_worth.py --work DIR [--model NAME] [--beside NAME] [--functions 60]

Models given with --beside are asked about the same functions in the same run. These are chosen by that rule before a model
is loaded. Counted are lines and mutants that cases show which have been confirmed in two interpreters; the last gate, pytest,
comes on top of that. Loading a model counts for all of its functions.
"""

import argparse
import time
from collections.abc import Sequence
from contextlib import nullcontext
from itertools import groupby
from statistics import mean, median

from common import save
from model_common import arguments, left_open, loaded

from pytestgen_hook.engines.model import Speaker, improved
from pytestgen_hook.engines.search import Bench, Task
from pytestgen_hook.model import prompts
from pytestgen_hook.types.generated import Exploration


def main() -> None:
    """Run the benchmark."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--beside", action="append", default=[], metavar="NAME", help="another model, asked the same")
    options = parser.parse_args()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    chosen = left_open(options.work, options.functions)
    for name in (options.model, *options.beside):
        options.model = name
        save(f"model-worth-{name.rpartition('/')[2]}", worth(options, chosen))


def worth(options: argparse.Namespace, chosen: Sequence[tuple[Bench, Task, Exploration]]) -> dict[str, object]:
    """Return what one model adds to the search on the functions."""
    started = time.perf_counter()
    rows = []
    with loaded(options) as model:
        model.prepare(prompts.prefix())
        loading = time.perf_counter() - started
        speaker = Speaker(lambda: "", lambda: nullcontext(model))
        for bench, some in groupby(chosen, key=lambda one: one[0]):
            pairs = [(task, first) for _, task, first in some]
            begun = time.perf_counter()
            for (task, first), after in zip(pairs, improved(pairs, bench, speaker), strict=True):
                killed = after.mutants_killed - first.mutants_killed
                rows.append(
                    {
                        "function": f"{task.module}.{task.function.qualname}",
                        "lines_left": first.lines_total - first.lines_run,
                        "lines_reached": after.lines_run - first.lines_run,
                        "mutants_left": first.mutants_total - first.mutants_killed,
                        "mutants_killed": killed,
                        "tokens": after.tokens,
                        "seconds": round(time.perf_counter() - begun, 2),
                    }
                )
                begun = time.perf_counter()
    seconds = [row["seconds"] for row in rows]

    def share(part: str, whole: str) -> float | None:
        total = sum(row[whole] for row in rows)
        return round(sum(row[part] for row in rows) / total, 3) if total else None

    return {
        "model": options.model.rpartition("/")[2],
        "functions": len(rows),
        "lines_left": sum(row["lines_left"] for row in rows),
        "lines_reached_share": share("lines_reached", "lines_left"),
        "mutants_left": sum(row["mutants_left"] for row in rows),
        "mutants_killed_share": share("mutants_killed", "mutants_left"),
        "functions_improved": sum(bool(row["lines_reached"] or row["mutants_killed"]) for row in rows),
        "tokens": sum(row["tokens"] or 0 for row in rows),
        "seconds_mean": round(mean(seconds) + loading / len(rows), 2) if rows else None,
        "seconds_median": round(median(seconds), 2) if rows else None,
        "loading_seconds": round(loading, 2),
        "rows": rows,
    }


if __name__ == "__main__":
    main()
