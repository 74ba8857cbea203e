"""Whatever clients release, experts give, banks do, and whatever answers are lost: experts are paid all, and once."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from billing import ledger_checks, payee_calls, payout_queues, provider_parties
from billing.models.ledger import LedgerKind
from billing.provider_states import OwnerKind, PayoutState
from billing.providers import sandbox_payouts
from billing.providers.interface import Payout, PayoutRequest, Release, ReleaseRequest
from billing.providers.sandbox import Sandbox
from foundation import audits
from foundation.errors import Conflict, Unreachable
from tests import builders
from tests.billing import money as clients
from tests.billing.money import AT
from tests.billing.paying import FEE, NET, Paying
from tests.billing.providing import ACCOUNT, PlayedSandbox

AT_ONCE = next(iter(sandbox_payouts.ACCOUNTS))
NUMBERS = st.sampled_from([*sandbox_payouts.ACCOUNTS, ACCOUNT])
UNDER_WAY = {PayoutState.CREATED, PayoutState.SUCCEEDED}


class Lossy(Sandbox):
    """Does what is asked of it; says nothing."""

    def release(self, request: ReleaseRequest) -> Release:
        super().release(request)
        raise Unreachable("lost")

    def pay_out(self, request: PayoutRequest) -> Payout:
        super().pay_out(request)
        raise Unreachable("lost")


class Payouts(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        database = builders.database_of(builders.settings_in(Path(self._folder.name)))
        made = clients.make(database)
        self.money = Paying(made.database, made.client, made.expert, made.client_id, PlayedSandbox(database))
        self.released = 0
        self.is_known = False

    def teardown(self) -> None:
        """Once nothing lacks, all is paid: nothing is payable, and no wallet holds anything."""
        self.know(OwnerKind.PERSON)
        self.validate()
        self.money.give_account(AT_ONCE)
        self.retry()
        # Twice: what was under way to an account that is closed comes back first.
        for _ in range(2):
            self.money.go_on()
            self.money.settle()
        self.what_was_paid_was_released_and_goes_once()
        assert self.money.balances == (0, 0, self.released * FEE, 0)
        assert self.money.waits() == []
        assert self.money.differs() == []
        self.money.database.close()
        self._folder.cleanup()

    @precondition(lambda self: self.released < 3)
    @rule(is_told=st.booleans())
    def release(self, is_told: bool) -> None:
        self.released += 1
        number = f"M-2026-0000{self.released}"
        self.money.open(number, number=number)
        self.money.pay(number)
        self.money.release(number)
        if is_told:
            self.money.deliver()

    @rule(kind=st.sampled_from([OwnerKind.PERSON, OwnerKind.SOLE_TRADER]))
    def know(self, kind: OwnerKind) -> None:
        self.money.enrol(kind)
        self.is_known = True

    @precondition(lambda self: self.is_known)
    @rule()
    def validate(self) -> None:
        self.money.verify_all()

    @precondition(lambda self: self.is_known)
    @rule(number=NUMBERS)
    def give_account(self, number: str) -> None:
        self.money.give_account(number)

    @rule(is_deaf=st.booleans())
    def try_again(self, is_deaf: bool) -> None:
        if is_deaf:
            with suppress(Unreachable):
                payee_calls.go_on(self.money.database, Lossy(self.money.database), [self.money.expert_id], AT)
        else:
            self.money.go_on()

    @rule()
    def settle(self) -> None:
        self.money.settle()

    @rule(data=st.data())
    def hear_again(self, data: st.DataObject) -> None:
        told = [*(("payout", one.provider_id) for one in self.money.payouts() if one.provider_id)]
        told += [("release", one.provider_id) for one in self.money.transfers() if one.provider_id]
        if told:
            kind, provider_id = data.draw(st.sampled_from(told))
            self.money.hear(provider_id, kind)

    @rule()
    def retry(self) -> None:
        with self.money.database.reading() as session:
            failed = [case.transfer.id for case in payout_queues.waiting(session) if case.is_failed]
        for transfer_id in failed:
            with suppress(Conflict), self.money.database.writing() as session:
                payout_queues.retry(session, transfer_id, audits.SYSTEM, at=AT)

    @invariant()
    def what_was_paid_was_released_and_goes_once(self) -> None:
        payouts, transfers = self.money.payouts(), self.money.transfers()
        for transfer in transfers:
            sent = [one for one in payouts if one.transfer_id == transfer.id and one.state in UNDER_WAY]
            assert len(sent) <= 1
            assert sum(one.cents for one in sent) <= transfer.net_cents == NET
        assert len(transfers) == self.released
        _, wallet, fees, payable = self.money.balances
        paid = sum(one.cents for one in payouts if one.state == PayoutState.SUCCEEDED)
        assert (payable, fees % FEE) == (self.released * NET - paid, 0)
        assert self.money.balance(LedgerKind.PAYEE_WALLET, self.money.expert_id, "sandbox") == wallet <= payable
        with self.money.database.reading() as session:
            assert ledger_checks.check(session) == []
            owner = provider_parties.owner_of(session, "sandbox", self.money.expert_id)
        assert owner is not None or not payouts


Payouts.TestCase.settings = settings(max_examples=5, stateful_step_count=12, deadline=None)
TestPayouts = Payouts.TestCase
