"""Two workers at once: one fact is posted once, and no account falls below zero."""

import threading
from collections.abc import Callable

from sqlalchemy import text

from billing import ledger, ledger_checks, postings
from billing.models.ledger import LedgerKind
from billing.postings import Amount, External, Fact, Name
from foundation.database import Database
from foundation.errors import Conflict
from tests.billing.money import AT

WORKERS = 4


def at_once(works: list[Callable[[], object]]) -> list[str]:
    ready = threading.Barrier(len(works), timeout=20)
    came = [""] * len(works)

    def run(place: int) -> None:
        ready.wait()
        try:
            works[place]()
            came[place] = "done"
        except Conflict as error:
            came[place] = type(error).__name__

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return sorted(came)


def post(database: Database, fact: Fact) -> Callable[[], object]:
    return lambda: database.write(lambda session: ledger.post(session, fact, at=AT))


def paid(number: int, cents: int = 1_000) -> Fact:
    came = External("sandbox", "payin", f"s{number}")
    return postings.pay_in(f"p{number}", Amount(cents, "EUR"), "m1", "c1", came)


def balance(database: Database) -> int:
    with database.reading() as session:
        assert {finding.promise for finding in ledger_checks.check(session)} <= {
            ledger_checks.Promise.ESCROWS,
            ledger_checks.Promise.REFUNDS,
        }
        return ledger.balance(session, Name(LedgerKind.ESCROW, "m1", "EUR"))


def test_one_fact_that_is_told_by_several_is_posted_once(database: Database) -> None:
    assert at_once([post(database, paid(1))] * WORKERS) == ["done"] * WORKERS
    assert balance(database) == 1_000


def test_facts_to_the_same_new_accounts_are_all_posted(database: Database) -> None:
    assert at_once([post(database, paid(number)) for number in range(WORKERS)]) == ["done"] * WORKERS
    assert balance(database) == WORKERS * 1_000


def test_one_of_two_that_contradict_each_other_is_posted(database: Database) -> None:
    assert at_once([post(database, paid(1, 1_000)), post(database, paid(1, 999))]) == ["Conflict", "done"]


def test_what_is_there_once_is_taken_once(database: Database) -> None:
    post(database, paid(1))()
    refunds = [postings.refund(f"r{number}", Amount(600, "EUR"), "m1") for number in range(WORKERS)]
    assert at_once([post(database, fact) for fact in refunds]) == ["Overdrawn"] * (WORKERS - 1) + ["done"]
    assert balance(database) == 400


def test_the_database_itself_has_them_wait_for_each_other(database: Database) -> None:
    """Without the locks that the ledger takes: whoever commits second is checked by what the first one left."""
    post(database, paid(1))()
    with database.reading() as session:
        ids = {row.kind: row.id for row in session.execute(text("SELECT kind, id FROM ledger_accounts"))}

    def take(number: int) -> None:
        with database.writing() as session:
            for kind, cents in (("escrow", 600), ("payer_wallet", -600)):
                values = {"transaction": f"t{number}", "account": ids[kind], "cents": cents}
                session.execute(text("INSERT INTO postings VALUES (:transaction, :account, :cents)"), values)
            session.execute(
                text("""
                    INSERT INTO ledger_transactions (id, kind, key, fingerprint, legs, note, effective_at, recorded_at)
                    VALUES (:id, 'refund', :id, 'f', 2, '', '2026-12-01 09:00:00+00', '2026-12-01 09:00:00+00')
                """),
                {"id": f"t{number}"},
            )

    done: list[int] = []
    ready = threading.Barrier(2, timeout=20)

    def run(number: int) -> None:
        ready.wait()
        try:
            take(number)
        except Exception as error:  # noqa: BLE001 - which error depends on the database
            assert "below zero" in str(error)  # noqa: PT017
        else:
            done.append(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(done) == 1
    with database.reading() as session:
        assert ledger.balance(session, Name(LedgerKind.ESCROW, "m1", "EUR")) == 400
