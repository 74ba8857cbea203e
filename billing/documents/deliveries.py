"""The log of what became of documents: writing a line once, and reading how each way stands."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased
from sqlmodel import col

from accounts.models.identities import new_id
from billing.models.deliveries import DocumentDelivery, State, Way
from foundation import audits
from foundation.audits import Actor
from foundation.database import hold, insert
from foundation.errors import Conflict

CLIENT, EXPERT = "client", "expert"
SENT_WITHIN, MISSED_WITHIN = timedelta(days=2), timedelta(days=60)
"""What was queued for longer is told operators; what is older was told."""
LATE = "not sent within two days"
WRONG = frozenset(
    {
        State.FAILED,
        State.DISPUTED,
        State.SUSPENDED,
        State.REFUSED,
        State.REJECTED,
        State.CANCELLED,
        State.MISROUTED,
        State.INADMISSIBLE,
        State.DAMAGED,
        State.UNMADE,
    }
)
"""What an operator has to see to."""
_OURS = {State.QUEUED: 0, State.FAILED: 1, State.HANDED_OVER: 2, State.SENT: 2}
_THEIRS = 3
"""What a platform says comes after all that we noted, whatever its clock says; of its own, the latest counts."""


@dataclass(frozen=True, slots=True)
class Line:
    """What is to be noted."""

    document_id: str
    sending: str
    way: Way
    state: State
    party: str = ""
    code: str = ""
    detail: str = ""
    key: str = ""
    """What makes it one of its sending's; by default its state."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a document stands by one way, to one party."""

    document_id: str
    way: Way
    party: str
    state: State
    at: datetime
    code: str
    detail: str
    sending: str
    is_settled: bool
    """An operator has seen to it since."""

    @property
    def waits(self) -> bool:
        """Tell whether an operator has to see to it."""
        return self.state in WRONG and not self.is_settled


def note(session: Session, line: Line, *, at: datetime) -> bool:
    """Add a line; return False where it was noted already."""
    row = insert(session, DocumentDelivery).values(
        document_id=line.document_id,
        sending=line.sending,
        way=line.way.value,
        party=line.party,
        state=line.state.value,
        at=at,
        code=line.code,
        detail=line.detail[:500],
        key=f"{line.sending} {line.party} {line.key or line.state.value}",
    )
    added = row.on_conflict_do_nothing(index_elements=["key"]).returning(col(DocumentDelivery.id))
    return session.execute(added).first() is not None


def new_sending() -> str:
    """Return what the lines of a new sending share."""
    return new_id()


def log(session: Session, document_id: str) -> Sequence[DocumentDelivery]:
    """Return all lines of a document, in the order in which they were noted."""
    of_it = select(DocumentDelivery).where(col(DocumentDelivery.document_id) == document_id)
    return session.execute(of_it.order_by(col(DocumentDelivery.id))).scalars().all()


def standings(session: Session, document_ids: Collection[str]) -> Mapping[str, Sequence[Standing]]:
    """Return how each way of documents stands, mails first."""
    of_them = select(DocumentDelivery).where(col(DocumentDelivery.document_id).in_(document_ids))
    lines = session.execute(of_them.order_by(col(DocumentDelivery.id))).scalars().all()
    found: dict[str, list[Standing]] = {document_id: [] for document_id in document_ids}
    for one in judge(lines):
        found[one.document_id].append(one)
    return found


def waiting(session: Session) -> Sequence[Standing]:
    """Return what operators have to see to, the oldest first."""
    wrong = select(col(DocumentDelivery.document_id)).where(col(DocumentDelivery.state).in_(sorted(WRONG))).distinct()
    lines = select(DocumentDelivery).where(col(DocumentDelivery.document_id).in_(wrong))
    found = judge(session.execute(lines.order_by(col(DocumentDelivery.id))).scalars())
    return sorted((one for one in found if one.waits), key=lambda one: one.at)


def settle(session: Session, document_id: str, actor: Actor, *, at: datetime) -> None:
    """Note that an operator has seen to what went wrong with a document; raise Conflict where nothing waits."""
    hold(session, f"document sendings {document_id}")
    wrong = [one for one in standings(session, [document_id])[document_id] if one.waits]
    if not wrong:
        raise Conflict("nothing of this document waits")
    for one in wrong:
        line = Line(document_id, one.sending, one.way, State.SETTLED, one.party, key=f"settled {new_sending()}")
        note(session, line, at=at)
    audits.record(session, actor, "settled", "document", document_id, at=at)


def miss_late(session: Session, *, at: datetime) -> None:
    """Note that a sending failed which nothing came of for two days; one that goes well after all stands above it."""
    other = aliased(DocumentDelivery)
    same = (col(other.sending) == col(DocumentDelivery.sending), col(other.party) == col(DocumentDelivery.party))
    went_on = select(col(other.id)).where(*same, col(other.state) != State.QUEUED.value)
    queued = select(DocumentDelivery).where(
        col(DocumentDelivery.state) == State.QUEUED.value,
        col(DocumentDelivery.at).between(at - MISSED_WITHIN, at - SENT_WITHIN),
        ~went_on.exists(),
    )
    for line in session.execute(queued).scalars().all():
        late = Line(line.document_id, line.sending, Way(line.way), State.FAILED, line.party, detail=LATE, key="late")
        note(session, late, at=at)


def find_sending(session: Session, sending: str) -> DocumentDelivery | None:
    """Return the first line of a sending."""
    of_it = select(DocumentDelivery).where(col(DocumentDelivery.sending) == sending)
    return session.execute(of_it.order_by(col(DocumentDelivery.id)).limit(1)).scalar_one_or_none()


def judge(lines: Iterable[DocumentDelivery]) -> Sequence[Standing]:
    """Return how things stand by document, way and party, of lines in the order of their ids. Pure.

    Only the newest sending counts. A mail that reached one of several readers was sent.
    """
    groups: dict[tuple[str, str, str], list[DocumentDelivery]] = {}
    for line in lines:
        groups.setdefault((line.document_id, line.way, line.party), []).append(line)
    order = list(Way)
    return sorted((_standing(group) for group in groups.values()), key=lambda one: (order.index(one.way), one.party))


def _standing(lines: Sequence[DocumentDelivery]) -> Standing:
    newest = newest_sending(lines)
    of_it = [line for line in lines if line.sending == newest]
    said = [line for line in of_it if line.state != State.SETTLED]
    last = max(said, key=_order)
    return Standing(
        document_id=last.document_id,
        way=Way(last.way),
        party=last.party,
        state=State(last.state),
        at=last.at,
        code=last.code,
        detail=last.detail,
        sending=newest,
        is_settled=any(line.state == State.SETTLED and (line.id or 0) > (last.id or 0) for line in of_it),
    )


def newest_sending(lines: Sequence[DocumentDelivery]) -> str:
    """Return the sending that was begun last: lines of an older one may still come."""
    begun = dict[str, int]()
    for line in lines:
        begun.setdefault(line.sending, line.id or 0)
    return max(begun, key=lambda sending: begun[sending])


def _order(line: DocumentDelivery) -> tuple[int, datetime, int]:
    return _OURS.get(State(line.state), _THEIRS), line.at, line.id or 0
