"""A bounded queue of jobs, its events as a generator, and an asynchronous drain."""

from collections.abc import Iterator


class JobQueue:
    """First in, first out, up to a size."""

    def __init__(self, size: int = 3) -> None:
        if size < 1:
            raise ValueError("a queue needs room")
        self.size = size
        self.jobs: list[str] = []

    def push(self, job: str) -> bool:
        """Add a job; False if there is no room."""
        if len(self.jobs) >= self.size:
            return False
        self.jobs.append(job)
        return True

    def pop(self) -> str:
        """Take the oldest job."""
        if not self.jobs:
            raise LookupError("the queue is empty")
        return self.jobs.pop(0)

    def __len__(self) -> int:
        return len(self.jobs)

    @property
    def is_full(self) -> bool:
        """Whether another job would be refused."""
        return len(self.jobs) == self.size


def batches(jobs: list[str], size: int) -> Iterator[list[str]]:
    """Yield the jobs in lists of at most ``size``."""
    for start in range(0, len(jobs), size):
        yield jobs[start : start + size]


async def run_all(jobs: list[str]) -> dict[str, str]:
    """Run the jobs one after the other and return what became of each."""
    return {job: "skipped" if job.startswith("#") else "done" for job in jobs}
