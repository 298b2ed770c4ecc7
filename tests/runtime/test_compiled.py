"""Regular expressions that one process has compiled are compiled in another, but for those that it is warned of."""

import re
import warnings

import compiled


def test_what_is_kept_is_compiled_elsewhere_with_its_flags():
    re.purge()
    re.compile("kept", re.IGNORECASE)
    re.compile(b"of bytes")
    found = compiled.patterns()
    assert found == [("kept", re.IGNORECASE)]
    re.purge()
    compiled.compile_all(found)
    assert compiled.patterns() == found


def test_what_is_warned_of_or_does_not_parse_is_left_to_whoever_uses_it():
    re.purge()
    compiled.compile_all([("[[a]", 0), ("(", 0), ("fine", 0)])
    assert compiled.patterns() == [("fine", 0)]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        re.compile("[[a]")
    assert [one.category for one in told] == [FutureWarning]
