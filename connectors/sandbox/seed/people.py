"""What the generator makes before it is written in a vendor's shape: people, their copies in the CRMs, what they did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

Line = dict[str, Any]

CONTACT = "hubspot:contact"
SF_CONTACT = "salesforce:Contact"
SF_LEAD = "salesforce:Lead"
PERSON = "pipedrive:person"

# Contacts coming from the person that each place can hold. An order is one too, but says more: see `order`.
INBOUND = {
    CONTACT: ("click", "reply", "form", "email", "call"),
    SF_CONTACT: ("email", "call", "case", "campaign"),
    SF_LEAD: ("email", "call", "campaign"),
    PERSON: ("email", "call", "form"),
}
# What our side or the machine did: never a contact from the person.
OUTBOUND = {
    CONTACT: ("sent", "opened", "dialled", "met", "noted", "edited"),
    SF_CONTACT: ("sent", "dialled", "met", "edited"),
    SF_LEAD: ("sent", "dialled", "met", "edited"),
    PERSON: ("sent", "dialled", "met", "noted", "edited"),
}
TAKES_ORDERS = (CONTACT, SF_CONTACT, PERSON)


class Event(NamedTuple):
    """Something that happened on a copy. Besides the words above: order, deal and ticket (open), objected."""

    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Company:
    """An employer, by its number in every CRM."""

    number: int
    name: str
    domain: str


@dataclass(frozen=True, slots=True)
class Persona:
    """A made-up person. `phone` is E.164, empty when there is none; `language` is fr or en."""

    first: str
    last: str
    email: str
    second_email: str
    phone: str
    company: Company
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One record of a person. E-mails (the main one first) and phone are spelled as this CRM has them.

    `imported` means that the creation stamp is no date of collection. `values` are properties in the vendor's words.
    """

    place: str
    id: str
    persona: Persona
    emails: tuple[str, ...]
    phone: str
    created: datetime
    imported: bool
    events: list[Event] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def ref(self) -> str:
        """Where the record lives, as crm:kind:id."""
        return f"{self.place}:{self.id}"

    @property
    def edited(self) -> datetime:
        """The latest thing that happened to the record, whoever did it."""
        return max([self.created, *(event.at for event in self.events)])

    def latest(self, *what: str) -> datetime | None:
        """When something of this kind last happened; None when it never did."""
        return max((event.at for event in self.events if event.what in what), default=None)


@dataclass(frozen=True, slots=True)
class Made:
    """The copies of one person or one group, the truth about them, the legal holds to set, and what must not leak."""

    copies: list[Copy]
    truth: list[Line]
    holds: list[Line] = field(default_factory=list)
    planted: tuple[str, ...] = ()


def line(copy: Copy, expect: str, why: str, **details: Any) -> Line:
    """One line of truth about one record."""
    return {"ref": copy.ref, "expect": expect, "why": why, **details}


def judged(copies: list[Copy], expect: str, why: str, **details: Any) -> Made:
    """A person of whom every copy is to be treated alike."""
    return Made(copies, [line(copy, expect, why, **details) for copy in copies])
