"""How many answers of the model are unusable for their form: with no call, with one that does not parse, or does not fit.

python ci/bench/model_format.py --work DIR [--model NAME] [--functions 60] [--answers 1000]

Whether a call fits is asked of the runtime, which binds it to the real signature.
"""

import ast

from common import save
from model_common import arguments, left_open, loaded

from pytestgen_hook.engines import search
from pytestgen_hook.engines.model import shown_calls
from pytestgen_hook.model import grammar, prompts
from pytestgen_hook.model.calls import Settings
from pytestgen_hook.model.local import Sampling

_AT_ONCE = 8


def parses(line: str) -> bool:
    """Whether Python reads a line as statements that end in an expression."""
    try:
        return isinstance(ast.parse(line).body[-1], ast.Expr)
    except SyntaxError:
        return False


def main() -> None:
    """Run the benchmark."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--answers", type=int, default=1000)
    options = parser.parse_args()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    chosen = left_open(options.work, options.functions)
    settings = Settings()
    counts = dict.fromkeys(("answers", "calls", "without_a_call", "not_parsed", "not_fitting"), 0)
    examples: list[str] = []
    with loaded(options) as model:
        seed = 0
        while counts["answers"] < options.answers and chosen:
            for bench, task, first in chosen:
                if counts["answers"] >= options.answers or first.left is None:
                    break
                source = (bench.tree / task.function.path).read_bytes()
                form = first.left["form"]
                prompt = prompts.question(task.function, source, first.left, shown_calls(first), form, most_lines=40)
                goals = prompts.goals(task.function, source, first.left)
                goals = (goals * _AT_ONCE)[: min(_AT_ONCE, options.answers - counts["answers"])]
                try:
                    answers = model.complete_all(
                        prompt,
                        len(goals),
                        endings=[prompts.opening(goal) for goal in goals],
                        start=grammar.start(form),
                        closing=grammar.closing(form),
                        prefix=prompts.prefix(),
                        grammar=grammar.calls_grammar(form, settings.calls),
                        max_tokens=settings.tokens,
                        sampling=Sampling(settings.temperature, settings.top_p),
                        seed=seed,
                    )
                except ValueError:
                    continue
                lines = [[line for line in one.text.split("\n")[:-1] if line] for one in answers]
                whole = [line for some in lines for line in some]
                parsed = [line for line in whole if parses(line)]
                runtime = search.runtime(bench, "format")
                more = {"proposed": parsed, "avoid": bool(first.left["avoid"]), "through": first.left["through"]}
                done, runtime_left = search.ask(runtime, 0, task, 0.5, 60.0, hypothesis=False, more=more)
                if runtime_left is not None:
                    runtime_left.close()
                fitting = (done.answer or {}).get("fitting", len(parsed))
                counts["answers"] += len(answers)
                counts["calls"] += len(whole)
                counts["without_a_call"] += sum(not some for some in lines)
                counts["not_parsed"] += len(whole) - len(parsed)
                counts["not_fitting"] += len(parsed) - fitting
                if fitting < len(whole) and len(examples) < 10:
                    examples.append(f"{task.module}.{task.function.qualname}: {whole}")
            seed += 1
    save(f"model-format-{options.model.rpartition('/')[2]}", {**counts, "rows": examples})


if __name__ == "__main__":
    main()
