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

    `tokens` maps each token to what it lacks: a right, or `sight`. `fault` is how it goes wrong, see `answer`; `quote` is
    what its refusals quote. `merged` maps the ids of merged cards to their survivors'. `writes` counts what was
    done to cards.
    """

    def __init__(self, *cards: Json) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.cards = {card["id"]: card for card in cards}
        types = {"no_mail": "flag", "memo": "memo", "religion": "string"}
        self.fields: dict[str, Json] = {name: {"label": name, "type": type} for name, type in types.items()}
        self.notes: dict[str, dict[str, str]] = {}
        self.tokens: dict[str, str] = {"cardbox": ""}
        self.fault, self.quote, self.writes, self.listed = "", "", 0, 0
        self.merged: dict[str, str] = {}

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, token: str, method: str, path: list[str], query: Json, version: str, body: Json) -> Answer:
        """What it would say, with its fault in it."""
        if self.fault == "down":
            return 503, "<html>down</html>"
        if self.fault == "busy":
            self.fault = ""
            return 429, None
        if token not in self.tokens:
            return 401, None
        if _needed(method, path) == self.tokens[token]:
            return 403, None
        if method != "GET":
            return self._written(method, path, version, body)
        return (200, '{"cards": [{"id"') if self.fault == "garbage" else self._read(self.tokens[token], path, query)

    def _read(self, lacks: str, path: list[str], query: Json) -> Answer:
        match path:
            case ["me"]:
                rights = [right for right in RIGHTS if right != lacks]
                return 200, {
                    "account": "A-1",
                    "name": "Acme",
                    "rights": rights,
                    "sees": "team" if lacks == "sight" else "all",
                }
            case ["users"]:
                return 200, {"users": [{"id": "U1", "name": "Ann", "active": True, "admin": True}]}
            case ["fields"]:
                return 200, {"fields": [{"name": name, **field} for name, field in self.fields.items()]}
            case ["cards"] if "ids" in query:
                asked = [self.merged.get(id, id) for id in query["ids"].split(",")]
                return 200, {"cards": [self.cards[id] for id in asked if id in self.cards], "next": None}
            case ["cards"]:
                return self._page(query.get("after", ""))
            case ["cards", id, "notes"] if id in self.cards:
                return 200, {"notes": [{"id": note, "text": text} for note, text in self.notes.get(id, {}).items()]}
        return 404, None

    def _page(self, after: str) -> Answer:
        self.listed += 1
        if self.fault == "broken" and after:
            return 503, "<html>down</html>"
        ids = sorted(id for id in self.cards if id > after)
        page = ids[:PAGE]
        following = page[-1] if len(ids) > PAGE else None
        return 200, {"cards": [self.cards[id] for id in page], "next": after if self.fault == "stuck" else following}

    def _written(self, method: str, path: list[str], version: str, body: Json) -> Answer:
        match path:
            case ["fields", name]:
                self.fields[name] = body
                return 201, None
            case ["cards", id, "notes", note] if id in self.cards:
                self.notes.setdefault(id, {})[note] = body["text"]
                return self._taken((201, None))
            case ["cards", id] if id in self.cards:
                return self._card(method, self.cards[id], version, body)
        return 404, None

    def _card(self, method: str, card: Json, version: str, body: Json) -> Answer:
        if version != card["version"]:
            return 412, None
        if self.fault == "refused" or body.get("fields", {}).keys() - self.fields.keys():
            return 422, {"code": "UNKNOWN_FIELD", "message": f"{self.quote} is no good"}
        if method == "DELETE":
            del self.cards[card["id"]]
            return self._taken((204, None))
        if self.fault != "silent":
            self.edit(card["id"], **body["fields"])
        return self._taken((200, card))

    def edit(self, id: str, **fields: Any) -> None:
        """Changes a card, as anybody may do."""
        card = self.cards[id]
        card["fields"] |= fields
        card["version"] = str(int(card["version"]) + 1)

    def _taken(self, answer: Answer) -> Answer:
        self.writes += 1
        if self.fault == "lost":
            self.fault = ""
            return 503, None
        return answer


def _needed(method: str, path: list[str]) -> str:
    """The right that a call needs."""
    if path[0] == "users":
        return "admin"
    return {"GET": "read", "DELETE": "delete"}.get(method, "write") if path[0] != "me" else "none"


class _Handler(BaseHTTPRequestHandler):
    server: Vendor

    def _serve(self) -> None:
        url = urlsplit(self.path)
        path = [unquote(part) for part in url.path.strip("/").split("/")]
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        status, told = self.server.answer(token, self.command, path, query, self.headers.get("If-Match", ""), body)
        text = b"" if told is None else told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "7")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 # the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Nothing: paths and queries are no one's business."""


@contextmanager
def serving(*cards: Json) -> Iterator[Vendor]:
    """A running vendor with these cards; the token `cardbox` may do everything."""
    with Vendor(*cards) as server:
        threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.01}).start()
        try:
            yield server
        finally:
            server.shutdown()


def card(id: str, emails: list[str], created: str, **more: Any) -> Json:
    """A card of somebody who filled in a form."""
    plain = {"id": id, "version": "1", "emails": emails, "phones": [], "created": created, "source": "form"}
    return plain | {"last_reply": None, "customer": False, "fields": {}} | more
