from collections.abc import Iterator
from typing import Any

import pytest

from tests.builders import Directory, directory, record

CROWD = 720
"""More than any ranking window holds."""


def people() -> list[dict[str, Any]]:
    """Return a few experts who differ in what tests look at."""
    return [
        record(
            "CUSTOMS-MA",
            name="Salma Idrissi",
            headline="Experte douane pour le Maroc",
            skills=["Douane", "Incoterms"],
            sectors=["Agroalimentaire"],
            countries=["MA", "TN"],
            languages=["fr", "ar"],
            day_rate={"amount": 500, "currency": "EUR"},
            reviews=[{"skill": "Douane", "rating": 5, "on": "2026-03-14"}],
        ),
        record(
            "CUSTOMS-CN",
            name="Wei Zhang",
            headline="Customs clearance specialist for China",
            summary="Import and export formalities in Shanghai.",
            skills=["Customs", "Project management"],
            sectors=["Food industry"],
            countries=["CN"],
            languages=["en", "zh"],
            day_rate={"amount": 5000, "currency": "CNY"},
            available_from="2027-06-01",
        ),
        record(
            "CUSTOMS-DE",
            headline="Dédouanement et transit vers l'Allemagne",
            skills=["Douane"],
            sectors=["Automobile"],
            countries=["DE"],
            languages=["fr", "de"],
            available_from="2026-12-01",
        ),
        record(
            "WINE",
            name="Zoé Vignal",
            headline="Vente de vins et spiritueux",
            summary="Je vends des vins aux importateurs.",
            skills=["Négociation commerciale", "Dégustation de licornes"],
            sectors=["Vins et spiritueux"],
            countries=["JP", "KR"],
            languages=["fr", "ja"],
            day_rate={"amount": 900, "currency": "USD"},
        ),
        record(
            "CPP",
            headline="Développeur C++ pour l'industrie",
            summary="Logiciel embarqué.",
            skills=["C++"],
            countries=["FR"],
            languages=["fr"],
        ),
        record(
            "CSHARP",
            headline="Développeur C# pour la banque",
            summary="Applications de gestion.",
            skills=["C#"],
            countries=["FR"],
            languages=["fr"],
        ),
    ]


_TOPICS = ["qualité", "logistique", "douane", "marketing", "audit", "juridique", "fiscalité"]
_COUNTRIES = ["MA", "CN", "DE", "BR", "US", "VN", "SN", "PL", "IN", "TN", "KE"]
_SECTORS = ["Agroalimentaire", "Automobile", "Banque", "Santé", "Télécommunications"]
_SKILLS = ["Douane", "Gestion de projet", "Étude de marché", "Négociation commerciale", "Audit interne"]


def stranger(number: int) -> dict[str, Any]:
    """Return one of many experts: their values vary at different paces, so that each mixture exists."""
    topics = [_TOPICS[number % 7], _TOPICS[number // 7 % 7]]
    return record(
        f"N{number:04}",
        headline=f"Consultant export {topics[0]}",
        summary=f"Dossier numéro {number} : {topics[1]} et suivi.",
        skills=[_SKILLS[number % 5], _SKILLS[number // 5 % 5], f"Savoir {number % 60}"],
        sectors=[_SECTORS[number % 5]],
        countries=sorted({_COUNTRIES[number % 11], _COUNTRIES[number // 11 % 11]}),
        languages=["fr", "en"] if number % 3 else ["fr"],
        day_rate={"amount": 300 + number, "currency": "EUR"} if number % 4 else None,
        boosted_until="2099-01-01" if number % 9 == 0 else None,
        reviews=[{"skill": "Douane", "rating": 3 + number % 3, "on": "2026-03-14"}] * (number % 4),
    )


@pytest.fixture(scope="session")
def few(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """Give a directory of a few experts who differ; tests don't change it."""
    with directory(tmp_path_factory.mktemp("few"), people()) as found:
        yield found


@pytest.fixture(scope="session")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Directory]:
    """Give a directory of many experts; tests don't change it."""
    with directory(tmp_path_factory.mktemp("crowd"), map(stranger, range(CROWD))) as found:
        yield found
