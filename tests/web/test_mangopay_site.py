"""Missions paid by card and wire, and paid back, through the site, at a stand-in for Mangopay that calls its hooks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.request import urlopen

import pytest

from accounts import experts
from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import owner_rules
from billing.provider_states import OwnerKind
from booking.models.missions import Mission
from foundation import clock
from tests import signed_in
from tests.accounts.test_letters import pdf
from tests.billing import owning
from tests.billing.identified import identify
from tests.billing.providing import ACCOUNT
from tests.billing.test_declaration_forms import LIFE
from tests.booking import quoted
from tests.builders import eventually
from tests.mangopay import sites
from tests.mangopay.sites import Place
from web import provider_site


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with sites.serving(tmp_path_factory.mktemp("mangopay")) as found:
        yield found


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
    place.register_hooks()
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
    payin_id, payin = place.last_card()
    place.stand_in.state.pay_card(payin_id)
    place.client.get(str(payin["ReturnURL"]).removeprefix(place.settings.base_url))
    eventually(lambda: place.escrow(booked.mission.id).state == "held")


def test_a_card_that_is_declined_says_so(place: Place, booked: Booked) -> None:
    place.client.post(f"/payments/{booked.mission.id}/card")
    payin_id, payin = place.last_card()
    place.stand_in.state.pay_card(payin_id, "101101")
    back = str(payin["ReturnURL"]).removeprefix(place.settings.base_url)
    place.client.get(back)
    eventually(lambda: "The bank declined the card." in place.client.get(back).text)
    assert place.escrow(booked.mission.id).state == "awaiting"


def test_wires_fill_an_escrow_each_with_its_reference_and_go_back(place: Place, booked: Booked) -> None:
    place.register_hooks()
    path = f"/payments/{booked.mission.id}"
    due = place.escrow(booked.mission.id).due_cents
    first = place.wire_reference(booked.mission.id)
    place.stand_in.state.send_wire(first, due - 1_000, iban=ACCOUNT)
    place.stand_in.call_hooks()
    eventually(lambda: place.escrow(booked.mission.id).paid_cents == due - 1_000)
    place.settle()
    second = place.wire_reference(booked.mission.id)
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
    payin_id, payin = place.last_card()
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


def test_a_company_is_verified_at_mangopay_once_it_is_declared_to_whom_it_belongs(place: Place) -> None:
    place.register_hooks()
    state, page = place.stand_in.state, "/my/verification"
    account = signed_in.as_new(place.client, AccountKind.EXPERT)
    identify(place.database, account, status="sasu")
    known = set(state.items["users"])
    place.client.post(page, data={**owning.FORM, "kind": "business"})
    (owner_id,) = set(state.items["users"]) - known
    state.confirm("users", owner_id)
    for kind in owner_rules.needed(OwnerKind.BUSINESS):
        place.client.post(f"{page}/papers", data={"kind": kind}, files=[("pages", ("a.pdf", pdf(), "application/pdf"))])
    alone = {"only_me": "yes", "complete": "yes", **{f"p1_{name}": value for name, value in LIFE.items()}}
    # The first answer is lost: the outbox asks again, and finds what was made.
    place.stand_in.faults.add("cut after", path="/ubos")
    assert "done=declared" in str(place.client.post(f"{page}/owners", data=alone).url)
    eventually(lambda: 'data-testid="declaration" data-state="asked"' in place.client.get(page).text, seconds=60)
    (declaration,) = state.items["declarations"].values()
    assert [(one["FirstName"], one["Address"]["City"]) for one in declaration["Ubos"]] == [("Anne", "Brest")]
    for paper_id in [one["Id"] for one in state.items["papers"].values() if one["UserId"] == owner_id]:
        state.judge_paper(paper_id)
    assert state.items["users"][owner_id]["KYCLevel"] == "LIGHT"
    state.judge_declaration(declaration["Id"], "VALIDATED")
    place.stand_in.call_hooks()
    eventually(lambda: 'data-stage="verified"' in place.client.get(page).text)
    eventually(lambda: 'data-testid="declaration" data-state="validated"' in place.client.get(page).text)
