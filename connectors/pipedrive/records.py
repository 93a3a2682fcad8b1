"""A person of the v2 API as a Record, and what can be told from the wire alone. Pure; must not call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.pipedrive.client import Row, need
from connectors.pipedrive.clock import Inputs
from connectors.pipedrive.options import PipedriveOptions
from connectors.pipedrive.schema import PERSON, Layout, filled
from connectors.pipedrive.sources import moment
from core.model import CHANNELS, Channel, Objection, Record, Ref

MARKETING = "marketing_status"
UNSUBSCRIBED = "unsubscribed"
_OTHER = "other"
"""The origin of a record whose field says something that was not configured."""
_STATUSES = frozenset({UNSUBSCRIBED, "no_consent", "subscribed", "archived", "bounced"})
_UNMAILED = frozenset({UNSUBSCRIBED, "no_consent", "archived", "bounced", "", None})
"""The states in which Campaigns sends nothing (§4.4). Any other, unknown ones included, may be mailed."""


def version(row: Row) -> str:
    """The change stamp. The marketing status is part of it: it hangs on the e-mail address, not on the person (§4.4)."""
    return f"{need(row, 'update_time')} {status(row) if row.get(MARKETING) else ''}".strip()


def status(row: Row) -> str:
    """The marketing status, as far as its word is known: versions and receipts are kept, and hold no text that came along."""
    return str(row.get(MARKETING)) if row.get(MARKETING) in _STATUSES else "unknown"


def record(
    crm: str, row: Row, known: Layout, options: PipedriveOptions, inputs: Inputs, wanted: Iterable[str]
) -> Record:
    """One read of a person. `row` must have been asked for with every field of `known.keys(wanted)`."""
    origin, imported = _origin(row, known, options)
    asked = (known.fields[name] for name in wanted if name in known.fields)
    return Record(
        ref=Ref(crm, PERSON, str(row["id"])),
        version=version(row),
        emails=addresses(row.get("emails")),
        phones=addresses(row.get("phones")),
        values={field.code: text for field in asked if (text := as_text(field.raw(row)))},
        created=moment(row.get("add_time")),
        collected=None if imported else _collected(row, known, options),
        origin=origin,
        inbound=inputs.inbound,
        unreadable=inputs.unreadable,
        signals=frozenset({"won_deal"} if inputs.won else ()),
        open=inputs.open,
        objections=objections(row, known),
        suppressed=suppressed(row, known),
        restricted=any(field.marks(row) for field in known.restricted),
    )


def addresses(entries: list[Row] | None) -> tuple[str, ...]:
    """Every e-mail or phone of a person, the main one first."""
    ranked = sorted(entries or (), key=lambda entry: not entry.get("primary"))
    return tuple(entry["value"] for entry in ranked if entry.get("value"))


def as_text(value: Any) -> str:
    """A field's value as text: options by id and joined, an object's main part and what belongs to it."""
    if isinstance(value, list):
        return ";".join(filter(None, map(as_text, value)))
    if isinstance(value, dict):
        parts = (value.get(name) for name in ("value", "until", "currency", "timezone_name"))
        return " ".join(str(part) for part in parts if filled(part))
    return str(value) if filled(value) else ""


def objections(row: Row, known: Layout) -> tuple[Objection, ...]:
    """`unsubscribed`, and a declared field that is set. Never no_consent, archived or a bounce (SUP-01)."""
    native = (Objection("email", MARKETING),) if row.get(MARKETING) == UNSUBSCRIBED else ()
    declared = (
        Objection(channel, field.name) for channel in CHANNELS for field in known.flags[channel] if field.marks(row)
    )
    return (*native, *declared)


def suppressed(row: Row, known: Layout) -> frozenset[Channel]:
    """The channels on which Pipedrive would send nothing more.

    Where Campaigns is there, the declared e-mail field does not stop it: then the status must not be a mailed one either.
    """
    flagged = {channel for channel in CHANNELS if any(field.marks(row) for field in known.flags[channel])}
    if row.get(MARKETING) == UNSUBSCRIBED:
        flagged.add("email")
    elif mailed(row):
        flagged.discard("email")
    return frozenset(flagged)


def mailed(row: Row) -> bool:
    """True when Campaigns may mail the person."""
    return MARKETING in row and row[MARKETING] not in _UNMAILED


def _collected(row: Row, known: Layout, options: PipedriveOptions) -> Any:
    if not options.collected:
        return moment(row.get("add_time"))
    return moment(as_text(known.collected.raw(row))) if known.collected else None


def _origin(row: Row, known: Layout, options: PipedriveOptions) -> tuple[str, bool]:
    """What the field named in `imported` says, and whether that may mean import.

    It may when that field is not there, or says what is none of its options. Only a configured value is told: the options
    too are the customer's words.
    """
    if options.imported is None:
        return "", False
    if known.imported is None:
        return "", True
    labels = {item.value: item.label for item in known.imported.options}
    value = known.imported.raw(row)
    said = [as_text(item) for item in (value if isinstance(value, list) else [value]) if filled(item)]
    told = [labels[item] for item in said if item in labels] if labels else said
    means = {item.casefold(): item for item in options.imported.values}
    matched = [item if labels else means[item.casefold()] for item in told if item.casefold() in means]
    return ";".join(matched) or (_OTHER if labels and told else ""), bool(matched) or len(told) < len(said)
