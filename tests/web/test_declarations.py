"""Who owns an expert's company: declared on the page of verification, and looked at in the operators' queue."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import Account, AccountKind
from foundation import audits
from foundation.database import Database
from tests import builders, signed_in
from tests.accounts.test_letters import pdf
from tests.billing.identified import identify
from tests.billing.test_declaration_forms import LIFE, SECOND
from tests.web.test_verification import FORM, PATH, send, settled, stage

DECLARE = f"{PATH}/owners"
ALONE = {"people": "1", "only_me": "yes", "complete": "yes", **{f"p1_{name}": value for name, value in LIFE.items()}}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with builders.site(tmp_path_factory.mktemp("declarations")) as client:
        client.headers["Accept-Language"] = "en"
        yield client


@pytest.fixture
def database(site: TestClient) -> Database:
    return signed_in.database_of(site)


@pytest.fixture
def marie(site: TestClient, database: Database) -> Account:
    """Return an expert with a company that the sandbox knows, who is signed in."""
    account = signed_in.as_new(site, AccountKind.EXPERT)
    identify(database, account, status="sasu")
    site.post(PATH, data={**FORM, "kind": "business"})
    return account


def prove(site: TestClient, name: str = "valid.pdf", state: str = "validated") -> None:
    for kind in ("identity", "registration", "articles"):
        assert "Thank you: the paper is on its way" in send(site, kind, (name, pdf())).text, kind
    for kind in ("identity", "registration", "articles"):
        settled(site, kind, state)


def standing(text: str) -> str:
    return text.partition('data-testid="declaration" data-state="')[2].partition('"')[0]


def declared(site: TestClient, state: str) -> str:
    """Return the page once the declaration stands as it should."""
    builders.eventually(lambda: standing(site.get(PATH).text) == state)
    return site.get(PATH).text


@pytest.mark.usefixtures("marie")
def test_papers_come_first_then_an_expert_declares_until_it_is_validated(site: TestClient) -> None:
    page = site.get(PATH).text
    assert (standing(page), 'data-testid="papers-first"' in page, "only_me" in page) == ("missing", True, False)
    assert "done=overtaken" in str(site.post(DECLARE, data=ALONE).url)
    prove(site)
    page = site.get(PATH).text
    assert (stage(page), "I am the only owner: Anne Le Goff" in page) == ("proving", True)
    assert 'name="p1_first_name" type="text" autocomplete="off" value="Anne"' in page
    assert "has to know, and to validate it" in site.get("/my/payouts").text

    refused = site.post(DECLARE, data={**ALONE, "p1_line": "", "p1_birth_country": "ZZ", "complete": ""})
    assert refused.status_code == 422
    for field in ("p1_line", "p1_birth_country", "complete"):
        assert f'data-testid="fault-{field}"' in refused.text
    assert 'value="29200"' in refused.text

    named = {**ALONE, "only_me": "", "p1_first_name": "IncompleteUBO", "p1_last_name": "Le Goff"}
    named |= {"p1_born_on": "1980-02-29", "p1_nationality": "FR"}
    sent = site.post(DECLARE, data={**named, **SECOND, "people": "2", "do": "send"})
    assert "Thank you: the declaration is on its way" in sent.text
    page = declared(site, "incomplete")
    assert ("2 people" in page, "Somebody is missing" in page, stage(page)) == (True, True, "proving")
    site.post(DECLARE, data={**named, "p1_first_name": "AcceptUBO"})
    declared(site, "validated")
    builders.eventually(lambda: stage(site.get(PATH).text) == "verified")
    assert "has to know, and to validate it" not in site.get("/my/payouts").text
    assert "done=overtaken" in str(site.post(DECLARE, data=ALONE).url)


@pytest.mark.usefixtures("marie")
def test_people_are_added_and_taken_out_without_a_script(site: TestClient) -> None:
    prove(site, "card.pdf", "asked")
    assert site.get(PATH).text.count('data-testid="owner"') == 1
    page = site.post(DECLARE, data={**ALONE, **SECOND, "people": "1", "do": "add"})
    assert (page.status_code, page.text.count('data-testid="owner"')) == (200, 2)
    assert 'value="remove-2"' in page.text
    page = site.post(DECLARE, data={**ALONE, **SECOND, "people": "2", "do": "remove-1"})
    assert page.text.count('data-testid="owner"') == 1
    assert 'name="p1_first_name" type="text" autocomplete="off" value="Loïc"' in page.text
    assert standing(page.text) == "missing"
    most = site.post(DECLARE, data={"people": "4", "do": "add"}).text
    assert (most.count('data-testid="owner"'), 'value="add"' in most) == (4, False)
    for odd in ({}, {"people": "9" * 3_000}, {"people": "²", "p1_country": "\0"}, {"do": "remove-²"}):
        assert site.post(DECLARE, data=odd).status_code == 422


def test_operators_look_at_declarations_of_the_sandbox_and_decide(
    site: TestClient, database: Database, marie: Account
) -> None:
    prove(site, "card.pdf", "asked")
    site.post(DECLARE, data={**ALONE, **SECOND, "only_me": ""} | {"people": "1", "only_me": "yes"})
    declared(site, "asked")
    signed_in.as_new(site, AccountKind.OPERATOR, "Olga")
    assert 'data-testid="card-declarations"' in site.get("/operator").text
    page = site.get("/operator/papers").text
    assert "Anne Le Goff, born on" in page
    assert "2 quai Vert, 29200 Brest" in page
    declaration_id = page.rpartition("/operator/papers/declarations/")[2].partition("/")[0]
    address = f"/operator/papers/declarations/{declaration_id}"
    refused = site.post(f"{address}/refuse", data={"reason": "document_unreadable", "explanation": "x" * 501})
    assert refused.status_code == 422
    for field in ("reason", "explanation"):
        assert f'data-testid="fault-{field}"' in refused.text
    given = {"reason": "shareholders_declaration_needed", "explanation": "See it.", "outcome": "incomplete"}
    done = site.post(f"{address}/refuse", data=given)
    assert "Sent back. The expert gets the reason by mail." in done.text
    assert "2 quai Vert" not in done.text
    assert "done=overtaken" in str(site.post(f"{address}/validate").url)
    for odd in ("nothing", "a%00b"):
        assert site.post(f"/operator/papers/declarations/{odd}/validate").status_code == 404
    with database.reading() as session:
        acts = [entry.details for entry in audits.entries(session, object_id=marie.expert_id)]
    assert {"kind": "declaration", "outcome": "shareholders_declaration_needed"} in acts
    signed_in.sign_in(site, marie)
    page = declared(site, "incomplete")
    assert ("a signed declaration of shareholders is missing" in page, "See it." in page) == (True, True)
    site.post(DECLARE, data=ALONE)
    declared(site, "asked")
    signed_in.as_new(site, AccountKind.OPERATOR, "Oleg")
    page = site.get("/operator/papers").text
    declaration_id = page.rpartition("/operator/papers/declarations/")[2].partition("/")[0]
    assert "Validated. The expert sees it" in site.post(f"/operator/papers/declarations/{declaration_id}/validate").text
    signed_in.sign_in(site, marie)
    declared(site, "validated")


@pytest.mark.usefixtures("marie")
def test_sole_traders_declare_nothing(site: TestClient, database: Database, marie: Account) -> None:
    identify(database, marie, status="sole_trader")
    site.post(PATH, data=FORM)
    assert standing(site.get(PATH).text) == ""
    assert "done=overtaken" in str(site.post(DECLARE, data=ALONE).url)
