"""A model asked directly for a test file, as pytest-generator does it: what of that is green, and what it shows.

python ci/bench/model_direct.py --work DIR [--model NAME|FILE] [--functions 60] [--seconds 120]

The functions are those of ``open_functions.py``. The model sees signature and docstring, and its answer is written down
as it came, with the real module's name in the place of the one it was told. Beside that stands what is left of the same
answer when it has been mended and gated (``whole``). Needs the extra ``model`` in the Python that runs this.
"""

import argparse
import re
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from common import environment, save
from open_functions import open_functions

from pytestgen_hook.cache import Cache, default_folder
from pytestgen_hook.config import Config
from pytestgen_hook.engines.written import together
from pytestgen_hook.functions import functions_in
from pytestgen_hook.model import choice, store
from pytestgen_hook.model.answer import code_of
from pytestgen_hook.model.asking import Answer, Asking
from pytestgen_hook.model.dependencies import dependencies_of
from pytestgen_hook.model.target import Target
from pytestgen_hook.model.weigh import Bench, tried
from pytestgen_hook.model.whole_tests import END, TEMPLATE, Writer, prompt_parts
from pytestgen_hook.types import Exploration

_WEIGHING_SECONDS = 60.0


def asked(asking: Asking, target: Target, seconds: float) -> tuple[Answer, float]:
    """Return the model's answer about a function, and the seconds it took."""
    before, behind = prompt_parts(TEMPLATE)
    question = Writer(asking).question(target)
    started = time.perf_counter()
    answer = asking(question + behind, prefix=before, stop=END, seconds=seconds)
    return answer, time.perf_counter() - started


def as_written(text: str, module: str) -> str:
    """Return the file as pytest-generator would write it: the module's name in place of the one that stands for it."""
    code = re.sub(r"import_module\((['\"])module\1\)", f'import_module("{module}")', code_of(text))
    code = re.sub(r"^from module import", f"from {module} import", code, flags=re.MULTILINE)
    return re.sub(r"^import module$", f"import {module}", code, flags=re.MULTILINE)


def measured(function: dict, asking: Asking, work: Path, python: Path, seconds: float) -> dict[str, object] | None:
    """Ask about one function and return what the answer is worth, directly and mended."""
    folder = Path(function["folder"])
    root = "src" if (folder / "src").is_dir() else ""
    path = folder / function["path"]
    source = path.read_text(encoding="utf-8")
    found = [one for one in functions_in(function["path"], source.encode()) if one.qualname == function["qualname"]]
    one = next((one for one in found if one.def_line == function["line"]), None)
    if one is None:
        return None
    module = ".".join(path.relative_to(folder / root).with_suffix("").parts).removesuffix(".__init__")
    target = Target(one, module, source)
    target = Target(one, module, source, dependencies_of(target.node, target.tree, {}, lambda _: []))
    answer, took = asked(asking, target, seconds)
    place = work / "direct"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    bench = Bench(python, folder, [root], place, "tests")
    file = folder / "tests" / "test_direct.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(as_written(answer.text, module), encoding="utf-8")
    try:
        told = tried(file, one, bench, _WEIGHING_SECONDS)
    finally:
        file.unlink()
    green = [name for name, why in told.outcomes.items() if why is None]
    body = frozenset(one.body_lines)

    def again(*_: object, **__: object) -> Answer:
        return answer

    written = Writer(again, again=False).write(target, bench, seconds=_WEIGHING_SECONDS)
    whole = together(Exploration(one, module), written, comes_first=True)
    return {
        "library": function["library"],
        "function": one.qualname,
        "tokens": answer.tokens,
        "seconds": round(took, 2),
        "ended": answer.ended,
        "lines": len(body),
        "mutants": len(told.mutants),
        "tests": len(told.outcomes) or len(re.findall(r"^\s*(?:async )?def test", code_of(answer.text), re.MULTILINE)),
        "green": len(green),
        "file_green": bool(green) and len(green) == len(told.outcomes),
        "lines_run": len(body.intersection(*[frozenset().union(*(told.lines[name] for name in green))])),
        "killed": len(frozenset().union(*(told.kills.get(name, frozenset()) for name in green))),
        "whole_tests": len(whole.written),
        "whole_lines_run": whole.lines_run,
        "whole_killed": whole.mutants_killed,
        "search_lines_run": function["lines"]["run"],
        "search_killed": function["mutants"]["killed"],
    }


def summary(rows: Sequence[dict[str, object]]) -> dict[str, object]:
    """Return the sums over the functions, as shares in per cent."""

    def total(key: str) -> float:
        return sum(float(str(row[key])) for row in rows)

    def share(part: str, whole: str) -> float:
        return round(100 * total(part) / max(1.0, total(whole)), 1)

    return {
        "functions": len(rows),
        "tests": int(total("tests")),
        "green_percent": share("green", "tests"),
        "files_wholly_green": sum(row["file_green"] is True for row in rows),
        "lines_percent": share("lines_run", "lines"),
        "killed_percent": share("killed", "mutants"),
        "mended_tests": int(total("whole_tests")),
        "mended_lines_percent": share("whole_lines_run", "lines"),
        "mended_killed_percent": share("whole_killed", "mutants"),
        "search_lines_percent": share("search_lines_run", "lines"),
        "search_killed_percent": share("search_killed", "mutants"),
        "seconds_a_function": round(total("seconds") / max(1, len(rows)), 2),
        "tokens_a_second": round(total("tokens") / max(0.1, total("seconds")), 1),
        "rows": list(rows),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--model", default=store.DEFAULT)
    parser.add_argument("--functions", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=120.0, help="for one answer")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    functions = open_functions(work, python, count=options.functions)
    config = Config(model=options.model)
    model = choice.chosen(config)
    path = store.required(model)
    # Answers of earlier runs would take no time: none are looked for.
    cache = Cache(default_folder(), anew=True)
    asking = choice.asking(config, path, cache, lambda _: None)
    found = [measured(function, asking, work, python, options.seconds) for function in functions]
    asking.close()
    rows = [row for row in found if row is not None]
    save("model_direct", {"model": model.name, **summary(rows)})


if __name__ == "__main__":
    main()
