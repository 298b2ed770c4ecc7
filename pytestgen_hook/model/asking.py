"""Asks a model for an answer that an earlier run may have had already: it is loaded for the first question that is new."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pytestgen_hook.cache import Cache
from pytestgen_hook.config import Config

if TYPE_CHECKING:
    from pytestgen_hook.model.local import LocalModel

KIND = "answer"
TOO_LONG = "too long"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model wrote, how many tokens, and why it ended: "stop", "length", "time", or TOO_LONG (the prompt was)."""

    text: str
    tokens: int
    ended: str
    from_cache: bool = False


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is asked for whole tests; the defaults are those of the models that were trained to write them."""

    n_ctx: int = 4096
    max_tokens: int = 1024
    temperature: float = 0.0
    top_p: float = 1.0
    repeat_penalty: float = 1.0
    batch_size: int = 256
    threads: int = 0  # the physical cores that there are

    @classmethod
    def of(cls, config: Config) -> Manner:
        """Return what the settings say, the defaults where they say nothing."""
        given: dict[str, Any] = {
            "n_ctx": config.generation_n_ctx,
            "max_tokens": config.generation_max_tokens,
            "temperature": config.generation_temperature,
            "top_p": config.generation_top_p,
            "repeat_penalty": config.generation_repeat_penalty,
            "batch_size": config.generation_batch_size,
            "threads": config.hardware_n_threads,
        }
        return replace(cls(), **{name: value for name, value in given.items() if value is not None})


@dataclass(slots=True)
class Asking:
    """Asks one model. ``load`` loads it, ``identity`` stands for its weights; ``told`` hears how fast it writes.

    The answer follows from the prompt, the weights and the manner: under these it is kept in ``cache``.
    """

    load: Callable[[], LocalModel]
    identity: Callable[[], str]
    manner: Manner
    cache: Cache
    told: Callable[[str], object] = lambda _: None
    _model: LocalModel | None = None

    def __call__(self, prompt: str, *, prefix: str, stop: str, seconds: float) -> Answer:
        """Return the answer to ``prefix + prompt``, as far as it comes within so many seconds."""
        key = self._key(prefix + prompt)
        known = self.cache.get(KIND, key)
        if known is not None and {"text", "tokens", "ended"} <= known.keys():
            return Answer(str(known["text"]), int(known["tokens"]), str(known["ended"]), from_cache=True)
        self._model = self._model or self.load()
        manner = self.manner
        try:
            found = self._model.complete(
                prompt,
                prefix=prefix,
                max_tokens=manner.max_tokens,
                temperature=manner.temperature,
                top_p=manner.top_p,
                repeat_penalty=manner.repeat_penalty,
                stop=(stop,),
                seconds=seconds,
                on_text=self._counting(),
            )
        except ValueError:  # no room for an answer: the function is too long
            return Answer("", 0, TOO_LONG)
        answer = Answer(found.text, found.tokens, found.ended)
        if answer.ended != "time":  # of which the machine's load decided
            self.cache.put(KIND, key, {"text": answer.text, "tokens": answer.tokens, "ended": answer.ended})
        return answer

    def close(self) -> None:
        """Free the model's memory."""
        if self._model is not None:
            self._model.close()
            self._model = None

    def _key(self, prompt: str) -> str:
        manner = self.manner
        sampled = [manner.n_ctx, manner.max_tokens, manner.temperature, manner.top_p, manner.repeat_penalty]
        return hashlib.sha256(json.dumps([prompt, self.identity(), sampled]).encode()).hexdigest()

    def _counting(self) -> Callable[[str], None]:
        started, count = 0.0, 0

        def on_text(_: str) -> None:
            nonlocal started, count
            now = time.monotonic()
            started = started or now
            if count and now > started:
                self.told(f"{count} tokens, {count / (now - started):.1f} a second")
            count += 1

        return on_text
