"""Documents of missions are fit for archives in the eyes of a validator that others wrote."""

from booking.documents import pages
from scripts.backends import validators
from tests.booking.documents import printed
from tests.booking.documents.test_pages import SAMPLES


def test_they_are_fit_for_archives() -> None:
    replaced = printed.quote(printed.long_document("en", title="北京 🚀 plan 1️⃣"), {})
    made = {name: pages.render(document) for name, document in {**SAMPLES, "replaced": replaced}.items()}
    found = validators.look_at({**made, "no PDF": b"%PDF-1.7\n%%EOF\n"})
    assert {name for name, verdict in found.items() if not verdict.is_archivable} == {"no PDF"}
