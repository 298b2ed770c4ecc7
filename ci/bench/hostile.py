"""Hostile functions through ``--all --mode write``: nothing outside changes, all are reported, the run ends in its budget.

python ci/bench/hostile.py --work DIR [--budget 300]
"""

import argparse
import shutil
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path

from common import check, environment, git, repository, save

# Harmless once the sandbox has taken the attack away from them, or in themselves: a test may be written.
MAY_BE_TESTED = {"close_descriptors"}


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--budget", type=int, default=300)
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    python = environment(work)
    folder, decoy = work / "hostile", work / "decoy"
    for path in (folder, decoy):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
    (decoy / "precious.txt").write_text("precious")
    decoy_before = (decoy / "precious.txt").stat()
    victim = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        text = (Path(__file__).parent / "hostile_functions.py").read_text(encoding="utf-8")
        for mark, value in (("@DECOY@", decoy), ("@PORT@", server.getsockname()[1]), ("@VICTIM@", victim.pid)):
            text = text.replace(mark, str(value))
        (folder / "hostile_functions.py").write_text(text, encoding="utf-8")
        repository(folder)
        _, seconds, report = check(python, folder, "--all", "--mode", "write", "--budget", str(options.budget))
        try:
            server.accept()
            connected = True
        except TimeoutError:
            connected = False
    alive = victim.poll() is None
    victim.kill()
    after = decoy / "precious.txt"
    untouched = (
        sorted(path.name for path in decoy.iterdir()) == ["precious.txt"]
        and after.read_text() == "precious"
        and after.stat().st_mode == decoy_before.st_mode
    )
    changed = [line[3:] for line in git(folder, "status", "--porcelain", "-uall").splitlines()]
    targets = report["targets"]
    rows = [
        {
            "function": target["qualname"],
            "status": target["status"],
            "reason": target["reason"] and target["reason"].replace(str(work), "DIR"),
        }
        for target in targets
    ]
    tested = [row["function"] for row in rows if row["status"] in ("generated", "tested")]
    save(
        "hostile",
        {
            "functions": len(rows),
            "reported": sum(bool(row["reason"]) or row["function"] in tested for row in rows),
            "statuses": dict(Counter(row["status"] for row in rows)),
            "given_tests": tested,
            "given_tests_that_should_not": sorted(set(tested) - MAY_BE_TESTED),
            "decoy_untouched": untouched,
            "socket_untouched": not connected,
            "victim_alive": alive,
            "repository_untouched": all(path.startswith("tests/") for path in changed),
            "seconds": round(seconds, 1),
            "budget": options.budget,
            "rows": rows,
        },
    )


if __name__ == "__main__":
    main()
