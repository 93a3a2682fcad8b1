"""E-mail subscription statuses, kept by address and never by contact (hubspot.md §5.2). Knows no route."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.hubspot.portal import Portal

SUBSCRIBED, UNSUBSCRIBED, UNSPECIFIED = "SUBSCRIBED", "UNSUBSCRIBED", "NOT_SPECIFIED"
OPTOUT = "hs_email_optout"

Status = dict[str, Any]


def _definition(id: int, name: str, purpose: str, default: bool) -> dict[str, Any]:
    stamp = "2020-06-30T15:57:35.000Z"
    return {
        "id": str(id),
        "name": name,
        "description": f"{purpose} e-mail",
        "purpose": purpose,
        "communicationMethod": "Email",
        "isActive": True,
        "isDefault": default,
        "isInternal": False,
        "createdAt": stamp,
        "updatedAt": stamp,
    }


DEFINITIONS = {
    row["id"]: row
    for row in (
        _definition(1001, "Marketing Information", "Marketing", True),
        _definition(1002, "One to One", "Sales", True),
        _definition(1003, "Product News", "Marketing", False),
    )
}
MARKETING = "1001"


def read(portal: Portal, email: str) -> Status:
    """What is known of an address: `wide` (an opt-out from everything, or None) and `types` by subscription id."""
    return portal.state.get(portal.kind("subscriptions"), email.lower()) or {"wide": None, "types": {}}


def _write(portal: Portal, email: str, status: Status) -> None:
    portal.state.put(portal.kind("subscriptions"), email.lower(), status)


def unsubscribe_all(portal: Portal, email: str, at: str | None = None) -> bool:
    """Opts an address out of everything; False when it was already."""
    status = read(portal, email)
    if status["wide"]:
        return False
    status["wide"] = {"timestamp": at or portal.now()}
    _write(portal, email, status)
    return True


def choose(portal: Portal, email: str, type_id: str, state: str, **more: str) -> str:
    """Sets one subscription type and returns the vendor's reason. Subscribing lifts an opt-out from everything, the
    other types then stay unsubscribed one by one."""
    status = read(portal, email)
    before = state_of(status, type_id)
    if state == SUBSCRIBED and status["wide"]:
        stamp = status["wide"]["timestamp"]
        status["types"] |= {other: {"status": UNSUBSCRIBED, "timestamp": stamp} for other in DEFINITIONS}
        status["wide"] = None
    status["types"][type_id] = {"status": state, "timestamp": portal.now(), **more}
    _write(portal, email, status)
    if before == state:
        return "NO_STATUS_CHANGE"
    resubscribed = (before, state) == (UNSUBSCRIBED, SUBSCRIBED)
    return "RESUBSCRIBE_OCCURRED" if resubscribed else "REQUESTED_CHANGE_OCCURRED"


def state_of(status: Status, type_id: str) -> str:
    """The state of one subscription type, an opt-out from everything included."""
    if status["wide"]:
        return UNSUBSCRIBED
    return str(status["types"].get(type_id, {}).get("status", UNSPECIFIED))


def flags(portal: Portal, email: str) -> dict[str, str]:
    """The read-only contact properties that an address drives; the empty text where it drives none."""
    status = read(portal, email) if email else {"wide": None, "types": {}}
    single = {
        f"{OPTOUT}_{id}": "true" if status["types"].get(id, {}).get("status") == UNSUBSCRIBED else ""
        for id in DEFINITIONS
    }
    return {OPTOUT: "true" if status["wide"] else "", **single}
