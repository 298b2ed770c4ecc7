"""The engine that asks a local model: search first, then calls from the model for what that left, judged as all others are."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytestgen_hook import claims, reasons, render, sandbox
from pytestgen_hook.cache import Cache
from pytestgen_hook.engines import search
from pytestgen_hook.engines.search import Bench, Task
from pytestgen_hook.model import answers, expected, names, prompts
from pytestgen_hook.model.calls import Asked, Settings, ask
from pytestgen_hook.naming import Facts, Untold
from pytestgen_hook.types.changes import Function, Kind
from pytestgen_hook.types.generated import Compared, Exploration

if TYPE_CHECKING:
    from pytestgen_hook.model.local import LocalModel

KIND = "exploration-model"
N_CTX = 4096  # the constant part, a function, and some answers side by side
SEARCH_SECONDS = (
    4.0  # for what a search makes of the calls that were proposed for one function, if there is no time for more
)
ASK_SECONDS = 7.5  # for the answers about one function, likewise
LEAST_ASK_SECONDS = 4.0  # left of these: in less the model reads what is wanted, and says nothing
ASK_SHARE = 0.65  # of the time for one function, if there is more
LEAST_SECONDS = 5.0  # left of the budget: below that nothing more is asked
_MOST_KNOWN_THROUGH = 40  # calls of the same caller that were proposed for other functions
RESERVED = 0.4  # of the budget, where the model is wanted whatever it costs
DOUBT_SECONDS = 15.0  # for what the documentation of one function lets expect, if there is no time for more


@dataclass(frozen=True, slots=True)
class Speaker:
    """Whom to ask: ``identity`` gives what stands for the weights, ``load`` makes the model ready, which is done at most once.

    Neither is called where nothing is to be asked. ``is_wanted``: a part of the budget is kept for it; ``names``: it is asked
    for those of cases, too; ``doubts`` says of which functions it is asked, last of all, what their documentation lets
    expect, and ``noted`` is told what calls of them do otherwise. ``asking`` is told how many functions it will be asked
    about, and ``told`` how fast the answers come.
    """

    identity: Callable[[], str]
    load: Callable[[], LocalModel]
    settings: Settings = field(default_factory=Settings)
    is_wanted: bool = False
    names: bool = False
    doubts: Callable[[Function], bool] = lambda _: False
    noted: Callable[[str], None] = lambda _: None
    asking: Callable[[int], None] = lambda _: None
    told: Callable[[str], None] = lambda _: None


def explore(
    tasks: Sequence[Task],
    bench: Bench,
    speaker: Speaker,
    *,
    seconds: float,
    done: Callable[[Exploration], None],
    cache: Cache | None = None,
    answered: Callable[[], None] = lambda: None,
) -> Generator[list[tuple[int, Exploration]]]:
    """Explore every task as ``search.explore`` does; where that leaves something, ask the model, as long as there is time.

    What has nothing left, or nothing that a model could help with, is yielded as soon as it is searched. Names are asked for
    after that, for nothing is reached with them, and doubts when all has been yielded: nobody waits for them. A model that is
    wanted is loaded from now on, unless it was asked of all before.
    ``answered`` is called each time the model has proposed calls, before these are tried: it leaves room on the cores then.
    """
    loading = _Loading(speaker)
    if speaker.is_wanted and any(_answer_of(task, speaker, cache) is None for task in tasks):
        loading.begin()
    return _explored(tasks, bench, speaker, loading, seconds=seconds, done=done, cache=cache, answered=answered)


def _explored(
    tasks: Sequence[Task],
    bench: Bench,
    speaker: Speaker,
    loading: _Loading,
    *,
    seconds: float,
    done: Callable[[Exploration], None],
    cache: Cache | None,
    answered: Callable[[], None],
) -> Generator[list[tuple[int, Exploration]]]:
    end = time.monotonic() + seconds
    open_ends: dict[int, Exploration] = {}
    unnamed: dict[int, Exploration] = {}
    doubtful: dict[int, Exploration] = {}

    def is_unnamed(task: Task, found: Exploration) -> bool:
        """Whether a model could choose names for some of the cases."""
        return speaker.names and bool(_untold(_facts(bench, task, found)))

    kept = seconds * RESERVED if speaker.is_wanted else 0.0
    hunt = search.explore(tasks, bench, seconds=seconds - kept, done=done, cache=cache)
    with ExitStack() as opened:
        opened.enter_context(closing(loading))
        with closing(hunt):
            for over in hunt:
                asked = {
                    position: found for position, found in over if is_open(found) or is_unnamed(tasks[position], found)
                }
                open_ends |= asked
                rest = [(position, found) for position, found in over if position not in asked]
                if speaker.is_wanted:  # else it is asked only about functions for which it is loaded anyway
                    doubtful |= rest
                if rest:
                    yield rest
        if not open_ends and not doubtful:
            return
        if open_ends:
            speaker.asking(len(open_ends))
        session = _Session(bench, speaker, loading, cache, opened, answered)
        most_first = sorted(open_ends, key=lambda position: (-_worth(open_ends[position]), position))
        for at, position in enumerate(most_first):
            left = end - time.monotonic()
            found = open_ends[position]
            if is_open(found):
                found = session.more(tasks[position], found, left, left / (len(most_first) - at))
            if is_unnamed(tasks[position], found):
                unnamed[position] = found
            else:
                doubtful[position] = found
                done(found)
                yield [(position, found)]
        for at, (position, found) in enumerate(unnamed.items()):
            left = end - time.monotonic()
            found = session.named(tasks[position], found, left, left / (len(unnamed) - at))
            doubtful[position] = found
            done(found)
            yield [(position, found)]
        session.doubt([(tasks[position], found) for position, found in doubtful.items()], end, done)


def is_open(exploration: Exploration) -> bool:
    """Whether there is something left that calls from a model may reach."""
    left = exploration.left
    if exploration.refused or left is None or not left.get("form"):
        return False
    return any(left.get(part) for part in ("lines", "branches", "mutants"))


def _worth(exploration: Exploration) -> int:
    left = exploration.left or {}
    return 3 * len(left["lines"]) + 2 * len(left["branches"]) + len(left["mutants"])


class _Loading:
    """The model of a speaker, which is loaded once, beside other work where that begins early."""

    def __init__(self, speaker: Speaker) -> None:
        self._speaker = speaker
        self._opened = ExitStack()
        self._pool = ThreadPoolExecutor(1)
        self._begun: Future[LocalModel] | None = None

    def begin(self) -> Future[LocalModel]:
        """Load it now, in a thread."""
        if self._begun is None:
            self._begun = self._pool.submit(lambda: self._opened.enter_context(self._speaker.load()))
        return self._begun

    def model(self) -> LocalModel:
        """Return it as soon as it is loaded. Raises what ``load`` raises."""
        return self.begin().result()

    def close(self) -> None:
        """Free its memory. Closing twice does no harm."""
        self._pool.shutdown()
        self._opened.close()


def _answer_of(task: Task, speaker: Speaker, cache: Cache | None) -> Mapping[str, Any] | None:
    """Return what an earlier run made of the answers about a task, None where it was not asked, or nothing is kept."""
    return cache.get(KIND, _key_of_exploration(task, speaker)) if cache is not None and task.key else None


def _key_of_exploration(task: Task, speaker: Speaker) -> str:
    return answers.key(_key(task, speaker), search.engine())


def _key(task: Task, speaker: Speaker) -> str:
    return answers.key(task.key, speaker.identity(), speaker.settings.key())


class _Session:
    """The model and the runtime that judges what it proposes, each made when it is first needed."""

    def __init__(
        self,
        bench: Bench,
        speaker: Speaker,
        loading: _Loading,
        cache: Cache | None,
        opened: ExitStack,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._bench = bench
        self._speaker = speaker
        self._loading = loading
        self._cache = cache
        self._opened = opened
        self._answered = answered
        self._through: dict[tuple[str, ...], dict[str, None]] = {}  # the calls proposed of each caller
        self._runtime: sandbox.Runtime | None = None

    def more(self, task: Task, first: Exploration, left: float, share: float) -> Exploration:
        """Return the exploration with what the model's calls add; as it is where there is no time, or nothing is added.

        The model is asked for more only if its first answers bring nothing.
        ``left`` are the seconds left for all, ``share`` those that are this function's.
        """
        key = _key(task, self._speaker) if task.key else ""
        kept = self._kept(task, first)
        if kept is not None:
            return kept
        started = time.monotonic()
        self._runtime = self._started()  # beside the model's first answers
        self._runtime.prepare(task.module, task.function.path, search.MOST_IMPORT_SECONDS)
        calls: list[str] = []
        tokens, asking = 0, 0.0
        second, answer = None, None
        for on in (False, True):
            spent = time.monotonic() - started
            asked = self._asked(task, first, key, left - spent, max(ASK_SECONDS, ASK_SHARE * share) - asking, on)
            if asked is None:
                break
            asking += time.monotonic() - started - spent
            new = [call for call in asked[0] if call not in calls]
            calls += new
            tokens += asked[1]
            known, texts = self._known_through(first, new)
            spent = time.monotonic() - started
            if (new or known) and left - spent > search.LEAST_SECONDS:
                self._answered()
                seconds = min(left - spent, search.MOST_SECONDS, max(SEARCH_SECONDS, share - spent))
                second, answer = self._searched(task, first, [*calls, *known], texts, seconds, left - spent)
            if second is not None and second.cases:
                break  # a person waits: what a second question adds to tests that are there takes longer than they took
        if not tokens:
            return first
        if answer is not None and self._cache is not None and key:
            self._cache.put(
                KIND,
                _key_of_exploration(task, self._speaker),
                {"answer": dict(answer), "tokens": tokens, "had": _shown(first)},
            )
        return joined(first, second, tokens, first.seconds + time.monotonic() - started)

    def _known_through(self, first: Exploration, new: Sequence[str]) -> tuple[list[str], list[str]]:
        """Return the calls that were proposed of the same caller for other functions, and the texts in those of any caller.

        What a caller takes suits all that it leads to. The ``new`` ones are kept for those to come.
        """
        through = tuple((first.left or {}).get("through") or ())
        if not through:
            return [], []
        known = self._through.setdefault(through, {})
        others = [call for call in known if call not in new]
        known.update(dict.fromkeys(new))
        texts = [text for calls in self._through.values() for call in calls for text in _texts_in(call)]
        return others[-_MOST_KNOWN_THROUGH:], _various(texts)

    def named(self, task: Task, found: Exploration, left: float, share: float) -> Exploration:
        """Return the exploration with names for cases that have no telling one, each true of its case and of no other.

        With the name goes the reason why the case stays, where there are several.
        """
        facts = _facts(self._bench, task, found)
        asked = _untold(facts)
        some = list(asked)[: names.MOST_CASES]
        if not some:
            return found
        shown = [render.spoken(found.cases[case.index]) for case in some]
        why = reasons.menus(found, _source(self._bench, task).decode("utf-8", "replace"))
        texts = [{reason.short: reason.text for reason in why[case.index]} for case in some]
        menus = [names.Menu(tuple(asked[case]), tuple(of_case)) for case, of_case in zip(some, texts, strict=True)]
        said, tokens = self._said(task, facts, shown, menus, left, share)
        cases = list(found.cases)
        for case, of_case, menu, one in zip(some, texts, menus, said, strict=False):
            name, reason = names.parted(one)
            if name in menu.names:
                cases[case.index] = replace(cases[case.index], words=name, reason=of_case.get(reason, ""))
        return replace(found, cases=tuple(cases), tokens=(found.tokens or 0) + tokens if said else found.tokens)

    def _said(
        self, task: Task, facts: Facts, shown: Sequence[str], menus: Sequence[names.Menu], left: float, share: float
    ) -> tuple[Sequence[str], int]:
        """Return what the model says of each case, and the tokens that took; nothing where there is no time for it."""
        asked = [[menu.names, menu.reasons] for menu in menus]
        key = answers.key(task.key, self._speaker.identity(), names.VERSION, shown, asked) if task.key else ""
        kept = answers.kept(self._cache, key) if key else None
        if kept is not None:
            return kept
        started = time.monotonic()
        model = self._ready(names.prefix(), left)
        if model is None or facts.node is None:
            return [], 0
        seconds = min(left - (time.monotonic() - started), max(ASK_SECONDS, share))
        try:
            answer = names.ask(model, task.function, facts.node, shown, menus, seconds=seconds)
        except ValueError:  # a function that does not fit into a prompt
            return [], 0
        if key and not answer.cut:
            answers.keep(self._cache, key, answer.said, answer.tokens)
        return answer.said, answer.tokens

    def doubt(self, found: Sequence[tuple[Task, Exploration]], end: float, done: Callable[[Exploration], None]) -> None:
        """Note what calls do otherwise than the documentation lets the model expect, as long as there is time."""
        asked = []
        for task, exploration in found:
            about = self._documented_calls(task, exploration) if self._speaker.doubts(exploration.function) else None
            if about is not None:
                asked.append((task, exploration, *about))
        if asked:
            self._speaker.asking(len(asked))
        for at, (task, exploration, source, calls) in enumerate(asked):
            function = task.function
            left = end - time.monotonic()
            share = max(DOUBT_SECONDS, left / (len(asked) - at))
            doubt = self._doubt(task, source, calls, left, share)
            if doubt:
                call, observed, answer = doubt
                self._speaker.noted(
                    f"{function.path}:{function.def_line}: {function.qualname}: by its docstring alone the model expects "
                    f"`{call}{answer}`, and it{_in_words(observed)}. The model may be wrong: compare the two."
                )
            done(exploration)

    def _documented_calls(self, task: Task, found: Exploration) -> tuple[str, list[expected.Call]] | None:
        """Return documentation and plain calls of a function; None where these cannot be held against each other."""
        if found.refused or found.is_suspect or found.function.kind is not Kind.FUNCTION:
            return None
        node = _facts(self._bench, task, found).node
        source = expected.documented(node) if node is not None else None
        pairs = [pair for case in found.cases if (pair := render.call_and_outcome(case))]
        calls = [call for call in (expected.Call(*pair) for pair in pairs) if expected.is_sayable(call)]
        some = sorted(calls, key=lambda call: len(call.text))[: expected.MOST_CALLS]
        return (source, some) if source and some else None

    def _doubt(
        self, task: Task, source: str, calls: Sequence[expected.Call], left: float, share: float
    ) -> Sequence[str]:
        """Return call, what it does and what the model expects, of the greatest telling disagreement; nothing if none is."""
        key = answers.key(task.key, self._speaker.identity(), expected.VERSION, source, [str(call) for call in calls])
        kept = answers.kept(self._cache, key) if task.key else None
        if kept is not None:
            return kept[0][:3]
        started = time.monotonic()
        model = self._ready(expected.prefix(), left)
        if model is None:
            return []
        seconds = min(left - (time.monotonic() - started), share)
        try:
            found = expected.expectations(model, source, calls, seconds=seconds)
        except ValueError:  # a function that does not fit into a prompt
            return []
        most = max((one for one in found if one.is_telling), key=lambda one: one.margin, default=None)
        doubt = [most.call.text, most.call.observed, most.answer.rstrip()] if most else []
        if task.key and len(found) == len(calls):
            answers.keep(self._cache, key, doubt, 0)
        return doubt

    def _kept(self, task: Task, first: Exploration) -> Exploration | None:
        """Return what an earlier run made of the same cases of the search and the same answer."""
        value = _answer_of(task, self._speaker, self._cache)
        try:
            if value is None or value["had"] != _shown(first):
                return None
            return joined(first, search.exploration(task, value["answer"]), int(value["tokens"]), 0.0)
        except (LookupError, TypeError, ValueError, AttributeError):  # not as we write it
            return None

    def _asked(
        self, task: Task, first: Exploration, key: str, left: float, seconds: float, on: bool
    ) -> tuple[list[str], int] | None:
        """Return the calls that the model proposes, first or going ``on``, and their tokens; None where it was not asked.

        ``left`` are the seconds left for all, ``seconds`` those for this answer.
        """
        key = f"{key} on" if key and on else key
        kept = answers.kept(self._cache, key) if key else None
        if kept is not None:
            return kept
        if seconds < LEAST_ASK_SECONDS:
            return None
        started = time.monotonic()
        model = self._ready(prompts.prefix(), left) if first.left is not None else None
        if model is None or first.left is None:
            return None
        left -= time.monotonic() - started
        try:
            asked: Asked = ask(
                model,
                task.function,
                _source(self._bench, task),
                first.left,
                first.left["form"],
                shown_calls(first),
                self._speaker.settings,
                seconds=min(left, seconds),
                told=lambda rate: self._speaker.told(f"{task.function.qualname} {rate:.0f} tokens/s"),
                on=on,
            )
        except ValueError:  # a function that does not fit into a prompt
            return None
        if key and not asked.cut:
            answers.keep(self._cache, key, asked.calls, asked.tokens)
        return list(asked.calls), asked.tokens

    def _ready(self, prefix: str, left: float) -> LocalModel | None:
        """Return the model, loaded, with the constant part of a question read; None where too little time is left for one."""
        if left < LEAST_SECONDS:
            return None
        started = time.monotonic()
        model = self._loading.model()
        model.prepare(prefix)
        return model if left - (time.monotonic() - started) >= LEAST_SECONDS else None

    def _started(self) -> sandbox.Runtime:
        """Return the runtime that judges, which is started where there is none, or none any more."""
        return self._runtime or self._opened.enter_context(search.runtime(self._bench, "model"))

    def _searched(
        self,
        task: Task,
        first: Exploration,
        calls: Sequence[str],
        texts: Sequence[str],
        seconds: float,
        left: float,
    ) -> tuple[Exploration | None, Mapping[str, Any] | None]:
        runtime = self._started()
        more: dict[str, Any] = {"proposed": list(calls), "texts": list(texts), "had": _shown(first)}
        if first.left is not None:
            more |= {"avoid": bool(first.left["avoid"]), "through": first.left["through"]}
        self._runtime = None
        found, self._runtime = search.ask(runtime, 0, task, seconds, left, hypothesis=False, more=more)
        return found.exploration, found.answer


def _in_words(observed: str) -> str:
    """Return an outcome as what a call does: ``" gives 3"`` or ``" raises ValueError"``."""
    return observed.replace(" == ", " gives ", 1) if observed.startswith(" == ") else observed


def _various(texts: Sequence[str]) -> list[str]:
    """Return some of the texts, those with words and marks last that none of the others has: the last are tried first."""
    words = {text: set(re.findall(r"\w+|[^\w\s]+", text)) for text in texts}
    chosen: list[str] = []
    known: set[str] = set()
    while words and len(chosen) < _MOST_KNOWN_THROUGH:
        best = max(words, key=lambda text: (len(words[text] - known), -len(text)))
        known |= words.pop(best)
        chosen.append(best)
    return chosen[::-1]


@lru_cache(maxsize=4096)
def _texts_in(call: str) -> tuple[str, ...]:
    """Return the texts that a proposed call gives; kept, since those of all calls are wanted for each further function."""
    try:
        tree = ast.parse(call)
    except (SyntaxError, ValueError, RecursionError):
        return ()
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    texts = [value.decode("utf-8", "replace") if isinstance(value, bytes) else value for value in values]
    return tuple(text for text in texts if isinstance(text, str))


def _source(bench: Bench, task: Task) -> bytes:
    return bench.tree.joinpath(*task.function.path.split("/")).read_bytes()


def _facts(bench: Bench, task: Task, found: Exploration) -> Facts:
    return Facts(found.function, found.cases, _source(bench, task).decode("utf-8", "replace"))


def _untold(facts: Facts) -> dict[Untold, list[str]]:
    """Return the cases that have no telling name, and what is true of each of them and of none that it is to be told from."""
    some = render.unnamed(facts) if facts.node is not None and facts.cases else []
    return {case: menu for case in some if (menu := claims.menu(facts, case.index, case.others))}


def improved(
    searched: Iterable[tuple[Task, Exploration]], bench: Bench, speaker: Speaker, seconds: float = 60.0
) -> Iterator[Exploration]:
    """Yield the explorations with what the model adds to each, asked about one function after the other."""
    with ExitStack() as opened:
        loading = opened.enter_context(closing(_Loading(speaker)))
        session = _Session(bench, speaker, loading, None, opened)
        for task, first in searched:
            yield session.more(task, first, seconds, ASK_SECONDS + SEARCH_SECONDS)


def named(
    task: Task, found: Exploration, bench: Bench, speaker: Speaker, seconds: float = 60.0, cache: Cache | None = None
) -> Exploration:
    """Return an exploration with the names that the model chooses, asked about this function alone."""
    with ExitStack() as opened:
        loading = opened.enter_context(closing(_Loading(speaker)))
        return _Session(bench, speaker, loading, cache, opened).named(task, found, seconds, seconds)


def _shown(exploration: Exploration) -> dict[str, list[Any]]:
    """What the cases show already: their steps and the mutants that they kill."""
    arcs = {arc for case in exploration.cases for arc in case.arcs}
    kills = {kill for case in exploration.cases for kill in case.kills}
    return {"arcs": [list(arc) for arc in sorted(arcs)], "kills": sorted(kills)}


def shown_calls(exploration: Exploration) -> list[str]:
    """Return the calls that a model is shown: those with a result, since a small one copies what it is shown."""
    return known_calls(replace(exploration, cases=tuple(case for case in exploration.cases if not case.raises)))


def known_calls(exploration: Exploration) -> list[str]:
    """Return the calls of the cases in the form in which the model is to write its own, shortest first."""
    form = (exploration.left or {}).get("form") or {}
    names = [known["name"] for known in form.get("parameters", ())]
    found = []
    for case in exploration.cases:
        given = dict(case.arguments)
        by_name = {
            name: source for name in names for source in [given.pop(name, given.pop(f"{name}_", None))] if source
        }
        if len(given) != bool(form.get("receiver")) or case.given or case.define:
            continue
        written = ", ".join(f"{name}={source}" for name, source in by_name.items())
        variable, owner = next(iter(given.items()), ("", form.get("owner")))
        before = [statement for statement in case.prepare if variable and statement.startswith(f"{variable}.")]
        if len(before) < len(case.prepare):
            continue
        if case.through != (form["name"] if form.get("head") else ""):
            continue  # of the function itself, where calls of its caller are asked for
        call = f"{form['name']}({written})"
        if before:
            steps = "; ".join(f"obj{statement[len(variable) :]}" for statement in before)
            found.append(f"obj = {owner}; {steps}; obj.{call}")
        else:
            found.append(f"{owner}.{call}" if owner else call)
    return sorted(dict.fromkeys(found), key=len)


def joined(first: Exploration, second: Exploration | None, tokens: int, seconds: float) -> Exploration:
    """Return the first exploration with the cases of the second, which began where the first had ended."""
    promises = _compared_by_both(first.promises, second.promises if second is not None else ())
    if second is None or not second.cases:
        return replace(first, tokens=tokens, seconds=seconds, promises=promises)
    both = replace(
        second,
        cases=(*first.cases, *second.cases),
        engine="model",
        tokens=tokens,
        seconds=seconds,
        toothless=False,
        promises=promises,
        labels={**first.labels, **second.labels},
    )
    return reasons.without_superfluous(both)


def _compared_by_both(first: Sequence[Compared], second: Sequence[Compared]) -> tuple[Compared, ...]:
    """Return what the calls of both made of each promise; a contradiction stays one."""
    found = {one.promise: one for one in first}
    for one in second:
        known = found.get(one.promise)
        if known is not None:
            shown = known if known.is_contradicted else one
            one = replace(shown, kept=known.kept + one.kept, broken=known.broken + one.broken)
        found[one.promise] = one
    return tuple(found.values())


def loader(
    path: Path,
    identity: Callable[[], str],
    *,
    n_ctx: int | None = None,
    n_batch: int | None = None,
    threads: int = 0,
    adapter: Path | None = None,
) -> Callable[[], LocalModel]:
    """Return the function that loads a model once there is something to ask it; None for what is best by itself."""

    def load() -> LocalModel:
        from pytestgen_hook.model.hardware import check_fits
        from pytestgen_hook.model.local import N_BATCH, LocalModel

        room = n_ctx or N_CTX
        check_fits(path, room, n_batch or N_BATCH)
        return LocalModel(
            path, n_ctx=room, n_batch=n_batch or N_BATCH, threads=threads, identity=identity(), adapter=adapter
        )

    return load
