"""Facts about the index that other parts react to."""

VECTOR_MISSING = "expert.vector_missing"
"""The key is the id of an expert whose words are searchable and whose vector isn't yet."""

PURGE_DUE = "index.purge_due"
"""What was deleted is to leave the index's files, and vectors of unused texts the database; keys say when."""

REBUILD_REQUESTED = "index.rebuild_requested"
"""The key only tells requests apart."""
