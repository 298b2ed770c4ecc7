"""What our use of llama.cpp costs: tokens a second against its own loop, what a kept prefix saves, what a grammar costs.

python ci/bench/model_throughput.py --work DIR [--model NAME]

Calls are written some answers at a time, with the weights as they lie in the file; whole tests one at a time, with the weights
repacked. Both are held against llama-cpp-python's loop as it comes.
All in one process, each figure the best of some rounds in turn: what another program takes of the machine hits them alike.
"""

import shutil
import time
from collections.abc import Callable

from common import save
from model_common import arguments, loaded

from pytestgen_hook.model import prompts, store
from pytestgen_hook.model.calls import FIRST_ANSWERS, Settings
from pytestgen_hook.model.hardware import physical_cores
from pytestgen_hook.model.local import LocalModel, Sampling

TOKENS = 96
ROUNDS = 3
PROMPT = (
    "<|im_start|>user\nWrite a Python function that parses an ISO 8601 duration.<|im_end|>\n<|im_start|>assistant\n"
)
# It allows what the model writes anyway: what is measured is the work of asking it.
GRAMMAR = 'root ::= line*\nline ::= [^\\n]* "\\n"\n'


def bare(path: str, threads: int, context: int) -> Callable[[], float]:
    """Return a function that gives the tokens a second of llama-cpp-python's own loop on the prompt."""
    from llama_cpp import Llama

    model = Llama(path, n_ctx=context, n_threads=threads, n_threads_batch=threads, verbose=False)
    tokens = model.tokenize(PROMPT.encode(), add_bos=False, special=True)

    def measured() -> float:
        model.reset()
        started, count = 0.0, 0
        for _ in model.generate(tokens, temp=0.0, repeat_penalty=1.0):
            if not count:
                started = time.perf_counter()  # the prompt is read by then
            count += 1
            if count > TOKENS:
                break
        return (count - 1) / (time.perf_counter() - started)

    return measured


def own(model: LocalModel, grammar: str | None = None) -> float:
    """Return the tokens a second of ours, the prompt not counted."""
    times: list[float] = []
    model.complete(PROMPT, grammar=grammar, max_tokens=TOKENS + 1, on_text=lambda _: times.append(time.perf_counter()))
    return (len(times) - 1) / (times[-1] - times[0])


def side_by_side(model: LocalModel) -> float:
    """Return the tokens a second of as many answers at once as the engine has the model write first."""
    times: list[float] = []
    settings = Settings()
    model.complete_all(
        PROMPT,
        FIRST_ANSWERS,
        max_tokens=TOKENS + 1,
        sampling=Sampling(settings.temperature, settings.top_p),
        on_text=lambda *_: times.append(time.perf_counter()),
    )
    return (len(times) - FIRST_ANSWERS) / (times[-1] - times[0])


def main() -> None:
    """Run the benchmark."""
    options = arguments(__doc__ or "").parse_args()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(options.work / "states", ignore_errors=True)
    path = store.required(store.resolve(options.model))
    threads = options.threads or physical_cores()
    prefix, figures = prompts.prefix(), {}
    with loaded(options) as model, loaded(options, repack=True) as repacked:
        reference = bare(str(path), threads, 4096)
        rounds = [
            (reference(), own(model), own(model, GRAMMAR), side_by_side(model), own(repacked)) for _ in range(ROUNDS)
        ]
        best_bare, best_own, best_grammar, best_many, best_long = (max(one) for one in zip(*rounds, strict=True))
        figures["tokens_a_second"] = {
            "bare": round(best_bare, 2),
            "one_answer": round(best_own, 2),
            "side_by_side": round(best_many, 2),
            "one_long_answer": round(best_long, 2),
        }
        figures["one_answer_to_bare"] = round(best_own / best_bare, 3)
        figures["side_by_side_to_bare"] = round(best_many / best_bare, 3)
        figures["long_to_bare"] = round(best_long / best_bare, 3)
        figures["grammar_costs"] = round(1 - best_grammar / best_own, 3)
        figures["prefix_tokens"] = model.count(prefix)
        plain = model.complete(PROMPT, max_tokens=1).seconds
        read = model.complete(PROMPT, prefix=prefix, max_tokens=1)
    with loaded(options) as model:
        again = model.complete(PROMPT, prefix=prefix, max_tokens=1)
    if (read.prefix, again.prefix) != ("read", "disk"):
        raise SystemExit(f"the prefix came from {read.prefix}, then from {again.prefix}")
    figures["prefix_read_seconds"] = round(read.seconds - plain, 3)
    figures["prefix_saved"] = round(1 - max(0.0, again.seconds - plain) / (read.seconds - plain), 3)
    save(f"model-throughput-{options.model.rpartition('/')[2]}", {"model": path.name, "threads": threads, **figures})


if __name__ == "__main__":
    main()
