"""threads between clients and experts, their messages and files, drafts of messages, mails that came in"""

import sqlalchemy as sa
from alembic import op

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('message_drafts',
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=True),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('token_hash')
    )
    op.create_index('ix_message_drafts_account', 'message_drafts', ['account_id'], unique=False)
    op.create_index('ix_message_drafts_expert', 'message_drafts', ['expert_id'], unique=False)
    op.create_table('threads',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('client_id', sa.String(), nullable=False),
    sa.Column('expert_id', sa.String(), nullable=False),
    sa.Column('mission_id', sa.String(), nullable=True),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_position', sa.Integer(), nullable=False),
    sa.Column('last_side', sa.String(), nullable=True),
    sa.Column('client_archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expert_archived_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("last_side IS NULL OR last_side IN ('client', 'expert', 'operator', 'system')", name='last_side_is_known'),
    sa.CheckConstraint('last_position >= 0', name='positions_are_counted'),
    sa.ForeignKeyConstraint(['client_id'], ['clients.id'], ),
    sa.ForeignKeyConstraint(['mission_id'], ['missions.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_threads_client', 'threads', ['client_id', 'last_at'], unique=False)
    op.create_index('ix_threads_expert', 'threads', ['expert_id', 'last_at'], unique=False)
    op.create_index('ux_threads_mission', 'threads', ['mission_id'], unique=True)
    op.create_index('ux_threads_pair', 'threads', ['client_id', 'expert_id'], unique=True, sqlite_where=sa.text('mission_id IS NULL'), postgresql_where=sa.text('mission_id IS NULL'))
    op.create_table('messages',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('thread_id', sa.String(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('side', sa.String(), nullable=False),
    sa.Column('author_account_id', sa.String(), nullable=True),
    sa.Column('body', sa.String(), nullable=False),
    sa.Column('folded', sa.String(), nullable=False),
    sa.Column('line', sa.String(), nullable=True),
    sa.Column('line_values', sa.JSON(), nullable=True),
    sa.Column('left_out', sa.JSON(), nullable=False),
    sa.Column('via', sa.String(), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(side = 'system') = (author_account_id IS NULL)", name='people_are_authors'),
    sa.CheckConstraint("(side = 'system') = (line IS NOT NULL)", name='the_system_says_lines'),
    sa.CheckConstraint("side IN ('client', 'expert', 'operator', 'system')", name='side_is_known'),
    sa.CheckConstraint("via IN ('site', 'mail')", name='via_is_known'),
    sa.ForeignKeyConstraint(['author_account_id'], ['accounts.id'], ),
    sa.ForeignKeyConstraint(['thread_id'], ['threads.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_messages_author', 'messages', ['author_account_id'], unique=False)
    op.create_index('ux_messages_position', 'messages', ['thread_id', 'position'], unique=True)
    op.create_table('received_mails',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('thread_id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=False),
    sa.Column('sender', sa.String(), nullable=False),
    sa.Column('file_id', sa.String(), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(outcome = 'held') = (file_id IS NOT NULL)", name='held_ones_are_kept'),
    sa.CheckConstraint("outcome IN ('posted', 'automatic', 'bounced', 'held', 'discarded')", name='outcome_is_known'),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['file_id'], ['stored_files.id'], ),
    sa.ForeignKeyConstraint(['thread_id'], ['threads.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_received_mails_account', 'received_mails', ['account_id'], unique=False)
    op.create_index('ix_received_mails_received', 'received_mails', ['received_at'], unique=False)
    op.create_index('ix_received_mails_thread', 'received_mails', ['thread_id'], unique=False)
    op.create_index('ux_received_mails_key', 'received_mails', ['key'], unique=True)
    op.create_table('thread_marks',
    sa.Column('thread_id', sa.String(), nullable=False),
    sa.Column('account_id', sa.String(), nullable=False),
    sa.Column('read_position', sa.Integer(), nullable=False),
    sa.Column('read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('told_position', sa.Integer(), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reply_key', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['thread_id'], ['threads.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('thread_id', 'account_id')
    )
    op.create_index('ux_thread_marks_reply', 'thread_marks', ['reply_key'], unique=True)
    op.create_table('message_files',
    sa.Column('id', sa.String(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('size_bytes', sa.Integer(), nullable=False),
    sa.Column('file_id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['file_id'], ['stored_files.id'], ),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ux_message_files_place', 'message_files', ['message_id', 'place'], unique=True)
    op.add_column('accounts', sa.Column('mail_failed_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('accounts', sa.Column('mail_failure', sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_index('ux_message_files_place', table_name='message_files')
    op.drop_table('message_files')
    op.drop_index('ux_thread_marks_reply', table_name='thread_marks')
    op.drop_table('thread_marks')
    op.drop_index('ux_received_mails_key', table_name='received_mails')
    op.drop_index('ix_received_mails_thread', table_name='received_mails')
    op.drop_index('ix_received_mails_received', table_name='received_mails')
    op.drop_index('ix_received_mails_account', table_name='received_mails')
    op.drop_table('received_mails')
    op.drop_index('ux_messages_position', table_name='messages')
    op.drop_index('ix_messages_author', table_name='messages')
    op.drop_table('messages')
    op.drop_index('ux_threads_pair', table_name='threads', sqlite_where=sa.text('mission_id IS NULL'), postgresql_where=sa.text('mission_id IS NULL'))
    op.drop_index('ux_threads_mission', table_name='threads')
    op.drop_index('ix_threads_expert', table_name='threads')
    op.drop_index('ix_threads_client', table_name='threads')
    op.drop_table('threads')
    op.drop_index('ix_message_drafts_expert', table_name='message_drafts')
    op.drop_index('ix_message_drafts_account', table_name='message_drafts')
    op.drop_table('message_drafts')
    with op.batch_alter_table('accounts') as batch:
        batch.drop_column('mail_failure')
        batch.drop_column('mail_failed_at')
