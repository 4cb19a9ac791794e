"""The scenario file as frozen models: one class per block of the file, one field per key."""

from __future__ import annotations

from itertools import pairwise
from math import nan
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from powerplan.model.amount import Bytes, Data, Duration, Energy, Share
from powerplan.model.block import Block, Name, Text, Title
from powerplan.model.policy import PolicyLevel
from powerplan.model.supply import Environment, Supply
from powerplan.model.workload import Workload, hour_span


class Product(Block):
    """What is planned, where it lives and who uses it; printed on the first page of every report."""

    name: Text
    where: Text | None = None
    users: Text | None = None
    note: Annotated[str, StringConstraints(max_length=2_000)] | None = None


VERBS = ("capture", "sample", "run", "send", "compute", "cascade", "wait", "parallel")
"""What a step can do."""


class Do(Block):
    """One thing a task does: exactly one verb, and the verb's own details."""

    capture: Name | None = None
    """Take pictures with this camera."""
    sample: Name | None = None
    """Take data from this sensor."""
    run: Name | None = None
    """Switch this load on."""
    send: Name | None = None
    """Send with this radio."""
    compute: Name | None = None
    """Keep this processor busy."""
    cascade: Name | None = None
    """Run this cascade on what was captured."""
    wait: Duration | None = None
    """Do nothing, keep nothing."""
    parallel: list[Do] | None = None
    """Do these at the same time; a `run` without `for` lasts as long as the longest."""
    frames: Annotated[int, Field(ge=1, le=1_000)] | None = None
    mode: Text | None = None
    for_: Duration | None = Field(None, alias="for")
    bytes: Bytes | None = None
    """Size of a message; of a `run`, what is written to that load (a card)."""
    energy: Energy | None = None
    stage: Literal["capture", "features", "action", "other"] | None = None
    note: Text | None = None

    @property
    def verb(self) -> str:
        """The one verb of the step."""
        return next(verb for verb in VERBS if getattr(self, verb) is not None)

    @model_validator(mode="after")
    def _one_verb(self) -> Do:
        given = [verb for verb in VERBS if getattr(self, verb) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none"
            raise ValueError(f"a step has exactly one of {', '.join(VERBS)}; found {found}")
        return self


class Band(Block):
    """Scores inside the band go on to the next level."""

    band: tuple[float, float]


class Level(Block):
    """One level of a cascade: a model, where it runs, and when a sample passes."""

    model: Text | None = None
    """A shipped model, a `.tflite` file beside the scenario, or just a name when `latency` is given."""
    on: Name | None = None
    """The processor it runs on; default: the only one."""
    threshold: float | Literal["never"] = 0.5
    score_column: Annotated[int, Field(ge=1, le=16)] | None = None
    """Column of the score table this level reads: 2 is score_2. Default: the level's own number."""
    escalate: Literal["above", "below"] | Band = "above"
    """Pass means score >= threshold (above), score < threshold (below), or inside a band."""
    accept: float | None = None
    """A sample that passes with a score >= this is decided at once: the levels after this one are not run."""
    latency: Duration | None = None
    """Measured time of one inference; without it the time is estimated from the model file."""
    measured: Text | None = None
    """Result of another tool beside the scenario instead of an estimate: a summary CSV of Vela, a profile of MLTK, a
    report of ST Edge AI, a log of TFLM's profiler."""
    macs: Annotated[int, Field(ge=0)] | None = None
    """Multiply-accumulates per inference, where there is no file to count them in."""
    dtype: Literal["int8", "int16x8", "float32"] = "int8"
    """Of activations and weights, where there is no file that says it."""
    runtime: Text | None = None
    """Kernel library: tflm_reference, cmsis_nn, x_cube_ai, esp_nn, ..."""
    flash: Data | None = None
    ram: Data | None = None
    arena: Name | None = None
    """One of the processor's `extras:` that the activations lie in, such as psram_8mb_octal: slower than its own RAM,
    and its self-refresh is drawn while the processor sleeps."""
    do: list[Do] = []
    """Done before the level runs, such as a second picture."""
    modes: dict[Name, Text] = {}
    """States other parts are in while the level runs, such as four microphones instead of one."""

    @model_validator(mode="after")
    def _accepts_what_passes(self) -> Level:
        if self.accept is None:
            return self
        if self.escalate != "above" or self.threshold == "never":
            raise ValueError("`accept` needs a level that escalates above its threshold")
        if self.accept <= self.threshold:
            raise ValueError(f"`accept: {self.accept:g}` must lie above `threshold: {self.threshold:g}`: between the "
                             "two a sample is escalated, from `accept` on it is decided at once")
        return self


class Features(Block):
    """Feature extraction of one window: its own cost line."""

    time: Duration
    on: Name | None = None
    when: Literal["during", "after"] = "during"
    """`during`: done while the window fills, finished at its end; `after`: starts at its end."""


class Confirm(Block):
    """How many of the last windows must pass."""

    windows: Annotated[int, Field(ge=1, le=60)]
    of: Annotated[int, Field(ge=1, le=60)]
    at: Literal["level1", "final"] = "level1"

    @model_validator(mode="after")
    def _possible(self) -> Confirm:
        if self.windows > self.of:
            raise ValueError(f"{self.windows} windows of {self.of} can never pass")
        return self


Share1 = Annotated[str, StringConstraints(pattern=r"^\s*\d+(\.\d+)?\s*(/\s*\d+(\.\d+)?|%)?\s*$")]


def share_value(text: str | float | None) -> float:
    """`8/30`, `27 %` or 0.27 as a fraction; nothing stated is 0. Raises ValueError outside 0 to 1."""
    if text is None:
        return 0.0
    number, _, whole = str(text).replace("%", "/100").partition("/")
    value = float(number) / (float(whole or 1) or nan)
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{text!r} is no share between 0 and 1; write it as 27 %, 8/30 or 0.27")
    return value


class Outcomes(Block):
    """Shares of decisions instead of scores (basis: assumed). Such a cascade runs, and cannot be swept."""

    escalate: Share1 | float | None = None
    """Share of level-1 decisions that pass, such as 8/30."""
    detect: Share1 | float | None = None
    """Share of the last level's decisions that pass."""

    @field_validator("escalate", "detect")
    @classmethod
    def _a_share(cls, stated: str | float | None) -> str | float | None:
        share_value(stated)
        return stated


class Cascade(Block):
    """Levels of models, cheap first; a sample that passes one goes on to the next."""

    input: Name | None = None
    features: Features | None = None
    level1: Level
    level2: Level | None = None
    level3: Level | None = None
    level4: Level | None = None
    scores: Text | None = None
    """A shipped cascade, or a CSV or Parquet score table beside the scenario."""
    data: Text | None = None
    """Windows beside the scenario (.npz) that the two models score; the table is made once and kept."""
    outcomes: Outcomes | None = None
    labels: dict[Text, str | int] = {}
    """Label of the scenario -> label in the score table."""
    target: Text | None = None
    """Scenario label that is to be detected; default: the first one of `labels`."""
    background: dict[Text, Literal["rest"] | Share] = {}
    """What windows without an event draw from: `{hallway: rest, tv: 4 h/day}`."""
    confirm: Confirm | None = None
    refractory: Duration | None = None
    sleep_while_refractory: bool = False
    within_event: Literal["sequence", "same", "independent"] = "sequence"
    """Windows of one event: rows of its clip in time, one row for all, or independent draws."""
    grace: Duration | None = None
    """A decision this long after the end of an event still counts for it."""
    deadline: Duration | None = None
    never_stored: bool = False
    """Its input leaves no bytes behind: a task with this cascade may not write to a card."""

    @property
    def levels(self) -> list[Level]:
        """The levels in order."""
        return [level for level in (self.level1, self.level2, self.level3, self.level4) if level is not None]

    @model_validator(mode="after")
    def _source_of_scores(self) -> Cascade:
        given = [name for name in ("scores", "data", "outcomes") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("a cascade needs one of `scores: TABLE`, `data: WINDOWS.npz` with two model files, or "
                             f"`outcomes: {{escalate: 8/30, detect: ...}}`; found {' and '.join(given) or 'none'}")
        gaps = [self.level2 is None and self.level3 is not None, self.level3 is None and self.level4 is not None]
        if any(gaps):
            raise ValueError("levels are numbered without gaps")
        if self.levels and self.levels[-1].accept is not None:
            raise ValueError("`accept` decides without the levels after it; the last level has none")
        if self.outcomes is not None and any(level.accept is not None for level in self.levels):
            raise ValueError("`accept` compares scores; a cascade with `outcomes` has none")
        return self


class Gate(Block):
    """What lets a stream run: a part that wakes it, and for how long it stays open after the last cause."""

    by: Name
    """Part with an interrupt, such as a wake-on-sound microphone."""
    hold: Duration | None = None


class When(Block):
    """What releases a task: exactly one trigger."""

    every: Duration | None = None
    interrupt: Name | None = None
    event: Name | None = None
    stream: Name | None = None
    fifo: Name | None = None
    """A sensor's FIFO is full; with `samples` or the profile's depth."""
    samples: Annotated[int, Field(ge=1)] | None = None
    window: Duration | None = None
    hop: Duration | None = None
    gate: Gate | None = None
    offset: Duration | None = None
    """Time of the first release."""
    hours: str | list[str] | None = None
    """With `every`: only in these hours of the day, as in 7-19 or [6-9, 17-22]; each span begins anew."""

    @property
    def hour_spans(self) -> tuple[tuple[int, int], ...]:
        """First hour and end hour of each span, in order; none is all day."""
        given = [self.hours] if isinstance(self.hours, str) else self.hours or []
        return tuple(sorted(hour_span(span) for span in given))

    @model_validator(mode="after")
    def _hours_of_a_period(self) -> When:
        spans = self.hour_spans
        if spans and self.every is None:
            raise ValueError("`hours` goes with `every`, as in {every: 10 min, hours: 7-19}")
        if any(later[0] < span[1] for span, later in pairwise(spans)):
            raise ValueError("spans of `hours` overlap")
        if spans and self.offset and self.offset.typ >= 3_600 * min(end - first for first, end in spans):
            raise ValueError("`offset` is as long as a span of `hours`, counted from the beginning of each")
        return self

    @model_validator(mode="after")
    def _one_trigger(self) -> When:
        triggers = ("every", "interrupt", "event", "stream", "fifo")
        given = [name for name in triggers if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) if given else "none"
            raise ValueError(f"`when` has exactly one of {', '.join(triggers)}; found {found}")
        if (self.stream is not None) != (self.hop is not None):
            raise ValueError("`stream` and `hop` go together, as in {stream: mic, window: 1 s, hop: 250 ms}")
        return self


class LockOut(Block):
    """After so many events within a time, the task is not released for a while."""

    events: Annotated[list[Name], Field(min_length=1)]
    """Kinds of event that count, such as wrong fingers."""
    after: Annotated[int, Field(ge=1, le=1_000)]
    within: Duration
    lasts: Duration


class Task(Block):
    """Something the device does, and when."""

    when: When
    do: list[Do] = []
    on_detect: list[Do] = []
    """Done when the cascade of the task detects something; a task of its own, so nothing waits for it."""
    priority: int = 0
    """Smaller goes first."""
    overlap: Literal["queue", "drop"] | Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    """Releases while the task is busy: kept, lost, or at most this many kept. Interrupts keep one by default."""
    lock_out: LockOut | None = None
    """For tasks released by events or interrupts: what stops them for a while."""
    latency_from: Literal["onset", "end", "window", "trigger"] = "onset"
    """Where latency starts: the onset or the end of the event, the end of the stream's window that was decided on,
    or the release of the task."""


class Firmware(Block):
    """What the program takes beside the models; replaces the assumed framework in the memory gates."""

    image: Text | None = None
    """A linked image (ELF) beside the scenario: measured sizes."""
    flash: Data | None = None
    ram: Data | None = None
    """Static data and stack."""
    models_included: bool = False
    """The image or sizes hold the models and their arenas already."""


class RunSettings(Block):
    """How the file is run unless the command line says otherwise."""

    days: Annotated[float, Field(gt=0, le=36_500)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 1


class Scenario(Block):
    """A product: what it is made of, what happens around it, what it must achieve."""

    powerplan: Literal[1]
    """Version of the file format."""
    product: Product
    supply: Supply
    environment: Environment = Environment()
    parts: dict[Name, dict[str, Any]]
    """The parts by name: `{profile: NAME, ...}` or `{kind: load, current: 250 mA}`."""
    firmware: Firmware | None = None
    exclusive: list[Annotated[list[Name], Field(min_length=2)]] = []
    """Parts that never run at the same time."""
    cascade: dict[Name, Cascade] = {}
    tasks: dict[Name, Task]
    policies: list[PolicyLevel] = []
    """What the device does less of as the battery empties, by falling state of charge."""
    workload: Workload = Workload()
    metrics: dict[Name, Text] = {}
    """Derived metrics: name = expression over metrics."""
    requirements: dict[Title, Text] = {}
    run: RunSettings = RunSettings()
