"""A service on loopback that speaks the parts of GitHub's API that the action uses, and keeps what it is told."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class State:
    """Pull requests and comments; with ``is_forbidden`` all that writes is answered by 403, as for a fork's token."""

    def __init__(self) -> None:
        self.url = ""
        self.pulls: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, str]] = []
        self.is_forbidden = False

    def listed(self, path: str, query: dict[str, list[str]]) -> list[dict[str, Any]] | None:
        if path.endswith("/pulls"):
            heads = query.get("head")
            return [pull for pull in self.pulls if not heads or f"{pull['owner']}:{pull['head']['ref']}" in heads]
        return self.comments if path.endswith("/comments") else None

    def made(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        if method == "POST" and path.endswith("/pulls"):
            pull = {"number": 7, "owner": "ada", "head": {"ref": body["head"], "sha": ""}, **{"given": body}}
            self.pulls.append(pull)
            return pull
        if method == "POST" and re.fullmatch(r"/repos/ada/shop/issues/\d+/comments", path):
            comment = {"id": len(self.comments) + 1, "user": {"type": "Bot"}, "on": path, **body}
            self.comments.append(comment)
            return comment
        match = re.fullmatch(r"/repos/ada/shop/issues/comments/(\d+)", path)
        if method == "PATCH" and match:
            (comment,) = (one for one in self.comments if one["id"] == int(match[1]))
            return comment | body if comment.update(body) is None else None
        return None


@contextmanager
def serving() -> Iterator[State]:
    """Serve until the end of the block."""
    state = State()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            state.requests.append((self.command, self.path, self.headers.get("Authorization", "")))
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            url = urlsplit(self.path)
            if self.command == "GET":
                query = parse_qs(url.query)
                found: Any = state.listed(url.path, query)
                if found is not None:
                    size, page = int(query["per_page"][0]), int(query["page"][0])
                    found = found[size * (page - 1) : size * page]
            elif state.is_forbidden:
                return self._send(403, {"message": "Resource not accessible by integration"})
            else:
                found = state.made(self.command, url.path, body)
            return self._send(404 if found is None else 200, found)

        def _send(self, status: int, value: Any) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815  the names that http.server looks for

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
