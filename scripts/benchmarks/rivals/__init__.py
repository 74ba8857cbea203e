"""What a user would take instead: the bare engine, and the database's own full-text search, on the same documents."""
