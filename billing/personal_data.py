"""What `billing` holds of people, for exports and erasure."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.personal_data import ACCOUNT, CLIENT, EXPERT
from billing.models.mandates import Mandate
from billing.models.reductions import PromoCode, Reduction, ReductionUse, Referral
from foundation.personal_data import Erasure, Holding, Subject

_PROOF = "invoices were issued under it, and it proves that they might be (L. 123-22 code de commerce: ten years)"
_OF_THE_REFERRED = frozenset({"referred_account_id", "completed_by"})
_OTHERS = "what an expert pays the operator is the expert's"


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
)
NOT_PERSONAL = {"reduction_uses": "what reductions were used for: they are taken along, and go, with those"}
