import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Route, expect

from accounts import sign_ins
from accounts.models.accounts import AccountKind
from foundation import clock
from foundation.database import Database
from tests import builders, live, signed_in
from tests.builders import record
from tests.web.test_accessibility import DESKTOP, PHONE, faults
from web import app


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("space")


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Serve a site on a port of its own, in this process."""
    settings = builders.settings_in(folder)
    with builders.directory(settings.data_dir, [record("H001", skills=["Douane"])]):
        pass
    port = live.free_port()
    server = uvicorn.Server(uvicorn.Config(app.create(settings), host="127.0.0.1", port=port, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    found = f"http://127.0.0.1:{port}"
    builders.eventually(lambda: live.answers(f"{found}/readyz"), seconds=60)
    yield found
    server.should_exit = True
    thread.join()


@pytest.fixture
def page(chromium: Browser, address: str, folder: Path) -> Iterator[Page]:
    """Return the page of somebody who has just signed up."""
    database = Database(builders.settings_in(folder).database_address)
    account = signed_in.make(database, AccountKind.EXPERT, "Anne Le Goff")
    with database.writing() as session:
        token = sign_ins.open_for(session, account, "a test", at=clock.now())
    database.close()
    context = chromium.new_context(base_url=address, viewport=DESKTOP, locale="en", reduced_motion="reduce")
    context.add_cookies([{"name": "portulan", "value": token, "url": address}])
    found = context.new_page()
    found.goto("/my/profile")
    expect(found).to_have_url(f"{address}/my/profile")
    yield found
    context.close()


def test_a_profile_is_saved_as_one_types_and_the_preview_follows(page: Page) -> None:
    state = page.locator("[data-state]")
    page.get_by_label("Headline").press_sequentially("Customs expert")
    expect(page.locator("#aside .result__headline")).to_have_text("Customs expert")
    expect(page.get_by_label("Headline")).to_be_focused()
    expect(state).to_have_text("Saved")
    skills = page.get_by_role("combobox", name="Skills")
    skills.press_sequentially("doua")
    page.get_by_role("option", name="Customs", exact=True).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#aside .tag").first).to_have_text("Customs")
    page.get_by_label("Show my profile").check()
    expect(page.locator("#state-title")).to_have_text("Your profile is shown")
    assert faults(page) == []
    page.reload()
    assert page.get_by_label("Headline").input_value() == "Customs expert"
    page.get_by_role("button", name="Take back").click()
    expect(page.locator("#state-title")).to_have_text("Your profile is hidden")


def test_a_fault_is_said_beside_its_field_and_what_cannot_be_sent_is_sent_later(page: Page) -> None:
    state = page.locator("[data-state]")
    places = page.get_by_role("combobox", name="Countries and zones")
    places.press_sequentially("Atlantis")
    page.keyboard.press("Enter")
    expect(page.locator("#countries-fault")).to_contain_text("“Atlantis” is no country or zone")
    page.get_by_role("button", name="Remove Atlantis").click()
    expect(state).to_have_text("Saved")
    expect(places).to_be_focused()
    page.context.set_offline(True)
    page.get_by_label("City").fill("Nantes")
    expect(state).to_contain_text("no connection")
    page.context.set_offline(False)
    expect(state).to_have_text("Saved")


def test_what_is_only_half_typed_is_not_called_wrong(page: Page) -> None:
    state = page.locator("[data-state]")
    page.get_by_label("Client 1").fill("An SME in Lyon")
    page.get_by_label("What was done").first.focus()
    page.get_by_text("Available from", exact=True).click()
    page.get_by_label("City").fill("Lyon")
    page.get_by_label("Headline").focus()
    page.get_by_label("What was done").first.fill("Opened Morocco.")
    page.get_by_label("Day from which").fill("2099-01-01")
    expect(state).to_have_text("Saved")
    expect(page.locator("#aside .available")).to_have_text("Available from January 1, 2099")
    page.reload()
    assert page.get_by_label("What was done").first.input_value() == "Opened Morocco."


def test_what_is_changed_while_a_fault_is_on_its_way_is_saved_too(page: Page) -> None:
    held: list[Route] = []

    def hold_first(route: Route) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.continue_()

    page.route("**/my/profile", hold_first)
    page.get_by_label("Client 1").fill("An SME in Lyon")
    with page.expect_request(lambda request: request.method == "POST"):
        page.get_by_label("Headline").focus()
    page.get_by_label("What was done").first.fill("Opened Morocco.")
    page.get_by_label("Headline").focus()
    held[0].continue_()
    expect(page.locator("[data-state]")).to_have_text("Saved")
    page.reload()
    assert page.get_by_label("What was done").first.input_value() == "Opened Morocco."


def test_what_was_typed_before_the_script_came_is_saved_too(page: Page) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/profile*.js*", hold)
    page.goto("/my/profile", wait_until="commit")
    page.get_by_label("City").fill("Nantes")
    page.get_by_label("Headline").focus()
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    expect(page.locator("[data-state]")).to_have_text("Saved")
    page.unroute_all()
    page.reload()
    assert page.get_by_label("City").input_value() == "Nantes"


@pytest.mark.parametrize("path", ["/my/profile", "/my/identity?country=FR&status=sasu", "/my/found?q=customs"])
def test_the_pages_have_no_serious_fault_on_a_phone_in_the_dark(page: Page, path: str) -> None:
    page.set_viewport_size(PHONE)  # pyright: ignore[reportArgumentType]
    page.emulate_media(color_scheme="dark")
    page.goto(path)
    assert faults(page) == []
    assert page.evaluate("document.querySelector('main').scrollWidth") <= PHONE["width"]


def test_the_skills_of_a_quote_are_tokens_with_suggestions_and_lines_without_javascript(
    chromium: Browser, page: Page, address: str
) -> None:
    page.goto("/quotes/new")
    page.locator("[name=client_name]").fill("Dupont")
    page.locator("[name=client_email]").fill("luc@dupont.example")
    page.locator("[name=client_email]").press("Enter")
    page.wait_for_url("**/edit*")
    skills = page.get_by_role("combobox", name="Skills used")
    skills.press_sequentially("doua")
    page.get_by_role("option", name="Customs", exact=True).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    skills.press_sequentially("Haggling")
    page.keyboard.press("Enter")
    expect(page.locator(".token")).to_have_text(["Customs×", "Haggling×"])
    expect(page.locator("[data-state]")).to_have_text("Saved")
    assert faults(page) == []
    page.get_by_role("button", name="Remove Haggling").click()
    expect(page.locator("#status")).to_have_text("Removed: Haggling")
    expect(page.locator("[data-state]")).to_have_text("Saved")
    page.reload()
    expect(page.locator(".token")).to_have_text(["Customs×"])
    plain = chromium.new_context(base_url=address, locale="en", java_script_enabled=False)
    plain.add_cookies(page.context.cookies())  # pyright: ignore[reportArgumentType]
    without = plain.new_page()
    without.goto(page.url)
    expect(without.locator("textarea[name=skills]")).to_have_value("Customs")
    expect(without.locator("textarea[name=skills]")).to_be_visible()
    plain.close()
