"""What the runtime writes down about real test files, with coverage.py and with its own tracers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytestgen_hook.sandbox import program

# More interpreters (with pytest) to run all of this under, separated as in PATH.
OTHERS = [python for python in os.environ.get("PYTESTGEN_TEST_PYTHONS", "").split(os.pathsep) if python]


@dataclass(frozen=True)
class Answer:
    """The report of one run."""

    files: dict[str, dict[str, Any]]
    end: dict[str, Any] | None
    at: list[tuple[str, str | None]]
    returncode: int
    output: str


@dataclass(frozen=True)
class Project:
    """A tree of files and the way to run its tests."""

    root: Path
    place: Path
    python: str
    has_coverage: bool

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.root / name.replace("__", "/").replace("_py", ".py").replace("_ini", ".ini").replace(
                "_txt", ".txt"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text))

    def run(self, *tests: str, paths: tuple[str, ...] = ("",), modules: dict[str, str] | None = None) -> Answer:
        folders = [str(self.root / path) for path in paths]
        if not self.has_coverage:
            hiding = self.place / "hiding"
            hiding.mkdir(exist_ok=True)
            (hiding / "coverage.py").write_text("raise ImportError('hidden')")
            folders.append(str(hiding))
        request, report = self.place / "request.json", self.place / "report.jsonl"
        message = {"tests": list(tests), "root": str(self.root), "paths": folders, "modules": modules or {}}
        request.write_text(json.dumps({**message, "place": str(self.place), "confined": False}))
        completed = subprocess.run(
            [self.python, *program("evidence"), "--request", request, "--report", report],
            cwd=self.root,
            capture_output=True,
            text=True,
            check=False,
        )
        records = [json.loads(line) for line in report.read_text().splitlines()]
        return Answer(
            {record["file"]: record for record in records if "file" in record},
            next((record for record in records if "end" in record), None),
            [(record["at"], record["test"]) for record in records if "at" in record],
            completed.returncode,
            completed.stdout + completed.stderr,
        )


def ran(answer: Answer, test: str, source: str) -> dict[int, list[str]]:
    """Return {first line of a function: names of the passing tests of the file that ran it}."""
    record = answer.files[test]
    names = [identifier.partition("::")[2] for identifier in record["passed"]]
    return {int(line): [names[n] for n in numbers] for line, numbers in record["ran"].get(source, {}).items()}


@pytest.fixture(
    params=[(python, has) for python in [sys.executable, *OTHERS] for has in (True, False)],
    ids=lambda param: f"{Path(param[0]).parent.parent.name}-{'coverage' if param[1] else 'own'}",
)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    python, has_coverage = request.param
    for name in ("tree", "place"):
        (tmp_path / name).mkdir()
    return Project((tmp_path / "tree").resolve(), tmp_path / "place", python, has_coverage)


@pytest.fixture
def one(tmp_path: Path) -> Project:
    """A project where the tracer makes no difference to what is tested."""
    for name in ("tree", "place"):
        (tmp_path / name).mkdir()
    return Project((tmp_path / "tree").resolve(), tmp_path / "place", sys.executable, True)


MODULE = """\
def used(x):
    return x + 1


def unused(x):
    return x - 1


def one_line(x): return x * 2


def idle_line(x): return x * 3


def deco(function):
    def inner(*args):
        return function(*args)
    return inner


@deco
def decorated(x):
    y = x
    return y


class Thing:
    def __init__(self, x):
        self.x = x

    @property
    def double(self):
        return self.x * 2

    def never(self):
        return 0


async def coroutine():
    return 5


def generator():
    yield 1


def in_thread():
    return 7


def multi(
    a,
    b=[n for n in range(3)],
):
    return (
        a
    )
"""


def test_functions_count_as_run_when_a_passing_test_runs_their_body(project: Project) -> None:
    project.write(
        mod_py=MODULE,
        test_mod_py="""\
            import asyncio, threading
            import mod
            def test_used(): assert mod.used(1) == 2
            def test_one_line(): assert mod.one_line(1) == 2
            def test_decorated(): assert mod.decorated(1) == 1
            def test_double(): assert mod.Thing(2).double == 4
            def test_async(): assert asyncio.run(mod.coroutine()) == 5
            def test_generator(): assert list(mod.generator()) == [1]
            def test_generator_not_started(): mod.generator()
            def test_thread():
                thread = threading.Thread(target=mod.in_thread)
                thread.start(); thread.join()
            def test_multi(): assert mod.multi(1) == 1
            """,
    )
    answer = project.run("test_mod.py")
    first = {name: MODULE[: MODULE.index(name)].count("\n") + 1 for name in ("def used", "def one_line", "@deco\n")}
    found = ran(answer, "test_mod.py", "mod.py")
    assert found.pop(first["def used"]) == ["test_used"]
    assert found.pop(first["def one_line"]) == ["test_one_line"]
    assert found.pop(first["@deco\n"]) == ["test_decorated"]
    by_test = {test for tests in found.values() for test in tests}
    assert by_test == {"test_decorated", "test_double", "test_async", "test_generator", "test_thread", "test_multi"}
    assert all(name not in MODULE.splitlines()[line - 1] for line in found for name in ("unused", "idle", "never"))
    assert len(found) == 7  # inner, __init__, double, coroutine, generator, in_thread, multi


def test_a_run_that_writes_a_report_of_its_own_comes_to_its_end(one: Project) -> None:
    one.write(pytest_ini="[pytest]\naddopts = --junitxml=told.xml\n", test_a_py="def test_a(): assert True\n")
    answer = one.run("test_a.py")
    assert answer.end is not None, answer
    assert answer.files["test_a.py"]["passed"] == ["test_a.py::test_a"]


def test_importing_in_a_test_is_no_evidence(project: Project) -> None:
    project.write(
        mod_py="""\
            def one_line(x): return x
            @(lambda f: f)
            def other(x, y=[n for n in (1, 2)], z=tuple(n for n in (1, 2))): return x
            def third(x=(lambda: 1)()):
                return x
            """,
        test_mod_py="def test_import():\n    import mod\n    assert mod.third\n",
    )
    answer = project.run("test_mod.py")
    assert answer.files["test_mod.py"]["passed"] == ["test_mod.py::test_import"]
    assert ran(answer, "test_mod.py", "mod.py") == {}


def test_a_function_called_in_the_test_that_first_imports_it_counts(project: Project) -> None:
    project.write(mod_py="def f(x):\n    return x\n", test_mod_py="def test_f():\n    import mod\n    mod.f(1)\n")
    assert ran(project.run("test_mod.py"), "test_mod.py", "mod.py") == {1: ["test_f"]}


def test_only_passing_tests_count(project: Project) -> None:
    project.write(
        mod_py="".join(f"def f{n}():\n    return {n}\n" for n in range(6)),
        test_mod_py="""\
            import mod, pytest
            def test_fails():
                mod.f0()
                assert False, "as it must"
            @pytest.mark.xfail
            def test_xfail():
                mod.f1()
                assert False
            def test_skips():
                mod.f2()
                pytest.skip("later")
            @pytest.fixture
            def broken_at_the_end():
                yield
                raise RuntimeError("teardown")
            def test_teardown_fails(broken_at_the_end): mod.f3()
            @pytest.mark.xfail
            def test_passes_unexpectedly(): mod.f4()
            def test_passes(): mod.f5()
            """,
    )
    answer = project.run("test_mod.py")
    record = answer.files["test_mod.py"]
    assert ran(answer, "test_mod.py", "mod.py") == {11: ["test_passes"]}
    assert record["lines"]["mod.py"][-1] == 12
    assert record["failed"]["test_mod.py::test_fails"] == "AssertionError: as it must"
    assert record["failed"]["test_mod.py::test_teardown_fails"] == "RuntimeError: teardown"


def test_shared_lines_name_every_test(project: Project) -> None:
    project.write(
        mod_py="def f(x):\n    return x\n",
        test_a_py="import pytest, mod\n@pytest.mark.parametrize('x', [1, 2])\ndef test_f(x):\n    assert mod.f(x) == x\n",
        test_b_py="""\
            import unittest, mod
            class TestF(unittest.TestCase):
                def setUp(self): self.x = mod.f(1)
                def test_f(self): self.assertEqual(self.x, 1)
            """,
    )
    answer = project.run("test_a.py", "test_b.py")
    assert ran(answer, "test_a.py", "mod.py") == {1: ["test_f[1]", "test_f[2]"]}
    assert ran(answer, "test_b.py", "mod.py") == {1: ["TestF::test_f"]}


def test_code_reached_through_fixtures_counts(project: Project) -> None:
    project.write(
        mod_py="def f(x):\n    return x\n",
        tests__conftest_py="import pytest, mod\n@pytest.fixture\ndef value(): return mod.f(3)\n",
        tests__test_value_py="def test_value(value): assert value == 3\n",
    )
    assert ran(project.run("tests/test_value.py"), "tests/test_value.py", "mod.py") == {1: ["test_value"]}


def test_a_subtest_that_fails_spoils_its_test(project: Project) -> None:
    project.write(
        mod_py="def f(x):\n    return x\n",
        test_mod_py="""\
            import unittest, mod
            class TestF(unittest.TestCase):
                def test_f(self):
                    for n in (1, 2):
                        with self.subTest(n=n):
                            self.assertEqual(mod.f(n), 1)
            """,
    )
    assert ran(project.run("test_mod.py"), "test_mod.py", "mod.py") == {}


# -- other processes ------------------------------------------------------------------------------------------------

PROGRAM = """\
import sys, time


def ran(n):
    return n + 1


def idle():
    return 0


if __name__ == "__main__":
    print(ran(int(sys.argv[1])), flush=True)
    if len(sys.argv) > 2:
        time.sleep(60)
"""
STARTS = {
    "inherits": "subprocess.run([sys.executable, '-m', 'mod', '1'], check=True)",
    "environment of its own": "subprocess.run([sys.executable, MOD, '1'], env={'PATH': os.environ['PATH']}, check=True)",
    "by position": "subprocess.Popen([sys.executable, MOD, '1'], -1, *[None] * 5, True, False, None, {}).wait()",
    "shell": "assert os.system(sys.executable + ' -m mod 1') == 0",
    "shell with an environment of its own": "subprocess.run(sys.executable + ' ' + MOD + ' 1', shell=True, env={}, check=True)",
    "asyncio": "asyncio.run(later())",
    "spawned": "join(multiprocessing.get_context('spawn').Process(target=mod.ran, args=(1,)))",
    "forked": "join(multiprocessing.get_context('fork').Process(target=mod.ran, args=(1,)))",
    "forked by hand": "pid = os.fork()\n    if not pid:\n        mod.ran(1)\n        os._exit(0)\n    os.waitpid(pid, 0)",
    "pool": "concurrent.futures.ProcessPoolExecutor(1).submit(mod.ran, 1).result()",
    "killed": (
        "process = subprocess.Popen([sys.executable, '-m', 'mod', '1', 'wait'], stdout=subprocess.PIPE)\n"
        "    process.stdout.readline()\n    process.kill()\n    process.wait()"
    ),
    "grandchild": (
        "subprocess.run([sys.executable, '-c', 'import subprocess, sys; subprocess.run([sys.executable, sys.argv[1], "
        "\\'1\\'], env={})', MOD], env={}, check=True)"
    ),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_what_runs_in_a_process_that_a_test_starts_counts(project: Project, start: str) -> None:
    project.write(
        mod_py=PROGRAM,
        test_mod_py=f"""\
import asyncio, concurrent.futures, multiprocessing, os, subprocess, sys
import mod
MOD = mod.__file__
async def later():
    process = await asyncio.create_subprocess_exec(sys.executable, MOD, '1')
    assert await process.wait() == 0
def join(process):
    process.start(); process.join()
    assert process.exitcode == 0
def test_nothing(): pass
def test_start():
    {start}
def test_fails():
    subprocess.run([sys.executable, '-c', 'import mod; mod.idle()'], check=True)
    assert False
""",
    )
    answer = project.run("test_mod.py")
    assert ran(answer, "test_mod.py", "mod.py") == {4: ["test_start"]}, answer
    assert 5 in answer.files["test_mod.py"]["lines"]["mod.py"]


def test_a_process_that_is_followed_sees_what_it_was_given(project: Project) -> None:
    project.write(
        own__sitecustomize_py="import sys\nsys.of_the_environment = True\n",
        shown_py="import os, sys; print(repr((dict(os.environ), sys.path, getattr(sys, 'of_the_environment', None))))\n",
        test_mod_py="""\
            import ast, os, subprocess, sys
            OWN = os.path.join(os.path.dirname(__file__), 'own')
            def shown(env):
                output = subprocess.check_output([sys.executable, 'shown.py'], env=env, text=True)
                return ast.literal_eval(output)
            def test_empty():
                environment, path, own = shown({})
                assert not {name for name in environment if name.startswith(('PYTHON', '_PYTESTGEN'))}
                assert not [entry for entry in path if entry.endswith('startup')]
                assert own is None
            def test_own():
                environment, path, own = shown({'PYTHONPATH': OWN})
                assert environment['PYTHONPATH'] == OWN
                assert OWN in path and own is True
            def test_modules_of_its_own():
                code = 'import sys; print([m for m in ("follow", "hidden", "own_tracers") if m in sys.modules])'
                assert subprocess.check_output([sys.executable, '-c', code], text=True) == '[]\\n'
            """,
    )
    answer = project.run("test_mod.py")
    assert answer.files["test_mod.py"]["failed"] == {}
    assert len(answer.files["test_mod.py"]["passed"]) == 3


SERVER = """\
import sys


def first():
    return 1


def second():
    return 2


for line in sys.stdin:
    print(first() if line == "first\\n" else second(), flush=True)
"""


@pytest.mark.parametrize("scope", ["session", "module"])
def test_a_process_of_several_tests_shows_what_it_runs_for_each(project: Project, scope: str) -> None:
    project.write(
        server_py=SERVER,
        conftest_py=f"""\
            import pytest, subprocess, sys
            @pytest.fixture(scope='{scope}')
            def server():
                command = [sys.executable, 'server.py']
                with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
                    def ask(what):
                        print(what, file=process.stdin, flush=True)
                        return process.stdout.readline()
                    yield ask
                    process.stdin.close()
            """,
        test_a_py="def test_first(server): assert server('first') == '1\\n'\n",
        test_b_py="""\
            def test_first(server): assert server('first') == '1\\n'
            def test_fails(server): assert server('second') == '1\\n'
            """,
        test_c_py="def test_second(server): assert server('second') == '2\\n'\n",
    )
    answer = project.run("test_a.py", "test_b.py", "test_c.py")
    assert ran(answer, "test_a.py", "server.py") == {4: ["test_first"]}
    assert ran(answer, "test_b.py", "server.py") == {4: ["test_first"]}
    assert ran(answer, "test_c.py", "server.py") == {8: ["test_second"]}


def test_an_environment_that_several_tests_share_is_not_that_of_the_first(project: Project) -> None:
    project.write(
        mod_py="def f():\n    return 1\ndef g():\n    return 2\n",
        test_a_py="""\
            import os, pytest, subprocess, sys
            @pytest.fixture(scope='session')
            def env(): return {**os.environ, 'MODE': 'test'}
            def test_f(env): subprocess.run([sys.executable, '-c', 'import mod; mod.f()'], env=env, check=True)
            def test_fails(env):
                subprocess.run([sys.executable, '-c', 'import mod; mod.g()'], env=env, check=True)
                assert False
            """,
    )
    assert ran(project.run("test_a.py"), "test_a.py", "mod.py") == {1: ["test_f"]}


PLACES = {
    "in conftest": "os.environ['PYTHONPATH'] = PLACE",
    "as a path": "ENVIRONMENT = {**os.environ, 'PYTHONPATH': pathlib.Path(PLACE)}",
    "for one process": "ENVIRONMENT = {**os.environ, 'PYTHONPATH': PLACE}",
    "in an environment of its own": "ENVIRONMENT = {'PYTHONPATH': PLACE}",
    "for a test": "@pytest.fixture(autouse=True)\ndef place(monkeypatch): monkeypatch.setenv('PYTHONPATH', PLACE)",
}


@pytest.mark.parametrize("setting", PLACES.values(), ids=PLACES)
def test_a_search_path_that_tests_set_is_theirs(project: Project, setting: str) -> None:
    head = "import os, pathlib, pytest\nPLACE = os.path.join(os.path.dirname(__file__), 'vendor')\nENVIRONMENT = None\n"
    project.write(
        vendor__extra_py="",
        mod_py="import os, extra\n\ndef f():\n    return os.environ.get('PYTHONPATH')\n\nprint(f())\n",
        conftest_py=f"{head}{setting}\n",
        test_a_py="""\
            import conftest, subprocess, sys
            def test_a():
                for _ in range(2):
                    output = subprocess.check_output([sys.executable, 'mod.py'], env=conftest.ENVIRONMENT, text=True)
                    assert output.strip().endswith(conftest.PLACE)
            """,
    )
    answer = project.run("test_a.py")
    assert answer.files["test_a.py"]["failed"] == {}
    assert ran(answer, "test_a.py", "mod.py") == {3: ["test_a"]}


def test_programs_see_no_more_than_a_test_gives_them(one: Project) -> None:
    one.write(
        test_a_py="""\
            import inspect, subprocess, sys
            def shown(*command): return subprocess.check_output(command, env={'A': '1'}, text=True)
            def test_others(): assert shown('env') == 'A=1\\n'
            def test_shell(): assert shown('sh', '-c', 'echo "[$PYTHONPATH]"') == '[]\\n'
            def test_isolated():
                code = 'import os; print([name for name in os.environ if "PYTHON" in name or "PYTEST" in name])'
                assert shown(sys.executable, '-BIc', code) == '[]\\n'
            def test_not_a_mapping():
                try: subprocess.run([sys.executable, '-V'], env=[('A', '1')])
                except Exception as error: assert 'mapping' in str(error) or 'keys' in str(error) or 'items' in str(error)
                else: assert False
            def test_what_it_is_called():
                assert subprocess.Popen.__init__.__name__ == '__init__'
                assert 'stdin' in inspect.signature(subprocess.Popen).parameters
            """,
    )
    record = one.run("test_a.py").files["test_a.py"]
    assert record["failed"] == {}
    assert len(record["passed"]) == 5


def test_a_process_that_closes_all_its_files_writes_into_no_other(one: Project) -> None:
    one.write(
        mod_py="def f():\n    return 1\n",
        daemon_py="""\
            import os, sys
            os.closerange(3, 256)
            files = [open(os.path.join(sys.argv[1], str(n)), 'w') for n in range(8)]
            import mod
            mod.f()
            """,
        test_mod_py="""\
            import mod, subprocess, sys
            def test_daemon(tmp_path):
                subprocess.run([sys.executable, 'daemon.py', tmp_path], check=True)
                assert [path.read_text() for path in tmp_path.iterdir()] == [''] * 8
            """,
    )
    assert one.run("test_mod.py").files["test_mod.py"]["failed"] == {}


def test_a_python_that_ignores_its_environment_is_not_followed(one: Project) -> None:
    one.write(
        mod_py=PROGRAM,
        test_mod_py="""\
            import mod, subprocess, sys
            def test_isolated():
                done = subprocess.run([sys.executable, '-I', mod.__file__, '1'], capture_output=True, text=True)
                assert (done.stdout, done.stderr) == ('2\\n', '')
            """,
    )
    assert ran(one.run("test_mod.py"), "test_mod.py", "mod.py") == {}


# -- what does not run ----------------------------------------------------------------------------------------------


def test_a_file_that_cannot_be_collected_does_not_stop_the_others(project: Project) -> None:
    project.write(
        test_a_py="import does_not_exist\n",
        test_b_py="def test_b(): pass\n",
        test_c_py="def test_c(:\n",
        test_d_py="X = 1\n",
    )
    answer = project.run("test_a.py", "test_b.py", "test_c.py", "test_d.py")
    assert "No module named 'does_not_exist'" in answer.files["test_a.py"]["problem"]
    assert (
        "SyntaxError" in answer.files["test_c.py"]["problem"]
        or "invalid syntax" in answer.files["test_c.py"]["problem"]
    )
    assert answer.files["test_b.py"]["passed"] == ["test_b.py::test_b"]
    assert (answer.files["test_d.py"]["passed"], answer.files["test_d.py"]["problem"]) == ([], None)


def test_a_crash_leaves_what_was_known_and_who_ran(one: Project) -> None:
    one.write(
        test_a_py="def test_a(): pass\n",
        test_b_py="import os\ndef test_ok(): pass\ndef test_crash(): os._exit(3)\n",
        test_c_py="def test_c(): pass\n",
    )
    answer = one.run("test_a.py", "test_b.py", "test_c.py")
    assert list(answer.files) == ["test_a.py"]
    assert (answer.end, answer.at[-1], answer.returncode) == (None, ("test_b.py", "test_crash"), 3)


def test_a_crash_on_import_names_the_file(one: Project) -> None:
    one.write(test_a_py="import os\nos._exit(4)\n")
    assert one.run("test_a.py").at == [("test_a.py", None)]


def test_a_broken_conftest_is_told_on_the_output(one: Project) -> None:
    one.write(tests__conftest_py="import does_not_exist\n", tests__test_a_py="def test_a(): pass\n")
    answer = one.run("tests/test_a.py")
    assert answer.files == {}
    assert answer.end is not None
    assert answer.end["end"] == 4
    assert "does_not_exist" in answer.output


def test_threads_that_never_end_do_not_keep_the_process(one: Project) -> None:
    one.write(
        test_a_py="""\
            import threading, time
            def test_a(): threading.Thread(target=time.sleep, args=(600,)).start()
            """
    )
    assert one.run("test_a.py").files["test_a.py"]["passed"] == ["test_a.py::test_a"]


# -- the project's own options --------------------------------------------------------------------------------------


def test_options_for_coverage_processes_and_early_ends_are_neutralised(one: Project) -> None:
    pytest.importorskip("xdist")
    one.write(
        pytest_ini="[pytest]\naddopts = -n 2 --dist loadfile -x --strict-markers --lf --durations=3\n",
        mod_py="def f(x):\n    return x\n",
        test_a_py="import mod\ndef test_fails(): assert 0\ndef test_f(): mod.f(1)\n",
        test_b_py="import mod\ndef test_f(): mod.f(1)\n",
    )
    answer = one.run("test_a.py", "test_b.py")
    assert ran(answer, "test_a.py", "mod.py") == {1: ["test_f"]}
    assert ran(answer, "test_b.py", "mod.py") == {1: ["test_f"]}


def test_pytest_cov_in_the_options_does_not_take_the_measurement(one: Project) -> None:
    pytest.importorskip("pytest_cov")
    one.write(
        pytest_ini="[pytest]\naddopts = --cov=mod --cov-fail-under=100 --cov-report=term\n",
        mod_py="def f(x):\n    return x\n",
        test_a_py="import mod\ndef test_f(): mod.f(1)\n",
    )
    answer = one.run("test_a.py")
    assert ran(answer, "test_a.py", "mod.py") == {1: ["test_f"]}
    assert not (one.root / ".coverage").exists()


def test_no_summary_is_made_of_a_run(one: Project) -> None:
    """Nobody reads it, and some plugins take longer for it than the tests do."""
    summary = "import os\n\n\ndef pytest_terminal_summary():\n    os._exit(3)\n"
    one.write(a_py="def f():\n    return 1\n", conftest_py=summary)
    one.write(test_a_py="import a\n\n\ndef test_f():\n    assert a.f() == 1\n\n\ndef test_g():\n    assert not a.f()\n")
    answer = one.run("test_a.py")
    assert (answer.returncode, answer.files["test_a.py"]["passed"]) == (0, ["test_a.py::test_f"])
    assert answer.end is not None


def test_an_option_that_nobody_knows_is_told(one: Project) -> None:
    one.write(pytest_ini="[pytest]\naddopts = --not-an-option\n", test_a_py="def test_a(): pass\n")
    answer = one.run("test_a.py")
    assert answer.files == {}
    assert "--not-an-option" in answer.output


def test_warnings_as_errors_are_no_obstacle(project: Project) -> None:
    project.write(
        pytest_ini="[pytest]\nfilterwarnings = error\n",
        mod_py="def f(x):\n    return x\n",
        test_a_py="import mod\ndef test_f(): mod.f(1)\n",
    )
    assert ran(project.run("test_a.py"), "test_a.py", "mod.py") == {1: ["test_f"]}


def test_a_configuration_below_the_top_keeps_paths_from_the_top(one: Project) -> None:
    one.write(sub__pytest_ini="[pytest]\n", sub__test_a_py="def test_a(): pass\n")
    assert one.run("sub/test_a.py").files["sub/test_a.py"]["passed"] == ["sub/test_a.py::test_a"]


def test_nothing_is_written_into_the_tree(project: Project) -> None:
    project.write(mod_py="def f(x):\n    return x\n", test_a_py="import mod\ndef test_f(tmp_path): mod.f(tmp_path)\n")
    before = sorted(project.root.rglob("*"))
    project.run("test_a.py")
    assert sorted(project.root.rglob("*")) == before


# -- names ----------------------------------------------------------------------------------------------------------


def test_a_module_named_like_one_of_the_runtime_is_the_projects(one: Project) -> None:
    one.write(
        reads_py="def f(x):\n    return x\n",
        tracers_py="def f(x):\n    return x\n",
        evidence_py="def f(x):\n    return x\n",
        test_a_py="import reads, tracers, evidence\ndef test_f(): reads.f(tracers.f(evidence.f(1)))\n",
    )
    answer = one.run("test_a.py")
    assert all(ran(answer, "test_a.py", name) == {1: ["test_f"]} for name in ("reads.py", "tracers.py", "evidence.py"))


@pytest.mark.skipif(sys.version_info < (3, 10), reason="older Pythons do not list their library")
def test_a_module_named_like_one_of_the_library_does_not_break_pytest(one: Project) -> None:
    one.write(types_py="def f(x):\n    return x\n", logging_py="raise RuntimeError\n", test_a_py="def test_a(): pass\n")
    assert one.run("test_a.py").files["test_a.py"]["passed"] == ["test_a.py::test_a"]


def test_a_module_that_comes_from_elsewhere_is_told(one: Project) -> None:
    elsewhere = one.place / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mod.py").write_text("def f(x):\n    return x\n")
    one.write(
        src__mod_py="def f(x):\n    return x\n",
        test_a_py=f"import sys\nsys.path.insert(0, {str(elsewhere)!r})\nimport mod, json\ndef test_f(): mod.f(1)\n",
    )
    answer = one.run("test_a.py", paths=("src",), modules={"mod": "src/mod.py", "json": "json.py"})
    assert answer.end is not None
    assert answer.end["foreign"] == {"src/mod.py": str(elsewhere / "mod.py")}


def test_processes_of_tests_import_from_the_tree(one: Project) -> None:
    one.write(
        src__mod_py="print('from the tree')\n",
        test_a_py="""\
            import subprocess, sys
            def test_a(tmp_path):
                out = subprocess.run([sys.executable, "-m", "mod"], capture_output=True, text=True, cwd=tmp_path)
                assert out.stdout == "from the tree\\n"
            """,
    )
    answer = one.run("test_a.py", paths=("", "src"))
    assert answer.files["test_a.py"]["passed"]
    assert answer.end is not None
    assert "*" in answer.end["reads"]


# -- what was read --------------------------------------------------------------------------------------------------


def test_files_and_folders_that_were_read_are_noted(one: Project) -> None:
    one.write(
        data__a_txt="1",
        mod_py="import os\nTEXT = open('data/a.txt').read()\nNAMES = os.listdir('data')\n",
        test_a_py="""\
            import mod, os, pathlib, platform, sqlite3
            def test_a(tmp_path):
                try: open("data/absent.txt")
                except OSError: pass
                (tmp_path / "x").write_text("")
                open("written.txt", "w").close()
                sqlite3.connect("base.db").close()
                platform.processor()
            """,
    )
    answer = one.run("test_a.py")
    assert answer.end is not None
    assert answer.files["test_a.py"]["failed"] == {}
    found = set(answer.end["reads"])
    assert {"data/a.txt", "data/absent.txt", "data/", "mod.py", "test_a.py", "base.db"} <= found
    assert not found & {"written.txt", "*", "/"}
