"""Looks for calls worth a test: runs what people wrote down, then varies what reached new steps or killed new mutants."""

import ast
import collections
import functools
import itertools
import os
import random
import re
import time

import left
import plan as plans
import properties
import scout
import simplify
import state
import steer
import suite
import vary
import workers
from documented import Documentation
from literals import Writer
from seen import Had, Seen, is_long, strange

BATCH = 40
SURELY_OBSERVED = (
    8  # of the calls that people or a model wrote; where there are many more, the others are tried hastily
)
FIRST_ROUNDS = 2  # in which every call is observed: what they complain of says which kinds of inputs fit
LEADS = 400  # the latest calls of those tried hastily that are held against surviving mutants
STEERED = 40  # inputs at most that follow from what one call looked at
STALE_ROUNDS = 8  # without a catch, after which what survives is taken to change nothing
MOST_MENDED = 3  # inputs that were stuck, of which one constant is then of another kind
PROBED = 8  # calls asked at a time for what they looked at
MOST_WIDER = 12  # calls that take no new step, but the known ones in another order, to start from
POOL = 48  # calls compared against each mutant
REST = 240  # calls compared against the mutants that the pool leaves alive
LONGEST_INPUT = 420
LONGEST_PATCH = 60  # characters of a value that a test sets for its time
CALL_TIMEOUT = 1.0
FIRST_TIMEOUT = 0.3  # of the first few calls: some that would not end must not use up the time
FIRST_TRIED = 120
SIMPLEST = 3  # of them, observed at a time
MOST_SIMPLER = 120  # simpler calls tried in the place of one
COVER_SHARE = 0.4  # of the time, at most, for reaching new steps
LONG_COVER_SHARE = 0.6  # as long as no call ended in a result
KILL_SHARE = 0.85  # by then the comparison with mutants ends; the rest is for confirming what is kept
FULL_MATRIX_SECONDS = 0.6
UNUSUAL = 0.1  # kinds of arguments that a smaller share of the calls had
PROPERTY_SECONDS = 6.0
OTHERS = 8  # calls made before one that asks for addresses, or for the time
PROPOSED = 24  # of the calls that a model wrote

_AGAIN = "it depends on the clock, on chance or on the process"
_UNEQUAL = "what it gives does not compare equal to itself"
_STATEFUL = "it depends on what was called before it"
_ELSEWHERE = "it depends on the clock, the time zone, the working folder or the machine"
_ANEW = "it depends on when and where its module is imported: the clock, chance, the machine, hashes, or its own file"


_TEMPORARY = re.compile(r"(tmp)?[a-z0-9_]{8}")


def _varied(base, changes):
    """Return an input with other trees for some of the arguments."""
    return base.changed("probe", {**base.arguments, **changes}, tail=())


_PLAIN = (type(None), bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset)
_PLAIN_TYPES = frozenset(kind.__name__ for kind in _PLAIN)
_LOOSE = ("dict", "list", "tuple", "set", "object", "Any", "typing.Any")
_SCALARS = frozenset(kind.__name__ for kind in (bool, int, float, complex, str, bytes))


def _is_plain(annotation):
    """Whether an annotation names numbers, texts or None and nothing else."""
    if isinstance(annotation, ast.BinOp):
        return _is_plain(annotation.left) and _is_plain(annotation.right)
    if isinstance(annotation, ast.Constant):
        return annotation.value is None or annotation.value in _SCALARS
    return isinstance(annotation, ast.Name) and annotation.id in _SCALARS


def _without_kind(function):
    """Return the names of the parameters of which no annotation says what their values, or those in them, are."""
    listed = (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)
    return {one.arg for one in listed if one.annotation is None or ast.unparse(one.annotation) in _LOOSE}


_OF_KINDS = {
    "isinstance",
    "issubclass",
    "type",
    "hasattr",
    "getattr",
    "callable",
    "suppress",
    "bool",
    "any",
    "all",
    "filter",
}


def _tells_kinds_apart(function):
    """Whether a function asks what kind of thing, or whether anything, it is given, or goes on where an operation fails."""
    return any(
        type(node).__name__ in ("Try", "TryStar", "Match")
        or (isinstance(node, (ast.Name, ast.Attribute)) and getattr(node, "id", getattr(node, "attr", "")) in _OF_KINDS)
        or (isinstance(node, ast.Constant) and node.value is None)
        or any(isinstance(part, (ast.Name, ast.Attribute, ast.Subscript)) for part in _asked_for_truth(node))
        for node in ast.walk(function)
    )


def _asked_for_truth(node):
    """Return the expressions within a node of which it asks only whether they are true."""
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return [node.operand]
    if isinstance(node, (ast.If, ast.IfExp, ast.While, ast.Assert)):
        return [node.test]
    return node.ifs if isinstance(node, ast.comprehension) else []


def _key(item):
    """Return what tells an item from others."""
    return (item["call"], *map(tuple, item["arguments"]), *item["define"], *item["prepare"])


def _changed(text):
    """Say in words what a call changed beyond its arguments; names made up at random are left out."""
    if text.startswith("the "):
        return "it changes " + text
    return "it writes files" if _TEMPORARY.fullmatch(text) else f"it writes files ({text})"


def _own(item):
    """Return the sources of an item's arguments; not the values that names of modules are given for the time of a test."""
    return [source for target, source in item["arguments"] if not str(target).startswith("monkeypatch.")]


def _largest_number(item):
    return max(
        (int(digits) for source in _own(item) for digits in re.findall(r"(?<![\w.])\d{1,18}", source)),
        default=0,
    )


class Search:
    """The search for one function; ``run()`` returns the answer for the tool as a dict."""

    def __init__(self, subject, plan, guard, seeds, seconds, seed, ask_twin=None, had=None):
        self.subject = subject
        self.plan = plan
        self.seeds = seeds
        self.started = time.monotonic()
        self._end = self.started + seconds  # of the phase at work
        self.seconds = seconds
        self.rng = random.Random(seed)
        self.known = set()
        self.good = []
        self.corpus = []
        self.had = had or Had()
        self.arcs = set(self.had.arcs)
        self.problems = {}  # why calls could not become cases
        self.details = {}  # for some of these, what the calls complained of
        self.rejections = {}  # why cases were given up when they were run again
        self.refusals = {}
        self.tried = 0
        self.killed = {}
        self.told = set()  # of these, the mutants that a call noticed otherwise than by not ending in time
        self.pool = []
        self.ways = set()
        self._wider = 0  # calls of the corpus that only go another way
        self._tries = scout.Tries()
        self._keeps_to_names = False
        self._asked = set()
        self._asked_for_state = set()
        self._guard = guard
        self._in_turn = workers.InTurn(subject, guard, seconds)
        self._ask_twin = ask_twin
        self._slowest = 0.0
        self._looks_hold = True
        self._lasted = set()
        self._has_given = set()  # kinds of results: "plain", "object"
        self.with_hypothesis = False  # whether the project uses it
        self._largest = None  # an integer in an input above which calls did not end in time
        is_direct = subject.claims and not plan.is_through
        self._documentation = Documentation(subject, plan) if is_direct else None

    # -- running ---------------------------------------------------------------------------------------------------

    def _observe(self, inputs):
        """Observe inputs not seen before; return the new ``Seen`` that could become cases."""
        fresh = []
        for proposed in inputs:
            item = self.plan.item(proposed)
            key = _key(item)
            if key not in self.known and self._is_of_size(item) and not self._is_unwanted(proposed):
                self.known.add(key)
                fresh.append((proposed, item))
        if not fresh:
            return []
        items = [item for _, item in fresh]
        manner = workers.Manner()
        answers = workers.apart(self.subject, self._guard, items, self._timeout(), manner, self._end)
        self.tried += len(fresh)
        found = []
        for (proposed, item), answer in zip(fresh, answers):
            usable = self._usable(answer)
            self._note_kind(proposed, answer)
            usable = usable and self._is_reaching(answer)
            if proposed.tail:  # what an attribute raises that is not there says nothing of the function
                usable = usable and answer["kind"] == "value"
            elif answer.get("gives") and self.plan.depth_of(proposed) == self.plan.depth:
                self.plan.call_further(answer["gives"])
            if answer.get("how", "").startswith("did not end"):
                self._shrink(item)
            for domain, index in proposed.picks:
                domain.reward(index, usable)
            contradicts = self._documentation is not None and self._documentation.note(item, answer)
            self._tries.note_stuck((proposed, item, answer))
            if usable and not contradicts:  # else its test would say that it is right
                found.append(Seen(proposed, item, answer))
                if not self._looks_hold:
                    found[-1].look_no_further()
                self._slowest = max(self._slowest, answer["seconds"])
        return found

    def _tried(self, inputs):
        """Try inputs that are new hastily; return those that it was tried with, each as (input, item, answer)."""
        fresh = {}
        for proposed in inputs:
            item = self.plan.item(proposed)
            key = _key(item)
            is_new = key not in self.known and key not in self._tries.keys and not self._is_unwanted(proposed)
            if is_new and self._is_of_size(item):
                fresh[key] = proposed, item
        self._tries.keys.update(fresh)
        items = [item for _, item in fresh.values()]
        self.tried += len(items)
        answers = scout.tried(self.subject, self._guard, items, self._timeout(), self._end)
        self._tries.keys.difference_update(key for key, answer in zip(fresh, answers) if answer.get("how") == "not run")
        for (proposed, _), answer in zip(fresh.values(), answers):
            for domain, index in proposed.picks:
                domain.reward(index, answer["kind"] in scout.USABLE and self._is_reaching(answer))
        return [(*pair, answer) for pair, answer in zip(fresh.values(), answers)]

    def _is_reaching(self, answer):
        """Whether a call got to the function, or near it, into its file: one of a caller need not."""
        return bool(answer.get("arcs") or answer.get("ways")) or not self.plan.is_through

    def _at_once(self):
        """Return how many inputs are to be tried hastily before some are observed; 0 for none."""
        seconds = sorted(seen.answer["took"] for seen in self.good)
        # Of a quarter: in a process of its own a call takes longer, the more so while the machine is busy.
        return scout.how_many(seconds[len(seconds) // 4]) if seconds else scout.MOST

    def _is_of_size(self, item):
        sources = [*_own(item), *item["define"], *item["prepare"]]
        if sum(map(len, sources)) > LONGEST_INPUT:
            return False
        return self._largest is None or _largest_number(item) < self._largest

    def _note_kind(self, proposed, answer):
        """Note whether the function gave something plain, or an object of which only what is done with it tells something."""
        if answer["kind"] == "unwritable":
            self._has_given.add("object")
        elif answer["kind"] == "value" and not proposed.tail:
            self._has_given.add("plain" if answer["type"] in _PLAIN_TYPES else "object")

    @property
    def may_give_objects(self):
        """Whether a call gave an object, or none showed what the function gives and it does not say that that is plain."""
        return bool(self._has_given - {"plain"}) or not (self._has_given or _is_plain(self.plan.function.returns))

    def _timeout(self):
        """Seconds a call may take: generous while nothing is known, then a multiple of the slowest that ended."""
        if not self.good:
            return CALL_TIMEOUT if self.tried > FIRST_TRIED else FIRST_TIMEOUT
        return min(CALL_TIMEOUT, max(0.15, 10 * self._slowest))

    def _until(self, share):
        return self.started + share * self.seconds

    def _shrink(self, item):
        """Propose only smaller numbers from now on than those with which a call did not end."""
        largest = _largest_number(item)
        if largest > 12:
            self._largest = max(12, largest * 2 // 3)

    def _usable(self, answer):
        kind = answer["kind"]
        if answer.get("attempts"):
            attempt = self._without_our_folders(answer["attempts"][0])
            if attempt.endswith(" ."):
                self._count(self.problems, "it writes files")  # to the folder it runs in, as if that were a file
            else:
                self._count(self.refusals, attempt)
            return False
        if kind == "lost":
            if answer["how"] != "not run":
                self._count(self.refusals if "ended" in answer["how"] else self.problems, "a call " + answer["how"])
            return False
        if answer.get("writes"):
            self._count(self.problems, _changed(answer["writes"][0]))
            return False
        if answer.get("reads"):
            self._count(self.problems, "it reads files outside the repository ({})".format(answer["reads"][0]))
            return False
        if kind == "unwritable":
            self._count(self.problems, answer["problem"])
            return False
        if kind in ("misuse", "setup"):
            what = "every call ended in {}" if kind == "misuse" else "its arguments could not be made: {}"
            text = what.format(answer.get("error", "an error"))
            self._count(self.problems, text)
            self._count(self.details.setdefault(text, {}), answer.get("detail", ""))
            return False
        return True

    def _without_our_folders(self, text):
        """Write paths in a sentence as seen from the folders that the tool made for this run."""
        folder, tree, _ = self.subject.address["place"]
        work = os.path.join(folder, "work")
        for ours, shown in ((work, "."), (tree, "."), (folder, ".."), (os.path.dirname(folder), "../..")):
            text = text.replace(ours + os.sep, "" if shown == "." else shown + "/")
            if text.endswith(" " + ours):
                text = text[: -len(ours)] + shown
        return text

    @staticmethod
    def _count(counts, text):
        counts[text] = counts.get(text, 0) + 1

    def _take(self, found):
        """Note new steps; return whether there were any."""
        new = False
        for seen in found:
            self.good.append(seen)
            if seen.arcs - self.arcs:
                self.arcs |= seen.arcs
                self.corpus.append(seen)
                new = True
            elif seen.ways - self.ways and self._wider < MOST_WIDER:
                self.corpus.append(seen)
                self._wider += 1
            self.ways |= seen.ways
        return new

    def _proposals(self, count):
        found = []
        for _ in range(count):
            if self.corpus and self.rng.random() < 0.6:
                donors = [seen.input for seen in self.corpus[-12:]]
                # The latest finds lie at the edge of what is known.
                pick = self.rng.choice(self.corpus[-6:] if self.rng.random() < 0.5 else self.corpus)
                found.append(vary.vary_input(pick.input, self.plan, self.rng, donors))
            else:
                found.append(self.plan.draw(self.rng))
        return found

    def _steered(self, candidates):
        """Return inputs made from what the last of the candidates looked at; each is asked once."""
        chosen = [seen for seen in reversed(candidates) if seen not in self._asked][:PROBED]
        self._asked.update(chosen)
        items = [seen.item for seen in chosen]
        answers = scout.tried(self.subject, self._guard, items, self._timeout(), self._end, probe=True)
        found = []
        sizes = self.plan.constants.ints
        for seen, answer in zip(chosen, answers):
            found += steer.steered(seen.input, answer.get("seen", ()), self.rng, STEERED, sizes)
        return found

    # -- phases ----------------------------------------------------------------------------------------------------

    def run(self):
        self.begin()
        return self.finish()

    def begin(self):
        """Look for calls that reach the steps of the function."""
        if self._documentation is not None:
            self._documentation.run_examples(self._guard, CALL_TIMEOUT)
            bind = functools.partial(plans.bound, self.plan)
            contradicted = list(self._documentation.contradicted(bind))
            if contradicted and self.plan.receiver is not None:
                self.seeds = []  # which of them it was cannot be told without its object
            self.known.update(_key(self.plan.item(known)) for known in contradicted if self.plan.receiver is None)
        self._take(self._observe(self._promising(self.seeds)))
        if not self._is_nothing_left_to_reach():
            self._cover()
        self._keep_state()
        if self._documentation is not None:
            self._probe()

    def _promising(self, seeds):
        """Return the first of the seeds and, of many others, those that seem to reach something new; the rest are leads."""
        others = seeds[SURELY_OBSERVED:]
        if len(others) <= BATCH:
            return seeds
        tried = self._tried(others)
        self._tries.note(tried, 0)
        answers = [answer for _, _, answer in tried]
        chosen = [place for place, answer in enumerate(answers) if answer.get("how") == "not run"][:BATCH]
        chosen += scout.newest(answers, self.arcs, self.ways, BATCH // 2)
        return [*seeds[:SURELY_OBSERVED], *(tried[place][0] for place in chosen)]

    def _probe(self):
        """Make calls that promises speak of, to hold them against these; what is found becomes no test."""
        self._end = self._until(LONG_COVER_SHARE)
        probes = self._documentation.probes(self.good, _varied)
        items = [{**self.plan.item(proposed), "probe": True} for proposed in probes]
        answers = workers.apart(self.subject, self._guard, items, self._timeout(), workers.Manner(), self._end)
        for item, answer in zip(items, answers):
            self._documentation.note(item, answer)

    def compared(self):
        """Return what calls made of the promises of the documentation."""
        if self._documentation is None:
            return []
        return self._documentation.result(self._guard, self._patience())

    @property
    def is_held_back(self):
        """Whether what was refused may be why there is no call, no result, or a line that none reaches."""
        has_result, _ = self.reach
        return not self.good or (bool(self.refusals) and not (has_result and self._all_lines_run()))

    @property
    def reach(self):
        """How far calls came: whether one ended in a result, and how many steps they took."""
        return any(seen.answer["kind"] == "value" for seen in self.good), len(self.arcs)

    def finish(self):
        """Choose among the calls that were found; return the answer."""
        answer = self._base_answer()
        if not self.good:
            return answer
        try:
            self._kill()
            kept = self._confirmed()
        finally:
            self._in_turn.stop()
        answer.update(self._result(kept))
        if self.with_hypothesis and kept and not self.had.is_something:
            end = min(time.monotonic() + PROPERTY_SECONDS, self._until(1.8))
            answer["cases"] += properties.cases(self, self._guard, end)
        return answer

    def _cover(self):
        """Propose until new steps stop coming, or a share of the time is gone."""
        stale = 0
        farthest = 0
        rounds = 0
        while True:
            self._end = self._until(COVER_SHARE if self.good else LONG_COVER_SHARE)
            if time.monotonic() > self._end:
                break
            count = self._at_once() if rounds >= FIRST_ROUNDS else 0
            found = self._observe(self._newest(count) if count else self._following() or self._proposals(BATCH))
            new = self._take(found)
            is_farther = self._tries.farthest > farthest and not self._all_lines_run()
            stale = 0 if new or is_farther else stale + 1
            farthest = self._tries.farthest
            rounds += 1
            if rounds == 1:
                self._keep_state()  # while there are few calls to make again
            if not self.good and (sum(self.refusals.values()) >= 8 or rounds >= 12):
                break
            if self._is_nothing_left_to_reach() or stale >= (5 if self._all_lines_run() else 14):
                break
            if self.plan.has_real and stale >= 3 and self.is_held_back:
                break  # with stand-ins for its objects it may get on, which takes its time too

    def _is_nothing_left_to_reach(self):
        """Whether all lines and branches are reached, by calls beside those of an earlier search, which had its variety."""
        taken, total = self.subject.branches_taken(self.arcs)
        return self.had.is_something and self._all_lines_run() and taken == total

    def _following(self):
        """Return inputs that follow from what calls looked at which reached something new, or were stuck last.

        First come those that may mend what was stuck.
        """
        stuck = self._tries.held_up()
        loose = _without_kind(self.plan.function) if stuck else ()
        mended = [other for made, _, _ in stuck[-MOST_MENDED:] for other in steer.of_other_kinds(made, loose)]
        steered = self._steered([*self.corpus, *(Seen(*tried) for tried in stuck)])
        return [*mended, *self.rng.sample(steered, len(steered))]

    def _newest(self, count):
        """Return inputs that seem to reach something new, of many that were tried hastily; leads are kept for later."""
        steered = self._following()
        steered = self._tried(steered[: count // 2])
        tried = [*steered, *self._tried(self._proposals(count - len(steered)))]
        self._tries.note(tried, len(steered))
        answers = [answer for _, _, answer in tried]
        return [tried[place][0] for place in scout.newest(answers, self.arcs, self.ways, BATCH // 2)]

    def _keep_state(self):
        """Let what the calls change of the project's modules be set for the time of a test, if it can be written."""
        asked = [seen for seen in sorted(self.corpus, key=lambda seen: seen.cost) if seen not in self._asked_for_state]
        asked = asked[:PROBED]
        self._asked_for_state.update(asked)
        self._end = max(self._end, self._until(LONG_COVER_SHARE))
        items, manner = [seen.item for seen in asked], workers.Manner(trace=False, strict=True)
        answers = workers.apart(self.subject, self._guard, items, self._patience(), manner, self._end)
        names = {name for answer in answers for name in answer.get("changes", ())}
        patches = [self._patch(name) for name in sorted(names)]
        if None in patches or set(patches) <= set(self.plan.patches):
            return
        self.plan.patches = tuple(sorted({*self.plan.patches, *patches}))
        inputs = [seen.input for seen in self.good]
        self.good, self.corpus, self.arcs, self._tries = [], [], set(self.had.arcs), scout.Tries()
        for start in range(0, len(inputs), BATCH):
            self._take(self._observe(inputs[start : start + BATCH]))

    def _patch(self, name):
        """Return (name, source of what it holds after the import) for an attribute of a module that a test can set; or None."""
        if " " in name or "." not in name:
            return None  # something that the whole process shares
        writer = Writer(self.subject.module)
        try:
            source = writer.write(state.resolved(name))
        except Exception:
            return None
        if writer.imports - set(self.plan.needs) or len(source) > LONGEST_PATCH:
            return None
        return name, source

    def _all_lines_run(self):
        return {arc[1] for arc in self.arcs} >= set(self.subject.body_lines)

    def _leave_out_nonsense(self):
        """Give up calls that failed, not by a ``raise`` of the project's, with kinds of arguments that never gave a result.

        What a function without annotations does with a dict in the place of a text is nobody's promise.
        """
        meant = {seen for seen in self.good if seen.answer["kind"] != "raise" or seen.answer.get("deliberate")}
        counted = collections.Counter(seen.kinds() for seen in meant)
        usual = {kinds for kinds, count in counted.items() if count >= UNUSUAL * len(meant)}
        if usual:
            self.good = [seen for seen in self.good if seen in meant or seen.kinds() in usual]
            self.corpus = [seen for seen in self.corpus if seen in meant or seen.kinds() in usual]

    def _keep_to_names(self):
        """Give up arguments of other kinds than their names promise, if the others show all steps: a text is no list."""
        natural = [seen for seen in self.good if not strange(seen.input)]
        if self.arcs <= set(self.had.arcs).union(*[seen.arcs for seen in natural]):
            self._keeps_to_names = True
            self.good = [seen for seen in self.good if not self._is_unwanted(seen.input)]
            known, self.corpus = set(), [seen for seen in self.corpus if not self._is_unwanted(seen.input)]
            known.update(*[seen.arcs for seen in self.corpus])
            for seen in sorted(natural, key=lambda seen: seen.cost):
                if not seen.arcs <= known:
                    known |= seen.arcs
                    self.corpus.append(seen)

    def _is_unwanted(self, proposed):
        return self._keeps_to_names and proposed.origin in ("drawn", "varied") and bool(strange(proposed))

    def _pool(self):
        """Return a varied choice of the good calls: those that reached new steps, then one for each different outcome."""
        self._leave_out_nonsense()
        self._keep_to_names()
        chosen = list(self.corpus)
        # A step is worth keeping by its cheapest call, not by the first that found it.
        cheapest = {}
        for seen in self.good:
            key = seen.arcs
            if key not in cheapest or seen.cost < cheapest[key].cost:
                cheapest[key] = seen
        chosen += sorted(cheapest.values(), key=lambda seen: seen.cost)[: POOL // 2]
        chosen += [seen for seen in self.good if seen.input.origin == "example"][:10]
        chosen += [seen for seen in self.good if seen.input.origin == "proposed"][:PROPOSED]
        prints = set()
        for seen in sorted(self.good, key=lambda seen: seen.cost):
            shown = seen.answer["print"], str(seen.answer.get("more"))
            if shown not in prints:
                prints.add(shown)
                chosen.append(seen)
        return list(dict.fromkeys(chosen))[:POOL]

    def _kill(self):
        """Compare the pool against every mutant and search on for those that survive; then, as long as there is time, slips."""
        self._take(self._observe(self._corners()))
        self.pool = self._pool()
        self._give_up_unsteady_looks()
        mutants = self.subject.mutants
        counted = {index for index in range(len(mutants)) if not mutants[index].is_slip}
        self._hunt(counted - self.had.kills, until=0.62)
        if self.had.is_something:
            # A step alone is worth a test only where that could fail.
            self._against([seen for seen in self.pool if seen.arcs - self.had.arcs], sorted(self.had.kills))
            return
        self._hunt({index for index in range(len(mutants)) if mutants[index].is_slip}, until=0.76)

    def _corners(self):
        """Return the corners of the cheapest good call that has some."""
        cheapest = sorted(self.good, key=lambda seen: seen.cost)
        return next((found for seen in cheapest for found in [vary.corners(seen.input)] if found), [])

    def _hunt(self, alive, until):
        self._end = self._until(until)
        is_slip = all(self.subject.mutants[index].is_slip for index in alive)
        if time.monotonic() > self._end:
            # Slow calls took the time. But without any comparison nothing that was found is worth a test.
            if not is_slip:
                self._against(suite.smallest(self.pool), sorted(alive), KILL_SHARE)
            return
        if not alive:
            return
        mean = sum(seen.answer["took"] for seen in self.pool) / len(self.pool)
        first = self.pool
        if is_slip or mean * len(self.pool) * len(alive) > FULL_MATRIX_SECONDS:
            # Slips, or slow calls: the few that run every step against all mutants, the others against what those leave alive.
            first = suite.smallest(self.pool)
        self._against(first, sorted(alive), until + 0.1)
        alive = alive - set(self.killed)
        self._against([seen for seen in self.pool if seen not in first], sorted(alive), until + 0.1)
        alive -= set(self.killed)
        # Calls with the same outcome as one in the pool may still stand on a boundary that only a mutant moves.
        rest = [seen for seen in self.good if seen not in self.pool][:REST]
        self._against(rest, sorted(alive), until + 0.1)
        self.pool += [seen for seen in rest if seen.kills]
        alive -= set(self.killed)
        leads = [tried for tried in self._tries.leads if not self._is_unwanted(tried[0])][-LEADS:]
        self._asked.clear()  # of what they looked at only a part was tried, and now other things count
        stale = 0
        while alive and stale < STALE_ROUNDS and time.monotonic() < self._end:
            count = self._at_once()
            if leads:
                inputs = self._noticing(alive, leads)
            elif count:
                inputs = self._noticing(alive, self._tried(self._towards(alive, count)))
            else:
                inputs = self._towards(alive, BATCH + 20)
            leads = []
            found = self._observe(inputs)
            self._take(found)
            before = len(self.killed)
            self._against(found, sorted(alive), until + 0.1)
            self.pool += [seen for seen in found if seen.kills or seen in self.corpus]
            alive -= set(self.killed)
            stale = 0 if len(self.killed) > before else stale + 1

    def _noticing(self, alive, tried):
        """Return inputs that seem to end otherwise under a surviving mutant, of those that were tried hastily."""
        items, answers = [item for _, item, _ in tried], [answer for _, _, answer in tried]
        chosen = scout.newest(answers, self.arcs, self.ways, PROBED)
        alive = self.rng.sample(sorted(alive), len(alive))  # the time may not suffice for all
        timeout = self._timeout()
        chosen += scout.noticing(self.subject, self._guard, items, answers, alive, timeout, self._end)
        return [tried[place][0] for place in dict.fromkeys(chosen)]

    def _towards(self, alive, count):
        """Vary the calls that run the lines of surviving mutants."""
        lines = {self.subject.mutants[index].line for index in alive}
        near = [seen for seen in self.pool if any(arc[1] in lines for arc in seen.arcs)] or self.pool
        donors = [seen.input for seen in near[:12]]
        found = self._steered(sorted(near, key=lambda seen: -seen.cost))
        for _ in range(count):
            if self.rng.random() < 0.75:
                found.append(vary.vary_input(self.rng.choice(near).input, self.plan, self.rng, donors))
            else:
                found.append(self.plan.draw(self.rng))
        return found

    def _against(self, candidates, mutants, until=0.95):
        """Note which of the candidates' own checks fail under which of the mutants."""
        asked = []

        def jobs():
            for index in mutants:
                able = self._able_to_notice(self.subject.mutants[index], candidates)
                able = [seen for seen in able if index not in seen.compared]
                if able and time.monotonic() < self._until(until):
                    # A mutant that never ends is to cost little: cheap calls, which are the same in every run, find it out.
                    able = sorted(able, key=lambda seen: seen.cost)
                    asked.append((index, able))
                    timeouts = [max(0.1, 10 * seen.answer["seconds"]) for seen in able]
                    items = [seen.claimed() for seen in able]
                    yield workers.Job(items, timeouts, workers.Manner(mutant=index, trace=False))

        answered = self._in_turn.answers(jobs(), self._until(until))
        for place, answers in enumerate(answered):
            index, able = asked[place]
            for seen, answer in zip(able, answers):
                if answer.get("how") == "not run":
                    continue
                seen.compared.add(index)
                if answer.get("failing", -1) is not None:
                    seen.note(index, answer.get("failing", -1))
                    self.killed.setdefault(index, len(self.killed))
                    if not answer.get("how", "").startswith("did not end"):
                        self.told.add(index)

    @staticmethod
    def _able_to_notice(mutant, candidates):
        """Return the calls that run the changed line: only they can notice the change."""
        if mutant.defaults:  # a changed default has no line of its own
            return candidates
        able = [seen for seen in candidates if mutant.line in seen.lines]
        return able or candidates[:4]

    # -- choosing --------------------------------------------------------------------------------------------------

    def _confirmed(self):
        """Return the smallest suite whose members show the same when run again, each alone and from another random state."""
        pool = [seen for seen in dict.fromkeys(self.pool) if seen.kills or not self.subject.mutants]
        short = [seen for seen in pool if not is_long(seen)]
        covered = set().union(*[seen.arcs for seen in short])
        pool = [seen for seen in pool if seen in short or seen.arcs - covered]
        for _ in range(6):
            kept = suite.smallest(pool, self.had.met)
            # What was found late for one mutant may make what was found early for others unnecessary.
            self._against(kept, sorted(self.killed))
            kept = suite.smallest(kept, self.had.met)
            lasting = self._lasting(kept)
            bad = [seen for seen in kept if seen not in lasting]
            if not bad:
                return self._simplified(kept)
            pool = [seen for seen in pool if seen not in bad]
        return [seen for seen in kept if seen not in bad]

    def _simplified(self, kept):
        """Replace each case by a simpler one that shows all that only this case shows."""
        self._end = self._until(0.95)
        result = list(kept)
        for index in sorted(range(len(kept)), key=lambda index: -kept[index].cost):  # the time may not suffice for all
            seen = kept[index]
            others = [other for other in result if other is not seen]
            arcs, kills = self._only_by(seen, others)
            steps = [seen]
            while (simpler := self._simpler(steps[-1], arcs, kills)) is not None:
                steps.append(simpler)
            while len(steps) > 1 and not self._lasting(steps[-1:]):
                steps.pop()
            result[index] = steps[-1]
        result = self._alike(result)
        # A simpler case was tried only against what it is there for, and may kill what another one is kept for, too.
        times = collections.Counter(mutant for seen in result for mutant in seen.kills)
        self._against(result, sorted(mutant for mutant in times if times[mutant] == 1))
        return suite.smallest(result, self.had.met)

    def _only_by(self, seen, others):
        """Return the steps, and the mutants, that only this case of several shows."""
        arcs = seen.arcs - self.had.arcs.union(*[other.arcs for other in others])
        return arcs, seen.kills - self.had.kills.union(*[other.kills for other in others])

    def _alike(self, kept):
        """Return the cases with arguments of the usual kinds, where with these they show the same.

        What is never looked at may be anything, and a reader would ask why it is a text here and a number everywhere else.
        No case stays only since a slip fails on its odd kind, nor any mutant where that cannot be used as the usual one can, by
        a function that does not tell kinds apart.
        """
        usual = simplify.usual_arguments([seen.input for seen in kept])
        free = set() if _tells_kinds_apart(self.plan.function) else _without_kind(self.plan.function)
        result = list(kept)
        for seen in kept if usual else ():
            odd = set() if seen.input.origin == "example" else simplify.unlike(seen.input, usual)
            if not odd:
                continue
            others = [other for other in result if other is not seen]
            arcs, kills = self._only_by(seen, others)
            is_senseless = odd <= free and simplify.is_out_of_place(seen.input, usual)
            kills = {index for index in kills if not self.subject.mutants[index].is_slip and not is_senseless}
            if arcs or kills:
                result[result.index(seen)] = self._with_usual(seen, usual, arcs, kills)
            else:
                result = others
        return result

    def _with_usual(self, seen, usual, arcs, kills):
        """Return the case with as many arguments of the usual kinds as leave it its steps, mutants and kind of outcome."""
        for name in sorted(simplify.unlike(seen.input, usual)):
            inputs = [
                seen.input.changed(seen.input.origin, {**seen.input.arguments, name: node}) for node in usual[name]
            ]
            wanted = {_key(self.plan.item(proposed)) for proposed in inputs}
            found = [other for other in self.good if _key(other.item) in wanted] + self._observe(inputs)
            found = [other for other in found if other.answer["kind"] == seen.answer["kind"]]
            found = [other for other in found if arcs <= other.arcs and seen.ways <= other.ways]
            self._against(found, sorted(kills or self.killed))
            same = [other for other in found if kills <= other.kills and (other.kills or not self.subject.mutants)]
            seen = next(iter(self._lasting(sorted(same, key=lambda other: other.cost)[:1])), seen)
        return seen

    def _simpler(self, seen, arcs, kills):
        """Return the cheapest of some simpler calls that runs the steps and kills the mutants, or None."""
        if seen.input.origin == "example" or time.monotonic() > self._end:
            return None
        proposals = list(itertools.islice(simplify.simpler_inputs(seen.input, self.plan), MOST_SIMPLER))
        at_a_time = BATCH
        if self._at_once():
            proposals, at_a_time = self._hastily_simpler(seen, proposals, arcs)[: 6 * SIMPLEST], SIMPLEST
        for start in range(0, len(proposals), at_a_time):
            observed = self._observe(proposals[start : start + at_a_time])
            found = sorted(self._simpler_ones(observed, seen, arcs), key=lambda other: other.cost)[:SIMPLEST]
            self._against(found, sorted(kills))
            for other in found:
                if kills <= other.kills and (other.kills or not self.subject.mutants):
                    return other
        return None

    def _hastily_simpler(self, seen, proposals, arcs):
        """Return those of the proposals that seem to be simpler and to run the steps, the cheapest first."""
        pairs = [(proposed, self.plan.item(proposed)) for proposed in proposals]
        pairs = [
            (proposed, item) for proposed, item in pairs if _key(item) not in self.known and self._is_of_size(item)
        ]
        items = [item for _, item in pairs]
        answers = scout.tried(self.subject, self._guard, items, self._timeout(), self._end)
        found = [Seen(*pair, answer) for pair, answer in zip(pairs, answers) if answer["kind"] in scout.USABLE]
        return [other.input for other in sorted(self._simpler_ones(found, seen, arcs), key=lambda other: other.cost)]

    @staticmethod
    def _simpler_ones(some, seen, arcs):
        return [other for other in some if other.cost < seen.cost and arcs <= other.arcs and seen.ways <= other.ways]

    def _lasting(self, some):
        """Return those that show the same again in this process's forks and in a fresh interpreter."""
        known = [seen for seen in some if seen in self._lasted]
        found = self._lasting_ones([seen for seen in some if seen not in self._lasted])
        self._lasted.update(found)
        return [seen for seen in some if seen in known or seen in found]

    def _lasting_ones(self, some):
        from_twin = self._ask_twin([seen.item for seen in some], self._patience()) if some and self._ask_twin else None
        try:
            same = self._elsewhere_too(self._again_too(some))  # while the twin makes them
        finally:
            answers = from_twin() if from_twin is not None else None
        if answers is None:
            return same
        shown = dict(zip(some, answers))
        found = [seen for seen in same if set(shown[seen]) == {seen.answer["print"]}]
        for _ in range(len(same) - len(found)):
            self._count(self.rejections, _ANEW)
        return found

    def _patience(self):
        return max(CALL_TIMEOUT, 10 * self._slowest)

    def _again_too(self, some):
        """Return those that show the same when they are made again, and that their own checks hold then."""
        # More than once in one process: a test must not depend on being the first to call the function.
        answers = self._again([[seen.item, seen.item, seen.claimed()] for seen in some], ahead=False)
        return [
            seen
            for seen, (first, second, judged) in zip(some, answers)
            if self._is_repeated(seen, first, second, judged)
        ]

    def _is_repeated(self, seen, first, second, judged):
        if first.get("print") == seen.answer["print"] != second.get("print"):
            self._count(self.rejections, _STATEFUL)
            return False
        if not self._is_same(seen, (first, second), _AGAIN):
            return False
        if judged.get("failing", 0) is not None:
            self._count(self.rejections, _UNEQUAL)
            return False
        return True

    def _elsewhere_too(self, some):
        """Return those that show the same at other times and elsewhere; those that ask for the time are made often."""
        answers = self._again([[seen.item] * 3 for seen in some], ahead=True)
        pairs = [pair for pair in zip(some, answers) if self._is_same(*pair, _ELSEWHERE)]
        asking = [seen for seen, own in pairs if any(answer.get("asked") for answer in own)]
        often = zip(asking, self._again([[seen.item] * 48 for seen in asking], ahead="often"))
        unsteady = {seen for seen, own in often if not self._is_same(seen, own, _ELSEWHERE)}
        # What was remembered by the address of an object that is gone is found again under that of another one.
        others = [other for other in self.good if other.answer["kind"] == "value"][:OTHERS]
        after = self._again(
            [[*(other.item for other in others if other is not seen), seen.item] for seen in asking], ahead="still"
        )
        unsteady |= {seen for seen, own in zip(asking, after) if not self._is_same(seen, own[-1:], _STATEFUL)}
        return [seen for seen, _ in pairs if seen not in unsteady]

    def _again(self, some, ahead):
        """Return the answers for each of some lists of items, those of one list made in one process."""
        manner = workers.Manner(trace=False, strict=True, ahead=ahead)
        return list(
            workers.run(self.subject, self._guard, [workers.Job(items, self._patience(), manner) for items in some])
        )

    def _is_same(self, seen, answers, otherwise):
        """Whether all answers are the one that was seen; else count why not."""
        problems = [answer["unstable"] for answer in answers if answer.get("unstable")]
        problems += [answer["problem"] for answer in answers if answer["kind"] == "unwritable"]
        if any(answer["kind"] != seen.answer["kind"] or answer["print"] != seen.answer["print"] for answer in answers):
            problems.append(otherwise)
        if problems:
            self._count(self.rejections, problems[0])
        return not problems

    def _give_up_unsteady_looks(self):
        """Give up what ``more`` says of every call if it does not hold when a call is made again."""
        seen = [seen for seen in self.pool if seen.answer.get("more")]
        if not seen:
            return
        job = workers.Job([one.claimed() for one in seen], max(0.1, 10 * self._slowest), workers.Manner(trace=False))
        answers = workers.together(self.subject, self._guard, job)
        if any((answer.get("failing") or -1) >= len(one.answer["checks"]) for one, answer in zip(seen, answers)):
            self._looks_hold = False
            for one in self.good:
                one.look_no_further()

    def _base_answer(self):
        worst = max(self.problems, key=self.problems.get) if self.problems else None
        details = self.details.get(worst)
        detail = max(details, key=details.get) if details else ""
        answer = {
            "cases": [],
            "refused": None,
            "problem": None,
            "lines_total": len(self.subject.body_lines),
            "lines_run": len({arc[1] for arc in self.arcs} & set(self.subject.body_lines)),
            "mutants_total": 0,
            "mutants_killed": 0,
            "survivors": [],
            "tried": self.tried,
        }
        if not self.good:
            answer["left"] = self._left(self.had.arcs, [])
            answer["refused"] = self._refused()
            told = f"{worst}: {detail}" if detail else worst
            answer["problem"] = told or "no call of it ended in a result"
        return answer

    def _refused(self):
        """Return what most of the refused calls tried, or None."""
        return max(self.refusals, key=self.refusals.get) if self.refusals else None

    def _result(self, kept):
        mutants = self.subject.mutants
        killed = set().union(*[seen.kills for seen in kept])
        arcs = self.had.arcs.union(*[seen.arcs for seen in kept])
        run = {arc[1] for arc in arcs}
        taken = self.subject.branches_taken(arcs)
        # Slips help to choose, and are not counted: many of them change nothing.
        counted = [index for index in range(len(mutants)) if not mutants[index].is_slip]
        if counted and killed.isdisjoint(counted):
            kept = []
        toothless = False
        if self.rejections:
            problem = max(self.rejections, key=self.rejections.get)
        elif time.monotonic() > self._until(KILL_SHARE) or not any(seen.compared for seen in self.pool):
            problem = f"the time for it ran out ({self.seconds:.3g} s) before its tests were proved"
        else:
            problem = "no call of it can tell a broken body from the right one"
            toothless = not kept
        killed |= self.had.kills
        survivors = [mutants[index] for index in counted if index not in killed]
        changed = {check[0] for seen in kept for check in seen.answer.get("checks", ())}
        return {
            "cases": [self._case(seen, changed) for seen in kept],
            "problem": None if kept else problem,
            "refused": None if kept or self.rejections else self._refused(),
            "toothless": toothless,
            "lines_run": len(run & set(self.subject.body_lines)),
            "branches_run": taken[0],
            "branches_total": taken[1],
            "mutants_total": len(counted),
            "mutants_killed": len(counted) - len(survivors),
            "mutants_timed_out": len(killed.intersection(counted) - self.told),
            "mutants_not_run": len([mutant for mutant in survivors if not mutant.defaults and mutant.line not in run]),
            "survivors": ["line %d: %s" % (mutant.line, mutant.label) for mutant in survivors][:20],
            "labels": self._labels(kept),
            "left": self._left(arcs, survivors),
        }

    def _labels(self, kept):
        """Return [number, line, label] of the mutants, slips among them, that the cases kill."""
        mutants = self.subject.mutants
        numbers = sorted(set().union(*[seen.kills for seen in kept]))
        return [[index, mutants[index].line, mutants[index].label] for index in numbers]

    def _left(self, arcs, survivors):
        """Return what no case reaches or tells apart: see ``left.told``."""
        return left.told(self.subject, self.plan.function, arcs, survivors)

    def _case(self, seen, asserted):
        """Return a case for the tool; of ``more`` it says what other cases say too, such as that a balance stayed as it was."""
        answer = seen.answer
        checks = seen.checks()
        checks += [check for check in answer.get("more", ()) if check[0] in asserted and check not in checks]
        return {
            "arguments": seen.item["arguments"],
            "define": seen.item["define"],
            "prepare": seen.item["prepare"],
            "call": answer["call"],
            "setup": answer.get("setup", []),
            "checks": checks,
            "enters": answer.get("enters", False),
            "inside": answer.get("inside"),
            "raises": answer.get("raises"),
            "imports": sorted({tuple(pair) for pair in [*seen.item["imports"], *answer["imports"]]}),
            "receiver": seen.item["receiver"],
            "through": self.plan.name if self.plan.is_through else "",
            "lines": sorted({arc[1] for arc in seen.arcs} & set(self.subject.body_lines)),
            "arcs": sorted(seen.arcs),
            "kills": sorted(index for index in seen.kills if not self.subject.mutants[index].is_slip),
            "slips": sorted(index for index in seen.kills if self.subject.mutants[index].is_slip),
            "tried": sorted(seen.compared),
        }
