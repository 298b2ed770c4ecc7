"""``pytestgen strength`` against mutmut and cosmic-ray: seconds wall to wall, mutants a second, and the same verdicts.

python ci/bench/strength.py --work DIR [--runs 3] [--cosmic-seconds 60]

Two projects: a small one (2 functions, 6 tests) and inflection with its own tests. The tools take turns, so that other
work on the machine meets all of them. Mutants are compared by the function that results; where two tools made the same
and disagree, the difference is listed. What mutmut lets survive in functions that run while their module is imported
(``_irregular`` of inflection) is killed here: mutmut puts a mutant in place after the import.
"""

import argparse
import ast
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tarfile
import time
from collections import Counter
from pathlib import Path

from common import environment, repository, save

PEERS = ("mutmut==3.8.1", "cosmic-ray==8.7.0", "pytest")
SMALL = {
    "shop.py": '''"""A shop."""


def grade(points: int, bonus: int = 2) -> str:
    points += bonus
    if points >= 90:
        return "A"
    if points >= 50 and points != 77:
        return "B"
    return "C"


def total(prices, rate=0.5):
    result = 0
    for price in prices:
        result += price
    if result < 0:
        raise ValueError(result)
    if len(prices) > 3:
        result = result - 1
    return result * (1 + rate)
''',
    "tests/test_shop.py": """import pytest
from shop import grade, total


@pytest.fixture(scope="module")
def price():
    return total([1, 2])


def test_grade_a():
    assert grade(95) == "A"


def test_grade_b():
    assert grade(60) == "B"


def test_grade_c():
    assert grade(1) == "C"


def test_total(price):
    assert price == 4.5


def test_total_of_many():
    assert total([1, 1, 1, 1]) > 0


def test_total_refuses_less_than_nothing():
    with pytest.raises(ValueError, match="-1"):
        total([-1])
""",
}
SAME = {
    "no tests": "not run", "timeout": "timed out", "killed": "killed", "survived": "survived", "segfault": "killed",
    "suspicious": "killed",
}  # fmt: skip


def peers(work: Path) -> Path:
    """Return the folder of programs of an environment that has the other tools."""
    folder = work / "peers"
    if not (folder / "bin" / "mutmut").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return folder / "bin"


def small(folder: Path) -> tuple[str, str]:
    """Write the small project; return its module and what pytest is to be given."""
    for path, text in SMALL.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return "shop.py", "tests"


def inflection(folder: Path) -> tuple[str, str]:
    """Unpack inflection with its tests."""
    place = folder.parent / "sdists"
    if not list(place.glob("inflection-*.tar.gz")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "-d", place]
        subprocess.run([*command, "inflection"], check=True, capture_output=True)
    with tarfile.open(next(place.glob("inflection-*.tar.gz"))) as stream:
        stream.extractall(folder.parent / "unpacked", filter="data")
    source = next((folder.parent / "unpacked").glob("inflection-*"))
    shutil.copytree(source / "inflection", folder / "inflection", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests").mkdir()
    shutil.copy(source / "test_inflection.py", folder / "tests")
    return "inflection/__init__.py", "tests"


# -- the tools -------------------------------------------------------------------------------------------------------


def run(command: list, folder: Path, seconds: float = 1800, **env: str) -> float:
    """Run a command to its end, or for so long; return the seconds it took."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    started = time.perf_counter()
    with contextlib.suppress(subprocess.TimeoutExpired):
        subprocess.run(command, cwd=folder, env={**environ, **env}, capture_output=True, timeout=seconds)
    return time.perf_counter() - started


def ours(python: Path, folder: Path, project: Path) -> tuple[float, dict[str, str]]:
    """Return the seconds of ``pytestgen strength --all``, and {function that results: verdict}."""
    report = folder / "strength.json"
    command = [python, "-m", "pytestgen_hook", "strength", "--all", "--python", python, "--budget", "600"]
    seconds = run([*command, "--output-format", "json", "--output-file", report], project)
    found = {}
    for target in json.loads(report.read_text())["targets"]:
        lines = (project / target["path"]).read_text().split("\n")
        for mutant in target["mutants"]:
            at = mutant["first_line"] - 1
            changed = [*lines[:at], *mutant["after"], *lines[at + len(mutant["before"]) :]]
            found[form("\n".join(changed), target["qualname"])] = mutant["verdict"]
    return seconds, found


def mutmut(programs: Path, folder: Path, module: str) -> tuple[float, dict[str, str]]:
    """The same of mutmut, which has its own copy of the project."""
    shutil.rmtree(folder / "mutants", ignore_errors=True)
    (folder / "pyproject.toml").write_text(f'[tool.mutmut]\nsource_paths = ["{module.partition("/")[0]}"]\n')
    seconds = run([programs / "mutmut", "run"], folder)
    listing = subprocess.run(
        [programs / "mutmut", "results", "--all", "true"], cwd=folder, capture_output=True, text=True
    ).stdout
    verdicts = dict(re.findall(r"(\S+__mutmut_\d+): (.+)", listing))
    found = {}
    text = (folder / "mutants" / module).read_text()
    for node in ast.walk(ast.parse(text)):
        name = f"{module.partition('/')[0].removesuffix('.py')}.{getattr(node, 'name', '')}"
        if isinstance(node, ast.FunctionDef) and name in verdicts:
            original = re.sub(r"^x_|__mutmut_\d+$", "", node.name)
            found[dumped(node, original)] = SAME.get(verdicts[name].strip(), verdicts[name].strip())
    return seconds, found


def cosmic_ray(programs: Path, folder: Path, module: str, tests: str, most: float) -> tuple[float, int, dict[str, str]]:
    """The same of cosmic-ray, which is stopped after so many seconds; with the number of mutants it got to."""
    (folder / "cosmic.toml").write_text(
        f'[cosmic-ray]\nmodule-path = "{module}"\ntimeout = 10.0\nexcluded-modules = []\n'
        f'test-command = "{programs / "python"} -m pytest -x -q {tests}"\n\n'
        '[cosmic-ray.distributor]\nname = "local"\n'
    )
    (folder / "session.sqlite").unlink(missing_ok=True)
    source = (folder / module).read_text()
    subprocess.run([programs / "cosmic-ray", "init", "cosmic.toml", "session.sqlite"], cwd=folder, check=True)
    command = [programs / "cosmic-ray", "exec", "cosmic.toml", "session.sqlite"]
    seconds = run(command, folder, most, PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1")
    (folder / module).write_text(source)
    dump = subprocess.run(
        [programs / "cosmic-ray", "dump", "session.sqlite"], cwd=folder, capture_output=True, text=True
    ).stdout
    found, done = {}, 0
    for line in dump.splitlines():
        item, result = json.loads(line)
        if result is None or result["test_outcome"] is None:
            continue
        done += 1
        changed = patched(source, result["diff"] or "")
        name = item["mutations"][0]["definition_name"]
        if changed and name:
            found[form(changed, name)] = result["test_outcome"]
    return seconds, done, found


def patched(source: str, diff: str) -> str | None:
    """Apply a diff of one hunk."""
    lines = source.split("\n")
    head = re.search(r"^@@ -(\d+)", diff, re.MULTILINE)
    if head is None:
        return None
    at, new = int(head[1]) - 1, []
    rest = diff[diff.index("\n", head.start()) + 1 :].split("\n")
    start = at
    for line in rest:
        if line.startswith("@@"):
            return None
        if line[:1] in (" ", "-"):
            at += 1
        if line[:1] in (" ", "+"):
            new.append(line[1:])
    return "\n".join([*lines[:start], *new, *lines[at:]])


def form(source: str, qualname: str) -> str:
    """Write a function of a source down, without its place and layout."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    name = qualname.rpartition(".")[2]
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == name]
    return dumped(nodes[-1], name) if nodes else source


def dumped(node: ast.FunctionDef, name: str) -> str:
    """Write a function down by its name; decorators left out."""
    node.decorator_list = []
    node.name = name
    return ast.unparse(node)


# -- the comparison --------------------------------------------------------------------------------------------------


def compared(mine: dict[str, str], others: dict[str, str]) -> dict[str, object]:
    """Say how many mutants both have, and on which they disagree: by function and verdicts, with one example each."""
    both = sorted(mine.keys() & others.keys())
    differ = [key for key in both if mine[key] != others[key]]
    kinds = Counter(f"{name_of(key)}: {mine[key]} here, {others[key]} there" for key in differ)
    return {
        "in_both": len(both),
        "same_verdict": len(both) - len(differ),
        "differences": dict(sorted(kinds.items())),
        "examples": {name_of(key): key for key in reversed(differ)},
    }


def name_of(function: str) -> str:
    """Return the name of a function that is written down."""
    return re.search(r"def (\w+)", function)[1]


def measured(work: Path, name: str, make, python: Path, programs: Path, options) -> dict[str, object]:
    """Run all tools on one project, in turns."""
    folder = work / name
    shutil.rmtree(folder, ignore_errors=True)
    for part in ("ours", "mutmut", "cosmic"):
        (folder / part).mkdir(parents=True)
        module, tests = make(folder / part)
    repository(folder / "ours")
    mine, theirs = [], []
    print(f"{name} …", flush=True)
    for _ in range(options.runs):
        seconds, verdicts = ours(python, folder, folder / "ours")
        mine.append(seconds)
        seconds, others = mutmut(programs, folder / "mutmut", module)
        theirs.append(seconds)
    seconds, done, third = cosmic_ray(programs, folder / "cosmic", module, tests, options.cosmic_seconds)
    rate = len(verdicts) / statistics.median(mine)
    return {
        "name": name,
        "pytestgen": {"seconds": rounded(mine), "mutants": len(verdicts), "mutants_a_second": round(rate, 1)},
        "mutmut": {
            "seconds": rounded(theirs),
            "mutants": len(others),
            "mutants_a_second": round(len(others) / statistics.median(theirs), 1),
        },
        "cosmic_ray": {"seconds": round(seconds, 2), "mutants": done, "mutants_a_second": round(done / seconds, 2)},
        "wall_ratio_to_mutmut": round(statistics.median(b / a for a, b in zip(mine, theirs, strict=True)), 1),
        "rate_ratio_to_mutmut": round(rate / (len(others) / statistics.median(theirs)), 1),
        "rate_ratio_to_cosmic_ray": round(rate / (done / seconds), 1),
        "against_mutmut": compared(verdicts, others),
        "against_cosmic_ray": compared(verdicts, third),
    }


def rounded(values: list[float]) -> list[float]:
    """Return seconds as they are to be read."""
    return [round(value, 2) for value in values]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--cosmic-seconds", type=float, default=60)
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python, programs = environment(work), peers(work)
    projects = {"small": small, "inflection": inflection}
    rows = [measured(work, name, make, python, programs, options) for name, make in projects.items()]
    save("strength", {"projects": rows})


if __name__ == "__main__":
    main()
