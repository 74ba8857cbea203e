"""The second factor: codes of an authenticator app (TOTP, RFC 6238), and recovery codes for when it is lost.

Its owner is mailed about every change (OWASP ASVS 5.0 §6.3.7): whoever made it from a stolen browser is found out.
"""

import secrets
from datetime import datetime

from pyotp import random_base32
from pyotp.totp import TOTP
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts import accounts
from accounts.models.accounts import Account, RecoveryCode
from accounts.sign_ins import hashed
from foundation import audits, keys
from foundation.audits import Actor
from foundation.settings import Settings

STEP_S = 30
DRIFT_STEPS = 1
"""How far an app's clock may be off: one step either way."""
RECOVERY_CODES = 10
PURPOSE = "second factor"
_ACTIONS = {
    "added": "second_factor_added",
    "removed": "second_factor_removed",
    "codes_renewed": "recovery_codes_renewed",
}
"""What the audit log calls each change."""
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def start(session: Session, account_id: str, settings: Settings) -> str:
    """Return the secret that an app is to learn; nothing is asked for before `confirm`. Kept over several tries."""
    account = accounts.take(session, account_id)
    kept = account.second_factor_secret and keys.decrypt(settings, PURPOSE, account.second_factor_secret)
    if kept and account.second_factor_since is None:
        return kept
    secret = random_base32()
    account.second_factor_secret, account.second_factor_since = keys.encrypt(settings, PURPOSE, secret), None
    session.add(account)
    return secret


def address(secret: str, email: str) -> str:
    """Return the otpauth address that apps read from a picture."""
    return TOTP(secret).provisioning_uri(name=email, issuer_name="Portulan")


def confirm(
    session: Session, account_id: str, code: str, settings: Settings, actor: Actor, *, at: datetime
) -> list[str] | None:
    """Ask for codes from now on, if the app knows the secret; return the recovery codes, which are not shown again."""
    account = accounts.take(session, account_id)
    if account.second_factor_since or not _takes_code(account, code, settings, at):
        return None
    account.second_factor_since = at
    session.add(account)
    _record(session, account, actor, "added", at=at)
    return _new_recovery_codes(session, account_id)


def check(session: Session, account_id: str, code: str, settings: Settings, *, at: datetime) -> bool:
    """Tell whether a code lets an account in; none, of the app or for recovery, does so twice."""
    account = accounts.take(session, account_id)
    if account.second_factor_since is None:
        return False
    return _takes_code(account, code, settings, at) or _takes_recovery_code(session, account_id, code, at)


def remove(session: Session, account_id: str, actor: Actor, *, at: datetime) -> None:
    """Ask for no code any more."""
    account = accounts.take(session, account_id)
    account.second_factor_secret = account.second_factor_since = None
    session.add(account)
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    _record(session, account, actor, "removed", at=at)


def renew_recovery_codes(session: Session, account_id: str, actor: Actor, *, at: datetime) -> list[str]:
    """Return new recovery codes; the old ones are void."""
    _record(session, accounts.take(session, account_id), actor, "codes_renewed", at=at)
    return _new_recovery_codes(session, account_id)


def count_recovery_codes(session: Session, account_id: str) -> int:
    """Count the recovery codes that are left."""
    left = select(RecoveryCode).where(col(RecoveryCode.account_id) == account_id, col(RecoveryCode.used_at).is_(None))
    return len(session.execute(left).scalars().all())


def _takes_code(account: Account, code: str, settings: Settings, at: datetime) -> bool:
    """Tell whether it is the app's code of about now, and not one that was used; note its step."""
    secret = account.second_factor_secret and keys.decrypt(settings, PURPOSE, account.second_factor_secret)
    digits = "".join(code.split())
    if not secret or not (digits.isascii() and digits.isdigit()):
        return False
    now = int(at.timestamp()) // STEP_S
    app = TOTP(secret)
    for step in range(max(now - DRIFT_STEPS, account.second_factor_step + 1), now + DRIFT_STEPS + 1):
        if secrets.compare_digest(app.generate_otp(step), digits):
            account.second_factor_step = step
            return True
    return False


def _takes_recovery_code(session: Session, account_id: str, code: str, at: datetime) -> bool:
    statement = (
        update(RecoveryCode)
        .where(col(RecoveryCode.account_id) == account_id, col(RecoveryCode.used_at).is_(None))
        .where(col(RecoveryCode.code_hash) == hashed("-".join(code.lower().replace("-", " ").split())))
        .values(used_at=at)
        .returning(col(RecoveryCode.code_hash))
    )
    return session.execute(statement).first() is not None


def _record(session: Session, account: Account, actor: Actor, change: str, *, at: datetime) -> None:
    audits.record(session, actor, _ACTIONS[change], accounts.KIND, account.id, at=at)
    accounts.tell(session, account, "second_factor_changed", at=at, change=change)


def _new_recovery_codes(session: Session, account_id: str) -> list[str]:
    session.execute(delete(RecoveryCode).where(col(RecoveryCode.account_id) == account_id))
    codes = ["-".join(_letters() for _ in range(3)) for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCode(code_hash=hashed(code), account_id=account_id) for code in codes)
    return codes


def _letters() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(4))
