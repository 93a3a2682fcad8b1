"""The cases about objections: on whose records which channels must be closed, and what only looks like an objection."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.seed.draw import Draw
from connectors.sandbox.seed.people import CONTACT, PERSON, SF_CONTACT, SF_LEAD, Copy, Event, Made, judged, line

_ALL = ("email", "telephone")
_EMAIL = ("email",)
_LOOK_ALIKES: tuple[tuple[str, dict[str, Any], str], ...] = (
    (PERSON, {"marketing_status": "no_consent"}, "never asked"),
    (PERSON, {"marketing_status": "archived"}, "archived address"),
    (CONTACT, {"hs_email_hard_bounce_reason_enum": "UNKNOWN_USER"}, "hard bounce"),
    (SF_CONTACT, {"IsEmailBounced": True, "EmailBouncedReason": "550 unknown user"}, "hard bounce"),
    (CONTACT, {}, "no subscription state at all"),
)


def unsubscribed_hubspot(draw: Draw, _: int) -> Made:
    """Unsubscribed from all e-mail in HubSpot."""
    copies = draw.meet(draw.recent(), CONTACT)
    copies[0].events.append(Event("objected", draw.between(copies[0].created, draw.now)))
    return _objector(copies, _EMAIL, "unsubscribed from all e-mail in HubSpot")


def optout_property(draw: Draw, _: int) -> Made:
    """Opted out of e-mail by the HubSpot contact property."""
    return _flagged(draw, CONTACT, {"hs_email_optout": "true"}, _EMAIL, "hs_email_optout in HubSpot")


def optout_salesforce(draw: Draw, number: int) -> Made:
    """Opted out of e-mail on a Salesforce Contact or Lead."""
    place = (SF_CONTACT, SF_LEAD)[number % 2]
    return _flagged(draw, place, {"HasOptedOutOfEmail": True}, _EMAIL, "HasOptedOutOfEmail in Salesforce")


def do_not_call(draw: Draw, number: int) -> Made:
    """Not to be called, by a Salesforce Contact or Lead."""
    place = (SF_CONTACT, SF_LEAD)[number % 2]
    return _flagged(draw, place, {"DoNotCall": True}, ("telephone",), "DoNotCall in Salesforce")


def solicit(draw: Draw, _: int) -> Made:
    """Not to be solicited at all, by the Salesforce Individual."""
    copies = draw.meet(draw.recent(), SF_CONTACT)
    copies[0].events.append(Event("objected", draw.between(copies[0].created, draw.now)))
    return _objector(copies, _ALL, "HasOptedOutSolicit on the Individual in Salesforce")


def unsubscribed_pipedrive(draw: Draw, _: int) -> Made:
    """Unsubscribed in Pipedrive Campaigns."""
    return _flagged(draw, PERSON, {"marketing_status": "unsubscribed"}, _EMAIL, "unsubscribed in Pipedrive")


def look_alike(draw: Draw, number: int) -> Made:
    """A state that is no objection: nothing may be suppressed."""
    place, values, what = _LOOK_ALIKES[number % len(_LOOK_ALIKES)]
    copies = draw.meet(draw.recent(), place)
    copies[0].values.update(values)
    return judged(copies, "keep", f"no objection: {what}", not_an_objection=what)


def overdue_objector(draw: Draw, _: int) -> Made:
    """Overdue and unsubscribed: the records go, the entry of the suppression list stays."""
    copies = draw.meet(draw.overdue(), CONTACT)
    copies[0].events.append(Event("objected", draw.between(copies[0].created, draw.now)))
    return judged(copies, "erase", "overdue; the objection outlives the records", listed=["email"])


def _flagged(draw: Draw, place: str, values: dict[str, Any], channels: tuple[str, ...], why: str) -> Made:
    copies = draw.meet(draw.recent(), place)
    copies[0].values.update(values)
    return _objector(copies, channels, why)


def _objector(copies: list[Copy], channels: tuple[str, ...], why: str) -> Made:
    kept = [line(copy, "keep", "in contact within the period") for copy in copies]
    return Made(copies, kept + [line(copy, "suppress", why, channels=list(channels)) for copy in copies])
