"""What a vendor says of the properties of a kind of record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Shape = Literal["text", "longtext", "html", "choice", "choices", "bool", "number", "date", "email", "phone", "other"]


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a picklist: the value the API uses and the label a person sees."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Property:
    """One property. `name` is what the API uses; `label` what a person sees.

    `clearable` is True when it can be emptied through the API. `custom` when the customer made it.
    `sensitivity` is the vendor's own marking (`sensitive`, `ComplianceGroup=HIPAA`), empty when there is none.
    `tracked` is True when the vendor keeps old values after a change.
    """

    name: str
    label: str
    shape: Shape
    description: str = ""
    group: str = ""
    options: tuple[Option, ...] = ()
    clearable: bool = True
    custom: bool = False
    required: bool = False
    sensitivity: str = ""
    tracked: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    """The properties of one kind of one CRM, as far as the credentials can see them."""

    crm: str
    kind: str
    properties: tuple[Property, ...]

    def get(self, name: str) -> Property | None:
        """The property of that API name, or None."""
        return next((item for item in self.properties if item.name == name), None)
