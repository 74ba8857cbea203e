from datetime import date
from typing import Any

import pytest

from booking import sheet_contents, sheet_templates
from booking.sheet_contents import LONGEST, Content, Presence
from foundation.errors import Invalid
from foundation.i18n import LANGUAGES
from taxonomy.wordlists import Wordlists

TODAY = date(2026, 12, 1)
WHOLE = {"title": "Title", "context": "Why", "objectives": "One", "skills": "Douane"}


def codes(form: dict[str, str], wordlists: Wordlists) -> set[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        sheet_contents.read(form, wordlists)
    return {(fault.field, fault.code) for fault in refused.value.faults}


def test_a_form_is_read_as_people_write(wordlists: Wordlists) -> None:
    content = sheet_contents.read(
        {
            "title": "  Open   Morocco ",
            "objectives": "First\n\n First \nSecond",
            "skills": "Douane\nCustoms",
            "countries": "Maghreb\nFrance",
            "languages": "anglais\nfrançais",
            "presence": "on_site",
            "starts_on": "2027-01-11",
            "ends_on": "2027-01-11",
            "days": "2,5",
            "budget_low": "5 000",
            "budget_high": "8000.50",
            "is_recurring": "on",
            "answer_by": "2026-12-24",
        },
        wordlists,
    )
    assert content.title == "Open Morocco"
    assert content.objectives == ("First", "Second")
    assert content.skills == ("Douane",)
    assert {"MA", "DZ", "TN", "FR"} <= set(content.countries)
    assert content.languages == ("en", "fr")
    assert (content.presence, content.half_days) == (Presence.ON_SITE, 5)
    assert (content.budget_low_cents, content.budget_high_cents, content.currency) == (500_000, 800_050, "EUR")
    assert (content.is_recurring, content.needs_nda) == (True, False)
    assert sheet_contents.load(sheet_contents.dump(content)) == content


def test_a_draft_may_lack_everything_and_publishing_says_what(wordlists: Wordlists) -> None:
    empty = sheet_contents.read({}, wordlists)
    assert empty == Content()
    assert [fault.field for fault in sheet_contents.missing(empty, TODAY)] == [
        "title",
        "context",
        "objectives",
        "skills",
    ]
    whole = sheet_contents.read(WHOLE, wordlists)
    assert sheet_contents.missing(whole, TODAY) == []
    late = sheet_contents.read({**WHOLE, "ends_on": "2026-11-30", "answer_by": "2026-11-30"}, wordlists)
    assert {(fault.field, fault.code) for fault in sheet_contents.missing(late, TODAY)} == {
        ("ends_on", "past"),
        ("answer_by", "past"),
    }
    assert sheet_contents.missing(whole.model_copy(update={"answer_by": TODAY}), TODAY) == []


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        *(({name: "x" * (longest + 1)}, (name, "string_too_long")) for name, longest in LONGEST.items()),
        ({"objectives": "\n".join(str(number) for number in range(11))}, ("objectives", "too_many")),
        ({"objectives": "x" * 301}, ("objectives", "line_too_long")),
        ({"skills": "\n".join(f"skill {number}" for number in range(31))}, ("skills", "too_many")),
        ({"skills": "x" * 121}, ("skills", "string_too_long")),
        ({"countries": "Atlantis"}, ("countries", "unknown")),
        ({"languages": "Elvish"}, ("languages", "unknown")),
        ({"starts_on": "tomorrow"}, ("starts_on", "no_day")),
        ({"answer_by": "0001-01-01"}, ("answer_by", "no_day")),
        ({"starts_on": "2027-02-01", "ends_on": "2027-01-31"}, ("ends_on", "ends_before_start")),
        *(({"days": days}, ("days", "no_days")) for days in ("0", "-1", "0,3", "1001", "NaN", "1e99", "many")),
        *(({"budget_low": low}, ("budget_low", "no_number")) for low in ("0", "-5", "5,001", "1e30", "Infinity", "x")),
        ({"budget_low": "10", "budget_high": "9"}, ("budget_high", "below_lowest")),
        *(({"currency": code}, ("currency", "missing")) for code in ("XXX", "euro", "💶")),
    ],
)
def test_what_can_not_be_used_is_said_beside_its_field(
    form: dict[str, str], fault: tuple[str, str], wordlists: Wordlists
) -> None:
    assert codes(form, wordlists) == {fault}


def test_every_fault_is_said_at_once(wordlists: Wordlists) -> None:
    form = {"title": "x" * 200, "days": "x", "countries": "Atlantis", "budget_low": "x", "starts_on": "x"}
    assert {field for field, _ in codes(form, wordlists)} == set(form)


def test_changes_are_told_by_field() -> None:
    before = Content(title="One", objectives=("a", "b"), half_days=4)
    after = before.model_copy(update={"objectives": ("a", "c"), "half_days": None})
    found = [(change.field, change.before, change.after) for change in sheet_contents.changes(before, after)]
    assert found == [("objectives", ("a", "b"), ("a", "c")), ("half_days", 4, None)]
    assert sheet_contents.changes(before, before) == []


def test_what_is_confidential_is_left_out_where_an_agreement_is_asked_for() -> None:
    said: dict[str, Any] = {"title": "T", "context": "secret", "deliverables": "secret", "terms": "secret"}
    assert "secret" in str(sheet_contents.without_confidential(Content(**said)))
    cut = sheet_contents.without_confidential(Content(**said, needs_nda=True))
    assert "secret" not in str(cut)
    assert cut.title == "T"


@pytest.mark.parametrize("language", LANGUAGES)
def test_templates_are_whole_in_both_languages_and_name_reviewed_skills(language: Any, wordlists: Wordlists) -> None:
    found = sheet_templates.listed(language)
    assert len(found) == 4
    for template in found:
        assert sheet_contents.missing(template.content, TODAY) == []
        assert template.label
        for skill in template.content.skills:
            assert not wordlists.skill_key(skill).startswith("~"), skill
        assert len(template.content.context) <= LONGEST["context"]


def test_an_earlier_sheet_gives_everything_but_its_days() -> None:
    earlier = Content(title="T", starts_on=TODAY, ends_on=TODAY, answer_by=TODAY, half_days=4)
    assert sheet_templates.copied(earlier) == Content(title="T", half_days=4)
