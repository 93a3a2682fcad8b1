"""Runs a query. The answer is a snapshot of ids; its records are read when a page of them is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from connectors.sandbox.salesforce.errors import Fail
from connectors.sandbox.salesforce.schema import Field, Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.access import RowScope
from connectors.sandbox.salesforce.soql.find import Finder
from connectors.sandbox.salesforce.soql.groups import aggregate, is_aggregate, is_count, sort_key
from connectors.sandbox.salesforce.soql.lexer import malformed
from connectors.sandbox.salesforce.soql.parser import parse
from connectors.sandbox.salesforce.soql.shape import ChildEmit, Emit, shape
from connectors.sandbox.salesforce.soql.syntax import Both, Column, Compare, Literal, Order, Query
from connectors.sandbox.salesforce.soql.where import Conditions, conjuncts, folded
from connectors.sandbox.state import Doc

_HIGHEST_OFFSET = 2000
_MOST_GROUPS = 2000
Nest = Callable[["Answer"], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found: how many records, how to read a slice of them, and their columns as dotted paths.

    `counted` is True for SELECT COUNT(), which has a total and no records.
    """

    total: int
    page: Callable[[int, int], list[Doc]]
    columns: tuple[str, ...] = ()
    counted: bool = False


@dataclass(frozen=True, slots=True)
class Engine:
    """Runs queries of one session. `nest` turns the answer of a child sub-query into what is nested in its parent."""

    session: Session
    deleted: bool
    nest: Nest
    _joined: dict[Query, set[str]] = field(default_factory=dict)

    def run(self, text: str) -> Answer:
        """Runs a query. Raises Fail MALFORMED_QUERY, INVALID_FIELD, INVALID_TYPE and the like."""
        return self.answer(parse(text))

    def answer(self, query: Query) -> Answer:
        """Runs a query that is already read."""
        if query.offset > _HIGHEST_OFFSET:
            raise Fail("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {_HIGHEST_OFFSET}")
        scope = RowScope(self.session, self.session.object(query.source), query.alias)
        finder = Finder(self.session, scope, self.deleted, self._semi_join)
        return self._groups(query, finder) if is_aggregate(query) else self._records(query, finder)

    def _records(self, query: Query, finder: Finder) -> Answer:
        if query.having is not None:
            raise malformed("unexpected token: 'HAVING'")
        form = shape(finder.scope, query, self._children)
        ids = self._ids(query, finder)
        return Answer(len(ids), _reader(finder, form.emit, ids), form.columns)

    def _ids(self, query: Query, finder: Finder) -> list[str]:
        everything = query.where is None and not query.order and not self.deleted
        if everything and finder.session.sees_all(finder.kind) and not finder.kind.is_("virtual"):
            finder.check(None)
            return _window(finder.all_live(), query)
        selected = finder.select(query.where)
        if query.order and not _by_id(query.order):
            return _window(_ordered(finder.scope, query.order, selected), query)
        if query.order and query.order[0].descending:
            return _window([id for id, _ in selected][::-1], query)
        last = None if query.limit is None else query.offset + query.limit
        return _window([id for id, _ in islice(selected, last)], query)

    def _groups(self, query: Query, finder: Finder) -> Answer:
        if is_count(query):
            return Answer(self._count(query, finder), lambda start, end: [], counted=True)
        selected = (row for _, row in finder.select(query.where))
        conditions = Conditions(self.session.org, finder.scope, self._semi_join)
        records = _window(aggregate(finder.scope, query, selected, conditions), query)
        if len(records) > _MOST_GROUPS:
            raise Fail(
                "EXCEEDED_ID_LIMIT",
                "Aggregate query does not support queryMore(), use LIMIT to restrict the results to a single batch",
            )
        return Answer(len(records), lambda start, end: records[start:end])

    def _count(self, query: Query, finder: Finder) -> int:
        if query.where is None and not self.deleted and finder.session.sees_all(finder.kind):
            return len(_window(self._ids(query, finder), query))
        return len(_window([None for _ in finder.select(query.where)], query))

    def _semi_join(self, query: Query) -> set[str]:
        if query not in self._joined:
            self._joined[query] = self._joins(query)
        return self._joined[query]

    def _joins(self, query: Query) -> set[str]:
        if len(query.items) != 1 or not isinstance(query.items[0], Column) or query.order or query.limit is not None:
            raise malformed("A semi-join selects exactly one Id or reference field, without ORDER BY or LIMIT")
        scope = RowScope(self.session, self.session.object(query.source), query.alias)
        access = scope.access(query.items[0])
        if access.field.type not in {"id", "reference"}:
            raise malformed(f"The selected field '{access.field.name}' is not an Id or a reference")
        selected = Finder(self.session, scope, self.deleted, self._semi_join).select(query.where)
        return {value for _, row in selected if (value := access.get(row)) is not None}

    def _children(self, parent: Object, query: Query) -> ChildEmit:
        kind, link = child_relation(self.session, parent, query.source)
        scope = RowScope(self.session, kind, query.alias)
        finder = Finder(self.session, scope, self.deleted, self._semi_join)
        form = shape(scope, query, self._no_children)

        def nested(row: Doc) -> Any:
            own = Compare(Column((link.name,)), "=", Literal("string", row["Id"]))
            found = self._ids(_and(query, own), finder)
            return self.nest(Answer(len(found), _reader(finder, form.emit, found))) if found else None

        return nested

    def _no_children(self, parent: Object, query: Query) -> ChildEmit:
        raise malformed("a sub-query may not hold another one")


def child_relation(session: Session, parent: Object, name: str) -> tuple[Object, Field]:
    """The child object and its reference field behind a child relationship. Raises Fail INVALID_TYPE."""
    for kind in session.org.schema.values():
        for link in kind.fields.values():
            if (link.children or "").lower() == name.lower() and parent.name in link.refers:
                return session.object(kind.name), link
    raise Fail("INVALID_TYPE", f"Didn't understand relationship '{name}' in FROM part of query call.")


def _and(query: Query, condition: Compare) -> Query:
    return replace(query, where=Both((condition, *conjuncts(query.where))))


def _reader(finder: Finder, emit: Emit, ids: list[str]) -> Callable[[int, int], list[Doc]]:
    def page(start: int, end: int) -> list[Doc]:
        rows = map(finder.visible, ids[start:end])
        return [emit(row) for row in rows if row is not None]

    return page


def _window(found: list[Any], query: Query) -> list[Any]:
    end = None if query.limit is None else query.offset + query.limit
    return found[query.offset : end]


def _by_id(order: tuple[Order, ...]) -> bool:
    by = order[0].by
    return isinstance(by, Column) and len(by.path) == 1 and by.path[0].lower() == "id"


def _ordered(scope: RowScope, order: tuple[Order, ...], selected: Iterable[tuple[str, Doc]]) -> list[str]:
    gets = []
    for key in order:
        access = scope.access(key.by)
        if not access.field.filterable:
            raise Fail("INVALID_FIELD", f"field '{access.field.name}' can not be sorted in a query call")
        gets.append(folded(access))
    found = [(id, [get(row) for get in gets]) for id, row in selected]
    for at in reversed(range(len(order))):
        found.sort(key=_Key(at, order[at]), reverse=order[at].descending)
    return [id for id, _ in found]


@dataclass(frozen=True, slots=True)
class _Key:
    at: int
    order: Order

    def __call__(self, found: tuple[str, list[Any]]) -> tuple[bool, Any]:
        return sort_key(found[1][self.at], self.order.descending, self.order.nulls_last)
