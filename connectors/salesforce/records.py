"""Rows of the wire as records. Pure: no call, no clock. Knows which fields of each kind hold what (salesforce.md §5, §6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.salesforce.client import Row, full_id
from connectors.salesforce.options import SalesforceOptions
from connectors.salesforce.schema import Object
from core.errors import BadAnswer
from core.model import CHANNELS, Channel, Moment, Objection, Record, Ref

SOLICIT, FORGET = "HasOptedOutSolicit", "ShouldForget"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Where a kind that holds persons keeps what we need. `flags` are the vendor's own opt-outs by channel (§6.1).

    `keys` are the fields whose ids child records point to. `person_account` is what a row of an org with person accounts
    must be; anything else of that object is another kind's, or an organisation (§5).
    """

    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    flags: Mapping[Channel, str]
    lead_source: str
    individual: str
    keys: tuple[str, ...] = ("Id",)
    person_account: bool | None = None

    @property
    def where(self) -> str:
        """The condition that leaves out what is not of this kind; empty when nothing is."""
        return "" if self.person_account is None else f"IsPersonAccount = {str(self.person_account).lower()}"

    def stands_in(self, row: Row) -> bool:
        """True when a row, read with IsPersonAccount where there is one, is of this kind."""
        return self.person_account in (None, row.get("IsPersonAccount") is True)


CONTACT = Kind(
    name="Contact",
    emails=("Email",),
    phones=("Phone", "MobilePhone", "HomePhone", "OtherPhone"),
    flags={"email": "HasOptedOutOfEmail", "telephone": "DoNotCall"},
    lead_source="LeadSource",
    individual="Individual",
    person_account=False,
)
LEAD = Kind(
    name="Lead",
    emails=("Email",),
    phones=("Phone", "MobilePhone"),
    flags={"email": "HasOptedOutOfEmail", "telephone": "DoNotCall"},
    lead_source="LeadSource",
    individual="Individual",
)
ACCOUNT = Kind(
    name="Account",
    emails=("PersonEmail",),
    phones=("Phone", "PersonMobilePhone", "PersonHomePhone", "PersonOtherPhone"),
    flags={"email": "PersonHasOptedOutOfEmail", "telephone": "PersonDoNotCall"},
    lead_source="PersonLeadSource",
    individual="PersonIndividual",
    keys=("Id", "PersonContactId"),
    person_account=True,
)
KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (CONTACT, LEAD, ACCOUNT)}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the child records say of one person, and which of them could not be read.

    `touched` is when one of them was last written, where they were asked for by id.
    """

    inbound: tuple[Moment, ...] = ()
    signals: frozenset[str] = frozenset()
    open: tuple[str, ...] = ()
    unreadable: frozenset[str] = frozenset()
    touched: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What is read of a kind: the fields of the query, those without which there is no record first, and what each means.

    `hidden` are fields the clock or the audience needs and our user cannot see: every record is `unreadable` for them.
    """

    crm: str
    kind: Kind
    options: SalesforceOptions
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    asked: tuple[str, ...]
    fields: tuple[str, ...]
    hidden: frozenset[str] = field(default=frozenset())


def essential(kind: Kind, options: SalesforceOptions) -> tuple[str, ...]:
    """The fields that our user must be able to read: identifiers, opt-outs, and what tells dates and audience."""
    told = filter(None, (kind.lead_source, options.collected, options.stage))
    return (*kind.emails, *kind.phones, *kind.flags.values(), *told)


def reading(
    crm: str, kind: Kind, options: SalesforceOptions, seen: Object, individual: Object | None, asked: Sequence[str]
) -> Reading:
    """How to read a kind whose fields are as described. Fields of `asked` that are not visible are left out."""
    emails = (*kind.emails, *_typed(seen, "email"))
    # Other standard phone fields are a fax or somebody else's, the assistant's.
    phones = (*kind.phones, *(name for name in _typed(seen, "phone") if seen.fields[name].get("custom")))
    needed = tuple(filter(None, (kind.lead_source, options.collected, options.stage)))
    own = (*_SYSTEM, *kind.keys, *kind.flags.values(), *needed, options.restricted, *emails, *phones)
    visible = tuple(name for name in dict.fromkeys((*own, *asked)) if name in seen.fields)
    return Reading(
        crm=crm,
        kind=kind,
        options=options,
        emails=tuple(name for name in dict.fromkeys(emails) if name in seen.fields),
        phones=tuple(name for name in dict.fromkeys(phones) if name in seen.fields),
        asked=tuple(name for name in asked if name in seen.fields),
        fields=_of_individual(kind, seen, individual) + visible,
        hidden=frozenset(name for name in needed if name not in seen.fields),
    )


_SYSTEM = ("Id", "SystemModstamp", "CreatedDate", "IsConverted")


def _typed(seen: Object, kind: str) -> tuple[str, ...]:
    return tuple(name for name, field in seen.fields.items() if field["type"] == kind)


def _of_individual(kind: Kind, seen: Object, individual: Object | None) -> tuple[str, ...]:
    if individual is None or f"{kind.individual}Id" not in seen.fields:
        return ()
    return tuple(f"{kind.individual}.{flag}" for flag in (SOLICIT, FORGET) if flag in individual.fields)


def record(plan: Reading, row: Row, facts: Facts) -> Record:
    """One row as a record. Raises BadAnswer when it has no id or no version."""
    kind, options = plan.kind, plan.options
    created = moment(row.get("CreatedDate"))
    return Record(
        ref=Ref(plan.crm, kind.name, id_of(row)),
        version=version_of(row),
        emails=_filled(row, plan.emails),
        phones=_filled(row, plan.phones),
        values={name: text for name in plan.asked if (text := text_of(row.get(name)))},
        created=created,
        collected=_collected(plan, row, created),
        origin=_origin(plan, row),
        inbound=facts.inbound,
        unreadable=tuple(sorted(facts.unreadable | plan.hidden)),
        signals=facts.signals | _stages(plan, row),
        open=facts.open,
        objections=tuple(_objections(kind, row)),
        suppressed=frozenset(channel for channel, flag in kind.flags.items() if row.get(flag) is True),
        restricted=row.get(options.restricted) is True,
        requests=("erasure",) if _individual(kind, row).get(FORGET) is True else (),
    )


def id_of(row: Row) -> str:
    """The 18-character id of a row. Raises BadAnswer."""
    found = full_id(str(row.get("Id")))
    if found is None:
        raise BadAnswer("Salesforce answered a row without an id")
    return found


def version_of(row: Row) -> str:
    """SystemModstamp as read: it moves on every change, of users and of the system (§2.3). Raises BadAnswer."""
    stamp = row.get("SystemModstamp")
    if not isinstance(stamp, str) or not stamp:
        raise BadAnswer("Salesforce answered a row without its SystemModstamp")
    return stamp


def text_of(value: object) -> str:
    """A field's value as text; empty when it is not filled, which for a checkbox is False."""
    if value is None or value is False:
        return ""
    return "true" if value is True else str(value)


def moment(value: object) -> datetime | None:
    """A date or date-time of the wire (Traps 2), in UTC; None for null. Raises BadAnswer for anything else."""
    if not value:
        return None
    try:
        read = datetime.fromisoformat(str(value))
    except ValueError:
        raise BadAnswer("Salesforce answered a date that is none") from None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)


def _filled(row: Row, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for name in names if (text := text_of(row.get(name))).strip()))


def _collected(plan: Reading, row: Row, created: datetime | None) -> datetime | None:
    """DESIGN §6: the named field, else the creation date unless the record came by import, or that cannot be told."""
    if plan.hidden & {plan.options.collected, plan.kind.lead_source}:
        return None
    named = moment(row.get(plan.options.collected)) if plan.options.collected else None
    return named or (None if _origin(plan, row) else created)


def _origin(plan: Reading, row: Row) -> str:
    """The word of the configuration for how an imported record came; nothing else, as the vendor takes any text there."""
    said = text_of(row.get(plan.kind.lead_source)).casefold()
    return next((word for word in plan.options.imported if word.casefold() == said), "")


def _stages(plan: Reading, row: Row) -> frozenset[str]:
    stage = row.get(plan.options.stage) if plan.options.stage else None
    told = {
        "customer_stage": stage in plan.options.customer,
        "prospect_stage": stage in plan.options.prospect or row.get("IsConverted") is False,
    }
    return frozenset(name for name, true in told.items() if true)


def _objections(kind: Kind, row: Row) -> Iterable[Objection]:
    yield from (Objection(channel, flag) for channel, flag in kind.flags.items() if row.get(flag) is True)
    if _individual(kind, row).get(SOLICIT) is True:
        yield from (Objection(channel, f"{kind.individual}.{SOLICIT}") for channel in CHANNELS)


def _individual(kind: Kind, row: Row) -> Row:
    return row.get(kind.individual) or {}
