"""The conformance kit on this adapter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from pydantic import SecretStr

from connectors.testkit import ADDRESS, SIGHT, TOKEN, ConnectorContract, Fault, Person, World
from connectors.transport import Tools
from core.connector import Connector
from core.model import Ref

from . import OPTIONS, connect
from .schema import FLAGS, KIND
from .vendor import PAGE, RIGHTS, Json, Vendor, card, serving


class CardboxWorld(World):
    """The vendor on loopback, and what a colleague does in it."""

    kind, text, token, page, emails, phones = KIND, "memo", "s3cret-of-cardbox", PAGE, 3, 3
    faults = ("busy", "down", "garbage", "lost", "stuck", "broken", "refused", "silent")
    lesser = (TOKEN, SIGHT, *RIGHTS)

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        vendor.quote, vendor.tokens[self.token] = ADDRESS, ""
        vendor.tokens |= {f"lacks-{right}": right for right in (SIGHT, *RIGHTS)}

    def connect(self, tools: Tools, lacks: str = "") -> Connector:
        """As the application does."""
        token = SecretStr(f"lacks-{lacks}" if lacks else self.token)
        return connect("box", OPTIONS(connector="cardbox", base_url=self.vendor.url, token=token), tools)

    def seed(self, people: Sequence[Person]) -> list[Ref]:
        """Cards under new ids."""
        first = 10001 + len(self.vendor.cards)
        self.vendor.cards |= {str(number): filled(str(number), person) for number, person in enumerate(people, first)}
        return [Ref("box", KIND, str(number)) for number in range(first, first + len(people))]

    def edit(self, ref: Ref, text: str) -> None:
        """Another memo."""
        self.vendor.edit(ref.id, memo=text)

    def remove(self, ref: Ref) -> None:
        """Cardbox has no bin."""
        del self.vendor.cards[ref.id]

    def look(self, ref: Ref) -> str | None:
        """The card."""
        return str(self.vendor.cards[ref.id]) if ref.id in self.vendor.cards else None

    def notes(self, ref: Ref) -> list[str]:
        """Their texts."""
        return list(self.vendor.notes.get(ref.id, {}).values())

    def writes(self) -> int:
        """As the vendor counts them."""
        return self.vendor.writes

    def fault(self, fault: Fault) -> None:
        """The vendor has the kit's own words for them."""
        self.vendor.fault = fault


def filled(id: str, person: Person) -> Json:
    """A person as a card."""
    fields = {"memo": person.text, **{FLAGS[channel]: True for channel in person.objects}}
    replied = person.replied.isoformat() if person.replied else None
    more = {"phones": list(person.phones), "fields": fields, "last_reply": replied}
    return card(id, list(person.emails), "2021-05-05T08:00:00+02:00", **more)


class TestCardbox(ConnectorContract):
    """What every adapter promises."""

    @pytest.fixture
    def world(self) -> Iterator[World]:
        """An empty account."""
        with serving() as vendor:
            yield CardboxWorld(vendor)
