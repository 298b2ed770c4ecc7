"""The commands, in the order in which they are used: ``python -m finetuning COMMAND --help``."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click

from finetuning import adapter, collect, distil, evaluate, excluded, rows, sources, train
from pytestgen_hook.engines.model import Speaker
from pytestgen_hook.error_handler import error_handler
from pytestgen_hook.errors import FatalError
from pytestgen_hook.model import store
from pytestgen_hook.model.calls import Settings
from pytestgen_hook.model.local import LocalModel

_FILE = click.Path(path_type=Path, dir_okay=False)
_FOLDER = click.Path(path_type=Path, file_okay=False)
_PATH = click.Path(path_type=Path, exists=True)
_PLAN = train.Plan()


class _InOrder(click.Group):
    """Lists commands as they follow on one another."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_InOrder)
def main() -> None:
    """Make the model better: fetch, collect, filter, distil, train, export, evaluate."""


def _says(text: str) -> None:
    click.echo(text, err=True)


def _model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    named = click.option("--model", default=store.SMALL, show_default=True, help="A known model, or a GGUF file.")
    return named(click.option("--threads", default=0, help="Cores to compute with; 0: all there are.")(command))


def _repository_options(command: Callable[..., Any]) -> Callable[..., Any]:
    options = (
        click.option("--repository", "repositories", type=_FOLDER, multiple=True, help="A repository of one's own."),
        click.option("--licence", default="", help="The SPDX identifier of its licence."),
        click.option("--libraries", "fetched", type=_FOLDER, help="The folder that `fetch` filled."),
        click.option("--for", "purpose", type=click.Choice(["train", "test"]), help="Of these, only those for that."),
        click.option(
            "--python", type=_FILE, default=Path(sys.executable), help="An interpreter that imports their code."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def _opened(
    stack: ExitStack,
    repositories: Sequence[Path],
    licence: str,
    fetched: Path | None,
    purpose: str | None,
    python: Path,
) -> Iterator[sources.Sources]:
    """Give the sources that the options name, one after the other."""
    if not repositories and fetched is None:
        raise FatalError("there is nothing to read. Name a --repository, or --libraries after `fetch`.")
    for path in repositories:
        yield stack.enter_context(sources.opened(path, licence, python))
    for library in sources.libraries() if fetched else ():
        if purpose in (None, library.purpose):
            place = sources.fetched(library, fetched or Path())
            yield stack.enter_context(sources.opened(place, library.licence, python, library.name))


@contextmanager
def _asked(model: str, threads: int, path: Path | None = None) -> Iterator[LocalModel]:
    with LocalModel(_file_of(model), threads=threads, adapter=path) as local:
        yield local


def _file_of(model: str) -> Path:
    return store.required(store.resolve(model))


@main.command()
@click.argument("folder", type=_FOLDER)
def fetch(folder: Path) -> None:
    """Fetch the libraries of libraries.yaml from the package index, as repositories below FOLDER."""
    for library in sources.libraries():
        place = sources.fetched(library, folder)
        click.echo(f"{library.name} ({library.licence}, for {library.purpose}): {place}")


@main.command("collect")
@click.argument("out", type=_FILE)
@_repository_options
@_model_options
@click.option("--ask", is_flag=True, help="Ask the model about what the search leaves, too.")
@click.option("--seconds", default=3.0, show_default=True, help="For the search, a function.")
@click.option("--most", type=int, help="Functions of each repository, at most.")
def collect_(out: Path, model: str, threads: int, ask: bool, seconds: float, most: int | None, **chosen: Any) -> None:
    """Add rows to the file OUT: questions about functions, and calls that answer them and passed the gates."""
    found = rows.read([out]) if out.exists() else []
    with ExitStack() as stack:
        speaker = None
        if ask:
            local = stack.enter_context(_asked(model, threads))
            speaker = Speaker(lambda: "", lambda: nullcontext(local))  # type: ignore[arg-type,return-value]
        for one in _opened(stack, **chosen):
            new = collect.collected(
                one, seconds=seconds, excluded=excluded.listed(), speaker=speaker, most=most, told=_says
            )
            for row in new:
                found.append(row)
                rows.written(rows.distinct(found), out)
    click.echo(f"{out}: {len(rows.distinct(found))} rows")


@main.command("filter")
@click.argument("files", type=_PATH, nargs=-1, required=True)
@click.option("--out", type=_FILE, required=True)
@_repository_options
def filter_(files: Sequence[Path], out: Path, **chosen: Any) -> None:
    """Have the rows of FILES pass the gates again, word their questions as the tool asks now, and drop duplicates."""
    from finetuning.gates import Gates

    given, kept = rows.read(files), []
    banned = excluded.listed()
    with ExitStack() as stack:
        for one in _opened(stack, **chosen):
            own = [row for row in given if row.origin.commit == one.commit]
            with Gates(one) as gates:
                found = [gates.again(row) for row in own]
            kept += [row for row in found if row is not None and row.form not in banned]
            _says(f"{one.name}: {sum(row is not None for row in found)} of {len(own)} rows pass")
    result = rows.distinct(kept)
    rows.written(result, out)
    click.echo(f"{out}: {len(result)} of {len(given)} rows")


@main.command()
@click.argument("programs", type=_PATH, nargs=-1, required=True)
@click.option("--out", type=_FILE, default=excluded.LIST, show_default=True)
def exclude(programs: Sequence[Path], out: Path) -> None:
    """Add the functions of PROGRAMS (files, folders, HumanEval.jsonl.gz) to the list of those that no row may be about."""
    old = excluded.listed(out) if out.exists() else frozenset()
    new = old.union(*(excluded.forms_in(path) for path in programs))
    excluded.written(new, out)
    click.echo(f"{out}: {len(new)} programs, {len(new) - len(old)} of them new")


@main.command("distil")
@click.argument("folder", type=_FOLDER)
@click.option("--train", "learnt", type=_FILE, multiple=True, required=True)
@click.option("--test", "held", type=_FILE, multiple=True, required=True)
def distil_(folder: Path, learnt: Sequence[Path], held: Sequence[Path]) -> None:
    """Write rows into FOLDER in the form that Distil Labs takes: train.csv, test.csv, config.yaml, job_description.json."""
    train_rows, test_rows = _apart(learnt, held)
    distil.written(train_rows, test_rows, folder)
    click.echo(f"{folder}: {len(train_rows)} rows to train on, {len(test_rows)} to test with")


def _apart(learnt: Sequence[Path], held: Sequence[Path]) -> tuple[list[rows.Row], list[rows.Row]]:
    """Return the rows to train on and those to test with; FatalError for what may be in neither, or is in both."""
    train_rows, test_rows = rows.distinct(rows.read(learnt)), rows.distinct(rows.read(held))
    excluded.check([*train_rows, *test_rows], excluded.listed())
    rows.check_wording([*train_rows, *test_rows])
    both = {row.form for row in train_rows} & {row.form for row in test_rows}
    return [row for row in train_rows if row.form not in both], test_rows


@main.command("train")
@click.argument("folder", type=_FOLDER)
@_model_options
@click.option("--train", "learnt", type=_FILE, multiple=True, required=True)
@click.option("--test", "held", type=_FILE, multiple=True)
@click.option("--rank", default=_PLAN.rank, show_default=True)
@click.option("--layers", type=int, help="Train only the last so many blocks: the fewer, the faster.")
@click.option("--rate", default=_PLAN.rate, show_default=True)
@click.option("--batch", default=_PLAN.batch, show_default=True)
@click.option("--epochs", default=_PLAN.epochs, show_default=True)
@click.option("--steps", type=int, help="At most.")
@click.option("--test-rows", default=40, show_default=True, help="Rows of --test to measure the loss on, at most.")
def train_(
    folder: Path,
    model: str,
    threads: int,
    learnt: Sequence[Path],
    held: Sequence[Path],
    test_rows: int,
    **given: Any,
) -> None:
    """Train an adapter for the model on rows, and save it in FOLDER as peft does and as FOLDER/adapter.gguf."""
    some, others = _apart(learnt, held)
    plan = train.Plan(alpha=2 * given["rank"], threads=threads or None, **given)
    path = _file_of(model)
    result = train.trained(path, some, others[:test_rows], folder, plan, _says)
    adapter.exported(folder, path, folder / "adapter.gguf")
    loss = f"; loss on test rows {result.before:.3f} before, {result.after:.3f} after" if result.before else ""
    click.echo(
        f"{folder}: {result.steps} steps on {result.rows} rows, {result.seconds:.0f} s on the {result.device}{loss}"
    )


@main.command()
@click.argument("folder", type=_FOLDER)
@click.argument("out", type=_FILE)
@click.option("--model", default=store.SMALL, show_default=True, help="The model that it was trained for.")
def export(folder: Path, out: Path, model: str) -> None:
    """Write the adapter that peft saved in FOLDER as the GGUF file OUT, which the setting model.adapter takes."""
    adapter.exported(folder, _file_of(model), out)
    click.echo(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


@main.command("evaluate")
@click.argument("adapted", type=_FILE)
@_repository_options
@_model_options
@click.option(
    "--trained", "learnt", type=_FILE, multiple=True, help="Rows it was trained on: their functions are left out."
)
@click.option("--most", default=12, show_default=True, help="Functions of each repository, at most.")
@click.option("--seconds", default=6.0, show_default=True, help="For the search, a function.")
@click.option("--out", type=_FILE, help="The result as JSON, a row for each function.")
def evaluate_(
    adapted: Path,
    model: str,
    threads: int,
    learnt: Sequence[Path],
    most: int,
    seconds: float,
    out: Path | None,
    **chosen: Any,
) -> None:
    """Ask the model without and with the adapter ADAPTED about functions that the search leaves open; say which is better."""
    banned = excluded.listed() | {row.form for row in rows.read(learnt)}
    with ExitStack() as stack:
        some = [
            question
            for one in _opened(stack, **chosen)
            for question in evaluate.questions(one, most=most, seconds=seconds, excluded=banned, told=_says)
        ]
        models = [
            ("base", stack.enter_context(_asked(model, threads))),
            ("adapter", stack.enter_context(_asked(model, threads, adapted))),
        ]
        result = evaluate.compared(some, models, Settings(), _says)
    if out is not None:
        out.write_text(
            json.dumps({"model": model, "adapter": adapted.name, **result}, indent=1) + "\n", encoding="utf-8"
        )
    for name in ("base", "adapter"):
        click.echo(f"{name}: " + ", ".join(f"{key.replace('_', ' ')} {value:g}" for key, value in result[name].items()))
    click.echo(evaluate.sentence(result))


if __name__ == "__main__":
    with error_handler(_says):
        main()
