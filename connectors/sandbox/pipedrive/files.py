"""Files in v1: listed by what they are on, downloaded, deleted softly for 30 days (§5)."""

from __future__ import annotations

from collections.abc import Callable

from connectors.sandbox.pipedrive import times
from connectors.sandbox.pipedrive.answers import flat_page, nested_page, not_found, ok, refused
from connectors.sandbox.pipedrive.operation import CONTACTS, DEALS, Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_MOST = 100
_LINKS = {"person_id": "persons", "deal_id": "deals", "org_id": "organizations"}
_NAMES = {"person_id": ("person_name", "name"), "deal_id": ("deal_name", "title"), "org_id": ("org_name", "name")}
NULL = ("deal_id", "person_id", "org_id", "product_id", "activity_id", "lead_id", "project_id")
PLAIN: Doc = {
    "active_flag": True,
    "inline_flag": False,
    "file_type": "file",
    "file_size": 0,
    "remote_location": "s3",
    "cid": "",
    "s3_bucket": "",
    "mail_message_id": "",
    "mail_template_id": "",
    "description": "",
}


def _sees(call: Call, file: Doc) -> bool:
    linked = [call.account.get(kind, file[key]) for key, kind in _LINKS.items() if file.get(key)]
    return call.admin or file["user_id"] == call.user or any(doc is not None and call.sees(doc) for doc in linked)


def view(call: Call, file: Doc) -> Doc:
    """A file in an answer, with the names of what it is on."""
    names: Doc = {}
    for key, (name, source) in _NAMES.items():
        doc = call.account.get(_LINKS[key], file[key]) if file.get(key) else None
        names[name] = doc[source] if doc else ""
    url = f"https://{call.account.domain}.pipedrive.example/api/v1/files/{file['id']}/download"
    hidden = {"content", "is_deleted"}
    return {key: value for key, value in file.items() if key not in hidden} | names | {"url": url}


def _file(call: Call, id: str) -> Doc:
    file = call.account.live("files", id)
    if file is None or not _sees(call, file):
        raise not_found("File")
    return file


def _sorted(files: list[Doc], sort: str | None) -> list[Doc]:
    key, _, mode = (sort or "id").partition(" ")
    if key not in {"id", "update_time"}:
        raise refused(400, "sort is not valid")
    return sorted(files, key=lambda file: (file[key], file["id"]), reverse=mode.upper() == "DESC")


def _list(call: Call) -> Response:
    files = [file for file in call.account.all("files") if not file["is_deleted"] and _sees(call, file)]
    rows = [view(call, file) for file in _sorted(files, call.query.get("sort"))]
    return nested_page(rows, call.query, _MOST)


def _of(kind: str, tag: str, what: str) -> Callable[..., Response]:
    def serve(call: Call, id: str) -> Response:
        call.record(kind, id, what)
        files = [file for file in call.account.linked("files", tag, id) if _sees(call, file)]
        return flat_page([view(call, file) for file in _sorted(files, call.query.get("sort"))], call.query, _MOST)

    return serve


def _get(call: Call, id: str) -> Response:
    return ok(view(call, _file(call, id)))


def _download(call: Call, id: str) -> Response:
    file = _file(call, id)
    return Response(200, str(file.get("content", "")).encode(), {"Content-Type": "application/octet-stream"})


def _delete(call: Call, id: str) -> Response:
    file = _file(call, id)
    gone = {"is_deleted": True, "active_flag": False, "update_time": times.v1(call.account.now())}
    call.account.put("files", file | gone)
    return ok({"id": file["id"]})


_READ = f"{DEALS} {CONTACTS} activities:read activities:full"
_WRITE = "deals:full activities:full contacts:full"
OPERATIONS: list[Operation] = [
    v1("GET", "/persons/{id}/files", 20, CONTACTS, _of("persons", "person", "Person")),
    v1("GET", "/organizations/{id}/files", 20, CONTACTS, _of("organizations", "org", "Organization")),
    v1("GET", "/deals/{id}/files", 20, DEALS, _of("deals", "deal", "Deal")),
    v1("GET", "/files", 20, _READ, _list),
    v1("GET", "/files/{id}/download", 20, _READ, _download),
    v1("GET", "/files/{id}", 2, _READ, _get),
    v1("DELETE", "/files/{id}", 6, _WRITE, _delete),
]
