"""The pages of long texts: which help there is and in which order, and what each page says around its text."""

from collections.abc import Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any

from accounts import audiences, links, passwords, picks, shared_shortlists, shortlists, sign_ins, terms
from accounts.models.accounts import Purpose
from accounts.terms import Document, Kind
from billing import mandates
from foundation.i18n import Language, message, translate
from foundation.settings import Operator, Settings
from ranking.profiles import Policy
from search_api import saved_searches
from search_api.pointers import LivePointers
from web import long_texts, rendering, retention
from web.long_texts import LongText

HELP_PATH = "/help"
HELP: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "companies": (
            "finding-an-expert",
            "shortlists",
            "saved-searches",
            "company-account",
            "mission-sheets",
            "accepting-a-quote",
            "paying",
            "end-of-mission",
            "refunds",
        ),
        "experts": (
            "signing-up",
            "being-found",
            "your-audience",
            "visibility-boost",
            "status-and-papers",
            "quotes-and-commission",
            "getting-paid",
            "own-clients",
            "long-missions",
            "portage",
            "insurance",
        ),
        "everyone": ("messages", "signing-in", "your-data", "unlawful-content"),
    }
)
"""The help pages in their order, by whom they are for."""
AUDIENCES: Mapping[str, str] = MappingProxyType(
    {
        "companies": message("For companies and private clients"),
        "experts": message("For experts"),
        "everyone": message("For everyone"),
    }
)
PAGES = ("privacy", "cookies")
_TERMS: Mapping[Kind, str] = MappingProxyType({Kind.USE: message("Terms of use"), Kind.SALE: message("Terms of sale")})
_MEDIATORS = message("The mediators are: %(mediators)s.")
_NO_MEDIATORS = message(
    "Until mediators are named here, write to us at %(email)s: we propose one to you, and you are free to name another."
)


class Texts:
    """Texts in one language, filled with what holds in one installation."""

    def __init__(self, settings: Settings, pointers: LivePointers, language: Language) -> None:
        self._operator, self._pointers = settings.operator, pointers
        self._language: Language = language

    def get(self, name: str) -> LongText:
        """Return a text, rendered."""
        source = long_texts.read(name, self._language)
        return long_texts.render(long_texts.fill(source, self._values(source)), self._language)

    def _values(self, source: str) -> dict[str, str]:
        """Return what placeholders stand for; the ranking is asked only by a text that speaks of it."""
        values = _fixed_values(self._operator, self._language)
        if "{{boost." in source:
            values |= _boost_values(self._pointers.current()["search"].live.policy)
        return values


def help_slugs() -> list[str]:
    """Return the names of all help pages."""
    return [slug for slugs in HELP.values() for slug in slugs]


def help_index(texts: Texts, language: Language) -> dict[str, Any]:
    """Return the template's values of the list of help pages."""
    groups = [
        {
            "id": audience,
            "title": translate(language, AUDIENCES[audience]),
            "topics": [{"url": f"{HELP_PATH}/{slug}", "text": texts.get(f"help/{slug}")} for slug in slugs],
        }
        for audience, slugs in HELP.items()
    ]
    return {"groups": groups}


def help_page(texts: Texts, slug: str, language: Language) -> dict[str, Any]:
    """Return the template's values of a help page."""
    audience, slugs = next((audience, slugs) for audience, slugs in HELP.items() if slug in slugs)
    following = slugs[slugs.index(slug) + 1 :][:1]
    return {
        **page(texts, f"help/{slug}"),
        "crumbs": [
            {"url": HELP_PATH, "label": translate(language, message("Help"))},
            {"url": f"{HELP_PATH}#{audience}", "label": translate(language, AUDIENCES[audience])},
        ],
        "next": [{"url": f"{HELP_PATH}/{other}", "title": texts.get(f"help/{other}").title} for other in following],
    }


def terms_page(
    texts: Texts, document: Document, language: Language, today: date, documents: Sequence[Document] = terms.DOCUMENTS
) -> dict[str, Any]:
    """Return the template's values of one version of the terms."""
    other = Kind.SALE if document.kind == Kind.USE else Kind.USE
    others = [item for item in terms.versions(document.kind, documents) if item != document]
    return {
        **page(texts, document.name),
        "standing": _standing(document, language, today, documents),
        "siblings": [{"url": f"/terms/{other}", "title": translate(language, _TERMS[other])}],
        "versions": [
            {
                "url": f"/terms/{item.kind}?version={item.version}",
                "title": rendering.long_date(item.version, language),
                "standing": _standing(item, language, today, documents),
            }
            for item in others
        ],
    }


def page(texts: Texts, name: str) -> dict[str, Any]:
    """Return the template's values of a text that stands for itself."""
    return {"text": texts.get(name), "crumbs": [], "next": [], "standing": "", "siblings": [], "versions": []}


def _standing(document: Document, language: Language, today: date, documents: Sequence[Document]) -> str:
    """Say from when to when a version is in force."""
    since, until = document.in_force_from, terms.ends_on(document, documents)
    version = rendering.long_date(document.version, language)
    if since > today:
        text = message("Version of %(version)s, which will be in force from %(since)s.")
    elif until is None:
        text = message("Version of %(version)s, in force since %(since)s.")
    elif until > today:
        text = message("Version of %(version)s, in force since %(since)s and until another replaces it on %(until)s.")
    else:
        text = message("Version of %(version)s, in force from %(since)s until another replaced it on %(until)s.")
    days = {"since": since, "until": until or since}
    said = {name: rendering.long_date(day, language) for name, day in days.items()}
    return translate(language, text, version=version, **said)


def _fixed_values(operator: Operator, language: Language) -> dict[str, str]:
    mediation = translate(
        language,
        _MEDIATORS if operator.mediators else _NO_MEDIATORS,
        mediators=operator.mediators,
        email=operator.email,
    )
    return {
        "operator.name": operator.name,
        "operator.address": operator.address,
        "operator.identity": mandates.mandatary(operator),
        "operator.email": operator.email,
        "operator.mediation": mediation,
        "audience.repeated_minutes": str(int(audiences.REPEATED_WITHIN.total_seconds() // 60)),
        "audience.query_letters": str(audiences.LONGEST_QUERY),
        "links.reset_minutes": str(links.lasts_minutes(Purpose.RESET_PASSWORD)),
        "password.shortest": str(passwords.SHORTEST),
        "shortlist.kept_days": str(shortlists.KEPT_UNUSED.days),
        "shortlist.link_days": str(shared_shortlists.LASTS.days),
        "shortlist.most": str(picks.MOST),
        "saved_searches.most": str(saved_searches.MOST),
        "sign_in.whole_days": str(sign_ins.LIFETIME.whole.days),
        "purge.every_days": str(retention.PURGED_EVERY.days),
        **kept_figures(),
    }


def kept_figures() -> dict[str, str]:
    """Return for how long things are kept, by placeholder."""
    days = {rule.name: rule.kept_for.days for rule in retention.RULES}
    years = {f"{name}_years": str(days // 365) for name, days in days.items()}
    return {f"{name}_days": str(days) for name, days in days.items()} | years


def _boost_values(policy: Policy) -> dict[str, str]:
    return {
        "boost.bound": f"{100 * policy.boost:g}",
        "boost.floor": str(round(100 * policy.relevance_floor)),
        "boost.cap": str(policy.boosted_at_top),
        "boost.top": str(policy.top),
        "boost.holdout": str(policy.holdout_percent),
    }
