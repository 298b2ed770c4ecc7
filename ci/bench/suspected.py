"""Are functions suspected that do other than they say, and only these?

python ci/bench/suspected.py --work DIR [--libraries]

``promises/right`` and ``promises/wrong`` were written before the rules that read docstrings; ``promises/wrong.toml`` says what
each of the wrong ones breaks, with a call that shows it, which is tried first. A finding on one of them counts if it
quotes those words, or an example or annotation that the same fault breaks. With ``--libraries`` the findings in libraries
of the package index are listed, to be read by a person: there the documentation is mostly true.
"""

import argparse
import importlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import tomllib
from common import check, environment, repository, save, unpacked

CORPUS = Path(__file__).parent / "promises"
LIBRARIES = (
    "humanize==4.12.3",
    "more-itertools==10.7.0",
    "boltons==25.0.0",
    "toolz==1.0.0",
    "inflection==0.5.1",
    "pydash==8.0.5",
    "semver==3.0.4",
    "natsort==8.4.0",
    "funcy==2.0",
)


def outcome(module: object, witness: str) -> str:
    """Return what a call gives, as text."""
    try:
        return repr(eval(witness, vars(module)))
    except Exception as error:
        return type(error).__name__


def faults() -> dict[tuple[str, str], dict[str, str]]:
    """Return the faults by (module, function), each of which has been seen to show itself."""
    found = {}
    sys.path.insert(0, str(CORPUS / "wrong"))
    sys.dont_write_bytecode = True
    for name, functions in tomllib.loads((CORPUS / "wrong.toml").read_text(encoding="utf-8")).items():
        module = importlib.import_module(name)
        source = (CORPUS / "wrong" / f"{name}.py").read_text(encoding="utf-8")
        for function, fault in functions.items():
            if fault["says"] not in source or outcome(module, fault["witness"]) == fault["promised"]:
                raise SystemExit(f"{name}.{function}: {fault['witness']} gives what was promised")
            found[name, function] = fault
    sys.path.pop(0)
    return found


def findings(python: Path, folder: Path, *options: str) -> tuple[list[dict[str, Any]], float]:
    """Return the functions of a repository, as the command reports them, and the seconds that it took."""
    _, seconds, report = check(python, folder, "--all", "--promises", "--no-cache", *options)
    return report["targets"], seconds


def contradictions(target: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what is said of a function that a call contradicts."""
    return [
        {"source": one["source"], "text": one["text"], **one["contradiction"]}
        for one in target["promises"]
        if one["contradiction"]
    ]


def on_corpus(python: Path, work: Path) -> dict[str, Any]:
    """Return precision and recall on the functions written for it."""
    known = faults()
    rows = []
    total = 0.0
    for kind in ("right", "wrong"):
        folder = work / f"promises-{kind}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(CORPUS / kind, folder, ignore=shutil.ignore_patterns("__pycache__"))
        repository(folder)
        targets, seconds = findings(python, folder, "--budget", "300")
        total += seconds
        for target in targets:
            key = (Path(target["path"]).stem, target["qualname"])
            is_wrong = kind == "wrong" and key in known
            rows.append(
                {
                    "kind": "wrong" if is_wrong else "right",
                    "function": ".".join(key),
                    "promises": len(target["promises"]),
                    "found": contradictions(target),
                }
            )
    suspected = [row for row in rows if row["found"]]
    true = [row for row in suspected if row["kind"] == "wrong"]
    wrong = [row for row in rows if row["kind"] == "wrong"]
    return {
        "right": len(rows) - len(wrong),
        "wrong": len(wrong),
        "suspected": len(suspected),
        "precision": round(len(true) / len(suspected), 3) if suspected else None,
        "recall": round(len(true) / len(wrong), 3),
        "false alarms": [row["function"] for row in suspected if row["kind"] == "right"],
        "missed": [row["function"] for row in wrong if not row["found"]],
        "seconds a function": round(total / len(rows), 2),
        "rows": rows,
    }


def on_libraries(python: Path, work: Path) -> dict[str, Any]:
    """Return what is found in libraries, for a person to read."""
    found: dict[str, Any] = {}
    for requirement in LIBRARIES:
        folder = unpacked(work, requirement, work / requirement.partition("==")[0])
        targets, seconds = findings(python, folder, "--budget", "900")
        kept = [one for target in targets for one in target["promises"] if not one["contradiction"]]
        found[requirement] = {
            "functions": len(targets),
            "with promises": sum(bool(target["promises"]) for target in targets),
            "promises kept": len(kept),
            "suspected": sum(target["status"] == "suspect" for target in targets),
            "seconds": round(seconds, 1),
            "rows": [
                {"function": f"{target['path']}:{target['line']} {target['qualname']}", **one}
                for target in targets
                for one in contradictions(target)
            ],
        }
    return found


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--libraries", action="store_true")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    if options.libraries:
        print(json.dumps(on_libraries(python, work), indent=1))
    else:
        save("suspected", on_corpus(python, work))


if __name__ == "__main__":
    main()
