"""What the scheduler shows machines: /metrics for Prometheus, /healthz for whoever restarts it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from cli.runtime import Runtime
from cli.work import Result
from core.errors import ConfigError

Health = Callable[[], tuple[bool, dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Metrics:
    """The figures, on a registry of their own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    runs: Counter = field(init=False)
    receipts: Counter = field(init=False)
    gauges: dict[str, Gauge] = field(init=False)
    last_success: Gauge = field(init=False)

    def __post_init__(self) -> None:
        """Declares every figure."""
        runs = Counter("repoussoir_runs", "Jobs that ended", ["job", "outcome"], registry=self.registry)
        receipts = Counter("repoussoir_receipts", "Writes", ["action", "receipt"], registry=self.registry)
        success = Gauge("repoussoir_last_success", "When a job last succeeded", ["job"], registry=self.registry)
        texts = {
            "repoussoir_waiting_items": "Actions that wait for approval",
            "repoussoir_gaps": "CRMs that the last run could not read whole",
            "repoussoir_suppression_entries": "Entries of the suppression list",
            "repoussoir_ledger_entries": "Entries of the ledger",
            "repoussoir_open_intents": "Writes whose outcome is not known yet",
        }
        gauges = {name: Gauge(name, text, registry=self.registry) for name, text in texts.items()}
        for name, value in {"runs": runs, "receipts": receipts, "last_success": success, "gauges": gauges}.items():
            object.__setattr__(self, name, value)

    def ended(self, job: str, outcome: str, at: float) -> None:
        """A job ended."""
        self.runs.labels(job, outcome).inc()
        if outcome == "ok":
            self.last_success.labels(job).set(at)

    def counted(self, result: Result) -> None:
        """What a run came to."""
        for (action, receipt), count in result.tally.counts.items():
            self.receipts.labels(action, receipt).inc(count)
        self.gauges["repoussoir_waiting_items"].set(len(result.waiting.items) if result.waiting else 0)
        self.gauges["repoussoir_gaps"].set(len(result.gaps))

    def stored(self, parts: Runtime) -> None:
        """What the store holds."""
        self.gauges["repoussoir_suppression_entries"].set(parts.store.suppression.count())
        self.gauges["repoussoir_ledger_entries"].set(parts.store.ledger.count())
        self.gauges["repoussoir_open_intents"].set(len(parts.store.ledger.owed("outcome")))


def serve(listen: str, metrics: Metrics, health: Health) -> ThreadingHTTPServer:
    """Serves /metrics and /healthz at HOST:PORT in the background. Raises ConfigError when the place is taken."""
    host, _, port = listen.rpartition(":")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answers the two pages."""
            if self.path == "/metrics":
                self._answer(200, CONTENT_TYPE_LATEST, generate_latest(metrics.registry))
            elif self.path == "/healthz":
                healthy, facts = health()
                self._answer(200 if healthy else 503, "application/json", json.dumps(facts).encode())
            else:
                self._answer(404, "text/plain", b"not found\n")

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Silent: whoever scrapes is no event."""

    try:
        server = ThreadingHTTPServer((host, int(port)), Handler)
    except OSError:
        raise ConfigError(
            f"{listen} is taken.", "Choose another place in [schedule] listen, or leave it empty."
        ) from None
    Thread(target=server.serve_forever, daemon=True).start()
    return server
