"""Processes of the tool: what they get, what comes back, and that nothing of them is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytestgen_hook import sandbox
from pytestgen_hook.sandbox import (
    Completed,
    Runtime,
    RuntimeDied,
    RuntimeTimeout,
    _excess,
    clean_environment,
    run,
    started_confined,
)

PYTHON = Path(sys.executable)
MEMORY = 2 << 30

posix_only = pytest.mark.skipif(os.name != "posix", reason="process groups")
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="Landlock and seccomp")


def python(code: str, tmp_path: Path, **options: Any) -> Completed:
    """Run a snippet in an interpreter with a clean environment."""
    options = {"timeout": 60.0, "env": clean_environment(tmp_path), **options}
    return run([PYTHON, "-c", textwrap.dedent(code)], cwd=tmp_path, **options)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    # A zombie nobody has waited for is as good as gone.
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def soon(is_true: Callable[[], bool]) -> bool:
    """Whether something is true soon; it may take the system a moment."""
    deadline = time.monotonic() + 20
    while not is_true() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_true()


def ends(process: int) -> bool:
    """Whether the process is gone soon."""
    return soon(lambda: not is_alive(process))


# -- run -------------------------------------------------------------------------------------------------------------


def test_run_returns_both_outputs_and_the_status(tmp_path: Path) -> None:
    done = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", tmp_path)
    assert (done.returncode, done.output.strip(), done.errors.strip(), done.timed_out) == (3, "out", "err", False)


def test_run_works_in_the_folder_and_with_the_environment_it_is_given(tmp_path: Path) -> None:
    done = python(
        "import os; print(os.getcwd(), os.environ['X'])", tmp_path, env={**clean_environment(tmp_path), "X": "y"}
    )
    assert done.output.split() == [str(tmp_path.resolve()), "y"]


def test_run_feeds_input(tmp_path: Path) -> None:
    done = python("import sys; print(len(sys.stdin.buffer.read()))", tmp_path, input=b"x" * 500_000)
    assert done.output.strip() == "500000"


def test_run_without_input_gives_an_empty_one(tmp_path: Path) -> None:
    assert python("import sys; print(repr(sys.stdin.read()))", tmp_path).output.strip() == "''"


def test_run_ends_though_the_process_ignores_a_large_input(tmp_path: Path) -> None:
    assert python("print('done')", tmp_path, input=b"x" * 5_000_000).output.strip() == "done"


def test_run_stops_a_process_that_neither_reads_nor_ends(tmp_path: Path) -> None:
    done = python("import time; time.sleep(600)", tmp_path, input=b"x" * 5_000_000, timeout=1.0)
    assert done.timed_out


def test_run_cuts_megabytes_of_output(tmp_path: Path) -> None:
    done = python("for _ in range(300): print('x' * 100_000)", tmp_path, output_limit=1000)
    assert (done.returncode, len(done.output)) == (0, 1000)


def test_run_decodes_what_is_no_text(tmp_path: Path) -> None:
    assert python(r"import sys; sys.stdout.buffer.write(b'a\xff\xfeb')", tmp_path).output == "a\ufffd\ufffdb"


@posix_only
def test_run_kills_the_children_too_when_time_is_up(tmp_path: Path) -> None:
    code = """
        import signal, subprocess, sys, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
        time.sleep(600)
    """
    done = python(code, tmp_path, timeout=5.0)
    assert done.timed_out
    assert done.returncode == -signal.SIGKILL
    assert ends(int(done.output))


@posix_only
def test_run_kills_what_a_finished_process_has_left_behind(tmp_path: Path) -> None:
    code = """
        import subprocess, sys
        print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid)
    """
    done = python(code, tmp_path)
    assert (done.returncode, done.timed_out) == (0, False)
    assert ends(int(done.output))


@posix_only
def test_interrupt_kills_the_process(tmp_path: Path) -> None:
    script = f"""
        import pathlib, sys
        from pytestgen_hook import sandbox
        place = pathlib.Path({str(tmp_path)!r})
        child = "import os, time; open('pid', 'w').write(str(os.getpid())); os.rename('pid', 'ready'); time.sleep(600)"
        sandbox.run([sys.executable, "-c", child], cwd=place, env={{}}, timeout=600)
    """
    tool = subprocess.Popen([PYTHON, "-c", textwrap.dedent(script)], stderr=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 30
    while not (tmp_path / "ready").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    tool.send_signal(signal.SIGINT)
    assert tool.wait(timeout=30) != 0
    assert ends(int((tmp_path / "ready").read_text()))


def test_run_of_a_missing_program_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run([tmp_path / "missing"], cwd=tmp_path, env={}, timeout=5)


# -- clean_environment -----------------------------------------------------------------------------------------------


def test_environment_has_no_secrets_and_no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unwanted = ["GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "GIT_DIR", "GIT_INDEX_FILE", "VIRTUAL_ENV", "PYTHONPATH"]
    unwanted += ["PYTHONHASHSEED", "COV_CORE_SOURCE", "PYTEST_ADDOPTS", "SSH_AUTH_SOCK", "HTTPS_PROXY", "PRE_COMMIT"]
    for name in unwanted:
        monkeypatch.setenv(name, "x")
    assert not set(unwanted) & set(clean_environment(tmp_path))


def test_environment_keeps_the_path_the_language_and_what_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_NUMERIC", "C")
    monkeypatch.setenv("MY_SETTING", "1")
    environment = clean_environment(tmp_path, keep=("MY_SETTING", "NOT_SET"))
    assert environment["PATH"] == os.environ["PATH"]
    assert (environment["LC_NUMERIC"], environment["MY_SETTING"]) == ("C", "1")
    assert "NOT_SET" not in environment


def test_home_and_temporary_folders_are_redirected(tmp_path: Path) -> None:
    code = "import pathlib, tempfile; print(pathlib.Path.home(), tempfile.gettempdir())"
    assert python(code, tmp_path).output.split() == [str(tmp_path)] * 2


# -- started_confined ----------------------------------------------------------------------------------------------------


def confined(code: str, tmp_path: Path, **options: Any) -> Completed:
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(code))
    options = {"timeout": 60.0, "script_arguments": [script], "has_input": False, **options}
    with started_confined(PYTHON, writable=[work], cwd=work, env=clean_environment(work), **options) as started:
        return started.completed(options["timeout"])


def test_confined_script_writes_where_it_may(tmp_path: Path) -> None:
    done = confined("open('file', 'w').write('x'); print(__name__)", tmp_path)
    assert (done.returncode, done.output.strip()) == (0, "__main__"), done.errors
    assert (tmp_path / "work" / "file").read_text() == "x"


@linux_only
@pytest.mark.parametrize("name", ["sitecustomize", "usercustomize", "argparse", "runpy", "ctypes", "confine"])
def test_modules_of_others_run_only_once_it_is_confined(name: str, tmp_path: Path) -> None:
    """Also such as Python imports when it starts, and what confining itself needs."""
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / f"{name}.py").write_text(f"open({str(tmp_path / 'outside')!r}, 'w')\n")
    (tree / "own.py").write_text("VALUE = 5\n")
    done = confined(
        "import os, sys, own; print(own.VALUE, sys.path[1] == os.environ['PYTHONPATH'])", tmp_path, paths=[tree]
    )
    assert done.output.split() == ["5", "True"], done.errors
    assert not (tmp_path / "outside").exists()


@linux_only
@pytest.mark.parametrize(
    "code",
    [
        "open('../outside', 'w')",
        "import os; os.remove('../script.py')",
        "import os; os.chmod('../script.py', 0)",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.fork()",
        "import socket; socket.socket()",
        "import os; os.kill(os.getppid(), 9)",
        "import ctypes, os; os._exit(ctypes.CDLL(None).fork() == -1)",
    ],
)
def test_confined_script_cannot_reach_out(code: str, tmp_path: Path) -> None:
    done = confined(code, tmp_path)
    assert done.returncode == 1, done.output
    assert sorted(path.name for path in tmp_path.iterdir()) == ["script.py", "work"]


def test_confined_script_gets_its_arguments_and_its_folder(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("VALUE = 5")
    script = [tmp_path / "script.py", "--writable", "-x", "--", "a b"]
    done = confined("import sys, beside; print(beside.VALUE, sys.argv[1:])", tmp_path, script_arguments=script)
    assert done.output.strip() == "5 ['--writable', '-x', '--', 'a b']", done.errors


def test_confined_code_may_use_the_names_of_our_modules(tmp_path: Path) -> None:
    for name in ("confine", "guard", "events", "linux", "seccomp", "search", "plan"):
        (tmp_path / f"{name}.py").write_text(f"WHOSE = 'mine {name}'")
    code = "import confine, guard, events, linux, seccomp, search, plan; print(guard.WHOSE, plan.WHOSE)"
    assert confined(code, tmp_path).output.strip() == "mine guard mine plan"


def test_confined_pytest_runs_tests_that_use_temporary_folders(tmp_path: Path) -> None:
    test = tmp_path / "test_it.py"
    test.write_text(
        "import os, tempfile\n"
        "def test_one(tmp_path, capsys, monkeypatch):\n"
        "    monkeypatch.setenv('A', 'b'); monkeypatch.chdir(tmp_path)\n"
        "    (tmp_path / 'x').write_text('1'); print('hi')\n"
        "    assert capsys.readouterr().out == 'hi\\n'\n"
        "def test_two():\n"
        "    with tempfile.TemporaryDirectory() as folder: open(folder + '/x', 'w').close()\n"
    )
    arguments = ["-m", "pytest", "-q", "-p", "no:cacheprovider", f"--rootdir={tmp_path}", test]
    done = confined("", tmp_path, script_arguments=arguments)
    assert "2 passed" in done.output, done.output + done.errors


@posix_only
def test_confined_endless_loop_is_killed(tmp_path: Path) -> None:
    code = """
        import signal
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGALRM, signal.SIG_IGN)
        while True:
            pass
    """
    done = confined(code, tmp_path, timeout=2.0)
    assert done.timed_out
    assert done.returncode == -signal.SIGKILL


@linux_only
def test_confined_script_cannot_take_all_memory(tmp_path: Path) -> None:
    done = confined("x = bytearray(1 << 29)", tmp_path, memory_bytes=1 << 28)
    assert "MemoryError" in done.errors


def test_confined_without_a_script_is_a_usage_error(tmp_path: Path) -> None:
    assert confined("", tmp_path, script_arguments=[]).returncode == 2


# -- Runtime ---------------------------------------------------------------------------------------------------------

SUBJECT = """
import os, time

def double(number: int) -> int:
    return number * 2

def home(name: str) -> str:
    return os.path.expanduser("~")

def forever(number: int) -> int:
    while True:
        time.sleep(1)
"""


def request_for(name: str, first_line: int, last_line: int, seconds: float = 3.0) -> dict[str, object]:
    return {
        "module": "subject",
        "path": "subject.py",
        "qualname": name,
        "name": name,
        "first_line": first_line,
        "last_line": last_line,
        "body_lines": list(range(first_line + 1, last_line + 1)),
        "calls": [],
        "seconds": seconds,
        "import_seconds": 30.0,
        "seed": 0,
    }


def runtime(tmp_path: Path, python: Path = PYTHON) -> Runtime:
    tree, folder = tmp_path / "tree", tmp_path / "folder"
    tree.mkdir()
    folder.mkdir()
    (tree / "subject.py").write_text(SUBJECT)
    return Runtime(python, folder=folder, tree=tree, roots=[""], memory_bytes=MEMORY)


@posix_only
def test_runtime_imports_ahead_what_it_is_told_to(tmp_path: Path) -> None:
    with runtime(tmp_path) as started:
        started.prepare("subject", "subject.py", 30.0)
        imported = tmp_path / "folder" / "twin" / "a-twin" / "of-the-tree" / "subject.py"
        assert soon(imported.exists)
        prepared = started.request(request_for("double", 4, 5), 60)
    assert prepared["cases"]


@posix_only
def test_runtime_tells_at_the_request_what_went_wrong_before(tmp_path: Path) -> None:
    with runtime(tmp_path) as started:
        (tmp_path / "tree" / "broken.py").write_text("raise LookupError('gone')\n")
        started.prepare("broken", "broken.py", 30.0)
        answer = started.request({**request_for("double", 4, 5), "module": "broken", "path": "broken.py"}, 60)
        assert "LookupError" in answer["problem"]
    started.prepare("subject", "subject.py", 30.0)
    with pytest.raises(RuntimeDied):
        started.request(request_for("double", 4, 5), 60)


@posix_only
def test_runtime_answers_one_request_after_the_other(tmp_path: Path) -> None:
    with runtime(tmp_path) as started:
        first = started.request(request_for("double", 4, 5), 60)
        second = started.request(request_for("double", 4, 5), 60)
    assert first["cases"]
    assert [case["call"] for case in first["cases"]] == [case["call"] for case in second["cases"]]


@posix_only
def test_runtime_that_is_late_is_killed(tmp_path: Path) -> None:
    started = runtime(tmp_path)
    with pytest.raises(RuntimeTimeout):
        started.request(request_for("forever", 10, 12, seconds=60), 1.0)
    assert ends(started._process.pid)
    with pytest.raises(RuntimeDied):
        started.request(request_for("double", 4, 5), 60)


def fake_interpreter(tmp_path: Path, code: str) -> Path:
    """Return a program to start as an interpreter: it runs the code, which has ``ask()`` and ``answer(bytes)``."""
    program = tmp_path / "python"
    head = f"""\
        #!{PYTHON}
        import os, sys, time
        down, up = (int(sys.argv[sys.argv.index(name) + 1]) for name in ("--read-fd", "--write-fd"))
        def ask(): return os.read(down, 1 << 16)
        def answer(data): os.write(up, data)
    """
    program.write_text(textwrap.dedent(head) + textwrap.dedent(code))
    program.chmod(0o755)
    return program


@posix_only
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemError('no such codec')", "SystemError: no such codec"),
        ("ask(); os._exit(0)", "ended without an answer"),
        ("ask(); answer(b'hello\\n')", "no JSON"),
        ("ask(); answer(b'[1]\\n')", "no object"),
        ("ask(); answer(b'{\"a\": ')", "ended without an answer"),
        ("ask(); answer(b'\\xff\\xfe\\n')", "no JSON"),
    ],
)
def test_runtime_that_is_broken_is_told_from_one_that_is_late(tmp_path: Path, code: str, reason: str) -> None:
    with runtime(tmp_path, fake_interpreter(tmp_path, code)) as started, pytest.raises(RuntimeDied, match=reason):
        started.request({"x": 1}, 30)
    assert ends(started._process.pid)


@posix_only
def test_runtime_that_does_not_read_a_large_request_is_late(tmp_path: Path) -> None:
    with runtime(tmp_path, fake_interpreter(tmp_path, "time.sleep(600)")) as started, pytest.raises(RuntimeTimeout):
        started.request({"x": "y" * 1_000_000}, 1.0)


@posix_only
def test_runtime_takes_large_messages_and_keeps_answers_apart(tmp_path: Path) -> None:
    code = """
        got = b""
        while not got.endswith(b"\\n"):
            got += ask()
        answer(b'{"n": %d, "long": "%s"}\\n{"second": 1}\\n' % (len(got), b"z" * 300_000))
        time.sleep(600)
    """
    with runtime(tmp_path, fake_interpreter(tmp_path, code)) as started:
        first = started.request({"x": "y" * 1_000_000}, 60)
        second = started.request({}, 60)
    assert (first["n"] > 1_000_000, len(first["long"]), second) == (True, 300_000, {"second": 1})


@posix_only
def test_runtime_has_a_clean_environment_and_a_home_it_may_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", "x")
    monkeypatch.setenv("API_TOKEN", "x")
    code = 'import json; ask(); answer(json.dumps(dict(os.environ)).encode() + b"\\n")'
    with runtime(tmp_path, fake_interpreter(tmp_path, code)) as started:
        environment = started.request({}, 30)
    assert environment["HOME"] == environment["TMPDIR"] == str(tmp_path / "folder" / "work")
    assert not {"GIT_DIR", "API_TOKEN"} & set(environment)


@posix_only
def test_closing_ends_all_processes_and_twice_does_no_harm(tmp_path: Path) -> None:
    code = """
        child = os.fork()
        if child:
            ask(); answer(b'{"child": %d}\\n' % child)
        time.sleep(600)
    """
    started = runtime(tmp_path, fake_interpreter(tmp_path, code))
    child = started.request({}, 30)["child"]
    started.close()
    started.close()
    assert ends(child)


@posix_only
def test_runtime_that_cannot_be_started_leaves_no_descriptors(tmp_path: Path) -> None:
    before = set(Path("/dev/fd").iterdir())
    with pytest.raises(OSError, match="missing"):
        runtime(tmp_path, tmp_path / "missing")
    assert set(Path("/dev/fd").iterdir()) == before


@posix_only
def test_runtime_ends_when_the_tool_is_killed(tmp_path: Path) -> None:
    code = f"""
        import pathlib, time
        from pytestgen_hook.sandbox import Runtime
        place = pathlib.Path({str(tmp_path)!r})
        runtime = Runtime(pathlib.Path({str(PYTHON)!r}), folder=place, tree=place, roots=[""], memory_bytes={MEMORY})
        print(runtime._process.pid, flush=True)
        time.sleep(600)
    """
    tool = subprocess.Popen([PYTHON, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE)
    assert tool.stdout is not None
    server = int(tool.stdout.readline())
    tool.kill()
    tool.wait()
    tool.stdout.close()
    assert ends(server)


def test_own_prefix_is_that_of_this_interpreter() -> None:
    assert sandbox.own_prefix() == Path(sys.prefix).resolve()


@linux_only
@pytest.mark.parametrize(
    ("code", "told"),
    [
        pytest.param("for n in range(90):\n    if os.fork() == 0: time.sleep(60)", "it started ", id="processes"),
        pytest.param("kept = bytearray(1 << 22)", None, id="neither"),
    ],
)
def test_a_group_of_processes_that_takes_too_much_is_told(code: str, told: str | None) -> None:
    program = f"import os, time\n{code}\nprint(flush=True)\ntime.sleep(60)"
    process = subprocess.Popen([PYTHON, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        found = _excess(process.pid)
        assert found == told if told is None else (found or "").startswith(told)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
