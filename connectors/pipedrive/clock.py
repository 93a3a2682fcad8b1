"""When a person was last in touch, and their open business: deals and activities, read whole and then kept up to date.

Pipedrive lists deals and activities by their *main* person only (pipedrive.md §12, 12), so the other participants are found
by reading everything once, then what changed since. What was read only ever protects; nothing is forgotten until the next
`start`. Must not judge.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connectors.pipedrive.client import Api, Missing, Row, need
from connectors.pipedrive.options import MAIL, WEB_LEAD, WON, PipedriveOptions
from connectors.pipedrive.sources import LEAD, Activities, Leads, Stream, dated, later, moment
from core.errors import NotAllowed
from core.model import Moment

DEAL = "deal"
COUNTS = ("open_deals_count", "participant_open_deals_count", "participant_closed_deals_count", "won_deals_count")
MAILED = "last_incoming_mail_time"
INCLUDE = (MAILED, *COUNTS)
"""What a person must be read with for `Clock.of`."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the clock knows of one person."""

    inbound: tuple[Moment, ...]
    unreadable: tuple[str, ...]
    won: bool
    open: tuple[str, ...]

    def is_news(self, now: Inputs) -> bool:
        """True when `now` shows a later contact, or business or a blindness that was not there."""
        known = {moment.source: moment.at for moment in self.inbound}
        later = any(moment.source not in known or moment.at > known[moment.source] for moment in now.inbound)
        return later or not ({*now.open, *now.unreadable} <= {*self.open, *self.unreadable}) or now.won != self.won


class Clock:
    """The clock inputs of every person of one account."""

    def __init__(self, api: Api, options: PipedriveOptions) -> None:
        self._api, self._options = api, options
        self._deals: _Deals | None = None
        self._leads = Leads(api, options)
        self._activities = Activities(api, options)

    def start(self) -> None:
        """Reads everything anew. What was read before stands until all is there: half a read would look like silence."""
        deals, activities = _Deals(self._api), Activities(self._api, self._options)
        leads = Leads(self._api, self._options)
        for part in (deals, activities, leads):
            part.read()
        self._deals, self._activities, self._leads = deals, activities, leads

    def refresh(self) -> None:
        """Reads what changed since `start`, or everything when it has not been called."""
        if self._deals is None:
            self.start()
        else:
            self._deals.read()
            self._activities.read()
            self._leads.read()

    def before(self, row: Row) -> Inputs:
        """The inputs of one person, as they were judged; read now when nothing was."""
        if self._deals is None:
            self.start()
        return self.of(row)

    def hear(self, activities: Iterable[Row]) -> None:
        """Takes in activities that somebody else has listed."""
        self._activities.take(activities)

    def look(self, person: int) -> None:
        """Reads what changed of the activities, and one person's leads; its deals and mails are told by the person itself."""
        self._activities.read()
        self._leads.look(person)

    def kept(self, person: int, activities: Iterable[Row] | None) -> tuple[str, ...]:
        """What to tell of leads, which are business, and of activities but these, if any go, when the person is erased."""
        guest = () if activities is None else self._activities.kept(person, {need(row, "id") for row in activities})
        return (*guest, *self._leads.kept(person))

    def of(self, row: Row) -> Inputs:
        """The inputs of one person, as of the last `start` or `refresh`. Fails closed: what is missing is unreadable."""
        assert self._deals is not None, "start or refresh comes first"
        won, has_open, unreadable = self._deals.of(row)
        mail = moment(row.get(MAILED))
        sources = {WON: won, MAIL: mail, WEB_LEAD: self._leads.came(row["id"]), **self._activities.of(row["id"])}
        if MAIL in self._options.inbound and (MAILED not in row or (row[MAILED] and mail is None)):
            unreadable.append(MAIL)
        counted = self._options.sources
        return Inputs(
            inbound=tuple(Moment(at, name) for name, at in sources.items() if at and name in counted),
            unreadable=(*unreadable, *self._activities.unreadable(row["id"]), *self._leads.unreadable(row["id"])),
            won=won is not None,
            open=((DEAL,) if has_open else ()) + ((LEAD,) if self._leads.open(row["id"]) else ()),
        )


class _Deals:
    """Open and won deals by person, archived ones too (§12, 13), and the other participants of won ones when needed."""

    def __init__(self, api: Api) -> None:
        self._api = api
        params = {"status": "open,won", "include_fields": "participants_count"}
        self._streams = [Stream(api, path, **params) for path in ("deals", "deals/archived")]
        self._readable = True
        self._open: set[int] = set()
        self._won: dict[int, datetime] = {}
        self._crowded: dict[int, datetime] = {}
        self._unmet: dict[int, datetime] = {}
        self._guests: dict[int, datetime] = {}
        self._counted: dict[int, int] = {}

    def read(self) -> None:
        """Takes in all deals, or those changed since. Without the right to, every person's deals are unreadable."""
        try:
            for stream in self._streams:
                for row in stream.rows():
                    self._take(row)
        except NotAllowed:
            self._readable = False
        self._unmet = dict(self._crowded)

    def of(self, row: Row) -> tuple[datetime | None, bool, list[str]]:
        """The latest won deal, whether one is open, and what cannot be told."""
        person = row["id"]
        closed = row.get("participant_closed_deals_count") or 0
        if self._counted.get(person, 0) != closed:
            self._meet_guests()
            self._counted[person] = closed
        won = max((found[person] for found in (self._won, self._guests) if person in found), default=None)
        has_open = person in self._open or any(row.get(name) for name in COUNTS[:2])
        blind = not self._readable or any(row.get(name) is None for name in COUNTS)
        hidden = bool(row.get("won_deals_count")) and won is None
        return won, has_open, [WON, DEAL] if blind else [WON] if hidden else []

    def _take(self, row: Row) -> None:
        person = row.get("person_id")
        if row.get("status") == "open":
            if person:
                self._open.add(person)
        elif row.get("status") == "won":
            at = moment(row.get("won_time")) or moment(row.get("close_time")) or dated(row, "update_time")
            if person:
                later(self._won, person, at)
            # Whether the count takes in the main person is not documented, so one participant may be another one.
            if row.get("participants_count") != 0:
                self._crowded[need(row, "id")] = at

    def _meet_guests(self) -> None:
        """Asks for the participants of the won deals that may have some: once a deal and `read`, for ten tokens each.

        Whether a deal's stamp moves with its participants is not documented, so a new count means asking for all again.
        """
        try:
            while self._unmet:
                deal, at = next(iter(self._unmet.items()))
                for guest in self._participants(deal):
                    later(self._guests, guest, at)
                del self._unmet[deal]
        except NotAllowed:
            self._readable = False

    def _participants(self, deal: int) -> list[int]:
        try:
            rows = list(self._api.rows("deals.participants", f"deals/{deal}/participants"))
        except Missing:
            return []
        return [_person(row) for row in rows]


def _person(row: Row) -> int:
    person = need(row, "person_id")
    return int(need(person, "value") if isinstance(person, dict) else person)
