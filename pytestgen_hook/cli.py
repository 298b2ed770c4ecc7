"""The commands ``pytestgen-check`` and ``pytestgen``: options in, report out, exit status."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from pytestgen_hook import __version__
from pytestgen_hook.error_handler import error_handler
from pytestgen_hook.errors import FatalError
from pytestgen_hook.terminal import escaped, escaped_lines, styled, wants_colour

if TYPE_CHECKING:
    from pytestgen_hook.commands.options import CheckOptions, Progress
    from pytestgen_hook.report.text import Style
    from pytestgen_hook.report.verdict import Place
    from pytestgen_hook.types.report import Report

# Stated here as in types and config, and not imported from there: a commit without Python is to cost next to nothing.
MODES = ("fail", "write", "amend")
ENGINES = ("auto", "search", "model")
FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit", "markdown")
_SETTINGS = ("mode", "engine", "model", "budget", "python", "tests_dir", "header")
_GENERATING_HOOK = b"pytestgen-generate"

_EPILOG = """\b
Exit status: 0 nothing left to do, 1 untested functions or tests written that need a look,
2 wrong usage, settings or environment, 3 a bug of ours, 130 interrupted.

\b
Colour: FORCE_COLOR wins over NO_COLOR, that over TERM=dumb; otherwise on terminals only.
Settings: flags, then PYTESTGEN_* variables, then [tool.pytestgen] in pyproject.toml."""

_Function = TypeVar("_Function", bound=Callable[..., Any])


class _Guarded(click.Command):
    """A command whose exceptions all go through the one error handler."""

    def invoke(self, ctx: click.Context) -> Any:
        passed_on = (click.ClickException, click.exceptions.Exit, click.Abort)
        with error_handler(lambda text: _print(text, err=True), passed_on):
            _refuse_a_folder_that_is_gone()
            return super().invoke(ctx)


def _refuse_a_folder_that_is_gone() -> None:
    try:
        Path.cwd()
    except OSError as error:
        raise FatalError(f"the working folder: {error.strerror}. Change into one that is there.") from None


# -- printing ----------------------------------------------------------------------------------------------------------


def _print(text: str, *, err: bool = False, end: str = "\n") -> None:
    """Print, whatever the stream can encode; colour has been decided by then."""
    stream = sys.stderr if err else sys.stdout
    encoding = stream.encoding or "utf-8"
    data = (text + end).encode(encoding, "backslashreplace").decode(encoding)
    try:
        click.echo(data, err=err, nl=False, color=True)
    except OSError as error:
        if err or error.errno == errno.EPIPE:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # what is left in the buffer fails no more
        raise FatalError(f"the output cannot be written: {error.strerror}. All else has been done.") from None


def _print_patch(patch: str) -> None:
    """Print the patch as the bytes it stands for, which git can apply; on a terminal without control characters."""
    if sys.stdout.isatty():
        _print(escaped_lines(patch), end="")
    else:
        click.echo(patch.encode("utf-8", "surrogateescape"), nl=False)


def _environ(given: Mapping[str, Any]) -> Mapping[str, str]:
    """The environment that says how to print; ``--no-color`` wins over all of it."""
    return {**os.environ, "FORCE_COLOR": "0"} if given.get("no_color") else os.environ


def _colour(given: Mapping[str, Any], *, err: bool = False) -> bool:
    return wants_colour(_environ(given), is_terminal=(sys.stderr if err else sys.stdout).isatty())


# -- options -----------------------------------------------------------------------------------------------------------


def _together(options: Sequence[Callable[[_Function], _Function]]) -> Callable[[_Function], _Function]:
    def decorate(function: _Function) -> _Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


if TYPE_CHECKING:
    _ParamType = click.ParamType[tuple[str, Path | None]]
else:  # which older releases of click cannot be asked for
    _ParamType = click.ParamType

_path = click.Path(path_type=Path)
_file = click.Path(dir_okay=False, path_type=Path)


class _Output(_ParamType):
    """A format, or ``FORMAT:FILE``."""

    name = "format"

    def __init__(self, formats: Sequence[str]) -> None:
        self.formats = formats

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Path | None]:
        if isinstance(value, tuple):
            return value
        form, colon, file = str(value).partition(":")
        if form not in self.formats:
            self.fail(f"{form!r} is not one of {', '.join(self.formats)}.", param, ctx)
        if colon and not file:
            self.fail(f"{value!r} names no file after the colon.", param, ctx)
        return form, Path(file) if file else None


_range_options = _together(
    [
        click.argument("paths", nargs=-1, type=_path),
        click.option("--staged", is_flag=True, help="Check what is staged for the next commit. The default."),
        click.option("--since", metavar="REF", help="Check what the commits since the merge base with REF change."),
        click.option("--all", "everything", is_flag=True, help="Check every function of the repository."),
    ]
)
_push_option = click.option(
    "--pre-push", "remote", metavar="REMOTE", help="In git's pre-push hook: check what standard input says is pushed."
)
_mode_option = click.option(
    "--mode",
    type=click.Choice(MODES),
    help="fail (default): say what is untested; write: write tests into the work tree; amend: add them to the commit.",
)
_setting_options = _together(
    [
        click.option("--engine", type=click.Choice(ENGINES), help="Where proposed calls come from. Default: auto."),
        click.option("--model", metavar="NAME|FILE", help="The local model to ask. Default: qwen2.5-coder-1.5b."),
        click.option("--budget", type=float, metavar="SECONDS", help="Time for making tests. Default: 60."),
        click.option("--python", metavar="PATH", help="The project's interpreter, or the folder of its environment."),
        click.option("--tests-dir", metavar="DIR", help="Where new test files go. Default: learned from the project."),
        click.option("--header/--no-header", default=None, help="Begin new test files with a comment on their origin."),
    ]
)
_config_option = click.option(
    "--config", "config_file", type=_file, metavar="FILE", help="A TOML or YAML file of settings, not pyproject.toml."
)
_living_options = _together(
    [
        click.option(
            "--write-baseline",
            is_flag=True,
            help="Write what is found into the baseline, and take out what is solved; of every function by default.",
        ),
        click.option("--update-baseline", is_flag=True, help="Take what the range itself adds to the baseline."),
        click.option(
            "--add-ignores", metavar="REASON", help="Write comments that silence what is found into the sources."
        ),
        click.option("--isolated", is_flag=True, help="Read no file of settings."),
        click.option("--show-settings", is_flag=True, help="Print the settings and where each comes from, and exit."),
    ]
)
_diff_option = click.option(
    "--diff", is_flag=True, help="Print the tests that would be written as a patch; write nothing."
)


def _format_option(formats: Sequence[str]) -> Callable[[_Function], _Function]:
    told = f"{', '.join(formats)}; with a file: {formats[1]}:report.{formats[1]}. May be given several times."
    return click.option(
        "--output-format", "formats", type=_Output(formats), multiple=True, metavar="FORMAT[:FILE]", help=told
    )


_file_option = click.option(
    "--output-file",
    "files",
    type=_file,
    multiple=True,
    metavar="FILE",
    help="The first file takes the first format without one, and so on; text still goes to the terminal.",
)
_no_color_option = click.option("--no-color", is_flag=True, help="No colour, whatever the environment says.")
_output_options = _together(
    [
        _format_option(FORMATS),
        _file_option,
        click.option("--exit-zero", is_flag=True, help="Exit with 0 in place of 1. Errors keep their status."),
        click.option("-q", "--quiet", is_flag=True, help="Print nothing if there is nothing to do; no notes."),
        click.option(
            "-v",
            "--verbose",
            is_flag=True,
            help="Name the tests of tested functions, too, and say why each new test stays.",
        ),
        _no_color_option,
    ]
)
_version = click.version_option(__version__, prog_name="pytestgen-hook", message="%(prog)s %(version)s")


# -- commands ----------------------------------------------------------------------------------------------------------


@click.group(epilog=_EPILOG)
@_version
def pytestgen() -> None:
    """Finds the functions that a change left untested, and writes tests that earn their place."""


@click.command(cls=_Guarded, epilog=_EPILOG)
@_range_options
@_push_option
@_mode_option
@_setting_options
@_config_option
@_diff_option
@click.option("--no-cache", "anew", is_flag=True, help="Take nothing from earlier runs: measure and search anew.")
@click.option("--strength", is_flag=True, help="Also report functions whose tests notice none of a few small bugs.")
@click.option("--promises", is_flag=True, help="Also report functions that do other than their documentation says.")
@_living_options
@_output_options
@_version
def check(paths: tuple[Path, ...], staged: bool, since: str | None, everything: bool, **rest: Any) -> None:
    """Say which new or changed functions no passing test runs; with --mode write or amend, write tests for them.

    PATHS narrow the examined range to files and folders.
    """
    from pytestgen_hook.commands.check import check as run_check
    from pytestgen_hook.commands.check import settings_of
    from pytestgen_hook.commands.options import CheckOptions

    _refuse_together(rest)
    # Nothing is staged when a project begins: a baseline of that would be empty.
    everything = everything or (rest["write_baseline"] and not staged and since is None)
    scope, ref, until = _scope(staged, since, everything, is_push=rest["remote"] is not None)
    options = CheckOptions(
        paths,
        scope,
        ref,
        rest["diff"],
        rest["config_file"],
        _overrides(rest),
        rest["strength"],
        rest["anew"],
        rest["isolated"],
        rest["write_baseline"],
        rest["update_baseline"],
        (rest["add_ignores"] or "").strip(),
        until,
        promises=rest["promises"],
    )
    if scope == "staged" and not (staged or rest["show_settings"]):
        _refuse_a_run_without_a_range()
    if rest["show_settings"]:
        _print(settings_of(options, Path.cwd()), end="")
    elif scope == "push":
        _report(_of_push(rest["remote"], options), rest)
    else:
        _report(lambda progress: run_check(options, Path.cwd(), progress), rest)


pytestgen.add_command(check)


@pytestgen.command(cls=_Guarded)
@_setting_options
@_output_options
def amend(**rest: Any) -> None:
    """Write tests for the functions of the last commit, and amend that commit with them.

    Refused where the commit has been pushed, something else is staged, or a merge or rebase is in progress.
    """
    from pytestgen_hook.commands.amend import amend as run_amend

    _report(lambda progress: run_amend(Path.cwd(), _overrides(rest), progress), {**rest, "diff": False})


@pytestgen.command(cls=_Guarded)
@_range_options
@click.option("--fail-under", type=click.FloatRange(0, 100), metavar="PERCENT", help="Exit with 1 below this score.")
@click.option("--budget", type=float, metavar="SECONDS", help="Time for trying mutants. Default: 60.")
@click.option("--python", metavar="PATH", help="The project's interpreter, or the folder of its environment.")
@_config_option
@_format_option(FORMATS[:2])
@_file_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing unless --fail-under is missed; no notes.")
@_no_color_option
def strength(paths: tuple[Path, ...], staged: bool, since: str | None, everything: bool, **rest: Any) -> None:
    """Say what the tests that are there would notice: small bugs are put into new and changed functions, in memory.

    PATHS narrow the examined range to files and folders.
    """
    from pytestgen_hook.commands.options import CheckOptions
    from pytestgen_hook.commands.strength import strength as run_strength
    from pytestgen_hook.progress import shown

    outputs = _outputs(rest)
    scope, ref, until = _scope(staged, since, everything)
    options = CheckOptions(paths, scope, ref, False, rest["config_file"], _overrides(rest), until=until)
    try:
        with shown(_environ(rest), quiet=rest["quiet"]) as progress:
            report = run_strength(options, rest["fail_under"], Path.cwd(), progress)
        from pytestgen_hook.report import strength as report_of  # only now: the interpreter was to start first

        style = _style({**rest, "verbose": False, "diff": False})

        def rendered(form: str, colour: bool) -> str:
            return report_of.render_json(report) if form == "json" else report_of.render_text(report, style(colour))

        text = rendered(next((form for form, file in outputs if file is None), "text"), _colour(rest))
        for form, file in outputs:
            if file is not None:
                _save(file, rendered(form, False))
        status = report_of.exit_status(report)
    except Exception as error:  # goes on to the error handler; programs are to be told as well
        _tell_programs(error, outputs, _strength_without_verdict)
        raise
    _print(text, end="")
    raise SystemExit(status)


@pytestgen.command(cls=_Guarded)
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Explain a rule, or list them all."""
    from pytestgen_hook.commands.explain import explain as run_explain

    _print(run_explain(code))


@pytestgen.command(cls=_Guarded)
@_setting_options
@_config_option
def doctor(config_file: Path | None, **settings: Any) -> None:
    """Say what a run would find here, why, and what is missing; exit status 2 if something is."""
    from pytestgen_hook.commands.doctor import diagnose

    facts = diagnose(Path.cwd(), os.environ, config_file, settings)
    colour = _colour({})
    for fact in facts:
        mark = styled("!!", "red", colour=colour) if fact.problem else styled("ok", "green", colour=colour)
        remedy = f" -> {styled(escaped(fact.remedy), 'cyan', colour=colour)}" if fact.remedy else ""
        _print(f"{mark} {fact.topic + ':':<13}{escaped(fact.told)}{remedy}")
    if any(fact.problem for fact in facts):
        raise SystemExit(2)


@pytestgen.command(cls=_Guarded)
@click.option("--repo", metavar="URL", help="A git repository to install from, in place of the package index.")
@click.option("--diff", is_flag=True, help="Print the files as a patch; write nothing.")
def init(repo: str | None, diff: bool) -> None:
    """Set up this repository: the commit hook and the workflow for pull requests.

    Files that are there keep every line; what is set up already is left alone.
    """
    from pytestgen_hook.commands.init import plan, write
    from pytestgen_hook.report.diffs import render_diffs

    planned = plan(Path.cwd(), repo)
    if diff:
        _print_patch(render_diffs(planned.edits))
    else:
        write(planned)
    for line in planned.told:
        _print(escaped_lines(line), err=diff)
    if planned.left_to_do:
        raise SystemExit(1)


@pytestgen.group()
def model() -> None:
    """Fetch, list, check and remove the models that run on this machine. Nothing else ever downloads one.

    A model is a name of `pytestgen model list`, a .gguf file, or hf:OWNER/REPO/FILE.gguf[@REVISION] of the Hugging Face Hub.
    """


_models_argument = click.argument("names", nargs=-1, metavar="[MODEL]...")


@model.command("list", cls=_Guarded)
@_config_option
def list_models(config_file: Path | None) -> None:
    """List the models that are known, declared in the settings, or here."""
    from pytestgen_hook.commands.model import declared, listed

    for line in listed(declared(Path.cwd(), config_file, os.environ)):
        _print(escaped(line))


@model.command("pull", cls=_Guarded)
@_models_argument
@click.option("--offline", is_flag=True, help="Use no network: only what the cache of the Hugging Face Hub has.")
@_config_option
@click.option("-q", "--quiet", is_flag=True, help="Print nothing unless it goes wrong.")
def pull_models(names: tuple[str, ...], offline: bool, config_file: Path | None, quiet: bool) -> None:
    """Fetch models once, and check their SHA-256; the default one if none is named."""
    from pytestgen_hook.commands.model import declared, pull
    from pytestgen_hook.progress import shown

    models = declared(Path.cwd(), config_file, os.environ)
    with shown(os.environ, quiet=quiet) as progress:
        lines = pull(names, models, progress, offline=offline)
    for line in [] if quiet else lines:
        _print(escaped(line))


@model.command("path", cls=_Guarded)
@click.argument("name", metavar="MODEL")
@_config_option
def model_path(name: str, config_file: Path | None) -> None:
    """Print where the file of a model lies; exit status 2 if it is not here."""
    from pytestgen_hook.commands.model import declared
    from pytestgen_hook.model import store

    _print(escaped(str(store.required(store.resolve(name, declared(Path.cwd(), config_file, os.environ))))))


@model.command("verify", cls=_Guarded)
@_models_argument
@_config_option
def verify_models(names: tuple[str, ...], config_file: Path | None) -> None:
    """Read models whole and compare their SHA-256; all that are here if none is named. Exit status 1 if one is wrong."""
    from pytestgen_hook.commands.model import declared, verify
    from pytestgen_hook.progress import shown

    models = declared(Path.cwd(), config_file, os.environ)
    with shown(os.environ, quiet=False) as progress:
        lines, right = verify(names, models, progress)
    for line in lines:
        _print(escaped(line))
    raise SystemExit(0 if right else 1)


@model.command("remove", cls=_Guarded)
@click.argument("names", nargs=-1, required=True, metavar="MODEL...")
@_config_option
def remove_models(names: tuple[str, ...], config_file: Path | None) -> None:
    """Remove the files of models that were fetched; what the cache of the Hugging Face Hub has of them stays there."""
    from pytestgen_hook.commands.model import declared, remove

    for line in remove(names, declared(Path.cwd(), config_file, os.environ)):
        _print(escaped(line))


@pytestgen.group()
def ci() -> None:
    """The steps of the GitHub action; they read their inputs and the event from the environment."""


def _said(text: str) -> None:
    _print(text)
    sys.stdout.flush()


@ci.command("check", cls=_Guarded)
def ci_check() -> None:
    """Check what the event is about, and set the outputs of the step."""
    from pytestgen_hook.commands.ci import check as run_check

    raise SystemExit(run_check(os.environ, Path.cwd(), _said))


@ci.command("model", cls=_Guarded)
def ci_model() -> None:
    """Say where the model lies and by which key it is cached, check and fetch it, and set the outputs of the step."""
    from pytestgen_hook.commands.ci import model as run_model
    from pytestgen_hook.progress import shown

    with shown(os.environ, quiet=False) as progress:
        raise SystemExit(run_model(os.environ, Path.cwd(), progress, _said))


@ci.command("comment", cls=_Guarded)
@click.argument("report", type=_file)
def ci_comment(report: Path) -> None:
    """Comment on the pull request with what REPORT, the report as JSON, says."""
    from pytestgen_hook.commands.ci import comment as run_comment

    raise SystemExit(run_comment(os.environ, report, _said))


@ci.command("commit", cls=_Guarded)
@click.argument("folder", type=_path)
def ci_commit(folder: Path) -> None:
    """Push the tests in FOLDER, what `ci check` has left, as a commit on the branch that was checked."""
    from pytestgen_hook.commands.ci import commit as run_commit

    raise SystemExit(run_commit(os.environ, folder, _said))


@ci.command("pull-request", cls=_Guarded)
@click.argument("folder", type=_path)
def ci_pull_request(folder: Path) -> None:
    """Push the tests in FOLDER, what `ci check` has left, as a branch, and open a pull request."""
    from pytestgen_hook.commands.ci import pull_request as run_pull_request

    raise SystemExit(run_pull_request(os.environ, folder, _said))


# -- from options to a report ------------------------------------------------------------------------------------------


def _scope(staged: bool, since: str | None, everything: bool, *, is_push: bool | None = None) -> tuple[str, str, str]:
    """Return the scope, the ref that a range begins at and the one that ends it.

    Without a flag, it is the range that pre-commit was told of, or what is staged. ``is_push`` is None for a command that
    does not examine pushes as such.
    """
    if sum((staged, since is not None, everything, bool(is_push))) > 1:
        raise click.UsageError("--staged, --since, --all and --pre-push exclude one another.")
    if since is not None:
        if not since.strip():
            raise click.UsageError("--since needs a ref, such as origin/main.")
        return "since", since, "HEAD"
    if everything:
        return "all", "", "HEAD"
    # `pre-commit run --from-ref` and pre-push: nothing is staged then, and finding nothing would be a wrong green.
    if is_push or (is_push is not None and os.environ.get("PRE_COMMIT_REMOTE_NAME") and not staged):
        return "push", "", ""
    ref = os.environ.get("PRE_COMMIT_FROM_REF", "")
    if ref and not staged:
        return "since", ref, os.environ.get("PRE_COMMIT_TO_REF") or "HEAD"
    return "staged", "", "HEAD"


def _refuse_a_run_without_a_range() -> None:
    """Raise FatalError where a manager of hooks is run in CI by itself, as by ``pre-commit run --all-files``.

    Nothing is staged then and no range is named: to be green would say that all is tested.
    """
    from pytestgen_hook.progress import in_ci

    # Git names its index to the hooks of a commit.
    if "PRE_COMMIT" not in os.environ or "GIT_INDEX_FILE" in os.environ or not in_ci(os.environ):
        return
    from pytestgen_hook.git import Repository

    if not Repository.open(Path.cwd()).has_staged_changes():
        raise FatalError(
            "nothing is staged and no range is named, so nothing would be checked. Run `pre-commit run --from-ref origin/main "
            "--to-ref HEAD`, or leave this hook out with SKIP=pytestgen-check."
        )


def _of_push(remote: str | None, options: CheckOptions) -> Callable[[Progress], Report]:
    """Return the check of what is pushed: to ``remote`` as git says on standard input, or as a hook manager says."""
    from pytestgen_hook.commands.pushed import check_pushed, told_by_git, told_by_manager

    told = told_by_manager(os.environ) if remote is None else None
    to, pushes = told or (remote or "", told_by_git(_standard_input()))
    return lambda progress: check_pushed(to, pushes, options, Path.cwd(), progress, is_first=told is not None)


def _standard_input() -> str:
    """Return what git tells its pre-push hook, refusing to wait for a person to type it."""
    if sys.stdin is None or sys.stdin.isatty():
        return ""
    return sys.stdin.buffer.read().decode("utf-8", "replace")


def _refuse_together(given: Mapping[str, Any]) -> None:
    if given["isolated"] and given["config_file"] is not None:
        raise click.UsageError("--isolated and --config exclude one another.")
    reason = given["add_ignores"]
    if reason is not None and (not reason.strip() or not reason.isprintable() or "#" in reason):
        raise click.UsageError("--add-ignores needs a reason, which the comments will give: one line, without #.")
    chosen = [name for name in ("write_baseline", "add_ignores") if given[name]]
    if len(chosen) > 1 or (chosen and given["mode"] not in (None, "fail")):
        raise click.UsageError("--write-baseline, --add-ignores and the modes that write tests exclude one another.")
    if given["write_baseline"] and given["diff"]:
        raise click.UsageError("--write-baseline and --diff exclude one another.")


def _overrides(given: Mapping[str, Any]) -> tuple[tuple[str, object], ...]:
    return tuple((name, given[name]) for name in _SETTINGS if given.get(name) is not None)


def _report(command: Callable[[Progress], Report], given: Mapping[str, Any]) -> NoReturn:
    """Run a command that makes a report, print the report, and exit."""
    from pytestgen_hook.progress import shown
    from pytestgen_hook.report.verdict import exit_status

    outputs = _outputs(given)
    try:
        with shown(_environ(given), quiet=given["quiet"]) as progress:
            report = command(progress)
        style = _style(given)
        print_it = _printing(report, next((form for form, file in outputs if file is None), "text"), style, given)
        texts = [(file, _rendered(report, form, style(False))) for form, file in outputs if file is not None]
        for file, text in texts:
            _save(file, text)
        _summarise(report, [form for form, _ in outputs], style(False))
        status = exit_status(report)
    except Exception as error:  # goes on to the error handler; programs are to be told as well
        _tell_programs(error, outputs, _without_verdict)
        raise
    print_it()  # last: what is printed cannot be taken back, and would have to tell what goes wrong after it
    raise SystemExit(0 if given["exit_zero"] and not report.interrupted else status)


def _tell_programs(
    error: Exception, outputs: Sequence[tuple[str, Path | None]], rendered: Callable[[tuple[str, str]], str]
) -> None:
    """Write JSON that says why there is no verdict, where JSON was asked for."""
    told = (error.kind, str(error)) if isinstance(error, FatalError) else ("bug", f"{type(error).__name__}: {error}")
    for form, file in outputs:
        if form == "json":
            text = rendered(told)
            with contextlib.suppress(FatalError):  # what went wrong first is what is to be said
                _print(text, end="") if file is None else _save(file, text)


def _without_verdict(error: tuple[str, str]) -> str:
    """Return the report of a check that came to no verdict: a kind of error, and the message."""
    from pytestgen_hook.report.text import Style
    from pytestgen_hook.types.report import Report

    return _rendered(Report((), error=error), "json", Style())


def _strength_without_verdict(error: tuple[str, str]) -> str:
    """Return the same of ``pytestgen strength``."""
    from pytestgen_hook.report.strength import render_json
    from pytestgen_hook.types.strength import StrengthReport

    return render_json(StrengthReport(error=error))


def _outputs(given: Mapping[str, Any]) -> list[tuple[str, Path | None]]:
    """Pair the formats with the files that they go to; at most one goes to standard output."""
    formats, files = given["formats"] or (("text", None),), list(given["files"])
    outputs = [(form, file or (files.pop(0) if files else None)) for form, file in formats]
    if files:
        raise click.UsageError("there are more --output-file than --output-format.")
    shown = [form for form, file in outputs if file is None]
    if len(shown) > 1:
        raise click.UsageError(
            f"{' and '.join(shown)} would both be printed. Give all but one a file: {shown[0]}:report.{shown[0]}"
        )
    written = [file for _, file in outputs if file is not None]
    if written:
        from pytestgen_hook.commands.options import refuse_sources

        refuse_sources(written, Path.cwd())
    return outputs


def _style(given: Mapping[str, Any]) -> Callable[[bool], Style]:
    from pytestgen_hook.report.text import Style

    place = _place()

    def style(colour: bool) -> Style:
        return Style(colour, given["quiet"], given["verbose"], given["diff"], place)

    return style


def _rendered(report: Report, form: str, style: Style) -> str:
    if form == "json":
        from pytestgen_hook.report.data import render_json

        return render_json(report, diff=style.diff, place=style.place)
    if form in ("gitlab", "sarif", "junit", "markdown"):
        renderer = import_module(f"pytestgen_hook.report.{form}")
        text: str = getattr(renderer, f"render_{form}")(report, style)
        return text
    if form == "github":
        from pytestgen_hook.report.github import render_github

        return render_github(report, style)
    from pytestgen_hook.report.text import render_text

    return render_text(report, style)


def _summarise(report: Report, forms: Sequence[str], style: Style) -> None:
    """Add the table to the summary of the step in GitHub Actions, if the run says things to GitHub."""
    summary = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if "github" not in forms or not summary:
        return
    from pytestgen_hook.report.markdown import summary_of

    try:
        with Path(summary).open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(summary_of(report, style, there=stream.tell()))
    except OSError as error:
        _print(f"note: GITHUB_STEP_SUMMARY cannot be written: {error.strerror}", err=True)


def _printing(
    report: Report, form: str, style: Callable[[bool], Style], given: Mapping[str, Any]
) -> Callable[[], None]:
    """Render a format, and return what prints it."""
    if form == "text" and style(False).diff:
        from pytestgen_hook.report.diffs import render_diffs

        patch, told = render_diffs(report.edits), _rendered(report, form, style(_colour(given, err=True)))

        def print_both() -> None:
            _print_patch(patch)
            _print(told, err=True, end="")

        return print_both
    text = _rendered(report, form, style(_colour(given) and form in ("text", "github")))
    return lambda: _print(text, end="")


def _save(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
    except OSError as error:
        raise FatalError(f"--output-file {file}: {error.strerror}. Name a file that can be written.") from None


def _place() -> Place:
    """Where the reader stands, and the commands that would work from there."""
    import shlex

    from pytestgen_hook.report.verdict import Place

    called = Path(sys.argv[0])
    again = shlex.join(["pytestgen" if called.stem == "__main__" else called.name, *sys.argv[1:]])
    cwd = Path.cwd()
    top = next((folder for folder in (cwd, *cwd.parents) if (folder / ".git").exists()), cwd)
    base = cwd.relative_to(top).as_posix()
    base = "" if base == "." else base
    if "PRE_COMMIT" not in os.environ:
        return Place(base, again=again)
    # The environment that pre-commit made is not on the user's PATH.
    try:
        offered = _GENERATING_HOOK in (top / ".pre-commit-config.yaml").read_bytes()
    except OSError:
        offered = False
    if offered:
        generating = "pre-commit run --hook-stage manual pytestgen-generate"
        return Place(base, generating, whole=True, again=generating)
    ours = str(called.absolute())
    return Place(base, shlex.quote(ours), again=shlex.join([ours, *sys.argv[1:]]))
