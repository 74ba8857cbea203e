"""Suspending: what is owed to whoever is suspended, who is shown meanwhile, and how it ends."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import accounts, experts, notice_decisions, notices, sign_ins, suspensions
from accounts.models.accounts import Account, AccountKind
from accounts.models.notices import Decision, Ground
from accounts.notice_decisions import Verdict
from accounts.notices import Draft, Notifier
from accounts.suspensions import State, Statement
from foundation import audits, mails
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.errors import Conflict, Invalid
from tests import signed_in
from tests.builders import directory, record

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
STATEMENT = Statement("Terms, section 5.", "Three reviews from one address.", date(2026, 12, 30))


@pytest.fixture
def expert(database: Database) -> Account:
    """Make an expert who is shown and available."""
    found = signed_in.make(database, AccountKind.EXPERT, "Zoe", phone="+33612345678")
    with database.writing() as session:
        ref = _expert(session, found).ref
        experts.change(session, ref, {"headline": "Customs", "summary": "Customs.", "is_visible": True}, at=AT)
    return found


def _expert(session: Any, account: Account) -> experts.Expert:
    (profile,) = experts.load(session, [account.expert_id or ""])
    return profile.expert


def suspend(database: Database, account: Account, statement: Statement = STATEMENT, at: datetime = AT) -> None:
    with database.writing() as session:
        suspensions.suspend(session, account.id, statement, SYSTEM, at=at)


def is_findable(database: Database, account: Account) -> bool:
    with database.reading() as session:
        asked = experts.findable_among(session, [account.expert_id or ""])
        assert bool(asked) == experts.is_findable(_expert(session, account)) == bool(experts.count_findable(session))
        return bool(asked)


def test_a_suspended_expert_is_not_shown_gets_reasons_and_facts_and_may_still_sign_in(
    database: Database, expert: Account
) -> None:
    with database.writing() as session:
        token = sign_ins.open_for(session, expert, "a test", at=AT)
    suspend(database, expert)
    assert not is_findable(database, expert)
    with database.reading() as session:
        (mail,) = mails.to_address(session, expert.email or "", 5)
        assert (mail.template, mail.values) == (
            "suspension",
            {"name": "Zoe", "reason": STATEMENT.reason, "facts": STATEMENT.facts, "terminates_on": "2026-12-30"},
        )
        found = sign_ins.find(session, token, at=AT)
        assert found
        assert found[0].is_suspended
        assert [entry.action for entry in audits.about(session, expert.id, accounts.KIND, limit=5)] == ["suspended"]


@pytest.mark.parametrize(
    ("form", "faulty"),
    [
        ({"reason": "Section 5", "facts": "Facts"}, set[str]()),
        ({"reason": " ", "facts": ""}, {"reason", "facts"}),
        ({"reason": "x" * 501, "facts": "y" * 5_001}, {"reason", "facts"}),
        ({"reason": "a", "facts": "b", "terminates_on": "2026-12-29"}, {"terminates_on"}),
        ({"reason": "a", "facts": "b", "terminates_on": "soon"}, {"terminates_on"}),
        ({"reason": "a", "facts": "b", "terminates_on": "2026-12-30"}, set[str]()),
    ],
)
def test_reason_and_facts_are_compulsory_and_the_end_is_thirty_days_off(form: dict[str, str], faulty: set[str]) -> None:
    found: set[str] = set()
    try:
        suspensions.check(form, "en", today=AT.date())
    except Invalid as error:
        found = {fault.field for fault in error.faults}
    assert found == faulty


def test_nobody_is_suspended_twice_nor_by_themselves(database: Database, expert: Account) -> None:
    suspend(database, expert)
    with pytest.raises(Conflict):
        suspend(database, expert)
    operator = signed_in.make(database, AccountKind.OPERATOR, "Olga")
    actor = audits.Actor(audits.ActorKind.ACCOUNT, operator.id)
    with database.writing() as session, pytest.raises(Conflict):
        suspensions.suspend(session, operator.id, STATEMENT, actor, at=AT)


def test_a_complaint_is_answered_by_upholding_or_by_lifting(database: Database, expert: Account) -> None:
    suspend(database, expert)
    with database.writing() as session:
        with pytest.raises(Conflict):
            suspensions.uphold(session, expert.id, "No complaint.", SYSTEM, at=AT)
        suspensions.complain(session, expert.id, "It was not me.", SYSTEM, at=AT)
        assert suspensions.count_complaints(session) == 1
        suspensions.uphold(session, expert.id, "It was.", SYSTEM, at=AT + timedelta(hours=1))
        assert suspensions.count_complaints(session) == 0
        suspensions.complain(session, expert.id, "Look again.", SYSTEM, at=AT)
        suspensions.lift(session, expert.id, "You are right.", SYSTEM, at=AT + timedelta(hours=2))
    with database.reading() as session:
        account = accounts.get(session, expert.id)
        assert (account.complaint, account.suspension_reason, account.terminates_on) == (None, None, None)
        answers = [mail.values for mail in mails.to_address(session, expert.email or "", 5) if mail.values]
    assert [item["is_lifted"] for item in answers if "is_lifted" in item] == [True, False]
    with database.writing() as session, pytest.raises(Conflict):
        suspensions.complain(session, expert.id, "Why?", SYSTEM, at=AT)


def test_an_account_ends_on_its_day_and_not_before(database: Database, expert: Account) -> None:
    with database.writing() as session:
        token = sign_ins.open_for(session, expert, "a test", at=AT + timedelta(days=20))
    suspend(database, expert)
    with database.writing() as session:
        suspensions.terminate(session, expert.id, at=AT + timedelta(days=29))
        assert suspensions.state_of(accounts.get(session, expert.id)) is State.SUSPENDED
        assert suspensions.nearing(session, date(2026, 12, 24), within=timedelta(days=7))
        assert not suspensions.nearing(session, date(2026, 12, 22), within=timedelta(days=7))
        suspensions.complain(session, expert.id, "It was not me.", SYSTEM, at=AT)
        suspensions.terminate(session, expert.id, at=AT + timedelta(days=31))
        assert suspensions.state_of(accounts.get(session, expert.id)) is State.SUSPENDED
        suspensions.uphold(session, expert.id, "It was.", SYSTEM, at=AT)
        for _ in range(2):
            suspensions.terminate(session, expert.id, at=AT + timedelta(days=31))
    with database.reading() as session:
        assert suspensions.state_of(accounts.get(session, expert.id)) is State.TERMINATED
        assert sign_ins.find(session, token, at=AT + timedelta(days=31)) is None
        entries = audits.entries(session, object_kind=accounts.KIND, object_id=expert.id, action="terminated")
        assert len(entries) == 1
    assert not is_findable(database, expert)
    with database.writing() as session, pytest.raises(Conflict):
        suspensions.lift(session, expert.id, "Too late.", SYSTEM, at=AT)


def test_no_account_ends_without_thirty_days_whatever_its_row_says() -> None:
    hasty = Account(kind="expert", email="a@b.fr", name="A", language="fr", created_at=AT)
    hasty.suspended_at, hasty.terminates_on = AT, date(2026, 12, 1)
    assert not suspensions.may_end(hasty, date(2026, 12, 29))
    assert suspensions.may_end(hasty, date(2026, 12, 30))
    hasty.terminates_on = None
    assert not suspensions.may_end(hasty, date(2030, 1, 1))


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Account]]:
    """Give one expert with an account, for many stories."""
    folder: Path = tmp_path_factory.mktemp("stories")
    with directory(folder, [record("T001")]) as found:
        with found.database.reading() as session:
            expert_id = experts.get(session, "T001").id
        yield found.database, signed_in.make(found.database, AccountKind.EXPERT, "Zoe", expert_id=expert_id)


STEPS = st.lists(st.sampled_from(["suspend", "lift", "show", "hide", "withhold", "release"]), max_size=12)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_a_suspended_expert_is_never_findable_and_gets_back_the_preference_they_had(
    shared: tuple[Database, Account], steps: list[str]
) -> None:
    database, account = shared
    with database.writing() as session:
        wishes, is_suspended, notice_id = True, False, ""
        experts.show(session, "T001", at=AT)
        for step in steps:
            if step in {"show", "hide"}:
                wishes = step == "show"
                (experts.show if wishes else experts.hide)(session, "T001", at=AT)
            elif step == "suspend" and not is_suspended:
                suspensions.suspend(session, account.id, STATEMENT, SYSTEM, at=AT)
                is_suspended = True
            elif step == "lift" and is_suspended:
                suspensions.lift(session, account.id, "Yes.", SYSTEM, at=AT)
                is_suspended = False
            elif step == "withhold" and not notice_id:
                notice_id = _withhold(session)
            elif step == "release" and notice_id:
                notice_decisions.undo(session, notice_id, SYSTEM, at=AT)
                notice_id = ""
            session.flush()
            expert = experts.get(session, "T001")
            assert expert.is_visible == wishes
            assert experts.is_findable(expert) == (wishes and not is_suspended and not notice_id)
            assert experts.findable_among(session, [expert.id]) == (
                {expert.id} if experts.is_findable(expert) else set()
            )
        session.rollback()


def _withhold(session: Any) -> str:
    draft = Draft(Ground.OTHER, "Unlawful.", Notifier("Ben", "ben@example.org"), "en")
    notice = notices.send(session, draft, experts.get(session, "T001"), None, at=AT)
    verdict = Verdict(Decision.PROFILE_HIDDEN, "The law.", "Facts.")
    notice_decisions.decide(session, notice.id, verdict, SYSTEM, at=AT)
    return notice.id
