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
from powerplan.lowering.lower import PROCESSOR_KINDS, Lowering, LoweringError, lower
from powerplan.lowering.parts import FigureLog, FigureUse
from powerplan.plan.codes import NS_PER_DAY
from powerplan.plan.plan import FloatArray
from powerplan.plan.world import World
from powerplan.results.metric import Gate, Metric, Verdict
from powerplan.study import gates as feasibility
from powerplan.study import metrics as measures
from powerplan.study.advice import Advice, advise, drains
from powerplan.study.cells import net_charge_c_per_day, voltages
from powerplan.study.counters import counters, derived
from powerplan.study.engine import simulate
from powerplan.study.policy import level_lowerings, simulate_levels, with_levels
from powerplan.study.spread import life_samples
from powerplan.study.supply import (
    Loads,
    SupplyChain,
    battery_life,
    demand_of,
    loads_of,
    supply_chain,
    supply_profiles,
)
from powerplan.study.supply_notes import supply_notes
from powerplan.study.verdicts import Evidence, sample_interval, verdicts
from powerplan.workload.draw import draw_world
from powerplan.workload.spec import Stream

ACTIVATION_BUDGET = 2_500_000
"""Activations a run draws by default, so that it takes seconds; idle ones are counted, not played."""
LONGEST_DEFAULT_DAYS = 28
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
    return lowering, supply_profiles(loaded)


def run(path: Path | str, *, days: float | None = None, seed: int | None = None, engine: str = "auto",
        progress: Progress | None = None) -> RunResult:
    """Plan one scenario file. Raises InputError, ModelError, EngineLimit."""
    return run_loaded(load_scenario(Path(path)), days=days, seed=seed, engine=engine, progress=progress)


def run_loaded(loaded: Loaded, *, days: float | None = None, seed: int | None = None, engine: str = "auto",
               progress: Progress | None = None) -> RunResult:
    """Plan one loaded scenario."""
    tell: Progress = progress or _silent
    tell("models", 0.0)
    proven = tuple(proofs(loaded))
    tell("lowering", 0.0)
    lowering, profiles = prepare(loaded)
    seed = loaded.scenario.run.seed if seed is None else seed
    closed = closed_form(lowering.plan, lowering.world)
    days = days or loaded.scenario.run.days or default_days(closed)
    horizon_ns = max(1, round(days * NS_PER_DAY))
    world = draw_world(lowering.world, horizon_ns, seed)
    window = trace_window(lowering, world)
    record, trace, answered = simulate(lowering.plan, world, engine, lambda share: tell("simulating", share), window)
    log = FigureLog(used={(figure.part, figure.figure): figure for figure in lowering.figures})
    chain = supply_chain(loaded.scenario, profiles, lowering.parts, log)
    loads = loads_of(lowering.plan, record, chain)
    demand = demand_of(lowering.plan, record, chain, loads)
    levels = simulate_levels(loaded, seed, horizon_ns, engine)
    asked = with_levels(demand, levels, chain, loaded.scenario.policies)
    tell("battery", 0.0)
    life = battery_life(chain, asked)
    figures = tuple(log.used.values())
    even = lowering.world.even
    uncertain = tuple(figure for figure in figures if figure.basis == "user") if even else figures
    samples = life_samples(lowering, loaded.parts, profiles, record, uncertain, seed, levels=levels,
                           progress=lambda share: tell("uncertainty", share))
    found = _metrics(loaded, lowering, record, world, closed, chain, loads, demand, life, samples)
    passed = feasibility.gates(lowering, closed, loaded.firmware)
    voltage = feasibility.voltage_gate(chain, demand)
    checked = (*passed, voltage) if voltage is not None else tuple(passed)
    evidence = Evidence(lowering, record, found, {"battery_life": samples} if len(samples) else {}, checked)
    judged = tuple(verdicts(loaded.requirements, evidence))
    advice = tuple(advise(lowering, record, chain, demand, life, judged, loaded.requirements))
    return RunResult(loaded, lowering, world, record, trace, closed, chain, loads, demand, life, figures, found,
                     checked, judged, advice, answered, seed, days, proven, supply_notes(chain, asked, life))


def _silent(_stage: str, _share: float) -> None:
    """No progress."""


def default_days(closed: ClosedForm) -> float:
    """Whole days that take seconds: up to four weeks."""
    per_day = float(closed.task_rate_per_s.sum()) * SECONDS_PER_DAY
    days = int(min(LONGEST_DEFAULT_DAYS, max(1.0, ACTIVATION_BUDGET / max(per_day, 1e-9))))
    return float(days if days < 7 else days // 7 * 7)


def _metrics(loaded: Loaded, lowering: Lowering, record: Record, world: World, closed: ClosedForm, chain: SupplyChain,
             loads: Loads, demand: Demand, life: Life, samples: FloatArray) -> dict[str, Metric]:
    days = life.life_s / SECONDS_PER_DAY
    low, high = (x / SECONDS_PER_DAY for x in sample_interval(samples)) if len(samples) else (days, days)
    method = f"battery walked by the hour until {REASONS[life.reason]}"
    if len(samples):
        method += f"; {len(samples)} draws of all figures with a range, P5 to P95"
    found = {"battery_life": Metric(days, "d", min(low, days), max(high, days), method)}
    share = record.joint_ns.sum(axis=0) / record.horizon_ns
    current_a = float(share @ loads.battery_current_a) + chain.leakage_a
    power_w = float(share @ loads.battery_power_w)
    mean_a = current_a + power_w / chain.battery_v
    scale = (days / high, days / low) if len(samples) and low > 0 else (1.0, 1.0)
    for name, value, unit in (("average_current", mean_a, "A"), ("charge_per_day", mean_a * SECONDS_PER_DAY, "C"),
                              ("energy_per_day", (current_a * chain.battery_v + power_w) * SECONDS_PER_DAY, "J")):
        found[name] = Metric(value, unit, value * min(1.0, scale[0]), value * max(1.0, scale[1]),
                             f"simulated times x currents at {chain.battery_v:.3g} V; the interval is the life's")
    found["assumed_energy"] = _assumed_share(lowering, record, chain)
    found |= measures.accuracy(lowering, record)
    found |= measures.latency_metrics(lowering, record, world, loaded.requirements)
    found |= measures.counts(lowering, record)
    found |= counters(lowering, record, world)
    found |= _of_processors(lowering, closed)
    found |= _of_life(lowering, record, chain, demand, life, _required_s(loaded))
    found |= derived(loaded.scenario.metrics, found)
    return found


def _required_s(loaded: Loaded) -> float:
    """Longest life a requirement asks for; the whole life where none does. [s]"""
    asked = [line.limit for line in loaded.requirements
             if line.metric == "battery_life" and line.operator in (">=", ">")]
    return max(asked, default=float("inf"))


REASONS = {"charge": "the charge is used up", "voltage": "the worst pulse pulls the voltage below brown-out",
           "shelf": "the shelf life is over", "horizon": "the horizon of 20 years"}
"""Why a life ends, in words."""
EMPTY = ("charge", "voltage")
"""Ends at which an alarm should have rung before; where it did not, nothing happens after it."""


def _assumed_share(lowering: Lowering, record: Record, chain: SupplyChain) -> Metric:
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


def _of_processors(lowering: Lowering, closed: ClosedForm) -> dict[str, Metric]:
    shares = {part.name: feasibility.utilisation(part.name, lowering, closed) for part in lowering.parts.values()
              if part.part.spec.kind in PROCESSOR_KINDS}
    method = "closed form, streams open, typical escalation"
    found = {f"cpu_utilisation.{name}": Metric(share, "1", share, share, method) for name, share in shares.items()}
    if shares:
        worst = max(shares.values())
        found["cpu_utilisation"] = Metric(worst, "1", worst, worst, method)
    return found


def _of_life(lowering: Lowering, record: Record, chain: SupplyChain, demand: Demand, life: Life, required_s: float
             ) -> dict[str, Metric]:
    found = voltages(chain, life, required_s)
    days = life.life_s / SECONDS_PER_DAY
    simulated = measures.days_of(record)
    for number, name in enumerate(lowering.plan.task_names):
        per_day = float(record.task_finished[number]) / simulated
        cycles = per_day * days
        found[f"cycles.{name}"] = Metric(cycles, "1", cycles, cycles, "activations a day x battery life")
        if chain.limits.alarm_fraction is not None and (life.after_alarm_s is not None or life.reason in EMPTY):
            after = per_day * (life.after_alarm_s or 0.0) / SECONDS_PER_DAY
            found[f"after_alarm.{name}"] = Metric(after, "1", after, after, "activations a day x time after the alarm")
    if chain.limits.alarm_fraction is not None and (life.after_alarm_s is not None or life.reason in EMPTY):
        left = (life.after_alarm_s or 0.0) / SECONDS_PER_DAY
        found["time_after_alarm"] = Metric(left, "d", left, left, "from the low-battery alarm to the end of the life")
    if chain.harvest_w is not None:
        worst_j = float(life.net_energy_j.min())
        found["net_energy"] = Metric(worst_j, "J", worst_j, worst_j, "harvest less demand of the worst month")
        net_c = net_charge_c_per_day(chain, life)
        found["net_charge_per_day"] = Metric(net_c, "C", net_c, net_c,
                                             "harvest less demand and self-discharge of the worst month")
        from powerplan.batteries.life import autonomy_s

        alone = autonomy_s(chain.pack, demand, chain.coldest_c, chain.limits, chain.capacitor) / SECONDS_PER_DAY
        found["autonomy"] = Metric(alone, "d", alone, alone, "full battery, no harvest, coldest temperature")
    return found


def trace_window(lowering: Lowering, world: World) -> tuple[int, int] | None:
    """A window around the first activation worth looking at: the candidate that goes farthest."""
    best: tuple[int, int] | None = None
    for task, drawn in enumerate(world.activations):
        if not len(drawn.candidate) or lowering.world.tasks[task].cascade is None:
            continue
        highest = int(np.argmax(np.nan_to_num(drawn.score, neginf=-1e300).sum(axis=1)[:1000]))
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


