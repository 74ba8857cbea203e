"""Series of monthly quotes, as their two sides make and answer them: for tests of what comes of them."""

from accounts.sign_ins import SignedIn
from booking import quote_drafts, series, series_rows, series_stops, signatures
from booking.models.missions import Mission, Series
from booking.models.quotes import Quote, QuoteKind
from booking.quote_documents import Sending
from booking.quote_drafts import For
from booking.series_plans import Plan
from booking.series_rows import Month
from booking.signatures import Consent
from foundation.database import Database
from foundation.settings import Settings
from tests.booking.quoting import AT, FORM

MONTHLY = {**FORM, "title": "Follow-up", "item_1_label": "", "item_1_amount": "", "ends_on": "2027-01-31"}
"""A month's work: 4.5 days at 650 €; with a step from the 11th to the 22nd."""


class Pair:
    """An expert and a client with a series between them; `at` is when things happen."""

    def __init__(self, database: Database, expert: SignedIn, client: SignedIn) -> None:
        self.database, self.expert, self.client, self.at = database, expert, client, AT

    def draft(self, plan: Plan, **form: str) -> Series:
        """Draft months."""
        with self.database.writing() as session:
            to = For(client_id=str(self.client.client_id))
            quote = quote_drafts.start(session, self.expert, to, QuoteKind.MISSION, "en", at=self.at)
            quote_drafts.save(session, self.expert, quote.id, {**MONTHLY, **form}, quote.draft_edition, at=self.at)
            made = series.split(session, self.expert, quote.id, plan, "en", at=self.at)
        self.id = made.id
        return made

    def send(self) -> None:
        """Send all drafts."""
        with self.database.writing() as session:
            seen = series.mark(series.drafts(session, session.get_one(Series, self.id)))
            series.send(session, self.expert, self.id, seen, self.sending)

    def propose(self, plan: Plan, **form: str) -> "Pair":
        """Draft months, and send them."""
        self.draft(plan, **form)
        self.send()
        return self

    def save(self, place: int, **form: str) -> None:
        """Change the draft of a month."""
        with self.database.writing() as session:
            quote = session.get_one(Quote, self.months[place].quote.id)
            quote_drafts.save(session, self.expert, quote.id, {**quote.draft, **form}, quote.draft_edition, at=self.at)

    def accept(self, place: int) -> Mission:
        """Have the client accept a month."""
        month = self.months[place]
        assert month.latest
        consent = Consent(month.latest.number, month.latest.content_hash, has_read_terms=True)
        with self.database.writing() as session:
            return signatures.accept(
                session, self.client, month.quote.id, consent, address="::1", language="en", at=self.at
            )

    def stop(self, place: int, by: SignedIn | None = None, reason: str = "Enough") -> None:
        """Stop the series from a month on."""
        quote_id = self.months[place].quote.id
        with self.database.writing() as session:
            series_stops.stop(session, by or self.client, self.id, quote_id, reason, "en", at=self.at)

    @property
    def sending(self) -> Sending:
        """Return how the expert sends."""
        return Sending(self.expert, "::1", "en", Settings(), self.at)

    @property
    def months(self) -> list[Month]:
        """Return the months as they stand."""
        with self.database.reading() as session:
            return series_rows.months(session, self.id)

    @property
    def states(self) -> list[str]:
        """Return the states of the months' quotes."""
        return [month.quote.state for month in self.months]

    @property
    def state(self) -> str:
        """Return the state of the series."""
        with self.database.reading() as session:
            return session.get_one(Series, self.id).state
