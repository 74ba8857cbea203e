"""Whatever payer, expert, operator and provider do in whatever order, the sums hold."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from billing import escrows, ledger_checks, payments, reconciliations, refunds
from billing.lifecycle import EscrowState, PaymentState, RefundState
from billing.models.escrows import RefundPart, RefundReason
from billing.models.sandbox import SandboxTransaction
from billing.providers import sandbox
from foundation import audits
from foundation.errors import Conflict, Invalid
from tests import builders
from tests.billing.money import AT, DUE, PRICE, make

CENTS = st.sampled_from([1, 1_000, DUE // 2, DUE, 2 * DUE])
TOLD = (Conflict, Invalid, ValueError)
GONE = {RefundState.AGREED, RefundState.DONE, RefundState.FAILED}


class Escrows(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.money = make(builders.database_of(builders.settings_in(Path(self._folder.name))))
        self.money.open()
        self.seen: list[str] = []

    def teardown(self) -> None:
        self.money.deliver()
        self.the_sums_hold()
        self.the_provider_agrees()
        self.money.database.close()
        self._folder.cleanup()

    @rule(cents=CENTS, text=st.sampled_from(["M-2026-00042", "merci"]), is_late=st.booleans(), is_told=st.booleans())
    def wire(self, cents: int, text: str, is_late: bool, is_told: bool) -> None:
        with self.money.database.writing() as session:
            wire = sandbox.send_wire(session, self.money.client_id, text, cents, "EUR", at=AT, is_late=is_late)
        self.seen.append(wire)
        if is_told:
            self.money.deliver()

    @rule(number=st.sampled_from(list(sandbox.CARDS)))
    def card(self, number: str) -> None:
        with suppress(Conflict):
            self.seen.append(self.money.card(number))

    @rule()
    def bring_late_wires(self) -> None:
        with self.money.database.writing() as session:
            sandbox.let_arrive(session, at=AT, client_id=self.money.client_id)

    @rule(data=st.data())
    def hear_again(self, data: st.DataObject) -> None:
        if self.seen:
            self.money.hear(data.draw(st.sampled_from(self.seen)))

    @rule()
    def deliver(self) -> None:
        self.money.deliver()

    @rule(cents=CENTS)
    def change_price(self, cents: int) -> None:
        with suppress(*TOLD), self.money.database.writing() as session:
            escrows.adjust_due(session, "m1", cents, AT)

    @rule()
    def release(self) -> None:
        with suppress(*TOLD), self.money.database.writing() as session:
            escrows.release(session, "m1", PRICE, AT)

    @rule()
    def cancel(self) -> None:
        with suppress(*TOLD), self.money.database.writing() as session:
            escrows.cancel(session, "m1", AT)

    @rule(cents=CENTS)
    def ask_refund(self, cents: int) -> None:
        with suppress(*TOLD), self.money.database.writing() as session:
            refunds.ask(session, self.money.payer, "m1", cents, "Because.", at=AT)

    @rule(answer=st.sampled_from(["consent", "refuse", "withdraw"]))
    def answer_refund(self, answer: str) -> None:
        for refund in self.money.refunds():
            if refund.reason != RefundReason.ASKED:
                continue
            with suppress(*TOLD), self.money.database.writing() as session:
                if answer == "consent":
                    refunds.consent(session, self.money.payee, refund.id, "::1", at=AT)
                elif answer == "refuse":
                    refunds.refuse(session, self.money.payee, refund.id, "No.", at=AT)
                else:
                    refunds.withdraw(session, self.money.payer, refund.id, at=AT)

    @rule(is_assigned=st.booleans())
    def look_after_a_wire(self, is_assigned: bool) -> None:
        with self.money.database.reading() as session:
            waiting = [payment.id for payment in payments.unmatched(session)]
        for payment_id in waiting[:1]:
            with suppress(*TOLD), self.money.database.writing() as session:
                if is_assigned:
                    payments.assign(session, payment_id, "M-2026-00042", "en", audits.account("o"), at=AT)
                else:
                    payments.give_back(session, payment_id, audits.account("o"), at=AT)

    @invariant()
    def the_sums_hold(self) -> None:
        escrow = self.money.escrow()
        counted = [payment for payment in self.money.payments() if payment.counted_at]
        gone = [refund for refund in self.money.refunds() if refund.escrow_id and refund.state in GONE]
        assert escrow.paid_cents == sum(payment.cents for payment in counted)
        assert escrow.refunded_cents == sum(refund.cents for refund in gone)
        assert min(escrow.due_cents, escrow.amounts.held, escrow.released_cents) >= 0
        assert escrow.amounts.held <= escrow.paid_cents
        if escrow.state == EscrowState.HELD:
            assert escrow.amounts.held == escrow.due_cents
        if escrow.state in {EscrowState.RELEASED, EscrowState.REFUNDED, EscrowState.CANCELLED}:
            assert escrow.amounts.held == 0
        assert not (escrow.released_cents and escrow.state == EscrowState.REFUNDED)

    @invariant()
    def the_ledger_says_the_same(self) -> None:
        with self.money.database.reading() as session:
            assert ledger_checks.check(session) == []

    @invariant()
    def nothing_goes_back_twice_or_without_consent(self) -> None:
        parts = [part for part in self.money.rows(RefundPart) if part.state != PaymentState.FAILED]
        for payment in self.money.payments():
            assert sum(part.cents for part in parts if part.payment_id == payment.id) <= payment.cents
        for refund in self.money.refunds():
            if refund.state in GONE:
                assert sum(part.cents for part in parts if part.refund_id == refund.id) == refund.cents
                assert refund.reason != RefundReason.ASKED or refund.consented_by == self.money.expert.id

    @invariant()
    def each_event_was_told_as_often_as_it_happened(self) -> None:
        told = [kind for kind, _ in self.money.told()]
        assert told.count("released") == (self.money.escrow().state == EscrowState.RELEASED)

    def the_provider_agrees(self) -> None:
        """Once all is told, nothing is missing here that the provider has, nor the reverse."""
        made = self.money.rows(SandboxTransaction)
        came = {row.id for row in made if row.kind != "refund" and row.state == "succeeded" and row.arrives_at is None}
        assert came == {payment.provider_id for payment in self.money.payments() if payment.state == "succeeded"}
        sent = sum(row.cents for row in made if row.kind == "refund")
        assert sent == sum(part.cents for part in self.money.rows(RefundPart) if part.state == PaymentState.SUCCEEDED)
        assert reconciliations.reconcile(self.money.database, self.money.provider, at=AT) == []


Escrows.TestCase.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
TestEscrows = Escrows.TestCase
