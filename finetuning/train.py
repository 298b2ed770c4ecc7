"""Trains a LoRA adapter on the weights that will serve it: those of the GGUF file, as numbers that can be trained with."""

from __future__ import annotations

import contextlib
import copy
import math
import random
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finetuning.rows import Row
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model import grammar, prompts
from pytestgen_hook.model.local import LocalModel

MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
END = f"\n{grammar.END}<|im_end|>\n"
_CLIPPED = 1.0  # the norm of a gradient at most


@dataclass(frozen=True, slots=True)
class Plan:
    """How to train: ``rate`` is the highest learning rate, ``batch`` how many rows go into a step, ``steps`` bounds these.

    ``layers`` are how many of the last blocks learn (None: all).

    The constant part of the prompt is read anew with the adapter as it is then, every ``refresh`` steps; it is what the model
    will have before it, but no gradient goes through it, which would cost several times the rest.
    """

    rank: int = 16
    alpha: int = 32
    layers: int | None = None
    dropout: float = 0.05
    rate: float = 1e-4
    batch: int = 8
    epochs: float = 2.0
    steps: int | None = None
    refresh: int = 4
    warmup: float = 0.1
    seed: int = 0
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """The tokens of a question, and those of its answer, which alone are learnt."""

    question: tuple[int, ...]
    answer: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training came to: steps, seconds, and the loss (nats a token) on the test rows before and after it."""

    steps: int
    seconds: float
    rows: int
    before: float | None
    after: float | None
    device: str


def examples(model: Path, rows: Sequence[Row]) -> tuple[tuple[int, ...], list[Example]]:
    """Return the tokens of the constant part, and the rows as tokens: those that llama.cpp will make of the same texts."""
    with LocalModel(model, n_ctx=256, parallel=1) as local:
        prefix = tuple(local.tokens(prompts.prefix()))
        found = [
            Example(tuple(local.tokens(row.question)), tuple(local.tokens("\n".join(row.answer) + END))) for row in rows
        ]
    return prefix, found


def trained(
    model: Path,
    rows: Sequence[Row],
    test: Sequence[Row],
    folder: Path,
    plan: Plan,
    told: Callable[[str], object] = lambda _: None,
) -> Trained:
    """Train an adapter for a GGUF model and save it, as peft does, in a folder. FatalError where torch or rows are missing."""
    if not rows:
        raise FatalError("there are no rows to train on. Collect some with: python -m finetuning collect")
    prefix, learnt = examples(model, [*rows, *test])
    learnt, held = learnt[: len(rows)], learnt[len(rows) :]
    trainer = _Trainer(model, prefix, plan)
    started = time.monotonic()
    before = trainer.loss(held)
    if before is not None:
        told(f"loss before: {before:.4f} nats a token on {len(held)} test rows")
    steps = trainer.run(learnt, told)
    after = trainer.loss(held)
    trainer.save(folder)
    return Trained(steps, time.monotonic() - started, len(rows), before, after, trainer.device)


def with_adapter(model: Path, plan: Plan, device: str = "cpu") -> Any:
    """Return the model of a GGUF file as peft has it, with an adapter that changes nothing yet."""
    try:
        import peft
        import torch
        import transformers
    except ImportError as error:
        raise FatalError(f"{error.name} is not installed. Run: pip install --group finetuning") from None
    torch.manual_seed(plan.seed)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    warnings.filterwarnings("ignore", module="transformers|peft")
    kind = torch.bfloat16 if device == "cuda" else torch.float32
    base = transformers.AutoModelForCausalLM.from_pretrained(str(model.parent), gguf_file=model.name, dtype=kind)
    blocks = base.config.num_hidden_layers
    config = peft.LoraConfig(
        layers_to_transform=list(range(blocks - plan.layers, blocks)) if plan.layers else None,
        r=plan.rank,
        lora_alpha=plan.alpha,
        lora_dropout=plan.dropout,
        target_modules=list(MODULES),
        task_type="CAUSAL_LM",
    )
    adapted = peft.get_peft_model(base, config).to(device)
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data = parameter.data.float()
    return adapted


class _Trainer:
    """A model with an adapter that learns."""

    def __init__(self, model: Path, prefix: Sequence[int], plan: Plan) -> None:
        try:
            import torch
        except ImportError:
            raise FatalError("torch is not installed. Run: pip install --group finetuning") from None
        self._torch = torch
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        if plan.threads:
            torch.set_num_threads(plan.threads)
        self._plan = plan
        self._model = with_adapter(model, plan, self.device)
        self._prefix = torch.tensor([prefix], device=self.device)
        self._read: Any = None  # what the model holds after the constant part

    def run(self, learnt: Sequence[Example], told: Callable[[str], object]) -> int:
        """Learn; return how many steps that took."""
        plan, torch = self._plan, self._torch
        total = math.ceil(plan.epochs * len(learnt) / plan.batch)
        total = min(total, plan.steps) if plan.steps else total
        changed = [parameter for parameter in self._model.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW(changed, lr=plan.rate, weight_decay=0.01)
        order = _endless(learnt, plan.seed)
        for step in range(total):
            for group in optimizer.param_groups:
                group["lr"] = plan.rate * _share(step, total, plan.warmup)
            if step % plan.refresh == 0:
                self._read_prefix()
            self._model.train()
            started, losses = time.monotonic(), []
            some = [next(order) for _ in range(plan.batch)]
            count = sum(len(one.answer) for one in some)
            for one in some:
                loss = self._loss(one)
                (loss / count).backward()
                losses.append(float(loss.detach()))
            torch.nn.utils.clip_grad_norm_(changed, _CLIPPED)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            told(f"step {step + 1} of {total}: loss {sum(losses) / count:.4f}, {time.monotonic() - started:.1f} s")
        return total

    def loss(self, some: Sequence[Example]) -> float | None:
        """Return the mean loss of the answers' tokens, None for no examples."""
        if not some:
            return None
        self._read_prefix()
        self._model.eval()
        with self._torch.no_grad():
            total = sum(float(self._loss(one)) for one in some)
        return total / sum(len(one.answer) for one in some)

    def save(self, folder: Path) -> None:
        """Save the adapter."""
        self._model.save_pretrained(str(folder))

    def _read_prefix(self) -> None:
        self._model.eval()
        with self._torch.no_grad():
            self._read = self._model(self._prefix, use_cache=True, logits_to_keep=1).past_key_values

    def _loss(self, one: Example) -> Any:
        """Return the loss of an answer, summed over its tokens."""
        torch = self._torch
        tokens = torch.tensor([[*one.question, *one.answer]], device=self.device)
        with self._mixed():
            found = self._model(
                tokens[:, :-1],
                past_key_values=copy.deepcopy(self._read),
                use_cache=True,
                logits_to_keep=len(one.answer),
            )
        wanted = tokens[0, -len(one.answer) :]
        return torch.nn.functional.cross_entropy(found.logits[0].float(), wanted, reduction="sum")

    def _mixed(self) -> Any:
        is_gpu = self.device == "cuda"
        return self._torch.autocast("cuda", dtype=self._torch.bfloat16) if is_gpu else contextlib.nullcontext()


def _endless(learnt: Sequence[Example], seed: int) -> Iterator[Example]:
    """Yield the examples in ever new orders."""
    chance = random.Random(seed)
    while True:
        yield from chance.sample(learnt, len(learnt))


def _share(step: int, total: int, warmup: float) -> float:
    """Return the share of the highest learning rate at a step: a rise, then half a cosine."""
    rise = max(1, round(warmup * total))
    if step < rise:
        return (step + 1) / rise
    return 0.5 * (1 + math.cos(math.pi * (step - rise) / max(1, total - rise)))
