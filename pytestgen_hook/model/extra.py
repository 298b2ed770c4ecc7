"""The packages of the extra ``model``, which the core does without."""

from __future__ import annotations

from pytestgen_hook.errors import FatalError


def missing_extra(package: str) -> FatalError:
    """Return the error for a package of the extra that is not installed."""
    return FatalError(f"{package} is not installed. Install it with: pip install 'pytestgen-hook[model]'")
