"""A record's flow in v1: everything that happened to it, newest first (§4.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from connectors.sandbox.pipedrive import history, mail, notes, shapes_v1, times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import flat_page
from connectors.sandbox.pipedrive.files import view as file_view
from connectors.sandbox.pipedrive.operation import Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_HASH = 40
_TAGS = {"person": "person", "deal": "deal", "organization": "org"}


def _entry(kind: str, moment: str, data: Doc) -> Doc:
    return {"object": kind, "timestamp": times.v1(times.read(moment)), "data": data}


def _changes(call: Call, one: str, id: int) -> Iterator[Doc]:
    """Changes of fields; of custom ones only with `all_changes=1`."""
    everything = call.query.get("all_changes") == "1"
    for entry in history.entries(call, one, id):
        if everything or len(entry["field_key"]) != _HASH:
            data = {key: value for key, value in entry.items() if key not in {"record", "time", "actor_user_id"}}
            data |= {"item_id": id, "user_id": entry["actor_user_id"], "log_time": entry["time"]}
            yield _entry(f"{one}Change", entry["time"], data)


def _activities(account: Account, tag: str, id: int) -> Iterator[Doc]:
    """Activities of a record; of a person also those in which the person is not the primary participant."""
    for one in account.linked("activities", "participant" if tag == "person" else tag, id):
        moment = one["marked_as_done_time"] or one["add_time"]
        yield _entry("activity" if one["done"] else "plannedActivity", moment, shapes_v1.activity(account, one))


def _items(call: Call, one: str, id: int) -> Iterator[Doc]:
    account, tag = call.account, _TAGS[one]
    yield from _changes(call, one, id)
    yield from _activities(account, tag, id)
    for note in account.linked("notes", tag, id):
        yield _entry("note", note["add_time"], notes.view(call, note))
    for file in account.linked("files", tag, id):
        yield _entry("file", file["add_time"], file_view(call, file))
    if one != "deal":
        for deal in account.linked("deals", tag, id):
            yield _entry("deal", deal["add_time"], shapes_v1.deal(account, deal))
    if one == "person":
        yield from (mail.item(message, False) for message in mail.of_person(call, id))
        for change in account.linked("consents", "person", id) if account.settings["campaigns"] else ():
            yield _entry("marketing_status_change", change["log_time"], change)


def _wanted(call: Call) -> Callable[[str], bool]:
    names = set(filter(None, (call.query.get("items") or "").split(",")))
    return lambda kind: not names or kind in names or ("change" in names and kind.endswith("Change"))


def _flow(kind: str, one: str) -> Callable[..., Response]:
    def serve(call: Call, id: str) -> Response:
        doc, wanted = call.record(kind, id, one.capitalize()), _wanted(call)
        rows = [item for item in _items(call, one, doc["id"]) if wanted(item["object"])]
        rows.sort(key=lambda item: item["timestamp"], reverse=True)
        return flat_page(rows, call.query, related_objects=_related(call, one, doc))

    return serve


def _related(call: Call, one: str, doc: Doc) -> Doc:
    """The users and, of a person's flow, the person."""
    users = {str(user["id"]): {"id": user["id"], "name": user["name"]} for user in call.account.all("users")}
    if one != "person":
        return {"user": users}
    person = {"active_flag": True, "email": doc["emails"], "phone": doc["phones"]}
    person |= {key: doc[key] for key in ("id", "name", "owner_id")}
    return {"user": users, "person": {str(doc["id"]): person}}


OPERATIONS: list[Operation] = [
    v1("GET", f"/{kind}/{{id}}/flow", 40, "recents:read", _flow(kind, one))
    for kind, one in (("persons", "person"), ("organizations", "organization"), ("deals", "deal"))
]
