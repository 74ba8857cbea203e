"""What `booking` holds of people, for exports and erasure.

Contracts and what proves them outlast who signed them: ten years (French commercial code, article L. 123-22; consumer
code, article L. 213-1, for private clients). What was only prepared or proposed goes with whoever made it.
"""

from accounts.personal_data import ACCOUNT, CLIENT, EMAIL, EXPERT
from booking import paper_data, thread_data
from booking.models.missions import Mission, Series
from booking.models.quotes import LegalMention, Quote, Signature
from booking.models.reports import Report
from booking.models.reviews import MissionReview
from booking.models.sheets import NdaAcceptance, Offer, Sheet
from booking.models.withdrawals import Withdrawal
from foundation.lifecycles import StateChange
from foundation.personal_data import Erasure, Holding

_CONTRACT = "a contract, and what proves it, is kept for as long as the law asks (L. 123-22 code de commerce)"
_REVIEW = "a review is the expert's; who wrote it is shown nowhere without their consent, and not at all once erased"
_OF_EXPERT = frozenset({"draft", "draft_edition"})

HOLDINGS = (
    *thread_data.HOLDINGS,
    *paper_data.HOLDINGS,
    Holding(Sheet, "client_id", CLIENT, Erasure.DELETED, "mission-sheets", secret=frozenset({"token_hash"})),
    Holding(NdaAcceptance, "account_id", ACCOUNT, Erasure.KEPT, "agreements", _CONTRACT),
    Holding(NdaAcceptance, "expert_id", EXPERT, Erasure.KEPT, "agreements", _CONTRACT),
    Holding(NdaAcceptance, "client_id", CLIENT, Erasure.KEPT, "agreements", _CONTRACT),
    Holding(Offer, "client_id", CLIENT, Erasure.DELETED, "offers"),
    Holding(Offer, "expert_id", EXPERT, Erasure.DELETED, "offers"),
    Holding(Quote, "expert_id", EXPERT, Erasure.KEPT, "quotes", _CONTRACT),
    Holding(Quote, "client_id", CLIENT, Erasure.KEPT, "quotes", _CONTRACT, secret=_OF_EXPERT),
    Holding(Quote, "client_email", EMAIL, Erasure.KEPT, "quotes", _CONTRACT, secret=_OF_EXPERT),
    Holding(LegalMention, "expert_id", EXPERT, Erasure.DELETED, "legal-mentions"),
    Holding(Signature, "account_id", ACCOUNT, Erasure.KEPT, "signatures", _CONTRACT),
    Holding(Mission, "expert_id", EXPERT, Erasure.KEPT, "missions", _CONTRACT),
    Holding(Mission, "client_id", CLIENT, Erasure.KEPT, "missions", _CONTRACT),
    Holding(Withdrawal, "account_id", ACCOUNT, Erasure.KEPT, "withdrawals", _CONTRACT),
    Holding(Series, "expert_id", EXPERT, Erasure.KEPT, "series-of-missions", _CONTRACT),
    Holding(Series, "client_id", CLIENT, Erasure.KEPT, "series-of-missions", _CONTRACT),
    Holding(Report, "sent_by", ACCOUNT, Erasure.KEPT, "end-reports", _CONTRACT),
    Holding(MissionReview, "author_account_id", ACCOUNT, Erasure.KEPT, "mission-reviews", _REVIEW),
    Holding(MissionReview, "client_id", CLIENT, Erasure.KEPT, why=_REVIEW),
    Holding(StateChange, "actor_account_id", ACCOUNT, Erasure.KEPT, "steps", _CONTRACT),
)
NOT_PERSONAL = {
    **thread_data.NOT_PERSONAL,
    "quote_versions": "under a quote, with which they are read and kept",
    "report_files": "under a report, with which they are read and kept (`booking.report_files`)",
    "sheet_editions": "under a sheet, with which they go",
    "sheet_files": "under a sheet; their bytes go before it does (`booking.sheet_data`)",
    "invoice_holds": "under a mission: which details its invoices lack",
    "counters": "which numbers were given out",
}
