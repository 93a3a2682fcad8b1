"""A SOQL query as a tree of values. Names are as written; nothing here knows a schema."""

from __future__ import annotations

from dataclasses import dataclass

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Literal:
    """A value: `kind` is string, number, boolean, null, date, datetime or range (a date literal such as TODAY)."""

    kind: str
    text: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class Column:
    """A field in a SELECT list, or an operand."""

    path: Path
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """An aggregate; `path` is None for COUNT()."""

    name: str
    path: Path | None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class FieldSet:
    """FIELDS(ALL), FIELDS(STANDARD) or FIELDS(CUSTOM)."""

    group: str


@dataclass(frozen=True, slots=True)
class Children:
    """A sub-query in a SELECT list."""

    query: Query


@dataclass(frozen=True, slots=True)
class Compare:
    """`operand op value`; `op` is one of = != < <= > >= like."""

    operand: Column | Call
    op: str
    value: Literal


@dataclass(frozen=True, slots=True)
class Member:
    """`operand [NOT] IN (…)`: a list of values or a semi-join."""

    operand: Column | Call
    values: tuple[Literal, ...] | Query
    negated: bool


@dataclass(frozen=True, slots=True)
class Multi:
    """`operand INCLUDES|EXCLUDES (…)` on a multi-select picklist."""

    operand: Column
    values: tuple[Literal, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Both:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Some part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Negated:
    """The part does not hold."""

    part: Condition


Condition = Compare | Member | Multi | Both | Either | Negated
Item = Column | Call | FieldSet | Children


@dataclass(frozen=True, slots=True)
class Order:
    """One key of ORDER BY."""

    by: Column | Call
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query. `source` is an object, or in a sub-query a child relationship."""

    items: tuple[Item, ...]
    source: str
    alias: str | None = None
    where: Condition | None = None
    group: tuple[Path, ...] = ()
    having: Condition | None = None
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int = 0
