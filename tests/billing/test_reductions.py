"""Reductions of the commission: the better one holds, a referral's once, a pair's always; and nothing is lost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from accounts.models.accounts import AccountKind, Membership
from billing import reductions
from billing.models.reductions import Reduction, ReductionKind
from billing.reductions import Offered, Taken
from foundation.database import Database
from foundation.errors import Conflict, NotFound
from foundation.settings import Settings
from tests import builders, signed_in
from tests.billing.test_mandates import at_once

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
LATER = AT + timedelta(days=1)
SHARES = Settings(own_client_first_reduction_bp=5000, own_client_reduction_bp=3000, referral_reduction_bp=4000)


class Pair:
    """An expert and two clients."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.expert = signed_in.make(database, AccountKind.EXPERT).expert_id or ""
        accounts = [signed_in.make(database, AccountKind.COMPANY) for _ in range(2)]
        with database.reading() as session:
            self.client, self.other = (session.get_one(Membership, account.id).client_id for account in accounts)

    def do(self, work: Callable[..., object], *values: object, **more: object) -> object:
        return self.database.write(lambda session: work(session, *values, **more))

    def own_client(self) -> Reduction:
        found = self.do(reductions.grant_own_client, self.expert, self.client, AT, settings=SHARES)
        assert isinstance(found, Reduction)
        return found

    def referral(self, referral_id: str = "r1") -> Reduction:
        found = self.do(reductions.grant_referral, self.expert, referral_id, AT, settings=SHARES)
        assert isinstance(found, Reduction)
        return found

    def best(self, client_id: str | None) -> tuple[str, int] | None:
        with self.database.reading() as session:
            found = reductions.best(session, self.expert, client_id)
        return None if found is None else (found.kind.value, found.share_bp)

    def lines(self) -> list[tuple[str, bool, list[tuple[str, int, bool]]]]:
        with self.database.reading() as session:
            return sorted(
                (
                    line.reduction.kind,
                    line.is_open,
                    [(use.reference, use.share_bp, use.used_at is not None) for use in line.uses],
                )
                for line in reductions.of(session, self.expert)
            )


@pytest.fixture
def pair(database: Database) -> Pair:
    return Pair(database)


def test_the_better_one_for_the_expert_is_taken_and_a_referral_is_spared_where_it_brings_nothing_more() -> None:
    own = Offered("o", ReductionKind.OWN_CLIENT, "c", 4000)
    better, same, first = (Offered(name, ReductionKind.REFERRAL, None, share) for name, share in
                           (("b", 4001), ("s", 4000), ("f", 4001)))  # fmt: skip
    assert reductions.choose([same, own]) == own
    assert reductions.choose([own, better, first]) == better
    assert reductions.choose([]) is None
    assert reductions.choose([Offered("z", ReductionKind.REFERRAL, None, 0)]) is None


def test_a_pairs_first_mission_is_cheaper_than_its_later_ones_and_it_is_never_used_up(pair: Pair) -> None:
    assert pair.best(pair.client) is None
    own = pair.own_client()
    pair.referral()
    for turn, expected in enumerate([("own_client", 5000), ("referral", 4000), ("referral", 4000)], 1):
        assert pair.best(pair.client) == expected
        pair.do(reductions.reserve, own.id, f"m{turn}", AT)
        pair.do(reductions.use, own.id, f"m{turn}", AT)
    assert pair.best(pair.other) == ("referral", 4000)
    assert pair.best(None) == ("referral", 4000)
    assert pair.lines() == [
        ("own_client", True, [("m1", 5000, True), ("m2", 3000, True), ("m3", 3000, True)]),
        ("referral", True, []),
    ]


def test_a_referrals_holds_once_and_is_given_back_when_its_mission_is_cancelled(pair: Pair) -> None:
    referral = pair.referral()
    pair.do(reductions.reserve, referral.id, "m1", AT)
    assert pair.best(pair.other) is None
    with pytest.raises(Taken):
        pair.do(reductions.reserve, referral.id, "m2", AT)
    pair.do(reductions.give_back, "m1", AT)
    assert pair.best(pair.other) == ("referral", 4000)
    pair.do(reductions.reserve, referral.id, "m2", AT)
    pair.do(reductions.use, referral.id, "m2", LATER)
    assert pair.lines() == [("referral", False, [("m2", 4000, True)])]


def test_everything_may_be_said_twice(pair: Pair) -> None:
    assert pair.referral().id == pair.referral().id
    assert pair.own_client().id == pair.own_client().id
    own = pair.own_client()
    for at in (AT, LATER):
        pair.do(reductions.reserve, own.id, "m1", at)
        pair.do(reductions.use, own.id, "m1", at)
    with pair.database.reading() as session:
        kept = reductions.held(session, "m1")
    assert kept is not None
    assert (kept.reserved_at, kept.used_at) == (AT, AT)
    for _ in range(2):
        pair.do(reductions.give_back, "m1", AT)
    assert pair.best(pair.client) == ("own_client", 5000)


def test_one_thing_has_one_reduction(pair: Pair) -> None:
    own, referral = pair.own_client(), pair.referral()
    pair.do(reductions.reserve, own.id, "m1", AT)
    with pytest.raises(Conflict):
        pair.do(reductions.reserve, referral.id, "m1", AT)
    with pytest.raises(NotFound):
        pair.do(reductions.reserve, "nothing", "m2", AT)


def test_what_was_promised_stays_when_the_settings_change(pair: Pair) -> None:
    pair.own_client()
    pair.do(
        reductions.grant_own_client, pair.expert, pair.client, LATER, settings=Settings(own_client_first_reduction_bp=1)
    )
    assert pair.best(pair.client) == ("own_client", 5000)


def test_accepted_at_the_same_time_a_single_use_one_holds_on_one_mission(pair: Pair) -> None:
    pair.referral()
    numbers = count()

    def accept() -> None:
        pair.do(reductions.reserve_best, pair.expert, pair.other, f"m{next(numbers)}", AT)

    at_once(accept)
    [(_, is_open, uses)] = pair.lines()
    assert not is_open
    assert len(uses) == 1


def test_accepted_at_the_same_time_a_pairs_holds_on_all_and_the_first_share_on_one(pair: Pair) -> None:
    pair.own_client()
    numbers = count()

    def accept() -> None:
        pair.do(reductions.reserve_best, pair.expert, pair.client, f"m{next(numbers)}", AT)

    at_once(accept)
    [(_, _, uses)] = pair.lines()
    assert sorted(share for _, share, _ in uses) == [3000, 3000, 3000, 5000]


@contextmanager
def empty_database() -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        database = builders.database_of(builders.settings_in(Path(folder)))
        yield database
        database.close()


class Reducing(RuleBasedStateMachine):
    """Grants, acceptances, payments and cancellations in any order, against a plain count."""

    def __init__(self) -> None:
        super().__init__()
        self.context = empty_database()
        self.pair = Pair(self.context.__enter__())
        self.earned, self.numbers = 0, count()
        self.held: dict[str, tuple[str, str]] = {}
        self.has_pair = False

    def teardown(self) -> None:
        self.context.__exit__(None, None, None)

    @rule()
    def refer(self) -> None:
        self.pair.referral(f"r{self.earned}")
        self.earned += 1

    @rule()
    def bring_client(self) -> None:
        self.pair.own_client()
        self.has_pair = True

    @rule(is_own=st.booleans())
    def accept(self, is_own: bool) -> None:
        reference = f"m{next(self.numbers)}"
        client_id = self.pair.client if is_own else self.pair.other
        with self.pair.database.writing() as session:
            promised = reductions.best(session, self.pair.expert, client_id)
            kept = reductions.reserve_best(session, self.pair.expert, client_id, reference, AT)
            assert (promised is None) is (kept is None)
            if promised and kept:
                assert (kept.reduction_id, kept.share_bp) == (promised.id, promised.share_bp)
                self.held[reference] = (kept.reduction_id, promised.kind.value)
        if promised is None:
            assert self.open_referrals() == 0
        if is_own and self.has_pair:
            assert promised is not None, "a pair's holds always"

    @precondition(lambda self: self.held)
    @rule(place=st.integers(0, 50), is_paid=st.booleans())
    def go_on(self, place: int, is_paid: bool) -> None:
        reference = sorted(self.held)[place % len(self.held)]
        if is_paid:
            self.pair.do(reductions.use, self.held[reference][0], reference, LATER)
        else:
            self.pair.do(reductions.give_back, reference, LATER)
            del self.held[reference]

    @invariant()
    def every_referral_is_open_or_on_one_mission(self) -> None:
        lines = [line for line in self.pair.lines() if line[0] == "referral"]
        assert len(lines) == self.earned
        assert all(is_open is not bool(uses) and len(uses) <= 1 for _, is_open, uses in lines)
        assert sum(is_open for _, is_open, _ in lines) == self.open_referrals()
        shares = [use[1] for kind, _, uses in self.pair.lines() if kind == "own_client" for use in uses]
        assert shares.count(5000) <= 1

    def open_referrals(self) -> int:
        return self.earned - sum(kind == "referral" for _, kind in self.held.values())


TestReducing = Reducing.TestCase
TestReducing.settings = hypothesis_settings(max_examples=12, stateful_step_count=12, deadline=None)
