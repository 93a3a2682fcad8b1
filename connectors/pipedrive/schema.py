"""Person fields: the vendor's metadata as our Schema, and which fields play a part for us (pipedrive.md §6).

Pure, but for `read`. Must not know a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.pipedrive.client import Api, Row, need
from connectors.pipedrive.options import PipedriveOptions
from core.model import Channel
from core.schema import Option, Property, Schema, Shape

PERSON = "person"
ENTITY = {"email": "emails", "phone": "phones", "label": "label_ids"}
"""Built-in fields that the person object names otherwise than the metadata do."""
EMPTY: dict[str, Any] = {
    "email": [],
    "phone": [],
    "im": [],
    "label": [],
    "label_ids": [],
    "notes": "",
    "job_title": "",
    "birthday": None,
    "postal_address": None,
    "org_id": None,
}
"""Built-in fields that can be emptied, and with what (§4.3). The name cannot."""
PLAIN = ("varchar", "varchar_auto", "text", "phone")
NO_WORDS = frozenset({"no", "non", "false", "0"})
_SHAPES: dict[str, Shape] = {
    "varchar": "text",
    "varchar_auto": "text",
    "text": "longtext",
    "double": "number",
    "int": "number",
    "date": "date",
    "enum": "choice",
    "set": "choices",
    "boolean": "bool",
    "phone": "phone",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One person field. `optional` ones come only when `include_fields` asks for them."""

    code: str
    name: str
    type: str
    options: tuple[Option, ...] = ()
    custom: bool = False
    optional: bool = False

    def raw(self, row: Row) -> Any:
        """The value on a person as the vendor sends it; None when there is none."""
        if self.custom:
            return (row.get("custom_fields") or {}).get(self.code)
        return row.get(ENTITY.get(self.code, self.code))

    def label(self, option: object) -> str:
        """The label of an option, by its id; the id itself when it is unknown."""
        return next((item.label for item in self.options if item.value == str(option)), str(option))

    @property
    def yes(self) -> Option | None:
        """The option that sets the mark, of a field that marks something: the first that is not a word for no."""
        return next((item for item in self.options if not _means_no(item.label)), None)

    def marks(self, row: Row) -> bool:
        """True when the mark is set: any value but a word for no."""
        value = self.raw(row)
        return filled(value) and not _means_no(self.label(value))


@dataclass(frozen=True, slots=True)
class Layout:
    """The person fields of an account, and the ones that the options give a part.

    `flags` are the fields that carry an objection, by channel, and `restricted` those that mark a restriction: empty when
    undeclared; all that bear the name are read, the first is written. `collected` and `imported` are None when they are
    not configured or not there.
    """

    fields: Mapping[str, Field]
    flags: Mapping[Channel, tuple[Field, ...]]
    restricted: tuple[Field, ...]
    collected: Field | None
    imported: Field | None

    def keys(self, properties: Iterable[str] = ()) -> tuple[str, ...]:
        """The codes of the custom fields to ask for: those that play a part, and the properties that are custom."""
        asked = [self.fields[name] for name in properties if name in self.fields]
        ours = (*self.marks, self.collected, self.imported)
        wanted = [field for field in (*ours, *asked) if field is not None]
        return tuple(dict.fromkeys(field.code for field in wanted if field.custom))

    @property
    def marks(self) -> tuple[Field, ...]:
        """Every field that we write to mark something."""
        return (*self.flags["email"], *self.flags["telephone"], *self.restricted)


def read(api: Api, options: PipedriveOptions) -> Layout:
    """Asks the account for its person fields."""
    rows = [row for page, _ in api.pages("personFields.list", "personFields") for row in page]
    return layout([field(row) for row in rows], options)


def field(row: Row) -> Field:
    """One field of the v2 metadata."""
    options = tuple(Option(str(need(item, "id")), str(need(item, "label"))) for item in row.get("options") or ())
    return Field(
        code=need(row, "field_code"),
        name=need(row, "field_name"),
        type=need(row, "field_type"),
        options=options,
        custom=bool(row.get("is_custom_field")),
        optional=bool(row.get("is_optional_response_field")),
    )


def layout(fields: list[Field], options: PipedriveOptions) -> Layout:
    """The fields with their parts."""
    return Layout(
        fields={item.code: item for item in fields},
        flags={
            "email": _marking(fields, options.no_email),
            "telephone": _marking(fields, options.no_telephone),
        },
        restricted=_marking(fields, options.restricted),
        collected=find(fields, options.collected),
        imported=find(fields, options.imported.field if options.imported else ""),
    )


def find(fields: Iterable[Field], name: str) -> Field | None:
    """The field of that code or, if only one bears it, of that name. Names are not unique (pipedrive.md §6)."""
    given = list(fields)
    named = [item for item in given if item.code == name] or [item for item in given if item.name == name]
    return named[0] if name and len(named) == 1 else None


def filled(value: object) -> bool:
    """False for what the vendor uses for nothing: null, empty text, list or object."""
    return value not in (None, "", [], {})


def described(crm: str, known: Layout) -> Schema:
    """The person fields as a Schema. Every one is tracked: the changelog keeps old values (pipedrive.md §12, 15)."""
    return Schema(crm, PERSON, tuple(_property(item) for item in known.fields.values()))


def _property(item: Field) -> Property:
    shape: Shape = "email" if item.code == "email" else _SHAPES.get(item.type, "other")
    return Property(
        name=item.code,
        label=item.name,
        shape=shape,
        options=item.options,
        clearable=item.custom or item.code in EMPTY,
        custom=item.custom,
        required=item.code == "name",
        tracked=True,
    )


def _marking(fields: list[Field], name: str) -> tuple[Field, ...]:
    usable = (item for item in fields if item.custom and item.type == "enum" and item.yes)
    return tuple(item for item in usable if name in (item.code, item.name))


def _means_no(label: str) -> bool:
    return label.strip().casefold() in NO_WORDS
