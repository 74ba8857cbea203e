from datetime import UTC, datetime

import pytest

from billing import wire_matches, wire_queue
from billing.models.escrows import Payment
from billing.wire_matches import Awaited, Reason
from foundation.database import Database
from tests.billing import money as builders
from tests.billing.money import DUE, Money

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)


def wire(cents: int = 100, text: str = "", sender: str = "", currency: str = "EUR") -> Payment:
    shared = {"provider": "sandbox", "kind": "wire", "begun_at": AT}
    return Payment(cents=cents, currency=currency, wire_text=text, wire_sender=sender, **shared)


def awaited(
    number: str = "M-2026-00042", client: str = "Dupont SAS", missing: int = 5_000, due: int = 9_000
) -> Awaited:
    return Awaited(number, number.replace("-", ""), f"Mission {number}", client, "EUR", missing, due, number)


@pytest.mark.parametrize(
    ("payment", "reasons"),
    [
        (wire(5_000), [Reason.SAME_AMOUNT]),
        (wire(9_000), [Reason.SAME_AMOUNT]),
        (wire(5_001), None),
        (wire(5_000, currency="USD"), None),
        (wire(sender="DUPONT S.A.S."), [Reason.SAME_SENDER]),
        (wire(sender="Durand"), None),
        (wire(text="facture M-2026-00024 merci"), [Reason.NEAR_REFERENCE]),
        (wire(text="M-2026-0042"), [Reason.NEAR_REFERENCE]),
        (wire(text="n° 2026 00042"), [Reason.NEAR_REFERENCE]),
        (wire(text="M-2026-00042 et M-2026-00043"), [Reason.NAMED]),
        (wire(text="M-2031-90876"), None),
        (wire(text="M-2026-00120"), None),
        (wire(text="merci M-2026-000042"), [Reason.NEAR_REFERENCE]),
        (wire(5_000, "M-2026-0042", "Dupont"), [Reason.NEAR_REFERENCE, Reason.SAME_AMOUNT, Reason.SAME_SENDER]),
        (wire(), None),
    ],
)
def test_what_speaks_for_a_match(payment: Payment, reasons: list[Reason] | None) -> None:
    found = wire_matches.suggest(payment, [awaited()])
    assert [list(match.reasons) for match in found] == ([] if reasons is None else [reasons])


def test_the_likeliest_stands_first_and_only_a_few_are_said() -> None:
    many = [awaited(f"M-2024-9910{number}", "Durand") for number in range(6)]
    best, second = awaited("M-2026-00042"), awaited("M-2025-77777", missing=1)
    found = wire_matches.suggest(wire(5_000, "M-2026-0O042", "Dupont SA"), [*many, second, best])
    assert len(found) == wire_matches.MOST
    assert [match.awaited.number for match in found[:2]] == ["M-2026-00042", "M-2024-99100"]


def test_names_are_compared_without_form_case_and_accents() -> None:
    assert wire_matches.is_alike("ETS LÉA MARTIN & CIE", "Ets. Lea Martin")
    assert wire_matches.is_alike("Martin Léa", "léa martin")
    assert not wire_matches.is_alike("", "SAS")
    assert not wire_matches.is_alike("SARL", "SARL")
    assert not wire_matches.is_alike("Martin", "Marchand")


@pytest.mark.parametrize(("text", "key"), [("", "M202600042"), ("M1", "M1"), ("ABCDE", "M202600042")])
def test_what_is_too_short_is_near_nothing(text: str, key: str) -> None:
    assert not wire_matches.is_near(text, key)


@pytest.fixture
def money(database: Database) -> Money:
    found = builders.make(database)
    found.open()
    return found


def test_what_waits_is_found_by_words_and_amount_page_by_page(money: Money) -> None:
    for cents, text in ((100, "merci"), (1_250, "100%_sure"), (100, "acompte"), (300, "")):
        money.wire(cents, text)
    with money.database.reading() as session:

        def found(query: str) -> list[int]:
            return sorted(payment.cents for payment in wire_queue.waiting(session, query=query, limit=9))

        assert found("") == [100, 100, 300, 1_250]
        assert (found("MERCI"), found("12,50"), found("1 €")) == ([100], [1_250], [100, 100])
        assert (found("%"), found("_"), found("nobody\0"), found("anna")) == (
            [1_250],
            [1_250],
            [],
            [100, 100, 300, 1_250],
        )
        pages: list[str] = []
        while following := wire_queue.waiting(session, after=pages[-1] if pages else "", limit=3):
            pages += [payment.id for payment in following]
        assert len(pages) == len(set(pages)) == 4
        assert len(wire_queue.waiting(session, after="nothing", limit=9)) == 4


def test_what_is_paid_in_part_is_listed_until_the_rest_comes(money: Money) -> None:
    money.open("m2", number="M-2026-00043")
    money.wire(1_000)
    money.wire(2_000)
    with money.database.reading() as session:
        [one] = wire_queue.partly_paid(session, limit=9)
        assert (one.escrow.reference, one.client, wire_queue.count_partly_paid(session)) == ("m1", "Anna & Co", 1)
        assert {match.number for match in wire_matches.awaited(session)} == {"M-2026-00042", "M-2026-00043"}
    money.wire(DUE - 3_000)
    with money.database.reading() as session:
        assert (wire_queue.partly_paid(session, limit=9), wire_queue.count_partly_paid(session)) == ([], 0)
