import io
import re

import pypdf
import pytest

from billing.documents import checks, factur_x, pages
from billing.documents.contents import Content
from foundation import prints
from tests.billing.documents import samples
from tests.billing.documents.samples import SAMPLES

OWN_FONTS = re.compile(r"/[A-Z]{6}\+(LibertinusSerif|DejaVuSansMono)")


@pytest.fixture(scope="module")
def french() -> pypdf.PdfReader:
    return _read(pages.render(samples.invoice()))


def _read(made: bytes) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(made))


def _text(read: pypdf.PdfReader) -> str:
    return "\n".join(page.extract_text() for page in read.pages)


def test_pages_say_what_an_invoice_has_to_say(french: pypdf.PdfReader) -> None:
    text = _text(french)
    for said in (
        "Facture",
        "FAC-K7Q2-2026-1",
        "1er décembre 2026",
        "du 3 novembre 2026 au 28 novembre 2026",
        "Élodie Ñuñez Conseil",
        "SIRET 443 061 841 00047",
        "FR64443061841",
        "Société des Ateliers de l’Ouest SAS",
        "2e étage",
        "BC 2026/77",
        "12,5",
        "8\u202f125,13",
        "8\u202f537,63\u00a0€",
        "10\u202f245,16\u00a0€",
        "TVA 20",
        "Payé par carte le 2 novembre 2026. Il ne reste rien à payer.",
        "Facture établie par Mission Internationale au nom et pour le compte de Élodie Ñuñez Conseil",
        "40 €",
    ):
        assert said in text
    assert "B2B" not in text


def test_the_xml_is_in_the_pages_as_its_alternative(french: pypdf.PdfReader) -> None:
    assert french.attachments["factur-x.xml"] == [factur_x.xml(samples.invoice())]
    (file,) = french.trailer["/Root"]["/AF"]
    assert file.get_object()["/AFRelationship"] == "/Alternative"
    xmp = french.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "EN 16931" in xmp
    assert french.trailer["/Root"]["/Lang"] == "fr"
    assert french.trailer["/Root"]["/MarkInfo"]["/Marked"], "tagged for screen readers"


def test_only_fonts_that_come_along_are_used(french: pypdf.PdfReader) -> None:
    used = {font.get_object()["/BaseFont"] for font in french.pages[0]["/Resources"]["/Font"].values()}
    assert used
    assert all(OWN_FONTS.match(name) for name in used)


def test_the_same_document_has_the_same_pages_whatever_the_day_of_rendering() -> None:
    assert pages.pdf(samples.invoice()) == pages.pdf(samples.invoice())


def test_many_lines_repeat_the_head_and_keep_rows_and_totals_whole() -> None:
    made = SAMPLES["long"]()
    read = _read(pages.pdf(made))
    texts = [page.extract_text() for page in read.pages]
    assert len(texts) > 3
    assert all("Désignation" in text and "Montant HT" in text for text in texts if "Lot " in text)
    assert all("FAC-K7Q2-2026-200" in text and f"{n} / {len(texts)}" in text for n, text in enumerate(texts, start=1))
    assert "Total HT" in texts[-1]
    assert "Total TTC" in texts[-1]
    for number in range(1, 201):
        (page,) = [text for text in texts if f"Lot {number} –" in text]
        # A row that was split would end on another page.
        row = page.split(f"Lot {number} –")[1].split(f"Lot {number + 1} –")[0]
        assert row.count("comptes rendus") + row.count("comptes\nrendus") == number % 4 + 1


def test_other_alphabets_long_words_and_markup_are_set_as_they_are() -> None:
    greek = SAMPLES["greek_seller"]()
    odd = greek.model_copy(update={"title": "#panic() *not bold* $x$ \\ @ref " + "W" * 150, "reason": "Жук ½ → “x”"})
    text = _text(_read(pages.pdf(odd)))
    assert "Σύμβουλοι Εξαγωγών" in text
    assert "#panic() *not bold* $x$ \\ @ref" in text
    assert "Жук ½ → “x”" in text
    assert max(len(line) for line in text.splitlines() if "WWW" in line) < 100, "a long word is broken"


def test_both_languages_and_a_credit_note_have_their_words() -> None:
    english, credit = SAMPLES["reverse_charge"](), SAMPLES["credit_note"]()
    said = _text(_read(pages.pdf(english)))
    for words in ("Invoice", "Reverse charge", "DE129273398", "€8,537.63", "VAT number", "Nothing is left to pay."):
        assert words in said
    said = _text(_read(pages.pdf(credit)))
    for words in ("Avoir", "Annule la facture", "FAC-K7Q2-2026-1, 1er décembre 2026", "contesté", "Avoir établi par"):
        assert words in said


@pytest.mark.parametrize("sign", ["北", "한"])
def test_a_sign_that_no_font_has_is_named(sign: str) -> None:
    made: Content = samples.invoice()
    with pytest.raises(prints.Unprintable, match=sign):
        pages.pdf(made.model_copy(update={"title": f"Marché {sign}"}))


@pytest.mark.usefixtures("east_asian_fonts")
def test_chinese_japanese_and_korean_names_are_printed_with_the_fonts_that_are_named() -> None:
    made = samples.chinese()
    assert checks.check(made, "en") == []
    read = _read(pages.render(made))
    text = _text(read)
    for said in ("上海国际贸易有限公司", "浦东新区世纪大道", "株式会社との商談", "주식회사 한국", "Élodie Ñuñez"):
        assert said in text
    used = {font.get_object()["/BaseFont"] for font in read.pages[0]["/Resources"]["/Font"].values()}
    others = [name for name in used if not OWN_FONTS.match(name)]
    assert others
    assert all("CJK" in name for name in others)
    with pytest.raises(prints.Unprintable, match="ไ"):
        pages.pdf(made.model_copy(update={"title": "ไทย"}))


def test_a_document_that_our_fonts_can_print_is_the_same_with_more_of_them(request: pytest.FixtureRequest) -> None:
    ours = [pages.pdf(SAMPLES[name]()) for name in ("standard", "greek_seller", "moroccan_seller")]
    request.getfixturevalue("east_asian_fonts")
    assert [pages.pdf(SAMPLES[name]()) for name in ("standard", "greek_seller", "moroccan_seller")] == ours
