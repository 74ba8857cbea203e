"""A mission's documents as PDF, over HTTP: who may have which, and where they are linked."""

import io
import re
from collections.abc import Iterator
from uuid import uuid4

import pypdf
import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from accounts.models.accounts import Account
from billing import escrows, payments
from billing.lifecycle import PaymentState
from billing.models.escrows import PaymentKind
from billing.providers.interface import Payin
from booking import reports
from booking.documents import pages, purchase_orders, quotes, receipts
from booking.documents import reports as printed_reports
from booking.models.missions import Mission
from booking.quote_drafts import For
from foundation import clock
from foundation.database import Database
from foundation.settings import Operator
from tests import signed_in
from tests.booking import quoting
from tests.booking.carried_out import REPORT, operator
from tests.booking.quoted import who
from tests.builders import site


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("prints")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


def database_of(client: TestClient) -> Database:
    return client.app.state.database  # pyright: ignore[reportFunctionMemberAccess]


class Signed:
    """A quote that was signed by both, with its mission."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.expert, self.client = quoting.expert(database), quoting.client(database)
        offer = quoting.offered(database, self.client, self.expert)
        self.quote = quoting.sent(database, self.expert, For(offer_id=offer.id))
        self.mission = quoting.accept(database, self.client, self.quote)

    def amend(self) -> "Signed":
        """Have both sign another version."""
        quoting.amend(self.database, self.expert, self.quote, title="Customs audit, twice")
        quoting.accept(self.database, self.client, self.quote)
        return self

    def pay(self, cents: int) -> str:
        """Have a wire arrive; return the payment's id."""
        with self.database.writing() as session:
            escrow = escrows.of(session, self.mission.id)
            came = {"state": PaymentState.SUCCEEDED, "wire_text": escrow.number, "currency": escrow.currency}
            payin = Payin(provider_id=uuid4().hex, kind=PaymentKind.WIRE, cents=cents, **came)
            return payments.take_in(session, "sandbox", payin, at=clock.now()).id

    def report(self) -> None:
        """Have the expert report."""
        with self.database.writing() as session:
            session.get_one(Mission, self.mission.id).state = "in_progress"
        with self.database.writing() as session:
            reports.send(session, who(self.database, self.expert), self.mission.id, REPORT, "en", at=clock.now())


@pytest.fixture
def signed(client: TestClient) -> Signed:
    return Signed(database_of(client))


def text_of(answer: Response) -> str:
    read = pypdf.PdfReader(io.BytesIO(answer.content))
    return " ".join("\n".join(page.extract_text() for page in read.pages).split())


def got(client: TestClient, account: Account, path: str, **headers: str) -> Response:
    signed_in.sign_in(client, account)
    return client.get(path, headers=headers)


def test_both_sides_keep_a_quote_in_each_of_its_versions(client: TestClient, signed: Signed) -> None:
    path = f"/quotes/{signed.quote.id}/versions"
    signed.amend()
    for account in (signed.expert, signed.client):
        answer = got(client, account, f"{path}/1.pdf")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
        name = f"Quote {signed.quote.number}-V1.pdf"
        assert answer.headers["content-disposition"].startswith(f'attachment; filename="{name}"')
        assert "no-store" in answer.headers["cache-control"]
        assert "sandbox" in answer.headers["content-security-policy"]
        page = client.get(f"/quotes/{signed.quote.id}").text
        assert f'href="{path}/2.pdf" download data-testid="quote-pdf"' in page
        assert f'href="{path}/1.pdf" download>Download version 1 as PDF' in page
    assert "Customs audit, twice" in text_of(client.get(f"{path}/2.pdf"))
    assert [client.get(f"{path}/{number}.pdf").status_code for number in ("0", "3", "9" * 30)] == [404] * 3
    other = Signed(signed.database)
    for account in (other.expert, other.client):
        assert got(client, account, f"{path}/1.pdf").status_code == 404


def test_a_draft_is_no_quote_yet(client: TestClient, signed: Signed) -> None:
    offer = quoting.offered(signed.database, signed.client, signed.expert)
    draft = quoting.drafted(signed.database, signed.expert, For(offer_id=offer.id))
    assert got(client, signed.expert, f"/quotes/{draft.id}/versions/1.pdf").status_code == 404


def test_the_order_exists_from_the_acceptance_on_and_follows_amendments(client: TestClient, signed: Signed) -> None:
    path = f"/missions/{signed.mission.id}/purchase-order.pdf"
    for account in (signed.client, signed.expert):
        page = got(client, account, f"/missions/{signed.mission.id}").text
        assert f'href="{path}" download' in page
        assert f"BC-{signed.mission.number}" in text_of(client.get(path))
    signed.amend()
    assert f"Replaces BC-{signed.mission.number}, " in text_of(client.get(path))
    assert f"BC-{signed.mission.number}-V2" in client.get(path).headers["content-disposition"]
    signed_in.sign_in(client, _account(signed.database, operator(signed.database).account_id))
    assert client.get(path).status_code == 200
    other = Signed(signed.database)
    for account in (other.client, other.expert):
        assert got(client, account, path).status_code == 404


def test_the_report_can_be_kept_once_it_is_sent(client: TestClient, signed: Signed) -> None:
    path = f"/missions/{signed.mission.id}/report.pdf"
    assert got(client, signed.client, path).status_code == 404
    assert path not in client.get(f"/missions/{signed.mission.id}").text
    signed.pay(signed_gross(signed))
    signed.report()
    for account in (signed.client, signed.expert):
        assert f'href="{path}" download' in got(client, account, f"/missions/{signed.mission.id}").text
        text = text_of(client.get(path))
        assert "Know the duties Reached" in text
        assert "Choose a broker Partly reached No broker yet" in text
    assert got(client, Signed(signed.database).client, path).status_code == 404


def test_receipts_are_the_clients_alone_in_the_language_they_read(client: TestClient, signed: Signed) -> None:
    first, second = signed.pay(100_00), signed.pay(signed_gross(signed) - 99_00)
    path = f"/missions/{signed.mission.id}/receipts"
    page = got(client, signed.client, f"/missions/{signed.mission.id}").text
    assert re.findall(rf'href="{path}/(.+?)\.pdf" download>Receipt for (.+?)<', page)[0] == (first, "€100")
    assert client.get(f"/payments/{signed.mission.id}").text.count('data-testid="receipt"') == 2
    text = text_of(client.get(f"{path}/{first}.pdf"))
    assert f"RP-{signed.mission.number}-1" in text
    assert "Held of this payment €100.00" in text
    assert "no money has moved" in text
    text = text_of(got(client, signed.client, f"{path}/{second}.pdf", **{"Accept-Language": "fr"}))
    assert f"RP-{signed.mission.number}-2" in text
    assert "Remboursement du trop-perçu" in text
    assert "−1,00 €" in text
    assert client.get(f"{path}/nothing.pdf").status_code == 404
    assert path not in got(client, signed.expert, f"/missions/{signed.mission.id}").text
    assert client.get(f"{path}/{first}.pdf").status_code in {403, 404}
    other = Signed(signed.database)
    assert got(client, other.client, f"{path}/{first}.pdf").status_code == 404
    assert client.get(f"/missions/{other.mission.id}/receipts/{first}.pdf").status_code == 404


def test_contracts_keep_their_language_whoever_reads_them(client: TestClient, signed: Signed) -> None:
    path = f"/missions/{signed.mission.id}/purchase-order.pdf"
    english, french = (got(client, signed.client, path, **{"Accept-Language": wanted}) for wanted in ("en", "fr"))
    assert english.content == french.content
    assert french.headers["content-language"] == "en"


def test_all_of_them_can_be_listed_under_numbers_of_their_own(client: TestClient, signed: Signed) -> None:
    signed.amend().pay(signed_gross(signed))
    signed.report()
    with signed.database.reading() as session:
        orders = [one for one in purchase_orders.all_of(session) if signed.mission.number in one.number]
        versions = [one for one in quotes.all_of(session) if signed.quote.number in one.number]
        reported = [one for one in printed_reports.all_of(session) if signed.mission.number in one.number]
        received = [one for one in receipts.all_of(session, Operator(), "en") if signed.mission.number in one.number]
        everything = [*purchase_orders.all_of(session), *quotes.all_of(session), *printed_reports.all_of(session)]
    assert [one.number for one in orders] == [f"BC-{signed.mission.number}", f"BC-{signed.mission.number}-V2"]
    assert [one.number for one in versions] == [f"{signed.quote.number}-V1", f"{signed.quote.number}-V2"]
    assert [one.number for one in reported] == [f"RF-{signed.mission.number}-1"]
    assert [one.number for one in received] == [f"RP-{signed.mission.number}-1"]
    numbers = [one.number for one in everything]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"[A-Z0-9-]+", number) for number in numbers)
    path = f"/missions/{signed.mission.id}/purchase-order.pdf"
    assert got(client, signed.client, path).content == pages.render(orders[-1])


def signed_gross(signed: Signed) -> int:
    """Return what is to be paid for the mission."""
    with signed.database.reading() as session:
        return escrows.of(session, signed.mission.id).due_cents


def _account(database: Database, account_id: str) -> Account:
    with database.reading() as session:
        return session.get_one(Account, account_id)
