"""Audit notes on a record: an enhanced note and its link, or a plain Note where the org has no enhanced ones.

Never a Task: a closed one moves LastActivityDate (salesforce.md §8). A note is found again by its title.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from connectors.salesforce import rows
from connectors.salesforce.client import Rejected, Row, chunks, full_id
from connectors.salesforce.schema import Org
from core.actions import Annotate, Command, Note
from core.connector import AlreadyDone, Changed, Done, Gone, Receipt, Refused
from core.errors import BadAnswer, Unreachable

# §3.3: 25 requests in one composite call, two of them a note.
MOST = 12
_Notes = Mapping[str, Note]


def annotate(org: Org, kind: str, commands: Mapping[str, Command]) -> Mapping[str, Receipt]:
    """One receipt a record. Writes nothing to a record that carries the note already, or is another version than it says.

    A command without a version is bound to none: a note hangs on a record and changes nothing in it.
    """
    given = {id: command.action.note for id, command in commands.items() if isinstance(command.action, Annotate)}
    found = rows.read(org.client, kind, given, ("SystemModstamp",))
    there = _there(org, [id for id, row in found.items() if row])
    receipts: dict[str, Receipt] = {}
    for id, row in found.items():
        if row is None:
            receipts[id] = Gone()
        elif (id, _title(given[id])) in there:
            receipts[id] = AlreadyDone()
        elif commands[id].version not in ("", row.get("SystemModstamp")):
            receipts[id] = Changed()
    wanted = [id for id in given if id not in receipts]
    for part in chunks(wanted, MOST):
        receipts.update(_written(org, {id: given[id] for id in part}))
    return receipts


def _title(note: Note) -> str:
    return f"Repoussoir {note.id}"


def _there(org: Org, ids: Iterable[str]) -> set[tuple[str, str]]:
    """The (record, title) of the notes these records carry, of either sort."""
    known, found = list(ids), set[tuple[str, str]]()
    if org.find("ContentDocumentLink"):
        soql = "SELECT LinkedEntityId, ContentDocument.Title FROM ContentDocumentLink WHERE LinkedEntityId IN {ids}"
        for row in org.client.rows_of("note_links", soql, known):
            title = (row.get("ContentDocument") or {}).get("Title")
            found.add((full_id(str(row.get("LinkedEntityId"))) or "", str(title)))
    if org.find("Note"):
        for row in org.client.rows_of("notes", "SELECT ParentId, Title FROM Note WHERE ParentId IN {ids}", known):
            found.add((full_id(str(row.get("ParentId"))) or "", str(row.get("Title"))))
    return found


def _written(org: Org, notes: _Notes) -> Mapping[str, Receipt]:
    """Writes notes in one call, all or none; one by one when one of them is refused. Looks again when the answer is lost."""
    try:
        problem = _composite(org, notes)
    except (Unreachable, BadAnswer):
        there = _there(org, notes)
        if not all((id, _title(note)) in there for id, note in notes.items()):
            raise
        return dict.fromkeys(notes, Done())
    if problem and len(notes) > 1:
        return {id: receipt for id in notes for receipt in _written(org, {id: notes[id]}).values()}
    return dict.fromkeys(notes, Refused(problem) if problem else Done())


def _composite(org: Org, notes: _Notes) -> str:
    """One composite call; empty when it was done, else the vendor's code."""
    make = _enhanced if _can(org, "ContentNote") and _can(org, "ContentDocumentLink") else _plain
    if make is _plain and not _can(org, "Note"):
        return "neither ContentNote nor Note may be created"
    parts = [part for at, (id, note) in enumerate(notes.items()) for part in make(org.client.base, f"n{at}", id, note)]
    body = {"allOrNone": True, "collateSubrequests": False, "compositeRequest": parts}
    try:
        said = org.client.send("note.create", "POST", f"{org.client.base}/composite", safe=False, json=body)
    except Rejected as error:
        return error.code or "refused as a whole"
    answers = said.get("compositeResponse") if isinstance(said, dict) else None
    if not isinstance(answers, list) or len(answers) != len(parts):
        raise BadAnswer("Salesforce answered another number of requests than it was sent")
    return _problem(answers)


def _can(org: Org, name: str) -> bool:
    found = org.find(name)
    return found is not None and found.createable


def _problem(answers: Iterable[Row]) -> str:
    refused = [answer for answer in answers if answer.get("httpStatusCode") != 201]
    codes = [rows.outcome({"success": False, "errors": answer.get("body")}).why for answer in refused]
    return next((code for code in codes if code != "PROCESSING_HALTED"), codes[0] if codes else "")


def _enhanced(base: str, name: str, id: str, note: Note) -> Iterator[dict[str, Any]]:
    content = base64.b64encode(f"<p>{escape(note.text)}</p>".encode()).decode()
    yield _request(f"{base}/sobjects/ContentNote", name, {"Title": _title(note), "Content": content})
    link = {
        "ContentDocumentId": f"@{{{name}.id}}",
        "LinkedEntityId": id,
        "ShareType": "V",
        "Visibility": "InternalUsers",
    }
    yield _request(f"{base}/sobjects/ContentDocumentLink", f"{name}l", link)


def _plain(base: str, name: str, id: str, note: Note) -> Iterator[dict[str, Any]]:
    body = {"ParentId": id, "Title": _title(note), "Body": note.text, "IsPrivate": False}
    yield _request(f"{base}/sobjects/Note", name, body)


def _request(url: str, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    return {"method": "POST", "url": url, "referenceId": name, "body": dict(body)}
