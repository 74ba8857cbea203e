"""judgments, evaluations"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('judged_queries',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('judgments',
    sa.Column('query_id', sa.String(), nullable=False),
    sa.Column('expert_ref', sa.String(), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('grade', sa.Integer(), nullable=False),
    sa.Column('judged_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('grade BETWEEN 0 AND 3', name='grade_is_0_to_3'),
    sa.CheckConstraint("source IN ('graded', 'traffic')", name='source_is_known'),
    sa.ForeignKeyConstraint(['query_id'], ['judged_queries.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('query_id', 'expert_ref', 'source', 'author')
    )
    op.create_table('evaluations',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('profile_id', sa.String(), nullable=False),
    sa.Column('basis', sa.String(), nullable=False),
    sa.Column('conditions', sa.JSON(), nullable=False),
    sa.Column('kinds', sa.JSON(), nullable=False),
    sa.Column('figures', sa.JSON(), nullable=False),
    sa.Column('folds', sa.JSON(), nullable=False),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("basis IN ('searched', 'held_out', 'in_sample')", name='basis_is_known'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_evaluations_profile', 'evaluations', ['profile_id'])


def downgrade() -> None:
    op.drop_table('evaluations')
    op.drop_table('judgments')
    op.drop_table('judged_queries')
