"""Finished missions between other people of a demonstration: one for each way in which a tax falls (row S19)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts, legal_identities, registrations
from accounts.models.accounts import Account, AccountKind, Client, Membership, Role
from accounts.models.experts import Expert
from accounts.registrations import Registration
from accounts.sign_ins import SignedIn
from billing import escrows, mandates
from billing.lifecycle import EscrowState
from booking import invoices, missions, quote_drafts, quote_versions, reports, signatures, threads
from booking.models.missions import Mission
from booking.models.quotes import QuoteKind, QuoteVersion
from booking.quote_documents import Sending
from booking.quote_drafts import For
from booking.signatures import Consent
from foundation import audits
from foundation.database import Database
from foundation.i18n import Language
from foundation.settings import Settings
from scripts.demo_payments import pay

DAY = timedelta(days=1)
PHONE, IBAN = "+33123456789", "FR7630006000011234567890189"
LASTS = 12


@dataclass(frozen=True, slots=True)
class Seller:
    """An expert of the sample with the legal identity under which they sell. The numbers are nobody's."""

    ref: str
    identity: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys."""

    name: str
    person: str
    country: str
    address: str
    legal_form: str = ""
    registration_number: str | None = None
    vat_number: str | None = None

    @property
    def email(self) -> str:
        """Return an address that is nobody's."""
        return f"{self.person.split()[0].lower()}@demo.example"


@dataclass(frozen=True, slots=True)
class Deal:
    """A mission that was sold, carried out and paid for."""

    seller: Seller
    buyer: Buyer
    title: str
    days: str
    ended: int
    """Days ago."""
    language: Language = "fr"
    typed: Mapping[str, str] = field(default_factory=dict)
    """What the quote says besides."""


ANNECY = Seller(
    "E018",
    {
        "status": "sasu",
        "country": "FR",
        "legal_name": "Vuaillat Export",
        "address": "4 rue du Lac\n74000 Annecy",
        "registration_number": "999000136",
        "vat_number": "FR53999000136",
    },
)
EXEMPT = Seller(
    "E020",
    {
        "status": "micro_entrepreneur",
        "country": "FR",
        "legal_name": "Perrine Hautvillars EI",
        "address": "9 place du Marché\n73200 Albertville",
        "registration_number": "999000144",
        "has_vat_franchise": "yes",
    },
)
BRUSSELS = Seller(
    "E019",
    {
        "status": "company",
        "country": "BE",
        "legal_name": "Vanderhaeghen SRL",
        "address": "12 rue du Canal\n1000 Bruxelles",
        "registration_number": "0999000129",
        "vat_number": "BE0999000129",
    },
)
LAUSANNE = Seller(
    "E043",
    {
        "status": "company",
        "country": "CH",
        "legal_name": "Bovay-Rochat Conseil Sàrl",
        "address": "Rue du Lac 3\n1003 Lausanne",
        "registration_number": "CHE999000108",
    },
)
CASABLANCA = Seller(
    "E032",
    {
        "status": "company",
        "country": "MA",
        "legal_name": "Idrissi-Louali SARL",
        "address": "5 boulevard de la Corniche\nCasablanca",
        "registration_number": "999000128000041",
    },
)
OYSTERS = Buyer(
    "Huîtres de la Ria", "Gaël Tanguy", "FR", "2 quai des Parcs\n56470 La Trinité", "SAS", "999000151", "FR01999000151"
)
ORCHARD = Buyer(
    "Obsthof am Deich GmbH", "Heike Brandt", "DE", "Am Deich 7\n21723 Hollern", "GmbH", vat_number="DE999000121"
)
BOSTON = Buyer("Harbor Cider Co.", "Joan Miller", "US", "1 Harbor St\nBoston, MA 02110", "Inc.")
QUEBEC = Buyer("Cidrerie du Fleuve inc.", "Rémi Tremblay", "CA", "12 rue du Quai\nLévis (Québec) G6V 1A1", "inc.")
LYON = Buyer("Camille Roblin", "Camille Roblin", "FR", "9 rue des Tables\n69001 Lyon")
GHENT = Buyer("Lotte Peeters", "Lotte Peeters", "BE", "Korenlei 4\n9000 Gent")
JORAT = Buyer("Fromages du Jorat SA", "Urs Favre", "CH", "Route du Bois 1\n1083 Mézières", "SA")
DEALS = (
    Deal(EXEMPT, OYSTERS, "Premiers contacts en Italie", "4", 69),
    Deal(ANNECY, ORCHARD, "Entering the French market", "9.5", 64, "en"),
    Deal(ANNECY, BOSTON, "Distributors in France", "6", 52, "en", {"currency": "USD", "day_rate": "820"}),
    Deal(ANNECY, QUEBEC, "Trouver des cidres normands", "3", 48),
    Deal(ANNECY, LYON, "Vendre ses céramiques à l’étranger", "2", 45),
    Deal(ANNECY, GHENT, "Selling bags in France", "1.5", 38, "en"),
    Deal(BRUSSELS, OYSTERS, "Les restaurants de Bruxelles", "5", 30),
    Deal(LAUSANNE, JORAT, "Fromages suisses en France", "3", 24, "fr", {"currency": "CHF", "own_rate": "8,1"}),
    Deal(CASABLANCA, OYSTERS, "Un importateur à Casablanca", "7", 16),
)
"""The latest last, as invoices are numbered. They are: exempt as a small business, reverse charge, export in dollars
(held up: the operator is to say what a euro was worth), export in euros, private at home, private in the Union, reverse
charge towards France, another country's own rate in francs, and a seller outside the Union."""


def add(settings: Settings, database: Database, at: datetime) -> None:
    """Make the missions between people who are not there yet."""
    for deal in DEALS:
        with database.writing() as session:
            if _is_there(session, deal):
                continue
            expert, client = _seller(session, settings, deal, at), _buyer(session, deal, at)
        _carry_out(settings, database, deal, expert, client, at - deal.ended * DAY)


def _carry_out(
    settings: Settings, database: Database, deal: Deal, expert: SignedIn, client: SignedIn, ended: datetime
) -> None:
    """Have a mission be quoted, signed, paid, done, validated and invoiced."""
    began = ended - LASTS * DAY
    with database.writing() as session:
        mission_id = _sign(session, settings, deal, expert, client, began)
    pay(database, client, mission_id, began - DAY)
    said = {"outcome-0": "reached", "summary": "Tout est fait." if deal.language == "fr" else "All is done."}
    with database.writing() as session:
        missions.start(session, expert, mission_id, at=began)
        reports.send(session, expert, mission_id, said, deal.language, at=ended)
        reports.validate(session, client, mission_id, at=ended + DAY)
    invoices.issue(database, settings.operator, [mission_id], ended + DAY)
    with database.writing() as session:
        if escrows.of(session, mission_id).state == EscrowState.RELEASED:
            missions.close(session, mission_id, at=ended + DAY)


def _sign(session: Session, settings: Settings, deal: Deal, expert: SignedIn, client: SignedIn, began: datetime) -> str:
    sent_at = began - 9 * DAY
    to = For(client_id=str(client.client_id))
    threads.between(session, to.client_id, str(expert.expert_id), at=sent_at)
    quote = quote_drafts.start(session, expert, to, QuoteKind.MISSION, deal.language, at=sent_at)
    quote_drafts.save(session, expert, quote.id, _form(deal, began), quote.draft_edition, at=sent_at)
    quote_versions.send(session, quote.id, Sending(expert, "", deal.language, settings, sent_at))
    version = session.get_one(QuoteVersion, (quote.id, 1))
    consent = Consent(
        1, version.content_hash, has_read_terms=True, order_number=f"PO {deal.ended}", wants_early_start=True
    )
    signed = signatures.accept(
        session, client, quote.id, consent, address="", language=deal.language, at=sent_at + 3 * DAY
    )
    return signed.id


def _form(deal: Deal, began: datetime) -> dict[str, str]:
    first, last = began.date().isoformat(), (began + LASTS * DAY).date().isoformat()
    label = "Conseil" if deal.language == "fr" else "Consulting"
    return {
        "kind": QuoteKind.MISSION.value,
        "title": deal.title,
        "objectives": deal.title,
        "deliverables": deal.title,
        "skills": "Développement commercial à l’international",
        "starts_on": first,
        "ends_on": last,
        "valid_until": last,
        "currency": "EUR",
        "day_rate": "640",
        "days_1_label": label,
        "days_1_number": deal.days,
        "step_1_name": label,
        "step_1_from": first,
        "step_1_until": last,
        **deal.typed,
    }


def _is_there(session: Session, deal: Deal) -> bool:
    """Tell whether a deal was made, or can't be, since its expert is not of the sample or is somebody else's."""
    expert = _expert(session, deal)
    owner = accounts.owner_of(session, expert.id) if expert else None
    if expert is None or (owner and owner.email != _email(deal)):
        return True
    buyer = accounts.find_by_email(session, deal.buyer.email)
    membership = session.get(Membership, buyer.id) if buyer else None
    if membership is None:
        return False
    is_theirs = col(Mission.expert_id) == expert.id, col(Mission.client_id) == membership.client_id
    return session.execute(select(Mission).where(*is_theirs)).first() is not None


def _seller(session: Session, settings: Settings, deal: Deal, at: datetime) -> SignedIn:
    """Return the expert as if they were signed in, with a legal identity and the mandate."""
    expert = _expert(session, deal)
    assert expert is not None  # noqa: S101 - `_is_there` has looked
    account = accounts.owner_of(session, expert.id)
    if account is None:
        account = _account(session, AccountKind.EXPERT, expert.name, _email(deal), at)
        accounts.give_profile(session, account, expert.id)
        legal_identities.save(session, expert.id, deal.seller.identity, actor=audits.SYSTEM, at=at)
    who = SignedIn("", account.id, AccountKind.EXPERT, account.name, _email(deal), "fr", expert.id)
    if not mandates.is_accepted(session, expert.id):
        text = mandates.CURRENT
        mandates.accept(session, who, text.version, text.sha256["fr"], "", at, operator=settings.operator)
    return who


def _buyer(session: Session, deal: Deal, at: datetime) -> SignedIn:
    """Return who buys as if they were signed in."""
    buyer = deal.buyer
    kind = AccountKind.COMPANY if buyer.legal_form else AccountKind.PRIVATE_CLIENT
    account = accounts.find_by_email(session, buyer.email) or _account(session, kind, buyer.person, buyer.email, at)
    membership = session.get(Membership, account.id)
    if membership is None:
        client = Client(
            is_person=not buyer.legal_form,
            name=buyer.name,
            country=buyer.country,
            address=buyer.address,
            legal_form=buyer.legal_form or None,
            registration_number=buyer.registration_number,
            vat_number=buyer.vat_number,
            iban=IBAN,
            created_at=at,
        )
        session.add(client)
        session.flush()
        membership = Membership(account_id=account.id, client_id=client.id, role=Role.OWNER.value, joined_at=at)
        session.add(membership)
    return SignedIn(
        "", account.id, kind, account.name, buyer.email, deal.language, None, membership.client_id, Role.OWNER
    )


def _account(session: Session, kind: AccountKind, name: str, email: str, at: datetime) -> Account:
    account = registrations.create_bare(session, Registration(kind, name, "", email, PHONE, "fr", ""), "", at=at)
    account.email_confirmed_at, account.password_hash = at, None
    return account


def _expert(session: Session, deal: Deal) -> Expert | None:
    return session.execute(select(Expert).where(col(Expert.ref) == deal.seller.ref)).scalar_one_or_none()


def _email(deal: Deal) -> str:
    return f"{deal.seller.ref.lower()}@demo.example"
