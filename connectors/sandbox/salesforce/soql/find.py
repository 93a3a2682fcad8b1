"""Finds the rows a condition selects: by id or an indexed field where the condition allows it, else by a scan."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from connectors.sandbox.salesforce.rows import is_live
from connectors.sandbox.salesforce.schema import Object
from connectors.sandbox.salesforce.session import Session
from connectors.sandbox.salesforce.soql.access import RowScope
from connectors.sandbox.salesforce.soql.lexer import malformed
from connectors.sandbox.salesforce.soql.syntax import Column, Compare, Condition, Member, Query
from connectors.sandbox.salesforce.soql.where import Conditions, Predicate, SemiJoin, conjuncts, fixed, named, typed
from connectors.sandbox.salesforce.virtual import fetch, table
from connectors.sandbox.state import Doc

_SEMI_JOINS = 2


@dataclass(frozen=True, slots=True)
class Finder:
    """Selects rows of one object. `deleted` is True for queryAll, which shows the bin and archived activities."""

    session: Session
    scope: RowScope
    deleted: bool
    semi: SemiJoin

    @property
    def kind(self) -> Object:
        """The object whose rows are selected."""
        return self.scope.kind

    def check(self, where: Condition | None) -> None:
        """Raises Fail for an object that may only be queried with a filter, or too many semi-joins."""
        parts = conjuncts(where)
        if self.kind.needs and not any(named(part, need) for part in parts for need in self.kind.needs):
            raise malformed(
                f"Implementation restriction: {self.kind.name} requires a filter by a single Id on "
                f"{' or '.join(self.kind.needs)} using the equals operator or multiple Id's using the IN operator."
            )
        semi = [part for part in parts if isinstance(part, Member) and isinstance(part.values, Query)]
        if len(semi) > _SEMI_JOINS:
            raise malformed("Maximum 2 semi join sub-selects are allowed.")

    def select(self, where: Condition | None) -> Iterator[tuple[str, Doc]]:
        """The rows that hold, in id order."""
        self.check(where)
        conditions = Conditions(self.session.org, self.scope, self.semi)
        parts = conjuncts(where)
        test = conditions.predicate(where) if where else None
        return self._rows(self._candidates(parts, conditions), test)

    def all_live(self) -> list[str]:
        """The ids of every live row; only for a user who sees them all."""
        return self.session.rows.ids(self.kind, live=True)

    def _rows(self, candidates: list[str], test: Predicate | None) -> Iterator[tuple[str, Doc]]:
        for id in candidates:
            row = self.visible(id)
            if row is not None and (test is None or test(row)):
                yield id, row

    def visible(self, id: str) -> Doc | None:
        """A row if this query may show it."""
        row = fetch(self.session, self.kind, id)
        if row is None or not (self.deleted or is_live(row)) or not self.session.sees(self.kind, row):
            return None
        return row

    def _candidates(self, parts: list[Condition], conditions: Conditions) -> list[str]:
        for part in parts:
            found = self._by_value(part, conditions)
            if found is not None:
                return sorted(found)
        if self.kind.is_("virtual"):
            return list(table(self.session, self.kind))
        return _between(self.session.rows.ids(self.kind, live=not self.deleted), self.scope, parts)

    def _by_value(self, part: Condition, conditions: Conditions) -> set[str] | None:
        field = self._looked_up(part)
        if field is None:
            return None
        values = self._values(part, conditions)
        if field == "Id":
            return {value for value in values if value}
        if None in values:
            return None
        return {id for value in values for id in self.session.rows.find(self.kind, field, str(value))}

    def _looked_up(self, part: Condition) -> str | None:
        operand = fixed(part)
        if operand is None:
            return None
        path = self.scope.bare(operand.path)
        field = self.kind.field(path[0]) if len(path) == 1 else None
        if field is None or not (field.name == "Id" or field in self.kind.indexed) or self.kind.is_("virtual"):
            return None
        return field.name

    def _values(self, part: Condition, conditions: Conditions) -> set[str | None]:
        assert isinstance(part, Compare | Member)
        field = self.scope.access(part.operand).field
        if isinstance(part, Compare):
            return {typed(field, part.value)}
        if isinstance(part.values, Query):
            return set(conditions.semi(part.values))
        return {typed(field, value) for value in part.values}


def _between(ids: list[str], scope: RowScope, parts: list[Condition]) -> list[str]:
    """The part of a sorted list of ids that `Id >`, `>=`, `<` and `<=` leave over."""
    low, high = 0, len(ids)
    for part in parts:
        if not isinstance(part, Compare) or not isinstance(part.operand, Column):
            continue
        if [name.lower() for name in scope.bare(part.operand.path)] != ["id"] or part.value.kind != "string":
            continue
        value = typed(scope.access(part.operand).field, part.value)
        if part.op in {">", ">="}:
            low = max(low, (bisect_right if part.op == ">" else bisect_left)(ids, value))
        if part.op in {"<", "<="}:
            high = min(high, (bisect_left if part.op == "<" else bisect_right)(ids, value))
    return ids[low:high]
