"""Four eyes: above a limit, what an operator does with money by hand is done once another one confirmed it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import payments, proposals, refund_parts
from billing.lifecycle import PaymentState, ProposalState
from billing.models.proposals import MoneyProposal
from billing.proposals import LASTS, Limit, OwnProposal, WaitsForAnother
from billing.providers import sandbox
from billing.providers.interface import Repaid
from foundation.audits import AuditEntry
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from foundation.settings import ROOT
from tests import signed_in
from tests.billing import money as builders
from tests.billing.money import AT, DUE, Money, sums

LIMIT = Limit(DUE - 1, "en")
Found = TypeVar("Found")


@pytest.fixture
def money(database: Database) -> Money:
    found = builders.make(database)
    found.open()
    return found


@pytest.fixture
def olga(money: Money) -> SignedIn:
    return builders.as_signed_in(signed_in.make(money.database, AccountKind.OPERATOR, "Olga"))


@pytest.fixture
def oscar(money: Money) -> SignedIn:
    return builders.as_signed_in(signed_in.make(money.database, AccountKind.OPERATOR, "Oscar"))


def in_one(money: Money, work: Callable[[Session], Found]) -> Found:
    with money.database.writing() as session:
        return work(session)


def nameless(money: Money, cents: int = DUE) -> str:
    money.wire(cents, "merci")
    with money.database.reading() as session:
        return payments.unmatched(session)[-1].id


def assign(money: Money, who: SignedIn, payment_id: str, limit: Limit = LIMIT) -> MoneyProposal | None:
    return in_one(money, lambda s: proposals.assign(s, who, payment_id, "M-2026-00042", limit, at=AT))


def proposed(money: Money, who: SignedIn) -> str:
    found = assign(money, who, nameless(money))
    assert found is not None
    return found.id


def state(money: Money, proposal_id: str) -> str:
    with money.database.reading() as session:
        return session.get_one(MoneyProposal, proposal_id).state


def audited(money: Money) -> list[tuple[str, str | None]]:
    with money.database.reading() as session:
        entries = session.execute(select(AuditEntry).order_by(col(AuditEntry.id))).scalars()
        return [(entry.action, entry.actor_account_id) for entry in entries if entry.action.startswith("money_")]


def test_up_to_the_limit_one_operator_does(money: Money, olga: SignedIn) -> None:
    assert assign(money, olga, nameless(money), Limit(DUE, "en")) is None
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)
    assert audited(money) == []


def test_above_it_another_one_confirms_and_then_it_is_done_once(money: Money, olga: SignedIn, oscar: SignedIn) -> None:
    proposal_id = proposed(money, olga)
    assert sums(money.escrow()) == ("awaiting", DUE, 0, 0, 0)
    with pytest.raises(OwnProposal):
        in_one(money, lambda s: proposals.confirm(s, olga, proposal_id, at=AT))
    with pytest.raises(OwnProposal):
        in_one(money, lambda s: proposals.decline(s, olga, proposal_id, "No.", LIMIT, at=AT))
    in_one(money, lambda s: proposals.confirm(s, oscar, proposal_id, at=AT))
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)
    assert state(money, proposal_id) == ProposalState.CONFIRMED
    with pytest.raises(Conflict):
        in_one(money, lambda s: proposals.confirm(s, oscar, proposal_id, at=AT))
    assert sums(money.escrow()) == ("held", DUE, DUE, 0, 0)
    assert audited(money) == [("money_proposed", olga.account_id), ("money_confirmed", oscar.account_id)]


def test_a_payment_that_is_proposed_waits_for_nothing_else(money: Money, olga: SignedIn, oscar: SignedIn) -> None:
    payment_id = nameless(money)
    assert assign(money, olga, payment_id)
    for limit in (LIMIT, Limit(DUE, "en")):
        with pytest.raises(WaitsForAnother):
            assign(money, oscar, payment_id, limit)
        with pytest.raises(WaitsForAnother):
            in_one(money, lambda s, limit=limit: proposals.give_back(s, oscar, payment_id, limit, at=AT))


def test_declining_needs_a_reason_and_moves_nothing(money: Money, olga: SignedIn, oscar: SignedIn) -> None:
    proposal_id = proposed(money, olga)
    for reason in (" ", "x" * 501):
        with pytest.raises(Invalid):
            in_one(money, lambda s, reason=reason: proposals.decline(s, oscar, proposal_id, reason, LIMIT, at=AT))
    in_one(money, lambda s: proposals.decline(s, oscar, proposal_id, "Another mission's.", LIMIT, at=AT))
    assert (state(money, proposal_id), money.escrow().state) == (ProposalState.DECLINED, "awaiting")
    assert money.rows(MoneyProposal)[0].answer == "Another mission's."
    with pytest.raises(Conflict):
        in_one(money, lambda s: proposals.confirm(s, oscar, proposal_id, at=AT))
    with money.database.reading() as session:
        [payment] = payments.unmatched(session)
    assert assign(money, oscar, payment.id)  # anybody may propose it anew
    assert audited(money)[1] == ("money_declined", oscar.account_id)


def test_who_proposed_takes_it_back_and_nobody_else(money: Money, olga: SignedIn, oscar: SignedIn) -> None:
    proposal_id = proposed(money, olga)
    with pytest.raises(Conflict):
        in_one(money, lambda s: proposals.withdraw(s, oscar, proposal_id, at=AT))
    in_one(money, lambda s: proposals.withdraw(s, olga, proposal_id, at=AT))
    assert state(money, proposal_id) == ProposalState.WITHDRAWN
    with pytest.raises(Conflict):
        in_one(money, lambda s: proposals.confirm(s, oscar, proposal_id, at=AT))


def test_a_proposal_expires_and_makes_room(money: Money, olga: SignedIn, oscar: SignedIn) -> None:
    payment_id = nameless(money)
    first = assign(money, olga, payment_id)
    assert first is not None
    after = AT + LASTS
    with pytest.raises(Conflict):
        in_one(money, lambda s: proposals.confirm(s, oscar, first.id, at=after))
    with money.database.reading() as session:
        assert proposals.open_ones(session, at=after) == []
        assert len(proposals.open_ones(session, at=after - timedelta(seconds=1))) == 1
    again = in_one(money, lambda s: proposals.give_back(s, oscar, payment_id, LIMIT, at=after))
    assert (state(money, first.id), again is not None) == (ProposalState.EXPIRED, True)
    proposals.expire_due(money.database, after)
    proposals.expire_due(money.database, after + LASTS)
    proposals.expire_due(money.database, after + LASTS)
    assert again is not None
    assert state(money, again.id) == ProposalState.EXPIRED
    assert money.escrow().state == "awaiting"


def test_a_payment_is_sent_back_by_two(money: Money, olga: SignedIn, oscar: SignedIn) -> None:
    payment_id = nameless(money)
    proposal = in_one(money, lambda s: proposals.give_back(s, olga, payment_id, LIMIT, at=AT))
    assert proposal is not None
    assert money.refunds() == []
    in_one(money, lambda s: proposals.confirm(s, oscar, proposal.id, at=AT))
    money.deliver()
    assert [(refund.reason, refund.state, refund.cents) for refund in money.refunds()] == [("returned", "done", DUE)]


def test_a_refund_is_tried_again_by_two(money: Money, olga: SignedIn, oscar: SignedIn) -> None:
    with money.database.writing() as session:
        wire_id = sandbox.send_wire(session, money.client_id, "M-2026-00042", 2 * DUE, "EUR", at=AT)
    money.hear(wire_id)
    refund_id = money.refunds()[0].id
    with pytest.raises(Conflict):
        in_one(money, lambda s: proposals.retry(s, olga, refund_id, LIMIT, at=AT))
    fail(money, refund_id)
    proposal = in_one(money, lambda s: proposals.retry(s, olga, refund_id, LIMIT, at=AT))
    assert proposal is not None
    assert money.refunds()[0].state == "failed"
    with pytest.raises(WaitsForAnother):
        in_one(money, lambda s: proposals.retry(s, oscar, refund_id, Limit(DUE, "en"), at=AT))
    in_one(money, lambda s: proposals.confirm(s, oscar, proposal.id, at=AT))
    money.deliver()
    assert money.refunds()[0].state == "done"


def fail(money: Money, refund_id: str) -> None:
    """Have the provider say that a refund can't be sent."""
    with money.database.writing() as session:
        part = refund_parts.parts(session, refund_id)[0]
        refund_parts.take_in(session, part.id, Repaid("r1", part.id, PaymentState.FAILED, "closed"), at=AT)


def test_what_can_not_be_done_any_more_stays_undone(money: Money, olga: SignedIn, oscar: SignedIn) -> None:
    proposal_id = proposed(money, olga)
    money.card()
    money.release()
    with pytest.raises(Conflict):
        in_one(money, lambda s: proposals.confirm(s, oscar, proposal_id, at=AT))
    assert state(money, proposal_id) == ProposalState.PROPOSED
    assert sums(money.escrow()) == ("released", DUE, DUE, 0, DUE)


def test_numbers_that_take_nothing_are_refused_before_a_second_one_is_asked(money: Money, olga: SignedIn) -> None:
    payment_id = nameless(money)
    with pytest.raises(Invalid):
        in_one(money, lambda s: proposals.assign(s, olga, payment_id, "M-2026-99999", LIMIT, at=AT))
    for wrong in ("nothing", ""):
        with pytest.raises(NotFound):
            assign(money, olga, wrong)
        with pytest.raises(NotFound):
            in_one(money, lambda s, wrong=wrong: proposals.confirm(s, olga, wrong, at=AT))
        with pytest.raises(NotFound):
            in_one(money, lambda s, wrong=wrong: proposals.retry(s, olga, wrong, LIMIT, at=AT))


@pytest.mark.parametrize(
    "change",
    ["decided_by = proposed_by, state = 'confirmed'", "decided_by = proposed_by, state = 'declined'",
     "state = 'confirmed'", "decided_by = 'somebody'", "escrow_id = NULL", "cents = 0"],
)  # fmt: skip
def test_the_table_itself_refuses_one_pair_of_eyes(money: Money, olga: SignedIn, change: str) -> None:
    proposal_id = proposed(money, olga)
    with pytest.raises(IntegrityError), money.database.writing() as session:
        session.execute(text(f"UPDATE money_proposals SET {change} WHERE id = :id"), {"id": proposal_id})
    assert state(money, proposal_id) == ProposalState.PROPOSED


def test_the_table_holds_one_open_proposal_of_a_payment(money: Money, olga: SignedIn) -> None:
    proposal_id = proposed(money, olga)
    with money.database.reading() as session:
        kept = session.get_one(MoneyProposal, proposal_id).model_dump(exclude={"id"})
    with pytest.raises(IntegrityError), money.database.writing() as session:
        session.add(MoneyProposal(**kept))
    with money.database.reading() as session:
        assert session.execute(select(func.count()).select_from(MoneyProposal)).scalar_one() == 1


def test_no_page_moves_money_by_another_way() -> None:
    past = re.compile(r"payments\.(assign|give_back)\(|refunds\.retry\(")
    files = [path for folder in ("web", "scripts", "booking") for path in (ROOT / folder).rglob("*.py")]
    assert [path for path in files if past.search(path.read_text())] == []
