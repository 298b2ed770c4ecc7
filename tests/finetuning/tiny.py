"""A model of the real kind and next to no size: every byte is a token, and its weights are drawn by lot."""

import gguf
import numpy

WIDE, HEADS, PAIRS, INNER, BLOCKS = 32, 4, 2, 64, 2
_SHAPES = {
    "attn_q": (WIDE, WIDE),
    "attn_k": (WIDE // HEADS * PAIRS, WIDE),
    "attn_v": (WIDE // HEADS * PAIRS, WIDE),
    "attn_output": (WIDE, WIDE),
    "ffn_gate": (INNER, WIDE),
    "ffn_up": (INNER, WIDE),
    "ffn_down": (WIDE, INNER),
}
MODULES = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def weights():
    """Return {name in the file: matrix or vector}."""
    chance = numpy.random.default_rng(7)
    tokens = len(_tokens())
    found = {"token_embd.weight": chance.normal(size=(tokens, WIDE)), "output_norm.weight": numpy.ones(WIDE)}
    for block in range(BLOCKS):
        for name, shape in _SHAPES.items():
            found[f"blk.{block}.{name}.weight"] = chance.normal(size=shape) / shape[1] ** 0.5
        for name in ("attn_q", "attn_k", "attn_v"):
            found[f"blk.{block}.{name}.bias"] = chance.normal(size=_SHAPES[name][0]) / 10
        for name in ("attn_norm", "ffn_norm"):
            found[f"blk.{block}.{name}.weight"] = numpy.ones(WIDE)
    return {name: value.astype("float32") for name, value in found.items()}


def lora(rank=2):
    """Return matrices of an adapter for all modules, as peft names them, and the same added up by the names in the file."""
    chance = numpy.random.default_rng(8)
    halves, sums = {}, {}
    for block in range(BLOCKS):
        for name, (high, wide) in _SHAPES.items():
            a = chance.normal(size=(rank, wide)).astype("float16").astype("float32")
            b = (chance.normal(size=(high, rank)) / wide**0.5).astype("float16").astype("float32")
            place = f"base_model.model.model.layers.{block}.{MODULES[name]}"
            halves |= {f"{place}.lora_A.weight": a, f"{place}.lora_B.weight": b}
            sums[f"blk.{block}.{name}.weight"] = b @ a
    return halves, sums


def write(path, tensors):
    """Write the model as a GGUF file."""
    tokens = _tokens()
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_context_length(8192)
    writer.add_embedding_length(WIDE)
    writer.add_block_count(BLOCKS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(PAIRS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(
        [gguf.TokenType.CONTROL if token.startswith("<|") else gguf.TokenType.NORMAL for token in tokens]
    )
    writer.add_token_merges(["t h"])
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_bos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    for name, value in tensors.items():
        writer.add_tensor(name, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _tokens():
    """Every byte, as this kind of tokenizer writes it, one pair, and the marks of the chat form."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in shown]
    written = {byte: chr(byte) for byte in shown} | {byte: chr(256 + at) for at, byte in enumerate(others)}
    return [*(written[byte] for byte in range(256)), "th", "<|im_start|>", "<|im_end|>"]
