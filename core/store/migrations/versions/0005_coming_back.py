"""Who came back can be told: what is absent after an erasure, and when a record was first seen."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Adds the columns. What is in the index already was there before: it has no moment at which it was first seen."""
    op.add_column("tombstone", sa.Column("absent_from", sa.JSON()))
    op.add_column("record", sa.Column("first_seen", sa.String(length=40)))
