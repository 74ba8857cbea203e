"""the ledger, which the database itself keeps balanced; what was paid so far is posted"""

import hashlib
import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = '0031'
down_revision = '0030'
branch_labels = None
depends_on = None

CENTS = sa.BigInteger().with_variant(sa.Numeric(), 'postgresql')
INSTANT = sa.DateTime(timezone=True)
TABLES = ('postings', 'ledger_transactions', 'ledger_accounts')
STAYS = 'the ledger is only added to'
BALANCES = 'a transaction of the ledger has two postings at least, which sum to zero in each currency'
TURNS = 'a reversal posts the opposite of what it reverses'
CLOSED = 'nothing is added to a transaction of the ledger'
NEGATIVE = 'an account of the ledger would fall below zero'
TWICE = 'this is in the ledger already'


def upgrade() -> None:
    op.create_table(
        'ledger_accounts',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('kind', sa.String(), nullable=False),
        sa.Column('reference', sa.String(), nullable=False),
        sa.Column('provider', sa.String(), nullable=False),
        sa.Column('currency', sa.String(), nullable=False),
        sa.Column('side', sa.Integer(), nullable=False),
        sa.Column('may_be_negative', sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "(provider <> '') = (kind IN ('payer_wallet', 'unassigned_wallet', 'payee_wallet', 'fees_wallet'))",
            name='wallets_are_a_providers',
        ),
        sa.CheckConstraint(
            "(side = 1) = (kind IN ('payer_wallet', 'unassigned_wallet', 'payee_wallet', 'fees_wallet', "
            "'chargebacks'))",
            name='side_is_that_of_its_kind',
        ),
        sa.CheckConstraint(
            "may_be_negative = (kind IN ('fees_wallet', 'chargebacks', 'commission', 'boost', 'vat'))",
            name='bounds_are_those_of_its_kind',
        ),
        sa.CheckConstraint('length(currency) = 3', name='ledger_currency_is_a_code'),
        sa.CheckConstraint('side IN (1, -1)', name='side_is_debit_or_credit'),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('kind', 'reference', 'provider', 'currency', name='ux_ledger_accounts_name'),
    )
    op.create_index('ix_ledger_accounts_reference', 'ledger_accounts', ['reference'])
    op.create_table(
        'ledger_transactions',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('kind', sa.String(), nullable=False),
        sa.Column('key', sa.String(), nullable=False),
        sa.Column('fingerprint', sa.String(), nullable=False),
        sa.Column('legs', sa.Integer(), nullable=False),
        sa.Column('provider', sa.String(), nullable=True),
        sa.Column('external_kind', sa.String(), nullable=True),
        sa.Column('external_id', sa.String(), nullable=True),
        sa.Column('reverses', sa.String(), nullable=True),
        sa.Column('note', sa.String(), nullable=False),
        sa.Column('effective_at', INSTANT, nullable=False),
        sa.Column('recorded_at', INSTANT, nullable=False),
        sa.CheckConstraint("(kind = 'reversal') = (reverses IS NOT NULL)", name='reversals_name_what_they_reverse'),
        sa.CheckConstraint(
            '(provider IS NULL) = (external_id IS NULL) AND (provider IS NULL) = (external_kind IS NULL)',
            name='external_ids_are_whole',
        ),
        sa.CheckConstraint('legs >= 2', name='transaction_has_two_postings'),
        sa.CheckConstraint('reverses <> id', name='nothing_reverses_itself'),
        sa.ForeignKeyConstraint(['reverses'], ['ledger_transactions.id']),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('key', name='ux_ledger_transactions_key'),
        sa.UniqueConstraint('provider', 'external_kind', 'external_id', name='ux_ledger_transactions_external'),
        sa.UniqueConstraint('reverses', name='ux_ledger_transactions_reverses'),
    )
    op.create_index('ix_ledger_transactions_effective', 'ledger_transactions', ['effective_at'])
    op.create_table(
        'postings',
        sa.Column('transaction_id', sa.String(), nullable=False),
        sa.Column('account_id', sa.String(), nullable=False),
        sa.Column('cents', CENTS, nullable=False),
        sa.CheckConstraint(
            'cents <> 0 AND cents BETWEEN -1000000000000000 AND 1000000000000000', name='posting_is_an_amount'
        ),
        sa.CheckConstraint('cents = CAST(cents AS BIGINT)', name='posting_is_whole_cents'),
        sa.ForeignKeyConstraint(['account_id'], ['ledger_accounts.id']),
        sa.ForeignKeyConstraint(
            ['transaction_id'], ['ledger_transactions.id'], deferrable=True, initially='DEFERRED'
        ),
        sa.PrimaryKeyConstraint('transaction_id', 'account_id'),
    )
    op.create_index('ix_postings_account', 'postings', ['account_id', 'cents'])
    op.create_table(
        'ledger_differences',
        sa.Column('id', sa.String(), nullable=False),
        sa.Column('provider', sa.String(), nullable=False),
        sa.Column('external_kind', sa.String(), nullable=False),
        sa.Column('external_id', sa.String(), nullable=False),
        sa.Column('here_cents', CENTS, nullable=True),
        sa.Column('there_cents', CENTS, nullable=True),
        sa.Column('here_currency', sa.String(), nullable=False),
        sa.Column('there_currency', sa.String(), nullable=False),
        sa.Column('found_at', INSTANT, nullable=False),
        sa.Column('seen_at', INSTANT, nullable=False),
        sa.Column('gone_at', INSTANT, nullable=True),
        sa.Column('looked_by', sa.String(), nullable=True),
        sa.Column('looked_at', INSTANT, nullable=True),
        sa.Column('note', sa.String(), nullable=False),
        sa.CheckConstraint('(looked_by IS NULL) = (looked_at IS NULL)', name='looked_at_by_somebody'),
        sa.CheckConstraint('here_cents IS NOT NULL OR there_cents IS NOT NULL', name='difference_is_one'),
        sa.PrimaryKeyConstraint('id'),
        sa.UniqueConstraint('provider', 'external_kind', 'external_id', name='ux_ledger_differences_external'),
    )
    op.create_index('ix_ledger_differences_open', 'ledger_differences', ['gone_at', 'looked_at'])
    if op.get_bind().dialect.name == 'postgresql':
        guard_on_postgresql()
    else:
        guard_on_sqlite()
    open_books(op.get_bind())
    if op.get_bind().dialect.name == 'postgresql':
        # What waits for the commit is checked now: later revisions can't touch a table that something waits for.
        op.execute('SET CONSTRAINTS ALL IMMEDIATE')


def guard_on_postgresql() -> None:
    """Check transactions as they are committed: an account is locked before it is summed, so that none overtakes."""
    op.execute(f"""
        CREATE FUNCTION ledger_stays() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION '{STAYS}'; END $$
    """)
    for table in TABLES:
        op.execute(f"""
            CREATE TRIGGER {table}_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION ledger_stays()
        """)
    op.execute(f"""
        CREATE FUNCTION ledger_transaction_holds() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            touched record;
        BEGIN
            IF current_setting('transaction_isolation') = 'repeatable read' THEN
                -- Sums would be those of the transaction's beginning, whoever was waited for.
                RAISE EXCEPTION 'the ledger is not written to under REPEATABLE READ';
            END IF;
            IF (SELECT count(*) FROM postings WHERE transaction_id = NEW.id) <> NEW.legs OR EXISTS (
                SELECT 1 FROM postings p JOIN ledger_accounts a ON a.id = p.account_id
                WHERE p.transaction_id = NEW.id GROUP BY a.currency HAVING sum(p.cents) <> 0
            ) THEN
                RAISE EXCEPTION '{BALANCES}';
            END IF;
            IF NEW.reverses IS NOT NULL AND EXISTS (
                SELECT 1 FROM postings WHERE transaction_id IN (NEW.id, NEW.reverses)
                GROUP BY account_id HAVING sum(cents) <> 0
            ) THEN
                RAISE EXCEPTION '{TURNS}';
            END IF;
            FOR touched IN
                SELECT a.id, a.side FROM postings p JOIN ledger_accounts a ON a.id = p.account_id
                WHERE p.transaction_id = NEW.id AND NOT a.may_be_negative AND a.side * p.cents < 0
                ORDER BY a.id FOR NO KEY UPDATE OF a
            LOOP
                IF touched.side * (SELECT sum(cents) FROM postings WHERE account_id = touched.id) < 0 THEN
                    RAISE EXCEPTION '{NEGATIVE}';
                END IF;
            END LOOP;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER ledger_transaction_holds AFTER INSERT ON ledger_transactions
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_transaction_holds()
    """)
    op.execute(f"""
        CREATE FUNCTION posting_came_in_time() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF (SELECT legs FROM ledger_transactions WHERE id = NEW.transaction_id)
                IS DISTINCT FROM (SELECT count(*) FROM postings WHERE transaction_id = NEW.transaction_id)
            THEN
                RAISE EXCEPTION '{CLOSED}';
            END IF;
            RETURN NULL;
        END $$
    """)
    op.execute("""
        CREATE CONSTRAINT TRIGGER posting_came_in_time AFTER INSERT ON postings
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION posting_came_in_time()
    """)


def guard_on_sqlite() -> None:
    """Check a transaction as its row comes, after its postings: one writer at a time, so that nothing overtakes.

    What INSERT OR REPLACE would overwrite is refused here, since it tells no trigger that it deletes.
    """
    for table in TABLES:
        for change in ('update', 'delete'):
            op.execute(f"""
                CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}
                BEGIN SELECT RAISE(ABORT, '{STAYS}'); END
            """)
    op.execute(f"""
        CREATE TRIGGER posting_comes_in_time BEFORE INSERT ON postings
        WHEN EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.transaction_id)
        BEGIN SELECT RAISE(ABORT, '{CLOSED}'); END
    """)
    op.execute(f"""
        CREATE TRIGGER ledger_account_is_new BEFORE INSERT ON ledger_accounts
        WHEN EXISTS (SELECT 1 FROM ledger_accounts WHERE id = NEW.id) OR EXISTS (
            SELECT 1 FROM ledger_accounts WHERE kind = NEW.kind AND reference = NEW.reference
            AND provider = NEW.provider AND currency = NEW.currency
        )
        BEGIN SELECT RAISE(ABORT, '{TWICE}'); END
    """)
    op.execute(f"""
        CREATE TRIGGER ledger_transaction_holds BEFORE INSERT ON ledger_transactions
        BEGIN
            SELECT RAISE(ABORT, '{TWICE}') WHERE
                EXISTS (SELECT 1 FROM ledger_transactions WHERE id = NEW.id)
                OR EXISTS (SELECT 1 FROM ledger_transactions WHERE key = NEW.key)
                OR EXISTS (SELECT 1 FROM ledger_transactions WHERE reverses = NEW.reverses)
                OR EXISTS (
                    SELECT 1 FROM ledger_transactions WHERE provider = NEW.provider
                    AND external_kind = NEW.external_kind AND external_id = NEW.external_id
                );
            SELECT RAISE(ABORT, '{BALANCES}') WHERE
                (SELECT count(*) FROM postings WHERE transaction_id = NEW.id) <> NEW.legs OR EXISTS (
                    SELECT 1 FROM postings p JOIN ledger_accounts a ON a.id = p.account_id
                    WHERE p.transaction_id = NEW.id GROUP BY a.currency HAVING sum(p.cents) <> 0
                );
            SELECT RAISE(ABORT, '{TURNS}') WHERE NEW.reverses IS NOT NULL AND EXISTS (
                SELECT 1 FROM postings WHERE transaction_id IN (NEW.id, NEW.reverses)
                GROUP BY account_id HAVING sum(cents) <> 0
            );
            SELECT RAISE(ABORT, '{NEGATIVE}') WHERE EXISTS (
                SELECT 1 FROM postings p JOIN ledger_accounts a ON a.id = p.account_id
                WHERE p.transaction_id = NEW.id AND NOT a.may_be_negative AND a.side * p.cents < 0
                AND a.side * (SELECT sum(q.cents) FROM postings q WHERE q.account_id = a.id) < 0
            );
        END
    """)


ACCOUNTS = sa.table(
    'ledger_accounts',
    *(sa.column(name) for name in ('id', 'kind', 'reference', 'provider', 'currency', 'side', 'may_be_negative')),
)
TRANSACTIONS = sa.table(
    'ledger_transactions',
    *(
        sa.column(name)
        for name in ('id', 'kind', 'key', 'fingerprint', 'legs', 'provider', 'external_kind', 'external_id', 'note')
    ),
    sa.column('effective_at', INSTANT),
    sa.column('recorded_at', INSTANT),
)
POSTINGS = sa.table('postings', sa.column('transaction_id'), sa.column('account_id'), sa.column('cents'))


class Books:
    """Posts what rows say happened so far, as `billing.postings` did when this revision was made."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.accounts: dict[tuple[str, str, str, str], str] = {}
        self.recorded_at = datetime.now(UTC)

    def post(self, kind: str, key: str, at: datetime, legs: list, external: tuple[str, str, str] | None = None) -> None:
        """Post a fact; legs are ((kind, reference, provider, currency), cents)."""
        sums: dict[tuple[str, str, str, str], int] = defaultdict(int)
        for name, cents in legs:
            sums[name] += cents
        kept = sorted((name, cents) for name, cents in sums.items() if cents)
        # Accounts are sorted as `billing.postings` sorts them: by currency before provider.
        kept.sort(key=lambda leg: (leg[0][0], leg[0][1], leg[0][3], leg[0][2]))
        content = [kind, list(external) if external else None, None, [[*name, cents] for name, cents in kept]]
        text = json.dumps(content, ensure_ascii=False, separators=(',', ':'))
        transaction_id = str(uuid4())
        rows = [
            {'transaction_id': transaction_id, 'account_id': self.account(name), 'cents': cents}
            for name, cents in kept
        ]
        self.connection.execute(POSTINGS.insert(), rows)
        provider, external_kind, external_id = external or (None, None, None)
        self.connection.execute(
            TRANSACTIONS.insert().values(
                id=transaction_id,
                kind=kind,
                key=key,
                fingerprint=hashlib.sha256(text.encode()).hexdigest(),
                legs=len(rows),
                provider=provider,
                external_kind=external_kind,
                external_id=external_id,
                note='',
                effective_at=at,
                recorded_at=self.recorded_at,
            )
        )

    def account(self, name: tuple[str, str, str, str]) -> str:
        """Return the id of an account, made now if need be."""
        if name not in self.accounts:
            kind, reference, provider, currency = name
            self.accounts[name] = str(uuid4())
            self.connection.execute(
                ACCOUNTS.insert().values(
                    id=self.accounts[name],
                    kind=kind,
                    reference=reference,
                    provider=provider,
                    currency=currency,
                    side=1 if provider else -1,
                    may_be_negative=kind in {'commission', 'vat'},
                )
            )
        return self.accounts[name]


def open_books(connection: sa.Connection) -> None:
    """Post the payments, refunds and releases that there are, in the order in which they may have happened."""
    books = Books(connection)
    tables = sa.MetaData()
    payments, escrows, refunds, parts = (
        sa.Table(name, tables, autoload_with=connection) for name in ('payments', 'escrows', 'refunds', 'refund_parts')
    )
    held = {row.id: row for row in connection.execute(sa.select(escrows))}
    paid = {
        row.id: row
        for row in connection.execute(
            sa.select(payments).where(payments.c.state == 'succeeded').order_by(payments.c.settled_at, payments.c.id)
        )
    }
    for row in paid.values():
        external = (row.provider, 'payin', row.provider_id)
        if row.counted_at is not None:
            escrow = held[row.escrow_id]
            wallet = ('payer_wallet', escrow.payer_client_id, row.provider, row.currency)
            legs = [(wallet, row.cents), (('escrow', escrow.reference, '', row.currency), -row.cents)]
            books.post('pay_in', f'pay_in {row.id}', row.counted_at, legs, external)
        else:
            wallet = ('unassigned_wallet', '', row.provider, row.currency)
            legs = [(wallet, row.cents), (('unassigned', row.id, '', row.currency), -row.cents)]
            books.post('unassigned_pay_in', f'unassigned_pay_in {row.id}', row.settled_at, legs, external)
    of_refund: dict[str, list] = defaultdict(list)
    for part in connection.execute(sa.select(parts).order_by(parts.c.id)):
        of_refund[part.refund_id].append(part)
    gone = refunds.c.state.in_(('agreed', 'done', 'failed'))
    for refund in connection.execute(sa.select(refunds).where(gone).order_by(refunds.c.asked_at, refunds.c.id)):
        own = ('refund', refund.id, '', refund.currency)
        at = refund.consented_at or refund.asked_at
        if refund.escrow_id is not None:
            legs = [(('escrow', held[refund.escrow_id].reference, '', refund.currency), refund.cents), (own, -refund.cents)]
            books.post('refund', f'refund {refund.id}', at, legs)
        else:
            payment = paid[of_refund[refund.id][0].payment_id]
            legs = [(('unassigned', payment.id, '', refund.currency), refund.cents), (own, -refund.cents)]
            books.post('return', f'return {refund.id}', at, legs)
        for part in of_refund[refund.id]:
            if part.state != 'succeeded':
                continue
            payment = paid[part.payment_id]
            if payment.counted_at is None:
                wallet = ('unassigned_wallet', '', payment.provider, refund.currency)
            else:
                payer = held[payment.escrow_id].payer_client_id
                wallet = ('payer_wallet', payer, payment.provider, refund.currency)
            external = (payment.provider, 'refund', part.provider_id)
            sent_at = refund.done_at or at
            books.post('repayment', f'repayment {part.id}', sent_at, [(own, part.cents), (wallet, -part.cents)], external)
    fees = signed_fees(connection)
    for escrow in held.values():
        if escrow.state == 'released':
            before_tax, tax = fee(fees.get(escrow.reference), escrow.released_cents)
            legs = [
                (('escrow', escrow.reference, '', escrow.currency), escrow.released_cents),
                (('payable', escrow.payee_expert_id, '', escrow.currency), before_tax + tax - escrow.released_cents),
                (('commission', '', '', escrow.currency), -before_tax),
                (('vat', '', '', escrow.currency), -tax),
            ]
            books.post('release', f'release {escrow.reference}', escrow.closed_at, legs)


def signed_fees(connection: sa.Connection) -> dict[str, tuple[int, int, int, int]]:
    """Return of each mission what its signed quote says: net, gross, commission with its tax, its rate."""
    rows = connection.execute(
        sa.text("""
            SELECT m.id, v.net_cents, v.gross_cents, v.commission_cents, v.commission_rate_bp
            FROM missions m JOIN quotes q ON q.id = m.quote_id
            JOIN quote_versions v ON v.quote_id = q.id AND v.number = q.accepted_version
        """)
    )
    return {row[0]: (row[1], row[2], row[3], row[4]) for row in rows}


def fee(signed: tuple[int, int, int, int] | None, released: int) -> tuple[int, int]:
    """Return commission and tax on what was released, as `billing.commissions.on_part` reckons."""
    if signed is None:
        return 0, 0
    net, gross, commission, rate_bp = signed
    before_tax = part(net, rate_bp, 10_000)
    tax = max(0, commission - before_tax)
    if released == gross:
        return before_tax, tax
    reduced = part(part(net, released, gross), rate_bp, 10_000)
    return reduced, part(tax, reduced, before_tax) if before_tax else 0


def part(amount: int, share: int, whole: int) -> int:
    """Return a share of an amount; half a cent goes up."""
    return int((Decimal(amount) * share / whole).quantize(Decimal(1), ROUND_HALF_UP))


def downgrade() -> None:
    for table in ('ledger_differences', *TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == 'postgresql':
        for function in ('ledger_stays', 'ledger_transaction_holds', 'posting_came_in_time'):
            op.execute(f'DROP FUNCTION {function}()')
