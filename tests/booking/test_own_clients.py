"""An own client is new here: a company that is known by its numbers is none. What they say of themselves decides."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from accounts import company_numbers
from accounts.models.accounts import Account, AccountKind, Client, Membership
from billing import reductions
from booking import outdated_versions, own_clients
from booking.models.quotes import Quote, QuoteVersion
from booking.outdated_versions import Outdated
from booking.quote_drafts import For
from foundation.database import Database
from foundation.mails import MailRow
from foundation.settings import Settings
from tests import signed_in, sirens
from tests.booking import quoting
from tests.booking.quoted import AT, who

SIREN, OTHER_SIREN = "732829320", "552100554"
NEW = For(client_name="Dupont", client_email="luc@dupont.example")


def signed_up(database: Database, email: str = "luc@dupont.example", **details: Any) -> Account:
    """Return who came by the mailed link, an hour after the quote, with the quotes that became theirs."""
    account = signed_in.make(database, AccountKind.COMPANY, "Luc", email=email)
    with database.writing() as session:
        membership = session.get_one(Membership, account.id)
        known = {"country": "FR", "legal_form": "SAS", "address": "2 quai", "iban": "FR7630006000011234567890189"}
        known["registration_number"] = sirens.fresh()
        values = {**known, "created_at": AT + timedelta(hours=1), **details}
        session.get_one(Client, membership.client_id).sqlmodel_update(values)
        session.flush()
        own_clients.adopt(session, session.get_one(Account, account.id), Settings(), at=AT + timedelta(hours=1))
    return account


def latest(database: Database, quote: Quote) -> QuoteVersion:
    with database.reading() as session:
        row = session.get_one(Quote, quote.id)
        return session.get_one(QuoteVersion, (row.id, row.latest_version))


def has_reduction(database: Database, quote: Quote) -> bool:
    with database.reading() as session:
        row = session.get_one(Quote, quote.id)
        return reductions.best(session, row.expert_id, row.client_id) is not None


def refused(database: Database, by: Account, quote: Quote) -> tuple[str, ...]:
    """Return why a quote can't be accepted; the expert is asked to amend it, twice over."""
    with pytest.raises(Outdated) as caught:
        quoting.accept(database, by, quote)
    for _ in range(2):
        with database.writing() as session:
            outdated_versions.ask_to_amend(session, who(database, by), quote.id, at=AT)
    return caught.value.reasons


def told(database: Database, to: Account) -> list[str]:
    with database.reading() as session:
        mails = session.execute(
            select(MailRow).where(col(MailRow.recipient) == to.email, col(MailRow.template) == "news")
        ).scalars()
        return [(mail.values or {})["code"] for mail in mails]


@pytest.fixture
def anne(database: Database) -> Account:
    return quoting.expert(database)


def test_who_is_new_is_an_own_client(database: Database, anne: Account) -> None:
    quoting.client(database, registration_number=OTHER_SIREN)
    quote = quoting.sent(database, anne, NEW, client_country="FR", client_vat_number="FR44732829320")
    assert latest(database, quote).commission_rate_bp == 500
    luc = signed_up(database, registration_number=f"{SIREN}00074", vat_number="FR44732829320")
    assert has_reduction(database, quote)
    quoting.accept(database, luc, quote)


def test_a_company_that_the_expert_names_by_a_known_number_is_none(database: Database, anne: Account) -> None:
    quoting.client(database, registration_number=f"{SIREN}00074", created_at=AT - timedelta(days=9))
    quote = quoting.sent(database, anne, NEW, client_country="FR", client_vat_number="FR44732829320")
    assert latest(database, quote).commission_rate_bp == 1_000
    signed_up(database)
    assert not has_reduction(database, quote)


def test_a_registered_address_is_none_and_its_client_s_own_details_decide_the_tax(
    database: Database, anne: Account
) -> None:
    bern = quoting.client(database, country="CH")
    quote = quoting.sent(database, anne, For(client_name="Dupont", client_email=bern.email), client_country="FR")
    version = latest(database, quote)
    assert (version.commission_rate_bp, version.tax_cents) == (1_000, 0)
    assert version.content["parties"]["client"]["country"] == "CH"


def test_one_that_turns_out_to_be_known_needs_an_amended_quote_without_the_reduction(
    database: Database, anne: Account
) -> None:
    quoting.client(database, vat_number="FR44732829320", created_at=AT - timedelta(days=9))
    quote = quoting.sent(database, anne, NEW, client_country="FR")
    luc = signed_up(database, registration_number=f"{SIREN}00074")
    assert (latest(database, quote).commission_rate_bp, has_reduction(database, quote)) == (500, True)
    assert refused(database, luc, quote) == ("own_client",)
    assert refused(database, luc, quote) == ("own_client",)
    assert told(database, anne) == ["amend_for_own_client"]
    assert quoting.amend(database, anne, quote).commission_rate_bp == 1_000
    assert not has_reduction(database, quote)
    quoting.accept(database, luc, quote)


def test_another_tax_by_what_the_client_says_needs_an_amended_quote(database: Database, anne: Account) -> None:
    quote = quoting.sent(database, anne, NEW, client_country="FR")
    luc = signed_up(database, country="DE", vat_number="DE136695976")
    assert refused(database, luc, quote) == ("tax",)
    assert told(database, anne) == ["amend_for_tax"]
    assert has_reduction(database, quote)
    version = quoting.amend(database, anne, quote)
    assert (version.commission_rate_bp, version.content["tax"]["code"]) == (500, "AE")
    quoting.accept(database, luc, quote)


def test_nobody_else_asks_for_an_amendment(database: Database, anne: Account) -> None:
    quote = quoting.sent(database, anne, NEW, client_country="FR")
    signed_up(database, country="DE")
    with database.writing() as session:
        assert outdated_versions.ask_to_amend(session, who(database, anne), quote.id, at=AT) == ()
    assert told(database, anne) == []


NUMBERS = st.tuples(
    st.sampled_from([None, "FR", "DE", "MA"]),
    st.sampled_from([None, SIREN, f"{SIREN}00074", OTHER_SIREN, "HRB 1234", "hrb-1234"]),
    st.sampled_from([None, "FR44732829320", "FR96552100554", "DE136695976"]),
)


@given(NUMBERS, NUMBERS)
def test_a_siren_is_read_the_same_from_every_number_that_holds_it(one: Any, other: Any) -> None:
    sirens = {company_numbers.siren(*one), company_numbers.siren(*other)}
    assert sirens <= {None, SIREN, OTHER_SIREN}
    if one[2] == "FR44732829320":
        assert company_numbers.siren(*one) == SIREN


@pytest.mark.parametrize(
    ("known", "asked", "is_same"),
    [
        ({"country": "DE", "registration_number": "HRB 1234"}, ("DE", "hrb-1234", None), True),
        ({"country": "DE", "registration_number": "HRB 1234"}, ("AT", "HRB 1234", None), False),
        ({"country": "DE", "vat_number": "DE136695976"}, ("AT", None, "DE 136 695 976"), True),
        ({"country": "FR", "registration_number": f"{SIREN}00074"}, ("FR", f"{SIREN}00015", None), True),
        ({"country": "RE", "registration_number": f"{SIREN}00074"}, ("FR", SIREN, None), True),
        ({"country": "FR", "registration_number": OTHER_SIREN}, ("FR", SIREN, None), False),
        ({"country": "FR", "vat_number": "FR44732829320"}, ("FR", SIREN, None), True),
        ({"country": "FR"}, ("FR", None, None), False),
        ({"country": "FR", "registration_number": SIREN, "is_person": True}, ("FR", SIREN, None), False),
        ({"country": "FR", "registration_number": SIREN, "erased_at": AT}, ("FR", SIREN, None), False),
    ],
)
def test_companies_are_known_by_their_numbers(
    database: Database, known: dict[str, Any], asked: tuple[str, str | None, str | None], *, is_same: bool
) -> None:
    berta = quoting.client(database, **known, created_at=AT)
    client_id = quoting.client_id_of(database, berta)
    country, registration_number, vat_number = asked
    numbers = {"country": country, "registration_number": registration_number, "vat_number": vat_number}
    with database.reading() as session:
        later = AT + timedelta(days=1)
        assert bool(company_numbers.known_before(session, later, **numbers)) is is_same
        assert not company_numbers.known_before(session, AT, **numbers)
        assert not company_numbers.known_before(session, later, **numbers, besides=client_id)
