"""How missions of a demonstration are paid for: by a card of the sandbox."""

from datetime import datetime

from accounts.sign_ins import SignedIn
from billing import provider_calls
from billing.providers import sandbox
from billing.providers.sandbox import Sandbox
from booking import missions
from foundation.database import Database

CARD = "4970100000000014"


def pay(database: Database, client: SignedIn, mission_id: str, at: datetime) -> None:
    """Pay for a mission, and let it know."""
    provider = Sandbox(database)
    address = provider_calls.begin_card(database, provider, client, mission_id, f"/missions/{mission_id}", "fr", at=at)
    card_id = address.rpartition("/")[2]
    with database.writing() as session:
        sandbox.pay_by_card(session, card_id, CARD)
    provider_calls.hear(database, provider, [f"{sandbox.NAME}:payin:{card_id}"], at)
    database.write(lambda session: missions.hold_funds(session, mission_id, at=at))
