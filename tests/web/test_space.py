import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlmodel import col

from accounts import availabilities, experts, imports, legal_identities, letters, links, portraits
from accounts.models.accounts import AccountKind, Purpose
from accounts.models.experts import Expert
from accounts.models.profiles import LegalIdentity, PortraitFile, ProfileVersion, ReferenceLetter
from foundation import audits, clock, keys
from foundation.database import Database
from foundation.files import StoredFile
from tests import signed_in
from tests.accounts.test_letters import pdf
from tests.accounts.test_portraits import SVG, image
from tests.builders import eventually, full_record, lines, record, site
from web import privacy
from web.pages import spaces

ENGLISH = {"Accept-Language": "en"}
JSON = {"Accept": "application/json"}
SIRET = "73282932000074"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    records = [full_record("H001", visible=True, available=True, available_from=None), record("H002")]
    with site(tmp_path_factory.mktemp("space"), records) as found:
        found.headers.update(ENGLISH)
        yield found


@pytest.fixture
def client(shared: TestClient) -> Iterator[TestClient]:
    """Return the site with somebody signed in who has just begun a profile."""
    shared.cookies.clear()
    signed_in.as_new(shared, AccountKind.EXPERT, "Anne Le Goff")
    yield shared
    shared.cookies.clear()


def database(client: TestClient) -> Database:
    app: Any = client.app
    return app.state.database


def own(client: TestClient) -> Expert:
    """Return the profile that was begun last."""
    with database(client).reading() as session:
        ids = experts.ids_after(session, "", 1_000)
        return max((profile.expert for profile in experts.load(session, ids)), key=lambda expert: expert.created_at)


def save(client: TestClient, **form: str) -> Any:
    return client.post("/my/profile", data=form, follow_redirects=False)


def publish(client: TestClient, **form: str) -> Expert:
    filled = {"headline": "Zythology consultant", "summary": "Breweries.", "visible": "on", **form}
    assert save(client, **filled).status_code == 303
    return own(client)


def test_the_space_is_for_experts_who_are_signed_in(client: TestClient) -> None:
    client.cookies.clear()
    answer = client.get("/my/profile", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/my/profile")
    assert client.post("/my/profile", data={"name": "X"}, follow_redirects=False).status_code == 303
    signed_in.as_new(client, AccountKind.COMPANY)
    assert client.get("/my/profile").status_code == 403


def test_the_page_holds_what_the_profile_says(shared: TestClient) -> None:
    shared.cookies.clear()
    with database(shared).reading() as session:
        expert_id = experts.get(session, "H001").id
    signed_in.as_new(shared, AccountKind.EXPERT, expert_id=expert_id)
    page = shared.get("/my/profile").text
    for shown in ("Anne Le Goff", "Export manager", "Douane", "Écoute", "Vietnam", "650.50", "PME, Lyon"):
        assert shown in page
    assert 'data-testid="result"' in page


def test_what_was_saved_is_found_within_a_moment_and_gone_once_unticked(client: TestClient) -> None:
    publish(client)
    eventually(lambda: client.get("/api/v1/experts?q=zythology").json()["total"] == 1)
    save(client, visible="")
    assert client.get("/api/v1/experts?q=zythology").json()["results"] == []


def test_a_refused_form_comes_back_with_every_fault_and_all_that_was_typed(client: TestClient) -> None:
    before = own(client)
    answer = save(client, headline="Half a <b>headline", day_rate_amount="plenty", countries="Atlantis\nFrance")
    assert answer.status_code == 422
    assert "Half a &lt;b&gt;headline" in answer.text
    assert 'value="plenty"' in answer.text
    assert "Atlantis\nFrance" in answer.text
    assert "“Atlantis” is no country or zone that we know." in answer.text
    assert "Please write an amount" in answer.text
    assert own(client).version == before.version


def test_the_script_saves_one_part_and_gets_what_changes_beside_the_form(client: TestClient) -> None:
    answer = client.post("/my/profile", data={"headline": "Zythologist at work"}, headers=JSON)
    said = answer.json()
    assert answer.status_code == 200
    assert said["fields"] == ["headline"]
    assert said["can_undo"]
    assert "Zythologist at work" in said["aside"]
    assert own(client).headline == "Zythologist at work"


def test_the_script_is_told_what_is_wrong_and_what_changed_meanwhile(client: TestClient) -> None:
    seen = client.post("/my/profile", data={"headline": "First"}, headers=JSON).json()["seen"]
    wrong = client.post("/my/profile", data={"languages": "Klingon"}, headers=JSON)
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "languages")
    client.post("/my/profile", data={"headline": "Second", "seen": seen}, headers=JSON)
    stale = client.post("/my/profile", data={"headline": "Third", "seen": seen}, headers=JSON)
    assert stale.status_code == 409
    assert stale.json()["errors"][0]["code"] == "changed_meanwhile"
    assert stale.json()["stored"]["headline"] == "Second"
    again = client.post("/my/profile", data={"headline": "Third", "seen": stale.json()["seen"]}, headers=JSON)
    assert again.status_code == 200


def test_a_stale_form_comes_back_with_what_was_typed(client: TestClient) -> None:
    seen = client.post("/my/profile", data={"headline": "First"}, headers=JSON).json()["seen"]
    client.post("/my/profile", data={"headline": "Second"}, headers=JSON)
    answer = save(client, headline="Third", seen=seen)
    assert answer.status_code == 409
    assert 'value="Third"' in answer.text
    assert "changed elsewhere" in answer.text


def test_the_last_change_can_be_taken_back(client: TestClient) -> None:
    save(client, headline="Mistake")
    page = client.post("/my/profile/undo").text
    assert "Your last change was taken back." in page
    assert own(client).headline == ""
    assert client.post("/my/profile/undo").status_code == 409


@pytest.mark.parametrize(
    "value", ["\0", "x" * 100_000, "🦄" * 50, "<script>", "\ud800".encode("utf-8", "replace").decode()]
)
@pytest.mark.parametrize(
    "field", ["name", "headline", "summary", "skills", "countries", "based_in", "availability", "seen"]
)
def test_whatever_is_typed_is_saved_or_refused_in_words(client: TestClient, field: str, value: str) -> None:
    assert save(client, **{field: value}).status_code in {303, 422}


def test_a_form_beyond_all_measure_is_refused(client: TestClient) -> None:
    assert save(client, summary="x" * 1_000_000).status_code == 413


def test_what_would_help_most_comes_first_and_goes_once_it_is_done(client: TestClient) -> None:
    page = client.get("/my/profile").text
    assert re.search(r"\d+% complete", page)
    assert "Give a day rate" not in page or page.index("Name at least three skills") < page.index("Give a day rate")
    said = client.post("/my/profile", data={"skills": "Customs\nLogistics\nBrewing"}, headers=JSON).json()
    assert "Name at least three skills" not in said["aside"]
    assert "We don’t know this skill yet: Brewing" in said["aside"]


def test_one_kind_of_suggestion_is_enough_for_a_field(client: TestClient) -> None:
    kinds = client.get("/api/v1/suggest", params={"q": "ma", "kind": "zone"}).json()["suggestions"]
    assert {item["kind"] for item in kinds} == {"zone"}
    assert client.get("/api/v1/suggest", params={"q": "ma", "kind": "planet"}).status_code == 422


def test_a_legal_identity_is_private_but_for_its_status_and_a_new_status_is_told_once(client: TestClient) -> None:
    publish(client)
    form = {
        "country": "FR",
        "status": "sasu",
        "legal_name": "Secret SASU",
        "address": "1 rue Cachée\n75001 Paris",
        "registration_number": "732 829 320 00074",
        "vat_number": "44 732829320",
    }
    assert client.post("/my/identity", data=form, follow_redirects=False).status_code == 303
    assert client.post("/my/identity", data={**form, "legal_name": "Other"}, follow_redirects=False).status_code == 303
    expert = own(client)
    with database(client).reading() as session:
        identity = legal_identities.of(session, expert.id)
        assert identity is not None
        assert (identity.registration_number, identity.vat_number) == (SIRET, "FR44732829320")
        told = audits.entries(session, action="changed_legal_status", object_id=expert.id)
    assert [entry.details for entry in told] == [{"before": None, "after": "sasu"}]
    public = client.get(f"/experts/{expert.slug}").text
    assert "SASU" in public
    assert "Secret" not in public
    assert SIRET not in public
    assert "Other" in client.get("/my/identity").text


def test_what_is_asked_follows_from_country_and_status(client: TestClient) -> None:
    abroad = client.get("/my/identity?country=DE").text
    assert "SASU" not in abroad
    portage = client.get("/my/identity?country=FR&status=portage_salarial").text
    assert "Portage company" in portage
    assert "SIRET" not in portage
    refused = client.post("/my/identity", data={"country": "FR", "status": "sasu", "registration_number": "123"})
    assert refused.status_code == 422
    assert "This is no such number" in refused.text
    assert refused.text.count("Please fill this in.") == 2
    assert client.post("/my/identity", data={"country": "DE", "status": "sasu"}).status_code == 422
    assert client.post("/my/identity", data={"country": "\0", "status": "🦄"}).status_code == 422


def test_an_expert_learns_where_they_stand_or_what_hides_them(client: TestClient) -> None:
    publish(client, headline="Oenology consultant")
    eventually(lambda: client.get("/api/v1/experts?q=oenology").json()["total"] >= 1)
    assert "You are number " in client.get("/my/found?q=oenology").text
    lacking = client.get("/my/found?q=submarine+cables").text
    assert "This search does not find you." in lacking
    assert "submarine" in lacking.split("lacks words")[1]
    save(client, visible="")
    assert "Your profile is hidden" in client.get("/my/found?q=oenology").text


def send(client: TestClient, kind: str, content: bytes, **fields: str) -> Any:
    address = {"portrait": "/my/profile/portrait", "letter": "/my/profile/letters"}[kind]
    return client.post(address, files={kind: ("name", content)}, data=fields, follow_redirects=False)


def test_a_portrait_is_shown_on_profile_and_results_until_it_is_removed(client: TestClient) -> None:
    expert = publish(client, headline="Pomologist")
    assert send(client, "portrait", image()).status_code == 303
    portrait = own(client).portrait_id
    eventually(lambda: f"/portraits/{portrait}-96" in client.get("/experts?q=pomologist").text)
    assert f'src="/portraits/{portrait}-256" alt="Anne Le Goff"' in client.get(f"/experts/{expert.slug}").text
    shown = client.get(f"/portraits/{portrait}-96")
    assert shown.headers["content-type"] == "image/webp"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"].startswith("public, max-age=")
    assert client.get(f"/portraits/{portrait}-97").status_code == 404
    client.post("/my/profile/portrait/remove")
    assert client.get(f"/portraits/{portrait}-96").status_code == 404
    assert own(client).portrait_id is None


def test_a_hidden_experts_portrait_is_for_its_owner_alone(client: TestClient) -> None:
    send(client, "portrait", image())
    path = f"/portraits/{own(client).portrait_id}-256"
    assert client.get(path).headers["cache-control"] == "private, no-store"
    client.cookies.clear()
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("content", [SVG, b"", b"x" * (portraits.MOST_BYTES + 1), b"x" * 5_200_000])
def test_a_bad_portrait_is_refused_beside_its_field_and_what_is_there_stays(client: TestClient, content: bytes) -> None:
    answer = send(client, "portrait", content)
    assert answer.status_code == 422
    assert re.search(r'id="portrait-fault"[^>]*>This|id="portrait-fault"[^>]*>Please', answer.text)
    assert own(client).portrait_id is None


@pytest.mark.parametrize("body", [b"", b"--x", b"\0" * 1_000, b"a=b"])
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "multipart/form-data", "text/plain", "\xff"])
def test_whatever_comes_instead_of_an_upload_is_refused(client: TestClient, body: bytes, kind: str) -> None:
    answer = client.post("/my/profile/portrait", content=body, headers={"Content-Type": kind.encode("latin-1")})
    assert answer.status_code == 422


def test_a_letter_is_a_download_that_no_page_of_ours_runs(client: TestClient) -> None:
    expert = publish(client)
    assert send(client, "letter", pdf(), letter_title="By Brasserie du Nord", is_shown="on").status_code == 303
    assert send(client, "letter", pdf(), letter_title="Private one").status_code == 303
    public = client.get(f"/experts/{expert.slug}").text
    assert "By Brasserie du Nord" in public
    assert "Private one" not in public
    with database(client).reading() as session:
        shown, private = letters.of(session, expert.id)
    answer = client.get(f"/letters/{shown.id}")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert client.get(f"/letters/{private.id}").status_code == 200
    client.cookies.clear()
    assert client.get(f"/letters/{shown.id}").status_code == 200
    assert client.get(f"/letters/{private.id}").status_code == 404
    signed_in.as_new(client, AccountKind.EXPERT)
    assert client.get(f"/letters/{private.id}").status_code == 404
    for path in (f"/my/profile/letters/{shown.id}", f"/my/profile/letters/{shown.id}/remove"):
        assert client.post(path, data={"title": "Mine"}).status_code == 404


def test_a_bad_letter_is_refused_with_its_title_kept(client: TestClient) -> None:
    answer = send(client, "letter", b"PK\x03\x04", letter_title="Kept <title>")
    assert answer.status_code == 422
    assert "This is no PDF that can be read." in answer.text
    assert 'value="Kept &lt;title&gt;"' in answer.text
    assert send(client, "letter", pdf(), letter_title=" ").status_code == 422
    assert send(client, "letter", b"x" * 4_000_000, letter_title="Big").status_code == 422


def test_files_and_identity_are_taken_along_and_go_with_their_owner(client: TestClient) -> None:
    client.cookies.clear()
    account = signed_in.as_new(client, AccountKind.EXPERT, "Zoé")
    send(client, "portrait", image())
    send(client, "letter", pdf(), letter_title="Private one")
    save(client, headline="Before")
    client.post("/my/identity", data={"country": "DE", "status": "other", "legal_name": "Zoé", "address": "Ulm"})
    with database(client).reading() as session:
        parts = privacy.parts_of(session, account.id)
    assert [item["title"] for item in parts["letters"]] == ["Private one"]
    assert len(parts["portrait"]) == len(portraits.SIZES_PX)
    assert [len(parts[name]) for name in ("profile-before", "legal-identity")] == [1, 1]
    with database(client).writing() as session:
        privacy.erase(session, account.id, at=clock.now())
    with database(client).reading() as session:
        for table in (LegalIdentity, PortraitFile, ProfileVersion, ReferenceLetter):
            theirs = select(table).where(col(table.expert_id) == account.expert_id)
            assert session.execute(theirs).first() is None
        contents = session.execute(select(StoredFile)).scalars().all()
        used = {
            row.file_id for table in (PortraitFile, ReferenceLetter) for row in session.execute(select(table)).scalars()
        }
        assert {file.id for file in contents} == used


def test_a_mailed_question_is_answered_once_and_following_the_link_answers_nothing(client: TestClient) -> None:
    client.cookies.clear()
    account = signed_in.make(database(client), AccountKind.EXPERT, "Yves")
    with database(client).writing() as session:
        token = links.make(session, Purpose.CONFIRM_AVAILABILITY, account_id=account.id, at=clock.now())
    path = f"/availability?token={token}"
    for _ in range(2):
        assert "Are you still available?" in client.get(path).text
    refused = client.post("/availability", data={"token": token, "availability": "from"})
    assert refused.status_code == 422
    assert "Please give the day" in refused.text
    assert "Thank you" in client.post("/availability", data={"token": token, "availability": "not"}).text
    with database(client).reading() as session:
        assert not experts.load(session, [str(account.expert_id)])[0].expert.is_available
    assert client.get(path).status_code == 404
    assert client.post("/availability", data={"token": token, "availability": "now"}).status_code == 404
    assert client.get("/availability?token=%00").status_code == 404


def test_a_link_of_a_mail_ends_questions_about_availability_by_one_click_and_not_by_being_opened(
    client: TestClient,
) -> None:
    account = signed_in.make(database(client), AccountKind.EXPERT, "Zoé")
    client.cookies.clear()
    path = f"/availability/stop/{keys.signed(client.app.state.settings, 'availability', account.id)}"  # type: ignore[attr-defined]
    page = client.get(path).text
    assert f'action="{path}"' in page
    assert "No more mails about your availability?" in page
    # As mail programs do: without cookies, without saying where from, and following no redirect (RFC 8058).
    answer = client.post(path, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
    assert answer.status_code == 200
    for page in (answer.text, client.get(path).text, client.post(path).text):
        assert "These mails have ended" in page
    with database(client).reading() as session:
        assert not availabilities.wants_mails(session, account.id)
    for wrong in ("none", "%00", f"{account.id}.x"):
        assert client.get(f"/availability/stop/{wrong}").status_code == 404
        assert client.post(f"/availability/stop/{wrong}").status_code == 404


def test_what_was_not_confirmed_is_said_on_the_page_and_in_results(client: TestClient) -> None:
    expert = publish(client, headline="Mycologist")
    with database(client).writing() as session:
        values = {"availability_confirmed_on": date(2026, 1, 1), "available_from": None}
        experts.change(session, expert.ref, values, at=clock.now())
    said = "Availability not confirmed since January 31, 2026"
    assert said in client.get(f"/experts/{expert.slug}").text
    assert "Say it again below" in client.get("/my/profile").text
    eventually(lambda: said in client.get("/experts?q=mycologist").text)


def test_what_came_back_as_it_was_shown_is_no_edit_of_its_owners(shared: TestClient) -> None:
    odd = {"summary": "One\r\nTwo ", "skills": ["Douane", "Customs"], "countries": ["FR"], "city": " Ulm"}
    imports.run(database(shared), lines([record("ODD", **odd)]), at=clock.now())
    with database(shared).reading() as session:
        expert = experts.get(session, "ODD")
    shared.cookies.clear()
    signed_in.as_new(shared, AccountKind.EXPERT, expert_id=expert.id)
    form = spaces.form_values(expert, "en", clock.today())
    save(shared, **{**form, "headline": "Mine"})
    with database(shared).reading() as session:
        after = experts.get(session, "ODD")
    assert (after.summary, after.skills) == (expert.summary, ["Douane", "Customs"])
    assert after.owned_fields == ["available", "available_from", "headline"]
