"""What becomes of missions, and what their clients say of them."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from accounts.sign_ins import SignedIn
from booking import (
    disagreements,
    missions,
    reports,
    reviews,
    withdrawals,
)
from tests.any_order.commands import ANYBODY, PLACE, Commands, command
from tests.booking.carried_out import REPORT


class Work(Commands):
    """Everything on the page of a mission."""

    @command(
        5,
        by=ANYBODY,
        place=PLACE,
        act=st.sampled_from(["start", "start", "end", "cancel", "dispute", "settle", "report", "share"]),
    )
    def act_as_expert(self, by: str | None, place: int, act: str) -> None:
        if mission := self.world.pick("missions", place):
            self.act(act, self.expert_of(by, mission), mission["id"])

    @command(
        6,
        by=ANYBODY,
        place=PLACE,
        act=st.sampled_from(
            ["validate", "validate", "return", "end", "cancel", "dispute", "settle", "refund", "withdraw", "review"]
        ),
    )
    def act_as_client(self, by: str | None, place: int, act: str) -> None:
        if mission := self.world.pick("missions", place):
            self.act(act, self.client_of(by, mission), mission["id"])

    @command(2, by=ANYBODY, place=PLACE, act=st.sampled_from(["confirm", "confirm", "settle", "cancel"]))
    def act_as_operator(self, by: str | None, place: int, act: str) -> None:
        if mission := self.world.pick("missions", place):
            self.act(act, self.who(by, lambda who: who.kind == "operator"), mission["id"])

    def act(self, act: str, who: SignedIn, mission_id: str) -> bool:
        """Do something with a mission, as its page does."""
        at = self.world.now
        draft = reviews.check({"rating-0": "5", "review-0": "Good"}, ["Customs"], "en")
        acts: dict[str, Callable[[Any], object]] = {
            "start": lambda session: missions.start(session, who, mission_id, at=at),
            "end": lambda session: missions.end(session, who, mission_id, at=at),
            "cancel": lambda session: missions.cancel(session, who, mission_id, at=at),
            "confirm": lambda session: missions.confirm_portage(session, who, mission_id, at=at),
            "report": lambda session: reports.send(session, who, mission_id, REPORT, "en", at=at),
            "return": lambda session: reports.send_back(session, who, mission_id, "More", at=at),
            "validate": lambda session: reports.validate(session, who, mission_id, at=at),
            "dispute": lambda session: disagreements.dispute(session, who, mission_id, "No", at=at),
            "settle": lambda session: disagreements.settle(session, who, mission_id, at=at),
            "refund": lambda session: disagreements.ask_refund(session, who, mission_id, 1_000, "No", at=at),
            "review": lambda session: reviews.write(session, who, mission_id, draft, at=at),
            "withdraw": lambda session: withdrawals.withdraw(
                session, who, mission_id, address="::1", language="en", at=at
            ),
            "share": lambda session: withdrawals.state_share(session, who, mission_id, 40, address="::1", at=at),
        }
        return self.world.do(f"{act} mission", acts[act])

    @command(1, by=ANYBODY, place=PLACE)
    def reply(self, by: str | None, place: int) -> None:
        if review := self.world.pick("mission_reviews", place):
            mission = self.world.rows.by_id("missions")[review["mission_id"]]
            who, at = self.expert_of(by, mission), self.world.now
            self.world.do(
                "reply", lambda session: reviews.reply(session, who, review["review_id"], "Thanks", "en", at=at)
            )
