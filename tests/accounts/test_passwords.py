import pytest

from accounts import passwords

GOOD = "correct horse battery staple"


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("kurz", "too_short"),
        ("password12", "too_easy"),
        ("aaaaaaaaaaaaaaaa", "too_easy"),
        ("zoe.lahaye", "too_easy"),
        ("x" * 201, "too_long"),
    ],
)
def test_what_would_be_guessed_is_refused(password: str, code: str) -> None:
    fault = passwords.check(password, ["Zoé Lahaye", "zoe.lahaye@vins.example"], "en")
    assert fault is not None
    assert (fault.field, fault.code) == ("password", code)


@pytest.mark.parametrize(
    "password", [GOOD, "ÜbergrößenVerkäufer", "七転び八起きと猿も木から落ちる", "a b c d e f g 9!" * 4]
)
def test_length_counts_and_no_kind_of_character_is_asked_for(password: str) -> None:
    assert passwords.check(password, ["Anna"], "fr") is None


def test_only_the_same_password_matches_and_its_hash_never_repeats() -> None:
    kept = passwords.hashed(GOOD)
    assert kept.startswith("$argon2id$")
    assert kept != passwords.hashed(GOOD)
    assert passwords.matches(GOOD, kept)
    assert not passwords.matches(GOOD + " ", kept)
    assert not passwords.matches("nobody has this password", None)


def test_the_faults_are_said_in_the_readers_language() -> None:
    fault = passwords.check("kurz", [], "fr")
    assert fault is not None
    assert "10 caractères" in fault.message
