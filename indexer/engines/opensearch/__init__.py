"""The OpenSearch engine: one index a generation, aliases for the live one and the one being built.

Terms are made by our own analysis, for documents and queries alike, so that both engines match and score by the
same words; `docs/decisions/0009-opensearch-engine.md` tells why and how.
"""
