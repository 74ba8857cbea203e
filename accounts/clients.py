"""What booking needs to know of a client: legal form, numbers, bank account, whom to bill (mission row S9)."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime

import schwifty
from pydantic import BaseModel, ConfigDict
from schwifty.exceptions import SchwiftyException
from sqlalchemy.orm import Session
from stdnum.eu import vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, siret

from accounts import colleagues, contacts
from accounts.events import VAT_NUMBER_GIVEN
from accounts.legal_identities import FRENCH_LANDS
from accounts.models.accounts import Client, Role
from accounts.sign_ins import SignedIn
from foundation import audits, outbox
from foundation.errors import Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate
from taxonomy import zones

KIND = "client"
EU = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())
_VAT_PREFIX = {"GR": "EL"}
"""Where VAT numbers begin otherwise than the country's ISO code (Directive 2006/112/EC, article 215)."""
LONGEST = 400
"""Characters of an address, or of any other text."""
Refuse = Callable[[str, str, str], None]
MAY_CHANGE = frozenset({Role.OWNER, Role.ACCOUNTANT})


class ClientForm(BaseModel):
    """What is posted; texts of any length, checked by `check`."""

    model_config = ConfigDict(extra="ignore", str_strip_whitespace=True)

    name: str = ""
    country: str = ""
    address: str = ""
    legal_form: str = ""
    registration_number: str = ""
    vat_number: str = ""
    iban: str = ""
    billing_name: str = ""
    billing_email: str = ""
    billing_phone: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What is kept, in the usual form of each; None where nothing was said."""

    name: str
    country: str | None
    address: str | None
    legal_form: str | None
    registration_number: str | None
    vat_number: str | None
    iban: str | None
    billing_name: str | None
    billing_email: str | None
    billing_phone: str | None


def missing_for_booking(client: Client) -> list[str]:
    """Return the fields that a client has to fill in before booking; a VAT number only where one is held.

    Of French companies that is their SIREN too: invoices to them carry it (CGI, annex II, article 242 nonies A).
    """
    wanted = ["country", "address", "iban"]
    if not client.is_person:
        wanted = ["legal_form", *wanted]
        if client.country in FRENCH_LANDS:
            wanted.append("registration_number")
    return [name for name in wanted if not getattr(client, name)]


def check(form: ClientForm, language: Language) -> Details:
    """Return what was posted as it is kept; raise Invalid with every fault. Nothing is compulsory but the name."""
    faults: list[Fault] = []

    def refuse(field: str, code: str, reason: str) -> None:
        faults.append(Fault(field, code, translate(language, reason)))

    country = form.country.upper() or None
    if country and country not in zones.country_codes():
        refuse("country", "unknown_country", message("Please choose a country of the list."))
        country = None
    found = Details(
        name=contacts.read_name(form.name) or "",
        country=country,
        address=_text(form.address),
        legal_form=_text(form.legal_form),
        registration_number=_registration_number(form.registration_number, country, refuse),
        vat_number=_vat_number(form.vat_number, country, refuse),
        iban=_iban(form.iban, refuse),
        billing_name=_text(form.billing_name),
        billing_email=contacts.read_email(form.billing_email) if form.billing_email else None,
        billing_phone=contacts.read_phone(form.billing_phone) if form.billing_phone else None,
    )
    if not found.name:
        faults.append(contacts.name_fault(language))
    if form.billing_email and not found.billing_email:
        faults.append(contacts.email_fault(language, "billing_email"))
    if form.billing_phone and not found.billing_phone:
        faults.append(contacts.phone_fault(language, "billing_phone"))
    for name in ("address", "legal_form", "billing_name"):
        if len(getattr(form, name)) > LONGEST:
            refuse(name, "too_long", message("This is too long."))
    if faults:
        raise Invalid(faults)
    return found


def describe(session: Session, who: SignedIn, details: Details, *, at: datetime) -> Client:
    """Change what is known of the client that somebody acts for; a new VAT number is to be checked."""
    client = get(session, who)
    if who.role not in MAY_CHANGE:
        raise NotFound("this is for owners and accountants")
    if details.vat_number != client.vat_number:
        client.vat_proof = None
        if details.vat_number:
            outbox.record(session, VAT_NUMBER_GIVEN, [client.id])
    for name in (field.name for field in fields(Details)):
        setattr(client, name, getattr(details, name))
    session.add(client)
    audits.record(session, who.actor, "described", KIND, client.id, at=at)
    return client


def get(session: Session, who: SignedIn) -> Client:
    """Return the client that somebody acts for; raise NotFound."""
    found = session.get(Client, who.client_id) if who.client_id else None
    if found is None or found.erased_at:
        raise NotFound("this account acts for no client")
    return found


@dataclass(frozen=True, slots=True)
class BillingContact:
    """Somebody whom a client's invoices reach."""

    email: str
    name: str
    language: str | None
    """None where it is the client's own contact, of whom no language is known."""


def billing_contacts(session: Session, client: Client) -> list[BillingContact]:
    """Return whom a client's invoices reach: the contact that it gave, else its accountants, else its owners."""
    if client.billing_email:
        return [BillingContact(client.billing_email, client.billing_name or client.name, None)]
    members = colleagues.members(session, client.id)
    for role in (Role.ACCOUNTANT, Role.OWNER):
        found = [account for account, membership in members if membership.role == role and account.email]
        if found:
            return [BillingContact(str(account.email), account.name, account.language) for account in found]
    return []


def _text(given: str) -> str | None:
    return given or None


def _iban(given: str, refuse: Refuse) -> str | None:
    if not given:
        return None
    try:
        return str(schwifty.IBAN(given[:60]))
    except (SchwiftyException, ValueError):
        refuse("iban", "bad_iban", message("This is no IBAN: please compare it with your bank’s paper."))
        return None


def _vat_number(given: str, country: str | None, refuse: Refuse) -> str | None:
    """Return a VAT number; in the EU its country and its check digits have to be right."""
    number = "".join(given.upper().split())[:40]
    if not number or country not in EU:
        return number or None
    prefix = _VAT_PREFIX.get(country, country)
    try:
        return vat.validate(number if number.startswith(prefix) else prefix + number)
    except ValidationError:
        refuse("vat_number", "bad_vat_number", message("This is no VAT number of that country."))
        return None


def _registration_number(given: str, country: str | None, refuse: Refuse) -> str | None:
    """Return a registration number; a French one is a SIREN or a SIRET, whose digits check themselves."""
    number = " ".join(given.split())[:60]
    if not number or country != "FR":
        return number or None
    digits = "".join(number.split())
    try:
        return siret.validate(digits) if len(digits) > 9 else siren.validate(digits)
    except ValidationError:
        refuse("registration_number", "bad_number", message("A SIREN of 9 digits or a SIRET of 14 is expected."))
        return None
