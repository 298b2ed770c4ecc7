"""Writes a LoRA adapter as the GGUF file that llama.cpp loads beside the model it was trained on."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytestgen_hook.errors import FatalError

# Of these the converter of llama.cpp takes the weights as they are; others have theirs in another order in GGUF files.
ARCHITECTURES = ("qwen2", "qwen3")
_WEIGHT = re.compile(r"(?:base_model\.model\.)?(?P<module>.+)\.lora_(?P<half>[AB])(?:\.default)?\.weight")


def architecture(base: Path) -> tuple[str, int]:
    """Return the architecture of a GGUF model and how many blocks it has; FatalError for one that is not known here."""
    import gguf

    try:
        fields = gguf.GGUFReader(base).fields
        name = str(fields["general.architecture"].contents())
        blocks = int(fields[f"{name}.block_count"].contents())
    except (OSError, ValueError, LookupError) as error:
        raise FatalError(f"{base} is no model in a GGUF file ({error}). Name one with --model.") from None
    if name not in ARCHITECTURES:
        raise FatalError(f"{base} is a model of the kind {name}. Take one of these: {', '.join(ARCHITECTURES)}.")
    return name, blocks


def written(weights: Mapping[str, Any], alpha: float, base: Path, path: Path, about: str = "") -> None:
    """Write an adapter for the model ``base``.

    ``weights`` are arrays by the names that peft gives them (``….layers.0.self_attn.q_proj.lora_A.weight``), ``alpha`` is the
    scale that peft divides by the rank, as llama.cpp does. FatalError for a weight that the model has no place for.
    """
    import gguf
    import numpy

    name, blocks = architecture(base)
    places = gguf.get_tensor_name_map(getattr(gguf.MODEL_ARCH, name.upper()), blocks)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    writer = gguf.GGUFWriter(temporary, name)
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, float(alpha))
    writer.add_string("general.base_model.0.name", base.name)
    writer.add_uint32("general.base_model.count", 1)
    if about:
        writer.add_description(about)
    for weight in sorted(weights):
        found = _WEIGHT.fullmatch(weight)
        place = places.get_name(found["module"]) if found else None
        if found is None or place is None:
            raise FatalError(f"the adapter changes {weight}, for which {base.name} has no place. Train other modules.")
        data = numpy.ascontiguousarray(weights[weight], dtype=numpy.float16)
        if not numpy.isfinite(data).all():
            raise FatalError(f"{weight} has values that are no numbers. Train at a smaller learning rate.")
        writer.add_tensor(f"{place}.weight.lora_{found['half'].lower()}", data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    temporary.replace(path)


def exported(folder: Path, base: Path, path: Path) -> None:
    """Write the adapter that peft saved in a folder; FatalError where there is none."""
    from safetensors.numpy import load_file

    try:
        config = json.loads((folder / "adapter_config.json").read_text(encoding="utf-8"))
        weights = load_file(folder / "adapter_model.safetensors")
    except (OSError, ValueError) as error:
        raise FatalError(
            f"{folder} has no adapter of peft ({error}). Make one with: python -m finetuning train"
        ) from None
    if config.get("use_rslora") or config.get("use_dora"):
        raise FatalError(f"{folder} is no plain LoRA adapter. Train one without rslora and dora.")
    written(weights, config["lora_alpha"], base, path)
