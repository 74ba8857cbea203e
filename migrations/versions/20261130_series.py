"""states of series; series for own clients who have no account yet"""

import sqlalchemy as sa
from alembic import op

revision = '0029'
down_revision = '0028'
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Whatever is there was proposed: only drafts are new.
    with op.batch_alter_table("series") as batch:
        batch.add_column(sa.Column("state", sa.String(), nullable=False, server_default="open"))
        batch.alter_column("client_id", existing_type=sa.String(), nullable=True)
    op.execute("UPDATE series SET state = 'stopped' WHERE stops_after IS NOT NULL")
    with op.batch_alter_table("series") as batch:
        batch.alter_column("state", existing_type=sa.String(), server_default=None)
        batch.create_check_constraint("series_state_is_known", "state IN ('draft', 'open', 'stopped', 'ended')")
        batch.create_check_constraint(
            "stopped_series_have_a_last_day", "(state = 'stopped') = (stops_after IS NOT NULL)"
        )
    op.create_index("ix_series_expert", "series", ["expert_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_series_expert", table_name="series")
    with op.batch_alter_table("series") as batch:
        batch.drop_constraint("stopped_series_have_a_last_day", type_="check")
        batch.drop_constraint("series_state_is_known", type_="check")
        batch.drop_column("state")
    with op.batch_alter_table("series") as batch:
        batch.alter_column("client_id", existing_type=sa.String(), nullable=False)
