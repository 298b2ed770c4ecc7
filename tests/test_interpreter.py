"""The project's interpreter is found where projects keep it, and never mistaken for our own."""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from pathlib import Path

import pytest

from pytestgen_hook import interpreter
from pytestgen_hook.cache import Cache
from pytestgen_hook.errors import FatalError
from pytestgen_hook.interpreter import find_interpreter

pytestmark = pytest.mark.skipif(os.name != "posix", reason="environments are laid out by hand, as on POSIX")
BASE = Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"


def environment(folder: Path, *packages: str) -> Path:
    """Lay out a virtual environment in which the packages (``name-version``) seem to be installed."""
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "python").symlink_to(BASE)
    (folder / "pyvenv.cfg").write_text(f"home = {BASE.parent}\ninclude-system-site-packages = false\n")
    for package in packages:
        install(folder, package)
    return folder


def install(folder: Path, package: str) -> None:
    site = folder / "lib" / BASE.name / "site-packages"
    (site / f"{package}.dist-info").mkdir(parents=True)
    (site / f"{package.partition('-')[0]}.py").write_text("")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def on_path(*folders: Path) -> dict[str, str]:
    return {"PATH": os.pathsep.join(str(folder / "bin") for folder in folders), "HOME": "/nonexistent"}


def test_a_setting_wins(root: Path, tmp_path: Path) -> None:
    named = environment(tmp_path / "named")
    environment(root / ".venv", "pytest-8.0")
    active = environment(tmp_path / "active", "pytest-8.0")
    found = find_interpreter(root, str(named / "bin" / "python"), {"VIRTUAL_ENV": str(active)})
    assert (found.prefix, found.python) == (named, named / "bin" / "python")
    assert "setting" in found.reason


def test_a_setting_may_be_relative_or_name_the_environment(root: Path) -> None:
    environment(root / "tools" / "env")
    for setting in ("tools/env/bin/python", "tools/env"):
        assert find_interpreter(root, setting, {}).prefix == root / "tools" / "env"


def test_a_setting_may_be_a_command(root: Path, tmp_path: Path) -> None:
    place = environment(tmp_path / "env")
    assert find_interpreter(root, "python", on_path(place)).prefix == place


def test_the_variable_comes_after_the_setting(root: Path, tmp_path: Path) -> None:
    first, second = environment(tmp_path / "first"), environment(tmp_path / "second")
    environ = {"PYTESTGEN_PYTHON": str(second)}
    assert find_interpreter(root, None, environ).prefix == second
    assert find_interpreter(root, str(first), environ).prefix == first


@pytest.mark.parametrize("setting", ["missing/python", "no-such-command", "data.txt", "false.sh", "wordy.sh", "old.sh"])
def test_a_setting_that_is_no_python_is_fatal_and_named(root: Path, setting: str) -> None:
    (root / "data.txt").write_text("no program")
    for name, body in {
        "false.sh": "exit 3",
        "wordy.sh": "echo hello",
        "old.sh": 'echo \'{"version": [2, 7, 18], "python": "/x", "packages": {}, "folders": []}\'',
    }.items():
        (root / name).write_text(f"#!/bin/sh\n{body}\n")
        (root / name).chmod(0o755)
    with pytest.raises(FatalError, match=setting) as raised:
        find_interpreter(root, setting, {"PATH": os.environ["PATH"]})
    assert ".venv/bin/python" in str(raised.value)


def test_the_active_environment_comes_before_that_of_the_project(root: Path, tmp_path: Path) -> None:
    active = environment(tmp_path / "active", "pytest-8.0")
    own = environment(root / ".venv", "pytest-8.0")
    assert find_interpreter(root, None, {"VIRTUAL_ENV": str(active)}).prefix == active
    assert find_interpreter(root, None, {}).prefix == own


def test_one_with_pytest_is_preferred(root: Path, tmp_path: Path) -> None:
    active = environment(tmp_path / "active")
    own = environment(root / "venv", "pytest-8.0")
    assert find_interpreter(root, None, {"VIRTUAL_ENV": str(active)}).prefix == own


def test_the_projects_own_without_pytest_comes_before_another_with_it(root: Path, tmp_path: Path) -> None:
    own = environment(root / ".venv", "coverage-7.0")
    found = find_interpreter(root, None, on_path(environment(tmp_path / "elsewhere", "pytest-8.0")))
    assert (found.prefix, found.missing) == (own, ("pytest",))
    assert found.install_command == f"{own / 'bin' / 'python'} -m pip install pytest"


def test_an_environment_that_does_not_run_is_passed_over(root: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    (broken / "bin").mkdir(parents=True)
    (broken / "bin" / "python").write_text("garbage")
    (broken / "bin" / "python").chmod(0o755)
    own = environment(root / ".venv", "pytest-8.0")
    assert find_interpreter(root, None, {"VIRTUAL_ENV": str(broken)}).prefix == own


def test_our_own_environment_made_for_us_alone_is_passed_over(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = environment(tmp_path / ".cache" / "pre-commit" / "repo1" / "py_env-python3", "pytest-8.0")
    theirs = environment(tmp_path / "theirs", "pytest-8.0")
    monkeypatch.setattr(sys, "prefix", str(ours))
    environ = {**on_path(ours, theirs), "VIRTUAL_ENV": str(ours)}
    found = find_interpreter(root, None, environ)
    assert (found.prefix, found.reason) == (theirs, "python on PATH")


def test_our_own_environment_is_the_projects_where_the_user_activated_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = environment(tmp_path / "shared", "pytest-8.0")
    monkeypatch.setattr(sys, "prefix", str(shared))
    assert find_interpreter(root, None, {"VIRTUAL_ENV": str(shared)}).prefix == shared


def test_ours_is_the_last_resort_and_says_so(root: Path) -> None:
    found = find_interpreter(root, None, {"PATH": ""})
    assert found.prefix.resolve() == Path(sys.prefix).resolve()
    assert "this program's own" in found.reason


def test_uv_may_keep_it_elsewhere(root: Path) -> None:
    place = environment(root / "uv-env", "pytest-8.0")
    assert find_interpreter(root, None, {"UV_PROJECT_ENVIRONMENT": "uv-env"}).prefix == place


def test_conda(root: Path, tmp_path: Path) -> None:
    place = environment(tmp_path / "conda", "pytest-8.0")
    found = find_interpreter(root, None, {"CONDA_PREFIX": str(place)})
    assert (found.prefix, "conda" in found.reason) == (place, True)


def mark(text: object) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(str(text).encode()).digest()).decode()[:8]


def test_poetry_pipenv_hatch_and_pdm(root: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    environ = {"HOME": str(home)}
    hatch = environment(home / ".local/share/hatch/env/virtual/project" / mark(root) / "hatch-test", "pytest-8.0")
    (root / "hatch.toml").write_text("")
    assert find_interpreter(root, None, environ).prefix == hatch
    pipenv = environment(home / f".local/share/virtualenvs/project-{mark(root / 'Pipfile')}", "pytest-8.0")
    (root / "Pipfile").write_text("")
    assert find_interpreter(root, None, environ).prefix == pipenv
    poetry = environment(home / f".cache/pypoetry/virtualenvs/project-{mark(root.resolve())}-py3.12", "pytest-8.0")
    (root / "pyproject.toml").write_text("[tool.poetry]\nname = 'project'\n")
    assert find_interpreter(root, None, environ).prefix == poetry
    pdm = environment(tmp_path / "pdm", "pytest-8.0")
    (root / ".pdm-python").write_text(f"{pdm}/bin/python\n")
    assert find_interpreter(root, None, environ).prefix == pdm


def test_a_linked_work_tree_uses_the_environment_of_the_main_one(root: Path, tmp_path: Path) -> None:
    place = environment(root / ".venv", "pytest-8.0")
    linked = tmp_path / "linked"
    linked.mkdir()
    (root / ".git" / "worktrees" / "linked").mkdir(parents=True)
    (linked / ".git").write_text(f"gitdir: {root}/.git/worktrees/linked\n")
    assert find_interpreter(linked, None, {}).prefix == place


def test_packages_are_told_with_versions(root: Path) -> None:
    environment(root / ".venv", "pytest-8.1.2", "pytest_cov-5.0", "Zope.Interface-1.0")
    found = find_interpreter(root, None, {})
    assert {name: found.packages.get(name) for name in ("pytest", "pytest-cov", "zope-interface")} == {
        "pytest": "8.1.2",
        "pytest-cov": "5.0",
        "zope-interface": "1.0",
    }
    assert found.version[:2] == sys.version_info[:2]


def test_the_hooks_own_variables_do_not_reach_it(root: Path, tmp_path: Path) -> None:
    (tmp_path / "evil").mkdir()
    (tmp_path / "evil" / "json.py").write_text("raise RuntimeError")
    environment(root / ".venv", "pytest-8.0")
    assert (
        find_interpreter(root, None, {"PYTHONPATH": str(tmp_path / "evil"), "PYTHONHOME": "/x"}).prefix
        == root / ".venv"
    )


def test_the_answer_is_kept_until_something_is_installed(root: Path, tmp_path: Path) -> None:
    place = environment(root / ".venv", "pytest-8.0")
    cache = Cache(tmp_path / "cache")
    first = find_interpreter(root, None, {}, cache)
    launcher = place / "bin" / "python"
    launcher.unlink()
    launcher.symlink_to(BASE)  # as it was: it leads to the same file
    assert find_interpreter(root, None, {}, cache) == first
    install(place, "coverage-7.0")
    second = find_interpreter(root, None, {}, cache)
    assert second.packages["coverage"] == "7.0"
    assert second.fingerprint != first.fingerprint


def test_a_kept_answer_starts_no_process(root: Path, tmp_path: Path) -> None:
    script = root / "python"
    script.write_text(f'#!/bin/sh\necho x >> {tmp_path}/started\nexec {sys.executable} "$@"\n')
    script.chmod(0o755)
    cache = Cache(tmp_path / "cache")
    for _ in range(2):
        find_interpreter(root, "./python", {}, cache)
    assert (tmp_path / "started").read_text() == "x\n"
    assert interpreter.OLDEST == (3, 9)


@pytest.mark.parametrize("name", ["json.py", "types.py", "os.py", "pytest.py", "sitecustomize.py"])
def test_asking_an_interpreter_runs_nothing_of_the_repository(root: Path, tmp_path: Path, name: str) -> None:
    install(environment(tmp_path / "env"), "pytest-8.0")
    (root / name).write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    found = find_interpreter(root, str(tmp_path / "env"), {})
    assert "pytest" in found.packages
    assert not (tmp_path / "ran").exists()
    assert [path.name for path in root.iterdir()] == [name]
