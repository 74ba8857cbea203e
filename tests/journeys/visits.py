"""What visitors do and see on pages of results."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, Page, expect

PHONE = {"width": 375, "height": 800}
DESKTOP = {"width": 1440, "height": 900}
NewContext = Callable[..., BrowserContext]


def names(page: Page) -> list[str]:
    return page.get_by_test_id("result").locator("h3").all_inner_texts()


def total(page: Page) -> int:
    return int(page.get_by_test_id("total").first.get_attribute("value") or "")


def mark(page: Page) -> None:
    """Leave a mark that only loading another document takes away."""
    page.evaluate("window.isSameDocument = true")


def is_same_document(page: Page) -> bool:
    return bool(page.evaluate("window.isSameDocument === true"))


def facet(page: Page, name: str, value: str) -> Locator:
    return page.locator(f"input[data-testid=facet][name={name}][value='{value}']")


def search_from_home(page: Page, words: str, *, button: str = "Search") -> None:
    page.goto("/")
    page.get_by_test_id("search-box").fill(words)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_test_id("result").first).to_be_visible()
