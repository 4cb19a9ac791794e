"""What the service takes and gives, as models: the OpenAPI document and the checks come from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

TEXT_LIMIT_COUNT = 256 * 1024
NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,47}(\.[A-Za-z0-9_-]{1,15}){0,2}$"
SHA256 = r"^[0-9a-f]{64}$"
State = Literal["queued", "running", "done", "failed", "cancelled"]
FINISHED: frozenset[str] = frozenset(("done", "failed", "cancelled"))


class Model(BaseModel):
    """Base of all: no unknown keys, nothing converted, no infinite numbers."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True, hide_input_in_errors=True)


class ScenarioText(Model):
    """A scenario as text. It names shipped things and uploaded hashes only; it cannot name files of the service."""

    name: Annotated[str, Field(pattern=NAME, description="Short name for titles and messages.")] = "scenario"
    text: Annotated[str, Field(max_length=TEXT_LIMIT_COUNT, description="YAML or JSON, at most 256 KiB.")]


class ProblemItem(Model):
    """One thing wrong at one place of a scenario: the command line's problem."""

    file: str = ""
    line: Annotated[int, Field(description="From 1; 0: no place.")] = 0
    column: int = 0
    code: str
    severity: Literal["error", "warning"] = "error"
    path: str = ""
    message: str
    hint: str = ""
    source_line: str = ""
    width: int = 1


class ProblemDocument(Model):
    """RFC 9457 problem details, with the codes of the command line."""

    type: str
    title: str
    status: int
    detail: str
    code: Annotated[str, Field(description="The command line's code (PP104, ModelError, ...) or one of HTTP.")]
    exit_code: Annotated[int, Field(description="What the command line would exit with.")]
    problems: list[ProblemItem] = []
    hidden_count: int = 0


class Validation(Model):
    """What is wrong with a scenario, or that it reads well."""

    schema_version: int = 1
    ok: bool
    problems: list[ProblemItem]
    hidden_count: int = 0
    hashes: dict[str, str] = {}


class Progress(Model):
    """How far a job is."""

    stage: str = ""
    share: float = 0.0


class Links(Model):
    """Where the parts of a job are."""

    self: str
    events: str
    inputs: str
    result: str


class Job(Model):
    """A job and where it stands."""

    id: Annotated[str, Field(description="SHA-256 of all inputs: the same question is the same job.")]
    kind: str
    names: list[str]
    state: State
    exit_code: int | None
    created: str
    started: str | None
    finished: str | None
    attempt: int
    progress: Progress
    problem: ProblemDocument | None
    links: Links


class JobList(Model):
    """Jobs, the newest first."""

    jobs: list[Job]
    next: Annotated[int | None, Field(description="Give it as `before` to read on.")]


class Inputs(Model):
    """What a job was asked."""

    kind: str
    scenarios: list[ScenarioText]
    options: dict[str, Any]


class ResultFile(Model):
    """One file of a result."""

    name: str
    bytes: int
    media_type: str


class MetricDocument(Model):
    """A number with its interval."""

    value: float | None
    unit: str
    low: float | None
    high: float | None
    method: str


class GateDocument(Model):
    """A feasibility gate."""

    name: str
    passes: bool
    needed: float | None
    available: float | None
    unit: str
    detail: str


class RequirementDocument(Model):
    """What became of a requirement."""

    id: str
    text: str
    metric: str = ""
    verdict: Literal["PASS", "FAIL", "MARGINAL", "NOT EVALUATED", "NOT FEASIBLE"]
    value: float | None
    limit: float | None
    unit: str
    margin: float | None
    probability: float | None
    note: str


class HorizonDocument(Model):
    """What was simulated: a window, or a whole life."""

    extent: str
    days: float | None
    replicas: int


class PercentilesDocument(Model):
    """P5, P50 and P95 of every metric over replicas or samples."""

    of: str
    metrics: dict[str, dict[str, float | None]]
    convergence: Any = None


class RunDocument(Model):
    """The answer of a run: the document that `powerplan run --json` prints. Later versions may add keys."""

    model_config = ConfigDict(extra="allow")

    schema_version: int
    powerplan: str
    scenario: str
    engine: str
    seed: int
    simulated_days: float | None
    feasible: bool
    end_reason: str
    end_text: Annotated[str, Field(description="`end_reason` in words.")] = ""
    gates: list[GateDocument]
    metrics: dict[str, MetricDocument]
    requirements: list[RequirementDocument]
    hashes: dict[str, str]
    notes: list[str]
    horizon: HorizonDocument | None = None
    percentiles: PercentilesDocument | None = None


class Result(Model):
    """The answer of a job."""

    id: str
    kind: str
    exit_code: Annotated[int, Field(description="What the command line exits with: 0, 1 FAIL, 3 MARGINAL, 4 ...")]
    document: RunDocument | dict[str, Any]
    text: Annotated[list[str], Field(description="The answer in words, as the command line prints it.")]
    files: list[ResultFile]


class DiffDocument(Model):
    """Two results: what differs, in numbers and in words."""

    document: Annotated[dict[str, Any], Field(description="What `powerplan diff --json` prints.")]
    text: Annotated[list[str], Field(description="What it prints without.")]


class Upload(Model):
    """A file that was uploaded and checked."""

    sha256: str
    kind: Literal["model", "scores"]
    bytes: int
    reference: Annotated[str, Field(description="What a scenario writes: `model: REFERENCE`, `scores: REFERENCE`.")]
    facts: dict[str, Any]


class Product(Model):
    """A shipped scenario to start from."""

    name: str
    summary: str


class ProductText(Model):
    """A shipped scenario."""

    name: str
    summary: str
    text: str


class Products(Model):
    """Shipped scenarios."""

    products: list[Product]


class ProfileRow(Model):
    """A device profile in a listing."""

    name: str
    kind: str
    part: str
    summary: str


class Profiles(Model):
    """Device profiles."""

    profiles: list[ProfileRow]


class FigureRow(Model):
    """One figure of a profile with its source."""

    figure: str
    value: str
    min: str
    max: str
    basis: str
    source: str
    where: str


class ProfileDocument(Model):
    """Every figure of a profile with its source."""

    name: str
    kind: str
    sha256: str
    part: str
    summary: str
    sources: dict[str, str]
    figures: list[FigureRow]
    notes: list[str]
    not_found: list[str]


class Health(Model):
    """Whether the service works."""

    status: Literal["ok", "draining"]
    workers: int
    queued: int
    running: int


class Version(Model):
    """What answers."""

    powerplan: str
    api: str
    program: Annotated[str, Field(description="SHA-256 of code and library; part of every job's id.")]
    versions: dict[str, str]
