"""Which tax a service bears, decided from who sells and who buys (mission row S19). Nothing is read or asked here.

The rule, for consulting, which has no rule of its own: directive 2006/112/EC, articles 44 (a business buys: taxed
where it is established), 45 (a consumer buys: where the seller is) and 59(c) (unless the consumer is outside the
Union), 196 (the business that buys owes the tax). Codes are those of EN 16931 (UNTDID 5305, VATEX).

Both VAT numbers have to be there for the reverse charge: the mission's own rule, stricter than the directive. A
number that the public register refused does not count; see `billing.parties`, which also leaves portage salarial out,
where the partner company invoices and nothing is decided here.
"""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from billing import tax_rates

HIGHEST_OWN_RATE_BP = 5_000
"""No country's general tax on sales comes near it: more than that is a slip of the hand."""
_FRENCH = {"MC", *tax_rates.FRENCH_OVERSEAS_BP}
"""Monaco is treated as France (directive 2006/112, article 7); the overseas departments are, towards France itself."""
_OTHER_LETTERS = {"EL": "GR", "UK": "GB"}


class Undecided(Exception):
    """What is needed to decide is missing; `code` says what, for a page to ask."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


class TaxCode(StrEnum):
    """Categories of VAT."""

    STANDARD = "S"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    OUTSIDE = "O"


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells or buys, as far as taxes depend on it."""

    country: str
    """ISO 3166-1 alpha-2. Northern Ireland is GB: its XI numbers are for goods (Windsor Framework, article 8)."""
    is_business: bool
    vat_number: str | None = None
    """Only one that counts."""
    has_vat_franchise: bool = False
    """Exempt as a small business."""
    own_rate_bp: int | None = None
    """What a seller outside the Union charges at home; 0 where the legal status knows no tax."""


@dataclass(frozen=True, slots=True)
class Tax:
    """What is charged, and why."""

    code: TaxCode
    rate_bp: int
    """In hundredths of a percent; 0 for all but STANDARD."""
    country: str | None = None
    """Whose tax is charged."""
    exemption: str | None = None
    """VATEX code of the reason why none is."""
    mentions: tuple[str, ...] = ()
    """Keys of `billing.mentions`, in the order in which they are printed."""


def decide(seller: Party, buyer: Party, on: date) -> Tax:
    """Return the tax on a service of one party to another on a day; raise Undecided where something is missing.

    Codes of that: `country_missing`, `no_rate`, `own_rate_needed`.
    """
    if not (seller.country and buyer.country):
        raise Undecided("country_missing")
    if _land(seller) == _land(buyer):
        return _at_home(seller, buyer, on)
    if _is_consumed_from_overseas(seller, buyer):
        return _franchise(seller) if seller.has_vat_franchise else _charged(seller.country, on)
    if not (is_in_union(seller.country) and is_in_union(buyer.country)):
        return _across_the_border(seller, buyer)
    if buyer.is_business and seller.vat_number and buyer.vat_number:
        # The service takes place where the buyer is: a franchise at home says nothing about it.
        return Tax(TaxCode.REVERSE_CHARGE, 0, None, "VATEX-EU-AE", ("reverse_charge",))
    return _franchise(seller) if seller.has_vat_franchise else _charged(seller.country, on)


def tax_cents(net_cents: int, tax: Tax) -> int:
    """Return the tax on an amount; half a cent goes up, away from zero."""
    return share_cents(net_cents, tax.rate_bp)


def share_cents(amount_cents: int, share_bp: int) -> int:
    """Return so many hundredths of a percent of an amount; half a cent goes away from zero."""
    return int((Decimal(amount_cents) * share_bp / 10_000).quantize(Decimal(1), ROUND_HALF_UP))


def is_in_union(country: str) -> bool:
    """Tell whether a country belongs to the Union's VAT territory."""
    written = _OTHER_LETTERS.get(country, country)
    return written in tax_rates.STATES or written == "MC"


def _is_consumed_from_overseas(seller: Party, buyer: Party) -> bool:
    """Tell whether a French department overseas sells to a consumer in the Union, whom article 59(c) leaves out."""
    return seller.country in tax_rates.FRENCH_OVERSEAS_BP and not buyer.is_business and is_in_union(buyer.country)


def _land(party: Party) -> str:
    country = _OTHER_LETTERS.get(party.country, party.country)
    return "FR" if country in _FRENCH else country


def _at_home(seller: Party, buyer: Party, on: date) -> Tax:
    """Decide within one country: the taxes of the legal status."""
    if seller.has_vat_franchise:
        return _franchise(seller)
    if _land(seller) not in tax_rates.STATES:
        return _at_own_rate(seller)
    # Within France the business that buys decides the rate by where it is, as article 44 does between states.
    return _charged(buyer.country if buyer.is_business else seller.country, on)


def _at_own_rate(seller: Party) -> Tax:
    if seller.own_rate_bp is None:
        raise Undecided("own_rate_needed")
    if not 0 <= seller.own_rate_bp <= HIGHEST_OWN_RATE_BP:
        raise Undecided("no_rate")
    if not seller.own_rate_bp:
        return Tax(TaxCode.OUTSIDE, 0, None, "VATEX-EU-O")
    return Tax(TaxCode.STANDARD, seller.own_rate_bp, seller.country)


def _across_the_border(seller: Party, buyer: Party) -> Tax:
    """Different countries, at least one outside the Union: none."""
    if is_in_union(seller.country) or _land(seller) == "FR":
        mention = "outside_scope_consumer"
        if buyer.is_business:
            mention = "outside_scope_fr" if _land(seller) == "FR" else "outside_scope"
        return Tax(TaxCode.OUTSIDE, 0, None, "VATEX-EU-O", (mention,))
    # A business in the Union that buys owes the tax there; a consumer owes none, and the seller's law is its own.
    is_owed_there = is_in_union(buyer.country) and buyer.is_business
    return Tax(TaxCode.OUTSIDE, 0, None, "VATEX-EU-O", ("buyer_accounts",) if is_owed_there else ())


def _charged(country: str, on: date) -> Tax:
    """Charge the standard rate of a place in the Union, or of a French department overseas."""
    land = "FR" if country == "MC" else _OTHER_LETTERS.get(country, country)
    if land in tax_rates.FRENCH_OVERSEAS_BP:
        rate = tax_rates.FRENCH_OVERSEAS_BP[land]
        if rate is None:
            return Tax(TaxCode.OUTSIDE, 0, None, "VATEX-EU-O", ("not_applicable_there",))
    else:
        rate = tax_rates.standard_bp(land, on)
    if rate is None:
        raise Undecided("no_rate")
    return Tax(TaxCode.STANDARD, rate, land)


def _franchise(seller: Party) -> Tax:
    if _land(seller) == "FR":
        return Tax(TaxCode.EXEMPT, 0, None, "VATEX-FR-FRANCHISE", ("franchise_fr",))
    return Tax(TaxCode.EXEMPT, 0, None, None, ("franchise_eu" if is_in_union(seller.country) else "franchise",))
