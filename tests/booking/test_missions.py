import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlmodel import col

from accounts.models.accounts import Role
from accounts.models.experts import Review
from billing import refunds
from booking import disagreements, missions, overtakings, reminders, reports, reviews, sheets, signatures
from booking.funds import FundsLack
from booking.lifecycle import MissionEvent, MissionState, OfferState, QuoteState
from booking.missions import Frozen
from booking.models.quotes import Quote
from booking.models.sheets import Offer, Sheet
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from foundation.lifecycles import Refused
from foundation.mails import MailRow
from foundation.outbox import OutboxRow
from foundation.settings import Reminders
from tests.booking import quoted
from tests.booking.carried_out import PORTAGE, Stage, operator
from tests.booking.quoted import AT, consent


def told(database: Database) -> list[str]:
    """Return the codes of all news, in their order."""
    with database.reading() as session:
        rows = session.execute(select(MailRow).where(col(MailRow.template) == "news").order_by(col(MailRow.written_at)))
        return [(row.values or {})["code"] for row in rows.scalars()]


def test_a_mission_goes_from_the_signed_quote_to_its_end(database: Database) -> None:
    stage = Stage(database).accept()
    assert stage.mission.state == "awaiting_funds"
    assert stage.pay().mission.state == "funded"
    assert stage.start().mission.state == "in_progress"
    assert stage.report().mission.state == "reported"
    assert stage.validate().mission.state == "closed"
    assert told(database).count("mission_funded") == 1
    assert told(database).count("review_invited") == 1


def test_in_portage_the_operator_confirms_and_validation_closes(database: Database) -> None:
    stage = Stage(database).accept(**PORTAGE)
    for who in (stage.client, stage.expert):
        with database.writing() as session, pytest.raises(Refused):
            missions.confirm_portage(session, who, stage.id, at=stage.now())
    with database.writing() as session:
        missions.confirm_portage(session, operator(database), stage.id, at=stage.now())
    assert stage.start().report().validate().mission.state == "closed"


def test_each_refusal_says_what_is_possible_instead(database: Database) -> None:
    stage = Stage(database).accept()
    with database.writing() as session, pytest.raises(Refused) as refused:
        missions.start(session, stage.expert, stage.id, at=stage.now())
    assert refused.value.possible == (MissionEvent.CANCEL,)
    stage.pay().start()
    with database.writing() as session, pytest.raises(Refused) as refused:
        missions.cancel(session, stage.client, stage.id, at=stage.now())
    assert {MissionEvent.DISPUTE, MissionEvent.ASK_REFUND} <= set(refused.value.possible)
    assert MissionEvent.CANCEL not in refused.value.possible


def test_a_part_of_the_price_starts_nothing(database: Database) -> None:
    stage = Stage(database).accept().pay(479_999)
    assert stage.mission.state == "awaiting_funds"
    assert stage.pay(1).mission.state == "funded"


def test_what_was_not_paid_is_cancelled_by_either_side_with_its_quote(database: Database) -> None:
    for role in ("client", "expert"):
        stage = Stage(database).accept().pay(1_000)
        with database.writing() as session:
            missions.cancel(session, getattr(stage, role), stage.id, at=stage.now())
        assert (stage.mission.state, stage.quote.state) == ("cancelled", "cancelled")


def test_work_starts_by_itself_on_its_day_where_the_installation_is(database: Database) -> None:
    stage = Stage(database, starts_on=date(2027, 1, 11)).accept().pay()
    late = AT.replace(year=2027, month=1, day=10, hour=22, minute=59)
    reminders.look_after(database, Reminders(), late)
    assert stage.mission.state == "funded"
    for _ in range(2):
        reminders.look_after(database, Reminders(), late + timedelta(minutes=1))
    assert stage.mission.state == "in_progress"
    assert told(database).count("mission_started") == 1


def test_either_side_ends_the_work_once_and_the_quote_is_frozen(database: Database) -> None:
    for role in ("client", "expert"):
        stage = Stage(database).accept().pay().start()
        version = quoted.amended(database, stage.quote, gross_cents=500_000, net_cents=420_000)
        for _ in range(2):
            with database.writing() as session:
                missions.end(session, getattr(stage, role), stage.id, at=stage.now())
        assert stage.quote.state == QuoteState.ACCEPTED
        with database.writing() as session, pytest.raises(Frozen):
            missions.amend(session, stage.quote, version, at=stage.now())


def accept_amendment(stage: Stage, gross_cents: int) -> None:
    number = stage.quote.latest_version + 1
    quoted.amended(stage.database, stage.quote, gross_cents=gross_cents)
    with stage.database.writing() as session:
        signatures.accept(
            session, stage.client, stage.quote_id, consent(number), address="", language="en", at=stage.now()
        )


def test_a_higher_price_is_topped_up_before_the_report_is_validated(database: Database) -> None:
    stage = Stage(database).accept().pay().start()
    accept_amendment(stage, 600_000)
    assert told(database).count("top_up_asked") == 1
    stage.report()
    with pytest.raises(FundsLack):
        stage.validate()
    assert stage.mission.state == "reported"
    assert stage.pay(120_000).validate().mission.state == "closed"


def test_a_higher_price_is_topped_up_before_work_starts(database: Database) -> None:
    stage = Stage(database).accept().pay()
    accept_amendment(stage, 600_000)
    with pytest.raises(FundsLack):
        stage.start()
    reminders.look_after(database, Reminders(), AT.replace(year=2027, month=2))
    assert stage.mission.state == "funded"
    assert stage.pay(120_000).start().mission.state == "in_progress"


def test_a_lower_price_needs_no_more(database: Database) -> None:
    stage = Stage(database).accept().pay().start()
    accept_amendment(stage, 400_000)
    assert stage.report().validate().mission.state == "closed"


def test_a_report_says_something_of_each_objective(database: Database) -> None:
    stage = Stage(database).accept().pay().start()
    with pytest.raises(Invalid) as raised:
        stage.report(**{"outcome-0": "great", "comment-1": "", "summary": " "})
    assert [fault.field for fault in raised.value.faults] == ["outcome-0", "comment-1", "summary"]
    with database.reading() as session:
        assert reports.last(session, stage.id) is None


def test_a_report_that_was_sent_back_is_followed_by_another(database: Database) -> None:
    stage = Stage(database).accept().pay().start().report()
    with database.writing() as session:
        reports.send_back(session, stage.client, stage.id, "Which broker?", at=stage.now())
    assert stage.mission.state == "in_progress"
    stage.report(**{"comment-1": "Two brokers"}).validate()
    with database.reading() as session:
        found = reports.all_of(session, stage.id)
    assert [(report.number, report.return_reason, bool(report.validated_at)) for report in found] == [
        (2, None, True),
        (1, "Which broker?", False),
    ]


@pytest.mark.parametrize("is_reported", [False, True])
def test_who_raised_a_dispute_or_an_operator_settles_it_and_work_goes_on_from_where_it_was(
    database: Database, is_reported: bool
) -> None:
    for settles in ("client", "operator"):
        stage = Stage(database).accept().pay().start()
        before = (stage.report() if is_reported else stage).mission.state
        with database.writing() as session:
            disagreements.dispute(session, stage.client, stage.id, "No news", at=stage.now())
        with database.writing() as session, pytest.raises(Refused) as refused:
            disagreements.settle(session, stage.expert, stage.id, at=stage.now())
        assert refused.value.possible == ()
        who = operator(database) if settles == "operator" else stage.client
        with database.writing() as session:
            disagreements.settle(session, who, stage.id, at=stage.now())
        assert stage.mission.state == before


def ask_refund(stage: Stage, cents: int) -> str:
    with stage.database.writing() as session:
        disagreements.ask_refund(session, stage.client, stage.id, cents, "Stopped", at=stage.now())
    stage.hear()
    with stage.database.reading() as session:
        refund = disagreements.refund_in_question(session, stage.mission)
    assert refund is not None
    return refund.id


def consent_to(stage: Stage, refund_id: str) -> None:
    with stage.database.writing() as session:
        refunds.consent(session, stage.expert, refund_id, "192.0.2.1", at=stage.now())
    stage.hear()


def test_all_funds_go_back_only_with_the_experts_consent_and_end_the_mission(database: Database) -> None:
    stage = Stage(database).accept().pay().start()
    refund_id = ask_refund(stage, 480_000)
    assert stage.mission.state == "refund_in_question"
    consent_to(stage, refund_id)
    assert (stage.mission.state, stage.quote.state) == ("cancelled", "cancelled")


@pytest.mark.parametrize(
    ("steps", "state"), [((), "funded"), (("start",), "in_progress"), (("start", "report"), "reported")]
)
def test_after_a_refund_in_part_or_none_work_goes_on_from_where_it_was(
    database: Database, steps: tuple[str, ...], state: str
) -> None:
    for ends in ("consent", "withdraw"):
        stage = Stage(database).accept().pay()
        for step in steps:
            getattr(stage, step)()
        refund_id = ask_refund(stage, 80_000)
        assert stage.mission.state == "refund_in_question"
        if ends == "consent":
            consent_to(stage, refund_id)
        else:
            with database.writing() as session:
                disagreements.settle(session, stage.client, stage.id, at=stage.now())
            stage.hear()
        assert stage.mission.state == state


def test_only_its_two_sides_and_operators_see_a_mission_and_viewers_move_nothing(database: Database) -> None:
    stage, other = Stage(database).accept(), Stage(database)
    for who in (other.client, other.expert):
        with database.reading() as session, pytest.raises(NotFound):
            missions.get(session, who, stage.id)
        with database.writing() as session, pytest.raises(NotFound):
            missions.cancel(session, who, stage.id, at=AT)
    for role in (Role.VIEWER, Role.ACCOUNTANT):
        with database.writing() as session, pytest.raises(NotFound):
            missions.cancel(session, replace(stage.client, role=role), stage.id, at=AT)


def test_others_who_were_solicited_are_told_once_when_the_mission_starts(database: Database) -> None:
    client = quoted.client(database)
    with database.writing() as session:
        sheet = Sheet(client_id=client.client_id, title="Audit", state="published", made_at=AT, changed_at=AT)
        session.add(sheet)
    stage = Stage(database, client=client)
    rival, silent, refuser = (quoted.expert(database) for _ in range(3))
    quotes = [quoted.sent(database, who, client) for who in (stage.expert, rival)]
    with database.writing() as session:
        for quote in quotes:
            session.merge(quote).sheet_id = sheet.id
        for who, state in ((rival, "answered"), (silent, "seen"), (refuser, "refused")):
            pair: dict[str, Any] = {"client_id": client.client_id, "expert_id": who.expert_id}
            session.add(Offer(sheet_id=sheet.id, state=state, sent_at=AT, expires_at=AT, **pair))
    stage.quote_id = quotes[0].id
    stage.accept_sent().pay()
    assert "overtaken" not in told(database)
    stage.start()
    with database.writing() as session:
        overtakings.overtake(session, stage.id, at=stage.now())
    with database.reading() as session:
        mails = session.execute(select(MailRow)).scalars()
        recipients = sorted(mail.recipient for mail in mails if (mail.values or {}).get("code") == "overtaken")
        offers = {offer.expert_id: offer.state for offer in session.execute(select(Offer)).scalars()}
        assert session.get_one(Quote, quotes[1].id).state == QuoteState.DECLINED
        assert session.get_one(Sheet, sheet.id).state == "closed"
    assert recipients == sorted([rival.email, silent.email])
    assert offers[str(silent.expert_id)] == OfferState.WITHDRAWN
    assert offers[str(refuser.expert_id)] == OfferState.REFUSED


def test_reviews_come_from_validated_missions_alone_once_for_each_skill(database: Database) -> None:
    stage = Stage(database).accept().pay().start().report()
    draft = reviews.check({"rating-0": "4", "review-0": "Good"}, ["Customs"], "en")
    with database.writing() as session, pytest.raises(Conflict):
        reviews.write(session, stage.client, stage.id, draft, at=stage.now())
    stage.validate()
    for rating in ("4", "2"):
        again = reviews.check({"rating-0": rating, "place": "Lyon"}, ["Customs"], "en")
        with database.writing() as session:
            reviews.write(session, stage.client, stage.id, again, at=stage.now())
    with database.reading() as session:
        [review] = session.execute(select(Review)).scalars()
        origin = reviews.origins(session, [review.id])[review.id]
    assert (review.rating, review.origin, review.expert_id) == (2, "mission", stage.expert.expert_id)
    assert (origin.name, origin.place, origin.country) == ("", "Lyon", "FR")
    with database.writing() as session, pytest.raises(Conflict):
        reviews.write(session, stage.client, stage.id, again, at=stage.at + reviews.CHANGED_WITHIN)
    with database.writing() as session, pytest.raises(NotFound):
        reviews.write(session, stage.expert, stage.id, again, at=stage.now())


def test_only_its_expert_answers_a_review(database: Database) -> None:
    stage = Stage(database).accept().pay().start().report().validate()
    draft = reviews.check({"rating-0": "4", "shows_name": "on"}, ["Customs"], "en")
    with database.writing() as session:
        reviews.write(session, stage.client, stage.id, draft, at=stage.now())
    with database.reading() as session:
        [row] = reviews.of_mission(session, stage.id).values()
    for who in (stage.client, quoted.expert(database)):
        with database.writing() as session, pytest.raises(NotFound):
            reviews.reply(session, who, row.review_id, "Thanks", "en", at=stage.now())
    with database.writing() as session:
        reviews.reply(session, stage.expert, row.review_id, "Thanks", "en", at=stage.now())
    with database.reading() as session:
        origin = reviews.origins(session, [row.review_id])[row.review_id]
    assert (origin.name, origin.reply) == ("Berta & Co", "Thanks")


@pytest.mark.parametrize("other", ["dispute", "return"])
def test_of_two_answers_to_a_report_at_once_one_wins_and_the_other_is_told(database: Database, other: str) -> None:
    stage = Stage(database).accept().pay().start().report()
    acts: list[Callable[[Any], object]] = [
        lambda session: reports.validate(session, stage.client, stage.id, at=stage.at),
        (lambda session: disagreements.dispute(session, stage.expert, stage.id, "No", at=stage.at))
        if other == "dispute"
        else (lambda session: reports.send_back(session, stage.client, stage.id, "No", at=stage.at)),
    ]
    ends: list[object] = []
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[Any], object]) -> None:
        gate.wait()
        try:
            ends.append(database.write(act))
        except Conflict as error:
            ends.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    refused = [end for end in ends if isinstance(end, Refused)]
    assert (len(ends), len(refused)) == (2, 1)
    assert stage.hear().mission.state in {"closed", "disputed", "in_progress"}


def test_who_carries_a_mission_out_is_not_overtaken_by_it(database: Database) -> None:
    client = quoted.client(database)
    with database.writing() as session:
        sheet = Sheet(client_id=client.client_id, title="Audit", state="published", made_at=AT, changed_at=AT)
        session.add(sheet)
    stage = Stage(database, client=client)
    scoping, whole = (quoted.sent(database, stage.expert, client) for _ in range(2))
    with database.writing() as session:
        for quote in (scoping, whole):
            session.merge(quote).sheet_id = sheet.id
    stage.quote_id = scoping.id
    stage.accept_sent().pay().start()
    with database.reading() as session:
        assert session.get_one(Quote, whole.id).state == QuoteState.SENT
    assert "overtaken" not in told(database)


def agreed_refund(stage: Stage, *, is_followed: bool = False) -> None:
    """Have all of the money be asked back on its own page, and the expert agree."""
    with stage.database.writing() as session:
        found = refunds.ask(session, stage.client, stage.id, 480_000, "Because.", at=stage.now())
    if is_followed:
        stage.hear()
    with stage.database.writing() as session:
        refunds.consent(session, stage.expert, found.id, "::1", at=stage.now())


def test_nothing_begins_once_the_money_is_asked_back_or_gone(database: Database) -> None:
    stage = Stage(database).accept().pay()
    with database.writing() as session:
        asked = refunds.ask(session, stage.client, stage.id, 480_000, "Because.", at=stage.now())
    for _ in range(2):
        with database.writing() as session, pytest.raises(FundsLack):
            missions.start(session, stage.expert, stage.id, at=stage.now())
        reminders.look_after(database, Reminders(), stage.at + timedelta(days=60))
        assert stage.mission.state == MissionState.FUNDED
        if asked.state == "asked":
            with database.writing() as session:
                asked = refunds.consent(session, stage.expert, asked.id, "::1", at=stage.now())


@pytest.mark.parametrize("reached", ["funded", "in_progress", "reported"])
def test_a_refund_that_is_agreed_on_before_anybody_followed_ends_the_mission(database: Database, reached: str) -> None:
    stage = Stage(database).accept().pay()
    for step in {"funded": [], "in_progress": [stage.start], "reported": [stage.start, stage.report]}[reached]:
        step()
    agreed_refund(stage)
    assert stage.mission.state == reached
    assert stage.hear().mission.state == MissionState.CANCELLED


def test_a_refund_that_was_agreed_on_is_not_taken_back_any_more(database: Database) -> None:
    stage = Stage(database).accept().pay().start()
    agreed_refund(stage, is_followed=True)
    with database.writing() as session, pytest.raises(Conflict):
        disagreements.settle(session, stage.client, stage.id, at=stage.now())
    assert stage.mission.state == MissionState.REFUND_IN_QUESTION
    assert stage.hear().mission.state == MissionState.CANCELLED


def test_who_waits_again_after_a_sheet_was_opened_again_is_told_again(database: Database) -> None:
    client, rival = quoted.client(database), quoted.expert(database)
    with database.writing() as session:
        sheet = Sheet(client_id=client.client_id, title="Audit", state="published", made_at=AT, changed_at=AT)
        session.add(sheet)
    for times in (1, 2):
        stage = Stage(database, client=client)
        quotes = [quoted.sent(database, who, client) for who in (stage.expert, rival)]
        with database.writing() as session:
            for quote in quotes:
                session.merge(quote).sheet_id = sheet.id
        stage.quote_id = quotes[0].id
        stage.accept_sent().pay().start()
        assert told(database).count("overtaken") == times
        with database.writing() as session:
            session.execute(delete(OutboxRow))  # all is delivered


def test_a_start_that_is_told_once_more_ends_nothing_of_a_sheet_that_was_opened_again_since(database: Database) -> None:
    client, rival = quoted.client(database), quoted.expert(database)
    with database.writing() as session:
        sheet = Sheet(client_id=client.client_id, title="Audit", state="published", made_at=AT, changed_at=AT)
        session.add(sheet)
    stage = Stage(database, client=client)
    first = quoted.sent(database, stage.expert, client)
    stage.quote_id = first.id
    with database.writing() as session:
        session.merge(first).sheet_id = sheet.id
    stage.accept_sent().pay().start()
    with database.writing() as session:
        sheets.reopen(session, client, sheet.id, at=stage.now())
    late = quoted.sent(database, rival, client)
    with database.writing() as session:
        session.merge(late).sheet_id = sheet.id
    with database.writing() as session:
        overtakings.overtake(session, stage.id, at=stage.now())
    with database.reading() as session:
        assert session.get_one(Quote, late.id).state == QuoteState.SENT
        assert session.get_one(Sheet, sheet.id).state == "published"
    assert "overtaken" not in told(database)
