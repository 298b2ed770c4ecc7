"""docs/what-it-touches.md is held against real runs: what is written and what is started, each by a row of the page."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pytestgen_hook.sandbox import RUNTIME

pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders are told by variables of POSIX")

PAGE = (Path(__file__).parent.parent / "docs" / "what-it-touches.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The rows of the table below a heading of the page."""
    table = PAGE.partition(f"\n## {heading}\n")[2].partition("\n\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")][2:]
    return {cell[0]: cell[1] for cell in cells}


TESTS = "new and extended test files, each by one rename"
INDEX = "git's index: exactly the files just written"
BASELINE = "the baseline, `.pytestgen-baseline.json` or as the settings name it"
COMMENTS = "comments in sources"
COMMIT = "a commit in the place of the last one"
INIT = "`.pre-commit-config.yaml`, a workflow"
ASIDE = "a folder `pytestgen` in git's own folder, for files before they are renamed; it stays, empty"
COPY = "temporary folders with copies of what is examined, also in `/dev/shm`, removed at the end, or by the next run"
CACHE = "the cache"
OUTPUT = "what `--output-file` names: no source, and nothing that git tracks"
LOG = "`pytestgen-error.log` beside the cache"
SUMMARY = "the summary of the step, where `GITHUB_STEP_SUMMARY` names it"
TERMINAL = "how far the work is: on the terminal (`/dev/tty`), in CI on standard error"

# What lies there, from the folder that holds the repository and all that the run may call its own.
PLACES = {
    TESTS: r"repo/test_\w+\.py",
    INDEX: r"repo/\.git/(index(\.lock)?|objects/.*)",
    BASELINE: r"repo/\.pytestgen-baseline\.json",
    COMMENTS: r"repo/a\.py",
    COMMIT: r"repo/\.git/(logs/.*|refs/heads/main|COMMIT_EDITMSG|ORIG_HEAD)",
    INIT: r"repo/\.pre-commit-config\.yaml|repo/\.github(/workflows(/pytestgen\.yml)?)?",
    ASIDE: r"repo/\.git/pytestgen(/write-\d+(/.*)?)?",
    COPY: r"tmp/.*|/dev/shm/pytestgen-\d+-.*",
    CACHE: r"cache/pytestgen(/cache-\d+\.sqlite(-wal|-shm)?)?",
    OUTPUT: r"report\.json",
    LOG: r"cache/pytestgen/pytestgen-error\.log",
    SUMMARY: r"summary\.md",
    TERMINAL: r"/dev/tty",
}


GIT = "git"
RUFF = "ruff, of its own environment"
ASKED = "the project's Python, to ask what is installed: nothing that git tracks"
PROJECT_TESTS = "the project's existing tests that reach the change, by `pytest`, in the copy"
CALLS = "functions, to observe calls of them; generated tests, to prove them"
PROGRAMS = {
    GIT: r"git .*",
    RUFF: r"\S*/ruff (analyze|format|check) .*",
    ASKED: r"PYTHON -B -c .*",
    PROJECT_TESTS: r"PYTHON -B RUNTIME/start\.py (--keep )?evidence .*",
    CALLS: r"PYTHON -B RUNTIME/(start\.py (--keep )?server|confined\.py) .*",
}


def test_every_row_of_the_page_is_known_here() -> None:
    assert set(rows("Writes")) == set(PLACES)
    assert set(rows("Runs")) == set(PROGRAMS)


@dataclass(frozen=True)
class Run:
    """A command, and the rows of the page for what it leaves, what it writes meanwhile, and what it starts."""

    command: str
    left: tuple[str, ...]
    while_at_it: tuple[str, ...] = (COPY,)
    started: tuple[str, ...] = (GIT, RUFF, ASKED, PROJECT_TESTS)
    status: int = 1
    sources: tuple[str, ...] = ("a.py", "test_a.py")
    broken: str = ""


WRITE = "check --mode write --budget 600"
MADE = (CACHE, TESTS, ASIDE)
GENERATING = (GIT, RUFF, ASKED, PROJECT_TESTS, CALLS)
RUNS = {
    "check": Run("check", (CACHE,)),
    "output file": Run("check --output-format json:../report.json", (CACHE, OUTPUT)),
    "summary": Run("check --output-format github", (CACHE, SUMMARY)),
    "baseline": Run("check --write-baseline", (CACHE, BASELINE, ASIDE), status=0),
    "comments": Run("check --add-ignores later", (CACHE, COMMENTS, ASIDE)),
    "nothing to examine": Run("check", (), (), (GIT,), status=0, sources=()),
    "bug": Run("check", (CACHE, LOG), started=(GIT, RUFF), status=3, broken="tempfile.TemporaryDirectory.cleanup"),
    "write": Run(WRITE, MADE, started=GENERATING),
    "mode amend": Run(WRITE.replace("write", "amend"), (*MADE, INDEX), started=GENERATING, status=0),
    "amend": Run("amend --budget 600", (*MADE, INDEX, COMMIT), started=GENERATING, status=0),
    "init": Run("init", (INIT, ASIDE), (), (GIT,), status=0),
}

SOURCE = "def double(number: int) -> int:\n    return number * 2\n\n\ndef half(number: int) -> float:\n    return number / 2\n"
TEST = "from a import double\n\n\ndef test_double():\n    assert double(2) == 4\n"

# Runs in the process of the tool and in no other, and writes down what it opens and starts.
WATCH = """\
import json, os, sys, tempfile

if "pytestgen_hook" in sys.orig_argv:
    log = os.open(os.environ["WATCHED"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(event, args):
        if event == "subprocess.Popen":
            program, arguments, _, environment = args
            told = [os.fsdecode(program), [os.fsdecode(one) for one in arguments], "MY_TOKEN" in (environment or os.environ)]
        elif event == "open" and isinstance(args[0], (str, bytes)):
            written = args[2] & (os.O_WRONLY | os.O_RDWR)
            told = [os.path.join(os.getcwd(), os.fsdecode(args[0])), "written" if written else "read"]
        elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink"):
            place = args[event in ("os.rename", "os.link", "os.symlink")]
            if os.path.isdir(place):
                return  # it is there already
            told = [os.path.join(os.getcwd(), os.fsdecode(place)), "written"]
        elif event.startswith(("os.exec", "os.posix_spawn", "os.spawn", "os.system", "os.fork", "pty.", "socket.connect")):
            told = []
        else:
            return
        os.write(log, (json.dumps([event, *told]) + "\\n").encode())

    sys.addaudithook(note)

    def broken(*arguments, **options):
        raise RuntimeError("it is broken")
"""


@dataclass(frozen=True)
class Seen:
    """What lay there before and afterwards, and what the process of the tool did meanwhile."""

    before: dict[str, bytes | str]
    after: dict[str, bytes | str]
    events: list[list[Any]]


def everything(folder: Path) -> dict[str, bytes | str]:
    """What lies below a folder, by its path from there."""
    found: dict[str, bytes | str] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        found[name] = str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else "a folder"
    return found


@pytest.fixture
def watched(repo, lean: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch):
    """A function that makes a run with home, cache and temporary folder of its own, and returns what was seen."""
    mine = tmp_path_factory.mktemp("watched")
    top = repo.path.parent

    def prepare(run: Run) -> None:
        for path in run.sources:
            repo.stage(path, {"a.py": SOURCE, "test_a.py": TEST}[path])
        repo.stage("first.txt", "text\n")
        if "a.py" not in run.sources or run.command.startswith("amend"):
            repo.commit()
        spoilt = f"\n    {run.broken} = broken\n" if run.broken else ""
        (mine / "sitecustomize.py").write_text(WATCH + spoilt)
        (mine / "log").touch()

    def go(run: Run, *before_it: str) -> Seen:
        prepare(run)
        names = {"HOME": "home", "TMPDIR": "tmp", "XDG_CACHE_HOME": "cache"}
        names |= {f"XDG_{name.upper()}_HOME": name for name in ("config", "data", "state")}
        for name in names.values():
            (top / name).mkdir()
        environment = {
            **{name: value for name, value in os.environ.items() if name != "PYTESTGEN_CACHE_DIR"},
            **{variable: str(top / name) for variable, name in names.items()},
            **{
                f"GIT_{role}_{name}": "ada@example.org"
                for role in ("AUTHOR", "COMMITTER")
                for name in ("NAME", "EMAIL")
            },
            "PYTESTGEN_PYTHON": lean,
            "PYTESTGEN_TEST_TIMEOUT": "600",
            "PYTHONPATH": str(mine),
            "PYTHONDONTWRITEBYTECODE": "1",
            "MY_TOKEN": "secret",
            "WATCHED": str(mine / "log"),
            "GITHUB_STEP_SUMMARY": str(top / "summary.md"),
        }
        before = everything(top)
        command = [*before_it, sys.executable, "-m", "pytestgen_hook", *run.command.split()]
        options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "start_new_session": True}
        done = subprocess.run(command, env=environment, text=True, check=False, **options)
        assert done.returncode == run.status, done.stdout + done.stderr
        events = [json.loads(line) for line in (mine / "log").read_text().splitlines()]
        return Seen(before, everything(top), events)

    return go


def rows_of(paths: set[str], allowed: tuple[str, ...]) -> set[str]:
    """The rows that paths belong to; a path that belongs to none fails."""
    found = {path: {row for row in allowed if re.fullmatch(PLACES[row], path)} for path in paths}
    assert not [path for path, its_rows in found.items() if not its_rows]
    return {row for its_rows in found.values() for row in its_rows}


def row_of_program(program: str, arguments: list[str], has_secret: bool, python: str) -> str:
    """The row that a command belongs to, which tells its rights."""
    command = " ".join([program, *arguments[1:]]).replace(python, "PYTHON").replace(str(RUNTIME), "RUNTIME")
    found = [row for row, form in PROGRAMS.items() if re.fullmatch(form, command, re.DOTALL)]
    assert len(found) == 1, command
    rights = rows("Runs")[found[0]]
    assert has_secret is (rights.startswith("the user's") and "names nothing" not in rights), command
    return found[0]


@pytest.mark.parametrize("name", RUNS)
def test_a_run_writes_and_reads_and_starts_what_the_page_says(name: str, watched, repo, lean: str) -> None:
    run = RUNS[name]
    seen = watched(run)
    changed = {name for name in seen.before.keys() | seen.after.keys() if seen.before.get(name) != seen.after.get(name)}
    assert rows_of(changed, run.left) == set(run.left)
    assert not any("/.git/pytestgen/" in name for name in changed)
    places = [(event, os.path.normpath(told[0])) for event, *told in seen.events if told[-1:] == ["written"]]
    top = f"{repo.path.parent}/"
    written = {(event, place.removeprefix(top)) for event, place in places if place != os.devnull}
    assert rows_of({place for _, place in written}, (*run.left, *run.while_at_it, TERMINAL)) >= set(run.while_at_it)
    assert not [place for event, place in written if event == "open" and re.fullmatch(PLACES[TESTS], place)]
    # Of the work tree no source is read, unless comments are written into it: it is the index that counts.
    assert ([str(repo.path / "a.py"), "read"] in [told for _, *told in seen.events]) is (COMMENTS in run.left)
    started = {row_of_program(*told, lean) for event, *told in seen.events if event == "subprocess.Popen"}
    assert started == set(run.started)
    assert not [event for event, *told in seen.events if not told], "started by other means, or connected to"


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace sees what is started by what is started")
def test_what_these_start_is_one_of_them(watched, tmp_path_factory: pytest.TempPathFactory, lean: str) -> None:
    log = tmp_path_factory.mktemp("strace") / "log"
    trace = ["strace", "--follow-forks", "--quiet=all", "--seccomp-bpf", "--trace=execve,execveat", f"--output={log}"]
    if subprocess.run([*trace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no process can be traced here")
    watched(RUNS["check"], *trace)
    started = set(re.findall(r'execve\("([^"]+)".* = 0$', log.read_text(), re.MULTILINE))
    git = Path(subprocess.run(["git", "--exec-path"], capture_output=True, text=True, check=True).stdout.strip())
    known = {sys.executable, lean}
    assert {
        path for path in started if Path(path).name not in ("git", "ruff") and git not in Path(path).parents
    } == known
