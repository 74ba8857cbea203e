"""Facts about the index that other parts react to."""

VECTOR_MISSING = "expert.vector_missing"
"""The key is the id of an expert whose words are searchable and whose vector isn't yet."""

REBUILD_REQUESTED = "index.rebuild_requested"
"""The key only tells requests apart."""
