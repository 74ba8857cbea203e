"""Receipts: what came of a client's money, payment by payment, and what became of each (mission rows S20, S25).

A receipt is the client's alone, in the language of whoever reads it: it is no contract, and nothing in it was signed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from billing import chargebacks, escrows, payments, refund_parts
from billing.lifecycle import EscrowState, RefundState
from billing.models.chargebacks import Chargeback
from billing.models.escrows import Escrow, Payment, PaymentKind, Refund, RefundReason
from booking import missions, quote_documents
from booking.documents import wordings
from booking.documents.contents import Kind, Part, Print, Sum, Sums, Table, Text, said
from booking.models.missions import Mission
from booking.quote_contents import Document
from foundation.errors import NotFound
from foundation.i18n import Language, message, translate
from foundation.settings import Operator

PREFIX = "RP"
"""“Reçu de paiement”, in both languages: a number is no word."""
SANDBOX = "sandbox"
_MEANS = {PaymentKind.CARD: message("Card"), PaymentKind.WIRE: message("Bank transfer")}
_REASONS = {
    RefundReason.ASKED: message("Refund by agreement with the expert"),
    RefundReason.SURPLUS: message("Refund of what was more than due"),
    RefundReason.CANCELLED: message("Refund since the mission was called off"),
    RefundReason.RETURNED: message("Refund of what was for nothing that was awaited"),
}
_STATES = {
    RefundState.AGREED: message("on its way"),
    RefundState.DONE: message("sent back"),
    RefundState.FAILED: message("could not be sent yet; the operator sees to it"),
}


@dataclass(frozen=True, slots=True)
class Story:
    """A payment with what became of it."""

    escrow: Escrow
    payment: Payment
    place: int
    """Among the payments that arrived for the mission, from 1."""
    gone: Sequence[tuple[Refund, int]]
    """What of it goes back by which refund."""
    taken: Sequence[Chargeback]
    left_cents: int
    """What is neither gone nor taken."""

    @property
    def is_released(self) -> bool:
        """Tell whether what was left went to the expert."""
        return self.escrow.state == EscrowState.RELEASED


def find(
    session: Session, who: SignedIn, mission_id: str, payment_id: str, operator: Operator, language: Language
) -> Print:
    """Return the receipt of a payment for the client that made it; raise NotFound."""
    mission, _ = missions.get(session, who, mission_id)
    escrow = escrows.for_payer(session, who, mission.id)
    for story in _stories(session, escrow):
        if story.payment.id == payment_id:
            return _read(session, mission, story, operator, language)
    raise NotFound("no such payment arrived")


def all_of(session: Session, operator: Operator, language: Language) -> Iterator[Print]:
    """Yield the receipt of every payment that arrived, in the order of their numbers."""
    for mission_id in session.execute(select(col(Mission.id)).order_by(col(Mission.number))).scalars().all():
        mission = session.get_one(Mission, mission_id)
        escrow = escrows.find(session, mission_id)  # There is none in portage.
        for story in _stories(session, escrow) if escrow else ():
            yield _read(session, mission, story, operator, language)


def arrived(session: Session, escrow: Escrow) -> Sequence[Payment]:
    """Return the payments that there are receipts for, the first that came first."""
    counted = [payment for payment in payments.of(session, escrow) if payment.counted_at]
    return sorted(counted, key=lambda payment: (payment.counted_at, payment.id))


def document_of(mission: Mission, agreed: Document, story: Story, operator: Operator, language: Language) -> Print:
    """Return what a receipt says, in a language. Pure."""
    return Print(
        kind=Kind.RECEIPT,
        name=translate(language, message("Payment receipt")),
        number=f"{PREFIX}-{mission.number}-{story.place}",
        language=language,
        title=mission.title,
        made_at=_last_fact(story),
        parties=(
            wordings.client(agreed.parties.client, language),
            wordings.expert(agreed.parties.expert, language),
        ),
        facts=tuple(_facts(mission, story, language)),
        parts=said(
            Text(text=_said_of(story, language)),
            *_what_became(story, language),
        ),
        notes=tuple(_notes(story, operator, language)),
    )


def _stories(session: Session, escrow: Escrow) -> Iterator[Story]:
    taken = chargebacks.of(session, escrow)
    for place, payment in enumerate(arrived(session, escrow), start=1):
        yield Story(
            escrow=escrow,
            payment=payment,
            place=place,
            gone=refund_parts.gone_of(session, payment),
            taken=[one for one in taken if one.payment_id == payment.id],
            left_cents=refund_parts.left_of(session, payment),
        )


def _read(session: Session, mission: Mission, story: Story, operator: Operator, language: Language) -> Print:
    agreed = quote_documents.of(missions.accepted_version(session, mission))
    return document_of(mission, agreed, story, operator, language)


def _facts(mission: Mission, story: Story, language: Language) -> Iterator[tuple[str, str]]:
    payment = story.payment
    yield translate(language, message("Amount")), wordings.money(payment.cents, payment.currency, language)
    yield translate(language, message("Received on")), wordings.day(_came_at(payment), language)
    yield translate(language, message("Means of payment")), translate(language, _MEANS[PaymentKind(payment.kind)])
    if payment.wire_sender:
        yield translate(language, message("Sent by")), payment.wire_sender
    if payment.wire_text:
        yield translate(language, message("Written on the transfer")), payment.wire_text
    if payment.provider_id:
        yield translate(language, message("Reference at the payment provider")), payment.provider_id
    yield translate(language, message("Mission")), mission.number
    if mission.order_number:
        yield translate(language, message("Your order")), mission.order_number


def _said_of(story: Story, language: Language) -> str:
    """Return where the money is, in sentences."""
    where = message("Nothing of it is held any more.")
    if story.is_released:
        where = message("It was held apart by our payment provider until you validated the end report.")
    elif story.left_cents:
        where = message(
            "It is held apart by our payment provider for the expert, who is paid once you have validated the end "
            "report."
        )
    said_first = message("We confirm that this payment has arrived.")
    return f"{translate(language, said_first)} {translate(language, where)}"


def _what_became(story: Story, language: Language) -> tuple[Part, ...]:
    heads = message("Date"), message("What became of it"), message("Amount")
    rows = [row for _, row in sorted(_rows(story, language), key=lambda dated: dated[0])]
    held = wordings.money(0 if story.is_released else story.left_cents, story.payment.currency, language)
    return (
        Table(
            title="",
            heads=tuple(translate(language, head) for head in heads),
            numbers=(2,),
            wide=1,
            rows=tuple(rows),
        ),
        Sums(sums=(Sum(label=translate(language, message("Held of this payment")), amount=held, counts=True),)),
    )


def _rows(story: Story, language: Language) -> Iterator[tuple[datetime, tuple[str, str, str]]]:
    currency = story.payment.currency

    def row(at: datetime, what: str, cents: int) -> tuple[datetime, tuple[str, str, str]]:
        return at, (wordings.day(at, language), what, wordings.money(cents, currency, language))

    yield row(_came_at(story.payment), translate(language, message("Received")), story.payment.cents)
    for refund, cents in story.gone:
        reason = translate(language, _REASONS[RefundReason(refund.reason)])
        state = translate(language, _STATES[RefundState(refund.state)])
        yield row(refund.done_at or refund.consented_at or refund.asked_at, f"{reason} ({state})", -cents)
    for one in story.taken:
        yield row(one.taken_at, translate(language, message("Taken back by your bank")), -one.cents)
        if one.back_cents and one.closed_at:
            yield row(one.closed_at, translate(language, message("Given back by your bank")), one.back_cents)
    if story.is_released and story.escrow.closed_at:
        released = translate(language, message("Released to the expert, since the end report was validated"))
        yield row(story.escrow.closed_at, released, -story.left_cents)


def _notes(story: Story, operator: Operator, language: Language) -> Iterator[str]:
    if story.payment.provider == SANDBOX:
        yield translate(language, message("Sandbox: this payment was simulated, no money has moved."))
    yield translate(language, message("This is no invoice: the expert’s follows once the end report is validated."))
    issuer = [operator.name, operator.legal_form, operator.address, operator.registration_number]
    by = translate(language, message("Issued by %(operator)s"), operator=", ".join(part for part in issuer if part))
    yield by


def _came_at(payment: Payment) -> datetime:
    """Return when money arrived, which may be before anybody knew what it was for."""
    assert payment.counted_at is not None  # noqa: S101 - there are receipts for nothing else
    return payment.settled_at or payment.counted_at


def _last_fact(story: Story) -> datetime:
    found = [_came_at(story.payment), *(one.closed_at or one.taken_at for one in story.taken)]
    found += [refund.done_at or refund.consented_at or refund.asked_at for refund, _ in story.gone]
    return max([*found, story.escrow.closed_at] if story.is_released and story.escrow.closed_at else found)
