"""An expert's page of verification: who is paid, and what proves it; and the operators' queue of the sandbox."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from accounts.models.accounts import Account, AccountKind
from foundation import audits
from foundation.database import Database
from tests import builders, signed_in
from tests.accounts.test_letters import pdf
from tests.billing import owning
from tests.billing.identified import identify
from tests.billing.test_identity_papers import image

PATH = "/my/verification"
FORM = {**owning.FORM, "kind": "sole_trader"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with builders.site(tmp_path_factory.mktemp("verification")) as client:
        client.headers["Accept-Language"] = "en"
        yield client


@pytest.fixture
def database(site: TestClient) -> Database:
    return signed_in.database_of(site)


@pytest.fixture
def anne(site: TestClient, database: Database) -> Account:
    """Return an expert with a legal identity, who is signed in."""
    account = signed_in.as_new(site, AccountKind.EXPERT)
    identify(database, account)
    return account


def stage(text: str) -> str:
    return text.partition('data-stage="')[2].partition('"')[0]


def test_who_has_no_legal_identity_is_asked_for_it_first(site: TestClient, database: Database) -> None:
    account = signed_in.as_new(site, AccountKind.EXPERT)
    page = site.get(PATH).text
    assert (stage(page), 'href="/my/identity"' in page) == ("unknown", True)
    identify(database, account, status="portage_salarial", portage_company="Freelance SA")
    assert stage(site.get(PATH).text) == "employed"
    refused = site.post(PATH, data=FORM)
    assert "done=overtaken" in str(refused.url)


@pytest.mark.usefixtures("anne")
def test_an_expert_says_who_is_paid_and_is_known_at_once(site: TestClient) -> None:
    page = site.get(PATH).text
    assert (stage(page), 'value="Anne Le Goff EI"' in page) == ("asked", True)
    refused = site.post(PATH, data={**FORM, "born_on": "2020-01-01", "nationality": "", "terms": ""})
    assert refused.status_code == 422
    for field in ("born_on", "nationality", "terms"):
        assert f'data-testid="fault-{field}"' in refused.text
    assert 'value="1 rue du Port"' in refused.text
    given = site.post(PATH, data=FORM)
    assert ("Thank you: your details are kept." in given.text, stage(given.text)) == (True, "proving")
    assert "Anne Le Goff" in given.text
    form = site.get(f"{PATH}?change=yes").text
    assert ('value="Anne"' in form, "asks for the papers anew" in form) == (True, True)
    refused = site.post(PATH, data={**FORM, "correction": "yes", "first_name": ""})
    assert (refused.status_code, 'name="correction"' in refused.text) == (422, True)
    assert "Anne-Marie Le Goff" in site.post(PATH, data={**FORM, "first_name": "Anne-Marie"}).text
    assert "done=overtaken" in str(site.post(PATH, data={**FORM, "kind": "person"}).url)
    for address in (f"{PATH}/confirm", f"{PATH}/back"):
        answer = site.post(address) if address.endswith("confirm") else site.get(address)
        assert (answer.url.path, stage(answer.text)) == (PATH, "proving")


def known(site: TestClient) -> None:
    assert stage(site.post(PATH, data=FORM).text) == "proving"


def send(site: TestClient, kind: str = "identity", *files: tuple[str, bytes]) -> Response:
    chosen = [("pages", (name, content, "text/plain")) for name, content in files or [("card.pdf", pdf())]]
    return site.post(f"{PATH}/papers", data={"kind": kind}, files=chosen)


def paper_state(text: str, kind: str = "identity") -> str:
    return text.partition(f'data-kind="{kind}" data-state="')[2].partition('"')[0]


def settled(site: TestClient, kind: str, state: str) -> str:
    """Return the page once a paper stands as it should: lanes deliver within a second."""
    builders.eventually(lambda: paper_state(site.get(PATH).text, kind) == state)
    return site.get(PATH).text


@pytest.mark.usefixtures("anne")
def test_papers_are_sent_refused_sent_again_and_validated(site: TestClient) -> None:
    assert "done=overtaken" in str(send(site).url)
    known(site)
    page = site.get(PATH).text
    assert (paper_state(page), paper_state(page, "registration")) == ("missing", "missing")
    assert "identity card, both sides" in page
    refused = send(site, "identity", ("refused-unreadable.pdf", pdf()), ("back.pdf", pdf()))
    assert "Thank you: the paper is on its way" in refused.text
    page = settled(site, "identity", "refused")
    assert "It can’t be read." in page
    assert "2 files" in page
    send(site, "identity", ("valid.pdf", pdf()))
    send(site, "registration", ("valid.pdf", pdf()))
    settled(site, "identity", "validated")
    page = settled(site, "registration", "validated")
    builders.eventually(lambda: stage(site.get(PATH).text) == "verified")
    assert "done=overtaken" in str(send(site).url)


@pytest.mark.usefixtures("anne")
def test_files_that_can_t_be_sent_on_are_refused_beside_their_field(site: TestClient) -> None:
    known(site)
    for files in ([("a.pdf", b"<script>")], [("a.pdf", b"")], [("a.pdf", pdf())] * 6):
        answer = send(site, "registration", *files)
        assert answer.status_code == 422
        assert answer.text.count('data-testid="fault-pages"') == 1
        assert paper_state(answer.text, "registration") == "missing"
    assert "done=overtaken" in str(send(site, "no\0thing").url)
    large = send(site, "identity", ("a.pdf", b"%" * 20_100_000))
    assert (large.status_code, 'data-testid="fault-pages"' in large.text) == (422, True)


@pytest.mark.usefixtures("anne")
def test_another_status_says_before_it_is_saved_what_it_asks_for(site: TestClient) -> None:
    address = "/my/identity?country=FR&status="
    assert 'data-testid="change"' not in site.get(f"{address}sarl").text
    known(site)
    page = site.get(f"{address}sarl").text
    assert "it asks anew who that is, and for all papers. Payouts wait" in page
    assert 'data-testid="change"' not in site.get("/my/identity").text
    given = {"country": "FR", "status": "sarl", "legal_name": "LG SARL", "address": "1 rue du Port\n44000 Nantes"}
    site.post("/my/identity", data={**given, "registration_number": "732829320"})
    page = site.get(PATH).text
    assert (stage(page), "Your legal status has changed" in page) == ("asked", True)
    assert ('value="LG SARL"' in page, 'value="Le Goff"' in page) == (True, True)


def waiting(text: str) -> str:
    """Return the id of the last paper of the operators' queue."""
    return text.rpartition("/validate")[0].rpartition("/operator/papers/")[2]


def test_operators_look_at_papers_of_the_sandbox_and_decide(
    site: TestClient, database: Database, anne: Account
) -> None:
    known(site)
    for kind in ("identity", "registration"):
        send(site, kind, ("card.png", image("PNG")), ("back.pdf", pdf()))
        settled(site, kind, "asked")
    signed_in.as_new(site, AccountKind.OPERATOR, "Olga")
    assert 'data-testid="card-papers"' in site.get("/operator").text
    page = site.get("/operator/papers").text
    assert page.count('data-testid="paper"') == 2
    assert "born on" in page
    paper_id = waiting(page)
    first, second = (site.get(f"/operator/papers/{paper_id}/pages/{place}") for place in (1, 2))
    assert (first.content, first.headers["content-type"]) == (image("PNG"), "image/png")
    assert (second.content, second.headers["content-disposition"]) == (
        pdf(),
        'attachment; filename="registration-2.pdf"',
    )
    assert "sandbox" in first.headers["content-security-policy"]
    refused = site.post(f"/operator/papers/{paper_id}/refuse", data={"reason": "whim", "explanation": "x" * 501})
    assert refused.status_code == 422
    for field in ("reason", "explanation"):
        assert f'data-testid="fault-{field}"' in refused.text
    done = site.post(f"/operator/papers/{paper_id}/refuse", data={"reason": "wrong_person", "explanation": "See it."})
    assert "Refused. The expert gets the reason by mail." in done.text
    assert site.get(f"/operator/papers/{paper_id}/pages/1").status_code == 404
    assert "done=overtaken" in str(site.post(f"/operator/papers/{paper_id}/validate").url)
    validated = site.post(f"/operator/papers/{waiting(done.text)}/validate")
    assert "Validated. The expert sees it" in validated.text
    assert "decided_identity_paper" in validated.text
    for odd in ("nothing", "a%00b"):
        assert site.post(f"/operator/papers/{odd}/validate").status_code == 404
        assert site.get(f"/operator/papers/{odd}/pages/1").status_code == 404
    with database.reading() as session:
        acts = [entry.action for entry in audits.entries(session, object_id=anne.expert_id)]
    assert acts.count("decided_identity_paper") == acts.count("read_identity_paper") == 2
    signed_in.sign_in(site, anne)
    page = settled(site, "registration", "refused")
    assert "It is not about the person or business that you named." in page
    assert "See it." in page
    settled(site, "identity", "validated")
