"""One Pipedrive company: its records in the shared state, its switches, and the links by which records are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from connectors.sandbox.pipedrive import times
from connectors.sandbox.pipedrive.order import Order
from connectors.sandbox.state import Clock, Doc, State

PURGE = timedelta(days=30)
SETTINGS: Doc = {
    "campaigns": True,  # the add-on: marketing_status and doi_status exist
    "campaignsRefusal": "403",  # a write of marketing_status without it: "403", or "silent"
    "contactSync": False,  # im, notes, birthday, job_title and postal_address exist
    "deletedGet": "404",  # GET of a soft-deleted record: "404", or "flag" (200 with is_deleted)
    "noteMovesUpdateTime": False,  # a note moves the person's update_time
    "plan": "ultimate",  # lite, growth, premium, ultimate: burst limit, tokens a day, cap on custom fields
    "seats": 5,  # multiplies the tokens a day
    "dailyTokens": None,  # the budget of a day, in place of the plan's
    "searchLag": 0,  # seconds that the search index is behind
    "addons": ["leadbooster_v2"],  # other add-ons
}
PARTIES = ("from", "to", "cc", "bcc")
_SORTED = ("persons", "organizations", "deals", "activities")

Tags = dict[str, list[str]]


def _links(doc: Doc, **keys: str) -> Tags:
    return {tag: [str(doc[key])] for tag, key in keys.items() if doc.get(key) is not None}


def _person(doc: Doc) -> Tags:
    return _links(doc, org="org_id") | {"email": [str(one["value"]).lower() for one in doc["emails"]]}


def _deal(doc: Doc) -> Tags:
    tags = _links(doc, person="person_id", org="org_id")
    tags["participant"] = [str(one["person_id"]) for one in doc.get("participants", [])]
    return tags | ({"archived": ["1"]} if doc["is_archived"] else {})


def _activity(doc: Doc) -> Tags:
    tags = _links(doc, person="person_id", org="org_id", deal="deal_id", lead="lead_id")
    people = (doc.get("participants") or []) + (doc.get("attendees") or [])
    tags["participant"] = [str(one["person_id"]) for one in people if one.get("person_id")]
    return tags


def _mail(doc: Doc) -> Tags:
    tags = _links(doc, thread="mail_thread_id")
    linked = {one.get("linked_person_id") for party in PARTIES for one in doc.get(party) or []} | {doc.get("person_id")}
    return tags | {"person": [str(id) for id in linked if id]}


def _note(doc: Doc) -> Tags:
    return _links(doc, person="person_id", org="org_id", deal="deal_id", lead="lead_id")


_TAGS: dict[str, Callable[[Doc], Tags]] = {
    "persons": _person,
    "deals": _deal,
    "activities": _activity,
    "activityTypes": lambda doc: _links(doc, key="key_string"),
    "notes": _note,
    "files": _note,
    "leads": lambda doc: _links(doc, person="person_id", org="organization_id"),
    "mailMessages": _mail,
    "comments": lambda doc: _links(doc, note="object_id"),
    "changelog": lambda doc: _links(doc, record="record"),
    "consents": lambda doc: _links(doc, person="person_id"),
}


class Account:
    """A company's records by (kind, id). Every caller must hold the state (see App.answer)."""

    def __init__(self, state: State, clock: Clock, company: int, domain: str, prefix: str) -> None:
        self.state = state
        self.clock = clock
        self.company = company
        self.domain = domain
        self._prefix = prefix
        self._orders: dict[str, Order] = {}
        self._fields: dict[str, list[Doc]] = {}
        self.settings: Doc = SETTINGS | (self.get("settings", "settings") or {})

    def _kind(self, kind: str) -> str:
        return f"{self._prefix}.{kind}"

    def now(self) -> datetime:
        """The sandbox's time."""
        return self.clock.now()

    def configure(self, switches: Doc) -> None:
        """Sets some switches. Raises ValueError for one that does not exist."""
        if unknown := set(switches) - set(SETTINGS):
            raise ValueError(f"unknown Pipedrive setting: {', '.join(sorted(unknown))}")
        self.settings |= switches
        self.state.put(self._kind("settings"), "settings", self.settings)

    def get(self, kind: str, id: Any) -> Doc | None:
        """A record as stored, deleted or not; None once it is purged."""
        doc = self.state.get(self._kind(kind), str(id))
        return doc if doc is not None and not self._purged(doc) else None

    def _purged(self, doc: Doc) -> bool:
        return doc.get("is_deleted") is True and times.read(doc["update_time"]) + PURGE <= self.now()

    def live(self, kind: str, id: Any) -> Doc | None:
        """A record that exists and is not deleted."""
        doc = self.get(kind, id)
        return None if doc is None or doc.get("is_deleted") else doc

    def put(self, kind: str, doc: Doc, key: str = "id") -> Doc:
        """Writes a record, with the links that its kind is found by."""
        tags = _TAGS.get(kind)
        self.state.put(self._kind(kind), str(doc[key]), doc, tags(doc) if tags else None)
        if kind in self._orders:
            self._orders[kind].put(doc)
        self._fields.pop(kind, None)
        return doc

    def drop(self, kind: str, id: Any) -> bool:
        """Forgets a record for good."""
        if kind in self._orders:
            self._orders[kind].drop(int(id))
        self._fields.pop(kind, None)
        return self.state.delete(self._kind(kind), str(id))

    def all(self, kind: str) -> Iterator[Doc]:
        """Every record of a kind, deleted ones included, purged ones not, in the order they came."""
        return (doc for _, doc in self.state.all(self._kind(kind)) if not self._purged(doc))

    def count(self, kind: str) -> int:
        """How many records a kind has, deleted ones included."""
        return self.state.count(self._kind(kind))

    def ids(self, kind: str, tag: str, value: Any) -> list[str]:
        """The ids of the records of a kind that carry a link."""
        return self.state.find(self._kind(kind), tag, str(value))

    def linked(self, kind: str, tag: str, value: Any) -> list[Doc]:
        """The records of a kind that carry a link and are not deleted."""
        return self._found(kind, self.ids(kind, tag, value))

    def _found(self, kind: str, ids: Iterable[str]) -> list[Doc]:
        return [doc for id in ids if (doc := self.live(kind, id)) is not None]

    def new_id(self, kind: str) -> int:
        """The next number for a kind."""
        return self.state.next_id(self._kind(kind))

    def reserve(self, kind: str, id: Any) -> None:
        """Keeps a loaded number from being given again."""
        if isinstance(id, int):
            self.state.reserve(self._kind(kind), id)

    def order(self, kind: str) -> Order:
        """The sorted ids of a kind."""
        if kind not in _SORTED:
            raise ValueError(f"{kind} has no order")
        if kind not in self._orders:
            self._orders[kind] = Order(self.all(kind))
        return self._orders[kind]

    def fields(self, kind: str) -> list[Doc]:
        """The fields that an object has now, built-in ones first."""
        if kind not in self._fields:
            self._fields[kind] = [doc for doc in self.all(kind) if not doc["deleted"]]
        return self._fields[kind]

    def custom_fields(self, kind: str) -> dict[str, Doc]:
        """The custom fields that an object has now, by code."""
        return {doc["field_code"]: doc for doc in self.fields(kind) if doc["is_custom_field"]}

    def user(self, id: Any) -> Doc | None:
        """A user of the company."""
        return self.get("users", id)
