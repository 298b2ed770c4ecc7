"""Finds the interpreter that the project's tests run under, and what is installed for it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytestgen_hook import sandbox
from pytestgen_hook.cache import Cache
from pytestgen_hook.config import given_path
from pytestgen_hook.errors import FatalError

KIND = "interpreter"
OLDEST = (3, 9)
WANTED = ("pytest", "coverage")
SCRUBBED_PREFIXES = ("GIT_", "PYTHON", "PYTEST", "COV_", "COVERAGE", "PRE_COMMIT", "__PYVENV")
# Of the environment tests do not see: other tools' settings, and the files and tokens by which a step of GitHub Actions
# speaks for the job.
UNSEEN_PREFIXES = (
    *SCRUBBED_PREFIXES, "PYTESTGEN_", "ACTIONS_", "GITHUB_ENV", "GITHUB_OUTPUT", "GITHUB_PATH", "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
)  # fmt: skip
_SECONDS = 20.0
_WINDOWS = os.name == "nt"

# The names of the metadata folders carry name and version: nothing has to be opened, however much is installed.
_PROBE = """
import sys
if sys.path[:1] in ([""], [sys.argv[1]]):
    del sys.path[0]  # the working folder is the repository: its json.py is not the one meant below
import json, os
found = {}
folders = []
for place in sys.path:
    if not place or not os.path.isdir(place):
        continue
    folders.append(os.path.abspath(place))
    for name in os.listdir(place):
        stem, _, ending = name.rpartition(".")
        if ending in ("dist-info", "egg-info"):
            project, _, version = stem.partition("-")
            key = project.lower().replace("_", "-").replace(".", "-")
            found.setdefault(key, version.partition("-py")[0])
from importlib.util import find_spec
for name in ("pytest", "coverage"):
    try:
        there = find_spec(name) is not None
    except (ImportError, ValueError):
        there = False
    if there:
        found.setdefault(name, "")
    else:
        found.pop(name, None)
print(json.dumps({"python": sys.executable, "version": list(sys.version_info[:3]), "prefix": sys.prefix,
    "is_venv": sys.prefix != sys.base_prefix, "packages": found, "folders": folders}))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter that ran when it was asked: what it is, why it was chosen, what is installed for it.

    ``packages`` maps normalised names of all installed distributions to their versions ("" where it is not known).
    """

    python: Path
    reason: str
    version: tuple[int, int, int]
    packages: Mapping[str, str]
    prefix: Path
    is_venv: bool = False
    folders: tuple[str, ...] = field(default=(), repr=False)

    @property
    def missing(self) -> tuple[str, ...]:
        """Those of pytest and coverage that are not installed."""
        return tuple(name for name in WANTED if name not in self.packages)

    @property
    def install_command(self) -> str:
        """The command that installs what is missing; empty if nothing is."""
        return f"{self.python} -m pip install {' '.join(self.missing)}" if self.missing else ""

    @property
    def fingerprint(self) -> str:
        """A digest of the version and of all packages: if it is equal, tests run under the same conditions."""
        state = [str(self.python), self.version, sorted(self.packages.items())]
        return hashlib.sha256(json.dumps(state).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A place where an interpreter may be, and in words why it would be the right one."""

    python: Path
    reason: str


def own_prefix() -> Path:
    """Return the prefix of the environment that this program runs in."""
    return Path(sys.prefix).resolve()


def find_interpreter(
    root: Path,
    setting: str | None,
    environ: Mapping[str, str],
    cache: Cache | None = None,
    *,
    is_tracked: Callable[[Path], bool] = lambda _: False,
) -> Interpreter:
    """Return the interpreter of the project at ``root``.

    A program that ``is_tracked`` in the repository came with its changes, and is not started by us.

    What the user names (``setting``, ``PYTESTGEN_PYTHON``) is taken or is a FatalError. Of the environments that
    belong to the project, the first that has pytest is taken, or the first that runs; where there are none, that of
    PATH, or at last our own, again one with pytest if possible: an environment of the project without pytest is still
    the one with its dependencies.
    """
    named = ("the python setting", setting) if setting else ("PYTESTGEN_PYTHON", environ.get("PYTESTGEN_PYTHON"))
    if named[1]:
        return _named(root, named[0], named[1], environ, cache, is_tracked)
    for candidates in (_project_candidates(root, environ), _other_candidates(environ)):
        first: Interpreter | None = None
        for candidate in _distinct(candidates):
            if is_tracked(candidate.python):
                continue
            found = _probe(candidate, root, environ, cache)
            if isinstance(found, str):
                continue
            if "pytest" in found.packages:
                return found
            first = first or found
        if first is not None:
            return first
    raise FatalError("no Python interpreter for the project was found. Name one with --python PATH.")


def _distinct(candidates: Iterable[_Candidate]) -> Iterator[_Candidate]:
    seen: set[str] = set()
    for candidate in candidates:
        key = _absolute(candidate.python)
        if str(key) not in seen:
            seen.add(str(key))
            yield candidate


def _absolute(path: Path) -> Path:
    """Make absolute without following links: the python of an environment is a link to another's."""
    return Path(os.path.normpath(Path.cwd() / path))


def _named(
    root: Path,
    what: str,
    value: str,
    environ: Mapping[str, str],
    cache: Cache | None,
    is_tracked: Callable[[Path], bool],
) -> Interpreter:
    python = _executable(root / given_path(value))
    if python is None and not any(mark in value for mark in ("/", "\\")):
        found = shutil.which(value, path=environ.get("PATH"))
        python = Path(found) if found else None
    advice = "Name the project's interpreter, for example .venv/bin/python."
    if python is None:
        raise FatalError(f"{what} names {value}, which does not exist. {advice}")
    if is_tracked(python):
        raise FatalError(f"{what} names {value}, which git tracks: what comes with a change is not started. {advice}")
    answer = _probe(_Candidate(python, f"named by {what}"), root, environ, cache)
    if isinstance(answer, str):
        raise FatalError(f"{what} names {value}, which {answer}. {advice}")
    return answer


def _executable(place: Path) -> Path | None:
    """Return the interpreter at a path: the file itself, or that of the environment in the folder."""
    if place.is_file():
        return _absolute(place)
    names = ("Scripts/python.exe", "python.exe") if _WINDOWS else ("bin/python", "bin/python3")
    return next((_absolute(place / name) for name in names if (place / name).is_file()), None)


# -- where projects keep their interpreters ------------------------------------------------------------------------


def _project_candidates(root: Path, environ: Mapping[str, str]) -> Iterator[_Candidate]:
    for place, reason in _environments(root, environ):
        python = _executable(place)
        if python is not None:
            yield _Candidate(python, reason)


def _other_candidates(environ: Mapping[str, str]) -> Iterator[_Candidate]:
    folders = [folder for folder in environ.get("PATH", "").split(os.pathsep) if folder]
    folders = [folder for folder in folders if not (_is_own(Path(folder)) and _own_is_private())]
    for name in ("python", "python3"):
        found = shutil.which(name, path=os.pathsep.join(folders)) if folders else None
        if found:
            yield _Candidate(Path(found), f"{name} on PATH")
    yield _Candidate(Path(sys.executable), "this program's own environment: it is the only one found to run tests in")


def _environments(root: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    active = environ.get("VIRTUAL_ENV")
    if active and not (_is_own(Path(active)) and _own_is_private()):
        yield Path(active), "the active virtual environment (VIRTUAL_ENV)"
    if environ.get("UV_PROJECT_ENVIRONMENT"):
        yield root / environ["UV_PROJECT_ENVIRONMENT"], "uv's environment (UV_PROJECT_ENVIRONMENT)"
    for name in (".venv", "venv", "env"):
        yield root / name, f"the project's {name}"
    main = _main_work_tree(root)
    if main is not None:
        for name in (".venv", "venv", "env"):
            yield main / name, f"{name} of the main work tree"
    yield from _managed(root, environ)
    if environ.get("CONDA_PREFIX"):
        yield Path(environ["CONDA_PREFIX"]), "the active conda environment (CONDA_PREFIX)"


def _managed(root: Path, environ: Mapping[str, str]) -> Iterator[tuple[Path, str]]:
    """Environments that project managers keep elsewhere, found by how they name them: asking them takes seconds."""
    pdm = root / ".pdm-python"
    if pdm.is_file():
        yield Path(pdm.read_text(encoding="utf-8", errors="replace").strip()), "PDM's environment (.pdm-python)"
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())
    data = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    caches = Path(environ.get("XDG_CACHE_HOME") or home / ".cache")
    if (root / "poetry.lock").exists() or _mentions(root / "pyproject.toml", "[tool.poetry"):
        poetry = Path(environ.get("POETRY_CACHE_DIR") or caches / "pypoetry") / "virtualenvs"
        mac = home / "Library/Caches/pypoetry/virtualenvs"
        mark = _path_hash(os.path.normcase(os.path.realpath(root)))
        for folder in (Path(environ.get("POETRY_VIRTUALENVS_PATH") or poetry), mac):
            yield from ((place, "Poetry's environment") for place in _newest_first(folder, f"*-{mark}-py*"))
    if (root / "Pipfile").exists():
        folder = Path(environ.get("WORKON_HOME") or data / "virtualenvs")
        mark = _path_hash(str(root / "Pipfile"))
        yield from ((place, "Pipenv's environment") for place in _newest_first(folder, f"*-{mark}*"))
    if (root / "hatch.toml").exists() or _mentions(root / "pyproject.toml", "[tool.hatch"):
        for base in (Path(environ.get("HATCH_DATA_DIR") or data / "hatch"), home / "Library/Application Support/hatch"):
            pattern = f"*/{_path_hash(str(root))}/*"
            yield from ((place, "Hatch's environment") for place in _newest_first(base / "env/virtual", pattern))


def _path_hash(text: str) -> str:
    """The eight characters by which Poetry, Pipenv and Hatch tell the environments of equally named projects apart."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode()[:8]


def _newest_first(folder: Path, pattern: str) -> list[Path]:
    if not folder.is_dir():
        return []
    return sorted(folder.glob(pattern), key=lambda place: (-place.stat().st_mtime, place.name))


def _mentions(path: Path, text: str) -> bool:
    return path.is_file() and text in path.read_text(encoding="utf-8", errors="replace")


def _main_work_tree(root: Path) -> Path | None:
    """Return the top of the main work tree if ``root`` is a linked one: environments are seldom made again for those."""
    link = root / ".git"
    if not link.is_file():
        return None
    _, _, target = link.read_text(encoding="utf-8", errors="replace").partition("gitdir:")
    git_dir = root / target.strip()
    return git_dir.parents[2] if git_dir.parent.name == "worktrees" else None


def _is_own(folder: Path) -> bool:
    return folder.resolve().is_relative_to(own_prefix())


def _own_is_private() -> bool:
    """Whether our environment was made for this program alone, as by pre-commit, pipx or ``uv tool``: not the project's."""
    parts = own_prefix().parts
    made_by = any(part.startswith("py_env-") or part in ("pre-commit", "prek", "pipx") for part in parts)
    return made_by or ("uv" in parts and "tools" in parts)


def run_environment(interpreter: Interpreter, tree: Path, place: Path) -> dict[str, str]:
    """Return the environment for the project's own tests: the user's, without git's, ours, and other tools' settings.

    ``place`` is a temporary folder for what they leave behind. They keep home, network and credentials: they are the
    user's tests, and run as the user runs them.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(UNSEEN_PREFIXES)}
    environment.pop("VIRTUAL_ENV", None)
    folders = [entry for entry in environment.get("PATH", "").split(os.pathsep) if entry]
    others = [entry for entry in folders if not _is_our_folder(Path(entry), interpreter)]
    environment["PATH"] = os.pathsep.join([str(interpreter.python.parent), *others])
    if interpreter.is_venv:
        environment["VIRTUAL_ENV"] = str(interpreter.prefix)
    temporary = place / "tmp"
    temporary.mkdir(exist_ok=True)
    for name in ("TMPDIR", "TEMP", "TMP"):
        environment[name] = str(temporary)
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["PYTHONHASHSEED"] = "0"
    # A test that runs git in the copy must not find a repository around it.
    environment["GIT_CEILING_DIRECTORIES"] = str(tree.parent)
    return environment


def _is_our_folder(folder: Path, interpreter: Interpreter) -> bool:
    own = (own_prefix() / "bin", own_prefix() / "Scripts")
    # Unlike Path.resolve, this takes links that lead in a circle.
    return Path(os.path.realpath(folder)) in own and interpreter.prefix.resolve() != own_prefix()


# -- asking an interpreter ------------------------------------------------------------------------------------------


def _probe(candidate: _Candidate, root: Path, environ: Mapping[str, str], cache: Cache | None) -> Interpreter | str:
    """Ask the interpreter what it is, or return in words why it cannot be used; answers are kept while nothing changes."""
    key = json.dumps([str(candidate.python), environ.get("PYENV_VERSION"), str(root)])
    kept = cache.get(KIND, key) if cache is not None else None
    is_ours = kept is not None and _is_like_ours(kept)
    if kept is not None and is_ours and kept["stamps"] == _stamps(candidate.python, root, kept["folders"]):
        return _interpreter(candidate, kept)
    environment = {name: text for name, text in environ.items() if not name.startswith(SCRUBBED_PREFIXES)}
    environment.pop("VIRTUAL_ENV", None)
    try:
        completed = sandbox.run(
            [candidate.python, "-B", "-c", _PROBE, root], cwd=root, env=environment, timeout=_SECONDS
        )
    except OSError as error:
        return f"does not run ({error.strerror or error})"
    try:
        answer = json.loads(completed.output.strip().splitlines()[-1])
        version = tuple(answer["version"])
    except (IndexError, ValueError, KeyError, TypeError):
        said = completed.errors.strip().splitlines()[-1:] or [f"status {completed.returncode}"]
        return "does not run as Python 3 (" + ("no answer in time" if completed.timed_out else said[0]) + ")"
    if version[:2] < OLDEST:
        return f"is Python {'.'.join(map(str, version))}, but {OLDEST[0]}.{OLDEST[1]} or newer is needed"
    if not answer["python"]:
        return "does not know its own path"
    if cache is not None:
        cache.put(KIND, key, {**answer, "stamps": _stamps(candidate.python, root, answer["folders"])})
    return _interpreter(candidate, answer)


def _is_like_ours(kept: Mapping[str, object]) -> bool:
    """Whether a kept answer has the form of ours."""
    folders, version, packages = (kept.get(name) for name in ("folders", "version", "packages"))
    return (
        isinstance(kept.get("stamps"), dict)
        and isinstance(kept.get("python"), str)
        and isinstance(kept.get("prefix"), str)
        and isinstance(folders, list)
        and all(isinstance(folder, str) and "\0" not in folder for folder in folders)
        and isinstance(version, list)
        and len(version) == 3
        and all(type(number) is int for number in version)
        and isinstance(packages, dict)
    )


def _stamps(python: Path, root: Path, folders: list[str]) -> dict[str, int]:
    """Return the times at which what the answer rests on last changed: installing touches the folder it installs to."""
    places = [str(python), str(python.parent.parent / "pyvenv.cfg"), *folders]
    if python.parent.name == "shims":  # pyenv and asdf: the interpreter that is started is named in files
        above = [folder / name for folder in (root, *root.parents) for name in (".python-version", ".tool-versions")]
        places += map(str, [python.parent.parent / "version", Path.home() / ".tool-versions", *above])
    found = {}
    for place in places:
        try:
            found[place] = Path(place).stat().st_mtime_ns
        except OSError:
            found[place] = 0
    return found


def _program(asked: Path, named: Path) -> Path:
    """Return the program to start: the one that was asked, whatever it or the cache calls itself.

    But a shim of pyenv, asdf or mise, which looks anew each time, names one that lies beside the folder of the shims.
    """
    is_beside = asked.parent.name == "shims" and named.is_relative_to(asked.parent.parent)
    return named if is_beside and os.pardir not in named.parts else asked


def _interpreter(candidate: _Candidate, answer: Mapping[str, object]) -> Interpreter:
    version, packages, folders = answer["version"], answer["packages"], answer["folders"]
    assert isinstance(version, list)
    assert isinstance(packages, dict)
    assert isinstance(folders, list)
    return Interpreter(
        python=_program(candidate.python, Path(str(answer["python"]))),
        reason=candidate.reason,
        version=(int(version[0]), int(version[1]), int(version[2])),
        packages={str(name): str(text) for name, text in packages.items()},
        prefix=Path(str(answer["prefix"])),
        is_venv=bool(answer["is_venv"]),
        folders=tuple(map(str, folders)),
    )
