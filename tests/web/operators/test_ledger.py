from fastapi.testclient import TestClient

from accounts.models.accounts import Account
from billing import reconciliations
from billing.models.ledger import LedgerDifference
from billing.providers import sandbox
from foundation import clock
from foundation.database import Database
from tests.billing.money import make


def test_operators_look_at_differences(client: TestClient, database: Database, operator: Account) -> None:
    money = make(database)
    money.open()
    money.card()
    assert 'data-testid="nothing-waits"' in client.get("/operator/ledger").text
    with database.writing() as session:
        sandbox.send_wire(session, money.client_id, "?", 12_345, "EUR", at=clock.now())
    reconciliations.reconcile(database, money.provider, at=clock.now())
    assert 'data-testid="card-ledger"' in client.get("/operator").text
    page = client.get("/operator/ledger").text
    assert ("€123.45" in page, "€4,800" in page) == (True, True)
    [row] = money.rows(LedgerDifference)
    noted = client.post(f"/operator/ledger/{row.id}/look", data={"note": "A <b>wire</b>"})
    assert (noted.status_code, "A &lt;b&gt;wire" in noted.text) == (200, True)
    assert 'data-testid="difference"' not in noted.text
    [row] = money.rows(LedgerDifference)
    assert row.looked_by == operator.id
    assert "done=overtaken" in str(client.post(f"/operator/ledger/{row.id}/look").url)
    for unknown in ("nothing", "%00", "x" * 200):
        assert client.post(f"/operator/ledger/{unknown}/look").status_code == 404
    client.headers["Accept-Language"] = "fr"
    assert "Grand livre" in client.get("/operator/ledger").text
