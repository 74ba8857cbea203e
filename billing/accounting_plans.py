"""How facts of the ledger stand in the books of whoever is concerned, by the French chart of accounts. Pure.

Accounts are those of the plan comptable général (ANC 2014-03); labels are French, as such books are. What the ledger
posts is the operator's book as it is. An expert's is the same from the other side, a client's what is held for them.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from billing.documents.contents import Kind
from billing.models.documents import AccountingDocument
from billing.models.ledger import FactKind, LedgerKind
from billing.postings import Name
from billing.statements import Side


@dataclass(frozen=True, slots=True, order=True)
class Account:
    """An account of a book."""

    number: str
    label: str


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal of a book."""

    code: str
    label: str


@dataclass(frozen=True, slots=True)
class Booking:
    """What an entry adds to one account; debits are positive."""

    account: Account
    party: str
    """Whose account it is: a client's or an expert's id; empty where it is nobody's."""
    cents: int


SALES = Journal("VE", "Ventes")
PURCHASES = Journal("AC", "Achats")
PAYMENTS = Journal("PS", "Prestataire de paiement")

OPERATORS: Mapping[LedgerKind, Account] = {
    LedgerKind.PAYER_WALLET: Account("517100", "Prestataire de paiement : portefeuilles des clients"),
    LedgerKind.UNASSIGNED_WALLET: Account("517200", "Prestataire de paiement : fonds à affecter"),
    LedgerKind.PAYEE_WALLET: Account("517300", "Prestataire de paiement : portefeuilles des experts"),
    LedgerKind.FEES_WALLET: Account("517400", "Prestataire de paiement : portefeuille propre"),
    LedgerKind.CHARGEBACKS: Account("654000", "Pertes sur créances irrécouvrables : rejets de paiement"),
    LedgerKind.ESCROW: Account("467100", "Fonds détenus pour les clients"),
    LedgerKind.REFUND: Account("467200", "Remboursements dus aux clients"),
    LedgerKind.PAYABLE: Account("467300", "Sommes dues aux experts"),
    LedgerKind.UNASSIGNED: Account("471000", "Compte d’attente : fonds à affecter"),
    LedgerKind.COMMISSION: Account("706100", "Commissions"),
    LedgerKind.BOOST: Account("706200", "Boosts de visibilité"),
    LedgerKind.VAT: Account("445710", "TVA collectée"),
}
CUSTOMERS = Account("411000", "Clients")
SUPPLIERS = Account("401000", "Fournisseurs")
HELD = Account("467000", "Fonds détenus par la plateforme")
BANK = Account("512000", "Banque")
SERVICES_SOLD = Account("706000", "Prestations de services")
SERVICES_BOUGHT = Account("622600", "Honoraires")
COMMISSIONS = Account("622200", "Commissions et courtages sur ventes")
ADVERTISING = Account("623100", "Annonces et insertions")
VAT_COLLECTED = Account("445710", "TVA collectée")
VAT_DEDUCTIBLE = Account("445660", "TVA déductible sur autres biens et services")
EXPERTS: Mapping[LedgerKind, Account] = {
    LedgerKind.ESCROW: CUSTOMERS,
    LedgerKind.PAYABLE: HELD,
    LedgerKind.COMMISSION: COMMISSIONS,
    LedgerKind.VAT: VAT_DEDUCTIBLE,
    LedgerKind.BOOST: ADVERTISING,
    LedgerKind.PAYEE_WALLET: BANK,
    LedgerKind.FEES_WALLET: BANK,
}
"""What a release, a payout and a boost post, as the expert sees it."""
LABELS: Mapping[FactKind, str] = {
    FactKind.PAY_IN: "Paiement reçu",
    FactKind.UNASSIGNED_PAY_IN: "Paiement reçu à affecter",
    FactKind.ASSIGNMENT: "Paiement affecté",
    FactKind.RETURN: "Paiement à retourner",
    FactKind.REFUND: "Remboursement convenu",
    FactKind.REPAYMENT: "Remboursement envoyé",
    FactKind.REPAYMENT_RETURN: "Remboursement revenu",
    FactKind.RELEASE: "Libération",
    FactKind.TRANSFER: "Virement entre portefeuilles",
    FactKind.PAYOUT: "Versement",
    FactKind.PAYOUT_RETURN: "Versement revenu",
    FactKind.BOOST: "Boost de visibilité",
    FactKind.CHARGEBACK: "Rejet de paiement par la banque",
    FactKind.CHARGEBACK_RETURN: "Rejet de paiement annulé",
}
REVERSAL = "Contre-passation"
DOCUMENT_LABELS = {Kind.INVOICE.value: "Facture", Kind.CREDIT_NOTE.value: "Avoir"}


def journal(side: Side | None, fact: FactKind) -> Journal:
    """Return in which journal a fact stands; `side` None: in the operator's book."""
    if fact is FactKind.BOOST:
        return PURCHASES if side else SALES
    return SALES if fact is FactKind.RELEASE and side is None else PAYMENTS


def bookings(
    side: Side | None,
    fact: FactKind,
    legs: Mapping[Name, int],
    own: Collection[Name],
    parties: tuple[str, str],
) -> list[Booking]:
    """Return what a fact adds to which accounts; it sums to zero. `parties` are the client and the expert, if known."""
    client, expert = parties
    if side is None:
        of_kinds = {LedgerKind.ESCROW: client, LedgerKind.REFUND: client}
        return [Booking(OPERATORS[name.kind], _party(name, of_kinds), cents) for name, cents in sorted(legs.items())]
    if side is Side.EXPERT:
        of_kinds = {LedgerKind.ESCROW: client}
        return [
            Booking(EXPERTS[name.kind], of_kinds.get(name.kind, ""), -cents) for name, cents in sorted(legs.items())
        ]
    change = sum(-legs[name] for name in legs if name in own)
    against, whose = (SUPPLIERS, expert) if fact is FactKind.RELEASE else (BANK, "")
    return [Booking(HELD, "", change), Booking(against, whose, -change)] if change else []


def document_bookings(side: Side, document: AccountingDocument) -> list[Booking]:
    """Return what an invoice or a credit note of an expert adds to the expert's book, or to the client's."""
    sign = -1 if document.kind == Kind.CREDIT_NOTE else 1
    net, tax, gross = (sign * cents for cents in (document.net_cents, document.tax_cents, document.gross_cents))
    if side is Side.EXPERT:
        found = [
            Booking(CUSTOMERS, document.client_id or "", gross),
            Booking(SERVICES_SOLD, "", -net),
            Booking(VAT_COLLECTED, "", -tax),
        ]
    else:
        found = [
            Booking(SERVICES_BOUGHT, "", net),
            Booking(VAT_DEDUCTIBLE, "", tax),
            Booking(SUPPLIERS, document.expert_id, -gross),
        ]
    return [booking for booking in found if booking.cents]


def _party(name: Name, of_kinds: Mapping[LedgerKind, str]) -> str:
    if name.kind in {LedgerKind.PAYER_WALLET, LedgerKind.PAYEE_WALLET, LedgerKind.PAYABLE}:
        return name.reference
    return of_kinds.get(name.kind, "")
