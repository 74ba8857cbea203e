"""Where a query lies in the encoder's space: as a whole, without its places, and among the trade's concepts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from indexer.embeddings import Concepts
from indexer.encoders import Encoder
from indexer.engines.interface import Vector
from search_api.understanding import Understanding
from taxonomy import dictionaries

NAMED_SHARE = 0.7
"""How far a short query's vector moves towards the concepts that it names: an acronym alone says little."""
SHORT_WORDS = 3


@dataclass(frozen=True, slots=True)
class Meaning:
    """A query's vectors, centred for its language; None where there is no encoder or nothing was typed."""

    vector: Vector | None = None
    topic: Vector | None = None
    """Without the places that the query names: what skills are compared with."""
    related: Mapping[str, float] = field(default_factory=dict[str, float])
    """Skills and sectors, as terms, whose meaning is near the topic, with how near."""


def place(understood: Understanding, encoder: Encoder | None, concepts: Concepts | None) -> Meaning:
    """Place an understood query."""
    if not understood.text or encoder is None or concepts is None:
        return Meaning()
    language = dictionaries.language_of(understood.text)
    share = NAMED_SHARE * min(1.0, SHORT_WORDS / max(understood.telling_words, 1))

    def vector_of(text: str) -> Vector:
        typed = concepts.centre.query_unit(encoder.encode_query(text), language)
        return concepts.towards(typed, understood.named, share)

    vector = vector_of(understood.text)
    topic = vector if understood.topic == understood.text else vector_of(understood.topic)
    return Meaning(vector, topic, concepts.near(topic))
