"""Has regular expressions compiled once for all processes that are forked from one: for each that takes longer than a test."""

import re
import warnings


def patterns():
    """Return (pattern, flags) of the texts that the module ``re`` has compiled and kept in this process."""
    kept = [*getattr(re, "_cache", ()), *getattr(re, "_cache2", ())]
    found = {key[1:]: None for key in kept if isinstance(key, tuple) and len(key) == 3 and key[0] is str}
    return [(pattern, int(flags)) for pattern, flags in found]


def compile_all(found):
    """Have the module ``re`` keep them; those that it warns of are left, so that whoever uses them is warned."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for pattern, flags in found:
            try:
                re.compile(pattern, flags)
            except (re.error, Warning, ValueError, OverflowError, RecursionError):
                continue
