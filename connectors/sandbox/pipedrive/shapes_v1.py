"""How v1 still shows v2's records where it must: in a merge, in a flow and in the recents."""

from __future__ import annotations

from connectors.sandbox.pipedrive import times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.counts import CAMPAIGNS, PERSON
from connectors.sandbox.state import Doc

_V2_ONLY = {"emails", "phones", "is_deleted", "custom_fields", "owner_name", *PERSON}


def stamp(text: str | None) -> str | None:
    """A v2 time as v1 writes it."""
    return times.v1(times.read(text)) if text else None


def person(account: Account, doc: Doc) -> Doc:
    """A person with v1's names: `email` and `phone`, flags, counts, custom fields at the root."""
    extras = {name: extra for name, extra in PERSON.items() if account.settings["campaigns"] or name not in CAMPAIGNS}
    shown = {key: value for key, value in doc.items() if key not in _V2_ONLY}
    shown |= {"company_id": account.company, "active_flag": not doc["is_deleted"]}
    shown |= {
        "first_char": doc["name"][:1].lower(),
        "email": doc["emails"],
        "phone": doc["phones"],
        "visible_to": str(doc["visible_to"]),
    }
    shown |= {key: stamp(doc[key]) for key in ("add_time", "update_time")}
    shown |= {name: extra(account, doc) for name, extra in extras.items()}
    return {**shown, **doc["custom_fields"]}


def activity(account: Account, doc: Doc) -> Doc:
    """An activity with v1's names: `user_id`, `primary_flag`, flags."""
    hidden = {"owner_id", "is_deleted", "busy", "participants", "location"}
    shown = {key: value for key, value in doc.items() if key not in hidden}
    shown |= {"company_id": account.company, "user_id": doc["owner_id"], "active_flag": not doc["is_deleted"]}
    shown |= {key: stamp(doc[key]) for key in ("add_time", "update_time", "marked_as_done_time")}
    people = [{"person_id": one["person_id"], "primary_flag": bool(one.get("primary"))} for one in doc["participants"]]
    return shown | {"busy_flag": doc["busy"], "participants": people, "location": (doc["location"] or {}).get("value")}


def deal(account: Account, doc: Doc) -> Doc:
    """A deal with v1's names: `user_id`, `active`, `deleted`, custom fields at the root."""
    hidden = {"owner_id", "is_deleted", "custom_fields", "participants"}
    shown = {key: value for key, value in doc.items() if key not in hidden}
    shown |= {"user_id": doc["owner_id"], "active": doc["status"] == "open", "deleted": doc["is_deleted"]}
    shown |= {key: stamp(doc[key]) for key in ("add_time", "update_time")}
    shown |= {"visible_to": str(doc["visible_to"]), "company_id": account.company}
    return {**shown, **doc["custom_fields"]}


def organization(account: Account, doc: Doc) -> Doc:
    """An organisation with v1's names."""
    shown = {key: value for key, value in doc.items() if key not in {"is_deleted", "custom_fields", "address"}}
    shown |= {"active_flag": not doc["is_deleted"], "company_id": account.company}
    shown |= {key: stamp(doc[key]) for key in ("add_time", "update_time")}
    return {**shown, "address": (doc["address"] or {}).get("value"), **doc["custom_fields"]}
