"""Links by which a company's accounting sees one payment request and pays it by transfer, without an account.

The token is made of the row's id and the installation's key: who pays can be shown the link at any time, and a copy of
the database gives none. A link opens nothing once all is paid, when it was taken back, or after its time.
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.identities import new_id
from accounts.sign_ins import SignedIn, hashed
from billing import escrows
from billing.lifecycle import EscrowState
from billing.models.escrows import Escrow
from billing.models.payment_links import PaymentLink
from foundation import audits
from foundation.errors import Conflict, NotFound

LASTS = timedelta(days=30)


class LinkEnded(NotFound):
    """A link opens nothing any more, or never did; nobody is told which."""


def token_of(link_id: str, key: bytes) -> str:
    """Return the 256 bits that open a payment request."""
    signature = hmac.new(key, f"payment link {link_id}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(signature).decode().rstrip("=")


def make(session: Session, who: SignedIn, reference: str, *, key: bytes, at: datetime) -> str:
    """Return the token of a link to what a client is to pay; one that is open already lasts anew.

    Raises Conflict where nothing is to be paid.
    """
    escrow = escrows.take(session, escrows.for_payer(session, who, reference).id)
    if escrow.state != EscrowState.AWAITING:
        raise Conflict("nothing is to be paid now")
    link = current(session, escrow, at=at)
    if link is None:
        link_id = new_id()
        link = PaymentLink(
            id=link_id,
            escrow_id=escrow.id,
            token_hash=hashed(token_of(link_id, key)),
            made_by=who.account_id,
            made_at=at,
            ends_at=at + LASTS,
        )
    link.ends_at = at + LASTS
    session.add(link)
    session.flush()
    audits.record(session, who.actor, "payment_link_made", escrows.KIND, escrow.id, at=at)
    return token_of(link.id, key)


def end(session: Session, who: SignedIn, reference: str, *, at: datetime) -> None:
    """Have the links to what a client is to pay open nothing any more."""
    escrow = escrows.take(session, escrows.for_payer(session, who, reference).id)
    ended = (
        update(PaymentLink)
        .where(col(PaymentLink.escrow_id) == escrow.id, col(PaymentLink.ended_at).is_(None))
        .values(ended_at=at)
        .returning(col(PaymentLink.id))
    )
    if session.execute(ended).all():
        audits.record(session, who.actor, "payment_link_ended", escrows.KIND, escrow.id, at=at)


def current(session: Session, escrow: Escrow, *, at: datetime) -> PaymentLink | None:
    """Return the link to an escrow's payment request that is open, if there is one."""
    if escrow.state != EscrowState.AWAITING:
        return None
    statement = select(PaymentLink).where(
        col(PaymentLink.escrow_id) == escrow.id, col(PaymentLink.ended_at).is_(None), col(PaymentLink.ends_at) > at
    )
    return session.execute(statement.order_by(col(PaymentLink.made_at).desc()).limit(1)).scalar_one_or_none()


def find(session: Session, token: str, *, at: datetime) -> Escrow:
    """Return what a link is for; raise LinkEnded."""
    statement = (
        select(Escrow)
        .join(PaymentLink, col(PaymentLink.escrow_id) == col(Escrow.id))
        .where(
            col(PaymentLink.token_hash) == hashed(token),
            col(PaymentLink.ended_at).is_(None),
            col(PaymentLink.ends_at) > at,
            col(Escrow.state) == EscrowState.AWAITING.value,
        )
    )
    found = session.execute(statement).scalar_one_or_none()
    if found is None:
        raise LinkEnded("this link opens nothing")
    return found
