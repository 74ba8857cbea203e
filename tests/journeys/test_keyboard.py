"""A visitor without a mouse searches, filters and opens a profile, and always sees where they are."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.visits import PHONE, NewContext, facet, names, total

MOST_STOPS = 150
IN_VIEW_AND_MARKED = """() => {
    const stop = document.activeElement;
    const box = stop.getBoundingClientRect();
    const marked = stop.closest('.search__box') ?? stop;
    const style = getComputedStyle(marked);
    const middle = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return {
        stop: stop.outerHTML.slice(0, 120),
        marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
        seen: middle !== null && (stop.contains(middle) || middle.contains(stop)),
    };
}"""


def tab_to(page: Page, target: Locator) -> None:
    """Press Tab until a control has the focus; each stop on the way must be in view and visibly marked."""
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(IN_VIEW_AND_MARKED)
        assert (stop["marked"], stop["seen"]) == (True, True), stop["stop"]
        if target.evaluate("control => control === document.activeElement"):
            return
    raise AssertionError(f"{MOST_STOPS} stops did not lead to {target}")


@pytest.mark.parametrize("javascript", [True, False])
def test_keys_alone_search_filter_and_open_a_profile(new_context: NewContext, javascript: bool) -> None:
    page = new_context(java_script_enabled=javascript).new_page()
    page.goto("/")
    tab_to(page, page.get_by_test_id("search-box"))
    page.keyboard.type("customs")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/experts\?q=customs$"))
    before = total(page)

    tab_to(page, facet(page, "country", "FR"))
    page.keyboard.press("Space")
    if not javascript:
        page.keyboard.press("Enter")
    page.wait_for_url(re.compile("country=FR"))
    expect(page.get_by_test_id("active-filter")).to_be_visible()
    assert 0 < total(page) < before

    first = names(page)[0]
    tab_to(page, page.get_by_test_id("result").get_by_role("link").first)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(first)
    tab_to(page, page.get_by_test_id("back"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=customs&country=FR$"))


def test_keys_alone_open_why_an_expert_stands_there(page: Page) -> None:
    page.goto("/experts?q=customs&boost=false")
    result = page.get_by_test_id("result").first
    tab_to(page, result.locator("summary"))
    page.keyboard.press("Enter")
    expect(result.get_by_role("table")).to_be_visible()


def test_on_a_phone_no_stop_among_the_filters_lies_under_the_button_that_stays(new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    page.goto("/experts?q=customs")
    summary = page.locator("summary", has_text="Filters")
    tab_to(page, summary)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_test_id("boost-off"))


@pytest.mark.parametrize("path", ["/", "/experts?q=customs"])
def test_who_wants_less_motion_gets_none(new_context: NewContext, path: str) -> None:
    page = new_context(reduced_motion="reduce").new_page()
    page.goto(path)
    longest = page.evaluate("""() => Math.max(...[...document.querySelectorAll('*')].flatMap(item => {
        const style = getComputedStyle(item);
        return [style.transitionDuration, style.animationDuration].flatMap(text => text.split(',').map(parseFloat));
    }))""")
    assert longest <= 0.0001
