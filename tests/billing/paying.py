"""Experts who are paid in tests: escrows that were filled and released at either provider, owners, and their banks."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import uuid4

from billing import ledger, payee_calls, payout_queues, provider_calls, provider_parties, reconciliations
from billing.bank_accounts import Given
from billing.ledger_differences import Difference
from billing.models.ledger import LedgerKind
from billing.models.payouts import BankAccount, Payout, Transfer
from billing.models.provider_parties import ProviderUser
from billing.postings import Name
from billing.provider_states import OwnerKind, PaperKind
from billing.providers.interface import (
    PAYIN,
    Address,
    OwnerRequest,
    PaperPage,
    PaperRequest,
    Provider,
    Representative,
)
from billing.providers.mangopay import hooks
from billing.providers.sandbox_parties import ASKED_PAPERS
from foundation import outbox
from foundation.database import Database
from tests.billing import money as builders
from tests.billing import providing
from tests.billing.money import AT, PRICE, Money
from tests.billing.providing import ACCOUNT, BORN, Played, PlayedMangopay

FEE = PRICE.commission.total_cents
SECRET = b"secret"
NET = PRICE.gross_cents - FEE


@dataclass
class Paying(Money):
    """A client, an expert, and a provider with all who play a part at it."""

    played: Played

    @property
    def provider(self) -> Provider:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.played.provider

    @property
    def expert_id(self) -> str:
        return str(self.expert.expert_id)

    def pay(self, reference: str = "m1") -> None:
        """Have all that is missing be paid by card."""
        provider_calls.begin_card(self.database, self.provider, self.payer, reference, "/back", "en", at=AT)
        self.played.pay(str(self.payments()[-1].provider_id))
        self.deliver()

    def released(self, reference: str = "m1", number: str = "M-2026-00042") -> None:
        """Have an escrow be filled by card, and released."""
        self.open(reference, number=number)
        self.pay(reference)
        self.release(reference)
        self.deliver()

    def enrol(self, kind: OwnerKind = OwnerKind.PERSON) -> str:
        """Have the provider know the expert; return as whom."""
        user_id = self.enrol_at(self.provider, kind)
        self.played.enrol(user_id)
        self.deliver()
        return user_id

    def enrol_at(self, provider: Provider, kind: OwnerKind = OwnerKind.PERSON) -> str:
        person = Representative("Ada", "Lovelace", "ada@example.org", BORN, "FR", "FR")
        address = Address("1 rue de la Paix", "Paris", "75002", "FR")
        request = OwnerRequest("", kind, "Ada Lovelace", person.email, person, address)
        place, _ = provider_parties.owner(self.database, provider, self.expert_id, "EUR", request, at=AT)
        return place.user_id

    def wallet_of_payer(self) -> str:
        return provider_parties.payer(self.database, self.provider, self.client_id, "EUR", at=AT).wallet_id

    def give_account(self, number: str = ACCOUNT, currency: str = "EUR") -> list[BankAccount]:
        """Give bank details, and confirm them where the provider asks for that."""
        given = Given("Ada Lovelace", number, number[:2], currency)
        accounts = payee_calls.add_bank_account(
            self.database, self.provider, self.payee, given, SECRET, "/my/payouts", at=AT
        )
        for account in accounts:
            self.played.confirm(str(account.provider_id))
        self.deliver()
        return accounts

    def verify(self) -> None:
        """Have the provider validate the expert's identity, and say so."""
        with self.database.reading() as session:
            owner = provider_parties.owner_of(session, self.provider.name, self.expert_id)
        assert owner is not None
        self._send(str(owner.provider_id), PaperKind.IDENTITY)

    def verify_all(self) -> None:
        """Have it validate whatever is asked of the expert, as whomever they are known."""
        for owner in self.rows(ProviderUser):
            if owner.party_id == self.expert_id and owner.provider_id:
                for kind in ASKED_PAPERS[OwnerKind(owner.role)]:
                    self._send(owner.provider_id, kind)

    def _send(self, owner_id: str, kind: PaperKind) -> None:
        page = PaperPage("passport.pdf", providing.PDF)
        paper = self.provider.send_paper(PaperRequest(str(uuid4()), owner_id, kind, (page,)))
        self.played.judge(paper.provider_id)
        self.hear(owner_id, "user")
        self.deliver()

    def hear(self, provider_id: str, kind: str = PAYIN) -> None:
        provider_calls.hear(self.database, self.provider, [f"{self.provider.name}:{kind}:{provider_id}"], AT)

    def settle(self) -> None:
        """Have banks do what they will do."""
        self.played.settle()
        self.deliver()

    def payouts(self) -> list[Payout]:
        return self.rows(Payout)

    def waits(self) -> list[tuple[str, ...]]:
        """Return what operators see: for what each transfer waits."""
        with self.database.reading() as session:
            return [case.waits for case in payout_queues.waiting(session)]

    def go_on(self) -> None:
        """Try once more, as the schedule does."""
        payee_calls.look_after(self.database, AT)
        self.deliver()

    def deliver(self) -> None:
        """Deliver what money owes, and what Mangopay calls us about."""
        while True:
            super().deliver()
            if not isinstance(self.played, PlayedMangopay) or not self.played.state.told:
                return
            told, self.played.state.told = self.played.state.told, []
            found = [hooks.read_hook({"EventType": event, "RessourceId": item}) for event, item in told]
            keys = [resource.key for resource in found if resource]
            with self.database.writing() as session:
                outbox.record(session, "billing.provider_event", keys)

    def transfers(self) -> list[Transfer]:
        return sorted(self.rows(Transfer), key=lambda one: one.id)

    def balance(self, kind: LedgerKind, reference: str, provider: str = "") -> int:
        with self.database.reading() as session:
            return ledger.balance(session, Name(kind, reference, "EUR", provider))

    @property
    def balances(self) -> tuple[int, int, int, int]:
        """Return what the ledger has in the payer's wallet, in the expert's, in ours, and as payable."""
        name = self.provider.name
        return (
            self.balance(LedgerKind.PAYER_WALLET, self.client_id, name),
            self.balance(LedgerKind.PAYEE_WALLET, self.expert_id, name),
            self.balance(LedgerKind.FEES_WALLET, "", name),
            self.balance(LedgerKind.PAYABLE, self.expert_id),
        )

    def differs(self) -> list[Difference]:
        return list(reconciliations.reconcile(self.database, self.provider, at=AT).differences)


@contextmanager
def playing(database: Database, name: str) -> Iterator[Paying]:
    """Give a client and an expert at one of both providers."""
    with providing.playing(database, name) as played:
        made = builders.make(database)
        yield Paying(made.database, made.client, made.expert, made.client_id, played)
