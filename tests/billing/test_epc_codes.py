import pytest
import segno

from billing import epc_codes
from billing.providers import sandbox

IBAN = "FR7630006000011234567890189"


def code(**values: object) -> segno.QRCode | None:
    given = {"holder": "Portulan", "account_number": IBAN, "bic": "AGRIFRPPXXX", "cents": 480_050, "currency": "EUR"}
    return epc_codes.code_for(**{**given, "reference": "M-2026-00042", **values})  # pyright: ignore[reportArgumentType]


def of_text(text: str) -> segno.QRCode:
    return segno.make_qr(text.encode("iso-8859-1"), error="m", boost_error=False)


def test_it_holds_the_twelve_lines_of_the_scheme() -> None:
    """EPC069-12: tag, version, character set, SCT, BIC, name, IBAN, amount, purpose, structured, text."""
    text = f"BCD\n002\n2\nSCT\nAGRIFRPPXXX\nPortulan\n{IBAN}\nEUR4800.5\n\n\nM-2026-00042"
    found = code()
    assert found is not None
    assert (found.matrix, found.error) == (of_text(text).matrix, "M")
    assert int(found.version) <= 13


def test_the_bic_may_be_missing_and_names_keep_their_accents() -> None:
    text = f"BCD\n002\n2\nSCT\n\nSéquestre\n{IBAN}\nEUR0.01\n\n\nM-2026-00042"
    found = code(holder="Séquestre", bic="", cents=1)
    assert found is not None
    assert found.matrix == of_text(text).matrix


@pytest.mark.parametrize(
    "values",
    [
        {"currency": "USD"}, {"currency": "GBP"}, {"cents": 0}, {"cents": -1}, {"cents": 100_000_000_000},
        {"account_number": "FR7630006000011234567890188"}, {"account_number": ""}, {"account_number": "123456789"},
        {"account_number": "TN5910006035183598478831"}, {"holder": "x" * 71}, {"holder": ""}, {"reference": ""},
        {"reference": "x" * 141}, {"bic": "AGRI"},
    ],
)  # fmt: skip
def test_what_the_scheme_does_not_have_gets_no_code(values: dict[str, object]) -> None:
    assert code(**values) is None


def test_accounts_of_the_area_outside_the_euro_and_the_sandbox_have_one() -> None:
    assert code(account_number="CH9300762011623852957") is not None
    assert code(account_number="GB29NWBK60161331926819") is not None
    assert code(account_number=sandbox.IBAN) is not None
