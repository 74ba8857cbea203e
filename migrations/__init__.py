"""One database, one history (Alembic)."""
