"""Legal identity by status and country (mission row S8): what is asked of whom, checked, kept apart from the profile.

`asked` is the one table; pages and checks read it. Numbers are checked by their own rules (check digits), not looked
up: whether one is in use is for whoever approves papers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import Any

from sqlalchemy.orm import Session
from stdnum import get_cc_module
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError

from accounts import experts
from accounts.events import IDENTITY_VAT_NUMBER_GIVEN, STATUS_CHANGED
from accounts.models.experts import LegalStatus
from accounts.models.profiles import LegalIdentity
from foundation import audits, outbox
from foundation.audits import Actor
from foundation.errors import Fault, Invalid
from taxonomy import zones

FRANCE = "FR"
FRENCH_LANDS = frozenset({FRANCE, "GP", "MQ", "RE", "GF", "YT"})
"""Where French law decides statuses and numbers: the overseas departments have country codes of their own."""
LONGEST_NAME, LONGEST_ADDRESS, LONGEST_NUMBER = 200, 500, 40
_FRENCH = (
    LegalStatus.SASU,
    LegalStatus.SARL,
    LegalStatus.EURL,
    LegalStatus.MICRO_ENTREPRENEUR,
    LegalStatus.PORTAGE_SALARIAL,
)
_EVERYWHERE = (LegalStatus.SOLE_TRADER, LegalStatus.COMPANY, LegalStatus.OTHER)


@dataclass(frozen=True, slots=True)
class Register:
    """What a country calls the number under which it registers a business, and where its rules are, if known."""

    name: str
    modules: tuple[str, ...] = ()


_REGISTERS: Mapping[str, Register] = {
    "FR": Register("SIRET", ("fr.siret", "fr.siren")),
    "AT": Register("Firmenbuchnummer", ("at.businessid",)),
    "AU": Register("ABN", ("au.abn", "au.acn")),
    "BE": Register("Numéro d’entreprise / Ondernemingsnummer", ("be.vat",)),
    "CA": Register("Business Number", ("ca.bn",)),
    "CH": Register("UID / IDE", ("ch.uid",)),
    "DK": Register("CVR-nummer", ("dk.cvr",)),
    "ES": Register("NIF", ("es.nif",)),
    "FI": Register("Y-tunnus", ("fi.ytunnus",)),
    "HR": Register("OIB", ("hr.oib",)),
    "IT": Register("Partita IVA", ("it.iva",)),
    "MA": Register("ICE", ("ma.ice",)),
    "NO": Register("Organisasjonsnummer", ("no.orgnr",)),
    "PL": Register("REGON", ("pl.regon",)),
    "PT": Register("NIF / NIPC", ("pt.nif",)),
    "SE": Register("Organisationsnummer", ("se.orgnr",)),
    "TN": Register("Matricule fiscal", ("tn.mf",)),
    "US": Register("EIN", ("us.ein",)),
    "GB": Register("Company number"),
    "DE": Register("Handelsregisternummer"),
    "NL": Register("KVK-nummer"),
}
_PLAIN = Register("")


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody of one status in one country is asked for."""

    register: Register | None
    is_registration_required: bool
    has_vat_number: bool
    has_franchise: bool
    has_portage_company: bool


def offered(country: str) -> tuple[LegalStatus, ...]:
    """Return the statuses that exist in a country."""
    return (*_FRENCH, *_EVERYWHERE) if country in FRENCH_LANDS else _EVERYWHERE


def asked(status: LegalStatus, country: str) -> Asked:
    """Return what a status in a country is asked for.

    In portage salarial the partner company invoices and is registered; the expert is its employee.
    """
    if status is LegalStatus.PORTAGE_SALARIAL:
        return Asked(None, False, has_vat_number=False, has_franchise=False, has_portage_company=True)
    is_french = country in FRENCH_LANDS
    is_required = status is not LegalStatus.OTHER and (is_french or status is not LegalStatus.SOLE_TRADER)
    return Asked(
        _REGISTERS.get(FRANCE if is_french else country, _PLAIN),
        is_required,
        has_vat_number=True,
        # Small businesses of any EU state may be exempt (directive 2006/112, articles 281 to 294).
        has_franchise=is_french or is_in_eu(country),
        has_portage_company=False,
    )


def is_in_eu(country: str) -> bool:
    """Tell whether a country is a member state; Northern Ireland's numbers are no country's."""
    return country.lower() in eu_vat.MEMBER_STATES - {"xi"}


def check(form: Mapping[str, str]) -> dict[str, Any] | list[Fault]:
    """Return the columns that a form gives, or every fault; what is not asked for is left out, whatever was sent."""
    faults: list[Fault] = []
    country = form.get("country", "")
    if country not in zones.country_codes():
        return [Fault("country", "missing", "")]
    if form.get("status", "") not in offered(country):
        return [Fault("status", "not_there" if form.get("status") else "missing", "")]
    status = LegalStatus(form["status"])
    wanted = asked(status, country)
    has_franchise = wanted.has_franchise and bool(form.get("has_vat_franchise"))
    values: dict[str, Any] = {
        "status": status.value,
        "country": country,
        "legal_name": _text(form, "legal_name", LONGEST_NAME, faults),
        "address": _text(form, "address", LONGEST_ADDRESS, faults),
        "registration_number": None,
        "vat_number": None,
        "has_vat_franchise": has_franchise,
        "portage_company": None,
    }
    if wanted.register:
        is_needed = wanted.is_registration_required
        number = _text(form, "registration_number", LONGEST_NUMBER, faults, is_needed=is_needed)
        values["registration_number"] = _registered(number, wanted.register, faults) if number else None
    if wanted.has_vat_number:
        number = _text(form, "vat_number", LONGEST_NUMBER, faults, is_needed=False)
        values["vat_number"] = _taxed(number, country, faults) if number else None
    if wanted.has_portage_company:
        values["portage_company"] = _text(form, "portage_company", LONGEST_NAME, faults)
    return faults or values


def save(session: Session, expert_id: str, form: Mapping[str, str], *, actor: Actor, at: datetime) -> LegalIdentity:
    """Keep a legal identity; raise Invalid. A new VAT number is to be checked.

    Another status than before is told once, for all that depends on it.
    """
    values = check(form)
    if isinstance(values, list):
        raise Invalid(values)
    expert = experts.take(session, expert_id)
    known = session.get(LegalIdentity, expert_id)
    before_number = known.vat_number if known else None
    identity = known or LegalIdentity(expert_id=expert_id, changed_at=at, **values)
    if values["vat_number"] != before_number:
        identity.vat_proof = None
        if values["vat_number"]:
            outbox.record(session, IDENTITY_VAT_NUMBER_GIVEN, [expert_id])
    for name, value in values.items():
        setattr(identity, name, value)
    identity.changed_at = at
    session.add(identity)
    audits.record(session, actor, "changed_legal_identity", "expert", expert_id, at=at)
    if expert.legal_status != values["status"]:
        before = expert.legal_status
        owned = sorted({*expert.owned_fields, "legal_status"})
        experts.apply(session, expert, {"legal_status": values["status"], "owned_fields": owned}, at=at)
        outbox.record(session, STATUS_CHANGED, [expert_id])
        audits.record(
            session, actor, "changed_legal_status", "expert", expert_id, at=at, before=before, after=values["status"]
        )
    return identity


def of(session: Session, expert_id: str) -> LegalIdentity | None:
    """Return an expert's legal identity."""
    return session.get(LegalIdentity, expert_id)


def _text(
    form: Mapping[str, str], name: str, longest: int, faults: list[Fault], *, is_needed: bool = True
) -> str | None:
    lines = [" ".join(line.split()) for line in form.get(name, "").splitlines()]
    text = "\n".join(line for line in lines if line)
    if not text:
        if is_needed:
            faults.append(Fault(name, "missing", ""))
        return None
    if len(text) > longest:
        faults.append(Fault(name, "string_too_long", ""))
    elif not text.replace("\n", "").isprintable():
        faults.append(Fault(name, "value_error", ""))
    return text


def _registered(number: str, register: Register, faults: list[Fault]) -> str:
    """Return a number as its register writes it; one of the register's rules has to hold, where there are any."""
    for module in register.modules:
        rules: Any = import_module(f"stdnum.{module}")
        try:
            return rules.validate(number)
        except ValidationError:
            continue
    if register.modules:
        faults.append(Fault("registration_number", "no_such_number", ""))
    return number


def _taxed(number: str, country: str, faults: list[Fault]) -> str:
    """Return a VAT number with the country's letters, which Greece writes EL; it has to be this country's."""
    try:
        if country in FRENCH_LANDS or is_in_eu(country):
            prefix = "FR" if country in FRENCH_LANDS else "EL" if country == "GR" else country
            compact = number.replace(" ", "").upper()
            return eu_vat.validate(compact if compact[:2] == prefix else prefix + compact)
        rules: Any = get_cc_module(country.lower(), "vat")
        return rules.validate(number) if rules else number
    except ValidationError:
        faults.append(Fault("vat_number", "no_such_number", ""))
        return number
