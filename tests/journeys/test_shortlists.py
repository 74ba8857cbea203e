"""Somebody without an account puts experts aside on a phone, compares them, and asks a colleague."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.visits import PHONE, NewContext, is_same_document, mark


def put_aside(page: Page, *positions: int) -> None:
    for position in positions:
        button = page.get_by_test_id("shortlisting").nth(position)
        button.click()
        expect(button).to_contain_text("On your shortlist")


def test_a_shortlist_without_an_account_on_a_phone(new_context: NewContext) -> None:
    page = new_context(viewport=PHONE).new_page()
    page.goto("/experts?q=customs")
    mark(page)
    put_aside(page, 0, 1, 2, 3)
    expect(page.locator("[data-shortlist-count]")).to_have_text("4")
    expect(page.get_by_role("status")).to_have_text(re.compile("is on your shortlist"))
    assert is_same_document(page)
    page.get_by_test_id("shortlisting").nth(3).click()
    expect(page.locator("[data-shortlist-count]")).to_have_text("3")

    page.get_by_test_id("shortlist-link").click()
    expect(page.get_by_test_id("pick")).to_have_count(3)
    first = page.get_by_test_id("pick").first.get_by_role("heading").inner_text()
    page.get_by_test_id("move-down").first.click()
    expect(page.get_by_test_id("pick").nth(1)).to_contain_text(first.partition(" ")[2])
    page.get_by_test_id("remove").last.click()
    page.get_by_test_id("removed").get_by_role("button").click()
    expect(page.get_by_test_id("pick")).to_have_count(3)

    page.get_by_role("button", name="Compare side by side").click()
    comparison = page.get_by_test_id("comparison")
    expect(comparison.get_by_role("columnheader")).to_have_count(3)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    comparison.evaluate("region => { region.scrollLeft = region.scrollWidth; }")
    left = comparison.get_by_role("rowheader", name="Day rate").bounding_box()
    assert left
    assert 0 <= left["x"] < 40  # it names the numbers wherever one has scrolled to


def test_a_colleague_without_scripts_comments_on_a_shared_list(new_context: NewContext) -> None:
    page = new_context(java_script_enabled=False).new_page()
    page.goto("/experts?q=customs")
    page.get_by_test_id("shortlisting").first.click()
    expect(page).to_have_url(re.compile(r"/experts\?q=customs#r1-name$"))
    page.goto("/shortlist")
    page.get_by_label("Name of the list").fill("Customs, spring")
    page.get_by_test_id("share").click()
    link = page.get_by_test_id("share-link").input_value()
    other = new_context().new_page()
    other.goto(link)
    expect(other.get_by_role("heading", level=1)).to_have_text("Customs, spring")
    other.get_by_label("Your name").fill("Karim")
    other.get_by_label("Your comment").fill("The first one.")
    other.get_by_role("button", name="Comment").click()
    expect(other.get_by_text("The first one.")).to_be_visible()
