"""Who sells and buys for `billing.taxes`, read off what accounts keep of them."""

from collections.abc import Mapping

from accounts import vat_numbers
from accounts.models.accounts import Client
from accounts.models.experts import LegalStatus
from accounts.models.profiles import LegalIdentity
from accounts.vat_numbers import Standing
from billing import taxes
from billing.taxes import Party, Tax, TaxCode, Undecided


def expert(identity: LegalIdentity, *, own_rate_bp: int | None = None) -> Party:
    """Return an expert as who sells services, or buys the operator's; `own_rate_bp` is for sellers outside the Union.

    Raises Undecided `portage` for who is employed in portage salarial: the partner company sells, invoices and knows
    its taxes, and no commission is taken.
    """
    if identity.status == LegalStatus.PORTAGE_SALARIAL:
        raise Undecided("portage")
    return Party(
        identity.country,
        is_business=True,
        vat_number=_counting(identity.vat_number, identity.vat_proof),
        has_vat_franchise=identity.has_vat_franchise,
        own_rate_bp=own_rate_bp,
    )


def lacks_vat_number(identity: LegalIdentity, tax: Tax) -> bool:
    """Tell whether an expert can't charge a tax for want of a VAT number (directive 2006/112, article 226, 3)."""
    is_vat = tax.code in {TaxCode.STANDARD, TaxCode.REVERSE_CHARGE} and taxes.is_in_union(identity.country)
    return is_vat and not identity.vat_number


def client(found: Client) -> Party:
    """Return a client as who buys. That a company has no VAT number makes it no consumer: it said what it is."""
    number = None if found.is_person else _counting(found.vat_number, found.vat_proof)
    return Party(found.country or "", is_business=not found.is_person, vat_number=number)


def _counting(vat_number: str | None, proof: Mapping[str, str] | None) -> str | None:
    """Return a number unless the register refused it. While it can't say anything, right check digits do."""
    return None if vat_numbers.standing(vat_number, proof) is Standing.REFUSED else vat_number
