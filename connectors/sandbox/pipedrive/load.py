"""Load files: one record of a kind in the vendor's shape; what it leaves out is filled in, timestamps are kept."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.pipedrive import (
    activities,
    builtin,
    deals,
    files,
    leads,
    mail,
    marketing,
    notes,
    persons,
    times,
)
from connectors.sandbox.pipedrive.account import PARTIES, Account
from connectors.sandbox.state import Doc

_OWNER = 1
_V2_LENGTH = len("2026-11-24T09:00:00Z")


def _v2_time(text: str) -> str:
    return text if len(text) == _V2_LENGTH and text[-1] == "Z" else times.v2(times.read(text))


def _stamped(account: Account, doc: Doc, write: Callable[[str], str]) -> Doc:
    """Both stamps in the form of the kind; created now unless given, updated when created unless given."""
    added = write(doc.get("add_time") or times.v2(account.now()))
    return doc | {"add_time": added, "update_time": write(doc["update_time"]) if doc.get("update_time") else added}


def _numbered(account: Account, kind: str, doc: Doc) -> Doc:
    if "id" not in doc:
        return doc | {"id": account.new_id(kind)}
    account.reserve(kind, doc["id"])
    return doc


def _v1_time(text: str) -> str:
    return times.v1(times.read(text))


def _millisecond_time(text: str) -> str:
    return times.milliseconds(times.read(text))


def _person(account: Account, record: Doc) -> None:
    status, doi = record.pop("marketing_status", None), record.pop("doi_status", None)
    doc: Doc = {"name": "", "owner_id": _OWNER, "emails": [], "phones": [], "is_deleted": False, "picture_id": None}
    doc |= {"visible_to": persons.default_visibility(account), "label_ids": [], "custom_fields": {}} | record
    persons.named(doc)
    doc |= {key: record[key] for key in ("first_name", "last_name") if key in record}
    doc = _stamped(account, _numbered(account, "persons", doc), _v2_time)
    account.put("persons", doc)
    if status or doi:
        marketing.load(account, doc, status, doi)


def _organization(account: Account, record: Doc) -> None:
    doc: Doc = {"name": "", "owner_id": _OWNER, "visible_to": persons.default_visibility(account), "label_ids": []}
    doc |= {"is_deleted": False, "custom_fields": {}, "address": None} | record
    account.put("organizations", _stamped(account, _numbered(account, "organizations", doc), _v2_time))


def _deal(account: Account, record: Doc) -> None:
    people = [one if isinstance(one, dict) else {"person_id": one} for one in record.pop("participants", [])]
    doc: Doc = {"title": "", "owner_id": _OWNER, "creator_user_id": _OWNER, "label_ids": []}
    doc |= dict.fromkeys(deals.NULL) | deals.PLAIN | {"origin": "ManuallyCreated"}
    doc |= {"visible_to": persons.default_visibility(account)}
    doc |= {"is_deleted": False, "custom_fields": {}, "participants": []} | record
    doc["participants"] = [{"id": account.new_id("participants")} | one for one in people]
    doc = _stamped(account, _numbered(account, "deals", doc), _v2_time)
    account.put("deals", {"stage_change_time": doc["add_time"]} | doc)


def _activity(account: Account, record: Doc) -> None:
    """`person_id` and `participants` say the same: whichever is given makes the other. Its type exists from then on."""
    doc: Doc = dict.fromkeys(activities.NULL) | activities.PLAIN | {"owner_id": _OWNER, "creator_user_id": _OWNER}
    doc |= {"is_deleted": False, "participants": [], "attendees": []} | record
    if doc["person_id"] and not doc["participants"]:
        doc["participants"] = [{"person_id": doc["person_id"], "primary": True}]
    doc["person_id"] = activities.primary(doc["participants"])
    if not account.ids("activityTypes", "key", doc["type"]):
        load(account, {"kind": "activityTypes", "name": doc["type"], "key_string": doc["type"]})
    account.put("activities", _stamped(account, _numbered(account, "activities", doc), _v2_time))


def _note(account: Account, record: Doc) -> None:
    doc: Doc = {"active_flag": True, "user_id": _OWNER, "last_update_user_id": _OWNER, "content": ""}
    doc |= dict.fromkeys((*notes.PINS.values(), "project_id", "task_id")) | dict.fromkeys(notes.PINS, False) | record
    account.put("notes", _stamped(account, _numbered(account, "notes", doc), _v1_time))


def _comment(account: Account, record: Doc) -> None:
    """A comment on the note `object_id` (or `note_id`)."""
    note = str(record.pop("note_id", record.get("object_id")))
    number = f"{account.company}:loaded comment:{account.new_id('comments')}"
    doc: Doc = {"uuid": str(uuid.uuid5(uuid.NAMESPACE_OID, number)), "active_flag": True, "object_type": "note"}
    doc |= {"user_id": _OWNER, "updater_id": _OWNER, "company_id": account.company, "content": ""} | record
    account.put("comments", _stamped(account, doc | {"object_id": note}, _millisecond_time), "uuid")


def _lead(account: Account, record: Doc) -> None:
    doc: Doc = {"id": record.get("id") or leads.new_id(account), "title": "", "owner_id": _OWNER, "creator_id": _OWNER}
    doc |= dict.fromkeys(leads.NULL) | leads.PLAIN | {"label_ids": [], "cc_email": ""}
    doc |= {"visible_to": str(persons.default_visibility(account))} | record
    account.put("leads", _stamped(account, doc, _millisecond_time))


def _file(account: Account, record: Doc) -> None:
    doc: Doc = dict.fromkeys(files.NULL) | files.PLAIN | {"user_id": _OWNER, "is_deleted": False, "name": "file"}
    doc |= record
    doc |= {"file_name": doc.get("file_name") or doc["name"], "remote_id": doc.get("remote_id") or doc["name"]}
    account.put("files", _stamped(account, _numbered(account, "files", doc), _v1_time))


def _mail(account: Account, record: Doc) -> None:
    """A message; a party is linked to the person who has its address, unless the record says to whom."""
    doc: Doc = _numbered(account, "mailMessages", mail.PLAIN | {"user_id": _OWNER} | record)
    for side in PARTIES:
        doc[side] = [_party(account, one) for one in doc[side]]
    doc = _stamped(account, doc, _millisecond_time)
    doc["message_time"] = _millisecond_time(doc.get("message_time") or doc["add_time"])
    doc |= {"mail_thread_id": doc.get("mail_thread_id") or doc["id"], "has_body_flag": int("body" in doc)}
    account.put("mailMessages", doc)


def _party(account: Account, party: Doc) -> Doc:
    found = account.ids("persons", "email", str(party.get("email_address", "")).lower())
    return {"name": "", "linked_person_id": int(found[0]) if found else None} | party


def _user(account: Account, record: Doc) -> None:
    doc = _numbered(account, "users", record)
    known = account.user(doc["id"]) or builtin.user(doc["id"], "", False, f"user{doc['id']}@{account.domain}.example")
    account.put("users", known | doc)


def _field(kind: str) -> Callable[[Account, Doc], None]:
    def load(account: Account, record: Doc) -> None:
        doc = builtin.field(account, kind, record["field_code"], record["field_name"], record["field_type"])
        for option in record.get("options") or []:
            account.reserve("fieldOptions", option["id"])
        account.put(kind, doc | {"is_custom_field": True} | record, "field_code")

    return load


def _bare(kind: str, blank: Doc) -> Callable[[Account, Doc], None]:
    def load(account: Account, record: Doc) -> None:
        account.put(kind, _numbered(account, kind, blank | record))

    return load


def _plain(kind: str, blank: Doc) -> Callable[[Account, Doc], None]:
    def load(account: Account, record: Doc) -> None:
        account.put(kind, _stamped(account, _numbered(account, kind, blank | record), _v2_time))

    return load


_LOADERS: Mapping[str, Callable[[Account, Doc], None]] = {
    "persons": _person,
    "organizations": _organization,
    "deals": _deal,
    "activities": _activity,
    "notes": _note,
    "comments": _comment,
    "leads": _lead,
    "files": _file,
    "mailMessages": _mail,
    "users": _user,
    "personFields": _field("personFields"),
    "organizationFields": _field("organizationFields"),
    "dealFields": _field("dealFields"),
    "roles": _bare("roles", {"parent_role_id": 1, "active_flag": True}),
    "permissionSets": _bare("permissionSets", {"app": "global", "type": "custom", "description": "", "contents": []}),
    "activityTypes": _bare("activityTypes", {"active_flag": True, "is_custom_flag": True, "icon_key": "task"}),
    "pipelines": _plain("pipelines", {"order_nr": 1, "is_deleted": False, "is_deal_probability_enabled": False}),
    "stages": _plain("stages", {"order_nr": 1, "is_deleted": False, "pipeline_id": 1, "deal_probability": 100}),
    "settings": lambda account, record: account.configure(record),
}


def load(account: Account, record: Mapping[str, Any]) -> None:
    """Takes one record. Raises ValueError when the kind is unknown or something it must have is missing."""
    kind = str(record.get("kind"))
    if kind not in _LOADERS:
        raise ValueError(f"pipedrive: unknown kind {kind!r}")
    doc = {key: value for key, value in record.items() if key not in {"crm", "kind"}}
    try:
        _LOADERS[kind](account, doc)
    except KeyError as missing:
        raise ValueError(f"pipedrive: a record of {kind} has no {missing}") from None
