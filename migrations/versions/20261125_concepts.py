"""mean ratings of sectors, decisions about skills, imported concepts"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sector_ratings',
    sa.Column('sector', sa.String(), nullable=False),
    sa.Column('mean', sa.Float(), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('sector')
    )
    op.create_table('skill_decisions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('concept', sa.String(), nullable=True),
    sa.Column('fr', sa.String(), nullable=True),
    sa.Column('en', sa.String(), nullable=True),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('undone_by', sa.String(), nullable=True),
    sa.Column('undone_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(kind = 'ignored') = (concept IS NULL)", name='concept_is_said'),
    sa.CheckConstraint("kind IN ('named', 'merged', 'ignored')", name='kind_is_known'),
    sa.CheckConstraint('(undone_at IS NULL) = (undone_by IS NULL)', name='undoing_has_an_author'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_table('imported_sources',
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('release', sa.String(), nullable=False),
    sa.Column('digest', sa.String(), nullable=False),
    sa.Column('author', sa.String(), nullable=False),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('source')
    )
    op.create_table('imported_concepts',
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('uri', sa.String(), nullable=False),
    sa.Column('concept', sa.String(), nullable=False),
    sa.Column('labels', sa.JSON(), nullable=False),
    sa.Column('names', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('source', 'uri')
    )


def downgrade() -> None:
    op.drop_table('imported_concepts')
    op.drop_table('imported_sources')
    op.drop_table('skill_decisions')
    op.drop_table('sector_ratings')
