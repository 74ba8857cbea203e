"""What another legal status means for who is paid (mission row S26): told before it is saved, and done afterwards.

Providers can't make a person a company: another kind of owner is another user there, with papers of its own, and is
paid nothing before they are validated. Within a kind the user stays, and only papers about the business are asked for
anew, with the declaration of who owns it.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from accounts import legal_identities
from billing import declarations, identity_papers, owner_rules, owners, provider_parties
from billing import identity_paper_mails as mails
from billing.models.identity_papers import IdentityPaper
from billing.provider_states import PaperState
from billing.providers.interface import Provider
from foundation.database import Database


class Change(StrEnum):
    """What a status that differs from the one of today would ask for."""

    NOTHING = "nothing"
    PAPERS = "papers"
    """Papers about the business, and who owns it."""
    OWNER = "owner"
    """All of it: another kind of owner."""
    PORTAGE = "portage"
    """Nothing: from then on a portage company is paid."""


def foreseen(session: Session, provider: str, expert_id: str, status: str) -> Change:
    """Return what another legal status would ask an expert for, whom the provider knows already."""
    identity = legal_identities.of(session, expert_id)
    if (
        identity is None
        or not status
        or identity.status == status
        or provider_parties.latest_owner(session, provider, expert_id) is None
    ):
        return Change.NOTHING
    before, after = owner_rules.kind_of(identity.status), owner_rules.kind_of(status)
    if after is None:
        return Change.PORTAGE
    return Change.PAPERS if before is after else Change.OWNER


def follow_status(database: Database, provider: Provider, expert_ids: Sequence[str], at: datetime) -> None:
    """Ask experts whose legal status has changed for what depends on it. May be repeated."""
    for expert_id in expert_ids:
        database.write(lambda session, expert_id=expert_id: _follow(session, provider.name, expert_id, at))


def _follow(session: Session, provider: str, expert_id: str, at: datetime) -> None:
    found, identity = owners.standing(session, provider, expert_id), legal_identities.of(session, expert_id)
    is_known = provider_parties.latest_owner(session, provider, expert_id) is not None
    if identity is None or found.kind is None or not is_known:
        return
    is_asked = found.user is None or found.user.provider_id is None
    if found.user is not None:
        for kind, paper in identity_papers.latest(session, found.user.id).items():
            if owner_rules.depends_on_status(kind) and _is_before(paper, identity.changed_at):
                identity_papers.outdate(session, paper, at)
                is_asked = True
        is_asked |= declarations.outdate(session, found.user.id, identity.changed_at, at)
    if is_asked:
        key = f"{expert_id} {identity.changed_at.isoformat()}"
        mails.tell(session, expert_id, "identity_wanted_anew", key=key, at=at)


def _is_before(paper: IdentityPaper, changed_at: datetime) -> bool:
    return paper.state == PaperState.VALIDATED and paper.given_at < changed_at
