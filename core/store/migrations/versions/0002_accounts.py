"""Remembers which account each CRM is, and the version that a write of ours left on the record of a plan's item."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Adds a table and a column."""
    op.create_table(
        "account",
        sa.Column("crm", sa.String(length=60), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("since", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("crm"),
    )
    op.add_column("plan_item", sa.Column("version", sa.String(length=120)))
