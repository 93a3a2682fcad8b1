"""Marketing status: kept by e-mail address, whoever has it, changed once, and refused without an error (§4.4)."""

from __future__ import annotations

import re
from typing import Any

from connectors.sandbox.pipedrive import times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.pipedrive.answers import forbidden
from connectors.sandbox.pipedrive.operation import Call
from connectors.sandbox.state import Doc

STATUSES = ("no_consent", "unsubscribed", "subscribed", "archived")
NONE = "no_consent"
_ONWARD = {NONE: {"unsubscribed", "subscribed"}, "subscribed": {"unsubscribed", "archived"}}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")


def address(person: Doc) -> str | None:
    """The primary e-mail of a person, lower case; None when it is no valid one."""
    emails = person["emails"]
    first = next((one for one in emails if one.get("primary")), emails[0] if emails else {})
    value = str(first.get("value") or "").strip().lower()
    return value if _ADDRESS.fullmatch(value) else None


def _entry(account: Account, person: Doc) -> Doc | None:
    key = address(person)
    if key is None:
        return None
    return account.get("marketing", key) or {"address": key, "status": NONE, "changed": False, "doi_status": None}


def status(account: Account, person: Doc) -> Any:
    """The marketing status that a person shows."""
    entry = _entry(account, person)
    return entry["status"] if entry else NONE


def double_opt_in(account: Account, person: Doc) -> Any:
    """The double opt-in status that a person shows."""
    entry = _entry(account, person)
    return entry["doi_status"] if entry else None


def load(account: Account, person: Doc, status: str | None, doi: str | None) -> None:
    """Sets the address's statuses as a load file gives them; that is not the one change allowed."""
    entry = _entry(account, person)
    if entry:
        entry["status"] = status or entry["status"]
        entry["doi_status"] = doi or entry["doi_status"]
        account.put("marketing", entry, "address")


def guard(call: Call, body: Doc) -> None:
    """Without Campaigns a write of the status is refused, or ignored, as the account is set."""
    settings = call.account.settings
    if "marketing_status" in body and not settings["campaigns"] and settings["campaignsRefusal"] == "403":
        raise forbidden("The marketing status is not available in this company")


def write(call: Call, person: Doc, wanted: str) -> None:
    """Changes the status of the person's address if that may be; leaves it without a word otherwise.

    The status that a new person brings to an address not seen before is its first, not the one change it may make.
    """
    entry = _entry(call.account, person)
    if entry is None or not call.account.settings["campaigns"]:
        return
    first = call.request.method == "POST" and call.account.get("marketing", entry["address"]) is None
    if not first and (entry["changed"] or wanted not in _ONWARD.get(entry["status"], ())):
        return
    _record(call, person, entry["status"], wanted)
    entry |= {"status": wanted, "changed": not first}
    call.account.put("marketing", entry, "address")


def _record(call: Call, person: Doc, old: str, new: str) -> None:
    account = call.account
    change = {"id": account.new_id("consents"), "person_id": person["id"], "old_value": old, "new_value": new}
    change |= {"user_id": call.user, "log_time": times.v1(account.now()), "field_key": "marketing_status"}
    account.put("consents", change)
