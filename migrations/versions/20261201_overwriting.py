"""what was signed and the audit log are not overwritten on SQLite either: INSERT OR REPLACE tells no trigger that it deletes"""

from alembic import op

revision = '0032'
down_revision = '0031'
branch_labels = None
depends_on = None

KEYS = {
    'quote_versions': ('quote_id', 'number'),
    'signatures': ('quote_id', 'version', 'side'),
    'nda_acceptances': ('sheet_id', 'expert_id'),
    'audit_entries': ('id',),
}
# An agreement may be given twice, and the first one stays, without a fault.
ANSWERS = {'nda_acceptances': 'RAISE(IGNORE)'}


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        return
    for table, key in KEYS.items():
        is_it = ' AND '.join(f'{column} = NEW.{column}' for column in key)
        answer = ANSWERS.get(table, f"RAISE(ABORT, '{table} are only added to')")
        op.execute(f"""
            CREATE TRIGGER {table}_are_new BEFORE INSERT ON {table}
            WHEN EXISTS (SELECT 1 FROM {table} WHERE {is_it})
            BEGIN SELECT {answer}; END
        """)


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        return
    for table in KEYS:
        op.execute(f'DROP TRIGGER {table}_are_new')
