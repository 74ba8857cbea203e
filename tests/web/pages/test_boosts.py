from foundation.i18n import LANGUAGES
from ranking import lifts
from ranking.lifts import Draw
from web.pages import boosts

MANY = [Draw(False, 0.04, 1, 1)] * 1_920 + [Draw(True, 0.04, 1, 1)] * 40


def test_whoever_pays_reads_what_the_boost_brought_and_how_sure_that_is() -> None:
    firsts, views = boosts.effect(lifts.measure(MANY), "en")
    assert "2.00 times as often" in firsts
    assert "between 1.46 and 2.74, 95% sure" in views
    assert "2,00 fois" in boosts.effect(lifts.measure(MANY), "fr")[0]


def test_whoever_pays_reads_that_it_is_too_early_to_say() -> None:
    for language in LANGUAGES:
        sentences = boosts.effect(lifts.measure(MANY[:50]), language)
        assert all("20" in sentence and "50" in sentence for sentence in sentences)
