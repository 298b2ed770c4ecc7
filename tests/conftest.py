"""Fixtures for tests that need a real repository: git in a temporary folder, and the settings of nobody."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes golden files anew."""
    parser.addoption("--update-recorded", action="store_true", help="write tests/recorded anew")


# The gate sets it: there a model that is missing is a failure, not a reason to skip.
_MODEL_IS_REQUIRED = "PYTESTGEN_REQUIRE_MODEL"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that ask a real model: ``-m "not model"`` leaves them out."""
    for item in items:
        if "small_model" in getattr(item, "fixturenames", ()):
            item.add_marker("model")


@pytest.fixture(scope="session")
def small_model() -> Path:
    """The file of the real model of half a billion parameters, which llama-cpp-python can run here."""
    from pytestgen_hook.model import store

    model = store.KNOWN[store.SMALL]
    path = store.located(model)
    missing = "llama-cpp-python is not installed" if importlib.util.find_spec("llama_cpp") is None else ""
    missing = missing or ("" if path else f"the model is not here: {store.pull_command(model)}")
    if missing and os.environ.get(_MODEL_IS_REQUIRED):
        pytest.fail(missing)
    if missing or path is None:
        pytest.skip(missing)
    return path


class Repo:
    """A git repository with a work tree; the test runs in it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def git(self, *arguments: str) -> str:
        """Run git here and return what it printed."""
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        return subprocess.run(
            ["git", *identity, *arguments], cwd=self.path, check=True, capture_output=True, text=True
        ).stdout

    def write(self, path: str, text: str) -> Path:
        """Write a file, and the folders that it needs."""
        target = self.path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def stage(self, path: str, text: str) -> None:
        """Write a file and put it into the index."""
        self.write(path, text)
        self.git("add", "--", path)

    def commit(self, message: str = "change") -> None:
        """Commit what is staged."""
        self.git("commit", "--quiet", "--allow-empty", "--message", message)


@pytest.fixture(scope="session")
def without_network() -> list[str]:
    """The beginning of a command that is run as on an airplane: not even the machine itself can be reached."""
    alone = ["unshare", "--net", *(["--map-root-user"] if os.getuid() else [])]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network can be taken away here")
    return alone


@pytest.fixture(scope="session")
def lean(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The interpreter of an environment with pytest and coverage alone, linked from that of the tests.

    Plugins that the tests themselves need cost a project's runs more than all else.
    """
    folder = tmp_path_factory.mktemp("lean") / "venv"
    venv.create(folder, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    for name in _with_what_they_need("pytest", "coverage"):
        distribution = metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (packages / top).symlink_to(Path(str(distribution.locate_file(top))))
    return str(folder / "bin" / "python")


@pytest.fixture(scope="session")
def wheelhouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to install from without an index: our own wheel, and what is installed here of what it and a project need."""
    folder = tmp_path_factory.mktemp("wheelhouse")
    for name in _with_what_they_need("pytestgen-hook", "pytest", "hatchling", "editables", "pip"):
        if name != "pytestgen-hook":
            _packed(metadata.distribution(name), folder)
    sources = Path(__file__).parent.parent
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
    ]
    subprocess.run([*build, sources], check=True)
    return folder


def _packed(distribution: metadata.Distribution, folder: Path) -> None:
    """Make a wheel of what was installed from one; of its programs those that pip does not write anew."""
    files = [(file, Path(str(distribution.locate_file(file)))) for file in distribution.files or ()]
    (info,) = {file.parts[0] for file, _ in files if file.name == "METADATA" and len(file.parts) == 2}
    name = info.removesuffix(".dist-info")
    tag = re.findall(r"^Tag: (.+)$", distribution.read_text("WHEEL") or "", re.MULTILINE)[0]
    with zipfile.ZipFile(folder / f"{name}-{tag}.whl", "w") as wheel:
        for file, place in files:
            if file.parts[0] != ".." and "__pycache__" not in file.parts and place.is_file():
                wheel.write(place, str(file))
            elif "bin" in file.parts and place.is_file() and not place.read_bytes().startswith(b"#!"):
                wheel.write(place, f"{name}.data/scripts/{place.name}")


def _with_what_they_need(*names: str) -> set[str]:
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        with contextlib.suppress(metadata.PackageNotFoundError):
            needed = metadata.distribution(name).requires or []
            if name not in found:
                found.add(name)
                pending += [re.split(r"[^\w.-]", line)[0] for line in needed if "extra ==" not in line]
    return found


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """An empty repository; no variable of a hook, of CI or of the user's settings reaches the test."""
    for name in os.environ:
        if name.startswith(("GIT_", "PRE_COMMIT", "PYTESTGEN_")) or name in ("CI", "NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("PYTESTGEN_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "repo"
    path.mkdir()
    made = Repo(path)
    made.git("init", "--quiet", "--initial-branch=main")
    monkeypatch.chdir(path)
    return made
