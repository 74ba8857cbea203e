"""An audience as a table to download: a row for each day or week, the oldest first."""

from collections.abc import Iterator, Sequence

from accounts.audience_spans import Span
from accounts.models.audiences import VisitorKind
from foundation.i18n import Language, message, translate
from web.pages.audiences import KINDS, Period

_IMPRESSIONS = {
    VisitorKind.COMPANY: message("Impressions, companies"),
    VisitorKind.EXPERT: message("Impressions, other experts"),
    VisitorKind.ANONYMOUS: message("Impressions, not signed in"),
}
_VIEWS = {
    VisitorKind.COMPANY: message("Views, companies"),
    VisitorKind.EXPERT: message("Views, other experts"),
    VisitorKind.ANONYMOUS: message("Views, not signed in"),
}


def rows(spans: Sequence[Span], period: Period, language: Language) -> Iterator[list[object]]:
    """Yield the heading and the figures; repeats are columns of their own."""
    heads = [
        message("First day"),
        *([message("Last day")] if period.step == "week" else []),
        *(_IMPRESSIONS[kind] for kind in KINDS),
        message("Impressions, repeated"),
        *(_VIEWS[kind] for kind in KINDS),
        message("Views, repeated"),
    ]
    yield [translate(language, head) for head in heads]
    for span in spans:
        total = span.total
        yield [
            span.first.isoformat(),
            *([span.last.isoformat()] if period.step == "week" else []),
            *(span.kinds[kind].impressions for kind in KINDS),
            total.repeated_impressions,
            *(span.kinds[kind].views for kind in KINDS),
            total.repeated_views,
        ]
