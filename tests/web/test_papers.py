"""An expert's papers: sent, refused, replaced, downloaded, removed; and what stands of them on contracts' pages."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from accounts import accounts
from accounts.models.accounts import Account, AccountKind
from booking import duties, signatures
from booking.cover import Policy
from booking.models.quotes import Quote, QuoteVersion
from booking.quote_drafts import For
from foundation import clock
from foundation.database import Database
from foundation.i18n import Language
from tests import builders, signed_in
from tests.accounts.test_letters import pdf
from tests.billing.identified import identify
from tests.booking import quoted, quoting
from web import rendering
from web.pages import duties as pages

FILE = {"paper": ("scan.pdf", pdf(), "application/pdf")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("site")
    with builders.site(folder, rc_pro_insurer="Insurer & Co", rc_pro_policy="P 1") as client:
        client.headers["Accept-Language"] = "en"
        yield client


def form(**values: str) -> dict[str, str]:
    return {"kind": "vigilance", "issued_on": clock.today().isoformat(), "ends_on": "", **values}


def test_papers_are_sent_replaced_downloaded_and_removed(site: TestClient) -> None:
    signed_in.as_new(site, AccountKind.EXPERT)
    page = site.get("/my/papers").text
    assert "None yet" in page
    assert "covered by the marketplace’s policy P 1 (Insurer &amp; Co)" in page
    sent = site.post("/my/papers", data=form(), files=FILE)
    assert (sent.url.path, "Thank you: the paper is kept." in sent.text) == ("/my/papers", True)
    assert 'data-kind="vigilance" data-state="there"' in sent.text
    old = (clock.today() - timedelta(days=200)).isoformat()
    again = site.post("/my/papers", data=form(issued_on=old), files=FILE)
    assert again.text.count('data-testid="paper"') == 1
    assert 'data-state="outdated"' in again.text

    address = again.text.partition('href="/papers/')[2].partition('"')[0]
    file = site.get(f"/papers/{address}")
    assert (file.content, file.headers["content-type"]) == (FILE["paper"][1], "application/pdf")
    assert file.headers["content-disposition"] == f'attachment; filename="vigilance-{old}.pdf"'
    assert "sandbox" in file.headers["content-security-policy"]
    signed_in.as_new(site, AccountKind.EXPERT)
    assert site.get(f"/papers/{address}").status_code == 404
    assert site.post(f"/my/papers/{address}/remove").status_code == 404


def test_a_certificate_takes_the_place_of_the_policy(site: TestClient) -> None:
    signed_in.as_new(site, AccountKind.EXPERT)
    until = (clock.today() + timedelta(days=100)).isoformat()
    refused = site.post("/my/papers", data=form(kind="rc_pro", replaces_policy="yes"), files=FILE)
    assert (refused.status_code, 'data-testid="fault-ends_on"' in refused.text) == (422, True)
    assert 'value="rc_pro" selected' in refused.text
    sent = site.post("/my/papers", data=form(kind="rc_pro", ends_on=until, replaces_policy="yes"), files=FILE)
    assert "covered by the expert’s own certificate until" in sent.text
    removed = site.post(f"/my/papers/{sent.text.partition('/papers/')[2].partition(chr(34))[0]}/remove")
    assert "policy P 1" in removed.text


@pytest.mark.parametrize("content", [b"", b"<script>", b"%PDF-1.7 broken", b"x" * 3_100_000])
def test_other_files_are_refused_beside_their_field(site: TestClient, content: bytes) -> None:
    signed_in.as_new(site, AccountKind.EXPERT)
    answer = site.post("/my/papers", data=form(), files={"paper": ("a\0.pdf", content, "application/pdf")})
    assert (answer.status_code, 'data-testid="fault-paper"' in answer.text) == (422, True)


def test_other_clients_are_stated_by_a_tick(site: TestClient) -> None:
    signed_in.as_new(site, AccountKind.EXPERT)
    refused = site.post("/my/papers/clients", data={})
    assert (refused.status_code, "Please tick the statement" in refused.text) == (422, True)
    assert "Stated last on" not in refused.text
    assert "Stated last on" in site.post("/my/papers/clients", data={"has_other_clients": "yes"}).text


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "This is your duty: we remind you and block nothing."), ("fr", "Cette vigilance vous incombe")],
)
def test_companies_read_before_signing_what_they_have_to_ask_for(
    site: TestClient, language: Language, words: str
) -> None:
    database: Database = site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
    account = signed_in.make(database, AccountKind.EXPERT)
    identify(database, account)
    anne, berta = quoted.who(database, account), quoted.client(database)
    quote = quoted.sent(database, anne, berta, net_cents=500_000, tax_cents=0, gross_cents=500_000)
    with database.reading() as session:
        row = session.get_one(Quote, quote.id)
        version, on = session.get_one(QuoteVersion, (quote.id, 1)), quoted.AT.date()
        seen = pages.of_quote(session, berta, row, version, Policy("I", "P"), language, on)
        told = pages.of_quote(session, anne, row, version, Policy("I", "P"), language, on)
    said, by_expert = _section(seen, language), _section(told, language)
    assert words in said
    assert said.count('data-state="missing"') == 2
    assert 'data-testid="lacking"' in said
    assert "/my/papers" in by_expert
    assert 'data-testid="lacking"' not in by_expert


def test_both_sides_read_it_on_the_quote_s_page(site: TestClient) -> None:
    database: Database = site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
    expert, buyer = quoting.expert(database), quoting.client(database)
    offer = quoting.offered(database, buyer, expert)
    quote = quoting.sent(database, expert, For(offer_id=offer.id), day_rate="9000", currency="EUR")
    for account in (expert, buyer):
        signed_in.sign_in(site, account)
        page = site.get(f"/quotes/{quote.id}").text
        assert page.count('data-testid="wanted"') == 2
        assert ("This is your duty" in page) is (account is buyer)
    signing = site.get(f"/quotes/{quote.id}/accept").text
    assert "you may sign all the same" in signing
    assert 'name="content_hash"' in signing


def test_a_company_downloads_the_papers_of_its_contract(site: TestClient) -> None:
    database: Database = site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
    account = signed_in.as_new(site, AccountKind.EXPERT)
    identify(database, account)
    site.post("/my/papers", data=form(), files=FILE)
    anne, berta = quoted.who(database, account), quoted.client(database)
    quote = quoted.sent(database, anne, berta, net_cents=500_000, tax_cents=0, gross_cents=500_000)
    with database.writing() as session:
        given = quoted.consent()
        mission = signatures.accept(session, berta, quote.id, given, address="", language="en", at=quoted.AT)
        seen = pages.of_mission(session, berta, mission, Policy("I", "P"), "en", duties.day_of(clock.now()))
    [url] = [row["url"] for row in seen["duties"]["rows"] if row["url"]]
    assert f'href="{url}"' in _section(seen, "en")
    signed_in.sign_in(site, _account(database, berta.account_id))
    assert site.get(url).content == FILE["paper"][1]
    signed_in.as_new(site, AccountKind.COMPANY)
    assert site.get(url).status_code == 404


def _section(context: dict[str, object], language: Language) -> str:
    module = rendering.template("duties/_parts.html", language).module
    return str(module.section(context["duties"]))  # pyright: ignore[reportAttributeAccessIssue]


def _account(database: Database, account_id: str) -> Account:
    with database.reading() as session:
        return accounts.get(session, account_id)
