"""Schemathesis tries the whole API against its own description."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.builders import site
from tests.search_api.conftest import people

SEARCHES = ["/api/v1/experts", "/api/v1/suggest"]
PROBES = ["/healthz", "/metrics", "/readyz"]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give the API's description, bound to the running application."""
    with site(tmp_path_factory.mktemp("schema"), people(), search_per_second=1_000_000) as client:
        yield schemathesis.openapi.from_asgi("/openapi.json", client.app)


def test_every_operation_is_tried_here(described: Any) -> None:
    assert sorted(described) == [*SEARCHES, *PROBES]
    assert {method for path in described for method in described[path]} == {"get"}


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("path", SEARCHES)
def test_every_search_is_answered_as_described(described: Any, path: str, mode: GenerationMode) -> None:
    @settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=described[path]["GET"].as_strategy(generation_mode=mode))
    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    check()


@pytest.mark.parametrize("path", PROBES)
def test_every_probe_is_answered_as_described(described: Any, path: str) -> None:
    described[path]["GET"].Case().call_and_validate(checks=CHECKS)
