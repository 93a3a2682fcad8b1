"""What a write does to other rows: activity dates, history, documents behind files, the contacts of person accounts."""

from __future__ import annotations

from collections.abc import Callable

from connectors.sandbox.salesforce.dml import files
from connectors.sandbox.salesforce.dml.derive import derive
from connectors.sandbox.salesforce.rows import Rows
from connectors.sandbox.salesforce.schema import Object
from connectors.sandbox.state import Doc

_LONGEST_HISTORY = 255
_PLAIN_PERSON = frozenset({"FirstName", "LastName", "Salutation", "Phone", "Fax", "OwnerId"})
_STAMPS = ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp", "OwnerId")


def spread(rows: Rows, kind: Object, row: Doc) -> None:
    """Carries a row that was just written over to the rows that depend on it."""
    effect = _EFFECTS.get(kind.name)
    if effect:
        effect(rows, row)


def remember(rows: Rows, kind: Object, old: Doc, new: Doc, user: str) -> None:
    """Writes a history row for each tracked field that changed; a long value is kept as changed only."""
    history = rows.org.schema.get(f"{kind.name}history".lower()) or rows.org.schema.get(
        f"{kind.name}fieldhistory".lower()
    )
    tracked = rows.org.settings.tracked_fields.get(kind.name, [])
    for name in tracked if history else []:
        values = [old.get(name), new.get(name)]
        if history is None or values[0] == values[1]:
            continue
        shown = [] if any(len(str(value)) > _LONGEST_HISTORY for value in values) else values
        row = dict(zip(("OldValue", "NewValue"), shown, strict=False)) | {f"{kind.name}Id": new["Id"], "Field": name}
        _add(rows, history, {**row, **stamps(new["SystemModstamp"], user)})


def stamps(now: str, user: str) -> Doc:
    """The audit fields of a new row."""
    audit: Doc = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
    return audit | {"CreatedById": user, "LastModifiedById": user}


def touch(rows: Rows, kind: Object, row: Doc, changes: Doc) -> None:
    """Changes a row on the system's behalf: only SystemModstamp moves with it."""
    rows.put(kind, {**row, **changes, "SystemModstamp": rows.org.stamp(row.get("SystemModstamp"))})


def _add(rows: Rows, kind: Object, row: Doc) -> Doc:
    row = {"Id": rows.org.new_id(kind), **row}
    rows.put(kind, row)
    return row


def _task(rows: Rows, row: Doc) -> None:
    if row.get("IsClosed"):
        _was_active(rows, row, row.get("ActivityDate") or row["CompletedDateTime"][:10])


def _event(rows: Rows, row: Doc) -> None:
    if row.get("ActivityDate"):
        _was_active(rows, row, row["ActivityDate"])


def _was_active(rows: Rows, row: Doc, day: str) -> None:
    for id in {row.get(name) for name in ("WhoId", "WhatId", "AccountId")} - {None}:
        found = rows.locate(str(id))
        if found and found[0].has("LastActivityDate") and (found[1].get("LastActivityDate") or "") < day:
            touch(rows, *found, {"LastActivityDate": day})


def _account(rows: Rows, row: Doc) -> None:
    """A person account and its contact hold the same person: what is written to the one shows in the other."""
    if not row.get("IsPersonAccount"):
        return
    contact = rows.org.object("Contact")
    own = rows.get(contact, row["PersonContactId"]) if row.get("PersonContactId") else None
    mirror: Doc = {"AccountId": row["Id"], "IsPersonAccount": True, **_mirrored(rows, row)}
    mirror |= {name: row.get(name) for name in (*_STAMPS, "LastActivityDate")}
    if own is None:
        own = {"Id": row.get("PersonContactId") or rows.org.new_id(contact)}
        rows.put(rows.org.object("Account"), {**row, "PersonContactId": own["Id"]})
    merged = own | mirror
    rows.put(contact, merged | derive(rows, contact, merged))


def _mirrored(rows: Rows, row: Doc) -> Doc:
    contact = rows.org.object("Contact")
    found: Doc = {}
    for field in rows.org.object("Account").fields.values():
        bare = field.name.removesuffix("__pc") + "__c" if field.name.endswith("__pc") else field.name
        name = bare if bare in _PLAIN_PERSON or bare.endswith("__c") else bare.removeprefix("Person")
        shared = name != field.name or name in _PLAIN_PERSON
        if shared and contact.has(name) and field.type != "address":
            found[name] = row.get(field.name)
    return found


_EFFECTS: dict[str, Callable[[Rows, Doc], None]] = {
    "Task": _task,
    "Event": _event,
    "ContentNote": files.note,
    "ContentVersion": files.version,
    "Account": _account,
}
