"""From HubSpot's rows to records. Pure: no call, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from connectors.hubspot.answers import Json
from connectors.hubspot.options import PROPERTY_SOURCES, HubSpotOptions
from core.errors import BadAnswer
from core.model import Channel, Moment, Objection, Record, Ref

OPT_OUT = "hs_email_optout"
ADDITIONAL = "hs_additional_emails"
CONSENT = "subscription_status"
PHONES = ("phone", "mobilephone")
_CODE = re.compile(r"[A-Z]+(?:_[A-Z0-9]+)*")
VITAL = ("email", ADDITIONAL, *PHONES, OPT_OUT, "createdate", "hs_object_source")
_BASE = (*VITAL, "lastmodifieddate", "hs_object_source_label", "lifecyclestage")


@dataclass(frozen=True, slots=True)
class Activity:
    """What a contact's children tell: contacts from the person, signals, open business, and what could not be read."""

    inbound: tuple[Moment, ...] = ()
    signals: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    unreadable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Consent:
    """What one address has chosen: opted out of everything (in every brand), and the objections that it shows.

    `read` is False when HubSpot would not tell all of it.
    """

    opted_out: bool = False
    objections: tuple[Objection, ...] = ()
    read: bool = True


@dataclass(frozen=True, slots=True)
class Around:
    """What belongs to a contact and is not on its row. `consents` are by lower-case address."""

    activity: Activity = Activity()
    consents: Mapping[str, Consent] = field(default_factory=dict)


def names(options: HubSpotOptions) -> tuple[str, ...]:
    """The properties that every record needs, whatever is asked for besides."""
    sources = [name for name in options.inbound if name in PROPERTY_SOURCES]
    own = [options.no_telephone, options.restricted, *([options.collected] if options.collected else [])]
    return tuple(dict.fromkeys([*_BASE, *options.phones, *sources, *subscriptions(options), *own]))


def subscriptions(options: HubSpotOptions) -> tuple[str, ...]:
    """The opt-out properties of the subscription types that mean marketing."""
    return tuple(f"{OPT_OUT}_{id}" for id in options.marketing_subscriptions)


def record(ref: Ref, row: Json, asked: Iterable[str], around: Around, options: HubSpotOptions) -> Record:
    """One contact."""
    found = values(row)
    sources = [name for name in options.inbound if name in PROPERTY_SOURCES and found.get(name)]
    dated = {name: moment(found[name]) for name in sources}
    consents = {
        address.lower(): around.consents[address.lower()]
        for address in emails(row)
        if address.lower() in around.consents
    }
    unread = [name for name, at in dated.items() if at is None]
    unread += [CONSENT for consent in consents.values() if not consent.read]
    created = moment(found.get("createdate", "")) or moment(str(row.get("createdAt") or ""))
    return Record(
        ref=ref,
        version=version(row),
        emails=emails(row),
        phones=_phones(found, options),
        values={name: found[name] for name in asked if name in found},
        created=created,
        collected=_collected(found, created, options),
        origin=_origin(found),
        inbound=(*(Moment(at, name) for name, at in dated.items() if at), *around.activity.inbound),
        unreadable=tuple(sorted({*unread, *around.activity.unreadable})),
        signals=around.activity.signals | _stage(found, options),
        open=tuple(sorted(around.activity.open)),
        objections=_objections(row, consents, options),
        suppressed=_suppressed(row, consents, options),
        restricted=is_on(found.get(options.restricted)),
    )


def values(row: Json) -> dict[str, str]:
    """The properties of a row that are filled."""
    return {name: str(value) for name, value in (row.get("properties") or {}).items() if value not in (None, "")}


def version(row: Json) -> str:
    """The change stamp. Raises BadAnswer when the row has none: nothing may be written without it."""
    stamp = str(row.get("updatedAt") or values(row).get("lastmodifieddate") or "")
    if moment(stamp) is None:
        raise BadAnswer("a row without updatedAt")
    return stamp


def emails(row: Json) -> tuple[str, ...]:
    """Every address, the main one first, each once whatever its case (§2.4: merges leave secondary ones)."""
    found, kept = values(row), dict[str, str]()
    for text in [found.get("email", ""), *found.get(ADDITIONAL, "").split(";")]:
        if text.strip():
            kept.setdefault(text.strip().lower(), text.strip())
    return tuple(kept.values())


def additional(row: Json) -> tuple[str, ...]:
    """The addresses whose consent the row does not tell, in lower case: all but the main one (§12.14)."""
    main = values(row).get("email", "").strip().lower()
    return tuple(text.lower() for text in emails(row) if text.lower() != main)


def moment(text: str) -> datetime | None:
    """A stamp as HubSpot writes it: ISO 8601, a date, or milliseconds since 1970; None when it is none of them."""
    try:
        if text.strip().lstrip("-").isdecimal():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        found = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError, OSError):
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def is_on(value: str | None) -> bool:
    """A yes-or-no value. What is neither empty nor a clear no counts as yes: an objection must not be missed."""
    return (value or "").strip().lower() not in ("", "false", "no", "0")


def _phones(found: Mapping[str, str], options: HubSpotOptions) -> tuple[str, ...]:
    named = [found.get(name, "").strip() for name in (*PHONES, *options.phones)]
    return tuple(dict.fromkeys(text for text in named if text))


def _collected(found: Mapping[str, str], created: datetime | None, options: HubSpotOptions) -> datetime | None:
    if told := found.get(options.collected):
        return moment(told)
    return None if _source(found).upper() in {name.upper() for name in options.imported} else created


def _source(found: Mapping[str, str]) -> str:
    return found.get("hs_object_source") or found.get("hs_object_source_label") or ""


def _origin(found: Mapping[str, str]) -> str:
    """Source and label as HubSpot's codes; it sets both, and what is no code is not repeated (§5.3)."""
    source, label = (_code(found.get(name, "")) for name in ("hs_object_source", "hs_object_source_label"))
    return source if not label or label == source else f"{source} ({label})".strip()


def _code(text: str) -> str:
    return text if not text or _CODE.fullmatch(text) else "OTHER"


def _stage(found: Mapping[str, str], options: HubSpotOptions) -> frozenset[str]:
    stage = found.get("lifecyclestage", "")
    signals = (("customer_stage", options.customer_stages), ("prospect_stage", options.prospect_stages))
    return frozenset(signal for signal, stages in signals if stage in stages)


def _objections(row: Json, consents: Mapping[str, Consent], options: HubSpotOptions) -> tuple[Objection, ...]:
    """The flags of the contact and of the addresses whose consent was read (DESIGN §6 "What an objection is")."""
    found = values(row)
    flags: list[tuple[Channel, str]] = [("email", name) for name in (OPT_OUT, *subscriptions(options))]
    flags.append(("telephone", options.no_telephone))
    shown = [Objection(channel, name) for channel, name in flags if is_on(found.get(name))]
    shown += [item for consent in consents.values() for item in consent.objections]
    return tuple(dict.fromkeys(shown))


def _suppressed(row: Json, consents: Mapping[str, Consent], options: HubSpotOptions) -> frozenset[Channel]:
    channels = set[Channel]()
    if all(silent(row, text.lower(), consents, options) for text in emails(row)):
        channels.add("email")
    if is_on(values(row).get(options.no_telephone)):
        channels.add("telephone")
    return frozenset(channels)


def silent(row: Json, address: str, consents: Mapping[str, Consent], options: HubSpotOptions) -> bool:
    """True when HubSpot sends no marketing to an address: by its own status, else by the row's flag for the main one.

    The flag tells of the main address only, and with brands it is not enough (§5.2).
    """
    if address in consents:
        return consents[address].opted_out
    main = address not in additional(row)
    return main and not options.business_units and values(row).get(OPT_OUT, "").lower() == "true"
