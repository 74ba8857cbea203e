"""Skills on profiles that no concept knows: they wait for an operator to name them, or to merge them into one."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.experts import Expert
from taxonomy.wordlists import Wordlists

READ_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class FreeSkill:
    """A skill as most profiles write it, and how many list it; `key` is what identifies it."""

    key: str
    name: str
    experts: int


def waiting(session: Session, wordlists: Wordlists) -> list[FreeSkill]:
    """Return all free skills, most listed first; what was decided about them is not looked at."""
    spellings: defaultdict[str, Counter[str]] = defaultdict(Counter)
    rows = session.execute(select(col(Expert.skills)).execution_options(yield_per=READ_CHUNK)).scalars()
    for labels in rows:
        named = {wordlists.skill_key(label): label for label in labels}
        for key, label in named.items():
            if key.startswith("~"):
                spellings[key][label] += 1
    found = [FreeSkill(key, min(_best(written)), written.total()) for key, written in spellings.items()]
    return sorted(found, key=lambda skill: (-skill.experts, skill.key))


def spellings(session: Session, keys: Collection[str], wordlists: Wordlists) -> dict[str, str]:
    """Return how most profiles write each of some free skills, by key; quick for any number of profiles."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    each = func.json_array_elements_text if is_postgresql else func.json_each
    labels = each(col(Expert.skills)).table_valued("value")
    labels = labels.render_derived() if is_postgresql else labels
    statement = select(labels.c.value, func.count()).select_from(Expert).join(labels, true()).group_by(labels.c.value)
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for label, count in session.execute(statement):
        if (key := wordlists.skill_key(label)) in keys:
            found[key][label] += count
    return {key: min(_best(written)) for key, written in found.items()}


def _best(written: Counter[str]) -> list[str]:
    most = max(written.values())
    return [label for label, count in written.items() if count == most]
