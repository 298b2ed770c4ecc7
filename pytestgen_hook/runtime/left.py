"""Tells what the cases of a function leave open: lines that none runs, ways that none takes, mutants that none notices."""

import ast

from shown import Text

MOST_MUTANTS = 24
_BRANCHING = (ast.If, ast.While, ast.For, ast.AsyncFor)


def told(subject, function, arcs, survivors):
    """Return {"lines": […], "branches": [[line, outcome]…], "mutants": [[number, line, label, before, after]…]}.

    ``arcs`` are the steps of the cases, ``survivors`` the mutants that are left. An outcome is true or false: of the
    condition, or whether a loop runs at all. ``before`` and ``after`` are the changed line as written and as it would
    read, None for a change that has no text of its own.
    """
    run = {end for _, end in arcs}
    numbers = {id(mutant): index for index, mutant in enumerate(subject.mutants)} if survivors else {}
    shown = Text(subject.source) if survivors else None
    mutants = []
    for mutant in survivors[:MOST_MUTANTS]:
        before, after = _change(shown, mutant)
        mutants.append([numbers[id(mutant)], mutant.line, mutant.label, before, after])
    return {
        "lines": [line for line in subject.body_lines if line not in run],
        "branches": list(_branches(function, subject.branching, arcs, run)),
        "mutants": mutants,
    }


def _branches(function, branching, arcs, run):
    for node in ast.walk(function):
        if isinstance(node, _BRANCHING) and node.lineno in branching and node.lineno in run:
            ends = {end for start, end in arcs if start == node.lineno}
            first = node.body[0].lineno
            if first not in ends:
                yield [node.lineno, True]
            if not ends - {first}:
                yield [node.lineno, False]


def _change(shown, mutant):
    """Return the line of a mutant as it is and as it would be; (None, None) where that cannot be told."""
    if mutant.place is None:
        return None, None
    try:
        _, before, after = shown.shown(mutant.place)
    except Exception:  # it is only for show
        return None, None
    at = next((index for index, (one, other) in enumerate(zip(before, after)) if one != other), None)
    return (None, None) if at is None else (before[at].strip(), after[at].strip())
