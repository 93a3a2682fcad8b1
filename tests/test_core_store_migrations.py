"""The migrations, run from nothing, make exactly the tables that the program uses."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from core.model import Ref
from core.store import database
from core.store.store import Store
from core.store.tables import metadata


def test_the_migrated_store_is_what_the_tables_say(tmp_path: Path) -> None:
    """No table, column or index is missing or left over; opening it twice changes nothing."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    Store(url).close()
    Store(url).close()
    engine = create_engine(url)
    with engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    engine.dispose()

    assert differences == []


def test_ret_26_what_was_there_before_this_was_noted_did_not_come_back(tmp_path: Path) -> None:
    """A store of the first form: its records have no moment of being first seen, its tombstones no absence."""
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        connection.execute(text(_RECORD))
        connection.execute(text(_TOMBSTONE))
    engine.dispose()
    store = Store(url)

    (row,) = store.index.get([Ref("a", "person", "1")])
    ((erasure,),) = store.tombstones.standing(datetime(2026, 11, 24, tzinfo=UTC)).values()

    assert (row.first_seen, erasure.absent_from) == (None, frozenset())
    store.close()


_RECORD = """
INSERT INTO record (crm, kind, id, version, origin, unreadable, signals, open, objections, suppressed, restricted,
  requests, scan_id)
VALUES ('a', 'person', '1', '1', '', '[]', '[]', '[]', '[]', '[]', 0, '[]', 1)
"""
_TOMBSTONE = """
INSERT INTO tombstone (kind, key_id, digest, rule, erased_at, until)
VALUES ('email', 'k1', 'aa', 'RET-01', '2026-01-01T00:00:00.000000+00:00', '2031-01-01T00:00:00.000000+00:00')
"""
