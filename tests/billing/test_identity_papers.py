"""Papers that prove who is paid: sealed, sent, judged, sent again; on both providers."""

from datetime import datetime, timedelta
from functools import partial
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader, PdfWriter
from sqlalchemy import func, select

from accounts.sign_ins import SignedIn
from billing import identity_files, identity_papers, owners
from billing.models.identity_papers import IdentityPage, IdentityPaper
from billing.models.sandbox import SandboxPage, SandboxPaper
from billing.owners import Stage
from billing.provider_states import PaperKind, PaperState
from billing.providers import sandbox_papers
from billing.providers.interface import PAPER, USER, Paper, PaperPage, Provider
from billing.providers.sandbox import Sandbox
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound, Unreachable
from tests.accounts.test_letters import pdf
from tests.billing import owning, providing
from tests.billing.owning import AT
from tests.billing.providing import Played, PlayedMangopay
from tests.billing.test_escrow_races import at_once

KEY = b"k" * 32
LATER = AT + timedelta(hours=1)
MARK = b"Anne Le Goff, born in Nantes"
PAGES = (PaperPage("front.pdf", b"%PDF-1.4 " + MARK), PaperPage("back.pdf", b"%PDF-1.4 back"))
IDENTITY, REGISTRATION, ARTICLES = PaperKind.IDENTITY, PaperKind.REGISTRATION, PaperKind.ARTICLES
CREATED, ASKED, VALIDATED, REFUSED, OUTDATED = PaperState


def put(
    database: Database,
    provider: Provider,
    who: SignedIn,
    kind: PaperKind = IDENTITY,
    pages: tuple[PaperPage, ...] = PAGES,
    *,
    at: datetime = AT,
) -> str:
    with database.writing() as session:
        return identity_papers.put(session, who, provider.name, kind, pages, KEY, at=at).id


def sent(
    database: Database,
    provider: Provider,
    who: SignedIn,
    kind: PaperKind = IDENTITY,
    name: str = "card.pdf",
    *,
    at: datetime = AT,
) -> IdentityPaper:
    paper_id = put(database, provider, who, kind, (PaperPage(name, PAGES[0].content),), at=at)
    identity_papers.send(database, provider, KEY, [paper_id], AT)
    return paper(database, paper_id)


def paper(database: Database, paper_id: str) -> IdentityPaper:
    with database.reading() as session:
        return session.get_one(IdentityPaper, paper_id)


def states(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.execute(select(IdentityPaper.state)).scalars())  # pyright: ignore[reportCallIssue, reportArgumentType]


def pages_kept(database: Database) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(IdentityPage)).scalar_one()


def known(database: Database, played: Played, who: SignedIn) -> str:
    user_id = str(owning.known(database, played.provider, who).provider_id)
    played.enrol(user_id)
    owners.look_up(database, played.provider, str(who.expert_id), AT)
    return user_id


def image(kind: str) -> bytes:
    content = BytesIO()
    Image.new("RGB", (40, 30), "white").save(content, kind)
    return content.getvalue()


def locked() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf())))
    writer.encrypt("secret")
    content = BytesIO()
    writer.write(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("name", "content"), [("a.pdf", pdf()), ("named-wrongly.txt", image("PNG")), ("..\\up/a.jpg", image("JPEG"))]
)
def test_files_are_told_by_what_is_in_them(name: str, content: bytes) -> None:
    [page] = identity_files.check([(name, content)], "en")
    assert page.content == content
    assert not {"/", "\\"} & set(page.name)


@pytest.mark.parametrize(
    ("files", "code"),
    [
        ([], "missing"),
        ([("a.pdf", b"")], "missing"),
        ([("a.pdf", b"<script>")], "no_paper"),
        ([("a.pdf", b"%PDF-1.7 broken")], "no_paper"),
        ([("a.png", image("PNG")[:30])], "no_paper"),
        ([("a.gif", image("GIF"))], "no_paper"),
        ([("a.pdf", b"\n" + pdf())], "no_paper"),
        ([("a.pdf", locked())], "protected"),
        ([("a.pdf", pdf())] * 6, "too_many_files"),
        ([("a.pdf", pdf() + b"%" * 7_000_000)], "too_large"),
        ([("a.pdf", pdf() + b"%" * 5_000_000)] * 5, "too_large"),
    ],
)
def test_other_files_are_refused_with_a_reason(files: list[tuple[str, bytes]], code: str) -> None:
    with pytest.raises(Invalid) as caught:
        identity_files.check(files, "fr")
    assert [(fault.field, fault.code, bool(fault.message)) for fault in caught.value.faults] == [("pages", code, True)]


@given(st.text(max_size=20), st.binary(max_size=40))
def test_what_is_sealed_is_opened_as_it_was(name: str, content: bytes) -> None:
    page = PaperPage(name.replace("\0", "").encode(errors="ignore").decode(), content)
    sealed = identity_files.seal(KEY, page)
    assert identity_files.unseal(KEY, sealed) == page
    assert identity_files.unseal(b"x" * 32, sealed) is None


HISTORIES = ((CREATED, ASKED, VALIDATED, OUTDATED), (CREATED, ASKED, REFUSED), (CREATED, ASKED, OUTDATED))


@given(st.sampled_from(HISTORIES).flatmap(lambda history: st.tuples(st.just(history), st.permutations(history * 2))))
def test_whatever_is_told_late_or_twice_the_last_that_was_true_stays(
    drawn: tuple[tuple[PaperState, ...], list[PaperState]],
) -> None:
    history, told = drawn
    state = CREATED
    for said in told:
        state = said if identity_papers.follows(state, said) else state
    assert state is history[-1]
    assert all(identity_papers.follows(before, after) for before, after in pairwise(history))


def test_a_paper_waits_sealed_until_the_provider_has_it_and_is_gone_then(
    database: Database, played: Played, anne: SignedIn
) -> None:
    known(database, played, anne)
    paper_id = put(database, played.provider, anne)
    with database.reading() as session:
        kept = session.execute(select(IdentityPage)).scalars().all()
    assert len(kept) == 2
    assert not any(word in page.sealed for page in kept for word in (MARK, b"front.pdf", b"%PDF"))
    identity_papers.send(database, played.provider, KEY, [paper_id, paper_id, "nothing"], AT)
    assert pages_kept(database) == 0
    found = paper(database, paper_id)
    assert (found.state, found.pages, bool(found.provider_id)) == (ASKED, 2, True)
    with pytest.raises(Conflict):
        put(database, played.provider, anne)


def test_what_the_provider_got_is_what_was_sent(database: Database, mangopay: PlayedMangopay, anne: SignedIn) -> None:
    known(database, mangopay, anne)
    mangopay.stand_in.faults.add("500", path="/pages")
    paper_id = put(database, mangopay.provider, anne)
    with pytest.raises(Unreachable):
        identity_papers.send(database, mangopay.provider, KEY, [paper_id], AT)
    assert (pages_kept(database), paper(database, paper_id).state) == (2, CREATED)
    for _ in range(3):
        try:
            identity_papers.send(database, mangopay.provider, KEY, [paper_id], AT)
        except Unreachable:
            continue
    assert (pages_kept(database), paper(database, paper_id).state) == (0, ASKED)
    assert len(mangopay.state.items["papers"]) == 1


def test_the_disk_never_holds_a_paper_that_can_be_read(database: Database, anne: SignedIn) -> None:
    provider = Sandbox(database, KEY)
    owning.known(database, provider, anne)
    paper_id = put(database, provider, anne)
    assert not found_in_store(database)
    identity_papers.send(database, provider, KEY, [paper_id], AT)
    assert not found_in_store(database)
    with database.reading() as session:
        [waiting] = sandbox_papers.waiting(session)
        assert sandbox_papers.page(session, waiting.id, 1, KEY) == PAGES[0].content
        for place, key in ((3, KEY), (1, b"x" * 32)):
            with pytest.raises(NotFound):
                sandbox_papers.page(session, waiting.id, place, key)


def found_in_store(database: Database) -> bool:
    """Tell whether the words of the paper stand anywhere in the database."""
    with database.reading() as session:
        blobs = [
            *session.execute(select(IdentityPage.sealed)).scalars(),  # pyright: ignore[reportCallIssue, reportArgumentType]
            *session.execute(select(SandboxPage.sealed)).scalars(),  # pyright: ignore[reportCallIssue, reportArgumentType]
        ]
        rows = [str(row) for row in session.execute(select(IdentityPaper)).scalars()]
        address = session.get_bind().engine.url
    files: list[bytes] = []
    if address.database and address.get_backend_name() == "sqlite":
        files = [open(f"{address.database}{end}", "rb").read() for end in ("", "-wal")]  # noqa: SIM115, PTH123
    return any(MARK in blob for blob in [*blobs, *files]) or any(MARK.decode() in row for row in rows)


def test_what_the_provider_says_is_fetched_and_applied_however_it_is_told(
    database: Database, played: Played, anne: SignedIn
) -> None:
    user_id = known(database, played, anne)
    card = sent(database, played.provider, anne)
    played.judge(str(card.provider_id), "document_unreadable")
    for _ in range(2):
        owning.hear(database, played.provider, PAPER, str(card.provider_id))
    found = paper(database, card.id)
    assert (found.state, found.reason, found.explanation) == (REFUSED, "document_unreadable", "See it.")
    [(code, said)] = owning.told(database)
    assert (code, said["title"], said["path"]) == ("identity_paper_refused", "Proof of identity", "/my/verification")
    assert "sharp picture in colour" in said["note"]
    assert said["note"].endswith("See it.")

    again = sent(database, played.provider, anne, at=LATER)
    extract = sent(database, played.provider, anne, REGISTRATION)
    played.judge(str(again.provider_id))
    played.judge(str(extract.provider_id))
    owning.hear(database, played.provider, USER, user_id)
    owning.hear(database, played.provider, PAPER, str(extract.provider_id))
    owning.hear(database, played.provider, PAPER, str(again.provider_id))
    assert states(database) == [REFUSED, VALIDATED, VALIDATED]
    assert owning.stage(database, played.provider, anne) is Stage.VERIFIED
    assert [code for code, _ in owning.told(database)] == ["identity_paper_refused", "identity_verified"]
    with database.reading() as session:
        latest = identity_papers.latest(session, again.user_id)
    assert {kind: row.id for kind, row in latest.items()} == {IDENTITY: again.id, REGISTRATION: extract.id}
    with pytest.raises(Conflict):
        put(database, played.provider, anne)


def test_papers_that_are_not_ours_change_nothing(database: Database, played: Played, anne: SignedIn) -> None:
    user_id = known(database, played, anne)
    theirs = played.provider.send_paper(providing.PaperRequest(providing.key(), user_id, IDENTITY, PAGES))
    for provider_id in (theirs.provider_id, "nothing"):
        owning.hear(database, played.provider, PAPER, provider_id)
    assert (states(database), owning.told(database)) == ([], [])


def test_what_hooks_lose_is_asked_for_by_the_clock(database: Database, played: Played, anne: SignedIn) -> None:
    expert_id = str(anne.expert_id)
    user_id = str(owning.known(database, played.provider, anne).provider_id)
    played.enrol(user_id)
    identity_papers.look_after(database, played.provider, AT)
    assert owning.stage(database, played.provider, anne) is Stage.PROVING
    for kind in (IDENTITY, REGISTRATION):
        played.judge(str(sent(database, played.provider, anne, kind).provider_id))
    identity_papers.look_after(database, played.provider, AT)
    assert owning.stage(database, played.provider, anne) is Stage.VERIFIED
    assert owners.look_up(database, played.provider, expert_id, AT) is not None


@pytest.mark.parametrize(
    ("name", "state", "codes"),
    [
        ("valid.pdf", VALIDATED, []),
        ("refused-name.pdf", REFUSED, ["identity_paper_refused"]),
        ("passport.pdf", ASKED, []),
    ],
)
def test_the_sandbox_judges_some_papers_at_once(
    database: Database, anne: SignedIn, name: str, state: PaperState, codes: list[str]
) -> None:
    provider = Sandbox(database)
    owning.known(database, provider, anne)
    assert sent(database, provider, anne, name=name).state == state
    assert [code for code, _ in owning.told(database)] == codes


def test_a_paper_that_expired_is_asked_for_anew(database: Database, anne: SignedIn) -> None:
    provider = Sandbox(database)
    owning.known(database, provider, anne)
    card = sent(database, provider, anne, name="valid.pdf")
    extract = sent(database, provider, anne, REGISTRATION, name="valid.pdf")
    assert owning.stage(database, provider, anne) is Stage.VERIFIED
    with database.writing() as session:
        session.get_one(SandboxPaper, str(card.provider_id)).state = OUTDATED.value
    for _ in range(2):
        owning.hear(database, provider, PAPER, str(card.provider_id))
    assert (paper(database, card.id).state, paper(database, extract.id).state) == (OUTDATED, VALIDATED)
    assert owning.stage(database, provider, anne) is Stage.PROVING
    assert [code for code, _ in owning.told(database)] == ["identity_paper_outdated", "identity_verified"]
    sent(database, provider, anne, name="valid-new.pdf", at=LATER)
    assert owning.stage(database, provider, anne) is Stage.VERIFIED


def test_pages_that_nobody_takes_are_given_up_after_a_week(database: Database, anne: SignedIn) -> None:
    provider = Sandbox(database)
    owning.known(database, provider, anne)
    paper_id = put(database, provider, anne)
    for at, left in ((AT + timedelta(days=6), 2), (AT + timedelta(days=8), 0), (AT + timedelta(days=9), 0)):
        with database.writing() as session:
            identity_papers.sweep(session, at)
        assert pages_kept(database) == left
    found = paper(database, paper_id)
    assert (found.state, found.reason) == (REFUSED, "never_arrived")
    assert [code for code, _ in owning.told(database)] == ["identity_paper_refused"]
    identity_papers.send(database, provider, KEY, [paper_id], AT)
    assert paper(database, paper_id).state == REFUSED
    assert put(database, provider, anne)


def test_pages_sealed_with_another_key_are_asked_for_again(database: Database, anne: SignedIn) -> None:
    provider = Sandbox(database)
    owning.known(database, provider, anne)
    paper_id = put(database, provider, anne)
    identity_papers.send(database, provider, b"x" * 32, [paper_id], AT)
    found = paper(database, paper_id)
    assert (found.state, found.reason, pages_kept(database)) == (REFUSED, "never_arrived", 0)


def test_whom_the_provider_does_not_know_sends_no_papers(database: Database, anne: SignedIn) -> None:
    with pytest.raises(Conflict):
        put(database, Sandbox(database), anne)


def test_what_the_sandbox_keeps_of_an_erased_expert_is_gone(database: Database, anne: SignedIn) -> None:
    provider = Sandbox(database, KEY)
    owning.known(database, provider, anne)
    sent(database, provider, anne)
    with database.writing() as session:
        identity_papers.forget(session, [str(anne.expert_id)])
    with database.reading() as session:
        assert sandbox_papers.waiting(session) == []
        assert session.execute(select(func.count()).select_from(SandboxPage)).scalar_one() == 0


def test_of_two_who_send_at_once_one_does_and_what_is_told_at_once_is_mailed_once(
    database: Database, anne: SignedIn
) -> None:
    provider = Sandbox(database)
    owning.known(database, provider, anne)
    came = at_once(lambda: put(database, provider, anne), lambda: put(database, provider, anne))
    assert sorted(came) == ["done", "too late"]
    with database.reading() as session:
        [paper_id] = [paper.id for paper in session.execute(select(IdentityPaper)).scalars()]
    deliver = partial(identity_papers.send, database, provider, KEY, [paper_id], AT)
    assert at_once(deliver, deliver) == ["done", "done"]
    with database.writing() as session:
        [waiting] = sandbox_papers.waiting(session)
        sandbox_papers.decide(session, waiting.id, reason="wrong_person")
    tell = partial(owning.hear, database, provider, PAPER, waiting.id)
    assert at_once(tell, tell) == ["done", "done"]
    assert (states(database), [code for code, _ in owning.told(database)]) == ([REFUSED], ["identity_paper_refused"])


def test_an_unknown_reason_is_said_to_be_one() -> None:
    said = Paper("1", None, ARTICLES, REFUSED, "new_code", "")
    assert "no reason that we know" in identity_papers.reason_of(said.reason, said.explanation, "en")
