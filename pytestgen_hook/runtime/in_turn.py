"""Tries mutants of functions one after the other in one process, with tests that only need to be called (``plain``).

To fork for each mutant takes longer than to call most tests. But mutants and tests leave things behind, caches and locks and
what was put in place once, and no look at the process finds all of it. So of what such a process says little is
believed: that a test notices a mutant, if the same tests pass at once again without it, run all that they ran at first, and
this one passes in a process of its own too; and that a mutant computes without end, if the tests end without it. All else is
to be tried again alone: what seems to survive, what waits for ever, what ends the process. After a mutant whose tests do
not do the same again, the others get a new process.
"""

import collections
import random
import signal
import time

import trials

_MOST, _FEW = 64, 8  # mutants in a process, as long as there are so many
_MOST_UNCLEAN = 2  # mutants of a function that may leave something behind until no others of it are tried so


class InTurn:
    """Tries mutants, given as tuples of subject, number and the tests that reach it; those without a verdict are ``left``.

    ``trier`` has collected the tests, and runs them (``strength.Collected``).
    """

    def __init__(self, trier, waiting, at_once):
        self._trier = trier
        self._at_once = at_once
        self.left = [one for one in waiting if not self._called(one[2])]
        self._queue = collections.deque(one for one in waiting if self._called(one[2]))
        self._unclean = collections.Counter()

    def works(self):
        """Return generators for ``trials.drive``."""
        return [self._work() for _ in range(self._at_once)]

    def _called(self, tests):
        return [test for test in tests if self._trier.tests[test].is_plain]

    def _work(self):
        while self._queue:
            size = min(_MOST, max(_FEW, len(self._queue) // (2 * self._at_once)), len(self._queue))
            batch = [self._queue.popleft() for _ in range(size)]
            if time.monotonic() > self._trier.end:
                self.left += batch
            else:
                yield from self._try(batch)

    def _try(self, batch):
        """Try some in a process, as far as it gets, and put back what it did not get to."""
        called = [self._called(tests) for _, _, tests in batch]
        noticed = []  # by which test each was, or None

        def heard(message):
            if "noticed" in message:
                noticed.append(message["noticed"])

        most = max(sum(map(self._trier.limit, tests)) for tests in called)
        seconds = self._trier.PATIENCE + 2 * most
        ended = yield lambda: trials.Forked(
            lambda write: self._all(batch, called, write), seconds, heard, is_renewed=True
        )
        for one, test in zip(batch, noticed):
            if test is None or (yield from self._trier.control([test])) is not None:
                self.left.append(one)
            else:
                self._trier.tell_noticed(one[0], one[1], test)
        rest = batch[len(noticed) :]
        if rest:
            one = rest.pop(0)
            is_over = ended.last("tried") == len(noticed)  # it did not end without the mutant, or did something else
            computes = ended.status == -getattr(signal, "SIGPROF", 0) and not is_over
            if computes and (yield from self._trier.control(called[len(noticed)])) is None:
                self._trier.tell_endless(one[0], one[1])
            else:
                self._unclean[one[0].number] += 1
                self.left.append(one)
        self.left += [one for one in rest if self._unclean[one[0].number] >= _MOST_UNCLEAN]
        self._queue.extendleft(one for one in reversed(rest) if self._unclean[one[0].number] < _MOST_UNCLEAN)

    def _all(self, batch, called, write):
        """Say of one mutant after the other which test noticed it, up to the first that leaves something behind."""
        self._trier.prepare(called[0][0])
        kills = self._trier.kills.copy()
        with self._trier.caller.around(self._trier.items[called[0][0]]):
            for place, ((subject, number, _), tests) in enumerate(zip(batch, called)):
                tests.sort(key=lambda test: (-kills[subject.number, test], test))
                with self._trier.swap.used(subject, subject.mutants[number]):
                    at = next((nth for nth, test in enumerate(tests) if self._has_failed(test, not nth)), None)
                write(tried=place)
                again = tests if at is None else tests[: at + 1]
                if not all(self._does_the_same(test, not nth) for nth, test in enumerate(again)):
                    return
                write(noticed=None if at is None else tests[at])
                if at is not None:
                    kills[subject.number, tests[at]] += 1

    def _has_failed(self, test, is_first):
        if is_first:
            random.seed(0)
        return self._trier.has_failed(test) is not False

    def _does_the_same(self, test, is_first):
        """Whether a test passes without a mutant, and runs what it ran when nothing had been before it."""
        self._trier.ran.clear()
        return not self._has_failed(test, is_first) and self._trier.ran >= self._trier.tests[test].ran
