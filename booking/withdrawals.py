"""A private client withdraws from a contract that was made at a distance (mission row B11).

Within fourteen days and without a reason (code de la consommation, L. 221-18), by a function on the page (L. 221-21).
Before the work has begun, all money goes back and nobody has to agree. Once it has begun, as the client had asked, the
part that was done by then is owed (L. 221-25): the expert states it, and what is beyond goes back.
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from accounts.models.accounts import Client
from accounts.sign_ins import SignedIn
from billing import escrows, refunds
from booking import disagreements, duties, funds, mission_news, missions, withdrawal_rules
from booking.lifecycle import MISSIONS, MissionEvent, MissionState, Party
from booking.models.missions import Mission
from booking.models.withdrawals import Withdrawal
from foundation import audits
from foundation.errors import Conflict, Fault, Invalid, NotFound
from foundation.i18n import Language, message, translate
from foundation.lifecycles import move

FULL = 100


class TooLate(Conflict):
    """The days in which one may withdraw are over, or there is nothing to withdraw from any more."""


def until(mission: Mission, client: Client) -> date | None:
    """Return the last day on which a mission's client may withdraw; None for companies, and once it is over. Pure."""
    is_open = MISSIONS.allows(MissionState(mission.state), MissionEvent.WITHDRAW, Party.CLIENT)
    return withdrawal_rules.last_day(duties.day_of(mission.made_at)) if client.is_person and is_open else None


def owes_share(mission: Mission) -> bool:
    """Tell whether what was done is owed: work has begun, which it may only as the client had asked when signing. Pure.

    Nothing would be owed to who began without that (L. 221-25): `first_days` keeps them from it. In portage it is the
    portage company that reckons.
    """
    return mission.started_at is not None and funds.uses_escrow(mission)


def of(session: Session, mission: Mission) -> Withdrawal | None:
    """Return the withdrawal from a mission."""
    return session.get(Withdrawal, mission.id)


def withdraw(
    session: Session, who: SignedIn, mission_id: str, *, address: str, language: Language, at: datetime
) -> Withdrawal:
    """Withdraw in the client's name; raise NotFound, or TooLate. Saying it again changes nothing."""
    mission, party = missions.take(session, who, mission_id)
    if party is not Party.CLIENT:
        raise NotFound("only the client withdraws")
    if known := of(session, mission):
        return known
    last = until(mission, session.get_one(Client, mission.client_id))
    if last is None or duties.day_of(at) > last:
        raise TooLate("the days in which one may withdraw are over")
    found = Withdrawal(mission_id=mission.id, account_id=who.account_id, address=address, withdrawn_at=at)
    session.add(found)
    audits.record(session, who.actor, "withdrew", MISSIONS.kind, mission.id, at=at)
    if not owes_share(mission):
        _end(session, who, mission, at)
        mission_news.tell_expert(session, mission, "withdrawn", at=at)
    else:
        _ask_for_rest(session, who, mission, language, at)
        mission_news.tell_expert(session, mission, "withdrawn_share_wanted", at=at, anchor="share")
    mission_news.tell_client(session, mission, "withdrawal_received", at=at, day=duties.day_of(at).isoformat())
    return found


def check_share(text: str, language: Language) -> int:
    """Return a share in percent; raise Invalid. Pure."""
    digits = text.strip().removesuffix("%").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 3 and int(digits) <= FULL):
        reason = translate(language, message("Please give a whole number from 0 to 100."))
        raise Invalid([Fault("done_percent", "no_share", reason)])
    return int(digits)


def state_share(
    session: Session, who: SignedIn, mission_id: str, done_percent: int, *, address: str, at: datetime
) -> None:
    """State in the expert's name what of the work was done; the rest goes back by this statement.

    What was done stays due, and is released as always: once it is reported and validated. A statement that all is done
    sends nothing back: both sides and the operators then see a refund in question.
    """
    mission, party = missions.take(session, who, mission_id)
    found = of(session, mission)
    refund = disagreements.refund_in_question(session, mission)
    if party is not Party.EXPERT or found is None:
        raise NotFound("nobody withdrew from this mission")
    if found.stated_at is not None or refund is None:
        raise Conflict("the share was stated already, or nothing is in question")
    found.done_percent, found.stated_at = done_percent, at
    session.add(found)
    audits.record(session, who.actor, "stated_share", MISSIONS.kind, mission.id, at=at, done_percent=done_percent)
    cents = rest_cents(refund.cents, done_percent)
    if cents:
        refunds.consent(session, who, refund.id, address, at=at, cents=cents)
    else:
        refunds.refuse(session, who, refund.id, f"{FULL} %", at=at)


def rest_cents(cents: int, done_percent: int) -> int:
    """Return what goes back of an amount, in favour of the client by less than a cent. Pure."""
    return cents - cents * done_percent // FULL


def _end(session: Session, who: SignedIn, mission: Mission, at: datetime) -> None:
    """End the mission, and give all money back."""
    refund = disagreements.refund_in_question(session, mission)
    if refund:
        refunds.withdraw(session, who, refund.id, at=at)
    if mission.funded_at is None:
        funds.expect_no_more(session, mission, at=at)
    elif funds.uses_escrow(mission):
        escrows.give_back(session, mission.id, who.actor, at)
    move(session, MISSIONS, mission, MissionEvent.WITHDRAW, Party.CLIENT, actor=who.actor, at=at)
    missions.cancelled(session, mission, Party.CLIENT, actor=who.actor, at=at)


def _ask_for_rest(session: Session, who: SignedIn, mission: Mission, language: Language, at: datetime) -> None:
    if mission.state == MissionState.REFUND_IN_QUESTION:
        return
    amounts = escrows.of(session, mission.id).amounts
    reason = translate(language, message("I withdraw from the contract within the 14 days of the law."))
    disagreements.ask_refund(session, who, mission.id, min(amounts.held, amounts.due), reason, at=at)
