import pytest

from accounts import clients
from accounts.clients import ClientForm
from foundation.errors import Invalid

GOOD = {
    "name": "Vins du Sud",
    "country": "FR",
    "legal_form": "SAS",
    "address": "1 rue du Port, Sète",
    "registration_number": "552 100 554",
    "vat_number": "fr 40 303 265 045",
    "iban": "FR14 2004 1010 0505 0001 3M02 606",
    "billing_email": "Compta@Vins.example",
    "billing_phone": "04 67 00 00 00",
}


def test_numbers_are_kept_in_their_usual_form() -> None:
    found = clients.check(ClientForm(**GOOD), "en")
    assert found.registration_number == "552100554"
    assert found.vat_number == "FR40303265045"
    assert found.iban == "FR1420041010050500013M02606"
    assert (found.billing_email, found.billing_phone) == ("compta@vins.example", "+33467000000")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("country", "XX"),
        ("vat_number", "FR00303265045"),
        ("vat_number", "DE136695976"),
        ("iban", "FR15 2004 1010 0505 0001 3M02 606"),
        ("iban", "x" * 500),
        ("registration_number", "552 100 555"),
        ("billing_email", "nobody"),
        ("billing_phone", "12"),
        ("address", "x" * 401),
    ],
)
def test_each_wrong_field_is_named_and_no_other(field: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        clients.check(ClientForm(**{**GOOD, field: value}), "en")
    assert [fault.field for fault in refused.value.faults] == [field]


@pytest.mark.parametrize(
    ("country", "number", "kept"),
    [
        ("GR", "EL 094259216", "EL094259216"),
        ("GR", "094259216", "EL094259216"),
        ("DE", "136695976", "DE136695976"),
        ("CH", "CHE-107.787.577 MWST", "CHE-107.787.577MWST"),
    ],
)
def test_vat_numbers_carry_the_prefix_of_their_country(country: str, number: str, kept: str) -> None:
    form = ClientForm(name="A", country=country, vat_number=number)
    assert clients.check(form, "en").vat_number == kept
