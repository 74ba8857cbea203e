"""A visitor in a real browser finds an expert in the sample directory, with and without JavaScript."""

import re
from contextlib import closing

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlmodel import col

from foundation import clock
from foundation.outbox import OutboxRow
from tests import builders, live
from tests.journeys.visits import PHONE, NewContext, facet, is_same_document, mark, names, search_from_home, total


def test_the_sample_is_there_as_soon_as_the_site_says_that_it_is_ready(sample: live.Site) -> None:
    assert sample.experts_when_ready == sample.experts


def test_everything_that_the_demonstration_owes_is_delivered_at_once(sample: live.Site) -> None:
    with closing(builders.database_of(builders.settings_in(sample.folder))) as database:

        def left() -> list[tuple[str, str, str | None]]:
            with database.reading() as session:
                due = (col(OutboxRow.due_at) <= clock.now()) | col(OutboxRow.last_error).is_not(None)
                rows = session.execute(select(OutboxRow).where(due)).scalars()
                return [(row.topic, row.key, row.last_error) for row in rows]

        builders.eventually(lambda: not left() or any(error for _, _, error in left()))
        assert left() == []


def test_a_search_from_the_home_page_gives_as_many_experts_as_it_says(page: Page) -> None:
    search_from_home(page, "customs Morocco")
    assert page.url.endswith("/experts?q=customs+Morocco")
    assert len(names(page)) == min(total(page), 20) > 0


def test_what_was_understood_is_shown_as_chips(page: Page) -> None:
    page.goto("/experts?q=customs+Morocco")
    expect(page.get_by_test_id("chip")).to_contain_text(["Customs", "Morocco"])


def test_removing_a_chip_leaves_its_word_out_of_the_search(page: Page) -> None:
    page.goto("/experts?q=customs+Morocco")
    page.get_by_test_id("chip").filter(has_text="Morocco").click()
    expect(page.get_by_test_id("chip")).to_have_count(1)
    expect(page.get_by_test_id("search-box")).to_have_value("customs")


def test_a_facet_narrows_the_results_in_place(page: Page) -> None:
    page.goto("/experts?q=customs")
    before = total(page)
    mark(page)
    facet(page, "country", "FR").check()
    expect(page.get_by_test_id("active-filter")).to_have_text(re.compile("France"))
    assert is_same_document(page)
    assert page.url.endswith("/experts?q=customs&country=FR")
    assert 0 < total(page) < before


def test_a_facet_promises_as_many_experts_as_it_gives(page: Page) -> None:
    page.goto("/experts")
    box = facet(page, "country", "DE")
    promised = int(box.locator("xpath=..").locator(".option__count").inner_text().split()[0])
    box.check()
    expect(page.get_by_test_id("active-filter")).to_be_visible()
    assert total(page) == promised


def test_after_a_facet_the_focus_stays_and_the_number_is_announced(page: Page) -> None:
    page.goto("/experts?q=customs")
    facet(page, "country", "FR").focus()
    page.keyboard.press("Space")
    expect(page.get_by_test_id("active-filter")).to_be_visible()
    expect(facet(page, "country", "FR")).to_be_focused()
    expect(page.get_by_role("status")).to_have_text(re.compile(rf"^{total(page)} experts? for “customs”$"))


def test_back_takes_a_facet_back(page: Page) -> None:
    page.goto("/experts?q=customs")
    before = names(page)
    facet(page, "country", "FR").check()
    expect(page.get_by_test_id("active-filter")).to_be_visible()
    page.go_back()
    expect(page.get_by_test_id("active-filter")).to_have_count(0)
    assert names(page) == before


def test_an_active_filter_can_be_removed(page: Page) -> None:
    page.goto("/experts?q=customs&country=FR&country=DE")
    page.get_by_test_id("active-filter").filter(has_text="France").click()
    expect(page.get_by_test_id("active-filter")).to_have_text(re.compile("Germany"))


def test_page_2_goes_on_where_page_1_ends_and_back_returns_to_it(page: Page) -> None:
    page.goto("/experts")
    first = names(page)
    page.get_by_test_id("next-page").click()
    page.wait_for_url(re.compile("page=2"))
    assert page.locator("ol.results__list").get_attribute("start") == "21"
    assert not set(first) & set(names(page))
    page.get_by_test_id("previous-page").click()
    page.wait_for_url(re.compile(r"/experts$"))
    assert names(page) == first


def test_a_profile_leads_back_to_the_results_it_was_opened_from(page: Page) -> None:
    page.goto("/experts?q=customs&country=FR")
    first = names(page)
    page.get_by_test_id("result").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(first[0])
    page.get_by_test_id("back").click()
    page.wait_for_url(re.compile(r"/experts\?q=customs&country=FR$"))
    assert names(page) == first


def test_every_profile_of_a_page_of_results_opens(page: Page) -> None:
    page.goto("/experts?q=customs&size=100&country=FR")
    links = page.get_by_test_id("result").locator("h3 a")
    addresses = [link.get_attribute("href") or "" for link in links.all()]
    assert [page.request.get(address).status for address in addresses] == [200] * len(addresses)


def test_the_chosen_language_stays_and_the_search_with_it(page: Page) -> None:
    page.goto("/experts?q=customs&country=FR")
    english = names(page)
    page.get_by_test_id("language-switch").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert names(page) == english
    page.goto("/ranking")
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_the_language_switch_follows_a_facet_chosen_in_place(page: Page) -> None:
    page.goto("/experts?q=customs")
    facet(page, "country", "FR").check()
    expect(page.get_by_test_id("active-filter")).to_be_visible()
    page.get_by_test_id("language-switch").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.get_by_test_id("active-filter")).to_be_visible()


def test_a_search_without_results_says_what_to_drop_and_what_that_gives(page: Page) -> None:
    page.goto("/experts?q=customs&country=NP")
    expect(page.get_by_role("heading", level=1)).to_have_text("No expert found for “customs”")
    expect(page.get_by_test_id("near").get_by_test_id("result").first).to_be_visible()
    advice = page.get_by_test_id("advice").first
    promised = int(advice.inner_text().rsplit(":", 1)[1])
    advice.click()
    expect(page.get_by_test_id("result").first).to_be_visible()
    assert total(page) == promised > 0


def test_a_shared_address_gives_a_stranger_the_same_results(page: Page, new_context: NewContext) -> None:
    page.goto("/experts?q=customs")
    facet(page, "language", "en").check()
    expect(page.get_by_test_id("active-filter")).to_be_visible()
    stranger = new_context(locale="en").new_page()
    stranger.goto(page.url)
    assert names(stranger) == names(page)


@pytest.mark.parametrize("query", ["q=customs", "q=customs&boost=false"])
def test_sponsored_visibility_is_marked_on_every_result_that_has_it(page: Page, query: str) -> None:
    answer = page.request.get(f"/api/v1/experts?{query}").json()
    sponsored = [item["name"] for item in answer["results"] if item["boosted"]]
    page.goto(f"/experts?{query}")
    marked = page.get_by_test_id("result").filter(has=page.get_by_test_id("boosted"))
    assert marked.locator("h3").all_inner_texts() == sponsored != []
    for marker in page.get_by_test_id("boosted").all():
        expect(marker).to_be_visible()
        expect(marker).to_contain_text("Sponsored visibility")


def test_sponsored_visibility_can_be_switched_off_and_on(page: Page) -> None:
    page.goto("/experts?q=customs")
    page.get_by_test_id("boost-switch").click()
    page.wait_for_url(re.compile("boost=false"))
    expect(page.get_by_test_id("ranked-by")).not_to_contain_text("Visibility Boost")
    page.get_by_test_id("boost-switch").click()
    page.wait_for_url(re.compile(r"q=customs$"))


@pytest.mark.parametrize("address", ["/experts", "/experts?q=customs&page=2"])
def test_each_page_of_results_says_what_it_is_ranked_by(page: Page, address: str) -> None:
    page.goto(address)
    line = page.get_by_test_id("ranked-by")
    expect(line).to_contain_text("Ranked by: ")
    line.get_by_role("link", name="How the ranking works").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("How the ranking works")


def test_the_reasons_of_a_result_add_up_to_its_score(page: Page) -> None:
    page.goto("/experts?q=customs+Morocco")
    for result in page.get_by_test_id("result").all()[:5]:
        result.locator("summary").click()
        points = [float(text) for text in result.locator("tbody .why__points").all_inner_texts()]
        score = float(result.locator("tfoot .why__points").inner_text())
        assert sum(points) == pytest.approx(score, abs=0.05 * (len(points) + 1))


def test_keys_alone_choose_a_suggestion_and_search_for_it(page: Page) -> None:
    page.goto("/")
    box = page.get_by_test_id("search-box")
    while not box.evaluate("field => field === document.activeElement"):
        page.keyboard.press("Tab")
    page.keyboard.type("cust")
    options = page.get_by_role("option")
    expect(options.filter(has_text="Customs").first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    active = page.locator(f"#{box.get_attribute('aria-activedescendant')}")
    expect(active).to_have_attribute("aria-selected", "true")
    label = active.locator("span").first.inner_text()
    page.keyboard.press("Enter")
    expect(box).to_have_value(f"{label} ")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("result").first).to_be_visible()


def test_choosing_an_expert_searches_for_the_name(page: Page) -> None:
    suggested = page.request.get("/api/v1/suggest?q=domi&lang=en").json()["suggestions"]
    name = next(item["value"] for item in suggested if item["kind"] == "expert")
    page.goto("/")
    page.get_by_test_id("search-box").press_sequentially("domi")
    page.get_by_role("option").filter(has_text=name).click()
    expect(page.get_by_test_id("search-box")).to_have_value(name)
    assert names(page)[0] == name


def test_escape_closes_the_suggestions_and_keeps_the_text(page: Page) -> None:
    page.goto("/")
    box = page.get_by_test_id("search-box")
    box.press_sequentially("cust")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(box).to_have_value("cust")


def test_the_empty_box_suggests_something(page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("search-box").focus()
    expect(page.get_by_role("option").first).to_be_visible()


def test_the_first_tab_leads_past_the_header(page: Page) -> None:
    page.goto("/ranking")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_everything_works_without_javascript(new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    search_from_home(page, "export")
    before = total(page)
    facet(page, "language", "en").check()
    page.get_by_role("button", name="Show results").click()
    page.wait_for_url(re.compile("language=en"))
    assert 0 < total(page) < before
    page.get_by_test_id("next-page").click()
    page.wait_for_url(re.compile("page=2"))
    listed = names(page)
    page.get_by_test_id("result").locator("summary").first.click()
    expect(page.get_by_test_id("result").locator("table").first).to_be_visible()
    page.get_by_test_id("result").get_by_role("link").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(listed[0])
    page.get_by_test_id("language-switch").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.get_by_test_id("back").click()
    page.wait_for_url(re.compile("page=2"))
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    assert names(page) == listed


def test_on_a_phone_the_filters_unfold_and_stay_open_after_a_choice(new_context: NewContext) -> None:
    page = new_context(viewport=PHONE, has_touch=True).new_page()
    page.goto("/experts?q=customs")
    box = facet(page, "country", "FR")
    expect(box).to_be_hidden()
    page.locator("summary", has_text="Filters").click()
    box.check()
    expect(page.get_by_test_id("active-filter")).to_be_visible()
    expect(box).to_be_visible()
    page.get_by_role("button", name="Show results").click()
    expect(box).to_be_hidden()
    expect(page.get_by_test_id("active-filter")).to_have_text(re.compile("France"))
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", level=1)).to_be_in_viewport()


def test_on_a_phone_without_javascript_filters_unfold_and_are_sent(new_context: NewContext) -> None:
    page = new_context(viewport=PHONE, has_touch=True, java_script_enabled=False).new_page()
    page.goto("/experts?q=customs")
    page.locator("summary", has_text="Filters").click()
    facet(page, "country", "FR").check()
    page.get_by_role("button", name="Show results").click()
    page.wait_for_url(re.compile(r"q=customs&country=FR"))
    page.get_by_test_id("active-filter").click()
    page.wait_for_url(re.compile(r"/experts\?q=customs$"))
    page.get_by_test_id("chip").click()
    page.wait_for_url(re.compile(r"/experts$"))


def test_the_chosen_language_stays_in_another_tab_and_on_a_profile(new_context: NewContext) -> None:
    context = new_context()
    page = context.new_page()
    page.goto("/")
    page.get_by_test_id("language-switch").click()
    other = context.new_page()
    search_from_home(other, "douane", button="Rechercher")
    other.get_by_test_id("result").get_by_role("link").first.click()
    expect(other.locator("html")).to_have_attribute("lang", "fr")
    assert "lang=" not in other.url
    other.get_by_test_id("language-switch").click()
    other.get_by_test_id("back").click()
    expect(other.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    assert page.url.endswith("?lang=fr")
    page.goto("/legal")
    expect(page.locator("html")).to_have_attribute("lang", "fr")


def test_the_words_of_a_brief_unfold_and_can_be_left_out(page: Page) -> None:
    brief = (
        "We make dosing pumps and want to sell them in Germany and Austria. Find distributors, prepare a trade fair, "
        "follow the first offers and train our sales assistant, some days a month."
    )
    search_from_home(page, brief)
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^\d+ experts? for your brief$"))
    expect(page.get_by_test_id("chip").filter(has_text="Germany")).to_be_visible()
    word = page.get_by_test_id("chip").filter(has_text="pumps")
    expect(word).to_be_hidden()
    page.locator("summary", has_text=re.compile(r"and \d+ words")).click()
    word.click()
    expect(page.get_by_test_id("search-box")).to_have_value(brief.replace("pumps ", ""))


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_no_page_is_wider_than_the_screen(new_context: NewContext, lang: str) -> None:
    page = new_context(locale=lang).new_page()
    page.goto("/experts?q=customs&country=FR")
    profile = page.get_by_test_id("result").locator("h3 a").first.get_attribute("href") or ""
    for address in (page.url, "/", "/experts?q=customs&country=NP", profile, "/ranking", "/legal"):
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
        for width in (320, 375, 768, 1440):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
