"""The billing mandate: prior, written, of the text in force, given by the legal person that sells."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from accounts import legal_identities
from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from billing import mandates
from billing.mandates import Outdated, Unidentified
from billing.models.mandates import Mandate
from foundation.audits import AuditEntry
from foundation.database import Database
from foundation.errors import NotFound
from foundation.i18n import LANGUAGES
from foundation.mails import MailRow
from foundation.settings import ROOT, Operator
from tests import signed_in
from tests.billing.identified import AT, SIREN, expert, identify, who_is
from web import long_texts, privacy

VERSION, FRENCH = mandates.CURRENT.version, mandates.CURRENT.sha256["fr"]
LATER = AT + timedelta(days=1)


def give(database: Database, who: SignedIn, *, version: str = VERSION, text_hash: str = FRENCH) -> Mandate:
    with database.writing() as session:
        return mandates.accept(session, who, version, text_hash, "192.0.2.7", AT, operator=Operator(name="Ops"))


def is_accepted(database: Database, who: SignedIn) -> bool:
    with database.reading() as session:
        return mandates.is_accepted(session, who.expert_id or "")


def given(database: Database) -> list[Mandate]:
    with database.reading() as session:
        return list(session.execute(select(Mandate)).scalars())


def test_a_click_is_kept_with_all_that_proves_it(database: Database) -> None:
    who = expert(database)
    assert not is_accepted(database, who)
    give(database, who)
    assert is_accepted(database, who)
    [kept] = given(database)
    assert kept.model_dump(exclude={"id", "mandatary"}) == {
        "expert_id": who.expert_id,
        "version": VERSION,
        "language": "fr",
        "text_hash": FRENCH,
        "mandator": "Anne Le Goff EI",
        "registration_number": SIREN,
        "accepted_at": AT,
        "accepted_by": who.account_id,
        "address": "192.0.2.7",
        "ended_at": None,
    }
    assert kept.mandatary.startswith("Ops, ")
    with database.reading() as session:
        entries = session.execute(select(AuditEntry).where(AuditEntry.object_id == kept.id)).scalars().all()
    assert [(entry.action, entry.details["text_hash"]) for entry in entries] == [("gave_mandate", FRENCH)]


def test_giving_it_twice_keeps_the_first(database: Database) -> None:
    who = expert(database)
    assert give(database, who).id == give(database, who, text_hash=mandates.CURRENT.sha256["en"]).id
    assert len(given(database)) == 1


@pytest.mark.parametrize(("version", "text_hash"), [("2020-01-01", FRENCH), (VERSION, "0" * 64), (VERSION, "")])
def test_nothing_but_the_text_in_force_can_be_accepted(database: Database, version: str, text_hash: str) -> None:
    with pytest.raises(Outdated):
        give(database, expert(database), version=version, text_hash=text_hash)
    assert given(database) == []


def test_it_is_given_under_a_legal_identity_by_an_expert(database: Database) -> None:
    with pytest.raises(Unidentified):
        give(database, who_is(signed_in.make(database, AccountKind.EXPERT)))
    with pytest.raises(NotFound):
        give(database, who_is(signed_in.make(database, AccountKind.COMPANY)))


def test_another_legal_person_gives_its_own(database: Database) -> None:
    account = signed_in.make(database, AccountKind.EXPERT)
    who = who_is(account)
    identify(database, account)
    give(database, who)
    identify(database, account, address="2 rue du Port")
    assert is_accepted(database, who), "the same one has moved"
    identify(database, account, registration_number="493275291")
    assert not is_accepted(database, who)
    give(database, who)
    assert is_accepted(database, who)
    assert sorted(one.ended_at is None for one in given(database)) == [False, True]


def test_it_ends_when_the_expert_wants_and_may_be_given_anew(database: Database) -> None:
    who = expert(database)
    give(database, who)
    for _ in range(2):
        with database.writing() as session:
            mandates.end(session, who, LATER)
    assert not is_accepted(database, who)
    assert [one.ended_at for one in given(database)] == [LATER]
    give(database, who)
    assert is_accepted(database, who)


def test_the_one_who_gave_it_is_mailed_in_the_texts_language(database: Database) -> None:
    who = expert(database)
    give(database, who)
    give(database, who)
    with database.reading() as session:
        mails = session.execute(select(MailRow).where(MailRow.template == "mandate_given")).scalars().all()
    assert [(mail.recipient, mail.language) for mail in mails] == [(who.email, "fr")]


def test_it_outlives_whoever_is_erased_by_ten_years(database: Database) -> None:
    who = expert(database)
    kept = give(database, who)
    database.write(lambda session: privacy.erase(session, who.account_id, at=LATER))
    assert [(one.id, one.ended_at) for one in given(database)] == [(kept.id, LATER)]
    for days, left in ((3_650, 1), (3_654, 0)):
        database.write(lambda session, days=days: mandates.sweep(session, LATER + timedelta(days=days)))
        assert len(given(database)) == left


def test_in_portage_nobody_needs_one(database: Database) -> None:
    carried = expert(database, status="portage_salarial", portage_company="ITG")
    with database.reading() as session:
        identity = legal_identities.of(session, carried.expert_id or "")
    assert identity is not None
    assert not mandates.is_needed(identity)


def test_two_clicks_at_once_are_one_mandate(database: Database) -> None:
    who = expert(database)
    at_once(lambda: database.write(lambda session: mandates.accept(session, who, VERSION, FRENCH, "::1", AT)))
    assert len(given(database)) == 1


def at_once(work: Callable[[], object], count: int = 4) -> None:
    """Do something several times at the same time."""
    start = Barrier(count)

    def run() -> None:
        start.wait()
        work()

    threads = [Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("published", mandates.TEXTS, ids=lambda text: text.name)
def test_a_published_text_never_changes_and_says_how_long_an_invoice_may_be_contested(
    published: mandates.MandateText,
) -> None:
    for language in LANGUAGES:
        content = (ROOT / "web" / "texts" / language / f"{published.name}.md").read_bytes()
        assert hashlib.sha256(content).hexdigest() == published.sha256[language]
        assert f" {published.contest_days} " in long_texts.read(published.name, language)
    assert mandates.find(published.version) == published


def test_every_file_of_mandates_is_a_known_version() -> None:
    for language in LANGUAGES:
        files = {path.stem for path in (ROOT / "web" / "texts" / language).glob("mandate-*.md")}
        assert files == {text.name for text in mandates.TEXTS}
    assert [text.published_on for text in mandates.TEXTS] == sorted({text.published_on for text in mandates.TEXTS})
