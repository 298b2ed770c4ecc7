"""What the tests of the action share: the runner that plays its steps, lying beside them, and one installed program."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

TOP = Path(__file__).parent.parent.parent


class Container:
    """A home of its own, a ``python`` with pip and nothing else, and no variable of the machine around it."""

    def __init__(self, folder: Path, wheelhouse: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder / "python")], check=True)
        self.bin = folder / "python" / "bin"
        self.environ = {
            "HOME": str(self.home),
            "PATH": os.pathsep.join([str(self.bin), os.environ["PATH"]]),
            "LANG": "C.UTF-8",
            "CI": "true",
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_COMPILE": "1",
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheelhouse),
        }


@pytest.fixture(scope="session")
def offline() -> dict[str, str]:
    """Variables with which pip installs our own sources from what is here, without an index."""
    places = [place for place in sys.path if place.endswith("site-packages")]
    return {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PYTHONPATH": os.pathsep.join(places)}


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PATH: ``python`` with pytest and coverage, ``pipx`` that runs what it is told from this environment."""
    folder = tmp_path_factory.mktemp("programs")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "env")], check=True)
    (packages,) = (folder / "env").glob("lib/python*/site-packages")
    places = [place for place in sys.path if place.endswith("site-packages")]
    (packages / "outer.pth").write_text("\n".join(places) + "\n")
    bin = folder / "env" / "bin"
    pipx = bin / "pipx"
    # pipx run --spec REQUIREMENT COMMAND ARGUMENT…
    pipx.write_text(
        f'#!/bin/sh\n[ "$1 $2" = "run --spec" ] || exit 9\nshift 3\nexec "{Path(sys.executable).parent}/$@"\n'
    )
    pipx.chmod(0o755)
    return bin


@pytest.fixture
def container(wheelhouse: Path, tmp_path: Path) -> Container:
    """A machine as a container is when new; it installs from what is here, without an index."""
    return Container(tmp_path / "container", wheelhouse)
