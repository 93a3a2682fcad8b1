"""The pages that the scheduler serves to machines: /metrics for Prometheus, /healthz for whoever watches over it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import structlog
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from cli.health import figures, health
from cli.jobs import Jobs
from core.errors import ConfigError, RepoussoirError

log = structlog.get_logger(__name__)
_POLL = 0.1
Answer = tuple[int, str, bytes]
Pages = Mapping[str, Callable[[], Answer]]


def pages(jobs: Jobs) -> Pages:
    """What is served at which path."""

    def healthz() -> Answer:
        healthy, facts = health(jobs)
        return 200 if healthy else 503, "application/json", json.dumps(facts).encode()

    return {"/healthz": healthz, "/metrics": lambda: (200, CONTENT_TYPE_LATEST, figures(jobs))}


@contextmanager
def serving(listen: str, served: Pages) -> Iterator[str]:
    """Serves pages at HOST:PORT during the block, which gets the place. Raises ConfigError when it cannot be had."""
    host, _, port = listen.rpartition(":")
    try:
        server = ThreadingHTTPServer((host, int(port)), _handler(served))
    except OSError as error:
        raise ConfigError(
            f"Nothing can be served at {listen} ({error.strerror}).",
            "Choose another place in [schedule] listen, or leave it empty.",
        ) from None
    Thread(target=server.serve_forever, args=(_POLL,), daemon=True).start()
    try:
        yield f"{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def _handler(served: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            """Answers a page."""
            status, kind, body = _answer(served, self.path.partition("?")[0])
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent: whoever scrapes is no event."""

    return Handler


def _answer(served: Pages, path: str) -> Answer:
    """A page; one that cannot be made is unavailable, and what went wrong stays in the log."""
    if path not in served:
        return 404, "text/plain", b"not found\n"
    try:
        return served[path]()
    except Exception as error:
        why = str(error) if isinstance(error, RepoussoirError) else type(error).__name__
        log.error("page.failed", page=path, why=why)
        return 503, "text/plain", b"unavailable, see the log\n"
