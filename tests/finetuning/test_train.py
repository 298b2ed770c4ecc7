"""What is trained is what is served: the weights of the GGUF file, and an adapter that does the same in llama.cpp."""

import subprocess
import sys

import pytest

from finetuning import rows as rows_
from finetuning import train
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model import prompts
from pytestgen_hook.model.local import LocalModel

WITH_TORCH = ("torch", "peft", "transformers", "safetensors")


@pytest.fixture(scope="module")
def torch():
    for name in WITH_TORCH:
        pytest.importorskip(name, reason="what trains is not installed: pip install --group finetuning")
    return pytest.importorskip("torch")


def test_rows_become_the_tokens_that_will_be_served(rows, tiny_model):
    prefix, found = train.examples(tiny_model, rows)
    with LocalModel(tiny_model, n_ctx=256, parallel=1) as local:
        text = [b"".join(local.piece(token) for token in one.question + one.answer).decode() for one in found]
        assert list(prefix) == local.tokens(prompts.prefix())
        assert all(one.answer[-2] == local.tokens("<|im_end|>")[0] for one in found)
    for one, row in zip(text, rows, strict=True):
        assert "\n".join(row.answer) + "\n```" in one
        assert "# NEVER RUN" in one


def test_without_rows_there_is_nothing_to_train_on(tiny_model, tmp_path):
    with pytest.raises(FatalError, match="finetuning collect"):
        train.trained(tiny_model, [], [], tmp_path, train.Plan())


def test_the_learning_rate_rises_and_falls():
    shares = [train._share(step, 20, 0.1) for step in range(20)]
    assert shares[:3] == [0.5, 1.0, 1.0]
    assert shares[1:] == sorted(shares[1:], reverse=True)
    assert 0 < shares[-1] < 0.05


def test_an_adapter_learns_the_answers_and_does_the_same_where_it_is_served(torch, rows, tiny_model, tmp_path):
    numpy = pytest.importorskip("numpy")
    rows_.written(rows, tmp_path / "rows.jsonl")
    command = [sys.executable, "-m", "finetuning", "train", tmp_path / "out", "--train", tmp_path / "rows.jsonl"]
    options = [
        "--model",
        tiny_model,
        "--epochs",
        "6",
        "--batch",
        "2",
        "--rate",
        "0.03",
        "--rank",
        "4",
        "--threads",
        "1",
    ]
    run = subprocess.run([*map(str, command), *map(str, options)], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    steps = [line for line in run.stderr.splitlines() if line.startswith("step ")]
    losses = [float(line.partition("loss ")[2].partition(",")[0]) for line in steps]
    assert len(losses) == 6
    assert losses[-1] < losses[0] - 0.5
    import peft
    import transformers

    base = transformers.AutoModelForCausalLM.from_pretrained(str(tiny_model.parent), gguf_file=tiny_model.name)
    model = peft.PeftModel.from_pretrained(base, str(tmp_path / "out")).eval()
    with LocalModel(tiny_model, n_ctx=256, parallel=1, threads=1, adapter=tmp_path / "out" / "adapter.gguf") as local:
        tokens = local.tokens("<|im_start|>def add(a, b):\n    return a + b<|im_end|>")
        local._read(tokens, 0, float("inf"))
        served = local._logits(-1)
    with torch.no_grad():
        trained = model(torch.tensor([tokens])).logits[0, -1].numpy()
        with model.disable_adapter():
            plain = model(torch.tensor([tokens])).logits[0, -1].numpy()
    assert numpy.abs(trained - plain).mean() > 0.5
    numpy.testing.assert_allclose(served, trained, atol=0.1)
