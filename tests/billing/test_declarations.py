"""Declarations of who owns a company: sealed, sent, judged, given again; on both providers."""

from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import func, select

from accounts.sign_ins import SignedIn
from billing import declarations, identity_papers, owner_changes, owners, payout_rules, payouts, provider_parties
from billing.declaration_texts import REASONS, reason_of
from billing.models.declarations import OwnershipDeclaration
from billing.models.sandbox import SandboxDeclaration
from billing.owners import Stage
from billing.payout_rules import Wait
from billing.provider_states import DeclarationState, PaperKind
from billing.providers import sandbox_declarations
from billing.providers.interface import DECLARATION, USER, Address, BeneficialOwner, PaperPage, Provider
from billing.providers.sandbox import Sandbox
from foundation.database import Database
from foundation.errors import Conflict, Unreachable
from tests.billing import identified, owning
from tests.billing.owning import AT
from tests.billing.providing import ADA_AS_OWNER, Played, PlayedMangopay
from tests.billing.test_escrow_races import at_once
from tests.billing.test_owner_changes import change_to

KEY = b"k" * 32
LATER = AT + timedelta(hours=1)
CREATED, ASKED, VALIDATED, REFUSED, INCOMPLETE, OUTDATED = DeclarationState
PEOPLE = (ADA_AS_OWNER,)
SARAH = BeneficialOwner(
    "Sarah", "Doe", ADA_AS_OWNER.born_on, "Boston", "US", "US", Address("1 Elm St", "Boston", "02108", "US", "MA")
)


@pytest.fixture
def marie(database: Database) -> SignedIn:
    """Return an expert with a company."""
    return identified.expert(database, status="sasu")


def known(database: Database, provider: Provider, who: SignedIn, played: Played | None = None, name: str = "a") -> str:
    """Have a provider know a company, and get its papers; return its id there."""
    user_id = str(owning.known(database, provider, who).provider_id)
    if played is not None:
        played.enrol(user_id)
        owners.look_up(database, provider, str(who.expert_id), AT)
    for kind in (PaperKind.IDENTITY, PaperKind.REGISTRATION, PaperKind.ARTICLES):
        with database.writing() as session:
            page = (PaperPage(f"{name}.pdf", b"%PDF-1.4"),)
            paper = identity_papers.put(session, who, provider.name, kind, page, KEY, at=AT)
        identity_papers.send(database, provider, KEY, [paper.id], AT)
        with database.reading() as session:
            sent = identity_papers.latest(session, paper.user_id)[kind]
        if played is not None:
            played.judge(str(sent.provider_id))
            identity_papers.hear_of(database, provider, str(sent.provider_id), AT)
    return user_id


def put(
    database: Database,
    provider: Provider,
    who: SignedIn,
    people: tuple[BeneficialOwner, ...] = PEOPLE,
    *,
    at: datetime = AT,
) -> str:
    with database.writing() as session:
        return declarations.put(session, who, provider.name, people, KEY, at=at).id


def sent(database: Database, provider: Provider, who: SignedIn, *people: BeneficialOwner, at: datetime = AT) -> str:
    """Declare, and have it sent; return the provider's id."""
    declaration_id = put(database, provider, who, people or PEOPLE, at=at)
    declarations.send(database, provider, KEY, [declaration_id], AT)
    return str(row(database, declaration_id).provider_id)


def row(database: Database, declaration_id: str) -> OwnershipDeclaration:
    with database.reading() as session:
        return session.get_one(OwnershipDeclaration, declaration_id)


def rows(database: Database) -> list[OwnershipDeclaration]:
    with database.reading() as session:
        found = session.execute(select(OwnershipDeclaration)).scalars().all()
    return sorted(found, key=lambda one: one.given_at)


def states(database: Database) -> list[str]:
    return [one.state for one in rows(database)]


def told(database: Database) -> list[str]:
    return [code for code, _ in owning.told(database) if "declaration" in code or code == "identity_verified"]


def test_whom_it_names_waits_sealed_and_is_gone_once_the_provider_has_it(
    database: Database, played: Played, marie: SignedIn
) -> None:
    known(database, played.provider, marie, played)
    declaration_id = put(database, played.provider, marie, (ADA_AS_OWNER, SARAH))
    waiting = row(database, declaration_id)
    assert waiting.sealed
    assert not any(word in waiting.sealed for word in (b"Lovelace", b"Boston", b"1980-"))
    declarations.send(database, played.provider, KEY, [declaration_id, declaration_id, "nothing"], AT)
    found = row(database, declaration_id)
    assert (found.state, found.people, found.sealed, bool(found.provider_id)) == (ASKED, 2, None, True)
    with pytest.raises(Conflict):
        put(database, played.provider, marie)


def test_mangopay_is_told_all_that_it_asks_for(database: Database, mangopay: PlayedMangopay, marie: SignedIn) -> None:
    known(database, mangopay.provider, marie, mangopay)
    provider_id = sent(database, mangopay.provider, marie, SARAH)
    declared = mangopay.state.items["declarations"][provider_id]
    [person] = declared["Ubos"]
    assert person["FirstName"] == "Sarah"
    assert person["Birthday"] == 320630400
    assert person["Birthplace"] == {"City": "Boston", "Country": "US"}
    assert person["Address"] == {
        "AddressLine1": "1 Elm St",
        "City": "Boston",
        "PostalCode": "02108",
        "Country": "US",
        "Region": "MA",
    }


@pytest.mark.parametrize("fault", ["500", "500 after", "cut after"])
@pytest.mark.parametrize("place", ["/kyc/ubodeclarations", "/ubos"])
def test_whatever_is_lost_on_the_way_each_person_is_named_once(
    database: Database, mangopay: PlayedMangopay, marie: SignedIn, fault: str, place: str
) -> None:
    known(database, mangopay.provider, marie, mangopay)
    declaration_id = put(database, mangopay.provider, marie, (ADA_AS_OWNER, SARAH))
    mangopay.stand_in.faults.add(fault, path=place)
    mangopay.stand_in.faults.add("cut after", "PUT", "")
    for _ in range(6):
        with suppress(Unreachable):
            declarations.send(database, mangopay.provider, KEY, [declaration_id], AT)
    assert row(database, declaration_id).state == ASKED
    [declared] = mangopay.state.items["declarations"].values()
    assert [one["FirstName"] for one in declared["Ubos"] if one["IsActive"]] == ["Ada", "Sarah"]
    assert declared["Status"] == "VALIDATION_ASKED"


def test_an_incomplete_one_is_taken_up_with_the_people_of_today(
    database: Database, mangopay: PlayedMangopay, marie: SignedIn
) -> None:
    known(database, mangopay.provider, marie, mangopay)
    first = sent(database, mangopay.provider, marie)
    mangopay.judge_declaration(first, INCOMPLETE, "missing_ubo")
    owning.hear(database, mangopay.provider, DECLARATION, first)
    assert sent(database, mangopay.provider, marie, SARAH, at=LATER) == first
    [declared] = mangopay.state.items["declarations"].values()
    assert [(one["FirstName"], one["IsActive"]) for one in declared["Ubos"]] == [("Ada", False), ("Sarah", True)]
    # What was said of it before is not said of the next one.
    owning.hear(database, mangopay.provider, DECLARATION, first)
    assert states(database) == [INCOMPLETE, ASKED]
    mangopay.judge_declaration(first, VALIDATED)
    owning.hear(database, mangopay.provider, DECLARATION, first)
    assert states(database) == [INCOMPLETE, VALIDATED]


def test_what_the_provider_declines_is_asked_for_again(
    database: Database, mangopay: PlayedMangopay, marie: SignedIn
) -> None:
    known(database, mangopay.provider, marie, mangopay)
    nowhere = BeneficialOwner("Joe", "Doe", ADA_AS_OWNER.born_on, "Rye", "US", "US", Address("1", "Rye", "1", "US"))
    declaration_id = put(database, mangopay.provider, marie, (nowhere,))
    declarations.send(database, mangopay.provider, KEY, [declaration_id], AT)
    found = row(database, declaration_id)
    assert (found.state, found.reason, found.sealed) == (REFUSED, "not_taken", None)
    assert told(database) == ["identity_declaration_refused"]
    # What was begun there is taken up.
    sent(database, mangopay.provider, marie, at=LATER)
    assert (states(database), len(mangopay.state.items["declarations"])) == ([REFUSED, ASKED], 1)


@pytest.mark.parametrize(
    ("state", "code"),
    [(REFUSED, "identity_declaration_refused"), (INCOMPLETE, "identity_declaration_incomplete")],
)
def test_what_comes_back_is_mailed_with_its_reason_and_declared_again_and_payouts_wait_for_it(
    database: Database, played: Played, marie: SignedIn, state: DeclarationState, code: str
) -> None:
    user_id, provider = known(database, played.provider, marie, played), played.provider
    assert waits(database, provider, marie) == {Wait.DECLARATION, Wait.BANK_DETAILS}
    first = sent(database, provider, marie)
    played.judge_declaration(first, state, "missing_ubo")
    for _ in range(2):
        owning.hear(database, provider, DECLARATION, first)
    found = rows(database)[0]
    assert (found.state, found.reason, found.explanation) == (state, "missing_ubo", "See it.")
    [said] = [values for name, values in owning.told(database) if name == code]
    assert said["note"].endswith("who holds more than a quarter, or decides. See it.")
    assert said["path"] == "/my/verification"
    assert Wait.DECLARATION in waits(database, provider, marie)
    assert owning.stage(database, provider, marie) is Stage.PROVING

    again = sent(database, provider, marie, at=LATER)
    played.judge_declaration(again, VALIDATED)
    owning.hear(database, provider, USER, user_id)
    owning.hear(database, provider, DECLARATION, again)
    owning.hear(database, provider, DECLARATION, first)
    assert states(database) == [state, VALIDATED]
    assert told(database) == [code, "identity_verified"]
    assert owning.stage(database, provider, marie) is Stage.VERIFIED
    assert waits(database, provider, marie) == {Wait.BANK_DETAILS}
    with pytest.raises(Conflict):
        put(database, provider, marie)


def waits(database: Database, provider: Provider, who: SignedIn) -> set[Wait]:
    """Return what an expert's payouts wait for."""
    with database.reading() as session:
        owner = provider_parties.owner_of(session, provider.name, str(who.expert_id))
        return set(payout_rules.waits_for(payouts.standing_of(session, owner, "EUR")))


def test_what_hooks_lose_is_asked_for_by_the_clock_and_what_is_not_ours_changes_nothing(
    database: Database, played: Played, marie: SignedIn
) -> None:
    known(database, played.provider, marie, played)
    provider_id = sent(database, played.provider, marie)
    owning.hear(database, played.provider, DECLARATION, "nothing")
    declarations.look_after(database, played.provider, AT)
    assert states(database) == [ASKED]
    played.judge_declaration(provider_id, VALIDATED)
    declarations.look_after(database, played.provider, AT)
    assert states(database) == [VALIDATED]
    assert owning.stage(database, played.provider, marie) is Stage.VERIFIED


def test_papers_come_first(database: Database, marie: SignedIn, anne: SignedIn) -> None:
    provider = Sandbox(database)
    for who in (marie, anne):
        with pytest.raises(Conflict):
            put(database, provider, who)
        owning.known(database, provider, who)
        with pytest.raises(Conflict):
            put(database, provider, who)
    with database.reading() as session:
        step = declarations.step(session, owning.standing(database, provider, marie))
        assert step is not None
        assert (step.is_wanted, step.is_possible, step.waits_for_papers) == (True, False, True)
        assert declarations.step(session, owning.standing(database, provider, anne)) is None


def test_whom_the_provider_verified_before_is_asked_for_nothing(database: Database, marie: SignedIn) -> None:
    provider = Sandbox(database)
    user = owning.known(database, provider, marie)
    with database.writing() as session:
        session.get_one(provider_parties.ProviderUser, user.id).is_verified = True
    with database.reading() as session:
        step = declarations.step(session, owning.standing(database, provider, marie))
    assert step is not None
    assert not step.is_wanted
    assert waits(database, provider, marie) == {Wait.BANK_DETAILS}


@pytest.mark.parametrize(
    ("name", "state", "codes"),
    [
        ("AcceptUBO", VALIDATED, ["identity_verified"]),
        ("RefuseUBO", REFUSED, ["identity_declaration_refused"]),
        ("IncompleteUBO", INCOMPLETE, ["identity_declaration_incomplete"]),
    ],
)
def test_the_sandbox_judges_some_at_once(
    database: Database, marie: SignedIn, name: str, state: DeclarationState, codes: list[str]
) -> None:
    provider = Sandbox(database, KEY)
    known(database, provider, marie, name="valid")
    sent(database, provider, marie, BeneficialOwner(name, *values_of(ADA_AS_OWNER)[1:]))
    assert (states(database), told(database)) == ([state], codes)
    assert kept_in_sandbox(database) == 0


def values_of(person: BeneficialOwner) -> tuple[Any, ...]:
    return tuple(getattr(person, name) for name in BeneficialOwner.__slots__)


def kept_in_sandbox(database: Database) -> int:
    with database.reading() as session:
        statement = select(func.count()).select_from(SandboxDeclaration)
        return session.execute(statement.where(SandboxDeclaration.sealed.is_not(None))).scalar_one()  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]


def test_the_sandbox_keeps_names_sealed_until_an_operator_has_looked(database: Database, marie: SignedIn) -> None:
    provider = Sandbox(database, KEY)
    known(database, provider, marie)
    sent(database, provider, marie, ADA_AS_OWNER, SARAH)
    with database.writing() as session:
        [waiting] = sandbox_declarations.waiting(session)
        assert waiting.sealed
        assert not any(word in waiting.sealed for word in (b"Lovelace", b"Boston"))
        assert sandbox_declarations.people(waiting, KEY) == (ADA_AS_OWNER, SARAH)
        assert sandbox_declarations.people(waiting, b"x" * 32) == ()
        sandbox_declarations.decide(session, waiting.id, REFUSED, reason="specific_case")
        with pytest.raises(Conflict):
            sandbox_declarations.decide(session, waiting.id, VALIDATED)
    assert kept_in_sandbox(database) == 0


def test_what_the_sandbox_keeps_of_an_erased_expert_is_gone(database: Database, marie: SignedIn) -> None:
    provider = Sandbox(database, KEY)
    known(database, provider, marie)
    sent(database, provider, marie)
    with database.writing() as session:
        declarations.forget(session, [str(marie.expert_id)])
        assert sandbox_declarations.waiting(session) == []
    assert kept_in_sandbox(database) == 0


def test_what_nobody_takes_is_given_up_after_a_week(database: Database, marie: SignedIn) -> None:
    provider = Sandbox(database)
    known(database, provider, marie)
    declaration_id = put(database, provider, marie)
    for days, is_kept in ((6, True), (8, False), (9, False)):
        with database.writing() as session:
            declarations.sweep(session, AT + timedelta(days=days))
        assert bool(row(database, declaration_id).sealed) is is_kept
    found = row(database, declaration_id)
    assert (found.state, found.reason) == (REFUSED, "never_arrived")
    assert told(database) == ["identity_declaration_refused"]
    declarations.send(database, provider, KEY, [declaration_id], AT)
    assert row(database, declaration_id).state == REFUSED
    second = put(database, provider, marie, at=LATER)
    declarations.send(database, provider, b"x" * 32, [second], AT)
    found = row(database, second)
    assert (found.state, found.reason, found.sealed) == (REFUSED, "never_arrived", None)


def test_another_status_asks_anew_or_drops_the_need(database: Database, marie: SignedIn) -> None:
    provider = Sandbox(database)
    known(database, provider, marie, name="valid")
    sent(database, provider, marie, BeneficialOwner("AcceptUBO", *values_of(ADA_AS_OWNER)[1:]))
    change_to(database, marie, provider, "sarl")
    assert states(database) == [OUTDATED]
    owner_changes.follow_status(database, provider, [str(marie.expert_id)], AT)
    assert [code for code, _ in owning.told(database)].count("identity_wanted_anew") == 1
    sent(database, provider, marie, at=LATER)
    change_to(database, marie, provider, "sole_trader")
    assert owning.stage(database, provider, marie) is Stage.ASKED
    owning.known(database, provider, marie)
    with database.reading() as session:
        assert declarations.step(session, owning.standing(database, provider, marie)) is None
    assert waits(database, provider, marie) == {Wait.PAPERS, Wait.BANK_DETAILS}


def test_of_two_who_declare_at_once_one_does_and_what_is_told_at_once_is_mailed_once(
    database: Database, marie: SignedIn
) -> None:
    provider = Sandbox(database, KEY)
    known(database, provider, marie)
    came = at_once(lambda: put(database, provider, marie), lambda: put(database, provider, marie))
    assert sorted(came) == ["done", "too late"]
    [declaration] = rows(database)
    deliver = partial(declarations.send, database, provider, KEY, [declaration.id], AT)
    assert at_once(deliver, deliver) == ["done", "done"]
    with database.writing() as session:
        [waiting] = sandbox_declarations.waiting(session)
        sandbox_declarations.decide(session, waiting.id, INCOMPLETE, reason="missing_ubo")
    tell = partial(owning.hear, database, provider, DECLARATION, waiting.id)
    assert at_once(tell, tell) == ["done", "done"]
    assert (states(database), told(database)) == ([INCOMPLETE], ["identity_declaration_incomplete"])


def test_reasons_say_what_to_do() -> None:
    assert "another paper" in reason_of("shareholders_declaration_needed", "", "en")
    assert "another paper" not in reason_of("missing_ubo", "", "en")
    assert reason_of("specific_case", " Call us. ", "en") == f"{REASONS['specific_case']} Call us."
    assert "no reason that we know" in reason_of("new_code", "", "en")
