"""reusable legal mentions of experts; links by which an expert's own client comes to an account"""

import sqlalchemy as sa
from alembic import op

revision = '0024'
down_revision = '0023'
branch_labels = None
depends_on = None

PURPOSES = (
    "'confirm_email', 'reset_password', 'change_email', 'invite_expert', 'invite_colleague', 'invite_operator', "
    "'confirm_availability'"
)


def say_purposes(purposes: str) -> None:
    """Have the database know these purposes of mailed links, and no others."""
    condition = f"purpose IN ({purposes})"
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint("purpose_is_known", "mailed_links", type_="check")
        op.create_check_constraint("purpose_is_known", "mailed_links", condition)
        return
    # SQLite's table is made anew; its checks are not taken over.
    with op.batch_alter_table("mailed_links", recreate="always") as batch:
        batch.create_check_constraint("purpose_is_known", condition)


def upgrade() -> None:
    say_purposes(PURPOSES + ", 'invite_client'")
    op.create_table(
        "legal_mentions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("expert_id", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["expert_id"], ["experts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_legal_mentions_expert", "legal_mentions", ["expert_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_legal_mentions_expert", table_name="legal_mentions")
    op.drop_table("legal_mentions")
    op.execute("DELETE FROM mailed_links WHERE purpose = 'invite_client'")
    say_purposes(PURPOSES)
