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


class RolodexWorld(World):
    """The vendor on loopback, and what a colleague does in it."""

    kind, text, token, page, emails, phones = KIND, "memo", "s3cret-of-rolodex", PAGE, 3, 3
    faults = ("busy", "down", "garbage", "lost", "stuck", "broken", "refused", "silent")
    lesser = (TOKEN, SIGHT, *RIGHTS)

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        vendor.quote, vendor.tokens[self.token] = ADDRESS, ""
        vendor.tokens |= {f"lacks-{right}": right for right in (SIGHT, *RIGHTS)}

    def connect(self, tools: Tools, lacks: str = "") -> Connector:
        """As the application does."""
        token = SecretStr(f"lacks-{lacks}" if lacks else self.token)
        return connect("box", OPTIONS(connector="rolodex", base_url=self.vendor.url, token=token), tools)

    def seed(self, people: Sequence[Person]) -> list[Ref]:
        """Cards under new ids."""
        first = 10001 + len(self.vendor.cards)
        self.vendor.cards |= {number: filled(number, person) for number, person in enumerate(people, first)}
        return [Ref("box", KIND, str(number)) for number in range(first, first + len(people))]

    def edit(self, ref: Ref, text: str) -> None:
        """Another memo."""
        self.vendor.edit(int(ref.id), memo=text)

    def remove(self, ref: Ref) -> None:
        """Rolodex has no bin."""
        self.vendor.remove(int(ref.id))

    def look(self, ref: Ref) -> str | None:
        """The card."""
        return str(self.vendor.cards[int(ref.id)]) if int(ref.id) in self.vendor.cards else None

    def notes(self, ref: Ref) -> list[str]:
        """Their texts."""
        return [text for id, text in self.vendor.notes if id == int(ref.id)]

    def writes(self) -> int:
        """As the vendor counts them."""
        return self.vendor.writes

    def fault(self, fault: Fault) -> None:
        """The vendor has the kit's own words for them."""
        self.vendor.fault = fault


def filled(id: int, person: Person) -> Json:
    """A person as a card."""
    extra = {"memo": person.text, **{FLAGS[channel]: True for channel in person.objects}}
    wrote = person.replied and int(person.replied.timestamp() * 1000)
    return card(id, list(person.emails), 1620194400, numbers=list(person.phones), extra=extra, wrote=wrote)


class TestRolodex(ConnectorContract):
    """What every adapter promises."""

    @pytest.fixture
    def world(self) -> Iterator[World]:
        """An empty account."""
        with serving() as vendor:
            yield RolodexWorld(vendor)
