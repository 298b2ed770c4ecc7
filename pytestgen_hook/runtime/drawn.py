"""Whether a property holds for what Hypothesis draws; in the process of one call, where the project's Hypothesis is."""

import types

_EXAMPLES = 300

# Of every sort, the odd ones too. What ``text()`` draws from takes seconds to set up; the test itself is still to be run.
_CHARACTERS = [*map(chr, range(128)), *"\x85\xa0äßÀŁıİſΣςжא٣२€√中가ﬁ𝟙😀é\u200b\u2028\ufeff\uffff"]  # noqa: RUF001


def holds(scope, item, guard):
    """Return whether the property of the item holds for what Hypothesis draws; for the process of one call.

    The guard is there for the project's code only: Hypothesis looks around more than that may.
    """
    import hypothesis
    from hypothesis import strategies

    scope.need([tuple(pair) for pair in item["imports"]])
    known = types.SimpleNamespace(**vars(strategies))
    known.text = lambda: strategies.text(strategies.sampled_from(_CHARACTERS))
    domains = {name: eval(text, {"strategies": known}) for name, text in item["given"]}
    subject, _, expected = item["check"]

    @hypothesis.settings(
        max_examples=_EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(strategies.fixed_dictionaries(domains))
    def prove(arguments):
        local = dict(arguments)
        guard.start()
        try:
            local["result"] = scope.evaluate(item["call"], local)
            shown = scope.evaluate(subject, local) == scope.evaluate(expected, local)
        finally:
            guard.stop()
        assert shown

    prove()
    return True
