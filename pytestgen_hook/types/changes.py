"""What changed, and what of it nothing was found out about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class Change:
    """One Python file that the examined range added or altered (never a deletion).

    ``before`` is None for a file that is new; ``before_path`` differs from ``path`` where git saw a rename.
    ``merged`` is the file in the other parents of a merge, ``deleted`` are the Python files that the same range deleted
    (functions may have moved from them).
    """

    path: str
    after: bytes
    before_path: str | None = None
    before: bytes | None = None
    merged: tuple[bytes, ...] = ()
    deleted: tuple[bytes, ...] = ()


class Kind(Enum):
    """How a function is reached from its module."""

    FUNCTION = "function"
    METHOD = "method"
    CLASS_METHOD = "classmethod"
    STATIC_METHOD = "staticmethod"
    PROPERTY = "property"


@dataclass(frozen=True, slots=True)
class Function:
    """One function or method of a module or (nested) class; functions inside functions belong to the outer one.

    ``first_line`` is that of the first decorator, as in ``code.co_firstlineno``; ``body_lines`` are the first lines of the
    statements of the body at any depth, the docstring left out.
    """

    path: str
    qualname: str
    kind: Kind
    first_line: int
    def_line: int
    last_line: int
    body_lines: tuple[int, ...]
    is_async: bool = False

    @property
    def name(self) -> str:
        """The last part of the qualified name."""
        return self.qualname.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class ChangedFunction:
    """A function whose behaviour the change may have altered; ``is_new`` if it did not exist before."""

    function: Function
    is_new: bool


@dataclass(frozen=True, slots=True)
class Unanalysed:
    """A file or function that nothing was found out about, and why; always reported, never passed over.

    ``line`` is that of its definition, None for a whole file.
    """

    path: str
    reason: str
    qualname: str | None = None
    line: int | None = None
