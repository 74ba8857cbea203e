"""What every payment provider holds to: the same tests over the sandbox and over Mangopay, by its stand-in."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from billing.lifecycle import ChargebackState, PaymentState
from billing.models.escrows import PaymentKind
from billing.provider_states import (
    DeclarationState,
    PaperKind,
    PaperState,
    PayoutState,
    Period,
    RecipientState,
    SubscriptionState,
    UserState,
)
from billing.providers import sandbox_payouts
from billing.providers.interface import (
    Browser,
    CardFormRequest,
    ChargeRequest,
    DeclarationRequest,
    Declined,
    ReturnRequest,
    SubscriptionRequest,
    TransactionKind,
    TransactionNature,
)
from foundation import clock
from tests.billing import providing
from tests.billing.providing import ADA_AS_OWNER, Parties, Played, key, refund_of

SUCCEEDED, FAILED = PaymentState.SUCCEEDED, PaymentState.FAILED


@pytest.fixture
def parties(played: Played) -> Parties:
    return played.parties()


def test_payers_and_owners_are_known_once(played: Played, parties: Parties) -> None:
    again = played.provider.fetch_user(parties.payer_id)
    assert again is not None
    assert (again.provider_id, again.state) == (parties.payer_id, UserState.ACTIVE)
    assert played.provider.fetch_user("nobody") is None
    assert played.provider.fetch_wallet("nothing") is None
    assert parties.balances() == (0, 0)


def test_a_card_payment_is_made_once_for_a_key(played: Played, parties: Parties) -> None:
    request = parties.card()
    page = played.provider.start_card(request)
    assert played.provider.start_card(request) == page
    waiting = played.provider.fetch_payin(page.provider_id)
    assert waiting is not None
    assert (waiting.state, waiting.key, waiting.kind) == (PaymentState.CREATED, request.key, PaymentKind.CARD)
    played.pay(page.provider_id)
    paid = played.provider.fetch_payin(page.provider_id)
    assert paid is not None
    assert (paid.state, paid.cents, paid.currency, paid.failure) == (SUCCEEDED, 10_000, "EUR", None)
    assert parties.balances() == (10_000, 0)
    assert played.provider.fetch_payin("nothing") is None


def test_a_card_that_is_declined_says_why(played: Played, parties: Parties) -> None:
    page = played.provider.start_card(parties.card())
    played.pay(page.provider_id, is_good=False)
    found = played.provider.fetch_payin(page.provider_id)
    assert found is not None
    assert found.state is FAILED
    assert found.failure
    assert parties.balances() == (0, 0)


def test_a_wire_carries_the_reference_that_was_given(played: Played, parties: Parties) -> None:
    request = parties.wire()
    account = played.provider.open_wire(request)
    assert played.provider.open_wire(request) == account
    assert account.account_number.startswith("FR")
    found = played.provider.fetch_payin(played.wire(parties, account.reference, 9_999))
    assert found is not None
    assert (found.kind, found.state, found.cents) == (PaymentKind.WIRE, SUCCEEDED, 9_999)
    assert found.wire_text == account.reference
    assert parties.balances() == (9_999, 0)


@pytest.mark.parametrize("kind", list(PaymentKind))
def test_a_payment_goes_back_in_parts_and_never_twice(played: Played, parties: Parties, kind: PaymentKind) -> None:
    if kind is PaymentKind.CARD:
        payin_id = played.paid(parties)
    else:
        payin_id = played.wire(parties, played.provider.open_wire(parties.wire()).reference, 10_000)
    request = refund_of(payin_id, 4_000, kind)
    repaid = played.provider.refund(request)
    assert played.provider.refund(request).provider_id == repaid.provider_id
    played.settle()
    settled = played.provider.fetch_refund(repaid.provider_id)
    assert settled is not None
    assert (settled.state, settled.key) == (SUCCEEDED, request.key)
    assert parties.balances() == (6_000, 0)
    with pytest.raises(Declined):
        played.provider.refund(refund_of("nothing", 1, kind))
    assert played.provider.fetch_refund("nothing") is None


@pytest.mark.parametrize("is_won", [True, False])
def test_a_bank_takes_a_card_payment_back_and_may_give_it_back(played: Played, parties: Parties, is_won: bool) -> None:
    payin_id, began = played.paid(parties), clock.now() - timedelta(hours=1)
    name = played.take_back(payin_id, 10_000)
    taken = played.provider.fetch_chargeback(name)
    assert taken is not None
    assert (taken.payin_id, taken.state, taken.cents, taken.currency) == (
        payin_id,
        ChargebackState.TAKEN,
        10_000,
        "EUR",
    )
    with suppress(Declined):
        assert played.provider.refund(refund_of(payin_id, 1)).state is PaymentState.FAILED
    played.decide(name, is_won=is_won)
    decided = played.provider.fetch_chargeback(name)
    assert decided is not None
    assert (decided.state, decided.back_cents) == (
        (ChargebackState.WON, 10_000) if is_won else (ChargebackState.LOST, 0)
    )
    assert list(played.provider.chargebacks(began)) == [decided]
    assert played.provider.fetch_chargeback("nothing") is None


def test_the_refund_of_a_wire_may_come_back(played: Played, parties: Parties) -> None:
    payin_id = played.wire(parties, played.provider.open_wire(parties.wire()).reference, 10_000)
    repaid = played.provider.refund(refund_of(payin_id, 4_000, PaymentKind.WIRE))
    played.settle()
    sent = played.provider.fetch_refund(repaid.provider_id)
    assert sent is not None
    assert (sent.state, sent.return_id) == (SUCCEEDED, None)
    played.return_refund(repaid.provider_id)
    returned = played.provider.fetch_refund(repaid.provider_id)
    assert returned is not None
    assert returned.state is SUCCEEDED
    assert returned.return_id in {found.provider_id for found in played.provider.transactions(
        parties.payer_wallet, clock.now() - timedelta(hours=1)
    )}  # fmt: skip


def test_a_release_keeps_the_commission_and_can_be_taken_back(played: Played, parties: Parties) -> None:
    played.paid(parties)
    request = parties.release()
    release = played.provider.release(request)
    assert played.provider.release(request) == release
    assert (release.state, release.cents, release.fee_cents) == (SUCCEEDED, 10_000, 1_000)
    assert played.provider.fetch_release(release.provider_id) == release
    assert (parties.balances(), played.provider.fees("EUR")) == ((0, 9_000), 1_000)
    back = ReturnRequest(key(), release.provider_id, parties.payer_id, 4_500, 500, "EUR")
    repaid = played.provider.take_back(back)
    assert played.provider.take_back(back).provider_id == repaid.provider_id
    assert repaid.state is SUCCEEDED
    found = played.provider.fetch_refund(repaid.provider_id)
    assert found is not None
    assert (found.key, found.state) == (back.key, SUCCEEDED)
    assert (parties.balances(), played.provider.fees("EUR")) == ((5_000, 4_500), 500)


def test_what_is_not_in_the_wallet_is_not_released(played: Played, parties: Parties) -> None:
    played.paid(parties, 9_999)
    release = played.provider.release(parties.release())
    assert release.state is FAILED
    assert release.failure
    assert parties.balances() == (9_999, 0)


def test_a_payout_needs_papers_and_a_confirmed_account(played: Played, parties: Parties) -> None:
    played.paid(parties)
    played.provider.release(parties.release())
    recipient = played.provider.add_recipient(parties.recipient(list(sandbox_payouts.ACCOUNTS)[3]))
    assert recipient.state is RecipientState.PENDING
    assert recipient.action_url
    played.verified(parties)
    with pytest.raises(Declined):
        played.provider.pay_out(parties.payout(recipient.provider_id))
    played.confirm(recipient.provider_id)
    confirmed = played.provider.fetch_recipient(recipient.provider_id)
    assert confirmed is not None
    assert (confirmed.state, confirmed.action_url) == (RecipientState.ACTIVE, None)
    assert played.provider.fetch_recipient("nothing") is None


def test_nobody_is_paid_without_papers(played: Played, parties: Parties) -> None:
    recipient = played.provider.add_recipient(parties.recipient())
    played.confirm(recipient.provider_id)
    with pytest.raises(Declined):
        played.provider.pay_out(parties.payout(recipient.provider_id))


def test_what_is_no_account_number_is_declined(played: Played, parties: Parties) -> None:
    with pytest.raises(Declined, match="invalid_iban"):
        played.provider.add_recipient(parties.recipient("FR00 1234"))


def ready(played: Played, parties: Parties, number: str = providing.ACCOUNT) -> str:
    """Release, verify and confirm; return a recipient's id."""
    played.paid(parties)
    played.provider.release(parties.release())
    played.verified(parties)
    recipient = played.provider.add_recipient(parties.recipient(number))
    played.confirm(recipient.provider_id)
    return recipient.provider_id


def test_a_payout_is_sent_once_for_a_key(played: Played, parties: Parties) -> None:
    request = parties.payout(ready(played, parties))
    payout = played.provider.pay_out(request)
    assert (payout.state, payout.key, payout.cents) == (PayoutState.CREATED, request.key, 9_000)
    assert played.provider.pay_out(request).provider_id == payout.provider_id
    played.settle()
    settled = played.provider.fetch_payout(payout.provider_id)
    assert settled is not None
    assert settled.state is PayoutState.SUCCEEDED
    assert parties.balances() == (0, 0)
    assert played.provider.fetch_payout("nothing") is None


def test_a_payout_may_come_back(played: Played, parties: Parties) -> None:
    recipient_id = ready(played, parties, list(sandbox_payouts.ACCOUNTS)[2])
    payout = played.provider.pay_out(parties.payout(recipient_id))
    if payout.state is PayoutState.CREATED:
        played.settle()
    played.returning(payout.provider_id)
    found = played.provider.fetch_payout(payout.provider_id)
    assert found is not None
    assert found.state is PayoutState.RETURNED
    assert found.failure
    assert parties.balances() == (0, 9_000)
    listed = list(played.provider.transactions(parties.owner_wallet, clock.now() - timedelta(hours=1)))
    back = next(item for item in listed if item.provider_id == found.return_id)
    assert (back.kind, back.nature, back.to_wallet_id) == (
        TransactionKind.PAYOUT,
        TransactionNature.REFUND,
        parties.owner_wallet,
    )


def test_papers_are_looked_at(played: Played, parties: Parties) -> None:
    request = parties.paper()
    paper = played.provider.send_paper(request)
    assert (paper.state, paper.key, paper.kind) == (PaperState.ASKED, request.key, request.kind)
    assert played.provider.send_paper(request) == paper
    played.judge(paper.provider_id, "document_unreadable")
    refused = played.provider.fetch_paper(paper.provider_id)
    assert refused is not None
    assert (refused.state, refused.reason) == (PaperState.REFUSED, "document_unreadable")
    assert refused.explanation == "See it."
    user = played.provider.fetch_user(parties.owner_id)
    assert user is not None
    assert not user.is_verified
    played.verified(parties)
    verified = played.provider.fetch_user(parties.owner_id)
    assert verified is not None
    assert verified.is_verified
    assert played.provider.fetch_paper("nothing") is None


def test_a_business_is_verified_once_it_is_known_who_owns_it(played: Played) -> None:
    user_id, others = played.business(), replace(ADA_AS_OWNER, first_name="Byron")
    request = DeclarationRequest(key(), user_id, (ADA_AS_OWNER, others))
    declared = played.provider.declare(request)
    assert (declared.state, declared.reason) == (DeclarationState.ASKED, None)
    assert played.provider.declare(request) == declared
    assert played.provider.fetch_declaration(declared.provider_id) == declared
    with pytest.raises(Declined):
        played.provider.declare(DeclarationRequest(key(), user_id, (ADA_AS_OWNER,)))
    with pytest.raises(Declined):
        played.provider.declare(DeclarationRequest(key(), user_id, ()))
    played.judge_declaration(declared.provider_id, DeclarationState.VALIDATED)
    assert played.provider.declare(request).state is DeclarationState.VALIDATED
    for kind in (PaperKind.IDENTITY, PaperKind.REGISTRATION, PaperKind.ARTICLES):
        user = played.provider.fetch_user(user_id)
        assert user is not None
        assert not user.is_verified
        played.prove(user_id, kind)
    verified = played.provider.fetch_user(user_id)
    assert verified is not None
    assert verified.is_verified
    assert played.provider.fetch_declaration("nothing") is None


def test_papers_alone_verify_no_business(played: Played) -> None:
    user_id = played.business()
    played.prove(user_id, PaperKind.IDENTITY, PaperKind.REGISTRATION, PaperKind.ARTICLES)
    user = played.provider.fetch_user(user_id)
    assert user is not None
    assert not user.is_verified


def test_only_businesses_declare(played: Played, parties: Parties) -> None:
    with pytest.raises(Declined):
        played.provider.declare(DeclarationRequest(key(), parties.owner_id, (ADA_AS_OWNER,)))


@pytest.mark.parametrize("state", [DeclarationState.REFUSED, DeclarationState.INCOMPLETE])
def test_what_came_back_is_declared_again(played: Played, state: DeclarationState) -> None:
    """One that was refused is over; one that is incomplete is taken up again, since no other can be made beside it."""
    user_id = played.business()
    first = played.provider.declare(DeclarationRequest(key(), user_id, (ADA_AS_OWNER,)))
    played.judge_declaration(first.provider_id, state, "missing_ubo")
    back = played.provider.fetch_declaration(first.provider_id)
    assert back is not None
    assert (back.state, back.reason, back.explanation) == (state, "missing_ubo", "See it.")
    again = played.provider.declare(DeclarationRequest(key(), user_id, (ADA_AS_OWNER,)))
    assert (again.state, again.reason, again.explanation) == (DeclarationState.ASKED, None, "")
    assert (again.provider_id == first.provider_id) == (state is DeclarationState.INCOMPLETE)


def test_a_kept_card_is_charged_again(played: Played, parties: Parties) -> None:
    form = played.provider.begin_card(CardFormRequest(key(), parties.payer_id, "EUR", "/boost/card"))
    answer = played.type_card(form.provider_id)
    card_id = played.provider.keep_card(form.provider_id, answer)
    assert played.provider.keep_card(form.provider_id, answer) == card_id
    wanted = SubscriptionRequest(key(), parties.payer_id, parties.payer_wallet, card_id, 2_900, "EUR", Period.MONTH)
    subscription = played.provider.subscribe(wanted)
    assert played.provider.subscribe(wanted) == subscription
    later = ChargeRequest(key(), subscription.provider_id, 2_900, 2_900, "EUR")
    with pytest.raises(Declined):
        played.provider.charge(later)
    browser = Browser("2001:db8::1", "Mozilla/5.0")
    first = ChargeRequest(key(), subscription.provider_id, 2_900, 2_900, "EUR", browser, "/boost", "BOOST")
    charge = played.provider.charge(first)
    assert charge.state is PaymentState.CHALLENGE
    assert charge.action_url
    assert played.provider.charge(first).provider_id == charge.provider_id
    played.pay(charge.provider_id)
    paid = played.provider.fetch_payin(charge.provider_id)
    assert paid is not None
    assert (paid.state, paid.key) == (SUCCEEDED, first.key)
    active = played.provider.fetch_subscription(subscription.provider_id)
    assert active is not None
    assert active.state is SubscriptionState.ACTIVE
    again = ChargeRequest(key(), subscription.provider_id, 2_900, 2_900, "EUR")
    assert played.provider.charge(again).state is SUCCEEDED
    assert played.provider.fees("EUR") == 5_800
    for _ in range(2):
        played.provider.end_subscription(subscription.provider_id)
    with pytest.raises(Declined):
        played.provider.charge(ChargeRequest(key(), subscription.provider_id, 2_900, 0, "EUR"))
    assert played.provider.fetch_subscription("nothing") is None


def test_what_happened_adds_up_to_what_is_in_each_wallet(played: Played, parties: Parties) -> None:
    since = clock.now() - timedelta(seconds=1)
    payin_id = played.paid(parties, 20_000)
    played.provider.refund(refund_of(payin_id, 3_000))
    played.provider.release(parties.release())
    for wallet_id, balance in zip((parties.payer_wallet, parties.owner_wallet), parties.balances(), strict=True):
        listed = [item for item in played.provider.transactions(wallet_id, since) if item.state is SUCCEEDED]
        came = sum(item.arrived_cents for item in listed if item.to_wallet_id == wallet_id)
        left = sum(item.cents for item in listed if item.from_wallet_id == wallet_id)
        assert came - left == balance
    listed = list(played.provider.transactions(parties.payer_wallet, since))
    assert [(item.kind, item.nature) for item in listed] == [
        (TransactionKind.PAYIN, TransactionNature.REGULAR),
        (TransactionKind.PAYIN, TransactionNature.REFUND),
        (TransactionKind.TRANSFER, TransactionNature.REGULAR),
    ]
    assert list(played.provider.transactions(parties.payer_wallet, clock.now() + timedelta(hours=1))) == []
    assert list(played.provider.transactions("nothing", since)) == []
