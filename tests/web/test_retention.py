"""Nothing outlives the rule that it is kept by, and nothing goes before."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import SQLModel, col

from accounts import registrations
from accounts.models.accounts import Account, AccountKind, Client, MailedLink, SignIn
from accounts.models.audiences import Impression, ResultPage, View, VisitorSalt
from accounts.models.experts import Expert, StagedExpert, StagedReview
from accounts.models.findings import Approach
from accounts.models.notices import Notice
from accounts.models.shortlists import Shortlist, ShortlistItem
from accounts.registrations import Registration
from billing.models.declarations import OwnershipDeclaration
from billing.models.identity_papers import IdentityPage, IdentityPaper
from billing.models.mandates import Mandate
from billing.models.provider_parties import ProviderUser
from billing.models.tax_details import TaxDetails
from booking.models.sheets import Sheet
from booking.models.threads import MessageDraft, ReceivedMail, Thread
from foundation import audits, clock
from foundation.audits import AuditEntry
from foundation.database import Database
from foundation.mails import MailRow
from foundation.schedules import ScheduleRow
from foundation.sms import SmsRow
from search_api.models import EmptySearchRow, SavedSearch
from tests import builders, signed_in
from web import long_texts, retention
from web.mails import Mailer
from web.pages import texts
from web.sms import Texter

DAY = timedelta(days=1)
VISITOR: dict[str, Any] = {"visitor_kind": "company", "visitor_key": "v"}
Rows = Callable[[str, datetime], list[SQLModel]]


def page(name: str, at: datetime) -> list[SQLModel]:
    kept = ResultPage(id=name, shown_at=at, draw_key="k", profile_id="p", arm="live", holdout_percent=0, **VISITOR)
    return [kept, Impression(query_id=name, position=1, expert_id="e", base=1, score=1)]


def led(name: str, at: datetime) -> list[SQLModel]:
    """Return a client whom a search led to somebody on their shortlist, and to somebody whom they approached."""
    return [
        Client(id=name, is_person=False, name="c", created_at=at),
        Shortlist(id=name, client_id=name, made_at=at, used_at=at),
        ShortlistItem(
            shortlist_id=name,
            expert_id="e",
            position=1,
            added_at=at,
            note="kept",
            found_for="douane",
            found_at_position=2,
            found_on=at.date(),
        ),
        Approach(client_id=name, expert_id="e", query="douane", position=2, found_on=at.date()),
    ]


def staged(name: str, at: datetime) -> list[SQLModel]:
    profile: dict[str, Any] = {"ref": name, "slug": name, "name": name, "headline": name, "line": ""}
    review: dict[str, Any] = {"expert_id": "e", "skill": "s", "rating": 3, "experienced_on": at, "published_on": at}
    batch = at.isoformat()
    return [StagedExpert(batch=batch, created_at=at, updated_at=at, **profile), StagedReview(batch=batch, **review)]


def spooled(name: str, at: datetime) -> list[SQLModel]:
    """Return a paper that its provider has not taken."""
    times = {"given_at": at, "changed_at": at}
    return [
        Expert(id=name, ref=name, slug=name, name=name, headline=name, created_at=at, updated_at=at),
        ProviderUser(id=name, provider="sandbox", role="person", party_id=name, made_at=at),
        IdentityPaper(id=name, expert_id=name, user_id=name, kind="identity", pages=1, **times),
        IdentityPage(paper_id=name, place=1, sealed=b"1", given_at=at),
    ]


def declared(name: str, at: datetime) -> list[SQLModel]:
    """Return a declaration that its provider has not taken."""
    expert, user, *_ = spooled(name, at)
    times = {"given_at": at, "changed_at": at}
    return [expert, user, OwnershipDeclaration(id=name, expert_id=name, user_id=name, people=1, sealed=b"1", **times)]


def rows_of(account_id: str) -> dict[str, Rows]:
    """Return what makes the rows of each rule whose time began at an instant."""
    sent: dict[str, Any] = {"recipient": "a@example.org", "language": "en", "template": "email_taken"}
    return {
        "sign_in.idle": lambda name, at: [
            SignIn(token_hash=name, account_id=account_id, opened_at=at, seen_at=at, ends_at=at + 60 * DAY, agent="")
        ],
        "links.kept": lambda name, at: [
            MailedLink(token_hash=name, purpose="reset_password", made_at=at - DAY, ends_at=at)
        ],
        "unconfirmed.kept": lambda name, at: [
            Account(kind="expert", email=f"{name}@example.org", name=name, language="fr", created_at=at)
        ],
        "mails.kept": lambda name, at: [
            MailRow(id=name, key=name, values={"name": "A"}, written_at=at, sent_at=at, **sent)
        ],
        "sms.kept": lambda name, at: [
            SmsRow(
                id=name,
                key=name,
                account_id="a",
                recipient="+33612345678",
                language="en",
                text="Hello",
                written_at=at,
                sent_at=at,
            )
        ],
        "audience.kept": lambda name, at: [
            *page(name, at),
            View(expert_id="e", viewed_at=at, **VISITOR),
            *led(name, at),
        ],
        "salts.kept": lambda _, at: [VisitorSalt(used_on=at.date(), salt="00")],
        "empties.kept": lambda name, at: [
            EmptySearchRow(searched_on=at.date(), key=name, query="q", filters="", count=1)
        ],
        "audit.kept": lambda name, at: [
            AuditEntry(acted_at=at, actor_kind="system", action="started", object_kind="installation", object_id=name)
        ],
        "staged.kept": staged,
        "shortlists.kept": lambda name, at: [Shortlist(token_hash=name, made_at=at, used_at=at)],
        "saved_searches.removed": lambda name, at: [
            SavedSearch(
                account_id=account_id,
                name=name,
                parameters={},
                frequency="off",
                saved_at=at,
                looked_at=at,
                removed_at=at,
            )
        ],
        "senders.kept": lambda name, at: [
            Notice(
                id=name,
                kind="notice",
                ground="other",
                explanation="x",
                expert_id="e",
                content="c",
                language="fr",
                notifier_email=f"{name}@example.org",
                sent_at=at,
                decision="no_action",
                decision_reason="r",
                decided_at=at,
            )
        ],
        "tax_details.kept": lambda name, at: [TaxDetails(expert_id=name, sealed=b"sealed", given_at=at)],
        "mandates.kept": lambda name, at: [
            Mandate(
                id=name,
                expert_id="e",
                version="v",
                language="fr",
                text_hash="h",
                mandatary="m",
                mandator="m",
                accepted_at=at,
                accepted_by="a",
                address="::1",
                ended_at=at,
            )
        ],
        "identity_pages.kept": spooled,
        "ownership_declarations.kept": declared,
        "message_drafts.kept": lambda name, at: [
            MessageDraft(token_hash=name, expert_id="e", body="Bonjour", written_at=at)
        ],
        "received_mails.kept": lambda name, at: [
            Client(id=name, is_person=False, name="c", created_at=at),
            Thread(id=name, client_id=name, expert_id="e", started_at=at, last_at=at),
            ReceivedMail(key=name, thread_id=name, account_id=account_id, outcome="posted", received_at=at),
        ],
        "sheets.kept": lambda name, at: [Sheet(token_hash=name, made_at=at, changed_at=at)],
        "schedules.kept": lambda name, at: [ScheduleRow(name=name, due_at=at)],
    }


Kept = tuple[Database, Mailer, Texter, datetime]


@pytest.fixture
def kept(database: Database, tmp_path: Path) -> Kept:
    settings = builders.settings_in(tmp_path)
    return database, Mailer(settings, database), Texter(settings, database), datetime(2026, 12, 1, 9, tzinfo=UTC)


def count(database: Database, table: type[SQLModel]) -> int:
    with database.reading() as session:
        return len(session.execute(select(table)).all())


def test_every_rule_lets_go_of_what_is_older_and_keeps_what_is_not(kept: Kept) -> None:
    database, mailer, texter, at = kept
    account = signed_in.make(database, AccountKind.PRIVATE_CLIENT)
    made = rows_of(account.id)
    assert set(made) == {rule.name for rule in retention.RULES}
    with database.writing() as session:
        for name in made:
            kept_for = next(rule.kept_for for rule in retention.RULES if rule.name == name)
            # Audience and what is counted by day is kept for whole days.
            for which, begun in (("old", at - kept_for - 2 * DAY), ("young", at - kept_for + timedelta(hours=1))):
                for row in made[name](f"{which} {name}".replace(" ", "-"), begun):
                    session.add(row)
                    session.flush()
    before = {item.rule.table_name: item.due for item in retention.standings(database, at)}
    assert set(before.values()) == {1}
    retention.sweep_all(database, mailer, texter, at)
    after = retention.standings(database, at)
    assert [(item.rule.table_name, item.due) for item in after if item.due] == []
    for rule in retention.RULES:
        # The young ones; what was said goes, the mail and the SMS stay; one's own account and the entry about dropping.
        # A pick forgets by which search; it and the client's list stay.
        more = 1 if rule.table in {MailRow, SmsRow, Account, Notice, ShortlistItem} else 0
        # What a declaration that was given up said goes, and it stays.
        more = 1 if rule.table is OwnershipDeclaration else more
        # The paper and the declaration that were given up are in the log too.
        more = {Shortlist: 2, AuditEntry: 3}.get(rule.table, more)
        assert count(database, rule.table) == 1 + more, rule.table_name
    with database.reading() as session:
        cleared = session.get_one(MailRow, "old-mails.kept")
        assert (cleared.recipient, cleared.values) == ("", None)
        silenced = session.get_one(SmsRow, "old-sms.kept")
        assert (silenced.recipient, silenced.text) == ("", "")
        picked = {item.shortlist_id: item for item in session.execute(select(ShortlistItem)).scalars()}
        assert (picked["old-audience.kept"].finding, picked["old-audience.kept"].note) == (None, "kept")
        assert picked["young-audience.kept"].finding
        said = (
            session.execute(select(AuditEntry).where(col(AuditEntry.action) == "old_entries_dropped")).scalars().one()
        )
        assert said.details == {"count": 1}


def test_an_account_that_nobody_confirms_goes_with_all_that_it_brought(
    kept: Kept,
) -> None:
    database, _, _, at = kept
    for kind, email in ((AccountKind.EXPERT, "expert@example.org"), (AccountKind.COMPANY, "company@example.org")):
        signed_up = Registration(
            kind, "Zéphyrine Quatrefages", "Quatrefages SARL", email, "+33612345678", "fr", "secret"
        )
        with database.writing() as session:
            registrations.register(session, signed_up, "hash", at=at)
    registrations.sweep(database, at + registrations.UNCONFIRMED_KEPT_FOR)
    assert count(database, Account) == 2
    registrations.sweep(database, at + registrations.UNCONFIRMED_KEPT_FOR + DAY)
    assert [count(database, table) for table in (Account, Client, Expert, MailedLink, MailRow)] == [0, 0, 0, 0, 0]


def test_the_database_lets_go_of_no_audit_entry_that_is_younger(database: Database) -> None:
    with database.writing() as session:
        audits.record(session, audits.SYSTEM, "started", "installation", "", at=clock.now())
    with pytest.raises(Exception, match="only added to"), database.writing() as session:
        audits.drop_old(session, at=clock.now() + 2 * audits.KEPT_FOR)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_privacy_page_says_how_long_each_thing_is_kept(language: Any) -> None:
    said = long_texts.read("privacy", language)
    internal = {"staged.kept", "schedules.kept", "salts.kept", "saved_searches.removed"}
    for rule in retention.RULES:
        if rule.name not in internal:
            assert {f"{{{{{rule.name}_days}}}}", f"{{{{{rule.name}_years}}}}"} & set(re.findall(r"{{.*?}}", said)), (
                rule.name
            )


def test_the_figures_of_the_privacy_page_are_those_of_the_rules() -> None:
    figures = texts.kept_figures()
    for rule in retention.RULES:
        assert figures[f"{rule.name}_days"] == str(rule.kept_for.days)
    assert figures["audit.kept_years"] == "5"
