from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pytest

from billing.documents import checks, contents, factur_x, numbers
from billing.documents.contents import Content, Preceding, Side
from billing.documents.rules import RULES
from foundation.i18n import LANGUAGES
from tests.billing.documents import samples
from tests.billing.documents.samples import ELODIE, FACTORY, MUNICH, SAMPLES

Break = Callable[[Content], Content]


def _with(**changes: Any) -> Break:
    return lambda content: content.model_copy(update=changes)


def _side(which: str, **changes: Any) -> Break:
    return lambda content: content.model_copy(update={which: getattr(content, which).model_copy(update=changes)})


def _taxed(**changes: Any) -> Break:
    return lambda content: content.model_copy(update={"taxation": content.taxation.model_copy(update=changes)})


def _line(**changes: Any) -> Break:
    return lambda content: content.model_copy(
        update={"lines": (content.lines[0].model_copy(update=changes), *content.lines[1:])}
    )


def _without(code: str) -> Break:
    return lambda content: content.model_copy(
        update={"notes": tuple(note for note in content.notes if note.code != code)}
    )


BROKEN: Mapping[str, tuple[str, str, Break]] = {
    "a number with a space": ("standard", "number", _with(number="FAC 1")),
    "a number of 36 letters": ("standard", "number", _with(number="F" * 36)),
    "no number": ("standard", "number", _with(number="")),
    "another century": ("standard", "year", _with(ends_on=date(2126, 12, 1))),
    "paid tomorrow": ("standard", "paid_later", _with(paid_on=date(2026, 12, 2))),
    "an end before the beginning": ("standard", "dates", _with(ends_on=date(2026, 11, 1))),
    "no day of the work": ("standard", "service_day", _with(ends_on=None)),
    "nothing sold": ("standard", "no_lines", _with(lines=())),
    "a line without words": ("standard", "label", _line(label=" ")),
    "a line a cent too dear": ("standard", "line_amount", _line(net_cents=812_514)),
    "a price a cent too low": ("standard", "sum", _with(net_cents=853_762, gross_cents=1_024_515)),
    "a tax a cent too low": ("standard", "tax", _with(tax_cents=170_752, gross_cents=1_024_515)),
    "a tax a cent off after a reduction": ("reduced", "tax", _with(tax_cents=116_668, net_cents=583_335)),
    "a total a cent too high": ("standard", "total", _with(gross_cents=1_024_517)),
    "money from the client’s side": ("standard", "negative", _with(reduction_cents=-1)),
    "standard tax without a rate": ("standard", "no_rate", _taxed(rate_bp=0)),
    "reverse charge with a rate": ("reverse_charge", "untaxed_rate", _taxed(rate_bp=2_000)),
    "an exemption without reason": ("franchise", "no_reason", _taxed(mentions=(), exemption=None)),
    "reverse charge, buyer without number": ("reverse_charge", "buyer_vat_number", _side("buyer", vat_number=None)),
    "reverse charge, seller without number": ("reverse_charge", "seller_vat_number", _side("seller", vat_number=None)),
    "reverse charge at home": ("reverse_charge", "reverse_at_home", _with(buyer=FACTORY)),
    "rubles": ("standard", "currency", _with(currency="RUB")),
    "francs without the tax in euros": ("francs_at_home", "tax_in_euros", _with(tax_euro_cents=None)),
    "dollars with a tax in euros only": ("export_dollars", "tax_in_euros", _with(tax_euro_cents=1)),
    "a buyer without name": ("standard", "name", _side("buyer", name="")),
    "a seller without address": ("standard", "address", _side("seller", address=" ")),
    "a country that is none": ("standard", "country", _side("buyer", country="XX")),
    "a seller without SIREN": ("franchise", "siren", _side("seller", registration_number=None)),
    "a SIREN with a wrong digit": (
        "standard",
        "siren",
        _side("buyer", registration_number="552100555", vat_number=None),
    ),
    "a SIRET with a wrong digit": ("standard", "siret", _side("seller", registration_number="44306184100048")),
    "a French VAT number with a wrong key": ("standard", "vat_number", _side("seller", vat_number="FR11443061841")),
    "a German VAT number with a wrong digit": (
        "reverse_charge",
        "vat_number",
        _side("buyer", vat_number="DE136695977"),
    ),
    "another company’s VAT number": ("standard", "other_siren", _side("buyer", vat_number=ELODIE.vat_number)),
    "a person without mail address": ("private_at_home", "electronic_address", _side("buyer", email=None)),
    "nobody who issues it": ("standard", "issuer", _with(issuer="")),
    "another seller in the mandate’s note": ("standard", "issuer", _side("seller", name="Somebody Else")),
    "the operator’s own in another’s name": ("commission", "own_issuer", _with(issuer="Somebody Else")),
    "no recovery costs": ("standard", "legal_note", _without("PMT")),
    "penalties twice": (
        "standard",
        "legal_note",
        lambda one: one.model_copy(update={"notes": one.notes + one.notes[2:3]}),
    ),
    "a route for somebody else": ("private_at_home", "route", _with(buyer=FACTORY)),
    "a credit note of nothing": ("credit_note", "no_preceding", _with(preceding=None)),
    "a credit note of itself": (
        "credit_note",
        "preceding",
        _with(preceding=Preceding(number="AVO-K7Q2-2026-1", issued_on=date(2026, 12, 1))),
    ),
    "a credit note of what comes later": (
        "credit_note",
        "preceding",
        _with(preceding=Preceding(number="FAC-K7Q2-2026-2", issued_on=date(2026, 12, 2))),
    ),
    "a credit note for no reason": ("credit_note", "no_cause", _with(reason="")),
    "an invoice that takes back": (
        "standard",
        "preceding",
        _with(preceding=Preceding(number="FAC-K7Q2-2026-0", issued_on=date(2026, 11, 1))),
    ),
    "a name that no font has": ("reverse_charge", "sign", _with(title="北京 market")),
    "a character that is none": ("standard", "sign", _with(title="Bell\x07")),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_way_of_taxing_passes_all_rules(name: str) -> None:
    assert checks.check(SAMPLES[name](), "en") == []


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_refused_by_the_rule_that_says_so(name: str) -> None:
    sample, rule, spoil = BROKEN[name]
    failures = checks.check(spoil(SAMPLES[sample]()), "en")
    assert rule in [failure.rule for failure in failures]
    assert all(failure.text and failure.fix and "%(" not in failure.text for failure in failures)


def test_every_rule_has_a_broken_document_and_both_languages() -> None:
    tried = {rule for _, rule, _ in BROKEN.values()}
    assert set(RULES) - tried == {"schema", "public_rule"}
    for language in LANGUAGES:
        said = [checks.check(spoil(SAMPLES[sample]()), language)[0] for sample, _, spoil in BROKEN.values()]
        assert all(failure.text and failure.fix for failure in said)


# What our own rules make impossible, said by the public ones: they are really run.
SPOILED_XML = {
    "BR-CO-15": ("<ram:GrandTotalAmount>10245.16", "<ram:GrandTotalAmount>10245.99"),
    "BR-FR-05": (">PMD<", ">AAI<"),
    "BR-FR-08": (">S2<", ">X9<"),
    "BR-FR-10": ('schemeID="0002">443061841', 'schemeID="0002">44306184'),
    "BR-FR-16": ("<ram:RateApplicablePercent>20<", "<ram:RateApplicablePercent>21<"),
    "schema": ("<ram:LineID>1</ram:LineID>", "<ram:LineNumber>1</ram:LineNumber>"),
}


@pytest.mark.parametrize("rule", SPOILED_XML)
def test_public_rules_refuse_a_spoiled_xml(rule: str) -> None:
    content = samples.invoice()
    before, after = SPOILED_XML[rule]
    xml = factur_x.xml(content).decode()
    assert before in xml
    found = [
        breach.name or breach.rule for breach in checks.public_breaches(xml.replace(before, after).encode(), content)
    ]
    assert rule in found


def test_french_rules_are_not_for_sellers_elsewhere() -> None:
    german = SAMPLES["german_seller"]()
    assert "BAR" not in [note.code for note in german.notes]
    assert list(checks.public_breaches(factur_x.xml(german), german)) == []


def test_a_reduced_price_sums_to_what_was_released_to_the_cent() -> None:
    for released_cents in range(1, 1_200, 7):
        made = samples.invoice(released_cents=released_cents)
        assert made.gross_cents == released_cents == made.net_cents + made.tax_cents
        assert checks.is_right_tax(made)


def test_a_document_thaws_as_it_was_frozen() -> None:
    for make in SAMPLES.values():
        kept = contents.frozen(make())
        assert contents.thawed(kept) == make()
        assert contents.hash_of(contents.frozen(contents.thawed(kept))) == contents.hash_of(kept)


def test_numbers_are_read_however_they_were_written() -> None:
    spaced = FACTORY.model_copy(
        update={"registration_number": "SIRET 552.100.554 / 00013", "vat_number": "fr 55 552100554"}
    )
    assert numbers.siren(spaced) == "552100554"
    assert numbers.vat_number(spaced) == "FR55552100554"
    greek = Side(name="A", address="B", country="GR", vat_number="GR094259216")
    assert numbers.vat_number(greek) == "EL094259216"
    swiss = Side(name="A", address="B", country="GB", vat_number="980780684")
    assert numbers.vat_number(swiss) == "GB980780684"
    assert numbers.electronic_address(MUNICH) == ("rechnung@example.org", "EM")
