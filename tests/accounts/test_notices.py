"""Notices: what has to be said, what is decided, and that taking a decision back leaves nothing of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from accounts import experts, exports, imports, notice_decisions, notices, review_priors, suspensions
from accounts.experts import Profile
from accounts.models.accounts import Account, AccountKind
from accounts.models.notices import Decision, Ground, Notice
from accounts.notice_decisions import Verdict
from accounts.notices import Draft, Notifier
from foundation import audits, mails
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.errors import Conflict, Invalid
from taxonomy.wordlists import Wordlists
from tests import signed_in
from tests.builders import import_all, lines, record

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
WHOLE = {"ground": "fraud", "explanation": "False.", "name": "Ben", "email": "Ben@Example.org", "good_faith": "yes"}
REVIEWS = [
    {"skill": "Douane", "rating": 5, "on": "2026-03-14", "comment": "Bien."},
    {"skill": "Douane", "rating": 1, "on": "2026-02-01", "comment": "Voleur."},
]
RECORD = record("T001", sectors=["Vin"], reviews=REVIEWS)


@pytest.fixture
def owner(database: Database) -> Account:
    """Make a reviewed expert with an account."""
    import_all(database, [RECORD])
    with database.reading() as session:
        expert_id = experts.get(session, "T001").id
    return signed_in.make(database, AccountKind.EXPERT, "Zoe", expert_id=expert_id)


def profile(database: Database) -> Profile:
    with database.reading() as session:
        (found,) = experts.load(session, [experts.get(session, "T001").id])
        session.expunge_all()
        return found


def send(database: Database, *, about_review: bool, notifier: Notifier | None = None) -> Notice:
    found = profile(database)
    bad = next(review for review in found.reviews if review.rating == 1) if about_review else None
    draft = Draft(Ground.DEFAMATION, "It insults.", notifier or Notifier("Ben", "ben@example.org"), "en")
    with database.writing() as session:
        return notices.send(session, draft, found.expert, bad, at=AT)


def decide(database: Database, notice: Notice, decision: Decision, at: datetime = AT) -> None:
    with database.writing() as session:
        notice_decisions.decide(session, notice.id, Verdict(decision, "Section 5.", "Facts."), SYSTEM, at=at)


def undo(database: Database, notice: Notice) -> None:
    with database.writing() as session:
        notice_decisions.undo(session, notice.id, SYSTEM, at=AT + timedelta(hours=1))


def told(database: Database, address: str) -> list[tuple[str, str]]:
    with database.reading() as session:
        found = mails.to_address(session, address, 20)
        return sorted((mail.template, (mail.values or {}).get("decision", "")) for mail in found)


@pytest.mark.parametrize(
    ("changes", "faulty"),
    [
        ({}, set[str]()),
        ({"ground": "boring"}, {"ground"}),
        ({"explanation": "  "}, {"explanation"}),
        ({"explanation": "x" * 5_001}, {"explanation"}),
        ({"good_faith": ""}, {"good_faith"}),
        ({"name": "", "email": ""}, {"name", "email"}),
        ({"name": "", "email": "", "ground": "child_abuse"}, set[str]()),
        ({"email": "nowhere", "ground": "child_abuse"}, {"email"}),
    ],
)
def test_a_notice_needs_all_that_the_law_names(changes: dict[str, str], faulty: set[str]) -> None:
    found: set[str] = set()
    try:
        notices.check(WHOLE | changes, "en")
    except Invalid as error:
        found = {fault.field for fault in error.faults}
    assert found == faulty


def test_only_about_one_ground_the_database_takes_a_nameless_notice(database: Database, owner: Account) -> None:
    del owner
    with pytest.raises(Exception, match="who_may_be_nameless"):
        send(database, about_review=True, notifier=Notifier())


def test_a_notice_is_confirmed_and_its_decision_is_told_to_both_sides(database: Database, owner: Account) -> None:
    notice = send(database, about_review=True)
    assert told(database, "ben@example.org") == [("notice_received", "")]
    assert told(database, owner.email or "") == []
    decide(database, notice, Decision.REVIEW_HIDDEN)
    assert told(database, "ben@example.org") == [("notice_decided", "review_hidden"), ("notice_received", "")]
    assert told(database, owner.email or "") == [("notice_decided", "review_hidden")]
    with pytest.raises(Conflict):
        decide(database, notice, Decision.NO_ACTION)
    undo(database, notice)
    assert told(database, owner.email or "") == [("notice_decided", "reopened"), ("notice_decided", "review_hidden")]
    with pytest.raises(Conflict):
        undo(database, notice)
    with database.reading() as session:
        assert notices.count_open(session) == 1
        actions = [entry.action for entry in audits.entries(session, object_kind=notices.KIND)]
    assert actions == ["notice_reopened", "notice_decided", "notice_sent"]


def test_a_profile_that_stays_as_it_is_hears_of_no_notice(database: Database, owner: Account) -> None:
    decide(database, send(database, about_review=False), Decision.NO_ACTION)
    assert told(database, "ben@example.org") == [("notice_decided", "no_action"), ("notice_received", "")]
    assert told(database, owner.email or "") == []


def test_an_expert_who_objects_is_answered_once(database: Database, owner: Account) -> None:
    notifier = Notifier("Zoe", owner.email, owner.id)
    notice = send(database, about_review=True, notifier=notifier)
    assert notice.kind == "objection"
    decide(database, notice, Decision.NO_ACTION)
    assert told(database, owner.email or "") == [("notice_decided", "no_action"), ("notice_received", "")]


def test_a_hidden_review_counts_no_more_and_comes_back_whole(
    database: Database, owner: Account, wordlists: Wordlists
) -> None:
    del owner
    before, sector = profile(database), wordlists.sector_key("Vin")
    with database.reading() as session:
        mean_before = review_priors.means(session, wordlists)[sector]
    first, second = (send(database, about_review=True) for _ in range(2))
    decide(database, first, Decision.COMMENT_HIDDEN)
    muted = profile(database)
    assert ([review.rating for review in muted.reviews], len(muted.muted)) == ([5, 1], 1)
    decide(database, second, Decision.REVIEW_HIDDEN)
    hidden = profile(database)
    assert [review.rating for review in hidden.reviews] == [5]
    assert [review.rating for review in hidden.hidden] == [1]
    assert hidden.expert.version == before.expert.version + 2
    with database.reading() as session:
        assert review_priors.means(session, wordlists)[sector] > mean_before
    undo(database, second)
    assert (profile(database).hidden, len(profile(database).muted)) == ((), 1)
    undo(database, first)
    assert (profile(database).hidden, profile(database).muted) == ((), frozenset())


def test_another_import_brings_no_hidden_review_back(database: Database, owner: Account) -> None:
    del owner
    decide(database, send(database, about_review=True), Decision.REVIEW_HIDDEN)
    with database.reading() as session:
        exported = list(exports.lines(session))
    assert b"Voleur." in exported[0]
    assert imports.run(database, iter(exported), at=AT).unchanged == 1
    changed = {**RECORD, "headline": "Another", "reviews": [*REVIEWS, {**REVIEWS[0], "rating": 4}]}
    assert imports.run(database, lines([changed]), at=AT).updated == 1
    assert sorted(review.rating for review in profile(database).reviews) == [4, 5]


def test_a_suspension_by_a_notice_ends_with_its_undoing_and_no_other_one_does(
    database: Database, owner: Account
) -> None:
    notice = send(database, about_review=False)
    decide(database, notice, Decision.SUSPENDED)
    assert told(database, owner.email or "") == [("suspension", "")]
    assert profile(database).expert.is_withheld
    undo(database, notice)
    assert not profile(database).expert.is_withheld
    decide(database, notice, Decision.SUSPENDED, at=AT + timedelta(days=1))
    with database.writing() as session:
        suspensions.lift(session, owner.id, "Yes.", SYSTEM, at=AT + timedelta(days=2))
        again = suspensions.Statement("Section 6.", "Other facts.")
        suspensions.suspend(session, owner.id, again, SYSTEM, at=AT + timedelta(days=3))
    undo(database, notice)
    assert profile(database).expert.is_withheld


def test_what_can_be_decided_depends_on_what_it_is_about(database: Database, owner: Account) -> None:
    about_profile = send(database, about_review=False)
    assert Decision.REVIEW_HIDDEN not in notice_decisions.possible(about_profile, owner)
    assert Decision.SUSPENDED not in notice_decisions.possible(about_profile, None)
    with pytest.raises(Conflict):
        decide(database, about_profile, Decision.COMMENT_HIDDEN)


def test_notices_are_listed_a_page_at_a_time(database: Database, owner: Account) -> None:
    del owner
    sent = [send(database, about_review=False) for _ in range(5)]
    for notice in sent[3:]:
        decide(database, notice, Decision.NO_ACTION)
    assert sorted(_all(database, is_decided=False)) == sorted(notice.id for notice in sent[:3])
    assert sorted(_all(database, is_decided=True)) == sorted(notice.id for notice in sent[3:])


def _all(database: Database, *, is_decided: bool) -> Iterator[str]:
    after: Any = ""
    with database.reading() as session:
        while page := notices.listed(session, is_decided=is_decided, limit=1, after=after):
            after = page[0].id
            yield after


def test_who_sent_a_notice_is_forgotten_long_after_the_decision_which_may_still_be_taken_back(
    database: Database, owner: Account
) -> None:
    sent = [
        send(database, about_review=False),
        send(database, about_review=True, notifier=Notifier("Zoe", owner.email, owner.id)),
        send(database, about_review=False, notifier=Notifier(account_id=owner.id)),
    ]
    waiting = send(database, about_review=False)
    for notice in sent:
        decide(database, notice, Decision.NO_ACTION)
    with database.writing() as session:
        notices.sweep(session, at=AT + notices.SENDERS_KEPT_FOR)
        assert [notices.get(session, notice.id).sender_dropped_at for notice in sent] == [None] * 3
    later = AT + notices.SENDERS_KEPT_FOR + timedelta(days=1)
    with database.writing() as session:
        notices.sweep(session, at=later)
    with database.writing() as session:
        for notice in sent:
            kept = notices.get(session, notice.id)
            assert (kept.notifier_name, kept.notifier_email, kept.account_id) == (None, None, None)
            assert (kept.sender_dropped_at, kept.explanation) == (later, notice.explanation)
            notice_decisions.undo(session, notice.id, SYSTEM, at=later)
        assert notices.get(session, waiting.id).notifier_email == "ben@example.org"


def test_a_notice_that_still_waits_can_not_lose_who_sent_it(database: Database, owner: Account) -> None:
    del owner
    notice = send(database, about_review=False)
    with pytest.raises(IntegrityError), database.writing() as session:
        session.get_one(Notice, notice.id).notifier_email = None


def test_erasing_an_account_leaves_its_notices_without_a_name(database: Database, owner: Account) -> None:
    signed = send(database, about_review=True, notifier=Notifier("Zoe", owner.email, owner.id))
    by_mail = send(database, about_review=False, notifier=Notifier("Zoe", owner.email))
    other = send(database, about_review=False)
    with database.writing() as session:
        notices.forget(session, owner.id, owner.email)
    with database.reading() as session:
        for notice in (signed, by_mail):
            kept = notices.get(session, notice.id)
            assert (kept.notifier_name, kept.notifier_email, kept.account_id) == (None, None, owner.id)
            assert kept.explanation == ""
        assert notices.get(session, other.id).notifier_email == "ben@example.org"
