"""Tasks of the scenario as tasks of the Plan, and what releases them as a world to draw."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from powerplan.components.base import NS_PER_S
from powerplan.components.modes import UnknownMode
from powerplan.components.spec import PartError
from powerplan.errors import PowerplanError
from powerplan.lowering.cascades import CascadeBlock, cascade_phases, keeping, kept_after
from powerplan.lowering.parts import listening_steps
from powerplan.lowering.segments import Kit, Segment, phases_of, segments_of, with_switching_on, with_waking
from powerplan.model.scenario import Do, Scenario, Task
from powerplan.plan.builder import UNBOUNDED, Phase, PlanBuilder, TaskSpec
from powerplan.plan.codes import Stage
from powerplan.workload.spec import GateOpen, LockOutRule, OnEvent, OnInterrupt, Periodic, Spawned, Stream, TaskWorld

RECORDED_PERIOD_NS = NS_PER_S
"""Activations of slower tasks all leave a row; those of faster ones only where an event is met."""


@dataclass
class TaskTrouble(PowerplanError):
    """A task of the scenario cannot be lowered."""

    path: tuple[str | int, ...]
    message: str

    def __post_init__(self) -> None:
        super().__init__(self.path, self.message)

    def __str__(self) -> str:
        return f"{'.'.join(str(key) for key in self.path)}: {self.message}"


@dataclass
class TaskLowering:
    """Appends the tasks of a scenario to a Plan."""

    scenario: Scenario
    kit: Kit
    blocks: dict[str, CascadeBlock]
    plan: PlanBuilder
    exclusive: list[frozenset[str]]
    world: list[TaskWorld] = field(default_factory=list)

    def add(self, name: str, task: Task) -> None:
        """One task of the scenario becomes one to three of the Plan: listening, its activations, its actions."""
        kit = Kit(self.kit.parts, self.kit.processor, lambda message: TaskTrouble(("tasks", name), message))
        cascades = [step.cascade for step in task.do if step.cascade is not None]
        if len(cascades) > 1 or (cascades and task.do[-1].cascade is None):
            raise TaskTrouble(("tasks", name, "do"), "a task runs one cascade, as its last step; what follows a "
                              "detection stands under `on_detect`")
        cascade = cascades[0] if cascades else None
        if cascade in self.scenario.cascade and cascade not in self.blocks:
            return  # what is wrong with the cascade itself was said there
        if cascade is not None and cascade not in self.blocks:
            known = ", ".join(self.scenario.cascade) or "none"
            raise TaskTrouble(("tasks", name, "do"), f"there is no cascade {cascade!r}; there is: {known}")
        if task.on_detect and cascade is None:
            raise TaskTrouble(("tasks", name, "on_detect"), "nothing detects anything: `do` has no cascade")
        if cascade is not None and self.scenario.cascade[cascade].never_stored:
            self._refuse_storing(name, task)
        if task.when.stream is not None:
            self._listening(name, task, kit)
        action = f"{name}.detected" if task.on_detect else None
        phases, segments = self._phases(name, task, cascade, kit, action)
        success, attempts = self._tries(task.do, kit)
        self.plan.tasks.append(TaskSpec(
            name, phases, task.priority, self._queue(task, kit), cascade, self._recorded(name, task, kit),
            deadline_ns=self._deadline(cascade)))
        lead_ns = self._lead(cascade, segments)
        self.world.append(TaskWorld(name, self._release(name, task, kit, lead_ns), cascade, success, attempts,
                                    self._lock_out(name, task)))
        if action is not None:
            self._action(action, name, task, kit)

    def _phases(self, name: str, task: Task, cascade: str | None, kit: Kit, action: str | None
                ) -> tuple[list[Phase], list[Segment]]:
        line, kept = self._line([step for step in task.do if step.cascade is None], kit, name, "do")
        if cascade is None:
            woken = with_switching_on(line, kit) or [Segment(0, Stage.OTHER)]
            return phases_of(woken, self.exclusive), woken
        block = self.blocks[cascade]
        return cascade_phases(block, line, kept, kit, self.exclusive, action), line

    @staticmethod
    def _line(steps: list[Do], kit: Kit, task: str, block: str) -> tuple[list[Segment], dict[str, str]]:
        """Segments of the steps of `do` or `on_detect`; what cannot be done is refused at its step."""
        line: list[Segment] = []
        kept: dict[str, str] = {}
        for position, step in enumerate(steps):
            path = ("tasks", task, block, position)
            here = replace(kit, refuse=partial(TaskTrouble, path))
            try:
                line.extend(keeping(segments_of(step, here), kept))
                kept = kept_after(step, kept, here)
            except (TaskTrouble, PartError):
                raise
            except UnknownMode as error:
                raise TaskTrouble((*path, "mode"), str(error)) from None
            except PowerplanError as error:
                raise TaskTrouble(path, str(error)) from None
        return line, kept

    def _action(self, action: str, parent: str, task: Task, kit: Kit) -> None:
        line, _ = self._line(task.on_detect, kit, parent, "on_detect")
        success, attempts = self._tries(task.on_detect, kit)
        self.plan.tasks.append(TaskSpec(action, phases_of(with_waking(line, kit), self.exclusive), task.priority,
                                        self._kept(task.on_detect, kit), None, True, parent=parent))
        self.world.append(TaskWorld(action, Spawned(), None, success, attempts))

    def _listening(self, name: str, task: Task, kit: Kit) -> None:
        """The part behind a stream listens while its gate is open."""
        part = kit.part(str(task.when.stream))
        start_up_ns, steps = listening_steps(part)
        if not steps:
            return
        line = [Segment(step.duration_ns, Stage.CAPTURE, {part.name: step.state}) for step in steps]
        phases = phases_of(line, self.exclusive)
        phases[-1].drawn = True
        gate = task.when.gate
        hold_ns = gate.hold.duration_ns if gate and gate.hold else 0
        self.plan.tasks.append(TaskSpec(f"{name}.listening", phases, task.priority, UNBOUNDED, None, False))
        self.world.append(TaskWorld(f"{name}.listening", GateOpen(gate.by if gate else None, hold_ns, start_up_ns)))

    def _release(self, name: str, task: Task, kit: Kit, lead_ns: int
                 ) -> Periodic | OnInterrupt | OnEvent | Stream:
        when = task.when
        offset_ns = when.offset.duration_ns if when.offset else 0
        if when.every is not None:
            return Periodic(self._positive(name, "every", when.every.duration_ns), offset_ns, when.hour_spans)
        if when.fifo is not None:
            return Periodic(self._fifo_period(kit, when.fifo, when.samples), offset_ns)
        if when.interrupt is not None:
            self._waking_part(name, kit, when.interrupt)
            return OnInterrupt(when.interrupt)
        if when.event is not None:
            if when.event not in self.scenario.workload.events:
                known = ", ".join(self.scenario.workload.events) or "none"
                raise TaskTrouble(("tasks", name, "when", "event"), f"no event {when.event!r}; there is: {known}")
            return OnEvent(when.event)
        part = kit.part(str(when.stream))
        start_up_ns, _ = listening_steps(part)
        hop_ns = self._positive(name, "hop", when.hop.duration_ns if when.hop else 0)
        window_ns = when.window.duration_ns if when.window else hop_ns
        if when.gate is not None:
            self._waking_part(name, kit, when.gate.by)
        hold_ns = when.gate.hold.duration_ns if when.gate and when.gate.hold else 0
        return Stream(window_ns, hop_ns, min(lead_ns, window_ns + start_up_ns), start_up_ns,
                      when.gate.by if when.gate else None, hold_ns)

    @staticmethod
    def _refuse_storing(name: str, task: Task) -> None:
        """What a cascade sees under `never_stored` is not written to a card by its own task."""
        for key, listed in (("do", task.do), ("on_detect", task.on_detect)):
            for position, step in enumerate(listed):
                inside = [step, *(step.parallel or [])]
                if any(one.run is not None and one.bytes is not None for one in inside):
                    raise TaskTrouble(("tasks", name, key, position), "writes bytes of a cascade whose input is never "
                                      "stored; leave `bytes` out or set never_stored: false")

    def _lock_out(self, name: str, task: Task) -> LockOutRule | None:
        rule = task.lock_out
        if rule is None:
            return None
        if task.when.interrupt is None and task.when.event is None:
            raise TaskTrouble(("tasks", name, "lock_out"), "only tasks released by an interrupt or an event lock out")
        for position, kind in enumerate(rule.events):
            if kind not in self.scenario.workload.events:
                known = ", ".join(self.scenario.workload.events) or "none"
                raise TaskTrouble(("tasks", name, "lock_out", "events", position),
                                  f"no event {kind!r}; there is: {known}")
        return LockOutRule(tuple(rule.events), rule.after, rule.within.duration_ns, rule.lasts.duration_ns)

    @staticmethod
    def _positive(name: str, key: str, duration_ns: int) -> int:
        if duration_ns <= 0:
            raise TaskTrouble(("tasks", name, "when", key), "must be longer than 0")
        return duration_ns

    def _waking_part(self, name: str, kit: Kit, sensor: str) -> None:
        if kit.part(sensor).interrupt() is None:
            able = [part for part, lowered in kit.parts.items() if lowered.interrupt() is not None]
            raise TaskTrouble(("tasks", name, "when"), f"{sensor} cannot wake the processor; "
                              f"parts that can: {', '.join(able) or 'none'}")

    @staticmethod
    def _fifo_period(kit: Kit, sensor: str, samples: int | None) -> int:
        part = kit.part(sensor)
        if not hasattr(part.part, "sample_rate_hz"):
            raise kit.refuse(f"{sensor} has no FIFO")
        if samples is None:
            return int(part.part.fifo_period_ns(part.use))
        return round(float(samples / part.part.sample_rate_hz(part.use) * NS_PER_S))

    def _lead(self, cascade: str | None, before: list[Segment]) -> int:
        """Time before the end of a window at which its task is released, so that features end with the window."""
        if cascade is None:
            return 0
        features = self.scenario.cascade[cascade].features
        if features is None or features.when != "during":
            return 0
        waking_ns = sum(segment.duration_ns for segment in before)
        return features.time.duration_ns + waking_ns

    def _recorded(self, name: str, task: Task, kit: Kit) -> bool:
        if task.when.stream is not None:
            return False
        release = self._release(name, task, kit, 0)
        return not isinstance(release, Periodic) or release.period_ns >= RECORDED_PERIOD_NS

    def _queue(self, task: Task, kit: Kit) -> int:
        if isinstance(task.overlap, int):
            return task.overlap
        if task.overlap is not None:
            return UNBOUNDED if task.overlap == "queue" else 0
        kept = self._kept(task.do, kit)
        return 1 if task.when.interrupt is not None and kept == UNBOUNDED else kept

    @staticmethod
    def _kept(steps: list[Do], kit: Kit) -> int:
        """Messages that wait behind the one being tried: what the radios among the steps can keep."""
        options = [kit.part(step.send).part.options for step in steps if step.send is not None]
        kept: list[int] = [one.keeps for one in options if getattr(one, "keeps", None) is not None]
        return min([UNBOUNDED, *kept])

    def _deadline(self, cascade: str | None) -> int:
        deadline = self.scenario.cascade[cascade].deadline if cascade else None
        return deadline.duration_ns if deadline else -1

    @staticmethod
    def _tries(steps: list[Do], kit: Kit) -> tuple[float, int]:
        """Probability that one attempt of the task's radio gets through, and how many it makes."""
        for step in steps:
            if step.send is not None and hasattr(kit.part(step.send).part, "link"):
                part = kit.part(step.send)
                link = part.part.link(part.use)
                return float(link.success_fraction), int(link.tries_max_count)
        return 1.0, 1

