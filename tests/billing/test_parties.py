"""Who sells and buys: a VAT number that the register refused does not count, one that nobody could check yet does."""

from datetime import date

import pytest

from accounts.models.accounts import Client
from accounts.models.profiles import LegalIdentity
from billing import parties, taxes
from billing.taxes import Party, TaxCode, Undecided
from foundation import clock

ON = date(2026, 12, 1)


def identity(**columns: object) -> LegalIdentity:
    values = {"expert_id": "e", "status": "sasu", "country": "FR", "legal_name": "A", "address": "B"}
    return LegalIdentity(**{**values, "vat_number": "FR1", "changed_at": clock.now(), **columns})


def client(**columns: object) -> Client:
    values = {"is_person": False, "name": "C", "country": "DE", "vat_number": "DE1", "created_at": clock.now()}
    return Client(**{**values, **columns})


def proof(number: str, *, valid: bool) -> dict[str, str]:
    return {"vat_number": number, "valid": str(valid)}


def test_parties_are_read_off_what_accounts_keep() -> None:
    assert parties.expert(identity(has_vat_franchise=True)) == Party("FR", True, "FR1", has_vat_franchise=True)
    assert parties.expert(identity(country="MA"), own_rate_bp=2000).own_rate_bp == 2000
    assert parties.client(client()) == Party("DE", True, "DE1")
    assert parties.client(client(is_person=True)) == Party("DE", False)
    assert parties.client(client(country=None)).country == ""


@pytest.mark.parametrize(
    ("sellers", "buyers", "code"),
    [
        (None, None, TaxCode.REVERSE_CHARGE),
        (proof("FR1", valid=True), proof("DE1", valid=True), TaxCode.REVERSE_CHARGE),
        (proof("FR1", valid=True), proof("DE1", valid=False), TaxCode.STANDARD),
        (proof("FR1", valid=False), None, TaxCode.STANDARD),
        (proof("FR0", valid=False), None, TaxCode.REVERSE_CHARGE),
    ],
)
def test_a_refused_number_is_as_good_as_none(
    sellers: dict[str, str] | None, buyers: dict[str, str] | None, code: TaxCode
) -> None:
    seller, buyer = parties.expert(identity(vat_proof=sellers)), parties.client(client(vat_proof=buyers))
    assert taxes.decide(seller, buyer, ON).code is code


def test_nothing_is_decided_for_portage_salarial() -> None:
    with pytest.raises(Undecided) as raised:
        parties.expert(identity(status="portage_salarial"))
    assert raised.value.code == "portage"
