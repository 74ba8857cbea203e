"""Missions moved by both sides, operators, the clock and money in any order: what no order may bring about."""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.models.experts import Review
from accounts.sign_ins import SignedIn
from billing import refunds
from billing.lifecycle import EscrowState
from billing.models.escrows import Escrow
from booking import disagreements, missions, reminders, reports, reviews
from booking.lifecycle import MISSIONS, MissionEvent, MissionState
from foundation import lifecycles
from foundation.errors import Conflict, NotFound
from foundation.mails import MailRow
from foundation.settings import Reminders
from tests import builders
from tests.booking import quoted
from tests.booking.carried_out import REPORT, Stage, operator

WORKED = {MissionState.IN_PROGRESS, MissionState.REPORTED, MissionState.VALIDATED, MissionState.CLOSED}


class MissionStory(RuleBasedStateMachine):
    """One mission, and everybody who may do something to it; whatever is refused changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = builders.database_of(builders.settings_in(Path(self.folder.name)))
        self.operator = operator(self.database)

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    @initialize()
    def accept(self) -> None:
        self.stage = Stage(self.database).accept()
        self.stranger = quoted.client(self.database)
        self.paid_cents = 0

    def attempt(self, act: Callable[[Session], object]) -> None:
        before = self.stage.mission.state
        try:
            self.database.write(act)
        except (Conflict, NotFound):
            assert self.stage.mission.state == before

    def who(self, name: str) -> SignedIn:
        everybody = {"operator": self.operator, "stranger": self.stranger}
        return everybody.get(name) or getattr(self.stage, name)

    @precondition(lambda self: not self.paid_cents)
    @rule()
    def pay_a_part(self) -> None:
        if self.stage.mission.state == MissionState.AWAITING_FUNDS:
            self.stage.pay(1_000)
            self.paid_cents = 1_000

    @rule(steps=st.integers(1, 2))
    def go_on(self, steps: int) -> None:
        """Do what comes next where all goes well: chance alone seldom comes to the end."""
        for _ in range(steps):
            usual: dict[str, Callable[[], object]] = {
                MissionState.AWAITING_FUNDS: self.pay_rest,
                MissionState.FUNDED: self.stage.start,
                MissionState.IN_PROGRESS: self.stage.report,
                MissionState.REPORTED: self.stage.validate,
            }
            usual.get(self.stage.mission.state, lambda: None)()

    def pay_rest(self) -> None:
        self.stage.pay(480_000 - self.paid_cents)
        self.paid_cents = 480_000

    @rule(
        name=st.sampled_from(["client", "expert", "operator", "stranger"]),
        act=st.sampled_from(["start", "end", "cancel", "confirm_portage"]),
    )
    def move(self, name: str, act: str) -> None:
        who, at = self.who(name), self.stage.now()
        self.attempt(lambda session: getattr(missions, act)(session, who, self.stage.id, at=at))
        self.stage.hear()

    @rule(name=st.sampled_from(["client", "expert", "operator", "stranger"]), act=st.sampled_from(["report", "return"]))
    def report(self, name: str, act: str) -> None:
        who, at, mission_id = self.who(name), self.stage.now(), self.stage.id
        if act == "report":
            self.attempt(lambda session: reports.send(session, who, mission_id, REPORT, "en", at=at))
        else:
            self.attempt(lambda session: reports.send_back(session, who, mission_id, "More", at=at))

    @rule(name=st.sampled_from(["client", "client", "expert", "operator", "stranger"]))
    def validate(self, name: str) -> None:
        who, at = self.who(name), self.stage.now()
        self.attempt(lambda session: reports.validate(session, who, self.stage.id, at=at))
        self.stage.hear()

    @rule(name=st.sampled_from(["client", "expert", "operator"]), act=st.sampled_from(["dispute", "settle", "refund"]))
    def disagree(self, name: str, act: str) -> None:
        who, at, mission_id = self.who(name), self.stage.now(), self.stage.id
        acts: dict[str, Callable[[Session], object]] = {
            "dispute": lambda session: disagreements.dispute(session, who, mission_id, "No", at=at),
            "settle": lambda session: disagreements.settle(session, who, mission_id, at=at),
            "refund": lambda session: disagreements.ask_refund(session, who, mission_id, 1_000, "No", at=at),
        }
        self.attempt(acts[act])
        self.stage.hear()

    @rule(agrees=st.booleans())
    def answer_refund(self, agrees: bool) -> None:
        with self.database.reading() as session:
            refund = disagreements.refund_in_question(session, self.stage.mission)
        if refund and agrees:
            at = self.stage.now()
            self.attempt(lambda session: refunds.consent(session, self.stage.expert, refund.id, "", at=at))
            self.stage.hear()

    @rule(name=st.sampled_from(["client", "expert", "stranger"]))
    def review(self, name: str) -> None:
        who, at = self.who(name), self.stage.now()
        draft = reviews.check({"rating-0": "5"}, ["Customs"], "en")
        self.attempt(lambda session: reviews.write(session, who, self.stage.id, draft, at=at))

    @rule(days=st.sampled_from([1, 8, 60]))
    def wait(self, days: int) -> None:
        self.stage.at += timedelta(days=days)
        for _ in range(2):
            reminders.look_after(self.database, Reminders(), self.stage.at)
        self.stage.hear()

    @invariant()
    def nothing_happened_that_may_not(self) -> None:
        mission = self.stage.mission
        with self.database.reading() as session:
            changes = lifecycles.changes(session, MISSIONS.kind, [mission.id])
            escrow = session.execute(select(Escrow).where(col(Escrow.reference) == mission.id)).scalar_one()
            rated = session.execute(select(Review)).scalars().all()
            mails = session.execute(select(MailRow)).scalars().all()
        path = [MissionState.AWAITING_FUNDS, *(MissionState(change.after) for change in changes)]
        for change in changes:
            move = MISSIONS.moves[MISSIONS.state(change.before), MissionEvent(change.event)]
            assert (move.to, change.party in move.by) == (change.after, True)
        assert not WORKED.intersection(path) or MissionState.FUNDED in path
        assert escrow.state != EscrowState.RELEASED or MissionState.VALIDATED in path
        assert not any(change.event == "validate" and change.party != "client" for change in changes)
        assert not rated or MissionState.VALIDATED in path
        assert len(rated) <= 1
        told = [(mail.recipient, (mail.values or {}).get("code")) for mail in mails]
        for once in ("mission_started", "mission_validated", "mission_closed", "mission_cancelled", "mission_funded"):
            readers = [reader for reader, code in told if code == once]
            assert len(readers) == len(set(readers)), once


MissionStory.TestCase.settings = settings(
    max_examples=8, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
TestMissionStory = MissionStory.TestCase
