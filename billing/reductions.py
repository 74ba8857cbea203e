"""What is let off the commission: for an expert's own clients, always; for a referral, once (mission rows S16, S17).

Where the two meet, the better one for the expert is taken; where they are worth the same, that of the pair, so that
the referral is still there for another mission. A reduction is kept for something sold when its quote is accepted,
used when that is paid, and given back when it is cancelled or refunded. What it is worth was promised when it was
earned, and stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from billing.models.reductions import Reduction, ReductionKind, ReductionUse
from foundation.database import insert
from foundation.errors import Conflict, NotFound
from foundation.settings import Settings


class Taken(Conflict):
    """A reduction that holds once is kept for something else by now."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A reduction as it would hold on the next thing that is sold."""

    id: str
    kind: ReductionKind
    client_id: str | None
    share_bp: int
    """Share of the commission that is let off; see `commissions.reduced_bp`."""


@dataclass(frozen=True, slots=True)
class Line:
    """A reduction in an expert's account, with what it was used for, in order."""

    reduction: Reduction
    uses: Sequence[ReductionUse]

    @property
    def is_open(self) -> bool:
        """Tell whether it may still hold on something."""
        return self.reduction.kind == ReductionKind.OWN_CLIENT or not self.uses


def grant_own_client(
    session: Session, expert_id: str, client_id: str, at: datetime, *, settings: Settings
) -> Reduction:
    """Let an expert have the reduction of a pair; where they have it already, that one stays as it is."""
    first_bp, later_bp = settings.own_client_first_reduction_bp, settings.own_client_reduction_bp
    return _grant(
        session,
        Reduction(
            expert_id=expert_id,
            kind=ReductionKind.OWN_CLIENT.value,
            client_id=client_id,
            share_bp=first_bp,
            later_share_bp=later_bp,
            earned_at=at,
        ),
        (col(Reduction.expert_id) == expert_id) & (col(Reduction.client_id) == client_id),
    )


def grant_referral(
    session: Session, sponsor_expert_id: str, referral_id: str, at: datetime, *, settings: Settings
) -> Reduction:
    """Let a sponsor have what a referral earns; each referral earns once, however often this is said."""
    share_bp = settings.referral_reduction_bp
    return _grant(
        session,
        Reduction(
            expert_id=sponsor_expert_id,
            kind=ReductionKind.REFERRAL.value,
            share_bp=share_bp,
            later_share_bp=share_bp,
            earned_by=referral_id,
            earned_at=at,
        ),
        col(Reduction.earned_by) == referral_id,
    )


def unused_of_pair(session: Session, expert_id: str, client_id: str) -> Reduction | None:
    """Return the reduction of a pair, as long as nothing was paid with it."""
    of_pair = (col(Reduction.expert_id) == expert_id, col(Reduction.client_id) == client_id)
    used = select(col(ReductionUse.reduction_id)).where(col(ReductionUse.used_at).is_not(None))
    return session.execute(select(Reduction).where(*of_pair, col(Reduction.id).not_in(used))).scalar_one_or_none()


def take_back(session: Session, expert_id: str, client_id: str) -> None:
    """Take back the reduction of a pair that was none, with what it is kept for; what was paid with it stays."""
    if found := unused_of_pair(session, expert_id, client_id):
        session.execute(delete(ReductionUse).where(col(ReductionUse.reduction_id) == found.id))
        session.delete(found)
        session.flush()


def choose(offered: Sequence[Offered]) -> Offered | None:
    """Return the best for the expert; of those worth the same, one that is not used up, then the one earned first."""
    order = {ReductionKind.OWN_CLIENT: 0, ReductionKind.REFERRAL: 1}
    worth = [one for one in offered if one.share_bp > 0]
    return min(worth, key=lambda one: (-one.share_bp, order[one.kind]), default=None)


def best(session: Session, expert_id: str, client_id: str | None) -> Offered | None:
    """Return the reduction that would hold on the next thing that an expert sells to a client; None where none does."""
    return choose([_offer(line) for line in of(session, expert_id) if _suits(line, client_id)])


def held(session: Session, reference: str) -> ReductionUse | None:
    """Return which reduction is kept, or used, for something."""
    return session.execute(select(ReductionUse).where(col(ReductionUse.reference) == reference)).scalar_one_or_none()


def reserve(session: Session, reduction_id: str, reference: str, at: datetime) -> ReductionUse:
    """Keep a reduction for something; doing so again changes nothing.

    Raises Taken where it holds once and is kept for something else, Conflict where another one is kept for the same.
    """
    reduction = session.get(Reduction, reduction_id, with_for_update=True)
    if reduction is None:
        raise NotFound(f"no reduction {reduction_id!r}")
    if known := held(session, reference):
        if known.reduction_id != reduction_id:
            raise Conflict("another reduction is kept for this already")
        return known
    taken = set(
        session.execute(select(col(ReductionUse.turn)).where(col(ReductionUse.reduction_id) == reduction_id)).scalars()
    )
    turn = next(turn for turn in range(1, len(taken) + 2) if turn not in taken)
    if turn > 1 and reduction.kind == ReductionKind.REFERRAL:
        raise Taken("this reduction holds once, and is kept for something else")
    use = ReductionUse(
        reduction_id=reduction_id,
        turn=turn,
        reference=reference,
        share_bp=_share_bp(reduction, turn),
        reserved_at=at,
    )
    session.add(use)
    session.flush()
    return use


def reserve_if_free(session: Session, reduction_id: str, reference: str, at: datetime) -> ReductionUse | None:
    """Keep a reduction for something that was reckoned with it; None where it went to something else meanwhile.

    Whoever accepts can't help that: what they accept holds, and `held` tells what the commission is reckoned with.
    """
    if known := held(session, reference):
        return known
    try:
        return reserve(session, reduction_id, reference, at)
    except (Taken, NotFound):
        return None


def reserve_best(
    session: Session, expert_id: str, client_id: str | None, reference: str, at: datetime
) -> ReductionUse | None:
    """Keep the best reduction for something that is accepted now; None where there is none.

    What is kept for it already stays. Whoever accepts two things at once gets a single-use one on one of them.
    """
    of_expert = select(col(Reduction.id)).where(col(Reduction.expert_id) == expert_id)
    session.execute(of_expert.order_by(col(Reduction.id)).with_for_update())
    if known := held(session, reference):
        return known
    found = best(session, expert_id, client_id)
    return None if found is None else reserve(session, found.id, reference, at)


def use(session: Session, reduction_id: str, reference: str, at: datetime) -> None:
    """Note that what a reduction is kept for was paid; may be repeated."""
    session.execute(
        update(ReductionUse)
        .where(
            col(ReductionUse.reduction_id) == reduction_id,
            col(ReductionUse.reference) == reference,
            col(ReductionUse.used_at).is_(None),
        )
        .values(used_at=at)
    )


def give_back(session: Session, reference: str, at: datetime) -> None:
    """Let the reduction that something has hold on something else: it was cancelled or refunded. May be repeated."""
    del at  # the pinned form of everything that moves a reduction
    session.execute(delete(ReductionUse).where(col(ReductionUse.reference) == reference))


def of(session: Session, expert_id: str) -> list[Line]:
    """Return an expert's reductions, in the order in which they were earned."""
    earned = select(Reduction).where(col(Reduction.expert_id) == expert_id)
    found = session.execute(earned.order_by(col(Reduction.earned_at), col(Reduction.id))).scalars().all()
    ids = [reduction.id for reduction in found]
    used = select(ReductionUse).where(col(ReductionUse.reduction_id).in_(ids)).order_by(col(ReductionUse.turn))
    uses = session.execute(used).scalars().all()
    return [Line(reduction, [use for use in uses if use.reduction_id == reduction.id]) for reduction in found]


def _grant(session: Session, reduction: Reduction, is_known: ColumnElement[bool]) -> Reduction:
    values = reduction.model_dump()
    session.execute(insert(session, Reduction).values(values).on_conflict_do_nothing())
    return session.execute(select(Reduction).where(is_known)).scalar_one()


def _suits(line: Line, client_id: str | None) -> bool:
    if line.reduction.kind == ReductionKind.REFERRAL:
        return not line.uses
    return client_id is not None and line.reduction.client_id == client_id


def _offer(line: Line) -> Offered:
    reduction = line.reduction
    is_first = 1 not in {use.turn for use in line.uses}
    share_bp = _share_bp(reduction, 1 if is_first else 2)
    return Offered(reduction.id, ReductionKind(reduction.kind), reduction.client_id, share_bp)


def _share_bp(reduction: Reduction, turn: int) -> int:
    return reduction.share_bp if turn == 1 else reduction.later_share_bp
