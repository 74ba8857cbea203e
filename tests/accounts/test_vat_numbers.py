"""VIES is played by a server that speaks its REST interface: the real one can't be reached from everywhere."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from accounts import legal_identities, vat_numbers
from accounts.events import IDENTITY_VAT_NUMBER_GIVEN
from accounts.models.accounts import AccountKind, Client, Membership
from accounts.models.profiles import LegalIdentity
from accounts.vat_numbers import Standing, VatServiceAway
from foundation import audits, clock, outbox
from foundation.database import Database
from tests import signed_in
from tests.builders import settings_in

ANSWERS: dict[str, dict[str, Any]] = {
    "40303265045": {"valid": True, "requestIdentifier": "WAPIAAAAYx", "name": "SA SODIMAS"},
    "136695976": {"valid": False, "requestIdentifier": "", "name": "---"},
    "999": {"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]},
}


class Vies(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.path == "/rest-api/check-vat-number"
        said = {
            "countryCode": asked["countryCode"],
            "vatNumber": asked["vatNumber"],
            "requestDate": "2026-11-30T09:00:00Z",
        }
        body = json.dumps({**said, **ANSWERS[asked["vatNumber"]]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        del format, args


@contextmanager
def vies() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Vies)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/rest-api/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def client_with(database: Database, vat_number: str) -> str:
    account = signed_in.make(database, AccountKind.COMPANY)
    with database.writing() as session:
        client = session.get_one(Client, session.get_one(Membership, account.id).client_id)
        client.vat_number = vat_number
        session.add(client)
    return client.id


def proof(database: Database, client_id: str) -> dict[str, str] | None:
    with database.reading() as session:
        return session.get_one(Client, client_id).vat_proof


def test_what_vies_says_is_kept_as_proof(database: Database, tmp_path: Path) -> None:
    known, unknown, abroad = (client_with(database, number) for number in ("FR40303265045", "DE136695976", "CHE1"))
    with vies() as address:
        ask = vat_numbers.vies(settings_in(tmp_path, vies_url=address))
        vat_numbers.check(database, ask, [known, unknown, abroad, "nobody"])
    assert proof(database, known) == {
        "vat_number": "FR40303265045",
        "valid": "True",
        "requested_at": "2026-11-30T09:00:00Z",
        "consultation": "WAPIAAAAYx",
        "name": "SA SODIMAS",
    }
    assert (proof(database, unknown) or {})["valid"] == "False"
    assert proof(database, abroad) is None


def test_while_a_member_state_is_away_nothing_is_kept_and_it_is_tried_again(database: Database, tmp_path: Path) -> None:
    client_id = client_with(database, "FR999")
    with vies() as address:
        ask = vat_numbers.vies(settings_in(tmp_path, vies_url=address))
        with pytest.raises(VatServiceAway, match="MS_UNAVAILABLE"):
            vat_numbers.check(database, ask, [client_id])
    with pytest.raises(VatServiceAway, match="does not answer"):
        vat_numbers.check(database, ask, [client_id])
    assert proof(database, client_id) is None


def test_an_installation_that_was_told_no_service_asks_nobody(database: Database, tmp_path: Path) -> None:
    assert vat_numbers.vies(settings_in(tmp_path)) is None
    vat_numbers.check(database, None, [client_with(database, "FR40303265045")])


def identified(database: Database, expert_id: str, vat_number: str) -> None:
    form = {"country": "FR", "status": "sole_trader", "registration_number": "732829320", "vat_number": vat_number}
    with database.writing() as session:
        who = {"legal_name": "Anne", "address": "1 rue du Port"}
        legal_identities.save(session, expert_id, {**form, **who}, actor=audits.SYSTEM, at=clock.now())


def kept(database: Database, expert_id: str) -> LegalIdentity:
    with database.reading() as session:
        return session.get_one(LegalIdentity, expert_id)


def owed(database: Database) -> list[str]:
    with database.reading() as session:
        return [row.topic for row in session.query(outbox.OutboxRow).filter_by(topic=IDENTITY_VAT_NUMBER_GIVEN)]


def test_an_experts_number_is_asked_for_once_and_again_when_it_changes(database: Database, tmp_path: Path) -> None:
    expert_id = signed_in.make(database, AccountKind.EXPERT).expert_id or ""
    identified(database, expert_id, "FR40303265045")
    identified(database, expert_id, "FR40303265045")
    assert len(owed(database)) == 1
    with vies() as address:
        ask = vat_numbers.vies(settings_in(tmp_path, vies_url=address))
        vat_numbers.check_experts(database, ask, [expert_id, "nobody"])
    known = kept(database, expert_id)
    assert (known.vat_proof or {})["consultation"] == "WAPIAAAAYx"
    assert vat_numbers.standing(known.vat_number, known.vat_proof) is Standing.CONFIRMED
    identified(database, expert_id, "FR44732829320")
    assert kept(database, expert_id).vat_proof is None
    assert len(owed(database)) == 2
    identified(database, expert_id, "")
    assert len(owed(database)) == 2


def test_a_number_stands_by_the_answer_about_itself_alone() -> None:
    answer = {"vat_number": "FR1", "valid": "True"}
    assert vat_numbers.standing(None, None) is Standing.NONE
    assert vat_numbers.standing("FR1", None) is Standing.UNCHECKED
    assert vat_numbers.standing("FR1", answer) is Standing.CONFIRMED
    assert vat_numbers.standing("FR2", answer) is Standing.UNCHECKED
    assert vat_numbers.standing("FR1", {**answer, "valid": "False"}) is Standing.REFUSED
