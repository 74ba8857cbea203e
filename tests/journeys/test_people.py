"""Who signs up, is found, looks and leaves: whole stories in a browser, on a phone and on a desk, in both languages."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from foundation.i18n import Language, translate
from tests import builders, commands, live, mailbox
from tests.signed_in import PASSWORD
from tests.web.test_accessibility import DESKTOP, PHONE, faults

SCREENS: dict[str, tuple[dict[str, int], Language]] = {
    "a phone, French": (PHONE, "fr"),
    "a desk, English": (DESKTOP, "en"),
}
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
"""Nobody counts what a headless browser looks at."""


@dataclass(frozen=True)
class Place:
    """A site that a visitor reaches, and the folder of its mails."""

    address: str
    folder: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("people")
    with builders.directory(folder, [builders.record(f"T{number}", skills=["Douane"]) for number in range(3)]):
        pass
    port = live.free_port()
    address = f"http://127.0.0.1:{port}"
    process = commands.start(folder, "serve", "--port", str(port), PORTULAN_BASE_URL=address)
    try:
        builders.eventually(lambda: live.answers(f"{address}/readyz"), seconds=60)
        yield Place(address, folder)
    finally:
        process.terminate()
        process.wait(timeout=120)


@dataclass(frozen=True)
class Visitor:
    """Somebody with a browser, who reads one language."""

    context: BrowserContext
    page: Page
    language: Language
    folder: Path

    def label(self, text: str, **values: Any) -> str:
        return translate(self.language, text, **values)

    def press(self, text: str, **values: Any) -> None:
        self.page.locator("main").get_by_role("button", name=self.label(text, **values), exact=True).click()

    def fill(self, text: str, value: str) -> None:
        self.page.locator("main").get_by_label(self.label(text), exact=True).fill(value)

    def sign_up(self, kind: str, name: str, email: str, *, organisation: str = "") -> None:
        """Sign up, read the mail, confirm."""
        page = self.page
        page.goto("/sign-up")
        page.locator(f".form__card:has([value={kind}])").click()
        self.fill("Your first and last name", name)
        if organisation:
            page.locator("#organisation").fill(organisation)
        self.fill("Email address", email)
        self.fill("Phone number", "06 12 34 56 78")
        self.fill("Password", PASSWORD)
        page.locator("#terms-accepted").check()
        assert faults(page) == []
        self.press("Sign up")
        expect(page.get_by_role("heading", level=1)).to_have_text(self.label("Please look at your mail"))
        page.goto(mailbox.link(mailbox.wait_for(self.folder, email)))
        self.fill("Password", PASSWORD)
        self.press("Confirm")
        expect(page.get_by_test_id("person")).to_be_visible()


@pytest.fixture(params=SCREENS)
def visitors(request: pytest.FixtureRequest, chromium: Browser, place: Place) -> Iterator[Any]:
    """Return what brings another visitor, with a browser of their own."""
    screen, language = SCREENS[request.param]
    contexts: list[BrowserContext] = []

    def come() -> Visitor:
        locale = {"fr": "fr-FR", "en": "en-GB"}[language]
        context = chromium.new_context(
            base_url=place.address,
            viewport=screen,  # pyright: ignore[reportArgumentType]
            locale=locale,
            user_agent=FIREFOX,
        )
        context.set_default_timeout(30_000)
        contexts.append(context)
        return Visitor(context, context.new_page(), language, place.folder)

    yield come
    for context in contexts:
        context.close()


def test_an_expert_signs_up_is_found_and_sees_who_looked_then_leaves(visitors: Any) -> None:
    expert, company = visitors(), visitors()
    name = {"fr": "Zoé Quemener", "en": "Zachary Quill"}[expert.language]
    email = f"expert.{expert.language}@example.org"
    expert.sign_up("expert", name, email)
    page: Page = expert.page
    expert.fill("Headline", f"Sericulture {expert.language}, Uzbekistan")
    expert.fill("Summary", "Silk, cocoons and looms.")
    expert.page.get_by_label(expert.label("Show my profile")).check()
    expect(page.locator("#state-title")).to_have_text(expert.label("Your profile is shown"))

    company.page.goto(f"/experts?q=sericulture+{expert.language}")

    def is_found() -> bool:
        company.page.reload()
        return name in company.page.locator("main").inner_text()

    builders.eventually(is_found)
    company.page.get_by_role("link", name=name).first.click()
    expect(company.page.get_by_role("heading", level=1)).to_have_text(name)

    def figures() -> list[str]:
        page.goto("/my/audience")
        return page.locator(".figure__count").all_inner_texts()

    builders.eventually(lambda: len(figures()) > 1 and "0" not in figures()[:2])
    assert faults(page) == []

    page.goto("/account/erase")
    expert.fill("Present password", PASSWORD)
    expert.press("Erase my account now")
    expect(page.get_by_test_id("sign-in-link")).to_be_visible()
    assert company.page.reload().status == 404
    company.page.goto(f"/experts?q={name.replace(' ', '+')}")
    expect(company.page.get_by_test_id("result").filter(has_text=name)).to_have_count(0)
    expert.page.goto("/sign-in")
    expert.fill("Email address", email)
    expert.fill("Password", PASSWORD)
    expert.press("Sign in")
    expect(page.get_by_test_id("form-faults")).to_be_visible()


def test_a_company_shortlists_without_an_account_and_finds_the_list_after_signing_up(visitors: Any) -> None:
    company = visitors()
    page: Page = company.page
    page.goto("/experts?q=douane")
    for position in (0, 1):
        page.get_by_test_id("shortlisting").nth(position).click()
    expect(page.locator("[data-shortlist-count]")).to_have_text("2")
    company.sign_up("company", "Claire Fontaine", f"company.{company.language}@example.org", organisation="Cidres")
    page.goto("/shortlist")
    expect(page.get_by_test_id("pick")).to_have_count(2)
    page.get_by_test_id("person").click()
    page.locator(".person-menu__list").get_by_role("button").click()
    page.goto("/shortlist")
    expect(page.get_by_test_id("pick")).to_have_count(0)
    page.goto("/sign-in?next=/shortlist")
    company.fill("Email address", f"company.{company.language}@example.org")
    company.fill("Password", PASSWORD)
    company.press("Sign in")
    expect(page.get_by_test_id("pick")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
