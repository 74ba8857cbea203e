"""`portulan ledger`: checking the ledger, reading it, and holding it against the payment provider."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

import typer

from billing import document_differences, ledger_checks, ledger_statements, providers, reconciliations
from billing.ledger_differences import Difference
from billing.ledger_statements import Line
from billing.models.ledger import LedgerKind
from billing.wallet_balances import Balance, Between
from foundation import clock
from foundation.errors import Fault, Invalid
from foundation.settings import Settings
from scripts import databases, ledger_exports, tables
from scripts.tables import AsJson

app = typer.Typer(help="Check the ledger, read it, hold it against the provider.", no_args_is_help=True)
app.command()(ledger_exports.export)
OFF = 1
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
Since = Annotated[str, typer.Option("--since", help="The first day, such as 2026-01-31.")]
Until = Annotated[str, typer.Option("--until", help="The last day.")]


@app.command()
def check(as_json: AsJson = False) -> None:
    """Check every promise over every row, and our own rows against them; exit with 1 if one is broken."""
    database = databases.opened()
    with database.reading() as session:
        found = ledger_checks.check(session)
        rows = [
            {
                "promise": finding.promise.value,
                "subject": finding.subject,
                "expected_cents": finding.expected_cents,
                "found_cents": finding.found_cents,
            }
            for finding in found
        ]
    if as_json:
        tables.put_json({"promises": [promise.value for promise in ledger_checks.Promise], "findings": rows})
    elif rows:
        _put(("promise", "subject", "expected#", "found#"), rows, "Broken promises")
    else:
        tables.say(f"All {len(ledger_checks.Promise)} promises hold.", style="green")
    raise typer.Exit(OFF if rows else 0)


@app.command()
def statement(
    reference: Annotated[str, typer.Argument(help="Whose or of what: an escrow's reference, a client, an expert.")],
    account: Annotated[LedgerKind | None, typer.Option(help="Only this kind of account.")] = None,
    since: Since = "",
    until: Until = "",
    as_json: AsJson = False,
) -> None:
    """List what was posted to the accounts of a reference in a period, each with its running balance."""
    database = databases.opened()
    period = _period(since, until)
    kind = account.value if account else None
    with database.reading() as session:
        rows = [
            _line(line)
            for line in ledger_statements.statement(session, reference, kind=kind, since=period[0], before=period[1])
        ]
    if as_json:
        tables.put_json(rows)
    else:
        _put(("day", "account", "provider", "fact", "amount#", "balance#", "currency", "key"), rows, None)


@app.command()
def balance(
    on: Annotated[str, typer.Option("--on", help="At the end of which day, such as 2026-01-31; empty: now.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say what all accounts come to, by kind, provider and currency; exit with 1 if they don't sum to zero."""
    database = databases.opened()
    with database.reading() as session:
        found = ledger_statements.balances(session, before=_end_of("on", on))
    sums: dict[str, int] = {}
    for item in found:
        sums[item.currency] = sums.get(item.currency, 0) + item.side * item.cents
    if as_json:
        rows = [
            {
                "account": item.kind,
                "provider": item.provider,
                "currency": item.currency,
                "side": "debit" if item.side > 0 else "credit",
                "accounts": item.accounts,
                "cents": item.cents,
            }
            for item in found
        ]
        tables.put_json({"balances": rows, "sums_cents": sums})
    else:
        columns = ("account", "provider", "accounts#", "debit#", "credit#", "currency")
        tables.put(
            columns,
            [
                (
                    item.kind,
                    item.provider,
                    item.accounts,
                    tables.amount(item.cents) if item.side > 0 else "",
                    tables.amount(item.cents) if item.side < 0 else "",
                    item.currency,
                )
                for item in found
            ],
        )
    raise typer.Exit(OFF if any(sums.values()) else 0)


@app.command()
def reconcile(since: Since = "", until: Until = "", as_json: AsJson = False) -> None:
    """Compare the ledger with the provider's transactions and wallets and with invoices; keep what differs.

    Exits with 1 if something does. Nothing is corrected. Wallets are left out where the period is over: what is in them
    is known of now alone. Serving does so every night for the last weeks.
    """
    settings = Settings()
    database = databases.opened(settings)
    provider = providers.choose(database, settings)
    period = _period(since, until)
    found = reconciliations.reconcile(database, provider, at=clock.now(), since=period[0], before=period[1])
    guarded = [balance.name.reference for balance in found.balances if balance.is_guarded]
    uninvoiced = document_differences.reconcile(database, at=clock.now(), since=period[0], before=period[1])
    rows = [_difference(one, "provider") for one in found.differences]
    documents = [_difference(one, "documents") for one in uninvoiced]
    is_off = bool(rows or documents)
    moving = [_moving(balance) for balance in found.balances if balance.moving]
    if as_json:
        wallets = {"compared": len(found.balances) - len(guarded), "guarded": guarded, "on_the_way": moving}
        told = {"provider": provider.name, "differences": rows, "documents": documents, "wallets": wallets}
        tables.put_json(told)
        raise typer.Exit(OFF if is_off else 0)
    if rows:
        shown = [(row["kind"], row["id"], _said(row, "ledger"), _said(row, "provider")) for row in rows]
        tables.put(("kind", "id", "ledger#", "provider#"), shown, title="Differences")
    else:
        wallets = f", of {len(found.balances) - len(guarded)} wallets as well" if found.balances else ""
        tables.say(f"The ledger and {provider.name} say the same{wallets}.", style="green")
    if documents:
        shown = [(row["kind"], row["id"], _said(row, "ledger"), _said(row, "documents")) for row in documents]
        tables.put(("kind", "of", "ledger#", "invoiced#"), shown, title="Invoices that differ")
    else:
        tables.say("All that was released, kept back and paid for boosts is invoiced to the cent.", style="green")
    for row in moving:
        ids, amount = ", ".join(row["transactions"]), f"{tables.amount(row['cents'])} {row['currency']}"
        tables.say(f"On the way at {provider.name}: {amount} of {row['account']} {row['reference']} ({ids}).")
    if guarded:
        tables.say(f"Not shown by {provider.name} without their owners: wallets of {', '.join(guarded)}.")
    raise typer.Exit(OFF if is_off else 0)


def _difference(found: Difference, other: str) -> dict[str, Any]:
    """Return a difference between the ledger and another source."""
    return {
        "kind": found.external.kind,
        "id": found.external.id,
        "ledger_cents": found.here.cents if found.here else None,
        "ledger_currency": found.here.currency if found.here else None,
        f"{other}_cents": found.there.cents if found.there else None,
        f"{other}_currency": found.there.currency if found.there else None,
    }


def _moving(balance: Balance) -> dict[str, Any]:
    """Return what the provider has begun or done with a wallet, and the ledger does not have yet."""
    return {
        "account": balance.name.kind.value,
        "reference": balance.name.reference,
        "currency": balance.name.currency,
        "cents": balance.between[Between.ON_THE_WAY],
        "transactions": [f"{external.kind} {external.id}" for external in balance.moving],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "day": line.effective_at.date().isoformat(),
        "effective_at": line.effective_at,
        "recorded_at": line.recorded_at,
        "account": line.name.kind.value,
        "provider": line.name.provider,
        "fact": line.kind,
        "key": line.key,
        "transaction": line.transaction_id,
        "currency": line.name.currency,
        "cents": line.cents,
        "balance_cents": line.balance_cents,
    }


def _put(columns: tuple[str, ...], rows: list[dict[str, Any]], title: str | None) -> None:
    """Write rows as a table; a column `amount#` shows the cents that end with its name."""
    tables.put(columns, [[_cell(row, column.removesuffix("#")) for column in columns] for row in rows], title=title)


def _cell(row: dict[str, Any], column: str) -> object:
    if column == "amount":
        return tables.amount(row["cents"])
    cents = row.get(f"{column}_cents")
    return row[column] if cents is None else tables.amount(cents)


def _said(row: dict[str, Any], who: str) -> str:
    cents = row[f"{who}_cents"]
    return "nothing" if cents is None else f"{tables.amount(cents)} {row[f'{who}_currency']}"


def _period(since: str, until: str) -> tuple[datetime | None, datetime | None]:
    begin = _end_of("since", since)
    return begin - timedelta(days=1) if begin else None, _end_of("until", until)


def _end_of(name: str, day: str) -> datetime | None:
    """Return the instant at which a day is over, in UTC; None where none was given. Raises Invalid."""
    if not day:
        return None
    try:
        if _DAY.fullmatch(day):
            return datetime.combine(date.fromisoformat(day), time(), UTC) + timedelta(days=1)
    except (ValueError, OverflowError):
        pass  # such as 2026-02-30
    raise Invalid([Fault(name, "bad_day", f"{day!r} is no day: one such as 2026-01-31 is expected")])
