"""Who sells and who buys, as a quote freezes them, and the tax that follows (mission rows S8, S9, S16, S19)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from accounts import clients, legal_identities
from accounts.clients import ClientForm
from accounts.models.accounts import Client
from accounts.models.experts import Expert
from accounts.models.profiles import LegalIdentity
from billing import mentions, parties, taxes
from billing.taxes import Party, Tax, Undecided
from booking.models.missions import Portage
from booking.models.quotes import Quote
from booking.quote_contents import Buyer, Seller, Taxed
from foundation.errors import Fault, Invalid
from foundation.i18n import Language, message, translate
from taxonomy import zones

_GIVEN = {"country": "client_country", "address": "client_address", "vat_number": "client_vat_number"}
_UNDECIDED = {
    "country_missing": ("client_country", message("Without the client’s country there is no tax to reckon with.")),
    "own_rate_needed": (
        "own_rate",
        message("Client and expert are in one country outside the EU: please give the rate of your tax, or 0."),
    ),
    "no_rate": ("own_rate", message("For this country no rate is known here. Please write to us.")),
    "portage": (
        "portage",
        message("With your status a portage company contracts and invoices: please say which one."),
    ),
}


def identity_of(session: Session, expert_id: str) -> LegalIdentity | None:
    """Return an expert's legal identity; only a complete one is ever kept."""
    return legal_identities.of(session, expert_id)


def seller(expert: Expert, identity: LegalIdentity, own_rate_bp: int | None) -> Seller:
    """Return the expert as a quote names them."""
    return Seller(
        name=expert.name,
        legal_name=identity.legal_name,
        status=identity.status,
        country=identity.country,
        address=identity.address,
        registration_number=identity.registration_number,
        vat_number=identity.vat_number,
        vat_proof=identity.vat_proof,
        has_vat_franchise=identity.has_vat_franchise,
        own_rate_bp=own_rate_bp,
    )


def buyer(session: Session, quote: Quote, form: Mapping[str, str], language: Language) -> Buyer:
    """Return the client as a quote names it; what it has not said itself is what the expert said. Raises Invalid."""
    client = session.get(Client, quote.client_id) if quote.client_id else None
    if client is None:
        return _given(quote, form, language)
    country = client.country or form.get("client_country", "")
    if country and country not in zones.country_codes():
        country = ""
    return Buyer(
        name=client.name,
        is_person=client.is_person,
        country=country,
        address=client.address,
        legal_form=client.legal_form,
        registration_number=client.registration_number,
        vat_number=client.vat_number,
        vat_proof=client.vat_proof,
    )


def decide(identity: LegalIdentity, buyer: Buyer, own_rate_bp: int | None, portage: Portage, on: date) -> Tax | None:
    """Return the tax on the quote, None in portage; raise Undecided."""
    if portage is not Portage.NONE:
        return None
    return taxes.decide(parties.expert(identity, own_rate_bp=own_rate_bp), _party(buyer), on)


def fault_of(error: Undecided, language: Language) -> Fault:
    """Return what is missing for a tax decision, beside the field that gives it."""
    field, reason = _UNDECIDED[error.code]
    return Fault(field, error.code, translate(language, reason))


def taxed(tax: Tax | None, language: Language, on: date) -> Taxed | None:
    """Return a tax decision with its mentions written out."""
    if tax is None:
        return None
    written = tuple(mentions.text(key, language, on) for key in tax.mentions)
    return Taxed(
        code=tax.code.value, rate_bp=tax.rate_bp, country=tax.country, exemption=tax.exemption, mentions=written
    )


def _given(quote: Quote, form: Mapping[str, str], language: Language) -> Buyer:
    """Return an own client who has no account, by what the expert knows of them."""
    asked = ClientForm(name=quote.client_name, **{name: form.get(field, "") for name, field in _GIVEN.items()})
    try:
        details = clients.check(asked, language)
    except Invalid as error:
        faults = [replace(fault, field=_GIVEN.get(fault.field, fault.field)) for fault in error.faults]
        raise Invalid(faults) from None
    is_person = bool(form.get("client_is_person"))
    return Buyer(
        name=details.name,
        is_person=is_person,
        country=details.country or "",
        address=details.address,
        vat_number=None if is_person else details.vat_number,
        email=quote.client_email,
    )


def _party(buyer: Buyer) -> Party:
    made = parties.client(
        Client(is_person=buyer.is_person, name=buyer.name, vat_number=buyer.vat_number, vat_proof=buyer.vat_proof)  # pyright: ignore[reportCallIssue]
    )
    return replace(made, country=buyer.country)
