"""What mails say, and their headers: rendered from rows."""

import re
from datetime import UTC, datetime
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any

import pytest
from pydantic import ValidationError

from foundation.i18n import LANGUAGES, Language
from foundation.mails import MailRow
from foundation.settings import ROOT, Settings
from tests.mail_samples import LINK, NAME, SAMPLES, STOP_URL, TOKEN
from tests.mail_servers import parsed, part
from web.mail_values import TEMPLATES
from web.mails import WIDTH, compose

AT = datetime(2026, 11, 30, 12, 30, 5, tzinfo=UTC)
TO = "anne@example.org"
SITE = "https://portulan.example.org"
EACH = [(name, language, values) for name in SAMPLES for language in LANGUAGES for values in SAMPLES[name]]
each = pytest.mark.parametrize(("name", "language", "values"), EACH)


def composed(name: str, language: str = "fr", values: dict[str, Any] | None = None, **settings: Any) -> EmailMessage:
    """Return a mail as its recipient's program reads it."""
    row = MailRow(
        id="0f1e", key="k", recipient=TO, language=language, template=name, values=values or {}, written_at=AT
    )
    return parsed(compose(row, Settings.model_validate({"base_url": SITE, **settings})).as_bytes())


class Page(HTMLParser):
    """The elements of a mail's HTML: where links lead, what is loaded, what is open."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self._open[-1:] != ["style"] else ""


# What they say


def test_every_template_has_values_and_a_sample() -> None:
    files = {path.name for path in (ROOT / "web" / "templates" / "mails").iterdir()}
    templates = {name for name in files if not name.startswith(("_", "base."))}
    assert templates == {f"{name}.{kind}" for name in TEMPLATES for kind in ("txt", "html")}
    assert set(SAMPLES) == set(TEMPLATES)


@each
def test_a_mail_reads_well_as_text(name: str, language: Language, values: dict[str, Any]) -> None:
    text = part(composed(name, language, values))
    assert text.startswith("Bonjour" if language == "fr" else "Hello")
    assert not re.search(r"\n\n\n|[<>{}]|&\w+;|None|%\(", text)
    assert [line for line in text.splitlines() if len(line) > WIDTH and " " in line.strip()] == []
    assert "\n-- \nPortulan\nMission Internationale\n8, espace Compans Caffarelli, 31000 Toulouse, France\n" in text
    assert text.endswith(f"{SITE}/\n")


@each
def test_a_mail_is_plain_html_that_loads_nothing(name: str, language: Language, values: dict[str, Any]) -> None:
    message = composed(name, language, values)
    html = part(message, "html")
    page = Page(html)
    assert f'<html lang="{language}">' in html
    assert page.tags <= set("html head meta title style body table tr td h1 h2 p a br span".split())
    assert not {"src", "onclick", "class"} - {"class"} & page.attributes
    assert not re.search(r"url\(|@import|<img|http-equiv", html)
    assert " ".join(message["Subject"].split()) in " ".join(page.text.split())


@each
def test_text_and_html_lead_to_the_same_addresses_of_the_site(
    name: str, language: Language, values: dict[str, Any]
) -> None:
    message = composed(name, language, values)
    in_text = {address.rstrip(".,") for address in re.findall(r"https?://\S+", part(message))}
    in_html = {address for address in Page(part(message, "html")).links if not address.startswith("mailto:")}
    assert in_text == in_html
    assert all(address.startswith(f"{SITE}/") for address in in_text)
    if "token" in values:
        assert any(TOKEN in address for address in in_text)


def test_french_is_set_as_print_sets_it() -> None:
    for name, language, values in EACH:
        if language == "fr":
            message = composed(name, language, values)
            for said in (part(message), Page(part(message, "html")).text, message["Subject"]):
                ours = re.sub(r"https?://\S+", "", said.replace("Terms, article 7.", ""))
                assert not re.search(r"(?<![\u202f\s])[;!?»]|«(?!\u202f)|\w'\w", ours), (name, said)


def test_the_subject_is_in_the_recipients_language_and_says_who() -> None:
    values = SAMPLES["colleague_invitation"][0]
    assert composed("colleague_invitation", "en", values)["Subject"] == (
        f"{NAME} invites you to Établissements Dupont & fils’s account"
    )
    assert composed("colleague_invitation", "fr", values)["Subject"] == (
        f"{NAME} vous invite à rejoindre le compte de Établissements Dupont & fils"
    )


def test_numbers_dates_and_time_spans_are_in_words() -> None:
    assert "1\u202f200 nouveaux experts" in composed("alert", "fr", SAMPLES["alert"][1])["Subject"]
    assert "1er septembre 2026" in part(composed("availability_ask", "fr", SAMPLES["availability_ask"][1]))
    assert "24\xa0heures" in part(composed("confirm_email", "fr", LINK))
    assert "for 30 days." in part(composed("expert_invitation", "en", SAMPLES["expert_invitation"][0]))


def test_what_people_wrote_is_shown_as_they_wrote_it_and_is_never_markup() -> None:
    values = {"name": "<b>Eve</b> & Söhne", "reason": "<script>alert(1)</script>", "facts": "a\n\nb"}
    message = composed("suspension", "en", values)
    assert "Hello <b>Eve</b> & Söhne," in part(message)
    page = Page(part(message, "html"))
    assert not {"b", "script"} & page.tags
    assert "Hello <b>Eve</b> & Söhne," in page.text
    assert "<script>alert(1)</script>" in page.text


def test_a_mail_to_an_address_that_nobody_proved_says_nothing_that_its_sender_wrote() -> None:
    for name in ("confirm_email", "change_email"):
        assert set(TEMPLATES[name].model_fields) == {"token", "lasts_minutes"}


@pytest.mark.parametrize(
    "name",
    ["Eve\r\nBcc: all@example.org", "Eve\nBcc: all@example.org", "Eve\u2028Bcc: all@example.org", "Eve\x0b\x85Bcc:"],
)
def test_no_name_becomes_a_header(name: str) -> None:
    values = {**SAMPLES["colleague_invitation"][0], "invited_by": name}
    message = composed("colleague_invitation", "en", values)
    assert message["Subject"].startswith("Eve Bcc:")
    assert message["Bcc"] is None
    assert message["To"] == TO


def test_a_name_can_not_turn_what_follows_it() -> None:
    values = {**SAMPLES["colleague_invitation"][0], "invited_by": "Eve \u202egnp.exe\u2066"}
    assert composed("colleague_invitation", "en", values)["Subject"].startswith("Eve gnp.exe invites")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("confirm_email", {}),
        ("confirm_email", {**LINK, "name": "Eve"}),
        ("confirm_email", {**LINK, "token": "a b"}),
        ("confirm_email", {**LINK, "token": ""}),
        ("confirm_email", {**LINK, "lasts_minutes": 0}),
        ("alert", {**SAMPLES["alert"][0], "unsubscribe_url": "javascript:alert(1)"}),
        ("alert", {**SAMPLES["alert"][0], "search_url": "//elsewhere.example.org"}),
        ("alert", {**SAMPLES["alert"][0], "search_url": "/x\r\nBcc: all@example.org"}),
        ("alert", {**SAMPLES["alert"][0], "experts": []}),
        ("colleague_invitation", {**SAMPLES["colleague_invitation"][0], "role": "king"}),
    ],
)
def test_wrong_values_are_refused(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        composed(name, "en", values)


# Their headers


def test_the_headers_of_a_mail() -> None:
    message = composed("confirm_email", "fr", LINK, mail_from="Portulan · été <no-reply@mail.example.org>")
    assert message["From"] == "Portulan · été <no-reply@mail.example.org>"
    assert message["To"] == TO
    assert message["Date"].datetime == AT
    assert message["Message-ID"] == "<0f1e@mail.example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "fr"
    assert message["List-Unsubscribe"] is None
    assert message.get_content_type() == "multipart/alternative"
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_mail_is_the_same_each_time_but_for_the_boundary_of_its_parts() -> None:
    first, second = (composed("confirm_email", "fr", LINK) for _ in range(2))
    assert first["Message-ID"] == second["Message-ID"]
    assert (part(first), part(first, "html")) == (part(second), part(second, "html"))


def test_a_mail_goes_through_servers_that_take_seven_bits_and_short_lines() -> None:
    row = MailRow(
        id="i", key="k", recipient=TO, language="fr", template="alert", values=SAMPLES["alert"][1], written_at=AT
    )
    content = compose(row, Settings()).as_bytes()
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 998


def test_an_alert_is_stopped_by_one_click() -> None:
    long_url = f"{STOP_URL}&also={'x' * 200}"
    message = composed("alert", "fr", {**SAMPLES["alert"][0], "unsubscribe_url": long_url})
    assert message["List-Unsubscribe"] == f"<{SITE}{long_url}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize("length", range(1, 80))
def test_no_subject_loses_a_letter_or_a_space(length: int) -> None:
    name = ("Éa b " * 40)[:length].strip() or "É"
    values = {**SAMPLES["colleague_invitation"][0], "invited_by": f"Ann {name}", "company": name}
    assert composed("colleague_invitation", "en", values)["Subject"] == (f"Ann {name} invites you to {name}’s account")


def test_without_a_public_address_links_lead_to_where_the_site_listens() -> None:
    text = part(composed("confirm_email", "fr", LINK, base_url="", host="::1", port=8123))
    assert f"http://[::1]:8123/confirm-email?token={TOKEN}" in text


def test_a_domain_with_letters_of_its_own_is_written_as_servers_take_it() -> None:
    row = MailRow(
        id="i", key="k", recipient="zoe@münchen.de", language="fr", template="confirm_email", values=LINK, written_at=AT
    )
    assert compose(row, Settings())["To"] == "zoe@xn--mnchen-3ya.de"
