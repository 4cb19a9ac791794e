"""What a request must obey, on raw sockets where a client library would not misbehave."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.server import TINY, Server, serving

TOKEN = "correct-horse"


def raw(server: Server, data: bytes, *, pause_s: float = 0.0, rest: bytes = b"", shut: bool = False,
        timeout_s: float = 20.0) -> bytes:
    """What comes back for bytes on a socket, until the service closes it or has answered."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout_s) as connection:
        connection.sendall(data)
        if shut:
            connection.shutdown(socket.SHUT_WR)
        if pause_s:
            time.sleep(pause_s)
        if rest:
            connection.sendall(rest)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Until the other side closes."""
    found = b""
    while True:
        try:
            got = connection.recv(65_536)
        except (ConnectionError, TimeoutError):
            return found
        if not got:
            return found
        found += got


def head(method: str = "POST", path: str = "/api/v1/validate", **headers: str) -> bytes:
    """Head of a request that closes its connection."""
    given = {"Host": "localhost", "Connection": "close", "Content-Type": "application/json"}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in given.items() if value), "", ""]
    return "\r\n".join(lines).encode()


BODY = json.dumps({"name": "tiny", "text": TINY}).encode()


@pytest.mark.parametrize(("given", "status", "code"), [
    pytest.param(head(Content_Length=str(len(BODY))) + BODY, 200, None, id="as it should be"),
    pytest.param(head() + BODY, 411, "LengthRequired", id="no length"),
    pytest.param(head(Transfer_Encoding="chunked") + b"5\r\n12345\r\n0\r\n\r\n", 411, "LengthRequired", id="chunked"),
    pytest.param(head(Content_Length="1000001"), 413, "TooLarge", id="too large"),
    pytest.param(head(Content_Length="9" * 19), 413, "TooLarge", id="far too large"),
    pytest.param(head(Content_Length="-1"), 400, None, id="negative length"),
    pytest.param(head(Content_Length="5, 6"), 400, None, id="two lengths"),
    pytest.param(head(Content_Length="4", Content_Type="text/plain") + b"{}  ", 415, "WrongContentType", id="text"),
    pytest.param(head(Content_Length="4", Content_Type="application/x-www-form-urlencoded") + b"a=bc", 415,
                 "WrongContentType", id="form"),
    pytest.param(head(Content_Length="4", Content_Type="multipart/form-data; boundary=x") + b"--x-", 415,
                 "WrongContentType", id="multipart"),
    pytest.param(head(Content_Length="4", Content_Encoding="gzip") + b"{}  ", 415, "WrongContentType", id="gzip"),
    pytest.param(head("GET", "/healthz", Content_Length="4") + b"{}  ", 400, "NoBody", id="body of a GET"),
    pytest.param(head("GET", "/healthz", Host="evil.example"), 421, "HostNotAllowed", id="other host"),
    pytest.param(head("GET", "/healthz", Host="localhost.evil.example:80"), 421, "HostNotAllowed", id="host prefix"),
    pytest.param(head("GET", "/healthz", Host="LOCALHOST:1"), 200, None, id="host in capitals, other port"),
    pytest.param(head("GET", "/healthz", Host="[::1]:8321"), 200, None, id="host by number"),
    pytest.param(head("GET", "/healthz", Host=""), 400, None, id="no host"),
    pytest.param(head("GET", "/healthz", Origin="https://evil.example"), 403, "OriginNotAllowed", id="other origin"),
    pytest.param(head("GET", "/healthz", Origin="null"), 403, "OriginNotAllowed", id="origin null"),
    pytest.param(head("GET", "/healthz", Origin="http://localhost:8321"), 200, None, id="own origin"),
    pytest.param(head("GET", "/healthz", Range="bytes=0-,1-,2-"), 200, None, id="range is not looked at"),
    pytest.param(head("GET", "/healthz", X_Long="x" * 20_000), 431, "HeadTooLarge", id="head too long"),
    pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, None, id="TLS"),
    pytest.param(head(Content_Length="6") + b"[" * 6, 422, "Request", id="no JSON"),
    pytest.param(head(Content_Length="200000") + b"[" * 200_000, None, None, id="deep JSON"),
    pytest.param(head(Content_Length="29") + b'{"name":"x","text":"\\ud800"}\n', 422, "Request", id="half a letter"),
    pytest.param(head(Content_Length="38") + b'{"name":"x","text":"a","path":"/etc/"}', 422, "Request", id="more keys"),
    pytest.param(head(Content_Length="37") + b'{"name":"../../etc/passwd","text":""}', 422, "Request", id="a path"),
])
def test_requests_that_are_refused(service: Server, given: bytes, status: int | None, code: str | None) -> None:
    answer = raw(service, given)
    first, _, rest = answer.partition(b"\r\n")
    found = int(first.split()[1])
    assert found == status or (status is None and 400 <= found < 500)
    if code is not None:
        document = json.loads(rest.partition(b"\r\n\r\n")[2])
        assert document["code"] == code
        assert document["status"] == status
        assert b"application/problem+json" in rest
    assert b"Traceback" not in answer
    assert b"server:" not in answer.lower()
    assert service.call("GET", "/healthz").status == 200


def test_every_answer_carries_the_safe_headers(service: Server) -> None:
    for path in ("/healthz", "/api/v1/products", "/api/v1/nothing"):
        headers = service.call("GET", path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["Cache-Control"] == "no-store"
        assert headers["Access-Control-Allow-Origin"] is None
        assert headers["Set-Cookie"] is None


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service with a token, an allowed origin and host, and a short queue."""
    folder = tmp_path_factory.mktemp("strict")
    with serving(folder / "data", "--workers", "1", "--queue", "2", "--allow-origin", "https://plan.example",
                 "--allow-host", "plan.example", POWERPLAN_TOKEN=TOKEN) as server:
        yield server


@pytest.mark.parametrize(("path", "given", "status"), [
    pytest.param("/api/v1/products", None, 401, id="none"),
    pytest.param("/api/v1/products", "Bearer wrong", 401, id="wrong"),
    pytest.param("/api/v1/products", f"Basic {TOKEN}", 401, id="wrong kind"),
    pytest.param("/api/v1/products", f"Bearer {TOKEN}x", 401, id="longer"),
    pytest.param("/api/v1/products", f"Bearer {TOKEN}", 200, id="right"),
    pytest.param("/metrics", None, 401, id="metrics too"),
    pytest.param("/openapi.json", None, 401, id="openapi too"),
    pytest.param("/healthz", None, 200, id="health is open"),
])
def test_token(strict: Server, path: str, given: str | None, status: int) -> None:
    headers = {} if given is None else {"Authorization": given}
    assert strict.call("GET", path, headers=headers).status == status


def test_another_site_only_where_it_was_allowed(strict: Server) -> None:
    asked = {"Origin": "https://plan.example", "Access-Control-Request-Method": "POST",
             "Access-Control-Request-Headers": "authorization, content-type"}
    answer = strict.call("OPTIONS", "/api/v1/jobs", headers=asked)
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://plan.example"
    assert strict.call("OPTIONS", "/api/v1/jobs", headers=asked | {"Origin": "https://evil.example"}).status == 403
    assert strict.call("GET", "/healthz", headers={"Host": "plan.example"}).status == 200


def test_a_full_queue_says_when_to_come_back(strict: Server) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}", "Client-Id": "eager"}
    answers = []
    for number in range(5):
        body = {"kind": "run", "scenario": {"text": TINY}, "options": {"days": 300, "seed": number,
                                                                        "engine": "reference"}}
        answers.append(strict.call("POST", "/api/v1/jobs", body, headers=headers))
    full = [answer for answer in answers if answer.status == 503]
    assert full
    assert all(answer.json()["code"] == "QueueFull" and int(answer.headers["Retry-After"]) for answer in full)
    accepted = [answer.json()["id"] for answer in answers if answer.status == 202]
    assert len(accepted) >= 2
    for job in accepted:
        strict.call("DELETE", f"/api/v1/jobs/{job}", headers=headers)


@pytest.mark.slow
@pytest.mark.parametrize(("given", "rest", "status"), [
    pytest.param(b"", b"", None, id="nothing at all"),
    pytest.param(b"POST /api/v1/validate HTTP/1.1\r\nHost: localhost\r\n", b"", None, id="head without end"),
    pytest.param(head(Content_Length="500") + b'{"name', b"", 408, id="body without end"),
])
def test_slow_clients_are_let_go(service: Server, given: bytes, rest: bytes, status: int | None) -> None:
    begin = time.monotonic()
    answer = raw(service, given, rest=rest)
    assert 3.0 < time.monotonic() - begin < 12.0
    assert (int(answer.split()[1]) if answer else None) == status


@pytest.mark.slow
def test_slow_loris(service: Server) -> None:
    """Two hundred connections that send a letter now and then take nothing from anybody else."""
    connections = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(200)]
    for connection in connections:
        connection.sendall(b"POST /api/v1/validate HTTP/1.1\r\nHost: localhost\r\nX-")
    begin = time.monotonic()
    while time.monotonic() - begin < 7.0:
        for connection in connections:
            try:
                connection.sendall(b"a")
            except OSError:
                continue
        assert service.call("GET", "/healthz", timeout_s=5).status == 200
        time.sleep(0.5)
    for connection in connections:
        connection.settimeout(2)
        assert read_all(connection) == b""
        connection.close()


@pytest.mark.parametrize("given", [
    pytest.param(b"POST /api/v1/validate HTTP/1.1\r\nHost: local", id="in the head"),
    pytest.param(head(Content_Length="500") + b'{"name', id="in the body"),
    pytest.param(b"", id="at once"),
])
def test_half_closed_sockets(service: Server, given: bytes) -> None:
    begin = time.monotonic()
    for _ in range(20):
        raw(service, given, shut=True)
    assert time.monotonic() - begin < 10
    assert service.call("GET", "/healthz").status == 200


def test_a_client_that_only_closes_its_side_gets_its_answer(service: Server) -> None:
    answer = raw(service, head(Content_Length=str(len(BODY))) + BODY, shut=True)
    assert answer.startswith(b"HTTP/1.1 200")


def test_the_log_says_nothing_of_scenarios(service: Server, tmp_path: Path) -> None:
    secret = "Zanzibar-7"
    text = TINY.replace("a small device", secret)
    service.call("POST", "/api/v1/validate", {"name": secret, "text": text})
    service.wait(service.ask("run", text, name=secret, options={"days": 1}).json()["id"])
    service.call("GET", f"/api/v1/profiles?search={secret}")
    log = service.log_file.read_text()
    assert secret not in log
    assert str(tmp_path) not in log
    assert all(json.loads(line) for line in log.splitlines() if line.startswith("{"))


def test_metrics_count(service: Server) -> None:
    service.call("GET", "/healthz")
    text = service.call("GET", "/metrics").body.decode()
    assert 'powerplan_requests_total{method="GET",route="/healthz",status="200"}' in text
    assert "powerplan_resident_bytes" in text
    assert 'powerplan_jobs{state="done"}' in text
