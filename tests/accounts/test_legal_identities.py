import pytest

from accounts import experts, legal_identities
from accounts.events import STATUS_CHANGED
from accounts.models.experts import LegalStatus
from foundation import audits, clock, outbox
from foundation.database import Database
from taxonomy import zones
from tests.builders import import_all, record

WHO = {"legal_name": "Anne Le Goff", "address": "1 rue du Port\n44000 Nantes"}


def check(**form: str) -> dict[str, object]:
    """Return what a form gives, or its faults by field."""
    found = legal_identities.check({**WHO, **form})
    return {fault.field: fault.code for fault in found} if isinstance(found, list) else found


def test_french_statuses_exist_under_french_law_alone_and_three_everywhere() -> None:
    for country in legal_identities.FRENCH_LANDS & zones.country_codes():
        assert set(legal_identities.offered(country)) == set(LegalStatus)
    for country in zones.country_codes() - legal_identities.FRENCH_LANDS:
        assert legal_identities.offered(country) == (LegalStatus.SOLE_TRADER, LegalStatus.COMPANY, LegalStatus.OTHER)


def test_everything_is_asked_of_nobody() -> None:
    for country in zones.country_codes():
        for status in legal_identities.offered(country):
            asked = legal_identities.asked(status, country)
            assert asked.has_portage_company is (status is LegalStatus.PORTAGE_SALARIAL)
            assert asked.has_vat_number is not asked.has_portage_company
            assert not (asked.is_registration_required and asked.register is None)
            may_be_small = country in legal_identities.FRENCH_LANDS or legal_identities.is_in_eu(country)
            assert may_be_small or not asked.has_franchise


@pytest.mark.parametrize(
    ("country", "number", "kept"),
    [
        ("FR", "732 829 320 00074", "73282932000074"),
        ("FR", "732 829 320", "732829320"),
        ("RE", "732 829 320 00074", "73282932000074"),
        ("CH", "CHE-100.155.212", "CHE100155212"),
        ("GB", "SC123456", "SC123456"),
        ("NP", "whatever they call it 7", "whatever they call it 7"),
    ],
)
def test_a_registration_number_follows_its_countrys_rules_where_they_are_known(
    country: str, number: str, kept: str
) -> None:
    assert check(country=country, status="company", registration_number=number)["registration_number"] == kept


@pytest.mark.parametrize(
    ("country", "number", "kept"),
    [
        ("FR", "44 732829320", "FR44732829320"),
        ("DE", "DE 136,695 976", "DE136695976"),
        ("GR", "094259216", "EL094259216"),
        ("RE", "44732829320", "FR44732829320"),
        ("NP", "12-3", "12-3"),
    ],
)
def test_a_vat_number_is_kept_with_its_countrys_letters(country: str, number: str, kept: str) -> None:
    assert check(country=country, status="other", vat_number=number)["vat_number"] == kept


@pytest.mark.parametrize(
    ("form", "faults"),
    [
        ({"country": "XX", "status": "other"}, {"country": "missing"}),
        ({"country": "DE", "status": "sasu"}, {"status": "not_there"}),
        ({"country": "FR", "status": ""}, {"status": "missing"}),
        ({"country": "FR", "status": "sasu"}, {"registration_number": "missing"}),
        (
            {"country": "FR", "status": "sasu", "registration_number": "12345"},
            {"registration_number": "no_such_number"},
        ),
        ({"country": "DE", "status": "other", "vat_number": "FR44732829320"}, {"vat_number": "no_such_number"}),
        ({"country": "FR", "status": "portage_salarial"}, {"portage_company": "missing"}),
        ({"country": "DE", "status": "other", "legal_name": "\x07"}, {"legal_name": "value_error"}),
        ({"country": "DE", "status": "other", "address": "x" * 501}, {"address": "string_too_long"}),
    ],
)
def test_what_is_wrong_is_said_of_its_field(form: dict[str, str], faults: dict[str, str]) -> None:
    assert check(**form) == faults


def test_what_is_not_asked_of_a_status_is_not_kept() -> None:
    found = check(
        country="FR",
        status="portage_salarial",
        portage_company="ITG",
        registration_number="73282932000074",
        vat_number="FR44732829320",
        has_vat_franchise="on",
    )
    assert [found[name] for name in ("registration_number", "vat_number", "has_vat_franchise")] == [None, None, False]


def test_a_new_status_is_one_event_and_the_same_again_none(database: Database) -> None:
    import_all(database, [record("H001", legal_status="company")])
    for status in ("company", "other", "other"):
        with database.writing() as session:
            form = {**WHO, "country": "DE", "status": status, "registration_number": "HRB 1"}
            expert_id = experts.get(session, "H001").id
            legal_identities.save(session, expert_id, form, actor=audits.SYSTEM, at=clock.now())
    with database.reading() as session:
        assert outbox.count(session, STATUS_CHANGED) == 1
        assert experts.get(session, "H001").legal_status == "other"
    import_all(database, [record("H001", legal_status="company")])
    with database.reading() as session:
        assert experts.get(session, "H001").legal_status == "other"
