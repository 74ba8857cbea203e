"""PostgreSQL's own full-text search doing the same job: tsvector with GIN, ts_rank_cd, facets by unnest."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, create_engine, text

from indexer.documents import Document
from indexer.engines.interface import Filters

PAGE = 20
BULK = 2_000
FACETS = ("countries", "skills", "sectors", "languages")
FACET_VALUES = 50

_TABLE = """
DROP TABLE IF EXISTS bench_experts;
CREATE TABLE bench_experts (
  id text PRIMARY KEY, headline text NOT NULL, skill_labels text NOT NULL, summary text NOT NULL,
  countries text[] NOT NULL, skills text[] NOT NULL, sectors text[] NOT NULL, languages text[] NOT NULL, rate bigint,
  words tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('french', headline), 'A') || setweight(to_tsvector('french', skill_labels), 'B')
    || setweight(to_tsvector('french', summary), 'D')) STORED
)
"""
_INDEXES = """
CREATE INDEX ON bench_experts USING gin (words);
CREATE INDEX ON bench_experts USING gin (countries);
ANALYZE bench_experts
"""
# A brief of which every word had to match would find nobody: its words are alternatives, as in the others.
_ASKED = "to_tsquery('french', replace(plainto_tsquery('french', :query)::text, '&', '|'))"
_INSERT = text(
    "INSERT INTO bench_experts (id, headline, skill_labels, summary, countries, skills, sectors, languages, rate) "
    "VALUES (:id, :headline, :labels, :summary, :countries, :skills, :sectors, :languages, :rate)"
)


class FullText:
    """A table of its own; `close` removes it."""

    def __init__(self, address: str) -> None:
        self._engine = create_engine(address)

    def load(self, documents: Iterable[Document]) -> int:
        """Store documents, then index them; return how many."""
        count = 0
        rows: list[dict[str, Any]] = []
        with self._engine.begin() as connection:
            _run(connection, _TABLE)
            for document in documents:
                rows.append(_row(document))
                if len(rows) == BULK:
                    connection.execute(_INSERT, rows)
                    count, rows = count + len(rows), []
            if rows:
                connection.execute(_INSERT, rows)
            _run(connection, _INDEXES)
        return count + len(rows)

    def search(self, query: str, filters: Filters) -> dict[str, Any]:
        """Return the first page, the total and the facets, in one statement for each."""
        where, values = _where(query, filters)
        rank = f"ts_rank_cd(words, {_ASKED})" if query else "0"
        with self._engine.connect() as connection:
            best = f"SELECT id, headline, {rank} AS rank FROM bench_experts{where} ORDER BY rank DESC, id LIMIT {PAGE}"
            page = connection.execute(text(best), values).all()
            total = connection.execute(text(f"SELECT count(*) FROM bench_experts{where}"), values).scalar_one()
            facets = {
                name: connection.execute(
                    text(
                        f"SELECT value, count(*) FROM bench_experts, unnest({name}) AS value{where} "
                        f"GROUP BY value ORDER BY 2 DESC LIMIT {FACET_VALUES}"
                    ),
                    values,
                ).all()
                for name in FACETS
            }
        return {"page": page, "total": total, "facets": facets}

    def close(self) -> None:
        """Remove the table."""
        with self._engine.begin() as connection:
            _run(connection, "DROP TABLE IF EXISTS bench_experts")
        self._engine.dispose()


def _run(connection: Connection, statements: str) -> None:
    for statement in statements.split(";"):
        if statement.strip():
            connection.execute(text(statement))


def _row(document: Document) -> dict[str, Any]:
    return {
        "id": document.id,
        "headline": document.headline,
        "labels": ", ".join(document.skills),
        "summary": document.summary,
        "countries": document.countries,
        "skills": document.skill_keys,
        "sectors": document.sector_keys,
        "languages": document.languages,
        "rate": document.day_rate_eur_cents,
    }


def _where(query: str, filters: Filters) -> tuple[str, dict[str, Any]]:
    parts: list[str] = []
    values: dict[str, Any] = {"query": query}
    if query:
        parts.append(f"words @@ {_ASKED}")
    arrays = {
        "country": ("countries", filters.country),
        "zone": ("countries", filters.zone_countries),
        "skill": ("skills", filters.skill),
        "sector": ("sectors", filters.sector),
        "language": ("languages", filters.language),
    }
    for name, (column, wanted) in arrays.items():
        if wanted:
            parts.append(f"{column} && CAST(:{name} AS text[])")
            values[name] = sorted(wanted)
    if filters.max_day_rate_eur_cents is not None:
        parts.append("rate <= :rate")
        values["rate"] = filters.max_day_rate_eur_cents
    return (" WHERE " + " AND ".join(parts) if parts else ""), values
