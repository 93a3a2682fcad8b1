"""Aggregates: COUNT(), COUNT(field), COUNT_DISTINCT, MIN, MAX, SUM and AVG, with GROUP BY and HAVING."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.salesforce.schema import NUMBERS, Field
from connectors.sandbox.salesforce.soql.access import Access, RowScope
from connectors.sandbox.salesforce.soql.lexer import malformed
from connectors.sandbox.salesforce.soql.syntax import Call, Column, Order, Path, Query
from connectors.sandbox.salesforce.soql.where import Conditions, folded
from connectors.sandbox.salesforce.values import Get
from connectors.sandbox.state import Doc


@dataclass(frozen=True, slots=True)
class _Fold:
    """How an aggregate takes in one value after another; null values are not given to it."""

    start: Callable[[], Any]
    step: Callable[[Any, Any], Any]
    end: Callable[[Any], Any] = lambda state: state


def _added(state: set[Any], value: Any) -> set[Any]:
    state.add(value)
    return state


def _best(better: Callable[[Any, Any], Any]) -> _Fold:
    return _Fold(lambda: None, lambda state, value: value if state is None else better(state, value))


_FOLDS = {
    "COUNT": _Fold(lambda: 0, lambda state, value: state + 1),
    "COUNT_DISTINCT": _Fold(set, _added, len),
    "MAX": _best(max),
    "MIN": _best(min),
    "SUM": _best(lambda state, value: state + value),
    "AVG": _Fold(
        lambda: (0, 0),
        lambda state, value: (state[0] + value, state[1] + 1),
        lambda state: state[0] / state[1] if state[1] else None,
    ),
}
_COUNT = Field("expr", "int", "expr")


@dataclass(frozen=True, slots=True)
class GroupScope:
    """What an aggregate query may name: the grouped fields, and any aggregate, noted in `calls` to be worked out.

    A group is a document of the values of its grouped fields, by lower-case path, and of its aggregates, by call.
    """

    rows: RowScope
    grouped: frozenset[str]
    calls: dict[str, tuple[_Fold, Get]] = field(default_factory=dict)

    def access(self, operand: Column | Call) -> Access:
        """How to read an operand from a group."""
        if isinstance(operand, Column):
            return self._grouped(operand)
        inner = self.rows.access(Column(operand.path or ("Id",)))
        if operand.name in {"SUM", "AVG"} and inner.field.type not in NUMBERS:
            raise malformed(f"field {inner.field.name} does not support aggregate operator {operand.name}")
        fold = _FOLDS[operand.name]
        key = f"{operand.name}({'.'.join(operand.path or ())})".lower()
        self.calls[key] = (fold, inner.get)
        shown = _COUNT if operand.name.startswith("COUNT") else inner.field
        return Access(shown, lambda group: fold.end(group[key]), own=False)

    def _grouped(self, column: Column) -> Access:
        path = ".".join(self.rows.bare(column.path)).lower()
        inner = self.rows.access(column)
        if path not in self.grouped:
            raise malformed(f"Field must be grouped or aggregated: {'.'.join(column.path)}")
        return Access(inner.field, lambda group: group[path], own=False)


def is_aggregate(query: Query) -> bool:
    """True for a query that answers groups, not rows."""
    return bool(query.group) or any(isinstance(item, Call) for item in query.items)


def is_count(query: Query) -> bool:
    """True for SELECT COUNT() FROM …, which answers a number only."""
    return len(query.items) == 1 and query.items[0] == Call("COUNT", None)


def aggregate(rows: RowScope, query: Query, selected: Iterable[Doc], conditions: Conditions) -> list[Doc]:
    """The records of an aggregate query, in its order. Raises Fail for a field neither grouped nor aggregated."""
    paths = [rows.bare(path) for path in query.group]
    scope = GroupScope(rows, frozenset(".".join(path).lower() for path in paths))
    columns = _columns(scope, query)
    holds = Conditions(conditions.org, scope, conditions.semi).predicate(query.having) if query.having else None
    keys = [(_sorter(key, scope.access(key.by)), key.descending) for key in query.order]
    groups = [group for group in _groups(scope, paths, selected) if holds is None or holds(group)]
    for key, descending in reversed(keys):
        groups.sort(key=key, reverse=descending)
    return [_record(group, columns) for group in groups]


def _sorter(key: Order, access: Access) -> Callable[[Doc], tuple[bool, Any]]:
    get = folded(access)
    return lambda group: sort_key(get(group), key.descending, key.nulls_last)


def sort_key(value: Any, descending: bool, nulls_last: bool) -> tuple[bool, Any]:
    """Orders null apart from values; the caller reverses the list for a descending key."""
    return (value is None) == (nulls_last != descending), "" if value is None else value


def _groups(scope: GroupScope, paths: list[Path], selected: Iterable[Doc]) -> list[Doc]:
    keys = [(".".join(path).lower(), scope.rows.access(Column(path)).get) for path in paths]
    groups: dict[tuple[Any, ...], Doc] = {} if keys else {(): _new_group(scope, {})}
    for row in selected:
        values = {name: get(row) for name, get in keys}
        folded_values = tuple(value.lower() if isinstance(value, str) else value for value in values.values())
        group = groups.get(folded_values)
        if group is None:
            group = groups[folded_values] = _new_group(scope, values)
        for call, (fold, get) in scope.calls.items():
            value = get(row)
            if value is not None:
                group[call] = fold.step(group[call], value)
    return list(groups.values())


def _new_group(scope: GroupScope, values: Doc) -> Doc:
    return {**values, **{call: fold.start() for call, (fold, _) in scope.calls.items()}}


def _columns(scope: GroupScope, query: Query) -> list[tuple[str, Callable[[Doc], Any]]]:
    columns: list[tuple[str, Callable[[Doc], Any]]] = []
    for item in query.items:
        if not isinstance(item, Column | Call):
            raise malformed("a grouped query takes fields and aggregates only")
        unnamed = sum(1 for name, _ in columns if name.startswith("expr"))
        access = scope.access(item)
        own = f"expr{unnamed}" if isinstance(item, Call) else access.field.name
        columns.append((item.alias or own, access.get))
    return columns


def _record(group: Doc, columns: list[tuple[str, Callable[[Doc], Any]]]) -> Doc:
    return {"attributes": {"type": "AggregateResult"}} | {name: get(group) for name, get in columns}
