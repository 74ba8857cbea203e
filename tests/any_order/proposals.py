"""What leads to a mission: sheets, offers, quotes, signatures, and what lets off the commission."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from accounts.shortlist_rows import Owner
from billing import reductions
from booking import (
    offers,
    quote_drafts,
    quote_versions,
    quotes,
    sheets,
    signatures,
)
from booking.lifecycle import Party
from booking.models.quotes import QuoteKind
from booking.offer_rules import Reason, Refusal
from booking.quote_documents import Sending
from booking.quote_drafts import ChangedMeanwhile, For
from booking.sheet_contents import Content
from booking.signatures import Consent
from tests.any_order import cast
from tests.any_order.commands import ANYBODY, CLIENT, EXPERT, NO_STEPS, PLACE, Commands, command
from tests.any_order.rows import Row
from tests.booking.quoting import FORM


class Proposals(Commands):
    """Everything up to the signature."""

    @command(2, client=CLIENT, experts=st.sets(EXPERT, min_size=1), place=st.one_of(st.none(), PLACE))
    def propose(self, client: str, experts: set[str], place: int | None) -> None:
        who, at = self.world.people[client], self.world.now
        known = None if place is None else self.world.pick("sheets", place)
        self.edits += 1
        content = Content(title=f"Audit {self.edits}", context="Cheese.", objectives=("Know",), skills=("Customs",))

        def propose(session: Any) -> None:
            sheet_id = known["id"] if known else sheets.begin(session, sheets.author(who), content, at=at).id
            ids = [str(self.world.people[name].expert_id) for name in sorted(experts)]
            offers.propose(session, who, sheet_id, ids, "", at=at)

        self.world.do("propose", propose)

    @command(1, by=ANYBODY, place=PLACE, act=st.sampled_from(["edit", "close", "reopen"]))
    def change_sheet(self, by: str | None, place: int, act: str) -> None:
        if sheet := self.world.pick("sheets", place):
            who, at = self.client_of(by, sheet), self.world.now
            self.edits += 1

            def change(session: Any) -> None:
                if act == "reopen":
                    sheets.reopen(session, who, sheet["id"], at=at)
                    return
                taken = sheets.take(session, Owner(client_id=sheets.author(who).owner.client_id), sheet["id"])
                if act == "close":
                    offers.close(session, taken, Party.CLIENT, who.actor, at=at)
                else:
                    content = Content(
                        title=f"{taken.title[:20]} {self.edits}", context="Ham.", objectives=("Know",), skills=("Tax",)
                    )
                    offers.edit(session, who, sheet["id"], content, sheets.mark(taken), at=at)

            self.world.do(f"{act} sheet", change)

    @command(2, by=ANYBODY, place=PLACE, act=st.sampled_from(["see", "refuse"]))
    def answer_offer(self, by: str | None, place: int, act: str) -> None:
        if offer := self.world.pick("offers", place):
            who, at = self.expert_of(by, offer), self.world.now

            def answer(session: Any) -> None:
                if act == "see":
                    offers.see(session, str(who.expert_id), offer["id"], who.actor, at=at)
                else:
                    no = Refusal(Reason.NO_TIME)
                    offers.refuse(session, str(who.expert_id), offer["id"], no, who.actor, at=at)

            self.world.do(f"{act} offer", answer)

    @command(
        4,
        by=ANYBODY,
        place=PLACE,
        to=st.sampled_from(["offer", "offer", "client", "newcomer", "member"]),
        client=CLIENT,
        days=st.sampled_from([2, 4, 5, 30]),
        rate=st.sampled_from([600, 650]),
        portage=st.sampled_from(["none", "none", "none", "partner", "own"]),
        starts_in=st.sampled_from([0, 3, 40]),
    )
    def draft(
        self, by: str | None, place: int, to: str, client: str, days: int, rate: int, portage: str, starts_in: int
    ) -> None:
        offer = self.world.pick("offers", place)
        if by is None and to != "offer":
            by = cast.EXPERTS[place % len(cast.EXPERTS)]
        if to == "offer" and offer is None:
            return
        who = self.expert_of(by, offer) if offer and to == "offer" else self.world.people[str(by)]
        if who.expert_id == self.world.people["petra"].expert_id and portage == "none":
            portage = "own"
        meant = {
            "offer": lambda: For(offer_id=str(offer and offer["id"])),
            "client": lambda: For(client_id=str(self.world.people[client].client_id)),
            "newcomer": lambda: For(client_name="Erin & Co", client_email=cast.OWN_CLIENT_EMAIL),
            "member": lambda: For(client_name="Whoever", client_email=self.world.people[client].email),
        }[to]()
        form, at = self.form(days, rate, portage, starts_in), self.world.now

        def draft(session: Any) -> None:
            quote = quote_drafts.start(session, who, meant, QuoteKind.MISSION, "en", at=at)
            quote_drafts.save(session, who, quote.id, form, quote.draft_edition, at=at)

        self.world.do(f"draft for {to}", draft)

    @command(3, place=PLACE, days=st.sampled_from([2, 4, 30]), is_sent=st.sampled_from([True, True, False]))
    def quote_again(self, place: int, days: int, is_sent: bool) -> None:
        """Have an expert quote once more for somebody to whom they have sent a quote before."""
        known = self.world.pick("quotes", place, lambda row: row["client_id"] and row["latest_version"])
        if known:
            expert, client = self.name_of("expert_id", known), self.name_of("client_id", known)
            self.draft(expert, 0, "client", client, days, 600, "none", 3)
            if is_sent:
                self.issue(None, 0, "send", 0)

    def name_of(self, key: str, row: Row) -> str:
        return next(name for name, who in self.world.people.items() if getattr(who, key) == row[key])

    def form(self, days: int, rate: int, portage: str, starts_in: int) -> dict[str, str]:
        today = self.world.at.date()
        self.edits += 1
        return {
            **FORM, **NO_STEPS, "title": f"Quote {self.edits}", "days_1_number": str(days), "day_rate": str(rate),
            "starts_on": (today + timedelta(days=starts_in)).isoformat(), "portage": portage, "portage_company": "ITG",
            "ends_on": (today + timedelta(days=starts_in + 30)).isoformat(), "client_country": "FR",
            "valid_until": (today + timedelta(days=10)).isoformat(), "client_address": "1 rue",
        }  # fmt: skip

    @command(
        4,
        by=ANYBODY,
        place=PLACE,
        days=st.sampled_from([2, 4, 5, 30]),
        rate=st.sampled_from([None, None, None, 600, 650]),
        portage=st.sampled_from([None, None, None, "none", "partner", "own"]),
        is_sent=st.booleans(),
    )
    def revise(
        self, by: str | None, place: int, days: int, rate: int | None, portage: str | None, is_sent: bool
    ) -> None:
        """Save another draft of a quote; only what is said changes."""
        if quote := self.world.pick("quotes", place):
            who, at = self.expert_of(by, quote), self.world.now
            fresh = self.form(days, rate or 0, portage or "", 3)
            kept = [name for name, given in (("day_rate", rate), ("portage", portage)) if given is None]

            def save(session: Any) -> None:
                row = quotes.get(session, who, quote["id"])
                form = {**fresh, **{name: row.draft.get(name, "") for name in kept}}
                quote_drafts.save(session, who, row.id, form, row.draft_edition, at=at)

            if self.world.do("save", save) and is_sent:
                self.issue(by, place, "issue", 0)

    @command(3, by=ANYBODY, place=PLACE, act=st.sampled_from(["send", "amend", "issue", "issue", "renew"]), stale=PLACE)
    def issue(self, by: str | None, place: int, act: str, stale: int) -> None:
        if quote := self.world.pick("quotes", place):
            sending = Sending(self.expert_of(by, quote), "::1", "en", cast.SETTINGS, self.world.now)
            last = (self.world.at.date() + timedelta(days=10)).isoformat()
            edition = quote["draft_edition"] - stale // 3
            # Whoever acts alone is never told that something changed meanwhile, such as to whom a reduction went.
            never = None if act == "issue" and stale == 3 else ChangedMeanwhile
            acts: dict[str, Callable[[Any], object]] = {
                "send": lambda session: quote_versions.send(session, quote["id"], sending),
                "amend": lambda session: quote_versions.amend(session, quote["id"], "More work", sending),
                "issue": lambda session: quote_versions.issue(session, quote["id"], edition, "More work", sending),
                "renew": lambda session: quote_versions.renew(session, quote["id"], last, "Later", sending),
            }
            self.world.do(act, acts[act], never=never)

    @command(
        2,
        by=ANYBODY,
        place=PLACE,
        act=st.sampled_from(["withdraw", "discard", "cancel", "cancel by client", "decline"]),
    )
    def end_quote(self, by: str | None, place: int, act: str) -> None:
        if quote := self.world.pick("quotes", place):
            at, is_clients = self.world.now, act in {"cancel by client", "decline"}
            who = self.client_of(by, quote) if is_clients else self.expert_of(by, quote)
            acts: dict[str, Callable[[Any], object]] = {
                "withdraw": lambda session: quotes.withdraw(session, who, quote["id"], at=at),
                "discard": lambda session: quote_drafts.discard(session, who, quote["id"], at=at),
                "cancel": lambda session: quotes.cancel(session, who, quote["id"], "Why", at=at),
                "cancel by client": lambda session: quotes.cancel(session, who, quote["id"], "Why", at=at),
                "decline": lambda session: signatures.decline(session, who, quote["id"], "No", at=at),
            }
            self.world.do(f"{act} quote", acts[act])

    @command(
        5,
        by=ANYBODY,
        place=PLACE,
        back=st.sampled_from([0, 0, 0, 1, 2]),
        is_forged=st.sampled_from([False] * 5 + [True]),
    )
    def accept(self, by: str | None, place: int, back: int, is_forged: bool) -> None:
        """Accept a version, the latest or an older one, by its hash or another one's."""
        if quote := self.world.pick("quotes", place, lambda row: row["latest_version"]):
            number = max(1, quote["latest_version"] - back)
            named = self.world.rows.version(quote["id"], max(1, number - 1) if is_forged else number)
            consent = Consent(number, named["content_hash"], has_read_terms=True, wants_early_start=True)
            who, at = self.client_of(by, quote), self.world.now
            is_latest = (number, named["number"]) == (quote["latest_version"], quote["latest_version"])
            is_done = self.world.do(
                "accept" if is_latest else "accept another version",
                lambda session: signatures.accept(
                    session, who, quote["id"], consent, address="::1", language="en", at=at
                ),
            )
            assert is_latest or not is_done, "what was agreed to is not what was signed"

    @command(
        6,
        place=PLACE,
        days=st.sampled_from([3, 6, 9]),
        rate=st.sampled_from([None, None, None, 700]),
        back=st.sampled_from([0, 0, 0, 1]),
    )
    def renegotiate(self, place: int, days: int, rate: int | None, back: int) -> None:
        """Have another version be sent of what is under study or being carried out, and be accepted."""
        over = {row["quote_id"] for row in self.world.rows.missions if row["ended_at"] or row["state"] == "cancelled"}
        wanted = {"sent", "accepted", "amended"}
        quote = self.world.pick("quotes", place, lambda row: row["state"] in wanted and row["id"] not in over)
        if quote:
            ids = [row["id"] for row in self.world.rows.quotes]
            self.revise(None, len(ids) - 1 - ids.index(quote["id"]), days, rate, None, is_sent=True)
            ids = [row["id"] for row in self.world.rows.quotes if row["latest_version"]]
            self.accept(None, len(ids) - 1 - ids.index(quote["id"]), back, is_forged=False)

    @command(1)
    def sign_up(self) -> None:
        """Have the own client to whom quotes may have been sent make an account."""
        if "erin" not in self.world.people:
            self.world.people["erin"] = cast.sign_up(self.world.database, self.world.now)
            self.world.observe("sign up")

    @command(1, expert=EXPERT)
    def earn(self, expert: str) -> None:
        """Have an expert earn what a referral earns."""
        known = [row for row in self.world.rows.reductions if row["kind"] == "referral"]
        if len(known) < 2:
            expert_id, at = str(self.world.people[expert].expert_id), self.world.now
            name = f"referral {len(known)}"
            self.world.do(
                "earn", lambda session: reductions.grant_referral(session, expert_id, name, at, settings=cast.SETTINGS)
            )
