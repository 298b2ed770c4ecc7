"""Other times and places reach a name wherever it is, also one that came after the modules were looked through."""

import json
import subprocess
import sys
import time

from pytestgen_hook import sandbox

SCRIPT = """
import json, sys, time, types
sys.path.insert(0, sys.argv[1])
import elsewhere, hidden
hidden.hide_runtime()

def module(name, **names):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(names)
    return sys.modules[name]

known = module("known", clock=time.time, year=time.localtime)
grown = module("grown")
elsewhere.look_around()
grown.clock = time.time
late = module("late", clock=time.time)
elsewhere.move("/of-the-project")
before = {name: sys.modules[name].clock() for name in ("known", "grown", "late")}
elsewhere.advance()
after = {name: sys.modules[name].clock() for name in before}
print(json.dumps({"before": before, "after": after, "year": known.year().tm_year}))
"""


def test_names_are_replaced_wherever_modules_have_them_by_now():
    command = [sys.executable, "-c", SCRIPT, str(sandbox.RUNTIME)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert found["year"] == 2033
    for name, seconds in found["before"].items():
        assert seconds > time.time() + 1e8, name
        assert found["after"][name] > seconds + 1e7, name
