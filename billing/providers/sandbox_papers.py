"""Papers of the simulated provider: looked at by an operator, or judged by the name of their first file.

`valid….pdf` is validated at once; `refused-unreadable….pdf`, `refused-expired….pdf`, `refused-name….pdf` and any other
`refused….pdf` are refused at once, each with its reason. Every other paper waits until `decide` is called.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.models.sandbox import SandboxPaper
from billing.provider_states import PaperKind, PaperState
from billing.providers.papers import Paper, PaperRequest
from billing.providers.resources import PAPER, USER, Declined
from billing.providers.sandbox_rows import find, make, tell
from foundation import clock
from foundation.database import Database
from foundation.errors import Conflict, NotFound

REASONS = {"unreadable": "document_unreadable", "expired": "document_expired", "name": "wrong_person"}
"""What may follow `refused-` in a file's name, with the reason."""
OTHER_REASON = "other"


class SandboxPapers:
    """Papers."""

    _database: Database

    def send_paper(self, request: PaperRequest) -> Paper:
        """Take a paper; its pages are counted and forgotten."""
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
        return _as_paper(make(self._database, fresh, PAPER))

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
    tell(session, PAPER, found.id)
    tell(session, USER, found.user_id)


def _as_paper(found: SandboxPaper) -> Paper:
    state = PaperState(found.state)
    return Paper(found.id, found.key, PaperKind(found.kind), state, found.reason, found.explanation)
