"""A world of its own for each run: a real database, its time, and everything that anybody may try in it.

Whatever is refused as it should be is a result like any other, and changes nothing. Anything else that is raised fails.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from sqlalchemy import delete
from sqlalchemy.orm import Session
from sqlmodel import col

from accounts.sign_ins import SignedIn
from billing.providers.sandbox import Sandbox
from booking.signatures import NotApproved
from foundation.database import Database
from foundation.errors import Conflict, Invalid, NotFound
from foundation.outbox import OutboxRow
from foundation.schedules import Schedule
from tests.any_order import cast, laws
from tests.any_order.cast import Cast
from tests.any_order.laws import Moment
from tests.any_order.rows import Reader, Row
from web import reactions
from web.deliveries import Lane

ALLOWED = (Conflict, NotFound, Invalid, NotApproved)
MINUTE = timedelta(minutes=1)
Act = Callable[[Session], object]


_FOLDER = TemporaryDirectory()


@lru_cache(maxsize=1)
def _place() -> tuple[Path, Database]:
    """Return where the worlds of this process are, one after another: its engine knows the statements by then."""
    path = Path(_FOLDER.name) / "world.db"
    return path, Database(f"sqlite:///{path}")


class World:
    """Everybody, and what becomes of them."""

    counts: ClassVar[Counter[str]] = Counter()
    """What was tried in all worlds of a process, and what came of it."""

    def __init__(self, made: Cast) -> None:
        self._path, self.database = _place()
        self._path.write_bytes(made.file)
        self.people: dict[str, SignedIn] = dict(made.people)
        self.provider = Sandbox(self.database)
        self.at = made.at
        self._reader = Reader(self._path)
        self.rows = self._reader.read()
        self._states = {(row["kind"], row["object_id"]): row["after"] for row in self.rows.state_changes}
        lanes = [
            *reactions.money_table(self.provider, self.database, lambda: self.at),
            *reactions.invoice_table(cast.SETTINGS.operator, self.database, lambda: self.at),
            *reactions.mission_table(cast.SETTINGS, self.database, lambda: self.at),
        ]
        self._lanes: dict[str, Lane] = {lane.topic: lane for lane in lanes}
        self._schedules = [schedule for schedule in reactions.SCHEDULES if schedule.topic in self._lanes]

    def close(self) -> None:
        self._reader.close()
        self.database.close()

    def saved(self) -> bytes:
        """Return the world as a file that another one can begin with; this one is over."""
        self._reader.close()
        self.database.purge()
        self.database.close()
        return self._path.read_bytes()

    @property
    def now(self) -> datetime:
        """Return the time, a minute after it was asked for last."""
        self.at += MINUTE
        return self.at

    def pick(self, table: str, place: int, is_wanted: Callable[[Row], object] = lambda _: True) -> Row | None:
        """Return a row, counted back from the latest."""
        found = [row for row in getattr(self.rows, table) if is_wanted(row)]
        return found[-1 - place % len(found)] if found else None

    def do(self, name: str, act: Act, *, never: type[Exception] | None = None) -> bool:
        """Try something in a transaction; tell whether it was done. `never` is what it may not be refused with."""
        return self.attempt(name, lambda: self.database.write(act), never=never)

    def attempt(self, name: str, work: Callable[[], object], *, never: type[Exception] | None = None) -> bool:
        """Try something that makes its transactions itself; what is refused has changed nothing."""
        try:
            work()
        except ALLOWED as refused:
            if never is not None and isinstance(refused, never):
                raise AssertionError(f"{name} may not be refused so") from refused
            self.counts["steps"] += 1
            self.counts[f"{name}: {type(refused).__name__}"] += 1
            after = self._reader.read()
            assert (after.tables, any(after.fresh.values())) == (self.rows.tables, False), (
                f"{name} was refused, and done"
            )
            return False
        self.observe(name)
        return True

    def observe(self, name: str) -> Moment:
        """Hold what has changed against all laws."""
        moment = Moment(self.rows, self._reader.read(), self.people, self._states)
        self.counts["steps"] += 1
        self.counts[name] += 1
        self.counts.update(f"{row['kind']} {row['after']}" for row in moment.after.fresh["state_changes"])
        for law in laws.LAWS:
            law(moment)
        self.rows = moment.after
        return moment

    def owed(self) -> list[tuple[int, str, str]]:
        """Return what the outbox owes to reactions of money and missions."""
        return [(row_id, topic, key) for row_id, topic, key in self._reader.owed() if topic in self._lanes]

    def deliver(self, row_id: int, topic: str, key: str, *, is_kept: bool = False) -> None:
        """Tell a reaction of what is owed; it stays owed where whoever delivers dies before saying that it is done."""
        overtaken = self._to_be_overtaken(key) if topic == "mission.started" else None
        self._lanes[topic].reaction([key])
        if not is_kept:
            self.forget(row_id)
        moment = self.observe(f"told {topic}")
        if overtaken is not None:
            _check_overtaken(moment, key, overtaken)

    def tell(self, topic: str, *keys: str) -> None:
        """Tell a reaction of something that is owed nowhere."""
        self._lanes[topic].reaction(list(keys))
        self.observe(f"told {topic}")

    def forget(self, row_id: int) -> None:
        """Have an event be lost, or done with."""
        self.database.write(lambda session: session.execute(delete(OutboxRow).where(col(OutboxRow.id) == row_id)))

    def deliver_all(self) -> None:
        """Deliver until nothing is owed any more."""
        while owed := self.owed():
            for one in owed:
                self.deliver(*one)

    def pass_time(self, days: int, order: Sequence[int] = ()) -> None:
        """Let days go by, then have everything be done that is due by the clock; `order` says what comes first."""
        self.at += timedelta(days=days)
        due: list[Schedule] = list(self._schedules)
        for place in order:
            due.insert(0, due.pop(place % len(due)))
        for schedule in due:
            self.tell(schedule.topic, self.at.isoformat())

    def rest(self) -> None:
        """Deliver all, also what providers' events that were lost had said, and see that all has come to rest."""
        for row in self.rows.sandbox_transactions:
            kind = "refund" if row["kind"] == "refund" else "payin"
            self.tell("billing.provider_event", f"sandbox:{kind}:{row['id']}")
        self.deliver_all()
        laws.everything_has_come_to_rest(Moment(self.rows, self.rows, self.people, self._states))

    def _to_be_overtaken(self, mission_id: str) -> set[str]:
        """Return the experts who wait for an answer about the sheet of a mission that was carried by another."""
        mission = self.rows.by_id("missions")[mission_id]
        waiting = [
            *(row for row in self.rows.quotes if row["state"] == "sent"),
            *(row for row in self.rows.offers if row["state"] in {"sent", "seen"}),
        ]
        found = {row["expert_id"] for row in waiting if row["sheet_id"] == mission["sheet_id"] is not None}
        return found - {mission["expert_id"]}


def _check_overtaken(moment: Moment, mission_id: str, expert_ids: set[str]) -> None:
    """See that exactly those who waited are told, and are waiting no more."""
    mission = moment.after.by_id("missions")[mission_id]
    title = moment.after.by_id("sheets").get(mission["sheet_id"], {}).get("title")
    emails = {moment.owner_of(expert_id).email for expert_id in expert_ids}
    told = [mail for mail in moment.after.fresh["mails"] if (mail["values"] or {}).get("code") == "overtaken"]
    assert sorted(mail["recipient"] for mail in told) == sorted(emails), "those who waited are told, and nobody else"
    assert {mail["values"]["title"] for mail in told} <= {title}
    for row in (*moment.after.quotes, *moment.after.offers):
        if row["sheet_id"] == mission["sheet_id"] and row["expert_id"] in expert_ids:
            assert row["state"] not in {"sent", "seen"} or ("latest_version" in row and not row["latest_version"])
    World.counts["overtaken"] += len(told)
