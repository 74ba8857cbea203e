"""One document for each way in which tax may fall, and for what else makes documents differ."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

from billing import taxes
from billing.documents import drafts
from billing.documents.contents import Content, Line, Means, Side
from billing.documents.drafts import Deal
from billing.taxes import Party
from foundation.i18n import Language
from foundation.settings import Operator

TODAY = date(2026, 12, 1)
ISSUER = "Mission Internationale"
LINES = (drafts.day_line("Étude du marché ibérique", 25, 65_001), drafts.item_line("Déplacement à Bilbao", 41_250))

ELODIE = Side(
    name="Élodie Ñuñez Conseil",
    address="12, rue de l’Église\n31000 Toulouse\nFrance",
    country="FR",
    registration_number="443 061 841 00047",
    vat_number="FR64443061841",
    email="elodie@example.org",
)
MICRO = Side(
    name="Jérôme Œillet",
    address="3 impasse du Puits\n44000 Nantes",
    country="FR",
    registration_number="73282932000074",
)
BERLIN = Side(
    name="Weiß Exportberatung",
    address="Straße der Pariser Kommune 8\n10243 Berlin",
    country="DE",
    registration_number="HRB 12345 B",
    vat_number="DE136695976",
    email="weiss@example.org",
)
ATHENS = Side(
    name="Σύμβουλοι Εξαγωγών Α.Ε.",
    address="Οδός Ερμού 5\n105 63 Αθήνα",
    country="GR",
    vat_number="EL094259216",
    registration_number="094259216",
    email="athens@example.org",
)
GENEVA = Side(
    name="Conseil du Léman Sàrl",
    address="Rue du Rhône 1\n1204 Genève",
    country="CH",
    registration_number="CHE-107.787.577",
    vat_number="CHE107787577TVA",
    email="geneve@example.org",
)
CASABLANCA = Side(
    name="شركة التصدير / Export Maroc",
    address="5 bd Zerktouni\nCasablanca",
    country="MA",
    registration_number="001561191000066",
    email="casa@example.org",
)
GUADELOUPE = ELODIE.model_copy(update={"country": "GP", "address": "7 rue Frébault\n97110 Pointe-à-Pitre"})

FACTORY = Side(
    name="Société des Ateliers de l’Ouest SAS",
    address="1, quai de la Fosse\nBâtiment C\n2e étage\n44000 Nantes",
    country="FR",
    registration_number="552 100 554 00013",
    vat_number="FR96552100554",
    email="compta@example.org",
)
MUNICH = Side(
    name="Bayerische Maschinen GmbH",
    address="Petuelring 130\n80809 München",
    country="DE",
    vat_number="DE129273398",
    email="rechnung@example.org",
)
BOSTON = Side(
    name="Nguyễn & Łukasz Tools, Inc.",
    address="1 Beacon St\nBoston, MA 02108",
    country="US",
    registration_number="12-3456789",
    email="ap@example.org",
)
SHANGHAI = Side(
    name="上海国际贸易有限公司 (Shanghai Trading Co., Ltd.)",
    address="浦东新区世纪大道100号\n上海市 200120",
    country="CN",
    registration_number="91310115MA1K3YQL6Y",
    email="ap@example.org",
)
PERSON = Side(
    name="Aïcha d’Ô", address="9 rue Nue\n69001 Lyon", country="FR", is_business=False, email="aicha@example.org"
)
BELGIAN = PERSON.model_copy(
    update={"country": "BE", "address": "9 rue Neuve\n1000 Bruxelles", "name": "Maëlle Peeters"}
)
AMERICAN = PERSON.model_copy(update={"country": "US", "address": "5 Main St\nAustin, TX", "name": "Jo Smith"})


def deal(
    seller: Side = ELODIE,
    buyer: Side = FACTORY,
    language: Language = "fr",
    *,
    currency: str = "EUR",
    lines: tuple[Line, ...] = LINES,
    franchise: bool = False,
    own_rate_bp: int | None = None,
    tax_euro_cents: int | None = None,
) -> Deal:
    sells = Party(seller.country, seller.is_business, seller.vat_number, franchise, own_rate_bp)
    buys = Party(buyer.country, buyer.is_business, buyer.vat_number)
    return Deal(
        seller=seller,
        buyer=buyer,
        title="Entrer sur le marché ibérique" if language == "fr" else "Entering the Iberian market",
        lines=lines,
        taxation=drafts.taxation(taxes.decide(sells, buys, TODAY), language, TODAY),
        currency=currency,
        paid_on=date(2026, 11, 2),
        means=Means.CARD,
        reference="M-2026-00042",
        order_number="BC 2026/77",
        starts_on=date(2026, 11, 3),
        ends_on=date(2026, 11, 28),
        tax_euro_cents=tax_euro_cents,
    )


def invoice(
    made: Deal | None = None,
    language: Language = "fr",
    *,
    number: str = "FAC-K7Q2-2026-1",
    released_cents: int | None = None,
) -> Content:
    return drafts.invoice(
        made or deal(), issuer=ISSUER, language=language, on=TODAY, number=number, released_cents=released_cents
    )


def of_operator(buyer: Side, language: Language = "fr") -> Deal:
    made = deal(drafts.operator_side(Operator()), buyer, language)
    line = drafts.item_line("Commission de 10 % sur la mission M-2026-00042", 85_377)
    return replace(made, lines=(line,), means=Means.OFFSET, order_number="")


def credit_note() -> Content:
    made = drafts.credit_note(invoice(), "Le client a contesté la facture : prestation rendue deux fois.", on=TODAY)
    return made.model_copy(update={"number": "AVO-K7Q2-2026-1"})


def long_one() -> Content:
    lines = tuple(
        drafts.day_line(
            f"Lot {n} – {'analyse des distributeurs, visites et comptes rendus ' * (n % 4 + 1)}".strip(),
            n % 9 + 1,
            70_000 + n,
        )
        for n in range(1, 201)
    )
    return invoice(deal(lines=lines), number="FAC-K7Q2-2026-200")


SAMPLES: Mapping[str, Callable[[], Content]] = {
    "standard": invoice,
    "by_transfer": lambda: invoice(replace(deal(), means=Means.TRANSFER)),
    "franchise": lambda: invoice(deal(MICRO, franchise=True)),
    "reverse_charge": lambda: invoice(deal(ELODIE, MUNICH, "en"), "en"),
    "export_dollars": lambda: invoice(deal(ELODIE, BOSTON, "en", currency="USD", tax_euro_cents=0), "en"),
    "francs_at_home": lambda: invoice(deal(ELODIE, FACTORY, currency="CHF", tax_euro_cents=182_730)),
    "private_at_home": lambda: invoice(deal(ELODIE, PERSON)),
    "private_in_union": lambda: invoice(deal(ELODIE, BELGIAN)),
    "private_overseas": lambda: invoice(deal(ELODIE, AMERICAN, "en"), "en"),
    "guadeloupe": lambda: invoice(deal(GUADELOUPE, GUADELOUPE)),
    "german_seller": lambda: invoice(deal(BERLIN, FACTORY)),
    "german_at_home": lambda: invoice(deal(BERLIN, MUNICH, "en"), "en"),
    "german_small": lambda: invoice(deal(BERLIN, BELGIAN, "en", franchise=True), "en"),
    "greek_seller": lambda: invoice(deal(ATHENS, MUNICH, "en"), "en"),
    "swiss_at_home": lambda: invoice(deal(GENEVA, GENEVA, currency="CHF", own_rate_bp=810)),
    "moroccan_seller": lambda: invoice(deal(CASABLANCA, FACTORY)),
    "reduced": lambda: invoice(released_cents=700_003),
    "credit_note": credit_note,
    "commission": lambda: drafts.commission(of_operator(ELODIE), language="fr", on=TODAY, number="COM-2026-1"),
    "commission_abroad": lambda: drafts.commission(
        of_operator(BERLIN, "en"), language="en", on=TODAY, number="COM-2026-2"
    ),
    "boost": lambda: drafts.boost(of_operator(GENEVA), language="fr", on=TODAY, number="BST-2026-1"),
    "long": long_one,
}
"""By name; amounts, dates and texts as they come out."""


def chinese() -> Content:
    """Return what only prints with more fonts than ours."""
    lines = (drafts.day_line("株式会社との商談, 주식회사 한국", 2, 65_000),)
    return invoice(deal(ELODIE, SHANGHAI, "en", lines=lines), "en")
