"""What `indexer` holds of people outside of the index, for exports and erasure."""

from collections.abc import Iterable

from sqlalchemy.orm import Session

from accounts import experts
from foundation.personal_data import Erasure, Holding
from indexer import documents
from indexer.models import Embedding

TEXT = "text"
"""The kind of key that means somebody by their profile's text."""
HOLDINGS = (
    Holding(Embedding, "text_hash", TEXT, Erasure.DELETED, why="numbers for the profile's text, which is there"),
)


def texts_of(session: Session, expert_ids: Iterable[str]) -> frozenset[str]:
    """Return the keys of what stands for profiles; `Index.purge` drops those of texts that they had before."""
    found = [profile.expert for profile in experts.load(session, list(expert_ids))]
    return frozenset(documents.hash_of(item.headline, item.skills, item.summary) for item in found)
