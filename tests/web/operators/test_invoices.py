import pytest
from fastapi.testclient import TestClient

from booking import invoices
from foundation.database import Database
from foundation.settings import Operator
from tests.booking.carried_out import Stage
from tests.builders import eventually


@pytest.mark.usefixtures("operator")
def test_operators_see_why_invoices_wait_and_say_what_a_euro_was_worth(client: TestClient, database: Database) -> None:
    assert 'data-testid="nothing-waits"' in client.get("/operator/invoices").text
    stage = Stage(database, currency="USD").accept().pay().start().report().validate()
    assert 'data-testid="card-invoices"' in client.get("/operator").text
    page = client.get("/operator/invoices").text
    assert ('data-rule="tax_in_euros"' in page, stage.mission.number in page, "USD" in page) == (True, True, True)
    path = f"/operator/invoices/{stage.id}/try"
    refused = client.post(path, data={"units_per_euro": "a <lot>"})
    assert (refused.status_code, "a &lt;lot&gt;" in refused.text) == (422, True)
    assert 'data-testid="fault-units_per_euro"' in refused.text
    assert "done=tried" in str(client.post(path, data={"units_per_euro": "1,0842"}).url)
    invoices.look_after(database, Operator(), stage.now())
    eventually(lambda: 'data-testid="held"' not in client.get("/operator/invoices").text)
    for unknown in (stage.id, "nothing", "%00", "x" * 200):
        assert client.post(f"/operator/invoices/{unknown}/try").status_code == 404
    client.headers["Accept-Language"] = "fr"
    assert "Factures en attente" in client.get("/operator/invoices").text
