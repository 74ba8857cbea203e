"""Who is paid: what an expert gives, and how a provider comes to know it, on both providers."""

from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from accounts.sign_ins import SignedIn
from billing import owner_forms, owners
from billing.models.identity_papers import OwnerDetails
from billing.models.provider_parties import ProviderUser
from billing.owners import Stage
from billing.provider_states import OwnerKind, UserState
from billing.providers.interface import PAPER, USER, User
from billing.providers.sandbox import Sandbox
from foundation.database import Database
from foundation.errors import Conflict, Invalid, Unreachable
from tests.billing import identified, owning
from tests.billing.owning import AT, FORM, TODAY
from tests.billing.providing import Played, PlayedMangopay
from tests.billing.test_identity_papers import sent

PERSON, TRADER, BUSINESS = OwnerKind
LATER = AT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("first_name", " ", "missing"),
        ("last_name", "", "missing"),
        ("last_name", "x" * 101, "too_long"),
        ("line", "\x1b", "bad_characters"),
        ("city", "", "missing"),
        ("postal_code", "", "missing"),
        ("name", "", "missing"),
        ("company_number", "", "missing"),
        ("nationality", "", "no_country"),
        ("residence", "ZZ", "no_country"),
        ("country", "france", "no_country"),
        ("born_on", "yesterday", "no_day"),
        ("born_on", "2008-12-02", "underage"),
        ("born_on", "2026-12-02", "unlikely"),
        ("born_on", "1880-01-01", "unlikely"),
        ("terms", "", "not_accepted"),
    ],
)
def test_each_fault_is_named_with_its_field(field: str, value: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        owner_forms.check({**FORM, field: value}, BUSINESS, "en", TODAY)
    assert [(fault.field, fault.code) for fault in caught.value.faults] == [(field, code)]
    assert caught.value.faults[0].message


def test_all_faults_are_found_at_once_and_each_kind_is_asked_for_what_it_has() -> None:
    with pytest.raises(Invalid) as caught:
        owner_forms.check({}, PERSON, "fr", TODAY)
    asked = {"first_name", "last_name", "line", "city", "nationality", "residence", "born_on", "terms"}
    assert {fault.field for fault in caught.value.faults} == asked
    person = owner_forms.check({**FORM, "residence": "HK", "postal_code": ""}, PERSON, "en", TODAY)
    assert (person["name"], person["country"], person["company_number"]) == ("Anne Le Goff", "HK", "")
    assert owner_forms.check({**FORM, "company_number": ""}, TRADER, "en", TODAY)["company_number"] == ""
    assert owner_forms.check({**FORM, "born_on": "2008-12-01"}, TRADER, "en", TODAY)["born_on"] == date(2008, 12, 1)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("1 rue du Port\n44000 Nantes", ("1 rue du Port", "44000", "Nantes")),
        ("Bât. B\n1 rue du Port\n\n44000 Nantes", ("Bât. B, 1 rue du Port", "44000", "Nantes")),
        ("1 rue du Port\nNantes", ("1 rue du Port", "", "Nantes")),
        ("1 rue du Port", ("1 rue du Port", "", "")),
        ("", ("", "", "")),
    ],
)
def test_an_address_is_taken_apart_where_it_can_be(address: str, parts: tuple[str, str, str]) -> None:
    assert owner_forms.split_address(address) == parts


@given(st.text(max_size=60))
def test_no_word_of_an_address_is_lost(address: str) -> None:
    words = "".join(address.split())
    assert "".join("".join(owner_forms.split_address(address)).split()).replace(",", "") == words.replace(",", "")


def test_what_is_known_already_is_filled_in(database: Database, anne: SignedIn) -> None:
    with database.reading() as session:
        found = owner_forms.proposed(session, str(anne.expert_id), TRADER)
    assert found == {
        "first_name": "Anna",
        "last_name": "",
        "name": "Anne Le Goff EI",
        "company_number": identified.SIREN,
        "line": "1 rue du Port",
        "postal_code": "44000",
        "city": "Nantes",
        "country": "FR",
        "residence": "FR",
    }


def test_an_expert_is_made_known_once_and_confirms_it_where_the_provider_asks(
    database: Database, played: Played, anne: SignedIn
) -> None:
    provider, expert_id = played.provider, str(anne.expert_id)
    assert owning.stage(database, provider, anne) is Stage.ASKED
    owning.give(database, provider.name, anne)
    assert owning.stage(database, provider, anne) is Stage.ON_ITS_WAY
    first = owners.register(database, provider, expert_id, AT)
    assert first is not None
    if first.state is UserState.PENDING:
        assert owning.stage(database, provider, anne) is Stage.CONFIRMING
        assert owners.RETURN_PATH.replace("/", "%2F") in str(first.action_url)
        played.enrol(first.provider_id)
        owners.look_up(database, provider, expert_id, AT)
    assert owning.stage(database, provider, anne) is Stage.PROVING
    again = owners.register(database, provider, expert_id, AT)
    assert again is not None
    assert again.provider_id == first.provider_id
    with database.reading() as session:
        assert [user.role for user in session.execute(select(ProviderUser)).scalars()] == [TRADER]


def test_what_was_wrong_is_corrected_and_papers_about_it_are_asked_for_anew(
    database: Database, played: Played, anne: SignedIn
) -> None:
    provider, expert_id = played.provider, str(anne.expert_id)
    played.enrol(str(owning.known(database, provider, anne).provider_id))
    owners.look_up(database, provider, expert_id, AT)
    card = sent(database, provider, anne)
    played.judge(str(card.provider_id))
    owning.hear(database, provider, PAPER, str(card.provider_id))
    owning.give(database, provider.name, anne, at=LATER, first_name="Anne-Marie")
    for _ in range(2):
        owners.make_known(database, provider, [expert_id], AT)
    owning.hear(database, provider, PAPER, str(card.provider_id))
    found = owning.standing(database, provider, anne)
    assert found.details is not None
    assert (found.stage, found.details.first_name, found.details.is_told) == (Stage.PROVING, "Anne-Marie", True)
    assert [code for code, _ in owning.told(database)] == ["identity_paper_outdated"]
    assert sent(database, provider, anne, at=LATER).state == "asked"


def test_a_correction_waits_for_the_provider_and_may_be_declined(
    database: Database, mangopay: PlayedMangopay, anne: SignedIn
) -> None:
    provider, expert_id = mangopay.provider, str(anne.expert_id)
    owning.known(database, provider, anne)
    owning.give(database, provider.name, anne, at=LATER, first_name="Anne-Marie")
    for fault, is_told, declined in (("500", False, False), ("404", True, True)):
        mangopay.stand_in.faults.add(fault, "PUT")
        with suppress(Unreachable):
            owners.make_known(database, provider, [expert_id], AT)
        details = owning.standing(database, provider, anne).details
        assert details is not None
        assert (details.is_told, bool(details.declined)) == (is_told, declined)
    [user] = mangopay.state.items["users"].values()
    assert user["LegalRepresentative"]["FirstName"] == "Anne"


def test_details_wait_until_the_provider_answers(database: Database, mangopay: PlayedMangopay, anne: SignedIn) -> None:
    provider, expert_id = mangopay.provider, str(anne.expert_id)
    owning.give(database, provider.name, anne)
    mangopay.stand_in.faults.add("500", path="/legal")
    with pytest.raises(Unreachable):
        owners.make_known(database, provider, [expert_id], AT)
    assert owning.stage(database, provider, anne) is Stage.ON_ITS_WAY
    with pytest.raises(Conflict):
        owning.give(database, provider.name, anne)
    for _ in range(3):
        try:
            owners.make_known(database, provider, [expert_id], AT)
        except Unreachable:
            continue
    assert owning.stage(database, provider, anne) is Stage.CONFIRMING
    assert len(mangopay.state.items["users"]) == 1


def test_details_that_the_provider_does_not_take_are_given_again(
    database: Database, mangopay: PlayedMangopay, anne: SignedIn
) -> None:
    provider, expert_id = mangopay.provider, str(anne.expert_id)
    owning.give(database, provider.name, anne)
    mangopay.stand_in.faults.add("404", path="/legal")
    owners.make_known(database, provider, [expert_id], AT)
    found = owning.standing(database, provider, anne)
    assert found.stage is Stage.DECLINED
    assert found.details is not None
    assert found.details.declined
    owners.make_known(database, provider, [expert_id], AT)
    assert owning.stage(database, provider, anne) is Stage.DECLINED
    owning.give(database, provider.name, anne, first_name="Anne-Marie")
    owners.make_known(database, provider, [expert_id], AT)
    assert owning.stage(database, provider, anne) is Stage.CONFIRMING
    [user] = mangopay.state.items["users"].values()
    assert user["LegalRepresentative"]["FirstName"] == "Anne-Marie"


@pytest.mark.parametrize(("status", "stage"), [("portage_salarial", Stage.EMPLOYED), ("sarl", Stage.ASKED)])
def test_the_status_decides_who_is_paid(database: Database, status: str, stage: Stage) -> None:
    who = identified.expert(database, status=status, portage_company="Freelance SA")
    assert owning.stage(database, Sandbox(database), who) is stage


def test_whoever_is_erased_meanwhile_is_told_to_nobody(database: Database, anne: SignedIn) -> None:
    sandbox = Sandbox(database)
    assert owners.register(database, sandbox, "nobody", AT) is None
    assert owners.look_up(database, sandbox, str(anne.expert_id), AT) is None
    assert owning.standing(database, sandbox, replace(anne, expert_id="nobody")).stage is Stage.UNKNOWN


def test_an_expert_who_is_verified_is_told_once_a_day_at_most(database: Database, anne: SignedIn) -> None:
    user_id = str(owning.known(database, Sandbox(database), anne).provider_id)
    verified = User(user_id, UserState.ACTIVE, is_verified=True)
    for said in (verified, verified, replace(verified, is_verified=False), verified, User("nobody", UserState.ACTIVE)):
        with database.writing() as session:
            owners.follow(session, "sandbox", said, at=AT)
    assert [code for code, _ in owning.told(database)] == ["identity_verified"]
    assert owning.stage(database, Sandbox(database), anne) is Stage.VERIFIED
    owning.hear(database, Sandbox(database), USER, user_id)
    assert owning.stage(database, Sandbox(database), anne) is Stage.PROVING


def test_what_was_given_is_kept_and_logged_without_its_words(database: Database, anne: SignedIn) -> None:
    owning.give(database, "sandbox", anne)
    with database.reading() as session:
        row: Any = session.get_one(OwnerDetails, anne.expert_id)
    assert (row.kind, row.born_on, row.declined) == (TRADER, date(1980, 2, 29), None)
