"""What an erasure rests on, looked at before the children go and once more right before the contact goes (§12.18, §12.20).

Taking children along moves the contact's own stamp, and HubSpot works out its counts and dates anew. So the second look
compares what people and other programs write, what the person did, and what hangs on the contact; never a value that only
HubSpot sets. Must not write; values stay in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from connectors.hubspot.answers import Json
from connectors.hubspot.client import Client
from connectors.hubspot.clock import DEALS, TICKETS, Clock
from connectors.hubspot.options import PROPERTY_SOURCES
from connectors.hubspot.records import Activity, moment, names, values
from connectors.hubspot.schema import Properties, writable
from core.model import Moment

CONTACTS = "contacts"
ENGAGEMENTS = ("notes", "calls", "tasks", "meetings", "emails")
# A contact that took in another one keeps the other's id here (§2.4).
MERGED = "hs_merged_object_ids"
_STAMPS = ("lastmodifieddate", "hs_lastmodifieddate")


@dataclass(frozen=True, slots=True)
class Look:
    """Contacts at one moment: their rows, the engagements linked to them by kind, and their deals and tickets."""

    rows: Mapping[str, Json]
    children: Mapping[str, Mapping[str, list[str]]] = field(default_factory=dict)
    business: Mapping[str, Activity] = field(default_factory=dict)


class Evidence:
    """Takes the looks. A whole one costs eight calls a hundred contacts, and one more a hundred of their deals and tickets."""

    def __init__(self, client: Client, properties: Properties) -> None:
        self._client, self._properties = client, properties
        self._clock = Clock(client, (DEALS, TICKETS))

    def look(self, ids: Iterable[str], *, whole: bool) -> Look:
        """Some contacts as they are now; only their rows unless `whole`, which nothing but a cascade makes necessary.

        The rows are read last: whatever comes while the links are read moves a stamp that is checked, or hangs on the
        contact at the next look.
        """
        wanted = [id for id in dict.fromkeys(ids) if id.isascii() and id.isdecimal()]
        if not whole:
            return Look(self._client.read(CONTACTS, wanted, ()))
        children = {kind: self._client.links(CONTACTS, kind, wanted) for kind in ENGAGEMENTS}
        business = self._clock.read(wanted)
        return Look(self._client.read(CONTACTS, wanted, self._names()), children, business)

    def _names(self) -> tuple[str, ...]:
        written = [name for name, told in self._properties.known().items() if writable(told)]
        return tuple(dict.fromkeys([*names(self._client.options), *written, MERGED]))


def differs(before: Look, after: Look, id: str) -> bool:
    """True when somebody wrote to the contact, or something came in or was opened, between two looks that both show it."""
    was, now = before.business.get(id, Activity()), after.business.get(id, Activity())
    fresh = now.open - was.open or now.signals - was.signals or now.unreadable - was.unreadable
    logged = any(set(found[id]) - set(before.children[kind][id]) for kind, found in after.children.items())
    return bool(fresh) or logged or _later(was, now) or _edited(before.rows[id], after.rows[id])


def _edited(was: Json, now: Json) -> bool:
    """A date of a contact from the person counts when it is a later one: it may go back when a mail or a call is deleted."""
    old, new = values(was), values(now)
    changed = {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)} - {*_STAMPS}
    return any(name not in PROPERTY_SOURCES or _forward(old.get(name, ""), new.get(name, "")) for name in changed)


def _forward(old: str, new: str) -> bool:
    before, after = moment(old), moment(new)
    return bool(new) and (before is None or after is None or after > before)


def _later(was: Activity, now: Activity) -> bool:
    known: dict[str, Moment] = {item.source: item for item in was.inbound}
    return any(item.source not in known or item.at > known[item.source].at for item in now.inbound)
