"""What this process may use of the machine, and whether a model fits into it: affinity and cgroups are counted."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from pytestgen_hook.errors import ModelError
from pytestgen_hook.model.extra import missing_extra

GIB = 1 << 30
CONTEXT = 4096  # tokens that a model is loaded for, where nobody says
_ROOT = Path("/")


# -- cores -----------------------------------------------------------------------------------------------------------


def physical_cores(root: Path = _ROOT) -> int:
    """Return how many physical cores this process may keep busy: threads beyond that slow a model down.

    Counted are the processor's cores, the process's affinity and the quotas of its cgroups; below ``root`` lie /proc and
    /sys. FatalError without psutil.
    """
    psutil = _psutil()
    process = psutil.Process()
    logical = set(process.cpu_affinity()) if hasattr(process, "cpu_affinity") else set()
    cores = _cores_of(logical, root) or psutil.cpu_count(logical=False) or psutil.cpu_count() or 1
    if logical:
        cores = min(cores, len(logical))
    quota = min(_quotas(root), default=float(cores))
    return max(1, min(cores, int(quota)))


def _cores_of(logical: set[int], root: Path) -> int:
    """Count the cores that these logical processors belong to; 0 where the system does not tell."""
    siblings = set()
    for number in logical:
        topology = root / f"sys/devices/system/cpu/cpu{number}/topology"
        text = _read(topology / "core_cpus_list") or _read(topology / "thread_siblings_list")
        if not text:
            return 0
        siblings.add(text)
    return len(siblings)


def _quotas(root: Path) -> Iterator[float]:
    """The cores that each cgroup around this process grants, where it limits them."""
    for folder in _cgroups(root, "cpu"):
        quota, _, period = (_read(folder / "cpu.max") or "max").partition(" ")
        if quota == "max":  # none, or version 1
            quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit() and int(period):
            yield int(quota) / int(period)


# -- memory ----------------------------------------------------------------------------------------------------------


def available_memory(root: Path = _ROOT) -> int:
    """Return the bytes that this process could still take without swapping: the machine's, or what its cgroups leave.

    Pages of files that a cgroup could drop count as available. FatalError without psutil.
    """
    return max(0, min([int(_psutil().virtual_memory().available), *_memory_left(root)]))


def _memory_left(root: Path) -> Iterator[int]:
    for folder in _cgroups(root, "memory"):
        for limit, used, files in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
        ):
            most, taken = _read(folder / limit), _read(folder / used)
            if most.isdigit() and taken.isdigit():
                yield int(most) - int(taken) + _statistics(folder).get(files, 0)


def _statistics(folder: Path) -> Mapping[str, int]:
    pairs = (line.split() for line in _read(folder / "memory.stat").splitlines())
    return {pair[0]: int(pair[1]) for pair in pairs if len(pair) == 2 and pair[1].isdigit()}


# -- cgroups ---------------------------------------------------------------------------------------------------------


def _cgroups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the cgroups around this process that have this controller: its own first, then those above.

    A container may see its own cgroup as the top of the file system, under a name that only its host knows: folders that
    are not there are passed over, and the top is always looked at.
    """
    names = {}
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        names.update(dict.fromkeys(controllers.split(","), name))  # version 2 has one line, without controllers
    for line in _read(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        mounted, (kind, *options) = before.split(), after.split()
        is_its = kind == "cgroup" and controller in options[-1].split(",")
        inside = names.get("" if kind == "cgroup2" else controller) if is_its or kind == "cgroup2" else None
        if inside is None:
            continue
        inner = PurePosixPath(inside)
        if inner.is_relative_to(mounted[3]):  # the part of the hierarchy that is mounted here
            inner = PurePosixPath("/") / inner.relative_to(mounted[3])
        top = root / mounted[4].lstrip("/")
        yield from (top / str(part).lstrip("/") for part in (inner, *inner.parents))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _psutil() -> Any:
    try:
        import psutil
    except ImportError:
        raise missing_extra("psutil") from None
    return psutil


# -- what a model needs ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shape:
    """What the head of a model's file says of its size; ``context`` is the most tokens it was made for."""

    layers: int
    key_values: int  # numbers kept for a token, in each layer
    vocabulary: int
    context: int


@dataclass(frozen=True, slots=True)
class Needs:
    """Bytes of memory that a model takes: its weights, the state of its context, and room to compute in."""

    weights: int
    context: int
    work: int

    @property
    def total(self) -> int:
        """All of them together."""
        return self.weights + self.context + self.work


def needs(model_path: Path, n_ctx: int, n_batch: int = 512) -> Needs:
    """Return what a model takes with a context of ``n_ctx`` tokens; FatalError for a file that is no model."""
    shape = read_shape(model_path)
    return Needs(
        weights=model_path.stat().st_size,
        context=shape.layers * shape.key_values * n_ctx * 2,  # each a float of 16 bits
        work=shape.vocabulary * n_batch * 4,
    )


def check_fits(model_path: Path, n_ctx: int, n_batch: int = 512) -> None:
    """Raise FatalError, with the numbers, if a model takes more memory than this process can have."""
    wanted, there = needs(model_path, n_ctx, n_batch), available_memory()
    if wanted.total > there:
        raise ModelError(
            f"the model {model_path.name} needs {_gib(wanted.total)} of memory ({_gib(wanted.weights)} weights, "
            f"{_gib(wanted.context)} for {n_ctx} tokens, {_gib(wanted.work)} to work in), and {_gib(there)} are available. "
            "Free some, or take a smaller one with --model."
        )


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"


# -- the head of a GGUF file -----------------------------------------------------------------------------------------

_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q", 12: "<d"}
_MOST_TEXT = 1 << 20
_TOKENS = "tokenizer.ggml.tokens"


def read_shape(path: Path) -> Shape:
    """Read the head of a model's file up to its vocabulary; FatalError for a file that is no model."""
    try:
        with path.open("rb") as stream:
            if stream.read(4) != b"GGUF":
                raise ValueError("it does not begin as one")
            _version, _tensors, count = struct.unpack("<IQQ", stream.read(20))
            values = _values(stream, count)
        return _shape(values)
    except OSError as error:
        raise ModelError(f"the model {path} cannot be read: {error.strerror}. Name another file.") from None
    except (ValueError, struct.error, KeyError, TypeError) as error:
        raise ModelError(f"{path} is not a model in the format GGUF: {error}. Name another file.") from None


def _shape(values: Mapping[str, object]) -> Shape:
    kind = values["general.architecture"]

    def number(name: str, default: int | None = None) -> int:
        value = values.get(f"{kind}.{name}", default)
        if not isinstance(value, int):
            raise KeyError(f"{kind}.{name}")
        return value

    heads = number("attention.head_count")
    size = number("embedding_length") // heads
    each = number("attention.key_length", size) + number("attention.value_length", size)
    tokens = values.get(_TOKENS, 0)
    return Shape(
        layers=number("block_count"),
        key_values=number("attention.head_count_kv", heads) * each,
        vocabulary=tokens if isinstance(tokens, int) else 0,
        context=number("context_length"),
    )


def _values(stream: BinaryIO, count: int) -> dict[str, object]:
    """Read names and values; of an array only its length. What follows the vocabulary is not looked at."""
    values: dict[str, object] = {}
    for _ in range(count):
        name = _text(stream)
        values[name] = _value(stream, _number(stream, "<I"), skip=name != _TOKENS)
        if name == _TOKENS:
            break
    return values


def _value(stream: BinaryIO, kind: int, *, skip: bool = True) -> object:
    if kind == _STRING:
        return _text(stream)
    if kind == _ARRAY:
        inner, length = _number(stream, "<I"), _number(stream, "<Q")
        if skip and inner in _NUMBERS:
            stream.seek(struct.calcsize(_NUMBERS[inner]) * length, os.SEEK_CUR)
        elif skip:
            for _ in range(length):
                _value(stream, inner)
        return length
    if kind not in _NUMBERS:
        raise ValueError(f"a value has the unknown type {kind}")
    return _number(stream, _NUMBERS[kind])


def _text(stream: BinaryIO) -> str:
    length = _number(stream, "<Q")
    if length > _MOST_TEXT:
        raise ValueError("a text in its head is too long")
    return stream.read(length).decode("utf-8", "replace")


def _number(stream: BinaryIO, form: str) -> int:
    value: int = struct.unpack(form, stream.read(struct.calcsize(form)))[0]
    return value
