"""Everything that payers, experts, operators, banks, the provider, workers and crashes do to one escrow's money."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from hypothesis.strategies import SearchStrategy
from sqlalchemy import delete, event
from sqlmodel import col

from billing import escrows, ledger_checks, payments, payouts, reconciliations, refund_parts, refunds, transfers
from billing.lifecycle import EscrowState, PaymentState, RefundState, TransferState
from billing.models.chargebacks import Chargeback
from billing.models.escrows import RefundPart, RefundReason
from billing.models.payouts import Payout, Transfer
from billing.models.sandbox import SandboxChargeback, SandboxMovement, SandboxTransaction
from billing.providers import sandbox, sandbox_chargebacks, sandbox_payouts
from billing.providers.interface import CHARGEBACK, PAYIN, PAYOUT, REFUND, RELEASE, PayoutState
from billing.providers.sandbox_rows import RETURNED
from foundation import audits
from foundation.database import Database
from foundation.errors import Conflict, Invalid
from foundation.outbox import OutboxRow
from tests import databases
from tests.billing.money import AT, DUE, GOOD, PRICE, make
from tests.billing.paying import Paying
from tests.billing.providing import ACCOUNT, PlayedSandbox
from web import reactions

CENTS = st.sampled_from([1, 1_000, DUE // 2, DUE, 2 * DUE])
PLACE = st.integers(0, 5)
TOLD = (Conflict, Invalid, ValueError)
GONE = {RefundState.AGREED, RefundState.DONE, RefundState.FAILED}
ON_ITS_WAY = {PayoutState.CREATED, PayoutState.SUCCEEDED}
OVER = {EscrowState.RELEASED, EscrowState.REFUNDED, EscrowState.CANCELLED}
KINDS = (PAYIN, REFUND, CHARGEBACK, RELEASE, PAYOUT)


COMMANDS: dict[str, dict[str, SearchStrategy[Any]]] = {}
OFTEN: list[str] = []
"""The names of all commands, each as often as it is to be tried."""
Method = TypeVar("Method", bound=Callable[..., None])


def command(weight: int, **arguments: SearchStrategy[Any]) -> Callable[[Method], Method]:
    """Have a method be one of the commands. Rules of their own would each be left out of half of all runs."""

    def note(method: Method) -> Method:
        COMMANDS[method.__name__] = arguments
        OFTEN.extend([method.__name__] * weight)
        return method

    return note


@st.composite
def commands(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    name = draw(st.sampled_from(OFTEN))
    return name, {argument: draw(strategy) for argument, strategy in COMMANDS[name].items()}


_FOLDER = TemporaryDirectory()


@lru_cache(maxsize=1)
def _begun() -> tuple[Path, bytes, Paying]:
    """Return where all runs of this process are, one after another, and how each begins: an escrow waits for money.

    The provider knows the expert, whose papers are in order and whose bank takes what it is sent.
    """
    # A copy of a file is how each run begins, on whichever database the rest is.
    path = Path(_FOLDER.name) / "money.db"
    databases.bring_up(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}")
    made = make(database)
    money = Paying(database, made.client, made.expert, made.client_id, PlayedSandbox(database))
    money.open()
    money.enrol()
    money.verify()
    money.give_account()
    money.database.purge()
    money.database.close()
    return path, path.read_bytes(), money


class Crash(BaseException):
    """The process dies here."""


class Escrows(RuleBasedStateMachine):
    counts: ClassVar[Counter[str]] = Counter()
    """What was done in all runs of a process."""

    def __init__(self) -> None:
        super().__init__()
        path, begun, self.money = _begun()
        self.at = AT
        path.write_bytes(begun)
        lanes = reactions.money_table(self.money.provider, self.money.database, lambda: self.at)
        self._lanes = {lane.topic: lane.reaction for lane in lanes}

    @property
    def now(self) -> datetime:
        """Return the time, a minute after it was asked for last: what is ordered by it has one order."""
        self.at += timedelta(minutes=1)
        return self.at

    def teardown(self) -> None:
        try:
            self._rest()
        finally:
            self.money.database.close()

    def _rest(self) -> None:
        self.money.deliver()
        for kind, name in self._resources():
            self.money.hear(name, kind)  # Of some the provider had told, and nobody heard.
        self.money.deliver()
        self.the_sums_hold()
        self.the_ledger_says_the_same()
        self.the_provider_agrees()

    @rule(said=commands())
    def step(self, said: tuple[str, dict[str, Any]]) -> None:
        """Do something."""
        name, arguments = said
        getattr(self, name)(**arguments)

    @command(3, cents=CENTS, text=st.sampled_from(["M-2026-00042", "merci"]), is_late=st.booleans())
    def wire(self, cents: int, text: str, is_late: bool) -> None:
        with self.money.database.writing() as session:
            sandbox.send_wire(session, self.money.client_id, text, cents, "EUR", at=self.now, is_late=is_late)

    @command(3, number=st.sampled_from([GOOD] * 6 + list(sandbox.CARDS)))
    def card(self, number: str) -> None:
        with suppress(Conflict):
            self.money.card(number)

    @command(1)
    def bring_late_wires(self) -> None:
        with self.money.database.writing() as session:
            sandbox.let_arrive(session, at=self.now, client_id=self.money.client_id)

    @command(2, place=PLACE, cents=st.sampled_from([None, None, 1_000]))
    def take_back(self, place: int, cents: int | None) -> None:
        """Have a bank take a card payment back."""
        made = self.money.rows(SandboxTransaction)
        cards = [row.id for row in made if row.kind == "card" and row.state == "succeeded"]
        if cards:
            with suppress(Conflict), self.money.database.writing() as session:
                sandbox_chargebacks.take(session, cards[place % len(cards)], at=self.now, cents=cents)
                self.counts["taken back"] += 1

    @command(2, place=PLACE, is_won=st.booleans())
    def decide(self, place: int, is_won: bool) -> None:
        """Have the bank decide."""
        if found := self.money.rows(SandboxChargeback):
            with suppress(Conflict), self.money.database.writing() as session:
                sandbox_chargebacks.decide(session, found[place % len(found)].id, is_won=is_won)

    @command(2, place=PLACE)
    def return_refund(self, place: int) -> None:
        """Have a bank send a wire's refund back."""
        if sent := [row.id for row in self.money.rows(SandboxTransaction) if row.kind == "refund"]:
            with suppress(Conflict), self.money.database.writing() as session:
                sandbox.return_refund(session, sent[place % len(sent)])
                self.counts["returned"] += 1

    @command(2)
    def settle_payouts(self) -> None:
        """Have banks do what they will do with payouts."""
        self.money.played.settle()

    @command(2, number=st.sampled_from([ACCOUNT, *sandbox_payouts.ACCOUNTS]))
    def give_account(self, number: str) -> None:
        """Have the expert be paid to another account: one that takes it at once, late, not at all, or returns it."""
        with suppress(*TOLD):
            self.money.give_account(number)

    @command(2, place=PLACE, is_payout=st.booleans())
    def pay_again(self, place: int, is_payout: bool) -> None:
        """Have an operator try a transfer or a payout again."""
        rows = self.money.rows(Payout if is_payout else Transfer)
        if rows:
            chosen, retry = rows[place % len(rows)].id, (payouts if is_payout else transfers).retry
            with suppress(*TOLD), self.money.database.writing() as session:
                retry(session, chosen, audits.account("o"), at=self.now)

    @command(4, place=PLACE, is_kept=st.booleans())
    def deliver_one(self, place: int, is_kept: bool) -> None:
        """Deliver something that is owed, in any order, perhaps not for the last time."""
        if owed := self._owed():
            row = owed[place % len(owed)]
            self._lanes[row.topic]([row.key])
            if not is_kept:
                self._forget(row)

    @command(2)
    def deliver(self) -> None:
        self.money.deliver()

    @command(2, place=PLACE)
    def lose(self, place: int) -> None:
        """Have something that the provider said be lost on its way."""
        if said := [row for row in self._owed() if row.topic == "billing.provider_event"]:
            self._forget(said[place % len(said)])
            self.counts["lost"] += 1

    @command(1, place=st.integers(0, 20))
    def hear_again(self, place: int) -> None:
        if known := self._resources():
            kind, name = known[place % len(known)]
            self.money.hear(name, kind)

    @command(1, place=st.integers(0, 20), kind=st.sampled_from(KINDS), provider=st.sampled_from(["sandbox", "other"]))
    def hear_forged(self, place: int, kind: str, provider: str) -> None:
        """Have somebody say things of what is not there, or is something else."""
        names = ["nothing", *(name for _, name in self._resources())]
        self._lanes["billing.provider_event"]([f"{provider}:{kind}:{names[place % len(names)]}"])

    @command(4, steps=st.integers(0, 25), place=PLACE)
    def crash(self, steps: int, place: int) -> None:
        """Have whoever delivers die after so many writes; what was owed stays owed."""
        if owed := self._owed():
            row = owed[place % len(owed)]
            with suppress(Crash), self._dying_after(steps):
                self._lanes[row.topic]([row.key])

    @command(1)
    def two_workers(self) -> None:
        """Have two workers deliver the same at once."""
        failed: list[BaseException] = []

        def work() -> None:
            try:
                for row in owed:
                    self._lanes[row.topic]([row.key])
            except BaseException as error:  # noqa: BLE001 - raised where it counts
                failed.append(error)

        owed = self._owed()[:3]
        threads = [Thread(target=work) for _ in range(2 if owed else 0)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert failed == []

    @command(2, cents=CENTS)
    def change_price(self, cents: int) -> None:
        with suppress(*TOLD), self.money.database.writing() as session:
            escrows.adjust_due(session, "m1", cents, self.now)

    @command(1)
    def release(self) -> None:
        with suppress(*TOLD), self.money.database.writing() as session:
            escrows.release(session, "m1", PRICE, self.now)

    @command(1)
    def cancel(self) -> None:
        with suppress(*TOLD), self.money.database.writing() as session:
            escrows.cancel(session, "m1", self.now)

    @command(2, cents=CENTS)
    def ask_refund(self, cents: int) -> None:
        with suppress(*TOLD), self.money.database.writing() as session:
            refunds.ask(session, self.money.payer, "m1", cents, "Because.", at=self.now)

    @command(2, answer=st.sampled_from(["consent", "refuse", "withdraw"]))
    def answer_refund(self, answer: str) -> None:
        for refund in self.money.refunds():
            if refund.reason == RefundReason.ASKED:
                with suppress(*TOLD), self.money.database.writing() as session:
                    self._answers(refund.id)[answer](session)

    @command(1, place=PLACE)
    def retry_refund(self, place: int) -> None:
        if failed := [refund.id for refund in self.money.refunds() if refund.state == RefundState.FAILED]:
            with suppress(*TOLD), self.money.database.writing() as session:
                refunds.retry(session, failed[place % len(failed)], audits.account("o"), at=self.now)

    @command(2, is_assigned=st.booleans())
    def look_after_a_wire(self, is_assigned: bool) -> None:
        with self.money.database.reading() as session:
            waiting = [payment.id for payment in payments.unmatched(session)]
        for payment_id in waiting[:1]:
            with suppress(*TOLD), self.money.database.writing() as session:
                if is_assigned:
                    payments.assign(session, payment_id, "M-2026-00042", "en", audits.account("o"), at=self.now)
                else:
                    payments.give_back(session, payment_id, audits.account("o"), at=self.now)

    @invariant()
    def the_sums_hold(self) -> None:
        self.counts["steps"] += 1
        escrow, taken = self.money.escrow(), self.money.rows(Chargeback)
        counted = [payment for payment in self.money.payments() if payment.counted_at]
        gone = [refund for refund in self.money.refunds() if refund.escrow_id and refund.state in GONE]
        not_there = sum(one.held_cents - one.restored_cents for one in taken if one.escrow_id)
        assert escrow.paid_cents == sum(payment.cents for payment in counted) - not_there
        assert escrow.refunded_cents == sum(refund.cents for refund in gone)
        assert min(escrow.due_cents, escrow.amounts.held, escrow.released_cents) >= 0
        assert escrow.released_cents + escrow.refunded_cents <= escrow.paid_cents, "released, and gone as well"
        if escrow.state == EscrowState.HELD:
            assert escrow.amounts.held == escrow.due_cents
        if escrow.state in OVER:
            assert escrow.amounts.held == 0
        assert not (escrow.released_cents and escrow.state != EscrowState.RELEASED)

    @invariant()
    def each_payment_and_each_refund_is_accounted_for(self) -> None:
        given_back: dict[str, int] = {}
        with self.money.database.reading() as session:
            taken = [one for one in self.money.rows(Chargeback) if one.escrow_id]
            for payment in (one for one in self.money.payments() if one.counted_at):
                gone = refund_parts.gone_of(session, payment)
                for refund, cents in gone:
                    given_back[refund.id] = given_back.get(refund.id, 0) + cents
                not_there = sum(one.held_cents - one.restored_cents for one in taken if one.payment_id == payment.id)
                left = refund_parts.left_of(session, payment)
                assert payment.cents == left + sum(cents for _, cents in gone) + not_there
        whole = {one.id: one.cents for one in self.money.refunds() if one.escrow_id and one.state in GONE}
        assert {refund_id: given_back.get(refund_id) for refund_id in whole} == whole

    @invariant()
    def the_ledger_says_the_same(self) -> None:
        with self.money.database.reading() as session:
            assert ledger_checks.check(session) == []

    @invariant()
    def nothing_goes_back_twice_or_without_consent(self) -> None:
        parts = [part for part in self.money.rows(RefundPart) if part.state != PaymentState.FAILED]
        taken = [one for one in self.money.rows(Chargeback) if one.refund_id is None]
        for payment in self.money.payments():
            back = sum(part.cents for part in parts if part.payment_id == payment.id)
            back += sum(one.held_cents - one.restored_cents for one in taken if one.payment_id == payment.id)
            assert back <= payment.cents
        for refund in self.money.refunds():
            own = [part for part in parts if part.refund_id == refund.id]
            if refund.state in {RefundState.AGREED, RefundState.DONE}:
                is_waiting = any(part.state == PaymentState.CREATED for part in own)
                # What failed is sent again once nothing else of its refund is under way.
                is_short = sum(part.cents for part in own) < refund.cents
                assert sum(part.cents for part in own) == refund.cents or (is_short and is_waiting)
            if refund.state in GONE and refund.reason == RefundReason.ASKED:
                assert refund.consented_by == self.money.expert.id

    @invariant()
    def experts_are_paid_once_and_only_what_was_released(self) -> None:
        released = self.money.escrow().released_cents
        carried = [one for one in self.money.rows(Transfer) if one.state != TransferState.FAILED]
        assert sum(one.cents for one in carried) <= released
        paid = [one for one in self.money.rows(Payout) if one.state in ON_ITS_WAY]
        brought = [one for one in carried if one.state == TransferState.SUCCEEDED]
        assert sum(one.cents for one in paid) <= sum(one.net_cents for one in brought)
        self.counts["paid"] += len(paid)

    @invariant()
    def each_event_was_told_as_often_as_it_happened(self) -> None:
        told = [kind for kind, _ in self.money.told()]
        assert told.count("released") == (self.money.escrow().state == EscrowState.RELEASED)

    def the_provider_agrees(self) -> None:
        """Once all is told, nothing is missing here that the provider has, nor the reverse."""
        made = self.money.rows(SandboxTransaction)
        came = {row.id for row in made if row.kind != "refund" and row.state == "succeeded" and row.arrives_at is None}
        assert came == {payment.provider_id for payment in self.money.payments() if payment.state == "succeeded"}
        sent = sum(row.cents for row in made if row.kind == "refund" and row.failure != RETURNED)
        assert sent == sum(part.cents for part in self.money.rows(RefundPart) if part.state == PaymentState.SUCCEEDED)
        here = {(row.provider_id, row.state) for row in self.money.rows(Chargeback)}
        assert here == {(row.id, row.state) for row in self.money.rows(SandboxChargeback)}
        assert [refund for refund in self.money.refunds() if refund.state == RefundState.AGREED] == []
        assert reconciliations.reconcile(self.money.database, self.money.provider, at=self.now).differences == []

    def _answers(self, refund_id: str) -> dict[str, Callable[[Any], object]]:
        return {
            "consent": lambda session: refunds.consent(session, self.money.payee, refund_id, "::1", at=self.now),
            "refuse": lambda session: refunds.refuse(session, self.money.payee, refund_id, "No.", at=self.now),
            "withdraw": lambda session: refunds.withdraw(session, self.money.payer, refund_id, at=self.now),
        }

    def _owed(self) -> list[OutboxRow]:
        rows = [row for row in self.money.rows(OutboxRow) if row.topic in self._lanes]
        return sorted(rows, key=lambda row: row.id or 0)

    def _forget(self, row: OutboxRow) -> None:
        is_it = delete(OutboxRow).where(col(OutboxRow.id) == row.id)
        self.money.database.write(lambda session: session.execute(is_it))

    def _resources(self) -> list[tuple[str, str]]:
        made = self.money.rows(SandboxTransaction)
        names = [(REFUND if row.kind == "refund" else PAYIN, row.id) for row in made]
        names += [(PAYOUT if row.kind == "payout" else RELEASE, row.id) for row in self.money.rows(SandboxMovement)]
        return [*names, *((CHARGEBACK, row.id) for row in self.money.rows(SandboxChargeback))]

    @contextmanager
    def _dying_after(self, steps: int) -> Iterator[None]:
        """Die before the next write after so many."""
        left = iter(range(steps))

        def step(counts: Counter[str], *said: Any) -> None:
            is_read = len(said) > 1 and str(said[2]).lstrip().upper().startswith(("SELECT", "PRAGMA", "BEGIN"))
            if not is_read and next(left, None) is None:
                counts["crashes"] += 1
                raise Crash

        listen, engine = partial(step, self.counts), self.money.database.engine
        for name in ("before_cursor_execute", "commit"):
            event.listen(engine, name, listen)
        try:
            yield
        finally:
            for name in ("before_cursor_execute", "commit"):
                event.remove(engine, name, listen)
