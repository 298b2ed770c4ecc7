"""Are the names that a model may choose for cases true of them, and what does it choose?

python ci/bench/names.py --work DIR [--model qwen2.5-coder-1.5b]

``names/labelled.json`` has names of cases of real functions, each read by a person and said to be true or false of its case:
names that the program works out of this case or of another one of the function, and names that a model made up freely.
A name is used if it can be chosen for the case; precision is the share of the used ones that are true.
With ``--model`` the model is asked about those of these cases that would go by their values; what it chose is in the result,
beside what stood there before and the name that comes first without a model, to be read by a person.
"""

from __future__ import annotations

import ast
import datetime
import importlib.util
import inspect
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from common import save
from model_common import arguments, loaded

from pytestgen_hook.claims import menu
from pytestgen_hook.engines import model as engine
from pytestgen_hook.engines import search
from pytestgen_hook.functions import functions_in
from pytestgen_hook.model.names import prefix as names_prefix
from pytestgen_hook.naming import Facts
from pytestgen_hook.render import render, spoken, unnamed
from pytestgen_hook.types.generated import Case, Check, Exploration, Raises

HERE = Path(__file__).parent


def module_of(path: Path) -> ModuleType:
    """Return the module in a file."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def observed(module: ModuleType, call: str) -> Case:
    """Make a call and return it as a case, all arguments by name."""
    node = ast.parse(call, mode="eval").body
    assert isinstance(node, ast.Call)
    names = list(inspect.signature(getattr(module, ast.unparse(node.func))).parameters)
    given = [*zip(names, node.args, strict=False), *((str(item.arg), item.value) for item in node.keywords)]
    written = tuple((name, ast.unparse(value)) for name, value in given)
    by_name = f"{ast.unparse(node.func)}({', '.join(f'{name}={name}' for name, _ in given)})"
    try:
        result = eval(call, {**vars(module), "date": datetime.date})
        result = list(result) if inspect.isgenerator(result) else result
    except Exception as error:  # whatever it raises  # noqa: BLE001
        return Case(written, by_name, raises=Raises(type(error).__name__, str(error)))
    return Case(written, by_name, checks=(Check("result", "==", repr(result)),))


def subjects() -> Iterator[tuple[Path, Facts, list[dict[str, Any]]]]:
    """Yield the file, what is known of the cases, and their labelled names, of each function."""
    for known in json.loads((HERE / "names" / "labelled.json").read_text(encoding="utf-8")):
        path = HERE / known["source"]
        source = path.read_text(encoding="utf-8")
        module = module_of(path)
        function = next(one for one in functions_in(path.name, source.encode()) if one.qualname == known["function"])
        cases = [observed(module, case["call"]) for case in known["cases"]]
        yield path, Facts(function, cases, source), known["cases"]


def judged() -> dict[str, Any]:
    """Return how the labelled names fare."""
    found: dict[str, Counter[str]] = {"of the claims": Counter(), "of a model": Counter()}
    wrong = []
    for _, facts, labelled in subjects():
        for index, case in enumerate(labelled):
            names = menu(facts, index, [other for other in range(len(labelled)) if other != index])
            for origin, counted in found.items():
                for name, is_true in case[origin].items():
                    is_used = name in names
                    counted.update(labelled=1, true=is_true, used=is_used, right=is_true and is_used)
                    wrong += [f"{case['call']}: {name}"] if is_used and not is_true else []
    both = found["of the claims"] + found["of a model"]
    return {
        **{origin: dict(counted) for origin, counted in found.items()},
        "precision": round(both["right"] / both["used"], 3),
        "recall": round(found["of the claims"]["right"] / found["of the claims"]["true"], 3),
        "used and false": wrong,
    }


def ids(exploration: Exploration, source: str) -> dict[int, str]:
    """Return the id of the row, or the name of the test, of each case."""
    origin = render([exploration], source=source).origin
    return {index: row or test for (test, row), (_, index) in origin.items()}


def chosen(options: Any) -> dict[str, Any]:
    """Return what a model chooses for the cases of the labelled names that would go by their values."""
    rows: list[dict[str, str]] = []
    tokens, poor, seconds = 0, 0, 0.0
    with loaded(options) as model:
        speaker = engine.Speaker(lambda: str(options.model), lambda: _Open(model))
        model.prepare(names_prefix())
        for path, facts, _ in subjects():
            source = path.read_text(encoding="utf-8")
            found = Exploration(facts.function, path.stem, tuple(facts.cases))
            bench = search.Bench(Path(sys.executable), path.parent, [""], options.work)
            started = time.monotonic()
            named = engine.named(search.Task(facts.function, path.stem), found, bench, speaker, 3600.0)
            seconds += time.monotonic() - started
            tokens += named.tokens or 0
            before, after = ids(found, source), ids(named, source)
            for case in unnamed(facts):
                poor += 1
                if named.cases[case.index].words:
                    texts = {"before": before[case.index], "after": after[case.index]}
                    first = menu(facts, case.index, case.others)[0]
                    rows.append({"case": spoken(found.cases[case.index]), **texts, "first": first})
            print(facts.function.qualname, f"{seconds:.0f} s", file=sys.stderr, flush=True)
    figures = {"by values": poor, "renamed": len(rows), "tokens": tokens, "seconds": round(seconds, 1)}
    return {"model": options.model, **figures, "rows": rows}


class _Open:
    """A model that is loaded once and stays open."""

    def __init__(self, model: Any) -> None:
        self._model = model

    def __enter__(self) -> Any:
        return self._model

    def __exit__(self, *_: object) -> None: ...


def main() -> None:
    """Run the benchmark."""
    parser = arguments(__doc__)
    parser.set_defaults(model="")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    if options.model:
        save(f"names-{options.model}", chosen(options))
    else:
        save("names", judged())


if __name__ == "__main__":
    main()
