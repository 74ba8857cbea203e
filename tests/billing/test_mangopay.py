"""Mangopay when things go wrong: whatever is lost, cut or refused, money moves once, and nothing is told to logs."""

import io
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.models.provider_requests import ProviderRequest
from billing.provider_states import PaperState, PayoutState
from billing.providers.interface import Declined, Guarded, Representative, WalletRequest
from billing.providers.mangopay import hooks
from billing.providers.mangopay.adapter import Mangopay
from billing.providers.mangopay.calls import Calls, Credentials, Refused, refusal
from billing.providers.mangopay.parties import PayerRequest
from foundation import clock
from foundation.database import Database
from foundation.errors import Unreachable
from tests.billing.providing import ACCOUNT, SITE, Parties, PlayedMangopay, key, refund_of
from tests.mangopay import server
from tests.mangopay.state import Refusal


@pytest.fixture
def played(database: Database) -> Iterator[PlayedMangopay]:
    with server.serving() as stand_in:
        yield PlayedMangopay(database, stand_in)


@pytest.fixture
def parties(played: PlayedMangopay) -> Parties:
    found = played.parties()
    played.paid(found, 10_000)
    return found


def insisting(ask: Callable[[], object], tries: int = 4) -> object:
    """Ask again with the same key for as long as there is no answer, as the outbox does."""
    for _ in range(tries):
        try:
            return ask()
        except Unreachable:
            continue
    raise AssertionError("no answer at all")


LOST = ["500", "500 after", "502", "slow", "cut", "cut after", "html", "401", "in process"]


@pytest.mark.parametrize("fault", LOST)
def test_a_release_whose_answer_is_lost_is_made_once(played: PlayedMangopay, parties: Parties, fault: str) -> None:
    request = parties.release(1_000, 100)
    played.stand_in.faults.add(fault, path="/transfers")
    release = insisting(lambda: played.provider.release(request))
    assert played.provider.release(request) == release
    assert parties.balances() == (9_000, 900)
    assert [item["Tag"] for item in played.state.items["transfers"].values()] == [request.key]


@pytest.mark.parametrize("fault", ["500 after", "cut after", "slow", "500"])
def test_refunds_and_payouts_whose_answers_are_lost_are_made_once(
    played: PlayedMangopay, parties: Parties, fault: str
) -> None:
    payin_id = next(iter(played.state.items["payins"]))
    played.stand_in.faults.add(fault, path="/refunds")
    request = refund_of(payin_id, 1_000)
    insisting(lambda: played.provider.refund(request))
    wired = played.wire(parties, played.provider.open_wire(parties.wire()).reference, 5_000)
    played.stand_in.faults.add(fault, path="/payouts/bankwire")
    back = refund_of(wired, 5_000, PaymentKind.WIRE)
    insisting(lambda: played.provider.refund(back))
    assert (len(played.state.items["refunds"]), len(played.state.items["payouts"])) == (1, 1)
    assert parties.balances() == (9_000, 0)


@pytest.mark.parametrize("fault", ["500 after", "cut after", "cut", "500"])
def test_whoever_is_registered_is_one_user_whatever_is_lost(played: PlayedMangopay, fault: str) -> None:
    person = Representative("Anna", "Durand", "anna@example.org")
    request = PayerRequest(key(), "Anna SARL", False, "anna@example.org", person)
    played.stand_in.faults.add(fault, path="/sca/users/legal", times=1)
    insisting(lambda: played.provider.register_payer(request))
    assert len(played.state.items["users"]) == 1


def test_no_fault_in_a_row_moves_money_twice(played: PlayedMangopay, parties: Parties) -> None:
    request = parties.release(1_000, 100)
    for fault in ("cut after", "in process", "502", "slow"):
        played.stand_in.faults.add(fault, path="/transfers")
    insisting(lambda: played.provider.release(request), tries=8)
    assert len(played.state.items["transfers"]) == 1


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(st.sampled_from([fault for fault in LOST if fault != "slow"]), max_size=5))
def test_processes_that_are_killed_at_any_call_move_money_once(
    played: PlayedMangopay, database: Database, faults: list[str]
) -> None:
    """Each try is another process: it knows what is in the database, and no more."""
    found, made = played.parties(), len(played.state.items["transfers"])
    payin_id = played.paid(found)
    release, refund = found.release(4_000, 400), refund_of(payin_id, 1_000)

    def started() -> Mangopay:
        return PlayedMangopay(database, played.stand_in, 5.0).provider  # pyright: ignore[reportReturnType]

    for fault in faults:
        played.stand_in.faults.add(fault, path="/transfers")
        played.stand_in.faults.add(fault, path="/refunds")
    insisting(lambda: started().release(release), tries=12)
    insisting(lambda: started().refund(refund), tries=12)
    played.stand_in.faults.next.clear()
    assert started().release(release).provider_id == list(played.state.items["transfers"])[-1]
    assert (found.balances(), len(played.state.items["transfers"])) == ((5_000, 3_600), made + 1)


def test_a_key_that_was_burnt_is_asked_anew_only_when_nothing_was_made(
    played: PlayedMangopay, parties: Parties, database: Database
) -> None:
    request = parties.release(1_000, 100)
    played.stand_in.faults.add("404", path="/transfers")
    with pytest.raises(Declined, match="ressource_not_found"):
        played.provider.release(request)
    assert played.provider.release(request).state is PaymentState.SUCCEEDED
    with database.reading() as session:
        kept = session.get_one(ProviderRequest, request.key)
    assert (kept.turn, kept.provider_id) == (2, next(iter(played.state.items["transfers"])))
    assert all(16 <= len(sent) <= 36 for _, sent in played.state.responses)


def test_a_refusal_whose_answer_is_lost_is_heard_later(played: PlayedMangopay, parties: Parties) -> None:
    played.stand_in.faults.add("cut after", path="/transfers")
    request = parties.release(1_000, 100)
    wrong = parties.release(1_000, 100)
    wrong = type(wrong)(wrong.key, "nobody", wrong.from_wallet_id, wrong.to_wallet_id, 1_000, 100, "EUR")
    with pytest.raises(Unreachable):
        played.provider.release(wrong)
    with pytest.raises(Declined, match=r"param_error \(AuthorId\)"):
        played.provider.release(wrong)
    assert played.provider.release(request).state is PaymentState.SUCCEEDED


def test_after_a_day_keys_are_forgotten_and_what_was_made_is_looked_for(
    played: PlayedMangopay, parties: Parties, database: Database
) -> None:
    request = parties.release(1_000, 100)
    played.stand_in.faults.add("cut after", path="/transfers")
    with pytest.raises(Unreachable):
        played.provider.release(request)
    played.state.responses.clear()
    with database.writing() as session:
        session.get_one(ProviderRequest, request.key).asked_at = clock.now() - timedelta(hours=24)
    assert played.provider.release(request).state is PaymentState.SUCCEEDED
    assert len(played.state.items["transfers"]) == 1


def test_a_key_stands_for_one_amount(played: PlayedMangopay, parties: Parties) -> None:
    request = parties.release(1_000, 100)
    played.provider.release(request)
    other = type(request)(
        request.key, request.payer_id, request.from_wallet_id, request.to_wallet_id, 2_000, 100, "EUR"
    )
    with pytest.raises(ValueError, match="something else"):
        played.provider.release(other)


def test_an_answer_of_200_may_say_that_it_failed(played: PlayedMangopay, parties: Parties) -> None:
    release = played.provider.release(parties.release(20_000, 100))
    assert (release.state, release.failure) == (PaymentState.FAILED, "001001")


@pytest.mark.parametrize("spelled", ["errors", "Errors"])
def test_errors_are_read_however_they_are_spelled(spelled: str) -> None:
    found = refusal(400, Refusal(400, "param_error", {"Email": "no"}, spelled).body)
    assert (found.code, found.fields, str(found)) == ("param_error", {"Email": "no"}, "param_error (Email)")
    assert refusal(401, {"error": "invalid_client"}).code == "invalid_client"
    assert refusal(400, None).code == "unknown_error"


def test_who_asks_too_often_waits_until_the_window_opens(played: PlayedMangopay, parties: Parties) -> None:
    now = int(time.time())
    played.stand_in.rates = {
        "x-ratelimit": "2300, 2400, 2400, 2400",
        "x-ratelimit-remaining": "0, 2100, 6400, 103200",
        "x-ratelimit-reset": f"{now + 2}, {now + 1800}, {now + 3600}, {now + 86400}",
    }
    played.stand_in.faults.add("429", "GET")
    before = len(played.stand_in.requests)
    for _ in range(3):
        with pytest.raises(Unreachable, match="asks to wait"):
            played.provider.fetch_wallet(parties.payer_wallet)
    assert len(played.stand_in.requests) == before + 1
    played.stand_in.rates.clear()
    time.sleep(max(0.0, now + 2.2 - time.time()))
    assert played.provider.fetch_wallet(parties.payer_wallet) is not None


def test_whoever_used_up_a_window_waits_without_being_told_off(played: PlayedMangopay, parties: Parties) -> None:
    reset = int(time.time()) + 60
    played.stand_in.rates = {"x-ratelimit": "2300", "x-ratelimit-remaining": "0", "x-ratelimit-reset": str(reset)}
    assert played.provider.fetch_wallet(parties.payer_wallet) is not None
    with pytest.raises(Unreachable):
        played.provider.fetch_wallet(parties.payer_wallet)


def test_wrong_credentials_are_no_answer(played: PlayedMangopay, database: Database) -> None:
    credentials = Credentials(played.stand_in.url, server.CLIENT, "wrong")
    with pytest.raises(Unreachable, match="credentials"):
        Mangopay(database, Calls(credentials, timeout_s=1), SITE).fetch_wallet("1")


def test_an_owner_s_wallet_is_read_by_ourselves_or_guarded_which_holds_up_nothing_else(
    played: PlayedMangopay, parties: Parties
) -> None:
    assert parties.balances() == (10_000, 0)
    played.state.guarded.add(parties.owner_id)
    with pytest.raises(Guarded):
        played.provider.fetch_wallet(parties.owner_wallet)
    with pytest.raises(Guarded):
        list(played.provider.transactions(parties.owner_wallet, clock.now()))
    payer = played.provider.fetch_wallet(parties.payer_wallet)
    assert (payer.cents if payer else None) == 10_000


def test_a_wallet_whose_answer_is_lost_is_opened_once(played: PlayedMangopay, parties: Parties) -> None:
    request = WalletRequest(key(), parties.owner_id, "GBP", "Portulan")
    played.stand_in.faults.add("500 after", path="/wallets")
    opened = insisting(lambda: played.provider.open_wallet(request))
    assert played.provider.open_wallet(request) == opened
    assert sum(wallet["Currency"] == "GBP" for wallet in played.state.items["wallets"].values()) == 1


def test_nobody_at_all_is_no_answer(database: Database) -> None:
    credentials = Credentials("http://127.0.0.1:9", server.CLIENT, server.API_KEY)
    with pytest.raises(Unreachable):
        Mangopay(database, Calls(credentials, timeout_s=1), SITE).fetch_wallet("1")


def test_neither_bodies_nor_secrets_reach_logs(played: PlayedMangopay, parties: Parties) -> None:
    written = io.StringIO()
    root, before = logging.getLogger(), logging.getLogger().level
    handler = logging.StreamHandler(written)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with structlog.testing.capture_logs() as ours:
            for fault in ("500", "502", "html", "401", "cut", "404"):
                played.stand_in.faults.add(fault, path="/recipients")
                with suppress(Unreachable, Declined):
                    played.provider.add_recipient(parties.recipient())
            wrong = Representative("Test", "Grace", "grace@example.org")
            with pytest.raises(Declined):
                played.provider.register_payer(PayerRequest(key(), "Hopper SA", False, "grace@example.org", wrong))
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
    whole = f"{written.getvalue()} {ours}"
    secrets = [ACCOUNT, "Lovelace", "Hopper", "grace@", "asic ", server.API_KEY, *played.stand_in.tokens]
    assert [secret for secret in secrets if secret in whole] == []
    assert {line["event"] for line in ours} >= {"Mangopay refuses", "no answer from Mangopay"}


def test_users_come_back_to_our_page_from_mangopays(played: PlayedMangopay, parties: Parties) -> None:
    recipient = played.provider.add_recipient(parties.recipient())
    assert recipient.action_url is not None
    assert recipient.action_url.startswith("https://sca.sandbox.mangopay.com/?token=sca_")
    assert recipient.action_url.endswith("&returnUrl=http%3A%2F%2Fportulan.example%2Faccount%2Fbank")


def test_a_wire_goes_back_to_the_account_that_it_came_from_or_that_the_client_named(
    played: PlayedMangopay, parties: Parties
) -> None:
    reference = played.provider.open_wire(parties.wire()).reference
    unknown = played.state.send_wire(reference, 500)
    with pytest.raises(Declined, match="unknown_account"):
        played.provider.refund(refund_of(unknown, 500, PaymentKind.WIRE))
    request = refund_of(unknown, 500, PaymentKind.WIRE, holder="Anna SARL", account_number=ACCOUNT)
    repaid = played.provider.refund(request)
    [recipient] = played.state.items["recipients"].values()
    [payout] = played.state.items["payouts"].values()
    assert (recipient["RecipientScope"], recipient["LocalBankTransfer"]) == ("PAYIN", {"EUR": {"IBAN": ACCOUNT}})
    assert payout["PaymentRef"] == {"ReasonType": "PAYIN_REFUND", "ReferenceId": unknown}
    assert repaid.state is PaymentState.CREATED


def test_a_wire_counts_once_it_is_said_how_much_came(played: PlayedMangopay, parties: Parties) -> None:
    wire = played.provider.open_wire(parties.wire())
    awaited = played.provider.fetch_payin(wire.provider_id)
    assert awaited
    assert (awaited.state, awaited.cents > 0) == (PaymentState.CREATED, True)
    played.state.succeed(played.state.items["payins"][wire.provider_id])
    with pytest.raises(Unreachable, match="not of how much"):
        played.provider.fetch_payin(wire.provider_id)
    played.state.send_wire(wire.reference, 500)
    came = played.provider.fetch_payin(wire.provider_id)
    assert came
    assert (came.state, came.cents) == (PaymentState.SUCCEEDED, 500)


def test_a_payout_that_the_bank_refuses_stays_in_the_wallet(played: PlayedMangopay, parties: Parties) -> None:
    played.provider.release(parties.release(1_000, 100))
    played.verified(parties)
    recipient = played.provider.add_recipient(parties.recipient())
    played.confirm(recipient.provider_id)
    payout = played.provider.pay_out(parties.payout(recipient.provider_id, 900))
    played.state.settle_payouts("121005")
    found = played.provider.fetch_payout(payout.provider_id)
    assert found is not None
    assert (found.state, found.failure, found.return_id) == (PayoutState.FAILED, "121005", None)
    assert parties.balances() == (9_000, 900)


@pytest.mark.parametrize("fault", ["cut after", "500", "cut"])
def test_a_paper_that_broke_off_goes_on_from_there(played: PlayedMangopay, parties: Parties, fault: str) -> None:
    played.stand_in.faults.add(fault, path="/pages")
    request = parties.paper()
    paper = insisting(lambda: played.provider.send_paper(request))
    assert getattr(paper, "state", None) is PaperState.ASKED
    [kept] = played.state.items["papers"].values()
    assert kept["Pages"] == 2


def test_hooks_are_read_and_nothing_else() -> None:
    found = hooks.read_hook({"EventType": "PAYIN_NORMAL_SUCCEEDED", "RessourceId": "123", "Date": "1"})
    assert found is not None
    assert found.key == "mangopay:payin:123"
    for query in (
        {},
        {"EventType": "PAYIN_NORMAL_SUCCEEDED"},
        {"EventType": "UNHEARD_OF", "RessourceId": "1"},
        {"EventType": "PAYIN_NORMAL_SUCCEEDED", "RessourceId": "../wallets"},
        {"EventType": "PAYIN_NORMAL_SUCCEEDED", "RessourceId": "1\x00"},
    ):
        assert hooks.read_hook(query) is None


def test_hooks_are_registered_once_and_mended(played: PlayedMangopay) -> None:
    calls = Calls(Credentials(played.stand_in.url, server.CLIENT, server.API_KEY))
    assert {was for _, was in hooks.register(calls, "https://a.example/hook")} == {"registered"}
    assert {was for _, was in hooks.register(calls, "https://a.example/hook")} == {"kept"}
    broken = next(iter(played.state.hooks.values()))
    broken["Validity"] = "INVALID"
    was = dict(hooks.register(calls, "https://a.example/hook"))
    assert [event for event, done in was.items() if done == "changed"] == [broken["EventType"]]
    assert {done for _, done in hooks.register(calls, "https://b.example/hook")} == {"changed"}
    with pytest.raises(Refused):
        calls.post("/hooks", {"EventType": broken["EventType"], "Url": "x"}, key())
