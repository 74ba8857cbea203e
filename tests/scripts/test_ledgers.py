import csv
import io
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select, text
from sqlmodel import col

from billing.documents import drafts, issues
from billing.documents.issues import About
from billing.models.boosts import BoostSubscription
from billing.providers import sandbox
from foundation import clock
from foundation.database import Database
from scripts import demo_accounts, demo_boosts, demo_missions, demo_threads
from tests.billing.documents import samples
from tests.billing.money import AT, DUE, Money, make
from tests.builders import import_all, record, settings_in
from tests.scripts.conftest import Portulan


@pytest.fixture
def money(portulan: Portulan, tmp_path: Path) -> Money:
    del portulan  # it brings the database up
    found = make(Database(settings_in(tmp_path).database_address))
    found.open()
    found.card()
    found.release(at=clock.now())  # after the payment, which came just now
    return found


def test_checking_says_what_is_broken_and_fails(portulan: Portulan, money: Money) -> None:
    assert portulan("ledger", "check").code == 0
    assert orjson.loads(portulan("ledger", "check", "--json").out)["findings"] == []
    with money.database.writing() as session:
        session.execute(text("UPDATE escrows SET reference = 'other'"))
    broken = portulan("ledger", "check", "--json")
    assert broken.code == 1
    assert orjson.loads(broken.out)["findings"] == [
        {"promise": "releases", "subject": "m1", "expected_cents": 0, "found_cents": DUE},
        {"promise": "releases", "subject": "other", "expected_cents": DUE, "found_cents": 0},
    ]
    shown = portulan("ledger", "check")
    assert (shown.code, "4,800.00" in shown.out) == (1, True)


def test_a_statement_has_a_running_balance(portulan: Portulan, money: Money) -> None:
    rows = orjson.loads(portulan("ledger", "statement", "m1", "--json").out)
    assert [(row["fact"], row["cents"], row["balance_cents"]) for row in rows] == [
        ("pay_in", DUE, DUE),
        ("release", -DUE, 0),
    ]
    shown = portulan("ledger", "statement", str(money.expert.expert_id), "--account", "payable").out
    assert "4,320.00" in shown
    # Both came just now, perhaps on two sides of midnight.
    days = sorted(row["day"] for row in rows)
    on_the_last = days.count(days[-1])
    for period, count in (
        (("--since", days[-1]), on_the_last),
        (("--until", days[-1]), 2),
        (("--until", "2026-01-01"), 0),
    ):
        assert len(orjson.loads(portulan("ledger", "statement", "m1", "--json", *period).out)) == count
    assert orjson.loads(portulan("ledger", "statement", "nothing\0", "--json").out) == []


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "20260230", "9999-12-31", "2026-1-1"])
def test_days_that_are_none_are_bad_input(portulan: Portulan, day: str) -> None:
    refused = portulan("ledger", "balance", "--on", day)
    assert (refused.code, "on" in refused.err, "Traceback" in refused.err) == (2, True, False)


def test_balances_sum_to_nothing_on_any_day(portulan: Portulan, money: Money) -> None:
    del money
    told = orjson.loads(portulan("ledger", "balance", "--json").out)
    assert told["sums_cents"] == {"EUR": 0}
    assert {row["account"]: row["cents"] for row in told["balances"]} == {
        "commission": 40_000,
        "escrow": 0,
        "payable": 432_000,
        "payer_wallet": DUE,
        "vat": 8_000,
    }
    assert orjson.loads(portulan("ledger", "balance", "--on", "2026-01-31", "--json").out)["balances"] == []
    assert "4,320.00" in portulan("ledger", "balance").out


def invoice(money: Money) -> None:
    """Issue what the release needs: the expert's invoice and the operator's."""
    line, fee = drafts.item_line("Audit", 400_000), drafts.item_line("Commission", 40_000)
    made = [
        samples.invoice(samples.deal(lines=(line,))),
        drafts.commission(replace(samples.of_operator(samples.ELODIE), lines=(fee,)), language="fr", on=samples.TODAY),
    ]
    with money.database.writing() as session:
        for draft in made:
            about = About("m1", str(money.expert.expert_id), money.client_id)
            issues.issue(session, issues.check(draft, "en"), about, at=clock.now())


def test_reconciling_lists_differences_and_fails(portulan: Portulan, money: Money) -> None:
    lacking = portulan("ledger", "reconcile", "--json")
    assert (lacking.code, orjson.loads(lacking.out)["differences"]) == (1, [])
    assert [(row["kind"], row["id"], row["ledger_cents"], row["documents_cents"])
            for row in orjson.loads(lacking.out)["documents"]] == [
        ("commission", "m1", 48_000, None), ("invoice", "m1", DUE, None),
    ]  # fmt: skip
    assert "Invoices that differ" in portulan("ledger", "reconcile").out
    invoice(money)
    assert portulan("ledger", "reconcile").code == 0
    with money.database.writing() as session:
        wire = sandbox.send_wire(session, money.client_id, "?", 700, "EUR", at=clock.now())
    told = portulan("ledger", "reconcile", "--json")
    assert told.code == 1
    assert orjson.loads(told.out) == {
        "provider": "sandbox",
        "differences": [
            {
                "kind": "payin",
                "id": wire,
                "ledger_cents": None,
                "ledger_currency": None,
                "provider_cents": 700,
                "provider_currency": "EUR",
            }
        ],
        "documents": [],
        "wallets": {
            "compared": 2,
            "guarded": [],
            "on_the_way": [
                {
                    "account": "payer_wallet",
                    "reference": money.client_id,
                    "currency": "EUR",
                    "cents": 700,
                    "transactions": [f"payin {wire}"],
                }
            ],
        },
    }
    shown = portulan("ledger", "reconcile")
    assert (shown.code, "nothing" in shown.out, "7.00 EUR" in shown.out) == (1, True, True)
    assert f"On the way at sandbox: 7.00 EUR of payer_wallet {money.client_id} (payin {wire})." in shown.out
    assert portulan("ledger", "reconcile", "--until", "2026-01-01").code == 0


def test_the_demonstration_s_money_adds_up(portulan: Portulan, tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    database = Database(settings.database_address)
    import_all(
        database, [record(ref, visible=True, available=True) for ref in ("E001", "E002", "E003", "E004", "E006")]
    )
    at = clock.now()
    demo_accounts.add(settings, database, at)
    demo_threads.add(database, at)
    for _ in range(2):
        demo_boosts.add(settings, database, at)
    demo_missions.add(settings, database, at)
    with database.reading() as session:
        states = session.execute(select(col(BoostSubscription.state))).scalars()
        assert sorted(states) == ["active", "cancelled", "past_due"]
    database.close()
    assert [portulan("ledger", command).code for command in ("check", "balance", "reconcile")] == [0, 0, 0]
    told = orjson.loads(portulan("ledger", "balance", "--json").out)["balances"]
    sums = {row["account"]: row["cents"] for row in told}
    # The commission is 10 % of what was released before tax; 20 % of tax are on both, and on boosts.
    assert sums["commission"] > 0
    assert sums["boost"] == 29_000 + 2 * 2_900
    assert sums["vat"] * 5 == sums["commission"] + sums["boost"]
    assert sums["fees_wallet"] == sums["commission"] + sums["boost"] + sums["vat"]
    # One payout arrived, one came back: that one is payable.
    assert sums["payable"] == sums["payee_wallet"] > 0
    assert sums["escrow"] > 0


def test_entries_are_written_for_accountants_and_run_as_no_formula(
    portulan: Portulan, money: Money, tmp_path: Path
) -> None:
    with money.database.writing() as session:
        session.execute(text("UPDATE clients SET name = '=1+1'"))
    file = tmp_path / "entries.csv"
    years = {clock.now().year, AT.year}
    for year in years:
        assert portulan("ledger", "export", str(year), "--out", str(file)).code == 0
        said = file.read_bytes().decode()
        assert said.startswith("\ufeffJournalCode;JournalLib;EcritureNum;")
        rows = list(csv.DictReader(io.StringIO(said.removeprefix("\ufeff"), newline=""), delimiter=";"))
        assert {row["CompAuxLib"] for row in rows if row["CompteNum"] == "467100"} == {"'=1+1"}
        assert portulan("ledger", "export", str(year)).out.replace("\r\n", "\n") == said.replace("\r\n", "\n")
    expert = portulan("ledger", "export", str(AT.year), "--expert", str(money.expert.expert_id)).out
    assert "622200" in expert
    assert "401000" in portulan("ledger", "export", f"{AT:%Y-%m}", "--client", money.client_id).out


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["2026-13"], "period"),
        (["2026", "--currency", "XXX"], "currency"),
        (["2026", "--client", "c", "--expert", "e"], "client"),
    ],
)
def test_what_can_not_be_exported_is_said(portulan: Portulan, arguments: list[str], field: str) -> None:
    refused = portulan("ledger", "export", *arguments)
    assert (refused.code, field in refused.err, "Traceback" in refused.err) == (2, True, False)
