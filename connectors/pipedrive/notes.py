"""Audit notes (v1): found again by their id before they are written (pipedrive.md §5, §9).

A note is no deal, activity or mail: it moves no clock input.
"""

from __future__ import annotations

import re
from html import escape

from connectors.pipedrive.client import Api, Row
from core.actions import Note
from core.errors import Unreachable
from core.model import Ref

PARENTS = {"person": "person_id", "organization": "org_id", "deal": "deal_id"}
"""The kinds that can carry a note: persons, and what else may serve as the audit anchor."""


def is_there(api: Api, ref: Ref, note: Note) -> bool:
    """True when the note was written before."""
    rows = api.rows("notes.list", "notes", only={PARENTS[ref.kind]: ref.id})
    # Not within another word: L-1 is not found in L-10.
    whole = re.compile(rf"(?<![\w-]){re.escape(escape(note.id))}(?![\w-])")
    return any(whole.search(row.get("content") or "") for row in rows)


def write(api: Api, ref: Ref, note: Note) -> None:
    """Writes the note. A lost answer is looked up before it is sent again."""
    try:
        _send(api, ref, note)
    except Unreachable:
        if not is_there(api, ref, note):
            _send(api, ref, note)


def _send(api: Api, ref: Ref, note: Note) -> None:
    content = f"<p>{escape(note.text)}</p><p>{escape(note.id)}, {note.on.isoformat()}</p>"
    body: Row = {"content": content, PARENTS[ref.kind]: int(ref.id)}
    api.write("notes.create", "post", "notes", body, version="v1")
