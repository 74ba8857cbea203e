from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyotp.totp import TOTP

from accounts import second_factors
from accounts.models.accounts import Account, AccountKind
from foundation import audits, mails
from foundation.audits import SYSTEM
from foundation.database import Database
from tests import signed_in
from tests.builders import settings_in

AT = datetime(2026, 11, 30, 9, tzinfo=UTC)
STEP = timedelta(seconds=30)


def started(database: Database, settings: object) -> tuple[Account, TOTP]:
    account = signed_in.make(database, AccountKind.EXPERT)
    with database.writing() as session:
        secret = second_factors.start(session, account.id, settings)  # pyright: ignore[reportArgumentType]
    return account, TOTP(secret)


def test_nothing_is_asked_for_before_the_app_has_shown_that_it_knows_the_secret(
    database: Database, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    account, app = started(database, settings)
    with database.writing() as session:
        assert second_factors.start(session, account.id, settings) == app.secret
        assert second_factors.confirm(session, account.id, "000000", settings, SYSTEM, at=AT) is None
        assert not second_factors.check(session, account.id, app.at(AT), settings, at=AT)
        codes = second_factors.confirm(session, account.id, app.at(AT), settings, SYSTEM, at=AT)
    assert codes is not None
    assert len(set(codes)) == second_factors.RECOVERY_CODES
    with database.reading() as session:
        kept = session.get_one(Account, account.id).second_factor_secret
    assert kept
    assert app.secret not in kept


def test_a_code_is_taken_once_within_a_step_of_its_time(database: Database, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    account, app = started(database, settings)
    with database.writing() as session:
        second_factors.confirm(session, account.id, app.at(AT), settings, SYSTEM, at=AT)

    def takes(code: str, at: datetime) -> bool:
        with database.writing() as session:
            return second_factors.check(session, account.id, code, settings, at=at)

    assert not takes(app.at(AT), AT)  # it confirmed, and is used up
    later = AT + 10 * STEP
    assert not takes(app.at(later - 2 * STEP), later)
    assert not takes(app.at(later + 2 * STEP), later)
    for wrong in ("", "abc", "٠٠٠٠٠٠", "1" * 10_000):
        assert not takes(wrong, later)
    assert takes(app.at(later - STEP), later)
    assert takes(f" {app.at(later)[:3]} {app.at(later)[3:]} ", later)
    assert not takes(app.at(later - STEP), later)
    assert takes(app.at(later + STEP), later)


def test_each_recovery_code_lets_in_once_and_new_ones_end_the_old(database: Database, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    account, app = started(database, settings)
    with database.writing() as session:
        codes = second_factors.confirm(session, account.id, app.at(AT), settings, SYSTEM, at=AT) or []
        assert second_factors.check(session, account.id, codes[0].upper().replace("-", " "), settings, at=AT)
        assert not second_factors.check(session, account.id, codes[0], settings, at=AT)
        assert second_factors.count_recovery_codes(session, account.id) == len(codes) - 1
        fresh = second_factors.renew_recovery_codes(session, account.id, SYSTEM, at=AT)
        assert not second_factors.check(session, account.id, codes[1], settings, at=AT)
        assert second_factors.check(session, account.id, fresh[1], settings, at=AT)
        second_factors.remove(session, account.id, SYSTEM, at=AT)
        assert not second_factors.check(session, account.id, fresh[2], settings, at=AT)


def test_whoever_owns_the_account_is_mailed_about_every_change_and_the_log_knows_it(
    database: Database, tmp_path: Path
) -> None:
    settings = settings_in(tmp_path)
    account, app = started(database, settings)
    with database.writing() as session:
        second_factors.confirm(session, account.id, "000000", settings, SYSTEM, at=AT)
        assert mails.to_address(session, account.email or "", 5) == []
        second_factors.confirm(session, account.id, app.at(AT), settings, SYSTEM, at=AT)
        second_factors.renew_recovery_codes(session, account.id, SYSTEM, at=AT + STEP)
        second_factors.remove(session, account.id, SYSTEM, at=AT + 2 * STEP)
        told = [(mail.template, mail.values) for mail in mails.to_address(session, account.email or "", 5)]
        kept = [entry.action for entry in audits.entries(session, object_id=account.id)]
    changes = ("removed", "codes_renewed", "added")
    assert told == [("second_factor_changed", {"name": account.name, "change": change}) for change in changes]
    assert kept == ["second_factor_removed", "recovery_codes_renewed", "second_factor_added"]
