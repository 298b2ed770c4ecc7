"""Asks the model for calls of one function: the question, the grammar, the lines of the answer, an early end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pytestgen_hook.model import grammar, prompts
from pytestgen_hook.model.local import LocalModel, Sampling
from pytestgen_hook.types.changes import Function

MOST_PROMPT = 260  # tokens about one function: on two slow cores the 1.5B takes three seconds to read as many
LINES = (prompts.MOST_LINES, 48, 32, 20, 12)  # of code in a question: fewer where it is too long
FIRST_ANSWERS = 4  # written side by side and tried before more is asked for; each goal has one
_MOST_REPEATS = 2  # lines that an answer has said before: it has nothing new then


@dataclass(frozen=True, slots=True)
class Settings:
    """How much is asked for: ``answers`` side by side, each of at most ``calls`` calls for one goal and ``tokens`` tokens.

    The first answers, which are tried before any more is asked for, are of at most ``first_calls`` calls each.
    """

    answers: int = 8
    first_calls: int = 1
    calls: int = 2
    tokens: int = 80
    temperature: float = 0.8
    top_p: float = 0.95
    repeat_penalty: float = 1.0
    seed: int = 0

    def key(self) -> dict[str, object]:
        """Return what of them an answer follows from, beside what the model and the prompt are."""
        return {**asdict(self), "prompt": prompts.VERSION, "grammar": grammar.VERSION}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the model proposed: distinct calls as source, in the order of writing; what that took, and whether it was cut."""

    calls: tuple[str, ...]
    tokens: int
    prompt_tokens: int
    seconds: float
    cut: bool  # by the time: another run may say more


def ask(
    model: LocalModel,
    function: Function,
    source: bytes,
    left: Mapping[str, Any],
    form: Mapping[str, Any],
    known: Sequence[str],
    settings: Settings,
    *,
    seconds: float,
    told: Callable[[float], None] | None = None,
    on: bool = False,
) -> Asked:
    """Return calls of the function for what is left, of the first answers; of all others, if asked ``on``.

    ``told`` is given the tokens a second. ValueError where the function cannot be shown in a prompt.
    """
    goals = prompts.goals(function, source, left)[: settings.answers]
    first = min(len(goals), FIRST_ANSWERS)
    goals *= max(1, settings.answers // len(goals))
    goals = goals[first:] if on else goals[:first]
    if not goals:
        return Asked((), 0, 0, 0.0, cut=False)
    prompt = _prompt(model, function, source, left, form, known)
    most = settings.calls if on else settings.first_calls
    lines = _Lines(len(goals), known, most)
    answers = model.complete_all(
        prompt,
        len(goals),
        endings=[prompts.opening(goal) for goal in goals],
        start=grammar.start(form),
        closing=grammar.closing(form),
        prefix=prompts.prefix(),
        grammar=grammar.calls_grammar(form, most),
        max_tokens=settings.tokens,
        sampling=Sampling(settings.temperature, settings.top_p, settings.repeat_penalty),
        seconds=seconds,
        seed=settings.seed + on,
        on_text=lines.add,
    )
    tokens = sum(answer.tokens for answer in answers)
    took = answers[0].seconds
    if told is not None:
        told(tokens / took if took else 0.0)
    cut = any(answer.ended == "time" for answer in answers)
    return Asked(tuple(lines.distinct), tokens, answers[0].prompt_tokens, took, cut)


def _prompt(
    model: LocalModel,
    function: Function,
    source: bytes,
    left: Mapping[str, Any],
    form: Mapping[str, Any],
    known: Sequence[str],
) -> str:
    """Return the question, with as much of the code as the model reads in a reasonable time."""
    prompt = ""
    for most_lines in LINES:
        prompt = prompts.question(function, source, left, known, form, most_lines=most_lines)
        if model.count(prompt) <= MOST_PROMPT:
            break
    return prompt


class _Lines:
    """Takes the pieces of several answers apart into lines; ends an answer that is long enough, or says again what it said."""

    def __init__(self, answers: int, known: Sequence[str], most: int) -> None:
        self.distinct: dict[str, None] = {}
        self._most = most
        self._known = set(known)
        self._own: list[list[str]] = [[] for _ in range(answers)]
        self._open = [""] * answers

    def add(self, index: int, text: str) -> bool:
        *whole, self._open[index] = (self._open[index] + text).split("\n")
        own = self._own[index]
        own += [line for line in whole if line]
        self.distinct.update(dict.fromkeys(line for line in whole if line and line not in self._known))
        return len(own) < self._most and len(own) - len(set(own)) < _MOST_REPEATS
