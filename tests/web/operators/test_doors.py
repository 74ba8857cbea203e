"""The operators' pages open for operators, and for nobody else."""

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import Account, AccountKind
from tests import signed_in

PAGES = [
    "",
    "/people",
    "/people/nobody",
    "/notices",
    "/notices/none",
    "/deliveries",
    "/searches",
    "/skills",
    "/audit",
    "/audit/entries.csv",
]
FORMS = [
    "/people/x/suspend",
    "/people/x/lift",
    "/deliveries/retry",
    "/deliveries/drop",
    "/deliveries/mails/x/resend",
    "/skills/name",
    "/skills/undo",
    "/notices/x/decide",
    "/notices/x/undo",
]


def test_nobody_else_comes_in(client: TestClient) -> None:
    for path in PAGES:
        answer = client.get(f"/operator{path}", follow_redirects=False)
        assert answer.status_code == 303, path
        assert answer.headers["location"].startswith("/sign-in?next=/operator"), path
    for path in FORMS:
        answer = client.post(f"/operator{path}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), path
    for kind in (AccountKind.EXPERT, AccountKind.COMPANY, AccountKind.PRIVATE_CLIENT):
        signed_in.as_new(client, kind)
        assert {client.get(f"/operator{path}").status_code for path in PAGES} == {403}
        assert {client.post(f"/operator{path}").status_code for path in FORMS} == {403}


@pytest.mark.parametrize("lang", ["en", "fr"])
def test_every_page_opens_and_is_kept_by_nobody(client: TestClient, operator: Account, lang: str) -> None:
    for path in (*(page for page in PAGES if "no" not in page or page == "/notices"), f"/people/{operator.id}"):
        answer = client.get(f"/operator{path}", params={"lang": lang})
        assert answer.status_code == 200, path
        assert answer.headers["Cache-Control"] == "no-store", path


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("path", ["/people/nobody", "/notices/none", "/people/a%00b", "/notices/a%00b"])
def test_what_is_not_there_is_said_to_be_missing(client: TestClient, path: str) -> None:
    assert client.get(f"/operator{path}").status_code == 404


@pytest.mark.usefixtures("operator")
def test_forms_about_nothing_change_nothing(client: TestClient) -> None:
    form = {"reason": "x", "facts": "y", "decision": "no_action", "id": "7"}
    for path in FORMS:
        for sent in (f"/operator{path}", f"/operator{path.replace('/x/', '/%00/')}"):
            assert client.post(sent, data=form).status_code in {200, 404, 422}, sent


@pytest.mark.usefixtures("operator")
@pytest.mark.parametrize("text", ["a\0b", "😀" * 300, "x" * 50_000, "%_\\'\";--"])
def test_odd_searches_are_answered(client: TestClient, text: str) -> None:
    for path in ("/people?q={}", "/people?after={}", "/people?state={}&kind={}", "/audit?who={}&object={}&before={}"):
        query = path.partition("?")
        names = [part.partition("=")[0] for part in query[2].split("&")]
        answer = client.get(f"/operator{query[0]}", params=dict.fromkeys(names, text[:20_000]))
        assert answer.status_code == 200, path
