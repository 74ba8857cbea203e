"""The page of a Boost: read before buying, bought, changed, cancelled, and what stands there when a payment fails."""

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from sqlmodel import col

from accounts import experts
from accounts.models.accounts import Account, AccountKind
from accounts.models.experts import Expert
from billing import boost_renewals, provider_calls
from billing.models.boosts import BoostCard, BoostCharge, BoostSubscription
from billing.providers import sandbox_chargebacks
from billing.providers.interface import CHARGEBACK, CardForm
from billing.providers.sandbox import Sandbox
from foundation import clock
from tests import builders, signed_in
from tests.billing.identified import identify
from tests.billing.subscribing import ASKS, BAD, GOOD, LATER_FAILS
from tests.builders import eventually
from web import boost_site, privacy

MONTHLY = {"plan": "month", "cents": "3480"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("site")
    with builders.site(folder) as client:
        client.headers["Accept-Language"] = "en"
        yield client


@pytest.fixture
def anna(site: TestClient) -> Account:
    """Sign an expert in who is found and has a legal identity."""
    account = signed_in.as_new(site, AccountKind.EXPERT)
    identify(signed_in.database_of(site), account)
    with signed_in.database_of(site).writing() as session:
        found = experts.take(session, str(account.expert_id))
        shown = {"headline": "Export", "summary": "Exporter.", "is_visible": True}
        experts.apply(session, found, shown, at=clock.now())
    return account


def subscribe(site: TestClient, number: str = GOOD, form: dict[str, str] = MONTHLY) -> str:
    """Subscribe, type a card at the sandbox, and return the page that one comes back to."""
    typed = site.post("/my/boost", data=form)
    assert typed.url.path.startswith("/sandbox/kept-card/")
    return site.post(typed.url.path, data={"number": number}).text


def rows(site: TestClient, account: Account, table: Any) -> list[Any]:
    with signed_in.database_of(site).reading() as session:
        if table is Expert:
            return [session.get_one(Expert, account.expert_id)]
        ids = select(col(BoostSubscription.id)).where(col(BoostSubscription.expert_id) == account.expert_id)
        mine = col(table.id if table is BoostSubscription else table.subscription_id).in_(ids)
        return list(session.execute(select(table).where(mine)).scalars())


def let_pass(site: TestClient, account: Account, days: int) -> None:
    """Move a subscription back by days, and let the clock bring what is due."""
    (found,) = rows(site, account, BoostSubscription)
    moved = {
        name: getattr(found, name) - timedelta(days=days)
        for name in ("anchor_on", "starts_on", "ends_on", "grace_ends_on")
        if getattr(found, name)
    }
    database = signed_in.database_of(site)
    with database.writing() as session:
        session.execute(update(BoostSubscription).where(col(BoostSubscription.id) == found.id).values(**moved))
    settings = site.app.state.settings  # pyright: ignore[reportFunctionMemberAccess]
    boost_renewals.look_after(database, settings, "sandbox", clock.now())


def days_to_end(site: TestClient, account: Account) -> int:
    return (rows(site, account, BoostSubscription)[0].ends_on - clock.today()).days


def test_before_buying_the_price_the_limits_and_what_is_known_are_shown(site: TestClient, anna: Account) -> None:
    page = site.get("/my/boost").text
    for said in (
        "€34.80",
        "each month, 20% VAT included",
        "€348",
        "each year",
        "10% more at most",
        "Sponsored visibility",
    ):
        assert said in page
    assert "it carries no irrelevant profile up" in page
    assert "nothing is known of what a boost would bring you" in page
    assert "We promise no result" in page
    assert rows(site, anna, BoostSubscription) == []
    french = site.get("/my/boost", headers={"Accept-Language": "fr"}).text
    assert "34,80\u202f€" in french or "34,80\xa0€" in french


def test_bought_it_runs_is_labelled_and_shows_what_was_paid(site: TestClient, anna: Account) -> None:
    page = subscribe(site)
    assert "Thank you: it is paid." in page
    assert 'data-state="active"' in page
    assert re.search(r'data-testid="next">[^<]*, €34.80', page)
    assert "€29 before tax, €5.80 of tax" in page
    (expert,) = rows(site, anna, Expert)
    assert "Sponsored visibility" in site.get(f"/experts/{expert.slug}").text
    assert site.post("/my/boost", data=MONTHLY).status_code == 409, "one runs already"


def is_sponsored(site: TestClient, account: Account) -> bool:
    """Tell whether search knows of a boost."""
    answer = site.get("/api/v1/experts", params={"q": "export", "size": 100}).json()
    (expert,) = rows(site, account, Expert)
    return any(item["ref"] == expert.ref and item["boosted"] for item in answer["results"])


def test_a_card_that_is_refused_and_a_bank_that_asks(site: TestClient, anna: Account) -> None:
    page = subscribe(site, BAD)
    assert "Nothing was charged. Your bank has refused it." in page
    assert 'data-testid="plan"' in page, "it can be tried again"
    page = subscribe(site, ASKS)
    assert "Your bank asks: is it you who pays?" in page
    assert "Your bank asks whether it is you" in site.get("/my/boost").text
    asked = site.post("/my/boost/pay")
    assert asked.url.path.startswith("/sandbox/charge/")
    page = site.post(asked.url.path, data={"answer": "yes"}).text
    assert 'data-state="active"' in page, "who comes back from the bank sees how it stands"
    assert [row.state for row in rows(site, anna, BoostCharge)].count("succeeded") == 1


@pytest.mark.alone
def test_search_hears_of_the_start_and_the_end_within_a_second(site: TestClient, anna: Account) -> None:
    subscribe(site)
    started = time.monotonic()
    eventually(lambda: is_sponsored(site, anna))
    assert time.monotonic() - started < 3.0
    site.post("/my/boost/cancel")
    let_pass(site, anna, days_to_end(site, anna))
    started = time.monotonic()
    eventually(lambda: not is_sponsored(site, anna))
    assert time.monotonic() - started < 3.0
    assert "Your last subscription ended on" in site.get("/my/boost").text


def test_coming_back_twice_charges_once(site: TestClient, anna: Account) -> None:
    subscribe(site)
    (card,) = rows(site, anna, BoostCard)
    for _ in range(2):
        assert site.get(f"/my/boost/card/{card.id}/back").status_code == 200
    assert len(rows(site, anna, BoostCharge)) == 1


def test_the_plan_is_changed_for_the_amount_that_was_shown(site: TestClient, anna: Account) -> None:
    subscribe(site)
    page = site.get("/my/boost/change").text
    cents = re.search(r'name="cents" value="(\d+)"', page)
    assert cents
    assert cents[1] == "31320", "a whole month is left"
    refused = site.post("/my/boost/change", data={"plan": "year", "when": "now", "cents": "1"})
    assert (refused.status_code, "the amount is another one" in refused.text) == (409, True)
    page = site.post("/my/boost/change", data={"plan": "year", "when": "now", "cents": cents[1]}).text
    assert "Thank you: it is paid." in page
    assert "€29 were deducted for the rest of the month" in page
    site.post("/my/boost/change", data={"plan": "month"})
    assert rows(site, anna, BoostSubscription)[0].next_plan == "month"
    assert "Stay with the year" in site.get("/my/boost/change").text
    site.post("/my/boost/change", data={"plan": "year"})
    assert rows(site, anna, BoostSubscription)[0].next_plan is None


def test_it_is_cancelled_and_the_cancellation_taken_back(site: TestClient, anna: Account) -> None:
    subscribe(site)
    assert rows(site, anna, BoostSubscription)[0].state == "active"
    page = site.post("/my/boost/cancel").text
    assert "Cancelled. Your card is not charged again." in page
    assert "can’t be done any more" in site.post("/my/boost/cancel").text
    assert 'data-state="active"' in site.post("/my/boost/resume").text


def test_a_failed_renewal_says_what_to_do_and_another_card_pays_it(site: TestClient, anna: Account) -> None:
    subscribe(site, LATER_FAILS)
    let_pass(site, anna, days_to_end(site, anna))
    eventually(lambda: rows(site, anna, BoostSubscription)[0].state == "past_due")
    page = site.get("/my/boost").text
    assert "There was not enough money in the account." in page
    assert "if it is not paid by then, it ends and you owe nothing" in page
    typed = site.post("/my/boost/card")
    page = site.post(typed.url.path, data={"number": GOOD}).text
    assert 'data-state="active"' in page
    assert len([row for row in rows(site, anna, BoostCard) if row.dropped_at is None]) == 1


@pytest.mark.parametrize("form", [{}, {"plan": "week"}, {"plan": "month", "cents": "é\0"}, {"plan": "month"}])
def test_odd_forms_buy_nothing(site: TestClient, anna: Account, form: dict[str, str]) -> None:
    assert site.post("/my/boost", data=form).status_code in {404, 409}
    assert rows(site, anna, BoostSubscription) == []
    for path in ("card/x/back", "card/a%00b", "card/a%00b/back?data=x"):
        assert site.get(f"/my/boost/{path}").status_code == 404
    for path in ("pay", "cancel", "resume", "card"):
        assert site.post(f"/my/boost/{path}").status_code == 404
    assert site.get("/my/boost?charge=a%00b&done=paid").status_code == 200


def test_who_is_not_found_or_has_no_identity_is_told_so_and_buys_nothing(site: TestClient, anna: Account) -> None:
    with signed_in.database_of(site).writing() as session:
        experts.apply(session, experts.take(session, str(anna.expert_id)), {"is_available": False}, at=clock.now())
    assert "a boost brings nothing" in site.get("/my/boost").text
    assert "your profile is in no results" in site.post("/my/boost", data=MONTHLY).text
    signed_in.as_new(site, AccountKind.EXPERT)
    page = site.get("/my/boost").text
    assert "€29" in page
    assert 'href="/my/identity"' in page
    assert "the tax depends on your legal identity" in site.post("/my/boost", data=MONTHLY).text


def test_only_the_page_of_a_providers_card_form_may_post_there() -> None:
    policy = boost_site.card_policy(CardForm("1", "https://pay.example:8443/webpayment/getToken", {"data": "x"}))
    assert "form-action 'self' https://pay.example:8443;" in policy
    assert "connect-src 'self';" in policy
    assert urlsplit("https://pay.example:8443").netloc in policy


def test_operators_see_who_subscribes_and_what_has_to_go_back(site: TestClient, anna: Account) -> None:
    subscribe(site)
    with signed_in.database_of(site).writing() as session:
        ids = select(col(BoostSubscription.id)).where(col(BoostSubscription.expert_id) == anna.expert_id)
        session.execute(update(BoostCharge).where(col(BoostCharge.subscription_id).in_(ids)).values(is_stray=True))
    signed_in.as_new(site, AccountKind.OPERATOR)
    page = site.get("/operator/boosts").text
    assert "These charges came when nothing was to be paid any more." in page
    assert f"/operator/profiles/{anna.expert_id}" in page
    assert 'data-testid="boost" data-state="active"' in page
    assert 'data-state="active"' not in site.get("/operator/boosts?state=ended").text
    assert site.get("/operator/boosts?state=a%00b").status_code == 200
    assert site.get("/operator").text.count('href="/operator/boosts"') == 2


def test_what_a_bank_takes_back_is_told_to_its_owner_and_waits_for_operators(site: TestClient, anna: Account) -> None:
    subscribe(site)
    database, provider = signed_in.database_of(site), Sandbox(signed_in.database_of(site))
    (charge,) = rows(site, anna, BoostCharge)
    with database.writing() as session:
        name = sandbox_chargebacks.take(session, str(charge.provider_id), at=clock.now())
    provider_calls.hear(database, provider, [f"sandbox:{CHARGEBACK}:{name}"], clock.now())
    boost_renewals.look_after(database, site.app.state.settings, "sandbox", clock.now())  # pyright: ignore[reportFunctionMemberAccess]
    page = site.get("/my/boost").text
    assert 'data-testid="standing" data-state="past_due"' in page
    assert ("Your bank has taken the payment back." in page, "<p>The renewal was not paid" in page) == (True, False)
    signed_in.as_new(site, AccountKind.OPERATOR)
    assert 'data-testid="card-boosts"' in site.get("/operator").text
    item = site.get("/operator/boosts").text.split('data-testid="taken-back"')[1]
    for fact in ("€34.80", f"/operator/profiles/{anna.expert_id}", name, "fraud"):
        assert fact in item, fact
    with database.writing() as session:
        sandbox_chargebacks.decide(session, name, is_won=False)
    provider_calls.hear(database, provider, [f"sandbox:{CHARGEBACK}:{name}"], clock.now())
    assert 'data-testid="taken-back"' not in site.get("/operator/boosts").text


def test_who_erases_the_account_is_charged_no_more(site: TestClient, anna: Account) -> None:
    subscribe(site)
    assert "your card is charged no more" in site.get("/account/erase").text
    with signed_in.database_of(site).writing() as session:
        privacy.erase(session, anna.id, at=clock.now())
    (found,) = rows(site, anna, BoostSubscription)
    assert found.state == "ended"
    assert [row.state for row in rows(site, anna, BoostCharge)] == ["succeeded"], "what was paid is kept"
