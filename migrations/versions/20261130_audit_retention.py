"""the audit log lets go of what is older than five years, and of nothing else"""

from alembic import op

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER audit_entries_stay ON audit_entries')
        op.execute("""
            CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR TRUNCATE ON audit_entries
            FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_stay()
        """)
        op.execute("""
            CREATE TRIGGER audit_entries_last BEFORE DELETE ON audit_entries
            FOR EACH ROW WHEN (OLD.acted_at > now() - interval '5 years') EXECUTE FUNCTION audit_entries_stay()
        """)
        return
    op.execute('DROP TRIGGER audit_entries_no_delete')
    op.execute("""
        CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries
        WHEN OLD.acted_at > datetime('now', '-5 years')
        BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END
    """)


def downgrade() -> None:
    if op.get_bind().dialect.name == 'postgresql':
        op.execute('DROP TRIGGER audit_entries_last ON audit_entries')
        op.execute('DROP TRIGGER audit_entries_stay ON audit_entries')
        op.execute("""
            CREATE TRIGGER audit_entries_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
            FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_stay()
        """)
        return
    op.execute('DROP TRIGGER audit_entries_no_delete')
    op.execute("""
        CREATE TRIGGER audit_entries_no_delete BEFORE DELETE ON audit_entries
        BEGIN SELECT RAISE(ABORT, 'the audit log is only added to'); END
    """)
