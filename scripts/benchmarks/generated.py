"""Generated experts for measuring speed: the sample's words shuffled, with ready-made vectors."""

import random
import re
from collections.abc import Iterator

import numpy as np
import orjson

from indexer import embeddings
from scripts.benchmarks.directories import Directory
from scripts.demos import SAMPLE
from search_api.requests import Parameters

CHUNK = 2_000
COUNTRIES = (
    "FR DE IT ES BE NL PL GB US CA MX BR CL CO MA TN DZ SN CI ZA KE NG EG AE SA IN CN JP KR VN TH ID SG AU".split()
)
ZONES = ("Maghreb", "ASEAN", "Europe", "Allemagne", "Brazil", "Vietnam", "Afrique", "Gulf", "Japon", "China")
SENTENCES = 7
BRIEF_SENTENCES = 4
NOISE = 0.35


def lines(count: int, seed: int = 7) -> Iterator[bytes]:
    """Yield records of about 120 words."""
    draw = random.Random(seed)
    sample = [orjson.loads(line) for line in SAMPLE.read_bytes().splitlines()]
    sentences = [part for record in sample for part in re.split(r"(?<=[.!?])\s+", record["summary"]) if len(part) > 20]
    skills = sorted({skill for record in sample for skill in record["skills"]})
    sectors = sorted({sector for record in sample for sector in record.get("sectors", [])})
    names = [record["name"].split() for record in sample]
    for number in range(count):
        record = draw.choice(sample)
        skilled = draw.sample(skills, 6)
        made = {
            "ref": f"G{number:06d}",
            "name": f"{draw.choice(names)[0]} {draw.choice(names)[-1]}",
            "headline": f"{record['headline']} {draw.choice(skills)}",
            "summary": " ".join(draw.sample(sentences, SENTENCES)),
            "skills": skilled,
            "sectors": draw.sample(sectors, 2),
            "countries": draw.sample(COUNTRIES, 4),
            "languages": draw.sample(["fr", "en", "es", "de", "ar", "zh", "pt"], 2),
            "based_in": draw.choice(COUNTRIES),
            "day_rate": {"amount": draw.randrange(300, 1500, 10), "currency": "EUR"},
            "reviews": [
                {"skill": skilled[0], "rating": draw.choice([3, 4, 5, 5]), "on": "2026-03-01"}
                for _ in range(draw.choice([0, 0, 1, 3]))
            ],
        }
        yield orjson.dumps(made) + b"\n"


def queries(kind: str, count: int, seed: int = 13) -> Iterator[Parameters]:
    """Yield queries of one kind of the mix, none twice."""
    draw = random.Random(f"{seed} {kind}")
    sample = [orjson.loads(line) for line in SAMPLE.read_bytes().splitlines()]
    sentences = [part for record in sample for part in re.split(r"(?<=[.!?])\s+", record["summary"]) if len(part) > 20]
    skills = sorted({skill for record in sample for skill in record["skills"]})
    seen: set[str] = set()
    while len(seen) < count:
        if kind == "browsing":
            made = Parameters(country=sorted(draw.sample(COUNTRIES, 2)), language=[draw.choice(["fr", "en"])])
        elif kind == "brief":
            made = Parameters(q=" ".join(draw.sample(sentences, BRIEF_SENTENCES)))
        else:
            zone = draw.choice(ZONES) if kind == "word + zone" else ""
            made = Parameters(q=f"{draw.choice(skills)} {zone}".strip())
        if str(made) not in seen:
            seen.add(str(made))
            yield made


def give_vectors(directory: Directory) -> None:
    """Give every expert without one a vector near a real one, so that nothing is encoded."""
    if directory.encoder is None or directory.index.concepts is None:
        return
    noise = np.random.default_rng(7)
    real = directory.index.concepts.units + directory.index.concepts.centre.passage[0]
    hashes = directory.index.engine.text_hashes()
    for start in range(0, len(hashes), CHUNK):
        rows = real[noise.integers(len(real), size=len(hashes[start : start + CHUNK]))]
        # Texts differ from each other in some directions much more than in others: as the real ones do.
        apart = real[noise.permutation(len(rows)) % len(real)] - real[noise.integers(len(real), size=len(rows))]
        rows = rows + NOISE * apart / np.linalg.norm(apart, axis=1, keepdims=True).clip(1e-9)
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        made = dict(zip(hashes[start : start + CHUNK], rows.astype(np.float32), strict=True))
        with directory.database.writing() as session:
            embeddings.store(session, directory.encoder.name, made)
