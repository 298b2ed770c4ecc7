"""Chooses the fewest, cheapest observed calls that together run every step and kill every mutant that the pool can."""

WIDTH = 3  # steps and mutants that going all ways counts for


def smallest(pool, met=frozenset()):
    """Return the members of ``pool`` (each with ``arcs``, ``kills``, ``ways`` and ``cost``) to keep, in the order of the pool.

    Each is kept for a step or a mutant; of several that would do, the one that goes more ways of those not gone yet. What is
    ``met`` already, as (``"arc"`` or ``"kill"``, which), is no reason to keep one.
    """
    needs = {
        seen: frozenset([*(("arc", arc) for arc in seen.arcs), *(("kill", kill) for kill in seen.kills)]) - met
        for seen in pool
    }
    missing = set().union(*needs.values())
    open_ways = set().union(*[seen.ways for seen in pool])
    share = WIDTH / max(1, len(open_ways))
    kept = []
    while missing:
        best = max(
            [seen for seen in pool if needs[seen] & missing],
            key=lambda seen: (
                (len(needs[seen] & missing) + share * len(seen.ways & open_ways)) / seen.cost**0.5,
                -seen.cost,
            ),
        )
        kept.append(best)
        missing -= needs[best]
        open_ways -= best.ways
    needed = _without_superfluous(kept, needs)
    return [seen for seen in pool if seen in needed]


def _without_superfluous(kept, needs):
    """Drop, dearest first, each case all of whose needs the others meet."""
    kept = list(kept)
    for seen in sorted(kept, key=lambda seen: -seen.cost):
        others = set().union(*[needs[other] for other in kept if other is not seen]) if len(kept) > 1 else set()
        if needs[seen] <= others:
            kept.remove(seen)
    return kept
