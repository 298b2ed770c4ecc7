"""Tries mutants of functions one after the other in one process, with tests that only need to be called (``plain``).

To fork for each mutant takes longer than to call most tests. But mutants and tests leave things behind, and what one does may
come from what another left. As long as nothing is seen to be left, each is judged as if it were alone; the first that leaves
something is the last in its process. Where that cannot be seen, little is believed: that a mutant was noticed, if the same
tests, called at once again without it, are green. What has no verdict here is to be tried in a process of its own.
"""

import collections
import mmap
import random
import time

import state
import trials

_MOST, _FEW = 64, 8  # mutants in a process, as long as there are so many
_MOST_UNCLEAN = 2  # mutants of a function that may leave something behind until no others of it are tried so
_QUICK = 0.004  # seconds: to see what is left behind is to take less than to fork, and all that is copied then
_SIZE = 4  # bytes of a number in shared memory


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
        at = mmap.mmap(-1, _SIZE)  # the place of the test that runs: where it does not end, it cannot say so
        found = []

        def heard(message):
            if "found" in message:
                found.append(message["found"])

        most = max(sum(map(self._trier.limit, tests)) for tests in called)
        seconds = self._trier.PATIENCE + 2 * most
        ended = yield lambda: trials.Forked(
            lambda write: self._all_in_turn(batch, called, at, write), seconds, heard, is_renewed=True
        )
        for (subject, number, tests), (verdict, test) in zip(batch, found):
            if verdict is None or (verdict == self._trier.SURVIVED and not self._is_all(tests)):
                self.left.append((subject, number, tests))
            else:
                self._trier.tell(subject, number, verdict, test)
        rest = batch[len(found) :]
        if rest and ended.last("begun") == len(found):  # this one ended the process
            is_late = ended.late and ended.last("known")
            if not is_late or not (yield from self._is_endless(rest[0], ended.last("tests"), at)):
                self.left.append(rest[0])
            rest = rest[1:]
        elif rest:
            self._unclean[batch[len(found) - 1][0].number] += 1
        self.left += [one for one in rest if self._unclean[one[0].number] >= _MOST_UNCLEAN]
        self._queue.extendleft(one for one in reversed(rest) if self._unclean[one[0].number] < _MOST_UNCLEAN)

    def _is_all(self, tests):
        return all(self._trier.tests[test].is_plain for test in tests)

    def _is_endless(self, one, tests, at):
        """Whether a test takes too long for this mutant's sake, which is a verdict then."""
        place = int.from_bytes(at[:], "little")
        limit = self._trier.limit(tests[place])
        culprit = yield from self._trier.control(tests[: place + 1])
        if culprit is not None or self._trier.limit(tests[place]) > limit:
            return False
        self._trier.tell(one[0], one[1], self._trier.TIMED_OUT, tests[place])
        return True

    def _all_in_turn(self, batch, called, at, write):
        """Judge mutants until one leaves something behind: ``found`` is the verdict on each, and the test that noticed it."""
        self._trier.prepare(called[0][0])
        kills, proved = self._trier.kills.copy(), set()
        with self._trier.caller.around(self._trier.items[called[0][0]]):
            surroundings = state.Surroundings(self._trier.root, _QUICK)
            write(known=surroundings.are_known)
            for place, ((subject, number, _), tests) in enumerate(zip(batch, called)):
                if place and surroundings.are_known and surroundings.are_changed():
                    return
                tests.sort(key=lambda test: (-kills[subject.number, test], test))
                write(begun=place, tests=tests)
                with self._trier.swap.used(subject, subject.mutants[number]):
                    noticing = self._first_failing(tests, at)
                if noticing is None:
                    write(found=[self._trier.SURVIVED if surroundings.are_known else None, None])
                    continue
                kills[subject.number, tests[noticing]] += 1
                same = tuple(tests[: noticing + 1])
                if same not in proved and self._first_failing(same, at) is not None:
                    write(found=[None, None])
                    return
                if surroundings.are_known:
                    proved.add(same)
                write(found=[self._trier.KILLED, tests[noticing]])

    def _first_failing(self, tests, at):
        """Call tests; return the place of the first that fails, None where all are green."""
        random.seed(0)
        for place, test in enumerate(tests):
            at[:] = place.to_bytes(_SIZE, "little")
            if self._trier.has_failed(test) is not False:
                return place
        return None
