"""Deletes rows: into the recycle bin with what hangs on them, out of it again, or for good (reference §5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from connectors.sandbox.salesforce.dml.derive import derive
from connectors.sandbox.salesforce.dml.effects import touch
from connectors.sandbox.salesforce.dml.write import existing, person_contact
from connectors.sandbox.salesforce.errors import Fail, no_rights, no_such_record
from connectors.sandbox.salesforce.org import Org
from connectors.sandbox.salesforce.rows import Rows, in_bin
from connectors.sandbox.salesforce.schema import CASCADE, KEEP, RESTRICT, Field, Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.state import Doc

_LOCKED = frozenset({"Order", "Contract"})
Link = tuple[Object, Field]


@dataclass(slots=True)
class _Fall:
    """What a deletion takes along, and the references it empties."""

    rows: dict[tuple[str, str], tuple[Object, Doc]] = field(default_factory=dict)
    cleared: list[tuple[Object, Field, str]] = field(default_factory=list)


def delete(session: Session, kind: Object, id: str) -> None:
    """Moves a row and what hangs on it to the recycle bin. Raises Fail; then nothing has changed."""
    fall = _falling(session, kind, id)
    now = session.org.stamp()
    for each, row in fall.rows.values():
        gone = {"_deleted": now, "_root": id, "SystemModstamp": now, "LastModifiedDate": now}
        if each.is_("setup"):
            session.rows.drop(each, row["Id"])
        else:
            session.rows.put(each, {**row, **gone})
    _clear(session.rows, fall)


def hard_delete(session: Session, kind: Object, id: str) -> None:
    """Erases a row, live or in the bin, and what hangs on it. Raises Fail; then nothing has changed."""
    row = session.rows.get(kind, id)
    if row is not None and in_bin(row) and session.edits(kind, row):
        for each, gone in _fallen(session.rows, row["_root"]):
            session.rows.drop(each, gone["Id"])
        return
    fall = _falling(session, kind, id)
    for each, row in fall.rows.values():
        session.rows.drop(each, row["Id"])
    _clear(session.rows, fall)


def undelete(session: Session, id: str) -> None:
    """Takes a row and what was deleted with it out of the bin. Raises Fail."""
    for kind, row in _binned(session, id, "UNDELETE_FAILED"):
        kept = {name: value for name, value in row.items() if name not in {"_deleted", "_root"}}
        now = session.org.stamp(row.get("SystemModstamp"))
        session.rows.put(kind, {**kept, "SystemModstamp": now, "LastModifiedDate": now})


def empty(session: Session, id: str) -> None:
    """Erases a row of the bin and what was deleted with it; queryAll may show them for another day. Raises Fail."""
    for kind, row in _binned(session, id, "INVALID_ID_FIELD"):
        session.rows.put(kind, {**row, "_emptied": session.org.stamp()})


def references(org: Org, kind: Object) -> list[Link]:
    """Every field that may refer to an object's rows."""
    known: dict[str, list[Link]] = org.derived.setdefault("references", {})
    if kind.name not in known:
        known[kind.name] = [
            (each, field)
            for each in org.schema.values()
            for field in each.fields.values()
            if kind.name in field.refers and field in each.indexed and not each.is_("virtual")
        ]
    return known[kind.name]


def _falling(session: Session, kind: Object, id: str) -> _Fall:
    session.must_write()
    if kind.is_("nodelete") and not (kind.prefix == "017" and session.may("DeleteFieldHistory")):
        raise Fail("INVALID_TYPE_FOR_OPERATION", f"entity type {kind.name} does not support delete", [])
    row = existing(session, kind, id)
    if not session.edits(kind, row):
        raise no_rights()
    person_contact(kind, row)
    fall = _Fall()
    _take(session, kind, row, fall)
    return fall


def _take(session: Session, kind: Object, row: Doc, fall: _Fall) -> None:
    if (kind.name, row["Id"]) in fall.rows:
        return
    if kind.name in _LOCKED and row.get("StatusCode") == "Activated":
        raise _associated(row, kind)
    fall.rows[kind.name, row["Id"]] = (kind, row)
    for twin in session.org.by_prefix(row["Id"]) if kind.prefix == "069" else []:
        other = session.rows.get(twin, row["Id"])
        if other is not None and twin.name != kind.name:
            _take(session, twin, other, fall)
    for each, link in references(session.org, kind):
        for child in _children(session.rows, each, link, row["Id"]):
            _follow(session, each, link, child, row, fall)


def _follow(session: Session, kind: Object, link: Field, child: Doc, parent: Doc, fall: _Fall) -> None:
    if link.on_delete == RESTRICT:
        raise _associated(parent, kind)
    if link.on_delete == CASCADE:
        _take(session, kind, child, fall)
    elif link.on_delete != KEEP:
        fall.cleared.append((kind, link, child["Id"]))


def _associated(row: Doc, kind: Object) -> Fail:
    name = row.get("Name") or row["Id"]
    return Fail(
        "DELETE_FAILED",
        f"Your attempt to delete {name} could not be completed because it is associated with the following "
        f"{kind.plural.lower()}: {row['Id']}",
        [],
    )


def _children(rows: Rows, kind: Object, link: Field, id: str) -> Iterator[Doc]:
    for child in rows.find(kind, link.name, id):
        row = rows.get(kind, child)
        if row is not None and "_deleted" not in row:
            yield row


def _clear(rows: Rows, fall: _Fall) -> None:
    for kind, link, id in fall.cleared:
        row = rows.get(kind, id)
        if row is not None and (kind.name, id) not in fall.rows:
            emptied = {**row, link.name: None}
            touch(rows, kind, row, {link.name: None, **derive(rows, kind, emptied)})


def _fallen(rows: Rows, root: str) -> list[tuple[Object, Doc]]:
    """The rows in the bin that one deletion put there."""
    found = []
    for kind in rows.org.schema.values():
        for id in rows.find(kind, "_root", root):
            row = rows.get(kind, id)
            if row is not None and in_bin(row):
                found.append((kind, row))
    return found


def _binned(session: Session, id: str, code: str) -> list[tuple[Object, Doc]]:
    session.must_write()
    found = session.rows.locate(id)
    if found is None or not session.sees(*found):
        raise no_such_record()
    if not in_bin(found[1]) or found[1]["_root"] != id:
        raise Fail(code, "Entity is not in the recycle bin", [])
    if not session.edits(*found):
        raise no_rights()
    return _fallen(session.rows, id)
