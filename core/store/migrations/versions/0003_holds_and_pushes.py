"""What a hold gained since it was placed, and the flags that were seen with a mark of ours."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Adds the columns; what is there was named, and its flags are learnt at the next reading."""
    op.add_column("hold_scope", sa.Column("added_at", sa.String(length=40), nullable=True))
    op.add_column("push", sa.Column("sources", sa.JSON(), nullable=False, server_default="[]"))
