"""The real small model, as it was fetched: its bytes, and what it takes of the memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pytestgen_hook.model import hardware, store

_LOAD = """
import sys, psutil, llama_cpp
before = psutil.Process().memory_info().rss
llm = llama_cpp.Llama(sys.argv[1], n_ctx=int(sys.argv[2]), n_batch=128, n_threads=1, verbose=False)
llm(" x" * 120, max_tokens=1)
print(psutil.Process().memory_info().rss - before)
"""


def test_its_bytes_are_those_that_were_published(small_model: Path) -> None:
    assert store.sha256_of(small_model) == store.KNOWN[store.SMALL].sha256


def test_its_head_says_what_it_is(small_model: Path) -> None:
    assert hardware.read_shape(small_model) == hardware.Shape(
        layers=24, key_values=256, vocabulary=151936, context=32768
    )


def test_it_takes_about_the_memory_that_was_worked_out(small_model: Path) -> None:
    needed = hardware.needs(small_model, 4096, 128).total
    told = subprocess.run(
        [sys.executable, "-c", _LOAD, str(small_model), "4096"], check=True, capture_output=True, text=True
    )
    assert 0.6 * needed < int(told.stdout) < 1.2 * needed
