"""papers of experts, and their statements to have other clients"""

import sqlalchemy as sa
from alembic import op

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "work_papers",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("expert_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("replaces_policy", sa.Boolean(), nullable=False),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ends_on IS NOT NULL OR kind <> 'rc_pro'", name="certificates_end"),
        sa.CheckConstraint("kind = 'rc_pro' OR NOT replaces_policy", name="certificates_replace_policies"),
        sa.CheckConstraint(
            "kind IN ('rc_pro', 'vigilance', 'registration', 'foreign_workers', "
            "'identity_abroad', 'social_abroad', 'registration_abroad')",
            name="paper_kind_is_known",
        ),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= issued_on", name="paper_ends_after_its_beginning"),
        sa.ForeignKeyConstraint(["expert_id"], ["experts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["file_id"],
            ["stored_files.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_work_papers_kind", "work_papers", ["expert_id", "kind"], unique=True)
    op.create_table(
        "other_clients",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("expert_id", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("attested_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_other_clients_expert", "other_clients", ["expert_id", "attested_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_other_clients_expert", table_name="other_clients")
    op.drop_table("other_clients")
    op.drop_index("ux_work_papers_kind", table_name="work_papers")
    op.drop_table("work_papers")
