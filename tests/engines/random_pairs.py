"""Random but valid pairs of Plan and World, dense in ties: equal and adjacent ticks, scores at thresholds."""

from __future__ import annotations

import numpy as np

from powerplan.components.base import PowerState
from powerplan.engines.pairing import check_pair
from powerplan.plan.builder import UNBOUNDED, CascadeSpec, Phase, PlanBuilder, TaskSpec
from powerplan.plan.codes import Guard, Mark, Stage
from powerplan.plan.plan import END, Plan, PlanError
from powerplan.plan.world import Activations, Events, World

TICKS = (0, 1, 2, 3, 5, 8, 13, 40)
SCORES = (0.0, 0.25, 0.5, 0.5, 0.75, 1.0)


def random_pair(seed: int) -> tuple[Plan, World]:
    """The pair of this seed; draws again until the Plan is valid."""
    for attempt in range(100):
        generator = np.random.default_rng([seed, attempt])
        maker = _Maker(generator)
        try:
            plan = maker.plan()
            world = maker.world(plan)
            check_pair(plan, world)
        except PlanError:
            continue
        return plan, world
    raise AssertionError(f"no valid plan from seed {seed}")


class _Maker:
    def __init__(self, generator: np.random.Generator) -> None:
        self.draw = generator
        self.unit_ns = int(generator.choice([1, 1, 1, 7, 90 * 10**9]))
        """Time of one tick; the large one lets runs cross hours."""
        self.calm = bool(generator.random() < 0.4)
        """Short activations far apart, so that most are counted and not played."""

    def pick(self, values: object) -> int:
        return int(self.draw.choice(np.asarray(values)))

    def chance(self, probability: float) -> bool:
        return bool(self.draw.random() < probability)

    # --- plan --------------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        builder = PlanBuilder()
        self.parts = [f"p{n}" for n in range(self.pick([1, 2, 3, 4]))]
        self.states = {}
        for name in self.parts:
            count = self.pick([1, 2, 3])
            self.states[name] = [f"s{n}" for n in range(count)]
            builder.part(name, "main", [PowerState(s, current_a=1e-3 * n) for n, s in enumerate(self.states[name])])
        self.cascade_names = [f"c{n}" for n in range(self.pick([0, 1, 1, 2]))]
        self.levels: dict[str, list[int]] = {}
        self.accepts: dict[str, int] = {}
        for name in self.cascade_names:
            builder.cascades.append(CascadeSpec(
                name, self.pick(TICKS) * self.unit_ns * self.pick([1, 4]), self.pick([1, 1, 2, 3]), 1,
                self.chance(0.3), self.chance(0.3)))
            spec = builder.cascades[-1]
            spec.confirm_of = spec.confirm_count + self.pick([0, 0, 1, 2])
            self.levels[name] = [builder.level(name, n, *self._limits()) for n in range(self.pick([1, 2, 2, 3]))]
            self.accepts[name] = builder.level(name, -1, 0.75, np.inf, 0) if self.chance(0.3) else -1
        tasks = self.pick([1, 1, 2] if self.calm else [1, 2, 2, 3, 4])
        for number in range(tasks):
            self._task(builder, f"t{number}")
        return builder.build()

    def _limits(self) -> tuple[float, float]:
        low = float(self.draw.choice([-np.inf, 0.25, 0.5, 0.5, 0.75]))
        high = np.inf if self.chance(0.8) else low + 0.25
        return low, high

    def _task(self, builder: PlanBuilder, name: str) -> None:
        cascade = str(self.draw.choice(self.cascade_names)) if self.cascade_names and self.chance(0.7) else None
        action = f"{name}.action" if cascade and self.chance(0.7) else None
        phases = self._line(self.pick([0, 1, 2, 3]))
        if cascade:
            sure: list[Phase] = []
            for level in self.levels[cascade]:
                added = self._line(self.pick([1, 1, 2]))
                added[-1].guard, added[-1].level = Guard.LEVEL, level
                phases.extend(added)
                if self.chance(0.2):
                    at = len(phases)
                    phases[-1].on_pass, phases[-1].on_fail = at + 1, at
                    back = Phase(self._ticks(), sets=self._sets())
                    phases.extend([back, Phase(0, sets=back.sets)])
                    back.on_pass = back.on_fail = END
                if self.accepts[cascade] >= 0 and self.chance(0.7):
                    kept = added[-1].holds if self.chance(0.5) else frozenset()
                    sure.append(Phase(self.pick([0, 0, 1]) * self.unit_ns, holds=kept, guard=Guard.ACCEPT,
                                      level=self.accepts[cascade]))
                    phases.append(sure[-1])
                    sure[-1].on_fail = len(phases)
            for phase in sure:
                phase.on_pass = len(phases)
            phases.append(Phase(self.pick([0, 0, 1]) * self.unit_ns, guard=Guard.DECIDE, spawn=action,
                                on_pass=END, on_fail=END))
            if self.chance(0.3):
                phases[-1].on_pass = len(phases)
                phases.extend(self._line(self.pick([1, 2])))
        elif self.chance(0.3) or not phases:
            phases.extend(self._sending())
        builder.tasks.append(TaskSpec(
            name, phases, self.pick([0, 0, 0, 1, 2]), self._queue(), cascade, self.chance(0.1 if self.calm else 0.5),
            deadline_ns=self._ticks() * 3 if self.chance(0.2) else -1))
        if action:
            body = self._line(self.pick([1, 2]))
            if self.chance(0.4):
                body.extend(self._sending(len(body)))
            builder.tasks.append(TaskSpec(action, body, self.pick([0, 0, 1]), self._queue(), None,
                                          self.chance(0.8), parent=name))

    def _queue(self) -> int:
        return self.pick([0, 0, 1, 2, UNBOUNDED, UNBOUNDED])

    def _ticks(self) -> int:
        return self.pick((0, 1, 1, 2) if self.calm else TICKS) * self.unit_ns

    def _sets(self) -> tuple[tuple[str, str], ...]:
        chosen = [name for name in self.parts if self.chance(0.15)]
        return tuple((name, str(self.draw.choice(self.states[name]))) for name in chosen)

    def _line(self, count: int) -> list[Phase]:
        phases = []
        for _ in range(count):
            held = frozenset(name for name in self.parts if self.chance(0.45))
            sets = tuple((name, str(self.draw.choice(self.states[name]))) for name in sorted(held))
            marks = (Mark.SAMPLE if self.chance(0.3) else 0) | (Mark.ACTION if self.chance(0.2) else 0)
            phases.append(Phase(self._ticks(), Stage(self.pick(range(2, 12))), held, sets + self._sets() * self.chance(
                0.2), marks=marks, drawn=self.chance(0.08)))
        return phases

    def _sending(self, offset: int = 0) -> list[Phase]:
        phases = self._line(self.pick([1, 2]))
        phases[-1].guard, phases[-1].on_fail = Guard.ATTEMPT, -2
        phases[-1].duration_ns = max(phases[-1].duration_ns, self.unit_ns)
        phases[-1].drawn = False
        return self._aim(phases, offset)

    @staticmethod
    def _aim(phases: list[Phase], offset: int) -> list[Phase]:
        phases[-1].on_fail = offset
        return phases

    # --- world -------------------------------------------------------------------------------------------------

    def world(self, plan: Plan) -> World:
        span = self.pick([600, 2000] if self.calm else [60, 200, 600])
        horizon_ns = span * self.unit_ns + self.pick([0, 1])
        events = self._events(plan, horizon_ns)
        activations = tuple(self._activations(plan, task, horizon_ns, len(events))
                            for task in range(len(plan.task_names)))
        spawn = tuple(self.draw.integers(1, 4, self.pick([0, 1, 3])).astype(np.int64) for _ in plan.task_names)
        return World(horizon_ns, self.pick([1, 2, 24]), events, activations, spawn)

    def _events(self, plan: Plan, horizon_ns: int) -> Events:
        count = self.pick([0, 1, 3, 8])
        onset = np.sort(self.draw.integers(0, horizon_ns // self.unit_ns + 1, count)) * self.unit_ns
        lasts = self.draw.choice(np.array(TICKS), count) * self.unit_ns
        cascades = len(plan.cascade_names)
        return Events(("e",), np.zeros(count, np.int64), onset.astype(np.int64), (onset + lasts).astype(np.int64),
                      self.draw.random((count, cascades)) < 0.7, self.draw.random((count, cascades)) < 0.1)

    def _activations(self, plan: Plan, task: int, horizon_ns: int, events: int) -> Activations:
        starts, periods, counts = [], [], []
        at = self.pick(TICKS) * self.unit_ns
        if plan.task_parent[task] < 0:
            for _ in range(self.pick([1, 1, 2, 4])):
                periods_ticks = [11, 16, 40, 40, 55] if self.calm else [1, 2, 3, 5, 8, 13, 20, 40]
                period = self.pick(periods_ticks) * self.unit_ns + self.pick([0, 0, 0, 1])
                most = max(1, (horizon_ns - at) // period + 2)
                count = int(min(most, self.pick([0, 1, 3, 10, 40, 400])))
                starts.append(at)
                periods.append(period)
                counts.append(count)
                at += max(0, count - 1) * period + self.pick([0, 1, 5, 13]) * self.unit_ns
        total = int(sum(counts))
        cascade = int(plan.task_cascade[task])
        levels = int((plan.level_cascade == cascade).sum()) if cascade >= 0 else 0
        share = float(self.draw.choice([0.0, 0.05, 0.3, 1.0]))
        chosen = np.flatnonzero(self.draw.random(total) < share).astype(np.int64)
        met = self.draw.random(len(chosen)) < (0.1 if self.calm else 0.4)
        event = np.where(met, self.draw.integers(0, max(events, 1), len(chosen)), -1)
        if not events:
            event[:] = -1
        score = self.draw.choice(np.array(SCORES), (len(chosen), levels))
        score[self.draw.random(len(chosen)) < 0.3] = 0.75
        late = self.draw.choice(np.array(SCORES), (len(chosen), levels))
        return Activations(
            np.array(starts, np.int64), np.array(periods, np.int64), np.array(counts, np.int64), chosen,
            event.astype(np.int64), score, late,
            (self.draw.choice(np.array(TICKS), len(chosen)) * self.unit_ns).astype(np.int64),
            self.draw.integers(1, 4, len(chosen)).astype(np.int64))
