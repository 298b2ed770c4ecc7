"""Judges calls that somebody wrote, each by itself and with no search for better ones: what it runs, kills, and if it lasts."""

import form
import left
import plan as plans
import proposals
import search
import standins
from seen import Had

PATIENCE = 5.0  # seconds for a call


class Judge(search.Search):
    """Has calls pass what the calls of a search have to pass; there are few of them, and each has time."""

    def _timeout(self):
        return PATIENCE

    def _patience(self):
        return PATIENCE

    def judged(self, texts):
        """Return [{"call", "arcs", "kills"}] of those that fit, end alike whenever they are made, and touch nothing."""
        inputs = {id(one): (text, one) for text in texts for one in proposals.inputs(self.plan, [text])}
        found = self._observe([one for _, one in inputs.values()])
        self._take(found)
        mutants = self.subject.mutants
        self._against(found, [index for index in range(len(mutants)) if not mutants[index].is_slip])
        return [
            {"call": inputs[id(seen.input)][0], "arcs": sorted(seen.arcs), "kills": sorted(seen.kills)}
            for seen in self._lasting(found)
        ]


def judged(modules, request, ask_twin=None):
    """Answer a request of the tool: ``calls`` judged, and what calls with the ``arcs`` and ``kills`` of ``had`` leave open."""
    wanted = request["judge"]
    try:
        subject = modules.subject(request)
        plan = plans.make_plan(subject, request["qualname"], modules.tree, standins.trial(subject, modules.guard))
    except plans.CannotCall as problem:
        return {"cases": [], "problem": str(problem), "refused": None}
    had = Had(**wanted["had"])
    judge = Judge(subject, plan, modules.guard, [], request["seconds"], 0, ask_twin)
    counted = [index for index, mutant in enumerate(subject.mutants) if not mutant.is_slip]
    survivors = [subject.mutants[index] for index in counted if index not in had.kills]
    return {
        "cases": [],
        "calls": judge.judged(wanted["calls"]),
        "left": left.told(subject, plan.function, had.arcs, survivors),
        "form": form.told(plan, plans.resolver(subject)),
    }
