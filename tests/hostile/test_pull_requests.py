"""Hostile pull requests through the real command: nothing leaves, nothing outside is written, the output stays clean.

Around the repository lies a decoy: a home and a neighbour, compared before and after, and a port that listens. What pytest
itself would run of a pull request (its ``conftest.py``) has the rights that it has there; what holds all the same is last.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from corpus import SOURCES, STEAL, function
from runner import commands_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names that other systems' file systems do not take")

PROGRAM = Path(sys.executable).parent / "pytestgen-check"
UNPARSED = {
    "nul_in_source", "not_utf8", "unknown_coding", "parentheses", "signs", "sums", "attributes", "calls", "huge_number",
    "executable_coding", "branches", "blocks",
}  # fmt: skip  # how much of them a parser takes is up to the version of Python


@dataclass
class Ran:
    """How a command ended, and what it printed."""

    status: int
    output: str

    @property
    def unclean(self) -> set[str]:
        """The characters of the output that could steer a terminal."""
        kinds = ("Cc", "Cf", "Cs", "Zl", "Zp")
        return {character for character in self.output if unicodedata.category(character) in kinds} - {"\n"}

    @property
    def commands(self) -> set[str]:
        """The names of the commands that GitHub would take from the output."""
        return {name for name, _, _ in commands_in(self.output)}


@dataclass
class Victim:
    """A repository below a decoy, and the machine of who reviews it."""

    top: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for path, text in {
            "home/.bashrc": "alias ls=ls\n",
            "home/.ssh/id_ed25519": "secret\n",
            "home/.gitconfig": "[user]\n\tname = Ada\n\temail = ada@example.org\n",
            "home/.config/pytestgen.toml": "",
            "neighbour/shop.py": "precious = 1\n",
            "neighbour/tests/test_shop.py": "def test_shop():\n    assert True\n",
        }.items():
            (self.top / path).parent.mkdir(parents=True, exist_ok=True)
            (self.top / path).write_text(text)
        self.repo.mkdir()
        (self.top / "tmp").mkdir()
        kept = {name: text for name, text in os.environ.items() if name in ("PATH", "LANG")}
        places = {"HOME": "home", "TMPDIR": "tmp", "PYTESTGEN_CACHE_DIR": "cache"}
        self.environ = {**kept, **{name: str(self.top / place) for name, place in places.items()}}
        self.environ |= {"PYTESTGEN_PYTHON": sys.executable, "GIT_CONFIG_NOSYSTEM": "1"}
        self.git("init", "--quiet", "--initial-branch=main")

    @property
    def repo(self) -> Path:
        return self.top / "repo"

    def git(self, *arguments: str, given: bytes | None = None) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.repo, env=self.environ, input=given, check=True, capture_output=True
        )
        return os.fsdecode(done.stdout)

    def write(self, path: str, content: bytes | str) -> None:
        target = self.repo / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    def stage(self, files: Mapping[str, bytes | str]) -> None:
        for path, content in files.items():
            self.write(path, content)
        self.git("add", "--force", "--all")

    def check(self, *arguments: str, program: Sequence[str | Path] = (PROGRAM,), **environ: str) -> Ran:
        done = subprocess.run(
            [*program, *arguments],
            cwd=self.repo,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=180,
        )
        return Ran(done.returncode, done.stdout.decode("utf-8", "surrogateescape"))

    def outside(self) -> dict[str, object]:
        """All that is not the repository, the cache or a file of the test: what each file is, and what it has."""
        found: dict[str, object] = {}
        for place in ("home", "neighbour", "tmp", "repo/.git/hooks", "repo/.git/config"):
            top = self.top / place
            for path in [top, *sorted(top.rglob("*"))]:
                status = path.lstat()
                content = path.read_bytes() if path.is_file() else None
                found[str(path)] = (status.st_mode, content, status.st_mtime_ns if content is not None else None)
        found["parent"] = sorted(path.name for path in self.top.iterdir() if path.name != "cache")
        return found

    def inside(self) -> str:
        return self.git("status", "--porcelain", "--untracked-files=all") + self.git("ls-files", "--stage", "-z")


@pytest.fixture
def victim(tmp_path: Path) -> Iterator[Victim]:
    """A repository for one attack; what lies around it must be as before."""
    (tmp_path / "top").mkdir()
    found = Victim(tmp_path / "top")
    before = found.outside()
    yield found
    assert found.outside() == before


@dataclass
class Attacked:
    """What became of all sources of the corpus together: of each command that was run on them, and of what lies around."""

    victim: Victim
    text: Ran
    github: Ran
    report: dict[str, list[dict[str, str]]]
    was_outside: object
    was_inside: str
    was_called: bool


def listening() -> socket.socket:
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    return server


def is_called(server: socket.socket) -> bool:
    try:
        server.accept()
    except TimeoutError:
        return False
    return True


def armed(source: bytes, victim: Victim, server: socket.socket) -> bytes:
    """Return a source of the corpus with what it is to write to and to call."""
    source = source.replace(b"@HOME@", os.fsencode(victim.top / "home"))
    return source.replace(b"@PORT@", str(server.getsockname()[1]).encode())


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    """All sources of the corpus in one pull request, checked as text and for GitHub."""
    victim = Victim(tmp_path_factory.mktemp("attacked"))
    with listening() as server:
        for path, source in SOURCES.values():
            victim.write(path, armed(source, victim, server))
        victim.git("add", "--all")
        before, inside = victim.outside(), victim.inside()
        report = victim.top / "tmp" / "report.json"
        text = victim.check("--output-format", "json", "--output-file", str(report), "--output-format", "text")
        loaded = json.loads(report.read_bytes())
        github = victim.check("--output-format", "github")
        report.unlink()
        was_called = is_called(server)
    return Attacked(victim, text, github, loaded, before, inside, was_called)


# -- the sources -------------------------------------------------------------------------------------------------------


def test_there_are_enough_of_them() -> None:
    assert len(SOURCES) >= 30


@pytest.mark.parametrize("name", SOURCES)
def test_a_hostile_source_is_reported(attacked: Attacked, name: str) -> None:
    path = os.fsencode(SOURCES[name][0]).decode("utf-8", "surrogateescape")
    untested = {target["path"] for target in attacked.report["targets"] if target["status"] == "untested"}
    unanalysed = {item["path"] for item in attacked.report["unanalysed"]}
    assert path in (untested | unanalysed if name in UNPARSED else untested)


def test_findings_are_the_only_outcome_of_checking_them(attacked: Attacked) -> None:
    assert (attacked.text.status, attacked.github.status) == (1, 1), attacked.text.output


def test_nothing_outside_is_written_and_nothing_is_called(attacked: Attacked) -> None:
    assert attacked.victim.outside() == attacked.was_outside
    assert not attacked.was_called


def test_nothing_of_the_repository_changes_by_looking(attacked: Attacked) -> None:
    assert attacked.victim.inside() == attacked.was_inside


@pytest.mark.parametrize("output", ["text", "github"])
def test_no_character_steers_the_terminal(attacked: Attacked, output: str) -> None:
    assert getattr(attacked, output).unclean == set()


@pytest.mark.parametrize(("output", "expected"), [("text", set()), ("github", {"error", "warning", "notice"})])
def test_no_command_is_smuggled_into_the_log(attacked: Attacked, output: str, expected: set[str]) -> None:
    assert getattr(attacked, output).commands == expected


def test_annotations_name_files_that_are_there_on_one_line_each(attacked: Attacked) -> None:
    errors = [properties for name, properties, _ in commands_in(attacked.github.output) if name == "error"]
    assert len(errors) == 10
    for properties in errors:
        names = [part.partition("=")[0] for part in properties.split(",")]
        assert [name for name in names if name != "endLine"] == ["file", "line", "title"]


RUN = {  # each with whether its functions can be given tests
    "prompt_in_docstring": True, "attack_in_doctest": True, "attack_at_import": False, "attack_in_decorator": False,
    "attack_in_default": False, "attack_in_repr": True, "command_in_message": True, "option_as_path": False,
    "hides_a_module_of_the_standard_library": False, "customises_the_site": False,
}  # fmt: skip


@pytest.mark.parametrize(("name", "has_tests"), RUN.items(), ids=RUN)
def test_what_attacks_is_run_without_harm_and_given_no_test_that_does(
    victim: Victim, name: str, has_tests: bool
) -> None:
    path, source = SOURCES[name]
    with listening() as server:
        victim.stage({path: armed(source, victim, server)})
        ran = victim.check("--mode", "write", "--budget", "20")
        made = [file.read_text() for file in victim.repo.glob("tests/**/test_*.py")]
        assert not is_called(server)
    assert (ran.status, ran.unclean, ran.commands) == (1, set(), set()), ran.output
    assert ["def test_" in text for text in made] == [True] * has_tests, ran.output
    for word in ("stolen", "os.system", "create_connection", "ignore all"):
        assert not [text for text in made if word in text]


# -- settings ----------------------------------------------------------------------------------------------------------

EVIL = "#!/bin/sh\ntouch {home}/stolen\necho ::error::owned\n"


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        pytest.param('tests-dir = "/etc"', "not inside the repository", id="absolute_folder"),
        pytest.param('tests-dir = "../neighbour/tests"', "not inside the repository", id="folder_above"),
        pytest.param('tests-dir = ".git/hooks"', "git's own folder", id="hooks"),
        pytest.param('tests-dir = "link"', "", id="link_that_leads_out"),
        pytest.param('source-roots = ["/"]', "not inside the repository", id="root"),
        pytest.param('python = "./evil"', "which git tracks", id="program_of_the_change"),
        pytest.param('python = "linked"', "which git tracks", id="link_to_a_program_of_the_change"),
        pytest.param('python = "env"', "which git tracks", id="environment_of_the_change"),
        pytest.param("budget = 1e999", "not a time", id="infinity"),
        pytest.param("mode = " + "[" * 50_000, "not valid TOML", id="deep"),
        pytest.param('mode = "\\u001b[31m::error::owned"', "not one of", id="escape_in_value"),
        pytest.param('"::error::\\n::owned" = 1', "no setting", id="command_in_name"),
    ],
)
def test_a_setting_that_points_elsewhere_is_refused(victim: Victim, setting: str, told: str) -> None:
    evil = EVIL.format(home=victim.top / "home")
    files = {"shop.py": function("half"), "pyproject.toml": f"[tool.pytestgen]\n{setting}\n"}
    victim.stage({**files, "evil": evil, "env/bin/python": evil})
    for path in ("evil", "env/bin/python"):
        (victim.repo / path).chmod(0o755)
    (victim.repo / "linked").symlink_to("evil")
    (victim.repo / "link").symlink_to(victim.top / "neighbour" / "tests")
    victim.git("add", "--all")
    ran = victim.check(
        "--mode", "write", "--budget", "3", PYTESTGEN_PYTHON="" if "python" in setting else sys.executable
    )
    assert ran.status == (2 if told else 1), ran.output
    assert told in ran.output
    assert (ran.unclean, ran.commands) == (set(), set())
    if told:
        assert len(ran.output.splitlines()) == 1


def test_programs_that_come_with_the_change_are_not_started(victim: Victim) -> None:
    """Not as the project's environment, wherever projects keep it, and not in the place of modules of ours."""
    evil = EVIL.format(home=victim.top / "home")
    places = (".venv/bin/python", "venv/bin/python", "env/bin/python", "poisoned/bin/python", "git", "ruff", "python")
    shadows = {
        f"{name}.py": STEAL.replace("@HOME@", str(victim.top / "home")) for name in ("click", "json", "argparse")
    }
    victim.stage({**dict.fromkeys(places, evil), **shadows, ".pdm-python": "poisoned", "shop.py": function("half")})
    for place in places:
        (victim.repo / place).chmod(0o755)
    victim.git("add", "--all")
    program = (sys.executable, "-m", "pytestgen_hook", "check")
    for arguments in ((), ("--mode", "write", "--diff", "--budget", "1", "shop.py")):
        ran = victim.check(
            *arguments, program=program, PYTESTGEN_PYTHON="", PATH=f"{PROGRAM.parent}:{os.environ['PATH']}"
        )
        assert ran.status == 1, ran.output
    assert "half" in ran.output


# -- links, trees and git's own files -----------------------------------------------------------------------------------


def test_nothing_is_read_or_written_through_a_link_that_leads_out(victim: Victim) -> None:
    victim.stage({"shop.py": function("half"), "tests/test_a.py": "def test_a():\n    pass\n"})
    for path, target in {
        "secret.py": "home/.ssh/id_ed25519",
        "tests/test_shop.py": "neighbour/tests/test_shop.py",
        "conftest.py": "neighbour/shop.py",
        "pytest.ini": "home/.gitconfig",
        "docs": "home",
    }.items():
        (victim.repo / path).symlink_to(victim.top / target)
    (victim.repo / "loop").symlink_to("loop")
    victim.git("add", "--all")
    ran = victim.check("--mode", "write", "--budget", "1")
    assert ran.status == 1, ran.output
    assert "secret" not in ran.output
    assert (victim.repo / "tests/test_shop.py").is_symlink()


def test_files_for_git_that_come_with_the_change_run_nothing(victim: Victim) -> None:
    touch = f"touch {victim.top / 'home' / 'stolen'}"
    settings = f'[filter "evil"]\n\tsmudge = {touch}\n\tclean = {touch}\n[diff "evil"]\n\ttextconv = {touch}\n'
    modules = f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c {touch}\n\tupdate = !{touch}\n'
    victim.stage(
        {
            "shop.py": function("half"),
            ".gitattributes": "*.py filter=evil diff=evil merge=evil ident eol=crlf\n* export-ignore\n",
            ".gitconfig": settings,
            ".gitmodules": modules + '[submodule "y"]\n\tpath = ../../home\n\turl = --upload-pack=x\n',
            ".githooks/pre-commit": f"#!/bin/sh\n{touch}\n",
            "bare/HEAD": "ref: refs/heads/main\n",
            "bare/config": f"[core]\n\tbare = true\n\tfsmonitor = {touch}\n",
            "bare/objects/x": "",
            "bare/refs/x": "",
        }
    )
    ran = victim.check()
    assert ran.status == 1, ran.output
    assert "half" in ran.output


@pytest.mark.parametrize("name", [b"..", b".git", b".GIT", b"."])
def test_a_tree_that_git_itself_would_not_make_is_refused(victim: Victim, name: bytes) -> None:
    """A commit can be written with any names, and fetched by who does not let git check what it is sent."""
    victim.stage({"shop.py": function("half")})
    victim.git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "first")
    blob = victim.git("hash-object", "-w", "--stdin", given=b"def grade(points):\n    return points > 50\n").strip()
    entry = b"100644 evil.py\0" + bytes.fromhex(blob)
    inner = victim.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=entry).strip()
    outer = b"40000 " + name + b"\0" + bytes.fromhex(inner)
    tree = victim.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", given=outer).strip()
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    commit = victim.git(*identity, "commit-tree", tree, "-p", "HEAD", "-m", "evil").strip()
    victim.git("update-ref", "refs/heads/evil", commit)
    victim.git("symbolic-ref", "HEAD", "refs/heads/evil")
    ran = victim.check("--since", "main", "--mode", "write", "--budget", "3")
    assert (ran.status, len(ran.output.splitlines())) == (2, 1), ran.output
    assert "outside of any work tree" in ran.output
    assert not list(victim.top.rglob("evil.py")) + list(victim.top.rglob("test_evil.py"))


@pytest.mark.parametrize(
    "ref", ["--output=stolen", "-h", "main; touch stolen", "$(touch stolen)", "@{-1}", ":/x", "a\n::error::b"]
)
def test_a_ref_is_a_ref(victim: Victim, ref: str) -> None:
    victim.stage({"shop.py": function("half")})
    victim.git("-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "first")
    ran = victim.check(f"--since={ref}")
    assert (ran.status, ran.commands, ran.unclean) == (2, set(), set()), ran.output
    assert not (victim.repo / "stolen").exists()


# -- test suites -------------------------------------------------------------------------------------------------------

TESTED = {
    "shop.py": function("half"),
    "tests/test_shop.py": "import os\nfrom shop import half\n\n\ndef test_half():\n    assert half(1) == 2\n",
    "pyproject.toml": '[tool.pytest.ini_options]\npythonpath = ["."]\n',
}
SUITES = {
    "exits": "import os\nos._exit(0)\n",
    "says_commands": "raise RuntimeError('\\x1b[2J\\x1b]0;x\\x07\\n::error::owned\\r::add-mask::e ##[add-mask]e\\u202e')\n",
    "floods": "import sys\nwhile True:\n    sys.stdout.write('::error::owned\\n' * 10_000)\n",
    "removes_what_it_finds": "import os, shutil\nshutil.rmtree(os.getcwd())\nos._exit(0)\n",
    "closes_everything": "import os\nos.closerange(0, 1000)\n",
}


@pytest.mark.parametrize("conftest", SUITES.values(), ids=SUITES)
def test_a_suite_that_shows_nothing_is_no_evidence(victim: Victim, conftest: str) -> None:
    """What a ``conftest.py`` does runs as in pytest; here nothing of it may become a green, or a command to the log."""
    settings = TESTED["pyproject.toml"] + "[tool.pytestgen]\ntest-timeout = 3\n"
    victim.stage({**TESTED, "pyproject.toml": settings, "conftest.py": conftest})
    before = victim.inside()
    ran = victim.check()
    assert (ran.status, ran.unclean, ran.commands) == (1, set(), set()), ran.output
    assert "PTG001 half" in ran.output
    assert victim.inside() == before


ATTACKS = {
    "writes": "import pathlib\npathlib.Path('@HOME@/stolen').write_text('x')\n",
    "writes_and_hushes_it_up": "import pathlib\ntry: pathlib.Path('@HOME@/.bashrc').write_text('x')\nexcept OSError: pass\n",
    "calls": "import socket\ntry: socket.create_connection(('127.0.0.1', @PORT@))\nexcept OSError: pass\n",
    "starts_a_program": "import os\nos.system('touch @HOME@/stolen')\n",
    "in_a_child": "import os\nif not os.fork():\n    open('@HOME@/stolen', 'w')\n    os._exit(0)\nos.wait()\n",
}


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux confines tests")
@pytest.mark.parametrize("conftest", ATTACKS.values(), ids=ATTACKS)
def test_a_suite_that_attacks_does_no_harm_where_tests_are_confined(victim: Victim, conftest: str) -> None:
    settings = TESTED["pyproject.toml"] + "[tool.pytestgen]\nconfine-tests = false\n"  # of who proposes the change
    with listening() as server:
        attack = armed(conftest.encode(), victim, server)
        victim.stage({**TESTED, "pyproject.toml": settings, "conftest.py": attack})
        before = victim.inside()
        ran = victim.check(PYTESTGEN_CONFINE_TESTS="true")
        assert not is_called(server)
    assert (ran.unclean, ran.commands) == (set(), set()), ran.output
    assert ran.status == ("PTG001 half" in ran.output), ran.output
    assert victim.inside() == before


def test_tests_that_only_compute_are_evidence_where_they_are_confined(victim: Victim) -> None:
    victim.stage(TESTED)
    assert victim.check(PYTESTGEN_CONFINE_TESTS="true").status == (sys.platform != "linux")


# -- the cache ---------------------------------------------------------------------------------------------------------

VALUES = {
    "another_type": "7",
    "lists": '{"variants": [[]], "edges": [[1]], "roots": 7, "names": 7, "stamps": [], "folders": 7, "answer": []}',
    "objects": '{"variants": {"a": 1}, "edges": {"a": 1}, "roots": {}, "names": {"a": 1}, "folders": {}, "version": {}}',
    "out_of_range": '{"edges": [["x", [999999]]], "roots": [7], "names": [7], "variants": [{"stamps": {}, "passed": [7], '
    '"failed": {"a": 7}, "problem": null, "seconds": "x", "ran": {"shop.py": {"x": [99]}}, "lines": {"shop.py": [[]]}}]}',
    "deep": '{"variants": ' + "[" * 100_000,
    "huge": '{"variants": "' + "x" * 5_000_000 + '"}',
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    """A repository whose results are in the cache."""
    victim = Victim(tmp_path_factory.mktemp("kept"))
    victim.stage(TESTED)
    assert victim.check().status == 0
    return victim


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_what_is_poisoned_in_the_cache_is_measured_again(kept: Victim, value: str) -> None:
    (file,) = (kept.top / "cache").glob("*.sqlite")
    with sqlite3.connect(file) as connection:
        assert connection.execute("UPDATE entry SET value = ?", [value]).rowcount >= 3
    ran = kept.check()
    assert (ran.status, ran.unclean) == (0, set()), ran.output


def test_no_program_is_named_by_the_cache(kept: Victim) -> None:
    evil = kept.top / "cache" / "evil"
    evil.write_text(EVIL.format(home=kept.top / "home"))
    evil.chmod(0o755)
    (file,) = (kept.top / "cache").glob("*.sqlite")
    kept.check()
    with sqlite3.connect(file) as connection:
        query = "UPDATE entry SET value = json_set(value, '$.python', ?) WHERE kind = 'interpreter'"
        assert connection.execute(query, [str(evil)]).rowcount == 1
        connection.execute("DELETE FROM entry WHERE kind = 'evidence'")
    assert kept.check().status == 0
    assert not (kept.top / "home" / "stolen").exists()


def test_a_cache_that_is_a_link_is_not_followed(victim: Victim) -> None:
    precious = victim.top / "home" / "precious.sqlite"
    with sqlite3.connect(precious) as connection:
        connection.execute("CREATE TABLE precious (text)")
    before = precious.read_bytes()
    (victim.top / "cache").mkdir()
    for schema in range(10):
        (victim.top / "cache" / f"cache-{schema}.sqlite").symlink_to(precious)
    victim.stage(TESTED)
    assert victim.check().status == 0
    assert precious.read_bytes() == before
    precious.unlink()
