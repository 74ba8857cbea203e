"""Documents of accounting as experts, clients and operators find them."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from accounts.models.accounts import Account, AccountKind, Membership, Role
from billing.documents import archives, deliveries, issues, listings
from billing.documents.deliveries import CLIENT, EXPERT, Line
from billing.documents.listings import Wanted
from billing.models.deliveries import State, Way
from billing.models.documents import AccountingDocument
from foundation import clock
from foundation.database import Database
from tests import signed_in
from tests.billing.documents import samples
from tests.billing.documents.issuing import DRAFT, damage, issue
from tests.booking.carried_out import Stage
from tests.builders import eventually, site
from web import privacy
from web.pages.documents import PAGE
from web.rendering import PARIS, long_date


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("documents")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


class Pair:
    """An expert and a company, with an invoice and the commission's."""

    def __init__(self, browser: TestClient) -> None:
        self.browser = browser
        self.database: Database = signed_in.database_of(browser)
        self.expert = signed_in.make(self.database, AccountKind.EXPERT, "Eva")
        self.owner = signed_in.make(self.database, AccountKind.COMPANY, "Carl")
        with self.database.reading() as session:
            self.client_id = session.get_one(Membership, self.owner.id).client_id
        self.invoice = self.issue(reference=f"m {self.expert.id}")
        self.commission = self.issue(samples.SAMPLES["commission"](), reference=f"m {self.expert.id}", client_id=None)

    def issue(self, content: object = DRAFT, *, renders: bool = True, **about: str | None) -> AccountingDocument:
        values = {"client_id": self.client_id, "expert_id": str(self.expert.expert_id), **about}
        return issue(self.database, content, renders=renders, **values)  # pyright: ignore[reportArgumentType]

    def be(self, account: Account) -> None:
        self.browser.cookies.clear()
        signed_in.sign_in(self.browser, account)

    def colleague(self, role: Role) -> Account:
        return signed_in.make(self.database, AccountKind.COMPANY, role, client_id=self.client_id, role=role)


@pytest.fixture
def pair(client: TestClient) -> Pair:
    client.cookies.clear()
    return Pair(client)


def numbers(page: str) -> Sequence[str]:
    return re.findall(r'data-testid="document" data-number="([^"]+)"', page)


def test_each_side_finds_what_is_for_it(client: TestClient, pair: Pair) -> None:
    pair.be(pair.expert)
    answer = client.get("/my/documents")
    assert set(numbers(answer.text)) == {pair.invoice.number, pair.commission.number}
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    for role in (Role.OWNER, Role.BUYER, Role.ACCOUNTANT):
        pair.be(pair.colleague(role))
        assert numbers(client.get("/payments/documents").text) == [pair.invoice.number]
        assert client.get(f"/documents/{pair.commission.number}.pdf").status_code == 404
    pair.be(pair.colleague(Role.VIEWER))
    assert client.get("/payments/documents").status_code == 404
    assert client.get(f"/documents/{pair.invoice.number}.pdf").status_code == 404
    pair.be(signed_in.make(pair.database, AccountKind.OPERATOR, "Olga"))
    found = numbers(client.get(f"/operator/documents?q={pair.invoice.number}").text)
    assert found == [pair.invoice.number]


def test_a_file_is_downloaded_by_whom_it_is_for(client: TestClient, pair: Pair) -> None:
    path = f"/documents/{pair.invoice.number}.pdf"
    with pair.database.reading() as session:
        pdf = issues.file_of(session, pair.invoice.id)
    for account in (pair.expert, pair.owner, signed_in.make(pair.database, AccountKind.OPERATOR, "Olga")):
        pair.be(account)
        answer = client.get(path)
        assert (answer.content, answer.headers["Content-Type"]) == (pdf, "application/pdf")
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{pair.invoice.number}.pdf"'
        assert "no-store" in answer.headers["Cache-Control"]
    for kind in (AccountKind.EXPERT, AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT):
        pair.be(signed_in.make(pair.database, kind, "Nosy"))
        assert client.get(path).status_code == 404


def test_one_without_a_file_is_being_made_and_a_damaged_one_is_never_given(client: TestClient, pair: Pair) -> None:
    pair.be(pair.owner)
    waiting = pair.issue(reference=f"later {pair.expert.id}", renders=False)
    # The site makes the file itself, sooner or later.
    eventually(lambda: client.get(f"/documents/{waiting.number}.pdf").status_code == 200)
    damage(pair.database, f"UPDATE document_files SET sha256 = 'x' WHERE document_id = '{waiting.id}'")
    assert client.get(f"/documents/{waiting.number}.pdf").status_code == 503


def test_a_list_is_searched_filtered_and_paged(client: TestClient, pair: Pair) -> None:
    lisbon = pair.issue(
        DRAFT.model_copy(update={"title": "Été à Lisbonne", "order_number": "PO-4711"}), reference=f"l {pair.expert.id}"
    )
    pair.be(pair.expert)

    def found(query: str) -> set[str]:
        return set(numbers(client.get(f"/my/documents?{query}").text))

    assert found("q=lisbonne") == found("q=po-4711") == {lisbon.number}
    assert found("kind=commission&year=2026") == {pair.commission.number}
    assert found("year=2025") == set()
    everything = {lisbon.number, pair.invoice.number, pair.commission.number}
    assert found("kind=nonsense&year=20x6&after=FAC-1&q=%00") == everything
    assert found("year=99999999999999999999") == everything
    assert "No document is like this." in client.get("/my/documents?q=nobody").text


def test_a_long_list_has_pages(client: TestClient, pair: Pair) -> None:
    issued = {pair.invoice.number, pair.commission.number}
    issued |= {pair.issue(reference=f"{n} {pair.expert.id}", renders=False).number for n in range(PAGE - 1)}
    pair.be(pair.expert)
    first = client.get("/my/documents?year=2026")
    following = re.findall(r'rel="next" href="([^"]+)"', first.text)[0].replace("&amp;", "&")
    last = client.get(following)
    assert (len(numbers(first.text)), len(numbers(last.text))) == (PAGE, 1)
    assert {*numbers(first.text), *numbers(last.text)} == issued
    assert 'rel="next"' not in last.text


def test_whoever_has_none_is_told_when_there_will_be_some(client: TestClient) -> None:
    for kind, path in ((AccountKind.EXPERT, "/my/documents"), (AccountKind.COMPANY, "/payments/documents")):
        client.cookies.clear()
        signed_in.as_new(client, kind)
        page = client.get(path).text
        assert "Nothing was issued yet. An invoice is made once" in page
        assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
        assert "Rien n’a encore été émis" in client.get(f"{path}?lang=fr").text
        client.cookies.delete("lang")


def said(page: str) -> set[str]:
    return set(re.findall(r'data-testid="standing">([^<]+)<', page))


def test_what_became_of_a_document_is_said_and_it_is_sent_again(client: TestClient, pair: Pair) -> None:
    pair.be(pair.owner)
    today = long_date(clock.now().astimezone(PARIS).date(), "en")
    mailed = {f"mailed to the client on {today}", f"mailed to the expert on {today}"}
    eventually(lambda: said(client.get("/payments/documents").text) == mailed)
    path = f"/documents/{pair.invoice.number}/send"
    page = client.post(path).text
    assert "It was sent a moment ago" in page
    pair.be(pair.expert)
    assert client.post(f"/documents/{pair.commission.number}/send").status_code == 200
    for kind in (AccountKind.EXPERT, AccountKind.COMPANY):
        pair.be(signed_in.make(pair.database, kind, "Nosy"))
        assert client.post(path).status_code == 404
    assert "e-mail au client le" in _french(client, pair)


def _french(client: TestClient, pair: Pair) -> str:
    pair.be(pair.owner)
    page = client.get("/payments/documents?lang=fr").text
    client.cookies.delete("lang")
    return page


def test_it_may_be_sent_again_after_a_while(client: TestClient, pair: Pair) -> None:
    long_ago = clock.now() - timedelta(days=1)
    old = pair.issue(reference=f"old {pair.expert.id}", renders=False)
    with pair.database.writing() as session:
        for party in (CLIENT, EXPERT):
            line = Line(old.id, "s1" + old.id, Way.MAIL, State.QUEUED, party)
            deliveries.note(session, line, at=long_ago)
    issues.render(pair.database, [old.id], long_ago)
    pair.be(pair.owner)
    page = client.post(f"/documents/{old.number}/send").text
    assert "Sent once more." in page
    assert numbers(page) == [old.number]
    with pair.database.reading() as session:
        assert [line.party for line in deliveries.log(session, old.id) if line.at != long_ago][:1] == [CLIENT]
        assert EXPERT not in [line.party for line in deliveries.log(session, old.id) if line.at != long_ago]
    assert "It was sent a moment ago" in client.post(f"/documents/{old.number}/send").text


def test_what_went_wrong_waits_for_an_operator(client: TestClient, pair: Pair) -> None:
    operator = signed_in.make(pair.database, AccountKind.OPERATOR, "Olga")
    lost = pair.issue(reference=f"lost {pair.expert.id}", client_id="gone")
    pair.be(operator)
    eventually(lambda: f"/operator/documents/{lost.number}/settle" in client.get("/operator/documents").text)
    page = client.get("/operator/documents").text
    assert "could not be mailed to the client" in page
    assert "(nobody to write to)" in page
    assert 'data-testid="card-documents"' in client.get("/operator").text
    page = client.post(f"/operator/documents/{lost.number}/settle").text
    assert "It waits no more." in page
    assert f"/operator/documents/{lost.number}/settle" not in page
    again = client.post(f"/operator/documents/{lost.number}/settle").text
    assert "Somebody was quicker" in again
    pair.be(pair.expert)
    assert client.post(f"/operator/documents/{lost.number}/settle").status_code == 403


def test_what_the_law_has_us_keep_outlasts_an_account(client: TestClient, pair: Pair) -> None:
    eventually(lambda: said_of_invoice(pair) == {"sent"})
    erased = str(pair.expert.email)
    with pair.database.writing() as session:
        privacy.erase(session, pair.expert.id, at=clock.now())
    with pair.database.reading() as session:
        assert erased not in {account.email for account in session.execute(select(Account)).scalars()}
        kept = {pair.invoice.number, pair.commission.number}
        found = listings.find(session, Wanted(expert_id=str(pair.expert.expert_id)), limit=10)
        assert {listed.number for listed in found} == kept
        for number in kept:
            assert list(archives.verify(session, at=clock.now(), number=number)) == []
    pair.be(pair.owner)
    assert client.get(f"/documents/{pair.invoice.number}.pdf").status_code == 200
    pair.be(signed_in.make(pair.database, AccountKind.OPERATOR, "Olga"))
    assert client.get(f"/documents/{pair.commission.number}.pdf").status_code == 200


def said_of_invoice(pair: Pair) -> set[str]:
    with pair.database.reading() as session:
        return {one.state.value for one in deliveries.standings(session, [pair.invoice.id])[pair.invoice.id]}


def test_a_missions_page_has_its_documents_for_whom_they_are(client: TestClient) -> None:
    database = signed_in.database_of(client)
    stage = Stage(database).accept()
    about = {"reference": stage.id, "expert_id": str(stage.expert.expert_id)}
    invoice = issue(database, client_id=str(stage.client.client_id), **about)
    commission = issue(database, samples.SAMPLES["commission"](), client_id=None, **about)
    viewer = signed_in.make(database, AccountKind.COMPANY, "Vera", client_id=stage.client.client_id, role=Role.VIEWER)
    with database.reading() as session:
        sides = [session.get_one(Account, who.account_id) for who in (stage.client, stage.expert)]
    for account, expected in (
        (sides[0], {invoice.number}),
        (sides[1], {invoice.number, commission.number}),
        (viewer, set[str]()),
        (signed_in.make(database, AccountKind.OPERATOR, "Olga"), {invoice.number, commission.number}),
    ):
        client.cookies.clear()
        signed_in.sign_in(client, account)
        page = client.get(f"/missions/{stage.id}")
        assert page.status_code == 200
        assert set(re.findall(r'href="/documents/([^"]+)\.pdf"', page.text)) == expected
    client.cookies.clear()
    signed_in.sign_in(client, sides[0])
    assert f'href="/missions/{stage.id}"' in client.get("/payments/documents").text
