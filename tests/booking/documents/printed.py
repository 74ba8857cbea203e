"""Quotes, orders, reports and receipts to be printed: rows as they are kept, short ones and long ones."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from billing.models.chargebacks import Chargeback
from billing.models.escrows import Escrow, Payment, Refund
from booking.documents import purchase_orders, quotes, receipts, reports
from booking.documents.contents import Print
from booking.documents.receipts import Story
from booking.models.missions import Mission, Portage
from booking.models.quotes import Quote, QuoteKind, QuoteVersion, Side, Signature
from booking.models.reports import Report, ReportFile
from booking.quote_contents import Buyer, Days, Document, Item, Mention, Parties, Seller, Step, Taxed, hash_of
from foundation.i18n import Language
from foundation.settings import Operator

AT = datetime(2026, 12, 1, 9, 30, 0, 250_000, tzinfo=UTC)
HIDDEN_CENTS, HIDDEN_BP = 77_777, 1_313
"""The commission of every version here: what no document shows."""
ELODIE = Seller(
    name="Élodie Ñuñez",
    legal_name="Élodie Ñuñez Conseil",
    status="sasu",
    country="FR",
    address="12, rue de l’Église\n31000 Toulouse",
    registration_number="44306184100047",
    vat_number="FR64443061841",
)
FACTORY = Buyer(
    name="Société des Ateliers de l’Ouest",
    is_person=False,
    country="FR",
    address="1, quai de la Fosse\nBâtiment C\n44000 Nantes",
    legal_form="SAS",
    registration_number="55210055400013",
    vat_number="FR96552100554",
    vat_proof={"source": "vies"},
)
SHORT: dict[str, Any] = {
    "kind": QuoteKind.MISSION,
    "title": "Étude du marché ibérique",
    "objectives": ("Connaître les droits de douane", "Choisir un transitaire à Bilbao"),
    "deliverables": ("Un rapport de vingt pages",),
    "currency": "EUR",
    "day_rate_cents": 65_000,
    "days": (Days(label="Étude et entretiens", half_days=9),),
    "items": (Item(label="Déplacement à Bilbao", cents=48_050),),
    "roadmap": (
        Step(name="Entretiens", starts_on=date(2027, 1, 11), ends_on=date(2027, 1, 22)),
        Step(name="Rapport", starts_on=date(2027, 1, 25), ends_on=date(2027, 2, 1)),
    ),
    "starts_on": date(2027, 1, 11),
    "ends_on": date(2027, 2, 26),
    "valid_until": date(2026, 12, 31),
    "net_cents": 340_550,
    "tax_cents": 68_110,
    "gross_cents": 408_660,
}
SENTENCE = {
    "fr": "Nous commençons par une réunion de cadrage, puis nous étudions les droits, les normes et les ventes. ",
    "en": "We begin with a meeting, then look into duties, standards and the ways in which the goods are sold there. ",
}
TITLES = {"fr": "Étude du marché ibérique", "en": "Study of the Iberian market"}


def document(language: Language = "fr", **values: Any) -> Document:
    """Return what was signed."""
    tax = Taxed(code="S", rate_bp=2_000, country="FR")
    shared = {"number": "Q-2026-00042", "version": 1, "language": language, "tax": tax}
    parties = Parties(expert=ELODIE, client=FACTORY)
    return Document(**{**SHORT, "title": TITLES[language], "parties": parties, **shared, **values})


def long_document(language: Language = "fr", **values: Any) -> Document:
    """Return the same with everything that a quote can hold, and as much of it."""
    text = SENTENCE[language]
    days = tuple(Days(label=f"{text[:60]}{number}", half_days=9 + number) for number in range(10))
    items = tuple(Item(label=f"{text[:90]}{number}", cents=10_001 * (number + 1)) for number in range(10))
    net_cents = sum(65_000 * day.half_days // 2 for day in days) + sum(item.cents for item in items)
    first = date(2027, 1, 11)
    long: dict[str, Any] = {
        "objectives": tuple(f"{text * 2}({number})" for number in range(12)),
        "deliverables": tuple(f"{text}({number})" for number in range(6)),
        "terms": (text * 8 + "\n\n") * 4,
        "specifics": f"– {text}\n– {text}\n– {text}",
        "means": text * 3,
        "personal_message": f"{text}\n\n{text}",
        "strengths": text * 5,
        "skills": ("Douane", "Études de marché", "Négociation"),
        "days": days,
        "items": items,
        "roadmap": tuple(
            Step(
                name=f"{text[:70]}{number}",
                starts_on=first + timedelta(weeks=number),
                ends_on=first + timedelta(weeks=number, days=4),
            )
            for number in range(12)
        ),
        "mentions": tuple(Mention(title=f"Mention {number}", text=text * 6) for number in range(4)),
        "net_cents": net_cents,
        "tax_cents": net_cents // 5,
        "gross_cents": net_cents + net_cents // 5,
    }
    return document(language, **{**long, **values})


def version_of(said: Document, **columns: Any) -> QuoteVersion:
    """Return the version that says something."""
    raw = said.model_dump(mode="json")
    return QuoteVersion(
        quote_id="q",
        number=said.version,
        content=raw,
        content_hash=hash_of(raw),
        language=said.language,
        currency=said.currency,
        net_cents=said.net_cents,
        tax_cents=said.tax_cents,
        gross_cents=said.gross_cents,
        commission_rate_bp=HIDDEN_BP,
        commission_cents=HIDDEN_CENTS,
        valid_until=said.valid_until,
        sent_at=AT,
        **columns,
    )


def signed(*versions: int, order_number: str = "PO 17/2026") -> dict[tuple[int, Side], Signature]:
    """Return the signatures of versions that both sides have signed, a day apart."""
    return {
        (number, side): Signature(
            quote_id="q",
            version=number,
            side=side.value,
            account_id="a",
            name={Side.EXPERT: "Élodie Ñuñez", Side.CLIENT: "Berthe Œuvrard"}[side],
            address="192.0.2.77",
            content_hash="",
            terms_version="2026-09-01",
            order_number=order_number if side is Side.CLIENT else "",
            signed_at=AT + timedelta(days=number, hours=side is Side.CLIENT),
        )
        for number in versions
        for side in Side
    }


def quote_of(said: Document, **columns: Any) -> Quote:
    """Return the quote of a document, accepted unless said otherwise."""
    known: dict[str, Any] = {"state": "accepted", "accepted_version": said.version, "latest_version": said.version}
    return Quote(
        id="q", number=said.number, expert_id="e", client_id="c", made_at=AT, changed_at=AT, **(known | columns)
    )


def mission_of(said: Document, **columns: Any) -> Mission:
    """Return the mission of a document."""
    return Mission(
        id="m", number="M-2026-00042", quote_id="q", client_id="c", expert_id="e", title=said.title,
        currency=said.currency, portage=said.portage.value, portage_company=said.portage_company, made_at=AT, **columns,
    )  # fmt: skip


def quote(said: Document | None = None, signatures: Mapping[tuple[int, Side], Signature] | None = None) -> Print:
    """Return a quote on paper, signed by both unless said otherwise."""
    said = said or document()
    return quotes.document_of(
        quote_of(said), version_of(said), signed(said.version) if signatures is None else signatures
    )


def order(said: Document | None = None, *before: int) -> Print:
    """Return a purchase order on paper; `before` are the versions that were signed before."""
    said = said or document()
    found = signed(*before, said.version)
    return purchase_orders.document_of(mission_of(said), quote_of(said), version_of(said), found)


def in_portage(language: Language = "fr", **values: Any) -> Document:
    """Return what was signed in portage."""
    company = {"portage": Portage.OWN, "portage_company": "Portage du Sud SAS", "payment": "portage_company"}
    return document(language, **{**company, "tax": None, "tax_cents": 0, "gross_cents": SHORT["net_cents"], **values})


def report(said: Document | None = None, files: tuple[str, ...] = ("Rapport.pdf",), **columns: Any) -> Print:
    """Return an end report on paper, validated unless said otherwise."""
    said = said or document()
    text, outcomes = SENTENCE[said.language], ("reached", "partly", "missed")
    known: dict[str, Any] = {"validated_at": AT + timedelta(days=90), "summary": f"{text}\n\n{text * 3}"}
    objectives = [
        {"text": objective, "outcome": outcomes[place % 3], "comment": text * (place % 4)}
        for place, objective in enumerate(said.objectives)
    ]
    row = Report(
        id="r", mission_id="m", number=1, objectives=objectives, sent_by="a", sent_at=AT + timedelta(days=88),
        **(known | columns),
    )  # fmt: skip
    kept = [
        ReportFile(report_id="r", place=place, name=name, size_bytes=1, file_id="f") for place, name in enumerate(files)
    ]
    return reports.document_of(mission_of(said), version_of(said), row, kept)


def story(**values: Any) -> Story:
    """Return a wire of which nothing has gone."""
    escrow = Escrow(
        id="s", reference="m", number="M-2026-00042", number_key="", title="", payer_client_id="c",
        payee_expert_id="e", currency="EUR", due_cents=408_660, paid_cents=408_660, opened_at=AT, state="held",
    )  # fmt: skip
    payment = Payment(
        id="p", escrow_id="s", provider="mangopay", provider_id="wt_42", kind="wire", state="succeeded", cents=408_660,
        currency="EUR", wire_text="M-2026-00042", wire_sender="ATELIERS DE L OUEST", begun_at=AT, settled_at=AT,
        counted_at=AT,
    )  # fmt: skip
    return replace(Story(escrow, payment, 1, (), (), 408_660), **values)


def refund(cents: int, reason: str = "asked", state: str = "done", days: int = 3) -> tuple[Refund, int]:
    """Return a refund against a payment."""
    at = AT + timedelta(days=days)
    row = Refund(
        id=f"{reason}{days}", reason=reason, state=state, cents=cents, currency="EUR", asked_at=at,
        done_at=at if state == "done" else None,
    )  # fmt: skip
    return row, cents


def chargeback(cents: int, **values: Any) -> Chargeback:
    """Return what the payer's bank took back of a payment."""
    at = AT + timedelta(days=5)
    return Chargeback(
        id="b", provider="mangopay", provider_id="b", payment_id="p", escrow_id="s", cents=cents, held_cents=cents,
        currency="EUR", taken_at=at, **values,
    )  # fmt: skip


def receipt(told: Story | None = None, language: Language = "fr", said: Document | None = None) -> Print:
    """Return a receipt on paper."""
    said = said or document()
    mission = mission_of(said, order_number="PO 17/2026")
    return receipts.document_of(mission, said, told or story(), Operator(), language)
