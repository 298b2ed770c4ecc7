"""Has a process use one core: threads of llama.cpp that share busy cores wait for one another most of the time."""

import os


def _bind():
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])


BIND = (
    _bind if hasattr(os, "sched_setaffinity") else None
)  # to be called in the new process, before it is another program
