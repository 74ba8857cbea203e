"""What `billing` holds of people, for exports and erasure.

What was paid and what went back is kept for ten years, whoever paid it (French commercial code, article L. 123-22).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.personal_data import ACCOUNT, CLIENT, EXPERT
from billing.models.boosts import BoostCharge, BoostSubscription
from billing.models.declarations import OwnershipDeclaration
from billing.models.documents import AccountingDocument, DocumentContest
from billing.models.escrows import Escrow, Payment, Refund
from billing.models.identity_papers import IdentityPaper, OwnerDetails
from billing.models.ledger import LedgerAccount, LedgerDifference, LedgerTransaction, Posting
from billing.models.mandates import Mandate
from billing.models.payouts import BankAccount, Payout, Transfer
from billing.models.provider_parties import ProviderUser
from billing.models.reductions import PromoCode, Reduction, ReductionUse, Referral
from billing.models.sandbox import SandboxTransaction
from billing.models.tax_details import TaxDetails
from foundation.personal_data import Erasure, Holding, Subject

_PROOF = "invoices were issued under it, and it proves that they might be (L. 123-22 code de commerce: ten years)"
_OF_THE_REFERRED = frozenset({"referred_account_id", "completed_by"})
_OTHERS = "what an expert pays the operator is the expert's"
_BOOKS = "what moved money is kept for as long as the law asks (L. 123-22 code de commerce)"
_REPORTED = "the report of a year is due whoever leaves, and kept for ten years (directive 2021/514, annex V, III)"
_ACTED = frozenset({"consented_by", "consented_from", "asked_by", "begun_by"})


def _reductions(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    """Return an expert's reductions with what each was used for."""
    found = session.execute(select(Reduction).where(col(Reduction.expert_id).in_(subject.of(EXPERT)))).scalars()
    return [
        reduction.model_dump(exclude={"expert_id"})
        | {
            "uses": [
                use.model_dump(exclude={"reduction_id"})
                for use in session.execute(
                    select(ReductionUse).where(col(ReductionUse.reduction_id) == reduction.id)
                ).scalars()
            ]
        }
        for reduction in found
    ]


def _payments(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    """Return what a client paid, and what somebody paid by card themselves."""
    paid = select(Payment).outerjoin(Escrow, col(Escrow.id) == col(Payment.escrow_id))
    is_theirs = or_(col(Escrow.payer_client_id).in_(subject.of(CLIENT)), col(Payment.begun_by).in_(subject.of(ACCOUNT)))
    rows = session.execute(paid.where(is_theirs).order_by(col(Payment.begun_at))).scalars()
    return [row.model_dump(exclude=set(_ACTED)) for row in rows]


def _refunds(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    """Return the refunds that a client asked for, or that an expert was asked to agree to, with their own consent."""
    both = select(Refund).join(Escrow, col(Escrow.id) == col(Refund.escrow_id))
    is_theirs = or_(
        col(Escrow.payer_client_id).in_(subject.of(CLIENT)), col(Escrow.payee_expert_id).in_(subject.of(EXPERT))
    )
    rows = session.execute(both.where(is_theirs).order_by(col(Refund.asked_at))).scalars()
    return [row.model_dump(exclude=set() if row.consented_by in subject.of(ACCOUNT) else set(_ACTED)) for row in rows]


def _posted(session: Session, subject: Subject) -> Sequence[Mapping[str, Any]]:
    """Return what was posted to the accounts of a client or an expert: wallets, and what is payable."""
    theirs = (*subject.of(CLIENT), *subject.of(EXPERT))
    rows = (
        select(LedgerAccount, LedgerTransaction, col(Posting.cents))
        .join(Posting, col(Posting.account_id) == col(LedgerAccount.id))
        .join(LedgerTransaction, col(LedgerTransaction.id) == col(Posting.transaction_id))
        .where(col(LedgerAccount.reference).in_(theirs))
        .order_by(col(LedgerTransaction.effective_at), col(LedgerTransaction.id), col(LedgerAccount.kind))
    )
    return [
        {
            "account": account.kind,
            "fact": transaction.kind,
            "key": transaction.key,
            "effective_at": transaction.effective_at,
            "cents": account.side * cents,
            "currency": account.currency,
        }
        for account, transaction, cents in session.execute(rows)
    ]


HOLDINGS = (
    Holding(Mandate, "expert_id", EXPERT, Erasure.KEPT, "mandates", _PROOF),
    Holding(Referral, "sponsor_expert_id", EXPERT, Erasure.DELETED, "referrals", secret=_OF_THE_REFERRED),
    Holding(
        Referral,
        "referred_account_id",
        ACCOUNT,
        Erasure.DELETED,
        "referred-by",
        secret=frozenset({"sponsor_expert_id"}),
    ),
    Holding(PromoCode, "expert_id", EXPERT, Erasure.DELETED, "promo-code"),
    Holding(Reduction, "expert_id", EXPERT, Erasure.DELETED, "reductions", read=_reductions),
    Holding(Reduction, "client_id", CLIENT, Erasure.BY_USE_CASE, why=_OTHERS),
    Holding(Escrow, "payer_client_id", CLIENT, Erasure.KEPT, "escrows", _BOOKS),
    Holding(Escrow, "payee_expert_id", EXPERT, Erasure.KEPT, "escrows", _BOOKS),
    Holding(Payment, "begun_by", ACCOUNT, Erasure.KEPT, "payments", _BOOKS, read=_payments),
    Holding(Refund, "consented_by", ACCOUNT, Erasure.KEPT, "refunds", _BOOKS, read=_refunds),
    Holding(ProviderUser, "party_id", CLIENT, Erasure.KEPT, "payment-users", _BOOKS),
    Holding(ProviderUser, "party_id", EXPERT, Erasure.KEPT, "payment-users", _BOOKS),
    Holding(Transfer, "payee_expert_id", EXPERT, Erasure.KEPT, "transfers", _BOOKS),
    Holding(BankAccount, "expert_id", EXPERT, Erasure.KEPT, "bank-accounts", _BOOKS, secret=frozenset({"number_hash"})),
    Holding(Payout, "expert_id", EXPERT, Erasure.KEPT, "payouts", _BOOKS),
    Holding(OwnerDetails, "expert_id", EXPERT, Erasure.DELETED, "owner-details"),
    Holding(IdentityPaper, "expert_id", EXPERT, Erasure.DELETED, "identity-papers"),
    Holding(
        OwnershipDeclaration,
        "expert_id",
        EXPERT,
        Erasure.DELETED,
        "ownership-declarations",
        secret=frozenset({"sealed"}),
    ),
    Holding(BoostSubscription, "expert_id", EXPERT, Erasure.KEPT, "boost-subscriptions", _BOOKS),
    Holding(BoostCharge, "expert_id", EXPERT, Erasure.KEPT, "boost-charges", _BOOKS),
    Holding(TaxDetails, "expert_id", EXPERT, Erasure.KEPT, "tax-details", _REPORTED, secret=frozenset({"sealed"})),
    Holding(AccountingDocument, "expert_id", EXPERT, Erasure.KEPT, "documents", _BOOKS),
    Holding(DocumentContest, "expert_id", EXPERT, Erasure.KEPT, "document-contests", _BOOKS),
    Holding(DocumentContest, "decided_by", ACCOUNT, Erasure.KEPT, why=_BOOKS),
    Holding(AccountingDocument, "client_id", CLIENT, Erasure.KEPT, "documents", _BOOKS),
    Holding(LedgerAccount, "reference", CLIENT, Erasure.KEPT, "ledger", _BOOKS, read=_posted),
    Holding(LedgerAccount, "reference", EXPERT, Erasure.KEPT, "ledger", _BOOKS, read=_posted),
    Holding(LedgerDifference, "looked_by", ACCOUNT, Erasure.KEPT, why="which operator looked at a difference"),
    Holding(SandboxTransaction, "client_id", CLIENT, Erasure.DELETED, why="play money of the simulated bank"),
)
NOT_PERSONAL = {
    "document_series": "the latest number of each series",
    "document_deliveries": "when and by which way documents were sent: neither names nor addresses",
    "document_files": "the pages of documents, whose content is taken along, and kept for as long",
    "money_proposals": "what operators proposed to do with money: kept with the payments and refunds that it is about",
    "reduction_uses": "what reductions were used for: they are taken along, and go, with those",
    "boost_cards": "ids of cards at a provider, whose numbers only the provider has",
    "provider_wallets": "which wallets payers and owners have at a provider: nothing but ids",
    "identity_pages": "files of papers on their way to the provider: nobody here can read them, and they go with those",
    "sandbox_pages": "the same, at the simulated provider: they go with the expert (`identity_papers.forget`)",
    "sandbox_declarations": "the same, of whom declarations name (`declarations.forget`)",
    "provider_requests": "ids of rows of ours, with what a provider made for them",
    **dict.fromkeys(
        (
            "sandbox_users",
            "sandbox_wallets",
            "sandbox_recipients",
            "sandbox_movements",
            "sandbox_papers",
            "sandbox_cards",
            "sandbox_subscriptions",
            "sandbox_chargebacks",
        ),
        "play money: neither names nor numbers, only what becomes of payouts, papers and cards",
    ),
    "ledger_transactions": "what happened to money; whose it was is said by the accounts of its postings",
    "postings": "the amounts of the ledger: they are taken along with the accounts",
    "chargebacks": "what banks took back of which payments: kept with those",
    "boost_chargebacks": "what banks took back of which charges: kept with those",
    "refund_parts": "which payment a refund goes back against",
    "payment_links": "hashes of what opens a payment request, for a month",
    "wire_details": "the provider's own account, to which transfers for an escrow go",
}
