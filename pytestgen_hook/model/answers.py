"""Keeps what the model answered, so that a second run asks nothing: by the code, the prompt, the model and the settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

from pytestgen_hook.cache import Cache

KIND = "answer"


def key(content: str, *what: object) -> str:
    """Return what stands for a question: the trees it is about (``content``) and all that shapes the answer."""
    return hashlib.sha256(json.dumps([content, *what], sort_keys=True).encode()).hexdigest()


def kept(cache: Cache | None, key: str) -> tuple[list[str], int] | None:
    """Return the texts of an earlier answer and how many tokens they took, or None."""
    value = cache.get(KIND, key) if cache is not None else None
    if value is None:
        return None
    texts, tokens = value.get("texts"), value.get("tokens")
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts) or not isinstance(tokens, int):
        return None  # not as we write it
    return texts, tokens


def keep(cache: Cache | None, key: str, texts: Sequence[str], tokens: int) -> None:
    """Keep an answer."""
    if cache is not None:
        cache.put(KIND, key, {"texts": list(texts), "tokens": tokens})
