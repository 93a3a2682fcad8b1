"""HTTP as the sandbox sees it: a request, a response, a router and a loopback server. Knows no vendor."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. Header names are lower case; a query name maps to all its values in order."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    def one(self, name: str, default: str | None = None) -> str | None:
        """The first value of a query parameter."""
        return self.query.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        """A boolean query parameter; `True`, `true` and `1` are true (clients differ)."""
        return (self.one(name) or "").lower() in {"true", "1"}

    def json(self) -> Any:
        """The body as JSON. Raises ValueError when it is none; an empty body is None."""
        return json.loads(self.body) if self.body.strip() else None

    def form(self) -> dict[str, str]:
        """The body as an HTML form."""
        return {name: values[0] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass(slots=True)
class Response:
    """One HTTP answer. A dict or list body is sent as JSON, a str as it is, None as no body at all."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def payload(self) -> bytes:
        """The bytes on the wire."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)).encode()

    def content_type(self) -> str:
        """The Content-Type: as given in the headers, else by the kind of body."""
        text = "text/html; charset=utf-8" if isinstance(self.body, str) else "application/json;charset=utf-8"
        return self.headers.get("Content-Type", text)


class CutConnection(Exception):
    """Raised by a handler to close the socket without an answer."""


class Refusal(Exception):
    """Raised anywhere in a handler to answer with a response that is not the ordinary one."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


Handler = Callable[..., Response]


class Router:
    """Maps a method and a path pattern such as `/crm/v3/objects/{kind}/{id}` to a handler.

    A handler is called with the request and the captured parts, percent-decoded, as keywords. `{name...}` captures the
    rest of the path, slashes included. Routes are tried in the order they were added.
    """

    def __init__(self) -> None:
        self._routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def add(self, method: str, pattern: str, handler: Handler) -> None:
        """Adds one route."""
        regex = re.sub(r"\{(\w+)(\.\.\.)?\}", lambda m: f"(?P<{m[1]}>{'.+' if m[2] else '[^/]+'})", pattern)
        self._routes.append((method, re.compile(f"^{regex}/?$"), handler))

    def find(self, request: Request) -> tuple[Handler, dict[str, str]] | None:
        """The handler for a request and the captured parts; None when no route fits."""
        for method, regex, handler in self._routes:
            match = regex.match(request.path)
            if match and method == request.method:
                return handler, {name: unquote(value) for name, value in match.groupdict().items()}
        return None

    def knows(self, path: str) -> bool:
        """True when some method is routed for this path (a 405 rather than a 404)."""
        return any(regex.match(path) for _, regex, _ in self._routes)


class Site(Protocol):
    """What a server serves. `answer` may raise CutConnection."""

    def answer(self, request: Request) -> Response: ...


class _Http(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        url = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=url.path,
            query=parse_qs(url.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self._body(),
        )
        try:
            response = self.server.site.answer(request)
        except CutConnection:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(response)

    def _body(self) -> bytes:
        """The body, whether its length is said beforehand or it comes in chunks (RFC 9112 §7.1)."""
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _send(self, response: Response) -> None:
        payload = response.payload()
        self.send_response(response.status)
        for name, value in response.headers.items():
            if name != "Content-Type":
                self.send_header(name, value)
        if payload:
            self.send_header("Content-Type", response.content_type())
        if response.status != 204:
            self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD" and response.status != 204:
            self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815 (http.server's names)

    def log_message(self, format: str, *args: object) -> None:
        """Silent: the control API keeps the request log."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, site: Site, port: int) -> None:
        super().__init__(("127.0.0.1", port), _Http)
        self.site = site

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of ours; anything else is shown."""
        import sys

        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def bind(site: Site, port: int) -> ThreadingHTTPServer:
    """A server for the site, bound to 127.0.0.1 (port 0: any free one), not yet serving. Raises OSError when taken."""
    return _Server(site, port)
