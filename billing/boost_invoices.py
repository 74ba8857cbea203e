"""The operator's invoices of what experts paid for Visibility Boosts: one for each charge that counts (row S3)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, legal_identities
from accounts.audience_days import ZONE
from accounts.models.experts import LegalStatus
from accounts.models.profiles import LegalIdentity
from billing import mentions
from billing.documents import drafts, issues
from billing.documents.contents import Content, Kind, Means, Side, Taxation
from billing.documents.drafts import Deal
from billing.documents.issues import About
from billing.lifecycle import PaymentState
from billing.models.boosts import BoostCharge
from billing.models.documents import AccountingDocument
from billing.taxes import TaxCode
from foundation import i18n
from foundation.database import Database
from foundation.i18n import Language, long_date, message, translate
from foundation.settings import Operator

_DAY = timedelta(days=1)
log = structlog.get_logger(__name__)


def issue(database: Database, operator: Operator, charge_ids: Sequence[str], at: datetime) -> None:
    """Issue the invoices of charges that were paid; may be repeated.

    Raises Unfit, with the rule and its fix, for a draft that breaks one: the money is there already, so that nothing
    waits but the invoice, among the deliveries that operators see.
    """
    for charge_id in charge_ids:
        with database.reading() as session:
            content = _draft(session, charge_id, operator, at)
            about = About(charge_id, session.get_one(BoostCharge, charge_id).expert_id) if content else None
        if content and about:
            checked = issues.check(content, content.language)
            database.write(lambda session, checked=checked, about=about: issues.issue(session, checked, about, at=at))


def owed(session: Session) -> Sequence[str]:
    """Return the ids of charges that count and have no invoice, the oldest first."""
    is_issued = exists().where(
        col(AccountingDocument.kind) == Kind.BOOST.value, col(AccountingDocument.reference) == col(BoostCharge.id)
    )
    statement = select(col(BoostCharge.id)).where(*counting(), ~is_issued)
    return session.execute(statement.order_by(col(BoostCharge.settled_at), col(BoostCharge.id))).scalars().all()


def counting() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions for charges that something was given for; what came for nothing goes back."""
    return col(BoostCharge.state) == PaymentState.SUCCEEDED.value, col(BoostCharge.is_stray).is_(False)


def _draft(session: Session, charge_id: str, operator: Operator, at: datetime) -> Content | None:
    """Return the invoice of a charge; None where there is one, nothing counts, or nobody knows any more who it was."""
    charge = session.get(BoostCharge, charge_id)
    if charge is None or charge.state != PaymentState.SUCCEEDED or charge.is_stray:
        return None
    if issues.of(session, Kind.BOOST, charge_id):
        return None
    identity = legal_identities.of(session, charge.expert_id)
    if identity is None:
        log.error("a boost without anybody to invoice it to", charge_id=charge_id)
        return None
    owner = accounts.owner_of(session, charge.expert_id)
    buyer = _buyer(identity, owner.email if owner else None)
    return draft(charge, buyer, operator, i18n.known(owner.language if owner else None), at)


def draft(charge: BoostCharge, buyer: Side, operator: Operator, language: Language, at: datetime) -> Content:
    """Return the invoice of a charge. Pure."""
    on, paid_on = at.astimezone(ZONE).date(), (charge.settled_at or at).astimezone(ZONE).date()
    first, last = long_date(charge.starts_on, language), long_date(charge.ends_on - _DAY, language)
    label = translate(language, message("Visibility Boost, %(first)s to %(last)s"), first=first, last=last)
    written = tuple(mentions.text(key, language, on) for key in charge.tax_mentions)
    deal = Deal(
        seller=drafts.operator_side(operator),
        buyer=buyer,
        title=translate(language, message("Visibility Boost")),
        lines=(drafts.item_line(label, charge.price_cents),),
        taxation=Taxation(
            code=TaxCode(charge.tax_code), rate_bp=charge.tax_rate_bp, exemption=charge.tax_exemption, mentions=written
        ),
        currency=charge.currency,
        paid_on=min(paid_on, on),
        means=Means.CARD,
        starts_on=charge.starts_on,
        ends_on=charge.ends_on - _DAY,
    )
    # What was paid for days that an upgrade replaces is taken off the price.
    amounts = (charge.net_cents, charge.tax_cents) if charge.credit_cents else None
    return drafts.boost(deal, language=language, on=on, amounts=amounts)


def _buyer(identity: LegalIdentity, email: str | None) -> Side:
    """Return an expert as who buys; in portage salarial as a private person, see `boost_prices.tax_on`."""
    is_business = identity.status != LegalStatus.PORTAGE_SALARIAL
    return Side(
        name=identity.legal_name,
        address=identity.address,
        country=identity.country,
        is_business=is_business,
        registration_number=identity.registration_number if is_business else None,
        vat_number=identity.vat_number if is_business else None,
        email=email,
    )
