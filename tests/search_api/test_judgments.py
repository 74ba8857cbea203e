import csv
import io
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from foundation.database import Database
from foundation.settings import ROOT
from search_api import judgment_records, judgments
from search_api.judgment_records import Record, Source
from search_api.judgments import Outcome

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
GOOD = {"query": "douane Maroc", "kind": "zone", "expert": "E1", "grade": 3}


def line(**fields: object) -> bytes:
    return orjson.dumps({**GOOD, **fields}) + b"\n"


def faults(text: bytes) -> list[str]:
    return [str(fault) for fault in judgment_records.parse(text, author="anna").faults]


def parsed(text: bytes) -> list[Record]:
    found = judgment_records.parse(text, author="anna")
    assert found.faults == []
    return found.records


def store(database: Database, records: list[Record]) -> Outcome:
    with database.writing() as session:
        return judgments.store(session, records, at=AT)


def test_a_line_names_what_it_must_and_the_rest_has_defaults() -> None:
    (record,) = parsed(line())
    assert record == Record(
        query="douane Maroc", kind="zone", expert="E1", grade=3, author="anna", source=Source.GRADED
    )
    (other,) = parsed(line(author="ben", source="traffic"))
    assert (other.author, other.source) == ("ben", Source.TRAFFIC)


def test_csv_says_the_same_with_commas_or_semicolons_and_a_byte_order_mark() -> None:
    expected = [
        Record(query="vin, bière", kind="exact", expert="E1", grade=3, author="ben"),
        Record(query="vin, bière", kind="exact", expert="E2", grade=0, author="anna"),
    ]
    commas = 'query,kind,expert,grade,author\n"vin, bière",exact,E1,3,ben\n"vin, bière",exact,E2,0,\n\n'
    semicolons = "Query;Kind;Expert;Grade;Author\r\nvin, bière;exact;E1;3;ben\r\nvin, bière;exact;E2;0\r\n"
    assert parsed(commas.encode()) == expected
    assert parsed(b"\xef\xbb\xbf" + semicolons.encode()) == expected


def test_the_form_of_the_judged_collections_is_read_too() -> None:
    text = (ROOT / "data" / "sample" / "judgments.jsonl").read_bytes()
    found = judgments.collect(parsed(text))
    expected = {item["query"]: item for item in map(orjson.loads, text.splitlines())}
    assert {item.query: (item.kind, dict(item.grades)) for item in found.queries} == {
        query: (item["kind"], item["grades"]) for query, item in expected.items()
    }


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"grade": 4}, "grade: must be a whole number from 0 to 3"),
        ({"grade": -1}, "grade: must be a whole number from 0 to 3"),
        ({"grade": 2.5}, "grade: must be a whole number from 0 to 3"),
        ({"grade": True}, "grade: must be a whole number from 0 to 3"),
        ({"grade": None}, "grade: must be a whole number from 0 to 3"),
        ({"query": "  "}, "query: String should have at least 1 character"),
        ({"query": "a\nb"}, "query: must not hold control characters or line breaks"),
        ({"query": "x" * 5_001}, "query: String should have at most 5000 characters"),
        ({"kind": "Two words"}, "kind: must be one word of small letters, digits, - and _, such as brief"),
        ({"expert": "no ref"}, "expert: String should match pattern '^[A-Za-z0-9][A-Za-z0-9._:/-]{0,99}$'"),
        ({"source": "guessed"}, "source: 'guessed' is neither graded nor traffic"),
        ({"rank": 1}, "rank: is no column: query, kind, expert, grade, author, source"),
    ],
)
def test_each_fault_is_named_by_line_and_field(fields: dict[str, object], fault: str) -> None:
    assert faults(line(expert="E0") + line(**fields)) == [f"line 2: {fault}"]


def test_every_fault_of_every_line_is_listed() -> None:
    text = line(grade=9, kind="") + b"[]\n" + b"{nonsense\n" + b'{"query": "a"}\n'
    found = faults(text)
    assert [item.split(":")[0] for item in found] == ["line 1"] * 2 + ["line 2", "line 3"] + ["line 4"] * 3
    assert found[2] == "line 2: line: must be a JSON object"
    assert found[4:] == [f"line 4: {name}: is required" for name in ("kind", "expert", "grade")]


def test_a_file_that_contradicts_itself_is_refused() -> None:
    assert faults(line() + line()) == ["line 2: expert: 'E1' is on line 1 already"]
    assert faults(line() + line(expert="E2", kind="brief")) == ["line 2: kind: was 'zone' for the same query on line 1"]
    assert faults(line() + line(author="ben") + line(source="traffic")) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (b"query,kind,expert\na,b,c\n", "line 1: grade: is missing from the first line, which names the columns"),
        (
            b"query,kind,expert,grade,stars\n",
            "line 1: stars: is no column: the first line names some of query, kind, expert, grade, author, source",
        ),
        (b"query,kind,expert,grade,grade\n", "line 1: line: names a column twice"),
        (b"query,kind,expert,grade\na,b,E1,3,anna\n", "line 2: line: has 5 cells, the first line has 4"),
        (b"query,kind,expert,grade\n\na,b,E1,\n", "line 3: grade: is required"),
        (b'query,kind,expert,grade\n"a\nb",x,E1,2\nc,x,E1,7\n', "line 4: grade: must be a whole number from 0 to 3"),
        (b"query,kind,expert,grade\na,b,E1,\xff\n", "line 2: line: is not UTF-8"),
    ],
)
def test_faults_of_csv_name_the_line_that_an_editor_shows(text: bytes, fault: str) -> None:
    assert fault in faults(text)


def test_importing_again_updates_what_changed_and_nothing_else(database: Database) -> None:
    first = parsed(line() + line(expert="E2", grade=1) + line(author="ben", grade=2))
    assert store(database, first) == Outcome(created=3)
    assert store(database, first) == Outcome(unchanged=3)
    assert store(database, parsed(line(grade=0) + line(expert="E2", grade=1))) == Outcome(updated=1, unchanged=1)
    with database.reading() as session:
        assert sorted((item.author, item.expert, item.grade) for item in judgments.records(session)) == [
            ("anna", "E1", 0),
            ("anna", "E2", 1),
            ("ben", "E1", 2),
        ]


def test_a_query_that_gets_another_kind_has_it_for_all(database: Database) -> None:
    store(database, parsed(line() + line(expert="E2")))
    assert store(database, parsed(line(kind="brief"))) == Outcome(updated=1)
    with database.reading() as session:
        assert {item.kind for item in judgments.records(session)} == {"brief"}


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=12)
RECORDS = st.lists(
    st.builds(
        Record,
        query=st.lists(WORDS, min_size=1, max_size=3).map(" ".join),
        kind=st.just("exact"),
        expert=st.sampled_from(["E1", "E2", "a/b:c"]),
        grade=st.integers(0, 3),
        author=WORDS,
        source=st.sampled_from(Source),
    ),
    unique_by=lambda record: (record.query, record.expert, record.author, record.source),
    min_size=1,
)


@given(RECORDS)
def test_what_is_written_is_read_back_in_either_form(found: list[Record]) -> None:
    assert parsed(b"".join(judgment_records.json_lines(found))) == found
    assert parsed(b"".join(judgment_records.csv_lines(found))) == found


def test_export_then_import_changes_nothing(database: Database) -> None:
    text = (ROOT / "data" / "sample" / "judgments.jsonl").read_bytes()
    count = len(parsed(text))
    assert store(database, parsed(text)) == Outcome(created=count)
    for write in (judgment_records.json_lines, judgment_records.csv_lines):
        with database.reading() as session:
            exported = b"".join(write(judgments.records(session)))
        assert store(database, parsed(exported)) == Outcome(unchanged=count)


def test_an_export_is_csv_that_others_read() -> None:
    text = b"".join(judgment_records.csv_lines(parsed(line(query='a "b", c'))))
    assert list(csv.DictReader(io.StringIO(text.decode()))) == [
        {"query": 'a "b", c', "kind": "zone", "expert": "E1", "grade": "3", "author": "anna", "source": "graded"}
    ]


def test_authors_who_differ_count_by_their_mean_and_traffic_by_itself(database: Database) -> None:
    store(database, parsed(line(grade=3) + line(author="ben", grade=2) + line(author="cy", grade=0)))
    store(database, parsed(line(expert="E2", grade=1) + line(expert="E2", author="ben", grade=2)))
    store(database, parsed(line(source="traffic", grade=1)))
    with database.reading() as session:
        (graded,) = judgments.judged_set(session).queries
        (traffic,) = judgments.judged_set(session, Source.TRAFFIC).queries
    assert dict(graded.grades) == {"E1": 2, "E2": 2}
    assert dict(traffic.grades) == {"E1": 1}


def test_the_hash_of_a_set_names_its_content_alone() -> None:
    one, other = parsed(line()), parsed(line(expert="E2", grade=1))
    sha = judgments.collect(one + other).sha
    assert judgments.collect(other + one).sha == sha
    changed = [line(grade=2), line(query="douane"), line(kind="brief"), line(expert="E9")]
    assert len({sha, *(judgments.collect(parsed(text) + other).sha for text in changed[:1])}) == 2
    assert len({judgments.collect(parsed(text)).sha for text in [line(), *changed]}) == 5


def test_a_judgment_can_be_taken_back(database: Database) -> None:
    store(database, parsed(line() + line(author="ben")))
    with database.writing() as session:
        judgments.forget(session, "douane Maroc", "E1", author="anna")
    with database.reading() as session:
        assert [item.author for item in judgments.records(session)] == ["ben"]


def test_counts_are_by_kind_source_and_author(database: Database) -> None:
    store(database, parsed(line() + line(expert="E2") + line(query="vin", kind="exact") + line(source="traffic")))
    with database.reading() as session:
        assert judgments.counts(session) == [
            {"kind": "exact", "source": "graded", "author": "anna", "queries": 1, "judgments": 1},
            {"kind": "zone", "source": "graded", "author": "anna", "queries": 1, "judgments": 2},
            {"kind": "zone", "source": "traffic", "author": "anna", "queries": 1, "judgments": 1},
        ]
