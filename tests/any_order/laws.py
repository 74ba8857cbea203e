"""What has to hold between two moments whoever did what: each law reads the tables as they were and as they are."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from accounts.sign_ins import SignedIn
from billing import lifecycle as money
from booking import lifecycle as work
from booking.quote_contents import hash_of
from foundation.lifecycles import Lifecycle
from tests.any_order.rows import Row, Rows

LIFECYCLES: dict[str, tuple[str, Lifecycle]] = {
    lifecycle.kind: (table, lifecycle)
    for table, lifecycle in (
        *(("sheets", work.SHEETS), ("offers", work.OFFERS), ("quotes", work.QUOTES), ("missions", work.MISSIONS)),
        *(("escrows", money.ESCROWS), ("payments", money.PAYMENTS), ("refunds", money.REFUNDS)),
    )
}
WORKED = {"in_progress", "reported", "validated", "closed"}
GONE = {"agreed", "done", "failed"}
STANDARD_BP, WHOLE_BP = 1_000, 10_000
OWN_CLIENT_FIRST_BP, OWN_CLIENT_LATER_BP = 5_000, 3_000


@dataclass
class Moment:
    """Two moments, one command apart, and what was seen before."""

    before: Rows
    after: Rows
    people: dict[str, SignedIn]
    states: dict[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])
    """By kind and id, where the moves have led so far."""

    def changes(self, kind: str, event: str) -> list[Row]:
        """Return the moves that were made between the two moments."""
        return [row for row in self.after.fresh["state_changes"] if (row["kind"], row["event"]) == (kind, event)]

    def owner_of(self, expert_id: str) -> SignedIn:
        return next(who for who in self.people.values() if who.expert_id == expert_id)


def states_are_those_of_the_tables_and_reached_by_their_moves(moment: Moment) -> None:
    for change in moment.after.fresh["state_changes"]:
        kind, name = change["kind"], change["object_id"]
        _, lifecycle = LIFECYCLES[kind]
        known = moment.states.get((kind, name), _first(moment, kind, name))
        assert change["before"] == known, f"{kind} moved from {change['before']}, but was {known}"
        move = {(str(at), str(event)): move for (at, event), move in lifecycle.moves.items()}[known, change["event"]]
        assert (change["after"], change["party"] in move.by) == (str(move.to), True), change
        moment.states[kind, name] = change["after"]
    for kind, (table, _) in LIFECYCLES.items():
        for row in getattr(moment.after, table):
            expected = moment.states.get((kind, row["id"]), _first(moment, kind, row["id"]))
            assert row["state"] == expected, f"a {kind} became {row['state']} without a move, from {expected}"


def _first(moment: Moment, kind: str, name: str) -> str:
    table, lifecycle = LIFECYCLES[kind]
    is_agreed = kind == "refund" and moment.after.by_id(table)[name]["reason"] != "asked"
    return "agreed" if is_agreed else str(lifecycle.first)


def nobody_acts_in_anothers_name(moment: Moment) -> None:
    for change in moment.after.fresh["state_changes"]:
        kind, party, actor = change["kind"], change["party"], change["actor_account_id"]
        row = moment.after.by_id(LIFECYCLES[kind][0]).get(change["object_id"])
        if kind == "refund" and row:
            row = moment.after.by_id("escrows").get(row["escrow_id"])
        if row is None or party == "system" or ((kind, change["event"]) == ("mission", "ask_refund") and not actor):
            continue  # what is in question at the provider's is followed in the client's name
        who = next(who for who in moment.people.values() if who.account_id == actor)
        if party == "client":
            assert who.client_id == (row.get("client_id") or row.get("payer_client_id")), change
            assert who.role in {"owner", "buyer"}, change
        elif party == "expert":
            assert who.expert_id == (row.get("expert_id") or row.get("payee_expert_id")), change
        else:
            assert who.kind == "operator", change


def only_the_latest_version_that_was_sent_is_accepted(moment: Moment) -> None:
    known = {(row["quote_id"], row["version"], row["side"]) for row in moment.before.signatures}
    for signed in moment.after.signatures:
        version = moment.after.version(signed["quote_id"], signed["version"])
        assert signed["content_hash"] == version["content_hash"]
        if (signed["quote_id"], signed["version"], signed["side"]) in known:
            continue
        quote = moment.before.by_id("quotes")[signed["quote_id"]]
        if signed["side"] == "client":
            assert quote["state"] in {"sent", "amended"}, f"a quote was accepted that was {quote['state']}"
            assert signed["version"] == quote["latest_version"], "another version than the latest was accepted"
            assert version in moment.before.quote_versions
            assert signed["signed_at"][:10] <= version["valid_until"], "an expired version was accepted"
            who = next(who for who in moment.people.values() if who.account_id == signed["account_id"])
            assert who.client_id == quote["client_id"]
            assert who.role == "owner" or version["gross_cents"] <= 300_000
        else:
            assert signed["version"] == quote["latest_version"] + 1
            assert signed["account_id"] == moment.owner_of(quote["expert_id"]).account_id
    both = Counter((row["quote_id"], row["version"]) for row in moment.after.signatures)
    for quote in moment.after.quotes:
        if quote["accepted_version"] is not None:
            assert both[quote["id"], quote["accepted_version"]] == 2


def versions_never_change(moment: Moment) -> None:
    for version in moment.after.fresh["quote_versions"]:
        assert version["content_hash"] == hash_of(version["content"])
        quote = moment.before.by_id("quotes")[version["quote_id"]]
        assert version["number"] == quote["latest_version"] + 1


def the_day_rate_stays_what_was_signed(moment: Moment) -> None:
    for version in moment.after.fresh["quote_versions"]:
        quote = moment.before.by_id("quotes")[version["quote_id"]]
        if quote["accepted_version"] is not None:
            signed = moment.after.version(quote["id"], quote["accepted_version"])
            for part in ("day_rate_cents", "currency"):
                assert version[part] == signed[part], f"{part} was {signed[part]} when it was signed"
            assert version["content"]["portage"] == signed["content"]["portage"]


def a_mission_is_made_by_the_first_acceptance_alone(moment: Moment) -> None:
    missions = {row["quote_id"]: row for row in moment.after.missions}
    assert len(missions) == len(moment.after.missions)
    for quote in moment.after.quotes:
        assert (quote["id"] in missions) == (quote["accepted_version"] is not None)
    for quote_id, mission in missions.items():
        quote = moment.after.by_id("quotes")[quote_id]
        assert (mission["client_id"], mission["expert_id"]) == (quote["client_id"], quote["expert_id"])


def nothing_begins_without_its_funds(moment: Moment) -> None:
    """All of the price is held, or the portage company has confirmed."""
    escrows = {row["reference"]: row for row in moment.after.escrows}
    for change in moment.changes("mission", "start"):
        mission = moment.after.by_id("missions")[change["object_id"]]
        if mission["portage"] == "none":
            escrow = escrows[mission["id"]]
            assert escrow["state"] == "held", f"work began while the money was {escrow['state']}"
            assert escrow["paid_cents"] - escrow["refunded_cents"] >= escrow["due_cents"] > 0
        else:
            made = [row for row in moment.after.state_changes if row["object_id"] == mission["id"]]
            assert ("confirm_portage", "operator") in [(row["event"], row["party"]) for row in made]
    for mission in moment.after.missions:
        assert (mission["id"] in escrows) == (mission["portage"] == "none")
        assert mission["state"] not in WORKED or mission["funded_at"]


def the_price_that_was_signed_is_due(moment: Moment) -> None:
    """Less what both agreed on since to give back."""
    missions = moment.after.by_id("missions")
    for escrow in moment.after.escrows:
        if escrow["state"] in {"refunded", "cancelled"}:
            assert escrow["due_cents"] == 0
            continue
        quote = moment.after.by_id("quotes")[missions[escrow["reference"]]["quote_id"]]
        signed = next(
            row["signed_at"]
            for row in moment.after.signatures
            if (row["quote_id"], row["version"], row["side"]) == (quote["id"], quote["accepted_version"], "client")
        )
        less = sum(
            row["cents"]
            for row in moment.after.refunds
            if row["escrow_id"] == escrow["id"] and row["reason"] == "asked" and (row["consented_at"] or "") > signed
        )
        gross = moment.after.version(quote["id"], quote["accepted_version"])["gross_cents"]
        assert escrow["due_cents"] == gross - less


def money_is_released_by_validation_alone(moment: Moment) -> None:
    missions = moment.after.by_id("missions")
    for escrow in moment.after.escrows:
        mission = missions[escrow["reference"]]
        assert escrow["state"] != "released" or mission["validated_at"]
        assert escrow["released_cents"] == (escrow["due_cents"] if escrow["state"] == "released" else 0)
    for change in moment.changes("mission", "validate"):
        assert change["party"] == "client"


def money_is_released_with_its_invoice(moment: Moment) -> None:
    released = {row["reference"]: row["released_cents"] for row in moment.after.escrows if row["state"] == "released"}
    issued = moment.after.accounting_documents
    assert {row["reference"]: row["gross_cents"] for row in issued if row["kind"] == "invoice"} == released
    assert {row["reference"] for row in issued} == released.keys()
    for name in {row["series"] for row in issued}:
        positions = sorted(row["position"] for row in issued if row["series"] == name)
        assert positions == list(range(1, len(positions) + 1))


def sums_hold(moment: Moment) -> None:
    counted, gone = Counter[str](), Counter[str]()
    for payment in moment.after.payments:
        counted[payment["escrow_id"]] += payment["cents"] if payment["counted_at"] else 0
    for refund in moment.after.refunds:
        gone[refund["escrow_id"]] += refund["cents"] if refund["state"] in GONE else 0
        parts = [row["cents"] for row in moment.after.refund_parts
                 if row["refund_id"] == refund["id"] and row["state"] != "failed"]  # fmt: skip
        assert sum(parts) == (refund["cents"] if refund["state"] in GONE else 0)
        if refund["reason"] == "asked" and refund["state"] in GONE:
            escrow = moment.after.by_id("escrows")[refund["escrow_id"]]
            assert refund["consented_by"] == moment.owner_of(escrow["payee_expert_id"]).account_id
    for escrow in moment.after.escrows:
        assert (escrow["paid_cents"], escrow["refunded_cents"]) == (counted[escrow["id"]], gone[escrow["id"]])
        held = escrow["paid_cents"] - escrow["refunded_cents"] - escrow["released_cents"]
        assert held >= 0
        assert escrow["state"] != "held" or held == escrow["due_cents"]
        assert escrow["state"] not in {"released", "refunded", "cancelled"} or held == 0
    back = Counter[str]()
    for part in moment.after.refund_parts:
        back[part["payment_id"]] += part["cents"] if part["state"] != "failed" else 0
    assert all(back[payment["id"]] <= payment["cents"] for payment in moment.after.payments)


def reviews_come_from_validated_missions(moment: Moment) -> None:
    missions = moment.after.by_id("missions")
    bound = {row["review_id"]: row for row in moment.after.mission_reviews}
    for review in moment.after.reviews:
        mission = missions[bound[review["id"]]["mission_id"]]
        assert mission["validated_at"], f"a review of a mission that is {mission['state']}"
        assert review["expert_id"] == mission["expert_id"]
    rated = Counter((row["mission_id"], row["skill"]) for row in bound.values())
    assert set(rated.values()) <= {1}


def who_was_overtaken_is_told_once_and_by_anothers_mission(moment: Moment) -> None:
    told = Counter(
        (mail["recipient"], mail["values"]["title"])
        for mail in moment.after.mails
        if (mail["values"] or {}).get("code") == "overtaken"
    )
    titles = {row["id"]: row["title"] for row in moment.after.sheets}
    for mail in moment.after.fresh["mails"]:
        if (mail["values"] or {}).get("code") == "overtaken":
            expert_id = next(who.expert_id for who in moment.people.values() if who.email == mail["recipient"])
            others = [row for row in moment.after.missions
                      if row["started_at"] and titles.get(row["sheet_id"]) == mail["values"]["title"]]  # fmt: skip
            starts = sum(row["expert_id"] != expert_id for row in others)
            assert starts, "an expert was overtaken by their own mission"
            assert told[mail["recipient"], mail["values"]["title"]] <= starts, "told twice that another was chosen"


def the_better_reduction_applies(moment: Moment) -> None:
    """What a version says of the commission is what was earned by then: a pair's always, a referral's if it is free."""
    for version in moment.after.fresh["quote_versions"]:
        quote = moment.before.by_id("quotes")[version["quote_id"]]
        held = next((row for row in moment.before.reduction_uses if row["reference"] == quote["id"]), None)
        if quote["accepted_version"] is not None:
            signed = moment.before.version(quote["id"], quote["accepted_version"])
            expected = (signed["commission_rate_bp"], signed["reduction_id"])
        elif version["content"]["portage"] != "none":
            assert (version["commission_cents"], version["reduction_id"]) == (0, None), "a reduction of no commission"
            continue
        elif held:
            expected = (_reduced(held["share_bp"]), held["reduction_id"])
        else:
            # Sending finds out whose address it is: who is here already is nobody's own client.
            expected = _best(moment.before, moment.after.by_id("quotes")[quote["id"]])
        assert (version["commission_rate_bp"], version["reduction_id"]) == expected
        pair = (quote["expert_id"], quote["client_id"] or "nobody yet")
        is_own = pair in {(row["expert_id"], row["client_id"]) for row in moment.before.reductions}
        if is_own and quote["accepted_version"] is None:
            assert version["commission_rate_bp"] <= _reduced(OWN_CLIENT_LATER_BP), "a pair without its reduction"


def _best(rows: Rows, quote: Row) -> tuple[int, str | None]:
    """Return the rate that an expert has earned on a quote, and by which reduction."""
    found: list[tuple[int, int, str | None]] = [(0, 2, None)]
    if quote["client_id"] is None:
        found.append((OWN_CLIENT_FIRST_BP, 0, None))
    for reduction in sorted(rows.reductions, key=lambda row: (row["earned_at"], row["id"])):
        turns = {row["turn"] for row in rows.reduction_uses if row["reduction_id"] == reduction["id"]}
        if reduction["expert_id"] != quote["expert_id"]:
            continue
        if reduction["kind"] == "referral" and not turns:
            found.append((reduction["share_bp"], 1, reduction["id"]))
        elif reduction["client_id"] and reduction["client_id"] == quote["client_id"]:
            share_bp = OWN_CLIENT_LATER_BP if 1 in turns else OWN_CLIENT_FIRST_BP
            found.append((share_bp, 0, reduction["id"]))
    share_bp, _, name = min(found, key=lambda one: (-one[0], one[1]))
    return _reduced(share_bp), name


def _reduced(share_bp: int) -> int:
    return STANDARD_BP - STANDARD_BP * share_bp // WHOLE_BP


def what_holds_once_is_used_once(moment: Moment) -> None:
    uses = moment.after.reduction_uses
    assert len({row["reference"] for row in uses}) == len(uses)
    quotes = moment.after.by_id("quotes")
    missions = {row["quote_id"]: row for row in moment.after.missions}
    for reduction in moment.after.reductions:
        if reduction["kind"] == "referral":
            own = [row for row in uses if row["reduction_id"] == reduction["id"]]
            assert len(own) <= 1
            counted = [quote for quote in quotes.values() if _reckons_with(moment.after, quote, reduction["id"])]
            assert len(counted) <= 1, "one referral lets off the commission of several quotes"
            assert {quote["id"] for quote in counted} <= {row["reference"] for row in own}
    for use in uses:
        quote, mission = quotes[use["reference"]], missions.get(use["reference"])
        assert quote["state"] not in {"draft", "declined", "withdrawn", "expired", "cancelled"}, "kept for nothing"
        assert (use["used_at"] is not None) == bool(mission and mission["funded_at"])


def _reckons_with(rows: Rows, quote: Row, reduction_id: str) -> bool:
    """Tell whether a quote that is under study or signed was sent with a reduction."""
    if quote["state"] not in {"sent", "accepted", "amended"}:
        return False
    return (
        rows.version(quote["id"], quote["accepted_version"] or quote["latest_version"])["reduction_id"] == reduction_id
    )


def everything_has_come_to_rest(moment: Moment) -> None:
    """Once all is delivered, missions and their money say the same."""
    rows = moment.after
    escrows = {row["reference"]: row for row in rows.escrows}
    for mission in rows.missions:
        escrow = escrows.get(mission["id"])
        if escrow:
            expected = {
                "awaiting_funds": {"awaiting"},
                "funded": {"held", "awaiting"},
                "in_progress": {"held", "awaiting"},
                "reported": {"held", "awaiting"},
                "disputed": {"held", "awaiting"},
                "refund_in_question": {"disputed"},
                "validated": {"awaiting"},  # a bank took it back before the release
                "closed": {"released"},
                "cancelled": {"cancelled", "refunded"},
            }[mission["state"]]
            assert escrow["state"] in expected, f"a mission is {mission['state']}, its money {escrow['state']}"
        sheet = rows.by_id("sheets").get(mission["sheet_id"])
        assert not (mission["started_at"] and sheet) or sheet["id"] in _closed_once(rows)
    succeeded = {row["id"] for row in rows.sandbox_transactions
                 if row["kind"] != "refund" and row["state"] == "succeeded" and row["arrives_at"] is None}  # fmt: skip
    assert succeeded == {row["provider_id"] for row in rows.payments if row["state"] == "succeeded"}
    assert not [row for row in rows.refunds if row["state"] == "agreed"]


def _closed_once(rows: Rows) -> set[str]:
    return {row["object_id"] for row in rows.state_changes if (row["kind"], row["event"]) == ("sheet", "close")}


LAWS: tuple[Callable[[Moment], None], ...] = (
    states_are_those_of_the_tables_and_reached_by_their_moves,
    nobody_acts_in_anothers_name,
    only_the_latest_version_that_was_sent_is_accepted,
    versions_never_change,
    the_day_rate_stays_what_was_signed,
    a_mission_is_made_by_the_first_acceptance_alone,
    nothing_begins_without_its_funds,
    the_price_that_was_signed_is_due,
    money_is_released_by_validation_alone,
    money_is_released_with_its_invoice,
    sums_hold,
    reviews_come_from_validated_missions,
    who_was_overtaken_is_told_once_and_by_anothers_mission,
    the_better_reduction_applies,
    what_holds_once_is_used_once,
)
