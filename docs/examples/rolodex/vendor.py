"""The vendor as a server on loopback, for the tests. Written from its documentation; imports nothing of ours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
Answer = tuple[int, Any]
RIGHTS = ("admin", "delete", "read", "write")
PAGE = 10


class Vendor(ThreadingHTTPServer):
    """The account and its cards by id. Tests change the attributes to make it misbehave.

    `tokens` maps each token to what it lacks: a right, or `sight`. `fault` is how it goes wrong; `quote` is what its
    refusals quote. `writes` counts what was done to cards.
    """

    def __init__(self, *cards: Json) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cards = {card["id"]: card for card in cards}
        self.fields = [field("do_not_mail", "yesno"), field("memo", "text"), field("religion", "line")]
        self.notes: list[tuple[int, str]] = []
        self.tokens: dict[str, str] = {"rolodex": ""}
        self.fault, self.quote, self.writes, self.deleted = "", "", 0, 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/v1"

    def answer(self, token: str, method: str, path: list[str], query: Json, body: Json) -> Answer:
        """What it would say, with its fault in it."""
        if self.fault == "down":
            return 503, "<html>down</html>"
        if self.fault == "busy":
            self.fault = ""
            return 429, None
        if token not in self.tokens:
            return 401, None
        if _needed(method, path, body) == self.tokens[token]:
            return 403, None
        reads = method == "GET" or path[-1] == "lookup"
        if not reads:
            return self._written(path, body)
        return (
            (200, '{"cards": [{"id"') if self.fault == "garbage" else self._read(self.tokens[token], path, query, body)
        )

    def _read(self, lacks: str, path: list[str], query: Json, body: Json) -> Answer:
        match path:
            case ["whoami"]:
                rights = [right for right in RIGHTS if right != lacks]
                return 200, {
                    "account": 7,
                    "name": "Acme",
                    "rights": rights,
                    "sees": "team" if lacks == "sight" else "all",
                }
            case ["users"]:
                return 200, {"users": [{"id": 1, "name": "Ann", "active": True, "admin": True}]}
            case ["fields"]:
                return 200, {"fields": self.fields}
            case ["cards", "lookup"]:
                return 200, {"cards": [self.cards[id] for id in body["ids"] if id in self.cards]}
            case ["cards"]:
                return self._page(int(query["page"]))
            case ["cards", id, "notes"]:
                return 200, {
                    "notes": [{"id": at, "text": text} for at, (of, text) in enumerate(self.notes) if of == int(id)]
                }
        return 404, None

    def _page(self, number: int) -> Answer:
        if self.fault == "broken" and number > 1:
            return 503, "<html>down</html>"
        shown = 1 if self.fault == "stuck" else number
        ids = sorted(self.cards)[(shown - 1) * PAGE : shown * PAGE]
        pages = -(-len(self.cards) // PAGE)
        return 200, {"cards": [self.cards[id] for id in ids], "page": shown, "pages": pages, "deleted": self.deleted}

    def _written(self, path: list[str], body: Json) -> Answer:
        match path:
            case ["fields"]:
                self.fields.append(body)
                return 200, {}
            case ["cards", id, "notes"]:
                self.notes.append((int(id), body["text"]))
                return self._taken(None)
            case ["cards", id]:
                return self._card(int(id), body)
        return 404, None

    def _card(self, id: int, body: Json) -> Answer:
        card = self.cards.get(id)
        if card is None:
            return 200, {"ok": False, "error": "NOT_FOUND"}
        if body["rev"] != card["rev"]:
            return 200, {"ok": False, "error": "STALE"}
        if self.fault == "refused" or body.get("extra", {}).keys() - {one["key"] for one in self.fields}:
            return 200, {"ok": False, "error": "BAD_FIELD", "detail": f"{self.quote} is no good"}
        if body.get("delete"):
            self.remove(id)
            return self._taken(None)
        if self.fault != "silent":
            self.edit(id, **body["extra"])
        return self._taken(card)

    def edit(self, id: int, **extra: Any) -> None:
        """Changes a card, as anybody may do."""
        self.cards[id]["extra"] |= extra
        self.cards[id]["rev"] += 1

    def remove(self, id: int) -> None:
        """Deletes a card, as anybody may do; lists count how many were."""
        del self.cards[id]
        self.deleted += 1

    def _taken(self, card: Json | None) -> Answer:
        self.writes += 1
        if self.fault == "lost":
            self.fault = ""
            return 503, None
        return 200, {"ok": True, "card": card}


def _needed(method: str, path: list[str], body: Json) -> str:
    """The right that a call needs."""
    if path[0] in ("users", "whoami"):
        return {"users": "admin"}.get(path[0], "none")
    return "read" if method == "GET" or path[-1] == "lookup" else "delete" if body.get("delete") else "write"


class _Handler(BaseHTTPRequestHandler):
    server: Vendor

    def _serve(self) -> None:
        url = urlsplit(self.path)
        path = [unquote(part) for part in url.path.removeprefix("/v1").strip("/").split("/")]
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        status, told = self.server.answer(self.headers.get("X-Api-Key", ""), self.command, path, query, body)
        text = b"" if told is None else told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = _serve  # noqa: N815 # the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Nothing: paths and queries are no one's business."""


@contextmanager
def serving(*cards: Json) -> Iterator[Vendor]:
    """A running vendor with these cards; the token `rolodex` may do everything."""
    with Vendor(*cards) as server:
        threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server
        finally:
            server.shutdown()


def field(key: str, kind: str) -> Json:
    """A field of a card."""
    return {"key": key, "title": key.title(), "kind": kind}


def card(id: int, mails: list[str], added: float, **more: Any) -> Json:
    """A card of somebody who filled in a form; `added` in seconds since 1970."""
    plain = {"id": id, "rev": 1, "mails": [{"address": one} for one in mails], "numbers": [], "via": "form"}
    return plain | {"added": int(added * 1000), "wrote": None, "client": False, "extra": {}} | more
