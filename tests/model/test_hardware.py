"""What this process may use: affinity, quotas and limits of cgroups of both versions; what a model takes."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from pytestgen_hook.errors import FatalError
from pytestgen_hook.model import hardware

GIB = 1 << 30


def system(root: Path, files: dict[str, object]) -> Path:
    """Write files of /proc and /sys as a kernel shows them."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{content}\n")
    return root


V2 = "36 25 0:30 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
V1 = "\n".join(
    f"3{number} 32 0:3{number} {{top}} /sys/fs/cgroup/{name} rw - cgroup cgroup rw,{name}"
    for number, name in enumerate(["cpu,cpuacct", "memory"])
)
CPUS = sorted(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else []


# -- cores -------------------------------------------------------------------------------------------------------------


def test_without_limits_there_are_the_cores_that_the_process_may_run_on(tmp_path: Path) -> None:
    assert 1 <= hardware.physical_cores() <= (os.cpu_count() or 1)
    if CPUS:
        assert hardware.physical_cores(tmp_path) <= len(CPUS)


@pytest.mark.skipif(not CPUS, reason="processes have no affinity here")
def test_two_threads_of_one_core_are_one(tmp_path: Path) -> None:
    shared = {f"sys/devices/system/cpu/cpu{number}/topology/core_cpus_list": "0-63" for number in CPUS}
    assert hardware.physical_cores(system(tmp_path, shared)) == 1


@pytest.mark.skipif(not CPUS, reason="processes have no affinity here")
def test_affinity_is_counted() -> None:
    script = "from pytestgen_hook.model.hardware import physical_cores; import os, sys; "
    script += "os.sched_setaffinity(0, {int(sys.argv[1])}); print(physical_cores())"
    told = subprocess.run([sys.executable, "-c", script, str(CPUS[0])], check=True, capture_output=True, text=True)
    assert told.stdout.strip() == "1"


def many_cores(monkeypatch: pytest.MonkeyPatch, root: Path) -> Path:
    """A machine of 16 cores, as its kernel describes it to a process that may run on all of them."""
    monkeypatch.setattr(psutil.Process, "cpu_affinity", lambda self: list(range(16)), raising=False)
    return system(root, {f"sys/devices/system/cpu/cpu{n}/topology/core_cpus_list": n for n in range(16)})


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({}, 16),
        ({"sys/fs/cgroup/a/b/cpu.max": "max 100000"}, 16),
        ({"sys/fs/cgroup/a/b/cpu.max": "350000 100000"}, 3),
        ({"sys/fs/cgroup/a/b/cpu.max": "20000 100000"}, 1),
        ({"sys/fs/cgroup/a/b/cpu.max": "max 100000", "sys/fs/cgroup/a/cpu.max": "400000 100000"}, 4),
        ({"sys/fs/cgroup/cpu.max": "200000 100000"}, 2),
        ({"sys/fs/cgroup/other/cpu.max": "100000 100000"}, 16),
    ],
    ids=["none", "unlimited", "rounded_down", "less_than_one", "of_the_group_above", "container", "of_another_group"],
)
def test_quotas_of_version_2(
    files: dict[str, object], cores: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = many_cores(monkeypatch, tmp_path)
    system(root, {"proc/self/cgroup": "0::/a/b", "proc/self/mountinfo": V2, **files})
    assert hardware.physical_cores(root) == cores


@pytest.mark.parametrize(
    ("top", "folder"), [("/", "docker/1"), ("/docker/1", ""), ("/elsewhere", "")], ids=["host", "mounted", "unknown"]
)
def test_quotas_of_version_1(top: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = many_cores(monkeypatch, tmp_path)
    group = f"sys/fs/cgroup/cpu,cpuacct/{folder}"
    system(
        root,
        {
            "proc/self/cgroup": "5:cpu,cpuacct:/docker/1\n4:memory:/docker/1\n0::/",
            "proc/self/mountinfo": V1.format(top=top),
            f"{group}/cpu.cfs_quota_us": 600000,
            f"{group}/cpu.cfs_period_us": 100000,
        },
    )
    assert hardware.physical_cores(root) == 6


def test_no_quota_of_version_1_is_minus_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = many_cores(monkeypatch, tmp_path)
    group = "sys/fs/cgroup/cpu,cpuacct"
    told = {"proc/self/cgroup": "5:cpu,cpuacct:/", "proc/self/mountinfo": V1.format(top="/")}
    system(root, {**told, f"{group}/cpu.cfs_quota_us": -1, f"{group}/cpu.cfs_period_us": 100000})
    assert hardware.physical_cores(root) == 16


# -- memory ------------------------------------------------------------------------------------------------------------


def test_memory_is_what_the_machine_has_left(tmp_path: Path) -> None:
    assert 0 < hardware.available_memory(tmp_path) <= psutil.virtual_memory().total


def test_memory_of_a_cgroup_counts_pages_that_it_can_drop(tmp_path: Path) -> None:
    told = {"proc/self/cgroup": "0::/a", "proc/self/mountinfo": V2, "sys/fs/cgroup/a/memory.max": 100 << 20}
    system(tmp_path, {**told, "sys/fs/cgroup/a/memory.current": 90 << 20})
    assert hardware.available_memory(tmp_path) == 10 << 20
    system(tmp_path, {"sys/fs/cgroup/a/memory.stat": f"anon 1\ninactive_file {40 << 20}\n"})
    assert hardware.available_memory(tmp_path) == 50 << 20


def test_memory_of_version_1(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/memory"
    told = {"proc/self/cgroup": "4:memory:/a", "proc/self/mountinfo": V1.format(top="/")}
    system(
        tmp_path, {**told, f"{group}/a/memory.limit_in_bytes": 80 << 20, f"{group}/a/memory.usage_in_bytes": 60 << 20}
    )
    assert hardware.available_memory(tmp_path) == 20 << 20
    system(tmp_path, {f"{group}/memory.limit_in_bytes": 61 << 20, f"{group}/memory.usage_in_bytes": 60 << 20})
    assert hardware.available_memory(tmp_path) == 1 << 20


def test_a_group_over_its_limit_has_nothing_left(tmp_path: Path) -> None:
    told = {"proc/self/cgroup": "0::/a", "proc/self/mountinfo": V2, "sys/fs/cgroup/a/memory.max": 1 << 20}
    assert hardware.available_memory(system(tmp_path, {**told, "sys/fs/cgroup/a/memory.current": 2 << 20})) == 0


# -- what a model takes ------------------------------------------------------------------------------------------------


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def entry(name: str, value: object) -> bytes:
    """One entry of the head of a GGUF file: text, number, or list of either."""
    if isinstance(value, str):
        return text(name) + struct.pack("<I", 8) + text(value)
    if isinstance(value, list):
        inner = b"".join(text(item) if isinstance(item, str) else struct.pack("<I", item) for item in value)
        kind = 8 if value and isinstance(value[0], str) else 4
        return text(name) + struct.pack("<IIQ", 9, kind, len(value)) + inner
    return text(name) + struct.pack("<II", 4, value)


def gguf(path: Path, values: dict[str, object], body: int = 0) -> Path:
    """Write the head of a model's file, and so many bytes for its weights (a hole)."""
    head = b"GGUF" + struct.pack("<IQQ", 3, 0, len(values)) + b"".join(entry(*item) for item in values.items())
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(len(head) + body)
    return path


SMALL: dict[str, object] = {
    "general.architecture": "qwen2",
    "general.tags": ["code", "chat"],
    "qwen2.block_count": 24,
    "qwen2.context_length": 32768,
    "qwen2.embedding_length": 896,
    "qwen2.attention.head_count": 14,
    "qwen2.attention.head_count_kv": 2,
    "qwen2.rope.sections": [1, 2, 3],
    "tokenizer.ggml.tokens": ["a", "b", "c"],
}


def test_the_head_of_a_model_says_what_it_takes(tmp_path: Path) -> None:
    path = gguf(tmp_path / "m.gguf", SMALL, body=1000)
    assert hardware.read_shape(path) == hardware.Shape(layers=24, key_values=256, vocabulary=3, context=32768)
    taken = hardware.needs(path, n_ctx=4096, n_batch=10)
    assert (taken.context, taken.work) == (24 * 256 * 4096 * 2, 3 * 10 * 4)
    assert taken.total == path.stat().st_size + taken.context + taken.work


def test_heads_of_another_length_are_counted(tmp_path: Path) -> None:
    lengths = {"qwen2.attention.key_length": 100, "qwen2.attention.value_length": 28}
    assert hardware.read_shape(gguf(tmp_path / "m.gguf", {**lengths, **SMALL})).key_values == 2 * 128


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04" + bytes(100),
        b"GGUF",
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 60),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + text("general.architecture") + struct.pack("<I", 99),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + entry("general.name", "x"),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + entry("general.architecture", "x"),
    ],
    ids=["empty", "zip", "cut", "long_text", "unknown_type", "no_architecture", "no_sizes"],
)
def test_a_file_that_is_no_model_is_refused(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(data)
    with pytest.raises(FatalError, match="is not a model in the format GGUF"):
        hardware.check_fits(path, 4096)


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match="cannot be read: No such file"):
        hardware.read_shape(tmp_path / "m.gguf")


def test_a_model_that_fits_is_let_through(tmp_path: Path) -> None:
    hardware.check_fits(gguf(tmp_path / "m.gguf", SMALL), 4096)


def test_a_model_that_does_not_fit_is_refused_with_the_numbers(tmp_path: Path) -> None:
    body = psutil.virtual_memory().total * 2
    path = gguf(tmp_path / "huge.gguf", SMALL, body=body)
    with pytest.raises(FatalError) as raised:
        hardware.check_fits(path, 32768)
    assert f"the model huge.gguf needs {(body + (384 << 20)) / GIB:.1f} GiB of memory" in str(raised.value)
    assert "GiB for 32768 tokens" in str(raised.value)
    assert str(raised.value).endswith("GiB are available. Free some, or take a smaller one with --model.")
