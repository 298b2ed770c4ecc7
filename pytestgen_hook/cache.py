"""Keeps results by content in one SQLite file that several processes, branches and work trees may share."""

from __future__ import annotations

import contextlib
import json
import os
import random
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SCHEMA = 2
MOST_BYTES = 256 << 20
_WAIT_SECONDS = 5.0
_MOST_NAMES = 500  # in one query


def default_folder() -> Path:
    """Return the user's cache folder; ``PYTESTGEN_CACHE_DIR`` names another."""
    named = os.environ.get("PYTESTGEN_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("pytestgen", appauthor=False)


class Cache:
    """Values (JSON objects) by kind and key.

    A file that cannot be used costs nothing but time: ``problem`` says why, and values are kept in memory only. A
    file that is damaged is made anew, a link in its place is not followed. Values are data, never code: who can write the
    file can make a result wrong, not run something; who reads a value takes one of another shape for none. With ``anew``
    nothing is taken from others: there is what was put here, and it takes the place of theirs.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES, anew: bool = False) -> None:
        self._own: set[tuple[str, str]] | None = set() if anew else None
        self.problem: str | None = None
        self._path = folder / f"cache-{SCHEMA}.sqlite"
        self._most_bytes = most_bytes
        self._memory: dict[tuple[str, str], str] = {}
        self._connection = self._open()

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return the value, or None if there is none (or none that can be read)."""
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the values that there are, by key."""
        wanted = [key for key in keys if self._own is None or (kind, key) in self._own]
        found = {key: self._memory[kind, key] for key in wanted if (kind, key) in self._memory}
        if self._connection is not None:
            try:
                for start in range(0, len(wanted), _MOST_NAMES):
                    some = wanted[start : start + _MOST_NAMES]
                    marks = ",".join("?" * len(some))
                    query = f"SELECT key, value FROM entry WHERE kind = ? AND key IN ({marks})"
                    found.update(self._connection.execute(query, [kind, *some]))
            except sqlite3.Error as error:
                self._give_up(error)
        return {key: value for key, text in found.items() if (value := _loaded(text)) is not None}

    def put(self, kind: str, key: str, value: Mapping[str, Any]) -> None:
        """Keep the value."""
        self.put_many(kind, {key: value})

    def put_many(self, kind: str, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep several values in one transaction."""
        texts = {key: json.dumps(value) for key, value in values.items()}
        if self._own is not None:
            self._own |= {(kind, key) for key in texts}
        if self._connection is not None and texts:
            now = time.time()
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                rows = [(kind, key, text, now) for key, text in texts.items()]
                self._connection.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", rows)
                self._connection.execute("COMMIT")
                self._shrink(self._connection)
            except sqlite3.Error as error:
                self._give_up(error)
        if self._connection is None:
            self._memory.update({(kind, key): text for key, text in texts.items()})

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # -- the file --------------------------------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection | None:
        for _ in range(2):
            try:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if self._path.is_symlink():
                    raise OSError("it is a symbolic link, and what it leads to is not ours")
                return self._connected()
            except (sqlite3.Error, OSError) as error:
                self.problem = f"{self._path}: {error}"
                if not _is_damage(error):
                    return None
                self._remove()
        return None

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
        try:
            _write_ahead(connection)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.execute(
                "CREATE TABLE IF NOT EXISTS entry "
                "(kind TEXT, key TEXT, value TEXT, written REAL, PRIMARY KEY (kind, key)) WITHOUT ROWID"
            )
            self.problem = None
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    def _give_up(self, error: sqlite3.Error) -> None:
        """Go on in memory; what is damaged is removed, so that the next run begins anew."""
        self.problem = f"{self._path}: {error}"
        with contextlib.suppress(sqlite3.Error):
            self.close()
        self._connection = None
        if _is_damage(error):
            self._remove()

    def _remove(self) -> None:
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(OSError):
                self._path.with_name(self._path.name + ending).unlink()

    def _shrink(self, connection: sqlite3.Connection) -> None:
        """Drop the older half once the file has grown past its cap."""
        pages, size = (
            connection.execute("PRAGMA page_count").fetchone()[0],
            connection.execute("PRAGMA page_size").fetchone()[0],
        )
        if pages * size > self._most_bytes:
            connection.execute("DELETE FROM entry WHERE written <= (SELECT avg(written) FROM entry)")
            connection.execute("VACUUM")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch a file to write-ahead logging, also while other processes do the same.

    Each of two that switch at once holds what the other needs; SQLite then fails at once instead of waiting.
    """
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(random.uniform(0.001, 0.02))


def _is_damage(error: Exception) -> bool:
    """Whether the file itself is bad: a lock, a full disk or a missing right are not cured by making it anew."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _loaded(text: object) -> dict[str, Any] | None:
    try:
        value = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
