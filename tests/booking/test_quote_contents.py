"""What a quote says, as it is typed: every part, every fault beside its field; amounts that add up; differences."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.taxes import Tax, TaxCode, tax_cents
from booking import quote_changes, quote_contents, quote_forms, quote_totals
from booking.models.missions import Portage
from booking.models.quotes import QuoteKind
from booking.quote_contents import Days, Document, Item, Mention, Step
from foundation.errors import Invalid
from foundation.i18n import Language
from tests.booking import quoting
from tests.booking.quoting import FORM
from web import charts

TODAY = date(2026, 12, 1)


def read(language: Language = "en", **form: str) -> quote_contents.Content:
    known = {"m1": Mention(title="Secrecy", text="Nothing is told.")}
    return quote_forms.read({**FORM, **form}, language, kind=None, mentions=known, today=TODAY, starts_from=TODAY)


def faults(language: Language = "en", **form: str) -> dict[str, str]:
    with pytest.raises(Invalid) as caught:
        read(language, **form)
    return {fault.field: fault.message for fault in caught.value.faults}


def test_every_part_is_read() -> None:
    found = read(
        chosen_mentions="m1 unknown", own_mention=" Only here. ", terms=" By phone.\n",
        skills="Customs\n Customs \nLaw", portage="own", portage_company="Portée",
        days_3_label="More", days_3_number="0.5",
    )  # fmt: skip
    assert found.days == (Days(label="Audit", half_days=9), Days(label="More", half_days=1))
    assert found.items == (Item(label="Travel", cents=48_050),)
    assert found.roadmap == (Step(name="Look", starts_on=date(2027, 1, 11), ends_on=date(2027, 1, 22)),)
    assert found.objectives == ("Know the duties", "Choose a broker")
    assert (found.skills, found.terms) == (("Customs", "Law"), "By phone.")
    assert [mention.text for mention in found.mentions] == ["Nothing is told.", "Only here."]
    assert (found.portage, found.portage_company, found.payment) == (Portage.OWN, "Portée", "portage_company")
    assert read(portage_company="Portée").portage_company == ""


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 161}, "title"),
        ({"objectives": "\n \n"}, "objectives"),
        ({"objectives": "\n".join(map(str, range(21)))}, "objectives"),
        ({"objectives": "x" * 501}, "objectives"),
        ({"deliverables": ""}, "deliverables"),
        ({"terms": "x" * 8_001}, "terms"),
        ({"skills": "\n".join(map(str, range(13)))}, "skills"),
        ({"starts_on": ""}, "starts_on"),
        ({"starts_on": "11/01/2027"}, "starts_on"),
        ({"starts_on": "2026-11-30"}, "starts_on"),
        ({"starts_on": "2033-01-01", "ends_on": "2033-02-01", "step_1_name": "", "step_1_from": "", "step_1_until": ""},
         "starts_on"),
        ({"ends_on": "2027-01-10", "step_1_name": "", "step_1_from": "", "step_1_until": ""}, "ends_on"),
        ({"valid_until": "2026-11-30"}, "valid_until"),
        ({"valid_until": "2028-01-01"}, "valid_until"),
        ({"step_1_name": ""}, "step_1_name"),
        ({"step_1_until": "2027-01-10"}, "step_1_until"),
        ({"step_1_from": "2027-01-10"}, "step_1_from"),
        ({"step_1_until": "2027-02-27"}, "step_1_until"),
        ({"day_rate": ""}, "day_rate"),
        ({"day_rate": "0"}, "day_rate"),
        ({"day_rate": "-5"}, "day_rate"),
        ({"day_rate": "650.005"}, "day_rate"),
        ({"day_rate": "20000.01"}, "day_rate"),
        ({"day_rate": "1e3"}, "day_rate"),
        ({"day_rate": "٣"}, "day_rate"),
        ({"days_1_number": "1.25"}, "days_1_number"),
        ({"days_1_number": ""}, "days_1_number"),
        ({"days_1_number": "400.5"}, "days_1_number"),
        ({"days_1_label": ""}, "days_1_label"),
        ({"item_1_amount": ""}, "item_1_amount"),
        ({"item_1_amount": "10000001"}, "item_1_amount"),
        ({"item_1_amount": "9999999"}, "item_1_amount"),
        ({"item_1_label": ""}, "item_1_label"),
        ({"days_1_label": "", "days_1_number": "", "item_1_label": "", "item_1_amount": ""}, "days_1_label"),
        ({"currency": "XXX"}, "currency"),
        ({"portage": "perhaps"}, "portage"),
        ({"portage": "own"}, "portage_company"),
        ({"kind": "gift"}, "kind"),
    ],
)  # fmt: skip
def test_each_fault_stands_beside_its_field(form: dict[str, str], field: str) -> None:
    assert list(faults(**form)) == [field]


def test_faults_are_said_in_the_readers_language_and_all_at_once() -> None:
    said = faults("fr", title="", day_rate="beaucoup")
    assert set(said) == {"title", "day_rate"}
    assert said["day_rate"].startswith("Merci d’écrire un montant")


def test_a_draft_keeps_what_an_editor_has_and_nothing_else() -> None:
    posted = {**FORM, "edition": "3", "do": "save", "days_99_label": "x", "step_0_name": "x", "evil": "x"}
    assert quote_forms.cleaned(posted) == FORM


amounts = st.integers(1, 1_000_000)
lines = st.lists(st.builds(Days, label=st.just("d"), half_days=st.integers(1, 800)), max_size=10)
items = st.lists(st.builds(Item, label=st.just("i"), cents=amounts), max_size=10)
taxes = st.one_of(st.none(), st.builds(Tax, st.just(TaxCode.STANDARD), st.integers(0, 5_000)))


@given(rate=amounts, days=lines, fixed=items, tax=taxes, fee_tax=taxes, rate_bp=st.integers(0, 3_000))
def test_sums_always_add_up(
    rate: int, days: list[Days], fixed: list[Item], tax: Tax | None, fee_tax: Tax | None, rate_bp: int
) -> None:
    totals = quote_totals.reckon(rate, days, fixed, tax)
    assert sum(totals.days_cents) + sum(totals.items_cents) == totals.net_cents
    assert totals.net_cents + totals.tax_cents == totals.gross_cents
    assert totals.tax_cents == (tax_cents(totals.net_cents, tax) if tax else 0)
    for line, cents in zip(days, totals.days_cents, strict=True):
        assert 0 <= 2 * cents - line.half_days * rate <= 1  # half a cent goes up
    share = quote_totals.share(totals, rate_bp=rate_bp, tax=fee_tax)
    assert share.left_cents + share.commission_cents == totals.gross_cents
    assert share.commission_cents >= 0
    assert (share.commission is None) == (fee_tax is None)


@given(wanted=amounts, rate_bp=st.integers(0, 3_000))
def test_the_advised_day_rate_leaves_what_is_wanted_and_not_a_cent_too_much(wanted: int, rate_bp: int) -> None:
    advised = quote_totals.day_rate_for(wanted, rate_bp)
    assert advised * (10_000 - rate_bp) >= wanted * 10_000 > (advised - 1) * (10_000 - rate_bp)


CHANGED: dict[str, Any] = {
    "kind": QuoteKind.SCOPING, "title": "Other", "objectives": ("Other",), "terms": "Other", "deliverables": ("Other",),
    "specifics": "Other", "means": "Other", "strengths": "Other", "personal_message": "Other", "skills": ("Other",),
    "roadmap": (Step(name="S", starts_on=TODAY, ends_on=TODAY),), "mentions": (Mention(title="", text="Other"),),
    "currency": "CHF", "day_rate_cents": 1, "days": (), "items": (Item(label="I", cents=1),), "starts_on": TODAY,
    "ends_on": TODAY, "valid_until": TODAY, "portage": Portage.OWN, "portage_company": "P", "tax": None,
    "net_cents": 1, "tax_cents": 1, "gross_cents": 1,
}  # fmt: skip
NO_CHANGE = {"number", "version", "language", "payment"}
"""What names a version or follows from another part."""


def test_every_part_that_differs_is_shown() -> None:
    assert set(Document.model_fields) - NO_CHANGE - {"parties"} == set(CHANGED)
    before = quoting.document("one")
    assert quote_changes.between(before, before.model_copy(update={"version": 2, "language": "fr"})) == []
    for part, value in CHANGED.items():
        found = quote_changes.between(before, before.model_copy(update={part: value}))
        assert [change.part for change in found] == [part]
    for side in ("expert", "client"):
        other = getattr(before.parties, side).model_copy(update={"name": "Other"})
        after = before.model_copy(update={"parties": before.parties.model_copy(update={side: other})})
        assert [change.part for change in quote_changes.between(before, after)] == [side]


words = st.lists(st.sampled_from("abc"), max_size=5).map(tuple)


@given(before=words, after=words)
def test_what_left_and_what_joined_a_list_leads_from_one_to_the_other(
    before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    one = quoting.document("one", objectives=before)
    found = quote_changes.between(one, one.model_copy(update={"objectives": after}))
    assert bool(found) == (before != after)
    if found:
        left = list(before)
        for gone in found[0].removed:
            left.remove(gone)
        assert sorted([*left, *found[0].added]) == sorted(after)


def test_a_hash_names_the_content_and_not_the_order_of_its_names() -> None:
    raw = quoting.document("é").model_dump(mode="json")
    assert quote_contents.hash_of(raw) == quote_contents.hash_of(dict(reversed(raw.items())))
    assert quote_contents.hash_of(raw) != quote_contents.hash_of({**raw, "net_cents": 1})


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=12))
def test_spans_of_a_plan_lie_within_it_in_proportion(drawn: list[tuple[int, int]]) -> None:
    spans = [(TODAY + timedelta(days=begin), TODAY + timedelta(days=begin + length)) for begin, length in drawn]
    plan = charts.plan(spans)
    assert len(plan.spans) == len(spans)
    assert min(span.x for span in plan.spans) == 0
    assert max(span.x + span.width for span in plan.spans) == pytest.approx(100, abs=0.02)
    assert all(span.width > 0 for span in plan.spans)
    assert [label.x for label, _ in plan.labels] == sorted(label.x for label, _ in plan.labels)
    assert plan.labels[0][1] == min(begin for begin, _ in spans)


def test_a_plan_of_nothing_is_empty() -> None:
    assert charts.plan([]).labels == ()
