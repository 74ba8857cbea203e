import pytest

from billing.provider_states import PaperState
from billing.providers.sandbox_papers import judge


@pytest.mark.parametrize(
    ("name", "state", "reason"),
    [
        ("Valid-id.pdf", PaperState.VALIDATED, None),
        ("refused-unreadable.pdf", PaperState.REFUSED, "document_unreadable"),
        ("refused-expired.png", PaperState.REFUSED, "document_expired"),
        ("refused-name.jpg", PaperState.REFUSED, "wrong_person"),
        ("refused.pdf", PaperState.REFUSED, "other"),
        ("passport.pdf", PaperState.ASKED, None),
    ],
)
def test_a_papers_name_says_what_becomes_of_it(name: str, state: PaperState, reason: str | None) -> None:
    assert judge(name) == (state, reason)
