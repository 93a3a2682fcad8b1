"""The tables. Moments are kept as ISO 8601 text in UTC, so that both databases sort and return them alike."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Dialect,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData()


class Utc(TypeDecorator[datetime]):
    """A moment with a time zone, kept as text in UTC."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        """Refuses a moment without a zone: it could be any hour."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Reads the text back."""
        return datetime.fromisoformat(value) if value is not None else None


hmac_key = Table(
    "hmac_key",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("check_value", String(64), nullable=False),
    Column("added_at", Utc, nullable=False),
)

suppression = Table(
    "suppression",
    metadata,
    Column("channel", String(20), primary_key=True),
    Column("kind", String(10), primary_key=True),
    Column("key_id", String(40), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("purpose", String(40), primary_key=True),
    Column("objected_at", Utc, nullable=False),
    Column("source", String(120), nullable=False),
    Column("evidence", String(200), nullable=False, default=""),
    Column("review_on", Utc, nullable=False),
)

tombstone = Table(
    "tombstone",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("key_id", String(40), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("rule", String(40), primary_key=True),
    Column("erased_at", Utc, nullable=False),
    Column("until", Utc, nullable=False),
    Column("absent_from", JSON(none_as_null=True)),
)

hold = Table(
    "hold",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("author", String(200), nullable=False),
    Column("start", Utc, nullable=False),
    Column("review_on", Utc, nullable=False),
    Column("released_at", Utc),
    Column("released_by", String(200)),
)

hold_scope = Table(
    "hold_scope",
    metadata,
    Column("hold_id", String(20), primary_key=True),
    Column("target", String(200), primary_key=True),
    Column("added_at", Utc),
    ForeignKeyConstraint(["hold_id"], ["hold.id"]),
)

run = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("job", String(60), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("outcome", String(40)),
    Column("summary", JSON),
)

scan = Table(
    "scan",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("crm", String(60), nullable=False),
    Column("kind", String(60), nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("records", Integer, nullable=False, default=0),
    Column("expected", Integer),
)

plan = Table(
    "plan",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("made_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
    Column("policy", String(64), nullable=False),
    Column("head", JSON, nullable=False),
    Column("status", String(20), nullable=False),
    Column("approved_by", String(200)),
    Column("approved_at", Utc),
)

plan_item = Table(
    "plan_item",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("part", String(10), nullable=False),
    Column("body", JSON, nullable=False),
    Column("receipt", String(20)),
    Column("version", String(120)),
    ForeignKeyConstraint(["digest"], ["plan.digest"]),
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("body", Text, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)

pending = Table(
    "pending",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("what", String(10), nullable=False),
    Column("crm", String(60), nullable=False),
    Column("body", Text, nullable=False),
)

record = Table(
    "record",
    metadata,
    Column("crm", String(60), primary_key=True),
    Column("kind", String(60), primary_key=True),
    Column("id", String(120), primary_key=True),
    Column("version", String(120), nullable=False),
    Column("collected", Utc),
    Column("origin", String(120), nullable=False),
    Column("inbound_at", Utc),
    Column("inbound_source", String(120)),
    Column("unreadable", JSON, nullable=False),
    Column("signals", JSON, nullable=False),
    Column("open", JSON, nullable=False),
    Column("objections", JSON, nullable=False),
    Column("suppressed", JSON, nullable=False),
    Column("restricted", Boolean, nullable=False),
    Column("requests", JSON, nullable=False),
    Column("scan_id", Integer, nullable=False),
    Column("first_seen", Utc),
)

record_key = Table(
    "record_key",
    metadata,
    Column("crm", String(60), primary_key=True),
    Column("kind", String(60), primary_key=True),
    Column("id", String(120), primary_key=True),
    Column("place", Integer, primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("key_kind", String(10), nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("generic", Boolean, nullable=False),
    Index("record_key_digest", "digest"),
)

account = Table(
    "account",
    metadata,
    Column("crm", String(60), primary_key=True),
    Column("account", String(120), nullable=False),
    Column("since", Utc, nullable=False),
)

push = Table(
    "push",
    metadata,
    Column("crm", String(60), primary_key=True),
    Column("kind", String(60), primary_key=True),
    Column("id", String(120), primary_key=True),
    Column("channel", String(20), primary_key=True),
    Column("pushed_at", Utc, nullable=False),
    Column("sources", JSON, nullable=False),
    Column("lifted_at", Utc),
)

lock = Table(
    "lock",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("owner", String(120), nullable=False),
    Column("host", String(120), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("since", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False),
)

policy_seen = Table(
    "policy_seen",
    metadata,
    Column("policy", String(64), primary_key=True),
    Column("at", Utc, nullable=False),
)
