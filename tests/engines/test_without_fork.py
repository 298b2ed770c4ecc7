"""Where the platform has no fork every call runs in a fresh interpreter; this one has its fork taken away."""

import json
import subprocess
import sys

from pytestgen_hook.functions import functions_in
from pytestgen_hook.sandbox import RUNTIME

# The kernel's rules are left out too: where there is no fork there are none, and here they would forbid new interpreters.
WITHOUT_FORK = """
import os, runpy, sys
del os.fork
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
import confine
confine.restrict_process = lambda writable: []
confine.restrict_call = lambda cpu_seconds, memory_bytes: None
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def test_cases_are_found_and_attacks_are_named(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    source = "import os\n\ndef sign(n: int):\n    return 'minus' if n < 0 else 'plus'\n"
    source += "\ndef attack(n: int):\n    os.remove('/etc/hostname')\n"
    (tree / "subject.py").write_text(source)
    start = tmp_path / "start.py"
    start.write_text(WITHOUT_FORK)
    requests = [
        {
            "module": "subject",
            "path": "subject.py",
            "qualname": function.qualname,
            "name": function.name,
            "first_line": function.first_line,
            "last_line": function.last_line,
            "body_lines": function.body_lines,
            "seconds": 20,
            "import_seconds": 20,
        }
        for function in functions_in("subject.py", source.encode())
    ]
    process = subprocess.run(
        [sys.executable, "-B", start, RUNTIME / "start.py", "server", "--folder", tmp_path, "--tree", tree],
        input="".join(json.dumps(request) + "\n" for request in requests),
        capture_output=True,
        text=True,
        timeout=120,
    )
    sign, attack = map(json.loads, process.stdout.splitlines())
    assert {case["checks"][0][2] for case in sign["cases"]} == {'"minus"', '"plus"'}
    assert attack["cases"] == []
    assert attack["refused"] == "delete /etc/hostname"
