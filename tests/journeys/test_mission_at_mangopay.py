"""From a search to a payout over HTTP, both sides in turn, at the stand-in for Mangopay, which calls our hooks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlmodel import col

from accounts import experts, passwords
from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import ledger_checks, owner_rules, reconciliations
from billing.models.payouts import Transfer
from billing.provider_states import OwnerKind
from billing.providers.mangopay import adapter
from billing.providers.mangopay.adapter import Mangopay
from foundation import clock
from tests import signed_in
from tests.accounts.test_letters import pdf
from tests.billing import owning
from tests.billing.identified import identify
from tests.billing.providing import ACCOUNT
from tests.booking import quoted, quoting
from tests.booking.carried_out import REPORT
from tests.builders import eventually, record
from tests.mangopay import sites
from tests.mangopay.sites import Place
from tests.web.test_sheets import FORM as SHEET

PRICE, FEE = 408_660, 40_866
"""What `quoting.FORM` comes to with 20 % of tax, and 10 % of it."""


@dataclass
class Journey:
    """A company, an expert, and how far they came."""

    place: Place
    company: SignedIn
    expert: SignedIn
    quote: str = ""
    mission_id: str = ""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    records = [record("H001", name="Anne Le Goff", skills=["Douane"]), record("H002", skills=["Logistique"])]
    with sites.serving(tmp_path_factory.mktemp("journey"), records) as found:
        found.register_hooks()
        yield found


def test_a_search_becomes_an_offer_a_quote_a_mission_and_a_payout(place: Place) -> None:
    database = place.database
    with database.reading() as session:
        expert_id = experts.get(session, "H001").id
    columns = {"expert_id": expert_id, "password_hash": passwords.hashed(signed_in.PASSWORD)}
    anne = signed_in.make(database, AccountKind.EXPERT, "Anne Le Goff", **columns)
    identify(database, anne, vat_number="FR44732829320")
    journey = Journey(place, quoted.client(database, phone="+33612345678"), quoted.who(database, anne))
    _propose(journey)
    _quote(journey)
    _sign(journey)
    _pay(journey)
    _carry_out(journey)
    owner_id = _be_known(journey)
    _be_paid(journey, owner_id)
    _adds_up(journey)


def _propose(journey: Journey) -> None:
    """The company finds the expert, writes down what it needs, and proposes it."""
    site = journey.place.client
    journey.place.be(journey.company)
    [found] = site.get("/api/v1/experts", params={"q": "customs"}).json()["results"]
    assert found["name"] == "Anne Le Goff"
    proposing = journey.place.read(f"/experts/{found['slug']}", r'href="(/sheets/new\?expert=[^"&]+)')
    assert site.get(proposing).status_code == 200
    written = site.post("/sheets/new", data={**SHEET, "expert": found["slug"]})
    sheet = written.url.path
    chosen = journey.place.read(f"{sheet}/publish?expert={found['slug']}", r'name="expert" value="([^"]+)" checked')
    assert chosen == journey.expert.expert_id
    published = site.post(f"{sheet}/publish", data={"expert": chosen, "message": "Bonjour Anne"})
    assert "done=proposed" in str(published.url), published.text


def _quote(journey: Journey) -> None:
    """The expert reads the offer, gives the billing mandate, and answers with a quote."""
    place, site = journey.place, journey.place.client
    place.be(journey.expert)
    offer = place.read("/offers", r'href="(/offers/[0-9a-f-]{36})')
    answering = place.read(offer, r'href="(/quotes/new\?offer=[^"]+)"')
    offer_id = answering.rpartition("=")[2]
    given = {name: place.read("/my/mandate", rf'name="{name}" value="([^"]+)"') for name in ("version", "text_hash")}
    assert "the mandate is given" in site.post("/my/mandate", data=given).text
    begun = site.post("/quotes/new", data={"offer": offer_id, "kind": "mission"})
    journey.quote = begun.url.path.removesuffix("/edit")
    days = {"starts_on": 20, "ends_on": 60, "valid_until": 15, "step_1_from": 20, "step_1_until": 30}
    typed = quoting.FORM | {name: (clock.today() + timedelta(days=count)).isoformat() for name, count in days.items()}
    preview = site.post(f"{journey.quote}/edit", data={"edition": _edition(journey), **typed, "do": "preview"})
    assert (preview.status_code, "€4,086.60" in preview.text) == (200, True)
    sent = site.post(f"{journey.quote}/send", data={"edition": _edition(journey)})
    assert "done=sent" in str(sent.url), sent.text


def _sign(journey: Journey) -> None:
    """The company signs what it has seen."""
    place = journey.place
    place.be(journey.company)
    path = f"{journey.quote}/accept"
    seen = {name: place.read(path, rf'name="{name}" value="([^"]+)"') for name in ("version", "content_hash")}
    signed = place.client.post(path, data={**seen, "terms": "yes", "order_number": "PO 17"})
    assert signed.url.path.startswith("/missions/"), signed.text
    journey.mission_id = signed.url.path.rpartition("/")[2]
    place.settle()
    assert place.escrow(journey.mission_id).due_cents == PRICE


def _pay(journey: Journey) -> None:
    """The company pays a part by transfer, and the rest by card on Mangopay's page."""
    place, state, reference = journey.place, journey.place.stand_in.state, journey.mission_id
    state.send_wire(place.wire_reference(reference), 100_000, iban=ACCOUNT)
    place.stand_in.call_hooks()
    eventually(lambda: place.escrow(reference).paid_cents == 100_000)
    place.client.post(f"/payments/{reference}/card")
    state.pay_card(place.last_card()[0])
    place.stand_in.call_hooks()
    eventually(lambda: place.escrow(reference).state == "held")


def _carry_out(journey: Journey) -> None:
    """The expert works and reports, the company validates: the money is the expert's."""
    place, mission = journey.place, f"/missions/{journey.mission_id}"
    place.be(journey.expert)
    eventually(lambda: 'data-state="funded"' in place.client.get(mission).text)
    assert 'data-state="in_progress"' in place.client.post(f"{mission}/start").text
    assert 'data-state="reported"' in place.client.post(f"{mission}/report", data=REPORT).text
    place.be(journey.company)
    assert place.client.post(f"{mission}/report/validate").status_code == 200
    eventually(lambda: place.escrow(journey.mission_id).state == "released")
    # Nothing moves at Mangopay until it knows whom it pays.
    assert not _owners(journey)


def _be_known(journey: Journey) -> str:
    """The expert says who is paid, proves it, and gives a bank account; return as whom Mangopay knows them."""
    place, state = journey.place, journey.place.stand_in.state
    place.be(journey.expert)
    assert place.client.post("/my/verification", data={**owning.FORM, "kind": "sole_trader"}).status_code == 200
    (owner_id,) = _owners(journey)
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
    assert not _payouts(journey, owner_id)
    for paper_id in list(state.items["papers"]):
        state.judge_paper(paper_id)
    place.stand_in.call_hooks()
    return owner_id


def _be_paid(journey: Journey, owner_id: str) -> None:
    """What was released is paid out, less the commission."""
    place, state = journey.place, journey.place.stand_in.state
    eventually(lambda: _payouts(journey, owner_id), seconds=120)
    assert _payouts(journey, owner_id) == [PRICE - FEE]
    assert state.fees["EUR"] == FEE
    state.settle_payouts()
    place.stand_in.call_hooks()
    eventually(lambda: 'data-testid="payout" data-state="succeeded"' in place.client.get("/my/payouts").text)


def _adds_up(journey: Journey) -> None:
    """Every cent is explained, and lies where the ledger says."""
    database, expert_id = journey.place.database, str(journey.expert.expert_id)
    with database.reading() as session:
        transfers = select(col(Transfer.cents)).where(col(Transfer.payee_expert_id) == expert_id)
        assert session.execute(transfers).scalars().all() == [PRICE]
        assert ledger_checks.check(session) == []
    settings = journey.place.settings
    provider = Mangopay(database, adapter.calls_of(settings), settings.site_address)
    found = reconciliations.reconcile(database, provider, at=clock.now())
    assert (found.differences, [one.provider_cents for one in found.balances]) == ([], [FEE, 0, 0])


def _edition(journey: Journey) -> str:
    return journey.place.read(f"{journey.quote}/edit", r'name="edition" value="(\d+)"')


def _owners(journey: Journey) -> list[str]:
    users = journey.place.stand_in.state.items["users"]
    return [key for key, one in users.items() if one["UserCategory"] == "OWNER"]


def _payouts(journey: Journey, owner_id: str) -> list[int]:
    payouts = journey.place.stand_in.state.items["payouts"].values()
    return [one["DebitedFunds"]["Amount"] for one in payouts if one["AuthorId"] == owner_id]
