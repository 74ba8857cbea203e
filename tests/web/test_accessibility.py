"""axe finds nothing serious on any page, in either language, on a phone and on a desk, light and dark."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from accounts import sign_ins
from accounts.models.accounts import Account, AccountKind, Membership
from booking.quote_drafts import For
from foundation import clock
from foundation.database import Database
from tests import builders, live, signed_in
from tests.billing.documents import issuing
from tests.billing.documents.samples import SAMPLES
from tests.booking import quoting
from tests.booking.carried_out import Stage

LONG_NAME = "Marie-Antoinette-Philippine de Montmorency-Luxembourg-Bouteville"
NOTICE = {"ground": "other", "explanation": "Nobody can be this good.", "good_faith": "yes"}
PHONE = {"width": 375, "height": 800}
DESKTOP = {"width": 1440, "height": 900}
EMPTY = "/experts?q=customs&country=NP&size=5"
RESULTS = "/experts?q=customs+Morocco&language=en&size=5"
SECOND = "/experts?size=5&page=2"
BRIEF = "/experts?size=5&q=We+make+dosing+pumps+and+look+for+distributors,+a+trade+fair+and+first+offers+in+Germany"
FAULTY = "/experts?page=none&q=customs"
OPERATORS = (
    "/operator",
    "/operator/people",
    "/operator/people first",
    "/operator/people?kind=unowned first",
    "/operator/notices first",
    "/operator/notices",
    "/operator/refunds",
    "/operator/payouts",
    "/operator/wires",
    "/operator/papers",
    "/operator/ledger",
    "/operator/deliveries",
    "/operator/threads",
    "/operator/threads first",
    "/operator/searches",
    "/operator/skills",
    "/operator/audit",
    "/operator/grading",
)
"""Pages, and what the first row of a list leads to."""
NewPage = Callable[..., Page]


@pytest.fixture
def new_page(chromium: Browser, sample: live.Site) -> Iterator[NewPage]:
    pages: list[Page] = []

    def make(**options: Any) -> Page:
        page = chromium.new_page(
            **{"base_url": sample.address, "viewport": DESKTOP, "reduced_motion": "reduce", **options}
        )
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.close()


def faults(page: Page) -> list[str]:
    """Return what axe calls serious or critical, each with where it is."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{page.url}: {fault['id']}: {node['target']}"
        for fault in found
        if fault["impact"] in {"serious", "critical"}
        for node in fault["nodes"]
    ]


def unfold(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")


SCREENS: dict[str, dict[str, Any]] = {
    "a desk": {"viewport": DESKTOP, "locale": "fr"},
    "a desk in English": {"viewport": DESKTOP, "locale": "en"},
    "a phone": {"viewport": PHONE, "locale": "fr"},
    "a phone in the dark": {"viewport": PHONE, "locale": "en", "color_scheme": "dark"},
}


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("path", ["/", RESULTS, BRIEF, SECOND, EMPTY, "/ranking", "/legal", "/nowhere", FAULTY])
def test_a_page_has_no_serious_fault(new_page: NewPage, path: str, screen: str) -> None:
    page = new_page(**SCREENS[screen])
    page.goto(path)
    assert page.locator("html").get_attribute("lang") == SCREENS[screen]["locale"]
    unfold(page)
    assert faults(page) == []


@pytest.mark.parametrize("screen", ["a desk", "a phone in the dark"])
def test_pages_that_are_there_to_be_read_have_no_serious_fault_and_do_not_scroll_sideways(
    new_page: NewPage, screen: str
) -> None:
    page = new_page(**SCREENS[screen])
    for path in ("/help", "/help/paying", "/privacy"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        unfold(page)
        assert faults(page) == []


@pytest.mark.parametrize("screen", ["a desk", "a phone in the dark"])
def test_pages_of_documents_have_no_serious_fault_and_do_not_scroll_sideways(
    new_page: NewPage, sample: live.Site, screen: str
) -> None:
    database = Database(builders.settings_in(sample.folder).database_address)
    expert = signed_in.make(database, AccountKind.EXPERT, LONG_NAME)
    company = signed_in.make(database, AccountKind.COMPANY, LONG_NAME)
    operator = signed_in.make(database, AccountKind.OPERATOR, LONG_NAME)
    with database.reading() as session:
        client_id = session.get_one(Membership, company.id).client_id
    long = issuing.DRAFT.model_copy(update={"title": f"{LONG_NAME} {'x' * 60}", "order_number": "4711" * 12})
    for content, buyer in ((long, client_id), (issuing.DRAFT, "gone"), (SAMPLES["commission"](), None)):
        reference = f"{buyer} {expert.id}"
        issuing.issue(database, content, reference=reference, expert_id=str(expert.expert_id), client_id=buyer)
    for account, paths in (
        (expert, ["/my/documents", "/my/documents?q=nothing"]),
        (company, ["/payments/documents"]),
        (operator, ["/operator/documents"]),
    ):
        page = new_page(**SCREENS[screen])
        with database.writing() as session:
            token = sign_ins.open_for(session, account, "a test", at=clock.now())
        page.context.add_cookies([{"name": "portulan", "value": token, "url": sample.address}])
        for path in paths:
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert faults(page) == []
    database.close()


@pytest.mark.parametrize(("screen", "paths"), [("a phone in the dark", OPERATORS), ("a desk", OPERATORS[1:5])])
def test_operators_pages_have_no_serious_fault_and_do_not_scroll_sideways(
    new_page: NewPage, sample: live.Site, screen: str, paths: Sequence[str]
) -> None:
    page = new_page(**SCREENS[screen])
    page.context.add_cookies([signed_in.cookie_for(sample.folder, sample.address, AccountKind.OPERATOR, LONG_NAME)])
    page.goto("/experts?q=customs&size=5")
    profile = page.locator(".result__name a").first.get_attribute("href") or ""
    assert page.request.post(f"{profile.partition('?')[0]}/report", form=NOTICE).ok
    found: list[str] = []
    for path in paths:
        page.goto(path.partition(" ")[0])
        if path.endswith(" first"):
            with page.expect_navigation():
                page.locator(".desk__main .desk__who a").first.click()
        unfold(page)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} is too wide")
        found += faults(page)
    assert found == []


@pytest.mark.parametrize("screen", ["a phone in the dark", "a desk"])
def test_messages_have_no_serious_fault_and_are_written_by_keyboard_without_scripts(
    new_page: NewPage, sample: live.Site, screen: str
) -> None:
    page = new_page(**SCREENS[screen], java_script_enabled=False)
    page.goto("/experts?q=customs&size=5")
    profile = page.locator(".result__name a").first.get_attribute("href") or ""
    found: list[str] = []

    def look() -> None:
        checked = new_page(**SCREENS[screen])
        checked.context.add_cookies(page.context.cookies())
        checked.goto(page.url)
        if checked.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} is too wide")
        found.extend(faults(checked))

    def write(text: str) -> None:
        page.locator("#body").focus()
        page.keyboard.type(text)
        page.get_by_test_id("send").focus()
        page.keyboard.press("Enter")

    page.goto(f"{profile.partition('?')[0]}/write")
    write("Bonjour")
    page.get_by_test_id("kept").wait_for()
    look()
    page.context.add_cookies([signed_in.cookie_for(sample.folder, sample.address, AccountKind.COMPANY, LONG_NAME)])
    page.reload()
    look()
    write(" W" * 20 + "https://example.org/" + "x" * 300)
    page.get_by_test_id("message").wait_for()
    look()
    page.goto("/messages")
    look()
    assert found == []


@pytest.mark.parametrize("screen", ["a phone in the dark"])
def test_a_mission_sheet_goes_from_draft_to_refusal_by_keyboard_without_scripts_and_without_serious_fault(
    new_page: NewPage, sample: live.Site, screen: str
) -> None:
    page = new_page(**SCREENS[screen], java_script_enabled=False)
    found: list[str] = []

    def look() -> None:
        checked = new_page(**SCREENS[screen])
        checked.context.add_cookies(page.context.cookies())
        checked.goto(page.url)
        unfold(checked)
        if checked.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} is too wide")
        found.extend(faults(checked))

    def come_in(kind: AccountKind, **columns: Any) -> None:
        cookie = signed_in.cookie_for(sample.folder, sample.address, kind, LONG_NAME, **columns)
        page.context.add_cookies([cookie])

    page.goto("/experts?q=customs&size=5")
    expert_id = page.locator(".shortlisting [name=expert]").first.get_attribute("value") or ""
    come_in(AccountKind.COMPANY, phone="+33612345678")
    page.goto("/experts?q=customs&size=5")
    page.get_by_test_id("shortlisting").first.click()
    page.goto("/sheets/new?template=customs")
    look()
    page.locator("[name=needs_nda]").check()
    page.get_by_test_id("save-sheet").focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("publish").click()
    look()
    page.get_by_test_id("propose").focus()
    page.keyboard.press("Enter")
    page.get_by_test_id("offer").wait_for()
    look()
    come_in(AccountKind.EXPERT, expert_id=expert_id)
    page.goto("/offers")
    look()
    page.locator(".pick__name a").click()
    look()
    page.get_by_test_id("agree").press("Enter")
    page.get_by_test_id("refuse-open").press("Enter")
    page.locator("[name=reason]").first.check()
    page.get_by_test_id("refuse").press("Enter")
    page.get_by_test_id("done").wait_for()
    assert found == []


@pytest.mark.parametrize("screen", ["a desk", "a phone in the dark"])
def test_quotes_and_missions_have_no_serious_fault_on_either_side_and_do_not_scroll_sideways(
    new_page: NewPage, sample: live.Site, screen: str
) -> None:
    database = Database(builders.settings_in(sample.folder).database_address)
    anne, berta = quoting.expert(database, name=LONG_NAME), quoting.client(database)
    quote = quoting.sent(database, anne, For(offer_id=quoting.offered(database, berta, anne).id))
    stage = Stage(database)
    stage.accept().pay().start()
    found: list[str] = []

    def look(account_id: str, *paths: str) -> None:
        with database.writing() as session:
            token = sign_ins.open_for(session, session.get_one(Account, account_id), "a test", at=clock.now())
        page = new_page(**SCREENS[screen])
        page.context.add_cookies([{"name": "portulan", "value": token, "url": sample.address}])
        for path in paths:
            page.goto(path)
            assert page.url.endswith(path)
            unfold(page)
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{page.url} is too wide")
            found.extend(faults(page))

    sent, mission = f"/quotes/{quote.id}", f"/missions/{stage.id}"
    look(anne.id, "/quotes", sent, f"{sent}/edit", f"{sent}/preview", "/quotes/mentions")
    look(berta.id, "/quotes", sent, f"{sent}/accept")
    look(stage.expert.account_id, "/missions", mission)
    stage.report()
    look(stage.expert.account_id, mission)
    look(stage.client.account_id, "/missions", mission, f"/payments/{stage.id}")
    stage.validate()
    look(stage.expert.account_id, "/my/statements", "/my/tax-details")
    look(stage.client.account_id, "/payments/statements")
    database.close()
    assert found == []


@pytest.mark.parametrize("screen", SCREENS)
def test_a_profile_has_no_serious_fault(new_page: NewPage, screen: str) -> None:
    page = new_page(**SCREENS[screen])
    page.goto("/experts?q=customs")
    page.get_by_test_id("result").filter(has=page.get_by_test_id("boosted")).get_by_role("link").first.click()
    page.get_by_test_id("reviews").wait_for()
    assert faults(page) == []


@pytest.mark.parametrize("screen", ["a desk", "a phone in the dark"])
def test_shortlist_comparison_and_shared_list_have_no_serious_fault(new_page: NewPage, screen: str) -> None:
    page = new_page(**SCREENS[screen])
    found: list[str] = []

    def look() -> None:
        unfold(page)
        found.extend(faults(page))

    page.goto("/experts?q=customs")
    for position in range(3):
        page.get_by_test_id("shortlisting").nth(position).click()
        page.locator("[data-listed=true]").nth(position).wait_for()
    look()
    page.goto("/shortlist")
    page.get_by_test_id("share").click()
    page.get_by_test_id("remove").last.click()
    look()
    link = page.get_by_test_id("share-link").input_value()
    page.locator("#compare button").click()
    look()
    page.goto(link)
    page.locator("#author").fill("Karim")
    page.locator("#text").fill("Good.")
    page.locator(".share-form button").click()
    look()
    assert found == []


def test_open_suggestions_have_no_serious_fault(new_page: NewPage) -> None:
    page = new_page(locale="en")
    page.goto("/")
    page.get_by_test_id("search-box").press_sequentially("cust")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    assert faults(page) == []


def test_a_screen_reader_hears_name_headline_sponsorship_and_rating_of_a_result(new_page: NewPage) -> None:
    page = new_page(locale="en")
    page.goto("/experts?q=customs")
    result = page.get_by_test_id("result").filter(has=page.get_by_test_id("boosted")).first
    link = result.get_by_role("link").first
    described_by = (link.get_attribute("aria-describedby") or "").split()
    heard = [page.locator(f"#{part}").inner_text() for part in described_by]
    assert heard[0] == result.locator(".result__headline").inner_text()
    assert heard[1].startswith("Sponsored visibility")
    assert heard[2].startswith("Rated ")


def test_controls_on_a_phone_are_large_enough_for_a_finger(new_page: NewPage) -> None:
    page = new_page(locale="en", viewport=PHONE, has_touch=True)
    page.goto("/experts?q=customs+Morocco&country=FR")
    unfold(page)
    small = page.evaluate("""() => [...document.querySelectorAll(
        'button, summary, .option, .chip, .chips__clear, .language-switch, .logo, .pagination a, .result__name a'
    )].filter(item => item.checkVisibility() && item.getBoundingClientRect().height < 43.5)
      .map(item => item.outerHTML.slice(0, 120))""")
    assert small == []
