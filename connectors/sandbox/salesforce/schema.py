"""What an sObject and a field are, and the table language the standard objects are written in.

A table holds `object Name prefix Plural flag…` lines, each followed by indented `Field type [length] flag…` lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

CLEAR, CASCADE, RESTRICT, KEEP = "clear", "cascade", "restrict", "keep"
NUMBERS = frozenset({"int", "double", "currency", "percent"})
TEXTS = frozenset({"string", "textarea", "picklist", "multipicklist", "combobox", "email", "phone", "url"})
_LENGTHS = {"id": 18, "reference": 18, "email": 80, "phone": 40, "url": 255, "picklist": 255, "combobox": 255}
_SYSTEM = frozenset({"OwnerId", "CreatedById", "LastModifiedById"})

_ID = "Id id readonly lookup\n"
_AUDIT = """\
CreatedDate datetime readonly
CreatedById reference User as=CreatedBy readonly
LastModifiedDate datetime readonly
LastModifiedById reference User as=LastModifiedBy readonly
SystemModstamp datetime readonly
"""
_ADDRESS = """\
{0}Street textarea 255 in={0}Address
{0}City string 40 in={0}Address
{0}State string 80 in={0}Address
{0}PostalCode string 20 in={0}Address
{0}Country string 80 in={0}Address
{0}Latitude double in={0}Address
{0}Longitude double in={0}Address
{0}GeocodeAccuracy picklist values=Address|Street|City|Zip in={0}Address
{0}Address address readonly
"""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an sObject. `on_delete` says what happens to this row when the row it refers to is deleted."""

    name: str
    type: str
    label: str
    length: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    calculated: bool = False
    autonumber: bool = False
    default: str | bool | float | None = None
    picklist: tuple[str, ...] = ()
    restricted: bool = False
    refers: tuple[str, ...] = ()
    relationship: str | None = None
    children: str | None = None
    on_delete: str = CLEAR
    compound: str | None = None
    filterable: bool = True
    external: bool = False
    unique: bool = False
    lookup: bool = False
    is_name: bool = False
    custom: bool = False
    classification: Mapping[str, str] = field(default_factory=dict)

    @property
    def nillable(self) -> bool:
        """False when null is refused; a checkbox is never null."""
        return not self.required and self.type not in {"boolean", "id"}

    @property
    def indexed(self) -> bool:
        """True when rows can be looked up by this field's value."""
        if self.type == "reference":
            return self.name not in _SYSTEM
        return self.type != "id" and (self.type == "email" or self.external or self.unique or self.lookup)


@dataclass(frozen=True, slots=True)
class Object:
    """One sObject: its fields by lower-case name, and what may be done with its rows."""

    name: str
    prefix: str
    plural: str
    fields: Mapping[str, Field]
    flags: frozenset[str]
    sharing: tuple[str, ...]
    needs: tuple[str, ...]
    indexed: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """A field by its name in any case."""
        return self.fields.get(name.lower())

    def has(self, name: str) -> bool:
        """True when there is such a field."""
        return name.lower() in self.fields

    def is_(self, flag: str) -> bool:
        """True when the table says so."""
        return flag in self.flags

    def with_fields(self, fields: Iterable[Field]) -> Object:
        """The same object with these fields and no others."""
        listed = list(fields)
        indexed = tuple(each for each in listed if each.indexed)
        return replace(self, fields={each.name.lower(): each for each in listed}, indexed=indexed)


def label(name: str) -> str:
    """A label in the vendor's manner: `HasOptedOutOfEmail` is `Has Opted Out Of Email`."""
    bare = re.sub(r"__(c|pc)$", "", name).replace("_", " ")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", bare).replace(" Id", " ID")


def read_field(line: str) -> Field:
    """One field line of a table."""
    name, kind, *rest = line.split()
    known: dict[str, Any] = {"length": _LENGTHS.get(kind, 0)}
    if kind == "reference":
        known["refers"] = tuple(rest.pop(0).split("|"))
    if rest and rest[0].isdigit():
        known["length"] = int(rest.pop(0))
    for flag in rest:
        known.update(_flag(flag))
    if (kind in {"textarea", "address", "base64"} and known["length"] > 255) or kind in {"address", "base64"}:
        known["filterable"] = False
    return Field(name=name, type=kind, label=label(name), **known)


def _flag(flag: str) -> dict[str, Any]:
    name, _, value = flag.partition("=")
    plain: dict[str, dict[str, Any]] = {
        "required": {"required": True},
        "readonly": {"createable": False, "updateable": False},
        "formula": {"createable": False, "updateable": False, "calculated": True},
        "auto": {"createable": False, "updateable": False, "autonumber": True},
        "once": {"updateable": False},
        "external": {"external": True, "unique": True, "lookup": True},
        "lookup": {"lookup": True},
        "unique": {"unique": True},
        "name": {"is_name": True},
        "restricted": {"restricted": True},
        "cascade": {"on_delete": CASCADE},
        "keep": {"on_delete": KEEP},
        "nofilter": {"filterable": False},
    }
    if name in plain:
        return plain[name]
    text = value.replace("_", " ")
    default: str | bool = text == "true" if text in {"true", "false"} else text
    valued: dict[str, dict[str, Any]] = {
        "as": {"relationship": value},
        "children": {"children": value},
        "in": {"compound": value},
        "values": {"picklist": tuple(text.split("|"))},
        "default": {"default": default},
    }
    return valued[name]


def read_fields(text: str) -> Iterator[Field]:
    """Every field line of a text, `address Prefix` lines spelt out."""
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("address"):
            yield from read_fields(_ADDRESS.format(line.removeprefix("address").strip()))
        else:
            yield read_field(line)


def read_table(text: str) -> Iterator[Object]:
    """Every object of a table, its history object behind it."""
    for block in re.split(r"^object ", text, flags=re.M)[1:]:
        head, _, body = block.partition("\n")
        name, prefix, plural, *flags = head.split()
        yield _object(name, prefix, plural, frozenset(flags), body)
        yield from _history(name, frozenset(flags))


def _object(name: str, prefix: str, plural: str, flags: frozenset[str], body: str) -> Object:
    valued = dict(flag.split("=", 1) for flag in flags if "=" in flag)
    text = ("" if "virtual" in flags else _ID) + body
    if not flags & {"virtual", "setup"}:
        text += "\nIsDeleted boolean readonly\n"
    if "owner" in flags:
        text += "\nOwnerId reference User as=Owner required\n"
    if "virtual" not in flags:
        text += "\n" + _AUDIT
    empty = Object(name, prefix, plural, {}, flags, _names(valued.get("share")), _names(valued.get("needs")), ())
    return empty.with_fields(read_fields(text))


def _names(value: str | None) -> tuple[str, ...]:
    return tuple(value.split("|")) if value else ()


def _history(name: str, flags: frozenset[str]) -> Iterator[Object]:
    if "history" not in flags:
        return
    middle = "FieldHistory" if name == "Opportunity" else "History"
    body = f"""
        {name}Id reference {name} as={name} children=Histories cascade readonly required
        Field picklist readonly required
        DataType picklist readonly
        OldValue string 255 readonly nofilter
        NewValue string 255 readonly nofilter
    """
    frozen = frozenset({"nocreate", "noupdate", "nodelete", "nobin", f"share={name}Id"})
    yield _object(f"{name}{middle}", "017", "Histories", frozen, body)
