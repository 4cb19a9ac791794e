"""Routes of jobs and their results."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from functools import reduce
from operator import or_
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field, create_model
from starlette.concurrency import run_in_threadpool

from powerplan.results.document import number
from powerplan.results.tables import read_parquet
from powerplan.service import documents
from powerplan.service.context import Context
from powerplan.service.documents import FINISHED, SHA256, Inputs, Job, JobList, Model, Result, ScenarioText, State
from powerplan.service.identity import job_id
from powerplan.service.journal import AWAY, NewJob, Row
from powerplan.service.kinds import KINDS, Kind
from powerplan.service.problems import MEDIA_TYPE, HttpProblem
from powerplan.service.store import ANSWER, media_type
from powerplan.study.sides import MANIFEST

router = APIRouter(prefix="/api/v1")
JobId = Annotated[str, Path(pattern=SHA256, description="Id of a job.")]
ClientId = Annotated[str | None, Header(alias="Client-Id", pattern=r"^[A-Za-z0-9_-]{1,64}$", description="Who asks; "
                                        "one job of a client runs at a time. Default: the address.")]
HEARTBEAT_S = 15.0
AWAY_S = 1.0
"""A stream asks so often whether the journal is back."""
FILE_POLICY = ("default-src 'none'; {script}style-src 'unsafe-inline'; img-src data:; font-src data:; "
               "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox{more}")
OWN_SCRIPT = re.compile(rb"script-src '(sha256-[A-Za-z0-9+/=]{44})'")
HEAD_BYTES = 600
"""A report names its own script that early, before anything of a scenario."""


def context_of(request: Request) -> Context:
    """The service a request came to."""
    context: Context = request.app.state.context
    return context


def _request_model(name: str, kind: Kind) -> type[Model]:
    """Body of a new job of one kind."""
    low, high = kind.scenario_counts
    needs_options = any(field.is_required() for field in kind.options.model_fields.values())
    options: Any = (kind.options, ...) if needs_options else (kind.options, Field(default_factory=kind.options))
    title = "".join(part.capitalize() for part in name.split("_"))
    given: dict[str, Any] = {"kind": (Literal[name], ...), "options": options}
    if high == 1:
        given["scenario"] = (ScenarioText, ...)
    else:
        given["scenarios"] = (Annotated[list[ScenarioText], Field(min_length=low, max_length=high)], ...)
    made = create_model(f"{title}Job", __base__=Model, **given)
    made.__doc__ = kind.summary
    return made


REQUESTS = {name: _request_model(name, kind) for name, kind in KINDS.items()}
if TYPE_CHECKING:
    NewJobBody = Any
else:
    NewJobBody = Annotated[reduce(or_, REQUESTS.values()), Body(discriminator="kind")]


def shown(row: Row) -> Job:
    """A row of the journal as the document of a job."""
    here = f"/api/v1/jobs/{row['id']}"
    problem = None if row["problem"] is None else documents.ProblemDocument(**json.loads(row["problem"]))
    return Job(
        id=row["id"], kind=row["kind"], names=json.loads(row["names"]), state=row["state"],
        exit_code=row["exit_code"], created=row["created"], started=row["started"], finished=row["finished"],
        attempt=row["attempt"], progress=documents.Progress(stage=row["stage"], share=row["share"]), problem=problem,
        links=documents.Links(self=here, events=f"{here}/events", inputs=f"{here}/inputs",
                              result=f"/api/v1/results/{row['id']}"))


@router.post("/jobs", status_code=202, responses={200: {"model": Job, "description": "It has been answered already."}})
def new_job(request: Request, response: Response, body: NewJobBody, client_id: ClientId = None) -> Job:
    """Ask a question. The same question is the same job; 200 where it has been answered, 202 where it waits or runs."""
    context = context_of(request)
    scenarios = [body.scenario] if hasattr(body, "scenario") else list(body.scenarios)
    options = body.options.model_dump()
    inputs = {"kind": body.kind, "scenarios": [one.model_dump() for one in scenarios], "options": options}
    client = client_id or (request.client.host if request.client else "unknown")
    job = NewJob(job_id(body.kind, scenarios, options), body.kind, [one.name for one in scenarios], client, inputs)
    row, _ = context.jobs.submit(job)
    response.headers["Location"] = f"/api/v1/jobs/{job.id}"
    if row["state"] in FINISHED:
        response.status_code = 200
    return shown(row)


@router.get("/jobs")
def list_jobs(request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50,
              before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None, state: State | None = None) -> JobList:
    """Jobs, the newest first."""
    rows = context_of(request).journal.listing(limit, before, state)
    return JobList(jobs=[shown(row) for row in rows], next=rows[-1]["place"] if len(rows) == limit else None)


def _found(request: Request, job: str) -> Row:
    row = context_of(request).journal.job(job)
    if row is None:
        raise HttpProblem(404, "NoSuchJob", "there is no job with this id")
    return row


@router.get("/jobs/{job}")
def one_job(request: Request, job: JobId) -> Job:
    """A job and where it stands."""
    return shown(_found(request, job))


@router.get("/jobs/{job}/inputs")
def inputs_of(request: Request, job: JobId) -> Inputs:
    """What a job was asked: scenario texts and options."""
    found = context_of(request).journal.inputs(job)
    if found is None:
        raise HttpProblem(404, "NoSuchJob", "there is no job with this id")
    return Inputs(**found)


@router.post("/jobs/{job}/cancel")
def cancel(request: Request, job: JobId) -> Job:
    """Stop a job that waits or runs; one that has ended stays as it is."""
    _found(request, job)
    context_of(request).jobs.cancel(job)
    return shown(_found(request, job))


@router.delete("/jobs/{job}", status_code=204)
def delete(request: Request, job: JobId) -> None:
    """Stop a job if it waits or runs, and remove it with its result."""
    _found(request, job)
    context = context_of(request)
    context.jobs.cancel(job)
    if context.journal.forget(job):
        context.store.forget(job)


@router.get("/jobs/{job}/events", response_class=StreamingResponse,
            responses={200: {"content": {"text/event-stream": {}}}, 204: {"description": "No more will come."}})
async def events_of(request: Request, job: JobId, after: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
                    last_event_id: Annotated[str | None, Header()] = None) -> Response:
    """Server-sent events: `state` and `progress`, numbered; `Last-Event-ID` or `after` reads on from there."""
    context = context_of(request)
    row = await run_in_threadpool(_found, request, job)
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        after = max(after, int(last_event_id[:9]))
    if row["state"] in FINISHED and not await run_in_threadpool(context.journal.told, job, after):
        return Response(status_code=204)
    if context.news.count >= context.settings.stream_count:
        raise HttpProblem(503, "TooManyStreams", "too many event streams are open", {"Retry-After": "5"})
    return StreamingResponse(_stream(context, job, after), media_type="text/event-stream")


async def _stream(context: Context, job: str, after: int) -> AsyncIterator[str]:
    """Events of a job until it ends."""
    with context.news.bell(job) as bell:
        while not context.news.closing:
            bell.clear()
            try:
                told = await run_in_threadpool(context.journal.told, job, after)
                gone = not told and await run_in_threadpool(context.journal.job, job) is None
            except AWAY:
                yield ": the journal is away\n\n"
                await asyncio.sleep(AWAY_S)
                continue
            for number, kind, data in told:
                after = number
                yield f"id: {number}\nevent: {kind}\ndata: {data}\n\n"
                if kind == "state" and json.loads(data)["state"] in FINISHED:
                    return
            if gone:
                return
            try:
                await asyncio.wait_for(bell.wait(), HEARTBEAT_S)
            except TimeoutError:
                yield ": still here\n\n"


def _answered(request: Request, job: str) -> None:
    """Raises HttpProblem where there is no result, and says why."""
    row = _found(request, job)
    if row["state"] in ("queued", "running"):
        raise HttpProblem(409, "NotFinished", f"the job is {row['state']}; see its events", {"Retry-After": "1"})
    if row["state"] == "cancelled":
        raise HttpProblem(404, "Cancelled", "the job was cancelled; ask again to run it")


@router.get("/results/{job}", response_model=Result)
def result(request: Request, job: JobId) -> Response:
    """The answer of a job, or the problem that stopped it."""
    return _file(request, job, ANSWER)


@router.get("/results/{job}/{name}", response_class=Response, responses={200: {"content": {"*/*": {}}}})
def result_file(request: Request, job: JobId, name: Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
                ) -> Response:
    """A file of a result: report.html, junit.xml, sarif.json, verdicts.md, tables, plots and their data."""
    return _file(request, job, name)


@router.get("/results/{job}/tables/{table}.{form}", response_class=Response, responses={200: {"content": {
    "application/json": {}, "text/csv": {}}}})
def result_table(request: Request, job: JobId, table: Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")],
                 form: Literal["json", "csv"]) -> Response:
    """A table of a result by columns, or as CSV."""
    _answered(request, job)
    store = context_of(request).store
    answer = store.answer(job)
    if answer is None or f"{table}.parquet" not in {one["name"] for one in answer["files"]}:
        raise HttpProblem(404, "NoSuchFile", "this result has no table of this name")
    found = read_parquet(table, store.result_folder(job) / f"{table}.parquet")
    headers = {"Cache-Control": "private, max-age=3600"}
    if form == "csv":
        return Response(found.to_csv(), media_type=media_type("table.csv"), headers=headers)
    columns = {name: [_plain(value) for value in values] for name, values in found.columns.items()}
    return Response(json.dumps({"name": table, "columns": columns}, allow_nan=False, default=str),
                    media_type="application/json", headers=headers)


@router.get("/diff")
def diff_of(request: Request, before: Annotated[str, Query(pattern=SHA256, description="Job of the baseline.")],
            after: Annotated[str, Query(pattern=SHA256, description="Job that is compared with it.")],
            allow: Annotated[list[Literal["workload", "requirements", "horizon"]] | None, Query(max_length=3)] = None
            ) -> documents.DiffDocument:
    """Two results of runs: differences with units, inputs that changed, which requirement moved. Nothing is run."""
    from powerplan.study import compare_text, diff

    one, two = (_run_folder(request, job) for job in (before, after))
    names = [f"{json.loads(_found(request, job)['names'])[0]} ({job[:8]})" for job in (before, after)]
    document = diff.diff(one, two, allow or (), (names[0], names[1])).document()
    return documents.DiffDocument(document=document, text=compare_text.block_lines(diff.diff_blocks(document))[1:])


def _run_folder(request: Request, job: str) -> FilePath:
    """The result folder of a run. Raises HttpProblem."""
    _answered(request, job)
    store = context_of(request).store
    answer = store.answer(job)
    if answer is None:
        raise HttpProblem(404, "NoResult", "there is no result; ask again")
    if MANIFEST not in {one["name"] for one in answer["files"]}:
        raise HttpProblem(422, "NotARun", f"a result of kind `{answer['kind']}` has no metrics to compare; run, verify "
                                          "and report have")
    return store.result_folder(job)


def _plain(value: Any) -> Any:
    """A cell as JSON can say it."""
    return number(value) if isinstance(value, float) else value


def _file(request: Request, job: str, name: str) -> Response:
    """A file that the answer lists; any other name is not there."""
    row = _found(request, job)
    _answered(request, job)
    if row["problem"] is not None:
        problem = documents.ProblemDocument(**json.loads(row["problem"]))
        return Response(problem.model_dump_json(), problem.status, media_type=MEDIA_TYPE)
    store = context_of(request).store
    answer = store.answer(job)
    if answer is None:
        raise HttpProblem(404, "NoResult", "the result is not there any more; ask again")
    if name != ANSWER and name not in {one["name"] for one in answer["files"]}:
        hint = " (a job of kind `report` makes it)" if name == "report.html" else ""
        raise HttpProblem(404, "NoSuchFile", f"this result has no file of this name{hint}")
    content = (store.result_folder(job) / name).read_bytes()
    headers = {"Content-Security-Policy": _policy(name, content), "Cache-Control": "private, max-age=3600"}
    return Response(content, media_type=media_type(name), headers=headers)


def _policy(name: str, content: bytes) -> str:
    """What a file may do in a browser: a report runs the one script that it names, anything else runs nothing."""
    found = OWN_SCRIPT.search(content[:HEAD_BYTES]) if name.endswith(".html") else None
    if found is None:
        return FILE_POLICY.format(script="", more="")
    return FILE_POLICY.format(script=f"script-src '{found[1].decode()}'; ", more=" allow-scripts")
