"""Another legal status: what is asked for anew, on both providers."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from accounts import legal_identities
from accounts.sign_ins import SignedIn
from billing import identity_papers, owner_changes, owners, provider_parties
from billing.models.provider_parties import ProviderUser
from billing.owner_changes import Change
from billing.owners import Stage
from billing.provider_states import OwnerKind, PaperKind, PaperState
from billing.providers.interface import PaperPage, Provider
from billing.providers.sandbox import Sandbox
from foundation import audits
from foundation.database import Database
from tests.billing import identified, owning
from tests.billing.owning import AT
from tests.billing.providing import Played

LATER = AT + timedelta(days=1)
KEY = b"k" * 32


def change_to(database: Database, who: SignedIn, provider: Provider, status: str) -> None:
    """Change the status, and deliver what follows, twice."""
    form = {**identified.WHO, "registration_number": identified.SIREN, "portage_company": "P", "status": status}
    with database.writing() as session:
        legal_identities.save(session, str(who.expert_id), form, actor=audits.SYSTEM, at=LATER)
    for _ in range(2):
        owner_changes.follow_status(database, provider, [str(who.expert_id), "nobody"], LATER)


def validated(database: Database, provider: Provider, who: SignedIn, *kinds: PaperKind) -> None:
    for kind in kinds:
        with database.writing() as session:
            page = PaperPage("valid.pdf", b"%PDF-1.4")
            paper = identity_papers.put(session, who, provider.name, kind, (page,), KEY, at=AT)
        identity_papers.send(database, provider, KEY, [paper.id], AT)


def told(database: Database) -> list[str]:
    return [code for code, _ in owning.told(database) if code == "identity_wanted_anew"]


def test_another_kind_of_owner_is_asked_for_anew_and_is_paid_nothing_before_it_is_verified(
    database: Database, played: Played, anne: SignedIn
) -> None:
    provider = played.provider
    first = owning.known(database, provider, anne)
    with database.writing() as session:
        session.execute(update(ProviderUser).values(is_verified=True, state="active"))
    assert owning.stage(database, provider, anne) is Stage.VERIFIED
    change_to(database, anne, provider, "sasu")
    assert told(database) == ["identity_wanted_anew"]
    found = owning.standing(database, provider, anne)
    assert (found.stage, found.kind, found.user) == (Stage.ASKED, OwnerKind.BUSINESS, None)
    owners.make_known(database, provider, [str(anne.expert_id)], LATER)
    assert owning.stage(database, provider, anne) is Stage.ASKED
    with database.reading() as session:
        assert provider_parties.owner_of(session, provider.name, str(anne.expert_id)) is None
    second = owning.known(database, provider, anne)
    with database.reading() as session:
        assert provider_parties.owner_of(session, provider.name, str(anne.expert_id)) == second
    assert (second.role, second.is_verified, second.provider_id == first.provider_id) == ("business", False, False)
    assert owning.stage(database, provider, anne) in {Stage.PROVING, Stage.CONFIRMING}


def test_within_a_kind_papers_about_the_business_are_asked_for_anew(database: Database) -> None:
    provider, marie = Sandbox(database), identified.expert(database, status="sasu")
    user = owning.known(database, provider, marie)
    validated(database, provider, marie, *PaperKind)
    change_to(database, marie, provider, "sarl")
    with database.reading() as session:
        papers = identity_papers.latest(session, user.id)
    assert {kind for kind, paper in papers.items() if paper.state == PaperState.OUTDATED} == {
        PaperKind.REGISTRATION,
        PaperKind.ARTICLES,
        PaperKind.SHAREHOLDERS,
    }
    assert told(database) == ["identity_wanted_anew"]


@pytest.mark.parametrize("status", ["portage_salarial", "sole_trader"])
def test_nobody_is_asked_who_is_not_paid_or_was_not_asked_before(
    database: Database, anne: SignedIn, status: str
) -> None:
    provider = Sandbox(database)
    is_paid = status == "portage_salarial"
    if is_paid:
        owning.known(database, provider, anne)
    change_to(database, anne, provider, status)
    assert told(database) == []
    with database.reading() as session:
        # What was earned before is still paid.
        assert bool(provider_parties.owner_of(session, provider.name, str(anne.expert_id))) == is_paid


@pytest.mark.parametrize(
    ("status", "change"),
    [
        ("sole_trader", Change.NOTHING),
        ("micro_entrepreneur", Change.PAPERS),
        ("sarl", Change.OWNER),
        ("other", Change.OWNER),
        ("portage_salarial", Change.PORTAGE),
        ("", Change.NOTHING),
    ],
)
def test_what_a_status_would_ask_for_is_known_before(
    database: Database, anne: SignedIn, status: str, change: Change
) -> None:
    with database.reading() as session:
        assert owner_changes.foreseen(session, "sandbox", str(anne.expert_id), status) is Change.NOTHING
    owning.known(database, Sandbox(database), anne)
    with database.reading() as session:
        assert owner_changes.foreseen(session, "sandbox", str(anne.expert_id), status) is change
