"""Payment requests: printed, sent to accounting, opened by a link without an account."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import AccountKind, Client, Role
from billing import provider_calls, working_days
from billing.models.escrows import Escrow
from booking.models.missions import Mission
from foundation import audits, clock, mails
from tests import signed_in
from tests.billing import money as builders
from tests.billing.money import DUE, Money
from tests.booking import quoting
from tests.builders import eventually, site
from web.rendering import PARIS, long_date

LEGAL = {
    "name": "Dupont & <fils>",
    "legal_form": "SAS",
    "address": "3, quai de la Douane, 33000 Bordeaux",
    "country": "FR",
    "registration_number": "SIREN 732829320",
    "vat_number": "FR44732829320",
    "billing_name": "Comptabilité fournisseurs",
    "billing_email": "compta@dupont.example",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("requests")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


@pytest.fixture
def money(client: TestClient) -> Money:
    client.cookies.clear()
    found = builders.make(signed_in.database_of(client))
    with found.database.writing() as session:
        session.get_one(Client, found.client_id).sqlmodel_update(LEGAL)
    signed_in.sign_in(client, found.client)
    return found


def opened(money: Money, **mission: object) -> Escrow:
    """Open the escrow of a mission that the client has ordered."""
    at, expert_id = clock.now(), str(money.expert.expert_id)
    with money.database.writing() as session:
        quote = quoting.sent_row(session, expert_id, money.client_id, uuid4().hex, at=at)
        quote.state, quote.accepted_version = "accepted", 1
        values = {"number": f"M-{uuid4().hex[:8]}", "title": "Ouverture du Maroc", "currency": "EUR", "made_at": at}
        pair = {"client_id": money.client_id, "expert_id": expert_id, "quote_id": quote.id}
        found = Mission(**{**values, **pair, "order_number": "BC 4711", **mission})
        session.add(found)
        session.flush()
    money.open(found.id, number=found.number)
    eventually(lambda: knows_where(money, found.id))
    return money.escrow(found.id)


def knows_where(money: Money, reference: str) -> bool:
    with money.database.reading() as session:
        return provider_calls.wire_details(session, money.escrow(reference), money.provider) is not None


def shown(client: TestClient, escrow: Escrow, language: str = "en") -> str:
    answer = client.get(f"/payments/{escrow.reference}/request?lang={language}")
    client.cookies.delete("lang")
    assert (answer.status_code, answer.headers["X-Robots-Tag"]) == (200, "noindex")
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.text


def linked(client: TestClient, escrow: Escrow) -> str:
    """Make a link; return its path."""
    page = client.post(f"/payments/{escrow.reference}/request/link").text
    return re.findall(r'data-testid="link">[^<]*?(/payment-requests/[\w-]{43})<', page)[0]


def test_a_request_says_who_pays_what_for_what_until_when(client: TestClient, money: Money) -> None:
    starts_on = clock.today() + timedelta(days=40)
    escrow = opened(money, starts_on=starts_on)
    money.wire(100_000, escrow.number)
    eventually(lambda: money.escrow(escrow.reference).paid_cents == 100_000)
    for language, amount in (("en", "€3,800"), ("fr", "3\u202f800")):
        text = shown(client, escrow, language)
        assert "Dupont &amp; &lt;fils&gt;" in text
        assert all(value in text for name, value in LEGAL.items() if name not in {"name", "country", "billing_email"})
        assert all(word in text for word in (escrow.number, escrow.title, "BC 4711", "SIRET 493 275 291 00042"))
        assert amount in re.findall(r'data-testid="to-pay">(.*?)<', text)[0]
        due_on = long_date(working_days.send_by(starts_on), language)  # pyright: ignore[reportArgumentType]
        assert due_on in re.findall(r'data-testid="due-on">(.*?)<', text)[0]
        seen_on = working_days.wire_seen_on(clock.now().astimezone(PARIS).date())
        assert long_date(seen_on, language) in text  # pyright: ignore[reportArgumentType]
        assert "<svg" in text.split('data-testid="epc-code"')[1]
    assert "This is no invoice." in shown(client, escrow)


@pytest.mark.parametrize("starts_on", [None, date(2026, 1, 5)])
def test_what_has_no_date_to_come_is_paid_on_receipt(client: TestClient, money: Money, starts_on: date | None) -> None:
    text = shown(client, opened(money, starts_on=starts_on))
    assert re.findall(r'data-testid="due-on">(.*?)<', text) == ["on receipt"]


def test_other_currencies_have_no_code_for_banking_apps(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    with money.database.writing() as session:
        session.get_one(Escrow, escrow.id).currency = "USD"
    text = shown(client, escrow)
    assert 'data-testid="epc-code"' not in text
    assert 'data-testid="wire-iban"' in text


def test_accounting_opens_it_without_an_account_and_sees_nothing_else(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    path = linked(client, escrow)
    own = client.get(f"/payments/{escrow.reference}/request").text
    assert 'data-testid="send-request"' in own
    client.cookies.clear()
    answer = client.get(path)
    text = answer.text
    headers = [answer.headers[name] for name in ("X-Robots-Tag", "Cache-Control", "Referrer-Policy")]
    assert headers == ["noindex", "no-store", "same-origin"]
    assert escrow.number in text
    assert "Dupont &amp; &lt;fils&gt;" in text
    main = text.split("<main")[1].split("</main>")[0]
    assert "<form" not in main
    assert "<a " not in main
    for kept in (str(money.expert.expert_id), "compta@dupont.example", escrow.reference, "/card", money.client.email):
        assert str(kept) not in text, kept
    assert client.post(path).status_code == 405
    assert client.get(f"/payments/{escrow.reference}").url.path == "/sign-in"


def test_a_link_ends_when_it_is_taken_back_and_once_all_is_paid(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    first = linked(client, escrow)
    assert linked(client, escrow) == first
    client.post(f"/payments/{escrow.reference}/request/link/end")
    ended = client.get(first)
    assert (ended.status_code, 'data-testid="ended"' in ended.text, escrow.number in ended.text) == (404, True, False)
    second = linked(client, escrow)
    assert second != first
    money.wire(DUE, escrow.number)
    eventually(lambda: money.escrow(escrow.reference).state == "held")
    assert client.get(second).status_code == 404
    assert 'data-testid="nothing-due"' in shown(client, escrow)
    assert "done=overtaken" in str(client.post(f"/payments/{escrow.reference}/request/link").url)
    for odd in ("nothing", "a%00b", "x" * 5_000, "%ED%A0%80"):
        assert client.get(f"/payment-requests/{odd}").status_code == 404


def test_it_is_mailed_with_a_link_and_the_log_keeps_that_and_no_address(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    path = f"/payments/{escrow.reference}/request/mail"
    to = f"{uuid4().hex[:8]}@dupont.example"
    assert f'value="{LEGAL["billing_email"]}"' in shown(client, escrow)
    assert "done=mailed" in str(client.post(path, data={"email": to}).url)
    with money.database.reading() as session:
        [mail] = mails.to_address(session, to, 9)
        entries = audits.entries(session, object_kind="escrow", object_id=escrow.id)
    assert (mail.template, mail.language) == ("payment_request", "en")
    assert [entry.action for entry in entries] == ["payment_request_mailed", "payment_link_made"]
    assert not any(to in str(entry.details) for entry in entries)
    for wrong in ("", "nobody", "a@b@c", "a\r\nBcc: b@example.org"):
        refused = client.post(path, data={"email": wrong})
        assert (refused.status_code, 'data-testid="fault-email"' in refused.text) == (422, True)


def test_nobody_is_mailed_without_end(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    to = f"{uuid4().hex[:8]}@dupont.example"
    path = f"/payments/{escrow.reference}/request/mail"
    statuses = [client.post(path, data={"email": to}).status_code for _ in range(8)]
    assert statuses == [200] * 6 + [429] * 2
    with money.database.reading() as session:
        assert len(mails.to_address(session, to, 99)) == 6


def test_who_only_looks_sees_it_and_passes_nothing_on(client: TestClient, money: Money) -> None:
    escrow = opened(money)
    viewer = signed_in.make(money.database, AccountKind.COMPANY, "Viola", client_id=money.client_id, role=Role.VIEWER)
    link = linked(client, escrow)
    signed_in.sign_in(client, viewer)
    text = shown(client, escrow)
    assert link not in text
    assert 'data-testid="send-request"' not in text
    for act in ("link", "link/end", "mail"):
        answer = client.post(f"/payments/{escrow.reference}/request/{act}", data={"email": "a@example.org"})
        assert answer.status_code == 404
    signed_in.as_new(client, AccountKind.COMPANY, "Otto")
    assert client.get(f"/payments/{escrow.reference}/request").status_code == 404
