"""Cardbox on loopback, for the tests of its adapter. Written from its documentation; imports nothing of ours."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]
Answer = tuple[int, Json | None]


class Server(ThreadingHTTPServer):
    """The account and its cards by id. Tests change the attributes to make the vendor misbehave.

    `me` is what the token may do; `merged` maps the ids of merged cards to their survivor's; `stubborn` are fields whose
    changes are dropped without a word; `stuck` lists never get on. The next `busy` calls are put off for seven seconds,
    the next `lost` writes are done and then answered 503.
    """

    def __init__(self, cards: list[Json]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cards = {card["id"]: card for card in cards}
        types = {"no_mail": "flag", "memo": "memo", "religion": "string"}
        self.fields: dict[str, Json] = {name: {"label": name, "type": type} for name, type in types.items()}
        self.notes: dict[tuple[str, str], str] = {}
        self.me: Json = {
            "account": "A-1",
            "name": "Acme",
            "rights": ["admin", "delete", "read", "write"],
            "sees": "all",
        }
        self.busy, self.lost, self.writes = 0, 0, 0
        self.stuck = False
        self.stubborn: set[str] = set()
        self.merged: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, method: str, path: list[str], query: Json, version: str, body: Json) -> Answer:
        """What the vendor would say."""
        if self.busy:
            self.busy -= 1
            return 429, None
        match method, path:
            case "GET", ["me"]:
                return 200, self.me
            case "GET", ["users"]:
                return 200, {"users": [{"id": "U1", "name": "Ann", "active": True, "admin": True}]}
            case "GET", ["fields"]:
                return 200, {"fields": [{"name": name, **field} for name, field in self.fields.items()]}
            case "PUT", ["fields", name]:
                self.fields[name] = body
                return 201, None
            case "GET", ["cards"]:
                return 200, self._listed(query)
            case "PUT", ["cards", id, "notes", note] if id in self.cards:
                known = (id, note) in self.notes
                self.notes[id, note] = body["text"]
                return (200, {}) if known else (201, None)
            case _, ["cards", id] if id in self.cards:
                return self._written(method, self.cards[id], version, body)
        return 404, None

    def _listed(self, query: Json) -> Json:
        if "ids" in query:
            asked = [self.merged.get(id, id) for id in query["ids"].split(",")]
            return {"cards": [self.cards[id] for id in asked if id in self.cards], "next": None}
        ids = sorted(id for id in self.cards if id > query.get("after", ""))
        page = ids[: min(2, int(query["limit"]))]
        following = page[-1] if len(ids) > len(page) else None
        return {"cards": [self.cards[id] for id in page], "next": query.get("after", "") if self.stuck else following}

    def _written(self, method: str, card: Json, version: str, body: Json) -> Answer:
        if version != card["version"]:
            return 412, None
        if body.get("fields", {}).keys() - self.fields.keys():
            return 422, {"code": "UNKNOWN_FIELD"}
        self.writes += 1
        if method == "DELETE":
            del self.cards[card["id"]]
        else:
            card["fields"] |= {name: value for name, value in body["fields"].items() if name not in self.stubborn}
            card["version"] = str(int(version) + 1)
        if self.lost:
            self.lost -= 1
            return 503, None
        return (204, None) if method == "DELETE" else (200, card)


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def _serve(self) -> None:
        url = urlsplit(self.path)
        path = [unquote(part) for part in url.path.strip("/").split("/")]
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        known = self.headers["Authorization"] == "Bearer cardbox"
        version = self.headers.get("If-Match", "")
        status, told = self.server.answer(self.command, path, query, version, body) if known else (401, None)
        text = b"" if told is None else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 # the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Nothing: paths and queries are no one's business."""


@contextmanager
def serving(*cards: Json) -> Iterator[Server]:
    """A running Cardbox with these cards; the token is `cardbox`."""
    with Server(list(cards)) as server:
        threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server
        finally:
            server.shutdown()


def card(id: str, email: str, created: str, **more: Any) -> Json:
    """A card of somebody who filled in a form."""
    plain = {"id": id, "version": "1", "emails": [email], "phones": [], "created": created, "source": "form"}
    return plain | {"last_reply": None, "customer": False, "fields": {}} | more
