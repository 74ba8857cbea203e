"""Missions as both sides see them, over HTTP."""

import re
from collections.abc import Iterator
from datetime import date

import pytest
from fastapi.testclient import TestClient
from icalendar import Calendar

from accounts.models.accounts import Account
from accounts.models.experts import Expert
from accounts.sign_ins import SignedIn
from billing import escrows
from booking import report_files, reviews
from foundation import clock
from foundation.database import Database
from tests import signed_in
from tests.booking.carried_out import PORTAGE, REPORT, Stage, operator
from tests.builders import eventually, site
from web import privacy


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with site(tmp_path_factory.mktemp("missions")) as found:
        found.headers["Accept-Language"] = "en"
        yield found


def database_of(client: TestClient) -> Database:
    return client.app.state.database  # pyright: ignore[reportFunctionMemberAccess]


def be(client: TestClient, who: SignedIn) -> None:
    """Sign somebody in in the browser."""
    with database_of(client).reading() as session:
        account = session.get_one(Account, who.account_id)
    signed_in.sign_in(client, account)


@pytest.fixture
def stage(client: TestClient) -> Stage:
    found = Stage(database_of(client))
    found.at = clock.now()
    return found


def state_of(page: str) -> str:
    return page.partition('data-testid="next" data-state="')[2].partition('"')[0]


def test_the_two_sides_carry_a_mission_through(client: TestClient, stage: Stage) -> None:
    stage.accept()
    path = f"/missions/{stage.id}"
    be(client, stage.client)
    page = client.get(path).text
    assert state_of(page) == "awaiting_funds"
    assert path.replace("/missions/", "/payments/") in page
    stage.pay()
    be(client, stage.expert)
    assert "Start the work" in client.get("/missions").text
    assert state_of(client.post(f"{path}/start").text) == "in_progress"
    assert "Know the duties" in client.get(path).text
    assert state_of(client.post(f"{path}/report", data=REPORT).text) == "reported"
    be(client, stage.client)
    page = client.get(path).text
    assert "No broker yet" in page
    assert "Partly reached" in page
    form = {"rating-0": "5", "review-0": "Quick and sure", "place": "Lyon", "sector": "wholesale"}
    page = client.post(f"{path}/report/validate", data=form).text
    assert "Thank you. The report is validated." in page
    assert "Quick and sure" in page
    eventually(lambda: stage.mission.state == "closed")
    be(client, stage.expert)
    assert "Quick and sure" in client.get(path).text


def test_what_lacks_stands_beside_its_field_and_nothing_typed_is_lost(client: TestClient, stage: Stage) -> None:
    stage.accept().pay().start()
    be(client, stage.expert)
    answer = client.post(f"/missions/{stage.id}/report", data={**REPORT, "outcome-0": "", "summary": "All <b>done"})
    assert answer.status_code == 422
    assert 'data-testid="fault-outcome-0"' in answer.text
    assert "All &lt;b&gt;done" in answer.text
    assert "No broker yet" in answer.text
    for reason in ("", "x" * 2_001):
        answer = client.post(f"/missions/{stage.id}/dispute", data={"dispute-reason": reason})
        assert answer.status_code == 422
        assert 'data-testid="fault-dispute-reason"' in answer.text


PDF = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj <</Type /Catalog>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"


def attached(name: str, content: bytes) -> dict[str, tuple[str, bytes, str]]:
    return {"files": (name, content, "application/octet-stream")}


def test_files_go_with_a_report_and_only_its_two_sides_read_them(client: TestClient, stage: Stage) -> None:
    stage.accept().pay().start()
    path = f"/missions/{stage.id}"
    be(client, stage.expert)
    refused = client.post(f"{path}/report", data={**REPORT, "summary": "All done"}, files=attached("a.exe", b"MZ"))
    assert refused.status_code == 422
    assert ('data-testid="fault-files"' in refused.text, "All done" in refused.text) == (True, True)
    assert stage.mission.state == "in_progress"
    assert state_of(client.post(f"{path}/report", data=REPORT, files=attached("plan.pdf", PDF)).text) == "reported"
    be(client, stage.client)
    page = client.get(path).text
    found = re.search(rf'href="({path}/files/[^"]+)" download>plan.pdf', page)
    assert found
    answer = client.get(found[1])
    assert (answer.content, answer.headers["content-type"]) == (PDF, "application/pdf")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]
    client.post(f"{path}/report/return", data={"return-reason": "More, please"})
    be(client, stage.expert)
    client.post(f"{path}/report", data=REPORT, files=attached("more.txt", b"More"))
    be(client, stage.client)
    page = client.get(path).text
    assert page.index("more.txt") < page.index("plan.pdf")
    assert "with an earlier report" in page
    other = Stage(stage.database).accept()
    be(client, other.client)
    assert client.get(found[1]).status_code == 404
    assert client.get(found[1].replace(stage.id, other.id)).status_code == 404
    with stage.database.reading() as session:
        subject = privacy.subject_of(session, stage.expert.account_id)
        files = dict(report_files.files_of(session, subject))
    number = stage.mission.number
    assert files == {f"end-reports/{number}-1-1-plan.pdf": PDF, f"end-reports/{number}-2-1-more.txt": b"More"}


@pytest.mark.parametrize(
    ("language", "said"), [("en", "This mission is in progress."), ("fr", "Cette mission est en cours.")]
)
def test_a_refusal_says_why_and_leads_to_what_is_possible(
    client: TestClient, stage: Stage, language: str, said: str
) -> None:
    stage.accept().pay().start()
    be(client, stage.client)
    answer = client.post(f"/missions/{stage.id}/report/validate", headers={"Accept-Language": language})
    assert answer.status_code == 409
    assert said in answer.text
    assert f'href="/missions/{stage.id}#dispute"' in answer.text
    assert 'id="dispute"' in client.get(f"/missions/{stage.id}").text


def test_the_rest_of_the_price_is_asked_for_before_validation(client: TestClient, stage: Stage) -> None:
    stage.accept().pay().start().report()
    with stage.database.writing() as session:
        escrows.adjust_due(session, stage.id, 500_000, stage.now())
    be(client, stage.client)
    assert "Still to be paid: €200" in client.get(f"/missions/{stage.id}").text
    answer = client.post(f"/missions/{stage.id}/report/validate", data={"rating-0": "5"})
    assert (answer.status_code, stage.mission.state) == (409, "reported")
    assert "All of the price has to be held first" in answer.text


def test_dates_are_given_as_a_calendar_file(client: TestClient, stage: Stage) -> None:
    roadmap = [{"name": "Visit; brokers, ports", "starts_on": "2027-01-18", "ends_on": "2027-01-20"}]
    stage.accept(roadmap=roadmap)
    be(client, stage.expert)
    answer = client.get(f"/missions/{stage.id}/calendar.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    entries = [(str(event["summary"]), event.start, event.end) for event in Calendar.from_ical(answer.text).events]
    assert entries == [
        ("Customs audit – Berta & Co", date(2027, 1, 11), date(2027, 1, 30)),
        ("Visit; brokers, ports – Customs audit", date(2027, 1, 18), date(2027, 1, 21)),
    ]


def test_operators_see_where_they_are_needed(client: TestClient, stage: Stage) -> None:
    stage.accept(**PORTAGE)
    be(client, operator(stage.database))
    assert stage.mission.number in client.get("/missions").text
    page = client.post(f"/missions/{stage.id}/confirm").text
    assert state_of(page) == "funded"
    assert stage.mission.number not in client.get("/missions").text


def test_who_has_no_mission_is_told_what_to_do_next(client: TestClient, stage: Stage) -> None:
    for who in (stage.client, stage.expert, operator(stage.database)):
        be(client, who)
        assert client.get("/missions").status_code == 200
    be(client, stage.client)
    assert 'data-testid="no-missions"' in client.get("/missions").text


def test_a_review_stands_on_the_profile_under_no_name_and_with_its_answer(client: TestClient, stage: Stage) -> None:
    stage.accept().pay().start().report().validate()
    with stage.database.writing() as session:
        profile = session.get_one(Expert, stage.expert.expert_id)
        profile.sqlmodel_update({"headline": "Customs", "summary": "Customs.", "is_visible": True})
        slug = profile.slug
    be(client, stage.client)
    form = {"rating-0": "4", "review-0": "Sure & quick", "place": "Lyon", "sector": "wholesale"}
    client.post(f"/missions/{stage.id}/reviews", data=form)
    page = client.get(f"/experts/{slug}").text
    assert "A company, Lyon, wholesale." in page
    assert "Berta" not in page.partition('data-testid="reviews"')[2]
    with stage.database.reading() as session:
        [row] = reviews.of_mission(session, stage.id).values()
    be(client, stage.expert)
    client.post(f"/missions/{stage.id}/reviews/{row.review_id}/reply", data={"reply": "With pleasure"})
    assert "With pleasure" in client.get(f"/experts/{slug}").text
