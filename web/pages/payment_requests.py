"""A payment request: what a company's accounting prints and pays by transfer. It is no invoice, and says so."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from accounts.models.accounts import Client
from billing import epc_codes, provider_calls, working_days
from billing.lifecycle import Amounts
from billing.models.escrows import Escrow, WireDetails
from billing.providers.interface import Provider
from booking.models.missions import Mission

MODULE_PX = 4
"""Of the QR code's squares, where the style sheet says nothing else."""


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """What a payment request says, and nothing else of the mission."""

    reference: str
    number: str
    title: str
    order_number: str
    """The company's own (B10)."""
    payer: Client
    currency: str
    amounts: Amounts
    wire: WireDetails | None
    """None while the provider has not said where transfers go."""
    due_on: date
    is_on_receipt: bool
    """There is no date by which it has to be paid, or it is over."""


def read(session: Session, escrow: Escrow, provider: Provider, *, today: date) -> PaymentRequest:
    """Read the payment request of an escrow."""
    mission = session.get(Mission, escrow.reference)
    by = working_days.send_by(mission.starts_on) if mission and mission.starts_on else None
    return PaymentRequest(
        reference=escrow.reference,
        number=escrow.number,
        title=escrow.title,
        order_number=mission.order_number if mission else "",
        payer=session.get_one(Client, escrow.payer_client_id),
        currency=escrow.currency,
        amounts=escrow.amounts,
        wire=provider_calls.wire_details(session, escrow, provider),
        due_on=max(by, today) if by else today,
        is_on_receipt=by is None or by <= today,
    )


def context(request: PaymentRequest, *, today: date) -> dict[str, Any]:
    """Return what the page shows."""
    return {
        "request": request,
        "today": today,
        "seen_on": working_days.wire_seen_on(today),
        "picture": picture(request.wire, request.amounts.missing, request.currency),
    }


def picture(wire: WireDetails | None, cents: int, currency: str) -> str | None:
    """Return the QR code of a transfer as SVG to stand in a page; None where there is none."""
    if wire is None or cents <= 0:
        return None
    code = epc_codes.code_for(
        holder=wire.holder,
        account_number=wire.account_number,
        bic=wire.bic,
        cents=cents,
        currency=currency,
        reference=wire.reference,
    )
    if code is None:
        return None
    # Four empty modules around it, and dark on light whatever the page's colours: readers need both (ISO/IEC 18004).
    return code.svg_inline(scale=MODULE_PX, border=4, dark="#000", light="#fff", omitsize=True, svgclass="qr__code")
