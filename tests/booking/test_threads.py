"""Threads: who may write to whom, what is kept of it, who is told, and what becomes of it when somebody leaves."""

import io
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from accounts.models.accounts import Account, AccountKind, Membership, Role
from accounts.models.experts import Expert
from accounts.notifications import Topic
from booking import attachments, response_times, thread_lists, thread_rules, threads
from booking.attachments import Attachment, Given
from booking.models.threads import Message, Side, Thread
from booking.response_times import Usual
from booking.thread_lines import Line
from booking.thread_rules import Closed, Known, Standing
from booking.threads import Draft, ThreadClosed
from foundation import clock
from foundation.errors import Invalid, NotFound
from foundation.files import StoredFile
from tests import conversations, signed_in
from tests.conversations import Talk
from web import privacy

AT = datetime(2026, 12, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
OPEN = Standing(has_expert=True, is_withheld=False, has_client=True)
FILE = Attachment("plan.txt", "text/plain", b"plan")


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with conversations.talking(tmp_path) as found:
        yield found


def test_clients_write_first_and_experts_only_to_whom_they_know() -> None:
    assert thread_rules.may_start(Side.CLIENT)
    assert not thread_rules.may_start(Side.EXPERT)
    assert thread_rules.may_start(Side.EXPERT, is_own_client=True)
    assert thread_rules.may_start(Side.EXPERT, knows_from_outside=True)
    assert not thread_rules.may_start(Side.OPERATOR, is_own_client=True)


@pytest.mark.parametrize(
    ("standing", "side", "role", "reason"),
    [
        (OPEN, Side.CLIENT, Role.OWNER, None),
        (OPEN, Side.CLIENT, Role.BUYER, None),
        (OPEN, Side.CLIENT, Role.VIEWER, Closed.READS_ALONG),
        (OPEN, Side.CLIENT, Role.ACCOUNTANT, Closed.READS_ALONG),
        (OPEN, Side.EXPERT, None, None),
        (Standing(False, False, True), Side.CLIENT, Role.OWNER, Closed.EXPERT_GONE),
        (Standing(True, True, True), Side.EXPERT, None, Closed.EXPERT_WITHHELD),
        (Standing(True, False, False), Side.EXPERT, None, Closed.CLIENT_GONE),
    ],
)
def test_why_nothing_can_be_written(standing: Standing, side: Side, role: Role | None, reason: Closed | None) -> None:
    assert thread_rules.why_closed(standing, side, role) == reason


@given(read=st.integers(0, 9), told=st.integers(0, 9), latest=st.integers(0, 9), ago=st.none() | st.integers(0, 20))
def test_somebody_is_told_of_news_only_and_never_twice_in_five_minutes(
    read: int, told: int, latest: int, ago: int | None
) -> None:
    told_at = None if ago is None else AT - timedelta(minutes=ago)
    when = thread_rules.tell_when(Known(read, told, told_at), latest, AT)
    assert (when is not None) == (latest > read and latest > told)
    if when is not None:
        assert when >= AT
        assert told_at is None or when - told_at >= thread_rules.TOLD_EVERY


def test_a_pair_has_one_thread_whoever_opens_it_at_once(talk: Talk) -> None:
    who = talk.who(talk.client)

    def start(_: int) -> str:
        def work(session):  # noqa: ANN001, ANN202
            return threads.open(session, who, str(talk.expert.expert_id), at=clock.now()).id

        return talk.database.write(work)

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(start, range(4)))) == 1


def test_messages_are_numbered_in_one_order_whoever_writes_at_once(talk: Talk) -> None:
    talk.write(talk.client, "Un")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: talk.write((talk.client, talk.expert)[i % 2], f"{i}"), range(8)))
    assert [message.position for message in talk.messages()] == list(range(1, 10))


def test_nobody_else_finds_a_thread_or_its_files(talk: Talk) -> None:
    talk.write(talk.client, "Secret", files=(FILE,))
    others = [signed_in.make(talk.database, kind) for kind in AccountKind]
    with talk.database.reading() as session:
        file_id = session.execute(select(threads.MessageFile.id)).scalar_one()
    for other in others:
        who = talk.who(other)
        with talk.database.reading() as session:
            for look in (threads.read, lambda s, w, _: threads.read_file(s, w, file_id)):
                with pytest.raises(NotFound):
                    look(session, who, talk.thread_id)
            assert thread_lists.listed(session, who) == ([], False)
        with pytest.raises(NotFound), talk.database.writing() as session:
            threads.write(session, who, talk.thread_id, Draft("x"), at=clock.now())
    for side in (talk.client, talk.expert):
        with talk.database.reading() as session:
            assert threads.read_file(session, talk.who(side), file_id)[1].content == b"plan"


def test_an_expert_opens_no_thread_and_hidden_profiles_are_not_written_to(talk: Talk) -> None:
    with pytest.raises(NotFound), talk.database.writing() as session:
        threads.open(session, talk.who(talk.expert), str(talk.expert.expert_id), at=AT)
    with talk.database.writing() as session:
        session.get_one(Expert, talk.expert.expert_id).is_visible = False
    with pytest.raises(NotFound):
        talk.write(talk.client, "x")


def test_colleagues_share_threads_and_have_their_own_marks(talk: Talk) -> None:
    colleague = signed_in.make(talk.database, AccountKind.COMPANY, "Ben")
    talk.write(talk.client, "Bonjour")
    with talk.database.writing() as session:
        membership = session.get_one(Membership, colleague.id)
        membership.client_id, membership.role = str(talk.who(talk.client).client_id), Role.VIEWER.value
    talk.write(talk.expert, "Oui")
    for account, unread in ((talk.client, 1), (colleague, 1), (talk.expert, 0)):
        with talk.database.reading() as session:
            assert thread_lists.count_unread(session, talk.who(account)) == unread
    with talk.database.writing() as session:
        threads.mark_read(session, threads.take(session, talk.thread_id), talk.client.id, at=clock.now())
    with talk.database.reading() as session:
        assert thread_lists.count_unread(session, talk.who(talk.client)) == 0
        assert thread_lists.count_unread(session, talk.who(colleague)) == 1
        [entry] = thread_lists.listed(session, talk.who(colleague))[0]
        assert entry.unread == 1
    with pytest.raises(ThreadClosed):
        talk.write(colleague, "x")
    # Who only reads along is not mailed: who has written is.
    talk.write(talk.expert, "Encore")
    talk.tell()
    assert {row.recipient for row in talk.mails()} == {"anna@acme.example"}


def test_the_archive_is_one_sides_and_ends_with_the_next_message(talk: Talk) -> None:
    talk.write(talk.client, "Bonjour")
    with talk.database.writing() as session:
        threads.archive(session, talk.who(talk.client), talk.thread_id, is_archived=True, at=AT)

    def lists(account: Account) -> tuple[int, int]:
        with talk.database.reading() as session:
            who = talk.who(account)
            found = [thread_lists.listed(session, who, is_archived=is_archived)[0] for is_archived in (False, True)]
            return len(found[0]), len(found[1])

    assert (lists(talk.client), lists(talk.expert)) == ((0, 1), (1, 0))
    talk.write(talk.expert, "Oui")
    assert (lists(talk.client), lists(talk.expert)) == ((1, 0), (1, 0))


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("fête", True),
        ("FETE", True),
        ("plan.txt", True),
        ("fête émile", True),
        ("fête Berlin", False),
        ("100%", False),
        ("_", False),
    ],
)
def test_threads_are_found_by_their_words_whatever_the_accents(talk: Talk, query: str, is_found: bool) -> None:
    talk.write(talk.client, "La Fête du fromage à Agadir", files=(FILE,))
    with talk.database.reading() as session:
        found, _ = thread_lists.listed(session, talk.who(talk.client), query=query)
        assert bool(found) == is_found
        if is_found:
            assert thread_lists.listed(session, talk.who(talk.expert), query="fete")[0]


def test_lists_and_threads_come_in_pages(talk: Talk) -> None:
    talk.write(talk.client, "0")
    for i in range(1, thread_lists.MESSAGES + 5):
        talk.write(talk.client, f"{i}")
    with talk.database.reading() as session:
        latest, has_earlier = thread_lists.messages(session, talk.thread_id)
        assert (len(latest), has_earlier) == (thread_lists.MESSAGES, True)
        earlier, has_more = thread_lists.messages(session, talk.thread_id, before=latest[0].message.position)
        assert ([shown.message.body for shown in earlier], has_more) == (["0", "1", "2", "3", "4"], False)


def test_the_system_says_what_happened_without_telling_anybody_by_mail(talk: Talk) -> None:
    talk.write(talk.client, "Bonjour")
    with talk.database.writing() as session:
        threads.say(session, talk.thread_id, Line.QUOTE_SENT, title="Étude du Maroc", path="/quotes/1", at=clock.now())
    line = talk.messages()[1]
    assert (line.side, line.line, line.line_values) == (
        "system", "quote_sent", {"title": "Étude du Maroc", "path": "/quotes/1"},
    )  # fmt: skip
    with talk.database.reading() as session:
        assert thread_lists.count_unread(session, talk.who(talk.client)) == 0


def test_who_has_switched_them_off_or_has_read_gets_no_mail(talk: Talk) -> None:
    talk.write(talk.client, "Bonjour")
    with talk.database.writing() as session:
        session.get_one(Account, talk.expert.id).notifications = {Topic.MESSAGES.value: False}
    talk.tell()
    assert talk.mails() == []
    talk.write(talk.expert, "Oui")
    with talk.database.writing() as session:
        threads.mark_read(session, threads.take(session, talk.thread_id), talk.client.id, at=clock.now())
    talk.tell()
    assert talk.mails() == []


def test_when_one_side_is_erased_the_other_keeps_what_was_said(talk: Talk) -> None:
    talk.write(talk.client, "Bonjour", files=(FILE,))
    talk.write(talk.expert, "Oui")
    with talk.database.writing() as session:
        privacy.erase(session, talk.client.id, at=AT)
    with talk.database.reading() as session:
        shown, _ = thread_lists.messages(session, talk.thread_id)
        assert [(one.message.body, one.author, len(one.files)) for one in shown] == [
            ("Bonjour", "", 1), ("Oui", "Émile Expert", 0),
        ]  # fmt: skip
    with pytest.raises(ThreadClosed) as closed:
        talk.write(talk.expert, "x")
    assert closed.value.reason is Closed.CLIENT_GONE
    with talk.database.writing() as session:
        privacy.erase(session, talk.expert.id, at=AT)
    with talk.database.reading() as session:
        for table in (Thread, Message, StoredFile):
            assert session.execute(select(table)).all() == []


def test_an_export_holds_conversations_with_their_files(talk: Talk) -> None:
    talk.write(talk.client, "Bonjour", files=(FILE,))
    for account in (talk.client, talk.expert):
        with privacy.export(talk.database, account.id, "fr", at=AT) as archive, zipfile.ZipFile(archive) as kept:
            assert "Bonjour" in kept.read("messages.json").decode()
            assert kept.read(f"files/messages/{talk.thread_id}-1-1-plan.txt") == b"plan"


def office(*names: str) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w") as archive:
        for name in ("[Content_Types].xml", *names):
            archive.writestr(name, "<x/>")
    return found.getvalue()


PDF, PNG, JPEG = b"%PDF-1.7\n%%EOF", b"\x89PNG\r\n\x1a\n" + b"\0" * 30, b"\xff\xd8\xff\xe0\x00\x10JFIF" + b"\0" * 30


@pytest.mark.parametrize(
    ("name", "content", "is_taken"),
    [
        ("a.pdf", PDF, True), ("a.PNG", PNG, True), ("a.jpg", JPEG, True), ("a.jpeg", JPEG, True),
        ("a.docx", office("word/document.xml"), True), ("a.xlsx", office("xl/workbook.xml"), True),
        ("a.csv", "é;ü\n".encode("cp1252"), True), ("a.txt", "\ufeffÉté".encode("utf-16-le"), True),
        ("a.txt", "Été".encode(), True), ("a.pdf", PNG, False), ("a.png", PDF, False), ("a.exe", b"MZ", False),
        ("a.pdf.exe", PDF, False), ("a", PDF, False), ("a.txt", b"MZ\0\0", False), ("a.txt", b"\x01\x02", False),
        ("a.docx", office("xl/workbook.xml"), False),
        ("a.docx", office("word/document.xml", "word/vbaProject.bin"), False),
        ("a.docx", b"PK\x03\x04nothing", False), ("a.svg", b"<svg/>", False), ("a.html", b"<p>", False),
        ("a.pdf", b"GIF89a" + PDF, False), ("a.zip", office("x"), False), ("a.pdf", b"", False),
        ("a\u202efdp.exe", b"MZ", False),
    ],
)  # fmt: skip
def test_files_are_taken_by_what_is_in_them(name: str, content: bytes, is_taken: bool) -> None:
    if is_taken:
        assert attachments.check([Given(name, content)])[0].content == content
        return
    with pytest.raises(Invalid):
        attachments.check([Given(name, content)])


@given(st.text(max_size=300))
def test_a_file_s_name_is_one_plain_line(name: str) -> None:
    kept = attachments.read_name(name)
    assert 0 < len(kept) <= attachments.LONGEST_NAME
    assert kept.isprintable()
    assert not set(kept) & set('/\\"<>|:*?\u202e')
    assert not kept.startswith(".")


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([Given(f"{i}.txt", b"x") for i in range(6)], "too_many_files"),
        ([Given("a.txt", b"x" * 10_000_001)], "too_large"),
        ([Given(f"{i}.txt", b"x" * 9_000_000) for i in range(3)], "too_large_together"),
    ],
    ids=["many", "large", "together"],
)
def test_files_are_few_and_not_too_large(files: list[Given], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        attachments.check(files)
    assert [fault.code for fault in refused.value.faults] == [code]


def test_bodies_hold_no_controls_and_have_an_end() -> None:
    assert threads.check_body(" a\r\nb\0\x07\ud800 ") == "a\nb"
    for wrong, has_files in (("", False), (" \n", False), ("x" * 20_001, True)):
        with pytest.raises(Invalid):
            threads.check_body(wrong, has_files=has_files)
    assert threads.check_body("", has_files=True) == ""


@pytest.mark.parametrize(
    ("waits_h", "usual"),
    [
        ([0.2, 0.5], None), ([0.2, 0.5, 30], Usual.HOUR), ([3, 3, 3], Usual.HOURS), ([1, 20, 200], Usual.DAY),
        ([50, 50, 1], Usual.DAYS), ([100, 100, 100], Usual.WEEK), ([200, 200, 1], None),
    ],
)  # fmt: skip
def test_how_soon_somebody_answers_is_said_in_words_and_never_of_few(waits_h: list[float], usual: Usual | None) -> None:
    assert response_times.usual(waits_h) == usual


def test_who_never_answers_counts_once_a_week_is_over() -> None:
    assert response_times.wait_h(AT, AT + 2 * HOUR, AT + 3 * HOUR) == 2
    assert response_times.wait_h(AT, None, AT + HOUR) is None
    assert response_times.wait_h(AT, None, AT + 200 * HOUR) == 200
    assert response_times.wait_h(None, AT, AT) is None
    assert response_times.wait_h(AT, AT - HOUR, AT) is None


def test_an_expert_s_usual_time_is_that_of_first_answers(talk: Talk) -> None:
    expert_id = str(talk.expert.expert_id)
    for hours in (2, 3, 30):
        client = signed_in.make(talk.database, AccountKind.COMPANY)
        with talk.database.writing() as session:
            thread = threads.open(session, talk.who(client), expert_id, at=AT)
            for side, account, at in ((Side.CLIENT, client, AT), (Side.EXPERT, talk.expert, AT + hours * HOUR)):
                threads.post(session, thread, side, account.id, Role.OWNER, Draft("x"), at=at)
            threads.post(session, thread, Side.EXPERT, talk.expert.id, None, Draft("x"), at=AT + 100 * HOUR)
        with talk.database.reading() as session:
            usual = response_times.of(session, expert_id, at=AT + 200 * HOUR)
        assert usual == (Usual.HOURS if hours == 30 else None)
