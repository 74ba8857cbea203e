"""What each document of a mission says, and what it keeps to itself."""

from datetime import timedelta
from typing import Any

import pytest

from accounts import legal_status_texts
from accounts.models.experts import LegalStatus
from booking.documents.contents import Print
from booking.models.quotes import Side
from booking.quote_contents import Buyer, Mention, Parties, Taxed
from foundation.i18n import LANGUAGES, Language
from tests.booking.documents import printed
from tests.booking.documents.printed import AT, ELODIE, FACTORY
from tests.booking.documents.test_pages import text_of


def facts(document: Print) -> dict[str, str]:
    return dict(document.facts)


def flat(document: Print) -> str:
    """Return the text of a document without its lines."""
    return " ".join(text_of(document).split())


def every(language: Language) -> list[Print]:
    said = printed.long_document(language)
    in_portage = printed.in_portage(language)
    told = printed.story(gone=[printed.refund(8_660)], left_cents=400_000)
    return [
        *(printed.quote(said), printed.quote(said, {}), printed.order(said), printed.order(in_portage)),
        *(printed.quote(in_portage), printed.report(said), printed.receipt(told, language, said)),
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_that_clients_see_tells_of_the_commission_or_an_address(language: Language) -> None:
    for document in every(language):
        text = flat(document)
        assert "ommission" not in text, document.number
        for hidden in ("777.77", "777,77", "77777", "13.13", "13,13", "1313", "192.0.2.77"):
            assert hidden not in text, f"{document.number}: {hidden}"


def test_a_quote_says_all_that_was_signed_and_by_whom() -> None:
    mention = Mention(title="Droit applicable", text="Le droit français.")
    said = printed.document(
        mentions=(mention,), terms="À distance", specifics="Rien", means="Un bureau", strengths="Vingt ans",
        personal_message="Bonjour", skills=("Douane",),
    )  # fmt: skip
    document = printed.quote(said)
    text = flat(document)
    for words in (
        *("Devis", "Q-2026-00042-V1", "Devis de mission", "1er décembre 2026", "31 décembre 2026"),
        *("Élodie Ñuñez Conseil", "SASU (France)", "SIRET 443 061 841 00047", "FR64443061841", "à confirmer"),
        *("Société des Ateliers de l’Ouest", "SAS", "Bâtiment C", "SIRET 552 100 554 00013", "FR96552100554"),
        *("Connaître les droits de douane", "Un rapport de vingt pages", "À distance", "Rien", "Un bureau"),
        *("Douane", "Vingt ans", "Bonjour", "Entretiens", "11 janvier 2027", "1er février 2027"),
        *("Étude et entretiens", "4,5", "650,00", "2 925,00", "480,50", "3 405,50 €", "TVA 20"),
        *("681,10 €", "4 086,60 €", "sur un compte protégé", "Droit applicable", "Le droit français."),
        *("Élodie Ñuñez", "Berthe Œuvrard", "2 décembre 2026,", "10:30:00 (heure de Paris)", "11:30:00"),
        printed.version_of(said).content_hash,
    ):
        assert words in text, words
    assert document.made_at == AT + timedelta(days=1, hours=1)


def test_a_quote_that_one_side_has_not_signed_says_so() -> None:
    text = flat(printed.quote(printed.document("en"), {}))
    assert text.count("Not signed") == 2
    only_sent = {key: row for key, row in printed.signed(1).items() if key[1] is Side.EXPERT}
    text = flat(printed.quote(printed.document("en"), only_sent))
    assert (text.count("Not signed"), text.count("Signed electronically on December 2, 2026")) == (1, 1)
    assert flat(printed.quote(printed.document("en"))).count("Not signed") == 0


def test_the_mention_of_a_tax_stands_under_the_sums() -> None:
    tax = Taxed(code="AE", rate_bp=0, mentions=("Autoliquidation",))
    text = flat(printed.quote(printed.document(tax=tax, tax_cents=0, gross_cents=340_550)))
    assert "Autoliquidation" in text
    assert "TVA 20" not in text


def test_an_own_client_without_account_is_named_as_the_expert_did() -> None:
    buyer = Buyer(name="Aïcha", is_person=True, country="MA", email="aicha@example.org")
    text = flat(printed.quote(printed.document(parties=Parties(expert=ELODIE, client=buyer))))
    assert "Aïcha" in text
    assert "Maroc" in text
    assert "aicha@example.org" in text


def test_an_order_has_the_missions_number_and_one_that_replaces_it_its_versions() -> None:
    first = printed.order()
    assert (first.number, first.file_name) == ("BC-M-2026-00042", "Bon de commande BC-M-2026-00042.pdf")
    assert facts(first)["N° de commande du client"] == "PO 17/2026"
    assert facts(first)["Commandé le"] == "2 décembre 2026"
    assert facts(first)["Conditions de vente"] == "Version du 1er septembre 2026"
    assert "Remplace" not in facts(first)
    assert printed.order(printed.document(version=2)).number == "BC-M-2026-00042", "the first that was signed"
    later = printed.order(printed.document(version=4), 1, 2)
    assert later.number == "BC-M-2026-00042-V4"
    assert facts(later)["Remplace"] == "BC-M-2026-00042-V2, 3 décembre 2026"
    assert [party.role for party in first.parties] == ["Client", "Expert"]
    assert printed.version_of(printed.document()).content_hash in flat(first)


def test_an_order_that_was_called_off_says_so() -> None:
    said = printed.document()
    quote = printed.quote_of(said, state="cancelled", decided_at=AT + timedelta(days=4))
    version, signed = printed.version_of(said), printed.signed(1)
    order = printed.purchase_orders.document_of(printed.mission_of(said), quote, version, signed)
    assert facts(order)["Annulé le"] == "5 décembre 2026"
    assert facts(printed.quotes.document_of(quote, version, signed))["Annulé le"] == "5 décembre 2026"
    assert "Annulé le" not in facts(printed.order())


def test_in_portage_the_order_goes_to_the_company_that_contracts() -> None:
    order = printed.order(printed.in_portage("en"))
    assert (order.parties[1].role, order.parties[1].name) == ("Portage company", "Portage du Sud SAS")
    text = flat(order)
    assert "Portage du Sud SAS contracts in the place of Élodie Ñuñez" in text
    assert "VAT 20" not in text
    assert "€3,405.50" in text
    unnamed = printed.order(printed.in_portage("en", portage_company=""))
    assert unnamed.parties[1].name == "The portage company"


def test_a_report_goes_through_the_objectives_and_says_what_the_client_answered() -> None:
    report = printed.report()
    assert (report.number, report.name) == ("RF-M-2026-00042-1", "Rapport de fin de mission")
    assert facts(report)["Validé le"] == "1er mars 2027"
    text = flat(report)
    for words in (
        "Connaître les droits de douane",
        "Atteint",
        "Atteint en partie",
        "Rapport.pdf",
        "réunion de cadrage",
    ):
        assert words in text
    waiting = printed.report(printed.document("en"), validated_at=None)
    assert facts(waiting)["Validated on"] == "not yet"
    back: dict[str, Any] = {"validated_at": None, "returned_at": AT, "return_reason": "The broker is missing."}
    returned = printed.report(printed.document("en"), **back)
    assert facts(returned)["Sent back on"] == "December 1, 2026"
    assert "The broker is missing." in flat(returned)
    assert "Validated on" not in facts(returned)


def test_a_receipt_says_how_much_came_when_and_how_and_what_is_held() -> None:
    receipt = printed.receipt(language="en")
    assert receipt.number == "RP-M-2026-00042-1"
    found = facts(receipt)
    assert (found["Amount"], found["Received on"], found["Means of payment"]) == (
        "€4,086.60",
        "December 1, 2026",
        "Bank transfer",
    )
    assert (found["Written on the transfer"], found["Reference at the payment provider"]) == ("M-2026-00042", "wt_42")
    text = flat(receipt)
    assert "Held of this payment €4,086.60" in text
    assert "This is no invoice" in text
    assert "Mission Internationale" in text
    assert "Sandbox" not in text


def test_a_receipt_names_what_went_back_and_what_the_bank_took() -> None:
    told = printed.story(
        gone=[printed.refund(10_000), printed.refund(2_500, "surplus", "agreed", 4)],
        taken=[printed.chargeback(50_000, state="won", back_cents=20_000, closed_at=AT + timedelta(days=9))],
        left_cents=346_160,
    )
    text = flat(printed.receipt(told, "en"))
    for row in (
        "December 4, 2026 Refund by agreement with the expert (sent back) −€100.00",
        "December 5, 2026 Refund of what was more than due (on its way) −€25.00",
        "December 6, 2026 Taken back by your bank −€500.00",
        "December 10, 2026 Given back by your bank €200.00",
        "Held of this payment €3,461.60",
    ):
        assert row in text


def test_a_receipt_says_that_the_expert_got_it_or_that_nothing_is_left() -> None:
    told = printed.story()
    told.escrow.state, told.escrow.closed_at = "released", AT + timedelta(days=30)
    receipt = printed.receipt(told, "en")
    text = flat(receipt)
    assert "December 31, 2026 Released to the expert" in text
    assert "Held of this payment €0.00" in text
    assert "until you validated the end report" in text
    assert receipt.made_at == AT + timedelta(days=30)
    gone = printed.story(gone=[printed.refund(408_660, "cancelled")], left_cents=0)
    assert "Nothing of it is held any more." in flat(printed.receipt(gone, "en"))


def test_a_simulated_payment_is_called_so() -> None:
    told = printed.story()
    told.payment.provider = "sandbox"
    assert "no money has moved" in flat(printed.receipt(told, "en"))


def test_days_are_those_of_paris() -> None:
    told = printed.story()
    told.payment.settled_at = AT.replace(month=11, day=30, hour=23, minute=30)
    assert facts(printed.receipt(told, "en"))["Received on"] == "December 1, 2026"


@pytest.mark.parametrize("status", LegalStatus)
def test_every_status_can_be_printed(status: LegalStatus) -> None:
    said = printed.document("en", parties=Parties(expert=ELODIE.model_copy(update={"status": status}), client=FACTORY))
    assert legal_status_texts.label(status, "en") in printed.quote(said).parties[0].numbers
