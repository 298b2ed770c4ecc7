"""Three libraries from the package index, committed without their tests: what ``--all --mode write --budget 300`` reaches.

python ci/bench/libraries.py --work DIR [--only NAME]
"""

import argparse
import hashlib
import shutil
from collections import Counter
from pathlib import Path

from common import check, environment, git, is_green, save, unpacked

LIBRARIES = {"inflection": ".", "humanize": "src", "more-itertools": "."}


def digest(folder: Path) -> str:
    """Return a digest of all names and contents below a folder."""
    total = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        total.update(str(path.relative_to(folder)).encode())
        if path.is_file() and not path.is_symlink():
            total.update(path.read_bytes())
    return total.hexdigest()


def measured(work: Path, python: Path, name: str, root: str) -> dict[str, object]:
    """Run the command on one library and return what it reached."""
    folder = unpacked(work, name, work / "libraries" / name.replace("-", "_"))
    outside = work / "outside" / folder.name
    shutil.rmtree(outside, ignore_errors=True)
    for part in ("home", "tmp", "cache"):
        (outside / part).mkdir(parents=True)
    (outside / "home" / "precious.txt").write_text("precious")
    before = digest(outside / "home")
    env = {
        "HOME": str(outside / "home"),
        "TMPDIR": str(outside / "tmp"),
        "PYTESTGEN_CACHE_DIR": str(outside / "cache"),
    }
    _, seconds, report = check(python, folder, "--all", "--mode", "write", "--budget", "300", env=env)
    targets = report["targets"]
    reasons = Counter(target["reason"] for target in targets if target["status"] != "generated")

    def share(kind: str, part: str) -> str:
        got = sum(target[kind][part] or 0 for target in targets)
        total = sum(target[kind]["total"] or 0 for target in targets)
        return f"{got}/{total}"

    changed = [line[3:] for line in git(folder, "status", "--porcelain", "-uall").splitlines()]
    return {
        "name": name,
        "seconds": round(seconds, 1),
        "functions": f"{sum(target['status'] == 'generated' for target in targets)}/{len(targets)}",
        "lines": share("lines", "run"),
        "branches": share("branches", "run"),
        "mutants": share("mutants", "killed"),
        "green_in_three_runs": all(is_green(python, folder, seed, pythonpath=root) for seed in "012"),
        "only_tests_changed": all(path.startswith("tests/") for path in changed),
        "nothing_outside_changed": digest(outside / "home") == before and not list((outside / "tmp").iterdir()),
        "not_reached": dict(reasons.most_common()),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", choices=LIBRARIES)
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    chosen = {options.only: LIBRARIES[options.only]} if options.only else LIBRARIES
    save("libraries", {"libraries": [measured(work, python, name, root) for name, root in chosen.items()]})


if __name__ == "__main__":
    main()
