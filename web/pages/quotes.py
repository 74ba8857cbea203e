"""What the pages of quotes show: lists, the editor with its figures, a version as both sides read it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from accounts import legal_status_texts
from booking import quote_forms
from booking.lifecycle import QUOTES, Party, QuoteEvent, QuoteState
from booking.missions import WORKING, Frozen
from booking.models.missions import Mission, Portage
from booking.models.quotes import Quote, QuoteKind, QuoteVersion, Signature
from booking.quote_changes import Change
from booking.quote_contents import CURRENCIES, Document, Mention, Step
from booking.quote_documents import Estimate
from booking.quote_forms import CHOSEN_MENTIONS
from booking.quote_totals import day_rate_for, reckon
from booking.quotes import NeedsRefund, title_of
from foundation.errors import DomainError, Fault
from foundation.i18n import Language, message, translate
from foundation.lifecycles import Refused
from web import charts
from web.pages import spaces

_STATES = {
    QuoteState.DRAFT: message("Draft"),
    QuoteState.SENT: message("Under study"),
    QuoteState.ACCEPTED: message("Accepted"),
    QuoteState.AMENDED: message("Amendment under study"),
    QuoteState.DECLINED: message("Declined"),
    QuoteState.WITHDRAWN: message("Withdrawn"),
    QuoteState.EXPIRED: message("Expired"),
    QuoteState.CANCELLED: message("Cancelled"),
}
_KINDS = {
    QuoteKind.SCOPING: message("Scoping quote"),
    QuoteKind.MISSION: message("Mission quote"),
    QuoteKind.MONTH: message("Monthly quote"),
}
_PORTAGES = {
    Portage.NONE: message("No portage: I invoice, through Portulan"),
    Portage.PARTNER: message("Portage by Portulan’s partner company"),
    Portage.OWN: message("Portage by the company that employs me"),
}
PARTS = {
    "kind": message("Kind of quote"),
    "title": message("Title"),
    "objectives": message("Objectives"),
    "terms": message("How we work together"),
    "deliverables": message("Deliverables"),
    "specifics": message("Specifics"),
    "means": message("Means"),
    "roadmap": message("Roadmap"),
    "starts_on": message("Beginning"),
    "ends_on": message("End"),
    "skills": message("Skills used"),
    "strengths": message("My strengths"),
    "personal_message": message("Personal message"),
    "currency": message("Currency"),
    "day_rate_cents": message("Day rate"),
    "days": message("Days of work"),
    "items": message("Items at a fixed price"),
    "net_cents": message("Price before tax"),
    "tax": message("Tax"),
    "tax_cents": message("Amount of tax"),
    "gross_cents": message("Price to pay"),
    "mentions": message("Legal mentions"),
    "portage": message("Portage salarial"),
    "portage_company": message("Portage company"),
    "valid_until": message("To be accepted until"),
    "expert": message("The expert’s legal identity"),
    "client": message("The client’s legal identity"),
}
"""What each part of a quote is called."""
GROUPS = (
    ("drafts", message("Drafts"), (QuoteState.DRAFT,)),
    ("study", message("Under study"), (QuoteState.SENT, QuoteState.AMENDED)),
    ("accepted", message("Accepted quotes"), (QuoteState.ACCEPTED,)),
    (
        "others",
        message("Declined, withdrawn, expired, cancelled"),
        (QuoteState.DECLINED, QuoteState.WITHDRAWN, QuoteState.EXPIRED, QuoteState.CANCELLED),
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A quote in a list."""

    quote: Quote
    title: str
    counterpart: str
    version: QuoteVersion | None
    state: str


def lines(
    quotes: Iterable[Quote], versions: Mapping[str, QuoteVersion], counterparts: Mapping[str, str], language: Language
) -> list[dict[str, Any]]:
    """Return quotes in the groups of a list; a group without any is left out."""
    found = [
        Line(
            quote,
            title_of(quote, versions.get(quote.id)),
            counterparts[quote.id],
            versions.get(quote.id),
            state_name(quote, language),
        )
        for quote in quotes
    ]
    groups = [
        {
            "code": code,
            "name": translate(language, name),
            "lines": [line for line in found if line.quote.state in states],
        }
        for code, name, states in GROUPS
    ]
    return [group for group in groups if group["lines"]]


def expert_of(version: QuoteVersion) -> str:
    """Return what the expert of a version was called when it was sent."""
    return Document.model_validate(version.content).parties.expert.name


def state_name(quote: Quote, language: Language) -> str:
    """Return the state of a quote in words."""
    return translate(language, _STATES[QuoteState(quote.state)])


def editor(
    quote: Quote,
    mentions: Mapping[str, Mention],
    faults: Sequence[Fault],
    language: Language,
    *,
    typed: Mapping[str, str] | None = None,
    added: str = "",
) -> dict[str, Any]:
    """Return the values of the editor's form; `added` is the kind of row of which one more is wanted."""
    form = quote.draft if typed is None else typed
    values = {name: form.get(name, "") for name in quote_forms.SINGLE}
    numbers = {kind: row_numbers(form, kind, kind == added) for kind in quote_forms.ROWS}
    for kind, (_, names) in quote_forms.ROWS.items():
        values |= {
            f"{kind}_{number}_{name}": form.get(f"{kind}_{number}_{name}", "")
            for number in numbers[kind]
            for name in names
        }
    return {
        "quote": quote,
        "values": values,
        "faults": by_field(faults),
        "rows": numbers,
        "most": {kind: most for kind, (most, _) in quote_forms.ROWS.items()},
        "mentions": mentions,
        "chosen": set(form.get(CHOSEN_MENTIONS, "").split()),
        "kinds": choices(_KINDS, (QuoteKind.SCOPING, QuoteKind.MISSION), language),
        "portages": choices(_PORTAGES, Portage, language),
        "currencies": CURRENCIES,
        "countries": [("", "–"), *spaces.country_choices(language)],
        "state": state_name(quote, language),
    }


def row_numbers(form: Mapping[str, str], kind: str, is_wanted: bool) -> list[int]:
    """Return the numbers of the rows to show: those written in, and a blank one if wanted or if there is none."""
    most, _ = quote_forms.ROWS[kind]
    used = [number for number, _ in quote_forms.rows(form, kind)]
    if (is_wanted or not used) and (not used or max(used) < most):
        used.append(max(used, default=0) + 1)
    return used


def figures(estimate: Estimate, draft: Mapping[str, str], standard_bp: int) -> dict[str, Any]:
    """Return what stands beside the editor: the price, and for the expert alone what is left of it."""
    currency = draft.get("currency") if draft.get("currency") in CURRENCIES else CURRENCIES[0]
    rate = estimate.day_rate_cents
    return {
        "currency": currency,
        "totals": estimate.totals,
        "tax": estimate.tax,
        "is_undecided": estimate.is_undecided,
        "share": estimate.share,
        "commission_percent": estimate.rate_bp / 100,
        "standard_percent": standard_bp / 100,
        "is_portage": estimate.share.commission is None,
        "day_rate_cents": rate,
        "rate_left_cents": rate - rate * estimate.rate_bp // 10_000 if rate else None,
        "rate_wanted_cents": day_rate_for(rate, estimate.rate_bp) if rate else None,
        "plan": plan_of_draft(draft),
    }


def plan_of_draft(draft: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the back-planning of a draft as far as its steps have a name and two days in order."""
    steps: list[Step] = []
    for _, row in quote_forms.rows(draft, "step"):
        try:
            begins, ends = date.fromisoformat(row["from"]), date.fromisoformat(row["until"])
        except ValueError:
            continue
        if row["name"] and begins <= ends:
            steps.append(Step(name=row["name"], starts_on=begins, ends_on=ends))
    return plan(steps)


def plan(steps: Sequence[Step]) -> dict[str, Any] | None:
    """Return dated steps as a chart and a table; None where there are none."""
    if not steps:
        return None
    return {"steps": steps, "chart": charts.plan([(step.starts_on, step.ends_on) for step in steps])}


def document(found: Document, language: Language) -> dict[str, Any]:
    """Return a version as both sides read it."""
    totals = reckon(found.day_rate_cents, found.days, found.items, None)
    return {
        "doc": found,
        "kind_name": translate(language, _KINDS[found.kind]),
        "days_cents": totals.days_cents,
        "items_cents": totals.items_cents,
        "plan": plan(found.roadmap),
        "portage_name": translate(language, _PORTAGES[found.portage]),
        "expert_status": legal_status_texts.label(found.parties.expert.status, language),
        "parts": {code: translate(language, name) for code, name in PARTS.items()},
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """A version among those that were sent, with what it changed and who signed it."""

    version: QuoteVersion
    changes: Sequence[Change]
    signatures: Sequence[Signature]


def may(quote: Quote, party: Party, mission: Mission | None) -> dict[str, bool]:
    """Return what somebody can do with a quote now."""
    state = QuoteState(quote.state)
    has_ended = bool(mission and (mission.ended_at or mission.state not in WORKING))
    may_change = (
        QUOTES.allows(state, QuoteEvent.AMEND, party) or QUOTES.allows(state, QuoteEvent.SEND, party)
    ) and not has_ended
    return {
        "edit": may_change,
        "discard": state is QuoteState.DRAFT and party is Party.EXPERT,
        "withdraw": QUOTES.allows(state, QuoteEvent.WITHDRAW, party),
        "cancel": QUOTES.allows(state, QuoteEvent.CANCEL, party) and not has_ended,
        "renew": state is QuoteState.EXPIRED and party is Party.EXPERT,
        "accept": QUOTES.allows(state, QuoteEvent.ACCEPT, party),
        "decline": QUOTES.allows(state, QuoteEvent.DECLINE, party),
    }


_ENDED = message("One of you has said that the work is done: nothing about the quote changes any more.")
_PAID = message("The mission is paid for: it ends by agreeing on a refund, on the mission’s page.")
_INSTEAD = {
    QuoteEvent.SEND: message("send it"),
    QuoteEvent.AMEND: message("amend it"),
    QuoteEvent.ACCEPT: message("accept it"),
    QuoteEvent.DECLINE: message("decline it"),
    QuoteEvent.WITHDRAW: message("withdraw what waits for an answer"),
    QuoteEvent.CANCEL: message("cancel it"),
}


def why_not(error: DomainError, language: Language) -> str:
    """Return why something can't be done, and what can be done instead."""
    if isinstance(error, Frozen):
        return translate(language, _ENDED)
    if isinstance(error, NeedsRefund):
        return translate(language, _PAID)
    if not isinstance(error, Refused):
        return str(error)
    if error.kind != QUOTES.kind:
        return translate(language, message("The offer that this quote answers is no longer open."))
    state = translate(language, _STATES[QuoteState(error.state)])
    possible = [QuoteEvent(event) for event in error.possible]
    instead = ", ".join(translate(language, _INSTEAD[event]) for event in possible if event in _INSTEAD)
    if not instead:
        return translate(language, message("This can’t be done any more. The quote is: %(state)s."), state=state)
    said = message("This can’t be done now. The quote is: %(state)s. You can: %(instead)s.")
    return translate(language, said, state=state, instead=instead)


def choices(names: Mapping[Any, str], among: Iterable[Any], language: Language) -> list[tuple[str, str]]:
    """Return the options of a choice, by value and name."""
    return [(one.value, translate(language, names[one])) for one in among]


def by_field(faults: Sequence[Fault]) -> dict[str, str]:
    """Return the first sentence about each field."""
    found: dict[str, str] = {}
    for fault in faults:
        found.setdefault(fault.field, fault.message)
    return found
