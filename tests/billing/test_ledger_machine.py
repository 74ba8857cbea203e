"""Whatever facts come in whatever order: sums are zero, nothing falls below it, repeats change nothing."""

from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from billing import ledger, ledger_checks, ledger_statements, postings
from billing.commissions import Commission
from billing.ledger_checks import Promise
from billing.models.ledger import UNBOUNDED, LedgerTransaction
from billing.postings import Amount, External, Fact
from foundation.errors import Conflict
from tests import builders
from tests.billing.money import AT, make

NUMBERS = st.integers(1, 3)
CENTS = st.sampled_from([1, 99, 100, 10_000])
OWN_ROWS = {*Promise} - {
    Promise.BALANCED,
    Promise.WHOLE,
    Promise.UNCHANGED,
    Promise.COVERED,
    Promise.REVERSED,
}
"""No row of ours is behind these facts."""


def external(kind: str, number: int) -> External:
    return External("sandbox", kind, str(number))


class Ledger(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self.money = make(builders.database_of(builders.settings_in(Path(self._folder.name))))
        self.posted: dict[str, Fact] = {}
        self.sums: dict[object, int] = {}

    def teardown(self) -> None:
        for fact in self.posted.values():
            self.post(fact)
        self.it_holds()
        self.money.database.close()
        self._folder.cleanup()

    def post(self, fact: Fact) -> None:
        """Post a fact, and expect what a plain sum of legs says."""
        after = {name: self.sums.get(name, 0) + cents for name, cents in fact.legs.items()}
        is_new = fact.key not in self.posted
        is_covered = all(
            name.may_be_negative or name.side * after[name] >= 0 or name.side * fact.legs[name] > 0 for name in after
        )
        came = False
        with suppress(Conflict):
            self.money.database.write(lambda session: ledger.post(session, fact, at=AT))
            came = True
        if is_new:
            assert came == is_covered
        else:
            assert came == (self.posted[fact.key].fingerprint == fact.fingerprint)
        if came and is_new:
            self.posted[fact.key] = fact
            self.sums |= after

    @rule(number=NUMBERS, cents=CENTS, escrow=NUMBERS)
    def pay_in(self, number: int, cents: int, escrow: int) -> None:
        paid = Amount(cents, "EUR")
        self.post(postings.pay_in(f"p{number}", paid, f"m{escrow}", "c1", external("payin", number)))

    @rule(number=NUMBERS, cents=CENTS)
    def pay_in_for_nothing(self, number: int, cents: int) -> None:
        self.post(postings.unassigned_pay_in(f"u{number}", Amount(cents, "EUR"), external("payin", 100 + number)))

    @rule(number=NUMBERS, cents=CENTS, is_assigned=st.booleans())
    def look_after(self, number: int, cents: int, is_assigned: bool) -> None:
        paid = Amount(cents, "EUR")
        if is_assigned:
            self.post(postings.assignment(f"u{number}", paid, "m1", "c1", "sandbox"))
        else:
            self.post(postings.return_(f"u{number}", f"back{number}", paid))

    @rule(number=NUMBERS, cents=CENTS, escrow=NUMBERS)
    def refund(self, number: int, cents: int, escrow: int) -> None:
        self.post(postings.refund(f"r{number}", Amount(cents, "EUR"), f"m{escrow}"))

    @rule(number=NUMBERS, cents=CENTS)
    def repay(self, number: int, cents: int) -> None:
        sent = Amount(cents, "EUR")
        self.post(postings.repayment(f"part{number}", f"r{number}", sent, "c1", external("refund", number)))

    @rule(escrow=NUMBERS, cents=CENTS)
    def release(self, escrow: int, cents: int) -> None:
        taken = Commission(1_000, cents // 10, cents // 50)
        self.post(postings.release(f"m{escrow}", "e1", Amount(cents, "EUR"), taken))

    @rule(number=NUMBERS, cents=CENTS)
    def transfer(self, number: int, cents: int) -> None:
        self.post(postings.transfer(Amount(cents, "EUR"), cents // 10, "c1", "e1", external("transfer", number)))

    @rule(number=NUMBERS, cents=CENTS, is_back=st.booleans())
    def pay_out(self, number: int, cents: int, is_back: bool) -> None:
        gone = postings.payout_return if is_back else postings.payout
        self.post(gone(Amount(cents, "EUR"), "e1", external("payout_refund" if is_back else "payout", number)))

    @rule(number=NUMBERS, cents=CENTS, lost=CENTS)
    def charge_back(self, number: int, cents: int, lost: int) -> None:
        self.post(postings.chargeback(Amount(cents, "EUR"), lost, "m1", "c1", external("dispute", number)))

    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        rows = [row for row in self.money.rows(LedgerTransaction) if row.reverses is None]
        if rows:
            row = data.draw(st.sampled_from(sorted(rows, key=lambda found: found.key)))
            self.post(postings.reversal(row.id, self.posted[row.key].legs, "Wrong."))

    @invariant()
    def it_holds(self) -> None:
        with self.money.database.reading() as session:
            found = {finding.promise for finding in ledger_checks.check(session)}
            sums = ledger_statements.balances(session)
        assert found <= OWN_ROWS
        assert sum(item.side * item.cents for item in sums) == 0
        assert all(item.cents >= 0 or item.kind in UNBOUNDED for item in sums)
        assert len(self.money.rows(LedgerTransaction)) == len(self.posted)


Ledger.TestCase.settings = settings(max_examples=10, stateful_step_count=25, deadline=None)
TestLedger = Ledger.TestCase
