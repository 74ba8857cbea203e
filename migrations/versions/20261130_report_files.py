"""files that go with end reports"""

import sqlalchemy as sa
from alembic import op

revision = '0028'
down_revision = '0027'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('report_files',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('report_id', sa.String(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('file_id', sa.String(), nullable=False),
    sa.CheckConstraint('place >= 1', name='report_file_place_is_positive'),
    sa.ForeignKeyConstraint(['file_id'], ['stored_files.id']),
    sa.ForeignKeyConstraint(['report_id'], ['reports.id']),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ux_report_files_place', 'report_files', ['report_id', 'place'], unique=True)


def downgrade() -> None:
    op.drop_table('report_files')
