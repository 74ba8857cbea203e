"""What each fact posts to the ledger. Pure: values in, legs out; see `docs/ledger.md` for the chart of accounts.

Debits are positive, credits negative. What a provider holds (wallets) grows by debits, what is owed to somebody
(escrows, refunds, what is payable) and what was earned by credits. A release and the provider's transfer are two
facts: between them money was promised to the expert, and lies where it was.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from billing.commissions import Commission
from billing.models.ledger import DEBTORS, UNBOUNDED, FactKind, LedgerKind

_RELEASE = "release "


@dataclass(frozen=True, slots=True, order=True)
class Name:
    """Which account of the ledger is meant."""

    kind: LedgerKind
    reference: str
    currency: str
    provider: str = ""

    @property
    def side(self) -> int:
        """Return 1 where debits make it grow, -1 where credits do."""
        return 1 if self.kind in DEBTORS else -1

    @property
    def may_be_negative(self) -> bool:
        """Tell whether it may fall below zero."""
        return self.kind in UNBOUNDED


@dataclass(frozen=True, slots=True)
class External:
    """Under which id a provider has a fact."""

    provider: str
    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened to money, as it is posted."""

    kind: FactKind
    key: str
    """Tells it from every other fact."""
    legs: Mapping[Name, int] = field(hash=False)
    external: External | None = None
    reverses: str | None = None
    note: str = ""

    @property
    def fingerprint(self) -> str:
        """Return the hash of what is posted; when it happened and the note are not part of it."""
        external = [self.external.provider, self.external.kind, self.external.id] if self.external else None
        names = sorted(self.legs, key=lambda name: (name.kind, name.reference, name.currency, name.provider))
        legs = [[name.kind, name.reference, name.provider, name.currency, self.legs[name]] for name in names]
        content = json.dumps([self.kind, external, self.reverses, legs], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Amount:
    """Cents of a currency."""

    cents: int
    currency: str


def fact(kind: FactKind, key: str, legs: Iterable[tuple[Name, int]], external: External | None = None) -> Fact:
    """Return a fact of legs, those of one account added up; raise ValueError unless they balance."""
    sums: dict[Name, int] = defaultdict(int)
    currencies: dict[str, int] = defaultdict(int)
    for name, cents in legs:
        sums[name] += cents
        currencies[name.currency] += cents
    kept = {name: cents for name, cents in sums.items() if cents}
    if len(kept) < 2 or any(currencies.values()):
        raise ValueError(f"{key} does not balance")
    return Fact(kind, key, kept, external)


def wallet(provider: str, payer: str | None, currency: str) -> Name:
    """Return the account of what a provider holds for a client; None: of what nobody has assigned."""
    if payer is None:
        return Name(LedgerKind.UNASSIGNED_WALLET, "", currency, provider)
    return Name(LedgerKind.PAYER_WALLET, payer, currency, provider)


def escrow(reference: str, currency: str) -> Name:
    """Return the account of what is held for a reference."""
    return Name(LedgerKind.ESCROW, reference, currency)


def pay_in(payment_id: str, paid: Amount, reference: str, payer: str, came: External) -> Fact:
    """Return what is posted when a payment arrived for an escrow."""
    legs = _move(wallet(came.provider, payer, paid.currency), escrow(reference, paid.currency), paid.cents)
    return fact(FactKind.PAY_IN, f"pay_in {payment_id}", legs, came)


def unassigned_pay_in(payment_id: str, paid: Amount, came: External) -> Fact:
    """Return the same for a payment that names nothing, or something that is over."""
    legs = _move(wallet(came.provider, None, paid.currency), _unassigned(payment_id, paid.currency), paid.cents)
    return fact(FactKind.UNASSIGNED_PAY_IN, f"unassigned_pay_in {payment_id}", legs, came)


def assignment(payment_id: str, paid: Amount, reference: str, payer: str, provider: str) -> Fact:
    """Return what is posted when it turns out which escrow a payment was for."""
    legs = [
        *_move(_unassigned(payment_id, paid.currency), escrow(reference, paid.currency), paid.cents),
        *_move(wallet(provider, payer, paid.currency), wallet(provider, None, paid.currency), paid.cents),
    ]
    return fact(FactKind.ASSIGNMENT, f"assignment {payment_id}", legs)


def return_(payment_id: str, refund_id: str, paid: Amount) -> Fact:
    """Return what is posted when a payment that is for nothing is to go back."""
    legs = _move(_unassigned(payment_id, paid.currency), _refund(refund_id, paid.currency), paid.cents)
    return fact(FactKind.RETURN, f"return {refund_id}", legs)


def refund(refund_id: str, due: Amount, reference: str) -> Fact:
    """Return what is posted when a part of what is held is to go back: agreed on, or a surplus."""
    legs = _move(escrow(reference, due.currency), _refund(refund_id, due.currency), due.cents)
    return fact(FactKind.REFUND, f"refund {refund_id}", legs)


def repayment(part_id: str, refund_id: str, sent: Amount, payer: str | None, gone: External) -> Fact:
    """Return what is posted when a part of a refund was sent; `payer` None: the payment was never assigned."""
    legs = _move(_refund(refund_id, sent.currency), wallet(gone.provider, payer, sent.currency), sent.cents)
    return fact(FactKind.REPAYMENT, f"repayment {part_id}", legs, gone)


def repayment_return(part_id: str, refund_id: str, sent: Amount, payer: str | None, back: External) -> Fact:
    """Return what is posted when a bank sent a part of a refund back: it is owed again."""
    legs = _move(wallet(back.provider, payer, sent.currency), _refund(refund_id, sent.currency), sent.cents)
    return fact(FactKind.REPAYMENT_RETURN, f"repayment_return {part_id}", legs, back)


def release(reference: str, payee: str, released: Amount, commission: Commission) -> Fact:
    """Return what is posted when what was held comes to be the expert's, but for the commission with its tax."""
    left = released.cents - commission.total_cents
    if left < 0:
        raise ValueError("no commission is more than what it is taken from")
    currency = released.currency
    legs = [
        (escrow(reference, currency), released.cents),
        (Name(LedgerKind.PAYABLE, payee, currency), -left),
        (Name(LedgerKind.COMMISSION, "", currency), -commission.before_tax_cents),
        (Name(LedgerKind.VAT, "", currency), -commission.tax_cents),
    ]
    return fact(FactKind.RELEASE, release_key(reference), legs)


def release_key(reference: str) -> str:
    """Return under which key the release of a reference is posted."""
    return f"{_RELEASE}{reference}"


def released_by(key: str) -> str:
    """Return what was released by a release that is posted under a key."""
    return key.removeprefix(_RELEASE)


def transfer(moved: Amount, fee_cents: int, payer: str, payee: str, done: External) -> Fact:
    """Return the provider's part of a release: money goes to the expert's wallet, the fee to the operator's."""
    currency = moved.currency
    legs = [
        (wallet(done.provider, payer, currency), -moved.cents),
        (Name(LedgerKind.PAYEE_WALLET, payee, currency, done.provider), moved.cents - fee_cents),
        (fees(done.provider, currency), fee_cents),
    ]
    return fact(FactKind.TRANSFER, f"transfer {done.provider} {done.id}", legs, done)


def payout(paid: Amount, payee: str, gone: External) -> Fact:
    """Return what is posted when the provider paid an expert."""
    legs = _move(
        Name(LedgerKind.PAYABLE, payee, paid.currency),
        Name(LedgerKind.PAYEE_WALLET, payee, paid.currency, gone.provider),
        paid.cents,
    )
    return fact(FactKind.PAYOUT, f"payout {gone.provider} {gone.id}", legs, gone)


def payout_return(paid: Amount, payee: str, back: External) -> Fact:
    """Return what is posted when a bank sent a payout back: it is payable again."""
    legs = _move(
        Name(LedgerKind.PAYEE_WALLET, payee, paid.currency, back.provider),
        Name(LedgerKind.PAYABLE, payee, paid.currency),
        paid.cents,
    )
    return fact(FactKind.PAYOUT_RETURN, f"payout_return {back.provider} {back.id}", legs, back)


def boost(net: Amount, tax_cents: int, came: External) -> Fact:
    """Return what is posted when an expert paid a boost."""
    legs = [
        (fees(came.provider, net.currency), net.cents + tax_cents),
        (Name(LedgerKind.BOOST, "", net.currency), -net.cents),
        (Name(LedgerKind.VAT, "", net.currency), -tax_cents),
    ]
    return fact(FactKind.BOOST, f"boost {came.provider} {came.id}", legs, came)


def chargeback(held: Amount, lost_cents: int, reference: str, payer: str, taken: External) -> Fact:
    """Return what is posted when a payer's bank took money back: what is held of it, and what the operator loses."""
    currency = held.currency
    legs = [
        *_move(escrow(reference, currency), wallet(taken.provider, payer, currency), held.cents),
        *_move(Name(LedgerKind.CHARGEBACKS, "", currency), fees(taken.provider, currency), lost_cents),
    ]
    return fact(FactKind.CHARGEBACK, f"chargeback {taken.provider} {taken.id}", legs, taken)


def unassigned_chargeback(payment_id: str, paid: Amount, taken: External) -> Fact:
    """Return the same for a payment that counted for nothing yet."""
    legs = _move(_unassigned(payment_id, paid.currency), wallet(taken.provider, None, paid.currency), paid.cents)
    return fact(FactKind.CHARGEBACK, f"chargeback {taken.provider} {taken.id}", legs, taken)


def chargeback_return(held: Amount, won_cents: int, to: Name, payer: str | None, back: External) -> Fact:
    """Return what is posted when the bank gave back: what `to` gets of it, and what the operator does."""
    currency = held.currency
    legs = [
        *_move(wallet(back.provider, payer, currency), to, held.cents),
        *_move(fees(back.provider, currency), Name(LedgerKind.CHARGEBACKS, "", currency), won_cents),
    ]
    return fact(FactKind.CHARGEBACK_RETURN, f"chargeback_return {back.provider} {back.id}", legs, back)


def on_its_way(refund_id: str, currency: str) -> Name:
    """Return the account of what is on its way back."""
    return _refund(refund_id, currency)


def reversal(transaction_id: str, legs: Mapping[Name, int], note: str) -> Fact:
    """Return what takes a transaction back: the same, the other way round."""
    turned = {name: -cents for name, cents in legs.items()}
    return Fact(FactKind.REVERSAL, f"reversal {transaction_id}", turned, reverses=transaction_id, note=note)


def _move(debited: Name, credited: Name, cents: int) -> list[tuple[Name, int]]:
    return [(debited, cents), (credited, -cents)]


def _unassigned(payment_id: str, currency: str) -> Name:
    return Name(LedgerKind.UNASSIGNED, payment_id, currency)


def _refund(refund_id: str, currency: str) -> Name:
    return Name(LedgerKind.REFUND, refund_id, currency)


def fees(provider: str, currency: str) -> Name:
    """Return the account of what a provider holds of the operator's."""
    return Name(LedgerKind.FEES_WALLET, "", currency, provider)
