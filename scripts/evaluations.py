"""`portulan ranking evaluate` and `tune`: what profiles reach on judged queries, and better weights for them."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.orm import Session

from foundation import clock
from foundation.errors import Conflict, Fault, Invalid
from ranking import metrics
from ranking.metrics import Metric
from ranking.profiles import Profile
from scripts import authors, evaluation_tables, judgments, searching, tables
from scripts.authors import As, Author
from scripts.evaluation_tables import Tuning
from scripts.rankings import PROFILE, ProfileName
from scripts.searching import Looking, looking
from scripts.tables import AsJson
from search_api import evaluations, rankings, tunings
from search_api import judgments as kept
from search_api.evaluations import Progress as Heard
from search_api.evidence import METRIC, Basis, Conditions
from search_api.judgment_records import Source
from search_api.judgments import JudgedSet
from search_api.models import Evaluation
from search_api.rankings import Signature
from search_api.tunings import Ranking

DEFAULT_METRICS = (METRIC, "map@100", "mrr@10", "recall@100", "judged@10")
FALLS_SHORT = 1
SEED = 1
JudgmentsFile = Annotated[
    str, typer.Option("--judgments", help="Take the judgments of a file, CSV or JSONL, not those that are kept.")
]
SourceName = Annotated[Source, typer.Option("--source", help="Whose judgments: graded by people, or from traffic.")]


def evaluate(
    profile: ProfileName = "live",
    file: JudgmentsFile = "",
    metric: Annotated[
        list[str] | None, typer.Option(help=f"What to measure, several times if wanted: {metrics.FORMS}.")
    ] = None,
    against: Annotated[
        str, typer.Option(help="Compare with another profile, or with an evaluation that is kept (ev_…).")
    ] = "",
    source: SourceName = Source.GRADED,
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Search every judged query with a profile and say how good the order is, with intervals.

    Exit 1 where it is significantly worse than what it is compared with.
    """
    wanted = _metrics([METRIC, *metric] if metric else DEFAULT_METRICS)
    with looking() as found:
        by = authors.find(found.database, author).name
        judged = _judged(found, file, source, by)
        is_kept = against.startswith("ev_")
        other = _kept(found, against) if is_kept else None
        names = [profile] if is_kept or not against else [profile, against]
        with _bar("Searching", len(names) * len(judged.queries)) as heard:
            rows = _evaluate(found, names, judged, wanted, by, heard)
        other = other or (rows[1] if len(rows) > 1 else None)
    differences = evaluations.compare(rows[0], other) if other else {}
    is_worse = any(item.is_significant and item.interval.mean < 0 for item in differences.values())
    if as_json:
        tables.put_json(evaluation_tables.as_json(rows[0], other, differences))
    else:
        evaluation_tables.show(rows[0], other, differences)
    if is_worse:
        raise typer.Exit(FALLS_SHORT)


def tune(
    profile: ProfileName = "live",
    file: JudgmentsFile = "",
    metric: Annotated[str, typer.Option(help="What to tune for: nDCG with the full ideal.")] = METRIC,
    seed: Annotated[int, typer.Option(help="Draws folds and the order of steps.")] = SEED,
    source: SourceName = Source.GRADED,
    author: As = "",
    as_json: AsJson = False,
) -> None:
    """Look for better weights by judged queries, and keep them as a draft with what folds that were held out reached.

    Nothing goes live by this: see `portulan ranking promote`.
    """
    (target,) = _metrics([metric])
    with looking() as found:
        by = authors.find(found.database, author)
        report = _tune(found, profile, _judged(found, file, source, by.name), target, seed, by)
    if as_json:
        tables.put_json(evaluation_tables.tuning_json(report))
    else:
        evaluation_tables.show_tuning(report)


def _tune(found: Looking, name: str, judged: JudgedSet, target: Metric, seed: int, by: Author) -> Tuning:
    """Tune a profile, measure it before and after by searches, and keep what is better."""
    start = _profile(found, name)
    before_all = _conditions(found, judged)
    with _bar("Tuning", tunings.steps(judged) + 2 * len(judged.queries)) as heard:
        try:
            learned = tunings.run(found.ranked_by(start), judged, target, seed=seed, progress=heard)
        except ValueError as error:
            raise Conflict(str(error)) from None
        before = _rank(found, start, judged, heard)
        after = evaluations.rank(found.ranked_by(learned.tuned.profile), [item.query for item in judged.queries], heard)
    conditions = before_all.until(_conditions(found, judged))
    inputs = rankings.inputs_of(found.searcher.wordlists, found.searcher.encoder)
    is_same = learned.tuned.profile.features == start.features
    draft = start if is_same else replace(learned.tuned.profile, inputs=inputs)
    folds = tunings.folds(learned, judged, target)
    wanted, at = _metrics([METRIC, target.name, *DEFAULT_METRICS]), clock.now()
    base, training, held_out = (
        _measured(profile, judged, ranking, wanted, conditions, Signature(by.name, at))
        for profile, ranking in (
            (start, before),
            (draft, Ranking(after, Basis.IN_SAMPLE)),
            (draft, Ranking(learned.ranked, Basis.HELD_OUT, folds)),
        )
    )
    if not is_same:
        note = f"tuned from {start.id} for {target.name} on judgments {judged.sha}, seed {seed}"
        _keep(found, draft, start, [base, training, held_out], Signature(by.name, at, note), by)
    return Tuning(start, draft, base, training, held_out, target.name)


def _metrics(names: Sequence[str]) -> list[Metric]:
    faults: list[Fault] = []
    found: dict[str, Metric] = {}
    for name in names:
        try:
            metric = metrics.parse(name)
        except ValueError as error:
            faults.append(Fault("--metric", "unknown_metric", str(error)))
        else:
            found[metric.name] = metric
    if faults:
        raise Invalid(faults)
    return list(found.values())


def _judged(found: Looking, file: str, source: Source, by: str) -> JudgedSet:
    if file:
        judged = kept.collect(record for record in judgments.read(file, by) if record.source is source)
    else:
        with found.database.reading() as session:
            judged = kept.judged_set(session, source)
    if not judged.queries:
        raise Conflict(f"there are no {source} judgments: run `portulan ranking judgments import FILE`")
    return judged


def _profile(found: Looking, name: str) -> Profile:
    """Return the profile that a name means for searches with a query: judged queries are such."""
    with found.database.reading() as session:
        return rankings.get(session, rankings.find_id(session, name))


def _rank(found: Looking, profile: Profile, judged: JudgedSet, heard: Heard) -> Ranking:
    with found.database.reading() as session:
        tuned = evaluations.tuning_of(session, profile.id, judged.sha)
    return tunings.rank(found.ranked_by(profile), judged, tuned, heard)


def _keep(
    found: Looking,
    draft: Profile,
    parent: Profile,
    rows: Sequence[Evaluation],
    signature: Signature,
    by: Author,
) -> None:
    """Keep a draft with the evaluations that speak for it, all or nothing."""

    def work(session: Session) -> None:
        rankings.save(session, draft, signature, parent_id=parent.id)
        session.add_all(rows)
        by.note(session, "ranking_tuned", PROFILE, draft.id, at=signature.at, parent=parent.id)

    found.database.write(work)


def _kept(found: Looking, evaluation_id: str) -> Evaluation:
    with found.database.reading() as session:
        return evaluations.get(session, evaluation_id)


def _measured(
    profile: Profile,
    judged: JudgedSet,
    ranking: Ranking,
    wanted: Sequence[Metric],
    conditions: Conditions,
    signature: Signature,
) -> Evaluation:
    """Return what a profile reached by what it ranked."""
    return evaluations.evaluation(
        profile.id,
        judged,
        evaluations.measure(judged, ranking.by_query, wanted),
        conditions,
        basis=ranking.basis,
        author=signature.author,
        at=signature.at,
        folds=ranking.folds,
    )


def _evaluate(
    found: Looking, names: Sequence[str], judged: JudgedSet, wanted: Sequence[Metric], by: str, heard: Heard
) -> list[Evaluation]:
    """Search with each profile, and keep what they reached, under the same conditions."""
    profiles = [_profile(found, name) for name in names]
    start = _conditions(found, judged)
    ranked = [_rank(found, profile, judged, heard) for profile in profiles]
    conditions, at = start.until(_conditions(found, judged)), clock.now()
    rows = [
        _measured(profile, judged, ranking, wanted, conditions, Signature(by, at))
        for profile, ranking in zip(profiles, ranked, strict=True)
    ]
    with found.database.writing() as session:
        session.add_all(rows)
    return rows


def _conditions(found: Looking, judged: JudgedSet) -> Conditions:
    return evaluations.conditions(found.searcher, judged, found.engine_name)


@contextmanager
def _bar(title: str, total: int) -> Generator[Heard]:
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=searching.errors, transient=True, disable=not searching.errors.is_terminal) as bar:
        task = bar.add_task("", total=total)
        yield lambda done: bar.advance(task, done)
