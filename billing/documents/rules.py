"""Our own rules for a document, each with what is wrong and how to mend it: what the public ones let pass.

EN 16931 lets a tax be wrong by a cent, a reverse charge be without the buyer's VAT number, and check digits be any.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from foundation.i18n import message

_ASK_SELLER = message("The seller corrects it in the legal identity.")
_ASK_BUYER = message("The client corrects it in the company’s details.")
_ASK_BOTH = message("Whoever it belongs to corrects it in their own details.")
_PROGRAM = message("Nobody can mend this on a page: tell who maintains the program, with the number of the mission.")


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule says when it is broken, and the fix."""

    text: str
    fix: str


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "number": Rule(
            message("The number “%(value)s” is not one to 35 letters, digits or signs of + - _ /."), _PROGRAM
        ),
        "dates": Rule(message("The work ends before it begins."), _PROGRAM),
        "year": Rule(message("%(value)s is not a day between 2000 and 2099."), _PROGRAM),
        "paid_later": Rule(message("It says paid on %(value)s, which is after the day of issue."), _PROGRAM),
        "service_day": Rule(message("It doesn’t say when the work was done."), _PROGRAM),
        "no_lines": Rule(message("It sells nothing: there is no line."), _PROGRAM),
        "label": Rule(
            message("Line %(line)s doesn’t say what is sold."), message("A new version of the quote says it.")
        ),
        "line_amount": Rule(message("Line %(line)s is not its quantity times its price."), _PROGRAM),
        "negative": Rule(message("An amount is below zero."), _PROGRAM),
        "sum": Rule(message("The lines don’t add up to the price before tax."), _PROGRAM),
        "tax": Rule(message("The tax is not its rate times the price: %(value)s was expected."), _PROGRAM),
        "total": Rule(message("Price and tax don’t add up to the total."), _PROGRAM),
        "untaxed_rate": Rule(message("A rate is named though no tax is charged."), _PROGRAM),
        "no_rate": Rule(message("Tax is charged without a rate."), _PROGRAM),
        "no_reason": Rule(message("No tax is charged, and no mention says why."), _PROGRAM),
        "currency": Rule(message("%(value)s is no currency that documents are issued in."), _PROGRAM),
        "tax_in_euros": Rule(
            message("A French seller’s tax has to be said in euros too."),
            message("Enter the exchange rate of the day of issue, or invoice in euros."),
        ),
        "name": Rule(message("The %(side)s has no name."), _ASK_BOTH),
        "address": Rule(message("The %(side)s has no address."), _ASK_BOTH),
        "country": Rule(message("“%(value)s”, of the %(side)s, is no country’s code."), _ASK_BOTH),
        "siren": Rule(message("The %(side)s has no SIREN: “%(value)s” holds none that is right."), _ASK_BOTH),
        "siret": Rule(message("“%(value)s”, of the %(side)s, is no SIRET: its check digits are wrong."), _ASK_BOTH),
        "vat_number": Rule(
            message("“%(value)s”, of the %(side)s, is no VAT number: its check digits are wrong."), _ASK_BOTH
        ),
        "other_siren": Rule(message("VAT number and SIRET of the %(side)s name two companies."), _ASK_BOTH),
        "seller_vat_number": Rule(
            message("VAT is charged or left to the buyer, and the seller has no VAT number."), _ASK_SELLER
        ),
        "buyer_vat_number": Rule(message("The buyer has to account for the VAT, and has no VAT number."), _ASK_BUYER),
        "reverse_at_home": Rule(message("Reverse charge within one country."), _PROGRAM),
        "electronic_address": Rule(
            message("Electronic invoices can’t reach the %(side)s: there is neither a SIREN nor a mail address."),
            _ASK_BOTH,
        ),
        "issuer": Rule(message("It doesn’t say who issues it in the seller’s name."), _PROGRAM),
        "own_issuer": Rule(message("The operator’s own invoice names somebody else as its issuer."), _PROGRAM),
        "legal_note": Rule(message("The mention %(value)s has to be there once."), _PROGRAM),
        "route": Rule(message("It tells the tax administration %(value)s, which doesn’t fit the buyer."), _PROGRAM),
        "no_preceding": Rule(message("A credit note has to name the invoice that it takes back."), _PROGRAM),
        "preceding": Rule(message("Only a credit note names an invoice, and one that was issued before."), _PROGRAM),
        "no_cause": Rule(message("A credit note has to say why."), message("Say why the invoice is taken back.")),
        "sign": Rule(
            message("“%(value)s” can’t be printed: no font has it, or it is no character of texts."),
            message("Write the text in letters of the alphabet, such as Latin, Greek or Cyrillic ones."),
        ),
        "schema": Rule(message("The XML breaks its schema: %(value)s"), _PROGRAM),
        "public_rule": Rule("%(value)s", message("Correct what the rule names; a new draft is checked at once.")),
    }
)
