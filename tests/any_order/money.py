"""What becomes of money: paid, looked after, asked back."""

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from accounts.sign_ins import SignedIn
from billing import payments, provider_calls, refunds
from billing.providers import sandbox
from foundation.errors import NotFound
from tests.any_order.commands import ANYBODY, PLACE, Commands, command


class Money(Commands):
    """Everything on the pages of money, and at the provider's."""

    @command(
        4,
        by=ANYBODY,
        place=PLACE,
        amount=st.sampled_from(["missing", "missing", "half", "cent", "more"]),
        text=st.sampled_from(["number", "number", "merci", "both"]),
        is_late=st.booleans(),
    )
    def wire(self, by: str | None, place: int, amount: str, text: str, is_late: bool) -> None:
        if escrow := self.world.pick("escrows", place):
            missing = max(escrow["due_cents"] - escrow["paid_cents"] + escrow["refunded_cents"], 1)
            cents = {"missing": missing, "half": max(missing // 2, 1), "cent": 1, "more": missing + 1_000}[amount]
            number = escrow["number"]
            said = {"number": number, "merci": "merci", "both": f"{number} M-2026-00001"}[text]
            who, at = self.client_of(by, {"client_id": escrow["payer_client_id"]}), self.world.now
            self.world.do(
                "wire",
                lambda session: sandbox.send_wire(
                    session, str(who.client_id), said, cents, escrow["currency"], at=at, is_late=is_late
                ),
            )

    @command(2, by=ANYBODY, place=PLACE, number=st.sampled_from([*sandbox.CARDS, "4111111111111111"]))
    def card(self, by: str | None, place: int, number: str) -> None:
        if escrow := self.world.pick("escrows", place):
            who, at = self.client_of(by, {"client_id": escrow["payer_client_id"]}), self.world.now

            def begin() -> None:
                with self.world.database.reading() as session:
                    provider_calls.escrows.for_payer(session, who, escrow["reference"])
                provider_calls.begin_card(
                    self.world.database, self.world.provider, who, escrow["reference"], "/", "en", at=at
                )

            if self.world.attempt("begin card", begin):
                self.try_card(0, number, None)

    @command(1, place=PLACE, number=st.sampled_from(list(sandbox.CARDS)), answer=st.one_of(st.none(), st.booleans()))
    def try_card(self, place: int, number: str, answer: bool | None) -> None:
        if card := self.world.pick("sandbox_transactions", place, lambda row: row["kind"] == "card"):
            if answer is None:
                self.world.do("card", lambda session: sandbox.pay_by_card(session, card["id"], number))
            else:
                self.world.do(
                    "challenge",
                    lambda session: sandbox.answer_challenge(session, card["id"], is_confirmed=answer),
                )

    @command(1, place=PLACE, act=st.sampled_from(["assign", "assign", "give back"]), to=PLACE)
    def look_after_payment(self, place: int, act: str, to: int) -> None:
        payment = self.world.pick("payments", place, lambda row: row["state"] == "succeeded" and not row["counted_at"])
        escrow = self.world.pick("escrows", to)
        if payment and escrow:
            actor, at = self.world.people["olga"].actor, self.world.now
            acts: dict[str, Callable[[Any], object]] = {
                "assign": lambda session: payments.assign(session, payment["id"], escrow["number"], "en", actor, at=at),
                "give back": lambda session: payments.give_back(session, payment["id"], actor, at=at),
            }
            self.world.do(f"{act} payment", acts[act])

    @command(
        4,
        by=ANYBODY,
        place=PLACE,
        act=st.sampled_from(["ask", "ask", "consent", "consent", "refuse", "withdraw", "remind", "retry"]),
        part=st.sampled_from([1, 1, 2, 100]),
    )
    def refund(self, by: str | None, place: int, act: str, part: int) -> None:
        """Ask money back on the page of the money, not of the mission, or answer there."""
        escrow = self.world.pick("escrows", place)
        refund = self.world.pick("refunds", place, lambda row: row["escrow_id"])
        if refund and act != "ask":
            escrow = self.world.rows.by_id("escrows")[refund["escrow_id"]]
        if escrow is None or (refund is None and act != "ask"):
            return
        refund_id, at = refund["id"] if refund else "", self.world.now
        client = self.client_of(by, {"client_id": escrow["payer_client_id"]})
        expert = self.expert_of(by, {"expert_id": escrow["payee_expert_id"]})
        held = max(escrow["paid_cents"] - escrow["refunded_cents"] - escrow["released_cents"], 1)

        def ask(session: Any) -> None:
            found = provider_calls.escrows.for_payer(session, client, escrow["reference"])
            if not provider_calls.escrows.may_pay(client):
                raise NotFound("as the page says")
            cents = min(held, found.due_cents) // part or 1
            refunds.ask(session, client, escrow["reference"], cents, "Because.", at=at)

        acts: dict[str, Callable[[Any], object]] = {
            "ask": ask,
            "consent": lambda session: refunds.consent(session, expert, refund_id, "::1", at=at),
            "refuse": lambda session: refunds.refuse(session, expert, refund_id, "No.", at=at),
            "withdraw": lambda session: self._withdraw_refund(session, client, refund_id, at),
            "remind": lambda session: refunds.remind(session, refund_id, at=at),
            "retry": lambda session: refunds.retry(session, refund_id, self.world.people["olga"].actor, at=at),
        }
        self.world.do(f"{act} refund", acts[act])

    def _withdraw_refund(self, session: Any, client: SignedIn, refund_id: str, at: Any) -> None:
        if not provider_calls.escrows.may_pay(client):
            raise NotFound("as the page says")
        refunds.withdraw(session, client, refund_id, at=at)
