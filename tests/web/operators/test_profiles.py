"""Operators and profiles that nobody owns: finding, inviting their experts, keeping them back."""

import re

import pytest
from fastapi.testclient import TestClient

from accounts import experts
from accounts.models.accounts import Account, AccountKind
from accounts.models.experts import Expert
from foundation import audits, mails
from foundation.database import Database
from tests import signed_in
from tests.builders import import_all, record
from web.operator_desk import PAGE

MOTION = {"ground": "fraud", "reason": "Terms, section 3.", "facts": "Nobody of this name exists."}
pytestmark = pytest.mark.usefixtures("operator")


def expert(database: Database, ref: str = "H001") -> Expert:
    with database.reading() as session:
        return experts.get(session, ref)


def found(client: TestClient, **asked: str) -> list[str]:
    page = client.get("/operator/people", params=asked).text
    return re.findall(r'desk__who"><a href="/operator/profiles/([\w-]+)"', page)


def actions(database: Database, expert_id: str) -> list[str]:
    with database.reading() as session:
        entries = audits.entries(session, object_kind="expert", object_id=expert_id)
    return [entry.action for entry in entries if entry.action != "looked_at"]


def test_profiles_are_listed_as_long_as_nobody_owns_them(client: TestClient, database: Database) -> None:
    first, second = expert(database, "H001"), expert(database, "H002")
    assert set(found(client, kind="unowned")) == {first.id, second.id}
    assert found(client) == []
    for query in ("le goff", "H001", first.id):
        assert found(client, kind="unowned", q=query) == found(client, q=query) == [first.id]
    assert found(client, q="le goff", kind="expert") == found(client, q="le goff", state="open") == []
    owner = signed_in.make(database, AccountKind.EXPERT, "Zoe", expert_id=first.id)
    assert found(client, kind="unowned") == [second.id]
    answer = client.get(f"/operator/profiles/{first.id}", follow_redirects=False)
    assert answer.headers["location"] == f"/operator/people/{owner.id}"
    assert client.get("/operator/profiles/none").status_code == 404


def test_a_long_list_of_profiles_is_walked_through_page_by_page(client: TestClient, database: Database) -> None:
    import_all(database, [record(f"M{number}", name="Many") for number in range(PAGE + 3)])
    first = found(client, kind="unowned", q="many")
    second = found(client, kind="unowned", q="many", after=first[-1])
    assert (len(first), len(second), len({*first, *second})) == (PAGE, 3, PAGE + 3)


def test_an_expert_is_invited_to_own_the_profile(client: TestClient, database: Database, operator: Account) -> None:
    shown = expert(database)
    page = f"/operator/profiles/{shown.id}"
    refused = client.post(f"{page}/invite", data={"email": "none of <these>"})
    assert (refused.status_code, "none of &lt;these&gt;" in refused.text) == (422, True)
    refused = client.post(f"{page}/invite", data={"email": operator.email or ""})
    assert (refused.status_code, "has an account already" in refused.text) == (409, True)
    answer = client.post(f"{page}/invite", data={"email": "anne@example.org", "language": "en"})
    assert "The invitation is on its way." in answer.text
    assert "anne@example.org – invited, until" in answer.text
    with database.reading() as session:
        (mail,) = mails.to_address(session, "anne@example.org", 5)
    assert (mail.template, mail.language) == ("expert_invitation", "en")
    assert actions(database, shown.id) == ["invited"]


def test_a_profile_is_kept_back_with_reasons_and_by_the_notice_comes_back(
    client: TestClient, database: Database
) -> None:
    shown = expert(database)
    page = f"/operator/profiles/{shown.id}"
    refused = client.post(f"{page}/withhold", data={"facts": "Kept <b>text</b>"})
    assert refused.status_code == 422
    assert refused.text.count('data-testid="fault-') == 2
    assert "Kept &lt;b&gt;text" in refused.text
    assert client.get(f"/experts/{shown.slug}").status_code == 200
    kept_back = client.post(f"{page}/withhold", data=MOTION).text
    assert "The profile is no longer shown." in kept_back
    assert client.get(f"/experts/{shown.slug}").status_code == 404
    assert "Somebody was quicker" in client.post(f"{page}/withhold", data=MOTION).text
    notice = re.findall(r'href="(/operator/notices/[\w-]+)" data-testid="hidden-by"', kept_back)[0]
    assert MOTION["facts"] in client.get(notice).text
    client.post(f"{notice}/undo")
    assert client.get(f"/experts/{shown.slug}").status_code == 200
