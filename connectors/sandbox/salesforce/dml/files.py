"""Documents behind notes and files: a version makes its document, and a document is tied to its owner by a link."""

from __future__ import annotations

import base64
import hashlib

from connectors.sandbox.salesforce.rows import Rows
from connectors.sandbox.state import Doc

_AUDIT = ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp")
_SHARED = ("Title", "FileType", "FileExtension", "ContentSize", "LatestPublishedVersionId")


def note(rows: Rows, row: Doc) -> None:
    """A ContentNote is a document of the same id; each text it has had is a version."""
    known = rows.get(rows.org.object("ContentVersion"), row.get("LatestPublishedVersionId") or "")
    if known is None or known.get("VersionData") != row.get("Content"):
        row["LatestPublishedVersionId"] = _note_version(rows, row)
    size = len(base64.b64decode(row.get("Content") or ""))
    row |= {"ContentSize": size, "FileType": "SNOTE", "FileExtension": "snote"}
    rows.put(rows.org.object("ContentNote"), row)
    _document(rows, row["Id"], row)
    if known is None:
        _link(rows, row, row["Id"], row["OwnerId"], "I")


def version(rows: Rows, row: Doc) -> None:
    """A first version makes its document, and the links to its owner and to where it was published."""
    if row.get("IsLatest"):
        return
    first = not row.get("ContentDocumentId")
    row["ContentDocumentId"] = document = row.get("ContentDocumentId") or rows.org.new_id(
        rows.org.object("ContentDocument")
    )
    kind = str(row.get("PathOnClient") or "").rpartition(".")[2]
    row |= {
        "FileExtension": kind,
        "FileType": kind.upper() or "UNKNOWN",
        "Title": row.get("Title") or row.get("PathOnClient"),
    }
    _publish(rows, row)
    _document(rows, document, {**row, "LatestPublishedVersionId": row["Id"]})
    if first:
        _link(rows, row, document, row["OwnerId"], "I")
    if first and row.get("FirstPublishLocationId"):
        _link(rows, row, document, row["FirstPublishLocationId"], "V")


def _note_version(rows: Rows, row: Doc) -> str:
    kind = rows.org.object("ContentVersion")
    own = {"Id": rows.org.new_id(kind), "ContentDocumentId": row["Id"], "VersionData": row.get("Content")}
    _publish(rows, own | _audit(row) | {"OwnerId": row["OwnerId"], "Title": row["Title"], "FileType": "SNOTE"})
    return str(own["Id"])


def _publish(rows: Rows, row: Doc) -> None:
    """Keeps a version as its document's latest."""
    kind = rows.org.object("ContentVersion")
    earlier = 0
    for id in rows.find(kind, "ContentDocumentId", row["ContentDocumentId"]):
        old = rows.get(kind, id)
        if old is not None and id != row["Id"]:
            earlier += 1
            rows.put(kind, {**old, "IsLatest": False})
    data = base64.b64decode(row.get("VersionData") or "")
    row |= {"IsLatest": True, "VersionNumber": str(earlier + 1), "ContentSize": len(data)}
    rows.put(kind, {**row, "Checksum": hashlib.md5(data, usedforsecurity=False).hexdigest()})


def _document(rows: Rows, id: str, source: Doc) -> None:
    kind = rows.org.object("ContentDocument")
    copied = {name: source.get(name) for name in _SHARED}
    own = rows.get(kind, id) or {"Id": id, "OwnerId": source["OwnerId"]}
    changed = {"PublishStatus": "P", "ContentModifiedDate": source["SystemModstamp"]}
    rows.put(kind, own | copied | _audit(source) | changed)


def _link(rows: Rows, source: Doc, document: str, entity: str, share: str) -> None:
    kind = rows.org.object("ContentDocumentLink")
    link = {"ContentDocumentId": document, "LinkedEntityId": entity, "ShareType": share, "Visibility": "AllUsers"}
    rows.put(kind, {"Id": rows.org.new_id(kind), **link, **_audit(source)})


def _audit(row: Doc) -> Doc:
    return {name: row[name] for name in _AUDIT}
