"""The yearly report as files: XML for the tax authority, and the same values for people and programs. Pure.

The XML is the OECD's message DPI in the form in which the DGFiP takes it (Cahier des charges DPI-DAC7, version 1.6 of
5 November 2025): its namespaces have no version, and the tax of a quarter is called TaxesQ. Amounts are whole units of
their currency, half a unit goes up. Numbers of bank accounts are not held, and so are not in it.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from billing.platform_reports import Activity, Address, Quarter, Report, Seller

DPI, STF = "urn:oecd:ties:dpi", "urn:oecd:ties:dpistf"
NEW, NEW_TEST = "OECD1", "OECD11"
"""Kinds of records: real ones, and such as are filed to try it."""
REPORTED, NOTHING_TO_REPORT = "DPI401", "DPI403"
NO_NUMBER = "NOTIN"
LEGAL_NAME, RESIDENCE, SEAT = "OECD207", "OECD302", "OECD303"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Filer:
    """The operator who reports: a French company."""

    siren: str
    vat_number: str
    name: str
    platform: str
    address: str


def file_name(report: Report, filer: Filer, at: datetime) -> str:
    """Return how the file has to be called."""
    return f"DPIDAC7_{report.year}_{filer.siren}_001_{at:%Y%m%d%H%M%S}.xml"


def write(report: Report, filer: Filer, at: datetime, *, is_test: bool = False) -> bytes:
    """Return the report as XML, each seller once for each currency; of whoever lacks a fact it would be refused."""
    ET.register_namespace("dpi", DPI)
    ET.register_namespace("stf", STF)
    mark = f"{report.year}_{filer.siren}_{at:%Y%m%d%H%M%S}"
    kind = NEW_TEST if is_test else NEW
    root = ET.Element(f"{{{DPI}}}DPI_OECD", version="1.0")
    header = _add(root, "MessageSpec")
    for name, text in (
        ("TransmittingCountry", "FR"),
        ("ReceivingCountry", "FR"),
        ("MessageType", "DPI"),
        ("MessageRefId", f"OP_{mark}"),
        ("MessageTypeIndic", REPORTED if report.sellers else NOTHING_TO_REPORT),
        ("ReportingPeriod", f"{report.year}-12-31"),
        ("Timestamp", f"{at:%Y-%m-%dT%H:%M:%S}"),
    ):
        _add(header, name, text)
    body = _add(root, "DPIBody")
    _filer(body, filer, kind, f"OP_{mark}_operator")
    for seller in report.sellers:
        for activity in seller.activities:
            _seller(body, seller, activity, kind, f"OP_{mark}_{seller.expert_id}_{activity.currency}")
    ET.indent(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def as_values(seller: Seller) -> dict[str, Any]:
    """Return what is reported of a seller, for JSON and their own copy."""
    address = seller.address
    return {
        "seller": seller.expert_id,
        "kind": "person" if seller.is_person else "entity",
        "name": seller.name,
        "first_name": seller.first_name or None,
        "last_name": seller.last_name or None,
        "residence": seller.residence or None,
        "address": {
            "line": address.line,
            "postal_code": address.postal_code,
            "city": address.city,
            "country": address.country,
        }
        if address
        else None,
        "tin": seller.tin or None,
        "tin_country": seller.tin_country or None,
        "vat_number": seller.vat_number or None,
        "registration_number": seller.registration_number or None,
        "born_on": seller.born_on,
        "birth_city": seller.birth_city or None,
        "birth_country": seller.birth_country or None,
        "accounts": [{"country": account.country, "ending": account.ending} for account in seller.accounts],
        "personal_services": [
            {"currency": activity.currency, "quarters": [_quarter(quarter) for quarter in activity.quarters]}
            for activity in seller.activities
        ],
        "missing": [fact.value for fact in seller.missing],
    }


def whole_units(cents: int) -> int:
    """Return whole units of a currency: half a unit goes up."""
    return (cents + 50) // 100


def _quarter(quarter: Quarter) -> dict[str, int]:
    return {
        "consideration_cents": quarter.consideration_cents,
        "activities": quarter.activities,
        "fees_cents": quarter.fees_cents,
        "taxes_cents": quarter.taxes_cents,
    }


def _filer(body: ET.Element, filer: Filer, kind: str, reference: str) -> None:
    found = _add(body, "PlatformOperator")
    _add(found, "ResCountryCode", "FR")
    _add(found, "TIN", filer.siren, issuedBy="FR")
    _add(found, "IN", filer.siren, issuedBy="FR", INType="BRN")
    if filer.vat_number:
        _add(found, "VAT", filer.vat_number)
    _add(found, "Name", filer.name, nameType=LEGAL_NAME)
    _add(found, "PlatformBusinessName", filer.platform)
    _address(found, Address("FR", filer.address), SEAT)
    _add(found, "Nexus", "RPONEX1")
    _add(found, "AssumedReporting", "false")
    _record(found, kind, reference)


def _seller(body: ET.Element, seller: Seller, activity: Activity, kind: str, reference: str) -> None:
    found = _add(body, "ReportableSeller")
    identity = _add(found, "Identity")
    party = _add(_add(identity, "IndividualSeller" if seller.is_person else "EntitySeller"), "Standard")
    _party(_add(party, "IndSellerID" if seller.is_person else "EntSellerID"), seller)
    services = _add(_add(found, "RelevantActivities"), "PersonalServices")
    _amounts(services, "Consideration", "ConsQ", activity, lambda quarter: quarter.consideration_cents)
    numbers = _add(services, "NumberOfActivities")
    for place, quarter in enumerate(activity.quarters, 1):
        _add(numbers, f"NumbQ{place}", str(quarter.activities))
    _amounts(services, "Fees", "FeesQ", activity, lambda quarter: quarter.fees_cents)
    _amounts(services, "Taxes", "TaxesQ", activity, lambda quarter: quarter.taxes_cents)
    _record(found, kind, reference)


def _party(party: ET.Element, seller: Seller) -> None:
    _add(party, "ResCountryCode", seller.residence)
    if seller.tin:
        _add(party, "TIN", seller.tin, issuedBy=seller.tin_country)
    else:
        _add(party, "TIN", NO_NUMBER, unknown="true")
    if not seller.is_person and seller.registration_number:
        _add(party, "IN", seller.registration_number, issuedBy=seller.residence, INType="BRN")
    if seller.vat_number:
        _add(party, "VAT", seller.vat_number)
    if seller.is_person:
        name = _add(party, "Name", nameType=LEGAL_NAME)
        _add(name, "FirstName", seller.first_name)
        _add(name, "LastName", seller.last_name)
    else:
        _add(party, "Name", seller.name, nameType=LEGAL_NAME)
    if seller.address:
        _address(party, seller.address, RESIDENCE if seller.is_person else SEAT)
    if seller.is_person and seller.born_on:
        birth = _add(party, "BirthInfo")
        _add(birth, "BirthDate", seller.born_on.isoformat())
        if seller.birth_city and seller.birth_country:
            place = _add(birth, "BirthPlace")
            _add(place, "City", seller.birth_city)
            _add(_add(place, "CountryInfo"), "CountryCode", seller.birth_country)


def _address(party: ET.Element, address: Address, kind: str) -> None:
    found = _add(party, "Address", legalAddressType=kind)
    _add(found, "CountryCode", address.country)
    if not address.city:
        _add(found, "AddressFree", address.line)
        return
    parts = _add(found, "AddressFix")
    for name, text in (("Street", address.line), ("PostCode", address.postal_code), ("City", address.city)):
        if text:
            _add(parts, name, text)


def _amounts(services: ET.Element, name: str, each: str, activity: Activity, of: Callable[[Quarter], int]) -> None:
    found = _add(services, name)
    for place, quarter in enumerate(activity.quarters, 1):
        _add(found, f"{each}{place}", str(whole_units(of(quarter))), currCode=activity.currency)


def _record(parent: ET.Element, kind: str, reference: str) -> None:
    found = _add(parent, "DocSpec")
    for name, text in (("DocTypeIndic", kind), ("DocRefId", reference)):
        ET.SubElement(found, f"{{{STF}}}{name}").text = text


def _add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
    found = ET.SubElement(parent, f"{{{DPI}}}{name}", attributes)
    if text:
        found.text = " ".join(text.split())[:LONGEST]
    return found
