"""A search from beginning to end: understand, retrieve, rank, check, shape."""

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
from indexer.engines import checks
from indexer.engines.interface import Candidates, Engine, FacetCount, FacetName, Plan, Retrieved
from indexer.skill_vectors import SkillVectors
from ranking.interleaving import Team
from ranking.likeness import Likeness
from ranking.policies import Move
from ranking.profiles import Profile, Source
from search_api import meanings, mixes, orders, relaxations, understanding
from search_api.meanings import Meaning
from search_api.mixes import Window
from search_api.orders import Part, Row, Treatment
from search_api.pointers import Arm
from search_api.relaxations import Relaxation
from search_api.requests import SearchRequest
from search_api.understanding import Understanding
from taxonomy.wordlists import Wordlists


@dataclass(frozen=True, slots=True)
class Ranked:
    """One result: the document, its score, what that is made of, and what policy did to the place."""

    document: Document
    score: float
    is_boosted: bool
    moved: Move | None
    parts: tuple[Part, ...]
    base: float
    treatment: Treatment | None
    team: Team | None
    """Which of two interleaved rankings brought it, and scored it."""


@dataclass(frozen=True)
class Found:
    """The answer to a search."""

    query_id: str
    profile: Profile
    """What ranked it: the live one where two are interleaved."""
    arm: Arm
    canary: Profile | None
    """What it was interleaved with, if it was."""
    plan: Plan
    candidates: Candidates
    """The window that was ranked, for whoever ranks it once more otherwise."""
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
    """What a search needs of its surroundings, and what ranks it: `arm` says why that profile.

    A `canary` is interleaved with it. Both rank the search; the engine is asked a second time only where the canary's
    first phase is another one.
    """

    database: Database
    engine: Engine
    encoder: Encoder | None
    concepts: Concepts | None
    skill_vectors: SkillVectors | None
    wordlists: Wordlists
    profile: Profile
    arm: Arm = "live"
    canary: Profile | None = None

    def find(self, request: SearchRequest) -> Found:
        """Answer a request."""
        started = time.perf_counter()
        today = clock.today()
        understood = understanding.read(request.q, self.wordlists, self.engine) if request.q else Understanding("")
        read = time.perf_counter()
        plan = self.plan(request, understood, today)
        encoded = time.perf_counter()
        retrieved = self.engine.retrieve(plan)
        tried = self._retrieved_for_canary(plan, retrieved)
        fetched = time.perf_counter()
        candidates = self._compared(plan, retrieved.candidates)
        total = retrieved.total
        if tried is None:
            results = self._page(request, plan, candidates, retrieved.rest)
        else:
            mixed_in = Window(tried[0], self._compared(tried[0], tried[1].candidates))
            results = self._mixed_page(request, Window(plan, candidates), mixed_in, retrieved.rest)
            # Both find the same words; of neighbours, one finds all that the other one does.
            total = max(total, tried[1].total)
        near: tuple[Ranked, ...] = ()
        relaxed: tuple[Relaxation, ...] = ()
        if total == 0:
            relaxed, near = self._relax(request, plan)
        done = time.perf_counter()
        return Found(
            query_id=str(uuid4()),
            profile=self.profile,
            arm=self.arm,
            canary=self.canary,
            plan=plan,
            candidates=candidates,
            understood=understood,
            total=total,
            lexical_total=retrieved.lexical_total,
            results=results,
            near=near,
            relaxations=relaxed,
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
            vector=meaning.vector,
            topic=meaning.topic,
        )

    def _page(
        self, request: SearchRequest, plan: Plan, candidates: Candidates, rest: Sequence[str]
    ) -> tuple[Ranked, ...]:
        """Return one page: the ranked window first, then whoever follows by the first phase."""
        first = (request.page - 1) * request.size
        last = first + request.size
        best = orders.learn(plan, candidates)
        rows = orders.order(plan, orders.likened(candidates, best), request, first, last)
        window = len(candidates.ids)
        beyond = rest[max(0, first - window) : max(0, last - window)]
        return self._shown([*rows, *self._scored(request, plan, best, beyond)])

    def _mixed_page(
        self, request: SearchRequest, live: Window, canary: Window, rest: Sequence[str]
    ) -> tuple[Ranked, ...]:
        """Return one page of two interleaved rankings; who follows both windows does so as in the live one."""
        first = (request.page - 1) * request.size
        last = first + request.size
        mixed = mixes.mix(live, canary, request)
        rows = mixed.rows(first, last)
        if last > len(mixed):
            beyond = mixes.followers(rest, live, mixed, max(0, first - len(mixed)), last - len(mixed))
            rows += self._scored(request, live.plan, orders.learn(live.plan, live.candidates), beyond)
        return self._shown(rows)

    def _retrieved_for_canary(self, plan: Plan, retrieved: Retrieved) -> tuple[Plan, Retrieved] | None:
        """Return what the canary asks, and the answer; None where nothing is interleaved."""
        if self.canary is None:
            return None
        asked = replace(plan, profile=self.canary)
        return asked, retrieved if checks.look_alike(plan.profile, self.canary) else self.engine.retrieve(asked)

    def _scored(self, request: SearchRequest, plan: Plan, best: Likeness, beyond: Sequence[str]) -> list[Row]:
        """Return rows of who follows a window, in the order in which they follow."""
        if not beyond:
            return []
        described = orders.likened(self._described(plan, beyond), best)
        by_id = {row.id: row for row in orders.score(plan, described, request)}
        return [by_id[expert_id] for expert_id in beyond if expert_id in by_id]

    def describe(self, plan: Plan, window: Candidates, ids: Sequence[str]) -> Candidates:
        """Return what ranking knows of given experts in a search that has a window; who is not indexed is left out."""
        return orders.likened(self._described(plan, ids), orders.learn(plan, window))

    def _described(self, plan: Plan, ids: Sequence[str]) -> Candidates:
        return self._compared(plan, self.engine.describe(plan, ids))

    def _compared(self, plan: Plan, candidates: Candidates) -> Candidates:
        """Add how near the nearest of each candidate's skills is to what is asked, and who is near in the zone."""
        if plan.topic is None or self.skill_vectors is None:
            return candidates
        raw = {**candidates.raw, "nearest_skill": self.skill_vectors.closeness(plan.topic, candidates.held)}
        if "fit_in_zone" in plan.asked:
            raw["fit_in_zone"] = raw["zone"] * np.fmax(raw["nearest_skill"], raw["semantic"])
        return replace(candidates, raw=raw)

    def _shown(self, rows: Sequence[Row]) -> tuple[Ranked, ...]:
        """Join rows with their documents; who may no longer be found is gone, whatever the index says."""
        ids = [row.id for row in rows]
        findable = self.still_findable(ids)
        documents = self.engine.documents([expert_id for expert_id in ids if expert_id in findable])
        return tuple(
            Ranked(
                document=documents[row.id],
                score=row.score,
                is_boosted=row.is_boosted,
                moved=row.moved,
                parts=row.parts,
                base=row.base,
                treatment=row.treatment,
                team=row.team,
            )
            for row in rows
            if row.id in documents
        )

    def still_findable(self, ids: Sequence[str]) -> set[str]:
        """Return those of some experts who may be shown at this moment, by the database's word."""
        with self.database.asking() as connection:
            return experts.findable_among(connection, ids)

    def _relax(self, request: SearchRequest, plan: Plan) -> tuple[tuple[Relaxation, ...], tuple[Ranked, ...]]:
        """Find what to leave out, and who comes nearest when it is."""
        attempts = relaxations.find(self.engine, plan)
        nearest = attempts[0].plan if attempts else relaxations.nearest(plan, request.size)
        page = replace(request, page=1, size=min(request.size, 10))
        retrieved = self.engine.retrieve(nearest)
        near = self._page(page, nearest, self._compared(nearest, retrieved.candidates), retrieved.rest)
        return tuple(attempt.relaxation for attempt in attempts), near


def _asked(understood: Understanding, meaning: Meaning) -> frozenset[Source]:
    """Return the features that a query asks for."""
    has_meaning = meaning.vector is not None
    is_asked: dict[Source, bool] = {
        "text": bool(understood.groups),
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
