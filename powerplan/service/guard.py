"""What every request must obey before anything reads it: host, origin, token, size, length, deadline, content type."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from powerplan.service.log import log
from powerplan.service.metrics import Metrics
from powerplan.service.problems import MEDIA_TYPE, HttpProblem
from powerplan.service.settings import Settings

UPLOADS: Mapping[str, str] = {"/api/v1/models": "application/octet-stream", "/api/v1/scores": "text/csv"}
"""Where files are uploaded, and what they must say they are."""
GUARDED_PREFIXES = ("/api", "/metrics", "/openapi.json", "/version")
"""What needs the token; the page and its assets hold nothing of anybody."""
HEAD_LIMIT_BYTES = 16_384
BODY_METHODS = ("POST", "PUT", "PATCH")
DROPPED_HEADERS = (b"range", b"if-range", b"cookie")
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
PAGE_POLICY = ("default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self' "
               "data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
               "form-action 'none'; frame-ancestors 'none'")


class Guard:
    """The outermost layer of the service."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app, self._settings, self._metrics = app, settings, metrics
        self._hosts = frozenset(settings.hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, then pass on; every answer gets the headers and a line in the log."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in DROPPED_HEADERS]
        started_s = time.monotonic()
        seen = {"status": 0}

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                _add_headers(MutableHeaders(raw=message.setdefault("headers", [])), str(scope["path"]))
            await send(message)

        try:
            await self._guarded(scope, receive, answer)
        finally:
            took_s = time.monotonic() - started_s
            route = getattr(scope.get("route"), "path", "(none)")
            self._metrics.request(scope["method"], route, seen["status"], took_s)
            log("request", method=scope["method"], route=route, status=seen["status"], ms=round(took_s * 1e3, 1))

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            headers = Headers(scope=scope)
            self._check_caller(scope, headers)
            limit_bytes, deadline_s = self._check_body(scope, headers)
            body = _Body(receive, int(headers.get("content-length", "0")), limit_bytes, deadline_s)
            if limit_bytes <= self._settings.body_limit_bytes and not await body.fill():
                return
        except HttpProblem as problem:
            await respond(send, problem)
            return
        started = {"answer": False}

        async def passing(message: Message) -> None:
            started["answer"] = True
            await send(message)

        try:
            await self._app(scope, body.receive, passing)
        except HttpProblem as problem:
            if not started["answer"]:
                await respond(send, problem)

    def _check_caller(self, scope: Scope, headers: Headers) -> None:
        """Host, origin and token. Raises HttpProblem."""
        if sum(len(name) + len(value) for name, value in scope["headers"]) > HEAD_LIMIT_BYTES:
            raise HttpProblem(431, "HeadTooLarge", f"at most {HEAD_LIMIT_BYTES} bytes of headers are taken")
        hosts = headers.getlist("host")
        if len(hosts) != 1 or _host(hosts[0]) not in self._hosts:
            raise HttpProblem(421, "HostNotAllowed", "the service is not called by this name; see --allow-host")
        origin = headers.get("origin")
        if origin is not None and origin not in self._settings.allowed_origins and (
                _host(origin.partition("://")[2]) not in self._hosts):
            raise HttpProblem(403, "OriginNotAllowed", "pages of other sites may not call the service")
        token = self._settings.token
        if token and scope["path"].startswith(GUARDED_PREFIXES) and scope["method"] != "OPTIONS":
            given = headers.get("authorization", "")
            if not hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode()):
                raise HttpProblem(401, "TokenRequired", "send `Authorization: Bearer TOKEN`",
                                  {"WWW-Authenticate": "Bearer"})

    def _check_body(self, scope: Scope, headers: Headers) -> tuple[int, float]:
        """(limit, deadline) of the body. Raises HttpProblem."""
        s = self._settings
        stated = headers.getlist("content-length")
        if "transfer-encoding" in headers or len(stated) > 1 or any(not one.isascii() or not one.isdigit()
                                                                     for one in stated):
            raise HttpProblem(411, "LengthRequired", "state one Content-Length; chunked bodies are not taken")
        length = int(stated[0][:20]) if stated else None
        if scope["method"] not in BODY_METHODS:
            if length:
                raise HttpProblem(400, "NoBody", "this method takes no body")
            return 0, s.body_deadline_s
        if length is None:
            raise HttpProblem(411, "LengthRequired", "state Content-Length")
        upload = UPLOADS.get(str(scope["path"]).rstrip("/"))
        limit, deadline_s = ((s.upload_limit_bytes, s.upload_deadline_s) if upload
                             else (s.body_limit_bytes, s.body_deadline_s))
        if length > limit:
            raise HttpProblem(413, "TooLarge", f"the body has {length} bytes; at most {limit} are taken")
        wanted = upload or "application/json"
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        if length and kind != wanted:
            raise HttpProblem(415, "WrongContentType", f"send Content-Type: {wanted}")
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise HttpProblem(415, "WrongContentType", "compressed bodies are not taken")
        return limit, deadline_s


class _Body:
    """Receives a body of the stated length within a deadline."""

    def __init__(self, receive: Receive, length: int, limit_bytes: int, deadline_s: float) -> None:
        self._receive, self._left_bytes = receive, min(length, limit_bytes)
        self._deadline_s = time.monotonic() + deadline_s
        self._complete = False
        self._filled: Message | None = None

    async def fill(self) -> bool:
        """Read a small body as a whole; False where the client went away. Raises HttpProblem."""
        whole = bytearray()
        while not self._complete:
            message = await self.receive()
            if message["type"] != "http.request":
                return False
            whole += message.get("body", b"")
        self._filled = {"type": "http.request", "body": bytes(whole), "more_body": False}
        return True

    async def receive(self) -> Message:
        """The next piece. Raises HttpProblem when it comes too late."""
        if self._filled is not None:
            message, self._filled = self._filled, None
            return message
        if self._complete:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, self._deadline_s - time.monotonic()))
        except TimeoutError:
            raise HttpProblem(408, "BodyTooSlow", "the body did not come in time", {"Connection": "close"}) from None
        if message["type"] == "http.request":
            self._left_bytes -= len(message.get("body", b""))
            if self._left_bytes < 0:
                raise HttpProblem(413, "TooLarge", "the body is longer than it said", {"Connection": "close"})
            self._complete = not message.get("more_body", False)
        return message


def _host(text: str) -> str:
    """Host name without its port, in small letters."""
    if text.startswith("["):
        return text[1:].partition("]")[0].lower()
    return text.partition(":")[0].lower()


def _add_headers(headers: MutableHeaders, path: str) -> None:
    """Headers of every answer; what set its own policy keeps it."""
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    is_page = not path.startswith((*GUARDED_PREFIXES, "/healthz"))
    headers.setdefault("Content-Security-Policy", PAGE_POLICY if is_page else API_POLICY)
    headers.setdefault("Cache-Control", "no-cache" if is_page else "no-store")


async def respond(send: Send, problem: HttpProblem) -> None:
    """Answer with a problem."""
    body = problem.document().model_dump_json().encode()
    headers: list[tuple[str, str]] = [("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(body))),
                                      *problem.headers.items()]
    raw: list[Any] = [(name.lower().encode(), value.encode()) for name, value in headers]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})
