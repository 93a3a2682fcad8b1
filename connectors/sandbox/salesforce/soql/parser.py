"""Reads SOQL by recursive descent into `syntax`.

As at the vendor, AND and OR may not be mixed, nor a NOT joined to another term, without parentheses.
"""

from __future__ import annotations

from connectors.sandbox.salesforce.soql.dates import COUNTED, NAMED
from connectors.sandbox.salesforce.soql.lexer import Reader, Token, malformed, tokens, unquote
from connectors.sandbox.salesforce.soql.syntax import (
    Both,
    Call,
    Children,
    Column,
    Compare,
    Condition,
    Either,
    FieldSet,
    Item,
    Literal,
    Member,
    Multi,
    Negated,
    Order,
    Path,
    Query,
)

_CLAUSES = ("WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "USING", "FOR", "WITH")
_LONGEST_QUERY = 100_000
_LONGEST_STRING = 4000
_AGGREGATES = frozenset({"COUNT", "COUNT_DISTINCT", "MAX", "MIN", "SUM", "AVG"})


def parse(text: str) -> Query:
    """A whole query. Raises Fail MALFORMED_QUERY."""
    if len(text) > _LONGEST_QUERY:
        raise malformed("SOQL statements cannot be longer than 100000 characters.")
    parser = Parser(tokens(text))
    query = parser.query()
    parser.end()
    return query


def parse_condition(text: str) -> Condition:
    """A WHERE condition on its own. Raises Fail MALFORMED_QUERY."""
    parser = Parser(tokens(text))
    condition = parser.condition()
    parser.end()
    return condition


class Parser(Reader):
    """The grammar of a SELECT statement and of its conditions."""

    def query(self) -> Query:
        """SELECT … FROM … and every clause, in their order."""
        self.expect("SELECT")
        items = tuple(self.listed(self._item))
        self.expect("FROM")
        source = self.name()
        alias = self._alias()
        where = self.condition() if self.take("WHERE") else None
        group = self._group()
        having = self.condition() if self.take("HAVING") else None
        order = self._order()
        limit = self._number() if self.take("LIMIT") else None
        offset = self._number() if self.take("OFFSET") else 0
        return Query(items, source, alias, where, group, having, order, limit, offset)

    def _item(self) -> Item:
        if self.take("("):
            query = self.query()
            self.expect(")")
            return Children(query)
        if self.now.is_("FIELDS") and self.peek.is_("("):
            return self._field_set()
        operand = self.operand()
        alias = self.name() if self.now.kind == "name" and not self.now.is_("FROM") else None
        if isinstance(operand, Call):
            return Call(operand.name, operand.path, alias)
        return Column(operand.path, alias)

    def _field_set(self) -> FieldSet:
        self.step()
        self.expect("(")
        group = self.name().upper()
        if group not in {"ALL", "STANDARD", "CUSTOM"}:
            raise malformed(f"unexpected token: '{group}'")
        self.expect(")")
        return FieldSet(group)

    def _alias(self) -> str | None:
        self.take("AS")
        return self.name() if self.now.kind == "name" and not self.now.is_(*_CLAUSES) else None

    def _group(self) -> tuple[Path, ...]:
        if not self.take("GROUP"):
            return ()
        self.expect("BY")
        return tuple(self.listed(self.path))

    def _order(self) -> tuple[Order, ...]:
        if not self.take("ORDER"):
            return ()
        self.expect("BY")
        return tuple(self.listed(self._order_key))

    def _order_key(self) -> Order:
        by = self.operand()
        descending = self.take("DESC")
        if not descending:
            self.take("ASC")
        nulls_last = False
        if self.take("NULLS"):
            nulls_last = self.take("LAST")
            if not nulls_last:
                self.expect("FIRST")
        return Order(by, descending, nulls_last)

    def _number(self) -> int:
        token = self.step()
        if token.kind != "number" or not token.text.isdigit():
            raise self.unexpected(token)
        return int(token.text)

    def operand(self) -> Column | Call:
        """Reads a field or an aggregate."""
        if self.peek.is_("(") and self.now.kind == "name":
            return self._call()
        return Column(self.path())

    def _call(self) -> Call:
        token = self.step()
        if token.text.upper() not in _AGGREGATES:
            raise self.unexpected(token)
        self.expect("(")
        path = None if self.now.is_(")") else self.path()
        self.expect(")")
        if path is None and token.text.upper() != "COUNT":
            raise self.unexpected(token)
        return Call(token.text.upper(), path)

    def condition(self) -> Condition:
        """Reads terms joined by AND, or terms joined by OR, or one negated term."""
        if self.take("NOT"):
            return Negated(self._term())
        first = self._term()
        if self.now.is_("AND"):
            return Both((first, *self._joined("AND")))
        if self.now.is_("OR"):
            return Either((first, *self._joined("OR")))
        return first

    def _joined(self, word: str) -> list[Condition]:
        terms = []
        while self.take(word):
            terms.append(self._term())
        if self.now.is_("AND", "OR"):
            raise self.unexpected(self.now)
        return terms

    def _term(self) -> Condition:
        if self.take("("):
            inner = self.condition()
            self.expect(")")
            return inner
        if self.now.is_("NOT"):
            raise self.unexpected(self.now)
        return self._comparison(self.operand())

    def _comparison(self, operand: Column | Call) -> Condition:
        token = self.step()
        if token.is_("NOT"):
            self.expect("IN")
            return Member(operand, self._members(), negated=True)
        if token.is_("IN"):
            return Member(operand, self._members(), negated=False)
        if token.is_("INCLUDES", "EXCLUDES") and isinstance(operand, Column):
            self.expect("(")
            values = tuple(self.listed(self.literal))
            self.expect(")")
            return Multi(operand, values, negated=token.is_("EXCLUDES"))
        if token.is_("LIKE"):
            return Compare(operand, "like", self.literal(like=True))
        if not token.is_("=", "!=", "<>", "<", "<=", ">", ">="):
            raise self.unexpected(token)
        return Compare(operand, "!=" if token.text == "<>" else token.text, self.literal())

    def _members(self) -> tuple[Literal, ...] | Query:
        self.expect("(")
        values: tuple[Literal, ...] | Query
        values = self.query() if self.now.is_("SELECT") else tuple(self.listed(self.literal))
        self.expect(")")
        return values

    def literal(self, like: bool = False) -> Literal:
        """Reads a value."""
        token = self.step()
        if token.kind == "string":
            text = unquote(token.text, like)
            if len(text) > _LONGEST_STRING:
                raise malformed("a string in the WHERE clause is longer than 4000 characters")
            return Literal("string", text)
        if token.kind in {"datetime", "date", "number"}:
            return Literal(token.kind, token.text)
        if token.is_("NULL"):
            return Literal("null", "")
        if token.is_("TRUE", "FALSE"):
            return Literal("boolean", token.text.lower())
        return self._date_literal(token)

    def _date_literal(self, token: Token) -> Literal:
        word = token.text.upper()
        if token.kind == "name" and word in NAMED:
            return Literal("range", word)
        if token.kind == "name" and word in COUNTED:
            self.expect(":")
            count = self.step()
            if count.kind == "number" and count.text.isdigit():
                return Literal("range", word, int(count.text))
        raise self.unexpected(token)
