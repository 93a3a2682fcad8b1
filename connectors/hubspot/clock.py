"""What a contact's children tell: contacts from the person, won deals, open business (RET-20; §2.6).

E-mails that came in, calls that came in, tickets that the person opened or answered, deals; never opens, our own mails,
calls, notes or edits. What may not be read is named, so that nobody takes silence for inactivity.

Messages logged by hand (WhatsApp, SMS, LinkedIn) do not say who sent them, and chats without a ticket can only be read one
person at a time: neither is read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from connectors.hubspot.answers import Forbidden
from connectors.hubspot.client import Client
from connectors.hubspot.options import HubSpotOptions
from connectors.hubspot.records import Activity, is_on, moment, values
from core.model import Moment

Values = Mapping[str, str]
# An answer to a mail of ours, and what staff forward to HubSpot: what they send themselves goes there by BCC.
_RECEIVED = ("INCOMING_EMAIL", "FORWARDED_EMAIL")
# When the visitor last wrote, and when the customer last replied, as HubSpot describes them.
_ANSWERED = ("hs_last_message_received_at", "last_reply_date")
_OPENED = ("source_type", "hs_outbound_ticket", "createdate")


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of children: which properties to read, what one child tells, and what is lost when none may be read."""

    kind: str
    properties: tuple[str, ...]
    tell: Callable[[Values, HubSpotOptions], Activity]
    lost: tuple[str, ...]


def _email(found: Values, _: HubSpotOptions) -> Activity:
    return _inbound(found, "incoming_email", found.get("hs_email_direction") in _RECEIVED, "hs_timestamp")


def _call(found: Values, _: HubSpotOptions) -> Activity:
    return _inbound(found, "inbound_call", found.get("hs_call_direction") == "INBOUND", "hs_timestamp")


def _deal(found: Values, options: HubSpotOptions) -> Activity:
    stage = found.get("dealstage", "")
    if stage in options.won_stages or is_on(found.get("hs_is_closed_won")):
        won = _inbound(found, "won_deal", "won_deal" in options.inbound, "closedate")
        return Activity(won.inbound, frozenset({"won_deal"}), unreadable=won.unreadable)
    closed = stage in options.lost_stages or found.get("hs_is_closed", "").lower() == "true"
    return Activity() if closed else Activity(open=frozenset({"deal"}))


def _ticket(found: Values, options: HubSpotOptions) -> Activity:
    stage = found.get("hs_pipeline_stage", "")
    closed = stage in options.closed_ticket_stages or found.get("hs_is_closed", "").lower() == "true"
    told = [Activity() if closed else Activity(open=frozenset({"ticket"}))]
    if "ticket" in options.inbound:
        theirs = found.get("source_type") in options.ticket_sources and not is_on(found.get("hs_outbound_ticket"))
        told.append(_inbound(found, "ticket", theirs, "createdate"))
        told += [_inbound(found, "ticket", name in found, name) for name in _ANSWERED]
    return merged(told)


def _inbound(found: Values, source: str, counts: bool, dated: str) -> Activity:
    """One contact from the person; without a date it cannot be placed, so the source counts as unreadable."""
    if not counts:
        return Activity()
    at = moment(found.get(dated, ""))
    return Activity((Moment(at, source),)) if at else Activity(unreadable=frozenset({source}))


EMAILS = Family("emails", ("hs_email_direction", "hs_timestamp"), _email, ("incoming_email",))
CALLS = Family("calls", ("hs_call_direction", "hs_timestamp"), _call, ("inbound_call",))
DEALS = Family("deals", ("dealstage", "closedate", "hs_is_closed", "hs_is_closed_won"), _deal, ("deal", "won_deal"))
TICKETS = Family("tickets", ("hs_pipeline_stage", "hs_is_closed", *_OPENED, *_ANSWERED), _ticket, ("ticket",))


def families(options: HubSpotOptions) -> tuple[Family, ...]:
    """The children to read: deals and tickets always (open business protects), the others when they are asked for."""
    chosen = [family for family in (EMAILS, CALLS) if family.lost[0] in options.inbound]
    return (*chosen, DEALS, TICKETS)


class Clock:
    """Reads some families of contacts. What HubSpot refused once is not asked again, and stays named."""

    def __init__(self, client: Client, families: tuple[Family, ...]) -> None:
        self._client, self._families = client, families
        self._refused: set[str] = set()

    def read(self, ids: Iterable[str]) -> dict[str, Activity]:
        """What the children of each contact tell."""
        wanted = list(ids)
        parts: dict[str, list[Activity]] = {id: [] for id in wanted}
        for family in self._families:
            for id, told in self._family(family, wanted).items():
                parts[id] += told
        return {id: merged(told) for id, told in parts.items()}

    def _family(self, family: Family, ids: list[str]) -> dict[str, list[Activity]]:
        if family.kind not in self._refused:
            try:
                return self._children(family, ids)
            except Forbidden:
                self._refused.add(family.kind)
        return {id: [Activity(unreadable=frozenset(family.lost))] for id in ids}

    def _children(self, family: Family, ids: list[str]) -> dict[str, list[Activity]]:
        linked = self._client.links("contacts", family.kind, ids)
        children = {child for found in linked.values() for child in found}
        rows = self._client.read(family.kind, sorted(children), family.properties)
        told = {id: family.tell(values(row), self._client.options) for id, row in rows.items()}
        return {id: [told[child] for child in found if child in told] for id, found in linked.items()}


def merged(parts: Iterable[Activity]) -> Activity:
    """Several tellings as one, with the latest moment of each source."""
    moments: dict[str, list[Moment]] = defaultdict(list)
    told = list(parts)
    for part in told:
        for item in part.inbound:
            moments[item.source].append(item)
    return Activity(
        inbound=tuple(max(found) for _, found in sorted(moments.items())),
        signals=frozenset(item for part in told for item in part.signals),
        open=frozenset(item for part in told for item in part.open),
        unreadable=frozenset(item for part in told for item in part.unreadable),
    )
