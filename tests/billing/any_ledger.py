"""Any ledger: facts about a client's missions by one expert, in any order and at any time, as Hypothesis draws them."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import strategies as st

from billing import ledger, postings
from billing.commissions import Commission
from billing.models.escrows import Refund
from billing.models.ledger import FactKind
from billing.postings import Amount, External, Fact
from foundation.database import Database
from foundation.errors import Conflict
from tests.billing.money import AT, Money, make

BEGIN = datetime(2026, 11, 29, tzinfo=UTC)
CENTS = st.sampled_from([1, 99, 100, 10_000])
PLACE = st.integers(0, 2)
HOURS = st.integers(0, 24 * 40)
WHAT = st.sampled_from(
    ["pay_in", "pay_in", "assign", "refund", "repay", "repay_back", "release", "release", "pay_out", "pay_out_back",
     "charge_back", "win_back", "reverse", "others"]
)  # fmt: skip
Played = tuple[str, int, int, int]
FACTS = st.lists(st.tuples(WHAT, HOURS, PLACE, CENTS), min_size=5, max_size=40)
"""What happens, after how many hours, to which mission, and to how many cents."""


class Play:
    """A client with three missions by one expert, three refunds, and facts about them in any order."""

    def __init__(self, money: Money) -> None:
        self.money, self.posted = money, list[tuple[str, Fact]]()
        self.name = str(uuid4())
        self.expert_id = str(money.expert.expert_id)
        self.references = [f"{self.name}-{place}" for place in range(3)]
        escrows = [money.open(reference, number=f"M-{reference}") for reference in self.references]
        made = [
            Refund(escrow_id=escrow.id, reason="surplus", cents=1, currency="EUR", asked_at=AT) for escrow in escrows
        ]
        with money.database.writing() as session:
            session.add_all(made)
            session.flush()
            self.refunds = [one.id for one in made]
        self.escrows = [postings.escrow(reference, "EUR") for reference in self.references]
        self.returning = [postings.on_its_way(refund_id, "EUR") for refund_id in self.refunds]

    @classmethod
    def of(cls, database: Database, facts: Sequence[Played]) -> "Play":
        """Play facts on a database, with a client and an expert of its own."""
        play = cls(make(database, str(uuid4())))
        for what, hours, place, cents in facts:
            play.post(what, BEGIN + timedelta(hours=hours), place, cents)
        return play

    def post(self, what: str, at: datetime, place: int, cents: int) -> None:
        """Post a fact, unless the ledger refuses it."""
        with suppress(Conflict), self.money.database.writing() as session:
            for fact in self._facts(what, place, cents):
                made = ledger.post(session, fact, at=at)
                self.posted.append((made.id, fact))

    def _facts(self, what: str, place: int, cents: int) -> Sequence[Fact]:
        name, amount, payer = str(uuid4()), Amount(cents, "EUR"), self.money.client_id
        reference, refund = self.references[place], self.refunds[place]
        if what == "pay_in":
            return [postings.pay_in(name, amount, reference, payer, External("sandbox", "payin", name))]
        if what == "assign":
            return [
                postings.unassigned_pay_in(name, amount, External("sandbox", "payin", name)),
                postings.assignment(name, amount, reference, payer, "sandbox"),
            ]
        if what == "release":
            fee = Commission(1_000, cents // 10, cents // 50)
            done = External("sandbox", "release", reference)
            return [
                postings.release(reference, self.expert_id, amount, fee),
                postings.transfer(amount, fee.total_cents, payer, self.expert_id, done),
            ]
        if what == "reverse":
            known = [(made, fact) for made, fact in self.posted if fact.kind is not FactKind.REVERSAL]
            return [postings.reversal(made, fact.legs, "Wrong.") for made, fact in known[-1 - place :][:1]]
        if what == "others":
            return [
                postings.pay_in(name, amount, name, "somebody", External("sandbox", "payin", name)),
                postings.release(name, "else", amount, Commission(0, 0, 0)),
            ]
        back = External("sandbox", what, name)
        made = {
            "refund": lambda: _named(postings.refund(refund, amount, reference), name),
            "repay": lambda: postings.repayment(name, refund, amount, payer, back),
            "repay_back": lambda: postings.repayment_return(name, refund, amount, payer, back),
            "pay_out": lambda: postings.payout(amount, self.expert_id, back),
            "pay_out_back": lambda: postings.payout_return(amount, self.expert_id, back),
            "charge_back": lambda: postings.chargeback(amount, 0, reference, payer, back),
            "win_back": lambda: postings.chargeback_return(amount, 0, self.escrows[place], payer, back),
        }
        return [made[what]()]


def _named(fact: Fact, key: str) -> Fact:
    """Return a fact under another key: many may be about the same refund here."""
    return Fact(fact.kind, f"refund {key}", fact.legs)
