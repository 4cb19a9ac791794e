"""One answer for one scenario: lower, draw, simulate, charge the battery, judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from powerplan.batteries.demand import Demand
from powerplan.batteries.life import Life
from powerplan.components.spec import Profile
from powerplan.engines.closed_form import ClosedForm, closed_form
from powerplan.engines.record import Record
from powerplan.errors import InputError
from powerplan.files.scenario import Loaded, load_scenario, proofs
from powerplan.files.scoring import Proof
from powerplan.lowering.lower import Lowering, LoweringError, lower
from powerplan.lowering.parts import FigureLog, FigureUse
from powerplan.plan.codes import NS_PER_DAY
from powerplan.plan.plan import FloatArray
from powerplan.plan.world import World
from powerplan.results.metric import Gate, Metric, Verdict
from powerplan.study import gates as feasibility
from powerplan.study import metrics as measures
from powerplan.study.advice import Advice, advise, drains
from powerplan.study.counters import counters, derived
from powerplan.study.engine import simulate
from powerplan.study.life_metrics import REASONS, demand_metrics, life_metrics
from powerplan.study.policy import level_lowerings, simulate_levels
from powerplan.study.sampling import Drained, Origin, Played, demanded
from powerplan.study.supply import Loads, SupplyChain, battery_life, supply_chain, supply_profiles
from powerplan.study.supply_notes import supply_notes
from powerplan.study.uncertainty import Sampled, lives, sample, with_intervals
from powerplan.study.verdicts import SI_OF_UNIT, Evidence, sample_interval, verdicts
from powerplan.workload.draw import draw_world
from powerplan.workload.spec import Stream

ACTIVATION_BUDGET = 2_500_000
"""Activations a run draws by default, so that it takes seconds; idle ones are counted, not played."""
LONGEST_DEFAULT_DAYS = 28
SHOWN_AMONG = 60
"""The timeline shows the activation that goes farthest among the first so many: it is played once more up to there."""
SHOWN_WINDOWS = 8
"""Windows of a stream that the timeline shows."""
SECONDS_PER_DAY = 86_400.0
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class RunResult:
    """Everything one run found."""

    loaded: Loaded
    lowering: Lowering
    world: World
    record: Record
    trace: list[tuple[int, int]]
    closed: ClosedForm
    chain: SupplyChain
    loads: Loads
    demand: Demand
    life: Life
    figures: tuple[FigureUse, ...]
    metrics: dict[str, Metric]
    gates: tuple[Gate, ...]
    verdicts: tuple[Verdict, ...]
    advice: tuple[Advice, ...]
    engine: str
    seed: int
    days: float
    proofs: tuple[Proof, ...]
    """Shipped models that were run again."""
    supply_notes: tuple[str, ...] = ()
    """What the battery was found to do: alarm, policies, pulses event by event."""
    sampled: Sampled | None = None
    """Samples of every metric, where they were asked for."""

    @property
    def feasible(self) -> bool:
        """Whether every gate is passed."""
        return all(gate.passes for gate in self.gates)


def prepare(loaded: Loaded) -> tuple[Lowering, dict[str, Profile]]:
    """Plan and supply profiles of a loaded scenario. Raises InputError with places."""
    try:
        lowering = lower(loaded.scenario, loaded.parts, loaded.inputs)
    except LoweringError as error:
        raise InputError([loaded.layers_problem(t.path, t.message) for t in error.troubles]) from None
    level_lowerings(loaded)
    profiles = supply_profiles(loaded)
    loaded.hashes.update({f"profile {profile.name}": profile.sha256 for profile in profiles.values()})
    return lowering, profiles


def run(path: Path | str, *, days: float | None = None, seed: int | None = None, engine: str = "auto",
        samples: int | None = None, progress: Progress | None = None) -> RunResult:
    """Plan one scenario file. Raises InputError, ModelError, EngineLimit."""
    return run_loaded(load_scenario(Path(path)), days=days, seed=seed, engine=engine, samples=samples,
                      progress=progress)


def run_loaded(loaded: Loaded, *, days: float | None = None, seed: int | None = None, engine: str = "auto",
               samples: int | None = None, brief: bool = False, progress: Progress | None = None) -> RunResult:
    """Plan one loaded scenario. With `samples`, times, rates and score tables are drawn as well as currents and cells.

    `brief` leaves out what is not needed to judge: advice, notes, the trace, playing shipped models again, and draws
    where no line states a confidence.
    """
    tell: Progress = progress or _silent
    tell("models", 0.0)
    proven = () if brief else tuple(proofs(loaded))
    tell("lowering", 0.0)
    lowering, profiles = prepare(loaded)
    seed = loaded.scenario.run.seed if seed is None else seed
    closed = closed_form(lowering.plan, lowering.world)
    days = days or loaded.scenario.run.days or default_days(closed)
    origin = Origin(loaded, profiles, seed, max(1, round(days * NS_PER_DAY)), engine)
    world = draw_world(lowering.world, origin.horizon_ns, seed)
    window = None if brief else trace_window(lowering, world)
    record, trace, answered = simulate(lowering.plan, world, engine, lambda share: tell("simulating", share), window)
    played = Played(lowering, world, record, simulate_levels(loaded, seed, origin.horizon_ns, engine))
    log = FigureLog(used={(figure.part, figure.figure): figure for figure in lowering.figures})
    chain = supply_chain(loaded.scenario, profiles, lowering.parts, log)
    tell("battery", 0.0)
    loads, demand, asked = demanded(lowering.plan, played, chain)
    life = battery_life(chain, asked)
    drained = Drained(chain, loads, demand, asked, life)
    figures = tuple(log.used.values())
    sampled, life_s = None, np.empty(0)
    if not brief or any(line.confidence_fraction is not None for line in loaded.requirements):
        sampled, life_s = _samples(origin, played, figures, samples, tell)
    found = _metrics(loaded, played, closed, drained, life_s)
    if sampled is not None:
        found = with_intervals(found, sampled)
    passed = feasibility.gates(lowering, closed, loaded.firmware)
    voltage = feasibility.voltage_gate(chain, demand)
    checked = (*passed, voltage) if voltage is not None else tuple(passed)
    evidence = Evidence(lowering, record, found, _judged_by(loaded, sampled, life_s), checked)
    judged = tuple(verdicts(loaded.requirements, evidence))
    advice = () if brief else tuple(advise(lowering, record, chain, demand, life, judged, loaded.requirements))
    said = () if brief else supply_notes(chain, asked, life)
    return RunResult(loaded, lowering, world, record, trace, closed, chain, loads, demand, life, figures, found,
                     checked, judged, advice, answered, seed, days, proven, said, sampled)


def _samples(origin: Origin, played: Played, figures: tuple[FigureUse, ...], count: int | None, tell: Progress
             ) -> tuple[Sampled | None, FloatArray]:
    """Samples of every metric where asked for, and the lives among them; else lives on the simulated times. [s]"""
    even = played.lowering.world.even
    if count is None:
        return None, lives(origin, played, figures, even=even, progress=lambda share: tell("uncertainty", share))
    sampled = sample(origin, figures, origin.loaded.requirements, count, required_s=_required_s(origin.loaded),
                     even=even, progress=lambda share: tell("samples", share))
    return sampled, sampled.life_s


def _judged_by(loaded: Loaded, sampled: Sampled | None, life_s: FloatArray) -> dict[str, FloatArray]:
    """Samples that requirements are judged by, in SI units: the life's, and those of lines that state a confidence."""
    found = {"battery_life": life_s} if len(life_s) else {}
    for line in loaded.requirements:
        if sampled is not None and line.confidence_fraction is not None and line.metric in sampled.samples:
            values = sampled.samples[line.metric]
            found[line.metric] = values[np.isfinite(values)] * SI_OF_UNIT.get(sampled.units[line.metric], 1.0)
    return found


def _silent(_stage: str, _share: float) -> None:
    """No progress."""


def default_days(closed: ClosedForm) -> float:
    """Whole days that take seconds: up to four weeks."""
    per_day = float(closed.task_rate_per_s.sum()) * SECONDS_PER_DAY
    days = int(min(LONGEST_DEFAULT_DAYS, max(1.0, ACTIVATION_BUDGET / max(per_day, 1e-9))))
    return float(days if days < 7 else days // 7 * 7)


def _metrics(loaded: Loaded, played: Played, closed: ClosedForm, drained: Drained, life_s: FloatArray
             ) -> dict[str, Metric]:
    lowering, record, life, chain = played.lowering, played.record, drained.life, drained.chain
    days = life.life_s / SECONDS_PER_DAY
    low, high = (x / SECONDS_PER_DAY for x in sample_interval(life_s)) if len(life_s) else (days, days)
    method = f"battery walked by the hour until {REASONS[life.reason]}"
    if len(life_s):
        method += f"; {len(life_s)} draws of figures with a range and of cells, P5 to P95"
    found = {"battery_life": Metric(days, "d", min(low, days), max(high, days), method)}
    scale = (days / high, days / low) if len(life_s) and low > 0 else (1.0, 1.0)
    for name, mean in demand_metrics(record, chain, drained.loads).items():
        found[name] = Metric(mean.value, mean.unit, mean.value * min(1.0, scale[0]), mean.value * max(1.0, scale[1]),
                             f"{mean.method}; the interval is the life's")
    found["assumed_energy"] = assumed_share(lowering, record, chain)
    found |= measures.accuracy(lowering, record)
    found |= measures.latency_metrics(lowering, record, played.world, loaded.requirements)
    found |= measures.counts(lowering, record)
    found |= counters(lowering, record, played.world)
    found |= feasibility.processor_metrics(lowering, closed)
    found |= life_metrics(lowering, record, chain, drained.demand, life, _required_s(loaded))
    found |= derived(loaded.scenario.metrics, found)
    return found


def _required_s(loaded: Loaded) -> float:
    """Longest life a requirement asks for; the whole life where none does. [s]"""
    asked = [line.limit for line in loaded.requirements
             if line.metric == "battery_life" and line.operator in (">=", ">")]
    return max(asked, default=float("inf"))


def assumed_share(lowering: Lowering, record: Record, chain: SupplyChain) -> Metric:
    """Share of the charge that states take whose current rests on an assumed figure."""
    assumed = {(figure.part, figure.figure) for figure in lowering.figures if figure.basis == "assumed"}
    total = resting = 0.0
    for drain in drains(lowering, record, chain.battery_v):
        total += drain.charge_c_per_day
        head, _, tail = drain.state.partition("_")
        words = {drain.state, head, tail, "current", "power"} - {""}
        paths = [path for part, path in assumed if part == drain.part]
        resting += drain.charge_c_per_day * any(words & set(path.split(".")[:-1] or [path]) for path in paths)
    share = resting / total if total else 0.0
    return Metric(share, "1", share, share, "charge of states whose current is assumed")


def trace_window(lowering: Lowering, world: World) -> tuple[int, int] | None:
    """A window around the first activation worth looking at: the candidate that goes farthest."""
    best: tuple[int, int] | None = None
    for task, drawn in enumerate(world.activations):
        if not len(drawn.candidate) or lowering.world.tasks[task].cascade is None:
            continue
        highest = int(np.argmax(np.nan_to_num(drawn.score, neginf=-1e300).sum(axis=1)[:SHOWN_AMONG]))
        ordinal = int(drawn.candidate[highest])
        run = int(np.searchsorted(np.cumsum(drawn.run_count), ordinal, side="right"))
        before = int(drawn.run_count[:run].sum())
        start = int(drawn.run_start_ns[run] + (ordinal - before) * drawn.run_period_ns[run])
        release = lowering.world.tasks[task].release
        shown_ns = SHOWN_WINDOWS * release.hop_ns if isinstance(release, Stream) else 9_500_000_000
        best = best or (max(0, start - shown_ns // 8), start + shown_ns)
    if best is None and any(len(drawn.run_start_ns) for drawn in world.activations):
        start = min(int(drawn.run_start_ns[0]) for drawn in world.activations if len(drawn.run_start_ns))
        best = (max(0, start - 500_000_000), start + 9_500_000_000)
    return best


