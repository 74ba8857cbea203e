from xml.etree import ElementTree as ET

from web import maps

SVG = "{http://www.w3.org/2000/svg}"
LABELS = {"FR": "France", "MA": "Maroc", "SG": "Singapour", "MU": "Maurice", "XK": "Kosovo"}


def titles(codes: list[str]) -> list[str]:
    root = ET.fromstring(maps.world(codes, LABELS))  # noqa: S314 - we made it
    return [title.text or "" for title in root.iter() if title.tag.removeprefix(SVG) == "title"]


def test_every_worked_country_is_on_the_map_by_name_small_ones_too() -> None:
    assert set(titles(list(LABELS))) == set(LABELS.values())


def test_a_map_without_countries_highlights_none() -> None:
    assert titles([]) == []


def test_the_map_has_a_name_for_who_cannot_see_it() -> None:
    root = ET.fromstring(maps.world(["FR"], LABELS))  # noqa: S314 - we made it
    assert root.get("role") == "img"
    assert "France" in (root.get("aria-label") or "")


def test_labels_stay_text() -> None:
    assert "<b>" not in maps.world(["FR"], {"FR": '<b>France</b> & "co"'})
