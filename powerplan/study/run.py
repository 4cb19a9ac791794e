"""One answer for one scenario: lower, draw, simulate, charge the battery, judge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from powerplan.batteries.demand import Demand
from powerplan.batteries.life import REASONS, Life
from powerplan.components.spec import Profile
from powerplan.engines import choose
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
from powerplan.study.event_window import Played as WatchedPlay
from powerplan.study.life_metrics import demand_metrics, life_metrics
from powerplan.study.policy import LevelRun, level_lowerings
from powerplan.study.sampling import Origin, Played
from powerplan.study.spread import Spread
from powerplan.study.supply import Loads, SupplyChain, supply_chain, supply_profiles
from powerplan.study.supply_notes import supply_notes
from powerplan.study.uncertainty import Sampled, lives, sample, with_intervals
from powerplan.study.verdicts import SI_OF_UNIT, Evidence, sample_interval, verdicts
from powerplan.study.whole_life import REPLICA_COUNT, Ask, Replica, covered, extent_text, replicas
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
    levels: tuple[LevelRun, ...] = ()
    """The same world at every policy level below the first."""
    extent: str = "window"
    """`whole life`, `months` (which repeat) or `window`."""
    replica_count: int = 1
    extent_text: str = ""
    """How far was simulated, and what the metrics cover."""
    spread: Spread | None = None
    """Every metric over the replicas."""

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
        samples: int | None = None, replica_count: int = REPLICA_COUNT, progress: Progress | None = None) -> RunResult:
    """Plan one scenario file. Raises InputError, ModelError, EngineLimit."""
    return run_loaded(load_scenario(Path(path)), days=days, seed=seed, engine=engine, samples=samples,
                      replica_count=replica_count, progress=progress)


def run_loaded(loaded: Loaded, *, days: float | None = None, seed: int | None = None, engine: str = "auto",
               samples: int | None = None, brief: bool = False, replica_count: int = REPLICA_COUNT,
               progress: Progress | None = None) -> RunResult:
    """Plan one loaded scenario. With `samples`, times, rates and score tables are drawn as well as currents and cells.

    Without `days`, replicas live from new until their battery is empty; with it, each plays that window.
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
    log = FigureLog(used={(figure.part, figure.figure): figure for figure in lowering.figures})
    chain = supply_chain(loaded.scenario, profiles, lowering.parts, log)
    origin = Origin(loaded, profiles, seed, NS_PER_DAY, engine)
    ask = asked_of(Ask(origin, lowering, chain, days or loaded.scenario.run.days), closed)
    count = 1 if brief or lowering.world.even or engine == "reference" else replica_count
    found = replicas(ask, count, lambda one: _metrics(loaded, one, closed, np.empty(0)), _counting(tell))
    figures = tuple(log.used.values())
    first, origin = found[0], replace(origin, horizon_ns=_sampled_ns(ask, closed))
    played, drained = first.played, first.drained
    trace = [] if brief else _trace(lowering, played.world)
    tell("battery", 0.0)
    sampled, life_s = None, np.empty(0)
    if not brief or any(line.confidence_fraction is not None for line in loaded.requirements):
        sampled, life_s = _samples(origin, [one.played for one in found], figures, samples, tell)
    spread = None if len(found) == 1 else Spread.of([one.metrics for one in found], life_s)
    metrics = _metrics(loaded, first, closed, life_s)
    if spread is not None and not len(life_s):
        metrics["battery_life"] = spread.widened("battery_life", metrics["battery_life"])
    if sampled is not None:
        metrics = with_intervals(metrics, sampled)
    passed = feasibility.gates(lowering, closed, loaded.firmware)
    voltage = feasibility.voltage_gate(chain, drained.demand)
    checked = (*passed, voltage) if voltage is not None else tuple(passed)
    evidence = Evidence(lowering, played.record, metrics, _judged_by(loaded, sampled, life_s), checked,
                        chain.limits.unseen_after_s)
    judged = tuple(verdicts(loaded.requirements, evidence))
    demand, life = drained.demand, drained.life
    advice = () if brief else tuple(advise(lowering, played.record, chain, demand, life, judged, loaded.requirements))
    watched = WatchedPlay(lowering.plan, played.world, played.record, drained.loads)
    said = () if brief else supply_notes(chain, drained.asked, life, watched)
    return RunResult(loaded, lowering, played.world, played.record, trace, closed, chain, drained.loads, demand, life,
                     figures, metrics, checked, judged, advice, first.engine, seed, first.days, proven, said, sampled,
                     played.levels, first.extent, len(found), extent_text(found, seed), spread)


def asked_of(ask: Ask, closed: ClosedForm) -> Ask:
    """The whole life, except where days are stated, everything is evenly spaced, or the reference engine answers."""
    if ask.days is None and (ask.lowering.world.even or ask.origin.engine == "reference" or not covered(ask)):
        ask = replace(ask, days=default_days(closed))
    if ask.days is None:
        return ask
    return replace(ask, origin=replace(ask.origin, horizon_ns=max(1, round(ask.days * NS_PER_DAY))))


def _sampled_ns(ask: Ask, closed: ClosedForm) -> int:
    """Length of the worlds that samples are played in: the window, or the default one. [ns]"""
    return max(1, round((ask.days or default_days(closed)) * NS_PER_DAY))


def _counting(tell: Progress) -> Callable[[float], None]:
    """Progress of replicas, each of which adds its share."""
    done: list[float] = []

    def more(share: float) -> None:
        done.append(share)
        tell("simulating", min(sum(done), 1.0))

    return more


def _trace(lowering: Lowering, world: World) -> list[tuple[int, int]]:
    window = trace_window(lowering, world)
    return choose.trace(lowering.plan, world, window) if window else []


def _samples(origin: Origin, played: list[Played], figures: tuple[FigureUse, ...], count: int | None, tell: Progress
             ) -> tuple[Sampled | None, FloatArray]:
    """Samples of every metric where asked for, and the lives among them; else lives on the simulated times. [s]"""
    even = played[0].lowering.world.even
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


def _metrics(loaded: Loaded, one: Replica, closed: ClosedForm, life_s: FloatArray) -> dict[str, Metric]:
    played, drained = one.played, one.drained
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
    if one.rows_days < one.days:
        # Daily counts are taken from single activations, which were kept for the first days only.
        kept = counters(lowering, replace(record, horizon_ns=round(one.rows_days * NS_PER_DAY)), played.world)
        found |= {name: metric for name, metric in kept.items() if name.startswith("count_error.")}
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


