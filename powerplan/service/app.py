"""The application: routes, errors as problem JSON, start and end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from powerplan.errors import ExitCode, PowerplanError
from powerplan.service import routes_jobs, routes_library
from powerplan.service.context import Context
from powerplan.service.documents import Health, ProblemDocument, Version
from powerplan.service.guard import Guard
from powerplan.service.identity import program_sha256
from powerplan.service.journal import AWAY
from powerplan.service.log import log
from powerplan.service.problems import MEDIA_TYPE, HttpProblem, failed, refused, request_problem
from powerplan.study.session import package_version, versions

API_VERSION = "1"
PAGE = Path(__file__).with_name("page")
FONTS = Path(__file__).parents[1] / "report" / "fonts"
"""The report's own fonts: Chinese text needs no font of the reader's machine."""
PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDocument, "description": text, "content": {MEDIA_TYPE: {}}}
    for status, text in ((400, "Cannot be read"), (401, "Token"), (403, "Origin"), (404, "Not there"),
                         (408, "Too slow"), (409, "Not finished"), (411, "No length"), (413, "Too large"),
                         (415, "Content type"), (421, "Host"), (422, "Cannot be used"), (431, "Head"), (500, "A bug"),
                         (503, "Busy"), (507, "Full"))
}


def make_app(context: Context) -> ASGIApp:
    """The application of one service."""

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        context.news.attach(asyncio.get_running_loop())
        await asyncio.to_thread(context.start)
        log("started", data=str(context.settings.data), workers=context.settings.worker_count)
        yield
        await asyncio.to_thread(context.close)
        log("stopped")

    app = FastAPI(title="powerplan", version=API_VERSION, lifespan=life, docs_url=None, redoc_url=None,
                  description="Battery life, latency and accuracy of a product, before any board is built.",
                  responses=PROBLEMS, separate_input_output_schemas=False)
    app.state.context = context
    app.include_router(routes_jobs.router)
    app.include_router(routes_library.router)
    _add_operations(app, context)
    _add_errors(app)
    app.mount("/fonts", StaticFiles(directory=FONTS), name="fonts")
    if (PAGE / "index.html").is_file():
        app.mount("/", StaticFiles(directory=PAGE, html=True), name="page")
    inner: ASGIApp = app
    if context.settings.allowed_origins:
        inner = CORSMiddleware(app, allow_origins=list(context.settings.allowed_origins),
                               allow_methods=["GET", "POST", "DELETE"],
                               allow_headers=["Authorization", "Content-Type", "Client-Id", "Last-Event-ID"])
    return Guard(inner, context.settings, context.metrics)


def _add_operations(app: FastAPI, context: Context) -> None:
    """Routes for those who run the service."""

    @app.get("/healthz")
    def healthz() -> Health:
        """Whether the service works."""
        counts = context.journal.counts()
        alive = sum(child.pid is not None for child in context.jobs.children)
        return Health(status="draining" if context.draining else "ok", workers=alive,
                      queued=counts.get("queued", 0), running=counts.get("running", 0))

    @app.get("/version")
    def version() -> Version:
        """What answers."""
        return Version(powerplan=package_version("powerplan"), api=API_VERSION, program=program_sha256(),
                       versions=versions())

    @app.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> Response:
        """Counters in the text format of Prometheus."""
        children = (*context.jobs.children, *context.checks.children)
        started = {child.name: child.started_count for child in children}
        return PlainTextResponse(context.metrics.text(context.journal.counts(), started))


def _problem(document: ProblemDocument, headers: dict[str, str] | None = None) -> Response:
    return Response(document.model_dump_json(), document.status, media_type=MEDIA_TYPE, headers=headers)


def _add_errors(app: FastAPI) -> None:
    """Every error is a problem document."""

    @app.exception_handler(HttpProblem)
    def http_problem(_request: Request, error: HttpProblem) -> Response:
        return _problem(error.document(), error.headers)

    @app.exception_handler(PowerplanError)
    def powerplan_error(_request: Request, error: PowerplanError) -> Response:
        return _problem(refused(error))

    def journal_error(_request: Request, error: Exception) -> Response:
        log("journal_away", "ERROR", error=type(error).__name__)
        problem = HttpProblem(503, "JournalAway", "the journal does not answer or its disk is full; ask again")
        return _problem(problem.document(), {"Retry-After": "5"})

    for kind in AWAY:
        app.add_exception_handler(kind, journal_error)

    @app.exception_handler(RequestValidationError)
    def request_error(_request: Request, error: RequestValidationError) -> Response:
        return _problem(request_problem(list(error.errors())))

    @app.exception_handler(HTTPException)
    def http_error(_request: Request, error: HTTPException) -> Response:
        code = {404: "NotFound", 405: "MethodNotAllowed"}.get(error.status_code, "Request")
        problem = HttpProblem(error.status_code, code, str(error.detail))
        return _problem(problem.document(), dict(error.headers or {}))

    @app.exception_handler(Exception)
    def bug(_request: Request, error: Exception) -> Response:
        log("bug", "ERROR", error=type(error).__name__)
        text = f"a bug in powerplan: {type(error).__name__}"
        return _problem(failed("bug", ExitCode.BUG, text))
