"""Tries many inputs hastily, dozens in one process, to find the few that are worth being observed each in a process of its own.

What one call leaves behind the next ones find here, so nothing that is seen here is believed: it says where to look.
"""

import contextlib
import time

import workers
from seen import OWN_WAY

USABLE = ("value", "raise")  # kinds of answers that a case could be made of
IN_ONE = 60  # inputs that one process tries
MOST = 240  # inputs tried at a time
QUICK = 0.002  # seconds of a call, up to which so many are tried
SLOW = 0.008  # from which to start a process for each takes hardly longer
STUCK = 8  # calls at a time that are looked at for what they lacked
MOST_LOST = 3  # processes that may end or hang
FOR_A_MUTANT = 100  # inputs held against one mutant
_HINTS_FOR_A_MUTANT = 2
_MOST_WAYS = 6


class Tries:
    """What inputs that were tried hastily have shown, each as (input, item, answer).

    ``leads`` are those that stand at a boundary or show what none before them did: one may notice a mutant later.
    ``farthest`` is how many steps a call took before it ended in an error nobody meant.
    """

    def __init__(self):
        self.keys = set()
        self.leads = []
        self.farthest = 0
        self._stuck = []
        self._shown = set()

    def note(self, tried, steered):
        """Note tries, of which the first ``steered`` have what was missed in another call."""
        answers = [answer for _, _, answer in tried]
        for place in furthest(answers, self.farthest, STUCK):
            self._stuck.append(tried[place])
            self.farthest = answers[place]["steps"]
        for place, answer in enumerate(answers):
            # What was compared with something stands at a boundary, whatever it shows.
            if answer["kind"] in USABLE:
                shown = _shown(answer)
                if place < steered or shown not in self._shown:
                    self._shown.add(shown)
                    self.leads.append(tried[place])

    def note_stuck(self, tried):
        """Note a call that was observed, if it was stuck."""
        if is_stuck(tried[2]):
            self._stuck.append(tried)

    def held_up(self):
        """Return the tries that were stuck last, those last that came farthest: one part more, and they may come on."""
        found, self._stuck = self._stuck, []
        return sorted(found, key=lambda tried: tried[2]["steps"])[-STUCK:]


def how_many(seconds):
    """Return how many inputs are to be tried at a time, when a call takes so many seconds; 0 if it is not worth it.

    Few steps: the same function is to be given the same inputs whether the machine is busy or not.
    """
    return MOST if seconds < QUICK else IN_ONE if seconds < SLOW else 0


def tried(subject, guard, items, timeout, deadline, probe=False):
    """Return one answer per item, in order, as ``workers.apart`` does; what was not reached is answered as not run."""
    manner = workers.Manner(trace=not probe, probe=probe)
    return workers.apart(subject, guard, items, timeout, manner, deadline, IN_ONE, MOST_LOST)


def newest(answers, arcs, ways, most):
    """Return the places of at most so many answers with steps that are not among ``arcs``, then of a few with other ways."""
    chosen = []
    for part, known, most_of_part in (("arcs", set(arcs), most), ("ways", set(ways), _MOST_WAYS)):
        found = []
        for place, answer in enumerate(answers):
            if len(found) < most_of_part and place not in chosen and answer["kind"] in USABLE:
                shown = {tuple(step) for step in answer[part] if answer["kind"] == "value" or len(step) <= OWN_WAY}
                if not shown <= known:
                    known |= shown
                    found.append(place)
        chosen += found
    return chosen


def is_stuck(answer):
    """Whether a call ended in an error that the code did not mean: with other parts of its input it might come on."""
    return answer["kind"] == "misuse" or (answer["kind"] == "raise" and not answer.get("deliberate"))


def furthest(answers, steps, most):
    """Return the places of at most so many answers that were stuck only after more than so many steps, the farthest last."""
    far = [place for place, answer in enumerate(answers) if is_stuck(answer) and answer["steps"] > steps]
    return sorted(far, key=lambda place: answers[place]["steps"])[-most:]


def noticing(subject, guard, items, answers, mutants, timeout, deadline):
    """Return the places of items that seem to end otherwise under one of the mutants, a few for each.

    ``answers`` are those of ``tried``; only items that run the changed line are held against a mutant.
    """
    able = {}
    for index in mutants:
        mutant = subject.mutants[index]
        places = [
            place
            for place, answer in enumerate(answers)
            if answer["kind"] in USABLE and (mutant.defaults or _runs(answer, mutant.line))
        ]
        if places:
            able[index] = places[:FOR_A_MUTANT]
    jobs = (
        workers.Job([items[place] for place in places], timeout, workers.Manner(mutant=index, trace=False))
        for index, places in able.items()
    )
    chosen = {}
    with contextlib.closing(workers.run(subject, guard, jobs)) as running:
        for places, found in zip(able.values(), running):
            other = [place for place, answer in zip(places, found) if _is_other(answer, answers[place])]
            chosen.update(dict.fromkeys(other[:_HINTS_FOR_A_MUTANT]))
            if time.monotonic() > deadline:
                break
    return list(chosen)


def _runs(answer, line):
    return any(line in (end, -start) for start, end in answer["arcs"])


def _is_other(answer, original):
    if answer["kind"] == "lost":
        return answer["how"] != "not run"
    return (answer["kind"], _shown(answer)) != (original["kind"], _shown(original))


def _shown(answer):
    """Return what a call showed: its outcome, and what asking the objects tells of it; not what it left as it was."""
    more = [check for check in answer.get("more", ()) if "(" in check[0] or check[0].startswith("result")]
    return answer.get("print"), repr(more)
