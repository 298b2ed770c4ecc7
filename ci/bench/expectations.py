"""Does a model know by signature and docstring what calls should give, and when is its disagreement worth a note?

python ci/bench/expectations.py --work DIR [--model NAME] [--chosen-by 30] [--calls 4] [--votes 3]

A small model is often wrong about a value, so that one disagreement proves nothing; what may say more is tried here.
The functions of ``promises/`` are asked about, right and wrong ones, with their bodies hidden: for calls that the search
found and, of wrong ones, the call that shows the fault. A disagreement about a call is right if the call is one of these
(of a function that has a right twin: if the twin gives another outcome). The setting is chosen by the first functions, drawn
by lot: of those that are precise there the one that finds most. What it is worth is measured on all others.
"""

from __future__ import annotations

import ast
import importlib
import itertools
import json
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from common import save
from model_common import arguments, loaded
from suspected import CORPUS, faults

from pytestgen_hook.model import expected
from pytestgen_hook.model.expected import Call, Expectation


@dataclass(frozen=True, slots=True)
class Setting:
    """When a disagreement is worth a note.

    With ``kinds`` only where the outcomes are of different kinds: an exception and a value, None and a number. At least
    ``others`` other calls of the function, of which the model gets the share ``right`` right; ``share`` of its
    answers are the same, and its answer is likelier than the observed one by ``margin``.
    """

    others: int
    right: float
    share: float
    margin: float
    kinds: bool = False


def noted(found: Sequence[Expectation], setting: Setting) -> list[Expectation]:
    """Return the disagreements among the expectations of one function that are worth a note."""
    notes = []
    for one in found:
        others = [other.agrees for other in found if other is not one]
        if setting.kinds and kind(one.answer) == kind(one.call.observed):
            continue
        if one.agrees or len(others) < setting.others or one.share < setting.share or one.margin < setting.margin:
            continue
        if not others or sum(others) / len(others) >= setting.right:
            notes.append(one)
    return notes


def kind(outcome_text: str) -> str:
    """Return what kind of outcome it is: an exception, or the type of the value."""
    try:
        return type(ast.literal_eval(outcome_text.removeprefix(" == "))).__name__
    except (ValueError, SyntaxError):
        return outcome_text.strip().split(" ")[0]


PRECISE = 0.8  # the precision that notes must have
FEWEST = 8  # notes by which a setting may be chosen


def imported(kind: str, name: str) -> ModuleType:
    """Import a module of one half of the corpus."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(CORPUS / kind))
    sys.modules.pop(name, None)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.pop(0)
        sys.modules.pop(name, None)


def outcome(module: ModuleType, call: str) -> str:
    """Return what a call does, as the model would say it."""
    try:
        return f" == {eval(call, dict(vars(module)))!r}"
    except Exception as error:  # whatever it is
        return f" raises {type(error).__name__}"


def proposed(work: Path, count: int) -> dict[str, list[str]]:
    """Return calls of each function that the search keeps, the shortest ones, from the command's own engine."""
    from pytestgen_hook.engines.search import Bench, Task, explore
    from pytestgen_hook.functions import functions_in

    kept = work / "calls.json"
    if kept.exists():
        found: dict[str, list[str]] = json.loads(kept.read_text(encoding="utf-8"))
        return found
    found = {}
    for kind in ("right", "wrong"):
        tasks = [
            Task(function, path.stem)
            for path in sorted((CORPUS / kind).glob("*.py"))
            for function in functions_in(path.name, path.read_bytes())
            if function.kind.value == "function"
        ]
        bench = Bench(Path(sys.executable), CORPUS / kind, [""], work / f"runtime-{kind}")
        for some in explore(tasks, bench, seconds=2.5 * len(tasks), done=lambda _: None):
            for _, exploration in some:
                key = f"{kind}/{exploration.module}.{exploration.function.qualname}"
                calls = [inlined(case.call, dict(case.arguments)) for case in exploration.cases if not case.prepare]
                found[key] = sorted(dict.fromkeys(calls), key=len)[: 2 * count]
    kept.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found


def inlined(call: str, arguments: dict[str, str]) -> str:
    """Return a call with its arguments put in."""

    class Put(ast.NodeTransformer):
        def visit_Name(self, node: ast.Name) -> ast.expr:
            return ast.parse(arguments[node.id], mode="eval").body if node.id in arguments else node

    return ast.unparse(Put().visit(ast.parse(call, mode="eval")))


def questions(work: Path, count: int) -> list[tuple[str, str, list[Call], list[bool | None]]]:
    """Return (function, its source without body, calls, which of them are wrong; None where nobody knows)."""
    calls = proposed(work, count)
    found = []
    known = faults()
    for key, texts in calls.items():
        kind, _, rest = key.partition("/")
        name, _, function = rest.partition(".")
        module = imported(kind, name)
        twin = imported("right", name) if kind == "wrong" and hasattr(imported("right", name), function) else None
        fault = known.get((name, function)) if kind == "wrong" else None
        some = texts[:count]
        if fault and "lambda" not in fault["witness"]:
            some = [*[text for text in some if text != fault["witness"]][: count - 1], fault["witness"]]
        asked = [Call(text, outcome(module, text)) for text in some]
        labels: list[bool | None] = []
        for call in asked:
            if kind == "right":
                labels.append(False)
            elif fault and call.text == fault["witness"]:
                labels.append(True)
            else:
                labels.append(None if twin is None else outcome(twin, call.text) != call.observed)
        source = Path(module.__file__ or "").read_text(encoding="utf-8")
        node = next(one for one in ast.parse(source).body if getattr(one, "name", "") == function)
        assert isinstance(node, expected.Definition)
        shown = expected.documented(node)
        sayable = [(call, label) for call, label in zip(asked, labels, strict=True) if expected.is_sayable(call)]
        if sayable and shown:
            found.append((key, shown, [call for call, _ in sayable], [label for _, label in sayable]))
    random.Random(1).shuffle(found)
    return found


Row = tuple[str, list[Expectation], list[bool | None]]


def settings(votes: int) -> list[Setting]:
    """Return all settings that are tried."""
    shares = (0.0, 0.75, 1.0) if votes else (0.0,)
    found = itertools.product((0, 2), (0.0, 0.5, 1.0), shares, (0.0, 2.0, 4.0, 8.0), (False, True))
    return [Setting(*one) for one in found if (one[0] == 0) == (one[1] == 0.0)]


def worth(rows: Sequence[Row], setting: Setting) -> dict[str, Any]:
    """Return what the notes of a setting are worth: how many there are, precision, recall, and how often it disturbs."""
    wrong = sum(label is True for _, _, labels in rows for label in labels)
    right = sum(label is False for _, _, labels in rows for label in labels)
    told = [
        (one, label)
        for _, found, labels in rows
        for one in noted(found, setting)
        for label in [labels[found.index(one)]]
        if label is not None
    ]
    true = sum(label is True for _, label in told)
    return {
        "notes": len(told),
        "precision": round(true / len(told), 3) if told else None,
        "recall": round(true / wrong, 3) if wrong else None,
        "right calls with a note": round((len(told) - true) / right, 3) if right else None,
    }


def chosen(rows: Sequence[Row], votes: int) -> Setting:
    """Return the setting that finds most of those that are precise; where none is, the most precise."""
    found = [(worth(rows, setting), setting) for setting in settings(votes)]
    found = [one for one in found if one[0]["notes"] >= FEWEST] or found
    precise = [one for one in found if (one[0]["precision"] or 0.0) >= PRECISE]
    if precise:
        return max(precise, key=lambda one: (one[0]["recall"] or 0.0, one[0]["precision"]))[1]
    return max(found, key=lambda one: one[0]["precision"] or 0.0)[1]


def main() -> None:
    """Run the benchmark."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--chosen-by", type=int, default=30, help="by how many functions the setting is chosen")
    parser.add_argument("--calls", type=int, default=expected.MOST_CALLS)
    parser.add_argument("--votes", type=int, default=expected.VOTES)
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    asked = questions(options.work, options.calls)
    started = time.monotonic()
    with loaded(options, n_ctx=2048) as model:
        for number, (key, source, calls, labels) in enumerate(asked):
            found = expected.expectations(model, source, calls, votes=options.votes, least_share=0.0)
            known = dict(zip(calls, labels, strict=True))
            rows.append((key, found, [known[one.call] for one in found]))
            print(f"{number + 1}/{len(asked)} {key} {time.monotonic() - started:.0f} s", file=sys.stderr)
    first, others = rows[: options.chosen_by], rows[options.chosen_by :]
    setting = chosen(first, options.votes)
    count = sum(len(found) for _, found, _ in rows)
    right = [
        one.agrees for _, found, labels in rows for one, label in zip(found, labels, strict=True) if label is False
    ]
    name = options.model.rpartition("/")[2]
    save(
        f"expectations-{name}",
        {
            "model": name,
            "functions": len(rows),
            "calls": count,
            "wrong calls": sum(label is True for _, _, labels in rows for label in labels),
            "right calls answered rightly": round(sum(right) / len(right), 3) if right else None,
            "seconds a call": round((time.monotonic() - started) / max(1, count), 2),
            "votes": options.votes,
            "setting": asdict(setting),
            "chosen by": {"functions": len(first), **worth(first, setting)},
            "measured on": {"functions": len(others), **worth(others, setting)},
            "as printed": worth(others, Setting(0, 0.0, expected.LEAST_SHARE, expected.LEAST_MARGIN)),
            "any disagreement": worth(others, Setting(0, 0.0, 0.0, 0.0)),
            "rows": [
                {
                    "function": key,
                    "call": one.call.text,
                    "observed": one.call.observed,
                    "expected": one.answer,
                    "share": one.share,
                    "margin": round(one.margin, 2),
                    "wrong": label,
                }
                for key, found, labels in rows
                for one, label in zip(found, labels, strict=True)
            ],
        },
    )


if __name__ == "__main__":
    main()
