"""The mailbox of a demonstration: there only where the sample is loaded and no server takes mails."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from foundation import clock, mails, sms
from foundation.database import Database
from foundation.mails import Mail
from foundation.sms import Sms
from scripts import demo_accounts
from tests.builders import eventually, record, site
from tests.mail_samples import LINK, SAMPLES
from tests.mail_servers import Mailbox, in_folder, serving

Demo = tuple[TestClient, Path]


def write(client: TestClient, key: str = "k", to: str = "anne@example.org", **mail: Any) -> None:
    database: Database = client.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
    given = {"language": "fr", "template": "confirm_email", "values": LINK, **mail}
    with database.writing() as session:
        mails.write(session, Mail(to=to, **given), key=key, at=clock.now())


def page_of(demo: Demo, to: str, **mail: Any) -> str:
    """Write a mail, wait until it has left, and return the address of its page."""
    client = demo[0]
    write(client, key=to, to=to, **mail)
    eventually(lambda: to in client.get("/demo/mail").text)
    before = client.get("/demo/mail").text.partition(to)[0]
    return re.findall(r'href="(/demo/mail/[^"]+)"', before)[-1]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    (folder / "sample.json").write_text("{}")
    with site(folder) as client:
        assert "Aucun e-mail n’a encore été écrit" in client.get("/demo/mail?lang=fr").text
        yield client, folder


def test_mails_are_listed_the_newest_first(demo: Demo) -> None:
    page_of(demo, "anne@example.org")
    page_of(demo, "Bob@example.com", language="en", template="password_changed", values={"name": "<b>Bob</b>"})
    answer = demo[0].get("/demo/mail")
    assert answer.text.index("Your password was changed") < answer.text.index("Confirmez votre adresse e-mail")
    assert (answer.headers["cache-control"], answer.headers["x-robots-tag"]) == ("no-store", "noindex")


def test_sms_are_shown_too(demo: Demo) -> None:
    client = demo[0]
    database: Database = client.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
    with database.writing() as session:
        sms.write(session, Sms("a", "+33612345678", "fr", "<b>Devis</b> accepté"), key="k", at=clock.now())
    eventually(lambda: "&lt;b&gt;Devis&lt;/b&gt; accepté" in client.get("/demo/mail").text)
    assert "+33612345678" in client.get("/demo/mail").text


def test_a_mail_is_shown_as_text_with_its_links_and_in_a_frame(demo: Demo) -> None:
    values = {**SAMPLES["alert"][0], "name": "<i>Eve</i>"}
    path = page_of(demo, "carol@example.org", template="alert", values=values)
    answer = demo[0].get(path)
    link = "http://127.0.0.1:8000/experts?q=customs+Morocco&amp;country=MA"
    assert f'<a href="{link}">{link}</a>' in answer.text
    assert "Bonjour &lt;i&gt;Eve&lt;/i&gt;," in answer.text
    assert f'<iframe class="mail-frame" src="{path}/html"' in answer.text
    assert 'sandbox="allow-top-navigation-by-user-activation"' in answer.text
    assert "frame-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_the_html_of_a_mail_runs_nothing_loads_nothing_and_is_framed_by_us_only(demo: Demo) -> None:
    answer = demo[0].get(f"{page_of(demo, 'dave@example.org')}/html")
    directives = answer.headers["content-security-policy"].split("; ")
    policy = {directive.partition(" ")[0]: directive for directive in directives}
    assert policy["default-src"] == "default-src 'none'"
    assert policy["sandbox"] == "sandbox allow-top-navigation-by-user-activation"
    assert policy["frame-ancestors"] == "frame-ancestors 'self'"
    assert "script-src" not in policy
    assert '<base target="_top">' in answer.text


@pytest.mark.parametrize("mail_id", ["nothing", "..%2f..%2fportulan", "%00", "x" * 5_000, "🧭"])
def test_what_is_no_mail_is_not_there(demo: Demo, mail_id: str) -> None:
    assert demo[0].get(f"/demo/mail/{mail_id}").status_code == 404
    assert demo[0].get(f"/demo/mail/{mail_id}/html").status_code == 404


def test_a_mail_whose_file_is_gone_is_not_there(demo: Demo) -> None:
    client, folder = demo
    path = page_of(demo, "erin@example.org")
    (folder / "mail" / f"{path.rpartition('/')[2]}.eml").unlink()
    assert client.get(path).status_code == 404
    assert "erin@example.org" not in client.get("/demo/mail").text


def refused(client: TestClient, folder: Path) -> bool:
    paths = ["/demo/mail", *(f"/demo/mail/{file.stem}" for file in (folder / "mail").glob("*.eml"))]
    return all(client.get(path + end).status_code == 404 for path in paths for end in ("", "/html"))


def test_nobody_reads_mails_where_the_sample_is_not(tmp_path: Path) -> None:
    with site(tmp_path) as client:
        write(client)
        eventually(lambda: in_folder(tmp_path))
        assert refused(client, tmp_path)


def test_nobody_reads_mails_where_a_server_takes_them(tmp_path: Path) -> None:
    (tmp_path / "sample.json").write_text("{}")
    with serving(Mailbox()) as box, site(tmp_path, smtp_url=f"smtp://{box.address}") as client:
        write(client, template="alert", values=SAMPLES["alert"][0])
        eventually(lambda: box.messages)
        assert box.messages[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert refused(client, tmp_path)
    assert in_folder(tmp_path) == []


def test_one_is_somebody_of_the_demonstration_with_a_click_and_nowhere_else(tmp_path: Path) -> None:
    at = clock.now()
    with site(tmp_path, [record("E001"), record("E002"), record("E003")]) as client:
        settings, database = client.app.state.settings, client.app.state.database  # pyright: ignore[reportAttributeAccessIssue]
        for _ in range(2):
            demo_accounts.add(settings, database, at)
        assert client.get("/demo").status_code == 404
        assert client.post("/demo/sign-in", data={"kind": "operator"}).status_code == 404
        (tmp_path / "sample.json").write_text("{}")
        assert "operator@demo.example" in client.get("/demo").text
        for kind, page in (("operator", "/operator/grading"), ("expert", "/my/audience"), ("company", "/shortlist")):
            assert client.post("/demo/sign-in", data={"kind": kind}, follow_redirects=False).status_code == 303
            assert client.get(page).url.path == page
        assert client.post("/demo/sign-in", data={"kind": "private_client"}).status_code == 404
    with site(tmp_path, smtp_url="smtp://127.0.0.1:1") as client:
        assert client.post("/demo/sign-in", data={"kind": "operator"}).status_code == 404
