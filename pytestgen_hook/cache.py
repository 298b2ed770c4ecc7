"""Keeps results by content in one SQLite file that several processes, branches and work trees may share."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

SCHEMA = 1
_MOST_BYTES = 256 << 20
_WAIT_SECONDS = 5.0


def default_folder() -> Path:
    """Return the user's cache folder; ``PYTESTGEN_CACHE_DIR`` names another."""
    named = os.environ.get("PYTESTGEN_CACHE_DIR")
    if named:
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("pytestgen", appauthor=False)


class Cache:
    """Values (JSON objects) by kind and key. A cache that cannot be used loses nothing but time: ``problem`` says why.

    Values are data, never code: who can write the file can at worst make a result wrong, not run something.
    """

    def __init__(self, folder: Path) -> None:
        self.problem: str | None = None
        self._path = folder / f"cache-{SCHEMA}.sqlite"
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection | None:
        for attempt in (1, 2):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(self._path, timeout=_WAIT_SECONDS, isolation_level=None)
                connection.execute("PRAGMA journal_mode=WAL")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute(
                    "CREATE TABLE IF NOT EXISTS entry (kind TEXT, key TEXT, value TEXT, used REAL, PRIMARY KEY (kind, key))"
                )
                return connection
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError) or attempt == 2:
                    self.problem = f"cache {self._path}: {error}"
                    return None
                # Not a database any more: nothing in it can be saved, all of it can be made again.
                with contextlib.suppress(OSError):
                    self._path.unlink()
            except OSError as error:
                self.problem = f"cache {self._path}: {error}"
                return None
        return None

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """Return the value, or None if there is none (or none that can be read)."""
        return self.get_many(kind, [key]).get(key)

    def get_many(self, kind: str, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Return the values that there are, by key."""
        found: dict[str, dict[str, Any]] = {}
        wanted = list(keys)
        if self._connection is None:
            return found
        try:
            for start in range(0, len(wanted), 500):
                some = wanted[start : start + 500]
                marks = ",".join("?" * len(some))
                query = f"SELECT key, value FROM entry WHERE kind = ? AND key IN ({marks})"
                for key, value in self._connection.execute(query, [kind, *some]):
                    loaded = json.loads(value)
                    if isinstance(loaded, dict):
                        found[key] = loaded
        except (sqlite3.Error, ValueError) as error:
            self.problem = f"cache {self._path}: {error}"
        return found

    def put(self, kind: str, key: str, value: Mapping[str, Any]) -> None:
        """Keep the value; a cache that cannot be written is passed over."""
        self.put_many(kind, {key: value})

    def put_many(self, kind: str, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Keep several values in one transaction."""
        if self._connection is None or not values:
            return
        now = time.time()
        rows = [(kind, key, json.dumps(value, sort_keys=True), now) for key, value in values.items()]
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                self._connection.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", rows)
                self._connection.execute("COMMIT")
            self._shrink()
        except sqlite3.Error as error:
            self.problem = f"cache {self._path}: {error}"

    def _shrink(self) -> None:
        """Drop the older half once the file has grown past its cap."""
        if self._connection is None or self._path.stat().st_size < _MOST_BYTES:
            return
        self._connection.execute("DELETE FROM entry WHERE used < (SELECT avg(used) FROM entry)")
        self._connection.execute("VACUUM")

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
