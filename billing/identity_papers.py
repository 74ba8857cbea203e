"""Papers by which experts prove to the payment provider who they are (mission row S26).

What is sent waits here sealed until the provider has it, and is gone then. What the provider says of a paper is
fetched, so that it can be applied however often and in which order it is told.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import experts
from accounts.sign_ins import SignedIn
from billing import identity_files, owner_rules, owners
from billing import identity_paper_mails as mails
from billing.events import PAPER_GIVEN
from billing.identity_paper_texts import NEVER_ARRIVED, NOT_TAKEN, name_of, reason_of
from billing.models.identity_papers import OPEN, IdentityPage, IdentityPaper
from billing.models.provider_parties import ProviderUser
from billing.owners import Stage
from billing.provider_states import OwnerKind, PaperKind, PaperState, UserState
from billing.providers import sandbox, sandbox_papers
from billing.providers.interface import Declined, Paper, PaperPage, PaperRequest, Provider
from foundation import audits, outbox
from foundation.database import Database
from foundation.errors import Conflict, Unreachable

KEPT_FOR = timedelta(days=7)
"""How long pages wait for a provider that does not answer."""
_ORDER = {
    PaperState.CREATED: 0,
    PaperState.ASKED: 1,
    PaperState.VALIDATED: 2,
    PaperState.REFUSED: 2,
    PaperState.OUTDATED: 3,
}

log = structlog.get_logger(__name__)


def follows(state: PaperState, said: PaperState) -> bool:
    """Tell whether a paper goes on from a state to what was said of it; what was true before changes nothing. Pure."""
    return _ORDER[said] > _ORDER[state]


def latest(session: Session, user_id: str) -> dict[PaperKind, IdentityPaper]:
    """Return the papers of an owner that count: the latest of each kind."""
    statement = select(IdentityPaper).where(col(IdentityPaper.user_id) == user_id)
    rows = session.execute(statement.order_by(col(IdentityPaper.given_at), col(IdentityPaper.id))).scalars()
    return {PaperKind(paper.kind): paper for paper in rows}


def are_validated(session: Session, owner: ProviderUser) -> bool:
    """Tell whether all papers that an owner needs are valid, as far as we were told."""
    found = latest(session, owner.id)
    needed = owner_rules.needed(OwnerKind(owner.role))
    return all(kind in found and found[kind].state == PaperState.VALIDATED for kind in needed)


def put(
    session: Session,
    who: SignedIn,
    provider: str,
    kind: PaperKind,
    pages: Sequence[PaperPage],
    key: bytes,
    *,
    at: datetime,
) -> IdentityPaper:
    """Seal a paper, checked (`identity_files.check`), and have it sent.

    Raises Conflict where the provider does not know the expert yet, or has one of the kind that is valid or waits.
    """
    expert_id = str(who.expert_id)
    experts.take(session, expert_id)
    found = owners.standing(session, provider, expert_id)
    if found.user is None or found.stage not in {Stage.CONFIRMING, Stage.PROVING, Stage.VERIFIED}:
        raise Conflict("the provider does not know this expert")
    before = latest(session, found.user.id).get(kind)
    if before is not None and before.state in {*OPEN, PaperState.VALIDATED}:
        raise Conflict("there is such a paper already")
    paper = IdentityPaper(
        expert_id=expert_id, user_id=found.user.id, kind=kind.value, pages=len(pages), given_at=at, changed_at=at
    )
    session.add(paper)
    session.flush()
    for place, page in enumerate(pages, start=1):
        sealed = identity_files.seal(key, page)
        session.add(IdentityPage(paper_id=paper.id, place=place, sealed=sealed, given_at=at))
    outbox.record(session, PAPER_GIVEN, [paper.id])
    audits.record(session, who.actor, "sent_identity_paper", "expert", expert_id, at=at, kind=kind.value)
    return paper


def send(database: Database, provider: Provider, key: bytes, paper_ids: Sequence[str], at: datetime) -> None:
    """Send papers to the provider; then their pages are gone. May be repeated; raises Unreachable."""
    for paper_id in paper_ids:
        with database.reading() as session:
            request = _request(session, provider.name, paper_id, key)
        if request is None:
            continue
        if not request.pages:
            database.write(lambda session, paper_id=paper_id: _give_up(session, paper_id, NEVER_ARRIVED, at))
            continue
        try:
            said = provider.send_paper(request)
        except Declined as error:
            log.warning("a provider does not take a paper", provider=provider.name, code=str(error))
            database.write(lambda session, paper_id=paper_id: _give_up(session, paper_id, NOT_TAKEN, at))
            continue
        hear(database, provider, said, at)
        if said.state is PaperState.CREATED:
            raise Unreachable("the provider does not look at the paper yet")


def hear_of(database: Database, provider: Provider, provider_id: str, at: datetime) -> None:
    """Ask a provider how a paper stands, and apply it; one that is not ours changes nothing."""
    said = provider.fetch_paper(provider_id)
    if said is None:
        log.warning("a paper that its provider does not have", provider=provider.name, provider_id=provider_id)
    else:
        hear(database, provider, said, at)


def hear(database: Database, provider: Provider, said: Paper, at: datetime) -> None:
    """Apply what a provider says of a paper, and what follows for the expert. May be repeated."""
    expert_id = database.write(lambda session: take_in(session, provider.name, said, at=at))
    if expert_id and said.state in {PaperState.VALIDATED, PaperState.OUTDATED}:
        owners.look_up(database, provider, expert_id, at)


def take_in(session: Session, provider: str, said: Paper, *, at: datetime) -> str | None:
    """Apply what a provider says of a paper, and mail what the expert has to know; return whose it is."""
    paper = _take(session, provider, said)
    if paper is None:
        return None
    paper.provider_id = said.provider_id
    state = PaperState(paper.state)
    if said.state is not PaperState.CREATED:
        session.execute(delete(IdentityPage).where(col(IdentityPage.paper_id) == paper.id))
    if follows(state, said.state):
        _set(session, paper, said.state, said.reason, said.explanation, at)
    session.flush()
    return paper.expert_id


def outdate(session: Session, paper: IdentityPaper, at: datetime) -> None:
    """Ask for a paper anew that was valid under another legal status; whoever calls tells the expert of all at once."""
    paper.state, paper.changed_at = PaperState.OUTDATED.value, at
    kind = paper.kind
    audits.record(session, audits.SYSTEM, "identity_paper_outdated", "expert", paper.expert_id, at=at, kind=kind)


def look_after(database: Database, provider: Provider, at: datetime) -> None:
    """Ask what became of papers and of experts who were to confirm something: what is told may get lost."""
    is_ours = (col(ProviderUser.provider) == provider.name, col(ProviderUser.provider_id).is_not(None))
    asked = (
        select(col(IdentityPaper.provider_id))
        .join(ProviderUser, col(ProviderUser.id) == col(IdentityPaper.user_id))
        .where(*is_ours, col(IdentityPaper.state) == PaperState.ASKED.value)
    )
    pending = select(col(ProviderUser.party_id)).where(*is_ours, col(ProviderUser.state) == UserState.PENDING.value)
    with database.reading() as session:
        paper_ids = session.execute(asked.order_by(col(IdentityPaper.given_at))).scalars().all()
        expert_ids = session.execute(pending.order_by(col(ProviderUser.made_at))).scalars().all()
    for paper_id in paper_ids:
        hear_of(database, provider, str(paper_id), at)
    for expert_id in expert_ids:
        owners.look_up(database, provider, expert_id, at)


def forget(session: Session, expert_ids: Sequence[str]) -> None:
    """Drop what the simulated provider still keeps of experts who are erased; a real one has its own duties."""
    keys = select(col(ProviderUser.id)).where(
        col(ProviderUser.provider) == sandbox.NAME, col(ProviderUser.party_id).in_(list(expert_ids))
    )
    sandbox_papers.forget_of(session, session.execute(keys).scalars().all())


def sweep(session: Session, at: datetime) -> None:
    """Give up papers whose pages have waited for too long, and ask for them anew."""
    late = select(col(IdentityPage.paper_id)).where(col(IdentityPage.given_at) < at - KEPT_FOR).distinct()
    for paper_id in session.execute(late).scalars().all():
        _give_up(session, paper_id, NEVER_ARRIVED, at)


def _request(session: Session, provider: str, paper_id: str, key: bytes) -> PaperRequest | None:
    paper = session.get(IdentityPaper, paper_id)
    if paper is None or paper.state != PaperState.CREATED:
        return None
    user = session.get_one(ProviderUser, paper.user_id)
    if user.provider != provider or user.provider_id is None:
        return None
    statement = select(IdentityPage).where(col(IdentityPage.paper_id) == paper_id).order_by(col(IdentityPage.place))
    opened = [identity_files.unseal(key, page.sealed) for page in session.execute(statement).scalars()]
    pages = tuple(page for page in opened if page is not None)
    is_whole = len(pages) == paper.pages
    return PaperRequest(paper.id, user.provider_id, PaperKind(paper.kind), pages if is_whole else ())


def _take(session: Session, provider: str, said: Paper) -> IdentityPaper | None:
    is_it = (
        col(IdentityPaper.id) == said.key if said.key else col(IdentityPaper.provider_id) == said.provider_id,
        col(ProviderUser.provider) == provider,
    )
    statement = select(IdentityPaper).join(ProviderUser, col(ProviderUser.id) == col(IdentityPaper.user_id))
    return session.execute(statement.where(*is_it).with_for_update(of=IdentityPaper)).scalars().first()


def _give_up(session: Session, paper_id: str, reason: str, at: datetime) -> None:
    paper = session.get(IdentityPaper, paper_id, with_for_update=True, populate_existing=True)
    session.execute(delete(IdentityPage).where(col(IdentityPage.paper_id) == paper_id))
    if paper is not None and paper.state == PaperState.CREATED:
        _set(session, paper, PaperState.REFUSED, reason, "", at)


def _set(
    session: Session, paper: IdentityPaper, state: PaperState, reason: str | None, explanation: str, at: datetime
) -> None:
    paper.state, paper.reason, paper.explanation, paper.changed_at = state.value, reason, explanation, at
    session.flush()
    audits.record(
        session, audits.SYSTEM, "identity_paper_" + state.value, "expert", paper.expert_id, at=at, kind=paper.kind
    )
    language = mails.language_of(session, paper.expert_id)
    name = name_of(paper.kind, language)
    if state is PaperState.REFUSED:
        note = reason_of(reason, explanation, language)
        mails.tell(session, paper.expert_id, "identity_paper_refused", key=paper.id, at=at, title=name, note=note)
    elif state is PaperState.OUTDATED:
        mails.tell(session, paper.expert_id, "identity_paper_outdated", key=paper.id, at=at, title=name)
