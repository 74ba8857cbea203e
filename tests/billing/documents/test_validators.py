"""Documents are right in the eyes of validators that others wrote."""

import io
from collections.abc import Mapping

import pypdf
import pytest
from pypdf.generic import DictionaryObject, NameObject, StreamObject

from billing.documents import factur_x, pages
from foundation.i18n import LANGUAGES
from scripts.backends import validators
from scripts.backends.validators import Verdict
from tests.billing.documents import samples
from tests.billing.documents.samples import SAMPLES

CHOSEN = (
    "standard",
    "franchise",
    "reverse_charge",
    "export_dollars",
    "francs_at_home",
    "private_overseas",
    "guadeloupe",
    "german_seller",
    "swiss_at_home",
    "moroccan_seller",
    "reduced",
    "credit_note",
    "commission",
)
"""Every way in which tax may fall, and what else differs in the XML."""
PLAIN = "no PDF/A"
SPOILED = "a wrong total"


@pytest.fixture(scope="module")
def verdicts() -> Mapping[str, Verdict]:
    documents = {name: pages.render(SAMPLES[name]()) for name in CHOSEN}
    content = samples.invoice()
    documents[PLAIN] = pages.with_xml(_not_for_archives(), factur_x.xml(content), content)
    spoiled = factur_x.xml(content).replace(b"<ram:GrandTotalAmount>10245.16", b"<ram:GrandTotalAmount>10245.99")
    documents[SPOILED] = pages.with_xml(pages.pdf(content), spoiled, content)
    return validators.look_at(documents)


@pytest.mark.parametrize("name", CHOSEN)
def test_documents_are_right_in_others_eyes(name: str, verdicts: Mapping[str, Verdict]) -> None:
    assert verdicts[name] == Verdict(is_archivable=True, is_valid=True, remarks=())


def test_the_validators_refuse_what_is_wrong(verdicts: Mapping[str, Verdict]) -> None:
    assert not verdicts[PLAIN].is_archivable
    assert not verdicts[SPOILED].is_valid
    assert any("BR-CO-15" in remark for remark in verdicts[SPOILED].remarks)


@pytest.mark.usefixtures("east_asian_fonts")
def test_signs_of_other_fonts_are_right_in_others_eyes() -> None:
    made = {"chinese": pages.render(samples.chinese())}
    assert validators.look_at(made) == {"chinese": Verdict(is_archivable=True, is_valid=True, remarks=())}


@pytest.mark.long
def test_every_sample_in_both_languages_is_right_in_others_eyes() -> None:
    made = {
        f"{name} {language}": pages.render(sample().model_copy(update={"language": language}))
        for name, sample in SAMPLES.items()
        for language in LANGUAGES
    }
    assert len(made) >= 40
    wrong = {
        name: verdict
        for name, verdict in validators.look_at(made).items()
        if not (verdict.is_archivable and verdict.is_valid) or verdict.remarks
    }
    assert wrong == {}


def _not_for_archives() -> bytes:
    """Return a page whose font is not in the file."""
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(200, 200)
    names = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    font = DictionaryObject({NameObject(key): NameObject(value) for key, value in names.items()})
    page[NameObject("/Resources")] = DictionaryObject(
        {NameObject("/Font"): DictionaryObject({NameObject("/F1"): writer._add_object(font)})}  # noqa: SLF001
    )
    said = StreamObject()
    said.set_data(b"BT /F1 12 Tf 20 100 Td (Invoice) Tj ET")
    page[NameObject("/Contents")] = writer._add_object(said)  # noqa: SLF001
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()
