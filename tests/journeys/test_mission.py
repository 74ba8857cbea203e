"""From a profile to a payout: both sides in Chromium, their mail and SMS at real servers, an answer by mail."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from accounts import experts, passwords, sign_ins
from accounts.models.accounts import Account, AccountKind, Client, Membership
from billing import owner_rules
from billing.provider_states import OwnerKind
from billing.providers import sandbox_payouts
from foundation import clock
from foundation.database import Database
from tests import builders, conversations, live, mail_servers, signed_in, sms_gateways
from tests.accounts.test_letters import pdf
from tests.billing import owning
from tests.billing.money import GOOD
from tests.billing.test_declaration_forms import LIFE
from tests.booking import quoting
from tests.mail_servers import Mailbox
from tests.sms_gateways import Taken
from tests.web.test_accessibility import DESKTOP, PHONE, faults
from web import app

TITLE = "Ouvrir le marché marocain"


@dataclass
class Site:
    """A site that runs, with who mails and texts are taken by."""

    address: str
    mail_port: int
    box: Mailbox
    gateway: Taken
    client: Account
    expert: Account
    slug: str
    tokens: dict[str, str]

    def mails_to(self, account: Account) -> list[EmailMessage]:
        """Return what somebody was mailed, oldest first."""
        return [mail for mail in self.box.messages if mail["To"] == account.email]

    def replies_to(self, account: Account) -> list[str]:
        """Return the addresses at which somebody's answers are taken."""
        return [parseaddr(str(mail["Reply-To"]))[1] for mail in self.mails_to(account) if mail["Reply-To"]]

    def subjects(self, account: Account) -> list[str]:
        """Return the subjects of what somebody was mailed."""
        return [str(mail["Subject"]) for mail in self.mails_to(account)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    port, mail_port = live.free_port(), live.free_port()
    with mail_servers.serving() as box, sms_gateways.serving() as gateway:
        settings = builders.settings_in(
            tmp_path,
            port=port,
            smtp_url=f"smtp://{box.address}",
            sms_url=gateway.url,
            sms_token=sms_gateways.TOKEN,
            mail_in_port=mail_port,
            mail_in_domain="replies.example.org",
            mail_from="Portulan <no-reply@example.org>",
        )
        with builders.directory(settings.data_dir, [builders.record("H001", name="Anne Le Goff", skills=["Douane"])]):
            pass
        database = Database(settings.database_address)
        people = _people(database)
        tokens = {account.id: _token(database, account) for account in people}
        with database.reading() as session:
            slug = experts.get(session, "H001").slug
        database.close()
        server = uvicorn.Server(
            uvicorn.Config(app.create(settings), host="127.0.0.1", port=port, log_level="warning", lifespan="on")
        )
        thread = threading.Thread(target=server.run)
        thread.start()
        address = f"http://127.0.0.1:{port}"
        builders.eventually(lambda: live.answers(f"{address}/readyz"), seconds=60)
        yield Site(address, mail_port, box, gateway, *people, slug, tokens)
        server.should_exit = True
        thread.join()


def _people(database: Database) -> tuple[Account, Account]:
    """Return a company that may book, and an expert who may quote."""
    company = signed_in.make(database, AccountKind.COMPANY, "Berta Marsh", phone="+33612345679")
    with database.writing() as session:
        found = session.get_one(Client, session.get_one(Membership, company.id).client_id)
        found.sqlmodel_update(
            {
                "country": "FR",
                "legal_form": "SAS",
                "registration_number": "999000128",
                "address": "2 quai",
                "iban": "FR7630006000011234567890189",
            }
        )
    with database.reading() as session:
        expert_id = experts.get(session, "H001").id
    anne = signed_in.make(
        database, AccountKind.EXPERT, "Anne Le Goff", expert_id=expert_id, phone="+33612345678", language="fr"
    )
    with database.writing() as session:
        session.get_one(Account, anne.id).password_hash = passwords.hashed(signed_in.PASSWORD)
    quoting.identify(database, anne)
    quoting.give_mandate(database, anne)
    return company, anne


def _token(database: Database, account: Account) -> str:
    with database.writing() as session:
        return sign_ins.open_for(session, account, "a test", at=clock.now())


@pytest.fixture
def pages(chromium: Browser, site: Site) -> Iterator[tuple[Page, Page]]:
    """Return the company's page, on a desk and in English, and the expert's, on a phone and in French."""
    contexts = [
        chromium.new_context(base_url=site.address, viewport=viewport, locale=locale, reduced_motion="reduce")  # pyright: ignore[reportArgumentType]
        for viewport, locale in ((DESKTOP, "en"), (PHONE, "fr"))
    ]
    for context, account in zip(contexts, (site.client, site.expert), strict=True):
        context.add_cookies([{"name": "portulan", "value": site.tokens[account.id], "url": site.address}])
        context.set_default_timeout(30_000)
    yield contexts[0].new_page(), contexts[1].new_page()
    for context in contexts:
        context.close()


def test_a_need_becomes_a_quote_a_mission_a_payout_and_a_review(site: Site, pages: tuple[Page, Page]) -> None:
    company, expert = pages
    _write(site, company, expert)
    _propose(site, company, expert)
    _quote(site, expert)
    _sign(site, company)
    _pay(company)
    _carry_out(company, expert)
    _be_verified(expert)
    _be_paid(site, expert)
    _review(site, company)


def _fill(page: Page, **values: str) -> None:
    """Fill in fields by their names, which both languages share."""
    for name, value in values.items():
        page.locator(f'[name="{name}"]').first.fill(value)


def _write(site: Site, company: Page, expert: Page) -> None:
    """The company searches and writes; the expert answers by mail, and the answer stands in the thread."""
    company.goto("/experts?q=customs")
    company.get_by_role("link", name="Anne Le Goff").first.click()
    company.wait_for_url(f"**/experts/{site.slug}*")
    company.get_by_test_id("write").first.click()
    _fill(company, body="Do you know Morocco?")
    company.get_by_role("button", name="Send").click()
    builders.eventually(lambda: site.replies_to(site.expert))
    reply_to = site.replies_to(site.expert)[0]
    [told] = [mail for mail in site.mails_to(site.expert) if mail["Reply-To"]]
    quoted = "\n".join(f"> {line}" for line in mail_servers.part(told).splitlines())
    said = (
        f"Oui, depuis dix ans.\n\nLe lun. 30 nov. 2026 à 09:12, Portulan <no-reply@example.org> a écrit :\n\n{quoted}"
    )
    answer = conversations.mail(reply_to, str(site.expert.email), said)
    assert conversations.send(site.mail_port, answer, reply_to, str(site.expert.email)) == (250, "")
    company.reload()
    expect(company.get_by_text("Oui, depuis dix ans.")).to_be_visible()
    expect(company.get_by_text("a écrit :")).to_have_count(0)
    expert.goto("/messages")
    assert faults(expert) == []


def _propose(site: Site, company: Page, expert: Page) -> None:
    """The company proposes a mission; the expert hears of it by mail, and looks."""
    company.goto(f"/experts/{site.slug}")
    company.get_by_test_id("propose-mission").click()
    _fill(
        company, title=TITLE, context="We make cheese.", objectives="Know the duties\nChoose a broker", skills="Douane"
    )
    company.get_by_test_id("save-sheet").click()
    company.get_by_test_id("publish").click()
    company.get_by_test_id("propose").click()
    builders.eventually(lambda: any(TITLE in subject for subject in site.subjects(site.expert)))
    expert.goto("/offers")
    expert.get_by_role("link", name=TITLE).first.click()
    assert faults(expert) == []
    expert.get_by_test_id("quote").click()


def _quote(site: Site, expert: Page) -> None:
    """The expert answers with a quote; the figures follow what is typed."""
    expert.locator('[name="kind"][value="mission"]').check(force=True)
    expert.locator("form .button").last.click()
    today = clock.today()
    first, last = today + timedelta(days=3), today + timedelta(days=40)
    _fill(
        expert,
        title=TITLE,
        objectives="Know the duties\nChoose a broker",
        deliverables="A report",
        starts_on=first.isoformat(),
        ends_on=last.isoformat(),
        valid_until=(today + timedelta(days=20)).isoformat(),
        day_rate="600",
        days_1_label="Audit",
        days_1_number="5",
    )
    skills = expert.get_by_role("combobox", name="Compétences mobilisées")
    skills.press_sequentially("Logistique")
    skills.press("Enter")
    expect(expert.locator(".token")).to_contain_text(["Douane", "Logistique"])
    expect(expert.locator("#aside")).to_contain_text(re.compile("3.600"))
    assert faults(expert) == []
    expert.locator('[name="do"][value="preview"]').click()
    expert.locator('form[action$="/send"] button').click()
    expect(expert.get_by_test_id("state")).to_be_visible()
    builders.eventually(lambda: any("Q-" in subject for subject in site.subjects(site.client)))


def _sign(site: Site, company: Page) -> None:
    """The company reads, compares and signs; the expert hears of it by mail and by SMS."""
    company.goto("/quotes")
    company.get_by_role("link", name=TITLE).click()
    expect(company.get_by_text("Commission")).to_have_count(0)
    company.get_by_role("link", name="Accept and sign").click()
    assert faults(company) == []
    _fill(company, order_number="PO 17")
    company.get_by_role("checkbox").check()
    company.get_by_role("button", name="Sign for").click()
    expect(company.get_by_test_id("next")).to_have_attribute("data-state", "awaiting_funds")
    builders.eventually(lambda: site.gateway.messages)
    assert "a accepté votre devis" in site.gateway.messages[0]["text"]


def _pay(company: Page) -> None:
    """The company pays a part by transfer and the rest by card, both at the sandbox."""
    company.get_by_test_id("next-action").click()
    payment = company.url

    def is_expected() -> bool:
        company.goto(payment)
        return company.get_by_test_id("to-bank").count() == 1

    builders.eventually(is_expected)
    assert faults(company) == []
    company.get_by_test_id("to-bank").click()
    _fill(company, amount="1000")
    company.locator('[name="how"][value="once"]').check(force=True)
    company.get_by_test_id("send").click()

    def has_come() -> bool:
        company.goto(payment)
        return "€2,600" in str(company.get_by_test_id("progress").text_content())

    builders.eventually(has_come)
    company.get_by_test_id("pay-card").click()
    _fill(company, number=GOOD)
    company.get_by_test_id("pay").click()


def _carry_out(company: Page, expert: Page) -> None:
    """The expert starts and reports; the company validates."""
    expert.goto("/missions")
    expert.get_by_role("link", name=TITLE).first.click()
    path = expert.url
    _until(expert, "funded")
    expert.get_by_test_id("next-action").click()
    expect(expert.get_by_test_id("next")).to_have_attribute("data-state", "in_progress")
    report = expert.get_by_test_id("report-form")
    for choice in report.locator('input[type="radio"][value="reached"]').all():
        choice.check(force=True)
    _fill(expert, summary="Tout est prêt.")
    report.get_by_role("button").last.click()
    expect(expert.get_by_test_id("next")).to_have_attribute("data-state", "reported")
    assert faults(expert) == []
    company.goto(path)
    company.get_by_role("button", name="Validate the report").click()
    _until(company, "closed")


def _be_verified(expert: Page) -> None:
    """The expert is told what the payout waits for, says who is paid, and sends the papers that prove it."""
    expert.goto("/my/payouts")
    expert.get_by_test_id("wait-identity").get_by_role("link").click()
    for name, value in owning.FORM.items():
        field = expert.locator(f'form[action="/my/verification"] [name="{name}"]')
        if field.count() == 0:
            continue  # a person has no business to name
        if name == "terms":
            field.check(force=True)
        elif field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    assert faults(expert) == []
    expert.locator('form[action="/my/verification"]').get_by_role("button").click()
    for kind in owner_rules.needed(OwnerKind.BUSINESS):
        paper = expert.locator(f'[data-testid="identity-paper"][data-kind="{kind}"]')
        # The sandbox judges a paper by the name of its file.
        paper.locator('[name="pages"]').set_input_files(
            {"name": "valid.pdf", "mimeType": "application/pdf", "buffer": pdf()}
        )
        paper.locator("button").click()
        expect(paper).not_to_have_attribute("data-state", "missing")
    _declare(expert)

    def is_verified() -> bool:
        expert.goto("/my/verification")
        return expert.get_by_test_id("stage").get_attribute("data-stage") == "verified"

    builders.eventually(is_verified)
    assert faults(expert) == []


def _declare(expert: Page) -> None:
    """The expert says who owns the company, once the papers are there with which that is compared."""

    def is_asked() -> bool:
        expert.goto("/my/verification")
        return expert.get_by_test_id("declare").count() == 1

    builders.eventually(is_asked)
    # The sandbox judges a declaration by the first name.
    person = {**LIFE, "first_name": "AcceptUBO", "last_name": "Le Goff", "born_on": "1980-02-29", "nationality": "FR"}
    for name, value in person.items():
        field = expert.get_by_test_id("owner").locator(f'[name="p1_{name}"]')
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
    expert.locator('[name="complete"]').check(force=True)
    assert faults(expert) == []
    expert.get_by_test_id("declare").click()
    expect(expert.get_by_test_id("declaration")).not_to_have_attribute("data-state", "missing")


def _be_paid(site: Site, expert: Page) -> None:
    """The expert gives a bank account, and is paid what was released, less the commission."""
    expert.goto("/my/payouts")
    [at_once] = [number for number, played in sandbox_payouts.ACCOUNTS.items() if played == sandbox_payouts.AT_ONCE]
    _fill(expert, holder="Anne Le Goff", number=at_once, password=signed_in.PASSWORD)
    expert.get_by_test_id("give").click()

    def is_sent() -> bool:
        expert.goto("/my/payouts")
        return expert.locator('[data-testid="payout"][data-state="succeeded"]').count() == 1

    builders.eventually(is_sent)
    # 3,600 with tax, less 10 % of 3,000 with tax on it.
    assert re.search(r"3.240", str(expert.locator(".payout__amount").text_content()))
    expect(expert.get_by_test_id("nothing-missing")).to_be_visible()
    assert faults(expert) == []
    builders.eventually(lambda: any("compte bancaire" in subject.lower() for subject in site.subjects(site.expert)))


def _review(site: Site, company: Page) -> None:
    """The company rates; the review stands on the profile."""
    company.goto("/missions")
    company.get_by_role("link", name=TITLE).first.click()
    company.get_by_test_id("review-form").locator('input[type="radio"][value="5"]').first.check(force=True)
    company.get_by_test_id("review-form").locator("textarea").first.fill("Clear and quick.")
    company.get_by_role("button", name="Publish the review").click()

    def is_shown() -> bool:
        company.goto(f"/experts/{site.slug}")
        return "Clear and quick." in company.content()

    builders.eventually(is_shown)
    assert faults(company) == []


def _until(page: Page, state: str) -> None:
    """Look at a mission's page until it has reached a state that comes by the outbox."""

    def has_come() -> bool:
        page.reload()
        return page.get_by_test_id("next").get_attribute("data-state") == state

    builders.eventually(has_come)
