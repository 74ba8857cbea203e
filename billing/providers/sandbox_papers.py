"""Papers of the simulated provider: looked at by an operator, or judged by the name of their first file.

`valid….pdf` is validated at once; `refused-unreadable….pdf`, `refused-expired….pdf`, `refused-name….pdf` and any other
`refused….pdf` are refused at once, each with its reason. Every other paper waits until `decide` is called; its pages
are kept until then, sealed, for whoever looks at them.
"""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.models.sandbox import SandboxPage, SandboxPaper, SandboxUser
from billing.provider_states import PaperKind, PaperState
from billing.providers.papers import Paper, PaperPage, PaperRequest
from billing.providers.resources import PAPER, USER, Declined
from billing.providers.sandbox_rows import find, make_in, tell
from foundation import clock, keys
from foundation.database import Database, insert
from foundation.errors import Conflict, NotFound

REASONS = {"unreadable": "document_unreadable", "expired": "document_expired", "name": "wrong_person"}
"""What may follow `refused-` in a file's name, with the reason."""
OTHER_REASON = "other"
PURPOSE = "papers of the sandbox"


class SandboxPapers:
    """Papers."""

    _database: Database
    _page_key: bytes

    def send_paper(self, request: PaperRequest) -> Paper:
        """Take a paper."""
        if not request.pages or not all(page.content for page in request.pages):
            raise Declined("no_pages")
        state, reason = judge(request.pages[0].name)
        fresh = SandboxPaper(
            key=request.key,
            user_id=request.user_id,
            kind=request.kind.value,
            state=state.value,
            reason=reason,
            pages=len(request.pages),
            made_at=clock.now(),
        )
        return self._database.write(lambda session: self._keep(session, fresh, request.pages))

    def _keep(self, session: Session, fresh: SandboxPaper, pages: Sequence[PaperPage]) -> Paper:
        found = make_in(session, fresh, PAPER)
        if self._page_key and found.state == PaperState.ASKED:
            for place, page in enumerate(pages, start=1):
                values = SandboxPage(paper_id=found.id, place=place, sealed=keys.seal(self._page_key, page.content))
                session.execute(insert(session, SandboxPage).values(**values.model_dump()).on_conflict_do_nothing())
        return _as_paper(found)

    def fetch_paper(self, provider_id: str) -> Paper | None:
        """Return a paper."""
        found = find(self._database, SandboxPaper, provider_id)
        return _as_paper(found) if found else None


def judge(name: str) -> tuple[PaperState, str | None]:
    """Return what becomes of a paper whose first file has a name. Pure."""
    name = name.lower()
    if name.startswith("valid"):
        return PaperState.VALIDATED, None
    if not name.startswith("refused"):
        return PaperState.ASKED, None
    reason = next((code for word, code in REASONS.items() if name.startswith(f"refused-{word}")), OTHER_REASON)
    return PaperState.REFUSED, reason


def waiting(session: Session, *, limit: int = 100) -> Sequence[SandboxPaper]:
    """Return the papers that an operator is to look at, in play, the oldest first."""
    statement = select(SandboxPaper).where(col(SandboxPaper.state) == PaperState.ASKED.value)
    return session.execute(statement.order_by(col(SandboxPaper.made_at)).limit(limit)).scalars().all()


def owner_key(session: Session, paper: SandboxPaper) -> str:
    """Return under which key of ours whoever sent a paper is known."""
    return session.get_one(SandboxUser, paper.user_id).key


def page(session: Session, paper_id: str, place: int, page_key: bytes) -> bytes:
    """Return a file of a paper that waits to be looked at; raise NotFound."""
    found = session.get(SandboxPage, (paper_id, place))
    content = keys.unseal(page_key, found.sealed) if found else None
    if content is None:
        raise NotFound("there is no such page")
    return content


def forget_of(session: Session, owner_keys: Sequence[str]) -> None:
    """Drop the papers of owners who are erased, as far as they wait."""
    waits = (
        col(SandboxPaper.state) == PaperState.ASKED.value,
        col(SandboxUser.key).in_(list(owner_keys)),
    )
    statement = select(SandboxPaper).join(SandboxUser, col(SandboxUser.id) == col(SandboxPaper.user_id)).where(*waits)
    for found in session.execute(statement).scalars().all():
        found.state, found.reason = PaperState.REFUSED.value, OTHER_REASON
        _drop_pages(session, found.id)


def decide(session: Session, paper_id: str, *, reason: str | None = None, explanation: str = "") -> None:
    """Validate a paper, or refuse it for a reason; raise Conflict where that was decided."""
    if session.get(SandboxPaper, paper_id) is None:
        raise NotFound("there is no such paper")
    found = session.get_one(SandboxPaper, paper_id, with_for_update=True, populate_existing=True)
    if found.state != PaperState.ASKED:
        raise Conflict("this paper was decided on")
    found.state = (PaperState.REFUSED if reason else PaperState.VALIDATED).value
    found.reason, found.explanation = reason, explanation
    session.flush()
    _drop_pages(session, found.id)
    tell(session, PAPER, found.id)
    tell(session, USER, found.user_id)


def _drop_pages(session: Session, paper_id: str) -> None:
    session.execute(delete(SandboxPage).where(col(SandboxPage.paper_id) == paper_id))


def _as_paper(found: SandboxPaper) -> Paper:
    state = PaperState(found.state)
    return Paper(found.id, found.key, PaperKind(found.kind), state, found.reason, found.explanation)
