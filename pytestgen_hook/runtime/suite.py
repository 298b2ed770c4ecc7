"""Chooses the fewest, cheapest observed calls that together run every step and kill every mutant that the pool can."""


def smallest(pool):
    """Return the members of ``pool`` (each with ``arcs``, ``kills`` and ``cost``) to keep, in the order of the pool."""
    needs = {
        seen: frozenset([*(("arc", arc) for arc in seen.arcs), *(("kill", kill) for kill in seen.kills)])
        for seen in pool
    }
    missing = set().union(*needs.values()) if needs else set()
    kept = []
    left = list(pool)
    while missing and left:
        best = max(left, key=lambda seen: (len(needs[seen] & missing) / seen.cost**0.5, -seen.cost))
        gained = needs[best] & missing
        if not gained:
            break
        kept.append(best)
        left.remove(best)
        missing -= gained
    return [seen for seen in pool if seen in _without_superfluous(kept, needs)]


def _without_superfluous(kept, needs):
    """Drop, dearest first, each case all of whose needs the others meet."""
    kept = list(kept)
    for seen in sorted(kept, key=lambda seen: -seen.cost):
        others = set().union(*[needs[other] for other in kept if other is not seen]) if len(kept) > 1 else set()
        if needs[seen] <= others:
            kept.remove(seen)
    return kept
