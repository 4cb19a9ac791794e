"""Whatever comes in: schema-driven requests, random bytes on the socket, random texts as scenarios."""

from __future__ import annotations

import json

import hypothesis.strategies as st
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.specs.openapi.checks import (
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.service.server import TINY, Server
from tests.service.test_guard import raw

BOUNDED = settings(max_examples=12, deadline=None, database=None, derandomize=True,
                   suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate])
CHECKS = (schemathesis.checks.not_a_server_error, status_code_conformance, response_schema_conformance,
          response_headers_conformance)


@pytest.mark.slow
def test_openapi_tells_the_truth(service: Server) -> None:
    """Requests made from the document: no 5xx but busy, no status and no body that it does not name."""
    schema = schemathesis.openapi.from_dict(service.call("GET", "/openapi.json").json())
    address = f"http://127.0.0.1:{service.port}"
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        if operation.path.endswith("/events"):
            continue

        @BOUNDED
        @given(case=operation.as_strategy())
        def try_one(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            case.headers.pop("Origin", None)
            answer = case.call(base_url=address, timeout=60)
            if answer.status_code != 503:
                case.validate_response(answer, checks=list(CHECKS))

        try_one()
    assert tried > 150
    for job in service.call("GET", "/api/v1/jobs?limit=200").json()["jobs"]:
        if job["state"] in ("queued", "running"):
            service.call("POST", f"/api/v1/jobs/{job['id']}/cancel")
    assert service.call("GET", "/healthz").json()["status"] == "ok"


@pytest.mark.slow
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(data=st.binary(min_size=1, max_size=400))
def test_random_bytes_on_the_socket(service: Server, data: bytes) -> None:
    answer = raw(service, data + b"\r\n\r\n", shut=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.")
    assert b"500 Internal" not in answer


@pytest.mark.slow
@settings(max_examples=60, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(text=st.one_of(
    st.text(max_size=300),
    st.builds(lambda place, piece: TINY[:place] + piece + TINY[place:], st.integers(0, len(TINY)),
              st.text(max_size=8)),
    st.builds(lambda place, count: TINY[:place] + TINY[place + count:], st.integers(0, len(TINY)),
              st.integers(1, 40)),
))
def test_random_texts_as_scenarios(service: Server, text: str) -> None:
    body = json.dumps({"name": "fuzz", "text": text}).encode()
    answer = service.call("POST", "/api/v1/validate", body)
    assert answer.status in (200, 422), answer.body
    if answer.status == 200:
        found = answer.json()
        assert found["ok"] is not any(problem["severity"] == "error" for problem in found["problems"])


@pytest.mark.slow
@settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(value=st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
                          lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
                              ["kind", "scenario", "options", "name", "text", "seed", "days", "x"]), inner,
                              max_size=5), max_leaves=12))
def test_random_json_as_a_job(service: Server, value: object) -> None:
    answer = service.call("POST", "/api/v1/jobs", json.dumps(value).encode())
    assert answer.status == 422
    assert answer.json()["code"] == "Request"
