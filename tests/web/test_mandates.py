"""The page of the billing mandate: read, given by a click, ended, read again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import AccountKind
from billing import mandates
from tests import builders, signed_in
from tests.billing.identified import identify

CLICK = {"version": mandates.CURRENT.version, "text_hash": mandates.CURRENT.sha256["en"]}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder: Path = tmp_path_factory.mktemp("site")
    with builders.site(folder) as client:
        client.headers["Accept-Language"] = "en"
        yield client


def test_the_mandate_is_read_given_and_ended(site: TestClient) -> None:
    account = signed_in.as_new(site, AccountKind.EXPERT)
    page = site.get("/my/mandate").text
    assert "Not given yet" in page
    assert 'href="/my/identity"' in page
    assert "I give this mandate" not in page
    refused = site.post("/my/mandate", data=CLICK, follow_redirects=False)
    assert (refused.status_code, "Nothing was accepted yet" in refused.text) == (409, True)

    identify(site.app.state.database, account)  # pyright: ignore[reportAttributeAccessIssue]
    page = site.get("/my/mandate").text
    assert "Anne Le Goff EI (732829320)" in page
    assert CLICK["text_hash"] in page
    given = site.post("/my/mandate", data=CLICK)
    assert given.url.path == "/my/mandate"
    assert "Thank you: the mandate is given." in given.text
    assert "In force: given by Anne Le Goff EI" in given.text
    assert "I give this mandate" not in given.text

    ended = site.post("/my/mandate/end")
    assert "The mandate has ended." in ended.text
    assert "Not given yet" in ended.text
    assert "I give this mandate" in ended.text


@pytest.mark.parametrize("form", [{}, {**CLICK, "version": "2020-01-01"}, {**CLICK, "text_hash": "é\0" * 400}])
def test_an_old_page_gives_nothing_and_shows_what_is_in_force(site: TestClient, form: dict[str, str]) -> None:
    account = signed_in.as_new(site, AccountKind.EXPERT)
    identify(site.app.state.database, account)  # pyright: ignore[reportAttributeAccessIssue]
    answer = site.post("/my/mandate", data=form)
    assert (answer.status_code, "the text has changed" in answer.text) == (409, True)
    assert "Not given yet" in answer.text


def test_versions_are_read_by_their_day_and_others_are_not_there(site: TestClient) -> None:
    signed_in.as_new(site, AccountKind.EXPERT)
    assert site.get("/my/mandate", params={"version": CLICK["version"]}).status_code == 200
    for wrong in ("2020-01-01", "../terms-use-2026-11-30", "\0", "x" * 5000):
        assert site.get("/my/mandate", params={"version": wrong}).status_code == 404


def test_whoever_is_in_portage_is_told_that_none_is_needed(site: TestClient) -> None:
    account = signed_in.as_new(site, AccountKind.EXPERT)
    identify(site.app.state.database, account, status="portage_salarial", portage_company="ITG")  # pyright: ignore[reportAttributeAccessIssue]
    page = site.get("/my/mandate").text
    assert "the portage company invoices" in page
    assert "I give this mandate" not in page
