"""who sent a notice is dropped in the end, and the notice says when"""

import sqlalchemy as sa
from alembic import op

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None

NAMED = "notifier_email IS NOT NULL OR account_id IS NOT NULL OR ground = 'child_abuse'"
CHECKS = {
    'kind_is_known': "kind IN ('notice', 'objection')",
    'ground_is_known': "ground IN ('false_review', 'defamation', 'hatred', 'fraud', 'copyright', 'personal_data', 'child_abuse', 'other')",
    'decision_is_known': "decision IS NULL OR decision IN ('no_action', 'comment_hidden', 'review_hidden', 'profile_hidden', 'suspended')",
    'language_is_ours': "language IN ('fr', 'en')",
    'decisions_have_a_time': '(decision IS NULL) = (decided_at IS NULL)',
    'decisions_have_a_reason': '(decision IS NULL) = (decision_reason IS NULL)',
    'objections_are_to_reviews': "review_id IS NOT NULL OR kind = 'notice'",
}


def say_who_may_be_nameless(condition: str) -> None:
    """Have the database ask this of notices that name nobody."""
    if op.get_bind().dialect.name == 'postgresql':
        op.drop_constraint('who_may_be_nameless', 'notices', type_='check')
        op.create_check_constraint('who_may_be_nameless', 'notices', condition)
        return
    # SQLite's table is made anew: its checks are not taken over, and dropping the old one drops what points to it.
    op.execute('CREATE TEMPORARY TABLE kept_hidden_reviews AS SELECT * FROM hidden_reviews')
    with op.batch_alter_table('notices', recreate='always') as batch:
        for name, check in CHECKS.items():
            batch.create_check_constraint(name, check)
        batch.create_check_constraint('who_may_be_nameless', condition)
    op.execute('INSERT INTO hidden_reviews SELECT * FROM kept_hidden_reviews')
    op.execute('DROP TABLE kept_hidden_reviews')


def upgrade() -> None:
    op.add_column('notices', sa.Column('sender_dropped_at', sa.DateTime(timezone=True), nullable=True))
    # An empty address has stood for one that was dropped.
    op.execute("UPDATE notices SET sender_dropped_at = decided_at WHERE notifier_email = ''")
    say_who_may_be_nameless(f'{NAMED} OR sender_dropped_at IS NOT NULL')
    op.execute("UPDATE notices SET notifier_email = NULL WHERE notifier_email = ''")


def downgrade() -> None:
    op.execute("UPDATE notices SET notifier_email = '' WHERE sender_dropped_at IS NOT NULL")
    say_who_may_be_nameless(NAMED)
    op.drop_column('notices', 'sender_dropped_at')
