"""Mission sheets to begin with: those that come with Portulan, in both languages (`data/sheets/templates.toml`)."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from booking.sheet_contents import Content
from foundation.errors import NotFound
from foundation.i18n import Language
from foundation.settings import ROOT

FILE = ROOT / "data" / "sheets" / "templates.toml"


@dataclass(frozen=True, slots=True)
class SheetTemplate:
    """A sheet to begin with, in one language."""

    key: str
    label: str
    content: Content


def listed(language: Language) -> Sequence[SheetTemplate]:
    """Return all templates."""
    return [_template(kept, language) for kept in _read()]


def get(key: str, language: Language) -> Content:
    """Return what a template says; raise NotFound."""
    for template in listed(language):
        if template.key == key:
            return template.content
    raise NotFound("there is no such template")


def copied(content: Content) -> Content:
    """Return an earlier sheet as the beginning of a new one: its dates are its own."""
    return content.model_copy(update={"starts_on": None, "ends_on": None, "answer_by": None})


@lru_cache(maxsize=1)
def _read() -> Sequence[Mapping[str, Any]]:
    return tomllib.loads(FILE.read_text("utf-8"))["template"]


def _template(kept: Mapping[str, Any], language: Language) -> SheetTemplate:
    said = {name: value.strip() if isinstance(value, str) else value for name, value in kept[language].items()}
    return SheetTemplate(kept["key"], said["label"], Content.model_validate({**kept, **said}))
