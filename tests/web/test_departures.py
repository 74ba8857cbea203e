"""Who leaves ends first what others rely on; what only waited for an answer ends with them, and the others are told."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from accounts import suspensions
from accounts.models.accounts import Account, AccountKind
from accounts.sign_ins import SignedIn
from accounts.suspensions import Statement
from billing import refunds
from booking import disagreements, missions, unfinished
from booking.lifecycle import QuoteState
from booking.models.quotes import Quote
from booking.models.sheets import Offer
from booking.unfinished import Need, NotFinished
from foundation import clock
from foundation.audits import SYSTEM
from foundation.database import Database
from foundation.mails import MailRow
from tests import builders, signed_in
from tests.booking import quoted, quoting
from tests.booking.carried_out import Stage
from tests.personal_rows import PASSWORD_HASH
from tests.signed_in import PASSWORD
from web import privacy, terminations


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with builders.site(tmp_path_factory.mktemp("departures")) as found:
        yield found


def cancel(stage: Stage) -> None:
    with stage.database.writing() as session:
        missions.cancel(session, stage.client, stage.id, at=stage.now())


def ask_refund(stage: Stage) -> None:
    with stage.database.writing() as session:
        disagreements.ask_refund(session, stage.client, stage.id, 10_000, "Too much", at=stage.now())


def refund(stage: Stage) -> None:
    """Have all of the money be on its way back."""
    with stage.database.writing() as session:
        disagreements.ask_refund(session, stage.client, stage.id, 480_000, "Too much", at=stage.now())
        asked = disagreements.refund_in_question(session, stage.mission)
        assert asked
        refunds.consent(session, stage.expert, asked.id, "192.0.2.2", at=stage.now())
    stage.hear()


STAGES: dict[str, tuple[Callable[[Stage], object], Need | None]] = {
    "unpaid": (Stage.hear, Need.UNPAID),
    "cancelled": (cancel, None),
    "partly paid": (lambda stage: stage.pay(100), Need.MISSION),
    "held": (Stage.pay, Need.MISSION),
    "refund": (lambda stage: ask_refund(stage.pay()), Need.REFUND),
    "at work": (lambda stage: stage.pay().start(), Need.MISSION),
    "reported": (lambda stage: stage.pay().start().report(), Need.MISSION),
    "closed": (lambda stage: stage.pay().start().report().validate(), None),
    "on its way": (lambda stage: refund(stage.pay()), Need.ON_ITS_WAY),
}


@pytest.mark.parametrize("name", STAGES)
def test_nobody_goes_while_others_or_money_wait(database: Database, name: str) -> None:
    act, need = STAGES[name]
    stage = Stage(database).accept()
    act(stage)
    sides = {"clients": [str(stage.client.client_id)]}, {"experts": [str(stage.expert.expert_id)]}
    for side in sides:
        with database.reading() as session:
            found = unfinished.of(session, **{"experts": [], "clients": [], **side})
        assert [one.need for one in found] == ([need] if need else [])
    for who in (stage.client, stage.expert):
        if need is None:
            with database.writing() as session:
                privacy.erase(session, who.account_id, at=stage.now())
        else:
            with pytest.raises(NotFinished), database.writing() as session:
                privacy.erase(session, who.account_id, at=stage.now())
        with database.reading() as session:
            assert (session.get_one(Account, who.account_id).erased_at is None) is bool(need)


def told(database: Database, to: Account) -> list[tuple[str, str]]:
    with database.reading() as session:
        mails = session.execute(
            select(MailRow).where(col(MailRow.recipient) == to.email, col(MailRow.template) == "news")
        ).scalars()
        return [((mail.values or {}).get("code", ""), str((mail.values or {}).get("title"))) for mail in mails]


def test_experts_are_told_when_a_client_who_asked_them_is_erased(database: Database) -> None:
    berta, anne, bruno = quoting.client(database), quoting.expert(database), quoting.expert(database)
    quoting.offered(database, berta, bruno)
    answered = quoting.offered(database, berta, anne)
    quote = quoting.sent(database, anne, quoting.For(offer_id=answered.id))
    with database.writing() as session:
        privacy.erase(session, berta.id, at=quoted.AT)
    assert told(database, bruno) == [("client_gone", "Audit wanted")]
    assert told(database, anne)[-1:] == [("client_gone", "Customs audit")]
    assert len([code for code, _ in told(database, anne) if code == "client_gone"]) == 1
    with database.reading() as session:
        assert session.get_one(Quote, quote.id).state == QuoteState.WITHDRAWN
        assert session.execute(select(Offer)).first() is None
        mails = session.execute(select(MailRow)).scalars().all()
    assert "Berta" not in str([mail.values for mail in mails if (mail.values or {}).get("code") == "client_gone"])


def test_a_client_is_told_when_who_quoted_is_erased(database: Database) -> None:
    berta, anne = quoting.client(database), quoting.expert(database)
    quote = quoting.sent(database, anne, quoting.For(offer_id=quoting.offered(database, berta, anne).id))
    with database.writing() as session:
        privacy.erase(session, anne.id, at=quoted.AT)
    assert told(database, berta)[-1:] == [("expert_gone", "Customs audit")]
    with database.reading() as session:
        assert session.get_one(Quote, quote.id).state == QuoteState.WITHDRAWN


def stage_of(site: TestClient) -> Stage:
    database: Database = site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
    found = Stage(database)
    found.at = clock.now()
    return found.accept()


def be(site: TestClient, who: SignedIn) -> None:
    with stage_database(site).reading() as session:
        account = session.get_one(Account, who.account_id)
    signed_in.sign_in(site, account)


def stage_database(site: TestClient) -> Database:
    return site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("language", "said"), [("en", "What has to end first"), ("fr", "Ce qui doit d’abord se terminer")]
)
def test_the_page_says_what_has_to_end_with_the_way_there(site: TestClient, language: str, said: str) -> None:
    stage = stage_of(site)
    with stage.database.writing() as session:
        session.get_one(Account, stage.expert.account_id).password_hash = PASSWORD_HASH
    be(site, stage.expert)
    for answer, status in (
        (site.get(f"/account/erase?lang={language}"), 200),
        (site.post(f"/account/erase?lang={language}", data={"password": PASSWORD}), 409),
    ):
        assert answer.status_code == status
        assert said in answer.text
        assert f'href="/missions/{stage.id}"' in answer.text
        assert 'name="password"' not in answer.text


def test_operators_see_why_an_account_that_ended_is_still_there(site: TestClient) -> None:
    stage = stage_of(site)
    database = stage.database
    with database.writing() as session:
        account = session.get_one(Account, stage.expert.account_id)
        at = clock.now() - timedelta(days=40)
        statement = Statement("Section 5.", "Facts.", suspensions.earliest_end(at.date()))
        suspensions.suspend(session, account.id, statement, SYSTEM, at=at)
    terminations.run(database, clock.now())
    operator = signed_in.make(database, AccountKind.OPERATOR, "Olga")
    signed_in.sign_in(site, operator)
    page = site.get(f"/operator/people/{account.id}?lang=en").text
    assert 'data-testid="ends-first"' in page
    assert f'href="/missions/{stage.id}"' in page
    cancel(stage)
    terminations.run(database, clock.now())
    with database.reading() as session:
        assert session.get_one(Account, account.id).erased_at
