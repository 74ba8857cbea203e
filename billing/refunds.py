"""Refunds: the client asks, the expert agrees or does not, and until then the money stays where it is (row S25).

Nothing but the expert's consent sends back what was held for the expert. While the expert is silent or refuses, the
case stays in the operators' queue; who is silent is reminded.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts
from accounts.models.accounts import Account
from accounts.sign_ins import SignedIn
from billing import escrows, refund_parts
from billing.lifecycle import REFUNDS, Party, RefundEvent, RefundState
from billing.models.escrows import Escrow, Refund, RefundReason
from foundation import audits, i18n, lifecycles, mails
from foundation.audits import SYSTEM, Actor
from foundation.database import Database
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate
from foundation.mails import Mail

KIND = REFUNDS.kind
LONGEST_EXPLANATION = 2_000
REMINDED_AFTER = (timedelta(days=3), timedelta(days=7), timedelta(days=14))
"""How long an expert who is silent is left alone: before the first reminder, before the second, before each other."""
IN_QUESTION = (RefundState.ASKED, RefundState.REFUSED)
WAITING = (*IN_QUESTION, RefundState.AGREED, RefundState.FAILED)


def check_ask(escrow: Escrow, form: dict[str, str], language: Language) -> tuple[int, str]:
    """Return how many cents are asked for, and why; raise Invalid with every fault."""
    faults: list[Fault] = []

    def refuse(field: str, code: str, reason: str, **values: object) -> None:
        faults.append(Fault(field, code, translate(language, reason, **values)))

    cents = read_cents(form.get("amount", ""))
    most = min(escrow.amounts.held, escrow.amounts.due)
    if cents is None or not 0 < cents <= most:
        refuse("amount", "bad_amount", message("An amount up to what is held is expected, such as 1200.50."))
    explanation = " ".join(form.get("explanation", "").split())
    if not 0 < len(explanation) <= LONGEST_EXPLANATION:
        reason = message("Please say why, in at most %(most)d characters: the expert reads it.")
        refuse("explanation", "bad_explanation", reason, most=LONGEST_EXPLANATION)
    if faults or cents is None:
        raise Invalid(faults)
    return cents, explanation


def ask(session: Session, who: SignedIn, reference: str, cents: int, explanation: str, *, at: datetime) -> Refund:
    """Ask for money back in the client's name; nothing is released meanwhile, and the expert is asked by mail.

    Raises Refused where nothing is held, or another refund is in question; Conflict for more than is held.
    """
    escrow = escrows.take(session, escrows.of(session, reference).id)
    escrows.dispute(session, escrow, who.actor, at, explanation)
    if not 0 < cents <= min(escrow.amounts.held, escrow.amounts.due):
        raise Conflict("more than is held can't go back")
    refund = Refund(
        escrow_id=escrow.id,
        reason=RefundReason.ASKED.value,
        cents=cents,
        currency=escrow.currency,
        explanation=explanation,
        asked_by=who.account_id,
        asked_at=at,
    )
    session.add(refund)
    session.flush()
    _mail_expert(session, refund, escrow, at)
    return refund


def consent(
    session: Session, who: SignedIn, refund_id: str, address: str, *, at: datetime, cents: int | None = None
) -> Refund:
    """Record the expert's consent, and send the money back; raise Refused where it was withdrawn meanwhile.

    `cents`, where given, is less than was asked for: the consent is to that part.
    """
    for_expert(session, who, refund_id)
    refund, escrow = _take(session, refund_id)
    if cents is not None and not 0 < cents <= refund.cents:
        raise ValueError("nobody asked for that much")
    # A bank may have taken back some of what was held when it was asked for.
    agreed = min(refund.cents if cents is None else cents, escrow.amounts.held)
    if agreed <= 0:
        raise Conflict("nothing is held any more: the payer's bank took it back")
    values: dict[str, Any] = {
        "cents": agreed,
        "consented_by": who.account_id,
        "consented_at": at,
        "consented_from": address,
    }
    lifecycles.move(session, REFUNDS, refund, RefundEvent.CONSENT, Party.EXPERT, actor=who.actor, at=at, **values)
    escrows.settle(session, escrow, Party.EXPERT, who.actor, at, less_cents=refund.cents)
    refund_parts.divide(session, refund, escrow, at)
    _mail_asker(session, refund, escrow, at)
    return refund


def refuse(session: Session, who: SignedIn, refund_id: str, answer: str, *, at: datetime) -> Refund:
    """Record that the expert does not agree: the money stays held, and the operators' queue keeps the case."""
    for_expert(session, who, refund_id)
    refund, escrow = _take(session, refund_id)
    answer = " ".join(answer.split())[:LONGEST_EXPLANATION]
    lifecycles.move(session, REFUNDS, refund, RefundEvent.REFUSE, Party.EXPERT, actor=who.actor, at=at, answer=answer)
    _mail_asker(session, refund, escrow, at)
    return refund


def withdraw(session: Session, who: SignedIn, refund_id: str, *, at: datetime) -> Refund:
    """Take a request back in the client's name: what is held may be released again."""
    refund, escrow = _take(session, refund_id)
    if escrow.payer_client_id != who.client_id:
        raise NotFound("there is no such refund")
    lifecycles.move(session, REFUNDS, refund, RefundEvent.WITHDRAW, Party.CLIENT, actor=who.actor, at=at)
    escrows.settle(session, escrow, Party.CLIENT, who.actor, at)
    return refund


def for_expert(session: Session, who: SignedIn, refund_id: str) -> tuple[Refund, Escrow]:
    """Return a refund that a client asks of an expert, with its escrow; raise NotFound for anybody else."""
    refund, escrow = _find(session, refund_id)
    if who.expert_id is None or escrow.payee_expert_id != who.expert_id or refund.reason != RefundReason.ASKED:
        raise NotFound("there is no such refund")
    return refund, escrow


def of(session: Session, escrow: Escrow) -> Sequence[Refund]:
    """Return an escrow's refunds, the latest first."""
    statement = select(Refund).where(col(Refund.escrow_id) == escrow.id)
    return session.execute(statement.order_by(col(Refund.asked_at).desc(), col(Refund.id))).scalars().all()


def queue(session: Session, *, limit: int = 100) -> Sequence[tuple[Refund, Escrow | None]]:
    """Return the refunds that are not over, the oldest first: the operators' queue."""
    statement = (
        select(Refund, Escrow)
        .outerjoin(Escrow, col(Escrow.id) == col(Refund.escrow_id))
        .where(col(Refund.state).in_([state.value for state in WAITING]))
        .order_by(col(Refund.asked_at), col(Refund.id))
        .limit(limit)
    )
    return [(refund, escrow) for refund, escrow in session.execute(statement)]


def remind(session: Session, refund_id: str, *, at: datetime, actor: Actor = SYSTEM) -> bool:
    """Ask an expert once more, who has not agreed; return False if there is nothing to ask."""
    refund, escrow = _take(session, refund_id)
    if refund.state not in IN_QUESTION:
        return False
    refund.reminders += 1
    _mail_expert(session, refund, escrow, at)
    audits.record(session, actor, "refund_reminded", KIND, refund.id, at=at)
    return True


def remind_due(database: Database, at: datetime) -> None:
    """Remind experts who have been silent for long enough; may be repeated."""
    with database.reading() as session:
        asked = session.execute(select(Refund).where(col(Refund.state) == RefundState.ASKED.value)).scalars()
        due = [refund.id for refund in asked if is_reminder_due(refund, at)]
    for refund_id in due:
        database.write(lambda session, refund_id=refund_id: _remind_if_due(session, refund_id, at))


def is_reminder_due(refund: Refund, at: datetime) -> bool:
    """Tell whether an expert has been silent for long enough since they were asked last. Pure."""
    pause = REMINDED_AFTER[min(refund.reminders, len(REMINDED_AFTER) - 1)]
    return refund.state == RefundState.ASKED and at - (refund.reminded_at or refund.asked_at) >= pause


def retry(session: Session, refund_id: str, actor: Actor, *, at: datetime) -> Refund:
    """Try again to send money back that the provider could not send; raise Refused unless that is so."""
    refund = session.get(Refund, refund_id)
    if refund is None:
        raise NotFound("there is no such refund")
    if refund.escrow_id is not None:
        escrows.take(session, refund.escrow_id)
    lifecycles.move(session, REFUNDS, refund, RefundEvent.RETRY, Party.OPERATOR, actor=actor, at=at)
    refund_parts.redo(session, refund)
    return refund


def read_cents(text: str) -> int | None:
    """Return an amount as somebody writes it, such as 1 200,50; None where it is none. Pure."""
    plain = "".join(text.replace("€", "").split()).replace(",", ".")
    whole, _, rest = plain.partition(".")
    is_amount = whole.isascii() and whole.isdigit() and len(whole) <= 9 and len(rest) <= 2
    if not is_amount or (rest and not (rest.isascii() and rest.isdigit())):
        return None
    return int(whole) * 100 + int(rest.ljust(2, "0"))


def _take(session: Session, refund_id: str) -> tuple[Refund, Escrow]:
    """Return a refund and its escrow, both taken: the escrow first, as everywhere."""
    found, escrow = _find(session, refund_id)
    escrow = escrows.take(session, escrow.id)
    session.refresh(found)
    return found, escrow


def _find(session: Session, refund_id: str) -> tuple[Refund, Escrow]:
    found = session.get(Refund, refund_id)
    if found is None or found.escrow_id is None:
        raise NotFound("there is no such refund")
    return found, session.get_one(Escrow, found.escrow_id)


def _remind_if_due(session: Session, refund_id: str, at: datetime) -> None:
    refund, _ = _take(session, refund_id)
    if is_reminder_due(refund, at):
        remind(session, refund_id, at=at)


def _mail_expert(session: Session, refund: Refund, escrow: Escrow, at: datetime) -> None:
    account = accounts.owner_of(session, escrow.payee_expert_id)
    refund.reminded_at = at
    session.add(refund)
    session.flush()
    values = {"refund_id": refund.id, "explanation": refund.explanation, "is_reminder": refund.reminders > 0}
    _mail(session, account, "refund_asked", refund, escrow, values, f"refund_asked {refund.id} {refund.reminders}", at)


def _mail_asker(session: Session, refund: Refund, escrow: Escrow, at: datetime) -> None:
    account = session.get(Account, refund.asked_by) if refund.asked_by else None
    values = {"reference": escrow.reference, "is_agreed": refund.state == RefundState.AGREED, "answer": refund.answer}
    _mail(
        session, account, "refund_answered", refund, escrow, values, f"refund_answered {refund.id} {refund.state}", at
    )


def _mail(
    session: Session,
    account: Account | None,
    template: str,
    refund: Refund,
    escrow: Escrow,
    values: Mapping[str, object],
    key: str,
    at: datetime,
) -> None:
    if account is None or account.email is None:
        return
    shared = {"name": account.name, "title": escrow.title, "cents": refund.cents, "currency": refund.currency}
    mail = Mail(account.email, i18n.known(account.language), template, {**shared, **values})
    mails.write(session, mail, key=key, at=at)
