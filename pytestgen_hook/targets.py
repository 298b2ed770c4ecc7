"""Decides which of the changed functions no passing test runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pytestgen_hook.types.changes import ChangedFunction
from pytestgen_hook.types.evidence import Evidence, RunOutcome, TestRun
from pytestgen_hook.types.generated import Compared, Promise
from pytestgen_hook.types.report import Finding, Status
from pytestgen_hook.types.strength import Strength, Verdict

NEW, CHANGED = "PTG001", "PTG002"
BLIND, SUSPECT, ESTIMATED = "PTG004", "PTG005", "PTG006"
_BY_WEIGHT = ("example", "raises", "arguments", "returns", "annotation")
_MOST_TESTS = 5


def judge(
    changed: Sequence[ChangedFunction], reaching: Mapping[str, Sequence[str]], runs: Mapping[str, TestRun]
) -> list[Finding]:
    """Return one finding per changed function, from tests that ran.

    ``reaching`` maps a source path to the test files that can reach it, ``runs`` a test file to how it ran.
    """
    return [_measured(item, reaching.get(item.function.path, ()), runs) for item in changed]


def estimate(
    changed: Sequence[ChangedFunction],
    reaching: Mapping[str, Sequence[str]],
    naming: Mapping[str, Sequence[str]],
    why: str,
    *,
    allowed: bool = False,
) -> list[Finding]:
    """Return one finding per changed function where no test can run at all: a guess, and marked as one.

    ``naming`` maps ``path::qualname`` to the test files that name the function; ``why`` says why nothing ran. Unless
    ``allowed``, a guess that a function is tested is a finding too: nothing has shown that it is.
    """
    code = None if allowed else ESTIMATED
    return [_estimated(item, reaching.get(item.function.path, ()), naming, why, code) for item in changed]


def weigh(finding: Finding, strength: Strength) -> Finding:
    """Return a tested function's finding with what its tests notice; PTG004 if that is nothing of what was tried."""
    tried = [mutant for mutant in strength.mutants if mutant.verdict is not Verdict.NOT_TRIED]
    if not tried:
        return finding
    noticed = sum(mutant.verdict.is_noticed for mutant in tried)
    finding = replace(finding, mutants_killed=noticed, mutants_total=len(tried))
    if not strength.is_blind:
        return finding
    survivor = next(mutant for mutant in tried if mutant.verdict is Verdict.SURVIVED)
    reason = f"its tests notice none of {len(tried)} small bugs: in line {survivor.line} {survivor.label}"
    return replace(finding, code=BLIND, reason=reason)


def contradicted(finding: Finding, promises: Sequence[Compared]) -> Finding:
    """Return the finding with what its documentation says; a suspected bug (PTG005) if a call contradicts that."""
    finding = replace(finding, promises=tuple(promises))
    against = sorted(
        (one for one in promises if one.is_contradicted), key=lambda one: _BY_WEIGHT.index(one.promise.source)
    )
    if not against:
        return finding
    first = against[0]
    reason = f'{first.call} {_did(first.observed or "", first.promise)}; line {first.promise.line} says "{first.promise.text}"'
    if len(against) > 1:
        reason += f" (and {len(against) - 1} more)"
    return replace(finding, status=Status.SUSPECT, code=SUSPECT, reason=reason, otherwise=finding)


def _did(observed: str, promise: Promise) -> str:
    """Say what a call did in the place of what was promised."""
    if promise.source == "arguments":
        return promise.expected
    return f"gives {observed}, not {promise.expected}" if promise.expected else f"gives {observed}"


def _code(item: ChangedFunction) -> str:
    return NEW if item.is_new else CHANGED


def _estimated(
    item: ChangedFunction, reaching: Sequence[str], naming: Mapping[str, Sequence[str]], why: str, code: str | None
) -> Finding:
    function = item.function
    files = tuple(naming.get(f"{function.path}::{function.qualname}", ()))
    if files:
        reason = f"estimated, not measured ({why}): {files[0]} reaches its module and names it"
        return Finding(function, Status.TESTED, code, reason, Evidence.STATIC, files[:_MOST_TESTS])
    if reaching:
        reason = f"estimated, not measured ({why}): no test file that reaches its module names it"
        return Finding(function, Status.UNTESTED, _code(item), reason, Evidence.STATIC)
    return _out_of_reach(item)


def _out_of_reach(item: ChangedFunction) -> Finding:
    return Finding(item.function, Status.UNTESTED, _code(item), "no test file reaches its module", Evidence.GRAPH)


def _measured(item: ChangedFunction, reaching: Sequence[str], runs: Mapping[str, TestRun]) -> Finding:
    function = item.function
    if not reaching:
        return _out_of_reach(item)
    ran = [runs[path] for path in reaching if path in runs]
    tests = [test for run in ran for test in run.ran.get(function.path, {}).get(function.first_line, ())]
    if tests:
        lines = set().union(*[run.lines.get(function.path, frozenset()) for run in ran])
        return Finding(
            function,
            Status.TESTED,
            tests=tuple(tests[:_MOST_TESTS]),
            lines_run=len(lines & set(function.body_lines)),
            lines_total=len(function.body_lines),
        )
    broken = [run for run in ran if run.outcome is not RunOutcome.PASSED]
    if broken:
        more = f" (and {len(broken) - 1} more)" if len(broken) > 1 else ""
        reason = f"no passing test runs it; {broken[0].path} {_manner(broken[0])}{more}"
    else:
        files = "1 test file reaches" if len(reaching) == 1 else f"{len(reaching)} test files reach"
        reason = f"{files} its module, but no test runs its body"
    return Finding(function, Status.UNTESTED, _code(item), reason)


def _manner(run: TestRun) -> str:
    if run.outcome is RunOutcome.FAILED and run.failed:
        return f"has {len(run.failed)} failing test{'s' if len(run.failed) > 1 else ''}"
    return f"{run.outcome.value}: {run.message}" if run.message else run.outcome.value
