"""Every call to the vendor, by one name each; rows go in and out as its JSON. Must not know records or actions.

An error that says something of one card is answered as a receipt, any other one raised.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.transport import Line, Tools, session
from core.connector import Changed, Gone, Refused
from core.errors import BadAnswer, NotAllowed, TryLater, Unreachable

from .options import RolodexOptions

PRODUCTION = "https://rolodex.example/v1"
LIMITS: dict[str, tuple[tuple[int, float], ...]] = {"default": ((180, 10.0),)}
SIZE = 100
"""How many cards one call takes."""
_ID = re.compile(r"[0-9]+")
_CODE = re.compile(r"[A-Z_]{1,40}")


class Row(dict[str, Any]):
    """A JSON object of the vendor. What it lacks is never taken for empty."""

    def __missing__(self, name: str) -> Any:
        raise BadAnswer(f"Rolodex: an answer without {name!r}")


class Api:
    """One account."""

    def __init__(self, crm: str, options: RolodexOptions, tools: Tools) -> None:
        self._base = options.base_url or PRODUCTION
        self._http = session(options.timeout)
        self._http.headers["X-Api-Key"] = options.token.get_secret_value()
        self._line = Line(crm, lambda _: None, LIMITS, tools)

    def me(self) -> Row:
        """Who the token is, and what it may do."""
        return self._read("whoami", "whoami")

    def users(self) -> list[Row]:
        """The users of the account."""
        return list(self._read("users.list", "users")["users"])

    def fields(self) -> list[Row]:
        """The fields of a card."""
        return list(self._read("fields.list", "fields")["fields"])

    def add_field(self, name: str) -> None:
        """Makes a field that can be on or off. A lost answer is looked up."""
        try:
            self._call(
                "fields.create", "POST", "fields", safe=False, json={"key": name, "title": name, "kind": "yesno"}
            )
        except (Unreachable, BadAnswer):
            if name not in {row["key"] for row in self.fields()}:
                raise

    def pages(self) -> Iterator[tuple[list[Row], bool]]:
        """Every card, page by page, and whether it is the last page.

        Pages are numbered from 1, so one that is deleted moves others to a page that was read: then it starts again.
        """
        number, pages, deleted = 0, 1, None
        while number < pages:
            number += 1
            body = self._read("cards.list", "cards", page=number)
            if body["page"] != number:
                raise BadAnswer("Rolodex: another page than was asked for")
            if deleted not in (None, body["deleted"]):
                number = 0
            pages, deleted = body["pages"], body["deleted"]
            yield body["cards"], number >= pages

    def some(self, ids: Sequence[str]) -> dict[str, Row]:
        """Cards by the id each has itself: one that was merged away is answered under its survivor's, and so is not there."""
        known = [int(id) for id in dict.fromkeys(ids) if _ID.fullmatch(id)]
        chunks = (known[start : start + SIZE] for start in range(0, len(known), SIZE))
        bodies = (self._call("cards.lookup", "POST", "cards", "lookup", json={"ids": chunk}) for chunk in chunks)
        return {str(card["id"]): card for body in bodies for card in body["cards"]}

    def change(self, id: str, version: str, fields: Mapping[str, Any]) -> Row | Gone | Changed | Refused:
        """Writes fields, on that version only; the card as it is then."""
        return self._write(id, version, {"extra": fields})

    def delete(self, id: str, version: str) -> Row | Gone | Changed | Refused:
        """Deletes a card for good, on that version only; an empty row once it is gone."""
        return self._write(id, version, {"delete": True})

    def notes(self, id: str) -> dict[str, str]:
        """The texts of the notes on a card, by our ids, which stand in front: Rolodex gives ids of its own."""
        texts = [note["text"] for note in self._read("notes.list", "cards", id, "notes")["notes"]]
        return {text.partition(": ")[0]: text for text in texts}

    def add_note(self, id: str, note: str, text: str) -> None:
        """Writes a note on a card."""
        self._call("notes.create", "POST", "cards", id, "notes", safe=False, json={"text": f"{note}: {text}"})

    def _write(self, id: str, version: str, wish: Mapping[str, Any]) -> Row | Gone | Changed | Refused:
        """Rolodex answers 200 whatever becomes of it: `ok` says what did."""
        body = self._call("cards.write", "POST", "cards", id, safe=False, json={"rev": int(version), **wish})
        if body["ok"]:
            return Row(body["card"] or {})
        code = str(body["error"])
        refused = Refused(f"Rolodex refuses it: {code if _CODE.fullmatch(code) else 'without a code'}")
        return {"NOT_FOUND": Gone(), "STALE": Changed()}.get(code, refused)

    def _read(self, what: str, *path: str, **query: Any) -> Row:
        """The body of a GET."""
        return self._call(what, "GET", *path, params=query)

    def _call(self, what: str, method: str, *path: str, safe: bool = True, **more: Any) -> Row:
        """One call, and its body. A lookup is a POST, and safe all the same."""
        url = "/".join([self._base, *(quote(part, safe="") for part in path)])

        def run() -> Row:
            answer = self._http.request(method, url, **more)
            status, wait = answer.status_code, answer.headers.get("Retry-After", "")
            if status in {401, 403}:
                raise NotAllowed(f"Rolodex refused {what} ({status})")
            if status == 429 or status >= 500:
                raise TryLater(f"status {status}", after=float(wait) if wait.isdecimal() else None)
            if status != 200:
                raise BadAnswer(f"Rolodex answered {what} with {status}")
            return Row(answer.json(object_hook=Row))

        return self._line.call(what, run, safe=safe)
