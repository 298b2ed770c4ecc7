"""Repositories to collect from: the functions of a commit, in a copy that the runtime can explore."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

import yaml

from pytestgen_hook.engines.search import Bench, Task
from pytestgen_hook.errors import FatalError
from pytestgen_hook.functions import SyntaxProblem, bodies, functions_in
from pytestgen_hook.generation import find_calls
from pytestgen_hook.git import Repository, Revision
from pytestgen_hook.imports import import_roots, module_name
from pytestgen_hook.testcode import TestCode

LIBRARIES = Path(__file__).parent / "libraries.yaml"
_NEVER = ("setup.py", "conftest.py", "__main__.py")


@dataclass(frozen=True)
class Sources:
    """One commit of a repository, written out for the ``bench``; ``name`` is what the repository is called in rows."""

    name: str
    commit: str
    licence: str
    bench: Bench
    paths: tuple[str, ...]

    @cached_property
    def tasks(self) -> list[Task]:
        """All functions but those of tests, in the order of their files, each with calls that people wrote of it."""
        code = TestCode(self.paths, lambda path: self.source(path) if path in self.paths else None)
        python = [path for path in self.paths if path.endswith(".py")]
        tests = [self.source(path) for path in python if path in code]
        found = []
        for path in python:
            module = module_name(path, self.bench.roots)
            is_product = path not in code and PurePosixPath(path).name not in _NEVER
            if not is_product or not all(part.isidentifier() for part in module.split(".")):
                continue
            try:
                functions = functions_in(path, self.source(path))
            except SyntaxProblem:
                continue
            calls = tuple(find_calls(functions, {path: tests}).get(path, ()))
            found += [Task(function, module, calls) for function in functions]
        return found

    def source(self, path: str) -> bytes:
        """Return the contents of a file."""
        return (self.bench.tree / path).read_bytes()

    @cached_property
    def _forms(self) -> dict[str, dict[tuple[str, int], str]]:
        return {}

    def form(self, task: Task) -> str:
        """Return the digest of a function's syntax: the same for every copy of it."""
        function = task.function
        if function.path not in self._forms:
            self._forms[function.path] = bodies(self.source(function.path))
        return self._forms[function.path].get((function.qualname, function.def_line), "")


@contextmanager
def opened(path: Path, licence: str, python: Path, name: str = "") -> Iterator[Sources]:
    """Give the sources of the commit that is checked out; FatalError where there is no repository or no commit.

    ``licence`` is the SPDX identifier of the repository's licence, ``python`` an interpreter that can import its modules.
    """
    if not licence.strip():
        raise FatalError(f"{path}: under which licence is it? Say it with --licence, as in --licence MIT.")
    repository = Repository.open(path)
    commit = repository.head()
    if commit is None:
        raise FatalError(f"{path} has no commit, and a row names the one it is from. Commit first.")
    with tempfile.TemporaryDirectory(prefix="pytestgen-finetuning-") as place:
        folder = Path(place).resolve()
        tree = folder / "tree"
        tree.mkdir()
        repository.export(Revision(commit), tree)
        paths = tuple(repository.entries(Revision(commit)))
        bench = Bench(python, tree, import_roots(paths), folder / "work")
        yield Sources(name or repository.root.name, commit, licence, bench, paths)


# -- libraries of the package index ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Library:
    """A library of the package index: its requirement (NAME==VERSION), licence, and what it is for (``train``, ``test``)."""

    requirement: str
    licence: str
    purpose: str

    @property
    def name(self) -> str:
        """The name of its folder, and of the repository in rows."""
        return self.requirement.replace("==", "-")


def libraries(path: Path = LIBRARIES) -> list[Library]:
    """Return the libraries of a list; FatalError for a list that is none."""
    try:
        listed = yaml.safe_load(path.read_text(encoding="utf-8"))
        return [Library(str(one["requirement"]), str(one["licence"]), str(one["for"])) for one in listed]
    except (OSError, ValueError, TypeError, LookupError, yaml.YAMLError) as error:
        raise FatalError(f"{path} is no list of libraries ({error}). Write it like {LIBRARIES.name}.") from None


def fetched(library: Library, folder: Path) -> Path:
    """Return the repository of a library below ``folder``: made of its source distribution, which pip gets, if it is not there.

    The same distribution gives the same commit on every machine.
    """
    place = folder / library.name
    if (place / ".git").is_dir():
        return place
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        work = Path(temporary)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
        run = subprocess.run([*pip, "--dest", work, library.requirement], capture_output=True, text=True)
        archive = next(iter(work.glob("*.tar.gz")), None)
        if run.returncode or archive is None:
            said = (run.stderr.strip().splitlines() or ["there is no source distribution of it"])[-1]
            raise FatalError(f"{library.requirement} cannot be fetched: {said}. Take it out of the list, or try again.")
        with tarfile.open(archive) as stream:
            stream.extractall(work / "tree", filter="data")
        (top,) = (work / "tree").iterdir()
        _committed(top)
        shutil.move(top, place)
    return place


def _committed(folder: Path) -> None:
    """Make the folder a repository with one commit, whose identifier follows from the files alone."""
    who = {"NAME": "pytestgen", "EMAIL": "pytestgen@localhost", "DATE": "2000-01-01T00:00:00Z"}
    fixed = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= fixed | {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    commands = (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all", "--force"],
        ["commit", "--quiet", "--message", "as it was published"],
    )
    for arguments in commands:
        subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True)
