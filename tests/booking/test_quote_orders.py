"""A quote whose two sides, a stranger and the clock do anything in any order."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlmodel import col

from accounts.models.accounts import Account
from accounts.sign_ins import SignedIn
from booking import quote_deadlines, quote_documents, quote_drafts, quote_versions, quotes, signatures
from booking.models.quotes import Quote, QuoteKind, QuoteVersion, Side, Signature
from booking.quote_drafts import For
from booking.signatures import Consent
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from foundation.settings import Settings
from tests import builders
from tests.booking import quoting
from tests.booking.quoting import AT, FORM


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    found = builders.database_of(builders.settings_in(tmp_path_factory.mktemp("orders")))
    yield found
    found.close()


@pytest.fixture(scope="module")
def people(database: Database) -> dict[str, tuple[Account, SignedIn]]:
    found = {"expert": quoting.expert(database), "client": quoting.client(database)}
    found["stranger"] = quoting.expert(database, name="Otto")
    quoting.offered(database, found["client"], found["expert"])
    return {name: (account, quoting.who(database, account)) for name, account in found.items()}


STEP = ("step_1_name", "step_1_from", "step_1_until")


class Run:
    """One quote, and what may be done with it by whom."""

    def __init__(self, database: Database, people: dict[str, tuple[Account, SignedIn]]) -> None:
        self.database, self.people, self.at = database, people, AT
        client_id = str(people["client"][1].client_id)
        with database.writing() as session:
            who = people["expert"][1]
            self.id = quote_drafts.start(session, who, For(client_id=client_id), QuoteKind.MISSION, "en", at=AT).id
        self.seen: dict[int, str] = {}
        self.days = 4

    def act(self, by: str, command: str) -> None:
        """Do something, if it may be done; whatever is refused changes nothing."""
        who = self.people[by][1]
        before = self.state()
        work: dict[str, Callable[[], object]] = {
            "save": lambda: self._save(who),
            "send": lambda: self._issue(who, "send"),
            "amend": lambda: self._issue(who, "amend"),
            "change": lambda: (self._save(who), self._issue(who, "amend")),
            "withdraw": lambda: self._write(lambda session: quotes.withdraw(session, who, self.id, at=self.at)),
            "cancel": lambda: self._write(lambda session: quotes.cancel(session, who, self.id, "Why", at=self.at)),
            "accept": lambda: self._accept(who),
            "decline": lambda: self._write(lambda session: signatures.decline(session, who, self.id, "No", at=self.at)),
        }
        try:
            work[command]()
        except (Conflict, Invalid, NotFound):
            assert command == "change" or self.state() == before
        else:
            assert by == ("client" if command in {"accept", "decline"} else by)
            assert by != "stranger"

    def pass_time(self, days: int) -> None:
        """Let days go by, and what comes due happen."""
        self.at += timedelta(days=days)
        quote_deadlines.look_after(self.database, self.at)

    def state(self) -> tuple[object, ...]:
        """Return what must not change where something is refused."""
        with self.database.reading() as session:
            quote = session.get_one(Quote, self.id)
            signed = session.execute(select(Signature).where(col(Signature.quote_id) == self.id)).scalars().all()
            return (quote.state, quote.latest_version, quote.accepted_version, quote.draft_edition, len(signed))

    def check(self) -> None:
        """Versions are numbered without gaps, signed by the expert, and say what they said."""
        with self.database.reading() as session:
            quote = session.get_one(Quote, self.id)
            found = quotes.versions(session, self.id)
            signed = signatures.of_quote(session, self.id)
        assert [version.number for version in found] == list(range(1, quote.latest_version + 1))
        for version in found:
            assert self.seen.setdefault(version.number, version.content_hash) == version.content_hash
            assert quote_documents.of(version).version == version.number
            assert signed[version.number, Side.EXPERT].account_id == self.people["expert"][0].id
            assert signed[version.number, Side.EXPERT].content_hash == version.content_hash
        rates = {version.day_rate_cents for version in found if version.number >= (quote.accepted_version or 10**9)}
        assert len(rates) <= 1

    def _write(self, work: Callable[..., object]) -> None:
        self.database.write(work)

    def _save(self, who: SignedIn) -> None:
        self.days += 1
        today = self.at.date()
        last = (today + timedelta(days=10)).isoformat()
        form = {**FORM, "days_1_number": str(self.days), "valid_until": last, "day_rate": str(600 + self.days % 2)}
        form |= {
            "starts_on": "2027-06-01",
            "ends_on": "2027-07-01",
            "step_1_name": "",
            "step_1_from": "",
            "step_1_until": "",
        }
        with self.database.writing() as session:
            edition = session.get_one(Quote, self.id).draft_edition
            quote_drafts.save(session, who, self.id, form, edition, at=self.at)

    def _issue(self, who: SignedIn, how: str) -> None:
        by = quote_documents.Sending(who, "::1", "en", Settings(), self.at)
        with self.database.writing() as session:
            if how == "send":
                quote_versions.send(session, self.id, by)
            else:
                quote_versions.amend(session, self.id, "More", by)

    def _accept(self, who: SignedIn) -> None:
        with self.database.writing() as session:
            quote = session.get_one(Quote, self.id)
            latest = session.get(QuoteVersion, (self.id, quote.latest_version))
            consent = Consent(quote.latest_version, latest.content_hash if latest else "", has_read_terms=True)
            signatures.accept(session, who, self.id, consent, address="::1", language="en", at=self.at)


COMMANDS = ("save", "send", "amend", "withdraw", "accept", "decline", "cancel")
usual = st.sampled_from(
    [("expert", "change"), ("client", "accept"), ("expert", "change"), ("client", "decline"), ("expert", "withdraw")]
)
any_act = st.tuples(st.sampled_from(["expert", "client", "stranger"]), st.sampled_from(COMMANDS))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.one_of(usual, usual, any_act, st.integers(1, 12)), min_size=3, max_size=12))
def test_any_order_keeps_the_rules(
    database: Database, people: dict[str, tuple[Account, SignedIn]], steps: list[tuple[str, str] | int]
) -> None:
    run = Run(database, people)
    run.act("expert", "save")
    run.act("expert", "send")
    for step in steps:
        if isinstance(step, int):
            run.pass_time(step)
        else:
            run.act(*step)
        run.check()
    with suppress(Conflict), database.writing() as session:  # so that the next one is no second draft
        quote_drafts.discard(session, people["expert"][1], run.id, at=run.at)
