"""Missions paid by card and wire, and paid back, through the site, at a stand-in for Mangopay that calls its hooks."""

import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.request import urlopen

import pytest
import uvicorn
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from accounts import experts, passwords
from accounts.models.accounts import Account, AccountKind
from accounts.sign_ins import SignedIn
from billing import escrows, ledger_checks, owner_rules
from billing.models.escrows import Escrow
from billing.models.payouts import Transfer
from billing.provider_states import OwnerKind
from billing.providers.mangopay import adapter, hooks
from booking.models.missions import Mission
from foundation import clock, outbox
from foundation.database import Database
from foundation.settings import Settings
from tests import signed_in
from tests.accounts.test_letters import pdf
from tests.billing import owning
from tests.billing.identified import identify
from tests.booking import quoted
from tests.booking.carried_out import REPORT
from tests.builders import directory, eventually, settings_in
from tests.mangopay import server
from tests.mangopay.server import StandIn
from web import app, provider_site

ACCOUNT = "FR1420041010050500013M02606"


@dataclass
class Place:
    """A site that listens, a browser at it, and the stand-in that calls it."""

    client: TestClient
    stand_in: StandIn
    settings: Settings

    @property
    def database(self) -> Database:
        return self.client.app.state.database  # pyright: ignore[reportFunctionMemberAccess]

    def be(self, who: SignedIn) -> None:
        with self.database.reading() as session:
            account = session.get_one(Account, who.account_id)
        self.client.cookies.clear()
        signed_in.sign_in(self.client, account)

    def escrow(self, reference: str) -> Escrow:
        with self.database.reading() as session:
            return escrows.of(session, reference)

    def settle(self) -> None:
        """Wait until all that is owed about money has been delivered."""

        def owed() -> int:
            with self.database.reading() as session:
                topics = ("billing.wire_wanted", "billing.provider_event", "billing.refund_agreed")
                return sum(outbox.count(session, topic) for topic in topics)

        eventually(lambda: not owed())


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Serve the site on a socket, and register its hooks as the command does."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with server.serving() as stand_in:
        values: dict[str, Any] = {
            "mangopay_client_id": server.CLIENT,
            "mangopay_api_key": server.API_KEY,
            "mangopay_url": stand_in.url,
            "base_url": address,
        }
        settings = settings_in(tmp_path_factory.mktemp("mangopay"), **values)
        with directory(settings.data_dir, [], encoder="none"):
            pass
        site = app.create(settings)
        running = uvicorn.Server(uvicorn.Config(site, log_config=None, lifespan="off"))
        with TestClient(site, base_url=address) as client:
            client.headers["Accept-Language"] = "en"
            thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
            thread.start()
            yield Place(client, stand_in, settings)
            running.should_exit = True
            thread.join()


@dataclass
class Booked:
    client: SignedIn
    expert: SignedIn
    mission: Mission


@pytest.fixture
def booked(place: Place) -> Booked:
    """Return a mission whose quote its client has accepted on the site."""
    client, expert = quoted.client(place.database), quoted.expert(place.database)
    quote = quoted.sent(place.database, expert, client)
    place.be(client)
    form = {"version": "1", "content_hash": "hash of 1", "terms": "yes", "early_start": "yes"}
    page = place.client.post(f"/quotes/{quote.id}/accept", data=form)
    assert page.status_code == 200, page.text
    mission_id = page.url.path.rpartition("/")[2]
    with place.database.reading() as session:
        mission = session.get_one(Mission, mission_id)
    place.settle()
    return Booked(client, expert, mission)


def test_a_card_is_typed_at_mangopays_and_holds_the_money(place: Place, booked: Booked) -> None:
    register_hooks(place)
    path = f"/payments/{booked.mission.id}"
    assert "No money moves here" not in place.client.get(path).text
    page = place.client.post(f"{path}/card")
    url = re.search(r'href="(https://[^"]+)"[^>]*data-testid="go-on"', page.text)
    assert url, page.text
    payin_id = url[1].rpartition("=")[2]
    payin = place.stand_in.state.items["payins"][payin_id]
    back = str(payin["ReturnURL"]).removeprefix(place.settings.base_url)
    assert 'data-testid="waiting"' in place.client.get(back).text
    place.stand_in.state.pay_card(payin_id)
    # A hook that comes twice, and one that anybody may have sent.
    for _ in range(2):
        place.stand_in.call_hook("PAYIN_NORMAL_SUCCEEDED", payin_id)
    place.stand_in.call_hook("PAYIN_NORMAL_SUCCEEDED", "424242")
    eventually(lambda: place.escrow(booked.mission.id).state == "held")
    place.settle()
    escrow = place.escrow(booked.mission.id)
    assert escrow.paid_cents == escrow.due_cents == payin["DebitedFunds"]["Amount"]
    assert 'data-testid="waiting"' not in place.client.get(back).text


def test_whoever_comes_back_is_seen_though_the_hook_is_lost(place: Place, booked: Booked) -> None:
    path = f"/payments/{booked.mission.id}"
    place.client.post(f"{path}/card")
    payin_id, payin = list(place.stand_in.state.items["payins"].items())[-1]
    place.stand_in.state.pay_card(payin_id)
    place.client.get(str(payin["ReturnURL"]).removeprefix(place.settings.base_url))
    eventually(lambda: place.escrow(booked.mission.id).state == "held")


def test_a_card_that_is_declined_says_so(place: Place, booked: Booked) -> None:
    place.client.post(f"/payments/{booked.mission.id}/card")
    payin_id, payin = list(place.stand_in.state.items["payins"].items())[-1]
    place.stand_in.state.pay_card(payin_id, "101101")
    back = str(payin["ReturnURL"]).removeprefix(place.settings.base_url)
    place.client.get(back)
    eventually(lambda: "The bank declined the card." in place.client.get(back).text)
    assert place.escrow(booked.mission.id).state == "awaiting"


def test_wires_fill_an_escrow_each_with_its_reference_and_go_back(place: Place, booked: Booked) -> None:
    register_hooks(place)
    path = f"/payments/{booked.mission.id}"
    due = place.escrow(booked.mission.id).due_cents
    first = reference_of(place, path)
    place.stand_in.state.send_wire(first, due - 1_000, iban=ACCOUNT)
    place.stand_in.call_hooks()
    eventually(lambda: place.escrow(booked.mission.id).paid_cents == due - 1_000)
    place.settle()
    second = reference_of(place, path)
    assert second != first
    place.stand_in.state.send_wire(second, 1_500, iban=ACCOUNT)
    place.stand_in.call_hooks()
    eventually(lambda: place.escrow(booked.mission.id).state == "held")
    eventually(lambda: len(place.stand_in.state.items["payouts"]) == 1)
    place.stand_in.state.settle_payouts()
    place.stand_in.call_hooks()
    eventually(lambda: "sent back" in place.client.get(path).text)
    assert place.escrow(booked.mission.id).refunded_cents == 500


def test_a_refund_that_the_expert_agrees_to_goes_back_to_the_card(place: Place, booked: Booked) -> None:
    path = f"/payments/{booked.mission.id}"
    place.client.post(f"{path}/card")
    payin_id, payin = list(place.stand_in.state.items["payins"].items())[-1]
    place.stand_in.state.pay_card(payin_id)
    place.client.get(str(payin["ReturnURL"]).removeprefix(place.settings.base_url))
    eventually(lambda: place.escrow(booked.mission.id).state == "held")
    # The provider is away while the refund is agreed on, and its first answer is lost.
    for fault in ("502", "cut after"):
        place.stand_in.faults.add(fault, path=f"/payins/{payin_id}/refunds")
    assert place.client.post(f"{path}/refund", data={"amount": "800", "explanation": "Interrupted."}).status_code == 200
    refund_id = re.search(r"/refund/([0-9a-f-]+)/withdraw", place.client.get(path).text)
    assert refund_id
    place.be(booked.expert)
    assert place.client.post(f"/refunds/{refund_id[1]}", data={"answer": "agree", "sure": "yes"}).status_code == 200
    eventually(lambda: place.stand_in.asked("POST", f"/payins/{payin_id}/refunds") >= 3, seconds=60)
    place.be(booked.client)
    eventually(lambda: "sent back" in place.client.get(path).text)
    refunds = [
        item for item in place.stand_in.state.items["refunds"].values() if item["InitialTransactionId"] == payin_id
    ]
    assert [item["DebitedFunds"]["Amount"] for item in refunds] == [80_000]


def test_nobody_is_called_at_another_address(place: Place) -> None:
    query = "?EventType=PAYIN_NORMAL_SUCCEEDED&RessourceId=1&Date=1"
    assert place.client.get(f"/providers/mangopay/guess{query}").status_code == 404
    right = provider_site.hook_path(place.settings)
    assert place.client.get(f"{right}{query}").status_code == 200
    assert place.client.get(f"{right}?EventType=NONE").status_code == 200
    with urlopen(f"{place.settings.base_url}{right}", timeout=60) as answer:  # noqa: S310 - our own site
        assert answer.read() == b""


def test_nobody_plays_where_money_is_real(place: Place, booked: Booked) -> None:
    assert booked.mission
    assert place.client.get("/sandbox/bank").status_code == 404


def reference_of(place: Place, path: str) -> str:
    found = re.search(r'data-testid="wire-reference"[^>]*>([^<]+)<', place.client.get(path).text)
    assert found
    return found[1].strip()


def register_hooks(place: Place) -> None:
    url = f"{place.settings.site_address}{provider_site.hook_path(place.settings)}"
    assert list(hooks.register(adapter.calls_of(place.settings), url))


def test_a_boost_is_paid_from_a_card_that_we_never_see(place: Place) -> None:
    account = signed_in.as_new(place.client, AccountKind.EXPERT)
    identify(place.database, account)
    with place.database.writing() as session:
        shown = {"headline": "Export", "summary": "Exporter.", "is_visible": True}
        experts.apply(session, experts.take(session, str(account.expert_id)), shown, at=clock.now())
    page = place.client.post("/my/boost", data={"plan": "month", "cents": "3480"})
    assert re.search(r'action="https://homologation-webpayment.payline.com/" method="post"', page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://homologation-webpayment.payline.com;" in policy
    assert "homologation" not in place.client.get("/my/boost").headers["Content-Security-Policy"]
    refused = place.client.get(f"{page.url.path}/back?errorCode=105202")
    assert (refused.status_code, "This card could not be kept" in refused.text) == (409, True)
    page = place.client.post("/my/boost", data={"plan": "month", "cents": "3480"})
    asked = place.client.get(f"{page.url.path}/back?data=typed")
    assert "https://api.sandbox.mangopay.com/Redirect/ACS" in asked.text, "a link: forms may not lead there"
    (payin_id,) = [key for key, row in place.stand_in.state.items["payins"].items() if "BrowserInfo" in row]
    place.stand_in.state.pay_card(payin_id)
    payin = place.stand_in.state.items["payins"][payin_id]
    back = str(payin["SecureModeReturnURL"]).removeprefix(place.settings.base_url)
    assert 'data-state="active"' in place.client.get(back).text, "whoever comes back is seen though the hook is lost"
    place.stand_in.call_hook("PAYIN_NORMAL_SUCCEEDED", payin_id)
    place.stand_in.call_hook("RECURRING_REGISTRATION_IN_PROGRESS", payin["RecurringPayinRegistrationId"])
    place.stand_in.call_hook("RECURRING_REGISTRATION_ENDED", "424242")
    place.settle()
    assert place.stand_in.state.fees["EUR"] >= 3_480


def test_what_a_client_validates_is_paid_out_to_an_expert_whom_mangopay_knows(place: Place, booked: Booked) -> None:
    """Transfer and card, report, validation, release, papers, bank account, payout: all of it at the stand-in."""
    register_hooks(place)
    state, mission, expert_id = place.stand_in.state, f"/missions/{booked.mission.id}", str(booked.expert.expert_id)
    path, due = f"/payments/{booked.mission.id}", place.escrow(booked.mission.id).due_cents
    fees_before = state.fees.get("EUR", 0)
    state.send_wire(reference_of(place, path), 100_000, iban=ACCOUNT)
    place.stand_in.call_hooks()
    eventually(lambda: place.escrow(booked.mission.id).paid_cents == 100_000)
    place.client.post(f"{path}/card")
    state.pay_card(list(state.items["payins"])[-1])
    place.stand_in.call_hooks()
    eventually(lambda: place.escrow(booked.mission.id).state == "held")
    place.be(booked.expert)
    eventually(lambda: 'data-state="funded"' in place.client.get(mission).text)
    assert 'data-state="in_progress"' in place.client.post(f"{mission}/start").text
    assert 'data-state="reported"' in place.client.post(f"{mission}/report", data=REPORT).text
    place.be(booked.client)
    assert place.client.post(f"{mission}/report/validate").status_code == 200
    eventually(lambda: place.escrow(booked.mission.id).state == "released")
    # Nothing moves at Mangopay until it knows whom it pays.
    assert not [one for one in state.items["users"].values() if one["UserCategory"] == "OWNER"]
    place.be(booked.expert)
    with place.database.writing() as session:
        account = session.get_one(Account, booked.expert.account_id)
        account.password_hash = passwords.hashed(signed_in.PASSWORD)
    identify(place.database, account)
    assert place.client.post("/my/verification", data={**owning.FORM, "kind": "sole_trader"}).status_code == 200
    (owner_id,) = [key for key, one in state.items["users"].items() if one["UserCategory"] == "OWNER"]
    state.confirm("users", owner_id)
    place.stand_in.call_hooks()
    eventually(lambda: 'data-stage="proving"' in place.client.get("/my/verification").text)
    for kind in owner_rules.needed(OwnerKind.SOLE_TRADER):
        page = ("card.pdf", pdf(), "application/pdf")
        place.client.post("/my/verification/papers", data={"kind": kind}, files=[("pages", page)])
    eventually(lambda: len([one for one in state.items["papers"].values() if one["Status"] == "VALIDATION_ASKED"]) == 2)
    given = {"holder": "Anne", "number": ACCOUNT, "password": signed_in.PASSWORD}
    assert "done=given" in str(place.client.post("/my/payouts/account", data=given).url)
    (recipient_id,) = [key for key, one in state.items["recipients"].items() if one["UserId"] == owner_id]
    state.confirm("recipients", recipient_id)
    assert not [one for one in state.items["payouts"].values() if one["AuthorId"] == owner_id]
    for paper_id in list(state.items["papers"]):
        state.judge_paper(paper_id)
    place.stand_in.call_hooks()
    eventually(lambda: [one for one in state.items["payouts"].values() if one["AuthorId"] == owner_id], seconds=120)
    (payout,) = [one for one in state.items["payouts"].values() if one["AuthorId"] == owner_id]
    state.settle_payouts()
    place.stand_in.call_hooks()
    eventually(lambda: 'data-testid="payout" data-state="succeeded"' in place.client.get("/my/payouts").text)
    # The signed price is 4,800, of which 480 are the commission with its tax.
    assert (due, payout["DebitedFunds"]["Amount"]) == (480_000, 432_000)
    assert state.fees["EUR"] - fees_before == 48_000
    with place.database.reading() as session:
        assert session.execute(select(col(Transfer.cents)).where(col(Transfer.payee_expert_id) == expert_id)).all() == [
            (480_000,)
        ]
        assert ledger_checks.check(session) == []
