"""Papers are kept and read by whom they concern; each mail about duties goes out once, to whom it concerns."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import AccountKind
from accounts.sign_ins import SignedIn
from booking import duties, duty_mails, numbers, papers, signatures
from booking.cover import Policy
from booking.lifecycle import MissionState
from booking.models.missions import Mission, Portage, Series
from booking.models.papers import PaperKind, WorkPaper
from booking.models.quotes import Quote, QuoteVersion
from booking.papers import Checked, Draft
from foundation import audits
from foundation.database import Database
from foundation.errors import Invalid, NotFound
from foundation.files import StoredFile
from foundation.mails import MailRow
from foundation.settings import Operator, Settings
from tests import signed_in
from tests.accounts.test_letters import pdf
from tests.billing.identified import identify
from tests.booking import quoted
from tests.booking.quoted import AT, consent

POLICY = Policy("Insurer", "P 1")
SETTINGS = Settings(operator=Operator(email="us@example.org"))
TODAY = AT.date()


@pytest.fixture
def anne(database: Database) -> SignedIn:
    account = signed_in.make(database, AccountKind.EXPERT, "Anne", email="anne@example.org")
    identify(database, account)
    return quoted.who(database, account)


@pytest.fixture
def berta(database: Database) -> SignedIn:
    return quoted.client(database, email="berta@example.org")


def signed(database: Database, anne: SignedIn, berta: SignedIn, *, at: datetime = AT, **columns: Any) -> Mission:
    quote = quoted.sent(
        database, anne, berta, **{"net_cents": 500_000, "tax_cents": 0, "gross_cents": 500_000, **columns}
    )
    with database.writing() as session:
        mission = signatures.accept(session, berta, quote.id, consent(), address="", language="en", at=at)
    duty_mails.follow_signing(database, SETTINGS, [mission.id], at)
    return mission


def send(
    database: Database, anne: SignedIn, kind: PaperKind = PaperKind.VIGILANCE, *, on: date = TODAY, **columns: Any
) -> WorkPaper:
    draft = Draft(kind, on, **{"ends_on": None, "replaces_policy": False, **columns})
    with database.writing() as session:
        file = Checked(f"%PDF {kind} {on}".encode(), "application/pdf")
        return papers.put(session, str(anne.expert_id), draft, file, actor=audits.SYSTEM, at=AT)


def told(database: Database, *codes: str) -> list[tuple[str, str]]:
    with database.reading() as session:
        found = session.execute(select(MailRow).where(col(MailRow.template) == "news")).scalars()
        written = [((mail.values or {})["code"], mail.recipient.partition("@")[0]) for mail in found]
    return sorted(item for item in written if item[0] in codes)


def remind(database: Database, *, days: int = 0) -> None:
    for _ in range(2):  # the second time changes nothing
        duty_mails.remind(database, SETTINGS, AT + timedelta(days=days))


def test_a_newer_paper_takes_the_place_of_its_kind_and_goes_with_its_file(database: Database, anne: SignedIn) -> None:
    first, _ = send(database, anne), send(database, anne, PaperKind.REGISTRATION)
    again = send(database, anne, on=date(2026, 11, 1))
    assert first.id == again.id
    with database.writing() as session:
        kept = papers.of(session, str(anne.expert_id))
        assert set(kept) == {PaperKind.VIGILANCE, PaperKind.REGISTRATION}
        assert len(session.execute(select(StoredFile)).scalars().all()) == 2
        papers.remove(session, str(anne.expert_id), again.id, actor=anne.actor, at=AT)
        with pytest.raises(NotFound):
            papers.remove(session, str(anne.expert_id), again.id, actor=anne.actor, at=AT)
    with database.reading() as session:
        assert len(session.execute(select(StoredFile)).scalars().all()) == 1


def test_papers_are_read_by_their_owner_operators_and_companies_with_a_contract(
    database: Database, anne: SignedIn, berta: SignedIn
) -> None:
    paper = send(database, anne)
    operator = quoted.who(database, signed_in.make(database, AccountKind.OPERATOR))
    other = quoted.client(database)
    mission = signed(database, anne, berta)
    for who, may in ((anne, True), (operator, True), (berta, True), (other, False), (quoted.expert(database), False)):
        with database.reading() as session:
            if may:
                assert papers.read(session, who, paper.id)[0].kind == "vigilance"
            else:
                with pytest.raises(NotFound):
                    papers.read(session, who, paper.id)
    with database.writing() as session:
        session.get_one(Mission, mission.id).state = MissionState.CANCELLED.value
    with database.reading() as session, pytest.raises(NotFound):
        papers.read(session, berta, paper.id)


@pytest.mark.parametrize(
    ("form", "faults"),
    [
        ({}, ["kind missing", "issued_on missing"]),
        ({"kind": "passport", "issued_on": "1.12.2026"}, ["kind missing", "issued_on no_day"]),
        ({"kind": "vigilance", "issued_on": "2026-12-02"}, ["issued_on not_yet"]),
        ({"kind": "vigilance", "issued_on": "0001-01-01"}, ["issued_on not_yet"]),
        ({"kind": "rc_pro", "issued_on": "2026-12-01"}, ["ends_on missing"]),
        ({"kind": "rc_pro", "issued_on": "2026-12-01", "ends_on": "2026-11-30"}, ["ends_on over"]),
        ({"kind": "rc_pro", "issued_on": "2026-12-01", "ends_on": "9999-12-31"}, ["ends_on over"]),
    ],
)
def test_what_is_wrong_with_a_paper_is_said_at_once(form: dict[str, str], faults: list[str]) -> None:
    with pytest.raises(Invalid) as raised:
        papers.check_all(form, b"", TODAY)
    assert [f"{fault.field} {fault.code}" for fault in raised.value.faults] == [*faults, "paper no_file"]


def test_only_plain_files_are_taken() -> None:
    jpeg, png = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01" + b"0" * 40, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"0" * 40
    assert papers.check_file(pdf()).media_type == "application/pdf"
    assert (papers.check_file(jpeg).media_type, papers.check_file(png).media_type) == ("image/jpeg", "image/png")
    for content, code in (
        (b"<html>", "no_paper"),
        (b"GIF89a", "no_paper"),
        (b"\x89PNG and no more", "no_paper"),
        (b"\xff\xd8\xff" + b"0" * papers.MOST_BYTES, "too_large"),
        (pdf(11), "too_many_pages"),
    ):
        with pytest.raises(Invalid) as raised:
            papers.check_file(content)
        assert [(fault.field, fault.code) for fault in raised.value.faults] == [("paper", code)]


def test_signing_asks_the_expert_once_for_what_is_lacking_and_a_week_later_again(
    database: Database, anne: SignedIn, berta: SignedIn
) -> None:
    send(database, anne)
    mission = signed(database, anne, berta)
    with database.reading() as session:
        found = duties.of_mission(session, mission, POLICY, on=TODAY)
    assert found.lacking == (PaperKind.REGISTRATION,)
    for days, times in ((0, 1), (6, 1), (7, 2), (60, 2)):
        remind(database, days=days)
        assert told(database, "papers_wanted") == [("papers_wanted", "anne")] * times
    assert told(database, "papers_due_again") == []


def test_every_six_months_until_the_end_the_company_is_reminded_and_the_expert_asked_for_newer_papers(
    database: Database, anne: SignedIn, berta: SignedIn
) -> None:
    for kind in (PaperKind.VIGILANCE, PaperKind.REGISTRATION):
        send(database, anne, kind)
    mission = signed(database, anne, berta)
    remind(database, days=30)
    assert told(database, "papers_wanted", "papers_due_again") == []
    remind(database, days=182)
    assert told(database, "papers_wanted", "papers_due_again") == [
        ("papers_due_again", "berta"),
        ("papers_wanted", "anne"),
    ]
    with database.writing() as session:
        session.get_one(Mission, mission.id).state = MissionState.CLOSED.value
    remind(database, days=365)
    assert len(told(database, "papers_wanted", "papers_due_again")) == 2


def test_nobody_is_asked_below_the_threshold_nor_for_private_clients(database: Database, anne: SignedIn) -> None:
    signed(database, anne, quoted.client(database), net_cents=499_999, gross_cents=499_999)
    signed(database, anne, quoted.client(database, AccountKind.PRIVATE_CLIENT))
    remind(database, days=400)
    assert told(database, "papers_wanted", "papers_due_again") == []


def test_the_months_of_a_series_count_together(database: Database, anne: SignedIn, berta: SignedIn) -> None:
    with database.writing() as session:
        series = Series(client_id=str(berta.client_id), expert_id=str(anne.expert_id), title="Months", made_at=AT)
        session.add(series)
    monthly = {"net_cents": 250_000, "tax_cents": 0, "gross_cents": 250_000}
    months = [quoted.sent(database, anne, berta, **monthly) for _ in range(2)]
    totals: list[int] = []
    for place, state in enumerate(("sent", "declined")):
        with database.writing() as session:
            for month in months:
                session.get_one(Quote, month.id).series_id = series.id
            session.get_one(Quote, months[1].id).state = state
            quote = session.get_one(Quote, months[0].id)
            found = duties.of(session, quote, session.get_one(QuoteVersion, (quote.id, 1)), POLICY, on=TODAY)
            totals.append(duties.total_cents(session, quote, session.get_one(QuoteVersion, (quote.id, 1))))
            assert bool(found.papers) is (place == 0)
    assert totals == [500_000, 250_000]


def test_an_expert_is_told_once_before_a_certificate_or_a_wanted_paper_ends(
    database: Database, anne: SignedIn, berta: SignedIn
) -> None:
    send(database, anne, PaperKind.RC_PRO, ends_on=date(2027, 1, 10))
    send(database, anne)
    remind(database, days=5)
    assert told(database, "certificate_ends", "paper_ends") == []
    remind(database, days=10)
    remind(database, days=160)
    assert told(database, "certificate_ends", "paper_ends") == [("certificate_ends", "anne")]
    signed(database, anne, berta)
    remind(database, days=170)
    remind(database, days=171)
    assert told(database, "certificate_ends", "paper_ends") == [("certificate_ends", "anne"), ("paper_ends", "anne")]


def test_a_long_relation_is_told_to_both_once_unless_the_expert_states_other_clients(
    database: Database, anne: SignedIn, berta: SignedIn
) -> None:
    _worked_before(database, anne, berta)
    with database.writing() as session:
        duties.attest(session, anne, at=AT)
        with pytest.raises(NotFound):
            duties.attest(session, berta, at=AT)
    mission = signed(database, anne, berta)
    with database.reading() as session:
        found = duties.of_mission(session, mission, POLICY, on=TODAY).dependency
    assert found is not None
    assert (found.since, found.is_quiet) == (date(2025, 1, 1), True)
    assert told(database, "long_relation_expert", "long_relation_client") == []
    remind(database, days=183)
    remind(database, days=190)
    assert told(database, "long_relation_expert", "long_relation_client") == [
        ("long_relation_client", "berta"),
        ("long_relation_expert", "anne"),
    ]


def test_private_persons_employ_nobody(database: Database, anne: SignedIn) -> None:
    client = quoted.client(database, AccountKind.PRIVATE_CLIENT)
    _worked_before(database, anne, client)
    mission = signed(database, anne, client)
    with database.reading() as session:
        assert duties.of_mission(session, mission, POLICY, on=TODAY).dependency is None


@pytest.mark.parametrize("email", ["", "partner@example.org"])
def test_the_partner_is_asked_to_confirm_portage_and_gives_its_own_papers(
    database: Database, anne: SignedIn, berta: SignedIn, email: str
) -> None:
    content = {"title": "Audit", "objectives": [], "parties": {"expert": {"name": "Anne"}}, "portage": "partner"}
    mission = signed(database, anne, berta, content=content)
    settings = SETTINGS.model_copy(update={"portage_partner_email": email, "portage_partner_contact": "Paula"})
    duty_mails.follow_signing(database, settings, [mission.id], AT)
    with database.reading() as session:
        mails = session.execute(select(MailRow).where(col(MailRow.template) == "news")).scalars().all()
        [mail] = [mail for mail in mails if (mail.values or {})["code"] == "portage_wanted"]
        assert duties.of_mission(session, mission, POLICY, on=TODAY).papers == ()
    # The first delivery was under the settings of `signed`; asking again writes nothing more.
    assert (mail.recipient, (mail.values or {})["amount_cents"]) == ("us@example.org", 500_000)
    assert told(database, "papers_wanted") == []
    assert duty_mails.partner_of(settings).email == (email or "us@example.org")


def test_the_expert_s_own_portage_company_is_asked_by_the_expert(
    database: Database, anne: SignedIn, berta: SignedIn
) -> None:
    content = {"title": "Audit", "parties": {"expert": {"name": "Anne"}}, "portage": "own", "portage_company": "ITG"}
    mission = signed(database, anne, berta, content=content)
    assert (mission.portage, mission.portage_company) == (Portage.OWN, "ITG")
    assert told(database, "portage_wanted") == []


def _worked_before(database: Database, anne: SignedIn, berta: SignedIn) -> None:
    """Give a pair a mission of nearly two years that has just ended."""
    quote = quoted.sent(database, anne, berta)
    with database.writing() as session:
        session.add(
            Mission(
                number=numbers.take(session, numbers.MISSION, TODAY),
                state=MissionState.CLOSED.value,
                quote_id=quote.id,
                client_id=str(berta.client_id),
                expert_id=str(anne.expert_id),
                title="Before",
                currency="EUR",
                made_at=AT,
                starts_on=date(2025, 1, 1),
                ends_on=date(2026, 11, 20),
            )
        )
