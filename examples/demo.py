"""Shows pytestgen-check at work on one of the examples, in a temporary repository: python examples/demo.py NAME"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLES = Path(__file__).parent


def main() -> int:
    names = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))
    if len(sys.argv) != 2 or sys.argv[1] not in names:
        print(f"usage: python examples/demo.py {{{','.join(names)}}}")
        return 2
    with tempfile.TemporaryDirectory(prefix="pytestgen-demo-") as folder:
        project = Path(folder) / sys.argv[1]
        shutil.copytree(EXAMPLES / sys.argv[1], project, ignore=shutil.ignore_patterns("__pycache__"))
        show(project, "git", "init", "--quiet")
        show(project, "git", "add", ".")
        check = ("-m", "pytestgen_hook", "check", "--python", sys.executable)
        show(project, sys.executable, *check, shown="pytestgen-check")
        show(project, sys.executable, *check, "--mode", "write", shown="pytestgen-check --mode write")
        show(project, "git", "add", ".")
        show(project, sys.executable, *check, shown="pytestgen-check")
        return show(project, sys.executable, "-m", "pytest", "-q", shown="python -m pytest -q")


def show(project: Path, *command: str, shown: str = "") -> int:
    """Print a command, run it in the project, and return its exit status."""
    print(f"\n$ {shown or ' '.join(command)}", flush=True)
    return subprocess.run(command, cwd=project).returncode


if __name__ == "__main__":
    sys.exit(main())
