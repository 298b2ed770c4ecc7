"""The rules that findings are reported under, and what each means."""

from __future__ import annotations

from dataclasses import dataclass

from pytestgen_hook.errors import FatalError


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its code and name, what it says in a line, how it is decided and why it matters, and what to do."""

    code: str
    name: str
    summary: str
    explanation: str
    remedy: str


RULES = {
    rule.code: rule
    for rule in (
        Rule(
            "PTG001",
            "new-function-untested",
            "A function that the change adds is run by no passing test.",
            "The function did not exist before the change. A function counts as tested when a passing test runs a "
            "line of its body; that its module is imported is not enough. Test files that cannot reach the module "
            "through imports, conftest.py or fixtures are not run; tests that fail, hang or cannot start count "
            "for nothing. Moved and renamed functions with an equal body are not new.",
            "Write a test that calls it, or let one be written with: pytestgen-check --mode write PATH. Where that finds "
            "none, the report says what was missed, and what would help.",
        ),
        Rule(
            "PTG002",
            "changed-function-untested",
            "A function that the change alters is run by no passing test.",
            "Its body, defaults, decorators or parameters differ from what they were. Compared are syntax trees: "
            "comments, docstrings, annotations and formatting make no difference. Whether a test runs it is "
            "decided as for PTG001.",
            "Write a test that calls it, or let one be written with: pytestgen-check --mode write PATH. Where that finds "
            "none, the report says what was missed, and what would help.",
        ),
        Rule(
            "PTG003",
            "changed-lines-untested",
            "Tests run the function, but not the lines that changed.",
            "A test enters the function and leaves it before it gets to the changed lines, or takes another "
            "branch. What they do is then as untested as a new function.",
            "Add a case that gets there: the reason names the first line that no test runs.",
        ),
        Rule(
            "PTG004",
            "tests-cannot-fail",
            "Tests can run the function, but none can tell when it breaks.",
            "The body was altered on purpose, one small change at a time, and no observed call showed a "
            "difference: it returns nothing that can be compared, changes none of its arguments, and raises "
            "nothing. A test of it would be green whatever the function does, so none is written. With "
            "`pytestgen-check --strength` the same is said of functions that existing tests run.",
            "Give the function something to observe (a return value, a parameter that takes what it writes), or "
            "write a test of its effect by hand. What the tests that are there would notice, and what not, shows: "
            "pytestgen strength PATH",
        ),
        Rule(
            "PTG005",
            "behaviour-contradicts-documentation",
            "What the function does differs from what its documentation says.",
            "A call did other than an example (>>> and the like), a `Raises:` clause, the return annotation or a sentence "
            "about the result or the arguments says, and did so each time that it was made. Either may be wrong. Only "
            "sentences are looked at of which every word is understood, and only calls whose arguments are of the "
            "documented types. No tests are written for the function, because they would make the bug permanent. Functions "
            "that tests are written for are held against their documentation on that occasion; all others with "
            "`pytestgen-check --promises`.",
            "Mend the function or the sentence, then check again.",
        ),
        Rule(
            "PTG006",
            "estimated-not-measured",
            "A test names the function, but no test could be run.",
            "The project's Python has no pytest, or none was found. That a test file reaches the module and names the "
            "function is a guess from the source: whether the test passes, or runs the body at all, nobody knows.",
            "Install pytest for the Python that `pytestgen doctor` names, or name another with --python. To take "
            "estimates for tests, set allow-estimates = true.",
        ),
        Rule(
            "PTG007",
            "not-analysed",
            "Nothing could be found out about a file or function.",
            "The file cannot be read as Python, or no test can reach the function by its name: it is a lambda, or stands "
            'under `if __name__ == "__main__"`. What could not be analysed is no pass.',
            "Mend what the line names; where that cannot be, say so: # pytestgen: ignore[PTG007] and the reason.",
        ),
    )
}


def rule(code: str) -> Rule:
    """Return the rule of a code, in any case; FatalError with the nearest code for an unknown one."""
    found = RULES.get(code.upper())
    if found is None:
        import difflib

        close = difflib.get_close_matches(code.upper(), RULES, n=1)
        advice = f"Did you mean {close[0]}?" if close else f"There are {', '.join(RULES)}."
        raise FatalError(f"there is no rule {code}. {advice}")
    return found
