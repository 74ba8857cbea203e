"""Messages at the site: both sides' pages, writing before having an account, files, and operators in experts' place."""

import re
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import Account, AccountKind
from accounts.models.experts import Expert
from booking import message_drafts, threads
from booking.models.threads import Message, MessageDraft, Side
from booking.thread_lines import Line
from booking.thread_lists import MESSAGES
from booking.thread_rules import Closed
from foundation import clock
from foundation.database import Database
from foundation.i18n import LANGUAGES
from foundation.mails import MailRow
from scripts.backends import ports
from tests import builders, conversations, signed_in
from tests.conversations import DOMAIN, Talk
from tests.signed_in import PASSWORD
from web.pages import threads as pages

FORM = {"kind": "company", "name": "Léa Dupont", "organisation": "Dupont", "phone": "+33612345678", "terms": "accepted"}


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    shown = builders.full_record("H001", visible=True, available=True)
    port = ports.any_free()
    with builders.site(tmp_path_factory.mktemp("site"), [shown], mail_in_port=port, mail_in_domain=DOMAIN) as client:
        client.headers["Accept-Language"] = "en"
        # The first page of each kind may take longer than a page has, on a machine that does much else.
        for path in (f"/experts/{imported(client).slug}", f"/experts/{imported(client).slug}/write", "/sign-in"):
            builders.eventually(lambda path=path: client.get(path).status_code == 200)
        yield client


@pytest.fixture
def site(shared_site: TestClient) -> TestClient:
    """Return a browser without cookies; people of other tests are around."""
    shared_site.cookies.clear()
    return shared_site


@pytest.fixture
def talk(site: TestClient) -> Talk:
    """Return a company and an expert who have an account."""
    client = signed_in.make(database_of(site), AccountKind.COMPANY, "Anna Client")
    expert = signed_in.make(database_of(site), AccountKind.EXPERT, "Émile Expert")
    with database_of(site).writing() as session:
        shown = session.get_one(Expert, expert.expert_id)
        shown.is_visible, shown.headline = True, "Export"
    return Talk(site.app.state.settings, database_of(site), client, expert)  # pyright: ignore[reportAttributeAccessIssue]


def database_of(site: TestClient) -> Database:
    return site.app.state.database  # pyright: ignore[reportAttributeAccessIssue]


def become(site: TestClient, account: Account) -> None:
    site.cookies.clear()
    signed_in.sign_in(site, account)


def slug_of(talk: Talk) -> str:
    with talk.database.reading() as session:
        return session.get_one(Expert, talk.expert.expert_id).slug


def imported(site: TestClient) -> Expert:
    """Return the expert whose profile nobody has claimed."""
    with database_of(site).reading() as session:
        return session.execute(select(Expert).where(col(Expert.ref) == "H001")).scalar_one()


def post(site: TestClient, path: str, **fields: str) -> Response:
    return site.post(path, data=fields, follow_redirects=False)


def test_a_company_writes_from_the_profile_and_the_expert_answers(site: TestClient, talk: Talk) -> None:
    become(site, talk.client)
    profile = site.get(f"/experts/{slug_of(talk)}").text
    assert f"/experts/{slug_of(talk)}/write" in profile
    path = f"/experts/{slug_of(talk)}/write"
    assert "Write to Émile Expert" in site.get(path).text
    sent = site.post(path, data={"body": "Bonjour <b>& https://example.org/a."}, files={"files": ("plan.txt", b"plan")})
    assert sent.status_code == 200
    thread = sent.url.path
    assert '<a href="https://example.org/a" rel="nofollow ugc noopener noreferrer">' in sent.text
    assert "Bonjour &lt;b&gt;&amp; " in sent.text
    assert site.get(path, follow_redirects=False).headers["location"] == thread

    become(site, talk.expert)
    assert 'data-testid="unread"' in site.get("/").text
    assert "plan.txt" in site.get(thread).text
    assert 'data-testid="unread"' not in site.get("/").text
    assert post(site, thread, body="Oui").status_code == 303
    file = re.search(r"/messages/files/[\w-]+", site.get(thread).text)
    assert file is not None
    download = site.get(file[0])
    assert (download.content, download.headers["content-type"]) == (b"plan", "text/plain; charset=utf-8")
    assert download.headers["content-disposition"] == "attachment; filename=\"plan.txt\"; filename*=UTF-8''plan.txt"
    assert download.headers["x-content-type-options"] == "nosniff"

    become(site, talk.client)
    page = site.get(thread).text
    assert 'data-testid="seen"' in page
    assert "Oui" in page
    site.cookies.clear()
    assert site.get(file[0]).status_code == 404


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(site: TestClient, talk: Talk) -> None:
    talk.write(talk.client, "Bonjour")
    become(site, talk.client)
    for path in (f"/messages/{talk.thread_id}", f"/experts/{slug_of(talk)}/write"):
        empty = post(site, path, body=" ")
        assert (empty.status_code, 'data-testid="fault-body"' in empty.text) == (422, True)
        wrong = site.post(path, data={"body": "Voici"}, files={"files": ("<i>.pdf", b"MZ")})
        assert (wrong.status_code, 'data-testid="fault-files"' in wrong.text) == (422, True)
        assert ">Voici</textarea>" in wrong.text
        assert "<i>" not in wrong.text
        long = post(site, path, body="é" * 20_001)
        assert (long.status_code, "é" * 20_001 in long.text) == (422, True)
        many = site.post(path, data={"body": "Voici"}, files=[("files", (f"{i}.txt", b"x")) for i in range(6)])
        assert (many.status_code, ">Voici</textarea>" in many.text) == (422, True)
        assert (
            post(site, path, body="x\0y\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16")).status_code
            == 303
        )
    assert len(talk.messages()) == 3


def test_a_text_survives_signing_up_even_in_another_browser(site: TestClient) -> None:
    path, body = f"/experts/{imported(site).slug}/write", "Bonjour, un texte à garder."
    kept = post(site, path, body=body)
    assert (kept.status_code, kept.headers["location"]) == (303, path)
    page = site.get(path).text
    assert ('data-testid="kept"' in page, body in page) == (True, True)
    email = "lea.draft@example.org"
    assert post(site, "/sign-up", email=email, password=PASSWORD, **FORM).status_code == 303
    mail = conversations.newest_mail(database_of(site), email)
    site.cookies.clear()
    arrived = post(site, "/confirm-email", token=(mail.values or {})["token"], password=PASSWORD)
    assert (arrived.status_code, arrived.headers["location"]) == (303, path)
    assert body in site.get(path).text
    assert "/messages/" in post(site, path, body=body).headers["location"]
    with database_of(site).reading() as session:
        assert session.execute(select(MessageDraft)).all() == []
        assert session.execute(select(Message).where(col(Message.body) == body)).scalar_one().side == Side.CLIENT


def test_a_text_survives_signing_in_and_is_nobody_elses(site: TestClient, talk: Talk) -> None:
    path = f"/experts/{slug_of(talk)}/write"
    post(site, path, body="Un brouillon.")
    token = site.cookies["draft"]
    site.cookies.clear()
    assert "Un brouillon." not in site.get(path).text
    guessed = site.post(path, data={"body": "x"}, headers={"Cookie": "draft=guessed"}, follow_redirects=False)
    assert "draft=guessed" not in guessed.headers["set-cookie"]
    become(site, talk.client)
    site.cookies.set("draft", token)
    assert "Un brouillon." in site.get(path).text
    with database_of(site).writing() as session:
        message_drafts.sweep(session, clock.now() + message_drafts.KEPT_FOR * 2)
        assert session.execute(select(MessageDraft)).all() == []


def test_experts_and_operators_write_to_no_profile(site: TestClient, talk: Talk) -> None:
    path = f"/experts/{imported(site).slug}/write"
    for account in (talk.expert, signed_in.make(database_of(site), AccountKind.OPERATOR)):
        become(site, account)
        assert site.get(path).status_code == 403
        assert post(site, path, body="x").status_code == 403
        assert path not in site.get(f"/experts/{imported(site).slug}").text
    suspended = {"suspended_at": clock.now(), "suspension_reason": "Spam"}
    become(site, signed_in.make(database_of(site), AccountKind.COMPANY, **suspended))
    assert post(site, path, body="x").headers["location"] == "/account"


def test_operators_answer_for_a_profile_that_nobody_has_claimed(site: TestClient, talk: Talk) -> None:
    expert = imported(site)
    become(site, talk.client)
    thread = post(site, f"/experts/{expert.slug}/write", body="Êtes-vous libre ?").headers["location"].partition("#")[0]
    assert "the Portulan team reads your messages" in site.get(thread).text
    operator, path = (
        signed_in.make(database_of(site), AccountKind.OPERATOR),
        thread.replace("/messages", "/operator/threads"),
    )
    become(site, operator)
    assert 'data-testid="card-threads"' in site.get("/operator").text
    assert "Êtes-vous libre ?" in site.get("/operator/threads").text
    assert post(site, path, body="").status_code == 422
    assert post(site, path, body="Nous lui demandons.").headers["location"] == f"{path}?done=answered"
    assert "Nous lui demandons." in site.get(path).text
    become(site, talk.client)
    page = site.get(thread).text
    assert "The Portulan team, for the expert" in page
    assert operator.name not in page.replace("Anna Client", "")
    # Once somebody has claimed the profile, the thread is theirs and no operator's.
    owner = signed_in.make(database_of(site), AccountKind.EXPERT, "Owner", expert_id=expert.id)
    become(site, operator)
    assert site.get(path).status_code == 404
    become(site, owner)
    assert "Nous lui demandons." in site.get(thread).text
    with database_of(site).writing() as session:
        session.get_one(Account, owner.id).expert_id = None


def test_an_address_whose_mails_came_back_is_shown_to_operators(site: TestClient, talk: Talk) -> None:
    with talk.database.writing() as session:
        account = session.get_one(Account, talk.expert.id)
        account.mail_failed_at, account.mail_failure = clock.now(), "550 gone"
    become(site, signed_in.make(database_of(site), AccountKind.OPERATOR))
    assert "550 gone" in site.get("/operator/threads").text
    assert post(site, f"/operator/threads/reachable/{talk.expert.id}").status_code == 303
    assert "550 gone" not in site.get("/operator/threads").text


def test_threads_are_put_away_searched_and_read_in_pages(site: TestClient, talk: Talk) -> None:
    talk.write(talk.client, "La fête du fromage")
    for i in range(MESSAGES):
        talk.write(talk.client, f"ligne {i}")
    become(site, talk.client)
    path = f"/messages/{talk.thread_id}"
    assert "Émile Expert" in site.get("/messages?q=fete").text
    assert 'data-testid="no-messages"' in site.get("/messages?q=absinthe").text
    page = site.get(path).text
    earlier = re.search(r'href="([^"]+)" data-testid="earlier"', page)
    assert earlier is not None
    assert "La fête du fromage" not in page
    assert "La fête du fromage" in site.get(earlier[1]).text
    assert post(site, f"{path}/archive", archived="1").status_code == 303
    assert "Émile Expert" not in site.get("/messages").text
    assert "Émile Expert" in site.get("/messages?archived=1").text
    post(site, f"{path}/archive", archived="0")
    assert "Émile Expert" in site.get("/messages").text
    for odd in ("?page=0", "?page=99999", "?page=x", "?q=%00", "?q=" + "x" * 3_000):
        assert site.get(f"/messages{odd}").status_code == 200
    assert site.get(f"{path}?before=x").status_code == 200


def test_what_the_system_says_is_in_the_readers_language(site: TestClient, talk: Talk) -> None:
    talk.write(talk.client, "Bonjour")
    with talk.database.writing() as session:
        threads.say(session, talk.thread_id, Line.QUOTE_SENT, title="Maroc", path="/quotes/1", at=clock.now())
    become(site, talk.client)
    path = f"/messages/{talk.thread_id}"
    assert '<a href="/quotes/1">A quote was sent: Maroc</a>' in site.get(path).text
    assert "Un devis a été envoyé\u202f: Maroc" in site.get(f"{path}?lang=fr").text
    for line in Line:
        for language in LANGUAGES:
            said = Message(thread_id="t", position=1, side="system", line=line.value, sent_at=clock.now())
            assert pages.line(said, language) != pages.line(
                Message(line="unknown", **said.model_dump(exclude={"line"})), language
            )
    assert all(pages.closed(reason, "fr") != pages.closed(reason, "en") for reason in Closed)


def test_a_mail_from_another_address_is_decided_about_on_the_page(site: TestClient, talk: Talk) -> None:
    talk.write(talk.client, "Bonjour")
    ids = [conversations.hold(talk, talk.expert, body) for body in ("De chez moi.", "D’ailleurs.")]
    path = f"/messages/{talk.thread_id}"
    become(site, talk.client)
    assert "De chez moi." not in site.get(path).text
    assert post(site, f"{path}/held/{ids[0]}", decision="post").status_code == 404
    become(site, talk.expert)
    assert site.get(path).text.count('data-testid="held"') == 2
    assert post(site, f"{path}/held/{ids[0]}", decision="post").status_code == 303
    assert post(site, f"{path}/held/{ids[1]}", decision="discard").status_code == 303
    assert post(site, f"{path}/held/{ids[1]}", decision="post").status_code == 404
    assert [message.body for message in talk.messages()] == ["Bonjour", "De chez moi."]


def test_how_soon_an_expert_answers_stands_on_the_profile(site: TestClient, talk: Talk) -> None:
    for _ in range(3):
        client = signed_in.make(talk.database, AccountKind.COMPANY)
        with talk.database.writing() as session:
            thread = threads.open(session, talk.who(client), str(talk.expert.expert_id), at=clock.now())
            for side, account in ((Side.CLIENT, client), (Side.EXPERT, talk.expert)):
                draft = threads.Draft("x")
                threads.post(session, thread, side, account.id, talk.who(client).role, draft, at=clock.now())
        is_third = "Usually answers within an hour" in site.get(f"/experts/{slug_of(talk)}").text
    assert is_third


def test_mails_are_sent_by_the_running_site(talk: Talk) -> None:
    talk.write(talk.client, "Bonjour")
    wanted = select(MailRow).where(col(MailRow.template) == "message", col(MailRow.recipient) == talk.expert.email)

    def sent() -> bool:
        with talk.database.reading() as session:
            row = session.execute(wanted).scalar_one_or_none()
            return row is not None and row.sent_at is not None and (row.values or {})["reply_token"] == ""

    builders.eventually(sent)


def test_the_running_site_receives_replies_itself(talk: Talk) -> None:
    talk.write(talk.client, "Bonjour")
    address, sender = talk.reply_address(talk.expert), str(talk.expert.email)
    assert conversations.send(talk.settings.mail_in_port, conversations.mail(address, sender), address) == (250, "")
    assert [message.via for message in talk.messages()] == ["site", "mail"]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("see (https://a.example/x_(y)) now", 'see (<a href="https://a.example/x_(y)"'),
        ("https://a.example/<script>", '<a href="https://a.example/"'),
        ("javascript:alert(1) HTTP://A.example", 'javascript:alert(1) <a href="HTTP://A.example"'),
        ('https://a.example/"onx=1', '<a href="https://a.example/"'),
    ],
)
def test_addresses_can_be_followed_and_nothing_else_is_html(text: str, html: str) -> None:
    linked = str(pages.linked(text))
    assert linked.startswith(html)
    assert "<script" not in linked
