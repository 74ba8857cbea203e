"""Which engine an installation is on: the only place that knows them all."""

from foundation.settings import Settings
from indexer.encoders import Encoder
from indexer.engines.embedded.generations import EmbeddedGenerations
from indexer.engines.generations import Generations
from indexer.engines.opensearch.generations import OpenSearchGenerations
from indexer.engines.opensearch.nodes import Node


def generations_of(settings: Settings, encoder: Encoder | None) -> Generations:
    """Return the generations of an installation, on the engine that its settings name."""
    if not settings.opensearch_url:
        return EmbeddedGenerations(settings.data_dir.resolve() / "index")
    return OpenSearchGenerations(
        Node(settings.opensearch_address, ca_file=settings.opensearch_ca_file),
        settings.opensearch_prefix,
        encoder.name if encoder else None,
        refresh_ms=settings.opensearch_refresh_ms,
        replicas=settings.opensearch_replicas,
    )
