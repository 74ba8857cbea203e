"""The page of referrals and reductions: the code to pass on, and the account of what it and own clients brought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from accounts.models.accounts import AccountKind
from billing import commissions
from billing.models.reductions import ReductionKind, Refusal
from billing.reductions import Line
from billing.referrals import Outcome
from foundation.i18n import Language, message, percent, translate
from foundation.settings import Settings

_REFUSALS: Mapping[Refusal, str] = {
    Refusal.SELF: message("Earned nothing: this was you."),
    Refusal.SAME_COMPANY: message("Earned nothing: they belong to your own company."),
    Refusal.CIRCULAR: message("Earned nothing: it was they who brought you here."),
    Refusal.KNOWN_ALREADY: message("Earned nothing: they were here already before."),
    Refusal.CLIENTS_EARN_NOTHING: message("Earned nothing: here only experts’ first transactions do."),
}


@dataclass(frozen=True)
class Earned:
    """What is known of an expert's code and reductions; `clients` are names by id."""

    code: str | None
    outcomes: Sequence[Outcome]
    lines: Sequence[Line]
    clients: Mapping[str, str]


def context(earned: Earned, settings: Settings, site: str, language: Language) -> dict[str, Any]:
    """Return the template's values."""
    standard_bp = settings.commission_bp
    referral_bp = commissions.reduced_bp(standard_bp, settings.referral_reduction_bp)
    return {
        "code": earned.code,
        "link": f"{site}/sign-up?{urlencode({'code': earned.code})}" if earned.code else "",
        "standard": percent(standard_bp, language),
        "with_referral": percent(referral_bp, language),
        "clients_earn": settings.referred_clients_earn,
        "outcomes": [_outcome(outcome, language) for outcome in earned.outcomes],
        "lines": [_line(line, earned, standard_bp, language) for line in earned.lines],
    }


def _outcome(outcome: Outcome, language: Language) -> dict[str, Any]:
    referral = outcome.referral
    if referral.refusal:
        state = translate(language, _REFUSALS[Refusal(referral.refusal)])
    elif referral.completed_at:
        state = translate(language, message("First transaction completed: you earned a reduction."))
    else:
        state = translate(language, message("Signed up; no transaction completed yet."))
    is_expert = outcome.kind is AccountKind.EXPERT
    return {
        "who": translate(language, message("An expert") if is_expert else message("A company")),
        "on": referral.signed_up_at,
        "state": state,
        "has_earned": bool(referral.completed_at) and not referral.refusal,
    }


def _line(line: Line, earned: Earned, standard_bp: int, language: Language) -> dict[str, Any]:
    reduction = line.reduction
    rates = [
        percent(commissions.reduced_bp(standard_bp, share), language)
        for share in (reduction.share_bp, reduction.later_share_bp)
    ]
    is_pair = reduction.kind == ReductionKind.OWN_CLIENT
    return {
        "is_pair": is_pair,
        "client": earned.clients.get(reduction.client_id or "", ""),
        "first_rate": rates[0],
        "later_rate": rates[1],
        "earned_at": reduction.earned_at,
        "is_open": line.is_open,
        "uses": line.uses,
    }
