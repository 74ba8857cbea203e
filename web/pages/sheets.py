"""Mission sheets as pages show them: the form, what a sheet says, its offers, and what an expert reads of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from accounts.models.experts import Expert
from booking import offer_news, offer_rules, sheet_contents, sheet_templates
from booking.lifecycle import OfferState
from booking.models.sheets import NdaAcceptance, Offer, Sheet, SheetFile
from booking.sheet_contents import Change, Content, Presence
from foundation.errors import Fault
from foundation.i18n import Language, message, translate
from search_api import labels
from taxonomy import languages
from taxonomy.wordlists import Wordlists
from web.pages import cards, spaces
from web.rendering import long_date, money

FIELDS = {
    "title": message("Title"),
    "context": message("Context"),
    "objectives": message("Objectives"),
    "deliverables": message("Expected deliverables"),
    "skills": message("Skills"),
    "countries": message("Countries"),
    "languages": message("Working languages"),
    "presence": message("Where the work is done"),
    "place": message("Place"),
    "starts_on": message("Start"),
    "ends_on": message("End"),
    "half_days": message("Estimated days"),
    "budget_low_cents": message("Budget from"),
    "budget_high_cents": message("Budget to"),
    "currency": message("Currency"),
    "terms": message("Terms"),
    "is_recurring": message("Recurring"),
    "answer_by": message("Answers until"),
    "needs_nda": message("Non-disclosure agreement"),
}
_PRESENCES = {
    Presence.REMOTE: message("Remote"),
    Presence.ON_SITE: message("On site"),
    Presence.BOTH: message("Partly on site"),
}
_REASONS = {
    "too_many": message("At most %(typed)s are possible."),
    "line_too_long": message("Each of them may have %(typed)s characters at most."),
    "no_day": message("Please give the day, like 2026-12-31."),
    "ends_before_start": message("The end comes before the start."),
    "no_days": message("Please give whole or half days, like 4 or 2.5."),
    "below_lowest": message("The higher amount comes second."),
    "past": message("This day is over."),
    "oneself": message("%(typed)s is your own company, or one of you: nobody makes themselves an offer."),
    "no_phone": message("Experts need a phone number to reach you. Please add one to your account first."),
    "email_unconfirmed": message("Please open the link that we mailed to you first: it confirms your address."),
    "changed_meanwhile": message("Somebody else saved this sheet meanwhile. What you typed is still here."),
    "too_large": message("This file is too large: 10 MB are possible."),
    "too_large_together": message("These files are too large together: 25 MB are possible at once."),
    "too_many_files": message("A sheet holds five files at most. Remove one first."),
    "empty_file": message("This file is empty."),
    "kind_not_taken": message("PDF, Word, Excel, CSV, text, PNG and JPEG files can be taken; this is none of them."),
}
_NOTHING = dict.fromkeys(
    "title context objectives deliverables skills countries languages presence place starts_on ends_on days budget_low "
    "budget_high currency terms is_recurring answer_by needs_nda".split(),
    "",
)
_OF_EXPERTS = message("Please choose at least one expert.")


def form_values(content: Content, wordlists: Wordlists, language: Language) -> dict[str, str]:
    """Return a sheet as its form holds it: lists one a line, codes by their names."""
    return {
        "title": content.title,
        "context": content.context,
        "objectives": "\n".join(content.objectives),
        "deliverables": content.deliverables,
        "skills": "\n".join(labels.skill(name, wordlists, language) for name in content.skills),
        "countries": "\n".join(spaces.country_name(code, language) for code in content.countries),
        "languages": "\n".join(languages.label(code, language) for code in content.languages),
        "presence": content.presence.value,
        "place": content.place,
        "starts_on": _day(content.starts_on),
        "ends_on": _day(content.ends_on),
        "days": _days(content.half_days),
        "budget_low": _amount(content.budget_low_cents),
        "budget_high": _amount(content.budget_high_cents),
        "currency": content.currency,
        "terms": content.terms,
        "is_recurring": "on" if content.is_recurring else "",
        "answer_by": _day(content.answer_by),
        "needs_nda": "on" if content.needs_nda else "",
    }


def form_context(values: Mapping[str, str], faults: Sequence[Fault], language: Language) -> dict[str, Any]:
    """Return the values of the form's page."""
    return {
        "values": {**_NOTHING, **values},
        "faults": said_faults(faults, language),
        "currencies": spaces.currency_choices(),
        "presences": [(kind.value, translate(language, text)) for kind, text in _PRESENCES.items()],
        "most_objectives": sheet_contents.MOST_OBJECTIVES,
        "longest": sheet_contents.LONGEST,
        "templates": sheet_templates.listed(language),
    }


def said_faults(faults: Sequence[Fault], language: Language) -> dict[str, str]:
    """Return what is wrong with each field, in words."""
    found: dict[str, str] = {}
    for fault in faults:
        found.setdefault(fault.field, _said(fault, language))
    return found


def field_name(name: str, language: Language) -> str:
    """Return how a field is called."""
    return translate(language, FIELDS[name])


def view(content: Content, wordlists: Wordlists, language: Language) -> dict[str, Any]:
    """Return what a sheet says, in the reader's words."""
    return {
        "title": content.title,
        "context": content.context,
        "objectives": content.objectives,
        "deliverables": content.deliverables,
        "terms": content.terms,
        "skills": [labels.skill(name, wordlists, language) for name in content.skills],
        "countries": [spaces.country_name(code, language) for code in content.countries],
        "languages": [languages.label(code, language) for code in content.languages],
        "presence": _said_value("presence", content, language),
        "place": content.place,
        "starts_on": content.starts_on,
        "ends_on": content.ends_on,
        "days": _said_value("half_days", content, language),
        "budget": _budget(content, language),
        "is_recurring": content.is_recurring,
        "answer_by": content.answer_by,
        "needs_nda": content.needs_nda,
    }


def said_changes(before: Content, after: Content, wordlists: Wordlists, language: Language) -> list[dict[str, Any]]:
    """Return what is different between two editions, as lines before and after; of lists, only what came and went."""
    found: list[dict[str, Any]] = []
    for change in sheet_contents.changes(before, after):
        was, now = (_lines(change, content, wordlists, language) for content in (before, after))
        if isinstance(change.after, tuple):
            was, now = [line for line in was if line not in now], [line for line in now if line not in was]
        found.append({"field": field_name(change.field, language), "before": was, "after": now})
    return found


def row(sheet: Sheet, offers: Sequence[Offer], at: datetime) -> dict[str, Any]:
    """Return a sheet as a list shows it."""
    states = [offer_rules.state_at(offer.state, offer.expires_at, at) for offer in offers]
    return {
        "id": sheet.id,
        "title": sheet.title,
        "state": sheet.state,
        "changed_on": sheet.changed_at.date(),
        "answer_by": sheet.answer_by,
        "offers": len(offers),
        "waiting": sum(state in offer_rules.OPEN for state in states),
        "answered": states.count(OfferState.ANSWERED),
        "refused": states.count(OfferState.REFUSED),
    }


def offer(
    found: Offer,
    expert: Expert | None,
    nda: NdaAcceptance | None,
    quotes: Sequence[Any],
    at: datetime,
    *,
    is_through_operator: bool,
) -> dict[str, Any]:
    """Return an offer as its client sees it."""
    return {
        "id": found.id,
        "expert": cards.link(expert) if expert else None,
        "state": offer_rules.state_at(found.state, found.expires_at, at).value,
        "sent_on": found.sent_at.date(),
        "seen_on": found.seen_at.date() if found.seen_at else None,
        "answered_on": found.answered_at.date() if found.answered_at else None,
        "last_day": datetime.fromisoformat(offer_news.last_day(found)).date(),
        "reason": found.refusal_reason,
        "refusal": found.refusal,
        "message": found.message,
        "is_through_operator": is_through_operator,
        "agreed_on": nda.accepted_at.date() if nda else None,
        "quotes": quotes,
    }


def files(found: Sequence[SheetFile]) -> list[dict[str, Any]]:
    """Return a sheet's files."""
    return [{"id": file.id, "name": file.name, "kilobytes": -(-file.size_bytes // 1_000)} for file in found]


def _said(fault: Fault, language: Language) -> str:
    if fault.field == "experts" and fault.code == "missing":
        return translate(language, _OF_EXPERTS)
    if fault.code in _REASONS:
        return translate(language, _REASONS[fault.code], typed=fault.message)
    return spaces.said(fault, language)


def _lines(change: Change, content: Content, wordlists: Wordlists, language: Language) -> list[str]:
    said = view(content, wordlists, language)
    value = said.get(change.field, _said_value(change.field, content, language))
    if isinstance(value, list | tuple):
        return [str(item) for item in value]
    if isinstance(value, bool):
        return [translate(language, message("Yes") if value else message("No"))]
    if hasattr(value, "isoformat"):
        return [long_date(value, language)]
    return str(value).splitlines() if value else []


def _said_value(name: str, content: Content, language: Language) -> str:
    value = getattr(content, name)
    if value is None or value == "":
        return ""
    if name == "presence":
        return translate(language, _PRESENCES[value])
    if name == "half_days":
        return _days(value).replace(".", "," if language == "fr" else ".")
    if name.endswith("_cents"):
        return money(value / 100, content.currency, language)
    return str(value)


def _budget(content: Content, language: Language) -> str:
    low, high = (_said_value(name, content, language) for name in ("budget_low_cents", "budget_high_cents"))
    if low and high:
        return f"{low} – {high}"
    if high:
        return translate(language, message("up to %(amount)s"), amount=high)
    return translate(language, message("from %(amount)s"), amount=low) if low else ""


def _day(day: Any) -> str:
    return day.isoformat() if day else ""


def _days(half_days: int | None) -> str:
    return "" if half_days is None else f"{half_days / 2:g}"


def _amount(cents: int | None) -> str:
    return "" if cents is None else f"{cents / 100:.2f}".removesuffix(".00")
