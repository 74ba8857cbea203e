"""Who sold what in a year, for the yearly report: figures from the ledger, and what is known of each seller."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import SQLModel, col

from accounts import company_numbers
from accounts.legal_identities import FRANCE
from accounts.models.profiles import LegalIdentity
from billing import owner_rules, statement_lines, statement_subjects, statements, tax_details
from billing.documents import issues
from billing.documents.contents import Kind, Side
from billing.models.documents import AccountingDocument
from billing.models.identity_papers import OwnerDetails
from billing.models.ledger import FactKind, LedgerKind, LedgerTransaction
from billing.models.payouts import BankAccount
from billing.owner_forms import split_address
from billing.platform_reports import QUARTERS, Activity, Address, BankAccountEnd, Quarter, Report, Seller
from billing.provider_states import OwnerKind, RecipientState
from billing.statement_periods import Period, quarter_of
from billing.tax_details import Details

_Figures = dict[str, list[Quarter]]


def report(session: Session, year: int, key: bytes, *, expert_id: str | None = None) -> Report:
    """Return the report of a year, or one seller's part of it; `key` opens what sellers gave (`tax_details.key_of`)."""
    figures = _figures(session, year, expert_id)
    sellers = [
        _seller(name, facts, [Activity(currency, found) for currency, found in sorted(figures[name].items())])
        for name, facts in _known(session, sorted(figures), key).items()
    ]
    reported = [seller for seller in sellers if seller.is_reported]
    return Report(year, reported, [seller for seller in sellers if not seller.is_reported])


def known(session: Session, expert_id: str, key: bytes) -> Seller:
    """Return what is known of somebody, whether or not they sold anything."""
    return _seller(expert_id, _known(session, [expert_id], key)[expert_id], ())


def _figures(session: Session, year: int, expert_id: str | None) -> Mapping[str, _Figures]:
    """Return what was released by quarter, by expert and currency.

    A release that was reversed never was, whenever it was reversed: amounts of a report are never negative.
    """
    row = LedgerTransaction
    reversed_ids = select(col(row.reverses)).where(col(row.reverses).is_not(None))
    releases = select(col(row.id)).where(col(row.kind) == FactKind.RELEASE.value, col(row.id).not_in(reversed_ids))
    found: dict[str, _Figures] = defaultdict(dict)
    if expert_id is not None:
        is_own = statement_lines.owned(statements.Side.EXPERT, expert_id)
        releases = releases.where(col(row.id).in_(statement_lines.touching(is_own)))
    for entry in statement_lines.entries(session, releases, Period(year).since, Period(year).before):
        taken = {name.kind: -cents for name, cents in entry.legs.items()}
        quarter = Quarter(
            taken.get(LedgerKind.PAYABLE, 0), 1, taken.get(LedgerKind.COMMISSION, 0), taken.get(LedgerKind.VAT, 0)
        )
        payee = next((name for name in entry.legs if name.kind is LedgerKind.PAYABLE), None)
        if payee is not None:
            quarters = found[payee.reference].setdefault(payee.currency, [Quarter()] * QUARTERS)
            at = quarter_of(entry.row.effective_at) - 1
            quarters[at] = quarters[at].plus(quarter)
    return found


@dataclass(slots=True)
class _Facts:
    """What is known of a seller, from wherever it was given."""

    identity: Side | None = None
    """Under which name they sell; of who left, as their last invoice says it."""
    is_entity: bool = False
    owner: OwnerDetails | None = None
    details: Details = tax_details.NONE
    accounts: list[BankAccountEnd] = field(default_factory=list[BankAccountEnd])


def _known(session: Session, expert_ids: Sequence[str], key: bytes) -> Mapping[str, _Facts]:
    facts = {expert_id: _Facts() for expert_id in expert_ids}
    for document in _invoices(session, expert_ids):
        said = issues.content_of(document).seller
        facts[document.expert_id].identity = said
        facts[document.expert_id].is_entity = bool(said.legal_form)
    for one in _of(session, LegalIdentity, expert_ids):
        numbers = {"registration_number": one.registration_number, "vat_number": one.vat_number}
        facts[one.expert_id].identity = Side(name=one.legal_name, address=one.address, country=one.country, **numbers)
        facts[one.expert_id].is_entity = owner_rules.kind_of(one.status) is OwnerKind.BUSINESS
    for owner in _of(session, OwnerDetails, expert_ids):
        facts[owner.expert_id].owner = owner
    for account in _of(session, BankAccount, expert_ids):
        if account.state == RecipientState.ACTIVE and account.replaced_at is None:
            facts[account.expert_id].accounts.append(BankAccountEnd(account.country, account.ending))
    for expert_id, details in tax_details.of_all(session, expert_ids, key).items():
        facts[expert_id].details = details
    return facts


def _of(session: Session, table: type[SQLModel], expert_ids: Iterable[str]) -> list[Any]:
    column: Any = table.__table__.c.expert_id  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownVariableType]
    return statement_subjects.rows(session, table, column, expert_ids)


def _invoices(session: Session, expert_ids: Sequence[str]) -> list[AccountingDocument]:
    """Return what was invoiced in experts' names, the latest last."""
    found = _of(session, AccountingDocument, expert_ids)
    return sorted((one for one in found if one.kind == Kind.INVOICE), key=lambda one: one.issued_at)


def _seller(expert_id: str, facts: _Facts, activities: Sequence[Activity]) -> Seller:
    """Return a seller as they are reported; what was given for payments comes before what was given for the report."""
    identity, details = facts.identity, facts.details
    shared: dict[str, Any] = {
        "name": identity.name if identity else "",
        "address": _address(facts),
        "vat_number": (identity.vat_number or "") if identity else "",
        "registration_number": (identity.registration_number or "") if identity else "",
        "accounts": facts.accounts,
        "activities": activities,
    }
    if facts.is_entity:
        tin, country = _number_of_entity(facts)
        return Seller(expert_id, is_person=False, tin=tin, tin_country=country, **shared)
    person = facts.owner or details
    return Seller(
        expert_id,
        is_person=True,
        tin=details.tin,
        tin_country=details.tin_country,
        has_no_tin=details.has_no_tin,
        first_name=person.first_name,
        last_name=person.last_name,
        born_on=person.born_on,
        birth_city=details.birth_city,
        birth_country=details.birth_country,
        **shared,
    )


def _number_of_entity(facts: _Facts) -> tuple[str, str]:
    """Return under which number an entity pays taxes: a French one's is its SIREN, which nobody is asked for."""
    found = facts.identity
    if found and (number := company_numbers.siren(found.country, found.registration_number, found.vat_number)):
        return number, FRANCE
    return facts.details.tin, facts.details.tin_country


def _address(facts: _Facts) -> Address | None:
    identity, owner = facts.identity, facts.owner
    if identity is None:
        return Address(owner.country, owner.line, owner.city, owner.postal_code) if owner else None
    line, postal_code, city = split_address(identity.address)
    return Address(identity.country, line, city, postal_code)
