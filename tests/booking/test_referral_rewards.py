"""A closed mission rewards whoever brought one of the two here; one that is not closed rewards nobody."""

from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import Account
from billing import referrals
from billing.models.reductions import Reduction
from booking import referral_rewards
from foundation.database import Database
from foundation.mails import MailRow
from foundation.settings import Settings
from tests.booking import quoted
from tests.booking.carried_out import Stage
from tests.booking.quoted import AT


def earned(database: Database) -> list[str]:
    with database.reading() as session:
        return [reduction.expert_id for reduction in session.execute(select(Reduction)).scalars()]


def test_a_sponsor_is_rewarded_once_the_first_mission_is_closed(database: Database) -> None:
    stage = Stage(database)
    sponsor = quoted.expert(database)
    with database.writing() as session:
        code = referrals.make_code(session, sponsor, AT)
        referred = session.get_one(Account, stage.expert.account_id)
        known_since, referred.email_confirmed_at = referred.email_confirmed_at, None
        session.flush()
        referrals.note(session, referred.id, code, AT)
        referred.email_confirmed_at = known_since
    stage.accept().pay().start().report()
    referral_rewards.follow(database, Settings(), [stage.id, "no mission"], stage.at)
    assert earned(database) == []
    stage.validate()
    for _ in range(2):
        referral_rewards.follow(database, Settings(), [stage.id], stage.at)
    with database.reading() as session:
        [outcome] = referrals.of(session, sponsor.expert_id or "")
    assert (outcome.referral.completed_by, outcome.referral.refusal) == (stage.id, None)
    assert earned(database) == [sponsor.expert_id]
    with database.reading() as session:
        mails = session.execute(select(MailRow).where(col(MailRow.recipient) == sponsor.email)).scalars().all()
    assert [(mail.values or {}).get("code") for mail in mails] == ["referral_earned"]


def test_who_earns_nothing_gets_no_mail(database: Database) -> None:
    stage = Stage(database)
    sponsor = quoted.expert(database)
    with database.writing() as session:
        code = referrals.make_code(session, sponsor, AT)
        referred = session.get_one(Account, stage.client.account_id)
        known_since, referred.email_confirmed_at = referred.email_confirmed_at, None
        session.flush()
        referrals.note(session, referred.id, code, AT)
        referred.email_confirmed_at = known_since
    stage.accept().pay().start().report().validate()
    referral_rewards.follow(database, Settings(referred_clients_earn=False), [stage.id], stage.at)
    assert earned(database) == []
    with database.reading() as session:
        assert session.execute(select(MailRow).where(col(MailRow.recipient) == sponsor.email)).first() is None
