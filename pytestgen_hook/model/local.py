"""The one door to llama.cpp: loads a GGUF model and completes prompts, in this process and without any output of its own."""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import hashlib
import importlib.util
import json
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from pytestgen_hook.cache import default_folder
from pytestgen_hook.errors import ModelError
from pytestgen_hook.model.extra import missing_extra
from pytestgen_hook.model.hardware import physical_cores

N_CTX = 4096
N_BATCH = 256  # also how many tokens of a prompt are read between two looks at the clock
PARALLEL = 8  # answers to one prompt that can be written side by side: the weights are read once for all of them
_STATE_MARK = b"pytestgen-state-2"
_WITHOUT_FLASH = 0  # LLAMA_FLASH_ATTN_TYPE_DISABLED, which older versions lack: they do without it anyway
_MOST_STATES = 12
_BLOCK = 32  # numbers that 8-bit keys share a scale with
_LONGEST_METADATA = 128  # bytes
_RECENT = 64  # tokens that a repeat penalty looks back at
_FAINT = 18.0  # what is e^-18 as likely as the likeliest token is never drawn
_NEAR = 10.0  # of the likeliest: where a token that the grammar allows is looked for first
_MOST_AT_ONCE = 2  # tokens that an answer goes on by between two runs of the model
_MOST_TO_CLOSE = 40  # tokens that close the last line of an answer that was cut

_ASCII = ("\n", *map(chr, range(32, 127)))

Told = Callable[[int, str], object]


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer: its text, how many tokens it and its prompt have, the seconds for all, and why it ended.

    ``ended`` is ``"stop"`` (the model, the grammar or a stop text ended it), ``"length"`` or ``"time"``. ``prefix`` says
    where the constant part of the prompt came from: ``"memory"``, ``"disk"``, or ``"read"`` anew (``""``: there was none).
    """

    text: str
    tokens: int
    prompt_tokens: int
    seconds: float
    ended: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn: at temperature 0 always the likeliest, else from the likeliest whose shares sum to ``top_p``.

    ``repeat_penalty`` above 1 makes what was written lately less likely.
    """

    temperature: float = 0.0
    top_p: float = 0.95
    repeat_penalty: float = 1.0


class LocalModel:
    """A model that has been loaded; close it after use. Not to be used by two threads at once.

    The same prompt, seed and settings give the same answer on the same machine.
    """

    def __init__(
        self,
        path: Path,
        *,
        n_ctx: int = N_CTX,
        n_batch: int = N_BATCH,
        threads: int = 0,
        seed: int = 0,
        parallel: int = PARALLEL,
        identity: str | None = None,
        states: Path | None = None,
        adapter: Path | None = None,
        repack: bool = False,
    ) -> None:
        """Load it by mmap. Raises FatalError where llama-cpp-python is missing or the file is none that it can load.

        ``threads`` 0 takes the physical cores that this process may use. ``adapter`` is a LoRA adapter (GGUF) for the model.
        ``repack`` has the weights copied into the order that this processor takes them in: one long answer is written faster
        then, but the copy takes a second or more and as much memory again, which other processes cannot share.
        ``identity`` stands for the weights, those of the adapter too (``choice.fingerprint``): with it the states of constant
        prompts are kept on disk, below ``states`` (by default in the user's cache), without it in memory only.
        """
        self._api = _library()
        self._path, self._seed, self._parallel = path, seed, max(1, parallel)
        self._n_batch = max(n_batch, _MOST_AT_ONCE * self._parallel)  # answers side by side are one batch
        self._identity, self._is_repacked = identity, repack
        self._states = states if states is not None else default_folder() / "model-states"
        self._threads = threads or physical_cores()
        self._held: tuple[int, ...] = ()  # the tokens that sequence 0 holds: a constant prefix, or nothing
        self._question: tuple[int, ...] = ()  # those after it, if the last question may be asked on
        self._closing = contextlib.ExitStack()
        api = self._api
        with ThreadPoolExecutor(1) as pool:
            numpy = pool.submit(_numpy)  # while the model is loaded, which takes longer
            self._model = self._loaded_weights(path, repack)
        self._closing.callback(api.llama_model_free, self._model)
        try:
            self._numpy = numpy.result()
        except BaseException:
            self._closing.close()
            raise
        self._vocab = api.llama_model_get_vocab(self._model)
        self._size = api.llama_vocab_n_tokens(self._vocab)
        singles = {one: token for one in _ASCII for token in self._tokens(one) if self.piece(token) == one.encode()}
        found = [*singles.values(), api.llama_vocab_eos(self._vocab)] if len(singles) == len(_ASCII) else []
        self._singles = self._numpy.array(found, dtype=self._numpy.int32)  # none where a vocabulary lacks one of them
        for keys in dict.fromkeys((self._type_of_keys(), api.GGML_TYPE_F16)):  # not every kind of model takes the first
            self._keys = int(keys)
            self._context = api.llama_init_from_model(self._model, self._context_parameters(n_ctx))
            if self._context:
                break
        else:
            self._closing.close()
            raise ModelError(f"{path}: no room for {n_ctx} tokens of context. Set a smaller n-ctx, or free memory.")
        self._closing.callback(api.llama_free, self._context)
        if adapter is not None:
            self._adapt(adapter)
        self.n_ctx = int(api.llama_n_ctx(self._context))
        self._memory = api.llama_get_memory(self._context)
        self._batch = api.llama_batch_init(self._n_batch, 0, 1)
        self._closing.callback(api.llama_batch_free, self._batch)

    def _loaded_weights(self, path: Path, repack: bool) -> Any:
        parameters = self._api.llama_model_default_params()
        parameters.n_gpu_layers = 0
        parameters.use_extra_bufts = repack
        model = self._api.llama_model_load_from_file(os.fsencode(path), parameters) if path.is_file() else None
        if not model:
            raise ModelError(
                f"{path}: no model that can be loaded. Run `pytestgen model verify`, or name another file."
            )
        return model

    def _context_parameters(self, n_ctx: int) -> Any:
        parameters = self._api.llama_context_default_params()
        parameters.n_ctx = n_ctx
        parameters.n_batch = parameters.n_ubatch = self._n_batch
        parameters.n_seq_max = self._parallel
        parameters.type_k = self._keys
        parameters.kv_unified = True  # answers side by side share the prompt
        parameters.flash_attn_type = (
            _WITHOUT_FLASH  # on a CPU slower, the more so the more answers are written side by side
        )
        parameters.n_threads = parameters.n_threads_batch = self._threads
        parameters.no_perf = True
        return parameters

    def _type_of_keys(self) -> int:
        """Return how the keys of what was read are kept: in 8 bits where the model's heads are as wide as whole blocks.

        All that is read or written is compared with the keys of everything before it. In 8 bits these come from memory in
        half the time, and the products are of integers; the values stay as they are, which without flash attention they must.
        """
        api = self._api
        heads = api.llama_model_n_head(self._model)
        wide = [api.llama_model_n_embd(self._model) // heads] if heads > 0 else []
        for name in ("key_length", "key_length_swa"):
            told = self._metadata(f"{self._metadata('general.architecture')}.attention.{name}")
            wide += [int(told)] if told.isdecimal() else []
        is_whole = bool(wide) and all(width > 0 and width % _BLOCK == 0 for width in wide)
        return int(api.GGML_TYPE_Q8_0 if is_whole else api.GGML_TYPE_F16)

    def _metadata(self, key: str) -> str:
        """Return what the model's file says of itself under this key, ``""`` if nothing."""
        text = ctypes.create_string_buffer(_LONGEST_METADATA)
        size = self._api.llama_model_meta_val_str(self._model, key.encode(), text, len(text))
        return text.value.decode("utf-8", "replace") if size > 0 else ""

    def _adapt(self, path: Path) -> None:
        """Have the model work with an adapter; llama.cpp frees it with the model."""
        api = self._api
        adapter = api.llama_adapter_lora_init(self._model, os.fsencode(path)) if path.is_file() else None
        adapters = (api.llama_adapter_lora_p_ctypes * 1)(adapter) if adapter else None
        if not adapter or api.llama_set_adapters_lora(self._context, adapters, 1, (ctypes.c_float * 1)(1.0)):
            self._closing.close()
            raise ModelError(
                f"{path}: no adapter for {self._path.name} that can be loaded. Name another model.adapter."
            )

    def close(self) -> None:
        """Free the model's memory. Closing twice does no harm."""
        self._closing.close()

    def __enter__(self) -> LocalModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- asking ----------------------------------------------------------------------------------------------------

    def complete(
        self,
        prompt: str,
        *,
        prefix: str = "",
        grammar: str | None = None,
        max_tokens: int,
        temperature: float = 0.0,
        top_p: float = 0.95,
        repeat_penalty: float = 1.0,
        stop: Sequence[str] = (),
        seconds: float = math.inf,
        seed: int | None = None,
        on_text: Callable[[str], object] | None = None,
    ) -> Completion:
        """Return the answer to ``prefix + prompt``, of which ``prefix`` is the constant part: see ``complete_all``.

        ``on_text`` is given every piece of the answer as it comes; where it returns False the answer ends.
        """
        told: Told | None = None if on_text is None else lambda _, text: on_text(text)
        sampling = Sampling(temperature, top_p, repeat_penalty)
        return self.complete_all(
            prompt,
            1,
            prefix=prefix,
            grammar=grammar,
            max_tokens=max_tokens,
            sampling=sampling,
            stop=stop,
            seconds=seconds,
            seed=seed,
            on_text=told,
        )[0]

    def complete_all(
        self,
        prompt: str,
        count: int,
        *,
        prefix: str = "",
        grammar: str | None = None,
        max_tokens: int,
        sampling: Sampling,
        stop: Sequence[str] = (),
        seconds: float = math.inf,
        seed: int | None = None,
        on_text: Told | None = None,
        endings: Sequence[str] = (),
        start: str = "",
        closing: Sequence[str] = (),
    ) -> list[Completion]:
        """Return ``count`` answers to one prompt, written side by side, each with a seed of its own.

        With ``endings``, one for each answer, the prompt of each ends in its own; they are no part of the answers. With
        ``start``, for answers with endings, each begins with what any answer would: it is read at once, and not written.
        ``closing`` are the texts with which a last line that was cut is closed as the grammar allows, the preferred one first.
        The prompt and the weights are read once for all of them. The state after ``prefix`` is kept in memory and on disk,
        and is never read again as long as model and prefix are the same. ``grammar`` is GBNF with the rule ``root``;
        ``max_tokens`` bound each answer, but for the end of a line that may come on top; ``seconds`` everything. ValueError
        for a grammar that does not parse, and for a prompt that leaves no room for an answer.
        """
        started = time.monotonic()
        end = started + seconds
        if not 1 <= count <= self._parallel:
            raise ValueError(f"{count} answers side by side: this model was loaded for 1 to {self._parallel}")
        fixed, rest = self._tokens(prefix), self._tokens(prompt)
        if not rest:
            raise ValueError("the prompt is empty after its prefix")
        if endings and len(endings) != count:
            raise ValueError(f"{len(endings)} endings for {count} answers")
        own = [self._tokens(ending) for ending in endings]
        if not all(own) or (start and not own):
            raise ValueError("an ending is empty")
        begun = self._tokens(start)
        own = [ending + begun for ending in own]
        asked = len(fixed) + len(rest) + sum(map(len, own))
        max_tokens = min(max_tokens, (self.n_ctx - asked) // count)
        if max_tokens < 1:
            raise ValueError(f"the prompt has {asked} tokens, and the model was loaded for {self.n_ctx}")
        with contextlib.ExitStack() as opened:
            writers = [
                _Writer(self, index, sampling, self._seed if seed is None else seed, stop, on_text)
                for index in range(count)
            ]
            for writer in writers:
                writer.grammar = opened.enter_context(self._grammar(grammar)) if grammar is not None else None
                writer.begin(start, begun)
            origin = self._hold(fixed, rest)
            is_read = bool(own) and self._question == tuple(rest)
            try:
                is_read = is_read or self._read(rest, len(fixed), end)
                if is_read:
                    self._write(writers, len(fixed) + len(rest), own, max_tokens, end)
                else:
                    for writer in writers:
                        writer.ended = "time"
                if closing:
                    self._close_lines(writers, closing)
                for writer in writers:
                    writer.finish()
            finally:
                # With endings the same question may be asked on, and need not be read again.
                self._forget(len(fixed) + (len(rest) if own and is_read else 0))
                if own and is_read and self._held:
                    self._question = tuple(rest)
        took = time.monotonic() - started
        return [Completion(one.text, one.count, asked, took, one.ended, origin) for one in writers]

    def log_likelihood(self, prompt: str, answer: str, *, prefix: str = "") -> float:
        """Return the natural logarithm of how likely the model takes ``answer`` after ``prefix + prompt`` to be."""
        fixed, rest, wanted = self._tokens(prefix), self._tokens(prompt), self._tokens(answer)
        if not rest or not wanted:
            raise ValueError("a prompt and an answer are needed")
        if len(fixed) + len(rest) + len(wanted) > self.n_ctx:
            raise ValueError(f"prompt and answer do not fit into {self.n_ctx} tokens")
        self._hold(fixed)
        try:
            self._read(rest, len(fixed), math.inf)
            total = self._log_share(self._logits(-1), wanted[0])
            place = len(fixed) + len(rest)
            for start in range(0, len(wanted) - 1, self._n_batch):
                some = wanted[start : min(start + self._n_batch, len(wanted) - 1)]
                self._decode([(token, place + start + at, 0, True) for at, token in enumerate(some)])
                total += sum(self._log_share(self._logits(at), wanted[start + at + 1]) for at in range(len(some)))
        finally:
            self._forget(len(fixed))
        return total

    def prepare(self, prefix: str) -> str:
        """Read a constant part, or take its state from disk, before the first question; say where it came from."""
        return self._hold(self._tokens(prefix))

    def count(self, text: str) -> int:
        """Return how many tokens a text has."""
        return len(self._tokens(text))

    def tokens(self, text: str) -> list[int]:
        """Return the numbers of a text's tokens, those of the chat form's marks among them."""
        return self._tokens(text)

    # -- what the model holds --------------------------------------------------------------------------------------

    def _hold(self, fixed: Sequence[int], question: Sequence[int] = ()) -> str:
        """Have sequence 0 hold exactly these tokens, or those of the last question too if it is this one; say where from."""
        wanted = tuple(fixed)
        if wanted and wanted == self._held:
            if self._question and self._question != tuple(question):
                self._forget(len(wanted))
            return "memory"
        self._held = self._question = ()
        self._api.llama_memory_clear(self._memory, True)
        if not wanted:
            return ""
        origin = "disk"
        if not self._loaded(wanted):
            self._api.llama_memory_clear(self._memory, True)
            self._read(wanted, 0, math.inf)
            self._save(wanted)
            origin = "read"
        self._held = wanted
        return origin

    def _forget(self, kept: int) -> None:
        """Drop all but the first tokens of sequence 0."""
        self._question = ()
        for sequence in range(1, self._parallel):
            self._api.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        if not self._api.llama_memory_seq_rm(self._memory, 0, kept, -1):  # a model that cannot forget a part
            self._api.llama_memory_clear(self._memory, True)
            self._held = ()

    def _state_file(self, tokens: Sequence[int]) -> Path:
        about = [
            self._identity,
            list(tokens),
            self.n_ctx,
            self._n_batch,
            self._threads,
            self._parallel,
            self._is_repacked,
            self._keys,
            _build(self._api),
        ]
        return self._states / f"{hashlib.sha256(json.dumps(about).encode()).hexdigest()[:40]}.state"

    def _loaded(self, tokens: Sequence[int]) -> bool:
        """Whether the state after these tokens could be taken from disk; one that is damaged is removed."""
        if self._identity is None:
            return False
        path = self._state_file(tokens)
        try:
            data = path.read_bytes()
        except OSError:
            return False
        head = len(_STATE_MARK) + 32
        body = memoryview(data)[head:]
        # llama.cpp trusts what it is given: it gets only what we wrote.
        if data[:head] == _STATE_MARK + hashlib.sha256(body).digest():
            buffer = (ctypes.c_uint8 * len(body)).from_buffer_copy(body)
            if self._api.llama_state_seq_set_data(self._context, buffer, len(body), 0) == len(body):
                with contextlib.suppress(OSError):
                    os.utime(path)  # the longest unused is removed first
                return True
        with contextlib.suppress(OSError):
            path.unlink()
        return False

    def _save(self, tokens: Sequence[int]) -> None:
        """Keep the state after these tokens; where it cannot be written the next run reads the prompt again."""
        if self._identity is None:
            return
        size = self._api.llama_state_seq_get_size(self._context, 0)
        buffer = (ctypes.c_uint8 * size)()
        if not size or self._api.llama_state_seq_get_data(self._context, buffer, size, 0) != size:
            return
        body = bytes(buffer)
        path = self._state_file(tokens)
        with contextlib.suppress(OSError):
            self._states.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._states, prefix=".", suffix=".part")
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(_STATE_MARK + hashlib.sha256(body).digest() + body)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            for old in sorted(self._states.glob("*.state"), key=_last_used)[:-_MOST_STATES]:
                old.unlink(missing_ok=True)

    # -- tokens ----------------------------------------------------------------------------------------------------

    def _tokens(self, text: str) -> list[int]:
        if not text:
            return []
        data = text.encode("utf-8", "surrogatepass")
        room = len(data) + 16
        found = (self._api.llama_token * room)()
        count = self._api.llama_tokenize(self._vocab, data, len(data), found, room, False, True)
        if count < 0:
            raise ValueError("the text cannot be split into tokens")
        return list(found[:count])

    def piece(self, token: int) -> bytes:
        """Return the bytes that a token stands for; control tokens have none."""
        room = 64
        while True:
            buffer = ctypes.create_string_buffer(room)
            count = self._api.llama_token_to_piece(self._vocab, token, buffer, room, 0, False)
            if count >= 0:
                return buffer.raw[:count]
            room = -count

    def ends(self, token: int) -> bool:
        """Whether the token ends an answer."""
        return bool(self._api.llama_vocab_is_eog(self._vocab, token))

    def _read(self, tokens: Sequence[int], place: int, end: float) -> bool:
        """Read tokens into sequence 0 from a place on; whether that was done in time."""
        for start in range(0, len(tokens), self._n_batch):
            if time.monotonic() > end:
                return False
            some = tokens[start : start + self._n_batch]
            last = start + len(some) == len(tokens)
            self._decode(
                [(token, place + start + at, 0, last and at == len(some) - 1) for at, token in enumerate(some)]
            )
        return time.monotonic() <= end

    def _decode(self, items: Sequence[tuple[int, int, int, bool]]) -> None:
        """Run the model on (token, place, sequence, whether its logits are wanted)."""
        batch = self._batch
        batch.n_tokens = len(items)
        for at, (token, place, sequence, wanted) in enumerate(items):
            batch.token[at] = token
            batch.pos[at] = place
            batch.n_seq_id[at] = 1
            batch.seq_id[at][0] = sequence
            batch.logits[at] = wanted
        if self._api.llama_decode(self._context, batch):
            raise RuntimeError("llama.cpp could not run the model")

    def _write(
        self, writers: Sequence[_Writer], place: int, endings: Sequence[Sequence[int]], max_tokens: int, end: float
    ) -> None:
        """Let the writers write, side by side, until each has ended; each reads its own ending of the prompt first."""
        for writer in writers[1:]:
            self._api.llama_memory_seq_cp(self._memory, 0, writer.index, -1, -1)
        places = {writer.index: place for writer in writers}
        going = list(writers)
        if endings:
            read = [
                (token, place + at, index, at == len(own) - 1)
                for index, own in enumerate(endings)
                for at, token in enumerate(own)
            ]
            logits: dict[int, Any] = {}
            for start in range(0, len(read), self._n_batch):
                some = read[start : start + self._n_batch]
                self._decode(some)
                logits |= {index: self._logits(at) for at, (_, _, index, is_last) in enumerate(some) if is_last}
            places = {index: place + len(own) for index, own in enumerate(endings)}
        else:
            logits = {writer.index: self._logits(-1) for writer in writers}
        while True:
            taken = [(writer, writer.take(logits[writer.index])) for writer in going]
            taken = [(writer, tokens) for writer, tokens in taken if tokens and writer.count < max_tokens]
            going = [writer for writer, _ in taken]
            if not going:
                break
            if time.monotonic() > end:
                for writer in going:
                    writer.ended = "time"
                break
            items: list[tuple[int, int, int, bool]] = []
            rows = {}
            for writer, tokens in taken:
                first, index = places[writer.index], writer.index
                items += [(token, first + at, index, at == len(tokens) - 1) for at, token in enumerate(tokens)]
                places[index] += len(tokens)
                rows[index] = len(items) - 1
            self._decode(items)
            logits = {index: self._logits(row) for index, row in rows.items()}

    def _close_lines(self, writers: Sequence[_Writer], closing: Sequence[str]) -> None:
        """Close the last line of each answer that was cut; the model is not run for that."""
        pieces = [token for text in closing for token in self._tokens(text)]
        for writer in writers:
            if writer.count and writer.ended != "stop" and writer.grammar is not None:
                writer.close_line(pieces)

    def _logits(self, row: int) -> Any:
        """Return a copy of the logits that the last batch gave at a row."""
        pointer = self._api.llama_get_logits_ith(self._context, row)
        return self._numpy.ctypeslib.as_array(pointer, shape=(self._size,)).copy()

    def _log_share(self, logits: Any, token: int) -> float:
        numpy = self._numpy
        top = logits.max()
        return float(logits[token] - top - numpy.log(numpy.exp(logits - top, dtype=numpy.float64).sum()))

    @contextlib.contextmanager
    def _grammar(self, grammar: str) -> Iterator[Any]:
        sampler = self._api.llama_sampler_init_grammar(self._vocab, grammar.encode(), b"root")
        if not sampler:
            raise ValueError("the grammar does not parse")
        try:
            yield sampler
        finally:
            self._api.llama_sampler_free(sampler)

    def allowed(self, grammar: Any, tokens: Any) -> Any:
        """Return those of the tokens (an array) with which an answer under the grammar may go on."""
        api = self._api
        data = (api.llama_token_data * len(tokens))()
        view = self._numpy.frombuffer(data, dtype=_ROW)
        view["id"] = tokens
        array = api.llama_token_data_array(data=data, size=len(tokens), selected=-1, sorted=False)
        api.llama_sampler_apply(grammar, ctypes.byref(array))
        return tokens[self._numpy.isfinite(view["logit"])]

    def newline_after(self, grammar: Any) -> int | None:
        """Return the token of a line's end if an answer under the grammar can neither end nor go on with another character.

        Of characters only those of ASCII are looked at: where none of these may stand, no grammar of ours has others. A token
        can begin only with a character that the grammar allows alone.
        """
        if not len(self._singles):
            return None
        newline = int(self._singles[0])
        return newline if self.allowed(grammar, self._singles).tolist() == [newline] else None

    def accept(self, grammar: Any, token: int) -> None:
        """Let the grammar go on by a token that it allows."""
        self._api.llama_sampler_accept(grammar, token)


_ROW = [("id", "<i4"), ("logit", "<f4"), ("p", "<f4")]


class _Writer:
    """Writes one answer: draws its tokens, keeps its text, knows when it is over."""

    def __init__(
        self, model: LocalModel, index: int, sampling: Sampling, seed: int, stop: Sequence[str], told: Told | None
    ) -> None:
        self.index = index
        self.grammar: Any = None
        self.count = 0
        self.ended = "length"
        self.text = ""
        self._model = model
        self._sampling = sampling
        self._random = random.Random(f"{seed} {index}")
        self._stop = tuple(stop)
        self._told = told
        self._recent: list[int] = []
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def begin(self, text: str, tokens: Sequence[int]) -> None:
        """Take what every answer begins with as if it had been written. ValueError where the grammar forbids it."""
        numpy = self._model._numpy
        for token in tokens:
            if self.grammar is not None:
                if not len(self._model.allowed(self.grammar, numpy.array([token], dtype=numpy.int32))):
                    raise ValueError(f"no answer may begin with {text!r}")
                self._model.accept(self.grammar, token)
            self._recent.append(token)
        if text:
            self._goes_on(text)

    def take(self, logits: Any) -> list[int]:
        """Draw the next token and take it; return what the model is to be run on, nothing where the answer is over.

        Where only the end of the line may follow, that is taken too.
        """
        numpy = self._model._numpy
        if self._sampling.repeat_penalty != 1.0 and self._recent:
            some = numpy.unique(self._recent[-_RECENT:])
            scores = logits[some]
            penalty = self._sampling.repeat_penalty
            logits[some] = numpy.where(scores > 0, scores / penalty, scores * penalty)
        token = self._drawn(logits)
        if token is None or self._model.ends(token):
            self.ended = "stop"
            return []
        if not self._takes(token):
            return []
        newline = self._model.newline_after(self.grammar) if self.grammar is not None else None
        if newline is None:
            return [token]
        return [token, newline] if self._takes(newline) else []

    def _takes(self, token: int) -> bool:
        """Take a token that the grammar allows; whether the answer goes on."""
        if self.grammar is not None:
            self._model.accept(self.grammar, token)
        self.count += 1
        self._recent.append(token)
        return self._goes_on(self._decoder.decode(self._model.piece(token)))

    def close_line(self, pieces: Sequence[int]) -> None:
        """Go on to the end of a line that was begun: by the first of the pieces that may come, else by what leads on most."""
        numpy = self._model._numpy
        for _ in range(_MOST_TO_CLOSE):
            if not self.text or self.text.endswith("\n"):
                break
            some = self._model.allowed(self.grammar, numpy.array(pieces, dtype=numpy.int32))
            if len(some):
                token = int(some[0])
            else:
                some = self._model.allowed(self.grammar, numpy.arange(self._model._size, dtype=numpy.int32))
                token = max(some.tolist(), key=self._lead, default=-1)
            if token < 0 or self._model.ends(token) or not self._takes(token):
                break

    def _lead(self, token: int) -> tuple[bool, int, int]:
        """Return how far a token leads on, for comparison: the most of all, but what begins a text leads into it."""
        piece = self._model.piece(token)
        return b'"' not in piece, len(piece), -token

    def finish(self) -> None:
        """Take what is left of a character that never became whole."""
        self._goes_on(self._decoder.decode(b"", final=True))

    def _goes_on(self, piece: str) -> bool:
        before = len(self.text)
        self.text += piece
        for stop in self._stop:
            found = self.text.find(stop, max(0, before - len(stop)))
            if found >= 0:
                self.text, self.ended = self.text[:found], "stop"
                return False
        if piece and self._told is not None and self._told(self.index, piece) is False:
            self.ended = "stop"
            return False
        return True

    def _drawn(self, logits: Any) -> int | None:
        """Draw a token. The grammar is asked about one first, and about others only if it forbids that: most it allows."""
        numpy = self._model._numpy
        token = self._choose(logits, None)
        if self.grammar is None or len(self._model.allowed(self.grammar, numpy.array([token], dtype=numpy.int32))):
            return token
        top = logits.max()
        for least in (top - _NEAR, -math.inf):
            some = numpy.flatnonzero(logits >= least).astype(numpy.int32)
            some = self._model.allowed(self.grammar, some)
            if len(some):
                return self._choose(logits[some], some)
        return None

    def _choose(self, logits: Any, tokens: Any) -> int:
        """Draw one of the tokens with these logits; ``None`` for tokens: all there are."""
        numpy, sampling = self._model._numpy, self._sampling
        if sampling.temperature <= 0:
            best = int(logits.argmax())
            return best if tokens is None else int(tokens[best])
        scaled = logits / sampling.temperature
        near = numpy.flatnonzero(scaled > scaled.max() - _FAINT)
        near = near[numpy.argsort(-scaled[near], kind="stable")]
        shares = numpy.exp((scaled[near] - scaled[near[0]]).astype(numpy.float64))
        sums = numpy.cumsum(shares / shares.sum())
        kept = int(numpy.searchsorted(sums, sampling.top_p)) + 1
        drawn = self._random.random() * float(sums[min(kept, len(sums)) - 1])
        chosen = int(near[min(int(numpy.searchsorted(sums, drawn, side="right")), len(near) - 1)])
        return chosen if tokens is None else int(tokens[chosen])


# -- the library and the machine -------------------------------------------------------------------------------------


def is_installed() -> bool:
    """Whether llama-cpp-python can be imported, by its looks."""
    from importlib.util import find_spec

    return find_spec("llama_cpp") is not None


_kept_alive: list[Any] = []  # a callback that C code calls


def _library() -> Any:
    """Return the bindings of llama.cpp, told to be silent."""
    try:
        api = _bindings()
    except ImportError:
        raise missing_extra("llama-cpp-python") from None
    except (OSError, RuntimeError) as error:
        raise ModelError(f"llama-cpp-python cannot be loaded: {error}. Install it anew.") from None
    if not _kept_alive:
        _kept_alive.append(api.llama_log_callback(lambda *_: None))
        api.llama_log_set(_kept_alive[0], ctypes.c_void_p(0))
        api.llama_backend_init()
    return api


def _numpy() -> Any:
    """Return numpy, imported without the threads of its library for matrices, of which nothing is used here.

    They turn on every core for a while after they were started, beside the model that is being loaded.
    """
    name = "OPENBLAS_NUM_THREADS"
    is_own = "numpy" not in sys.modules and name not in os.environ
    if is_own:
        os.environ[name] = "1"
    try:
        return importlib.import_module("numpy")
    except ImportError:
        raise missing_extra("llama-cpp-python") from None
    finally:
        if is_own:
            os.environ.pop(name, None)


def _bindings() -> Any:
    """Return the module of llama-cpp-python that binds llama.cpp, without what the package imports for its own interface.

    That (templates, caches on disk) takes twice as long as the bindings. Whoever imports the package later gets it whole.
    """
    package, name = "llama_cpp", "llama_cpp.llama_cpp"
    spec = importlib.util.find_spec(package) if package not in sys.modules else None
    if spec is None:
        return importlib.import_module(name)
    sys.modules[package] = importlib.util.module_from_spec(spec)
    try:
        return importlib.import_module(name)
    finally:
        del sys.modules[package]


def _build(api: Any) -> str:
    """What states depend on besides the model: which build of the library it is, and what that uses of the processor."""
    return f"{_library_file(api)} {api.llama_print_system_info().decode()}"


def _library_file(api: Any) -> str:
    """Return what tells one build of llama.cpp from others: to look its version up takes ten times as long."""
    try:
        told = Path(api._lib._name).stat()
        return f"{told.st_size} {told.st_mtime_ns}"
    except (AttributeError, TypeError, OSError):
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("llama_cpp_python")
        except PackageNotFoundError:
            return "?"


def _last_used(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
