"""Table of vectors: kept in the database, since they cost most to make and outlive every index."""

from sqlmodel import Field, SQLModel


class Embedding(SQLModel, table=True):
    """The vector of one text under one encoder, as little-endian half-precision floats."""

    __tablename__ = "embeddings"  # pyright: ignore[reportAssignmentType]

    encoder: str = Field(primary_key=True)
    text_hash: str = Field(primary_key=True)
    vector: bytes
