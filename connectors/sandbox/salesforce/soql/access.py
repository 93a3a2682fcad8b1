"""Resolves a dotted path such as `Account.Owner.Name` to a field and a function that reads it from a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.schema import Field, Object, read_fields
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.lexer import malformed
from connectors.sandbox.salesforce.soql.syntax import Call, Column, Path
from connectors.sandbox.salesforce.values import Get, reader
from connectors.sandbox.salesforce.virtual import fetch
from connectors.sandbox.state import Doc

_DEEPEST = 5
_NAME = Object("Name", "", "Names", {}, frozenset(), (), (), ()).with_fields(
    read_fields(
        """
        Id id
        Name string 121
        Type picklist
        FirstName string 40
        LastName string 80
        Title string 128
        Email email
        Phone phone
        Username string 80
        Alias string 8
        IsActive boolean
        """
    )
)


@dataclass(frozen=True, slots=True)
class Access:
    """A field of a row or of one of its parents, and how to read it. `own` is True for a field of the row itself."""

    field: Field
    get: Get
    own: bool


class Scope(Protocol):
    """What an operand may name."""

    def access(self, operand: Column | Call) -> Access:
        """How to read an operand. Raises Fail for one that cannot be named here."""


@dataclass(frozen=True, slots=True)
class RowScope:
    """The fields of an object's rows and of their parents."""

    session: Session
    kind: Object
    alias: str | None = None

    def access(self, operand: Column | Call) -> Access:
        """How to read a field."""
        if isinstance(operand, Call):
            raise malformed(f"unexpected token: '{operand.name}'")
        path = self.bare(operand.path)
        field, get = _resolve(self.session, self.kind, path)
        return Access(field, get, own=len(path) == 1)

    def bare(self, path: Path) -> Path:
        """The path without the query's alias, or its object's name, in front. Raises Fail when it is too deep."""
        own = {self.kind.name.lower(), (self.alias or "").lower()}
        path = path[1:] if len(path) > 1 and path[0].lower() in own and not self._relates(path[0]) else path
        if len(path) > _DEEPEST + 1:
            raise malformed("a path may go through at most 5 relationships")
        return path

    def _relates(self, name: str) -> bool:
        return name.lower() != (self.alias or "").lower() and relation(self.kind, name) is not None


def relation(kind: Object, name: str) -> Field | None:
    """The reference field with this relationship name."""
    wanted = name.lower()
    return next((each for each in kind.fields.values() if (each.relationship or "").lower() == wanted), None)


def no_column(kind: Object, name: str) -> Fail:
    """A field that is not there, or that field security hides: the vendor says the same for both."""
    return Fail(
        "INVALID_FIELD",
        f"No such column '{name}' on entity '{kind.name}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names.",
    )


def target(session: Session, field: Field) -> Object:
    """The object a reference leads to; the generic `Name` when there are several."""
    return session.object(field.refers[0]) if len(field.refers) == 1 else _NAME


def parent_of(session: Session, field: Field, row: Doc) -> tuple[Object, Doc] | None:
    """The row a reference leads to, with its object."""
    id = row.get(field.name)
    if id is None:
        return None
    if len(field.refers) > 1:
        return session.rows.locate(id)
    kind = session.object(field.refers[0])
    parent = fetch(session, kind, id)
    return None if parent is None else (kind, parent)


def own_reader(session: Session, kind: Object, field: Field) -> Get:
    """Reads a field of a row that may come from any object when `kind` is the generic one."""
    if kind is _NAME and field.name == "Type":
        return lambda row: _type_of(session, row)
    return reader(session.base, kind, field)


def _type_of(session: Session, row: Doc) -> str | None:
    found = session.rows.locate(row["Id"])
    return found[0].name if found else None


def _resolve(session: Session, kind: Object, path: Path) -> tuple[Field, Get]:
    name, *rest = path
    if not rest:
        field = kind.field(name)
        if field is None:
            raise no_column(kind, name)
        return field, own_reader(session, kind, field)
    link = relation(kind, name)
    if link is None:
        raise Fail("INVALID_FIELD", f"Didn't understand relationship '{name}' in field path.")
    field, get = _resolve(session, target(session, link), tuple(rest))

    def through(row: Doc) -> object:
        parent = parent_of(session, link, row)
        return None if parent is None else get(parent[1])

    return field, through
