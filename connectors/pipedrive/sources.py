"""What dates a person besides its own fields: leads and activities, by person. What was read stays: it only ever protects.

Must not judge. Times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

from connectors.pipedrive.client import Api, Row, need
from connectors.pipedrive.options import ACTIVITY, WEB_LEAD, PipedriveOptions, activity
from core.errors import BadAnswer, NotAllowed

K = TypeVar("K")
LEAD = "lead"
_FROM_THE_PERSON = frozenset({"web forms", "live chat", "leadbooster", "chatbot"})
_FROM_US = frozenset(
    {"manually created", "deal", "prospector", "import", "website visitors", "workflow automation", "api"}
)
"""The vendor's lead sources (its API description of LeadSources); it says that the list may grow."""


def moment(text: object) -> datetime | None:
    """A vendor's time, v2 (RFC 3339) or v1 (`YYYY-MM-DD HH:MM:SS`, UTC), or a plain date; None when empty or zero."""
    if not isinstance(text, str) or not text or text.startswith("0000"):
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


class Stream:
    """Reads a v2 list whole the first time, and then what changed since.

    A row may change behind the back of a walk, with an older stamp than those of its later pages. So the next one asks from
    the latest stamp on that had been seen before this one began; what a walk sees counts for the one after.
    """

    def __init__(self, api: Api, path: str, **params: object) -> None:
        self._api, self._path, self._params = api, path, params
        self._since: str | None = None
        self._seen = ""

    def rows(self) -> Iterator[Row]:
        """Every row, or every row changed since. Sorted by id: a walk by update_time would skip what changes meanwhile."""
        since = {"updated_since": self._since} if self._since else {}
        start = self._newest() if self._since is None else max(self._since, self._seen)
        seen = self._seen
        for page, _ in self._api.pages(self._what, self._path, sort_by="id", **self._params, **since):
            seen = max(seen, *map(_stamp, page), "")
            yield from page
        self._since, self._seen = start, seen

    @property
    def _what(self) -> str:
        return f"{self._path.replace('/', '.')}.list"

    def _newest(self) -> str:
        """The vendor's own latest stamp, so that clocks need not agree; none of a list that is empty: all will be new."""
        newest = {"limit": 1, "sort_by": "update_time", "sort_direction": "desc"}
        page, _ = next(self._api.pages(self._what, self._path, **newest))
        return _stamp(page[0]) if page else ""


def _stamp(row: Row) -> str:
    """When a row was changed, as a list can be asked for it: without fractions of a second (§3.3). Sorts as text."""
    at = moment(row.get("update_time"))
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


class Leads:
    """Who has a lead that is not archived, which is open business, and whose lead a form or a chat of theirs made (§5).

    Those that are not archived are few and read whole each time; archived ones down to what was read before.
    """

    def __init__(self, api: Api, options: PipedriveOptions) -> None:
        self._api = api
        self._counted = WEB_LEAD in options.inbound
        self._open: set[int] = set()
        self._web: dict[int, datetime] = {}
        self._unknown: set[int] = set()
        self._linked: dict[int, set[str]] = {}
        self._archived_until: datetime | None = None
        self._readable = True

    def read(self) -> None:
        """Takes in all leads. Without the right to, everybody's are unreadable."""
        try:
            self._take(self._api.rows("leads.list", "leads"))
            self._take(self._newly_archived())
        except NotAllowed:
            self._readable = False

    def look(self, person: int) -> None:
        """Takes in one person's leads that are not archived."""
        try:
            self._take(self._api.rows("leads.list", "leads", only={"person_id": person}))
        except NotAllowed:
            self._readable = False

    def open(self, person: int) -> bool:
        """True when there is a lead that is not archived."""
        return person in self._open

    def came(self, person: int) -> datetime | None:
        """When a form or a chat last made a lead of the person."""
        return self._web.get(person)

    def kept(self, person: int) -> tuple[str, ...]:
        """A phrase on the leads that are linked to the person, archived ones included."""
        if not self._readable:
            return ("leads not readable: they stay",)
        count = len(self._linked.get(person, ()))
        return (f"{count} leads kept, whose title may hold the name",) if count else ()

    def unreadable(self, person: int) -> tuple[str, ...]:
        """What cannot be told of a person."""
        web = (WEB_LEAD,) if self._counted and (not self._readable or person in self._unknown) else ()
        return web if self._readable else (LEAD, *web)

    def _take(self, rows: Iterable[Row]) -> None:
        for row in rows:
            if person := row.get("person_id"):
                self._linked.setdefault(person, set()).add(str(need(row, "id")))
                self._open |= set() if row.get("is_archived") else {person}
                self._sort(person, row)

    def _sort(self, person: int, row: Row) -> None:
        source = str(row.get("source_name") or "").casefold()
        if source in _FROM_THE_PERSON:
            later(self._web, person, dated(row, "add_time"))
        elif source not in _FROM_US:
            self._unknown.add(person)

    def _newly_archived(self) -> Iterator[Row]:
        """From the latest change down to what was read before: this list cannot be asked for since a time.

        That it is sorted so shows when what was the latest comes before what is older; otherwise it is read whole.
        """
        newest: datetime | None = None
        for row in self._api.rows("leads.archived", "leads/archived", only={"sort": "update_time DESC"}):
            at, known = dated(row, "update_time"), self._archived_until
            if known and newest and at < known <= newest:
                break
            newest = max(at, newest or at)
            yield row
        self._archived_until = newest


class Activities:
    """The latest done activity of each type that counts, by participant and attendee.

    A type that was chosen and that the account lacks is unreadable for everybody. Where none of the defaults is there,
    nobody has said which activities come from the person, so whoever has one that is done is unreadable.
    """

    def __init__(self, api: Api, options: PipedriveOptions) -> None:
        self._api, self._options = api, options
        self._types = options.activity_types
        self._stream = Stream(api, "activities", include_fields="attendees")
        self._there: tuple[str, ...] | None = None
        self._latest: dict[tuple[int, str], datetime] = {}
        self._unsorted: set[int] = set()
        self._guests: dict[int, set[int]] = {}
        self._complete = False
        self._unreadable: tuple[str, ...] = ()

    def read(self) -> None:
        """Takes in all activities, or those changed since. The list cannot be asked for by type or guest (§4.1, §5)."""
        if not self._types:
            return
        try:
            if self._there is None:
                self._there = key_strings(self._api)
            self._unreadable = tuple(map(activity, misspelt(self._options, self._there)))
            self.take(self._stream.rows())
            self._complete = True
        except NotAllowed:
            self._complete = False
            self._unreadable = tuple(map(activity, self._types))

    def take(self, rows: Iterable[Row]) -> None:
        """Takes in activities: who is a guest of any, and of those that are done when they took place."""
        unsorted = unmatched(self._options, self._there or ())
        for row in rows:
            for guest in people(row) - {row.get("person_id")}:
                self._guests.setdefault(guest, set()).add(need(row, "id"))
            if not row.get("done"):
                continue
            if row.get("type") in self._types:
                self._keep(row)
            elif unsorted:
                self._unsorted |= people(row)

    def kept(self, person: int, listed: set[int]) -> tuple[str, ...]:
        """A phrase on the activities in which the person is a guest, but those listed as its own."""
        if not self._complete:
            return ("activities in which the person is a guest not read: they stay",)
        count = len(self._guests.get(person, set()) - listed)
        return (f"{count} activities kept, in which the person is a guest",) if count else ()

    def of(self, person: int) -> dict[str, datetime]:
        """The latest of each type, by source name."""
        found = ((kind, self._latest.get((person, kind))) for kind in self._types)
        return {activity(kind): at for kind, at in found if at}

    def unreadable(self, person: int) -> tuple[str, ...]:
        """What cannot be told of a person."""
        return self._unreadable + ((ACTIVITY,) if person in self._unsorted else ())

    def _keep(self, row: Row) -> None:
        """An activity that is done took place by the time it was marked so; without that, when it was due."""
        due = moment(f"{row['due_date']}T{row.get('due_time') or '00:00:00'}") if row.get("due_date") else None
        at = moment(row.get("marked_as_done_time")) or due or dated(row, "add_time")
        for person in people(row):
            later(self._latest, (person, row["type"]), at)


def key_strings(api: Api) -> tuple[str, ...]:
    """The activity types of the account, those that are switched off included: old activities may have them."""
    return tuple(str(need(row, "key_string")) for row in api.all("activityTypes.list", "activityTypes"))


def misspelt(options: PipedriveOptions, there: Iterable[str]) -> tuple[str, ...]:
    """The activity types that were chosen and are not there; the defaults are no choice."""
    chosen = options.activity_types if "inbound_activity_types" in options.model_fields_set else ()
    return tuple(kind for kind in chosen if kind not in set(there))


def unmatched(options: PipedriveOptions, there: Iterable[str]) -> bool:
    """True when nothing was chosen, and the account has none of the default types."""
    chosen = "inbound_activity_types" in options.model_fields_set
    return bool(options.activity_types) and not chosen and not set(there) & set(options.activity_types)


def people(row: Row) -> set[int]:
    """Every person an activity is linked to: the main one, participants, attendees."""
    linked: list[Any] = [row, *(row.get("participants") or ()), *(row.get("attendees") or ())]
    return {item["person_id"] for item in linked if item.get("person_id")}


def dated(row: Row, name: str) -> datetime:
    """A time that a row cannot do without. Raises BadAnswer."""
    at = moment(row.get(name))
    if at is None:
        raise BadAnswer("Pipedrive: a deal, a lead or an activity without a date")
    return at


def later(latest: dict[K, datetime], key: K, at: datetime) -> None:
    """Keeps the later of two times."""
    latest[key] = max(at, latest.get(key, at))
