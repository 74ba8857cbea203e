"""What documents hold, kept in this process by generation and version: a document never changes within one.

A search brings only keys, versions and scores; what ranking and pages need of documents not met lately follows.
"""

import time
from collections.abc import Callable, Sequence

from foundation.errors import Unavailable
from indexer import documents
from indexer.documents import Document
from indexer.engines.opensearch import records, searches
from indexer.engines.opensearch.nodes import Gone, Json, Node
from indexer.engines.opensearch.records import Hit, Kept, Record

RECORDS_KEPT, DOCUMENTS_KEPT = 20_000, 2_000
"""About 60 MB and 10 MB."""
TRUSTED_SECONDS = 1.0
"""For how long a page believes the versions that its search has just seen."""
VERSIONS = "docs._id,docs._version,docs.found,docs.error"
RecordKey = tuple[str, int, int]
DocumentKey = tuple[str, str, int]


class Contents:
    """The records and documents used last of the generation that `read` names."""

    def __init__(self, node: Node, read: Callable[[], str]) -> None:
        self._node, self._read = node, read
        self._records: Kept[RecordKey, Record] = Kept(RECORDS_KEPT)
        self._documents: Kept[DocumentKey, Document | None] = Kept(DOCUMENTS_KEPT)
        self._seen: Kept[tuple[str, str], tuple[int, float]] = Kept(RECORDS_KEPT)

    def forget(self) -> None:
        """Believe no version any more: something was written."""
        self._seen.clear()

    def hits(self, answer: Json) -> list[Hit]:
        """Join what a search found with records; who is gone meanwhile is left out."""
        name = self._read()
        found = answer["hits"]["hits"]
        keys = [(name, hit["fields"]["tie"][0], hit["fields"]["version"][0]) for hit in found]
        kept = self._records.gather(keys, self._stored_records)
        by_tie = {record.tie: record for record in kept.values()}
        now = time.monotonic()
        self._seen.keep({(name, record.id): (record.version, now) for record in kept.values()})
        return [
            Hit(by_tie[tie], hit["_score"], hit.get("matched_queries", {}))
            for hit, (_, tie, _) in zip(found, keys, strict=True)
            if tie in by_tie
        ]

    def documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return stored documents: as new as they were written, or as the search that has just found them saw them."""
        name = self._read()
        since = time.monotonic() - TRUSTED_SECONDS
        seen = self._seen.held((name, expert_id) for expert_id in ids)
        versions = {expert_id: version for (_, expert_id), (version, at) in seen.items() if at >= since}
        if unseen := [expert_id for expert_id in ids if expert_id not in versions]:
            versions.update(self._versions(unseen))
        keys = [(name, expert_id, versions[expert_id]) for expert_id in ids if expert_id in versions]
        kept = self._documents.gather(keys, self._stored_documents)
        return {expert_id: found for (_, expert_id, _), found in kept.items() if found is not None}

    def _versions(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the versions of documents as they were written, tombstones among them."""
        found = self._several(ids, _source="false", filter_path=VERSIONS)
        return {item["_id"]: item["_version"] for item in found}

    def _stored_documents(self, keys: list[DocumentKey]) -> dict[DocumentKey, Document | None]:
        """Fetch documents by index, id and version; one that changed meanwhile comes as it is now."""
        name = keys[0][0]
        found = self._several([expert_id for _, expert_id, _ in keys], stored_fields="body")
        return {(name, item["_id"], item["_version"]): _document(item) for item in found}

    def _several(self, ids: Sequence[str], **parameters: str) -> list[Json]:
        answer = self._node.ask(f"/{self._read()}/_mget", {"ids": list(ids)}, **parameters)["docs"]
        failed = [item["error"] for item in answer if "error" in item]
        if failed:
            kind = Gone if failed[0]["type"] == "index_not_found_exception" else Unavailable
            raise kind(f"OpenSearch failed to read {len(failed)} of {len(ids)} documents: {failed[0]}")
        return [item for item in answer if item.get("found")]

    def _stored_records(self, keys: list[RecordKey]) -> dict[RecordKey, Record]:
        """Fetch records by index, key and version; one that changed meanwhile comes as it is now."""
        name = keys[0][0]
        answer = self._node.ask(f"/{name}/_search", searches.stored([tie for _, tie, _ in keys]))
        found = map(records.read, answer["hits"]["hits"])
        return {(name, record.tie, record.version): record for record in found}


def _document(item: Json) -> Document | None:
    """Return a document as it was read; a tombstone has no body."""
    body: list[str] = item.get("fields", {}).get("body", [])
    return documents.load(body[0].encode()) if body else None
