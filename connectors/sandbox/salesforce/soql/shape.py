"""Turns a SELECT list into a function from a row to the record the API answers, parents and child records nested."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.schema import Field, Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.access import RowScope, no_column, own_reader, parent_of, relation, target
from connectors.sandbox.salesforce.soql.lexer import malformed
from connectors.sandbox.salesforce.soql.syntax import Children, Column, FieldSet, Item, Query
from connectors.sandbox.state import Doc

Emit = Callable[[Doc], Doc]
ChildEmit = Callable[[Doc], Any]
Tree = dict[str, Any]

_FIELDS_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Shape:
    """What a query answers for a row, and its columns as dotted paths."""

    emit: Emit
    columns: tuple[str, ...]


def shape(scope: RowScope, query: Query, children: Callable[[Object, Query], ChildEmit]) -> Shape:
    """The shape of a query without aggregates. Raises Fail for an unknown field, a doubled one or an alias."""
    tree: Tree = {}
    columns = []
    for item in _expanded(scope.kind, query):
        if isinstance(item, Children):
            tree[f"({item.query.source})"] = (item.query.source, children(scope.kind, item.query))
        elif isinstance(item, Column):
            columns.append(_plant(tree, scope, item))
        else:
            raise malformed("aggregates and plain fields can only be mixed with GROUP BY")
    return Shape(_emitter(scope.session, scope.kind, tree), tuple(columns))


def _expanded(kind: Object, query: Query) -> Iterable[Item]:
    for item in query.items:
        if not isinstance(item, FieldSet):
            yield item
            continue
        if item.group != "STANDARD" and (query.limit is None or query.limit > _FIELDS_LIMIT):
            raise malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
        wanted = {"ALL": (True, False), "STANDARD": (False,), "CUSTOM": (True,)}[item.group]
        yield from (Column((field.name,)) for field in kind.fields.values() if field.custom in wanted)


def _plant(tree: Tree, scope: RowScope, column: Column) -> str:
    if column.alias is not None:
        raise malformed("only aggregate expressions use field aliasing")
    path = scope.bare(column.path)
    scope.access(Column(path))
    branch = tree
    for name in path[:-1]:
        key = next((known for known in branch if known.lower() == name.lower()), name)
        branch = branch.setdefault(key, {})
    if path[-1].lower() in (known.lower() for known in branch):
        raise Fail("INVALID_FIELD", f"duplicate field selected: {'.'.join(path)}")
    branch[path[-1]] = None
    return ".".join(path)


def _emitter(session: Session, kind: Object, tree: Tree) -> Emit:
    parts = [_part(session, kind, name, sub) for name, sub in tree.items()]

    def emit(row: Doc) -> Doc:
        record: Doc = {"attributes": _attributes(session, kind, row)}
        for name, get in parts:
            record[name] = get(row)
        return record

    return emit


def _attributes(session: Session, kind: Object, row: Doc) -> Doc:
    name = kind.name
    if not kind.prefix and (found := session.rows.locate(row["Id"])):
        name = found[0].name
    return {"type": kind.name, "url": f"{session.base}/sobjects/{name}/{row['Id']}"}


def _part(session: Session, kind: Object, name: str, sub: Any) -> tuple[str, Callable[[Doc], Any]]:
    if isinstance(sub, tuple):
        return sub
    if sub is None:
        field = kind.field(name)
        if field is None:
            raise no_column(kind, name)
        return field.name, own_reader(session, kind, field)
    link = relation(kind, name)
    if link is None or link.relationship is None:
        raise no_column(kind, name)
    return link.relationship, _parent(session, link, _emitter(session, target(session, link), sub))


def _parent(session: Session, link: Field, emit: Emit) -> Callable[[Doc], Any]:
    def get(row: Doc) -> Any:
        parent = parent_of(session, link, row)
        return None if parent is None else emit(parent[1])

    return get
