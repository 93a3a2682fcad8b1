"""What the author of an adapter gives the kit: a fresh CRM that it can fill, disturb, look into and break.

Must not know the adapter otherwise than through `connect`: what is looked at must not be what is tested.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from connectors.transport import Tools
from core.connector import Connector
from core.model import Channel, Ref

Fault = Literal["busy", "down", "garbage", "lost", "stuck", "broken", "refused", "silent"]
"""How the vendor can go wrong, from now on.

busy      the next call is put off (429), for `World.wait` seconds
down      every call is answered 503 with an HTML page
garbage   every read is answered 200 with JSON that breaks off
lost      the next write is done, and its answer never arrives
stuck     the list of records answers its first page again and again
broken    the list of records fails for good from its second page on
refused   every change of a record is refused, for a reason that quotes the person's address
silent    every change of a record is answered as if it were done, and dropped
"""

TOKEN = "the token"
"""What `connect` lacks when its token is one that the vendor does not know."""

SIGHT = "sight"
"""What `connect` lacks when its user sees only part of the records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody to put into the CRM. Everybody is made up.

    `text` goes into the property `World.text`, `chosen` into `World.choice`. `objects` are channels whose flag of the
    vendor's own is set. `replied` is when the person was last in touch, by whatever the adapter counts as inbound.
    """

    name: str
    emails: tuple[str, ...]
    phones: tuple[str, ...]
    text: str = ""
    chosen: tuple[str, ...] = ()
    objects: tuple[Channel, ...] = ()
    replied: datetime | None = None


class World(ABC):
    """One account of the vendor, empty at first. A new one for every test.

    `kind` is the kind of record that is tested, and `text` a text property of it that can be written and emptied. `choice`
    is a multiple choice with at least three `options`, if the vendor has that. `page` is how many records the vendor lists
    at once; `emails` and `phones` how many of them a record can hold, `twins` whether two records can hold the same address.
    `token` is the secret that `connect` uses. `wait` is how many seconds a busy vendor asks for, None if it does not say.
    `faults` and `lesser` are what `fault` and `connect` can do; a test that needs another one is skipped, and says so.
    """

    kind: str
    text: str
    token: str
    choice: str = ""
    options: tuple[str, ...] = ()
    page: int = 100
    emails: int = 1
    phones: int = 1
    twins: bool = True
    wait: float | None = 7.0
    faults: tuple[Fault, ...] = ()
    lesser: tuple[str, ...] = ()

    @abstractmethod
    def connect(self, tools: Tools, lacks: str = "") -> Connector:
        """A connector to this account, as the adapter's own `connect` makes it.

        `lacks` is one of `lesser`: TOKEN, SIGHT, or a name out of `Capabilities.scopes`.
        """

    @abstractmethod
    def seed(self, people: Sequence[Person]) -> list[Ref]:
        """Puts people into the CRM, given their data by themselves years ago; their refs, in that order."""

    @abstractmethod
    def edit(self, ref: Ref, text: str) -> None:
        """What a colleague does in the CRM meanwhile: the text becomes another one."""

    @abstractmethod
    def remove(self, ref: Ref) -> None:
        """What a colleague does in the CRM meanwhile: the record is deleted."""

    @abstractmethod
    def look(self, ref: Ref) -> str | None:
        """All that the vendor shows of a record, as text; None once it is deleted, be it for good or into a bin."""

    @abstractmethod
    def notes(self, ref: Ref) -> list[str]:
        """The texts of the notes on a record."""

    @abstractmethod
    def writes(self) -> int:
        """How many writes the vendor has taken: those whose answer was lost count, those that it refused do not."""

    @abstractmethod
    def fault(self, fault: Fault) -> None:
        """Makes the vendor go wrong, see Fault. Only ever asked for what `faults` names."""
