"""Whether a World fits a Plan, asked by every engine before it runs."""

from __future__ import annotations

import numpy as np

from powerplan.engines.per_plan import once_per_plan
from powerplan.plan.codes import Guard
from powerplan.plan.plan import Plan, PlanError
from powerplan.plan.world import Activations, World


def check_pair(plan: Plan, world: World) -> None:
    """Refuse a pair that no engine could run, naming the first broken rule. Raises PlanError."""
    _check_plan(plan)
    tasks = len(plan.task_names)
    if len(world.activations) != tasks or len(world.spawn_attempts) != tasks:
        raise PlanError(f"the world has releases for {len(world.activations)} tasks, the plan has {tasks}")
    if world.horizon_ns < 0 or world.bin_count < 1:
        raise PlanError("the world needs a horizon of at least 0 and at least one hour bin")
    events, cascades = len(world.events), len(plan.cascade_names)
    for name in ("target", "missed"):
        shape = getattr(world.events, name).shape
        if shape != (events, cascades):
            raise PlanError(f"events.{name} has shape {shape}, expected ({events}, {cascades})")
    for task, drawn in enumerate(world.activations):
        _check_activations(plan, task, drawn, events)


@once_per_plan
def _check_plan(plan: Plan) -> None:
    _check_tasks(plan)
    _check_drawn_loops(plan)


def _check_tasks(plan: Plan) -> None:
    """Guards that ask a cascade stand in a task that has one; actions are released by their own parent."""
    for phase, task in enumerate(plan.phase_task.tolist()):
        name, cascade, guard = plan.task_names[task], int(plan.task_cascade[task]), int(plan.phase_guard[phase])
        asks = guard in (Guard.LEVEL, Guard.ACCEPT)
        if (asks or guard == Guard.DECIDE) and cascade < 0:
            raise PlanError(f"task {name} asks a cascade and has none")
        if asks and int(plan.level_cascade[plan.phase_level[phase]]) != cascade:
            raise PlanError(f"task {name} asks a level of another cascade")
        spawned = int(plan.phase_spawn[phase])
        if spawned >= 0 and int(plan.task_parent[spawned]) != task:
            raise PlanError(f"task {name} releases {plan.task_names[spawned]}, which is not its action")
    for task, parent in enumerate(plan.task_parent.tolist()):
        seen = {task}
        while parent >= 0:
            if parent in seen:
                raise PlanError(f"task {plan.task_names[task]} is an action of itself")
            seen.add(parent)
            parent = int(plan.task_parent[parent])
    if (plan.task_queue_count < 0).any():
        raise PlanError("a queue has a negative length")
    if ((plan.cascade_confirm_of < 1) | (plan.cascade_refractory_ns < 0)).any():
        raise PlanError("a confirmation spans at least one window, and a refractory time is not negative")


def _check_drawn_loops(plan: Plan) -> None:
    """A drawn duration may be nothing, so a loop needs one that is not drawn; retries end by themselves."""
    instant = ((plan.phase_duration_ns == 0) | plan.phase_drawn_duration) & (plan.phase_guard != Guard.ATTEMPT)
    alive = set(np.flatnonzero(instant).tolist())
    changed = True
    while changed:
        followers = {phase: {int(plan.phase_on_pass[phase]), int(plan.phase_on_fail[phase])} for phase in alive}
        kept = {phase for phase in alive if followers[phase] & alive}
        changed, alive = kept != alive, kept
    if alive:
        name = plan.task_names[plan.phase_task[min(alive)]]
        raise PlanError(f"task {name} has a loop of phases that may all last nothing")


def _check_activations(plan: Plan, task: int, drawn: Activations, events: int) -> None:
    name, cascade = plan.task_names[task], int(plan.task_cascade[task])
    start, period, count = drawn.run_start_ns, drawn.run_period_ns, drawn.run_count
    if not len(start) == len(period) == len(count):
        raise PlanError(f"the runs of task {name} differ in number")
    if plan.task_parent[task] >= 0 and int(count.sum()):
        raise PlanError(f"task {name} is an action and has releases of its own")
    if (start < 0).any() or (period < 0).any() or (count < 0).any():
        raise PlanError(f"a run of task {name} has a negative start, period or count")
    used = count > 0
    if not used.all():
        start, period, count = start[used], period[used], count[used]
    if (start[1:] < (start + (count - 1) * period)[:-1]).any():
        raise PlanError(f"the releases of task {name} are not in order")
    chosen, listed = drawn.candidate, len(drawn.candidate)
    if any(len(column) != listed for column in (drawn.event, drawn.score, drawn.late_score, drawn.duration_ns,
                                                drawn.attempts)):
        raise PlanError(f"the candidates of task {name} have columns of different lengths")
    if listed and (chosen[0] < 0 or chosen[-1] >= int(count.sum()) or (chosen[1:] <= chosen[:-1]).any()):
        raise PlanError(f"the candidates of task {name} are not increasing ordinals of its releases")
    if listed and (drawn.event.min() < -1 or drawn.event.max() >= events):
        raise PlanError(f"a candidate of task {name} meets an event that does not exist")
    if listed and drawn.duration_ns.min() < 0:
        raise PlanError(f"a candidate of task {name} lasts a negative time")
    needed = int(plan.level_column[plan.level_cascade == cascade].max(initial=-1)) + 1 if cascade >= 0 else 0
    if listed and (drawn.score.shape[1] < needed or drawn.late_score.shape != drawn.score.shape):
        raise PlanError(f"the candidates of task {name} have {drawn.score.shape[1]} scores, the cascade "
                        f"{needed} levels")
