"""What child records say of persons: contact coming from them (RET-20), won deals, orders, open business.

Never LastActivityDate, LastModifiedDate or anything our side does. Must not decide anything about a record.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from connectors.salesforce.client import Question, Rejected, Row, full_id, narrowed
from connectors.salesforce.options import SalesforceOptions
from connectors.salesforce.records import Facts, Kind, moment
from connectors.salesforce.schema import Org
from core.errors import NotAllowed
from core.model import Moment

Role = Literal["inbound", "signal", "open", "unreadable", "touched"]
Trait = tuple[Role, str, str]  # what it is, which source or kind, and when; the last is empty for what has no date
Reader = Callable[[Row, SalesforceOptions], Iterator[Trait]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One query of child records. `keys` is the field that points to the person, by kind; kinds not in it have none.

    `names` are the sources that are lost when it cannot be read. `everything` asks for archived activities too, which a
    plain query leaves out (§2.3). `optional`: an org may do without this object.
    """

    object: str
    keys: Mapping[str, str]
    fields: tuple[str, ...]
    where: str
    names: tuple[str, ...]
    read: Reader
    everything: bool = False
    optional: bool = False

    def soql(self, key: str, narrowed: str) -> str:
        """The query for the rows whose `key` is `narrowed`."""
        where = " AND ".join(filter(None, (f"{key} {narrowed}", self.where)))
        return f"SELECT {', '.join((key, *self.fields))} FROM {self.object} WHERE {where}"


def _dated(name: str, at: object) -> Trait:
    """Contact from the person; when it has no date, a source that cannot be read for that person."""
    when = moment(at)
    return ("inbound", name, when.isoformat()) if when else ("unreadable", name, "")


def _call(row: Row, options: SalesforceOptions) -> Iterator[Trait]:
    yield _dated("inbound_call", row.get("CreatedDate"))


def _mail(row: Row, options: SalesforceOptions) -> Iterator[Trait]:
    yield from _letter({"CreatedDate": row.get("CreatedDate"), **(row.get("EmailMessage") or {})}, options)


def _letter(row: Row, options: SalesforceOptions) -> Iterator[Trait]:
    yield _dated("inbound_email", row.get("MessageDate") or row.get("CreatedDate"))


def _response(row: Row, options: SalesforceOptions) -> Iterator[Trait]:
    yield _dated("campaign_response", row.get("FirstRespondedDate"))


def _case(row: Row, options: SalesforceOptions) -> Iterator[Trait]:
    if row.get("Origin") in options.case_origins and "case" in options.inbound:
        yield _dated("case", row.get("CreatedDate"))
    if row.get("IsClosed") is not True:
        yield ("open", "case", "")


def _deal(row: Row, options: SalesforceOptions) -> Iterator[Trait]:
    yield from _opportunity(row.get("Opportunity") or {}, options)


def _opportunity(row: Row, options: SalesforceOptions) -> Iterator[Trait]:
    if row.get("IsWon") is True:
        yield ("signal", "won_deal", "")
        if "won_deal" in options.inbound:
            yield _dated("won_deal", row.get("CloseDate"))
    if row.get("IsClosed") is not True:
        yield ("open", "opportunity", "")


def _order(row: Row, options: SalesforceOptions) -> Iterator[Trait]:
    yield ("signal", "order", "")
    yield _dated("order", row.get("EffectiveDate"))


_ANYONE = {"Contact": "WhoId", "Lead": "WhoId", "Account": "WhoId"}
_RELATION = dict.fromkeys(_ANYONE, "RelationId")
_CONTACT = {"Contact": "ContactId", "Account": "ContactId"}
_STAMP = "SystemModstamp"
_DEAL = ("IsWon", "IsClosed", "CloseDate", _STAMP)
_LIVING = "(IsWon = true OR IsClosed = false)"
STREAMS = (
    Stream(
        object="Task",
        keys=_ANYONE,
        fields=("CreatedDate", _STAMP),
        where="CallType = 'Inbound' AND IsDeleted = false",
        names=("inbound_call",),
        read=_call,
        everything=True,
    ),
    Stream(
        # One on a person account may name the account alone (§5); the caller of any other is the contact it names.
        object="Task",
        keys={"Account": "WhatId"},
        fields=("CreatedDate", _STAMP),
        where="WhoId = null AND CallType = 'Inbound' AND IsDeleted = false",
        names=("inbound_call",),
        read=_call,
        everything=True,
    ),
    Stream(
        object="EmailMessage",
        keys={"Account": "RelatedToId"},
        fields=("CreatedDate", "MessageDate", _STAMP),
        where="Incoming = true",
        names=("inbound_email",),
        read=_letter,
    ),
    Stream(
        object="EmailMessageRelation",
        keys=_RELATION,
        fields=("CreatedDate", "EmailMessage.MessageDate", _STAMP),
        where="RelationType = 'FromAddress' AND EmailMessage.Incoming = true",
        names=("inbound_email",),
        read=_mail,
    ),
    Stream(
        object="CampaignMember",
        keys={**_CONTACT, "Lead": "LeadId"},
        fields=("FirstRespondedDate", _STAMP),
        where="HasResponded = true",
        names=("campaign_response",),
        read=_response,
    ),
    Stream(
        object="Case",
        keys=_CONTACT,
        fields=("Origin", "IsClosed", "CreatedDate", _STAMP),
        where="",
        names=("case",),
        read=_case,
    ),
    Stream(
        object="Case",
        keys={"Account": "AccountId"},
        fields=("Origin", "IsClosed", "CreatedDate", _STAMP),
        where="",
        names=("case",),
        read=_case,
    ),
    Stream(
        object="OpportunityContactRole",
        keys=_CONTACT,
        fields=(*(f"Opportunity.{name}" for name in _DEAL), _STAMP),
        where="(Opportunity.IsWon = true OR Opportunity.IsClosed = false)",
        names=("won_deal", "opportunity"),
        read=_deal,
    ),
    Stream(
        object="Opportunity",
        keys={"Account": "AccountId"},
        fields=_DEAL,
        where=_LIVING,
        names=("won_deal", "opportunity"),
        read=_opportunity,
    ),
    Stream(
        object="Order",
        keys={"Contact": "BillToContactId", "Account": "BillToContactId"},
        fields=("EffectiveDate", _STAMP),
        where="",
        names=("order",),
        read=_order,
        optional=True,
    ),
    Stream(
        object="Order",
        keys={"Account": "AccountId"},
        fields=("EffectiveDate", _STAMP),
        where="",
        names=("order",),
        read=_order,
        optional=True,
    ),
)
# Open business is looked at whatever the operator counts as contact from the person.
_ALWAYS = frozenset({"Case", "OpportunityContactRole", "Opportunity"})


class Index:
    """What children say, by the id they point to: the latest of each source. Spills to a temporary file when it is large.

    Use as a context manager. Holds ids, source names and dates only.
    """

    def __init__(self) -> None:
        self._db = sqlite3.connect("")
        self._db.execute("CREATE TABLE trait (id TEXT, role TEXT, name TEXT, at TEXT, PRIMARY KEY (id, role, name))")
        self.unreadable: set[str] = set()

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    def add(self, rows: Iterable[tuple[str, Trait]]) -> None:
        """Takes traits by id; of the same role and name the latest stays."""
        self._db.executemany(
            "INSERT INTO trait VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET at = max(at, excluded.at)",
            ((id, *trait) for id, trait in rows),
        )

    def facts(self, ids: Iterable[str]) -> Facts:
        """What is known of a person whom child records may point to under any of these ids."""
        found = [trait for one in ids for trait in self._db.execute(_OF, (one,))]
        by_role: dict[str, set[str]] = {}
        for role, name, _ in found:
            by_role.setdefault(role, set()).add(name)
        latest: dict[str, str] = {}
        for role, name, at in found:
            if role == "inbound":
                latest[name] = max(at, latest.get(name, ""))
        return Facts(
            inbound=tuple(Moment(when, name) for name, at in sorted(latest.items()) if (when := moment(at))),
            signals=frozenset(by_role.get("signal", ())),
            open=tuple(sorted(by_role.get("open", ()))),
            unreadable=frozenset(self.unreadable | by_role.get("unreadable", set())),
            touched=max((when for role, _, at in found if role == "touched" and (when := moment(at))), default=None),
        )


_OF = "SELECT role, name, at FROM trait WHERE id = ?"


def streams(kind: Kind, options: SalesforceOptions) -> Iterator[Stream]:
    """The child records to read for a kind: what is configured as inbound, and open business always."""
    for stream in STREAMS:
        wanted = stream.object in _ALWAYS or set(stream.names) & set(options.inbound)
        if kind.name in stream.keys and wanted:
            yield stream


def read_all(index: Index, org: Org, kind: Kind) -> None:
    """Fills the index with the children of every record of a kind."""
    for stream in streams(kind, org.options):
        key = stream.keys[kind.name]
        rows = org.client.rows(stream.object, stream.soql(key, "!= null"), everything=stream.everything)
        _fill(index, org, stream, key, rows)


def read_some(index: Index, org: Org, kind: Kind, ids: Iterable[str]) -> None:
    """Fills the index with the children that point to some ids."""
    known = list(ids)
    wanted = [(stream, stream.keys[kind.name]) for stream in streams(kind, org.options)]
    asked = [(*each, soql) for each in wanted for soql in narrowed(each[0].soql(each[1], "IN {ids}"), known)]
    answers = org.client.answers("children", [Question(soql, stream.everything) for stream, _, soql in asked])
    for (stream, key, _), said in zip(asked, answers, strict=True):
        if isinstance(said, list):
            index.add(_traits(stream, key, said, org.options))
            index.add(_touched(key, said))
        else:
            _lost(index, org, stream, said)


def _fill(index: Index, org: Org, stream: Stream, key: str, rows: Iterator[Row]) -> None:
    try:
        index.add(_traits(stream, key, rows, org.options))
    except (Rejected, NotAllowed) as error:
        _lost(index, org, stream, error)


def _lost(index: Index, org: Org, stream: Stream, error: Exception) -> None:
    """A stream that cannot be read to its end makes its sources unreadable for every record, and stops nothing else."""
    if not (stream.optional and _absent(error) and org.may("ViewAllData")):
        index.unreadable.update(stream.names)


def _traits(stream: Stream, key: str, rows: Iterable[Row], options: SalesforceOptions) -> Iterator[tuple[str, Trait]]:
    for row in rows:
        person = full_id(str(row.get(key)))
        if person:
            yield from ((person, trait) for trait in stream.read(row, options))


def _touched(key: str, rows: Iterable[Row]) -> Iterator[tuple[str, Trait]]:
    """When the rows were last written, whatever day they tell: a mail of last week may come in now."""
    for row in rows:
        stamps = (part.get(_STAMP) for part in (row, row.get("Opportunity") or {}))
        yield from (
            (full_id(str(row.get(key))) or "", ("touched", "", at.isoformat())) for at in map(moment, stamps) if at
        )


def _absent(error: Exception) -> bool:
    # An object that is not there and one we may not see are refused alike; who may view all data can see any that is there.
    return isinstance(error, Rejected) and error.code == "INVALID_TYPE"
