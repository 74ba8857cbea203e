"""Talking to OpenSearch: one client an installation, errors as ours, bulk writes counted item by item."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import orjson
from opensearchpy import OpenSearch
from opensearchpy.exceptions import AuthenticationException, AuthorizationException, SSLError, TransportError
from opensearchpy.exceptions import ConnectionError as NodeUnreachable
from opensearchpy.serializer import JSONSerializer

from foundation import deadlines
from foundation.circuits import Circuit
from foundation.errors import Unavailable, Unreachable
from foundation.pipelines import prefetch

ANSWER_SECONDS = 1.5
"""How long somebody who searches waits at most."""
WORK_SECONDS = 60
"""How long writing and changing an index may take."""
BULK_ITEMS = 500
MOST_MEANWHILE = 32
"""As many searches at a time as a web process has threads for."""
NOT_FOUND, CONFLICT = 404, 409
BUSY = {429, 502, 503, 504}
Answer = TypeVar("Answer")
Json = dict[str, Any]


class _Orjson(JSONSerializer):
    """Writes and reads JSON three times as fast as the standard library does."""

    def dumps(self, data: Any) -> Any:
        """Return text as it is, all else as JSON."""
        return data if isinstance(data, str | bytes) else orjson.dumps(data, option=orjson.OPT_SERIALIZE_NUMPY)

    def loads(self, s: Any) -> Any:
        """Return what JSON says."""
        return orjson.loads(s)


class Gone(Unavailable):
    """What was asked does not exist any more."""


class Node:
    """An OpenSearch cluster by its address; `Unavailable` is raised where it doesn't answer as it should."""

    def __init__(self, address: str, *, ca_file: Path | None = None) -> None:
        self.address = address
        self._circuit = Circuit("OpenSearch", ANSWER_SECONDS)
        self._asking = ThreadPoolExecutor(MOST_MEANWHILE, "opensearch")
        self._client = OpenSearch(
            [address],
            timeout=WORK_SECONDS,
            max_retries=1,
            retry_on_timeout=False,
            serializer=_Orjson(),
            pool_maxsize=2 * MOST_MEANWHILE,
            ca_certs=str(ca_file) if ca_file else None,
        )

    def close(self) -> None:
        """Close the connections."""
        self._asking.shutdown()
        self._client.close()

    def call(self, method: str, path: str, body: object = None, **parameters: str | float) -> Any:
        """Send a request and return the answer; raise Unavailable. Searches look things up, so reading is in time."""
        patience = parameters.get("request_timeout", ANSWER_SECONDS if method == "GET" else WORK_SECONDS)
        wanted = {**parameters, "request_timeout": deadlines.shorten(float(patience))}
        self._circuit.check()
        try:
            found = _said(lambda: self._client.transport.perform_request(method, path, params=wanted, body=body))
        except Unreachable:
            self._circuit.count_failure()
            raise
        self._circuit.close()
        return found

    def find(self, method: str, path: str) -> Any:
        """Send a request and return the answer, or None where there is no such thing."""
        found = self.call(method, path, ignore=NOT_FOUND)
        return None if found.get("status") == NOT_FOUND else found

    def ask(self, path: str, body: Json, **parameters: str) -> Json:
        """Ask something that a person waits for; raise Unavailable, in time."""
        return self.call("POST", path, body, request_timeout=ANSWER_SECONDS, **parameters)

    def ask_with_names(self, path: str, body: Json) -> Json:
        """Ask, and have named queries tell their scores."""
        return self.ask(path, body, include_named_queries_score="true")

    def ask_meanwhile(self, path: str, body: Json) -> Future[Json]:
        """Ask while something else is asked."""
        return self._asking.submit(copy_context().run, self.ask, path, body)

    def walk(self, index: str, query: Json, fields: Sequence[str], size: int = 5_000) -> Iterator[Json]:
        """Yield everybody whom a query finds, with stored columns, in the order of ids' keys."""
        after: list[Any] = []
        while True:
            body: Json = {
                "size": size,
                "query": query,
                "stored_fields": "_none_",
                "docvalue_fields": list(fields),
                "sort": [{"tie": "asc"}],
                "track_total_hits": False,
            }
            if after:
                body["search_after"] = after
            hits = self.call("POST", f"/{index}/_search", body)["hits"]["hits"]
            yield from hits
            if len(hits) < size:
                return
            after = hits[-1]["sort"]

    def write(self, items: Iterable[tuple[Json, Json]]) -> int:
        """Write items in bulk and return how many were new; raise Unavailable with the number of failures.

        A conflict of versions is success: the index holds something as new already.
        """
        written = 0
        for lines in prefetch(_bulks(items)):
            answer = self.call("POST", "/_bulk", lines, filter_path="errors,items.*.status,items.*.error")
            results = [result["index"] for result in answer["items"]]
            failed = [item for item in results if item["status"] >= 300 and item["status"] != CONFLICT]
            if failed:
                first: Mapping[str, Any] = failed[0].get("error", {})
                raise Unavailable(
                    f"OpenSearch refused {len(failed)} of {len(results)} documents; the first one: "
                    f"{first.get('type')}: {first.get('reason')}"
                )
            written += sum(item["status"] < 300 for item in results)
        return written


def _bulks(items: Iterable[tuple[Json, Json]]) -> Iterator[bytes]:
    """Yield the bodies of bulk requests."""
    left = iter(items)
    while chunk := list(islice(left, BULK_ITEMS)):
        yield b"".join(
            orjson.dumps(part, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)
            for item in chunk
            for part in item
        )


def _said(run: Callable[[], Answer]) -> Answer:
    try:
        return run()
    except SSLError as error:
        raise Unreachable(
            "OpenSearch's certificate is not trusted: PORTULAN_OPENSEARCH_CA_FILE names who signed it"
        ) from error
    except NodeUnreachable as error:
        raise Unreachable(f"OpenSearch does not answer: {type(error).__name__}") from error
    except (AuthenticationException, AuthorizationException) as error:
        raise Unavailable(
            f"OpenSearch refused the user ({error.status_code}): see PORTULAN_OPENSEARCH_URL and …_PASSWORD"
        ) from error
    except TransportError as error:
        kind = Unreachable if error.status_code in BUSY else Gone if error.status_code == NOT_FOUND else Unavailable
        raise kind(f"OpenSearch refused ({error.status_code}): {str(error.info)[:500]}") from error
