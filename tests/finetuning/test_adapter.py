"""Adapters are written as llama.cpp reads them, and do there what they did where they were trained."""

import importlib.util
import json

import pytest

from finetuning import adapter
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model.local import LocalModel

gguf = pytest.importorskip("gguf")
numpy = pytest.importorskip("numpy")

TEXT = "def add(a, b):\n    return a + b\n\nprint(add("
BLOCK = "base_model.model.model.layers.{}.{}.lora_{}.weight"


def base_file(folder, kind="qwen2", blocks=2):
    """A GGUF file that says what its model is, and has nothing of it."""
    path = folder / "base.gguf"
    writer = gguf.GGUFWriter(path, kind)
    writer.add_block_count(blocks)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def weights(rank=2, wide=8, high=4, scale=1.0, block=0, module="self_attn.q_proj"):
    chance = numpy.random.default_rng(0)
    return {
        BLOCK.format(block, module, "A"): chance.normal(size=(rank, wide)).astype("float32"),
        BLOCK.format(block, module, "B"): scale * chance.normal(size=(high, rank)).astype("float32"),
    }


def test_names_shapes_and_what_is_said_of_them(tmp_path):
    adapter.written(weights(block=1), 4, base_file(tmp_path), tmp_path / "to" / "a.gguf", about="a test")
    reader = gguf.GGUFReader(tmp_path / "to" / "a.gguf")
    said = {name: field.contents() for name, field in reader.fields.items()}
    assert said["general.type"] == "adapter"
    assert said["adapter.type"] == "lora"
    assert said["adapter.lora.alpha"] == 4.0
    assert said["general.architecture"] == "qwen2"
    found = {tensor.name: tensor for tensor in reader.tensors}
    assert set(found) == {"blk.1.attn_q.weight.lora_a", "blk.1.attn_q.weight.lora_b"}
    given = weights()
    written = found["blk.1.attn_q.weight.lora_a"].data
    numpy.testing.assert_allclose(written, given[BLOCK.format(0, "self_attn.q_proj", "A")], rtol=1e-3)
    assert found["blk.1.attn_q.weight.lora_b"].data.shape == (4, 2)
    assert [path.name for path in (tmp_path / "to").iterdir()] == ["a.gguf"]


@pytest.mark.parametrize("module", ["k_proj", "v_proj", "o_proj"])
def test_modules_of_the_attention_have_their_places(tmp_path, module):
    place = {"k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output"}[module]
    adapter.written(weights(module=f"self_attn.{module}"), 4, base_file(tmp_path), tmp_path / "a.gguf")
    names = {tensor.name for tensor in gguf.GGUFReader(tmp_path / "a.gguf").tensors}
    assert names == {f"blk.0.{place}.weight.lora_a", f"blk.0.{place}.weight.lora_b"}


def test_what_the_model_has_no_place_for_is_refused(tmp_path):
    base = base_file(tmp_path)
    for odd in (weights(module="self_attn.other"), weights(block=7), {"lm_head.bias": numpy.zeros(2)}):
        with pytest.raises(FatalError, match="has no place"):
            adapter.written(odd, 4, base, tmp_path / "a.gguf")
    broken = {name: value * numpy.nan for name, value in weights().items()}
    with pytest.raises(FatalError, match="no numbers"):
        adapter.written(broken, 4, base, tmp_path / "a.gguf")
    assert not (tmp_path / "a.gguf").exists()


def test_models_of_which_the_order_of_weights_is_unknown_are_refused(tmp_path):
    with pytest.raises(FatalError, match="llama"):
        adapter.architecture(base_file(tmp_path, kind="llama"))
    (tmp_path / "text.gguf").write_text("no model")
    with pytest.raises(FatalError, match="no model in a GGUF file"):
        adapter.architecture(tmp_path / "text.gguf")


def test_a_folder_without_an_adapter_is_said(tmp_path):
    pytest.importorskip("safetensors")
    with pytest.raises(FatalError, match="finetuning train"):
        adapter.exported(tmp_path, base_file(tmp_path), tmp_path / "a.gguf")


def logits(model, path=None):
    with LocalModel(model, n_ctx=256, parallel=1, adapter=path) as local:
        tokens = local.tokens(TEXT)
        local._read(tokens, 0, float("inf"))
        return tokens, local._logits(-1)


def test_llama_takes_it_and_scales_it_by_alpha(small_model, tmp_path):
    own = {**weights(8, 896, 896, 0.02), **weights(8, 4864, 896, 0.02, 23, "mlp.down_proj")}
    adapter.written(own, 16, small_model, tmp_path / "one.gguf")
    halved = {name: value / 2 if "lora_B" in name else value for name, value in own.items()}
    adapter.written(halved, 32, small_model, tmp_path / "two.gguf")
    _, plain = logits(small_model)
    _, one = logits(small_model, tmp_path / "one.gguf")
    _, two = logits(small_model, tmp_path / "two.gguf")
    assert numpy.abs(one - plain).mean() > 0.1
    assert numpy.abs(one - two).mean() < 0.02 * numpy.abs(one - plain).mean()


def test_an_adapter_that_is_none_or_for_another_model_is_refused(small_model, tmp_path):
    (tmp_path / "text.gguf").write_text("no adapter")
    adapter.written(weights(), 4, small_model, tmp_path / "narrow.gguf")
    for path in (tmp_path / "none.gguf", tmp_path / "text.gguf", tmp_path / "narrow.gguf"):
        with pytest.raises(FatalError, match=r"model\.adapter"):
            LocalModel(small_model, n_ctx=256, parallel=1, adapter=path)


@pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("torch", "peft", "transformers")),
    reason="what trains is not installed: pip install --group finetuning",
)
def test_llama_gives_nearly_the_logits_of_peft(small_model, tmp_path):
    import torch

    from finetuning import train

    model = train.with_adapter(small_model, train.Plan(rank=4, alpha=8))
    chance = torch.Generator().manual_seed(0)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.02 * torch.randn(parameter.shape, generator=chance)
    model.eval()
    model.save_pretrained(str(tmp_path / "peft"))
    adapter.exported(tmp_path / "peft", small_model, tmp_path / "a.gguf")
    assert json.loads((tmp_path / "peft" / "adapter_config.json").read_text())["r"] == 4
    tokens, served = logits(small_model, tmp_path / "a.gguf")
    _, plain = logits(small_model)
    with torch.no_grad():
        trained = model(torch.tensor([tokens])).logits[0, -1].numpy()
        with model.disable_adapter():
            base = model(torch.tensor([tokens])).logits[0, -1].numpy()
    apart, change = numpy.abs(served - trained).mean(), numpy.abs(trained - base).mean()
    # llama.cpp rounds what flows through the model; as much lies between the two without any adapter.
    assert apart < 0.5 * change
    assert apart < 2 * numpy.abs(plain - base).mean()
    assert numpy.corrcoef(served - plain, trained - base)[0, 1] > 0.9
