"""A search from beginning to end: understand, retrieve, rank, check, shape."""

import hashlib
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import uuid4

import numpy as np

from accounts import experts
from foundation import clock
from foundation.database import Database
from indexer.documents import Document
from indexer.embeddings import Concepts
from indexer.encoders import Encoder
from indexer.engines.interface import Candidates, Engine, FacetCount, FacetName, Filters, Plan, Retrieved
from indexer.skill_vectors import SkillVectors
from ranking import likeness, policies, scoring
from ranking.likeness import Likeness
from ranking.policies import Move
from ranking.profiles import Profile, Source
from ranking.scoring import Flags, Scores
from search_api import meanings, understanding
from search_api.meanings import Meaning
from search_api.requests import SearchRequest
from search_api.understanding import Understanding
from taxonomy.wordlists import Wordlists

WEEK_DAYS = 7


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a score: `points` = `value` * `weight`. The boost is a part of its own, on the base score."""

    source: Source | str
    value: float
    weight: float
    points: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """One result: the document, its score, what that is made of, and what policy did to the place."""

    document: Document
    score: float
    is_boosted: bool
    moved: Move | None
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Relaxation:
    """What would find more: leaving out a word or a filter, and how many that gives."""

    kind: str
    value: str
    total: int


@dataclass(frozen=True)
class Found:
    """The answer to a search."""

    query_id: str
    profile: Profile
    understood: Understanding
    total: int
    lexical_total: int
    """How many of them match the words; the others are near in meaning."""
    results: tuple[Ranked, ...]
    near: tuple[Ranked, ...]
    relaxations: tuple[Relaxation, ...]
    facets: dict[FacetName, list[FacetCount]]
    timings_ms: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Searcher:
    """What a search needs of its surroundings."""

    database: Database
    engine: Engine
    encoder: Encoder | None
    concepts: Concepts | None
    skill_vectors: SkillVectors | None
    wordlists: Wordlists
    profile: Profile

    def find(self, request: SearchRequest) -> Found:
        """Answer a request."""
        started = time.perf_counter()
        today = clock.today()
        understood = understanding.read(request.q, self.wordlists, self.engine) if request.q else Understanding("")
        read = time.perf_counter()
        plan = self.plan(request, understood, today)
        encoded = time.perf_counter()
        retrieved = self.engine.retrieve(plan)
        fetched = time.perf_counter()
        results = self._page(request, plan, retrieved)
        near: tuple[Ranked, ...] = ()
        relaxations: tuple[Relaxation, ...] = ()
        if retrieved.total == 0:
            relaxations, near = self._relax(request, plan)
        done = time.perf_counter()
        return Found(
            query_id=str(uuid4()),
            profile=self.profile,
            understood=understood,
            total=retrieved.total,
            lexical_total=retrieved.lexical_total,
            results=results,
            near=near,
            relaxations=relaxations,
            facets=retrieved.facets,
            timings_ms={
                "understand": 1e3 * (read - started),
                "encode": 1e3 * (encoded - read),
                "retrieve": 1e3 * (fetched - encoded),
                "rank": 1e3 * (done - fetched),
            },
        )

    def plan(self, request: SearchRequest, understood: Understanding, today: date) -> Plan:
        """Return what the engine is asked: what was understood, the filters, and the query's vector."""
        meaning = meanings.place(understood, self.encoder, self.concepts)
        return Plan(
            groups=understood.groups,
            minimum_words=understanding.minimum_words(understood.required_words),
            fewest_words=understanding.fewest_words(understood.required_words),
            filters=request.filters,
            profile=self.profile,
            asked=_asked(understood, meaning),
            today=today,
            skills=understood.skills,
            related=meaning.related,
            places=understood.places,
            sectors=understood.sectors,
            languages=understood.languages,
            phrases=tuple(filter(None, (understood.text, understood.translated))),
            vector=meaning.vector,
            topic=meaning.topic,
        )

    def _page(self, request: SearchRequest, plan: Plan, retrieved: Retrieved) -> tuple[Ranked, ...]:
        """Return one page: the ranked window first, then whoever follows by the first phase."""
        first = (request.page - 1) * request.size
        last = first + request.size
        candidates = self._compared(plan, retrieved.candidates)
        best = _learn(plan, candidates)
        rows = _rank(plan, _likened(candidates, best), request, first, last)
        window = len(candidates.ids)
        beyond = retrieved.rest[max(0, first - window) : max(0, last - window)]
        if beyond:
            described = _likened(self._compared(plan, self.engine.describe(plan, beyond)), best)
            by_id = {row.id: row for row in _scored(plan, described, request)}
            rows.extend(by_id[expert_id] for expert_id in beyond if expert_id in by_id)
        return self._shown(rows)

    def _compared(self, plan: Plan, candidates: Candidates) -> Candidates:
        """Add how near the nearest of each candidate's skills is to what is asked, and who is near in the zone."""
        if plan.topic is None or self.skill_vectors is None:
            return candidates
        raw = {**candidates.raw, "nearest_skill": self.skill_vectors.closeness(plan.topic, candidates.held)}
        if "fit_in_zone" in plan.asked:
            raw["fit_in_zone"] = raw["zone"] * np.fmax(raw["nearest_skill"], raw["semantic"])
        return replace(candidates, raw=raw)

    def _shown(self, rows: Sequence["_Row"]) -> tuple[Ranked, ...]:
        """Join rows with their documents; who may no longer be found is gone, whatever the index says."""
        ids = [row.id for row in rows]
        findable = self.still_findable(ids)
        documents = self.engine.documents([expert_id for expert_id in ids if expert_id in findable])
        return tuple(
            Ranked(documents[row.id], row.score, row.is_boosted, row.moved, row.parts)
            for row in rows
            if row.id in documents
        )

    def still_findable(self, ids: Sequence[str]) -> set[str]:
        """Return those of some experts who may be shown at this moment, by the database's word."""
        with self.database.reading() as session:
            return experts.findable_among(session, ids)

    def _relax(self, request: SearchRequest, plan: Plan) -> tuple[tuple[Relaxation, ...], tuple[Ranked, ...]]:
        """Find what to leave out, and who comes nearest when it is."""
        attempts: list[tuple[Relaxation, Plan]] = []
        for name, changed in _without_each_filter(plan.filters):
            attempts.append(_attempt(self.engine, "filter", name, replace(plan, filters=changed)))
        for at, group in enumerate(plan.groups):
            groups = plan.groups[:at] + plan.groups[at + 1 :]
            if group.is_required and groups:
                words = sum(item.words for item in groups if item.is_required)
                changed_plan = replace(
                    plan,
                    groups=groups,
                    minimum_words=understanding.minimum_words(words),
                    fewest_words=understanding.fewest_words(words),
                    vector=None,
                )
                attempts.append(_attempt(self.engine, "word", group.label, changed_plan))
        if not any(relaxation.total for relaxation, _ in attempts) and not plan.filters.is_empty:
            attempts.append(_attempt(self.engine, "filters", "all", replace(plan, filters=Filters())))
        attempts = sorted((item for item in attempts if item[0].total), key=lambda item: -item[0].total)
        if attempts:
            nearest = attempts[0][1]
        else:
            policy = replace(plan.profile.policy, similarity_floor=-1.0, lone_floor=-1.0, neighbours=request.size)
            nearest = replace(plan, filters=Filters(), fewest_words=1.0, profile=replace(plan.profile, policy=policy))
        near = self._page(replace(request, page=1, size=min(request.size, 10)), nearest, self.engine.retrieve(nearest))
        return tuple(relaxation for relaxation, _ in attempts), near


def _asked(understood: Understanding, meaning: Meaning) -> frozenset[Source]:
    """Return the features that a query asks for."""
    has_meaning = meaning.vector is not None
    is_asked: dict[Source, bool] = {
        "text": bool(understood.groups),
        "phrase": any(group.is_required for group in understood.groups),
        "semantic": has_meaning,
        "nearest_skill": has_meaning,
        "related": bool(meaning.related),
        "shared_skills": bool(understood.groups),
        "skill": bool(understood.skills),
        "zone": bool(understood.places),
        "fit_in_zone": bool(understood.places) and has_meaning,
        "sector": bool(understood.sectors),
        "language": bool(understood.languages),
    }
    return frozenset(source for source, is_wanted in is_asked.items() if is_wanted)


@dataclass(frozen=True, slots=True)
class _Row:
    id: str
    score: float
    is_boosted: bool
    moved: Move | None
    parts: tuple[Part, ...]


def _learn(plan: Plan, candidates: Candidates) -> Likeness:
    """Learn what the best matches share; nothing where nothing was typed."""
    asked = plan.asked - {"shared_skills"}
    if asked == plan.asked:
        return Likeness({}, 0.0)
    base = scoring.score(plan.profile, candidates.raw, asked, len(candidates.ids)).base
    return likeness.learn(base, candidates.held)


def _likened(candidates: Candidates, best: Likeness) -> Candidates:
    """Add how like the best matches each candidate is."""
    return replace(candidates, raw={**candidates.raw, "shared_skills": best.of(candidates.held)})


def _rank(plan: Plan, candidates: Candidates, request: SearchRequest, first: int, last: int) -> list[_Row]:
    """Order the window and return the rows from `first` to before `last`."""
    scores = scoring.score(plan.profile, candidates.raw, plan.asked, len(candidates.ids))
    held_out = _held_out(plan, candidates, request)
    added = _added(plan, candidates, request, scores, held_out)
    since = plan.today.toordinal() - plan.profile.policy.newcomer_days
    newcomers = (candidates.created >= since) & (candidates.reviews == 0)
    ordered = policies.order(
        plan.profile.policy,
        scores.base,
        added,
        ties=candidates.ties,
        held_out=held_out & (scoring.relevance(scores) >= plan.profile.policy.relevance_floor),
        newcomers=newcomers,
        texts=candidates.texts,
    )
    return [
        _row(candidates, scores, added, int(place), ordered.moves.get(int(place)))
        for place in ordered.order[first:last]
    ]


def _scored(plan: Plan, candidates: Candidates, request: SearchRequest) -> list[_Row]:
    """Score without reordering: for who comes after the window."""
    scores = scoring.score(plan.profile, candidates.raw, plan.asked, len(candidates.ids))
    added = _added(plan, candidates, request, scores, _held_out(plan, candidates, request))
    return [_row(candidates, scores, added, place, None) for place in range(len(candidates.ids))]


def _added(
    plan: Plan, candidates: Candidates, request: SearchRequest, scores: Scores, held_out: Flags
) -> scoring.Floats:
    if not request.boost:
        return np.zeros(len(candidates.ids))
    return scoring.multipliers(plan.profile, scores, candidates.boosted, held_out)


def _held_out(plan: Plan, candidates: Candidates, request: SearchRequest) -> Flags:
    """Return whose boost is withheld this week for this query, to measure what boosts bring.

    A hash of query, filters, expert and week: every page of one search agrees.
    """
    flags = np.zeros(len(candidates.ids), dtype=np.bool_)
    if not request.boost:
        return flags
    week = plan.today.toordinal() // WEEK_DAYS
    for row in np.flatnonzero(candidates.boosted):
        text = f"{request.q.casefold()}|{request.filters}|{candidates.ids[int(row)]}|{week}"
        draw = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big") % 100
        flags[row] = draw < plan.profile.policy.holdout_percent
    return flags


def _row(candidates: Candidates, scores: Scores, added: scoring.Floats, place: int, moved: Move | None) -> _Row:
    parts = [
        Part(feature.source, value, weight, points)
        for feature, value, weight, points in zip(
            scores.features,
            scores.values[:, place].tolist(),
            scores.weights.tolist(),
            scores.points[:, place].tolist(),
            strict=True,
        )
    ]
    base, extra = float(scores.base[place]), float(added[place])
    if extra:
        parts.append(Part("boost", base, extra, base * extra))
    score = math.fsum(part.points for part in parts)
    return _Row(candidates.ids[place], score, bool(candidates.boosted[place]), moved, tuple(parts))


def _attempt(engine: Engine, kind: str, value: str, plan: Plan) -> tuple[Relaxation, Plan]:
    return Relaxation(kind, value, engine.retrieve(plan).total), plan


def _without_each_filter(filters: Filters) -> list[tuple[str, Filters]]:
    found: list[tuple[str, Filters]] = []
    if filters.country:
        found.append(("country", replace(filters, country=frozenset())))
    if filters.zone_countries:
        found.append(("zone", replace(filters, zone_countries=frozenset())))
    if filters.skill:
        found.append(("skill", replace(filters, skill=frozenset())))
    if filters.sector:
        found.append(("sector", replace(filters, sector=frozenset())))
    if filters.language:
        found.append(("language", replace(filters, language=frozenset())))
    if filters.max_day_rate_eur_cents is not None:
        found.append(("max_day_rate", replace(filters, max_day_rate_eur_cents=None)))
    if filters.available_by is not None:
        found.append(("available_by", replace(filters, available_by=None)))
    return found
