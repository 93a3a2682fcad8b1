"""The migrations, run from nothing, make exactly the tables that the program uses."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

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
