"""An operator grades results in a browser, by keyboard, on a desk and on a phone."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from accounts.models.accounts import AccountKind
from foundation.settings import ROOT
from tests import commands, live, signed_in

SCREENS: dict[str, dict[str, Any]] = {
    "a desk": {"viewport": {"width": 1280, "height": 900}, "locale": "fr"},
    "a phone in the dark": {"viewport": {"width": 375, "height": 800}, "locale": "en", "color_scheme": "dark"},
}
SignIn = Callable[..., Page]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[live.Site]:
    """Give a site with the sample directory, and its judgments."""
    folder = tmp_path_factory.mktemp("judged")
    with live.sample_site(folder) as site:
        path = str(ROOT / "data" / "sample" / "judgments.jsonl")
        assert commands.run(folder, "ranking", "judgments", "import", path).returncode == 0
        yield site


@pytest.fixture
def sign_in(chromium: Browser, judged: live.Site) -> Iterator[SignIn]:
    """Return what opens a browser and signs somebody in."""
    pages: list[Page] = []

    def make(name: str, **options: Any) -> Page:
        page = chromium.new_page(base_url=judged.address, reduced_motion="reduce", **options)
        pages.append(page)
        cookie = signed_in.cookie_for(judged.folder, judged.address, AccountKind.OPERATOR, name)
        page.context.add_cookies([cookie])
        page.goto("/operator/grading")
        return page

    yield make
    for page in pages:
        page.close()


def faults(page: Page) -> list[str]:
    """Return what axe calls serious or critical."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [f"{fault['id']}: {fault['nodes']}" for fault in found if fault["impact"] in {"serious", "critical"}]


def expert(page: Page) -> str:
    """Return who is to be graded."""
    return page.locator("[data-grading] input[name=expert]").input_value()


def press(page: Page, key: str) -> str:
    """Press a key that leads on, and return who is to be graded then."""
    with page.expect_navigation():
        page.keyboard.press(key)
    return expert(page)


@pytest.mark.parametrize("screen", SCREENS)
def test_the_page_fits_every_screen_and_everybody(sign_in: SignIn, screen: str) -> None:
    page = sign_in("Anna", **SCREENS[screen])
    expect(page.get_by_test_id("card")).to_be_visible()
    page.locator("main summary").first.click()
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.get_by_test_id("grade").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44


def test_keys_grade_skip_and_undo(sign_in: SignIn) -> None:
    page = sign_in("Ben", locale="en")
    first = expert(page)
    second = press(page, "2")
    third = press(page, "s")
    assert len({first, second, third}) == 3
    fourth = press(page, "0")
    assert press(page, "u") == third
    assert press(page, "3") == fourth
    page.goto("/operator/grading")
    assert expert(page) == second  # what was skipped comes back


def test_keys_typed_into_a_field_grade_nothing(sign_in: SignIn) -> None:
    page = sign_in("Cy", locale="en")
    first = expert(page)
    page.locator("main summary").first.click()
    page.locator("#new-query").press_sequentially("s 3 u")
    expect(page.locator("#new-query")).to_have_value("s 3 u")
    assert expert(page) == first


def test_without_scripts_buttons_do_the_same(sign_in: SignIn) -> None:
    page = sign_in("Dora", locale="en", java_script_enabled=False)
    first = expert(page)
    page.get_by_test_id("grade").first.click()
    assert expert(page) != first
    page.get_by_test_id("undo").click()
    assert expert(page) == first
