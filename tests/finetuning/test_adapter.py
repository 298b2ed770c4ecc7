"""Adapters are written as llama.cpp reads them, and do there what they did where they were trained."""

import pytest

from finetuning import adapter
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model.local import LocalModel

gguf = pytest.importorskip("gguf")
numpy = pytest.importorskip("numpy")

import tiny  # noqa: E402  # it needs gguf

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
    with LocalModel(model, n_ctx=256, parallel=1, threads=1, adapter=path) as local:
        tokens = local.tokens("<|im_start|>def add(a, b):\n    return a + b<|im_end|>")
        local._read(tokens, 0, float("inf"))
        return tokens, local._logits(-1)


def test_the_model_gives_with_it_what_it_would_give_with_it_added_up(tiny_model, tmp_path):
    halves, added = tiny.lora(rank=2)
    adapter.written(halves, 4, tiny_model, tmp_path / "a.gguf")
    summed = {name: value + 4 / 2 * added.get(name, 0) for name, value in tiny.weights().items()}
    _, plain = logits(tiny_model)
    _, served = logits(tiny_model, tmp_path / "a.gguf")
    _, wanted = logits(tiny.write(tmp_path / "summed.gguf", summed))
    assert numpy.abs(served - plain).mean() > 1
    numpy.testing.assert_allclose(served, wanted, atol=0.05)


def test_an_adapter_that_is_none_or_for_another_model_is_refused(tiny_model, tmp_path):
    (tmp_path / "text.gguf").write_text("no adapter")
    adapter.written(weights(), 4, tiny_model, tmp_path / "narrow.gguf")
    for path in (tmp_path / "none.gguf", tmp_path / "text.gguf", tmp_path / "narrow.gguf"):
        with pytest.raises(FatalError, match=r"model\.adapter"):
            LocalModel(tiny_model, n_ctx=256, parallel=1, threads=1, adapter=path)
