"""Writes rows in the form that Distil Labs takes: train.csv, test.csv, config.yaml and job_description.json."""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path

import yaml

from finetuning.rows import Row
from pytestgen_hook.model import prompts

COLUMNS = ("question", "answer", "context", "reasoning")

CONFIG = {
    "base": {
        "task": "question-answering",
        "student_model_name": "Qwen2.5-Coder-0.5B-Instruct",
        "teacher_model_name": "openai.gpt-oss-120b",
        "random_seed": 0,
    },
    "tuning": {
        "use_lora": True,
        "lora_r": 16,
        "lora_alpha_multiplier": 2,
        "learning_rate": 1e-4,
        "learning_rate_scheduler": "cosine",
        "warmup_ratio": 0.1,
        "weight_decay": 0.01,
        "num_train_epochs": 3,
    },
    "evaluation": {"num_few_shot_examples": 3},
    "synthgen": {"generation_target": 5000, "generation_in_single_call": 4, "teacher_temperature": 0.7},
}

JOB = {
    "task_description": (
        "Write calls of a Python function that make it do what no test has made it do yet. A line marked `# NEVER RUN` "
        "has been reached by no call: choose arguments that lead there. `# NEVER TRUE` and `# NEVER FALSE` mark a condition "
        "that has never been so. `# UNNOTICED: code` shows how the line could read without any test failing: choose "
        "arguments for which the result would then be different. The answer has one call for each mark that can be reached, in "
        "their order, each on a line of its own, with all arguments given by name and as literals or calls of what the code "
        "shows. Nothing else: no assertions, no imports, no comments, no Markdown."
    ),
    "input_description": (
        "A Python function in a block of code, with what it uses of its module, marks at what no test shows yet, and the calls "
        "that tests have."
    ),
    "llm_as_a_judge_instructions": (
        'Output "good" if every line is one call of the function that is asked for, with arguments that fit its signature, and '
        'at least one of the calls reaches a marked line or tells a marked change; output "bad" otherwise. The calls need not '
        "be those of the reference."
    ),
}


def written(train: Sequence[Row], test: Sequence[Row], folder: Path) -> None:
    """Write the four files below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in (("train", train), ("test", test)):
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(_columns(row) for row in rows)
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False), encoding="utf-8")
    (folder / "job_description.json").write_text(json.dumps(JOB, indent=2) + "\n", encoding="utf-8")


_OPENING, _CLOSING = "<|im_start|>user\n", "<|im_end|>"


def _turn(question: str) -> str:
    """Return the turn of the user, which the constant part of a prompt begins, without the marks of the chat form."""
    return (prompts.BEGUN + question).partition(_OPENING)[2].partition(_CLOSING)[0]


def _columns(row: Row) -> dict[str, str]:
    origin = row.origin
    return {
        "question": _turn(row.question),
        "answer": "\n".join(row.answer),
        "context": f"{origin.function} in {origin.path} of {origin.repository} ({origin.commit[:12]}), licence {row.licence}",
        "reasoning": "\n".join(f"`{call}` {why}." for call, why in zip(row.answer, row.reasons, strict=False)),
    }
