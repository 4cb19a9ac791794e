"""Routes of what scenarios are made from: validation, uploads, profiles, products, the schema."""

from __future__ import annotations

import asyncio
import hashlib
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.requests import ClientDisconnect

from powerplan.files.library import profile_kinds
from powerplan.service.documents import (
    SHA256,
    ProblemDocument,
    Product,
    Products,
    ProductText,
    ProfileDocument,
    ProfileRow,
    Profiles,
    ScenarioText,
    Upload,
    Validation,
)
from powerplan.service.problems import FoundProblem, HttpProblem
from powerplan.service.routes_jobs import context_of
from powerplan.service.store import SUFFIX, UploadKind
from powerplan.study import library, schema, templates

router = APIRouter(prefix="/api/v1")
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}$")]


@router.post("/validate")
async def validate(request: Request, body: ScenarioText) -> Validation:
    """Read a scenario with all it names; simulate nothing. What is wrong stands at its line and column."""
    context = context_of(request)
    key = hashlib.sha256(f"{body.name}\n{body.text}".encode()).hexdigest()
    question = {"do": "validate", "scenarios": [body.model_dump()]}
    message = await asyncio.wrap_future(context.checks.ask(question, key))
    return Validation(**_done(message))


def _done(message: dict[str, Any]) -> dict[str, Any]:
    """The answer of a check. Raises HttpProblem with what the check was refused for."""
    if "done" in message:
        found: dict[str, Any] = message["done"]
        return found
    raise FoundProblem(ProblemDocument(**message["failed"]))


@router.post("/models", status_code=201, responses={200: {"model": Upload}}, openapi_extra={"requestBody": {
    "required": True, "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}})
async def upload_model(request: Request, response: Response) -> Upload:
    """Upload a .tflite file, at most 32 MB: checked by its bytes, then run once in a child process."""
    return await _uploaded(request, response, "model")


@router.post("/scores", status_code=201, responses={200: {"model": Upload}}, openapi_extra={"requestBody": {
    "required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}})
async def upload_scores(request: Request, response: Response) -> Upload:
    """Upload a score table as CSV: `sample_id, clip_id, time, label, score_1, score_2, ...`."""
    return await _uploaded(request, response, "scores")


async def _uploaded(request: Request, response: Response, kind: UploadKind) -> Upload:
    context = context_of(request)
    store = context.store
    if store.upload_bytes() > context.settings.storage_limit_bytes:
        raise HttpProblem(507, "StorageFull", "the service keeps no more uploads")
    folder = store.work_folder("uploads")
    file = folder / f"upload{SUFFIX[kind]}"
    try:
        digest = hashlib.sha256()
        with file.open("wb") as out:
            try:
                async for piece in request.stream():
                    digest.update(piece)
                    out.write(piece)
            except ClientDisconnect:
                raise HttpProblem(400, "CutOff", "the upload ended before its Content-Length") from None
        facts = store.facts(kind, digest.hexdigest()) if store.upload(kind, digest.hexdigest()) else None
        if facts is not None:
            response.status_code = 200
        else:
            question = {"do": "upload", "kind": kind, "file": str(file.resolve())}
            facts = _done(await asyncio.wrap_future(context.checks.ask(question)))["facts"]
        return _upload(kind, digest.hexdigest(), facts, request)
    finally:
        file.unlink(missing_ok=True)
        folder.rmdir()


def _upload(kind: UploadKind, sha256: str, facts: dict[str, Any], request: Request) -> Upload:
    path = context_of(request).store.upload(kind, sha256)
    size = path.stat().st_size if path is not None else 0
    return Upload(sha256=sha256, kind=kind, bytes=size, reference=f"{sha256}{SUFFIX[kind]}", facts=facts)


@router.get("/models/{sha256}")
def model(request: Request, sha256: Annotated[str, Path(pattern=SHA256)]) -> Upload:
    """What is known of an uploaded model."""
    return _known(request, "model", sha256)


@router.get("/scores/{sha256}")
def scores(request: Request, sha256: Annotated[str, Path(pattern=SHA256)]) -> Upload:
    """What is known of an uploaded score table."""
    return _known(request, "scores", sha256)


def _known(request: Request, kind: UploadKind, sha256: str) -> Upload:
    store = context_of(request).store
    facts = store.facts(kind, sha256)
    if facts is None or store.upload(kind, sha256) is None:
        raise HttpProblem(404, "NoSuchUpload", "no file with this hash was uploaded")
    return _upload(kind, sha256, facts, request)


@cache
def _listed() -> tuple[ProfileRow, ...]:
    return tuple(ProfileRow(**row) for row in library.listing())


@router.get("/profiles")
def profiles(kind: Annotated[str | None, Query(max_length=40)] = None,
             search: Annotated[str | None, Query(max_length=200)] = None) -> Profiles:
    """Device profiles, of one kind, or that match a search such as `cortex-m33, < 3 uA with RAM`."""
    if search:
        return Profiles(profiles=[ProfileRow(**row) for row in library.listing(kind, search)])
    if kind is not None and kind not in profile_kinds():
        raise HttpProblem(404, "NoSuchKind", f"kinds: {', '.join(profile_kinds())}")
    return Profiles(profiles=[row for row in _listed() if kind in (None, row.kind)])


@router.get("/profiles/{kind}/{name}")
def profile(kind: Name, name: Name) -> ProfileDocument:
    """Every figure of a profile with its source."""
    if not any((row.kind, row.name) == (kind, name) for row in _listed()):
        raise HttpProblem(404, "NoSuchProfile", "there is no profile of this kind and name")
    found = library.shown(name, kind)
    spec = found.profile.spec
    return ProfileDocument(**found.document(), part=spec.name, summary=spec.summary or "", notes=list(spec.notes),
                           not_found=list(spec.not_found))


@router.get("/products")
def products() -> Products:
    """Shipped scenarios to start from."""
    return Products(products=[Product(name=name, summary=templates.summary(templates.text_of(name)))
                              for name in templates.names()])


@router.get("/products/{name}")
def product(name: Name) -> ProductText:
    """Text of a shipped scenario."""
    if name not in templates.names():
        raise HttpProblem(404, "NoSuchProduct", "there is no shipped scenario of this name")
    text = templates.text_of(name)
    return ProductText(name=name, summary=templates.summary(text), text=text)


@cache
def _schema() -> dict[str, Any]:
    return schema.scenario_schema()


@router.get("/schema")
def scenario_schema() -> dict[str, Any]:
    """JSON Schema (draft 2020-12) of scenarios, for editors."""
    return _schema()
