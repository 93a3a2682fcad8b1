"""Every call to the vendor, by one name each; rows go in and out as its JSON. Must not know records or actions.

A status that says something of one card is answered as a receipt, any other one raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.transport import Line, Tools, session
from core.connector import Changed, Gone, Refused
from core.errors import BadAnswer, NotAllowed, TryLater

from .options import CardboxOptions

PRODUCTION = "https://api.cardbox.example"
LIMITS: dict[str, tuple[tuple[int, float], ...]] = {"default": ((180, 10.0),)}
SIZE = 100
"""How many cards one call takes."""
_ID = re.compile(r"[0-9]+")
_CODE = re.compile(r"[A-Z_]{1,40}")


class Row(dict[str, Any]):
    """A JSON object of the vendor. What it lacks is never taken for empty."""

    def __missing__(self, name: str) -> Any:
        raise BadAnswer(f"Cardbox: an answer without {name!r}")


class Api:
    """One account."""

    def __init__(self, crm: str, options: CardboxOptions, tools: Tools) -> None:
        self._base = options.base_url or PRODUCTION
        self._http = session(options.timeout)
        self._http.headers["Authorization"] = f"Bearer {options.token.get_secret_value()}"
        self._line = Line(crm, lambda _: None, LIMITS, tools)

    def me(self) -> Row:
        """Who the token is, and what it may do."""
        return self._read("me", "me")

    def users(self) -> list[Row]:
        """The users of the account."""
        return list(self._read("users.list", "users")["users"])

    def fields(self) -> list[Row]:
        """The fields of a card."""
        return list(self._read("fields.list", "fields")["fields"])

    def add_field(self, name: str) -> None:
        """Makes a field that can be on or off. It is put under its name: a second time changes nothing."""
        self._call("fields.put", "PUT", "fields", name, json={"label": name, "type": "flag"})

    def pages(self) -> Iterator[tuple[list[Row], bool]]:
        """Every card, page by page, and whether it is the last page."""
        after: str | None = ""
        while after is not None:
            body = self._read("cards.list", "cards", after=after, limit=SIZE)
            if body["next"] == after:
                raise BadAnswer("Cardbox: the cursor does not move")
            after = body["next"]
            yield body["cards"], after is None

    def some(self, ids: Sequence[str]) -> dict[str, Row]:
        """Cards by the id each has itself: one that was merged away is answered under its survivor's, and so is not there."""
        known = [id for id in dict.fromkeys(ids) if _ID.fullmatch(id)]
        chunks = (known[start : start + SIZE] for start in range(0, len(known), SIZE))
        bodies = (self._read("cards.list", "cards", ids=",".join(chunk)) for chunk in chunks)
        return {card["id"]: card for body in bodies for card in body["cards"]}

    def change(self, id: str, version: str, fields: Mapping[str, Any]) -> Row | Gone | Changed | Refused:
        """Writes fields, on that version only; the card as it is then."""
        return self._write("PATCH", id, version, {"fields": fields})

    def delete(self, id: str, version: str) -> Row | Gone | Changed | Refused:
        """Deletes a card for good, on that version only; an empty row once it is gone."""
        return self._write("DELETE", id, version)

    def notes(self, id: str) -> dict[str, str]:
        """The texts of the notes on a card, by their ids."""
        return {note["id"]: note["text"] for note in self._read("notes.list", "cards", id, "notes")["notes"]}

    def add_note(self, id: str, note: str, text: str) -> None:
        """Writes a note on a card."""
        self._call("notes.put", "PUT", "cards", id, "notes", note, safe=False, json={"text": text})

    def _write(self, method: str, id: str, version: str, body: Any = None) -> Row | Gone | Changed | Refused:
        more = {"headers": {"If-Match": version}, "json": body}
        status, card = self._call("cards.write", method, "cards", id, safe=False, **more)
        if status == 422:
            code = str(card["code"])
            return Refused(f"Cardbox refuses it: {code if _CODE.fullmatch(code) else 'without a code'}")
        return Gone() if status == 404 else Changed() if status == 412 else card

    def _read(self, what: str, *path: str, **query: Any) -> Row:
        """The body of a GET. That of another status is empty, and so raises when it is looked into."""
        return self._call(what, "GET", *path, params=query)[1]

    def _call(self, what: str, method: str, *path: str, safe: bool = True, **more: Any) -> tuple[int, Row]:
        """One call: its status, and its body where there is one."""
        url = "/".join([self._base, *(quote(part, safe="") for part in path)])

        def run() -> tuple[int, Row]:
            answer = self._http.request(method, url, **more)
            status, wait = answer.status_code, answer.headers.get("Retry-After", "")
            if status in {401, 403}:
                raise NotAllowed(f"Cardbox refused {what} ({status})")
            if status == 429 or status >= 500:
                raise TryLater(f"status {status}", after=float(wait) if wait.isdecimal() else None)
            if status not in {200, 201, 204, 404, 412, 422}:
                raise BadAnswer(f"Cardbox answered {what} with {status}")
            return status, answer.json(object_hook=Row) if status in {200, 422} else Row()

        return self._line.call(what, run, safe=safe)
