"""A full profile shows everything that its record holds, in the reader's language, on screen and on paper."""

import re
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect

from foundation.i18n import Language
from foundation.settings import ROOT
from taxonomy import languages, zones
from tests.journeys.visits import NewContext
from web.rendering import money, typeset


def complete_record() -> dict[str, Any]:
    """Return a record of the sample that has everything a profile can show."""
    lines = (ROOT / "data" / "sample" / "experts.jsonl").read_bytes().splitlines()
    fields = ("references", "reviews", "day_rate", "soft_skills", "sectors", "countries", "languages", "boosted_until")
    for line in lines:
        record = orjson.loads(line)
        if all(record.get(field) for field in fields) and len(record["reviews"]) > 2:
            return record
    raise AssertionError("no record of the sample is complete")


@pytest.fixture(params=["fr", "en"])
def reader(request: pytest.FixtureRequest) -> Language:
    return request.param


@pytest.fixture
def profile(new_context: NewContext, reader: Language) -> Page:
    """Return the complete record's profile, opened from a search for its name."""
    page = new_context(locale=reader).new_page()
    page.goto(f"/experts?q={complete_record()['name']}")
    page.get_by_test_id("result").get_by_role("link").first.click()
    return page


def test_a_profile_shows_all_that_the_record_holds(profile: Page, reader: Language) -> None:
    record = complete_record()
    shown = profile.locator("main")
    assert profile.get_by_role("heading", level=1).inner_text() == record["name"]
    text = " ".join(shown.inner_text().split())
    written = [
        record["headline"],
        *record["summary"].split("\n\n"),
        *record["skills"],
        *record["sectors"],
        *record["soft_skills"],
        *(part for reference in record["references"] for part in (reference["client"], reference["text"])),
        *(part for review in record["reviews"] for part in (review["skill"], review.get("comment") or "")),
    ]
    lang = profile.locator(".profile__headline").get_attribute("lang") or ""
    assert [part for part in written if " ".join(typeset(part, lang).split()) not in text] == []
    said = [
        *(zones.country_label(code, reader) for code in record["countries"]),
        *(languages.label(code, reader) for code in record["languages"]),
        money(record["day_rate"]["amount"], record["day_rate"]["currency"], reader),
    ]
    assert [part for part in said if " ".join(part.split()).casefold() not in text.casefold()] == []
    expect(profile.get_by_test_id("boosted")).to_be_visible()
    expect(profile.get_by_role("img")).to_be_visible()


def test_each_review_has_both_dates_and_how_it_was_controlled(profile: Page, reader: Language) -> None:
    control = {"fr": "Garanti par l’éditeur", "en": "Vouched for by the operator"}[reader]
    dates = {
        "fr": re.compile(r"Mission du \S+ \S+ 20\d\d\.\s+Publié le \S+ \S+ 20\d\d\."),
        "en": re.compile(r"Work of \w+ \d+, 20\d\d\.\s+Published on \w+ \d+, 20\d\d\."),
    }[reader]
    reviews = profile.get_by_test_id("review")
    expect(reviews).to_have_count(len(complete_record()["reviews"]))
    for review in reviews.all():
        expect(review).to_contain_text(dates)
        expect(review).to_contain_text(control)


def test_reviews_can_be_put_in_another_order(profile: Page) -> None:
    def ratings() -> list[int]:
        stars = profile.get_by_test_id("review").locator(".stars .visually-hidden").all_inner_texts()
        return [int(text.split()[0]) for text in stars]

    recent = ratings()
    profile.get_by_test_id("sort-rating").click()
    profile.wait_for_url("**reviews=rating**")
    assert ratings() == sorted(recent, reverse=True)
    profile.get_by_test_id("back").click()
    profile.wait_for_url("**/experts?q=**")


def test_on_paper_a_profile_leaves_out_what_only_a_screen_can_do(profile: Page) -> None:
    profile.emulate_media(media="print")
    expect(profile.get_by_role("heading", level=1)).to_be_visible()
    expect(profile.get_by_test_id("review").first).to_be_visible()
    for hidden in ("search-box", "language-switch", "back", "sort-rating"):
        expect(profile.get_by_test_id(hidden)).to_be_hidden()
