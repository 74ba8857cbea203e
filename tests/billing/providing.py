"""Both providers as the contract suite asks them: one interface, and somebody who plays payers, banks and officers."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

from billing.models.escrows import PaymentKind
from billing.models.provider_parties import ProviderUser
from billing.provider_states import DeclarationState, OwnerKind, PaperKind
from billing.providers import (
    sandbox,
    sandbox_chargebacks,
    sandbox_declarations,
    sandbox_papers,
    sandbox_payouts,
    sandbox_subscriptions,
)
from billing.providers.interface import (
    Address,
    BeneficialOwner,
    CardRequest,
    OwnerRequest,
    PaperPage,
    PaperRequest,
    PayerRequest,
    PayoutRequest,
    Provider,
    RecipientRequest,
    RefundRequest,
    ReleaseRequest,
    Representative,
    WalletRequest,
    WireRequest,
)
from billing.providers.mangopay.adapter import Mangopay
from billing.providers.mangopay.calls import Calls, Credentials
from billing.providers.sandbox import Sandbox
from foundation import clock
from foundation.database import Database
from tests.mangopay import server
from tests.mangopay.server import StandIn

ACCOUNT = "FR1420041010050500013M02606"
SITE = "http://portulan.example"
PDF = b"%PDF-1.4 it is me"
BORN = date(1980, 2, 29)


ADA_AT_HOME = Address("1 rue de la Paix", "Paris", "75002", "FR")
ADA_AS_OWNER = BeneficialOwner("Ada", "Lovelace", BORN, "London", "GB", "FR", ADA_AT_HOME)


def key() -> str:
    return str(uuid4())


@dataclass
class Parties:
    """A payer with a wallet and an owner with one, as the provider knows them."""

    provider: Provider
    client_id: str
    payer_id: str
    payer_wallet: str
    owner_id: str
    owner_wallet: str

    def card(self, cents: int = 10_000, request_key: str = "") -> CardRequest:
        return CardRequest(
            request_key or key(), self.payer_id, self.payer_wallet, cents, "EUR", "Mission", "fr", "/payments/m1?paid=x"
        )

    def wire(self, cents: int = 10_000) -> WireRequest:
        return WireRequest(key(), self.payer_id, self.payer_wallet, cents, "EUR", "M-2026-00042")

    def release(self, cents: int = 10_000, fee_cents: int = 1_000) -> ReleaseRequest:
        return ReleaseRequest(key(), self.payer_id, self.payer_wallet, self.owner_wallet, cents, fee_cents, "EUR")

    def recipient(self, number: str = ACCOUNT) -> RecipientRequest:
        return RecipientRequest(key(), self.owner_id, False, "Ada Lovelace", number, "EUR", "FR", "/account/bank")

    def payout(self, recipient_id: str, cents: int = 9_000) -> PayoutRequest:
        return PayoutRequest(key(), self.owner_id, self.owner_wallet, recipient_id, cents, "EUR", "M-2026-00042")

    def paper(self, name: str = "passport.pdf") -> PaperRequest:
        return PaperRequest(key(), self.owner_id, PaperKind.IDENTITY, (PaperPage(name, PDF), PaperPage("2.pdf", PDF)))

    def balances(self) -> tuple[int, int]:
        wallets = (self.provider.fetch_wallet(self.payer_wallet), self.provider.fetch_wallet(self.owner_wallet))
        return tuple(wallet.cents if wallet else -1 for wallet in wallets)  # pyright: ignore[reportReturnType]


def refund_of(payin_id: str, cents: int, kind: PaymentKind = PaymentKind.CARD, **values: Any) -> RefundRequest:
    return RefundRequest(key(), payin_id, kind, cents, "EUR", **values)


def make_parties(database: Database, provider: Provider) -> Parties:
    """Register both, and give each a wallet."""
    client_id, payer_key = key(), key()
    person = Representative("Anna", "Durand", "anna@example.org")
    payer = provider.register_payer(PayerRequest(payer_key, "Anna SARL", False, "anna@example.org", person))
    with database.writing() as session:
        session.add(
            ProviderUser(
                id=payer_key,
                provider=provider.name,
                role="payer",
                party_id=client_id,
                provider_id=payer.provider_id,
                made_at=clock.now(),
            )
        )
    ada = Representative("Ada", "Lovelace", "ada@example.org", BORN, "FR", "FR")
    owner = provider.register_owner(OwnerRequest(key(), OwnerKind.PERSON, "Ada Lovelace", ada.email, ada, ADA_AT_HOME))
    wallets = [
        provider.open_wallet(WalletRequest(key(), user.provider_id, "EUR", "Portulan")).provider_id
        for user in (payer, owner)
    ]
    return Parties(provider, client_id, payer.provider_id, wallets[0], owner.provider_id, wallets[1])


class Played:
    """A provider, and everybody else who has a part in it."""

    provider: Provider

    def __init__(self, database: Database) -> None:
        self.database = database

    def parties(self) -> Parties:
        found = make_parties(self.database, self.provider)
        self.enrol(found.owner_id)
        return found

    def paid(self, parties: Parties, cents: int = 10_000) -> str:
        """Have the payer pay by card; return the payment's id."""
        page = self.provider.start_card(parties.card(cents))
        self.pay(page.provider_id)
        return page.provider_id

    def business(self) -> str:
        """Have the provider know a business; return its id there."""
        ada = Representative("Ada", "Lovelace", "ada@example.org", BORN, "FR", "FR")
        request = OwnerRequest(key(), OwnerKind.BUSINESS, "Ada SASU", ada.email, ada, ADA_AT_HOME, "732829320")
        user_id = self.provider.register_owner(request).provider_id
        self.enrol(user_id)
        return user_id

    def prove(self, user_id: str, *kinds: PaperKind) -> None:
        """Have papers of an owner be validated."""
        for kind in kinds:
            paper = self.provider.send_paper(PaperRequest(key(), user_id, kind, (PaperPage("a.pdf", PDF),)))
            self.judge(paper.provider_id)

    def verified(self, parties: Parties) -> None:
        paper = self.provider.send_paper(parties.paper())
        self.judge(paper.provider_id)

    def enrol(self, user_id: str) -> None: ...
    def pay(self, payin_id: str, *, is_good: bool = True) -> None: ...
    def wire(self, parties: Parties, reference: str, cents: int) -> str: ...
    def judge(self, paper_id: str, reason: str = "") -> None: ...
    def judge_declaration(self, declaration_id: str, state: DeclarationState, reason: str = "") -> None: ...
    def confirm(self, recipient_id: str) -> None: ...
    def settle(self) -> None: ...
    def returning(self, payout_id: str) -> None: ...
    def type_card(self, form_id: str) -> str: ...
    def take_back(self, payin_id: str, cents: int) -> str: ...
    def decide(self, name: str, *, is_won: bool) -> None: ...
    def return_refund(self, refund_id: str) -> None: ...


class PlayedSandbox(Played):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.provider = Sandbox(database)

    def enrol(self, user_id: str) -> None:
        """Nobody has to."""

    def pay(self, payin_id: str, *, is_good: bool = True) -> None:
        with self.database.writing() as session:
            number = list(sandbox.CARDS)[0 if is_good else 2]
            found = sandbox.find_card(session, payin_id)
            if found.state == "challenge":
                sandbox.answer_challenge(session, payin_id, is_confirmed=is_good)
            else:
                sandbox.pay_by_card(session, payin_id, number)

    def wire(self, parties: Parties, reference: str, cents: int) -> str:
        with self.database.writing() as session:
            return sandbox.send_wire(session, parties.client_id, reference, cents, "EUR", at=clock.now())

    def judge(self, paper_id: str, reason: str = "") -> None:
        with self.database.writing() as session:
            sandbox_papers.decide(session, paper_id, reason=reason or None, explanation="See it." if reason else "")

    def judge_declaration(self, declaration_id: str, state: DeclarationState, reason: str = "") -> None:
        explanation = "See it." if reason else ""
        with self.database.writing() as session:
            sandbox_declarations.decide(session, declaration_id, state, reason=reason or None, explanation=explanation)

    def confirm(self, recipient_id: str) -> None:
        with self.database.writing() as session:
            if sandbox_payouts.find_recipient(session, recipient_id).state == "pending":
                sandbox_payouts.answer_recipient(session, recipient_id, is_confirmed=True)

    def settle(self) -> None:
        with self.database.writing() as session:
            sandbox_payouts.let_payouts_arrive(session, at=clock.now(), is_now=True)

    def returning(self, payout_id: str) -> None:
        assert payout_id
        self.settle()

    def take_back(self, payin_id: str, cents: int) -> str:
        with self.database.writing() as session:
            return sandbox_chargebacks.take(session, payin_id, at=clock.now(), cents=cents)

    def decide(self, name: str, *, is_won: bool) -> None:
        self.database.write(lambda session: sandbox_chargebacks.decide(session, name, is_won=is_won))

    def return_refund(self, refund_id: str) -> None:
        self.database.write(lambda session: sandbox.return_refund(session, refund_id))

    def type_card(self, form_id: str) -> str:
        with self.database.writing() as session:
            assert sandbox_subscriptions.type_card(session, form_id, "4970 1000 0000 0022")
        return ""


class PlayedMangopay(Played):
    def __init__(self, database: Database, stand_in: StandIn, timeout_s: float = 1.0) -> None:
        super().__init__(database)
        self.stand_in, self.state = stand_in, stand_in.state
        credentials = Credentials(stand_in.url, server.CLIENT, server.API_KEY)
        self.provider = Mangopay(database, Calls(credentials, timeout_s=timeout_s), SITE)

    def enrol(self, user_id: str) -> None:
        self.state.confirm("users", user_id)

    def pay(self, payin_id: str, *, is_good: bool = True) -> None:
        self.state.pay_card(payin_id, "000000" if is_good else "101101")

    def wire(self, parties: Parties, reference: str, cents: int) -> str:
        assert parties.provider is self.provider
        return self.state.send_wire(reference, cents, iban=ACCOUNT)

    def judge(self, paper_id: str, reason: str = "") -> None:
        self.state.judge_paper(paper_id, reason.upper(), "See it." if reason else "")

    def judge_declaration(self, declaration_id: str, state: DeclarationState, reason: str = "") -> None:
        words = "See it." if reason else ""
        self.state.judge_declaration(declaration_id, state.value.upper(), reason.upper(), words)

    def confirm(self, recipient_id: str) -> None:
        self.state.confirm("recipients", recipient_id)

    def settle(self) -> None:
        self.state.settle_payouts()

    def returning(self, payout_id: str) -> None:
        self.state.return_payout(payout_id)

    def take_back(self, payin_id: str, cents: int) -> str:
        return self.state.dispute(payin_id, cents)

    def decide(self, name: str, *, is_won: bool) -> None:
        self.state.close_dispute(name, "WON" if is_won else "LOST")

    def return_refund(self, refund_id: str) -> None:
        self.state.return_payout(refund_id)

    def type_card(self, form_id: str) -> str:
        return f"data={form_id}"


@contextmanager
def playing(database: Database, name: str) -> Iterator[Played]:
    """Give one of both."""
    if name == sandbox.NAME:
        yield PlayedSandbox(database)
    else:
        with server.serving() as stand_in:
            yield PlayedMangopay(database, stand_in)
