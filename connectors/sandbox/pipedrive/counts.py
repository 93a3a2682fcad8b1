"""The optional fields of a record that are made from its deals, activities, mails, files and notes (§4.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.sandbox.pipedrive import marketing, times
from connectors.sandbox.pipedrive.account import Account
from connectors.sandbox.state import Doc

Extra = Callable[[Account, Doc], Any]
_STATUSES = {"open": {"open"}, "closed": {"won", "lost"}, "won": {"won"}, "lost": {"lost"}}


def _given(name: str, compute: Extra) -> Extra:
    """The value that the record was loaded with, else the computed one."""
    return lambda account, doc: doc[name] if name in doc else compute(account, doc)


def _deals(tag: str, statuses: set[str]) -> Extra:
    return lambda account, doc: sum(deal["status"] in statuses for deal in account.linked("deals", tag, doc["id"]))


def _related(statuses: set[str]) -> Extra:
    """Deals of the person's organisation that are not the person's own."""

    def count(account: Account, doc: Doc) -> int:
        deals = account.linked("deals", "org", doc["org_id"]) if doc.get("org_id") else []
        return sum(deal["status"] in statuses and deal["person_id"] != doc["id"] for deal in deals)

    return count


def _count(kind: str, tag: str) -> Extra:
    return lambda account, doc: len(account.linked(kind, tag, doc["id"]))


def _activities(tag: str, done: bool) -> Extra:
    return lambda account, doc: sum(one["done"] is done for one in account.linked("activities", tag, doc["id"]))


def _when(activity: Doc) -> tuple[str, str]:
    return activity.get("due_date") or "", activity.get("due_time") or ""


def _activity(tag: str, done: bool) -> Extra:
    """The last activity that was done, or the next one that is not."""

    def choose(account: Account, doc: Doc) -> Any:
        some = [one for one in account.linked("activities", tag, doc["id"]) if one["done"] is done]
        if not some:
            return doc.get("last_activity_id" if done else "next_activity_id")
        return (max if done else min)(some, key=_when)["id"]

    return choose


def _mail(name: str, sent: int) -> Extra:
    """The time of the last mail that came in or went out, or the one given if that is later."""

    def last(account: Account, doc: Doc) -> str | None:
        mails = account.linked("mailMessages", "person", doc["id"])
        moments = [one["message_time"] for one in mails if int(one.get("sent_flag") or 0) == sent]
        moments += [doc[name]] if doc.get(name) else []
        return times.v2(max(map(times.read, moments))) if moments else None

    return last


def _address(account: Account, doc: Doc) -> str:
    return f"{account.domain}+{doc['id']}@pipedrivemail.example"


def _common(tag: str) -> dict[str, Extra]:
    extras: dict[str, Extra] = {
        "next_activity_id": _activity(tag, False),
        "last_activity_id": _activity(tag, True),
    }
    counted: dict[str, Extra] = {
        "email_messages_count": _count("mailMessages", "person") if tag == "person" else lambda *_: 0,
        "activities_count": _count("activities", tag),
        "done_activities_count": _activities(tag, True),
        "undone_activities_count": _activities(tag, False),
        "files_count": _count("files", tag),
        "notes_count": _count("notes", tag),
        "followers_count": lambda *_: 0,
        "smart_bcc_email": _address,
    }
    return extras | {name: _given(name, compute) for name, compute in counted.items()}


def _deal_counts(tag: str) -> dict[str, Extra]:
    counts = {f"{name}_deals_count": _deals(tag, statuses) for name, statuses in _STATUSES.items()}
    counts |= {f"related_{name}_deals_count": _related(statuses) for name, statuses in _STATUSES.items()}
    return {name: _given(name, compute) for name, compute in counts.items()}


_PARTICIPANT = {
    f"participant_{name}_deals_count": _deals("participant", _STATUSES[name]) for name in ("open", "closed")
}
MAIL_TIMES: dict[str, Extra] = {
    "last_incoming_mail_time": _mail("last_incoming_mail_time", 0),
    "last_outgoing_mail_time": _mail("last_outgoing_mail_time", 1),
}
CAMPAIGNS: dict[str, Extra] = {"marketing_status": marketing.status, "doi_status": marketing.double_opt_in}
PERSON = (
    _common("person")
    | _deal_counts("person")
    | {name: _given(name, compute) for name, compute in _PARTICIPANT.items()}
    | MAIL_TIMES
    | CAMPAIGNS
)
ORGANIZATION = _common("org") | _deal_counts("org") | {"people_count": _count("persons", "org")}
_LOADED = ("first_won_time", "source_lead_id", "last_incoming_mail_time", "last_outgoing_mail_time")
DEAL = (
    _common("deal")
    | {name: _given(name, lambda *_: None) for name in _LOADED}
    | {"products_count": lambda *_: 0, "participants_count": lambda _, doc: len(doc.get("participants", []))}
)
