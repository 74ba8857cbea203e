"""Everything that clients, experts, operators, providers and the clock may do, for Hypothesis to put in any order."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.any_order import cast, past
from tests.any_order.commands import CLIENT, EXPERT, PLACE, Command, command, commands
from tests.any_order.money import Money
from tests.any_order.proposals import Proposals
from tests.any_order.rows import Row
from tests.any_order.work import Work
from tests.any_order.world import World


class AnyOrder(Proposals, Money, Work, RuleBasedStateMachine):
    """One world, and whatever everybody does in it."""

    def teardown(self) -> None:
        if world := getattr(self, "world", None):
            try:
                world.rest()
            finally:
                world.close()

    @initialize(
        experts=st.sets(EXPERT, min_size=2),
        client=CLIENT,
        days=st.sampled_from([4, 5, 30]),
        has_past=st.booleans(),
        again=PLACE,
    )
    def begin(self, experts: set[str], client: str, days: int, has_past: bool, again: int) -> None:
        """Begin as most do: a sheet goes to several experts, and one answers; or with those who know each other."""
        self.world = World(past.made() if has_past else cast.made())
        if has_past:
            self.quote_again(again, days, is_sent=True)
            return
        self.propose(client, experts, None)
        offer = self.world.pick("offers", 0)
        if offer:
            self.draft(None, 0, "offer", client, days, 600, "none", 10)
            self.issue(None, 0, "send", 0)

    @rule(said=commands())
    def step(self, said: Command) -> None:
        """Try something; where there is nothing to try it on, go on as usual."""
        before = self.world.counts["steps"]
        getattr(self, said.name)(**said.arguments)
        if self.world.counts["steps"] == before:
            self.go_on(0, 1)

    @command(6, place=st.integers(0, 9), is_kept=st.booleans())
    def deliver(self, place: int, is_kept: bool) -> None:
        """Deliver something that is owed, in any order, perhaps not for the last time."""
        if owed := self.world.owed():
            self.world.deliver(*owed[place % len(owed)], is_kept=is_kept)

    @command(2)
    def deliver_all(self) -> None:
        self.world.deliver_all()

    @command(1, place=st.integers(0, 9), kind=st.sampled_from(["payin", "refund"]))
    def hear_again(self, place: int, kind: str) -> None:
        """Have the provider tell once more of something, or of a refund as if it were a payment."""
        if made := self.world.pick("sandbox_transactions", place):
            self.world.tell("billing.provider_event", f"sandbox:{kind}:{made['id']}")

    @command(1, provider=st.sampled_from(["sandbox", "other"]), kind=st.sampled_from(["payin", "refund"]))
    def hear_forged(self, provider: str, kind: str) -> None:
        self.world.tell("billing.provider_event", f"{provider}:{kind}:nothing")

    @command(1, place=PLACE)
    def lose(self, place: int) -> None:
        """Have an event of the provider be lost on its way."""
        events = [one for one in self.world.owed() if one[1] == "billing.provider_event"]
        if events:
            self.world.forget(events[place % len(events)][0])

    @command(2, days=st.sampled_from([0, 1, 4, 11, 30]), order=st.lists(st.integers(0, 9), max_size=2))
    def wait(self, days: int, order: list[int]) -> None:
        self.world.pass_time(days, order)

    @command(12, place=PLACE, steps=st.integers(1, 4))
    def go_on(self, place: int, steps: int) -> None:
        """Do what comes next where all goes well: chance alone seldom comes to the end."""
        for _ in range(steps):
            quote = self.world.pick("quotes", place, self._is_under_way)
            if quote:
                self._go_on(quote)
            else:
                to, client = ("offer", "newcomer", "client", "member")[place], cast.CLIENTS[self.edits % 3]
                self.draft(None, self.edits, to, client, 4, 600, "none", 10)

    def _is_under_way(self, quote: Row) -> bool:
        mission = self.world.pick("missions", 0, lambda row: row["quote_id"] == quote["id"])
        if mission and mission["state"] == "closed":
            return mission["id"] not in {row["mission_id"] for row in self.world.rows.mission_reviews}
        return quote["state"] not in {"declined", "withdrawn", "cancelled"}

    def _go_on(self, quote: Row) -> None:
        if quote["client_id"] is None and quote["state"] == "sent":
            self.sign_up()
        elif quote["state"] == "draft":
            self.issue(None, self._place("quotes", quote), "send", 0)
        elif quote["state"] in {"sent", "amended"}:
            self.accept(None, self._place("quotes", quote, lambda row: row["latest_version"]), 0, is_forged=False)
        elif quote["state"] == "expired":
            self.issue(None, self._place("quotes", quote), "renew", 0)
        elif mission := self.world.pick("missions", 0, lambda row: row["quote_id"] == quote["id"]):
            self._go_on_with(mission)

    def _place(self, table: str, row: Row, is_wanted: Callable[[Row], object] = lambda _: True) -> int:
        """Return where commands find a row."""
        ids = [known["id"] for known in getattr(self.world.rows, table) if is_wanted(known)]
        return len(ids) - 1 - ids.index(row["id"])

    def _go_on_with(self, mission: Row) -> None:
        client, expert = self.client_of(None, mission), self.expert_of(None, mission)
        usual: dict[str, Callable[[], object]] = {
            "awaiting_funds": lambda: self._fund(mission),
            "funded": lambda: self.act("start", expert, mission["id"]) or self._fund(mission),
            "in_progress": lambda: self.act("report", expert, mission["id"]),
            "reported": lambda: self.act("validate", client, mission["id"]) or self._fund(mission),
            "refund_in_question": lambda: self.act("settle", client, mission["id"]),
            "disputed": lambda: self.act("settle", self.world.people["olga"], mission["id"]),
            "closed": lambda: self.act("review", client, mission["id"]),
        }
        usual.get(mission["state"], self.world.deliver_all)()

    def _fund(self, mission: Row) -> None:
        if mission["portage"] != "none":
            self.act("confirm", self.world.people["olga"], mission["id"])
            return
        escrow = self.world.pick("escrows", 0, lambda row: row["reference"] == mission["id"])
        if escrow:
            self.wire(None, self._place("escrows", escrow), "missing", "number", is_late=False)
        self.world.deliver_all()
