"""The yearly report on sellers: figures by quarter from the ledger, what is missing, and the file."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlmodel import col

from accounts.models.profiles import LegalIdentity
from billing import ledger, platform_report_files, platform_sellers, tax_detail_forms, tax_numbers
from billing.commissions import Commission
from billing.documents import drafts, issues
from billing.documents.issues import About, Checked
from billing.models.identity_papers import OwnerDetails
from billing.models.ledger import LedgerKind
from billing.platform_report_files import DPI, STF, Filer
from billing.platform_reports import Missing, Quarter, Report, Seller
from billing.postings import Name
from billing.tax_details import Details
from foundation.database import Database
from tests.billing.documents import samples
from tests.billing.identified import SIREN
from tests.billing.selling import COMPANY, GIVEN, GROSS, KEY, NET, release, reported, seller

AT = datetime(2027, 1, 20, 9, 30, tzinfo=UTC)
FILER = Filer("493275291", "FR93493275291", "Mission Internationale", "Portulan", "8, espace Compans, 31000 Toulouse")
SOLD = Quarter(NET, 1, 40_000, 8_000)
GERMAN = {"status": "company", "country": "DE", "legal_name": "Hafen GmbH", "registration_number": "HRB 12345"}


def test_releases_count_in_their_quarter_by_the_clocks_of_france(database: Database) -> None:
    who = seller(database, details=GIVEN)
    expert_id = str(who.expert_id)
    for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 31), date(2026, 3, 31), date(2026, 12, 31)):
        release(database, expert_id, day)
    found = reported(database, 2026)[expert_id]
    (activity,) = found.activities
    assert list(activity.quarters) == [Quarter(3 * NET, 3, 120_000, 24_000), Quarter(), Quarter(), SOLD]
    assert activity.year == Quarter(4 * NET, 4, 160_000, 32_000)
    (before,) = reported(database, 2025)[expert_id].activities
    assert list(before.quarters) == [Quarter(), Quarter(), Quarter(), SOLD]
    assert expert_id not in reported(database, 2027)


def test_currencies_are_reported_apart_and_what_was_reversed_never_was(database: Database) -> None:
    expert_id = str(seller(database, details=GIVEN).expert_id)
    release(database, expert_id, date(2026, 2, 1), "USD")
    wrong = release(database, expert_id, date(2026, 2, 1))
    release(database, expert_id, date(2026, 5, 1))
    with database.writing() as session:
        ledger.reverse(session, wrong.id, "Wrong.", at=datetime(2026, 7, 1, tzinfo=UTC))
    found = {one.currency: list(one.quarters) for one in reported(database, 2026)[expert_id].activities}
    assert found == {
        "EUR": [Quarter(), SOLD, Quarter(), Quarter()],
        "USD": [SOLD, Quarter(), Quarter(), Quarter()],
    }


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sold=st.lists(
        st.tuples(st.dates(date(2025, 11, 1), date(2027, 2, 1)), st.sampled_from([0, 10, 4_711]), st.booleans()),
        min_size=1,
        max_size=8,
    )
)
def test_years_come_to_what_the_ledger_has_as_payable(
    database: Database, sold: Sequence[tuple[date, int, bool]]
) -> None:
    expert_id = str(seller(database).expert_id)
    for day, fee, is_reversed in sold:
        posted = release(database, expert_id, day, commission=Commission(1_000, fee, fee // 5))
        if is_reversed:
            database.write(
                lambda session, name=posted.id, at=posted.effective_at: ledger.reverse(session, name, "No.", at=at)
            )
    total = Quarter()
    for year in (2025, 2026, 2027):
        for activity in reported(database, year)[expert_id].activities if expert_id in reported(database, year) else ():
            total = total.plus(activity.year)
    with database.reading() as session:
        assert total.consideration_cents == ledger.balance(session, Name(LedgerKind.PAYABLE, expert_id, "EUR"))
    assert total.activities == sum(not is_reversed for _, _, is_reversed in sold)
    assert total.consideration_cents + total.fees_cents + total.taxes_cents == total.activities * GROSS


def missing(database: Database, details: Details | None, **form: str) -> Sequence[Missing]:
    expert_id = str(seller(database, details=details, **form).expert_id)
    release(database, expert_id, date(2026, 2, 1))
    return reported(database, 2026)[expert_id].missing


def test_what_is_missing_of_a_seller_is_said(database: Database) -> None:
    assert missing(database, None) == [Missing.NAME, Missing.BORN_ON, Missing.TIN]
    assert missing(database, GIVEN) == []
    nowhere = GIVEN.model_copy(update={"tin": "", "tin_country": "", "has_no_tin": True})
    assert missing(database, nowhere) == []
    assert missing(database, nowhere.model_copy(update={"birth_city": ""})) == [Missing.BIRTH_PLACE]
    assert missing(database, GIVEN.model_copy(update={"tin": ""})) == [Missing.TIN]
    assert missing(database, None, **COMPANY) == []
    assert missing(database, None, **GERMAN) == [Missing.TIN]
    assert missing(database, nowhere, **GERMAN) == [Missing.TIN]
    assert missing(database, GIVEN, **GERMAN) == []


def test_what_the_payment_provider_was_told_is_not_asked_for_again(database: Database) -> None:
    expert_id = str(seller(database).expert_id)
    release(database, expert_id, date(2026, 2, 1))
    told = {"first_name": "Anne-Marie", "last_name": "Le Goff", "born_on": date(1979, 2, 3), "given_at": AT}
    where = {"nationality": "FR", "residence": "FR", "line": "2 quai", "city": "Brest", "postal_code": "29200"}
    with database.writing() as session:
        session.add(OwnerDetails(expert_id=expert_id, kind="sole_trader", country="FR", name="Anne", **told, **where))
    found = reported(database, 2026)[expert_id]
    assert (found.first_name, found.born_on, found.missing) == ("Anne-Marie", date(1979, 2, 3), [Missing.TIN])
    asked = tax_detail_forms.asked_of(found, is_known_to_provider=True)
    assert asked is not None
    form = {"tin": "3023217600053", "tin_country": "FR"}
    assert tax_detail_forms.check(form, asked, "en", AT.date()) == Details(tin="3023217600053", tin_country="FR")


def test_a_company_elsewhere_is_asked_for_its_number_alone(database: Database) -> None:
    found = _known(database, **GERMAN)
    asked = tax_detail_forms.asked_of(found, is_known_to_provider=False)
    assert asked is not None
    form = {"tin": "DE 136 695 976", "tin_country": "DE", "has_no_tin": "yes", "first_name": "Otto"}
    assert tax_detail_forms.check(form, asked, "en", AT.date()) == Details(tin="DE136695976", tin_country="DE")
    assert tax_detail_forms.asked_of(_known(database, **COMPANY), is_known_to_provider=False) is None


def _known(database: Database, **form: str) -> Seller:
    expert_id = str(seller(database, **form).expert_id)
    with database.reading() as session:
        return platform_sellers.known(session, expert_id, KEY)


def test_a_french_company_pays_taxes_under_its_siren(database: Database) -> None:
    expert_id = str(seller(database, **COMPANY).expert_id)
    release(database, expert_id, date(2026, 2, 1))
    found = reported(database, 2026)[expert_id]
    assert (found.tin, found.tin_country, found.residence, found.is_person) == (SIREN, "FR", "FR", False)


def test_residents_elsewhere_are_named_apart_and_departments_overseas_are_france(database: Database) -> None:
    british = str(seller(database, "Otto", status="sole_trader", country="GB", registration_number="").expert_id)
    overseas = str(seller(database, "Ella", status="sole_trader", country="RE").expert_id)
    for expert_id in (british, overseas):
        release(database, expert_id, date(2026, 2, 1))
    with database.reading() as session:
        report = platform_sellers.report(session, 2026, KEY)
    assert [one.expert_id for one in report.others] == [british]
    assert [(one.expert_id, one.residence) for one in report.sellers] == [(overseas, "FR")]
    assert report.due_on == date(2027, 1, 31)


def test_details_are_sealed_and_nothing_without_the_key(database: Database) -> None:
    expert_id = str(seller(database, details=GIVEN).expert_id)
    release(database, expert_id, date(2026, 2, 1))
    assert reported(database, 2026)[expert_id].tin == GIVEN.tin
    assert reported(database, 2026, b"x" * 32)[expert_id].missing == [Missing.NAME, Missing.BORN_ON, Missing.TIN]


def test_who_left_is_reported_as_their_last_invoice_says(database: Database) -> None:
    expert_id = str(seller(database, details=GIVEN).expert_id)
    release(database, expert_id, date(2026, 2, 1))
    draft = samples.invoice(number=drafts.UNNUMBERED)
    with database.writing() as session:
        issues.issue(session, Checked(draft), About("m1", expert_id, "c1"), at=AT)
        session.execute(delete(LegalIdentity).where(col(LegalIdentity.expert_id) == expert_id))
    found = reported(database, 2026)[expert_id]
    assert (found.name, found.residence) == (draft.seller.name, "FR")
    assert Missing.IDENTITY not in found.missing


@pytest.mark.parametrize(
    ("text", "country", "is_person", "read"),
    [
        ("30 23 217 600 053", "FR", True, "3023217600053"),
        ("3023217600053", "RE", True, "3023217600053"),
        ("3023217600054", "FR", True, None),
        ("732 829 320", "FR", False, SIREN),
        ("732829321", "FR", False, None),
        ("36 574 261 809", "DE", True, "36574261809"),
        ("36574261890", "DE", True, None),
        ("HRB-12345", "DE", False, "HRB12345"),
        ("12", "DE", False, None),
        ("x" * 31, "GB", True, None),
        ("AB 12 34 56", "GB", True, "AB123456"),
        ("ÀÉÎÕÜ", "GB", True, None),
    ],
)
def test_tax_numbers_are_read_by_the_rules_of_their_state(
    text: str, country: str, is_person: bool, read: str | None
) -> None:
    assert tax_numbers.read(text, country, is_person=is_person) == read


def written(report: Report, **options: Any) -> ET.Element:
    return ET.fromstring(platform_report_files.write(report, FILER, AT, **options))  # noqa: S314 - our own


def names(element: ET.Element) -> list[str]:
    return [child.tag.rpartition("}")[2] for child in element]


def found_in(element: ET.Element, path: str) -> ET.Element:
    found = element.find(
        "/".join(
            f"{{{STF if name.startswith('Doc') and name != 'DocSpec' else DPI}}}{name}" for name in path.split("/")
        )
    )
    assert found is not None, path
    return found


def text(element: ET.Element, path: str) -> str:
    return found_in(element, path).text or ""


def test_the_file_has_the_order_and_the_codes_of_the_schema(database: Database) -> None:
    person, company = (str(who.expert_id) for who in (seller(database, details=GIVEN), seller(database, **COMPANY)))
    for expert_id in (person, company):
        release(database, expert_id, date(2026, 2, 1), commission=Commission(1_000, 40_050, 8_010))
    sellers = reported(database, 2026)
    root = written(Report(2026, [sellers[person], sellers[company]]))
    assert (root.tag, root.attrib, names(root)) == (
        f"{{{DPI}}}DPI_OECD",
        {"version": "1.0"},
        ["MessageSpec", "DPIBody"],
    )
    spec = found_in(root, "MessageSpec")
    assert names(spec) == [
        "TransmittingCountry",
        "ReceivingCountry",
        "MessageType",
        "MessageRefId",
        "MessageTypeIndic",
        "ReportingPeriod",
        "Timestamp",
    ]
    assert text(spec, "MessageRefId") == "OP_2026_493275291_20270120093000"
    assert (text(spec, "MessageTypeIndic"), text(spec, "ReportingPeriod")) == ("DPI401", "2026-12-31")
    body = found_in(root, "DPIBody")
    assert names(body) == ["PlatformOperator", "ReportableSeller", "ReportableSeller"]
    assert names(body[0]) == [
        "ResCountryCode",
        "TIN",
        "IN",
        "VAT",
        "Name",
        "PlatformBusinessName",
        "Address",
        "Nexus",
        "AssumedReporting",
        "DocSpec",
    ]
    one, other = body[1], body[2]
    assert names(one) == names(other) == ["Identity", "RelevantActivities", "DocSpec"]
    party = found_in(one, "Identity/IndividualSeller/Standard/IndSellerID")
    assert names(party) == ["ResCountryCode", "TIN", "Name", "Address", "BirthInfo"]
    tin = found_in(party, "TIN")
    assert (tin.text, tin.attrib) == (GIVEN.tin, {"issuedBy": "FR"})
    assert [text(party, f"Address/AddressFix/{name}") for name in ("Street", "PostCode", "City")] == [
        "1 rue du Port",
        "44000",
        "Nantes",
    ]
    assert text(party, "BirthInfo/BirthDate") == "1980-05-17"
    assert text(party, "BirthInfo/BirthPlace/CountryInfo/CountryCode") == "FR"
    entity = found_in(other, "Identity/EntitySeller/Standard/EntSellerID")
    assert names(entity) == ["ResCountryCode", "TIN", "IN", "Name", "Address"]
    services = found_in(one, "RelevantActivities/PersonalServices")
    assert names(services) == ["Consideration", "NumberOfActivities", "Fees", "Taxes"]
    consideration = found_in(services, "Consideration")
    assert [child.attrib for child in consideration] == [{"currCode": "EUR"}] * 4
    # 4,319.40, 400.50 and 80.10: half a unit goes up.
    quarters = {
        name: text(services, f"{name}/{each}1")
        for name, each in (("Consideration", "ConsQ"), ("Fees", "FeesQ"), ("Taxes", "TaxesQ"))
    }
    assert quarters == {"Consideration": "4319", "Fees": "401", "Taxes": "80"}
    assert [child.text for child in found_in(services, "NumberOfActivities")] == ["1", "0", "0", "0"]
    references = [text(found, "DocSpec/DocRefId") for found in body]
    assert len(set(references)) == 3
    assert {text(found, "DocSpec/DocTypeIndic") for found in body} == {"OECD1"}
    tried = written(Report(2026, [sellers[person]]), is_test=True)
    assert text(found_in(tried, "DPIBody")[1], "DocSpec/DocTypeIndic") == "OECD11"


def test_a_year_without_sellers_is_reported_as_such() -> None:
    assert text(written(Report(2026, [])), "MessageSpec/MessageTypeIndic") == "DPI403"


def test_a_seller_without_number_or_city_is_written_as_the_schema_wants() -> None:
    address = platform_sellers.Address("IE", "Main Street, Cobh")
    found = Seller(
        "e1",
        True,
        "Ada",
        "Ada",
        "Byrne",
        address,
        has_no_tin=True,
        activities=[platform_sellers.Activity("EUR", [SOLD] * 4)],
    )
    party = found_in(
        found_in(written(Report(2026, [found])), "DPIBody")[1], "Identity/IndividualSeller/Standard/IndSellerID"
    )
    tin = found_in(party, "TIN")
    assert (tin.text, tin.attrib) == ("NOTIN", {"unknown": "true"})
    assert text(party, "Address/AddressFree") == "Main Street, Cobh"


def test_files_are_called_as_they_have_to_be() -> None:
    name = platform_report_files.file_name(Report(2026, []), FILER, AT)
    assert name == "DPIDAC7_2026_493275291_001_20270120093000.xml"
