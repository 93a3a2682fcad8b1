"""When a person was last in touch, and their open business: deals and activities, read whole and then kept up to date.

Pipedrive lists deals and activities by their *main* person only (pipedrive.md §12, 12), so the other participants are found
by reading everything once, then what changed since. What was read only ever protects; nothing is forgotten until the next
`start`. Must not judge.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from connectors.pipedrive.client import Api, Missing, Row, need
from connectors.pipedrive.options import MAIL, WON, PipedriveOptions, activity
from core.errors import BadAnswer, NotAllowed
from core.model import Moment

K = TypeVar("K")
DEAL, LEAD = "deal", "lead"
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


def moment(text: object) -> datetime | None:
    """A vendor's time, v2 (RFC 3339) or v1 (`YYYY-MM-DD HH:MM:SS`, UTC), or a plain date; None when empty or zero."""
    if not isinstance(text, str) or not text or text.startswith("0000"):
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


class Clock:
    """The clock inputs of every person of one account."""

    def __init__(self, api: Api, options: PipedriveOptions) -> None:
        self._api, self._options = api, options
        self._deals: _Deals | None = None
        self._leads = _Leads(api)
        self._activities = _Activities(api, options.activity_types)

    def start(self) -> None:
        """Reads everything anew. What was read before stands until all is there: half a read would look like silence."""
        deals, activities = _Deals(self._api), _Activities(self._api, self._options.activity_types)
        leads = _Leads(self._api)
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

    def of(self, row: Row) -> Inputs:
        """The inputs of one person, as of the last `start` or `refresh`. Fails closed: what is missing is unreadable."""
        assert self._deals is not None, "start or refresh comes first"
        won, has_open, unreadable = self._deals.of(row)
        mail = moment(row.get(MAILED))
        sources = {WON: won, MAIL: mail, **self._activities.of(row["id"])}
        if MAIL in self._options.inbound and (MAILED not in row or (row[MAILED] and mail is None)):
            unreadable.append(MAIL)
        counted = self._options.sources
        return Inputs(
            inbound=tuple(Moment(at, name) for name, at in sources.items() if at and name in counted),
            unreadable=tuple(unreadable) + self._activities.unreadable + self._leads.unreadable,
            won=won is not None,
            open=((DEAL,) if has_open else ()) + self._leads.of(row["id"]),
        )


class _Stream:
    """Reads a list whole the first time, and then what changed since just before that."""

    def __init__(self, api: Api, path: str, **params: object) -> None:
        self._api, self._path, self._params = api, path, params
        self._since: dict[str, str] | None = None

    def rows(self) -> Iterator[Row]:
        """Every row, or every row changed since. Sorted by id: a walk by update_time would skip what changes meanwhile."""
        since = self._since or {}
        if self._since is None:
            self._since = self._newest()
        for page, _ in self._api.pages(self._what, self._path, sort_by="id", **self._params, **since):
            yield from page

    @property
    def _what(self) -> str:
        return f"{self._path.replace('/', '.')}.list"

    def _newest(self) -> dict[str, str]:
        """What to ask for next time: what moved after the vendor's own latest stamp, so that clocks need not agree.

        Nothing narrows a list that was empty: all of it will be new. No fractions of a second (§3.3).
        """
        newest = {"limit": 1, "sort_by": "update_time", "sort_direction": "desc"}
        page, _ = next(self._api.pages(self._what, self._path, **newest))
        at = moment(page[0].get("update_time")) if page else None
        return {"updated_since": at.strftime("%Y-%m-%dT%H:%M:%SZ")} if at else {}


class _Deals:
    """Open and won deals by person, archived ones too (§12, 13), and the other participants of won ones when needed."""

    def __init__(self, api: Api) -> None:
        self._api = api
        params = {"status": "open,won", "include_fields": "participants_count"}
        self._streams = [_Stream(api, path, **params) for path in ("deals", "deals/archived")]
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
            at = moment(row.get("won_time")) or moment(row.get("close_time")) or _dated(row, "update_time")
            if person:
                _later(self._won, person, at)
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
                    _later(self._guests, guest, at)
                del self._unmet[deal]
        except NotAllowed:
            self._readable = False

    def _participants(self, deal: int) -> list[int]:
        try:
            rows = list(self._api.rows("deals.participants", f"deals/{deal}/participants"))
        except Missing:
            return []
        return [_person(row) for row in rows]


class _Leads:
    """Who has a lead that is not archived: business that is open (pipedrive.md §5). Read whole each time."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._open: set[int] = set()
        self.unreadable: tuple[str, ...] = ()

    def read(self) -> None:
        """Takes in all leads. Without the right to, everybody's are unreadable."""
        try:
            rows = self._api.rows("leads.list", "leads")
            self._open |= {row["person_id"] for row in rows if row.get("person_id") and not row.get("is_archived")}
        except NotAllowed:
            self.unreadable = (LEAD,)

    def of(self, person: int) -> tuple[str, ...]:
        """The open business of a person."""
        return (LEAD,) if person in self._open else ()


class _Activities:
    """The latest done activity of each type that counts, by participant and attendee."""

    def __init__(self, api: Api, types: tuple[str, ...]) -> None:
        self._types = types
        self._stream = _Stream(api, "activities", done="true", include_fields="attendees")
        self._latest: dict[tuple[int, str], datetime] = {}
        self.unreadable: tuple[str, ...] = ()

    def read(self) -> None:
        """Takes in all done activities, or those changed since. The list cannot be asked for by type (§4.1)."""
        if not self._types:
            return
        try:
            for row in self._stream.rows():
                if row.get("type") in self._types:
                    self._take(row)
        except NotAllowed:
            self.unreadable = tuple(activity(kind) for kind in self._types)

    def of(self, person: int) -> dict[str, datetime]:
        """The latest of each type, by source name."""
        found = ((kind, self._latest.get((person, kind))) for kind in self._types)
        return {activity(kind): at for kind, at in found if at}

    def _take(self, row: Row) -> None:
        """An activity that is done took place by the time it was marked so; without that, when it was due."""
        due = moment(f"{row['due_date']}T{row.get('due_time') or '00:00:00'}") if row.get("due_date") else None
        at = moment(row.get("marked_as_done_time")) or due or _dated(row, "add_time")
        for person in people(row):
            _later(self._latest, (person, row["type"]), at)


def people(row: Row) -> set[int]:
    """Every person an activity is linked to: the main one, participants, attendees."""
    linked = [row, *(row.get("participants") or ()), *(row.get("attendees") or ())]
    return {item["person_id"] for item in linked if item.get("person_id")}


def _person(row: Row) -> int:
    person = need(row, "person_id")
    return int(need(person, "value") if isinstance(person, dict) else person)


def _dated(row: Row, name: str) -> datetime:
    at = moment(row.get(name))
    if at is None:
        raise BadAnswer("Pipedrive: a deal or an activity without a date")
    return at


def _later(latest: dict[K, datetime], key: K, at: datetime) -> None:
    latest[key] = max(at, latest.get(key, at))
