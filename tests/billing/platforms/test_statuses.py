"""Reading what platforms tell."""

from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.platforms import statuses
from billing.platforms.interface import Status
from billing.platforms.statuses import STATES, Unreadable
from tests.billing.platforms.telling import message

AT = datetime(2026, 12, 1, 11, 30)  # noqa: DTZ001 - the format has no zone
SAME = datetime(2026, 12, 1, 10, 30, tzinfo=UTC)
GOOD = message("FAC-1", "210", at=AT, reason_code="TX_TVA_ERR", reason="Taux & assiette")


def test_a_message_says_what_became_of_which_document_when_and_why() -> None:
    assert statuses.read(GOOD) == [Status("FAC-1", "210", SAME, "TX_TVA_ERR Taux & assiette")]


def test_several_documents_may_stand_in_one() -> None:
    assert [status.code for status in statuses.read(message("FAC-1", "200", "201", at=AT))] == ["200", "201"]


@pytest.mark.parametrize("code", STATES)
def test_every_status_of_the_cycle_is_known(code: str) -> None:
    assert [status.code for status in statuses.read(message("FAC-1", code, at=AT))] == [code]


BAD = {
    "nothing": b"",
    "no XML": b"%PDF-1.7",
    "other XML": b"<a/>",
    "no document": message("FAC-1", at=AT),
    "an unknown status": message("FAC-1", "299", at=AT),
    "no number": message("", "200", at=AT),
    "no date": GOOD.replace(b"IssueDateTime", b"OtherDateTime"),
    "a date in no known format": GOOD.replace(b'format="204"', b'format="999"'),
    "a day that is none": GOOD.replace(b"20261201113000", b"20261301113000"),
    "an entity": GOOD.replace(b"<rsm:Cross", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><rsm:Cross', 1),
    "too much": GOOD + b" " * statuses.LARGEST_BYTES,
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_such_message_is_refused(name: str) -> None:
    with pytest.raises(Unreadable):
        statuses.read(BAD[name])


@given(st.binary(max_size=40), st.integers(0, len(GOOD)), st.integers(0, 40))
def test_nothing_else_goes_wrong_whatever_comes(noise: bytes, at: int, cut: int) -> None:
    with suppress(Unreadable):
        statuses.read(GOOD[:at] + noise + GOOD[at + cut :])
