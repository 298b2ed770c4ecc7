"""A server on loopback that speaks the protocol of the Hugging Face Hub, and keeps a package index, for real clients.

Files are found as on the Hub: the answer of the repository redirects to another host, which has the bytes.
"""

from __future__ import annotations

import hashlib
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

COMMIT = "c0ffee" + "0" * 34
PIECE = 1 << 16


@dataclass
class Stored:
    """One file of a repository: what is said of it, and the bytes that are given."""

    data: bytes
    said: bytes | None = None  # the bytes that its digest and size are of, if others are given
    size: int | None = None  # what is said of its size, if that is not true

    @property
    def digest(self) -> str:
        """The SHA-256 that is said."""
        return hashlib.sha256(self.said if self.said is not None else self.data).hexdigest()


@dataclass
class Hub:
    """What is there, how it behaves, and what it was asked."""

    files: dict[tuple[str, str], Stored] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)
    private: set[str] = field(default_factory=set)
    token: str = "hf_right"
    status: int = 0  # with which everything is answered, if not 0
    says_digest: bool = True
    cut_after: list[int] = field(default_factory=list)  # bytes after which the next transfers break off
    stop_after: int | None = None  # bytes after which a transfer stands still until it is released
    slow: float = 0.0  # seconds for a piece
    wheels: dict[str, bytes] = field(default_factory=dict)
    stops_at: str = ""  # the wheel that does not come before it is released
    asked: list[tuple[str, str, str, str]] = field(default_factory=list)  # method, path, range, authorization
    stands: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    def add(self, repo: str, name: str, stored: Stored) -> Stored:
        """Put a file into a repository."""
        self.files[repo, name] = stored
        return stored

    def asked_for(self, method: str, part: str) -> list[tuple[str, str, str, str]]:
        """What it was asked by this method with this in the path."""
        return [entry for entry in self.asked if entry[0] == method and part in entry[1]]


class Handler(BaseHTTPRequestHandler):
    """Answers for both hosts: that of the repositories (127.0.0.1) and that of the bytes (localhost)."""

    hub: ClassVar[Hub]
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing is printed."""

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self._answer()

    def do_GET(self) -> None:
        """Answer."""
        self._answer()

    def _answer(self) -> None:
        headers = self.headers
        self.hub.asked.append((self.command, self.path, headers.get("Range", ""), headers.get("Authorization", "")))
        if self.path.startswith("/cdn/"):
            self._bytes()
        elif self.path.startswith("/simple/"):
            self._project()
        elif self.path.startswith("/wheels/"):
            self._wheel()
        else:
            self._file()

    def _send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    # -- repositories ---------------------------------------------------------------------------------------------

    def _file(self) -> None:
        found = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", self.path)
        if self.hub.status or found is None:
            return self._send(self.hub.status or 404)
        repo, revision, name = found.groups()
        if repo in self.hub.moved:
            return self._send(307, Location=self.path.replace(repo, self.hub.moved[repo], 1))
        said = self.headers.get("Authorization", "")
        is_right = said == f"Bearer {self.hub.token}"
        if said and not is_right:
            return self._send(401, X_Error_Message="Invalid credentials in Authorization header")
        if not is_right and repo in self.hub.gated:
            return self._send(401, X_Error_Code="GatedRepo", X_Error_Message="Access to it is restricted")
        is_there = any(key[0] == repo for key in self.hub.files)
        if not is_there or (repo in self.hub.private and not is_right):
            return self._send(404 if is_right else 401, X_Error_Code="RepoNotFound", X_Error_Message="Not found")
        if revision not in ("main", COMMIT):
            return self._send(404, X_Error_Code="RevisionNotFound", X_Error_Message=f"Invalid rev id: {revision}")
        stored = self.hub.files.get((repo, name))
        if stored is None:
            return self._send(404, X_Error_Code="EntryNotFound", X_Error_Message="No file", X_Repo_Commit=COMMIT)
        size = len(stored.said if stored.said is not None else stored.data) if stored.size is None else stored.size
        port = self.server.server_address[1]
        return self._send(
            302,
            Location=f"http://localhost:{port}/cdn/{stored.digest}",
            ETag='"0123456789012345678901234567890123456789"',
            X_Repo_Commit=COMMIT,
            X_Linked_Size=str(size),
            **({"X_Linked_ETag": f'"{stored.digest}"'} if self.hub.says_digest else {}),
        )

    # -- bytes ----------------------------------------------------------------------------------------------------

    def _bytes(self) -> None:
        digest = self.path.removeprefix("/cdn/")
        stored = next((file for file in self.hub.files.values() if file.digest == digest), None)
        if stored is None or "Authorization" in self.headers:  # a token is not for other hosts
            return self._send(403)
        data, start = stored.data, 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted:
            start = int(wanted[1])
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if self.command == "GET":
            self._transfer(data[start:])
        return None

    def _transfer(self, data: bytes) -> None:
        end = self.hub.cut_after.pop(0) if self.hub.cut_after else None
        for at in range(0, len(data), PIECE):
            if end is not None and at >= end:
                self.close_connection = True
                return
            if self.hub.stop_after is not None and at >= self.hub.stop_after:
                self.wfile.flush()
                self.hub.stands.set()
                self.hub.released.wait(30)
            self.wfile.write(data[at : at + PIECE])
            time.sleep(self.hub.slow)

    # -- package index --------------------------------------------------------------------------------------------

    def _project(self) -> None:
        name = self.path.removeprefix("/simple/").strip("/")
        links = [
            f'<a href="/wheels/{file}#sha256={hashlib.sha256(data).hexdigest()}">{file}</a>'
            for file, data in self.hub.wheels.items()
            if file.partition("-")[0].replace("_", "-") == name
        ]
        page = f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>".encode()
        self._send(200 if links else 404, page, Content_Type="text/html")

    def _wheel(self) -> None:
        name = self.path.removeprefix("/wheels/")
        if name == self.hub.stops_at and not self.hub.released.is_set():
            self.hub.stands.set()
            self.hub.released.wait(30)
        self._send(200, self.hub.wheels[name], Content_Type="application/octet-stream")


class Server:
    """The server, in a thread; each test has a hub of its own in it."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"

    def fresh(self) -> Hub:
        """Forget what was there, and begin with an empty one."""
        Handler.hub = Hub()
        return Handler.hub

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
