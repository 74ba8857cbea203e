"""What both sides read on a mission's page while its invoices wait, and what they can do about it."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from accounts.models.accounts import Client
from foundation.database import Database
from tests import signed_in
from tests.booking.carried_out import Stage
from tests.booking.quoted import CONTENT
from tests.builders import site as made

NOBODY = {**CONTENT["parties"]["client"], "registration_number": None, "vat_number": None}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with made(tmp_path_factory.mktemp("holds")) as client:
        client.headers["Accept-Language"] = "en"
        yield client


@pytest.fixture
def database(site: TestClient) -> Database:
    return signed_in.database_of(site)


def test_each_side_reads_what_it_can_mend(site: TestClient, database: Database) -> None:
    stage = Stage(database).accept(parties={"client": NOBODY}).pay().start().report()
    with database.writing() as session:
        session.get_one(Client, stage.client.client_id).registration_number = None
    stage.validate()
    signed_in.as_who(site, stage.client)
    page = site.get(f"/missions/{stage.id}").text
    assert ('data-rule="siren"' in page, 'href="/account/company"' in page) == (True, True)
    signed_in.as_who(site, stage.expert)
    page = site.get(f"/missions/{stage.id}").text
    assert ('data-testid="hold"' in page, "We are looking after it." in page) == (False, True)
