"""Issuing the invoices of a validated mission with the release of what is held for it (mission rows S21, S22, S24).

Drafts are made and checked outside any transaction. Then one short transaction numbers and freezes them and releases
the funds: neither is ever there without the other. Where a draft breaks a rule, nothing is numbered and nothing is
released: the mission is put on hold (`booking.invoice_holds`) until a new draft is in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, clients, legal_identities
from accounts.audience_days import ZONE
from accounts.models.accounts import Client
from billing import escrows, payments
from billing.commissions import Price
from billing.documents import contests, drafts, issues
from billing.documents.contents import Content, Kind
from billing.documents.issues import About, Checked, Unfit
from billing.lifecycle import EscrowState
from billing.models.documents import AccountingDocument
from billing.models.escrows import Escrow, PaymentKind
from booking import agreed_commissions, funds, invoice_drafts, invoice_holds, mission_news, missions, quote_documents
from booking.invoice_drafts import Sides, Work
from booking.invoice_holds import Held
from booking.lifecycle import MissionState
from booking.models.missions import Mission, Portage
from booking.models.quotes import QuoteVersion
from booking.quote_contents import Document
from foundation.audits import Actor
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from foundation.settings import Operator


@dataclass(frozen=True, slots=True)
class _Due:
    """What a mission's documents are made of, read at one moment."""

    document: Document
    sides: Sides
    work: Work
    price: Price
    about: About
    sent_on: date
    """When the version that was signed was sent, which decided the tax on the commission."""


def issue(database: Database, operator: Operator, mission_ids: Sequence[str], at: datetime) -> None:
    """Issue the invoices of validated missions and release what is held for them; may be repeated."""
    for mission_id in mission_ids:
        with database.reading() as session:
            due = _due(session, mission_id)
        if due is None:
            continue
        checked, held = _checked(_drafts(due, operator, at))
        if held:
            database.write(lambda session, key=mission_id, held=held: invoice_holds.put(session, key, held, at=at))
        else:
            database.write(lambda session, due=due, checked=checked: _release(session, due, checked, at))


def waiting(session: Session) -> Sequence[str]:
    """Return the ids of validated missions whose funds are held still, those on hold among them."""
    is_held = exists().where(col(Escrow.reference) == col(Mission.id), col(Escrow.state) == EscrowState.HELD.value)
    is_due = (
        col(Mission.state) == MissionState.VALIDATED.value,
        col(Mission.portage) == Portage.NONE.value,
        is_held,
    )
    return session.execute(select(col(Mission.id)).where(*is_due).order_by(col(Mission.validated_at))).scalars().all()


def look_after(database: Database, operator: Operator, at: datetime) -> None:
    """Try those again that wait: somebody may have mended their details."""
    with database.reading() as session:
        mission_ids = waiting(session)
    issue(database, operator, mission_ids, at)


def correct(database: Database, operator: Operator, document_id: str, note: str, actor: Actor, at: datetime) -> None:
    """Take back a mission's invoice that its expert contests, and issue it anew with what is true now.

    Raises NotFound, Conflict where that was decided or the invoice does not stand, and Unfit for a new draft that
    breaks a rule; then nothing is taken back.
    """
    with database.reading() as session:
        contest, document = contests.of(session, document_id), session.get(AccountingDocument, document_id)
        if contest is None or document is None:
            raise NotFound("nobody has contested this document")
        mission = session.get(Mission, document.reference)
        stands = issues.of(session, Kind.INVOICE, document.reference)
        if mission is None or stands is None or stands.id != document.id:
            raise Conflict("this document is no invoice of a mission that stands")
        due, content, reason = _read(session, mission), issues.content_of(document), contest.reason
    anew = _drafts(due, operator, at)[0]
    checked = issues.check(anew, anew.language)
    credit = drafts.credit_note(content, " ".join(reason.split()), on=anew.issued_on)
    takes_back = issues.check(credit, credit.language)
    with database.writing() as session:
        contests.decide(session, document_id, actor, is_upheld=True, note=note, at=at)
        issues.take_back(session, document_id, takes_back, at=at)
        issues.issue(session, checked, due.about, at=at)
        mission_news.tell_expert(
            session,
            missions.take_any(session, due.about.reference),
            "contest_upheld",
            key=document_id,
            at=at,
            note=note,
        )


def _due(session: Session, mission_id: str) -> _Due | None:
    """Return what is to be invoiced, while a mission is validated and its price is held."""
    mission = session.get(Mission, mission_id)
    if mission is None or mission.state != MissionState.VALIDATED or not funds.uses_escrow(mission):
        return None
    if escrows.of(session, mission.id).state != EscrowState.HELD:
        return None
    return _read(session, mission)


def _read(session: Session, mission: Mission) -> _Due:
    escrow = escrows.of(session, mission.id)
    version = missions.accepted_version(session, mission)
    document = quote_documents.of(version)
    return _Due(
        document,
        _sides(session, mission, document),
        _work(session, mission, version, escrow),
        agreed_commissions.price(version),
        About(mission.id, mission.expert_id, mission.client_id),
        version.sent_at.date(),
    )


def _drafts(due: _Due, operator: Operator, at: datetime) -> list[Content]:
    """Return the expert's invoice, and the operator's of its commission where one is taken."""
    on = at.astimezone(ZONE).date()
    issued = invoice_drafts.invoice(due.document, due.sides, due.work, issuer=operator.name, on=on)
    fee = invoice_drafts.commission(
        due.document, due.sides.seller, due.work, due.price, operator, sent_on=due.sent_on, on=on
    )
    return [issued, fee] if fee else [issued]


def _checked(drafts: Sequence[Content]) -> tuple[list[Checked], list[Held]]:
    """Return the drafts that may be issued, and the rules that others break."""
    checked: list[Checked] = []
    held: list[Held] = []
    for draft in drafts:
        try:
            checked.append(issues.check(draft, draft.language))
        except Unfit as error:
            held += [Held(draft.kind.value, breach) for breach in error.breaches]
    return checked, held


def _release(session: Session, due: _Due, checked: Sequence[Checked], at: datetime) -> None:
    """Issue and release, unless something happened meanwhile: whoever changes it has this tried again."""
    mission = missions.take_any(session, due.about.reference)
    escrow = escrows.take(session, escrows.of(session, mission.id).id)
    is_same = escrow.due_cents == due.work.released_cents
    if mission.state != MissionState.VALIDATED or escrow.state != EscrowState.HELD or not is_same:
        return
    for draft in checked:
        issues.issue(session, draft, due.about, at=at)
    funds.release(session, mission, missions.accepted_version(session, mission), at=at)
    invoice_holds.end(session, mission.id, at=at)


def _sides(session: Session, mission: Mission, document: Document) -> Sides:
    owner = accounts.owner_of(session, mission.expert_id)
    client = session.get_one(Client, mission.client_id)
    contacts = clients.billing_contacts(session, client)
    return Sides(
        invoice_drafts.seller(
            document.parties.expert,
            legal_identities.of(session, mission.expert_id),
            owner.email if owner else None,
        ),
        invoice_drafts.buyer(document.parties.client, client, contacts[0].email if contacts else None),
    )


def _work(session: Session, mission: Mission, version: QuoteVersion, escrow: Escrow) -> Work:
    last = payments.last_counted(session, escrow)
    paid_at = last.counted_at if last else escrow.held_at
    ended_at = mission.ended_at or mission.validated_at
    assert paid_at and ended_at  # noqa: S101, PT018 - it is held, and validated
    began_on = mission.started_at.astimezone(ZONE).date() if mission.started_at else None
    starts_on, ends_on = invoice_drafts.service_days(
        (version.starts_on, version.ends_on), began_on, ended_at.astimezone(ZONE).date()
    )
    return Work(
        number=mission.number,
        order_number=mission.order_number,
        starts_on=starts_on,
        ends_on=ends_on,
        paid_on=paid_at.astimezone(ZONE).date(),
        units_per_euro=invoice_holds.units_per_euro(session, mission.id),
        paid_by=PaymentKind(last.kind) if last else PaymentKind.WIRE,
        released_cents=escrow.due_cents,
    )
