"""Model files that are none, or that were made to break who reads them: the real loader refuses each and lives on."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytestgen_hook.cli import check

LOAD = """
import sys
from pathlib import Path
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model.local import LocalModel
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        LocalModel(path, n_ctx=256, threads=1)
    except FatalError as error:
        assert "no model that can be loaded" in str(error), error
        print(path.stem)
"""


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def header(tensors: int, entries: int, *rest: bytes) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", 3, tensors, entries) + b"".join(rest)


STRING, ARRAY = struct.pack("<I", 8), struct.pack("<I", 9)
FILES = {
    "empty": b"",
    "other_magic": b"NOPE" + bytes(100),
    "truncated": header(1, 5),
    "absurd_counts": header(2**62, 2**62),
    "endless_text": header(0, 1, struct.pack("<Q", 2**63 - 1), b"x"),
    "endless_array": header(0, 1, text("a"), ARRAY, STRING, struct.pack("<Q", 2**60)),
    "code_in_template": header(
        0,
        2,
        *(text("general.architecture"), STRING, text("llama"), text("tokenizer.chat_template"), STRING),
        text("{{ ''.__class__.__mro__[1].__subclasses__() }}"),
    ),
}


def test_a_hostile_model_file_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    for name, content in FILES.items():
        (tmp_path / f"{name}.gguf").write_bytes(content)
    done = subprocess.run(
        [sys.executable, "-c", LOAD, str(tmp_path)], capture_output=True, text=True, env=dict(os.environ), check=False
    )
    assert (done.returncode, done.stdout.split()) == (0, sorted(FILES)), done.stderr[-500:]


NAMED = '[tool.pytestgen]\nengine = "model"\nmodel = "ours"\n[tool.pytestgen.models.ours]\npath = "m/ours.gguf"\n'
COMES = "m/ours.gguf comes with the change that is examined, and is not loaded"


@pytest.mark.parametrize(
    ("before", "change", "arguments", "is_refused"),
    [
        pytest.param({}, {"pyproject.toml": NAMED, "m/ours.gguf": "new"}, [], True, id="both in the change"),
        pytest.param({"m/ours.gguf": "old"}, {"pyproject.toml": NAMED}, [], True, id="settings in the change"),
        pytest.param({"pyproject.toml": NAMED}, {"m/ours.gguf": "new"}, [], True, id="file in the change"),
        pytest.param(
            {"pyproject.toml": NAMED, "m/ours.gguf": "old"}, {"m/ours.gguf": "new"}, [], True, id="other bytes"
        ),
        pytest.param({"pyproject.toml": NAMED, "m/ours.gguf": "old"}, {}, [], False, id="meant before"),
        pytest.param({}, {"m/ours.gguf": "new"}, ["--model", "m/ours.gguf"], False, id="named on the spot"),
        pytest.param({}, {"c.toml": NAMED, "m/ours.gguf": "x"}, ["--config", "c.toml"], True, id="another file"),
    ],
)
def test_a_model_that_comes_with_the_change_is_not_loaded(
    repo, lean: str, before: dict[str, str], change: dict[str, str], arguments: list[str], is_refused: bool
) -> None:
    for path, text in {"a.txt": "", **before}.items():
        repo.stage(path, text)
    repo.commit()
    repo.git("checkout", "--quiet", "-b", "change")
    for path, text in {"a.py": "def double(number):\n    return 2 * number\n", **change}.items():
        repo.stage(path, text)
    repo.commit()
    options = ["--python", lean, "--engine", "model", "--mode", "write", "--budget", "1", "--since", "main"]
    result = CliRunner().invoke(check, [*options, *arguments])
    assert (COMES in result.output) == is_refused, result.output
    if is_refused:
        assert result.exit_code == 2
        assert repo.git("status", "--porcelain") == ""
