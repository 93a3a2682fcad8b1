"""How many records the next scan of a kind is measured against: those of the last scan that was accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Every whole scan so far counts as accepted."""
    op.add_column("scan", sa.Column("expected", sa.Integer(), nullable=True))
    op.execute("UPDATE scan SET expected = records WHERE ended_at IS NOT NULL")
