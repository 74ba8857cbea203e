from datetime import UTC, datetime

import pytest

from accounts import review_priors
from foundation.database import Database
from ranking import reviews
from taxonomy.wordlists import Wordlists
from tests.builders import import_all, record

AT = datetime(2026, 11, 25, tzinfo=UTC)


def rated(ref: str, sectors: list[str], *ratings: int) -> dict[str, object]:
    given = [{"skill": "Douane", "rating": rating, "on": "2026-03-14"} for rating in ratings]
    return record(ref, sectors=sectors, reviews=given)


def take(database: Database, wordlists: Wordlists) -> bool:
    with database.writing() as session:
        return review_priors.keep(session, review_priors.means(session, wordlists), at=AT)


def kept(database: Database) -> dict[str, float]:
    with database.reading() as session:
        return review_priors.read(session)


def test_sectors_are_rated_by_the_reviews_of_who_works_in_them(database: Database, wordlists: Wordlists) -> None:
    import_all(
        database,
        [
            rated("H001", ["Automobile", "Robotique"], *[5] * 10),
            rated("H002", ["Automotive"], *[2] * 10),
            rated("H003", ["Robotique"], 5, 5),
            rated("H004", ["Banque"], 4),
            record("H005", sectors=["Textile"]),
        ],
    )
    assert take(database, wordlists)
    keys = {name: wordlists.sector_key(name) for name in ("Automobile", "Robotique", "Banque", "Textile")}
    assert keys["Automobile"] == wordlists.sector_key("Automotive")
    assert kept(database) == pytest.approx(
        {
            keys["Automobile"]: reviews.sector_mean(70, 20),
            keys["Robotique"]: reviews.sector_mean(60, 12),
        }
    )


def test_a_mean_stays_until_it_has_moved_by_a_step(database: Database, wordlists: Wordlists) -> None:
    import_all(database, [rated("H001", ["Banque"], *[5] * 10)])
    assert take(database, wordlists)
    before = kept(database)
    import_all(database, [rated("H002", ["Banque"], 5, 5)])
    assert not take(database, wordlists)
    assert kept(database) == before
    import_all(database, [rated("H003", ["Banque"], *[1] * 10)])
    assert take(database, wordlists)
    assert kept(database)[wordlists.sector_key("Banque")] < before[wordlists.sector_key("Banque")]


def test_a_sector_that_nobody_works_in_any_more_is_forgotten(database: Database, wordlists: Wordlists) -> None:
    import_all(database, [rated("H001", ["Banque"], *[5] * 10)])
    assert take(database, wordlists)
    import_all(database, [rated("H001", ["Textile"], *[5] * 10)])
    assert take(database, wordlists)
    assert kept(database).keys() == {wordlists.sector_key("Textile")}
