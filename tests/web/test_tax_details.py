"""An expert's page of tax details: what is missing, the form, and the copies of what is reported."""

import csv
import io
from collections.abc import Iterator

import orjson
import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import Account, AccountKind
from billing import statement_periods, tax_detail_requests, tax_details
from billing.models.tax_details import TaxDetails
from foundation import clock
from foundation.database import Database
from tests import builders, signed_in
from tests.billing import selling
from tests.billing.identified import identify
from tests.billing.selling import COMPANY, GIVEN, NET

PATH = "/my/tax-details"
FORM = {
    "first_name": "Anne",
    "last_name": "Le Goff",
    "born_on": "1980-05-17",
    "tin": "30 23 217 600 053",
    "tin_country": "FR",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with builders.site(tmp_path_factory.mktemp("taxes")) as client:
        client.headers["Accept-Language"] = "en"
        yield client


@pytest.fixture
def database(site: TestClient) -> Database:
    return signed_in.database_of(site)


@pytest.fixture
def anne(site: TestClient, database: Database) -> Account:
    """Return an expert with a legal identity, who is signed in."""
    account = signed_in.as_new(site, AccountKind.EXPERT)
    identify(database, account)
    return account


def test_what_is_missing_is_given_and_kept_sealed(site: TestClient, database: Database, anne: Account) -> None:
    page = site.get(PATH)
    assert (page.headers["Cache-Control"], page.headers["X-Robots-Tag"]) == ("no-store", "noindex")
    assert all(f'data-testid="missing-{fact}"' in page.text for fact in ("name", "born_on", "tin"))
    given = site.post(PATH, data=FORM)
    assert 'data-testid="nothing-missing"' in given.text
    assert "ends in 0053" in given.text
    assert str(GIVEN.tin) not in given.text
    with database.reading() as session:
        kept = session.get_one(TaxDetails, anne.expert_id)
    assert kept.sealed is not None
    assert all(word not in kept.sealed for word in (b"3023217600053", b"Goff", b"1980"))


def test_who_was_asked_is_told_so_on_the_dashboard_until_it_is_given(
    site: TestClient, database: Database, anne: Account
) -> None:
    assert 'data-testid="tax-details-wanted"' not in site.get("/my/dashboard").text
    selling.release(database, str(anne.expert_id), statement_periods.day_of(clock.now()))
    key = tax_details.key_of(site.app.state.settings)  # pyright: ignore[reportFunctionMemberAccess, reportAttributeAccessIssue]
    tax_detail_requests.look_after(database, key, clock.now())
    assert 'data-testid="tax-details-wanted"' in site.get("/my/dashboard").text
    site.post(PATH, data=FORM)
    assert 'data-testid="tax-details-wanted"' not in site.get("/my/dashboard").text


@pytest.mark.usefixtures("anne")
@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"tin": ""}, ["tin"]),
        ({"tin": "3023217600054"}, ["tin"]),
        ({"tin_country": ""}, ["tin_country"]),
        ({"first_name": "", "born_on": "17/05/1980"}, ["first_name", "born_on"]),
        ({"birth_city": "Nantes"}, ["birth_country"]),
        ({"birth_country": "FR"}, ["birth_city"]),
        ({"has_no_tin": "yes"}, ["birth_city", "birth_country"]),
    ],
)
def test_what_is_wrong_is_named_and_nothing_typed_is_lost(
    site: TestClient, changes: dict[str, str], fields: list[str]
) -> None:
    refused = site.post(PATH, data={**FORM, **changes})
    assert refused.status_code == 422
    assert all(f'data-testid="fault-{field}"' in refused.text for field in fields)
    assert refused.text.count('data-testid="fault-') == len(fields)
    assert 'value="Le Goff"' in refused.text


@pytest.mark.usefixtures("anne")
def test_who_has_no_number_gives_the_place_of_birth(site: TestClient) -> None:
    form = {**FORM, "tin": "", "tin_country": "", "has_no_tin": "yes", "birth_city": "Cork", "birth_country": "IE"}
    given = site.post(PATH, data=form)
    assert 'data-testid="nothing-missing"' in given.text
    assert "none is issued where you live" in given.text


def test_a_french_company_is_asked_for_nothing(site: TestClient, database: Database) -> None:
    identify(database, signed_in.as_new(site, AccountKind.EXPERT), **COMPANY)
    page = site.get(PATH).text
    assert ('data-testid="nothing-missing"' in page, 'data-testid="give"' in page) == (True, False)
    assert site.post(PATH, data=FORM).url.path == PATH


def test_who_gave_nothing_at_all_is_led_to_the_legal_identity(site: TestClient) -> None:
    signed_in.as_new(site, AccountKind.EXPERT)
    page = site.get(PATH).text
    assert 'data-testid="missing-identity"><a href="/my/identity"' in page
    assert 'data-testid="no-years"' in page


def test_a_seller_takes_along_what_is_reported_of_them(site: TestClient, database: Database, anne: Account) -> None:
    today = statement_periods.day_of(clock.now())
    selling.release(database, str(anne.expert_id), today)
    site.post(PATH, data=FORM)
    assert 'data-testid="report"' in site.get(PATH).text
    copy = site.get(f"{PATH}/report.json?period={today.year}")
    assert (copy.headers["Content-Type"], copy.headers["X-Robots-Tag"]) == ("application/json", "noindex")
    said = orjson.loads(copy.content)
    assert (said["year"], said["is_reported"], said["tin"], said["born_on"]) == (
        today.year,
        True,
        "3023217600053",
        "1980-05-17",
    )
    (services,) = said["personal_services"]
    assert sum(quarter["consideration_cents"] for quarter in services["quarters"]) == NET
    table = site.get(f"{PATH}/report.csv?period={today.year}").content.decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(table)))
    assert (len(rows), {row[2] for row in rows[1:]}) == (5, {"EUR"})
    assert "4320.00" in {row[3] for row in rows}
    for period in ("2001", f"{today:%Y-%m}", "soon"):
        assert site.get(f"{PATH}/report.json?period={period}").status_code == 404
    signed_in.as_new(site, AccountKind.EXPERT)
    assert site.get(f"{PATH}/report.json?period={today.year}").status_code == 404
