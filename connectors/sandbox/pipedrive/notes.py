"""Notes and their comments, which only v1 has (§5)."""

from __future__ import annotations

import re
import uuid
from functools import partial
from typing import Any

from connectors.sandbox.pipedrive import query, times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import forbidden, nested_page, not_found, ok, refused
from connectors.sandbox.pipedrive.operation import CONTACTS, DEALS, Call, Operation, v1
from connectors.sandbox.state import Doc
from connectors.sandbox.wire import Response

_LINKS = {
    "lead_id": ("leads", "title"),
    "deal_id": ("deals", "title"),
    "person_id": ("persons", "name"),
    "org_id": ("organizations", "name"),
}
_NAMES = {"deal_id": "deal", "person_id": "person", "org_id": "organization"}
_UNLINKED = ("project_id", "task_id")
PINS = {
    "pinned_to_lead_flag": "lead_id",
    "pinned_to_deal_flag": "deal_id",
    "pinned_to_organization_flag": "org_id",
    "pinned_to_person_flag": "person_id",
    "pinned_to_project_flag": "project_id",
    "pinned_to_task_flag": "task_id",
}
_TAGS = {"lead_id": "lead", "deal_id": "deal", "person_id": "person", "org_id": "org"}
_SORTS = ("id", "user_id", "deal_id", "person_id", "org_id", "content", "add_time", "update_time")
_SCRIPT = re.compile(r"<(script|style|iframe)\b.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)
_HANDLER = re.compile(r"\son\w+\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.IGNORECASE)
_LONGEST = 100_000
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")


def _clean(html: Any) -> str:
    """The content as it is kept: without scripts. Raises Refusal (400) when there is none or too much."""
    if not isinstance(html, str) or not html.strip():
        raise refused(400, "Content is required")
    if len(html.encode()) > _LONGEST:
        raise refused(400, "Content is too long")
    return _HANDLER.sub("", _SCRIPT.sub("", html))


# --- showing ---------------------------------------------------------------------------------------------------------


def sees(call: Call, note: Doc) -> bool:
    """A note is seen by its author and by whoever sees a record it is on."""
    linked = [call.account.get(kind, note[key]) for key, (kind, _) in _LINKS.items() if note.get(key)]
    return call.admin or note.get("user_id") == call.user or any(doc is not None and call.sees(doc) for doc in linked)


def view(call: Call, note: Doc) -> Doc:
    """A note in an answer, with the names of what it is on."""
    account = call.account
    names = {name: _named(account, key, note.get(key)) for key, name in _NAMES.items()}
    user = account.user(note["user_id"]) or {"email": None, "name": None, "icon_url": None}
    author = {key: user.get(key) for key in ("email", "name", "icon_url")} | {"is_you": note["user_id"] == call.user}
    return note | names | {"user": author}


def _named(account: Account, key: str, id: Any) -> Doc | None:
    kind, name = _LINKS[key]
    doc = account.get(kind, id) if id else None
    return {name: doc[name]} if doc else None


def _note(call: Call, id: str) -> Doc:
    note = call.account.get("notes", id)
    if note is None or not sees(call, note):
        raise not_found("Note")
    return note


# --- reading ---------------------------------------------------------------------------------------------------------


def _list(call: Call) -> Response:
    raw = call.query
    tag = next((key for key in _TAGS if raw.get(key)), None)
    notes = call.account.linked("notes", _TAGS[tag], raw[tag]) if tag else list(call.account.all("notes"))
    notes = [note for note in notes if _matches(raw, note) and sees(call, note)]
    _sort(notes, raw.get("sort"))
    page = nested_page(notes, raw)
    page.body["data"] = [view(call, note) for note in page.body["data"] or []] or None
    return page


def _matches(raw: Doc, note: Doc) -> bool:
    keys = [key for key in (*_TAGS, "user_id", *_UNLINKED) if raw.get(key)]
    pins = [key for key in PINS if raw.get(key)]
    return (
        all(str(note.get(key)) == raw[key] for key in keys)
        and all(bool(note.get(key)) is (raw[key] == "1") for key in pins)
        and note["add_time"][:10] >= raw.get("start_date", "")
        and note["add_time"][:10] <= raw.get("end_date", "~")
        and times.v2(times.read(note["update_time"])) >= _since(raw)
    )


def _since(raw: Doc) -> str:
    try:
        return query.moment(raw["updated_since"]) if raw.get("updated_since") else ""
    except ValueError:
        raise refused(400, "updated_since must be in RFC3339 format") from None


def _sort(notes: list[Doc], sort: str | None) -> None:
    for part in reversed((sort or "id ASC").split(",")):
        key, _, mode = part.strip().partition(" ")
        if key not in _SORTS or mode.upper() not in {"", "ASC", "DESC"}:
            raise refused(400, "sort is not valid")
        notes.sort(key=partial(_sort_key, key), reverse=mode.upper() == "DESC")


def _sort_key(key: str, note: Doc) -> tuple[bool, Any]:
    return note.get(key) is not None, note.get(key)


def _get(call: Call, id: str) -> Response:
    return ok(view(call, _note(call, id)))


# --- writing ---------------------------------------------------------------------------------------------------------


def _create(call: Call) -> Response:
    body = call.loose()
    now = times.v1(call.account.now())
    note: Doc = {"id": call.account.new_id("notes"), "active_flag": True, "add_time": now, "user_id": call.user}
    note |= dict.fromkeys((*_LINKS, *_UNLINKED)) | dict.fromkeys(PINS, False)
    note |= {"content": _clean(body.get("content"))}
    return _store(call, note, body)


def _update(call: Call, id: str) -> Response:
    note, body = _note(call, id), call.loose()
    if "content" in body:
        note["content"] = _clean(body["content"])
    return _store(call, note, body)


def _store(call: Call, note: Doc, body: Doc) -> Response:
    """Sets the rest of a note from a body, refuses what does not fit, and keeps it."""
    note |= {key: body[key] for key in _UNLINKED if key in body} | _links(call, body)
    if not any(note[key] for key in (*_LINKS, *_UNLINKED)):
        raise refused(400, "One of lead_id, deal_id, person_id, org_id, project_id or task_id is required")
    note |= _pins(note, body)
    note["user_id"] = _author(call, body.get("user_id")) or note["user_id"]
    note["add_time"] = _moment(str(body.get("add_time") or note["add_time"]))
    note |= {"update_time": times.v1(call.account.now()), "last_update_user_id": call.user}
    call.account.put("notes", note)
    _touch(call, note)
    return ok(view(call, note))


def _author(call: Call, id: Any) -> int | None:
    """The author that a body names. Raises Refusal: 403 to who is no admin, 400 when there is no such user."""
    if id is None:
        return None
    user = call.account.user(id)
    if user is None:
        raise refused(400, "user_id does not exist")
    if user["id"] != call.user and not call.admin:
        raise forbidden("Only an admin can change the author")
    return int(user["id"])


def _links(call: Call, body: Doc) -> Doc:
    """The links of a body; null takes one away."""
    given = {key: kind for key, (kind, _) in _LINKS.items() if key in body}
    return {
        key: None if body[key] is None else call.record(kind, str(body[key]), key)["id"] for key, kind in given.items()
    }


def _pins(note: Doc, body: Doc) -> Doc:
    """The pin flags of a body: 0 or 1, never a boolean, and only for a link that the note has."""
    pins = {key: body[key] for key in PINS if key in body}
    for key, value in pins.items():
        if isinstance(value, bool) or str(value) not in {"0", "1"} or (str(value) == "1" and not note[PINS[key]]):
            raise refused(400, f"{key} is not valid")
    return {key: str(value) == "1" for key, value in pins.items()}


def _moment(text: str) -> str:
    if not _MOMENT.fullmatch(text):
        raise refused(400, "add_time must be in YYYY-MM-DD HH:MM:SS format")
    return text


def _touch(call: Call, note: Doc) -> None:
    """Whether a note moves the person's change stamp is not documented; the account's settings say (§13)."""
    person = call.account.live("persons", note["person_id"]) if note["person_id"] else None
    if person and call.account.settings["noteMovesUpdateTime"]:
        moved = times.later(call.account.now(), person["update_time"])
        call.account.put("persons", person | {"update_time": moved})


def _delete(call: Call, id: str) -> Response:
    call.account.drop("notes", _note(call, id)["id"])
    for comment in call.account.linked("comments", "note", id):
        call.account.drop("comments", comment["uuid"])
    return ok(True)


# --- comments --------------------------------------------------------------------------------------------------------


def _comments(call: Call, id: str) -> Response:
    _note(call, id)
    return nested_page(call.account.linked("comments", "note", id), call.query)


def _comment(call: Call, id: str, key: str) -> Doc:
    _note(call, id)
    comment = call.account.get("comments", key)
    if comment is None or comment["object_id"] != id:
        raise not_found("Comment")
    return comment


def _add_comment(call: Call, id: str) -> Response:
    _note(call, id)
    now = times.milliseconds(call.account.now())
    number = call.account.new_id("comments")
    key = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{call.account.company}:comment:{number}"))
    comment: Doc = {"uuid": key, "active_flag": True, "add_time": now, "update_time": now, "object_type": "note"}
    comment |= {"content": _clean(call.loose().get("content")), "object_id": id, "user_id": call.user}
    comment |= {"updater_id": call.user, "company_id": call.account.company}
    return ok(call.account.put("comments", comment, "uuid"))


def _get_comment(call: Call, id: str, key: str) -> Response:
    return ok(_comment(call, id, key))


def _update_comment(call: Call, id: str, key: str) -> Response:
    content = _clean(call.loose().get("content"))
    changes = {"content": content, "update_time": times.milliseconds(call.account.now()), "updater_id": call.user}
    return ok(call.account.put("comments", _comment(call, id, key) | changes, "uuid"))


def _delete_comment(call: Call, id: str, key: str) -> Response:
    call.account.drop("comments", _comment(call, id, key)["uuid"])
    return ok(True)


_READ, _WRITE = f"{DEALS} {CONTACTS}", "deals:full contacts:full"
OPERATIONS: list[Operation] = [
    v1("GET", "/notes", 20, _READ, _list),
    v1("POST", "/notes", 10, _WRITE, _create),
    v1("GET", "/notes/{id}", 2, _READ, _get),
    v1("PUT", "/notes/{id}", 10, _WRITE, _update),
    v1("DELETE", "/notes/{id}", 6, _WRITE, _delete),
    v1("GET", "/notes/{id}/comments", 20, _READ, _comments),
    v1("POST", "/notes/{id}/comments", 10, _WRITE, _add_comment),
    v1("GET", "/notes/{id}/comments/{key}", 2, _READ, _get_comment),
    v1("PUT", "/notes/{id}/comments/{key}", 10, _WRITE, _update_comment),
    v1("DELETE", "/notes/{id}/comments/{key}", 6, _WRITE, _delete_comment),
]
